//! GetObject and HeadObject: conditions, ranges, parts.

use std::ops::Range;

use super::bucket::Bucket;
use super::condition::{self, Unread};
use super::object::{Object, Version};
use super::{Cx, Outcome, Reply, S3, versions};
use crate::services::error::ServiceError;
use crate::services::members::Members;
use crate::value::Map;

/// Members of an answer that a request may replace.
const OVERRIDES: [(&str, &str); 6] = [
    ("ResponseCacheControl", "CacheControl"),
    ("ResponseContentDisposition", "ContentDisposition"),
    ("ResponseContentEncoding", "ContentEncoding"),
    ("ResponseContentLanguage", "ContentLanguage"),
    ("ResponseContentType", "ContentType"),
    ("ResponseExpires", "Expires"),
];

impl S3 {
    pub(super) fn get_object(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let bucket = self.bucket(cx.input)?;
        let (version, object) = versions::object(bucket, cx.input)?;
        if object.is_archived() {
            let message = "The operation is not valid for the object's storage class";
            return Err(ServiceError::modelled("InvalidObjectState", message)
                .status(403)
                .with("StorageClass", object.storage_class()));
        }
        let (mut reply, range) = described(bucket, version, object, cx.input)?;
        for (from, to) in OVERRIDES {
            if let Some(value) = cx.input.get(from) {
                reply.members.insert(to, value.clone());
            }
        }
        reply.body = Some(object.content.part(range));
        Ok(reply)
    }

    pub(super) fn head_object(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let bucket = self.bucket(cx.input)?;
        let (version, object) = versions::object(bucket, cx.input)?;
        let (mut reply, _) = described(bucket, version, object, cx.input)?;
        for (from, to) in OVERRIDES {
            if let Some(value) = cx.input.get(from) {
                reply.members.insert(to, value.clone());
            }
        }
        Ok(reply)
    }
}

/// Everything about an object but its content, and which bytes of that are asked for.
fn described(
    bucket: &Bucket,
    version: &Version,
    object: &Object,
    input: &Members<'_>,
) -> Result<(Reply, Range<usize>), ServiceError> {
    match condition::reads(input, &condition::READ, version, object) {
        Ok(()) => {}
        Err(Unread::Failed(error)) => return Err(error),
        Err(Unread::NotModified) => {
            return Err(ServiceError::coded("NotModified", "Not Modified")
                .status(304)
                .with("ETag", object.etag.as_str())
                .with("LastModified", version.at.in_seconds()));
        }
    }
    let size = object.content.len();
    let range = asked_range(input, object)?;
    let mut members = Map::new();
    members.insert("AcceptRanges", "bytes");
    members.insert("ContentLength", range.as_ref().map_or(size, |r| r.end - r.start));
    if let Some(range) = &range {
        // An empty part of an empty object has no last byte.
        members.insert("ContentRange", format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1)));
    }
    members.insert("ContentType", "binary/octet-stream");
    for (name, value) in object.facts.headers.iter().filter(|(_, v)| v.as_str() != Some("STANDARD")) {
        members.insert(name.clone(), value.clone());
    }
    members.insert("ETag", object.etag.as_str());
    members.insert("LastModified", version.at.in_seconds());
    members.insert("Metadata", object.facts.metadata.clone());
    members.insert("ServerSideEncryption", "AES256");
    if !object.facts.tags.is_empty() {
        members.insert("TagCount", object.facts.tags.len());
    }
    if input.get("PartNumber").is_some() && !object.parts.is_empty() {
        members.insert("PartsCount", object.parts.len());
    }
    let wants_checksum = input.text("ChecksumMode").is_some_and(|mode| mode.eq_ignore_ascii_case("ENABLED"));
    if let Some(checksum) = object.checksum.as_ref().filter(|_| wants_checksum && range.is_none()) {
        checksum.show(&mut members);
    }
    bucket.show_version(version, &mut members);
    let status = range.as_ref().map(|_| 206);
    Ok((Reply { members, body: None, status }, range.unwrap_or(0..size)))
}

