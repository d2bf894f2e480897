//! GetExecutionHistory.

use super::{Answer, found, listed, text};
use crate::harness::shared::Stage;
use crate::history::History;
use crate::history::wire::event_for_sdk;
use crate::registry::page::Paging;
use crate::value::Value;

/// The events of an execution, a page at a time.
pub(super) fn history(stage: &mut Stage, input: &Value) -> Answer {
    let arn = text(input, "executionArn").unwrap_or_default();
    let exec = found(stage, arn)?;
    let is_reversed = input.get("reverseOrder").and_then(Value::as_bool).unwrap_or(false);
    let with_data = input.get("includeExecutionData").and_then(Value::as_bool).unwrap_or(true);
    let scope = format!("GetExecutionHistory {arn} {is_reversed}");
    let paging = Paging::of(stage.now(), &scope, input);
    let none = History::default();
    let history = stage.slot(exec).map_or(&none, |slot| slot.history());
    let ids = 1..=u32::try_from(history.len()).unwrap_or(u32::MAX);
    let page = match is_reversed {
        true => paging.page(ids.rev(), u32::to_string),
        false => paging.page(ids, u32::to_string),
    }?;
    let shown = page.map(|id| history.get(id).map(|event| event_for_sdk(id, event, with_data)).unwrap_or_default());
    Ok(listed("events", shown))
}
