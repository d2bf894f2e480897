//! What ItemReaders read from S3's model.

use crate::asl::machine::InputType;
use crate::engine::ReadItems;
use crate::engine::reader::manifest::{self, Place};
use crate::engine::reader::{self, Bytes, DataFile, Unread};
use crate::services::s3::S3;
use crate::task::TaskError;
use crate::value::{Content, Map, Value};

/// What an ItemReader fetches.
///
/// The outer error is the test's: no object of the bucket was handed over at all, or the kind of object is one
/// that cannot be read here. The inner one is the service's.
pub(super) fn read(objects: &S3, read: &ReadItems) -> Result<Result<Bytes, TaskError>, String> {
    match (Reading { objects, read }).all() {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(Unread::Failed(error)) => Ok(Err(error)),
        Err(Unread::Here(what)) => Err(format!("the ItemReader of `{}` reads {what}", read.state)),
    }
}

/// What can be said about an object or a listing that is read.
const OF_AN_OBJECT: &[&str] = &["Bucket", "Key", "VersionId"];
const OF_A_LISTING: &[&str] = &["Bucket", "Prefix", "StartAfter"];

struct Reading<'a> {
    objects: &'a S3,
    read: &'a ReadItems,
}

impl<'a> Reading<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.read.parameters.get(name).and_then(Value::as_str)
    }

    fn all(&self) -> Result<Bytes, Unread> {
        let lists = self.read.resource.api() == "listObjectsV2";
        let known = if lists { OF_A_LISTING } else { OF_AN_OBJECT };
        let parameters = self.read.parameters.as_object();
        if let Some((other, _)) =
            parameters.into_iter().flat_map(Map::iter).find(|(name, _)| !known.contains(&&***name))
        {
            return Err(Unread::Here(format!("S3 with the parameter `{other}`, which is not modelled")));
        }
        let bucket = self.text("Bucket").unwrap_or_default();
        if lists {
            return self.listing(bucket);
        }
        let key = self.text("Key").unwrap_or_default();
        let object = self.object(bucket, key, self.text("VersionId"))?;
        match self.read.manifest_type.as_deref() {
            None => reader::opened(self.read.input_type, object, self.read.most),
            Some("ATHENA_DATA") => self.athena(object),
            Some(_) => self.inventory(bucket, object),
        }
    }

    /// What a listing says; or the objects that are listed. However many there are: Step Functions asks for the next
    /// thousand by itself.
    fn listing(&self, bucket: &str) -> Result<Bytes, Unread> {
        let (prefix, after) = (self.text("Prefix").unwrap_or_default(), self.text("StartAfter"));
        self.check_bucket(bucket, prefix)?;
        let listed = self.objects.listed(bucket, prefix).filter(|(key, _)| after.is_none_or(|after| *key > after));
        if !self.read.load_and_flatten {
            return Ok(Bytes::Listing(listed.map(|(_, entry)| entry).collect()));
        }
        let file = |key: &str| {
            let bytes = reader::opened(self.read.input_type, self.object(bucket, key, None)?, self.read.most)?;
            Ok(DataFile { source: Some(format!("S3://{bucket}/{key}").into()), bytes })
        };
        listed.map(|(key, _)| file(key)).collect::<Result<_, _>>().map(Bytes::Files)
    }

    /// The rows of an inventory's files, which are CSV without headers.
    fn inventory(&self, bucket: &str, object: Content) -> Result<Bytes, Unread> {
        if self.read.input_type != InputType::Manifest {
            let what = "an S3 Inventory as another `InputType` than MANIFEST; leave `InputType` out";
            return Err(Unread::Here(what.into()));
        }
        let found = manifest::inventory(&object)?;
        let file = |place: &Place| {
            let content = self.object(place.bucket.as_deref().unwrap_or(bucket), &place.key, None)?;
            reader::check_packing(&content)?;
            Ok(DataFile { source: None, bytes: Bytes::Table(found.columns.clone(), content) })
        };
        found.files.iter().map(file).collect::<Result<_, _>>().map(Bytes::Files)
    }

    /// The rows of the files that Athena wrote.
    fn athena(&self, object: Content) -> Result<Bytes, Unread> {
        if !matches!(self.read.input_type, InputType::Csv | InputType::Jsonl | InputType::Parquet) {
            let what = "Athena's data, of which it does not say the type; write `InputType: CSV`, JSONL or PARQUET";
            return Err(Unread::Here(what.into()));
        }
        let file = |place: &Place| {
            let content = self.object(place.bucket.as_deref().unwrap_or_default(), &place.key, None)?;
            let bytes = reader::opened(self.read.input_type, content, self.read.most)?;
            Ok(DataFile { source: None, bytes })
        };
        manifest::athena(&object)?.iter().map(file).collect::<Result<_, _>>().map(Bytes::Files)
    }

    fn object(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<Content, Unread> {
        self.check_bucket(bucket, key)?;
        let found = match version {
            Some(id) => self.objects.content_of(bucket, key, id),
            None => self.objects.content(bucket, key),
        };
        found.ok_or_else(|| {
            let what = if version.is_some() { "version" } else { "key" };
            let cause = format!("The specified {what} does not exist. (bucket {bucket}, key {key})");
            TaskError::new("States.ItemReaderFailed", cause).into()
        })
    }

    fn check_bucket(&self, bucket: &str, key: &str) -> Result<(), Unread> {
        if self.objects.has_bucket(bucket) {
            return Ok(());
        }
        if self.objects.is_strict() {
            return Err(TaskError::new("States.ItemReaderFailed", "The specified bucket does not exist").into());
        }
        Err(Unread::Here(format!(
            "from the bucket `{bucket}`, and the test has handed over no object of it\n  \
             add:   .object({bucket:?}, {key:?}, …)\n  or:    --object {bucket}/{key}=FILE"
        )))
    }
}