/// The bytes that `Range` or `PartNumber` ask for; nothing where all are wanted.
fn asked_range(input: &Members<'_>, object: &Object) -> Result<Option<Range<usize>>, ServiceError> {
    let size = object.content.len();
    let Some(number) = input.get("PartNumber") else {
        return input.text("Range").map_or(Ok(None), |text| of_header(text, size));
    };
    if input.get("Range").is_some() {
        let message = "Cannot specify both Range header and partNumber query parameter";
        return Err(ServiceError::coded("InvalidRequest", message));
    }
    let number = crate::services::members::number(number).filter(|n| (1..=10_000).contains(n)).ok_or_else(|| {
        let message = "Part number must be an integer between 1 and 10000, inclusive";
        super::invalid_argument(message, "partNumber", &number.to_string())
    })?;
    if object.parts.is_empty() && number == 1 {
        return Ok(Some(0..size));
    }
    let mut start = 0;
    for part in &object.parts {
        if i64::from(part.number) == number {
            return Ok(Some(start..start + part.size));
        }
        start += part.size;
    }
    let count = object.parts.len().max(1);
    Err(ServiceError::coded("InvalidPartNumber", "The requested partnumber is not satisfiable")
        .status(416)
        .with("PartNumberRequested", number.to_string())
        .with("ActualPartCount", count.to_string()))
}

/// `bytes=0-9`, `bytes=10-`, `bytes=-5`; what is none of these is not looked at, as HTTP has it.
///
/// # Errors
/// A range that begins where nothing is.
pub(super) fn of_header(text: &str, size: usize) -> Result<Option<Range<usize>>, ServiceError> {
    let Some((first, last)) = text.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Ok(None);
    };
    let number = |text: &str| -> Option<usize> {
        let text = text.trim();
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse().unwrap_or(usize::MAX))
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => return Ok(None),
        (Some(first), Some(last)) => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.trim().is_empty() => first..size,
        (None, Some(last)) if first.trim().is_empty() => size.saturating_sub(last)..size,
        _ => return Ok(None),
    };
    if range.start >= range.end {
        return Err(ServiceError::coded("InvalidRange", "The requested range is not satisfiable")
            .status(416)
            .with("RangeRequested", text)
            .with("ActualObjectSize", size.to_string()));
    }
    Ok(Some(range))
}

/// A part of a copy's source: `bytes=0-9`, which has to lie within it.
pub(super) fn of_source(text: &str, size: usize) -> Result<Range<usize>, ServiceError> {
    let parsed = text.strip_prefix("bytes=").and_then(|range| {
        let (first, last) = range.split_once('-')?;
        Some((first.parse::<usize>().ok()?, last.parse::<usize>().ok()?))
    });
    match parsed {
        Some((first, last)) if first <= last && last < size => Ok(first..last + 1),
        Some((first, last)) if first <= last => {
            let message = format!("Range specified is not valid for source object of size: {size}");
            Err(super::invalid_argument(&message, "x-amz-copy-source-range", text))
        }
        _ => {
            let message = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last \
                           are the zero-based offsets of the first and last bytes to copy";
            Err(super::invalid_argument(message, "x-amz-copy-source-range", text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_has_them() {
        let of = |text: &str| of_header(text, 10).map_err(|e| e.code);
        assert_eq!(of("bytes=0-3"), Ok(Some(0..4)));
        assert_eq!(of("bytes=8-99"), Ok(Some(8..10)));
        assert_eq!(of("bytes=4-"), Ok(Some(4..10)));
        assert_eq!(of("bytes=-3"), Ok(Some(7..10)));
        assert_eq!(of("bytes=-99"), Ok(Some(0..10)));
        for ignored in ["bytes=5-2", "bytes=a-b", "items=0-1", "bytes=0-1,3-4", "bytes=-", "bytes=+1-2"] {
            assert_eq!(of(ignored), Ok(None), "{ignored}");
        }
        for unsatisfiable in ["bytes=10-", "bytes=99999999999999999999-", "bytes=-0"] {
            assert_eq!(of(unsatisfiable), Err("InvalidRange".into()), "{unsatisfiable}");
        }
        assert_eq!(of_header("bytes=-5", 0).map_err(|e| e.status), Err(416));
    }
}
