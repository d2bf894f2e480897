//! The operands of a filter's comparison, with Jayway's notion of equality.

use crate::value::{Map, Str, Value};
use regex::Regex;

use super::decimal::Decimal;
use super::eval::Fault;
use super::{JsonPath, literal};

/// A value as a filter sees it.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// What a path that finds nothing yields; equal to nothing, not even itself.
    Undefined,
    Null,
    Bool(bool),
    Number(Decimal),
    Text(Str),
    /// An array or object found in the document.
    Json(Value),
    /// An array or object written in the filter; never equal when it stands on the left.
    JsonLiteral(Value),
    Pattern(Regex),
    /// An element of a list that reads as a path, which Jayway takes for one: equal to nothing.
    PathElement,
    /// An element of a list that reads as an array or object: equal to the same text in another list.
    JsonElement(Str),
}

impl Node {
    /// A value that a path found.
    pub(super) fn found(value: &Value) -> Node {
        match value {
            Value::Null => Node::Null,
            Value::Bool(b) => Node::Bool(*b),
            Value::Number(n) => Node::Number(Decimal::of(n)),
            Value::String(s) => Node::Text(s.clone()),
            Value::Array(_) | Value::Object(_) => Node::Json(value.clone()),
        }
    }

    /// An element of a list. Jayway guesses what a string means: it may be a path, JSON or quoted text.
    fn element(value: &Value) -> Result<Node, Fault> {
        let text = match value {
            Value::Array(_) | Value::Object(_) => {
                return Err(Fault::Exception("Could not determine value type".to_owned()));
            }
            Value::String(text) => text,
            scalar => return Ok(Node::found(scalar)),
        };
        let trimmed = text.trim();
        let is_between = |open, close| trimmed.len() > 1 && trimmed.starts_with(open) && trimmed.ends_with(close);
        if trimmed.starts_with(['$', '@']) && JsonPath::parse(trimmed).is_ok() {
            return Ok(Node::PathElement);
        }
        if (is_between('[', ']') || is_between('{', '}')) && literal::lenient_json(trimmed).is_ok() {
            return Ok(Node::JsonElement(text.clone()));
        }
        let inside = ['\'', '"'].into_iter().find_map(|q| text.strip_prefix(q)?.strip_suffix(q));
        if inside.is_none() && !text.contains('\\') {
            return Ok(Node::Text(text.clone()));
        }
        let plain = literal::unescape(inside.unwrap_or(text)).map_err(Fault::Exception)?;
        Ok(Node::Text(plain.into()))
    }

    /// The elements if this is an array; nothing for an object.
    ///
    /// # Errors
    /// Anything else is no list, and neither is an array that holds arrays or objects.
    pub(super) fn elements(&self) -> Result<Option<Vec<Node>>, Fault> {
        match self.json() {
            Some(value) => value.as_array().map(|items| items.iter().map(Node::element).collect()).transpose(),
            None => Err(Fault::InvalidPath("Expected value list node".to_owned())),
        }
    }

    /// The array or object, wherever it comes from.
    pub(super) fn json(&self) -> Option<&Value> {
        match self {
            Node::Json(v) | Node::JsonLiteral(v) => Some(v),
            _ => None,
        }
    }

    pub(super) fn truth(&self) -> Result<bool, Fault> {
        match self {
            Node::Bool(b) => Ok(*b),
            _ => Err(Fault::InvalidPath("Expected boolean node".to_owned())),
        }
    }

    /// `==`: not symmetric, since the left side decides whether a number and a string meet as numbers or as text.
    pub(super) fn equals(&self, other: &Node) -> bool {
        match (self, other) {
            (Node::Null, Node::Null) => true,
            (Node::Bool(a), Node::Bool(b)) => a == b,
            (Node::Number(a), Node::Number(b)) => a.compare(b).is_eq(),
            (Node::Number(a), Node::Text(b)) => Decimal::parse(b).is_some_and(|b| a.compare(&b).is_eq()),
            (Node::Text(a), Node::Number(b)) => **a == *b.text(),
            (Node::Text(a), Node::Text(b)) | (Node::JsonElement(a), Node::JsonElement(b)) => a == b,
            (Node::Json(a), Node::Json(b) | Node::JsonLiteral(b)) => is_same_json(a, b),
            _ => false,
        }
    }

    /// `===`: equal and of the same kind.
    pub(super) fn is_identical(&self, other: &Node) -> bool {
        let is_json = |n: &Node| n.json().is_some();
        let same_kind = std::mem::discriminant(self) == std::mem::discriminant(other);
        (same_kind || is_json(self) && is_json(other)) && self.equals(other)
    }
}

/// Equality of Java's lists and maps: unlike elsewhere, `1` is not `1.0`.
fn is_same_json(a: &Value, b: &Value) -> bool {
    let has_same_members =
        |a: &Map, b: &Map| a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| is_same_json(v, w)));
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| is_same_json(x, y))
        }
        (Value::Object(a), Value::Object(b)) => has_same_members(a, b),
        (Value::Number(a), Value::Number(b)) => a.is_f64() == b.is_f64() && a == b,
        _ => a == b,
    }
}
