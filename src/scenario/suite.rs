//! Many scenario files at once: found, chosen, run on all processors, reported in the order of their names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::entry::Scenario;
use super::file::{ScenarioFile, stem_of};
#[cfg(feature = "fuzz")]
use super::property::Property;
use super::report::{Failed, quoted};
use super::run::Outcome;
use crate::error::{Error, ErrorKind};
use crate::file;
use crate::parallel;
use crate::source::Span;

/// Finds the scenario files in folders, in the order of their paths; a file that is named is taken whatever it is
/// called. Hidden folders, `target` and `node_modules` are passed over, and links to folders are not followed.
///
/// # Errors
/// A path that does not exist or cannot be read.
pub fn find<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Vec<PathBuf>, Error> {
    Ok(find_with_folders(paths)?.0)
}

/// As [`find`], with the folders that were looked through: where none of them changes, none of the files is new or gone.
///
/// # Errors
/// As [`find`].
pub fn find_with_folders<P: AsRef<Path>>(
    paths: impl IntoIterator<Item = P>,
) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Error> {
    let (mut found, mut folders) = (Vec::new(), Vec::new());
    for path in paths {
        let (files, looked_through) = file::below_with_folders(path.as_ref(), &|name| stem_of(name).is_some())?;
        found.extend(files);
        folders.extend(looked_through);
    }
    for list in [&mut found, &mut folders] {
        list.sort();
        list.dedup();
    }
    Ok((found, folders))
}

/// What becomes of snapshots that differ or are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Snapshots {
    /// They fail, and what happened is put beside them for a review.
    #[default]
    Review,
    /// They are stored.
    Store,
    /// Missing ones are stored; those that differ are as with [`Review`](Snapshots::Review).
    StoreMissing,
    /// They fail, and nothing is written.
    Keep,
}

/// Which scenarios to run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Selection {
    /// Parts of names, any of which is enough; none: every scenario. A text that is some scenario's whole name means
    /// only scenarios of that name.
    pub names: Vec<String>,
    /// Tags, any of which is enough; none: every scenario.
    pub tags: Vec<String>,
    /// In place of the seeds of the files.
    pub seed: Option<u64>,
    /// The part of the whole to run: this one, from 1, of so many.
    pub shard: Option<(usize, usize)>,
    /// Whether nothing new begins once something failed.
    pub fail_fast: bool,
    /// Whether scenarios that are marked `ignore` run, too.
    pub ignored: bool,
    /// What becomes of snapshots that differ or are missing.
    pub snapshots: Snapshots,
    /// Whether it runs in a crate's tests, where what is said to do has to be of use without the command line.
    pub in_tests: bool,
    /// Whether runs count what they reach, to be added to a [`Coverage`](crate::coverage::Coverage).
    pub coverage: bool,
}

impl Selection {
    fn chooses(&self, check: &Check<'_>, whole_names: &[&str]) -> bool {
        let fits = |part: &String| match whole_names.contains(&part.as_str()) {
            true => check.name() == part,
            false => check.name().contains(part.as_str()),
        };
        let named = self.names.is_empty() || self.names.iter().any(fits);
        let tagged = self.tags.is_empty() || self.tags.iter().any(|tag| check.tags().contains(tag));
        named && tagged
    }
}

/// Scenario files, with those that could not be read.
pub struct Suite {
    files: Vec<Loaded>,
}

/// A scenario file, or why it could not be read.
struct Loaded {
    path: PathBuf,
    file: Result<ScenarioFile, Error>,
    sources: BTreeSet<PathBuf>,
}

/// A scenario to run, or a file that could not be read, which counts as one that failed.
pub struct Case<'a> {
    /// The file.
    pub path: &'a Path,
    /// What there is to run, with the file it belongs to.
    pub what: Result<(&'a ScenarioFile, Check<'a>), &'a Error>,
}

