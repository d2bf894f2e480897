//! ItemReader: bytes of an object → the items of a distributed Map.

pub(crate) mod manifest;

mod gzip;
mod items;
#[cfg(feature = "parquet")]
mod parquet;
mod rows;

pub(super) use items::Items;

use crate::asl::machine::InputType;
use crate::task::TaskError;
use crate::value::{Content, Str, Value};

/// What was fetched for an ItemReader.
#[derive(Clone, Debug)]
pub enum Bytes {
    /// The content of an object, which may be compressed.
    Object(Content),
    /// What is a list already: of a listing, one object with `Key`, `Size`, `LastModified`, `Etag`, `StorageClass` an
    /// entry.
    Listing(Vec<Value>),
    /// A CSV without a row of headers, and its headers.
    Table(Vec<Str>, Content),
    /// Several objects, whose items follow one another.
    Files(Vec<DataFile>),
}

/// One of several objects with items.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// `$$.Map.Item.Source` of its items; none is that of the reader.
    pub source: Option<Str>,
    /// Its content.
    pub bytes: Bytes,
}

/// Why nothing was read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// Step Functions could not read it either.
    Failed(TaskError),
    /// It cannot be read here.
    Here(String),
}

impl From<TaskError> for Unread {
    fn from(error: TaskError) -> Unread {
        Unread::Failed(error)
    }
}

fn failed(cause: impl Into<String>) -> TaskError {
    TaskError::new("States.ItemReaderFailed", cause.into())
}

/// An object as the items of an input type are read from it, if they can be.
///
/// # Errors
/// It is compressed with what cannot be read here, or is a Parquet object in which something cannot be.
pub(crate) fn opened(input_type: InputType, object: Content, max: usize) -> Result<Bytes, Unread> {
    match input_type {
        InputType::Parquet => check_parquet(&object, max)?,
        InputType::Csv | InputType::Jsonl => check_packing(&object)?,
        InputType::Json | InputType::Listing | InputType::Manifest => {}
    }
    Ok(Bytes::Object(object))
}

/// That an object is not compressed, or with what can be read here.
///
/// # Errors
/// It is compressed with something else.
pub(crate) fn check_packing(object: &[u8]) -> Result<(), Unread> {
    if object.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        return Err(Unread::Here("an object that is compressed with Zstandard, which cannot be read here".into()));
    }
    if cfg!(feature = "gzip") || !gzip::is_gzip(object) {
        return Ok(());
    }
    Err(Unread::Here(
        "an object that is compressed with gzip; rehearsal reads it with the cargo feature `gzip`, which the command \
         line has"
            .into(),
    ))
}

/// What is in an object that may be compressed.
///
/// # Errors
/// It is cut short, or something in it is wrong.
fn unpacked(object: &Content) -> Result<Content, TaskError> {
    #[cfg(feature = "gzip")]
    if gzip::is_gzip(object) {
        return match gzip::content(object) {
            Ok(bytes) => Ok(bytes.into()),
            Err(why) => Err(failed(format!("The object is compressed with gzip and could not be read: {why}"))),
        };
    }
    Ok(object.clone())
}

#[cfg(feature = "parquet")]
fn check_parquet(object: &Content, max: usize) -> Result<(), Unread> {
    parquet::check(object, max)
}

#[cfg(not(feature = "parquet"))]
fn check_parquet(_: &Content, _: usize) -> Result<(), Unread> {
    Err(Unread::Here(
        "PARQUET, which rehearsal reads with the cargo feature `parquet`; without it hand the items over as JSON, \
         JSONL or CSV"
            .into(),
    ))
}
