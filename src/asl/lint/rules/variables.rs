//! Variables: assigned before they are read, where they can be seen, and for somebody.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::super::Rule;
use super::super::flow_analysis::{Problem, What};
use super::super::subject::{Place, Subject};
use crate::asl::machine::{StateId, StateKind, Transition};
use crate::diagnostic::{Diagnostics, Severity, did_you_mean};
use crate::source::{Node, NodeKind, Span};

/// How many names are compared, about, while near ones are suggested.
const MOST_LOOKS: usize = 50_000;

/// How many ways without an assignment are searched for in one machine.
const MOST_WAYS: usize = 50;

/// How many states of a way are named.
const SHOWN: usize = 6;

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "variable-unassigned",
        severity: Severity::Warning,
        summary: "a variable is read that nothing before it assigns",
        explanation: "Reading a variable that has no value fails the state: with `States.Runtime` in JSONPath, which no \
`Catch` catches, and with `States.QueryEvaluationError` in JSONata where the whole expression gives nothing. The service \
accepts such a definition. An `Assign` reads the values from before its state, so a variable cannot be read in the \
`Assign` that gives it its first value.",
        example: r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Count",
  "States": {
    "Count": {
      "Type": "Pass",
      "Assign": {"total": "{% $states.input.total %}"},
      "Next": "Done"
    },
    "Done": {"Type": "Succeed", "Output": "{% $totl + 1 %}"}
  }
}"#,
        check: unassigned,
    },
    Rule {
        code: "variable-maybe-unassigned",
        severity: Severity::Warning,
        summary: "a variable is read, and not every way to the state assigns it",
        explanation: "A variable that only one side of a Choice assigns, or that a state assigns after the point where \
its `Catch` leaves, has no value on the other way, and reading it there fails. Assign it on every way, for instance \
with a default in the first state, or ask first: `IsPresent` in JSONPath, `$exists($name)` in JSONata.",
        example: r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Kind",
  "States": {
    "Kind": {
      "Type": "Choice",
      "Choices": [{"Condition": "{% $states.input.gift %}", "Next": "Wrap"}],
      "Default": "Ship"
    },
    "Wrap": {"Type": "Pass", "Assign": {"paper": "red"}, "Next": "Ship"},
    "Ship": {"Type": "Succeed", "Output": {"paper": "{% $paper %}"}}
  }
}"#,
        check: sometimes_unassigned,
    },
    Rule {
        code: "variable-out-of-scope",
        severity: Severity::Warning,
        summary: "a variable is read outside the branch or iteration that assigns it",
        explanation: "What a branch of a Parallel or an iteration of a Map assigns ends with it: neither the states \
behind the block nor another branch can read it, and the child executions of a distributed Map see no variable of their \
parent. Hand the value on in the branch's output, or in the item.",
        example: r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Both",
  "States": {
    "Both": {
      "Type": "Parallel",
      "Branches": [
        {"StartAt": "Price", "States": {"Price": {"Type": "Pass", "Assign": {"price": 12}, "End": true}}}
      ],
      "Next": "Pay"
    },
    "Pay": {"Type": "Succeed", "Output": "{% $price %}"}
  }
}"#,
        check: out_of_scope,
    },
    Rule {
        code: "variable-shadowed",
        severity: Severity::Warning,
        summary: "a branch or an iteration assigns a variable of the states around it",
        explanation: "A state inside a Parallel or a Map can read the variables around it, and cannot change them. The \
documentation forbids to reuse their names inside; what the assignment does there is lost with the branch in any case. \
Choose another name, or hand the value on in the output.",
        example: r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Start",
  "States": {
    "Start": {"Type": "Pass", "Assign": {"count": 0}, "Next": "Each"},
    "Each": {
      "Type": "Map",
      "ItemProcessor": {
        "StartAt": "Add",
        "States": {"Add": {"Type": "Pass", "Assign": {"count": "{% $count + 1 %}"}, "End": true}}
      },
      "End": true
    }
  }
}"#,
        check: shadowed,
    },
    Rule {
        code: "variable-unused",
        severity: Severity::Note,
        summary: "a variable is assigned and never read",
        explanation: "Nothing in the definition reads the variable. Perhaps a name is misspelt where it is read, or the \
assignment is left over; variables count towards the limit of 10 MiB. Tests that look at variables read them, too: then \
allow this finding.",
        example: r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Start",
  "States": {
    "Start": {"Type": "Pass", "Assign": {"startedAt": "{% $now() %}"}, "Next": "Done"},
    "Done": {"Type": "Succeed"}
  }
}"#,
        check: unused,
    },
];

