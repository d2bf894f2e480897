//! ItemReader: bytes of an object → the items of a distributed Map.

use crate::asl::machine::{CsvHeaders, InputType, ItemReader};
use crate::task::TaskError;
use crate::value::{Content, Map, Str, Value};

/// What was fetched for an ItemReader.
#[derive(Clone, Debug)]
pub enum Bytes {
    /// The content of an object.
    Object(Content),
    /// A listing: one object with `Key`, `Size`, `LastModified`, `Etag`, `StorageClass` an entry.
    Listing(Vec<Value>),
}

fn failed(cause: impl Into<String>) -> TaskError {
    TaskError::new("States.ItemReaderFailed", cause.into())
}

/// The items in what was fetched, at most `max` of them.
pub(super) fn items(reader: &ItemReader, bytes: &Bytes, max: usize) -> Result<Vec<Value>, TaskError> {
    let object = match bytes {
        Bytes::Listing(entries) => return Ok(entries.iter().take(max).cloned().collect()),
        Bytes::Object(object) => object,
    };
    match reader.input_type {
        InputType::Csv => csv_rows(reader, object, max),
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
        // The world answers these with a listing of rows, which it has read itself.
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

fn csv_rows(reader: &ItemReader, object: &[u8], max: usize) -> Result<Vec<Value>, TaskError> {
    let delimiter = u8::try_from(reader.csv_delimiter).unwrap_or(b',');
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(object)
        .into_records();
    let unreadable = |e: csv::Error| failed(format!("The CSV object could not be read: {e}"));
    let headers: Vec<Str> = match &reader.csv_header_location {
        CsvHeaders::Given(names) => names.clone(),
        CsvHeaders::FirstRow => match rows.next() {
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
