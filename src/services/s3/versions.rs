//! Versions of objects: switching them on, finding one by its id.

use super::bucket::{Bucket, Versioning};
use super::object::{Object, Version};
use super::{Cx, Outcome, Reply, S3, invalid_argument, malformed, no_such_key};
use crate::random::Seeded;
use crate::services::error::ServiceError;
use crate::services::members::Members;
use crate::value::{Map, Value};

/// A version's id in the form of S3's: 32 letters and digits.
pub(super) fn fresh_id(a: u64, b: u64) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
    let mut random = Seeded::new(a ^ b.rotate_left(32));
    let letter = |bits: u64| char::from(LETTERS[(bits & 63) as usize]);
    (0..32).map(|_| letter(random.next_u64() >> 7)).collect()
}

/// What an input's `VersionId` names, or the latest version.
pub(super) fn wanted<'b>(bucket: &'b Bucket, key: &str, id: Option<&str>) -> Result<&'b Version, ServiceError> {
    let versions = bucket.keys.get(key).map(Vec::as_slice).unwrap_or_default();
    let Some(id) = id else {
        return versions.last().ok_or_else(|| no_such_key(key));
    };
    check_id(id)?;
    versions.iter().rev().find(|v| v.shown_id() == id).ok_or_else(|| no_such_version(key, id))
}

/// The object that an input's `Key` and `VersionId` name.
pub(super) fn object<'b>(bucket: &'b Bucket, input: &Members<'_>) -> Result<(&'b Version, &'b Object), ServiceError> {
    let (key, id) = (input.needed("Key")?, input.text("VersionId"));
    let version = wanted(bucket, key, id)?;
    match &version.object {
        Some(object) => Ok((version, object)),
        None if id.is_some() => {
            Err(ServiceError::coded("MethodNotAllowed", "The specified method is not allowed against this resource.")
                .status(405)
                .with("DeleteMarker", true)
                .with("VersionId", version.shown_id())
                .with("ResourceType", "DeleteMarker"))
        }
        None => Err(no_such_key(key).with("DeleteMarker", true).with("VersionId", version.shown_id())),
    }
}

pub(super) fn no_such_version(key: &str, id: &str) -> ServiceError {
    ServiceError::coded("NoSuchVersion", "The specified version does not exist.")
        .status(404)
        .with("Key", key)
        .with("VersionId", id)
}

/// # Errors
/// What can be the id of no version.
pub(super) fn check_id(id: &str) -> Result<(), ServiceError> {
    if id == "null" || id.len() == 32 {
        return Ok(());
    }
    Err(invalid_argument("Invalid version id specified", "versionId", id))
}

impl Bucket {
    /// Adds the version's id to an answer about it, where the bucket knows versions.
    pub(super) fn show_version(&self, version: &Version, members: &mut Map) {
        if self.versioning.is_some() || version.id.is_some() {
            members.insert("VersionId", version.shown_id());
        }
    }
}

impl S3 {
    pub(super) fn put_versioning(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        super::put::verify(cx)?;
        let configuration = cx.input.get("VersioningConfiguration").ok_or_else(malformed)?;
        if configuration.get("MFADelete").and_then(Value::as_str) == Some("Enabled") {
            return Err(ServiceError::not_modelled("`MFADelete` of PutBucketVersioning"));
        }
        let versioning = match configuration.get("Status").and_then(Value::as_str) {
            Some("Enabled") => Versioning::Enabled,
            Some("Suspended") => Versioning::Suspended,
            _ => {
                let message = "The Versioning element must be specified";
                return Err(ServiceError::coded("IllegalVersioningConfigurationException", message));
            }
        };
        self.bucket_mut(cx.input)?.versioning = Some(versioning);
        Ok(Reply::default())
    }

    pub(super) fn versioning(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let mut members = Map::new();
        match self.bucket(cx.input)?.versioning {
            Some(Versioning::Enabled) => drop(members.insert("Status", "Enabled")),
            Some(Versioning::Suspended) => drop(members.insert("Status", "Suspended")),
            None => {}
        }
        Ok(members.into())
    }
}
