//! What a model wants done that is not its own to do.

use super::Service;
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
