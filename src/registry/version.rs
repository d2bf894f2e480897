//! Versions: revisions that are kept, under numbers that are never given again.

use std::sync::Arc;

use super::arn::{MachineArn, Qualifier, labelled};
use super::machine::Registered;
use super::page::Paging;
use super::refusal::{conflict, invalid_arn, machine_does_not_exist, quota};
use super::revision::Revision;
use super::setting::{given, shared, text};
use super::{Registry, Target, seconds};
use crate::services::ServiceError;
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// A state machine has so many at most.
const MOST: usize = 1_000;

#[derive(Clone)]
pub(super) struct Version {
    pub(super) arn: Str,
    pub(super) revision: Arc<Revision>,
    pub(super) created: Timestamp,
    pub(super) description: Option<Str>,
}

impl Version {
    pub(super) fn target(&self, alias_arn: Option<Str>) -> Target {
        Target { revision: Arc::clone(&self.revision), version_arn: Some(self.arn.clone()), alias_arn }
    }
}

impl Registered {
    /// The version of the newest revision, which is made unless there is one.
    pub(super) fn publish(&mut self, now: Timestamp, description: Option<Str>) -> Result<Version, ServiceError> {
        let newest = Arc::clone(self.newest());
        let of_newest = self.versions.values().rev().find(|v| v.revision.revision_id == newest.revision_id);
        if let Some(there) = of_newest {
            return Ok(there.clone());
        }
        if self.versions.len() >= MOST {
            let message = format!("The maximum number of versions of a state machine, {MOST}, is reached");
            return Err(quota(message));
        }
        self.last_version += 1;
        let arn = format!("{}:{}", newest.arn, self.last_version).into();
        let version = Version { arn, revision: newest, created: now, description };
        self.versions.insert(self.last_version, version.clone());
        Ok(version)
    }
}

impl Registry {
    pub(super) fn publish_version(&mut self, now: Timestamp, input: &Value) -> Result<Value, ServiceError> {
        let there = self.registered(given(input, "stateMachineArn"))?;
        let current = &there.newest().revision_id;
        if let Some(wanted) = text(input, "revisionId").filter(|wanted| **wanted != **current) {
            return Err(conflict(format!(
                "Failed to publish the State Machine version for revision {wanted}. The current State Machine revision \
                 is {current}."
            )));
        }
        let version = there.publish(now, shared(input, "description"))?;
        Ok(listed(&version))
    }

    pub(super) fn delete_version(&mut self, input: &Value) -> Result<Value, ServiceError> {
        let arn = given(input, "stateMachineVersionArn");
        let read = MachineArn::parse(arn)?;
        let number = match read.qualifier {
            Qualifier::Version(number) => number,
            Qualifier::Label(_) => return Err(labelled()),
            Qualifier::None | Qualifier::Alias(_) => return Err(invalid_arn(arn)),
        };
        // That it was not there is no error.
        if let Some(there) = self.machines.get_mut(read.base) {
            let names: Vec<&str> = there.aliases.iter().filter(|a| a.routes_to(number)).map(|a| a.name()).collect();
            if !names.is_empty() {
                return Err(conflict(format!(
                    "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this \
                     version: [{}]",
                    names.join(", ")
                )));
            }
            there.versions.remove(&number);
        }
        Ok(Value::empty_object())
    }

    /// The newest first.
    pub(super) fn list_versions(&self, now: Timestamp, input: &Value) -> Result<Value, ServiceError> {
        let arn = MachineArn::unqualified(given(input, "stateMachineArn"))?;
        let scope = format!("ListStateMachineVersions {arn}");
        let there = self.machines.get(arn).ok_or_else(|| machine_does_not_exist(arn))?;
        let page = Paging::of(now, &scope, input).page(there.versions.values().rev(), |v| v.arn.to_string())?;
        Ok(page.into_value("stateMachineVersions", listed))
    }
}

fn listed(version: &Version) -> Value {
    let arn = Value::from(&version.arn);
    Value::object([("stateMachineVersionArn", arn), ("creationDate", seconds(version.created))])
}
