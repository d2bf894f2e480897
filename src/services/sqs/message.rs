//! A message, its attributes and their digests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::super::error::ServiceError;
use super::super::hex;
use crate::time::Timestamp;
use crate::value::Value;

/// A message in a queue.
#[derive(Clone, Debug)]
pub struct Message {
    pub(super) id: String,
    pub(super) body: String,
    /// `MessageAttributes` as they were sent.
    pub(super) attributes: Value,
    /// `MessageSystemAttributes` as they were sent: `AWSTraceHeader`.
    pub(super) system: Value,
    pub(super) sent_at: Timestamp,
    pub(super) first_received_at: Option<Timestamp>,
    pub(super) receive_count: u64,
    /// When it can be received: later than now while it is delayed or in flight.
    pub(super) visible_at: Timestamp,
    /// The handle of the last receipt.
    pub(super) receipt: Option<String>,
    pub(super) group: Option<String>,
    pub(super) deduplication_id: Option<String>,
    pub(super) sequence_number: Option<String>,
    /// The ARN of the queue from which it was moved to this dead-letter queue.
    pub(super) moved_from: Option<String>,
}

impl Message {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }
    /// Its body.
    pub fn body(&self) -> &str {
        &self.body
    }
    /// Its attributes as they were sent: `{"kind": {"DataType": "String", "StringValue": "order"}}`.
    pub fn attributes(&self) -> &Value {
        &self.attributes
    }
    /// The group it belongs to, in a FIFO queue.
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }
    /// How often it was received.
    pub fn receive_count(&self) -> u64 {
        self.receive_count
    }
    /// When it was sent.
    pub fn sent_at(&self) -> Timestamp {
        self.sent_at
    }
    /// Whether somebody received it and has not deleted it, and its visibility timeout still runs.
    pub fn is_in_flight(&self, now: Timestamp) -> bool {
        self.receipt.is_some() && self.visible_at > now
    }
    /// As if nobody had received it yet.
    pub(super) fn back_to_start(&mut self, now: Timestamp) {
        self.receipt = None;
        self.receive_count = 0;
        self.first_received_at = None;
        self.visible_at = now;
    }
    pub(super) fn is_delayed(&self, now: Timestamp) -> bool {
        self.receipt.is_none() && self.visible_at > now
    }
}

/// The MD5 digest of a text in hexadecimal digits.
pub(in crate::services) fn digest(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

/// The MD5 digest of message attributes as SDKs compute it to compare: names in order, each with its type and value, all
/// with their lengths before them. `None` where there are none.
pub(in crate::services) fn digest_of_attributes(attributes: &Value) -> Option<String> {
    let object = attributes.as_object().filter(|o| !o.is_empty())?;
    let mut sorted: Vec<_> = object.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
    let with_length = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
        [&length, bytes].concat()
    };
    let mut all = Vec::new();
    for (name, value) in sorted {
        let text = |member: &str| value.get(member).and_then(Value::as_str).unwrap_or_default();
        all.extend(with_length(name.as_bytes()));
        all.extend(with_length(text("DataType").as_bytes()));
        match value.get("BinaryValue").and_then(Value::as_str) {
            Some(binary) => {
                all.push(2);
                all.extend(with_length(&STANDARD.decode(binary).unwrap_or_default()));
            }
            None => {
                all.push(1);
                all.extend(with_length(text("StringValue").as_bytes()));
            }
        }
    }
    Some(hex(&Md5::digest(&all)))
}

