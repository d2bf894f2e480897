//! Properties: what has to hold whatever the input is and whatever goes wrong, as a scenario file says it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::entry::Given;
use super::file::ScenarioFile;
use super::format::{PROPERTY, names};
use super::header::{Header, about, common, read};
use super::laws::{self, Written};
use super::run::Outcome;
use crate::coverage::Coverage;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::fuzz::{Faults, Found, Input, Plan, USUAL_CASES, Why, told, usual_laws};
use crate::mock;
use crate::snapshot::slug;
use crate::source::words::Reader;
use crate::source::{self, Format, Member, Node, NodeKind, Source, Span};
use crate::value::{Str, Value};

use super::check::Failure;

/// A schema is text that people write, or generate.
const MOST_SCHEMA: u64 = 16 << 20;

/// Something that has to hold in every one of many generated cases.
pub struct Property {
    pub(super) name: String,
    pub(super) tags: Vec<String>,
    pub(super) ignore: Option<String>,
    pub(super) span: Span,
    pub(super) plan: Plan,
    /// The laws of the plan as they are written.
    pub(super) laws: Vec<Written>,
    /// The property's own mocks.
    pub(super) own: Vec<Given>,
    /// Where a failing case is kept, and what the file of it begins with.
    pub(super) kept: Kept,
}

/// What a file of a failing case is made of.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The folder of the files.
    pub(super) folder: PathBuf,
    /// Its name without a suffix.
    pub(super) stem: String,
    /// The words of this file that count for the case as well.
    pub(super) head: Vec<(Str, Value)>,
}

impl Property {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Its tags.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }
    /// Why it does not run unless it is asked for.
    pub fn ignored(&self) -> Option<&str> {
        self.ignore.as_deref()
    }
    /// How many cases there are.
    pub fn cases(&self) -> u64 {
        self.plan.cases
    }
    /// The seed of the cases.
    pub fn seed(&self) -> u64 {
        self.plan.seed
    }
}

impl std::fmt::Debug for Property {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Property").field("name", &self.name).field("tags", &self.tags).finish_non_exhaustive()
    }
}

/// Reads the properties of a file; `places` has the names that are taken.
pub(super) fn read_all(
    header: &Header,
    reader: &mut Reader<'_>,
    root: &Node,
    places: &mut BTreeMap<String, Span>,
) -> Vec<Property> {
    let mut properties: Vec<Property> = Vec::new();
    let Some(list) = root.member("properties") else { return properties };
    for node in reader.items(list).to_vec() {
        if !matches!(node.kind, NodeKind::Object(_)) {
            let finding = reader.error("wrong-type", "a property is an object", &node, "something else");
            reader.push(finding.help("write `- name: …` and `always:` below"));
            continue;
        }
        let Some(property) = property(header, reader, root, &node) else { continue };
        let place = node.get("name").map_or(node.span, |n| n.span);
        let twin = properties.iter().find(|p| p.kept.stem == property.kept.stem && p.name != property.name);
        if let Some(first) = places.get(&property.name) {
            let message = format!("two scenarios or properties are named `{}`", property.name);
            let finding = Diagnostic::error("duplicate-scenario", message).at(reader.source, place, "here again");
            let help = "give it a name of its own; failures are found by it";
            reader.push(finding.also(*first, "here first").help(help));
        } else if let Some(other) = twin {
            let message = format!("failing cases of `{}` and `{}` would share a file", other.name, property.name);
            let finding = Diagnostic::error("duplicate-scenario", message).at(reader.source, place, "same letters");
            reader.push(finding.help("give them names that differ in their letters and digits"));
        }
        places.insert(property.name.clone(), place);
        properties.push(property);
    }
    properties
}

