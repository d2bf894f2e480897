//! Rows of Parquet as items.

use bytes::Bytes;
use parquet::file::reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};

use super::{Unread, failed};
use crate::task::TaskError;
use crate::value::{Content, Map, Value};

/// That rows can be read, at most `max` of them.
pub(super) fn check(object: &Content, max: usize) -> Result<(), Unread> {
    let mut rows = Rows::open_unread(object)?;
    let mut count = 0;
    while count < max && rows.next_unread()?.is_some() {
        count += 1;
    }
    Ok(())
}

/// Rows one after the other; a page of each column is unpacked at a time.
pub(super) struct Rows {
    rows: RowIter<'static>,
}

impl Rows {
    pub(super) fn open(object: &Content) -> Result<Rows, TaskError> {
        Rows::open_unread(object).map_err(told)
    }

    pub(super) fn next(&mut self) -> Result<Option<Value>, TaskError> {
        self.next_unread().map_err(told)
    }

    fn open_unread(object: &Content) -> Result<Rows, Unread> {
        guarded(|| {
            let file = SerializedFileReader::new(Bytes::from_owner(object.clone()));
            let file = file.map_err(|e| unreadable(&e.to_string()))?;
            Ok(Rows { rows: RowIter::from_file_into(Box::new(file)) })
        })
    }

    fn next_unread(&mut self) -> Result<Option<Value>, Unread> {
        guarded(|| match self.rows.next() {
            Some(row) => group(&row.map_err(|e| unreadable(&e.to_string()))?).map(Some),
            None => Ok(None),
        })
    }
}

fn unreadable(why: &str) -> Unread {
    Unread::Failed(failed(format!("The Parquet object could not be read: {why}")))
}

/// What cannot be read here has been told by [`check`].
fn told(unread: Unread) -> TaskError {
    match unread {
        Unread::Failed(error) => error,
        Unread::Here(what) => failed(what),
    }
}

/// The crate trusts much of what a file says about itself.
fn guarded<T>(read: impl FnOnce() -> Result<T, Unread>) -> Result<T, Unread> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(unreadable("what it says about itself cannot be")))
}

fn group(row: &Row) -> Result<Value, Unread> {
    let mut item = Map::new();
    for (name, field) in row.get_column_iter() {
        item.insert(name.as_str(), value(name, field)?);
    }
    Ok(item.into())
}

fn value(column: &str, field: &Field) -> Result<Value, Unread> {
    let kind = match field {
        Field::Null => return Ok(Value::Null),
        Field::Bool(b) => return Ok((*b).into()),
        Field::Byte(n) => return Ok(i64::from(*n).into()),
        Field::Short(n) => return Ok(i64::from(*n).into()),
        Field::Int(n) => return Ok(i64::from(*n).into()),
        Field::Long(n) => return Ok((*n).into()),
        Field::UByte(n) => return Ok(i64::from(*n).into()),
        Field::UShort(n) => return Ok(i64::from(*n).into()),
        Field::UInt(n) => return Ok(i64::from(*n).into()),
        Field::ULong(n) => return Ok(serde_json::Value::from(*n).into()),
        // By its text: 0.1 stays 0.1.
        Field::Float(n) => return number(column, n.to_string().parse().unwrap_or(f64::from(*n))),
        Field::Double(n) => return number(column, *n),
        Field::Str(text) => return Ok(text.as_str().into()),
        Field::Group(row) => return group(row),
        Field::ListInternal(list) => {
            return list.elements().iter().map(|f| value(column, f)).collect::<Result<_, _>>().map(Value::array);
        }
        Field::Float16(_) => "FLOAT16",
        Field::Decimal(_) => "DECIMAL",
        Field::Bytes(_) => "BYTE_ARRAY",
        Field::Date(_) => "DATE",
        Field::TimeMillis(_) | Field::TimeMicros(_) => "TIME",
        Field::TimestampMillis(_) | Field::TimestampMicros(_) => "TIMESTAMP",
        Field::MapInternal(_) => "MAP",
    };
    Err(not_known(column, kind))
}

fn number(column: &str, n: f64) -> Result<Value, Unread> {
    if n.is_finite() { Ok(n.into()) } else { Err(not_known(column, "not finite")) }
}

fn not_known(column: &str, kind: &str) -> Unread {
    Unread::Here(format!(
        "a Parquet file has values of `{column}` that are {kind}; how Step Functions writes these as JSON is not \
         known here, so cast the column to text or to a number"
    ))
}
