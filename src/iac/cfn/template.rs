//! A template with all that evaluating it needs: its sections, the parameters it was given, the files around it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::iac::files::Files;
use crate::iac::{Extracted, Settings};
use crate::source::{Member, Node, NodeKind, Source, Span};

use super::state::State;

/// A template in its surroundings.
pub(crate) struct Template<'a> {
    pub(super) files: &'a Files,
    pub(super) settings: &'a Settings,
    pub(super) state: &'a State,
    pub(super) source: Arc<Source>,
    pub(super) root: Rc<Node>,
    /// What the enclosing stack gives.
    pub(super) given: BTreeMap<String, Node>,
    /// The files of the stacks around this one, its own last.
    pub(super) chain: Vec<PathBuf>,
    /// The logical ids of the stacks around this one: `Orders/Payments/`.
    pub(super) way: String,
    /// Resources that the template does not write but causes: a type and a name for each logical id.
    pub(crate) implied: BTreeMap<String, (String, String)>,
    /// The names of resources that were asked for.
    pub(super) named: RefCell<BTreeMap<String, Option<String>>>,
    /// About what was left out of the text.
    pub(super) warnings: Vec<Diagnostic>,
    /// The nested stacks that were asked for.
    pub(super) nested: RefCell<BTreeMap<String, Option<Rc<Template<'a>>>>>,
    /// The templates beside this one, for what they export.
    pub(super) beside: RefCell<Option<Rc<Vec<Template<'a>>>>>,
}

/// A resource as the template declares it.
#[derive(Clone, Copy)]
pub(super) struct Resource<'n> {
    pub(super) id: &'n str,
    pub(super) id_span: Span,
    pub(super) of: &'n str,
    pub(super) node: &'n Node,
}

impl Resource<'_> {
    pub(super) fn property(&self, name: &str) -> Option<&Node> {
        self.node.get("Properties")?.get(name)
    }
}

