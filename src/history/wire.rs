//! Histories as AWS writes them: the JSON of `GetExecutionHistory` and of CloudWatch log events.
//!
//! On the wire `input`, `output`, `parameters` and every assigned variable are JSON *text* inside a string. What is
//! absent stays absent: no member is ever `null` or an empty string that nobody wrote.

use std::io;

use serde_json::{Map, Value as Json, json};

use super::{Detail, Event, History, Scheduled};
use crate::asl::{Resource, ResourceKind};
use crate::task::TaskError;
use crate::value::{Str, Value};

/// One event as `GetExecutionHistory` gives it, with its time as RFC 3339 text.
pub fn event_json(id: u32, event: &Event) -> Json {
    let mut members = Map::new();
    members.insert("timestamp".into(), event.at.to_string().into());
    members.insert("type".into(), event.detail.type_name().into());
    members.insert("id".into(), id.into());
    members.insert("previousEventId".into(), event.previous.into());
    if let Some(details) = details(&event.detail) {
        members.insert(details_name(&event.detail), Json::Object(details));
    }
    Json::Object(members)
}

/// One event as SDKs read it: its time as seconds since 1970, and its data only where they are asked for.
#[cfg(feature = "server")]
pub(crate) fn event_for_sdk(id: u32, event: &Event, include_execution_data: bool) -> Json {
    let mut json = event_json(id, event);
    json["timestamp"] = event.at.as_seconds().into();
    if let (false, Some(details)) = (include_execution_data, details(&event.detail)) {
        let mut details = details;
        details.retain(|name, _| !EXECUTION_DATA.contains(&name.as_str()));
        json[details_name(&event.detail)] = Json::Object(details);
    }
    json
}

/// The whole answer of `GetExecutionHistory`: `{"events": […]}`.
///
/// A long history is better written with [`write_history`], which holds one event at a time.
pub fn history_json(history: &History) -> Json {
    json!({ "events": history.iter().map(|(id, e)| event_json(id, e)).collect::<Vec<_>>() })
}

/// Writes what [`history_json`] gives as compact text, one event at a time.
///
/// # Errors
/// Those of `out`.
pub fn write_history(history: &History, out: &mut impl io::Write) -> io::Result<()> {
    out.write_all(b"{\"events\":[")?;
    for (id, event) in history.iter() {
        if id > 1 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, &event_json(id, event))?;
    }
    out.write_all(b"]}")
}

/// Which events a state machine's logging configuration sends to CloudWatch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LogLevel {
    /// Every event.
    All,
    /// Events that tell of an error, and the end of an execution that did not succeed.
    Error,
    /// Only the end of an execution that did not succeed.
    Fatal,
    /// None.
    #[default]
    Off,
}

impl LogLevel {
    /// Reads `ALL`, `ERROR`, `FATAL` or `OFF`.
    pub fn parse(text: &str) -> Option<LogLevel> {
        Some(match text {
            "ALL" => LogLevel::All,
            "ERROR" => LogLevel::Error,
            "FATAL" => LogLevel::Fatal,
            "OFF" => LogLevel::Off,
            _ => return None,
        })
    }
    /// Whether an event is logged at this level.
    pub fn includes(self, detail: &Detail) -> bool {
        match self {
            LogLevel::All => true,
            LogLevel::Error => is_fatal(detail) || tells_of_an_error(detail),
            LogLevel::Fatal => is_fatal(detail),
            LogLevel::Off => false,
        }
    }
}

fn is_fatal(detail: &Detail) -> bool {
    detail.is_terminal() && !matches!(detail, Detail::ExecutionSucceeded { .. })
}

/// The types say it: everything that failed, timed out or was aborted, and the entry of a Fail state.
fn tells_of_an_error(detail: &Detail) -> bool {
    let name = detail.type_name();
    name == "FailStateEntered" || ["Failed", "TimedOut", "Aborted"].iter().any(|end| name.ends_with(end))
}

/// What a log event leaves out when the configuration says not to include execution data.
const EXECUTION_DATA: [&str; 7] =
    ["input", "inputDetails", "output", "outputDetails", "parameters", "assignedVariables", "assignedVariablesDetails"];

