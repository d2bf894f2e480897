//! S3: buckets with their objects, versions, tags and uploads in parts.
//!
//! One model for everybody: what an SDK puts over HTTP is what a distributed Map's ItemReader reads, and what a
//! ResultWriter writes is there to be fetched.

mod attributes;
mod bucket;
mod checksum;
mod condition;
mod copy;
mod delete;
mod get;
mod listing;
mod multipart;
pub(super) mod notify;
mod object;
mod put;
mod tags;
pub(super) mod text;
mod versions;
#[cfg(feature = "wire")]
pub(super) mod wire;

use std::collections::BTreeMap;

use super::answer::Answer;
use super::error::ServiceError;
use super::members::Members;
use super::{ACCOUNT, Surroundings};
use crate::time::Timestamp;
use crate::value::{Content, Map, Str, Value};
use bucket::Bucket;
use object::{Object, Version};

/// All buckets of the account with what is in them.
#[derive(Clone, Debug)]
pub struct S3 {
    buckets: BTreeMap<Str, Bucket>,
    /// Whether buckets have to be created; else an object makes its own.
    is_strict: bool,
    now: Timestamp,
    #[cfg(feature = "wire")]
    presigned: wire::Seen,
}

impl Default for S3 {
    fn default() -> S3 {
        S3 {
            buckets: BTreeMap::new(),
            is_strict: false,
            now: Timestamp::EPOCH_DEFAULT,
            #[cfg(feature = "wire")]
            presigned: wire::Seen::new(),
        }
    }
}

/// What an operation says when it is done.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// The members of its output.
    pub members: Map,
    /// `Body`.
    pub body: Option<Content>,
    /// The HTTP status, where it is not the operation's usual one.
    #[cfg_attr(not(feature = "wire"), expect(dead_code, reason = "only HTTP has statuses"))]
    pub status: Option<u16>,
}

impl From<Map> for Reply {
    fn from(members: Map) -> Reply {
        Reply { members, ..Reply::default() }
    }
}

/// What an operation works with.
struct Cx<'a, 'b> {
    around: &'a mut Surroundings,
    input: &'a Members<'b>,
    body: Content,
}

impl Cx<'_, '_> {
    fn key(&self) -> Result<&str, ServiceError> {
        let key = self.input.needed("Key")?;
        text::check_key(key)?;
        Ok(key)
    }
}

type Outcome = Result<Reply, ServiceError>;
type Operation = fn(&mut S3, &mut Cx<'_, '_>) -> Outcome;

/// Members that every operation on a bucket has.
const EVERY: &[&str] = &["Bucket", "ExpectedBucketOwner", "RequestPayer"];
/// Members that describe an object.
const FACTS: &[&str] = &[
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "StorageClass",
    "WebsiteRedirectLocation",
    "Metadata",
    "Tagging",
    "ACL",
    "ServerSideEncryption",
];
/// Members that say what content has to be.
const DIGESTS: &[&str] = &[
    "ContentMD5",
    "ContentLength",
    "ChecksumAlgorithm",
    "ChecksumCRC32",
    "ChecksumCRC32C",
    "ChecksumCRC64NVME",
    "ChecksumSHA1",
    "ChecksumSHA256",
];
const IF: &[&str] = &["IfMatch", "IfNoneMatch"];
const READ: &[&str] = &[
    "Key",
    "IfMatch",
    "IfNoneMatch",
    "IfModifiedSince",
    "IfUnmodifiedSince",
    "Range",
    "VersionId",
    "PartNumber",
    "ChecksumMode",
    "ResponseCacheControl",
    "ResponseContentDisposition",
    "ResponseContentEncoding",
    "ResponseContentLanguage",
    "ResponseContentType",
    "ResponseExpires",
];
const COPY_SOURCE: &[&str] = &[
    "CopySource",
    "CopySourceIfMatch",
    "CopySourceIfNoneMatch",
    "CopySourceIfModifiedSince",
    "CopySourceIfUnmodifiedSince",
    "ExpectedSourceBucketOwner",
];
const LIST: &[&str] = &["Prefix", "Delimiter", "MaxKeys", "EncodingType"];