impl<'a> Template<'a> {
    pub(crate) fn new(
        files: &'a Files,
        settings: &'a Settings,
        state: &'a State,
        source: &Arc<Source>,
        root: Node,
    ) -> Template<'a> {
        let mut template = Template {
            files,
            settings,
            state,
            source: source.clone(),
            root: Rc::new(root),
            given: BTreeMap::new(),
            chain: vec![files.identity(&files.path(source))],
            way: String::new(),
            implied: BTreeMap::new(),
            named: RefCell::default(),
            warnings: Vec::new(),
            nested: RefCell::default(),
            beside: RefCell::default(),
        };
        template.repeat();
        template
    }

    pub(super) fn section(&self, name: &str) -> &[Member] {
        self.root.get(name).map_or(&[], Node::members)
    }

    pub(super) fn resource(&self, id: &str) -> Option<Resource<'_>> {
        let member = self.section("Resources").iter().find(|m| &*m.key == id)?;
        resource(member)
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        self.section("Resources").iter().filter_map(resource)
    }

    /// Everything a reference can name.
    pub(crate) fn names(&self) -> Vec<String> {
        let keys = |section: &str| self.section(section).iter().map(|m| m.key.to_string()).collect::<Vec<_>>();
        let mut names = keys("Parameters");
        names.extend(self.resources().map(|r| r.id.to_owned()));
        names.extend(self.implied.keys().cloned());
        names
    }

    /// Adds the machines of this template and of its nested stacks.
    pub(crate) fn collect(&self, prefix: &str, found: &mut Vec<Extracted>) {
        for resource in self.resources() {
            if found.len() > super::MOST_MACHINES {
                return;
            }
            match resource.of {
                "AWS::Serverless::StateMachine" | "AWS::StepFunctions::StateMachine" => {
                    found.push(self.machine(prefix, &resource));
                }
                "AWS::CloudFormation::Stack" | "AWS::Serverless::Application" => {
                    self.collect_nested(prefix, &resource, found);
                }
                _ => {}
            }
        }
    }

    /// Reports something wrong about characters of this template.
    pub(super) fn report(&self, span: Span, code: &'static str, message: impl Into<String>, label: &str, help: &str) {
        let found = Diagnostic::error(code, message).at(&self.source, span, label);
        self.state.report(if help.is_empty() { found } else { found.help(help) });
    }

    /// Writes out what `Fn::ForEach` repeats among the resources.
    fn repeat(&mut self) {
        if !self.section("Resources").iter().any(|m| m.key.starts_with("Fn::ForEach")) {
            return;
        }
        let mut resources = Vec::new();
        for member in self.section("Resources") {
            if !member.key.starts_with("Fn::ForEach") {
                resources.push(member.clone());
                continue;
            }
            match self.repeated(member, 0) {
                Some(more) if more.len() + resources.len() <= super::MOST_MACHINES => resources.extend(more),
                _ => self.report(
                    member.key_span,
                    "template-function",
                    format!("`{}` cannot be written out", member.key),
                    "not a name, a list of values and what to repeat",
                    "write `Fn::ForEach::Name: [Variable, [value, …], {Key${Variable}: …}]`",
                ),
            }
        }
        let root = Rc::make_mut(&mut self.root);
        if let NodeKind::Object(members) = &mut root.kind
            && let Some(section) = members.iter_mut().find(|m| &*m.key == "Resources")
        {
            section.value.kind = NodeKind::Object(resources);
        }
    }

    /// What one `Fn::ForEach` stands for.
    fn repeated(&self, member: &Member, depth: usize) -> Option<Vec<Member>> {
        let [variable, values, body] = member.value.items() else { return None };
        let variable = variable.as_str().filter(|_| depth < 4)?;
        let values = self.value(values)?;
        let mut all = Vec::new();
        for value in values.items() {
            let value = value.as_str()?;
            for inner in body.members() {
                let inner = Member {
                    key: written(&inner.key, variable, value).into(),
                    key_span: inner.key_span,
                    value: with_variable(&inner.value, variable, value),
                };
                match inner.key.starts_with("Fn::ForEach") {
                    true => all.extend(self.repeated(&inner, depth + 1)?),
                    false => all.push(inner),
                }
                if all.len() > super::MOST_MACHINES {
                    return None;
                }
            }
        }
        Some(all)
    }
}

fn resource(member: &Member) -> Option<Resource<'_>> {
    let of = member.value.get("Type")?.as_str()?;
    Some(Resource { id: &member.key, id_span: member.key_span, of, node: &member.value })
}

/// A text with the variable of an `Fn::ForEach` replaced; `&{…}` leaves out what no logical id can hold.
fn written(text: &str, variable: &str, value: &str) -> String {
    let plain: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    text.replace(&format!("${{{variable}}}"), value).replace(&format!("&{{{variable}}}"), &plain)
}

fn with_variable(node: &Node, variable: &str, value: &str) -> Node {
    let is_ref = match (node.tag.as_deref(), node.members()) {
        (Some("!Ref"), _) => node.as_str().is_some_and(|s| &**s == variable),
        (None, [only]) => &*only.key == "Ref" && only.value.as_str().is_some_and(|s| &**s == variable),
        _ => false,
    };
    if is_ref {
        return Node::new(NodeKind::String(value.into()), node.span);
    }
    let kind = match &node.kind {
        NodeKind::String(text) => NodeKind::String(written(text, variable, value).into()),
        NodeKind::Array(items) => NodeKind::Array(items.iter().map(|i| with_variable(i, variable, value)).collect()),
        NodeKind::Object(members) => {
            let member = |m: &Member| Member {
                key: written(&m.key, variable, value).into(),
                key_span: m.key_span,
                value: with_variable(&m.value, variable, value),
            };
            NodeKind::Object(members.iter().map(member).collect())
        }
        other => other.clone(),
    };
    Node { kind, span: node.span, tag: node.tag.clone() }
}
