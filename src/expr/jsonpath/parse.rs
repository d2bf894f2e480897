//! From path text to steps.
//!
//! The grammar is what Jayway's hand-written compiler accepts, with its leniencies: a path may lack its `$`, a
//! single character after the last step is ignored (so `$.a[` is `$.a`), and a dot name is anything up to the next
//! dot, bracket, parenthesis or blank.

use crate::value::{Str, Value};

use super::function::{Argument, Call};
use super::literal::{unescape, unescaped};
use super::program::{Program, Step};
use super::{MAX_NESTING, MAX_TEXT, PathSyntaxError, filter_parse};

/// How many functions one path may chain.
const MAX_CALLS: usize = 64;

/// A reason to refuse the text.
#[derive(Debug)]
pub(super) struct Refusal {
    pub message: String,
    pub at: usize,
    /// Whether no other reading of the text is to be tried; filters backtrack over all other refusals.
    pub fatal: bool,
}

impl Refusal {
    pub(super) fn new<T>(message: impl Into<String>, at: usize) -> Result<T, Refusal> {
        Err(Refusal { message: message.into(), at, fatal: false })
    }
    pub(super) fn fatal<T>(message: impl Into<String>, at: usize) -> Result<T, Refusal> {
        Err(Refusal { message: message.into(), at, fatal: true })
    }
}

/// Reads a whole path.
pub(super) fn program(text: &str) -> Result<Program, PathSyntaxError> {
    if text.len() > MAX_TEXT {
        let message = format!("the path is longer than {MAX_TEXT} bytes");
        return Err(PathSyntaxError { message, at: MAX_TEXT });
    }
    nested(text, 0, 0).map_err(|r| PathSyntaxError { message: r.message, at: r.at.min(text.len()) })
}

/// Reads a path that stands at byte `base` of the whole text, `depth` levels deep.
pub(super) fn nested(text: &str, base: usize, depth: usize) -> Result<Program, Refusal> {
    let trimmed = text.trim_matches(' ');
    if text.is_empty() {
        return Refusal::new("path can not be null or empty", base);
    }
    if trimmed.starts_with(['$', '@']) {
        let base = base + (text.len() - text.trim_start_matches(' ').len());
        return Reader::new(trimmed, base, depth)?.path();
    }
    let completed = format!("$.{text}");
    let mut reader = Reader::new(completed.trim_end_matches(' '), base, depth)?;
    reader.added = 2;
    reader.path()
}

