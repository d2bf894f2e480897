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

mod addresses;
mod check;
mod coverage;
mod entry;
mod expect;
mod extends;
mod file;
mod format;
mod function;
mod header;
pub(crate) mod in_tests;
#[cfg(feature = "fuzz")]
mod keep;
#[cfg(feature = "fuzz")]
mod laws;
#[cfg(feature = "fuzz")]
mod property;
mod report;
mod rows;
mod run;
mod schema;
mod services;
mod states;
pub mod suite;
mod timeline;
mod unreferenced;
pub mod write;

pub use check::Failure;
pub use entry::Scenario;
pub(crate) use file::stem_of;
pub use file::{SUFFIXES, ScenarioFile};
pub use in_tests::{check_dir, check_file};
#[cfg(feature = "fuzz")]
pub use property::Property;
pub use report::{Failed, quoted};
pub use run::Outcome;
pub use schema::schema;
