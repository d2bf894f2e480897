//! A text put together from pieces of a source and from what stands for others: the state machine in a template's
//! string, with its substitutions filled in. It is read like any text, and every node and finding then points at the
//! characters of the source, not of a text that nobody has seen.

use std::sync::Arc;

use super::{Format, Member, Node, NodeKind, Source, Span, parse};
use crate::diagnostic::{Diagnostic, Diagnostics, Label};

/// A text with, for each of its bytes, the place in a source where it was written.
///
/// ```
/// use std::sync::Arc;
/// use rehearsal::source::{Assembled, Format, Source, Span};
///
/// let source = Arc::new(Source::new("order.asl.json", r#"{"Seconds": ${wait}}"#));
/// let mut text = Assembled::new(&source);
/// text.push_slice(Span::new(0, 12));
/// text.push_for("30", Span::new(12, 19));
/// text.push_slice(Span::new(19, 20));
/// assert_eq!(text.text(), r#"{"Seconds": 30}"#);
/// let node = text.parse(Format::Json)?;
/// assert_eq!(source.slice(node.get("Seconds").unwrap().span), "${wait}");
/// # Ok::<(), rehearsal::diagnostic::Diagnostics>(())
/// ```
#[derive(Clone, Debug)]
pub struct Assembled {
    source: Arc<Source>,
    text: String,
    /// In the order of the text; each reaches to the next.
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where in the assembled text it begins.
    at: usize,
    /// Where in the source it comes from.
    span: Span,
    /// Whether it is the source's characters, byte for byte, and not a text that stands for them.
    verbatim: bool,
}

impl Assembled {
    /// An empty text over a source.
    pub fn new(source: &Arc<Source>) -> Assembled {
        Assembled { source: source.clone(), text: String::new(), pieces: Vec::new() }
    }

    /// The text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The source that places refer to.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Adds characters of the source as they are.
    pub fn push_slice(&mut self, span: Span) {
        let (at, source) = (self.text.len(), self.source.clone());
        self.text.push_str(source.slice(span));
        self.add(at, span, true);
    }

    /// Adds a text that stands for characters of the source: the value of a placeholder.
    pub fn push_for(&mut self, text: &str, span: Span) {
        let at = self.text.len();
        self.text.push_str(text);
        self.add(at, span, false);
    }

    /// Adds another assembled text. One over another source is placed as a whole at `or_at`.
    pub fn push(&mut self, other: &Assembled, or_at: Span) {
        if !Arc::ptr_eq(&self.source, &other.source) {
            return self.push_for(&other.text, or_at);
        }
        let base = self.text.len();
        self.text.push_str(&other.text);
        for piece in &other.pieces {
            self.add(base + piece.at, piece.span, piece.verbatim);
        }
    }

    /// Adds the part of a string's value between two byte offsets, each character where the source has it, whatever
    /// its spelling there: with escapes, as a block of indented lines, folded.
    pub fn push_value(&mut self, value: &str, written: Span, from: usize, to: usize) {
        let base = self.text.len();
        let source = self.source.clone();
        let raw = source.slice(written);
        let start = written.start as usize;
        for run in align(value, raw) {
            let (begin, end) = (run.value.start.max(from), run.value.end.min(to));
            if begin >= end {
                continue;
            }
            let at = base + begin - from;
            if run.verbatim {
                let first = start + run.raw.start + (begin - run.value.start);
                self.add(at, Span::new(first, first + end - begin), true);
            } else {
                self.add(at, Span::new(start + run.raw.start, start + run.raw.end), false);
            }
        }
        self.text.push_str(value.get(from..to).unwrap_or_default());
    }

    /// Adds the whole value of a string.
    pub fn push_string(&mut self, value: &str, written: Span) {
        self.push_value(value, written, 0, value.len());
    }

    /// The same text with some of it replaced: `replace` sees the text and names ranges, in order, with what stands
    /// there instead. The new characters are where the old ones were.
    #[must_use]
    pub fn replaced(&self, ranges: &[(std::ops::Range<usize>, String)]) -> Assembled {
        let mut new = Assembled::new(&self.source);
        let mut done = 0;
        for (range, text) in ranges {
            new.push_part(self, done..range.start);
            new.push_for(text, self.span(range.start, range.end));
            done = range.end;
        }
        new.push_part(self, done..self.text.len());
        new
    }

