//! What the engine lets pass and the service refuses.

use dynoxide::DynoxideError;
use dynoxide::errors::CancellationReason;
use serde_json::{Map, Value as Json, json};

use super::refusal;
use crate::services::error::ServiceError;

/// Asks the engine something on the side.
pub(super) type Ask<'a> = &'a dyn Fn(&str, &Json) -> Option<Json>;

/// Parameters of the API that the engine does not read, by operation.
const UNREAD: &[(&str, &[&str])] = &[
    (
        "CreateTable",
        &["GlobalTableSettingsReplicationMode", "GlobalTableSourceArn", "ResourcePolicy", "WarmThroughput"],
    ),
    ("DescribeStream", &["ShardFilter"]),
    (
        "UpdateTable",
        &[
            "GlobalTableSettingsReplicationMode",
            "GlobalTableWitnessUpdates",
            "MultiRegionConsistency",
            "ReplicaUpdates",
            "SSESpecification",
            "WarmThroughput",
        ],
    ),
];

/// What `attribute_type` can ask for.
const TYPES: [&str; 10] = ["B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M"];

fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::coded("ValidationException", message)
}

fn contains(body: &[u8], part: &str) -> bool {
    body.windows(part.len()).any(|window| window == part.as_bytes())
}

fn text<'a>(value: &'a Json, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// Looks at a request before the engine does. Most requests are not even read for it.
///
/// # Errors
/// What the service refuses and the engine does not.
pub(super) fn before(operation: &str, body: &[u8], ask: Ask<'_>) -> Result<(), ServiceError> {
    let unread = UNREAD.iter().find(|(of, _)| *of == operation).map(|(_, members)| *members);
    let is_setting = operation == "UpdateTimeToLive" || unread.is_some();
    let names_type = contains(body, "attribute_type");
    if !is_setting && !names_type && operation != "TransactWriteItems" {
        return Ok(());
    }
    // What can't be read, the engine says better.
    let Ok(request) = serde_json::from_slice::<Json>(body) else { return Ok(()) };
    if let Some(member) = unread.into_iter().flatten().find(|member| !request[**member].is_null()) {
        return Err(ServiceError::not_modelled(format!("the parameter `{member}` of {operation}")));
    }
    if names_type {
        check_types(&request)?;
    }
    match operation {
        "CreateTable" => check_warmth(operation, &request["GlobalSecondaryIndexes"]),
        "TransactWriteItems" => check_transaction(&request, names_type),
        "UpdateTable" => check_stream(&request, ask),
        "UpdateTimeToLive" => check_expiry(&request, ask),
        _ => Ok(()),
    }
}

