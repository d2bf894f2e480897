//! Reading a request: its operation, and the members of its input from headers, parameters and XML.

use super::chunked::{Trailers, odd_trailer};
use super::route::{self, MARKS};
use super::{Query, xml};
use crate::services::error::ServiceError;
use crate::services::s3::text::url_decoded;
use crate::services::s3::{invalid_argument, knows, malformed};
use crate::services::wire::Request;
use crate::value::{Map, Value};

/// Headers with the members they hold.
const HEADERS: &[(&str, &str)] = &[
    ("cache-control", "CacheControl"),
    ("content-disposition", "ContentDisposition"),
    ("content-encoding", "ContentEncoding"),
    ("content-language", "ContentLanguage"),
    ("content-md5", "ContentMD5"),
    ("content-type", "ContentType"),
    ("expires", "Expires"),
    ("if-match", "IfMatch"),
    ("if-modified-since", "IfModifiedSince"),
    ("if-none-match", "IfNoneMatch"),
    ("if-unmodified-since", "IfUnmodifiedSince"),
    ("range", "Range"),
    ("x-amz-acl", "ACL"),
    ("x-amz-checksum-algorithm", "ChecksumAlgorithm"),
    ("x-amz-checksum-crc32", "ChecksumCRC32"),
    ("x-amz-checksum-crc32c", "ChecksumCRC32C"),
    ("x-amz-checksum-crc64nvme", "ChecksumCRC64NVME"),
    ("x-amz-checksum-mode", "ChecksumMode"),
    ("x-amz-checksum-sha1", "ChecksumSHA1"),
    ("x-amz-checksum-sha256", "ChecksumSHA256"),
    ("x-amz-checksum-type", "ChecksumType"),
    ("x-amz-copy-source", "CopySource"),
    ("x-amz-copy-source-if-match", "CopySourceIfMatch"),
    ("x-amz-copy-source-if-modified-since", "CopySourceIfModifiedSince"),
    ("x-amz-copy-source-if-none-match", "CopySourceIfNoneMatch"),
    ("x-amz-copy-source-if-unmodified-since", "CopySourceIfUnmodifiedSince"),
    ("x-amz-copy-source-range", "CopySourceRange"),
    ("x-amz-expected-bucket-owner", "ExpectedBucketOwner"),
    ("x-amz-max-parts", "MaxParts"),
    ("x-amz-metadata-directive", "MetadataDirective"),
    ("x-amz-mp-object-size", "MpuObjectSize"),
    ("x-amz-object-attributes", "ObjectAttributes"),
    ("x-amz-object-ownership", "ObjectOwnership"),
    ("x-amz-part-number-marker", "PartNumberMarker"),
    ("x-amz-request-payer", "RequestPayer"),
    ("x-amz-sdk-checksum-algorithm", "ChecksumAlgorithm"),
    ("x-amz-server-side-encryption", "ServerSideEncryption"),
    ("x-amz-skip-destination-validation", "SkipDestinationValidation"),
    ("x-amz-source-expected-bucket-owner", "ExpectedSourceBucketOwner"),
    ("x-amz-storage-class", "StorageClass"),
    ("x-amz-tagging", "Tagging"),
    ("x-amz-tagging-directive", "TaggingDirective"),
    ("x-amz-website-redirect-location", "WebsiteRedirectLocation"),
];

/// Headers of AWS that say nothing about the operation.
const TRANSPORT: [&str; 9] = [
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-security-token",
    "x-amz-te",
    "x-amz-trailer",
    "x-amz-user-agent",
    "x-amz-region-set",
    "x-amz-trailer-signature",
];

