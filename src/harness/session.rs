//! A session: an execution whose clock the test moves.

use std::time::Duration;

use crate::diagnostic::did_you_mean;
use crate::engine::Status;
use crate::error::{Error, ErrorKind};
use crate::harness::Harness;
use crate::harness::driver::run_until;
use crate::harness::outside::Work;
use crate::harness::run::Run;
use crate::harness::slots::State;
use crate::harness::world::{Parked, Rest, World};
use crate::history::History;
use crate::history::compact::Compact;
use crate::mock::CallLog;
use crate::services::{Service, ServiceError, Services};
use crate::task::TaskError;
use crate::time::{Timestamp, format_offset};
use crate::value::{Str, Value};

/// An execution under way, with the clock in the test's hand.
///
/// Everything that happens at one instant has happened when a method returns. Callbacks and activities that no mock
/// answers wait for the test.
///
/// ```
/// use rehearsal::prelude::*;
///
/// let machine = Machine::parse(r#"{
///     "StartAt": "Ask",
///     "States": {
///         "Ask": {
///             "Type": "Task",
///             "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
///             "HeartbeatSeconds": 3600,
///             "Parameters": {"QueueUrl": "https://q", "MessageBody": {"token.$": "$$.Task.Token"}},
///             "End": true
///         }
///     }
/// }"#)?;
/// let mut session = Harness::new(&machine).start(json!({}));
/// session.advance(50.minutes());
/// session.token("Ask").heartbeat();
/// session.advance(50.minutes());
/// session.token("Ask").succeed(json!({"approved": true}));
/// session.finish().assert_succeeded().assert_elapsed(100.minutes());
/// # Ok::<(), rehearsal::Error>(())
/// ```
pub struct Session {
    pub(super) harness: Harness,
    pub(super) world: World,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("status", &self.status())
            .field("now", &self.now())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn begin(harness: Harness, world: World) -> Result<Session, Error> {
        let mut session = Session { harness, world };
        session.settle(None)?;
        Ok(session)
    }

    /// Lets happen what is due, up to the present instant or a later one.
    pub(super) fn settle(&mut self, until: Option<Timestamp>) -> Result<Rest, Error> {
        let until = until.unwrap_or(self.world.clock.now());
        let rest = run_until(&mut self.world, Some(until));
        match self.world.trouble.take() {
            None => Ok(rest),
            Some(trouble) => {
                let what =
                    format!("rehearse `{}`: {trouble}\n\n{}", self.harness.machine_under_test().name(), self.compact());
                Err(Error::new(ErrorKind::Mocks, what))
            }
        }
    }

