//! What tasks hand over to the services they call.

use super::super::Rule;
use super::super::subject::{Place, Subject};
use crate::asl::machine::{StateKind, Task};
use crate::asl::resource::ResourceKind;
use crate::diagnostic::{Diagnostics, Severity};
use crate::source::{Member, Node, NodeKind};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "parameter-case",
        severity: Severity::Warning,
        summary: "a parameter of a call begins with a small letter",
        explanation: "Parameters of optimised and of SDK integrations are written in PascalCase, also where the API itself \
has `camelCase`: `FunctionName`, `Cluster`, `JobDefinition`. AWS does not know the other spelling.",
        example: r#"{
  "StartAt": "Import",
  "States": {
    "Import": {
      "Type": "Task",
      "Resource": "arn:aws:states:::ecs:runTask.sync",
      "Parameters": {"cluster": "imports", "TaskDefinition": "import"},
      "TimeoutSeconds": 3600,
      "End": true
    }
  }
}"#,
        check: parameter_case,
    },
    Rule {
        code: "token-unused",
        severity: Severity::Warning,
        summary: "a task waits for its token, and hands it to nobody",
        explanation: "`.waitForTaskToken` waits until somebody sends the task's token back. Whoever is to do that has to \
get it: `$$.Task.Token` in the parameters or, in JSONata, `$states.context.Task.Token`.",
        example: r#"{
  "StartAt": "Ask",
  "States": {
    "Ask": {
      "Type": "Task",
      "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      "Parameters": {
        "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/approvals",
        "MessageBody.$": "$.order"
      },
      "TimeoutSeconds": 86400,
      "End": true
    }
  }
}"#,
        check: token_unused,
    },
    Rule {
        code: "nested-execution",
        severity: Severity::Note,
        summary: "a started execution does not know who started it",
        explanation: "With `\"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$\": \"$$.Execution.Id\"` in its input, the \
console links the started execution with the one that started it.",
        example: r#"{
  "StartAt": "Ship",
  "States": {
    "Ship": {
      "Type": "Task",
      "Resource": "arn:aws:states:::states:startExecution.sync:2",
      "Parameters": {
        "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:ship",
        "Input": {"orderId.$": "$.orderId"}
      },
      "TimeoutSeconds": 3600,
      "End": true
    }
  }
}"#,
        check: nested_execution,
    },
];

/// The tasks that call an integration.
fn calls<'s, 'a: 's>(subject: &'s Subject<'a>) -> impl Iterator<Item = (&'s Place<'a>, &'a Task)> {
    subject.places().filter_map(|place| match &place.state.kind {
        StateKind::Task(task) if matches!(task.resource.kind(), ResourceKind::Service { .. }) => Some((place, &**task)),
        _ => None,
    })
}

/// `Parameters` or `Arguments`.
fn arguments<'a>(place: &Place<'a>) -> Option<&'a Member> {
    ["Parameters", "Arguments"].into_iter().find_map(|field| place.node.member(field))
}

fn parameter_case(subject: &Subject<'_>, found: &mut Diagnostics) {
    for (place, task) in calls(subject) {
        let Some(arguments) = arguments(place) else { continue };
        for member in arguments.value.members() {
            let key = &*member.key;
            let Some(first) = key.chars().next().filter(char::is_ascii_lowercase) else { continue };
            let right = format!("{}{}", first.to_ascii_uppercase(), &key[1..]);
            let call = task.resource.short();
            let message = format!("the parameters of `{call}` begin with capitals, and `{key}` does not");
            let at = format!("{} › {key}", arguments.key);
            let finding = place.warning_at("parameter-case", (&at, member.key_span), message, "not a parameter");
            let taken = arguments.value.get(&right).is_some();
            let fix = if taken { None } else { place.respell(member.key_span, key, &right) };
            found.push(finding.help(format!("write `{right}`")).fix(fix));
        }
    }
}

