//! EventBridge: buses, rules and their targets, connections; and EventBridge Scheduler.

mod bus;
mod connection;
mod cron;
mod event;
mod refusal;
mod rule;
mod schedule;
mod scheduler;
mod target;
mod transform;
mod wanted;
#[cfg(feature = "wire")]
pub(super) mod wire;

use std::collections::BTreeMap;

use super::answer::{Answer, Outcome};
use super::error::ServiceError;
use super::members::Members;
use super::{Service, Surroundings};
use crate::time::Timestamp;
use crate::value::{Map, Value};
use bus::Bus;
pub use connection::Connection;
use connection::Connections;
pub use event::Event;
use rule::Rule;
use scheduler::Scheduler;
use target::{Origin, Sent, Target};
pub use wanted::Rule as Wanted;

/// How often an event is passed on from bus to bus before that counts as a circle.
const MOST_HOPS: usize = 20;

/// The model of EventBridge.
#[derive(Debug)]
pub(super) struct Events {
    buses: BTreeMap<String, Bus>,
    /// Tags by ARN.
    tags: BTreeMap<String, Map>,
    connections: Connections,
    scheduler: Scheduler,
}

impl Default for Events {
    fn default() -> Events {
        let buses = BTreeMap::from([("default".to_owned(), Bus::default())]);
        Events { buses, tags: BTreeMap::new(), connections: Connections::default(), scheduler: Scheduler::default() }
    }
}

/// What an operation works with.
struct Cx<'a, 'b> {
    around: &'a mut Surroundings,
    input: &'a Members<'b>,
}

