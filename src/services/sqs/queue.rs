//! One queue: what is sent to it, who may receive what, and what becomes of what nobody deletes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::super::error::ServiceError;
use super::super::{Surroundings, arn};
use super::attributes::Attributes;
use super::message::{Message, check_attributes, is_allowed, not_allowed, size};
use crate::time::Timestamp;
use crate::value::Value;

/// Within this time a FIFO queue takes a message of the same deduplication id for the same message.
const DEDUPLICATION: Duration = Duration::from_secs(300);
/// How many messages of a queue may be in flight.
const MOST_IN_FLIGHT: usize = 120_000;
/// The first sequence number of a FIFO queue; numbers have 20 digits.
const FIRST_SEQUENCE: u128 = 18_849_496_460_467_696_128;

/// A queue.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) attributes: Attributes,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created_at: Timestamp,
    pub(super) modified_at: Timestamp,
    pub(super) messages: VecDeque<Message>,
    /// Deduplication ids with the messages that took them, as far as they still count.
    seen: BTreeMap<String, Taken>,
    sent: u128,
    pub(super) purged_at: Option<Timestamp>,
    /// Attempts to receive, by the ids that receivers gave them, with the receipts that came of them.
    attempts: BTreeMap<String, (Timestamp, Vec<String>)>,
    /// How long messages are kept, and the instant before which none has been kept for so long.
    next_expiry: Option<(Duration, Timestamp)>,
}

/// A deduplication id that is taken.
#[derive(Clone, Debug)]
struct Taken {
    at: Timestamp,
    id: String,
    sequence_number: String,
}

/// What is to be sent.
pub(super) struct Outgoing<'a> {
    pub(super) body: &'a str,
    pub(super) attributes: Value,
    pub(super) system: Value,
    pub(super) delay: Option<i64>,
    pub(super) group: Option<&'a str>,
    pub(super) deduplication_id: Option<&'a str>,
}

/// What became of a message that was sent.
pub(super) struct Sent {
    pub(super) id: String,
    pub(super) sequence_number: Option<String>,
}

fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::coded("InvalidParameterValue", message)
}

impl Queue {
    pub(super) fn new(name: &str, attributes: Attributes, now: Timestamp) -> Queue {
        Queue {
            name: name.to_owned(),
            attributes,
            tags: BTreeMap::new(),
            created_at: now,
            modified_at: now,
            messages: VecDeque::new(),
            seen: BTreeMap::new(),
            sent: 0,
            purged_at: None,
            attempts: BTreeMap::new(),
            next_expiry: None,
        }
    }
    pub(super) fn arn(&self) -> String {
        arn::of("sqs", &self.name)
    }
    pub(super) fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    /// Forgets what has been kept for as long as the queue keeps anything.
    pub(super) fn expire(&mut self, now: Timestamp) {
        self.seen.retain(|_, taken| now.since(taken.at) < DEDUPLICATION);
        self.attempts.retain(|_, (at, _)| now.since(*at) < DEDUPLICATION);
        let kept = self.attributes.seconds("MessageRetentionPeriod");
        // Who shortens the time that messages are kept does so for those that are there.
        let is_due = self.next_expiry.is_none_or(|(of, at)| of != kept || at <= now);
        if is_due {
            self.messages.retain(|m| now.since(m.sent_at) < kept);
            let oldest = self.messages.iter().map(|m| m.sent_at).min().unwrap_or(now);
            self.next_expiry = Some((kept, oldest + kept));
        }
    }

    /// Puts in a message that was in another queue before.
    pub(super) fn put(&mut self, message: Message) {
        self.next_expiry = None;
        self.messages.push_back(message);
    }

