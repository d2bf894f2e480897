//! Test cases of Step Functions Local as scenarios: with their definitions found, run as they are or written down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{ConfiguredMachine, MockConfig, TestCase, member, node};
use crate::asl::Machine;
use crate::asl::machine::StateKind;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::error::{Error, ErrorKind};
use crate::import::place::{Definitions, Match, relative, target};
use crate::import::seen;
use crate::scenario::write::{Draft, Entry};
use crate::scenario::{ScenarioFile, quoted};
use crate::source::{Node, NodeKind, Span};
use crate::value::Value;

/// What a mock configuration does not say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Files and folders to look for the definitions in; near the configuration where there are none.
    pub paths: Vec<PathBuf>,
    /// Definitions by the machine's name: `FILE`, or `FILE#ID`.
    pub definitions: BTreeMap<String, String>,
    /// The input of every case that has none of its own; `{}` where this says nothing.
    pub input: Option<Value>,
    /// Inputs by case: `CASE` or `MACHINE#CASE`.
    pub inputs: BTreeMap<String, Value>,
}

/// The test cases of one machine, ready to run.
#[derive(Debug)]
pub struct Scenarios {
    /// The machine's name in the configuration.
    pub machine: String,
    /// What names its definition, from where the program runs.
    pub definition: String,
    /// The scenarios.
    pub file: ScenarioFile,
}

impl MockConfig {
    /// Finds the definitions and makes scenarios of the test cases, for each machine in the order of the file.
    ///
    /// # Errors
    /// Machines without a definition, states that are not there or call nothing, inputs for cases that are not there:
    /// all in one error for each machine.
    pub fn scenarios(&self, options: &Options) -> Result<Vec<Result<Scenarios, Error>>, Error> {
        self.check(options)?;
        let is_found = |all: &Definitions, machine: &ConfiguredMachine| {
            options.definitions.contains_key(&*machine.name)
                || !matches!(all.named(&machine.name, states_of(machine)), Match::None)
        };
        let levels = match options.paths.as_slice() {
            [] => Definitions::near(&self.path, |all| self.machines.iter().all(|machine| is_found(all, machine))),
            paths => vec![Definitions::in_paths(paths)],
        };
        let last = Definitions::default();
        // The nearest folder in which there is one; where there is none, the widest says where it was looked for.
        let nearest = |machine: &ConfiguredMachine| {
            levels.iter().find(|all| is_found(all, machine)).or(levels.last()).unwrap_or(&last)
        };
        let made = |machine: &ConfiguredMachine| {
            let definition = match options.definitions.get(&*machine.name) {
                Some(given) => given.clone(),
                None => self.definition_of(machine, nearest(machine))?,
            };
            self.of_machine(machine, definition, options)
        };
        Ok(self.machines.iter().map(made).collect())
    }

    /// The names in the options are those of the configuration.
    fn check(&self, options: &Options) -> Result<(), Error> {
        let refuse = |what: String| Err(Error::new(ErrorKind::Usage, what));
        for name in options.definitions.keys() {
            if !self.machines().any(|machine| machine == name) {
                let near = did_you_mean(name, self.machines()).map(|n| format!("; did you mean `{n}`?"));
                let near = near.unwrap_or_default();
                return refuse(format!("use a definition for `{name}`: the configuration has no such machine{near}"));
            }
        }
        let cases: Vec<String> = self.cases().collect();
        let names = || cases.iter().map(|case| case.split_once('#').map_or(case.as_str(), |(_, name)| name));
        for name in options.inputs.keys() {
            if !cases.contains(name) && !names().any(|case| case == name) {
                let near = did_you_mean(name, names()).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
                return refuse(format!("use an input for `{name}`: the configuration has no such test case{near}"));
            }
        }
        Ok(())
    }

