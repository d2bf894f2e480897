//! Assertions on a run. Each prints what was expected, the nearest thing that happened, and the compact history.

use std::time::Duration;

use crate::diagnostic::did_you_mean;
use crate::engine::Status;
use crate::harness::run::Run;
use crate::history::timeline::{Attempt, StateVisit};
use crate::mock::{Matcher, split_index};
use crate::task::TaskError;
use crate::time::{Timestamp, format_offset};
use crate::value::Value;

impl Run {
    #[track_caller]
    fn refuse(&self, what: &str) -> ! {
        let history = self.compact();
        panic!("{what}\n\n{history}\nseed {} · {}", self.seed(), self.arn());
    }

    /// # Panics
    /// Where the execution did not succeed.
    #[track_caller]
    pub fn assert_succeeded(&self) -> &Self {
        if let Some(error) = self.status().error() {
            self.refuse(&format!("expected the execution to succeed, but it {}: {error}", ended(self.status())));
        }
        self
    }
    /// # Panics
    /// Where the execution did not fail with this error name.
    #[track_caller]
    pub fn assert_failed(&self, error: &str) -> &Self {
        match self.status() {
            Status::Failed(e) if e.name() == error || is_alias(error, e) => self,
            Status::Succeeded(output) => {
                self.refuse(&format!("expected the execution to fail with {error}, but it succeeded: {output}"))
            }
            other => {
                let got = other.error().cloned().unwrap_or_default();
                self.refuse(&format!("expected the execution to fail with {error}, but it {}: {got}", ended(other)))
            }
        }
    }
    /// # Panics
    /// Where the execution did not run out of time.
    #[track_caller]
    pub fn assert_timed_out(&self) -> &Self {
        if !matches!(self.status(), Status::TimedOut(_)) {
            self.refuse(&format!("expected the execution to time out, but it {}", ended(self.status())));
        }
        self
    }
    /// The cause must contain this text.
    ///
    /// # Panics
    /// Where there is no cause, or another.
    #[track_caller]
    pub fn assert_cause_contains(&self, text: &str) -> &Self {
        match self.cause() {
            Some(cause) if cause.contains(text) => self,
            Some(cause) => self.refuse(&format!("expected a cause with {text:?}, but it is {cause:?}")),
            None => self.refuse(&format!("expected a cause with {text:?}, but there is none")),
        }
    }
    /// The output must be exactly this value; member order and the spelling of numbers do not count.
    ///
    /// # Panics
    /// Where it is another, with the smallest path that differs.
    #[track_caller]
    pub fn assert_output(&self, expected: impl Into<Value>) -> &Self {
        let expected = expected.into();
        match self.status() {
            Status::Succeeded(output) => match difference("output", &expected, output) {
                None => self,
                Some(text) => self.refuse(&text),
            },
            other => self.refuse(&format!("expected the output {expected}, but the execution {}", ended(other))),
        }
    }
    /// The output must contain this value: scalars exactly, objects as a subset; matchers such as
    /// `{"$regex": "^o-"}` are understood.
    ///
    /// # Panics
    /// Where it does not.
    #[track_caller]
    pub fn assert_output_contains(&self, expected: impl Into<Value>) -> &Self {
        let expected = expected.into();
        let matcher = match Matcher::new(&expected) {
            Ok(m) => m,
            Err(e) => panic!("this is no expectation: {e}"),
        };
        match self.status() {
            Status::Succeeded(output) => match matcher.check(output) {
                Ok(()) => self,
                Err(mismatch) => self.refuse(&format!("output: {mismatch}")),
            },
            other => self.refuse(&format!("expected an output like {expected}, but the execution {}", ended(other))),
        }
    }
    /// The states of the main line must be entered in this order, each once per entry. `"..."` stands for any run of
    /// states, `"*"` for any one, `"Name xN"` for a state whose work was tried N times.
    ///
    /// # Panics
    /// Where the path is another.
    #[track_caller]
    pub fn assert_path<'a>(&self, expected: impl IntoIterator<Item = &'a str>) -> &Self {
        let expected: Vec<&str> = expected.into_iter().collect();
        let visits = path_of(&expected, &self.timeline().visits);
        if path_breaks(&expected, &visits).is_some() {
            let shown: Vec<String> = visits.iter().map(|v| label(v)).collect();
            self.refuse(&format!("expected the path\n  {}\nbut it was\n  {}", expected.join(" → "), shown.join(" → ")));
        }
        self
    }
    /// The execution must have taken exactly so long on the virtual clock.
    ///
    /// # Panics
    /// Where it took another time.
    #[track_caller]
    pub fn assert_elapsed(&self, expected: Duration) -> &Self {
        if self.elapsed() != expected {
            let (want, got) = (format_offset(expected), format_offset(self.elapsed()));
            self.refuse(&format!("expected the execution to take {want}, but it took {got}"));
        }
        self
    }
    /// What a state did: its visits and attempts, everywhere in the machine. `Each/Charge` tells states of one name
    /// apart, and `Each[2]/Charge` looks at one item only.
    ///
    /// # Panics
    /// Where no state of this name was entered; the message says which were.
    #[track_caller]
    pub fn state(&self, name: &str) -> StateRuns<'_> {
        let visits: Vec<&StateVisit> = self.timeline().visits.iter().filter(|v| is_at(v, name)).collect();
        if visits.is_empty() {
            let names = self.timeline().visits.iter().map(|v| &*v.name);
            let near = did_you_mean(name, names).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
            self.refuse(&format!("the state `{name}` was never entered{near}"));
        }
        StateRuns { run: self, visits }
    }
    /// # Panics
    /// Where the state was entered, or where the machine has no such state.
    #[track_caller]
    pub fn assert_not_visited(&self, name: &str) -> &Self {
        if !self.state_names().any(|n| n == name) && !self.state_places().any(|p| p == without_indices(name)) {
            let near =
                did_you_mean(name, self.state_names()).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
            self.refuse(&format!("the machine has no state `{name}`{near}"));
        }
        if self.timeline().visits.iter().any(|v| is_at(v, name)) {
            self.refuse(&format!("expected the state `{name}` not to be entered"));
        }
        self
    }
}

