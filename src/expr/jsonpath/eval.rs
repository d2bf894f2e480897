//! Evaluation: a path followed over a document.
//!
//! The walk keeps its own stack of [`Frame`]s, so that neither a deep document nor a long path can exhaust the
//! thread's. Jayway's exceptions unwind that stack to a frame that catches them.

use std::cell::Cell;

use crate::value::{Map, Str, Value};

use super::filter::Filter;
use super::program::{Lost, Program, Step, at};
use super::{MAX_MATCHES, MAX_VISITS, PathError, PathErrorKind};

/// Why evaluation stops, by what may catch it.
#[derive(Debug)]
pub(super) enum Fault {
    /// `PathNotFoundException`, which wildcards over arrays and filters catch.
    NotFound(String),
    /// `InvalidPathException`, which filters catch.
    InvalidPath(String),
    /// Any other exception of Jayway; nothing catches it.
    Exception(String),
    /// `IndexOutOfBoundsException`, which every step into an array catches.
    OutOfBounds(String),
}

impl Fault {
    pub(super) fn into_error(self) -> PathError {
        let (kind, message) = match self {
            Fault::NotFound(message) => (PathErrorKind::NotFound, message),
            Fault::InvalidPath(message) | Fault::Exception(message) | Fault::OutOfBounds(message) => {
                (PathErrorKind::Invalid, message)
            }
        };
        PathError { kind, message }
    }
}

/// What all parts of one evaluation share.
#[derive(Clone, Copy)]
pub(super) struct Context<'c> {
    /// What `$` means.
    pub root: &'c Value,
    /// How many values may still be visited.
    left: &'c Cell<usize>,
}

impl<'c> Context<'c> {
    /// The same evaluation where `$` means something else.
    pub(super) fn rooted_at(self, root: &'c Value) -> Context<'c> {
        Context { root, ..self }
    }
    /// Accounts for work on `n` values.
    pub(super) fn visit(&self, n: usize) -> Result<(), Fault> {
        match self.left.get().checked_sub(n) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(Fault::Exception(format!("the path visits more than {MAX_VISITS} values of the document"))),
        }
    }
}

/// What a missing member means to an indefinite path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// There is one match fewer.
    IsSkipped,
    /// The whole path fails: how filters ask whether something exists.
    Fails,
}

/// The value of a path in a document.
pub(super) fn select(program: &Program, root: &Value) -> Result<Value, Fault> {
    if program.plain {
        return match program.find(root) {
            Ok(value) => Ok(value.clone()),
            Err(lost) => Err(lost_fault(program, &lost)),
        };
    }
    let left = Cell::new(MAX_VISITS);
    evaluate(program, root, Context { root, left: &left }, Missing::IsSkipped)
}

/// The value of a path that starts at `base`.
pub(super) fn evaluate(program: &Program, base: &Value, ctx: Context<'_>, missing: Missing) -> Result<Value, Fault> {
    let mut found = matches(program, base, ctx, missing)?;
    if !program.definite {
        return Ok(found.into());
    }
    // A function in the middle of a path leaves its own value, too; the last one counts.
    found.pop().ok_or_else(|| no_results(program))
}

/// Everything a path finds from `base`.
pub(super) fn matches(
    program: &Program,
    base: &Value,
    ctx: Context<'_>,
    missing: Missing,
) -> Result<Vec<Value>, Fault> {
    let mut walk = Walk { program, ctx, missing, found: Vec::new() };
    walk.run(0, base)?;
    Ok(walk.found)
}

fn no_results(program: &Program) -> Fault {
    Fault::NotFound(format!("No results for path: {}", program.rendered()))
}

#[cold]
fn lost_fault(program: &Program, lost: &Lost<'_>) -> Fault {
    match (program.steps.get(lost.step), lost.here) {
        (Some(Step::Name { .. }), Value::Object(_)) if !program.is_last(lost.step) => {
            missing_property(program, lost.step)
        }
        (Some(Step::Name { .. }), Value::Object(_)) | (Some(Step::Index(_)), Value::Array(_)) => no_results(program),
        (Some(Step::Index(_)), here) => not_an_array(program, lost.step, here),
        (_, here) => not_an_object(program, lost.step, here),
    }
}

fn missing_property(program: &Program, step: usize) -> Fault {
    Fault::NotFound(format!("Missing property in path {}", program.place(step + 1)))
}

fn not_an_array(program: &Program, step: usize, here: &Value) -> Fault {
    Fault::NotFound(match here {
        Value::Null => format!("The path {} is null", program.place(step)),
        here => format!(
            "Filter: {} can only be applied to arrays. Current context is: {}",
            program.rendered_from(step),
            java_text(here)
        ),
    })
}

