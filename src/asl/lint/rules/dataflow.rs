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
        _ => return finding.help(format!("read `{before}` itself, or hand on an object in its place")),
    };
    let names: Vec<&str> = object.names().collect();
    if names == ["Cause", "Error"] {
        return finding.help("what a `Catch` hands on has `Error` and `Cause`, both of them texts");
    }
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
        _ if names.len() <= SHOWN => {
            let listed = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
            let verb = if names.len() == 1 { "member is" } else { "members are" };
            let replaces = from.is_some_and(|from| {
                matches!(from.state.kind, StateKind::Task(_)) && from.node.get("ResultPath").is_none()
            });
            let keep = replaces && before == "$";
            let hint = if keep { "; a `ResultPath` such as `$.result` keeps the input beside a result" } else { "" };
            finding.help(format!("its {verb} {listed}{hint}"))
        }
        _ => finding.help("look at what the states before it hand on"),
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

#[cfg(test)]
mod tests {
    use super::RULES;
    use crate::asl::Machine;

    /// The findings about data in a machine of these states, which begins with `A`.
    fn found(states: &str) -> Vec<String> {
        let text = format!(r#"{{"StartAt": "A", "States": {{{states}, "Z": {{"Type": "Succeed"}}}}}}"#);
        let machine = Machine::parse(&text).unwrap_or_else(|e| panic!("{e}"));
        let is_ours = |code: &str| RULES.iter().any(|rule| rule.code == code);
        machine.lint().iter().filter(|d| is_ours(d.code)).map(|d| d.message.clone()).collect()
    }

    const CHARGE: &str = r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "charge", "Payload.$": "$"}"#;

    #[test]
    fn what_may_be_there_is_left_alone() {
        for states in [
            // The input of the start may hold anything, with a result beside it or without.
            r#""A": {"Type": "Pass", "Result": 1, "ResultPath": "$.n", "Next": "B"},
               "B": {"Type": "Pass", "Parameters": {"n.$": "$.n", "id.$": "$.order.id"}, "Next": "Z"}"#
                .to_owned(),
            // What a function returns is its own business.
            format!(
                r#""A": {{{CHARGE}, "ResultSelector": {{"id.$": "$.Payload.charge.id"}}, "ResultPath": "$.c", "Next": "B"}},
                   "B": {{"Type": "Pass", "InputPath": "$.c.id.any.thing", "Next": "Z"}}"#
            ),
            // A catcher that throws the error away leaves the input.
            format!(
                r#""A": {{{CHARGE}, "Next": "Z",
                     "Catch": [{{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "B"}}]}},
                   "B": {{"Type": "Pass", "InputPath": "$.order", "Next": "Z"}}"#
            ),
            // Only one of two ways writes it down.
            r#""A": {"Type": "Choice", "Default": "C", "Choices": [{"Variable": "$.a", "IsPresent": true, "Next": "B"}]},
               "B": {"Type": "Pass", "Result": {"x": 1}, "Next": "D"},
               "C": {"Type": "Pass", "Result": {"y": 1}, "Next": "D"},
               "D": {"Type": "Pass", "InputPath": "$.x", "Next": "Z"}"#
                .to_owned(),
            // Asked before it is compared.
            r#""A": {"Type": "Pass", "Result": {}, "Next": "B"},
               "B": {"Type": "Choice", "Default": "Z", "Choices": [{"Next": "Z", "And": [
                 {"Variable": "$.x", "IsPresent": true}, {"Variable": "$.x.y", "NumericEquals": 1}]}]}"#
                .to_owned(),
            // Results of branches and iterations are arrays.
            r#""A": {"Type": "Parallel", "Next": "B", "Branches": [
                 {"StartAt": "C", "States": {"C": {"Type": "Pass", "Result": {"x": 1}, "End": true}}}]},
               "B": {"Type": "Pass", "Parameters": {"x.$": "$[0].x", "all.$": "$[*].y"}, "Next": "Z"}"#
                .to_owned(),
            // A loop that nests its input ever deeper.
            r#""A": {"Type": "Pass", "Parameters": {"before.$": "$", "n": 1}, "Next": "B"},
               "B": {"Type": "Choice", "Choices": [{"Variable": "$.before.before.n", "IsPresent": true, "Next": "Z"}],
                 "Default": "A"}"#
                .to_owned(),
        ] {
            assert_eq!(found(&states), Vec::<String>::new(), "{states}");
        }
    }

    #[test]
    fn what_cannot_be_there_is_told() {
        for (states, want) in [
            (
                format!(
                    r#""A": {{{CHARGE}, "Next": "B"}}, "B": {{"Type": "Pass", "InputPath": "$.chargeId", "Next": "Z"}}"#
                ),
                "`$.chargeId` finds nothing: the input has no `chargeId`",
            ),
            (
                r#""A": {"Type": "Parallel", "Next": "B", "Branches": [
                     {"StartAt": "C", "States": {"C": {"Type": "Pass", "Result": {"x": 1}, "End": true}}}]},
                   "B": {"Type": "Pass", "InputPath": "$.x", "Next": "Z"}"#
                    .to_owned(),
                "`$.x` finds nothing: the input is an array",
            ),
            (
                r#""A": {"Type": "Pass", "Assign": {"order": {"id": 1}}, "Next": "B"},
                   "B": {"Type": "Pass", "Parameters": {"n.$": "$order.number"}, "Next": "Z"}"#
                    .to_owned(),
                "`$order.number` finds nothing: `$order` has no `number`",
            ),
            (
                r#""A": {"Type": "Pass", "Result": [1, 2], "ResultPath": "$.list", "Next": "B"},
                   "B": {"Type": "Pass", "Result": 1, "ResultPath": "$.list.x", "Next": "Z"}"#
                    .to_owned(),
                "`$.list.x` cannot be written: `$.list` is an array",
            ),
        ] {
            assert_eq!(found(&states), [want], "{states}");
        }
    }
}
