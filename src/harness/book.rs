//! What is known of executions beyond what they do: who started them, by which name, and who waits for their end.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::clock::ExecId;
use super::slots::Slots;
use crate::registry::Revision;
use crate::services::promise::{Pending, Promise, promise};
use crate::value::Str;

/// How an execution was started.
pub(crate) struct Record {
    /// The state machine as it was then.
    pub(crate) revision: Arc<Revision>,
    /// The version that was named, or that the alias chose.
    pub(crate) version_arn: Option<Str>,
    /// The alias that was named.
    pub(crate) alias_arn: Option<Str>,
    /// What the caller wants to see in traces.
    pub(crate) trace_header: Option<Str>,
    /// The input as it was written.
    pub(crate) input: Str,
}

/// The records of executions, of which those that ended long ago are forgotten.
pub(crate) struct Book {
    records: HashMap<ExecId, Record>,
    /// Those that have ended, in the order of their ends.
    ended: VecDeque<ExecId>,
    /// How many of them are kept.
    most: usize,
    waiting: HashMap<ExecId, Vec<Promise<()>>>,
}

impl Book {
    pub(super) fn keeping(most: usize) -> Book {
        Book { records: HashMap::new(), ended: VecDeque::new(), most, waiting: HashMap::new() }
    }
    pub(super) fn note(&mut self, exec: ExecId, record: Record) {
        self.records.insert(exec, record);
    }
    /// How an execution was started; nothing for those that others than the API started.
    pub(crate) fn of(&self, exec: ExecId) -> Option<&Record> {
        self.records.get(&exec)
    }
    /// What comes when an execution has ended.
    pub(super) fn end_of(&mut self, exec: ExecId) -> Pending<()> {
        let (promised, pending) = promise();
        self.waiting.entry(exec).or_default().push(promised);
        pending
    }
    /// Tells those who wait, and forgets the oldest of those that have ended.
    pub(super) fn settle(&mut self, executions: &mut Slots) {
        for exec in executions.take_ended() {
            for promise in self.waiting.remove(&exec).into_iter().flatten() {
                let _gone = promise.keep(());
            }
            self.ended.push_back(exec);
        }
        while self.ended.len() > self.most {
            let Some(oldest) = self.ended.pop_front() else { return };
            self.records.remove(&oldest);
            executions.forget(oldest);
        }
    }
}
