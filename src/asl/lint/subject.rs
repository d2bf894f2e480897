//! What the rules look at: the compiled states, each with the text it was written in.

use std::cell::OnceCell;
use std::sync::Arc;

use super::flow_analysis::FlowAnalysis;
use super::options::LintOptions;
use crate::asl::flows::{self, Step};
use crate::asl::machine::{Inner, Machine, State, StateId, StateKind};
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::source::{Member, Node, Source, Span};

/// A machine with its text.
pub(super) struct Subject<'a> {
    pub(super) machine: &'a Inner,
    pub(super) source: &'a Arc<Source>,
    pub(super) options: &'a LintOptions,
    /// In the order of the machine's table.
    places: Vec<Place<'a>>,
    /// The machine's own list of states first.
    pub(super) flows: Vec<FlowPlace>,
    analysis: OnceCell<FlowAnalysis>,
}

/// A state and where it is written.
pub(super) struct Place<'a> {
    pub(super) id: StateId,
    pub(super) state: &'a State,
    pub(super) node: &'a Node,
    pub(super) name_span: Span,
    /// The Parallel or Map that holds it.
    pub(super) owner: Option<StateId>,
    source: &'a Arc<Source>,
    /// The way to it: `States`, `Each`, `ItemProcessor`, `States`, `Charge`.
    way: Arc<str>,
}

/// A list of states: the machine's own, a branch, an item processor.
pub(super) struct FlowPlace {
    /// The Parallel or Map that holds it; none for the machine itself.
    pub(super) owner: Option<StateId>,
    /// The state it begins with.
    pub(super) start: Option<StateId>,
    pub(super) states: Vec<StateId>,
}

/// One name in an `ErrorEquals` list.
#[derive(Clone, Copy)]
pub(super) struct ErrorName<'a> {
    /// `Retry` or `Catch`.
    pub(super) field: &'static str,
    pub(super) entry: usize,
    pub(super) index: usize,
    pub(super) name: &'a str,
    pub(super) span: Span,
}

impl ErrorName<'_> {
    /// The way to it from its state.
    pub(super) fn way(&self) -> String {
        format!("{}[{}] › ErrorEquals[{}]", self.field, self.entry, self.index)
    }

    /// `retrier` or `catcher`.
    pub(super) fn entry_word(&self) -> &'static str {
        if self.field == "Retry" { "retrier" } else { "catcher" }
    }
}

impl<'a> Subject<'a> {
    /// None for a machine without a text.
    pub(super) fn of(machine: &'a Machine, options: &'a LintOptions) -> Option<Subject<'a>> {
        let inner = &*machine.inner;
        let source = inner.source.as_ref()?;
        let mut subject = Subject {
            machine: inner,
            source,
            options,
            places: Vec::new(),
            flows: Vec::new(),
            analysis: OnceCell::new(),
        };
        subject.walk(&inner.node, None, Some(inner.root.start), "");
        Some(subject)
    }

    /// In the same order as the compiler numbers the states.
    fn walk(&mut self, flow: &'a Node, owner: Option<StateId>, start: Option<StateId>, way: &str) {
        let index = self.flows.len();
        self.flows.push(FlowPlace { owner, start, states: Vec::new() });
        for Member { key, key_span, value } in flows::states(flow) {
            let id = StateId(u32::try_from(self.places.len()).unwrap_or(u32::MAX));
            let Some(state) = self.machine.states.get(self.places.len()) else { return };
            let way: Arc<str> = format!("{way}States › {key}").into();
            let place =
                Place { id, state, node: value, name_span: *key_span, owner, source: self.source, way: way.clone() };
            self.places.push(place);
            self.flows[index].states.push(id);
            for (step, flow) in flows::inner(value) {
                let start = match (&state.kind, step) {
                    (StateKind::Parallel(parallel), Step::Branch(i)) => parallel.branches.get(i).map(|b| b.start),
                    (StateKind::Map(map), Step::Processor(_)) => Some(map.processor.start),
                    _ => None,
                };
                self.walk(flow, Some(id), start, &format!("{way} › {step} › "));
            }
        }
    }

    /// All states, nested ones included, in the order of the text.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place<'a>> {
        self.places.iter()
    }

    /// What is known about data and variables; found out once, when somebody asks.
    pub(super) fn analysis(&self) -> &FlowAnalysis {
        self.analysis.get_or_init(|| FlowAnalysis::of(self))
    }

    /// The place of a state.
    pub(super) fn place(&self, id: StateId) -> &Place<'a> {
        &self.places[id.0 as usize]
    }
}

