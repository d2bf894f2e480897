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
mod data;
mod env;
mod fault;
mod limits;
mod map;
mod map_run;
pub(crate) mod reader;
pub(crate) mod retry;
mod settings;
mod states;
mod task;
mod thread;

pub use limits::Limits;
pub use settings::Settings;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::asl::Machine;
use crate::asl::machine::{Flow, Inner, MachineType, State};
use crate::history::{Detail, History, Started, StateType};
use crate::random::Seeded;
use crate::task::{Call, CallId, Outcome, TaskError};
use crate::time::Timestamp;
use crate::value::{Str, Value};

use block::Block;
pub use map_run::{ChildSpec, MapRunCounts, ReadItems, RunId, WriteResults};
use thread::{Doing, Scope, Thread};

/// Names a timer of one execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId {
    thread: u32,
    serial: u32,
}

/// What comes first when two things are due at one instant. A completion beats a timeout: work that takes exactly
/// as long as its timeout allows is in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A wait or a backoff ends, or an answer arrives.
    Completion,
    /// A task's or an execution's time is up.
    Timeout,
}

/// What happens to an execution.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// Begin.
    Start,
    /// A timer set by [`Effect::SetTimer`] is due.
    TimerFired(TimerId),
    /// The initial call of a `.sync` or `.waitForTaskToken` task was answered.
    Submitted(CallId, Value),
    /// A worker took an activity task; its name, if it gave one.
    WorkerStarted(CallId, Option<Str>),
    /// The holder of a task token or an activity task is alive.
    Heartbeat(CallId),
    /// A call ended.
    Done(CallId, Outcome),
    /// A call ended by running out of time, whatever the clock says: an injected timeout.
    TimedOut {
        /// The call.
        call: CallId,
        /// A missed heartbeat rather than the task's timeout.
        heartbeat: bool,
    },
    /// The items of a distributed Map were read: the raw bytes of an object, or a listing as a JSON array.
    ItemsRead(RunId, Result<reader::Bytes, TaskError>),
    /// A child execution of a distributed Map ended.
    ChildDone(RunId, usize, Outcome),
    /// The results of a distributed Map were written; the value is `ResultWriterDetails`.
    ResultsWritten(RunId, Outcome),
    /// StopExecution.
    Stop(TaskError),
}

/// What an execution asks of the world.
#[derive(Debug)]
#[non_exhaustive]
pub enum Effect {
    /// Call a service; answer with [`Input::Done`].
    Call(Box<Call>),
    /// Nobody waits for this call any more.
    CancelCall(CallId),
    /// Send [`Input::TimerFired`] at this instant.
    SetTimer {
        /// The timer.
        id: TimerId,
        /// When it is due.
        at: Timestamp,
        /// Which comes first at one instant.
        class: Class,
    },
    /// Forget this timer.
    CancelTimer(TimerId),
    /// Fetch a distributed Map's items; answer with [`Input::ItemsRead`].
    ReadItems(Box<ReadItems>),
    /// Start a child execution of a distributed Map; answer with [`Input::ChildDone`].
    StartChild(Box<ChildSpec>),
    /// Stop what still runs of a distributed Map.
    StopChildren(RunId),
    /// Write a distributed Map's results; answer with [`Input::ResultsWritten`].
    WriteResults(Box<WriteResults>),
    /// The execution is over.
    Finished,
}

/// Whether an execution runs, and how it ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// Not ended yet.
    Running,
    /// Ended with an output.
    Succeeded(Value),
    /// Ended with an error.
    Failed(TaskError),
    /// Ran out of time.
    TimedOut(TaskError),
    /// Was stopped.
    Aborted(TaskError),
}

impl Status {
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub fn name(&self) -> &'static str {
        match self {
            Status::Running => "RUNNING",
            Status::Succeeded(_) => "SUCCEEDED",
            Status::Failed(_) => "FAILED",
            Status::TimedOut(_) => "TIMED_OUT",
            Status::Aborted(_) => "ABORTED",
        }
    }
    /// The error and cause of an execution that did not succeed.
    pub fn error(&self) -> Option<&TaskError> {
        match self {
            Status::Failed(e) | Status::TimedOut(e) | Status::Aborted(e) => Some(e),
            Status::Running | Status::Succeeded(_) => None,
        }
    }
    /// The outcome as the caller of a child execution sees it; `None` while it runs.
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Status::Running => None,
            Status::Succeeded(v) => Some(Ok(v.clone())),
            Status::Failed(e) | Status::TimedOut(e) | Status::Aborted(e) => Some(Err(e.clone())),
        }
    }
}

/// One execution of a machine. See the [module's words](self) on how to drive it; most people want
/// [`Harness`](crate::Harness), which does.
pub struct Execution {
    pub(in crate::engine) core: Core,
    threads: Vec<Option<Box<Thread>>>,
    free: Vec<u32>,
    ready: VecDeque<(u32, u32)>,
}

