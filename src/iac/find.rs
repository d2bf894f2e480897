//! Finding machines: in a file of any kind, or in all files of a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::asl::lint::{LintOptions, lint_node};
use crate::asl::{CompileOptions, Machine, MachineType, QueryLanguage, compile};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::error::Error;
use crate::iac::files::{Files, MAX_TEMPLATE_BYTES, Unread};
use crate::iac::target::{chosen, parts};
use crate::iac::{Extracted, Settings, kind, placeholder, plain};
use crate::source::{MAX_DEFINITION_BYTES, Source};

/// Folders that hold what others wrote or what is built; they are searched only when they are named.
const SKIPPED: &[&str] = &["node_modules", "target", "__pycache__", "venv"];
/// How deep folders may lie in one another.
const MAX_FOLDERS_DEEP: usize = 64;

/// A machine and where it was found.
///
/// ```no_run
/// for found in rehearsal::iac::find("infrastructure")? {
///     println!("{}:{} {}", found.file().display(), found.line(), found.id());
///     let machine = found.load()?;
/// }
/// # Ok::<(), rehearsal::Error>(())
/// ```
#[derive(Clone)]
pub struct Found {
    file: PathBuf,
    extracted: Arc<Extracted>,
    options: CompileOptions,
}

impl Found {
    /// The file that declares the machine, as a path that starts where the search started.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What names the machine in its file: a logical id (behind those of the nested stacks around it: `Orders/Refund`),
    /// the address of a Terraform resource, a key. A file that is a definition gives its own name without endings.
    pub fn id(&self) -> &str {
        &self.extracted.id
    }

    /// What [`Machine::load`] takes for this machine: `template.yaml#OrderMachine`.
    pub fn target(&self) -> String {
        format!("{}#{}", self.file.display(), self.extracted.id)
    }

    /// The line on which the file declares it, counted from 1.
    pub fn line(&self) -> usize {
        let (source, span) = &self.extracted.declared;
        source.line_col(span.start as usize).0
    }

    /// The machine's name: the one it is deployed under where that can be known, else the id.
    pub fn name(&self) -> &str {
        self.extracted.name.as_deref().unwrap_or_else(|| self.extracted.id.rsplit('/').next().unwrap_or_default())
    }

    /// Standard or Express: what was asked for, else what the file says; Standard where it says nothing.
    pub fn machine_type(&self) -> MachineType {
        self.options.machine_type.or(self.extracted.machine_type).unwrap_or_default()
    }

    /// The language the definition declares; JSONPath where it declares none. `None` where there is no reading it.
    pub fn query_language(&self) -> Option<QueryLanguage> {
        let definition = self.extracted.definition.as_ref().ok()?;
        match definition.node.get("QueryLanguage").and_then(|q| q.as_str()).map(|q| &**q) {
            Some("JSONata") => Some(QueryLanguage::Jsonata),
            _ => Some(QueryLanguage::JsonPath),
        }
    }

    /// The source that the definition's places are in: the file itself, or one that it names.
    pub fn source(&self) -> Option<&Arc<Source>> {
        self.extracted.definition.as_ref().ok().map(|definition| &definition.source)
    }

    /// Compiles the definition.
    ///
    /// # Errors
    /// Everything that is wrong with it, and what keeps it from being read.
    pub fn load(&self) -> Result<Machine, Error> {
        let definition = self.extracted.definition.as_ref().map_err(|found| Error::from(found.clone()))?;
        let mut options = self.options.clone();
        options.machine_type = Some(self.machine_type());
        options.name.get_or_insert_with(|| self.name().into());
        compile(&definition.source, &definition.node, &options)
            .map_err(|found| placeholder::explain(found, &definition.names).into())
    }

    /// Everything to say about the machine: what keeps it from being read or is refused or, where all is accepted, what
    /// is probably not meant.
    pub fn lint(&self, options: &LintOptions) -> Diagnostics {
        let definition = match &self.extracted.definition {
            Ok(definition) => definition,
            Err(found) => return found.clone(),
        };
        let mut compiling = self.options.clone();
        compiling.machine_type = Some(self.machine_type());
        compiling.name.get_or_insert_with(|| self.name().into());
        let found = lint_node(&definition.source, &definition.node, &compiling, options);
        placeholder::explain(found, &definition.names)
    }

    /// Whether the file is the definition and nothing else.
    pub fn is_whole_file(&self) -> bool {
        self.extracted.is_whole_file
    }

