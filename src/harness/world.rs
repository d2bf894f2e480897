//! The world an execution runs in: the clock, the mocks, its child executions, what waits for the test.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::asl::machine::MachineType;
use crate::asl::{Machine, Resource, ResourceKind};
use crate::engine::{ChildSpec, Class, Effect, Execution, Input, RunId, Settings, Status, Tally};
use crate::harness::clock::{Clock, ExecId};
use crate::harness::nested;
use crate::harness::objects;
use crate::harness::results::Results;
use crate::harness::slots::{Parent, Slot, Slots, State};
use crate::history::History;
use crate::mock::{Answer, CallLog, FaultSet, LogEntry, MockSet, Reason, Reply, ReplyFuture, ReplyOutcome};
use crate::outside::{self, Connection, Outside, Which};
use crate::random::{Seeded, uuid_str};
use crate::services::promise::Pending;
use crate::services::{Errand, Services, integration};
use crate::task::{Call, CallId, Outcome, TaskError};
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// Everything around one root execution.
pub(super) struct World {
    pub clock: Clock,
    pub mocks: MockSet,
    /// Mocks of single executions, with all that belongs to them, which come before the others.
    own_mocks: HashMap<ExecId, MockSet>,
    pub faults: FaultSet,
    pub log: CallLog,
    /// Models of services, which answer where the test has set them up.
    pub services: Services,
    /// Addresses outside that the test names.
    pub outside: Outside,
    /// Machines that `states:startExecution` may start.
    pub machines: Vec<Machine>,
    /// What counts the spots each machine reaches: the one under test first; empty where nobody wants to know.
    pub tallies: Vec<(Machine, Tally)>,
    pub executions: Slots,
    /// Inputs that happen now, before anything on the clock.
    immediate: VecDeque<(ExecId, Input)>,
    /// Tasks that wait for the test: callbacks and activities.
    pub parked: Vec<Parked>,
    in_flight: Vec<InFlight>,
    /// Requests to addresses outside whose answers nobody waits for; the clock does.
    posts: Vec<Pending<()>>,
    logged: HashMap<(ExecId, CallId), LogEntry>,
    runs: BTreeMap<(ExecId, RunId), MapRun>,
    /// What Map Runs will write.
    results: BTreeMap<(ExecId, RunId), Results>,
    /// Whether tasks that only the test can end may wait for it.
    pub interactive: bool,
    /// Whether others may come at any time, so that it is not over when the first execution is.
    pub open: bool,
    /// Whether a call that nothing answers ends its execution, in place of everything.
    pub forgiving: bool,
    /// What fell due, where somebody wants to know.
    pub fired: Option<Vec<(Timestamp, ExecId, &'static str)>>,
    /// What is wrong with the test itself; once set, nothing goes on.
    pub trouble: Option<String>,
    /// Executions started by `states:startExecution`.
    nested: usize,
    /// Those among them that a `.sync` task waits for.
    jobs: HashMap<(ExecId, CallId), ExecId>,
    /// Where names and seeds of child executions come from.
    ids: Seeded,
}

/// The children of a distributed Map.
struct MapRun {
    /// Its own ARN.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "only the API asks for it"))]
    run_arn: Str,
    members: Vec<ExecId>,
    /// How many children ended how, whether they are kept or not; counted only where somebody may ask.
    ended: Vec<(&'static str, usize)>,
    of_every_child: Settings,
    /// A child's ARN; up to `arn_prefix` it is the same for all.
    arn: String,
    arn_prefix: usize,
}

impl MapRun {
    fn new(parent: &Settings, spec: &ChildSpec) -> MapRun {
        let kind = match spec.execution_type {
            MachineType::Standard => "execution",
            MachineType::Express => "express",
        };
        let account = parent.machine_arn.split(":stateMachine:").next().unwrap_or_default();
        let label = spec.machine_name.rsplit('/').next().unwrap_or_default();
        let mut of_every_child = parent.clone();
        of_every_child.machine_arn = format!("{}/{label}", parent.machine_arn).into();
        of_every_child.machine_name = spec.machine_name.clone();
        of_every_child.machine_type = spec.execution_type;
        of_every_child.parent_path = Arc::clone(&spec.path);
        let arn = format!("{account}:{kind}:{}:", spec.machine_name);
        MapRun {
            run_arn: spec.map_run_arn.clone(),
            members: Vec::new(),
            ended: Vec::new(),
            of_every_child,
            arn_prefix: arn.len(),
            arn,
        }
    }
}

/// A task that waits for the test.
pub(super) struct Parked {
    pub exec: ExecId,
    pub call: Call,
    pub since: Timestamp,
    /// An activity task that no worker has taken yet.
    pub unpolled: bool,
}

impl Parked {
    /// Whether it holds a task token that was handed out, in a state of this name or at this place.
    pub(super) fn holds_token_of(&self, state: &str) -> bool {
        !self.unpolled && (&*self.call.state == state || self.call.location() == state)
    }
    /// Whether it waits for a worker of the activity with this name or ARN.
    pub(super) fn is_work_for(&self, activity: &str) -> bool {
        self.unpolled && (self.call.resource.api() == activity || **self.call.resource.arn() == *activity)
    }
}

/// A mock that answers asynchronously. Its answer counts from the instant of the call, however long it really takes.
struct InFlight {
    exec: ExecId,
    call: Call,
    at: Timestamp,
    future: Option<ReplyFuture>,
    reply: Option<Reply>,
}

/// What keeps a world from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// An asynchronous mock has not answered.
    Held,
    /// Nothing is due up to the given instant.
    Quiet,
    /// Nothing is due at all, or the root execution ended.
    Idle,
}

const ROOT: ExecId = ExecId(0);

/// How deeply executions may start one another, and how many in all, before that counts as a mistake. The service has
/// no such bound; it would go on until its quotas or the account's owner end it.
const MOST_DEPTH: usize = 50;
const MOST_NESTED: usize = 10_000;

impl World {
    pub(super) fn new(start: Timestamp, seed: u64) -> Self {
        World {
            clock: Clock::at(start),
            mocks: MockSet::default(),
            own_mocks: HashMap::new(),
            faults: FaultSet::default(),
            log: CallLog::new(start),
            services: Services::empty(start, seed),
            outside: Outside::default(),
            machines: Vec::new(),
            tallies: Vec::new(),
            executions: Slots::new(),
            immediate: VecDeque::new(),
            parked: Vec::new(),
            in_flight: Vec::new(),
            posts: Vec::new(),
            logged: HashMap::new(),
            runs: BTreeMap::new(),
            results: BTreeMap::new(),
            interactive: false,
            open: false,
            forgiving: false,
            fired: None,
            trouble: None,
            nested: 0,
            jobs: HashMap::new(),
            ids: Seeded::new(seed ^ 0x5EED_0F1D),
        }
    }

