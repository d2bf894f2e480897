//! A rule as a test writes it.

use super::super::arn;
use super::bus;
use crate::value::{Map, Value};

/// A rule of an event bus with its targets, for [`Setup::rule`](crate::services::Setup::rule).
///
/// ```
/// use rehearsal::services::{Rule, Setup};
/// use serde_json::json;
///
/// let paid = Rule::new("paid").on_bus("orders").pattern(json!({"detail-type": ["Paid"]})).to_queue("packing");
/// let nightly = Rule::new("nightly").schedule("cron(0 3 * * ? *)").to_function("report");
/// let setup = Setup::new().queue("packing").bus("orders").rule(paid).rule(nightly);
/// ```
#[derive(Clone, Debug)]
pub struct Rule {
    name: String,
    bus: String,
    members: Map,
    targets: Vec<Value>,
}

impl Rule {
    /// A rule of the default bus.
    pub fn new(name: &str) -> Rule {
        Rule { name: name.into(), bus: "default".into(), members: Map::new(), targets: Vec::new() }
    }
    /// The same on another bus.
    #[must_use]
    pub fn on_bus(mut self, bus: &str) -> Rule {
        self.bus = bus.into();
        self
    }
    /// For events that fit this pattern.
    #[must_use]
    pub fn pattern(mut self, pattern: impl Into<Value>) -> Rule {
        self.members.insert("EventPattern", pattern.into().to_string());
        self
    }
    /// By a schedule: `rate(5 minutes)`, or with the cargo feature `schedules` `cron(0 12 * * ? *)`.
    #[must_use]
    pub fn schedule(mut self, expression: &str) -> Rule {
        self.members.insert("ScheduleExpression", expression);
        self
    }
    /// Messages for a queue; those for a FIFO queue are of one group.
    #[must_use]
    pub fn to_queue(self, queue: &str) -> Rule {
        let arn = arn::of("sqs", queue);
        let group = Value::object([("MessageGroupId", Value::from(&*self.name))]);
        let more = if queue.ends_with(".fifo") { vec![("SqsParameters", group)] } else { Vec::new() };
        self.target(arn, more)
    }
    /// Messages for a topic.
    #[must_use]
    pub fn to_topic(self, topic: &str) -> Rule {
        self.target(arn::of("sns", topic), Vec::new())
    }
    /// Calls of a Lambda function.
    #[must_use]
    pub fn to_function(self, function: &str) -> Rule {
        self.target(arn::of("lambda", &format!("function:{function}")), Vec::new())
    }
    /// Executions of a state machine.
    #[must_use]
    pub fn to_machine(self, machine: &str) -> Rule {
        self.target(arn::of("states", &format!("stateMachine:{machine}")), Vec::new())
    }
    /// Another bus.
    #[must_use]
    pub fn to_bus(self, bus: &str) -> Rule {
        self.target(bus::arn_of(bus), Vec::new())
    }
    /// Further members of the target that was added last, as `PutTargets` spells them: `{"InputPath": "$.detail"}`.
    #[must_use]
    pub fn with(mut self, members: impl Into<Value>) -> Rule {
        let members = members.into();
        if let Some(target) = self.targets.last_mut().and_then(Value::as_object_mut) {
            for (name, value) in members.as_object().into_iter().flat_map(|o| o.iter()) {
                target.insert(name.clone(), value.clone());
            }
        }
        self
    }

    fn target(mut self, arn: String, more: Vec<(&'static str, Value)>) -> Rule {
        let id = (self.targets.len() + 1).to_string();
        let members = [("Id", Value::from(id)), ("Arn", arn.into())];
        self.targets.push(Value::object(members.into_iter().chain(more)));
        self
    }

    /// The operations that make it, with their inputs.
    pub(in super::super) fn calls(self) -> Vec<(&'static str, Value)> {
        let of =
            |member: &'static str| [(member, Value::from(&*self.name)), ("EventBusName", self.bus.as_str().into())];
        let mut rule: Map = self.members.clone();
        for (member, value) in of("Name") {
            rule.insert(member, value);
        }
        let mut calls = vec![("PutRule", Value::from(rule))];
        if !self.targets.is_empty() {
            let targets =
                Value::object(of("Rule").into_iter().chain([("Targets", Value::array(self.targets.clone()))]));
            calls.push(("PutTargets", targets));
        }
        calls
    }
}
