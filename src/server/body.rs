//! Bodies of responses, whole or spoilt by a fault.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// A body that a fault broke off, or nothing but that.
#[derive(Debug)]
pub(super) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault broke the connection off")
    }
}

impl std::error::Error for BrokenOff {}

impl From<Infallible> for BrokenOff {
    fn from(never: Infallible) -> BrokenOff {
        match never {}
    }
}

/// A response's body.
pub(super) enum Body {
    /// All of it at once.
    Whole(Option<Bytes>),
    /// Half of it, and then the connection breaks.
    Truncated { half: Option<Bytes>, of: u64, sleep: Pin<Box<Sleep>> },
    /// A few bytes at a time.
    Drip { left: Bytes, every: Duration, sleep: Pin<Box<Sleep>> },
}

impl Body {
    pub(super) fn truncated(whole: Bytes) -> Body {
        let sleep = Box::pin(tokio::time::sleep(SENT));
        Body::Truncated { of: whole.len() as u64, half: Some(whole.slice(..whole.len() / 2)), sleep }
    }
    pub(super) fn drip(whole: Bytes, every: Duration) -> Body {
        Body::Drip { left: whole, every, sleep: Box::pin(tokio::time::sleep(every)) }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Body {
        Body::Whole(Some(bytes).filter(|b| !b.is_empty()))
    }
}

/// How long half a body needs to leave before the connection breaks.
const SENT: Duration = Duration::from_millis(50);
/// How many bytes a slow body gives at a time.
const DROP: usize = 8;

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match &mut *self {
            Body::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Body::Truncated { half, sleep, .. } => match half.take().filter(|b| !b.is_empty()) {
                Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                None => sleep.as_mut().poll(cx).map(|()| Some(Err(BrokenOff))),
            },
            Body::Drip { left, every, sleep } => {
                if left.is_empty() {
                    return Poll::Ready(None);
                }
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                let next = Instant::now() + *every;
                sleep.as_mut().reset(next);
                let drop = left.split_to(left.len().min(DROP));
                Poll::Ready(Some(Ok(Frame::data(drop))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Whole(bytes) => bytes.is_none(),
            Body::Truncated { .. } => false,
            Body::Drip { left, .. } => left.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Body::Whole(bytes) => bytes.as_ref().map_or(0, |b| b.len() as u64),
            Body::Truncated { of, .. } => *of,
            Body::Drip { left, .. } => left.len() as u64,
        })
    }
}
