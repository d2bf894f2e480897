//! A node of the definition together with the way to it, so that every finding can say where it is: in the text, in
//! people's words and in the service's.

use std::sync::Arc;

use crate::diagnostic::{AwsMessage, Diagnostic};
use crate::source::{Node, NodeKind, Source, Span};

pub(crate) const PLACEHOLDER_HELP: &str =
    "`${…}` is a placeholder without a value: load the template it belongs to, or replace it first";

/// How a node is reached from its parent.
#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Member(&'a str),
    /// A member of `States`: below it begin the names of a state's fields.
    State(&'a str),
    Item(usize),
}

/// A node and the way to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    source: &'a Arc<Source>,
    node: &'a Node,
    key: Option<Span>,
    parent: Option<&'a Cursor<'a>>,
    step: Step<'a>,
}

impl<'a> Cursor<'a> {
    pub(crate) fn root(source: &'a Arc<Source>, node: &'a Node) -> Cursor<'a> {
        Cursor { source, node, key: None, parent: None, step: Step::Root }
    }

    pub(crate) fn node(&self) -> &'a Node {
        self.node
    }

    /// The key this node stands under, or the node itself where it has none.
    pub(crate) fn key_span(&self) -> Span {
        self.key.unwrap_or(self.node.span)
    }

    /// Key and value.
    pub(crate) fn member_span(&self) -> Span {
        Span { start: self.key_span().start, end: self.node.span.end }
    }

    /// The name or index this node stands under: `Retry`, `Choices[0]`.
    pub(crate) fn name(&self) -> String {
        match (self.step, self.parent) {
            (Step::Item(i), Some(parent)) => format!("{}[{i}]", parent.name()),
            (Step::Member(name) | Step::State(name), _) => name.to_owned(),
            _ => String::new(),
        }
    }

    fn child(&'a self, node: &'a Node, key: Option<Span>, step: Step<'a>) -> Cursor<'a> {
        Cursor { source: self.source, node, key, parent: Some(self), step }
    }

    /// The member of this name, if there is one.
    pub(crate) fn get(&'a self, name: &str) -> Option<Cursor<'a>> {
        let member = self.node.member(name)?;
        Some(self.child(&member.value, Some(member.key_span), Step::Member(&member.key)))
    }

    /// Whether there is a member of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.node.member(name).is_some()
    }

    /// All members.
    pub(crate) fn members(&'a self) -> impl Iterator<Item = (&'a str, Cursor<'a>)> {
        self.node.members().iter().map(|m| (&*m.key, self.child(&m.value, Some(m.key_span), Step::Member(&m.key))))
    }

    /// All members of a `States` object.
    pub(crate) fn states(&'a self) -> impl Iterator<Item = (&'a str, Cursor<'a>)> {
        self.members().map(|(name, at)| (name, Cursor { step: Step::State(name), ..at }))
    }

    /// All elements of an array.
    pub(crate) fn items(&'a self) -> impl Iterator<Item = Cursor<'a>> {
        self.node.items().iter().enumerate().map(|(i, node)| self.child(node, None, Step::Item(i)))
    }

    fn steps(&self) -> Vec<Step<'a>> {
        let mut steps = Vec::new();
        let mut at = Some(self);
        while let Some(cursor) = at {
            steps.push(cursor.step);
            at = cursor.parent;
        }
        steps.reverse();
        steps
    }

    /// The service's pointer: `/States/Charge/Catch[0]/Next`.
    pub(crate) fn location(&self) -> String {
        let text = join(&self.steps(), "/");
        if text.is_empty() { "/".to_owned() } else { text }
    }

    /// The way for people: `States › Charge › Catch[0] › Next`.
    pub(crate) fn path(&self) -> String {
        join(&self.steps(), " › ").trim_start_matches(" › ").to_owned()
    }

    /// The name evaluation errors use for a field: the way from the state, `Choices[0]/Output`.
    pub(crate) fn field(&self) -> String {
        let steps = self.steps();
        let below = steps.iter().rposition(|s| matches!(s, Step::State(_))).map_or(0, |at| at + 1);
        join(steps.get(below..).unwrap_or_default(), "/").trim_start_matches('/').to_owned()
    }

    /// A finding about the value.
    pub(crate) fn error(&self, code: &'static str, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        self.error_at(self.node.span, code, message, label)
    }

    /// Whether the value is a text with a placeholder that a template would have replaced.
    pub(crate) fn has_placeholder(&self) -> bool {
        self.node.as_str().is_some_and(|text| text.contains("${"))
    }

    /// A finding about the key: the value may be fine, but does not belong here.
    pub(crate) fn key_error(
        &self,
        code: &'static str,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(code, message).at(self.source, self.key_span(), label).path(self.path())
    }

    /// A finding about some of the value's characters. Where the value holds a placeholder, that is the reason, whatever
    /// the problem looks like.
    pub(crate) fn error_at(
        &self,
        span: Span,
        code: &'static str,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        let has_placeholder = self.has_placeholder();
        let code = if has_placeholder { "placeholder" } else { code };
        let found = Diagnostic::error(code, message).at(self.source, span, label).path(self.path());
        if has_placeholder { found.help(PLACEHOLDER_HELP) } else { found }
    }

    /// The service's schema error at this place.
    pub(crate) fn schema(&self, message: impl Into<String>) -> AwsMessage {
        self.aws("SCHEMA_VALIDATION_FAILED", message)
    }

    /// The service's error of any code at this place.
    pub(crate) fn aws(&self, code: &str, message: impl Into<String>) -> AwsMessage {
        AwsMessage { code: code.to_owned(), message: message.into(), location: self.location() }
    }

    /// The one character at a byte offset into this string's value, as characters of the source; the whole string
    /// where the two cannot be matched.
    pub(crate) fn point(&self, offset: usize) -> Span {
        let whole = self.node.span;
        let NodeKind::String(value) = &self.node.kind else { return whole };
        let raw = self.source.slice(whole);
        let found = match raw.find(&**value) {
            Some(start) => Some(start + offset),
            None => match raw.strip_prefix('"').and_then(|inner| Some(1 + unescaped_offset(inner, offset)?)) {
                Some(at) => Some(at),
                None => folded_offset(raw, value, offset),
            },
        };
        match found.and_then(|at| Some((at, raw.get(at..)?.chars().next()?))) {
            Some((at, c)) => Span::new(whole.start as usize + at, whole.start as usize + at + c.len_utf8()),
            None => whole,
        }
    }
}

