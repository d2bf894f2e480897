//! Mocks of TestState, as `aws stepfunctions test-state --mock` takes them, as mocks of a state.
//!
//! ```json
//! { "result": "{\"paid\": true}", "fieldValidationMode": "STRICT" }
//! ```

use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::error::{Error, ErrorKind};
use crate::scenario::write::Entry;
use crate::source::words::Reader;
use crate::source::{self, Format, Member, Node, NodeKind, Source};
use crate::value::Value;

/// A mock; a larger file is another file.
const MOST_BYTES: usize = 16 << 20;

const MOCK: [&str; 3] = ["result", "errorOutput", "fieldValidationMode"];
const ERROR: [&str; 2] = ["error", "cause"];

/// The file of mocks that stands for a mock of TestState, or for the mock in a request to it; nothing for a file that
/// is neither. `state` says which state it answers, where the file does not.
///
/// # Errors
/// A file that cannot be read, a mock with mistakes, a mock of no known state.
pub fn read(path: &Path, state: Option<&str>) -> Result<Option<String>, Error> {
    let bytes = super::bytes(path, MOST_BYTES)?;
    let source = Arc::new(Source::from_bytes(path.to_string_lossy(), &bytes, MOST_BYTES)?);
    let format = Format::of_name(source.name()).unwrap_or(Format::Json);
    // What is no JSON is told by whoever reads it next.
    let Ok(root) = source::parse(&source, format) else { return Ok(None) };
    let (mock, named) = match root.get("mock") {
        Some(mock) => (mock, root.get("stateName").and_then(Node::as_str).map(|name| name.to_string())),
        None if root.members().iter().any(|m| MOCK.contains(&&*m.key)) => (&root, None),
        None => return Ok(None),
    };
    let mut reader = Reader::new(&source);
    let reply = reply(&mut reader, mock);
    let mut found = Diagnostics::from(reader.found);
    found.sort();
    if found.has_errors() {
        return Err(found.into());
    }
    let Some(state) = state.map(str::to_owned).or(named) else {
        let what = format!("import `{}`: say which state the mock answers by `--state NAME`", path.display());
        return Err(Error::new(ErrorKind::Usage, what));
    };
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mocks = [Entry::new(state, reply)];
    let about = format!("Made of {file} by `rehearsal import`.");
    Ok(Some(crate::scenario::write::mocks(&[about], &mocks)))
}

/// The reply of a mock.
fn reply(reader: &mut Reader<'_>, mock: &Node) -> Value {
    if !matches!(mock.kind, NodeKind::Object(_)) {
        let finding = reader.error("wrong-type", "a mock is an object", mock, "something else");
        reader.push(finding.help("write `{ \"result\": \"{}\" }`"));
        return Value::Null;
    }
    for member in mock.members() {
        reader.knows(member, &MOCK, "a mock of TestState");
    }
    match (mock.member("result"), mock.member("errorOutput")) {
        (Some(result), Some(error)) => {
            let finding = Diagnostic::error("wrong-value", "a mock has a result or an error, not both");
            reader.push(finding.at(reader.source, error.key_span, "and this").also(result.key_span, "this"));
            Value::Null
        }
        (Some(result), None) => Value::object([("return", parsed(reader, result))]),
        (None, Some(error)) => failure(reader, error),
        (None, None) => {
            let finding = reader.error("missing-field", "the mock has neither a result nor an error", mock, "nothing");
            reader.push(finding.help("add `\"result\": \"{}\"` or `\"errorOutput\": { \"error\": \"…\" }`"));
            Value::Null
        }
    }
}

/// `result` is a text that holds JSON.
fn parsed(reader: &mut Reader<'_>, member: &Member) -> Value {
    let Some(text) = reader.text(member) else { return Value::Null };
    match Value::parse(&text) {
        Ok(value) => value,
        Err(e) => {
            let finding = reader.error("syntax", format!("the result is no JSON: {e}"), &member.value, "no JSON");
            reader.push(finding.help("`result` is a string that holds JSON: \"{\\\"paid\\\": true}\""));
            Value::Null
        }
    }
}

fn failure(reader: &mut Reader<'_>, member: &Member) -> Value {
    let mut words: Vec<(&str, Value)> = vec![("fail", Value::Null)];
    for word in reader.members(member) {
        if !reader.knows(word, &ERROR, "`errorOutput`") {
            continue;
        }
        let Some(text) = reader.text(word) else { continue };
        match &*word.key {
            "error" => words[0].1 = Value::from(text),
            _ => words.push(("cause", Value::from(text))),
        }
    }
    Value::object(words)
}
