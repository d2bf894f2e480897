//! Connections, which know how somebody outside wants to be greeted, and API destinations, which use them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::answer::Outcome;
use super::super::arn;
use super::super::errand::Errand;
use super::super::error::ServiceError;
use super::refusal::{invalid, missing, name, needed, not_found, page, unfit};
use super::{Cx, Events, seconds};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// A connection: what requests through it carry to be let in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The ARN of the secret that EventBridge keeps for it.
    pub secret_arn: String,
    /// `BASIC`, `API_KEY` or `OAUTH_CLIENT_CREDENTIALS`.
    pub kind: String,
    /// `AuthParameters` as they were given, with what is secret in them.
    pub parameters: Value,
    description: Option<Value>,
    created: Timestamp,
    changed: Timestamp,
}

#[derive(Clone, Debug)]
struct Destination {
    arn: String,
    given: Map,
    created: Timestamp,
    changed: Timestamp,
}

/// All connections and API destinations by name.
#[derive(Debug, Default)]
pub(super) struct Connections {
    connections: BTreeMap<String, Connection>,
    destinations: BTreeMap<String, Destination>,
}

pub(super) const CONNECTION: &[&str] = &["Name", "Description", "AuthorizationType", "AuthParameters"];
pub(super) const DESTINATION: &[&str] =
    &["Name", "Description", "ConnectionArn", "InvocationEndpoint", "HttpMethod", "InvocationRateLimitPerSecond"];

const KINDS: [(&str, &str, &[&str]); 3] = [
    ("BASIC", "BasicAuthParameters", &["Username", "Password"]),
    ("OAUTH_CLIENT_CREDENTIALS", "OAuthParameters", &["ClientParameters", "AuthorizationEndpoint", "HttpMethod"]),
    ("API_KEY", "ApiKeyAuthParameters", &["ApiKeyName", "ApiKeyValue"]),
];

/// The name in `…:connection/name/id`, or the name itself.
fn name_of(text: &str) -> &str {
    match text.split_once("/") {
        Some((_, rest)) => rest.split('/').next().unwrap_or(rest),
        None => text,
    }
}

impl Connection {
    /// The headers that let a request in, and those that go with every request. The token of an OAuth connection has
    /// to be fetched from its own endpoint first and is not among them.
    pub fn headers(&self) -> Vec<(String, String)> {
        let text = |of: &Value, member: &str| of.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let own = |member: &str| self.parameters.get(member).cloned().unwrap_or_default();
        let mut headers = Vec::new();
        match &*self.kind {
            "BASIC" => {
                let of = own("BasicAuthParameters");
                let pair = STANDARD.encode(format!("{}:{}", text(&of, "Username"), text(&of, "Password")));
                headers.push(("Authorization".to_owned(), format!("Basic {pair}")));
            }
            "API_KEY" => {
                let of = own("ApiKeyAuthParameters");
                headers.push((text(&of, "ApiKeyName"), text(&of, "ApiKeyValue")));
            }
            _ => {}
        }
        headers.extend(self.invocation("HeaderParameters"));
        headers
    }

    /// `InvocationHttpParameters`: `HeaderParameters`, `QueryStringParameters` or `BodyParameters` by name.
    pub fn invocation(&self, list: &str) -> Vec<(String, String)> {
        let all = self.parameters.get("InvocationHttpParameters").and_then(|all| all.get(list));
        let all = all.and_then(Value::as_array).unwrap_or_default();
        let text = |of: &Value, member: &str| of.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        all.iter().map(|one| (text(one, "Key"), text(one, "Value"))).collect()
    }

    fn stamped(&self) -> Map {
        let mut shown = Map::new();
        shown.insert("ConnectionArn", &*self.arn);
        shown.insert("ConnectionState", "AUTHORIZED");
        shown.insert("CreationTime", seconds(self.created));
        shown.insert("LastModifiedTime", seconds(self.changed));
        shown.insert("LastAuthorizedTime", seconds(self.changed));
        shown
    }

    fn described(&self) -> Map {
        let mut shown = self.stamped();
        shown.insert("Name", &*self.name);
        shown.insert("AuthorizationType", &*self.kind);
        if let Some(description) = &self.description {
            shown.insert("Description", description.clone());
        }
        shown.insert("SecretArn", &*self.secret_arn);
        shown.insert("AuthParameters", without_secrets(&self.parameters));
        shown
    }
}

/// The parameters as they are shown: secrets are left out.
fn without_secrets(value: &Value) -> Value {
    const SECRET: [&str; 3] = ["Password", "ApiKeyValue", "ClientSecret"];
    match value {
        Value::Object(members) => {
            let is_secret = members.get("IsValueSecret").and_then(Value::as_bool) == Some(true);
            let shown =
                members.iter().filter(|(name, _)| !(SECRET.contains(&&***name) || is_secret && &***name == "Value"));
            shown.map(|(name, value)| (name.clone(), without_secrets(value))).collect::<Map>().into()
        }
        Value::Array(items) => Value::array(items.iter().map(without_secrets).collect()),
        other => other.clone(),
    }
}

