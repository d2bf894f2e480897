//! Work on threads of its own, so that whoever asks for it can wait as for any other promise.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::services::promise::{Pending, promise};

/// How many pieces of work go on at once; more wait in line.
const MOST_THREADS: usize = 64;
/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(2);

type Work = Box<dyn FnOnce() + Send>;

/// Threads and the work that waits for one.
#[derive(Default)]
struct Pool {
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    threads: usize,
    idle: usize,
}

static POOL: Pool =
    Pool { state: Mutex::new(State { waiting: VecDeque::new(), threads: 0, idle: 0 }), more: Condvar::new() };

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn take(&self, work: Work) {
        let mut state = self.state();
        state.waiting.push_back(work);
        if state.idle >= state.waiting.len() || state.threads >= MOST_THREADS {
            drop(state);
            self.more.notify_one();
            return;
        }
        state.threads += 1;
        drop(state);
        let spawned = std::thread::Builder::new().name("rehearsal-outside".into()).spawn(|| POOL.work());
        if spawned.is_err() {
            let mut state = self.state();
            state.threads -= 1;
            // Nobody would ever do it: the promise is broken, and who waits hears so.
            if state.threads == 0 {
                state.waiting.clear();
            }
        }
    }
    fn work(&self) {
        let mut state = self.state();
        loop {
            if let Some(work) = state.waiting.pop_front() {
                drop(state);
                // Work that panics breaks its promise, and the thread goes on.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
                state = self.state();
                continue;
            }
            state.idle += 1;
            let (after, waited) = self.more.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = after;
            state.idle -= 1;
            if waited.timed_out() && state.waiting.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }
}

/// Does a piece of work on another thread.
pub(crate) fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Pending<T> {
    let (promised, pending) = promise();
    POOL.take(Box::new(move || {
        let _ = promised.keep(work());
    }));
    pending
}

/// Wakes a thread that waits for a future.
struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits on this thread until a future is ready.
pub(crate) fn wait_for<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_on_threads_comes_back_and_a_panic_breaks_only_its_own_promise() {
        let all: Vec<_> = (0..200).map(|n| on_a_thread(move || n * 2)).collect();
        let broken = on_a_thread(|| -> u8 { panic!("on purpose") });
        let sum: usize = all.into_iter().map(|pending| wait_for(pending).unwrap_or_default()).sum();
        assert_eq!(sum, 199 * 200);
        assert_eq!(wait_for(broken), None);
    }
}
