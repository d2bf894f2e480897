//! Finds the state machines of a Terraform file.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use hcl_edit::Span as _;

use super::eval::{Cx, Scope, shortened, text_of};
use super::module::{Declared, parse_file};
use super::reference::child_of;
use super::show::type_of;
use super::value::{Kind, Place, Val};
use super::world::{Instance, World, is_local};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::iac::files::{Files, joined};
use crate::iac::placeholder::explain;
use crate::iac::{Definition, Extracted, Settings, plain};
use crate::source::{Format, Source, Span};

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
    machines(&world, &root, Some(source), None, &mut found);
    Ok(found)
}

/// The finding about Terraform's other spelling, if the file has to do with state machines at all.
fn not_read(source: &Arc<Source>) -> Result<Vec<Extracted>, Diagnostics> {
    let Some(at) = source.text().find(STATE_MACHINE) else { return Ok(Vec::new()) };
    let message = format!("`{}` is Terraform's JSON syntax, which is not read", source.name());
    let span = Span::new(at, at + STATE_MACHINE.len());
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

/// The machines of an instance: those of one of its files, or of all, and of the modules called there. `outside` is the
/// place of the outermost call, if this is a module that the file calls.
fn machines(
    world: &World<'_>,
    instance: &Rc<Instance>,
    only: Option<&Arc<Source>>,
    outside: Option<&(Arc<Source>, Span)>,
    found: &mut Vec<Extracted>,
) {
    let module = instance.module.clone();
    // There may be two ways to the file, one of them through the folder of the module that calls this one.
    let identity = |source: &Source| world.files.identity(&world.files.path(source));
    let only_identity = only.map(|source| identity(source));
    let is_here = |declared: &Declared| only_identity.as_ref().is_none_or(|only| *only == identity(declared.source()));
    // A module on its own is named as if it were the root.
    let prefix = if only.is_some() { "" } else { &*instance.prefix };
    let mut here: Vec<(&Declared, What, &str)> = Vec::new();
    for ((kind, name), declared) in &module.resources {
        if kind == STATE_MACHINE && is_here(declared) {
            here.push((declared, What::Resource, name));
        }
    }
    for (name, call) in &module.calls {
        let what = match call.argument("source").and_then(|s| s.as_str()) {
            Some(source) if is_local(source) => What::Call,
            // A module from elsewhere that makes a state machine of the definition it is given.
            Some(source) if source.contains("step-functions") && call.argument("definition").is_some() => {
                What::Elsewhere
            }
            _ => continue,
        };
        if is_here(call) {
            here.push((call, what, name));
        }
    }
    here.sort_by_key(|(declared, ..)| (declared.source().name().to_owned(), declared.span.start));
    for (declared, what, name) in here {
        let origin = (declared.source().clone(), declared.span);
        let outside = outside.unwrap_or(&origin);
        let id = match what {
            What::Resource => format!("{prefix}{STATE_MACHINE}.{name}"),
            What::Elsewhere | What::Call => format!("{prefix}module.{name}"),
        };
        match (what, child_of(world, instance, name)) {
            (What::Call, Some(child)) => machines(world, &child, None, Some(outside), found),
            (What::Call, None) => found.push(unread(world, instance, declared, name, id)),
            _ => {
                let mut machine = machine(world, instance, declared, id);
                machine.also.push(name.to_owned());
                machine.declared = outside.clone();
                found.push(machine);
            }
        }
    }
}

/// What may be, or have, a state machine.
#[derive(Clone, Copy)]
enum What {
    Resource,
    Elsewhere,
    Call,
}

/// A call of a module that should be on this machine and cannot be read.
fn unread(world: &World<'_>, instance: &Rc<Instance>, call: &Declared, name: &str, id: String) -> Extracted {
    let cx = Cx { world, instance, input: &call.input, scope: None, closed: false };
    let found = cx.no_module(name, call);
    Extracted { is_machine: false, ..Extracted::new(id, (call.source().clone(), call.span), Err(found.into())) }
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
    let definition = definition(&cx, declared, &id);
    let mut machine = Extracted::new(id, (declared.source().clone(), declared.span), definition);
    machine.machine_type = argument("type").map(|written| type_of(&written));
    machine.name = argument("name").filter(|name| !name.contains("${")).map(|name| name.to_string());
    machine
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
            return Err(found.help(format!("write `jsonencode({})`", shortened(cx.written(expr.span())))).into());
        }
    };
    let names = names(cx);
    let node = plain::read_text(text, Format::Json).map_err(|found| explain(found, &names))?;
    Ok(Definition { source: text.source().clone(), node, names })
}

/// What a placeholder that is left could be: a variable without a value.
fn names(cx: &Cx<'_>) -> Vec<String> {
    cx.instance.module.variables.keys().map(|name| format!("var.{name}")).collect()
}
