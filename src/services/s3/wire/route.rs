//! Which bucket and key a request is about, and which operation it wants.

use http::Method;

use super::Query;
use crate::services::s3::text::url_decoded;

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub bucket: Option<String>,
    pub key: Option<String>,
}

/// The bucket in a host: `bucket.localhost:4566`, `bucket.s3.us-east-1.amazonaws.com`, `bucket.127.0.0.1`.
///
/// A host without a bucket has none before these names; the bucket is then in the path.
fn bucket_of_host(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    // The last of the service's own labels: what is before it may have any name.
    let of_service = [".s3.", ".s3-"].iter().filter_map(|label| name.rfind(label)).max();
    if let Some(at) = of_service.filter(|at| name[*at..].contains("amazonaws.com") || name[*at..].contains("localhost"))
    {
        return Some(&name[..at]);
    }
    if name.starts_with("s3.") || name.starts_with("s3-") {
        return None;
    }
    [".localhost", ".127.0.0.1"].iter().find_map(|suffix| name.strip_suffix(suffix)).filter(|b| !b.is_empty())
}

/// What a request with this host and path is about; nothing where the path is no text.
pub(super) fn target(host: &str, path: &str) -> Option<Target> {
    let path = url_decoded(path.strip_prefix('/').unwrap_or(path), false)?;
    let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    if let Some(bucket) = bucket_of_host(host) {
        return Some(Target { bucket: filled(bucket), key: filled(&path) });
    }
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    Some(Target { bucket: filled(bucket), key: filled(key) })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Service,
    Bucket,
    Object,
}

/// An operation with its method, what it is about, the parameters that tell it from others, and whether it has a source
/// to copy from.
type Row = (&'static str, Level, &'static [&'static str], bool, &'static str);

/// The first row that fits is it.
const ROWS: &[Row] = &[
    ("GET", Level::Service, &[], false, "ListBuckets"),
    ("GET", Level::Bucket, &["location"], false, "GetBucketLocation"),
    ("GET", Level::Bucket, &["tagging"], false, "GetBucketTagging"),
    ("GET", Level::Bucket, &["versioning"], false, "GetBucketVersioning"),
    ("GET", Level::Bucket, &["notification"], false, "GetBucketNotificationConfiguration"),
    ("GET", Level::Bucket, &["versions"], false, "ListObjectVersions"),
    ("GET", Level::Bucket, &["uploads"], false, "ListMultipartUploads"),
    ("GET", Level::Bucket, &["list-type"], false, "ListObjectsV2"),
    ("GET", Level::Bucket, &[], false, "ListObjects"),
    ("HEAD", Level::Bucket, &[], false, "HeadBucket"),
    ("PUT", Level::Bucket, &["tagging"], false, "PutBucketTagging"),
    ("PUT", Level::Bucket, &["versioning"], false, "PutBucketVersioning"),
    ("PUT", Level::Bucket, &["notification"], false, "PutBucketNotificationConfiguration"),
    ("PUT", Level::Bucket, &[], false, "CreateBucket"),
    ("POST", Level::Bucket, &["delete"], false, "DeleteObjects"),
    ("DELETE", Level::Bucket, &["tagging"], false, "DeleteBucketTagging"),
    ("DELETE", Level::Bucket, &[], false, "DeleteBucket"),
    ("GET", Level::Object, &["tagging"], false, "GetObjectTagging"),
    ("GET", Level::Object, &["attributes"], false, "GetObjectAttributes"),
    ("GET", Level::Object, &["uploadId"], false, "ListParts"),
    ("GET", Level::Object, &[], false, "GetObject"),
    ("HEAD", Level::Object, &[], false, "HeadObject"),
    ("PUT", Level::Object, &["tagging"], false, "PutObjectTagging"),
    ("PUT", Level::Object, &["uploadId"], true, "UploadPartCopy"),
    ("PUT", Level::Object, &["uploadId"], false, "UploadPart"),
    ("PUT", Level::Object, &[], true, "CopyObject"),
    ("PUT", Level::Object, &[], false, "PutObject"),
    ("POST", Level::Object, &["uploads"], false, "CreateMultipartUpload"),
    ("POST", Level::Object, &["uploadId"], false, "CompleteMultipartUpload"),
    ("DELETE", Level::Object, &["tagging"], false, "DeleteObjectTagging"),
    ("DELETE", Level::Object, &["uploadId"], false, "AbortMultipartUpload"),
    ("DELETE", Level::Object, &[], false, "DeleteObject"),
];

/// Parameters that only tell operations apart.
pub(super) const MARKS: [&str; 9] =
    ["location", "tagging", "versioning", "notification", "versions", "uploads", "list-type", "delete", "attributes"];

/// Parameters that make a request another operation, one that is not modelled.
const OTHERS: [&str; 29] = [
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "annotation",
    "cors",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "logging",
    "metadataConfiguration",
    "metadataTable",
    "metrics",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "torrent",
    "website",
];

/// The operation that a request wants, where there is one.
pub(super) fn operation(method: &Method, target: &Target, query: &Query, copies: bool) -> Option<&'static str> {
    if OTHERS.iter().any(|mark| query.contains_key(*mark)) {
        return None;
    }
    let level = match (&target.bucket, &target.key) {
        (None, _) => Level::Service,
        (Some(_), None) => Level::Bucket,
        (Some(_), Some(_)) => Level::Object,
    };
    ROWS.iter()
        .find(|(name, of, marks, copy, _)| {
            *name == method.as_str()
                && *of == level
                && marks.iter().all(|mark| query.contains_key(*mark))
                && (!copy || copies)
        })
        .map(|(.., operation)| *operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_is_in_the_host_or_in_the_path() {
        let table = [
            ("127.0.0.1:4566", "/b/k/l", Some("b"), Some("k/l")),
            ("localhost", "/b/", Some("b"), None),
            ("localhost", "/b//k", Some("b"), Some("/k")),
            ("localhost", "/", None, None),
            ("s3.us-east-1.amazonaws.com", "/b/a%20b+c", Some("b"), Some("a b+c")),
            ("b.localhost:4566", "/k", Some("b"), Some("k")),
            ("b.127.0.0.1:4566", "/k", Some("b"), Some("k")),
            ("b.s3.localhost:4566", "/k", Some("b"), Some("k")),
            ("s3.localhost:4566", "/b/k", Some("b"), Some("k")),
            ("my.b.s3.us-east-1.amazonaws.com", "/k", Some("my.b"), Some("k")),
            ("b.s3-eu-west-1.amazonaws.com", "/", Some("b"), None),
            ("b.s3.amazonaws.com", "/k", Some("b"), Some("k")),
            ("[::1]:4566", "/b/k", Some("b"), Some("k")),
        ];
        for (host, path, bucket, key) in table {
            let want = Target { bucket: bucket.map(str::to_owned), key: key.map(str::to_owned) };
            assert_eq!(target(host, path), Some(want), "{host}{path}");
        }
        assert_eq!(target("localhost", "/b/%FF"), None);
    }
}