    /// How many children of distributed Maps are kept once they have ended, with their calls.
    pub(super) fn keep_children(&mut self, most: usize) {
        self.executions.keep_children(most);
        self.log.keep_brief(most);
    }

    /// Starts an execution that nobody else started; the first is the root.
    pub(super) fn start(&mut self, machine: &Machine, settings: Arc<Settings>, input: Value) -> ExecId {
        self.add(Execution::new(machine, settings, input), None)
    }

    fn add(&mut self, execution: Execution, parent: Option<Parent>) -> ExecId {
        let parents = parent.and_then(|parent| self.executions.get(parent.exec()));
        let depth = parents.map_or(0, |slot| slot.depth + 1);
        let s = execution.settings();
        let slot = Slot {
            name: s.execution_name.clone(),
            arn: s.execution_arn.clone(),
            machine_arn: s.machine_arn.clone(),
            parent,
            started_at: self.clock.now(),
            ended_at: None,
            input: execution.input().clone(),
            state: State::Running(Box::new(execution)),
            depth,
            is_brief: false,
        };
        let id = self.executions.add(slot);
        self.immediate.push_back((id, Input::Start));
        id
    }

    pub(super) fn root(&self) -> Option<&Slot> {
        self.executions.get(ROOT)
    }
    /// Whether the root execution is over, or the test is in trouble.
    pub(super) fn is_over(&self) -> bool {
        let ended = !self.open && !matches!(self.root().map(|s| &s.state), Some(State::Running(_)));
        self.trouble.is_some() || ended
    }

