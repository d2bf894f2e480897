//! A scenario file: read, checked against its machine, and turned into scenarios that can be run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::entry::{Given, Scenario};
use super::header::{Header, read};
#[cfg(feature = "fuzz")]
use super::property::Property;
use crate::asl::Machine;
use crate::coverage::Thresholds;
use crate::diagnostic::Diagnostics;
use crate::error::Error;
use crate::source::words::Reader;
use crate::source::{self, Format, Node, Source};

/// A scenario file is text that people write; one of this size is another file.
pub(super) const MOST_BYTES: usize = 16 << 20;

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
    #[cfg(feature = "fuzz")]
    properties: Vec<Property>,
    /// The mocks and faults that all scenarios share.
    pub(super) shared: Vec<Given>,
    sources: BTreeSet<PathBuf>,
    /// What is not a scenario file itself: the arguments of `rehearsal test` that run it.
    pub(super) asked_for_by: Option<String>,
    pub(super) thresholds: Thresholds,
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
                    #[cfg(feature = "fuzz")]
                    properties: header.properties,
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
    /// The properties, in the order of the file.
    #[cfg(feature = "fuzz")]
    pub fn properties(&self) -> &[Property] {
        &self.properties
    }
    /// The line of a scenario, from 1.
    pub fn line_of(&self, scenario: &Scenario) -> usize {
        self.source.line_col(scenario.span.start as usize).0
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
