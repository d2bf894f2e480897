//! Every scenario of a crate as a test of its own, found when the tests run: the feature `trials`.
//!
//! A test target without the usual harness, `tests/scenarios.rs`:
//!
//! ```toml
//! [dev-dependencies]
//! rehearsal = { version = "0.1", features = ["trials"] }
//!
//! [[test]]
//! name = "scenarios"
//! harness = false
//! ```
//!
//! and one line in it:
//!
//! ```no_run
//! rehearsal::main!();
//! ```
//!
//! `cargo test` then runs every scenario of every `*.rehearsal.yaml` below `tests`, and a new file needs no new build. A
//! test is named by its file and its scenario, `tests/scenarios/order.rehearsal.yaml::a declined card`; filters,
//! `--exact`, `--skip`, `--ignored`, `--list` and cargo-nextest know it by that name. Other folders are named in the
//! macro, and start at the crate: `rehearsal::main!("scenarios", "regressions");`.
//!
//! A file that cannot be read is a test that fails, and so is a folder without any. A scenario that says `ignore` is an
//! ignored test. In a strict file, `every mock of the file is used` is one more test. Snapshots obey `INSTA_UPDATE` as
//! those of [insta](https://insta.rs) do: `INSTA_UPDATE=always cargo test` stores what happened, `unseen` does where there is
//! no snapshot yet, and with `no` nothing is written.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::scenario::suite::{self, Case, Check, Selection, Suite, Verdict};
use crate::scenario::{in_tests, quoted};

/// The main function of a test target that runs every scenario of the crate as a test of its own; see
/// [`trials`](crate::trials).
///
/// Without arguments, scenario files are looked for below the crate's folder `tests`; with some, below these.
///
/// ```no_run
/// rehearsal::main!("scenarios");
/// ```
#[macro_export]
macro_rules! main {
    () => {
        $crate::main!("tests");
    };
    ($($folder:expr),+ $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            let target = $crate::trials::Target {
                folder: env!("CARGO_MANIFEST_DIR"),
                package: env!("CARGO_PKG_NAME"),
                crate_name: env!("CARGO_CRATE_NAME"),
                file: file!(),
            };
            $crate::trials::main(&target, &[$($folder),+])
        }
    };
}

/// What [`main!`](crate::main) knows of the test target it stands in.
#[doc(hidden)]
#[derive(Debug)]
pub struct Target {
    pub folder: &'static str,
    pub package: &'static str,
    pub crate_name: &'static str,
    pub file: &'static str,
}

/// Runs what the arguments ask for.
#[doc(hidden)]
pub fn main(target: &Target, folders: &[&str]) -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "this is the main function of a test")]
    let typed = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
    let mut asked = Asked::of(typed);
    let mut trials = trials(target, folders, &asked);
    match asked.filters.as_slice() {
        [] => {}
        [only] => asked.arguments.filter = Some(only.clone()),
        // libtest-mimic knows one filter, libtest any number.
        _ => trials.retain(|trial| asked.names(trial.name())),
    }
    libtest_mimic::run(&asked.arguments, trials).exit_code()
}

/// What was typed.
struct Asked {
    arguments: Arguments,
    filters: Vec<String>,
}

/// The options of tests that have a value behind them.
const WITH_VALUES: [&str; 6] = ["--skip", "--test-threads", "--color", "--format", "--logfile", "-Z"];

impl Asked {
    fn of(typed: impl IntoIterator<Item = String>) -> Asked {
        let (mut options, mut filters) = (Vec::new(), Vec::new());
        let mut typed = typed.into_iter();
        options.extend(typed.next());
        while let Some(argument) = typed.next() {
            match argument.as_str() {
                "--" => filters.extend(typed.by_ref()),
                // As newer harnesses spell it.
                "--no-capture" => options.push("--nocapture".to_owned()),
                option if WITH_VALUES.contains(&option) => {
                    options.push(argument);
                    options.extend(typed.next());
                }
                option if option.starts_with('-') => options.push(argument),
                _ => filters.push(argument),
            }
        }
        Asked { arguments: Arguments::from_iter(options), filters }
    }

