//! What answers of AWS APIs look like, as far as mocked results are checked against them.
//!
//! `responses.txt` is made from botocore's API models by `tools/service-responses.py`. It has one line for each thing:
//!
//! ```text
//! # kms                                  a service, as ARNs of SDK integrations name it
//! > Encrypt @EncryptResponse             an operation, and the type of its answer
//! = KeyState Enabled Disabled            an enumeration
//! @ EncryptResponse !KeyId:s1..2048 …    a structure: members, required ones marked
//! ```
//!
//! and types `s` text, `n` number (both with bounds), `b` boolean, `a` anything, `[T` list, `{T` map, `=E` and `@S`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::asl::{Pattern, Resource, ResourceKind};
use crate::diagnostic::did_you_mean;
use crate::value::Value;

/// Services by name, each with the lines about it.
pub(super) struct Models {
    services: BTreeMap<&'static str, Service>,
}

#[derive(Default)]
struct Service {
    operations: BTreeMap<&'static str, &'static str>,
    enums: BTreeMap<&'static str, &'static str>,
    structures: BTreeMap<&'static str, &'static str>,
}

/// Services whose optimised integration has another name than the API.
const OPTIMISED: &[(&str, &str)] = &[
    ("elasticmapreduce", "emr"),
    ("emr-containers", "emrcontainers"),
    ("emr-serverless", "emrserverless"),
    ("events", "eventbridge"),
    ("states", "sfn"),
];

/// What an integration calls at first, where that is no operation of its own name; and the call that tells whether the
/// job it started has ended, which is what the mock of a `.sync` task answers.
struct Route(&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    Route("athena", "startQueryExecution", "StartQueryExecution", "GetQueryExecution"),
    Route("batch", "submitJob", "SubmitJob", "DescribeJobs"),
    Route("bedrock", "createModelCustomizationJob", "CreateModelCustomizationJob", "GetModelCustomizationJob"),
    Route("codebuild", "startBuild", "StartBuild", "BatchGetBuilds"),
    Route("codebuild", "startBuildBatch", "StartBuildBatch", "BatchGetBuildBatches"),
    Route("databrew", "startJobRun", "StartJobRun", "DescribeJobRun"),
    Route("ecs", "runTask", "RunTask", "DescribeTasks"),
    Route("eks", "createCluster", "CreateCluster", "DescribeCluster"),
    Route("eks", "createFargateProfile", "CreateFargateProfile", "DescribeFargateProfile"),
    Route("eks", "createNodegroup", "CreateNodegroup", "DescribeNodegroup"),
    Route("elasticmapreduce", "addStep", "", "DescribeStep"),
    Route("elasticmapreduce", "cancelStep", "", ""),
    Route("elasticmapreduce", "createCluster", "", "DescribeCluster"),
    Route("elasticmapreduce", "terminateCluster", "", "DescribeCluster"),
    Route("emr-containers", "startJobRun", "StartJobRun", "DescribeJobRun"),
    Route("emr-containers", "deleteVirtualCluster", "DeleteVirtualCluster", "DescribeVirtualCluster"),
    Route("emr-serverless", "startJobRun", "StartJobRun", "GetJobRun"),
    Route("glue", "startJobRun", "StartJobRun", "GetJobRun"),
    Route("mediaconvert", "createJob", "CreateJob", "GetJob"),
    Route("sagemaker", "createHyperParameterTuningJob", "CreateHyperParameterTuningJob", "DescribeHyperParameterTuningJob"),
    Route("sagemaker", "createLabelingJob", "CreateLabelingJob", "DescribeLabelingJob"),
    Route("sagemaker", "createProcessingJob", "CreateProcessingJob", "DescribeProcessingJob"),
    Route("sagemaker", "createTrainingJob", "CreateTrainingJob", "DescribeTrainingJob"),
    Route("sagemaker", "createTransformJob", "CreateTransformJob", "DescribeTransformJob"),
    Route("states", "startExecution", "StartExecution", "DescribeExecution"),
];

/// Members that an optimised integration turns from text into the JSON the text holds.
const PARSED: &[(&str, &str, &str)] =
    &[("lambda", "invoke", "Payload"), ("bedrock", "invokeModel", "Body"), ("states", "startExecution", "Output")];

/// An answer being looked at.
struct Look<'a> {
    service: &'a Service,
    strict: bool,
    /// A member of the answer that may be anything.
    parsed: &'static str,
}

