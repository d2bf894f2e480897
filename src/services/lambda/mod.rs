//! Lambda: functions that the test sets up, invoked synchronously and asynchronously, by state machines, SDKs and other
//! services.
//!
//! What a function does is what the test says: a mock, a closure, a program, an address, or the user's own handler; see
//! [`Function`]. Code that is given to `CreateFunction` is taken and never run: a function that was only created so
//! answers `Invoke` with an error that says what to set up.

mod api;
mod asynchronous;
mod context;
mod deployed;
mod ended;
mod function;
#[cfg(feature = "wire")]
pub(crate) mod handler;
mod mailbox;
mod mapping;
mod name;
mod payload;
mod run;
#[cfg(feature = "wire")]
pub(crate) mod runtime;
pub(crate) mod task;
#[cfg(feature = "wire")]
pub(super) mod wire;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::task::{Context, Poll};
use std::time::Duration;

pub use context::FunctionContext;
pub use function::Function;

use super::Surroundings;
use super::answer::{Answer, Outcome};
use super::error::ServiceError;
use super::members::Members;
use super::promise::{Pending, Promise, promise};
use crate::outside::thread::{on_a_thread, wait_for};
use crate::time::Timestamp;
use crate::value::{Map, Value};
use asynchronous::{AtWork, Event};
use deployed::Deployed;
use ended::Ended;
use mapping::{Batch, Mapping};
use name::Target;
use payload::Payload;
use run::{Asked, Ran, Run};

/// All functions of the account.
#[derive(Debug, Default)]
pub(super) struct Lambda {
    functions: BTreeMap<String, Deployed>,
    /// Those that were there and were deleted: asking for them is no slip of the test.
    deleted: BTreeSet<String>,
    due: BTreeMap<(Timestamp, u64), Due>,
    last_due: u64,
    at_work: VecDeque<AtWork>,
    /// Event source mappings by their UUIDs.
    mappings: BTreeMap<String, Mapping>,
    /// Batches of messages that functions work on outside.
    batches: VecDeque<Batch>,
}

/// What happens by itself.
#[derive(Debug)]
enum Due {
    /// An event is tried again.
    Try(Event),
    /// An event that a function works on has been worked on.
    Ended(Event, String, Box<Ended>),
    /// A batch of messages has been worked on.
    Consumed(Batch, Box<Ended>),
    /// Messages that a function has failed on can be received again, or a batch is to be begun.
    Feed,
    /// Whoever waits for an answer gets it.
    Wake(Promise<()>),
    /// The same, with the answer.
    Answer(Promise<Outcome>, Box<Outcome>),
}

/// How a caller invokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    RequestResponse,
    Event,
    DryRun,
}

/// A request for an invocation, as the API has it.
#[derive(Debug)]
struct Request<'a> {
    asked: Asked<'a>,
    kind: Kind,
    /// Whether the end of the log is wanted.
    wants_log: bool,
}

/// What the API says to it.
enum Invoked {
    /// The function has been run, or is at work.
    Run(Run),
    /// The event is taken in; with the request's id.
    Taken(String),
    /// It would be allowed.
    Allowed,
}

impl Request<'_> {
    fn of<'a>(input: &Members<'_>, target: Target) -> Result<Request<'a>, ServiceError> {
        let kind = kind(input.text("InvocationType"))?;
        let wants_log = wants_log(input.text("LogType"))?;
        let asked = Asked {
            target,
            payload: Payload::of_blob(input.get("Payload")),
            client_context: input.text("ClientContext").map(str::to_owned),
            call: None,
        };
        Ok(Request { asked, kind, wants_log })
    }
}

fn kind(text: Option<&str>) -> Result<Kind, ServiceError> {
    match text {
        None | Some("RequestResponse") => Ok(Kind::RequestResponse),
        Some("Event") => Ok(Kind::Event),
        Some("DryRun") => Ok(Kind::DryRun),
        Some(other) => Err(not_in(other, "invocationType", "[Event, RequestResponse, DryRun]")),
    }
}

