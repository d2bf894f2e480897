//! One step of a mock: where its reply comes from, which calls it is for and how often it is used.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::narrow::Narrow;
use super::reply::{Reply, ReplyFuture};
use super::set::Answer;
use crate::task::Call;
use crate::value::Value;

/// Where a reply comes from.
#[derive(Clone)]
pub(super) enum Supply {
    Fixed(Reply),
    Function(Arc<dyn Fn(&Call) -> Reply + Send + Sync>),
    Async(Arc<dyn Fn(Call) -> ReplyFuture + Send + Sync>),
}

impl fmt::Debug for Supply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Supply::Fixed(reply) => reply.fmt(f),
            Supply::Function(_) => f.write_str("a closure"),
            Supply::Async(_) => f.write_str("an async closure"),
        }
    }
}

/// One step of a mock.
#[derive(Clone, Debug)]
pub(super) struct Step {
    supply: Supply,
    pub(super) narrow: Narrow,
    /// How often the step is used; for ever where nothing is said.
    pub(super) limit: Option<u64>,
    pub(super) takes: Option<Duration>,
    pub(super) submits: Option<Value>,
}

impl Step {
    pub(super) fn new(supply: Supply) -> Step {
        Step { supply, narrow: Narrow::default(), limit: None, takes: None, submits: None }
    }
    /// Whether the step can be used once more.
    pub(super) fn has_room(&self, used: u64) -> bool {
        self.limit.is_none_or(|limit| used < limit)
    }
    /// The step's answer to a call.
    pub(super) fn answer(&self, call: &Call) -> Answer {
        let answer = match &self.supply {
            Supply::Fixed(reply) => Answer::Reply(reply.clone()),
            Supply::Function(f) => Answer::Reply(f(call)),
            Supply::Async(f) => Answer::Future(f(call.clone())),
        };
        let (takes, submits) = (self.takes, self.submits.clone());
        if takes.is_none() && submits.is_none() {
            return answer;
        }
        answer.map(move |mut reply| {
            if let Some(duration) = takes {
                reply = reply.takes(duration);
            }
            if let Some(output) = submits {
                reply = reply.submits(output);
            }
            reply
        })
    }
}
