//! CloudFormation templates and those that become one: SAM's, and what the CDK synthesises.
//!
//! A template is evaluated as far as a definition needs it: functions, parameters with their defaults, conditions,
//! mappings, nested stacks. What only a deployment would know gets a name of the pretend account.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::iac::files::Files;
use crate::iac::{Extracted, Settings};
use crate::source::{Node, Source};

mod call;
mod condition;
mod functions;
mod location;
mod machine;
mod nested;
mod reference;
mod state;
mod template;

pub(super) use functions::{placed, shown};
pub(super) use state::State;
pub(super) use template::Template;

/// How many machines are taken from one template with all its nested stacks; CloudFormation allows 500 resources each.
const MOST_MACHINES: usize = 2_000;

/// The state machines of a template that has been parsed, with the warnings that came of it.
pub(super) fn read(
    files: &Files,
    source: &Arc<Source>,
    root: Node,
    settings: &Settings,
    warnings: &[Diagnostic],
) -> Vec<Extracted> {
    let state = State::default();
    let mut template = Template::new(files, settings, &state, source, root);
    template.warnings = warnings.to_vec();
    let mut found = Vec::new();
    template.collect("", &mut found);
    found.truncate(MOST_MACHINES);
    found
}

/// Whether a document is a template: its resources have types.
pub(super) fn is_template(root: &Node) -> bool {
    let typed = |node: &Node| node.members().iter().any(|m| m.value.get("Type").is_some_and(|t| t.as_str().is_some()));
    root.get("AWSTemplateFormatVersion").is_some() && root.get("Resources").is_some()
        || root.get("Resources").is_some_and(|resources| {
            typed(resources) || resources.members().iter().any(|m| m.key.starts_with("Fn::ForEach"))
        })
}
