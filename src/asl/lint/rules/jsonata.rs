//! Expressions that read what is not there, and texts that were meant to be expressions.

use super::super::Rule;
use super::super::flow_analysis::{Problem, What};
use super::super::subject::{Place, Subject};
use crate::asl::machine::{QueryLanguage, StateKind};
use crate::asl::resource::ResourceKind;
use crate::diagnostic::{Diagnostics, Severity, did_you_mean};
use crate::expr::jsonata::{Expression, function_names};
use crate::expr::jsonata_template::delimited;
use crate::source::{Node, NodeKind};
use crate::value::Str;

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "no-states-result",
        severity: Severity::Warning,
        summary: "`$states.result` is read where there is no result",
        explanation: "`$states.result` exists in `Output` and `Assign` of Task, Parallel and Map states, once their work \
has succeeded. In the arguments, in a `Catch`, and in states that do no work it is undefined, and the expression fails \
with `States.QueryEvaluationError`. Read `$states.input` there, or `$states.errorOutput` in a `Catch`.",
        example: r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Total",
  "States": {"Total": {"Type": "Pass", "Output": "{% $states.result.total %}", "End": true}}
}"#,
        check: no_result,
    },
    Rule {
        code: "unknown-function",
        severity: Severity::Warning,
        summary: "an expression calls a function that does not exist",
        explanation: "The service parses an expression when a machine is created, and looks for its functions only when it \
evaluates: a misspelt name fails with `States.QueryEvaluationError` (T1006). JSONata's own functions are there but for \
`$eval`; the service adds `$partition`, `$range`, `$hash`, `$random`, `$uuid` and `$parse`.",
        example: r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Shout",
  "States": {"Shout": {"Type": "Pass", "Output": "{% $upercase($states.input.name) %}", "End": true}}
}"#,
        check: no_function,
    },
    Rule {
        code: "context-missing",
        severity: Severity::Warning,
        summary: "a member of the context object is read that is not there",
        explanation: "The context object holds `Execution`, `State` and `StateMachine` everywhere, `Map.Item` in the \
`ItemSelector` and the states of a Map, and `Task.Token` in a task that waits for its token: an activity or \
`.waitForTaskToken`, and in a task that waits for a job. Any other path into it finds nothing, and the state fails.",
        example: r#"{
  "StartAt": "Ask",
  "States": {
    "Ask": {
      "Type": "Task",
      "Resource": "arn:aws:states:::sqs:sendMessage",
      "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/asked", "MessageBody.$": "$$.Task.Token"},
      "End": true
    }
  }
}"#,
        check: context,
    },
    Rule {
        code: "jsonata-as-text",
        severity: Severity::Warning,
        summary: "a text of a JSONata state looks like an expression and is none",
        explanation: "Only a string that begins with `{%` and ends with `%}` is an expression; every other string is \
itself. `\"$states.input.id\"` is those 16 characters, and `{% … %}` in the middle of a text is left as it is: join \
the parts inside, as in `{% 'order ' & $states.input.id %}`.",
        example: r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Total",
  "States": {"Total": {"Type": "Pass", "Output": {"id": "$states.input.id"}, "End": true}}
}"#,
        check: as_text,
    },
    Rule {
        code: "jsonpath-in-jsonata",
        severity: Severity::Warning,
        summary: "a JSONata state holds a path, a `.$` key or an intrinsic function of JSONPath",
        explanation: "In a JSONata state `\"id.$\": \"$.id\"` is a member with the name `id.$` and a constant text. Write \
`\"id\": \"{% $states.input.id %}\"`. `$.x` becomes `$states.input.x`, `$$.x` becomes `$states.context.x`, and \
`States.Format` and the other intrinsic functions have counterparts in JSONata.",
        example: r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Total",
  "States": {"Total": {"Type": "Pass", "Output": {"id.$": "$.id"}, "End": true}}
}"#,
        check: jsonpath,
    },
];

/// Members of the context object, each with what lies below: nothing more, or anything.
const CONTEXT: &[(&str, &[&str])] = &[
    ("Execution", &["Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime"]),
    ("State", &["EnteredTime", "Name", "RetryCount"]),
    ("StateMachine", &["Id", "Name"]),
    ("Task", &["Token"]),
    ("Map", &["Item"]),
];
const ITEM: &[&str] = &["Index", "Value", "Key", "Source"];

/// The fields whose texts may be expressions.
const FIELDS: &[&str] =
    &["Arguments", "Output", "Assign", "Items", "ItemSelector", "ItemBatcher", "Error", "Cause", "Choices", "Catch"];

