//! Rows of Parquet as items.

use bytes::Bytes;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row};

use super::{Unread, failed};
use crate::value::{Content, Map, Value};

/// At most `max` rows.
pub(super) fn rows(object: &Content, max: usize) -> Result<Vec<Value>, Unread> {
    let unreadable = |why: &str| Unread::Failed(failed(format!("The Parquet object could not be read: {why}")));
    // The crate trusts much of what a file says about itself.
    let read = || -> Result<Vec<Value>, Unread> {
        let bytes = Bytes::from_owner(object.clone());
        let file = SerializedFileReader::new(bytes).map_err(|e| unreadable(&e.to_string()))?;
        let mut items = Vec::new();
        for row in file.get_row_iter(None).map_err(|e| unreadable(&e.to_string()))?.take(max) {
            items.push(group(&row.map_err(|e| unreadable(&e.to_string()))?)?);
        }
        Ok(items)
    };
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