fn property(header: &Header, reader: &mut Reader<'_>, root: &Node, node: &Node) -> Option<Property> {
    for member in node.members() {
        reader.knows(member, &names(PROPERTY), "a property");
    }
    let Some(name) = node.member("name") else {
        let finding = Diagnostic::error("missing-field", "a property has no name");
        let at = Span::new(node.span.start as usize, node.span.start as usize + 1);
        reader.push(finding.at(reader.source, at, "no `name`").help("add `name:` with what always holds"));
        return None;
    };
    let name = reader.text(name)?;
    let mut own = Vec::new();
    // `faults` of a property are a choice, and not a layer.
    let mut surroundings = node.clone();
    if let NodeKind::Object(members) = &mut surroundings.kind {
        members.retain(|m| &*m.key != "faults");
    }
    let harness = common(reader, &header.states, header.harness.clone(), &surroundings, &mut own);
    let mut property = Property {
        name: name.to_string(),
        tags: Vec::new(),
        ignore: None,
        span: node.span,
        plan: Plan {
            harness,
            input: Input::inferred(),
            faults: Faults::any(),
            cases: USUAL_CASES,
            seed: header.seed,
            laws: Vec::new(),
        },
        laws: Vec::new(),
        own,
        kept: kept(header, reader, root, node, &name),
    };
    let mut allowed = Vec::new();
    for member in node.members() {
        match &*member.key {
            "tags" => property.tags = reader.texts(member).into_iter().map(|(tag, _)| tag.to_string()).collect(),
            "ignore" => property.ignore = reader.text(member).map(|why| why.to_string()),
            "input" => property.plan.input = input(header, reader, member).unwrap_or_else(Input::inferred),
            "faults" => property.plan.faults = faults(header, reader, member),
            "cases" => property.plan.cases = reader.count(member, 1).unwrap_or(USUAL_CASES),
            "seed" => property.plan.seed = reader.count(member, 0).unwrap_or_default(),
            "allow" => allowed = allowed_errors(reader, member),
            "always" => property.laws = laws::read(reader, &header.states, member, true),
            _ => {}
        }
    }
    let usual = usual_laws(&allowed).into_iter().map(|law| {
        let written = laws::usual(&law, &allowed);
        Written { law, span: None, written }
    });
    property.laws.extend(usual);
    property.plan.laws = property.laws.iter().map(|written| written.law.clone()).collect();
    Some(property)
}

/// Errors that may occur, of those that usually may not.
fn allowed_errors(reader: &mut Reader<'_>, member: &Member) -> Vec<Str> {
    let texts = reader.texts(member);
    for (name, span) in &texts {
        if !crate::fuzz::NEVER.contains(&&**name) {
            let message = format!("`{name}` needs no leave");
            let finding = Diagnostic::error("wrong-value", message).at(reader.source, *span, "may occur anyway");
            let names: Vec<&str> = crate::fuzz::NEVER.to_vec();
            reader.push(match crate::diagnostic::did_you_mean(name, names.iter().copied()) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help(format!("only {} may not occur by themselves", names.join(", "))),
            });
        }
    }
    texts.into_iter().map(|(name, _)| name).collect()
}

/// A schema, a file with one, or examples.
fn input(header: &Header, reader: &mut Reader<'_>, member: &Member) -> Option<Input> {
    let node = &member.value;
    match &node.kind {
        NodeKind::Array(items) if !items.is_empty() => Some(Input::examples(items.iter().map(Node::to_value))),
        NodeKind::Array(_) => {
            let finding = reader.error("wrong-value", "the list of inputs is empty", node, "nothing to choose from");
            reader.push(finding.help("write examples, or leave `input` out to have inputs made from the definition"));
            None
        }
        NodeKind::Object(_) => {
            let file = node.member("$schema").filter(|m| m.value.as_str().is_some_and(|s| !s.starts_with("http")));
            if let Some(file) = file {
                return schema_file(header, reader, node, file);
            }
            if !crate::fuzz::is_schema(node) {
                let finding = reader.error("wrong-value", "this is no JSON Schema", node, "none of its words is one");
                let example = mock::yaml_flow(&node.to_value());
                reader.push(finding.help(format!("to have it as an example, write it in a list: `[{example}]`")));
                return None;
            }
            match Input::of_schema(reader.source, node) {
                Ok(input) => Some(input),
                Err(found) => {
                    found.into_iter().for_each(|d| reader.push(d));
                    None
                }
            }
        }
        _ => {
            let message =
                format!("`input` of a property is a JSON Schema or a list of examples, not {}", node.type_name());
            let finding = reader.error("wrong-type", message, node, "neither");
            reader.push(finding.help("write `{ $schema: order.schema.json }`, a schema, or `[{ … }, { … }]`"));
            None
        }
    }
}

