//! Estimates against the limits of an execution: 256 KiB of payload, 25,000 events, 40 iterations at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::Rule;
use super::super::flow_analysis::What;
use super::super::subject::{Place, Subject};
use super::duration;
use crate::asl::machine::{MachineType, Operand, StateId, StateKind, Transition, Wait};
use crate::asl::resource::Pattern;
use crate::diagnostic::{Diagnostics, Severity};
use crate::source::{Node, NodeKind};

/// The most bytes of text an input, an output or a variable may have.
const PAYLOAD_BYTES: usize = 262_144;
/// The most events of a Standard execution.
const EVENTS: u64 = 25_000;
/// The most iterations of an inline Map, and children of a distributed one, at a time.
const INLINE_CONCURRENCY: u64 = 40;
const DISTRIBUTED_CONCURRENCY: u64 = 10_000;
/// A loop without a timeout that reaches the limit of events later than this, in seconds, has most likely ended before.
const SOON: u64 = 6 * 3_600;

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "payload-too-large",
        severity: Severity::Warning,
        summary: "a constant alone is larger than a payload may be",
        explanation: "An input, an output, a variable and the parameters of a task may have 262,144 bytes of text each. A \
constant beyond that fails with `States.DataLimitExceeded` whenever its state is entered. Put the data into S3 and hand \
its key on.",
        example: "\
StartAt: Fill
States:
  Fill:
    Type: Pass
    Result:
      a: &a a text of a hundred letters, which is repeated until it is larger than a payload of the service may be
      b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
      c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
      d: [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
    End: true
",
        check: too_large,
    },
    Rule {
        code: "loop-event-limit",
        severity: Severity::Warning,
        summary: "a loop that waits and looks again uses up the events of an execution",
        explanation: "A Standard execution may have 25,000 events, then it fails, and nothing catches that. A loop that \
waits a few seconds and asks whether a job is done writes about ten events a turn. Where it has no counter and the \
machine no `TimeoutSeconds`, the limit ends it: after hours, not after the year that an execution may last. Wait longer, \
let the job call back or use `.sync`, or set a timeout before the limit, which can be told apart from other failures.",
        example: r#"{
  "StartAt": "Wait",
  "States": {
    "Wait": {"Type": "Wait", "Seconds": 2, "Next": "Look"},
    "Look": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "look"},
      "ResultSelector": {"status.$": "$.Payload.status"},
      "Next": "Done?"
    },
    "Done?": {
      "Type": "Choice",
      "Choices": [{"Variable": "$.status", "StringEquals": "DONE", "Next": "Done"}],
      "Default": "Wait"
    },
    "Done": {"Type": "Succeed"}
  }
}"#,
        check: loops,
    },
    Rule {
        code: "map-event-limit",
        severity: Severity::Warning,
        summary: "an inline Map writes more events than an execution may have",
        explanation: "The iterations of an inline Map write into the history of the execution, which may have 25,000 \
events. Here the number of items is known, and with the fewest events that an iteration can write the limit is passed. \
Use a distributed Map, whose children have histories of their own, or start with fewer items.",
        example: r#"{
  "StartAt": "Numbers",
  "States": {
    "Numbers": {"Type": "Pass", "Parameters": {"n.$": "States.ArrayRange(1, 1000, 1)"}, "Next": "Each"},
    "Each": {
      "Type": "Map",
      "ItemsPath": "$.n",
      "ItemProcessor": {
        "StartAt": "A",
        "States": {
          "A": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:a", "Next": "B"},
          "B": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:b", "Next": "C"},
          "C": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:c", "Next": "D"},
          "D": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:d", "Next": "E"},
          "E": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:e", "End": true}
        }
      },
      "End": true
    }
  }
}"#,
        check: maps,
    },
    Rule {
        code: "map-concurrency-limit",
        severity: Severity::Note,
        summary: "`MaxConcurrency` is more than the service does",
        explanation: "An inline Map runs at most 40 iterations at a time, a distributed one at most 10,000 children, \
whatever `MaxConcurrency` says.",
        example: r#"{
  "StartAt": "Each",
  "States": {
    "Each": {
      "Type": "Map",
      "MaxConcurrency": 100,
      "ItemProcessor": {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}},
      "End": true
    }
  }
}"#,
        check: concurrency,
    },
];

fn too_large(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        for field in ["Result", "Parameters", "Arguments", "Output", "ItemSelector", "ResultSelector", "Assign"] {
            let Some(node) = place.node.get(field) else { continue };
            let bytes = constant_bytes(node);
            if bytes <= PAYLOAD_BYTES {
                continue;
            }
            let message = format!("`{field}` alone has {} bytes of text; a payload may have 262,144", grouped(bytes));
            let finding = place
                .warning("payload-too-large", field, message, "fails with States.DataLimitExceeded")
                .help("put the data into S3 and hand its key on");
            found.push(finding);
        }
    }
}

