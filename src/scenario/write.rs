//! Scenario files written by programs: readable YAML, with comments, that the reader takes back unchanged.
//!
//! ```
//! use rehearsal::scenario::write::{Draft, Entry};
//! use serde_json::json;
//!
//! let mut draft = Draft::new("order.asl.json");
//! draft.mocks.push(Entry::new("Charge", json!({ "payload": { "paid": true } })).note("The bank says yes."));
//! draft.scenarios.push(vec![
//!     Entry::new("name", json!("it works")),
//!     Entry::new("expect", json!({ "status": "SUCCEEDED" })),
//! ]);
//! assert_eq!(draft.to_yaml(), "\
//! machine: order.asl.json
//!
//! mocks:
//!   ## The bank says yes.
//!   Charge: { payload: { paid: true } }
//!
//! scenarios:
//!   - name: it works
//!     expect: { status: SUCCEEDED }
//! ");
//! ```

use std::fmt::Write as _;

use crate::value::Value;

/// How many columns a line takes before a value goes over several lines.
const WIDTH: usize = 110;

/// A scenario file that is not written yet.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Comments at the top, a line each.
    pub about: Vec<String>,
    /// What comes before the mocks: the machine, where the clock starts, …
    pub head: Vec<Entry>,
    /// The mocks of all scenarios.
    pub mocks: Vec<Entry>,
    /// The scenarios, each with its words.
    pub scenarios: Vec<Vec<Entry>>,
}

/// A word and what it takes.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The word.
    pub key: String,
    /// What it takes.
    pub value: Part,
    /// Comments above it, a line each.
    pub notes: Vec<String>,
}

/// What a word takes.
#[derive(Clone, Debug)]
pub enum Part {
    /// A value, written in one line where it fits.
    Value(Value),
    /// Words of its own, each on its own line.
    Words(Vec<Entry>),
}

impl Entry {
    /// A word with a value.
    pub fn new(key: impl Into<String>, value: impl Into<Value>) -> Entry {
        Entry { key: key.into(), value: Part::Value(value.into()), notes: Vec::new() }
    }
    /// A word with words of its own.
    pub fn words(key: impl Into<String>, words: Vec<Entry>) -> Entry {
        Entry { key: key.into(), value: Part::Words(words), notes: Vec::new() }
    }
    /// The same with a comment above it; a text of several lines is a comment of as many.
    #[must_use]
    pub fn note(mut self, text: impl AsRef<str>) -> Entry {
        self.notes.extend(text.as_ref().lines().map(str::to_owned));
        self
    }
}

impl Draft {
    /// A draft for a machine.
    pub fn new(machine: impl Into<String>) -> Draft {
        Draft { head: vec![Entry::new("machine", Value::from(machine.into()))], ..Draft::default() }
    }

    /// The file's text.
    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        comments(&mut out, &self.about, 0);
        for entry in &self.head {
            word(&mut out, entry, 0);
        }
        if !self.mocks.is_empty() {
            out.push_str("\nmocks:\n");
            self.mocks.iter().for_each(|entry| word(&mut out, entry, 2));
        }
        out.push_str("\nscenarios:\n");
        for (i, scenario) in self.scenarios.iter().enumerate() {
            if i > 0 {
                out.push('\n');
            }
            let mut text = String::new();
            let mut first = scenario.iter();
            if let Some(entry) = first.next() {
                comments(&mut out, &entry.notes, 2);
                word(&mut text, &Entry { notes: Vec::new(), ..entry.clone() }, 4);
            }
            first.for_each(|entry| word(&mut text, entry, 4));
            // The dash takes the place of the first two blanks.
            let _ = write!(out, "  - {}", text.trim_start());
        }
        out
    }
}

/// The text of a file of mocks, which scenario files `use`.
pub fn mocks(about: &[String], mocks: &[Entry]) -> String {
    let mut out = String::new();
    comments(&mut out, about, 0);
    out.push_str("mocks:\n");
    mocks.iter().for_each(|entry| word(&mut out, entry, 2));
    out
}

