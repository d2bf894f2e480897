//! Reading the words of a block of mocks or faults: every value with its type, every finding with its place.

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::{Member, Node, NodeKind, Source};
use crate::time::parse_duration;
use crate::value::Str;

/// Findings about one source, gathered while its nodes are read.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) found: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Arc<Source>) -> Reader<'a> {
        Reader { source, found: Vec::new() }
    }
    pub(super) fn error(&self, code: &'static str, message: impl Into<String>, node: &Node, label: &str) -> Diagnostic {
        Diagnostic::error(code, message).at(self.source, node.span, label)
    }
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }
    /// Whether a member's key is one of the words; a finding where it is not.
    pub(super) fn knows(&mut self, member: &Member, words: &[&str], of: &str) -> bool {
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
    pub(super) fn text(&mut self, member: &Member) -> Option<Str> {
        if let Some(text) = member.value.as_str() {
            return Some(text.clone());
        }
        let help = matches!(member.value.kind, NodeKind::Number(_) | NodeKind::Bool(_)).then_some("put it in quotes");
        self.wrong_type(member, "a string", help);
        None
    }
    /// A string, or `null` for none.
    pub(super) fn text_or_null(&mut self, member: &Member) -> Option<Option<Str>> {
        if member.value.is_null() { Some(None) } else { self.text(member).map(Some) }
    }
    /// A word that means something by being there: only `true` can be said.
    pub(super) fn flag(&mut self, member: &Member) -> bool {
        let is_true = member.value.as_bool() == Some(true);
        if !is_true {
            self.wrong_type(member, "`true`", Some("to leave it out, take away the line"));
        }
        is_true
    }
    /// A whole number that is at least `least`.
    pub(super) fn count(&mut self, member: &Member, least: u64) -> Option<u64> {
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
    pub(super) fn duration(&mut self, member: &Member) -> Option<Duration> {
        let read = match &member.value.kind {
            NodeKind::String(text) => parse_duration(text),
            NodeKind::Number(seconds) => parse_duration(&seconds.to_string()),
            _ => {
                self.wrong_type(member, "a duration", Some("write one such as `1m30s`, `800ms` or `90`"));
                return None;
            }
        };
        match read {
            Ok(duration) => Some(duration),
            Err(message) => {
                let finding = self.error("bad-duration", message, &member.value, "not a duration");
                self.push(finding);
                None
            }
        }
    }
}

/// `a`, `b` and `c`.
pub(super) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

pub(super) fn with_article(type_name: &str) -> String {
    match type_name {
        "null" => "`null`".into(),
        name if name.starts_with(['a', 'o']) => format!("an {name}"),
        name => format!("a {name}"),
    }
}
