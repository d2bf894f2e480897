//! What is kept while templates are evaluated: findings, and the bounds that keep any template from going on for ever.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// How many functions one file's machines may take to evaluate, nested stacks included.
const MAX_STEPS: usize = 500_000;
/// How deeply values may lead to one another.
const MAX_DEPTH: usize = 160;

/// Shared by a template and its nested stacks.
#[derive(Debug, Default)]
pub(crate) struct State {
    found: RefCell<Vec<Diagnostic>>,
    /// The names being evaluated, each for the sake of the one before it.
    asked: RefCell<Vec<String>>,
    steps: Cell<usize>,
    depth: Cell<usize>,
}

impl State {
    pub(crate) fn report(&self, found: Diagnostic) {
        // A template generated wrongly is wrong in one way a thousand times.
        let mut all = self.found.borrow_mut();
        if all.len() < 100 {
            all.push(found);
        }
    }

    /// What was found since the last time, to be told with the machine it concerns.
    pub(crate) fn take(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut *self.found.borrow_mut())
    }

    /// Evaluates something whose mistakes are told elsewhere or by nobody.
    pub(crate) fn quietly<T>(&self, evaluate: impl FnOnce() -> T) -> T {
        let before = self.found.borrow().len();
        let result = evaluate();
        let is_grave = |d: &Diagnostic| matches!(d.code, "template-cycle" | "too-large" | "too-deep");
        let mut found = self.found.borrow_mut();
        let new: Vec<Diagnostic> = found.drain(before..).filter(is_grave).collect();
        found.extend(new);
        result
    }

    /// Reports a text that has grown beyond its limit.
    pub(crate) fn too_long(&self, source: &Arc<Source>, span: Span, limit: usize) {
        let message = format!("a text of the template grows beyond {limit} bytes");
        self.report(Diagnostic::error("too-large", message).at(source, span, "here it was enough"));
    }

    /// Goes one level deeper, unless it has gone deep or far enough.
    pub(crate) fn deeper<T>(&self, source: &Arc<Source>, span: Span, go: impl FnOnce() -> T) -> Option<T> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MAX_STEPS {
            if self.steps.get() == MAX_STEPS + 1 {
                let message = format!("the template takes more than {MAX_STEPS} steps to evaluate");
                self.report(Diagnostic::error("too-large", message).at(source, span, "here it was enough"));
            }
            return None;
        }
        if self.depth.get() >= MAX_DEPTH {
            let message = format!("values lead to one another more than {MAX_DEPTH} levels deep");
            self.report(Diagnostic::error("too-deep", message).at(source, span, "here it was enough"));
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let result = go();
        self.depth.set(self.depth.get() - 1);
        Some(result)
    }

    /// Evaluates a name, unless that is just what is being done.
    pub(crate) fn once<T>(
        &self,
        name: String,
        source: &Arc<Source>,
        span: Span,
        evaluate: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let circle = {
            let asked = self.asked.borrow();
            asked.iter().position(|a| *a == name).map(|first| {
                let way: Vec<&str> = asked.iter().skip(first).map(String::as_str).chain([&*name]).collect();
                way.join(" → ")
            })
        };
        if let Some(circle) = circle {
            let found = Diagnostic::error("template-cycle", format!("a value depends on itself: {circle}"));
            self.report(
                found.at(source, span, "asks for itself here").help("break the circle: give one of them a value"),
            );
            return None;
        }
        self.asked.borrow_mut().push(name);
        let result = evaluate();
        self.asked.borrow_mut().pop();
        result
    }
}