fn comments(out: &mut String, lines: &[String], indent: usize) {
    for line in lines {
        let clean: String = line.chars().map(|c| if breaks_a_line(c) { ' ' } else { c }).collect();
        let _ = writeln!(out, "{:indent$}{}", "", format!("# {clean}").trim_end());
    }
}

fn word(out: &mut String, entry: &Entry, indent: usize) {
    comments(out, &entry.notes, indent);
    let key = self::key(&entry.key);
    match &entry.value {
        Part::Words(words) if words.is_empty() => {
            let _ = writeln!(out, "{:indent$}{key}: {{}}", "");
        }
        Part::Words(words) => {
            let _ = writeln!(out, "{:indent$}{key}:", "");
            words.iter().for_each(|entry| word(out, entry, indent + 2));
        }
        Part::Value(value) => member(out, &key, value, indent),
    }
}

/// A member of an object: on its line if it fits, else below it.
fn member(out: &mut String, key: &str, value: &Value, indent: usize) {
    let room = WIDTH.saturating_sub(indent + key.chars().count() + 2);
    let _ = write!(out, "{:indent$}{key}:", "");
    match flow(value, room) {
        Some(text) => {
            let _ = writeln!(out, " {text}");
        }
        None => {
            out.push('\n');
            block(out, value, indent + 2);
        }
    }
}

/// An array or object that does not fit into a line.
fn block(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| member(out, &self::key(key), value, indent)),
        Value::Array(items) => {
            for item in items.iter() {
                match flow(item, WIDTH.saturating_sub(indent + 2)) {
                    Some(text) => {
                        let _ = writeln!(out, "{:indent$}- {text}", "");
                    }
                    None => {
                        let mut inner = String::new();
                        block(&mut inner, item, indent + 2);
                        let _ = write!(out, "{:indent$}- {}", "", inner.trim_start());
                    }
                }
            }
        }
        _ => {}
    }
}

/// The value on one line, where that has at most so many columns; scalars and what is empty always are.
fn flow(value: &Value, room: usize) -> Option<String> {
    let mut out = String::new();
    let is_short = flow_into(&mut out, value, room);
    let is_scalar = match value {
        Value::Object(o) => o.is_empty(),
        Value::Array(a) => a.is_empty(),
        _ => true,
    };
    (is_scalar || is_short && out.chars().count() <= room).then_some(out)
}

/// Writes as much as there is room for; whether all of it was written.
fn flow_into(out: &mut String, value: &Value, room: usize) -> bool {
    match value {
        Value::Object(o) if o.is_empty() => out.push_str("{}"),
        Value::Array(a) if a.is_empty() => out.push_str("[]"),
        Value::Object(o) => {
            out.push_str("{ ");
            for (i, (key, value)) in o.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                let _ = write!(out, "{}: ", self::key(key));
                if !flow_into(out, value, room) || out.len() > 4 * room {
                    return false;
                }
            }
            out.push_str(" }");
        }
        Value::Array(a) => {
            out.push('[');
            for (i, value) in a.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                if !flow_into(out, value, room) || out.len() > 4 * room {
                    return false;
                }
            }
            out.push(']');
        }
        Value::String(s) => out.push_str(&text(s)),
        other => {
            let _ = write!(out, "{other}");
        }
    }
    true
}

/// A text as a key. The one word of faults that was a truth before YAML 1.2 is written as everybody writes it.
fn key(name: &str) -> String {
    if name == "on" { name.to_owned() } else { text(name) }
}

