//! The operations that manage functions, each with the members of its input that are modelled.

mod functions;
mod settings;
mod versions;

use super::Lambda;
use super::deployed::Deployed;
use super::name::{Target, not_found, present};
use crate::services::members::Members;
use crate::services::{ServiceError, Surroundings};
use crate::value::{Map, Value};

/// What an operation does.
type Operation = fn(&mut Lambda, &mut Surroundings, &Members<'_>) -> Result<Value, ServiceError>;

/// The operations with the members of their inputs.
const OPERATIONS: &[(&str, &[&str], Operation)] = &[
    ("CreateFunction", functions::CREATE, Lambda::create_function),
    ("GetFunction", &["FunctionName", "Qualifier"], Lambda::get_function),
    ("GetFunctionConfiguration", &["FunctionName", "Qualifier"], Lambda::get_configuration),
    ("UpdateFunctionConfiguration", functions::UPDATE, Lambda::update_configuration),
    ("UpdateFunctionCode", functions::UPDATE_CODE, Lambda::update_code),
    ("DeleteFunction", &["FunctionName", "Qualifier"], Lambda::delete_function),
    ("ListFunctions", &["FunctionVersion", "Marker", "MaxItems"], Lambda::list_functions),
    ("GetAccountSettings", &[], Lambda::account_settings),
    ("PublishVersion", &["FunctionName", "CodeSha256", "Description", "RevisionId"], Lambda::publish_version),
    ("ListVersionsByFunction", &["FunctionName", "Marker", "MaxItems"], Lambda::list_versions),
    ("CreateAlias", versions::ALIAS, Lambda::create_alias),
    ("UpdateAlias", versions::ALIAS, Lambda::update_alias),
    ("GetAlias", &["FunctionName", "Name"], Lambda::get_alias),
    ("DeleteAlias", &["FunctionName", "Name"], Lambda::delete_alias),
    ("ListAliases", &["FunctionName", "FunctionVersion", "Marker", "MaxItems"], Lambda::list_aliases),
    ("PutFunctionConcurrency", &["FunctionName", "ReservedConcurrentExecutions"], Lambda::put_concurrency),
    ("GetFunctionConcurrency", &["FunctionName"], Lambda::get_concurrency),
    ("DeleteFunctionConcurrency", &["FunctionName"], Lambda::delete_concurrency),
    ("PutFunctionEventInvokeConfig", settings::EVENT_CONFIG, Lambda::put_event_config),
    ("UpdateFunctionEventInvokeConfig", settings::EVENT_CONFIG, Lambda::update_event_config),
    ("GetFunctionEventInvokeConfig", &["FunctionName", "Qualifier"], Lambda::get_event_config),
    ("DeleteFunctionEventInvokeConfig", &["FunctionName", "Qualifier"], Lambda::delete_event_config),
    ("ListFunctionEventInvokeConfigs", &["FunctionName", "Marker", "MaxItems"], Lambda::list_event_configs),
    ("AddPermission", settings::PERMISSION, Lambda::add_permission),
    ("RemovePermission", &["FunctionName", "StatementId", "Qualifier", "RevisionId"], Lambda::remove_permission),
    ("GetPolicy", &["FunctionName", "Qualifier"], Lambda::get_policy),
    ("TagResource", &["Resource", "Tags"], Lambda::tag),
    ("UntagResource", &["Resource", "TagKeys"], Lambda::untag),
    ("ListTags", &["Resource"], Lambda::tags),
];

/// Operations that need more than the name of a function, with what they need.
const NEEDED: &[(&str, &[&str])] = &[
    ("CreateFunction", &["FunctionName", "Role", "Code"]),
    ("ListFunctions", &[]),
    ("GetAccountSettings", &[]),
    ("CreateAlias", &["FunctionName", "Name", "FunctionVersion"]),
    ("UpdateAlias", &["FunctionName", "Name"]),
    ("GetAlias", &["FunctionName", "Name"]),
    ("DeleteAlias", &["FunctionName", "Name"]),
    ("PutFunctionConcurrency", &["FunctionName", "ReservedConcurrentExecutions"]),
    ("AddPermission", &["FunctionName", "StatementId", "Action", "Principal"]),
    ("RemovePermission", &["FunctionName", "StatementId"]),
    ("TagResource", &["Resource", "Tags"]),
    ("UntagResource", &["Resource", "TagKeys"]),
    ("ListTags", &["Resource"]),
];

impl Lambda {
    /// An operation that invokes nothing.
    pub(super) fn manage(
        &mut self,
        around: &mut Surroundings,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ServiceError> {
        let Some((name, known, work)) = OPERATIONS.iter().find(|(name, ..)| *name == operation) else {
            return Err(ServiceError::not_modelled(format!("the operation {operation} of Lambda")));
        };
        let members = Members::of(name, input, known)?;
        let needed = NEEDED.iter().find(|(of, _)| of == name).map_or(&["FunctionName"][..], |(_, needed)| needed);
        present(input, needed)?;
        work(self, around, &members)
    }

    /// The function that an input names.
    fn named(&mut self, input: &Members<'_>) -> Result<(Target, &mut Deployed), ServiceError> {
        let target = Target::of(input.needed("FunctionName")?, input.text("Qualifier"))?;
        match self.functions.get_mut(&target.name) {
            Some(deployed) => Ok((target, deployed)),
            None => Err(not_found(&target.arn())),
        }
    }
}

fn wrong(what: impl Into<String>) -> ServiceError {
    ServiceError::modelled("InvalidParameterValueException", what)
}

fn conflict(what: impl Into<String>) -> ServiceError {
    ServiceError::modelled("ResourceConflictException", what).status(409)
}

fn missing(what: impl Into<String>) -> ServiceError {
    ServiceError::modelled("ResourceNotFoundException", what).status(404)
}

/// The caller has seen another revision.
fn check_revision(input: &Members<'_>, present: Option<&Value>) -> Result<(), ServiceError> {
    match (input.text("RevisionId"), present.and_then(Value::as_str)) {
        (Some(given), Some(present)) if given != present => Err(ServiceError::modelled(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
             retrieve the latest Revision Id",
        )
        .status(412)),
        _ => Ok(()),
    }
}

/// A page of a list, with what leads to the next.
pub(super) fn page(all: Vec<Value>, input: &Members<'_>, list: &'static str) -> Result<Value, ServiceError> {
    const MOST: usize = 50;
    let start = match input.text("Marker").filter(|m| !m.is_empty()) {
        Some(marker) => marker.parse().map_err(|_| wrong("The marker is not one that was given out"))?,
        None => 0,
    };
    let size = match input.number("MaxItems") {
        Some(n @ 1..) => usize::try_from(n).unwrap_or(MOST).min(MOST),
        Some(n) => {
            return Err(super::name::invalid_members(&[format!(
                "Value '{n}' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"
            )]));
        }
        None => MOST,
    };
    let next = start + size;
    let is_more = next < all.len();
    let mut members = Map::new();
    members.insert(list, Value::array(all.into_iter().skip(start).take(size).collect()));
    if is_more {
        members.insert("NextMarker", next.to_string());
    }
    Ok(members.into())
}
