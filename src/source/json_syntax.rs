//! Says what is wrong with a text that is not JSON, and what to write instead. serde_json knows where it stopped; this
//! looks at the text around that place for the slip people usually make there.

use std::sync::Arc;

use serde_json::error::Category;

use super::{Source, Span, too_deep};
use crate::diagnostic::{AwsMessage, Diagnostic};

/// Turns serde_json's refusal into a finding at the right place.
pub(super) fn explain(source: &Arc<Source>, error: &serde_json::Error) -> Diagnostic {
    let text = source.text();
    let said = error.to_string();
    if said.starts_with("recursion limit exceeded") {
        return too_deep(source, nth_opening(text, super::MAX_DEPTH).unwrap_or(0));
    }
    if error.classify() == Category::Eof {
        return unfinished(source);
    }
    // serde_json counts lines from 1 and columns in bytes, the column being that of the byte it did not like; a line
    // break counts as column 0 of the line it begins.
    let at = source.floor((source.line_start(error.line()) + error.column()).saturating_sub(1));
    let context = Context { source, text, at, said: &said };
    for slip in SLIPS {
        if let Some(found) = slip(&context) {
            return found;
        }
    }
    let what = said.split(" at line ").next().unwrap_or(&said);
    context.finding(context.token(), format!("this is not JSON: {what}"), "here")
}

/// Where the judge stopped and what it said there.
struct Context<'a> {
    source: &'a Arc<Source>,
    text: &'a str,
    at: usize,
    said: &'a str,
}

/// The slips worth their own words, the more telling ones first.
const SLIPS: &[fn(&Context<'_>) -> Option<Diagnostic>] = &[
    comment,
    control_character,
    bad_escape,
    trailing_comma,
    single_quotes,
    placeholder,
    bad_number,
    wrong_bracket,
    missing_colon,
    missing_comma,
    unquoted_key,
    unknown_word,
    text_after_the_end,
    missing_value,
];

impl<'a> Context<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn before(&self) -> &'a str {
        self.text.get(..self.at).unwrap_or_default().trim_end()
    }

    fn says(&self, part: &str) -> bool {
        self.said.contains(part)
    }

    /// The word, number or single character at the place.
    fn token(&self) -> Span {
        let word = |c: char| c.is_alphanumeric() || "_$.+-".contains(c);
        // A number is refused at the character that spoils it; its beginning is to the left.
        let start = self.text.get(..self.at).map_or(self.at, |b| b.trim_end_matches(word).len());
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
        if length == 0 {
            let one = self.rest().chars().next().map_or(0, char::len_utf8);
            return Span::new(self.at, self.at + one);
        }
        Span::new(start, start + length)
    }

    fn finding(&self, span: Span, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic::error("syntax", message).at(self.source, span, label)
    }
}

fn comment(c: &Context<'_>) -> Option<Diagnostic> {
    let start = ["//", "/*", "#"].iter().find(|s| c.rest().starts_with(**s))?;
    let span = Span::new(c.at, c.at + start.len());
    let help = "write it as a `Comment` field, which every state may have, or keep the definition in a .yaml file";
    Some(c.finding(span, "JSON has no comments, and the service refuses them", "a comment begins here").help(help))
}

fn control_character(c: &Context<'_>) -> Option<Diagnostic> {
    c.says("control character").then_some(())?;
    let (name, escape) = match c.rest().chars().next()? {
        '\n' | '\r' => ("a line break", "\\n".to_owned()),
        '\t' => ("a tab", "\\t".to_owned()),
        '\0' => ("a NUL byte", "\\u0000".to_owned()),
        other => ("a control character", format!("\\u{:04x}", u32::from(other))),
    };
    let found = c.finding(Span::new(c.at, c.at + 1), format!("{name} stands raw in a string"), "here");
    Some(found.help(format!("write `{escape}`, or close the string with `\"` before it")))
}

