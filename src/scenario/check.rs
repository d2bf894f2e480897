//! Holding a run against what was expected of it: one sentence for every difference, with the evidence.

use std::fmt::Write as _;
use std::time::Duration;

use super::expect::{At, CallsExpected, Expect, Expected, MapCounts};
use super::services;
use crate::diagnostic::{counted, did_you_mean};
use crate::engine::Status;
use crate::harness::assert::{difference, is_alias, is_at, label, path_breaks, path_of};
use crate::harness::{Child, Run, Session};
use crate::history::timeline::{Attempt, AttemptOutcome, StateVisit, ThreadOutcome, Timeline};
use crate::mock::CallLog;
use crate::source::Span;
use crate::task::PathStep;
use crate::time::{Timestamp, format_offset};
use crate::value::{Str, Value};

/// An expectation that was not met.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Where it stands in the file.
    pub(super) span: Option<Span>,
    /// What it is about: `attempts of Charge`.
    pub(super) about: String,
    /// What differs, with both values.
    pub(super) message: String,
    /// The nearest thing that happened, line by line.
    pub(super) evidence: Option<String>,
    /// The wait between two attempts that it is about: the state, and which retry, from 1.
    pub(super) wait: Option<(Str, usize)>,
}

impl Failure {
    /// What it is about: `attempts of Charge`.
    pub fn about(&self) -> &str {
        &self.about
    }
    /// What differs, with both values.
    pub fn message(&self) -> &str {
        &self.message
    }
    /// The line of the file that expects it, from 1.
    pub fn line_in(&self, file: &super::ScenarioFile) -> Option<usize> {
        Some(file.source.line_col(self.span?.start as usize).0)
    }
    pub(super) fn new(span: Option<Span>, about: impl Into<String>, message: impl Into<String>) -> Failure {
        Failure { span, about: about.into(), message: message.into(), evidence: None, wait: None }
    }
    fn at<T>(expected: &At<T>, about: impl Into<String>, message: impl Into<String>) -> Failure {
        Failure::new(Some(expected.span), about, message)
    }
    /// The same, saying what to do where it is meant.
    pub(super) fn accept(mut self, help: &str) -> Failure {
        self.message = format!("{}; {help}", self.message);
        self
    }
    pub(super) fn with(mut self, evidence: String) -> Failure {
        self.evidence = Some(evidence).filter(|e| !e.is_empty());
        self
    }
}

/// What differs between an execution that ended and what was expected of it.
pub(super) fn run(expect: &Expect, run: &Run) -> Vec<Failure> {
    let mut found = Vec::new();
    let seen = Seen { timeline: run.timeline(), started: run.started_at(), inside: inside(expect, run) };
    found.extend(expect.status.as_ref().and_then(|s| status(s, run.status())));
    found.extend(expect.path.as_ref().and_then(|p| seen.path(p)));
    seen.states(expect, &mut found);
    for (state, offsets) in &expect.attempts {
        found.extend(seen.attempts(state, offsets));
    }
    found.extend(expect.elapsed.as_ref().filter(|e| e.of != run.elapsed()).map(|e| {
        let (want, got) = (format_offset(e.of), format_offset(run.elapsed()));
        Failure::at(e, "elapsed", format!("it took {got} on the virtual clock, expected {want}"))
    }));
    ending(expect, run, &mut found);
    for (name, expected) in &expect.variables {
        found.extend(variable(name, expected, run));
    }
    for (state, error) in &expect.caught {
        found.extend(seen.caught(state, error));
    }
    for (state, counts) in &expect.maps {
        found.extend(seen.map(state, counts, run));
    }
    for (key, expected) in &expect.calls {
        calls(key, expected, run.calls(), &mut found);
    }
    #[cfg(feature = "fuzz")]
    for law in &expect.laws {
        found.extend(law.law.broken_by(run).map(|message| Failure::new(law.span, law.law.name.clone(), message)));
    }
    found.extend(expect.services.iter().filter_map(|expected| services::check(expected, run)));
    found
}

