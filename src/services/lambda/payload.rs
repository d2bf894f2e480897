//! A document on its way into a function or out of it.

use crate::value::Value;

/// A document as the bytes in which it came, or as a value that nobody has written out yet.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    /// A value.
    Value(Value),
    /// Bytes, which are JSON unless a function writes something else.
    Bytes(Vec<u8>),
}

impl Payload {
    /// # Errors
    /// Bytes that are not JSON.
    pub(crate) fn value(&self) -> Result<Value, serde_json::Error> {
        match self {
            Payload::Value(value) => Ok(value.clone()),
            Payload::Bytes(bytes) => Value::parse_bytes(bytes),
        }
    }
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Payload::Value(value) => value.to_string().into_bytes(),
            Payload::Bytes(bytes) => bytes,
        }
    }
    pub(crate) fn text(&self) -> String {
        match self {
            Payload::Value(value) => value.to_string(),
            Payload::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        }
    }
    pub(crate) fn len(&self) -> usize {
        match self {
            Payload::Value(value) => value.text_len(),
            Payload::Bytes(bytes) => bytes.len(),
        }
    }
    /// As a blob of the API: a text is the document's own text, any other value is the document.
    pub(crate) fn of_blob(blob: Option<&Value>) -> Payload {
        match blob {
            None | Some(Value::Null) => Payload::Value(Value::empty_object()),
            Some(Value::String(text)) if text.is_empty() => Payload::Value(Value::empty_object()),
            Some(Value::String(text)) => Payload::Bytes(text.as_bytes().to_vec()),
            Some(other) => Payload::Value(other.clone()),
        }
    }
}
