//! Mocks and faults as people write them in files.
//!
//! ```yaml
//! mocks:
//!   Charge:
//!     - { fail: Lambda.TooManyRequestsException, times: 3 }
//!     - { return: { StatusCode: 200, Payload: { paid: true } }, takes: 800ms }
//!   Map/Work: { fail: BadItem, item: 1 }
//! faults:
//!   - { on: Save, throttle: true, every: true }
//! ```
//!
//! A file may also be the block of mocks itself, without `mocks:` around it.

use std::sync::Arc;

use super::fault::{Fault, FaultKind};
use super::matcher::Matcher;
use super::mock::Mock;
use super::reply::Reply;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::source::words::{Reader, list, with_article};
use crate::source::{self, Member, Node, NodeKind, Source, Span};
use crate::task::TaskError;
use crate::value::Str;

/// What a file of mocks holds.
#[derive(Clone, Debug, Default)]
pub struct MockFile {
    /// The mocks, in the order of the file.
    pub mocks: Vec<MockEntry>,
    /// The faults, in the order of the file.
    pub faults: Vec<Fault>,
}

/// A mock of a file with its key.
#[derive(Clone, Debug)]
pub struct MockEntry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The mock.
    pub mock: Mock,
}

/// Reads a file of mocks.
///
/// # Errors
/// Everything that is wrong with it: unknown words, wrong types, durations that cannot be read.
pub fn load(source: &Arc<Source>) -> Result<MockFile, Diagnostics> {
    // What the service says of a broken definition has no place here.
    let root = source::parse(source, source.format()).map_err(Diagnostics::without_aws)?;
    let mut file = MockFile::default();
    let mut found = Diagnostics::default();
    if root.get("mocks").is_none() && root.get("faults").is_none() {
        file.mocks = read_mocks(&root, source, &mut found);
    } else {
        let mut reader = Reader::new(source);
        for member in root.members() {
            match &*member.key {
                "mocks" => file.mocks = read_mocks(&member.value, source, &mut found),
                "faults" => file.faults = read_faults(&member.value, source, &mut found),
                _ => {
                    reader.knows(member, &["mocks", "faults"], "a file of mocks");
                }
            }
        }
        reader.found.into_iter().for_each(|d| found.push(d));
    }
    found.sort();
    if found.has_errors() { Err(found) } else { Ok(file) }
}

/// Reads a `mocks:` block: keys with one step or a list of steps each.
pub fn read_mocks(block: &Node, source: &Arc<Source>, found: &mut Diagnostics) -> Vec<MockEntry> {
    let mut reader = Reader::new(source);
    let mut mocks = Vec::new();
    match &block.kind {
        NodeKind::Object(members) => {
            for member in members {
                if let Some(mock) = mock_of(&mut reader, member) {
                    mocks.push(MockEntry { key: member.key.to_string(), key_span: member.key_span, mock });
                }
            }
        }
        // `mocks:` with nothing below it.
        NodeKind::Null => {}
        _ => {
            let message =
                format!("mocks are an object of keys and what answers them, not {}", with_article(block.type_name()));
            let finding = reader.error("wrong-type", message, block, "expected an object");
            reader.push(finding.help("write `Charge: { return: {} }`"));
        }
    }
    reader.found.into_iter().for_each(|d| found.push(d));
    mocks
}

/// Reads a `faults:` block: a list of faults.
pub fn read_faults(block: &Node, source: &Arc<Source>, found: &mut Diagnostics) -> Vec<Fault> {
    let mut reader = Reader::new(source);
    let mut faults = Vec::new();
    match &block.kind {
        NodeKind::Array(items) => faults.extend(items.iter().filter_map(|item| fault_of(&mut reader, item))),
        NodeKind::Null => {}
        _ => {
            let message = format!("faults are a list, not {}", with_article(block.type_name()));
            let finding = reader.error("wrong-type", message, block, "expected a list");
            reader.push(finding.help("write `- { on: Charge, fail: States.Timeout }`"));
        }
    }
    reader.found.into_iter().for_each(|d| found.push(d));
    faults
}

