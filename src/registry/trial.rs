//! TestState and ValidateStateMachineDefinition: what they do is [`crate::test_state`] and [`crate::validate`]; here are
//! their requests and answers.

use super::refusal;
use super::setting::text;
use crate::services::ServiceError;
use crate::task::{Call, Outcome};
use crate::test_state::Request;
use crate::validate::{role_is_good, validate_definition};
use crate::value::Value;

/// TestState; a task without a mock is answered by `answer`, and refused where that has nothing.
///
/// # Errors
/// As the service's.
pub(crate) fn test_state(
    account: &str,
    input: &Value,
    answer: &mut dyn FnMut(&Call) -> Option<Outcome>,
) -> Result<Value, ServiceError> {
    if let Some(role) = text(input, "roleArn").filter(|role| !role_is_good(role)) {
        return Err(ServiceError::modelled("InvalidArn", format!("Invalid Role Arn: '{role}'")));
    }
    let mut request = Request::from_json(&input.to_json()).map_err(refusal::of)?;
    request.account = Some(account.to_owned());
    let response = request.run_with(answer).map_err(refusal::of)?;
    Ok(response.to_json().into())
}

pub(super) fn validate(input: &Value) -> Result<Value, ServiceError> {
    let found = validate_definition(&input.to_json()).map_err(refusal::of)?;
    Ok(found.to_json().into())
}
