//! Fuzzing: laws that have to hold whatever the input is and whatever goes wrong; the feature `fuzz`.
//!
//! ```
//! use rehearsal::fuzz::{Faults, Input};
//! use rehearsal::prelude::*;
//!
//! let machine = Machine::load("tests/machines/checkout.asl.json")?;
//! let report = rehearsal::fuzz(&machine)
//!     .mock("Charge", mock::payload(json!({"chargeId": "c-1"})))
//!     .mock("sns:publish", json!({}))
//!     .mock("Audit", json!({}))
//!     .mock("Refund", json!({"refunded": true}))
//!     .input(Input::examples([json!({"orderId": 7})]))
//!     .faults(Faults::of(["CardDeclined", "States.Timeout"]))
//!     .always("money that is kept has been confirmed", |run| {
//!         let charged = run.calls_to("Charge").iter().any(|call| call.outcome.as_ref().is_some_and(Result::is_ok));
//!         !charged || run.output().is_some() || !run.calls_to("Refund").is_empty()
//!     })
//!     .cases(200)
//!     .run();
//! report.assert_holds();
//! # Ok::<(), rehearsal::Error>(())
//! ```
//!
//! Each case has an input, faults on some calls, and a seed of its own for UUIDs and jitter. A case that breaks a law is
//! made as small as it gets: fewer faults, fewer strikes, a smaller input. The same seed gives the same cases and the same
//! smallest one.
//!
//! Some laws hold unless they are [allowed](Fuzz::allow) to be broken: no machine should run into `States.Runtime`,
//! `States.QueryEvaluationError` or `States.DataLimitExceeded`, and every execution ends within the service's limits.
//!
//! In scenario files, `properties` says the same, and a failing case is kept there as a scenario.

mod case;
mod faults;
mod infer;
mod input;
mod laws;
mod need;
mod report;
mod runner;
mod schema;
mod shape;
#[cfg(test)]
mod tests;

pub use faults::Faults;
pub use input::Input;
pub(crate) use laws::{Law, NEVER};
pub(crate) use report::told;
pub use report::{Counterexample, Report};
pub(crate) use runner::{Found, Plan, USUAL_CASES, Why};
pub(crate) use schema::is_schema;

use std::time::Duration;

use crate::asl::Machine;
use crate::coverage;
use crate::harness::{Harness, Run};
use crate::mock::{Mock, MockFile};
use crate::value::Str;

/// Fuzzes a machine: the short form of [`Fuzz::new`].
pub fn fuzz(machine: &Machine) -> Fuzz {
    Fuzz::new(machine)
}

/// A machine with what fuzzing needs to know: who answers, what inputs are like, what may go wrong, what has to hold.
#[derive(Clone, Debug)]
#[must_use = "nothing runs before `run`"]
pub struct Fuzz {
    plan: Plan,
    /// Errors that may occur, of those that usually may not.
    allowed: Vec<Str>,
}

impl Fuzz {
    /// 500 cases with seed 0, inputs as the definition reads them, and any faults.
    pub fn new(machine: &Machine) -> Fuzz {
        Fuzz::of(&Harness::new(machine))
    }
    /// The same with all that a harness has: mocks, objects, other machines, the clock.
    pub fn of(harness: &Harness) -> Fuzz {
        let plan = Plan {
            harness: harness.clone(),
            input: Input::inferred(),
            faults: Faults::any(),
            cases: USUAL_CASES,
            seed: 0,
            laws: Vec::new(),
        };
        Fuzz { plan, allowed: Vec::new() }
    }
    /// Says who answers; as [`Harness::mock`]. A task that nobody answers fails the case.
    pub fn mock(mut self, key: &str, mock: impl Into<Mock>) -> Fuzz {
        self.plan.harness = self.plan.harness.mock(key, mock);
        self
    }
    /// Takes the mocks and faults of a file; as [`Harness::mocks`].
    pub fn mocks(mut self, file: &MockFile) -> Fuzz {
        self.plan.harness = self.plan.harness.mocks(file);
        self
    }
    /// What inputs are like; [inferred](Input::inferred) by default.
    pub fn input(mut self, input: Input) -> Fuzz {
        self.plan.input = input;
        self
    }
    /// What may go wrong; [anything](Faults::any) by default.
    pub fn faults(mut self, faults: Faults) -> Fuzz {
        self.plan.faults = faults;
        self
    }
    /// How many cases run; 500 by default.
    pub fn cases(mut self, cases: u64) -> Fuzz {
        self.plan.cases = cases;
        self
    }
    /// Where cases come from; 0 by default.
    pub fn seed(mut self, seed: u64) -> Fuzz {
        self.plan.seed = seed;
        self
    }
    /// A law: what has to be true of every execution, with its name.
    pub fn always(mut self, law: &str, holds: impl Fn(&Run) -> bool + Send + Sync + 'static) -> Fuzz {
        self.plan.laws.push(Law::new(law, move |run| (!holds(run)).then(|| "it does not hold".to_owned())));
        self
    }
    /// A law in JSONata, as in scenario files: `$count($calls[state='Charge' and ok]) <= 1`. It sees
    ///
    /// - `$calls`: each with its `state`, `resource`, `function` (where one is called), `attempt` and `item` (both from 0),
    ///   `payload`, `at` (seconds from the start), `ok`, and its `result`, or its `error` and `cause`;
    /// - `$history`: the events as GetExecutionHistory writes them;
    /// - `$input`, `$output`, `$status`, `$variables`, `$elapsed` (seconds), and `$failure`, with its `error` and `cause`.
    ///
    /// # Panics
    /// Where it is no such expression.
    #[track_caller]
    pub fn always_jsonata(mut self, expression: &str) -> Fuzz {
        match Law::expression(expression) {
            Ok(law) => self.plan.laws.push(law),
            Err((message, help)) => panic!("{message}{}", help.map(|help| format!("; {help}")).unwrap_or_default()),
        }
        self
    }
    /// A law: every execution ends within so much time on the virtual clock.
    pub fn terminates_within(mut self, time: Duration) -> Fuzz {
        self.plan.laws.push(Law::terminates(Some(time), None));
        self
    }
    /// A law: these errors never occur, caught or not.
    pub fn never<E: Into<Str>>(mut self, errors: impl IntoIterator<Item = E>) -> Fuzz {
        self.plan.laws.push(Law::never(errors.into_iter().map(Into::into).collect()));
        self
    }
    /// Lets an error occur that usually may not, such as `States.QueryEvaluationError` where a `Catch` expects it.
    pub fn allow(mut self, error: impl Into<Str>) -> Fuzz {
        self.allowed.push(error.into());
        self
    }

    /// Runs the cases, up to the first that breaks a law.
    ///
    /// # Panics
    /// Where inputs cannot be drawn: a pattern and a length that contradict each other.
    #[track_caller]
    pub fn run(mut self) -> Report {
        self.plan.laws.extend(usual_laws(&self.allowed));
        let is_counted = coverage::is_wanted();
        match self.plan.run(is_counted) {
            Ok(tried) => {
                if is_counted {
                    coverage::record(None, &tried.reached);
                }
                Report::of(&self.plan, tried)
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// The laws that hold unless somebody says otherwise.
pub(crate) fn usual_laws(allowed: &[Str]) -> Vec<Law> {
    let errors = NEVER.iter().filter(|name| !allowed.iter().any(|a| **a == ***name)).map(|name| Str::from(*name));
    let errors: Vec<Str> = errors.collect();
    let never = (!errors.is_empty()).then(|| Law::never(errors));
    never.into_iter().chain([Law::terminates(None, None)]).collect()
}
