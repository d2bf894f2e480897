//! DescribeExecution, and the state machine behind an execution.

use serde_json::{Map, Value as Json, json};

use super::{Answer, found, text};
use crate::engine::Status;
use crate::harness::shared::{ExecId, Stage};
use crate::registry::refusal::machine_does_not_exist;
use crate::value::{Str, Value};

/// Describes an execution.
pub(super) fn execution(stage: &mut Stage, input: &Value) -> Answer {
    let exec = found(stage, text(input, "executionArn").unwrap_or_default())?;
    Ok(Json::Object(described(stage, exec, has_data(input))))
}

/// Whether a caller wants to see inputs and outputs.
pub(super) fn has_data(input: &Value) -> bool {
    text(input, "includedData") != Some("METADATA_ONLY")
}

/// The ARN of a state machine without the label of a Map in it.
fn machine_arn(arn: &str) -> &str {
    arn.split('/').next().unwrap_or(arn)
}

/// What DescribeExecution says of an execution.
pub(super) fn described(stage: &Stage, exec: ExecId, has_data: bool) -> Map<String, Json> {
    let mut told = Map::new();
    let Some(slot) = stage.slot(exec) else { return told };
    let record = stage.record(exec);
    let mut put = |name: &str, value: Json| told.insert(name.to_owned(), value);
    put("executionArn", (*slot.arn).into());
    put("stateMachineArn", machine_arn(&slot.machine_arn).into());
    put("name", (*slot.name).into());
    put("status", slot.status().name().into());
    put("startDate", slot.started_at.as_seconds().into());
    if let Some(at) = slot.ended_at {
        put("stopDate", at.as_seconds().into());
    }
    if has_data {
        put("input", record.map_or_else(|| slot.input.to_string(), |r| r.input.to_string()).into());
        put("inputDetails", json!({ "included": true }));
    }
    match slot.status() {
        Status::Succeeded(output) if has_data => {
            put("output", output.to_string().into());
            put("outputDetails", json!({ "included": true }));
        }
        status => {
            for (name, part) in status.error().into_iter().flat_map(|e| [("error", &e.error), ("cause", &e.cause)]) {
                if let Some(part) = part {
                    put(name, (**part).into());
                }
            }
        }
    }
    let named = |part: Option<&Option<Str>>| part.and_then(Option::as_ref).map(|arn| Json::from(&**arn));
    for (name, value) in [
        ("stateMachineVersionArn", named(record.map(|r| &r.version_arn))),
        ("stateMachineAliasArn", named(record.map(|r| &r.alias_arn))),
        ("traceHeader", named(record.map(|r| &r.trace_header))),
        ("mapRunArn", stage.map_run_of(exec).map(Json::from)),
    ] {
        if let Some(value) = value {
            put(name, value);
        }
    }
    put("redriveCount", 0.into());
    let (status, reason) = redrivable(stage, exec, slot.status());
    put("redriveStatus", status.into());
    if let Some(reason) = reason {
        put("redriveStatusReason", reason.into());
    }
    told
}

/// Whether an execution can be redriven, and why not.
pub(super) fn redrivable(stage: &Stage, exec: ExecId, status: &Status) -> (&'static str, Option<String>) {
    match status {
        Status::Running | Status::Succeeded(_) => {
            let why = format!("Execution is {} and cannot be redriven", status.name());
            ("NOT_REDRIVABLE", Some(why))
        }
        _ if stage.map_run_of(exec).is_some() => ("REDRIVABLE_BY_MAP_RUN", None),
        _ => ("REDRIVABLE", None),
    }
}

/// The state machine as it was when an execution of it started.
pub(super) fn machine_of(stage: &mut Stage, input: &Value) -> Answer {
    let exec = found(stage, text(input, "executionArn").unwrap_or_default())?;
    let arn = stage.slot(exec).map(|slot| machine_arn(&slot.machine_arn).to_owned()).unwrap_or_default();
    let of_record = stage.record(exec).map(|record| record.revision.clone());
    let revision = of_record.or_else(|| stage.registry().machine(&arn)).ok_or_else(|| machine_does_not_exist(&arn))?;
    let mut told = revision.described(!has_data(input));
    told.insert("stateMachineArn", &revision.arn);
    told.insert("updateDate", revision.updated.as_seconds());
    if let Some(map_run) = stage.map_run_of(exec) {
        told.insert("mapRunArn", map_run);
    }
    Ok(Value::from(told).to_json())
}
