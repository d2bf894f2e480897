//! Scenario files: what a machine is given, who answers, and what has to come of it, without a line of code.
//!
//! ```yaml
//! machine: order.asl.json
//! scenarios:
//!   - name: a busy payment service is tried again
//!     input: { id: o-1 }
//!     mocks:
//!       Charge:
//!         - { fail: Lambda.TooManyRequestsException, times: 2 }
//!         - { return: { StatusCode: 200, Payload: { paid: true } } }
//!     expect:
//!       status: SUCCEEDED
//!       attempts: { Charge: [0s, 2s, 6s] }
//! ```

mod check;
mod expect;
mod file;
mod format;
mod report;
mod rows;
mod run;
mod states;
pub mod suite;
mod timeline;
pub mod write;

pub use check::Failure;
pub use file::{SUFFIXES, Scenario, ScenarioFile};
pub use format::schema;
pub use report::Failed;
pub(crate) use report::quoted;
pub use run::Outcome;