impl<'a> Place<'a> {
    /// Whether a placeholder stands where the resource would be, so that nobody knows what is called.
    pub(super) fn is_stand_in(&self) -> bool {
        self.node.get("Resource").and_then(Node::as_str).is_some_and(|r| !r.starts_with("arn:") || r.contains("${"))
    }

    /// A warning about one of the state's fields: its value where it is there, else the state's name.
    pub(super) fn warning(
        &self,
        code: &'static str,
        field: &str,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        self.finding(Severity::Warning, code, field, message, label)
    }

    /// A note about one of the state's fields: its value where it is there, else the state's name.
    pub(super) fn note(
        &self,
        code: &'static str,
        field: &str,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        self.finding(Severity::Note, code, field, message, label)
    }

    fn finding(
        &self,
        severity: Severity,
        code: &'static str,
        field: &str,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        let (span, path) = match self.node.get(field) {
            Some(value) => (value.span, format!("{} › {field}", self.way)),
            None => (self.name_span, self.way.to_string()),
        };
        Diagnostic::new(severity, code, message).at(self.source, span, label).path(path)
    }

    /// A warning about any node below the state, with the rest of the way to it: `Retry[0] › ErrorEquals`.
    pub(super) fn warning_at(
        &self,
        code: &'static str,
        at: (&str, Span),
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        self.finding_at(Severity::Warning, code, at, message, label)
    }

    /// A note about any node below the state, with the rest of the way to it: `Retry[0] › ErrorEquals`.
    pub(super) fn note_at(
        &self,
        code: &'static str,
        at: (&str, Span),
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        self.finding_at(Severity::Note, code, at, message, label)
    }

    /// A finding of any severity about any node below the state, with the rest of the way to it.
    pub(super) fn finding_at(
        &self,
        severity: Severity,
        code: &'static str,
        (way, span): (&str, Span),
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(severity, code, message).at(self.source, span, label).path(format!("{} › {way}", self.way))
    }

    /// The names in `ErrorEquals` of all entries of `Retry` or `Catch`, in the order in which they are tried.
    pub(super) fn error_names(&self, field: &'static str) -> impl Iterator<Item = ErrorName<'a>> + use<'a> {
        let entries = self.node.get(field).map(Node::items).unwrap_or_default().iter().enumerate();
        entries.flat_map(move |(entry, node)| {
            let names = node.get("ErrorEquals").map(Node::items).unwrap_or_default().iter().enumerate();
            names.filter_map(move |(index, node)| {
                Some(ErrorName { field, entry, index, name: node.as_str()?, span: node.span })
            })
        })
    }

    /// The change that writes other words within a string or a key. None where the file spells the string in its own
    /// way, or a template put it together.
    pub(super) fn respell(&self, span: Span, old: &str, new: &str) -> Option<Fix> {
        let raw = self.source.slice(span);
        let at = raw.find(old).filter(|_| raw.matches(old).count() == 1)?;
        let is_plain = |text: &str| !text.contains(['"', '\'', '\\', '\n']);
        if !is_plain(old) || !is_plain(new) {
            return None;
        }
        let start = span.start as usize + at;
        Some(Fix::safe(Span::new(start, start + old.len()), new, format!("write `{}`", new.trim())))
    }

    /// The change that adds a field to an object before one of its members, in the manner of the file: `value` is JSON.
    /// None where the member is not written in the file as it is.
    pub(super) fn add_before(&self, member: &Member, name: &str, value: &str) -> Option<Fix> {
        let at = member.key_span.start as usize;
        let key = self.source.slice(member.key_span);
        let is_quoted = key.trim_matches('"') != key;
        if key.trim_matches(['"', '\'']) != &*member.key {
            return None;
        }
        let line = self.source.line_start(self.source.line_col(at).0);
        let before = self.source.text().get(line..at)?;
        let is_first = before.trim().is_empty();
        let text = match (is_quoted, is_first) {
            (true, true) => format!("\"{name}\": {value},\n{before}"),
            (true, false) if before.trim_end().ends_with(['{', ',']) => format!("\"{name}\": {value}, "),
            (false, true) => format!("{name}: {value}\n{before}"),
            _ => return None,
        };
        Some(Fix::suggestion(Span::new(at, at), text, format!("add `{name}`")))
    }
}
