//! The executions of a world: those that run, and what is kept of those that ended.

use crate::engine::{Execution, RunId, Status};
use crate::harness::clock::ExecId;
use crate::history::History;
use crate::task::CallId;
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// An execution, or what is left of one that ended.
pub(super) struct Slot {
    pub name: Str,
    pub arn: Str,
    pub parent: Option<Parent>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub input: Value,
    pub machine_arn: Str,
    pub state: State,
    /// How many executions started one another to get here.
    pub depth: usize,
    /// Whether it came after as many children of distributed Maps as are kept.
    pub is_brief: bool,
}

impl Slot {
    /// Whether it runs, and how it ended.
    pub(super) fn status(&self) -> &Status {
        match &self.state {
            State::Running(e) => e.status(),
            State::Ended { status, .. } => status,
        }
    }
    /// Which item or batch of its Map it is.
    pub(super) fn index(&self) -> Option<usize> {
        match self.parent {
            Some(Parent::Run(_, _, index)) => Some(index),
            _ => None,
        }
    }
}

pub(super) enum State {
    Running(Box<Execution>),
    Ended { status: Status, history: History, last_variables: Vec<(Str, Value)> },
}

/// Who waits for an execution.
#[derive(Clone, Copy)]
pub(super) enum Parent {
    /// A Map Run, as which child.
    Run(ExecId, RunId, usize),
    /// A `states:startExecution` task.
    Task(ExecId, CallId),
    /// Nobody: the execution that started it goes on without it.
    Nobody(ExecId),
}

impl Parent {
    pub(super) fn exec(self) -> ExecId {
        match self {
            Parent::Run(exec, ..) | Parent::Task(exec, ..) | Parent::Nobody(exec) => exec,
        }
    }
}

/// Children of a distributed Map of which nothing but their number is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildrenLeftOut {
    /// What their machine is called: `machine/label`.
    pub machine_name: Str,
    /// How they ended: `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub status: &'static str,
    /// How many.
    pub count: usize,
}

/// How many children of distributed Maps are kept where nobody says otherwise: as many as run at a time.
const KEPT_CHILDREN: usize = 10_000;

/// More than so many are kept only while their inputs are together not larger than [`LARGE`].
const FEW_CHILDREN: usize = 100;
const LARGE: usize = 16 << 20;

/// All executions in the order they were started. Of children of distributed Maps only so many are kept: the first, and
/// as many again of those that do not succeed.
pub(super) struct Slots {
    places: Vec<Option<Box<Slot>>>,
    most_children: usize,
    most_bytes: usize,
    children: usize,
    /// How long the inputs of the children are that are kept.
    bytes: usize,
    unsuccessful: usize,
    left_out: Vec<ChildrenLeftOut>,
}

impl Slots {
    pub(super) fn new() -> Slots {
        Slots {
            places: Vec::new(),
            most_children: KEPT_CHILDREN,
            most_bytes: LARGE,
            children: 0,
            bytes: 0,
            unsuccessful: 0,
            left_out: Vec::new(),
        }
    }
    /// Says how many children are kept, however large they are.
    pub(super) fn keep_children(&mut self, most: usize) {
        (self.most_children, self.most_bytes) = (most, usize::MAX);
    }
    /// The id of the next one.
    pub(super) fn next_id(&self) -> ExecId {
        ExecId(self.places.len() as u32)
    }
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
    pub(super) fn add(&mut self, mut slot: Slot) -> ExecId {
        let id = self.next_id();
        if let Some(Parent::Run(..)) = slot.parent {
            let is_large = self.bytes > self.most_bytes && self.children >= FEW_CHILDREN;
            slot.is_brief = is_large || self.children >= self.most_children;
            if !slot.is_brief {
                self.children += 1;
                self.bytes += slot.input.text_len();
            }
        }
        self.places.push(Some(Box::new(slot)));
        id
    }
    pub(super) fn get(&self, id: ExecId) -> Option<&Slot> {
        self.places.get(id.0 as usize)?.as_deref()
    }
    pub(super) fn get_mut(&mut self, id: ExecId) -> Option<&mut Slot> {
        self.places.get_mut(id.0 as usize)?.as_deref_mut()
    }
    /// The execution's engine, while it runs.
    pub(super) fn running(&mut self, id: ExecId) -> Option<&mut Execution> {
        match &mut self.get_mut(id)?.state {
            State::Running(execution) => Some(execution),
            State::Ended { .. } => None,
        }
    }
    /// All that are there.
    #[cfg(feature = "server")]
    pub(super) fn iter(&self) -> impl Iterator<Item = (ExecId, &Slot)> {
        self.places.iter().enumerate().filter_map(|(i, place)| Some((ExecId(i as u32), place.as_deref()?)))
    }
    /// Decides whether one that has ended is kept.
    pub(super) fn ended(&mut self, id: ExecId) {
        let Some(slot) = self.get(id).filter(|slot| slot.is_brief) else { return };
        let status = slot.status().name();
        let machine_name: Str = slot.machine_arn.split(':').nth(6).unwrap_or_default().into();
        let input = slot.input.text_len();
        let is_large = self.bytes > self.most_bytes && self.unsuccessful >= FEW_CHILDREN;
        if !matches!(slot.status(), Status::Succeeded(_)) && self.unsuccessful < self.most_children && !is_large {
            self.unsuccessful += 1;
            self.bytes += input;
            return;
        }
        match self.left_out.iter_mut().find(|l| l.machine_name == machine_name && l.status == status) {
            Some(left_out) => left_out.count += 1,
            None => self.left_out.push(ChildrenLeftOut { machine_name, status, count: 1 }),
        }
        self.places[id.0 as usize] = None;
    }
    /// What is kept, and how much is not.
    pub(super) fn into_parts(self) -> (impl Iterator<Item = Slot>, Vec<ChildrenLeftOut>) {
        (self.places.into_iter().flatten().map(|slot| *slot), self.left_out)
    }
}
