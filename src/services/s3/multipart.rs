//! Uploads in parts.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};

use super::checksum::{Algorithm, md5_hex};
use super::listing::{Asked, at_most, owner};
use super::object::{Checksum, Facts, Object, Part};
use super::{Cx, Outcome, Reply, S3, condition, get, invalid_argument, malformed, versions};
use crate::services::error::ServiceError;
use crate::services::hex;
use crate::services::members::{Members, number};
use crate::time::Timestamp;
use crate::value::{Content, Map, Value};

/// How small every part but the last may be.
const LEAST_PART: usize = 5 * 1024 * 1024;

/// An upload that is under way.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    key: String,
    id: String,
    at: Timestamp,
    facts: Facts,
    algorithm: Option<Algorithm>,
    /// `COMPOSITE` or `FULL_OBJECT`.
    kind: &'static str,
    parts: BTreeMap<u16, Uploaded>,
}

/// A part that has come.
#[derive(Clone, Debug)]
struct Uploaded {
    content: Content,
    etag: String,
    checksum: Option<Checksum>,
    at: Timestamp,
}

fn no_such_upload(id: &str) -> ServiceError {
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted \
                   or completed.";
    ServiceError::modelled("NoSuchUpload", message).status(404).with("UploadId", id)
}

fn invalid_part(id: &str, number: i64, etag: &str) -> ServiceError {
    let message = "One or more of the specified parts could not be found.  The part may not have been uploaded, or the \
                   specified entity tag may not match the part's entity tag.";
    ServiceError::coded("InvalidPart", message)
        .with("UploadId", id)
        .with("PartNumber", number.to_string())
        .with("ETag", etag)
}

fn part_number(input: &Members<'_>) -> Result<u16, ServiceError> {
    let given = input.get("PartNumber").cloned().unwrap_or_default();
    let within = number(&given).and_then(|n| u16::try_from(n).ok()).filter(|n| (1..=10_000).contains(n));
    within.ok_or_else(|| {
        let text = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
        let message = "Part number must be an integer between 1 and 10000, inclusive";
        invalid_argument(message, "partNumber", &text)
    })
}

impl S3 {
    fn upload(&mut self, input: &Members<'_>) -> Result<&mut Upload, ServiceError> {
        let (key, id) = (input.needed("Key")?, input.needed("UploadId")?);
        let uploads = &mut self.bucket_mut(input)?.uploads;
        uploads.iter_mut().find(|u| u.key == key && u.id == id).ok_or_else(|| no_such_upload(id))
    }

    pub(super) fn create_upload(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let key = cx.key()?.to_owned();
        let facts = Facts::of(cx.input)?;
        let algorithm = match cx.input.text("ChecksumAlgorithm") {
            Some(name) => Some(Algorithm::of_name(name).ok_or_else(|| super::put::unknown_algorithm(name))?),
            None => None,
        };
        let usual = match algorithm {
            None | Some(Algorithm::Crc64Nvme) => "FULL_OBJECT",
            Some(_) => "COMPOSITE",
        };
        let unfit = |kind: &str, algorithm: Algorithm| {
            let message = format!(
                "The {kind} checksum type cannot be used with the {} checksum algorithm.",
                algorithm.name().to_ascii_lowercase()
            );
            Err(ServiceError::coded("InvalidRequest", message))
        };
        let kind = match (cx.input.text("ChecksumType"), algorithm) {
            (None, _) => usual,
            (Some("FULL_OBJECT"), Some(algorithm @ (Algorithm::Sha1 | Algorithm::Sha256))) => {
                return unfit("FULL_OBJECT", algorithm);
            }
            (Some("COMPOSITE"), Some(Algorithm::Crc64Nvme)) => return unfit("COMPOSITE", Algorithm::Crc64Nvme),
            (Some("FULL_OBJECT"), Some(_)) => "FULL_OBJECT",
            (Some("COMPOSITE"), Some(_)) => "COMPOSITE",
            (Some(_), None) => {
                let message =
                    "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.";
                return Err(ServiceError::coded("InvalidRequest", message));
            }
            (Some(_), Some(_)) => {
                let message = "Value for x-amz-checksum-type header is invalid.";
                return Err(ServiceError::coded("InvalidRequest", message));
            }
        };
        let id = versions::fresh_id(cx.around.number(), cx.around.number());
        let upload = Upload {
            key: key.clone(),
            id: id.clone(),
            at: cx.around.now,
            facts,
            algorithm,
            kind,
            parts: BTreeMap::new(),
        };
        self.bucket_mut(cx.input)?.uploads.push(upload);
        let mut members = Map::new();
        members.insert("Bucket", cx.input.needed("Bucket")?);
        members.insert("Key", key);
        members.insert("UploadId", id);
        members.insert("ServerSideEncryption", "AES256");
        if let Some(algorithm) = algorithm {
            members.insert("ChecksumAlgorithm", algorithm.name());
            members.insert("ChecksumType", kind);
        }
        Ok(members.into())
    }