/// One event as it appears in a CloudWatch log group; [`LogLevel::includes`] says whether it does.
///
/// Ids, the time (milliseconds since 1970) and the redrive count are strings there.
pub fn cloudwatch_event(id: u32, event: &Event, execution_arn: &str, include_execution_data: bool) -> Json {
    let mut details = details(&event.detail).unwrap_or_default();
    if !include_execution_data {
        details.retain(|name, _| !EXECUTION_DATA.contains(&name.as_str()));
    }
    json!({
        "id": id.to_string(),
        "type": event.detail.type_name(),
        "details": details,
        "previous_event_id": event.previous.to_string(),
        "event_timestamp": event.at.as_millis().to_string(),
        "execution_arn": execution_arn,
        "redrive_count": "0",
    })
}

/// The name of the member that holds an event's details: the type's own, but one for all entered and all exited
/// states.
fn details_name(detail: &Detail) -> String {
    let stem = match detail {
        Detail::StateEntered { .. } => "stateEntered",
        Detail::StateExited { .. } => "stateExited",
        other => other.type_name(),
    };
    let mut name = format!("{stem}EventDetails");
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}

/// The details of an event; `None` for the types that have no such member at all.
fn details(detail: &Detail) -> Option<Map<String, Json>> {
    let mut members = Members::default();
    match detail {
        Detail::ExecutionStarted(started) => {
            members.payload("input", &started.input);
            members.text("roleArn", &started.role_arn);
        }
        Detail::ExecutionSucceeded { output } => members.payload("output", output),
        Detail::ExecutionFailed(error)
        | Detail::ExecutionAborted(error)
        | Detail::ExecutionTimedOut(error)
        | Detail::MapRunFailed(error) => members.error(error),
        Detail::StateEntered { name, input, .. } => {
            members.text("name", name);
            members.payload("input", input);
        }
        Detail::StateExited { name, output, assigned, .. } => {
            members.text("name", name);
            members.payload("output", output);
            if let Some(assigned) = assigned {
                members.assigned(assigned);
            }
        }
        Detail::TaskScheduled(scheduled) => members.scheduled(scheduled),
        Detail::TaskStarted(resource) => match resource.kind() {
            ResourceKind::Lambda { .. } => return None,
            _ => members.resource(resource),
        },
        Detail::ActivityStarted { worker } => members.optional_text("workerName", worker.as_ref()),
        Detail::TaskSubmitted { resource, output } | Detail::TaskSucceeded { resource, output } => {
            members.resource(resource);
            members.payload("output", output);
        }
        Detail::TaskFailed(failed) | Detail::TaskTimedOut(failed) => {
            members.resource(&failed.0);
            members.error(&failed.1);
        }
        Detail::MapStateStarted { length } => members.json("length", *length),
        Detail::MapIteration { name, index, .. } => {
            members.text("name", name);
            members.json("index", *index);
        }
        Detail::MapRunStarted { arn } => members.text("mapRunArn", arn),
        Detail::EvaluationFailed(evaluation) => {
            members.text("error", &evaluation.error);
            members.text("cause", &evaluation.cause);
            members.optional_text("location", evaluation.location.as_ref());
            members.text("state", &evaluation.state);
        }
        Detail::StateAborted(_)
        | Detail::ParallelStateStarted
        | Detail::ParallelStateSucceeded
        | Detail::ParallelStateFailed
        | Detail::MapStateSucceeded
        | Detail::MapStateFailed
        | Detail::MapRunSucceeded
        | Detail::MapRunAborted => return None,
    }
    Some(members.0)
}

/// The members of a details object while it is written.
#[derive(Default)]
struct Members(Map<String, Json>);

