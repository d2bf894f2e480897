//! The tags of state machines and activities.

use super::refusal::{resource_not_found, validation};
use super::setting::{given, member, text};
use super::{Registry, arn};
use crate::services::ServiceError;
use crate::value::{Str, Value};

/// A resource has so many at most.
const MOST: usize = 50;

/// Tags in the order in which they were set.
#[derive(Clone, Debug, Default)]
pub(super) struct Tags(Vec<(Str, Str)>);

impl Tags {
    /// The tags of a request that creates something.
    ///
    /// # Errors
    /// `ValidationException` for keys and values that no tag has, `TooManyTags`.
    pub(super) fn of(input: &Value, arn: &str) -> Result<Tags, ServiceError> {
        let mut tags = Tags::default();
        tags.set(input, arn)?;
        Ok(tags)
    }

    /// Sets those of a request, all or none.
    fn set(&mut self, input: &Value, arn: &str) -> Result<(), ServiceError> {
        let mut all = self.0.clone();
        let mut named: Vec<&str> = Vec::new();
        for tag in member(input, "tags").and_then(Value::as_array).unwrap_or_default() {
            let (key, value) = (given(tag, "key"), text(tag, "value").unwrap_or_default());
            checked(key, value)?;
            if named.contains(&key) {
                return Err(validation(format!("Tag keys must be unique, and '{key}' is there twice")));
            }
            named.push(key);
            match all.iter_mut().find(|(k, _)| **k == *key) {
                Some((_, old)) => *old = value.into(),
                None => all.push((key.into(), value.into())),
            }
        }
        if all.len() > MOST {
            let message = format!("A resource can have at most {MOST} tags");
            return Err(ServiceError::modelled("TooManyTags", message).with("resourceName", arn));
        }
        self.0 = all;
        Ok(())
    }

    fn to_value(&self) -> Value {
        let one = |(key, value): &(Str, Str)| Value::object([("key", Value::from(key)), ("value", value.into())]);
        self.0.iter().map(one).collect::<Vec<_>>().into()
    }
}

fn checked(key: &str, value: &str) -> Result<(), ServiceError> {
    if key.is_empty() {
        return Err(validation("A tag must have a key"));
    }
    if key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:")) {
        return Err(validation("aws: prefixed tag key names are not allowed for external use."));
    }
    let good = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
    if !key.chars().chain(value.chars()).all(good) {
        let message = "Tags may only contain Unicode letters, digits, white space, or these symbols: _ . : / = + - @";
        return Err(validation(message));
    }
    Ok(())
}

impl Registry {
    fn tags(&mut self, arn: &str) -> Result<&mut Tags, ServiceError> {
        if arn::activity(arn).is_ok() {
            let activity = self.activities.get_mut(arn).ok_or_else(|| resource_not_found(arn))?;
            return Ok(&mut activity.tags);
        }
        let base = arn::MachineArn::unqualified(arn)?;
        let machine = self.machines.get_mut(base).ok_or_else(|| resource_not_found(arn))?;
        Ok(&mut machine.tags)
    }

    pub(super) fn tag_resource(&mut self, input: &Value) -> Result<Value, ServiceError> {
        let arn = given(input, "resourceArn");
        self.tags(arn)?.set(input, arn)?;
        Ok(Value::empty_object())
    }

    pub(super) fn untag_resource(&mut self, input: &Value) -> Result<Value, ServiceError> {
        let keys = input.get("tagKeys").and_then(Value::as_array).unwrap_or_default();
        let tags = self.tags(given(input, "resourceArn"))?;
        tags.0.retain(|(key, _)| !keys.iter().any(|k| k.as_str() == Some(key)));
        Ok(Value::empty_object())
    }

    pub(super) fn list_tags(&mut self, input: &Value) -> Result<Value, ServiceError> {
        let tags = self.tags(given(input, "resourceArn"))?.to_value();
        Ok(Value::object([("tags", tags)]))
    }
}