fn not_an_object(program: &Program, step: usize, here: &Value) -> Fault {
    let mut fragment = String::new();
    if let Some(step) = program.steps.get(step) {
        step.render(&mut fragment);
    }
    Fault::NotFound(format!(
        "Expected to find an object with property {fragment} in path {} but found '{}'. This is not a json object \
         according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'.",
        program.place(step),
        java_class(here)
    ))
}

/// The Java class that holds such a value.
fn java_class(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "java.lang.Boolean",
        Value::String(_) => "java.lang.String",
        Value::Array(_) => "java.util.ArrayList",
        Value::Object(_) => "java.util.LinkedHashMap",
        Value::Number(n) => match n.as_i64() {
            Some(i) if i32::try_from(i).is_ok() => "java.lang.Integer",
            Some(_) => "java.lang.Long",
            None if n.is_u64() => "java.math.BigInteger",
            None => "java.lang.Double",
        },
    }
}

/// A value as Java's `toString` prints it: no quotes, `=` in objects.
pub(super) fn java_text(value: &Value) -> String {
    fn write(value: &Value, out: &mut String) {
        match value {
            Value::String(text) => out.push_str(text),
            Value::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    write(item, out);
                }
                out.push(']');
            }
            Value::Object(members) => {
                out.push('{');
                for (i, (name, member)) in members.iter().enumerate() {
                    out.extend([if i > 0 { ", " } else { "" }, name, "="]);
                    write(member, out);
                }
                out.push('}');
            }
            Value::Number(n) => out.push_str(&n.to_string()),
            Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Value::Null => out.push_str("null"),
        }
    }
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// Work put aside while the values before it are followed to the end. `step` is what happens to the values next.
enum Frame<'p, 'v> {
    Elements {
        step: usize,
        items: &'v [Value],
        next: usize,
        catches: Catches,
    },
    Picked {
        step: usize,
        items: std::vec::IntoIter<&'v Value>,
        catches: Catches,
    },
    Members {
        step: usize,
        members: &'v Map,
        next: usize,
    },
    Filtered {
        step: usize,
        filter: &'p Filter,
        items: &'v [Value],
        next: usize,
    },
    /// Step `step`, applied to `here` and everything below it.
    Scan {
        step: usize,
        here: &'v Value,
    },
    Below {
        step: usize,
        here: &'v Value,
        next: usize,
    },
    Here {
        step: usize,
        here: &'v Value,
    },
    /// A single index: nothing is left to do, but a function beyond it may run out of bounds.
    Index,
}

/// Which faults of its values a frame survives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Catches {
    Nothing,
    OutOfBounds,
    OutOfBoundsAndNotFound,
}

impl Frame<'_, '_> {
    fn catches(&self) -> Catches {
        match self {
            Frame::Elements { catches, .. } | Frame::Picked { catches, .. } => *catches,
            Frame::Filtered { .. } | Frame::Index => Catches::OutOfBounds,
            Frame::Members { .. } | Frame::Scan { .. } | Frame::Below { .. } | Frame::Here { .. } => Catches::Nothing,
        }
    }
}

struct Walk<'p, 'c> {
    program: &'p Program,
    ctx: Context<'c>,
    missing: Missing,
    found: Vec<Value>,
}