    /// Moves the clock on, letting everything that falls due happen at its own instant.
    ///
    /// # Panics
    /// Where the test is wrong; see [`Harness::run`].
    #[track_caller]
    pub fn advance(&mut self, by: Duration) -> &mut Self {
        expect(self.try_advance_to(self.now() + by));
        self
    }
    /// Moves the clock to an instant; one that has passed leaves it where it is.
    ///
    /// # Panics
    /// As [`advance`](Self::advance).
    #[track_caller]
    pub fn advance_to(&mut self, instant: Timestamp) -> &mut Self {
        let by = instant.since(self.now());
        self.advance(by)
    }
    /// Moves the clock on to the first instant at which a callback or an activity waits for the test, or the
    /// execution has ended.
    ///
    /// # Panics
    /// As [`advance`](Self::advance).
    #[track_caller]
    pub fn until_parked(&mut self) -> &mut Self {
        self.run_until(|s| !s.world.parked.is_empty())
    }
    /// Moves the clock on, one due instant after the other, until the condition holds or nothing is left to happen.
    ///
    /// # Panics
    /// As [`advance`](Self::advance).
    #[track_caller]
    pub fn run_until(&mut self, mut done: impl FnMut(&Session) -> bool) -> &mut Self {
        while !done(self) && !self.world.is_over() {
            let Some(next) = self.world.next_at() else { break };
            expect(self.settle(Some(next)));
        }
        self
    }
    /// Lets everything else happen, and gives what became of it.
    ///
    /// # Panics
    /// Where a task still waits for the test and nothing else can happen, and as [`Harness::run`].
    #[track_caller]
    pub fn finish(self) -> Run {
        expect(self.try_finish())
    }
    /// [`finish`](Self::finish), with what is wrong with the test as an error.
    ///
    /// # Errors
    /// As [`finish`](Self::finish) panics.
    pub fn try_finish(mut self) -> Result<Run, Error> {
        self.world.interactive = true;
        run_until(&mut self.world, None);
        self.harness.conclude(self.world)
    }
    /// StopExecution.
    ///
    /// # Panics
    /// As [`advance`](Self::advance).
    #[track_caller]
    pub fn stop(&mut self) -> &mut Self {
        self.stop_with(TaskError::default())
    }
    /// StopExecution with an error and a cause.
    ///
    /// # Panics
    /// As [`advance`](Self::advance).
    #[track_caller]
    pub fn stop_with(&mut self, error: TaskError) -> &mut Self {
        expect(self.try_stop(error));
        self
    }
    /// The task token of a `.waitForTaskToken` task that waits, or of an activity task that a worker has taken, by the state's name or its place
    /// (`Each[2]/Approve`). Where several items wait, the name means the first.
    ///
    /// # Panics
    /// Where no such task waits; the message says which do.
    #[track_caller]
    pub fn token(&mut self, state: &str) -> Token<'_> {
        match self.token_of(state) {
            Some(work) => Token { work, session: self },
            None => self.nobody_waits(&format!("no task token of `{state}` waits"), state),
        }
    }
    /// Takes the oldest waiting task of an activity, as a worker's GetActivityTask does.
    ///
    /// # Panics
    /// Where none waits; see [`try_poll_activity`](Self::try_poll_activity).
    #[track_caller]
    pub fn poll_activity(&mut self, name: &str) -> ActivityTask<'_> {
        match self.take(name, None) {
            Some((work, input)) => ActivityTask { token: Token { work, session: self }, input },
            None => self.nobody_waits(&format!("no task of the activity `{name}` waits for a worker"), name),
        }
    }
    /// [`poll_activity`](Self::poll_activity), with nothing where no task waits, and with the worker's name.
    ///
    /// # Panics
    /// As [`advance`](Self::advance).
    #[track_caller]
    pub fn try_poll_activity(&mut self, name: &str, worker: Option<&str>) -> Option<ActivityTask<'_>> {
        let (work, input) = self.take(name, worker)?;
        Some(ActivityTask { token: Token { work, session: self }, input })
    }

    #[track_caller]
    fn take(&mut self, activity: &str, worker: Option<&str>) -> Option<(Work, Value)> {
        let input = self.world.parked.iter().find(|p| p.is_work_for(activity))?.call.payload.clone();
        Some((expect(self.take_work(activity, worker))?, input))
    }
    #[track_caller]
    fn nobody_waits(&self, what: &str, wanted: &str) -> ! {
        let waiting: Vec<String> = self.waiting();
        let names = self.world.parked.iter().flat_map(|p| [&*p.call.state, p.call.resource.api()]);
        let near = did_you_mean(wanted, names).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
        let list = if waiting.is_empty() { "nothing waits for the test".into() } else { waiting.join("\n  ") };
        panic!("{what}{near}\n  {list}\n\n{}", self.compact());
    }

    /// What waits for the test, in words.
    pub fn waiting(&self) -> Vec<String> {
        let start = self.world.root().map_or(self.now(), |s| s.started_at);
        let describe = |p: &Parked| {
            let since = format_offset(p.since.since(start));
            format!("`{}` waits since T+{since} ({})", p.call.location(), p.call.resource.short())
        };
        self.world.parked.iter().map(describe).collect()
    }
    /// Calls an operation of a service's model at this instant, as a consumer outside would:
    /// `call(Service::Sqs, "ReceiveMessage", json!({"QueueUrl": "approvals"}))`.
    ///
    /// # Errors
    /// What the service refuses, and what is not modelled.
    ///
    /// # Panics
    /// As [`advance`](Self::advance), where the operation makes something happen that does.
    #[track_caller]
    pub fn call(&mut self, service: Service, operation: &str, input: impl Into<Value>) -> Result<Value, ServiceError> {
        let now = self.now();
        let outcome = self.world.services.call(now, service, operation, &input.into());
        // An event may have started an execution.
        self.world.run_errands();
        expect(self.settle(None));
        outcome
    }
    /// What the models of services hold at this instant.
    pub fn services(&self) -> &Services {
        &self.world.services
    }
    /// The present instant on the virtual clock.
    pub fn now(&self) -> Timestamp {
        self.world.clock.now()
    }
    /// How long the execution has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.world.elapsed()
    }
    /// Whether it still runs, and how it ended.
    pub fn status(&self) -> Status {
        self.world.root().map_or(Status::Running, |slot| slot.status().clone())
    }
    /// Names of the states that are entered and not left.
    pub fn active_states(&self) -> Vec<Str> {
        match self.world.root().map(|s| &s.state) {
            Some(State::Running(e)) => e.active_states(),
            _ => Vec::new(),
        }
    }
    /// The calls so far.
    pub fn calls(&self) -> &CallLog {
        &self.world.log
    }
    /// The history so far.
    pub fn history(&self) -> &History {
        const NOTHING: &History = &History::new();
        match self.world.root().map(|s| &s.state) {
            Some(State::Running(e)) => e.history(),
            Some(State::Ended { history, .. }) => history,
            None => NOTHING,
        }
    }
    /// The history so far as people read it.
    pub fn compact(&self) -> Compact<'_> {
        Compact::new(self.history())
    }
}

