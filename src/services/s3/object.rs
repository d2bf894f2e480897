//! An object: its content and everything that is known about it.

use std::sync::Arc;

use super::checksum::{Algorithm, md5_hex};
use crate::services::error::ServiceError;
use crate::services::members::Members;
use crate::time::Timestamp;
use crate::value::{Content, Map, Str, Value};

/// How many bytes the names and values of an object's own metadata have at most.
const MOST_METADATA: usize = 2048;

const STORAGE_CLASSES: [&str; 8] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
];

/// A checksum that is kept with an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Checksum {
    pub algorithm: Algorithm,
    pub value: String,
    /// `FULL_OBJECT`, or `COMPOSITE` for one of the parts' checksums.
    pub kind: &'static str,
}

impl Checksum {
    pub(super) fn of(algorithm: Algorithm, bytes: &[u8]) -> Checksum {
        Checksum { algorithm, value: algorithm.of(bytes), kind: "FULL_OBJECT" }
    }
    /// Adds the members that show it.
    pub(super) fn show(&self, members: &mut Map) {
        members.insert(self.algorithm.member(), self.value.as_str());
        members.insert("ChecksumType", self.kind);
    }
}

/// A part of an object that was put together from parts.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub number: u16,
    pub size: usize,
    pub checksum: Option<Checksum>,
}

/// What a client says about an object apart from its content.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// `ContentType`, `CacheControl`, …
    pub headers: Map,
    pub metadata: Map,
    pub tags: Vec<(String, String)>,
}

/// An object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub content: Content,
    /// With its quotes.
    pub etag: String,
    pub facts: Facts,
    pub checksum: Option<Checksum>,
    /// None for an object that was put as a whole.
    pub parts: Vec<Part>,
}

/// A version of an object, or the mark that it was deleted.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// None is what came before there were versions: `null`.
    pub id: Option<Str>,
    pub at: Timestamp,
    pub object: Option<Arc<Object>>,
}

impl Version {
    pub(super) fn shown_id(&self) -> &str {
        self.id.as_deref().unwrap_or("null")
    }
}

/// The headers among an object's facts that are kept as they are.
const HEADERS: [&str; 8] = [
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "StorageClass",
    "WebsiteRedirectLocation",
];

impl Facts {
    /// # Errors
    /// What no object may say about itself, and what is not modelled.
    pub(super) fn of(input: &Members<'_>) -> Result<Facts, ServiceError> {
        if !matches!(input.text("ACL"), None | Some("private" | "bucket-owner-full-control")) {
            return Err(ServiceError::coded("AccessControlListNotSupported", "The bucket does not allow ACLs"));
        }
        match input.text("ServerSideEncryption") {
            None | Some("AES256") => {}
            Some(other) => {
                return Err(ServiceError::not_modelled(format!("the server-side encryption `{other}` of S3")));
            }
        }
        if input.text("StorageClass").is_some_and(|class| !STORAGE_CLASSES.contains(&class)) {
            return Err(ServiceError::coded("InvalidStorageClass", "The storage class you specified is not valid"));
        }
        let mut headers = Map::new();
        for name in HEADERS {
            if let Some(value) = input.get(name) {
                headers.insert(name, value.clone());
            }
        }
        let mut metadata = Map::new();
        let mut bytes = 0;
        for (name, value) in input.get("Metadata").and_then(Value::as_object).into_iter().flat_map(Map::iter) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            bytes += name.len() + text.len();
            metadata.insert(name.to_lowercase(), text);
        }
        if bytes > MOST_METADATA {
            let message = "Your metadata headers exceed the maximum allowed metadata size";
            return Err(ServiceError::coded("MetadataTooLarge", message)
                .with("Size", bytes.to_string())
                .with("MaxSizeAllowed", MOST_METADATA.to_string()));
        }
        let tags = input.text("Tagging").map(super::tags::of_header).transpose()?.unwrap_or_default();
        Ok(Facts { headers, metadata, tags })
    }
}

impl Object {
    /// An object of nothing but its content.
    pub(super) fn plain(content: Content) -> Object {
        let etag = format!("\"{}\"", md5_hex(&content));
        Object { content, etag, facts: Facts::default(), checksum: None, parts: Vec::new() }
    }
    pub(super) fn storage_class(&self) -> &str {
        self.facts.headers.get("StorageClass").and_then(Value::as_str).unwrap_or("STANDARD")
    }
    /// Whether it would have to be restored before anybody reads it.
    pub(super) fn is_archived(&self) -> bool {
        matches!(self.storage_class(), "GLACIER" | "DEEP_ARCHIVE")
    }
}
