//! The states that the words of a scenario may name, and whether one can lead to another.

use std::collections::{BTreeMap, BTreeSet};

use crate::asl::Machine;
use crate::asl::machine::StateId;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::harness::assert::without_indices;
use crate::harness::targets;
use crate::mock::Targets;
use crate::source::Span;
use crate::source::words::Reader;
use crate::value::Str;

/// The states of a machine by name and place, with its transitions.
pub(super) struct States {
    names: BTreeSet<String>,
    /// Where each state can lead.
    edges: BTreeMap<String, BTreeSet<String>>,
    /// The machine's first state.
    start: String,
    targets: Targets,
}

impl States {
    pub(super) fn of(machine: &Machine, others: &[Machine]) -> States {
        let inner = &machine.inner;
        let name = |id: StateId| inner.state(id).name.to_string();
        let mut edges = BTreeMap::new();
        for state in inner.states.iter() {
            let to = state.ways().map(|(_, to)| name(to)).collect();
            edges.insert(state.name.to_string(), to);
        }
        let all = std::iter::once(machine).chain(others);
        let names = all
            .clone()
            .flat_map(|m| m.state_names().map(str::to_owned).chain(m.state_places()).collect::<Vec<_>>())
            .collect();
        let machines: Vec<Machine> = all.cloned().collect();
        States { names, edges, start: name(inner.root.start), targets: targets::of_all(&machines) }
    }

    /// A finding where there is no state of this name or at this place.
    pub(super) fn check_name(&self, reader: &mut Reader<'_>, name: &str, span: Span) {
        if !self.names.contains(&without_indices(name)) {
            reader.push(self.unknown(reader, name, span));
        }
    }

    fn unknown(&self, reader: &Reader<'_>, name: &str, span: Span) -> Diagnostic {
        let finding = Diagnostic::error("unknown-state", format!("there is no state `{name}`")).at(
            reader.source,
            span,
            "no such state",
        );
        match did_you_mean(name, self.names.iter().map(String::as_str)) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None if self.names.len() <= 12 => {
                let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
                finding.help(format!("the states are {}", names.join(", ")))
            }
            None => finding,
        }
    }

    /// Whether a key names something that is called.
    pub(super) fn is_called(&self, key: &str) -> bool {
        self.targets.problem_of(&key.into()).is_none()
    }

    /// A finding where a key of calls, mocks or faults names nothing that is called.
    pub(super) fn check_key(&self, reader: &mut Reader<'_>, key: &str, span: Span) {
        if let Some(problem) = self.targets.problem_of(&key.into()) {
            let finding = Diagnostic::error("unknown-key", problem.message).at(reader.source, span, "names nothing");
            reader.push(match problem.help {
                Some(help) => finding.help(help),
                None => finding,
            });
        }
    }

    /// Findings where a path names states that are not there, or goes where no transition leads.
    pub(super) fn check_path(&self, reader: &mut Reader<'_>, path: &[(Str, Span)]) {
        let mut before: Option<&str> = None;
        for (i, (pattern, span)) in path.iter().enumerate() {
            let name = name_of(pattern);
            if matches!(&**pattern, "..." | "*") || name.contains('/') {
                if name.contains('/') && !matches!(&**pattern, "..." | "*") {
                    self.check_name(reader, name, *span);
                }
                before = None;
                continue;
            }
            if !self.names.contains(name) {
                reader.push(self.unknown(reader, name, *span));
                before = None;
                continue;
            }
            if i == 0 && *self.start != *name {
                let message = format!("the path begins with `{name}`, and the machine begins with `{}`", self.start);
                let finding =
                    Diagnostic::error("impossible-path", message).at(reader.source, *span, "not the first state");
                reader.push(finding.help("write `...` before it where something comes first"));
            }
            if let Some(from) = before
                && let Some(to) = self.edges.get(from)
                && !to.contains(name)
            {
                let leads = match to.iter().map(|t| format!("`{t}`")).collect::<Vec<_>>() {
                    none if none.is_empty() => format!("`{from}` ends the workflow"),
                    some => format!("`{from}` leads to {}", some.join(", ")),
                };
                let message = format!("`{from}` cannot lead to `{name}`");
                let finding = Diagnostic::error("impossible-path", message).at(reader.source, *span, "not from there");
                reader.push(finding.help(format!("{leads}; write `...` for any states between")));
            }
            before = Some(name);
        }
    }
}

/// `Charge x4` as `Charge`.
fn name_of(pattern: &str) -> &str {
    match pattern.rsplit_once(" x") {
        Some((name, n)) if !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => pattern,
    }
}