/// The files of schemas that properties name.
pub(super) fn schema_files(folder: &Path, root: &Node) -> Vec<PathBuf> {
    let properties = root.get("properties").map(Node::items).unwrap_or_default();
    let names = properties.iter().filter_map(|p| p.get("input")?.get("$schema")?.as_str());
    names.filter(|name| !name.starts_with("http")).map(|name| folder.join(&**name)).collect()
}

fn schema_file(header: &Header, reader: &mut Reader<'_>, node: &Node, file: &Member) -> Option<Input> {
    if let Some(other) = node.members().iter().find(|m| &*m.key != "$schema") {
        let message = format!("`$schema` names a file, and `{}` stands beside it", other.key);
        let finding = Diagnostic::error("wrong-value", message).at(reader.source, other.key_span, "one or the other");
        reader.push(finding.help("write the schema into the file, or here without `$schema`"));
        return None;
    }
    let path = header.folder.join(&**file.value.as_str()?);
    let read = || {
        let bytes = read(&path, MOST_SCHEMA)?;
        let source = Arc::new(Source::from_bytes(path.to_string_lossy(), &bytes, MOST_SCHEMA as usize)?);
        let format = Format::of_name(source.name()).unwrap_or(Format::Json);
        let root = source::parse(&source, format).map_err(Diagnostics::without_aws)?;
        Ok(Input::of_schema(&source, &root)?)
    };
    match read() {
        Ok(input) => Some(input),
        Err(error) => {
            let error = about(reader, file, error);
            error.diagnostics().iter().for_each(|d| reader.push(d.clone()));
            None
        }
    }
}

/// `any`, `none`, or a list of errors and faults to choose from.
fn faults(header: &Header, reader: &mut Reader<'_>, member: &Member) -> Faults {
    let help = "write `any`, `none`, or a list such as `[States.Timeout, { on: Charge, fail: CardDeclined }]`";
    let items = match &member.value.kind {
        NodeKind::String(word) if **word == *"any" => return Faults::any(),
        NodeKind::String(word) if **word == *"none" => return Faults::none(),
        NodeKind::Array(items) if !items.is_empty() => items.clone(),
        _ => {
            let finding =
                reader.error("wrong-value", "this is no choice of faults", &member.value, "neither word nor list");
            reader.push(finding.help(help));
            return Faults::none();
        }
    };
    let (errors, written): (Vec<Node>, Vec<Node>) = items.into_iter().partition(|item| item.as_str().is_some());
    let errors: Vec<Str> = errors.iter().filter_map(Node::as_str).cloned().collect();
    let mut choice = Faults::of(errors);
    let mut found = Diagnostics::default();
    for node in &written {
        let block = Node::new(NodeKind::Array(vec![node.clone()]), node.span);
        for fault in mock::read_faults(&block, reader.source, &mut found) {
            let span = node.get("on").map_or(node.span, |on| on.span);
            header.states.check_key(reader, fault.key().as_str(), span);
            choice = choice.or(fault);
        }
    }
    found.into_iter().for_each(|d| reader.push(d));
    choice
}

/// What a failing case has to know of the file it comes from.
fn kept(header: &Header, reader: &Reader<'_>, root: &Node, node: &Node, name: &str) -> Kept {
    let mut head: Vec<(Str, Value)> = Vec::new();
    for member in root.members() {
        match &*member.key {
            "machine" | "machines" | "use" | "objects" => {
                head.push((member.key.clone(), from_below(&member.value.to_value())));
            }
            // Which files are in buckets.
            "services" => {
                let bodies = |object: &Value| match object {
                    Value::Object(_) => below(object, "file", &from_below),
                    name => from_below(name),
                };
                let objects = |bucket: &Value| each(bucket, |_, object| bodies(object));
                let buckets = |all: &Value| each(all, |_, bucket| objects(bucket));
                let s3 = |s3: &Value| below(s3, "buckets", &buckets);
                head.push((member.key.clone(), below(&member.value.to_value(), "s3", &s3)));
            }
            "substitutions" | "type" | "start" | "context" | "mocks" | "faults" => {
                head.push((member.key.clone(), member.value.to_value()));
            }
            _ => {}
        }
    }
    for member in node.members() {
        match &*member.key {
            "start" | "context" => {
                head.retain(|(key, _)| *key != member.key);
                head.push((member.key.clone(), member.value.to_value()));
            }
            "mocks" => match head.iter_mut().find(|(key, _)| *key == member.key) {
                Some((_, shared)) => {
                    for own in member.value.members() {
                        if let Some(shared) = shared.as_object_mut() {
                            shared.insert(own.key.clone(), own.value.to_value());
                        }
                    }
                }
                None => head.push((member.key.clone(), member.value.to_value())),
            },
            _ => {}
        }
    }
    let file = Path::new(reader.source.name()).file_name().unwrap_or_default().to_string_lossy();
    let stem = super::stem_of(&file).unwrap_or(&file);
    Kept { folder: header.folder.join("regressions"), stem: format!("{stem}@{}", slug(name)), head }
}

