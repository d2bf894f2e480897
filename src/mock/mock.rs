//! What a test writes: the answers to the calls of one key, in order.

use std::sync::Arc;
use std::time::Duration;

use super::matcher::Matcher;
use super::reply::Reply;
use super::step::{Step, Supply};
use crate::task::{Call, TaskError};
use crate::value::Value;

/// The answers to the calls of one key, in order; see [the module](super) for how they are played.
///
/// The verbs `takes`, `times`, `with` and so on are about the answer added last: the one before the first `then`, or
/// the argument of the latest `then`, or all answers of a [`sequence`](super::sequence).
#[derive(Clone, Debug)]
pub struct Mock {
    pub(super) runs: Vec<Run>,
}

/// Steps that were added together and can be played again together.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) steps: Vec<Step>,
    pub(super) rounds: u64,
}

/// How often a sequence within another can be played.
const MAX_ROUNDS: usize = 1_000;

impl Mock {
    pub(super) fn sequence(answers: impl Iterator<Item = Mock>) -> Mock {
        let runs = answers.flat_map(|mock| mock.runs);
        // A sequence within a sequence is written out; the bound keeps a slip from filling the memory.
        let steps = runs.flat_map(|run| {
            let rounds = usize::try_from(run.rounds).unwrap_or(MAX_ROUNDS).min(MAX_ROUNDS);
            std::iter::repeat_n(run.steps, rounds).flatten()
        });
        let once = |mut step: Step| {
            step.limit.get_or_insert(1);
            step
        };
        Mock { runs: vec![Run { steps: steps.map(once).collect(), rounds: 1 }] }
    }
    /// Answers after so long on the virtual clock; at once by default.
    #[must_use]
    pub fn takes(self, duration: Duration) -> Mock {
        self.each(|step| step.takes = Some(duration))
    }
    /// Answers so many calls, then passes on to what follows.
    #[must_use]
    pub fn times(mut self, n: u64) -> Mock {
        if let Some(run) = self.runs.last_mut() {
            match run.steps.as_mut_slice() {
                [step] => step.limit = Some(n),
                _ => run.rounds = n,
            }
        }
        self
    }
    /// Answers one call, then passes on to what follows.
    #[must_use]
    pub fn once(self) -> Mock {
        self.times(1)
    }
    /// What answers next. An answer before it that says neither how often nor for which calls is given once.
    #[must_use]
    pub fn then(mut self, next: impl Into<Mock>) -> Mock {
        if let Some(step) = self.runs.last_mut().and_then(|run| run.steps.last_mut())
            && step.narrow.is_open()
        {
            step.limit.get_or_insert(1);
        }
        self.runs.extend(next.into().runs);
        self
    }
    /// What the service says when it accepts the request of a `.sync` or `.waitForTaskToken` task, which
    /// `TaskSubmitted` shows.
    #[must_use]
    pub fn submits(self, output: impl Into<Value>) -> Mock {
        let output = output.into();
        self.each(|step| step.submits = Some(output.clone()))
    }
    /// Answers only calls from this item of the innermost Map, counted from 0.
    #[must_use]
    pub fn for_item(self, index: usize) -> Mock {
        self.each(|step| step.narrow.item = Some(index))
    }
    /// Answers only this attempt of the task: 0 is the first, 1 the first retry.
    #[must_use]
    pub fn for_attempt(self, attempt: u32) -> Mock {
        self.each(|step| step.narrow.attempt = Some(attempt))
    }
    /// Answers only calls whose payload matches: scalars exactly, objects if they hold these members; see [`Matcher`].
    ///
    /// # Panics
    /// If it holds a matcher that does not exist or cannot be read: that is a slip in the test.
    #[must_use]
    #[track_caller]
    pub fn with(self, payload: impl Into<Value>) -> Mock {
        let matcher = Matcher::expect_new(&payload.into());
        self.with_matcher(matcher)
    }
    /// Answers only calls whose payload passes this matcher.
    #[must_use]
    pub fn with_matcher(self, matcher: Matcher) -> Mock {
        self.each(|step| step.narrow.with = Some(matcher.clone()))
    }
    /// Answers only calls for which this holds.
    #[must_use]
    pub fn when(self, holds: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Mock {
        let holds = Arc::new(holds);
        self.each(|step| step.narrow.when = Some(holds.clone()))
    }
    fn each(mut self, mut change: impl FnMut(&mut Step)) -> Mock {
        for step in self.runs.last_mut().into_iter().flat_map(|run| &mut run.steps) {
            change(step);
        }
        self
    }
}

impl From<Supply> for Mock {
    fn from(supply: Supply) -> Mock {
        Mock { runs: vec![Run { steps: vec![Step::new(supply)], rounds: 1 }] }
    }
}

impl From<Reply> for Mock {
    fn from(reply: Reply) -> Mock {
        Mock::from(Supply::Fixed(reply))
    }
}

macro_rules! from_scalar {
    ($($t:ty),*) => {$(
        /// One result, given to every call.
        impl From<$t> for Mock {
            fn from(result: $t) -> Mock {
                Mock::from(Value::from(result))
            }
        }
    )*};
}

from_scalar!(bool, i32, i64, u64, f64, &str, String);

/// One result, given to every call.
impl From<Value> for Mock {
    fn from(result: Value) -> Mock {
        Reply::from(result).into()
    }
}

/// One result, given to every call.
impl From<serde_json::Value> for Mock {
    fn from(result: serde_json::Value) -> Mock {
        Reply::from(result).into()
    }
}

/// One failure, given to every call.
impl From<TaskError> for Mock {
    fn from(error: TaskError) -> Mock {
        Reply::from(error).into()
    }
}

/// One result or failure, given to every call.
impl From<Result<Value, TaskError>> for Mock {
    fn from(outcome: Result<Value, TaskError>) -> Mock {
        Reply::from(outcome).into()
    }
}

/// One result or failure, given to every call.
impl From<Result<serde_json::Value, TaskError>> for Mock {
    fn from(outcome: Result<serde_json::Value, TaskError>) -> Mock {
        Reply::from(outcome).into()
    }
}
