//! Reading a call.

use super::table::{Function, functions};
use super::{Argument, Call};
use crate::expr::error::did_you_mean;
use crate::expr::jsonpath::PathSyntaxError;
use crate::expr::query_path::QueryPath;
use crate::value::Value;

/// How many calls may be inside each other.
const MAX_DEPTH: usize = 10;

/// Reads text that is one call and nothing else.
pub(super) fn parse(text: &str) -> Result<Call, PathSyntaxError> {
    // Nothing may stand before the call, not even a blank.
    let mut parser = Parser { text, at: 0 };
    let call = parser.call(1)?;
    parser.skip_blanks();
    if parser.rest().is_empty() { Ok(call) } else { parser.refuse("there is something after the call") }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }
    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }
    fn refuse<T>(&self, message: impl Into<String>) -> Result<T, PathSyntaxError> {
        refuse_at(self.at, message)
    }
    /// Takes the characters up to the first that is not wanted.
    fn take_while(&mut self, is_wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.find(|c| !is_wanted(c)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }
    fn skip_blanks(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t' | '\r' | '\n'));
    }
    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn call(&mut self, depth: usize) -> Result<Call, PathSyntaxError> {
        let start = self.at;
        let name = self.take_while(|c| c.is_alphanumeric() || c == '.' || c == '_');
        self.finish_call(name, start, depth)
    }
    /// Reads what follows the name of a function.
    fn finish_call(&mut self, name: &str, start: usize, depth: usize) -> Result<Call, PathSyntaxError> {
        if name.is_empty() {
            return refuse_at(start, "there should be an intrinsic function such as `States.Format(…)`");
        }
        let Some(function) = functions().iter().find(|f| f.name == name) else {
            let names = functions().iter().map(|f| f.name);
            return refuse_at(start, format!("there is no function `{name}`{}", did_you_mean(name, names)));
        };
        if depth > MAX_DEPTH {
            return refuse_at(start, format!("more than {MAX_DEPTH} functions are inside each other"));
        }
        self.skip_blanks();
        if !self.take('(') {
            return self.refuse(format!("there should be a `(` after `{name}`"));
        }
        let arguments = self.arguments(function, depth)?;
        let (min, max) = (function.min_arguments, function.max_arguments);
        if (min..=max).contains(&arguments.len()) {
            return Ok(Call { function, arguments });
        }
        let wanted = match (min, max) {
            (0, 0) => "no arguments".into(),
            (1, 1) => "1 argument".into(),
            (min, max) if min == max => format!("{min} arguments"),
            (1, usize::MAX) => "at least 1 argument".into(),
            (min, max) => format!("{min} to {max} arguments"),
        };
        refuse_at(start, format!("`{name}` takes {wanted}, but there are {}: {}", arguments.len(), function.signature))
    }
    fn arguments(&mut self, function: &Function, depth: usize) -> Result<Vec<Argument>, PathSyntaxError> {
        let mut arguments = Vec::new();
        self.skip_blanks();
        if self.take(')') {
            return Ok(arguments);
        }
        loop {
            self.skip_blanks();
            let is_template = function.name == "States.Format" && arguments.is_empty();
            arguments.push(self.argument(is_template, depth)?);
            self.skip_blanks();
            if self.take(')') {
                return Ok(arguments);
            }
            if !self.take(',') {
                return self.refuse("there should be a `,` or a `)` here");
            }
        }
    }
    fn argument(&mut self, is_template: bool, depth: usize) -> Result<Argument, PathSyntaxError> {
        let start = self.at;
        match self.peek() {
            Some('\'') => self.string(is_template).map(|text| Argument::Literal(text.into())),
            Some('$') => self.path().map(Argument::Path),
            Some('-' | '0'..='9') => self.number().map(Argument::Literal),
            Some(c) if c.is_alphabetic() => {
                let word = self.take_while(|c| c.is_alphanumeric() || c == '.' || c == '_');
                match word {
                    "true" => Ok(Argument::Literal(true.into())),
                    "false" => Ok(Argument::Literal(false.into())),
                    "null" => Ok(Argument::Literal(Value::Null)),
                    name => self.finish_call(name, start, depth + 1).map(Argument::Call),
                }
            }
            Some('"') => self.refuse("a string stands in single quotes here: 'like this'"),
            Some(_) => self.refuse("there should be a string, a number, true, false, null, a path or a function here"),
            None => self.refuse("the call is not closed: there should be a `)`"),
        }
    }
    fn number(&mut self) -> Result<Value, PathSyntaxError> {
        let start = self.at;
        let digits = self.take_while(|c| matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
        Value::parse(digits).or_else(|_| refuse_at(start, format!("`{digits}` is not a number")))
    }
    /// Reads a string. Of a template the escapes stay that tell a brace from a placeholder.
    fn string(&mut self, is_template: bool) -> Result<String, PathSyntaxError> {
        let start = self.at;
        self.take('\'');
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|c| c != '\'' && c != '\\'));
            if self.take('\'') {
                return Ok(text);
            }
            let escape = self.at;
            if !self.take('\\') {
                return refuse_at(start, "this string is not closed");
            }
            match self.peek() {
                Some(c @ ('\'' | '{' | '}' | '\\')) => {
                    self.take(c);
                    if is_template && c != '\'' {
                        text.push('\\');
                    }
                    text.push(c);
                }
                Some(c) => {
                    let why = r"only \', \{, \} and \\ are escapes; write a lone backslash as \\";
                    return refuse_at(escape, format!(r"`\{c}` is not an escape: {why}"));
                }
                None => return refuse_at(start, "this string is not closed"),
            }
        }
    }
    /// Reads a path, which ends at the comma or parenthesis that belongs to the call.
    fn path(&mut self) -> Result<QueryPath, PathSyntaxError> {
        let start = self.at;
        let (mut open, mut quote, mut is_escaped) = (0usize, None, false);
        let is_end = |c: char| {
            match (quote, c) {
                _ if is_escaped => is_escaped = false,
                (Some(_), '\\') => is_escaped = true,
                (Some(q), _) if q == c => quote = None,
                (Some(_), _) => {}
                // Quotes mean something inside brackets and parentheses only.
                (None, '\'' | '"') if open > 0 => quote = Some(c),
                (None, '[' | '(') => open += 1,
                (None, ']' | ')') if open > 0 => open -= 1,
                (None, ',' | ')') => return open == 0,
                (None, _) => {}
            }
            false
        };
        let rest = self.rest();
        let len = rest.find(is_end).unwrap_or(rest.len());
        let path = rest.get(..len).unwrap_or_default();
        self.at += len;
        QueryPath::parse(path.trim_end()).map_err(|e| PathSyntaxError { at: start + e.at, ..e })
    }
}

fn refuse_at<T>(at: usize, message: impl Into<String>) -> Result<T, PathSyntaxError> {
    Err(PathSyntaxError { message: message.into(), at })
}
