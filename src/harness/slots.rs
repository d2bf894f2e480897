//! The executions of a world: those that run, and what is kept of those that ended.

use std::collections::{HashMap, VecDeque};

use crate::engine::{Execution, RunId, Status};
use crate::harness::clock::ExecId;
use crate::history::History;
use crate::task::CallId;
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// An execution, or what is left of one that ended.
pub(crate) struct Slot {
    pub(crate) name: Str,
    pub(crate) arn: Str,
    pub(super) parent: Option<Parent>,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) input: Value,
    pub(crate) machine_arn: Str,
    pub(crate) state: State,
    /// How many executions started one another to get here.
    pub(super) depth: usize,
    /// Whether it came after as many children of distributed Maps as are kept.
    pub(super) is_brief: bool,
}

impl Slot {
    /// Whether it runs, and how it ended.
    pub(crate) fn status(&self) -> &Status {
        match &self.state {
            State::Running(e) => e.status(),
            State::Ended { status, .. } => status,
        }
    }
    /// Its history so far.
    #[cfg(feature = "server")]
    pub(crate) fn history(&self) -> &History {
        match &self.state {
            State::Running(e) => e.history(),
            State::Ended { history, .. } => history,
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

pub(crate) enum State {
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
/// as many again of those that do not succeed. Numbers stay as they are, also when the first have been forgotten.
pub(super) struct Slots {
    /// How many were there before the first place.
    before: u32,
    places: VecDeque<Option<Box<Slot>>>,
    /// Where an ARN is, kept only where somebody asks by it.
    by_arn: Option<HashMap<Str, ExecId>>,
    /// Those that have ended since somebody last looked, where somebody does.
    newly_ended: Vec<ExecId>,
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
            before: 0,
            places: VecDeque::new(),
            by_arn: None,
            newly_ended: Vec::new(),
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
        ExecId(self.before + self.places.len() as u32)
    }
    /// Keeps from now on what finding one by its ARN needs, and who has ended.
    #[cfg(feature = "server")]
    pub(super) fn keep_register(&mut self) {
        self.by_arn = Some(HashMap::new());
    }
    /// Those that have ended since this was last asked.
    #[cfg(feature = "server")]
    pub(super) fn take_ended(&mut self) -> Vec<ExecId> {
        std::mem::take(&mut self.newly_ended)
    }
    /// Which execution has an ARN.
    #[cfg(feature = "server")]
    pub(super) fn find(&self, arn: &str) -> Option<ExecId> {
        self.by_arn.as_ref()?.get(arn).copied()
    }
    /// Forgets one that has ended.
    pub(super) fn forget(&mut self, id: ExecId) {
        let place = id.0.checked_sub(self.before).and_then(|n| self.places.get_mut(n as usize));
        if let (Some(gone), Some(by_arn)) = (place.and_then(Option::take), &mut self.by_arn)
            && by_arn.get(&gone.arn) == Some(&id)
        {
            by_arn.remove(&gone.arn);
        }
        // Where many programs come and go, not even the places of those of long ago are kept.
        while self.by_arn.is_some() && matches!(self.places.front(), Some(None)) {
            self.places.pop_front();
            self.before += 1;
        }
    }
    /// The execution in whose Map or `.sync` task this one runs, and it in another's, and so on to the outermost.
    pub(super) fn outermost(&self, exec: ExecId) -> ExecId {
        let mut outermost = exec;
        while let Some(Parent::Run(exec, ..) | Parent::Task(exec, _)) = self.get(outermost).and_then(|slot| slot.parent)
        {
            outermost = exec;
        }
        outermost
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
        if let Some(by_arn) = &mut self.by_arn {
            by_arn.insert(slot.arn.clone(), id);
        }
        self.places.push_back(Some(Box::new(slot)));
        id
    }
    pub(super) fn get(&self, id: ExecId) -> Option<&Slot> {
        self.places.get(id.0.checked_sub(self.before)? as usize)?.as_deref()
    }
    pub(super) fn get_mut(&mut self, id: ExecId) -> Option<&mut Slot> {
        self.places.get_mut(id.0.checked_sub(self.before)? as usize)?.as_deref_mut()
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
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (ExecId, &Slot)> {
        let numbered = self.places.iter().enumerate();
        numbered.filter_map(|(n, place)| Some((ExecId(self.before + n as u32), place.as_deref()?)))
    }
    /// Notes that one has ended, and decides whether it is kept.
    pub(super) fn ended(&mut self, id: ExecId) {
        if self.by_arn.is_some() {
            self.newly_ended.push(id);
        }
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
        self.forget(id);
    }
    /// What is kept, and how much is not.
    pub(super) fn into_parts(self) -> (impl Iterator<Item = Slot>, Vec<ChildrenLeftOut>) {
        (self.places.into_iter().flatten().map(|slot| *slot), self.left_out)
    }
}
