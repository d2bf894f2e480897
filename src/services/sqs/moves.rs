//! Tasks that move messages from a dead-letter queue back to where they came from.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::error::ServiceError;
use super::super::members::Members;
use super::super::{Surroundings, arn};
use super::{Sqs, invalid};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// How many tasks of a queue are remembered.
const MOST_REMEMBERED: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Status {
    Running,
    Completed,
    Cancelled,
    Failed,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Status::Running => "RUNNING",
            Status::Completed => "COMPLETED",
            Status::Cancelled => "CANCELLED",
            Status::Failed => "FAILED",
        }
    }
}

/// A task.
#[derive(Debug)]
pub(super) struct Move {
    handle: String,
    source: String,
    destination: Option<String>,
    per_second: Option<u64>,
    started_at: Timestamp,
    to_move: u64,
    moved: u64,
    status: Status,
}

impl Move {
    /// How many messages it may have moved by now. Without a limit it moves all at once.
    fn allowed(&self, now: Timestamp) -> u64 {
        let Some(per_second) = self.per_second else { return self.to_move };
        let seconds = now.since(self.started_at).as_secs() + 1;
        self.to_move.min(per_second.saturating_mul(seconds))
    }
    fn shown(&self) -> Value {
        let mut shown = Map::new();
        if self.status == Status::Running {
            shown.insert("TaskHandle", &*self.handle);
        }
        shown.insert("Status", self.status.name());
        shown.insert("SourceArn", &*self.source);
        if let Some(destination) = &self.destination {
            shown.insert("DestinationArn", &**destination);
        }
        if let Some(per_second) = self.per_second {
            shown.insert("MaxNumberOfMessagesPerSecond", per_second);
        }
        shown.insert("ApproximateNumberOfMessagesMoved", self.moved);
        shown.insert("ApproximateNumberOfMessagesToMove", self.to_move);
        if self.status == Status::Failed {
            shown.insert("FailureReason", "CouldNotDetermineMessageSource");
        }
        shown.insert("StartedTimestamp", self.started_at.as_millis());
        shown.into()
    }
}

fn no_such(member: &str) -> ServiceError {
    let message = format!("The resource that you specified for the {member} parameter doesn't exist.");
    ServiceError::modelled("ResourceNotFoundException", message).status(404)
}

fn unsupported(message: &str) -> ServiceError {
    ServiceError::modelled("UnsupportedOperation", message).query_code("AWS.SimpleQueueService.UnsupportedOperation")
}

impl Sqs {
    pub(super) fn start_move(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let source = input.needed("SourceArn")?;
        let queue = self.queues.get(arn::name_of(source)).ok_or_else(|| no_such("SourceArn"))?;
        let (source, to_move) = (queue.arn(), queue.counts(around.now)[0] as u64);
        let leads_here = |q: &super::Queue| q.attributes.redrive().is_some_and(|r| r.target == source);
        if !self.queues.values().any(leads_here) {
            return Err(invalid("Source queue must be configured as a Dead Letter Queue."));
        }
        let destination = input.text("DestinationArn").map(str::to_owned);
        if destination.as_ref().is_some_and(|d| !self.queues.contains_key(arn::name_of(d))) {
            return Err(no_such("DestinationArn"));
        }
        let per_second = match input.number("MaxNumberOfMessagesPerSecond") {
            Some(n) if !(1..=500).contains(&n) => {
                return Err(invalid(format!(
                    "Value {n} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a value \
                     between 1 and 500."
                )));
            }
            n => n.map(i64::unsigned_abs),
        };
        if self.moves.iter().any(|m| m.source == source && m.status == Status::Running) {
            return Err(unsupported(
                "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
            ));
        }
        let task = Value::object([("taskId", Value::from(around.uuid())), ("sourceArn", source.as_str().into())]);
        let handle = STANDARD.encode(task.to_string());
        let answer = Value::object([("TaskHandle", Value::from(handle.as_str()))]);
        let (started_at, status) = (around.now, Status::Running);
        self.moves.push(Move { handle, source, destination, per_second, started_at, to_move, moved: 0, status });
        self.move_on(around);
        Ok(answer)
    }

    pub(super) fn list_moves(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let source = input.needed("SourceArn")?;
        let queue = self.queues.get(arn::name_of(source)).ok_or_else(|| no_such("SourceArn"))?;
        let source = queue.arn();
        let most = match input.number("MaxResults") {
            Some(n) if !(1..=10).contains(&n) => {
                return Err(invalid(format!(
                    "Value {n} for parameter MaxResults is invalid. Reason: Must be between 1 and 10, if provided."
                )));
            }
            n => usize::try_from(n.unwrap_or(1)).unwrap_or(1),
        };
        self.move_on(around);
        let of_queue = self.moves.iter().rev().filter(|m| m.source == source);
        let rows: Vec<Value> = of_queue.take(most.min(MOST_REMEMBERED)).map(Move::shown).collect();
        Ok(Value::object([("Results", Value::array(rows))]))
    }

    pub(super) fn cancel_move(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let handle = input.needed("TaskHandle")?;
        let is_handle = STANDARD.decode(handle).is_ok_and(|task| Value::parse_bytes(&task).is_ok());
        if !is_handle {
            return Err(invalid("Value for parameter TaskHandle is invalid."));
        }
        self.move_on(around);
        let task = self.moves.iter_mut().find(|m| m.handle == handle);
        let task = task
            .ok_or_else(|| ServiceError::modelled("ResourceNotFoundException", "Task does not exist.").status(404))?;
        if task.status != Status::Running {
            return Err(unsupported("Only active tasks can be cancelled."));
        }
        task.status = Status::Cancelled;
        Ok(Value::object([("ApproximateNumberOfMessagesMoved", task.moved.into())]))
    }

    /// Moves what may be moved by now.
    pub(super) fn move_on(&mut self, around: &mut Surroundings) {
        let now = around.now;
        for task in self.moves.iter_mut().filter(|m| m.status == Status::Running) {
            let allowed = task.allowed(now);
            while task.status == Status::Running {
                let Some(source) = self.queues.get_mut(arn::name_of(&task.source)) else {
                    task.status = Status::Cancelled;
                    break;
                };
                let first = if task.moved < task.to_move { source.first_visible(now) } else { None };
                let Some(first) = first else {
                    task.status = Status::Completed;
                    break;
                };
                if task.moved >= allowed {
                    break;
                }
                let target = task.destination.clone().or_else(|| source.messages.get(first)?.moved_from.clone());
                let message = source.messages.get(first).cloned();
                let target = target.filter(|name| self.queues.contains_key(arn::name_of(name)));
                let (Some(target), Some(mut message)) = (target, message) else {
                    task.status = Status::Failed;
                    break;
                };
                if let Some(source) = self.queues.get_mut(arn::name_of(&task.source)) {
                    source.messages.remove(first);
                }
                if let Some(target) = self.queues.get_mut(arn::name_of(&target)) {
                    // To its receivers it is another message.
                    message.id = around.uuid();
                    message.sent_at = now;
                    message.moved_from = None;
                    message.back_to_start(now);
                    target.put(message);
                }
                task.moved += 1;
            }
        }
    }

    /// When the next message may be moved.
    pub(super) fn next_move_at(&self) -> Option<Timestamp> {
        let running = self.moves.iter().filter(|m| m.status == Status::Running);
        running
            .filter_map(|task| {
                let seconds = task.moved / task.per_second?;
                Some(task.started_at + Duration::from_secs(seconds.max(1)))
            })
            .min()
    }
}