fn no_result(subject: &Subject<'_>, found: &mut Diagnostics) {
    for problem in subject.analysis().problems.iter().filter(|p| matches!(p.what, What::NoResult)) {
        let place = subject.place(problem.state);
        let works = matches!(place.state.kind, StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_));
        let (why, help) = match (works, problem.way.starts_with("Catch")) {
            (_, true) => ("a Catch has an error and no result", "read `$states.errorOutput` or `$states.input`"),
            (true, _) => {
                ("the work has not begun here", "read `$states.input`; the result is there in `Output` and `Assign`")
            }
            (false, _) => ("this type of state has no result", "read `$states.input`"),
        };
        let type_name = place.state.state_type().name();
        let field = problem.way.split([' ', '[']).next().unwrap_or_default();
        let message = format!("`$states.result` does not exist in `{field}` of a {type_name} state");
        found.push(place.warning_at("no-states-result", (&problem.way, problem.span), message, why).help(help));
    }
}

fn no_function(subject: &Subject<'_>, found: &mut Diagnostics) {
    for problem in &subject.analysis().problems {
        let What::NoFunction { name } = &problem.what else { continue };
        let message = format!("there is no function `${name}`");
        let place = subject.place(problem.state);
        let finding = place.warning_at("unknown-function", (&problem.way, problem.span), message, "no such function");
        found.push(match did_you_mean(name, function_names()) {
            _ if &**name == "eval" => finding.help("the service leaves `$eval` out; `$parse` reads JSON"),
            Some(near) => finding.help(format!("did you mean `${near}`?")),
            None => finding.help("define it in the expression: `$name := function($x){ … }`"),
        });
    }
}

fn context(subject: &Subject<'_>, found: &mut Diagnostics) {
    for problem in &subject.analysis().problems {
        let What::Context { path, names } = &problem.what else { continue };
        let place = subject.place(problem.state);
        let Some((why, help)) = missing_from_context(subject, place, problem, names) else { continue };
        let message = format!("`{path}` finds nothing: {why}");
        found.push(place.warning_at("context-missing", (&problem.way, problem.span), message, "not there").help(help));
    }
}

/// Why a path into the context object finds nothing, and what to do, if it does not.
fn missing_from_context(
    subject: &Subject<'_>,
    place: &Place<'_>,
    problem: &Problem,
    names: &[Str],
) -> Option<(String, String)> {
    let unknown = |parent: &str, name: &str, known: &mut dyn Iterator<Item = &'static str>| {
        let known: Vec<&str> = known.collect();
        let help = match did_you_mean(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        Some((format!("{parent} has no `{name}`"), help))
    };
    let (first, rest) = names.split_first()?;
    let Some((_, members)) = CONTEXT.iter().find(|(name, _)| *name == &**first) else {
        return unknown("the context object", first, &mut CONTEXT.iter().map(|(name, _)| *name));
    };
    if &**first == "Map" && !is_in_map(subject, place) {
        let why = "this state is neither a Map nor inside one".to_owned();
        return Some((why, "`Map.Item` is there in a Map's `ItemSelector` and in its states".to_owned()));
    }
    if &**first == "Task" {
        let has_token = match &place.state.kind {
            StateKind::Task(task) => {
                let resource = &task.resource;
                // A job has a token as well, and whoever gets it may end the task.
                resource.waits_for_token() || resource.runs_a_job() || resource.is_activity() || place.is_stand_in()
            }
            _ => false,
        };
        if !has_token {
            let help = match &place.state.kind {
                StateKind::Task(task) if matches!(task.resource.kind(), ResourceKind::Service { .. }) => {
                    format!("to wait for the token, write `{}.waitForTaskToken`", task.resource.arn())
                }
                _ => "a token is there in a task with `.waitForTaskToken`".to_owned(),
            };
            return Some(("this state does not wait for a token".to_owned(), help));
        }
        if problem.way.starts_with("Assign") || problem.way.starts_with("Output") {
            return None;
        }
    }
    let (second, rest) = rest.split_first()?;
    if !members.contains(&&**second) {
        return unknown(&format!("`{first}`"), second, &mut members.iter().copied());
    }
    if &**first == "Map" {
        let third = rest.first()?;
        if !ITEM.contains(&&**third) {
            return unknown("`Map.Item`", third, &mut ITEM.iter().copied());
        }
    }
    None
}

