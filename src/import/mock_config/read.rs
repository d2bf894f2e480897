//! Reading a mock configuration, with everything that is wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ConfiguredMachine, MockedState, Replies, Reply, TestCase};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::source::words::{Reader, with_article};
use crate::source::{self, Format, Member, Node, NodeKind, Source, Span};
use crate::task::TaskError;
use crate::value::Str;

/// The words at the top.
const TOP: [&str; 2] = ["StateMachines", "MockedResponses"];
const MACHINE: [&str; 1] = ["TestCases"];
const ANSWERS: [&str; 2] = ["Return", "Throw"];
const THROW: [&str; 2] = ["Error", "Cause"];

/// More calls than an execution can make.
const MOST_CALLS: u64 = 25_000;

/// The machines of a configuration, and warnings.
pub(super) fn read(source: &Arc<Source>) -> Result<(Vec<ConfiguredMachine>, Vec<Diagnostic>), Diagnostics> {
    let format = Format::of_name(source.name()).unwrap_or(Format::Json);
    let plain = |found: Diagnostics| found.into_iter().map(|d| Diagnostic { aws: None, ..d }).collect::<Vec<_>>();
    let root = source::parse(source, format).map_err(|found| Diagnostics::from(plain(found)))?;
    let mut reader = Reader::new(source);
    if !matches!(root.kind, NodeKind::Object(_)) {
        let finding = reader.error("wrong-type", "a mock configuration is an object", &root, "something else");
        return Err(finding.help("begin with `{ \"StateMachines\": {…}, \"MockedResponses\": {…} }`").into());
    }
    for member in root.members() {
        reader.knows(member, &TOP, "a mock configuration");
    }
    let Some(written) = root.member("StateMachines") else {
        let start = root.span.start as usize;
        let finding = Diagnostic::error("missing-field", "the configuration has no `StateMachines`");
        let finding = finding.at(source, Span::new(start, start + 1), "no `StateMachines`");
        reader.push(finding.help("add `\"StateMachines\": { \"NAME\": { \"TestCases\": {…} } }`"));
        return Err(reader.found.into());
    };
    let mut responses = Responses { all: BTreeMap::new() };
    if let Some(member) = root.member("MockedResponses") {
        for response in reader.members(member) {
            responses.read(source, response);
        }
    }
    let mut machines = Vec::new();
    for machine in reader.members(written) {
        let mut cases = Vec::new();
        for word in reader.members(machine) {
            if reader.knows(word, &MACHINE, "a state machine") {
                cases = reader.members(word).iter().map(|case| read_case(&mut reader, &mut responses, case)).collect();
            }
        }
        if cases.is_empty() && reader.found.is_empty() {
            let message = format!("`{}` has no test cases", machine.key);
            let finding = Diagnostic::error("missing-field", message).at(source, machine.key_span, "nothing to run");
            reader.push(finding.help("add `\"TestCases\": { \"HappyPath\": { \"STATE\": \"RESPONSE\" } }`"));
        }
        machines.push(ConfiguredMachine { name: machine.key.clone(), span: machine.key_span, cases });
    }
    if machines.is_empty() && reader.found.is_empty() {
        let finding = reader.error("missing-field", "there are no state machines", &written.value, "empty");
        reader.push(finding.help("add `\"NAME\": { \"TestCases\": {…} }`"));
    }
    let mut found = reader.found;
    let mut warnings = Vec::new();
    for (name, response) in responses.all {
        if response.is_used {
            found.extend(response.found);
            continue;
        }
        // Nobody asks for it, so that nothing of it can do harm; Step Functions Local looks at none that is not needed.
        let message = format!("no test case uses the response `{name}`");
        let near = did_you_mean(&name, response.wanted.iter().map(|w| &**w));
        let mut warning = Diagnostic::warning("unused-response", message).at(source, response.span, "unused");
        if let Some(near) = near {
            warning = warning.help(format!("`{near}` is asked for and not there"));
        }
        warnings.push(warning);
    }
    let mut found = Diagnostics::from(found);
    found.sort();
    if found.has_errors() { Err(found) } else { Ok((machines, warnings)) }
}

/// The mocked responses by name.
struct Responses {
    all: BTreeMap<Str, Response>,
}

struct Response {
    span: Span,
    replies: Vec<Replies>,
    /// What is wrong with it.
    found: Vec<Diagnostic>,
    is_used: bool,
    /// Names that were asked for and are not there, for the warning about this one.
    wanted: Vec<Str>,
}

impl Responses {
    fn read(&mut self, source: &Arc<Source>, member: &Member) {
        let mut reader = Reader::new(source);
        let replies = read_response(&mut reader, member);
        let response =
            Response { span: member.key_span, replies, found: reader.found, is_used: false, wanted: Vec::new() };
        self.all.insert(member.key.clone(), response);
    }
}

/// A test case: `STATE: RESPONSE`.
fn read_case(reader: &mut Reader<'_>, responses: &mut Responses, case: &Member) -> TestCase {
    let mut states = Vec::new();
    for state in reader.members(case) {
        let Some(name) = state.value.as_str() else {
            let message = format!(
                "`{}` takes the name of a mocked response, not {}",
                state.key,
                with_article(state.value.type_name())
            );
            let finding = reader.error("wrong-type", message, &state.value, "expected a name");
            let help = "write the response below `MockedResponses`, and its name here";
            reader.push(finding.help(help));
            continue;
        };
        match responses.all.get_mut(name) {
            Some(response) => {
                response.is_used = true;
                let replies = response.replies.clone();
                states.push(MockedState { name: state.key.clone(), span: state.key_span, replies });
            }
            None => {
                let message = format!("there is no mocked response `{name}`");
                let finding = reader.error("unknown-response", message, &state.value, "no such response");
                let names = responses.all.keys().map(|k| &**k);
                let help = match did_you_mean(name, names) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("add `\"{name}\": {{ \"0\": {{ \"Return\": {{}} }} }}` to `MockedResponses`"),
                };
                reader.push(finding.help(help));
                responses.all.values_mut().for_each(|response| response.wanted.push(name.clone()));
            }
        }
    }
    TestCase { name: case.key.clone(), span: case.key_span, states }
}

