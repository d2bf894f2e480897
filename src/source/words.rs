//! Reading the words of a file of ours, such as a block of mocks: every value with its type, every finding with its
//! place.

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::{Member, Node, NodeKind, Source, Span};
use crate::time::{Timestamp, parse_duration};
use crate::value::Str;

/// Findings about one source, gathered while its nodes are read.
pub(crate) struct Reader<'a> {
    pub(crate) source: &'a Arc<Source>,
    pub(crate) found: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: &'a Arc<Source>) -> Reader<'a> {
        Reader { source, found: Vec::new() }
    }
    pub(crate) fn error(&self, code: &'static str, message: impl Into<String>, node: &Node, label: &str) -> Diagnostic {
        Diagnostic::error(code, message).at(self.source, node.span, label)
    }
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }
    /// Whether a member's key is one of the words; a finding where it is not.
    pub(crate) fn knows(&mut self, member: &Member, words: &[&str], of: &str) -> bool {
        if words.contains(&&*member.key) {
            return true;
        }
        let message = format!("`{}` is not a word of {of}", member.key);
        let help = match did_you_mean(&member.key, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the words are {}", list(words)),
        };
        self.push(Diagnostic::error("unknown-key", message).at(self.source, member.key_span, "unknown").help(help));
        false
    }
    fn wrong_type(&mut self, member: &Member, wanted: &str, help: Option<&str>) {
        let message = format!("`{}` takes {wanted}, not {}", member.key, with_article(member.value.type_name()));
        let mut finding = self.error("wrong-type", message, &member.value, &format!("expected {wanted}"));
        if let Some(help) = help {
            finding = finding.help(help);
        }
        self.push(finding);
    }
    pub(crate) fn text(&mut self, member: &Member) -> Option<Str> {
        if let Some(text) = member.value.as_str() {
            return Some(text.clone());
        }
        let help = matches!(member.value.kind, NodeKind::Number(_) | NodeKind::Bool(_)).then_some("put it in quotes");
        self.wrong_type(member, "a string", help);
        None
    }
    /// A list of strings; one string is a list of one.
    pub(crate) fn texts(&mut self, member: &Member) -> Vec<(Str, Span)> {
        let items = match &member.value.kind {
            NodeKind::Array(items) => items.as_slice(),
            _ => std::slice::from_ref(&member.value),
        };
        let mut texts = Vec::new();
        for item in items {
            match item.as_str() {
                Some(text) => texts.push((text.clone(), item.span)),
                None => {
                    let message = format!("`{}` takes strings, not {}", member.key, with_article(item.type_name()));
                    let finding = self.error("wrong-type", message, item, "expected a string");
                    self.push(match item.kind {
                        NodeKind::Number(_) | NodeKind::Bool(_) => finding.help("put it in quotes"),
                        _ => finding,
                    });
                }
            }
        }
        texts
    }
    /// The members of an object; a finding and none where it is something else.
    pub(crate) fn members<'n>(&mut self, member: &'n Member) -> &'n [Member] {
        match &member.value.kind {
            NodeKind::Object(members) => members,
            // A key with nothing below it.
            NodeKind::Null => &[],
            _ => {
                self.wrong_type(member, "an object", None);
                &[]
            }
        }
    }
    /// The elements of a list; a finding and none where it is something else.
    pub(crate) fn items<'n>(&mut self, member: &'n Member) -> &'n [Node] {
        match &member.value.kind {
            NodeKind::Array(items) => items,
            NodeKind::Null => &[],
            _ => {
                self.wrong_type(member, "a list", None);
                &[]
            }
        }
    }
    /// `true` or `false`.
    pub(crate) fn truth(&mut self, member: &Member) -> Option<bool> {
        let truth = member.value.as_bool();
        if truth.is_none() {
            self.wrong_type(member, "`true` or `false`", None);
        }
        truth
    }
    /// An instant in RFC 3339.
    pub(crate) fn instant(&mut self, member: &Member) -> Option<Timestamp> {
        let text = self.text(member)?;
        let instant = Timestamp::parse(&text);
        if instant.is_none() {
            let finding =
                self.error("wrong-value", format!("`{text}` is not an instant"), &member.value, "not RFC 3339");
            self.push(finding.help("write one such as `2026-01-05T09:00:00Z`"));
        }
        instant
    }
    /// A string, or `null` for none.
    pub(crate) fn text_or_null(&mut self, member: &Member) -> Option<Option<Str>> {
        if member.value.is_null() { Some(None) } else { self.text(member).map(Some) }
    }
    /// A word that means something by being there: only `true` can be said.
    pub(crate) fn flag(&mut self, member: &Member) -> bool {
        let is_true = member.value.as_bool() == Some(true);
        if !is_true {
            self.wrong_type(member, "`true`", Some("to leave it out, take away the line"));
        }
        is_true
    }
    /// A whole number that is at least `least`.
    pub(crate) fn count(&mut self, member: &Member, least: u64) -> Option<u64> {
        let NodeKind::Number(number) = &member.value.kind else {
            self.wrong_type(member, "a whole number", None);
            return None;
        };
        if let Some(n) = number.as_u64().filter(|n| *n >= least) {
            return Some(n);
        }
        let message = format!("`{}` takes a whole number from {least}, not {number}", member.key);
        let finding = self.error("wrong-value", message, &member.value, "out of range");
        self.push(finding);
        None
    }
    /// `1m30s`, or a number of seconds.
    pub(crate) fn duration(&mut self, member: &Member) -> Option<Duration> {
        if !matches!(member.value.kind, NodeKind::String(_) | NodeKind::Number(_)) {
            self.wrong_type(member, "a duration", Some("write one such as `1m30s`, `800ms` or `90`"));
            return None;
        }
        self.duration_of(&member.value)
    }
    /// The same for an element of a list.
    pub(crate) fn duration_of(&mut self, node: &Node) -> Option<Duration> {
        let read = match &node.kind {
            NodeKind::String(text) => parse_duration(text),
            NodeKind::Number(seconds) => parse_duration(&seconds.to_string()),
            _ => Err(format!("{} is not a duration: write one such as `1m30s`", with_article(node.type_name()))),
        };
        read.map_err(|message| {
            let finding = self.error("bad-duration", message, node, "not a duration");
            self.push(finding);
        })
        .ok()
    }
}

/// `a`, `b` and `c`.
pub(crate) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

pub(crate) fn with_article(type_name: &str) -> String {
    match type_name {
        "null" => "`null`".into(),
        name if name.starts_with(['a', 'o']) => format!("an {name}"),
        name => format!("a {name}"),
    }
}