    /// Adds a part of another assembled text over the same source.
    pub fn push_part(&mut self, other: &Assembled, range: std::ops::Range<usize>) {
        let base = self.text.len();
        self.text.push_str(other.text.get(range.clone()).unwrap_or_default());
        let first = other.pieces.partition_point(|p| p.at <= range.start).saturating_sub(1);
        for (i, piece) in other.pieces.iter().enumerate().skip(first) {
            if piece.at >= range.end {
                break;
            }
            let end = other.pieces.get(i + 1).map_or(other.text.len(), |next| next.at).min(range.end);
            let begin = piece.at.max(range.start);
            if begin >= end {
                continue;
            }
            let span = match piece.verbatim {
                true => {
                    let from = piece.span.start as usize + begin - piece.at;
                    Span::new(from, from + end - begin)
                }
                false => piece.span,
            };
            self.add(base + begin - range.start, span, piece.verbatim);
        }
    }

    /// The characters of the source that a range of the text stands for.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let from = self.place(start).map_or(0, |(first, _)| first);
        if end <= start {
            return Span::new(from, from);
        }
        // The last byte decides, so that a range that ends with a piece does not reach into the next.
        let to = self.place(end - 1).map_or(from, |(_, after)| after);
        if to < from { Span::new(from, from) } else { Span::new(from, to) }
    }

    /// Where a byte begins and where it ends.
    fn place(&self, offset: usize) -> Option<(usize, usize)> {
        let piece = self.pieces.get(self.pieces.partition_point(|p| p.at <= offset).checked_sub(1)?)?;
        let start = piece.span.start as usize;
        if piece.verbatim {
            let at = (start + offset - piece.at).min(piece.span.end as usize);
            return Some((at, (at + 1).min(piece.span.end as usize)));
        }
        Some((start, piece.span.end as usize))
    }

    /// Reads the text into a tree whose places are the source's.
    ///
    /// # Errors
    /// As [`parse`], with places in the source.
    pub fn parse(&self, format: Format) -> Result<Node, Diagnostics> {
        let text = Arc::new(Source::new(self.source.name(), &self.text));
        // A byte order mark is no part of what is read.
        let mark = self.text.len() - text.text().len();
        match parse(&text, format) {
            Ok(node) => Ok(self.moved(node, mark)),
            Err(found) => Err(found.into_iter().map(|d| self.told(d, &text, mark)).collect::<Vec<_>>().into()),
        }
    }

    fn moved(&self, node: Node, mark: usize) -> Node {
        let at = |span: Span| self.span(span.start as usize + mark, span.end as usize + mark);
        let kind = match node.kind {
            NodeKind::Array(items) => NodeKind::Array(items.into_iter().map(|n| self.moved(n, mark)).collect()),
            NodeKind::Object(members) => {
                let member =
                    |m: Member| Member { key_span: at(m.key_span), value: self.moved(m.value, mark), key: m.key };
                NodeKind::Object(members.into_iter().map(member).collect())
            }
            other => other,
        };
        Node { kind, span: at(node.span), tag: node.tag }
    }

    /// A finding about the text as one about the source.
    fn told(&self, mut found: Diagnostic, text: &Arc<Source>, mark: usize) -> Diagnostic {
        if !found.source.as_ref().is_some_and(|s| Arc::ptr_eq(s, text)) {
            return found;
        }
        let place = |label: &mut Label| {
            label.span = self.span(label.span.start as usize + mark, label.span.end as usize + mark);
        };
        found.primary.iter_mut().for_each(place);
        found.secondary.iter_mut().for_each(place);
        found.source = Some(self.source.clone());
        found
    }

    fn add(&mut self, at: usize, span: Span, verbatim: bool) {
        // Slices that continue each other are one piece; a text of a thousand lines stays a thousand pieces at most.
        if let Some(last) = self.pieces.last_mut().filter(|p| p.verbatim && verbatim)
            && last.span.end == span.start
            && at - last.at == last.span.range().len()
        {
            last.span.end = span.end;
            return;
        }
        self.pieces.push(Piece { at, span, verbatim });
    }
}

