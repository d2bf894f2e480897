//! One state looked at from inside: what TestState reports of it.
//!
//! An execution with a probe runs its first state and nothing else. The state's own code runs as it always does; where
//! it has something to show, it leaves a copy in the probe. Branches and iterations do not run: a mock stands in for
//! them. An execution without a probe asks a few times per state whether there is one, and that is all it costs.

use std::time::Duration;

use crate::asl::machine::{Map, ResultPath, State};
use crate::engine::block::Block;
use crate::engine::data::Fields;
use crate::engine::fault::{Failed, Fault};
use crate::engine::map_run::MapRun;
use crate::engine::thread::{MapItem, Scope, Thread};
use crate::engine::{Execution, Step};
use crate::task::{Outcome, TaskError};
use crate::value::{Str, Value};

/// What a state is to meet, and what it shows.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    /// What the branches of a Parallel or the iterations of a Map give.
    pub stand_in: Option<Outcome>,
    /// How many iterations of a distributed Map count as failed.
    pub failed_iterations: u64,
    /// How often each retrier was used before.
    pub retries: u64,
    /// The variables there are on entering.
    pub variables: Vec<(Str, Value)>,
    /// What was seen.
    pub seen: Seen,
}

/// What a state showed on its way, in the order in which it comes about. `None` is what it never came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub after_input_path: Option<Value>,
    /// After `Parameters` or `Arguments`.
    pub after_parameters: Option<Value>,
    /// A Pass state's `Result`, or what a service answered.
    pub result: Option<Value>,
    pub after_items_path: Option<Value>,
    pub after_items_pointer: Option<Value>,
    pub after_item_selector: Option<Value>,
    pub after_item_batcher: Option<Value>,
    pub max_concurrency: Option<usize>,
    pub tolerated_count: Option<f64>,
    pub tolerated_percentage: Option<f64>,
    pub after_result_selector: Option<Value>,
    pub after_result_path: Option<Value>,
    /// The error that met Retry and Catch.
    pub error: Option<TaskError>,
    /// The retrier that has the error in its list.
    pub retrier: Option<usize>,
    /// How long the next attempt would wait; `None` when the retrier is used up.
    pub backoff: Option<Duration>,
    pub catcher: Option<usize>,
    /// What the state hands on, once it is left.
    pub output: Option<Value>,
    /// Where it leads.
    pub next: Option<Str>,
}

impl Probe {
    /// The scope the state begins with.
    pub(super) fn scope(&self) -> Scope {
        let mut scope = Scope::default();
        for (name, value) in &self.variables {
            scope.set(name.clone(), value.clone());
        }
        scope
    }
}

impl super::core::Core {
    /// What a state shows, if anybody looks.
    pub(super) fn seen(&mut self) -> Option<&mut Seen> {
        self.probe.as_deref_mut().map(|p| &mut p.seen)
    }
}

impl Execution {
    /// What was seen of the state so far.
    pub(crate) fn seen(&self) -> Option<&Seen> {
        self.core.probe.as_deref().map(|p| &p.seen)
    }

    /// The end of a block whose branches or iterations never ran.
    pub(super) fn finish_stood_in(
        &mut self,
        t: &mut Thread,
        state: &State,
        selector: Option<&crate::asl::machine::Payload>,
        result_path: &ResultPath,
    ) -> Result<Step, Fault> {
        match self.core.probe.as_mut().and_then(|p| p.stand_in.take()) {
            Some(Ok(result)) => self.finish_block(t, state, result, selector, result_path),
            Some(Err(error)) => Err(member_failed(error)),
            None => Err(member_failed(TaskError::new("States.Runtime", "Nothing stands in for the block's states."))),
        }
    }

    /// The end of an inline Map whose iterations never ran.
    pub(super) fn finish_stood_in_map(
        &mut self,
        t: &mut Thread,
        state: &State,
        map: &Map,
        (items, input): (&Value, &Value),
    ) -> Result<Step, Fault> {
        if let Some(selector) = &map.item_selector {
            let mut selected = Vec::new();
            for (index, value) in items.as_array().unwrap_or_default().iter().enumerate() {
                let item = MapItem { index, value: value.clone(), source: None };
                let mut fields = Fields { item: Some(&item), ..Fields::new(&mut self.core, t, state) };
                let states = fields.states();
                selected.push(fields.payload(selector, input, &states)?);
            }
            if let Some(seen) = self.core.seen() {
                seen.after_item_selector = Some(Value::array(selected));
            }
        }
        self.finish_stood_in(t, state, map.result_selector.as_ref(), &map.result_path)
    }

    /// The end of a Map Run whose children never ran.
    pub(super) fn finish_stood_in_run(
        &mut self,
        t: &mut Thread,
        state: &State,
        map: &Map,
        mut block: Block,
    ) -> Result<Step, Fault> {
        let Block::Run(run) = &mut block else { return Ok(Step::Parked) };
        self.show_children(t, state, map, run)?;
        let mut tolerated = true;
        if let Some(probe) = self.core.probe.as_deref_mut() {
            // Without a threshold, a number of failures that the test names changes nothing.
            tolerated = run.tolerates(probe.failed_iterations);
        }
        if !tolerated && self.core.probe.as_deref().is_some_and(|p| matches!(p.stand_in, Some(Ok(_)))) {
            return Err(self.run_exceeded(t, run));
        }
        self.finish_stood_in(t, state, map.result_selector.as_ref(), &map.result_path)
    }

    /// The inputs that the children of a Map Run would get.
    fn show_children(&mut self, t: &Thread, state: &State, map: &Map, run: &mut MapRun) -> Result<(), Fault> {
        let has_selector = map.item_selector.is_some();
        if map.distributed.as_ref().and_then(|d| d.reader.as_ref()).is_some_and(|r| r.items_pointer.is_some()) {
            let items = run.show_items()?;
            if let Some(seen) = self.core.seen() {
                seen.after_items_pointer = Some(Value::array(items));
            }
        }
        if !has_selector && !run.has_batches() {
            return Ok(());
        }
        let mut selected = Vec::new();
        if has_selector {
            for (index, item) in run.show_items()?.iter().enumerate() {
                selected.push(run.selected(Fields::new(&mut self.core, t, state), map, index, item)?);
            }
        }
        let mut batches = Vec::new();
        while run.has_batches()
            && let Some((batch, _)) = run.next_child(Fields::new(&mut self.core, t, state), map)?
        {
            batches.push(batch);
        }
        let is_batched = run.has_batches();
        if let Some(seen) = self.core.seen() {
            seen.after_item_selector = has_selector.then(|| Value::array(selected));
            seen.after_item_batcher = is_batched.then(|| Value::array(batches));
        }
        Ok(())
    }
}

fn member_failed(error: TaskError) -> Fault {
    // The service's own error is as final when a mock says it.
    let fatal = error.name() == "States.Runtime";
    Fault::Member(Failed { error, fatal, heartbeat: false })
}
