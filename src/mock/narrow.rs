//! What makes a step or a fault be for some calls only.

use std::fmt;
use std::sync::Arc;

use super::matcher::Matcher;
use crate::task::Call;

/// A test of a call, written as a closure.
pub(super) type Predicate = Arc<dyn Fn(&Call) -> bool + Send + Sync>;

/// Conditions that a call must meet, all of them; none by default.
#[derive(Clone, Default)]
pub(super) struct Narrow {
    pub(super) item: Option<usize>,
    pub(super) attempt: Option<u32>,
    pub(super) with: Option<Matcher>,
    pub(super) when: Option<Predicate>,
}

impl Narrow {
    /// Whether every call is meant.
    pub(super) fn is_open(&self) -> bool {
        self.item.is_none() && self.attempt.is_none() && self.with.is_none() && self.when.is_none()
    }
    /// Whether this call is meant.
    pub(super) fn fits(&self, call: &Call) -> bool {
        self.item.is_none_or(|i| call.item() == Some(i))
            && self.attempt.is_none_or(|a| call.attempt == a)
            && self.with.as_ref().is_none_or(|m| m.check(&call.payload).is_ok())
            && self.when.as_ref().is_none_or(|f| f(call))
    }
    /// Why this call is not meant, as the end of a sentence that begins with the reply.
    pub(super) fn objection(&self, call: &Call) -> Option<String> {
        if let Some(i) = self.item.filter(|i| call.item() != Some(*i)) {
            let this = call.item().map_or("this call is in no Map".into(), |n| format!("this is item {n}"));
            return Some(format!("is for item {i}; {this}"));
        }
        if let Some(a) = self.attempt.filter(|a| call.attempt != *a) {
            return Some(format!("is for attempt {a}; this is attempt {}", call.attempt));
        }
        if let Some(Err(difference)) = self.with.as_ref().map(|m| m.check(&call.payload)) {
            return Some(format!("wants another payload: {difference}"));
        }
        let refused = self.when.as_ref().is_some_and(|f| !f(call));
        refused.then(|| "has a `when` that does not hold".into())
    }
}

impl fmt::Debug for Narrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Narrow")
            .field("item", &self.item)
            .field("attempt", &self.attempt)
            .field("with", &self.with)
            .field("when", &self.when.as_ref().map(|_| "a closure"))
            .finish()
    }
}
