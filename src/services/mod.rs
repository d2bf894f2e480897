//! Stateful models of AWS services: queues that keep messages, tables that keep items, topics that pass on what is
//! published.
//!
//! A state machine's call goes to a model where no mock answers first and the test has set up something of that service.
//! What is answered, and how errors are called and worded, follows AWS, for optimised integrations (`sqs:sendMessage`) as
//! well as for those of the SDK (`aws-sdk:sqs:sendMessage`).
//!
//! ```
//! use rehearsal::prelude::*;
//! use rehearsal::services::Setup;
//!
//! let machine = Machine::parse(r#"{"StartAt": "Put", "States": {"Put": {
//!     "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true,
//!     "Parameters": {
//!         "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/orders",
//!         "MessageBody": {"id.$": "$.id"}}}}}"#)?;
//! let run = Harness::new(&machine).services(Setup::new().queue("orders")).run(json!({"id": "o-1"}));
//! let messages = run.services().messages("orders").unwrap();
//! assert_eq!(messages[0].body(), r#"{"id":"o-1"}"#);
//! # Ok::<(), rehearsal::Error>(())
//! ```
//!
//! A model is as exact as it goes: an operation or a parameter that is not modelled is refused with an error that says
//! so, and never answered with a guess.

mod answer;
mod arn;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
mod errand;
mod error;
pub mod events;
mod hex;
pub(crate) mod integration;
pub mod jobs;
pub mod lambda;
mod members;
mod pattern;
pub(crate) mod promise;
pub mod s3;
mod service;
mod setup;
pub mod sns;
pub mod sqs;
mod surroundings;
#[cfg(feature = "wire")]
pub(crate) mod wire;

pub use error::ServiceError;
pub use events::Wanted as Rule;
pub(crate) use hex::hex;
pub use jobs::{Job, JobRun, JobStatus};
pub use lambda::{Function, FunctionContext};
pub use service::Service;
pub use setup::{Setup, Table};
pub use surroundings::Surroundings;
#[cfg(feature = "wire")]
pub use wire::Endpoint;

pub(crate) use answer::Answer;
pub(crate) use errand::Errand;

use std::task::{Context, Poll};
use std::time::Duration;

use crate::task::CallId;
use crate::time::Timestamp;
use crate::value::{Content, Str, Value};
use sqs::Message;

/// The account everything belongs to.
pub const ACCOUNT: &str = "123456789012";
/// The region everything is in.
pub const REGION: &str = "us-east-1";

/// Models of services with what they hold.
#[derive(Debug)]
pub struct Services {
    around: Surroundings,
    sqs: sqs::Sqs,
    sns: sns::Sns,
    s3: s3::S3,
    events: events::Events,
    lambda: lambda::Lambda,
    jobs: jobs::Jobs,
    #[cfg(feature = "dynamodb")]
    dynamodb: dynamodb::DynamoDb,
    /// Those of which the test has set up something.
    present: Vec<Service>,
    /// When somebody last called.
    asked_at: Timestamp,
}

impl Services {
    /// Models that hold what a setup says.
    ///
    /// # Errors
    /// What a service refuses, such as an item without its key.
    pub fn new(setup: &Setup, start: Timestamp, seed: u64) -> Result<Services, ServiceError> {
        let mut services = Services { present: setup.present(), ..Services::empty(start, seed) };
        for function in setup.functions() {
            services.lambda.set_up(&mut services.around, function)?;
        }
        for (service, name, job) in setup.jobs() {
            services.jobs.set_up(service, name, job)?;
        }
        for (service, operation, input) in setup.calls() {
            services.call(start, *service, operation, input)?;
            if *operation == "CreateBucket" {
                services.s3.be_strict();
            }
        }
        services.hand_over(start, setup.objects());
        Ok(services)
    }

    /// Models that hold objects and nothing else.
    #[cfg(feature = "server")]
    pub(crate) fn with_objects(start: Timestamp, seed: u64, s3: s3::S3) -> Services {
        Services { s3, ..Services::empty(start, seed) }
    }

    /// Puts objects before anything happens; buckets come into being with them.
    pub(crate) fn hand_over(&mut self, start: Timestamp, objects: &[(Str, Str, Content)]) {
        self.s3.set_now(start);
        for (bucket, key, content) in objects {
            self.s3.put_content(bucket.clone(), key.clone(), content.clone());
        }
        if !objects.is_empty() && !self.has(Service::S3) {
            self.present.push(Service::S3);
        }
    }

    /// What S3 holds.
    pub fn s3(&self) -> &s3::S3 {
        &self.s3
    }

    /// S3 at an instant, for somebody to put into it.
    pub(crate) fn s3_at(&mut self, now: Timestamp) -> &mut s3::S3 {
        self.s3.set_now(now);
        &mut self.s3
    }

