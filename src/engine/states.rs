//! The work of each state type, and what happens when it fails.

use std::sync::Arc;
use std::time::Duration;

use crate::asl::machine::{
    Choice, Condition, Fail, Inner, Operand, Parallel, Pass, Payload, ResultPath, State, StateKind, Transition, Wait,
};
use crate::asl::spots::Spot;
use crate::asl::ways::Way;
use crate::engine::block::{Block, ParallelBlock};
use crate::engine::data::{Fields, Finish, spelled};
use crate::engine::fault::{Failed, Fault, Query, prefixed};
use crate::engine::retry::{self, Failure};
use crate::engine::thread::{Doing, Thread};
use crate::engine::{Class, Execution, Step};
use crate::expr::jsonata_template::wrong_type;
use crate::history::{Detail, Evaluation};
use crate::task::TaskError;
use crate::time::Timestamp;
use crate::value::{Str, Value};

impl Execution {
    /// Does a state's work, from the beginning: on entering, and again on every retry.
    pub(super) fn work(&mut self, machine: &Inner, t: &mut Thread) -> Result<Step, Fault> {
        let state = machine.state(t.state);
        match &state.kind {
            StateKind::Pass(pass) => self.pass(t, state, pass),
            StateKind::Task(task) => self.call(t, state, task),
            StateKind::Choice(choice) => self.choose(t, state, choice),
            StateKind::Wait(wait) => self.wait(t, state, wait),
            StateKind::Succeed => {
                let input = Fields::new(&mut self.core, t, state).effective_input()?;
                self.finish(
                    t,
                    state,
                    Finish { has_result: false, transition: Transition::End, ..Finish::of(state, input) },
                )
            }
            StateKind::Fail(fail) => self.fail(t, state, fail),
            StateKind::Parallel(parallel) => self.fork(t, state, parallel),
            StateKind::Map(map) => match &map.distributed {
                None => self.start_map(t, state, map),
                Some(distributed) => self.start_run(t, state, map, distributed),
            },
        }
    }

    fn pass(&mut self, t: &mut Thread, state: &State, pass: &Pass) -> Result<Step, Fault> {
        let mut fields = Fields::new(&mut self.core, t, state);
        let result = match (&pass.result, &pass.parameters) {
            (Some(result), None) => result.clone(),
            (result, parameters) => {
                let input = fields.effective_input()?;
                match parameters {
                    Some(p) => {
                        let states = fields.states();
                        let value = fields.payload(p, &input, &states)?;
                        result.clone().unwrap_or(value)
                    }
                    None => input,
                }
            }
        };
        if let Some(seen) = self.core.seen() {
            match &pass.result {
                // The service shows nothing of what comes before a constant.
                Some(constant) => (seen.result, seen.after_input_path) = (Some(constant.clone()), None),
                None => seen.after_parameters = Some(result.clone()),
            }
        }
        let done = Finish { has_result: false, result_path: &pass.result_path, ..Finish::of(state, result) };
        self.finish(t, state, done)
    }

    fn choose(&mut self, t: &mut Thread, state: &State, choice: &Choice) -> Result<Step, Fault> {
        let mut fields = Fields::new(&mut self.core, t, state);
        let input = fields.effective_input()?;
        let mut chosen = None;
        for (i, rule) in choice.rules.iter().enumerate() {
            let holds = match &rule.condition {
                Condition::Constant(truth) => *truth,
                Condition::JsonPath(r) => fields.rule(r, &input)?,
                Condition::Jsonata(e) => {
                    let field = format!("Choices[{i}]/Condition");
                    match fields.expression(e, &field)? {
                        Value::Bool(truth) => truth,
                        other => return Err(wrong_type(e, &field, "boolean", &other).into()),
                    }
                }
            };
            if holds {
                chosen = Some((i, rule));
                break;
            }
        }
        let base = Finish { has_result: false, ..Finish::of(state, input) };
        let done = match (chosen, choice.default) {
            // A rule that matches brings its own Assign and Output; the state's are for the Default.
            (Some((i, rule)), _) => Finish {
                assign: rule.assign.as_ref(),
                output: rule.output.as_ref(),
                transition: Transition::Next(rule.next),
                way: Way::Rule(i),
                ..base
            },
            (None, Some(default)) => Finish { transition: Transition::Next(default), way: Way::Default, ..base },
            (None, None) => {
                let text = "Failed to transition out of the state. The state does not point to a next state.";
                return Err(Fault::Runtime(text.into()));
            }
        };
        self.finish(t, state, done)
    }