/// What a case checks.
#[derive(Clone, Copy)]
pub enum Check<'a> {
    /// A scenario.
    Scenario(&'a Scenario),
    /// A property, in all its cases.
    #[cfg(feature = "fuzz")]
    Property(&'a Property),
    /// In a strict file, that every mock of the file is used by some scenario.
    SharedMocks,
    /// In a file that asks for it, that its scenarios cover enough of the machine.
    Coverage,
}

/// How a case ended.
pub enum Verdict {
    /// It went as expected.
    Passed(Box<Outcome>),
    /// It did not.
    Failed(Box<Outcome>),
    /// The file is refused, or mocks that its scenarios share are used by none: in words.
    Refused(String),
    /// It is marked `ignore`, for this reason.
    Ignored(String),
    /// Something else had failed before, and `fail_fast` is on.
    Skipped,
}

impl Verdict {
    /// Whether it counts as a failure.
    pub fn is_failure(&self) -> bool {
        matches!(self, Verdict::Failed(_) | Verdict::Refused(_))
    }
}

impl<'a> Check<'a> {
    /// Its name.
    pub fn name(&self) -> &'a str {
        match self {
            Check::Scenario(scenario) => scenario.name(),
            #[cfg(feature = "fuzz")]
            Check::Property(property) => property.name(),
            Check::SharedMocks => "every mock of the file is used",
            Check::Coverage => "the scenarios cover enough",
        }
    }
    /// Its tags.
    pub fn tags(&self) -> &'a [String] {
        match self {
            Check::Scenario(scenario) => scenario.tags(),
            #[cfg(feature = "fuzz")]
            Check::Property(property) => property.tags(),
            Check::SharedMocks | Check::Coverage => &[],
        }
    }
    /// Why it does not run unless it is asked for.
    pub fn ignored(&self) -> Option<&'a str> {
        match self {
            Check::Scenario(scenario) => scenario.ignored(),
            #[cfg(feature = "fuzz")]
            Check::Property(property) => property.ignored(),
            Check::SharedMocks | Check::Coverage => None,
        }
    }
    /// The place where it is written, if it is.
    fn span(&self) -> Option<Span> {
        match self {
            Check::Scenario(scenario) => Some(scenario.span),
            #[cfg(feature = "fuzz")]
            Check::Property(property) => Some(property.span),
            Check::SharedMocks | Check::Coverage => None,
        }
    }
}

impl<'a> Case<'a> {
    /// The name of what it checks.
    pub fn name(&self) -> &'a str {
        match &self.what {
            Ok((_, check)) => check.name(),
            Err(_) => "the file can be read",
        }
    }
    /// The tags of what it checks.
    pub fn tags(&self) -> &'a [String] {
        self.what.as_ref().map_or(&[], |(_, check)| check.tags())
    }
    /// Why it does not run unless it is asked for.
    pub fn ignored(&self) -> Option<&'a str> {
        self.what.as_ref().ok().and_then(|(_, check)| check.ignored())
    }
    /// The line of the file on which it is written, from 1; `None` for a check of the file as a whole.
    pub fn line(&self) -> Option<usize> {
        let (file, check) = self.what.as_ref().ok()?;
        Some(file.source.line_col(check.span()?.start as usize).0)
    }
    /// What there is to say where a scenario or a property failed.
    pub fn failed<'b>(&'b self, outcome: &'b Outcome) -> Option<Failed<'b>> {
        let (file, check) = self.what.as_ref().ok()?;
        match check {
            Check::Scenario(scenario) => Some(file.failed(scenario, outcome)),
            #[cfg(feature = "fuzz")]
            Check::Property(property) => Some(file.broken(property, outcome)),
            Check::SharedMocks | Check::Coverage => None,
        }
    }
    /// The command that runs it again, exactly.
    pub fn again(&self, outcome: &Outcome) -> Option<String> {
        let (file, check) = self.what.as_ref().ok()?;
        match check {
            Check::Scenario(scenario) => Some(file.again(scenario, outcome)),
            #[cfg(feature = "fuzz")]
            Check::Property(property) => Some(file.fuzzed_again(property, outcome)),
            Check::SharedMocks | Check::Coverage => None,
        }
    }

    /// The command that runs the whole file again.
    pub fn again_with_file(&self) -> String {
        let asked_for_by = self.what.as_ref().ok().and_then(|(file, _)| file.asked_for_by.clone());
        let file = asked_for_by.unwrap_or_else(|| quoted(&self.path.to_string_lossy()));
        format!("rehearsal test {file}")
    }
}

