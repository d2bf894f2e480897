//! One value of a document, with its place in the text.

use super::Span;
use crate::value::{Number, Str, Value};

/// A value in a document and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value itself.
    pub kind: NodeKind,
    /// The characters it is written with.
    pub span: Span,
    /// The YAML tag it carries, such as `!Sub`; tags of YAML's own schema (`!!str`) are resolved and gone.
    pub tag: Option<Str>,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(Str),
    /// An array.
    Array(Vec<Node>),
    /// An object; members are in the order of the text and their keys differ.
    Object(Vec<Member>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The key.
    pub key: Str,
    /// Where the key stands, quotes included.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A node without a tag.
    pub fn new(kind: NodeKind, span: Span) -> Node {
        Node { kind, span, tag: None }
    }

    /// The same value without its places and tags.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(b) => Value::Bool(*b),
            NodeKind::Number(n) => Value::Number(n.clone()),
            NodeKind::String(s) => Value::String(s.clone()),
            NodeKind::Array(items) => Value::array(items.iter().map(Node::to_value).collect()),
            NodeKind::Object(members) => Value::object(members.iter().map(|m| (m.key.clone(), m.value.to_value()))),
        }
    }

    /// The member of an object, key and value.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().find(|m| &*m.key == name)
    }

    /// The value of an object's member.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|m| &m.value)
    }

    /// The node at the end of a path of member names and array indexes: `["States", "X", "Retry", "0"]`.
    pub fn find(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, step| match &node.kind {
            NodeKind::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => node.get(step),
        })
    }

    /// The members of an object, none for anything else.
    pub fn members(&self) -> &[Member] {
        match &self.kind {
            NodeKind::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements of an array, none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            NodeKind::Array(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&Str> {
        match &self.kind {
            NodeKind::String(s) => Some(s),
            _ => None,
        }
    }

    /// The truth of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            NodeKind::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, NodeKind::Null)
    }

    /// The JSON name of the type: `null`, `boolean`, `number`, `string`, `array` or `object`.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            NodeKind::Null => "null",
            NodeKind::Bool(_) => "boolean",
            NodeKind::Number(_) => "number",
            NodeKind::String(_) => "string",
            NodeKind::Array(_) => "array",
            NodeKind::Object(_) => "object",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Format, Source, parse};
    use super::*;

    #[test]
    fn a_path_leads_through_objects_and_arrays() {
        let text = r#"{"States": {"X": {"Retry": [{"n": 1}, {"n": 2}]}}}"#;
        let node = parse(&Arc::new(Source::new("x", text)), Format::Json).unwrap();
        let n = node.find(&["States", "X", "Retry", "1", "n"]).unwrap();
        assert_eq!(n.to_value(), Value::from(2));
        assert!(node.find(&["States", "X", "Retry", "2"]).is_none());
        assert!(node.find(&["States", "Y"]).is_none());
        let member = node.get("States").and_then(|s| s.member("X")).unwrap();
        assert_eq!(&text[member.key_span.range()], "\"X\"");
    }
}
