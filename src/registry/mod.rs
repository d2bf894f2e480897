//! What Step Functions knows before anything runs: state machines with their revisions, versions and aliases,
//! activities, tags. Requests and answers are the API's members as values; times are seconds since 1970.
//!
//! Executions are somebody else's: they ask what an ARN means ([`Registry::target`]) and keep the [`Revision`] they get.

mod activity;
mod alias;
pub(crate) mod arn;
pub(crate) mod constraint;
mod machine;
pub(crate) mod page;
pub(crate) mod refusal;
mod revision;
pub(crate) mod setting;
mod tag;
#[cfg(test)]
mod tests;
mod trial;
mod variables;
mod version;

use std::hash::BuildHasherDefault;
use std::sync::Arc;

use indexmap::IndexMap;

use activity::Activity;
use arn::Home;
use arn::{MachineArn, Qualifier};
use machine::Registered;
use refusal::machine_does_not_exist;
pub(crate) use revision::Revision;
pub(crate) use trial::test_state;

use crate::random::{Seeded, uuid_str};
use crate::services::ServiceError;
use crate::time::Timestamp;
use crate::value::{NameHasher, Str, Value};

/// The state machines and activities of one account and region.
pub(crate) struct Registry {
    home: Home,
    random: Seeded,
    machines: ByArn<Registered>,
    activities: ByArn<Activity>,
}

/// In the order of creation.
type ByArn<T> = IndexMap<Str, T, BuildHasherDefault<NameHasher>>;

/// What an ARN means to those who start executions.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) revision: Arc<Revision>,
    /// Of the version that was named, or that the alias chose.
    pub(crate) version_arn: Option<Str>,
    pub(crate) alias_arn: Option<Str>,
}

type Answer = Result<Value, ServiceError>;

type Operation = fn(&mut Registry, Timestamp, &Value) -> Answer;

/// Every operation answered here, and how.
const OPERATIONS: &[(&str, Operation)] = &[
    ("CreateActivity", Registry::create_activity),
    ("CreateStateMachine", Registry::create_machine),
    ("CreateStateMachineAlias", Registry::create_alias),
    ("DeleteActivity", |r, _, input| r.delete_activity(input)),
    ("DeleteStateMachine", |r, _, input| r.delete_machine(input)),
    ("DeleteStateMachineAlias", |r, _, input| r.delete_alias(input)),
    ("DeleteStateMachineVersion", |r, _, input| r.delete_version(input)),
    ("DescribeActivity", |r, _, input| r.describe_activity(input)),
    ("DescribeStateMachine", |r, _, input| r.describe_machine(input)),
    ("DescribeStateMachineAlias", |r, _, input| r.describe_alias(input)),
    ("ListActivities", |r, now, input| r.list_activities(now, input)),
    ("ListStateMachineAliases", |r, now, input| r.list_aliases(now, input)),
    ("ListStateMachineVersions", |r, now, input| r.list_versions(now, input)),
    ("ListStateMachines", |r, now, input| r.list_machines(now, input)),
    ("ListTagsForResource", |r, _, input| r.list_tags(input)),
    ("PublishStateMachineVersion", Registry::publish_version),
    ("TagResource", |r, _, input| r.tag_resource(input)),
    ("TestState", |r, _, input| test_state(&r.home.account, input, &mut |_| None)),
    ("UntagResource", |r, _, input| r.untag_resource(input)),
    ("UpdateStateMachine", Registry::update_machine),
    ("UpdateStateMachineAlias", Registry::update_alias),
    ("ValidateStateMachineDefinition", |_, _, input| trial::validate(input)),
];

impl Registry {
    /// A registry without anything in it.
    pub(crate) fn new(account: &str, region: &str, seed: u64) -> Registry {
        Registry {
            home: Home { account: account.into(), region: region.into() },
            random: Seeded::new(seed),
            machines: ByArn::default(),
            activities: ByArn::default(),
        }
    }

    /// Whether this is an operation of a registry.
    pub(crate) fn answers(operation: &str) -> bool {
        OPERATIONS.iter().any(|(name, _)| *name == operation)
    }

    /// One operation. Its input is checked here against the API's model.
    ///
    /// # Errors
    /// As the service's.
    pub(crate) fn call(&mut self, now: Timestamp, operation: &str, input: &Value) -> Answer {
        let found = OPERATIONS.iter().find(|(name, _)| *name == operation);
        let (_, answer) = found.ok_or_else(|| ServiceError::not_modelled(format!("`{operation}` of a registry")))?;
        constraint::check(operation, input)?;
        answer(self, now, input)
    }

    /// What StartExecution and StartSyncExecution mean by an ARN. An alias with two versions draws one of them.
    ///
    /// # Errors
    /// `InvalidArn`, `StateMachineDoesNotExist`.
    pub(crate) fn target(&mut self, arn: &str) -> Result<Target, ServiceError> {
        let read = MachineArn::parse(arn)?;
        let there = self.machines.get(read.base).ok_or_else(|| machine_does_not_exist(arn))?;
        let missing = || machine_does_not_exist(arn);
        match read.qualifier {
            Qualifier::None => Ok(Target { revision: Arc::clone(there.newest()), version_arn: None, alias_arn: None }),
            Qualifier::Label(_) => Err(arn::labelled()),
            Qualifier::Version(number) => {
                let version = there.version(number).ok_or_else(missing)?;
                Ok(version.target(None))
            }
            Qualifier::Alias(name) => {
                let alias = there.alias(name).ok_or_else(missing)?;
                let number = alias.draw(&mut self.random);
                Ok(there.version(number).ok_or_else(missing)?.target(Some(alias.arn())))
            }
        }
    }

    /// The newest revision of the machine with this ARN, which must not be qualified.
    pub(crate) fn machine(&self, arn: &str) -> Option<Arc<Revision>> {
        self.machines.get(arn).map(|there| Arc::clone(there.newest()))
    }

    /// The newest revisions of all machines, in the order of their creation.
    pub(crate) fn machines(&self) -> impl Iterator<Item = &Arc<Revision>> {
        self.machines.values().map(Registered::newest)
    }

    /// Whether there is an activity with this ARN.
    #[cfg(test)]
    fn activity(&self, arn: &str) -> bool {
        self.activities.contains_key(arn)
    }

    /// A fresh id for a revision.
    fn draw_id(&mut self) -> Str {
        let high = self.random.next_u64();
        uuid_str(high, self.random.next_u64())
    }
}

/// A time as the API's JSON has it.
fn seconds(at: Timestamp) -> Value {
    Value::from_f64(at.as_millis() as f64 / 1000.0)
}
