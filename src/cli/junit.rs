//! Test results as JUnit XML, which continuous integration reads.

use std::path::Path;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use rehearsal::Error;
use rehearsal::scenario::suite::{Case, Check, Verdict};

use super::files;
use super::screen::Failure;

/// Writes the results, a suite for every file.
pub(crate) fn write(path: &Path, results: &[(&Case<'_>, &Verdict)]) -> Result<(), Failure> {
    let mut report = Report::new("rehearsal");
    let mut suites: Vec<(&Path, TestSuite)> = Vec::new();
    for (case, verdict) in results {
        if suites.last().is_none_or(|(of, _)| *of != case.path) {
            suites.push((case.path, TestSuite::new(case.path.to_string_lossy().into_owned())));
        }
        if let Some((_, suite)) = suites.last_mut() {
            suite.add_test_case(test_case(case, verdict));
        }
    }
    report.add_test_suites(suites.into_iter().map(|(_, suite)| suite));
    let text =
        report.to_string().map_err(|e| Failure::new(super::exit::Exit::Io, format!("failed to write JUnit: {e}")))?;
    files::replace(path, text.as_bytes()).map_err(|e| Failure::from(Error::io("write", path, e)))
}

fn test_case(case: &Case<'_>, verdict: &Verdict) -> TestCase {
    let failed = |message: String, description: String| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(message).set_description(description);
        status
    };
    let status = match (verdict, &case.what) {
        (Verdict::Passed(_), _) => TestCaseStatus::success(),
        (Verdict::Failed(outcome), Ok((file, Check::Scenario(scenario)))) => {
            let first = outcome.failures().next().map(|f| format!("{}: {}", f.about(), f.message()));
            let message = first.or_else(|| outcome.trouble().map(ToString::to_string)).unwrap_or_default();
            failed(message, file.failed(scenario, outcome).to_string())
        }
        (Verdict::Failed(_), _) => failed(String::new(), String::new()),
        (Verdict::Refused(why), _) => failed("the file is refused".to_owned(), why.clone()),
        (Verdict::Ignored(why), _) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.clone());
            status
        }
        (Verdict::Skipped, _) => TestCaseStatus::skipped(),
    };
    let mut of = TestCase::new(case.name().to_owned(), status);
    of.set_classname(case.path.to_string_lossy().into_owned());
    // Real time would make two equal runs differ; time on the virtual clock is what people compare.
    let elapsed = match verdict {
        Verdict::Passed(outcome) | Verdict::Failed(outcome) => outcome.run().map(rehearsal::Run::elapsed),
        _ => None,
    };
    of.set_time(elapsed.unwrap_or(Duration::ZERO));
    of
}