/// A text as a key or a value: plain where it means itself, else in double quotes.
fn text(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | ' ' | ':' | '$' | '+');
    let Some(first) = text.chars().next() else { return false };
    // A number has digits and at most the letters of exponents and radices; `800ms` and `2024-01-01T00:00:00Z` have
    // others.
    let tells_no_number = text.chars().any(|c| c.is_ascii_alphabetic() && !"abcdefxoABCDEFXO".contains(c));
    let is_infinite = matches!(text.to_ascii_lowercase().as_str(), ".inf" | ".nan");
    let begins = first.is_ascii_alphabetic()
        || first == '$'
        || tells_no_number && !is_infinite && (first.is_ascii_digit() || first == '.');
    let ends = !text.ends_with([' ', ':']) && !text.contains(": ");
    let is_a_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    begins
        && ends
        && text.len() <= 200
        && !is_a_word.iter().any(|word| word.eq_ignore_ascii_case(text))
        && text.chars().all(inner)
}

/// JSON's quotes are YAML's, apart from what YAML wants escaped.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    if !json.chars().any(breaks_a_line) {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match u32::from(c) {
            code if breaks_a_line(c) => {
                let _ = write!(out, "\\u{code:04x}");
            }
            _ => out.push(c),
        }
    }
    out
}

/// Characters that end a line, are none, or may not stand in a YAML file.
fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::source::{Format, Source, parse};

    fn read(text: &str) -> Value {
        let source = Arc::new(Source::new("x.rehearsal.yaml", text));
        parse(&source, Format::Yaml).unwrap_or_else(|e| panic!("{e}\n{text}")).to_value()
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let word = prop_oneof![
            "[a-zA-Z0-9 _:./#{}\\[\\],&*!|>'\"%@`~?=<-]{0,12}",
            any::<String>(),
            Just("...".to_owned()),
            Just("1e5".to_owned()),
            Just("0x1f".to_owned()),
            Just("null".to_owned()),
            Just("a".repeat(300)),
            Just("Charge x4".to_owned()),
        ];
        let number = prop_oneof![any::<i64>().prop_map(|n| json!(n)), (-1e9..1e9).prop_map(|f: f64| json!(f))];
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(|b| json!(b)),
            number,
            word.clone().prop_map(|s| json!(s)),
        ];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::Array),
                prop::collection::vec((word.clone(), inner), 0..6)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(a in value(), b in value(), note in any::<String>()) {
            let mut draft = Draft::new("order.asl.json#A: b");
            draft.about.push(note.clone());
            draft.mocks.push(Entry::new("Map/Work: 1", a.clone()).note(&note));
            draft.scenarios.push(vec![Entry::new("name", json!("x")).note(&note), Entry::new("input", b.clone())]);
            draft.scenarios.push(vec![Entry::new("input", a.clone()), Entry::words("expect", vec![
                Entry::new("output", b.clone()).note(note),
            ])]);
            let want = json!({
                "machine": "order.asl.json#A: b",
                "mocks": { "Map/Work: 1": a },
                "scenarios": [{ "name": "x", "input": b }, { "input": a, "expect": { "output": b } }],
            });
            let back = read(&draft.to_yaml());
            prop_assert_eq!(back.to_json(), want);
        }
    }

    #[test]
    fn long_values_go_over_several_lines_and_short_ones_do_not() {
        let long = "a long text that is here to take room, and takes it";
        let mut draft = Draft::new("m.json");
        draft.scenarios.push(vec![
            Entry::new("name", json!("x")),
            Entry::words(
                "mocks",
                vec![Entry::new(
                    "Work",
                    json!([{ "fail": "Busy", "times": 3 }, { "return": { "a": long, "b": { "c": long, "d": [[1, 2], [long, long, long]] } } }]),
                )],
            ),
        ]);
        let want = format!(
            "\
machine: m.json

scenarios:
  - name: x
    mocks:
      Work:
        - {{ fail: Busy, times: 3 }}
        - return:
            a: \"{long}\"
            b:
              c: \"{long}\"
              d:
                - [1, 2]
                - - \"{long}\"
                  - \"{long}\"
                  - \"{long}\"
"
        );
        assert_eq!(draft.to_yaml(), want);
    }
}
