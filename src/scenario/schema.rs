//! The JSON Schema of scenario files, made from the tables of words; editors complete, explain and check with it.

use serde_json::{Map, Value, json};

use super::format::{BODY, CALLS, FAULT, FILE, Field, Kind, LAW, MATCHERS, REPLY};

/// The JSON Schema of the format, for editors.
///
/// It is of draft 7, which every editor reads; later drafts have nothing that this needs. The committed copy is
/// `schemas/rehearsal.schema.json`, and `rehearsal schema` prints it.
///
/// ```
/// let schema = rehearsal::scenario::schema();
/// assert_eq!(schema["properties"]["machine"]["type"], "string");
/// ```
pub fn schema() -> Value {
    let root = object(FILE, Place::File);
    let mut whole = Map::new();
    whole.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
    whole.insert("title".into(), json!("rehearsal scenario file"));
    whole.insert(
        "description".into(),
        json!("What a state machine is given, who answers, and what has to come of it; run by `rehearsal test`"),
    );
    whole.extend(root.as_object().cloned().unwrap_or_default());
    whole.insert("anyOf".into(), json!([{ "required": ["scenarios"] }, { "required": ["properties"] }]));
    whole.insert("definitions".into(), definitions());
    Value::Object(whole)
}

/// Where a word stands. In a scenario, placeholders of its rows may stand for anything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    File,
    Scenario,
}

/// What more than one word takes.
fn definitions() -> Value {
    let reply = object(REPLY, Place::Scenario);
    let fault = object(FAULT, Place::Scenario);
    let matcher = object(MATCHERS, Place::Scenario);
    // A member that begins with `$` makes an object a matcher, so that no other object has one.
    let members = json!({
        "type": "object",
        "propertyNames": { "not": { "pattern": r"^\$" } },
        "additionalProperties": refer("expected"),
    });
    let plain = json!({ "type": ["string", "number", "boolean", "null"] });
    json!({
        "placeholder": {
            "title": "placeholder",
            "description": "`{name}`: the value that `matrix` or `each` gives this name",
            "type": "string",
            "pattern": r"\{[^{}]+\}",
        },
        "duration": {
            "title": "duration",
            "description": "`1m30s`, `800ms`, or seconds",
            "anyOf": [{ "type": "string", "pattern": DURATION }, { "type": "number", "minimum": 0 }],
        },
        "offsets": { "anyOf": [refer("duration"), list(or_placeholder(refer("duration")))] },
        "reply": titled(reply, "reply", "What a mock answers: exactly one of `return`, `payload`, `fail`, `refuse`, `never` and `later`"),
        "replies": {
            "anyOf": [refer("reply"), { "type": "array", "items": or_placeholder(refer("reply")), "minItems": 1 }],
        },
        "fault": titled(fault, "fault", "What goes wrong, over whatever answers: exactly one of `fail`, `throttle`, `oversize` and `delay`"),
        "law": {
            "title": "law",
            "description": "What holds in every case: an expression in JSONata over `$calls`, `$history`, `$input`, `$output`, `$failure`, `$status`, `$variables` and `$elapsed`, or `terminates`, `never`, `expect`",
            "anyOf": [{ "type": "string", "pattern": r"^\{%[\s\S]*%\}$" }, object(LAW, Place::File)],
        },
        "calls": { "anyOf": [{ "type": "integer", "minimum": 0 }, object(CALLS, Place::Scenario)] },
        "matcher": titled(matcher, "matcher", "What a value has to be like; all of them have to hold"),
        "expected": {
            "title": "expected value",
            "description": "Scalars exactly, objects as a subset; parts may be matchers",
            "anyOf": [plain, list(refer("expected")), refer("matcher"), members],
        },
    })
}

/// Texts that [`parse_duration`](crate::time::parse_duration) reads, and some whose units come twice or in disorder.
const DURATION: &str = r"^\s*\d+(\.\d+)?((ms|[dhms])(\s*\d+(\.\d+)?(ms|[dhms]))*)?\s*$";