type Operation = fn(&mut Events, &mut Cx<'_, '_>) -> Outcome;
type Row = (&'static str, &'static [&'static str], Operation);

const OPERATIONS: &[Row] = &[
    ("CreateApiDestination", connection::DESTINATION, Events::create_destination),
    ("CreateConnection", connection::CONNECTION, Events::create_connection),
    ("CreateEventBus", bus::BUS, Events::create_bus),
    ("DeleteApiDestination", &["Name"], Events::delete_destination),
    ("DeleteConnection", &["Name"], Events::delete_connection),
    ("DeleteEventBus", &["Name"], Events::delete_bus),
    ("DeleteRule", &["Name", "EventBusName", "Force"], Events::delete_rule),
    ("DescribeApiDestination", &["Name"], Events::describe_destination),
    ("DescribeConnection", &["Name"], Events::describe_connection),
    ("DescribeEventBus", &["Name"], Events::describe_bus),
    ("DescribeRule", &["Name", "EventBusName"], Events::describe_rule),
    ("DisableRule", &["Name", "EventBusName"], |events, cx| events.turn(cx, false)),
    ("EnableRule", &["Name", "EventBusName"], |events, cx| events.turn(cx, true)),
    ("ListApiDestinations", &["NamePrefix", "ConnectionArn", "NextToken", "Limit"], Events::list_destinations),
    ("ListConnections", &["NamePrefix", "ConnectionState", "NextToken", "Limit"], Events::list_connections),
    ("ListEventBuses", &["NamePrefix", "NextToken", "Limit"], Events::list_buses),
    ("ListRuleNamesByTarget", &["TargetArn", "EventBusName", "NextToken", "Limit"], Events::rule_names_by_target),
    ("ListRules", &["NamePrefix", "EventBusName", "NextToken", "Limit"], Events::list_rules),
    ("ListTagsForResource", &["ResourceARN"], Events::list_tags),
    ("ListTargetsByRule", &["Rule", "EventBusName", "NextToken", "Limit"], Events::list_targets),
    ("PutEvents", &["Entries", "EndpointId"], Events::put_events),
    ("PutPermission", bus::PERMISSION, Events::put_permission),
    ("PutRule", rule::RULE, Events::put_rule),
    ("PutTargets", &["Rule", "EventBusName", "Targets"], Events::put_targets),
    ("RemovePermission", &["EventBusName", "StatementId", "RemoveAllPermissions"], Events::remove_permission),
    ("RemoveTargets", &["Rule", "EventBusName", "Ids", "Force"], Events::remove_targets),
    ("TagResource", &["ResourceARN", "Tags"], Events::tag),
    ("TestEventPattern", &["EventPattern", "Event"], Events::test_pattern),
    ("UntagResource", &["ResourceARN", "TagKeys"], Events::untag),
    ("UpdateApiDestination", connection::DESTINATION, Events::update_destination),
    ("UpdateConnection", connection::CONNECTION, Events::update_connection),
    ("UpdateEventBus", bus::BUS, Events::update_bus),
];

/// What is due at an instant.
enum Due {
    Rule { bus: String, rule: String },
    Schedule(scheduler::Key),
}

impl Events {
    pub(super) fn ask(
        &mut self,
        around: &mut Surroundings,
        service: Service,
        operation: &str,
        input: &Value,
    ) -> Answer {
        let (rows, of) = match service {
            Service::Scheduler => (scheduler::OPERATIONS, "EventBridge Scheduler"),
            _ => (OPERATIONS, "EventBridge"),
        };
        let Some((name, known, work)) = rows.iter().find(|(name, ..)| *name == operation) else {
            return Answer::Now(Err(ServiceError::not_modelled(format!("the operation {operation} of {of}"))));
        };
        let outcome = Members::of(name, input, known).and_then(|input| work(self, &mut Cx { around, input: &input }));
        outcome.into()
    }

    /// The events that came to a bus.
    pub(super) fn on(&self, bus: &str) -> Option<&[Event]> {
        Some(&self.buses.get(bus::name_of(bus))?.events)
    }
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.buses.keys().map(String::as_str)
    }
    pub(super) fn connection(&self, name: &str) -> Option<&Connection> {
        self.connections.get(name)
    }

    /// When something next happens by itself.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.next().map(|(at, _)| at)
    }

    fn next(&self) -> Option<(Timestamp, Due)> {
        let rules = self.buses.iter().flat_map(|(bus, all)| all.rules.values().map(move |rule| (bus, rule)));
        let rules = rules
            .filter_map(|(bus, rule)| Some((rule.next_at()?, Due::Rule { bus: bus.clone(), rule: rule.name.clone() })));
        let schedules = self.scheduler.next().map(|(at, key)| (at, Due::Schedule(key)));
        rules.chain(schedules).min_by_key(|(at, _)| *at)
    }

    /// Lets happen what is due by now.
    pub(super) fn pass(&mut self, around: &mut Surroundings) {
        let now = around.now;
        while let Some((at, due)) = self.next().filter(|(at, _)| *at <= now) {
            match due {
                Due::Schedule(key) => self.scheduler.fire(around, &key, at),
                Due::Rule { bus, rule } => self.fire(around, &bus, &rule, at),
            }
        }
    }

    /// A rule with a schedule sends its targets an event of its own.
    fn fire(&mut self, around: &mut Surroundings, bus: &str, rule: &str, at: Timestamp) {
        let id = around.uuid();
        let Some(rule) = self.buses.get_mut(bus).and_then(|bus| bus.rules.get_mut(rule)) else { return };
        rule.fired(at);
        let event = Event::scheduled(id, &rule.arn, at);
        let targets: Vec<Target> = rule.targets.clone();
        let origin = rule.origin();
        for target in targets {
            self.send(around, &origin, &target, &event, 0);
        }
    }

    /// Takes an event to a bus, and to the targets of the rules that it fits.
    fn route(&mut self, around: &mut Surroundings, bus: &str, event: Event, hops: usize) {
        let Some(bus) = self.buses.get_mut(bus) else { return };
        let document = event.to_value();
        let fitting = bus.rules.values().filter(|rule| rule.wants(&document));
        let targets: Vec<(Origin, Target)> =
            fitting.flat_map(|rule| rule.targets.iter().map(|target| (rule.origin(), target.clone()))).collect();
        bus.events.push(event.clone());
        for (origin, target) in targets {
            self.send(around, &origin, &target, &event, hops);
        }
    }

    fn send(&mut self, around: &mut Surroundings, origin: &Origin, target: &Target, event: &Event, hops: usize) {
        match target.sent(origin, event, around.now, &self.connections) {
            Sent::Errand(errand) => around.errand(errand),
            Sent::ToBus(name) if hops < MOST_HOPS => self.route(around, &name, event.clone(), hops + 1),
            Sent::ToBus(_) | Sent::Nowhere => {}
        }
    }

    fn list_tags(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let arn = self.tagged(cx)?;
        let tags = self.tags.get(&arn).map(tag_list).unwrap_or_default();
        Ok(Value::object([("Tags", Value::array(tags))]))
    }

    fn tag(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let arn = self.tagged(cx)?;
        self.add_tags(&arn, cx.input.items("Tags"));
        Ok(Value::empty_object())
    }

    fn untag(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let arn = self.tagged(cx)?;
        for key in cx.input.items("TagKeys").iter().filter_map(Value::as_str) {
            self.tags.entry(arn.clone()).or_default().remove(key);
        }
        Ok(Value::empty_object())
    }

    fn add_tags(&mut self, arn: &str, tags: &[Value]) {
        let all = self.tags.entry(arn.to_owned()).or_default();
        for tag in tags {
            if let Some(key) = tag.get("Key").and_then(Value::as_str) {
                all.insert(key, tag.get("Value").cloned().unwrap_or_default());
            }
        }
    }

    /// The ARN of a rule or a bus that is there.
    fn tagged(&self, cx: &Cx<'_, '_>) -> Result<String, ServiceError> {
        let arn = refusal::needed(cx.input, "ResourceARN")?;
        let is_there = |(name, bus): (&String, &Bus)| {
            bus::arn_of(name) == arn || bus.rules.values().any(|rule: &Rule| rule.arn == arn)
        };
        if self.buses.iter().any(is_there) {
            return Ok(arn.to_owned());
        }
        let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
        let what = match resource.strip_prefix("rule/").map(|rest| rest.rsplit_once('/').unwrap_or(("default", rest))) {
            Some((bus, rule)) => format!("Rule {rule} does not exist on EventBus {bus}."),
            None => format!("Event bus {} does not exist.", bus::name_of(arn)),
        };
        Err(refusal::not_found(what))
    }
}

/// `[{"Key": …, "Value": …}]`
fn tag_list(tags: &Map) -> Vec<Value> {
    tags.iter().map(|(key, value)| Value::object([("Key", Value::from(key)), ("Value", value.clone())])).collect()
}

/// Seconds since 1970 as these APIs write instants.
fn seconds(at: Timestamp) -> Value {
    match at.as_millis() % 1000 {
        0 => Value::from(at.as_millis() / 1000),
        _ => Value::from_f64(at.as_millis() as f64 / 1000.0),
    }
}

/// An instant that the caller gave: seconds since 1970, or a text.
fn instant(value: &Value) -> Option<Timestamp> {
    match value.as_str() {
        Some(text) => Timestamp::parse(text),
        None => value.as_f64().map(|seconds| Timestamp::from_millis((seconds * 1000.0).round() as i64)),
    }
}
