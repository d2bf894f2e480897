//! `rehearsal test --watch`: runs again what a change touches.
//!
//! Files are looked at twenty times a second instead of being announced by the system. A thousand of them take one to two
//! milliseconds, and a result is there within a tenth of a second. Announcements would need ten more crates and a handle for
//! every folder, do not come from network drives and into containers, and know nothing of files that are not there yet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use rehearsal::scenario::suite::{self, Case, Selection, Snapshots, Suite, Verdict};

use super::exit::Exit;
use super::interrupt::interruptions;
use super::screen::{Failure, Screen};
use super::test::{TestArgs, show};

/// How often files are looked at.
const INTERVAL: Duration = Duration::from_millis(50);
/// No more than this part of a processor is used for looking.
const ONE_IN: u32 = 20;
/// Editors and formatters write more than once; a change is over when nothing more has changed for so long.
const QUIET: Duration = Duration::from_millis(20);
/// But nobody waits longer than so many times of quiet.
const MOST_QUIETS: usize = 15;
/// How many names a line has.
const MOST_NAMED: usize = 5;

/// The clock of files may be behind by so much.
const TICK: Duration = Duration::from_millis(20);

/// Runs everything, and then what changes touch, until it is interrupted. The suite was not loaded before `loaded`.
pub(crate) fn run(
    args: &TestArgs,
    screen: &mut Screen,
    places: &[PathBuf],
    mut suite: Suite,
    selection: &Selection,
    loaded: Instant,
) -> Result<Exit, Failure> {
    let interrupted = interruptions()?;
    let mut watch = Watch { stamps: BTreeMap::new(), failing: BTreeSet::new() };
    let mut found = discover(places);
    let mut began = now() - loaded.elapsed();
    watch.attend(&suite, &found, began);
    watch.round(args, screen, &suite.cases(selection)?, selection)?;
    loop {
        let Some(changed) = watch.wait(&interrupted, screen)? else { break };
        began = now();
        if found.folders.iter().any(|folder| changed.contains(folder)) {
            found = discover(places);
        }
        let touched: BTreeSet<PathBuf> =
            suite.sources().filter(|(_, of)| !of.is_disjoint(&changed)).map(|(path, _)| path.to_owned()).collect();
        let before: BTreeSet<PathBuf> = suite.files().map(|(path, _)| path.to_owned()).collect();
        let after: BTreeSet<PathBuf> = found.files.iter().cloned().collect();
        let gone: Vec<&PathBuf> = before.difference(&after).collect();
        let new: Vec<&PathBuf> = after.difference(&before).collect();
        if touched.is_empty() && gone.is_empty() && new.is_empty() {
            continue;
        }
        suite.refresh(found.files.clone(), |path| touched.contains(path));
        // What changes while the round runs is seen after it.
        watch.attend(&suite, &found, began);
        watch.failing.retain(|path| !gone.contains(&path));
        let sources: BTreeSet<&PathBuf> = suite
            .sources()
            .flat_map(|(_, of)| of)
            .filter(|path| changed.contains(*path) && !new.contains(path))
            .collect();
        screen.clear();
        let lines = [("changed", sources.into_iter().collect()), ("new", new.clone()), ("gone", gone)];
        let lines: String = lines.iter().map(|(word, paths)| named(word, paths)).collect();
        screen.show(|out| write!(out, "\n{lines}"))?;
        match suite.cases(selection) {
            Ok(mut cases) => {
                cases.retain(|case| touched.contains(case.path) || new.iter().any(|path| **path == case.path));
                watch.round(args, screen, &cases, selection)?;
            }
            // What was asked for by name may come back.
            Err(error) => screen.complain(&error.into()),
        }
    }
    Ok(if watch.failing.is_empty() { Exit::Succeeded } else { Exit::WorkflowFailed })
}

/// The scenario files, and the folders they were looked for in.
struct Discovered {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

/// Looks for scenario files. A place that is gone stays one that is looked at, and is a file that cannot be read.
fn discover(places: &[PathBuf]) -> Discovered {
    let mut found = Discovered { files: Vec::new(), folders: Vec::new() };
    for place in places {
        match suite::find_with_folders([place]) {
            Ok((files, folders)) => {
                found.files.extend(files);
                found.folders.extend(folders);
            }
            Err(_) => found.files.push(place.clone()),
        }
        found.folders.push(place.clone());
    }
    for list in [&mut found.files, &mut found.folders] {
        list.sort();
        list.dedup();
    }
    found
}

/// What a file was like when it was looked at: `None` where there is none.
type Stamp = Option<Seen>;

/// What tells one state of a file from another.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    modified: Option<SystemTime>,
    length: u64,
    /// A new file in the place of the old one may have its time and its length.
    number: u64,
}

