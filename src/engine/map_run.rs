//! Distributed Map: every item or batch is a child execution; a Map Run counts them.

use std::sync::Arc;

use crate::asl::Resource;
use crate::asl::machine::{
    Distributed, Flow, Inner, InputType, MachineType, Map, State, StateKind, WriterTransformation,
};
use crate::asl::spots::Spot;
use crate::engine::block::Block;
use crate::engine::children::{Children, Started};
use crate::engine::data::{Fields, too_large_result};
use crate::engine::fault::Fault;
use crate::engine::reader::{Bytes, Items};
use crate::engine::thread::{Doing, MapItem, Thread};
use crate::engine::{Effect, Execution, Step};
use crate::history::Detail;
use crate::random::uuid_text;
use crate::task::{Outcome, PathStep, TaskError};
use crate::time::Timestamp;
use crate::value::{Map as Members, Str, Value};

/// Names a Map Run of one execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId {
    thread: u32,
    serial: u32,
}

/// One child execution to start.
#[derive(Debug)]
pub struct ChildSpec {
    /// The Map Run.
    pub run: RunId,
    /// Which item or batch, from 0.
    pub index: usize,
    /// The child's input.
    pub input: Value,
    /// The Map Run's ARN.
    pub map_run_arn: Str,
    /// What the child's machine is called: `machine/label`.
    pub machine_name: Str,
    /// Standard or Express.
    pub execution_type: MachineType,
    /// Where its tasks are: the items and branches around it, outermost first. The last one is the Map itself, whose
    /// item is [`index`](Self::index).
    pub path: Arc<[PathStep]>,
    pub(crate) flow: Flow,
}

/// Items to fetch for a distributed Map.
#[derive(Debug)]
pub struct ReadItems {
    /// The Map Run.
    pub run: RunId,
    /// The Map state's name.
    pub state: Str,
    /// `s3:getObject` or `s3:listObjectsV2`.
    pub resource: Resource,
    /// `Bucket`, `Key`, `Prefix`, … as evaluated.
    pub parameters: Value,
    pub(crate) input_type: InputType,
    /// `S3_INVENTORY` or `ATHENA_DATA` where the object is a manifest.
    pub manifest_type: Option<Str>,
    /// Whether the objects of a listing are read, and not the listing.
    pub load_and_flatten: bool,
    /// How many items are wanted at most.
    pub most: usize,
}

/// What came of one child, for a ResultWriter.
#[derive(Debug)]
pub struct ChildResult {
    /// The Map Run.
    pub run: RunId,
    /// Which item or batch, from 0.
    pub index: usize,
    /// The child's input.
    pub input: Value,
    /// How it ended.
    pub outcome: Outcome,
    /// How many items it stands for.
    pub items: usize,
    /// How many items there are in all.
    pub all_items: usize,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What goes into the files: outputs only, flattened, or (the default) whole descriptions.
    pub transformation: &'static str,
    /// `JSONL` instead of one JSON array.
    pub jsonl: bool,
}

/// Results to write for a distributed Map, of which each was told by [`Effect::KeepResult`].
#[derive(Debug)]
pub struct WriteResults {
    /// The Map Run.
    pub run: RunId,
    /// The Map Run's ARN.
    pub map_run_arn: Str,
    /// `Bucket`, `Prefix` as evaluated.
    pub parameters: Value,
    /// `JSONL` instead of one JSON array.
    pub jsonl: bool,
}

pub(super) struct MapRun {
    pub id: RunId,
    arn: Str,
    pub(super) started: u32,
    input: Value,
    items: Items,
    next: usize,
    limit: usize,
    batch: Option<Batch>,
    children: Children,
    /// Items (not batches) altogether; while they are being read, the most that may be.
    total: usize,
    /// Items whose child did not succeed.
    failed: usize,
    tolerated_count: Option<f64>,
    tolerated_percentage: Option<f64>,
    /// Where items come from that come from nowhere else.
    source: Str,
    machine_name: Str,
    path: Arc<[PathStep]>,
    /// Where a ResultWriter writes to.
    writes: Option<Value>,
    is_writing: bool,
}

struct Batch {
    max_items: usize,
    max_bytes: usize,
    input: Option<Value>,
}

