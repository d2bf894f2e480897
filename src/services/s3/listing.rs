//! Listings: pages of keys, and of versions, with what they have in common rolled up.

use std::ops::Bound;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::bucket::Bucket;
use super::object::{Object, Version};
use super::{Cx, Outcome, S3, invalid_argument, text};
use crate::services::ACCOUNT;
use crate::services::error::ServiceError;
use crate::services::members::Members;
use crate::value::{Map, Str, Value};

/// The owner of everything.
pub(super) fn owner() -> Value {
    Value::object([("ID", Value::from(format!("{ACCOUNT:0>64}")))])
}

/// A page's size: a number from 0, at most what the service gives at once.
pub(super) fn at_most(input: &Members<'_>, member: &str, shown: &str, most: usize) -> Result<usize, ServiceError> {
    let Some(given) = input.get(member) else { return Ok(most) };
    let text = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
    match input.number(member) {
        Some(n) if (0..=2_147_483_647).contains(&n) => Ok(usize::try_from(n).unwrap_or(most).min(most)),
        Some(_) => {
            let message = format!("Argument {member} must be an integer between 0 and 2147483647");
            Err(invalid_argument(&message, shown, &text))
        }
        None => Err(invalid_argument("Provided max-keys not an integer or within integer range", shown, &text)),
    }
}

/// A token that says after which name to go on.
pub(super) fn token(last: &str) -> String {
    BASE64.encode(format!("after:{last}"))
}

/// What `ContinuationToken` says.
pub(super) fn after_token(input: &Members<'_>) -> Result<Option<String>, ServiceError> {
    let Some(token) = input.text("ContinuationToken") else { return Ok(None) };
    let text = BASE64.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match text.as_deref().and_then(|text| text.strip_prefix("after:")) {
        Some(after) => Ok(Some(after.to_owned())),
        None => Err(invalid_argument("The continuation token provided is incorrect", "continuation-token", token)),
    }
}

/// What a listing asks for.
pub(super) struct Asked<'a> {
    pub prefix: &'a str,
    pub delimiter: &'a str,
    /// Texts are shown URL-encoded.
    encodes: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn of(input: &Members<'a>) -> Result<Asked<'a>, ServiceError> {
        let encodes = match input.text("EncodingType") {
            None | Some("") => false,
            Some("url") => true,
            Some(other) => {
                return Err(invalid_argument("Invalid Encoding Method specified in Request", "encoding-type", other));
            }
        };
        let text = |name| input.text(name).unwrap_or_default();
        Ok(Asked { prefix: text("Prefix"), delimiter: text("Delimiter"), encodes })
    }
    pub(super) fn shown(&self, text: &str) -> Value {
        if self.encodes { text::url_encoded(text).into() } else { text.into() }
    }
    /// What a key is rolled up into.
    pub(super) fn common<'k>(&self, key: &'k str) -> Option<&'k str> {
        if self.delimiter.is_empty() {
            return None;
        }
        let rest = key.get(self.prefix.len()..)?;
        let end = self.prefix.len() + rest.find(self.delimiter)? + self.delimiter.len();
        key.get(..end)
    }
    /// Adds what a listing repeats of its request, and what it rolled up.
    pub(super) fn show(&self, members: &mut Map, common: &[&str]) {
        members.insert("Prefix", self.shown(self.prefix));
        if !self.delimiter.is_empty() {
            members.insert("Delimiter", self.shown(self.delimiter));
        }
        if self.encodes {
            members.insert("EncodingType", "url");
        }
        if !common.is_empty() {
            let entry = |prefix: &&str| Value::object([("Prefix", self.shown(prefix))]);
            members.insert("CommonPrefixes", Value::array(common.iter().map(entry).collect()));
        }
    }
}

/// A page of keys.
#[derive(Default)]
struct Page<'b> {
    keys: Vec<(&'b str, &'b [Version])>,
    common: Vec<&'b str>,
    /// The last thing on it.
    last: &'b str,
    is_truncated: bool,
}

