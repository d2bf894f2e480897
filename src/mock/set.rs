//! All mocks of a run: who answers a call.

use super::key::{CallNames, Key, Reach};
use super::mock::Mock;
use super::mounted::{MountedMock, Refusal};
use super::problem::{Problem, Targets, Unused};
use super::reply::{Reply, ReplyFuture};
use super::unanswered::{Reason, Unanswered};
use crate::task::Call;
use crate::time::Timestamp;

/// What a set of mocks says to a call.
pub enum Answer {
    /// A reply.
    Reply(Reply),
    /// A reply that is still being computed; the virtual clock stands still meanwhile.
    Future(ReplyFuture),
    /// Nothing answers: the test has failed.
    Unanswered(Unanswered),
}

impl Answer {
    /// The same answer with its reply changed, now or when it comes.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Reply) -> Reply + Send + 'static) -> Answer {
        match self {
            Answer::Reply(reply) => Answer::Reply(change(reply)),
            Answer::Future(future) => Answer::Future(Box::pin(async move { change(future.await) })),
            Answer::Unanswered(unanswered) => Answer::Unanswered(unanswered),
        }
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Answer {
        Answer::Reply(reply)
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Answer::Reply(reply) => f.debug_tuple("Reply").field(reply).finish(),
            Answer::Future(_) => f.write_str("Future(..)"),
            Answer::Unanswered(unanswered) => f.debug_tuple("Unanswered").field(unanswered).finish(),
        }
    }
}

/// The mocks of a run, each under its key.
#[derive(Clone, Debug, Default)]
pub struct MockSet {
    mocks: Vec<MountedMock>,
    fallback: Option<MountedMock>,
    /// Whether they are written in a file, and so is what is said about a call that none of them answers.
    pub(crate) in_file: bool,
}

