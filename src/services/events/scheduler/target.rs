//! What a schedule hands its input to.

use super::super::super::errand::{DeadLetter, Errand};
use super::super::super::error::ServiceError;
use super::super::super::{ACCOUNT, REGION, Service, Surroundings};
use super::super::event::in_seconds;
use super::super::refusal::missing;
use super::super::target::{Kind, errand};
use super::{invalid, known};
use crate::time::Timestamp;
use crate::value::Value;

/// A schedule's target.
#[derive(Clone, Debug)]
pub(super) struct Target {
    given: Value,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// A target with a form of its own: the input is its message, payload or input.
    Templated(Kind),
    /// Any operation of a service, whose parameters are the input.
    Operation(Service, String),
    /// `aws-sdk:sfn:startExecution`
    Start,
}

const KNOWN: [&str; 7] =
    ["Arn", "RoleArn", "Input", "DeadLetterConfig", "RetryPolicy", "SqsParameters", "EventBridgeParameters"];

impl Target {
    /// # Errors
    /// What a target must have, and what is not modelled.
    pub(super) fn read(given: &Value) -> Result<Target, ServiceError> {
        let text = |member: &str| given.get(member).and_then(Value::as_str);
        let arn = text("Arn").ok_or_else(|| known(missing("target.arn")))?;
        let role = text("RoleArn").ok_or_else(|| known(missing("target.roleArn")))?;
        let members = given.as_object().cloned().unwrap_or_default();
        if let Some(other) = members.keys().find(|name| !KNOWN.contains(&&***name)) {
            return Err(ServiceError::not_modelled(format!("the parameter `Target.{other}` of a schedule")));
        }
        if !(role.starts_with("arn:") && role.contains(":role/")) {
            let pattern = r"satisfy regular expression pattern: ^arn:aws(-[a-z]+)?:iam::\d{12}:role\/[\w+=,.@\/-]+$";
            return Err(known(super::super::refusal::unfit(role, "target.roleArn", pattern)));
        }
        let what = match arn.split_once(":scheduler:::aws-sdk:") {
            Some((_, api)) => operation(api, text("Input"))?,
            None => {
                let kind = Kind::of(arn).map_err(known)?;
                let parameters = given.get("EventBridgeParameters");
                if kind == Kind::Destination {
                    return Err(invalid(format!("Provided Arn is not in correct format: {arn}.")));
                }
                if kind == Kind::Bus && parameters.is_none() {
                    return Err(invalid("EventBridgeParameters must be provided for an EventBridge target."));
                }
                if arn.ends_with(".fifo") && kind == Kind::Sqs && given.get("SqsParameters").is_none() {
                    return Err(invalid("SqsParameters must be provided for a FIFO queue."));
                }
                What::Templated(kind)
            }
        };
        Ok(Target { given: given.clone(), what })
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.given.get(member).and_then(Value::as_str)
    }

    pub(super) fn arn(&self) -> &str {
        self.text("Arn").unwrap_or_default()
    }

    /// What is done when the schedule fires.
    pub(super) fn sent(&self, around: &mut Surroundings, schedule: &str, at: Timestamp) -> Errand {
        let id = around.uuid();
        let body = match self.text("Input") {
            Some(input) => input
                .replace("<aws.scheduler.schedule-arn>", schedule)
                .replace("<aws.scheduler.scheduled-time>", &in_seconds(at))
                .replace("<aws.scheduler.execution-id>", &id)
                .replace("<aws.scheduler.attempt-number>", "1"),
            None => notification(&id, schedule, at),
        };
        let queue = self.given.get("DeadLetterConfig").and_then(|d| d.get("Arn")).and_then(Value::as_str);
        let dead_letter = queue.map(|queue| DeadLetter {
            queue: queue.to_owned(),
            body: body.clone(),
            attributes: vec![
                ("SCHEDULE_ARN", schedule.to_owned()),
                ("TARGET_ARN", self.arn().to_owned()),
                ("RETRY_ATTEMPTS", "0".to_owned()),
            ],
        });
        let value = |text: &str| Value::parse(text).unwrap_or_else(|_| text.into());
        match &self.what {
            What::Templated(Kind::Bus) => {
                let of = |member: &str| {
                    self.given.get("EventBridgeParameters").and_then(|p| p.get(member)).cloned().unwrap_or_default()
                };
                let entry = Value::object([
                    ("EventBusName", Value::from(self.arn())),
                    ("Source", of("Source")),
                    ("DetailType", of("DetailType")),
                    ("Detail", body.into()),
                ]);
                Errand::Deliver {
                    service: Service::Events,
                    operation: "PutEvents".to_owned(),
                    input: Value::object([("Entries", Value::array(vec![entry]))]),
                    dead_letter,
                }
            }
            What::Templated(kind) => {
                let group = self.given.get("SqsParameters").and_then(|p| p.get("MessageGroupId"));
                errand(*kind, self.arn(), &body, group.and_then(Value::as_str), dead_letter)
            }
            What::Start => {
                let request = value(&body);
                let text = |member: &str| request.get(member).and_then(Value::as_str).unwrap_or_default();
                let input = if text("Input").is_empty() { "{}" } else { text("Input") };
                Errand::Start { machine: text("StateMachineArn").to_owned(), input: value(input) }
            }
            What::Operation(service, operation) => {
                Errand::Deliver { service: *service, operation: operation.clone(), input: value(&body), dead_letter }
            }
        }
    }
}

/// `sqs:sendMessage`
fn operation(api: &str, input: Option<&str>) -> Result<What, ServiceError> {
    let Some((service, action)) = api.split_once(':') else {
        return Err(invalid(format!("Unsupported universal target: aws-sdk:{api}.")));
    };
    let is_start = (service, action) == ("sfn", "startExecution");
    let modelled = Service::of_name(service);
    if modelled.is_none() && !is_start {
        return Err(ServiceError::not_modelled(format!("the universal target `aws-sdk:{api}` of a schedule")));
    }
    if input.is_some_and(|input| Value::parse(input).is_err()) {
        return Err(invalid("Invalid RequestJson provided. Reason The request is not valid JSON."));
    }
    let Some(modelled) = modelled else { return Ok(What::Start) };
    let capital: String = action.chars().take(1).flat_map(char::to_uppercase).chain(action.chars().skip(1)).collect();
    Ok(What::Operation(modelled, capital))
}

/// What a target gets from a schedule without an input.
fn notification(id: &str, schedule: &str, at: Timestamp) -> String {
    Value::object([
        ("version", Value::from("0")),
        ("id", id.into()),
        ("detail-type", "Scheduled Event".into()),
        ("source", "aws.scheduler".into()),
        ("account", ACCOUNT.into()),
        ("time", in_seconds(at).into()),
        ("region", REGION.into()),
        ("resources", Value::array(vec![schedule.into()])),
        ("detail", "{}".into()),
    ])
    .to_string()
}
