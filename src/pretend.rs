//! The pretend account in which everything happens: what has no ARN of its own gets one there, which is the same on
//! every machine and which a mock can name.

/// Its number, as AWS's own examples have it.
pub(crate) const ACCOUNT: &str = "123456789012";
/// Its region.
pub(crate) const REGION: &str = "us-east-1";
/// The partition of that region.
pub(crate) const PARTITION: &str = "aws";
