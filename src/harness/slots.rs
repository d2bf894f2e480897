//! The executions of a world, in the order in which they started.

use std::collections::{HashMap, VecDeque};
use std::ops::{Index, IndexMut};

use super::clock::ExecId;
use crate::engine::{Execution, RunId, Status};
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

/// All executions. Their numbers stay, also when the first of them have been forgotten.
#[derive(Default)]
pub(crate) struct Slots {
    /// How many before the first that is there.
    before: u32,
    /// What was forgotten among others is empty.
    slots: VecDeque<Option<Slot>>,
    /// Where an ARN is, kept only where somebody asks by it.
    by_arn: Option<HashMap<Str, ExecId>>,
    /// Those that have ended since somebody last looked.
    ended: Vec<ExecId>,
}

impl Slots {
    /// Keeps from now on what finding one by its ARN needs, and who has ended.
    #[cfg(feature = "server")]
    pub(super) fn keep_register(&mut self) {
        self.by_arn = Some(HashMap::new());
    }
    /// The number that the next one gets.
    pub(super) fn next_id(&self) -> ExecId {
        ExecId(self.before + self.slots.len() as u32)
    }
    pub(super) fn push(&mut self, slot: Slot) -> ExecId {
        let id = self.next_id();
        if let Some(by_arn) = &mut self.by_arn {
            by_arn.insert(slot.arn.clone(), id);
        }
        self.slots.push_back(Some(slot));
        id
    }
    /// Notes that one has ended.
    pub(super) fn note_end(&mut self, id: ExecId) {
        if self.by_arn.is_some() {
            self.ended.push(id);
        }
    }
    /// Those that have ended since this was last asked.
    #[cfg(feature = "server")]
    pub(crate) fn take_ended(&mut self) -> Vec<ExecId> {
        std::mem::take(&mut self.ended)
    }
    /// Which execution has an ARN.
    #[cfg(feature = "server")]
    pub(crate) fn find(&self, arn: &str) -> Option<ExecId> {
        self.by_arn.as_ref()?.get(arn).copied()
    }
    /// Forgets one that has ended.
    #[cfg(feature = "server")]
    pub(crate) fn forget(&mut self, id: ExecId) {
        let place = id.0.checked_sub(self.before).map(|n| n as usize);
        let Some(slot) = place.and_then(|n| self.slots.get_mut(n)) else { return };
        if let (Some(gone), Some(by_arn)) = (slot.take(), &mut self.by_arn)
            && by_arn.get(&gone.arn) == Some(&id)
        {
            by_arn.remove(&gone.arn);
        }
        while let Some(None) = self.slots.front() {
            self.slots.pop_front();
            self.before += 1;
        }
    }
    pub(crate) fn get(&self, id: ExecId) -> Option<&Slot> {
        self.slots.get(id.0.checked_sub(self.before)? as usize)?.as_ref()
    }
    pub(super) fn get_mut(&mut self, id: ExecId) -> Option<&mut Slot> {
        self.slots.get_mut(id.0.checked_sub(self.before)? as usize)?.as_mut()
    }
    pub(super) fn first(&self) -> Option<&Slot> {
        self.slots.front()?.as_ref()
    }
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
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
    /// Those that are there, in the order of their starts.
    #[cfg(feature = "server")]
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (ExecId, &Slot)> {
        let numbered = self.slots.iter().enumerate();
        numbered.filter_map(|(n, slot)| Some((ExecId(self.before + n as u32), slot.as_ref()?)))
    }
    pub(super) fn into_all(self) -> impl Iterator<Item = Slot> {
        self.slots.into_iter().flatten()
    }
}

impl Index<ExecId> for Slots {
    type Output = Slot;
    fn index(&self, id: ExecId) -> &Slot {
        self.get(id).expect("executions that run are there")
    }
}

impl IndexMut<ExecId> for Slots {
    fn index_mut(&mut self, id: ExecId) -> &mut Slot {
        self.get_mut(id).expect("executions that run are there")
    }
}
