//! Laws as people write them: expressions in JSONata, and the words `terminates`, `never` and `expect`.

use std::sync::Arc;

use super::check;
use super::expect;
use super::format::{LAW, TERMINATES, names};
use super::states::States;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::expr::jsonata_template::delimited;
use crate::fuzz::{Law, NEVER};
use crate::source::words::{Reader, list};
use crate::source::{Member, Node, NodeKind, Span};
use crate::value::{Str, Value};

/// A law with its place.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) law: Law,
    /// Where it stands; a law that holds without being written stands nowhere.
    pub(super) span: Option<Span>,
    /// As a file writes it.
    pub(super) written: Value,
}

/// Reads `always:`. Inside an expectation, there is no `expect`.
pub(super) fn read(reader: &mut Reader<'_>, states: &States, member: &Member, has_expect: bool) -> Vec<Written> {
    let items = match &member.value.kind {
        NodeKind::Array(items) => items.clone(),
        NodeKind::Null => Vec::new(),
        // One law is a list of one.
        _ => vec![member.value.clone()],
    };
    items.iter().flat_map(|item| laws_of(reader, states, item, has_expect)).collect()
}

/// The laws that one element of the list says.
fn laws_of(reader: &mut Reader<'_>, states: &States, node: &Node, has_expect: bool) -> Vec<Written> {
    let written = |law: Law| Written { law, span: Some(node.span), written: node.to_value() };
    match &node.kind {
        NodeKind::String(text) => expression(reader, node, text).map(written).into_iter().collect(),
        NodeKind::Object(members) => {
            let words: Vec<&str> = names(LAW).into_iter().filter(|word| has_expect || *word != "expect").collect();
            let mut laws = Vec::new();
            for member in members {
                if !reader.knows(member, &words, "a law") {
                    continue;
                }
                let law = match &*member.key {
                    "terminates" => Some(terminates(reader, member)),
                    "never" => never(reader, states, member),
                    _ => expected(reader, states, member),
                };
                let one = Value::object([(member.key.clone(), member.value.to_value())]);
                laws.extend(law.map(|law| Written { law, span: Some(member.key_span), written: one }));
            }
            if members.is_empty() {
                let finding = reader.error("missing-field", "a law says nothing", node, "empty");
                reader
                    .push(finding.help(format!("it is an expression in `{{% … %}}`, or has one of {}", list(&words))));
            }
            laws
        }
        _ => {
            let message = format!("a law is an expression or an object, not {}", node.type_name());
            let finding = reader.error("wrong-type", message, node, "no law");
            reader.push(finding.help("write `\"{% $count($calls[state='Charge' and ok]) <= 1 %}\"`"));
            Vec::new()
        }
    }
}

fn expression(reader: &mut Reader<'_>, node: &Node, text: &str) -> Option<Law> {
    let Some(source) = delimited(text) else {
        let finding =
            reader.error("wrong-value", "a law in JSONata stands between `{%` and `%}`", node, "no expression");
        reader.push(finding.help(format!("write `\"{{% {} %}}\"`", text.trim())));
        return None;
    };
    match Law::expression(source) {
        Ok(law) => Some(law),
        Err((message, help)) => {
            let finding = reader.error("bad-law", message, node, "in this law");
            reader.push(match help {
                Some(help) => finding.help(help),
                None => finding,
            });
            None
        }
    }
}

fn terminates(reader: &mut Reader<'_>, block: &Member) -> Law {
    let (mut within, mut events) = (None, None);
    for member in reader.members(block).to_vec() {
        if !reader.knows(&member, &names(TERMINATES), "`terminates`") {
            continue;
        }
        match &*member.key {
            "within" => within = reader.duration(&member),
            _ => events = reader.count(&member, 1),
        }
    }
    Law::terminates(within, events)
}

fn never(reader: &mut Reader<'_>, states: &States, member: &Member) -> Option<Law> {
    let errors = reader.texts(member);
    for (name, span) in &errors {
        let is_state = states.is_named(name);
        let near = did_you_mean(name, NEVER).filter(|near| **near != **name && name.starts_with("States"));
        if is_state {
            let message = format!("`{name}` is a state, and `never` of a law takes names of errors");
            let finding = Diagnostic::error("wrong-value", message).at(reader.source, *span, "a state");
            reader.push(finding.help(format!("write `- expect: {{ never: [{name}] }}`")));
        } else if let Some(near) = near {
            let message = format!("there is no error `{name}`");
            let finding = Diagnostic::error("wrong-value", message).at(reader.source, *span, "no such error");
            reader.push(finding.help(format!("did you mean `{near}`?")));
        }
    }
    if errors.is_empty() {
        let finding = reader.error("missing-field", "`never` names no error", &member.value, "empty");
        reader.push(finding.help("write `never: [States.Runtime]`"));
        return None;
    }
    Some(Law::never(errors.into_iter().map(|(name, _)| name).collect()))
}

/// A law that an execution is as expected.
fn expected(reader: &mut Reader<'_>, states: &States, member: &Member) -> Option<Law> {
    let expect = Arc::new(expect::read(reader, states, member, false));
    if expect.is_empty() {
        let finding = reader.error("nothing-expected", "this law expects nothing", &member.value, "empty");
        reader.push(finding.help("write `expect: { status: SUCCEEDED }`"));
        return None;
    }
    Some(Law::new("expect", move |run| {
        let found = check::run(&expect, run);
        let first = found.first()?;
        Some(format!("{}: {}", first.about(), first.message()))
    }))
}

/// How a file writes a law that holds without being written.
pub(super) fn usual(law: &Law, allowed: &[Str]) -> Value {
    if !law.name.starts_with("never") {
        return Value::object([("terminates", Value::empty_object())]);
    }
    let errors = NEVER.iter().filter(|name| !allowed.iter().any(|a| **a == ***name)).map(|name| Value::from(*name));
    Value::object([("never", Value::array(errors.collect()))])
}