    pub(super) fn extracted(&self) -> &Extracted {
        &self.extracted
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").field("target", &self.target()).field("line", &self.line()).finish_non_exhaustive()
    }
}

/// What a search came to.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Search {
    /// The machines, by file and, within a file, in its order.
    pub found: Vec<Found>,
    /// Files and folders that could not be read, and nested stacks.
    pub failures: Vec<Error>,
    /// About files that were read all the same: entries of templates that are not YAML and were left out.
    pub warnings: Vec<Diagnostic>,
    /// Everything that was looked at: files, whether they were there or not, and folders that were listed.
    pub looked_at: BTreeSet<PathBuf>,
}

/// The machines of a file, or of all files in a folder and below it.
///
/// A machine whose definition is wrong is among them; [`Found::load`] says what is wrong with it. In a folder, files of
/// other kinds are passed over, and so are hidden folders, `node_modules` and the like. A definition that a template
/// names is found as the template's machine.
///
/// # Errors
/// A path that cannot be read; a file that holds no machine; a folder in which nothing could be read.
pub fn find(path: impl AsRef<Path>) -> Result<Vec<Found>, Error> {
    let search = search(path, &CompileOptions::default());
    match search.failures.into_iter().next() {
        Some(failure) if search.found.is_empty() => Err(failure),
        _ => Ok(search.found),
    }
}

/// As [`find`], with what the files do not say, and with all that could not be read. Of `FILE#ID` it is the one machine,
/// which may be named by its id, its own name, the last part of a way through nested stacks or modules, or what the CDK
/// made its id from.
pub fn search(path: impl AsRef<Path>, options: &CompileOptions) -> Search {
    let (path, id) = parts(path);
    let mut search = everything(&path, options);
    let Some(id) = id else { return search };
    match chosen(&path, &id, &search.found) {
        Ok(at) => search.found = vec![search.found.swap_remove(at)],
        // A file that cannot be read has no ids to choose from.
        Err(_) if search.found.is_empty() && !search.failures.is_empty() => {}
        Err(unknown) => {
            search.found.clear();
            search.failures.insert(0, unknown);
        }
    }
    search
}

/// All machines of a file or a folder.
fn everything(path: &Path, options: &CompileOptions) -> Search {
    let mut search =
        Searching { options, all: Vec::new(), failures: Vec::new(), warnings: Vec::new(), looked_at: BTreeSet::new() };
    if Files::new().is_folder(path) {
        search.folder(path);
    } else {
        search.file(path, true);
    }
    search.done()
}

struct Searching<'a> {
    options: &'a CompileOptions,
    all: Vec<Found>,
    failures: Vec<Error>,
    warnings: Vec<Diagnostic>,
    looked_at: BTreeSet<PathBuf>,
}