fn is_in_map(subject: &Subject<'_>, place: &Place<'_>) -> bool {
    let is_map = |id| matches!(subject.place(id).state.kind, StateKind::Map(_));
    is_map(place.id)
        || subject.flows_around(place.id).iter().any(|(flow, _)| subject.flows[*flow].owner.is_some_and(is_map))
}

fn as_text(subject: &Subject<'_>, found: &mut Diagnostics) {
    texts(subject, &mut |place, way, node, text, _| {
        let (message, help) = if delimited(text).is_some() {
            return;
        } else if text.contains("{%") && text.contains("%}") {
            let message = "the marks `{%` and `%}` stand inside a text, which is not evaluated".to_owned();
            (message, "let them enclose the whole string, and join its parts with `&`".to_owned())
        } else if is_lonely_expression(text) {
            (format!("`{text}` is a text and no expression"), format!("write `{{% {text} %}}` for the value"))
        } else {
            return;
        };
        found.push(place.warning_at("jsonata-as-text", (way, node.span), message, "taken as it is written").help(help));
    });
}

/// Whether a text without marks was meant to be evaluated.
fn is_lonely_expression(text: &str) -> bool {
    if !text.starts_with('$') || text.starts_with("$.") || text.starts_with("$$") || text.contains("${") {
        return false;
    }
    let name_ends = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(text.len());
    let name = text.get(1..name_ends).unwrap_or_default();
    let is_call = text.get(name_ends..).is_some_and(|rest| rest.starts_with('('));
    (name == "states" && name_ends < text.len() || is_call && function_names().any(|f| f == name))
        && Expression::parse(text).is_ok()
}

fn jsonpath(subject: &Subject<'_>, found: &mut Diagnostics) {
    texts(subject, &mut |place, way, node, text, key| {
        if let Some((key, key_span)) = key.filter(|(key, _)| key.ends_with(".$")) {
            let message = format!("`{key}` is a key of JSONPath, and this state is written in JSONata");
            let plain = key.trim_end_matches(".$");
            let value = text.strip_prefix("$$.").map(|rest| format!("$states.context.{rest}"));
            let value = value.or_else(|| text.strip_prefix("$.").map(|rest| format!("$states.input.{rest}")));
            let value = value.unwrap_or_else(|| "…".to_owned());
            let finding = place
                .warning_at("jsonpath-in-jsonata", (way, key_span), message, "the name is taken as it is written")
                .help(format!("write `\"{plain}\": \"{{% {value} %}}\"`"));
            found.push(finding);
            return;
        }
        let is_path = (text.starts_with("$.") || text.starts_with("$$.")) && is_path(text);
        let is_intrinsic = text.starts_with("States.") && text.ends_with(')') && text.contains('(');
        if is_path || is_intrinsic {
            let what = if is_path { "a JSONPath" } else { "an intrinsic function of JSONPath" };
            let message = format!("`{text}` is {what}, and this state is written in JSONata");
            let help = match text.strip_prefix("$.") {
                Some(rest) => format!("write `{{% $states.input.{rest} %}}`"),
                None => "write a JSONata expression between `{%` and `%}`".to_owned(),
            };
            found.push(
                place.warning_at("jsonpath-in-jsonata", (way, node.span), message, "taken as it is written").help(help),
            );
        }
    });
}

/// Whether a text is a path and nothing but a path.
pub(super) fn is_path(text: &str) -> bool {
    crate::expr::query_path::QueryPath::parse(text).is_ok() && !text.contains(' ')
}

type Key<'k> = Option<(&'k str, crate::source::Span)>;

/// Visits every string in the fields of JSONata states that may hold expressions.
fn texts(subject: &Subject<'_>, visit: &mut dyn FnMut(&Place<'_>, &str, &Node, &str, Key<'_>)) {
    for place in subject.places().filter(|p| p.state.query_language == QueryLanguage::Jsonata) {
        for field in FIELDS {
            if let Some(node) = place.node.get(field) {
                walk(node, field, None, &mut |way, node, text, key| visit(place, way, node, text, key));
            }
        }
    }
}

/// Visits every string of a tree, with the way to it.
pub(super) fn walk(node: &Node, way: &str, key: Key<'_>, visit: &mut dyn FnMut(&str, &Node, &str, Key<'_>)) {
    match &node.kind {
        NodeKind::String(text) => visit(way, node, text, key),
        NodeKind::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(item, &format!("{way}[{i}]"), None, visit);
            }
        }
        NodeKind::Object(members) => {
            for member in members {
                let below = format!("{way} › {}", member.key);
                walk(&member.value, &below, Some((&member.key, member.key_span)), visit);
            }
        }
        _ => {}
    }
}
