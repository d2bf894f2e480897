//! What a rule hands its events to.

use super::super::errand::{DeadLetter, Errand};
use super::super::error::ServiceError;
use super::super::{Service, arn};
use super::connection::Connections;
use super::refusal::{invalid, missing};
use super::{Event, bus, transform};
use crate::time::Timestamp;
use crate::value::Value;

/// A target of a rule.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) id: String,
    pub(super) arn: String,
    kind: Kind,
    /// As it was given.
    pub(super) given: Value,
}

/// The kinds of targets that are modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Lambda,
    Sqs,
    Sns,
    Machine,
    Bus,
    Destination,
}

impl Kind {
    /// What an ARN is one of.
    pub(super) fn of(arn: &str) -> Result<Kind, ServiceError> {
        let mut parts = arn.splitn(6, ':');
        let (scheme, _, service) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
        let resource = parts.nth(2).filter(|resource| scheme == Some("arn") && !resource.is_empty());
        let Some(resource) = resource else {
            return Err(invalid("Parameter Arn is not valid. Reason: Provided Arn is not in correct format."));
        };
        match (service, resource) {
            ("lambda", r) if r.starts_with("function:") => Ok(Kind::Lambda),
            ("sqs", _) => Ok(Kind::Sqs),
            ("sns", _) => Ok(Kind::Sns),
            ("states", r) if r.starts_with("stateMachine:") => Ok(Kind::Machine),
            ("events", r) if r.starts_with("event-bus/") => Ok(Kind::Bus),
            ("events", r) if r.starts_with("api-destination/") => Ok(Kind::Destination),
            _ => Err(ServiceError::not_modelled(format!("a target of {service} (`{arn}`)"))),
        }
    }
}

/// The rule that sends something.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) arn: String,
    pub(super) name: String,
}

/// What a target's event becomes.
pub(super) enum Sent {
    Errand(Errand),
    ToBus(String),
    /// The target is not there any more.
    Nowhere,
}

const KNOWN: [&str; 9] = [
    "Id",
    "Arn",
    "RoleArn",
    "Input",
    "InputPath",
    "InputTransformer",
    "SqsParameters",
    "DeadLetterConfig",
    "RetryPolicy",
];

impl Target {
    /// # Errors
    /// What a target must have, what it must not, and what is not modelled.
    pub(super) fn read(given: &Value) -> Result<Target, ServiceError> {
        let text = |member: &str| given.get(member).and_then(Value::as_str);
        let id = text("Id").ok_or_else(|| missing("targets.1.member.id"))?;
        let arn = text("Arn").ok_or_else(|| missing("targets.1.member.arn"))?;
        let kind = Kind::of(arn)?;
        let is_known = |name: &str| KNOWN.contains(&name) || name == "HttpParameters" && kind == Kind::Destination;
        let members = given.as_object().cloned().unwrap_or_default();
        if let Some(other) = members.keys().find(|name| !is_known(name)) {
            return Err(ServiceError::not_modelled(format!("the parameter `Targets.{other}` of PutTargets")));
        }
        let inputs = ["Input", "InputPath", "InputTransformer"];
        if inputs.iter().filter(|member| given.get(member).is_some_and(|v| !v.is_null())).count() > 1 {
            let message =
                format!("Only one of Input, InputPath, or InputTransformer must be provided for target {id}.");
            return Err(invalid(message));
        }
        if text("Input").is_some_and(|input| Value::parse(input).is_err()) {
            return Err(invalid(format!("JSON syntax error in input for target {id}.")));
        }
        transform::check(given, id)?;
        let group = given.get("SqsParameters").and_then(|p| p.get("MessageGroupId"));
        if kind == Kind::Sqs && arn.ends_with(".fifo") && group.is_none() {
            return Err(invalid(format!("Parameter(s) SqsParameters must be specified for target: {id}.")));
        }
        Ok(Target { id: id.into(), arn: arn.into(), kind, given: given.clone() })
    }

    /// What becomes of an event.
    pub(super) fn sent(&self, origin: &Origin, event: &Event, now: Timestamp, connections: &Connections) -> Sent {
        if self.kind == Kind::Bus {
            return Sent::ToBus(bus::name_of(&self.arn).to_owned());
        }
        let document = event.to_value();
        let body = transform::transformed(&self.given, &document, origin, now);
        if self.kind == Kind::Destination {
            let parameters = self.given.get("HttpParameters").cloned().unwrap_or_default();
            return connections.post(&self.arn, &parameters, body).map_or(Sent::Nowhere, Sent::Errand);
        }
        let group = self.given.get("SqsParameters").and_then(|p| p.get("MessageGroupId"));
        let queue = self.given.get("DeadLetterConfig").and_then(|d| d.get("Arn")).and_then(Value::as_str);
        let dead_letter = queue.map(|queue| DeadLetter {
            queue: queue.to_owned(),
            body: document.to_string(),
            attributes: vec![
                ("RULE_ARN", origin.arn.clone()),
                ("TARGET_ARN", self.arn.clone()),
                ("RETRY_ATTEMPTS", "0".to_owned()),
            ],
        });
        Sent::Errand(errand(self.kind, &self.arn, &body, group.and_then(Value::as_str), dead_letter))
    }
}

/// What hands a text to a target of one of the plain kinds.
pub(super) fn errand(
    kind: Kind,
    target: &str,
    body: &str,
    group: Option<&str>,
    dead_letter: Option<DeadLetter>,
) -> Errand {
    let value = || Value::parse(body).unwrap_or_else(|_| body.into());
    let (service, operation, input) = match kind {
        Kind::Sqs => {
            let mut input = vec![("QueueUrl", Value::from(arn::name_of(target))), ("MessageBody", body.into())];
            input.extend(group.map(|group| ("MessageGroupId", group.into())));
            (Service::Sqs, "SendMessage", Value::object(input))
        }
        Kind::Sns => {
            (Service::Sns, "Publish", Value::object([("TopicArn", Value::from(target)), ("Message", body.into())]))
        }
        Kind::Machine => return Errand::Start { machine: target.to_owned(), input: value() },
        Kind::Lambda | Kind::Bus | Kind::Destination => {
            let input =
                [("FunctionName", Value::from(target)), ("InvocationType", "Event".into()), ("Payload", value())];
            (Service::Lambda, "Invoke", Value::object(input))
        }
    };
    Errand::Deliver { service, operation: operation.to_owned(), input, dead_letter }
}