    /// Whether a filter names this test, or none is given.
    fn names(&self, test: &str) -> bool {
        let fits = |filter: &String| if self.arguments.exact { test == filter } else { test.contains(filter.as_str()) };
        self.filters.is_empty() || self.filters.iter().any(fits)
    }
}

impl Target {
    /// The crate's folder: where it is now, else where it was built.
    #[expect(clippy::disallowed_methods, reason = "cargo says by the environment where the crate is that it tests")]
    fn base(&self) -> PathBuf {
        let now = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
        let base = now.unwrap_or_else(|| PathBuf::from(self.folder));
        // Cargo runs tests in the crate's folder, where names need not be long.
        if std::env::current_dir().is_ok_and(|here| here == base) { PathBuf::new() } else { base }
    }

    /// The command that runs one test again.
    fn again(&self, test: &str, is_ignored: bool) -> String {
        // Cargo knows a target by its name, in which the crate's has underscores for hyphens.
        let stem = Path::new(self.file).file_stem().unwrap_or_default().to_string_lossy();
        let name = if stem.replace('-', "_") == self.crate_name { &stem } else { self.crate_name };
        let ignored = if is_ignored { " --ignored" } else { "" };
        format!("cargo test -p {} --test {name} --{ignored} --exact {}", self.package, quoted(test))
    }
}

fn trials(target: &Target, folders: &[&str], asked: &Asked) -> Vec<Trial> {
    let base = target.base();
    let found = suite::find(folders.iter().map(|folder| base.join(folder)));
    let mut paths = match found {
        Ok(paths) if !paths.is_empty() => paths,
        Ok(_) => {
            let looked: Vec<String> = folders.iter().map(|folder| format!("`{folder}`")).collect();
            let why = format!("there are no scenario files in {} of `{}`", looked.join(", "), shown(&base));
            return vec![failing(asked, "scenario files are found", in_tests::with_help(&why))];
        }
        Err(error) => return vec![failing(asked, "scenario files are found", error.to_string())],
    };
    // One test of many is what cargo-nextest asks for, as often as there are tests.
    if asked.arguments.exact && !asked.filters.is_empty() {
        let begins = |name: &String, file: &str| name.strip_prefix(file).is_some_and(|rest| rest.starts_with("::"));
        paths.retain(|path| {
            let file = file_name(path, &base);
            asked.filters.iter().any(|name| begins(name, &file))
        });
    }
    // The tests live as long as the process, and so do the files they are in.
    let suite: &'static Suite = Box::leak(Box::new(Suite::load(paths)));
    let cases = match suite.cases(&Selection::default()) {
        Ok(cases) => cases,
        Err(error) => return vec![failing(asked, "scenarios are chosen", error.to_string())],
    };
    let mut names = Names::default();
    let trial = |case: Case<'static>| {
        let name = names.one_of_its_own(&format!("{}::{}", file_name(case.path, &base), one_line(case.name())));
        if case.what.is_err() {
            let verdict = suite::run_one(&case, &Selection::default());
            return failing(asked, &name, told(&case, verdict, "").err().unwrap_or_default());
        }
        let is_ignored = matches!(&case.what, Ok((_, Check::Scenario(s))) if s.ignored().is_some());
        let again = target.again(&name, is_ignored);
        let run = move || {
            let snapshots = in_tests::asked_for();
            let selection = Selection { ignored: true, in_tests: true, snapshots, ..Selection::default() };
            let verdict = suite::run_one(&case, &selection);
            told(&case, verdict, &again).map_err(Failed::from)
        };
        Trial::test(name, run).with_ignored_flag(is_ignored)
    };
    cases.into_iter().map(trial).collect()
}

/// What is said about a test that failed.
fn told(case: &Case<'_>, verdict: Verdict, again: &str) -> Result<(), String> {
    match (verdict, &case.what) {
        (Verdict::Failed(outcome), Ok((file, Check::Scenario(scenario)))) => {
            Err(file.failed(scenario, &outcome).again(again).to_string())
        }
        (Verdict::Refused(why), _) => Err(why),
        _ => Ok(()),
    }
}

