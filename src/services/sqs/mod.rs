//! SQS: standard and FIFO queues with delays, visibility timeouts, deduplication, groups, long polls and dead-letter
//! queues.
//!
//! A long poll from outside waits in real time and gets what arrives, or what becomes visible as the clock moves; the
//! clock moves on for its sake up to the end of a message's delay, but not to the end of a visibility timeout, since
//! nobody can know whether the consumer who has the message still works. A queue can be created again at once after it
//! was deleted; the service wants a minute between.

mod attributes;
mod batch;
pub(super) mod message;
mod moves;
mod permission;
mod poll;
mod queue;
mod shown;

use std::collections::BTreeMap;
use std::time::Duration;

pub use message::Message;

use super::answer::Answer;
use super::error::ServiceError;
use super::members::{Members, number};
use super::{ACCOUNT, Surroundings, arn};
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};
use attributes::Attributes;
use moves::Move;
use poll::Poll;
use queue::{Outgoing, Queue};

/// A queue may be purged once in this time.
const BETWEEN_PURGES: Duration = Duration::from_secs(60);

/// How many tags a queue has at most.
const MOST_TAGS: usize = 50;
/// What is said of a key that is empty or too long, and of a list without any.
const BAD_TAG_KEY: &str = "Tag keys must be between 1 and 128 characters in length.";

/// All queues of the account.
#[derive(Debug, Default)]
pub(super) struct Sqs {
    queues: BTreeMap<String, Queue>,
    /// Those who wait for messages, the longest first.
    polls: Vec<Poll>,
    /// Tasks that take messages back from dead-letter queues, the newest last.
    moves: Vec<Move>,
}

/// What an operation does.
type Operation = fn(&mut Sqs, &mut Surroundings, &Members<'_>) -> Result<Value, ServiceError>;

/// The operations with the members of their inputs.
const OPERATIONS: &[(&str, &[&str], Operation)] = &[
    ("AddPermission", &["QueueUrl", "Label", "AWSAccountIds", "Actions"], Sqs::add_permission),
    ("CancelMessageMoveTask", &["TaskHandle"], Sqs::cancel_move),
    ("ListMessageMoveTasks", &["SourceArn", "MaxResults"], Sqs::list_moves),
    ("RemovePermission", &["QueueUrl", "Label"], Sqs::remove_permission),
    ("StartMessageMoveTask", &["SourceArn", "DestinationArn", "MaxNumberOfMessagesPerSecond"], Sqs::start_move),
    ("CreateQueue", &["QueueName", "Attributes", "tags"], Sqs::create),
    ("DeleteQueue", &["QueueUrl"], Sqs::delete_queue),
    ("ListQueues", &["QueueNamePrefix", "MaxResults", "NextToken"], Sqs::list),
    ("GetQueueUrl", &["QueueName", "QueueOwnerAWSAccountId"], Sqs::url),
    ("GetQueueAttributes", &["QueueUrl", "AttributeNames"], Sqs::attributes),
    ("SetQueueAttributes", &["QueueUrl", "Attributes"], Sqs::set_attributes),
    ("TagQueue", &["QueueUrl", "Tags"], Sqs::tag),
    ("UntagQueue", &["QueueUrl", "TagKeys"], Sqs::untag),
    ("ListQueueTags", &["QueueUrl"], Sqs::tags),
    ("ListDeadLetterSourceQueues", &["QueueUrl", "MaxResults", "NextToken"], Sqs::sources),
    ("PurgeQueue", &["QueueUrl"], Sqs::purge),
    (
        "SendMessage",
        &[
            "QueueUrl",
            "MessageBody",
            "DelaySeconds",
            "MessageAttributes",
            "MessageSystemAttributes",
            "MessageDeduplicationId",
            "MessageGroupId",
        ],
        Sqs::send,
    ),
    ("SendMessageBatch", &["QueueUrl", "Entries"], Sqs::send_batch),
    ("DeleteMessage", &["QueueUrl", "ReceiptHandle"], Sqs::delete),
    ("DeleteMessageBatch", &["QueueUrl", "Entries"], Sqs::delete_batch),
    ("ChangeMessageVisibility", &["QueueUrl", "ReceiptHandle", "VisibilityTimeout"], Sqs::change_visibility),
    ("ChangeMessageVisibilityBatch", &["QueueUrl", "Entries"], Sqs::change_visibility_batch),
];

fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::coded("InvalidParameterValue", message)
}

fn no_such_queue() -> ServiceError {
    ServiceError::modelled("QueueDoesNotExist", "The specified queue does not exist.")
        .query_code("AWS.SimpleQueueService.NonExistentQueue")
}

