//! Every recorded answer of Jayway JsonPath, compared with ours: the value, whether the path is definite, the kind of
//! error and, for a path that leads nowhere, the message.

use rehearsal::expr::jsonpath::{JsonPath, PathErrorKind};
use rehearsal::value::Value;

use crate::support::shared;

/// What became of a path, in the form the recordings have.
#[derive(Debug, PartialEq)]
enum Outcome {
    Value(Value),
    Missing(String),
    /// Jayway's class; its message is not ours to repeat.
    Failed(&'static str),
}

fn ours(path: &str, document: &Value) -> (Option<bool>, Outcome) {
    let parsed = match JsonPath::parse(path) {
        Ok(parsed) => parsed,
        Err(_) => return (None, Outcome::Failed("InvalidPathException")),
    };
    let outcome = match parsed.select(document) {
        Ok(value) => Outcome::Value(value),
        Err(e) if e.kind == PathErrorKind::NotFound => Outcome::Missing(e.message),
        Err(_) => Outcome::Failed("JsonPathException"),
    };
    (Some(parsed.is_definite()), outcome)
}

fn recorded(line: &Value) -> (Option<bool>, Outcome) {
    let outcome = match (line.get("ok"), line.get("err").and_then(Value::as_str)) {
        (Some(value), _) => Outcome::Value(value.clone()),
        (None, Some(error)) => match error.split_once(": ").expect("a class and a message") {
            ("PathNotFoundException", message) => Outcome::Missing(message.to_owned()),
            ("InvalidPathException", _) => Outcome::Failed("InvalidPathException"),
            ("JsonPathException", _) => Outcome::Failed("JsonPathException"),
            (other, _) => panic!("an exception this test does not know: {other}"),
        },
        (None, None) => panic!("neither a value nor an error: {line}"),
    };
    (line.get("definite").and_then(Value::as_bool), outcome)
}

#[test]
fn every_path_has_the_answer_that_jayway_gave() {
    let Some(folder) = shared("jsonpath") else { return };
    let lines = std::fs::read_to_string(folder.join("jayway.jsonl")).unwrap();
    let mut differences = Vec::new();
    let mut count = 0;
    for line in lines.lines() {
        let line = Value::parse(line).expect("each line is JSON");
        let path = line.get("path").and_then(Value::as_str).expect("a path");
        let (ours, recorded) = (ours(path, line.get("doc").expect("a document")), recorded(&line));
        count += 1;
        // The order of members matters in a history, though not to equality.
        let as_text = |(definite, outcome): &(Option<bool>, Outcome)| match outcome {
            Outcome::Value(v) => format!("{definite:?} {}", v.to_string().replace(".0", "")),
            other => format!("{definite:?} {other:?}"),
        };
        if ours != recorded || as_text(&ours) != as_text(&recorded) {
            differences.push(format!("{path}\n  Jayway: {recorded:?}\n  we:     {ours:?}"));
        }
    }
    assert!(differences.is_empty(), "{} of {count} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(count >= 125, "only {count} recorded answers");
}
