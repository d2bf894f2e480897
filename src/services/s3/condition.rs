//! Conditions on what is read and on what is overwritten.

use super::no_such_key;
use super::object::{Object, Version};
use crate::services::error::ServiceError;
use crate::services::members::Members;
use crate::time::Timestamp;

/// The members that hold conditions on what is read: of the object itself, or of a copy's source.
pub(super) struct Names {
    matches: &'static str,
    differs: &'static str,
    modified: &'static str,
    unmodified: &'static str,
}

pub(super) const READ: Names =
    Names { matches: "IfMatch", differs: "IfNoneMatch", modified: "IfModifiedSince", unmodified: "IfUnmodifiedSince" };
pub(super) const SOURCE: Names = Names {
    matches: "CopySourceIfMatch",
    differs: "CopySourceIfNoneMatch",
    modified: "CopySourceIfModifiedSince",
    unmodified: "CopySourceIfUnmodifiedSince",
};

/// Why something is not read.
pub(super) enum Unread {
    /// A condition does not hold.
    Failed(ServiceError),
    /// The caller has it already.
    NotModified,
}

fn failed(condition: &str) -> ServiceError {
    ServiceError::coded("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        .status(412)
        .with("Condition", condition)
}

/// Whether a list of ETags, with or without quotes, names this one.
fn names(list: &str, etag: &str) -> bool {
    let bare = |text: &str| text.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    list.split(',').any(|one| one.trim() == "*" || bare(one) == bare(etag))
}

/// A date as headers have it or as a state machine writes it.
fn date(input: &Members<'_>, name: &str) -> Option<Timestamp> {
    let text = input.text(name)?;
    Timestamp::parse_http_date(text).or_else(|| Timestamp::parse(text))
}

/// # Errors
/// Why the caller does not get it.
pub(super) fn reads(input: &Members<'_>, of: &Names, version: &Version, object: &Object) -> Result<(), Unread> {
    let seconds = |at: Timestamp| at.as_millis().div_euclid(1000);
    let at = seconds(version.at);
    let matches = input.text(of.matches).map(|list| names(list, &object.etag));
    if matches == Some(false) {
        return Err(Unread::Failed(failed("If-Match")));
    }
    // An ETag that fits says more than a date.
    if matches.is_none() && date(input, of.unmodified).is_some_and(|since| at > seconds(since)) {
        return Err(Unread::Failed(failed("If-Unmodified-Since")));
    }
    match input.text(of.differs) {
        Some(list) if names(list, &object.etag) => Err(Unread::NotModified),
        None if date(input, of.modified).is_some_and(|since| at <= seconds(since)) => Err(Unread::NotModified),
        _ => Ok(()),
    }
}

/// # Errors
/// What is there does not permit that it be overwritten, or deleted.
pub(super) fn writes(input: &Members<'_>, key: &str, there: Option<&Object>) -> Result<(), ServiceError> {
    match (input.text("IfMatch"), input.text("IfNoneMatch")) {
        (Some(_), Some(_)) => Err(not_implemented("If-Match,If-None-Match")),
        (Some(list), None) => match there {
            Some(object) if names(list, &object.etag) => Ok(()),
            Some(_) => Err(failed("If-Match")),
            None => Err(no_such_key(key)),
        },
        (None, Some("*")) if there.is_some() => Err(failed("If-None-Match")),
        (None, Some("*") | None) => Ok(()),
        (None, Some(_)) => Err(not_implemented("If-None-Match")),
    }
}

fn not_implemented(header: &str) -> ServiceError {
    let message = "A header you provided implies functionality that is not implemented";
    ServiceError::coded("NotImplemented", message).status(501).with("Header", header)
}

/// A copy whose source does not fit its conditions.
pub(super) fn of_source(unread: Unread) -> ServiceError {
    match unread {
        Unread::Failed(error) => error,
        Unread::NotModified => failed("x-amz-copy-source-If-None-Match"),
    }
}