    /// Whether a message can be received by anybody.
    pub(super) fn has_visible(&self, now: Timestamp) -> bool {
        self.first_visible(now).is_some()
    }
    /// The position of the first message that is neither in flight nor delayed.
    pub(super) fn first_visible(&self, now: Timestamp) -> Option<usize> {
        self.messages.iter().position(|m| m.visible_at <= now)
    }
    /// When the next message becomes visible: one that is delayed, and with those in flight one of these as well.
    pub(super) fn next_visible_at(&self, now: Timestamp, with_in_flight: bool) -> Option<Timestamp> {
        let waited_for = self.messages.iter().filter(|m| with_in_flight || m.receipt.is_none());
        waited_for.map(|m| m.visible_at).filter(|at| *at > now).min()
    }
    /// Takes back what a receiver never got.
    pub(super) fn give_back(&mut self, now: Timestamp, messages: &[Message]) {
        for message in &mut self.messages {
            if message.receipt.is_some() && messages.iter().any(|m| m.receipt == message.receipt) {
                message.receive_count -= 1;
                if message.receive_count == 0 {
                    message.first_received_at = None;
                }
                message.receipt = None;
                message.visible_at = now;
            }
        }
    }

    pub(super) fn send(&mut self, around: &mut Surroundings, out: &Outgoing<'_>) -> Result<Sent, ServiceError> {
        let now = around.now;
        self.expire(now);
        if out.body.is_empty() {
            let message = "The request must contain the parameter MessageBody.";
            return Err(ServiceError::coded("MissingParameter", message));
        }
        if let Some(bad) = out.body.chars().find(|c| !is_allowed(*c)) {
            return Err(ServiceError::modelled("InvalidMessageContents", not_allowed(bad, "message body")));
        }
        check_attributes(&out.attributes)?;
        check_system(&out.system)?;
        for (name, id) in [("MessageGroupId", out.group), ("MessageDeduplicationId", out.deduplication_id)] {
            if id.is_some_and(|id| id.is_empty() || id.len() > 128 || !id.chars().all(|c| c.is_ascii_graphic())) {
                return Err(invalid(format!(
                    "Value {} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and \
                     punctuation characters. 1 to 128 in length.",
                    id.unwrap_or_default()
                )));
            }
        }
        let most = self.attributes.number("MaximumMessageSize");
        if size(out.body, &out.attributes) > usize::try_from(most).unwrap_or(usize::MAX) {
            let message =
                format!("One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.");
            return Err(invalid(message));
        }
        let (sequence_number, deduplication_id) = match self.place_in_line(around, out)? {
            Place::Again(sent) => return Ok(sent),
            Place::Free(sequence, id) => (sequence, id),
        };
        let delay = match out.delay {
            Some(seconds) if !(0..=900).contains(&seconds) => {
                let message = format!(
                    "Value {seconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
                );
                return Err(invalid(message));
            }
            Some(seconds) if seconds > 0 && self.is_fifo() => {
                let message = format!(
                    "Value {seconds} for parameter DelaySeconds is invalid. Reason: The request include parameter that is \
                     not valid for this queue type."
                );
                return Err(invalid(message));
            }
            Some(seconds) => Duration::from_secs(seconds.unsigned_abs()),
            None => self.attributes.seconds("DelaySeconds"),
        };
        let message = Message {
            id: around.uuid(),
            body: out.body.to_owned(),
            attributes: out.attributes.clone(),
            system: out.system.clone(),
            sent_at: now,
            first_received_at: None,
            receive_count: 0,
            visible_at: now + delay,
            receipt: None,
            group: out.group.map(str::to_owned),
            deduplication_id: deduplication_id.clone(),
            sequence_number: sequence_number.clone(),
            moved_from: None,
        };
        let sent = Sent { id: message.id.clone(), sequence_number: sequence_number.clone() };
        if let (Some(deduplication_id), Some(sequence_number)) = (deduplication_id, sequence_number) {
            let taken = Taken { at: now, id: message.id.clone(), sequence_number };
            self.seen.insert(self.deduplication_key(&deduplication_id, out.group), taken);
        }
        self.messages.push_back(message);
        Ok(sent)
    }

