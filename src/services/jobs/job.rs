//! How a job fares, as a test sets it up.

use std::time::Duration;

use crate::value::{Str, Value};

/// How a job fares: after how long it ends, and how.
///
/// ```
/// use rehearsal::prelude::*;
/// use rehearsal::services::{Job, Setup};
///
/// let setup = Setup::new()
///     .job("batch", "nightly", Job::succeeds().takes(10.minutes()))
///     // The first run fails, whatever is tried again succeeds.
///     .job("glue", "load", Job::fails("no such table").then(Job::succeeds()))
///     // Any other job of the service.
///     .job("glue", "*", Job::succeeds());
/// ```
#[derive(Clone, Debug)]
pub struct Job {
    /// One for each run; the last is for all that follow.
    runs: Vec<Plan>,
}

/// How one run fares.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// Nothing where it never ends.
    pub(super) takes: Option<Duration>,
    /// Why it fails.
    pub(super) fails: Option<Str>,
    /// What the service's description says besides.
    pub(super) describes: Option<Value>,
}

impl Job {
    fn of(plan: Plan) -> Job {
        Job { runs: vec![plan] }
    }
    /// A job that succeeds, at once unless it [`takes`](Self::takes) its time.
    pub fn succeeds() -> Job {
        Job::of(Plan { takes: Some(Duration::ZERO), ..Plan::default() })
    }
    /// A job that fails, with what its service says of the reason.
    pub fn fails(reason: impl Into<Str>) -> Job {
        Job::of(Plan { takes: Some(Duration::ZERO), fails: Some(reason.into()), describes: None })
    }
    /// A job that runs until somebody stops it.
    pub fn runs_forever() -> Job {
        Job::of(Plan::default())
    }
    /// The same job, which takes so long on the virtual clock. One that runs forever ends then.
    #[must_use]
    pub fn takes(mut self, duration: Duration) -> Job {
        self.last(|plan| plan.takes = Some(duration));
        self
    }
    /// The same job, of which its service's description says this besides what it says anyway: `{"Container":
    /// {"ExitCode": 3}}` for a job of Batch. It is spelt as the result of the task.
    #[must_use]
    pub fn describes(mut self, members: impl Into<Value>) -> Job {
        let members = members.into();
        self.last(|plan| plan.describes = Some(members));
        self
    }
    /// The same job, whose next runs fare like another.
    #[must_use]
    pub fn then(mut self, next: Job) -> Job {
        self.runs.extend(next.runs);
        self
    }
    fn last(&mut self, change: impl FnOnce(&mut Plan)) {
        if let Some(plan) = self.runs.last_mut() {
            change(plan);
        }
    }
    /// How the n-th run fares, from 0.
    pub(super) fn run(&self, n: usize) -> Plan {
        self.runs.get(n).or(self.runs.last()).cloned().unwrap_or_default()
    }
}
