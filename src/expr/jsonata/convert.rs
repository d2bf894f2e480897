//! Our values in the engine's form and back, directly.

use indexmap::IndexMap;
use jsonata_core::value::JValue;

use super::Outcome;
use super::demand::Demand;
use super::error::JsonataError;
use super::limits;
use crate::value::{Map, Value};

/// A value as the engine holds it. Numbers become doubles.
pub(super) fn to_engine(value: &Value) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(b) => JValue::Bool(*b),
        Value::Number(n) => JValue::Number(n.as_f64().unwrap_or(f64::NAN)),
        Value::String(s) => JValue::string(&**s),
        Value::Array(items) => JValue::array(items.iter().map(to_engine).collect()),
        Value::Object(members) => JValue::object(members.iter().map(|(k, v)| (k.to_string(), to_engine(v))).collect()),
    }
}

/// The parts of a value that are in demand; arrays on the way keep all their elements, as names map over them.
pub(super) fn to_engine_partly(value: &Value, demand: &Demand) -> JValue {
    if demand.whole {
        return to_engine(value);
    }
    match value {
        Value::Array(items) => JValue::array(items.iter().map(|item| to_engine_partly(item, demand)).collect()),
        Value::Object(members) => {
            let mut kept = IndexMap::with_capacity(demand.members.len());
            for (name, below) in &demand.members {
                if let Some(member) = members.get(name) {
                    kept.insert(name.to_string(), to_engine_partly(member, below));
                }
            }
            JValue::object(kept)
        }
        scalar => to_engine(scalar),
    }
}

/// The engine's result as ours.
pub(super) fn from_engine(value: &JValue) -> Result<Outcome, JsonataError> {
    if value.is_undefined() {
        return Ok(Outcome::Undefined);
    }
    let mut budget = Budget { values: limits::RESULT_VALUES, bytes: limits::RESULT_BYTES };
    match budget.convert(value, 0) {
        Ok(value) => Ok(Outcome::Value(value)),
        Err(Refusal::Function) => Ok(Outcome::Unsupported),
        Err(Refusal::TooLarge) => Err(JsonataError::new("D2015", "The result of the expression is too large.")),
    }
}

/// Why a result is not ours to hold.
enum Refusal {
    Function,
    TooLarge,
}

/// What a result may still grow by: the engine shares parts of values, so a small one may be endless when spelled
/// out.
struct Budget {
    values: usize,
    bytes: usize,
}

impl Budget {
    fn take_bytes(&mut self, n: usize) -> Result<(), Refusal> {
        self.bytes = self.bytes.checked_sub(n).ok_or(Refusal::TooLarge)?;
        Ok(())
    }

    fn convert(&mut self, value: &JValue, depth: usize) -> Result<Value, Refusal> {
        self.values = self.values.checked_sub(1).ok_or(Refusal::TooLarge)?;
        if depth > limits::RESULT_DEPTH {
            return Err(Refusal::TooLarge);
        }
        Ok(match value {
            JValue::Null | JValue::Undefined => Value::Null,
            JValue::Bool(b) => Value::Bool(*b),
            JValue::Number(n) => number(*n),
            JValue::String(s) => {
                self.take_bytes(s.len())?;
                Value::String((&**s).into())
            }
            JValue::Array(items) => {
                let mut converted = Vec::with_capacity(items.len().min(self.values));
                for item in items.iter() {
                    converted.push(self.convert(item, depth + 1)?);
                }
                Value::array(converted)
            }
            JValue::Object(members) => {
                let mut converted = Map::with_capacity(members.len().min(self.values));
                for (name, member) in members.iter().filter(|(_, member)| !member.is_undefined()) {
                    self.take_bytes(name.len())?;
                    converted.insert(name.as_str(), self.convert(member, depth + 1)?);
                }
                converted.into()
            }
            JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => return Err(Refusal::Function),
        })
    }
}

/// A double as JSON: whole ones become integers with the digits JavaScript prints.
pub(super) fn number(f: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if f.fract() != 0.0 || !f.is_finite() {
        return Value::from_f64(f);
    }
    if f.abs() <= EXACT {
        return Value::from(f as i64);
    }
    // The shortest digits that mean this double, padded with zeros.
    let digits = f.to_string();
    match (digits.parse::<i64>(), digits.parse::<u64>()) {
        (Ok(i), _) => Value::from(i),
        (_, Ok(u)) => Value::from(u),
        _ => Value::from_f64(f),
    }
}

/// The same value with whole doubles as integers; storage that has none is shared, not copied.
pub(super) fn settled(value: &Value) -> Value {
    if has_whole_double(value) { settle(value) } else { value.clone() }
}

fn has_whole_double(value: &Value) -> bool {
    match value {
        Value::Number(n) => n.is_f64() && n.as_f64().is_some_and(|f| f.fract() == 0.0),
        Value::Array(items) => items.iter().any(has_whole_double),
        Value::Object(members) => members.values().any(has_whole_double),
        _ => false,
    }
}

fn settle(value: &Value) -> Value {
    match value {
        Value::Number(n) if n.is_f64() => n.as_f64().map_or(Value::Null, number),
        Value::Array(items) => Value::array(items.iter().map(settle).collect()),
        Value::Object(members) => Value::object(members.iter().map(|(k, v)| (k.clone(), settle(v)))),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Value {
        Value::parse(text).unwrap()
    }

    fn back(value: &JValue) -> String {
        match from_engine(value) {
            Ok(Outcome::Value(value)) => value.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_value_survives_the_way_there_and_back() {
        let text = r#"{"z":[1,-2.5,null,true,"é",[],{}],"a":{"b":9007199254740991}}"#;
        assert_eq!(back(&to_engine(&parsed(text))), text);
    }

    #[test]
    fn whole_doubles_come_back_as_integers_with_javascripts_digits() {
        for (double, text) in [
            (1.0, "1"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (12345678901234567890.0, "12345678901234567000"),
            (-9007199254740994.0, "-9007199254740994"),
            (f64::INFINITY, "null"),
        ] {
            assert_eq!(number(double).to_string(), text);
        }
    }

    #[test]
    fn a_part_in_demand_is_kept_through_arrays_and_the_rest_is_left_out() {
        let mut demand = Demand::default();
        demand.add(&["items", "id"]);
        let value = parsed(r#"{"big":[1,2],"items":[{"id":1,"x":2},[{"id":3}],4]}"#);
        assert_eq!(back(&to_engine_partly(&value, &demand)), r#"{"items":[{"id":1},[{"id":3}],4]}"#);
    }

    #[test]
    fn functions_are_unsupported_wherever_they_hide() {
        assert!(matches!(from_engine(&JValue::array(vec![JValue::builtin("sum")])), Ok(Outcome::Unsupported)));
    }

    #[test]
    fn a_small_shared_value_that_is_endless_when_spelled_out_is_refused() {
        let mut value = JValue::Number(1.0);
        for _ in 0..60 {
            value = JValue::array(vec![value.clone(), value]);
        }
        assert!(from_engine(&value).is_err());
    }

    #[test]
    fn settling_shares_what_needs_no_change() {
        let value = parsed(r#"{"a":[1,2.5]}"#);
        assert!(settled(&value).is_same(&value));
        assert_eq!(settled(&parsed(r#"{"a":[1.0,2.5,123456789012345678]}"#)).to_string(), {
            r#"{"a":[1,2.5,123456789012345678]}"#
        });
    }
}
