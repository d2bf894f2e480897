//! The rows, by what they are about.

use super::Rule;

mod dataflow;
mod jsonata;
mod paths;
mod timeouts;
mod variables;

/// Every group of rules.
pub(super) static ALL: &[&[Rule]] = &[timeouts::RULES, variables::RULES, dataflow::RULES, paths::RULES, jsonata::RULES];
