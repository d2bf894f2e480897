//! What evaluating Terraform's expressions shares: files, modules and their instances, findings, and how much work it may
//! be.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::module::Module;
use super::value::{Place, Val};
use crate::diagnostic::Diagnostic;
use crate::iac::Settings;
use crate::iac::files::Files;

/// How many levels of expressions and references may nest.
const MAX_DEPTH: usize = 200;

/// How many steps one machine may take: values looked at, and texts written, a step for eight bytes.
const MAX_STEPS: usize = 2_000_000;

/// How many calls of modules there may be in all.
const MAX_INSTANCES: usize = 500;

/// One reading of one file.
pub(super) struct World<'a> {
    pub files: &'a Files,
    pub settings: &'a Settings,
    modules: RefCell<BTreeMap<PathBuf, Rc<Module>>>,
    instances: RefCell<Vec<Rc<Instance>>>,
    found: RefCell<Vec<Diagnostic>>,
    depth: Cell<usize>,
    steps: Cell<usize>,
}

/// A module with the arguments of one call.
pub(super) struct Instance {
    /// Its place among all instances.
    pub index: usize,
    pub module: Rc<Module>,
    /// `module.orders.`, or nothing for the root.
    pub prefix: String,
    /// What `path.module` says: the way from the root's folder.
    pub path: String,
    /// The root's folder, which paths of files start from.
    pub root: PathBuf,
    /// The instance that calls it, and the name of the call there.
    pub caller: Option<(usize, String)>,
    values: RefCell<BTreeMap<String, Slot>>,
    children: RefCell<BTreeMap<String, Option<usize>>>,
}

/// What is known about a name: that somebody is finding out, or the value with what was found on the way.
enum Slot {
    Working,
    Done(Val, Vec<Diagnostic>),
}

