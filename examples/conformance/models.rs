//! Cases whose tasks the models of services can answer: what was there before is derived from the recording, and what
//! the services said then has to come from the models.

use rehearsal::asl::{CompileOptions, MachineType};
use rehearsal::prelude::*;
use rehearsal::services::{Service, Setup};
use rehearsal::task::TaskError;
use rehearsal::value::Value as Own;
use serde_json::Value;
use std::collections::BTreeSet;

use super::{Answers, fill, has_flag, result};

/// The services whose state can be derived, as resources name them.
const SERVICES: [&str; 9] = [
    "sqs",
    "sns",
    "dynamodb",
    "events",
    "aws-sdk:sqs",
    "aws-sdk:sns",
    "aws-sdk:dynamodb",
    "aws-sdk:eventbridge",
    "aws-sdk:s3",
];

/// The service of a resource: `dynamodb` of `arn:aws:states:::dynamodb:putItem`.
fn service(resource: &str) -> Option<&str> {
    let rest = resource.split_once(":states:::")?.1;
    let rest = rest.strip_suffix(".waitForTaskToken").unwrap_or(rest);
    rest.rsplit_once(':').map(|(service, _)| service)
}

/// Runs a case with models; nothing where the models are not all it needs.
pub(super) fn execution(case: &Value) -> Option<Result<Value, String>> {
    let mocks = case["mocks"].as_array()?;
    let calls = || mocks.iter().flat_map(|m| m["calls"].as_array().into_iter().flatten());
    let fits = |m: &Value| m["resource"].as_str().and_then(service).is_some_and(|name| SERVICES.contains(&name));
    let is_left_out = case["machine_type"] == "EXPRESS"
        || ["no_events", "mocks_unrecorded", "distributed_map_child_tasks_unrecorded"]
            .iter()
            .any(|f| has_flag(case, f))
        || calls().any(|c| c["engine_generated"] == true)
        || case["expect"]["status"].is_null();
    (!mocks.is_empty() && mocks.iter().all(fits) && !is_left_out).then(|| run(case))
}

fn run(case: &Value) -> Result<Value, String> {
    let case = &with_queues(case);
    let given = &case["placeholders"]["given"];
    let token = |name: &str| given.get(name).and_then(Value::as_str);
    let (name, execution) = (token("<ArnPart_0idx>").unwrap_or("m"), token("<ExecArnPart_0idx>").unwrap_or("e"));
    let options = CompileOptions::default().machine_type(MachineType::Standard).name(name);
    let machine = Machine::parse_with(&case["definition"].to_string(), &options).map_err(|e| e.to_string())?;
    let arn = |kind: &str, rest: &str| format!("arn:aws:states:us-east-1:{}:{kind}:{rest}", super::ACCOUNT);
    let start = case["clock_start"].as_str().and_then(Timestamp::parse).ok_or("no clock_start")?;
    let harness = Harness::new(&machine)
        .arns(
            &arn("stateMachine", name),
            &arn("execution", &format!("{name}:{execution}")),
            &format!("arn:aws:iam::{}:role/role", super::ACCOUNT),
        )
        .start_time(start)
        .services(setup(&fill(case, given))?);
    let mut session = harness.try_start(case["input"].clone()).map_err(|e| e.to_string())?;
    let answers = Answers::of(case, given);
    let mut answered = BTreeSet::new();
    // Who holds a token says what was said then; where nothing was, the clock goes on.
    loop {
        session.until_parked();
        let open: Vec<(String, Value)> = answers.callbacks().filter(|(state, _)| !answered.contains(state)).collect();
        let next =
            open.into_iter().find(|(state, _)| session.waiting().iter().any(|w| w.starts_with(&format!("`{state}`"))));
        let Some((state, recorded)) = next else { break };
        answered.insert(state.clone());
        match recorded.get("result") {
            Some(result) => session.token(&state).succeed(result.clone()),
            None => {
                let text = |v: &Value| v.as_str().map(Into::into);
                let error = TaskError { error: text(&recorded["error"]), cause: text(&recorded["cause"]) };
                session.token(&state).fail_with(error);
            }
        }
    }
    let run = session.try_finish().map_err(|e| e.to_string())?;
    Ok(result(case, &run, MachineType::Standard))
}

