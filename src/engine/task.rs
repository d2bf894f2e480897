//! Task states: scheduling a call, its answers, its timeouts.

use std::sync::Arc;
use std::time::Duration;

use crate::asl::machine::{Inner, Operand, State, StateKind, Task};
use crate::asl::{Pattern, Resource, ResourceKind};
use crate::engine::core::Core;
use crate::engine::data::{Fields, Finish, too_large_parameters, too_large_result};
use crate::engine::fault::Fault;
use crate::engine::thread::{Doing, Pending, Thread};
use crate::engine::{Class, Effect, Execution, Step};
use crate::history::{Detail, Scheduled};
use crate::task::{Call, CallId, Outcome, PathStep, TaskError};
use crate::value::{Str, Value};

/// The longest `TimeoutSeconds`, and what counts where none is set.
const LONGEST_SECONDS: i64 = 99_999_999;

impl Execution {
    pub(super) fn call(&mut self, t: &mut Thread, state: &State, task: &Task) -> Result<Step, Fault> {
        let resource = &task.resource;
        let missing = |a: &Str| a == resource.arn();
        if resource.is_activity() && self.core.settings.missing_activities.iter().any(missing) {
            return Err(Fault::Runtime(format!("The activity {} does not exist.", resource.arn())));
        }
        let token = has_token(resource).then(|| self.core.mint_token());
        let mut fields = Fields { token: token.as_ref(), ..Fields::new(&mut self.core, t, state) };
        let input = fields.effective_input()?;
        let parameters = match &task.parameters {
            Some(p) => {
                let states = fields.states();
                fields.payload(p, &input, &states)?
            }
            // An integration called without parameters gets none; a function or worker gets the input.
            None if matches!(resource.kind(), ResourceKind::Service { .. }) => Value::empty_object(),
            None => input.clone(),
        };
        if let Some(seen) = fields.core.seen() {
            seen.after_parameters = Some(parameters.clone());
        }
        let timeout = fields.seconds(task.timeout.as_ref(), "TimeoutSeconds", &input)?;
        let heartbeat = fields.seconds(task.heartbeat.as_ref(), "HeartbeatSeconds", &input)?;
        if let (Some(t), Some(h)) = (timeout, heartbeat)
            && h >= t
        {
            let what = format!("HeartbeatSeconds must be smaller than TimeoutSeconds: {h} is not smaller than {t}");
            return Err(fields.out_of_range(what));
        }
        let role_arn = match &task.role_arn {
            Some(r) => Some(fields.text(r, "Credentials/RoleArn", "RoleArn.$", &input)?),
            None => None,
        };
        let core = &mut self.core;
        if parameters.text_len() > core.settings.limits.payload_bytes {
            return Err(Fault::Error(too_large_parameters(resource.blame())));
        }
        if let Some(refusal) = refused(resource, &parameters) {
            return Err(Fault::Runtime(refusal));
        }
        let scheduled = Scheduled {
            resource: Arc::clone(resource),
            parameters: parameters.clone(),
            region: core.settings.region.clone(),
            timeout_seconds: timeout,
            heartbeat_seconds: heartbeat,
            role_arn: role_arn.clone(),
        };
        t.last = core.push(t.last, Detail::TaskScheduled(Box::new(scheduled)));
        let unstarted = resource.is_activity();
        if !unstarted {
            t.last = core.push(t.last, Detail::TaskStarted(Arc::clone(resource)));
        }
        let serial = core.next_serial();
        let timer =
            |core: &mut Core, s: Option<u64>| s.map(|s| core.set_timer(t.id, Duration::from_secs(s), Class::Timeout));
        let timeout_timer = timer(core, timeout);
        let heartbeat_timer = if unstarted { None } else { timer(core, heartbeat) };
        let call = Call {
            id: CallId { thread: t.id, serial },
            resource: Arc::clone(resource),
            payload: parameters,
            state: Arc::clone(&state.name),
            path: self.path_of(t),
            attempt: t.retry_count,
            entered_event: t.entered,
            token,
            timeout_seconds: timeout,
            heartbeat_seconds: heartbeat,
            role_arn,
        };
        self.core.effect(Effect::Call(Box::new(call)));
        t.doing = Doing::Calling(Box::new(Pending {
            serial,
            resource: Arc::clone(resource),
            timeout_timer,
            heartbeat_timer,
            heartbeat_seconds: heartbeat,
            unstarted,
        }));
        Ok(Step::Parked)
    }

