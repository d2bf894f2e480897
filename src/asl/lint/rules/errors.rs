//! Names of errors that are misspelt, or belong to another service.

use super::super::Rule;
use super::super::subject::{ErrorName, Place, Subject};
use super::error_names::{LAMBDA, RESERVED, is_prefix, is_reserved, never, prefix_of};
use crate::asl::machine::{StateKind, Task};
use crate::asl::resource::ResourceKind;
use crate::diagnostic::{Diagnostics, Severity, did_you_mean};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "error-name",
        severity: Severity::Warning,
        summary: "a name of an error is misspelt",
        explanation: "Names of errors are compared letter by letter, capitals included, and a name that no error has is \
accepted without a word: the retry never happens, the catch never catches. Names that begin with `States.` belong to \
Step Functions, which knows a closed list of them; those of Lambda itself begin with `Lambda.`.",
        example: r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge",
      "Catch": [{"ErrorEquals": ["States.All"], "Next": "Refund"}],
      "Next": "Done"
    },
    "Refund": {"Type": "Pass", "Next": "Done"},
    "Done": {"Type": "Succeed"}
  }
}"#,
        check: error_name,
    },
    Rule {
        code: "error-service",
        severity: Severity::Warning,
        summary: "a name of an error that this integration does not use",
        explanation: "The errors of optimised integrations and of AWS SDK integrations begin differently: \
`arn:aws:states:::dynamodb:putItem` fails with `DynamoDB.ConditionalCheckFailedException`, and \
`arn:aws:states:::aws-sdk:dynamodb:putItem` with `DynamoDb.ConditionalCheckFailedException`. A task of one service does \
not fail with the errors of another.",
        example: r#"{
  "StartAt": "Save",
  "States": {
    "Save": {
      "Type": "Task",
      "Resource": "arn:aws:states:::dynamodb:putItem",
      "Parameters": {"TableName": "orders", "Item": {"id": {"S.$": "$.id"}}},
      "Catch": [{"ErrorEquals": ["DynamoDb.ConditionalCheckFailedException"], "Next": "Known"}],
      "Next": "Done"
    },
    "Known": {"Type": "Pass", "Next": "Done"},
    "Done": {"Type": "Succeed"}
  }
}"#,
        check: error_service,
    },
    Rule {
        code: "error-never",
        severity: Severity::Warning,
        summary: "a Retry or Catch names an error that the state never fails with",
        explanation: "Some errors end the execution whatever stands in `Retry` and `Catch`: `States.Runtime`, which also \
stands for paths that find nothing and for a Choice without a match. Others belong to certain states: \
`States.HeartbeatTimeout` needs `HeartbeatSeconds`, `States.QueryEvaluationError` a JSONata state, `States.Http.*` an \
`http:invoke`. An entry for any of them gives a safety that is not there.",
        example: r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge",
      "Retry": [{"ErrorEquals": ["States.Runtime"], "MaxAttempts": 2}],
      "End": true
    }
  }
}"#,
        check: error_never,
    },
];

/// Every name in the Retry and Catch of every state.
fn names<'s, 'a: 's>(subject: &'s Subject<'a>) -> impl Iterator<Item = (&'s Place<'a>, ErrorName<'a>)> {
    subject.places().flat_map(|place| {
        let names = ["Retry", "Catch"].into_iter().flat_map(|field| place.error_names(field));
        names.map(move |name| (place, name))
    })
}

fn error_name(subject: &Subject<'_>, found: &mut Diagnostics) {
    for (place, error) in names(subject) {
        let name = error.name;
        let trimmed = name.trim();
        let near = if is_reserved(name) {
            None
        } else if is_reserved(trimmed) {
            Some(trimmed)
        } else if trimmed.get(..6).is_some_and(|p| p.eq_ignore_ascii_case("States") || p.eq_ignore_ascii_case("State."))
        {
            did_you_mean(trimmed, RESERVED.iter().copied())
        } else if name.starts_with("Lambda.") && !LAMBDA.contains(&name) {
            did_you_mean(name, LAMBDA.iter().copied())
        } else {
            None
        };
        let is_foreign = name.starts_with("States.") && !is_reserved(name);
        if near.is_none() && !is_foreign {
            continue;
        }
        let what = if name == trimmed { "" } else { ", with these blanks" };
        let message = format!("no error is called `{name}`{what}, and so it never applies");
        let finding = place.warning_at("error-name", (&error.way(), error.span), message, "no such error");
        found.push(match near {
            Some(near) => finding.help(format!("did you mean `{near}`?")).fix(place.respell(error.span, name, near)),
            None => {
                finding.help("names that begin with `States.` belong to Step Functions; choose another for your own")
            }
        });
    }
}

fn error_service(subject: &Subject<'_>, found: &mut Diagnostics) {
    for (place, error) in names(subject) {
        let StateKind::Task(task) = &place.state.kind else { continue };
        let Some((service, expected)) = service_of(task) else { continue };
        let Some((prefix, rest)) = error.name.split_once('.') else { continue };
        if prefix == expected || prefix == "States" {
            continue;
        }
        let is_slip = prefix.eq_ignore_ascii_case(expected);
        if !is_slip && !is_prefix(prefix) {
            continue;
        }
        let message = format!("errors of `{service}` begin with `{expected}.`, not with `{prefix}.`");
        let finding = place.warning_at("error-service", (&error.way(), error.span), message, "never met here");
        let right = format!("{expected}.{rest}");
        found.push(if is_slip {
            finding.help(format!("write `{right}`")).fix(place.respell(error.span, error.name, &right))
        } else {
            finding.help(format!("`{}` does not fail with it; `{expected}.…` names its errors", place.state.name))
        });
    }
}

/// The service that a task calls and how its errors begin. None where somebody else may report an error of any name: a
/// function, a worker, whoever holds the token.
fn service_of(task: &Task) -> Option<(&str, &'static str)> {
    match task.resource.kind() {
        ResourceKind::Service { service, .. } if &**service != "lambda" && !task.resource.waits_for_token() => {
            Some((service, prefix_of(service)?))
        }
        _ => None,
    }
}

fn error_never(subject: &Subject<'_>, found: &mut Diagnostics) {
    for (place, error) in names(subject) {
        let Some(why) = never(subject, place, error.name) else { continue };
        let message = format!("no {} ever meets `{}` here: {why}", error.entry_word(), error.name);
        let finding = place.warning_at("error-never", (&error.way(), error.span), message, "never met");
        found.push(finding.help("remove the name, or catch what really happens"));
    }
}
