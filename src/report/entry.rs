//! One test of the report: what it is called, how it ended, what it reached and what happened.

use serde_json::{Value as Json, json};

use super::{is_scenario, story};
use crate::diagnostic::counted;
use crate::scenario::suite::{Case, Verdict};
use crate::time::format_offset;

/// A test.
pub(super) struct Entry {
    /// As coverage knows it: file and name.
    pub(super) test: String,
    pub(super) name: String,
    pub(super) file: String,
    pub(super) result: Ended,
    /// The machine it is about, by its place in the report.
    pub(super) machine: Option<usize>,
    /// Words of the search.
    pub(super) tags: Vec<String>,
    /// A few words behind the name.
    pub(super) note: String,
    /// Everything else, for the script.
    pub(super) data: Json,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Passed,
    Failed,
    NotRun,
    /// Nothing is known but what it reached.
    Unknown,
}

impl Ended {
    pub(super) fn word(self) -> &'static str {
        match self {
            Ended::Passed => "passed",
            Ended::Failed => "failed",
            Ended::NotRun => "notrun",
            Ended::Unknown => "unknown",
        }
    }
}

/// A test's name as coverage has it.
pub(super) fn test_name(case: &Case<'_>) -> String {
    format!("{} › {}", case.path.display(), case.name())
}

impl Entry {
    pub(super) fn of_result(case: &Case<'_>, verdict: &Verdict, machine: Option<usize>) -> Entry {
        let mut data = json!({});
        let mut tags = Vec::new();
        let mut note = String::new();
        if let Some(line) = case.line() {
            data["line"] = json!(line);
            tags = case.tags().to_vec();
            if let Verdict::Passed(outcome) | Verdict::Failed(outcome) = verdict {
                data["seed"] = json!(outcome.seed());
                data["again"] = json!(case.again(outcome));
                if let Some(run) = outcome.run() {
                    data["status"] = json!(run.status().name());
                    data["elapsed"] = json!(format_offset(run.elapsed()));
                    data["story"] = story::story(run);
                    if !run.elapsed().is_zero() {
                        note = format_offset(run.elapsed());
                    }
                }
                if let Some(cases) = outcome.cases() {
                    note = counted(usize::try_from(cases).unwrap_or(usize::MAX), "case");
                }
                if !outcome.unused_mocks().is_empty() {
                    data["unused"] = json!(outcome.unused_mocks());
                }
            }
            if let Verdict::Failed(outcome) = verdict {
                let failed = case.failed(outcome).map(|failed| failed.to_string()).unwrap_or_default();
                data["failure"] = json!(without_frame(&failed));
            }
        }
        let result = match verdict {
            Verdict::Passed(_) => Ended::Passed,
            Verdict::Failed(_) => Ended::Failed,
            Verdict::Refused(why) => {
                data["failure"] = json!(why.trim_end());
                Ended::Failed
            }
            Verdict::Ignored(why) => {
                data["reason"] = json!(why);
                note = "ignored".to_owned();
                Ended::NotRun
            }
            Verdict::Skipped => {
                note = "not run".to_owned();
                Ended::NotRun
            }
        };
        let file = case.path.display().to_string();
        let name = match case.what {
            Ok(_) => case.name().to_owned(),
            Err(_) => file.clone(),
        };
        if !is_scenario(case) {
            data["check"] = json!(true);
        }
        Entry { test: test_name(case), name, file, result, machine, tags, note, data }
    }

    pub(super) fn of_test(test: &str, machine: Option<usize>) -> Entry {
        let (file, name) = test.split_once(" › ").unwrap_or(("", test));
        Entry {
            test: test.to_owned(),
            name: name.to_owned(),
            file: file.to_owned(),
            result: Ended::Unknown,
            machine,
            tags: Vec::new(),
            note: String::new(),
            data: json!({}),
        }
    }
}

/// The text of a failure without its first line and its last one, which the page says in its own place, and without the
/// indentation that all of it has.
fn without_frame(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    if lines.first().is_some_and(|line| line.starts_with("FAIL")) {
        lines.remove(0);
    }
    if let Some(again) = lines.iter().rposition(|line| line.trim_start().starts_with("again: ")) {
        lines.truncate(again);
    }
    let indent = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let common = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let lines: Vec<&str> = lines.into_iter().map(|line| line.get(common..).unwrap_or_default()).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}