    /// Items and branches around a thread, outermost first.
    pub(super) fn path_of(&self, t: &Thread) -> Vec<PathStep> {
        let mut path = Vec::new();
        let mut parent = t.parent;
        while let Some((id, index)) = parent {
            let Some(p) = self.thread(id) else { break };
            let state = self.core.machine.state(p.state);
            let is_map = matches!(state.kind, StateKind::Map(_));
            path.push(PathStep { state: Arc::clone(&state.name), is_map, index });
            parent = p.parent;
        }
        let settings = &self.core.settings;
        let outer = settings.parent_path.iter().rev().cloned().enumerate();
        path.extend(
            outer.map(|(i, step)| if i == 0 { PathStep { index: settings.parent_index, ..step } } else { step }),
        );
        path.reverse();
        path
    }

    fn take_calling(&mut self, call: CallId) -> Option<Box<Thread>> {
        self.take(call.thread, |t| matches!(&t.doing, Doing::Calling(p) if p.serial == call.serial))
    }

    pub(super) fn call_submitted(&mut self, _machine: &Inner, call: CallId, output: Value) {
        let Some(mut t) = self.take_calling(call) else { return };
        if let Doing::Calling(p) = &t.doing {
            let resource = Arc::clone(&p.resource);
            t.last = self.core.push(t.last, Detail::TaskSubmitted { resource, output });
        }
        self.put(t);
    }

    pub(super) fn worker_started(&mut self, _machine: &Inner, call: CallId, worker: Option<Str>) {
        let Some(mut t) = self.take_calling(call) else { return };
        if let Doing::Calling(p) = &mut t.doing
            && p.unstarted
        {
            p.unstarted = false;
            p.heartbeat_timer =
                p.heartbeat_seconds.map(|s| self.core.set_timer(call.thread, Duration::from_secs(s), Class::Timeout));
            t.last = self.core.push(t.last, Detail::ActivityStarted { worker });
        }
        self.put(t);
    }

    pub(super) fn heartbeat(&mut self, call: CallId) {
        let Some(mut t) = self.take_calling(call) else { return };
        if let Doing::Calling(p) = &mut t.doing
            && let (Some(old), Some(s)) = (p.heartbeat_timer, p.heartbeat_seconds)
        {
            self.core.cancel_timer(call.thread, Some(old));
            p.heartbeat_timer = Some(self.core.set_timer(call.thread, Duration::from_secs(s), Class::Timeout));
        }
        self.put(t);
    }

    pub(super) fn call_done(&mut self, machine: &Inner, call: CallId, outcome: Outcome) {
        let Some(mut t) = self.take_calling(call) else { return };
        let Doing::Calling(p) = std::mem::replace(&mut t.doing, Doing::Retrying) else { return };
        self.core.cancel_timer(t.id, p.timeout_timer);
        self.core.cancel_timer(t.id, p.heartbeat_timer);
        let limits = &self.core.settings.limits;
        let outcome = outcome.and_then(|v| {
            let m = v.measure();
            let fits = m.bytes <= limits.payload_bytes && m.depth <= limits.payload_depth;
            if fits { Ok(v) } else { Err(too_large_result(p.resource.blame())) }
        });
        let worked = match outcome {
            Ok(output) => {
                let done = Detail::TaskSucceeded { resource: Arc::clone(&p.resource), output: output.clone() };
                t.last = self.core.push(t.last, done);
                if let Some(seen) = self.core.seen() {
                    seen.result = Some(output.clone());
                }
                self.finish_task(machine, &mut t, output)
            }
            // The engine's own error, put into a service's mouth: as final as where the engine says it, and written
            // the same way.
            Err(error) if error.name() == "States.Runtime" => Err(Fault::Fatal(error)),
            Err(error) => {
                let failed = Detail::TaskFailed(Box::new((Arc::clone(&p.resource), error.clone())));
                t.last = self.core.push(t.last, failed);
                Err(Fault::Error(error))
            }
        };
        let step = self.after(machine, &mut t, worked);
        self.settle(machine, t, step);
    }

    fn finish_task(&mut self, machine: &Inner, t: &mut Thread, result: Value) -> Result<Step, Fault> {
        let state = machine.state(t.state);
        let StateKind::Task(task) = &state.kind else { return Ok(Step::Parked) };
        let selector = task.result_selector.as_ref();
        self.finish(t, state, Finish { selector, result_path: &task.result_path, ..Finish::of(state, result) })
    }

