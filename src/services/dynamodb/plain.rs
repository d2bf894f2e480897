//! Items as plain JSON and as DynamoDB writes them: `30` and `{"N": "30"}`.

use crate::value::{Map, Value};

/// A plain value with DynamoDB's types: texts are `S`, numbers `N`, arrays `L`, objects `M`.
///
/// ```
/// use rehearsal::services::dynamodb::{marshalled, plain};
/// use rehearsal::value::Value;
///
/// let item = Value::parse(r#"{"id": "o-1", "total": 30, "tags": ["a"]}"#)?;
/// let typed = marshalled(&item);
/// assert_eq!(typed.get("M").unwrap().get("total").unwrap().to_string(), r#"{"N":"30"}"#);
/// assert_eq!(plain(typed.get("M").unwrap()), item);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn marshalled(value: &Value) -> Value {
    let one = |kind: &'static str, value: Value| Value::object([(kind, value)]);
    match value {
        Value::Null => one("NULL", true.into()),
        Value::Bool(truth) => one("BOOL", (*truth).into()),
        Value::String(text) => one("S", Value::String(text.clone())),
        Value::Array(items) => one("L", Value::array(items.iter().map(marshalled).collect())),
        Value::Object(members) => {
            let members: Map = members.iter().map(|(name, v)| (name.clone(), marshalled(v))).collect();
            one("M", members.into())
        }
        number => one("N", number.to_string().into()),
    }
}

/// An item as plain JSON. Sets become arrays, binaries stay as base64.
pub fn plain(item: &Value) -> Value {
    let members = item.as_object().into_iter().flat_map(|o| o.iter());
    members.map(|(name, typed)| (name.clone(), plain_value(typed))).collect::<Map>().into()
}

fn plain_value(typed: &Value) -> Value {
    let Some((kind, value)) = typed.as_object().and_then(|o| o.iter().next()) else { return typed.clone() };
    let each = |of: fn(&Value) -> Value| Value::array(value.as_array().unwrap_or_default().iter().map(of).collect());
    match &**kind {
        "NULL" => Value::Null,
        "N" => number(value),
        "NS" => each(number),
        "L" => each(plain_value),
        "M" => plain(value),
        _ => value.clone(),
    }
}

/// Numbers that JSON cannot say exactly stay texts: the service has 38 digits.
fn number(text: &Value) -> Value {
    let parsed = text.as_str().and_then(|t| Some((t, Value::parse(t).ok()?)));
    match parsed {
        Some((said, number)) if digits(said) == digits(&number.to_string()) => number,
        _ => text.clone(),
    }
}

/// The digits of a number that count. Its size is not looked at: what is read has the size of what is written.
fn digits(text: &str) -> String {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let all: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    all.trim_matches('0').to_owned()
}
