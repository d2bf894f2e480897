//! YAML into the tree: the scanner's events, one after the other, with a stack of our own instead of recursion.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::json::check_keys;
use super::{MAX_DEPTH, Member, Node, NodeKind, Source, Span, too_deep};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::value::{Number, Str};

/// How many nodes anchors may keep and aliases may repeat in one document; a bomb of aliases wants billions.
const MAX_COPIES: usize = 250_000;

pub(super) fn parse(source: &Arc<Source>) -> Result<Node, Diagnostics> {
    if let Some(at) = source.text().find('\0') {
        let found = Diagnostic::error("syntax", "a NUL byte cannot stand in YAML");
        return Err(found.at(source, Span::new(at, at + 1), "here").into());
    }
    let mut builder = Builder {
        source,
        offsets: Offsets::of(source.text()),
        stack: Vec::new(),
        anchors: HashMap::new(),
        copies: 0,
        root: None,
        found: Vec::new(),
    };
    let mut parser = Parser::new_from_str(source.text());
    while let Some(event) = parser.next_event() {
        // After an error the parser repeats it for ever, so the first one ends the reading.
        let step = match event {
            Ok((Event::StreamEnd, _)) => break,
            Ok((event, span)) => builder.event(event, span),
            Err(e) => Err(builder.scan_error(e.info(), e.marker().index()).into()),
        };
        if let Err(found) = step {
            return Err((*found).into());
        }
    }
    match builder.root {
        _ if !builder.found.is_empty() => Err(builder.found.into()),
        Some(built) => Ok(built.node),
        None => {
            let found = Diagnostic::error("syntax", format!("`{}` holds no document", source.name()));
            Err(found.at(source, Span::default(), "only comments and blanks").into())
        }
    }
}

/// One event taken in, or the finding that ends the reading; boxed, since it is much larger than nothing.
type Step = Result<(), Box<Diagnostic>>;

/// Byte offsets of characters: the scanner counts characters.
struct Offsets(Option<Vec<u32>>);

impl Offsets {
    fn of(text: &str) -> Offsets {
        if text.is_ascii() {
            return Offsets(None);
        }
        Offsets(Some(text.char_indices().map(|(at, _)| at as u32).chain([text.len() as u32]).collect()))
    }

    fn byte(&self, character: usize) -> usize {
        match &self.0 {
            None => character,
            Some(table) => table.get(character).or(table.last()).map_or(0, |at| *at as usize),
        }
    }
}

/// A finished node with what copying it would cost and how deeply it nests.
#[derive(Clone)]
struct Built {
    node: Node,
    size: usize,
    height: usize,
}

/// A collection that is being read.
struct Frame {
    start: usize,
    /// Where its last part ended so far.
    end: usize,
    anchor: usize,
    tag: Option<Str>,
    size: usize,
    height: usize,
    content: Content,
}

enum Content {
    Items(Vec<Node>),
    Members { members: Vec<Member>, key: Option<Key>, merges: Vec<Node> },
}

