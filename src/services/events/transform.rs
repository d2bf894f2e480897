//! What of an event a target gets: a fixed input, a part of it, or a text made from parts.

use super::super::error::ServiceError;
use super::event::in_seconds;
use super::refusal::{invalid, missing};
use super::target::Origin;
use crate::expr::jsonpath::JsonPath;
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// How many paths a transformer has at most.
const MOST_PATHS: usize = 100;
/// The names that every template has.
const OWN: [&str; 5] = [
    "aws.events.event",
    "aws.events.event.ingestion-time",
    "aws.events.event.json",
    "aws.events.rule-arn",
    "aws.events.rule-name",
];

/// # Errors
/// Paths and templates that cannot be.
pub(super) fn check(target: &Value, id: &str) -> Result<(), ServiceError> {
    let text = |member: &str| target.get(member).and_then(Value::as_str);
    let bad_path = |path: &str| invalid(format!("Invalid JsonPath: {path} for target {id}."));
    if let Some(path) = text("InputPath").filter(|path| !is_path(path)) {
        return Err(bad_path(path));
    }
    let Some(transformer) = target.get("InputTransformer").filter(|t| !t.is_null()) else { return Ok(()) };
    let Some(template) = transformer.get("InputTemplate").and_then(Value::as_str) else {
        return Err(missing("targets.1.member.inputTransformer.inputTemplate"));
    };
    let paths = transformer.get("InputPathsMap").and_then(Value::as_object).cloned().unwrap_or_default();
    if paths.len() > MOST_PATHS {
        return Err(invalid(format!("InputPathsMap of target {id} has more than {MOST_PATHS} entries.")));
    }
    for (name, path) in paths.iter() {
        if name.to_ascii_lowercase().starts_with("aws.") {
            return Err(invalid(format!("InputPathsMap key {name} for target {id} must not start with AWS.")));
        }
        let path = path.as_str().unwrap_or_default();
        if !is_path(path) {
            return Err(bad_path(path));
        }
    }
    if template.is_empty() {
        return Err(invalid(format!("InputTemplate for target {id} must not be empty.")));
    }
    let is_known = |name: &&str| paths.contains_key(name) || OWN.contains(name);
    match placeholders(template).find(|name| !is_known(name)) {
        Some(name) => Err(invalid(format!("InputTemplate for target {id} contains invalid placeholder {name}."))),
        None => Ok(()),
    }
}

/// The names in a template: what stands between brackets and could be one.
fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let names = template.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0));
    names.filter(move |name| !name.is_empty() && name.chars().all(is_fit))
}

/// A path begins with what it leads through.
fn is_path(text: &str) -> bool {
    text.starts_with('$') && JsonPath::parse(text).is_ok()
}

/// What the target gets, as text.
pub(super) fn transformed(target: &Value, event: &Value, origin: &Origin, now: Timestamp) -> String {
    if let Some(input) = target.get("Input").and_then(Value::as_str) {
        return input.to_owned();
    }
    if let Some(path) = target.get("InputPath").and_then(Value::as_str) {
        return found(path, event).unwrap_or_default().to_string();
    }
    let Some(transformer) = target.get("InputTransformer").filter(|t| !t.is_null()) else { return event.to_string() };
    let template = transformer.get("InputTemplate").and_then(Value::as_str).unwrap_or_default();
    let paths = transformer.get("InputPathsMap").and_then(Value::as_object).cloned().unwrap_or_default();
    filled(template, |name| {
        if let Some(path) = paths.get(name) {
            return Some(found(path.as_str().unwrap_or_default(), event));
        }
        let own = match name {
            "aws.events.rule-arn" => Value::from(&*origin.arn),
            "aws.events.rule-name" => Value::from(&*origin.name),
            "aws.events.event.ingestion-time" => in_seconds(now).into(),
            "aws.events.event.json" => event.clone(),
            // The event without what happened.
            "aws.events.event" => {
                let members = event.as_object().cloned().unwrap_or_default();
                let members = members.iter().filter(|(name, _)| ***name != *"detail");
                members.map(|(name, value)| (name.clone(), value.clone())).collect::<Map>().into()
            }
            _ => return None,
        };
        Some(Some(own))
    })
}

