//! The integration tests: one binary, public API only.

#![expect(clippy::print_stdout, reason = "a test that skips says so, and an oracle says how much agrees")]

#[cfg(feature = "cli")]
mod cli;
mod definitions;
mod jsonata_oracle;
mod jsonpath_oracle;