/// A test that fails whatever is asked for: a filter must not make a test pass whose file cannot be read.
fn failing(asked: &Asked, name: &str, why: String) -> Trial {
    let name = match asked.filters.first() {
        Some(filter) if asked.arguments.exact => filter.clone(),
        Some(filter) if !asked.names(name) => format!("{name} (it may hold `{filter}`)"),
        _ => name.to_owned(),
    };
    Trial::test(name, move || Err(Failed::from(why)))
}

/// A file as the names of its tests have it: from the crate's folder, the same on every system.
fn file_name(path: &Path, base: &Path) -> String {
    let own = path.strip_prefix(base).unwrap_or(path);
    let parts = own.components().filter(|part| *part != Component::CurDir);
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
    one_line(&parts.join("/"))
}

fn shown(base: &Path) -> String {
    if base.as_os_str().is_empty() { "this crate".to_owned() } else { base.display().to_string() }
}

/// Lists of tests have one in a line.
fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// The names given so far.
#[derive(Default)]
struct Names(BTreeMap<String, usize>);

impl Names {
    /// The name, with a number behind it where another test has it.
    fn one_of_its_own(&mut self, name: &str) -> String {
        let count = self.0.entry(name.to_owned()).or_default();
        *count += 1;
        if *count == 1 { name.to_owned() } else { format!("{name} ({count})") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Target =
        Target { folder: "/nowhere", package: "shop", crate_name: "order_flow", file: "tests/order-flow.rs" };

    #[test]
    fn a_test_is_run_again_by_the_name_that_cargo_knows() {
        let name = "tests/a.rehearsal.yaml::it's late";
        let want = "cargo test -p shop --test order-flow -- --exact \"tests/a.rehearsal.yaml::it's late\"";
        assert_eq!(TARGET.again(name, false), want);
        let moved = Target { file: "src/flows/main.rs", ..TARGET };
        assert_eq!(moved.again("a", true), "cargo test -p shop --test order_flow -- --ignored --exact a");
    }

    fn asked(typed: &[&str]) -> Asked {
        Asked::of(std::iter::once("scenarios").chain(typed.iter().copied()).map(str::to_owned))
    }

    #[test]
    fn a_file_that_cannot_be_read_fails_whatever_is_asked_for() {
        let name =
            |typed: &[&str]| failing(&asked(typed), "a.yaml::the file can be read", String::new()).name().to_owned();
        assert_eq!(name(&[]), "a.yaml::the file can be read");
        assert_eq!(name(&["can be"]), "a.yaml::the file can be read");
        assert_eq!(name(&["late"]), "a.yaml::the file can be read (it may hold `late`)");
        assert_eq!(name(&["--exact", "a.yaml::late"]), "a.yaml::late");
    }

    #[test]
    fn filters_are_what_stands_between_the_options() {
        let several = asked(&["late", "--skip", "x y", "--test-threads", "1", "early", "--no-capture", "--skip=z"]);
        assert_eq!(several.filters, ["late", "early"]);
        assert_eq!((several.arguments.skip.len(), several.arguments.test_threads), (2, Some(1)));
        assert!(several.names("too late") && several.names("early") && !several.names("x"));
        let exact = asked(&["--exact", "--nocapture", "a", "b"]);
        assert!(exact.names("a") && exact.names("b") && !exact.names("ab"));
        assert!(asked(&["--list", "--format", "terse"]).names("anything"));
    }

    #[test]
    fn a_name_is_one_line_and_there_once() {
        let mut names = Names::default();
        let two = [names.one_of_its_own(&one_line("a\nb\n")), names.one_of_its_own("a b")];
        assert_eq!(two, ["a b", "a b (2)"]);
        assert_eq!(file_name(Path::new("/x/tests/./a.yaml"), Path::new("/x")), "tests/a.yaml");
    }
}