impl<'p> Walk<'p, '_> {
    /// Follows the steps from number `step` on, starting at `model`.
    fn run<'v>(&mut self, step: usize, model: &'v Value) -> Result<(), Fault> {
        let mut stack: Vec<Frame<'p, 'v>> = Vec::new();
        let mut outcome = self.follow(step, model, &mut stack);
        loop {
            if let Err(fault) = outcome {
                unwind(&mut stack, fault)?;
            }
            let Some(frame) = stack.pop() else { return Ok(()) };
            outcome = self.resume(frame, &mut stack);
        }
    }

    /// Does the next piece of work of a frame, putting the frame back first if there is more.
    fn resume<'v>(&mut self, frame: Frame<'p, 'v>, stack: &mut Vec<Frame<'p, 'v>>) -> Result<(), Fault> {
        self.ctx.visit(1)?;
        match frame {
            Frame::Index => Ok(()),
            Frame::Here { step, here } => self.follow(step, here, stack),
            Frame::Elements { step, items, next, catches } => {
                let Some(item) = items.get(next) else { return Ok(()) };
                stack.push(Frame::Elements { step, items, next: next + 1, catches });
                self.follow(step, item, stack)
            }
            Frame::Picked { step, mut items, catches } => {
                let Some(item) = items.next() else { return Ok(()) };
                stack.push(Frame::Picked { step, items, catches });
                self.follow(step, item, stack)
            }
            Frame::Members { step, members, next } => {
                let Some(member) = members.values().nth(next) else { return Ok(()) };
                stack.push(Frame::Members { step, members, next: next + 1 });
                self.follow(step, member, stack)
            }
            Frame::Filtered { step, filter, items, next } => {
                let Some(item) = items.get(next) else { return Ok(()) };
                stack.push(Frame::Filtered { step, filter, items, next: next + 1 });
                if filter.accepts(item, self.ctx)? { self.follow(step, item, stack) } else { Ok(()) }
            }
            Frame::Scan { step, here } => self.scan(step, here, stack),
            Frame::Below { step, here, next } => {
                let child = match here {
                    Value::Array(items) => items.get(next),
                    Value::Object(members) => members.values().nth(next),
                    _ => None,
                };
                let Some(child) = child else { return Ok(()) };
                stack.push(Frame::Below { step, here, next: next + 1 });
                self.scan(step, child, stack)
            }
        }
    }

    /// Takes steps until one finds several values, which become a frame, or the path ends.
    fn follow<'v>(&mut self, from: usize, model: &'v Value, stack: &mut Vec<Frame<'p, 'v>>) -> Result<(), Fault> {
        let program = self.program;
        let (mut i, mut here) = (from, model);
        loop {
            self.ctx.visit(1)?;
            let Some(step) = program.steps.get(i) else { return self.add(here.clone()) };
            match step {
                Step::Name { name, .. } => {
                    let Some(members) = self.members(i, here)? else { return Ok(()) };
                    match members.get(name) {
                        Some(member) => here = member,
                        None => return self.without_member(i),
                    }
                }
                Step::Names { names, .. } => {
                    let Some(members) = self.members(i, here)? else { return Ok(()) };
                    if self.missing == Missing::Fails && !names.iter().all(|n| members.contains_key(n)) {
                        return Err(missing_property(program, i));
                    }
                    if program.is_last(i) {
                        let pick = |name: &Str| Some((name.clone(), members.get(name)?.clone()));
                        return self.add(Value::object(names.iter().filter_map(pick)));
                    }
                    let items: Vec<_> = names.iter().filter_map(|name| members.get(name)).collect();
                    stack.push(Frame::Picked { step: i + 1, items: items.into_iter(), catches: Catches::Nothing });
                    return Ok(());
                }
                Step::Index(n) => {
                    let Some(items) = self.elements(i, here)? else { return Ok(()) };
                    let Some(item) = at(items, *n) else { return Ok(()) };
                    if program.has_call_after(i) {
                        stack.push(Frame::Index);
                    }
                    here = item;
                }
                Step::Indexes(all) => {
                    let Some(items) = self.elements(i, here)? else { return Ok(()) };
                    let items: Vec<_> = all.iter().filter_map(|n| at(items, *n)).collect();
                    stack.push(Frame::Picked { step: i + 1, items: items.into_iter(), catches: Catches::OutOfBounds });
                    return Ok(());
                }
                Step::Slice { from, to } => {
                    let Some(items) = self.elements(i, here)? else { return Ok(()) };
                    let items = slice(items, *from, *to);
                    stack.push(Frame::Picked { step: i + 1, items: items.into_iter(), catches: Catches::OutOfBounds });
                    return Ok(());
                }
                Step::Wildcard => {
                    match here {
                        Value::Object(members) => stack.push(Frame::Members { step: i + 1, members, next: 0 }),
                        Value::Array(items) => {
                            let catches = match self.missing {
                                Missing::IsSkipped => Catches::OutOfBoundsAndNotFound,
                                Missing::Fails => Catches::OutOfBounds,
                            };
                            stack.push(Frame::Elements { step: i + 1, items, next: 0, catches });
                        }
                        _ => {}
                    }
                    return Ok(());
                }
                Step::Scan => {
                    if program.is_last(i) {
                        return Err(Fault::Exception("Current path token is a leaf".to_owned()));
                    }
                    stack.push(Frame::Scan { step: i + 1, here });
                    return Ok(());
                }
                Step::Filter(filter) => match here {
                    Value::Object(_) => {
                        if !filter.accepts(here, self.ctx)? {
                            return Ok(());
                        }
                    }
                    Value::Array(items) => {
                        stack.push(Frame::Filtered { step: i + 1, filter, items, next: 0 });
                        return Ok(());
                    }
                    _ if program.is_definite_before(i) => {
                        return Err(Fault::InvalidPath(format!(
                            "Filter: {} can not be applied to primitives. Current context is: {}",
                            program.rendered_from(i),
                            java_text(here)
                        )));
                    }
                    _ => return Ok(()),
                },
                Step::Call(call) => {
                    let value = call.apply(here, self.ctx)?;
                    self.add(value.clone())?;
                    return if program.is_last(i) { Ok(()) } else { self.run(i + 1, &value) };
                }
            }
            i += 1;
        }
    }

    /// Applies step `step` to `here` and puts everything below aside.
    fn scan<'v>(&mut self, step: usize, here: &'v Value, stack: &mut Vec<Frame<'p, 'v>>) -> Result<(), Fault> {
        if !matches!(here, Value::Object(_) | Value::Array(_)) {
            return Ok(());
        }
        stack.push(Frame::Below { step, here, next: 0 });
        if !self.is_scan_target(step, here)? {
            return Ok(());
        }
        match here {
            // Jayway skips the step itself here, so that `$..[0].name` finds the names of all elements.
            Value::Array(items) if !self.program.is_last(step) => {
                stack.push(Frame::Elements { step: step + 1, items, next: 0, catches: Catches::Nothing });
            }
            _ => stack.push(Frame::Here { step, here }),
        }
        Ok(())
    }

    fn is_scan_target(&self, step: usize, here: &Value) -> Result<bool, Fault> {
        let is_last = self.program.is_last(step);
        Ok(match (self.program.steps.get(step), here) {
            (Some(Step::Name { name, .. }), Value::Object(members)) => {
                self.missing == Missing::Fails || members.contains_key(name)
            }
            (Some(Step::Names { names, .. }), Value::Object(members)) => {
                self.missing == Missing::Fails || !is_last || names.iter().all(|n| members.contains_key(n))
            }
            (Some(Step::Index(_) | Step::Indexes(_) | Step::Slice { .. }), Value::Array(_)) => true,
            (Some(Step::Wildcard), _) => true,
            (Some(Step::Filter(filter)), _) => filter.accepts(here, self.ctx)?,
            _ => false,
        })
    }

    fn add(&mut self, value: Value) -> Result<(), Fault> {
        if self.found.len() >= MAX_MATCHES {
            return Err(Fault::Exception(format!("the path finds more than {MAX_MATCHES} values")));
        }
        self.found.push(value);
        Ok(())
    }

    /// The members to choose from at step `i`; none if the value is to be passed over.
    fn members<'v>(&self, i: usize, here: &'v Value) -> Result<Option<&'v Map>, Fault> {
        match here {
            Value::Object(members) => Ok(Some(members)),
            _ if self.program.is_definite_before(i) => Err(not_an_object(self.program, i, here)),
            _ => Ok(None),
        }
    }

    /// The elements to choose from at step `i`; none if the value is to be passed over.
    fn elements<'v>(&self, i: usize, here: &'v Value) -> Result<Option<&'v [Value]>, Fault> {
        match here {
            Value::Array(items) => Ok(Some(items)),
            _ if self.program.is_definite_before(i) => Err(not_an_array(self.program, i, here)),
            _ => Ok(None),
        }
    }

    /// What it means that step `i` names a member that is not there.
    fn without_member(&self, i: usize) -> Result<(), Fault> {
        match self.missing {
            Missing::Fails => Err(missing_property(self.program, i)),
            Missing::IsSkipped if !self.program.is_last(i) && self.program.is_definite_before(i) => {
                Err(missing_property(self.program, i))
            }
            Missing::IsSkipped => Ok(()),
        }
    }
}

