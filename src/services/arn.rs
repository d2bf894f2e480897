//! Names of queues and topics, by ARN and by URL.

use super::{ACCOUNT, REGION};

/// `arn:aws:sqs:us-east-1:123456789012:orders`
pub(super) fn of(service: &str, name: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}")
}

/// The name at the end of an ARN or a URL.
pub(super) fn name_of(text: &str) -> &str {
    text.rsplit([':', '/']).next().unwrap_or(text)
}
