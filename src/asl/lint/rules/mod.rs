//! The rows, by what they are about.

use super::Rule;

mod timeouts;

/// Every group of rules.
pub(super) static ALL: &[&[Rule]] = &[timeouts::RULES];
