//! What is accepted and then hurts in production: one row per rule.
//!
//! A rule looks at the compiled machine together with the text it was written in, so that it knows what a definition
//! means and where it says so. What the service refuses is found by compilation; here a definition is known to be one.

mod flow_analysis;
mod rules;
mod subject;

use crate::asl::machine::Machine;
use crate::diagnostic::{Diagnostics, Severity};
use subject::Subject;

/// A kind of finding: its code, what it is about, and the check that finds it.
pub struct Rule {
    /// The stable code: `timeout-missing`.
    pub code: &'static str,
    /// How much its findings weigh.
    pub severity: Severity,
    /// One line for lists.
    pub summary: &'static str,
    /// Why it matters and what to do, in Markdown.
    pub explanation: &'static str,
    /// A definition that has the problem.
    pub example: &'static str,
    /// What finds it.
    check: fn(&Subject<'_>, &mut Diagnostics),
}

/// All rules, in the order of the reference page.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    rules::ALL.iter().copied().flatten()
}

impl Machine {
    /// Everything that is accepted by the service and probably not meant, in the order of the text.
    pub fn lint(&self) -> Diagnostics {
        let mut found = Diagnostics::default();
        if let Some(subject) = Subject::of(self) {
            rules().for_each(|rule| (rule.check)(&subject, &mut found));
        }
        found.sort();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_every_rule_shows_its_problem() {
        for rule in rules() {
            let machine = Machine::parse(rule.example).unwrap_or_else(|e| panic!("{}: {e}", rule.code));
            let found = machine.lint();
            assert!(found.iter().any(|d| d.code == rule.code && d.severity == rule.severity), "{}: {found}", rule.code);
        }
    }
}
