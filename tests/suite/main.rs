//! The integration tests: one binary, public API only.

#![expect(clippy::disallowed_methods, reason = "tests read and write files, and measure that nothing takes long")]
#![expect(clippy::print_stdout, reason = "a test that skips says so, and an oracle says how much agrees")]

mod activities;
#[cfg(feature = "cli")]
mod cli;
mod conformance;
mod coverage;
mod data_flow;
mod definitions;
mod determinism;
mod events;
mod generate;
mod graph;
#[cfg(all(feature = "server", unix))]
mod handlers;
mod hostile;
#[cfg(feature = "server")]
mod hostile_wire;
#[cfg(feature = "client")]
mod http_task;
mod iac;
#[cfg(feature = "cli")]
mod imports_cli;
mod init;
mod item_reader;
mod jobs;
mod jsonata_oracle;
mod jsonpath_oracle;
mod lambda;
mod laws;
mod layering;
mod limits;
mod lint;
#[cfg(feature = "cli")]
mod lint_cli;
mod map;
mod mock_config;
mod mocks;
mod nested;
mod parallel;
#[cfg(feature = "fuzz")]
mod properties;
mod readme;
mod record;
mod report;
#[cfg(feature = "cli")]
mod reports;
mod retry;
mod rows;
mod s3;
mod scenarios;
mod schema;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "wire")]
mod service_laws;
mod service_refusals;
#[cfg(feature = "cli")]
mod services;
mod snapshots;
#[cfg(feature = "server")]
mod states;
mod support;
#[cfg(feature = "iac")]
mod terraform;
mod test_state;
#[cfg(feature = "cli")]
mod test_state_cli;
mod timeouts;
mod tokens;
#[cfg(feature = "client")]
mod upstream;
mod validation;
mod variables;
mod wait;
#[cfg(all(feature = "cli", unix))]
mod watch;