/// The bytes of what is constant in a field. What a path or an expression gives may be empty.
fn constant_bytes(node: &Node) -> usize {
    match &node.kind {
        NodeKind::String(text) if text.starts_with("{%") => 2,
        NodeKind::Array(items) => 2 + items.iter().map(|item| constant_bytes(item) + 1).sum::<usize>(),
        NodeKind::Object(members) => {
            let member = |m: &crate::source::Member| {
                m.key.len() + 4 + if m.key.ends_with(".$") { 0 } else { constant_bytes(&m.value) }
            };
            2 + members.iter().map(member).sum::<usize>()
        }
        NodeKind::String(text) => text.len() + 2,
        _ => 1,
    }
}

/// `262,144`
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn concurrency(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        let StateKind::Map(map) = &place.state.kind else { continue };
        let Some(Operand::Constant(wanted)) = map.max_concurrency else { continue };
        let (most, what) = match map.distributed {
            None => (INLINE_CONCURRENCY, "an inline Map runs at most 40 iterations at a time"),
            Some(_) => (DISTRIBUTED_CONCURRENCY, "a distributed Map runs at most 10,000 children at a time"),
        };
        if wanted > most {
            let message = format!("`{}` asks for {wanted}, and {what}", place.state.name);
            let finding = place
                .note("map-concurrency-limit", "MaxConcurrency", message, format!("{most} are the limit"))
                .help(format!("write `{most}`, or `0` for as many as there can be"));
            found.push(finding);
        }
    }
}

/// The fewest events that states and lists of states write.
struct Costs<'s, 'a> {
    subject: &'s Subject<'a>,
    flows: HashMap<usize, Option<u64>>,
    inside: BTreeMap<StateId, Vec<usize>>,
}

impl<'s, 'a> Costs<'s, 'a> {
    fn of(subject: &'s Subject<'a>) -> Self {
        let mut inside: BTreeMap<StateId, Vec<usize>> = BTreeMap::new();
        for (i, flow) in subject.flows.iter().enumerate() {
            if let Some(owner) = flow.owner {
                inside.entry(owner).or_default().push(i);
            }
        }
        Costs { subject, flows: HashMap::new(), inside }
    }

    /// The fewest events of a state that succeeds.
    fn state(&mut self, id: StateId) -> u64 {
        match &self.subject.place(id).state.kind {
            StateKind::Pass(_) | StateKind::Choice(_) | StateKind::Wait(_) | StateKind::Succeed => 2,
            StateKind::Fail(_) => 1,
            StateKind::Task(task) => match task.resource.pattern() {
                Pattern::RequestResponse => 5,
                _ => 6,
            },
            StateKind::Parallel(_) => {
                let branches = self.inside.get(&id).cloned().unwrap_or_default();
                branches.into_iter().fold(4, |sum, flow| sum + self.flow(flow).unwrap_or(0))
            }
            StateKind::Map(map) => {
                if map.distributed.is_some() {
                    6
                } else {
                    4
                }
            }
        }
    }

    /// The fewest events from a list's beginning to an end.
    fn flow(&mut self, flow: usize) -> Option<u64> {
        if let Some(known) = self.flows.get(&flow) {
            return *known;
        }
        let found = self.subject.start_of(flow).and_then(|start| self.cheapest(start, None).map(|(cost, _)| cost));
        self.flows.insert(flow, found);
        found
    }

    /// The cheapest way from a state to another, or to an end of its list: its events, and the states on it.
    fn cheapest(&mut self, from: StateId, to: Option<StateId>) -> Option<(u64, Vec<StateId>)> {
        let mut open: BTreeSet<(u64, StateId)> = BTreeSet::from([(self.state(from), from)]);
        let mut best: HashMap<StateId, (u64, Option<StateId>)> = HashMap::new();
        best.insert(from, (self.state(from), None));
        while let Some((cost, here)) = open.pop_first() {
            let place = self.subject.place(here);
            let is_end = place.state.transition == Transition::End && !matches!(place.state.kind, StateKind::Choice(_));
            if to == Some(here) || to.is_none() && is_end {
                let mut way = vec![here];
                while let Some((_, Some(before))) = way.last().and_then(|at| best.get(at)) {
                    way.push(*before);
                }
                way.reverse();
                return Some((cost, way));
            }
            for next in next_states(place) {
                let total = cost + self.state(next);
                if best.get(&next).is_none_or(|(known, _)| total < *known) {
                    best.insert(next, (total, Some(here)));
                    open.insert((total, next));
                }
            }
        }
        None
    }
}

