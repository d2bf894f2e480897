//! What a queue is told to do: its attributes, with the bounds of each.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::error::ServiceError;
use super::super::members::number;
use crate::value::Value;

/// The attributes of a queue that people set, as texts.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes {
    set: BTreeMap<String, String>,
}

/// A number of seconds or bytes: its name, its default, its least and its largest value.
const NUMBERS: [(&str, i64, i64, i64); 5] = [
    ("DelaySeconds", 0, 0, 900),
    ("MaximumMessageSize", 1_048_576, 1024, 1_048_576),
    ("MessageRetentionPeriod", 345_600, 60, 1_209_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 0, 20),
    ("VisibilityTimeout", 30, 0, 43_200),
];

/// Attributes that are kept and given back; what they ask for changes nothing that a test could see.
const KEPT: [&str; 4] = ["Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"];

/// What only FIFO queues have: the name, the default, and the other value.
const OF_FIFO: [(&str, &str, &str); 3] = [
    ("ContentBasedDeduplication", "false", "true"),
    ("DeduplicationScope", "queue", "messageGroup"),
    ("FifoThroughputLimit", "perQueue", "perMessageGroupId"),
];

/// Where messages go that were received too often.
#[derive(Clone, Debug)]
pub(super) struct Redrive {
    pub(super) target: String,
    pub(super) max_receive_count: u64,
}

impl Attributes {
    /// Takes attributes over these.
    ///
    /// # Errors
    /// Attributes that queues do not have, and values out of bounds.
    pub(super) fn merge(&mut self, given: &Value) -> Result<(), ServiceError> {
        let Some(object) = given.as_object() else { return Ok(()) };
        for (name, value) in object.iter() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.check(name, &text)?;
            self.set.insert(name.to_string(), text);
        }
        Ok(())
    }

    fn check(&self, name: &str, text: &str) -> Result<(), ServiceError> {
        let invalid =
            || ServiceError::modelled("InvalidAttributeValue", format!("Invalid value for the parameter {name}."));
        if let Some((.., least, most)) = NUMBERS.iter().find(|(known, ..)| *known == name) {
            let fits = text.parse::<i64>().is_ok_and(|n| (*least..=*most).contains(&n));
            return if fits { Ok(()) } else { Err(invalid()) };
        }
        if let Some((_, default, other)) = OF_FIFO.iter().find(|(known, ..)| *known == name) {
            return if [default, other].contains(&&text) { Ok(()) } else { Err(invalid()) };
        }
        match name {
            "FifoQueue" if matches!(text, "true" | "false") => Ok(()),
            "FifoQueue" => Err(invalid()),
            "RedrivePolicy" | "RedriveAllowPolicy" if text.is_empty() => Ok(()),
            "RedrivePolicy" | "RedriveAllowPolicy" => {
                let wrong = if name == "RedrivePolicy" { wrong_redrive(text) } else { wrong_allowance(text) };
                wrong.map_or(Ok(()), |why| {
                    let message = format!("Value {text} for parameter {name} is invalid. Reason: {why}");
                    Err(ServiceError::coded("InvalidParameterValue", message))
                })
            }
            "Policy" if !text.is_empty() && Value::parse(text).is_err() => Err(invalid()),
            _ if KEPT.contains(&name) => Ok(()),
            _ => Err(ServiceError::modelled("InvalidAttributeName", format!("Unknown Attribute {name}."))),
        }
    }

    /// All that are set, and those that have a default.
    pub(super) fn all(&self) -> BTreeMap<String, String> {
        let mut all: BTreeMap<String, String> =
            NUMBERS.iter().map(|(name, default, ..)| ((*name).to_owned(), default.to_string())).collect();
        all.insert("SqsManagedSseEnabled".into(), "true".into());
        if self.is("FifoQueue") {
            all.extend(OF_FIFO.iter().map(|(name, default, _)| ((*name).to_owned(), (*default).to_owned())));
        }
        all.extend(self.set.iter().filter(|(_, text)| !text.is_empty()).map(|(n, t)| (n.clone(), t.clone())));
        all
    }

    pub(super) fn number(&self, name: &str) -> i64 {
        let default = NUMBERS.iter().find(|(known, ..)| *known == name).map_or(0, |(_, default, ..)| *default);
        self.set.get(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }
    pub(super) fn seconds(&self, name: &str) -> Duration {
        Duration::from_secs(self.number(name).unsigned_abs())
    }
    pub(super) fn is(&self, name: &str) -> bool {
        self.set.get(name).is_some_and(|text| text == "true")
    }
    pub(super) fn text(&self, name: &str) -> &str {
        self.set.get(name).map_or("", String::as_str)
    }
    pub(super) fn put(&mut self, name: &str, text: String) {
        self.set.insert(name.to_owned(), text);
    }
    /// # Errors
    /// Attributes that only FIFO queues have, and those that do not go together.
    pub(super) fn check_kind(&self, is_fifo: bool) -> Result<(), ServiceError> {
        if is_fifo {
            let is_per_group = self.text("DeduplicationScope") == "messageGroup";
            return match self.text("FifoThroughputLimit") {
                "perMessageGroupId" if !is_per_group => Err(ServiceError::modelled(
                    "InvalidAttributeValue",
                    "The perMessageGroupId value of FifoThroughputLimit is allowed only when the value of \
                     DeduplicationScope is messageGroup.",
                )),
                _ => Ok(()),
            };
        }
        if self.set.contains_key("FifoQueue") || self.set.contains_key("ContentBasedDeduplication") {
            let name = if self.set.contains_key("FifoQueue") { "FifoQueue" } else { "ContentBasedDeduplication" };
            return Err(ServiceError::modelled("InvalidAttributeName", format!("Unknown Attribute {name}.")));
        }
        match ["DeduplicationScope", "FifoThroughputLimit"].into_iter().find(|name| self.set.contains_key(*name)) {
            Some(name) => {
                let message = format!("You can specify the {name} only when FifoQueue is set to true.");
                Err(ServiceError::modelled("InvalidAttributeValue", message))
            }
            None => Ok(()),
        }
    }
    /// Whether the queue may be the dead-letter queue of another.
    pub(super) fn allows_redrive_of(&self, source: &str) -> bool {
        let Ok(policy) = Value::parse(self.text("RedriveAllowPolicy")) else { return true };
        match policy.get("redrivePermission").and_then(Value::as_str) {
            Some("denyAll") => false,
            Some("byQueue") => {
                let sources = policy.get("sourceQueueArns").and_then(Value::as_array).unwrap_or_default();
                sources.iter().any(|arn| arn.as_str() == Some(source))
            }
            _ => true,
        }
    }
    pub(super) fn redrive(&self) -> Option<Redrive> {
        redrive(self.set.get("RedrivePolicy")?)
    }
}

