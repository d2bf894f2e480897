//! Activities: work that polls for its tasks. Polling is the executions' business.

use super::page::Paging;
use super::refusal::{activity_does_not_exist, invalid_name};
use super::setting::{encryption, given, no_encryption};
use super::tag::Tags;
use super::{Registry, arn, seconds};
use crate::services::ServiceError;
use crate::time::Timestamp;
use crate::validate::name_is_good;
use crate::value::{Map, Str, Value};

#[derive(Clone, Debug)]
pub(super) struct Activity {
    arn: Str,
    name: Str,
    created: Timestamp,
    encryption: Value,
    pub(super) tags: Tags,
}

impl Activity {
    /// As lists have it.
    fn listed(&self) -> Map {
        let mut shown = Map::new();
        shown.insert("activityArn", &self.arn);
        shown.insert("name", &self.name);
        shown.insert("creationDate", seconds(self.created));
        shown
    }
}

impl Registry {
    pub(super) fn create_activity(&mut self, now: Timestamp, input: &Value) -> Result<Value, ServiceError> {
        let name = given(input, "name");
        if !name_is_good(name) {
            return Err(invalid_name(name));
        }
        let arn = self.home.activity(name);
        let encryption = encryption(input)?.unwrap_or_else(no_encryption);
        let tags = Tags::of(input, &arn)?;
        let new =
            || Activity { arn: arn.clone(), name: name.into(), created: now, encryption: encryption.clone(), tags };
        let kept = self.activities.entry(arn.clone()).or_insert_with(new);
        if kept.encryption != encryption {
            let message = format!("Activity already exists: '{arn}'. EncryptionConfiguration may not be updated.");
            return Err(ServiceError::modelled("ActivityAlreadyExists", message));
        }
        Ok(Value::object([("activityArn", Value::from(&kept.arn)), ("creationDate", seconds(kept.created))]))
    }

    pub(super) fn delete_activity(&mut self, input: &Value) -> Result<Value, ServiceError> {
        self.activities.shift_remove(arn::activity(given(input, "activityArn"))?);
        Ok(Value::empty_object())
    }

    pub(super) fn describe_activity(&self, input: &Value) -> Result<Value, ServiceError> {
        let arn = arn::activity(given(input, "activityArn"))?;
        let activity = self.activities.get(arn).ok_or_else(|| activity_does_not_exist(arn))?;
        let mut shown = activity.listed();
        shown.insert("encryptionConfiguration", activity.encryption.clone());
        Ok(shown.into())
    }

    pub(super) fn list_activities(&self, now: Timestamp, input: &Value) -> Result<Value, ServiceError> {
        let paging = Paging::of(now, "ListActivities", input);
        let page = paging.page(self.activities.values(), |activity| activity.arn.to_string())?;
        Ok(page.into_value("activities", |activity| activity.listed().into()))
    }
}
