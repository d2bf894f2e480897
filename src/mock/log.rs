//! What was called: the log of a run and the questions a test asks of it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::key::{CallNames, Key, invoked_arn, plain_location};
use super::matcher::Matcher;
use super::text::brief;
use crate::diagnostic::{counted, did_you_mean};
use crate::task::{Call, Outcome};
use crate::time::{Timestamp, format_offset};
use crate::value::Value;

/// One call, and how it ended once it has.
#[derive(Clone, Debug)]
pub struct LoggedCall {
    /// The call.
    pub call: Call,
    /// When it was made, on the virtual clock.
    pub at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended; nothing for a call that is still open, was cancelled or ran out of time by itself.
    pub outcome: Option<Outcome>,
    /// Who answered: a mock's key, a service, `a fault on Charge`.
    pub answered_by: String,
    /// Whether it need not be kept once it has succeeded.
    is_brief: bool,
}

/// The place of a call in its log, by which its end is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogEntry(usize);

/// The calls of a run, in the order in which they were made.
#[derive(Clone, Debug)]
pub struct CallLog {
    started_at: Timestamp,
    next: usize,
    calls: BTreeMap<usize, LoggedCall>,
    /// How many are kept at all.
    most: usize,
    /// How many brief calls that did not succeed are kept.
    most_brief: usize,
    brief: usize,
    left_out: LeftOut,
}

impl CallLog {
    /// A log of a run that starts now; offsets in messages count from here.
    pub fn new(started_at: Timestamp) -> CallLog {
        let calls = BTreeMap::new();
        CallLog {
            started_at,
            next: 0,
            calls,
            most: usize::MAX,
            most_brief: MOST_BRIEF,
            brief: 0,
            left_out: LeftOut::default(),
        }
    }
    /// A log that keeps the last calls only.
    #[cfg(feature = "server")]
    pub(crate) fn keeping(mut self, most: usize) -> CallLog {
        self.most = most;
        self
    }
    /// Writes down a call.
    pub fn record(&mut self, call: Call, at: Timestamp, answered_by: impl Into<String>) -> LogEntry {
        self.write(LoggedCall {
            call,
            at,
            ended_at: None,
            outcome: None,
            answered_by: answered_by.into(),
            is_brief: false,
        })
    }
    /// Writes down a call that is only counted once it has succeeded: one of very many.
    pub fn record_brief(&mut self, call: Call, at: Timestamp, answered_by: impl Into<String>) -> LogEntry {
        let entry = self.record(call, at, answered_by);
        if let Some(logged) = self.calls.get_mut(&entry.0) {
            logged.is_brief = true;
        }
        entry
    }
    fn write(&mut self, logged: LoggedCall) -> LogEntry {
        let entry = LogEntry(self.next);
        self.next += 1;
        self.calls.insert(entry.0, logged);
        if self.calls.len() > self.most {
            self.calls.pop_first();
        }
        entry
    }
    /// Says how many brief calls are kept that did not succeed.
    pub(crate) fn keep_brief(&mut self, most: usize) {
        self.most_brief = most;
    }
    /// Writes down how a call ended; without an outcome, that it was cancelled or ran out of time.
    pub fn finish(&mut self, entry: LogEntry, at: Timestamp, outcome: Option<Outcome>) {
        let Some(logged) = self.calls.get_mut(&entry.0) else { return };
        if logged.is_brief {
            if matches!(outcome, Some(Ok(_))) || self.brief >= self.most_brief {
                self.left_out.add(&logged.call);
                self.calls.remove(&entry.0);
                return;
            }
            self.brief += 1;
        }
        logged.ended_at = Some(at);
        logged.outcome = outcome;
    }
    /// Writes down who answers a call, where that is known only later.
    pub fn answered_by(&mut self, entry: LogEntry, who: impl Into<String>) {
        if let Some(logged) = self.calls.get_mut(&entry.0) {
            logged.answered_by = who.into();
        }
    }
    /// All calls.
    pub fn all(&self) -> Calls<'_> {
        let calls = self.calls.values().collect();
        Calls { log: self, key: None, calls, left_out: self.left_out.all(), untold: 0 }
    }
    /// The calls a key names: a state, `Map/Inner`, `Map[2]/Inner`, an ARN, a function, an activity or `service:action`.
    pub fn to(&self, key: impl Into<Key>) -> Calls<'_> {
        let key = key.into();
        let calls = self.calls.values().filter(|logged| key.names(&logged.call)).collect();
        let (left_out, untold) = self.left_out.of(&key);
        Calls { log: self, key: Some(key), calls, left_out, untold }
    }
    /// How many calls there were.
    pub fn len(&self) -> usize {
        self.calls.len() + self.left_out.all()
    }
    /// Whether nothing was called.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The call at a place in the log.
    pub fn get(&self, entry: LogEntry) -> Option<&LoggedCall> {
        self.calls.get(&entry.0)
    }
}

