//! Aliases: names that lead to one version of a state machine, or to two by weight.

use super::arn::{MachineArn, Qualifier, labelled};
use super::page::Paging;
use super::refusal::{conflict, invalid_arn, machine_does_not_exist, quota, reference_not_found, validation};
use super::setting::{given, member, shared, text};
use super::{Registry, seconds};
use crate::random::Seeded;
use crate::services::ServiceError;
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};

/// A state machine has so many at most.
const MOST: usize = 100;

#[derive(Clone, Debug)]
pub(super) struct Alias {
    arn: Str,
    name: Str,
    description: Option<Str>,
    routes: Vec<Route>,
    created: Timestamp,
    updated: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Route {
    version_arn: Str,
    version: u64,
    /// Of a hundred.
    weight: u64,
}

impl Alias {
    pub(super) fn arn(&self) -> Str {
        self.arn.clone()
    }
    pub(super) fn name(&self) -> &str {
        &self.name
    }
    pub(super) fn is_named(&self, name: &str) -> bool {
        *self.name == *name
    }
    pub(super) fn routes_to(&self, version: u64) -> bool {
        self.routes.iter().any(|route| route.version == version)
    }
    /// The version for one execution.
    pub(super) fn draw(&self, random: &mut Seeded) -> u64 {
        // One route needs no luck, so that its executions draw nothing.
        let mut drawn = if self.routes.len() > 1 { random.next_u64() % 100 } else { 0 };
        for route in &self.routes {
            match drawn.checked_sub(route.weight) {
                None => return route.version,
                Some(left) => drawn = left,
            }
        }
        self.routes.last().map_or(0, |route| route.version)
    }
    fn described(&self) -> Value {
        let route = |r: &Route| {
            Value::object([("stateMachineVersionArn", Value::from(&r.version_arn)), ("weight", r.weight.into())])
        };
        let mut shown = Map::new();
        shown.insert("stateMachineAliasArn", &self.arn);
        shown.insert("name", &self.name);
        if let Some(description) = &self.description {
            shown.insert("description", description);
        }
        shown.insert("routingConfiguration", self.routes.iter().map(route).collect::<Vec<_>>());
        shown.insert("creationDate", seconds(self.created));
        shown.insert("updateDate", seconds(self.updated));
        shown.into()
    }
}

fn weight(route: &Value) -> u64 {
    route.get("weight").and_then(Value::as_whole).map_or(0, i64::unsigned_abs)
}

fn bad_routing(message: impl Into<String>) -> ServiceError {
    validation(message).with("reason", "INVALID_ROUTING_CONFIGURATION")
}

impl Registry {
    /// `routingConfiguration`, and the ARN of the machine whose versions it names.
    fn routing<'a>(&self, input: &'a Value) -> Result<(&'a str, Vec<Route>), ServiceError> {
        let asked = input.get("routingConfiguration").and_then(Value::as_array).unwrap_or_default();
        let arns: Vec<&str> = asked.iter().map(|one| given(one, "stateMachineVersionArn")).collect();
        let received = format!("Received: [{}]", arns.join(", "));
        if (1..arns.len()).any(|n| arns[..n].contains(&arns[n])) {
            let message = format!("Routing configuration must contain distinct state machine version ARNs. {received}");
            return Err(bad_routing(message));
        }
        let weights: Vec<u64> = asked.iter().map(weight).collect();
        if weights.iter().sum::<u64>() != 100 {
            let message = format!("Sum of routing configuration weights must equal 100. Received: {weights:?}");
            return Err(bad_routing(message));
        }
        let mut base = "";
        let mut routes: Vec<Route> = Vec::new();
        for (arn, weight) in arns.iter().zip(weights) {
            let read = MachineArn::parse(arn)?;
            let Qualifier::Version(version) = read.qualifier else {
                let message = format!("Routing configuration must contain state machine version ARNs. {received}");
                return Err(bad_routing(message));
            };
            if !routes.is_empty() && base != read.base {
                let message =
                    format!("Routing configuration must contain versions of the same state machine. {received}");
                return Err(bad_routing(message));
            }
            base = read.base;
            routes.push(Route { version_arn: (*arn).into(), version, weight });
        }
        let there = self.machines.get(base);
        let missing = |r: &&Route| there.is_none_or(|t| t.version(r.version).is_none());
        match routes.iter().find(missing) {
            Some(route) => Err(reference_not_found(&route.version_arn)),
            None => Ok((base, routes)),
        }
    }

