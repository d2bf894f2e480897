//! A scenario file: read, checked against its machine, and turned into scenarios that can be run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::coverage;
use super::expect::{self, Expect};
use super::format::{FILE, SCENARIO, names};
use super::rows::{self, Row};
use super::services;
use super::states::States;
use super::timeline::{self, Event, Worker};
use crate::asl::{CompileOptions, Machine, MachineType};
use crate::coverage::Thresholds;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::error::Error;
use crate::harness::Harness;
use crate::iac::files::joined;
use crate::mock::{self, MockEntry, MockFile, Unused};
use crate::snapshot::{Form, Stored, slug};
use crate::source::words::Reader;
use crate::source::{self, Format, Member, Node, NodeKind, Source, Span};
use crate::value::Value;

/// A scenario file is text that people write; one of this size is another file.
const MOST_BYTES: usize = 16 << 20;
/// How large an object for an ItemReader may be.
const MOST_OBJECT: u64 = 1 << 30;
/// How many scenarios may stand on one another.
const MOST_EXTENSIONS: usize = 50;

/// The suffixes by which scenario files are found.
pub const SUFFIXES: [&str; 3] = [".rehearsal.yaml", ".rehearsal.yml", ".rehearsal.json"];

/// The name of a scenario file without its suffix; nothing where it has none of them.
pub(crate) fn stem_of(name: &str) -> Option<&str> {
    SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix))
}

/// A scenario file with everything in it ready to run.
pub struct ScenarioFile {
    path: PathBuf,
    pub(super) source: Arc<Source>,
    pub(super) machine: Machine,
    scenarios: Vec<Scenario>,
    /// The mocks and faults that all scenarios share.
    pub(super) shared: Vec<Given>,
    sources: BTreeSet<PathBuf>,
    /// What is not a scenario file itself: the arguments of `rehearsal test` that run it.
    pub(super) asked_for_by: Option<String>,
    pub(super) thresholds: Thresholds,
}

/// One scenario: an execution with its surroundings, and what has to come of it.
pub struct Scenario {
    pub(super) name: String,
    pub(super) tags: Vec<String>,
    pub(super) ignore: Option<String>,
    pub(super) span: Span,
    pub(super) harness: Harness,
    pub(super) input: Value,
    pub(super) seed: u64,
    pub(super) strict: bool,
    /// The scenario's own mocks and faults.
    pub(super) own: Vec<Given>,
    /// `Some` where the scenario plays the outside world, if only by doing nothing.
    pub(super) timeline: Option<Vec<Event>>,
    pub(super) workers: Vec<Worker>,
    pub(super) expect: Expect,
    pub(super) snapshot: Option<Stored>,
}

/// A mock or a fault of a file or a scenario.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) key: String,
    pub(super) span: Span,
    pub(super) is_fault: bool,
}

impl Given {
    /// Whether this is what was not used, or what a reply belongs to that was not.
    pub(super) fn is(&self, unused: &Unused) -> bool {
        self.is_fault == matches!(unused, Unused::Fault { .. }) && self.key == unused.key()
    }
}

impl ScenarioFile {
    /// Reads a scenario file and the definition and mocks that it names.
    ///
    /// # Errors
    /// A file that cannot be read, and everything that is wrong with it.
    pub fn load(path: impl AsRef<Path>) -> Result<ScenarioFile, Error> {
        ScenarioFile::load_noting(path.as_ref()).0
    }

    /// Reads a scenario file, with everything that was looked at, also where it comes to nothing.
    pub(super) fn load_noting(path: &Path) -> (Result<ScenarioFile, Error>, BTreeSet<PathBuf>) {
        let mut looked_at = BTreeSet::from([path.to_owned()]);
        let mut load = || {
            let bytes = read(path, MOST_BYTES as u64)?;
            let source = Arc::new(Source::from_bytes(path.to_string_lossy(), &bytes, MOST_BYTES)?);
            ScenarioFile::parse_noting(path, &source, &mut looked_at)
        };
        let file = load();
        (file, looked_at)
    }

