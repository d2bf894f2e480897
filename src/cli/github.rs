//! Annotations: what GitHub Actions shows beside the lines of a change. Lines of a certain form in a job's output make
//! them.

use std::fmt;
use std::path::Path;

use rehearsal::diagnostic::{Diagnostic, Severity};
use rehearsal::scenario::suite::{Case, Check, Verdict};

use super::screen::{Failure, Screen};

/// Something to say about a line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Annotation {
    severity: Severity,
    file: String,
    line: usize,
    column: Option<usize>,
    title: String,
    message: String,
}

/// Whether this is a job of GitHub Actions.
#[expect(clippy::disallowed_methods, reason = "GitHub Actions says so by the environment")]
pub(crate) fn is_asked_for() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|v| v == "true")
}

/// Writes annotations behind what people read, or beside what other programs do.
pub(crate) fn annotate(screen: &mut Screen, annotations: &[Annotation], is_for_programs: bool) -> Result<(), Failure> {
    let text: String = annotations.iter().map(|annotation| format!("{annotation}\n")).collect();
    if is_for_programs {
        screen.aside(&text);
        return Ok(());
    }
    screen.show(|out| write!(out, "{text}"))
}

/// What is said about scenarios: one annotation for each that failed, and one for each finding about a file.
pub(crate) fn of_cases(results: &[(&Case<'_>, &Verdict)]) -> Vec<Annotation> {
    results.iter().flat_map(|(case, verdict)| of_case(case, verdict)).collect()
}

fn of_case(case: &Case<'_>, verdict: &Verdict) -> Vec<Annotation> {
    let about = |line: Option<usize>, title: &str, message: String| Annotation {
        severity: Severity::Error,
        file: in_repository(case.path),
        line: line.unwrap_or(1),
        column: None,
        title: title.to_owned(),
        message,
    };
    match (verdict, &case.what) {
        (Verdict::Failed(outcome), Ok((file, Check::Scenario(scenario)))) => {
            let line = outcome.failures().find_map(|f| f.line_in(file)).unwrap_or(file.line_of(scenario));
            let mut said: Vec<String> = outcome.failures().map(|f| format!("{}: {}", f.about(), f.message())).collect();
            // The history that follows a blank line is for the log.
            let sentence = |trouble: String| trouble.split("\n\n").next().unwrap_or_default().to_owned();
            said.extend(outcome.trouble().map(|trouble| sentence(trouble.to_string())));
            said.push(format!("again: {}", file.again(scenario, outcome)));
            vec![about(Some(line), scenario.name(), said.join("\n"))]
        }
        (Verdict::Refused(_), Err(error)) if !error.diagnostics().is_empty() => {
            of_findings(error.diagnostics().iter(), case.path)
        }
        (Verdict::Refused(why), _) => vec![about(None, case.name(), why.clone())],
        _ => Vec::new(),
    }
}

/// What is said about definitions and other files; a finding without a place is one about `file`.
pub(crate) fn of_findings<'a>(findings: impl Iterator<Item = &'a Diagnostic>, file: &Path) -> Vec<Annotation> {
    let annotation = |finding: &Diagnostic| {
        let (line, column) = finding.line_col().unzip();
        let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        Annotation {
            severity: finding.severity,
            file: in_repository(finding.source.as_ref().map_or(file, |source| Path::new(source.name()))),
            line: line.unwrap_or(1),
            column,
            title: finding.code.to_owned(),
            message: format!("{}{help}", finding.message),
        }
    };
    findings.map(annotation).collect()
}

impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        write!(f, "::{word} file={},line={}", property(&self.file), self.line)?;
        if let Some(column) = self.column {
            write!(f, ",col={column}")?;
        }
        write!(f, ",title={}::{}", property(&self.title), escaped(&self.message))
    }
}

/// The path as the repository has it, whatever folder the command runs in.
#[expect(clippy::disallowed_methods, reason = "GitHub Actions says by the environment where the repository is")]
fn in_repository(path: &Path) -> String {
    let repository = std::env::var_os("GITHUB_WORKSPACE").filter(|folder| !folder.is_empty());
    let own = repository.and_then(|repository| {
        let repository = std::fs::canonicalize(repository).ok()?;
        Some(std::fs::canonicalize(path).ok()?.strip_prefix(repository).ok()?.to_owned())
    });
    own.as_deref().unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// A message in one line.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value between the commas of a list.
fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_line_or_a_value_is_escaped() {
        let annotation = Annotation {
            severity: Severity::Note,
            file: "a,b/100%:x.yaml".to_owned(),
            line: 3,
            column: Some(7),
            title: "one: two, 5 %\r\n".to_owned(),
            message: "first: 5 %\r\nsecond, third".to_owned(),
        };
        let want = "::notice file=a%2Cb/100%25%3Ax.yaml,line=3,col=7,title=one%3A two%2C 5 %25%0D%0A::\
                    first: 5 %25%0D%0Asecond, third";
        assert_eq!(annotation.to_string(), want);
        let plain = Annotation { severity: Severity::Warning, column: None, ..annotation };
        assert!(plain.to_string().starts_with("::warning file=a%2Cb/100%25%3Ax.yaml,line=3,title="), "{plain}");
    }
}