impl Members {
    fn json(&mut self, name: &str, value: impl Into<Json>) {
        self.0.insert(name.into(), value.into());
    }
    fn text(&mut self, name: &str, text: &Str) {
        self.json(name, &**text);
    }
    fn optional_text(&mut self, name: &str, text: Option<&Str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }
    /// A JSON text and, beside it, the assurance that all of it is there.
    fn payload(&mut self, name: &str, value: &Value) {
        self.json(name, value.to_string());
        self.json(&format!("{name}Details"), json!({ "truncated": false }));
    }
    fn assigned(&mut self, assigned: &[(Str, Value)]) {
        let texts = assigned.iter().map(|(name, value)| (name.to_string(), value.to_string().into()));
        self.json("assignedVariables", texts.collect::<Map<_, _>>());
        self.json("assignedVariablesDetails", json!({ "truncated": false }));
    }
    fn error(&mut self, error: &TaskError) {
        self.optional_text("error", error.error.as_ref());
        self.optional_text("cause", error.cause.as_ref());
    }
    /// Only integrations repeat what was called; functions and activities are named once, when they are scheduled.
    fn resource(&mut self, resource: &Resource) {
        if let ResourceKind::Service { service, api, .. } = resource.kind() {
            self.text("resourceType", service);
            self.text("resource", api);
        }
    }
    fn scheduled(&mut self, scheduled: &Scheduled) {
        match scheduled.resource.kind() {
            ResourceKind::Service { .. } => {
                self.resource(&scheduled.resource);
                self.text("region", &scheduled.region);
                self.json("parameters", scheduled.parameters.to_string());
            }
            ResourceKind::Lambda { .. } | ResourceKind::Activity { .. } => {
                self.text("resource", scheduled.resource.arn());
                self.payload("input", &scheduled.parameters);
            }
        }
        if let Some(seconds) = scheduled.timeout_seconds {
            self.json("timeoutInSeconds", seconds);
        }
        // A function's event has no member for a heartbeat.
        if let Some(seconds) = scheduled.heartbeat_seconds
            && !matches!(scheduled.resource.kind(), ResourceKind::Lambda { .. })
        {
            self.json("heartbeatInSeconds", seconds);
        }
        // Nor has an activity's one for credentials.
        if let Some(role_arn) = &scheduled.role_arn
            && !scheduled.resource.is_activity()
        {
            self.json("taskCredentials", json!({ "roleArn": &**role_arn }));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::history::{Evaluation, Phase, Started, StateType};
    use crate::time::Timestamp;

    fn value(text: &str) -> Value {
        Value::parse(text).unwrap()
    }

    fn resource(arn: &str) -> Arc<Resource> {
        Arc::new(Resource::parse(arn).unwrap())
    }

    fn scheduled(arn: &str) -> Scheduled {
        Scheduled {
            resource: resource(arn),
            parameters: value(r#"{"n":1}"#),
            region: "us-east-1".into(),
            timeout_seconds: Some(60),
            heartbeat_seconds: Some(5),
            role_arn: Some("arn:role".into()),
        }
    }

    const SQS: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
    const LAMBDA: &str = "arn:aws:lambda:us-east-1:123456789012:function:charge";
    const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:pack";

    /// Every event of `details`, without what all events have.
    fn bodies(details: Vec<Detail>) -> Vec<String> {
        let at = Timestamp::from_millis(0);
        let body = |detail| {
            let Json::Object(mut all) = event_json(7, &Event { previous: 6, at, detail }) else { unreachable!() };
            for name in ["timestamp", "id", "previousEventId"] {
                assert!(all.shift_remove(name).is_some());
            }
            Json::Object(all).to_string()
        };
        details.into_iter().map(body).collect()
    }

    #[test]
    fn a_history_is_written_whole_and_in_order() {
        let (mut history, at) = (History::default(), Timestamp::from_millis(1_704_067_201_500));
        let started = Started { input: value(r#"{"a":[1,"é"]}"#), role_arn: "arn:role".into() };
        history.push(0, at, Detail::ExecutionStarted(Box::new(started)));
        let entered = Detail::StateEntered { state_type: StateType::Pass, name: "P".into(), input: value("1") };
        history.push(0, at, entered);
        let assigned = Some(Arc::new(vec![("x".into(), value("42")), ("s".into(), value(r#""abc""#))]));
        let exited =
            Detail::StateExited { state_type: StateType::Pass, name: "P".into(), output: value("[]"), assigned };
        history.push(2, at, exited);
        history.push(3, at, Detail::ExecutionSucceeded { output: value("[]") });
        let expected = concat!(
            r#"{"events":[{"timestamp":"2024-01-01T00:00:01.500Z","type":"ExecutionStarted","id":1,"previousEventId":0,"#,
            r#""executionStartedEventDetails":{"input":"{\"a\":[1,\"é\"]}","inputDetails":{"truncated":false},"roleArn":"arn:role"}},"#,
            r#"{"timestamp":"2024-01-01T00:00:01.500Z","type":"PassStateEntered","id":2,"previousEventId":0,"#,
            r#""stateEnteredEventDetails":{"name":"P","input":"1","inputDetails":{"truncated":false}}},"#,
            r#"{"timestamp":"2024-01-01T00:00:01.500Z","type":"PassStateExited","id":3,"previousEventId":2,"#,
            r#""stateExitedEventDetails":{"name":"P","output":"[]","outputDetails":{"truncated":false},"#,
            r#""assignedVariables":{"x":"42","s":"\"abc\""},"assignedVariablesDetails":{"truncated":false}}},"#,
            r#"{"timestamp":"2024-01-01T00:00:01.500Z","type":"ExecutionSucceeded","id":4,"previousEventId":3,"#,
            r#""executionSucceededEventDetails":{"output":"[]","outputDetails":{"truncated":false}}}]}"#,
        );
        assert_eq!(history_json(&history).to_string(), expected);
        let mut written = Vec::new();
        write_history(&history, &mut written).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }

    #[test]
    fn an_empty_history_is_an_empty_list() {
        let mut written = Vec::new();
        write_history(&History::default(), &mut written).unwrap();
        assert_eq!(written, b"{\"events\":[]}");
    }

    #[test]
    fn an_integration_names_its_service_in_every_event() {
        let failed = TaskError::new("SQS.SqsException", "no queue");
        assert_eq!(
            bodies(vec![
                Detail::TaskScheduled(Box::new(scheduled(SQS))),
                Detail::TaskStarted(resource(SQS)),
                Detail::TaskSubmitted { resource: resource(SQS), output: value("{}") },
                Detail::TaskSucceeded { resource: resource(SQS), output: value(r#""ok""#) },
                Detail::TaskFailed(Box::new((resource(SQS), failed))),
                Detail::TaskFailed(Box::new((resource(SQS), TaskError::default()))),
                Detail::TaskTimedOut(Box::new((resource(SQS), TaskError::named("States.Timeout")))),
            ]),
            [
                r#"{"type":"TaskScheduled","taskScheduledEventDetails":{"resourceType":"sqs","resource":"sendMessage.waitForTaskToken","region":"us-east-1","parameters":"{\"n\":1}","timeoutInSeconds":60,"heartbeatInSeconds":5,"taskCredentials":{"roleArn":"arn:role"}}}"#,
                r#"{"type":"TaskStarted","taskStartedEventDetails":{"resourceType":"sqs","resource":"sendMessage.waitForTaskToken"}}"#,
                r#"{"type":"TaskSubmitted","taskSubmittedEventDetails":{"resourceType":"sqs","resource":"sendMessage.waitForTaskToken","output":"{}","outputDetails":{"truncated":false}}}"#,
                r#"{"type":"TaskSucceeded","taskSucceededEventDetails":{"resourceType":"sqs","resource":"sendMessage.waitForTaskToken","output":"\"ok\"","outputDetails":{"truncated":false}}}"#,
                r#"{"type":"TaskFailed","taskFailedEventDetails":{"resourceType":"sqs","resource":"sendMessage.waitForTaskToken","error":"SQS.SqsException","cause":"no queue"}}"#,
                r#"{"type":"TaskFailed","taskFailedEventDetails":{"resourceType":"sqs","resource":"sendMessage.waitForTaskToken"}}"#,
                r#"{"type":"TaskTimedOut","taskTimedOutEventDetails":{"resourceType":"sqs","resource":"sendMessage.waitForTaskToken","error":"States.Timeout"}}"#,
            ]
        );
    }

    #[test]
    fn a_function_and_an_activity_have_families_of_their_own() {
        assert_eq!(
            bodies(vec![
                Detail::TaskScheduled(Box::new(scheduled(LAMBDA))),
                Detail::TaskStarted(resource(LAMBDA)),
                Detail::TaskSucceeded { resource: resource(LAMBDA), output: value("1") },
                Detail::TaskFailed(Box::new((resource(LAMBDA), TaskError::named("Boom")))),
                Detail::TaskTimedOut(Box::new((resource(LAMBDA), TaskError::named("States.Timeout")))),
                Detail::TaskScheduled(Box::new(scheduled(ACTIVITY))),
                Detail::ActivityStarted { worker: Some("w-1".into()) },
                Detail::ActivityStarted { worker: None },
                Detail::TaskSucceeded { resource: resource(ACTIVITY), output: value("1") },
                Detail::TaskFailed(Box::new((resource(ACTIVITY), TaskError::default()))),
            ]),
            [
                r#"{"type":"LambdaFunctionScheduled","lambdaFunctionScheduledEventDetails":{"resource":"arn:aws:lambda:us-east-1:123456789012:function:charge","input":"{\"n\":1}","inputDetails":{"truncated":false},"timeoutInSeconds":60,"taskCredentials":{"roleArn":"arn:role"}}}"#,
                r#"{"type":"LambdaFunctionStarted"}"#,
                r#"{"type":"LambdaFunctionSucceeded","lambdaFunctionSucceededEventDetails":{"output":"1","outputDetails":{"truncated":false}}}"#,
                r#"{"type":"LambdaFunctionFailed","lambdaFunctionFailedEventDetails":{"error":"Boom"}}"#,
                r#"{"type":"LambdaFunctionTimedOut","lambdaFunctionTimedOutEventDetails":{"error":"States.Timeout"}}"#,
                r#"{"type":"ActivityScheduled","activityScheduledEventDetails":{"resource":"arn:aws:states:us-east-1:123456789012:activity:pack","input":"{\"n\":1}","inputDetails":{"truncated":false},"timeoutInSeconds":60,"heartbeatInSeconds":5}}"#,
                r#"{"type":"ActivityStarted","activityStartedEventDetails":{"workerName":"w-1"}}"#,
                r#"{"type":"ActivityStarted","activityStartedEventDetails":{}}"#,
                r#"{"type":"ActivitySucceeded","activitySucceededEventDetails":{"output":"1","outputDetails":{"truncated":false}}}"#,
                r#"{"type":"ActivityFailed","activityFailedEventDetails":{}}"#,
            ]
        );
    }

    #[test]
    fn events_about_maps_and_ends_have_the_members_they_need_and_no_others() {
        let evaluation = |location: Option<&str>| {
            let (error, cause) = ("States.QueryEvaluationError".into(), "why".into());
            Detail::EvaluationFailed(Box::new(Evaluation {
                error,
                cause,
                location: location.map(Str::from),
                state: "S".into(),
            }))
        };
        let iteration = |phase| Detail::MapIteration { phase, name: "M".into(), index: 3 };
        assert_eq!(
            bodies(vec![
                Detail::MapStateStarted { length: 2 },
                iteration(Phase::Started),
                iteration(Phase::Aborted),
                Detail::MapStateFailed,
                Detail::MapRunStarted { arn: "arn:run".into() },
                Detail::MapRunFailed(Box::new(TaskError::new("States.ItemReaderFailed", "no"))),
                Detail::MapRunSucceeded,
                Detail::ParallelStateStarted,
                Detail::StateAborted(StateType::Wait),
                evaluation(Some("Output/x")),
                evaluation(None),
                Detail::ExecutionFailed(Box::new(TaskError { error: None, cause: Some("why".into()) })),
                Detail::ExecutionAborted(Box::default()),
                Detail::ExecutionTimedOut(Box::new(TaskError::named("States.Timeout"))),
            ]),
            [
                r#"{"type":"MapStateStarted","mapStateStartedEventDetails":{"length":2}}"#,
                r#"{"type":"MapIterationStarted","mapIterationStartedEventDetails":{"name":"M","index":3}}"#,
                r#"{"type":"MapIterationAborted","mapIterationAbortedEventDetails":{"name":"M","index":3}}"#,
                r#"{"type":"MapStateFailed"}"#,
                r#"{"type":"MapRunStarted","mapRunStartedEventDetails":{"mapRunArn":"arn:run"}}"#,
                r#"{"type":"MapRunFailed","mapRunFailedEventDetails":{"error":"States.ItemReaderFailed","cause":"no"}}"#,
                r#"{"type":"MapRunSucceeded"}"#,
                r#"{"type":"ParallelStateStarted"}"#,
                r#"{"type":"WaitStateAborted"}"#,
                r#"{"type":"EvaluationFailed","evaluationFailedEventDetails":{"error":"States.QueryEvaluationError","cause":"why","location":"Output/x","state":"S"}}"#,
                r#"{"type":"EvaluationFailed","evaluationFailedEventDetails":{"error":"States.QueryEvaluationError","cause":"why","state":"S"}}"#,
                r#"{"type":"ExecutionFailed","executionFailedEventDetails":{"cause":"why"}}"#,
                r#"{"type":"ExecutionAborted","executionAbortedEventDetails":{}}"#,
                r#"{"type":"ExecutionTimedOut","executionTimedOutEventDetails":{"error":"States.Timeout"}}"#,
            ]
        );
    }

    #[test]
    fn a_log_event_has_text_ids_and_leaves_data_out_when_told_to() {
        let at = Timestamp::from_millis(1_704_067_200_250);
        let detail = Detail::StateEntered { state_type: StateType::Fail, name: "F".into(), input: value("{}") };
        let event = Event { previous: 0, at, detail };
        assert_eq!(
            cloudwatch_event(2, &event, "arn:e", true).to_string(),
            r#"{"id":"2","type":"FailStateEntered","details":{"name":"F","input":"{}","inputDetails":{"truncated":false}},"previous_event_id":"0","event_timestamp":"1704067200250","execution_arn":"arn:e","redrive_count":"0"}"#
        );
        assert_eq!(
            cloudwatch_event(2, &event, "arn:e", false).to_string(),
            r#"{"id":"2","type":"FailStateEntered","details":{"name":"F"},"previous_event_id":"0","event_timestamp":"1704067200250","execution_arn":"arn:e","redrive_count":"0"}"#
        );
        let event = Event { previous: 3, at, detail: Detail::TaskScheduled(Box::new(scheduled(SQS))) };
        let details = cloudwatch_event(4, &event, "arn:e", false)["details"].clone();
        assert_eq!(
            details.to_string(),
            r#"{"resourceType":"sqs","resource":"sendMessage.waitForTaskToken","region":"us-east-1","timeoutInSeconds":60,"heartbeatInSeconds":5,"taskCredentials":{"roleArn":"arn:role"}}"#
        );
        let event = Event { previous: 3, at, detail: Detail::MapStateSucceeded };
        assert_eq!(cloudwatch_event(4, &event, "arn:e", true)["details"].to_string(), "{}");
    }

    #[test]
    fn each_log_level_includes_its_events_and_those_of_graver_levels() {
        let entered = |state_type| Detail::StateEntered { state_type, name: "S".into(), input: Value::Null };
        let iteration = |phase| Detail::MapIteration { phase, name: "M".into(), index: 0 };
        let all = [LogLevel::All, LogLevel::Error, LogLevel::Fatal, LogLevel::Off];
        for (detail, levels) in [
            (entered(StateType::Pass), &all[..1]),
            (Detail::ExecutionSucceeded { output: Value::Null }, &all[..1]),
            (Detail::MapStateSucceeded, &all[..1]),
            (iteration(Phase::Succeeded), &all[..1]),
            (entered(StateType::Fail), &all[..2]),
            (Detail::TaskFailed(Box::new((resource(LAMBDA), TaskError::default()))), &all[..2]),
            (Detail::TaskTimedOut(Box::new((resource(SQS), TaskError::default()))), &all[..2]),
            (Detail::StateAborted(StateType::Task), &all[..2]),
            (iteration(Phase::Failed), &all[..2]),
            (iteration(Phase::Aborted), &all[..2]),
            (Detail::MapRunAborted, &all[..2]),
            (Detail::ExecutionFailed(Box::default()), &all[..3]),
            (Detail::ExecutionAborted(Box::default()), &all[..3]),
            (Detail::ExecutionTimedOut(Box::default()), &all[..3]),
        ] {
            let including: Vec<_> = all.into_iter().filter(|level| level.includes(&detail)).collect();
            assert_eq!(including, levels, "{}", detail.type_name());
        }
        for (text, level) in ["ALL", "ERROR", "FATAL", "OFF"].into_iter().zip(all) {
            assert_eq!(LogLevel::parse(text), Some(level));
        }
        assert_eq!(LogLevel::parse("all"), None);
    }
}
