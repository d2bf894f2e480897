//! The integration tests: one binary, public API only.

#![expect(clippy::print_stdout, reason = "a test that skips says so, and an oracle says how much agrees")]

mod conformance;
mod definitions;
mod generate;
mod jsonata_oracle;
mod jsonpath_oracle;
mod laws;
mod layering;