/// Some calls of a log. Of the calls that very many children of a distributed Map make, only the number is there; see
/// [`Harness::keep_children`](crate::Harness::keep_children).
#[derive(Clone, Debug)]
pub struct Calls<'a> {
    log: &'a CallLog,
    key: Option<Key>,
    calls: Vec<&'a LoggedCall>,
    /// Calls that are only counted.
    left_out: usize,
    /// Calls that are only counted, of which it is not known whether the key names them.
    untold: usize,
}

impl<'a> Calls<'a> {
    /// How many there are, with those that are only counted.
    pub fn len(&self) -> usize {
        self.calls.len() + self.left_out
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// How many of them are only counted, so that nothing else can be said of them.
    pub fn left_out(&self) -> usize {
        self.left_out
    }
    /// The calls that are kept, in the order in which they were made.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a LoggedCall> + DoubleEndedIterator {
        self.calls.iter().copied()
    }
    /// The nth call that is kept, from 0.
    pub fn get(&self, n: usize) -> Option<&'a LoggedCall> {
        self.calls.get(n).copied()
    }
    /// The first call.
    pub fn first(&self) -> Option<&'a LoggedCall> {
        self.get(0)
    }
    /// The last call that is kept.
    pub fn last(&self) -> Option<&'a LoggedCall> {
        self.calls.last().copied()
    }
    /// What each call that is kept was given.
    pub fn payloads(&self) -> Vec<Value> {
        self.iter().map(|logged| logged.call.payload.clone()).collect()
    }
    /// When each call was made, counted from the start of the run.
    pub fn offsets(&self) -> Vec<std::time::Duration> {
        self.iter().map(|logged| logged.at.since(self.log.started_at)).collect()
    }
    /// That there were exactly so many.
    ///
    /// # Panics
    /// If there were more or fewer, with the calls there were; or if nobody knows.
    #[track_caller]
    pub fn assert_times(&self, n: usize) -> &Self {
        if self.untold > 0 {
            panic!("{}", self.failure(&format!("nobody knows how often {} was called", self.subject())));
        }
        if self.len() != n {
            panic!("{}", self.failure(&format!("{} {}, expected {n}", self.subject(), self.were())));
        }
        self
    }
    /// That there was none.
    ///
    /// # Panics
    /// If there were any, with the calls there were.
    #[track_caller]
    pub fn assert_never(&self) -> &Self {
        self.assert_times(0)
    }
    /// That at least one call had a payload that matches; see [`Matcher`].
    ///
    /// # Panics
    /// If none had, with the calls there were and how each differs; or if the expectation itself cannot be read.
    #[track_caller]
    pub fn assert_payload(&self, expected: impl Into<Value>) -> &Self {
        let expected = expected.into();
        let matcher = Matcher::expect_new(&expected);
        if let Some(message) = self.payload_failure(&matcher, &expected) {
            panic!("{message}");
        }
        self
    }
    /// What to say where no call's payload passes a matcher.
    pub fn payload_failure(&self, matcher: &Matcher, expected: &Value) -> Option<String> {
        let differences: Vec<_> =
            self.calls.iter().map(|logged| matcher.check(&logged.call.payload).err()).collect::<Option<_>>()?;
        let mut headline = match self.calls.len() {
            0 if self.left_out > 0 => format!("nobody knows what {} was called with", self.subject()),
            0 => format!("{} was not called, expected a call with {}", self.subject(), brief(expected)),
            1 => format!("the call of {} has another payload: {}", self.subject(), differences.first()?),
            n => format!("none of the {n} calls of {} has the expected payload {}", self.subject(), brief(expected)),
        };
        if self.calls.len() > 1 {
            for (i, difference) in differences.iter().enumerate() {
                // Writing to a String cannot fail.
                let _ = write!(headline, "\n  call {}: {difference}", i + 1);
            }
        }
        Some(self.failure(&headline))
    }
    /// The calls, a line each, as messages show them; of very many only the first.
    pub fn describe(&self) -> String {
        let shown = self.calls.get(..MOST_LINES).unwrap_or(&self.calls);
        let times: Vec<String> = shown.iter().map(|logged| self.times(logged)).collect();
        let width = times.iter().map(|t| t.chars().count()).max().unwrap_or(0);
        let mut lines: Vec<String> =
            shown.iter().zip(&times).map(|(logged, times)| format!("    {times:<width$}  {}", line(logged))).collect();
        if shown.len() < self.calls.len() {
            lines.push(format!("    … and {}", counted(self.calls.len() - shown.len(), "more call")));
        }
        lines.join("\n")
    }
    fn subject(&self) -> String {
        self.key.as_ref().map_or_else(|| "anything".to_owned(), |key| format!("`{key}`"))
    }
    fn were(&self) -> String {
        match self.len() {
            0 => "was not called".into(),
            n => format!("was called {}", counted(n, "time")),
        }
    }
    fn failure(&self, headline: &str) -> String {
        let mut text = headline.to_owned();
        if self.left_out + self.untold > 0 {
            let _ = write!(
                text,
                "\n\n  of {} that children of a distributed Map made only the number is kept\n  \
                 help: `Harness::keep_children` keeps more",
                counted(self.left_out + self.untold, "call")
            );
        }
        let (title, calls) = match (&self.key, self.calls.is_empty()) {
            (_, false) => (String::from("the calls"), self.describe()),
            (Some(key), true) => {
                if let Some(near) = self.near(key) {
                    let _ = write!(text, "\n\n  did you mean `{near}`?");
                }
                (String::from("all calls of this run"), self.log.all().describe())
            }
            (None, true) => (String::new(), String::new()),
        };
        if calls.is_empty() {
            text.push_str("\n\n  nothing was called in this run");
        } else {
            let _ = write!(text, "\n\n  {title}:\n{calls}");
        }
        text
    }
    fn near(&self, key: &Key) -> Option<String> {
        let names: Vec<String> = self.log.calls.values().flat_map(|logged| CallNames::of(&logged.call).all()).collect();
        did_you_mean(key.as_str(), names.iter().map(String::as_str)).map(str::to_owned)
    }
    /// `T+2s … T+3s`
    fn times(&self, logged: &LoggedCall) -> String {
        let offset = |at: Timestamp| format!("T+{}", format_offset(at.since(self.log.started_at)));
        match logged.ended_at.filter(|end| *end != logged.at) {
            Some(end) => format!("{} … {}", offset(logged.at), offset(end)),
            None => offset(logged.at),
        }
    }
}

