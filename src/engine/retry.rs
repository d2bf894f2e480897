//! Retry and Catch: which entry an error meets, and how long the next attempt waits.

use std::time::Duration;

use crate::asl::machine::{Catcher, Retrier};
use crate::value::Str;

/// An error as Retry and Catch look at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure<'a> {
    pub name: &'a str,
    /// A missed heartbeat, which histories call `States.Timeout`.
    pub heartbeat: bool,
    /// The error came out of a branch or an iteration.
    pub from_block: bool,
}

impl Failure<'_> {
    /// Whether one name of an `ErrorEquals` list meets this error.
    fn meets(self, entry: &str) -> bool {
        let timeout = matches!(self.name, "States.Timeout" | "States.HeartbeatTimeout");
        match entry {
            "States.ALL" => true,
            "States.TaskFailed" => !timeout,
            "States.Timeout" => timeout,
            "States.HeartbeatTimeout" => self.heartbeat || self.name == entry,
            "States.BranchFailed" => self.from_block || self.name == entry,
            _ => self.name == entry,
        }
    }
    fn meets_any(self, entries: &[Str]) -> bool {
        entries.iter().any(|e| self.meets(e))
    }
}

/// The retrier that takes the error: the first in order whose list has it. One that is used up does not fall
/// through to a later one.
pub(super) fn retrier(list: &[Retrier], used: &[u64], failure: Failure<'_>) -> Option<usize> {
    let i = first_with(list, failure)?;
    (used.get(i).copied().unwrap_or(0) < list[i].max_attempts).then_some(i)
}

/// The first retrier whose list has the error, used up or not.
pub(super) fn first_with(list: &[Retrier], failure: Failure<'_>) -> Option<usize> {
    list.iter().position(|r| failure.meets_any(&r.errors))
}

/// The catcher that takes the error.
pub(super) fn catcher<'a>(list: &'a [Catcher], failure: Failure<'_>) -> Option<(usize, &'a Catcher)> {
    list.iter().enumerate().find(|(_, c)| failure.meets_any(&c.errors))
}

/// The place of the retrier that is for errors of this name, whether or not it is used up.
pub(crate) fn matching(list: &[Retrier], name: &str) -> Option<usize> {
    first_with(list, Failure { name, heartbeat: false, from_block: false })
}

/// How long a retrier's next attempt waits when it was used `used` times before: interval × rate^used, at most the
/// maximum delay; full jitter draws evenly from zero to that. `unit` is a number in [0, 1).
pub(crate) fn delay(r: &Retrier, used: u64, unit: impl FnOnce() -> f64) -> Duration {
    // The longest wait a Retry can ask for is a year; a rate to a high power must not overflow past it.
    const LONGEST: f64 = 31_622_400.0;
    let mut seconds = r.interval_seconds as f64 * r.backoff_rate.powi(i32::try_from(used).unwrap_or(i32::MAX));
    if let Some(max) = r.max_delay_seconds {
        seconds = seconds.min(max as f64);
    }
    seconds = seconds.clamp(0.0, LONGEST);
    if r.full_jitter {
        seconds *= unit();
    }
    Duration::from_millis((seconds * 1000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retrier_of(errors: &[&str], interval: u64, rate: f64, max: u64) -> Retrier {
        Retrier {
            errors: errors.iter().map(|e| Str::from(*e)).collect(),
            interval_seconds: interval,
            max_attempts: max,
            backoff_rate: rate,
            max_delay_seconds: None,
            full_jitter: false,
        }
    }

    fn failure(name: &str) -> Failure<'_> {
        Failure { name, heartbeat: false, from_block: false }
    }

    #[test]
    fn names_meet_errors_as_the_service_documents_it() {
        for (entry, error, want) in [
            ("States.ALL", "Anything", true),
            ("States.TaskFailed", "Lambda.Unknown", true),
            ("States.TaskFailed", "States.Timeout", false),
            ("States.Timeout", "States.Timeout", true),
            ("States.Timeout", "States.HeartbeatTimeout", true),
            ("States.HeartbeatTimeout", "States.Timeout", false),
            ("State.ALL", "Anything", false),
            ("boom", "Boom", false),
        ] {
            assert_eq!(failure(error).meets(entry), want, "{entry} against {error}");
        }
        let missed = Failure { name: "States.Timeout", heartbeat: true, from_block: false };
        assert!(missed.meets("States.HeartbeatTimeout"));
    }

    #[test]
    fn a_used_up_retrier_does_not_fall_through() {
        let list = [retrier_of(&["A", "B"], 1, 2.0, 2), retrier_of(&["States.ALL"], 5, 1.0, 9)];
        assert_eq!(retrier(&list, &[1, 0], failure("B")), Some(0));
        assert_eq!(retrier(&list, &[2, 0], failure("B")), None);
        assert_eq!(retrier(&list, &[2, 0], failure("C")), Some(1));
    }

    #[test]
    fn the_delay_grows_up_to_the_maximum_and_jitter_draws_below_it() {
        let mut r = retrier_of(&["States.ALL"], 2, 1.5, 9);
        let secs = |r: &Retrier, k| delay(r, k, || 0.5).as_secs_f64();
        assert_eq!([secs(&r, 0), secs(&r, 1), secs(&r, 2)], [2.0, 3.0, 4.5]);
        r.max_delay_seconds = Some(4);
        assert_eq!(secs(&r, 2), 4.0);
        r.full_jitter = true;
        assert_eq!(secs(&r, 2), 2.0);
        assert!(secs(&retrier_of(&[], 99_999_999, 10.0, 9), 400) <= 31_622_400.0);
    }
}