    pub(super) fn upload_part(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let number = part_number(cx.input)?;
        let given = super::put::verify(cx)?;
        let (at, content) = (cx.around.now, std::mem::take(&mut cx.body));
        let upload = self.upload(cx.input)?;
        let (etag, checksum) = upload.take(number, content, given, at);
        let mut members = Map::new();
        members.insert("ETag", etag);
        if let Some(checksum) = checksum {
            members.insert(checksum.algorithm.member(), checksum.value);
        }
        members.insert("ServerSideEncryption", "AES256");
        Ok(members.into())
    }

    pub(super) fn upload_part_copy(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let number = part_number(cx.input)?;
        self.upload(cx.input)?;
        let source = self.source(cx)?;
        let whole = &source.object.content;
        let content = match cx.input.text("CopySourceRange") {
            Some(range) => whole.part(get::of_source(range, whole.len())?),
            None => whole.clone(),
        };
        let at = cx.around.now;
        let (etag, checksum) = self.upload(cx.input)?.take(number, content, None, at);
        let mut result = Map::new();
        result.insert("ETag", etag);
        result.insert("LastModified", at.in_seconds());
        if let Some(checksum) = checksum {
            result.insert(checksum.algorithm.member(), checksum.value);
        }
        let mut members = Map::new();
        members.insert("CopyPartResult", result);
        members.insert("ServerSideEncryption", "AES256");
        if let Some(id) = source.version {
            members.insert("CopySourceVersionId", Value::String(id));
        }
        Ok(members.into())
    }

    pub(super) fn abort_upload(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let (key, id) = (cx.input.needed("Key")?, cx.input.needed("UploadId")?);
        self.upload(cx.input)?;
        self.bucket_mut(cx.input)?.uploads.retain(|u| u.key != key || u.id != id);
        Ok(Reply::default())
    }

    pub(super) fn complete_upload(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let (key, id) = (cx.key()?.to_owned(), cx.input.needed("UploadId")?);
        let upload = self.upload(cx.input)?.clone();
        let object = upload.put_together(cx.input)?;
        condition::writes(cx.input, &key, self.bucket(cx.input)?.object(&key))?;
        let name = cx.input.needed("Bucket")?;
        let mut members = Map::new();
        members.insert("Location", format!("https://{name}.s3.amazonaws.com/{}", super::text::url_encoded(&key)));
        members.insert("Bucket", name);
        members.insert("Key", key.as_str());
        members.insert("ETag", object.etag.as_str());
        if let Some(checksum) = &object.checksum {
            checksum.show(&mut members);
        }
        members.insert("ServerSideEncryption", "AES256");
        self.bucket_mut(cx.input)?.uploads.retain(|u| u.key != key || u.id != id);
        let size = object.content.len();
        self.stored(cx, &key, object, &mut members, "ObjectCreated:CompleteMultipartUpload", size)?;
        Ok(members.into())
    }

