//! Map Runs: the children of distributed Maps, counted.

use serde_json::{Map, Value as Json, json};

use super::{Answer, found, is_of_kind, listed, text};
use crate::harness::shared::{ExecId, Stage};
use crate::history::{Detail, History};
use crate::registry::page::Paging;
use crate::services::ServiceError;
use crate::time::Timestamp;
use crate::value::Value;

/// What an execution's history says of one of its Map Runs.
struct Told {
    arn: String,
    started_at: Timestamp,
    ended: Option<(Timestamp, &'static str)>,
}

/// The Map Runs of a history in the order of their starts. The end of a run follows from its events, or from the end of the
/// execution.
fn runs(history: &History) -> Vec<Told> {
    let mut runs: Vec<(u32, Told)> = Vec::new();
    // Which run's chain of events an event continues.
    let mut chain: std::collections::HashMap<u32, usize> = std::collections::HashMap::new();
    for (id, event) in history.iter() {
        match &event.detail {
            Detail::MapRunStarted { arn } => {
                chain.insert(id, runs.len());
                runs.push((id, Told { arn: arn.to_string(), started_at: event.at, ended: None }));
            }
            Detail::MapRunSucceeded | Detail::MapRunFailed(_) | Detail::MapRunAborted => {
                let status = match &event.detail {
                    Detail::MapRunSucceeded => "SUCCEEDED",
                    Detail::MapRunFailed(_) => "FAILED",
                    _ => "ABORTED",
                };
                let of = chain.get(&event.previous).copied();
                let open = || runs.iter().position(|(_, run)| run.ended.is_none());
                if let Some(n) = of.or_else(open) {
                    runs[n].1.ended = Some((event.at, status));
                }
            }
            detail if detail.is_terminal() => {
                for (_, run) in runs.iter_mut().filter(|(_, run)| run.ended.is_none()) {
                    run.ended = Some((event.at, "ABORTED"));
                }
            }
            _ => {}
        }
    }
    runs.into_iter().map(|(_, run)| run).collect()
}

/// The Map Runs of an execution.
pub(super) fn list(stage: &mut Stage, input: &Value) -> Answer {
    let arn = text(input, "executionArn").unwrap_or_default();
    let exec = found(stage, arn)?;
    let Some(slot) = stage.slot(exec) else { return Ok(json!({ "mapRuns": [] })) };
    let scope = format!("ListMapRuns {arn}");
    let page =
        Paging::of(stage.now(), &scope, input).page(runs(slot.history()).into_iter().rev(), |run| run.arn.clone())?;
    let shown = page.map(|run| {
        let mut told = json!({
            "executionArn": &*slot.arn,
            "mapRunArn": run.arn,
            "stateMachineArn": &*slot.machine_arn,
            "startDate": run.started_at.as_seconds(),
        });
        if let Some((at, _)) = run.ended {
            told["stopDate"] = at.as_seconds().into();
        }
        told
    });
    Ok(listed("mapRuns", shown))
}

/// The Map Run that a request names: whose it is.
fn run(stage: &Stage, arn: &str) -> Result<ExecId, ServiceError> {
    is_of_kind(arn, "mapRun")?;
    let missing = || ServiceError::modelled("ResourceNotFound", format!("Resource not found: '{arn}'"));
    stage.owner_of_map_run(arn).ok_or_else(missing)
}

/// Describes a Map Run.
pub(super) fn describe(stage: &mut Stage, input: &Value) -> Answer {
    let arn = text(input, "mapRunArn").unwrap_or_default();
    let owner = run(stage, arn)?;
    let gone = || ServiceError::modelled("ResourceNotFound", format!("Resource not found: '{arn}'"));
    let slot = stage.slot(owner).ok_or_else(gone)?;
    let told = runs(slot.history()).into_iter().find(|run| run.arn == arn).ok_or_else(gone)?;
    let mut counts: Map<String, Json> = Map::new();
    for name in ["pending", "running", "succeeded", "failed", "timedOut", "aborted"] {
        counts.insert(name.into(), 0.into());
    }
    let (started, ended) = stage.map_run_counts(arn).ok_or_else(gone)?;
    let names = [("SUCCEEDED", "succeeded"), ("FAILED", "failed"), ("TIMED_OUT", "timedOut"), ("ABORTED", "aborted")];
    for (status, count) in ended {
        if let Some((_, name)) = names.iter().find(|(own, _)| own == status) {
            counts.insert((*name).into(), (*count).into());
        }
    }
    let over: usize = ended.iter().map(|(_, count)| count).sum();
    counts.insert("running".into(), (started - over).into());
    counts.insert("total".into(), started.into());
    counts.insert("resultsWritten".into(), 0.into());
    counts.insert("failuresNotRedrivable".into(), 0.into());
    counts.insert("pendingRedrive".into(), 0.into());
    let mut answer = json!({
        "mapRunArn": arn,
        "executionArn": &*slot.arn,
        "status": told.ended.map_or("RUNNING", |(_, status)| status),
        "startDate": told.started_at.as_seconds(),
        "maxConcurrency": 0,
        "toleratedFailurePercentage": 0.0,
        "toleratedFailureCount": 0,
        "itemCounts": counts,
        "executionCounts": counts,
        "redriveCount": 0,
    });
    if let Some((at, _)) = told.ended {
        answer["stopDate"] = at.as_seconds().into();
    }
    Ok(answer)
}

/// Changes a Map Run while it runs.
pub(super) fn update(stage: &mut Stage, input: &Value) -> Answer {
    let arn = text(input, "mapRunArn").unwrap_or_default();
    run(stage, arn)?;
    Err(ServiceError::not_modelled("changing a Map Run while it runs"))
}
