//! Serverless Framework: `stepFunctions.stateMachines`, with the framework's variables and CloudFormation's functions.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::asl::MachineType;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::iac::cfn::{State, Template};
use crate::iac::files::Files;
use crate::iac::{Definition, Extracted, Settings};
use crate::source::{Member, Node, NodeKind, Source};

mod variables;

use variables::{Placed, Variables};

/// Whether a document is a Serverless file.
pub(super) fn is_serverless(root: &Node) -> bool {
    root.get("stepFunctions").is_some() || root.get("service").is_some() && root.get("provider").is_some()
}

/// The state machines of a Serverless file: the plugin's, then those among its `resources`.
pub(super) fn read(files: &Files, source: &Arc<Source>, root: &Node, settings: &Settings) -> Vec<Extracted> {
    let state = State::default();
    let variables = Variables { files, settings, state: &state, main: source, root };
    let surroundings = Surroundings::of(&variables);
    let mut found = Vec::new();
    let machines = variables.at(&["stepFunctions", "stateMachines"]);
    for (machine, member) in members(&variables, machines) {
        found.push(surroundings.machine(&variables, &machine, &member));
    }
    let template = surroundings.template(&variables, source);
    template.collect("", &mut found);
    found
}

/// The members of an object, or of a list of objects, each of which may be in a file of its own.
fn members(variables: &Variables<'_>, of: Option<Placed>) -> Vec<(Placed, Member)> {
    let Some(of) = of else { return Vec::new() };
    let object = |of: &Placed| -> Vec<(Placed, Member)> {
        let member = |m: &Member| {
            let value = variables.follow(of.with(m.value.clone()));
            (Placed { key: of.source.clone(), ..value }, m.clone())
        };
        of.node.members().iter().map(member).collect()
    };
    match &of.node.kind {
        NodeKind::Array(items) => {
            items.iter().flat_map(|item| object(&variables.follow(of.with(item.clone())))).collect()
        }
        _ => object(&of),
    }
}

/// What the file declares beside its machines.
struct Surroundings {
    /// `Resources`, `Parameters` and so on, as a template has them.
    template: Node,
    /// The type and the name of what the framework makes of functions, machines and activities.
    implied: BTreeMap<String, (String, String)>,
}

impl Surroundings {
    fn of(variables: &Variables<'_>) -> Surroundings {
        let mut implied = BTreeMap::new();
        let service = variables.text(&["service"]).or_else(|| variables.text(&["service", "name"]));
        let service = service.unwrap_or_else(|| "service".to_owned());
        let stage = variables.stage();
        let lambda = "AWS::Lambda::Function".to_owned();
        for (function, member) in members(variables, variables.at(&["functions"])) {
            let named = function.node.get("name").and_then(|name| variables.words(&function.with(name.clone())));
            let name = named.unwrap_or_else(|| format!("{service}-{stage}-{}", member.key));
            implied.insert(format!("{}LambdaFunction", logical(&member.key)), (lambda.clone(), name.clone()));
            // The plugin takes a function's own key as well.
            implied.insert(member.key.to_string(), (lambda.clone(), name));
        }
        for (machine, member) in members(variables, variables.at(&["stepFunctions", "stateMachines"])) {
            let text =
                |name: &str| machine.node.get(name).and_then(|node| variables.words(&machine.with(node.clone())));
            let id = text("id").unwrap_or_else(|| format!("{}StepFunctionsStateMachine", logical(&member.key)));
            let name = text("name").unwrap_or_else(|| member.key.to_string());
            implied.insert(id, ("AWS::StepFunctions::StateMachine".to_owned(), name));
        }
        for activity in variables.at(&["stepFunctions", "activities"]).iter().flat_map(|a| a.node.items()) {
            if let Some(name) = activity.as_str() {
                let of = "AWS::StepFunctions::Activity".to_owned();
                implied.insert(format!("{}StepFunctionsActivity", logical(name)), (of, name.to_string()));
            }
        }
        Surroundings { template: template(variables), implied }
    }

