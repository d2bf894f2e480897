//! Work on threads of its own, so that whoever asks for it can wait as for any other promise.

use crate::services::promise::{Pending, promise};

/// Does a piece of work on another thread.
pub(crate) fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Pending<T> {
    let (promised, pending) = promise();
    let work = move || {
        let _gone = promised.keep(work());
    };
    // Where no thread can be had the promise is broken, and who waits hears so.
    let _none = std::thread::Builder::new().name("rehearsal-outside".into()).spawn(work);
    pending
}
