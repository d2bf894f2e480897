//! Functions as they are written: `Fn::Sub: …`, `!Sub …`, `Ref: …`.

use crate::source::{Member, Node, Span};

/// A function and what it is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    /// Without `Fn::` and `!`: `Sub`, `Ref`, `GetAtt`.
    pub(super) name: &'a str,
    /// The argument; its own tag, where it has one, is the function's name.
    pub(super) argument: &'a Node,
    /// The whole expression.
    pub(super) span: Span,
    is_tag: bool,
}

/// The functions there are.
pub(super) const FUNCTIONS: &[&str] = &[
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "ForEach",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Ref",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
    "ValueOfAll",
];

impl<'a> Call<'a> {
    /// The function a node stands for, if it is one.
    pub(super) fn of(node: &'a Node) -> Option<Call<'a>> {
        if let Some(tag) = node.tag.as_deref() {
            let name = tag.strip_prefix('!').filter(|name| !name.is_empty())?;
            return Some(Call { name, argument: node, span: node.span, is_tag: true });
        }
        let [Member { key, value, key_span }] = node.members() else { return None };
        let name = match &**key {
            "Ref" => "Ref",
            other => other.strip_prefix("Fn::")?,
        };
        // A block's own span begins with its first member; one in braces has the braces.
        let span = Span { start: node.span.start.min(key_span.start), end: node.span.end };
        Some(Call { name, argument: value, span, is_tag: false })
    }

    /// The argument, unless it is a function itself.
    pub(super) fn inner(&self) -> Option<Call<'a>> {
        if self.is_tag {
            // `!Base64 {Fn::Sub: …}` holds the long form below its tag.
            let [Member { key, value, key_span }] = self.argument.members() else { return None };
            let name = if &**key == "Ref" { "Ref" } else { key.strip_prefix("Fn::")? };
            let span = Span { start: key_span.start, end: self.argument.span.end };
            return Some(Call { name, argument: value, span, is_tag: false });
        }
        Call::of(self.argument)
    }

    /// The argument as a list; empty where it is none.
    pub(super) fn list(&self) -> &'a [Node] {
        self.argument.items()
    }

    /// The argument as a text.
    pub(super) fn word(&self) -> Option<&'a str> {
        self.argument.as_str().map(|s| &**s)
    }
}
