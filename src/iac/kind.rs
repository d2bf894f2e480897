//! What kind of file it is: by its name where that says enough, else by what is in it.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::iac::files::Files;
use crate::iac::{Extracted, Settings, cfn, plain, recover, serverless, terraform};
use crate::source::{Node, Source};

/// What may hold a machine.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A definition and nothing else.
    Definition,
    /// SAM, CloudFormation, the CDK's output; with warnings about what was left out of it.
    Template(Node, Vec<Diagnostic>),
    /// A Serverless Framework file.
    Serverless(Node),
    /// A document about a machine, with the definition in it: what `describe-state-machine` answers.
    Description(Node),
    /// Terraform's language.
    Terraform,
    /// What `terraform show -json` prints.
    TerraformShow(Node),
    /// Nothing of ours.
    Other,
}

/// The endings of files that may hold a machine.
const ENDINGS: &[&str] = &["json", "yaml", "yml", "asl", "template", "tf", "json5", "jsonc"];

/// Whether a file's name promises a definition.
pub(super) fn is_definition_by_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".asl", ".asl.json", ".asl.yaml", ".asl.yml", ".asl.json5", ".asl.jsonc"].iter().any(|end| name.ends_with(end))
}

/// Whether a file's name is one that a machine may be in.
pub(super) fn is_of_interest(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&&*ending.to_ascii_lowercase()))
}

/// Words of which every file with a machine has one; others need not be parsed.
const WORDS: &[&str] =
    &["StartAt", "StateMachine", "stepFunctions", "state_machine", "CloudFormation::Stack", "Serverless::Application"];

/// Whether a text may hold a machine at all.
pub(super) fn may_hold_a_machine(text: &str) -> bool {
    WORDS.iter().any(|word| text.contains(word))
}

/// The kind of a source.
///
/// # Errors
/// What is wrong with the text of one that is neither a definition nor Terraform by its name.
pub(super) fn kind(source: &Arc<Source>) -> Result<Kind, Diagnostics> {
    let name = source.name();
    if is_definition_by_name(name) {
        return Ok(Kind::Definition);
    }
    if name.ends_with(".tf") || name.ends_with(".tf.json") {
        return Ok(Kind::Terraform);
    }
    let (root, warnings) = match recover::read(source) {
        Ok(read) => read,
        // Only definitions have placeholders that are no strings.
        Err(found) if found.iter().all(|d| d.code == "placeholder") => return Ok(Kind::Definition),
        Err(found) => return Err(found),
    };
    let has = |name: &str| root.get(name).is_some();
    Ok(if cfn::is_template(&root) {
        Kind::Template(root, warnings)
    } else if has("StartAt") || has("States") {
        Kind::Definition
    } else if has("terraform_version") && (has("planned_values") || has("values")) {
        Kind::TerraformShow(root)
    } else if root.get("definition").is_some_and(plain::is_definition) {
        Kind::Description(root)
    } else if serverless::is_serverless(&root) {
        Kind::Serverless(root)
    } else {
        Kind::Other
    })
}

/// What a file holds.
pub(super) struct Read {
    pub(super) extracted: Vec<Extracted>,
    /// About parts of the file that are left out, and that no machine needs.
    pub(super) warnings: Vec<Diagnostic>,
}

impl From<Vec<Extracted>> for Read {
    fn from(extracted: Vec<Extracted>) -> Read {
        Read { extracted, warnings: Vec::new() }
    }
}

/// The machines of a source; `None` where it is nothing of ours.
///
/// # Errors
/// What is wrong with the file as a whole; what is wrong with a machine is told by it.
pub(super) fn read(files: &Files, source: &Arc<Source>, settings: &Settings) -> Result<Option<Read>, Diagnostics> {
    match kind(source)? {
        Kind::Definition => Ok(Some(vec![plain::read(source, settings)].into())),
        Kind::Template(root, warnings) => {
            let extracted = cfn::read(files, source, root, settings, &warnings);
            Ok(Some(Read { extracted, warnings }))
        }
        Kind::Description(root) => Ok(Some(vec![plain::read_description(source, &root, settings)].into())),
        Kind::Serverless(root) => Ok(Some(serverless::read(files, source, &root, settings).into())),
        Kind::Terraform => terraform::read(files, source, settings).map(|all| Some(all.into())),
        Kind::TerraformShow(root) => Ok(Some(terraform::show::read(source, &root).into())),
        Kind::Other => Ok(None),
    }
}