fn refer(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn titled(mut schema: Value, title: &str, description: &str) -> Value {
    schema["title"] = json!(title);
    schema["description"] = json!(description);
    schema
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn or_placeholder(schema: Value) -> Value {
    json!({ "anyOf": [schema, refer("placeholder")] })
}

/// An object of these words.
fn object(fields: &'static [Field], place: Place) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let of = match field.name {
            "scenarios" => of_kind(&field.kind, Place::Scenario),
            // The rows themselves have no placeholders.
            "matrix" | "each" | "except" => member(&field.kind, Place::File),
            _ => member(&field.kind, place),
        };
        properties.insert(field.name.into(), titled(of, field.name, field.says));
        if field.is_needed {
            required.push(field.name);
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// What a word takes.
fn member(kind: &Kind, place: Place) -> Value {
    let schema = nothing_is_empty(of_kind(kind, place));
    let takes_texts = matches!(
        kind,
        Kind::Text | Kind::TextOrNull | Kind::Texts | Kind::Any | Kind::Expected | Kind::Bound | Kind::Share
    );
    if place == Place::Scenario && !takes_texts { or_placeholder(schema) } else { schema }
}

/// A word with nothing behind it is an empty object or list.
fn nothing_is_empty(mut schema: Value) -> Value {
    if let Some(only) = schema.get_mut("type").filter(|only| *only == "object" || *only == "array") {
        *only = json!([only.clone(), "null"]);
    }
    schema
}

fn of_kind(kind: &Kind, place: Place) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::TextOrNull => json!({ "type": ["string", "null"] }),
        Kind::Texts => json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Count => json!({ "type": "integer", "minimum": 0 }),
        Kind::Positive => json!({ "type": "integer", "minimum": 1 }),
        Kind::Truth => json!({ "type": "boolean" }),
        Kind::TruthOr(words) => json!({ "anyOf": [{ "type": "boolean" }, { "enum": words }] }),
        Kind::Flag => json!({ "const": true }),
        Kind::Duration => refer("duration"),
        Kind::Offsets => refer("offsets"),
        Kind::Instant => json!({ "type": "string", "format": "date-time" }),
        Kind::Any => json!({}),
        Kind::Expected => refer("expected"),
        Kind::Bound => json!({ "type": ["number", "string"] }),
        Kind::Share => json!({ "anyOf": [{ "type": "string", "pattern": "^[0-9.]+%$" }, { "type": "number" }] }),
        Kind::Named(inner) => json!({ "type": "object", "additionalProperties": member(inner, place) }),
        Kind::List(inner) => list(of_kind(inner, place)),
        Kind::Object(fields) => object(fields, place),
        Kind::Calls => refer("calls"),
        Kind::Replies => refer("replies"),
        Kind::Faults => list(refer("fault")),
        Kind::FaultChoice => json!({
            "anyOf": [
                { "enum": ["any", "none"] },
                { "type": "array", "items": { "anyOf": [{ "type": "string" }, refer("fault")] }, "minItems": 1 },
            ]
        }),
        Kind::Inputs => json!({ "anyOf": [{ "type": "object" }, { "type": "array", "minItems": 1 }] }),
        Kind::Laws => json!({ "anyOf": [refer("law"), list(refer("law"))] }),
        Kind::Names(inner) => {
            let each = json!({ "type": "object", "additionalProperties": member(inner, place) });
            json!({ "anyOf": [of_kind(&Kind::Texts, place), each] })
        }
        Kind::Upstream => {
            json!({ "anyOf": [of_kind(&Kind::Text, place), of_kind(&Kind::Named(&Kind::Text), place)] })
        }
        Kind::Body => json!({ "anyOf": [{ "type": "string" }, object(BODY, place)] }),
        Kind::Key => {
            let types = json!({ "type": "object", "additionalProperties": { "enum": ["S", "N"] } });
            json!({ "anyOf": [of_kind(&Kind::Texts, place), types] })
        }
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::time::parse_duration;

    #[test]
    fn a_duration_that_is_read_fits_its_pattern() {
        let pattern = Regex::new(DURATION).unwrap();
        for text in ["90", "1.5", "1m30s", " 2h ", "1d 2h 3m 4s 5ms", "800ms", "1.5s"] {
            assert!(parse_duration(text).is_ok() && pattern.is_match(text), "{text}");
        }
        for text in ["", "soon", "5 x", "1m30", "-1s", "s", ".5s"] {
            assert!(parse_duration(text).is_err() && !pattern.is_match(text), "{text}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references(of: &Value, found: &mut Vec<String>) {
            match of {
                Value::Object(members) => {
                    found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    members.values().for_each(|v| references(v, found));
                }
                Value::Array(items) => items.iter().for_each(|v| references(v, found)),
                _ => {}
            }
        }
        let (schema, mut found) = (schema(), Vec::new());
        references(&schema, &mut found);
        assert!(found.len() > 50, "{}", found.len());
        for reference in found {
            assert!(schema.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    }
}