    pub(super) fn create_alias(&mut self, now: Timestamp, input: &Value) -> Result<Value, ServiceError> {
        let (base, routes) = self.routing(input)?;
        let (name, description) = (given(input, "name"), shared(input, "description"));
        let there = self.machines.get_mut(base).ok_or_else(|| reference_not_found(base))?;
        let answer = |alias: &Alias| {
            let arn = Value::from(&alias.arn);
            Value::object([("stateMachineAliasArn", arn), ("creationDate", seconds(alias.created))])
        };
        if let Some(alias) = there.alias(name) {
            if (&alias.routes, &alias.description) == (&routes, &description) {
                return Ok(answer(alias));
            }
            return Err(conflict(
                "Failed to create alias because an alias with the same name and a different routing configuration already \
                 exists.",
            ));
        }
        if there.aliases.len() >= MOST {
            return Err(quota(format!("The maximum number of aliases of a state machine, {MOST}, is reached")));
        }
        let arn = format!("{base}:{name}").into();
        let alias = Alias { arn, name: name.into(), description, routes, created: now, updated: now };
        let answer = answer(&alias);
        there.aliases.push(alias);
        Ok(answer)
    }

    /// The aliases among which this one would be, its name, and the ARN of its machine.
    fn around<'a>(&mut self, arn: &'a str) -> Result<(&mut Vec<Alias>, &'a str, &'a str), ServiceError> {
        let read = MachineArn::parse(arn)?;
        let name = match read.qualifier {
            Qualifier::Alias(name) => name,
            Qualifier::Label(_) => return Err(labelled()),
            Qualifier::None | Qualifier::Version(_) => return Err(invalid_arn(arn)),
        };
        let there = self.machines.get_mut(read.base).ok_or_else(|| reference_not_found(arn))?;
        Ok((&mut there.aliases, name, read.base))
    }

    pub(super) fn update_alias(&mut self, now: Timestamp, input: &Value) -> Result<Value, ServiceError> {
        let arn = given(input, "stateMachineAliasArn");
        let routing = member(input, "routingConfiguration").is_some();
        if !routing && text(input, "description").is_none() {
            let message = "Specify at least one of the description or the routingConfiguration";
            return Err(validation(message).with("reason", "MISSING_REQUIRED_PARAMETER"));
        }
        let routes = routing.then(|| self.routing(input)).transpose()?;
        let (aliases, name, base) = self.around(arn)?;
        let alias = aliases.iter_mut().find(|a| a.is_named(name)).ok_or_else(|| reference_not_found(arn))?;
        if routes.as_ref().is_some_and(|(other, _)| *other != base) {
            return Err(bad_routing("Routing configuration must contain versions of the alias's state machine"));
        }
        if let Some((_, routes)) = routes {
            alias.routes = routes;
        }
        if let Some(description) = shared(input, "description") {
            alias.description = Some(description);
        }
        alias.updated = now;
        Ok(Value::object([("updateDate", seconds(now))]))
    }

    /// That the alias was not there is no error; that its machine is not there is one.
    pub(super) fn delete_alias(&mut self, input: &Value) -> Result<Value, ServiceError> {
        let (aliases, name, _) = self.around(given(input, "stateMachineAliasArn"))?;
        aliases.retain(|alias| !alias.is_named(name));
        Ok(Value::empty_object())
    }

    pub(super) fn describe_alias(&mut self, input: &Value) -> Result<Value, ServiceError> {
        let arn = given(input, "stateMachineAliasArn");
        let (aliases, name, _) = self.around(arn)?;
        let alias = aliases.iter().find(|alias| alias.is_named(name));
        alias.map(Alias::described).ok_or_else(|| reference_not_found(arn))
    }

    /// The newest first; with the ARN of a version, those that lead to it.
    pub(super) fn list_aliases(&self, now: Timestamp, input: &Value) -> Result<Value, ServiceError> {
        let arn = given(input, "stateMachineArn");
        let read = MachineArn::parse(arn)?;
        let version = match read.qualifier {
            Qualifier::None => None,
            Qualifier::Version(number) => Some(number),
            Qualifier::Label(_) => return Err(labelled()),
            Qualifier::Alias(_) => return Err(invalid_arn(arn)),
        };
        let there = self.machines.get(read.base).ok_or_else(|| machine_does_not_exist(arn))?;
        if version.is_some_and(|number| there.version(number).is_none()) {
            return Err(reference_not_found(arn));
        }
        let scope = format!("ListStateMachineAliases {arn}");
        let all = there.aliases.iter().rev().filter(|a| version.is_none_or(|number| a.routes_to(number)));
        let page = Paging::of(now, &scope, input).page(all, |alias| alias.arn.to_string())?;
        Ok(page.into_value("stateMachineAliases", |alias| {
            Value::object([("stateMachineAliasArn", Value::from(&alias.arn)), ("creationDate", seconds(alias.created))])
        }))
    }
}
