//! Patterns over JSON: SNS's filter policies and EventBridge's event patterns, which share their operators.

use super::error::ServiceError;
use crate::value::Value;

/// Whether a document fits a pattern: every member of the pattern has to fit, and of a list one entry is enough. A
/// member of the document that is an array fits if one of its items does.
pub(super) fn fits(pattern: &Value, document: &Value) -> bool {
    let Some(members) = pattern.as_object() else { return false };
    members.iter().all(|(name, wanted)| match (&**name, wanted) {
        ("$or", Value::Array(_)) => wanted.as_array().unwrap_or_default().iter().any(|one| fits(one, document)),
        (_, Value::Object(_)) => match document.get(name) {
            // Of a list of objects one has to fit.
            Some(Value::Array(items)) => items.iter().any(|item| fits(wanted, item)),
            Some(inner) => fits(wanted, inner),
            None => fits(wanted, &Value::Null),
        },
        _ => {
            let conditions = wanted.as_array().unwrap_or_default();
            match document.get(name) {
                Some(Value::Array(items)) if !items.is_empty() => {
                    items.iter().any(|item| conditions.iter().any(|c| holds(c, Some(item))))
                }
                Some(Value::Array(_)) => conditions.iter().any(|c| holds(c, None)),
                found => conditions.iter().any(|c| holds(c, found)),
            }
        }
    })
}

/// Whether one condition holds of a value, or of there being none.
fn holds(condition: &Value, found: Option<&Value>) -> bool {
    let Some(operators) = condition.as_object() else {
        return found.is_some_and(|value| is_equal(condition, value));
    };
    let text = || found.and_then(Value::as_str);
    operators.iter().all(|(operator, operand)| match &**operator {
        "exists" => operand.as_bool() == Some(found.is_some()),
        "prefix" => with_case(operand, text(), |text, part| text.starts_with(part)),
        "suffix" => with_case(operand, text(), |text, part| text.ends_with(part)),
        "equals-ignore-case" => {
            text().zip(operand.as_str()).is_some_and(|(text, wanted)| text.to_lowercase() == wanted.to_lowercase())
        }
        "wildcard" => text().zip(operand.as_str()).is_some_and(|(text, wanted)| is_like(text, wanted)),
        "numeric" => found.and_then(Value::as_f64).is_some_and(|n| is_within(n, operand)),
        "cidr" => text().zip(operand.as_str()).is_some_and(|(text, block)| is_in_block(text, block)),
        "anything-but" => found.is_some_and(|value| !is_named(operand, value)),
        _ => false,
    })
}

/// `anything-but` takes a value, a list of values, or another condition.
fn is_named(operand: &Value, value: &Value) -> bool {
    match operand {
        Value::Array(_) => operand.as_array().unwrap_or_default().iter().any(|one| is_named(one, value)),
        Value::Object(conditions) => conditions.iter().any(|(operator, inner)| {
            // `{"prefix": ["a", "b"]}` names what begins with any of these.
            let each = inner.as_array().map_or_else(|| vec![inner.clone()], <[Value]>::to_vec);
            each.iter().any(|one| holds(&Value::object([(operator.clone(), one.clone())]), Some(value)))
        }),
        _ => is_equal(operand, value),
    }
}

fn is_equal(wanted: &Value, value: &Value) -> bool {
    match (wanted.as_f64(), value.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => wanted == value,
    }
}

/// An operand that is a text, or `{"equals-ignore-case": text}`.
fn with_case(operand: &Value, text: Option<&str>, test: fn(&str, &str) -> bool) -> bool {
    let Some(text) = text else { return false };
    match operand.get("equals-ignore-case").and_then(Value::as_str) {
        Some(part) => test(&text.to_lowercase(), &part.to_lowercase()),
        None => operand.as_str().is_some_and(|part| test(text, part)),
    }
}

/// `*` stands for any characters; a backslash before it takes that away.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts: Vec<String> = vec![String::new()];
    let mut letters = pattern.chars();
    while let Some(c) = letters.next() {
        match c {
            '*' => parts.push(String::new()),
            '\\' => parts.last_mut().into_iter().for_each(|part| part.extend(letters.next())),
            c => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
    }
    let [first, middle @ .., last] = parts.as_slice() else { return text == parts.concat() };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}

/// `[">", 0, "<=", 5]`
fn is_within(n: f64, operand: &Value) -> bool {
    let bounds = operand.as_array().unwrap_or_default();
    !bounds.is_empty()
        && bounds.chunks(2).all(|pair| match pair {
            [operator, bound] => bound.as_f64().is_some_and(|bound| match operator.as_str() {
                Some("=") => n == bound,
                Some("<") => n < bound,
                Some("<=") => n <= bound,
                Some(">") => n > bound,
                Some(">=") => n >= bound,
                _ => false,
            }),
            _ => false,
        })
}

