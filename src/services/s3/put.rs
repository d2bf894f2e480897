//! PutObject, and what content has to be for anybody to take it.

use super::checksum::{Algorithm, verify_md5};
use super::object::{Checksum, Facts, Object};
use super::{Cx, Outcome, S3, condition, versions};
use crate::services::error::ServiceError;
use crate::value::Map;

/// # Errors
/// Content that is not what its digests say.
pub(super) fn verify(cx: &Cx<'_, '_>) -> Result<Option<Checksum>, ServiceError> {
    if let Some(given) = cx.input.text("ContentMD5") {
        verify_md5(given, &cx.body)?;
    }
    let given: Vec<(Algorithm, &str)> =
        Algorithm::all().filter_map(|algorithm| Some((algorithm, cx.input.text(algorithm.member())?))).collect();
    let named = match cx.input.text("ChecksumAlgorithm") {
        Some(name) => Some(Algorithm::of_name(name).ok_or_else(|| unknown_algorithm(name))?),
        None => None,
    };
    match given.as_slice() {
        [] => Ok(named.map(|algorithm| Checksum::of(algorithm, &cx.body))),
        [(algorithm, value)] => {
            if named.is_some_and(|named| named != *algorithm) {
                let message = "Value for x-amz-sdk-checksum-algorithm header is invalid.";
                return Err(ServiceError::coded("InvalidRequest", message));
            }
            algorithm.verify(value, &cx.body)?;
            Ok(Some(Checksum { algorithm: *algorithm, value: (*value).to_owned(), kind: "FULL_OBJECT" }))
        }
        _ => {
            let message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
            Err(ServiceError::coded("InvalidRequest", message))
        }
    }
}

pub(super) fn unknown_algorithm(name: &str) -> ServiceError {
    let message = "Checksum algorithm provided is unsupported. Please try again with any of the valid types: \
                   [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]";
    ServiceError::coded("InvalidRequest", message).with("ChecksumAlgorithm", name)
}

impl S3 {
    pub(super) fn put_object(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let key = cx.key()?.to_owned();
        let checksum = verify(cx)?;
        let facts = Facts::of(cx.input)?;
        let there = self.bucket(cx.input)?.object(&key);
        condition::writes(cx.input, &key, there)?;
        // S3 keeps a checksum of everything.
        let checksum = checksum.unwrap_or_else(|| Checksum::of(Algorithm::Crc64Nvme, &cx.body));
        let mut members = Map::new();
        checksum.show(&mut members);
        let mut object = Object::plain(std::mem::take(&mut cx.body));
        (object.facts, object.checksum) = (facts, Some(checksum));
        members.insert("ETag", object.etag.as_str());
        members.insert("ServerSideEncryption", "AES256");
        let size = object.content.len();
        self.stored(cx, &key, object, &mut members, "ObjectCreated:Put", size)?;
        Ok(members.into())
    }

    /// Stores an object, says which version it is, and tells those who want to know.
    pub(super) fn stored(
        &mut self,
        cx: &mut Cx<'_, '_>,
        key: &str,
        object: Object,
        members: &mut Map,
        event: &str,
        size: usize,
    ) -> Result<(), ServiceError> {
        let (a, b, now) = (cx.around.number(), cx.around.number(), cx.around.now);
        let etag = object.etag.clone();
        let id = self.bucket_mut(cx.input)?.store(key, object, now, || versions::fresh_id(a, b));
        if let Some(id) = &id {
            members.insert("VersionId", &**id);
        }
        self.notify(cx, event, key, Some((size, &etag)), id.as_deref());
        Ok(())
    }
}