impl Models {
    /// Those that come along.
    pub(super) fn built_in() -> &'static Models {
        static MODELS: OnceLock<Models> = OnceLock::new();
        MODELS.get_or_init(|| Models::read(include_str!("responses.txt")))
    }

    fn read(text: &'static str) -> Models {
        let mut services: BTreeMap<&str, Service> = BTreeMap::new();
        let mut name = "";
        for line in text.lines() {
            let (Some(mark), Some(rest)) = (line.get(..1), line.get(2..)) else { continue };
            let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            if mark == "#" {
                name = word;
            }
            let service = services.entry(name).or_default();
            match mark {
                ">" => service.operations.insert(word, rest),
                "=" => service.enums.insert(word, rest),
                "@" => service.structures.insert(word, rest),
                _ => None,
            };
        }
        Models { services }
    }

    /// What is wrong with an answer of the call behind a resource, in the service's words. Nothing is wrong where the API
    /// is not known here, or where the answer comes from somebody else than an API.
    pub(super) fn objection(&self, resource: &Resource, answer: &Value, strict: bool) -> Option<String> {
        let (service, kind, parsed) = self.answer_of(resource)?;
        Look { service, strict, parsed }.value("", kind, answer)
    }

    /// A member of an answer that the API does not have, with one that may be meant. The service itself tolerates such
    /// members in mocks.
    pub(super) fn foreign_member(&self, resource: &Resource, answer: &Value) -> Option<(String, Option<String>)> {
        const ADDED: [&str; 2] = ["SdkHttpMetadata", "SdkResponseMetadata"];
        let (service, kind, _) = self.answer_of(resource)?;
        let members = service.structures.get(kind.strip_prefix('@')?).copied().unwrap_or_default();
        let names = members.split(' ').filter_map(|m| Some(m.strip_prefix('!').unwrap_or(m).split_once(':')?.0));
        let names: Vec<String> = names.map(softened).chain(ADDED.map(str::to_owned)).collect();
        let foreign = answer.as_object()?.keys().find(|name| !names.iter().any(|n| **n == ***name))?;
        let near = did_you_mean(foreign, names.iter().map(String::as_str)).map(str::to_owned);
        Some((foreign.to_string(), near))
    }

    /// An answer that holds what the API always gives, and nothing else.
    pub(super) fn least(&self, resource: &Resource) -> Option<Value> {
        let (service, kind, _) = self.answer_of(resource)?;
        Some(least(service, kind, "", 0))
    }

    /// The API behind a resource, the type of its answer, and the member of it that may be anything.
    fn answer_of(&self, resource: &Resource) -> Option<(&Service, &'static str, &'static str)> {
        let ResourceKind::Service { service, action, pattern, .. } = resource.kind() else { return None };
        let polls = matches!(pattern, Pattern::Sync | Pattern::Sync2);
        // Whoever hands the token back decides what the result is.
        if *pattern == Pattern::WaitForTaskToken {
            return None;
        }
        let is_optimised = !service.starts_with("aws-sdk:");
        let route = ROUTES.iter().find(|r| is_optimised && r.0 == &**service && r.1 == &**action);
        let operation = match route {
            Some(Route(_, _, _, polled)) if polls => (*polled).to_owned(),
            Some(Route(_, _, first, _)) => (*first).to_owned(),
            None => capitalised(action),
        };
        let plain = service.strip_prefix("aws-sdk:").unwrap_or(service);
        let name = OPTIMISED.iter().find(|(from, _)| is_optimised && from == &plain).map_or(plain, |(_, to)| to);
        // The runtime of Bedrock is a service of its own, behind one integration.
        let name =
            if is_optimised && name == "bedrock" && &**action == "invokeModel" { "bedrockruntime" } else { name };
        let known = self.services.get(name)?;
        let kind = known.operations.get(&*operation)?;
        let parsed = PARSED
            .iter()
            .find(|(s, a, _)| is_optimised && *s == &**service && *a == &**action && *pattern != Pattern::Sync)
            .map_or("", |(_, _, member)| member);
        Some((known, kind, parsed))
    }
}

