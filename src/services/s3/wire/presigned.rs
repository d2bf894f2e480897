//! Presigned URLs, which are good for a while.
//!
//! Time is that of the virtual clock. A URL that was signed within a week before the clock's present, and not after it,
//! counts from when it was signed. Any other was signed by somebody whose own clock tells another time, which is most
//! often the real one: such a URL counts from its first use.

use std::collections::BTreeMap;

use super::Query;
use crate::services::error::ServiceError;
use crate::time::{DurationExt, Timestamp};

/// When URLs of another clock were first used, by signature.
pub(in crate::services::s3) type Seen = BTreeMap<String, Timestamp>;

/// How many of them are remembered; who uses more at once starts their time anew.
const MOST_SEEN: usize = 10_000;
const WEEK_SECONDS: u64 = 604_800;

fn odd(message: &str) -> ServiceError {
    ServiceError::coded("AuthorizationQueryParametersError", message)
}

/// # Errors
/// A URL whose time is over, or that does not say how long it is good.
pub(super) fn check(seen: &mut Seen, now: Timestamp, query: &Query) -> Result<(), ServiceError> {
    let of = |name: &str| query.get(name).map(String::as_str);
    // The older kind says until when, in seconds since 1970.
    if let (Some(_), Some(until)) = (of("Signature"), of("Expires")) {
        let until = until.parse::<i64>().map_err(|_| {
            ServiceError::coded("AccessDenied", format!("Invalid date (should be seconds since epoch): {until}"))
                .status(403)
        })?;
        return in_time(now, Timestamp::from_millis(until.saturating_mul(1000)), None);
    }
    let Some(signature) = of("X-Amz-Signature") else { return Ok(()) };
    let (Some(date), Some(expires)) = (of("X-Amz-Date"), of("X-Amz-Expires")) else {
        let message = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                       X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";
        return Err(odd(message));
    };
    let seconds: i64 = expires.parse().map_err(|_| odd("X-Amz-Expires should be a number"))?;
    let seconds = u64::try_from(seconds).map_err(|_| odd("X-Amz-Expires must be non-negative"))?;
    if seconds > WEEK_SECONDS {
        let message = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less \
                       than 604800 seconds";
        return Err(odd(message));
    }
    let signed = basic_date(date)
        .ok_or_else(|| odd("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""))?;
    let is_of_our_clock = signed <= now && now.since(signed) <= WEEK_SECONDS.secs();
    let from = if is_of_our_clock {
        signed
    } else {
        if seen.len() >= MOST_SEEN {
            seen.clear();
        }
        *seen.entry(signature.to_owned()).or_insert(now)
    };
    in_time(now, from + seconds.secs(), Some(expires))
}

fn in_time(now: Timestamp, until: Timestamp, expires: Option<&str>) -> Result<(), ServiceError> {
    if now < until {
        return Ok(());
    }
    let error = ServiceError::coded("AccessDenied", "Request has expired").status(403);
    let error = match expires {
        Some(expires) => error.with("X-Amz-Expires", expires),
        None => error,
    };
    Err(error.with("Expires", until.in_seconds()).with("ServerTime", now.in_seconds()))
}

/// `20240101T000000Z`
fn basic_date(text: &str) -> Option<Timestamp> {
    let part = |from: usize, to: usize| text.get(from..to);
    if text.len() != 16 {
        return None;
    }
    Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(9, 11)?,
        part(11, 13)?,
        part(13, 15)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_counts_from_its_signature_or_from_its_first_use() {
        let query = |date: &str, signature: &str| -> Query {
            let pairs = [("X-Amz-Signature", signature), ("X-Amz-Date", date), ("X-Amz-Expires", "60")];
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let start = Timestamp::EPOCH_DEFAULT;
        let mut seen = Seen::new();
        let mut check =
            |after: u64, query: &Query| check(&mut seen, start + after.secs(), query).map_err(|e| e.message);
        let over = Err("Request has expired".to_owned());
        let own = query("20240101T000000Z", "a");
        assert_eq!([check(59, &own), check(60, &own)], [Ok(()), over.clone()]);
        let real = query("20301231T235959Z", "b");
        assert_eq!([check(1000, &real), check(1059, &real), check(1060, &real)], [Ok(()), Ok(()), over]);
        let odd = query("yesterday", "c");
        assert!(check(0, &odd).is_err());
    }
}
