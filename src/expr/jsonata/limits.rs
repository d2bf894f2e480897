//! How far an expression may go.
//!
//! The service bounds depth and memory, too, at figures it does not publish. The bounds here are deterministic:
//! depth, length of a sequence, size of a string. Time is the last resort, for loops that none of the others stops.

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::evaluator::{Evaluator, EvaluatorError, EvaluatorOptions};
use jsonata_core::functions::string::string;
use jsonata_core::value::JValue;

use super::checked;

/// Values in a result, counted as often as they occur.
pub(super) const RESULT_VALUES: usize = 2_000_000;
/// Bytes of text in a result.
pub(super) const RESULT_BYTES: usize = 64 << 20;
/// Levels a result may nest.
pub(super) const RESULT_DEPTH: usize = 500;
/// Bytes of one string.
const STRING_BYTES: usize = 4 << 20;
/// Bytes of all the strings that `&` makes in one evaluation.
const CONCATENATED_BYTES: usize = 1 << 30;
/// An index beyond every string.
const SAFE: f64 = 9_007_199_254_740_992.0;
/// Elements of one sequence.
pub(super) const SEQUENCE: usize = 500_000;
/// Levels of evaluation; a call that is not a tail call takes about three.
const DEPTH: usize = 2_000;
/// Milliseconds of one evaluation, by the wall clock.
const TIME_MS: u64 = 2_000;

/// What stands in for `&` where it could run away. Nobody can write a name with a blank.
pub(super) const CONCATENATE: &str = "bounded &";
/// Passes its argument on, unless that is too long to make text of.
pub(super) const MEASURED: &str = "bounded text";
/// Passes its argument on, a number no string is as long as as the greatest one that is safe to count with.
pub(super) const CLAMPED: &str = "bounded index";
/// Passes its argument on, unless it is a number no string is as long as.
pub(super) const WIDTH: &str = "bounded width";

/// The bounds the engine keeps by itself.
pub(super) fn options() -> EvaluatorOptions {
    EvaluatorOptions {
        timeout_ms: Some(TIME_MS),
        max_stack_depth: Some(DEPTH),
        max_sequence_length: Some(SEQUENCE),
        ..EvaluatorOptions::default()
    }
}

/// Which of the stand-ins a prepared expression uses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Guards {
    /// [`CONCATENATE`]
    pub(super) concatenate: bool,
    /// [`MEASURED`]
    pub(super) measured: bool,
    /// [`CLAMPED`]
    pub(super) clamped: bool,
    /// Which functions of [`CHECKED`](super::checked::CHECKED) need their arguments checked.
    pub(super) checked: u8,
    /// [`WIDTH`]
    pub(super) width: bool,
}

impl Guards {
    /// Makes the stand-ins known to the engine.
    pub(super) fn register(self, evaluator: &mut Evaluator) -> Result<(), EvaluatorError> {
        if self.concatenate {
            let left = Rc::new(Cell::new(CONCATENATED_BYTES));
            evaluator.register_fn(CONCATENATE, move |args: &[JValue]| concatenate(args, &left))?;
        }
        if self.measured {
            evaluator.register_fn(MEASURED, |args: &[JValue]| {
                let value = args.first().cloned().unwrap_or(JValue::Undefined);
                measure(&value)?;
                Ok(value)
            })?;
        }
        if self.clamped {
            evaluator.register_fn(CLAMPED, |args: &[JValue]| match args.first() {
                Some(JValue::Number(n)) => Ok(JValue::Number(n.clamp(-SAFE, SAFE))),
                Some(value) => Ok(value.clone()),
                None => Ok(JValue::Undefined),
            })?;
        }
        checked::register(evaluator, self.checked)?;
        if self.width {
            evaluator.register_fn(WIDTH, |args: &[JValue]| match args.first() {
                Some(JValue::Number(n)) if n.abs() > STRING_BYTES as f64 => Err(too_long()),
                Some(value) => Ok(value.clone()),
                None => Ok(JValue::Undefined),
            })?;
        }
        Ok(())
    }
}

fn too_long() -> EvaluatorError {
    EvaluatorError::EvaluationError(format!("D2015: The maximum string length of {STRING_BYTES} was exceeded."))
}

/// `a & b & c` with a bound on the result and on all results together.
fn concatenate(args: &[JValue], left: &Cell<usize>) -> Result<JValue, EvaluatorError> {
    let mut text = String::new();
    for arg in args {
        match arg {
            JValue::Undefined => {}
            JValue::String(s) => push(&mut text, s)?,
            other => {
                measure(other)?;
                if let JValue::String(s) = string(other, None)? {
                    push(&mut text, &s)?;
                }
            }
        }
    }
    left.set(left.get().checked_sub(text.len()).ok_or_else(too_long)?);
    Ok(JValue::string(text))
}

fn push(text: &mut String, more: &str) -> Result<(), EvaluatorError> {
    if text.len() + more.len() > STRING_BYTES {
        return Err(too_long());
    }
    text.push_str(more);
    Ok(())
}

/// Refuses a value whose text would be too long, having looked at no more of it than the bound.
fn measure(value: &JValue) -> Result<(), EvaluatorError> {
    let mut left = STRING_BYTES;
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        let size = match value {
            JValue::String(s) => s.len() + 1,
            JValue::Array(items) => {
                rest.extend(items.iter());
                items.len() + 1
            }
            JValue::Object(members) => {
                rest.extend(members.values());
                members.keys().map(String::len).sum::<usize>() + 1
            }
            _ => 1,
        };
        left = left.checked_sub(size).ok_or_else(too_long)?;
    }
    Ok(())
}
