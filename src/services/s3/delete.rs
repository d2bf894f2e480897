//! Deleting objects and versions of them.

use super::bucket::{Bucket, Versioning};
use super::object::Version;
use super::{Cx, Outcome, S3, condition, malformed, text, versions};
use crate::services::error::ServiceError;
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// What became of a key.
struct Deleted {
    /// The id of the version that is gone, or of the mark that was set.
    id: Option<String>,
    /// What is gone, or was set, is a mark.
    is_marker: bool,
    /// A mark was set.
    is_marked: bool,
}

impl Bucket {
    fn delete(&mut self, key: &str, id: Option<&str>, at: Timestamp, fresh: (u64, u64)) -> Deleted {
        match (id, self.versioning) {
            (Some(id), _) => {
                let versions = self.keys.get_mut(key);
                let position = versions.as_ref().and_then(|all| all.iter().position(|v| v.shown_id() == id));
                let mut is_marker = false;
                if let (Some(versions), Some(position)) = (versions, position) {
                    is_marker = versions.remove(position).object.is_none();
                    if versions.is_empty() {
                        self.keys.remove(key);
                    }
                }
                Deleted { id: Some(id.to_owned()), is_marker, is_marked: false }
            }
            (None, None) => {
                self.keys.remove(key);
                Deleted { id: None, is_marker: false, is_marked: false }
            }
            (None, Some(versioning)) => {
                let id = (versioning == Versioning::Enabled).then(|| versions::fresh_id(fresh.0, fresh.1).into());
                let version = Version { id, at, object: None };
                let id = version.shown_id().to_owned();
                self.add(key, version);
                Deleted { id: Some(id), is_marker: true, is_marked: true }
            }
        }
    }
}

impl S3 {
    fn deleted(&mut self, cx: &mut Cx<'_, '_>, key: &str, id: Option<&str>) -> Result<Deleted, ServiceError> {
        if let Some(id) = id {
            versions::check_id(id)?;
        }
        let (fresh, now) = ((cx.around.number(), cx.around.number()), cx.around.now);
        let bucket = self.bucket_mut(cx.input)?;
        let was_there = bucket.keys.contains_key(key);
        let deleted = bucket.delete(key, id, now, fresh);
        if was_there {
            let event = if deleted.is_marked { "ObjectRemoved:DeleteMarkerCreated" } else { "ObjectRemoved:Delete" };
            self.notify(cx, event, key, None, deleted.id.as_deref());
        }
        Ok(deleted)
    }

    pub(super) fn delete_object(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let key = cx.key()?.to_owned();
        if cx.input.get("IfMatch").is_some() {
            condition::writes(cx.input, &key, self.bucket(cx.input)?.object(&key))?;
        }
        let deleted = self.deleted(cx, &key, cx.input.text("VersionId"))?;
        let mut members = Map::new();
        if deleted.is_marker {
            members.insert("DeleteMarker", true);
        }
        if let Some(id) = deleted.id {
            members.insert("VersionId", id);
        }
        Ok(members.into())
    }

    pub(super) fn delete_objects(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        super::put::verify(cx)?;
        self.bucket(cx.input)?;
        let delete = cx.input.get("Delete").ok_or_else(malformed)?;
        let objects = delete.get("Objects").and_then(Value::as_array).unwrap_or_default();
        if objects.is_empty() || objects.len() > 1000 {
            return Err(malformed());
        }
        let is_quiet = delete.get("Quiet").and_then(Value::as_bool) == Some(true);
        let (mut gone, mut errors) = (Vec::new(), Vec::new());
        for object in objects {
            for (member, _) in object.as_object().into_iter().flat_map(Map::iter) {
                if !matches!(&**member, "Key" | "VersionId") {
                    return Err(ServiceError::not_modelled(format!("`{member}` of DeleteObjects")));
                }
            }
            let key = object.get("Key").and_then(Value::as_str).filter(|key| !key.is_empty()).ok_or_else(malformed)?;
            let id = object.get("VersionId").and_then(Value::as_str);
            let mut entry = Map::new();
            entry.insert("Key", key);
            if let Some(id) = id {
                entry.insert("VersionId", id);
            }
            match text::check_key(key).and_then(|()| self.deleted(cx, key, id)) {
                Ok(deleted) => {
                    if deleted.is_marker {
                        entry.insert("DeleteMarker", true);
                        entry.insert("DeleteMarkerVersionId", deleted.id.unwrap_or_default());
                    }
                    gone.push(entry.into());
                }
                Err(error) => {
                    // Of an odd id S3 says here what it says of one that is not there.
                    let is_odd_id = error.code == "InvalidArgument";
                    let error = if is_odd_id { versions::no_such_version(key, id.unwrap_or_default()) } else { error };
                    entry.insert("Code", error.code);
                    entry.insert("Message", error.message);
                    errors.push(entry.into());
                }
            }
        }
        let mut members = Map::new();
        if !is_quiet && !gone.is_empty() {
            members.insert("Deleted", Value::array(gone));
        }
        if !errors.is_empty() {
            members.insert("Errors", Value::array(errors));
        }
        Ok(members.into())
    }
}
