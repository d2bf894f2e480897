//! Publishing up to ten messages, each of which succeeds or fails for itself.

use std::collections::BTreeSet;

use super::super::error::ServiceError;
use super::publish::{Given, MOST_BYTES};
use super::{Cx, Sns};
use crate::value::{Map, Value};

/// How many entries a batch has at most.
const MOST_ENTRIES: usize = 10;
/// What an entry may hold.
const MEMBERS: [&str; 7] =
    ["Id", "Message", "Subject", "MessageStructure", "MessageAttributes", "MessageDeduplicationId", "MessageGroupId"];

/// # Errors
/// A batch that is refused as a whole.
fn check(entries: &[Value]) -> Result<(), ServiceError> {
    let refused = |code: &str, message: &str| Err(ServiceError::modelled(code, message));
    if entries.is_empty() {
        return refused("EmptyBatchRequest", "The batch request doesn't contain any entries.");
    }
    if entries.len() > MOST_ENTRIES {
        let message = "The batch request contains more entries than permissible.";
        return refused("TooManyEntriesInBatchRequest", message);
    }
    let mut ids = BTreeSet::new();
    for entry in entries {
        let id = entry.get("Id").and_then(Value::as_str).unwrap_or_default();
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if id.is_empty() || id.len() > 80 || !id.chars().all(is_fit) {
            let message = "The Id of a batch entry in a batch request doesn't abide by the specification.";
            return refused("InvalidBatchEntryId", message);
        }
        if !ids.insert(id) {
            return refused("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.");
        }
        if let Some((other, _)) =
            entry.as_object().into_iter().flat_map(Map::iter).find(|(name, _)| !MEMBERS.contains(&&***name))
        {
            return Err(ServiceError::not_modelled(format!("the parameter `{other}` of an entry of PublishBatch")));
        }
    }
    if entries.iter().map(|entry| Given(entry).size()).sum::<usize>() > MOST_BYTES {
        let message = "The length of all the batch messages put together is more than the limit.";
        return refused("BatchRequestTooLong", message);
    }
    Ok(())
}

impl Sns {
    pub(super) fn publish_batch(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let topic_arn = cx.needed("TopicArn")?;
        self.topic(topic_arn)?;
        let entries = cx.input.items("PublishBatchRequestEntries");
        check(entries)?;
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            let id = entry.get("Id").cloned().unwrap_or_default();
            let mut row = Map::new();
            row.insert("Id", id);
            match self.publish_one(cx.around, topic_arn, &Given(entry)) {
                Ok(members) => {
                    for (name, value) in members.iter() {
                        row.insert(name.clone(), value.clone());
                    }
                    done.push(row.into());
                }
                Err(error) => {
                    row.insert("Code", error.code);
                    row.insert("Message", error.message);
                    row.insert("SenderFault", true);
                    failed.push(row.into());
                }
            }
        }
        Ok(Value::object([("Successful", Value::array(done)), ("Failed", Value::array(failed))]))
    }
}