/// The replies of a response in the order of the calls.
fn read_response(reader: &mut Reader<'_>, response: &Member) -> Vec<Replies> {
    let mut ranges: Vec<(u64, u64, Span, Option<Reply>)> = Vec::new();
    for member in reader.members(response) {
        let range = read_range(reader, member);
        let reply = read_reply(reader, member);
        if let Some((from, to)) = range {
            ranges.push((from, to, member.key_span, reply));
        }
    }
    ranges.sort_by_key(|(from, ..)| *from);
    let mut next = 0;
    let mut before: Option<Span> = None;
    for (from, to, span, _) in &ranges {
        if *from < next
            && let Some(first) = before
        {
            let message = format!("call {from} is answered twice in `{}`", response.key);
            let finding = Diagnostic::error("overlapping-range", message).at(reader.source, *span, "here again");
            reader.push(finding.also(first, "here first").help("let each range begin after the one before it"));
        } else if *from > next {
            let missing = if from - next == 1 { format!("call {next}") } else { format!("calls {next}-{}", from - 1) };
            let message = format!("`{}` says nothing for {missing}", response.key);
            let finding = Diagnostic::error("missing-range", message).at(reader.source, *span, "begins too late");
            let key = if from - next == 1 { next.to_string() } else { format!("{next}-{}", from - 1) };
            reader.push(finding.help(format!("calls are counted from 0; add `\"{key}\": {{ \"Return\": {{}} }}`")));
        }
        next = next.max(to + 1);
        before = Some(*span);
    }
    let replies = ranges
        .into_iter()
        .filter_map(|(from, to, span, reply)| Some(Replies { what: reply?, times: to - from + 1, span }));
    replies.collect()
}

/// `0` or `1-2`.
fn read_range(reader: &mut Reader<'_>, member: &Member) -> Option<(u64, u64)> {
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let key = &*member.key;
    let mut refuse = |message: String, help: String| {
        let finding = Diagnostic::error("bad-range", message).at(reader.source, member.key_span, "no range");
        reader.push(finding.help(help));
        None
    };
    let range = match key.split_once('-') {
        Some((from, to)) => number(from).zip(number(to)),
        None => number(key).map(|n| (n, n)),
    };
    match range {
        None => refuse(
            format!("`{key}` does not say which calls it is for"),
            "write a number or a range, counted from 0: `\"0\"`, `\"1-2\"`".into(),
        ),
        Some((from, to)) if to < from => {
            refuse(format!("the range `{key}` ends before it begins"), format!("write `\"{to}-{from}\"`"))
        }
        Some((_, to)) if to > MOST_CALLS => refuse(
            format!("the range `{key}` goes beyond the {MOST_CALLS} events of an execution"),
            "write a smaller number".into(),
        ),
        range => range,
    }
}

fn read_reply(reader: &mut Reader<'_>, member: &Member) -> Option<Reply> {
    let answers = match &member.value.kind {
        NodeKind::Object(members) => members.as_slice(),
        _ => {
            let message = format!("`{}` takes an object, not {}", member.key, with_article(member.value.type_name()));
            let finding = reader.error("wrong-type", message, &member.value, "expected an object");
            reader.push(finding.help("write `{ \"Return\": {} }` or `{ \"Throw\": { \"Error\": \"…\" } }`"));
            return None;
        }
    };
    let known: Vec<&Member> = answers.iter().filter(|m| ANSWERS.contains(&&*m.key)).collect();
    for answer in answers {
        reader.knows(answer, &ANSWERS, "a mocked response");
    }
    let answer = match known.as_slice() {
        [answer] => answer,
        [] => {
            if answers.is_empty() {
                let message = format!("call `{}` neither returns nor throws", member.key);
                let finding = reader.error("missing-field", message, &member.value, "says nothing");
                reader.push(finding.help("add `\"Return\": {}` or `\"Throw\": { \"Error\": \"…\" }`"));
            }
            return None;
        }
        [first, second, ..] => {
            let message = format!("call `{}` says two things: `{}` and `{}`", member.key, first.key, second.key);
            let finding = Diagnostic::error("wrong-value", message).at(reader.source, second.key_span, "and this");
            reader.push(finding.also(first.key_span, "this").help("keep one of the two"));
            return None;
        }
    };
    if &*answer.key == "Return" {
        return Some(Reply::Return(answer.value.clone()));
    }
    throw(reader, answer)
}

fn throw(reader: &mut Reader<'_>, answer: &Member) -> Option<Reply> {
    let mut error = TaskError::default();
    let before = reader.found.len();
    for word in reader.members(answer) {
        if !reader.knows(word, &THROW, "`Throw`") {
            continue;
        }
        let text = reader.text_or_null(word).flatten();
        match &*word.key {
            "Error" => error.error = text,
            _ => error.cause = text,
        }
    }
    if reader.found.len() > before {
        return None;
    }
    if error.error.is_none() {
        let place: &Node = &answer.value;
        let finding = reader.error("missing-field", "`Throw` does not name its error", place, "no `Error`");
        reader.push(finding.help("add `\"Error\": \"Lambda.TooManyRequestsException\"`, or what the task fails with"));
        return None;
    }
    Some(Reply::Throw(error))
}