/// Every operation with the members that it knows.
const OPERATIONS: &[(&str, &[&[&str]], Operation)] = &[
    ("AbortMultipartUpload", &[&["Key", "UploadId"]], S3::abort_upload),
    (
        "CompleteMultipartUpload",
        &[&["Key", "UploadId", "MultipartUpload", "ChecksumType", "MpuObjectSize"], DIGESTS, IF],
        S3::complete_upload,
    ),
    (
        "CopyObject",
        &[&["Key", "MetadataDirective", "TaggingDirective", "ChecksumAlgorithm"], COPY_SOURCE, FACTS, IF],
        S3::copy_object,
    ),
    ("CreateBucket", &[&["ACL", "CreateBucketConfiguration", "ObjectOwnership"]], S3::create_bucket),
    ("CreateMultipartUpload", &[&["Key", "ChecksumAlgorithm", "ChecksumType"], FACTS], S3::create_upload),
    ("DeleteBucket", &[], S3::delete_bucket),
    ("DeleteBucketTagging", &[], S3::delete_bucket_tags),
    ("DeleteObject", &[&["Key", "VersionId", "IfMatch"]], S3::delete_object),
    ("DeleteObjects", &[&["Delete"], DIGESTS], S3::delete_objects),
    ("DeleteObjectTagging", &[&["Key", "VersionId"]], S3::delete_object_tags),
    ("GetBucketLocation", &[], S3::bucket_location),
    ("GetBucketNotificationConfiguration", &[], S3::notifications),
    ("GetBucketTagging", &[], S3::bucket_tags),
    ("GetBucketVersioning", &[], S3::versioning),
    ("GetObject", &[READ], S3::get_object),
    (
        "GetObjectAttributes",
        &[&["Key", "VersionId", "MaxParts", "PartNumberMarker", "ObjectAttributes"]],
        S3::object_attributes,
    ),
    ("GetObjectTagging", &[&["Key", "VersionId"]], S3::object_tags),
    ("HeadBucket", &[], S3::head_bucket),
    ("HeadObject", &[READ], S3::head_object),
    ("ListBuckets", &[&["MaxBuckets", "ContinuationToken", "Prefix", "BucketRegion"]], S3::list_buckets),
    (
        "ListMultipartUploads",
        &[&["Prefix", "Delimiter", "MaxUploads", "EncodingType", "KeyMarker", "UploadIdMarker"]],
        S3::list_uploads,
    ),
    ("ListObjects", &[LIST, &["Marker"]], S3::list_objects),
    ("ListObjectsV2", &[LIST, &["ContinuationToken", "StartAfter", "FetchOwner"]], S3::list_objects_v2),
    ("ListObjectVersions", &[LIST, &["KeyMarker", "VersionIdMarker"]], S3::list_versions),
    ("ListParts", &[&["Key", "UploadId", "MaxParts", "PartNumberMarker"]], S3::list_parts),
    (
        "PutBucketNotificationConfiguration",
        &[&["NotificationConfiguration", "SkipDestinationValidation"]],
        S3::put_notifications,
    ),
    ("PutBucketTagging", &[&["Tagging"], DIGESTS], S3::put_bucket_tags),
    ("PutBucketVersioning", &[&["VersioningConfiguration"], DIGESTS], S3::put_versioning),
    ("PutObject", &[&["Key"], FACTS, DIGESTS, IF], S3::put_object),
    ("PutObjectTagging", &[&["Key", "VersionId", "Tagging"], DIGESTS], S3::put_object_tags),
    ("UploadPart", &[&["Key", "UploadId", "PartNumber"], DIGESTS], S3::upload_part),
    ("UploadPartCopy", &[&["Key", "UploadId", "PartNumber", "CopySourceRange"], COPY_SOURCE], S3::upload_part_copy),
];

impl S3 {
    /// One operation of a state machine: `Body` is a text, or JSON that is written out.
    pub(super) fn ask(&mut self, around: &mut Surroundings, operation: &str, input: &Value) -> Answer {
        let mut members = input.as_object().cloned().unwrap_or_default();
        let body = match members.remove("Body") {
            Some(Value::String(text)) => Some(Content::holding(text.as_bytes().to_vec())),
            Some(Value::Null) | None => None,
            Some(other) => Some(other.to_string().into()),
        };
        // The SDK that state machines call with sends a checksum of its own accord.
        if matches!(operation, "PutObject" | "UploadPart") && !members.keys().any(|name| name.starts_with("Checksum")) {
            members.insert("ChecksumAlgorithm", "CRC32");
        }
        let outcome = self.perform(around, operation, &members.into(), body).and_then(|reply| {
            let mut members = reply.members;
            if let Some(body) = reply.body {
                let Ok(text) = std::str::from_utf8(&body) else {
                    return Err(ServiceError::not_modelled("an object that is no text, in a state machine,"));
                };
                members.insert("Body", text);
            }
            Ok(members.into())
        });
        Answer::Now(outcome)
    }

    /// One operation with its body as bytes.
    pub(super) fn perform(
        &mut self,
        around: &mut Surroundings,
        operation: &str,
        input: &Value,
        body: Option<Content>,
    ) -> Outcome {
        let Some((_, known, work)) = OPERATIONS.iter().find(|(name, ..)| *name == operation) else {
            return Err(ServiceError::not_modelled(format!("the operation {operation} of S3")));
        };
        self.now = self.now.max(around.now);
        let known: Vec<&str> = EVERY.iter().chain(known.iter().copied().flatten()).copied().collect();
        let input = Members::of(operation, input, &known)?;
        work(self, &mut Cx { around, input: &input, body: body.unwrap_or_default() })
    }

    /// The bucket an operation is about.
    fn bucket(&self, input: &Members<'_>) -> Result<&Bucket, ServiceError> {
        let name = owned_bucket(input)?;
        self.buckets.get(name).ok_or_else(|| no_such_bucket(name))
    }
    fn bucket_mut(&mut self, input: &Members<'_>) -> Result<&mut Bucket, ServiceError> {
        let name = owned_bucket(input)?;
        self.buckets.get_mut(name).ok_or_else(|| no_such_bucket(name))
    }