fn bad_escape(c: &Context<'_>) -> Option<Diagnostic> {
    let message = ["escape", "surrogate"].iter().any(|w| c.says(w)).then_some("the escape is not one JSON knows")?;
    let slash = c.text.get(..=c.at).and_then(|t| t.rfind('\\')).unwrap_or(c.at);
    let end = c.source.floor(c.at) + c.rest().chars().next().map_or(0, char::len_utf8);
    let found = c.finding(Span::new(slash, end), message, "this one");
    Some(found.help("JSON knows \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX; a backslash itself is written `\\\\`"))
}

fn trailing_comma(c: &Context<'_>) -> Option<Diagnostic> {
    let close = c.rest().chars().next().filter(|b| matches!(b, '}' | ']'))?;
    let before = c.before();
    before.ends_with(',').then_some(())?;
    let comma = before.len() - 1;
    let found = c.finding(Span::new(comma, comma + 1), format!("a comma stands before `{close}`"), "remove this comma");
    Some(found.help("JSON allows commas only between two entries"))
}

fn single_quotes(c: &Context<'_>) -> Option<Diagnostic> {
    let quoted = c.rest().strip_prefix('\'')?;
    let length = quoted.find(['\'', '\n']).unwrap_or(0);
    let inner = quoted.get(..length).unwrap_or_default();
    let found = c.finding(Span::new(c.at, c.at + length + 2), "a string stands in single quotes", "not JSON");
    Some(found.help(format!("write \"{inner}\"")))
}

fn placeholder(c: &Context<'_>) -> Option<Diagnostic> {
    c.rest().starts_with("${").then_some(())?;
    let length = c.rest().find(['}', '\n']).map_or(2, |at| at + 1);
    let name = c.rest().get(..length).unwrap_or_default().to_owned();
    let message = format!("the placeholder `{name}` has no value");
    let found = Diagnostic::error("placeholder", message).at(c.source, Span::new(c.at, c.at + length), "no value yet");
    Some(found.help("give it a value (the template's DefinitionSubstitutions) before the definition is read"))
}

fn bad_number(c: &Context<'_>) -> Option<Diagnostic> {
    if c.says("number out of range") {
        return Some(c.finding(c.token(), "the number is too large for JSON tools to hold", "beyond 1.8e308"));
    }
    let span = c.token();
    let written = c.text.get(span.range())?;
    let digits = written.trim_start_matches(['+', '-', '.']);
    let numeric = digits.starts_with(|d: char| d.is_ascii_digit());
    let spoilt = (span.start as usize) < c.at && c.at < span.end as usize;
    (c.says("invalid number") || numeric && (spoilt || c.says("expected value"))).then_some(())?;
    let help = match written.trim_start_matches(['+', '-']) {
        w if w.starts_with("0x") => "JSON knows decimal numbers only".to_owned(),
        w if w.starts_with('.') => format!("write 0{w}"),
        w if w.ends_with('.') => format!("write {w}0"),
        w if w.starts_with('0') && w.trim_start_matches('0').starts_with(|d: char| d.is_ascii_digit()) => {
            format!("a number has no leading zeros: write {}, or \"{w}\" if it is a name", w.trim_start_matches('0'))
        }
        w if written.starts_with('+') => format!("write {w}"),
        _ => format!("write it as a string: \"{written}\""),
    };
    Some(c.finding(span, format!("`{written}` is not a number in JSON"), "here").help(help))
}

fn wrong_bracket(c: &Context<'_>) -> Option<Diagnostic> {
    let found = c.rest().chars().next().filter(|b| matches!(b, '}' | ']'))?;
    let (open_at, open) = *openings(c.text.get(..c.at)?).open.last()?;
    let want = if open == b'{' { '}' } else { ']' };
    (found != want).then_some(())?;
    let message = format!("`{found}` stands where `{want}` is needed");
    let label = format!("this should be `{want}`");
    Some(
        c.finding(Span::new(c.at, c.at + 1), message, label).also(Span::new(open_at, open_at + 1), "to close this one"),
    )
}

