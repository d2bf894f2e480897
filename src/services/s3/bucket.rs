//! Buckets and the operations on them as such.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::multipart::Upload;
use super::object::{Object, Version};
use super::{Cx, Outcome, Reply, S3, invalid_argument, listing, text};
use crate::services::REGION;
use crate::services::error::ServiceError;
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};

/// Whether a bucket keeps what is overwritten and deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Versioning {
    Enabled,
    Suspended,
}

/// A bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    pub created: Timestamp,
    /// None until it is first switched on.
    pub versioning: Option<Versioning>,
    /// Where it is; nothing in the region that was there first.
    pub location: Option<String>,
    /// Versions of every key, the latest last; no list is empty.
    pub keys: BTreeMap<Str, Vec<Version>>,
    pub uploads: Vec<Upload>,
    pub tags: Option<Vec<(String, String)>>,
    pub notifications: Value,
}

impl Bucket {
    pub(super) fn new(created: Timestamp) -> Bucket {
        Bucket {
            created,
            versioning: None,
            location: None,
            keys: BTreeMap::new(),
            uploads: Vec::new(),
            tags: None,
            notifications: Value::empty_object(),
        }
    }
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
    /// The latest version of a key, which may be the mark that it was deleted.
    pub(super) fn latest(&self, key: &str) -> Option<&Version> {
        self.keys.get(key)?.last()
    }
    /// The object that is there under a key.
    pub(super) fn object(&self, key: &str) -> Option<&Object> {
        self.latest(key)?.object.as_deref()
    }
    /// A version of a key by its id.
    pub(super) fn version(&self, key: &str, id: &str) -> Option<&Version> {
        self.keys.get(key)?.iter().find(|version| version.shown_id() == id)
    }
    /// The objects whose key begins with `prefix`, in order.
    pub(super) fn objects<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Version, &'a Object)> {
        self.keys
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .filter_map(|(key, versions)| {
                let version = versions.last()?;
                Some((&**key, version, version.object.as_deref()?))
            })
    }
    /// Puts an object; gives the id of its version where the bucket makes versions.
    pub(super) fn store(
        &mut self,
        key: &str,
        object: Object,
        at: Timestamp,
        fresh_id: impl FnOnce() -> String,
    ) -> Option<Str> {
        let id = (self.versioning == Some(Versioning::Enabled)).then(|| Str::from(fresh_id()));
        self.add(key, Version { id: id.clone(), at, object: Some(Arc::new(object)) });
        id
    }
    /// Adds a version; one without an id takes the place of the one without.
    pub(super) fn add(&mut self, key: &str, version: Version) {
        match self.keys.get_mut(key) {
            Some(versions) => {
                if version.id.is_none() {
                    versions.retain(|v| v.id.is_some());
                }
                versions.push(version);
            }
            None => {
                self.keys.insert(key.into(), vec![version]);
            }
        }
    }
}

impl S3 {
    pub(super) fn create_bucket(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = cx.input.needed("Bucket")?;
        text::check_bucket_name(name)?;
        if !matches!(cx.input.text("ACL"), None | Some("private")) {
            let message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
            return Err(ServiceError::coded("InvalidBucketAclWithObjectOwnership", message));
        }
        if !matches!(cx.input.text("ObjectOwnership"), None | Some("BucketOwnerEnforced")) {
            return Err(ServiceError::not_modelled("a bucket with ACLs"));
        }
        let configuration = cx.input.get("CreateBucketConfiguration").and_then(Value::as_object);
        for (member, _) in configuration.into_iter().flat_map(Map::iter) {
            if !matches!(&**member, "LocationConstraint" | "Tags") {
                return Err(ServiceError::not_modelled(format!("`{member}` of CreateBucketConfiguration")));
            }
        }
        let location = configuration.and_then(|c| c.get("LocationConstraint")).and_then(Value::as_str);
        let location = location.filter(|l| !l.is_empty()).map(str::to_owned);
        if location.as_deref() == Some(REGION) {
            return Err(ServiceError::coded(
                "InvalidLocationConstraint",
                "The specified location-constraint is not valid",
            )
            .with("LocationConstraint", REGION));
        }
        let tags = configuration.and_then(|c| c.get("Tags"));
        let tags = tags.map(|tags| super::tags::of_list(tags, 50)).transpose()?;
        if self.buckets.contains_key(name) {
            // In its first region S3 lets an owner create a bucket again.
            if location.is_some() {
                let message = "Your previous request to create the named bucket succeeded and you already own it.";
                return Err(ServiceError::modelled("BucketAlreadyOwnedByYou", message)
                    .status(409)
                    .with("BucketName", name));
            }
        } else {
            let bucket = Bucket { location, tags, ..Bucket::new(cx.around.now) };
            self.buckets.insert(name.into(), bucket);
        }
        let mut members = Map::new();
        members.insert("Location", format!("/{name}"));
        members.insert("BucketArn", format!("arn:aws:s3:::{name}"));
        Ok(members.into())
    }

    pub(super) fn head_bucket(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let bucket = self.bucket(cx.input)?;
        let mut members = Map::new();
        members.insert("BucketArn", format!("arn:aws:s3:::{}", cx.input.needed("Bucket")?));
        members.insert("BucketRegion", bucket.location.as_deref().unwrap_or(REGION));
        members.insert("AccessPointAlias", false);
        Ok(members.into())
    }

    pub(super) fn delete_bucket(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = cx.input.needed("Bucket")?;
        let bucket = self.bucket(cx.input)?;
        if !bucket.keys.is_empty() {
            let versions = bucket.versioning.is_some();
            let message = if versions {
                "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
            } else {
                "The bucket you tried to delete is not empty"
            };
            return Err(ServiceError::coded("BucketNotEmpty", message).status(409).with("BucketName", name));
        }
        self.buckets.remove(name);
        Ok(Reply::default())
    }

    pub(super) fn list_buckets(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let prefix = cx.input.text("Prefix").unwrap_or_default();
        let most = listing::at_most(cx.input, "MaxBuckets", "max-buckets", 10_000)?;
        if most == 0 {
            let message = "Argument max-buckets must be an integer between 1 and 10000";
            return Err(invalid_argument(message, "max-buckets", "0"));
        }
        let region = cx.input.text("BucketRegion");
        let after = listing::after_token(cx.input)?;
        let mut all = self.buckets.iter().filter(|(name, bucket)| {
            name.starts_with(prefix)
                && after.as_deref().is_none_or(|after| ***name > *after)
                && region.is_none_or(|region| region == bucket.location.as_deref().unwrap_or(REGION))
        });
        let mut members = Map::new();
        let mut last = "";
        let mut shown = Vec::new();
        for (name, bucket) in all.by_ref().take(most) {
            last = name;
            let mut entry = Map::new();
            entry.insert("Name", &**name);
            entry.insert("CreationDate", bucket.created.in_seconds());
            entry.insert("BucketRegion", bucket.location.as_deref().unwrap_or(REGION));
            entry.insert("BucketArn", format!("arn:aws:s3:::{name}"));
            shown.push(entry.into());
        }
        members.insert("Owner", listing::owner());
        members.insert("Buckets", Value::array(shown));
        if all.next().is_some() {
            members.insert("ContinuationToken", listing::token(last));
        }
        if !prefix.is_empty() {
            members.insert("Prefix", prefix);
        }
        Ok(members.into())
    }

    pub(super) fn bucket_location(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let bucket = self.bucket(cx.input)?;
        let mut members = Map::new();
        if let Some(location) = &bucket.location {
            members.insert("LocationConstraint", location.as_str());
        }
        Ok(members.into())
    }
}