/// A run of a value's bytes and of the characters it is written with.
struct Run {
    value: std::ops::Range<usize>,
    raw: std::ops::Range<usize>,
    verbatim: bool,
}

/// Matches a value with its spelling, from left to right: equal characters match, escapes match what they stand for, and
/// whatever else is in the spelling (quotes, indentation, a block's header, folded line breaks) is passed over. Where a
/// spelling is beyond that, the rest of the value is the rest of the spelling.
fn align(value: &str, raw: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    // A tag or an anchor stands before the text: `!Sub |`, `&name "…"`.
    let mut bare = raw;
    while bare.starts_with(['!', '&']) {
        let end = bare.find(char::is_whitespace).unwrap_or(bare.len());
        bare = bare.get(end..).unwrap_or_default().trim_start();
    }
    let (mut v, mut r) = (0, raw.len() - bare.len());
    let quoted = bare.starts_with('"');
    let single = bare.starts_with('\'');
    if quoted || single {
        r += 1;
    } else if bare.starts_with(['|', '>']) {
        // The header of a block: `|-`, `>+2  # comment`.
        r += bare.find('\n').map_or(bare.len(), |at| at + 1);
    }
    while let Some(c) = value.get(v..).and_then(|rest| rest.chars().next()) {
        let Some(w) = raw.get(r..).and_then(|rest| rest.chars().next()) else { break };
        if quoted && w == '\\' {
            let (length, stands_for) = escape(raw.get(r..).unwrap_or_default());
            if stands_for.is_empty() || value.get(v..).is_some_and(|rest| rest.starts_with(&stands_for)) {
                if !stands_for.is_empty() {
                    let value = v..v + stands_for.len();
                    runs.push(Run { value, raw: r..r + length, verbatim: false });
                }
                v += stands_for.len();
                r += length;
                continue;
            }
        }
        if c == w {
            let length = c.len_utf8();
            match runs.last_mut().filter(|run| run.verbatim && run.value.end == v && run.raw.end == r) {
                Some(run) => {
                    run.value.end += length;
                    run.raw.end += length;
                }
                None => runs.push(Run { value: v..v + length, raw: r..r + length, verbatim: true }),
            }
            v += length;
            r += length;
            // Inside single quotes a quote is written twice.
            if c == '\'' && single && raw.get(r..).is_some_and(|rest| rest.starts_with('\'')) {
                r += 1;
            }
        } else if c == ' ' && w.is_whitespace() {
            // A folded line break, with the next line's indentation.
            let rest = raw.get(r..).unwrap_or_default();
            let blank = rest.len() - rest.trim_start().len();
            runs.push(Run { value: v..v + 1, raw: r..r + blank, verbatim: false });
            v += 1;
            r += blank;
        } else if w.is_whitespace() {
            r += w.len_utf8();
        } else {
            break;
        }
    }
    if v < value.len() {
        let from = r.min(raw.len());
        runs.push(Run { value: v..value.len(), raw: from..raw.len(), verbatim: false });
    }
    runs
}

