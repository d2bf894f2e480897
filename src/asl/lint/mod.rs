//! What is wrong with a definition, and what is accepted and then hurts in production: one row per rule.
//!
//! A rule looks at the compiled machine together with the text it was written in, so that it knows what a definition
//! means and where it says so. What the service refuses is found by compilation, before any rule looks; those codes have
//! rows as well, so that every code can be explained.
//!
//! ```
//! use rehearsal::Machine;
//!
//! let machine = Machine::parse(
//!     r#"{"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "End": true,
//!         "Resource": "arn:aws:states:us-east-1:123456789012:activity:ask"}}}"#,
//! )?;
//! let found = machine.lint();
//! assert_eq!(found.as_slice()[0].code, "timeout-missing");
//! # Ok::<(), rehearsal::Error>(())
//! ```

use std::sync::Arc;

use crate::asl::compile::{CompileOptions, compile};
use crate::asl::machine::Machine;
use crate::diagnostic::{Diagnostics, Severity, did_you_mean};
use crate::source::{Node, Source, parse};

mod allow;
mod config;
mod explain;
mod flow_analysis;
mod graph;
mod options;
mod reading;
mod refusals;
mod rules;
mod subject;

pub use config::{CONFIG_FILES, is_code};
pub use explain::page;
pub use options::{Level, LintOptions};
pub use rules::ApiModels;
use subject::Subject;

/// A kind of finding: its code, what it is about, and the check that finds it.
pub struct Rule {
    /// The stable code: `timeout-missing`.
    pub code: &'static str,
    /// How much its findings weigh, or the heaviest of them.
    pub severity: Severity,
    /// One line for lists.
    pub summary: &'static str,
    /// Why it matters and what to do, in Markdown.
    pub explanation: &'static str,
    /// A definition that has the problem; empty where one would be too long to show.
    pub example: &'static str,
    /// What finds it.
    check: fn(&Subject<'_>, &mut Diagnostics),
}

/// The rules about what the service accepts, in the order of the reference page.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    rules::ALL.iter().copied().flatten()
}

/// What the service refuses, and so never reaches a rule: one row a code, in the order of the reference page.
pub fn refusals() -> impl Iterator<Item = &'static Rule> {
    refusals::ROWS.iter()
}

/// What keeps a definition from being read out of a file: one row a code.
pub fn unreadable() -> impl Iterator<Item = &'static Rule> {
    reading::ROWS.iter()
}

/// The rows of all codes that a definition's findings can have.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    rules().chain(refusals()).chain(unreadable())
}

/// The row of a code.
pub fn find(code: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.code == code)
}

/// The help about a code that nothing has.
pub fn suggestion(code: &str) -> String {
    match did_you_mean(code, all().map(|rule| rule.code)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`rehearsal explain --list` shows all codes".to_owned(),
    }
}

/// Everything to say about a definition: what the service refuses or, where it accepts, what is probably not meant. In
/// the order of the text; empty where all is well.
pub fn lint_source(source: &Arc<Source>, compiling: &CompileOptions, options: &LintOptions) -> Diagnostics {
    match parse(source, source.format()) {
        Ok(node) => lint_node(source, &node, compiling, options),
        Err(found) => settle(found, options),
    }
}

/// The same for a definition that is read already.
pub(crate) fn lint_node(
    source: &Arc<Source>,
    node: &Node,
    compiling: &CompileOptions,
    options: &LintOptions,
) -> Diagnostics {
    match compile(source, node, compiling) {
        Ok(machine) => machine.lint_with(options),
        Err(found) => {
            let more = behind_placeholders(source, node, compiling, options, &found);
            let found = Diagnostics::from(found.into_iter().chain(more).collect::<Vec<_>>());
            settle(allow::apply(source, node, found, true), options)
        }
    }
}

/// What the rules say of a definition in which nothing is wrong but that functions have no ARNs yet: whoever writes a
/// template wants to know that before it is deployed.
fn behind_placeholders(
    source: &Arc<Source>,
    node: &Node,
    compiling: &CompileOptions,
    options: &LintOptions,
    found: &Diagnostics,
) -> Diagnostics {
    if compiling.stand_ins || found.iter().any(|d| d.code != "placeholder") {
        return Diagnostics::default();
    }
    match compile(source, node, &compiling.clone().stand_ins(true)) {
        Ok(machine) => machine.looked_at(options),
        Err(_) => Diagnostics::default(),
    }
}

