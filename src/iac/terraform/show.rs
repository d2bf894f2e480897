//! What `terraform show -json` prints: a plan's `planned_values`, or a state's `values`.

use std::sync::Arc;

use crate::asl::MachineType;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::iac::{Definition, Extracted, plain};
use crate::source::{Assembled, Format, Node, Source};

fn root_module(node: &Node) -> Option<&Node> {
    let values = node.get("planned_values").or_else(|| node.get("values"))?;
    values.get("root_module")
}

/// The state machines of a plan or a state, by their addresses.
pub(crate) fn read(source: &Arc<Source>, node: &Node) -> Vec<Extracted> {
    let mut found = Vec::new();
    let mut modules: Vec<&Node> = root_module(node).into_iter().collect();
    // Documents nest as deeply as the reader of JSON allows, and no deeper.
    while let Some(module) = modules.pop() {
        for resource in module.get("resources").map(Node::items).unwrap_or_default() {
            let text = |name: &str| resource.get(name).and_then(Node::as_str);
            let is_machine = text("type").is_some_and(|kind| &**kind == "aws_sfn_state_machine");
            let is_managed = text("mode").is_none_or(|mode| &**mode == "managed");
            if is_machine && is_managed {
                found.push(machine(source, resource));
            }
        }
        modules.extend(module.get("child_modules").map(Node::items).unwrap_or_default().iter().rev());
    }
    found
}

fn machine(source: &Arc<Source>, resource: &Node) -> Extracted {
    let text = |name: &str| resource.get(name).and_then(Node::as_str).map(ToString::to_string);
    let value = |name: &str| resource.get("values").and_then(|values| values.get(name));
    let id = text("address").or_else(|| text("name")).unwrap_or_default();
    let definition = definition(source, &id, resource, value("definition"));
    let at = resource.get("address").map_or(resource.span, |address| address.span);
    let mut machine = Extracted::new(id, (source.clone(), at), definition);
    machine.also.extend(text("name"));
    machine.machine_type = value("type").and_then(Node::as_str).map(|t| type_of(t));
    machine.name = value("name").and_then(Node::as_str).map(ToString::to_string);
    machine
}

/// Standard or Express, as the resource's `type` says.
pub(super) fn type_of(written: &str) -> MachineType {
    if written == "EXPRESS" { MachineType::Express } else { MachineType::Standard }
}

fn definition(
    source: &Arc<Source>,
    id: &str,
    resource: &Node,
    written: Option<&Node>,
) -> Result<Definition, Diagnostics> {
    let Some((node, text)) = written.and_then(|node| Some((node, node.as_str()?))) else {
        let at = resource.get("address").map_or(resource.span, |address| address.span);
        let message = format!("the plan does not say the definition of `{id}`");
        let found = Diagnostic::error("placeholder", message).at(source, at, "known after apply");
        return Err(found.help("show the state after it is applied, or give rehearsal the Terraform files").into());
    };
    let mut assembled = Assembled::new(source);
    assembled.push_string(text, node.span);
    let node = plain::read_text(&assembled, Format::Json)?;
    Ok(Definition { source: source.clone(), node, names: Vec::new() })
}
