//! The rows, by what they are about.

use super::Rule;

mod choices;
mod dataflow;
mod jsonata;
mod paths;
mod payload;
mod timeouts;
mod variables;

/// Every group of rules.
pub(super) static ALL: &[&[Rule]] = &[timeouts::RULES, variables::RULES, dataflow::RULES, choices::RULES, paths::RULES, jsonata::RULES, payload::RULES];
