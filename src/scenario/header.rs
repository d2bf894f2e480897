//! What the top of a scenario file says, for all its scenarios: the machine, its surroundings, who answers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::addresses;
use super::coverage;
use super::entry::Given;
use super::file::MOST_BYTES;
use super::format::{FILE, SCENARIO, names};
#[cfg(feature = "fuzz")]
use super::property::{self, Property};
use super::report::quoted;
use super::services::{self, Files};
use super::states::States;
use crate::asl::{CompileOptions, Machine, MachineType};
use crate::coverage::Thresholds;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::error::Error;
use crate::harness::Harness;
use crate::iac::files::joined;
use crate::mock::{self, MockEntry, MockFile};
use crate::source::words::Reader;
use crate::source::{Member, Node, NodeKind, Source, Span};

/// How large an object for an ItemReader may be.
pub(super) const MOST_OBJECT: u64 = 1 << 30;

/// What the top of a file says, for all its scenarios.
pub(super) struct Header {
    /// The folder of the file.
    pub(super) folder: PathBuf,
    pub(super) machine: Machine,
    pub(super) states: States,
    pub(super) harness: Harness,
    pub(super) strict: bool,
    pub(super) seed: u64,
    pub(super) shared: Vec<Given>,
    /// Whether the file was made of another kind of file, which knows no expectations.
    pub(super) is_imported: bool,
    pub(super) thresholds: Thresholds,
    #[cfg(feature = "fuzz")]
    pub(super) properties: Vec<Property>,
}

impl Header {
    pub(super) fn read(
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
        if root.get("StartAt").is_some() && root.get("States").is_some() {
            let finding = reader.error("wrong-type", "this is a state machine, and no scenario file", root, "");
            let finding = Diagnostic { primary: None, ..finding };
            let help = format!("`rehearsal init {}` writes a first scenario file for it", quoted(reader.source.name()));
            return Err(finding.help(help).into());
        }
        for member in root.members() {
            if names(SCENARIO).contains(&&*member.key) && !names(FILE).contains(&&*member.key) {
                let message = format!("`{}` is a word of a scenario, and not of the whole file", member.key);
                let finding = Diagnostic::error("unknown-key", message).at(&source, member.key_span, "not here");
                reader.push(finding.help("move it below one of the `scenarios`"));
                continue;
            }
            if reader.knows(member, &names(FILE), "a scenario file")
                && &*member.key == "properties"
                && !cfg!(feature = "fuzz")
            {
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
        #[cfg(feature = "fuzz")]
        looked_at.extend(property::schema_files(folder, root));
        let mut machines = Vec::new();
        if let Some(member) = root.member("machines") {
            for (name, _) in reader.texts(member) {
                let options = CompileOptions { machine_type: None, ..options.clone() };
                let other = Machine::load_noting(&beside(folder, &name), &options, looked_at);
                machines.push(other.map_err(|e| about(reader, member, e))?);
            }
        }
        let mut harness = Harness::new(&compiled).in_file();
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
            #[cfg(feature = "fuzz")]
            properties: Vec::new(),
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
                word if addresses::knows(word) => harness = addresses::read(reader, harness, member),
                "services" => {
                    let mut files = Files { folder, looked_at };
                    harness = harness.services(services::setup(reader, &mut files, member));
                }
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
}

/// What files and scenarios may both say: mocks, faults, the clock, the context.
pub(super) fn common(
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

/// A word that is understood where rehearsal is built with more.
pub(super) fn not_here(reader: &mut Reader<'_>, member: &Member) {
    let message = format!("`{}` needs the cargo feature `fuzz`", member.key);
    let finding = Diagnostic::error("not-supported", message).at(reader.source, member.key_span, "built without it");
    reader.push(finding.help("add it to rehearsal's `features` in Cargo.toml; the command line has it"));
}

/// An error about a file that this one names, with the place where it does.
pub(super) fn about(reader: &mut Reader<'_>, member: &Member, error: Error) -> Error {
    if error.diagnostics().is_empty() {
        let finding = reader.error("unreadable", error.to_string(), &member.value, "named here");
        reader.push(finding);
        return Diagnostics::default().into();
    }
    // What has no place of its own, such as a machine that is not in the file, has the place that asks for it.
    let placed = |found: &Diagnostic| match found.source {
        Some(_) => found.clone(),
        None => found.clone().at(reader.source, member.value.span, "named here"),
    };
    Diagnostics::from(error.diagnostics().iter().map(placed).collect::<Vec<_>>()).into()
}

/// A file that one in this folder names, by the shortest way: `infra/order.asl.json` for
/// `tests/../infra/order.asl.json`, where no link makes these two different folders.
#[expect(clippy::disallowed_methods, reason = "whether two ways lead to one folder is told by the system only")]
pub(super) fn beside(folder: &Path, named: &str) -> PathBuf {
    let (written, short) = (folder.join(named), joined(folder, named));
    let place = |path: &Path| {
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::canonicalize(folder).ok()
    };
    if place(&short).is_some_and(|there| place(&written) == Some(there)) { short } else { written }
}

#[expect(clippy::disallowed_methods, reason = "scenario files and what they name are read here only")]
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    use std::io::Read as _;
    // Asked before it is opened: opening a pipe would wait for somebody to write into it.
    let about = std::fs::metadata(path).map_err(|e| Error::io("read", path, e))?;
    if !about.is_file() && !about.is_dir() {
        let why = std::io::Error::new(std::io::ErrorKind::InvalidInput, "it is a device or a pipe, and no file");
        return Err(Error::io("read", path, why));
    }
    let file = std::fs::File::open(path).map_err(|e| Error::io("read", path, e))?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| Error::io("read", path, e))?;
    Ok(bytes)
}