/// The case with URLs of queues in place of those that the recording has blanked.
fn with_queues(case: &Value) -> Value {
    let mut case = case.clone();
    let wild = case["placeholders"]["wild"].as_array().cloned().unwrap_or_default();
    for (n, token) in wild.iter().filter_map(Value::as_str).filter(|token| token.contains("queue-url")).enumerate() {
        let url = format!("https://sqs.us-east-1.amazonaws.com/{}/queue-{n}", super::ACCOUNT);
        case["placeholders"]["given"][token] = url.into();
    }
    let given = case["placeholders"]["given"].clone();
    for member in ["definition", "input"] {
        case[member] = fill(&case[member], &given);
    }
    case
}

impl Answers {
    /// What came back for tokens, by the place of the task: not those that ran out of time.
    fn callbacks(&self) -> impl Iterator<Item = (String, Value)> {
        self.calls.iter().filter_map(|recorded| {
            let call = recorded.calls.first().filter(|c| c.get("submitted").is_some())?;
            let is_silent = ["timeout", "heartbeat_timeout", "pending"].iter().any(|word| call[*word] == true);
            let path = recorded.path.iter().flatten().map(|(name, index)| format!("{name}[{index}]/"));
            let place: String = path.chain([recorded.state.clone()]).collect();
            (!is_silent).then(|| (place, call.clone()))
        })
    }
}

/// The last part of a URL or an ARN.
fn last(text: &str) -> &str {
    text.rsplit([':', '/']).next().unwrap_or(text)
}

/// What was there: everything that a recorded call named, unless the service said that it was not.
fn setup(case: &Value) -> Result<Setup, String> {
    let events = case["expect"]["events"].as_array().ok_or("no history")?;
    let mut setup = [Service::Sqs, Service::Sns, Service::DynamoDb, Service::Events, Service::S3]
        .into_iter()
        .fold(Setup::new(), Setup::with);
    let said: String = case["mocks"].to_string();
    let is_missing = ["ResourceNotFound", "Topic does not exist", "NoSuchKey", "Name or service not known"]
        .iter()
        .any(|words| said.contains(words));
    let scheduled = events.iter().filter_map(|e| e.get("taskScheduledEventDetails"));
    let calls: Vec<Value> = scheduled.map(|details| details["parameters"].clone()).map(parsed).collect();
    let mut seen = BTreeSet::new();
    for call in &calls {
        let text = |name: &str| call[name].as_str();
        if let Some(queue) = text("QueueUrl").filter(|q| !is_missing && seen.insert((*q).to_owned())) {
            setup = setup.queue(last(queue));
        }
        if let Some(topic) = text("TopicArn").filter(|t| !is_missing && seen.insert((*t).to_owned())) {
            setup = setup.topic(last(topic));
        }
        if let Some(table) = text("TableName").filter(|t| !is_missing && seen.insert((*t).to_owned())) {
            if !table.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) {
                continue;
            }
            let of_table = calls.iter().filter(|c| c["TableName"] == table);
            let key = of_table.filter_map(|c| c["Key"].as_object()?.keys().next()).next();
            setup = setup.table(rehearsal::services::Table::new(table, key.map_or("id", String::as_str)));
        }
        if let (Some(bucket), Some(key)) = (text("Bucket"), text("Key")) {
            if seen.insert(bucket.to_owned()) {
                setup = setup.call(Service::S3, "CreateBucket", Own::from(json!({ "Bucket": bucket })));
            }
            let results = case["mocks"]
                .as_array()
                .into_iter()
                .flatten()
                .flat_map(|m| m["calls"].as_array().into_iter().flatten());
            if let Some(body) = results.filter_map(|c| c["result"]["Body"].as_str()).next() {
                setup = setup.call(
                    Service::S3,
                    "PutObject",
                    Own::from(json!({ "Bucket": bucket, "Key": key, "Body": body })),
                );
            }
        }
    }
    Ok(setup)
}

/// Parameters that were recorded as a text.
fn parsed(value: Value) -> Value {
    match value.as_str().map(serde_json::from_str) {
        Some(Ok(parsed)) => parsed,
        _ => value,
    }
}
