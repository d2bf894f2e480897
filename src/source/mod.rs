//! A text the user wrote, and the tree it holds: JSON and YAML become one kind of [`Node`], and every node knows where
//! in the text it stands, so that a finding can point at the very characters it is about.
//!
//! JSON is judged strictly, as the service does: no comments, no trailing commas. YAML follows the 1.2 core schema,
//! keeps CloudFormation's tags (`!Sub`) on the node, expands aliases within a budget and understands the merge key
//! `<<`. In both, a key written twice is an error, and nesting deeper than [`MAX_DEPTH`] is refused, so that no walk over
//! a tree can run out of stack.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::diagnostic::{Diagnostic, Diagnostics};

mod assembled;
mod json;
mod json_syntax;
mod node;
pub(crate) mod words;
mod yaml;

pub use assembled::Assembled;
pub use node::{Member, Node, NodeKind};

/// How many levels of arrays and objects a document may nest; deeper ones are refused.
pub const MAX_DEPTH: usize = 127;

/// The largest definition the service accepts, in bytes.
pub const MAX_DEFINITION_BYTES: usize = 1024 * 1024;

/// A range of bytes in a text, `end` excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The offset of the first byte.
    pub start: u32,
    /// The offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`; offsets beyond 4 GiB, which no accepted text has, are clamped.
    pub fn new(start: usize, end: usize) -> Span {
        let clamp = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The same span as a range of offsets.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether the other span lies within this one.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, without any of the extensions editors tolerate.
    Json,
    /// YAML 1.2, one document.
    Yaml,
}

impl Format {
    /// The format a file's name promises: `.json` and `.asl` are JSON, `.yaml` and `.yml` are YAML; other names promise
    /// nothing.
    pub fn of_name(name: &str) -> Option<Format> {
        let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            // The dialects with comments are JSON as well: what the service would refuse is refused.
            "json" | "asl" | "json5" | "jsonc" => Some(Format::Json),
            "yaml" | "yml" => Some(Format::Yaml),
            _ => None,
        }
    }

    /// The format a text looks like: JSON when it begins with a brace or bracket, else YAML.
    pub fn sniff(text: &str) -> Format {
        if text.trim_start().starts_with(['{', '[']) { Format::Json } else { Format::Yaml }
    }
}

/// A text with the name people know it by, usually a file's path.
pub struct Source {
    name: String,
    text: Arc<str>,
    line_starts: OnceLock<Vec<usize>>,
}

impl Source {
    /// A source of this name and text; a byte order mark at the beginning is dropped.
    pub fn new(name: impl Into<String>, text: impl AsRef<str>) -> Source {
        let text = text.as_ref();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Source { name: name.into(), text: text.into(), line_starts: OnceLock::new() }
    }

