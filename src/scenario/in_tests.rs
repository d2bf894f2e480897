//! Scenario files in `#[test]` functions: all those of a folder, or one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::suite::{self, Case, Check, Selection, Suite, Verdict};
use crate::diagnostic::counted;

/// Runs every scenario of every scenario file in a folder and below it, on all processors.
///
/// ```no_run
/// #[test]
/// fn all() {
///     rehearsal::check_dir("scenarios");
/// }
/// # fn main() {}
/// ```
///
/// A relative path starts where the test runs, which is the folder of the package where cargo runs it. Scenarios that
/// say `ignore` are left out. `INSTA_UPDATE=always` stores snapshots that differ or are missing.
///
/// To have each scenario as a test of its own, see `rehearsal::main!()` of the feature `trials`.
///
/// # Panics
/// Where something is not as expected, with all of it; where a file cannot be read; where there is no scenario file.
#[track_caller]
pub fn check_dir(path: impl AsRef<Path>) {
    if let Err(why) = check(path.as_ref()) {
        panic!("{why}");
    }
}

/// Runs every scenario of one file; for tests that are made from files, such as those of
/// [rstest](https://docs.rs/rstest):
///
/// ```ignore
/// #[rstest]
/// fn each(#[files("scenarios/**/*.rehearsal.yaml")] path: PathBuf) {
///     rehearsal::check_file(path);
/// }
/// ```
///
/// Such tests are made when they are compiled: a new file is found by the next build only.
///
/// # Panics
/// As [`check_dir`].
#[track_caller]
pub fn check_file(path: impl AsRef<Path>) {
    if let Err(why) = check(path.as_ref()) {
        panic!("{why}");
    }
}

/// All that failed, as people read it.
fn check(path: &Path) -> Result<(), String> {
    let paths: Vec<PathBuf> = suite::find([path]).map_err(|error| error.to_string())?;
    if paths.is_empty() {
        return Err(with_help(&format!("there are no scenario files in `{}`", path.display())));
    }
    let files = paths.len();
    let suite = Suite::load(paths);
    let selection = Selection { update_snapshots: is_asked_to_update(), ..Selection::default() };
    let cases = suite.cases(&selection).map_err(|error| error.to_string())?;
    let verdicts = suite::run(&cases, &selection, |_| {});
    let results: Vec<(&Case<'_>, &Verdict)> = cases.iter().zip(&verdicts).collect();
    let failed = results.iter().filter(|(_, verdict)| verdict.is_failure()).count();
    if failed == 0 {
        return Ok(());
    }
    let mut text = format!("{failed} of {} checks failed, in {}\n\n", results.len(), counted(files, "file"));
    for (case, verdict) in results {
        let _ = match (verdict, &case.what) {
            (Verdict::Failed(outcome), Ok((file, Check::Scenario(scenario)))) => {
                writeln!(text, "{}", file.failed(scenario, outcome))
            }
            (Verdict::Refused(why), _) => {
                let indented: Vec<String> = why.lines().map(|line| format!("  {line}").trim_end().to_owned()).collect();
                writeln!(text, "FAIL  {} › {}\n\n{}\n", case.path.display(), case.name(), indented.join("\n"))
            }
            _ => Ok(()),
        };
    }
    Err(text.trim_end().to_owned())
}

/// What to do where there are no scenario files.
pub(crate) fn with_help(why: &str) -> String {
    format!("{why}\nhelp: their names end in `.rehearsal.yaml`; the README shows how to write the first one")
}

/// Whether snapshots are to be stored, as those who use insta say it.
#[expect(clippy::disallowed_methods, reason = "tests have no arguments; insta's users say it by this variable")]
pub(crate) fn is_asked_to_update() -> bool {
    std::env::var("INSTA_UPDATE").is_ok_and(|how| matches!(how.as_str(), "always" | "force"))
}
