//! The report: a page with the machines' pictures in the colours of their coverage, the scenarios, and what happened in
//! each of them.
//!
//! The page is one file that needs nothing else: no network, no server, no other program. What users wrote stands in it
//! as text and as data, never as markup or script; a policy in the page itself lets nothing run but its own script. The
//! same results give the same bytes.
//!
//! ```no_run
//! use rehearsal::report::Report;
//! use rehearsal::scenario::suite::{self, Selection, Suite};
//!
//! let suite = Suite::load(suite::find(["tests/scenarios"])?);
//! let mut selection = Selection::default();
//! selection.coverage = true;
//! let cases = suite.cases(&selection)?;
//! let verdicts = suite::run(&cases, &selection, |_| {});
//! let mut report = Report::new();
//! report.add_results(cases.iter().zip(&verdicts));
//! report.write("target/report")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod entry;
mod page;
mod picture;
mod story;

use std::io;
use std::path::{Path, PathBuf};

use crate::coverage::{Coverage, MachineCoverage};
use crate::scenario::suite::{Case, Verdict};
use entry::Entry;

/// Results and coverage, to be written as a page.
#[derive(Default)]
pub struct Report {
    machines: Vec<MachineCoverage>,
    entries: Vec<Entry>,
}

impl Report {
    /// A report of nothing yet.
    pub fn new() -> Report {
        Report::default()
    }

    /// Adds the results of scenarios. Runs that counted what they reach colour their machines' pictures.
    pub fn add_results<'a>(&mut self, results: impl IntoIterator<Item = (&'a Case<'a>, &'a Verdict)>) {
        let results: Vec<(&Case<'_>, &Verdict)> = results.into_iter().collect();
        let mut coverage = Coverage::default();
        for (case, verdict) in &results {
            if let Verdict::Passed(outcome) | Verdict::Failed(outcome) = verdict
                && let Some(run) = outcome.run()
            {
                coverage.add(&entry::test_name(case), run);
            }
        }
        self.add_machines(&coverage);
        // Of many scenarios in a file, all are about the same machine.
        let mut known: Option<(&Path, usize)> = None;
        for (case, verdict) in results {
            let machine = match &case.what {
                Ok((file, _)) => Some(match known.filter(|(path, _)| *path == case.path) {
                    Some((_, machine)) => machine,
                    None => self.machine(MachineCoverage::of(file.machine())),
                }),
                Err(_) => None,
            };
            known = machine.map(|machine| (case.path, machine));
            self.entries.push(Entry::of_result(case, verdict, machine));
        }
    }

    /// Adds coverage alone, with the tests that it comes from: of them only their names and paths are known.
    pub fn add_coverage(&mut self, coverage: &Coverage) {
        self.add_machines(coverage);
        for theirs in coverage.machines() {
            let machine = self.machines.iter().position(|own| own.is_same(theirs));
            for test in theirs.tests() {
                if !self.entries.iter().any(|entry| entry.machine == machine && entry.test == test) {
                    self.entries.push(Entry::of_test(test, machine));
                }
            }
        }
    }

    /// The page.
    pub fn html(&self) -> String {
        page::render(&self.machines, &self.entries)
    }

    /// Writes the page into a folder, which is made if it is not there, and says where: `index.html`. The page that was
    /// there before is replaced as a whole or stays.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, folder: impl AsRef<Path>) -> io::Result<PathBuf> {
        let path = folder.as_ref().join("index.html");
        crate::file::replace(&path, self.html().as_bytes())?;
        Ok(path)
    }

    fn add_machines(&mut self, coverage: &Coverage) {
        for theirs in coverage.machines() {
            match self.machines.iter_mut().find(|own| own.is_same(theirs)) {
                Some(own) => own.merge(theirs.clone()),
                None => self.machines.push(theirs.clone()),
            }
        }
    }

    fn machine(&mut self, machine: MachineCoverage) -> usize {
        match self.machines.iter().position(|own| own.is_same(&machine)) {
            Some(at) => at,
            None => {
                self.machines.push(machine);
                self.machines.len() - 1
            }
        }
    }
}

/// Whether a case is a scenario or a property, or something else that a file is checked for.
fn is_scenario(case: &Case<'_>) -> bool {
    case.line().is_some()
}
