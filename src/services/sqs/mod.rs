//! SQS: standard and FIFO queues with delays, visibility timeouts, deduplication, groups and dead-letter queues.

mod attributes;
mod batch;
pub(super) mod message;
mod queue;

use std::collections::BTreeMap;
use std::time::Duration;

pub use message::Message;

use super::error::ServiceError;
use super::members::{Members, number};
use super::{Surroundings, arn};
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};
use attributes::Attributes;
use queue::{Outgoing, Queue};

/// A queue may be purged once in this time.
const BETWEEN_PURGES: Duration = Duration::from_secs(60);

/// All queues of the account.
#[derive(Debug, Default)]
pub(super) struct Sqs {
    queues: BTreeMap<String, Queue>,
}

/// What an operation does.
type Operation = fn(&mut Sqs, &mut Surroundings, &Members<'_>) -> Result<Value, ServiceError>;

/// The operations with the members of their inputs.
const OPERATIONS: &[(&str, &[&str], Operation)] = &[
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
    (
        "ReceiveMessage",
        &[
            "QueueUrl",
            "AttributeNames",
            "MessageSystemAttributeNames",
            "MessageAttributeNames",
            "MaxNumberOfMessages",
            "VisibilityTimeout",
            "WaitTimeSeconds",
            "ReceiveRequestAttemptId",
        ],
        Sqs::receive,
    ),
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
    pub(super) fn call(
        &mut self,
        around: &mut Surroundings,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ServiceError> {
        let Some((name, known, work)) = OPERATIONS.iter().find(|(name, ..)| *name == operation) else {
            return Err(ServiceError::not_modelled(format!("the operation {operation} of SQS")));
        };
        work(self, around, &Members::of(name, input, known)?)
    }

    /// Lets happen what is due: messages become visible to those who wait for them.
    pub(super) fn pass(&mut self, _: &mut Surroundings) {}

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.queues.keys().map(String::as_str)
    }
    pub(super) fn messages(&self, queue: &str) -> Option<Vec<&Message>> {
        Some(self.queues.get(arn::name_of(queue))?.messages.iter().collect())
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
        let url = Value::object([("QueueUrl", Value::from(arn::queue_url(name)))]);
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
        self.queues.insert(name.to_owned(), queue);
        Ok(url)
    }

    fn delete_queue(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let name = self.queue(input)?.name.clone();
        self.queues.remove(&name);
        Ok(Value::empty_object())
    }

    fn list(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let prefix = input.text("QueueNamePrefix").unwrap_or_default();
        let all: Vec<Value> =
            self.queues.keys().filter(|n| n.starts_with(prefix)).map(|n| arn::queue_url(n).into()).collect();
        paged(input, "QueueUrls", all)
    }

    fn url(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let name = input.needed("QueueName")?;
        let queue = self.queues.get(name).ok_or_else(no_such_queue)?;
        Ok(Value::object([("QueueUrl", Value::from(arn::queue_url(&queue.name)))]))
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
        let queue = self.queue(input)?;
        let mut attributes = queue.attributes.clone();
        attributes.merge(input.get("Attributes").unwrap_or(&Value::Null))?;
        queue.attributes = attributes;
        queue.modified_at = now;
        Ok(Value::empty_object())
    }

    fn tag(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let tags = texts(input.get("Tags"));
        self.queue(input)?.tags.extend(tags);
        Ok(Value::empty_object())
    }

    fn untag(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let gone: Vec<&str> = input.items("TagKeys").iter().filter_map(Value::as_str).collect();
        self.queue(input)?.tags.retain(|key, _| !gone.contains(&key.as_str()));
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

    fn sources(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let target = self.queue(input)?.arn();
        let leads_here = |queue: &&Queue| queue.attributes.redrive().is_some_and(|r| r.target == target);
        let all = self.queues.values().filter(leads_here).map(|q| arn::queue_url(&q.name).into()).collect();
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

    /// Puts a message into a queue for another service.
    ///
    /// # Errors
    /// There is no such queue, or it refuses the message.
    pub(super) fn deliver(
        &mut self,
        around: &mut Surroundings,
        queue: &str,
        body: &str,
        attributes: Value,
        line: (Option<&str>, Option<&str>),
    ) -> Result<(), ServiceError> {
        let queue = self.queues.get_mut(arn::name_of(queue)).ok_or_else(no_such_queue)?;
        let (group, deduplication_id) = line;
        let out = Outgoing { body, attributes, system: Value::Null, delay: None, group, deduplication_id };
        queue.send(around, &out).map(|_| ())
    }

    fn receive(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let within = |name: &str, least: i64, most: i64| match input.number(name) {
            Some(n) if !(least..=most).contains(&n) => Err(invalid(format!(
                "Value {n} for parameter {name} is invalid. Reason: Must be between {least} and {most}, if provided."
            ))),
            n => Ok(n),
        };
        let most = within("MaxNumberOfMessages", 1, 10)?.unwrap_or(1);
        let visibility = within("VisibilityTimeout", 0, 43_200)?;
        within("WaitTimeSeconds", 0, 20)?;
        let most = usize::try_from(most).unwrap_or(1);
        let queue = self.queue(input)?;
        let (received, moved) = queue.receive(around, most, visibility)?;
        let (source, redrive) = (queue.arn(), queue.attributes.redrive());
        let target = redrive.and_then(|r| self.queues.get_mut(arn::name_of(&r.target)));
        // Where the dead-letter queue is gone, what should go there is lost, as it is in the service.
        if let Some(target) = target {
            target.messages.extend(moved.into_iter().map(|mut message| {
                message.moved_from = Some(source.clone());
                message.receipt = None;
                message.receive_count = 0;
                message.visible_at = around.now;
                message
            }));
        }
        if received.is_empty() {
            return Ok(Value::empty_object());
        }
        let names = |member: &str| input.items(member).iter().filter_map(Value::as_str).collect::<Vec<_>>();
        let system = [names("AttributeNames"), names("MessageSystemAttributeNames")].concat();
        let own = names("MessageAttributeNames");
        let messages = received.iter().map(|m| shown(m, &system, &own)).collect();
        Ok(Value::object([("Messages", Value::array(messages))]))
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

/// A message as ReceiveMessage gives it, with the attributes that were asked for.
fn shown(message: &Message, system: &[&str], own: &[&str]) -> Value {
    let mut shown = Map::new();
    shown.insert("MessageId", &*message.id);
    shown.insert("ReceiptHandle", message.receipt.as_deref().unwrap_or_default());
    shown.insert("MD5OfBody", message::digest(&message.body));
    shown.insert("Body", &*message.body);
    let millis = |at: Timestamp| Some(at.as_millis().to_string());
    let all: [(&str, Option<String>); 9] = [
        ("SenderId", Some("AIDAREHEARSALEXAMPLE0".into())),
        ("SentTimestamp", millis(message.sent_at)),
        ("ApproximateReceiveCount", Some(message.receive_count.to_string())),
        ("ApproximateFirstReceiveTimestamp", message.first_received_at.and_then(millis)),
        ("MessageGroupId", message.group.clone()),
        ("MessageDeduplicationId", message.deduplication_id.clone()),
        ("SequenceNumber", message.sequence_number.clone()),
        ("DeadLetterQueueSourceArn", message.moved_from.clone()),
        (
            "AWSTraceHeader",
            message.system.get("AWSTraceHeader").and_then(|v| v.get("StringValue")?.as_str().map(str::to_owned)),
        ),
    ];
    let is_asked = |name: &str| system.contains(&"All") || system.contains(&name);
    let chosen: Map = all
        .into_iter()
        .filter(|(name, _)| is_asked(name))
        .filter_map(|(name, text)| Some((Str::from(name), Value::from(text?))))
        .collect();
    if !chosen.is_empty() {
        shown.insert("Attributes", chosen);
    }
    let is_asked = |name: &str| {
        own.iter().any(|asked| match asked.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => matches!(*asked, "All" | ".*") || *asked == name,
        })
    };
    let attributes = message.attributes.as_object().into_iter().flat_map(|o| o.iter());
    let chosen: Map = attributes.filter(|(name, _)| is_asked(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    if !chosen.is_empty() {
        let chosen = Value::from(chosen);
        if let Some(digest) = message::digest_of_attributes(&chosen) {
            shown.insert("MD5OfMessageAttributes", digest);
        }
        shown.insert("MessageAttributes", chosen);
    }
    shown.into()
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

/// The members of an object as texts.
fn texts(object: Option<&Value>) -> BTreeMap<String, String> {
    let members = object.and_then(Value::as_object).into_iter().flat_map(|o| o.iter());
    members.map(|(k, v)| (k.to_string(), v.as_str().map_or_else(|| v.to_string(), str::to_owned))).collect()
}

/// A number of a batch entry.
fn entry_number(entry: &Value, member: &str) -> Option<i64> {
    number(entry.get(member)?)
}