    /// Reads the text of a scenario file; files that it names are found from `path`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn parse(path: &Path, source: &Arc<Source>) -> Result<ScenarioFile, Error> {
        ScenarioFile::parse_noting(path, source, &mut BTreeSet::from([path.to_owned()]))
    }

    fn parse_noting(
        path: &Path,
        source: &Arc<Source>,
        looked_at: &mut BTreeSet<PathBuf>,
    ) -> Result<ScenarioFile, Error> {
        let format = Format::of_name(source.name()).unwrap_or(Format::Yaml);
        let root = source::parse(source, format).map_err(Diagnostics::without_aws)?;
        ScenarioFile::of_node_noting(path, source, &root, None, looked_at)
    }

    /// Reads the tree of a scenario file, or one that was made of another kind of file: then with the arguments of
    /// `rehearsal test` that run that, and scenarios that expect nothing pass where they come to an end.
    pub(crate) fn of_node(
        path: &Path,
        source: &Arc<Source>,
        root: &Node,
        asked_for_by: Option<String>,
    ) -> Result<ScenarioFile, Error> {
        ScenarioFile::of_node_noting(path, source, root, asked_for_by, &mut BTreeSet::from([path.to_owned()]))
    }

    fn of_node_noting(
        path: &Path,
        source: &Arc<Source>,
        root: &Node,
        asked_for_by: Option<String>,
        looked_at: &mut BTreeSet<PathBuf>,
    ) -> Result<ScenarioFile, Error> {
        let mut reader = Reader::new(source);
        let file = Header::read(&mut reader, path, root, looked_at).map(|mut header| {
            header.is_imported = asked_for_by.is_some();
            header.scenarios(&mut reader, root)
        });
        let mut found = Diagnostics::from(reader.found);
        found.sort();
        match file {
            Err(error) if !found.has_errors() => Err(error),
            Err(error) => {
                // What is wrong with another file comes after what is wrong with this one.
                error.diagnostics().iter().for_each(|d| found.push(d.clone()));
                Err(found.into())
            }
            Ok(_) if found.has_errors() => Err(found.into()),
            Ok((header, scenarios)) => {
                looked_at.extend(scenarios.iter().filter_map(|s| Some(s.snapshot.as_ref()?.path.clone())));
                Ok(ScenarioFile {
                    path: path.to_owned(),
                    source: source.clone(),
                    machine: header.machine,
                    scenarios,
                    shared: header.shared,
                    asked_for_by,
                    thresholds: header.thresholds,
                    sources: looked_at.clone(),
                })
            }
        }
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// Everything that it was made from: itself, the files of definitions, mocks and objects that it names, what these
    /// name in turn, folders in which something was looked for, and its snapshots, whether there are any yet or not.
    /// Where none of it changes, nothing that the file says or does changes.
    pub fn sources(&self) -> &BTreeSet<PathBuf> {
        &self.sources
    }
    /// The machine that it rehearses.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }
    /// The scenarios, in the order of the file; one for every row of `matrix` and `each`.
    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }
    /// The line of a scenario, from 1.
    pub fn line_of(&self, scenario: &Scenario) -> usize {
        self.source.line_col(scenario.span.start as usize).0
    }
}

impl Scenario {
    /// Its name, with the values of its row filled in.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Its tags.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }
    /// Why it does not run unless it is asked for.
    pub fn ignored(&self) -> Option<&str> {
        self.ignore.as_deref()
    }
}

impl std::fmt::Debug for ScenarioFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScenarioFile")
            .field("path", &self.path)
            .field("scenarios", &self.scenarios)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scenario").field("name", &self.name).field("tags", &self.tags).finish_non_exhaustive()
    }
}

/// What the top of a file says, for all its scenarios.
struct Header {
    /// The folder of the file.
    folder: PathBuf,
    machine: Machine,
    states: States,
    harness: Harness,
    strict: bool,
    seed: u64,
    shared: Vec<Given>,
    /// Whether the file was made of another kind of file, which knows no expectations.
    is_imported: bool,
    thresholds: Thresholds,
}

