//! A message as its receiver sees it.

use super::message::{self, Message};
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};

/// A message as ReceiveMessage gives it, with the attributes that were asked for.
pub(super) fn shown(message: &Message, system: &[String], own: &[String]) -> Value {
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
    let is_asked = |name: &str| system.iter().any(|asked| asked == "All" || asked == name);
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
            None => matches!(asked.as_str(), "All" | ".*") || asked == name,
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
