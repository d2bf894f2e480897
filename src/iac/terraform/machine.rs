//! Finds the state machines of a Terraform file.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use hcl_edit::Span as _;

use super::eval::{Cx, Scope, text_of};
use super::module::{Declared, parse_file};
use super::reference::child_of;
use super::value::{Kind, Place, Val};
use super::world::{Instance, World, is_local};
use crate::asl::MachineType;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::iac::files::{Files, joined};
use crate::iac::{Definition, Extracted, Settings};
use crate::source::{Format, Source};

/// The type of resource that is a state machine.
const STATE_MACHINE: &str = "aws_sfn_state_machine";

/// How many folders above a module are searched for one that calls it.
const FOLDERS_ABOVE: usize = 4;

/// Reads a Terraform file with its folder: the state machines that the file declares, and those of the modules on this
/// machine that it calls. Each is found once, however many `count` or `for_each` make of it.
///
/// A module on its own, whose variables have no values, gets the arguments of the first call in a folder above.
///
/// # Errors
/// A file that is not Terraform's language. What is wrong with one machine is that machine's.
pub(crate) fn read(files: &Files, source: &Arc<Source>, settings: &Settings) -> Result<Vec<Extracted>, Diagnostics> {
    if source.name().ends_with(".json") {
        return not_read(source);
    }
    parse_file(source).map_err(|found| Diagnostics::from(*found))?;
    let world = World::new(files, settings);
    let root = root_of(&world, &files.folder(source));
    let mut found = Vec::new();
    machines(&world, &root, Some(source), &mut found);
    Ok(found)
}

/// The finding about Terraform's other spelling, if the file has to do with state machines at all.
fn not_read(source: &Arc<Source>) -> Result<Vec<Extracted>, Diagnostics> {
    let Some(at) = source.text().find(STATE_MACHINE) else { return Ok(Vec::new()) };
    let message = format!("`{}` is Terraform's JSON syntax, which is not read", source.name());
    let span = crate::source::Span::new(at, at + STATE_MACHINE.len());
    let found = Diagnostic::error("not-supported", message).at(source, span, "a state machine, as it seems");
    Err(found.help("give rehearsal what `terraform show -json` prints of the plan or the state").into())
}

/// The module of a folder, as a call in a folder above has it if it needs arguments, else as it is.
fn root_of(world: &World<'_>, folder: &Path) -> Rc<Instance> {
    let module = world.module(folder);
    let has_no_value = |(name, declared): (&String, &Declared)| {
        let is_given = module.assigned.contains_key(name) || world.settings.given(name).is_some();
        declared.argument("default").is_none() && !is_given
    };
    if module.variables.iter().any(has_no_value)
        && let Some(called) = called_from_above(world, folder)
    {
        return called;
    }
    world.root(folder)
}

fn called_from_above(world: &World<'_>, folder: &Path) -> Option<Rc<Instance>> {
    let own = world.files.identity(folder);
    let mut above: PathBuf = folder.to_owned();
    for _ in 0..FOLDERS_ABOVE {
        // A repository's folder is its end.
        if world.files.is_folder(&joined(&above, ".git")) {
            return None;
        }
        above = joined(&above, "..");
        if !world.files.is_folder(&above) {
            return None;
        }
        let module = world.module(&above);
        for (name, call) in &module.calls {
            let source = call.argument("source").and_then(|s| s.as_str()).filter(|s| is_local(s));
            let Some(source) = source else { continue };
            if world.files.identity(&joined(&above, source)) == own {
                return world.child(&world.root(&above), name, source);
            }
        }
    }
    None
}