    fn wait(&mut self, t: &mut Thread, state: &State, wait: &Wait) -> Result<Step, Fault> {
        let limit = self.core.settings.limits.wait_seconds;
        let now = self.core.now;
        let mut fields = Fields::new(&mut self.core, t, state);
        let delay = match wait {
            Wait::Seconds(operand) => {
                let seconds = fields.wait_seconds(operand)?;
                if seconds > limit {
                    return Err(fields.out_of_range("Wait state delay is too long.".into()));
                }
                Duration::from_secs(seconds.unsigned_abs())
            }
            Wait::Timestamp(operand) => {
                let until = fields.wait_timestamp(operand)?;
                let millis = until.as_millis().saturating_sub(now.as_millis()).max(0);
                if millis / 1000 > limit {
                    return Err(fields.out_of_range("Wait state delay is too long.".into()));
                }
                Duration::from_millis(millis.unsigned_abs())
            }
        };
        let timer = self.core.set_timer(t.id, delay, Class::Completion);
        t.doing = Doing::Waiting { timer };
        Ok(Step::Parked)
    }

    /// A Wait state's time has come.
    pub(super) fn finish_wait(&mut self, machine: &Inner, t: &mut Thread) -> Result<Step, Fault> {
        let state = machine.state(t.state);
        let input = Fields::new(&mut self.core, t, state).effective_input()?;
        self.finish(t, state, Finish { has_result: false, ..Finish::of(state, input) })
    }

    fn fail(&mut self, t: &mut Thread, state: &State, fail: &Fail) -> Result<Step, Fault> {
        let mut fields = Fields::new(&mut self.core, t, state);
        let input = fields.effective_input()?;
        let error = fail.error.as_ref().map(|e| fields.text(e, "Error", "ErrorPath", &input)).transpose()?;
        let cause = fail.cause.as_ref().map(|c| fields.text(c, "Cause", "CausePath", &input)).transpose()?;
        Err(Fault::Error(TaskError { error, cause }))
    }

    fn fork(&mut self, t: &mut Thread, state: &State, parallel: &Parallel) -> Result<Step, Fault> {
        let mut fields = Fields::new(&mut self.core, t, state);
        let input = fields.effective_input()?;
        let input = match &parallel.parameters {
            Some(p) => {
                let states = fields.states();
                fields.payload(p, &input, &states)?
            }
            None => input,
        };
        t.last = self.core.push(t.last, Detail::ParallelStateStarted);
        if self.core.probe.is_some() {
            return self.finish_stood_in(t, state, parallel.result_selector.as_ref(), &parallel.result_path);
        }
        let members = parallel
            .branches
            .iter()
            .enumerate()
            .map(|(i, flow)| self.spawn(Some((t.id, i)), *flow, input.clone(), t.last, t.scope.inner(), t.item.clone()))
            .collect::<Vec<_>>();
        let results = vec![Value::Null; members.len()];
        t.doing = Doing::Block(Box::new(Block::Parallel(ParallelBlock { members, results })));
        Ok(Step::Parked)
    }

