//! The rows of one object, read one after the other out of its bytes.

use std::collections::HashSet;
use std::io;

use super::{Bytes, failed, unpacked};
use crate::asl::machine::{CsvHeaders, InputType, ItemReader};
use crate::task::TaskError;
use crate::value::{Content, Map, Str, Value};

/// How rows are written.
#[derive(Clone, Debug)]
pub(super) struct Format {
    input_type: InputType,
    headers: CsvHeaders,
    delimiter: u8,
    pointer: Option<Str>,
}

impl Default for Format {
    fn default() -> Format {
        Format { input_type: InputType::Listing, headers: CsvHeaders::FirstRow, delimiter: b',', pointer: None }
    }
}

impl Format {
    pub(super) fn of(reader: &ItemReader) -> Format {
        Format {
            input_type: reader.input_type,
            headers: reader.csv_header_location.clone(),
            delimiter: u8::try_from(reader.csv_delimiter).unwrap_or(b','),
            pointer: reader.items_pointer.clone(),
        }
    }
}

/// Rows that are still to come.
pub(super) enum Rows {
    List(std::vec::IntoIter<Value>),
    Csv(Box<Csv>),
    Lines(Lines),
    Array(Array),
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet::Rows>),
}

impl Rows {
    pub(super) fn list(list: Vec<Value>) -> Rows {
        Rows::List(list.into_iter())
    }

    pub(super) fn open(format: &Format, bytes: &Bytes) -> Result<Rows, TaskError> {
        let object = match bytes {
            Bytes::Listing(entries) => return Ok(Rows::list(entries.clone())),
            Bytes::Table(headers, object) => {
                return Csv::open(b',', &CsvHeaders::Given(headers.clone()), unpacked(object)?);
            }
            Bytes::Object(object) => object,
            // Files are of no files.
            Bytes::Files(_) => return Ok(Rows::list(Vec::new())),
        };
        match format.input_type {
            InputType::Csv => Csv::open(format.delimiter, &format.headers, unpacked(object)?),
            InputType::Jsonl => Ok(Rows::Lines(Lines { object: unpacked(object)?, at: 0, line: 0 })),
            InputType::Json | InputType::Listing => Array::open(format.pointer.as_deref(), object),
            #[cfg(feature = "parquet")]
            InputType::Parquet => Ok(Rows::Parquet(Box::new(super::parquet::Rows::open(object)?))),
            // The world answers a manifest with files, and Parquet only where it can be read.
            _ => Err(failed("The object could not be read as a list of items.")),
        }
    }

    /// How many there are, up to a number. Unless that is known, they are read for it.
    pub(super) fn count(&mut self, max: usize) -> Result<usize, TaskError> {
        if let Some(known) = self.known_length() {
            return Ok(known.min(max));
        }
        let mut count = 0;
        while count < max && self.skip()? {
            count += 1;
        }
        Ok(count)
    }

