//! Asynchronous invocations: tried again on the virtual clock, and handed on to destinations and dead-letter queues.

use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use super::Lambda;
use super::ended::Ended;
use super::mailbox::Worked;
use super::name::Target;
use super::payload::Payload;
use super::run::{Asked, Ran, Working};
use crate::services::{Errand, Service, ServiceError, Surroundings, arn};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// How long it takes until a failed event is tried again: after the first failure, after the second.
const WAITS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];
/// How old an event may become where nothing else is configured.
const OLDEST: Duration = Duration::from_secs(6 * 3600);

/// An event on its way to a function.
#[derive(Debug)]
pub(super) struct Event {
    target: Target,
    payload: Payload,
    client_context: Option<String>,
    /// The id that the caller was given, which stays the same over all tries.
    id: String,
    since: Timestamp,
    /// How often it was tried.
    tries: u32,
    /// How often it was turned away because too many went on.
    throttled: u32,
}

/// An event that a function works on.
pub(super) struct AtWork {
    event: Event,
    version: String,
    /// Behind a lock so that it can be looked at from anywhere; nobody ever waits for it.
    working: Mutex<Working>,
    worked: Option<Worked>,
}

impl std::fmt::Debug for AtWork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.event.fmt(f)
    }
}

impl Lambda {
    /// Takes an event in; gives the request's id.
    pub(super) fn take_event(&mut self, around: &mut Surroundings, asked: Asked<'_>) -> String {
        let id = around.uuid();
        let event = Event {
            target: asked.target,
            payload: asked.payload,
            client_context: asked.client_context,
            id: id.clone(),
            since: around.now,
            tries: 0,
            throttled: 0,
        };
        self.try_event(around, event);
        id
    }

    pub(super) fn try_event(&mut self, around: &mut Surroundings, mut event: Event) {
        let config = self.event_config(&event.target);
        let oldest = config.and_then(|c| c.get("MaximumEventAgeInSeconds")?.as_whole());
        let oldest = oldest.and_then(|n| u64::try_from(n).ok()).map_or(OLDEST, Duration::from_secs);
        if event.tries > 0 && around.now.since(event.since) > oldest {
            return self.give_up(around, &event, "EventAgeExceeded", "$LATEST", None);
        }
        let asked = Asked {
            target: event.target.clone(),
            payload: event.payload.clone(),
            client_context: event.client_context.clone(),
            call: None,
        };
        match self.run(around, asked) {
            Ok(run) => {
                event.tries += 1;
                match run.ran {
                    Ran::Now(ended) => {
                        let at = around.now + ended.takes;
                        self.at(at, super::Due::Ended(event, run.version, Box::new(ended)));
                        self.due_now(around);
                    }
                    Ran::Later(working) => {
                        self.at_work.push_back(AtWork {
                            event,
                            version: run.version,
                            working: Mutex::new(working),
                            worked: None,
                        });
                    }
                }
            }
            Err(error) if error.status == 429 || error.status >= 500 && !error.is_not_modelled() => {
                // Being turned away is no try: it comes again, ever more slowly, until it is too old.
                let wait = Duration::from_secs(1 << event.throttled.min(8)).min(Duration::from_secs(300));
                event.throttled += 1;
                let at = around.now + wait;
                if at.since(event.since) > oldest {
                    return self.give_up(around, &event, "EventAgeExceeded", "$LATEST", None);
                }
                self.at(at, super::Due::Try(event));
            }
            // Nobody hears of it but the test: a mock that is used up, a function that nobody answers.
            Err(error) if error.is_not_modelled() => {
                around.trouble.note(|| format!("an event for the function `{}`: {}", event.target.name, error.message));
            }
            // A function that is gone: there is nothing to try again.
            Err(_) => {}
        }
    }

    /// An event has been worked on.
    pub(super) fn event_ended(&mut self, around: &mut Surroundings, event: Event, version: &str, ended: &Ended) {
        if !ended.is_failed {
            return self.tell(around, &event, "OnSuccess", "Success", version, Some(ended));
        }
        let config = self.event_config(&event.target);
        let retries = config.and_then(|c| c.get("MaximumRetryAttempts")?.as_whole()).unwrap_or(2);
        let wait = usize::try_from(event.tries).ok().and_then(|n| WAITS.get(n.checked_sub(1)?));
        match wait {
            Some(wait) if i64::from(event.tries) <= retries => self.at(around.now + *wait, super::Due::Try(event)),
            _ => self.give_up(around, &event, "RetriesExhausted", version, Some(ended)),
        }
    }

    /// Nothing more is tried.
    fn give_up(&mut self, around: &mut Surroundings, event: &Event, why: &str, version: &str, ended: Option<&Ended>) {
        self.tell(around, event, "OnFailure", why, version, ended);
        let configuration = self.functions.get(&event.target.name).map(|f| &f.configuration);
        let queue = configuration.and_then(|c| c.get("DeadLetterConfig")?.get("TargetArn")?.as_str());
        let Some(queue) = queue.map(str::to_owned) else { return };
        let text =
            |data: &str, value: String| Value::object([("DataType", Value::from(data)), ("StringValue", value.into())]);
        let message = ended.and_then(|e| {
            let value = e.payload.value().ok()?;
            Some(value.get("errorMessage")?.as_str()?.to_owned())
        });
        let attributes = Value::object([
            ("RequestID", text("String", event.id.clone())),
            ("ErrorCode", text("Number", "200".into())),
            ("ErrorMessage", text("String", message.filter(|m| !m.is_empty()).unwrap_or_else(|| why.to_owned()))),
        ]);
        let document = event.payload.text();
        match service_of(&queue) {
            Some(Service::Sqs) => around.errand(send(&queue, document, Some(attributes))),
            Some(Service::Sns) => around.errand(publish(&queue, document, Some(attributes))),
            _ => {}
        }
    }

