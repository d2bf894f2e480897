//! How often each spot of a machine was reached.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::asl::Machine;
use crate::asl::machine::{State, StateId};
use crate::asl::spots::{Spot, Spots};

/// Counts the spots of one machine that its executions reach. All that share it count together.
#[derive(Clone, Debug)]
pub struct Tally {
    spots: Arc<Spots>,
    counts: Arc<[AtomicU64]>,
}

impl Tally {
    /// Nothing is reached yet.
    pub fn of(machine: &Machine) -> Tally {
        let spots = Spots::of(&machine.inner);
        let counts = (0..spots.count()).map(|_| AtomicU64::new(0)).collect();
        Tally { spots: Arc::new(spots), counts }
    }
    pub(super) fn reached(&self, id: StateId, state: &State, spot: Spot) {
        // Nothing is decided by the counts while they grow.
        self.counts[self.spots.number(id, state, spot)].fetch_add(1, Ordering::Relaxed);
    }
    pub(super) fn machine_timed_out(&self) {
        self.counts[0].fetch_add(1, Ordering::Relaxed);
    }
    /// How often the machine as a whole timed out.
    pub(crate) fn timeouts(&self) -> u64 {
        self.counts[0].load(Ordering::Relaxed)
    }
    /// How often a spot was reached.
    pub(crate) fn count(&self, id: StateId, state: &State, spot: Spot) -> u64 {
        self.counts[self.spots.number(id, state, spot)].load(Ordering::Relaxed)
    }
}