impl Sqs {
    pub(super) fn ask(&mut self, around: &mut Surroundings, operation: &str, input: &Value) -> Answer {
        let answer = match operation {
            "ReceiveMessage" => self.receive(around, input).unwrap_or_else(|error| Answer::Now(Err(error))),
            _ => self.call(around, operation, input).into(),
        };
        self.wake(around);
        answer
    }

    fn call(&mut self, around: &mut Surroundings, operation: &str, input: &Value) -> Result<Value, ServiceError> {
        let Some((name, known, work)) = OPERATIONS.iter().find(|(name, ..)| *name == operation) else {
            return Err(ServiceError::not_modelled(format!("the operation {operation} of SQS")));
        };
        work(self, around, &Members::of(name, input, known)?)
    }

    /// Lets happen what is due: messages become visible to those who wait for them.
    pub(super) fn pass(&mut self, around: &mut Surroundings) {
        self.move_on(around);
        self.wake(around);
    }

    /// When something next happens that somebody waits for.
    pub(super) fn next_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.next_poll_at(now).into_iter().chain(self.next_move_at()).min()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.queues.keys().map(String::as_str)
    }
    pub(super) fn messages(&self, queue: &str) -> Option<Vec<&Message>> {
        Some(self.queues.get(arn::name_of(queue))?.messages.iter().collect())
    }

    /// How many messages of a queue can be received now. `None` where there is no such queue.
    pub(super) fn visible(&self, queue: &str, now: Timestamp) -> Option<usize> {
        Some(self.queues.get(queue)?.messages.iter().filter(|m| m.visible_at <= now).count())
    }
    /// When the next delayed message of a queue can be received.
    pub(super) fn next_delayed(&self, queue: &str, now: Timestamp) -> Option<Timestamp> {
        self.queues.get(queue)?.next_visible_at(now, false)
    }
    /// How long what is received from a queue stays in flight. `None` where there is no such queue.
    pub(super) fn visibility(&self, queue: &str) -> Option<Duration> {
        Some(self.queues.get(queue)?.attributes.seconds("VisibilityTimeout"))
    }

    fn queue(&mut self, input: &Members<'_>) -> Result<&mut Queue, ServiceError> {
        let url = input.needed("QueueUrl")?;
        self.queues.get_mut(arn::name_of(url)).ok_or_else(no_such_queue)
    }

    fn create(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let name = input.needed("QueueName")?;
        let stem = name.strip_suffix(".fifo").unwrap_or(name);
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if stem.is_empty() || name.len() > 80 || !stem.chars().all(is_fit) {
            let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
            return Err(invalid(message));
        }
        let mut attributes = Attributes::default();
        attributes.merge(input.get("Attributes").unwrap_or(&Value::Null))?;
        if attributes.is("FifoQueue") != name.ends_with(".fifo") {
            let message = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, \
                           must end with .fifo suffix and be 1 to 80 in length";
            return Err(match attributes.is("FifoQueue") {
                true => invalid(message),
                false => ServiceError::modelled("InvalidAttributeValue", "Invalid value for the parameter FifoQueue."),
            });
        }
        attributes.check_kind(attributes.is("FifoQueue"))?;
        self.check_redrive(name, input.get("Attributes"))?;
        let url = Value::object([("QueueUrl", Value::from(around.queue_url(name)))]);
        if let Some(queue) = self.queues.get(name) {
            let own = queue.attributes.all();
            if let Some((other, _)) = attributes.all().iter().find(|(n, text)| own.get(*n) != Some(text)) {
                let message =
                    format!("A queue already exists with the same name and a different value for attribute {other}");
                return Err(ServiceError::modelled("QueueNameExists", message).query_code("QueueAlreadyExists"));
            }
            return Ok(url);
        }
        let mut queue = Queue::new(name, attributes, around.now);
        queue.tags = texts(input.get("tags"));
        check_tags(&queue.tags, name)?;
        self.queues.insert(name.to_owned(), queue);
        Ok(url)
    }

    /// A dead-letter queue has to be there, of the same kind, and open to the queue.
    fn check_redrive(&self, name: &str, given: Option<&Value>) -> Result<(), ServiceError> {
        let Some(text) = given.and_then(|a| a.get("RedrivePolicy")?.as_str()).filter(|text| !text.is_empty()) else {
            return Ok(());
        };
        let refused =
            |why: &str| invalid(format!("Value {text} for parameter RedrivePolicy is invalid. Reason: {why}"));
        let target = attributes::redrive_target(text).unwrap_or_default();
        let Some(queue) = self.queues.get(arn::name_of(&target)) else {
            return Err(refused("Dead letter target does not exist."));
        };
        if queue.is_fifo() != name.ends_with(".fifo") {
            return Err(refused("Dead-letter queue must be same type of queue as the source."));
        }
        if !queue.attributes.allows_redrive_of(&arn::of("sqs", name)) {
            return Err(refused("The redrive allow policy of the dead-letter queue does not allow this source queue."));
        }
        Ok(())
    }

    fn delete_queue(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let name = self.queue(input)?.name.clone();
        self.queues.remove(&name);
        Ok(Value::empty_object())
    }

    fn list(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let prefix = input.text("QueueNamePrefix").unwrap_or_default();
        let all: Vec<Value> =
            self.queues.keys().filter(|n| n.starts_with(prefix)).map(|n| around.queue_url(n).into()).collect();
        paged(input, "QueueUrls", all)
    }

    fn url(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let name = input.needed("QueueName")?;
        if input.text("QueueOwnerAWSAccountId").is_some_and(|owner| owner != ACCOUNT) {
            return Err(no_such_queue());
        }
        let queue = self.queues.get(name).ok_or_else(no_such_queue)?;
        Ok(Value::object([("QueueUrl", Value::from(around.queue_url(&queue.name)))]))
    }

    fn attributes(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let now = around.now;
        let queue = self.queue(input)?;
        queue.expire(now);
        let mut all = queue.attributes.all();
        let [waiting, in_flight, delayed] = queue.counts(now);
        let seconds = |at: Timestamp| (at.as_millis() / 1000).to_string();
        let told: [(&str, String); 6] = [
            ("QueueArn", queue.arn()),
            ("ApproximateNumberOfMessages", waiting.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", delayed.to_string()),
            ("CreatedTimestamp", seconds(queue.created_at)),
            ("LastModifiedTimestamp", seconds(queue.modified_at)),
        ];
        all.extend(told.into_iter().map(|(name, text)| (name.to_owned(), text)));
        let asked: Vec<&str> = input.items("AttributeNames").iter().filter_map(Value::as_str).collect();
        for name in &asked {
            let is_known = *name == "All" || all.contains_key(*name) || attributes::is_known(name);
            if !is_known {
                return Err(ServiceError::modelled("InvalidAttributeName", format!("Unknown Attribute {name}.")));
            }
        }
        let chosen = all.into_iter().filter(|(name, _)| asked.contains(&"All") || asked.contains(&name.as_str()));
        let chosen: Map = chosen.map(|(name, text)| (Str::from(name), text.into())).collect();
        if chosen.is_empty() {
            return Ok(Value::empty_object());
        }
        Ok(Value::object([("Attributes", Value::from(chosen))]))
    }

    fn set_attributes(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let now = around.now;
        let given = input.get("Attributes");
        let queue = self.queue(input)?;
        let mut attributes = queue.attributes.clone();
        attributes.merge(given.unwrap_or(&Value::Null))?;
        let is_fifo = queue.is_fifo();
        attributes.check_kind(is_fifo)?;
        if attributes.is("FifoQueue") != is_fifo {
            return Err(ServiceError::modelled("InvalidAttributeName", "Unknown Attribute FifoQueue."));
        }
        let name = queue.name.clone();
        self.check_redrive(&name, given)?;
        let queue = self.queue(input)?;
        queue.attributes = attributes;
        queue.modified_at = now;
        Ok(Value::empty_object())
    }

    fn tag(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let tags = texts(input.get("Tags"));
        let queue = self.queue(input)?;
        if tags.is_empty() {
            let message = "The request must contain the parameter Tags.";
            return Err(ServiceError::coded("MissingParameter", message));
        }
        let mut all = queue.tags.clone();
        all.extend(tags);
        check_tags(&all, &queue.name)?;
        queue.tags = all;
        Ok(Value::empty_object())
    }

    fn untag(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let gone: Vec<&str> = input.items("TagKeys").iter().filter_map(Value::as_str).collect();
        let queue = self.queue(input)?;
        if gone.is_empty() || gone.iter().any(|key| !is_tag_key(key)) {
            return Err(invalid(BAD_TAG_KEY));
        }
        queue.tags.retain(|key, _| !gone.contains(&key.as_str()));
        Ok(Value::empty_object())
    }

    fn tags(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let tags: Map =
            self.queue(input)?.tags.iter().map(|(k, v)| (Str::from(k.as_str()), v.as_str().into())).collect();
        if tags.is_empty() {
            return Ok(Value::empty_object());
        }
        Ok(Value::object([("Tags", Value::from(tags))]))
    }

    fn sources(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let target = self.queue(input)?.arn();
        let leads_here = |queue: &&Queue| queue.attributes.redrive().is_some_and(|r| r.target == target);
        let all = self.queues.values().filter(leads_here).map(|q| around.queue_url(&q.name).into()).collect();
        paged(input, "queueUrls", all)
    }

    fn purge(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let now = around.now;
        let queue = self.queue(input)?;
        if queue.purged_at.is_some_and(|at| now.since(at) < BETWEEN_PURGES) {
            let message = format!("Only one PurgeQueue operation on {} is allowed every 60 seconds.", queue.name);
            return Err(ServiceError::modelled("PurgeQueueInProgress", message)
                .status(403)
                .query_code("AWS.SimpleQueueService.PurgeQueueInProgress"));
        }
        queue.purged_at = Some(now);
        queue.messages.clear();
        Ok(Value::empty_object())
    }

    fn send(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let body = input.needed("MessageBody")?;
        let attributes = input.get("MessageAttributes").cloned().unwrap_or_default();
        let system = input.get("MessageSystemAttributes").cloned().unwrap_or_default();
        let out = Outgoing {
            body,
            attributes: attributes.clone(),
            system: system.clone(),
            delay: input.number("DelaySeconds"),
            group: input.text("MessageGroupId"),
            deduplication_id: input.text("MessageDeduplicationId"),
        };
        let sent = self.queue(input)?.send(around, &out)?;
        let mut answer = Map::new();
        answer.insert("MD5OfMessageBody", message::digest(body));
        if let Some(digest) = message::digest_of_attributes(&attributes) {
            answer.insert("MD5OfMessageAttributes", digest);
        }
        if let Some(digest) = message::digest_of_attributes(&system) {
            answer.insert("MD5OfMessageSystemAttributes", digest);
        }
        answer.insert("MessageId", sent.id);
        if let Some(number) = sent.sequence_number {
            answer.insert("SequenceNumber", number);
        }
        Ok(answer.into())
    }

    fn delete(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let receipt = input.needed("ReceiptHandle")?;
        self.queue(input)?.delete(receipt)?;
        Ok(Value::empty_object())
    }

    fn change_visibility(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let receipt = input.needed("ReceiptHandle")?;
        let seconds = input.number("VisibilityTimeout").ok_or_else(|| {
            let message = "The request must contain the parameter VisibilityTimeout.";
            ServiceError::coded("MissingParameter", message)
        })?;
        self.queue(input)?.change_visibility(around.now, receipt, seconds)?;
        Ok(Value::empty_object())
    }
}