    /// Whether something is to happen at the present instant.
    #[cfg(feature = "server")]
    pub(super) fn has_work(&self) -> bool {
        !self.immediate.is_empty() || self.is_held()
    }
    /// Whether somebody who has been asked has not answered.
    pub(super) fn is_held(&self) -> bool {
        !self.in_flight.is_empty() || !self.posts.is_empty() || self.services.is_busy()
    }
    /// Tells all executions what time it is.
    #[cfg(feature = "server")]
    pub(super) fn tick(&mut self) {
        for (id, slot) in self.executions.iter() {
            if matches!(slot.state, State::Running(_)) {
                self.immediate.push_back((id, Input::Tick));
            }
        }
    }

    /// Hands an input to an execution at the present instant.
    pub(super) fn send(&mut self, exec: ExecId, input: Input) {
        self.immediate.push_back((exec, input));
    }

    /// Lets everything happen that is due up to `until` (to the end where that is `None`), and says why it stopped.
    pub(super) fn go(&mut self, until: Option<Timestamp>) -> Rest {
        loop {
            while let Some((exec, input)) = self.immediate.pop_front() {
                if self.trouble.is_some() {
                    return Rest::Idle;
                }
                self.deliver(exec, input);
            }
            if self.trouble.is_none() {
                self.trouble = self.services.take_trouble();
            }
            if self.trouble.is_some() {
                return Rest::Idle;
            }
            if self.is_held() {
                return Rest::Held;
            }
            // Executions that were started and not waited for go on to their own end.
            if self.trouble.is_some() || self.is_over() && self.nested == 0 {
                return Rest::Idle;
            }
            if self.services_come_first(until) {
                continue;
            }
            match self.clock.pop(until) {
                Some(due) => {
                    if let Some(fired) = &mut self.fired {
                        let what = match &due.input {
                            Input::TimerFired(_) => "timer",
                            Input::TimedOut { .. } => "timeout",
                            _ => "answer",
                        };
                        fired.push((due.at, due.exec, what));
                    }
                    self.immediate.push_back((due.exec, due.input));
                }
                None if self.root().is_some() && self.is_over() && self.clock.next_at().is_none() => return Rest::Idle,
                None => return if self.next_at().is_some() { Rest::Quiet } else { Rest::Idle },
            }
        }
    }

    /// When something next happens by itself, in an execution or in a service.
    pub(super) fn next_at(&mut self) -> Option<Timestamp> {
        [self.clock.next_at(), self.services.next_at()].into_iter().flatten().min()
    }

    /// Lets a service do what is due before anything else is, such as a schedule's rule; whether one had something.
    fn services_come_first(&mut self, until: Option<Timestamp>) -> bool {
        // Schedules go on for ever; what they are there for here ends with the root execution.
        if self.root().is_some() && self.is_over() {
            return false;
        }
        let Some(at) = self.services.next_at() else { return false };
        if until.is_some_and(|limit| at > limit) || self.clock.next_at().is_some_and(|other| other < at) {
            return false;
        }
        self.clock.move_to(at);
        self.services.pass(at);
        self.run_errands();
        true
    }

    /// Does what models want done outside them.
    pub(super) fn run_errands(&mut self) {
        for errand in self.services.take_errands() {
            match errand {
                Errand::Start { machine, input } => self.start_by_event(&machine, input),
                Errand::Post { url, headers, body } => {
                    self.posts.push(outside::post(&self.outside, url, headers, body))
                }
                Errand::OrElse(first, _) => self.services.leave(*first),
                // The models have done these among themselves.
                Errand::Call { .. } | Errand::Deliver { .. } => {}
            }
        }
    }