/// Gives findings the severities that somebody decided on, and puts them in order.
fn settle(found: Diagnostics, options: &LintOptions) -> Diagnostics {
    let decided = found.into_iter().filter_map(|mut finding| {
        finding.severity = options.severity(finding.code, finding.severity)?;
        Some(finding)
    });
    let mut found = Diagnostics::from(decided.collect::<Vec<_>>());
    found.sort();
    found
}

impl Machine {
    /// Everything that is accepted by the service and probably not meant, in the order of the text, but for what the
    /// definition's comments allow.
    pub fn lint(&self) -> Diagnostics {
        self.lint_with(&LintOptions::default())
    }

    /// The same, with rules switched off or counting more than usual.
    pub fn lint_with(&self, options: &LintOptions) -> Diagnostics {
        let Some(source) = &self.inner.source else { return Diagnostics::default() };
        settle(allow::apply(source, &self.inner.node, self.looked_at(options), false), options)
    }

    /// What all rules find, in the order of the rules.
    fn looked_at(&self, options: &LintOptions) -> Diagnostics {
        let mut found = Diagnostics::default();
        if let Some(subject) = Subject::of(self, options) {
            rules().for_each(|rule| (rule.check)(&subject, &mut found));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_every_rule_shows_its_problem() {
        // Small models of our own: what is on the machine differs.
        let models = ApiModels::open(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lint/api-models")).unwrap();
        let options = LintOptions::default().api_models(models);
        for rule in rules() {
            let machine = Machine::parse(rule.example).unwrap_or_else(|e| panic!("{}: {e}", rule.code));
            let found = machine.lint_with(&options);
            assert!(found.iter().any(|d| d.code == rule.code && d.severity == rule.severity), "{}: {found}", rule.code);
        }
    }

    #[test]
    fn the_example_of_every_refusal_is_refused_for_it() {
        for rule in refusals().filter(|rule| !rule.example.is_empty()) {
            let source = Arc::new(Source::new("definition", rule.example));
            let found = lint_source(&source, &CompileOptions::default(), &LintOptions::default());
            assert!(found.iter().any(|d| d.code == rule.code && d.severity == rule.severity), "{}: {found}", rule.code);
        }
    }

    #[test]
    fn a_code_stands_once_in_the_tables() {
        let codes: Vec<&str> = all().map(|rule| rule.code).collect();
        for (i, code) in codes.iter().enumerate() {
            assert!(!codes[..i].contains(code), "{code}");
            assert!(code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{code}");
        }
    }

    /// A machine that waits for an answer for ever, in a state with a comment, under a comment.
    fn waiting(machine: &str, state: &str) -> Diagnostics {
        let definition = serde_json::json!({
            "Comment": machine, "StartAt": "Both", "States": {"Both": {"Type": "Parallel", "End": true, "Comment": state,
                "Branches": [{"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "End": true,
                    "Resource": "arn:aws:states:us-east-1:123456789012:activity:ask"}}}]}}
        });
        Machine::from_json(&definition).unwrap().lint()
    }

    #[test]
    fn a_comment_switches_a_rule_off_for_what_it_stands_on() {
        let codes = |found: &Diagnostics| found.iter().map(|d| d.code).collect::<Vec<_>>();
        assert_eq!(codes(&waiting("", "")), ["timeout-missing"]);
        assert_eq!(codes(&waiting("rehearsal: allow timeout-missing", "")), [""; 0]);
        assert_eq!(codes(&waiting("", "People are slow; rehearsal: allow timeout-missing.")), [""; 0]);
        let found = waiting("", "rehearsal: allow timeout-mising");
        assert_eq!(codes(&found), ["allow-unknown", "timeout-missing"]);
        assert_eq!(found.as_slice()[0].help.as_deref(), Some("did you mean `timeout-missing`?"));
        let found = waiting("rehearsal: allow syntax", "rehearsal: allow timeout-missing");
        assert_eq!(codes(&found), ["allow-unused"]);
    }

    #[test]
    fn options_switch_rules_off_or_make_them_count() {
        let text = find("timeout-missing").unwrap().example;
        let machine = Machine::parse(text).unwrap();
        let with = |options: LintOptions| machine.lint_with(&options).iter().map(|d| d.severity).collect::<Vec<_>>();
        assert_eq!(with(LintOptions::default()), [Severity::Warning]);
        assert_eq!(with(LintOptions::default().allow("timeout-missing")), []);
        assert_eq!(with(LintOptions::default().deny("warnings")), [Severity::Error]);
    }
}