/// Parameters with the members they hold.
const PARAMETERS: &[(&str, &str)] = &[
    ("bucket-region", "BucketRegion"),
    ("continuation-token", "ContinuationToken"),
    ("delimiter", "Delimiter"),
    ("encoding-type", "EncodingType"),
    ("fetch-owner", "FetchOwner"),
    ("key-marker", "KeyMarker"),
    ("marker", "Marker"),
    ("max-buckets", "MaxBuckets"),
    ("max-keys", "MaxKeys"),
    ("max-parts", "MaxParts"),
    ("max-uploads", "MaxUploads"),
    ("part-number-marker", "PartNumberMarker"),
    ("partNumber", "PartNumber"),
    ("prefix", "Prefix"),
    ("response-cache-control", "ResponseCacheControl"),
    ("response-content-disposition", "ResponseContentDisposition"),
    ("response-content-encoding", "ResponseContentEncoding"),
    ("response-content-language", "ResponseContentLanguage"),
    ("response-content-type", "ResponseContentType"),
    ("response-expires", "ResponseExpires"),
    ("start-after", "StartAfter"),
    ("upload-id-marker", "UploadIdMarker"),
    ("uploadId", "UploadId"),
    ("version-id-marker", "VersionIdMarker"),
    ("versionId", "VersionId"),
];

/// Parameters that sign a URL or are notes of the SDK to itself.
const SIGNING: [&str; 9] = [
    "AWSAccessKeyId",
    "Expires",
    "Signature",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];
const NOTES: [&str; 3] = ["x-id", "X-Amz-Security-Token", "x-amz-security-token"];

/// Bodies of XML: the operation with the root element and the member that it is.
const BODIES: [(&str, &str, &str); 7] = [
    ("CompleteMultipartUpload", "CompleteMultipartUpload", "MultipartUpload"),
    ("CreateBucket", "CreateBucketConfiguration", "CreateBucketConfiguration"),
    ("DeleteObjects", "Delete", "Delete"),
    ("PutBucketNotificationConfiguration", "NotificationConfiguration", "NotificationConfiguration"),
    ("PutBucketTagging", "Tagging", "Tagging"),
    ("PutBucketVersioning", "VersioningConfiguration", "VersioningConfiguration"),
    ("PutObjectTagging", "Tagging", "Tagging"),
];

/// What a request asks for.
pub(super) struct Asked {
    pub operation: &'static str,
    pub input: Value,
    pub query: Query,
}

impl Asked {
    /// # Errors
    /// What is not modelled, and what is no request to S3.
    pub(super) fn of(request: &Request) -> Result<Asked, ServiceError> {
        let uri = request.uri();
        let of_header = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
        let host = of_header.or_else(|| uri.authority().map(http::uri::Authority::as_str)).unwrap_or_default();
        let invalid_uri = || ServiceError::coded("InvalidURI", "Couldn't parse the specified URI.");
        let target = route::target(host, uri.path()).ok_or_else(invalid_uri)?;
        let mut query = Query::new();
        for part in uri.query().unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let decoded = |text| url_decoded(text, true).ok_or_else(invalid_uri);
            query.insert(decoded(name)?, decoded(value)?);
        }
        let copies = request.headers().contains_key("x-amz-copy-source") || query.contains_key("x-amz-copy-source");
        let Some(operation) = route::operation(request.method(), &target, &query, copies) else {
            let marks = query.keys().map(|name| format!("?{name}")).collect::<String>();
            return Err(ServiceError::not_modelled(format!("{} {}{marks} of S3", request.method(), uri.path())));
        };
        let mut input = Map::new();
        if let Some(bucket) = target.bucket {
            input.insert("Bucket", bucket);
        }
        if let Some(key) = target.key {
            input.insert("Key", key);
        }
        read_headers(request, operation, &mut input)?;
        read_query(&query, operation, &mut input)?;
        read_body(request, operation, &mut input)?;
        for (name, most) in [("PartNumber", 10_000_i64), ("MaxParts", i64::MAX)] {
            if let Some(text) = input.get(name).and_then(Value::as_str)
                && !text.parse::<i64>().is_ok_and(|n| (0..=most).contains(&n))
            {
                let message = "Part number must be an integer between 1 and 10000, inclusive";
                return Err(invalid_argument(message, name, text));
            }
        }
        Ok(Asked { operation, input: input.into(), query })
    }

    /// Takes in the headers after a body, which have to be those that were announced.
    pub(super) fn take_trailers<'t>(
        &mut self,
        expected: impl Iterator<Item = &'t str>,
        trailers: &Trailers,
    ) -> Result<(), ServiceError> {
        let mut input = self.input.as_object().cloned().unwrap_or_default();
        for name in expected {
            let name = name.to_ascii_lowercase();
            let Some((_, value)) = trailers.iter().find(|(own, _)| *own == name) else {
                return Err(odd_trailer());
            };
            take_header(self.operation, &name, value, &mut input)?;
        }
        self.input = input.into();
        Ok(())
    }
}

