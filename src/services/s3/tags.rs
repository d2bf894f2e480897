//! Tags of objects and buckets.

use std::sync::Arc;

use super::bucket::Bucket;
use super::{Cx, Outcome, Reply, S3, invalid_argument, malformed, text, versions};
use crate::services::error::ServiceError;
use crate::services::members::Members;
use crate::value::{Map, Value};

type Tags = Vec<(String, String)>;

/// How many tags an object and a bucket have at most.
const MOST_OF_OBJECT: usize = 10;
const MOST_OF_BUCKET: usize = 50;

fn invalid(message: &str) -> ServiceError {
    ServiceError::coded("InvalidTag", message)
}

fn checked(tags: Tags, most: usize) -> Result<Tags, ServiceError> {
    if tags.len() > most {
        let thing = if most == MOST_OF_OBJECT { "Object" } else { "Bucket" };
        return Err(ServiceError::coded("BadRequest", format!("{thing} tags cannot be greater than {most}")));
    }
    for (i, (key, value)) in tags.iter().enumerate() {
        if key.is_empty() || key.chars().count() > 128 {
            return Err(invalid("The TagKey you have provided is invalid").with("TagKey", key.as_str()));
        }
        if value.chars().count() > 256 {
            return Err(invalid("The TagValue you have provided is invalid").with("TagKey", key.as_str()));
        }
        if key.starts_with("aws:") {
            return Err(invalid("System tags cannot be added/updated by requester"));
        }
        if tags[..i].iter().any(|(other, _)| other == key) {
            return Err(invalid("Cannot provide multiple Tags with the same key").with("TagKey", key.as_str()));
        }
    }
    Ok(tags)
}

/// `a=1&b=2`
pub(super) fn of_header(header: &str) -> Result<Tags, ServiceError> {
    let odd = || {
        let message = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without \
                       tag name duplicates.";
        invalid_argument(message, "x-amz-tagging", header)
    };
    let mut tags = Tags::new();
    for pair in header.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = text::url_decoded(key, true).ok_or_else(odd)?;
        if tags.iter().any(|(other, _)| *other == key) {
            return Err(odd());
        }
        tags.push((key, text::url_decoded(value, true).ok_or_else(odd)?));
    }
    checked(tags, MOST_OF_OBJECT)
}

/// `[{"Key": "a", "Value": "1"}]`
pub(super) fn of_list(list: &Value, most: usize) -> Result<Tags, ServiceError> {
    let mut tags = Tags::new();
    for tag in list.as_array().ok_or_else(malformed)? {
        let part = |name| tag.get(name).and_then(Value::as_str).map(str::to_owned);
        tags.push((part("Key").ok_or_else(malformed)?, part("Value").ok_or_else(malformed)?));
    }
    checked(tags, most)
}

fn of_input(input: &Members<'_>, most: usize) -> Result<Tags, ServiceError> {
    of_list(input.get("Tagging").and_then(|tagging| tagging.get("TagSet")).ok_or_else(malformed)?, most)
}

fn shown(tags: &Tags) -> Value {
    let tag = |(key, value): &(String, String)| {
        Value::object([("Key", Value::from(key.as_str())), ("Value", value.as_str().into())])
    };
    Value::array(tags.iter().map(tag).collect())
}

impl S3 {
    pub(super) fn object_tags(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let bucket = self.bucket(cx.input)?;
        let (version, object) = versions::object(bucket, cx.input)?;
        let mut members = Map::new();
        members.insert("TagSet", shown(&object.facts.tags));
        bucket.show_version(version, &mut members);
        Ok(members.into())
    }

    pub(super) fn put_object_tags(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        super::put::verify(cx)?;
        let tags = of_input(cx.input, MOST_OF_OBJECT)?;
        retag(self.bucket_mut(cx.input)?, cx.input, tags)
    }

    pub(super) fn delete_object_tags(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        retag(self.bucket_mut(cx.input)?, cx.input, Tags::new())
    }

    pub(super) fn bucket_tags(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let Some(tags) = &self.bucket(cx.input)?.tags else {
            return Err(ServiceError::coded("NoSuchTagSet", "The TagSet does not exist")
                .status(404)
                .with("BucketName", cx.input.needed("Bucket")?));
        };
        let mut members = Map::new();
        members.insert("TagSet", shown(tags));
        Ok(members.into())
    }

    pub(super) fn put_bucket_tags(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        super::put::verify(cx)?;
        let tags = of_input(cx.input, MOST_OF_BUCKET)?;
        self.bucket_mut(cx.input)?.tags = Some(tags).filter(|tags| !tags.is_empty());
        Ok(Reply::default())
    }

    pub(super) fn delete_bucket_tags(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        self.bucket_mut(cx.input)?.tags = None;
        Ok(Reply::default())
    }
}

/// Gives the version that an input names other tags.
fn retag(bucket: &mut Bucket, input: &Members<'_>, tags: Tags) -> Outcome {
    let (version, _) = versions::object(bucket, input)?;
    let (key, id) = (input.needed("Key")?, version.shown_id().to_owned());
    let mut members = Map::new();
    bucket.show_version(version, &mut members);
    let mut versions = bucket.keys.get_mut(key).into_iter().flatten();
    if let Some(object) = versions.find(|v| v.shown_id() == id).and_then(|v| v.object.as_mut()) {
        Arc::make_mut(object).facts.tags = tags;
    }
    Ok(members.into())
}
