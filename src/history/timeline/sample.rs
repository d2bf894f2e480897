//! Histories for tests, written event by event as the service writes them.

use std::sync::Arc;

use crate::asl::Resource;
use crate::history::{Detail, Evaluation, History, Phase, Scheduled, Started, StateType};
use crate::task::TaskError;
use crate::time::Timestamp;
use crate::value::Value;

/// A history under construction, with a clock that tests set.
pub(in crate::history) struct Sample {
    pub(in crate::history) history: History,
    pub(in crate::history) seconds: i64,
}

pub(in crate::history) const CHARGE: &str = "arn:aws:states:::lambda:invoke";
pub(in crate::history) const APPROVE: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";

pub(in crate::history) fn value(text: &str) -> Value {
    Value::parse(text).unwrap()
}

fn resource(arn: &str) -> Arc<Resource> {
    Arc::new(Resource::parse(arn).unwrap())
}

impl Sample {
    /// An execution that has started, at midnight.
    pub(in crate::history) fn new() -> Self {
        let mut sample = Sample { history: History::default(), seconds: 0 };
        let started = Started { input: value("{}"), role_arn: "arn:role".into() };
        sample.push(0, Detail::ExecutionStarted(Box::new(started)));
        sample
    }
    pub(in crate::history) fn push(&mut self, previous: u32, detail: Detail) -> u32 {
        let at = Timestamp::from_millis(1_704_067_200_000 + self.seconds * 1000);
        self.history.push(previous, at, detail)
    }
    pub(in crate::history) fn enter(&mut self, previous: u32, state_type: StateType, name: &str) -> u32 {
        self.push(previous, Detail::StateEntered { state_type, name: name.into(), input: value("{}") })
    }
    pub(in crate::history) fn exit(&mut self, previous: u32, state_type: StateType, name: &str, output: &str) -> u32 {
        let output = value(output);
        self.push(previous, Detail::StateExited { state_type, name: name.into(), output, assigned: None })
    }
    /// A Pass state, in and out.
    pub(in crate::history) fn pass(&mut self, previous: u32, name: &str) -> u32 {
        let entered = self.enter(previous, StateType::Pass, name);
        self.exit(entered, StateType::Pass, name, "{}")
    }
    /// A call is scheduled and starts.
    pub(in crate::history) fn call(&mut self, previous: u32, arn: &str) -> u32 {
        let scheduled = Scheduled {
            resource: resource(arn),
            parameters: value(r#"{"FunctionName":"arn:aws:lambda:us-east-1:123456789012:function:charge:live"}"#),
            region: "us-east-1".into(),
            timeout_seconds: None,
            heartbeat_seconds: None,
            role_arn: None,
        };
        let scheduled = self.push(previous, Detail::TaskScheduled(Box::new(scheduled)));
        self.push(scheduled, Detail::TaskStarted(resource(arn)))
    }
    pub(in crate::history) fn submitted(&mut self, previous: u32, arn: &str) -> u32 {
        self.push(previous, Detail::TaskSubmitted { resource: resource(arn), output: value("{}") })
    }
    pub(in crate::history) fn answer(&mut self, previous: u32, arn: &str) -> u32 {
        self.push(previous, Detail::TaskSucceeded { resource: resource(arn), output: value("7") })
    }
    pub(in crate::history) fn task_fails(&mut self, previous: u32, arn: &str, error: &TaskError) -> u32 {
        self.push(previous, Detail::TaskFailed(Box::new((resource(arn), error.clone()))))
    }
    pub(in crate::history) fn times_out(&mut self, previous: u32, arn: &str) -> u32 {
        self.push(previous, Detail::TaskTimedOut(Box::new((resource(arn), TaskError::named("States.Timeout")))))
    }
    pub(in crate::history) fn iteration(&mut self, previous: u32, phase: Phase, name: &str, index: usize) -> u32 {
        self.push(previous, Detail::MapIteration { phase, name: name.into(), index })
    }
    pub(in crate::history) fn evaluation_fails(&mut self, previous: u32, state: &str) -> u32 {
        let evaluation = Evaluation {
            error: "States.QueryEvaluationError".into(),
            cause: format!(
                "An error occurred while executing the state '{state}' (entered at the event id #9). Undefined."
            )
            .into(),
            location: Some("Output/total".into()),
            state: state.into(),
        };
        self.push(previous, Detail::EvaluationFailed(Box::new(evaluation)))
    }
    pub(in crate::history) fn succeed(mut self, previous: u32, output: &str) -> History {
        self.push(previous, Detail::ExecutionSucceeded { output: value(output) });
        self.history
    }
    pub(in crate::history) fn fail(mut self, previous: u32, error: &TaskError) -> History {
        self.push(previous, Detail::ExecutionFailed(Box::new(error.clone())));
        self.history
    }
}

/// A checkout whose charge is throttled once; then two branches, and a Succeed.
pub(in crate::history) fn checkout() -> History {
    let mut s = Sample::new();
    let validated = s.pass(0, "Validate");
    let charge = s.enter(validated, StateType::Task, "Charge");
    let started = s.call(charge, CHARGE);
    let throttled = TaskError::new("Lambda.TooManyRequestsException", "Rate exceeded");
    let failed = s.task_fails(started, CHARGE, &throttled);
    s.seconds = 2;
    let started = s.call(failed, CHARGE);
    s.seconds = 3;
    let answered = s.answer(started, CHARGE);
    let charged = s.exit(answered, StateType::Task, "Charge", "7");
    let notify = s.enter(charged, StateType::Parallel, "Notify");
    let started = s.push(notify, Detail::ParallelStateStarted);
    // The branches' events are interleaved.
    let email = s.enter(started, StateType::Task, "Email");
    let audit = s.enter(started, StateType::Pass, "Audit");
    let called = s.call(email, "arn:aws:states:::sns:publish");
    let audited = s.exit(audit, StateType::Pass, "Audit", "1");
    let archived = s.enter(audited, StateType::Pass, "Archive");
    s.exit(archived, StateType::Pass, "Archive", "1");
    s.seconds = 4;
    let answered = s.answer(called, "arn:aws:states:::sns:publish");
    let emailed = s.exit(answered, StateType::Task, "Email", "7");
    s.push(emailed, Detail::ParallelStateSucceeded);
    let notified = s.exit(emailed, StateType::Parallel, "Notify", "[7,1]");
    let done = s.enter(notified, StateType::Succeed, "Done");
    let done = s.exit(done, StateType::Succeed, "Done", "[7,1]");
    s.succeed(done, r#"{"orderId":"o-1","paid":true}"#)
}

/// A Map over `items` with one item at a time, each of them one Pass state.
pub(in crate::history) fn one_by_one(items: usize) -> History {
    let mut s = Sample::new();
    let map = s.enter(0, StateType::Map, "Each");
    let mut last = s.push(map, Detail::MapStateStarted { length: items });
    for index in 0..items {
        let started = s.iteration(last, Phase::Started, "Each", index);
        s.seconds += 1;
        last = s.pass(started, "Work");
        s.iteration(last, Phase::Succeeded, "Each", index);
    }
    s.push(last, Detail::MapStateSucceeded);
    let left = s.exit(last, StateType::Map, "Each", "[]");
    s.succeed(left, "[]")
}

/// A Map of three items at once around a Map of two; the inner item 1 of the outer item 1 fails, what runs beside it
/// is aborted, and the outer Map tries again and has nothing to do then.
pub(in crate::history) fn nested_failure() -> History {
    let mut s = Sample::new();
    let outer = s.enter(0, StateType::Map, "Outer");
    let started = s.push(outer, Detail::MapStateStarted { length: 3 });
    let items: Vec<u32> = (0..3).map(|i| s.iteration(started, Phase::Started, "Outer", i)).collect();
    s.seconds = 1;
    let done = s.pass(items[0], "Skip");
    s.iteration(done, Phase::Succeeded, "Outer", 0);
    let waiting = s.enter(items[2], StateType::Wait, "Hold");
    let inner = s.enter(items[1], StateType::Map, "Inner");
    let began = s.push(inner, Detail::MapStateStarted { length: 2 });
    let inner_0 = s.iteration(began, Phase::Started, "Inner", 0);
    let inner_1 = s.iteration(began, Phase::Started, "Inner", 1);
    let done = s.pass(inner_0, "Skip too");
    s.iteration(done, Phase::Succeeded, "Inner", 0);
    let bad = s.enter(inner_1, StateType::Fail, "Bad");
    s.iteration(bad, Phase::Failed, "Inner", 1);
    let inner_failed = s.push(bad, Detail::MapStateFailed);
    s.iteration(inner_failed, Phase::Failed, "Outer", 1);
    s.push(waiting, Detail::StateAborted(StateType::Wait));
    s.iteration(waiting, Phase::Aborted, "Outer", 2);
    s.seconds = 5;
    let again = s.push(inner_failed, Detail::MapStateStarted { length: 0 });
    s.push(again, Detail::MapStateSucceeded);
    let left = s.exit(again, StateType::Map, "Outer", "[]");
    s.succeed(left, "[]")
}