/// The visits of one state in a run.
#[derive(Debug)]
pub struct StateRuns<'a> {
    run: &'a Run,
    visits: Vec<&'a StateVisit>,
}

impl<'a> StateRuns<'a> {
    /// Visits in the order in which the state was entered.
    pub fn visits(&self) -> &[&'a StateVisit] {
        &self.visits
    }
    /// How often the state was entered.
    pub fn count(&self) -> usize {
        self.visits.len()
    }
    /// All attempts of all visits.
    pub fn attempts(&self) -> impl Iterator<Item = &'a Attempt> {
        self.visits.iter().flat_map(|v| &v.attempts)
    }
    /// When each attempt was scheduled, from the start of the execution.
    pub fn attempt_offsets(&self) -> Vec<Duration> {
        self.attempts().map(|a| a.scheduled.at.since(self.run.started_at())).collect()
    }
    /// How long the state waited before each retry: from the end of one attempt to the next, within a visit.
    ///
    /// With an interval of 1 s and a rate of 2 these are 1 s, 2 s, 4 s, however long the attempts themselves took.
    pub fn gaps(&self) -> Vec<Duration> {
        let gap = |pair: &[Attempt]| {
            let end: Timestamp = pair[0].ended.map_or(pair[0].scheduled.at, |m| m.at);
            pair[1].scheduled.at.since(end)
        };
        self.visits.iter().flat_map(|v| v.attempts.windows(2).map(gap)).collect()
    }
    /// When the state was first entered, from the start of the execution.
    pub fn entered(&self) -> Duration {
        self.visits.first().map_or(Duration::ZERO, |v| v.entered.at.since(self.run.started_at()))
    }
    /// The raw input of the first visit.
    pub fn input(&self) -> Option<serde_json::Value> {
        self.visits.first().map(|v| v.input.to_json())
    }
    /// The output of the last visit, if it was left.
    pub fn output(&self) -> Option<serde_json::Value> {
        self.visits.last()?.output.as_ref().map(Value::to_json)
    }
    /// The name of the error that a Catch of the state took, in the last visit.
    pub fn caught(&self) -> Option<&'a str> {
        self.visits.last()?.caught().map(|e| e.name())
    }
}

/// Whether a name means this visit: the state's own, or its place with or without the indices of items and branches.
pub(crate) fn is_at(v: &StateVisit, name: &str) -> bool {
    &*v.name == name || {
        let location = v.location();
        location == name || without_indices(&location) == name
    }
}

/// `Each[2]/Charge` as `Each/Charge`.
pub(crate) fn without_indices(place: &str) -> String {
    let plain = |part| split_index(part).map_or(part, |(head, _)| head);
    place.split('/').map(plain).collect::<Vec<&str>>().join("/")
}