#[expect(clippy::disallowed_methods, reason = "the command line watches the files that it was given")]
fn stamp(path: &Path) -> Stamp {
    let about = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&about);
    #[cfg(not(unix))]
    let number = 0;
    Some(Seen { modified: about.modified().ok(), length: about.len(), number })
}

#[expect(clippy::disallowed_methods, reason = "what was written since a round began is newer than the round")]
fn now() -> SystemTime {
    SystemTime::now()
}

struct Watch {
    /// What is watched, as it was when it was last looked at.
    stamps: BTreeMap<PathBuf, Stamp>,
    /// Files with failures.
    failing: BTreeSet<PathBuf>,
}

impl Watch {
    /// Runs cases and shows what came of them.
    fn round(
        &mut self,
        args: &TestArgs,
        screen: &mut Screen,
        cases: &[Case<'_>],
        selection: &Selection,
    ) -> Result<(), Failure> {
        #[expect(clippy::disallowed_methods, reason = "the last line says how little real time it took")]
        let began = Instant::now();
        let verdicts = suite::run(cases, selection, |_| {});
        let took = (!args.no_real_time).then(|| began.elapsed());
        if selection.snapshots == Snapshots::Store {
            let own = self.stamps.iter_mut().filter(|(path, _)| path.extension().is_some_and(|e| e == "snap"));
            own.for_each(|(path, known)| *known = stamp(path));
        }
        let results: Vec<(&Case<'_>, &Verdict)> = cases.iter().zip(&verdicts).collect();
        let of_round: BTreeSet<&Path> = cases.iter().map(|case| case.path).collect();
        self.failing.retain(|path| !of_round.contains(path.as_path()));
        let others: Vec<&PathBuf> = self.failing.iter().collect();
        let others = named("still failing", &others);
        if !cases.is_empty() {
            show(args, screen, &results, took)?;
        }
        let failed = results.iter().filter(|(_, verdict)| verdict.is_failure());
        self.failing.extend(failed.map(|(case, _)| case.path.to_owned()));
        if !args.quiet {
            screen.show(|out| writeln!(out, "{others}watching; Ctrl-C ends it"))?;
        }
        Ok(())
    }

    /// Sets what is watched from now on. What is new and was written after the round began may have been read before.
    fn attend(&mut self, suite: &Suite, found: &Discovered, began: SystemTime) {
        let paths = suite.sources().flat_map(|(_, of)| of).chain(&found.files).chain(&found.folders);
        let mut stamps = BTreeMap::new();
        for path in paths {
            if stamps.contains_key(path) {
                continue;
            }
            let of = self.stamps.get(path).copied().unwrap_or_else(|| {
                let seen = stamp(path);
                let is_sure = seen.is_none_or(|s| s.modified.is_none_or(|modified| modified + TICK < began));
                if is_sure { seen } else { seen.map(|s| Seen { modified: None, ..s }) }
            });
            stamps.insert(path.clone(), of);
        }
        self.stamps = stamps;
    }

    /// What has changed once something has and nothing more does; nothing where it is interrupted.
    fn wait(&mut self, interrupted: &Receiver<()>, screen: &Screen) -> Result<Option<BTreeSet<PathBuf>>, Failure> {
        let mut changed = BTreeSet::new();
        let mut pause = INTERVAL;
        let mut quiets = 0;
        loop {
            if screen.is_left() || !matches!(interrupted.recv_timeout(pause), Err(RecvTimeoutError::Timeout)) {
                return Ok(None);
            }
            #[expect(clippy::disallowed_methods, reason = "looking at files takes real time")]
            let began = Instant::now();
            let before = changed.len();
            let mut is_moving = false;
            for (path, known) in &mut self.stamps {
                let seen = stamp(path);
                if seen != *known {
                    *known = seen;
                    is_moving = true;
                    changed.insert(path.clone());
                }
            }
            quiets += usize::from(before > 0);
            if !changed.is_empty() && (!is_moving || quiets >= MOST_QUIETS) {
                return Ok(Some(changed));
            }
            let least = if changed.is_empty() { INTERVAL } else { QUIET };
            pause = least.max(began.elapsed() * ONE_IN);
        }
    }
}

/// `changed: a, b and 3 more`, on a line of its own.
fn named(word: &str, paths: &[&PathBuf]) -> String {
    if paths.is_empty() {
        return String::new();
    }
    let most = if paths.len() > MOST_NAMED + 1 { MOST_NAMED } else { paths.len() };
    let names: Vec<String> = paths.iter().take(most).map(|path| path.display().to_string()).collect();
    let more = if most < paths.len() { format!(" and {} more", paths.len() - most) } else { String::new() };
    format!("{word}: {}{more}\n", names.join(", "))
}