    /// The sequence number and deduplication id of a message in a FIFO queue, or what became of the message it repeats.
    fn place_in_line(&mut self, around: &Surroundings, out: &Outgoing<'_>) -> Result<Place, ServiceError> {
        if !self.is_fifo() {
            if out.deduplication_id.is_some() {
                let message = format!(
                    "Value {} for parameter MessageDeduplicationId is invalid. Reason: The request includes a parameter \
                     that is not valid for this queue type.",
                    out.deduplication_id.unwrap_or_default()
                );
                return Err(invalid(message));
            }
            return Ok(Place::Free(None, None));
        }
        if out.group.is_none() {
            let message = "The request must contain the parameter MessageGroupId.";
            return Err(ServiceError::coded("MissingParameter", message));
        }
        let id = match out.deduplication_id {
            Some(id) => id.to_owned(),
            None if self.attributes.is("ContentBasedDeduplication") => {
                Sha256::digest(out.body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
            }
            None => {
                let message = "The queue should either have ContentBasedDeduplication enabled or \
                               MessageDeduplicationId provided explicitly";
                return Err(invalid(message));
            }
        };
        if let Some(taken) = self.seen.get(&self.deduplication_key(&id, out.group))
            && around.now.since(taken.at) < DEDUPLICATION
        {
            let sent = Sent { id: taken.id.clone(), sequence_number: Some(taken.sequence_number.clone()) };
            return Ok(Place::Again(sent));
        }
        self.sent += 1;
        Ok(Place::Free(Some((FIRST_SEQUENCE + self.sent * 256).to_string()), Some(id)))
    }

    /// Ids count for the whole queue, or for a group where the queue says so.
    fn deduplication_key(&self, id: &str, group: Option<&str>) -> String {
        let per_group = self.attributes.all().get("DeduplicationScope").is_some_and(|scope| scope == "messageGroup");
        if per_group { format!("{}\n{id}", group.unwrap_or_default()) } else { id.to_owned() }
    }

    /// Takes up to so many messages that can be received, and those that were received too often.
    pub(super) fn receive(
        &mut self,
        around: &mut Surroundings,
        most: usize,
        visibility: Option<i64>,
        attempt: Option<&str>,
    ) -> Result<(Vec<Message>, Vec<Message>), ServiceError> {
        let now = around.now;
        self.expire(now);
        let timeout = visibility.map_or_else(
            || self.attributes.seconds("VisibilityTimeout"),
            |seconds| Duration::from_secs(seconds.unsigned_abs()),
        );
        if let Some(again) = attempt.and_then(|id| self.again(now, timeout, id)) {
            return Ok((again, Vec::new()));
        }
        if self.messages.len() >= MOST_IN_FLIGHT && self.counts(now)[1] >= MOST_IN_FLIGHT {
            let message = "Too many messages in flight.";
            let refused = ServiceError::modelled("OverLimit", message).status(403).query_code("OverLimit");
            // FIFO queues say nothing of it.
            return if self.is_fifo() { Ok((Vec::new(), Vec::new())) } else { Err(refused) };
        }
        let redrive = self.attributes.redrive();
        let is_fifo = self.is_fifo();
        // Of a group with a message in flight or delayed nothing else is given out, so that the order holds.
        let mut busy: BTreeSet<String> = match is_fifo {
            true => self.messages.iter().filter(|m| m.is_in_flight(now)).filter_map(|m| m.group.clone()).collect(),
            false => BTreeSet::new(),
        };
        let (mut received, mut moved) = (Vec::new(), Vec::new());
        let mut i = 0;
        while received.len() < most
            && let Some(message) = self.messages.get_mut(i)
        {
            let is_blocked = message.group.as_ref().is_some_and(|group| busy.contains(group));
            if message.visible_at > now || is_blocked {
                if is_fifo && message.visible_at > now {
                    busy.extend(message.group.clone());
                }
                i += 1;
                continue;
            }
            if redrive.as_ref().is_some_and(|r| message.receive_count >= r.max_receive_count) {
                moved.extend(self.messages.remove(i));
                continue;
            }
            message.receive_count += 1;
            message.first_received_at.get_or_insert(now);
            message.visible_at = now + timeout;
            message.receipt = Some(format!("{}#{}#{}", message.id, message.receive_count, around.uuid()));
            received.push(message.clone());
            i += 1;
        }
        if let Some(id) = attempt
            && is_fifo
            && !received.is_empty()
        {
            let receipts = received.iter().filter_map(|m| m.receipt.clone()).collect();
            self.attempts.insert(id.to_owned(), (now, receipts));
        }
        Ok((received, moved))
    }

    /// What an attempt of this id has received before, as long as it is all still in flight.
    fn again(&mut self, now: Timestamp, timeout: Duration, attempt: &str) -> Option<Vec<Message>> {
        let (_, receipts) = self.attempts.get(attempt)?;
        let is_of_attempt =
            |m: &Message| m.is_in_flight(now) && m.receipt.as_ref().is_some_and(|receipt| receipts.contains(receipt));
        let mut found: Vec<&mut Message> = self.messages.iter_mut().filter(|m| is_of_attempt(m)).collect();
        if found.len() != receipts.len() {
            return None;
        }
        found.iter_mut().for_each(|m| m.visible_at = now + timeout);
        Some(found.into_iter().map(|m| m.clone()).collect())
    }

    /// Deletes what a receipt is for. An older receipt of the same message deletes nothing, as the service allows.
    pub(super) fn delete(&mut self, receipt: &str) -> Result<(), ServiceError> {
        check_receipt(receipt)?;
        self.messages.retain(|m| m.receipt.as_deref() != Some(receipt));
        Ok(())
    }

    pub(super) fn change_visibility(
        &mut self,
        now: Timestamp,
        receipt: &str,
        seconds: i64,
    ) -> Result<(), ServiceError> {
        check_receipt(receipt)?;
        if !(0..=43_200).contains(&seconds) {
            let message = format!(
                "Value {seconds} for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer \
                 between 0 and 43200."
            );
            return Err(invalid(message));
        }
        let message = self.messages.iter_mut().find(|m| m.receipt.as_deref() == Some(receipt));
        match message {
            Some(message) if message.is_in_flight(now) => {
                message.visible_at = now + Duration::from_secs(seconds.unsigned_abs());
                Ok(())
            }
            Some(_) => Err(ServiceError::modelled("MessageNotInflight", "The specified message isn't in flight.")
                .query_code("AWS.SimpleQueueService.MessageNotInflight")),
            None => {
                let message = format!(
                    "Value {receipt} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not \
                     available for visibility timeout change."
                );
                Err(invalid(message))
            }
        }
    }

    /// How many messages can be received, are in flight, and are delayed.
    pub(super) fn counts(&self, now: Timestamp) -> [usize; 3] {
        let in_flight = self.messages.iter().filter(|m| m.is_in_flight(now)).count();
        let delayed = self.messages.iter().filter(|m| m.is_delayed(now)).count();
        [self.messages.len() - in_flight - delayed, in_flight, delayed]
    }
}

/// # Errors
/// System attributes that senders can't set.
fn check_system(attributes: &Value) -> Result<(), ServiceError> {
    for (name, value) in attributes.as_object().into_iter().flat_map(|o| o.iter()) {
        if &**name != "AWSTraceHeader" {
            return Err(invalid(format!("Message system attribute name '{name}' is invalid.")));
        }
        if value.get("DataType").and_then(Value::as_str) != Some("String") {
            return Err(invalid(format!("The data type of message system attribute '{name}' must be String.")));
        }
    }
    Ok(())
}

enum Place {
    Free(Option<String>, Option<String>),
    Again(Sent),
}

fn check_receipt(receipt: &str) -> Result<(), ServiceError> {
    if receipt.split('#').count() == 3 {
        return Ok(());
    }
    let message = format!("The input receipt handle \"{receipt}\" is not a valid receipt handle.");
    Err(ServiceError::modelled("ReceiptHandleIsInvalid", message).status(404))
}
