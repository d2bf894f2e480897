//! A run: what became of an execution.

use std::sync::OnceLock;
use std::time::Duration;

use crate::asl::Machine;
use crate::coverage::Counted;
use crate::engine::{Status, Tally};
#[cfg(feature = "server")]
use crate::harness::clock::ExecId;
use crate::harness::slots::{ChildrenLeftOut, State};
use crate::harness::targets;
use crate::harness::world::World;
use crate::history::compact::Compact;
use crate::history::timeline::{Timeline, timeline};
use crate::history::{History, wire};
use crate::mock::{CallLog, Calls, Unused};
use crate::services::Services;
use crate::services::s3::S3;
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// An execution that has been run, with its history, its calls and everything to assert about them.
pub struct Run {
    status: Status,
    history: History,
    variables: Vec<(Str, Value)>,
    calls: CallLog,
    services: Services,
    children: Vec<Child>,
    children_left_out: Vec<ChildrenLeftOut>,
    unused: Vec<Unused>,
    arn: Str,
    elapsed: Duration,
    started_at: Timestamp,
    seed: u64,
    timeline: OnceLock<Timeline>,
    /// The machine and those it may start, so that an assertion about a name that is nowhere can be refused.
    machines: Vec<Machine>,
    tallies: Vec<(Machine, Tally)>,
}

/// Another execution that a run brought about: a child of a distributed Map, or a nested one.
#[derive(Debug)]
pub struct Child {
    /// Its ARN.
    pub arn: Str,
    /// Its name.
    pub name: Str,
    /// Which item or batch of a distributed Map it was, from 0; none for a nested execution.
    pub index: Option<usize>,
    /// Its input.
    pub input: Value,
    /// How it ended.
    pub status: Status,
    /// Its history.
    pub history: History,
    /// When it started.
    pub started_at: Timestamp,
}

impl Child {
    /// The history as people read it.
    pub fn compact(&self) -> Compact<'_> {
        Compact::new(&self.history)
    }
}

