//! Faults on the wire: what goes wrong between a client and a service.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::services::wire::Identified;
use crate::services::{Service, ServiceError};

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum WireFaultKind {
    /// The connection is reset before an answer; the service did nothing.
    Reset,
    /// The service did its work, and the connection is reset before the answer.
    ResetAfter,
    /// The connection is closed in order, without an answer.
    Closed,
    /// The answer breaks off in the middle of its body.
    Truncated,
    /// The answer comes eight bytes at a time, each so much later in real time.
    Drip(Duration),
    /// Nothing ever comes.
    BlackHole,
    /// The service fails with this status: 500 or 503, with the code that goes with it.
    Status(u16),
    /// The service asks to be called less often, in its own words.
    Throttled,
    /// The answer comes so much later on the virtual clock.
    Latency(Duration),
}

/// Something that goes wrong between a client and a service.
///
/// ```
/// use rehearsal::prelude::*;
/// use rehearsal::server::WireFault;
///
/// let second_put_is_lost = WireFault::reset("dynamodb:PutItem").nth(2);
/// let slow_queue = WireFault::latency("sqs", 30.secs());
/// ```
///
/// A fault is for a service (`sqs`), for one of its operations (`sqs:SendMessage`, also `sqs:sendMessage`), or for
/// everything (`*`). It strikes every request that it fits, unless [`nth`](Self::nth) or [`times`](Self::times) says
/// otherwise. Of several that fit, the first strikes.
#[derive(Clone, Debug, PartialEq)]
pub struct WireFault {
    key: String,
    kind: WireFaultKind,
    /// How many requests that fit pass before it strikes, and how many it strikes then.
    skips: u64,
    strikes: Option<u64>,
    seen: u64,
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $kind:ty)?) => $value:expr;)*) => {
        impl WireFault {
            $($(#[$doc])*
            pub fn $name(key: &str $(, $argument: $kind)?) -> WireFault {
                WireFault::new(key, $value)
            })*
        }
    };
}

constructors! {
    /// See [`WireFaultKind::Reset`].
    reset() => WireFaultKind::Reset;
    /// See [`WireFaultKind::ResetAfter`].
    reset_after() => WireFaultKind::ResetAfter;
    /// See [`WireFaultKind::Closed`].
    closed() => WireFaultKind::Closed;
    /// See [`WireFaultKind::Truncated`].
    truncated() => WireFaultKind::Truncated;
    /// See [`WireFaultKind::Drip`].
    drip(every: Duration) => WireFaultKind::Drip(every);
    /// See [`WireFaultKind::BlackHole`].
    black_hole() => WireFaultKind::BlackHole;
    /// See [`WireFaultKind::Status`].
    status(status: u16) => WireFaultKind::Status(status);
    /// See [`WireFaultKind::Throttled`].
    throttled() => WireFaultKind::Throttled;
    /// See [`WireFaultKind::Latency`].
    latency(delay: Duration) => WireFaultKind::Latency(delay);
}

impl WireFault {
    /// A fault of this kind for the requests that a key names.
    pub fn new(key: &str, kind: WireFaultKind) -> WireFault {
        WireFault { key: key.to_owned(), kind, skips: 0, strikes: None, seen: 0 }
    }
    /// Strikes only the n-th request that it fits, from 1.
    #[must_use]
    pub fn nth(mut self, n: u64) -> WireFault {
        self.skips = n.saturating_sub(1);
        self.strikes = Some(1);
        self
    }
    /// Strikes only so many requests, the first ones.
    #[must_use]
    pub fn times(mut self, n: u64) -> WireFault {
        self.strikes = Some(n);
        self
    }
    /// What it is for.
    pub fn key(&self) -> &str {
        &self.key
    }
    /// What goes wrong.
    pub fn kind(&self) -> &WireFaultKind {
        &self.kind
    }

