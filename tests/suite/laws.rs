//! The laws of the engine, over generated machines.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use rehearsal::engine::{Class, Effect, Execution, Input, Limits, RunId, Settings, Status, TimerId};
use rehearsal::history::{Detail, History, wire};
use rehearsal::mock::{Answer, MockSet, Reply, ReplyOutcome};
use rehearsal::prelude::*;
use rehearsal::task::{Call, CallId, TaskError};
use rehearsal::value::Value;

use super::generate::{Plan, plan};

/// Few events, so that what retries inside retries would multiply ends soon.
fn limits() -> Limits {
    Limits { events: 3_000, ..Limits::default() }
}

fn harness(plan: &Plan) -> Harness {
    plan.harness().limits(limits())
}

/// What is wrong with a history by itself, whatever it is the history of.
fn broken(history: &History) -> Option<String> {
    let mut now = None;
    let last = u32::try_from(history.len()).unwrap();
    for (id, event) in history.iter() {
        let kind = event.detail.type_name();
        if event.previous >= id {
            return Some(format!("event {id} ({kind}) follows event {}", event.previous));
        }
        if now.is_some_and(|then| event.at < then) {
            return Some(format!("event {id} ({kind}) is earlier than the one before it"));
        }
        now = Some(event.at);
        if event.detail.is_terminal() != (id == last) {
            return Some(format!("event {id} of {last} is {kind}"));
        }
    }
    let first = history.get(1).map(|e| &e.detail);
    (!matches!(first, Some(Detail::ExecutionStarted(_)))).then(|| "it does not begin with ExecutionStarted".into())
}

/// Everything that a run left behind, as text.
fn written(run: &Run) -> String {
    let children = run.children().iter().map(|c| format!("\n{} {}", c.arn, wire::history_json(&c.history)));
    format!("{}{}", run.history_json(), children.collect::<String>())
}

/// Where a call comes from and which try it is. Calls from one place come in the order in which they came before.
type Place = (String, u32, u32);

fn place(call: &Call) -> Place {
    (call.location(), call.entered_event, call.attempt)
}

/// The answers of an earlier run, given again to the same calls.
fn replay(plan: &Plan, run: &Run) -> Harness {
    let mut answers: HashMap<Place, VecDeque<Reply>> = HashMap::new();
    for logged in run.calls().all().iter() {
        let reply = logged.outcome.clone().map_or_else(Reply::never, Reply::from);
        let took = logged.ended_at.map_or(Duration::ZERO, |end| end.since(logged.at));
        answers.entry(place(&logged.call)).or_default().push_back(reply.takes(took).worker("rehearsal"));
    }
    let answers = Mutex::new(answers);
    let give = move |call: &Call| {
        let reply = answers.lock().unwrap().get_mut(&place(call)).and_then(VecDeque::pop_front);
        reply.unwrap_or_else(|| panic!("a call that was not made before: {}", call.location()))
    };
    Harness::new(&plan.machine()).seed(plan.seed).limits(limits()).mock_everything_else(mock::answers(give))
}

/// Whose child an execution is: the parent, the Map Run, the index.
type ChildOf = Option<(usize, RunId, usize)>;

/// An execution driven by hand, with the mocks of a plan and the children of its Map Runs: the smallest world there is.
struct Drive {
    executions: Vec<(Execution, ChildOf)>,
    mocks: MockSet,
    queue: VecDeque<(usize, Input)>,
    clock: BTreeMap<(Timestamp, Class, u64), (usize, Input)>,
    now: Timestamp,
    serial: u64,
    handled: usize,
    timers: Vec<(usize, TimerId)>,
    calls: Vec<(usize, CallId)>,
    seeds: u64,
}