/// # Errors
/// Parameters that do not go with the kind.
fn check(kind: &str, parameters: &Value) -> Result<(), ServiceError> {
    let Some((_, member, needed)) = KINDS.iter().find(|(name, ..)| *name == kind) else {
        let names: Vec<&str> = KINDS.iter().map(|(name, ..)| *name).collect();
        return Err(unfit(kind, "AuthorizationType", &format!("satisfy enum value set: [{}]", names.join(", "))));
    };
    if parameters.get("ConnectivityParameters").is_some() {
        return Err(ServiceError::not_modelled("the parameter `AuthParameters.ConnectivityParameters` of connections"));
    }
    let Some(own) = parameters.get(member) else {
        return Err(invalid(format!("Authorization parameters and authorization type {kind} do not match.")));
    };
    match needed.iter().find(|name| own.get(name).is_none_or(Value::is_null)) {
        Some(name) => Err(missing(&format!("authParameters.{member}.{name}"))),
        None => Ok(()),
    }
}

fn no_such(what: &str, name: &str) -> ServiceError {
    not_found(format!("Failed to describe the {what}(s). {what} '{name}' does not exist."))
}

impl Connections {
    pub(super) fn get(&self, name: &str) -> Option<&Connection> {
        self.connections.get(name_of(name))
    }

    /// The request to an API destination.
    pub(super) fn post(&self, destination: &str, parameters: &Value, body: String) -> Option<Errand> {
        let destination = self.destinations.get(name_of(destination))?;
        let text = |member: &str| destination.given.get(member).and_then(Value::as_str).unwrap_or_default();
        let connection = self.get(text("ConnectionArn"))?;
        let mut url = text("InvocationEndpoint").to_owned();
        // Each `*` of the address is a value of the target's.
        for value in parameters.get("PathParameterValues").and_then(Value::as_array).unwrap_or_default() {
            url = url.replacen('*', value.as_str().unwrap_or_default(), 1);
        }
        let pairs = |member: &str| -> Vec<(String, String)> {
            let all = parameters.get(member).and_then(Value::as_object).cloned().unwrap_or_default();
            all.iter().map(|(name, value)| (name.to_string(), value.as_str().unwrap_or_default().to_owned())).collect()
        };
        let query = pairs("QueryStringParameters").into_iter().chain(connection.invocation("QueryStringParameters"));
        for (name, value) in query {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&format!("{name}={value}"));
        }
        let mut headers = vec![("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned())];
        headers.extend(pairs("HeaderParameters"));
        headers.extend(connection.headers());
        Some(Errand::Post { url, headers, body })
    }
}

impl Events {
    pub(super) fn create_connection(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = name(cx.input, "Name", &[], 64)?;
        let kind = needed(cx.input, "AuthorizationType")?;
        let parameters = cx.input.get("AuthParameters").ok_or_else(|| missing("AuthParameters"))?;
        check(kind, parameters)?;
        if self.connections.connections.contains_key(name) {
            let message = format!("Connection {name} already exists.");
            return Err(ServiceError::modelled("ResourceAlreadyExistsException", message));
        }
        let (id, secret) = (cx.around.uuid(), cx.around.uuid());
        let tail: String = cx.around.uuid().chars().take(6).collect();
        let connection = Connection {
            name: name.to_owned(),
            arn: arn::of("events", &format!("connection/{name}/{id}")),
            secret_arn: arn::of("secretsmanager", &format!("secret:events!connection/{name}/{secret}-{tail}")),
            kind: kind.to_owned(),
            parameters: parameters.clone(),
            description: cx.input.get("Description").cloned(),
            created: cx.around.now,
            changed: cx.around.now,
        };
        let mut answer = connection.stamped();
        answer.remove("LastAuthorizedTime");
        self.connections.connections.insert(name.to_owned(), connection);
        Ok(answer.into())
    }

    fn connection_named(&mut self, cx: &Cx<'_, '_>) -> Result<&mut Connection, ServiceError> {
        let name = needed(cx.input, "Name")?;
        self.connections.connections.get_mut(name_of(name)).ok_or_else(|| no_such("connection", name))
    }

    pub(super) fn describe_connection(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        Ok(self.connection_named(cx)?.described().into())
    }

    pub(super) fn update_connection(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let now = cx.around.now;
        let connection = self.connection_named(cx)?;
        let kind = cx.input.text("AuthorizationType").unwrap_or(&connection.kind).to_owned();
        let parameters = cx.input.get("AuthParameters").unwrap_or(&connection.parameters).clone();
        check(&kind, &parameters)?;
        (connection.kind, connection.parameters, connection.changed) = (kind, parameters, now);
        if let Some(description) = cx.input.get("Description") {
            connection.description = Some(description.clone());
        }
        Ok(connection.stamped().into())
    }

    pub(super) fn delete_connection(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let connection = self.connection_named(cx)?.clone();
        self.connections.connections.remove(&connection.name);
        let mut answer = connection.stamped();
        answer.insert("ConnectionState", "DELETING");
        Ok(answer.into())
    }

