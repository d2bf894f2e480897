//! A snapshot file as [insta](https://insta.rs) writes it: a header between two lines of dashes, then the text.

use std::sync::Arc;

use crate::source::{self, Format, Node, Source};

/// The parts of a snapshot file.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// The lines between the dashes, if there are any.
    header: Option<&'a str>,
    /// What was seen.
    pub(super) body: &'a str,
}

/// What a snapshot file says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// The file of the test or the scenario.
    pub(super) source: Option<String>,
    /// The line there, which only new snapshots have.
    pub(super) line: Option<u64>,
    /// What the snapshot shows: an expression, or the name of a scenario.
    pub(super) expression: Option<String>,
    /// What its author says about it.
    pub(super) description: Option<String>,
    /// The ending of the file beside this one that has the content, where that is no text.
    pub(super) extension: Option<String>,
}

/// The text with line breaks of one kind.
pub(super) fn with_plain_breaks(text: &str) -> String {
    text.replace("\r\n", "\n")
}

impl<'a> Parts<'a> {
    /// The parts of a text that [`with_plain_breaks`] gave.
    pub(super) fn of(file: &'a str) -> Parts<'a> {
        let all = Parts { header: None, body: file };
        let Some(rest) = after_dashes(file) else { return all };
        let mut at = 0;
        for line in rest.split_inclusive('\n') {
            if line.trim_end() == "---" {
                return Parts { header: Some(&rest[..at]), body: &rest[at + line.len()..] };
            }
            at += line.len();
        }
        all
    }

    /// What the header says; words that are not understood are passed over.
    pub(super) fn header(&self) -> Header {
        let Some(text) = self.header else { return Header::default() };
        let Ok(root) = source::parse(&Arc::new(Source::new("header", text)), Format::Yaml) else {
            return Header::default();
        };
        let text = |name: &str| root.get(name).and_then(Node::as_str).map(|text| text.to_string());
        let is_binary = text("snapshot_kind").as_deref() == Some("binary");
        // It becomes a part of a file's name.
        let is_plain = |e: &String| !e.is_empty() && e.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        Header {
            source: text("source"),
            line: root.get("assertion_line").and_then(|n| n.to_value().to_string().parse().ok()),
            expression: text("expression"),
            description: text("description"),
            extension: text("extension").filter(|e| is_binary && is_plain(e)),
        }
    }

    /// The file as it is kept once somebody has accepted it: without the line of the test, which moves with every
    /// change of its file.
    pub(super) fn accepted(&self) -> String {
        let Some(header) = self.header else { return self.body.to_owned() };
        let kept = header.split_inclusive('\n').filter(|line| !line.starts_with("assertion_line:"));
        format!("---\n{}---\n{}", kept.collect::<String>(), self.body)
    }
}

fn after_dashes(file: &str) -> Option<&str> {
    let (first, rest) = file.split_once('\n')?;
    (first.trim_end() == "---").then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_ends_at_the_second_dashes_and_not_later() {
        let file = "---\nsource: a.rs\nexpression: \"x: y\"\nassertion_line: 7\n---\none\n---\ntwo\n";
        let parts = Parts::of(file);
        assert_eq!(parts.body, "one\n---\ntwo\n");
        let header = parts.header();
        assert_eq!((header.source.as_deref(), header.line), (Some("a.rs"), Some(7)));
        assert_eq!(header.expression.as_deref(), Some("x: y"));
        assert_eq!(parts.accepted(), "---\nsource: a.rs\nexpression: \"x: y\"\n---\none\n---\ntwo\n");
    }

    #[test]
    fn what_has_no_header_is_all_text() {
        for file in ["", "---", "one\n", "---\nsource: a\n", "one\n---\ntwo\n---\n"] {
            assert_eq!(Parts::of(file).body, file);
            assert_eq!(Parts::of(file).accepted(), file);
            assert_eq!(Parts::of(file).header(), Header::default());
        }
        assert_eq!(Parts::of("---\n---\none\n").body, "one\n");
        assert_eq!(Parts::of("---\n[ : no yaml\n---\none\n").header(), Header::default());
    }

    #[test]
    fn content_that_is_no_text_lies_beside_under_a_harmless_name() {
        let of = |extension: &str| {
            Parts::of(&format!("---\nextension: {extension}\nsnapshot_kind: binary\n---\n")).header().extension
        };
        assert_eq!(of("png").as_deref(), Some("png"));
        assert_eq!(of("\"../../x\""), None);
        assert_eq!(Parts::of("---\nextension: png\n---\n").header().extension, None);
    }
}