impl Drive {
    fn new(plan: &Plan, limits: &Limits) -> Drive {
        let machine = plan.machine();
        let mut settings = Settings::of(machine.name(), "driven", machine.machine_type(), plan.seed);
        settings.limits = limits.clone();
        let input = Value::from(plan.input());
        let mut mocks = MockSet::new();
        for (key, mock) in plan.mocks() {
            mocks.insert(key, mock);
        }
        Drive {
            executions: vec![(Execution::new(&machine, Arc::new(settings), input), None)],
            mocks,
            queue: VecDeque::from([(0, Input::Start)]),
            clock: BTreeMap::new(),
            now: Timestamp::EPOCH_DEFAULT,
            serial: 0,
            handled: 0,
            timers: Vec::new(),
            calls: Vec::new(),
            seeds: plan.seed,
        }
    }
    fn root(&self) -> &Execution {
        &self.executions[0].0
    }
    fn schedule(&mut self, at: Timestamp, class: Class, exec: usize, input: Input) {
        self.serial += 1;
        self.clock.insert((at, class, self.serial), (exec, input));
    }
    /// Hands over the next input; false when there is none.
    fn step(&mut self) -> bool {
        let next = self.queue.pop_front().or_else(|| {
            let ((at, _, _), due) = self.clock.pop_first()?;
            self.now = at;
            Some(due)
        });
        let Some((exec, input)) = next else { return false };
        self.handled += 1;
        self.executions[exec].0.handle(self.now, input);
        self.drain(exec);
        true
    }
    fn drain(&mut self, exec: usize) {
        while let Some(effect) = self.executions[exec].0.next_effect() {
            match effect {
                Effect::Call(call) => self.call(exec, &call),
                Effect::SetTimer { id, at, class } => {
                    assert!(at >= self.now, "a timer was set in the past");
                    self.timers.push((exec, id));
                    self.schedule(at, class, exec, Input::TimerFired(id));
                }
                // Timers and answers that nobody waits for any more are let happen here: they must do nothing.
                Effect::CancelTimer(_) | Effect::CancelCall(_) => {}
                Effect::StartChild(spec) => {
                    let machine = self.executions[exec].0.machine();
                    let mut settings = Settings::of(&spec.machine_name, "child", spec.execution_type, self.seeds);
                    self.seeds = self.seeds.wrapping_add(1);
                    settings.limits = self.executions[exec].0.settings().limits.clone();
                    let child = Execution::child(&machine, &spec, Arc::new(settings));
                    self.executions.push((child, Some((exec, spec.run, spec.index))));
                    self.queue.push_back((self.executions.len() - 1, Input::Start));
                }
                Effect::StopChildren(run) => {
                    let mine = |p: &ChildOf| p.is_some_and(|(e, r, _)| e == exec && r == run);
                    let children: Vec<usize> =
                        (0..self.executions.len()).filter(|i| mine(&self.executions[*i].1)).collect();
                    self.queue.extend(children.into_iter().map(|c| (c, Input::Stop(TaskError::default()))));
                }
                Effect::Finished => {
                    assert!(self.executions[exec].0.next_effect().is_none(), "there is an effect after Finished");
                    let outcome = self.executions[exec].0.status().outcome().expect("a finished execution has ended");
                    if let Some((parent, run, index)) = self.executions[exec].1 {
                        self.queue.push_back((parent, Input::ChildDone(run, index, outcome)));
                    }
                }
                other => panic!("no generated machine asks for {other:?}"),
            }
        }
    }
    fn call(&mut self, exec: usize, call: &Call) {
        self.calls.push((exec, call.id));
        let Answer::Reply(reply) = self.mocks.answer(call, self.now) else { panic!("{} has no mock", call.location()) };
        if let Some(output) = reply.submission(call, self.now) {
            self.queue.push_back((exec, Input::Submitted(call.id, output)));
        }
        if call.resource.is_activity()
            && let Some(worker) = reply.taken_by()
        {
            self.queue.push_back((exec, Input::WorkerStarted(call.id, Some(worker))));
        }
        let due = self.now + reply.duration();
        let input = match reply.into_outcome() {
            ReplyOutcome::Done(outcome) => Input::Done(call.id, outcome),
            ReplyOutcome::Refused(error) => Input::Done(call.id, Err(error)),
            ReplyOutcome::TimedOut { heartbeat } => Input::TimedOut { call: call.id, heartbeat },
            _ => return,
        };
        if due == self.now {
            self.queue.push_back((exec, input));
        } else {
            self.schedule(due, Class::Completion, exec, input);
        }
    }
    /// Everything that could still arrive, late, at an execution that has ended.
    fn stragglers(&self) -> Vec<(usize, Input)> {
        let all = 0..self.executions.len();
        let mut inputs: Vec<(usize, Input)> = self.timers.iter().map(|(e, t)| (*e, Input::TimerFired(*t))).collect();
        for (exec, call) in &self.calls {
            inputs.push((*exec, Input::Done(*call, Ok(Value::Null))));
            inputs.push((*exec, Input::Heartbeat(*call)));
            inputs.push((*exec, Input::TimedOut { call: *call, heartbeat: false }));
            inputs.push((*exec, Input::Submitted(*call, Value::Null)));
        }
        inputs.extend(all.clone().map(|e| (e, Input::Start)));
        inputs.extend(all.map(|e| (e, Input::Stop(TaskError::named("TooLate")))));
        inputs
    }
}

