//! A parsed path: where it starts and its steps.

use std::fmt::Write;

use crate::value::{Str, Value};

use super::filter::Filter;
use super::function::Call;

/// A compiled path.
#[derive(Debug)]
pub(super) struct Program {
    /// `$` or `@`.
    pub start: char,
    pub steps: Vec<Step>,
    /// Whether the path names at most one value.
    pub definite: bool,
    /// Whether there are only single names and indices, so that following it is a plain walk.
    pub plain: bool,
    /// Where the leading run of definite steps ends; the step there is the first that may find several values.
    definite_until: usize,
    /// The last function step; before it, an index has to stop a function that runs out of bounds.
    last_call: Option<usize>,
}

/// One step of a path.
#[derive(Debug)]
pub(super) enum Step {
    /// `.name` or `['name']`
    Name { name: Str, quote: char },
    /// `['a','b']`: one object as the last step, otherwise each member in turn.
    Names { names: Box<[Str]>, quote: char },
    /// `[3]`, `[-1]`
    Index(i32),
    /// `[0,2]`
    Indexes(Box<[i32]>),
    /// `[1:3]`, `[1:]`, `[:3]`
    Slice { from: Option<i32>, to: Option<i32> },
    /// `.*` or `[*]`
    Wildcard,
    /// `..`
    Scan,
    /// `[?(...)]`
    Filter(Box<Filter>),
    /// `.length()`
    Call(Box<Call>),
}

impl Program {
    pub(super) fn new(start: char, steps: Vec<Step>) -> Program {
        let last = steps.len().saturating_sub(1);
        let is_definite = |(i, step): (usize, &Step)| match step {
            Step::Name { .. } | Step::Index(_) | Step::Call(_) => true,
            Step::Names { .. } => i == last,
            Step::Indexes(_) | Step::Slice { .. } | Step::Wildcard | Step::Scan | Step::Filter(_) => false,
        };
        let definite_until = steps.iter().enumerate().take_while(|s| is_definite(*s)).count();
        Program {
            start,
            definite: definite_until == steps.len(),
            plain: steps.iter().all(|s| matches!(s, Step::Name { .. } | Step::Index(_))),
            definite_until,
            last_call: steps.iter().rposition(|s| matches!(s, Step::Call(_))),
            steps,
        }
    }

    /// Whether everything before step `i` is definite: only then is a missing value an error.
    pub(super) fn is_definite_before(&self, i: usize) -> bool {
        i <= self.definite_until
    }
    pub(super) fn is_last(&self, i: usize) -> bool {
        i + 1 >= self.steps.len()
    }
    /// Whether a function comes after step `i`.
    pub(super) fn has_call_after(&self, i: usize) -> bool {
        self.last_call.is_some_and(|c| c > i)
    }
    /// Whether the path ends in a function.
    pub(super) fn ends_in_call(&self) -> bool {
        matches!(self.steps.last(), Some(Step::Call(_)))
    }

    /// Follows a plain path.
    pub(super) fn find<'v>(&self, root: &'v Value) -> Result<&'v Value, Lost<'v>> {
        let mut here = root;
        for (step, what) in self.steps.iter().enumerate() {
            let next = match (what, here) {
                (Step::Name { name, .. }, Value::Object(members)) => members.get(name),
                (Step::Index(i), Value::Array(items)) => at(items, *i),
                _ => None,
            };
            match next {
                Some(v) => here = v,
                None => return Err(Lost { step, here }),
            }
        }
        Ok(here)
    }

    /// The whole path as Jayway prints it: brackets throughout.
    pub(super) fn rendered(&self) -> String {
        let mut out = String::from(self.start);
        self.render_from(0, &mut out);
        out
    }
    /// Step `i` and all after it, as Jayway prints them.
    pub(super) fn rendered_from(&self, i: usize) -> String {
        let mut out = String::new();
        self.render_from(i, &mut out);
        out
    }
    fn render_from(&self, i: usize, out: &mut String) {
        for step in self.steps.iter().skip(i) {
            step.render(out);
        }
    }
    /// Where the definite steps before step `i` lead, as Jayway names a place: names unescaped, functions left out.
    pub(super) fn place(&self, i: usize) -> String {
        let mut out = String::from(self.start);
        for step in self.steps.iter().take(i) {
            match step {
                Step::Name { name, .. } => out.extend(["['", name, "']"]),
                Step::Index(n) => _ = write!(out, "[{n}]"),
                _ => {}
            }
        }
        out
    }
}

/// Where a plain path came to an end before its last step.
pub(super) struct Lost<'v> {
    pub step: usize,
    pub here: &'v Value,
}

/// The element at `index`, which counts from the end if it is negative.
pub(super) fn at(items: &[Value], index: i32) -> Option<&Value> {
    let i = i64::from(index);
    let i = if i < 0 { i64::try_from(items.len()).ok()?.checked_add(i)? } else { i };
    items.get(usize::try_from(i).ok()?)
}

impl Step {
    /// This step as Jayway prints it.
    pub(super) fn render(&self, out: &mut String) {
        match self {
            Step::Name { name, quote } => render_names(std::slice::from_ref(name), *quote, out),
            Step::Names { names, quote } => render_names(names, *quote, out),
            Step::Index(i) => _ = write!(out, "[{i}]"),
            Step::Indexes(all) => {
                let all: Vec<String> = all.iter().map(i32::to_string).collect();
                _ = write!(out, "[{}]", all.join(","));
            }
            Step::Slice { from, to } => {
                let end = |n: &Option<i32>| n.map(|n| n.to_string()).unwrap_or_default();
                _ = write!(out, "[{}:{}]", end(from), end(to));
            }
            Step::Wildcard => out.push_str("[*]"),
            Step::Scan => out.push_str(".."),
            Step::Filter(_) => out.push_str("[?]"),
            Step::Call(call) => {
                let arguments = if call.arguments.is_empty() { "()" } else { "(...)" };
                out.extend([".", &call.name, arguments]);
            }
        }
    }
}

fn render_names(names: &[Str], quote: char, out: &mut String) {
    out.push('[');
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push(quote);
        for c in name.chars() {
            if matches!(c, '\\' | '\'') {
                out.push('\\');
            }
            out.push(c);
        }
        out.push(quote);
    }
    out.push(']');
}