    fn definition_of(&self, machine: &ConfiguredMachine, definitions: &Definitions) -> Result<String, Error> {
        let refuse = |message: String, label: &str, help: String| {
            let finding = Diagnostic::error("unknown-machine", message).at(&self.source, machine.span, label);
            Err(Error::from(finding.help(help)))
        };
        let name = &machine.name;
        match definitions.named(name, states_of(machine)) {
            Match::One(found) | Match::ByStates(found) => Ok(target(found)),
            Match::Several(all) => {
                let all: Vec<String> = all.iter().map(|found| format!("`{}`", target(found))).collect();
                let first = all.first().map(|t| t.trim_matches('`').to_owned()).unwrap_or_default();
                let message = format!("several definitions could be `{name}`: {}", all.join(", "));
                refuse(
                    message,
                    "which one?",
                    format!("say which by `--definition {}`", quoted(&format!("{name}={first}"))),
                )
            }
            Match::None => {
                let mut help = match definitions.near_name(name) {
                    Some(near) => format!("did you mean `{near}`? "),
                    None => String::new(),
                };
                let names = definitions.names();
                let there = match names.len() {
                    0 => "there are no definitions".to_owned(),
                    1..=8 => format!("there are {}", names.join(", ")),
                    n => format!("there are {n} others"),
                };
                help.push_str(&format!(
                    "looked in {}, where {there}; say where it is by `--definition {name}=FILE`",
                    definitions.looked_in()
                ));
                refuse(format!("no definition is named `{name}`"), "no such definition", help)
            }
        }
    }