    /// The template that the framework would make, for definitions in a source.
    fn template<'a>(&self, variables: &Variables<'a>, source: &Arc<Source>) -> Template<'a> {
        let root = self.template.clone();
        let mut template = Template::new(variables.files, variables.settings, variables.state, source, root);
        template.implied = self.implied.clone();
        template
    }

    fn machine(&self, variables: &Variables<'_>, machine: &Placed, member: &Member) -> Extracted {
        variables.state.take();
        let text = |name: &str| machine.node.get(name).and_then(|node| variables.words(&machine.with(node.clone())));
        let machine_type = match text("type").as_deref() {
            Some("EXPRESS") => Some(MachineType::Express),
            Some("STANDARD") => Some(MachineType::Standard),
            _ => None,
        };
        let name = text("name").filter(|name| !name.is_empty() && !name.contains("${"));
        variables.state.take();
        let definition = self.definition(variables, machine, member);
        let found = variables.state.take();
        let definition = match (definition, found.is_empty()) {
            (definition, true) => definition,
            (Ok(_), false) => Err(Diagnostics::from(found)),
            (Err(more), false) => Err(found.into_iter().chain(more).collect::<Vec<_>>().into()),
        };
        let origin = (machine.key.clone(), member.key_span);
        // A machine that another file declares is declared here where that file is named.
        let declared = match Arc::ptr_eq(&machine.key, variables.main) {
            true => origin.clone(),
            false => {
                let named = variables.root.member("stepFunctions").map_or(variables.root.span, |m| m.key_span);
                (variables.main.clone(), named)
            }
        };
        Extracted { name, machine_type, origin, ..Extracted::new(&*member.key, declared, definition) }
    }

    fn definition(
        &self,
        variables: &Variables<'_>,
        machine: &Placed,
        member: &Member,
    ) -> Result<Definition, Diagnostics> {
        let Some(node) = machine.node.get("definition") else {
            let found =
                Diagnostic::error("definition", format!("the state machine `{}` has no definition", member.key));
            let found = found.at(&machine.key, member.key_span, "declared here");
            return Err(found.help("give it a `definition`: an object, or `${file(order.asl.yaml)}`").into());
        };
        let placed = variables.follow(machine.with(node.clone()));
        let node = variables.settled(&placed);
        let template = self.template(variables, &placed.source);
        let mut names: Vec<String> = variables.settings.substitutions.keys().cloned().collect();
        names.extend(self.implied.keys().cloned());
        names.extend(template.names());
        let mut node = template.value(&node).unwrap_or_else(|| Node::new(NodeKind::Null, node.span));
        let given = |name: &str| variables.settings.given(name).map(str::to_owned);
        crate::iac::placeholder::fill_node(&mut node, &given).map_err(|span| {
            crate::iac::placeholder::too_long(placed.source.name()).at(&placed.source, span, "here it was enough")
        })?;
        Ok(Definition { source: placed.source, node, names })
    }
}

/// What stands under `resources`, one object or several, as one template.
fn template(variables: &Variables<'_>) -> Node {
    let mut sections: Vec<Member> = Vec::new();
    let Some(resources) = variables.at(&["resources"]) else {
        return Node::new(NodeKind::Object(sections), variables.root.span);
    };
    let parts = match &resources.node.kind {
        NodeKind::Array(items) => items.iter().map(|item| variables.follow(resources.with(item.clone()))).collect(),
        _ => vec![resources],
    };
    for part in parts {
        for member in part.node.members() {
            let value = variables.settled(&variables.follow(part.with(member.value.clone())));
            match sections.iter_mut().find(|m| m.key == member.key) {
                Some(known) => {
                    if let (NodeKind::Object(known), NodeKind::Object(more)) = (&mut known.value.kind, value.kind) {
                        known.extend(more);
                    }
                }
                None => sections.push(Member { value, ..member.clone() }),
            }
        }
    }
    Node::new(NodeKind::Object(sections), variables.root.span)
}

/// A key as the framework writes it in logical ids: `charge-card_v2` is `ChargeDashcardUnderscorev2`.
fn logical(key: &str) -> String {
    let mut letters = key.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str()).replace('-', "Dash").replace('_', "Underscore")
}