/// Paths as they are written in a folder below.
fn from_below(value: &Value) -> Value {
    match value {
        Value::String(path) if path.starts_with(['/', '\\']) || path.get(1..2) == Some(":") => value.clone(),
        Value::String(path) => Value::from(format!("../{path}")),
        Value::Array(_) => Value::array(value.as_array().unwrap_or_default().iter().map(from_below).collect()),
        Value::Object(members) => Value::object(members.iter().map(|(key, path)| (key.clone(), from_below(path)))),
        other => other.clone(),
    }
}

/// An object with its members changed; anything else as it is.
fn each(value: &Value, change: impl Fn(&str, &Value) -> Value) -> Value {
    match value {
        Value::Object(members) => Value::object(members.iter().map(|(key, value)| (key.clone(), change(key, value)))),
        other => other.clone(),
    }
}

/// An object with one member changed.
fn below(value: &Value, name: &str, change: &dyn Fn(&Value) -> Value) -> Value {
    each(value, |key, value| if key == name { change(value) } else { value.clone() })
}

impl ScenarioFile {
    /// Runs the cases of a property of this file; `seed` in place of its own, if given.
    ///
    /// A case that fails is shown and kept by [`suite::run_one`](super::suite::run_one).
    pub fn run_property(&self, property: &Property, seed: Option<u64>) -> Outcome {
        self.try_property(property, seed, false).0
    }

    /// Runs the cases of a property, and counts what they reach where somebody wants to know.
    pub(super) fn try_property(
        &self,
        property: &Property,
        seed: Option<u64>,
        covers: bool,
    ) -> (Outcome, Option<Found>) {
        #[expect(clippy::disallowed_methods, reason = "reports say how long it took in real time; no history does")]
        let began = std::time::Instant::now();
        let seed = seed.unwrap_or(property.plan.seed);
        let plan = Plan { seed, ..property.plan.clone() };
        let mut outcome = Outcome { seed, ..Outcome::nothing() };
        let is_recorded = crate::coverage::is_wanted();
        let mut tried = match plan.run(covers || is_recorded) {
            Ok(tried) => tried,
            Err(error) => {
                outcome.trouble = Some(error);
                return (outcome, None);
            }
        };
        let mut reached = Coverage::default();
        let name = format!("{} › {}", self.path().display(), property.name);
        reached.add(&name, &tried.reached);
        if is_recorded {
            crate::coverage::record(Some(&name), &tried.reached);
        }
        outcome.cases = Some(tried.cases);
        outcome.reached = Some(Box::new(reached));
        if let Some(found) = &mut tried.found {
            let evidence = told(&found.case.input.to_string(), &found.case.faults, tried.cases);
            match &mut found.why {
                Why::Broken { law, message, run } => {
                    let law = property.laws.get(*law);
                    let about = law.map(|written| written.law.name.clone()).unwrap_or_default();
                    let span = law.and_then(|written| written.span);
                    outcome.failures.push(Failure::new(span, about, message.clone()).with(dedented(&evidence)));
                    outcome.run = run.take().map(|run| *run);
                }
                Why::Trouble(error) => {
                    let about = "a case cannot be rehearsed".to_owned();
                    let message = error.to_string();
                    let message = message.split_once("`: ").map_or(message.as_str(), |(_, why)| why).trim_end();
                    outcome.failures.push(Failure::new(None, about, message).with(dedented(&evidence)));
                }
            }
        }
        outcome.took = began.elapsed();
        (outcome, tried.found)
    }
}

fn dedented(text: &str) -> String {
    text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n")
}
