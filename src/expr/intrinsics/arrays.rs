//! Functions on arrays.

use std::hash::{Hash, Hasher};

use indexmap::IndexMap;

use super::arguments::Arguments;
use crate::expr::env::Env;
use crate::value::{NameHasher, Value};

const MAX_RANGE: usize = 1_000;

pub(super) fn array(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    Ok(Value::array(arguments.values.to_vec()))
}

pub(super) fn contains(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    Ok(arguments.array(0)?.contains(arguments.value(1)).into())
}

pub(super) fn get_item(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    let (array, index) = (arguments.array(0)?, arguments.whole(1)?);
    let item = usize::try_from(index).ok().and_then(|i| array.get(i));
    item.cloned().ok_or_else(|| format!("Index {index} is out of bounds for an array of length {}", array.len()))
}

pub(super) fn length(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    Ok(arguments.array(0)?.len().into())
}

pub(super) fn partition(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    let array = arguments.array(0)?;
    match usize::try_from(arguments.rounded(1)?) {
        Ok(size) if size > 0 => Ok(Value::array(array.chunks(size).map(|c| Value::array(c.to_vec())).collect())),
        _ => Err(format!("The chunk size must be a positive integer, but was {}", arguments.value(1))),
    }
}

pub(super) fn range(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    let (first, last, step) = (arguments.rounded(0)?, arguments.rounded(1)?, arguments.rounded(2)?);
    if step == 0 {
        return Err("The step of a range must not be 0".into());
    }
    let mut items = Vec::new();
    let mut next = Some(first);
    while let Some(n) = next.filter(|n| if step > 0 { *n <= last } else { *n >= last }) {
        if items.len() == MAX_RANGE {
            return Err(format!("A range must not have more than {MAX_RANGE} items"));
        }
        items.push(n.into());
        next = n.checked_add(step);
    }
    Ok(Value::array(items))
}

pub(super) fn unique(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    let array = arguments.array(0)?;
    let mut seen: IndexMap<u64, Vec<&Value>> = IndexMap::with_capacity(array.len());
    let mut items = Vec::new();
    for item in array {
        let alike = seen.entry(fingerprint(item)).or_default();
        if !alike.contains(&item) {
            alike.push(item);
            items.push(item.clone());
        }
    }
    Ok(Value::array(items))
}

/// A hash that equal values share, whatever the order of their members and the spelling of their numbers.
fn fingerprint(value: &Value) -> u64 {
    let mut hasher = NameHasher::default();
    value.type_name().hash(&mut hasher);
    match value {
        Value::Null => {}
        Value::Bool(b) => b.hash(&mut hasher),
        // Adding 0.0 makes -0.0 and 0.0 the same.
        Value::Number(n) => (n.as_f64().unwrap_or_default() + 0.0).to_bits().hash(&mut hasher),
        Value::String(s) => s.hash(&mut hasher),
        Value::Array(items) => items.iter().for_each(|v| fingerprint(v).hash(&mut hasher)),
        Value::Object(members) => {
            let sum = members.iter().fold(0u64, |sum, (name, v)| {
                let mut member = NameHasher::default();
                name.hash(&mut member);
                fingerprint(v).hash(&mut member);
                sum.wrapping_add(member.finish())
            });
            sum.hash(&mut hasher);
        }
    }
    hasher.finish()
}
