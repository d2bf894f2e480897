//! ListExecutions.

use serde_json::{Map, Value as Json};

use super::{Answer, is_of_kind, listed, text};
use crate::asl::MachineType;
use crate::harness::shared::{ExecId, Slot, Stage};
use crate::registry::page::Paging;
use crate::services::ServiceError;
use crate::value::{Str, Value};

/// Executions of a state machine, a version, an alias or a Map Run, the newest first.
pub(super) fn executions(stage: &mut Stage, input: &Value) -> Answer {
    let (machine, run) = (text(input, "stateMachineArn"), text(input, "mapRunArn"));
    let of = match (machine, run) {
        (Some(arn), None) => Of::Machine(known(stage, arn)?),
        (None, Some(arn)) => {
            let missing = || ServiceError::modelled("ResourceNotFound", format!("Resource not found: '{arn}'"));
            Of::Run(stage.map_run(arn).ok_or_else(missing)?.to_vec())
        }
        _ => {
            let why = "Must provide a valid state machine ARN or map run ARN, and not both.";
            return Err(ServiceError::modelled("ValidationException", why));
        }
    };
    let status = text(input, "statusFilter");
    let redriven = text(input, "redriveFilter");
    let scope = format!("ListExecutions {machine:?} {run:?} {status:?} {redriven:?}");
    // Nothing that runs here has been redriven.
    let fits = |slot: &Slot| {
        status.is_none_or(|wanted| wanted == slot.status().name()) && redriven.is_none_or(|f| f == "NOT_REDRIVEN")
    };
    let newest: Vec<(ExecId, &Slot)> = match &of {
        Of::Machine(arn) => {
            stage.slots().rev().filter(|(exec, slot)| is_of(stage, *exec, slot, arn) && fits(slot)).collect()
        }
        Of::Run(children) => {
            let slots = children.iter().rev().filter_map(|exec| Some((*exec, stage.slot(*exec)?)));
            slots.filter(|(_, slot)| fits(slot)).collect()
        }
    };
    let page = Paging::of(stage.now(), &scope, input).page(newest, |(exec, _)| exec.0.to_string())?;
    Ok(listed("executions", page.map(|(exec, slot)| item(stage, exec, slot))))
}

enum Of {
    Machine(String),
    Run(Vec<ExecId>),
}

/// The ARN of a state machine whose executions can be listed.
fn known(stage: &mut Stage, arn: &str) -> Result<String, ServiceError> {
    is_of_kind(arn, "stateMachine")?;
    let target = stage.registry_mut().target(arn)?;
    if target.revision.kind == MachineType::Express {
        let why = "This operation is not supported by this type of state machine";
        return Err(ServiceError::modelled("StateMachineTypeNotSupported", why));
    }
    Ok(arn.to_owned())
}

fn is_of(stage: &Stage, exec: ExecId, slot: &Slot, arn: &str) -> bool {
    let is = |part: Option<&Str>| part.is_some_and(|part| **part == *arn);
    let record = || stage.record(exec);
    *slot.machine_arn == *arn
        || is(record().and_then(|r| r.version_arn.as_ref()))
        || is(record().and_then(|r| r.alias_arn.as_ref()))
}

fn item(stage: &Stage, exec: ExecId, slot: &Slot) -> Json {
    let record = stage.record(exec);
    let mut told = Map::new();
    told.insert("executionArn".into(), (*slot.arn).into());
    told.insert("stateMachineArn".into(), slot.machine_arn.split('/').next().unwrap_or_default().into());
    told.insert("name".into(), (*slot.name).into());
    told.insert("status".into(), slot.status().name().into());
    told.insert("startDate".into(), slot.started_at.as_seconds().into());
    if let Some(at) = slot.ended_at {
        told.insert("stopDate".into(), at.as_seconds().into());
    }
    if let Some(run) = stage.map_run_of(exec) {
        told.insert("mapRunArn".into(), run.into());
        told.insert("itemCount".into(), 1.into());
    }
    for (name, arn) in [
        ("stateMachineVersionArn", record.and_then(|r| r.version_arn.as_ref())),
        ("stateMachineAliasArn", record.and_then(|r| r.alias_arn.as_ref())),
    ] {
        if let Some(arn) = arn {
            told.insert(name.into(), (**arn).into());
        }
    }
    told.insert("redriveCount".into(), 0.into());
    Json::Object(told)
}