    fn fits(&self, service: &str, operation: &str) -> bool {
        let (own, wanted) = self.key.split_once(':').map_or((&*self.key, None), |(own, op)| (own, Some(op)));
        let is_same = |own: &str, other: &str| own.eq_ignore_ascii_case(other);
        (own == "*" || is_same(own, service)) && wanted.is_none_or(|wanted| is_same(wanted, operation))
    }
    fn strikes_now(&mut self) -> bool {
        self.seen += 1;
        self.seen > self.skips && self.strikes.is_none_or(|n| self.seen <= self.skips + n)
    }
}

/// The faults of a server.
#[derive(Debug, Default)]
pub(super) struct WireFaults(Mutex<Vec<WireFault>>);

impl WireFaults {
    pub(super) fn of(faults: Vec<WireFault>) -> WireFaults {
        WireFaults(Mutex::new(faults))
    }
    pub(super) fn add(&self, fault: WireFault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
    /// What strikes a request, if anything does.
    pub(super) fn strike(&self, service: &str, operation: &str) -> Option<WireFaultKind> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fitting = faults.iter_mut().filter(|fault| fault.fits(service, operation));
        fitting.find_map(|fault| fault.strikes_now().then(|| fault.kind.clone()))
    }
}

/// How services say that they are asked too often: the code and the status.
const THROTTLED: [(Service, &str, u16); 7] = [
    (Service::DynamoDb, "ProvisionedThroughputExceededException", 400),
    (Service::Events, "ThrottlingException", 400),
    (Service::Lambda, "TooManyRequestsException", 429),
    (Service::S3, "SlowDown", 503),
    (Service::Scheduler, "ThrottlingException", 429),
    (Service::Sns, "Throttling", 400),
    (Service::Sqs, "RequestThrottled", 403),
];

/// How services call an error of their own.
const INTERNAL: [(Service, &str); 7] = [
    (Service::DynamoDb, "InternalServerError"),
    (Service::Events, "InternalException"),
    (Service::Lambda, "ServiceException"),
    (Service::S3, "InternalError"),
    (Service::Scheduler, "InternalServerException"),
    (Service::Sns, "InternalError"),
    (Service::Sqs, "InternalError"),
];

/// The error of a service that is asked too often.
pub(super) fn throttled(identified: Option<&Identified>) -> ServiceError {
    let row = THROTTLED.iter().find(|(service, ..)| identified.is_some_and(|i| i.service == *service));
    let (code, status) = row.map_or(("ThrottlingException", 400), |(_, code, status)| (*code, *status));
    ServiceError::modelled(code, "Rate exceeded").status(status)
}

/// The error of a service that fails with a status.
pub(super) fn failed(identified: Option<&Identified>, status: u16) -> ServiceError {
    let row = INTERNAL.iter().find(|(service, _)| identified.is_some_and(|i| i.service == *service));
    let internal = row.map_or("InternalFailure", |(_, code)| *code);
    let (code, message) = match status {
        503 => ("ServiceUnavailable", "Service is unable to handle request."),
        _ => (internal, "We encountered an internal error. Please try again."),
    };
    ServiceError::coded(code, message).status(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_the_requests_that_it_is_for() {
        let faults = WireFaults::of(vec![
            WireFault::reset("dynamodb:putItem").nth(2),
            WireFault::throttled("sqs").times(1),
            WireFault::status("*:Publish", 500),
        ]);
        let put = || faults.strike("dynamodb", "PutItem");
        assert_eq!([put(), put(), put()], [None, Some(WireFaultKind::Reset), None]);
        assert_eq!(faults.strike("dynamodb", "GetItem"), None);
        assert_eq!(faults.strike("sqs", "SendMessage"), Some(WireFaultKind::Throttled));
        assert_eq!(faults.strike("sqs", "SendMessage"), None);
        assert_eq!(faults.strike("sns", "Publish"), Some(WireFaultKind::Status(500)));
    }
}
