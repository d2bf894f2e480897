//! Definitions where they live: in files of their own, in SAM and CloudFormation templates, in what the CDK synthesises,
//! in Terraform and in Serverless files.
//!
//! Each kind of file has a reader. A reader finds the state machines of a file and, for each, the definition as a tree
//! whose places are those of the file people edit, with what the template substitutes filled in.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::asl::MachineType;
use crate::diagnostic::Diagnostics;
use crate::source::{Node, Source, Span};

pub(crate) mod account;
pub(crate) mod files;
pub(crate) mod terraform;

/// What a reader is told beside the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Values for names: of a placeholder (`${wait}`), a parameter or variable (`Stage`), a reference to a resource
    /// (`ChargeFunction`, `ChargeFunction.Arn`). They win over what the file says.
    pub substitutions: BTreeMap<String, String>,
}

impl Settings {
    /// The value somebody gave for a name.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.substitutions.get(name).map(String::as_str)
    }
}

/// A state machine that a reader found in a file.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "the readers follow")]
pub(crate) struct Extracted {
    /// What names it in its file: a logical id, the address of a Terraform resource, a key.
    pub id: String,
    /// The name it is deployed under, where the file gives one that can be known.
    pub name: Option<String>,
    /// Standard unless the file says otherwise.
    pub machine_type: MachineType,
    /// The file that declares it, and where.
    pub declared: (Arc<Source>, Span),
    /// The definition with its places in `source`, or all that is wrong with it.
    pub definition: Result<Definition, Diagnostics>,
}

/// A definition and the source its places are in: the template itself, or the file that it names.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "the readers follow")]
pub(crate) struct Definition {
    pub source: Arc<Source>,
    pub node: Node,
    /// The names that placeholders of this definition can have, for those that have no value.
    pub names: Vec<String>,
}