    /// How many there are, where nothing has to be read to know it.
    pub(super) fn known_length(&self) -> Option<usize> {
        match self {
            Rows::List(list) => Some(list.len()),
            Rows::Array(array) => Some(array.length),
            _ => None,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Value>, TaskError> {
        match self {
            Rows::List(list) => Ok(list.next()),
            Rows::Csv(csv) => csv.next(),
            Rows::Lines(lines) => lines.next(),
            Rows::Array(array) => array.next(),
            #[cfg(feature = "parquet")]
            Rows::Parquet(rows) => rows.next(),
        }
    }

    /// Reads a row without making an item of it; whether there was one.
    fn skip(&mut self) -> Result<bool, TaskError> {
        match self {
            Rows::Csv(csv) => csv.skip(),
            other => Ok(other.next()?.is_some()),
        }
    }
}

/// Rows of a CSV.
pub(super) struct Csv {
    reader: csv::Reader<io::Cursor<Content>>,
    headers: Vec<Str>,
    row: csv::StringRecord,
}

impl Csv {
    fn open(delimiter: u8, headers: &CsvHeaders, object: Content) -> Result<Rows, TaskError> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(io::Cursor::new(object));
        let mut rows = Csv { reader, headers: Vec::new(), row: csv::StringRecord::new() };
        rows.headers = match headers {
            CsvHeaders::Given(names) => names.clone(),
            CsvHeaders::FirstRow if rows.skip()? => rows.row.iter().map(Str::from).collect(),
            CsvHeaders::FirstRow => Vec::new(),
        };
        let mut seen = HashSet::new();
        if !rows.headers.iter().all(|h| seen.insert(h)) {
            return Err(failed("CSV headers cannot contain duplicates."));
        }
        Ok(Rows::Csv(Box::new(rows)))
    }

    fn skip(&mut self) -> Result<bool, TaskError> {
        self.reader.read_record(&mut self.row).map_err(|e| failed(format!("The CSV object could not be read: {e}")))
    }

    fn next(&mut self) -> Result<Option<Value>, TaskError> {
        if !self.skip()? {
            return Ok(None);
        }
        let mut item = Map::with_capacity(self.headers.len());
        // A short row is filled with empty text; what is over is dropped.
        for (i, name) in self.headers.iter().enumerate() {
            item.insert(name.clone(), self.row.get(i).unwrap_or(""));
        }
        Ok(Some(item.into()))
    }
}

/// JSON Lines; blank ones are passed over.
pub(super) struct Lines {
    object: Content,
    at: usize,
    line: usize,
}

impl Lines {
    fn next(&mut self) -> Result<Option<Value>, TaskError> {
        loop {
            let Some(rest) = self.object.get(self.at..).filter(|rest| !rest.is_empty()) else { return Ok(None) };
            let line = rest.split(|b| *b == b'\n').next().unwrap_or_default();
            self.at += line.len() + 1;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            self.line += 1;
            let unreadable = |e| failed(format!("Line {} is not valid JSON: {e}", self.line));
            return Value::parse_bytes(line).map(Some).map_err(unreadable);
        }
    }
}

/// How deep an element may be nested to be read by itself: less than a whole document may be, so that it would be read
/// as a part of one, too.
const MOST_DEPTH: usize = 100;

/// Elements of a JSON array that is the whole of an object.
#[derive(Clone)]
pub(super) struct Array {
    object: Content,
    at: usize,
    is_first: bool,
    is_over: bool,
    length: usize,
}

impl Array {
    /// The elements one after the other where the object is an array and nothing else; of others, a list. What is wrong
    /// with an object is always told by who reads it as a whole.
    fn open(pointer: Option<&str>, object: &Content) -> Result<Rows, TaskError> {
        let text = object.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(object);
        let start = object.len() - text.len() + blanks(text);
        if pointer.is_none() && object.get(start) == Some(&b'[') {
            let mut array = Array { object: object.clone(), at: start + 1, is_first: true, is_over: false, length: 0 };
            if let Some(length) = array.clone().sound_length() {
                array.length = length;
                return Ok(Rows::Array(array));
            }
        }
        let value = Value::parse_bytes(text)
            .map_err(|e| failed(format!("Attempting to parse JSON from the object failed: {e}")))?;
        let array = match pointer {
            Some(pointer) => point(&value, pointer),
            None => Some(&value),
        };
        match array.and_then(Value::as_array) {
            Some(list) => Ok(Rows::list(list.to_vec())),
            None => Err(failed("Attempting to map over non-iterable node.")),
        }
    }

    /// How many elements there are, if all can be read and nothing follows.
    fn sound_length(mut self) -> Option<usize> {
        let mut length = 0;
        while self.next().ok()?.is_some() {
            length += 1;
        }
        let end = self.object.get(self.at..)?;
        (blanks(end) == end.len()).then_some(length)
    }

