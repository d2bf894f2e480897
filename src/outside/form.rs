//! Values in URLs and forms.

use std::fmt::Write as _;

use crate::value::Value;

/// How arrays are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArrayFormat {
    Indices,
    Repeat,
    Commas,
    Brackets,
}

impl ArrayFormat {
    pub(super) const NAMES: [(&'static str, ArrayFormat); 4] = [
        ("INDICES", ArrayFormat::Indices),
        ("REPEAT", ArrayFormat::Repeat),
        ("COMMAS", ArrayFormat::Commas),
        ("BRACKETS", ArrayFormat::Brackets),
    ];
}

/// A text in which everything but letters, digits and `-_.~` is escaped.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// `a=1&b%5B0%5D=2`: the members of an object as a form.
pub(super) fn form(value: &Value, format: ArrayFormat) -> String {
    let mut pairs = Vec::new();
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| collect(name, value, format, &mut pairs)),
        Value::Null => {}
        other => return escaped(&plain(other)),
    }
    let written: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    written.join("&")
}

fn collect(name: &str, value: &Value, format: ArrayFormat, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(inner, value)| collect(&format!("{name}[{inner}]"), value, format, pairs));
        }
        Value::Array(items) if format == ArrayFormat::Commas => {
            let all: Vec<String> = items.iter().map(plain).collect();
            pairs.push((name.to_owned(), all.join(",")));
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                let name = match format {
                    ArrayFormat::Indices => format!("{name}[{i}]"),
                    ArrayFormat::Brackets => format!("{name}[]"),
                    ArrayFormat::Repeat | ArrayFormat::Commas => name.to_owned(),
                };
                collect(&name, item, format, pairs);
            }
        }
        other => pairs.push((name.to_owned(), plain(other))),
    }
}

/// A value without quotes.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    }
}

/// An address with a query added to its own.
pub(super) fn with_query(address: &str, query: &str) -> String {
    let address = address.split('#').next().unwrap_or(address);
    match (query, address.contains('?')) {
        ("", _) => address.to_owned(),
        (query, true) => format!("{address}&{query}"),
        (query, false) => format!("{address}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_written_in_four_ways() {
        let value = Value::parse(r#"{"a b": ["x", 1, null], "o": {"k": true}}"#).unwrap();
        for (format, want) in [
            (ArrayFormat::Indices, "a%20b%5B0%5D=x&a%20b%5B1%5D=1&a%20b%5B2%5D=&o%5Bk%5D=true"),
            (ArrayFormat::Repeat, "a%20b=x&a%20b=1&a%20b=&o%5Bk%5D=true"),
            (ArrayFormat::Commas, "a%20b=x%2C1%2C&o%5Bk%5D=true"),
            (ArrayFormat::Brackets, "a%20b%5B%5D=x&a%20b%5B%5D=1&a%20b%5B%5D=&o%5Bk%5D=true"),
        ] {
            assert_eq!(form(&value, format), want);
        }
        assert_eq!(with_query("http://h/p?x=1#f", "a=b"), "http://h/p?x=1&a=b");
        assert_eq!(escaped("ä~/"), "%C3%A4~%2F");
    }
}
