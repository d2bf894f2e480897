//! Data flow: what a state sees, what it hands on, what it assigns.

use std::sync::Arc;

use crate::asl::machine::{Catcher, InOutPath, Operand, Payload, QueryLanguage, ResultPath, State, Text, Transition};
use crate::asl::spots::Spot;
use crate::asl::ways::Way;
use crate::engine::core::Core;
use crate::engine::env::Surroundings;
use crate::engine::fault::{Fault, invalid_path};
use crate::engine::thread::{Doing, MapItem, Thread};
use crate::engine::{Execution, Step};
use crate::expr::choice::Rule;
use crate::expr::jsonata::{Expression, States};
use crate::expr::jsonata_template::{self, JsonataTemplate};
use crate::history::Detail;
use crate::task::TaskError;
use crate::value::{Str, Value};

/// Evaluates the fields of one state on one thread.
pub(super) struct Fields<'a> {
    pub core: &'a mut Core,
    pub thread: &'a Thread,
    pub state: &'a State,
    pub item: Option<&'a MapItem>,
    pub token: Option<&'a Str>,
}

/// Variables assigned on the way out of a state, with the values they get.
pub(super) type Assigned = Option<Arc<Vec<(Str, Value)>>>;

impl<'a> Fields<'a> {
    pub(super) fn new(core: &'a mut Core, thread: &'a Thread, state: &'a State) -> Self {
        Fields { core, thread, state, item: None, token: None }
    }
    fn env(&mut self) -> Surroundings<'_> {
        Surroundings { core: self.core, thread: self.thread, state: self.state, item: self.item, token: self.token }
    }
    pub(super) fn is_jsonata(&self) -> bool {
        self.state.query_language == QueryLanguage::Jsonata
    }
    /// The effective input: `InputPath` applied to the raw one.
    pub(super) fn effective_input(&mut self) -> Result<Value, Fault> {
        let (state, thread) = (self.state, self.thread);
        let input = self.in_out(&state.input_path, &thread.input)?;
        if let Some(seen) = self.core.seen() {
            seen.after_input_path = Some(input.clone());
        }
        Ok(input)
    }
    pub(super) fn in_out(&mut self, path: &InOutPath, value: &Value) -> Result<Value, Fault> {
        match path {
            InOutPath::Whole => Ok(value.clone()),
            InOutPath::Nothing => Ok(Value::empty_object()),
            InOutPath::Path(p) => p.select(value, &self.env()).map_err(|e| invalid_path(p.as_str(), &e)),
        }
    }
    /// `$states` for a state that has no result (yet). JSONPath has none.
    pub(super) fn states(&self) -> States {
        if !self.is_jsonata() {
            return States::default();
        }
        States { input: self.thread.input.clone(), result: None, error_output: None }
    }
    /// A payload template or JSONata template; `input` is what `$` means in JSONPath.
    pub(super) fn payload(&mut self, payload: &Payload, input: &Value, states: &States) -> Result<Value, Fault> {
        match payload {
            Payload::JsonPath(t) => Ok(t.evaluate(input, &mut self.env())?),
            Payload::Jsonata(t) => self.jsonata(t, states),
        }
    }
    pub(super) fn jsonata(&mut self, template: &JsonataTemplate, states: &States) -> Result<Value, Fault> {
        Ok(template.evaluate(states, &mut self.env())?)
    }
    pub(super) fn expression(&mut self, e: &Expression, field: &str) -> Result<Value, Fault> {
        let states = self.states();
        Ok(jsonata_template::evaluate(e, field, &states, &mut self.env())?)
    }
    /// A value that cannot be used: final in JSONPath, a failed evaluation in JSONata.
    pub(super) fn out_of_range(&self, message: String) -> Fault {
        if self.is_jsonata() { Fault::query(message) } else { Fault::Runtime(message) }
    }
    /// A text field such as `Error`, `Cause`, `RoleArn`; in JSONPath its path stands in a field of its own name, which
    /// `path_field` is.
    pub(super) fn text(&mut self, text: &Text, field: &str, path_field: &str, input: &Value) -> Result<Str, Fault> {
        let value = match text {
            Text::Constant(s) => return Ok(s.clone()),
            Text::Path(p) => {
                let value = p.evaluate(path_field, input, &mut self.env())?;
                return Ok(match value {
                    Value::String(s) => s,
                    other => other.to_string().into(),
                });
            }
            Text::Jsonata(e) => (e, self.expression(e, field)?),
        };
        match value {
            (_, Value::String(s)) => Ok(s),
            (e, other) => Err(jsonata_template::wrong_type(e, field, "string", &other).into()),
        }
    }
    /// A whole number of zero or more. `noun` describes what a path must refer to, e.g. `integer`.
    pub(super) fn whole(&mut self, operand: &Operand<u64>, field: &str, input: &Value) -> Result<i64, Fault> {
        match operand {
            Operand::Constant(n) => Ok(i64::try_from(*n).unwrap_or(i64::MAX)),
            Operand::Path(p) => {
                let value = p.select(input, &self.env()).map_err(|e| invalid_path(p.as_str(), &e))?;
                spelled(&value).parse().map_err(|_| not_a(field, "integer", p.as_str(), &value))
            }
            Operand::Jsonata(e) => {
                let value = self.expression(e, field)?;
                value.as_whole().ok_or_else(|| jsonata_template::wrong_type(e, field, "integer", &value).into())
            }
        }
    }
    /// Any number.
    pub(super) fn number(&mut self, operand: &Operand<f64>, field: &str, input: &Value) -> Result<f64, Fault> {
        match operand {
            Operand::Constant(n) => Ok(*n),
            Operand::Path(p) => {
                let value = p.select(input, &self.env()).map_err(|e| invalid_path(p.as_str(), &e))?;
                spelled(&value).parse().map_err(|_| not_a(field, "float", p.as_str(), &value))
            }
            Operand::Jsonata(e) => {
                let value = self.expression(e, field)?;
                value.as_f64().ok_or_else(|| jsonata_template::wrong_type(e, field, "number", &value).into())
            }
        }
    }
    /// Whether a JSONPath Choice rule holds.
    pub(super) fn rule(&mut self, rule: &Rule, input: &Value) -> Result<bool, Fault> {
        Ok(rule.matches(input, &self.env())?)
    }
    pub(super) fn path(&mut self, p: &crate::expr::query_path::QueryPath, input: &Value) -> Result<Value, Fault> {
        p.select(input, &self.env()).map_err(|e| invalid_path(p.as_str(), &e))
    }
    /// `Assign`: variables and their values, all evaluated before any is set.
    pub(super) fn assign(
        &mut self,
        assign: Option<&Payload>,
        input: &Value,
        states: &States,
    ) -> Result<Assigned, Fault> {
        let Some(assign) = assign else { return Ok(None) };
        let value = self.payload(assign, input, states)?;
        let limits = &self.core.settings.limits;
        let too_large = |what: String| Fault::Fatal(TaskError::new("States.DataLimitExceeded", what));
        if value.text_len() > limits.variable_bytes {
            let what = format!(
                "The state/task '{}' assigned variables with a size exceeding the maximum number of bytes service limit.",
                self.state.name
            );
            return Err(too_large(what));
        }
        let members = value.as_object().filter(|o| !o.is_empty());
        Ok(members.map(|o| Arc::new(o.iter().map(|(k, v)| (k.clone(), v.clone())).collect())))
    }
}