/// The words that say what a step answers; a step has exactly one.
const ANSWERS: [&str; 6] = ["return", "payload", "fail", "refuse", "never", "later"];
/// All words of a step.
pub(crate) const STEP: [&str; 13] = [
    "return", "payload", "fail", "refuse", "never", "later", "cause", "takes", "times", "submit", "item", "attempt",
    "with",
];
/// The words that say what goes wrong; a fault has exactly one.
const KINDS: [&str; 4] = ["fail", "throttle", "oversize", "delay"];
/// All words of a fault.
pub(crate) const FAULT: [&str; 12] =
    ["on", "fail", "throttle", "oversize", "delay", "cause", "nth", "every", "times", "item", "attempt", "after"];

/// One step or a list of steps.
pub(crate) fn mock_of(reader: &mut Reader<'_>, member: &Member) -> Option<Mock> {
    let steps = match &member.value.kind {
        NodeKind::Array(steps) => steps.as_slice(),
        _ => std::slice::from_ref(&member.value),
    };
    if steps.is_empty() {
        let message = format!("the list of `{}` is empty", member.key);
        let finding = reader.error("mock-answer", message, &member.value, "no reply");
        reader.push(finding.help("write what it answers, such as `{ return: {} }`"));
    }
    // All steps are read, so that all findings are made, before the first bad one spoils the mock.
    let steps: Vec<Option<Mock>> = steps.iter().map(|step| step_of(reader, &member.key, step)).collect();
    steps.into_iter().collect::<Option<Vec<_>>>()?.into_iter().reduce(Mock::then)
}

/// The one member that says what is answered or what goes wrong.
fn the_one<'a>(reader: &mut Reader<'_>, node: &'a Node, words: &[&str], what: &str) -> Option<&'a Member> {
    let mut said = node.members().iter().filter(|m| words.contains(&&*m.key));
    let Some(first) = said.next() else {
        let message = format!("{what} does not say what happens");
        let finding = reader.error("mock-answer", message, node, "says nothing");
        reader.push(finding.help(format!("it needs one of {}", list(words))));
        return None;
    };
    for another in said {
        let message = format!("{what} says two things: `{}` and `{}`", first.key, another.key);
        let finding = Diagnostic::error("mock-answer", message).at(reader.source, another.key_span, "and this");
        reader.push(finding.also(first.key_span, "this"));
    }
    Some(first)
}

fn step_of(reader: &mut Reader<'_>, key: &str, node: &Node) -> Option<Mock> {
    let NodeKind::Object(members) = &node.kind else {
        let message = format!("a reply of `{key}` is an object, not {}", with_article(node.type_name()));
        let finding = reader.error("wrong-type", message, node, "expected an object");
        reader.push(finding.help("to return this value, write `{ return: … }`"));
        return None;
    };
    let before = reader.found.len();
    if !members.is_empty() && members.iter().all(|m| !STEP.contains(&&*m.key)) {
        // Most likely the result itself, with its `return` forgotten; or all words misspelt.
        if let [only] = members.as_slice()
            && did_you_mean(&only.key, STEP).is_some()
        {
            reader.knows(only, &STEP, "a reply");
            return None;
        }
        let finding =
            reader.error("mock-answer", format!("`{key}` does not say what happens"), node, "no word of a reply");
        reader.push(finding.help("to return this value, write `{ return: … }` around it"));
        return None;
    }
    for member in members {
        reader.knows(member, &STEP, "a reply");
    }
    let answer = the_one(reader, node, &ANSWERS, &format!("a reply of `{key}`"))?;
    let cause = cause_of(reader, node, matches!(&*answer.key, "fail" | "refuse"), answer);
    let error = |reader: &mut Reader<'_>| Some(TaskError { error: reader.text_or_null(answer)?, cause: cause.clone() });
    let reply = match &*answer.key {
        "return" => Some(Reply::done(answer.value.to_value())),
        "payload" => Some(Reply::payload(answer.value.to_value())),
        "fail" => error(reader).map(Reply::failed),
        "refuse" => error(reader).map(Reply::refused),
        "never" => reader.flag(answer).then(Reply::never),
        _ => reader.flag(answer).then(Reply::later),
    };
    // A reply that could not be read leaves a stand-in, so that the other words are judged, too.
    let mut mock = Mock::from(reply.unwrap_or_else(Reply::never));
    for member in members {
        mock = modified(reader, member, mock.clone()).unwrap_or(mock);
    }
    (reader.found.len() == before).then_some(mock)
}