fn redrive(text: &str) -> Option<Redrive> {
    let policy = Value::parse(text).ok()?;
    let target = policy.get("deadLetterTargetArn")?.as_str()?.to_owned();
    let max_receive_count = number(policy.get("maxReceiveCount")?)?;
    let max_receive_count = u64::try_from(max_receive_count).ok().filter(|n| (1..=1000).contains(n))?;
    Some(Redrive { target, max_receive_count })
}

/// The ARN of the dead-letter queue that a policy names.
pub(super) fn redrive_target(text: &str) -> Option<String> {
    Some(redrive(text)?.target)
}

/// What is wrong with a redrive policy, in the service's words.
fn wrong_redrive(text: &str) -> Option<String> {
    let policy = Value::parse(text).ok().filter(|policy| policy.as_object().is_some());
    let Some(policy) = policy else { return Some("Redrive policy is not a valid JSON map.".into()) };
    if let Some(missing) = ["deadLetterTargetArn", "maxReceiveCount"].into_iter().find(|n| policy.get(n).is_none()) {
        return Some(format!("Redrive policy does not contain mandatory attribute: {missing}."));
    }
    if redrive(text).is_none() {
        let count = policy.get("maxReceiveCount").map(|n| n.as_str().map_or_else(|| n.to_string(), str::to_owned));
        let count = count.unwrap_or_default();
        return Some(format!(
            "Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 both inclusive."
        ));
    }
    None
}

/// The same for a policy that says whose dead-letter queue a queue may be.
fn wrong_allowance(text: &str) -> Option<String> {
    let policy = Value::parse(text).ok().filter(|policy| policy.as_object().is_some());
    let Some(policy) = policy else { return Some("Redrive allow policy is not a valid JSON map.".into()) };
    let sources = policy.get("sourceQueueArns").map(|s| s.as_array().map_or(0, <[Value]>::len));
    match (policy.get("redrivePermission").and_then(Value::as_str), sources) {
        (Some("allowAll" | "denyAll"), None) | (Some("byQueue"), Some(1..=10)) => None,
        _ => Some("Amazon SQS can't create the redrive allow policy, as it's in an unsupported format.".into()),
    }
}

/// Whether queues may have the attribute, set or not.
pub(super) fn is_known(name: &str) -> bool {
    KEPT.contains(&name)
        || OF_FIFO.iter().any(|(known, ..)| *known == name)
        || matches!(name, "FifoQueue" | "RedrivePolicy" | "RedriveAllowPolicy")
}