/// The scenarios and properties of a file.
fn written(file: &ScenarioFile) -> impl Iterator<Item = Check<'_>> {
    let scenarios = file.scenarios().iter().map(Check::Scenario);
    #[cfg(feature = "fuzz")]
    let scenarios = scenarios.chain(file.properties().iter().map(Check::Property));
    scenarios
}

impl Suite {
    /// Reads scenario files, on all processors.
    pub fn load(paths: Vec<PathBuf>) -> Suite {
        let mut suite = Suite { files: Vec::new() };
        suite.refresh(paths, |_| true);
        suite
    }

    /// Makes these the files of the suite: reads those that are new, and those that have changed.
    pub fn refresh(&mut self, paths: Vec<PathBuf>, has_changed: impl Fn(&Path) -> bool) {
        let mut known: BTreeMap<PathBuf, Loaded> =
            std::mem::take(&mut self.files).into_iter().map(|loaded| (loaded.path.clone(), loaded)).collect();
        known.retain(|path, _| !has_changed(path));
        let new: Vec<PathBuf> = paths.iter().filter(|path| !known.contains_key(*path)).cloned().collect();
        let loaded = parallel::map(&new, |path| ScenarioFile::load_noting(path));
        for (path, (file, sources)) in new.into_iter().zip(loaded) {
            known.insert(path.clone(), Loaded { path, file, sources });
        }
        self.files = paths.iter().filter_map(|path| known.remove(path)).collect();
    }

    /// The suite of files that were read already, such as those of a mock configuration.
    pub fn of(files: Vec<(PathBuf, Result<ScenarioFile, Error>)>) -> Suite {
        let sources = |path: &PathBuf, file: &Result<ScenarioFile, Error>| match file {
            Ok(file) => file.sources().clone(),
            Err(_) => BTreeSet::from([path.clone()]),
        };
        let loaded = |(path, file)| Loaded { sources: sources(&path, &file), path, file };
        Suite { files: files.into_iter().map(loaded).collect() }
    }

    /// The files, and those that could not be read.
    pub fn files(&self) -> impl Iterator<Item = (&Path, &Result<ScenarioFile, Error>)> {
        self.files.iter().map(|loaded| (loaded.path.as_path(), &loaded.file))
    }

    /// The files with everything that each was made from, also where it could not be read; see
    /// [`ScenarioFile::sources`].
    pub fn sources(&self) -> impl Iterator<Item = (&Path, &BTreeSet<PathBuf>)> {
        self.files.iter().map(|loaded| (loaded.path.as_path(), &loaded.sources))
    }

