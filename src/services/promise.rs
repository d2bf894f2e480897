//! A value that comes later: who waits and who delivers.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// What both sides share.
struct Shared<T> {
    value: Option<T>,
    waker: Option<Waker>,
    /// The side that delivers is gone.
    is_broken: bool,
}

/// The side that delivers.
pub(crate) struct Promise<T>(Arc<Mutex<Shared<T>>>);

/// The side that waits. It gives nothing where the promise was broken.
pub(crate) struct Pending<T>(Arc<Mutex<Shared<T>>>);

/// A promise, and what waits for it.
pub(crate) fn promise<T>() -> (Promise<T>, Pending<T>) {
    let shared = Arc::new(Mutex::new(Shared { value: None, waker: None, is_broken: false }));
    (Promise(Arc::clone(&shared)), Pending(shared))
}

impl<T> Promise<T> {
    /// Delivers; gives the value back where nobody waits any more.
    pub(crate) fn keep(self, value: T) -> Result<(), T> {
        if self.is_abandoned() {
            return Err(value);
        }
        let waker = {
            let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            shared.value = Some(value);
            shared.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }
    /// Whether nobody waits any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        let waker = {
            let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            shared.is_broken = true;
            shared.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Pending<T> {
    /// What has come, if anything has.
    #[cfg(test)]
    pub(crate) fn take(&mut self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).value.take()
    }
}

impl<T> Future for Pending<T> {
    type Output = Option<T>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match shared.value.take() {
            Some(value) => Poll::Ready(Some(value)),
            None if shared.is_broken => Poll::Ready(None),
            None => {
                shared.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> std::fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Promise")
    }
}

impl<T> std::fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pending")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_kept_once_and_noticed_when_abandoned_or_broken() {
        let mut cx = Context::from_waker(Waker::noop());
        let (promised, mut pending) = promise();
        assert!(Pin::new(&mut pending).poll(&mut cx).is_pending());
        assert_eq!(promised.keep(1), Ok(()));
        assert_eq!(Pin::new(&mut pending).poll(&mut cx), Poll::Ready(Some(1)));

        let (promised, pending) = promise();
        drop(pending);
        assert!(promised.is_abandoned());
        assert_eq!(promised.keep(2), Err(2));

        let (promised, mut pending) = promise::<u8>();
        drop(promised);
        assert_eq!(Pin::new(&mut pending).poll(&mut cx), Poll::Ready(None));
    }
}