    /// Starts an execution that nobody waits for, of a machine that the test has loaded.
    fn start_by_event(&mut self, arn: &str, input: Value) {
        let Some(machine) = self.machines.iter().find(|m| nested::is_named(m, arn)).cloned() else { return };
        if self.nested >= MOST_NESTED && !self.forgiving {
            let name = machine.name();
            self.trouble = Some(format!("events start `{name}` without end: {} executions in all", self.nested));
            return;
        }
        let (name, seed) = (self.fresh_name(), self.ids.next_u64());
        let settings = nested::settings(&machine, arn, &name, seed);
        self.nested += 1;
        let parent = if self.executions.is_empty() { None } else { Some(Parent::Nobody(ROOT)) };
        self.add(Execution::new(&machine, Arc::new(settings), input), parent);
    }

    fn deliver(&mut self, exec: ExecId, input: Input) {
        let now = self.clock.now();
        match &input {
            Input::Done(call, outcome) => self.note_end(exec, *call, Some(outcome.clone())),
            Input::TimedOut { call, .. } => {
                self.note_end(exec, *call, Some(Err(TaskError::named("States.Timeout"))));
            }
            _ => {}
        }
        let Some(execution) = self.executions.running(exec) else { return };
        execution.handle(now, input);
        self.drain(exec);
    }

    fn drain(&mut self, exec: ExecId) {
        loop {
            let Some(execution) = self.executions.running(exec) else { return };
            let Some(effect) = execution.next_effect() else { return };
            match effect {
                Effect::Call(call) => self.call(exec, *call),
                Effect::CancelCall(call) => {
                    self.clock.cancel_call(exec, call);
                    self.parked.retain(|p| p.exec != exec || p.call.id != call);
                    self.in_flight.retain(|f| f.exec != exec || f.call.id != call);
                    self.note_end(exec, call, None);
                    self.stop_job(exec, call);
                }
                Effect::SetTimer { id, at, class } => self.clock.schedule(at, class, exec, Input::TimerFired(id)),
                Effect::CancelTimer(id) => self.clock.cancel_timer(exec, id),
                Effect::ReadItems(read) => match objects::read(self.services.s3(), &read) {
                    Ok(bytes) => self.send(exec, Input::ItemsRead(read.run, bytes)),
                    Err(trouble) => self.went_wrong(exec, trouble),
                },
                Effect::KeepResult(result) => {
                    self.results.entry((exec, result.run)).or_default().keep(&result);
                }
                Effect::WriteResults(write) => {
                    let results = self.results.remove(&(exec, write.run)).unwrap_or_default();
                    let details = results.write(self.services.s3_at(self.clock.now()), &write);
                    self.send(exec, Input::ResultsWritten(write.run, details));
                }
                Effect::StartChild(spec) => self.start_child(exec, &spec),
                Effect::StopChildren(run) => {
                    self.results.remove(&(exec, run));
                    let members = match self.open {
                        // The API describes a Map Run also when it is over.
                        true => self.runs.get(&(exec, run)).map(|r| r.members.clone()),
                        false => self.runs.remove(&(exec, run)).map(|r| r.members),
                    };
                    for child in members.unwrap_or_default() {
                        if self.executions.running(child).is_some() {
                            self.send(child, Input::Stop(TaskError::default()));
                        }
                    }
                }
                Effect::Finished => self.finished(exec),
            }
        }
    }

    /// Stops the job or the execution that a `.sync` task waits for no more, as the service tries to.
    fn stop_job(&mut self, exec: ExecId, call: CallId) {
        let now = self.clock.now();
        if let Some(slot) = self.executions.get(exec) {
            self.services.stop_job(now, &slot.arn, call);
        }
        if let Some(job) = self.jobs.remove(&(exec, call)) {
            self.send(job, Input::Stop(TaskError::default()));
        }
    }

