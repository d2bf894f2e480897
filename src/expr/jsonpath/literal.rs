//! Literals inside a path: quoted names, quoted strings, and the lenient JSON of filters and arguments.

use crate::value::{Map, Value};

use super::MAX_NESTING;

/// Resolves the escapes of a quoted name or string: those of JSON, and `\` before anything else is that thing.
///
/// # Errors
/// `\u` without four hexadecimal digits.
pub(crate) fn unescape(text: &str) -> Result<String, String> {
    if !text.contains('\\') {
        return Ok(text.to_owned());
    }
    // UTF-16 in between lets two `\u` escapes make one character.
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            '\\' => match chars.next() {
                Some('u') => {
                    let hex: String = chars.by_ref().take(4).collect();
                    let unit = if hex.len() == 4 { u16::from_str_radix(&hex, 16).ok() } else { None };
                    units.push(unit.ok_or_else(|| format!("Unable to parse unicode value: {hex}"))?);
                    continue;
                }
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(other) => other,
                None => '\\',
            },
            c => c,
        };
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
    Ok(String::from_utf16_lossy(&units))
}

/// Reads JSON as leniently as filters allow: single quotes, bare words, a comma too many.
///
/// # Errors
/// A sentence about what is wrong.
pub(super) fn lenient_json(text: &str) -> Result<Value, String> {
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.skip_blanks();
    if reader.rest.is_empty() { Ok(value) } else { Err(format!("Unexpected text after a literal: {}", reader.rest)) }
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }
    fn take(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_NESTING {
            return Err(format!("A literal nests more than {MAX_NESTING} levels deep"));
        }
        if self.take('[') {
            self.array(depth)
        } else if self.take('{') {
            self.object(depth)
        } else if let Some(quoted) = self.quoted()? {
            Ok(Value::from(quoted))
        } else {
            self.bare()
        }
    }
    fn array(&mut self, depth: usize) -> Result<Value, String> {
        let mut items = Vec::new();
        loop {
            if self.take(']') {
                return Ok(Value::array(items));
            }
            if self.take(',') {
                continue;
            }
            items.push(self.value(depth + 1)?);
        }
    }
    fn object(&mut self, depth: usize) -> Result<Value, String> {
        let mut members = Map::new();
        loop {
            if self.take('}') {
                return Ok(members.into());
            }
            if self.take(',') {
                continue;
            }
            let name = match self.quoted()? {
                Some(name) => name,
                None => self.word()?.to_owned(),
            };
            if !self.take(':') {
                return Err(format!("Expected ':' after the member name {name} of a literal"));
            }
            members.insert(name, self.value(depth + 1)?);
        }
    }
    /// A string in single or double quotes, if there is one.
    fn quoted(&mut self) -> Result<Option<String>, String> {
        self.skip_blanks();
        let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else { return Ok(None) };
        let body = self.rest.get(1..).unwrap_or_default();
        let Some(end) = unescaped(body, quote) else {
            return Err(format!("String literal does not have matching quotes. Expected {quote}"));
        };
        let (inside, rest) = body.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        unescape(inside).map(Some)
    }
    /// Text up to the next piece of punctuation.
    fn word(&mut self) -> Result<&'t str, String> {
        self.skip_blanks();
        let end = self.rest.find([',', ':', ']', '}', '[', '{']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let word = word.trim_end();
        if word.is_empty() {
            return Err("A literal is not closed or lacks a value".to_owned());
        }
        self.rest = rest;
        Ok(word)
    }
    fn bare(&mut self) -> Result<Value, String> {
        let word = self.word()?;
        let scalar = Value::parse(word).ok().filter(|v| !matches!(v, Value::String(_)));
        Ok(scalar.unwrap_or_else(|| word.into()))
    }
}

/// Where `wanted`, an ASCII character, first stands in `text` without a backslash before it.
pub(super) fn unescaped(text: &str, wanted: char) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == wanted {
            return Some(i);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_json_and_a_backslash_protects_anything_else() {
        for (text, plain) in [
            (r"a\'b", "a'b"),
            (r"\n\t\\", "\n\t\\"),
            (r"\u00e9\ud83d\ude00", "é😀"),
            (r"\x\ü", "xü"),
            ("end\\", "end\\"),
            (r"\ud83d!", "\u{fffd}!"),
        ] {
            assert_eq!(unescape(text).as_deref(), Ok(plain), "{text}");
        }
        assert!(unescape(r"\u12").is_err());
        assert!(unescape(r"\u12é4").is_err());
    }

    #[test]
    fn lenient_json_takes_single_quotes_bare_words_and_spare_commas() {
        for (text, strict) in [
            ("['a', \"b\", 3, 2.50, true, null]", r#"["a","b",3,2.5,true,null]"#),
            ("{a: 'x', 'b c': [1,], }", r#"{"a":"x","b c":[1]}"#),
            ("[hello world]", r#"["hello world"]"#),
            ("[]", "[]"),
            (r"['it\'s']", r#"["it's"]"#),
        ] {
            assert_eq!(lenient_json(text).map(|v| v.to_string()).as_deref(), Ok(strict), "{text}");
        }
        for text in ["[", "['a", "{a}", "{a:}", "[1] x", &"[".repeat(10_000)] {
            assert!(lenient_json(text).is_err(), "{text}");
        }
    }
}