    fn of_machine(
        &self,
        machine: &ConfiguredMachine,
        definition: String,
        options: &Options,
    ) -> Result<Scenarios, Error> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let compiled = Machine::load(&definition)?;
        let mut found = Vec::new();
        for case in &machine.cases {
            found.extend(case.states.iter().filter_map(|state| self.unfit(&compiled, &state.name, state.span)));
        }
        if !found.is_empty() {
            return Err(Diagnostics::from(found).into());
        }
        let text = |text: &str, span: Span| node(NodeKind::String(text.into()), span);
        let mut cases = Vec::new();
        for case in &machine.cases {
            let name = self.scenario_name(machine, case);
            let mocks = case.states.iter().filter(|state| !state.replies.is_empty()).map(|state| {
                let replies = state.replies.iter().map(super::Replies::node).collect();
                member(&state.name, state.span, node(NodeKind::Array(replies), state.span))
            });
            let mocks = node(NodeKind::Object(mocks.collect()), case.span);
            let input = value_node(&options.input_of(machine, case), case.span);
            let words = vec![
                member("name", case.span, text(&name, case.span)),
                member("input", case.span, input),
                member("mocks", case.span, mocks),
            ];
            cases.push(node(NodeKind::Object(words), case.span));
        }
        let root = node(
            NodeKind::Object(vec![
                member("machine", machine.span, text(&relative(folder, &definition), machine.span)),
                member("scenarios", machine.span, node(NodeKind::Array(cases), machine.span)),
            ]),
            machine.span,
        );
        let asked_for_by = format!("--mock-config {}", quoted(&self.path.to_string_lossy()));
        let file = ScenarioFile::of_node(&self.path, &self.source, &root, Some(asked_for_by))?;
        Ok(Scenarios { machine: machine.name.to_string(), definition, file })
    }

    /// What is wrong with naming a state in a case.
    fn unfit(&self, machine: &Machine, state: &str, span: Span) -> Option<Diagnostic> {
        let names: Vec<&str> = machine.state_names().collect();
        let Some(found) = machine.inner.states.iter().find(|s| *s.name == *state) else {
            let message = format!("`{}` has no state `{state}`", machine.name());
            let finding = Diagnostic::error("unknown-state", message).at(&self.source, span, "no such state");
            let tasks: Vec<&str> = machine
                .inner
                .states
                .iter()
                .filter(|s| matches!(s.kind, StateKind::Task(_)))
                .map(|s| &*s.name)
                .collect();
            return Some(finding.help(match did_you_mean(state, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if tasks.is_empty() => "the machine has no Task states".to_owned(),
                None => format!("the Task states are {}", tasks.join(", ")),
            }));
        };
        if matches!(found.kind, StateKind::Task(_)) {
            return None;
        }
        let message = format!("`{state}` is a {} state, which calls nothing", found.state_type().name());
        let finding = Diagnostic::error("wrong-value", message).at(&self.source, span, "no Task state");
        Some(finding.help("only Task states are answered by mocked responses"))
    }

    /// Writes the test cases of a machine as a scenario file beside `to`, with what came of them as what is expected.
    /// The texts tell what to look at.
    pub fn draft(&self, scenarios: &Scenarios, to: &Path, options: &Options) -> (Draft, Vec<String>) {
        let folder = to.parent().unwrap_or(Path::new(""));
        let mut draft = Draft::new(relative(folder, &scenarios.definition));
        let file = self.path.file_name().unwrap_or_default().to_string_lossy();
        draft.about = vec![
            format!("Made of {file} by `rehearsal import`."),
            "What is expected is what happened: look whether it is what you want.".to_owned(),
        ];
        if options.input.is_none() && options.inputs.is_empty() {
            draft.about.push("Mock configurations have no inputs: write yours.".to_owned());
        }
        let mut tells = Vec::new();
        let Some(machine) = self.machines.iter().find(|m| *m.name == *scenarios.machine) else {
            return (draft, tells);
        };
        for (case, scenario) in machine.cases.iter().zip(scenarios.file.scenarios()) {
            let mut words = vec![Entry::new("name", Value::from(scenario.name()))];
            words.push(Entry::new("input", options.input_of(machine, case)));
            let mocks = case.states.iter().filter(|state| !state.replies.is_empty()).map(|state| {
                let replies: Vec<Value> = state.replies.iter().map(super::Replies::value).collect();
                Entry::new(&*state.name, seen::one_or_list(replies))
            });
            words.push(Entry::words("mocks", mocks.collect()));
            let outcome = scenarios.file.run(scenario, None);
            match outcome.run() {
                Some(run) => words.push(Entry::words("expect", seen::expectations(run, seen::Much::Little))),
                None => {
                    let why = outcome.trouble().map(ToString::to_string).unwrap_or_default();
                    let why = seen::brief_reason(&why);
                    let first = why.lines().next().unwrap_or_default();
                    tells.push(format!("`{}` cannot be run yet: {first}", scenario.name()));
                    let note = format!("It cannot be run yet: {why}");
                    words.push(Entry::new("expect", Value::object([("status", Value::from("SUCCEEDED"))])).note(note));
                }
            }
            draft.scenarios.push(words);
        }
        (draft, tells)
    }
}

impl Options {
    fn input_of(&self, machine: &ConfiguredMachine, case: &TestCase) -> Value {
        let own = self.inputs.get(&format!("{}#{}", machine.name, case.name));
        let own = own.or_else(|| self.inputs.get(&*case.name)).or(self.input.as_ref());
        own.cloned().unwrap_or_else(Value::empty_object)
    }
}

/// The states that the cases of a machine name.
fn states_of(machine: &ConfiguredMachine) -> impl Iterator<Item = &str> + Clone {
    machine.cases.iter().flat_map(|case| case.states.iter().map(|state| &*state.name))
}

/// A value as a node that stands at one place.
fn value_node(value: &Value, span: Span) -> Node {
    let kind = match value {
        Value::Null => NodeKind::Null,
        Value::Bool(b) => NodeKind::Bool(*b),
        Value::Number(n) => NodeKind::Number(n.clone()),
        Value::String(s) => NodeKind::String(s.clone()),
        Value::Array(items) => NodeKind::Array(items.iter().map(|item| value_node(item, span)).collect()),
        Value::Object(o) => {
            NodeKind::Object(o.iter().map(|(key, value)| member(key, span, value_node(value, span))).collect())
        }
    };
    node(kind, span)
}