impl<'a> World<'a> {
    pub(super) fn new(files: &'a Files, settings: &'a Settings) -> World<'a> {
        World {
            files,
            settings,
            modules: RefCell::default(),
            instances: RefCell::default(),
            found: RefCell::default(),
            depth: Cell::new(0),
            steps: Cell::new(0),
        }
    }

    /// What the files of a folder declare, read once.
    pub(super) fn module(&self, folder: &Path) -> Rc<Module> {
        let mut modules = self.modules.borrow_mut();
        modules.entry(folder.to_owned()).or_insert_with(|| Rc::new(Module::read(self.files, folder))).clone()
    }

    /// A root module.
    pub(super) fn root(&self, folder: &Path) -> Rc<Instance> {
        self.add(self.module(folder), folder.to_owned(), String::new(), ".".to_owned(), None)
    }

    /// The instance of a call of a module on this machine; none where the module is elsewhere or is not read.
    pub(super) fn child(&self, parent: &Rc<Instance>, call: &str, source: &str) -> Option<Rc<Instance>> {
        let known = parent.children.borrow().get(call).copied();
        let index = match known {
            Some(index) => index,
            None => {
                let index = self.new_child(parent, call, source);
                parent.children.borrow_mut().insert(call.to_owned(), index);
                index
            }
        };
        self.instance(index?)
    }

    fn new_child(&self, parent: &Rc<Instance>, call: &str, source: &str) -> Option<usize> {
        if !is_local(source) || self.instances.borrow().len() >= MAX_INSTANCES {
            return None;
        }
        let folder = crate::iac::files::joined(&parent.module.folder, source);
        // A module that calls itself, by whatever way, has no end.
        let mut above = Some(parent.clone());
        while let Some(instance) = above {
            if self.files.identity(&instance.module.folder) == self.files.identity(&folder) {
                return None;
            }
            above = instance.caller.as_ref().and_then(|(index, _)| self.instance(*index));
        }
        if !self.files.is_folder(&folder) {
            return None;
        }
        let path = crate::iac::files::joined(Path::new(&parent.path), source).to_string_lossy().into_owned();
        let prefix = format!("{}module.{call}.", parent.prefix);
        let caller = Some((parent.index, call.to_owned()));
        Some(self.add(self.module(&folder), parent.root.clone(), prefix, path, caller).index)
    }

    fn add(
        &self,
        module: Rc<Module>,
        root: PathBuf,
        prefix: String,
        path: String,
        caller: Option<(usize, String)>,
    ) -> Rc<Instance> {
        let mut instances = self.instances.borrow_mut();
        let index = instances.len();
        let (values, children) = (RefCell::default(), RefCell::default());
        let instance = Rc::new(Instance { index, module, prefix, path, root, caller, values, children });
        instances.push(instance.clone());
        instance
    }

    pub(super) fn instance(&self, index: usize) -> Option<Rc<Instance>> {
        self.instances.borrow().get(index).cloned()
    }

    /// Reports something wrong; the same twice is once.
    pub(super) fn report(&self, finding: Diagnostic) {
        let mut found = self.found.borrow_mut();
        let is_same = |other: &Diagnostic| {
            let name = |d: &Diagnostic| d.source.as_ref().map(|s| s.name().to_owned());
            other.message == finding.message && other.primary == finding.primary && name(other) == name(&finding)
        };
        if found.len() < 100 && !found.iter().any(is_same) {
            found.push(finding);
        }
    }

    /// Does something and hands out what was found on the way instead of reporting it.
    pub(super) fn apart<T>(&self, work: impl FnOnce() -> T) -> (T, Vec<Diagnostic>) {
        let before = self.found.take();
        let result = work();
        (result, self.found.replace(before))
    }

    /// Begins with a machine: what it finds and costs is its own.
    pub(super) fn begin(&self) {
        self.steps.set(0);
        self.depth.set(0);
        self.found.take();
    }

    /// Takes so many steps; false if that is more than there may be, which is reported once.
    pub(super) fn spend(&self, steps: usize, place: &Place) -> bool {
        let before = self.steps.get();
        self.steps.set(before.saturating_add(steps));
        if self.steps.get() <= MAX_STEPS {
            return true;
        }
        if before <= MAX_STEPS {
            let found = Diagnostic::error("too-large", "evaluating this takes more steps than any definition needs");
            let help = format!("{MAX_STEPS} steps are the limit; look for lists of lists that multiply");
            self.report(found.at(&place.source, place.span, "given up here").help(help));
        }
        false
    }

    /// Goes a level deeper; false if that is too deep, which is reported.
    pub(super) fn enter(&self, place: impl FnOnce() -> Place) -> bool {
        self.depth.set(self.depth.get() + 1);
        if self.depth.get() <= MAX_DEPTH {
            return true;
        }
        let place = place();
        let message = format!("expressions and references nest deeper than {MAX_DEPTH} levels");
        let found = Diagnostic::error("too-deep", message).at(&place.source, place.span, "one level too many");
        self.report(found.help("look for a chain of locals that could be one value"));
        false
    }

    pub(super) fn leave(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
    }

    /// The value of a name of an instance, found out once. Whoever asks for a name while it is being found out gets none:
    /// it depends on itself.
    pub(super) fn remember(&self, instance: &Instance, name: &str, work: impl FnOnce() -> Val) -> Option<Val> {
        match instance.values.borrow().get(name) {
            Some(Slot::Working) => return None,
            Some(Slot::Done(value, found)) => {
                found.iter().for_each(|d| self.report(d.clone()));
                return Some(value.clone());
            }
            None => {}
        }
        instance.values.borrow_mut().insert(name.to_owned(), Slot::Working);
        let (value, found) = self.apart(work);
        found.iter().for_each(|d| self.report(d.clone()));
        instance.values.borrow_mut().insert(name.to_owned(), Slot::Done(value.clone(), found));
        Some(value)
    }
}

/// Whether a module's source is a folder on this machine.
pub(super) fn is_local(source: &str) -> bool {
    source.starts_with("./") || source.starts_with("../")
}