struct Reader<'t> {
    text: &'t str,
    pos: usize,
    /// Where the text begins in the whole path.
    base: usize,
    /// How many bytes at the beginning are not in the whole path.
    added: usize,
    depth: usize,
    steps: Vec<Step>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, base: usize, depth: usize) -> Result<Reader<'t>, Refusal> {
        if depth > MAX_NESTING {
            return Refusal::fatal(format!("the path nests more than {MAX_NESTING} levels deep"), base);
        }
        Ok(Reader { text, pos: 0, base, added: 0, depth, steps: Vec::new() })
    }

    fn path(self) -> Result<Program, Refusal> {
        if self.text.ends_with('.') {
            return self.refuse_at("Path must not end with a '.' or '..'", self.text.len().saturating_sub(1));
        }
        self.compile()
    }

    fn compile(mut self) -> Result<Program, Refusal> {
        while self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\n' | '\r')) {
            self.pos += 1;
        }
        let Some(start @ ('$' | '@')) = self.peek() else {
            return self.refuse("Path must start with '$' or '@'");
        };
        if !self.is_at_tail() {
            self.pos += 1;
            if !matches!(self.peek(), Some('.' | '[')) {
                let message = format!("Illegal character at position {} expected '.' or '['", self.position());
                return self.refuse(message);
            }
            self.step()?;
            while !self.is_at_tail() {
                self.step()?;
            }
        }
        if self.steps.iter().filter(|s| matches!(s, Step::Call(_))).count() > MAX_CALLS {
            return self.refuse(format!("the path chains more than {MAX_CALLS} functions"));
        }
        Ok(invert(start, self.steps))
    }

    fn peek(&self) -> Option<char> {
        self.rest(self.pos).chars().next()
    }
    fn byte(&self, i: usize) -> Option<u8> {
        self.text.as_bytes().get(i).copied()
    }
    fn rest(&self, from: usize) -> &'t str {
        self.text.get(from..).unwrap_or_default()
    }
    fn between(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to).unwrap_or_default()
    }
    /// Whether at most one UTF-16 unit is left, which Jayway ignores after a step.
    fn is_at_tail(&self) -> bool {
        self.rest(self.pos).encode_utf16().nth(1).is_none()
    }
    /// The first byte after `i` that is not a blank, and where it is.
    fn significant_after(&self, i: usize) -> Option<(usize, u8)> {
        let start = i + 1;
        let blanks = self.text.as_bytes().get(start..)?.iter().take_while(|b| **b == b' ').count();
        Some((start + blanks, self.byte(start + blanks)?))
    }
    /// The position as Jayway counts it.
    fn position(&self) -> usize {
        self.between(0, self.pos).encode_utf16().count()
    }
    fn refuse<T>(&self, message: impl Into<String>) -> Result<T, Refusal> {
        self.refuse_at(message, self.pos)
    }
    fn refuse_at<T>(&self, message: impl Into<String>, at: usize) -> Result<T, Refusal> {
        Refusal::new(message, self.base + at.saturating_sub(self.added))
    }

    /// Reads one step, with the dots before it.
    fn step(&mut self) -> Result<(), Refusal> {
        if self.peek() == Some('.') {
            self.pos += 1;
            if self.peek() == Some('.') {
                self.pos += 1;
                self.steps.push(Step::Scan);
            }
            if self.peek() == Some('.') {
                return self.refuse(format!("Character '.' on position {} is not valid.", self.position()));
            }
        }
        match self.peek() {
            Some('[') => {
                let step = match self.significant_after(self.pos) {
                    Some((_, quote @ (b'\'' | b'"'))) => self.quoted_names(char::from(quote))?,
                    Some((_, b'0'..=b'9' | b'-' | b':')) => self.indices()?,
                    Some((star, b'*')) => self.bracketed_wildcard(star)?,
                    Some((question, b'?')) => self.filter(question)?,
                    _ => None,
                };
                let Some(step) = step else {
                    return self.refuse(format!(
                        "Could not parse token starting at position {}. Expected ?, ', 0-9, * ",
                        self.position()
                    ));
                };
                self.steps.push(step);
                Ok(())
            }
            Some('*') => {
                self.pos += 1;
                self.steps.push(Step::Wildcard);
                Ok(())
            }
            None | Some(' ') => self.refuse(format!("Could not parse token starting at position {}", self.position())),
            Some(_) => self.name_or_call(),
        }
    }

    /// `name` or `name(...)`
    fn name_or_call(&mut self) -> Result<(), Refusal> {
        let start = self.pos;
        let end = self.rest(start).find([' ', '.', '[', '(']).map_or(self.text.len(), |n| start + n);
        let name = self.between(start, end);
        match self.byte(end) {
            Some(b' ') => self.refuse(format!(
                "Use bracket notion ['my prop'] if your property contains blank characters. position: {}",
                self.position()
            )),
            Some(b'(') => self.call(name, end),
            _ => {
                self.pos = end;
                self.steps.push(Step::Name { name: name.into(), quote: '\'' });
                Ok(())
            }
        }
    }

    /// A call whose parenthesis opens at `open`.
    fn call(&mut self, name: &str, open: usize) -> Result<(), Refusal> {
        let unclosed = || format!("Arguments to function: '{name}' are not closed properly.");
        let mut depth = 0_usize;
        let is_closed = self.rest(open).bytes().any(|b| {
            depth = match b {
                b'(' => depth + 1,
                b')' => depth.saturating_sub(1),
                _ => depth,
            };
            depth == 0
        });
        if !is_closed {
            return self.refuse(unclosed());
        }
        let mut arguments = Vec::new();
        self.pos = open + 1;
        // Without arguments, Jayway stops on the closing parenthesis, so that what follows begins a name with it.
        if self.peek() != Some(')') {
            arguments = self.arguments(unclosed)?;
        }
        self.steps.push(Step::Call(Box::new(Call { name: name.to_owned(), arguments })));
        Ok(())
    }

    /// The arguments of a call, up to and with the closing parenthesis. Only JSON and paths count; anything else is
    /// passed over in silence.
    fn arguments(&mut self, unclosed: impl Fn() -> String) -> Result<Vec<Argument>, Refusal> {
        #[derive(Clone, Copy)]
        enum Kind {
            Json,
            Path,
        }
        let mut kind = None;
        let (mut parens, mut brackets, mut braces, mut quotes) = (1_usize, 0_usize, 0_usize, 0_usize);
        let (mut prior, mut argument, mut arguments) = ('\0', String::new(), Vec::new());
        while let Some(c) = self.peek() {
            let here = self.pos;
            self.pos += c.len_utf8();
            if kind.is_none() {
                match c {
                    ' ' | '\t' | '\n' | '\r' => continue,
                    '{' | '0'..='9' | '"' | '-' => kind = Some(Kind::Json),
                    '$' | '@' => kind = Some(Kind::Path),
                    _ => {}
                }
            }
            match c {
                '"' if prior != '\\' && quotes > 0 => quotes -= 1,
                '"' => quotes += 1,
                '(' => parens += 1,
                '{' => braces += 1,
                '[' => brackets += 1,
                '}' | ']' => {
                    let (open, what) = if c == '}' { (&mut braces, "brace") } else { (&mut brackets, "bracket") };
                    let Some(fewer) = open.checked_sub(1) else {
                        let message =
                            format!("Unexpected close {what} '{c}' at character position: {}", self.position());
                        return self.refuse(message);
                    };
                    *open = fewer;
                }
                '\\' if quotes == 1 && matches!(self.peek(), Some(',' | '"')) => {
                    argument.extend(self.peek());
                    self.pos += 1;
                    prior = '\0';
                    continue;
                }
                ')' | ',' => {
                    if c == ')' {
                        parens = parens.saturating_sub(1);
                        if prior == '(' {
                            argument.push(c);
                        }
                    }
                    let is_outside = quotes == 0 && braces == 0 && brackets == 0;
                    if is_outside && (parens == 1 || parens == 0 && c == ')') {
                        let at = self.base + here.saturating_sub(self.added);
                        let text = std::mem::take(&mut argument);
                        match kind.take() {
                            Some(Kind::Path) => {
                                let path = Reader::new(&text, at, self.depth + 1)?.compile()?;
                                arguments.push(Argument::Path(path));
                            }
                            Some(Kind::Json) => match Value::parse(&text) {
                                Ok(value) => arguments.push(Argument::Json(value)),
                                Err(e) => return Refusal::fatal(format!("{text} is not JSON: {e}"), at),
                            },
                            None => {}
                        }
                        if parens == 0 {
                            return Ok(arguments);
                        }
                    }
                }
                _ => {}
            }
            if kind.is_some() && !(c == ',' && braces == 0 && brackets == 0 && parens == 1) {
                argument.push(c);
            }
            prior = c;
        }
        self.refuse(unclosed())
    }

    /// `['a']` or `['a','b']`
    fn quoted_names(&mut self, quote: char) -> Result<Option<Step>, Refusal> {
        let mut names: Vec<Str> = Vec::new();
        let (mut start, mut end) = (None, 0);
        let (mut escaped, mut after_comma) = (false, false);
        let first = self.pos + 1;
        for (i, c) in self.rest(first).char_indices().map(|(i, c)| (first + i, c)) {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == quote {
                let Some(from) = start.take() else {
                    (start, after_comma) = (Some(i + 1), false);
                    continue;
                };
                if !matches!(self.significant_after(i), Some((_, b']' | b','))) {
                    let message = format!(
                        "Property must be separated by comma or Property must be terminated close square bracket at \
                         index {i}"
                    );
                    return self.refuse_at(message, i);
                }
                end = i;
                match unescape(self.between(from, i)) {
                    Ok(name) => names.push(name.into()),
                    Err(message) => return self.refuse_at(message, from),
                }
            } else if start.is_none() && matches!(c, ']' | ',') {
                if after_comma {
                    return self.refuse_at(format!("Found empty property at index {i}"), i);
                }
                if c == ']' {
                    break;
                }
                after_comma = true;
            }
        }
        if start.is_some() {
            return self.refuse(format!("Property has not been closed - missing closing {quote}"));
        }
        let Some((close, b']')) = self.significant_after(end) else {
            return self.refuse("Property has not been closed - missing closing ]");
        };
        self.pos = close + 1;
        Ok(Some(match <[Str; 1]>::try_from(names) {
            Ok([name]) => Step::Name { name, quote },
            Err(names) => Step::Names { names: names.into(), quote },
        }))
    }

    /// `[1]`, `[1,2]`, `[1:]`, `[1:2]` or `[:2]`
    fn indices(&mut self) -> Result<Option<Step>, Refusal> {
        let start = self.pos + 1;
        let Some(length) = self.rest(start).find(']') else { return Ok(None) };
        let text = self.between(start, start + length).trim();
        if !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b',' | b'-' | b':' | b' ')) {
            return Ok(None);
        }
        let step = if text.contains(':') { slice(text) } else { indexes(text) };
        let step = match step {
            Ok(step) => step,
            Err(message) => return self.refuse_at(message, start),
        };
        self.pos = start + length + 1;
        Ok(Some(step))
    }

    fn bracketed_wildcard(&mut self, star: usize) -> Result<Option<Step>, Refusal> {
        let Some((close, b']')) = self.significant_after(star) else {
            return self.refuse(format!("Expected wildcard token to end with ']' on position {}", star + 1));
        };
        self.pos = close + 1;
        Ok(Some(Step::Wildcard))
    }

    /// `[?(...)]`
    fn filter(&mut self, question: usize) -> Result<Option<Step>, Refusal> {
        let (open, close) = match self.significant_after(question) {
            Some((open, b'(')) => {
                let Some(length) = closing(self.rest(open), '(', ')', true) else { return Ok(None) };
                (open, open + length)
            }
            Some((_, b']' | b',')) => {
                return self.refuse("Not enough predicates supplied for filter [?]: write the condition as [?(...)]");
            }
            _ => return Ok(None),
        };
        let Some((end, b']')) = self.significant_after(close) else { return Ok(None) };
        let base = self.base + open.saturating_sub(self.added);
        let filter = filter_parse::filter(self.between(open, close + 1), base, self.depth + 1)?;
        self.pos = end + 1;
        Ok(Some(Step::Filter(Box::new(filter))))
    }
}