/// The least value of a type: required members alone.
fn least(service: &Service, kind: &str, name: &str, depth: usize) -> Value {
    let Some((mark, rest)) = kind.split_at_checked(1) else { return Value::Null };
    match mark {
        "b" => Value::Bool(false),
        "n" => Value::from(bounds(rest).0.map_or(0, |low| low as i64)),
        "s" => {
            let (low, high) = bounds(rest);
            let length = low.unwrap_or(1.0).max(1.0) as usize;
            let text = if name.is_empty() { "x".to_owned() } else { format!("{name}-1") };
            let text = text.repeat(length.div_ceil(text.len()).max(1));
            let most = high.map_or(text.len(), |high| high as usize);
            Value::from(text.chars().take(most).collect::<String>())
        }
        "=" => Value::from(service.enums.get(rest).and_then(|words| words.split(' ').next()).unwrap_or("x")),
        "[" => Value::array(Vec::new()),
        "@" if depth < 8 => {
            let members = service.structures.get(rest).copied().unwrap_or_default().split(' ');
            let required = members.filter_map(|m| m.strip_prefix('!')?.split_once(':'));
            Value::object(required.map(|(name, kind)| (softened(name), least(service, kind, name, depth + 1))))
        }
        _ => Value::empty_object(),
    }
}

impl Look<'_> {
    /// What is wrong with the value of a member.
    fn value(&self, field: &str, kind: &str, value: &Value) -> Option<String> {
        let must_be = |what: &str| Some(format!("Field '{field}' must be {what}"));
        let (mark, rest) = kind.split_at_checked(1)?;
        match (mark, value) {
            ("a", _) => None,
            ("b", Value::Bool(_)) => None,
            ("b", _) => must_be("a boolean"),
            ("n", Value::Number(_)) => {
                let (low, high) = bounds(rest);
                let n = value.as_f64()?;
                if high.is_some_and(|high| n > high) {
                    Some(format!("Field '{field}' exceeds the maximum value"))
                } else if low.is_some_and(|low| n < low) {
                    Some(format!("Field '{field}' is less than the minimum value"))
                } else {
                    None
                }
            }
            ("n", _) => must_be("a number"),
            ("s", Value::String(text)) => {
                let (low, high) = bounds(rest);
                let length = text.chars().count() as f64;
                if high.is_some_and(|high| length > high) {
                    Some(format!("Field '{field}' exceeds the maximum length"))
                } else if low.is_some_and(|low| length < low) {
                    Some(format!("Field '{field}' is smaller than the minimum length"))
                } else {
                    None
                }
            }
            ("=", Value::String(text)) => {
                let known = self.service.enums.get(rest)?.split(' ').any(|word| *word == text.replace(' ', "_"));
                (!known).then(|| format!("Field '{field}' is not an expected value"))
            }
            ("s" | "=", _) => must_be("a string"),
            ("[", Value::Array(items)) => items.iter().find_map(|item| self.value(field, rest, item)),
            ("[", _) => must_be("an array"),
            ("{", Value::Object(members)) => members.iter().find_map(|(name, v)| self.value(name, rest, v)),
            ("@", Value::Object(_)) => self.structure(rest, value, field.is_empty()),
            ("{" | "@", _) if field.is_empty() => Some("Mocked result must be a JSON object".to_owned()),
            ("{" | "@", _) => must_be("an object"),
            _ => None,
        }
    }

    fn structure(&self, name: &str, value: &Value, is_top: bool) -> Option<String> {
        let members = self.service.structures.get(name)?.split(' ').filter_map(|m| m.split_once(':'));
        for (member, kind) in members {
            let (member, required) = member.strip_prefix('!').map_or((member, false), |m| (m, true));
            if is_top && member == self.parsed {
                continue;
            }
            let spelled = softened(member);
            let there = [member, &spelled].into_iter().find_map(|n| Some((n, value.get(n)?)));
            match there {
                // What the service does not know is `null` in many an example, and stands for absence.
                Some((_, Value::Null)) | None if required && self.strict => {
                    return Some(format!("Required field '{member}' is missing"));
                }
                Some((_, Value::Null)) | None => {}
                Some((name, v)) => {
                    if let Some(wrong) = self.value(name, kind, v) {
                        return Some(wrong);
                    }
                }
            }
        }
        None
    }
}

/// `1..256`, `..10`, `1..` or nothing.
fn bounds(text: &str) -> (Option<f64>, Option<f64>) {
    let (low, high) = text.split_once("..").unwrap_or_default();
    (low.parse().ok(), high.parse().ok())
}

