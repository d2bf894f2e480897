//! What every part of the engine has at hand: the history, the clock's instant, the seed, the effects.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::asl::machine::{Flow, Inner, MachineType, State, StateId};
use crate::asl::spots::Spot;
use crate::engine::block::Block;
use crate::engine::thread::{Doing, Scope, Thread};
use crate::engine::{Class, Effect, Probe, Settings, Status, TimerId};
use crate::history::{Detail, History, StateType};
use crate::random::Seeded;
use crate::task::CallId;
use crate::time::Timestamp;
use crate::value::Value;

/// The thread number of timers that belong to the execution as a whole.
pub(super) const NO_THREAD: u32 = u32::MAX;

/// What every part of the engine needs at hand: everything but the threads.
pub(super) struct Core {
    pub(super) machine: Arc<Inner>,
    pub(super) settings: Arc<Settings>,
    pub(super) input: Value,
    pub(super) history: History,
    pub(super) random: Seeded,
    pub(super) now: Timestamp,
    pub(super) started_at: Timestamp,
    pub(super) status: Status,
    pub(super) effects: VecDeque<Effect>,
    pub(super) serial: u32,
    /// Built when the first expression asks for `$$.Execution` or `$$.StateMachine`.
    pub(super) context: std::cell::OnceCell<(Value, Value)>,
    pub(super) timeout_timer: Option<u32>,
    /// Set when the history is full: the next thing to happen is the end.
    pub(super) full: bool,
    /// How long the history was when time last moved, to notice an Express loop that never waits.
    pub(super) quiet_since: usize,
    pub(super) flow: Flow,
    /// The main line's variables when it ended.
    pub(super) last_scope: Scope,
    /// Somebody looks at the first state from inside; nearly always nobody does.
    pub(super) probe: Option<Box<Probe>>,
}

impl Core {
    pub(super) fn new(machine: Arc<Inner>, flow: Flow, settings: Arc<Settings>, input: Value) -> Self {
        let random = Seeded::new(settings.seed);
        let history_room = if flow.start == machine.root.start { 16 } else { 12 };
        Core {
            machine,
            settings,
            input,
            // A child's few events fit into a block that the allocator hands out quickly; there may be very many.
            history: History::with_room(history_room),
            random,
            // Before any instant a test may start at; `Start` brings the first one.
            now: Timestamp::from_millis(i64::MIN),
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
            probe: None,
        }
    }
    /// Counts that a spot of the machine was reached, where somebody wants to know.
    pub(super) fn reached(&self, id: StateId, state: &State, spot: Spot) {
        if let Some(tally) = &self.settings.tally {
            tally.reached(id, state, spot);
        }
    }
    /// Counts that the machine's own time limit has run out.
    pub(super) fn note_timeout(&self) {
        if let (Some(tally), Some(_)) = (&self.settings.tally, self.machine.timeout_seconds) {
            tally.machine_timed_out();
        }
    }
    pub(crate) fn next_serial(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }
    /// When a Standard execution's year was over, if it is. This is no timer, so that an execution which only waits
    /// for somebody still counts as idle.
    pub(super) fn overdue(&self) -> Option<Timestamp> {
        let end = self.started_at + Duration::from_secs(self.settings.limits.standard_seconds);
        let standard = self.settings.machine_type == MachineType::Standard;
        (standard && !self.history.is_empty() && self.now > end).then_some(end)
    }
    /// Whether nothing more is to run.
    pub(super) fn is_over(&self) -> bool {
        self.full || self.status != Status::Running || self.spins()
    }
    /// Whether an execution without a limit on events has written absurdly many at one instant.
    pub(super) fn spins(&self) -> bool {
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
    pub(super) fn close(&mut self, previous: u32, detail: Detail) {
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
    pub(super) fn cancel(&mut self, t: &Thread) {
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
    pub(super) fn aborted(state: &State) -> Option<Detail> {
        match state.state_type() {
            t @ (StateType::Task | StateType::Wait | StateType::Parallel | StateType::Map) => {
                Some(Detail::StateAborted(t))
            }
            StateType::Pass | StateType::Choice | StateType::Succeed | StateType::Fail => None,
        }
    }
}