/// What differs at an instant while the execution runs, or after it ended.
pub(super) fn moment(expect: &Expect, session: &Session, offset: Duration) -> Vec<Failure> {
    let mut found = Vec::new();
    let timeline = crate::history::timeline::timeline(session.history());
    let started = session.history().started_at().unwrap_or(session.now());
    let seen = Seen { timeline: &timeline, started, inside: Vec::new() };
    found.extend(expect.status.as_ref().and_then(|s| status(s, &session.status())));
    let active = session.active_states();
    for state in &expect.inside {
        let name = state.of.rsplit('/').next().unwrap_or_default();
        if !active.iter().any(|a| **a == *name) {
            let list = match active.as_slice() {
                [] => "in no state".to_owned(),
                some => format!("in {}", some.join(", ")),
            };
            found.push(Failure::at(state, "in", format!("it is {list}, expected to be in {}", state.of)));
        }
    }
    seen.states(expect, &mut found);
    for (key, expected) in &expect.calls {
        calls(key, expected, session.calls(), &mut found);
    }
    for failure in &mut found {
        failure.about = format!("at {}, {}", format_offset(offset), failure.about);
    }
    found
}

fn status(expected: &At<Str>, status: &Status) -> Option<Failure> {
    (*expected.of != *status.name()).then(|| {
        let mut message = format!("it is {}, expected {}", status.name(), expected.of);
        if let Some(error) = status.error().filter(|e| e.error.is_some()) {
            let _ = write!(message, ": {error}");
        }
        Failure::at(expected, "status", message)
    })
}

/// Output, error and cause.
fn ending(expect: &Expect, run: &Run, found: &mut Vec<Failure>) {
    let ended = run.status().name();
    let error = run.status().error();
    if let Some(expected) = &expect.output {
        found.extend(match run.status() {
            Status::Succeeded(output) => mismatch(expected, "output", Some(output)),
            _ => Some(Failure::at(
                expected,
                "output",
                format!("there is none, since it {ended}, expected {}", expected.of.written),
            )),
        });
    }
    if let Some(expected) = &expect.exactly {
        found.extend(match run.status() {
            Status::Succeeded(output) => {
                difference("output", &expected.of, output).map(|text| Failure::at(expected, "exactly", text))
            }
            _ => Some(Failure::at(expected, "exactly", format!("there is no output, since it {ended}"))),
        });
    }
    if let Some(expected) = &expect.error {
        let is_other_name = |e| expected.of.written.as_str().is_some_and(|name| is_alias(name, e));
        if !error.is_some_and(is_other_name) {
            let name = error.and_then(|e| e.error.clone()).map(Value::String);
            found.extend(mismatch(expected, "error", name.as_ref()));
        }
    }
    if let Some(expected) = &expect.cause {
        let cause = error.and_then(|e| e.cause.clone()).map(Value::String);
        found.extend(mismatch(expected, "cause", cause.as_ref()));
    }
}

fn mismatch(expected: &At<Expected>, about: &str, actual: Option<&Value>) -> Option<Failure> {
    let Some(actual) = actual else {
        let wants_none = expected.of.matcher.check_absent();
        return (!wants_none)
            .then(|| Failure::at(expected, about, format!("there is none, expected {}", expected.of.written)));
    };
    expected.of.matcher.check(actual).err().map(|m| Failure::at(expected, about, m.to_string()))
}

fn variable(name: &str, expected: &At<Expected>, run: &Run) -> Option<Failure> {
    let about = format!("variable {name}");
    let value = run.variables().iter().find(|(n, _)| **n == *name).map(|(_, v)| v);
    let mut failure = mismatch(expected, &about, value)?;
    if value.is_none() {
        let names: Vec<&str> = run.variables().iter().map(|(n, _)| &**n).collect();
        let near = did_you_mean(name, names.iter().copied());
        let list = match (near, names.as_slice()) {
            (Some(near), _) => format!("; did you mean `{near}`?"),
            (None, []) => "; no variable is assigned at the end".to_owned(),
            (None, some) => format!("; there are {}", some.join(", ")),
        };
        failure.message += &list;
    }
    Some(failure)
}

