//! Test results as JUnit XML, which continuous integration reads.

use std::path::{Component, Path};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use rehearsal::scenario::SUFFIXES;
use rehearsal::scenario::suite::{Case, Verdict};

use super::files;
use super::screen::Failure;

/// Writes the results, a suite for every file; without the time it took, the same run writes the same bytes.
pub(crate) fn write(path: &Path, results: &[(&Case<'_>, &Verdict)], took: Option<Duration>) -> Result<(), Failure> {
    let mut report = Report::new("rehearsal");
    report.set_time(took.unwrap_or_default());
    let mut suites: Vec<(&Path, TestSuite)> = Vec::new();
    for (case, verdict) in results {
        if suites.last().is_none_or(|(of, _)| *of != case.path) {
            suites.push((case.path, TestSuite::new(case.path.to_string_lossy().into_owned())));
        }
        if let Some((_, suite)) = suites.last_mut() {
            suite.add_test_case(test_case(case, verdict, took.is_some()));
        }
    }
    report.add_test_suites(suites.into_iter().map(|(_, suite)| counted(suite)));
    let text =
        report.to_string().map_err(|e| Failure::new(super::exit::Exit::Io, format!("failed to write JUnit: {e}")))?;
    files::write(path, text.as_bytes())
}

/// A suite with the sums that readers look for.
fn counted(mut suite: TestSuite) -> TestSuite {
    // Some readers know `skipped`, some `disabled`; those that know both would count twice.
    suite.extra.insert("skipped".into(), suite.disabled.to_string().into());
    suite.disabled = 0;
    let time = suite.test_cases.iter().filter_map(|case| case.time).sum();
    suite.set_time(time);
    suite
}

fn test_case(case: &Case<'_>, verdict: &Verdict, is_timed: bool) -> TestCase {
    let failed = |kind: &str, message: String, description: String| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(kind).set_message(message).set_description(description);
        status
    };
    let status = match (verdict, &case.what) {
        (Verdict::Passed(_), _) => TestCaseStatus::success(),
        (Verdict::Failed(outcome), _) => {
            let first = outcome.failures().next().map(|f| format!("{}: {}", f.about(), f.message()));
            let kind = if first.is_some() { "expectation" } else { "trouble" };
            let message = first.or_else(|| outcome.trouble().map(ToString::to_string)).unwrap_or_default();
            failed(
                kind,
                first_line(&message),
                case.failed(outcome).map(|failed| failed.to_string()).unwrap_or_default(),
            )
        }
        (Verdict::Refused(why), Ok(_)) => failed("expectation", first_line(why), why.clone()),
        (Verdict::Refused(why), Err(_)) => failed("file", "the file is refused".to_owned(), why.clone()),
        (Verdict::Ignored(why), _) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.clone());
            status
        }
        (Verdict::Skipped, _) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("something had failed before");
            status
        }
    };
    let mut of = TestCase::new(case.name().to_owned(), status);
    of.set_classname(class_name(case.path));
    of.extra.insert("file".into(), case.path.to_string_lossy().into_owned().into());
    if let Some(line) = case.line() {
        of.extra.insert("line".into(), line.to_string().into());
    }
    let (Verdict::Passed(outcome) | Verdict::Failed(outcome)) = verdict else {
        of.set_time(Duration::ZERO);
        return of;
    };
    of.set_time(if is_timed { outcome.took() } else { Duration::ZERO });
    if let Some(run) = outcome.run() {
        let clock = rehearsal::time::format_offset(run.elapsed());
        let unused = outcome.unused_mocks().iter().map(|unused| format!("\nunused: {unused}"));
        let seed = outcome.seed();
        let text = format!("{} · {clock} on the clock · seed {seed}", run.status().name());
        of.set_system_out(std::iter::once(text).chain(unused).collect::<String>());
    }
    of
}

/// The file as readers take apart the names of classes: `tests.scenarios.order`.
fn class_name(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let name = parts.collect::<Vec<_>>().join(".");
    let stem = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix));
    stem.unwrap_or(&name).to_owned()
}

/// An attribute is one line.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