struct Key {
    text: Str,
    span: Span,
    is_merge: bool,
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    offsets: Offsets,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Built>,
    copies: usize,
    root: Option<Built>,
    found: Vec<Diagnostic>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: saphyr_parser::Span) -> Step {
        let span = Span::new(self.offsets.byte(span.start.index()), self.offsets.byte(span.end.index()));
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => Err(self
                .error(span, "a second document begins", "the first one ended before this")
                .help("keep one document in a file; `---` begins another")
                .into()),
            Event::DocumentStart(_) => Ok(()),
            Event::SequenceStart(anchor, tag) => self.open(span, anchor, tag, Content::Items(Vec::new())),
            Event::MappingStart(anchor, tag) => {
                self.open(span, anchor, tag, Content::Members { members: Vec::new(), key: None, merges: Vec::new() })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag, span),
            Event::Alias(anchor) => self.alias(anchor, span),
        }
    }

    fn open(&mut self, span: Span, anchor: usize, tag: Option<Cow<'_, Tag>>, content: Content) -> Step {
        if self.wants_key() {
            return Err(self.complex_key(span).into());
        }
        let start = span.start as usize;
        if self.stack.len() >= MAX_DEPTH {
            return Err(too_deep(self.source, start).into());
        }
        let tag = tag.as_deref().and_then(local_tag);
        self.stack.push(Frame { start, end: start, anchor, tag, size: 1, height: 0, content });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Step {
        let Some(mut frame) = self.stack.pop() else { return Ok(()) };
        // Only `]` and `}` have a width; where a block ends is where its last part ended.
        if span.start < span.end {
            frame.end = span.end as usize;
        }
        let kind = match frame.content {
            Content::Items(items) => NodeKind::Array(items),
            Content::Members { mut members, merges, .. } => {
                check_keys(self.source, &members, &mut self.found);
                for merge in merges {
                    self.merge(&mut members, merge)?;
                }
                NodeKind::Object(members)
            }
        };
        let node = Node { kind, span: Span::new(frame.start, frame.end), tag: frame.tag };
        self.anchored(Built { node, size: frame.size, height: frame.height + 1 }, frame.anchor)
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        span: Span,
    ) -> Step {
        // The span of a block scalar runs on to whatever follows it.
        let span = Span::new(span.start as usize, span.start as usize + self.source.slice(span).trim_end().len());
        if self.wants_key() {
            let is_merge = style == ScalarStyle::Plain && text == "<<";
            let key = Key { text: text.into(), span, is_merge };
            if let Some(Frame { content: Content::Members { key: slot, .. }, end, .. }) = self.stack.last_mut() {
                *slot = Some(key);
                *end = span.end as usize;
            }
            return Ok(());
        }
        let kind = match resolve(&text, style, tag.as_deref()) {
            Ok(kind) => kind,
            Err(message) => {
                let found = self.error(span, message, "here");
                return Err(found.help("write it in quotation marks if it is a string").into());
            }
        };
        let node = Node { kind, span, tag: tag.as_deref().and_then(local_tag) };
        self.anchored(Built { node, size: 1, height: 0 }, anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Step {
        let Some(built) = self.anchors.get(&anchor) else {
            let message = "the alias stands inside the very node it repeats";
            return Err(self.error(span, message, "it would never end").into());
        };
        if self.stack.len() + built.height > MAX_DEPTH {
            return Err(too_deep(self.source, span.start as usize).into());
        }
        let size = built.size;
        self.count(size, span)?;
        let Some(built) = self.anchors.get(&anchor).cloned() else { return Ok(()) };
        if self.wants_key() {
            let NodeKind::String(text) = built.node.kind else { return Err(self.complex_key(span).into()) };
            if let Some(Frame { content: Content::Members { key, .. }, .. }) = self.stack.last_mut() {
                *key = Some(Key { text, span, is_merge: false });
            }
            return Ok(());
        }
        self.place(built, Some(span))
    }

    /// Keeps a node that has an anchor, then puts it where it belongs.
    fn anchored(&mut self, built: Built, anchor: usize) -> Step {
        if anchor != 0 {
            self.count(built.size, built.node.span)?;
            self.anchors.insert(anchor, built.clone());
        }
        self.place(built, None)
    }

    fn count(&mut self, nodes: usize, span: Span) -> Step {
        self.copies = self.copies.saturating_add(nodes);
        if self.copies <= MAX_COPIES {
            return Ok(());
        }
        let message = format!("aliases repeat more than {MAX_COPIES} values");
        Err(self
            .error(span, message, "the limit is reached here")
            .help("aliases of aliases multiply; write fewer")
            .into())
    }

    /// Puts a node where it belongs; `alias` is where it is repeated, when it is.
    fn place(&mut self, built: Built, alias: Option<Span>) -> Step {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(built);
            return Ok(());
        };
        let end = alias.unwrap_or(built.node.span).end as usize;
        frame.end = frame.end.max(end);
        frame.size += built.size;
        frame.height = frame.height.max(built.height);
        match &mut frame.content {
            Content::Items(items) => items.push(built.node),
            Content::Members { members, key, merges } => match key.take() {
                Some(key) if key.is_merge => merges.push(built.node),
                Some(key) => members.push(Member { key: key.text, key_span: key.span, value: built.node }),
                None => {}
            },
        }
        Ok(())
    }

    /// Adds the members a merge key brings, behind the object's own, which win.
    fn merge(&mut self, members: &mut Vec<Member>, merge: Node) -> Step {
        let span = merge.span;
        let sources = match merge.kind {
            NodeKind::Object(more) => vec![more],
            NodeKind::Array(items) if items.iter().all(|i| matches!(i.kind, NodeKind::Object(_))) => {
                let object = |node: Node| match node.kind {
                    NodeKind::Object(more) => more,
                    _ => Vec::new(),
                };
                items.into_iter().map(object).collect()
            }
            _ => {
                let message = "the merge key `<<` takes an object or an array of objects";
                return Err(self.error(span, message, "this is something else").into());
            }
        };
        for member in sources.into_iter().flatten() {
            if !members.iter().any(|m| m.key == member.key) {
                members.push(member);
            }
        }
        Ok(())
    }

    fn wants_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { content: Content::Members { key: None, .. }, .. }))
    }

    fn complex_key(&self, span: Span) -> Diagnostic {
        let found = self.error(span, "an object or array stands where a key is needed", "not a key");
        found.help("a placeholder such as `{{name}}` or `{name}` in a value needs quotation marks")
    }

    fn error(&self, span: Span, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic::error("syntax", message).at(self.source, span, label)
    }

    fn scan_error(&self, info: &str, character: usize) -> Diagnostic {
        let at = self.offsets.byte(character);
        if info.contains("recursion limit") {
            return too_deep(self.source, at);
        }
        let message = info.trim_end_matches('.');
        let message = message.strip_prefix("while parsing").map_or(message.to_owned(), |m| format!("in{m}"));
        let found = self.error(Span::new(at, at + 1), format!("this is not YAML: {message}"), "here");
        match HELP.iter().find(|(part, _)| info.contains(part)) {
            Some((_, help)) => found.help(*help),
            None => found,
        }
    }
}

