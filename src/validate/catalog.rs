//! State machines that exist, as far as requests are refused for what does or does not exist.

use std::collections::BTreeMap;

use serde_json::Value;

use super::definition::compile;
use super::{ApiError, Constraints, broken_json, invalid_definition, request};
use crate::asl::{Machine, MachineType};

/// The state machines of one account and region: which names are taken, and by what.
///
/// It answers as CreateStateMachine, UpdateStateMachine, StartExecution and StartSyncExecution do where they refuse a
/// request; it runs nothing.
#[derive(Clone, Debug)]
pub struct Catalog {
    prefix: String,
    machines: BTreeMap<String, Entry>,
    log_groups: Option<Vec<String>>,
}

#[derive(Clone, Debug)]
struct Entry {
    machine: Machine,
    /// What a repeated CreateStateMachine has to repeat to be taken for the same.
    identity: Vec<Option<Value>>,
}

/// Members of a CreateStateMachine request that make it the same as an earlier one.
const IDENTITY: [&str; 5] =
    ["definition", "type", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration"];

impl Catalog {
    /// An account without any state machine.
    pub fn new(region: &str, account: &str) -> Catalog {
        let prefix = format!("arn:aws:states:{region}:{account}:stateMachine:");
        Catalog { prefix, machines: BTreeMap::new(), log_groups: None }
    }

    /// The same account with exactly these log groups; a machine that logs elsewhere is refused. Unless this is said, every
    /// log group is believed to exist.
    #[must_use]
    pub fn log_groups(mut self, arns: impl IntoIterator<Item = impl Into<String>>) -> Catalog {
        self.log_groups = Some(arns.into_iter().map(Into::into).collect());
        self
    }

    /// CreateStateMachine; gives the new machine's ARN. The same request again gives the same ARN, as the service has it.
    ///
    /// # Errors
    /// Whatever the service would answer: members outside their bounds, `InvalidName`, `InvalidDefinition`,
    /// `InvalidLoggingConfiguration`, `StateMachineAlreadyExists`, …
    pub fn create(&mut self, request: &Value) -> Result<String, ApiError> {
        let read = request::create(request, self.log_groups.as_deref())?;
        let arn = format!("{}{}", self.prefix, read.name);
        let identity: Vec<Option<Value>> =
            IDENTITY.iter().map(|name| request.get(name).filter(|v| !v.is_null()).cloned()).collect();
        if let Some(there) = self.machines.get(&arn) {
            return match there.identity == identity {
                true => Ok(arn),
                false => {
                    let message = format!("State Machine Already Exists: '{arn}'");
                    Err(ApiError::new("StateMachineAlreadyExists", message))
                }
            };
        }
        let definition = read.definition.unwrap_or_default();
        let machine = compile(definition, read.machine_type).map_err(invalid_definition)?.named(read.name);
        self.machines.insert(arn.clone(), Entry { machine, identity });
        Ok(arn)
    }

    /// UpdateStateMachine.
    ///
    /// # Errors
    /// Whatever the service would answer.
    pub fn update(&mut self, request: &Value) -> Result<(), ApiError> {
        let read = request::update(request, self.log_groups.as_deref())?;
        let arn = request.get("stateMachineArn").and_then(Value::as_str).unwrap_or_default();
        let entry = self.machines.get_mut(checked_arn(arn)?).ok_or_else(|| does_not_exist(arn))?;
        if let Some(definition) = read.definition {
            let machine_type = entry.machine.machine_type();
            let machine = compile(definition, machine_type).map_err(invalid_definition)?;
            entry.machine = machine.named(entry.machine.name());
            entry.identity[0] = Some(definition.into());
        }
        for (name, kept) in IDENTITY.iter().zip(&mut entry.identity).skip(2) {
            if let Some(value) = request.get(name).filter(|v| !v.is_null()) {
                *kept = Some(value.clone());
            }
        }
        Ok(())
    }

    /// DeleteStateMachine: the machine is there no more. That it was not there is no error.
    pub fn delete(&mut self, arn: &str) {
        self.machines.remove(arn);
    }

    /// The machine that StartExecution would start.
    ///
    /// # Errors
    /// Whatever the service would answer instead of starting it.
    pub fn to_start(&self, request: &Value) -> Result<&Machine, ApiError> {
        let mut c = Constraints::of(request);
        let arn = c.required("stateMachineArn", 1, 256);
        c.text("name", 1, 80);
        let input = c.text("input", 0, usize::MAX);
        c.check()?;
        let entry = self.machines.get(checked_arn(arn)?).ok_or_else(|| does_not_exist(arn))?;
        if let Some(why) = input.and_then(broken_json) {
            let message = format!("Invalid State Machine Execution Input: '{why}'");
            return Err(ApiError::new("InvalidExecutionInput", message));
        }
        Ok(&entry.machine)
    }

    /// The machine that StartSyncExecution would start, which is an Express one.
    ///
    /// # Errors
    /// Whatever the service would answer instead of starting it.
    pub fn to_start_synchronously(&self, request: &Value) -> Result<&Machine, ApiError> {
        let machine = self.to_start(request)?;
        if machine.machine_type() == MachineType::Standard {
            let message = "This operation is not supported by this type of state machine";
            return Err(ApiError::new("StateMachineTypeNotSupported", message));
        }
        Ok(machine)
    }
}

fn does_not_exist(arn: &str) -> ApiError {
    ApiError::new("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
}

/// An ARN that may name a state machine, an alias or a version.
fn checked_arn(arn: &str) -> Result<&str, ApiError> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "states", _, _, "stateMachine", name, ..] if !name.is_empty() => Ok(arn),
        _ => Err(ApiError::new("InvalidArn", format!("Invalid Arn: '{arn}'"))),
    }
}