/// Where the bracket that `text` begins with is closed; strings and, if wanted, patterns are skipped.
pub(super) fn closing(text: &str, open: char, close: char, skip_patterns: bool) -> Option<usize> {
    let mut depth = 0_usize;
    let mut i = 0;
    while let Some(c) = text.get(i..)?.chars().next() {
        if matches!(c, '\'' | '"') || c == '/' && skip_patterns {
            i += 1 + unescaped(text.get(i + 1..)?, c)? + 1;
            continue;
        }
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(i);
            }
        }
        i += c.len_utf8();
    }
    None
}

fn slice(text: &str) -> Result<Step, String> {
    let failed = || format!("Failed to parse SliceOperation: {text}");
    let mut ends = text.split(':').map(|end| if end.is_empty() { Ok(None) } else { end.parse().map(Some) });
    let mut end = || ends.next().unwrap_or(Ok(None)).map_err(|_| failed());
    match (end()?, end()?) {
        (None, None) => Err(failed()),
        (from, to) => Ok(Step::Slice { from, to }),
    }
}

fn indexes(text: &str) -> Result<Step, String> {
    let index = |token: &str| {
        let token = token.trim();
        token.parse::<i32>().map_err(|_| format!("Failed to parse token in ArrayIndexOperation: {token}"))
    };
    let all = text.split(',').map(index).collect::<Result<Vec<i32>, _>>()?;
    Ok(match all.as_slice() {
        [one] => Step::Index(*one),
        _ => Step::Indexes(all.into()),
    })
}

/// A path that begins with `..` and ends in a function is the function of all matches: `$..price.sum()` means
/// `$.sum($..price)`. Every other path calls the function on each match.
fn invert(start: char, mut steps: Vec<Step>) -> Program {
    if let (Some(Step::Scan), Some(Step::Call(_))) = (steps.first(), steps.last()) {
        let first_call = steps.iter().position(|s| matches!(s, Step::Call(_))).unwrap_or(steps.len());
        let mut rest = steps.split_off(first_call);
        if let Some(Step::Call(call)) = rest.first_mut() {
            call.arguments = vec![Argument::Path(Program::new(start, steps))];
        }
        return Program::new('$', rest);
    }
    Program::new(start, steps)
}
