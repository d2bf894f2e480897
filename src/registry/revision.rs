//! A state machine as it stood between two updates.

use super::setting;
use super::variables::references;
use crate::asl::{Machine, MachineType};
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};

/// One revision of a state machine; executions keep the one they were started with.
#[derive(Clone)]
pub(crate) struct Revision {
    /// Compiled, under its own name.
    pub(crate) machine: Machine,
    /// Without a version or an alias.
    pub(crate) arn: Str,
    pub(crate) name: Str,
    /// As it was given.
    pub(crate) definition: Str,
    pub(crate) role_arn: Str,
    pub(crate) kind: MachineType,
    /// [`INITIAL`] until the machine is first updated.
    pub(crate) revision_id: Str,
    /// When the machine was created.
    pub(crate) created: Timestamp,
    /// When this revision was made.
    pub(crate) updated: Timestamp,
    /// `loggingConfiguration`.
    pub(crate) logging: Value,
    /// `tracingConfiguration`.
    pub(crate) tracing: Value,
    /// `encryptionConfiguration`.
    pub(crate) encryption: Value,
}

/// The id of the first revision, by which it can be published; descriptions do not show it.
pub(crate) const INITIAL: &str = "INITIAL";

impl Revision {
    /// What DescribeStateMachine and DescribeStateMachineForExecution have in common.
    pub(crate) fn described(&self, metadata_only: bool) -> Map {
        let mut shown = Map::new();
        shown.insert("name", &self.name);
        shown.insert("definition", if metadata_only { "{}".into() } else { Value::from(&self.definition) });
        shown.insert("roleArn", &self.role_arn);
        shown.insert("loggingConfiguration", self.logging.clone());
        shown.insert("tracingConfiguration", self.tracing.clone());
        shown.insert("encryptionConfiguration", self.encryption.clone());
        if &*self.revision_id != INITIAL {
            shown.insert("revisionId", &self.revision_id);
        }
        let references = if metadata_only { Map::new() } else { references(&self.machine) };
        if !references.is_empty() {
            shown.insert("variableReferences", references);
        }
        shown
    }
    /// `STANDARD` or `EXPRESS`.
    pub(crate) fn type_word(&self) -> &'static str {
        setting::type_word(self.kind)
    }
}
