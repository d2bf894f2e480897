//! One run of a job.

use std::fmt;

use super::kind::Kind;
use super::telling::{Telling, merged};
use crate::mock::shape;
use crate::task::CallId;
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// How a run stands, in the same words for every service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobStatus {
    /// It has not ended.
    Running,
    /// It ended well.
    Succeeded,
    /// It failed.
    Failed,
    /// The task that waited for it was cut short, and stopped it.
    Stopped,
}

impl JobStatus {
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `STOPPED`.
    pub fn name(self) -> &'static str {
        ["RUNNING", "SUCCEEDED", "FAILED", "STOPPED"][self as usize]
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One run of a job: who was asked for what, and what became of it.
#[derive(Clone, Debug)]
pub struct JobRun {
    pub(super) kind: &'static Kind,
    pub(super) name: Str,
    pub(super) input: Value,
    /// What the service said when it took the job.
    pub(super) said: Value,
    pub(super) status: JobStatus,
    pub(super) since: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    /// When it ends by itself.
    pub(super) ends_at: Option<Timestamp>,
    pub(super) fails: Option<Str>,
    pub(super) describes: Option<Value>,
    /// The task that waits for it: its execution's ARN and the call.
    pub(super) waits: Option<(Str, CallId)>,
}

impl JobRun {
    /// The service as resources of tasks name it: `batch`, `elasticmapreduce`.
    pub fn service(&self) -> &str {
        self.kind.service
    }
    /// The job's name: that under which the test has set it up, or the one that the request says.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The id that the service gave the run.
    pub fn id(&self) -> &str {
        let mut value = &self.said;
        for part in self.kind.id.split('.') {
            value = value.get(part).or_else(|| value.at(0)?.get(part)).unwrap_or(&Value::Null);
        }
        match value.as_str() {
            Some(id) => id,
            // Of some services the name that the request gives is the id.
            None => self.input.get(self.kind.id).and_then(Value::as_str).unwrap_or(&self.name),
        }
    }
    /// The request that started it.
    pub fn input(&self) -> &Value {
        &self.input
    }
    /// How it stands.
    pub fn status(&self) -> JobStatus {
        self.status
    }
    /// When it was started.
    pub fn started_at(&self) -> Timestamp {
        self.since
    }
    /// When it ended, or was stopped.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.ended_at
    }
    /// How it will have ended when it ends by itself.
    pub(super) fn outcome(&self) -> JobStatus {
        if self.fails.is_some() { JobStatus::Failed } else { JobStatus::Succeeded }
    }
    /// The same at its end.
    pub(super) fn at_its_end(&self) -> JobRun {
        let ended_at = self.ended_at.or(self.ends_at);
        JobRun { status: if self.ended_at.is_some() { self.status } else { self.outcome() }, ended_at, ..self.clone() }
    }
    /// What the service says of it, in the form of the result of a task that waits for it.
    pub(super) fn told(&self, is_sdk: bool) -> Value {
        let mut told = (self.kind.tells)(&Telling {
            run: self,
            word: self.kind.words[self.status as usize],
            // Only a failure has its reason told.
            reason: self.fails.as_deref().filter(|_| self.status == JobStatus::Failed),
            is_sdk,
        });
        if let (Some(more), true) = (&self.describes, self.ended_at.is_some()) {
            merged(&mut told, more);
        }
        told.as_object().map_or(Value::Null, shape::sorted)
    }
    /// `{"Id": …, "Input": …, "Name": "nightly", "Status": "SUCCEEDED"}`, for expectations.
    pub(crate) fn to_value(&self) -> Value {
        Value::object([
            ("Id", Value::from(self.id())),
            ("Input", self.input.clone()),
            ("Name", (&self.name).into()),
            ("Status", self.status.name().into()),
        ])
    }
}
