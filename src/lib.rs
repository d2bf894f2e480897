#![doc = include_str!("../README.md")]
#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests write files and measure that nothing takes long"))]

pub mod asl;
pub mod coverage;
pub mod diagnostic;
pub mod engine;
pub mod error;
pub mod expr;
pub mod file;
#[cfg(feature = "fuzz")]
pub mod fuzz;
pub mod graph;
mod gzip;
pub mod harness;
pub mod history;
pub mod iac;
pub mod import;
pub mod mock;
#[cfg_attr(not(feature = "server"), expect(dead_code, reason = "some of it is for the endpoint alone"))]
pub mod outside;
pub mod parallel;
mod pretend;
pub mod random;
#[cfg(feature = "server")]
mod registry;
pub mod report;
pub mod scenario;
#[cfg(feature = "server")]
pub mod server;
#[cfg_attr(not(feature = "server"), expect(dead_code, reason = "some of it is for the endpoint alone"))]
pub mod services;
pub mod snapshot;
pub mod source;
pub mod task;
pub mod test_state;
pub mod time;
#[cfg(feature = "trials")]
pub mod trials;
pub mod validate;
pub mod value;

pub use asl::Machine;
pub use error::Error;
#[cfg(feature = "fuzz")]
pub use fuzz::fuzz;
pub use harness::{Harness, Run, Session};
pub use mock::{Fault, Mock};
pub use scenario::{check_dir, check_file};
pub use time::{DurationExt, Timestamp};

/// Everything a test usually needs.
pub mod prelude {
    pub use crate::{DurationExt, Fault, Harness, Machine, Mock, Run, Session, Timestamp, mock};
    pub use serde_json::json;
}
