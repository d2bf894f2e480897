//! A state machine among a template's resources: its type, its name, its definition with what is substituted.

use std::collections::BTreeMap;

use crate::asl::MachineType;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::iac::placeholder::{explain, fill, fill_node, too_long};
use crate::iac::plain::{of_file, read_text};
use crate::iac::{Definition, Extracted, account};
use crate::source::{Format, Node, NodeKind};

use super::call::Call;
use super::functions::shown;
use super::template::{Resource, Template};

/// The properties that hold a definition or say where it is.
const HOLDERS: &[&str] = &["Definition", "DefinitionString", "DefinitionUri", "DefinitionS3Location"];

impl Template<'_> {
    /// The machine that a resource declares.
    pub(super) fn machine(&self, prefix: &str, resource: &Resource<'_>) -> Extracted {
        // What was found before concerns others.
        self.state.take();
        let machine_type = self.machine_type(resource);
        let definition = self.definition(resource);
        let mut found = self.state.take();
        // Where two states have one name, no one of them may be left out.
        let is_inside = |d: &&Diagnostic| d.primary.as_ref().is_some_and(|p| resource.node.span.contains(p.span));
        found.extend(
            self.warnings.iter().filter(is_inside).cloned().map(|d| Diagnostic { severity: Severity::Error, ..d }),
        );
        let definition = match definition {
            Ok(definition) if found.is_empty() => Ok(definition),
            Ok(_) => Err(found.into()),
            Err(more) => {
                found.extend(more);
                Err(Diagnostics::from(found))
            }
        };
        let property = account::name_property(resource.of).and_then(|name| resource.property(name));
        let name = property.and_then(|node| self.name(resource.id, node));
        self.state.take();
        let path = resource.node.get("Metadata").and_then(|m| m.get("aws:cdk:path")).and_then(|p| p.as_str());
        Extracted {
            also: path.map(|path| construct(path)).unwrap_or_default(),
            is_generated: path.is_some(),
            name,
            machine_type,
            ..Extracted::new(format!("{prefix}{}", resource.id), (self.source.clone(), resource.id_span), definition)
        }
    }

    fn machine_type(&self, resource: &Resource<'_>) -> Option<MachineType> {
        let name = if resource.of == "AWS::Serverless::StateMachine" { "Type" } else { "StateMachineType" };
        let globals = || self.root.get("Globals")?.get("StateMachine")?.get(name);
        let node = resource.property(name).or_else(globals)?;
        let value = self.words(node);
        match &*value {
            "EXPRESS" => Some(MachineType::Express),
            "STANDARD" => Some(MachineType::Standard),
            other if other.contains("${") => None,
            other => {
                let message = format!("`{other}` is no type of state machine");
                self.report(node.span, "wrong-value", message, "STANDARD or EXPRESS", "");
                None
            }
        }
    }

    /// The values for the placeholders of a machine's definition.
    fn substitutions(&self, resource: &Resource<'_>) -> BTreeMap<String, String> {
        let globals = || self.root.get("Globals")?.get("StateMachine")?.get("DefinitionSubstitutions");
        let mut all = BTreeMap::new();
        for node in [globals(), resource.property("DefinitionSubstitutions")].into_iter().flatten() {
            let Some(values) = self.value(node) else { continue };
            all.extend(values.members().iter().map(|m| (m.key.to_string(), shown(&m.value))));
        }
        all
    }

    fn definition(&self, resource: &Resource<'_>) -> Result<Definition, Diagnostics> {
        let holders: Vec<_> = HOLDERS
            .iter()
            .filter_map(|name| resource.node.get("Properties")?.member(name))
            .filter(|m| !m.value.is_null())
            .collect();
        let holder = match holders[..] {
            [holder] => holder,
            [] => {
                let message = format!("the state machine `{}` has no definition", resource.id);
                let found =
                    Diagnostic::error("definition", message).at(&self.source, resource.id_span, "declared here");
                let properties = if resource.of == "AWS::Serverless::StateMachine" { &HOLDERS[..3] } else { HOLDERS };
                let names: Vec<String> = properties.iter().map(|name| format!("`{name}`")).collect();
                return Err(found.help(format!("give it one of {}", names.join(", "))).into());
            }
            [first, second, ..] => {
                let message = format!("the state machine `{}` has two definitions", resource.id);
                let found = Diagnostic::error("definition", message)
                    .at(&self.source, second.key_span, "the second")
                    .also(first.key_span, "the first");
                return Err(found.help("keep one of the two").into());
            }
        };
        let substitutions = self.substitutions(resource);
        let value = |name: &str| {
            let given = self.settings.given(name).map(str::to_owned);
            given.or_else(|| substitutions.get(name).cloned())
        };
        let mut names: Vec<String> = substitutions.keys().cloned().collect();
        match &*holder.key {
            "Definition" => self.object(&holder.value, &value, names),
            "DefinitionString" => {
                names.extend(self.names());
                self.string(&holder.value, &value, names)
            }
            _ => {
                let source = self.definition_file(resource, &holder.value)?;
                let definition = of_file(&source, &value, names);
                // Of a file that is something else nothing is shown: a template may name any.
                let is_ours = match &definition {
                    Ok(definition) => has_states(&definition.node),
                    Err(_) => false,
                };
                if is_ours || Format::of_name(source.name()).is_some() {
                    return definition;
                }
                let message = format!("`{}` holds no definition", source.name());
                Err(Diagnostic::error("definition", message).at(&self.source, holder.value.span, "names it").into())
            }
        }
    }

    /// A definition written as an object of the template.
    fn object(
        &self,
        node: &Node,
        value: &impl Fn(&str) -> Option<String>,
        mut names: Vec<String>,
    ) -> Result<Definition, Diagnostics> {
        let Some(mut node) = self.value(node) else {
            let found = Diagnostic::error("definition", "the definition is left out by the template");
            return Err(found.at(&self.source, node.span, "comes to nothing").into());
        };
        fill_node(&mut node, value)
            .map_err(|span| too_long(self.source.name()).at(&self.source, span, "here it was enough"))?;
        names.extend(self.names());
        Ok(Definition { source: self.source.clone(), node, names })
    }

    /// A definition written as a text.
    fn string(
        &self,
        node: &Node,
        value: &impl Fn(&str) -> Option<String>,
        names: Vec<String>,
    ) -> Result<Definition, Diagnostics> {
        let call = Call::of(node);
        if let Some(call) = &call
            && call.name == "ToJsonString"
            && let Some(object) = self.argument(call)
        {
            return self.object(&object, value, names);
        }
        if let Some(call) = &call
            && call.name == "If"
            && let [condition, then, otherwise] = call.list()
        {
            let chosen = if self.named_condition(condition) { then } else { otherwise };
            return self.string(chosen, value, names);
        }
        if call.is_none() && matches!(node.kind, NodeKind::Object(_)) {
            let found =
                Diagnostic::error("definition", "`DefinitionString` holds an object, and CloudFormation wants a text")
                    .at(&self.source, node.span, "an object")
                    .help("name the property `Definition`, which takes an object");
            return Err(found.into());
        }
        let text = fill(&self.text(node), value)?;
        let node = read_text(&text, Format::Json).map_err(|found| explain(found, &names))?;
        Ok(Definition { source: self.source.clone(), node, names })
    }
}

fn has_states(node: &Node) -> bool {
    node.get("StartAt").is_some() || node.get("States").is_some()
}

/// The names a CDK construct may be asked for by: its path, whole and without the stack and without what the construct
/// adds, down to its own name.
fn construct(path: &str) -> Vec<String> {
    let own = path.strip_suffix("/Resource").unwrap_or(path);
    let mut names = vec![path.to_owned(), own.to_owned()];
    let mut rest = own;
    while let Some((_, below)) = rest.split_once('/') {
        names.push(below.to_owned());
        rest = below;
    }
    names
}