impl Execution {
    pub(super) fn start_run(
        &mut self,
        t: &mut Thread,
        state: &State,
        map: &Map,
        d: &Distributed,
    ) -> Result<Step, Fault> {
        let most = self.core.settings.limits.distributed_concurrency;
        let mut fields = Fields::new(&mut self.core, t, state);
        let input = fields.effective_input()?;
        let items = if d.reader.is_some() { Value::Null } else { fields.items(map, &input)? };
        let limit = match fields.max_concurrency(map, &input)? {
            0 => most,
            n => n.min(most),
        };
        let items = items.as_array().map(<[Value]>::to_vec).unwrap_or_default();
        // With a reader the number of items is not known yet, and the service writes 0.
        t.last = self.core.push(t.last, Detail::MapStateStarted { length: items.len() });
        let mut fields = Fields::new(&mut self.core, t, state);
        let tolerated_count = fields.tolerated_count(d, &input)?;
        let tolerated_percentage = fields.tolerated_percentage(d, &input)?;
        if let Some(seen) = fields.core.seen() {
            (seen.tolerated_count, seen.tolerated_percentage) = (tolerated_count, tolerated_percentage);
        }
        let batch = fields.batch(d, &input)?;
        let writes = match d.writer.as_ref().filter(|w| w.resource.is_some()).and_then(|w| w.parameters.as_ref()) {
            Some(p) => {
                let states = fields.states();
                Some(fields.payload(p, &input, &states)?)
            }
            None => None,
        };
        let read = match &d.reader {
            Some(r) => {
                let states = fields.states();
                let none = Value::empty_object();
                let parameters = r.parameters.as_ref().map_or(Ok(none), |p| fields.payload(p, &input, &states))?;
                let max = r.max_items.as_ref().map(|m| fields.whole(m, "MaxItems", &input)).transpose()?;
                Some((parameters, max))
            }
            None => None,
        };
        let core = &mut self.core;
        let mut uuid = || uuid_text(core.random.next_u64(), core.random.next_u64());
        let label = d.label.as_deref().map_or_else(&mut uuid, str::to_owned);
        let machine_name: Str = format!("{}/{label}", core.settings.machine_name).into();
        let arn =
            map_run_arn(&core.settings.machine_arn, &label, &uuid_text(core.random.next_u64(), core.random.next_u64()));
        t.last = core.push(t.last, Detail::MapRunStarted { arn: arn.clone() });
        let flatten = d.writer.as_ref().is_some_and(|w| w.transformation == WriterTransformation::Flatten);
        let serial = core.next_serial();
        let id = RunId { thread: t.id, serial };
        let mut path = self.path_of(t);
        path.push(PathStep { state: Arc::clone(&state.name), is_map: true, index: 0 });
        let mut run = MapRun {
            id,
            arn,
            started: t.last,
            input,
            total: items.len(),
            failed: 0,
            items: Items::list(items),
            next: 0,
            limit,
            batch,
            children: Children::new(flatten, self.core.settings.limits.payload_bytes),
            tolerated_count,
            tolerated_percentage,
            source: "STATE_DATA".into(),
            machine_name,
            path: path.into(),
            writes,
            is_writing: false,
        };
        if let (Some(r), Some((parameters, max))) = (&d.reader, read) {
            if max.is_some_and(|m| m < 0) {
                let error = TaskError::new("States.ItemReaderFailed", "field MaxItems must be positive");
                return Err(self.run_failed(t, &run, error));
            }
            run.source = source_of(&parameters);
            run.total = max.map_or(usize::MAX, |m| if m == 0 { usize::MAX } else { m as usize });
            let is_manifest = r.input_type == InputType::Manifest;
            let read = ReadItems {
                run: id,
                state: Arc::clone(&state.name),
                resource: r.resource.clone(),
                parameters,
                input_type: r.input_type,
                manifest_type: r.manifest_type.clone().or_else(|| is_manifest.then(|| "S3_INVENTORY".into())),
                load_and_flatten: r.load_and_flatten,
                most: run.total,
            };
            self.core.effect(Effect::ReadItems(Box::new(read)));
            t.doing = Doing::Block(Box::new(Block::Run(Box::new(run))));
            return Ok(Step::Parked);
        }
        t.doing = Doing::Block(Box::new(Block::Run(Box::new(run))));
        self.go_on_with_run(t, state, map, d)
    }

    /// Ends a Map Run in failure.
    fn run_failed(&mut self, t: &mut Thread, run: &MapRun, error: TaskError) -> Fault {
        t.last = self.core.push(run.started, Detail::MapRunFailed(Box::new(error.clone())));
        Fault::Member(super::fault::Failed { error, fatal: false, heartbeat: false })
    }