    /// A failure meets Retry, then Catch; what nothing takes leaves the thread.
    pub(super) fn handle_fault(&mut self, machine: &Inner, t: &mut Thread, fault: Fault) -> Step {
        let state = machine.state(t.state);
        let timed_out = matches!(fault, Fault::Timeout { .. });
        let from_block = matches!(fault, Fault::Member(_));
        // The block's own Failed event is written unless the service refused the state before it began.
        let closes_block = !matches!(fault, Fault::Runtime(_) | Fault::Fatal(_));
        self.stop_block(machine, t);
        let failed = self.failed(t, state, fault);
        self.note_timeout(t, state, &failed);
        if !failed.fatal {
            let failure = Failure { name: failed.error.name(), heartbeat: failed.heartbeat, from_block };
            if let Some(seen) = self.core.seen() {
                seen.error = Some(failed.error.clone());
                seen.retrier = retry::first_with(&state.retry, failure);
            }
            if let Some(i) = retry::retrier(&state.retry, &t.retries, failure) {
                self.core.reached(t.state, state, Spot::Retried(i));
                return match self.back_off(t, state, i) {
                    // Whoever looks at this one state hears of the next attempt and does not wait for it.
                    Step::Parked if self.core.probe.is_some() => Step::Failed(failed),
                    step => step,
                };
            }
            if let Some(i) = retry::first_with(&state.retry, failure) {
                self.core.reached(t.state, state, Spot::Exhausted(i));
            }
            if let Some((i, catcher)) = retry::catcher(&state.catch, failure) {
                if let Some(seen) = self.core.seen() {
                    seen.catcher = Some(i);
                }
                self.close_block(t, state, closes_block);
                let mut value = failed.error.to_value();
                if timed_out && let Some(members) = value.as_object_mut() {
                    // The history has no cause for a timeout; a Catcher gets an empty one.
                    members.insert("Cause", "");
                }
                return match self.finish_caught(t, state, (i, catcher), value) {
                    Ok(step) => step,
                    Err(nested) => {
                        let nested = self.failed(t, state, nested);
                        Step::Failed(Failed { fatal: true, ..nested })
                    }
                };
            }
        }
        self.close_block(t, state, closes_block);
        Step::Failed(failed)
    }

    /// Counts the time limits of tasks that run out, by themselves or because a fault says so.
    fn note_timeout(&mut self, t: &Thread, state: &State, failed: &Failed) {
        let spot = match failed.error.name() {
            "States.HeartbeatTimeout" => Spot::HeartbeatMissed,
            "States.Timeout" if failed.heartbeat => Spot::HeartbeatMissed,
            "States.Timeout" => Spot::TimedOut,
            _ => return,
        };
        self.core.reached(t.state, state, spot);
    }

    fn back_off(&mut self, t: &mut Thread, state: &State, i: usize) -> Step {
        t.retries.resize(state.retry.len(), 0);
        let random = &mut self.core.random;
        let delay = retry::delay(&state.retry[i], t.retries[i], || random.next_f64());
        if let Some(seen) = self.core.seen() {
            seen.backoff = Some(delay);
        }
        t.retries[i] += 1;
        t.retry_count += 1;
        let timer = self.core.set_timer(t.id, delay, Class::Completion);
        t.doing = Doing::BackingOff { timer };
        Step::Parked
    }

    fn close_block(&mut self, t: &mut Thread, state: &State, closes: bool) {
        let detail = match state.kind {
            StateKind::Map(_) => Detail::MapStateFailed,
            StateKind::Parallel(_) => Detail::ParallelStateFailed,
            _ => return,
        };
        if closes {
            t.last = self.core.push(t.last, detail);
        }
    }

    /// Words and weight of a fault; an evaluation that failed is written down.
    fn failed(&mut self, t: &mut Thread, state: &State, fault: Fault) -> Failed {
        let at = |message: &str| prefixed(&state.name, t.entered, message);
        match fault {
            Fault::Runtime(message) => {
                Failed { error: TaskError::new("States.Runtime", at(&message)), fatal: true, heartbeat: false }
            }
            Fault::Fatal(error) => Failed { error, fatal: true, heartbeat: false },
            Fault::Error(error) => Failed { error, fatal: false, heartbeat: false },
            Fault::Timeout { heartbeat } => {
                Failed { error: TaskError::named("States.Timeout"), fatal: false, heartbeat }
            }
            Fault::Member(failed) => failed,
            Fault::Query(Query { location, message, after_entered }) => {
                let (error, cause) = (Str::from("States.QueryEvaluationError"), Str::from(at(&message)));
                let evaluation = Evaluation {
                    error: error.clone(),
                    cause: cause.clone(),
                    location: location.map(Str::from),
                    state: state.name.clone(),
                };
                let previous = if after_entered { t.entered } else { t.entered_previous };
                t.last = self.core.push(previous, Detail::EvaluationFailed(Box::new(evaluation)));
                Failed { error: TaskError { error: Some(error), cause: Some(cause) }, fatal: false, heartbeat: false }
            }
        }
    }

