//! Tasks that call Lambda functions.

use super::super::Rule;
use super::super::subject::{Place, Subject};
use crate::asl::machine::{StateKind, Task};
use crate::asl::resource::ResourceKind;
use crate::diagnostic::{Diagnostics, Severity};
use crate::source::NodeKind;

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "lambda-retry",
        severity: Severity::Note,
        summary: "a Lambda function's task is not retried when Lambda itself fails",
        explanation: "Now and then Lambda answers with an error of its own, which has nothing to do with the function: it \
is throttled (`Lambda.TooManyRequestsException`), or a call fails on its way (`Lambda.ServiceException`, \
`Lambda.AWSLambdaException`, `Lambda.SdkClientException`). AWS recommends to retry these in every such task.",
        example: r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "charge", "Payload.$": "$"},
      "End": true
    }
  }
}"#,
        check: lambda_retry,
    },
    Rule {
        code: "lambda-payload",
        severity: Severity::Note,
        summary: "a function is called without a payload",
        explanation: "`lambda:invoke` hands over what `Payload` says and nothing else: without it the function gets an \
empty event, not the state's input.",
        example: r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "charge"},
      "Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException", "Lambda.ServiceException"]}],
      "End": true
    }
  }
}"#,
        check: lambda_payload,
    },
    Rule {
        code: "lambda-sdk",
        severity: Severity::Warning,
        summary: "the SDK's call of Lambda succeeds where the function fails",
        explanation: "`aws-sdk:lambda:invoke` answers with the status of the call. A function that throws makes it answer \
200 with a `FunctionError`, and the task succeeds: no Retry, no Catch. `Payload` is a string there, too. \
`arn:aws:states:::lambda:invoke` fails with the function's error and gives its result as JSON.",
        example: r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:states:::aws-sdk:lambda:invoke",
      "Parameters": {"FunctionName": "charge", "Payload": {"orderId": 7}},
      "End": true
    }
  }
}"#,
        check: lambda_sdk,
    },
    Rule {
        code: "lambda-arn",
        severity: Severity::Note,
        summary: "tasks name functions by their ARNs instead of calling `lambda:invoke`",
        explanation: "A function's ARN as the `Resource` works, and its result is the function's own answer. AWS \
recommends `arn:aws:states:::lambda:invoke`, which can choose a version by a path, wait for a token, and answers with the \
status and the `Payload`. Said once a machine.",
        example: r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge",
      "End": true
    }
  }
}"#,
        check: lambda_arn,
    },
];

/// The errors of Lambda's own of which at least one is retried where somebody thought of them.
const PASSING: &[&str] = &[
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
];

/// The tasks that Step Functions calls a function for.
fn tasks<'s, 'a: 's>(subject: &'s Subject<'a>) -> impl Iterator<Item = (&'s Place<'a>, &'a Task)> {
    subject.places().filter_map(|place| match &place.state.kind {
        StateKind::Task(task) => {
            let is_lambda = match task.resource.kind() {
                ResourceKind::Lambda { .. } => true,
                ResourceKind::Service { service, action, .. } => &**service == "lambda" && &**action == "invoke",
                ResourceKind::Activity { .. } => false,
            };
            (is_lambda && !place.is_stand_in()).then_some((place, &**task))
        }
        _ => None,
    })
}

fn lambda_retry(subject: &Subject<'_>, found: &mut Diagnostics) {
    for (place, _) in tasks(subject) {
        let retried = || place.state.retry.iter().filter(|r| r.max_attempts > 0).flat_map(|r| &r.errors);
        let is_general = |name: &str| matches!(name, "States.ALL" | "States.TaskFailed");
        if retried().any(|name| is_general(name) || PASSING.contains(&&**name)) || is_retried_outside(subject, place) {
            continue;
        }
        let message = format!("`{}` is not retried when Lambda itself fails or is throttled", place.state.name);
        let field = if place.node.get("Retry").is_some() { "Retry" } else { "Resource" };
        let label = if field == "Retry" { "no error of Lambda's own" } else { "no Retry" };
        let names = PASSING.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let help = format!(
            "retry {{\"ErrorEquals\": [{names}], \"IntervalSeconds\": 2, \"BackoffRate\": 2, \"MaxAttempts\": 6}}"
        );
        found.push(place.note("lambda-retry", field, message, label).help(help));
    }
}

/// Whether a Parallel or Map around the task retries whatever fails in it.
fn is_retried_outside(subject: &Subject<'_>, place: &Place<'_>) -> bool {
    let mut owner = place.owner;
    while let Some(outer) = owner.map(|id| subject.place(id)) {
        let retries = outer.state.retry.iter().filter(|r| r.max_attempts > 0).flat_map(|r| &r.errors);
        if retries.into_iter().any(|name| &**name == "States.ALL" || PASSING.contains(&&**name)) {
            return true;
        }
        owner = outer.owner;
    }
    false
}

fn lambda_payload(subject: &Subject<'_>, found: &mut Diagnostics) {
    for (place, task) in tasks(subject) {
        let ResourceKind::Service { .. } = task.resource.kind() else { continue };
        let Some(member) = ["Parameters", "Arguments"].into_iter().find_map(|field| place.node.member(field)) else {
            continue;
        };
        let NodeKind::Object(members) = &member.value.kind else { continue };
        if members.iter().any(|m| matches!(&*m.key, "Payload" | "Payload.$")) {
            continue;
        }
        let is_path = &*member.key == "Parameters";
        let (field, value) = if is_path { ("Payload.$", "\"$\"") } else { ("Payload", "\"{% $states.input %}\"") };
        let message = format!("the function that `{}` calls gets an empty event", place.state.name);
        let finding = place.note_at("lambda-payload", (&member.key, member.key_span), message, "no Payload");
        let fix = members.first().and_then(|first| place.add_before(first, field, value));
        found.push(finding.help(format!("hand the input over: `\"{field}\": {value}`")).fix(fix));
    }
}

fn lambda_sdk(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        let StateKind::Task(task) = &place.state.kind else { continue };
        if task.resource.short() != "aws-sdk:lambda:invoke" {
            continue;
        }
        let message = format!("`{}` succeeds also when the function fails", place.state.name);
        let finding = place.warning("lambda-sdk", "Resource", message, "a failure is a `FunctionError` in the result");
        found.push(finding.help("call `arn:aws:states:::lambda:invoke`, or look at `FunctionError` afterwards"));
    }
}

/// How many further tasks are marked.
const MOST_MARKS: usize = 4;

fn lambda_arn(subject: &Subject<'_>, found: &mut Diagnostics) {
    let is_arn = |(_, task): &(_, &Task)| matches!(task.resource.kind(), ResourceKind::Lambda { .. });
    let direct: Vec<&Place<'_>> = tasks(subject).filter(is_arn).map(|(place, _)| place).collect();
    let Some((first, others)) = direct.split_first() else { return };
    let message = match others.len() {
        0 => format!("`{}` names a function by its ARN", first.state.name),
        n => format!("`{}` and {n} more name functions by their ARNs", first.state.name),
    };
    let mut finding = first
        .note("lambda-arn", "Resource", message, "the older form")
        .help("AWS recommends `arn:aws:states:::lambda:invoke` with `FunctionName` and `Payload`");
    for other in others.iter().take(MOST_MARKS).filter_map(|place| place.node.get("Resource")) {
        finding = finding.also(other.span, "");
    }
    found.push(finding);
}
