//! How a state machine's task starts a job, waits for it, and asks about it.

use super::kind::{self, Asks, Kind};
use super::{ANY, JobRun, JobStatus, Jobs, Request};
use crate::asl::ResourceKind;
use crate::diagnostic::did_you_mean;
use crate::mock::{Answer as Answered, Reply};
use crate::services::Services;
use crate::services::integration::Caller;
use crate::task::{Call, TaskError};
use crate::time::Timestamp;
use crate::value::Value;

/// What a service says to a call that starts a job or asks about some; `None` where it is neither, or the test has set
/// up no job of the service.
///
/// # Errors
/// No such job is set up, which is for the test to mend and not for the workflow to catch.
pub(crate) fn answer(
    services: &mut Services,
    call: &Call,
    caller: &Caller<'_>,
    at: Timestamp,
) -> Option<Result<Answered, String>> {
    let ResourceKind::Service { service, action, .. } = call.resource.kind() else { return None };
    let is_sdk = service.starts_with("aws-sdk:");
    let service = kind::service_of(service.strip_prefix("aws-sdk:").unwrap_or(service))?;
    if !services.jobs.has(service) {
        return None;
    }
    services.around.now = services.around.now.max(at);
    services.jobs.pass(at);
    let reply = match kind::started_by(service, action) {
        Some(kind) => {
            let waits = call.resource.runs_a_job().then_some(caller.execution);
            let request = Request { call, kind, waits, apart: services.around.number() };
            started(&mut services.jobs, &request, at)
        }
        None => asked(&services.jobs, kind::asked_by(service, action)?, call, is_sdk),
    };
    Some(reply.map(|reply| Answered::Reply(reply.by("the model".into()))))
}

fn started(jobs: &mut Jobs, request: &Request<'_>, at: Timestamp) -> Result<Reply, String> {
    let (call, kind) = (request.call, request.kind);
    if let Some(missing) = kind.needed.iter().find(|name| call.payload.get(name).is_none_or(Value::is_null)) {
        return Err(format!("`{}` calls {} without `{missing}`", call.location(), call.resource.short()));
    }
    let Some(run) = jobs.start(request, at) else { return Err(nobody(jobs, kind, call)) };
    let said = run.said.clone();
    if call.resource.waits_for_token() {
        return Ok(Reply::later().submits(said));
    }
    if request.waits.is_none() {
        return Ok(Reply::done(said));
    }
    Ok(ended(run, at).submits(said))
}

/// How the task ends that waits for a job.
fn ended(run: &JobRun, at: Timestamp) -> Reply {
    let run = run.at_its_end();
    let Some(ends_at) = run.ended_at else { return Reply::never() };
    let told = run.told(false);
    let reply = match run.status {
        JobStatus::Succeeded => Reply::done(told),
        // The cause is the description as a text.
        _ => Reply::failed(TaskError::new("States.TaskFailed", told.to_string())),
    };
    reply.takes(ends_at.since(at))
}

/// What a service says of runs.
fn asked(jobs: &Jobs, kind: &'static Kind, call: &Call, is_sdk: bool) -> Result<Reply, String> {
    let Asks { member, .. } = &kind.asks;
    let wanted = call.payload.get(member);
    let ids: Vec<&str> = match wanted {
        Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).collect(),
        one => one.and_then(Value::as_str).into_iter().collect(),
    };
    // A name can be used again; the last run is the one that is there.
    let found = |id: &&str| {
        let of = |run: &&JobRun| {
            std::ptr::eq(run.kind, kind) && (run.id() == *id || is_arn_of(id, run.id()) || is_arn_of(run.id(), id))
        };
        jobs.runs.iter().rev().find(of)
    };
    let missing: Vec<&str> = ids.iter().copied().filter(|id| found(id).is_none()).collect();
    let told: Vec<Value> = ids.iter().filter_map(|id| Some(found(id)?.told(is_sdk))).collect();
    (kind.asks.answers)(told, &missing).map(Reply::done).ok_or_else(|| {
        let id = missing.first().copied().unwrap_or("");
        let of = format!("`{}` calls {}", call.location(), call.resource.short());
        match jobs.runs.iter().rev().find(|run| std::ptr::eq(run.kind, kind)) {
            _ if ids.is_empty() => format!("{of} without `{member}`"),
            Some(last) => format!("{of}, and there is no run `{id}`; the last is `{}` of `{}`", last.id(), last.name),
            None => format!("{of}, and there is no run `{id}`; none was started"),
        }
    })
}

fn is_arn_of(text: &str, id: &str) -> bool {
    text.starts_with("arn:") && text.strip_suffix(id).is_some_and(|before| before.ends_with(['/', ':']))
}

/// What a person reads who has to set up the job.
fn nobody(jobs: &Jobs, kind: &Kind, call: &Call) -> String {
    let names = kind.names(&call.payload);
    let service = kind.service;
    let name = names.first().map_or(ANY, String::as_str);
    let mut text = format!(
        "`{}` calls {} `{name}`, and neither a mock nor a job answers it",
        call.location(),
        call.resource.short()
    );
    let near = names.iter().find_map(|name| did_you_mean(name, jobs.names(service)));
    match near {
        Some(near) => text.push_str(&format!("\n  there is a job `{near}` of {service}: did you mean that?")),
        None => {
            let all: Vec<String> = jobs.names(service).map(|name| format!("`{name}`")).collect();
            text.push_str(&format!("\n  the jobs of {service} are {}", all.join(", ")));
        }
    }
    text.push_str(&format!("\n  add:   .services(Setup::new().job({service:?}, {name:?}, Job::succeeds()))"));
    text.push_str(&format!("\n  or:    services: {{ jobs: {{ {service}: {{ {name}: {{}} }} }} }}"));
    text.push_str("\n  the name `*` stands for any job of its service");
    text
}
