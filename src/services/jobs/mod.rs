//! Jobs: everything that a `.sync` task waits for, as one model.
//!
//! A job of Batch, Glue, DataBrew, ECS, EMR, EMR Serverless, EMR on EKS, EKS, Athena, CodeBuild, SageMaker, MediaConvert
//! or Bedrock has a duration on the virtual clock and an outcome, which the test sets up; its service describes it in
//! its own shape. Nothing of what it would do is done.
//!
//! ```
//! use rehearsal::prelude::*;
//! use rehearsal::services::{Job, JobStatus, Setup};
//!
//! let machine = Machine::parse(r#"{"StartAt": "Load", "States": {"Load": {
//!     "Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "End": true,
//!     "Parameters": {"JobName": "load"}}}}"#)?;
//! let setup = Setup::new().job("glue", "load", Job::succeeds().takes(10.minutes()));
//! let run = Harness::new(&machine).services(setup).run(json!({}));
//! run.assert_succeeded();
//! assert_eq!(run.output().unwrap()["JobRunState"], "SUCCEEDED");
//! assert_eq!(run.elapsed(), 10.minutes());
//! assert_eq!(run.services().jobs()[0].status(), JobStatus::Succeeded);
//! # Ok::<(), rehearsal::Error>(())
//! ```
//!
//! Step Functions asks the service every so often whether a job has ended, and hears of it late; here a task ends with
//! its job. Where a task is cut short, by its timeout or the end of its execution, its job is stopped, except for EMR's
//! clusters, which the service leaves running.

mod job;
mod kind;
mod run;
pub(crate) mod task;
mod telling;

pub use job::Job;
pub use run::{JobRun, JobStatus};

use std::collections::BTreeMap;

use super::ServiceError;
use crate::asl::ResourceKind;
use crate::diagnostic::did_you_mean;
use crate::mock::shape;
use crate::task::{Call, CallId};
use crate::time::Timestamp;
use crate::value::Str;
use kind::Kind;

/// The name that stands for any job of its service.
const ANY: &str = "*";

/// What jobs there are, and what ran.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    /// By service and name, with how many runs there were.
    plans: BTreeMap<(&'static str, Str), (Job, usize)>,
    runs: Vec<JobRun>,
    /// Those that have not ended.
    running: Vec<usize>,
}

/// Who asks for a job.
struct Request<'a> {
    call: &'a Call,
    kind: &'static Kind,
    /// The execution's ARN, where its task waits for the end of the job.
    waits: Option<&'a str>,
    /// What tells its ids from those of other jobs.
    apart: u64,
}

impl Jobs {
    /// Adds what a test sets up.
    ///
    /// # Errors
    /// The service runs no jobs.
    pub(super) fn set_up(&mut self, service: &str, name: &Str, job: &Job) -> Result<(), ServiceError> {
        let Some(service) = kind::service_of(service) else {
            return Err(ServiceError::coded("NotModelled", unknown_service(service)).status(501));
        };
        self.plans.insert((service, name.clone()), (job.clone(), 0));
        Ok(())
    }
    fn has(&self, service: &str) -> bool {
        self.plans.keys().any(|(own, _)| *own == service)
    }
    /// The names of a service's jobs.
    fn names(&self, service: &str) -> impl Iterator<Item = &str> {
        self.plans.keys().filter(move |(own, _)| *own == service).map(|(_, name)| &**name)
    }
    pub(super) fn runs(&self) -> &[JobRun] {
        &self.runs
    }
    /// Starts a run; nothing where no job of its names is set up.
    fn start(&mut self, request: &Request<'_>, now: Timestamp) -> Option<&JobRun> {
        let Request { call, kind, .. } = request;
        let names = kind.names(&call.payload);
        let key = names.iter().map(|name| Str::from(name.as_str())).chain([ANY.into()]);
        let key = key.map(|name| (kind.service, name)).find(|key| self.plans.contains_key(key))?;
        let (job, runs) = self.plans.get_mut(&key)?;
        let plan = job.run(*runs);
        *runs += 1;
        let name = if &*key.1 == ANY { names.first().map_or(key.1, |n| n.as_str().into()) } else { key.1 };
        self.running.push(self.runs.len());
        self.runs.push(JobRun {
            kind,
            name,
            input: call.payload.clone(),
            said: shape::submitted_apart(call, now, request.apart),
            status: JobStatus::Running,
            since: now,
            ended_at: None,
            ends_at: plan.takes.map(|takes| now + takes),
            fails: plan.fails,
            describes: plan.describes,
            waits: request.waits.map(|execution| (execution.into(), call.id)),
        });
        // What takes no time is over when anybody asks.
        self.pass(now);
        self.runs.last()
    }
    /// Stops what a task waited for.
    pub(super) fn stop(&mut self, now: Timestamp, execution: &str, call: CallId) {
        let runs = &mut self.runs;
        self.running.retain(|&i| {
            let Some(run) = runs.get_mut(i) else { return false };
            let is_its = run.waits.as_ref().is_some_and(|(own, id)| **own == *execution && *id == call);
            if is_its && !run.kind.outlives_task {
                (run.status, run.ended_at) = (JobStatus::Stopped, Some(now));
            }
            run.ended_at.is_none()
        });
    }
    /// When the next one ends.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.running.iter().filter_map(|&i| self.runs.get(i)?.ends_at).min()
    }
    /// Ends what has ended by now.
    pub(super) fn pass(&mut self, now: Timestamp) {
        let runs = &mut self.runs;
        self.running.retain(|&i| {
            let Some(run) = runs.get_mut(i) else { return false };
            if let Some(at) = run.ends_at.filter(|at| *at <= now) {
                (run.status, run.ended_at) = (run.outcome(), Some(at));
            }
            run.ended_at.is_none()
        });
    }
}

/// The services that run jobs, as resources of tasks name them.
pub(crate) fn services() -> Vec<&'static str> {
    kind::services()
}

/// The service and the name of the job that a task would wait for.
pub(crate) fn wanted_by(call: &Call) -> Option<(&'static str, String)> {
    let ResourceKind::Service { service, action, .. } = call.resource.kind() else { return None };
    let kind = kind::started_by(service, action).filter(|_| call.resource.runs_a_job())?;
    let name = kind.names(&call.payload).into_iter().next();
    Some((kind.service, name.unwrap_or_else(|| ANY.into())))
}

/// What is said about a service that runs no jobs.
fn unknown_service(name: &str) -> String {
    let all = services();
    match did_you_mean(name, all.iter().copied()) {
        Some(near) => format!("`{name}` is no service that runs jobs; did you mean `{near}`?"),
        None => format!("`{name}` is no service that runs jobs; these do: {}", all.join(", ")),
    }
}