/// Calls of which only the number is kept: one for each place and function, and how many were like it.
#[derive(Clone, Debug, Default)]
struct LeftOut {
    like: BTreeMap<String, (Call, usize)>,
}

impl LeftOut {
    fn add(&mut self, call: &Call) {
        // Everything that a key can ask for, but the indices.
        let place =
            format!("{} {} {}", plain_location(call), call.resource.arn(), invoked_arn(call).unwrap_or_default());
        self.like.entry(place).or_insert_with(|| (call.clone(), 0)).1 += 1;
    }
    fn all(&self) -> usize {
        self.like.values().map(|(_, count)| count).sum()
    }
    /// How many a key names, and how many it may name.
    fn of(&self, key: &Key) -> (usize, usize) {
        let (mut certain, mut possible) = (0, 0);
        for (like, count) in self.like.values() {
            match key.names_like(like) {
                Some(true) => certain += count,
                Some(false) => possible += count,
                None => {}
            }
        }
        (certain, possible)
    }
}

/// How many brief calls that do not succeed are kept where nobody says otherwise.
const MOST_BRIEF: usize = 10_000;

/// How many calls a message shows.
const MOST_LINES: usize = 40;

fn line(logged: &LoggedCall) -> String {
    let end = match (&logged.outcome, logged.ended_at) {
        (Some(Ok(_)), _) => "✓".to_owned(),
        (Some(Err(error)), _) => format!("✗ {}", error.name()),
        (None, Some(_)) => "cut off".into(),
        (None, None) => "still open".into(),
    };
    let retry = if logged.call.attempt == 0 { String::new() } else { format!(" retry {}", logged.call.attempt) };
    format!("{}{retry}  {}  {end}", logged.call.location(), brief(&logged.call.payload))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::set::tests::{AT, INVOKE, call};
    use super::*;
    use crate::task::TaskError;
    use crate::time::DurationExt;

    fn log() -> CallLog {
        let mut log = CallLog::new(AT);
        let charge = |attempt| Call { attempt, ..call(INVOKE, "Charge").payload(r#"{"id":"o-1"}"#) };
        let first = log.record(charge(0), AT, "Charge");
        log.finish(first, AT, Some(Err(TaskError::named("Busy"))));
        let second = log.record(charge(1), AT + 2.secs(), "Charge");
        log.finish(second, AT + 3.secs(), Some(Ok(Value::Null)));
        let save = call("arn:aws:states:::dynamodb:putItem", "Save").inside("Each", 1).payload(r#"{"TableName":"t"}"#);
        log.record(save, AT + 3.secs(), "");
        log
    }

    #[test]
    fn calls_are_found_by_any_form_of_key() {
        let log = log();
        for (key, n) in
            [("Charge", 2), ("lambda:invoke", 2), ("Each/Save", 1), ("Each[0]/Save", 0), ("dynamodb:putItem", 1)]
        {
            assert_eq!(log.to(key).len(), n, "{key}");
        }
        assert_eq!(log.to("Charge").offsets(), [0.secs(), 2.secs()]);
        assert_eq!(log.to("Charge").payloads()[1].to_string(), r#"{"id":"o-1"}"#);
        log.to("Charge").assert_times(2).assert_payload(json!({"id": "o-1"}));
        log.to("Refund").assert_never();
    }

    #[test]
    #[should_panic(expected = "`Charge` was called 2 times, expected 3

  the calls:
    T+0          Charge  {\"id\":\"o-1\"}  ✗ Busy
    T+2s … T+3s  Charge retry 1  {\"id\":\"o-1\"}  ✓")]
    fn a_wrong_number_of_calls_shows_the_calls() {
        log().to("Charge").assert_times(3);
    }

    #[test]
    #[should_panic(expected = "`Svae` was not called, expected 1

  did you mean `Save`?

  all calls of this run:
    T+0          Charge")]
    fn a_key_that_was_never_called_shows_all_calls() {
        log().to("Svae").assert_times(1);
    }

    #[test]
    #[should_panic(expected = "the call of `Save` has another payload: `TableName` is \"t\", expected \"orders\"

  the calls:
    T+3s  Each[1]/Save  {\"TableName\":\"t\"}  still open")]
    fn a_different_payload_shows_the_difference() {
        log().to("Save").assert_payload(json!({"TableName": "orders"}));
    }

    #[test]
    fn of_very_many_calls_the_first_are_shown() {
        let mut log = CallLog::new(AT);
        for _ in 0..1000 {
            log.record(call(INVOKE, "Charge"), AT, "");
        }
        let shown = log.all().describe();
        assert_eq!(shown.lines().count(), MOST_LINES + 1);
        assert!(shown.ends_with("    … and 960 more calls"), "{shown}");
    }

    #[test]
    #[should_panic(expected = "none of the 2 calls of `Charge` has the expected payload {\"id\":\"o-2\"}
  call 1: `id` is \"o-1\", expected \"o-2\"
  call 2: `id` is \"o-1\", expected \"o-2\"")]
    fn different_payloads_are_told_apart() {
        log().to("Charge").assert_payload(json!({"id": "o-2"}));
    }
}