fn calls(key: &str, expected: &At<CallsExpected>, log: &CallLog, found: &mut Vec<Failure>) {
    let calls = log.to(key);
    let about = format!("calls of {key}");
    let evidence = || match calls.is_empty() {
        true => log.all().describe(),
        false => calls.describe(),
    };
    let times = |n: usize| match n {
        0 => "not called".to_owned(),
        1 => "called once".to_owned(),
        n => format!("called {n} times"),
    };
    if let Some(n) = expected.of.times.filter(|n| *n != calls.len() as u64) {
        let want = times(usize::try_from(n).unwrap_or(usize::MAX));
        let want = if n == 0 { "no call".to_owned() } else { format!("to be {want}") };
        let message = format!("it was {}, expected {want}", times(calls.len()));
        found.push(Failure::at(expected, about.clone(), message).with(evidence()));
    }
    if let Some(offsets) = &expected.of.at
        && *offsets != calls.offsets()
    {
        let message = format!("called at {}, expected at {}", listed(&calls.offsets()), listed(offsets));
        found.push(Failure::at(expected, about.clone(), message).with(evidence()));
    }
    if let Some(with) = &expected.of.with {
        let differences: Option<Vec<_>> = calls.iter().map(|c| with.matcher.check(&c.call.payload).err()).collect();
        let Some(differences) = differences else { return };
        let message = match differences.as_slice() {
            [] => format!("it was not called, expected a call with {}", with.written),
            [one] => one.to_string(),
            [first, ..] => format!("none of the {} calls has the expected payload; in the first, {first}", calls.len()),
        };
        found.push(Failure::at(expected, about, message).with(evidence()));
    }
}

fn listed(offsets: &[Duration]) -> String {
    match offsets {
        [] => "no time".to_owned(),
        some => some.iter().map(|o| format_offset(*o)).collect::<Vec<_>>().join(", "),
    }
}

/// A history to look things up in.
struct Seen<'a> {
    timeline: &'a Timeline,
    started: Timestamp,
    /// What the children of distributed Maps visited, at its place: `Each[2]/Charge`.
    inside: Vec<StateVisit>,
}

/// What the children of distributed Maps visited, which are executions of their own to AWS, and parts of the machine to
/// who writes a scenario.
fn inside(expect: &Expect, run: &Run) -> Vec<StateVisit> {
    let mut found = Vec::new();
    if run.children().is_empty() || !expect.visits_children() {
        return found;
    }
    for map in &run.timeline().visits {
        for arn in map.attempts.iter().filter_map(|a| a.map_run.as_deref()) {
            for (i, child) in children_of(run, arn).enumerate() {
                let item = PathStep { state: map.name.clone(), is_map: true, index: i };
                let frame: Vec<PathStep> = map.path.iter().cloned().chain([item]).collect();
                for mut visit in crate::history::timeline::timeline(&child.history).visits {
                    visit.path = frame.iter().chain(&*visit.path).cloned().collect();
                    found.push(visit);
                }
            }
        }
    }
    found
}

/// The executions that a Map Run started, in the order of the items.
fn children_of<'a>(run: &'a Run, map_run: &str) -> impl Iterator<Item = &'a Child> {
    let part = format!(":{}:", machine_of(map_run));
    run.children().iter().filter(move |child| child.arn.contains(&part))
}

/// What the machine of a Map Run's children is called: `machine/label`.
fn machine_of(map_run: &str) -> &str {
    map_run.split(":mapRun:").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or_default()
}