fn capitalised(action: &str) -> String {
    let mut chars = action.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

/// A name as SDK integrations spell it: `SSEDescription` is `SseDescription`, `KMSKeyArn` is `KmsKeyArn`.
fn softened(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let is_upper = |i: usize| letters.get(i).is_some_and(char::is_ascii_uppercase);
    let soft = |i: usize| i > 0 && is_upper(i - 1) && (is_upper(i + 1) || i + 1 == letters.len());
    letters.iter().enumerate().map(|(i, c)| if soft(i) { c.to_ascii_lowercase() } else { *c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(resource: &str, answer: &str, strict: bool) -> Option<String> {
        let resource = Resource::parse(&format!("arn:aws:states:::{resource}")).unwrap();
        Models::built_in().objection(&resource, &Value::parse(answer).unwrap(), strict)
    }

    #[test]
    fn every_line_of_the_table_can_be_read() {
        fn sound(service: &Service, kind: &str) -> bool {
            let (mark, rest) = kind.split_at(1);
            match mark {
                "a" | "b" => rest.is_empty(),
                "n" | "s" => rest.is_empty() || bounds(rest) != (None, None),
                "=" => service.enums.contains_key(rest),
                "@" => service.structures.contains_key(rest),
                "[" | "{" => sound(service, rest),
                _ => false,
            }
        }
        let models = Models::built_in();
        let mut types = 0;
        for (name, service) in &models.services {
            let members = service.structures.values().flat_map(|s| s.split(' ')).filter(|m| !m.is_empty());
            let kinds = members.map(|m| m.split_once(':').unwrap().1).chain(service.operations.values().copied());
            for kind in kinds {
                types += 1;
                assert!(sound(service, kind), "{name}: {kind}");
            }
        }
        assert!(types > 5_000, "{types}");
        for Route(service, action, first, polled) in ROUTES {
            let name = OPTIMISED.iter().find(|(from, _)| from == service).map_or(*service, |(_, to)| to);
            for operation in [first, polled].into_iter().filter(|o| !o.is_empty()) {
                let known = models.services[name].operations.contains_key(*operation);
                assert!(known, "{service}:{action}: {operation}");
            }
        }
    }

    #[test]
    fn answers_are_held_against_the_api() {
        let required = "Required field 'FunctionArn' is missing";
        for (resource, answer, strict, want) in [
            ("sqs:sendMessage", r#"{"MessageId": "m-1"}"#, true, None),
            ("sqs:sendMessage", r#"{"MessageId": 1}"#, true, Some("Field 'MessageId' must be a string")),
            (
                "aws-sdk:dynamodb:getItem",
                r#"{"Item": {"id": {"BOOL": 1}}}"#,
                true,
                Some("Field 'BOOL' must be a boolean"),
            ),
            ("aws-sdk:dynamodb:getItem", r#"{"Item": {"id": []}}"#, true, Some("Field 'id' must be an object")),
            (
                "aws-sdk:dynamodb:describeTable",
                r#"{"Table": {"SseDescription": {"SseType": "X"}}}"#,
                true,
                Some("Field 'SseType' is not an expected value"),
            ),
            ("lambda:invoke", r#"{"Payload": [1], "StatusCode": 200}"#, true, None),
            ("aws-sdk:lambda:invoke", r#"{"Payload": [1]}"#, true, Some("Field 'Payload' must be a string")),
            (
                "states:startExecution.sync:2",
                r#"{"Status": "DONE"}"#,
                false,
                Some("Field 'Status' is not an expected value"),
            ),
            ("states:startExecution.sync:2", r#"{"Output": {"a": 1}}"#, false, None),
            ("states:startExecution.sync", r#"{"Output": {"a": 1}}"#, false, Some("Field 'Output' must be a string")),
            ("sqs:sendMessage.waitForTaskToken", "[1]", true, None),
            ("aws-sdk:unheardof:doIt", "[1]", true, None),
            (
                "aws-sdk:lambda:getFunctionUrlConfig",
                r#"{"FunctionUrl": "https://example.org/1234567890123456789012"}"#,
                true,
                Some(required),
            ),
            (
                "aws-sdk:lambda:getFunctionUrlConfig",
                r#"{"FunctionUrl": "https://example.org/1234567890123456789012"}"#,
                false,
                None,
            ),
        ] {
            assert_eq!(said(resource, answer, strict).as_deref(), want, "{resource} {answer}");
        }
    }

    #[test]
    fn runs_of_capitals_are_softened_as_the_sdk_does() {
        for (name, want) in [
            ("SSEDescription", "SseDescription"),
            ("KMSMasterKeyArn", "KmsMasterKeyArn"),
            ("TTL", "Ttl"),
            ("ETag", "ETag"),
            ("MessageId", "MessageId"),
        ] {
            assert_eq!(softened(name), want);
        }
    }
}