    /// Models that hold nothing and answer nobody.
    pub(crate) fn empty(start: Timestamp, seed: u64) -> Services {
        Services {
            around: Surroundings::new(start, seed),
            sqs: sqs::Sqs::default(),
            sns: sns::Sns::default(),
            s3: s3::S3::default(),
            events: events::Events::default(),
            lambda: lambda::Lambda::default(),
            jobs: jobs::Jobs::default(),
            #[cfg(feature = "dynamodb")]
            dynamodb: dynamodb::DynamoDb::default(),
            present: Vec::new(),
            asked_at: start,
        }
    }

    /// Whether the test has set up something of a service, so that calls of it go to the model.
    pub fn has(&self, service: Service) -> bool {
        self.present.contains(&service) || service == Service::Lambda && !self.lambda.is_empty()
    }

    /// Lets calls of every service go to its model, also where nothing was set up. Functions are an exception: without
    /// any, one that is called was forgotten by the test.
    #[cfg(feature = "server")]
    pub(crate) fn all_are_present(&mut self) {
        self.present = Service::all().filter(|service| *service != Service::Lambda).collect();
    }

    /// One operation, such as `SendMessage`, with its input as the service's API spells it.
    ///
    /// # Errors
    /// What the service refuses, and what is not modelled.
    pub fn call(
        &mut self,
        now: Timestamp,
        service: Service,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ServiceError> {
        match self.ask(now, service, operation, input) {
            Answer::Now(outcome) | Answer::Later { otherwise: outcome, .. } => outcome,
        }
    }

    /// One operation, whose answer may come later.
    pub(crate) fn ask(&mut self, now: Timestamp, service: Service, operation: &str, input: &Value) -> Answer {
        // Time never goes back, whoever calls.
        if self.events.next_at().into_iter().chain(self.lambda.next_at()).any(|at| at <= now) {
            self.pass(now);
        }
        self.around.now = self.around.now.max(now);
        self.asked_at = self.around.now;
        let answer = self.one(service, operation, input);
        self.run_errands();
        answer
    }

    fn one(&mut self, service: Service, operation: &str, input: &Value) -> Answer {
        let around = &mut self.around;
        match service {
            Service::Sqs => self.sqs.ask(around, operation, input),
            Service::Sns => self.sns.call(around, operation, input).into(),
            Service::S3 => self.s3.ask(around, operation, input),
            Service::Events | Service::Scheduler => self.events.ask(around, service, operation, input),
            Service::Lambda if operation.contains("EventSourceMapping") => {
                self.lambda.map_sources(around, &self.sqs, operation, input).into()
            }
            Service::Lambda => self.lambda.ask(around, operation, input),
            #[cfg(feature = "dynamodb")]
            Service::DynamoDb => self.dynamodb.call(around, operation, input).into(),
            #[cfg(not(feature = "dynamodb"))]
            Service::DynamoDb => Answer::Now(Err(ServiceError::not_built("dynamodb"))),
        }
    }

    /// Does what models want of one another, and leaves the rest for whoever drives us.
    fn run_errands(&mut self) {
        // A topic that feeds itself through a rule would go on for ever.
        const MOST: usize = 10_000;
        let mut left = Vec::new();
        let mut done = 0;
        loop {
            if done < MOST {
                done += self.feed();
            }
            if self.around.errands.is_empty() || done >= MOST {
                break;
            }
            for errand in std::mem::take(&mut self.around.errands) {
                match errand {
                    Errand::Call { service, operation, input } => {
                        done += 1;
                        let answer = self.one(service, operation, &input);
                        self.note_unmodelled(&answer);
                    }
                    Errand::OrElse(first, other) => match *first {
                        Errand::Call { service, operation, input } => {
                            done += 1;
                            if let Answer::Now(Err(_)) = self.one(service, operation, &input) {
                                self.around.errand(*other);
                            }
                        }
                        first => left.push(Errand::OrElse(Box::new(first), other)),
                    },
                    Errand::Deliver { service, operation, input, dead_letter } => {
                        done += 1;
                        let answer = self.one(service, &operation, &input);
                        self.note_unmodelled(&answer);
                        if let (Answer::Now(Err(error)), Some(letter)) = (answer, dead_letter) {
                            self.around.errand(letter.sent(&error));
                        }
                    }
                    other => left.push(other),
                }
            }
        }
        self.around.errands = left;
    }

    /// Gives functions the messages of the queues that they are fed from; how many batches there were.
    fn feed(&mut self) -> usize {
        self.lambda.feed(&mut self.around, &mut self.sqs)
    }

    /// What a model does for another and can't, nobody hears of: so the test does.
    fn note_unmodelled(&self, answer: &Answer) {
        if let Answer::Now(Err(error)) = answer
            && error.is_not_modelled()
        {
            self.around.trouble.note(|| error.message.clone());
        }
    }

    /// What is wrong with the test itself and was told to no caller.
    pub(crate) fn take_trouble(&self) -> Option<String> {
        self.around.trouble.take()
    }

    /// Whether work goes on outside that nobody but the models waits for, such as an asynchronous function. The clock
    /// stands still meanwhile.
    pub(crate) fn is_busy(&self) -> bool {
        self.lambda.is_busy()
    }

    /// Takes in what came of such work; ready when nothing is left of it.
    pub(crate) fn poll_work(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let polled = self.lambda.poll_work(&mut self.around, cx);
        self.run_errands();
        polled
    }

    /// Puts an errand back that was left with another in case it fails.
    pub(crate) fn leave(&mut self, errand: Errand) {
        self.around.errand(errand);
    }

    /// What models want done outside: executions, requests.
    pub(crate) fn take_errands(&mut self) -> Vec<Errand> {
        std::mem::take(&mut self.around.errands)
    }

    /// When something next happens here by itself, such as a schedule's rule, on the virtual clock.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        // A schedule goes on for ever, a run that waits for somebody else must not: a year after the last call, which is
        // how long an execution lasts at most, schedules rest until the next.
        let rest_at = self.asked_at + Duration::from_secs(366 * 86_400);
        let of_events = self.events.next_at().filter(|at| *at <= rest_at);
        let of_functions =
            self.lambda.next_at().into_iter().chain(self.lambda.next_delayed(&self.sqs, self.around.now));
        self.sqs
            .next_at(self.around.now)
            .into_iter()
            .chain(of_events)
            .chain(of_functions)
            .chain(self.jobs.next_at())
            .min()
    }

