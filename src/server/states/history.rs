//! GetExecutionHistory.

use serde_json::{Value as Json, json};

use super::{Answer, found, text};
use crate::harness::shared::Stage;
use crate::history::wire::event_for_sdk;
use super::page::Page;
use crate::value::Value;

/// The events of an execution, a page at a time.
pub(super) fn history(stage: &mut Stage, input: &Value) -> Answer {
    let arn = text(input, "executionArn").unwrap_or_default();
    let exec = found(stage, arn)?;
    let is_reversed = input.get("reverseOrder").and_then(Value::as_bool).unwrap_or(false);
    let with_data = input.get("includeExecutionData").and_then(Value::as_bool).unwrap_or(true);
    let scope = format!("GetExecutionHistory {arn} {is_reversed}");
    let page = Page::asked(stage.now(), input, &scope)?;
    let Some(slot) = stage.slot(exec) else { return Ok(json!({ "events": [] })) };
    let history = slot.history();
    let (from, to) = page.range(history.len());
    let at = |n: usize| if is_reversed { history.len() - n } else { n + 1 };
    let events = (from..to).filter_map(|n| {
        let id = u32::try_from(at(n)).ok()?;
        Some(event_for_sdk(id, history.get(id)?, with_data))
    });
    let mut told = json!({ "events": events.collect::<Vec<Json>>() });
    if let Some(token) = page.next(history.len()) {
        told["nextToken"] = token.into();
    }
    Ok(told)
}
