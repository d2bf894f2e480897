//! Receiving: at once where something is there, or when something comes to those who wait.

use std::time::Duration;

use super::super::answer::{Answer, Outcome};
use super::super::error::ServiceError;
use super::super::members::Members;
use super::super::promise::{Promise, promise};
use super::super::{Surroundings, arn};
use super::shown::shown;
use super::{Message, Sqs, invalid, no_such_queue};
use crate::time::Timestamp;
use crate::value::Value;

const MEMBERS: &[&str] = &[
    "QueueUrl",
    "AttributeNames",
    "MessageSystemAttributeNames",
    "MessageAttributeNames",
    "MaxNumberOfMessages",
    "VisibilityTimeout",
    "WaitTimeSeconds",
    "ReceiveRequestAttemptId",
];

/// What a receiver wants.
#[derive(Debug)]
struct Wish {
    queue: String,
    most: usize,
    visibility: Option<i64>,
    /// The names of the attributes that it wants to see: those of the service, and the sender's.
    system: Vec<String>,
    own: Vec<String>,
    attempt: Option<String>,
}

/// Somebody who waits for messages.
#[derive(Debug)]
pub(super) struct Poll {
    wish: Wish,
    until: Timestamp,
    /// A client outside waits in real time, so the clock does not move on for its sake.
    is_outside: bool,
    promise: Promise<Outcome>,
}

impl Wish {
    fn of(input: &Members<'_>, queue: &str) -> Result<Wish, ServiceError> {
        let most = within(input, "MaxNumberOfMessages", 1, 10)?.unwrap_or(1);
        let names = |member: &str| input.items(member).iter().filter_map(|v| Some(v.as_str()?.to_owned()));
        Ok(Wish {
            queue: queue.to_owned(),
            most: usize::try_from(most).unwrap_or(1),
            visibility: within(input, "VisibilityTimeout", 0, 43_200)?,
            system: names("AttributeNames").chain(names("MessageSystemAttributeNames")).collect(),
            own: names("MessageAttributeNames").collect(),
            attempt: input.text("ReceiveRequestAttemptId").map(str::to_owned),
        })
    }

    fn answer(&self, messages: &[Message]) -> Value {
        if messages.is_empty() {
            return Value::empty_object();
        }
        let messages = messages.iter().map(|m| shown(m, &self.system, &self.own)).collect();
        Value::object([("Messages", Value::array(messages))])
    }
}

fn within(input: &Members<'_>, name: &str, least: i64, most: i64) -> Result<Option<i64>, ServiceError> {
    match input.number(name) {
        Some(n) if !(least..=most).contains(&n) => {
            // The service words one of these differently.
            let range = match name {
                "MaxNumberOfMessages" => format!("between {least} and {most}"),
                _ => format!(">= {least} and <= {most}"),
            };
            Err(invalid(format!("Value {n} for parameter {name} is invalid. Reason: Must be {range}, if provided.")))
        }
        n => Ok(n),
    }
}

impl Sqs {
    pub(super) fn receive(&mut self, around: &mut Surroundings, input: &Value) -> Result<Answer, ServiceError> {
        let input = Members::of("ReceiveMessage", input, MEMBERS)?;
        let queue = self.queue(&input)?;
        let (name, usual) = (queue.name.clone(), queue.attributes.number("ReceiveMessageWaitTimeSeconds"));
        let wish = Wish::of(&input, &name)?;
        let wait = within(&input, "WaitTimeSeconds", 0, 20)?.unwrap_or(usual);
        let messages = self.take(around, &wish)?;
        if !messages.is_empty() || wait == 0 {
            return Ok(Answer::Now(Ok(wish.answer(&messages))));
        }
        let (promise, pending) = promise();
        let at_most = Duration::from_secs(wait.unsigned_abs());
        let (until, is_outside) = (around.now + at_most, around.is_outside());
        self.polls.push(Poll { wish, until, is_outside, promise });
        Ok(Answer::Later { pending, at_most, otherwise: Ok(Value::empty_object()) })
    }

    /// Takes what somebody wants out of a queue; what was received too often goes to the dead-letter queue instead.
    fn take(&mut self, around: &mut Surroundings, wish: &Wish) -> Result<Vec<Message>, ServiceError> {
        let queue = self.queues.get_mut(&wish.queue).ok_or_else(no_such_queue)?;
        let (received, moved) = queue.receive(around, wish.most, wish.visibility, wish.attempt.as_deref())?;
        let (source, redrive) = (queue.arn(), queue.attributes.redrive());
        let target = redrive.and_then(|r| self.queues.get_mut(arn::name_of(&r.target)));
        // Where the dead-letter queue is gone, what should go there is lost, as it is in the service.
        if let Some(target) = target {
            for mut message in moved {
                message.moved_from = Some(source.clone());
                message.back_to_start(around.now);
                target.put(message);
            }
        }
        Ok(received)
    }

    /// Gives those who wait what has come, and lets go those who waited long enough.
    pub(super) fn wake(&mut self, around: &mut Surroundings) {
        // What one of them receives may send something else to a dead-letter queue, for which another one waits.
        let mut goes_on = !self.polls.is_empty();
        while std::mem::take(&mut goes_on) {
            for poll in std::mem::take(&mut self.polls) {
                if poll.promise.is_abandoned() {
                    continue;
                }
                let is_worth_it = self.queues.get(&poll.wish.queue).is_none_or(|q| q.has_visible(around.now));
                let taken = if is_worth_it { self.take(around, &poll.wish) } else { Ok(Vec::new()) };
                match taken {
                    Ok(messages) if messages.is_empty() && poll.until > around.now => self.polls.push(poll),
                    Ok(messages) => {
                        goes_on |= !messages.is_empty();
                        let answer = poll.wish.answer(&messages);
                        // Who has gone meanwhile must not take anything with him.
                        if poll.promise.keep(Ok(answer)).is_err()
                            && let Some(queue) = self.queues.get_mut(&poll.wish.queue)
                        {
                            queue.give_back(around.now, &messages);
                        }
                    }
                    Err(error) => drop(poll.promise.keep(Err(error))),
                }
            }
        }
    }

    /// Until when somebody waits for a message at most.
    #[cfg(feature = "server")]
    pub(in crate::services) fn waited_until(&self) -> Option<Timestamp> {
        let polls = self.polls.iter().filter(|poll| !poll.promise.is_abandoned()).map(|poll| poll.until);
        polls.chain(self.next_move_at()).max()
    }
    /// When the clock has to move to for those who wait.
    pub(super) fn next_poll_at(&self, now: Timestamp) -> Option<Timestamp> {
        let waiting = self.polls.iter().filter(|poll| !poll.promise.is_abandoned());
        waiting
            .filter_map(|poll| {
                let queue = self.queues.get(&poll.wish.queue)?;
                let message = queue.next_visible_at(now, !poll.is_outside);
                if poll.is_outside { message } else { Some(message.map_or(poll.until, |at| at.min(poll.until))) }
            })
            .min()
    }
}