impl Header {
    fn read(
        reader: &mut Reader<'_>,
        path: &Path,
        root: &Node,
        looked_at: &mut BTreeSet<PathBuf>,
    ) -> Result<Header, Error> {
        let source = reader.source.clone();
        if !matches!(root.kind, NodeKind::Object(_)) {
            let finding = reader.error("wrong-type", "a scenario file is an object", root, "something else");
            return Err(finding.help("begin with `machine: order.asl.json` and `scenarios:`").into());
        }
        for member in root.members() {
            if reader.knows(member, &names(FILE), "a scenario file") && &*member.key == "properties" {
                not_here(reader, member);
            }
        }
        let Some(machine) = root.member("machine") else {
            let finding = Diagnostic::error("missing-field", "the file does not say which machine it rehearses");
            let finding =
                finding.at(&source, Span::new(root.span.start as usize, root.span.start as usize + 1), "no `machine`");
            return Err(finding.help("add `machine: order.asl.json`").into());
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let Some(name) = reader.text(machine) else { return Err(Diagnostics::default().into()) };
        let options = options(reader, root);
        let compiled =
            Machine::load_noting(&beside(folder, &name), &options, looked_at).map_err(|e| about(reader, machine, e))?;
        let mut machines = Vec::new();
        if let Some(member) = root.member("machines") {
            for (name, _) in reader.texts(member) {
                let options = CompileOptions { machine_type: None, ..options.clone() };
                let other = Machine::load_noting(&beside(folder, &name), &options, looked_at);
                machines.push(other.map_err(|e| about(reader, member, e))?);
            }
        }
        let mut harness = Harness::new(&compiled);
        for machine in &machines {
            harness = harness.machine(machine);
        }
        let states = States::of(&compiled, &machines);
        let mut header = Header {
            folder: folder.to_owned(),
            machine: compiled,
            states,
            harness,
            strict: false,
            seed: 0,
            shared: Vec::new(),
            is_imported: false,
            thresholds: Thresholds::default(),
        };
        header.surroundings(reader, folder, root, looked_at)?;
        Ok(header)
    }

    /// Mocks, faults, objects, clock and seed.
    fn surroundings(
        &mut self,
        reader: &mut Reader<'_>,
        folder: &Path,
        root: &Node,
        looked_at: &mut BTreeSet<PathBuf>,
    ) -> Result<(), Error> {
        let mut harness = self.harness.clone();
        if let Some(member) = root.member("use") {
            for (name, _) in reader.texts(member) {
                let path = beside(folder, &name);
                looked_at.insert(path.clone());
                let bytes = read(&path, MOST_BYTES as u64).map_err(|e| about(reader, member, e))?;
                let source = Arc::new(Source::from_bytes(path.to_string_lossy(), &bytes, MOST_BYTES)?);
                // Files of mocks are shared by machines that need some of them each, so that only those count which
                // this machine can call.
                let mut file = mock::load(&source)?;
                file.mocks.retain(|entry| self.states.is_called(&entry.key));
                file.faults.retain(|fault| self.states.is_called(fault.key().as_str()));
                harness = harness.mocks(&file);
            }
        }
        for member in root.members() {
            match &*member.key {
                "strict" => self.strict = reader.truth(member).unwrap_or_default(),
                "services" => harness = harness.services(services::setup(reader, member)),
                "coverage" => self.thresholds = coverage::thresholds(reader, member),
                "seed" => self.seed = reader.count(member, 0).unwrap_or_default(),
                _ => {}
            }
        }
        if let Some(objects) = root.member("objects") {
            for member in reader.members(objects) {
                let Some(file) = reader.text(member) else { continue };
                let Some((bucket, key)) = member.key.split_once('/') else {
                    let message = format!("`{}` is no object: write `bucket/key`", member.key);
                    let finding =
                        Diagnostic::error("wrong-value", message).at(reader.source, member.key_span, "no key");
                    reader.push(finding);
                    continue;
                };
                let path = beside(folder, &file);
                looked_at.insert(path.clone());
                let body = read(&path, MOST_OBJECT).map_err(|e| about(reader, member, e))?;
                harness = harness.object(bucket, key, body);
            }
        }
        self.harness = common(reader, &self.states, harness, root, &mut self.shared);
        Ok(())
    }

    /// Every scenario of the file.
    fn scenarios(self, reader: &mut Reader<'_>, root: &Node) -> (Header, Vec<Scenario>) {
        let Some(list) = root.member("scenarios") else {
            let finding = Diagnostic::error("missing-field", "the file has no scenarios");
            let place = Span::new(root.span.start as usize, root.span.start as usize + 1);
            reader.push(finding.at(reader.source, place, "no `scenarios`").help("add `scenarios:` with a list"));
            return (self, Vec::new());
        };
        let written = reader.items(list);
        let mut scenarios: Vec<Scenario> = Vec::new();
        let mut places: BTreeMap<String, Span> = BTreeMap::new();
        for node in written {
            if !matches!(node.kind, NodeKind::Object(_)) {
                let finding = reader.error("wrong-type", "a scenario is an object", node, "something else");
                reader.push(finding.help("write `- name: …` and what it expects below"));
                continue;
            }
            for member in node.members() {
                reader.knows(member, &names(SCENARIO), "a scenario");
            }
            let Some(whole) = extended(reader, written, node) else { continue };
            rows::check(reader, &whole);
            for row in rows::rows(reader, &whole) {
                let Some(scenario) = self.scenario(reader, &whole, node, &row) else { continue };
                if let Some(first) = places.get(&scenario.name) {
                    let message = format!("two scenarios are named `{}`", scenario.name);
                    let at = node.get("name").map_or(node.span, |n| n.span);
                    let finding = Diagnostic::error("duplicate-scenario", message).at(reader.source, at, "here again");
                    let help = match row.names().next() {
                        Some(name) => format!("put `{{{name}}}` into the name, so that every row has its own"),
                        None => "give it a name of its own; failures and snapshots are found by it".to_owned(),
                    };
                    reader.push(finding.also(*first, "here first").help(help));
                    continue;
                }
                let place = node.get("name").map_or(node.span, |n| n.span);
                if let Some(stored) = &scenario.snapshot
                    && let Some(other) =
                        scenarios.iter().find(|s| s.snapshot.as_ref().is_some_and(|o| o.path == stored.path))
                {
                    let file = stored.path.file_name().unwrap_or_default().to_string_lossy();
                    let message = format!("`{}` and `{}` would share the snapshot `{file}`", other.name, scenario.name);
                    let finding =
                        Diagnostic::error("duplicate-scenario", message).at(reader.source, place, "same letters");
                    reader.push(finding.help("give them names that differ in their letters and digits"));
                }
                places.insert(scenario.name.clone(), place);
                scenarios.push(scenario);
            }
        }
        if written.is_empty() {
            let finding = reader.error("missing-field", "the file has no scenarios", &list.value, "empty");
            reader.push(finding.help("add one: `- { name: it works, expect: { status: SUCCEEDED } }`"));
        }
        (self, scenarios)
    }

    fn scenario(&self, reader: &mut Reader<'_>, whole: &Node, written: &Node, row: &Row) -> Option<Scenario> {
        let node = row.fill(whole);
        let Some(name) = node.member("name") else {
            let finding = Diagnostic::error("missing-field", "a scenario has no name");
            let at = Span::new(written.span.start as usize, written.span.start as usize + 1);
            reader.push(finding.at(reader.source, at, "no `name`").help("add `name:` with what it shows"));
            return None;
        };
        let name = reader.text(name)?;
        let mut own = Vec::new();
        let harness = common(reader, &self.states, self.harness.clone(), &node, &mut own);
        let mut scenario = Scenario {
            name: name.to_string(),
            tags: Vec::new(),
            ignore: None,
            span: written.span,
            harness,
            input: Value::empty_object(),
            seed: self.seed,
            strict: self.strict,
            own,
            timeline: None,
            workers: Vec::new(),
            expect: Expect::default(),
            snapshot: None,
        };
        for member in node.members() {
            match &*member.key {
                "tags" => scenario.tags = reader.texts(member).into_iter().map(|(tag, _)| tag.to_string()).collect(),
                "ignore" => scenario.ignore = reader.text(member).map(|why| why.to_string()),
                "input" => scenario.input = member.value.to_value(),
                "seed" => scenario.seed = reader.count(member, 0).unwrap_or_default(),
                "strict" => scenario.strict = reader.truth(member).unwrap_or_default(),
                "timeline" => scenario.timeline = Some(timeline::events(reader, &self.states, member)),
                "workers" => scenario.workers = timeline::workers(reader, &self.machine, member),
                "expect" => scenario.expect = expect::read(reader, &self.states, member, false),
                "snapshot" => scenario.snapshot = form(reader, member).map(|form| self.stored(reader, form, &name)),
                _ => {}
            }
        }
        let checks = scenario.timeline.iter().flatten().any(Event::checks);
        if scenario.expect.is_empty() && scenario.snapshot.is_none() && !checks && !self.is_imported {
            let message = format!("`{name}` expects nothing, so it cannot fail");
            let at = written.get("name").map_or(written.span, |n| n.span);
            let finding = Diagnostic::error("nothing-expected", message).at(reader.source, at, "nothing is expected");
            reader.push(finding.help("add `expect: { status: SUCCEEDED }`, at least"));
        }
        scenario.harness = scenario.harness.seed(scenario.seed);
        Some(scenario)
    }
}

impl Header {
    /// Where the snapshot of a scenario is kept: `snapshots/FILE@SCENARIO.snap` beside the file.
    fn stored(&self, reader: &Reader<'_>, form: Form, scenario: &str) -> Stored {
        let path = Path::new(reader.source.name());
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let stem = stem_of(&file).unwrap_or(&file);
        let path = self.folder.join("snapshots").join(format!("{stem}@{}.snap", slug(scenario)));
        Stored { path, form, source: file.into_owned(), expression: scenario.to_owned() }
    }
}

/// What a scenario's snapshot shows, where it has one.
fn form(reader: &mut Reader<'_>, member: &Member) -> Option<Form> {
    match (&member.value.kind, member.value.as_str().map(|text| &**text)) {
        (NodeKind::Bool(is_on), _) => return is_on.then_some(Form::Text),
        (_, Some("text")) => return Some(Form::Text),
        (_, Some("json")) => return Some(Form::Json),
        _ => {}
    }
    let found = member.value.as_str().map_or_else(|| member.value.to_value().to_string(), |text| text.to_string());
    let finding = reader.error("wrong-value", format!("`{found}` is no form of a snapshot"), &member.value, "no form");
    let near = member.value.as_str().and_then(|text| did_you_mean(text, ["text", "json", "true", "false"]));
    reader.push(finding.help(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write `true` for the compact history, or `json` for the events as AWS writes them".to_owned(),
    }));
    None
}

