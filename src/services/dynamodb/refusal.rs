//! What the engine refuses, as the API says it.

use dynoxide::DynoxideError;
use serde_json::Value as Json;

use super::edge;
use crate::services::error::ServiceError;
use crate::value::Value;

/// The prefixes by which the engine's readers say what kind of error a request that can't be read is, whether the
/// position in the text belongs to the message, and whether it is one of a list of violations.
const MARKS: [(&str, &str, Position, bool); 5] = [
    ("SERIALIZATION_AS_READ:", "SerializationException", Position::Kept, false),
    ("VALIDATION_AS_READ:", "ValidationException", Position::Kept, false),
    ("SERIALIZATION:", "SerializationException", Position::Cut, false),
    ("VALIDATION_REQUEST:", "ValidationException", Position::Cut, true),
    ("VALIDATION:", "ValidationException", Position::Cut, false),
];

#[derive(Clone, Copy, PartialEq)]
enum Position {
    Kept,
    Cut,
}

/// What the engine refuses, as the API says it.
pub(super) fn of(error: DynoxideError, operation: &str) -> ServiceError {
    let error = match error {
        DynoxideError::EnvelopedValidation(message) => {
            return ServiceError::coded("ValidationException", enveloped(operation, message));
        }
        DynoxideError::ConditionalCheckFailedException(message, Some(item)) if operation == "ExecuteStatement" => {
            DynoxideError::StatementConditionalCheckFailed(message, item)
        }
        other => other,
    };
    let code = error.error_type().rsplit('#').next().unwrap_or_default();
    let message = edge::outward_text(&error.to_string());
    if let Some(odd) = odd_operator(&message).filter(|_| operation == "Query") {
        let message = format!("Invalid operator used in KeyConditionExpression: {odd}");
        return ServiceError::coded("ValidationException", message);
    }
    if code == "UnsupportedOperation" {
        return ServiceError::not_modelled(format!("the operation {operation} of DynamoDB in this form ({message})"));
    }
    // SDKs have no classes for these two: they are reported as the service's general exception.
    let is_modelled = !matches!(code, "ValidationException" | "SerializationException");
    let known = if is_modelled { ServiceError::modelled(code, message) } else { ServiceError::coded(code, message) };
    let members = serde_json::from_str::<Json>(&error.to_json()).ok().map(|mut json| {
        json.sort_all_objects();
        edge::outward(&mut json);
        // With the item that was there, the sentence's member is spelt another way.
        if let Some(members) = json.as_object_mut().filter(|members| members.contains_key("Item"))
            && let Some(sentence) = members.remove("message")
        {
            members.insert("Message".into(), sentence);
        }
        Value::from(&json)
    });
    ServiceError { members, ..known.status(error.status_code()) }
}

/// The operator that conditions have and key conditions have not.
fn odd_operator(message: &str) -> Option<&str> {
    if message == "Expected attribute name, got NOT" {
        return Some("NOT");
    }
    let (what, odd) = message.split_once(" in KeyConditionExpression: ")?;
    let is_named = what.ends_with("Unexpected token") || what.ends_with("Unexpected operator");
    Some(odd).filter(|odd| is_named && ["OR", "<>", "IN", "NOT"].contains(odd))
}

/// Three operations list what is wrong with a request, also where it is one thing.
fn enveloped(operation: &str, message: String) -> String {
    match operation {
        "PutItem" | "UpdateItem" | "DeleteItem" => format!("1 validation error detected: {message}"),
        _ => message,
    }
}

/// A request that could not be read.
pub(super) fn of_reading(error: &serde_json::Error, operation: &str) -> ServiceError {
    let whole = error.to_string();
    let cut = whole.split(" at line ").next().unwrap_or_default();
    if let Some((mark, code, position, is_listed)) = MARKS.iter().find(|(mark, ..)| whole.starts_with(mark)) {
        let text = if *position == Position::Kept { &whole } else { cut };
        let message = text.strip_prefix(mark).unwrap_or(text).to_owned();
        return ServiceError::coded(*code, if *is_listed { enveloped(operation, message) } else { message });
    }
    if cut.contains("AttributeValue") {
        let message = match cut.contains("Supplied AttributeValue") {
            true => cut,
            false => "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        };
        return ServiceError::coded("ValidationException", message);
    }
    if ["missing field", "unknown variant", "invalid type: null"].iter().any(|known| cut.contains(known)) {
        return ServiceError::coded("ValidationException", cut);
    }
    ServiceError::coded("SerializationException", mismatch(cut))
}

/// A value of another kind than the member has, in the words of the service's reader.
fn mismatch(cut: &str) -> String {
    let Some((found, wanted)) = cut.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    else {
        return cut.to_owned();
    };
    let token = match found.split_once(' ').map_or(found, |(kind, _)| kind) {
        "integer" => "NUMBER_VALUE",
        "floating" => "DECIMAL_VALUE",
        "boolean" if found.contains("true") => "TRUE_VALUE",
        "boolean" => "FALSE_VALUE",
        "string" => "STRING_VALUE",
        "sequence" => return "Start of list found where not expected".to_owned(),
        "map" => return "Start of structure or map found where not expected.".to_owned(),
        other => other,
    };
    let kind = match wanted {
        "a string" => "String",
        "a boolean" => "Boolean",
        "i64" | "u64" => "Long",
        "i32" | "u32" => "Integer",
        _ => return "Unexpected value type in payload".to_owned(),
    };
    format!("{token} cannot be converted to {kind}")
}