    fn finished(&mut self, exec: ExecId) {
        let now = self.clock.now();
        let Some(slot) = self.executions.get_mut(exec) else { return };
        let ended = State::Ended { status: Status::Running, history: History::default(), last_variables: Vec::new() };
        let State::Running(execution) = std::mem::replace(&mut slot.state, ended) else { return };
        let status = execution.status().clone();
        let last_variables = execution.last_variables();
        let outcome = status.outcome();
        let history = execution.into_history();
        slot.ended_at = Some(history.iter().next_back().map_or(now, |(_, e)| e.at));
        slot.state = State::Ended { status, history, last_variables };
        let parent = slot.parent;
        if !self.own_mocks.is_empty() {
            self.own_mocks.remove(&exec);
        }
        if self.open {
            self.note_child_end(exec);
        }
        self.executions.ended(exec);
        self.parked.retain(|p| p.exec != exec);
        match (parent, outcome) {
            (Some(Parent::Run(parent, run, index)), Some(outcome)) => {
                self.send(parent, Input::ChildDone(run, index, outcome));
            }
            (Some(Parent::Task(parent, call)), Some(_)) => {
                self.jobs.remove(&(parent, call));
                let outcome = self.nested_outcome(parent, call, exec);
                if let Some(outcome) = outcome {
                    self.send(parent, Input::Done(call, outcome));
                }
            }
            _ => {}
        }
    }

    /// Gives an execution mocks of its own.
    #[cfg(feature = "server")]
    pub(super) fn mock_one(&mut self, exec: ExecId, mocks: MockSet) {
        self.own_mocks.insert(exec, mocks);
    }
    /// A seed for an execution.
    #[cfg(feature = "server")]
    pub(super) fn fresh_seed(&mut self) -> u64 {
        self.ids.next_u64()
    }
    /// The ARN of the Map Run of which an execution is a child.
    #[cfg(feature = "server")]
    pub(super) fn map_run_of(&self, exec: ExecId) -> Option<&str> {
        match self.executions.get(exec)?.parent? {
            Parent::Run(owner, run, _) => Some(&self.runs.get(&(owner, run))?.run_arn),
            Parent::Task(..) | Parent::Nobody(_) => None,
        }
    }
    /// The children of a Map Run, in the order of their items.
    #[cfg(feature = "server")]
    pub(super) fn map_run(&self, arn: &str) -> Option<&[ExecId]> {
        self.runs.values().find(|run| *run.run_arn == *arn).map(|run| run.members.as_slice())
    }
    /// The execution whose Map Run it is.
    #[cfg(feature = "server")]
    pub(super) fn owner_of_map_run(&self, arn: &str) -> Option<ExecId> {
        self.runs.iter().find(|(_, run)| *run.run_arn == *arn).map(|((owner, _), _)| *owner)
    }