/// What every part of the engine needs at hand: everything but the threads.
pub(in crate::engine) struct Core {
    pub machine: Arc<Inner>,
    pub settings: Arc<Settings>,
    pub input: Value,
    pub history: History,
    pub random: Seeded,
    pub now: Timestamp,
    pub started_at: Timestamp,
    pub status: Status,
    effects: VecDeque<Effect>,
    serial: u32,
    /// Built when the first expression asks for `$$.Execution` or `$$.StateMachine`.
    context: std::cell::OnceCell<(Value, Value)>,
    timeout_timer: Option<u32>,
    /// Set when the history is full: the next thing to happen is the end.
    full: bool,
    /// How long the history was when time last moved, to notice an Express loop that never waits.
    quiet_since: usize,
    flow: Flow,
    /// The main line's variables when it ended.
    last_scope: Scope,
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

/// The thread number of timers that belong to the execution as a whole.
const NO_THREAD: u32 = u32::MAX;

impl Execution {
    /// A fresh execution; nothing happens before [`Input::Start`].
    pub fn new(machine: &Machine, settings: Arc<Settings>, input: Value) -> Self {
        Self::of_flow(Arc::clone(&machine.inner), machine.inner.root, settings, input)
    }
    /// A child execution of a distributed Map.
    pub fn child(machine: &Machine, spec: &ChildSpec, settings: Arc<Settings>) -> Self {
        Self::of_flow(Arc::clone(&machine.inner), spec.flow, settings, spec.input.clone())
    }
    fn of_flow(machine: Arc<Inner>, flow: Flow, settings: Arc<Settings>, input: Value) -> Self {
        let random = Seeded::new(settings.seed);
        Execution {
            core: Core {
                machine,
                settings,
                input,
                history: History::default(),
                random,
                now: Timestamp::from_millis(0),
                started_at: Timestamp::from_millis(0),
                status: Status::Running,
                effects: VecDeque::new(),
                serial: 0,
                context: std::cell::OnceCell::new(),
                timeout_timer: None,
                full: false,
                quiet_since: 0,
                flow,
                last_scope: Scope::default(),
            },
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
        match input {
            Input::Start => self.start(),
            Input::TimerFired(id) if id.thread == NO_THREAD => {
                if self.core.timeout_timer == Some(id.serial) {
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
        self.spawn(None, flow, input, 0, Scope::default(), None);
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
            let entered = Detail::StateEntered {
                state_type: state.state_type(),
                name: state.name.clone(),
                input: t.input.clone(),
            };
            t.entered = self.core.push(t.last, entered);
            t.last = t.entered;
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

impl Core {
    pub(crate) fn next_serial(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }
    /// Whether nothing more is to run.
    fn is_over(&self) -> bool {
        self.full || self.status != Status::Running || self.spins()
    }
    /// Whether an execution without a limit on events has written absurdly many at one instant.
    fn spins(&self) -> bool {
        let limits = &self.settings.limits;
        self.settings.machine_type == MachineType::Express
            && self.history.len() - self.quiet_since > limits.events_at_one_instant
    }
    /// Appends an event. The last place of a full history is kept for the end.
    pub(crate) fn push(&mut self, previous: u32, detail: Detail) -> u32 {
        let room = match self.settings.machine_type {
            MachineType::Standard => self.settings.limits.events,
            MachineType::Express => usize::MAX,
        };
        if self.history.len() + 1 >= room {
            self.full = true;
            return self.history.len() as u32;
        }
        self.history.push(previous, self.now, detail)
    }
    /// Writes the terminal event.
    fn close(&mut self, previous: u32, detail: Detail) {
        self.history.push(previous, self.now, detail);
        if let Some(serial) = self.timeout_timer.take() {
            self.effects.push_back(Effect::CancelTimer(TimerId { thread: NO_THREAD, serial }));
        }
        self.effects.push_back(Effect::Finished);
    }
    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }
    pub(crate) fn set_timer(&mut self, thread: u32, after: Duration, class: Class) -> u32 {
        let serial = self.next_serial();
        let at = self.now + after;
        self.effects.push_back(Effect::SetTimer { id: TimerId { thread, serial }, at, class });
        serial
    }
    pub(crate) fn cancel_timer(&mut self, thread: u32, serial: Option<u32>) {
        if let Some(serial) = serial {
            self.effects.push_back(Effect::CancelTimer(TimerId { thread, serial }));
        }
    }
    /// Calls off what a thread waits for.
    fn cancel(&mut self, t: &Thread) {
        match &t.doing {
            Doing::Waiting { timer } | Doing::BackingOff { timer } => self.cancel_timer(t.id, Some(*timer)),
            Doing::Calling(p) => {
                self.cancel_timer(t.id, p.timeout_timer);
                self.cancel_timer(t.id, p.heartbeat_timer);
                self.effect(Effect::CancelCall(CallId { thread: t.id, serial: p.serial }));
            }
            Doing::Block(b) => {
                if let Block::Run(run) = &**b {
                    self.effect(Effect::StopChildren(run.id));
                }
            }
            Doing::Entering | Doing::Retrying => {}
        }
    }
    /// The event that says a state was interrupted; only these types have one.
    fn aborted(state: &State) -> Option<Detail> {
        match state.state_type() {
            t @ (StateType::Task | StateType::Wait | StateType::Parallel | StateType::Map) => {
                Some(Detail::StateAborted(t))
            }
            StateType::Pass | StateType::Choice | StateType::Succeed | StateType::Fail => None,
        }
    }
}
