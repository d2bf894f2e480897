//! What an expression can see besides its input.

use crate::time::Timestamp;
use crate::value::Value;

/// The surroundings of an expression while it is evaluated: the context object, variables, the virtual clock and
/// the seeded source of randomness. The engine implements it; a test of an expression can, too.
///
/// Everything is asked for on demand, so that an expression which never mentions `$$` does not pay for a context
/// object.
pub trait Env {
    /// The context object: `$$` in JSONPath, `$states.context` in JSONata.
    fn context(&self) -> Value;
    /// The value of a variable, if it was assigned in this scope or an outer one.
    fn variable(&self, name: &str) -> Option<Value>;
    /// The instant on the virtual clock, in milliseconds since 1970.
    fn now_millis(&self) -> i64;
    /// The next 64 bits from the execution's seeded generator (`States.UUID`, `$random`, jitter).
    fn next_u64(&mut self) -> u64;
}

/// No surroundings: an expression that no state evaluates, such as one that a test expects to be true. It has no context
/// and no variables, and sees always the same instant and chance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Env for Nowhere {
    fn context(&self) -> Value {
        Value::Null
    }
    fn variable(&self, _: &str) -> Option<Value> {
        None
    }
    fn now_millis(&self) -> i64 {
        Timestamp::EPOCH_DEFAULT.as_millis()
    }
    fn next_u64(&mut self) -> u64 {
        0
    }
}
