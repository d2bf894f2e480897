//! What of a machine the tests reach: states, transitions, rules, retriers and whether they are used up, catchers,
//! branches, time limits.
//!
//! A [`Coverage`] adds up the runs of one or many tests. Scenario files, Rust tests and every other way of running
//! write theirs as *parts* into one folder, and `rehearsal coverage` puts them together.
//!
//! ```
//! use rehearsal::{Harness, Machine};
//! use rehearsal::coverage::{Coverage, Kind};
//! use serde_json::json;
//!
//! let machine = Machine::parse(r#"{"StartAt": "Large?", "States": {
//!     "Large?": {"Type": "Choice", "Default": "Small", "Choices": [
//!         {"Variable": "$.total", "NumericGreaterThan": 100, "Next": "Large"}]},
//!     "Large": {"Type": "Succeed"},
//!     "Small": {"Type": "Succeed"}}}"#)?;
//! let run = Harness::new(&machine).coverage().run(json!({"total": 7}));
//!
//! let mut coverage = Coverage::default();
//! coverage.add("a small order", &run);
//! let of_machine = &coverage.machines()[0];
//! assert_eq!(of_machine.share(Kind::States).to_string(), "2 of 3");
//! let missing: Vec<String> = of_machine.missing().map(|p| format!("{} {}", p.state, p.missing())).collect();
//! assert_eq!(missing[0], "Large? rule 1, to Large, never holds");
//! # Ok::<(), rehearsal::Error>(())
//! ```

mod lcov;
mod machine;
mod part;
mod point;
mod recorder;
mod table;
mod threshold;

pub use machine::{MachineCoverage, Share};
pub use part::{Parts, clear, read};
pub use point::{Event, Kind, Point};
pub use recorder::{FOLDER, VARIABLE, folder_of, leave_to_caller, part_name};
pub(crate) use recorder::{is_wanted, record};
pub use table::Table;
pub(crate) use threshold::percent;
pub use threshold::{Shortfall, Thresholds};

use crate::asl::Machine;
use crate::engine::Tally;

/// What of machines the tests reach.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    machines: Vec<MachineCoverage>,
}

/// What counted: machines with their tallies.
pub trait Counted {
    /// The machines that counted, the one under test first.
    fn tallies(&self) -> &[(Machine, Tally)];
}

impl Coverage {
    /// Adds what a run of this test reached. Of machines that were only there to be started, those count that were.
    pub fn add(&mut self, test: &str, run: &impl Counted) {
        for (i, (machine, tally)) in run.tallies().iter().enumerate() {
            let counts = point::counts(machine, tally);
            if i == 0 || counts.iter().any(|c| *c > 0) {
                self.of_machine(machine).add(test, &counts);
            }
        }
    }

    /// Adds another coverage to this one.
    pub fn merge(&mut self, other: Coverage) {
        for theirs in other.machines {
            match self.machines.iter_mut().find(|own| own.is_same(&theirs)) {
                Some(own) => own.merge(theirs),
                None => self.machines.push(theirs),
            }
        }
        self.machines.sort_by(|a, b| a.order().cmp(&b.order()));
    }

    /// The machines, in the order of their names.
    pub fn machines(&self) -> &[MachineCoverage] {
        &self.machines
    }

    /// The machines that `is_chosen` is true of.
    #[must_use]
    pub fn only(&self, is_chosen: impl Fn(&MachineCoverage) -> bool) -> Coverage {
        Coverage { machines: self.machines.iter().filter(|m| is_chosen(m)).cloned().collect() }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.machines.is_empty()
    }

    /// A line for every line of a definition that holds a point, in lcov's format; see
    /// [`MachineCoverage::file`] for which machines have lines at all.
    pub fn lcov(&self) -> String {
        lcov::write(self)
    }

    /// The coverage as JSON: machines with their shares, points and the tests that reached them.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "machines": self.machines.iter().map(MachineCoverage::to_json).collect::<Vec<_>>() })
    }

    fn of_machine(&mut self, machine: &Machine) -> &mut MachineCoverage {
        let known = self.machines.iter().position(|own| own.is_of(machine));
        let at = known.unwrap_or_else(|| {
            let fresh = MachineCoverage::of(machine);
            if let Some(at) = self.machines.iter().position(|own| own.is_same(&fresh)) {
                self.machines[at].take_for(machine);
                return at;
            }
            let at = self.machines.partition_point(|own| own.order() <= fresh.order());
            self.machines.insert(at, fresh);
            at
        });
        &mut self.machines[at]
    }
}
