//! From the text of a filter, `(...)`, to its conditions.
//!
//! ```text
//! any        = all { "||" all }
//! all        = operand { "&&" operand }
//! operand    = "!" operand | "(" any ")" | condition
//! condition  = value [ operator value ]
//! ```
//!
//! Jayway ends a path in a filter at a blank, a comparison sign or a closing parenthesis only, and tries a condition
//! without an operator whenever the one with an operator does not work out.

use regex::RegexBuilder;

use super::MAX_NESTING;
use super::decimal::Decimal;
use super::filter::{Filter, Operand};
use super::literal::{lenient_json, unescape, unescaped};
use super::node::Node;
use super::operator::Operator;
use super::parse::{Refusal, closing, nested};
use super::program::Program;

/// How large a compiled pattern may become, in bytes.
const MAX_PATTERN: usize = 4 * 1024 * 1024;

/// Reads a filter in its parentheses, which stands at byte `base` of the whole path.
pub(super) fn filter(text: &str, base: usize, depth: usize) -> Result<Filter, Refusal> {
    let mut reader = Reader { text, pos: 0, base };
    let filter = reader.any(depth)?;
    reader.skip_blanks();
    if reader.pos < text.len() {
        return reader.refuse(format!("Expected end of filter expression instead of: {}", reader.rest()));
    }
    Ok(filter)
}

struct Reader<'t> {
    text: &'t str,
    pos: usize,
    base: usize,
}

/// What one side of a condition turned out to be.
enum Side {
    Path { path: Program, wanted: bool },
    Literal(Node),
}

