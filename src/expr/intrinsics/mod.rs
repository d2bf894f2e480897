//! The intrinsic functions of JSONPath states: `States.Format('Hello {}', $.name)` and seventeen more.
//!
//! A call is read once, by [`Intrinsic::parse`], against the [table of functions](functions); what is left for
//! [`Intrinsic::evaluate`] is to fetch the arguments and run the row's function.

mod arguments;
mod arrays;
mod encoding;
mod generic;
mod json;
mod math;
mod parse;
mod strings;
mod table;

use std::fmt;

use crate::expr::env::Env;
use crate::expr::error::ExprError;
use crate::expr::jsonpath::PathSyntaxError;
use crate::expr::query_path::{QueryPath, Root};
use crate::value::{Str, Value};

use arguments::Arguments;
pub use table::{Function, functions};

/// Bytes of data one evaluation may put through functions. Far more than a payload may have; it keeps a call with
/// thousands of arguments from multiplying a large input without end.
const BUDGET: usize = 64 * 1024 * 1024;

/// A parsed call of an intrinsic function.
///
/// ```
/// use rehearsal::expr::intrinsics::Intrinsic;
///
/// assert!(Intrinsic::parse("States.Format('{} of {}', $.n, $$.Execution.Input.total)").is_ok());
/// let error = Intrinsic::parse("States.Formt('x')").unwrap_err();
/// assert_eq!(error.message, "there is no function `States.Formt`; did you mean `States.Format`?");
/// ```
#[derive(Clone)]
pub struct Intrinsic {
    text: Str,
    call: Call,
}

#[derive(Clone)]
struct Call {
    function: &'static Function,
    arguments: Vec<Argument>,
}

#[derive(Clone)]
enum Argument {
    Literal(Value),
    Path(QueryPath),
    Call(Call),
}

impl Intrinsic {
    /// Reads a call.
    ///
    /// # Errors
    /// An unknown function, a wrong number of arguments, an argument that is neither a literal nor a path nor a
    /// call, an escape other than `\'`, `\{`, `\}` and `\\`, or more than ten calls inside each other.
    pub fn parse(text: &str) -> Result<Intrinsic, PathSyntaxError> {
        Ok(Intrinsic { text: text.into(), call: parse::parse(text)? })
    }
    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
    /// Shows every path among the arguments, nested calls included, in the order they are written.
    pub fn for_each_path(&self, show: &mut dyn FnMut(&QueryPath)) {
        self.call.for_each_path(show);
    }
    /// Runs the call.
    ///
    /// # Errors
    /// An argument path that finds nothing, or arguments the function does not accept.
    pub fn evaluate(&self, input: &Value, env: &mut dyn Env) -> Result<Value, ExprError> {
        let mut budget = BUDGET;
        self.run(&self.call, input, env, &mut budget)
    }
    fn run(&self, call: &Call, input: &Value, env: &mut dyn Env, budget: &mut usize) -> Result<Value, ExprError> {
        let mut values = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            let value = match argument {
                Argument::Literal(value) => value.clone(),
                Argument::Path(path) => self.fetch(path, input, env)?,
                Argument::Call(inner) => self.run(inner, input, env, budget)?,
            };
            *budget = budget.checked_sub(weight(&value)).ok_or_else(|| {
                self.failure(format!("the arguments add up to more than {} MiB", BUDGET / 1024 / 1024))
            })?;
            values.push(value);
        }
        let arguments = Arguments { name: call.function.name, values: &values };
        (call.function.run)(&arguments, env).map_err(|detail| self.failure(detail))
    }
    fn fetch(&self, path: &QueryPath, input: &Value, env: &dyn Env) -> Result<Value, ExprError> {
        path.collect(input, env).map_err(|error| {
            let detail = match path.root() {
                Root::Variable(_) => error.message.clone(),
                // The service shows its JSONPath library's own words here.
                _ if error.message.starts_with("Filter: ") => error.message.clone(),
                // A path into the context object is told as if it led into the input.
                Root::Input | Root::Context => format!(
                    "The JsonPath argument for the field '{}' could not be found in the input '{input}'",
                    path.path().as_str()
                ),
            };
            ExprError::path(&error, self.failure_text(&detail))
        })
    }
    fn failure(&self, detail: String) -> ExprError {
        ExprError::intrinsic(self.failure_text(&detail))
    }
    fn failure_text(&self, detail: &str) -> String {
        format!("The function '{}' had the following error: {detail}", self.text)
    }
}

impl Call {
    fn for_each_path(&self, show: &mut dyn FnMut(&QueryPath)) {
        for argument in &self.arguments {
            match argument {
                Argument::Literal(_) => {}
                Argument::Path(path) => show(path),
                Argument::Call(call) => call.for_each_path(show),
            }
        }
    }
}

/// Roughly the bytes of a value, without looking through long strings.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(s) => s.len(),
        other => other.text_len(),
    }
}

impl fmt::Display for Intrinsic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Intrinsic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Intrinsic").field(&self.text).finish()
    }
}

#[cfg(test)]
mod tests;