/// The length of the escape a text begins with, and what it stands for: JSON's and YAML's.
fn escape(raw: &str) -> (usize, String) {
    let Some(letter) = raw.chars().nth(1) else { return (1, "\\".into()) };
    let code = |from: usize, digits: usize| raw.get(from..from + digits).and_then(|d| u32::from_str_radix(d, 16).ok());
    let character = |code: Option<u32>| code.and_then(char::from_u32).map(String::from).unwrap_or_default();
    match letter {
        'n' => (2, "\n".into()),
        't' => (2, "\t".into()),
        'r' => (2, "\r".into()),
        'b' => (2, "\u{8}".into()),
        'f' => (2, "\u{c}".into()),
        '0' => (2, "\0".into()),
        'x' => (4, character(code(2, 2))),
        'U' => (10, character(code(2, 8))),
        'u' => match code(2, 4) {
            Some(high @ 0xd800..=0xdbff) => match code(8, 4) {
                Some(low @ 0xdc00..=0xdfff) => {
                    (12, character(Some(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))))
                }
                _ => (6, String::new()),
            },
            other => (6, character(other)),
        },
        // A line break that is no character of the value, with the blanks after it.
        '\n' | '\r' => {
            let rest = raw.get(1..).unwrap_or_default();
            (1 + rest.len() - rest.trim_start().len(), String::new())
        }
        other => (1 + other.len_utf8(), other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every string of a YAML document, put together again, with the place of one word of it.
    fn place_of(document: &str, word: &str) -> (String, String) {
        let source = Arc::new(Source::new("t.yaml", document));
        let node = parse(&source, Format::Yaml).unwrap();
        let value = node.get("d").unwrap();
        let text = value.as_str().unwrap();
        let mut assembled = Assembled::new(&source);
        assembled.push_string(text, value.span);
        assert_eq!(assembled.text(), &**text);
        let at = assembled.text().find(word).unwrap();
        let span = assembled.span(at, at + word.len());
        (source.slice(span).to_owned(), format!("{:?}", source.line_col(span.start as usize)))
    }

    #[test]
    fn every_spelling_of_a_string_knows_its_places() {
        let table = [
            ("d: plain word here", "word", "word", "(1, 10)"),
            ("d: |\n  first\n    second word\n", "word", "word", "(3, 12)"),
            ("d: |-  # note\n  word\n", "word", "word", "(2, 3)"),
            ("d: >\n  a b\n  c word\n", "word", "word", "(3, 5)"),
            ("d: 'it''s a word'", "word", "word", "(1, 13)"),
            (r#"d: "a\n\"\u00e9\" word""#, "word", "word", "(1, 19)"),
            (r#"d: "a\tb\u00e9c""#, "b\u{e9}", "b\\u00e9", "(1, 8)"),
            ("d: \"folded \\\n   word\"", "word", "word", "(2, 4)"),
            ("d: !Sub |\n  a\n  word\n", "word", "word", "(3, 3)"),
            ("d: !Sub \"a word\"", "word", "word", "(1, 12)"),
            ("d: !Sub\n  a word", "word", "word", "(2, 5)"),
            ("d: two\n  lines word", "lines word", "lines word", "(2, 3)"),
        ];
        for (document, word, written, place) in table {
            assert_eq!(place_of(document, word), (written.to_owned(), place.to_owned()), "{document}");
        }
    }

    #[test]
    fn a_text_within_a_text_points_at_the_outermost() {
        let document = "Body: |\n  {\n    \"A\": \"${x}\",\n    \"B\": 1\n  }\n";
        let source = Arc::new(Source::new("t.yaml", document));
        let outer = parse(&source, Format::Yaml).unwrap();
        let body = outer.get("Body").unwrap();
        let mut text = Assembled::new(&source);
        text.push_string(body.as_str().unwrap(), body.span);
        let at = text.text().find("${x}").unwrap();
        let filled = text.replaced(&[(at..at + 4, "a longer value".to_owned())]);
        let node = filled.parse(Format::Json).unwrap();
        assert_eq!(source.slice(node.get("A").unwrap().span), "\"${x}\"");
        assert_eq!(&**node.get("A").unwrap().as_str().unwrap(), "a longer value");
        assert_eq!(source.slice(node.member("B").unwrap().key_span), "\"B\"");
        assert_eq!(source.slice(node.get("B").unwrap().span), "1");
    }

    #[test]
    fn a_syntax_error_in_an_embedded_text_points_into_the_file() {
        let source = Arc::new(Source::new("t.yaml", "Body: |\n  {\n    \"A\": oops\n  }\n"));
        let outer = parse(&source, Format::Yaml).unwrap();
        let body = outer.get("Body").unwrap();
        let mut text = Assembled::new(&source);
        text.push_string(body.as_str().unwrap(), body.span);
        let found = text.parse(Format::Json).unwrap_err();
        let line = found.as_slice()[0].one_line();
        assert!(line.starts_with("t.yaml:3:10: error[syntax]"), "{line}");
    }
}