/// Where a variable is assigned.
struct Assignment<'a> {
    name: &'a str,
    state: StateId,
    flow: usize,
    span: Span,
    /// From the state: `Assign › total`.
    way: String,
}

/// Every assignment, in the order of the text.
fn assignments<'a>(subject: &Subject<'a>) -> Vec<Assignment<'a>> {
    let mut found = Vec::new();
    for (flow, list) in subject.flows.iter().enumerate() {
        for place in list.states.iter().map(|id| subject.place(*id)) {
            let mut add = |node: Option<&'a Node>, way: &str| {
                for member in node.map(Node::members).unwrap_or_default() {
                    let name = member.key.strip_suffix(".$").unwrap_or(&member.key);
                    let way = format!("{way} › {}", member.key);
                    found.push(Assignment { name, state: place.id, flow, span: member.key_span, way });
                }
            };
            add(place.node.get("Assign"), "Assign");
            for field in ["Choices", "Catch"] {
                for (i, entry) in place.node.get(field).map(Node::items).unwrap_or_default().iter().enumerate() {
                    add(entry.get("Assign"), &format!("{field}[{i}] › Assign"));
                }
            }
        }
    }
    found.sort_by_key(|a| a.span.start);
    found
}

/// The same, by name.
fn by_name<'r, 'a>(all: &'r [Assignment<'a>]) -> BTreeMap<&'a str, Vec<&'r Assignment<'a>>> {
    let mut found: BTreeMap<&str, Vec<&Assignment<'_>>> = BTreeMap::new();
    for assignment in all {
        found.entry(assignment.name).or_default().push(assignment);
    }
    found
}

/// The reads of a variable that has no value, or not always one.
fn reads<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = (&'s Problem, &'s str, bool)> {
    subject.analysis().problems.iter().filter_map(|problem| match &problem.what {
        What::Unassigned { name, is_sometimes } => Some((problem, &**name, *is_sometimes)),
        _ => None,
    })
}

fn unassigned(subject: &Subject<'_>, found: &mut Diagnostics) {
    let all = assignments(subject);
    let names = by_name(&all);
    let problems: Vec<(&Problem, &str, bool)> = reads(subject).filter(|(.., is_sometimes)| !is_sometimes).collect();
    for (problem, name, _) in &problems {
        let (problem, name) = (*problem, *name);
        let same = names.get(name).map(Vec::as_slice).unwrap_or_default();
        if is_elsewhere(subject, problem, same) {
            continue;
        }
        let place = subject.place(problem.state);
        let finding = match same.first() {
            None => {
                let message = format!("`${name}` is read, and nothing assigns it");
                let finding =
                    place.warning_at("variable-unassigned", (&problem.way, problem.span), message, "never assigned");
                let near =
                    if is_worthwhile(&problems, &all) { did_you_mean(name, names.keys().copied()) } else { None };
                match near {
                    Some(near) => finding.help(format!("did you mean `${near}`?")),
                    None if all.is_empty() => {
                        finding.help("variables get their values in `Assign`; `$states.input` is the input")
                    }
                    None => finding.help("assign it in a state before this one"),
                }
            }
            Some(first) => {
                let message = format!("`${name}` is read before anything assigns it");
                let finding = place
                    .warning_at("variable-unassigned", (&problem.way, problem.span), message, "no value yet")
                    .also(first.span, "assigned here");
                match first.state == problem.state {
                    true => finding
                        .help("an `Assign` reads the values from before its state; give it a first value earlier"),
                    false => finding.help(format!("assign it in a state before `{}`", place.state.name)),
                }
            }
        };
        found.push(finding);
    }
}