/// Where a state leads when nothing fails.
fn next_states(place: &Place<'_>) -> Vec<StateId> {
    match (&place.state.kind, place.state.transition) {
        (StateKind::Choice(choice), _) => choice.rules.iter().map(|rule| rule.next).chain(choice.default).collect(),
        (_, Transition::Next(next)) => vec![next],
        (_, Transition::End) => Vec::new(),
    }
}

fn maps(subject: &Subject<'_>, found: &mut Diagnostics) {
    let counts = subject.analysis().problems.iter().filter_map(|problem| match problem.what {
        What::Items(count) => Some((problem.state, count as u64)),
        _ => None,
    });
    for (id, count) in counts {
        let place = subject.place(id);
        if is_express(subject, id) {
            continue;
        }
        let mut costs = Costs::of(subject);
        let Some(inside) = costs.inside.get(&id).and_then(|list| list.first().copied()) else { continue };
        let Some(each) = costs.flow(inside).map(|events| events + 2) else { continue };
        let total = count.saturating_mul(each) + 4;
        if total > EVENTS {
            let message = format!(
                "`{}` writes at least {} events for {count} items; an execution may have 25,000",
                place.state.name,
                grouped(usize::try_from(total).unwrap_or(usize::MAX))
            );
            let finding = place
                .warning("map-event-limit", "ItemProcessor", message, format!("at least {each} events an item"))
                .help("set `\"Mode\": \"DISTRIBUTED\"` in its `ProcessorConfig`, so that each child has a history of its own");
            found.push(finding);
        }
    }
}

/// Whether a state runs in an Express workflow, whose events nobody counts.
fn is_express(subject: &Subject<'_>, id: StateId) -> bool {
    let express_child = subject.flows_around(id).iter().find_map(|(flow, _)| {
        match &subject.place(subject.flows[*flow].owner?).state.kind {
            StateKind::Map(map) => map.distributed.as_ref().map(|d| d.execution_type == MachineType::Express),
            _ => None,
        }
    });
    express_child.unwrap_or(subject.machine.machine_type == MachineType::Express)
}

fn loops(subject: &Subject<'_>, found: &mut Diagnostics) {
    let mut costs = Costs::of(subject);
    let mut told: Vec<Vec<StateId>> = Vec::new();
    for place in subject.places() {
        let StateKind::Wait(Wait::Seconds(Operand::Constant(_))) = &place.state.kind else { continue };
        if is_express(subject, place.id) {
            continue;
        }
        let Transition::Next(next) = place.state.transition else { continue };
        let Some((events, mut way)) = costs.cheapest(next, Some(place.id)) else { continue };
        let is_counted = way.iter().any(|id| counts(subject.place(*id).node));
        let seconds: u64 = way.iter().map(|id| waited(subject.place(*id))).sum();
        // How long a task takes that waits for a job or a token is not known, and may be most of a turn.
        let is_open = way.iter().any(|id| match &subject.place(*id).state.kind {
            StateKind::Task(task) => task.resource.pattern() != Pattern::RequestResponse || task.resource.is_activity(),
            StateKind::Wait(wait) => !matches!(wait, Wait::Seconds(Operand::Constant(_))),
            StateKind::Map(_) | StateKind::Parallel(_) => true,
            _ => false,
        });
        way.sort_unstable();
        if is_counted || is_open || seconds == 0 || told.contains(&way) {
            continue;
        }
        told.push(way);
        let until = (EVENTS / events).saturating_mul(seconds);
        let ending = match subject.machine.timeout_seconds {
            Some(timeout) if timeout > until => format!(", before its timeout of {}", duration(timeout)),
            None if until <= SOON => String::new(),
            _ => continue,
        };
        let message = format!(
            "the loop around `{}` uses up the 25,000 events of an execution in about {}{ending}",
            place.state.name,
            duration(until)
        );
        let label = format!("{events} events every {}", duration(seconds));
        let finding = place.warning("loop-event-limit", "Seconds", message, label).help(
            "wait longer, count the turns, use `.sync` where there is one, or set the machine's `TimeoutSeconds`",
        );
        found.push(finding);
    }
}

fn waited(place: &Place<'_>) -> u64 {
    match &place.state.kind {
        StateKind::Wait(Wait::Seconds(Operand::Constant(seconds))) => *seconds,
        _ => 0,
    }
}

/// Whether something in a state looks like counting, which would end a loop.
fn counts(node: &Node) -> bool {
    match &node.kind {
        NodeKind::String(text) => text.contains("MathAdd") || text.starts_with("{%") && text.contains(['+', '-']),
        NodeKind::Array(items) => items.iter().any(counts),
        NodeKind::Object(members) => members.iter().any(|m| {
            m.key.contains("Numeric") || m.key.contains("Timestamp") && &*m.key != "Timestamp" || counts(&m.value)
        }),
        _ => false,
    }
}