/// Walks the keys after one; whatever they have in common stands for all of them.
fn page<'b>(bucket: &'b Bucket, asked: &Asked<'_>, after: &str, most: usize) -> Page<'b> {
    let mut page = Page::default();
    let mut from: Bound<Str> = if after < asked.prefix || after.is_empty() {
        Bound::Included(asked.prefix.into())
    } else {
        Bound::Excluded(after.into())
    };
    // What was rolled up on the page before is not shown again.
    let mut rolled = asked.common(after).filter(|common| *common == after).map(str::to_owned);
    'walk: loop {
        let bounds = (from.as_ref().map(|s| &**s), Bound::Unbounded);
        for (key, versions) in bucket.keys.range::<str, _>(bounds) {
            if !key.starts_with(asked.prefix) {
                break 'walk;
            }
            if versions.last().is_none_or(|latest| latest.object.is_none()) {
                continue;
            }
            let common = asked.common(key);
            if common.is_some() && common == rolled.as_deref() {
                // All that begins alike is behind the last character there is.
                let behind = format!("{}\u{10FFFF}", rolled.as_deref().unwrap_or_default());
                if **key < *behind {
                    from = Bound::Excluded(behind.into());
                    continue 'walk;
                }
                continue;
            }
            if page.keys.len() + page.common.len() >= most {
                page.is_truncated = most > 0;
                break 'walk;
            }
            match common {
                Some(common) => {
                    rolled = Some(common.to_owned());
                    page.common.push(common);
                    page.last = common;
                }
                None => {
                    page.keys.push((key, versions));
                    page.last = key;
                }
            }
        }
        break;
    }
    page
}

fn entry(asked: &Asked<'_>, key: &str, version: &Version, object: &Object, with_owner: bool) -> Map {
    let mut entry = Map::new();
    entry.insert("Key", asked.shown(key));
    entry.insert("LastModified", version.at.in_seconds());
    entry.insert("ETag", object.etag.as_str());
    if let Some(checksum) = &object.checksum {
        entry.insert("ChecksumAlgorithm", Value::array(vec![checksum.algorithm.name().into()]));
        entry.insert("ChecksumType", checksum.kind);
    }
    entry.insert("Size", object.content.len());
    entry.insert("StorageClass", object.storage_class());
    if with_owner {
        entry.insert("Owner", owner());
    }
    entry
}

fn contents(asked: &Asked<'_>, page: &Page<'_>, with_owner: bool) -> Value {
    let shown = page.keys.iter().filter_map(|(key, versions)| {
        let version = versions.last()?;
        Some(entry(asked, key, version, version.object.as_deref()?, with_owner).into())
    });
    Value::array(shown.collect())
}

impl S3 {
    pub(super) fn list_objects_v2(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let bucket = self.bucket(cx.input)?;
        let asked = Asked::of(cx.input)?;
        let most = at_most(cx.input, "MaxKeys", "max-keys", 1000)?;
        let start = cx.input.text("StartAfter").unwrap_or_default();
        let after = after_token(cx.input)?;
        let page = page(bucket, &asked, after.as_deref().unwrap_or(start), most);
        let mut members = Map::new();
        members.insert("Name", cx.input.needed("Bucket")?);
        members.insert("KeyCount", page.keys.len() + page.common.len());
        members.insert("MaxKeys", most);
        members.insert("IsTruncated", page.is_truncated);
        if let Some(token) = cx.input.text("ContinuationToken") {
            members.insert("ContinuationToken", token);
        }
        if page.is_truncated {
            members.insert("NextContinuationToken", token(page.last));
        }
        if !start.is_empty() {
            members.insert("StartAfter", asked.shown(start));
        }
        if !page.keys.is_empty() {
            let with_owner = cx.input.get("FetchOwner").and_then(Value::as_bool) == Some(true);
            members.insert("Contents", contents(&asked, &page, with_owner));
        }
        asked.show(&mut members, &page.common);
        Ok(members.into())
    }

