//! Event buses: what came to them, their rules and policies.

use std::collections::BTreeMap;

use super::super::answer::Outcome;
use super::super::error::ServiceError;
use super::super::{ACCOUNT, arn};
use super::refusal::{invalid, name, needed, not_found, page};
use super::rule::Rule;
use super::{Cx, Event, Events, seconds};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// An event bus.
#[derive(Debug, Default)]
pub(super) struct Bus {
    /// What the caller said of it: `Description`, `DeadLetterConfig`.
    described: Map,
    /// Statements of its policy.
    statements: Vec<Value>,
    /// The default bus is there from the start.
    created: Option<Timestamp>,
    changed: Option<Timestamp>,
    pub(super) rules: BTreeMap<String, Rule>,
    pub(super) events: Vec<Event>,
}

pub(super) const BUS: &[&str] = &["Name", "Description", "Tags", "DeadLetterConfig"];
pub(super) const PERMISSION: &[&str] = &["EventBusName", "Action", "Principal", "StatementId", "Condition", "Policy"];
const DESCRIBED: [&str; 2] = ["Description", "DeadLetterConfig"];

pub(super) fn arn_of(name: &str) -> String {
    arn::of("events", &format!("event-bus/{name}"))
}

/// The name of a bus that is named by its name or its ARN.
pub(super) fn name_of(text: &str) -> &str {
    text.split_once(":event-bus/").map_or(text, |(_, name)| name)
}

fn no_such_bus(name: &str) -> ServiceError {
    not_found(format!("Event bus {name} does not exist."))
}

impl Bus {
    fn shown(&self, name: &str) -> Map {
        let mut shown = Map::new();
        shown.insert("Name", name);
        shown.insert("Arn", arn_of(name));
        for (member, value) in self.described.iter() {
            shown.insert(member.clone(), value.clone());
        }
        if !self.statements.is_empty() {
            let policy = Value::object([
                ("Version", Value::from("2012-10-17")),
                ("Statement", Value::array(self.statements.clone())),
            ]);
            shown.insert("Policy", policy.to_string());
        }
        for (member, at) in [("CreationTime", self.created), ("LastModifiedTime", self.changed)] {
            if let Some(at) = at {
                shown.insert(member, seconds(at));
            }
        }
        shown
    }

    fn describe(&mut self, cx: &Cx<'_, '_>) {
        for member in DESCRIBED {
            if let Some(value) = cx.input.get(member) {
                self.described.insert(member, value.clone());
            }
        }
        self.changed = Some(cx.around.now);
    }
}

impl Events {
    /// The bus that an operation names, or the default one.
    pub(super) fn bus(&mut self, cx: &Cx<'_, '_>) -> Result<(&str, &mut Bus), ServiceError> {
        let name = name_of(cx.input.text("EventBusName").unwrap_or("default")).to_owned();
        let found = self.buses.iter_mut().find(|(own, _)| **own == name);
        found.map(|(name, bus)| (name.as_str(), bus)).ok_or_else(|| no_such_bus(&name))
    }

    pub(super) fn create_bus(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = name(cx.input, "Name", &['/'], 256)?;
        if name.contains('/') {
            return Err(invalid("Event bus name must not contain '/'."));
        }
        if self.buses.contains_key(name) {
            let message = format!("Event bus {name} already exists.");
            return Err(ServiceError::modelled("ResourceAlreadyExistsException", message));
        }
        let mut bus = Bus { created: Some(cx.around.now), ..Bus::default() };
        bus.describe(cx);
        let mut answer = bus.described.clone();
        answer.insert("EventBusArn", arn_of(name));
        self.buses.insert(name.to_owned(), bus);
        self.add_tags(&arn_of(name), cx.input.items("Tags"));
        Ok(answer.into())
    }

    pub(super) fn update_bus(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = cx.input.text("Name").unwrap_or("default");
        let bus = self.buses.get_mut(name).ok_or_else(|| no_such_bus(name))?;
        bus.describe(cx);
        let mut answer = bus.described.clone();
        answer.insert("Name", name);
        answer.insert("Arn", arn_of(name));
        Ok(answer.into())
    }

