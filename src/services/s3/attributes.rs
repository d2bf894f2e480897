//! GetObjectAttributes.

use super::{Cx, Outcome, S3, invalid_argument, listing, versions};
use crate::value::{Map, Value};

const KNOWN: [&str; 5] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

impl S3 {
    pub(super) fn object_attributes(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let bucket = self.bucket(cx.input)?;
        let (version, object) = versions::object(bucket, cx.input)?;
        let wanted: Vec<&str> = cx.input.items("ObjectAttributes").iter().filter_map(Value::as_str).collect();
        let message = "Invalid attribute name specified.";
        if wanted.is_empty() {
            return Err(invalid_argument(message, "x-amz-object-attributes", ""));
        }
        if let Some(odd) = wanted.iter().find(|name| !KNOWN.contains(name)) {
            return Err(invalid_argument(message, "x-amz-object-attributes", odd));
        }
        let wants = |name: &str| wanted.contains(&name);
        let mut members = Map::new();
        members.insert("LastModified", version.at.in_seconds());
        bucket.show_version(version, &mut members);
        if wants("ETag") {
            members.insert("ETag", object.etag.trim_matches('"'));
        }
        if let Some(checksum) = object.checksum.as_ref().filter(|_| wants("Checksum")) {
            let mut shown = Map::new();
            checksum.show(&mut shown);
            members.insert("Checksum", shown);
        }
        if wants("ObjectParts") && !object.parts.is_empty() {
            let most = listing::at_most(cx.input, "MaxParts", "max-parts", 1000)?;
            let after = cx.input.number("PartNumberMarker").unwrap_or(0);
            let mut parts = object.parts.iter().filter(|part| i64::from(part.number) > after);
            let mut next = after;
            let mut all = Vec::new();
            for part in parts.by_ref().take(most) {
                let mut entry = Map::new();
                entry.insert("PartNumber", i64::from(part.number));
                entry.insert("Size", part.size);
                if let Some(checksum) = &part.checksum {
                    entry.insert(checksum.algorithm.member(), checksum.value.as_str());
                }
                next = i64::from(part.number);
                all.push(Value::from(entry));
            }
            let mut shown = Map::new();
            shown.insert("TotalPartsCount", object.parts.len());
            shown.insert("PartNumberMarker", after);
            shown.insert("NextPartNumberMarker", next);
            shown.insert("MaxParts", most);
            shown.insert("IsTruncated", parts.next().is_some());
            // The parts themselves are listed only where they have checksums of their own.
            if object.parts.iter().any(|part| part.checksum.is_some()) {
                shown.insert("Parts", Value::array(all));
            }
            members.insert("ObjectParts", shown);
        }
        if wants("StorageClass") {
            members.insert("StorageClass", object.storage_class());
        }
        if wants("ObjectSize") {
            members.insert("ObjectSize", object.content.len());
        }
        Ok(members.into())
    }
}
