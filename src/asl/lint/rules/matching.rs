//! Entries of Retry and Catch that an earlier entry leaves nothing for.

use std::collections::HashMap;

use super::super::Rule;
use super::super::subject::{ErrorName, Place, Subject};
use crate::asl::machine::StateKind;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};

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
            let mut first: HashMap<&str, &ErrorName<'_>> = HashMap::new();
            let mut shadowed = Vec::new();
            for later in &names {
                let earlier = takers(place, later.name).filter_map(|taker| first.get(taker).copied());
                match earlier.min_by_key(|earlier| (earlier.entry, earlier.index)) {
                    Some(earlier) => shadowed.push((earlier, later)),
                    None => drop(first.insert(later.name, later)),
                }
            }
            // What one earlier entry leaves nothing of is said once for all names of the later one.
            for group in shadowed.chunk_by(|a, b| a.0.entry == b.0.entry && a.1.entry == b.1.entry) {
                found.push(said(place, &names, group));
            }
        }
    }
}

/// The finding about names of one entry that an earlier one takes.
fn said(place: &Place<'_>, names: &[ErrorName<'_>], group: &[(&ErrorName<'_>, &ErrorName<'_>)]) -> Diagnostic {
    let (earlier, later) = group[0];
    let word = later.entry_word();
    let is_whole = names.iter().filter(|name| name.entry == later.entry).count() == group.len();
    let listed = group.iter().map(|(_, later)| format!("`{}`", later.name)).collect::<Vec<_>>().join(", ");
    let (severity, message, help) = if earlier.entry == later.entry {
        let is = if group.len() == 1 { "is" } else { "are" };
        (Severity::Note, format!("{listed} {is} in this {word} already"), "name it once".to_owned())
    } else if is_whole {
        let message = match earlier.name == later.name {
            true => format!("this {word} is never used: an earlier one takes {listed}"),
            false => format!("this {word} is never used: `{}` of an earlier one takes all it names", earlier.name),
        };
        (Severity::Warning, message, format!("put it before the {word} with `{}`, or remove it", earlier.name))
    } else {
        let message = format!("an earlier {word} with `{}` takes {listed}", earlier.name);
        (Severity::Warning, message, "name each error once, the special before the general".to_owned())
    };
    let at = later.way();
    let mut finding = place.finding_at(severity, "error-shadowed", (&at, later.span), message, "never met here");
    for (_, other) in group.iter().skip(1) {
        finding = finding.also(other.span, "");
    }
    finding.also(earlier.span, "met here").help(help)
}

/// The names that, earlier in a list, leave nothing for a name.
fn takers<'n>(place: &Place<'_>, name: &'n str) -> impl Iterator<Item = &'n str> {
    // What else counts as a failed task is known for names of functions and services only.
    let is_plain = matches!(place.state.kind, StateKind::Task(_)) && !name.starts_with("States.");
    let general = is_plain.then_some("States.TaskFailed");
    let timeout = (name == "States.HeartbeatTimeout").then_some("States.Timeout");
    [name].into_iter().chain(general).chain(timeout)
}
