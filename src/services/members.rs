//! Reading the members of an operation's input.

use super::error::ServiceError;
use crate::value::Value;

/// An input whose members are all known; what is not known is refused by name.
pub(super) struct Members<'a> {
    operation: &'a str,
    input: &'a Value,
}

impl<'a> Members<'a> {
    /// # Errors
    /// Members that the operation does not have here.
    pub(super) fn of(operation: &'a str, input: &'a Value, known: &[&str]) -> Result<Members<'a>, ServiceError> {
        if let Some(object) = input.as_object()
            && let Some((name, _)) = object.iter().find(|(name, _)| !known.contains(&&***name))
        {
            return Err(ServiceError::not_modelled(format!("the parameter `{name}` of {operation}")));
        }
        Ok(Members { operation, input })
    }
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.input.get(name).filter(|v| !v.is_null())
    }
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }
    /// # Errors
    /// The member is missing or no text.
    pub(super) fn needed(&self, name: &str) -> Result<&'a str, ServiceError> {
        self.text(name).ok_or_else(|| {
            ServiceError::coded("MissingParameter", format!("The request must contain the parameter {name}."))
        })
    }
    /// A whole number, also where it is written as a text, as attributes are.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        number(self.get(name)?)
    }
    pub(super) fn items(&self, name: &str) -> &'a [Value] {
        self.get(name).and_then(Value::as_array).unwrap_or_default()
    }
    /// All of it.
    pub(super) fn whole(&self) -> &'a Value {
        self.input
    }
    pub(super) fn operation(&self) -> &'a str {
        self.operation
    }
}

/// A whole number, also where it is written as a text.
pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_whole().or_else(|| value.as_str()?.parse().ok())
}