    fn next(&mut self) -> Result<Option<Value>, TaskError> {
        if self.is_over {
            return Ok(None);
        }
        let wrong = || failed("Attempting to parse JSON from the object failed.");
        let rest = self.object.get(self.at..).unwrap_or_default();
        let (text, end) = element(rest).ok_or_else(wrong)?;
        self.at += text.len() + 1;
        self.is_over = end == b']';
        if std::mem::take(&mut self.is_first) && self.is_over && blanks(text) == text.len() {
            return Ok(None);
        }
        Value::parse_bytes(text).map(Some).map_err(|_| wrong())
    }
}

/// How many blanks a text begins with.
fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count()
}

/// The text up to the comma or bracket that ends an element, and which of them it is.
fn element(text: &[u8]) -> Option<(&[u8], u8)> {
    let (mut depth, mut in_text, mut is_escaped) = (0, false, false);
    for (i, byte) in text.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' if depth < MOST_DEPTH => depth += 1,
            b'[' | b'{' => return None,
            b',' | b']' if depth == 0 => return Some((&text[..i], *byte)),
            b'}' if depth == 0 => return None,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    None
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

#[cfg(test)]
mod tests {
    use super::*;

    fn format(input_type: InputType) -> Format {
        Format { input_type, ..Format::default() }
    }

    fn all(input_type: InputType, text: &str) -> Result<Vec<String>, String> {
        let bytes = Bytes::Object(text.to_owned().into());
        let mut rows = Rows::open(&format(input_type), &bytes).map_err(|e| e.to_string())?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(|e| e.to_string())? {
            all.push(row.to_string());
        }
        let counted = Rows::open(&format(input_type), &bytes).and_then(|mut rows| rows.count(usize::MAX));
        assert_eq!(counted.map_err(|e| e.to_string())?, all.len(), "{text}");
        Ok(all)
    }

    #[test]
    fn an_array_is_read_element_by_element_as_it_is_as_a_whole() {
        let texts = [
            "[]",
            " [ ] ",
            "[1]",
            "\u{FEFF}\n[ 1 , \"a,]\\\"[\", {\"b\": [1, {}]}, [[]], null ]\n",
            "[{\"k\\\\\": \"}\"}, -1.5e3, true]",
        ];
        for text in texts {
            let whole = Value::parse(text.trim_start_matches('\u{FEFF}')).unwrap();
            let expected: Vec<String> = whole.as_array().unwrap().iter().map(ToString::to_string).collect();
            assert_eq!(all(InputType::Json, text).unwrap(), expected, "{text}");
            let opened = Rows::open(&format(InputType::Json), &Bytes::Object(text.to_owned().into()));
            assert!(matches!(opened, Ok(Rows::Array(_))), "{text}");
        }
    }

    #[test]
    fn what_is_no_sound_array_is_told_by_the_parser() {
        for text in ["[1,]", "[,1]", "[1 2]", "[1", "[1}", "[{]}", "[1] 2", "[\"a]", "[[1]", "", "[1],", "[nul]"] {
            let told = all(InputType::Json, text).unwrap_err();
            let parsed = Value::parse(text).unwrap_err();
            assert!(told.ends_with(&parsed.to_string()), "{text}: {told}");
        }
        assert!(all(InputType::Json, "{}").unwrap_err().ends_with("non-iterable node."));
        let deep = format!("[{}{}]", "[".repeat(110), "]".repeat(110));
        let opened = Rows::open(&format(InputType::Json), &Bytes::Object(deep.clone().into()));
        assert!(matches!(opened, Ok(Rows::List(_))));
        assert_eq!(all(InputType::Json, &deep).unwrap(), [&deep[1..deep.len() - 1]]);
    }

    #[test]
    fn lines_are_counted_without_blank_ones() {
        assert_eq!(all(InputType::Jsonl, "1\n\n  \r\n{\"a\": 2}\r\n3").unwrap(), ["1", "{\"a\":2}", "3"]);
        assert!(all(InputType::Jsonl, "").unwrap().is_empty());
        assert!(all(InputType::Jsonl, "1\n\n{").unwrap_err().contains("Line 2 is not"));
    }
}