/// Takes in one header; what is not AWS' own may be there for other reasons.
fn take_header(operation: &str, name: &str, value: &str, input: &mut Map) -> Result<(), ServiceError> {
    if let Some(name) = name.strip_prefix("x-amz-meta-") {
        if !knows(operation, "Metadata") {
            return Ok(());
        }
        let mut metadata = input.get("Metadata").and_then(Value::as_object).cloned().unwrap_or_default();
        metadata.insert(name, value);
        input.insert("Metadata", metadata);
        return Ok(());
    }
    let is_aws = name.starts_with("x-amz-");
    match HEADERS.iter().find(|(own, _)| *own == name) {
        Some((_, member)) if knows(operation, member) => {
            let value = match *member {
                "ContentEncoding" => {
                    // How the body travels is not how the object is.
                    let kept = value.split(',').map(str::trim).filter(|one| *one != "aws-chunked");
                    let kept = kept.collect::<Vec<_>>().join(",");
                    if kept.is_empty() {
                        return Ok(());
                    }
                    kept.into()
                }
                "ObjectAttributes" => value.split(',').map(|one| Value::from(one.trim())).collect::<Vec<_>>().into(),
                _ => Value::from(value),
            };
            input.insert(*member, value);
            Ok(())
        }
        // SDKs send these two with requests of every kind.
        Some((_, "ChecksumMode" | "ChecksumAlgorithm")) => Ok(()),
        Some(_) if !is_aws => Ok(()),
        _ if !is_aws || TRANSPORT.contains(&name) => Ok(()),
        _ => Err(ServiceError::not_modelled(format!("the header `{name}` of {operation}"))),
    }
}

fn read_headers(request: &Request, operation: &str, input: &mut Map) -> Result<(), ServiceError> {
    for (name, value) in request.headers() {
        take_header(operation, name.as_str(), &String::from_utf8_lossy(value.as_bytes()), input)?;
    }
    Ok(())
}

fn read_query(query: &Query, operation: &str, input: &mut Map) -> Result<(), ServiceError> {
    for (name, value) in query {
        if MARKS.contains(&&**name) || SIGNING.contains(&&**name) || NOTES.contains(&&**name) {
            continue;
        }
        // A presigned URL may hold headers as parameters; these two the client sends as headers as well.
        let lower = name.to_ascii_lowercase();
        if matches!(&*lower, "content-type" | "content-md5") && query.iter().any(|(name, _)| name == "Signature") {
            continue;
        }
        if lower.starts_with("x-amz-") {
            take_header(operation, &lower, value, input)?;
            continue;
        }
        let member = PARAMETERS.iter().find(|(own, _)| own == name).map(|(_, member)| *member);
        let Some(member) = member.filter(|member| knows(operation, member)) else {
            return Err(ServiceError::not_modelled(format!("the parameter `{name}` of {operation}")));
        };
        let value = match member {
            "FetchOwner" => Value::Bool(value == "true"),
            _ => Value::from(value.as_str()),
        };
        input.insert(member, value);
    }
    Ok(())
}

fn read_body(request: &Request, operation: &str, input: &mut Map) -> Result<(), ServiceError> {
    let Some((_, root, member)) = BODIES.iter().find(|(own, ..)| *own == operation) else { return Ok(()) };
    let body = request.body();
    if body.is_empty() {
        let is_optional = operation == "CreateBucket";
        return if is_optional { Ok(()) } else { Err(malformed()) };
    }
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let parsed = xml::parsed(text).filter(|element| element.name == *root).ok_or_else(malformed)?;
    input.insert(*member, xml::to_value(&parsed));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::s3::{FACTS, IF};

    #[test]
    fn every_header_of_an_object_has_a_member_that_the_model_knows() {
        let known = FACTS.iter().chain(IF).filter(|member| **member != "Metadata");
        for member in known {
            assert!(HEADERS.iter().any(|(_, own)| own == member), "{member}");
        }
    }
}