/// What files and scenarios may both say: mocks, faults, the clock, the context.
fn common(
    reader: &mut Reader<'_>,
    states: &States,
    mut harness: Harness,
    node: &Node,
    own: &mut Vec<Given>,
) -> Harness {
    let source = reader.source.clone();
    for member in node.members() {
        match &*member.key {
            "mocks" => {
                let mut found = Diagnostics::default();
                let mocks: Vec<MockEntry> = mock::read_mocks(&member.value, &source, &mut found);
                found.into_iter().for_each(|d| reader.push(d));
                for entry in &mocks {
                    states.check_key(reader, &entry.key, entry.key_span);
                    own.push(Given { key: entry.key.clone(), span: entry.key_span, is_fault: false });
                }
                harness = harness.mocks(&MockFile { mocks, faults: Vec::new() });
            }
            "faults" => {
                let mut found = Diagnostics::default();
                let faults = mock::read_faults(&member.value, &source, &mut found);
                found.into_iter().for_each(|d| reader.push(d));
                for (fault, node) in faults.iter().zip(member.value.items()) {
                    let span = node.get("on").map_or(node.span, |on| on.span);
                    states.check_key(reader, fault.key().as_str(), span);
                    own.push(Given { key: fault.key().to_string(), span, is_fault: true });
                }
                harness = harness.mocks(&MockFile { mocks: Vec::new(), faults });
            }
            "start" => {
                if let Some(start) = reader.instant(member) {
                    harness = harness.start_time(start);
                }
            }
            "context" => {
                reader.members(member);
                if let NodeKind::Object(_) = &member.value.kind {
                    harness = harness.context(member.value.to_value());
                }
            }
            _ => {}
        }
    }
    harness
}