    /// Ends a Map Run of which more has failed than is tolerated.
    pub(super) fn run_exceeded(&mut self, t: &mut Thread, run: &MapRun) -> Fault {
        let cause = "The specified tolerated failure threshold was exceeded";
        self.run_failed(t, run, TaskError::new("States.ExceedToleratedFailureThreshold", cause))
    }

    /// Starts as many children as may run; ends the Map Run when all have ended.
    fn go_on_with_run(&mut self, t: &mut Thread, state: &State, map: &Map, d: &Distributed) -> Result<Step, Fault> {
        let Doing::Block(mut block) = std::mem::replace(&mut t.doing, Doing::Retrying) else {
            return Ok(Step::Parked);
        };
        if self.core.probe.is_some() {
            return self.finish_stood_in_run(t, state, map, *block);
        }
        let Block::Run(run) = &mut *block else { return Ok(Step::Parked) };
        while run.children.running() < run.limit && !run.is_writing {
            let fields = Fields::new(&mut self.core, t, state);
            let (input, items) = match run.next_child(fields, map) {
                Ok(Some(next)) => next,
                Ok(None) => break,
                Err(fault) => {
                    // Children that run already are stopped along with the state.
                    t.doing = Doing::Block(block);
                    return Err(fault);
                }
            };
            let kept = run.writes.is_some().then(|| input.clone());
            let index = run.children.start(Started { items, input: kept, at: self.core.now });
            self.core.effect(Effect::StartChild(Box::new(ChildSpec {
                run: run.id,
                index,
                input,
                map_run_arn: run.arn.clone(),
                machine_name: run.machine_name.clone(),
                execution_type: d.execution_type,
                path: Arc::clone(&run.path),
                flow: map.processor,
            })));
        }
        if run.children.running() > 0 || run.is_writing {
            t.doing = Doing::Block(block);
            return Ok(Step::Parked);
        }
        if let (Some(writer), Some(parameters)) = (&d.writer, run.writes.take()) {
            let write = WriteResults { run: run.id, map_run_arn: run.arn.clone(), parameters, jsonl: writer.jsonl };
            self.core.effect(Effect::WriteResults(Box::new(write)));
            run.is_writing = true;
            t.doing = Doing::Block(block);
            return Ok(Step::Parked);
        }
        let is_too_large = run.children.is_too_large();
        let result = run.children.take_outputs();
        if is_too_large || result.text_len() > self.core.settings.limits.payload_bytes {
            let error = too_large_result(&state.name);
            return Err(self.run_failed(t, run, error));
        }
        self.run_succeeded(t, run);
        self.finish_block(t, state, result, map.result_selector.as_ref(), &map.result_path)
    }

    /// Writes the end of a Map Run. The Exited event points at its start, not at these.
    fn run_succeeded(&mut self, t: &mut Thread, run: &MapRun) {
        let succeeded = self.core.push(run.started, Detail::MapRunSucceeded);
        self.core.push(succeeded, Detail::MapStateSucceeded);
        t.last = run.started;
    }

    fn take_run(&mut self, id: RunId) -> Option<Box<Thread>> {
        self.take(id.thread, |t| matches!(&t.doing, Doing::Block(b) if matches!(&**b, Block::Run(r) if r.id == id)))
    }

    /// Goes on with a Map Run's thread after `change` has taken in what happened.
    fn with_run(
        &mut self,
        machine: &Inner,
        id: RunId,
        change: impl FnOnce(&mut Self, &mut Thread, &mut MapRun, &Map, &Distributed) -> Result<(), Fault>,
    ) {
        let Some(mut t) = self.take_run(id) else { return };
        let state = machine.state(t.state);
        let StateKind::Map(map) = &state.kind else { return self.put(t) };
        let Some(d) = &map.distributed else { return self.put(t) };
        let Doing::Block(mut block) = std::mem::replace(&mut t.doing, Doing::Retrying) else { return self.put(t) };
        let Block::Run(run) = &mut *block else { return self.put(t) };
        let changed = change(self, &mut t, run, map, d);
        let worked = match changed {
            Ok(()) => {
                t.doing = Doing::Block(block);
                self.go_on_with_run(&mut t, state, map, d)
            }
            Err(fault) => Err(fault),
        };
        let step = self.after(machine, &mut t, worked);
        self.settle(machine, t, step);
    }

