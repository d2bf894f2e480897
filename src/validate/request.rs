//! What is wrong with a request to create or change a state machine, apart from its definition.

use serde_json::Value;

use super::definition::TYPES;
use super::{ApiError, Constraints};
use crate::asl::MachineType;
use crate::source::MAX_DEFINITION_BYTES;

/// A request whose members are all within their bounds.
pub(super) struct Read<'a> {
    pub(super) name: &'a str,
    pub(super) definition: Option<&'a str>,
    pub(super) machine_type: MachineType,
}

/// Reads a CreateStateMachine request.
pub(super) fn create<'a>(request: &'a Value, log_groups: Option<&[String]>) -> Result<Read<'a>, ApiError> {
    let mut c = Constraints::of(request);
    let name = c.required("name", 1, 80);
    let definition = c.required("definition", 1, MAX_DEFINITION_BYTES);
    c.required("roleArn", 1, 256);
    let machine_type = c.word("type", TYPES).unwrap_or_default();
    shared(&mut c);
    c.check()?;
    if !name_is_good(name) {
        return Err(ApiError::new("InvalidName", format!("Invalid Name: '{name}'")));
    }
    surroundings(request, log_groups)?;
    Ok(Read { name, definition: Some(definition), machine_type })
}

/// Reads an UpdateStateMachine request.
pub(super) fn update<'a>(request: &'a Value, log_groups: Option<&[String]>) -> Result<Read<'a>, ApiError> {
    let mut c = Constraints::of(request);
    c.required("stateMachineArn", 1, 256);
    let definition = c.text("definition", 1, MAX_DEFINITION_BYTES);
    c.text("roleArn", 1, 256);
    shared(&mut c);
    c.check()?;
    let changes = ["definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration"];
    if changes.iter().all(|name| request.get(name).is_none_or(Value::is_null)) {
        let message = "Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration, or the \
                       EncryptionConfiguration must be specified";
        return Err(ApiError::new("MissingRequiredParameter", message));
    }
    surroundings(request, log_groups)?;
    Ok(Read { name: "", definition, machine_type: MachineType::Standard })
}

fn shared(c: &mut Constraints<'_>) {
    let level = ["ALL", "ERROR", "FATAL", "OFF"].map(|word| (word, ()));
    if c.object("loggingConfiguration") {
        c.word("loggingConfiguration.level", &level);
        c.flag("loggingConfiguration.includeExecutionData");
    }
    if c.object("tracingConfiguration") {
        c.flag("tracingConfiguration.enabled");
    }
    c.flag("publish");
    c.text("versionDescription", 0, 256);
}

/// Role, logging and version, which only make sense together with something else.
fn surroundings(request: &Value, log_groups: Option<&[String]>) -> Result<(), ApiError> {
    if let Some(role) = request.get("roleArn").and_then(Value::as_str)
        && !role_is_good(role)
    {
        return Err(ApiError::new("InvalidArn", format!("Invalid Role Arn: '{role}'")));
    }
    if let Some(logging) = request.get("loggingConfiguration").filter(|l| !l.is_null()) {
        log_destination(logging, log_groups)?;
    }
    let published = request.get("publish").and_then(Value::as_bool).unwrap_or(false);
    if !published && request.get("versionDescription").is_some_and(|d| !d.is_null()) {
        return Err(ApiError::validation("Version description can only be set when publish is true"));
    }
    Ok(())
}

pub(crate) fn log_destination(logging: &Value, log_groups: Option<&[String]>) -> Result<(), ApiError> {
    let refused = |what: &str| {
        Err(ApiError::new("InvalidLoggingConfiguration", format!("Invalid Logging Configuration: {what}")))
    };
    let level = logging.get("level").and_then(Value::as_str).unwrap_or("OFF");
    let destinations = logging.get("destinations").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let arn = match destinations {
        [] if level == "OFF" => return Ok(()),
        [one] => one.get("cloudWatchLogsLogGroup").and_then(|g| g.get("logGroupArn")).and_then(Value::as_str),
        _ => return refused("Must specify exactly one Log Destination."),
    };
    // The ARN of a log group ends in `:*` here, and may do so without where it was created.
    let plain = |arn: &str| arn.trim_end_matches(":*").to_owned();
    match (arn, log_groups) {
        (Some(arn), Some(groups)) if !groups.iter().any(|g| plain(g) == plain(arn)) => {
            refused("Log Destination not found.")
        }
        (None, _) => refused("Log Destination not found."),
        _ => Ok(()),
    }
}

/// Names of machines and executions: no blanks, brackets, wildcards, special or control characters.
pub(crate) fn name_is_good(name: &str) -> bool {
    !name.chars().any(is_barred)
}

/// Whether no name may hold a character.
pub(crate) fn is_barred(c: char) -> bool {
    const BARRED: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";
    c.is_whitespace() || c.is_control() || BARRED.contains(c) || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
}

pub(crate) fn role_is_good(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(parts[..], ["arn", partition, "iam", "", account, rest]
        if !partition.is_empty() && account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())
            && rest.strip_prefix("role/").is_some_and(|name| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_barred_from_what_an_arn_or_a_url_could_not_hold() {
        for good in ["order", "Order-Machine_2.0", "a+b", "ärger", "(x)"] {
            assert!(name_is_good(good), "{good}");
        }
        for bad in ["a b", "a/b", "a:b", "a*", "a{b", "a\u{7}", "a\u{85}", "a~"] {
            assert!(!name_is_good(bad), "{bad}");
        }
    }

    #[test]
    fn a_role_is_known_by_its_arn() {
        assert!(role_is_good("arn:aws-cn:iam::123456789012:role/service-role/x"));
        for bad in ["", "role/x", "arn:aws:iam::1234:role/x", "arn:aws:iam::123456789012:user/x", "arn:aws:s3:::role/x"]
        {
            assert!(!role_is_good(bad), "{bad}");
        }
    }
}