/// `The MaxConcurrencyPath field refers to value "NoNumber" which is not a valid integer: $.p`
fn not_a(field: &str, noun: &str, path: &str, value: &Value) -> Fault {
    let shown = spelled(value);
    Fault::Runtime(format!("The {field}Path field refers to value \"{shown}\" which is not a valid {noun}: {path}"))
}

/// A value as the service spells it before it reads a number from it: a string that holds a number will do.
pub(super) fn spelled(value: &Value) -> String {
    match value {
        Value::String(s) => s.to_string(),
        other => other.to_string(),
    }
}

/// What a state's work gave, and which fields shape it.
pub(super) struct Finish<'a> {
    /// What JSONPath fields and `$states.result` look at.
    pub result: Value,
    /// JSONata: whether the state has a result at all; where not, its default output is its input.
    pub has_result: bool,
    pub selector: Option<&'a Payload>,
    pub result_path: &'a ResultPath,
    pub output: Option<&'a JsonataTemplate>,
    pub assign: Option<&'a Payload>,
    pub transition: Transition,
    /// By which field the state is left, where it leads on.
    pub way: Way,
}

impl<'a> Finish<'a> {
    /// The usual: the state's own `Output`, `Assign` and transition.
    pub(super) fn of(state: &'a State, result: Value) -> Self {
        Finish {
            result,
            has_result: true,
            selector: None,
            result_path: &ResultPath::Replace,
            output: state.output.as_ref(),
            assign: state.assign.as_ref(),
            transition: state.transition,
            way: Way::Next,
        }
    }
}