    /// Whether somebody waits here for an instant or a later one: a poll, a job, a function. Schedules and messages that
    /// come back to a function are no reason for a clock to go on; they happen on the way to one.
    #[cfg(feature = "server")]
    pub(crate) fn is_awaited(&self, at: Timestamp) -> bool {
        let own = self.lambda.next_at().into_iter().chain(self.jobs.next_at());
        own.chain(self.sqs.waited_until()).any(|until| until >= at)
    }

    /// Lets happen what is due by now.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        self.around.now = self.around.now.max(now);
        self.sqs.pass(&mut self.around);
        self.events.pass(&mut self.around);
        self.lambda.pass(&mut self.around);
        self.jobs.pass(now);
        self.run_errands();
    }

    /// Stops the job that a task waited for and waits for no more.
    pub(crate) fn stop_job(&mut self, now: Timestamp, execution: &str, call: CallId) {
        self.jobs.stop(now, execution, call);
    }

    /// The jobs that ran or run, in the order in which they were started.
    pub fn jobs(&self) -> &[JobRun] {
        self.jobs.runs()
    }

    /// The messages that a queue holds, in the order in which they came; those in flight as well. `None` where there is
    /// no such queue.
    pub fn messages(&self, queue: &str) -> Option<Vec<&Message>> {
        self.sqs.messages(queue)
    }

    /// The names of the queues.
    pub fn queues(&self) -> impl Iterator<Item = &str> {
        self.sqs.names()
    }

    /// What was published to a topic, in order. `None` where there is no such topic.
    pub fn published(&self, topic: &str) -> Option<&[sns::Publication]> {
        self.sns.published(topic)
    }

    /// What topics sent to people, in order: mails, text messages and pushes, with the mails that ask whether a
    /// subscription is wanted.
    pub fn delivered(&self) -> &[sns::Delivery] {
        self.sns.delivered()
    }

    /// The events that came to a bus, in order. `None` where there is no such bus.
    pub fn events(&self, bus: &str) -> Option<&[events::Event]> {
        self.events.on(bus)
    }

    /// The names of the event buses.
    pub fn buses(&self) -> impl Iterator<Item = &str> {
        self.events.names()
    }

    /// A connection of EventBridge, by its name or ARN: what requests of HTTP Tasks and API destinations are signed with.
    pub fn connection(&self, name: &str) -> Option<&events::Connection> {
        self.events.connection(name)
    }

    /// The names of the topics.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.sns.names()
    }

    /// The items of a table as plain JSON, in the order of their keys: `{"id": "o-1", "total": 30}`. `None` where there
    /// is no such table.
    #[cfg(feature = "dynamodb")]
    pub fn items(&self, table: &str) -> Option<Vec<Value>> {
        self.dynamodb.items(table)
    }

    /// The names of the tables.
    #[cfg(feature = "dynamodb")]
    pub fn tables(&self) -> Vec<String> {
        self.dynamodb.names()
    }
}
