//! CopyObject, and the sources of copies.

use super::checksum::Algorithm;
use super::object::{Checksum, Facts, Object, Version};
use super::{Cx, Outcome, S3, access_denied, condition, invalid_argument, no_such_bucket, no_such_key, text, versions};
use crate::services::ACCOUNT;
use crate::services::error::ServiceError;
use crate::value::{Map, Str, Value};

/// Where a copy comes from.
pub(super) struct Source {
    pub bucket: String,
    pub key: String,
    pub object: std::sync::Arc<Object>,
    pub version: Option<Str>,
}

impl S3 {
    /// What `CopySource` names: `bucket/key`, `/bucket/key?versionId=…`, URL-encoded.
    pub(super) fn source(&self, cx: &Cx<'_, '_>) -> Result<Source, ServiceError> {
        let given = cx.input.needed("CopySource")?;
        if given.starts_with("arn:") {
            return Err(ServiceError::not_modelled("an access point as the source of a copy"));
        }
        if cx.input.text("ExpectedSourceBucketOwner").is_some_and(|owner| owner != ACCOUNT) {
            return Err(access_denied());
        }
        let (path, id) = match given.split_once("?versionId=") {
            Some((path, id)) => (path, Some(id)),
            None => (given, None),
        };
        let path = text::url_decoded(path, true).unwrap_or_default();
        let parts = path.trim_start_matches('/').split_once('/').filter(|(b, k)| !b.is_empty() && !k.is_empty());
        let Some((name, key)) = parts else {
            let message = "Invalid copy source object key";
            return Err(invalid_argument(message, "x-amz-copy-source", given));
        };
        let bucket = self.buckets.get(name).ok_or_else(|| no_such_bucket(name))?;
        let version = versions::wanted(bucket, key, id)?;
        let Some(object) = &version.object else {
            if id.is_none() {
                return Err(no_such_key(key));
            }
            let message = "The source of a copy request may not specifically refer to a delete marker by version id.";
            return Err(ServiceError::coded("InvalidRequest", message));
        };
        condition::reads(cx.input, &condition::SOURCE, version, object).map_err(condition::of_source)?;
        let shown = |version: &Version| bucket.versioning.map(|_| Str::from(version.shown_id()));
        Ok(Source { bucket: name.into(), key: key.into(), object: object.clone(), version: shown(version) })
    }

    pub(super) fn copy_object(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let key = cx.key()?.to_owned();
        self.bucket(cx.input)?;
        let source = self.source(cx)?;
        condition::writes(cx.input, &key, self.bucket(cx.input)?.object(&key))?;
        let replaces = |directive: &str| match cx.input.text(directive) {
            None | Some("COPY") => Ok(false),
            Some("REPLACE") => Ok(true),
            Some(other) => {
                let what = if directive == "MetadataDirective" { "metadata" } else { "tagging" };
                let header = format!("x-amz-{what}-directive");
                Err(invalid_argument(&format!("Unknown {what} directive."), &header, other))
            }
        };
        let (new_metadata, new_tags) = (replaces("MetadataDirective")?, replaces("TaggingDirective")?);
        let given = Facts::of(cx.input)?;
        let changes = new_metadata
            || ["StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption", "ChecksumAlgorithm"]
                .iter()
                .any(|name| cx.input.get(name).is_some())
            || cx.input.text("CopySource").is_some_and(|source| source.contains("?versionId="));
        if source.bucket == cx.input.needed("Bucket")? && source.key == key && !changes {
            let message = "This copy request is illegal because it is trying to copy an object to itself without changing \
                           the object's metadata, storage class, website redirect location or encryption attributes.";
            return Err(ServiceError::coded("InvalidRequest", message));
        }
        let mut facts = if new_metadata { given.clone() } else { source.object.facts.clone() };
        // Neither of these is ever copied along.
        for name in ["StorageClass", "WebsiteRedirectLocation"] {
            match given.headers.get(name) {
                Some(value) => drop(facts.headers.insert(name, value.clone())),
                None => drop(facts.headers.remove(name)),
            }
        }
        facts.tags = if new_tags { given.tags } else { source.object.facts.tags.clone() };
        let algorithm = match cx.input.text("ChecksumAlgorithm") {
            Some(name) => Algorithm::of_name(name).ok_or_else(|| super::put::unknown_algorithm(name))?,
            None => source.object.checksum.as_ref().map_or(Algorithm::Crc64Nvme, |checksum| checksum.algorithm),
        };
        let mut object = Object::plain(source.object.content.clone());
        let checksum = Checksum::of(algorithm, &object.content);
        let mut result = Map::new();
        result.insert("ETag", object.etag.as_str());
        result.insert("LastModified", cx.around.now.in_seconds());
        checksum.show(&mut result);
        (object.facts, object.checksum) = (facts, Some(checksum));
        let mut members = Map::new();
        members.insert("CopyObjectResult", result);
        members.insert("ServerSideEncryption", "AES256");
        if let Some(id) = source.version {
            members.insert("CopySourceVersionId", Value::String(id));
        }
        let size = object.content.len();
        self.stored(cx, &key, object, &mut members, "ObjectCreated:Copy", size)?;
        Ok(members.into())
    }
}
