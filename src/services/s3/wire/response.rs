//! Writing an answer: members as headers, as XML, or the object itself.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

use super::{Reply, Response, xml};
use crate::services::error::ServiceError;
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// Members with the headers that hold them.
const HEADERS: &[(&str, &str)] = &[
    ("AcceptRanges", "accept-ranges"),
    ("AccessPointAlias", "x-amz-access-point-alias"),
    ("BucketArn", "x-amz-bucket-arn"),
    ("BucketRegion", "x-amz-bucket-region"),
    ("CacheControl", "cache-control"),
    ("ChecksumAlgorithm", "x-amz-checksum-algorithm"),
    ("ChecksumCRC32", "x-amz-checksum-crc32"),
    ("ChecksumCRC32C", "x-amz-checksum-crc32c"),
    ("ChecksumCRC64NVME", "x-amz-checksum-crc64nvme"),
    ("ChecksumSHA1", "x-amz-checksum-sha1"),
    ("ChecksumSHA256", "x-amz-checksum-sha256"),
    ("ChecksumType", "x-amz-checksum-type"),
    ("ContentDisposition", "content-disposition"),
    ("ContentEncoding", "content-encoding"),
    ("ContentLanguage", "content-language"),
    ("ContentLength", "content-length"),
    ("ContentRange", "content-range"),
    ("ContentType", "content-type"),
    ("CopySourceVersionId", "x-amz-copy-source-version-id"),
    ("DeleteMarker", "x-amz-delete-marker"),
    ("ETag", "etag"),
    ("Expires", "expires"),
    ("LastModified", "last-modified"),
    ("Location", "location"),
    ("PartsCount", "x-amz-mp-parts-count"),
    ("ServerSideEncryption", "x-amz-server-side-encryption"),
    ("StorageClass", "x-amz-storage-class"),
    ("TagCount", "x-amz-tagging-count"),
    ("VersionId", "x-amz-version-id"),
    ("WebsiteRedirectLocation", "x-amz-website-redirect-location"),
];

/// Operations that answer with XML: the root element, and the members that are headers all the same.
const DOCUMENTS: &[(&str, &str, &[&str])] = &[
    ("CompleteMultipartUpload", "CompleteMultipartUploadResult", &["VersionId", "ServerSideEncryption"]),
    ("CopyObject", "CopyObjectResult", &["VersionId", "CopySourceVersionId", "ServerSideEncryption"]),
    (
        "CreateMultipartUpload",
        "InitiateMultipartUploadResult",
        &["ServerSideEncryption", "ChecksumAlgorithm", "ChecksumType"],
    ),
    ("DeleteObjects", "DeleteResult", &[]),
    ("GetBucketLocation", "LocationConstraint", &[]),
    ("GetBucketNotificationConfiguration", "NotificationConfiguration", &[]),
    ("GetBucketTagging", "Tagging", &[]),
    ("GetBucketVersioning", "VersioningConfiguration", &[]),
    ("GetObjectAttributes", "GetObjectAttributesResponse", &["LastModified", "VersionId"]),
    ("GetObjectTagging", "Tagging", &["VersionId"]),
    ("ListBuckets", "ListAllMyBucketsResult", &[]),
    ("ListMultipartUploads", "ListMultipartUploadsResult", &[]),
    ("ListObjectVersions", "ListVersionsResult", &[]),
    ("ListObjects", "ListBucketResult", &[]),
    ("ListObjectsV2", "ListBucketResult", &[]),
    ("ListParts", "ListPartsResult", &[]),
    ("UploadPartCopy", "CopyPartResult", &["CopySourceVersionId", "ServerSideEncryption"]),
];

/// Operations whose success is 204.
const EMPTY: [&str; 6] = [
    "AbortMultipartUpload",
    "DeleteBucket",
    "DeleteBucketTagging",
    "DeleteObject",
    "DeleteObjectTagging",
    "PutBucketTagging",
];

/// What an operation answers.
pub(super) fn written(operation: &str, reply: Reply) -> Response {
    let document = DOCUMENTS.iter().find(|(own, ..)| *own == operation);
    let mut response = Response::new(Bytes::new());
    let status = reply.status.unwrap_or(if EMPTY.contains(&operation) { 204 } else { 200 });
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let Some((_, root, headers)) = document else {
        put_headers(&mut response, reply.members.iter().map(|(name, value)| (&**name, value)));
        if let Some(body) = reply.body {
            *response.body_mut() = Bytes::from_owner(body);
        }
        return response;
    };
    let (in_headers, in_body): (Vec<_>, Vec<_>) =
        reply.members.iter().partition(|(name, _)| headers.contains(&&***name));
    put_headers(&mut response, in_headers.into_iter().map(|(name, value)| (&**name, value)));
    let whole: Map = in_body.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let value = match *root {
        // These are the body as a whole.
        "CopyObjectResult" | "CopyPartResult" | "LocationConstraint" => whole.get(root).cloned().unwrap_or_default(),
        _ => whole.into(),
    };
    put_header(&mut response, "content-type", "application/xml");
    *response.body_mut() = xml::document(root, &value).into();
    response
}

fn put_header(response: &mut Response, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
    {
        response.headers_mut().insert(name, value);
    }
}

fn put_headers<'m>(response: &mut Response, members: impl Iterator<Item = (&'m str, &'m Value)>) {
    for (member, value) in members {
        if member == "Metadata" {
            for (name, value) in value.as_object().into_iter().flat_map(Map::iter) {
                put_header(response, &format!("x-amz-meta-{name}"), value.as_str().unwrap_or_default());
            }
            continue;
        }
        let Some((_, header)) = HEADERS.iter().find(|(own, _)| *own == member) else { continue };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let date = (member == "LastModified").then(|| Timestamp::parse(&text)).flatten();
        put_header(response, header, &date.map_or(text, Timestamp::http_date));
    }
}

/// What an error's members are as headers.
const OF_ERRORS: [&str; 4] = ["DeleteMarker", "VersionId", "ETag", "LastModified"];

/// An error, which has no body where none may be.
pub(super) fn refused(error: &ServiceError, resource: &str, id: &str, is_head: bool) -> Response {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let members = error.members.as_ref().and_then(Value::as_object);
    let members = || members.into_iter().flat_map(Map::iter);
    let is_about_an_object = matches!(error.status, 304 | 404 | 405);
    if is_about_an_object {
        put_headers(&mut response, members().map(|(n, v)| (&**n, v)).filter(|(n, _)| OF_ERRORS.contains(n)));
    }
    if error.status == 405 {
        put_header(&mut response, "allow", "DELETE");
    }
    if is_head || error.status == 304 {
        return response;
    }
    let mut all = vec![("Code", error.code.clone()), ("Message", error.message.clone())];
    for (name, value) in members().filter(|(name, _)| &***name != "DeleteMarker") {
        all.push((&**name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    all.push(("Resource", resource.to_owned()));
    all.push(("RequestId", request_id(id)));
    all.push(("HostId", host_id(id)));
    put_header(&mut response, "content-type", "application/xml");
    *response.body_mut() = xml::error_document(&all).into();
    response
}

/// 16 capital digits, as S3's ids are.
fn request_id(id: &str) -> String {
    id.chars().filter(char::is_ascii_hexdigit).take(16).collect::<String>().to_ascii_uppercase()
}

fn host_id(id: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(id)
}

/// Adds the ids that every answer has.
pub(super) fn sign(response: &mut Response, id: &str) {
    put_header(response, "x-amz-request-id", &request_id(id));
    put_header(response, "x-amz-id-2", &host_id(id));
    put_header(response, "server", "AmazonS3");
}
