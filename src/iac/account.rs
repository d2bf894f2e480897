//! The pretend account that resources are deployed to: what a template refers to by name becomes an ARN that is the same
//! on every machine and that people can read, so that a mock can name it.

/// The pretend account's number, as AWS's own examples have it.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The pretend region.
pub(crate) const REGION: &str = "us-east-1";
/// The partition of that region.
pub(crate) const PARTITION: &str = "aws";

/// How the ARN of each kind of resource is written, after `arn:aws:`; `{r}` is the region, `{a}` the account, `{n}` the
/// resource's name.
const ARNS: &[(&str, &str)] = &[
    ("AWS::Lambda::Function", "lambda:{r}:{a}:function:{n}"),
    ("AWS::Serverless::Function", "lambda:{r}:{a}:function:{n}"),
    ("AWS::StepFunctions::StateMachine", "states:{r}:{a}:stateMachine:{n}"),
    ("AWS::Serverless::StateMachine", "states:{r}:{a}:stateMachine:{n}"),
    ("AWS::StepFunctions::Activity", "states:{r}:{a}:activity:{n}"),
    ("AWS::SQS::Queue", "sqs:{r}:{a}:{n}"),
    ("AWS::SNS::Topic", "sns:{r}:{a}:{n}"),
    ("AWS::DynamoDB::Table", "dynamodb:{r}:{a}:table/{n}"),
    ("AWS::DynamoDB::GlobalTable", "dynamodb:{r}:{a}:table/{n}"),
    ("AWS::Serverless::SimpleTable", "dynamodb:{r}:{a}:table/{n}"),
    ("AWS::S3::Bucket", "s3:::{n}"),
    ("AWS::IAM::Role", "iam::{a}:role/{n}"),
    ("AWS::Events::EventBus", "events:{r}:{a}:event-bus/{n}"),
    ("AWS::Events::Connection", "events:{r}:{a}:connection/{n}"),
    ("AWS::ECS::Cluster", "ecs:{r}:{a}:cluster/{n}"),
    ("AWS::ECS::TaskDefinition", "ecs:{r}:{a}:task-definition/{n}:1"),
    ("AWS::Batch::JobQueue", "batch:{r}:{a}:job-queue/{n}"),
    ("AWS::Batch::JobDefinition", "batch:{r}:{a}:job-definition/{n}:1"),
    ("AWS::KMS::Key", "kms:{r}:{a}:key/{n}"),
    ("AWS::SecretsManager::Secret", "secretsmanager:{r}:{a}:secret:{n}"),
];

/// The ARN of a resource of a CloudFormation type; one of a type the table does not have is named after its service.
///
/// ```text
/// AWS::Lambda::Function, ChargeFunction  →  arn:aws:lambda:us-east-1:123456789012:function:ChargeFunction
/// ```
pub(crate) fn arn(resource_type: &str, name: &str) -> String {
    let known = ARNS.iter().find(|(of, _)| *of == resource_type);
    let pattern = match known {
        Some((_, pattern)) => (*pattern).to_owned(),
        None => {
            let mut parts = resource_type.split("::").skip(1);
            let (service, kind) = (parts.next().unwrap_or("resource"), parts.next().unwrap_or("resource"));
            format!("{}:{{r}}:{{a}}:{}/{{n}}", service.to_lowercase(), kind.to_lowercase())
        }
    };
    format!("arn:{PARTITION}:{}", pattern.replace("{r}", REGION).replace("{a}", ACCOUNT).replace("{n}", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_has_an_arn_that_people_can_read() {
        let function = arn("AWS::Lambda::Function", "ChargeFunction");
        assert_eq!(function, "arn:aws:lambda:us-east-1:123456789012:function:ChargeFunction");
        assert_eq!(arn("AWS::S3::Bucket", "Inbox"), "arn:aws:s3:::Inbox");
        assert_eq!(arn("AWS::Glue::Job", "Nightly"), "arn:aws:glue:us-east-1:123456789012:job/Nightly");
    }
}
