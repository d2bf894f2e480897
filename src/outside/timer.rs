//! Real time that runs out: what happens to work outside that takes too long.

use std::collections::BinaryHeap;
use std::sync::{Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

/// Something with a time limit.
pub(crate) trait Limited: Send + Sync {
    /// The time is over.
    fn time_is_over(&self);
}

/// When which limit ends; what is gone by then is forgotten.
struct Entry {
    at: Instant,
    of: Weak<dyn Limited>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.at == other.at
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    /// The earliest is the greatest, as the heap wants it.
    fn cmp(&self, other: &Entry) -> std::cmp::Ordering {
        other.at.cmp(&self.at)
    }
}

#[derive(Default)]
struct State {
    entries: BinaryHeap<Entry>,
    is_running: bool,
}

static STATE: Mutex<State> = Mutex::new(State { entries: BinaryHeap::new(), is_running: false });
static SOONER: Condvar = Condvar::new();

/// Tells something that its time is over, unless it is gone before.
pub(crate) fn limit(of: Weak<dyn Limited>, after: Duration) {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    state.entries.push(Entry { at: now() + after, of });
    if !state.is_running {
        state.is_running = std::thread::Builder::new().name("rehearsal-timer".into()).spawn(run).is_ok();
    }
    drop(state);
    SOONER.notify_one();
}

/// The wall clock in milliseconds, for programs outside that compare it with their own.
#[expect(clippy::disallowed_methods, reason = "a program outside lives in real time, and is told its deadline in it")]
pub(crate) fn wall_clock_millis() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_millis())
}

/// An instant in real time.
#[expect(clippy::disallowed_methods, reason = "limits of work outside are in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

fn run() {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let Some(first) = state.entries.peek() else {
            state.is_running = false;
            return;
        };
        let left = first.at.saturating_duration_since(now());
        // What is over already has no use for its limit.
        if first.of.strong_count() == 0 {
            state.entries.pop();
        } else if left.is_zero() {
            let due = state.entries.pop();
            drop(state);
            if let Some(of) = due.and_then(|entry| entry.of.upgrade()) {
                of.time_is_over();
            }
            state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
        } else {
            state = SOONER.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::thread::wait_for;
    use super::*;
    use crate::services::promise::{Promise, promise};

    struct Bell(Mutex<Option<Promise<u8>>>, u8);

    impl Limited for Bell {
        fn time_is_over(&self) {
            if let Some(promised) = self.0.lock().unwrap().take() {
                let _ = promised.keep(self.1);
            }
        }
    }

    #[test]
    fn what_is_still_there_hears_that_its_time_is_over() {
        let (kept, pending) = promise();
        let (gone, never) = promise();
        let bell: Arc<dyn Limited> = Arc::new(Bell(Mutex::new(Some(kept)), 1));
        let dropped: Arc<dyn Limited> = Arc::new(Bell(Mutex::new(Some(gone)), 2));
        limit(Arc::downgrade(&dropped), Duration::from_millis(1));
        limit(Arc::downgrade(&bell), Duration::from_millis(5));
        drop(dropped);
        assert_eq!(wait_for(pending), Some(1));
        assert_eq!(wait_for(never), None);
    }
}
