//! Publishing: what is checked, what counts as said before, and who gets it.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::super::error::ServiceError;
use super::super::sqs::message::{is_number, size};
use super::super::{Surroundings, arn};
use super::delivery::Outgoing;
use super::{Cx, Delivery, Publication, Sns, invalid};
use crate::time::Timestamp;
use crate::value::{Map, Value};

pub(super) const MEMBERS: &[&str] = &[
    "TopicArn",
    "TargetArn",
    "PhoneNumber",
    "Message",
    "Subject",
    "MessageStructure",
    "MessageAttributes",
    "MessageDeduplicationId",
    "MessageGroupId",
];

/// How many bytes a message has at most.
pub(super) const MOST_BYTES: usize = 262_144;
/// Within this time a FIFO topic takes a message of the same deduplication id for the same message.
const DEDUPLICATION: Duration = Duration::from_secs(300);
/// The first sequence number of a FIFO topic; numbers have 20 digits.
const FIRST_SEQUENCE: u64 = 10_000_000_000_000_000_000;

/// A deduplication id that is taken.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    at: Timestamp,
    id: String,
    sequence_number: String,
}

/// A message as it is given to the service, alone or in a batch.
pub(super) struct Given<'a>(pub(super) &'a Value);

impl<'a> Given<'a> {
    fn text(&self, member: &str) -> Option<&'a str> {
        self.0.get(member)?.as_str()
    }
    fn attributes(&self) -> Value {
        self.0.get("MessageAttributes").filter(|v| !v.is_null()).cloned().unwrap_or_default()
    }
    /// How many bytes it has.
    pub(super) fn size(&self) -> usize {
        size(self.text("Message").unwrap_or_default(), &self.attributes())
    }

    /// # Errors
    /// Messages that the service does not take.
    fn check(&self) -> Result<(), ServiceError> {
        let message = self.text("Message").unwrap_or_default();
        if message.is_empty() {
            return Err(invalid("Empty message"));
        }
        match self.text("MessageStructure") {
            Some("json") => {
                let Some(members) = Value::parse(message).ok().filter(|m| m.as_object().is_some()) else {
                    return Err(invalid("Message Structure - JSON message body failed to parse"));
                };
                if members.get("default").and_then(Value::as_str).is_none() {
                    return Err(invalid("Message Structure - No default entry in JSON message body"));
                }
            }
            Some(other) if !other.is_empty() => {
                return Err(invalid(&format!("MessageStructure: Invalid value [{other}]")));
            }
            _ => {}
        }
        if self.size() > MOST_BYTES {
            return Err(invalid("Message too long"));
        }
        let is_subject = |text: &str| {
            !text.is_empty()
                && text.chars().count() <= 100
                && text.chars().all(|c| !c.is_control())
                && !text.starts_with(char::is_whitespace)
        };
        if self.text("Subject").is_some_and(|text| !is_subject(text)) {
            return Err(invalid("Subject"));
        }
        for (name, attribute) in self.attributes().as_object().into_iter().flat_map(Map::iter) {
            if let Some(why) = objection(name, attribute) {
                return Err(ServiceError::modelled("ParameterValueInvalid", why));
            }
        }
        Ok(())
    }
}

/// Why a message can't have an attribute. How many it has is nobody's concern but that of queues which get it raw.
fn objection(name: &str, attribute: &Value) -> Option<String> {
    let is_fit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() {
        return Some("The message attribute name must not be empty.".into());
    }
    if name.len() > 256 {
        return Some("Length of message attribute name must be less than 256 bytes.".into());
    }
    if let Some(odd) = name.chars().find(|c| !is_fit(c)) {
        return Some(format!(
            "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. Can only include \
             alphanumeric characters, hyphens, underscores, or dots.",
            u32::from(odd)
        ));
    }
    if name.starts_with('.') {
        return Some("Invalid message attribute name starting with character '.' was found.".into());
    }
    if name.ends_with('.') {
        return Some("Invalid message attribute name ending with character '.' was found.".into());
    }
    if name.contains("..") {
        return Some("Message attribute name can not have successive '.' character.".into());
    }
    let text = |member: &str| attribute.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some(kind) = text("DataType") else {
        return Some(format!("The message attribute '{name}' must contain non-empty message attribute type."));
    };
    let prefix = kind.split('.').next().unwrap_or_default();
    let member = match prefix {
        "String" | "Number" => "StringValue",
        "Binary" => "BinaryValue",
        _ => {
            return Some(format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes \
                 is Binary, Number, and String."
            ));
        }
    };
    match text(member) {
        None => Some(format!(
            "The message attribute '{name}' must contain non-empty message attribute value for message attribute type \
             '{kind}'."
        )),
        Some(value) if prefix == "Number" && !is_number(value) => {
            Some(format!("Could not cast message attribute '{name}' value to number."))
        }
        Some(_) => None,
    }
}