impl Searching<'_> {
    /// All files below a folder, in the order of their names. A link to a folder that was seen leads nowhere new.
    fn folder(&mut self, root: &Path) {
        let files = Files::new();
        let mut seen = BTreeSet::from([files.identity(root)]);
        let mut rest = vec![(root.to_owned(), 0)];
        while let Some((path, depth)) = rest.pop() {
            if !files.is_folder(&path) {
                self.file(&path, false);
                continue;
            }
            if depth > 0 && (is_skipped(&path) || depth > MAX_FOLDERS_DEEP || !seen.insert(files.identity(&path))) {
                continue;
            }
            match files.list(&path) {
                // The last is taken first.
                Ok(inside) => rest.extend(inside.into_iter().rev().map(|path| (path, depth + 1))),
                Err(e) => self.failures.push(Error::io("read", &path, e)),
            }
        }
        self.looked_at.extend(files.asked());
    }

    /// The machines of one file. One that was named has to hold some; others may be anything.
    fn file(&mut self, path: &Path, is_named: bool) {
        let name = path.to_string_lossy().into_owned();
        if !is_named && (!kind::is_of_interest(&name) || is_hidden(path)) {
            return;
        }
        let files = Files::new();
        self.read(&files, path, &name, is_named);
        self.looked_at.extend(files.asked());
    }

    fn read(&mut self, files: &Files, path: &Path, name: &str, is_named: bool) {
        let is_definition = kind::is_definition_by_name(name);
        let limit = if is_definition { MAX_DEFINITION_BYTES } else { MAX_TEMPLATE_BYTES };
        let source = match files.read(path, limit) {
            Ok(source) => source,
            Err(unread) => {
                let is_strange = match &unread {
                    Unread::Io(_) => false,
                    // Data lies about in many projects; what is no text or is huge is data.
                    Unread::TooLarge(..) | Unread::NotText(_) | Unread::NotAFile(_) => !is_definition,
                };
                if is_named || !is_strange {
                    self.failures.push(match unread {
                        Unread::TooLarge(bytes, _) if is_definition => plain::too_large(name, bytes).into(),
                        other => other.into_error(path),
                    });
                }
                return;
            }
        };
        if !is_named && !is_definition && !kind::may_hold_a_machine(source.text()) {
            return;
        }
        let settings = Settings::of(self.options);
        match kind::read(files, &source, &settings) {
            Ok(Some(read)) if !read.extracted.is_empty() => {
                self.warnings.extend(read.warnings);
                for extracted in read.extracted {
                    match (extracted.is_machine, extracted.definition) {
                        (false, Err(found)) => self.failures.push(found.into()),
                        (_, definition) => self.all.push(Found {
                            file: path.to_owned(),
                            extracted: Arc::new(Extracted { definition, ..extracted }),
                            options: self.options.clone(),
                        }),
                    }
                }
            }
            Ok(_) if is_named => self.failures.push(holds_none(&source).into()),
            Ok(_) => {}
            Err(found) => self.failures.push(found.into()),
        }
    }

    /// Each machine once: a template's machine is not found again in the file that holds its definition, and one of a
    /// nested stack not again in the nested template.
    fn done(self) -> Search {
        let files = Files::new();
        let identity = |source: &Source| files.identity(&files.path(source));
        let mut held = BTreeSet::new();
        for found in &self.all {
            if let Ok(definition) = &found.extracted.definition
                && !Arc::ptr_eq(&definition.source, &found.extracted.origin.0)
            {
                held.insert(identity(&definition.source));
            }
        }
        // The longest way to a machine says most about it; of two that are alike the one in its own file counts.
        let rank = |found: &Found| (found.depth(), found.file == found.own_file());
        let mut best: BTreeMap<(PathBuf, u32), usize> = BTreeMap::new();
        let places: Vec<(PathBuf, u32)> = self
            .all
            .iter()
            .map(|found| (identity(&found.extracted.origin.0), found.extracted.origin.1.start))
            .collect();
        for (i, (found, place)) in self.all.iter().zip(&places).enumerate() {
            let known = best.get(place).and_then(|known| self.all.get(*known));
            if known.is_none_or(|known| rank(found) > rank(known)) {
                best.insert(place.clone(), i);
            }
        }
        let stays = |(i, (found, place)): (usize, (&Found, &(PathBuf, u32)))| {
            let is_part = found.extracted.is_whole_file && held.contains(&place.0);
            // A stack or a module that is used twice makes two machines.
            let is_sibling = |best: &Found| {
                let is_like = best.depth() == found.depth() && best.file == found.file;
                is_like && found.depth() > 0 && best.id() != found.id()
            };
            let known = best.get(place).copied();
            !is_part && (known == Some(i) || known.and_then(|i| self.all.get(i)).is_some_and(is_sibling))
        };
        let keep: Vec<bool> = self.all.iter().zip(&places).enumerate().map(stays).collect();
        let mut keep = keep.into_iter();
        let mut found = self.all;
        found.retain(|_| keep.next().unwrap_or(true));
        Search { found, failures: self.failures, warnings: self.warnings, looked_at: self.looked_at }
    }
}

impl Found {
    /// In how many stacks or modules it lies.
    fn depth(&self) -> usize {
        self.id().matches('/').count() + self.id().matches("module.").count()
    }

    fn own_file(&self) -> PathBuf {
        PathBuf::from(self.extracted.origin.0.name())
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn is_skipped(path: &Path) -> bool {
    is_hidden(path) || path.file_name().is_some_and(|name| SKIPPED.iter().any(|skipped| name == *skipped))
}

/// The finding about a file that somebody named and that holds no machine.
fn holds_none(source: &Arc<Source>) -> Diagnostics {
    let message = format!("`{}` holds no state machine", source.name());
    let found = Diagnostic::error("no-machine", message);
    found
        .help(
            "a machine is a definition with `StartAt` and `States`, or lies in a SAM or CloudFormation template, in the \
             CDK's output, in Terraform, or in a Serverless file under `stepFunctions`",
        )
        .into()
}