impl MockSet {
    /// No mocks: every call is unanswered.
    pub fn new() -> MockSet {
        MockSet::default()
    }
    /// Puts a mock under a key; one that was there is replaced.
    pub fn insert(&mut self, key: impl Into<Key>, mock: impl Into<Mock>) {
        let mounted = MountedMock::new(key.into(), mock.into());
        match self.mocks.iter_mut().find(|m| m.key == mounted.key) {
            Some(present) => *present = mounted,
            None => self.mocks.push(mounted),
        }
    }
    /// Takes away the mock under a key; whether there was one.
    pub fn remove(&mut self, key: &str) -> bool {
        let before = self.mocks.len();
        self.mocks.retain(|m| m.key.as_str() != key);
        self.mocks.len() < before
    }
    /// What answers the calls that no mock answers; [`answers`](super::answers) makes it from a closure.
    pub fn fallback(&mut self, mock: impl Into<Mock>) {
        self.fallback = Some(MountedMock::new(Key::from("the fallback"), mock.into()));
    }
    /// How many mocks there are, without the fallback.
    pub fn len(&self) -> usize {
        self.mocks.len()
    }
    /// Whether there is nothing that could answer.
    pub fn is_empty(&self) -> bool {
        self.mocks.is_empty() && self.fallback.is_none()
    }
    /// The keys, in the order in which they were inserted.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.mocks.iter().map(|m| &m.key)
    }
    /// Forgets which replies were used, for another run with the same mocks.
    pub fn rewind(&mut self) {
        self.mocks.iter_mut().chain(&mut self.fallback).for_each(MountedMock::rewind);
    }
    /// Answers a call made at this instant, and counts the reply as used.
    pub fn answer(&mut self, call: &Call, at: Timestamp) -> Answer {
        let names = CallNames::of(call);
        let mut reached: Vec<(Reach, &mut MountedMock)> =
            self.mocks.iter_mut().filter_map(|m| Some((m.key.reach(&names)?, m))).collect();
        reached.sort_by_key(|(reach, _)| std::cmp::Reverse(*reach));
        let fallback = self.fallback.iter_mut().map(|m| (Reach::Action, m));
        let mut reason = Reason::NoMock;
        for (reach, mounted) in reached.into_iter().chain(fallback) {
            let by = mounted.key.text();
            match mounted.take(call) {
                Ok(step) => {
                    let (answer, of_function) = (step.answer(call), reach.is_of_function());
                    return match answer {
                        Answer::Reply(reply) => Answer::Reply(reply.ready_for(call, at, of_function).by(by)),
                        later => {
                            let call = call.clone();
                            later.map(move |reply| reply.ready_for(&call, at, of_function).by(by))
                        }
                    };
                }
                Err(Refusal::UsedUp { replies, call }) => {
                    reason = Reason::UsedUp { key: by.to_string(), replies, call };
                    break;
                }
                // A mock that is not for this call leaves it to the next; the most specific one says why it did not
                // answer.
                Err(Refusal::NothingFits { objections }) if matches!(reason, Reason::NoMock) => {
                    reason = Reason::NothingFits { key: by.to_string(), objections };
                }
                Err(Refusal::NothingFits { .. }) => {}
            }
        }
        let keys = self.mocks.iter().map(|m| m.key.as_str());
        Answer::Unanswered(Unanswered::new(&names, reason, keys).in_file(self.in_file))
    }
    /// The keys that name nothing of the machine, with what may have been meant.
    pub fn validate(&self, targets: &Targets) -> Vec<Problem> {
        self.keys().filter_map(|key| targets.problem_of(key)).collect()
    }
    /// The mocks that were never asked for a reply, and the replies of the others that were never given.
    pub fn unused(&self) -> Vec<Unused> {
        let mut unused = Vec::new();
        for mounted in &self.mocks {
            let used: Vec<bool> = mounted.used().collect();
            let key = mounted.key.to_string();
            if !used.contains(&true) {
                unused.push(Unused::Mock { key });
                continue;
            }
            let never = used.iter().enumerate().filter(|(_, used)| !**used);
            unused.extend(never.map(|(i, _)| Unused::Reply { key: key.clone(), number: i + 1, of: used.len() }));
        }
        unused
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::{self as mock, ReplyOutcome};
    use super::*;
    use crate::asl::Resource;
    use crate::task::{CallId, PathStep, TaskError};
    use crate::time::DurationExt;
    use crate::value::Value;

    /// A first attempt of a state outside any Map, with an empty payload.
    pub(in super::super) fn call(arn: &str, state: &str) -> Call {
        Call {
            id: CallId { thread: 1, serial: 7 },
            resource: Arc::new(Resource::parse(arn).unwrap()),
            payload: Value::empty_object(),
            state: state.into(),
            path: Vec::new(),
            attempt: 0,
            entered_event: 2,
            token: None,
            timeout_seconds: None,
            heartbeat_seconds: None,
            role_arn: None,
        }
    }

    impl Call {
        pub(in super::super) fn inside(mut self, state: &str, index: usize) -> Call {
            self.path.push(PathStep { state: state.into(), is_map: true, index });
            self
        }
        pub(in super::super) fn payload(mut self, text: &str) -> Call {
            self.payload = Value::parse(text).unwrap();
            self
        }
    }

    pub(in super::super) const INVOKE: &str = "arn:aws:states:::lambda:invoke";
    pub(in super::super) const AT: Timestamp = Timestamp::EPOCH_DEFAULT;

    /// The answer in short: the result's text, the error, or `unanswered`.
    pub(in super::super) fn said(answer: &Answer) -> String {
        match answer {
            Answer::Reply(reply) => match reply.outcome() {
                ReplyOutcome::Done(Ok(result)) => result.to_string(),
                ReplyOutcome::Done(Err(error)) => format!("✗ {error}"),
                other => format!("{other:?}"),
            },
            Answer::Future(_) => "a future".into(),
            Answer::Unanswered(_) => "unanswered".into(),
        }
    }

    fn play(mocks: &mut MockSet, calls: &[Call]) -> Vec<String> {
        calls.iter().map(|c| said(&mocks.answer(c, AT))).collect()
    }

    #[test]
    fn steps_with_a_limit_pass_on_and_the_last_one_repeats() {
        let mut mocks = MockSet::new();
        mocks.insert("Charge", mock::throws("Busy").times(2).then(json!(1)).then(json!(2)));
        let charge = call(INVOKE, "Charge");
        assert_eq!(play(&mut mocks, &vec![charge; 5]), ["✗ Busy", "✗ Busy", "1", "2", "2"]);
    }

    #[test]
    fn a_sequence_ends_loudly_and_can_be_played_again() {
        let mut mocks = MockSet::new();
        mocks.insert("A", mock::sequence([mock::returns(1), mock::throws("E").times(2)]));
        mocks.insert("B", mock::sequence([json!(1), json!(2)]).times(2));
        let (a, b) = (call(INVOKE, "A"), call(INVOKE, "B"));
        assert_eq!(play(&mut mocks, &vec![a; 4]), ["1", "✗ E", "✗ E", "unanswered"]);
        assert_eq!(play(&mut mocks, &vec![b.clone(); 5]), ["1", "2", "1", "2", "unanswered"]);
        let Answer::Unanswered(unanswered) = mocks.answer(&b, AT) else { panic!("a reply too many") };
        assert_eq!(unanswered.reason, Reason::UsedUp { key: "B".into(), replies: 4, call: 6 });
        mocks.rewind();
        assert_eq!(play(&mut mocks, &[b]), ["1"]);
    }

    #[test]
    fn limits_of_zero_end_at_once() {
        let mut mocks = MockSet::new();
        mocks.insert("A", mock::sequence([mock::returns(1).times(0), mock::returns(2).times(0)]).times(u64::MAX));
        mocks.insert("B", mock::sequence([json!(1), json!(2)]).times(0));
        mocks.insert("C", mock::sequence(Vec::<Mock>::new()));
        for state in ["A", "B", "C"] {
            assert_eq!(play(&mut mocks, &[call(INVOKE, state)]), ["unanswered"], "{state}");
        }
    }

    #[test]
    fn a_narrowed_step_is_for_its_calls_only_and_counts_its_own_uses() {
        let mut mocks = MockSet::new();
        mocks.insert("Map/Work", mock::throws("BadItem").for_item(1).times(1).then(json!("ok")));
        let item = |i| call(INVOKE, "Work").inside("Map", i);
        assert_eq!(
            play(&mut mocks, &[item(0), item(1), item(1), item(2)]),
            [r#""ok""#, "✗ BadItem", r#""ok""#, r#""ok""#]
        );
        let retried = Call { attempt: 1, ..call(INVOKE, "Flaky") };
        mocks.insert("Flaky", mock::throws("Once").for_attempt(0).then(json!(2)));
        assert_eq!(play(&mut mocks, &[call(INVOKE, "Flaky"), retried]), ["✗ Once", "2"]);
        mocks.insert("Pay", mock::returns("big").with(json!({"total": {"$gt": 100}})).then(json!("small")));
        mocks.insert("When", mock::returns(1).when(|c| c.attempt == 0));
        let pay = |text| call(INVOKE, "Pay").payload(text);
        let (big, small) = (pay(r#"{"total":101}"#), pay(r#"{"total":100}"#));
        assert_eq!(play(&mut mocks, &[big, small]), [r#""big""#, r#""small""#]);
        assert_eq!(
            play(&mut mocks, &[call(INVOKE, "When"), Call { attempt: 1, ..call(INVOKE, "When") }]),
            ["1", "unanswered"]
        );
    }

    #[test]
    fn the_most_specific_mock_answers_and_one_that_is_not_for_the_call_leaves_it_to_the_next() {
        let mut mocks = MockSet::new();
        mocks.insert("lambda:invoke", json!("any"));
        mocks.insert("Work", mock::returns("item 1").for_item(1));
        mocks.insert("Map[2]/Work", json!("the third"));
        let item = |i| call(INVOKE, "Work").inside("Map", i);
        assert_eq!(play(&mut mocks, &[item(0), item(1), item(2)]), [r#""any""#, r#""item 1""#, r#""the third""#]);
        let Answer::Reply(reply) = mocks.answer(&item(2), AT) else { panic!("unanswered") };
        assert_eq!(reply.answered_by(), "Map[2]/Work");
        mocks.insert("Work", json!("all"));
        assert_eq!((mocks.len(), play(&mut mocks, &[item(0)])), (3, vec![r#""all""#.to_owned()]));
    }

    #[test]
    fn a_mock_of_a_function_gives_what_the_function_returned() {
        let mut mocks = MockSet::new();
        mocks.insert("charge", json!({"paid": true}));
        let mut optimised = call(INVOKE, "Charge").payload(r#"{"FunctionName":"charge"}"#);
        let own_arn = call("arn:aws:lambda:us-east-1:123456789012:function:charge", "Charge");
        let Answer::Reply(reply) = mocks.answer(&optimised, AT) else { panic!("unanswered") };
        let ReplyOutcome::Done(Ok(result)) = reply.outcome() else { panic!("{reply:?}") };
        assert_eq!(result.get("Payload"), Some(&json!({"paid": true}).into()));
        assert_eq!(result.get("StatusCode"), Some(&Value::from(200)));
        assert_eq!(play(&mut mocks, std::slice::from_ref(&own_arn)), [r#"{"paid":true}"#]);
        // By the state's name the result is raw, unless it is said to be a payload.
        mocks.insert("Charge", mock::returns(json!({"StatusCode": 200})).then(mock::payload(json!(1))));
        assert_eq!(play(&mut mocks, std::slice::from_ref(&optimised)), [r#"{"StatusCode":200}"#]);
        assert!(play(&mut mocks, std::slice::from_ref(&optimised))[0].contains(r#""Payload":1"#));
        assert_eq!(play(&mut mocks, &[own_arn]), ["1"]);
        // What comes back with a token is the task's result as it is.
        optimised.resource = Arc::new(Resource::parse("arn:aws:states:::lambda:invoke.waitForTaskToken").unwrap());
        assert_eq!(play(&mut mocks, &[optimised]), ["1"]);
    }

    #[test]
    fn a_timeout_comes_when_the_task_runs_out_of_time() {
        let mut mocks = MockSet::new();
        mocks.insert("A", mock::throws("States.Timeout"));
        mocks.insert("B", mock::throws("States.HeartbeatTimeout").takes(3.secs()));
        mocks.insert("C", mock::fails("States.Timeout", "said so itself"));
        let mut answer = |state| match mocks.answer(&Call { timeout_seconds: Some(30), ..call(INVOKE, state) }, AT) {
            Answer::Reply(reply) => (reply.outcome().clone(), reply.duration()),
            other => panic!("{other:?}"),
        };
        assert_eq!(answer("A"), (ReplyOutcome::TimedOut { heartbeat: false }, 30.secs()));
        assert_eq!(answer("B"), (ReplyOutcome::TimedOut { heartbeat: true }, 3.secs()));
        let error = TaskError::new("States.Timeout", "said so itself");
        assert_eq!(answer("C"), (ReplyOutcome::Done(Err(error)), 0.secs()));
    }

    #[test]
    fn closures_and_futures_answer_from_the_call() {
        let mut mocks = MockSet::new();
        mocks.insert("A", mock::answers(|call| Reply::done(call.payload.clone()).takes(1.secs())));
        mocks.insert("charge", mock::answers_async(|call| async move { call.payload }).takes(2.secs()));
        mocks.fallback(mock::answers(|call| match call.item() {
            Some(i) => Ok(json!(i)),
            None => Err(TaskError::named("NotInAMap")),
        }));
        assert_eq!(play(&mut mocks, &[call(INVOKE, "A").payload("[1]"), call(INVOKE, "Z")]), ["[1]", "✗ NotInAMap"]);
        let charge = call(INVOKE, "B").payload(r#"{"FunctionName":"charge"}"#);
        let Answer::Future(mut future) = mocks.answer(&charge, AT) else { panic!("not a future") };
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(reply) = future.as_mut().poll(&mut context) else { panic!("not ready") };
        let ReplyOutcome::Done(Ok(result)) = reply.outcome() else { panic!("{reply:?}") };
        assert_eq!((result.get("Payload"), reply.duration()), (Some(&charge.payload), 2.secs()));
        assert_eq!(reply.answered_by(), "charge");
    }

    #[test]
    fn a_submission_is_for_tasks_that_wait() {
        let mut mocks = MockSet::new();
        mocks.insert("Ask", mock::later().submits(json!({"MessageId": "m-1"})).then(mock::refuses("E", "c")));
        let waiting = call("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Ask");
        let mut submission = |call| match mocks.answer(call, AT) {
            Answer::Reply(reply) => reply.submission(call, AT),
            other => panic!("{other:?}"),
        };
        assert_eq!(submission(&waiting), Some(json!({"MessageId": "m-1"}).into()));
        assert_eq!(submission(&waiting), None);
        let plain = Reply::done(1);
        assert!(plain.submission(&waiting, AT).is_some_and(|s| s.get("MD5OfMessageBody").is_some()));
        assert_eq!(plain.submission(&call(INVOKE, "Ask"), AT), None);
    }

    #[test]
    fn what_was_never_used_is_named() {
        let mut mocks = MockSet::new();
        mocks.insert("A", mock::throws("E").then(json!(1)));
        mocks.insert("B", json!(1));
        mocks.insert("C", json!(1));
        play(&mut mocks, &[call(INVOKE, "A"), call(INVOKE, "C")]);
        let unused: Vec<String> = mocks.unused().iter().map(ToString::to_string).collect();
        assert_eq!(unused, ["reply 2 of 2 in the mock of `A` was never used", "the mock of `B` was never used"]);
    }
}