/// A few cases a law, so that the suite stays quick; `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { ProptestConfig::default() } else { ProptestConfig::with_cases(64) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_history_is_well_formed_and_ends_once(plan in plan()) {
        let run = harness(&plan).run(plan.input());
        prop_assert_eq!(broken(run.history()), None);
        let ended = run.history().iter().next_back().map(|(_, e)| e.detail.type_name());
        let status = match run.status() {
            Status::Succeeded(_) => "ExecutionSucceeded",
            Status::Failed(_) => "ExecutionFailed",
            Status::TimedOut(_) => "ExecutionTimedOut",
            Status::Aborted(_) | Status::Running => "none that a run comes to by itself",
        };
        prop_assert_eq!(ended, Some(status));
        for child in run.children() {
            prop_assert_eq!(broken(&child.history), None, "{}", &child.arn);
            prop_assert!(child.status != Status::Running, "{} is still running", &child.arn);
        }
        prop_assert!(run.compact().to_string().len() > 10);
    }

    #[test]
    fn the_same_again_writes_the_same_history_byte_for_byte(plan in plan()) {
        let harness = harness(&plan);
        let first = written(&harness.run(plan.input()));
        prop_assert_eq!(&first, &written(&harness.run(plan.input())));
        let rendered = plan.compile(&plan.machine().definition().to_string());
        prop_assert_eq!(rendered.definition(), plan.machine().definition());
        let again = plan.mocks().into_iter().fold(Harness::new(&rendered), |h, (state, mock)| h.mock(&state, mock));
        prop_assert_eq!(&first, &written(&again.seed(plan.seed).limits(limits()).run(plan.input())));
    }

    #[test]
    fn the_outcomes_of_the_calls_fed_back_reproduce_the_history(plan in plan()) {
        let run = harness(&plan).run(plan.input());
        prop_assert_eq!(written(&run), written(&replay(&plan, &run).run(plan.input())));
    }

    #[test]
    fn nothing_happens_after_the_end(plan in plan(), events in 4..200_usize) {
        let mut drive = Drive::new(&plan, &Limits { events, ..Limits::default() });
        while drive.root().status() == &Status::Running && drive.step() {}
        prop_assert!(drive.root().status() != &Status::Running, "it stands still: {:?}", drive.root().active_states());
        // The children of a failed Map Run end by themselves.
        while drive.step() {}
        for (exec, (execution, _)) in drive.executions.iter().enumerate() {
            prop_assert_eq!(broken(execution.history()), None, "execution {}", exec);
            prop_assert!(plan.express || execution.history().len() <= events, "{} events", execution.history().len());
        }
        for (exec, input) in drive.stragglers() {
            let execution = &mut drive.executions[exec].0;
            let (events, status) = (execution.history().len(), execution.status().clone());
            execution.handle(drive.now + 1.secs(), input);
            prop_assert!(execution.next_effect().is_none(), "an effect after the end");
            prop_assert_eq!(execution.history().len(), events);
            prop_assert_eq!(execution.status(), &status);
        }
    }

    #[test]
    fn stopping_ends_it_at_any_step(plan in plan(), step in 0..40_usize) {
        let mut drive = Drive::new(&plan, &limits());
        while drive.handled <= step && drive.step() {}
        let was = drive.root().status().clone();
        drive.queue.push_front((0, Input::Stop(TaskError::new("Enough", "the test said so"))));
        drive.step();
        match was {
            Status::Running => {
                prop_assert_eq!(drive.root().status(), &Status::Aborted(TaskError::new("Enough", "the test said so")));
            }
            ended => prop_assert_eq!(drive.root().status(), &ended),
        }
        prop_assert_eq!(broken(drive.root().history()), None);
    }

    #[test]
    fn a_session_can_be_stopped_at_any_instant(plan in plan(), instants in 0..6_usize) {
        let mut session = harness(&plan).start(plan.input());
        let mut left = instants + 1;
        session.run_until(|_| { left -= 1; left == 0 });
        let was_running = session.status() == Status::Running;
        session.stop();
        let run = session.finish();
        prop_assert_eq!(matches!(run.status(), Status::Aborted(_)), was_running);
        prop_assert_eq!(broken(run.history()), None);
    }
}

#[test]
fn the_generator_reaches_every_kind_of_state_and_of_end() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let plan = plan().new_tree(&mut runner).unwrap().current();
        let run = harness(&plan).run(plan.input());
        for history in run.children().iter().map(|c| &c.history).chain([run.history()]) {
            seen.extend(history.iter().map(|(_, e)| e.detail.type_name()));
        }
    }
    for kind in [
        "PassStateExited",
        "TaskStateExited",
        "ChoiceStateExited",
        "WaitStateExited",
        "SucceedStateExited",
        "FailStateEntered",
        "ParallelStateExited",
        "MapStateExited",
        "MapIterationFailed",
        "MapRunStarted",
        "MapRunFailed",
        "TaskSubmitted",
        "ActivityStarted",
        "ActivityTimedOut",
        "LambdaFunctionFailed",
        "TaskTimedOut",
        "EvaluationFailed",
        "ExecutionSucceeded",
        "ExecutionFailed",
        "ExecutionTimedOut",
        "TaskStateAborted",
        "ParallelStateFailed",
    ] {
        assert!(seen.contains(kind), "no generated machine writes {kind}: {seen:?}");
    }
}