/// A step with what one more word says about it.
fn modified(reader: &mut Reader<'_>, member: &Member, step: Mock) -> Option<Mock> {
    Some(match &*member.key {
        "takes" => step.takes(reader.duration(member)?),
        "times" => step.times(reader.count(member, 1)?),
        "submit" => step.submits(member.value.to_value()),
        "item" => step.for_item(index(reader, member)?),
        "attempt" => step.for_attempt(index(reader, member)?),
        "with" => step.with_matcher(matcher(reader, member)?),
        _ => step,
    })
}

/// A number that fits the type it is for.
fn index<T: TryFrom<u64>>(reader: &mut Reader<'_>, member: &Member) -> Option<T> {
    let n = reader.count(member, 0)?;
    let index = T::try_from(n).ok();
    if index.is_none() {
        let finding = reader.error("wrong-value", format!("{n} is too large"), &member.value, "too large");
        reader.push(finding);
    }
    index
}

fn matcher(reader: &mut Reader<'_>, member: &Member) -> Option<Matcher> {
    match Matcher::new(&member.value.to_value()) {
        Ok(matcher) => Some(matcher),
        Err(error) => {
            let path: Vec<&str> = error.path.iter().map(String::as_str).collect();
            let place = member.value.find(&path).unwrap_or(&member.value);
            let mut finding = reader.error("bad-matcher", error.message, place, "in this matcher");
            if let Some(help) = error.help {
                finding = finding.help(help);
            }
            reader.push(finding);
            None
        }
    }
}

/// The text of `cause`, which stands beside an error's name only.
fn cause_of(reader: &mut Reader<'_>, node: &Node, is_error: bool, answer: &Member) -> Option<Str> {
    let member = node.member("cause")?;
    if !is_error {
        let message = format!("`cause` goes with `fail`; it means nothing beside `{}`", answer.key);
        let finding =
            Diagnostic::error("mock-answer", message).at(reader.source, member.key_span, "no error to explain");
        reader.push(finding);
        return None;
    }
    reader.text(member)
}