impl Execution {
    /// Takes a state's result through `ResultSelector`, `ResultPath`, `OutputPath`, or `Output`; assigns; leaves.
    pub(super) fn finish(&mut self, t: &mut Thread, state: &State, f: Finish<'_>) -> Result<Step, Fault> {
        let mut fields = Fields::new(&mut self.core, t, state);
        let (output, assigned) = if fields.is_jsonata() {
            let mut states = fields.states();
            states.result = f.has_result.then(|| f.result.clone());
            let output = match f.output {
                Some(template) => fields.jsonata(template, &states)?,
                None => f.result,
            };
            (output, fields.assign(f.assign, &Value::Null, &states)?)
        } else {
            let states = fields.states();
            let result = match f.selector {
                Some(selector) => fields.payload(selector, &f.result, &states)?,
                None => f.result,
            };
            if let Some(seen) = fields.core.seen() {
                seen.after_result_selector = Some(result.clone());
            }
            let assigned = fields.assign(f.assign, &result, &states)?;
            let merged = place(f.result_path, &t.input, result)?;
            if let Some(seen) = fields.core.seen() {
                seen.after_result_path = Some(merged.clone());
            }
            (fields.in_out(&state.output_path, &merged)?, assigned)
        };
        self.core.check_size(state, &output)?;
        self.leave(t, state, output, assigned, (f.way, f.transition))
    }

    /// Leaves a state through one of its catchers, which gets this value.
    pub(super) fn finish_caught(
        &mut self,
        t: &mut Thread,
        state: &State,
        (i, catcher): (usize, &Catcher),
        value: Value,
    ) -> Result<Step, Fault> {
        let mut fields = Fields::new(&mut self.core, t, state);
        let mut states = fields.states();
        let (output, assigned) = if fields.is_jsonata() {
            states.error_output = Some(value.clone());
            let output = match &catcher.output {
                Some(template) => fields.jsonata(template, &states)?,
                None => value.clone(),
            };
            (output, fields.assign(catcher.assign.as_ref(), &value, &states)?)
        } else {
            let assigned = fields.assign(catcher.assign.as_ref(), &value, &states)?;
            (place(&catcher.result_path, &t.input, value)?, assigned)
        };
        self.core.check_size(state, &output)?;
        self.leave(t, state, output, assigned, (Way::Catch(i), Transition::Next(catcher.next)))
    }

    /// Writes the Exited event and moves the thread on.
    fn leave(
        &mut self,
        t: &mut Thread,
        state: &State,
        output: Value,
        assigned: Assigned,
        (way, transition): (Way, Transition),
    ) -> Result<Step, Fault> {
        for (name, value) in assigned.iter().flat_map(|a| a.iter()) {
            t.scope.set(name.clone(), value.clone());
        }
        if assigned.is_some() && t.scope.bytes() > self.core.settings.limits.all_variables_bytes {
            let what = "The variables of the execution exceed the maximum total size of 10 MiB.";
            return Err(Fault::Fatal(TaskError::new("States.DataLimitExceeded", what)));
        }
        let exited = Detail::StateExited {
            state_type: state.state_type(),
            name: state.name.clone(),
            output: output.clone(),
            assigned,
        };
        t.last = self.core.push(t.last, exited);
        if let Some(probe) = self.core.probe.as_deref_mut() {
            // Only this one state is looked at.
            if let Transition::Next(next) = transition {
                probe.seen.next = Some(self.core.machine.state(next).name.clone());
            }
            probe.seen.output = Some(output.clone());
            return Ok(Step::Ended(output));
        }
        Ok(match transition {
            Transition::Next(next) => {
                self.core.reached(t.state, state, Spot::Left(way));
                t.state = next;
                t.input = output;
                t.doing = Doing::Entering;
                Step::Ready
            }
            Transition::End => Step::Ended(output),
        })
    }
}

impl Core {
    /// The limit on what one state hands to the next.
    pub(super) fn check_size(&self, state: &State, output: &Value) -> Result<(), Fault> {
        let (limits, m) = (&self.settings.limits, output.measure());
        if m.bytes > limits.payload_bytes {
            return Err(Fault::Fatal(too_large_result(&state.name)));
        }
        if m.depth > limits.payload_depth {
            return Err(Fault::Runtime(format!("The output nests more than {} levels deep.", limits.payload_depth)));
        }
        Ok(())
    }
}

pub(super) fn too_large_result(what: &str) -> TaskError {
    TaskError::new(
        "States.DataLimitExceeded",
        format!(
            "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
        ),
    )
}

pub(super) fn too_large_parameters(what: &str) -> TaskError {
    TaskError::new(
        "States.DataLimitExceeded",
        format!(
            "The state/task '{what}' provided parameters with a size exceeding the maximum number of bytes service limit."
        ),
    )
}

/// Puts a result where `ResultPath` says.
fn place(path: &ResultPath, input: &Value, result: Value) -> Result<Value, Fault> {
    match path {
        ResultPath::Replace => Ok(result),
        ResultPath::Discard => Ok(input.clone()),
        ResultPath::Put(p) => p.put(input.clone(), result).map_err(|_| {
            let cause = format!("Unable to apply ReferencePath {} to input {input}", p.as_str());
            Fault::Error(TaskError::new("States.ResultPathMatchFailure", cause))
        }),
    }
}