    pub(super) fn call_timed_out(&mut self, machine: &Inner, call: CallId, heartbeat: bool) {
        let Some(mut t) = self.take_calling(call) else { return };
        let step = self.time_out(machine, &mut t, heartbeat);
        self.settle(machine, t, step);
    }

    /// A task's time is up. Missed heartbeats, too, are written as `States.Timeout`.
    pub(super) fn time_out(&mut self, machine: &Inner, t: &mut Thread, heartbeat: bool) -> Step {
        let Doing::Calling(p) = std::mem::replace(&mut t.doing, Doing::Retrying) else { return Step::Parked };
        self.core.cancel_timer(t.id, p.timeout_timer);
        self.core.cancel_timer(t.id, p.heartbeat_timer);
        self.core.effect(Effect::CancelCall(CallId { thread: t.id, serial: p.serial }));
        let error = TaskError::named("States.Timeout");
        t.last = self.core.push(t.last, Detail::TaskTimedOut(Box::new((p.resource, error))));
        self.handle_fault(machine, t, Fault::Timeout { heartbeat })
    }
}

/// Whether `$$.Task.Token` exists for this resource.
fn has_token(resource: &Resource) -> bool {
    resource.is_activity() || resource.pattern() != Pattern::RequestResponse
}

/// Parameters that the service refuses before it starts the task.
fn refused(resource: &Resource, parameters: &Value) -> Option<String> {
    let service = resource.service();
    if !matches!(service, "apigateway" | "http") {
        return None;
    }
    let forbidden: Vec<String> =
        parameters.get("Headers").and_then(Value::as_object).map_or_else(Vec::new, |headers| {
            let names = headers.keys().map(|name| name.to_ascii_lowercase());
            names.filter(|name| is_forbidden(service, name)).collect()
        });
    if !forbidden.is_empty() {
        let what = format!("The 'Headers' field contains unsupported values: [{}]", forbidden.join(", "));
        return Some(format!("The Parameters '{parameters}' could not be used to start the Task: [{what}]"));
    }
    if service == "http" {
        return None;
    }
    let is_list = |v: &Value| v.as_array().is_some();
    let wrong =
        |field: &&str| parameters.get(field).is_some_and(|v| !v.as_object().is_some_and(|o| o.values().all(is_list)));
    let fields: Vec<String> = ["Headers", "QueryParameters"]
        .iter()
        .filter(|f| wrong(f))
        .map(|f| format!("The value of the field '{f}' has an invalid format"))
        .collect();
    (!fields.is_empty())
        .then(|| format!("The Parameters '{parameters}' could not be used to start the Task: [{}]", fields.join(", ")))
}

/// Whether a task must not set a header of this name, in small letters.
fn is_forbidden(service: &str, name: &str) -> bool {
    const BOTH: [&str; 11] = [
        "authorization",
        "connection",
        "content-md5",
        "expect",
        "host",
        "max-forwards",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    const HTTP: [&str; 22] = [
        "a-im",
        "accept-charset",
        "accept-datetime",
        "accept-encoding",
        "cache-control",
        "content-encoding",
        "date",
        "forwarded",
        "from",
        "http2-settings",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "origin",
        "pragma",
        "proxy-authorization",
        "referer",
        "via",
        "warning",
        "x-forwarded",
    ];
    const GATEWAY: [&str; 3] = ["proxy-authenticate", "via", "www-authenticate"];
    let own = if service == "http" { &HTTP[..] } else { &GATEWAY[..] };
    let starts = ["x-forwarded-", "x-amz-", "x-amzn-"].iter().any(|start| name.starts_with(start));
    starts || BOTH.contains(&name) || own.contains(&name)
}

impl Fields<'_> {
    fn seconds(&mut self, operand: Option<&Operand<u64>>, field: &str, input: &Value) -> Result<Option<u64>, Fault> {
        let Some(operand) = operand else { return Ok(None) };
        let n = self.whole(operand, field, input)?;
        if !(1..=LONGEST_SECONDS).contains(&n) {
            return Err(self.out_of_range(format!("The {field} value must be between 1 and {LONGEST_SECONDS}: {n}")));
        }
        Ok(Some(n.unsigned_abs()))
    }
}

impl Core {
    /// A fresh task token: opaque text, the same for the same seed.
    fn mint_token(&mut self) -> Str {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut token = String::with_capacity(88);
        token.push_str("AQC");
        for _ in 0..8 {
            let mut bits = self.random.next_u64();
            for _ in 0..10 {
                token.push(char::from(ALPHABET[(bits & 63) as usize]));
                bits >>= 6;
            }
        }
        token.push('=');
        token.into()
    }
}
