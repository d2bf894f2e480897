//! A list of states with a beginning: the machine itself, a branch, an item processor. Names are resolved here, and
//! every state must be reachable.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Compiler;
use crate::asl::cursor::Cursor;
use crate::asl::flows::all_states;
use crate::asl::machine::{Flow, StateId};
use crate::diagnostic::did_you_mean;
use crate::source::Node;
use crate::value::Str;

pub(super) const MACHINE_FIELDS: &[&str] = &["StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"];
pub(super) const BRANCH_FIELDS: &[&str] = &["StartAt", "States"];
pub(super) const PROCESSOR_FIELDS: &[&str] = &["StartAt", "States", "ProcessorConfig"];

/// How long the name of a state may be, in characters.
const MAX_NAME: usize = 80;

/// How many names are looked at, about, while near ones are suggested.
const MOST_LOOKS: usize = 50_000;

/// What a flow is part of.
pub(super) struct Setting {
    /// Names of the enclosing states, outermost first.
    pub(super) enclosing: Arc<[Str]>,
    /// Whether its states run in an Express workflow.
    pub(super) is_express: bool,
    pub(super) is_root: bool,
}

/// The states of one flow while they are compiled: their names, and who leads where.
pub(super) struct Scope<'a> {
    names: HashMap<&'a str, StateId>,
    edges: Vec<(StateId, StateId)>,
    current: StateId,
}

impl Compiler<'_> {
    pub(super) fn flow(&mut self, at: &Cursor<'_>, fields: &[&str], setting: &Setting) -> Option<Flow> {
        let what = if setting.is_root { "a definition" } else { "a list of states" };
        self.object(at, what)?;
        self.known_fields(at, what, fields);
        let missing: Vec<&str> = ["States", "StartAt"].into_iter().filter(|name| !at.has(name)).collect();
        if !missing.is_empty() {
            let words = missing.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" and ");
            let is = if missing.len() == 1 { "is" } else { "are" };
            let found = at.key_error("missing-field", format!("{words} {is} missing"), "in this one");
            self.report(found.aws(at.schema(format!("These fields are required: [{}]", missing.join(", ")))));
        }
        let states = at.get("States")?;
        self.object(&states, "`States`")?;
        if states.node().members().is_empty() {
            let found = states.error("empty", "`States` is empty", "at least one state is needed");
            self.report(found.aws(states.schema("Value cannot be empty")));
            return None;
        }
        if setting.is_root {
            self.number(at.node());
        }
        let mut scope = Scope { names: HashMap::new(), edges: Vec::new(), current: StateId(0) };
        for member in states.node().members() {
            if let Some(id) = self.ids.get(&std::ptr::from_ref(member)) {
                scope.names.insert(&member.key, *id);
            }
        }
        for (name, state) in states.states() {
            self.state_name(name, &state);
            let Some(id) = scope.names.get(name).copied() else { continue };
            scope.current = id;
            let compiled = self.state(&state, &mut scope, setting);
            if let Some(slot) = self.states.get_mut(id.0 as usize) {
                *slot = compiled;
            }
        }
        let start = at.get("StartAt").and_then(|start| self.target(&start, &mut scope));
        self.ways(&states, start, &scope, setting.is_root);
        Some(Flow { start: start? })
    }

    /// Gives every state its number, in the order of the text.
    fn number(&mut self, flow: &Node) {
        for member in all_states(flow) {
            let id = StateId(u32::try_from(self.states.len()).unwrap_or(u32::MAX));
            self.ids.insert(member, id);
            self.states.push(None);
        }
    }

    fn state_name(&mut self, name: &str, at: &Cursor<'_>) {
        let length = name.chars().count();
        if length == 0 || length > MAX_NAME {
            let message = match length {
                0 => "a state has no name".to_owned(),
                _ => format!("the name of a state has {length} characters; {MAX_NAME} are the limit"),
            };
            self.report(at.key_error("state-name", message, "this name"));
        }
        if let Some(first) = self.names.get(name) {
            let found = at
                .key_error("duplicate-state", format!("two states are named `{name}`"), "here again")
                .also(*first, "here first")
                .help("a name is used once in the whole machine, nested states included")
                .aws(at.aws("DUPLICATE_STATE_NAME", format!("Duplicate State name: {name}")));
            self.report(found);
        } else {
            self.names.insert(name.into(), at.key_span());
        }
    }

    /// Resolves the name of a state in this flow.
    pub(super) fn target(&mut self, at: &Cursor<'_>, scope: &mut Scope<'_>) -> Option<StateId> {
        let name = self.string(at)?;
        if let Some(id) = scope.names.get(&*name) {
            if at.name() != "StartAt" {
                scope.edges.push((scope.current, *id));
            }
            return Some(*id);
        }
        let field = at.name();
        let message = format!("`{field}` leads to `{name}`, and there is no such state here");
        let found = at
            .error("transition-target", message, "no such state")
            .aws(at.aws("MISSING_TRANSITION_TARGET", format!("Missing 'Next' target: {name}")));
        // Looking for a near name costs a look at every state, which many wrong names in a large machine would feel.
        let is_worthwhile = self.found.as_slice().len().saturating_mul(scope.names.len()) < MOST_LOOKS;
        let mut names: Vec<&str> = if is_worthwhile { scope.names.keys().copied().collect() } else { Vec::new() };
        names.sort_unstable();
        self.report(match did_you_mean(&name, names.iter().copied()) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None if (1..=12).contains(&names.len()) => found.help(format!("the states here are {}", names.join(", "))),
            None => found.help("a transition stays among the states it stands with; it cannot enter or leave a branch"),
        });
        None
    }

    /// Looks whether the flow can end and all its states can be reached.
    fn ways(&mut self, states: &Cursor<'_>, start: Option<StateId>, scope: &Scope<'_>, is_root: bool) {
        let ends = |state: &Node| {
            let ends = state.get("End").and_then(Node::as_bool) == Some(true);
            let final_type = state.get("Type").and_then(Node::as_str).map(|t| &**t);
            ends || matches!(final_type, Some("Succeed" | "Fail"))
        };
        // Only the machine itself has to be able to end: a branch may go round until a sibling fails.
        if is_root && !states.node().members().iter().any(|m| ends(&m.value)) {
            let mut aws = states.aws("MISSING_END_STATE", "Workflow has no terminal state");
            aws.location.clear();
            let found = states.key_error("no-terminal-state", "no state ends the workflow", "none of these ends it");
            self.report(found.help("end with a Succeed or Fail state, or with `\"End\": true`").aws(aws));
            return;
        }
        let Some(start) = start else { return };
        let mut reached = vec![start];
        let mut next = 0;
        let mut is_reached = HashSet::from([start]);
        let mut outgoing: HashMap<StateId, Vec<StateId>> = HashMap::new();
        for (from, to) in &scope.edges {
            outgoing.entry(*from).or_default().push(*to);
        }
        while let Some(from) = reached.get(next).copied() {
            next += 1;
            for to in outgoing.get(&from).map(Vec::as_slice).unwrap_or_default() {
                if is_reached.insert(*to) {
                    reached.push(*to);
                }
            }
        }
        for (name, state) in states.states() {
            if scope.names.get(name).is_some_and(|id| !is_reached.contains(id)) {
                let found = state
                    .key_error("unreachable-state", format!("nothing leads to `{name}`"), "never entered")
                    .help("lead to it with `Next`, `Default` or a `Catch`, or remove it")
                    .aws(state.aws("MISSING_TRANSITION_TARGET", format!("State \"{name}\" is not reachable.")));
                self.report(found);
            }
        }
    }
}
