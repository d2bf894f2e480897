//! Tasks that wait too long, or for ever.

use super::super::Rule;
use super::super::subject::Subject;
use crate::asl::machine::StateKind;
use crate::asl::resource::ResourceKind;
use crate::diagnostic::{Diagnostics, Severity};

pub(super) const RULES: &[Rule] = &[Rule {
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
}];

fn timeout_missing(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        let StateKind::Task(task) = &place.state.kind else { continue };
        let is_activity = matches!(task.resource.kind(), ResourceKind::Activity { .. });
        if !(is_activity || task.resource.waits_for_token()) || task.timeout.is_some() || task.heartbeat.is_some() {
            continue;
        }
        let what = if is_activity { "an activity's worker" } else { "a task token" };
        let message = format!("`{}` waits for {what} and can wait for ever", place.state.name);
        let finding = place
            .warning("timeout-missing", "Resource", message, "no TimeoutSeconds, no HeartbeatSeconds")
            .help("where nobody answers, the execution stays open for a year; add `\"TimeoutSeconds\": 86400` and catch States.Timeout");
        found.push(finding);
    }
}
