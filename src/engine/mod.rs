//! The engine: a pure state machine that runs state machines.
//!
//! [`Execution::handle`] takes what happened and the instant at which it happened; [`Execution::next_effect`] gives
//! what the world should do about it. There is no clock, no I/O and no hidden randomness in here, so the same inputs
//! at the same instants with the same seed write the same history byte for byte.
//!
//! Laws, which the property tests check:
//!
//! * event ids are dense, and every `previousEventId` names an earlier event or 0;
//! * exactly one terminal event is written, and it is the last;
//! * time in the history never goes back;
//! * after [`Effect::Finished`] there is no further effect and input is ignored;
//! * a workflow's failure is a value ([`Status::Failed`]), never an `Err`.

mod block;
mod children;
mod core;
mod data;
mod env;
mod fault;
mod limits;
mod map;
mod map_run;
mod message;
mod probe;
pub(crate) mod reader;
pub(crate) mod retry;
mod settings;
mod states;
mod tally;
mod task;
mod thread;

pub use limits::Limits;
pub use map_run::{ChildResult, ChildSpec, ReadItems, RunId, WriteResults};
pub use message::{Class, Effect, Input, Status, TimerId};
pub(crate) use probe::{Probe, Seen};
pub use settings::Settings;
pub use tally::Tally;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::asl::Machine;
use crate::asl::machine::{Flow, Inner, MachineType};
use crate::asl::spots::Spot;
use crate::history::{Detail, History, Started};
use crate::task::TaskError;
use crate::time::Timestamp;
use crate::value::{Str, Value};
use core::{Core, NO_THREAD};
use thread::{Doing, Scope, Thread};

/// One execution of a machine. See the [module's words](self) on how to drive it; most people want
/// [`Harness`](crate::Harness), which does.
pub struct Execution {
    pub(in crate::engine) core: Core,
    threads: Vec<Option<Box<Thread>>>,
    free: Vec<u32>,
    ready: VecDeque<(u32, u32)>,
}

/// What a thread does after a step.
pub(in crate::engine) enum Step {
    /// Goes on at once.
    Ready,
    /// Waits for a timer, a call or its children.
    Parked,
    /// Reached its end with this output.
    Ended(Value),
    /// Failed, and nothing in the thread itself handled it.
    Failed(fault::Failed),
}