/// Whether a variable without a value is assigned somewhere that the reader cannot see.
fn is_elsewhere(subject: &Subject<'_>, problem: &Problem, same: &[&Assignment<'_>]) -> bool {
    let around = subject.flows_around(problem.state);
    let is_visible =
        |a: &&Assignment<'_>| around.iter().take_while(|(_, is_cut)| !is_cut).any(|(flow, _)| *flow == a.flow);
    !same.is_empty() && !same.iter().any(is_visible)
}

fn out_of_scope(subject: &Subject<'_>, found: &mut Diagnostics) {
    let all = assignments(subject);
    let names = by_name(&all);
    for (problem, name, _) in reads(subject).filter(|(.., is_sometimes)| !is_sometimes) {
        let same = names.get(name).map(Vec::as_slice).unwrap_or_default();
        let (Some(first), true) = (same.first(), is_elsewhere(subject, problem, same)) else { continue };
        let place = subject.place(problem.state);
        let around = subject.flows_around(problem.state);
        let is_outside = around.iter().any(|(flow, _)| *flow == first.flow);
        let owner = subject.flows[first.flow].owner.map(|owner| subject.place(owner));
        let where_from = owner.map_or_else(String::new, |owner| format!(" inside `{}`", owner.state.name));
        let message = match is_outside {
            true => format!("`${name}` belongs to the parent, and a child execution cannot read it"),
            false => format!("`${name}` is assigned{where_from}, and cannot be read here"),
        };
        let finding = place
            .warning_at("variable-out-of-scope", (&problem.way, problem.span), message, "not visible here")
            .also(first.span, "assigned here");
        found.push(match is_outside {
            true => finding.help("hand it to the children in the Map's `ItemSelector` or `BatchInput`"),
            false => {
                finding.help("what a branch or an iteration assigns ends with it; hand the value on in its output")
            }
        });
    }
}

fn sometimes_unassigned(subject: &Subject<'_>, found: &mut Diagnostics) {
    let all = assignments(subject);
    let names = by_name(&all);
    for (i, (problem, name, _)) in reads(subject).filter(|(.., is_sometimes)| *is_sometimes).enumerate() {
        let place = subject.place(problem.state);
        let message = format!("`${name}` is read, and not every way to `{}` assigns it", place.state.name);
        let way = if i < MOST_WAYS { way_without(subject, name, problem.state) } else { None };
        let label = match way {
            Some(way) => format!("no value on the way {way}"),
            None => "no value on some way".to_owned(),
        };
        let finding = place.warning_at("variable-maybe-unassigned", (&problem.way, problem.span), message, label);
        let flows = subject.flows_around(problem.state);
        let same = names.get(name).map(Vec::as_slice).unwrap_or_default();
        let finding = match same.iter().find(|a| flows.iter().any(|(flow, _)| *flow == a.flow)) {
            Some(a) => finding.also(a.span, "assigned here"),
            None => finding,
        };
        let ask = if is_jsonata(place) { format!("`$exists(${name})`") } else { "`IsPresent`".to_owned() };
        found.push(finding.help(format!("give it a first value before the ways part, or ask with {ask}")));
    }
}

fn is_jsonata(place: &Place<'_>) -> bool {
    place.state.query_language == crate::asl::QueryLanguage::Jsonata
}