    pub(super) fn items_read(&mut self, machine: &Inner, id: RunId, read: Result<Bytes, TaskError>) {
        self.with_run(machine, id, |this, t, run, _, d| {
            let Some(r) = &d.reader else { return Ok(()) };
            let max = run.total;
            let items = read.and_then(|bytes| Items::of(r, &bytes, max));
            match items {
                Ok(items) => {
                    run.total = items.len();
                    run.items = items;
                    Ok(())
                }
                Err(error) => Err(this.run_failed(t, run, error)),
            }
        });
    }

    pub(super) fn child_done(&mut self, machine: &Inner, id: RunId, index: usize, outcome: Outcome) {
        self.with_run(machine, id, |this, t, run, _, d| {
            let Some(child) = run.children.end(index) else { return Ok(()) };
            match &outcome {
                Ok(_) => this.core.reached(t.state, machine.state(t.state), Spot::Ended(0)),
                Err(_) => run.failed += child.items,
            }
            match (&d.writer, child.input, outcome) {
                (Some(writer), Some(input), outcome) => {
                    this.core.effect(Effect::KeepResult(Box::new(ChildResult {
                        run: id,
                        index,
                        input,
                        outcome,
                        items: child.items,
                        all_items: run.total,
                        started_at: child.at,
                        ended_at: this.core.now,
                        transformation: transformation_name(writer.transformation),
                        jsonl: writer.jsonl,
                    })));
                }
                (_, _, Ok(output)) => run.children.keep(index, output),
                (_, _, Err(_)) => {}
            }
            run.children.forget();
            if run.exceeds_tolerance() {
                this.core.effect(Effect::StopChildren(run.id));
                return Err(this.run_exceeded(t, run));
            }
            Ok(())
        });
    }

    pub(super) fn results_written(&mut self, machine: &Inner, id: RunId, written: Outcome) {
        let Some(mut t) = self.take_run(id) else { return };
        let state = machine.state(t.state);
        let StateKind::Map(map) = &state.kind else { return self.put(t) };
        let Doing::Block(block) = std::mem::replace(&mut t.doing, Doing::Retrying) else { return self.put(t) };
        let Block::Run(run) = &*block else { return self.put(t) };
        let worked = match written {
            Ok(details) => {
                let result = Value::object([("MapRunArn", Value::from(&run.arn)), ("ResultWriterDetails", details)]);
                self.run_succeeded(&mut t, run);
                self.finish_block(&mut t, state, result, map.result_selector.as_ref(), &map.result_path)
            }
            Err(error) => Err(self.run_failed(&mut t, run, error)),
        };
        let step = self.after(machine, &mut t, worked);
        self.settle(machine, t, step);
    }
}

impl MapRun {
    /// The next child's input and how many items it stands for; none when no item is left.
    pub(super) fn next_child(&mut self, mut fields: Fields<'_>, map: &Map) -> Result<Option<(Value, usize)>, Fault> {
        let Some(batch) = &self.batch else {
            let Some(raw) = self.items.peek().map_err(Fault::Error)?.cloned() else { return Ok(None) };
            let input = fields.selected(map, &self.input, self.next, &raw, self.source_at(self.next))?;
            self.items.pass();
            self.next += 1;
            return Ok(Some((input, 1)));
        };
        let (max_items, max_bytes, shared) = (batch.max_items, batch.max_bytes, batch.input.clone());
        let (mut items, mut bytes) = (Vec::new(), shared.as_ref().map_or(12, |i| 28 + i.text_len()));
        while items.len() < max_items
            && let Some(raw) = self.items.peek().map_err(Fault::Error)?.cloned()
        {
            let item = fields.selected(map, &self.input, self.next, &raw, self.source_at(self.next))?;
            bytes += item.text_len() + 1;
            if bytes > max_bytes && !items.is_empty() {
                break;
            }
            items.push(item);
            self.items.pass();
            self.next += 1;
        }
        if items.is_empty() {
            return Ok(None);
        }
        let count = items.len();
        let mut input = Members::with_capacity(2);
        if let Some(shared) = shared {
            input.insert("BatchInput", shared);
        }
        input.insert("Items", Value::array(items));
        Ok(Some((input.into(), count)))
    }

    fn exceeds_tolerance(&self) -> bool {
        let nothing_said = self.tolerated_count.is_none() && self.tolerated_percentage.is_none();
        self.failed > 0 && (nothing_said || !self.tolerates(self.failed as u64))
    }