/// A task token that waits: the other end of SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat.
#[derive(Debug)]
pub struct Token<'a> {
    session: &'a mut Session,
    work: Work,
}

impl Token<'_> {
    /// The token's text.
    pub fn text(&self) -> Option<Str> {
        self.work.parked(&self.session.world)?.call.token.clone()
    }
    /// SendTaskHeartbeat.
    ///
    /// # Panics
    /// As [`Session::advance`].
    #[track_caller]
    pub fn heartbeat(self) -> Self {
        expect(self.session.beat(self.work));
        self
    }
    /// SendTaskSuccess.
    ///
    /// # Panics
    /// As [`Session::advance`].
    #[track_caller]
    pub fn succeed(self, output: impl Into<Value>) {
        self.end(Ok(output.into()));
    }
    /// SendTaskFailure.
    ///
    /// # Panics
    /// As [`Session::advance`].
    #[track_caller]
    pub fn fail(self, error: impl Into<Str>, cause: impl Into<Str>) {
        self.end(Err(TaskError::new(error, cause)));
    }
    /// SendTaskFailure with neither error nor cause, or with one of them.
    ///
    /// # Panics
    /// As [`Session::advance`].
    #[track_caller]
    pub fn fail_with(self, error: TaskError) {
        self.end(Err(error));
    }
    #[track_caller]
    fn end(self, outcome: crate::task::Outcome) {
        expect(self.session.finish_work(self.work, outcome));
    }
}

/// An activity task that a worker has taken.
#[derive(Debug)]
pub struct ActivityTask<'a> {
    token: Token<'a>,
    input: Value,
}

impl<'a> ActivityTask<'a> {
    /// The task's input.
    pub fn input(&self) -> serde_json::Value {
        self.input.to_json()
    }
    /// The task's token, with heartbeat, success and failure.
    pub fn token(self) -> Token<'a> {
        self.token
    }
    /// SendTaskSuccess.
    ///
    /// # Panics
    /// As [`Session::advance`].
    #[track_caller]
    pub fn succeed(self, output: impl Into<Value>) {
        self.token.succeed(output);
    }
    /// SendTaskFailure.
    ///
    /// # Panics
    /// As [`Session::advance`].
    #[track_caller]
    pub fn fail(self, error: impl Into<Str>, cause: impl Into<Str>) {
        self.token.fail(error, cause);
    }
}

/// What came of a step, unless the test is wrong.
#[track_caller]
fn expect<T>(result: Result<T, Error>) -> T {
    match result {
        Ok(value) => value,
        Err(e) => panic!("{e}"),
    }
}