fn wants_log(text: Option<&str>) -> Result<bool, ServiceError> {
    match text {
        None | Some("None") => Ok(false),
        Some("Tail") => Ok(true),
        Some(other) => Err(not_in(other, "logType", "[None, Tail]")),
    }
}

fn not_in(value: &str, member: &str, all: &str) -> ServiceError {
    name::invalid_members(&[format!(
        "Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy enum value set: {all}"
    )])
}

/// The members of Invoke.
const INVOKE: &[&str] = &["FunctionName", "InvocationType", "LogType", "ClientContext", "Payload", "Qualifier"];

impl Lambda {
    /// Puts a function of the test there.
    pub(super) fn set_up(&mut self, around: &mut Surroundings, function: &Function) -> Result<(), ServiceError> {
        let target = Target::of(function.name(), None)?;
        self.functions.insert(target.name, Deployed::of(function, around));
        Ok(())
    }

    pub(super) fn ask(&mut self, around: &mut Surroundings, operation: &str, input: &Value) -> Answer {
        if operation != "Invoke" {
            return self.manage(around, operation, input).into();
        }
        let request = Members::of("Invoke", input, INVOKE).and_then(|members| {
            name::present(input, &["FunctionName"])?;
            let target = Target::of(members.needed("FunctionName")?, members.text("Qualifier"))?;
            Request::of(&members, target)
        });
        match request.and_then(|request| Ok((request.wants_log, self.invoke(around, request)?))) {
            Err(error) => Answer::Now(Err(error)),
            Ok((wants_log, Invoked::Run(mut run))) => {
                match std::mem::replace(&mut run.ran, Ran::Now(Ended::well(Payload::Value(Value::Null)))) {
                    Ran::Now(ended) => {
                        let takes = ended.takes;
                        let outcome: Outcome = Ok(told(&run, ended, wants_log));
                        self.later(around, takes, outcome)
                    }
                    Ran::Later(working) => Answer::Later {
                        pending: on_a_thread(move || Ok(told(&run, wait_for(working)?, wants_log))),
                        at_most: LONGEST,
                        otherwise: Err(ServiceError::coded("ServiceException", "the function still works").status(500)),
                    },
                }
            }
            Ok((_, Invoked::Taken(_))) => Answer::Now(Ok(Value::object([("StatusCode", Value::from(202))]))),
            Ok((_, Invoked::Allowed)) => Answer::Now(Ok(Value::object([("StatusCode", Value::from(204))]))),
        }
    }

    /// An outcome at its time on the virtual clock; somebody who only knows real time waits as long in it at most.
    fn later(&mut self, around: &Surroundings, takes: Duration, outcome: Outcome) -> Answer {
        if takes.is_zero() {
            return Answer::Now(outcome);
        }
        let (promised, pending) = promise();
        self.at(around.now + takes, Due::Answer(promised, Box::new(outcome.clone())));
        Answer::Later { pending, at_most: takes, otherwise: outcome }
    }

    /// Something to wait for until an instant of the virtual clock.
    fn wake_at(&mut self, at: Timestamp) -> Pending<()> {
        let (promised, pending) = promise();
        self.at(at, Due::Wake(promised));
        pending
    }

    fn invoke(&mut self, around: &mut Surroundings, request: Request<'_>) -> Result<Invoked, ServiceError> {
        Lambda::check(&request.asked.payload, request.kind == Kind::Event)?;
        if request.kind == Kind::RequestResponse {
            return self.run(around, request.asked).map(Invoked::Run);
        }
        let target = &request.asked.target;
        let found = self.functions.get(&target.name);
        let deployed = found.ok_or_else(|| {
            let qualifier = target.qualifier.clone().unwrap_or_else(|| "$LATEST".into());
            name::not_found(&Target { qualifier: Some(qualifier), ..target.clone() }.arn())
        })?;
        deployed.chosen(target, around)?;
        if request.kind == Kind::DryRun {
            return Ok(Invoked::Allowed);
        }
        if deployed.answers.is_none() {
            // The same words as for a synchronous invocation.
            self.run(around, request.asked)?;
            return Ok(Invoked::Allowed);
        }
        Ok(Invoked::Taken(self.take_event(around, request.asked)))
    }