/// Whether an older name means this error: the service reports a Choice without a match as `States.Runtime` now.
pub(crate) fn is_alias(name: &str, error: &TaskError) -> bool {
    let no_match = error.cause.as_deref().is_some_and(|c| c.contains("Failed to transition out of the state"));
    name == "States.NoChoiceMatched" && error.name() == "States.Runtime" && no_match
}

pub(crate) fn ended(status: &Status) -> &'static str {
    match status {
        Status::Running => "is still running",
        Status::Succeeded(_) => "succeeded",
        Status::Failed(_) => "failed",
        Status::TimedOut(_) => "timed out",
        Status::Aborted(_) => "was stopped",
    }
}

/// `Charge x3`, and `Each[2]/Charge` for what is inside a Map or Parallel.
pub(crate) fn label(v: &StateVisit) -> String {
    match v.attempts.len() {
        0 | 1 => v.location(),
        n => format!("{} x{n}", v.location()),
    }
}

/// The visits that a path is about: the main line, and what is inside a Map or Parallel where the path names some of
/// the same item or branch.
pub(crate) fn path_of<'a>(expected: &[&str], visits: impl IntoIterator<Item = &'a StateVisit>) -> Vec<&'a StateVisit> {
    let frames: Vec<&str> = expected.iter().filter_map(|p| Some(p.rsplit_once('/')?.0)).collect();
    let is_named = |v: &StateVisit| {
        let frame = v.path.iter().map(ToString::to_string).collect::<Vec<String>>().join("/");
        frames.iter().any(|f| *f == frame || *f == without_indices(&frame))
    };
    visits.into_iter().filter(|v| v.path.is_empty() || is_named(v)).collect()
}

/// The first step of the pattern that the visits do not take, or its length where they go on after the last; nothing
/// where they fit. Linear apart from `...`, which tries every place once: the table of (pattern, visit) pairs bounds
/// the work.
pub(crate) fn path_breaks(expected: &[&str], visits: &[&StateVisit]) -> Option<usize> {
    let mut reachable = vec![false; visits.len() + 1];
    reachable[0] = true;
    for (step, pattern) in expected.iter().enumerate() {
        let mut next = vec![false; visits.len() + 1];
        if *pattern == "..." {
            let mut any = false;
            for (i, slot) in next.iter_mut().enumerate() {
                any |= reachable[i];
                *slot = any;
            }
        } else {
            for (i, v) in visits.iter().enumerate() {
                next[i + 1] = reachable[i] && step_matches(pattern, v);
            }
        }
        if !next.contains(&true) {
            return Some(step);
        }
        reachable = next;
    }
    (!reachable[visits.len()]).then_some(expected.len())
}

/// Whether a step of a path means this visit: `*`, `Charge`, `Charge x3`, `Each/Charge`, `Each[2]/Charge x3`.
fn step_matches(pattern: &str, v: &StateVisit) -> bool {
    if pattern == "*" || is_at(v, pattern) {
        return true;
    }
    match pattern.rsplit_once(" x") {
        Some((name, n)) => n.parse() == Ok(v.attempts.len()) && is_at(v, name),
        None => false,
    }
}

/// The smallest path at which two values differ, with both.
pub(crate) fn difference(path: &str, expected: &Value, got: &Value) -> Option<String> {
    if expected == got {
        return None;
    }
    match (expected, got) {
        (Value::Object(e), Value::Object(g)) => {
            let missing = e.iter().find(|(k, _)| !g.contains_key(k));
            if let Some((k, v)) = missing {
                return Some(format!("{path}.{k}: expected {v}, but there is no such member"));
            }
            if let Some((k, v)) = g.iter().find(|(k, _)| !e.contains_key(k)) {
                return Some(format!("{path}.{k}: expected no such member, but it is {v}"));
            }
            e.iter().find_map(|(k, v)| difference(&format!("{path}.{k}"), v, g.get(k)?))
        }
        (Value::Array(e), Value::Array(g)) if e.len() == g.len() => {
            e.iter().zip(g.iter()).enumerate().find_map(|(i, (a, b))| difference(&format!("{path}[{i}]"), a, b))
        }
        (Value::Array(e), Value::Array(g)) => {
            Some(format!("{path}: expected {} elements, but there are {}: {got}", e.len(), g.len()))
        }
        _ => Some(format!("{path}: expected {expected}, but it is {got}")),
    }
}