    /// A source from the bytes of a file, of which at most `limit` are accepted.
    ///
    /// # Errors
    /// Bytes that are not UTF-8, with the place of the first wrong one; more bytes than `limit`.
    pub fn from_bytes(name: impl Into<String>, bytes: &[u8], limit: usize) -> Result<Source, Diagnostics> {
        let name = name.into();
        if bytes.len() > limit {
            let message = format!("`{name}` holds {} bytes; {limit} are the limit", bytes.len());
            return Err(Diagnostic::error("too-large", message).into());
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Source::new(name, text)),
            Err(e) => Err(not_utf8(name, bytes, e.valid_up_to()).into()),
        }
    }

    /// The name: a path, or a word such as `definition` for a text that never was a file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The characters a span covers, or as many of them as there are.
    pub fn slice(&self, span: Span) -> &str {
        let start = self.floor(span.start as usize);
        let end = self.floor(span.end as usize);
        self.text.get(start..end).unwrap_or("")
    }

    /// The format the name promises, or else the one the text looks like.
    pub fn format(&self) -> Format {
        Format::of_name(&self.name).unwrap_or_else(|| Format::sniff(&self.text))
    }

    /// The line and the column of a byte offset, both counted from 1, columns in characters.
    pub fn line_col(&self, offset: usize) -> (usize, usize) {
        let offset = self.floor(offset);
        let line = self.line_starts().partition_point(|start| *start <= offset).max(1);
        let start = self.line_start(line);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }

    /// How many lines there are; at least one.
    pub fn line_count(&self) -> usize {
        self.line_starts().len()
    }

    /// The offset at which a line begins, counted from 1; the end of the text for lines that do not exist.
    pub(crate) fn line_start(&self, line: usize) -> usize {
        self.line_starts().get(line.saturating_sub(1)).copied().unwrap_or(self.text.len())
    }

    fn line_starts(&self) -> &[usize] {
        self.line_starts
            .get_or_init(|| std::iter::once(0).chain(self.text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The nearest boundary between characters at or before an offset.
    pub(crate) fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("bytes", &self.text.len()).finish()
    }
}

/// Reads a source into its tree.
///
/// # Errors
/// Everything that is wrong with the text itself: syntax (the first error), or all keys written twice.
pub fn parse(source: &Arc<Source>, format: Format) -> Result<Node, Diagnostics> {
    if u32::try_from(source.text.len()).is_err() {
        let message = format!("`{}` holds {} bytes; {} are the limit", source.name, source.text.len(), u32::MAX);
        return Err(Diagnostic::error("too-large", message).into());
    }
    if source.text.trim().is_empty() {
        let empty = Diagnostic::error("syntax", format!("`{}` is empty", source.name));
        return Err(empty.at(source, Span::default(), "nothing is written here").into());
    }
    match format {
        Format::Json => json::parse(source),
        Format::Yaml => yaml::parse(source),
    }
}

/// The finding about a document that nests too deeply.
fn too_deep(source: &Arc<Source>, at: usize) -> Diagnostic {
    Diagnostic::error("too-deep", format!("the document nests deeper than {MAX_DEPTH} levels"))
        .at(source, Span::new(at, at + 1), format!("level {} begins here", MAX_DEPTH + 1))
        .help("no definition, template or test needs this; look for a generator that nests what it should repeat")
}

/// The finding about a key that an object has twice.
fn duplicate_key(source: &Arc<Source>, key: &str, first: Span, again: Span) -> Diagnostic {
    Diagnostic::error("duplicate-key", format!("the key `{key}` is written twice in one object"))
        .at(source, again, "here again")
        .also(first, "here first")
        .help("keep one of the two; the other would be lost without a word")
}

fn not_utf8(name: String, bytes: &[u8], offset: usize) -> Diagnostic {
    let byte = bytes.get(offset).copied().unwrap_or(0);
    let help = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file begins like UTF-16; save it as UTF-8",
        [0x1f, 0x8b, ..] => "the file begins like gzip; unpack it first",
        _ => "save the file as UTF-8",
    };
    // The text before the wrong byte is the same in the lossy copy, apart from a byte order mark, so its offsets hold.
    let mark = if bytes.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    let source = Arc::new(Source::new(name, String::from_utf8_lossy(bytes)));
    let at = offset.saturating_sub(mark);
    let (line, _) = source.line_col(at);
    let message = format!(
        "`{}` is not UTF-8: byte 0x{byte:02X} at offset {offset}, line {line}, cannot stand there",
        source.name
    );
    Diagnostic::error("syntax", message).at(&source, Span::new(at, at + 1), "not a character").help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, bytes: &[u8]) -> Diagnostic {
        let found = Source::from_bytes(name, bytes, MAX_DEFINITION_BYTES).unwrap_err();
        assert_eq!(found.as_slice().len(), 1);
        found.into_iter().next().unwrap()
    }

    #[test]
    fn the_name_promises_a_format_and_the_text_decides_otherwise() {
        assert_eq!(Format::of_name("a/b.asl.YAML"), Some(Format::Yaml));
        assert_eq!(Format::of_name("b.asl.json"), Some(Format::Json));
        assert_eq!(Format::of_name("template"), None);
        assert_eq!(Source::new("template", " \n{\"a\": 1}").format(), Format::Json);
        assert_eq!(Source::new("template", "a: 1").format(), Format::Yaml);
    }

    #[test]
    fn lines_and_columns_count_characters_and_survive_any_offset() {
        let source = Source::new("x", "añb\r\nc\n");
        assert_eq!(source.line_col(0), (1, 1));
        assert_eq!(source.line_col(3), (1, 3));
        assert_eq!(source.line_col(2), (1, 2), "an offset inside a character is that character");
        assert_eq!(source.line_col(6), (2, 1));
        assert_eq!(source.line_col(8), (3, 1));
        assert_eq!(source.line_col(usize::MAX), (3, 1));
        assert_eq!(source.line_count(), 3);
    }

    #[test]
    fn a_byte_order_mark_is_dropped() {
        let source = Source::from_bytes("x.json", b"\xef\xbb\xbf{\"a\":1}", 100).unwrap();
        assert_eq!(source.text(), "{\"a\":1}");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_named_with_their_place() {
        let d = refused("x.json", b"{\n  \"a\": \"caf\xe9\"\n}");
        assert_eq!(
            d.one_line(),
            "x.json:2:12: error[syntax]: `x.json` is not UTF-8: byte 0xE9 at offset 13, line 2, cannot stand there"
        );
        let d = refused("x.json", b"\xff\xfe{\0");
        assert!(d.to_string().contains("UTF-16"), "{d}");
    }

    #[test]
    fn a_text_over_the_limit_is_refused_by_its_size() {
        let d = refused("big.json", &vec![b' '; 2_000_000]);
        assert_eq!(d.message, "`big.json` holds 2000000 bytes; 1048576 are the limit");
    }

    #[test]
    fn an_empty_text_is_an_error_in_both_formats() {
        for text in ["", "  \r\n\t", "\u{feff}"] {
            for format in [Format::Json, Format::Yaml] {
                let found = parse(&Arc::new(Source::new("x", text)), format).unwrap_err();
                assert_eq!(found.as_slice()[0].message, "`x` is empty", "{text:?}");
            }
        }
    }
}