/// Drops frames up to one that survives the fault.
fn unwind(stack: &mut Vec<Frame<'_, '_>>, fault: Fault) -> Result<(), Fault> {
    let survives = |catches: Catches| match fault {
        Fault::OutOfBounds(_) => catches != Catches::Nothing,
        Fault::NotFound(_) => catches == Catches::OutOfBoundsAndNotFound,
        Fault::InvalidPath(_) | Fault::Exception(_) => false,
    };
    match stack.iter().rposition(|frame| survives(frame.catches())) {
        Some(i) => {
            stack.truncate(i + 1);
            Ok(())
        }
        None => Err(fault),
    }
}

/// The elements of a slice. Only the ends of one-sided slices may be negative with the usual meaning: `[1:-1]` is
/// empty, and `[-2:2]` counts up through zero.
fn slice(items: &[Value], from: Option<i32>, to: Option<i32>) -> Vec<&Value> {
    let length = i32::try_from(items.len()).unwrap_or(i32::MAX);
    let (from, to) = match (from, to) {
        (Some(from), None) => (if from < 0 { length.saturating_add(from).max(0) } else { from }, length),
        (None, Some(to)) => (0, if to < 0 { length.saturating_add(to) } else { to.min(length) }),
        // Below `-length` there is nothing to be found.
        (from, to) => (from.unwrap_or(0).max(-length), to.unwrap_or(length).min(length)),
    };
    (from..to).filter_map(|i| at(items, i)).collect()
}
