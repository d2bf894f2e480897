//! Sequences of calls, as clients make them.

mod machines;
mod others;
mod versions;

use serde_json::json;

use super::*;
use crate::asl::Machine;
use crate::time::DurationExt;

const NOW: Timestamp = Timestamp::EPOCH_DEFAULT;
const ROLE: &str = "arn:aws:iam::123456789012:role/states";
const ONE: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
const TWO: &str = r#"{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#;
const MACHINE: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:order";

struct Client {
    registry: Registry,
    now: Timestamp,
}

impl Client {
    fn new() -> Client {
        Client { registry: Registry::new("123456789012", "eu-west-1", 7), now: NOW }
    }
    /// With `order`, whose definition is `ONE`.
    fn with_order() -> Client {
        let mut client = Client::new();
        client.ok("CreateStateMachine", json!({"name": "order", "definition": ONE, "roleArn": ROLE}));
        client
    }
    fn call(&mut self, operation: &str, input: serde_json::Value) -> Result<serde_json::Value, ServiceError> {
        self.registry.call(self.now, operation, &input.into()).map(|v| v.to_json())
    }
    #[track_caller]
    fn ok(&mut self, operation: &str, input: serde_json::Value) -> serde_json::Value {
        self.call(operation, input).unwrap()
    }
    #[track_caller]
    fn refused(&mut self, operation: &str, input: serde_json::Value) -> String {
        self.call(operation, input).unwrap_err().to_string()
    }
    /// Updates the definition of `order`; gives the revision.
    fn update(&mut self, definition: &str) -> String {
        let answer = self.ok("UpdateStateMachine", json!({"stateMachineArn": MACHINE, "definition": definition}));
        answer["revisionId"].as_str().unwrap().to_owned()
    }
    /// Publishes `order` as it is; gives the version's ARN.
    fn publish(&mut self) -> String {
        let answer = self.ok("PublishStateMachineVersion", json!({"stateMachineArn": MACHINE}));
        answer["stateMachineVersionArn"].as_str().unwrap().to_owned()
    }
    fn versions(&mut self) -> Vec<String> {
        let answer = self.ok("ListStateMachineVersions", json!({"stateMachineArn": MACHINE}));
        let arn = |v: &serde_json::Value| v["stateMachineVersionArn"].as_str().unwrap().to_owned();
        answer["stateMachineVersions"].as_array().unwrap().iter().map(arn).collect()
    }
}

/// The routing to these versions of `order`.
fn routes(all: &[(u64, u64)]) -> serde_json::Value {
    let one = |(version, weight): &(u64, u64)| json!({"stateMachineVersionArn": format!("{MACHINE}:{version}"), "weight": weight});
    all.iter().map(one).collect()
}

/// `order` with the versions 1 (`ONE`) and 2 (`TWO`).
fn with_two_versions() -> Client {
    let mut client = Client::with_order();
    client.publish();
    client.update(TWO);
    client.publish();
    client
}