    pub(super) fn list_connections(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let prefix = cx.input.text("NamePrefix").unwrap_or_default();
        let state = cx.input.text("ConnectionState").unwrap_or("AUTHORIZED");
        let all = self.connections.connections.values();
        let all = all.filter(|c| c.name.starts_with(prefix) && state == "AUTHORIZED");
        let all = all.map(|connection| {
            let mut shown = connection.stamped();
            shown.insert("Name", &*connection.name);
            shown.insert("AuthorizationType", &*connection.kind);
            Value::from(shown)
        });
        page(cx.input, "Limit", "Connections", all.collect())
    }

    /// What a destination is given, checked.
    fn destination(&self, given: &Map) -> Result<(), ServiceError> {
        let text = |member: &str| given.get(member).and_then(Value::as_str);
        let method = text("HttpMethod").ok_or_else(|| missing("HttpMethod"))?;
        if method != "POST" {
            return Err(ServiceError::not_modelled(format!("the method {method} of an API destination")));
        }
        let connection = text("ConnectionArn").ok_or_else(|| missing("ConnectionArn"))?;
        let endpoint = text("InvocationEndpoint").ok_or_else(|| missing("InvocationEndpoint"))?;
        let Some(connection) = self.connections.get(connection) else {
            return Err(not_found(format!("Connection '{}' does not exist.", name_of(connection))));
        };
        if connection.kind == "OAUTH_CLIENT_CREDENTIALS" {
            return Err(ServiceError::not_modelled("an API destination whose connection is OAUTH_CLIENT_CREDENTIALS"));
        }
        if !endpoint.starts_with("https://") {
            return Err(unfit(
                endpoint,
                "InvocationEndpoint",
                "satisfy regular expression pattern: ^((%[0-9A-Fa-f]{2}|[-()_.!~*';/?:@\\x26=+$,A-Za-z0-9])+)([).!';/?:,])?$",
            ));
        }
        Ok(())
    }

    fn destination_answer(destination: &Destination) -> Map {
        let mut answer = Map::new();
        answer.insert("ApiDestinationArn", &*destination.arn);
        answer.insert("ApiDestinationState", "ACTIVE");
        answer.insert("CreationTime", seconds(destination.created));
        answer.insert("LastModifiedTime", seconds(destination.changed));
        answer
    }

    fn given(cx: &Cx<'_, '_>, before: Map) -> Map {
        let mut given = before;
        for member in DESTINATION {
            if let Some(value) = cx.input.get(member) {
                given.insert(*member, value.clone());
            }
        }
        given
    }

    pub(super) fn create_destination(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = name(cx.input, "Name", &[], 64)?;
        let given = Events::given(cx, Map::new());
        self.destination(&given)?;
        if self.connections.destinations.contains_key(name) {
            let message = format!("An api-destination '{name}' already exists.");
            return Err(ServiceError::modelled("ResourceAlreadyExistsException", message));
        }
        let arn = arn::of("events", &format!("api-destination/{name}/{}", cx.around.uuid()));
        let made = Destination { arn, given, created: cx.around.now, changed: cx.around.now };
        let answer = Events::destination_answer(&made);
        self.connections.destinations.insert(name.to_owned(), made);
        Ok(answer.into())
    }

    pub(super) fn update_destination(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = needed(cx.input, "Name")?;
        let missing = || not_found(format!("An api-destination '{name}' does not exist."));
        let before = self.connections.destinations.get(name).ok_or_else(missing)?.given.clone();
        let given = Events::given(cx, before);
        self.destination(&given)?;
        let destination = self.connections.destinations.get_mut(name).ok_or_else(missing)?;
        (destination.given, destination.changed) = (given, cx.around.now);
        Ok(Events::destination_answer(destination).into())
    }

    pub(super) fn describe_destination(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = needed(cx.input, "Name")?;
        let destination = self.connections.destinations.get(name);
        let destination =
            destination.ok_or_else(|| not_found(format!("An api-destination '{name}' does not exist.")))?;
        Ok(described(destination).into())
    }

    pub(super) fn delete_destination(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = needed(cx.input, "Name")?;
        match self.connections.destinations.remove(name) {
            Some(_) => Ok(Value::empty_object()),
            None => Err(not_found(format!("An api-destination '{name}' does not exist."))),
        }
    }

    pub(super) fn list_destinations(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let prefix = cx.input.text("NamePrefix").unwrap_or_default();
        let connection = cx.input.text("ConnectionArn");
        let all = self.connections.destinations.iter().filter(|(name, destination)| {
            let own = destination.given.get("ConnectionArn").and_then(Value::as_str);
            name.starts_with(prefix) && connection.is_none_or(|wanted| own == Some(wanted))
        });
        let all = all.map(|(_, destination)| {
            let mut shown = described(destination);
            shown.remove("Description");
            Value::from(shown)
        });
        page(cx.input, "Limit", "ApiDestinations", all.collect())
    }
}

fn described(destination: &Destination) -> Map {
    let mut shown = Events::destination_answer(destination);
    for (member, value) in destination.given.iter() {
        shown.insert(member.clone(), value.clone());
    }
    shown
}