fn shadowed(subject: &Subject<'_>, found: &mut Diagnostics) {
    let all = assignments(subject);
    for problem in &subject.analysis().problems {
        let What::Shadows { name, flow } = &problem.what else { continue };
        let message = format!("`${name}` belongs to the states around this one, and cannot be assigned here");
        let finding = subject.place(problem.state).warning_at(
            "variable-shadowed",
            (&problem.way, problem.span),
            message,
            "ends with the branch or iteration",
        );
        let finding = match all.iter().find(|a| a.flow == *flow && a.name == &**name) {
            Some(outer) => finding.also(outer.span, "assigned here"),
            None => finding,
        };
        found.push(finding.help("choose another name here, or hand the value on in the output"));
    }
}

fn unused(subject: &Subject<'_>, found: &mut Diagnostics) {
    let all = assignments(subject);
    if all.is_empty() {
        return;
    }
    let mut texts = Vec::new();
    strings(&subject.machine.node, &mut texts);
    // Every word behind a `$`, in order and once.
    let read: BTreeSet<&str> = texts.iter().flat_map(|text| text.split('$').skip(1)).map(leading_word).collect();
    let assigned: BTreeSet<&str> = all.iter().map(|a| a.name).collect();
    let others: Vec<&str> =
        read.difference(&assigned).copied().filter(|word| word.len() > 2 && *word != "states").collect();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for assignment in &all {
        let name = assignment.name;
        if read.contains(name) || !seen.insert(name) {
            continue;
        }
        let message = format!("`${name}` is assigned and never read");
        let at = (assignment.way.as_str(), assignment.span);
        let finding = subject.place(assignment.state).note_at("variable-unused", at, message, "nothing reads it");
        let near = if is_worthwhile(&all, &others) { did_you_mean(name, others.iter().copied()) } else { None };
        found.push(match near {
            Some(near) => finding.help(format!("`${near}` is read elsewhere: is it the same?")),
            None => finding.help("remove it, or read it where it is meant"),
        });
    }
}

/// Whether few enough names are compared for near ones to be looked for.
fn is_worthwhile<A, B>(names: &[A], candidates: &[B]) -> bool {
    names.len().saturating_mul(candidates.len()) < MOST_LOOKS
}

/// The letters, digits and `_` a text begins with.
fn leading_word(text: &str) -> &str {
    let length = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    text.get(..length).unwrap_or_default()
}

/// Every string value of a tree.
fn strings<'n>(node: &'n Node, found: &mut Vec<&'n str>) {
    match &node.kind {
        NodeKind::String(text) if text.contains('$') => found.push(text),
        NodeKind::Array(items) => items.iter().for_each(|item| strings(item, found)),
        NodeKind::Object(members) => members.iter().for_each(|m| strings(&m.value, found)),
        _ => {}
    }
}

/// The names of states on a shortest way to a state on which nothing assigns a variable.
fn way_without(subject: &Subject<'_>, name: &str, to: StateId) -> Option<String> {
    // Where the outer states assign it, the way that matters leads to the block.
    let around = subject.flows_around(to);
    let assigns = |flow: usize| {
        subject.flows[flow].states.iter().any(|id| edges(subject, *id, name).iter().any(|(_, assigns)| *assigns))
    };
    let mut target = to;
    let mut flow = None;
    for (i, (candidate, _)) in around.iter().enumerate() {
        if i > 0 {
            target = subject.flows[around.get(i - 1)?.0].owner?;
        }
        if assigns(*candidate) {
            flow = Some(*candidate);
            break;
        }
    }
    let start = subject.start_of(flow?)?;
    let mut before: HashMap<StateId, Option<StateId>> = HashMap::from([(start, None)]);
    let mut queue = VecDeque::from([start]);
    while let Some(here) = queue.pop_front() {
        if here == target {
            break;
        }
        for (next, assigns) in edges(subject, here, name) {
            if !assigns && !before.contains_key(&next) {
                before.insert(next, Some(here));
                queue.push_back(next);
            }
        }
    }
    let mut way = Vec::new();
    let mut at = Some(target);
    while let Some(here) = at {
        way.push(&*subject.place(here).state.name);
        at = *before.get(&here)?;
    }
    way.reverse();
    if way.len() > SHOWN {
        let skipped = way.len() - SHOWN + 1;
        let tail = way.split_off(way.len() - SHOWN / 2);
        way.truncate(SHOWN / 2);
        return Some(format!("{} → … {skipped} more … → {}", way.join(" → "), tail.join(" → ")));
    }
    Some(way.join(" → "))
}

