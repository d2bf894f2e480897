//! Answers in the shapes AWS gives them: what `TaskSubmitted` shows, what `lambda:invoke` wraps around a function's
//! return value, how a service words an error. Ids follow from the call's own id, dates from the virtual clock.

use md5::{Digest, Md5};

use crate::asl::{Resource, ResourceKind};
use crate::pretend::{ACCOUNT, PARTITION, REGION};
use crate::random::{Seeded, uuid_text};
use crate::task::Call;
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};

/// The ids one call's answer needs, always the same for the same call; the request's id is the first.
struct Ids(Seeded);

impl Ids {
    fn of(call: &Call) -> Ids {
        Ids::apart(call, 0)
    }
    /// Those of a call that is told from the same call of other executions.
    fn apart(call: &Call, by: u64) -> Ids {
        Ids(Seeded::new((u64::from(call.id.thread) << 32 | u64::from(call.id.serial)) ^ by))
    }
    fn next(&mut self) -> String {
        uuid_text(self.0.next_u64(), self.0.next_u64())
    }
}

/// The id of the request that a call makes.
pub fn request_id(call: &Call) -> String {
    Ids::of(call).next()
}

/// Members in the order in which they are written.
type Members = Vec<(&'static str, Value)>;

/// One row: which requests, and what the service says when it accepts one.
type Shape = (&'static str, &'static [&'static str], fn(&Call, &mut Ids) -> Members);

const SHAPES: [Shape; 20] = [
    ("sqs", &["sendMessage"], |call, ids| {
        let body = call.payload.get("MessageBody").unwrap_or(&Value::Null);
        let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        let digest = Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        vec![("MD5OfMessageBody", digest.into()), ("MessageId", ids.next().into())]
    }),
    ("sns", &["publish"], |_, ids| vec![("MessageId", ids.next().into())]),
    ("lambda", &["invoke"], |_, _| {
        vec![("ExecutedVersion", "$LATEST".into()), ("Payload", Value::Null), ("StatusCode", 200.into())]
    }),
    ("states", &["startExecution"], |call, ids| {
        let machine = text(call, "StateMachineArn").replacen(":stateMachine:", ":execution:", 1);
        let name = Some(text(call, "Name")).filter(|n| !n.is_empty()).map_or_else(|| ids.next(), str::to_owned);
        vec![("ExecutionArn", format!("{machine}:{name}").into())]
    }),
    ("events", &["putEvents"], |call, ids| {
        let entries = call.payload.get("Entries").and_then(Value::as_array).map_or(0, <[Value]>::len);
        let entries = (0..entries).map(|_| Value::object([("EventId", Value::from(ids.next()))])).collect();
        vec![("Entries", Value::array(entries)), ("FailedEntryCount", 0.into())]
    }),
    ("ecs", &["runTask"], |call, ids| {
        let definition = call.payload.get("TaskDefinition").cloned().unwrap_or_default();
        let arn = format!("arn:{PARTITION}:ecs:{REGION}:{ACCOUNT}:task/{}", ids.next());
        let task = Value::object([
            ("LastStatus", "PROVISIONING".into()),
            ("TaskArn", arn.into()),
            ("TaskDefinitionArn", definition),
        ]);
        vec![("Failures", Value::array(Vec::new())), ("Tasks", Value::array(vec![task]))]
    }),
    ("batch", &["submitJob"], |call, ids| {
        let id = ids.next();
        let arn = format!("arn:{PARTITION}:batch:{REGION}:{ACCOUNT}:job/{id}");
        vec![("JobArn", arn.into()), ("JobId", id.into()), ("JobName", text(call, "JobName").into())]
    }),
    ("glue", &["startJobRun"], |_, ids| vec![("JobRunId", format!("jr_{}", ids.next().replace('-', "")).into())]),
    ("databrew", &["startJobRun"], |_, ids| vec![("RunId", format!("db_{}", ids.next().replace('-', "")).into())]),
    ("athena", &["startQueryExecution"], |_, ids| vec![("QueryExecutionId", ids.next().into())]),
    ("bedrock", &["createModelCustomizationJob"], |call, ids| {
        let id: String = ids.next().replace('-', "").chars().take(12).collect();
        let base = text(call, "BaseModelIdentifier").rsplit('/').next().unwrap_or_default().to_owned();
        vec![("JobArn", own_arn("bedrock", &format!("model-customization-job/{base}/{id}")).into())]
    }),
    ("codebuild", &["startBuildBatch"], |call, ids| {
        let id = format!("{}:{}", text(call, "ProjectName"), ids.next());
        let arn = own_arn("codebuild", &format!("build-batch/{id}"));
        vec![("BuildBatch", Value::object([("Arn", Value::from(arn)), ("Id", id.into())]))]
    }),
    ("codebuild", &["startBuild"], |call, ids| {
        let id = format!("{}:{}", text(call, "ProjectName"), ids.next());
        let arn = format!("arn:{PARTITION}:codebuild:{REGION}:{ACCOUNT}:build/{id}");
        vec![("Build", Value::object([("Arn", Value::from(arn)), ("Id", id.into())]))]
    }),
    ("elasticmapreduce", &["createCluster"], |_, ids| {
        let id: String = ids.next().replace('-', "").to_ascii_uppercase().chars().take(13).collect();
        vec![("ClusterId", format!("j-{id}").into())]
    }),
    ("elasticmapreduce", &["addStep"], |_, ids| {
        let id: String = ids.next().replace('-', "").to_ascii_uppercase().chars().take(13).collect();
        vec![("StepId", format!("s-{id}").into())]
    }),
    ("emr-containers", &["startJobRun"], |call, ids| {
        let (id, cluster) = (short_id(ids, 19), text(call, "VirtualClusterId"));
        let arn = own_arn("emr-containers", &format!("/virtualclusters/{cluster}/jobruns/{id}"));
        vec![
            ("Arn", arn.into()),
            ("Id", id.into()),
            ("Name", call.payload.get("Name").cloned().unwrap_or_default()),
            ("VirtualClusterId", cluster.into()),
        ]
    }),
    ("emr-serverless", &["startJobRun"], |call, ids| {
        let (id, application) = (short_id(ids, 16), text(call, "ApplicationId"));
        let arn = own_arn("emr-serverless", &format!("/applications/{application}/jobruns/{id}"));
        vec![("ApplicationId", application.into()), ("Arn", arn.into()), ("JobRunId", id.into())]
    }),
    ("mediaconvert", &["createJob"], |call, ids| {
        let id = format!("{}-{}", short_id(ids, 13), short_id(ids, 6));
        let mut job = vec![("Arn", Value::from(own_arn("mediaconvert", &format!("jobs/{id}")))), ("Id", id.into())];
        let given = ["JobTemplate", "Queue", "Role", "Settings", "UserMetadata"];
        job.extend(given.iter().filter_map(|name| Some((*name, call.payload.get(name)?.clone()))));
        job.push(("Status", "SUBMITTED".into()));
        vec![("Job", Value::object(job))]
    }),
    ("sagemaker", SAGEMAKER, |call, _| {
        let ResourceKind::Service { action, .. } = call.resource.kind() else { return Vec::new() };
        let kinds = [
            ("TrainingJob", "TrainingJobArn", "training-job"),
            ("TransformJob", "TransformJobArn", "transform-job"),
            ("ProcessingJob", "ProcessingJobArn", "processing-job"),
            ("LabelingJob", "LabelingJobArn", "labeling-job"),
            ("HyperParameterTuningJob", "HyperParameterTuningJobArn", "hyper-parameter-tuning-job"),
        ];
        let Some((noun, member, part)) = kinds.iter().find(|(noun, ..)| action.strip_prefix("create") == Some(*noun))
        else {
            return Vec::new();
        };
        let name = text(call, &format!("{noun}Name")).to_ascii_lowercase();
        vec![(*member, own_arn("sagemaker", &format!("{part}/{name}")).into())]
    }),
    ("apigateway", &["invoke"], |_, _| {
        vec![("Headers", Value::empty_object()), ("StatusCode", 200.into()), ("StatusText", "OK".into())]
    }),
];

/// The jobs of SageMaker.
const SAGEMAKER: &[&str] = &[
    "createHyperParameterTuningJob",
    "createLabelingJob",
    "createProcessingJob",
    "createTrainingJob",
    "createTransformJob",
];

fn own_arn(service: &str, what: &str) -> String {
    format!("arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{what}")
}

/// An id of so many small letters and digits.
fn short_id(ids: &mut Ids, length: usize) -> String {
    ids.next().replace('-', "").chars().take(length).collect()
}

fn text<'a>(call: &'a Call, member: &str) -> &'a str {
    call.payload.get(member).and_then(Value::as_str).unwrap_or("")
}

/// What the service says when it accepts the request of a `.sync` or `.waitForTaskToken` task.
///
/// Optimised integrations add the request's metadata to it; SDK integrations do not. A request that is not in our table
/// gets the metadata alone.
pub fn submitted(call: &Call, at: Timestamp) -> Value {
    submitted_apart(call, at, 0)
}

/// The same, where the same call of other executions has to get other ids.
pub fn submitted_apart(call: &Call, at: Timestamp, apart: u64) -> Value {
    let ResourceKind::Service { service, action, .. } = call.resource.kind() else {
        return Value::empty_object();
    };
    let (plain, is_sdk) = service.strip_prefix("aws-sdk:").map_or((&**service, false), |name| (name, true));
    let name = match plain {
        "sfn" => "states",
        "emrcontainers" => "emr-containers",
        "emrserverless" => "emr-serverless",
        _ => plain,
    };
    if (&**service, &**action) == ("lambda", "invoke") {
        return lambda_invoke_result(call, Value::Null, at);
    }
    let shape = SHAPES.iter().find(|(s, actions, _)| *s == name && actions.contains(&&**action));
    let mut ids = Ids::apart(call, apart);
    let request = ids.next();
    let mut members = shape.map_or_else(Vec::new, |(.., make)| make(call, &mut ids));
    if name == "states" && shape.is_some() {
        let date = if is_sdk { at.to_string().into() } else { Value::from(at.as_millis()) };
        members.push(("StartDate", date));
    }
    let has_metadata = !is_sdk && !matches!(plain, "events" | "apigateway" | "http");
    dressed(members.into_iter().collect(), has_metadata.then_some(plain), &request, at)
}

/// The full result of `lambda:invoke` around what the function returned.
pub fn lambda_invoke_result(call: &Call, returned: Value, at: Timestamp) -> Value {
    let members = [("ExecutedVersion", "$LATEST".into()), ("Payload", returned), ("StatusCode", 200.into())];
    dressed(members.into_iter().collect(), Some("lambda"), &request_id(call), at)
}

/// What a function's return value becomes as the result of the task that called it.
pub(super) fn function_result(call: &Call, returned: Value, at: Timestamp) -> Value {
    let ResourceKind::Service { service, action, .. } = call.resource.kind() else { return returned };
    match (&**service, &**action) {
        // With a task token the result is what comes back with the token, and nothing is wrapped around that.
        _ if call.resource.waits_for_token() => returned,
        ("lambda", "invoke") => lambda_invoke_result(call, returned, at),
        // The SDK integration hands the payload on as the text it is.
        ("aws-sdk:lambda", "invoke") => Value::object([
            ("ExecutedVersion", Value::from("$LATEST")),
            ("Payload", returned.to_string().into()),
            ("StatusCode", 200.into()),
        ]),
        _ => returned,
    }
}

/// Header names are spelt as each service spells them; `None` stands for a header whose value depends on the answer.
type Headers = &'static [(&'static str, Option<&'static str>)];

const JSON_HEADERS: Headers = &[
    ("x-amzn-RequestId", None),
    ("connection", Some("keep-alive")),
    ("Content-Length", None),
    ("Date", None),
    ("Content-Type", Some("application/x-amz-json-1.0")),
];
const XML_HEADERS: Headers = &[
    ("x-amzn-RequestId", None),
    ("connection", Some("keep-alive")),
    ("Content-Length", None),
    ("Date", None),
    ("Content-Type", Some("text/xml")),
];
const LAMBDA_HEADERS: Headers = &[
    ("X-Amz-Executed-Version", Some("$LATEST")),
    ("x-amzn-Remapped-Content-Length", Some("0")),
    ("Connection", Some("keep-alive")),
    ("x-amzn-RequestId", None),
    ("Content-Length", None),
    ("Date", None),
    ("X-Amzn-Trace-Id", None),
    ("Content-Type", Some("application/json")),
];
const DYNAMODB_HEADERS: Headers = &[
    ("Server", Some("Server")),
    ("Connection", Some("keep-alive")),
    ("x-amzn-RequestId", None),
    ("x-amz-crc32", None),
    ("Content-Length", None),
    ("Date", None),
    ("Content-Type", Some("application/x-amz-json-1.0")),
];

/// An optimised integration's answer with its metadata.
pub fn with_metadata(call: &Call, members: Map, at: Timestamp) -> Value {
    dressed(members, Some(call.resource.service()), &request_id(call), at)
}

/// An answer without metadata, its members in the order of their names.
pub fn sorted(members: &Map) -> Value {
    dressed(members.clone(), None, "", Timestamp::EPOCH_DEFAULT)
}

/// An object of these members and, for a service whose answers carry them, `SdkHttpMetadata` and
/// `SdkResponseMetadata`; all in the order of their names, as recorded.
fn dressed(members: Map, service: Option<&str>, request: &str, at: Timestamp) -> Value {
    let mut sorted: Vec<(Str, Value)> = members.iter().map(|(name, v)| (name.clone(), v.clone())).collect();
    if let Some(service) = service {
        let body = match service {
            "sns" => as_xml(&members),
            _ => members.get("Payload").map_or_else(|| Value::from(members.clone()).to_string(), Value::to_string),
        };
        sorted.push(("SdkHttpMetadata".into(), http_metadata(service, request, &body, at)));
        sorted.push(("SdkResponseMetadata".into(), Value::object([("RequestId", Value::from(request))])));
    }
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    Value::object(sorted)
}

/// SNS's answer as it comes, with an id of the request that is as long as all are.
fn as_xml(members: &Map) -> String {
    let mut text =
        String::from("<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\n  <PublishResult>\n");
    for (name, value) in members.iter() {
        text.push_str(&format!("    <{name}>{}</{name}>\n", value.as_str().unwrap_or_default()));
    }
    let id = "0".repeat(36);
    text.push_str("  </PublishResult>\n  <ResponseMetadata>\n    <RequestId>");
    text + &id + "</RequestId>\n  </ResponseMetadata>\n</PublishResponse>\n"
}

fn http_metadata(service: &str, request: &str, body: &str, at: Timestamp) -> Value {
    let headers = match service {
        "lambda" => LAMBDA_HEADERS,
        "dynamodb" => DYNAMODB_HEADERS,
        "sns" => XML_HEADERS,
        _ => JSON_HEADERS,
    };
    let value = |(name, fixed): &(&'static str, Option<&'static str>)| {
        let text = match (*name, fixed) {
            (_, Some(text)) => (*text).to_owned(),
            ("Content-Length", None) => body.len().to_string(),
            ("x-amz-crc32", None) => crc32fast::hash(body.as_bytes()).to_string(),
            ("Date", None) => at.http_date(),
            ("X-Amzn-Trace-Id", None) => {
                let digits = request.replace('-', "");
                format!("Root=1-{:08x}-{};Sampled=0", at.as_millis() / 1000, digits.get(..24).unwrap_or(&digits))
            }
            (_, None) => request.to_owned(),
        };
        (*name, Value::from(text))
    };
    let single: Members = headers.iter().map(value).collect();
    let lists = single.iter().map(|(name, v)| (*name, Value::array(vec![v.clone()])));
    let mut sorted = single.clone();
    sorted.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    Value::object([
        ("AllHttpHeaders", Value::object(lists)),
        ("HttpHeaders", Value::object(sorted)),
        ("HttpStatusCode", 200.into()),
    ])
}

/// How a service's error reads in the cause: SDK integrations word it as the newer SDK does.
pub fn service_error_cause(call: &Call, service: &str, status: u16, code: &str, message: &str) -> String {
    let id = request_id(call);
    if call.resource.service().starts_with("aws-sdk:") {
        // S3 has a second id.
        let extended =
            if service == "S3" { format!(", Extended Request ID: {}", id.replace('-', "")) } else { String::new() };
        return format!("{message} (Service: {service}, Status Code: {status}, Request ID: {id}{extended})");
    }
    format!("{message} (Service: {service}; Status Code: {status}; Error Code: {code}; Request ID: {id}; Proxy: null)")
}

/// A small result that a mock of this resource could return, for messages that show what to write.
pub fn example(resource: &Resource) -> Value {
    let one = |name: &'static str, value: Value| Value::object([(name, value)]);
    let ResourceKind::Service { service, action, .. } = resource.kind() else { return Value::empty_object() };
    match (&**service, &**action) {
        _ if resource.waits_for_token() => Value::empty_object(),
        ("lambda", "invoke") => Value::object([("StatusCode", Value::from(200)), ("Payload", Value::empty_object())]),
        ("dynamodb" | "aws-sdk:dynamodb", "getItem") => one("Item", Value::empty_object()),
        ("sqs" | "sns" | "aws-sdk:sqs" | "aws-sdk:sns", "sendMessage" | "publish") => one("MessageId", "m-1".into()),
        ("states", "startExecution") if resource.runs_a_job() => {
            Value::object([("Status", Value::from("SUCCEEDED")), ("Output", Value::empty_object())])
        }
        ("states" | "aws-sdk:sfn", "startExecution") => one("ExecutionArn", "arn:aws:states:…".into()),
        ("events", "putEvents") => one("FailedEntryCount", 0.into()),
        ("http" | "apigateway", "invoke") => {
            Value::object([("StatusCode", Value::from(200)), ("ResponseBody", Value::empty_object())])
        }
        _ => Value::empty_object(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::{AT, INVOKE, call};
    use super::*;
    use crate::task::CallId;
    use crate::time::DurationExt;

    fn names(value: &Value) -> Vec<&str> {
        value.as_object().map_or_else(Vec::new, |o| o.keys().map(|k| &**k).collect())
    }

    #[test]
    fn a_queued_message_is_answered_with_its_digest_and_the_metadata_of_the_request() {
        let send = call("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Ask").payload(r#"{"MessageBody":"abc"}"#);
        let answer = submitted(&send, AT);
        assert_eq!(names(&answer), ["MD5OfMessageBody", "MessageId", "SdkHttpMetadata", "SdkResponseMetadata"]);
        assert_eq!(answer.get("MD5OfMessageBody"), Some(&"900150983cd24fb0d6963f7d28e17f72".into()));
        let http = answer.get("SdkHttpMetadata").unwrap();
        assert_eq!(names(http), ["AllHttpHeaders", "HttpHeaders", "HttpStatusCode"]);
        let id = Value::from(request_id(&send));
        assert_eq!(answer.get("SdkResponseMetadata").and_then(|m| m.get("RequestId")), Some(&id));
        assert_eq!(http.get("HttpHeaders").and_then(|h| h.get("x-amzn-RequestId")), Some(&id));
        assert_eq!(http.get("AllHttpHeaders").and_then(|h| h.get("x-amzn-RequestId")), Some(&Value::array(vec![id])));
        assert_eq!(answer, submitted(&send, AT), "the same call is always answered alike");
        let other = Call { id: CallId { thread: 1, serial: 8 }, ..send };
        assert_ne!(answer.get("MessageId"), submitted(&other, AT).get("MessageId"));
    }

    #[test]
    fn a_started_execution_has_an_arn_and_a_date() {
        let payload = r#"{"StateMachineArn":"arn:aws:states:us-east-1:1:stateMachine:Child","Name":"n-1"}"#;
        let start = call("arn:aws:states:::states:startExecution.sync:2", "Start").payload(payload);
        let answer = submitted(&start, AT);
        assert_eq!(names(&answer), ["ExecutionArn", "SdkHttpMetadata", "SdkResponseMetadata", "StartDate"]);
        assert_eq!(answer.get("ExecutionArn"), Some(&"arn:aws:states:us-east-1:1:execution:Child:n-1".into()));
        let sdk = call("arn:aws:states:::aws-sdk:sfn:startExecution.waitForTaskToken", "Start").payload(payload);
        assert_eq!(names(&submitted(&sdk, AT)), ["ExecutionArn", "StartDate"]);
        let unknown = call("arn:aws:states:::eks:runJob.sync", "Run");
        assert_eq!(names(&submitted(&unknown, AT)), ["SdkHttpMetadata", "SdkResponseMetadata"]);
    }

    #[test]
    fn an_invocation_wraps_what_the_function_returned() {
        let answer = lambda_invoke_result(&call(INVOKE, "F"), Value::from("x"), AT);
        let want = ["ExecutedVersion", "Payload", "SdkHttpMetadata", "SdkResponseMetadata", "StatusCode"];
        assert_eq!(names(&answer), want);
        let headers = answer.get("SdkHttpMetadata").and_then(|m| m.get("HttpHeaders")).unwrap();
        assert_eq!(headers.get("Content-Length"), Some(&"3".into()));
        let waiting = call("arn:aws:states:::lambda:invoke.waitForTaskToken", "F");
        assert_eq!(names(&submitted(&waiting, AT)), want);
        let sdk = call("arn:aws:states:::aws-sdk:lambda:invoke", "F");
        assert_eq!(function_result(&sdk, Value::from("x"), AT).get("Payload"), Some(&r#""x""#.into()));
    }

    #[test]
    fn dates_are_those_of_the_virtual_clock() {
        assert_eq!((AT + 26.hours()).http_date(), "Tue, 02 Jan 2024 02:00:00 GMT");
        assert_eq!(Timestamp::from_millis(-1).http_date(), "Wed, 31 Dec 1969 23:59:59 GMT");
    }
}