    /// Puts an object, into a bucket that is made where there is none of this name.
    pub fn put(&mut self, bucket: impl Into<Str>, key: impl Into<Str>, body: impl AsRef<[u8]>) {
        self.put_content(bucket.into(), key.into(), Content::holding(body.as_ref().to_vec()));
    }
    pub(crate) fn put_content(&mut self, bucket: Str, key: Str, content: Content) {
        let at = self.now;
        let bucket = self.buckets.entry(bucket).or_insert_with(|| Bucket::new(at));
        let serial = bucket.len() as u64;
        bucket.store(&key, Object::plain(content), at, || versions::fresh_id(at.as_millis().unsigned_abs(), serial));
    }
    /// An object's content.
    pub fn get(&self, bucket: &str, key: &str) -> Option<&[u8]> {
        Some(&**self.latest(bucket, key)?.0)
    }
    /// An object's content, to be held.
    pub fn content(&self, bucket: &str, key: &str) -> Option<Content> {
        self.latest(bucket, key).map(|(content, _)| content.clone())
    }
    /// The content of a version of an object.
    pub(crate) fn content_of(&self, bucket: &str, key: &str, version: &str) -> Option<Content> {
        Some(self.buckets.get(bucket)?.version(key, version)?.object.as_ref()?.content.clone())
    }
    fn latest(&self, bucket: &str, key: &str) -> Option<(&Content, &Version)> {
        let version = self.buckets.get(bucket)?.latest(key)?;
        Some((&version.object.as_ref()?.content, version))
    }
    /// An object's content as JSON.
    pub fn json(&self, bucket: &str, key: &str) -> Option<serde_json::Value> {
        serde_json::from_slice(self.get(bucket, key)?).ok()
    }
    /// Keys of a bucket that begin with `prefix`, in order.
    pub fn keys<'a>(&'a self, bucket: &str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.buckets.get(bucket).into_iter().flat_map(move |bucket| bucket.objects(prefix).map(|(key, ..)| key))
    }
    /// The names of the buckets.
    pub fn buckets(&self) -> impl Iterator<Item = &str> {
        self.buckets.keys().map(|name| &**name)
    }
    /// Whether there is a bucket of this name.
    pub(crate) fn has_bucket(&self, bucket: &str) -> bool {
        self.buckets.contains_key(bucket)
    }
    /// Whether buckets have to be created before anything is put into them, since the test creates buckets itself.
    pub(crate) fn is_strict(&self) -> bool {
        self.is_strict
    }
    pub(super) fn be_strict(&mut self) {
        self.is_strict = true;
    }
    pub(super) fn set_now(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }
    /// What a listing says about every object of a bucket whose key begins with `prefix`, in the form in which an
    /// ItemReader gets it.
    pub(crate) fn listed<'a>(&'a self, bucket: &str, prefix: &'a str) -> impl Iterator<Item = (&'a str, Value)> {
        let bucket = self.buckets.get(bucket);
        bucket.into_iter().flat_map(move |bucket| {
            bucket.objects(prefix).map(|(key, version, object)| {
                let entry = Value::object([
                    ("Etag", Value::from(&*object.etag)),
                    ("Key", key.into()),
                    ("LastModified", Value::from(version.at.as_millis() / 1000)),
                    ("Size", object.content.len().into()),
                    ("StorageClass", object.storage_class().into()),
                ]);
                (key, entry)
            })
        })
    }
}

/// Whether an operation has a member of this name.
#[cfg(feature = "wire")]
fn knows(operation: &str, member: &str) -> bool {
    EVERY.contains(&member)
        || OPERATIONS
            .iter()
            .any(|(name, known, _)| *name == operation && known.iter().any(|list| list.contains(&member)))
}

/// The bucket's name, of an owner whom the caller expects.
fn owned_bucket<'a>(input: &Members<'a>) -> Result<&'a str, ServiceError> {
    let name = input.needed("Bucket")?;
    match input.text("ExpectedBucketOwner") {
        Some(owner) if owner != ACCOUNT => Err(access_denied()),
        _ => Ok(name),
    }
}

fn access_denied() -> ServiceError {
    ServiceError::coded("AccessDenied", "Access Denied").status(403)
}

pub(super) fn no_such_bucket(name: &str) -> ServiceError {
    ServiceError::modelled("NoSuchBucket", "The specified bucket does not exist").status(404).with("BucketName", name)
}

fn no_such_key(key: &str) -> ServiceError {
    ServiceError::modelled("NoSuchKey", "The specified key does not exist.").status(404).with("Key", key)
}

/// An argument with a value that it may not have.
fn invalid_argument(message: &str, name: &str, value: &str) -> ServiceError {
    ServiceError::coded("InvalidArgument", message).with("ArgumentName", name).with("ArgumentValue", value)
}

/// XML that says something it may not.
fn malformed() -> ServiceError {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    ServiceError::coded("MalformedXML", message)
}