/// A page of a list: `MaxResults` from where `NextToken` says.
fn paged(input: &Members<'_>, member: &str, all: Vec<Value>) -> Result<Value, ServiceError> {
    let from = match input.text("NextToken") {
        Some(token) => token.parse::<usize>().map_err(|_| invalid("Invalid or expired next token."))?,
        None => 0,
    };
    let most = match input.number("MaxResults") {
        Some(n) if !(1..=1000).contains(&n) => {
            return Err(invalid(format!(
                "Value {n} for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000."
            )));
        }
        Some(n) => usize::try_from(n).unwrap_or(1000),
        None => 1000,
    };
    let mut page = Map::new();
    let shown: Vec<Value> = all.iter().skip(from).take(most).cloned().collect();
    if from + shown.len() < all.len() {
        page.insert("NextToken", (from + shown.len()).to_string());
    }
    if !shown.is_empty() {
        page.insert(member, Value::array(shown));
    }
    Ok(page.into())
}

/// # Errors
/// More tags than a queue may have, keys and values that are too long.
fn check_tags(tags: &BTreeMap<String, String>, queue: &str) -> Result<(), ServiceError> {
    if tags.keys().any(|key| !is_tag_key(key)) {
        return Err(invalid(BAD_TAG_KEY));
    }
    if tags.values().any(|value| value.chars().count() > 256) {
        return Err(invalid("Tag values must be between 0 and 256 characters in length."));
    }
    if tags.len() > MOST_TAGS {
        return Err(invalid(format!("Too many tags added for queue {queue}.")));
    }
    Ok(())
}

fn is_tag_key(key: &str) -> bool {
    (1..=128).contains(&key.chars().count())
}

/// The members of an object as texts.
fn texts(object: Option<&Value>) -> BTreeMap<String, String> {
    let members = object.and_then(Value::as_object).into_iter().flat_map(|o| o.iter());
    members.map(|(k, v)| (k.to_string(), v.as_str().map_or_else(|| v.to_string(), str::to_owned))).collect()
}

/// A number of a batch entry.
fn entry_number(entry: &Value, member: &str) -> Option<i64> {
    number(entry.get(member)?)
}