fn missing_colon(c: &Context<'_>) -> Option<Diagnostic> {
    c.says("expected `:`").then_some(())?;
    let end = c.before().len();
    let found = c.finding(Span::new(end, end), "a colon is missing after the key", "expected `:` here");
    Some(found.help("every entry of an object is `\"key\": value`"))
}

fn missing_comma(c: &Context<'_>) -> Option<Diagnostic> {
    (c.says("expected `,` or `}`") || c.says("expected `,` or `]`")).then_some(())?;
    let next = c.rest().chars().next()?;
    (next == '"' || next == '{' || next == '[' || next.is_alphanumeric() || next == '-').then_some(())?;
    let end = c.before().len();
    // A quotation mark inside a string ends it early; then what follows stands right behind it, without a blank.
    if end == c.at && c.before().ends_with('"') {
        let found = c.finding(Span::new(end - 1, end), "the string ends here, and more text follows", "it ends here");
        return Some(found.help("a quotation mark inside a string is written `\\\"`"));
    }
    let found = c.finding(Span::new(end, end), "a comma is missing between two entries", "expected `,` here");
    Some(found.also(c.token(), "before this one"))
}

fn unquoted_key(c: &Context<'_>) -> Option<Diagnostic> {
    c.says("key must be a string").then_some(())?;
    let span = c.token();
    let key = c.text.get(span.range())?;
    let found = c.finding(span, "a key stands without quotation marks", "not JSON");
    Some(if key.starts_with(char::is_alphanumeric) { found.help(format!("write \"{key}\"")) } else { found })
}

fn unknown_word(c: &Context<'_>) -> Option<Diagnostic> {
    (c.says("expected value") || c.says("expected ident")).then_some(())?;
    let rest = c.text.get(c.token().start as usize..)?;
    // The service's reader takes in the whole identifier before it complains.
    let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '$').collect();
    (!word.is_empty()).then_some(())?;
    let start = c.token().start as usize;
    let span = Span::new(start, start + word.len());
    let right = match word.to_ascii_lowercase().as_str() {
        "true" => "true".to_owned(),
        "false" => "false".to_owned(),
        "none" | "null" | "nil" | "undefined" => "null".to_owned(),
        "nan" | "infinity" | "inf" => "null, since JSON has no such number".to_owned(),
        _ => format!("\"{word}\" if it is a string"),
    };
    let (line, column) = c.source.line_col(span.end as usize);
    let location = format!("[Source: (String){}; line: {line}, column: {column}]", service_excerpt(c.text));
    let aws = AwsMessage {
        code: "INVALID_JSON_DESCRIPTION".to_owned(),
        message: format!(
            "Unrecognized token '{word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or \
             'false')\n at {location}"
        ),
        location,
    };
    let found = c.finding(span, format!("`{word}` is not a JSON value"), "expected a value here");
    Some(found.help(format!("write {right}")).aws(aws))
}

/// The text as the service quotes it in its own syntax errors: its first 500 characters.
fn service_excerpt(text: &str) -> String {
    let total = text.chars().count();
    if total <= 500 {
        return format!("\"{text}\"");
    }
    let head: String = text.chars().take(500).collect();
    format!("\"{head}\"[truncated {} chars]", total - 500)
}

fn text_after_the_end(c: &Context<'_>) -> Option<Diagnostic> {
    c.says("trailing characters").then_some(())?;
    let end = c.before().len();
    let message = "more text follows after the end of the document";
    let found = c.finding(c.token(), message, "this is too much");
    Some(found.also(Span::new(end.saturating_sub(1), end), "the document ends here"))
}

fn missing_value(c: &Context<'_>) -> Option<Diagnostic> {
    c.says("expected value").then_some(())?;
    let next = c.rest().chars().next()?;
    let message = match c.before().chars().next_back() {
        Some(':') => "a value is missing after the colon".to_owned(),
        Some(',' | '[') if next == ',' => "a comma stands where a value is needed".to_owned(),
        _ => format!("`{}` stands where a value is needed", next.escape_debug()),
    };
    Some(c.finding(c.token(), message, "expected a value here"))
}

