//! What keeps a definition from being read out of the file it lives in: a row for every code.

use super::Rule;
use super::refusals::plain_row as row;

pub(super) static ROWS: &[Rule] = &[
    row(
        "no-machine",
        "there is no state machine in a file, or none of this id",
        "A file that is named has to hold a machine: a definition with `StartAt` and `States`, or a SAM, \
         CloudFormation, CDK, Terraform or Serverless file that declares one. `rehearsal list PATH` shows all \
         that are found.",
    ),
    row(
        "which-machine",
        "a file holds several state machines, and none is named",
        "Name one by its id: `template.yaml#OrderMachine`.",
    ),
    row(
        "file",
        "a file that a template names cannot be read",
        "`DefinitionUri`, `TemplateURL`, `file(…)` and the like name files beside the template. They have to \
         be regular files of a size that a definition can have.",
    ),
    row(
        "definition",
        "a template gives a machine no definition that can be read",
        "The machine's definition is missing, left out by a condition, given twice, or is of a kind that the \
         template's field does not take.",
    ),
    row(
        "template-cycle",
        "values or templates of a file depend on themselves",
        "A parameter, mapping, local or nested stack leads back to itself, so that it has no value. Break the \
         circle by giving one of them a value.",
    ),
    row(
        "template-variable",
        "a template file uses a variable that it is not given",
        "`templatefile` hands over the variables that a template may use; another name has no value.",
    ),
    row(
        "cyclic-reference",
        "values in a module depend on themselves",
        "A local or a variable leads back to itself, so that it has no value. Break the circle.",
    ),
    row(
        "unknown-name",
        "an expression names something that is not declared",
        "A reference has to name a variable, a local or a resource of the module. A value from elsewhere is \
         given with `--substitute NAME=VALUE`.",
    ),
    row(
        "wrong-arguments",
        "a function in an expression is called with the wrong arguments",
        "The number or the kind of the arguments does not fit what the function takes.",
    ),
    row(
        "not-supported",
        "an expression that has a value only when it is deployed",
        "Some functions and blocks have a value only in the cloud or while planning. Give the value with \
         `--substitute NAME=VALUE`.",
    ),
    row(
        "built-without",
        "this build cannot read files of this kind",
        "Terraform's language needs a parser that comes with the feature `iac`, which `cli` includes.",
    ),
    row(
        "configuration",
        "the configuration file of the rules is wrong",
        "`rehearsal.yaml` has `lint` with the lists `allow`, `warn` and `deny`, each of codes that `rehearsal \
         explain --list` shows.",
    ),
];
