//! Splitting text, and values as text.

use std::fmt::Write;

use super::arguments::Arguments;
use crate::expr::env::Env;
use crate::value::Value;

/// Splits like Java's `StringTokenizer`: every character of the second argument separates, and nothing is ever empty.
pub(super) fn split(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    let (text, delimiters) = (arguments.text(0)?, arguments.text(1)?);
    let mut delimiters: Vec<char> = delimiters.chars().collect();
    delimiters.sort_unstable();
    let parts = text.split(|c| delimiters.binary_search(&c).is_ok());
    Ok(Value::array(parts.filter(|part| !part.is_empty()).map(Value::from).collect()))
}

/// Appends a value as `States.Format` shows it, which is how Java prints its maps and lists: `{a=1, b=[x, null]}`.
pub(super) fn java_text(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(b) => text.push_str(if *b { "true" } else { "false" }),
        Value::Number(n) => match n.as_f64() {
            Some(f) if n.is_f64() => text.push_str(&java_double(f)),
            _ => text.push_str(&n.to_string()),
        },
        Value::String(s) => text.push_str(s),
        Value::Array(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                text.push_str(if i > 0 { ", " } else { "" });
                java_text(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (i, (name, member)) in members.iter().enumerate() {
                let comma = if i > 0 { ", " } else { "" };
                // Writing to a string cannot fail.
                let _ = write!(text, "{comma}{name}=");
                java_text(member, text);
            }
            text.push('}');
        }
    }
}

/// A double as Java's `Double.toString` spells it: `1.0`, `1.0E7`, `1.5E-4`.
pub(super) fn java_double(f: f64) -> String {
    if f == 0.0 || (1e-3..1e7).contains(&f.abs()) {
        return format!("{f:?}");
    }
    let scientific = format!("{f:E}");
    match scientific.split_once('E') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
        _ => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_spelled_as_java_spells_them() {
        for (f, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.001, "0.001"),
            (0.00015, "1.5E-4"),
            (9_999_999.5, "9999999.5"),
            (1e7, "1.0E7"),
            (12_345_678.5, "1.23456785E7"),
            (-1e300, "-1.0E300"),
        ] {
            assert_eq!(java_double(f), text);
        }
    }
}
