//! What came of fuzzing a machine, as people read it.

use std::fmt;

use super::case::Case;
use super::runner::{Found, Plan, Tried, Why};
use crate::harness::Run;
use crate::mock::Fault;
use crate::time::format_offset;

/// What came of fuzzing a machine.
#[derive(Debug)]
#[must_use = "a law that is broken is only told here: `assert_holds` panics with it"]
pub struct Report {
    cases: u64,
    seed: u64,
    failure: Option<Counterexample>,
}

/// The smallest case that was found to break a law.
#[derive(Debug)]
pub struct Counterexample {
    law: String,
    message: String,
    input: serde_json::Value,
    faults: Vec<Fault>,
    seed: u64,
    run: Option<Run>,
}

impl Report {
    pub(super) fn of(plan: &Plan, tried: Tried) -> Report {
        let failure = tried.found.map(|Found { case, why }| {
            let Case { faults, seed, input } = case;
            let (law, message, run) = match why {
                Why::Broken { law, message, run } => {
                    let name = plan.laws.get(law).map(|law| law.name.clone()).unwrap_or_default();
                    (name, message, run.map(|run| *run))
                }
                Why::Trouble(error) => ("every case can be rehearsed".to_owned(), error.to_string(), None),
            };
            Counterexample { law, message, input: input.to_json(), faults, seed, run }
        });
        Report { cases: tried.cases, seed: plan.seed, failure }
    }

    /// Whether every law held in every case.
    pub fn holds(&self) -> bool {
        self.failure.is_none()
    }
    /// How many cases ran: all, or those up to the first that failed.
    pub fn cases(&self) -> u64 {
        self.cases
    }
    /// The seed of the cases.
    pub fn seed(&self) -> u64 {
        self.seed
    }
    /// The smallest case that breaks a law, if any does.
    pub fn failure(&self) -> Option<&Counterexample> {
        self.failure.as_ref()
    }
    /// That every law held in every case.
    ///
    /// # Panics
    /// Where one did not, with the smallest case that breaks it: its input, its faults and its history.
    #[track_caller]
    pub fn assert_holds(&self) {
        if !self.holds() {
            panic!("{self}");
        }
    }
}

impl Counterexample {
    /// The law that is broken.
    pub fn law(&self) -> &str {
        &self.law
    }
    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }
    /// The input of the execution.
    pub fn input(&self) -> &serde_json::Value {
        &self.input
    }
    /// What goes wrong in it.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
    /// The seed of the execution, for [`Harness::seed`](crate::Harness::seed).
    pub fn seed(&self) -> u64 {
        self.seed
    }
    /// The execution; `None` where it could not be rehearsed to an end, as where nothing answers a task.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(failure) = &self.failure else {
            return writeln!(f, "every law holds in {} cases · seed {}", self.cases, self.seed);
        };
        writeln!(f, "{}: {}\n", failure.law, failure.message.trim_end())?;
        writeln!(f, "{}", told(&failure.input.to_string(), &failure.faults, self.cases))?;
        if let Some(run) = &failure.run {
            writeln!(f, "\n  {} · {} on the clock", run.status().name(), format_offset(run.elapsed()))?;
            writeln!(f, "{}", run.compact().indent(4).to_string().trim_end())?;
        }
        write!(f, "\n  seed {} of the cases, seed {} of the execution", self.seed, failure.seed)
    }
}

/// The input and the faults of the smallest case, a line each.
pub(crate) fn told(input: &str, faults: &[Fault], case: u64) -> String {
    let mut lines = vec![format!("  input     {input}")];
    match faults {
        [] => lines.push("  faults    none".to_owned()),
        some => lines.extend(
            some.iter().enumerate().map(|(i, fault)| format!("  {:<8}  {fault}", if i == 0 { "faults" } else { "" })),
        ),
    }
    lines.push(format!("  found as  case {case}, made smaller"));
    lines.join("\n")
}
