//! The configurations of state machines and activities: checked, completed by what the service assumes, and kept.

use super::refusal;
use crate::asl::MachineType;
use crate::services::ServiceError;
use crate::validate::log_destination;
use crate::value::{Map, Str, Value};

/// `STANDARD` or `EXPRESS`.
pub(crate) fn type_word(kind: MachineType) -> &'static str {
    match kind {
        MachineType::Standard => "STANDARD",
        MachineType::Express => "EXPRESS",
    }
}

pub(super) fn kind(input: &Value) -> MachineType {
    match text(input, "type") {
        Some("EXPRESS") => MachineType::Express,
        _ => MachineType::Standard,
    }
}

/// A text of a request, which is known to be one.
pub(crate) fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input.get(name).and_then(Value::as_str)
}

/// A text that the request is known to have.
pub(super) fn given<'a>(input: &'a Value, name: &str) -> &'a str {
    text(input, name).unwrap_or_default()
}

pub(super) fn shared(input: &Value, name: &str) -> Option<Str> {
    match input.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    }
}

pub(super) fn flag(input: &Value, name: &str) -> bool {
    input.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// A member that is there and not `null`.
pub(super) fn member<'a>(input: &'a Value, name: &str) -> Option<&'a Value> {
    input.get(name).filter(|v| !v.is_null())
}

/// `loggingConfiguration`; nothing where the request has none.
pub(super) fn logging(input: &Value) -> Result<Option<Value>, ServiceError> {
    let Some(asked) = member(input, "loggingConfiguration") else { return Ok(None) };
    log_destination(&asked.to_json(), None).map_err(refusal::of)?;
    let mut kept = Map::new();
    kept.insert("level", text(asked, "level").unwrap_or("OFF"));
    kept.insert("includeExecutionData", flag(asked, "includeExecutionData"));
    if let Some(destinations) = member(asked, "destinations").filter(|d| d.as_array().is_some_and(|d| !d.is_empty())) {
        kept.insert("destinations", destinations.clone());
    }
    Ok(Some(kept.into()))
}

pub(super) fn no_logging() -> Value {
    Value::object([("level", "OFF".into()), ("includeExecutionData", false.into())])
}

/// `tracingConfiguration`.
pub(super) fn tracing(input: &Value) -> Option<Value> {
    member(input, "tracingConfiguration").map(|asked| traced(flag(asked, "enabled")))
}

pub(super) fn no_tracing() -> Value {
    traced(false)
}

fn traced(enabled: bool) -> Value {
    Value::object([("enabled", enabled.into())])
}

const OWNED: &str = "AWS_OWNED_KEY";

/// For so many seconds a data key is used again where a request does not say it.
const REUSE_SECONDS: i64 = 300;

/// `encryptionConfiguration`.
pub(super) fn encryption(input: &Value) -> Result<Option<Value>, ServiceError> {
    let Some(asked) = member(input, "encryptionConfiguration") else { return Ok(None) };
    let key = shared(asked, "kmsKeyId");
    let seconds = asked.get("kmsDataKeyReusePeriodSeconds").and_then(Value::as_i64);
    let refused = |why: &str| {
        let message = format!("Invalid Encryption Configuration: {why}");
        Err(ServiceError::modelled("InvalidEncryptionConfiguration", message))
    };
    match (given(asked, "type"), key) {
        (OWNED, None) if seconds.is_none() => Ok(Some(no_encryption())),
        (OWNED, _) => {
            refused("kmsKeyId and kmsDataKeyReusePeriodSeconds must not be specified when type is AWS_OWNED_KEY")
        }
        (_, None) => refused("kmsKeyId must be specified when type is CUSTOMER_MANAGED_KMS_KEY"),
        (word, Some(key)) => Ok(Some(Value::object([
            ("kmsKeyId", Value::from(key)),
            ("kmsDataKeyReusePeriodSeconds", seconds.unwrap_or(REUSE_SECONDS).into()),
            ("type", word.into()),
        ]))),
    }
}

pub(super) fn no_encryption() -> Value {
    Value::object([("type", OWNED.into())])
}