    /// The last member of a block has ended: the state goes on behind it.
    pub(super) fn finish_block(
        &mut self,
        t: &mut Thread,
        state: &State,
        result: Value,
        selector: Option<&Payload>,
        result_path: &ResultPath,
    ) -> Result<Step, Fault> {
        self.finish(t, state, Finish { selector, result_path, ..Finish::of(state, result) })
    }
}

impl Fields<'_> {
    fn wait_seconds(&mut self, operand: &Operand<u64>) -> Result<i64, Fault> {
        let input = self.effective_input()?;
        match operand {
            Operand::Constant(n) => Ok(i64::try_from(*n).unwrap_or(i64::MAX)),
            Operand::Path(p) => {
                let path = p.as_str();
                let Some(value) = self.path(p, &input).ok().filter(|v| !v.is_null()) else {
                    return Err(Fault::Runtime(format!(
                        "The SecondsPath parameter does not reference an input value: {path}"
                    )));
                };
                let text = spelled(&value);
                match text.parse::<i64>() {
                    Ok(n) if n < 0 => Err(Fault::Runtime(format!(
                        "The SecondsPath parameter references a negative value: {path} == {n}"
                    ))),
                    Ok(n) => Ok(n),
                    Err(_) => Err(Fault::Runtime(format!(
                        "The SecondsPath parameter cannot be parsed as a long value: {path} == {text}"
                    ))),
                }
            }
            Operand::Jsonata(e) => {
                let value = self.expression(e, "Seconds")?;
                match value.as_whole() {
                    Some(n) if n < 0 => {
                        Err(Fault::query(format!("The Seconds field references a negative value: {n}")))
                    }
                    Some(n) => Ok(n),
                    None => Err(wrong_type(e, "Seconds", "integer", &value).into()),
                }
            }
        }
    }

    fn wait_timestamp(&mut self, operand: &Operand<Str>) -> Result<Timestamp, Fault> {
        let input = self.effective_input()?;
        match operand {
            Operand::Constant(text) => Timestamp::parse(text)
                .ok_or_else(|| Fault::Runtime(format!("The Timestamp parameter is no timestamp: {text}"))),
            Operand::Path(p) => {
                let path = p.as_str();
                let Ok(value) = self.path(p, &input) else {
                    return Err(Fault::Runtime(format!(
                        "The TimestampPath parameter does not reference an input value: {path}"
                    )));
                };
                value.as_str().and_then(Timestamp::parse).ok_or_else(|| {
                    Fault::Runtime(format!(
                        "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time \
                         format string: {path} == {}",
                        spelled(&value)
                    ))
                })
            }
            Operand::Jsonata(e) => {
                let value = self.expression(e, "Timestamp")?;
                let Value::String(text) = &value else {
                    return Err(wrong_type(e, "Timestamp", "string", &value).into());
                };
                Timestamp::parse(text).ok_or_else(|| {
                    Fault::Query(Query {
                        location: Some("Timestamp".into()),
                        message: format!(
                            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format \
                             string: {text}"
                        ),
                        after_entered: true,
                    })
                })
            }
        }
    }
}

/// Shares a block's results as one array.
pub(super) fn results(list: &mut Vec<Value>) -> Value {
    Value::array(std::mem::take(list))
}

/// The name of a state as an `Arc`, for events.
pub(super) fn name_of(state: &State) -> Str {
    Arc::clone(&state.name)
}
