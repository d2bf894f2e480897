//! Stacks within stacks, and stacks beside each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::diagnostic::Diagnostics;
use crate::iac::files::{MAX_TEMPLATE_BYTES, joined};
use crate::iac::{Extracted, recover};
use crate::source::{Node, Span, parse};

use super::functions::shown;
use super::template::{Resource, Template};

/// How many stacks may lie around another.
const MAX_NESTING: usize = 10;
/// How many templates beside one are read for what they export.
const MAX_BESIDE: usize = 50;

/// Where a nested stack's template is.
enum Place<'n> {
    /// A local file, named by this node.
    File(PathBuf, &'n Node),
    /// Somewhere else, or nowhere.
    Elsewhere,
}

impl<'a> Template<'a> {
    /// Adds the machines of a nested stack; where it cannot be read, what is wrong with it.
    pub(super) fn collect_nested(&self, prefix: &str, resource: &Resource<'_>, found: &mut Vec<Extracted>) {
        match self.nested(resource.id) {
            Some(nested) => {
                let first = found.len();
                nested.collect(&format!("{prefix}{}/", resource.id), found);
                // For whoever reads this file, they are declared where the stack is.
                for inner in found.iter_mut().skip(first) {
                    inner.declared = (self.source.clone(), resource.id_span);
                }
            }
            None => {
                let problems = self.state.take();
                if !problems.is_empty() {
                    let declared = (self.source.clone(), resource.id_span);
                    let id = format!("{prefix}{}", resource.id);
                    let broken = Extracted::new(id, declared, Err(Diagnostics::from(problems)));
                    found.push(Extracted { is_machine: false, ..broken });
                }
            }
        }
    }

    /// What a nested stack's output is, where its template is here.
    pub(super) fn output_of(&self, id: &str, output: &str, span: Span) -> Option<Node> {
        let nested = self.nested(id)?;
        let value = nested.section("Outputs").iter().find(|m| &*m.key == output)?.value.get("Value")?;
        let key = format!("{}{id}.Outputs.{output}", self.way);
        self.state.once(key, &self.source, span, || nested.value(value))
    }

    /// The template of a nested stack with the parameters it is given.
    fn nested(&self, id: &str) -> Option<Rc<Template<'a>>> {
        if let Some(known) = self.nested.borrow().get(id) {
            return known.clone();
        }
        let nested = self.read_nested(id).map(Rc::new);
        self.nested.borrow_mut().insert(id.to_owned(), nested.clone());
        nested
    }

    fn read_nested(&self, id: &str) -> Option<Template<'a>> {
        let resource = self.resource(id)?;
        let Place::File(path, named) = self.place(&resource) else { return None };
        let identity = self.files.identity(&path);
        if self.chain.contains(&identity) || self.chain.len() >= MAX_NESTING {
            let message = format!("the stack `{id}` holds itself: its template is `{}`", path.display());
            let help = "name another template; a stack within itself would never end";
            self.report(named.span, "template-cycle", message, "this template is around it already", help);
            return None;
        }
        let told = |found: Diagnostics| found.into_iter().for_each(|d| self.state.report(d));
        let read = self.files.read(&path, MAX_TEMPLATE_BYTES);
        let source = match read.map_err(|unread| self.files.told(unread, &path, &self.source, named.span)) {
            Ok(source) => source,
            Err(found) => {
                told(found);
                return None;
            }
        };
        let (root, warnings) = recover::read(&source).map_err(told).ok()?;
        let parameters = resource.property("Parameters").map_or(&[][..], Node::members);
        let given: BTreeMap<String, Node> =
            parameters.iter().filter_map(|m| Some((m.key.to_string(), self.value(&m.value)?))).collect();
        let mut nested = Template::new(self.files, self.settings, self.state, &source, root);
        nested.given = given;
        nested.warnings = warnings;
        nested.chain = self.chain.iter().cloned().chain([identity]).collect();
        nested.way = format!("{}{id}/", self.way);
        Some(nested)
    }

    fn place<'n>(&self, resource: &Resource<'n>) -> Place<'n> {
        let folder = self.files.folder(&self.source);
        if let Some(path) = asset_path(resource.node, "TemplateURL") {
            let file = joined(&folder, &path.0);
            if self.files.is_file(&file) {
                return Place::File(file, path.1);
            }
        }
        let property = match resource.of {
            "AWS::Serverless::Application" => "Location",
            _ => "TemplateURL",
        };
        let Some(node) = resource.node.get("Properties").and_then(|p| p.get(property)) else { return Place::Elsewhere };
        let Some(text) = self.state.quietly(|| self.value(node)).and_then(|v| v.as_str().cloned()) else {
            return Place::Elsewhere;
        };
        if let Some((_, rest)) = text.split_once("://") {
            // Uploaded; the file it was uploaded from may lie here under the same name.
            let name = Path::new(rest.split(['?', '#']).next().unwrap_or(rest)).file_name();
            let file = name.map(|name| folder.join(name)).filter(|file| self.files.is_file(file));
            return file.map_or(Place::Elsewhere, |file| Place::File(file, node));
        }
        if text.contains("${") || text.is_empty() {
            return Place::Elsewhere;
        }
        Place::File(joined(&folder, &text), node)
    }

    /// The value that a template beside this one exports under a name.
    pub(super) fn exported_beside(&self, name: &str) -> Option<Node> {
        let templates = self.templates_beside();
        templates.iter().find_map(|template| {
            let exports = |output: &Node| {
                let exported = output.get("Export")?.get("Name")?;
                let exported = self.state.quietly(|| template.value(exported)).map(|v| shown(&v))?;
                (exported == name).then_some(())
            };
            let output = template.section("Outputs").iter().find(|m| exports(&m.value).is_some())?;
            template.value(output.value.get("Value")?)
        })
    }

    fn templates_beside(&self) -> Rc<Vec<Template<'a>>> {
        if let Some(known) = &*self.beside.borrow() {
            return known.clone();
        }
        let own = self.files.path(&self.source);
        let is_template = |path: &PathBuf| path.to_string_lossy().ends_with(".template.json") && *path != own;
        let folder = self.files.folder(&self.source);
        // The CDK puts the templates of an app side by side; elsewhere nobody says which stacks there are.
        let paths = match own.to_string_lossy().ends_with(".template.json") {
            true => self.files.list(&folder).unwrap_or_default(),
            false => Vec::new(),
        };
        let read = |path: PathBuf| {
            let source = self.files.read(&path, MAX_TEMPLATE_BYTES).ok()?;
            let root = parse(&source, source.format()).ok()?;
            Some(Template::new(self.files, self.settings, self.state, &source, root))
        };
        let all: Vec<_> = paths.into_iter().filter(is_template).take(MAX_BESIDE).filter_map(read).collect();
        let all = Rc::new(all);
        *self.beside.borrow_mut() = Some(all.clone());
        all
    }
}

/// The local file that the CDK noted for a property whose value is an uploaded asset.
pub(super) fn asset_path<'n>(resource: &'n Node, property: &str) -> Option<(String, &'n Node)> {
    let metadata = resource.get("Metadata")?;
    let of = metadata.get("aws:asset:property").and_then(|p| p.as_str());
    if of.is_some_and(|of| of.split('.').next() != Some(property)) {
        return None;
    }
    let path = metadata.get("aws:asset:path")?;
    Some((path.as_str()?.to_string(), path))
}
