//! What the service says about a definition or a request before anything runs: the answers of
//! ValidateStateMachineDefinition, and the errors of CreateStateMachine, UpdateStateMachine, StartExecution and
//! StartSyncExecution.
//!
//! ```
//! use rehearsal::Machine;
//!
//! let found = Machine::validate(r#"{"States": {"Hello": {"Type": "Succeed"}}}"#);
//! assert!(!found.is_ok());
//! assert_eq!(found.diagnostics[0].message, "These fields are required: [StartAt]");
//! assert_eq!(found.diagnostics[0].location, "/");
//! ```
//!
//! Requests and answers are the service's own JSON:
//!
//! ```
//! use rehearsal::validate::Catalog;
//! use serde_json::json;
//!
//! let mut catalog = Catalog::new("us-east-1", "123456789012");
//! let request = json!({
//!     "name": "order machine",
//!     "definition": r#"{"StartAt": "Hello", "States": {"Hello": {"Type": "Succeed"}}}"#,
//!     "roleArn": "arn:aws:iam::123456789012:role/order",
//! });
//! let error = catalog.create(&request).unwrap_err();
//! assert_eq!(error.to_string(), "InvalidName: Invalid Name: 'order machine'");
//! ```

mod catalog;
mod constraints;
mod definition;
mod error;
mod request;

pub use catalog::Catalog;
pub(crate) use constraints::Constraints;
#[cfg(feature = "server")]
pub(crate) use definition::compile;
pub use definition::{Finding, Level, Validation, validate_definition};
pub(crate) use definition::{broken_json, invalid_definition};
pub use error::ApiError;
pub(crate) use request::is_barred;
#[cfg(feature = "server")]
pub(crate) use request::{log_destination, name_is_good, role_is_good};
