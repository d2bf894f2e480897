//! StartExecution, StartSyncExecution, StopExecution.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::describe::{described, has_data, redrivable};
use super::{Answer, Site, found, is_of_kind, owned, text};
use crate::asl::MachineType;
use crate::engine::{Settings, Status};
use crate::harness::shared::{ExecId, Record, Stage};
use crate::mock::MockSet;
use crate::registry::{Target, refusal};
use crate::services::ServiceError;
use crate::task::TaskError;
use crate::validate::name_is_good;
use crate::value::{Str, Value};

/// How long an Express execution may take that somebody waits for, in real time: longer than it may on the clock.
const MOST_WAIT: Duration = Duration::from_secs(15 * 60);

/// What a caller of StartExecution means.
struct Wanted {
    target: Target,
    name: Str,
    arn: Str,
    input: Value,
    text: Str,
    /// Who answers this execution alone.
    mocks: Option<MockSet>,
}

fn wanted(stage: &mut Stage, input: &Value, is_synchronous: bool) -> Result<Wanted, ServiceError> {
    let arn = text(input, "stateMachineArn").unwrap_or_default();
    let (arn, case) = arn.split_once('#').map_or((arn, None), |(arn, case)| (arn, Some(case)));
    is_of_kind(arn, "stateMachine")?;
    if let Some(name) = text(input, "name").filter(|name| !name_is_good(name)) {
        return Err(refusal::invalid_name(name));
    }
    let target = stage.registry_mut().target(arn)?;
    let mocks = match case {
        Some(case) => {
            let mocks = stage.case(&format!("{}#{case}", target.revision.name));
            Some(mocks.map_err(|why| ServiceError::modelled("ValidationException", why))?)
        }
        None => None,
    };
    let kind = target.revision.kind;
    if is_synchronous && kind == MachineType::Standard {
        let why = "This operation is not supported by this type of state machine";
        return Err(ServiceError::modelled("StateMachineTypeNotSupported", why));
    }
    let written = owned(input, "input").unwrap_or_else(|| "{}".into());
    let parsed = Value::parse(&written).map_err(|e| {
        let why = format!("Invalid State Machine Execution Input: '{e}'");
        ServiceError::modelled("InvalidExecutionInput", why)
    })?;
    let name = owned(input, "name").unwrap_or_else(|| stage.fresh_name());
    let (before, machine) = target.revision.arn.split_once(":stateMachine:").unwrap_or_default();
    let arn = match kind {
        MachineType::Standard => format!("{before}:execution:{machine}:{name}"),
        MachineType::Express => format!("{before}:express:{machine}:{name}:{}", stage.fresh_name()),
    };
    Ok(Wanted { target, name, arn: arn.into(), input: parsed, text: written, mocks })
}

fn begin(stage: &mut Stage, input: &Value, wanted: Wanted, is_synchronous: bool) -> ExecId {
    let revision = wanted.target.revision;
    let mut settings = Settings::of(&revision.name, &wanted.name, revision.kind, stage.fresh_seed());
    settings.execution_arn = wanted.arn;
    settings.machine_arn = revision.arn.clone();
    settings.role_arn = revision.role_arn.clone();
    settings.synchronous = is_synchronous;
    settings.region = revision.arn.split(':').nth(3).unwrap_or_default().into();
    let machine = revision.machine.clone();
    let record = Record {
        revision,
        version_arn: wanted.target.version_arn,
        alias_arn: wanted.target.alias_arn,
        trace_header: owned(input, "traceHeader"),
        input: wanted.text,
    };
    let exec = stage.begin(&machine, Arc::new(settings), wanted.input, record);
    if let Some(mocks) = wanted.mocks {
        stage.mock_one(exec, mocks);
    }
    exec
}

