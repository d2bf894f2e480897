//! Ways that lead nowhere, and states that nothing leads to.

use std::collections::{HashMap, HashSet};

use super::super::Rule;
use super::super::graph::final_circles;
use super::super::subject::{FlowPlace, Subject};
use crate::asl::machine::{StateId, StateKind};
use crate::asl::ways::Way;
use crate::diagnostic::{Diagnostics, Severity};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "endless-loop",
        severity: Severity::Warning,
        summary: "states lead round in a circle, and nothing leads out",
        explanation: "Once such a state is entered, the workflow cannot end by itself: it goes round until an error ends \
it, the history is full after 25,000 events, or the execution's time is over. Lead out with a Choice that looks at a \
counter or at a result, or, where something is to happen at regular times, start a new execution each time by a schedule.",
        example: r#"{
  "StartAt": "HasWork",
  "States": {
    "HasWork": {
      "Type": "Choice",
      "Choices": [{"Variable": "$.isIdle", "BooleanEquals": true, "Next": "Done"}],
      "Default": "Poll"
    },
    "Poll": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:poll", "Next": "Pause"},
    "Pause": {"Type": "Wait", "Seconds": 60, "Next": "Poll"},
    "Done": {"Type": "Succeed"}
  }
}"#,
        check: endless_loop,
    },
    Rule {
        code: "dead-state",
        severity: Severity::Warning,
        summary: "only ways that are never taken lead to a state",
        explanation: "A transition names the state, so that the definition is accepted, but that transition is never \
taken: it belongs to a `Catch` that no error reaches, or to a rule of a Choice that comes after one that always holds.",
        example: r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge",
      "Catch": [{"ErrorEquals": ["States.Runtime"], "Next": "Refund"}],
      "End": true
    },
    "Refund": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:refund", "End": true}
  }
}"#,
        check: dead_state,
    },
    Rule {
        code: "fail-silent",
        severity: Severity::Note,
        summary: "a Fail state gives neither an error nor a cause",
        explanation: "The execution fails without a word: whoever looks at it, or catches it one level up, sees neither \
a name nor a reason. Give at least `Error`.",
        example: r#"{
  "StartAt": "Refused",
  "States": {"Refused": {"Type": "Fail"}}
}"#,
        check: fail_silent,
    },
];

/// How many names of a circle are listed.
const MOST_NAMES: usize = 6;

fn endless_loop(subject: &Subject<'_>, found: &mut Diagnostics) {
    for flow in &subject.flows {
        for circle in circles(subject, flow) {
            let Some(first) = circle.first() else { continue };
            let place = subject.place(*first);
            let mut names: Vec<&str> =
                circle.iter().take(MOST_NAMES).map(|id| &*subject.place(*id).state.name).collect();
            names.push(if circle.len() > MOST_NAMES { "…" } else { &place.state.name });
            let way = names.join(" → ");
            let message = match circle.len() {
                1 => format!("`{}` leads to itself, and nothing leads out", place.state.name),
                _ => format!("nothing leads out of the circle `{way}`"),
            };
            let mut finding = place
                .warning("endless-loop", "", message, "it begins here")
                .help("it goes round until an error, 25,000 events or a year end it; lead out with a Choice");
            for id in circle.iter().skip(1).take(MOST_NAMES - 1) {
                finding = finding.also(subject.place(*id).name_span, "");
            }
            found.push(finding);
        }
    }
}

/// The circles of a flow that nothing leads out of: each in the order of the text.
fn circles(subject: &Subject<'_>, flow: &FlowPlace) -> Vec<Vec<StateId>> {
    let mut leads_to: HashMap<StateId, Vec<StateId>> = HashMap::new();
    let mut led_from: HashMap<StateId, Vec<StateId>> = HashMap::new();
    for id in &flow.states {
        for edge in subject.edges(*id).iter().filter(|edge| !edge.is_dead) {
            leads_to.entry(*id).or_default().push(edge.to);
            led_from.entry(edge.to).or_default().push(*id);
        }
    }
    let mut open: Vec<StateId> = flow.states.iter().copied().filter(|id| subject.ends(*id)).collect();
    let mut can_end: HashSet<StateId> = open.iter().copied().collect();
    while let Some(id) = open.pop() {
        open.extend(led_from.get(&id).into_iter().flatten().copied().filter(|from| can_end.insert(*from)));
    }
    // All that a lost state leads to is lost as well.
    let lost: Vec<StateId> = flow.states.iter().copied().filter(|id| !can_end.contains(id)).collect();
    let mut circles = final_circles(&lost, &leads_to);
    circles.iter_mut().for_each(|circle| circle.sort_unstable());
    circles.sort_unstable();
    circles
}

fn dead_state(subject: &Subject<'_>, found: &mut Diagnostics) {
    for flow in &subject.flows {
        let Some(start) = flow.start else { continue };
        let mut reached = HashSet::from([start]);
        let mut open = vec![start];
        let mut dead = HashMap::new();
        while let Some(from) = open.pop() {
            for edge in subject.edges(from) {
                if edge.is_dead {
                    dead.entry(edge.to).or_insert((from, edge));
                } else if reached.insert(edge.to) {
                    open.push(edge.to);
                }
            }
        }
        for id in flow.states.iter().filter(|id| !reached.contains(id)) {
            // What a dead state leads to is dead as well, and said once.
            let Some((from, edge)) = dead.get(id) else { continue };
            let (place, origin) = (subject.place(*id), subject.place(*from));
            let name = &place.state.name;
            let (field, label) = match edge.way {
                Way::Catch(i) => (format!("Catch[{i}]"), "no error ever leads from here"),
                Way::Rule(i) => (format!("Choices[{i}]"), "this rule never holds, or one before it always does"),
                Way::Default | Way::Next => ("Default".to_owned(), "a rule before it always holds"),
            };
            let message = format!("`{name}` is never entered: `{field}` of `{}` is never taken", origin.state.name);
            let mut finding = place.warning("dead-state", "", message, "never entered");
            let list = match edge.way {
                Way::Catch(i) => origin.node.find(&["Catch", &i.to_string()]),
                Way::Rule(i) => origin.node.find(&["Choices", &i.to_string()]),
                Way::Default | Way::Next => origin.node.get("Default"),
            };
            if let Some(node) = list.and_then(|entry| entry.get("Next").or(Some(entry))) {
                finding = finding.also(node.span, label);
            }
            found.push(finding.help("lead to it by a way that can be taken, or remove both"));
        }
    }
}

fn fail_silent(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        let StateKind::Fail(fail) = &place.state.kind else { continue };
        if fail.error.is_none() && fail.cause.is_none() {
            let message = format!("`{}` fails without a word", place.state.name);
            let finding = place.note("fail-silent", "Type", message, "neither Error nor Cause");
            found.push(finding.help("add `\"Error\": \"OrderRefused\"` and, for people, a `Cause`"));
        }
    }
}
