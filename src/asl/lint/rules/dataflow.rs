//! Paths that lead nowhere, because what the states before them hand on is known.

use super::super::Rule;
use super::super::flow_analysis::{Missing, Problem, Shape, Step, What};
use super::super::subject::Subject;
use crate::asl::machine::StateKind;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, did_you_mean};

/// How many names of members are listed.
const SHOWN: usize = 8;

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "path-not-found",
        severity: Severity::Warning,
        summary: "a path reads something that no earlier state can have produced",
        explanation: "Where the states before it write their output down, in `Result`, `Parameters`, `ResultSelector` or \
`Output`, or where the service fixes the form of a result, it is known which members there are. A path to any other \
fails the execution with `States.Runtime`, which no `Catch` catches. Usual reasons: a result replaces the input because \
`ResultPath` is missing, the function's result is in `$.Payload`, or `Cause` is a string that holds JSON.",
        example: r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "charge", "Payload.$": "$"},
      "Next": "Ship"
    },
    "Ship": {"Type": "Pass", "InputPath": "$.chargeId", "End": true}
  }
}"#,
        check: not_found,
    },
    Rule {
        code: "result-path-conflict",
        severity: Severity::Warning,
        summary: "`ResultPath` puts a member into something that is no object",
        explanation: "`ResultPath` makes the objects that are missing on its way. Where a string, a number, an array or \
`null` stands in the way, it fails with `States.ResultPathMatchFailure`.",
        example: r#"{
  "StartAt": "Prepare",
  "States": {
    "Prepare": {"Type": "Pass", "Result": {"order": "o-1"}, "Next": "Price"},
    "Price": {"Type": "Pass", "Result": 12, "ResultPath": "$.order.price", "End": true}
  }
}"#,
        check: no_place,
    },
    Rule {
        code: "choice-variable-absent",
        severity: Severity::Warning,
        summary: "a Choice compares something that is absent on one of the ways to it",
        explanation: "A comparison of a variable that is not there fails the execution; only `IsPresent` may ask. Here one \
way to the Choice writes the member and another does not. Put `{\"Variable\": …, \"IsPresent\": true}` before the \
comparison in an `And`, or write the member on every way.",
        example: r#"{
  "StartAt": "Gift",
  "States": {
    "Gift": {
      "Type": "Choice",
      "Choices": [{"Variable": "$.gift", "IsPresent": true, "Next": "Wrap"}],
      "Default": "Plain"
    },
    "Wrap": {"Type": "Pass", "Result": {"paper": "red"}, "Next": "Paper"},
    "Plain": {"Type": "Pass", "Result": {}, "Next": "Paper"},
    "Paper": {
      "Type": "Choice",
      "Choices": [{"Variable": "$.paper", "StringEquals": "red", "Next": "Done"}],
      "Default": "Done"
    },
    "Done": {"Type": "Succeed"}
  }
}"#,
        check: sometimes_absent,
    },
    Rule {
        code: "choice-wrong-type",
        severity: Severity::Warning,
        summary: "a Choice compares a value with another type of value, which never holds",
        explanation: "`NumericEquals` is false for the string `\"7\"`, `StringEquals` for the number `7`, and no operator \
converts. Where the type of the variable is known and is not the operator's, the rule is never chosen.",
        example: r#"{
  "StartAt": "Count",
  "States": {
    "Count": {"Type": "Pass", "Result": {"left": "3"}, "Next": "More"},
    "More": {
      "Type": "Choice",
      "Choices": [{"Variable": "$.left", "NumericGreaterThan": 0, "Next": "Count"}],
      "Default": "Done"
    },
    "Done": {"Type": "Succeed"}
  }
}"#,
        check: never_holds,
    },
];

fn not_found(subject: &Subject<'_>, found: &mut Diagnostics) {
    for problem in &subject.analysis().problems {
        let What::Nowhere { path, steps, missing } = &problem.what else { continue };
        let before = before(path, steps, missing.step);
        let name = step_name(steps.get(missing.step));
        let (message, label) = match (&missing.place, missing.place.type_name()) {
            (Shape::Object(_), _) => {
                (format!("`{path}` finds nothing: {} has no `{name}`", named(&before)), "no such member")
            }
            (_, Some("array")) => (
                format!("`{path}` finds nothing: {before} is an array", before = named(&before)),
                "an array has no members",
            ),
            (_, kind) => {
                let kind = kind.unwrap_or("value");
                (format!("`{path}` finds nothing: {} is a {kind}", named(&before)), "only objects have members")
            }
        };
        let place = subject.place(problem.state);
        let finding = place.warning_at("path-not-found", (&problem.way, problem.span), message, label);
        found.push(explained(subject, problem, finding, missing, &before, name));
    }
}