impl Sns {
    pub(super) fn publish(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let input = cx.input;
        let targets = ["TopicArn", "TargetArn", "PhoneNumber"].map(|member| input.text(member));
        if targets.iter().flatten().count() > 1 {
            return Err(invalid("Only one of TopicArn, TargetArn and PhoneNumber may be given"));
        }
        let given = Given(input.whole());
        if let Some(number) = input.text("PhoneNumber") {
            return self.publish_to_phone(cx, number, &given);
        }
        let [topic, target, _] = targets;
        let Some(target) = topic.or(target) else {
            return Err(invalid("TopicArn or TargetArn Reason: no value for required parameter"));
        };
        if target.contains(":endpoint/") {
            return Err(ServiceError::not_modelled("Publish to an endpoint of a platform application"));
        }
        self.publish_one(cx.around, target, &given).map(Value::from)
    }

    fn publish_to_phone(
        &mut self,
        cx: &mut Cx<'_, '_>,
        number: &str,
        given: &Given<'_>,
    ) -> Result<Value, ServiceError> {
        let digits = number.strip_prefix('+').unwrap_or_default();
        if !(2..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid(&format!("PhoneNumber Reason: {number} is not valid to publish to")));
        }
        given.check()?;
        self.delivered.push(Delivery {
            protocol: "sms".into(),
            endpoint: number.to_owned(),
            message: given.text("Message").unwrap_or_default().to_owned(),
            subject: given.text("Subject").map(str::to_owned),
            at: cx.around.now,
        });
        Ok(Value::object([("MessageId", Value::from(cx.around.uuid()))]))
    }

    /// Publishes one message; answers its id, and its number in a FIFO topic.
    pub(super) fn publish_one(
        &mut self,
        around: &mut Surroundings,
        topic_arn: &str,
        given: &Given<'_>,
    ) -> Result<Map, ServiceError> {
        self.topic(topic_arn)?;
        given.check()?;
        let name = arn::name_of(topic_arn);
        let now = around.now;
        let topic = self.topic(topic_arn)?;
        let message = given.text("Message").unwrap_or_default();
        let (group, explicit) = (given.text("MessageGroupId"), given.text("MessageDeduplicationId"));
        let mut deduplication_id = None;
        let mut key = String::new();
        if name.ends_with(".fifo") {
            let Some(group) = group else {
                return Err(invalid("The MessageGroupId parameter is required for FIFO topics"));
            };
            let is_by_content = topic.attributes.get("ContentBasedDeduplication").is_some_and(|is| is == "true");
            let id = match explicit {
                Some(id) => id.to_owned(),
                None if is_by_content => {
                    Sha256::digest(message.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
                }
                None => {
                    return Err(invalid(
                        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId \
                         provided explicitly",
                    ));
                }
            };
            let is_per_group = topic.attributes.get("FifoThroughputScope").is_some_and(|s| s == "MessageGroup");
            key = if is_per_group { format!("{group}\n{id}") } else { id.clone() };
            topic.seen.retain(|_, taken| now.since(taken.at) < DEDUPLICATION);
            if let Some(taken) = topic.seen.get(&key) {
                return Ok(answer(&taken.id, Some(&taken.sequence_number)));
            }
            deduplication_id = Some(id);
        } else if explicit.is_some() {
            return Err(invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid \
                 for this topic type",
            ));
        }
        let id = around.uuid();
        topic.sequence += 1;
        let sequence_number =
            deduplication_id.as_ref().map(|_| format!("{:020}", FIRST_SEQUENCE + topic.sequence * 1000));
        if let Some(sequence_number) = &sequence_number {
            let taken = Taken { at: now, id: id.clone(), sequence_number: sequence_number.clone() };
            topic.seen.insert(key, taken);
        }
        let publication = Publication {
            id: id.clone(),
            message: message.to_owned(),
            subject: given.text("Subject").map(str::to_owned),
            attributes: given.attributes(),
            at: now,
        };
        let out = Outgoing {
            topic_arn,
            publication: &publication,
            is_by_protocol: given.text("MessageStructure") == Some("json"),
            group,
            deduplication_id: deduplication_id.as_deref(),
            sequence_number: sequence_number.as_deref(),
        };
        let wanted = topic.subscriptions.iter().filter(|s| s.wants(&publication));
        let delivered: Vec<Delivery> = wanted.filter_map(|s| s.deliver(around, &out)).collect();
        topic.published.push(publication);
        self.delivered.extend(delivered);
        Ok(answer(&id, sequence_number.as_deref()))
    }
}

fn answer(id: &str, sequence_number: Option<&str>) -> Map {
    let mut answer = Map::new();
    answer.insert("MessageId", id);
    if let Some(number) = sequence_number {
        answer.insert("SequenceNumber", number);
    }
    answer
}