/// Starts an execution.
pub(super) fn start(stage: &mut Stage, input: &Value) -> Answer {
    let wanted = wanted(stage, input, false)?;
    if let Some(known) = stage.find(&wanted.arn) {
        return same_again(stage, known, &wanted);
    }
    let arn = wanted.arn.clone();
    begin(stage, input, wanted, false);
    Ok(json!({ "executionArn": &*arn, "startDate": stage.now().as_seconds() }))
}

/// What a name says that was used before: the same while that execution runs with the same input, and else a refusal.
fn same_again(stage: &Stage, known: ExecId, wanted: &Wanted) -> Answer {
    let is_same = stage.record(known).is_some_and(|r| r.input == wanted.text);
    match stage.slot(known) {
        Some(slot) if is_same && *slot.status() == Status::Running => {
            Ok(json!({ "executionArn": &*slot.arn, "startDate": slot.started_at.as_seconds() }))
        }
        _ => {
            let why = format!("Execution Already Exists: '{}'", wanted.arn);
            Err(ServiceError::modelled("ExecutionAlreadyExists", why))
        }
    }
}

/// Starts an Express execution and waits for its end.
pub(super) async fn synchronous(site: &Site, input: Value) -> Answer {
    let is_with_data = has_data(&input);
    let ends = || ServiceError::coded("ServiceUnavailable", "this endpoint ends").status(503);
    let begun = site.shared.ask_quietly(move |stage| {
        let wanted = wanted(stage, &input, true)?;
        let exec = begin(stage, &input, wanted, true);
        Ok::<_, ServiceError>((exec, stage.end_of(exec)))
    });
    let (exec, end) = begun.await.ok_or_else(ends)??;
    if tokio::time::timeout(MOST_WAIT, end).await.is_err() {
        return Err(ServiceError::coded("ServiceUnavailable", "the execution has not ended").status(503));
    }
    let told = site.shared.ask_quietly(move |stage| sync_result(stage, exec, is_with_data));
    told.await.ok_or_else(ends)
}

fn sync_result(stage: &mut Stage, exec: ExecId, is_with_data: bool) -> Json {
    let mut told = described(stage, exec, is_with_data);
    for standard in
        ["redriveCount", "redriveStatus", "redriveStatusReason", "stateMachineVersionArn", "stateMachineAliasArn"]
    {
        told.shift_remove(standard);
    }
    let took = stage.slot(exec).and_then(|slot| Some(slot.ended_at?.since(slot.started_at))).unwrap_or_default();
    // In steps of a tenth of a second, and of the smallest memory.
    let billed = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).div_ceil(100).max(1) * 100;
    told.insert("billingDetails".into(), json!({ "billedDurationInMilliseconds": billed, "billedMemoryUsedInMB": 64 }));
    Json::Object(told)
}

/// Stops an execution; one that has ended stays as it is.
pub(super) fn stop(stage: &mut Stage, input: &Value) -> Answer {
    let exec = found(stage, text(input, "executionArn").unwrap_or_default())?;
    let ended_at = stage.slot(exec).and_then(|slot| slot.ended_at);
    if ended_at.is_none() {
        stage.stop(exec, TaskError { error: owned(input, "error"), cause: owned(input, "cause") });
    }
    Ok(json!({ "stopDate": ended_at.unwrap_or_else(|| stage.now()).as_seconds() }))
}

/// Redrives an execution: refused for those that cannot be, and not modelled for the others.
pub(super) fn redrive(stage: &mut Stage, input: &Value) -> Answer {
    let exec = found(stage, text(input, "executionArn").unwrap_or_default())?;
    let status = stage.slot(exec).map(|slot| slot.status().clone()).unwrap_or(Status::Running);
    match redrivable(stage, exec, &status) {
        (_, Some(why)) => Err(ServiceError::modelled("ExecutionNotRedrivable", why)),
        ("REDRIVABLE_BY_MAP_RUN", _) => {
            let why = "Execution was started by a Map Run and is redriven with it";
            Err(ServiceError::modelled("ExecutionNotRedrivable", why))
        }
        _ => Err(ServiceError::not_modelled("redriving an execution")),
    }
}
