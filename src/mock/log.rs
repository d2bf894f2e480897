//! What was called: the log of a run and the questions a test asks of it.

use std::collections::VecDeque;
use std::fmt::Write;

use super::key::{CallNames, Key};
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
}

/// The place of a call in its log, by which its end is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogEntry(usize);

/// The calls of a run, in the order in which they were made.
#[derive(Clone, Debug)]
pub struct CallLog {
    started_at: Timestamp,
    calls: VecDeque<LoggedCall>,
    /// How many calls are kept, and how many went before them.
    most: usize,
    dropped: usize,
}

impl CallLog {
    /// A log of a run that starts now; offsets in messages count from here.
    pub fn new(started_at: Timestamp) -> CallLog {
        CallLog { started_at, calls: VecDeque::new(), most: usize::MAX, dropped: 0 }
    }
    /// A log that keeps the last calls only.
    #[cfg(feature = "server")]
    pub(crate) fn keeping(mut self, most: usize) -> CallLog {
        self.most = most;
        self
    }
    fn place(&self, entry: LogEntry) -> Option<usize> {
        entry.0.checked_sub(self.dropped)
    }
    /// Writes down a call.
    pub fn record(&mut self, call: Call, at: Timestamp, answered_by: impl Into<String>) -> LogEntry {
        if self.calls.len() >= self.most {
            self.calls.pop_front();
            self.dropped += 1;
        }
        self.calls.push_back(LoggedCall { call, at, ended_at: None, outcome: None, answered_by: answered_by.into() });
        LogEntry(self.dropped + self.calls.len() - 1)
    }
    /// Writes down how a call ended; without an outcome, that it was cancelled or ran out of time.
    pub fn finish(&mut self, entry: LogEntry, at: Timestamp, outcome: Option<Outcome>) {
        if let Some(logged) = self.place(entry).and_then(|n| self.calls.get_mut(n)) {
            logged.ended_at = Some(at);
            logged.outcome = outcome;
        }
    }
    /// Writes down who answers a call, where that is known only later.
    pub fn answered_by(&mut self, entry: LogEntry, who: impl Into<String>) {
        if let Some(logged) = self.place(entry).and_then(|n| self.calls.get_mut(n)) {
            logged.answered_by = who.into();
        }
    }
    /// All calls.
    pub fn all(&self) -> Calls<'_> {
        Calls { log: self, key: None, calls: self.calls.iter().collect() }
    }
    /// The calls a key names: a state, `Map/Inner`, `Map[2]/Inner`, an ARN, a function, an activity or `service:action`.
    pub fn to(&self, key: impl Into<Key>) -> Calls<'_> {
        let key = key.into();
        let calls = self.calls.iter().filter(|logged| key.names(&logged.call)).collect();
        Calls { log: self, key: Some(key), calls }
    }
    /// How many calls there were.
    pub fn len(&self) -> usize {
        self.calls.len()
    }
    /// Whether nothing was called.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
    /// The call at a place in the log.
    pub fn get(&self, entry: LogEntry) -> Option<&LoggedCall> {
        self.calls.get(self.place(entry)?)
    }
}

/// Some calls of a log.
#[derive(Clone, Debug)]
pub struct Calls<'a> {
    log: &'a CallLog,
    key: Option<Key>,
    calls: Vec<&'a LoggedCall>,
}

impl<'a> Calls<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.calls.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
    /// The calls, in the order in which they were made.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a LoggedCall> + DoubleEndedIterator {
        self.calls.iter().copied()
    }
    /// The nth call, from 0.
    pub fn get(&self, n: usize) -> Option<&'a LoggedCall> {
        self.calls.get(n).copied()
    }
    /// The first call.
    pub fn first(&self) -> Option<&'a LoggedCall> {
        self.get(0)
    }
    /// The last call.
    pub fn last(&self) -> Option<&'a LoggedCall> {
        self.calls.last().copied()
    }
    /// What each call was given.
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
    /// If there were more or fewer, with the calls there were.
    #[track_caller]
    pub fn assert_times(&self, n: usize) -> &Self {
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
        let mut headline = match self.len() {
            0 => format!("{} was not called, expected a call with {}", self.subject(), brief(expected)),
            1 => format!("the call of {} has another payload: {}", self.subject(), differences.first()?),
            n => format!("none of the {n} calls of {} has the expected payload {}", self.subject(), brief(expected)),
        };
        if self.len() > 1 {
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
        let (title, calls) = match (&self.key, self.is_empty()) {
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
        let names: Vec<String> = self.log.calls.iter().flat_map(|logged| CallNames::of(&logged.call).all()).collect();
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