impl Execution {
    /// A fresh execution; nothing happens before [`Input::Start`].
    pub fn new(machine: &Machine, settings: Arc<Settings>, input: Value) -> Self {
        Self::of_flow(Arc::clone(&machine.inner), machine.inner.root, settings, input)
    }
    /// A child execution of a distributed Map.
    pub fn child(machine: &Machine, spec: &ChildSpec, settings: Arc<Settings>) -> Self {
        Self::of_flow(Arc::clone(&machine.inner), spec.flow, settings, spec.input.clone())
    }
    /// An execution that runs its first state alone and shows what happens in it.
    pub(crate) fn probed(machine: &Machine, settings: Arc<Settings>, input: Value, probe: Probe) -> Self {
        let mut execution = Self::new(machine, settings, input);
        execution.core.probe = Some(Box::new(probe));
        execution
    }
    fn of_flow(machine: Arc<Inner>, flow: Flow, settings: Arc<Settings>, input: Value) -> Self {
        Execution {
            core: Core::new(machine, flow, settings, input),
            threads: Vec::new(),
            free: Vec::new(),
            ready: VecDeque::new(),
        }
    }
    /// Takes in what happened at `now`, which is never before the `now` of an earlier call.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        if self.core.status != Status::Running {
            return;
        }
        if now > self.core.now {
            self.core.now = now;
            self.core.quiet_since = self.core.history.len();
        }
        let machine = Arc::clone(&self.core.machine);
        if let Some(end) = self.core.overdue() {
            self.core.now = end;
            return self.end(Status::TimedOut(TaskError::named("States.Timeout")));
        }
        match input {
            Input::Start => self.start(),
            Input::TimerFired(id) if id.thread == NO_THREAD => {
                if self.core.timeout_timer == Some(id.serial) {
                    self.core.note_timeout();
                    self.end(Status::TimedOut(TaskError::named("States.Timeout")));
                }
            }
            Input::TimerFired(id) => self.timer_fired(&machine, id),
            Input::Submitted(call, output) => self.call_submitted(&machine, call, output),
            Input::WorkerStarted(call, worker) => self.worker_started(&machine, call, worker),
            Input::Heartbeat(call) => self.heartbeat(call),
            Input::Done(call, outcome) => self.call_done(&machine, call, outcome),
            Input::TimedOut { call, heartbeat } => self.call_timed_out(&machine, call, heartbeat),
            Input::ItemsRead(run, read) => self.items_read(&machine, run, read),
            Input::ChildDone(run, index, outcome) => self.child_done(&machine, run, index, outcome),
            Input::ResultsWritten(run, written) => self.results_written(&machine, run, written),
            Input::Tick => {}
            Input::Stop(error) => self.end(Status::Aborted(error)),
        }
        self.run(&machine);
    }
    /// The next thing to do in the world, in order.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.core.effects.pop_front()
    }
    /// Whether it runs, and how it ended.
    pub fn status(&self) -> &Status {
        &self.core.status
    }
    /// What happened so far.
    pub fn history(&self) -> &History {
        &self.core.history
    }
    /// Gives the history away, once the execution is over.
    pub fn into_history(mut self) -> History {
        self.core.history.shrink();
        self.core.history
    }
    /// The settings it runs under.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.core.settings
    }
    /// The execution's input.
    pub fn input(&self) -> &Value {
        &self.core.input
    }
    /// When it started.
    pub fn started_at(&self) -> Timestamp {
        self.core.started_at
    }
    /// Names of the states that are entered and not left, outermost first.
    pub fn active_states(&self) -> Vec<Str> {
        self.threads.iter().flatten().map(|t| self.core.machine.state(t.state).name.clone()).collect()
    }
    /// The variables of the main line of control, as they are or were at the end.
    pub fn last_variables(&self) -> Vec<(Str, Value)> {
        match self.threads.first().and_then(Option::as_deref) {
            Some(root) => root.scope.all(),
            None => self.core.last_scope.all(),
        }
    }
    /// The machine that runs.
    pub fn machine(&self) -> Machine {
        Machine { inner: Arc::clone(&self.core.machine) }
    }

    fn start(&mut self) {
        if !self.core.history.is_empty() {
            return;
        }
        let core = &mut self.core;
        core.started_at = core.now;
        let started = Started { input: core.input.clone(), role_arn: core.settings.role_arn.clone() };
        core.push(0, Detail::ExecutionStarted(Box::new(started)));
        let whole_machine = core.flow.start == core.machine.root.start;
        let own = core.machine.timeout_seconds.filter(|_| whole_machine);
        let limit = match core.settings.machine_type {
            MachineType::Express => Some(own.unwrap_or(u64::MAX).min(core.settings.limits.express_seconds)),
            MachineType::Standard => own,
        };
        if let Some(seconds) = limit {
            core.timeout_timer = Some(core.set_timer(NO_THREAD, Duration::from_secs(seconds), Class::Timeout));
        }
        let input = core.input.clone();
        let flow = core.flow;
        let scope = core.probe.as_deref().map(Probe::scope).unwrap_or_default();
        self.spawn(None, flow, input, 0, scope, None);
    }

    /// Starts a thread of control at a flow's first state.
    pub(in crate::engine) fn spawn(
        &mut self,
        parent: Option<(u32, usize)>,
        flow: Flow,
        input: Value,
        last: u32,
        scope: Scope,
        item: Option<Arc<thread::MapItem>>,
    ) -> u32 {
        let id = self.free.pop().unwrap_or_else(|| {
            self.threads.push(None);
            self.threads.len() as u32 - 1
        });
        let serial = self.core.next_serial();
        self.threads[id as usize] = Some(Box::new(Thread {
            id,
            serial,
            parent,
            state: flow.start,
            input,
            last,
            entered: 0,
            entered_previous: 0,
            entered_at: self.core.now,
            scope,
            item,
            retries: Vec::new(),
            retry_count: 0,
            doing: Doing::Entering,
        }));
        self.ready.push_back((id, serial));
        id
    }

    /// Lets every thread that can go on do one state at a time, in turn, as the service interleaves them.
    fn run(&mut self, machine: &Inner) {
        loop {
            if self.core.is_over() {
                self.finish_overdue();
                return;
            }
            let Some((id, serial)) = self.ready.pop_front() else { return };
            let Some(mut thread) = self.take(id, |t| t.serial == serial && t.is_ready()) else { continue };
            let mut step = self.step(machine, &mut thread);
            // With nobody else in line there is no reason to queue again.
            while matches!(step, Step::Ready) && self.ready.is_empty() && !self.core.is_over() {
                step = self.step(machine, &mut thread);
            }
            self.settle(machine, thread, step);
        }
    }

    /// Puts a thread back after a step, or ends it and tells whoever waits for it.
    pub(in crate::engine) fn settle(&mut self, machine: &Inner, thread: Box<Thread>, step: Step) {
        match step {
            Step::Ready => {
                self.ready.push_back((thread.id, thread.serial));
                self.put(thread);
            }
            Step::Parked => self.put(thread),
            // Events were left out for want of room, so the execution does not end as it would have.
            Step::Ended(_) | Step::Failed(_) if self.core.full && thread.parent.is_none() => self.put(thread),
            Step::Ended(output) => match thread.parent {
                Some((parent, index)) => self.member_ended(machine, &thread, parent, index, output),
                None => {
                    self.core.last_scope = thread.scope;
                    self.core.status = Status::Succeeded(output.clone());
                    self.core.close(thread.last, Detail::ExecutionSucceeded { output });
                }
            },
            Step::Failed(failed) => match thread.parent {
                Some((parent, index)) => self.member_failed(machine, &thread, parent, index, failed),
                None => {
                    self.core.last_scope = thread.scope.clone();
                    self.core.status = Status::Failed(failed.error.clone());
                    self.core.close(thread.last, Detail::ExecutionFailed(Box::new(failed.error)));
                }
            },
        }
    }

    /// One step of a thread: enter its state, or try the work again.
    fn step(&mut self, machine: &Inner, t: &mut Thread) -> Step {
        if let Doing::Entering = t.doing {
            let state = machine.state(t.state);
            t.entered_previous = t.last;
            t.entered_at = self.core.now;
            t.retries.clear();
            t.retry_count = 0;
            if let Some(probe) = &self.core.probe {
                t.retries = vec![probe.retries; state.retry.len()];
                t.retry_count = u32::try_from(probe.retries).unwrap_or(u32::MAX);
            }
            let entered = Detail::StateEntered {
                state_type: state.state_type(),
                name: state.name.clone(),
                input: t.input.clone(),
            };
            t.entered = self.core.push(t.last, entered);
            t.last = t.entered;
            self.core.reached(t.state, state, Spot::Entered);
        }
        let worked = self.work(machine, t);
        self.after(machine, t, worked)
    }

    /// Turns what a state's work gave into the thread's next step: failures go through Retry and Catch.
    pub(in crate::engine) fn after(
        &mut self,
        machine: &Inner,
        t: &mut Thread,
        worked: Result<Step, fault::Fault>,
    ) -> Step {
        match worked {
            Ok(step) => step,
            Err(fault) => self.handle_fault(machine, t, fault),
        }
    }

    pub(in crate::engine) fn take(&mut self, id: u32, wanted: impl FnOnce(&Thread) -> bool) -> Option<Box<Thread>> {
        let slot = self.threads.get_mut(id as usize)?;
        slot.take_if(|t| wanted(t))
    }
    pub(in crate::engine) fn put(&mut self, thread: Box<Thread>) {
        let id = thread.id as usize;
        self.threads[id] = Some(thread);
    }
    pub(in crate::engine) fn thread(&self, id: u32) -> Option<&Thread> {
        self.threads.get(id as usize)?.as_deref()
    }
    /// Gives a thread's place back.
    pub(in crate::engine) fn release(&mut self, id: u32) {
        self.threads[id as usize] = None;
        self.free.push(id);
    }

    fn timer_fired(&mut self, machine: &Inner, id: TimerId) {
        enum What {
            Wake,
            Timeout,
            Heartbeat,
        }
        let what = match self.thread(id.thread).map(|t| &t.doing) {
            Some(Doing::Waiting { timer } | Doing::BackingOff { timer }) if *timer == id.serial => What::Wake,
            Some(Doing::Calling(p)) if p.timeout_timer == Some(id.serial) => What::Timeout,
            Some(Doing::Calling(p)) if p.heartbeat_timer == Some(id.serial) => What::Heartbeat,
            _ => return,
        };
        let Some(mut t) = self.take(id.thread, |_| true) else { return };
        let step = match what {
            What::Wake if matches!(t.doing, Doing::BackingOff { .. }) => {
                t.doing = Doing::Retrying;
                Step::Ready
            }
            What::Wake => {
                let done = self.finish_wait(machine, &mut t);
                self.after(machine, &mut t, done)
            }
            What::Timeout => self.time_out(machine, &mut t, false),
            What::Heartbeat => self.time_out(machine, &mut t, true),
        };
        self.settle(machine, t, step);
    }

    /// Ends the execution from outside: StopExecution, or its time is up.
    fn end(&mut self, status: Status) {
        let previous = match self.threads.first().and_then(Option::as_deref) {
            // The service points back at the event before the state that was interrupted, not at the state.
            Some(root) => root.entered_previous,
            None => 0,
        };
        let error = Box::new(status.error().cloned().unwrap_or_default());
        let detail = if matches!(status, Status::Aborted(_)) {
            Detail::ExecutionAborted(error)
        } else {
            Detail::ExecutionTimedOut(error)
        };
        self.core.status = status;
        self.stop_everything();
        self.core.close(previous, detail);
    }

    /// Cancels what threads still wait for, without events.
    fn stop_everything(&mut self) {
        self.ready.clear();
        for slot in &mut self.threads {
            if let Some(t) = slot.take() {
                self.core.cancel(&t);
            }
        }
        self.free.clear();
        self.threads.clear();
    }

    /// Writes the end of an execution whose history is full, or which never lets time pass.
    fn finish_overdue(&mut self) {
        self.stop_everything();
        if self.core.status != Status::Running {
            return;
        }
        let previous = self.core.history.len() as u32;
        if std::mem::take(&mut self.core.full) {
            let error = TaskError::new("States.Runtime", self.core.settings.limits.events_cause());
            self.core.status = Status::Failed(error.clone());
            self.core.close(previous, Detail::ExecutionFailed(Box::new(error)));
        } else {
            // A loop that never waits runs until the five minutes are over.
            let error = TaskError::named("States.Timeout");
            self.core.now = self.core.started_at + Duration::from_secs(self.core.settings.limits.express_seconds);
            self.core.status = Status::TimedOut(error.clone());
            self.core.close(previous, Detail::ExecutionTimedOut(Box::new(error)));
        }
    }
}
