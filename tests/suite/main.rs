//! The integration tests: one binary, public API only.

#![expect(clippy::disallowed_methods, reason = "tests read and write files, and measure that nothing takes long")]
#![expect(clippy::print_stdout, reason = "a test that skips says so, and an oracle says how much agrees")]

#[cfg(feature = "cli")]
mod cli;
mod conformance;
mod data_flow;
mod definitions;
mod generate;
mod jsonata_oracle;
mod jsonpath_oracle;
mod laws;
mod layering;
mod map;
mod parallel;
mod readme;
mod retry;
mod support;
mod timeouts;
mod variables;
mod wait;