    pub(super) fn list_objects(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let bucket = self.bucket(cx.input)?;
        let asked = Asked::of(cx.input)?;
        let most = at_most(cx.input, "MaxKeys", "max-keys", 1000)?;
        let marker = cx.input.text("Marker").unwrap_or_default();
        let page = page(bucket, &asked, marker, most);
        let mut members = Map::new();
        members.insert("Name", cx.input.needed("Bucket")?);
        members.insert("Marker", asked.shown(marker));
        members.insert("MaxKeys", most);
        members.insert("IsTruncated", page.is_truncated);
        // Without a delimiter the last key is the marker.
        if page.is_truncated && !asked.delimiter.is_empty() {
            members.insert("NextMarker", asked.shown(page.last));
        }
        if !page.keys.is_empty() {
            members.insert("Contents", contents(&asked, &page, true));
        }
        asked.show(&mut members, &page.common);
        Ok(members.into())
    }

    pub(super) fn list_versions(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let bucket = self.bucket(cx.input)?;
        let asked = Asked::of(cx.input)?;
        let most = at_most(cx.input, "MaxKeys", "max-keys", 1000)?;
        let key_marker = cx.input.text("KeyMarker").unwrap_or_default();
        let id_marker = cx.input.text("VersionIdMarker").filter(|id| !id.is_empty());
        if id_marker.is_some() && key_marker.is_empty() {
            let message = "A version-id marker cannot be specified without a key marker.";
            return Err(invalid_argument(message, "version-id-marker", id_marker.unwrap_or_default()));
        }
        let from = asked.prefix.max(key_marker);
        let (mut versions, mut markers, mut common) = (Vec::new(), Vec::new(), Vec::<&str>::new());
        let mut last: (&str, Option<&str>) = ("", None);
        let mut is_truncated = false;
        'walk: for (key, all) in bucket.keys.range::<str, _>((Bound::Included(from), Bound::Unbounded)) {
            if !key.starts_with(asked.prefix) {
                break;
            }
            let rolled = asked.common(key);
            // What a marker has seen: its key, or all that it stands for; of its key maybe only some versions.
            let is_marked = **key == *key_marker && !key_marker.is_empty();
            if is_marked && id_marker.is_none() || rolled.is_some_and(|common| common == key_marker) {
                continue;
            }
            if let Some(rolled) = rolled {
                if common.last() == Some(&rolled) {
                    continue;
                }
                if versions.len() + markers.len() + common.len() >= most {
                    is_truncated = most > 0;
                    break;
                }
                common.push(rolled);
                last = (rolled, None);
                continue;
            }
            let mut skips = is_marked;
            for (age, version) in all.iter().rev().enumerate() {
                if skips {
                    skips = Some(version.shown_id()) != id_marker;
                    continue;
                }
                if versions.len() + markers.len() + common.len() >= most {
                    is_truncated = most > 0;
                    break 'walk;
                }
                let mut shown = match &version.object {
                    Some(object) => entry(&asked, key, version, object, true),
                    None => {
                        let mut marker = Map::new();
                        marker.insert("Key", asked.shown(key));
                        marker.insert("LastModified", version.at.in_seconds());
                        marker.insert("Owner", owner());
                        marker
                    }
                };
                shown.insert("VersionId", version.shown_id());
                shown.insert("IsLatest", age == 0);
                let list = if version.object.is_some() { &mut versions } else { &mut markers };
                list.push(Value::from(shown));
                last = (key, Some(version.shown_id()));
            }
        }
        let mut members = Map::new();
        members.insert("Name", cx.input.needed("Bucket")?);
        members.insert("KeyMarker", asked.shown(key_marker));
        members.insert("VersionIdMarker", id_marker.unwrap_or_default());
        members.insert("MaxKeys", most);
        members.insert("IsTruncated", is_truncated);
        if is_truncated {
            members.insert("NextKeyMarker", asked.shown(last.0));
            if let Some(id) = last.1 {
                members.insert("NextVersionIdMarker", id);
            }
        }
        for (name, list) in [("Versions", versions), ("DeleteMarkers", markers)] {
            if !list.is_empty() {
                members.insert(name, Value::array(list));
            }
        }
        asked.show(&mut members, &common);
        Ok(members.into())
    }
}
