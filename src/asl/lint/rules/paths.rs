//! Texts of JSONPath states that look like paths and are none.

use super::super::Rule;
use super::super::subject::Subject;
use super::jsonata::{is_path, walk};
use crate::asl::machine::{QueryLanguage, StateKind};
use crate::diagnostic::{Diagnostics, Severity};
use crate::expr::intrinsics::Intrinsic;

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "path-as-text",
        severity: Severity::Warning,
        summary: "a value looks like a path, but its key does not end in `.$`",
        explanation: "In `Parameters`, `ResultSelector`, `ItemSelector` and `Assign` a path is followed only where its key \
ends in `.$`; otherwise the value is the text itself, and the service is called with `\"$.id\"`.",
        example: r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "charge", "Payload": {"id": "$.orderId"}},
      "End": true
    }
  }
}"#,
        check: as_text,
    },
    Rule {
        code: "path-in-result",
        severity: Severity::Warning,
        summary: "`Result` holds a path or a `.$` key, and `Result` is a constant",
        explanation: "`Result` of a Pass state is handed on as it is written: paths and intrinsic functions in it are not \
followed, and keys keep their `.$`. `Parameters` is the field that fills them in.",
        example: r#"{
  "StartAt": "Prepare",
  "States": {
    "Prepare": {"Type": "Pass", "Result": {"id.$": "$.orderId"}, "End": true}
  }
}"#,
        check: in_result,
    },
];

/// Fields that are payload templates.
const TEMPLATES: &[&str] = &["Parameters", "ResultSelector", "ItemSelector", "Assign"];

/// Keys below which paths are meant for somebody else.
const FOREIGN: &[&str] =
    &["InputPathsMap", "InputPath", "Path", "JsonPath", "Expression", "Template", "Definition", "Query"];

fn is_meant_for_others(way: &str) -> bool {
    way.split(" › ").any(|part| FOREIGN.iter().any(|word| part.ends_with(word)))
}

/// What a text that should be followed is: a path, or a call.
fn what(text: &str) -> Option<&'static str> {
    let begins = text.starts_with("$.") || text.starts_with("$$.") || text.starts_with("$[");
    if begins && is_path(text) {
        return Some("a path");
    }
    (text.starts_with("States.") && Intrinsic::parse(text).is_ok()).then_some("an intrinsic function")
}

fn as_text(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places().filter(|p| p.state.query_language == QueryLanguage::JsonPath) {
        for field in TEMPLATES {
            let Some(node) = place.node.get(field) else { continue };
            walk(node, field, None, &mut |way, node, text, key| {
                let key = key.map(|(key, _)| key).unwrap_or_default();
                let Some(what) = what(text).filter(|_| !key.ends_with(".$") && !is_meant_for_others(way)) else {
                    return;
                };
                let message = match key.is_empty() {
                    true => format!("`{text}` is taken as a text, not as {what}"),
                    false => format!("`{text}` looks like {what}, but its key does not end in `.$`"),
                };
                let finding =
                    place.warning_at("path-as-text", (way, node.span), message, "handed on as these characters");
                if way == *field {
                    found.push(finding.help(format!("a template is an object: write `{{\"name.$\": \"{text}\"}}`")));
                    return;
                }
                found.push(match (key.is_empty(), what) {
                    (true, "a path") => finding
                        .help(format!("build the array with `States.Array({text})` under a key that ends in `.$`")),
                    (true, _) => finding.help("put it under a key that ends in `.$`"),
                    (false, _) => finding.help(format!("write `\"{key}.$\": \"{text}\"`")),
                });
            });
        }
    }
}

fn in_result(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places().filter(|p| p.state.query_language == QueryLanguage::JsonPath) {
        let (StateKind::Pass(_), Some(result)) = (&place.state.kind, place.node.get("Result")) else { continue };
        walk(result, "Result", None, &mut |way, node, text, key| {
            if is_meant_for_others(way) {
                return;
            }
            let (span, message) = match key.filter(|(key, _)| key.ends_with(".$")) {
                Some((key, span)) => (span, format!("`{key}` stands in `Result`, which is not filled in")),
                None => match what(text) {
                    Some(what) => (node.span, format!("`{text}` in `Result` is a text, not {what}")),
                    None => return,
                },
            };
            let finding = place.warning_at("path-in-result", (way, span), message, "handed on as these characters");
            found.push(finding.help("write `Parameters` instead of `Result`, with keys that end in `.$`"));
        });
    }
}