    /// Whether so many failed items stay within the thresholds that are set.
    pub(super) fn tolerates(&self, failed: u64) -> bool {
        let failed = failed as f64;
        self.tolerated_count.is_none_or(|c| failed <= c)
            && self.tolerated_percentage.is_none_or(|p| failed * 100.0 <= p * self.total as f64)
    }

    /// Where an item comes from.
    fn source_at(&self, index: usize) -> &Str {
        self.items.source_of(index).unwrap_or(&self.source)
    }

    /// One item after the ItemSelector.
    pub(super) fn selected(
        &self,
        mut fields: Fields<'_>,
        map: &Map,
        index: usize,
        raw: &Value,
    ) -> Result<Value, Fault> {
        fields.selected(map, &self.input, index, raw, self.source_at(index))
    }
    /// All items, which are a list from now on, so that somebody can look at them.
    pub(super) fn show_items(&mut self) -> Result<Vec<Value>, Fault> {
        self.items.make_list().map_err(Fault::Error)
    }
    pub(super) fn has_batches(&self) -> bool {
        self.batch.is_some()
    }
}

impl Fields<'_> {
    /// One item after the ItemSelector.
    fn selected(&mut self, map: &Map, input: &Value, index: usize, raw: &Value, source: &Str) -> Result<Value, Fault> {
        let Some(selector) = &map.item_selector else { return Ok(raw.clone()) };
        let item = MapItem { index, value: raw.clone(), source: Some(source.clone()) };
        let mut fields =
            Fields { core: self.core, thread: self.thread, state: self.state, item: Some(&item), token: None };
        let states = fields.states();
        fields.payload(selector, input, &states)
    }

    fn tolerated_count(&mut self, d: &Distributed, input: &Value) -> Result<Option<f64>, Fault> {
        let Some(operand) = &d.tolerated_count else { return Ok(None) };
        let n = self.whole(operand, "ToleratedFailureCount", input)?;
        if n < 0 {
            return Err(self.out_of_range("ToleratedFailureCount cannot be negative.".into()));
        }
        Ok(Some(n as f64))
    }

    fn tolerated_percentage(&mut self, d: &Distributed, input: &Value) -> Result<Option<f64>, Fault> {
        let Some(operand) = &d.tolerated_percentage else { return Ok(None) };
        let n = self.number(operand, "ToleratedFailurePercentage", input)?;
        if !(0.0..=100.0).contains(&n) {
            return Err(self.out_of_range("ToleratedFailurePercentage must be between 0 and 100.".into()));
        }
        Ok(Some(n))
    }

    fn batch(&mut self, d: &Distributed, input: &Value) -> Result<Option<Batch>, Fault> {
        let Some(b) = &d.batcher else { return Ok(None) };
        let most = self.core.settings.limits.payload_bytes;
        let mut at_most = |operand, field: &str, otherwise: usize| -> Result<usize, Fault> {
            let Some(operand) = operand else { return Ok(otherwise) };
            let n = self.whole(operand, field, input)?;
            match usize::try_from(n) {
                Ok(n) if n > 0 => Ok(n),
                _ => Err(self.out_of_range(format!("field {field} must be positive"))),
            }
        };
        let max_items = at_most(b.max_items.as_ref(), "MaxItemsPerBatch", usize::MAX)?;
        let max_bytes = at_most(b.max_bytes.as_ref(), "MaxInputBytesPerBatch", most)?.min(most);
        let states = self.states();
        let shared = b.batch_input.as_ref().map(|p| self.payload(p, input, &states)).transpose()?;
        Ok(Some(Batch { max_items, max_bytes, input: shared }))
    }
}

/// `arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:UUID`
fn map_run_arn(machine_arn: &str, label: &str, uuid: &str) -> Str {
    let run = machine_arn.replacen(":stateMachine:", ":mapRun:", 1);
    format!("{run}/{label}:{uuid}").into()
}

/// `$$.Map.Item.Source` of items that were read: `S3://bucket/key`, and of a listing's entries `S3://bucket`.
fn source_of(parameters: &Value) -> Str {
    let part = |name| parameters.get(name).and_then(Value::as_str);
    let bucket = part("Bucket").unwrap_or_default();
    match part("Key") {
        Some(key) => format!("S3://{bucket}/{key}").into(),
        None => format!("S3://{bucket}").into(),
    }
}

fn transformation_name(t: WriterTransformation) -> &'static str {
    match t {
        WriterTransformation::None => "NONE",
        WriterTransformation::Compact => "COMPACT",
        WriterTransformation::Flatten => "FLATTEN",
    }
}