impl Run {
    /// What became so far of one of many executions in a world that goes on.
    #[cfg(feature = "server")]
    pub(super) fn among_others(world: &World, exec: ExecId, seed: u64, machines: Vec<Machine>) -> Option<Run> {
        let slot = world.executions.get(exec)?;
        let (status, history, variables) = match &slot.state {
            State::Ended { status, history, last_variables } => {
                (status.clone(), history.clone(), last_variables.clone())
            }
            State::Running(e) => (e.status().clone(), e.history().clone(), e.last_variables()),
        };
        Some(Run {
            status,
            history,
            variables,
            calls: world.log.clone(),
            services: Services::with_objects(world.clock.now(), seed, world.services.s3().clone()),
            children: Vec::new(),
            children_left_out: Vec::new(),
            unused: Vec::new(),
            arn: slot.arn.clone(),
            elapsed: slot.ended_at.unwrap_or(world.clock.now()).since(slot.started_at),
            started_at: slot.started_at,
            seed,
            timeline: OnceLock::new(),
            machines,
            tallies: Vec::new(),
        })
    }
    pub(super) fn of(world: World, seed: u64, machines: Vec<Machine>) -> Run {
        let elapsed = world.elapsed();
        let mut unused = world.mocks.unused();
        unused.extend(world.faults.unused().iter().map(|f| Unused::Fault { key: f.key().to_string() }));
        let (slots, children_left_out) = world.executions.into_parts();
        let mut slots = slots.map(|slot| {
            let index = slot.index();
            let (status, history, variables) = match slot.state {
                State::Ended { status, history, last_variables } => (status, history, last_variables),
                State::Running(e) => (e.status().clone(), e.history().clone(), e.last_variables()),
            };
            let child = Child {
                arn: slot.arn,
                name: slot.name,
                index,
                input: slot.input,
                status,
                history,
                started_at: slot.started_at,
            };
            (child, variables)
        });
        let (root, variables) = slots.next().unwrap_or_else(|| {
            let nothing = Child {
                arn: "".into(),
                name: "".into(),
                index: None,
                input: Value::Null,
                status: Status::Running,
                history: History::default(),
                started_at: Timestamp::EPOCH_DEFAULT,
            };
            (nothing, Vec::new())
        });
        Run {
            children: slots.map(|(child, _)| child).collect(),
            children_left_out,
            status: root.status,
            history: root.history,
            variables,
            calls: world.log,
            services: world.services,
            unused,
            arn: root.arn,
            elapsed,
            started_at: root.started_at,
            seed,
            timeline: OnceLock::new(),
            machines,
            tallies: world.tallies,
        }
    }
    /// How it ended.
    pub fn status(&self) -> &Status {
        &self.status
    }
    /// The output of an execution that succeeded.
    pub fn output(&self) -> Option<serde_json::Value> {
        match &self.status {
            Status::Succeeded(v) => Some(v.to_json()),
            _ => None,
        }
    }
    /// The error's name of one that did not.
    pub fn error(&self) -> Option<&str> {
        self.status.error()?.error.as_deref()
    }
    /// The cause of one that did not.
    pub fn cause(&self) -> Option<&str> {
        self.status.error()?.cause.as_deref()
    }
    /// The history.
    pub fn history(&self) -> &History {
        &self.history
    }
    /// The history as GetExecutionHistory writes it.
    pub fn history_json(&self) -> serde_json::Value {
        wire::history_json(&self.history)
    }
    /// The history as people read it.
    pub fn compact(&self) -> Compact<'_> {
        Compact::new(&self.history)
    }
    /// Visits of states with their attempts.
    pub fn timeline(&self) -> &Timeline {
        self.timeline.get_or_init(|| timeline(&self.history))
    }
    /// A variable's value at the end.
    pub fn variable(&self, name: &str) -> Option<serde_json::Value> {
        self.variables.iter().find(|(n, _)| &**n == name).map(|(_, v)| v.to_json())
    }
    /// All variables of the main line at the end.
    pub fn variables(&self) -> &[(Str, Value)] {
        &self.variables
    }
    /// All calls of services, in order.
    pub fn calls(&self) -> &CallLog {
        &self.calls
    }
    /// The calls that a mock's key would answer: `Charge`, `dynamodb:putItem`, …
    ///
    /// # Panics
    /// Where the key names neither a task nor a resource of the machine: an assertion about it would prove nothing.
    #[track_caller]
    pub fn calls_to(&self, key: &str) -> Calls<'_> {
        let calls = self.calls.to(key);
        if calls.is_empty()
            && let Some(problem) = targets::of_all(&self.machines).problem_of(&key.into())
        {
            panic!("{problem}");
        }
        calls
    }
    /// Places of all states, without indices: `Each/Charge`.
    pub(super) fn state_places(&self) -> impl Iterator<Item = String> {
        self.machines.iter().flat_map(Machine::state_places)
    }
    /// Names of all states of the machine and of those it may start.
    pub(super) fn state_names(&self) -> impl Iterator<Item = &str> {
        self.machines.iter().flat_map(Machine::state_names)
    }
    /// Objects that were handed over or written by a ResultWriter.
    pub fn objects(&self) -> &S3 {
        self.services.s3()
    }
    /// What the models of services hold at the end.
    pub fn services(&self) -> &Services {
        &self.services
    }
    /// Child executions of distributed Maps and nested executions, in the order they started.
    ///
    /// Of very many children of distributed Maps only the first are here, and others that did not succeed; see
    /// [`keep_children`](crate::Harness::keep_children). [`children_left_out`](Self::children_left_out) counts the rest.
    pub fn children(&self) -> &[Child] {
        &self.children
    }
    /// How many children of distributed Maps are not among [`children`](Self::children).
    pub fn children_left_out(&self) -> &[ChildrenLeftOut] {
        &self.children_left_out
    }
    /// Mocks, replies and faults that were never used.
    pub fn unused_mocks(&self) -> &[Unused] {
        &self.unused
    }
    /// The execution's ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }
    /// How long it took on the virtual clock.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
    /// When it started on the virtual clock.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }
    /// The seed it ran with.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

impl Counted for Run {
    fn tallies(&self) -> &[(Machine, Tally)] {
        &self.tallies
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("arn", &self.arn).field("status", &self.status).finish_non_exhaustive()
    }
}