    pub(super) fn list_parts(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let most = at_most(cx.input, "MaxParts", "max-parts", 1000)?;
        let after = cx.input.number("PartNumberMarker").unwrap_or(0);
        let (name, key, id) = (cx.input.needed("Bucket")?, cx.input.needed("Key")?, cx.input.needed("UploadId")?);
        let upload = self.upload(cx.input)?;
        let mut parts = upload.parts.iter().filter(|(number, _)| i64::from(**number) > after);
        let mut shown = Vec::new();
        let mut next = 0;
        for (number, part) in parts.by_ref().take(most) {
            let mut entry = Map::new();
            entry.insert("PartNumber", i64::from(*number));
            entry.insert("LastModified", part.at.in_seconds());
            entry.insert("ETag", part.etag.as_str());
            entry.insert("Size", part.content.len());
            if let Some(checksum) = &part.checksum {
                entry.insert(checksum.algorithm.member(), checksum.value.as_str());
            }
            next = i64::from(*number);
            shown.push(entry.into());
        }
        let mut members = Map::new();
        members.insert("Bucket", name);
        members.insert("Key", key);
        members.insert("UploadId", id);
        members.insert("PartNumberMarker", after);
        members.insert("NextPartNumberMarker", next);
        members.insert("MaxParts", most);
        members.insert("IsTruncated", parts.next().is_some());
        if !shown.is_empty() {
            members.insert("Parts", Value::array(shown));
        }
        members.insert("Initiator", owner());
        members.insert("Owner", owner());
        let class = upload.facts.headers.get("StorageClass").cloned().unwrap_or_else(|| "STANDARD".into());
        members.insert("StorageClass", class);
        if let Some(algorithm) = upload.algorithm {
            members.insert("ChecksumAlgorithm", algorithm.name());
            members.insert("ChecksumType", upload.kind);
        }
        Ok(members.into())
    }

    pub(super) fn list_uploads(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let bucket = self.bucket(cx.input)?;
        let asked = Asked::of(cx.input)?;
        let most = at_most(cx.input, "MaxUploads", "max-uploads", 1000)?;
        let key_marker = cx.input.text("KeyMarker").unwrap_or_default();
        let id_marker = cx.input.text("UploadIdMarker").unwrap_or_default();
        let mut all: Vec<&Upload> = bucket.uploads.iter().filter(|u| u.key.starts_with(asked.prefix)).collect();
        // Those of one key are in the order in which they began.
        all.sort_by(|a, b| a.key.cmp(&b.key));
        let is_seen = all.iter().position(|u| u.key == key_marker && u.id == id_marker);
        let (mut shown, mut common) = (Vec::new(), Vec::<&str>::new());
        let (mut last, mut is_truncated) = (("", ""), false);
        for (i, upload) in all.iter().enumerate() {
            let is_behind = is_seen.map_or(upload.key.as_str() > key_marker, |seen| i > seen);
            let rolled = asked.common(&upload.key);
            if (!is_behind && !key_marker.is_empty()) || rolled.is_some_and(|c| c == key_marker || common.contains(&c))
            {
                continue;
            }
            if shown.len() + common.len() >= most {
                is_truncated = most > 0;
                break;
            }
            if let Some(rolled) = rolled {
                common.push(rolled);
                last = (rolled, "");
                continue;
            }
            last = (&upload.key, &upload.id);
            let mut entry = Map::new();
            entry.insert("Key", asked.shown(&upload.key));
            entry.insert("UploadId", upload.id.as_str());
            entry.insert("Initiator", owner());
            entry.insert("Owner", owner());
            let class = upload.facts.headers.get("StorageClass").cloned().unwrap_or_else(|| "STANDARD".into());
            entry.insert("StorageClass", class);
            entry.insert("Initiated", upload.at.in_seconds());
            if let Some(algorithm) = upload.algorithm {
                entry.insert("ChecksumAlgorithm", algorithm.name());
                entry.insert("ChecksumType", upload.kind);
            }
            shown.push(entry.into());
        }
        let mut members = Map::new();
        members.insert("Bucket", cx.input.needed("Bucket")?);
        members.insert("KeyMarker", asked.shown(key_marker));
        members.insert("UploadIdMarker", id_marker);
        members.insert("MaxUploads", most);
        members.insert("IsTruncated", is_truncated);
        if is_truncated {
            members.insert("NextKeyMarker", asked.shown(last.0));
            members.insert("NextUploadIdMarker", last.1);
        }
        if !shown.is_empty() {
            members.insert("Uploads", Value::array(shown));
        }
        asked.show(&mut members, &common);
        Ok(members.into())
    }
}

impl Upload {
    /// Takes a part, in place of one with its number.
    fn take(
        &mut self,
        number: u16,
        content: Content,
        given: Option<Checksum>,
        at: Timestamp,
    ) -> (String, Option<Checksum>) {
        let computed = || self.algorithm.map(|algorithm| Checksum::of(algorithm, &content));
        let checksum = given.filter(|given| self.algorithm.is_none_or(|own| own == given.algorithm)).or_else(computed);
        let etag = format!("\"{}\"", md5_hex(&content));
        self.parts.insert(number, Uploaded { content, etag: etag.clone(), checksum: checksum.clone(), at });
        (etag, checksum)
    }

