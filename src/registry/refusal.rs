//! What the service says where it refuses: each sentence once.

use crate::services::ServiceError;
use crate::validate::ApiError;

pub(crate) fn invalid_arn(arn: &str) -> ServiceError {
    ServiceError::modelled("InvalidArn", format!("Invalid Arn: '{arn}'"))
}

/// Of an ARN that names something of another kind: an execution for a state machine.
pub(crate) fn wrong_kind(kind: &str) -> ServiceError {
    invalid_arn(&format!("Resource type not valid in this context: {kind}"))
}

pub(crate) fn invalid_name(name: &str) -> ServiceError {
    ServiceError::modelled("InvalidName", format!("Invalid Name: '{name}'"))
}

pub(crate) fn machine_does_not_exist(arn: &str) -> ServiceError {
    ServiceError::modelled("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
}

pub(crate) fn activity_does_not_exist(arn: &str) -> ServiceError {
    ServiceError::modelled("ActivityDoesNotExist", format!("Activity Does Not Exist: '{arn}'"))
}

/// Of tags, which name what they are about.
pub(crate) fn resource_not_found(arn: &str) -> ServiceError {
    ServiceError::modelled("ResourceNotFound", format!("Resource not found: '{arn}'")).with("resourceName", arn)
}

/// Of aliases and the versions they route to.
pub(crate) fn reference_not_found(arn: &str) -> ServiceError {
    let message = "Request references a resource that does not exist.";
    ServiceError::modelled("ResourceNotFound", message).with("resourceName", arn)
}

pub(crate) fn conflict(message: impl Into<String>) -> ServiceError {
    ServiceError::modelled("ConflictException", message)
}

pub(crate) fn validation(message: impl Into<String>) -> ServiceError {
    ServiceError::modelled("ValidationException", message)
}

pub(crate) fn quota(message: impl Into<String>) -> ServiceError {
    ServiceError::modelled("ServiceQuotaExceededException", message)
}

/// What [`crate::validate`] and [`crate::test_state`] refuse.
pub(crate) fn of(error: ApiError) -> ServiceError {
    match error.code.as_str() {
        // The service would call another one; nothing here does.
        ApiError::NO_ANSWER => {
            ServiceError::not_modelled(format!("TestState of a task without a mock ({})", error.message))
        }
        "SerializationException" => ServiceError::coded(error.code, error.message),
        _ => ServiceError::modelled(error.code, error.message),
    }
}