/// A scenario with the words of those it extends.
fn extended(reader: &mut Reader<'_>, all: &[Node], node: &Node) -> Option<Node> {
    let mut whole = node.clone();
    let mut next = node.member("extends").cloned();
    let mut depth = 0;
    while let Some(member) = next {
        depth += 1;
        let name = reader.text(&member)?;
        let named = |n: &&Node| n.get("name").and_then(Node::as_str).is_some_and(|own| **own == *name);
        let Some(base) = all.iter().find(named) else {
            let message = format!("there is no scenario `{name}` to extend");
            let finding = reader.error("unknown-scenario", message, &member.value, "no such scenario");
            let names = all.iter().filter_map(|n| n.get("name")?.as_str()).map(|n| &**n);
            reader.push(match did_you_mean(&name, names) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding,
            });
            return None;
        };
        if depth > MOST_EXTENSIONS {
            let finding =
                reader.error("cycle", "these scenarios extend one another in a circle", &member.value, "round it goes");
            reader.push(finding);
            return None;
        }
        let NodeKind::Object(members) = &mut whole.kind else { return Some(whole) };
        for inherited in base.members() {
            match members.iter_mut().find(|m| m.key == inherited.key) {
                None if &*inherited.key != "extends" => members.push(inherited.clone()),
                // Mocks are laid over those of the base, as they are over the file's.
                Some(own) if &*inherited.key == "mocks" => lay_under(&mut own.value, &inherited.value),
                _ => {}
            }
        }
        next = base.member("extends").cloned();
    }
    Some(whole)
}