fn found(path: &str, event: &Value) -> Option<Value> {
    JsonPath::parse(path).ok()?.select(event).ok()
}

/// A template with its `<name>`s filled in: as JSON where they stand alone, as their text within quotes. A name that
/// nobody knows stays as it is; one whose path leads nowhere is an empty text.
fn filled(template: &str, value_of: impl Fn(&str) -> Option<Option<Value>>) -> String {
    let mut out = String::with_capacity(template.len());
    let (mut is_quoted, mut is_escaped) = (false, false);
    let mut rest = template;
    while let Some(c) = rest.chars().next() {
        if c == '<'
            && let Some((name, behind)) = rest[1..].split_once('>')
            && let Some(value) = value_of(name)
        {
            out.push_str(&written(value, is_quoted));
            rest = behind;
            continue;
        }
        match c {
            '"' if !is_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

fn written(value: Option<Value>, is_quoted: bool) -> String {
    let value = value.unwrap_or_else(|| "".into());
    if !is_quoted {
        return value.to_string();
    }
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let quoted = Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_take_values_as_json_or_as_text() {
        let event = Value::parse(
            r#"{"id": "e-1", "detail-type": "t", "detail": {"id": "i-1", "say": "a \"b\"", "n": 3, "more": {"x": [1]}}}"#,
        )
        .unwrap();
        let origin = Origin { arn: "arn:rule".into(), name: "r".into() };
        let paths = r#"{"id": "$.detail.id", "say": "$.detail.say", "n": "$.detail.n", "more": "$.detail.more", "none": "$.nope"}"#;
        let table = [
            (r#""<id> said <say>""#, r#""i-1 said a \"b\"""#),
            (r#"{"id": <id>, "n": <n>, "more": <more>}"#, r#"{"id": "i-1", "n": 3, "more": {"x":[1]}}"#),
            (r#"{"text": "<n> of <more>"}"#, r#"{"text": "3 of {\"x\":[1]}"}"#),
            (r#"{"none": <none>, "empty": "<none>"}"#, r#"{"none": "", "empty": ""}"#),
            (r#"{"q": "\"<id>\""}"#, r#"{"q": "\"i-1\""}"#),
            (r#"{"a": "<unknown>", "b": "1 < 2"}"#, r#"{"a": "<unknown>", "b": "1 < 2"}"#),
            (
                r#"{"rule": <aws.events.rule-name>, "arn": "<aws.events.rule-arn>", "at": <aws.events.event.ingestion-time>}"#,
                r#"{"rule": "r", "arn": "arn:rule", "at": "2024-01-01T00:00:00Z"}"#,
            ),
            ("<aws.events.event>", r#"{"id":"e-1","detail-type":"t"}"#),
        ];
        for (template, want) in table {
            let transformer =
                Value::object([("InputPathsMap", Value::parse(paths).unwrap()), ("InputTemplate", template.into())]);
            let target = Value::object([("InputTransformer", transformer)]);
            assert_eq!(transformed(&target, &event, &origin, Timestamp::EPOCH_DEFAULT), want, "{template}");
        }
        let part = Value::object([("InputPath", Value::from("$.detail.more"))]);
        assert_eq!(transformed(&part, &event, &origin, Timestamp::EPOCH_DEFAULT), r#"{"x":[1]}"#);
        assert!(check(&Value::object([("InputPath", Value::from("detail"))]), "1").is_err());
    }

    #[test]
    fn a_placeholder_without_a_path_is_refused_by_name() {
        let table = [
            (r#"{"id": <id>, "rule": <aws.events.rule-name>, "all": <aws.events.event.json>}"#, None),
            (r#""1 < 2 > 1, <>, <b id=1>""#, None),
            (r#"{"m": <missing>, "id": <id>}"#, Some("missing")),
            (r#""<aws.events.rule>""#, Some("aws.events.rule")),
        ];
        for (template, odd) in table {
            let paths = Value::object([("id", Value::from("$.id"))]);
            let transformer = Value::object([("InputPathsMap", paths), ("InputTemplate", template.into())]);
            let refused = check(&Value::object([("InputTransformer", transformer)]), "t").err();
            let want = odd.map(|name| format!("InputTemplate for target t contains invalid placeholder {name}."));
            assert_eq!(refused.map(|e| e.message), want, "{template}");
        }
    }
}
