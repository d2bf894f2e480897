//! One fault: what goes wrong, on which calls.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use super::key::Key;
use super::narrow::Narrow;
use super::reply::Reply;
use super::text::yaml_flow;
use super::throttle::throttled;
use crate::task::{Call, TaskError};
use crate::time::format_offset;
use crate::value::{Str, Value};

/// A fault laid over whatever answers: a mock, a service or something real.
///
/// It strikes the first call it is for, unless it says otherwise.
///
/// ```
/// use rehearsal::mock::Fault;
/// use rehearsal::time::DurationExt;
///
/// let faults = [
///     Fault::on("Charge").fails("PaymentGateway.Busy", "503").nth(2),
///     Fault::on("Map/Work").throttled().for_item(1).times(3),
///     Fault::on("dynamodb:putItem").delayed(5.secs()).every(),
/// ];
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    pub(super) key: Key,
    pub(super) kind: FaultKind,
    pub(super) narrow: Narrow,
    /// The first of the calls it is for that is struck, from 1.
    pub(super) from: u64,
    /// How many calls it strikes.
    pub(super) strikes: u64,
    pub(super) after_answer: bool,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The task fails with this error.
    Error(TaskError),
    /// Nothing comes back, so that the task runs into `States.Timeout`: when its `TimeoutSeconds` are over, or at once
    /// where it has none.
    Timeout,
    /// The worker falls silent: `States.HeartbeatTimeout`, after `HeartbeatSeconds`, or at once where there are none.
    HeartbeatTimeout,
    /// The task fails with `States.TaskFailed`.
    TaskFailed,
    /// The task may not do what it tries: `States.Permissions`.
    Permissions,
    /// The service is called too often and says so in the words of its integration.
    Throttle,
    /// The result is one byte larger than a task's result may be.
    Oversize,
    /// The answer comes this much later.
    Delay(Duration),
}

impl FaultKind {
    /// The fault of an error's name: those the service itself raises are raised in its way.
    pub fn of_error(error: TaskError) -> FaultKind {
        match (error.name(), &error.cause) {
            ("States.Timeout", None) => FaultKind::Timeout,
            ("States.HeartbeatTimeout", None) => FaultKind::HeartbeatTimeout,
            ("States.TaskFailed", None) => FaultKind::TaskFailed,
            ("States.Permissions", None) => FaultKind::Permissions,
            _ => FaultKind::Error(error),
        }
    }
    /// What comes back instead of an answer; nothing for a fault that lets the answer through.
    pub(super) fn reply(&self, call: &Call) -> Option<Reply> {
        Some(match self {
            FaultKind::Error(error) => Reply::failed(error.clone()),
            FaultKind::Timeout => Reply::timed_out(false),
            FaultKind::HeartbeatTimeout => Reply::timed_out(true),
            FaultKind::TaskFailed => Reply::failed(TaskError::named("States.TaskFailed")),
            FaultKind::Permissions => Reply::refused(TaskError::named("States.Permissions")),
            FaultKind::Throttle => Reply::refused(throttled(call)),
            FaultKind::Oversize => Reply::done(oversize()),
            FaultKind::Delay(_) => return None,
        })
    }
}

/// The largest result a task may have, in bytes of JSON text.
const RESULT_LIMIT: usize = 262_144;

/// A string that is one byte too long, quotes included; made once, since it is a quarter of a megabyte.
fn oversize() -> Value {
    static TEXT: OnceLock<Str> = OnceLock::new();
    Value::from(TEXT.get_or_init(|| "x".repeat(RESULT_LIMIT - 1).into()))
}

