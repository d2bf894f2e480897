//! What a service says when it refuses something.

use std::fmt;

use crate::value::Value;

/// An error as a service answers it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServiceError {
    /// The name of the exception as the API has it: `ConditionalCheckFailedException`.
    pub code: String,
    /// The code that the older protocol gives it, where that differs: `AWS.SimpleQueueService.NonExistentQueue`.
    pub query_code: Option<&'static str>,
    /// The sentence.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// Whether SDKs have a class for it, so that Step Functions names it; others are reported as the service's general
    /// exception.
    pub is_modelled: bool,
    /// Further members of the error.
    pub members: Option<Value>,
}

impl ServiceError {
    /// An exception that SDKs have a class for, with status 400.
    pub fn modelled(code: impl Into<String>, message: impl Into<String>) -> ServiceError {
        ServiceError {
            code: code.into(),
            query_code: None,
            message: message.into(),
            status: 400,
            is_modelled: true,
            members: None,
        }
    }
    /// An error that SDKs only know by its code, with status 400.
    pub fn coded(code: impl Into<String>, message: impl Into<String>) -> ServiceError {
        ServiceError { is_modelled: false, ..ServiceError::modelled(code, message) }
    }
    /// The same error with another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> ServiceError {
        self.status = status;
        self
    }
    /// The same error with the code of the older protocol.
    #[must_use]
    pub fn query_code(mut self, code: &'static str) -> ServiceError {
        self.query_code = Some(code);
        self
    }
    /// The same error with a further member, such as the key it is about.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> ServiceError {
        let mut members = self.members.take().and_then(|m| m.as_object().cloned()).unwrap_or_default();
        members.insert(name, value);
        self.members = Some(members.into());
        self
    }
    /// What is there in AWS and is not modelled here: never a plausible lie.
    pub fn not_modelled(what: impl fmt::Display) -> ServiceError {
        ServiceError::coded("NotModelled", format!("{what} is not modelled; answer this call with a mock")).status(501)
    }
    #[cfg(not(feature = "dynamodb"))]
    pub(super) fn not_built(feature: &str) -> ServiceError {
        ServiceError::not_modelled(format!("DynamoDB: the library is built without its feature `{feature}`, so it"))
    }
    /// Whether the model is at fault and not the caller.
    pub fn is_not_modelled(&self) -> bool {
        self.code == "NotModelled"
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ServiceError {}
