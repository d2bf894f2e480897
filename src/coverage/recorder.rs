//! What writes the parts of tests in Rust: nobody tells the library when the last test is over, so each test has a
//! part of its own, written anew whenever it has something to add.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};

use super::{Counted, Coverage};

/// The variable that asks for coverage: `1` for parts in [`FOLDER`] below the current folder, or another folder.
pub const VARIABLE: &str = "REHEARSAL_COVERAGE";

/// Where parts are kept.
pub const FOLDER: &str = ".rehearsal/coverage";

thread_local! {
    /// Tests of this thread whose last numbers are not written yet.
    static UNWRITTEN: RefCell<Unwritten> = RefCell::default();
}

/// Writes what is left when the thread of a test ends; nothing else says that a test is over.
#[derive(Default)]
struct Unwritten(BTreeSet<String>);

impl Drop for Unwritten {
    fn drop(&mut self) {
        let Some(recorder) = RECORDER.get().and_then(Option::as_ref) else { return };
        let mut tests = recorder.tests.lock().unwrap_or_else(PoisonError::into_inner);
        for test in &self.0 {
            if let Some(own) = tests.get_mut(test) {
                recorder.write(test, own);
            }
        }
    }
}

static RECORDER: OnceLock<Option<Recorder>> = OnceLock::new();

struct Recorder {
    folder: PathBuf,
    base: PathBuf,
    /// What the parts of this program are called before the test's own letters.
    program: String,
    tests: Mutex<BTreeMap<String, Recorded>>,
}

#[derive(Default)]
struct Recorded {
    coverage: Coverage,
    runs: u64,
    reached: usize,
    is_troubled: bool,
}

/// The folder that the value of [`VARIABLE`] asks for, if it asks for one.
pub fn folder_of(value: &str) -> Option<PathBuf> {
    match value.trim() {
        "" | "0" | "false" | "no" | "off" => None,
        "1" | "true" | "yes" | "on" => Some(PathBuf::from(FOLDER)),
        folder => Some(PathBuf::from(folder)),
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment says whether coverage is recorded, once")]
fn recorder() -> Option<&'static Recorder> {
    let make = || {
        let folder = folder_of(&std::env::var(VARIABLE).ok()?)?;
        let base = std::env::current_dir().ok()?;
        let program =
            std::env::current_exe().ok().and_then(|exe| Some(exe.file_stem()?.to_string_lossy().into_owned()));
        let program = without_hash(&program.unwrap_or_default()).to_owned();
        Some(Recorder { folder: base.join(folder), base, program, tests: Mutex::default() })
    };
    RECORDER.get_or_init(make).as_ref()
}

/// Keeps the library from recording by itself: the caller collects what its runs reach.
pub fn leave_to_caller() {
    RECORDER.get_or_init(|| None);
}

/// Whether runs are to count what they reach.
pub(crate) fn is_wanted() -> bool {
    recorder().is_some()
}

/// Takes a run of a test into the part of the test; without a name, the test is the thread's.
pub(crate) fn record(test: Option<&str>, run: &impl Counted) {
    let Some(recorder) = recorder() else { return };
    let thread = std::thread::current();
    // The test harness names the thread of a test after it.
    let test = test.or(thread.name()).unwrap_or("main");
    let mut tests = recorder.tests.lock().unwrap_or_else(PoisonError::into_inner);
    let own = tests.entry(test.to_owned()).or_default();
    own.coverage.add(&format!("{} › {test}", recorder.program), run);
    own.runs += 1;
    let reached = own.coverage.machines().iter().map(|m| m.counts().iter().filter(|c| **c > 0).count()).sum();
    // A test may run a machine a million times: what is new is written at once, bare numbers ever more rarely and when
    // the thread ends.
    let is_due = reached > own.reached || own.runs.is_power_of_two();
    own.reached = reached;
    if is_due {
        recorder.write(test, own);
    }
    let _ = UNWRITTEN.try_with(|tests| {
        let mut tests = tests.borrow_mut();
        if is_due {
            tests.0.remove(test);
        } else if !tests.0.contains(test) {
            tests.0.insert(test.to_owned());
        }
    });
}

#[expect(clippy::print_stderr, reason = "a test that passes must not fail because its coverage is lost, but be told")]
fn warn(error: &crate::error::Error) {
    eprintln!("warning: coverage is lost: {error}");
}

impl Recorder {
    fn write(&self, test: &str, own: &mut Recorded) {
        if let Err(e) = own.coverage.write_part(&self.folder, &self.part_of(test), &self.base)
            && !std::mem::replace(&mut own.is_troubled, true)
        {
            warn(&e);
        }
    }
    fn part_of(&self, test: &str) -> String {
        part_name(&self.program, &format!("{}\n{test}", self.base.display()))
    }
}

/// The name of a part, such as `scenarios-1f3a…`: the same for the same program and work, so that what is run again
/// takes the place of what it reached before.
pub fn part_name(program: &str, work: &str) -> String {
    let letters: String = Sha256::digest(work).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{program}-{letters}")
}

/// The name of a test program without the letters that cargo appends.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => name,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_names_a_folder_or_says_yes_or_no() {
        assert_eq!(folder_of("1"), Some(PathBuf::from(FOLDER)));
        assert_eq!(folder_of("cov/parts"), Some(PathBuf::from("cov/parts")));
        assert_eq!(folder_of("0"), None);
        assert_eq!(folder_of(""), None);
    }

    #[test]
    fn programs_have_the_same_name_after_every_build() {
        assert_eq!(without_hash("suite-1e72a4df27484544"), "suite");
        assert_eq!(without_hash("my-suite"), "my-suite");
    }
}