impl From<Side> for Operand {
    fn from(side: Side) -> Operand {
        match side {
            Side::Path { path, .. } => Operand::Path(path),
            Side::Literal(node) => Operand::Literal(node),
        }
    }
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.pos..).unwrap_or_default()
    }
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }
    fn skip_blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.pos += 1;
        }
    }
    fn refuse<T>(&self, message: impl Into<String>) -> Result<T, Refusal> {
        Refusal::new(message, self.base + self.pos)
    }
    fn fail<T>(&self, why: &str) -> Result<T, Refusal> {
        let message = format!("Failed to parse filter: {}, error on position: {}{why}", self.text, self.pos);
        Refusal::fatal(message, self.base + self.pos)
    }
    /// Passes over `wanted`, if it comes next.
    fn take(&mut self, wanted: &str) -> bool {
        let before = self.pos;
        self.skip_blanks();
        if self.rest().starts_with(wanted) {
            self.pos += wanted.len();
            return true;
        }
        self.pos = before;
        false
    }

    fn any(&mut self, depth: usize) -> Result<Filter, Refusal> {
        let mut all = vec![self.all(depth)?];
        while self.take("||") {
            all.push(self.all(depth)?);
        }
        Ok(only(all).unwrap_or_else(Filter::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Filter, Refusal> {
        let mut all = vec![self.operand(depth)?];
        while self.take("&&") {
            all.push(self.operand(depth)?);
        }
        Ok(only(all).unwrap_or_else(Filter::All))
    }

    fn operand(&mut self, depth: usize) -> Result<Filter, Refusal> {
        if depth > MAX_NESTING {
            let message = format!("the filter nests more than {MAX_NESTING} levels deep");
            return Refusal::fatal(message, self.base + self.pos);
        }
        self.skip_blanks();
        let start = self.pos;
        if self.take("!") {
            self.skip_blanks();
            if !matches!(self.peek(), Some(b'$' | b'@')) {
                return Ok(Filter::Not(Box::new(self.operand(depth + 1)?)));
            }
            // Before a path, `!` belongs to the path: it must not exist.
            self.pos = start;
        }
        if self.take("(") {
            let inner = self.any(depth + 1)?;
            if !self.take(")") {
                self.skip_blanks();
                return self.refuse("Expected character: )");
            }
            return Ok(inner);
        }
        self.condition(depth)
    }

    fn condition(&mut self, depth: usize) -> Result<Filter, Refusal> {
        let left = self.side(depth)?;
        let after_left = self.pos;
        match self.comparison(depth) {
            Ok((operator, right)) => return Ok(Filter::Compare { left: left.into(), operator, right: right.into() }),
            Err(refusal) if refusal.fatal => return Err(refusal),
            Err(_) => self.pos = after_left,
        }
        match left {
            Side::Path { path, wanted } => Ok(Filter::Exists { path, wanted }),
            Side::Literal(_) => self.refuse("Expected path node"),
        }
    }

    fn comparison(&mut self, depth: usize) -> Result<(&'static Operator, Side), Refusal> {
        self.skip_blanks();
        let rest = self.rest();
        let is_sign = |c: char| c.is_ascii() && is_sign(c as u8);
        let end = if rest.starts_with(is_sign) { rest.find(|c| !is_sign(c)) } else { rest.find(' ') };
        let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let Some(operator) = Operator::named(name) else {
            return self.refuse(format!("Filter operator {name} is not supported!"));
        };
        self.pos += name.len();
        Ok((operator, self.side(depth)?))
    }

    fn side(&mut self, depth: usize) -> Result<Side, Refusal> {
        self.skip_blanks();
        match self.peek() {
            Some(b'$' | b'@') => self.path(depth),
            Some(b'!') => {
                self.pos += 1;
                self.skip_blanks();
                match self.peek() {
                    Some(b'$' | b'@') => self.path(depth),
                    _ => self.refuse("Unexpected character: !"),
                }
            }
            Some(first) => self.literal(first).map(Side::Literal),
            None => self.fail(""),
        }
    }

    fn path(&mut self, depth: usize) -> Result<Side, Refusal> {
        let start = self.pos;
        let wanted = !self.text.get(..start).unwrap_or_default().trim_end_matches(' ').ends_with('!');
        let mut first_dot = None;
        self.pos += 1;
        while self.peek().is_some() {
            if self.peek() == Some(b'[') {
                let Some(length) = closing(self.rest(), '[', ']', false) else {
                    return self.refuse(format!("Square brackets does not match in filter {}", self.text));
                };
                self.pos += length + 1;
            }
            match self.peek() {
                None | Some(b' ') => break,
                Some(b) if is_sign(b) => break,
                Some(b')') if !self.closes_call(first_dot) => break,
                Some(b'.') => {
                    first_dot = first_dot.or(Some(self.pos));
                    self.pos += 1;
                }
                Some(_) => self.pos += 1,
            }
        }
        let text = self.text.get(start..self.pos).unwrap_or_default();
        let path = nested(text, self.base + start, depth + 1)?;
        Ok(Side::Path { path, wanted })
    }

    /// Whether the parenthesis here is the second one of `.name()`.
    fn closes_call(&self, first_dot: Option<usize>) -> bool {
        let before = self.text.get(..self.pos).unwrap_or_default().trim_end_matches(' ');
        before.ends_with('(') && first_dot.is_some_and(|dot| dot + 1 < before.len())
    }

    fn literal(&mut self, first: u8) -> Result<Node, Refusal> {
        match first {
            b'\'' | b'"' => self.string(char::from(first)),
            b't' => Ok(self.word("true", Node::Bool(true))),
            b'f' => Ok(self.word("false", Node::Bool(false))),
            b'n' => Ok(self.word("null", Node::Null)),
            b'[' => self.json('[', ']'),
            b'{' => self.json('{', '}'),
            b'/' => self.pattern(),
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => Ok(self.bare_word()),
            _ => self.number(),
        }
    }

    /// A word without quotation marks, which is the text itself. Jayway's current grammar has no such thing, but
    /// workflows that AWS publishes are written so, and the service takes them.
    fn bare_word(&mut self) -> Node {
        let rest = self.rest();
        let length = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        self.pos += length;
        Node::Text(word.into())
    }

    fn word(&mut self, word: &str, node: Node) -> Node {
        if self.rest().starts_with(word) {
            self.pos += word.len();
            return node;
        }
        self.bare_word()
    }

    fn string(&mut self, quote: char) -> Result<Node, Refusal> {
        let body = self.rest().get(1..).unwrap_or_default();
        let Some(length) = unescaped(body, quote) else {
            let message = format!("String literal does not have matching quotes. Expected {quote} in {}", self.text);
            return self.refuse(message);
        };
        match unescape(body.get(..length).unwrap_or_default()) {
            Ok(text) => {
                self.pos += length + 2;
                Ok(Node::Text(text.into()))
            }
            Err(message) => Refusal::fatal(message, self.base + self.pos),
        }
    }

    fn json(&mut self, open: char, close: char) -> Result<Node, Refusal> {
        let Some(length) = closing(self.rest(), open, close, false) else {
            return self.refuse(format!("String not closed. Expected {close} in {}", self.text));
        };
        match lenient_json(self.rest().get(..=length).unwrap_or_default()) {
            Ok(value) => {
                self.pos += length + 1;
                Ok(Node::JsonLiteral(value))
            }
            Err(message) => Refusal::fatal(message, self.base + self.pos),
        }
    }

    fn number(&mut self) -> Result<Node, Refusal> {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '.' | 'E' | 'e');
        let text = rest.get(..rest.find(|c| !is_part(c)).unwrap_or(rest.len())).unwrap_or_default();
        let Some(number) = Decimal::parse(text) else { return self.fail(": expected a value") };
        self.pos += text.len();
        Ok(Node::Number(number))
    }

    /// `/pattern/flags`; the pattern has to match the whole text.
    fn pattern(&mut self) -> Result<Node, Refusal> {
        let body = self.rest().get(1..).unwrap_or_default();
        let Some(length) = unescaped(body, '/') else {
            return self.refuse(format!("Pattern not closed. Expected / in {}", self.text));
        };
        let (pattern, rest) = (body.get(..length).unwrap_or_default(), body.get(length + 1..).unwrap_or_default());
        let is_flag = |c: char| matches!(c, 'd' | 'i' | 'x' | 'm' | 's' | 'u' | 'U');
        let flags = rest.get(..rest.find(|c| !is_flag(c)).unwrap_or(rest.len())).unwrap_or_default();
        let has = |flag| flags.contains(flag);
        // In a pattern with comments, the last line may be one.
        let whole = format!(r"\A(?:{pattern}{})\z", if has('x') { "\n" } else { "" });
        let built = RegexBuilder::new(&whole)
            .case_insensitive(has('i'))
            .ignore_whitespace(has('x'))
            .multi_line(has('m'))
            .dot_matches_new_line(has('s'))
            .size_limit(MAX_PATTERN)
            .nest_limit(100)
            .build();
        match built {
            Ok(regex) => {
                self.pos += 1 + length + 1 + flags.len();
                Ok(Node::Pattern(regex))
            }
            Err(error) => {
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                Refusal::fatal(format!("the pattern /{pattern}/ cannot be used: {reason}"), self.base + self.pos)
            }
        }
    }
}

/// The one element of a list, or the list again.
fn only(mut all: Vec<Filter>) -> Result<Filter, Vec<Filter>> {
    match (all.len(), all.pop()) {
        (1, Some(one)) => Ok(one),
        (_, last) => {
            all.extend(last);
            Err(all)
        }
    }
}

/// The characters of which comparison signs are made.
fn is_sign(b: u8) -> bool {
    matches!(b, b'<' | b'>' | b'=' | b'~' | b'!')
}
