//! ValidateStateMachineDefinition, and how other calls refuse a definition.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{ApiError, Constraints};
use crate::asl::{CompileOptions, Machine, MachineType};
use crate::diagnostic::{AwsMessage, Diagnostic, Diagnostics, Severity};
use crate::source::{Format, MAX_DEFINITION_BYTES, Source, parse};

/// So many findings are answered at most.
const MOST_RESULTS: usize = 100;

/// How much a finding weighs, as the service has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The definition cannot be deployed.
    Error,
    /// It can.
    Warning,
}

impl Level {
    /// `ERROR` or `WARNING`.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Error => "ERROR",
            Level::Warning => "WARNING",
        }
    }
}

/// One finding, in the service's words where they are known and in ours where not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Level,
    /// The service's code, such as `SCHEMA_VALIDATION_FAILED`.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// A pointer into the definition such as `/States/Charge/Next`; for a text that is not JSON, where reading stopped.
    pub location: String,
}

/// What ValidateStateMachineDefinition answers.
#[derive(Clone, Debug, Default)]
pub struct Validation {
    /// The findings, in the order of the text.
    pub diagnostics: Vec<Finding>,
    /// Whether findings were left out because there were more than asked for.
    pub truncated: bool,
}

impl Validation {
    /// Whether the definition can be deployed.
    pub fn is_ok(&self) -> bool {
        self.diagnostics.iter().all(|d| d.severity != Level::Error)
    }
    /// The service's answer: `result`, `diagnostics`, `truncated`.
    pub fn to_json(&self) -> Value {
        let one = |d: &Finding| json!({ "severity": d.severity.as_str(), "code": d.code, "message": d.message, "location": d.location });
        json!({
            "result": if self.is_ok() { "OK" } else { "FAIL" },
            "diagnostics": self.diagnostics.iter().map(one).collect::<Vec<Value>>(),
            "truncated": self.truncated,
        })
    }
}

impl Machine {
    /// What ValidateStateMachineDefinition answers for a Standard machine. A definition is JSON there, as everywhere in
    /// the service's API.
    pub fn validate(definition: &str) -> Validation {
        Machine::validate_as(definition, MachineType::Standard)
    }

    /// The same for a machine of this type.
    pub fn validate_as(definition: &str, machine_type: MachineType) -> Validation {
        let found = compile(definition, machine_type).err().map(Diagnostics::into_vec).unwrap_or_default();
        let mut diagnostics: Vec<Finding> = found.iter().map(finding).collect();
        let truncated = diagnostics.len() > MOST_RESULTS;
        diagnostics.truncate(MOST_RESULTS);
        Validation { diagnostics, truncated }
    }
}

/// Answers a request of ValidateStateMachineDefinition: `definition`, and optionally `type`, `severity` (`ERROR` unless
/// it says `WARNING`) and `maxResults` (100, which 0 means as well).
///
/// # Errors
/// A request outside the bounds of the API's model.
pub fn validate_definition(request: &Value) -> Result<Validation, ApiError> {
    let mut c = Constraints::of(request);
    let definition = c.required("definition", 1, MAX_DEFINITION_BYTES);
    let machine_type = c.word("type", TYPES).unwrap_or_default();
    let least = c.word("severity", &[("ERROR", Level::Error), ("WARNING", Level::Warning)]).unwrap_or(Level::Error);
    let most = c.whole("maxResults", 0, MOST_RESULTS as i64).and_then(|n| usize::try_from(n).ok());
    c.check()?;
    let mut answer = Machine::validate_as(definition, machine_type);
    answer.diagnostics.retain(|d| d.severity == Level::Error || least == Level::Warning);
    let most = most.filter(|n| *n > 0).unwrap_or(MOST_RESULTS);
    answer.truncated |= answer.diagnostics.len() > most;
    answer.diagnostics.truncate(most);
    Ok(answer)
}

/// The words for a machine's type.
pub(super) const TYPES: &[(&str, MachineType)] =
    &[("STANDARD", MachineType::Standard), ("EXPRESS", MachineType::Express)];

/// Compiles a definition as the service reads it: JSON, and nothing else.
pub(crate) fn compile(definition: &str, machine_type: MachineType) -> Result<Machine, Diagnostics> {
    let source = Arc::new(Source::new("definition.json", definition));
    let options = CompileOptions::default().machine_type(machine_type).name("StateMachine");
    parse(&source, Format::Json)?;
    Machine::from_source(&source, &options)
}

