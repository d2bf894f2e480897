//! Running the cases: draws them, judges each execution, and makes the first that breaks a law as small as it gets.

use super::case::{Case, Cases};
use super::faults::Faults;
use super::input::Input;
use super::laws::Law;
use crate::asl::Machine;
use crate::coverage::Counted;
use crate::engine::Tally;
use crate::error::Error;
use crate::harness::{Harness, Run};
use crate::mock::Unused;

/// How many cases there are where nobody says.
pub(crate) const USUAL_CASES: u64 = 500;

/// Everything that is needed to fuzz a machine.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) harness: Harness,
    pub(crate) input: Input,
    pub(crate) faults: Faults,
    pub(crate) cases: u64,
    pub(crate) seed: u64,
    pub(crate) laws: Vec<Law>,
}

/// What came of all cases.
pub(crate) struct Tried {
    /// How many cases ran, up to the first that failed.
    pub(crate) cases: u64,
    /// The smallest case that fails, if any did.
    pub(crate) found: Option<Found>,
    /// What all cases together reached, where somebody wants to know.
    pub(crate) reached: Reached,
}

/// A case that fails.
pub(crate) struct Found {
    pub(crate) case: Case,
    pub(crate) why: Why,
}

/// Why a case fails.
pub(crate) enum Why {
    /// A law does not hold.
    Broken {
        /// Its place among the laws.
        law: usize,
        /// What is wrong.
        message: String,
        /// The execution, until somebody takes it.
        run: Option<Box<Run>>,
    },
    /// The execution could not be rehearsed to its end: nothing answers a task, or nobody ends one.
    Trouble(Error),
}

/// What the cases reached of their machines.
#[derive(Default)]
pub(crate) struct Reached(Vec<(Machine, Tally)>);

impl Counted for Reached {
    fn tallies(&self) -> &[(Machine, Tally)] {
        &self.0
    }
}

impl Plan {
    /// Runs the cases up to the first that fails; `counts` says whether somebody wants to know what they reach.
    ///
    /// # Errors
    /// Inputs that cannot be drawn.
    pub(crate) fn run(&self, counts: bool) -> Result<Tried, Error> {
        let machines = self.harness.all_machines();
        let inputs = self.input.strategy(self.harness.machine_under_test());
        let mut cases = Cases::new(self.faults.strategy(&machines), inputs, self.seed);
        let reached: Vec<(Machine, Tally)> = match counts {
            true => machines.iter().map(|m| (m.clone(), Tally::of(m))).collect(),
            false => Vec::new(),
        };
        let harness = self.harness.clone().bounded().counting(reached.clone());
        for number in 1..=self.cases {
            let drawn = cases.draw()?;
            let case = drawn.case();
            let Some(why) = self.judge(&harness, &case) else { continue };
            // What is tried on the way to the smallest case covers nothing that was asked for.
            let quiet = harness.clone().counting(Vec::new());
            let wanted = why.kind();
            let fails = |case: &Case| self.judge(&quiet, case).filter(|why| why.kind() == wanted);
            let (case, why) = drawn.smallest((case, why), &self.faults, fails);
            let found = Some(Found { case, why });
            return Ok(Tried { cases: number, found, reached: Reached(reached) });
        }
        Ok(Tried { cases: self.cases, found: None, reached: Reached(reached) })
    }

    /// The mocks and faults of the harness that no case uses.
    pub(crate) fn idle(&self) -> Vec<Unused> {
        let machines = self.harness.all_machines();
        let inputs = self.input.strategy(self.harness.machine_under_test());
        let mut cases = Cases::new(self.faults.strategy(&machines), inputs, self.seed);
        let harness = self.harness.clone().bounded().counting(Vec::new());
        let mut idle: Option<Vec<Unused>> = None;
        for _ in 0..self.cases {
            let Ok(drawn) = cases.draw() else { break };
            let Ok(run) = rehearsed(&harness, &drawn.case()) else { continue };
            let is_whole = |unused: &&Unused| !matches!(unused, Unused::Reply { .. });
            let own = run.unused_mocks().iter().filter(is_whole);
            match &mut idle {
                None => idle = Some(own.cloned().collect()),
                Some(idle) => idle.retain(|known| own.clone().any(|unused| unused == known)),
            }
        }
        idle.unwrap_or_default()
    }

    /// Runs one case.
    fn judge(&self, harness: &Harness, case: &Case) -> Option<Why> {
        let run = match rehearsed(harness, case) {
            Ok(run) => run,
            Err(error) => return Some(Why::Trouble(error)),
        };
        let broken = self.laws.iter().enumerate().find_map(|(i, law)| Some((i, law.broken_by(&run)?)));
        broken.map(|(law, message)| Why::Broken { law, message, run: Some(Box::new(run)) })
    }
}

fn rehearsed(harness: &Harness, case: &Case) -> Result<Run, Error> {
    let mut harness = harness.clone().seed(case.seed);
    for fault in &case.faults {
        harness = harness.fault(fault.clone());
    }
    harness.try_run(case.input.clone())
}

impl Why {
    /// The law that is broken. What makes a case smaller must not make it another.
    fn kind(&self) -> Option<usize> {
        match self {
            Why::Broken { law, .. } => Some(*law),
            Why::Trouble(_) => None,
        }
    }
}
