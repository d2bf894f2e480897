//! What an operation of one model needs to be there in another.

use super::error::ServiceError;
use super::{Service, Services, arn, s3};
use crate::value::Value;

impl Services {
    /// # Errors
    /// Something that the operation names belongs to another service, which does not have it.
    pub(super) fn across(&self, service: Service, operation: &str, input: &Value) -> Result<(), ServiceError> {
        match (service, operation) {
            (Service::S3, "PutBucketNotificationConfiguration") => {
                self.s3.targets(input).into_iter().try_for_each(|target| self.can_be_told(target))
            }
            (Service::Lambda, "CreateFunction") if input.get("Role").is_some() => {
                input.get("Code").map_or(Ok(()), |code| self.has_code(code))
            }
            (Service::Lambda, "UpdateFunctionCode") if self.lambda.has(text(input, "FunctionName")) => {
                self.has_code(input)
            }
            _ => Ok(()),
        }
    }

    /// Queues, topics and functions that S3 is to tell of objects.
    fn can_be_told(&self, target: &str) -> Result<(), ServiceError> {
        let name = arn::name_of(target);
        let (is_there, what) = match target.split(':').nth(2) {
            Some("sqs") => (self.sqs.names().any(|own| own == name), "queue"),
            Some("sns") => (self.sns.names().any(|own| own == name), "topic"),
            _ => (self.lambda.has(target), "Lambda function"),
        };
        if is_there { Ok(()) } else { Err(s3::notify::unreachable(target, what)) }
    }

    /// Code that lies in a bucket.
    fn has_code(&self, code: &Value) -> Result<(), ServiceError> {
        let (bucket, key) = (text(code, "S3Bucket"), text(code, "S3Key"));
        let why = match self.s3.has_bucket(bucket) {
            _ if bucket.is_empty() || key.is_empty() => return Ok(()),
            true if self.s3.content(bucket, key).is_some() => return Ok(()),
            true => "NoSuchKey. S3 Error Message: The specified key does not exist.",
            false => "NoSuchBucket. S3 Error Message: The specified bucket does not exist",
        };
        let message = format!("Error occurred while GetObject. S3 Error Code: {why}");
        Err(ServiceError::modelled("InvalidParameterValueException", message))
    }
}

fn text<'a>(input: &'a Value, member: &str) -> &'a str {
    input.get(member).and_then(Value::as_str).unwrap_or_default()
}