fn finding(d: &Diagnostic) -> Finding {
    let AwsMessage { code, message, location } = aws_words(d);
    let severity = if d.severity == Severity::Error { Level::Error } else { Level::Warning };
    Finding { severity, code, message, location }
}

/// What the service says about a finding; where that is not known, our own sentence in its form.
fn aws_words(d: &Diagnostic) -> AwsMessage {
    if let Some(aws) = &d.aws {
        return aws.clone();
    }
    if d.path.is_empty() && matches!(d.code, "syntax" | "duplicate-key" | "too-deep") {
        let (line, column) = d.line_col().unwrap_or((1, 1));
        let location = format!("[Source: (String); line: {line}, column: {column}]");
        let message = format!("{}\n at {location}", d.message);
        return AwsMessage { code: "INVALID_JSON_DESCRIPTION".into(), message, location };
    }
    let location = format!("/{}", d.path.replace(" › ", "/"));
    AwsMessage { code: "SCHEMA_VALIDATION_FAILED".into(), message: d.message.clone(), location }
}

/// The error of the calls that take a definition.
pub(crate) fn invalid_definition(found: Diagnostics) -> ApiError {
    let findings = found.into_vec();
    let errors = findings.iter().filter(|d| d.severity == Severity::Error);
    let said: Vec<String> = errors.map(|d| aws_words(d).to_string()).collect();
    let message = format!("Invalid State Machine Definition: '{}'", said.join(", "));
    ApiError { findings, ..ApiError::new("InvalidDefinition", message) }
}

/// What the service's reader says of a text that is not JSON; `None` where it is.
pub(crate) fn broken_json(text: &str) -> Option<String> {
    let found = parse(&Arc::new(Source::new("input.json", text)), Format::Json).err()?;
    found.iter().next().map(|d| aws_words(d).message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_definition_is_ok_and_nothing_is_said() {
        let answer = validate_definition(&json!({ "definition": HELLO, "type": "EXPRESS" })).unwrap();
        assert_eq!(answer.to_json(), json!({ "result": "OK", "diagnostics": [], "truncated": false }));
    }

    const HELLO: &str = r#"{"StartAt": "Hello", "States": {"Hello": {"Type": "Succeed"}}}"#;

    #[test]
    fn yaml_is_not_what_the_service_reads() {
        let answer = Machine::validate("StartAt: Hello\nStates:\n  Hello:\n    Type: Succeed\n");
        assert_eq!(answer.diagnostics[0].code, "INVALID_JSON_DESCRIPTION");
        assert!(answer.diagnostics[0].message.starts_with("Unrecognized token 'StartAt'"), "{answer:?}");
    }

    #[test]
    fn findings_beyond_the_number_asked_for_are_left_out_and_said_to_be() {
        let states: Vec<String> = (0..130).map(|i| format!("\"S{i}\": {{\"Type\": \"Pass\"}}")).collect();
        let definition = format!(
            "{{\"StartAt\": \"S0\", \"States\": {{{}, \"End\": {{\"Type\": \"Succeed\"}}}}}}",
            states.join(", ")
        );
        for (most, want) in [(json!(3), 3), (json!(0), 100), (Value::Null, 100)] {
            let request = json!({ "definition": definition, "maxResults": most });
            let answer = validate_definition(&request).unwrap();
            assert_eq!((answer.diagnostics.len(), answer.truncated, answer.is_ok()), (want, true, false), "{most}");
        }
    }

    #[test]
    fn a_request_outside_its_bounds_is_refused() {
        let error = validate_definition(&json!({ "definition": "", "maxResults": 101 })).unwrap_err();
        assert_eq!(error.code, "ValidationException");
        assert!(error.message.starts_with("2 validation errors detected: Value at 'definition'"), "{error}");
    }

    #[test]
    fn a_finding_the_service_has_no_known_words_for_keeps_ours_and_its_place() {
        let definition = r#"{"StartAt": "A", "States": {"A": {"Type": "Pas", "End": true}}}"#;
        let answer = Machine::validate(definition);
        assert_eq!(answer.diagnostics[0].location, "/States/A/Type");
        assert_eq!(answer.diagnostics[0].code, "SCHEMA_VALIDATION_FAILED");
    }
}
