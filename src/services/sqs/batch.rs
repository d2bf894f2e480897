//! The operations on up to ten messages, each of which succeeds or fails for itself.

use std::collections::BTreeSet;

use super::super::Surroundings;
use super::super::error::ServiceError;
use super::super::members::Members;
use super::message::{digest, digest_of_attributes, size};
use super::queue::{Outgoing, Queue};
use super::{Sqs, entry_number};
use crate::value::{Map, Value};

/// How many entries a batch has at most.
const MOST_ENTRIES: usize = 10;
/// How many bytes the messages of a batch have at most, together.
const MOST_BYTES: usize = 1_048_576;

/// # Errors
/// A batch that is refused as a whole: empty, too long, with an id twice.
fn entries<'a>(input: &Members<'a>) -> Result<&'a [Value], ServiceError> {
    let refused =
        |code: &str, query: &'static str, message: String| Err(ServiceError::modelled(code, message).query_code(query));
    let entries = input.items("Entries");
    if entries.is_empty() {
        let message = format!("There should be at least one {}RequestEntry in the request.", input.operation());
        return refused("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", message);
    }
    if entries.len() > MOST_ENTRIES {
        let message = format!("Maximum number of entries per request are 10. You have sent {}.", entries.len());
        return refused("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", message);
    }
    let mut ids = BTreeSet::new();
    for entry in entries {
        let id = entry.get("Id").and_then(Value::as_str).unwrap_or_default();
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if id.is_empty() || id.len() > 80 || !id.chars().all(is_fit) {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be \
                           at most 80 letters long.";
            return refused("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", message.into());
        }
        if !ids.insert(id) {
            let message = format!("Id {id} repeated.");
            return refused("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", message);
        }
    }
    Ok(entries)
}

/// Does the work for every entry, and says of each how it went.
fn each(entries: &[Value], mut work: impl FnMut(&Value) -> Result<Map, ServiceError>) -> Value {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let id = entry.get("Id").cloned().unwrap_or_default();
        let mut row = Map::new();
        row.insert("Id", id);
        match work(entry) {
            Ok(members) => {
                for (name, value) in members.iter() {
                    row.insert(name.clone(), value.clone());
                }
                done.push(row.into());
            }
            Err(e) => {
                row.insert("SenderFault", true);
                row.insert("Code", e.query_code.unwrap_or(&e.code));
                row.insert("Message", e.message);
                failed.push(row.into());
            }
        }
    }
    let mut answer = Map::new();
    for (name, list) in [("Successful", done), ("Failed", failed)] {
        if !list.is_empty() {
            answer.insert(name, Value::array(list));
        }
    }
    answer.into()
}

fn text<'a>(entry: &'a Value, member: &str) -> &'a str {
    entry.get(member).and_then(Value::as_str).unwrap_or_default()
}

impl Sqs {
    pub(super) fn send_batch(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let queue = self.queue(input)?;
        let entries = entries(input)?;
        let bytes = |e: &Value| size(text(e, "MessageBody"), e.get("MessageAttributes").unwrap_or(&Value::Null));
        let sum: usize = entries.iter().map(bytes).sum();
        if sum > MOST_BYTES {
            let message =
                format!("Batch requests cannot be longer than {MOST_BYTES} bytes. You have sent {sum} bytes.");
            return Err(ServiceError::modelled("BatchRequestTooLong", message)
                .query_code("AWS.SimpleQueueService.BatchRequestTooLong"));
        }
        Ok(each(entries, |entry| {
            let attributes = entry.get("MessageAttributes").cloned().unwrap_or_default();
            let system = entry.get("MessageSystemAttributes").cloned().unwrap_or_default();
            let out = Outgoing {
                body: text(entry, "MessageBody"),
                attributes: attributes.clone(),
                system: system.clone(),
                delay: entry_number(entry, "DelaySeconds"),
                group: entry.get("MessageGroupId").and_then(Value::as_str),
                deduplication_id: entry.get("MessageDeduplicationId").and_then(Value::as_str),
            };
            let sent = queue.send(around, &out)?;
            let mut row = Map::new();
            row.insert("MessageId", sent.id);
            row.insert("MD5OfMessageBody", digest(out.body));
            if let Some(digest) = digest_of_attributes(&attributes) {
                row.insert("MD5OfMessageAttributes", digest);
            }
            if let Some(digest) = digest_of_attributes(&system) {
                row.insert("MD5OfMessageSystemAttributes", digest);
            }
            if let Some(number) = sent.sequence_number {
                row.insert("SequenceNumber", number);
            }
            Ok(row)
        }))
    }

    pub(super) fn delete_batch(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let queue: &mut Queue = self.queue(input)?;
        let entries = entries(input)?;
        Ok(each(entries, |entry| queue.delete(text(entry, "ReceiptHandle")).map(|()| Map::new())))
    }

    pub(super) fn change_visibility_batch(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let queue = self.queue(input)?;
        let entries = entries(input)?;
        Ok(each(entries, |entry| {
            let seconds = entry_number(entry, "VisibilityTimeout").unwrap_or(0);
            queue.change_visibility(around.now, text(entry, "ReceiptHandle"), seconds).map(|()| Map::new())
        }))
    }
}
