//! Definitions where they live: in files of their own, in SAM and CloudFormation templates, in what the CDK synthesises,
//! in Terraform and in Serverless files.
//!
//! Each kind of file has a reader. A reader finds the state machines of a file and, for each, the definition as a tree
//! whose places are those of the file people edit, with what the template substitutes filled in. [`find`] lists them, and
//! [`Machine::load`](crate::Machine::load) takes one by its file and its id: `template.yaml#OrderMachine`.
//!
//! What a template refers to becomes something stable of a pretend account, so that a mock can name it:
//!
//! ```text
//! !GetAtt ChargeFunction.Arn   arn:aws:lambda:us-east-1:123456789012:function:ChargeFunction
//! !Ref JobQueue                https://sqs.us-east-1.amazonaws.com/123456789012/JobQueue
//! ```
//!
//! A placeholder whose value nobody knows stays as it is where a field allows any text, and is a finding elsewhere.
//! [`CompileOptions::substitute`](crate::asl::CompileOptions::substitute) gives it one.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::asl::{CompileOptions, MachineType};
use crate::diagnostic::Diagnostics;
use crate::source::{Node, Source, Span};

pub(crate) mod account;
mod cfn;
pub(crate) mod files;
mod find;
mod kind;
mod load;
pub(crate) mod placeholder;
mod plain;
mod recover;
mod serverless;
mod target;
mod terraform;

pub use find::{Found, Search, find, search};
pub use target::parts;

/// What a reader is told beside the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Values for names: of a placeholder (`${wait}`), a parameter or variable (`Stage`), a reference to a resource
    /// (`ChargeFunction`, `ChargeFunction.Arn`). They win over what the file says.
    pub substitutions: BTreeMap<String, String>,
}

impl Settings {
    /// What the options say. A value may refer to something that is declared elsewhere.
    pub(crate) fn of(options: &CompileOptions) -> Settings {
        Settings::with(options.substitutions.iter().map(|(name, value)| (name.clone(), value.clone())))
    }

    /// Values for names.
    pub(crate) fn with(values: impl IntoIterator<Item = (String, String)>) -> Settings {
        let settled = |(name, value): (String, String)| (name, account::settled(&value));
        Settings { substitutions: values.into_iter().map(settled).collect() }
    }

    /// The value somebody gave for a name.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.substitutions.get(name).map(String::as_str)
    }
}

/// A state machine that a reader found in a file.
#[derive(Clone, Debug)]
pub(crate) struct Extracted {
    /// What names it in its file: a logical id, the address of a Terraform resource, a key; empty where the file is the
    /// definition.
    pub id: String,
    /// Other names it may be asked for by, such as the path of a CDK construct.
    pub also: Vec<String>,
    /// Whether the id is a name with something generated behind it, so that its beginning may be enough.
    pub is_generated: bool,
    /// Whether it is a machine, and not merely something in which machines may be and that cannot be read.
    pub is_machine: bool,
    /// The name it is deployed under, where the file gives one that can be known.
    pub name: Option<String>,
    /// The type the file gives it; `None` where it says nothing, which means Standard.
    pub machine_type: Option<MachineType>,
    /// Where the file that was read declares it: its own place, or that of the outermost stack or module around it.
    pub declared: (Arc<Source>, Span),
    /// Where it is declared itself.
    pub origin: (Arc<Source>, Span),
    /// Whether the file is the definition and nothing else.
    pub is_whole_file: bool,
    /// The definition with its places in `source`, or all that is wrong with it.
    pub definition: Result<Definition, Diagnostics>,
}

impl Extracted {
    /// A machine of an id, declared at a place; nothing else is known of it.
    pub(crate) fn new(
        id: impl Into<String>,
        declared: (Arc<Source>, Span),
        definition: Result<Definition, Diagnostics>,
    ) -> Extracted {
        Extracted {
            id: id.into(),
            also: Vec::new(),
            is_generated: false,
            is_machine: true,
            name: None,
            machine_type: None,
            origin: declared.clone(),
            declared,
            is_whole_file: false,
            definition,
        }
    }
}

/// A definition and the source its places are in: the template itself, or the file that it names.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub source: Arc<Source>,
    pub node: Node,
    /// The names that placeholders of this definition can have, for those that have no value.
    pub names: Vec<String>,
}