/// Where a state leads, and whether that way assigns the variable.
fn edges(subject: &Subject<'_>, id: StateId, name: &str) -> Vec<(StateId, bool)> {
    let place = subject.place(id);
    let assigns = |node: Option<&Node>| {
        let members = node.map(Node::members).unwrap_or_default();
        members.iter().any(|m| m.key.strip_suffix(".$").unwrap_or(&m.key) == name)
    };
    let items = |field: &str| place.node.get(field).map(Node::items).unwrap_or_default();
    let own = assigns(place.node.get("Assign"));
    let mut found = Vec::new();
    match &place.state.kind {
        StateKind::Choice(choice) => {
            let rules = choice.rules.iter().zip(items("Choices"));
            found.extend(rules.map(|(rule, node)| (rule.next, assigns(node.get("Assign")))));
            found.extend(choice.default.map(|default| (default, own)));
        }
        _ => {
            if let Transition::Next(next) = place.state.transition {
                found.push((next, own));
            }
        }
    }
    let catchers = place.state.catch.iter().zip(items("Catch"));
    found.extend(catchers.map(|(catcher, node)| (catcher.next, assigns(node.get("Assign")))));
    found
}

#[cfg(test)]
mod tests {
    use crate::asl::Machine;

    /// The findings about variables in a JSONata machine of these states, which begins with `A`.
    fn found(states: &str) -> Vec<String> {
        let text = format!(r#"{{"QueryLanguage": "JSONata", "StartAt": "A", "States": {{{states}}}}}"#);
        let machine = Machine::parse(&text).unwrap_or_else(|e| panic!("{e}"));
        let about = |code: &&str| code.starts_with("variable-") && *code != "variable-unused";
        machine.lint().iter().filter(|d| about(&d.code)).map(|d| format!("{} {}", d.code, d.path)).collect()
    }

    const TASK: &str = r#""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f""#;

    #[test]
    fn what_every_way_assigns_may_be_read() {
        let reads = r#""Z": {"Type": "Succeed", "Output": "{% $x %}"}"#;
        for states in [
            format!(r#""A": {{"Type": "Pass", "Assign": {{"x": 1}}, "Next": "Z"}}, {reads}"#),
            // A catcher assigns for itself.
            format!(
                r#""A": {{{TASK}, "Assign": {{"x": 1}}, "Next": "Z",
                    "Catch": [{{"ErrorEquals": ["States.ALL"], "Assign": {{"x": 2}}, "Next": "Z"}}]}}, {reads}"#
            ),
            // So does a rule, and the state itself for the default.
            format!(
                r#""A": {{"Type": "Choice", "Default": "Z", "Assign": {{"x": 0}},
                    "Choices": [{{"Condition": "{{% $states.input.a %}}", "Assign": {{"x": 1}}, "Next": "Z"}}]}}, {reads}"#
            ),
            // Whoever asks knows what may be absent.
            format!(
                r#""A": {{"Type": "Choice", "Default": "Z",
                    "Choices": [{{"Condition": "{{% $exists($x) %}}", "Next": "Z"}}]}},
                   "Z": {{"Type": "Pass", "Assign": {{"x": 1}}, "Output": "{{% $exists($x) ? $x : 0 %}}", "Next": "B"}},
                   "B": {{"Type": "Succeed", "Output": "{{% $x %}}"}}"#
            ),
            // Branches read what is around them.
            format!(
                r#""A": {{"Type": "Pass", "Assign": {{"x": 1}}, "Next": "P"}},
                   "P": {{"Type": "Parallel", "End": true, "Branches": [{{"StartAt": "Z", "States": {{{reads}}}}}]}}"#
            ),
            // A counter that a loop counts up.
            r#""A": {"Type": "Pass", "Assign": {"x": 0}, "Next": "B"},
               "B": {"Type": "Pass", "Assign": {"x": "{% $x + 1 %}"}, "Next": "C"},
               "C": {"Type": "Choice", "Choices": [{"Condition": "{% $x < 3 %}", "Next": "B"}], "Default": "D"},
               "D": {"Type": "Succeed"}"#
                .to_owned(),
            // A catcher of the block assigns outside of it.
            format!(
                r#""A": {{"Type": "Pass", "Assign": {{"x": 1}}, "Next": "P"}},
                   "P": {{"Type": "Parallel", "Next": "Z",
                    "Branches": [{{"StartAt": "F", "States": {{"F": {{"Type": "Pass", "End": true}}}}}}],
                    "Catch": [{{"ErrorEquals": ["States.ALL"], "Assign": {{"x": 2}}, "Next": "Z"}}]}}, {reads}"#
            ),
        ] {
            assert_eq!(found(&states), Vec::<String>::new(), "{states}");
        }
    }

    #[test]
    fn a_way_without_the_assignment_is_told() {
        let reads = r#""Z": {"Type": "Succeed", "Output": "{% $x %}"}"#;
        for (states, want) in [
            (
                format!(
                    r#""A": {{{TASK}, "Assign": {{"x": 1}}, "Next": "Z",
                        "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "Z"}}]}}, {reads}"#
                ),
                "variable-maybe-unassigned States › Z › Output",
            ),
            (
                r#""A": {"Type": "Pass", "Assign": {"x": 1, "y": "{% $x %}"}, "Next": "Z"},
                   "Z": {"Type": "Succeed", "Output": "{% $y %}"}"#
                    .to_owned(),
                "variable-unassigned States › A › Assign › y",
            ),
            (
                format!(
                    r#""A": {{"Type": "Pass", "Assign": {{"x": 1}}, "Next": "M"}},
                       "M": {{"Type": "Map", "End": true, "ItemProcessor": {{
                         "ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
                         "StartAt": "Z", "States": {{{reads}}}}}}}"#
                ),
                "variable-out-of-scope States › M › ItemProcessor › States › Z › Output",
            ),
        ] {
            assert_eq!(found(&states), [want], "{states}");
        }
    }

    /// How long a machine is looked at.
    fn time(text: &str) -> std::time::Duration {
        let machine = Machine::parse(text).unwrap_or_else(|e| panic!("{e}"));
        #[expect(clippy::disallowed_methods, reason = "a test measures real time")]
        let began = std::time::Instant::now();
        drop(machine.lint());
        began.elapsed()
    }

    #[test]
    fn no_machine_takes_for_ever() {
        let chain = |count: usize, fields: &dyn Fn(usize) -> String| {
            let states: Vec<String> =
                (0..count).map(|i| format!(r#""S{i}": {{{}, "Next": "S{}"}}"#, fields(i), i + 1)).collect();
            format!(r#"{{"StartAt": "S0", "States": {{{}, "S{count}": {{"Type": "Succeed"}}}}}}"#, states.join(", "))
        };
        for text in [
            // Many variables that only one way assigns.
            chain(500, &|i| format!(r#""Type": "Pass", "Assign": {{"v{i}": 1, "w{i}.$": "$nobody{i}"}}"#)),
            chain(4_000, &|i| format!(r#""Type": "Pass", "Assign": {{"v{i}": 1, "w{i}.$": "$nobody{i}"}}"#)),
            // A document that doubles in every state.
            chain(2_000, &|_| r#""Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}"#.to_owned()),
            chain(2_000, &|i| format!(r#""Type": "Pass", "Result": {{"a": 1}}, "ResultPath": "$.m{i}.x""#)),
        ] {
            let took = time(&text);
            assert!(took < std::time::Duration::from_secs(10), "{took:?}: {}", &text[..120]);
        }
    }
}