    /// How many children a Map Run has started, and how many of them have ended how.
    #[cfg(feature = "server")]
    pub(super) fn map_run_counts(&self, arn: &str) -> Option<(usize, &[(&'static str, usize)])> {
        self.runs.values().find(|run| *run.run_arn == *arn).map(|run| (run.members.len(), run.ended.as_slice()))
    }
    /// Counts the end of a Map Run's child.
    fn note_child_end(&mut self, exec: ExecId) {
        let Some(slot) = self.executions.get(exec) else { return };
        let (Some(Parent::Run(owner, run, _)), status) = (slot.parent, slot.status().name()) else { return };
        let Some(run) = self.runs.get_mut(&(owner, run)) else { return };
        match run.ended.iter_mut().find(|(name, _)| *name == status) {
            Some((_, count)) => *count += 1,
            None => run.ended.push((status, 1)),
        }
    }

    /// A fresh name in the form of a UUID, the same for the same seed.
    pub(super) fn fresh_name(&mut self) -> Str {
        uuid_str(self.ids.next_u64(), self.ids.next_u64())
    }

    fn start_child(&mut self, exec: ExecId, spec: &ChildSpec) {
        let name = self.fresh_name();
        let seed = self.ids.next_u64();
        let Some(parent) = self.executions.running(exec) else { return };
        let machine = parent.machine();
        let run = self.runs.entry((exec, spec.run)).or_insert_with(|| MapRun::new(parent.settings(), spec));
        let mut settings = run.of_every_child.clone();
        run.arn.truncate(run.arn_prefix);
        run.arn.push_str(&name);
        settings.execution_arn = run.arn.as_str().into();
        settings.execution_name = name;
        settings.seed = seed;
        settings.parent_index = spec.index;
        run.members.push(self.executions.next_id());
        self.add(Execution::child(&machine, spec, Arc::new(settings)), Some(Parent::Run(exec, spec.run, spec.index)));
    }

    fn call(&mut self, exec: ExecId, call: Call) {
        let at = self.clock.now();
        let Some(slot) = self.executions.get(exec) else { return };
        let entry = match slot.is_brief {
            false => self.log.record(call.clone(), at, ""),
            true => self.log.record_brief(call.clone(), at, ""),
        };
        self.logged.insert((exec, call.id), entry);
        let caller = integration::Caller { execution: &slot.arn, machine: &slot.machine_arn };
        let own =
            if self.own_mocks.is_empty() { None } else { self.own_mocks.get_mut(&self.executions.outermost(exec)) };
        let (mocks, services, trouble) = (&mut self.mocks, &mut self.services, &mut self.trouble);
        let outside = &self.outside;
        let is_nested = nested::target(&call).is_some_and(|arn| self.machines.iter().any(|m| nested::is_named(m, arn)));
        // A model answers what no mock does, or a server outside; faults lie over all of them.
        let by_mock = || match own.map(|own| own.answer(&call, at)) {
            None => mocks.answer(&call, at),
            Some(Answer::Unanswered(unanswered)) if matches!(unanswered.reason, Reason::NoMock) => {
                mocks.answer(&call, at)
            }
            Some(answer) => answer,
        };
        let ask = || match by_mock() {
            Answer::Unanswered(unanswered) if matches!(unanswered.reason, Reason::NoMock) => {
                let first = outside.upstream(&call, at, Which::Named);
                let asked = first.or_else(|| integration::answer(services, &call, &caller, at));
                let kept = |name: &str| {
                    let kept = services.connection(name)?;
                    Connection::described(&kept.kind, &kept.parameters).ok()
                };
                let last = || if is_nested { None } else { outside.upstream(&call, at, Which::All) };
                match asked.or_else(|| outside.answer(&call, at, &kept)).or_else(last) {
                    Some(Ok(answer)) => answer,
                    Some(Err(why)) => {
                        *trouble = Some(why);
                        Answer::Unanswered(unanswered)
                    }
                    None => Answer::Unanswered(unanswered),
                }
            }
            answer => answer,
        };
        let answer = match self.faults.answer(&call, at, ask) {
            // What a model does not model is said already.
            Answer::Unanswered(_) if self.trouble.is_some() => {
                if let Some(trouble) = self.trouble.take() {
                    self.went_wrong(exec, trouble);
                }
                return;
            }
            // A mock that is there and has nothing to say is a mistake in the test, not an invitation.
            Answer::Unanswered(unanswered) if matches!(unanswered.reason, Reason::NoMock) => {
                if self.start_nested(exec, &call) {
                    return;
                }

                // An activity or a callback may wait for the test, if the test is there to act.
                if self.interactive && (call.resource.is_activity() || call.resource.waits_for_token()) {
                    Answer::Reply(Reply::later())
                } else {
                    Answer::Unanswered(unanswered)
                }
            }
            answer => answer,
        };
        self.run_errands();
        match answer {
            Answer::Reply(reply) => self.replied(exec, call, at, reply),
            Answer::Future(future) => {
                self.in_flight.push(InFlight { exec, call, at, future: Some(future), reply: None });
            }
            Answer::Unanswered(unanswered) => self.went_wrong(exec, unanswered.to_string()),
        }
    }

    /// Something is wrong with the test. Where many share the world, the execution in which it shows ends, in a way that
    /// no state can catch; else nothing goes on.
    fn went_wrong(&mut self, exec: ExecId, trouble: String) {
        if !self.forgiving {
            self.trouble = Some(trouble);
            return;
        }
        let outermost = self.executions.outermost(exec);
        self.send(outermost, Input::Stop(TaskError::new("Rehearsal.Unanswered", trouble)));
    }

    /// Puts a reply on the clock, counted from the instant of the call.
    fn replied(&mut self, exec: ExecId, call: Call, at: Timestamp, reply: Reply) {
        let due = at + reply.duration();
        self.note_answer(exec, call.id, reply.answered_by());
        let is_activity = call.resource.is_activity();
        if let Some(output) = reply.submission(&call, at) {
            self.send(exec, Input::Submitted(call.id, output));
        }
        let worker = reply.taken_by().filter(|_| is_activity);
        let unpolled = is_activity && worker.is_none();
        if worker.is_some() {
            self.send(exec, Input::WorkerStarted(call.id, worker));
        }
        let outcome = reply.into_outcome();
        let input = match outcome {
            ReplyOutcome::Done(outcome) => Input::Done(call.id, outcome),
            ReplyOutcome::Refused(error) => Input::Done(call.id, Err(error)),
            ReplyOutcome::TimedOut { heartbeat } => Input::TimedOut { call: call.id, heartbeat },
            ReplyOutcome::Later => {
                self.parked.push(Parked { exec, since: at, unpolled, call });
                return;
            }
            ReplyOutcome::Never => return,
        };
        if due <= self.clock.now() {
            self.send(exec, input);
        } else {
            self.clock.schedule(due, Class::Completion, exec, input);
        }
    }

    fn note_answer(&mut self, exec: ExecId, call: CallId, who: &str) {
        if let Some(entry) = self.logged.get(&(exec, call)) {
            self.log.answered_by(*entry, who);
        }
    }

    fn note_end(&mut self, exec: ExecId, call: CallId, outcome: Option<Outcome>) {
        if let Some(entry) = self.logged.remove(&(exec, call)) {
            self.log.finish(entry, self.clock.now(), outcome);
        }
    }

    /// Polls asynchronous mocks. Their replies go onto the clock when all have answered, in the order of the calls,
    /// so that real latency never decides an order.
    pub(super) fn poll_mocks(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut all = true;
        for flight in &mut self.in_flight {
            if let Some(future) = &mut flight.future {
                match future.as_mut().poll(cx) {
                    Poll::Ready(reply) => {
                        flight.reply = Some(reply);
                        flight.future = None;
                    }
                    Poll::Pending => all = false,
                }
            }
        }
        all &= self.services.poll_work(cx).is_ready();
        self.posts.retain_mut(|post| Pin::new(post).poll(cx).is_pending());
        all &= self.posts.is_empty();
        self.run_errands();
        if !all {
            return Poll::Pending;
        }
        for flight in std::mem::take(&mut self.in_flight) {
            if let Some(reply) = flight.reply {
                self.replied(flight.exec, flight.call, flight.at, reply);
            }
        }
        Poll::Ready(())
    }

    /// Who holds the clock: the calls whose mocks have not answered.
    pub(super) fn holders(&self) -> Vec<String> {
        self.in_flight.iter().filter(|f| f.reply.is_none()).map(|f| f.call.location()).collect()
    }

    /// Starts another machine's execution for a `states:startExecution` task; false if this call is none, or names
    /// no machine that is known.
    fn start_nested(&mut self, exec: ExecId, call: &Call) -> bool {
        let Some(arn) = nested::target(call) else { return false };
        let Some(machine) = self.machines.iter().find(|m| nested::is_named(m, arn)).cloned() else { return false };
        let input = match call.payload.get("Input") {
            Some(Value::String(text)) => match Value::parse(text) {
                Ok(v) => v,
                Err(_) => Value::String(text.clone()),
            },
            Some(v) => v.clone(),
            None => Value::empty_object(),
        };
        let name = match call.payload.get("Name").and_then(Value::as_str) {
            Some(name) => name.into(),
            None => self.fresh_name(),
        };
        let seed = self.ids.next_u64();
        let Some(parent) = self.executions.running(exec) else { return false };
        let own = Arc::clone(parent.settings());
        let mut settings = nested::settings(&machine, arn, &name, seed);
        settings.missing_activities.clone_from(&own.missing_activities);
        settings.limits = own.limits.clone();
        let own_tally = self.tallies.iter().find(|(m, _)| Arc::ptr_eq(&m.inner, &machine.inner));
        settings.tally = own_tally.map(|(_, tally)| tally.clone());
        let started = nested::started(&settings, self.clock.now(), call);
        self.nested += 1;
        let depth = self.executions.get(exec).map_or(0, |slot| slot.depth);
        if depth >= MOST_DEPTH || self.nested > MOST_NESTED && !self.open {
            let trouble = format!(
                "`{}` starts `{}` without end: {} executions deep, {} in all",
                call.location(),
                machine.name(),
                depth + 1,
                self.nested
            );
            self.went_wrong(exec, trouble);
            return true;
        }
        let waits = call.resource.runs_a_job();
        let child = Execution::new(&machine, Arc::new(settings), input);
        let at = self.clock.now();
        self.note_answer(exec, call.id, machine.name());
        let parent = if waits { Parent::Task(exec, call.id) } else { Parent::Nobody(exec) };
        let job = self.add(child, Some(parent));
        if waits {
            self.jobs.insert((exec, call.id), job);
            self.send(exec, Input::Submitted(call.id, started));
        } else if call.resource.waits_for_token() {
            self.send(exec, Input::Submitted(call.id, started));
            self.parked.push(Parked { exec, since: at, unpolled: false, call: call.clone() });
        } else {
            self.send(exec, Input::Done(call.id, Ok(started)));
        }
        true
    }

    fn nested_outcome(&self, parent: ExecId, call: CallId, child: ExecId) -> Option<Outcome> {
        let resource = self.resource_of(parent, call)?;
        let slot = self.executions.get(child)?;
        let State::Ended { status, .. } = &slot.state else { return None };
        Some(nested::outcome(slot, status, &resource))
    }

    fn resource_of(&self, exec: ExecId, call: CallId) -> Option<Arc<Resource>> {
        let entry = self.logged.get(&(exec, call))?;
        self.log.get(*entry).map(|c| Arc::clone(&c.call.resource))
    }

    /// Why nothing goes on although the execution runs: what waits for whom.
    pub(super) fn idle_diagnosis(&self) -> String {
        let mut text = String::from("nothing is scheduled, and the execution is still running\n");
        if self.parked.is_empty() {
            text.push_str("  every task that runs was told never to answer\n");
        }
        for p in &self.parked {
            let place = p.call.location();
            match p.call.resource.kind() {
                ResourceKind::Activity { name } if !p.unpolled => {
                    text.push_str(&format!("  `{place}` waits for the answer of its worker (activity `{name}`)\n"));
                }
                ResourceKind::Activity { name } => {
                    text.push_str(&format!("  `{place}` waits for a worker of the activity `{name}`\n"));
                }
                _ => text.push_str(&format!("  `{place}` waits for its task token ({})\n", p.call.resource.short())),
            }
        }
        text.push_str(
            "  help: let the mock answer, give the state a TimeoutSeconds, or, in Rust, drive the clock with `start`\n",
        );
        text
    }

    /// How much time has passed since the root execution started.
    pub(super) fn elapsed(&self) -> Duration {
        self.root().map_or(Duration::ZERO, |s| s.ended_at.unwrap_or(self.clock.now()).since(s.started_at))
    }

    /// The root execution's id.
    pub(super) fn root_id() -> ExecId {
        ROOT
    }
}
