//! Tasks that wait too long, or for ever.

use super::super::Rule;
use super::super::subject::{Place, Subject};
use crate::asl::machine::{StateKind, Task};
use crate::diagnostic::{Diagnostics, Fix, Severity};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "timeout-missing",
        severity: Severity::Warning,
        summary: "a task waits for a token or an activity, and nothing ends the wait",
        explanation: "A task that waits for a callback ends when somebody answers. Where nobody does, the execution stays \
open for a year, and nobody is told. Give the task `TimeoutSeconds`, or `HeartbeatSeconds` where the worker reports, and \
catch `States.Timeout`.",
        example: r#"{
  "StartAt": "AskApproval",
  "States": {
    "AskApproval": {
      "Type": "Task",
      "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/approvals", "MessageBody.$": "$$.Task.Token"},
      "End": true
    }
  }
}"#,
        check: timeout_missing,
    },
    Rule {
        code: "timeout-job",
        severity: Severity::Note,
        summary: "a task waits for a job, and nothing bounds how long",
        explanation: "A `.sync` task waits until the job ends. A job that hangs, or is never given the capacity to start, \
keeps the execution open for up to a year. Where jobs have a usual length, `TimeoutSeconds` says when something is wrong; \
Step Functions then stops the job as well.",
        example: r#"{
  "StartAt": "Import",
  "States": {
    "Import": {
      "Type": "Task",
      "Resource": "arn:aws:states:::glue:startJobRun.sync",
      "Parameters": {"JobName": "import"},
      "End": true
    }
  }
}"#,
        check: timeout_job,
    },
    Rule {
        code: "heartbeat-unused",
        severity: Severity::Note,
        summary: "a task has `HeartbeatSeconds`, and nobody sends heartbeats",
        explanation: "Heartbeats come from an activity's worker or from whoever holds the task token. Other tasks send \
none; `TimeoutSeconds` bounds them.",
        example: r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge",
      "HeartbeatSeconds": 60,
      "End": true
    }
  }
}"#,
        check: heartbeat_unused,
    },
];

fn timeout_missing(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        let StateKind::Task(task) = &place.state.kind else { continue };
        let is_activity = task.resource.is_activity();
        if !(is_activity || task.resource.waits_for_token()) || is_bounded(subject, place, task) {
            continue;
        }
        let what = if is_activity { "an activity's worker" } else { "a task token" };
        let message = format!("`{}` waits for {what} and can wait for ever", place.state.name);
        let finding = place
            .warning("timeout-missing", "Resource", message, "no TimeoutSeconds, no HeartbeatSeconds")
            .help("where nobody answers, the execution stays open for a year; add `TimeoutSeconds: 86400` and catch States.Timeout");
        found.push(finding.fix(bound(place)));
    }
}

/// Whether something ends the wait before a year is over: the task's own fields, or the machine's.
fn is_bounded(subject: &Subject<'_>, place: &Place<'_>, task: &Task) -> bool {
    task.timeout.is_some() || task.heartbeat.is_some() || subject.time_of(place).0 < YEAR
}

const YEAR: u64 = 31_536_000;

/// The change that bounds a task by a day, for somebody to put in the right figure.
fn bound(place: &Place<'_>) -> Option<Fix> {
    place.add_before(place.node.member("Resource")?, "TimeoutSeconds", "86400")
}

fn timeout_job(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        let StateKind::Task(task) = &place.state.kind else { continue };
        if !task.resource.runs_a_job() || is_bounded(subject, place, task) {
            continue;
        }
        let message = format!("`{}` waits for its job however long that takes", place.state.name);
        let finding = place.note("timeout-job", "Resource", message, "no TimeoutSeconds");
        found.push(finding.help("add `TimeoutSeconds` with more than the job ever needs").fix(bound(place)));
    }
}

fn heartbeat_unused(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        let StateKind::Task(task) = &place.state.kind else { continue };
        let may_beat = task.resource.is_activity() || task.resource.waits_for_token() || place.is_stand_in();
        if task.heartbeat.is_none() || may_beat {
            continue;
        }
        let field = ["HeartbeatSeconds", "HeartbeatSecondsPath"].into_iter().find(|f| place.node.get(f).is_some());
        let message = format!("nobody sends heartbeats for `{}`", place.state.name);
        let finding = place.note("heartbeat-unused", field.unwrap_or("Resource"), message, "for tokens and activities");
        found.push(finding.help("write `TimeoutSeconds` instead"));
    }
}