    /// The cases of a selection, in the order of the files. A file that could not be read is always among them.
    ///
    /// # Errors
    /// Tags that no scenario has; names of which nothing has a part.
    pub fn cases(&self, selection: &Selection) -> Result<Vec<Case<'_>>, Error> {
        let all: Vec<Check<'_>> = self.files.iter().flat_map(|l| l.file.iter().flat_map(written)).collect();
        for tag in &selection.tags {
            if !all.iter().any(|s| s.tags().contains(tag)) {
                let known = all.iter().flat_map(|s| s.tags()).map(String::as_str);
                let near = crate::diagnostic::did_you_mean(tag, known).map(|n| format!("; did you mean `{n}`?"));
                let what = format!("choose scenarios: none has the tag `{tag}`{}", near.unwrap_or_default());
                return Err(Error::new(ErrorKind::Usage, what));
            }
        }
        let whole_names: Vec<&str> =
            all.iter().map(|s| s.name()).filter(|n| selection.names.iter().any(|p| p == n)).collect();
        let is_whole = selection.names.is_empty() && selection.tags.is_empty();
        let mut cases = Vec::new();
        for Loaded { path, file, .. } in &self.files {
            match file {
                Err(error) => cases.push(Case { path, what: Err(error) }),
                Ok(file) => {
                    let chosen = written(file).filter(|check| selection.chooses(check, &whole_names));
                    cases.extend(chosen.map(|check| Case { path, what: Ok((file, check)) }));
                    if is_whole && !file.shared.is_empty() && file.scenarios().iter().any(|s| s.strict) {
                        cases.push(Case { path, what: Ok((file, Check::SharedMocks)) });
                    }
                    if is_whole && !file.thresholds().is_empty() {
                        cases.push(Case { path, what: Ok((file, Check::Coverage)) });
                    }
                }
            }
        }
        if let Some((part, of)) = selection.shard {
            cases = cases.into_iter().enumerate().filter(|(i, _)| i % of == part - 1).map(|(_, c)| c).collect();
        } else if cases.iter().all(|c| c.what.is_err()) && !all.is_empty() {
            let names = selection.names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" or ");
            let known = all.iter().map(|s| s.name());
            let near = selection.names.first().and_then(|n| crate::diagnostic::did_you_mean(n, known));
            let near = near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
            let what = format!("choose scenarios: none has {names} in its name and the tags asked for{near}");
            return Err(Error::new(ErrorKind::Usage, what));
        }
        Ok(cases)
    }
}

/// Runs cases on all processors; `done` hears of each as it ends, in whatever order.
pub fn run(cases: &[Case<'_>], selection: &Selection, done: impl Fn(usize) + Sync) -> Vec<Verdict> {
    let failed = AtomicBool::new(false);
    let ended = AtomicUsize::new(0);
    parallel::map(cases, |case| {
        if selection.fail_fast && failed.load(Ordering::Relaxed) {
            return Verdict::Skipped;
        }
        let verdict = run_one(case, selection);
        if verdict.is_failure() {
            failed.store(true, Ordering::Relaxed);
        }
        done(ended.fetch_add(1, Ordering::Relaxed) + 1);
        verdict
    })
}

/// Runs one case.
pub fn run_one(case: &Case<'_>, selection: &Selection) -> Verdict {
    if let Some(why) = case.ignored().filter(|_| !selection.ignored) {
        return Verdict::Ignored(why.to_owned());
    }
    match &case.what {
        Err(error) => Verdict::Refused(error.to_string()),
        Ok((file, Check::SharedMocks)) => match file.unused_by_all().as_slice() {
            [] => Verdict::Passed(Box::new(Outcome::nothing())),
            unused => Verdict::Refused(format!("no scenario of the file uses {}", unused.join(", "))),
        },
        Ok((file, Check::Coverage)) => match file.shortfalls().as_slice() {
            [] => Verdict::Passed(Box::new(Outcome::nothing())),
            shortfalls => Verdict::Refused(file.told(shortfalls)),
        },
        Ok((file, Check::Scenario(scenario))) => {
            let mut outcome = Box::new(file.play(scenario, selection.seed, selection.coverage));
            file.compare_snapshot(scenario, &mut outcome, selection);
            if outcome.passed() { Verdict::Passed(outcome) } else { Verdict::Failed(outcome) }
        }
        #[cfg(feature = "fuzz")]
        Ok((file, Check::Property(property))) => {
            let (outcome, found) = file.try_property(property, selection.seed, selection.coverage);
            let mut outcome = Box::new(outcome);
            if let Some(found) = found {
                file.keep(property, &found, &mut outcome);
            }
            if outcome.passed() { Verdict::Passed(outcome) } else { Verdict::Failed(outcome) }
        }
    }
}