/// # Errors
/// Attributes that messages can't have: with a name of the service's, without a type or a value, more than ten.
pub(super) fn check_attributes(attributes: &Value) -> Result<(), ServiceError> {
    let invalid = |message: String| ServiceError::coded("InvalidParameterValue", message);
    let Some(object) = attributes.as_object() else { return Ok(()) };
    if object.len() > 10 {
        let message = format!("Number of message attributes [{}] exceeds the allowed maximum [10].", object.len());
        return Err(invalid(message));
    }
    for (name, value) in object.iter() {
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || name.chars().count() > 256 || !name.chars().all(is_fit) {
            return Err(invalid(format!("Message (user) attribute name '{name}' is invalid.")));
        }
        if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
            return Err(invalid(format!(
                "Message (user) attribute name '{name}' is invalid. It must not start or end with a period and must not \
                 have periods in succession."
            )));
        }
        let lower = name.to_ascii_lowercase();
        if let Some(reserved) = ["aws.", "amazon."].into_iter().find(|prefix| lower.starts_with(prefix)) {
            let prefix = &name[..reserved.len()];
            return Err(invalid(format!(
                "Message (user) attribute name '{name}' is invalid. The prefix '{prefix}' is reserved for use by Amazon."
            )));
        }
        let Some(data_type) = value.get("DataType").and_then(Value::as_str).filter(|t| !t.is_empty()) else {
            let message = format!("The message attribute '{name}' must contain a non-empty message attribute type.");
            return Err(invalid(message));
        };
        if data_type.chars().count() > 256 {
            let message = format!("The type of message (user) attribute '{name}' must be at most 256 characters long.");
            return Err(invalid(message));
        }
        let base = data_type.split('.').next().unwrap_or_default();
        let member = match base {
            "String" | "Number" => "StringValue",
            "Binary" => "BinaryValue",
            _ => {
                let message = format!(
                    "The type of message (user) attribute '{name}' is invalid. You must use only the following supported \
                     type prefixes: Binary, Number, String."
                );
                return Err(invalid(message));
            }
        };
        let Some(text) = value.get(member).and_then(Value::as_str).filter(|t| !t.is_empty()) else {
            return Err(invalid(format!(
                "The message attribute '{name}' must contain a non-empty message attribute value for message attribute \
                 type '{data_type}'."
            )));
        };
        if let Some(bad) = text.chars().find(|c| !is_allowed(*c)).filter(|_| member == "StringValue") {
            return Err(invalid(not_allowed(bad, &format!("value of message (user) attribute '{name}'"))));
        }
        if base == "Number" && !is_number(text) {
            return Err(invalid(format!("Can't cast the value of message (user) attribute '{name}' to a number.")));
        }
    }
    Ok(())
}

/// Whether a text is a number in digits; names of what is none, such as `NaN`, are not.
pub(in crate::services) fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite) && text.bytes().any(|b| b.is_ascii_digit())
}

/// The characters of XML 1.0, which are those of a message.
pub(super) fn is_allowed(c: char) -> bool {
    matches!(c, '\u{9}' | '\u{A}' | '\u{D}' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// What is said of another.
pub(super) fn not_allowed(bad: char, place: &str) -> String {
    let code = u32::from(bad);
    format!(
        "Invalid binary character '#x{code:X}' was found in the {place}, the set of allowed characters is #x9 | #xA | #xD | [#x20 to #xD7FF] | [#xE000 to #xFFFD] | [#x10000 to #x10FFFF]"
    )
}

/// How many bytes a message has: its body, and the names, types and values of its attributes.
pub(in crate::services) fn size(body: &str, attributes: &Value) -> usize {
    let of = |(name, value): (&crate::value::Str, &Value)| {
        let part = |member: &str| value.get(member).and_then(Value::as_str).map_or(0, str::len);
        name.len() + part("DataType") + part("StringValue") + part("BinaryValue") / 4 * 3
    };
    body.len() + attributes.as_object().map_or(0, |o| o.iter().map(of).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_that_sdks_compute() {
        assert_eq!(digest("hello"), "5d41402abc4b2a76b9719d911017c592");
        let attributes = Value::parse(
            r#"{"b": {"DataType": "Number", "StringValue": "1"}, "a": {"DataType": "String", "StringValue": "x"}}"#,
        )
        .unwrap();
        let turned = Value::parse(
            r#"{"a": {"DataType": "String", "StringValue": "x"}, "b": {"DataType": "Number", "StringValue": "1"}}"#,
        )
        .unwrap();
        assert_eq!(digest_of_attributes(&attributes), digest_of_attributes(&turned));
        // 0001 a 0006 String 1 0001 x
        let one = Value::parse(r#"{"a": {"DataType": "String", "StringValue": "x"}}"#).unwrap();
        let bytes = b"\0\0\0\x01a\0\0\0\x06String\x01\0\0\0\x01x";
        assert_eq!(digest_of_attributes(&one), Some(hex(&Md5::digest(bytes))));
        assert_eq!(digest_of_attributes(&Value::empty_object()), None);
    }
}