/// What to do about the scanner's commoner complaints, by a part of its words.
const HELP: &[(&str, &str)] = &[
    ("tab", "indent with blanks; YAML allows no tabs there"),
    ("mapping values are not allowed", "a value that holds `: ` needs quotation marks; else check the indentation"),
    ("did not find expected key", "check the indentation: entries of one object begin in the same column"),
    ("expected ',' or '}'", "close the `{`, or put a comma between the entries"),
    ("expected ',' or ']'", "close the `[`, or put a comma between the entries"),
    (
        "unknown anchor",
        "define it first: `&name` before `*name`; a plain text that begins with `*` needs quotation marks",
    ),
    ("unexpected end of", "close the quotation mark"),
    ("simple key", "check the indentation, and that a colon follows the key"),
    ("any valid token", "a plain text cannot begin with this character; put it in quotation marks"),
];

/// A tag that is not part of YAML's own schema, as it is written: `!Sub`.
fn local_tag(tag: &Tag) -> Option<Str> {
    let says_nothing = tag.suffix.is_empty() || tag.handle.is_empty() && tag.suffix == "!";
    (!tag.is_yaml_core_schema() && !says_nothing).then(|| format!("{}{}", tag.handle, tag.suffix).into())
}

/// What a scalar means under the core schema. Quoted and block scalars are strings, and so is whatever carries a
/// foreign tag: `!Ref 123` names something called 123.
fn resolve(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<NodeKind, String> {
    let string = || Ok(NodeKind::String(text.into()));
    match tag {
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" | "binary" | "timestamp" => string(),
            "int" | "float" | "bool" | "null" => match plain(text)? {
                NodeKind::String(_) => Err(format!("`{text}` is not what its tag `!!{}` says", tag.suffix)),
                kind => Ok(kind),
            },
            other => Err(format!("the tag `!!{other}` has no meaning in JSON")),
        },
        Some(_) => string(),
        None if style == ScalarStyle::Plain => plain(text),
        None => string(),
    }
}

fn plain(text: &str) -> Result<NodeKind, String> {
    let string = || NodeKind::String(text.into());
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" => NodeKind::Bool(true),
        "false" | "False" | "FALSE" => NodeKind::Bool(false),
        _ => {
            let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
            if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
                return Err(format!("`{text}` is a number that JSON does not have"));
            }
            if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
                return Ok(string());
            }
            let radix = |prefix: &str, radix| {
                text.strip_prefix(prefix).and_then(|digits| {
                    let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
                    plain.then(|| u64::from_str_radix(digits, radix).ok()).flatten()
                })
            };
            if let Some(n) = radix("0x", 16).or_else(|| radix("0o", 8)) {
                return Ok(NodeKind::Number(n.into()));
            }
            if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
                if let Ok(n) = text.parse::<i64>() {
                    return Ok(NodeKind::Number(n.into()));
                }
                if let Ok(n) = text.parse::<u64>() {
                    return Ok(NodeKind::Number(n.into()));
                }
            }
            if !is_float(unsigned) {
                return Ok(string());
            }
            match text.parse::<f64>().ok().and_then(Number::from_f64) {
                Some(n) => NodeKind::Number(n),
                None => return Err(format!("`{text}` is beyond the numbers that JSON tools can hold")),
            }
        }
    })
}

