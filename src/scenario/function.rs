//! Functions of `services:`: who answers them, and their limits.

use std::path::Path;

use super::format::{FUNCTION, names};
use crate::diagnostic::Diagnostic;
use crate::mock;
use crate::services::{Function, Setup};
use crate::source::words::{Reader, list};
use crate::source::{Member, Node, NodeKind};

/// The words of which a function has exactly one.
const ANSWERS: [&str; 8] = ["command", "handler", "runtime", "url", "replies", "return", "fail", "refuse"];

/// `charge: { command: python3 charge.py, timeout: 10s }`
pub(super) fn function(reader: &mut Reader<'_>, setup: Setup, member: &Member) -> Setup {
    let mut function = Function::new(&member.key);
    // Programs are named as seen from the file.
    let beside = Path::new(reader.source.name()).parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(folder) = beside {
        function = function.directory(folder);
    }
    let mut answer: Option<&Member> = None;
    // What belongs to a reply and not to the function is read as every reply is.
    let mut reply = Vec::new();
    for field in reader.members(member) {
        if !reader.knows(field, &names(FUNCTION), "a function") {
            continue;
        }
        let is_answer = ANSWERS.contains(&&*field.key) || &*field.key == "never";
        if let Some(first) = answer.filter(|_| is_answer) {
            let message = format!("the function `{}` says two things: `{}` and `{}`", member.key, first.key, field.key);
            let finding = Diagnostic::error("mock-answer", message).at(reader.source, field.key_span, "and this");
            reader.push(finding.also(first.key_span, "this"));
            continue;
        }
        answer = if is_answer { Some(field) } else { answer };
        function = match &*field.key {
            "command" => reader.text(field).map_or(function.clone(), |line| function.command(&line)),
            "handler" => reader.text(field).map_or(function.clone(), |line| function.handler(&line)),
            "url" => reader.text(field).map_or(function.clone(), |url| function.url(&url)),
            "runtime" if reader.flag(field) => function.runtime(),
            "replies" => {
                let of = Member { key: member.key.clone(), ..field.clone() };
                mock::mock_of(reader, &of).map_or(function.clone(), |mock| function.mock(mock))
            }
            "timeout" => reader.duration(field).map_or(function.clone(), |time| function.timeout(time)),
            "memory" => reader.count(field, 1).map_or(function.clone(), |megabytes| function.memory(megabytes)),
            "concurrency" => reader.count(field, 0).map_or(function.clone(), |n| function.reserved_concurrency(n)),
            "environment" => {
                let mut function = function;
                for variable in reader.members(field) {
                    if let Some(text) = reader.text(variable) {
                        function = function.environment(&variable.key, &text);
                    }
                }
                function
            }
            "runtime" => function,
            _ => {
                reply.push(field.clone());
                function
            }
        };
    }
    let is_outside = answer.is_some_and(|a| ["command", "handler", "runtime", "url", "replies"].contains(&&*a.key));
    match (answer, reply.first()) {
        (None, _) => {
            let message = format!("the function `{}` does not say who answers it", member.key);
            let finding = reader.error("mock-answer", message, &member.value, "says nothing");
            reader.push(finding.help(format!("it needs one of {}", list(&ANSWERS))));
        }
        (Some(answer), Some(beside)) if is_outside => {
            let message =
                format!("`{}` goes with `return` or `fail`; it means nothing beside `{}`", beside.key, answer.key);
            let finding = Diagnostic::error("mock-answer", message).at(reader.source, beside.key_span, "no reply here");
            reader.push(finding);
        }
        _ if is_outside => {}
        _ => {
            let node = Node::new(NodeKind::Object(reply), member.value.span);
            if let Some(mock) = mock::mock_of(reader, &Member { value: node, ..member.clone() }) {
                function = function.mock(mock);
            }
        }
    }
    setup.function(function)
}
