//! An execution under way on a server.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::Status;
use crate::error::Error;
use crate::harness::Run;
use crate::harness::shared::{Place, Shared};

/// An execution on a [`Server`](super::Server), which goes on by itself.
#[must_use = "an execution goes on by itself, and what becomes of it is told by `finish`"]
pub struct Live {
    shared: Arc<Shared>,
    place: Place,
    patience: Duration,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("status", &self.status()).finish_non_exhaustive()
    }
}

impl Live {
    pub(super) fn new(shared: Arc<Shared>, place: Place, patience: Duration) -> Live {
        Live { shared, place, patience }
    }
    /// Waits, in real time, until a task waits for somebody outside or the execution has ended.
    ///
    /// # Panics
    /// As [`Server::run`](super::Server::run).
    #[track_caller]
    pub fn until_parked(&self) -> &Self {
        let place = self.place;
        if let Err(e) = self.shared.wait_until(self.patience, |s| s.has_ended(place) || s.is_parked(place)) {
            panic!("{e}");
        }
        self
    }
    /// Waits, in real time, until it has ended, and gives what became of it. What services hold is asked of the server.
    ///
    /// # Panics
    /// As [`Server::run`](super::Server::run).
    #[track_caller]
    pub fn finish(self) -> Run {
        match self.try_finish() {
            Ok(run) => run,
            Err(e) => panic!("{e}"),
        }
    }
    /// [`finish`](Self::finish), with what is wrong as an error.
    ///
    /// # Errors
    /// As [`finish`](Self::finish) panics.
    pub fn try_finish(self) -> Result<Run, Error> {
        let place = self.place;
        self.shared.wait_until(self.patience, |stage| stage.has_ended(place))?;
        self.so_far()
    }
    /// What became of it so far.
    ///
    /// # Errors
    /// It is unknown, which does not happen.
    pub fn so_far(&self) -> Result<Run, Error> {
        let gone = || Error::new(crate::error::ErrorKind::Usage, "look at an execution that is gone");
        self.shared.run_of(self.place).ok_or_else(gone)
    }
    /// Whether it still runs, and how it ended.
    pub fn status(&self) -> Status {
        self.shared.lock().status(self.place)
    }
}