/// `10.0.0.0/24`
fn is_in_block(text: &str, block: &str) -> bool {
    use std::net::IpAddr;
    let Some((base, bits)) = block.split_once('/') else { return false };
    let (Ok(address), Ok(base), Ok(bits)) = (text.parse(), base.parse(), bits.parse::<u32>()) else { return false };
    let same =
        |a: u128, b: u128, width: u32| bits <= width && a.checked_shr(width - bits) == b.checked_shr(width - bits);
    match (address, base) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) if bits == 0 || u128::from(a) == u128::from(b) => true,
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
        _ => false,
    }
}

/// # Errors
/// What no pattern may hold, in the service's manner.
pub(super) fn check(pattern: &Value, what: &str) -> Result<(), ServiceError> {
    let refused =
        |why: String| Err(ServiceError::coded("InvalidParameter", format!("Invalid parameter: {what}: {why}")));
    let Some(members) = pattern.as_object() else { return refused("Filter policy must be an object".into()) };
    for (name, wanted) in members.iter() {
        match wanted {
            Value::Object(_) => check(wanted, what)?,
            Value::Array(_) if &**name == "$or" => {
                for one in wanted.as_array().unwrap_or_default() {
                    check(one, what)?;
                }
            }
            Value::Array(_) => {
                let conditions = wanted.as_array().unwrap_or_default();
                if conditions.is_empty() {
                    return refused("Empty arrays are not allowed".into());
                }
                for operator in conditions.iter().filter_map(Value::as_object).flat_map(|o| o.iter().map(|(n, _)| n)) {
                    if !OPERATORS.contains(&&**operator) {
                        return refused(format!("Unrecognized match type {operator}"));
                    }
                }
            }
            _ => return refused(format!("\"{name}\" must be an object or an array")),
        }
    }
    Ok(())
}

const OPERATORS: [&str; 8] =
    ["exists", "prefix", "suffix", "equals-ignore-case", "wildcard", "numeric", "cidr", "anything-but"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_hold_as_documented() {
        let table: &[(&str, &str, bool)] = &[
            (r#"{"a": ["x", "y"]}"#, r#"{"a": "y"}"#, true),
            (r#"{"a": ["x"]}"#, r#"{"a": ["z", "x"]}"#, true),
            (r#"{"a": ["x"]}"#, r#"{"b": "x"}"#, false),
            (r#"{"a": [null]}"#, r#"{"a": null}"#, true),
            (r#"{"a": [3]}"#, r#"{"a": 3.0}"#, true),
            (r#"{"a": {"b": [true]}}"#, r#"{"a": {"b": true}}"#, true),
            (r#"{"a": {"b": [1]}}"#, r#"{"a": [{"b": 2}, {"b": 1}]}"#, true),
            (r#"{"a": [{"prefix": "or"}]}"#, r#"{"a": "order"}"#, true),
            (r#"{"a": [{"suffix": {"equals-ignore-case": "ER"}}]}"#, r#"{"a": "order"}"#, true),
            (r#"{"a": [{"anything-but": ["x", "y"]}]}"#, r#"{"a": "z"}"#, true),
            (r#"{"a": [{"anything-but": ["x", "y"]}]}"#, r#"{}"#, false),
            (r#"{"a": [{"anything-but": {"prefix": "o"}}]}"#, r#"{"a": "order"}"#, false),
            (r#"{"a": [{"numeric": [">", 0, "<=", 5]}]}"#, r#"{"a": 5}"#, true),
            (r#"{"a": [{"numeric": [">", 0, "<=", 5]}]}"#, r#"{"a": "5"}"#, false),
            (r#"{"a": [{"exists": false}]}"#, r#"{"b": 1}"#, true),
            (r#"{"a": {"c": [{"exists": false}]}}"#, r#"{"b": 1}"#, true),
            (r#"{"a": [{"cidr": "10.0.0.0/24"}]}"#, r#"{"a": "10.0.0.255"}"#, true),
            (r#"{"a": [{"cidr": "10.0.0.0/24"}]}"#, r#"{"a": "10.0.1.1"}"#, false),
            (r#"{"a": [{"cidr": "2001:db8::/32"}]}"#, r#"{"a": "2001:db8:1::5"}"#, true),
            (r#"{"a": [{"wildcard": "a*c*"}]}"#, r#"{"a": "abbbcd"}"#, true),
            (r#"{"a": [{"wildcard": "a*c"}]}"#, r#"{"a": "abd"}"#, false),
            (r#"{"a": [{"wildcard": "a\\*c"}]}"#, r#"{"a": "a*c"}"#, true),
            (r#"{"$or": [{"a": [1]}, {"b": [2]}]}"#, r#"{"b": 2}"#, true),
            (r#"{"$or": [{"a": [1]}, {"b": [2]}], "c": [3]}"#, r#"{"b": 2}"#, false),
        ];
        for (pattern, document, want) in table {
            let read = |text: &str| Value::parse(text).unwrap();
            assert_eq!(fits(&read(pattern), &read(document)), *want, "{pattern} of {document}");
        }
    }
}
