//! ItemReader: bytes of an object → the items of a distributed Map.

pub(crate) mod manifest;

mod gzip;
#[cfg(feature = "parquet")]
mod parquet;

use crate::asl::machine::{CsvHeaders, InputType, ItemReader};
use crate::task::TaskError;
use crate::value::{Content, Map, Str, Value};

/// What was fetched for an ItemReader.
#[derive(Clone, Debug)]
pub enum Bytes {
    /// The content of an object.
    Object(Content),
    /// What is a list already: of a listing, one object with `Key`, `Size`, `LastModified`, `Etag`, `StorageClass` an
    /// entry; of a Parquet object, its rows.
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

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub list: Vec<Value>,
    /// Where items begin that come from another source than those before.
    pub sources: Vec<(usize, Str)>,
}

fn failed(cause: impl Into<String>) -> TaskError {
    TaskError::new("States.ItemReaderFailed", cause.into())
}

/// An object as the items of an input type are read from it: unpacked, or rows already.
///
/// # Errors
/// It cannot be unpacked.
pub(crate) fn opened(input_type: InputType, object: Content, max: usize) -> Result<Bytes, Unread> {
    match input_type {
        InputType::Parquet => parquet_rows(&object, max).map(Bytes::Listing),
        InputType::Csv | InputType::Jsonl => unpacked(object).map(Bytes::Object),
        _ => Ok(Bytes::Object(object)),
    }
}

/// What is in an object that may be compressed.
///
/// # Errors
/// It is cut short, or compressed with what cannot be read here.
pub(crate) fn unpacked(object: Content) -> Result<Content, Unread> {
    if object.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        return Err(Unread::Here("an object that is compressed with Zstandard, which cannot be read here".into()));
    }
    if !gzip::is_gzip(&object) {
        return Ok(object);
    }
    #[cfg(feature = "gzip")]
    return match gzip::content(&object) {
        Ok(bytes) => Ok(bytes.into()),
        Err(why) => Err(failed(format!("The object is compressed with gzip and could not be read: {why}")).into()),
    };
    #[cfg(not(feature = "gzip"))]
    Err(Unread::Here(
        "an object that is compressed with gzip; rehearsal reads it with the cargo feature `gzip`, which the command \
         line has"
            .into(),
    ))
}

#[cfg(feature = "parquet")]
fn parquet_rows(object: &Content, max: usize) -> Result<Vec<Value>, Unread> {
    parquet::rows(object, max)
}

#[cfg(not(feature = "parquet"))]
fn parquet_rows(_: &Content, _: usize) -> Result<Vec<Value>, Unread> {
    Err(Unread::Here(
        "PARQUET, which rehearsal reads with the cargo feature `parquet`; without it hand the items over as JSON, \
         JSONL or CSV"
            .into(),
    ))
}

/// The items in what was fetched, at most `max` of them.
pub(super) fn items(reader: &ItemReader, bytes: &Bytes, max: usize) -> Result<Items, TaskError> {
    let mut items = Items::default();
    let Bytes::Files(files) = bytes else {
        items.list = list(reader, bytes, max)?;
        return Ok(items);
    };
    for file in files {
        let left = max - items.list.len();
        if left == 0 {
            break;
        }
        items.sources.extend(file.source.clone().map(|source| (items.list.len(), source)));
        let mut list = list(reader, &file.bytes, left)?;
        items.list.append(&mut list);
    }
    Ok(items)
}

fn list(reader: &ItemReader, bytes: &Bytes, max: usize) -> Result<Vec<Value>, TaskError> {
    let object = match bytes {
        Bytes::Listing(entries) => return Ok(entries.iter().take(max).cloned().collect()),
        Bytes::Table(headers, object) => return csv_rows(reader, Some(headers.as_slice()), object, max),
        Bytes::Object(object) => object,
        // Files are of no files.
        Bytes::Files(_) => return Ok(Vec::new()),
    };
    match reader.input_type {
        InputType::Csv => csv_rows(reader, None, object, max),
        InputType::Jsonl => json_lines(object, max),
        InputType::Json | InputType::Listing => {
            let value = Value::parse_bytes(object.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(object))
                .map_err(|e| failed(format!("Attempting to parse JSON from the object failed: {e}")))?;
            let array = match &reader.items_pointer {
                Some(pointer) => point(&value, pointer),
                None => Some(&value),
            };
            match array.and_then(Value::as_array) {
                Some(list) => Ok(list.iter().take(max).cloned().collect()),
                None => Err(failed("Attempting to map over non-iterable node.")),
            }
        }
        // The world answers these with rows and files.
        InputType::Parquet | InputType::Manifest => Err(failed("The object could not be read as a list of items.")),
    }
}

/// A JSON pointer (`/a/0/b`).
fn point<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    let mut here = value;
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        here = match here {
            Value::Object(o) => o.get(&name)?,
            Value::Array(a) => a.get(name.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(here)
}

fn json_lines(object: &[u8], max: usize) -> Result<Vec<Value>, TaskError> {
    let blank = |line: &&[u8]| line.iter().all(u8::is_ascii_whitespace);
    object
        .split(|b| *b == b'\n')
        .filter(|line| !blank(line))
        .take(max)
        .enumerate()
        .map(|(i, line)| Value::parse_bytes(line).map_err(|e| failed(format!("Line {} is not valid JSON: {e}", i + 1))))
        .collect()
}

fn csv_rows(reader: &ItemReader, given: Option<&[Str]>, object: &[u8], max: usize) -> Result<Vec<Value>, TaskError> {
    let delimiter = match given {
        Some(_) => b',',
        None => u8::try_from(reader.csv_delimiter).unwrap_or(b','),
    };
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(object)
        .into_records();
    let unreadable = |e: csv::Error| failed(format!("The CSV object could not be read: {e}"));
    let headers: Vec<Str> = match (given, &reader.csv_header_location) {
        (Some(names), _) => names.to_vec(),
        (None, CsvHeaders::Given(names)) => names.clone(),
        (None, CsvHeaders::FirstRow) => match rows.next() {
            Some(row) => row.map_err(unreadable)?.iter().map(Str::from).collect(),
            None => return Ok(Vec::new()),
        },
    };
    let mut seen = std::collections::HashSet::new();
    if !headers.iter().all(|h| seen.insert(h)) {
        return Err(failed("CSV headers cannot contain duplicates."));
    }
    rows.take(max)
        .map(|row| {
            let row = row.map_err(unreadable)?;
            let mut item = Map::with_capacity(headers.len());
            // A short row is filled with empty text; what is over is dropped.
            for (i, name) in headers.iter().enumerate() {
                item.insert(name.clone(), row.get(i).unwrap_or(""));
            }
            Ok(item.into())
        })
        .collect()
}
