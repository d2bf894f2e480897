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

mod arn;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
mod error;
pub(crate) mod integration;
mod members;
mod pattern;
mod setup;
pub mod sns;
pub mod sqs;

pub use error::ServiceError;
pub use setup::{Setup, Table};

use crate::random::{Seeded, uuid_text};
use crate::time::Timestamp;
use crate::value::Value;
use sqs::Message;

/// The account everything belongs to.
pub const ACCOUNT: &str = "123456789012";
/// The region everything is in.
pub const REGION: &str = "us-east-1";

/// The services that have a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Service {
    /// DynamoDB, with the cargo feature `dynamodb`.
    DynamoDb,
    /// SNS.
    Sns,
    /// SQS.
    Sqs,
}

impl Service {
    /// The service's name in resource ARNs: `dynamodb`, `sns`, `sqs`.
    pub fn name(self) -> &'static str {
        match self {
            Service::DynamoDb => "dynamodb",
            Service::Sns => "sns",
            Service::Sqs => "sqs",
        }
    }
    /// The service of a name.
    pub fn of_name(name: &str) -> Option<Service> {
        [Service::DynamoDb, Service::Sns, Service::Sqs].into_iter().find(|s| s.name() == name)
    }
}

/// What an operation knows of the world around it.
#[derive(Debug)]
pub struct Surroundings {
    /// The instant on the virtual clock.
    pub now: Timestamp,
    ids: Seeded,
}

impl Surroundings {
    /// A fresh UUID, the same for the same seed.
    pub fn uuid(&mut self) -> String {
        uuid_text(self.ids.next_u64(), self.ids.next_u64())
    }
}

/// Models of services with what they hold.
#[derive(Debug)]
pub struct Services {
    around: Surroundings,
    sqs: sqs::Sqs,
    sns: sns::Sns,
    #[cfg(feature = "dynamodb")]
    dynamodb: dynamodb::DynamoDb,
    /// Those of which the test has set up something.
    present: Vec<Service>,
}

impl Services {
    /// Models that hold what a setup says.
    ///
    /// # Errors
    /// What a service refuses, such as an item without its key.
    pub fn new(setup: &Setup, start: Timestamp, seed: u64) -> Result<Services, ServiceError> {
        let mut services = Services { present: setup.present(), ..Services::empty(start, seed) };
        for (service, operation, input) in setup.calls() {
            services.call(start, *service, operation, input)?;
        }
        Ok(services)
    }

    /// Models that hold nothing and answer nobody.
    pub(crate) fn empty(start: Timestamp, seed: u64) -> Services {
        Services {
            around: Surroundings { now: start, ids: Seeded::new(seed ^ 0x5E57_1CE5) },
            sqs: sqs::Sqs::default(),
            sns: sns::Sns::default(),
            #[cfg(feature = "dynamodb")]
            dynamodb: dynamodb::DynamoDb::default(),
            present: Vec::new(),
        }
    }

    /// Whether the test has set up something of a service, so that calls of it go to the model.
    pub fn has(&self, service: Service) -> bool {
        self.present.contains(&service)
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
        // Time never goes back, whoever calls.
        self.around.now = self.around.now.max(now);
        match service {
            Service::Sqs => self.sqs.call(&mut self.around, operation, input),
            Service::Sns => self.sns.call(&mut self.around, &mut self.sqs, operation, input),
            #[cfg(feature = "dynamodb")]
            Service::DynamoDb => self.dynamodb.call(&self.around, operation, input),
            #[cfg(not(feature = "dynamodb"))]
            Service::DynamoDb => Err(ServiceError::not_built("dynamodb")),
        }
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