/// Adds the members of another object that this one does not have.
fn lay_under(own: &mut Node, base: &Node) {
    if let NodeKind::Object(members) = &mut own.kind {
        for inherited in base.members() {
            if !members.iter().any(|m| m.key == inherited.key) {
                members.push(inherited.clone());
            }
        }
    }
}

fn options(reader: &mut Reader<'_>, root: &Node) -> CompileOptions {
    let mut options = CompileOptions::default();
    if let Some(substitutions) = root.member("substitutions") {
        for member in reader.members(substitutions) {
            let value = match member.value.as_str() {
                Some(text) => text.to_string(),
                None => member.value.to_value().to_string(),
            };
            options = options.substitute(&*member.key, value);
        }
    }
    if let Some(member) = root.member("type") {
        match reader.text(member).as_deref() {
            Some("EXPRESS") => options = options.machine_type(MachineType::Express),
            Some("STANDARD") => options = options.machine_type(MachineType::Standard),
            None => {}
            Some(other) => {
                let finding =
                    reader.error("wrong-value", format!("`{other}` is no type of machine"), &member.value, "no type");
                reader.push(finding.help("write `STANDARD` or `EXPRESS`"));
            }
        }
    }
    for member in root.get("substitutions").map_or(&[][..], Node::members) {
        let value = member.value.as_str().map_or_else(|| member.value.to_value().to_string(), |text| text.to_string());
        options = options.substitute(&*member.key, value);
    }
    options
}

/// A word that is understood and whose models are not part of this version.
pub(super) fn not_here(reader: &mut Reader<'_>, member: &Member) {
    let message = format!("`{}` is not supported by this version", member.key);
    let finding = Diagnostic::error("not-supported", message).at(reader.source, member.key_span, "not yet");
    reader.push(finding.help("leave it out"));
}

/// An error about a file that this one names, with the place where it does.
fn about(reader: &mut Reader<'_>, member: &Member, error: Error) -> Error {
    if error.diagnostics().is_empty() {
        let finding = reader.error("unreadable", error.to_string(), &member.value, "named here");
        reader.push(finding);
        return Diagnostics::default().into();
    }
    error
}

/// A file that one in this folder names, by the shortest way: `infra/order.asl.json` for
/// `tests/../infra/order.asl.json`, where no link makes these two different folders.
#[expect(clippy::disallowed_methods, reason = "whether two ways lead to one folder is told by the system only")]
fn beside(folder: &Path, named: &str) -> PathBuf {
    let (written, short) = (folder.join(named), joined(folder, named));
    let place = |path: &Path| {
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::canonicalize(folder).ok()
    };
    if place(&short).is_some_and(|there| place(&written) == Some(there)) { short } else { written }
}

#[expect(clippy::disallowed_methods, reason = "scenario files and what they name are read here only")]
fn read(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|e| Error::io("read", path, e))?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| Error::io("read", path, e))?;
    Ok(bytes)
}
