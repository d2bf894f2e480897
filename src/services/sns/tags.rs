//! Tags of topics.

use std::collections::BTreeMap;

use super::super::arn;
use super::super::error::ServiceError;
use super::super::members::Members;
use super::{Cx, Sns, Topic, invalid};
use crate::value::Value;

/// How many tags a topic has at most.
const MOST: usize = 50;

/// # Errors
/// The same key twice.
pub(super) fn given(input: &Members<'_>) -> Result<BTreeMap<String, String>, ServiceError> {
    let mut tags = BTreeMap::new();
    for tag in input.items("Tags") {
        let part = |member: &str| tag.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        if tags.insert(part("Key"), part("Value")).is_some() {
            return Err(invalid("Duplicated keys are not allowed."));
        }
    }
    check_number(tags.len())?;
    Ok(tags)
}

fn check_number(tags: usize) -> Result<(), ServiceError> {
    if tags > MOST {
        let message = "Could not complete request: tag quota of per resource exceeded";
        return Err(ServiceError::modelled("TagLimitExceeded", message));
    }
    Ok(())
}

impl Sns {
    fn resource(&mut self, cx: &Cx<'_, '_>) -> Result<&mut Topic, ServiceError> {
        let name = arn::name_of(cx.needed("ResourceArn")?);
        let gone = || ServiceError::modelled("ResourceNotFound", "Resource does not exist").status(404);
        self.topics.get_mut(name).ok_or_else(gone)
    }

    pub(super) fn tag(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let topic = self.resource(cx)?;
        let mut tags = topic.tags.clone();
        tags.extend(given(cx.input)?);
        check_number(tags.len())?;
        topic.tags = tags;
        Ok(Value::empty_object())
    }

    pub(super) fn untag(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let gone: Vec<&str> = cx.input.items("TagKeys").iter().filter_map(Value::as_str).collect();
        self.resource(cx)?.tags.retain(|key, _| !gone.contains(&key.as_str()));
        Ok(Value::empty_object())
    }

    pub(super) fn tags(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let row = |(key, value): (&String, &String)| {
            Value::object([("Key", Value::from(key.as_str())), ("Value", value.as_str().into())])
        };
        let rows = self.resource(cx)?.tags.iter().map(row).collect();
        Ok(Value::object([("Tags", Value::array(rows))]))
    }
}
