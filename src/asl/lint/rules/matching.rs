//! Entries of Retry and Catch that an earlier entry leaves nothing for.

use super::super::Rule;
use super::super::subject::{ErrorName, Place, Subject};
use crate::asl::machine::StateKind;
use crate::diagnostic::{Diagnostics, Severity};

pub(super) const RULES: &[Rule] = &[Rule {
    code: "error-shadowed",
    severity: Severity::Warning,
    summary: "an earlier entry of Retry or Catch meets the same error",
    explanation: "Entries are tried from the first to the last, and the first whose list has the error takes it, also \
when its attempts are used up: the error does not fall through to a later retrier. `States.TaskFailed` has every error of \
a task but timeouts, and `States.Timeout` missed heartbeats as well. Put the special before the general, and each name \
once.",
    example: r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge",
      "Retry": [
        {"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 2},
        {"ErrorEquals": ["PaymentGateway.Busy"], "IntervalSeconds": 30, "MaxAttempts": 10}
      ],
      "End": true
    }
  }
}"#,
    check: error_shadowed,
}];

fn error_shadowed(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        for field in ["Retry", "Catch"] {
            let names: Vec<ErrorName<'_>> = place.error_names(field).collect();
            for (i, later) in names.iter().enumerate() {
                let Some(earlier) = names.iter().take(i).find(|earlier| takes(place, earlier.name, later.name)) else {
                    continue;
                };
                let word = later.entry_word();
                let (severity, message) = if earlier.entry == later.entry {
                    (Severity::Note, format!("`{}` is in this {word} already", later.name))
                } else if earlier.name == later.name {
                    (Severity::Warning, format!("an earlier {word} takes `{}`", later.name))
                } else {
                    let message = format!("`{}` of an earlier {word} takes `{}` as well", earlier.name, later.name);
                    (Severity::Warning, message)
                };
                let at = later.way();
                let finding = place
                    .finding_at(severity, "error-shadowed", (&at, later.span), message, "never met here")
                    .also(earlier.span, "met here");
                found.push(if earlier.name == later.name {
                    finding.help("name it once")
                } else {
                    finding.help(format!("put the {word} with `{}` first", later.name))
                });
            }
        }
    }
}

/// Whether an entry with the earlier name leaves nothing for the later one.
fn takes(place: &Place<'_>, earlier: &str, later: &str) -> bool {
    match earlier {
        _ if earlier == later => true,
        // What else counts as a failed task is known for names of functions and services only.
        "States.TaskFailed" => matches!(place.state.kind, StateKind::Task(_)) && !later.starts_with("States."),
        "States.Timeout" => later == "States.HeartbeatTimeout",
        _ => false,
    }
}
