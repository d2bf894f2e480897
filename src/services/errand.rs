//! What a model wants done that is not its own to do.

use super::{Service, ServiceError, arn};
use crate::value::Value;

/// Something that follows from an operation: a topic's message for a queue, an event that starts an execution.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub(crate) enum Errand {
    /// An operation of another model, done before anybody else is heard, such as an asynchronous `Invoke`. That it is
    /// refused changes nothing for whoever caused it.
    Call {
        /// Whose.
        service: Service,
        /// Which, such as `SendMessage`.
        operation: &'static str,
        /// Its input as the API spells it.
        input: Value,
    },
    /// An operation of another model on behalf of a rule or a schedule, done at the same time as a `Call`. What is refused
    /// goes to the dead-letter queue, where there is one.
    Deliver {
        /// Whose.
        service: Service,
        /// Which, such as `SendMessage`.
        operation: String,
        /// Its input as the API spells it.
        input: Value,
        /// Where it goes when it is refused.
        dead_letter: Option<DeadLetter>,
    },
    /// A new execution of a state machine.
    Start {
        /// The machine's ARN.
        machine: String,
        /// The execution's input.
        input: Value,
    },
    /// A request to an address outside.
    Post {
        /// The address.
        url: String,
        /// Header names and values.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// The first; where it is refused, the other, as for a queue of what could not be delivered.
    OrElse(Box<Errand>, Box<Errand>),
}

/// What is sent to a dead-letter queue in place of what a target refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DeadLetter {
    /// The queue's ARN.
    pub queue: String,
    /// The body.
    pub body: String,
    /// Attributes that say who wanted what: `RULE_ARN`, `TARGET_ARN`.
    pub attributes: Vec<(&'static str, String)>,
}

impl DeadLetter {
    /// The message, with what the target said.
    pub(super) fn sent(self, error: &ServiceError) -> Errand {
        let is_missing = ["NotFound", "NonExistent", "DoesNotExist"].iter().any(|word| error.code.contains(word));
        let code = if is_missing { "NO_RESOURCE" } else { "SDK_CLIENT_ERROR" };
        let own = [("ERROR_CODE", code.to_owned()), ("ERROR_MESSAGE", error.message.clone())];
        let text = |value: String| Value::object([("DataType", Value::from("String")), ("StringValue", value.into())]);
        let attributes = self.attributes.into_iter().chain(own).map(|(name, value)| (name, text(value)));
        let input = Value::object([
            ("QueueUrl", Value::from(arn::name_of(&self.queue))),
            ("MessageBody", self.body.into()),
            ("MessageAttributes", Value::object(attributes)),
        ]);
        Errand::Call { service: Service::Sqs, operation: "SendMessage", input }
    }
}
