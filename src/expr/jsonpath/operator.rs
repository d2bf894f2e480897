//! The comparison operators of filters, one row each.

use std::cmp::Ordering;

use regex::Regex;

use crate::value::Value;

use super::eval::{Context, Fault};
use super::node::Node;

/// An operator between two operands.
pub(super) struct Operator {
    /// As it is written; words in either case.
    pub name: &'static str,
    /// The test itself.
    pub test: fn(&Node, &Node, Context<'_>) -> Result<bool, Fault>,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Operator {
    pub(super) fn named(name: &str) -> Option<&'static Operator> {
        OPERATORS.iter().find(|o| o.name.eq_ignore_ascii_case(name))
    }
}

static OPERATORS: &[Operator] = &[
    Operator { name: "==", test: |l, r, _| Ok(l.equals(r)) },
    Operator { name: "!=", test: |l, r, _| Ok(!l.equals(r)) },
    Operator { name: "===", test: |l, r, _| Ok(l.is_identical(r)) },
    Operator { name: "!==", test: |l, r, _| Ok(!l.is_identical(r)) },
    Operator { name: "<", test: |l, r, _| Ok(order(l, r).is_some_and(Ordering::is_lt)) },
    Operator { name: "<=", test: |l, r, _| Ok(order(l, r).is_some_and(Ordering::is_le)) },
    Operator { name: ">", test: |l, r, _| Ok(order(l, r).is_some_and(Ordering::is_gt)) },
    Operator { name: ">=", test: |l, r, _| Ok(order(l, r).is_some_and(Ordering::is_ge)) },
    Operator { name: "=~", test: matches_pattern },
    Operator { name: "in", test: |l, r, ctx| is_in(r, l, ctx) },
    Operator { name: "nin", test: |l, r, ctx| Ok(!is_in(r, l, ctx)?) },
    Operator { name: "contains", test: contains },
    Operator { name: "subsetof", test: |l, r, ctx| both_lists(l, r, ctx, |l, r| l.iter().all(|x| has(r, x))) },
    Operator { name: "anyof", test: |l, r, ctx| both_lists(l, r, ctx, |l, r| l.iter().any(|x| has(r, x))) },
    Operator { name: "noneof", test: |l, r, ctx| both_lists(l, r, ctx, |l, r| !l.iter().any(|x| has(r, x))) },
    Operator { name: "size", test: |l, r, _| Ok(has_size(l, r)) },
    Operator { name: "empty", test: is_empty },
    Operator { name: "exists", test: both_true_or_both_false },
    // Jayway knows these words, too, but a filter written as text cannot express their right side: they never hold.
    Operator { name: "all", test: |_, _, _| Err(Fault::InvalidPath("Expected value list node".to_owned())) },
    Operator { name: "type", test: |_, _, _| Err(Fault::InvalidPath("Expected class node".to_owned())) },
    Operator { name: "matches", test: |_, _, _| Err(Fault::InvalidPath("Expected predicate node".to_owned())) },
];

/// Numbers by value, text as Java orders it; nothing else has an order, not even a number and a string.
fn order(left: &Node, right: &Node) -> Option<Ordering> {
    match (left, right) {
        (Node::Number(a), Node::Number(b)) => Some(a.compare(b)),
        (Node::Text(a), Node::Text(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
        _ => None,
    }
}

fn has(list: &[Node], wanted: &Node) -> bool {
    list.iter().any(|x| wanted.equals(x))
}

fn is_in(list: &Node, wanted: &Node, ctx: Context<'_>) -> Result<bool, Fault> {
    let Some(list) = list.elements()? else { return Ok(false) };
    ctx.visit(list.len())?;
    Ok(has(&list, wanted))
}

fn contains(left: &Node, right: &Node, ctx: Context<'_>) -> Result<bool, Fault> {
    match (left, right) {
        (Node::Text(text), Node::Text(part)) => Ok(text.contains(&**part)),
        (Node::Json(_) | Node::JsonLiteral(_), _) => is_in(left, right, ctx),
        _ => Ok(false),
    }
}

fn both_lists(left: &Node, right: &Node, ctx: Context<'_>, test: fn(&[Node], &[Node]) -> bool) -> Result<bool, Fault> {
    let Some(right) = right.elements()? else { return Ok(false) };
    let Some(left) = left.elements()? else { return Ok(false) };
    ctx.visit(left.len().saturating_mul(right.len()))?;
    Ok(test(&left, &right))
}

fn has_size(left: &Node, right: &Node) -> bool {
    let Node::Number(wanted) = right else { return false };
    let size = match left {
        Node::Text(text) => text.encode_utf16().count(),
        node => match node.json().and_then(Value::as_array) {
            Some(items) => items.len(),
            None => return false,
        },
    };
    usize::try_from(wanted.whole()) == Ok(size)
}

fn is_empty(left: &Node, right: &Node, _: Context<'_>) -> Result<bool, Fault> {
    let empty = match left {
        Node::Text(text) => text.is_empty(),
        Node::Json(v) | Node::JsonLiteral(v) => match v {
            Value::Object(members) => members.is_empty(),
            other => other.as_array().is_none_or(<[Value]>::is_empty),
        },
        _ => return Ok(false),
    };
    Ok(empty == right.truth()?)
}

fn both_true_or_both_false(left: &Node, right: &Node, _: Context<'_>) -> Result<bool, Fault> {
    if !matches!(left, Node::Bool(_)) && !matches!(right, Node::Bool(_)) {
        return Err(Fault::Exception("Failed to evaluate exists expression".to_owned()));
    }
    Ok(left.truth()? == right.truth()?)
}

/// `=~`: the pattern may stand on either side, and an array matches if one of its elements does.
fn matches_pattern(left: &Node, right: &Node, _: Context<'_>) -> Result<bool, Fault> {
    let (pattern, subject) = match (left, right) {
        (Node::Pattern(_), Node::Pattern(_)) => return Ok(false),
        (Node::Pattern(pattern), subject) | (subject, Node::Pattern(pattern)) => (pattern, subject),
        _ => return Ok(false),
    };
    match subject.json() {
        Some(Value::Array(_)) => {
            Ok(subject.elements()?.unwrap_or_default().iter().any(|element| fits(pattern, element)))
        }
        _ => Ok(fits(pattern, subject)),
    }
}

/// What is neither text nor number nor boolean counts as empty text.
fn fits(pattern: &Regex, node: &Node) -> bool {
    match node {
        Node::Text(text) => pattern.is_match(text),
        Node::Number(n) => pattern.is_match(&n.text()),
        Node::Bool(b) => pattern.is_match(if *b { "true" } else { "false" }),
        _ => pattern.is_match(""),
    }
}
