//! Scenario files in `#[test]` functions: all those of a folder, or one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::suite::{self, Case, Check, Selection, Snapshots, Suite, Verdict};
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
/// say `ignore` are left out. Snapshots that differ or are missing fail and wait for a review; `INSTA_UPDATE=always` stores
/// them, `unseen` those that are missing, and with `no` nothing is written.
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
    let selection = Selection { in_tests: true, snapshots: asked_for(), ..Selection::default() };
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

/// What is to become of snapshots, as those who use insta say it.
#[expect(clippy::disallowed_methods, reason = "tests have no arguments; insta's users say it by this variable")]
pub(crate) fn asked_for() -> Snapshots {
    named(&std::env::var("INSTA_UPDATE").unwrap_or_default())
}

fn named(how: &str) -> Snapshots {
    match how {
        "always" | "force" => Snapshots::Store,
        "unseen" => Snapshots::StoreMissing,
        "no" => Snapshots::Keep,
        // `auto` and `new`.
        _ => Snapshots::Review,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_are_dealt_with_as_insta_would() {
        let table = [
            ("", Snapshots::Review),
            ("auto", Snapshots::Review),
            ("new", Snapshots::Review),
            ("always", Snapshots::Store),
            ("force", Snapshots::Store),
            ("unseen", Snapshots::StoreMissing),
            ("no", Snapshots::Keep),
        ];
        for (how, want) in table {
            assert_eq!(named(how), want, "{how}");
        }
    }
}
