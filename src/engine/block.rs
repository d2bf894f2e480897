//! Parallel and Map: threads that wait for others.

use crate::asl::machine::{Inner, StateKind};
use crate::asl::spots::Spot;
use crate::engine::Execution;
use crate::engine::core::Core;
use crate::engine::fault::{Failed, Fault};
use crate::engine::map::MapBlock;
use crate::engine::map_run::MapRun;
use crate::engine::states::{name_of, results};
use crate::engine::thread::{Doing, Thread};
use crate::history::{Detail, Phase, StateType};
use crate::value::{Str, Value};

/// What a thread with children keeps about them.
pub(super) enum Block {
    Parallel(ParallelBlock),
    Map(MapBlock),
    Run(Box<MapRun>),
}

pub(super) struct ParallelBlock {
    /// Threads that still run.
    pub members: Vec<u32>,
    pub results: Vec<Value>,
}

impl Block {
    /// Takes a member off the list of those that run.
    fn forget(&mut self, member: u32) {
        match self {
            Block::Parallel(b) => b.members.retain(|m| *m != member),
            Block::Map(b) => b.members.retain(|m| *m != member),
            Block::Run(_) => {}
        }
    }
}

impl Execution {
    /// A branch or an iteration reached its end.
    pub(super) fn member_ended(&mut self, machine: &Inner, member: &Thread, parent: u32, index: usize, output: Value) {
        let Some(mut t) = self.take(parent, |_| true) else { return };
        let state = machine.state(t.state);
        let Doing::Block(block) = &mut t.doing else { return self.put(t) };
        self.release(member.id);
        let worked = match (&mut **block, &state.kind) {
            (Block::Parallel(b), StateKind::Parallel(parallel)) => {
                self.core.reached(t.state, state, Spot::Ended(index));
                b.results[index] = output;
                b.members.retain(|m| *m != member.id);
                if !b.members.is_empty() {
                    return self.put(t);
                }
                let result = results(&mut b.results);
                // Succeeded and Exited both point at the last event of the branch that ended last.
                t.last = member.last;
                self.core.push(t.last, Detail::ParallelStateSucceeded);
                self.finish_block(&mut t, state, result, parallel.result_selector.as_ref(), &parallel.result_path)
            }
            (Block::Map(b), StateKind::Map(map)) => {
                self.core.reached(t.state, state, Spot::Ended(0));
                let succeeded = Detail::MapIteration { phase: Phase::Succeeded, name: name_of(state), index };
                b.last_success = self.core.push(member.last, succeeded);
                b.results[index] = output;
                b.members.retain(|m| *m != member.id);
                // The next iteration points at the last state event of the one whose place it takes.
                t.last = member.last;
                self.go_on_with_map(&mut t, state, map)
            }
            _ => return self.put(t),
        };
        let step = self.after(machine, &mut t, worked);
        self.settle(machine, t, step);
    }

    /// A branch or an iteration failed: the others are stopped, and the block's own Retry and Catch have their say.
    pub(super) fn member_failed(
        &mut self,
        machine: &Inner,
        member: &Thread,
        parent: u32,
        index: usize,
        failed: Failed,
    ) {
        let Some(mut t) = self.take(parent, |_| true) else { return };
        let state = machine.state(t.state);
        t.last = member.last;
        let is_map = matches!(state.kind, StateKind::Map(_));
        if is_map {
            let phase = Phase::Failed;
            self.core.push(member.last, Detail::MapIteration { phase, name: name_of(state), index });
        } else if machine.state(member.state).state_type() == StateType::Task {
            // The service marks the task that failed a branch as aborted, too.
            self.core.push(member.last, Detail::StateAborted(StateType::Task));
        }
        self.release(member.id);
        if let Doing::Block(block) = &mut t.doing {
            block.forget(member.id);
        }
        let step = self.handle_fault(machine, &mut t, Fault::Member(failed));
        self.settle(machine, t, step);
    }

    /// Stops what still runs of a thread's block, if it has one.
    pub(super) fn stop_block(&mut self, machine: &Inner, t: &mut Thread) {
        let state = machine.state(t.state);
        if let Doing::Block(block) = std::mem::replace(&mut t.doing, Doing::Retrying) {
            let map = matches!(state.kind, StateKind::Map(_)).then(|| name_of(state));
            self.stop_members(machine, &block, map);
        }
    }

    /// Stops a block's threads, innermost first, each with the event that says so.
    fn stop_members(&mut self, machine: &Inner, block: &Block, map: Option<Str>) {
        let members = match block {
            Block::Parallel(b) => &b.members,
            Block::Map(b) => &b.members,
            Block::Run(run) => {
                self.core.push(run.started, Detail::MapRunAborted);
                self.core.effect(crate::engine::Effect::StopChildren(run.id));
                return;
            }
        };
        for id in members {
            let Some(mut t) = self.take(*id, |_| true) else { continue };
            let state = machine.state(t.state);
            let doing = std::mem::replace(&mut t.doing, Doing::Retrying);
            if let Doing::Block(inner) = &doing {
                let map = matches!(state.kind, StateKind::Map(_)).then(|| name_of(state));
                self.stop_members(machine, inner, map);
            }
            t.doing = doing;
            self.core.cancel(&t);
            let entered = !matches!(t.doing, Doing::Entering);
            if entered && let Some(aborted) = Core::aborted(state) {
                t.last = self.core.push(t.last, aborted);
            }
            if let (Some(name), Some((_, index))) = (&map, t.parent) {
                let phase = Phase::Aborted;
                self.core.push(t.last, Detail::MapIteration { phase, name: name.clone(), index });
            }
            self.release(*id);
        }
    }
}