impl Seen<'_> {
    fn path(&self, expected: &At<Vec<Str>>) -> Option<Failure> {
        let patterns: Vec<&str> = expected.of.iter().map(|p| &**p).collect();
        let visits = path_of(&patterns, self.all());
        let broken = path_breaks(&patterns, &visits)?;
        let shown: Vec<String> = visits.iter().map(|v| label(v)).collect();
        let evidence = format!("was       {}\nexpected  {}", shown.join(" → "), patterns.join(" → "));
        let states = counted(broken, "state");
        let is_plain = !patterns.contains(&"...");
        let message = match (patterns.get(broken), shown.get(broken)) {
            (Some(p), Some(s)) if is_plain && broken == 0 => format!("first came `{s}`, expected `{p}`"),
            (Some(p), Some(s)) if is_plain => format!("after {states} came `{s}`, expected `{p}`"),
            (Some(p), None) if is_plain => format!("it ends after {states}, expected `{p}`"),
            (None, Some(s)) if is_plain => format!("it goes on with `{s}`, expected to end after {states}"),
            (Some(p), _) => match patterns[..broken].iter().rfind(|p| **p != "...") {
                Some(before) => format!("no `{p}` comes where it is expected after `{before}`"),
                None => format!("no `{p}` comes where it is expected"),
            },
            (None, _) => match patterns.last() {
                Some(last) => format!("it does not end with `{last}`"),
                None => "it is not empty".to_owned(),
            },
        };
        Some(Failure::at(expected, "path", message).with(evidence))
    }

    /// Every visit, those of a distributed Map's children included.
    fn all(&self) -> impl Iterator<Item = &StateVisit> {
        self.timeline.visits.iter().chain(&self.inside)
    }

    fn visits(&self, name: &str) -> Vec<&StateVisit> {
        self.all().filter(|v| is_at(v, name)).collect()
    }

    /// `visits` and `never`.
    fn states(&self, expect: &Expect, found: &mut Vec<Failure>) {
        for state in &expect.visits {
            if self.visits(&state.of).is_empty() {
                found.push(Failure::at(state, "visits", format!("`{}` was never entered", state.of)));
            }
        }
        for state in &expect.never {
            if let [first, ..] = self.visits(&state.of).as_slice() {
                let at = format_offset(first.entered.at.since(self.started));
                found.push(Failure::at(state, "never", format!("`{}` was entered at {at}", state.of)));
            }
        }
    }

    fn attempts(&self, state: &Str, expected: &At<Vec<At<Duration>>>) -> Option<Failure> {
        let about = format!("attempts of {state}");
        let visits = self.visits(state);
        let attempts: Vec<&Attempt> = visits.iter().flat_map(|v| &v.attempts).collect();
        let offset = |a: &Attempt| a.scheduled.at.since(self.started);
        let want = &expected.of;
        let differs = want.iter().zip(&attempts).position(|(w, a)| w.of != offset(a));
        if differs.is_none() && want.len() == attempts.len() {
            return None;
        }
        let message = match differs {
            Some(i) => format!(
                "the {} came at {}, expected {}",
                ordinal(i),
                attempts.get(i).map_or_else(String::new, |a| format_offset(offset(a))),
                want.get(i).map_or_else(String::new, |w| format_offset(w.of))
            ),
            None if visits.is_empty() => "the state was never entered".to_owned(),
            None => {
                format!("there were {}, expected {}", counted(attempts.len(), "attempt"), want.len())
            }
        };
        let marked = differs.unwrap_or(want.len().min(attempts.len()));
        let mut rows: Vec<(String, String, String)> = Vec::new();
        for (i, attempt) in attempts.iter().enumerate() {
            let at = format!("T+{}", format_offset(offset(attempt)));
            let what = match (&attempt.outcome, attempt.error()) {
                (_, Some(error)) => format!("✗ {state}  {}", error.name()),
                (AttemptOutcome::Running, _) => format!("… {state}"),
                _ => format!("✓ {state}"),
            };
            let note = match want.get(i) {
                Some(w) if i == marked => format!("expected at T+{}", format_offset(w.of)),
                None => "not expected".to_owned(),
                _ => String::new(),
            };
            rows.push((at, what, note));
        }
        for w in want.iter().skip(attempts.len()) {
            rows.push((format!("T+{}", format_offset(w.of)), "missing".to_owned(), "expected".to_owned()));
        }
        let width =
            |of: fn(&(String, String, String)) -> &str| rows.iter().map(|r| of(r).chars().count()).max().unwrap_or(0);
        let (first, second) = (width(|r| &r.0), width(|r| &r.1));
        let mut evidence = String::new();
        for (i, (at, what, note)) in rows.iter().enumerate() {
            let mark = if i == marked { '▸' } else { ' ' };
            let line = format!("{mark} {at:<first$}  {what:<second$}  {note}");
            let _ = writeln!(evidence, "{}", line.trim_end());
        }
        let mut failure = Failure::at(expected, about, message).with(evidence.trim_end().to_owned());
        failure.span = differs.and_then(|i| want.get(i)).map(|w| w.span).or(failure.span);
        failure.wait = differs.filter(|i| *i > 0).map(|i| (state.clone(), i));
        Some(failure)
    }

    fn caught(&self, state: &str, expected: &At<Str>) -> Option<Failure> {
        let visits = self.visits(state);
        let caught: Vec<String> = visits.iter().filter_map(|v| v.caught()).map(|e| e.name().to_owned()).collect();
        if caught.iter().any(|name| **name == *expected.of) {
            return None;
        }
        let what = match (visits.is_empty(), caught.as_slice()) {
            (true, _) => "the state was never entered".to_owned(),
            (_, []) => "no Catch of it took anything".to_owned(),
            (_, some) => format!("its Catch took {}", some.join(", ")),
        };
        Some(Failure::at(expected, format!("caught by {state}"), format!("{what}, expected {}", expected.of)))
    }

    fn map(&self, state: &str, expected: &At<MapCounts>, run: &Run) -> Option<Failure> {
        let about = format!("map {state}");
        let visits: Vec<&StateVisit> = self.timeline.visits.iter().filter(|v| is_at(v, state)).collect();
        let Some(attempt) = visits.last().and_then(|v| v.attempts.last()) else {
            return Some(Failure::at(expected, about, "the state was never entered"));
        };
        let (succeeded, failed, items) = match &attempt.map_run {
            // A distributed Map's items are executions of their own.
            Some(arn) => {
                let kept = children_of(run, arn).map(|child| (child.status.name(), 1));
                let left_out = run.children_left_out().iter().filter(|l| &*l.machine_name == machine_of(arn));
                let children = kept.chain(left_out.map(|l| (l.status, l.count)));
                let (good, all) = children.fold((0_usize, 0_usize), |(good, all), (status, count)| {
                    (good + if status == "SUCCEEDED" { count } else { 0 }, all + count)
                });
                (good, all - good, all)
            }
            None => {
                let count = |wanted: ThreadOutcome| {
                    let of = attempt.threads.iter().filter_map(|i| self.timeline.threads.get(*i));
                    of.filter(|t| t.outcome == wanted).count()
                };
                let all = attempt.items.unwrap_or(attempt.threads.len());
                (count(ThreadOutcome::Succeeded), count(ThreadOutcome::Failed), all)
            }
        };
        let counted = [
            ("items", expected.of.items, items),
            ("succeeded", expected.of.succeeded, succeeded),
            ("failed", expected.of.failed, failed),
        ];
        let wrong: Vec<String> = counted
            .iter()
            .filter_map(|(word, want, got)| {
                let want = (*want).filter(|n| *n != *got as u64)?;
                Some(match *word {
                    "items" => format!("there are {got} items, expected {want}"),
                    word => format!("{got} {word}, expected {want}"),
                })
            })
            .collect();
        (!wrong.is_empty()).then(|| Failure::at(expected, about, wrong.join("; ")))
    }
}

fn ordinal(index: usize) -> String {
    const WORDS: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    WORDS.get(index).map_or_else(|| format!("{}th", index + 1), |w| (*w).to_owned())
}