    /// Hands the record of an event to its destination.
    fn tell(
        &self,
        around: &mut Surroundings,
        event: &Event,
        on: &str,
        why: &str,
        version: &str,
        ended: Option<&Ended>,
    ) {
        let config = self.event_config(&event.target);
        let destination = config.and_then(|c| c.get("DestinationConfig")?.get(on)?.get("Destination")?.as_str());
        let Some(destination) = destination.map(str::to_owned) else { return };
        let qualifier = event.target.qualifier.clone().unwrap_or_else(|| "$LATEST".into());
        let function = Target { qualifier: Some(qualifier), ..event.target.clone() }.arn();
        let json = |payload: &Payload| payload.value().unwrap_or_else(|_| payload.text().into());
        let mut record = Map::new();
        record.insert("version", "1.0");
        record.insert("timestamp", around.now.to_string());
        record.insert(
            "requestContext",
            Value::object([
                ("requestId", Value::from(&*event.id)),
                ("functionArn", function.as_str().into()),
                ("condition", why.into()),
                ("approximateInvokeCount", i64::from(event.tries).into()),
            ]),
        );
        record.insert("requestPayload", json(&event.payload));
        if let Some(ended) = ended {
            let mut context = Map::new();
            context.insert("statusCode", 200);
            context.insert("executedVersion", version);
            if ended.is_failed {
                context.insert("functionError", "Unhandled");
            }
            record.insert("responseContext", context);
            record.insert("responsePayload", json(&ended.payload));
        }
        let document = Value::from(record).to_string();
        let errand = match service_of(&destination) {
            Some(Service::Sqs) => send(&destination, document, None),
            Some(Service::Sns) => publish(&destination, document, None),
            Some(Service::Lambda) => invoke(&destination, document),
            Some(Service::Events) => {
                let outcome = if on == "OnSuccess" { "Success" } else { "Failure" };
                let entry = Value::object([
                    ("Source", Value::from("lambda")),
                    ("DetailType", format!("Lambda Function Invocation Result - {outcome}").into()),
                    ("Detail", document.into()),
                    ("EventBusName", arn::name_of(&destination).into()),
                    ("Resources", Value::array(vec![destination.as_str().into(), function.as_str().into()])),
                ]);
                let input = Value::object([("Entries", Value::array(vec![entry]))]);
                Errand::Call { service: Service::Events, operation: "PutEvents", input }
            }
            _ => return,
        };
        around.errand(errand);
    }

    /// What is configured for the events of a function or of its qualifier.
    fn event_config(&self, target: &Target) -> Option<&Map> {
        self.functions.get(&target.name)?.event_configs.get(target.qualifier.as_deref().unwrap_or("$LATEST"))
    }

    /// Takes in what came of events that were worked on outside, in the order in which they were begun, so that their
    /// real speed decides nothing; ready when none is left.
    pub(super) fn poll_events(&mut self, around: &mut Surroundings, cx: &mut Context<'_>) -> Poll<()> {
        for at_work in &mut self.at_work {
            if at_work.worked.is_none()
                && let Poll::Ready(worked) =
                    at_work.working.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll(cx)
            {
                at_work.worked = Some(worked);
            }
        }
        while let Some(worked) = self.at_work.front_mut().and_then(|first| first.worked.take()) {
            let Some(AtWork { event, version, .. }) = self.at_work.pop_front() else { break };
            let ended = worked.unwrap_or_else(|error: ServiceError| {
                // What is wrong outside is not the function's failure, and trying again mends nothing.
                around.trouble.note(|| format!("an event for the function `{}`: {}", event.target.name, error.message));
                Ended::threw(&error.code, error.message)
            });
            self.at(around.now + ended.takes, super::Due::Ended(event, version, Box::new(ended)));
            self.due_now(around);
        }
        if self.at_work.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// The service of an ARN.
pub(super) fn service_of(arn: &str) -> Option<Service> {
    Service::of_name(arn.split(':').nth(2)?)
}

fn send(queue: &str, body: String, attributes: Option<Value>) -> Errand {
    let mut input = Map::new();
    input.insert("QueueUrl", arn::name_of(queue));
    input.insert("MessageBody", body);
    if let Some(attributes) = attributes {
        input.insert("MessageAttributes", attributes);
    }
    Errand::Call { service: Service::Sqs, operation: "SendMessage", input: input.into() }
}

fn publish(topic: &str, message: String, attributes: Option<Value>) -> Errand {
    let mut input = Map::new();
    input.insert("TopicArn", topic);
    input.insert("Message", message);
    if let Some(attributes) = attributes {
        input.insert("MessageAttributes", attributes);
    }
    Errand::Call { service: Service::Sns, operation: "Publish", input: input.into() }
}

fn invoke(function: &str, payload: String) -> Errand {
    let input = Value::object([
        ("FunctionName", Value::from(function)),
        ("InvocationType", "Event".into()),
        ("Payload", payload.into()),
    ]);
    Errand::Call { service: Service::Lambda, operation: "Invoke", input }
}