    pub(super) fn delete_bus(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = name_of(needed(cx.input, "Name")?);
        if name == "default" {
            return Err(invalid("Cannot delete event bus default."));
        }
        if self.buses.get(name).is_some_and(|bus| !bus.rules.is_empty()) {
            return Err(invalid("Cannot delete event bus since it has rules."));
        }
        self.buses.remove(name);
        self.tags.remove(&arn_of(name));
        Ok(Value::empty_object())
    }

    pub(super) fn describe_bus(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = name_of(cx.input.text("Name").unwrap_or("default"));
        let bus = self.buses.get(name).ok_or_else(|| no_such_bus(name))?;
        Ok(bus.shown(name).into())
    }

    pub(super) fn list_buses(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let prefix = cx.input.text("NamePrefix").unwrap_or_default();
        let all = self.buses.iter().filter(|(name, _)| name.starts_with(prefix));
        let all = all.map(|(name, bus)| {
            let mut shown = bus.shown(name);
            shown.remove("DeadLetterConfig");
            Value::from(shown)
        });
        page(cx.input, "Limit", "EventBuses", all.collect())
    }

    pub(super) fn put_permission(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        if let Some(policy) = cx.input.text("Policy") {
            let statements = Value::parse(policy).ok().and_then(|policy| policy.get("Statement").cloned());
            let Some(statements) = statements else {
                return Err(invalid("This policy contains invalid Json"));
            };
            let statements = statements.as_array().map_or_else(|| vec![statements.clone()], <[Value]>::to_vec);
            self.bus(cx)?.1.statements = statements;
            return Ok(Value::empty_object());
        }
        if cx.input.text("Action") != Some("events:PutEvents") {
            return Err(invalid("Provided value in parameter 'action' is not supported."));
        }
        let principal = needed(cx.input, "Principal")?;
        let id = needed(cx.input, "StatementId")?;
        let is_account = principal.len() == 12 && principal.bytes().all(|b| b.is_ascii_digit());
        if !is_account && principal != "*" {
            let pattern = r"satisfy regular expression pattern: (\d{12}|\*)";
            return Err(super::refusal::unfit(principal, "Principal", pattern));
        }
        let condition = cx.input.get("Condition").map(|condition| {
            let part = |name: &str| condition.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let of_key = Value::object([(part("Key"), Value::from(part("Value")))]);
            Value::object([(part("Type"), of_key)])
        });
        let (name, bus) = self.bus(cx)?;
        let who = match is_account {
            true => Value::object([("AWS", Value::from(format!("arn:aws:iam::{principal}:root")))]),
            false => "*".into(),
        };
        let mut statement = Map::new();
        statement.insert("Sid", id);
        statement.insert("Effect", "Allow");
        statement.insert("Principal", who);
        statement.insert("Action", "events:PutEvents");
        statement.insert("Resource", arn_of(name));
        if let Some(condition) = condition {
            statement.insert("Condition", condition);
        }
        bus.statements.retain(|s| s.get("Sid").and_then(Value::as_str) != Some(id));
        bus.statements.push(statement.into());
        Ok(Value::empty_object())
    }

    pub(super) fn remove_permission(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let is_all = cx.input.get("RemoveAllPermissions").and_then(Value::as_bool) == Some(true);
        let id = cx.input.text("StatementId");
        let (_, bus) = self.bus(cx)?;
        if is_all {
            bus.statements.clear();
            return Ok(Value::empty_object());
        }
        if bus.statements.is_empty() {
            return Err(not_found("EventBus does not have a policy."));
        }
        let before = bus.statements.len();
        bus.statements.retain(|s| s.get("Sid").and_then(Value::as_str) != id);
        if bus.statements.len() == before {
            return Err(not_found("Statement with the provided id does not exist."));
        }
        Ok(Value::empty_object())
    }
}

/// The account that owns everything.
pub(super) const OWNER: &str = ACCOUNT;