/// Where in an escaped text the character begins that is at `offset` once the text is read.
fn unescaped_offset(raw: &str, offset: usize) -> Option<usize> {
    let (mut at, mut read) = (0, 0);
    while read < offset {
        let rest = raw.get(at..)?;
        let length = match rest.as_bytes() {
            [b'\\', b'u', ..] => match u16::from_str_radix(rest.get(2..6)?, 16).ok()? {
                0xd800..=0xdbff => 12,
                _ => 6,
            },
            [b'\\', ..] => 2,
            _ => rest.chars().next()?.len_utf8(),
        };
        let escaped = format!("\"{}\"", rest.get(..length)?);
        read += serde_json::from_str::<String>(&escaped).ok()?.len();
        at += length;
    }
    Some(at)
}

/// Where in a YAML scalar the character stands that is at an offset of its value. Block and folded scalars, and plain ones
/// over several lines, differ from their values in blanks only; single quotes are doubled within themselves.
fn folded_offset(raw: &str, value: &str, offset: usize) -> Option<usize> {
    let is_quoted = raw.starts_with('\'');
    let mut at = match raw.chars().next()? {
        // The line with the mark of a block ends it.
        '|' | '>' => raw.find('\n')? + 1,
        '\'' | '"' => 1,
        _ => 0,
    };
    for (here, wanted) in value.char_indices() {
        if wanted.is_whitespace() {
            if here >= offset {
                // A blank has no place of its own where lines are folded.
                return (here == offset).then_some(at);
            }
            continue;
        }
        let blanks = raw.get(at..)?.find(|c: char| !c.is_whitespace())?;
        at += blanks;
        if here == offset {
            return raw.get(at..)?.starts_with(wanted).then_some(at);
        }
        let rest = raw.get(at..)?;
        at += match (wanted, is_quoted) {
            ('\'', true) => rest.starts_with("''").then_some(2)?,
            _ => rest.starts_with(wanted).then_some(wanted.len_utf8())?,
        };
    }
    None
}

fn join(steps: &[Step<'_>], separator: &str) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Root => {}
            Step::Member(name) | Step::State(name) => text.extend([separator, name]),
            Step::Item(i) => text.push_str(&format!("[{i}]")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Format, parse};

    #[test]
    fn a_cursor_says_where_it_is_in_every_manner() {
        let text = r#"{"States": {"A B": {"Catch": [{"Next": "x\"yé\u00e9z"}]}}}"#;
        let source = Arc::new(Source::new("x", text));
        let node = parse(&source, Format::Json).unwrap();
        let root = Cursor::root(&source, &node);
        let states = root.get("States").unwrap();
        let (_, state) = states.states().next().unwrap();
        let catch = state.get("Catch").unwrap();
        let first = catch.items().next().unwrap();
        let next = first.get("Next").unwrap();
        assert_eq!(next.location(), "/States/A B/Catch[0]/Next");
        assert_eq!(next.path(), "States › A B › Catch[0] › Next");
        assert_eq!(next.field(), "Catch[0]/Next");
        assert_eq!((root.location().as_str(), root.path().as_str()), ("/", ""));
        assert_eq!(first.name(), "Catch[0]");
        let at = |offset| &text[next.point(offset).range()];
        assert_eq!((at(0), at(1), at(2), at(3), at(5), at(7)), ("x", "\\", "y", "é", "\\", "z"));
        assert_eq!(at(99), r#""x\"yé\u00e9z""#);
    }

    #[test]
    fn a_character_of_a_yaml_scalar_is_found_in_its_lines() {
        let text = "\
a: |
  {% $x +
     $y * é %}
b: >-
  {% $x +
  $y * é %}
c: 'it''s $y'
d: {% $x
  + $y
";
        let text = text.replace("d: {%", "d: (");
        let source = Arc::new(Source::new("x.yaml", &text));
        let node = parse(&source, Format::Yaml).unwrap();
        let root = Cursor::root(&source, &node);
        for (key, wanted) in [("a", "$y"), ("a", "é"), ("b", "$y"), ("b", "é %"), ("c", "$y"), ("d", "$y")] {
            let at = root.get(key).unwrap();
            let value = at.node().as_str().unwrap();
            let span = at.point(value.find(wanted).unwrap());
            assert!(text[span.start as usize..].starts_with(wanted), "{key} {wanted} {:?}", source.slice(span));
        }
    }
}