/// The machines of an instance: those of one of its files, or of all, and of the modules called there.
fn machines(world: &World<'_>, instance: &Rc<Instance>, only: Option<&Arc<Source>>, found: &mut Vec<Extracted>) {
    let module = instance.module.clone();
    let is_here = |declared: &Declared| only.is_none_or(|only| only.name() == declared.source().name());
    let mut here: Vec<(&Declared, Found<'_>)> = Vec::new();
    for ((kind, name), declared) in &module.resources {
        if kind == STATE_MACHINE && is_here(declared) {
            here.push((declared, Found::Resource(name)));
        }
    }
    for (name, call) in &module.calls {
        if !is_here(call) {
            continue;
        }
        match call.argument("source").and_then(|s| s.as_str()) {
            Some(source) if is_local(source) => here.push((call, Found::Call(name))),
            // A module from elsewhere that makes a state machine of the definition it is given.
            Some(source) if source.contains("step-functions") && call.argument("definition").is_some() => {
                here.push((call, Found::Elsewhere(name)));
            }
            _ => {}
        }
    }
    here.sort_by_key(|(declared, _)| (declared.source().name().to_owned(), declared.span.start));
    for (declared, what) in here {
        match what {
            Found::Resource(name) => {
                // A module on its own is named as if it were the root.
                let prefix = if only.is_some() { "" } else { &*instance.prefix };
                found.push(machine(world, instance, declared, format!("{prefix}{STATE_MACHINE}.{name}")));
            }
            Found::Elsewhere(name) => {
                let prefix = if only.is_some() { "" } else { &*instance.prefix };
                found.push(machine(world, instance, declared, format!("{prefix}module.{name}")));
            }
            Found::Call(name) => {
                if let Some(child) = child_of(world, instance, name) {
                    machines(world, &child, None, found);
                }
            }
        }
    }
}

/// What may be, or have, a state machine.
enum Found<'n> {
    Resource(&'n str),
    Elsewhere(&'n str),
    Call(&'n str),
}

fn machine(world: &World<'_>, instance: &Rc<Instance>, declared: &Declared, id: String) -> Extracted {
    world.begin();
    let outer = Cx { world, instance, input: &declared.input, scope: None, closed: false };
    let names = one_of_several(&outer, declared);
    let scope = Scope { names, outer: None };
    let cx = Cx { scope: Some(&scope), ..outer };
    let argument = |name: &str| {
        let (value, _) = world.apart(|| declared.argument(name).map(|expr| cx.eval(expr)));
        value.as_ref().and_then(text_of)
    };
    let machine_type = match argument("type").as_deref() {
        Some("EXPRESS") => MachineType::Express,
        _ => MachineType::Standard,
    };
    let name = argument("name").filter(|name| !name.contains("${")).map(|name| name.to_string());
    let definition = definition(&cx, declared, &id);
    let declared = (declared.source().clone(), declared.span);
    Extracted { id, name, machine_type, declared, definition }
}

/// The names that `count` and `for_each` give, for the first of the machines they make.
fn one_of_several(cx: &Cx<'_>, declared: &Declared) -> Vec<(crate::value::Str, Val)> {
    let place = || Place::new(declared.source(), declared.span);
    let object = |fields: Vec<(&str, Val)>| {
        let field = |(key, value): (&str, Val)| super::value::Field { key: key.into(), key_place: place(), value };
        Val::object(fields.into_iter().map(field).collect(), place())
    };
    if declared.argument("count").is_some() {
        return vec![("count".into(), object(vec![("index", Val::number(0, place()))]))];
    }
    let Some(expr) = declared.argument("for_each") else { return Vec::new() };
    let (collection, _) = cx.world.apart(|| cx.eval(expr));
    let first = match &collection.kind {
        Kind::List(items) => items.first().map(|item| (item.clone(), item.clone())),
        Kind::Object(fields) => fields.first().map(|f| (Val::text(&f.key, f.key_place.clone()), f.value.clone())),
        _ => None,
    };
    match first {
        Some((key, value)) => vec![("each".into(), object(vec![("key", key), ("value", value)]))],
        None => Vec::new(),
    }
}

fn definition(cx: &Cx<'_>, declared: &Declared, id: &str) -> Result<Definition, Diagnostics> {
    let Some(expr) = declared.argument("definition") else {
        let message = format!("the state machine `{id}` has no `definition`");
        let found = Diagnostic::error("missing-field", message).at(declared.source(), declared.span, "");
        return Err(found.help("write `definition = jsonencode({ … })`, or `templatefile(\"…\", { … })`").into());
    };
    let (value, found) = cx.world.apart(|| cx.eval(expr));
    if !found.is_empty() {
        return Err(found.into());
    }
    let text = match &value.kind {
        Kind::Text(text) => text,
        Kind::Unknown(expression) => {
            let message = format!("the definition of `{id}` is `{expression}`, which has no value here");
            let place = cx.place_of(expr.span());
            let found = Diagnostic::error("placeholder", message).at(&place.source, place.span, "not known");
            return Err(found.help("give the variables in it a default, or a value in `terraform.tfvars`").into());
        }
        _ => {
            let message = format!("the definition of `{id}` is {}, and a text is needed", value.kind_name());
            let place = cx.place_of(expr.span());
            let found = Diagnostic::error("wrong-type", message).at(&place.source, place.span, "no text");
            return Err(found.help(format!("write `jsonencode({})`", cx.written(expr.span()))).into());
        }
    };
    let node = text.parse(Format::Json)?;
    Ok(Definition { source: text.source().clone(), node, names: names(cx) })
}

/// What a placeholder that is left could be: a variable without a value.
fn names(cx: &Cx<'_>) -> Vec<String> {
    cx.instance.module.variables.keys().map(|name| format!("var.{name}")).collect()
}