/// Adds where the value comes from, and what to write instead.
fn explained(
    subject: &Subject<'_>,
    problem: &Problem,
    finding: Diagnostic,
    missing: &Missing,
    before: &str,
    name: &str,
) -> Diagnostic {
    let object = match &missing.place {
        Shape::Object(object) => object,
        Shape::Array(_) => {
            return finding.help(format!("write `{before}[0]` for the first element, or `{before}[*]` for all"));
        }
        _ if before.ends_with(".Cause") => {
            return finding.help(format!(
                "`Cause` is a text that may hold JSON; read it with `States.StringToJson({before})` first"
            ));
        }
        _ => return finding,
    };
    let names: Vec<&str> = object.names().collect();
    let from = object.from.filter(|from| *from != problem.state).map(|from| subject.place(from));
    let finding = match from {
        Some(from) => finding.also(from.name_span, format!("`{}` writes all of its members", from.state.name)),
        None => finding,
    };
    if let Some(near) = did_you_mean(name, names.iter().copied()) {
        return finding.help(format!("did you mean `{near}`?"));
    }
    if names.contains(&"Payload") && names.contains(&"ExecutedVersion") {
        return finding.help(format!("what the function returns is in `Payload`: write `{before}.Payload.{name}`"));
    }
    match names.as_slice() {
        [] => finding.help("it is an empty object"),
        [first, ..] if names.len() <= SHOWN => {
            let listed = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
            let verb = if names.len() == 1 { "member is" } else { "members are" };
            let replaces = from.is_some_and(|from| {
                matches!(from.state.kind, StateKind::Task(_)) && from.node.get("ResultPath").is_none()
            });
            let keep = replaces && before == "$" && *first != "Error";
            let hint = if keep { "; a `ResultPath` such as `$.result` keeps the input beside a result" } else { "" };
            finding.help(format!("its {verb} {listed}{hint}"))
        }
        _ => finding,
    }
}

fn no_place(subject: &Subject<'_>, found: &mut Diagnostics) {
    for problem in &subject.analysis().problems {
        let What::NoPlace { path, steps, missing } = &problem.what else { continue };
        let before = before(path, steps, missing.step);
        let kind = match missing.place.type_name() {
            Some("array") => "an array",
            Some("null") => "`null`",
            Some("number") => "a number",
            Some("boolean") => "a boolean",
            _ => "a string",
        };
        let message = format!("`{path}` cannot be written: {} is {kind}", named(&before));
        let finding = subject
            .place(problem.state)
            .warning_at("result-path-conflict", (&problem.way, problem.span), message, "needs an object on its way")
            .help("put the result beside it, or make it an object first");
        found.push(finding);
    }
}

fn sometimes_absent(subject: &Subject<'_>, found: &mut Diagnostics) {
    for problem in &subject.analysis().problems {
        let What::Sometimes { path } = &problem.what else { continue };
        let place = subject.place(problem.state);
        let message = format!("`{path}` is absent on one of the ways to `{}`", place.state.name);
        let finding = place
            .warning_at("choice-variable-absent", (&problem.way, problem.span), message, "comparing it would fail")
            .help(format!("ask first: `{{\"Variable\": \"{path}\", \"IsPresent\": true}}` before it in an `And`"));
        found.push(finding);
    }
}

fn never_holds(subject: &Subject<'_>, found: &mut Diagnostics) {
    for problem in &subject.analysis().problems {
        let What::NeverHolds { path, operator, got } = &problem.what else { continue };
        let kind = got.type_name().unwrap_or("value");
        let value = match got {
            Shape::Scalar(_, Some(value)) if value.text_len() < 40 => format!(", `{value}`"),
            _ => String::new(),
        };
        let article = if matches!(kind, "array" | "object") { "an" } else { "a" };
        let message = format!("`{operator}` never holds: `{path}` is {article} {kind}{value}");
        let way = format!("{} › {operator}", problem.way);
        let finding = subject
            .place(problem.state)
            .warning_at(
                "choice-wrong-type",
                (&way, problem.span),
                message,
                format!("compares with another type than {kind}"),
            )
            .help("no operator converts; compare with the type that the value has");
        found.push(finding);
    }
}

/// The beginning of a path, as a sentence names it.
fn named(before: &str) -> String {
    match before {
        "$" | "$states.input" => "the input".to_owned(),
        "$states.result" => "the result".to_owned(),
        _ => format!("`{before}`"),
    }
}

/// The beginning of a path, up to the step.
fn before(path: &str, steps: &[Step], step: usize) -> String {
    let below: String = steps.iter().map(shown).collect();
    let root = path.strip_suffix(below.as_str()).unwrap_or_else(|| path.split(['.', '[']).next().unwrap_or(path));
    let taken: String = steps.iter().take(step).map(shown).collect();
    format!("{root}{taken}")
}

fn shown(step: &Step) -> String {
    match step {
        Step::Name(name) if name.chars().all(|c| c.is_alphanumeric() || c == '_') => format!(".{name}"),
        Step::Name(name) => format!("['{name}']"),
        Step::Index(i) => format!("[{i}]"),
    }
}

fn step_name(step: Option<&Step>) -> &str {
    match step {
        Some(Step::Name(name)) => name,
        _ => "",
    }
}
