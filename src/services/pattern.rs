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
        // What holds members is no value: only leaves exist.
        "exists" => operand.as_bool() == Some(found.is_some_and(|v| v.as_object().is_none())),
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
/// What no filter policy may hold, in the manner of SNS.
pub(super) fn check(pattern: &Value, what: &str) -> Result<(), ServiceError> {
    match objection(pattern) {
        Some(why) => Err(ServiceError::coded("InvalidParameter", format!("Invalid parameter: {what}: {why}"))),
        None => Ok(()),
    }
}

/// Why a pattern is none, in the words both services share.
pub(super) fn objection(pattern: &Value) -> Option<String> {
    let Some(members) = pattern.as_object() else { return Some("Filter is not an object".into()) };
    if members.is_empty() {
        return Some("Empty objects are not allowed".into());
    }
    members.iter().find_map(|(name, wanted)| match wanted {
        Value::Object(_) => objection(wanted),
        Value::Array(_) if &**name == "$or" => {
            let ways = wanted.as_array().unwrap_or_default();
            if ways.len() < 2 {
                return Some("There must be at least 2 conditions for an $or relationship".into());
            }
            ways.iter().find_map(objection)
        }
        Value::Array(_) => {
            let conditions = wanted.as_array().unwrap_or_default();
            if conditions.is_empty() {
                return Some("Empty arrays are not allowed".into());
            }
            conditions.iter().find_map(of_condition)
        }
        _ => Some(format!("\"{name}\" must be an object or an array")),
    })
}

/// What is wrong with one condition of a list.
fn of_condition(condition: &Value) -> Option<String> {
    match condition {
        Value::Array(_) => Some("Match value must be String, number, true, false, or null".into()),
        Value::Object(operators) => {
            if operators.len() > 1 {
                return Some("Only one key allowed in match expression".into());
            }
            match operators.iter().next() {
                Some((operator, operand)) => of_operator(operator, operand),
                None => Some("Empty match expression is not allowed".into()),
            }
        }
        _ => None,
    }
}

fn of_operator(operator: &str, operand: &Value) -> Option<String> {
    let text_or_ignoring_case = |what: &str| match operand {
        Value::String(_) => None,
        Value::Object(inner) if inner.len() == 1 && inner.contains_key("equals-ignore-case") => {
            let is_text = operand.get("equals-ignore-case").is_some_and(|v| v.as_str().is_some());
            (!is_text).then(|| format!("{what} match pattern must be a string"))
        }
        _ => Some(format!("{what} match pattern must be a string")),
    };
    match operator {
        "exists" => {
            operand.as_bool().is_none().then(|| "exists match pattern must be either true or false.".to_owned())
        }
        "prefix" | "suffix" => text_or_ignoring_case(operator),
        "equals-ignore-case" => {
            operand.as_str().is_none().then(|| "equals-ignore-case match pattern must be a string".to_owned())
        }
        "wildcard" => of_wildcard(operand),
        "numeric" => of_numeric(operand),
        "cidr" => of_block(operand),
        "anything-but" => of_anything_but(operand),
        _ => Some(format!("Unrecognized match type {operator}")),
    }
}

fn of_wildcard(operand: &Value) -> Option<String> {
    let Some(text) = operand.as_str() else { return Some("wildcard match pattern must be a string".into()) };
    let bare = text.replace("\\\\", "").replace("\\*", "");
    if bare.contains('\\') {
        return Some("Invalid escape character".into());
    }
    bare.find("**").map(|at| format!("Consecutive wildcard characters at pos {at}"))
}

/// `["=", 5]`, `[">", 0]`, `[">", 0, "<=", 5]`
fn of_numeric(operand: &Value) -> Option<String> {
    const MOST: f64 = 5_000_000_000.0;
    let Some(bounds) = operand.as_array() else { return Some("Value of numeric match must be an array".into()) };
    if bounds.is_empty() {
        return Some("Invalid member in numeric match: ]".into());
    }
    for pair in bounds.chunks(2) {
        let (operator, bound) = (pair.first().and_then(Value::as_str), pair.get(1).and_then(Value::as_f64));
        let Some(operator) = operator else {
            return Some(format!("Invalid member in numeric match: {}", pair.first().cloned().unwrap_or_default()));
        };
        if !["=", "<", "<=", ">", ">="].contains(&operator) {
            return Some(format!("Unrecognized numeric range operator: {operator}"));
        }
        let Some(bound) = bound else {
            let what = if operator == "=" { "equals" } else { operator };
            return Some(format!("Value of {what} must be numeric"));
        };
        if bound.abs() > MOST {
            return Some("Value must be between -5.0E9 and 5.0E9, inclusive".into());
        }
    }
    let of = |at: usize| bounds.get(at).and_then(Value::as_str).unwrap_or_default();
    match bounds.len() {
        2 => None,
        4 if of(0).starts_with('>') && of(2).starts_with('<') => {
            let (low, high) = (bounds[1].as_f64(), bounds[3].as_f64());
            (low >= high).then(|| "Bottom must be less than top".to_owned())
        }
        4 if of(0) != "=" && of(0).starts_with('<') => Some("Bad numeric range operator: ".to_owned() + of(2)),
        _ => Some("Too many elements in numeric expression".into()),
    }
}