fn fault_of(reader: &mut Reader<'_>, node: &Node) -> Option<Fault> {
    let NodeKind::Object(members) = &node.kind else {
        let message = format!("a fault is an object, not {}", with_article(node.type_name()));
        let finding = reader.error("wrong-type", message, node, "expected an object");
        reader.push(finding.help("write `{ on: Charge, fail: States.Timeout }`"));
        return None;
    };
    let before = reader.found.len();
    for member in members {
        reader.knows(member, &FAULT, "a fault");
    }
    let key = match node.member("on") {
        Some(member) => reader.text(member),
        None => {
            let finding = reader.error("mock-answer", "a fault does not say which calls it is for", node, "no `on`");
            reader.push(finding.help("add `on:` with a state, a resource or a function"));
            None
        }
    };
    let what = the_one(reader, node, &KINDS, "a fault")?;
    let cause = cause_of(reader, node, &*what.key == "fail", what);
    let kind = match &*what.key {
        "fail" => reader.text_or_null(what).map(|error| FaultKind::of_error(TaskError { error, cause })),
        "throttle" => reader.flag(what).then_some(FaultKind::Throttle),
        "oversize" => reader.flag(what).then_some(FaultKind::Oversize),
        _ => reader.duration(what).map(FaultKind::Delay),
    };
    let mut fault = Fault::on(key.unwrap_or_default());
    for member in members {
        match &*member.key {
            "nth" => fault.from = reader.count(member, 1).unwrap_or(1),
            "times" => fault.strikes = reader.count(member, 1).unwrap_or(1),
            "every" if reader.flag(member) => fault = fault.every(),
            "item" => fault.narrow.item = index(reader, member),
            "attempt" => fault.narrow.attempt = index(reader, member),
            "after" => fault.after_answer = reader.flag(member),
            _ => {}
        }
    }
    if let (Some(every), Some(times)) = (node.member("every"), node.member("times")) {
        let finding = Diagnostic::error("mock-answer", "a fault says both `every` and `times`");
        reader.push(finding.at(reader.source, times.key_span, "only so often").also(every.key_span, "always"));
    }
    kind.filter(|_| reader.found.len() == before).map(|kind| fault.of_kind(kind))
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::{AT, INVOKE, call, said};
    use super::super::{Answer, FaultSet, MockSet};
    use super::*;
    use crate::task::Call;
    use crate::time::DurationExt;

    fn read(text: &str) -> Result<MockFile, Diagnostics> {
        load(&Arc::new(Source::new("mocks.yaml", text)))
    }

    /// All findings in one line each, with the characters they mark.
    fn findings(text: &str) -> Vec<String> {
        let found = read(text).map(|_| ()).unwrap_err();
        let line = |d: &Diagnostic| {
            let marked = d.primary.as_ref().map(|p| &text[p.span.range()]).unwrap_or_default();
            let help = d.help.as_ref().map_or(String::new(), |h| format!("; {h}"));
            format!("{marked:?} {}: {}{help}", d.code, d.message)
        };
        found.as_slice().iter().map(line).collect()
    }

    #[test]
    fn every_word_of_a_reply_is_understood() {
        let text = r#"
Charge:
  - { fail: Busy, cause: "503", times: 2 }
  - { return: { paid: true }, takes: 800ms }
Work:
  - { item: 1, fail: BadItem }
  - { with: { total: { $gt: 100 } }, attempt: 0, return: big }
  - payload: { ok: true }
Ask: { later: true, submit: { MessageId: m-1 } }
Hang: { never: true }
Deny: { refuse: AccessDenied, cause: no }
Silent: { fail: null }
"#;
        let file = read(text).unwrap();
        let mut mocks = MockSet::new();
        file.mocks.into_iter().for_each(|entry| mocks.insert(entry.key, entry.mock));
        let mut ask = |call: Call| said(&mocks.answer(&call, AT));
        let charge = || call(INVOKE, "Charge");
        assert_eq!([ask(charge()), ask(charge()), ask(charge())], ["✗ Busy: 503", "✗ Busy: 503", r#"{"paid":true}"#]);
        let item = |i| call(INVOKE, "Work").inside("M", i);
        assert_eq!(ask(item(1)), "✗ BadItem");
        assert_eq!(ask(item(0).payload(r#"{"total":101}"#)), r#""big""#);
        assert!(ask(item(0)).contains(r#""Payload":{"ok":true}"#));
        assert_eq!(ask(call(INVOKE, "Hang")), "Never");
        assert!(ask(call(INVOKE, "Deny")).starts_with("Refused"));
        assert_eq!(ask(call(INVOKE, "Silent")), "✗ (no error name)");
        let ask = call("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Ask");
        let Answer::Reply(reply) = mocks.answer(&ask, AT) else { panic!("unanswered") };
        assert_eq!(reply.submission(&ask, AT).map(|s| s.to_string()).as_deref(), Some(r#"{"MessageId":"m-1"}"#));
        let Answer::Reply(reply) = mocks.answer(&call(INVOKE, "Charge"), AT) else { panic!("unanswered") };
        assert_eq!(reply.duration(), 800.millis());
    }

    #[test]
    fn faults_stand_beside_mocks() {
        let text = r#"{
            "mocks": {"Charge": {"return": 1}},
            "faults": [
                {"on": "Charge", "fail": "States.Timeout", "nth": 2},
                {"on": "Charge", "delay": "2s", "every": true},
                {"on": "Charge", "fail": "Lost", "cause": "c", "nth": 3, "times": 2, "after": true},
                {"on": "Charge", "throttle": true, "attempt": 9, "item": 9},
                {"on": "Other", "oversize": true}
            ]
        }"#;
        let file = load(&Arc::new(Source::new("mocks.json", text))).unwrap();
        assert_eq!((file.mocks[0].key.as_str(), &text[file.mocks[0].key_span.range()]), ("Charge", "\"Charge\""));
        let mut faults = FaultSet::new();
        file.faults.into_iter().for_each(|f| faults.insert(f));
        let charge = call(INVOKE, "Charge");
        let mut ask = || match faults.answer(&charge, AT, || Reply::done(1).into()) {
            Answer::Reply(reply) => (said(&Answer::Reply(reply.clone())), reply.duration()),
            other => panic!("{other:?}"),
        };
        let said: Vec<_> = (0..5).map(|_| ask().0).collect();
        assert_eq!(said, ["1", "TimedOut { heartbeat: false }", "✗ Lost: c", "✗ Lost: c", "1"]);
        assert_eq!(ask().1, 2.secs());
    }

    #[test]
    fn everything_wrong_is_found_at_once_and_in_its_place() {
        let text = "\
A: { retrun: 1 }
B: { return: 1, takse: 1s }
C: { return: 1, fail: X }
D: { takes: 1s }
E: { paid: true, id: 7 }
F: 5
G: []
H:
  - { fail: 503 }
  - { never: false }
  - { return: 1, takes: soon, times: 0, item: -1, attempt: x }
I: { return: 1, cause: why }
J: { return: 1, with: { a: [{ $regx: x }] } }
";
        let want = [
            r#""retrun" unknown-key: `retrun` is not a word of a reply; did you mean `return`?"#,
            r#""takse" unknown-key: `takse` is not a word of a reply; did you mean `takes`?"#,
            r#""fail" mock-answer: a reply of `C` says two things: `return` and `fail`"#,
            r#""{ takes: 1s }" mock-answer: a reply of `D` does not say what happens; it needs one of `return`, `payload`, `fail`, `refuse`, `never` and `later`"#,
            r#""{ paid: true, id: 7 }" mock-answer: `E` does not say what happens; to return this value, write `{ return: … }` around it"#,
            r#""5" wrong-type: a reply of `F` is an object, not a number; to return this value, write `{ return: … }`"#,
            r#""[]" mock-answer: the list of `G` is empty; write what it answers, such as `{ return: {} }`"#,
            r#""503" wrong-type: `fail` takes a string, not a number; put it in quotes"#,
            r#""false" wrong-type: `never` takes `true`, not a boolean; to leave it out, take away the line"#,
            r#""soon" bad-duration: `soon` is not a duration: write one such as `1m30s`, `800ms` or `90`"#,
            r#""0" wrong-value: `times` takes a whole number from 1, not 0"#,
            r#""-1" wrong-value: `item` takes a whole number from 0, not -1"#,
            r#""x" wrong-type: `attempt` takes a whole number, not a string"#,
            r#""cause" mock-answer: `cause` goes with `fail`; it means nothing beside `return`"#,
            r#""x" bad-matcher: there is no matcher `$regx`; did you mean `$regex`?"#,
        ];
        assert_eq!(findings(text), want);
    }

    #[test]
    fn faults_are_judged_as_strictly() {
        let text = "\
faults:
  - { fail: X }
  - { on: A }
  - { on: A, fail: X, evry: true }
  - { on: A, fail: X, every: true, times: 2 }
  - { on: A, delay: [], nth: 0 }
  - A
mock: {}
";
        let want = [
            r#""{ fail: X }" mock-answer: a fault does not say which calls it is for; add `on:` with a state, a resource or a function"#,
            r#""{ on: A }" mock-answer: a fault does not say what happens; it needs one of `fail`, `throttle`, `oversize` and `delay`"#,
            r#""evry" unknown-key: `evry` is not a word of a fault; did you mean `every`?"#,
            r#""times" mock-answer: a fault says both `every` and `times`"#,
            r#""[]" wrong-type: `delay` takes a duration, not an array; write one such as `1m30s`, `800ms` or `90`"#,
            r#""0" wrong-value: `nth` takes a whole number from 1, not 0"#,
            r#""A" wrong-type: a fault is an object, not a string; write `{ on: Charge, fail: States.Timeout }`"#,
            r#""mock" unknown-key: `mock` is not a word of a file of mocks; did you mean `mocks`?"#,
        ];
        assert_eq!(findings(text), want);
    }

    #[test]
    fn other_documents_are_refused_without_harm() {
        for text in [
            "",
            "[]",
            "5",
            "mocks: 5",
            "faults: {}",
            "a: &a [*a]",
            "A: { return: { $any: 1, b: 2 }, with: { $any: 1 } }",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        for text in ["mocks:", "faults:\nmocks:\n", "{}"] {
            assert!(read(text).is_ok(), "{text}");
        }
    }
}