/// The core schema's float without its sign: `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_float(text: &str) -> bool {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((m, e)) => (m, Some(e.strip_prefix(['+', '-']).unwrap_or(e))),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && whole.len() + fraction.len() > 0
        && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::*;
    use crate::value::Value;

    fn parse(text: &str) -> Result<Node, Vec<Diagnostic>> {
        super::super::parse(&Arc::new(Source::new("x.yaml", text)), Format::Yaml).map_err(Diagnostics::into_vec)
    }

    fn value(text: &str) -> Value {
        parse(text).unwrap_or_else(|found| panic!("{text}\n{}", found[0])).to_value()
    }

    fn refusal(text: &str) -> String {
        parse(text).unwrap_err().iter().map(Diagnostic::one_line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn scalars_follow_the_core_schema() {
        let table = [
            ("a", "\"a\""),
            ("yes", "\"yes\""),
            ("on", "\"on\""),
            ("true", "true"),
            ("False", "false"),
            ("~", "null"),
            ("12", "12"),
            ("-12", "-12"),
            ("+12", "12"),
            ("0o17", "15"),
            ("0x1F", "31"),
            ("1_000", "\"1_000\""),
            ("1.5", "1.5"),
            (".5", "0.5"),
            ("5.", "5.0"),
            ("1e3", "1000.0"),
            ("1e", "\"1e\""),
            (".", "\".\""),
            ("2024-01-01", "\"2024-01-01\""),
            ("2024-01-01T00:00:00Z", "\"2024-01-01T00:00:00Z\""),
            ("1:30", "\"1:30\""),
            ("'12'", "\"12\""),
            ("\"a\\n\"", "\"a\\n\""),
            ("|\n  a\n  b\n", "\"a\\nb\\n\""),
            (">-\n  a\n  b\n", "\"a b\""),
            ("!!str 12", "\"12\""),
            ("!!int \"12\"", "12"),
            ("18446744073709551615", "18446744073709551615"),
            ("! 12", "\"12\""),
            ("-", "[null]"),
            ("0123", "123"),
            ("+", "\"+\""),
            ("0x-1", "\"0x-1\""),
        ];
        for (text, json) in table {
            assert_eq!(value(text).to_string(), Value::parse(json).unwrap().to_string(), "{text}");
        }
        assert_eq!(refusal("a: .inf"), "x.yaml:1:4: error[syntax]: `.inf` is a number that JSON does not have");
        assert_eq!(refusal("!!int abc"), "x.yaml:1:1: error[syntax]: `abc` is not what its tag `!!int` says");
    }

    #[test]
    fn every_span_covers_the_text_of_its_value() {
        let text = "# é\nStates:\r\n  Größe:\n    Type: Task\n    Retry:\n      - ErrorEquals: [A, \"ü\"]\n        N: 1\n      - {a: 1}\n    C: |\n      one\n      two\n\n  Next: ~\n";
        let node = parse(text).unwrap();
        let at = |path: &[&str]| &text[node.find(path).unwrap().span.range()];
        assert_eq!(at(&["States", "Größe", "Type"]), "Task");
        assert_eq!(at(&["States", "Größe", "Retry", "0", "ErrorEquals"]), "[A, \"ü\"]");
        assert_eq!(at(&["States", "Größe", "Retry", "0", "ErrorEquals", "1"]), "\"ü\"");
        assert_eq!(at(&["States", "Größe", "Retry", "0"]), "ErrorEquals: [A, \"ü\"]\n        N: 1");
        assert_eq!(at(&["States", "Größe", "Retry", "1"]), "{a: 1}");
        assert!(at(&["States", "Größe", "C"]).ends_with("two"), "{:?}", at(&["States", "Größe", "C"]));
        assert_eq!(at(&["States", "Next"]), "~");
        let key = node.get("States").unwrap().member("Größe").unwrap();
        assert_eq!(&text[key.key_span.range()], "Größe");
        assert_eq!(&text[node.find(&["States", "Größe"]).unwrap().span.range()][..10], "Type: Task");
    }

    #[test]
    fn tags_of_templates_stay_on_the_node() {
        let node =
            parse("a: !Sub \"${x}\"\nb: !GetAtt Fn.Arn\nc: !If [x, !Ref y, 1]\nd: !Map {k: 1}\ne: !Ref 12").unwrap();
        let tag = |path: &[&str]| node.find(path).unwrap().tag.as_deref();
        assert_eq!(tag(&["a"]), Some("!Sub"));
        assert_eq!(tag(&["b"]), Some("!GetAtt"));
        assert_eq!(tag(&["c"]), Some("!If"));
        assert_eq!(tag(&["c", "1"]), Some("!Ref"));
        assert_eq!(tag(&["d"]), Some("!Map"));
        assert_eq!(node.get("e").unwrap().to_value(), Value::from("12"));
        assert_eq!(node.get("d").unwrap().span, Span::new(58, 69), "a span includes the tag");
    }

    #[test]
    fn aliases_repeat_and_merge_keys_fill_in() {
        let text = "base: &b {x: 1, y: &l [2]}\none: *b\ntwo: {<<: *b, x: 3}\nthree:\n  <<: [{z: 0, x: 7}, *b]\nl: *l";
        let want = r#"{"base":{"x":1,"y":[2]},"one":{"x":1,"y":[2]},"two":{"x":3,"y":[2]},"three":{"z":0,"x":7,"y":[2]},"l":[2]}"#;
        assert_eq!(value(text).to_string(), want);
        assert!(refusal("a: {<<: 1}").contains("takes an object"), "{}", refusal("a: {<<: 1}"));
        assert_eq!(value("{'<<': 1}").to_string(), r#"{"<<":1}"#);
    }

    #[test]
    fn a_bomb_of_aliases_is_refused_quickly() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let prior = format!("*a{}, ", i - 1).repeat(10);
            bomb.push_str(&format!("a{i}: &a{i} [{prior}]\n"));
        }
        assert!(refusal(&bomb).contains("aliases repeat more than 250000 values"), "{}", refusal(&bomb));
        let mut tower = String::from("a0: &a0 [x]\n");
        for i in 1..300 {
            tower.push_str(&format!("a{i}: &a{i} [*a{}]\n", i - 1));
        }
        assert!(refusal(&tower).contains("nests deeper than 127 levels"), "{}", refusal(&tower));
        assert!(refusal("a: &a [*a]").contains("inside the very node"), "{}", refusal("a: &a [*a]"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        let table = [
            ("a: 1\nb: 2\na: 3\n", "x.yaml:3:1: error[duplicate-key]: the key `a` is written twice in one object"),
            ("a: 1\n---\nb: 2\n", "x.yaml:2:1: error[syntax]: a second document begins"),
            ("# nothing\n", "x.yaml:1:1: error[syntax]: `x.yaml` holds no document"),
            ("a: \0", "x.yaml:1:4: error[syntax]: a NUL byte cannot stand in YAML"),
            ("{a: {b: 1}: 2}", "x.yaml:1:"),
            ("[a, b]: 2", "x.yaml:1:1: error[syntax]: an object or array stands where a key is needed"),
            ("a: b: c", "x.yaml:1:5: error[syntax]: this is not YAML: mapping values are not allowed in this context"),
            ("a: *nope", "x.yaml:1:4: error[syntax]: this is not YAML: in node, found unknown anchor"),
            ("a: \"x", "x.yaml:1:"),
            ("a:\n\t- b", "x.yaml:2:"),
        ];
        for (text, want) in table {
            let said = refusal(text);
            assert!(said.starts_with(want), "{text}\n{said}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_in_every_style() {
        let block: String = (0..10_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
        for text in ["[".repeat(10_000), "{a: ".repeat(10_000), "- ".repeat(10_000), block, "? ".repeat(10_000)] {
            let before = std::time::Instant::now();
            let said = refusal(&text);
            assert!(said.contains("nests deeper than 127") || said.contains("where a key is needed"), "{said}");
            assert!(
                before.elapsed() < std::time::Duration::from_secs(20),
                "{:?} for {}",
                before.elapsed(),
                &text[..20]
            );
        }
    }

    #[test]
    fn json_is_yaml_as_well() {
        let text = "{\"a\": [1, \"x\\u00e9\", null], \"b\": {\"c\": true}}";
        assert_eq!(value(text), Value::parse(text).unwrap());
    }
}