/// The brackets of a text that are not closed at its end, and the string that is not.
struct Openings {
    open: Vec<(usize, u8)>,
    string: Option<usize>,
}

fn openings(text: &str) -> Openings {
    let mut found = Openings { open: Vec::new(), string: None };
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match (found.string, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(_), b'"') => found.string = None,
            (None, b'"') => found.string = Some(at),
            (None, b'{' | b'[') => found.open.push((at, byte)),
            (None, b'}' | b']') => drop(found.open.pop()),
            _ => {}
        }
    }
    found
}

/// The offset of the first bracket that opens level `depth + 1`.
fn nth_opening(text: &str, depth: usize) -> Option<usize> {
    let (mut level, mut string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if string => escaped = true,
            b'"' => string = !string,
            _ if string => {}
            b'{' | b'[' if level == depth => return Some(at),
            b'{' | b'[' => level += 1,
            b'}' | b']' => level = level.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// The text ends too early: names what is still open, the innermost first.
fn unfinished(source: &Arc<Source>) -> Diagnostic {
    let text = source.text();
    let end = text.trim_end().len();
    let found = openings(text);
    let last = Span::new(source.floor(end.saturating_sub(1)), end);
    if let Some(start) = found.string {
        let line_end = text.get(start..).and_then(|t| t.find('\n')).map_or(end, |n| start + n);
        return Diagnostic::error("syntax", "a string is not closed")
            .at(source, Span::new(start, line_end), "it begins here, and the text ends inside it")
            .help("close it with `\"`");
    }
    let Some((at, open)) = found.open.last().copied() else {
        return Diagnostic::error("syntax", "the text ends where a value is needed").at(source, last, "it ends here");
    };
    let close = if open == b'{' { '}' } else { ']' };
    let missing: String = found.open.iter().rev().map(|(_, o)| if *o == b'{' { '}' } else { ']' }).collect();
    let (line, _) = source.line_col(at);
    let diagnostic = Diagnostic::error("syntax", format!("the `{}` of line {line} is not closed", char::from(open)))
        .at(source, last, format!("the text ends here, without `{close}`"))
        .also(Span::new(at, at + 1), "opened here");
    if missing.len() <= 8 { diagnostic.help(format!("the end should read `{missing}`")) } else { diagnostic }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, parse};
    use super::*;

    fn one(text: &str) -> Diagnostic {
        let mut found = parse(&Arc::new(Source::new("x.json", text)), Format::Json).unwrap_err().into_vec();
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    #[test]
    fn usual_slips_are_named_at_their_place_with_what_to_write() {
        let table = [
            ("{\n  \"a\": 1,\n}", "2:9", "a comma stands before `}`", "JSON allows commas only between two entries"),
            ("[1, 2,]", "1:6", "a comma stands before `]`", "JSON allows commas only between two entries"),
            ("{\n // why\n \"a\": 1}", "2:2", "JSON has no comments, and the service refuses them", "write it as"),
            ("{\"a\": 1 /* x */}", "1:9", "JSON has no comments, and the service refuses them", "write it as"),
            ("{'a': 1}", "1:2", "a string stands in single quotes", "write \"a\""),
            ("{\"a\": 'b c'}", "1:7", "a string stands in single quotes", "write \"b c\""),
            ("{\"a\": 1\n \"b\": 2}", "1:8", "a comma is missing between two entries", ""),
            ("[{} {}]", "1:4", "a comma is missing between two entries", ""),
            (
                "{\"a\": \"x \"y\" z\"}",
                "1:10",
                "the string ends here, and more text follows",
                "a quotation mark inside",
            ),
            ("{a: 1}", "1:2", "a key stands without quotation marks", "write \"a\""),
            ("{\"a\" 1}", "1:5", "a colon is missing after the key", "every entry"),
            ("{\"a\": True}", "1:7", "`True` is not a JSON value", "write true"),
            ("{\"a\": None}", "1:7", "`None` is not a JSON value", "write null"),
            ("{\"a\": nul}", "1:7", "`nul` is not a JSON value", "write \"nul\""),
            ("{\"a\": 01}", "1:7", "`01` is not a number in JSON", "a number has no leading zeros: write 1"),
            ("{\"a\": .5}", "1:7", "`.5` is not a number in JSON", "write 0.5"),
            ("{\"a\": 5.}", "1:7", "`5.` is not a number in JSON", "write 5.0"),
            ("{\"a\": +5}", "1:7", "`+5` is not a number in JSON", "write 5"),
            ("{\"a\": 0x1F}", "1:7", "`0x1F` is not a number in JSON", "JSON knows decimal"),
            ("{\"a\": [1, 2}", "1:12", "`}` stands where `]` is needed", ""),
            ("{\"a\": \"x\ty\"}", "1:9", "a tab stands raw in a string", "write `\\t`"),
            ("{\"a\": \"x\ny\"}", "1:9", "a line break stands raw in a string", "write `\\n`"),
            ("{\"a\": \"\0\"}", "1:8", "a NUL byte stands raw in a string", "write `\\u0000`"),
            ("{\"a\": \"\\d\"}", "1:8", "the escape is not one JSON knows", "JSON knows"),
            ("{\"a\": \"\\ud800x\"}", "1:8", "the escape is not one JSON knows", "JSON knows"),
            ("{\"a\": 1} x", "1:10", "more text follows after the end of the document", ""),
            ("{\"a\": 1}}", "1:9", "more text follows after the end of the document", ""),
            ("{\"a\":,}", "1:6", "a value is missing after the colon", ""),
            ("[1,,2]", "1:4", "a comma stands where a value is needed", ""),
            ("{\"a\": {\n\"b\": 1\n", "2:6", "the `{` of line 1 is not closed", "the end should read `}}`"),
            ("{\"a\": \"b", "1:7", "a string is not closed", "close it"),
            ("{\"a\": ", "1:5", "the `{` of line 1 is not closed", "the end should read `}`"),
            ("\0", "1:1", "`\\0` stands where a value is needed", ""),
        ];
        for (text, place, message, help) in table {
            let d = one(text);
            assert_eq!(d.one_line(), format!("x.json:{place}: error[syntax]: {message}"), "{text}");
            assert!(d.help.as_deref().unwrap_or("").starts_with(help), "{text}: {:?}", d.help);
            assert!(!d.to_string().is_empty());
        }
    }

    #[test]
    fn a_bare_placeholder_is_no_slip_but_lacks_its_value() {
        let d = one("{\"a\": ${n}}");
        assert_eq!(d.one_line(), "x.json:1:7: error[placeholder]: the placeholder `${n}` has no value");
    }

    #[test]
    fn an_unknown_word_is_refused_in_the_words_of_the_service() {
        let aws = one("not a definition").aws.unwrap();
        assert_eq!(aws.code, "INVALID_JSON_DESCRIPTION");
        assert_eq!(aws.location, "[Source: (String)\"not a definition\"; line: 1, column: 4]");
        assert!(aws.message.starts_with("Unrecognized token 'not': was expecting (JSON String"), "{}", aws.message);
        assert!(aws.message.ends_with(&format!("\n at {}", aws.location)));
    }

    #[test]
    fn every_prefix_and_every_garbled_byte_gets_a_finding_and_no_panic() {
        let good = "{\"Stärke\": [1, -2.5e3, true, {\"b\\u00e9\": \"x\\n\"}], \"c\": null}";
        for end in 0..good.len() {
            let Some(prefix) = good.get(..end) else { continue };
            let _ = one(if prefix.is_empty() { "{" } else { prefix }).to_string();
        }
        for (at, c) in good.char_indices() {
            for wrong in ["", ",", "'", "é", "\0", "{", "}", "]", "\\", "\"", "/"] {
                let text = format!("{}{wrong}{}", &good[..at], &good[at + c.len_utf8()..]);
                if let Err(found) = parse(&Arc::new(Source::new("x", &text)), Format::Json) {
                    assert!(found.iter().all(|d| !d.to_string().is_empty()));
                }
            }
        }
    }
}