fn of_block(operand: &Value) -> Option<String> {
    let Some(text) = operand.as_str() else { return Some("prefix match pattern must be a string".into()) };
    let Some((base, bits)) = text.split_once('/').filter(|(_, bits)| !bits.contains('/')) else {
        return Some("Malformed CIDR, one '/' required".into());
    };
    let Ok(base) = base.parse::<std::net::IpAddr>() else {
        return Some(format!("Malformed CIDR, badly formatted IP address: {base}"));
    };
    let width = if base.is_ipv4() { 32 } else { 128 };
    match bits.parse::<u32>() {
        Ok(bits) if bits <= width => None,
        Ok(_) => Some(format!("Malformed CIDR, mask bits must be between 0 and {width}")),
        Err(_) => Some("Malformed CIDR, mask bits must be an integer".into()),
    }
}

fn of_anything_but(operand: &Value) -> Option<String> {
    let is_plain = |v: &Value| v.as_str().is_some() || v.as_f64().is_some();
    match operand {
        Value::Array(_) => {
            let items = operand.as_array().unwrap_or_default();
            if items.is_empty() {
                return Some("Anything-But list must not be empty".into());
            }
            let is_mixed = items.iter().any(|v| v.as_str().is_some()) && items.iter().any(|v| v.as_f64().is_some());
            match items.iter().all(is_plain) {
                true if is_mixed => Some(
                    "Inside anything but list, either all values are number or string, mixed type is not supported"
                        .into(),
                ),
                true => None,
                false => Some("Inside anything but list, start|null|boolean is not supported.".into()),
            }
        }
        Value::Object(inner) => {
            let Some((operator, inner_operand)) = inner.iter().next().filter(|_| inner.len() == 1) else {
                return Some("Only one key allowed in match expression".into());
            };
            if !["prefix", "suffix", "equals-ignore-case", "wildcard"].contains(&&**operator) {
                return Some(format!("Unsupported anything-but pattern: {operator}"));
            }
            match inner_operand.as_array() {
                Some([]) => Some("Anything-But list must not be empty".into()),
                Some(all) => all.iter().find_map(|one| of_operator(operator, one)),
                None => of_operator(operator, inner_operand),
            }
        }
        Value::String(_) | Value::Number(_) => None,
        _ => Some("Value of anything-but must be an array or single string/number value.".into()),
    }
}

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

    #[test]
    fn what_no_pattern_may_hold_is_said_in_the_words_of_the_service() {
        let table: &[(&str, &str)] = &[
            (r#"{}"#, "Empty objects are not allowed"),
            (r#"[]"#, "Filter is not an object"),
            (r#"{"a": "x"}"#, "\"a\" must be an object or an array"),
            (r#"{"a": []}"#, "Empty arrays are not allowed"),
            (r#"{"a": [[1]]}"#, "Match value must be String, number, true, false, or null"),
            (r#"{"a": [{"like": "x"}]}"#, "Unrecognized match type like"),
            (r#"{"a": [{"prefix": 1}]}"#, "prefix match pattern must be a string"),
            (r#"{"a": [{"exists": "true"}]}"#, "exists match pattern must be either true or false."),
            (r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#, "Only one key allowed in match expression"),
            (r#"{"a": [{"numeric": ["~", 1]}]}"#, "Unrecognized numeric range operator: ~"),
            (r#"{"a": [{"numeric": [">", 5, "<", 1]}]}"#, "Bottom must be less than top"),
            (r#"{"a": [{"numeric": [">", "5"]}]}"#, "Value of > must be numeric"),
            (r#"{"a": [{"cidr": "10.0.0.0"}]}"#, "Malformed CIDR, one '/' required"),
            (r#"{"a": [{"wildcard": "a**"}]}"#, "Consecutive wildcard characters at pos 1"),
            (r#"{"a": [{"anything-but": []}]}"#, "Anything-But list must not be empty"),
            (r#"{"a": [{"anything-but": {"numeric": [">", 1]}}]}"#, "Unsupported anything-but pattern: numeric"),
            (r#"{"$or": [{"a": [1]}]}"#, "There must be at least 2 conditions for an $or relationship"),
        ];
        for (pattern, want) in table {
            assert_eq!(objection(&Value::parse(pattern).unwrap()).as_deref(), Some(*want), "{pattern}");
        }
        let fine =
            r#"{"a": [{"anything-but": {"wildcard": ["x*", "y*"]}}, {"numeric": ["=", 3]}], "b": {"c": [null, true]}}"#;
        assert_eq!(objection(&Value::parse(fine).unwrap()), None);
    }
}