    fn at(&mut self, at: Timestamp, due: Due) {
        self.last_due += 1;
        self.due.insert((at, self.last_due), due);
    }

    /// When something next happens by itself.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }
    /// Lets happen what is due by now.
    pub(super) fn pass(&mut self, around: &mut Surroundings) {
        self.due_now(around);
    }
    fn due_now(&mut self, around: &mut Surroundings) {
        while let Some(first) = self.due.first_entry().filter(|first| first.key().0 <= around.now) {
            match first.remove() {
                Due::Try(event) => self.try_event(around, event),
                Due::Ended(event, version, ended) => self.event_ended(around, event, &version, &ended),
                Due::Consumed(batch, ended) => self.consumed(around, &batch, &ended),
                // Whoever lets time pass feeds the functions afterwards.
                Due::Feed => {}
                Due::Wake(promised) => drop(promised.keep(())),
                Due::Answer(promised, outcome) => drop(promised.keep(*outcome)),
            }
        }
    }

    /// Whether there are no functions.
    pub(super) fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }
    /// Whether functions work for nobody who waits.
    pub(super) fn is_busy(&self) -> bool {
        !self.at_work.is_empty() || !self.batches.is_empty()
    }
    /// Takes in what came of them; ready when none is left.
    pub(super) fn poll_work(&mut self, around: &mut Surroundings, cx: &mut Context<'_>) -> Poll<()> {
        let (events, batches) = (self.poll_events(around, cx), self.poll_batches(around, cx));
        if events.is_ready() && batches.is_ready() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// The longest that a function can take: its limit, and the time until a runtime comes for it.
const LONGEST: Duration = Duration::from_secs(1200);

/// The result of Invoke as the API spells it; the payload is its text.
fn told(run: &Run, ended: Ended, wants_log: bool) -> Value {
    let mut members = Map::new();
    members.insert("StatusCode", 200);
    if ended.is_failed {
        members.insert("FunctionError", "Unhandled");
    }
    if wants_log {
        members.insert("LogResult", run::log_result(&run::log_of(run, &ended)));
    }
    members.insert("Payload", ended.payload.text());
    members.insert("ExecutedVersion", run.version.as_str());
    members.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Service, Services, Setup};
    use super::*;
    use crate::mock;
    use crate::time::DurationExt;

    #[test]
    fn an_event_that_fails_is_tried_after_one_and_two_minutes_and_then_goes_to_its_destination() {
        let function = Function::new("charge").mock(mock::lambda_error("Busy", "later"));
        let start = Timestamp::EPOCH_DEFAULT;
        let mut services = Services::new(&Setup::new().queue("failed").function(function), start, 0).unwrap();
        let to = "arn:aws:sqs:us-east-1:123456789012:failed";
        let config = json!({ "FunctionName": "charge", "DestinationConfig": { "OnFailure": { "Destination": to } } });
        services.call(start, Service::Lambda, "PutFunctionEventInvokeConfig", &config.into()).unwrap();
        let event = json!({ "FunctionName": "charge", "InvocationType": "Event", "Payload": { "n": 1 } });
        let taken = services.call(start, Service::Lambda, "Invoke", &event.into()).unwrap();
        assert_eq!(taken, json!({ "StatusCode": 202 }).into());
        for after in [60, 180] {
            assert!(services.messages("failed").unwrap().is_empty());
            let due = services.next_at().unwrap();
            assert_eq!(due, start + after.secs());
            services.pass(due);
        }
        let record = Value::parse(services.messages("failed").unwrap()[0].body()).unwrap().to_json();
        assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
        assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
        assert_eq!(
            (&record["requestPayload"], &record["responsePayload"]["errorType"]),
            (&json!({ "n": 1 }), &json!("Busy"))
        );
        assert_eq!(services.next_at(), None);
    }
}