impl Fault {
    /// A fault on the calls a key names: `States.TaskFailed`, until a verb says what else.
    pub fn on(key: impl Into<Key>) -> Fault {
        Fault {
            key: key.into(),
            kind: FaultKind::TaskFailed,
            narrow: Narrow::default(),
            from: 1,
            strikes: 1,
            after_answer: false,
        }
    }
    /// This goes wrong.
    #[must_use]
    pub fn of_kind(mut self, kind: FaultKind) -> Fault {
        self.kind = kind;
        self
    }
    /// The task fails with this error and cause.
    #[must_use]
    pub fn fails(self, error: impl Into<Str>, cause: impl Into<Str>) -> Fault {
        self.of_kind(FaultKind::Error(TaskError::new(error, cause)))
    }
    /// The task fails with this error and without a cause. `States.Timeout`, `States.HeartbeatTimeout`,
    /// `States.TaskFailed` and `States.Permissions` are raised as the service itself raises them.
    #[must_use]
    pub fn throws(self, error: impl Into<Str>) -> Fault {
        self.of_kind(FaultKind::of_error(TaskError::named(error)))
    }
    /// The task runs out of time.
    #[must_use]
    pub fn times_out(self) -> Fault {
        self.of_kind(FaultKind::Timeout)
    }
    /// The worker falls silent.
    #[must_use]
    pub fn misses_heartbeat(self) -> Fault {
        self.of_kind(FaultKind::HeartbeatTimeout)
    }
    /// The task may not do what it tries.
    #[must_use]
    pub fn denied(self) -> Fault {
        self.of_kind(FaultKind::Permissions)
    }
    /// The service is called too often.
    #[must_use]
    pub fn throttled(self) -> Fault {
        self.of_kind(FaultKind::Throttle)
    }
    /// The result is too large.
    #[must_use]
    pub fn oversized(self) -> Fault {
        self.of_kind(FaultKind::Oversize)
    }
    /// The answer comes this much later.
    #[must_use]
    pub fn delayed(self, by: Duration) -> Fault {
        self.of_kind(FaultKind::Delay(by))
    }
    /// Strikes first at the nth of the calls it is for, from 1.
    #[must_use]
    pub fn nth(mut self, n: u64) -> Fault {
        self.from = n;
        self
    }
    /// Strikes so many calls in a row.
    #[must_use]
    pub fn times(mut self, n: u64) -> Fault {
        self.strikes = n;
        self
    }
    /// Strikes every call.
    #[must_use]
    pub fn every(self) -> Fault {
        self.times(u64::MAX)
    }
    /// Is only for calls from this item of the innermost Map, counted from 0.
    #[must_use]
    pub fn for_item(mut self, index: usize) -> Fault {
        self.narrow.item = Some(index);
        self
    }
    /// Is only for this attempt of the task: 0 is the first, 1 the first retry.
    #[must_use]
    pub fn for_attempt(mut self, attempt: u32) -> Fault {
        self.narrow.attempt = Some(attempt);
        self
    }
    /// Strikes when the work is done: the call is answered as if nothing were wrong, and then the answer is lost.
    ///
    /// Otherwise the call never arrives, and a mock does not count it.
    #[must_use]
    pub fn after_answer(mut self) -> Fault {
        self.after_answer = true;
        self
    }
    /// The key of the calls it is for.
    pub fn key(&self) -> &Key {
        &self.key
    }
    /// What goes wrong.
    pub fn kind(&self) -> &FaultKind {
        &self.kind
    }
    /// Faults that are simpler than this one, the simplest first.
    #[cfg(feature = "fuzz")]
    pub(crate) fn simpler(&self) -> Vec<Fault> {
        let mut all = vec![Fault::on(self.key.clone())];
        if self.kind != FaultKind::TaskFailed {
            all.push(self.clone().of_kind(FaultKind::TaskFailed));
        }
        all.push(Fault { narrow: Narrow::default(), ..self.clone() });
        all.push(self.clone().nth(1));
        all.push(Fault { after_answer: false, ..self.clone() });
        if self.strikes != u64::MAX {
            all.extend((1..self.strikes.min(20)).map(|n| self.clone().times(n)));
        }
        let own = self.to_value();
        all.retain(|fault| fault.to_value() != own);
        all
    }
    /// The fault as files write it.
    pub(crate) fn to_value(&self) -> Value {
        let mut words = vec![("on", Value::from(self.key.text()))];
        let fail = |name: &str| ("fail", Value::from(name));
        words.push(match &self.kind {
            FaultKind::Error(error) => ("fail", error.error.as_ref().map_or(Value::Null, Value::from)),
            FaultKind::Timeout => fail("States.Timeout"),
            FaultKind::HeartbeatTimeout => fail("States.HeartbeatTimeout"),
            FaultKind::TaskFailed => fail("States.TaskFailed"),
            FaultKind::Permissions => fail("States.Permissions"),
            FaultKind::Throttle => ("throttle", Value::from(true)),
            FaultKind::Oversize => ("oversize", Value::from(true)),
            FaultKind::Delay(by) => ("delay", Value::from(format_offset(*by))),
        });
        if let FaultKind::Error(TaskError { cause: Some(cause), .. }) = &self.kind {
            words.push(("cause", Value::from(cause)));
        }
        if self.from != 1 {
            words.push(("nth", Value::from(self.from)));
        }
        match self.strikes {
            1 => {}
            u64::MAX => words.push(("every", Value::from(true))),
            n => words.push(("times", Value::from(n))),
        }
        words.extend(self.narrow.item.map(|item| ("item", Value::from(item as u64))));
        words.extend(self.narrow.attempt.map(|attempt| ("attempt", Value::from(attempt))));
        if self.after_answer {
            words.push(("after", Value::from(true)));
        }
        Value::object(words)
    }
}

/// The fault as files write it: `{ on: Charge, fail: States.Timeout, times: 2 }`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `on` is a truth to YAML 1.1 alone, and to nobody who reads this.
        f.write_str(&yaml_flow(&self.to_value()).replacen("\"on\": ", "on: ", 1))
    }
}