/// Looks at a request that the engine has answered and that changed nothing.
///
/// # Errors
/// Attributes that an index does not have.
pub(super) fn after(operation: &str, body: &[u8], ask: Ask<'_>) -> Result<(), ServiceError> {
    let is_read = matches!(operation, "Query" | "Scan");
    if !is_read || !contains(body, "IndexName") || !contains(body, "ProjectionExpression") {
        return Ok(());
    }
    let Ok(request) = serde_json::from_slice::<Json>(body) else { return Ok(()) };
    let described = ask("DescribeTable", &json!({ "TableName": request["TableName"] })).unwrap_or_default();
    let table = &described["Table"];
    let indexes = table["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
    let Some(index) = indexes.into_iter().find(|index| index["IndexName"] == request["IndexName"]) else {
        return Ok(());
    };
    let projection = &index["Projection"];
    if projection["ProjectionType"] == "ALL" {
        return Ok(());
    }
    let keys = [&table["KeySchema"], &index["KeySchema"]].into_iter().filter_map(Json::as_array).flatten();
    let mut has: Vec<&str> = keys.map(|key| text(key, "AttributeName")).collect();
    has.extend(projection["NonKeyAttributes"].as_array().into_iter().flatten().filter_map(Json::as_str));
    let wanted = text(&request, "ProjectionExpression").split(',');
    let mut lacks: Vec<&str> = wanted.map(|path| top(path, &request)).filter(|name| !has.contains(name)).collect();
    lacks.dedup();
    if lacks.is_empty() {
        return Ok(());
    }
    Err(invalid(format!(
        "One or more parameter values were invalid: Global secondary index {} does not project [{}]",
        text(index, "IndexName"),
        lacks.join(", ")
    )))
}

/// The attribute at the top of a path: `#a.b[0]` is in what `#a` stands for.
fn top<'a>(path: &'a str, names: &'a Json) -> &'a str {
    let first = path.trim().split(['.', '[']).next().unwrap_or_default().trim();
    names["ExpressionAttributeNames"][first].as_str().unwrap_or(first)
}

/// Of indexes nobody keeps anything warm here either.
fn check_warmth(operation: &str, indexes: &Json) -> Result<(), ServiceError> {
    match indexes.as_array().into_iter().flatten().any(|index| !index["WarmThroughput"].is_null()) {
        true => Err(ServiceError::not_modelled(format!("the parameter `WarmThroughput` of an index in {operation}"))),
        false => Ok(()),
    }
}

fn check_stream(request: &Json, ask: Ask<'_>) -> Result<(), ServiceError> {
    let updates = request["GlobalSecondaryIndexUpdates"].as_array().into_iter().flatten();
    let changed = updates.filter_map(Json::as_object).flat_map(Map::values).cloned().collect();
    check_warmth("UpdateTable", &Json::Array(changed))?;
    let Some(wanted) = request["StreamSpecification"]["StreamEnabled"].as_bool() else { return Ok(()) };
    let name = text(request, "TableName");
    let Some(described) = ask("DescribeTable", &json!({ "TableName": name })) else { return Ok(()) };
    let is_enabled = described["Table"]["StreamSpecification"]["StreamEnabled"] == true;
    match (is_enabled, wanted) {
        (true, true) => Err(invalid(format!("Table already has an enabled stream: TableName: {name}"))),
        (false, false) => Err(invalid(format!("Table has no enabled stream to disable: TableName: {name}"))),
        _ => Ok(()),
    }
}

fn check_expiry(request: &Json, ask: Ask<'_>) -> Result<(), ServiceError> {
    let wanted = &request["TimeToLiveSpecification"];
    let Some(described) = ask("DescribeTimeToLive", &json!({ "TableName": request["TableName"] })) else {
        return Ok(());
    };
    let present = &described["TimeToLiveDescription"];
    let is_same = present["AttributeName"] == wanted["AttributeName"];
    match (present["TimeToLiveStatus"] == "ENABLED", wanted["Enabled"].as_bool()) {
        (true, Some(true)) if is_same => Err(invalid("TimeToLive is already enabled")),
        (false, Some(false)) if !text(wanted, "AttributeName").is_empty() => {
            Err(invalid("TimeToLive is already disabled"))
        }
        _ => Ok(()),
    }
}

/// `attribute_type(path, :v)` with a type that there is not.
fn check_types(request: &Json) -> Result<(), ServiceError> {
    for member in ["FilterExpression", "ConditionExpression"] {
        for call in text(request, member).split("attribute_type").skip(1) {
            let Some((arguments, _)) = call.trim_start().strip_prefix('(').and_then(|rest| rest.split_once(')')) else {
                continue;
            };
            let value = arguments.rsplit(',').next().unwrap_or_default().trim();
            let wanted = request["ExpressionAttributeValues"][value]["S"].as_str();
            if let Some(odd) = wanted.filter(|name| !TYPES.contains(name)) {
                return Err(invalid(format!(
                    "Invalid {member}: Invalid attribute type name found; type: {odd}, valid types: {{{}}}",
                    TYPES.join(",")
                )));
            }
        }
    }
    Ok(())
}

fn check_transaction(request: &Json, names_type: bool) -> Result<(), ServiceError> {
    let items: Vec<&Json> = request["TransactItems"].as_array().into_iter().flatten().collect();
    for action in items.iter().filter_map(|item| item.as_object()).flat_map(Map::values) {
        if names_type {
            check_types(action)?;
        }
        let has_any = ["ConditionExpression", "UpdateExpression"].iter().any(|member| !action[*member].is_null());
        if !has_any && !action["ExpressionAttributeNames"].is_null() {
            return Err(invalid("ExpressionAttributeNames can only be specified when using expressions"));
        }
        if !has_any && !action["ExpressionAttributeValues"].is_null() {
            return Err(invalid(
                "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
            ));
        }
    }
    let wrong: Vec<Option<&str>> = items.iter().map(|item| changed_key(&item["Update"])).collect();
    if wrong.iter().all(Option::is_none) {
        return Ok(());
    }
    // What else fails is not looked at: nothing of the transaction is done.
    let reasons = wrong.iter().map(|key| CancellationReason {
        code: if key.is_some() { "ValidationError" } else { "None" }.into(),
        message: key.map(|key| {
            format!("One or more parameter values were invalid: Cannot update attribute {key}. This attribute is part of the key")
        }),
        item: None,
    });
    let reasons: Vec<CancellationReason> = reasons.collect();
    let codes: Vec<&str> = reasons.iter().map(|reason| &*reason.code).collect();
    let message =
        format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", "));
    Err(refusal::of(DynoxideError::TransactionCanceledException(message, reasons), "TransactWriteItems"))
}

/// The attribute of its own key that an update would change.
fn changed_key(update: &Json) -> Option<&str> {
    let key = update["Key"].as_object()?;
    targets(text(update, "UpdateExpression")).map(|path| top(path, update)).find(|name| key.contains_key(*name))
}

/// The paths that an update expression changes: what stands first in every action.
fn targets(expression: &str) -> impl Iterator<Item = &str> {
    let is_clause = |word: &str| ["SET", "REMOVE", "ADD", "DELETE"].iter().any(|own| word.eq_ignore_ascii_case(own));
    let mut depth = 0_usize;
    let actions = expression.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    actions.flat_map(move |action| {
        // The last action of a clause is followed by the next clause.
        let words = action.split_whitespace();
        let mut is_first = true;
        words.filter_map(move |word| {
            if is_clause(word) {
                is_first = true;
                return None;
            }
            std::mem::take(&mut is_first).then(|| word.split('=').next().unwrap_or_default())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_that_an_update_changes_stand_first_in_its_actions() {
        let table: &[(&str, &[&str])] = &[
            ("SET id = :x", &["id"]),
            (
                "set a=if_not_exists(id, :z) + :x, #b.c = :y REMOVE d[0],  e ADD n :one",
                &["a", "#b.c", "d[0]", "e", "n"],
            ),
            ("DELETE tags :t", &["tags"]),
            ("", &[]),
        ];
        for (expression, want) in table {
            assert_eq!(targets(expression).collect::<Vec<_>>(), *want, "{expression}");
        }
    }
}
