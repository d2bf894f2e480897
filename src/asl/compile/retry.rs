//! `Retry` and `Catch`.

use super::Compiler;
use super::flow::Scope;
use super::operand::LONGEST_SECONDS;
use crate::asl::cursor::Cursor;
use crate::asl::machine::{Catcher, QueryLanguage, Retrier};
use crate::value::Str;

const RETRIER_FIELDS: &[&str] =
    &["ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"];
const CATCHER_FIELDS: &[&str] = &["ErrorEquals", "Next", "ResultPath", "Output", "Assign"];

/// The longest delay before a retry: 366 days.
const LONGEST_DELAY: u64 = 31_622_400;

impl Compiler<'_> {
    pub(super) fn retry(&mut self, state: &Cursor<'_>) -> Vec<Retrier> {
        let Some(at) = state.get("Retry") else { return Vec::new() };
        if self.array(&at).is_none() {
            return Vec::new();
        }
        let last = at.node().items().len().saturating_sub(1);
        at.items().enumerate().filter_map(|(i, entry)| self.retrier(&entry, i == last)).collect()
    }

    fn retrier(&mut self, at: &Cursor<'_>, is_last: bool) -> Option<Retrier> {
        self.object(at, "a retrier")?;
        self.known_fields(at, "a retrier", RETRIER_FIELDS);
        let errors = self.error_equals(at, is_last);
        let mut whole = |name: &str, least, most| at.get(name).and_then(|n| self.whole(&n, least, most));
        let interval_seconds = whole("IntervalSeconds", 0, LONGEST_SECONDS).unwrap_or(1);
        let max_attempts = whole("MaxAttempts", 0, LONGEST_SECONDS).unwrap_or(3);
        let max_delay_seconds = whole("MaxDelaySeconds", 1, LONGEST_DELAY);
        let backoff_rate = at.get("BackoffRate").and_then(|r| self.number_between(&r, 1.0, f64::MAX)).unwrap_or(2.0);
        let jitter = at.get("JitterStrategy").and_then(|j| self.word(&j, &["NONE", "FULL"]));
        Some(Retrier {
            errors: errors?,
            interval_seconds,
            max_attempts,
            backoff_rate,
            max_delay_seconds,
            full_jitter: jitter == Some("FULL"),
        })
    }

    pub(super) fn catch(&mut self, state: &Cursor<'_>, language: QueryLanguage, scope: &mut Scope<'_>) -> Vec<Catcher> {
        let Some(at) = state.get("Catch") else { return Vec::new() };
        if self.array(&at).is_none() {
            return Vec::new();
        }
        let last = at.node().items().len().saturating_sub(1);
        at.items().enumerate().filter_map(|(i, entry)| self.catcher(&entry, i == last, language, scope)).collect()
    }

    fn catcher(
        &mut self,
        at: &Cursor<'_>,
        is_last: bool,
        language: QueryLanguage,
        scope: &mut Scope<'_>,
    ) -> Option<Catcher> {
        self.object(at, "a catcher")?;
        self.known_fields(at, "a catcher", CATCHER_FIELDS);
        let foreign = match language {
            QueryLanguage::JsonPath => "Output",
            QueryLanguage::Jsonata => "ResultPath",
        };
        if let Some(field) = at.get(foreign) {
            self.other_language(at, &field, language);
        }
        let errors = self.error_equals(at, is_last);
        let next = self.required(at, "Next").and_then(|next| self.target(&next, scope));
        let result_path = match language {
            QueryLanguage::JsonPath => self.result_path(at.get("ResultPath")),
            QueryLanguage::Jsonata => self.result_path(None),
        };
        let output = self.output(at.get("Output"), language);
        let assign = self.assign(at.get("Assign"), language);
        Some(Catcher { errors: errors?, next: next?, result_path, output, assign })
    }

    /// `ErrorEquals`: at least one name; `States.ALL` alone, and in the last entry.
    fn error_equals(&mut self, at: &Cursor<'_>, is_last: bool) -> Option<Vec<Str>> {
        let errors = self.required(at, "ErrorEquals")?;
        self.filled_array(&errors)?;
        let mut names = Vec::new();
        for name in errors.items() {
            names.push(self.string(&name)?);
        }
        let all = errors.items().find(|n| n.node().as_str().is_some_and(|s| &**s == "States.ALL"));
        if let Some(all) = all.filter(|_| names.len() > 1 || !is_last) {
            let (label, help) = if is_last {
                (
                    "not alone",
                    "`States.ALL` matches the other names as well; write it in an entry of its own, at the end",
                )
            } else {
                ("not the last", "the entries below it would never match; move this one to the end")
            };
            let found = all.error("error-equals", "`States.ALL` must stand alone, in the last entry", label).help(help);
            self.report(found.aws(errors.schema("States.ALL must appear alone and at end of list")));
        }
        Some(names)
    }

    /// A field that must be there.
    pub(super) fn required<'c>(&mut self, at: &'c Cursor<'c>, name: &str) -> Option<Cursor<'c>> {
        let field = at.get(name);
        if field.is_none() {
            let found = at.key_error("missing-field", format!("`{name}` is missing"), "in this one");
            self.report(found.aws(at.schema(format!("These fields are required: [{name}]"))));
        }
        field
    }
}