    /// The object that the parts make which a request names.
    fn put_together(self, input: &Members<'_>) -> Result<Object, ServiceError> {
        let named = input.get("MultipartUpload").and_then(|m| m.get("Parts")).and_then(Value::as_array);
        let named = named.filter(|parts| !parts.is_empty()).ok_or_else(malformed)?;
        let mut chosen: Vec<(u16, &Uploaded)> = Vec::new();
        for part in named {
            let number = part.get("PartNumber").and_then(number).ok_or_else(malformed)?;
            let etag = part.get("ETag").and_then(Value::as_str).unwrap_or_default();
            if chosen.last().is_some_and(|(last, _)| i64::from(*last) >= number) {
                let message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
                return Err(ServiceError::coded("InvalidPartOrder", message).with("UploadId", self.id.as_str()));
            }
            let found = u16::try_from(number).ok().and_then(|n| self.parts.get_key_value(&n));
            let Some((number, uploaded)) =
                found.filter(|(_, uploaded)| uploaded.etag.trim_matches('"') == etag.trim_matches('"'))
            else {
                return Err(invalid_part(&self.id, number, etag));
            };
            if let Some(checksum) = &uploaded.checksum
                && part.get(checksum.algorithm.member()).and_then(Value::as_str).is_some_and(|v| v != checksum.value)
            {
                return Err(invalid_part(&self.id, i64::from(*number), etag));
            }
            chosen.push((*number, uploaded));
        }
        let but_last = chosen.len().saturating_sub(1);
        if let Some((number, small)) = chosen[..but_last].iter().find(|(_, part)| part.content.len() < LEAST_PART) {
            let message = "Your proposed upload is smaller than the minimum allowed size";
            return Err(ServiceError::coded("EntityTooSmall", message)
                .with("ProposedSize", small.content.len().to_string())
                .with("MinSizeAllowed", LEAST_PART.to_string())
                .with("PartNumber", number.to_string())
                .with("ETag", small.etag.trim_matches('"')));
        }
        let mut digests = Md5::new();
        let mut bytes = Vec::with_capacity(chosen.iter().map(|(_, part)| part.content.len()).sum());
        for (_, part) in &chosen {
            digests.update(Md5::digest(&*part.content));
            bytes.extend_from_slice(&part.content);
        }
        if input.number("MpuObjectSize").is_some_and(|size| usize::try_from(size) != Ok(bytes.len())) {
            let message = "The provided 'x-amz-mp-object-size' header does not match what was computed.";
            return Err(ServiceError::coded("InvalidRequest", message));
        }
        let etag = format!("\"{}-{}\"", hex(&digests.finalize()), chosen.len());
        let algorithm = self.algorithm.unwrap_or(Algorithm::Crc64Nvme);
        let checksum = match self.kind {
            "COMPOSITE" => {
                let of_parts = chosen.iter().filter_map(|(_, part)| Some(part.checksum.as_ref()?.value.as_str()));
                Checksum { algorithm, value: algorithm.composite(of_parts), kind: "COMPOSITE" }
            }
            _ => Checksum::of(algorithm, &bytes),
        };
        let is_composite = checksum.kind == "COMPOSITE";
        if let Some(given) = input.text(algorithm.member()) {
            // A composite one may be written with the number of parts or without.
            let bare = checksum.value.split('-').next().unwrap_or_default();
            let is_checksum = BASE64.decode(given.split('-').next().unwrap_or_default()).is_ok();
            if !is_checksum || (given != checksum.value && !(is_composite && given == bare)) {
                let message = format!("The {} you specified did not match the calculated checksum.", algorithm.name());
                return Err(ServiceError::coded("BadDigest", message));
            }
        }
        let parts = chosen.iter().map(|(number, part)| Part {
            number: *number,
            size: part.content.len(),
            checksum: part.checksum.clone().filter(|_| self.algorithm.is_some()),
        });
        Ok(Object { etag, checksum: Some(checksum), parts: parts.collect(), facts: self.facts, content: bytes.into() })
    }
}