fn token_unused(subject: &Subject<'_>, found: &mut Diagnostics) {
    for (place, task) in calls(subject) {
        if !task.resource.waits_for_token() {
            continue;
        }
        let fields = ["Parameters", "Arguments", "InputPath", "Credentials"];
        if fields.into_iter().filter_map(|field| place.node.get(field)).any(reads_token) {
            continue;
        }
        let message = format!("nobody gets the token that `{}` waits for", place.state.name);
        let finding = match arguments(place) {
            Some(member) => place.warning_at("token-unused", (&member.key, member.key_span), message, "no token in it"),
            None => place.warning("token-unused", "Resource", message, "waits for a token"),
        };
        found.push(match place.state.query_language {
            crate::asl::QueryLanguage::JsonPath => finding.help("hand over `\"TaskToken.$\": \"$$.Task.Token\"`"),
            crate::asl::QueryLanguage::Jsonata => {
                finding.help("hand over `\"TaskToken\": \"{% $states.context.Task.Token %}\"`")
            }
        });
    }
}

/// Whether any text in a value may read the token: by its name, or with the whole context object.
fn reads_token(node: &Node) -> bool {
    match &node.kind {
        NodeKind::String(text) => {
            let context = ["$$", "$states"].into_iter().any(|root| text.contains(root));
            let is_other = |rest: &str| {
                let member = rest.trim_start_matches(['.', '[', '\'', '"', '`']);
                rest.starts_with(['.', '[']) && !member.starts_with("Task")
            };
            // All reads of the context name one of its other members.
            let after = text.split("$$").skip(1).chain(text.split("$states.context").skip(1));
            let reads = after.filter(|rest| !is_other(rest)).count();
            let is_whole = text.contains("$states") && text.replace("$states.", "").contains("$states");
            context && (reads > 0 || is_whole)
        }
        NodeKind::Array(items) => items.iter().any(reads_token),
        NodeKind::Object(members) => members.iter().any(|m| reads_token(&m.value)),
        _ => false,
    }
}

fn nested_execution(subject: &Subject<'_>, found: &mut Diagnostics) {
    for (place, task) in calls(subject) {
        let ResourceKind::Service { service, action, .. } = task.resource.kind() else { continue };
        if &**service != "states" || &**action != "startExecution" {
            continue;
        }
        let Some(input) = arguments(place).and_then(|a| a.value.member("Input")) else { continue };
        let NodeKind::Object(members) = &input.value.kind else { continue };
        const NAME: &str = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID";
        if members.iter().any(|m| m.key.starts_with(NAME)) {
            continue;
        }
        let message = format!("the execution that `{}` starts does not know who started it", place.state.name);
        let (name, value) = match place.state.query_language {
            crate::asl::QueryLanguage::JsonPath => (format!("{NAME}.$"), "\"$$.Execution.Id\""),
            crate::asl::QueryLanguage::Jsonata => (NAME.to_owned(), "\"{% $states.context.Execution.Id %}\""),
        };
        let at = "Parameters › Input";
        let finding = place.note_at("nested-execution", (at, input.key_span), message, "nothing links the two");
        let fix = members.first().and_then(|first| place.add_before(first, &name, value));
        found.push(finding.help(format!("add `\"{name}\": {value}`")).fix(fix));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn a_token_is_read_by_name_or_with_the_whole_context() {
        let table = [
            ("$$.Task.Token", true),
            ("$$['Task']['Token']", true),
            ("$$", true),
            ("$$.Task", true),
            ("States.Format('{}', $$.Task.Token)", true),
            ("{% $states.context.Task.Token %}", true),
            ("{% $states.context %}", true),
            ("{% $merge([$states.context, {}]) %}", true),
            ("{% $states %}", true),
            ("$$.Execution.Id", false),
            ("$.Task.Token", false),
            ("{% $states.input.Task.Token %}", false),
            ("{% $states.context.Execution.Id %}", false),
            ("States.Format('{} {}', $$.Execution.Id, $$.Task.Token)", true),
        ];
        for (text, want) in table {
            let node = Node::new(NodeKind::String(text.into()), Span::default());
            assert_eq!(reads_token(&node), want, "{text}");
        }
    }
}
