//! What a resource that is not there yet would be called: names, ARNs and URLs in the pretend account.

use crate::iac::account::arn;
use crate::pretend::{ACCOUNT, PARTITION, REGION};

/// What a resource's `id` is.
#[derive(Clone, Copy, Debug)]
enum Id {
    Name,
    Arn,
    Url,
}

/// Terraform's type, CloudFormation's, the argument that names the resource, and what its id is.
const KINDS: &[(&str, &str, &str, Id)] = &[
    ("aws_lambda_function", "AWS::Lambda::Function", "function_name", Id::Name),
    // Its name is that of the function and its own: `charge:live`.
    ("aws_lambda_alias", "AWS::Lambda::Function", "name", Id::Arn),
    ("aws_sfn_state_machine", "AWS::StepFunctions::StateMachine", "name", Id::Arn),
    ("aws_sfn_activity", "AWS::StepFunctions::Activity", "name", Id::Arn),
    ("aws_sqs_queue", "AWS::SQS::Queue", "name", Id::Url),
    ("aws_sns_topic", "AWS::SNS::Topic", "name", Id::Arn),
    ("aws_dynamodb_table", "AWS::DynamoDB::Table", "name", Id::Name),
    ("aws_s3_bucket", "AWS::S3::Bucket", "bucket", Id::Name),
    ("aws_iam_role", "AWS::IAM::Role", "name", Id::Name),
    ("aws_cloudwatch_event_bus", "AWS::Events::EventBus", "name", Id::Name),
    ("aws_cloudwatch_event_connection", "AWS::Events::Connection", "name", Id::Name),
    ("aws_ecs_cluster", "AWS::ECS::Cluster", "name", Id::Arn),
    ("aws_ecs_task_definition", "AWS::ECS::TaskDefinition", "family", Id::Name),
    ("aws_batch_job_queue", "AWS::Batch::JobQueue", "name", Id::Arn),
    ("aws_batch_job_definition", "AWS::Batch::JobDefinition", "name", Id::Arn),
    ("aws_kms_key", "AWS::KMS::Key", "key_id", Id::Name),
    ("aws_secretsmanager_secret", "AWS::SecretsManager::Secret", "name", Id::Arn),
    ("aws_glue_job", "AWS::Glue::Job", "name", Id::Name),
    ("aws_glue_crawler", "AWS::Glue::Crawler", "name", Id::Name),
    ("aws_athena_workgroup", "AWS::Athena::WorkGroup", "name", Id::Name),
    ("aws_sagemaker_endpoint", "AWS::SageMaker::Endpoint", "name", Id::Name),
];

/// The argument that gives a resource of a type its name.
pub(super) fn naming_argument(kind: &str) -> &'static str {
    KINDS.iter().find(|row| row.0 == kind).map_or("name", |row| row.2)
}

/// An attribute that the provider computes, of a resource with a name; none where there is nothing readable to say.
pub(super) fn attribute(kind: &str, name: &str, attribute: &str) -> Option<String> {
    let row = KINDS.iter().find(|row| row.0 == kind);
    let own_arn = || arn_of(kind, name);
    let url = || format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}");
    // What only makes an identifier is as good as its name: `random_id.suffix.hex`.
    if kind.starts_with("random_") {
        return matches!(attribute, "id" | "result" | "hex" | "dec" | "b64_url" | "b64_std" | "keepers")
            .then(|| name.into());
    }
    Some(match (attribute, kind) {
        ("arn", _) => own_arn(),
        ("invoke_arn" | "qualified_invoke_arn", "aws_lambda_function" | "aws_lambda_alias") => {
            let function = own_arn();
            format!("arn:{PARTITION}:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations")
        }
        ("qualified_arn", "aws_lambda_function") => format!("{}:1", own_arn()),
        ("version", "aws_lambda_function") => "1".to_owned(),
        ("latest_restricted_arn" | "arn_without_revision", _) => own_arn().trim_end_matches(":1").to_owned(),
        ("url", "aws_sqs_queue") => url(),
        ("id", _) => match row.map_or(Id::Name, |row| row.3) {
            Id::Name => name.to_owned(),
            Id::Arn => own_arn(),
            Id::Url => url(),
        },
        ("name" | "key_id", _) => name.to_owned(),
        (attribute, _) if attribute == naming_argument(kind) => name.to_owned(),
        _ => return None,
    })
}

/// What a data source says that everybody has: the account, the region, the partition.
pub(super) fn surroundings(kind: &str, attribute: &str) -> Option<String> {
    Some(match (kind, attribute) {
        ("aws_caller_identity", "account_id" | "id") => ACCOUNT.to_owned(),
        ("aws_caller_identity", "arn") => format!("arn:{PARTITION}:iam::{ACCOUNT}:root"),
        ("aws_caller_identity", "user_id") => ACCOUNT.to_owned(),
        ("aws_region", "name" | "id" | "region") => REGION.to_owned(),
        ("aws_partition", "partition" | "id") => PARTITION.to_owned(),
        ("aws_partition", "dns_suffix") => "amazonaws.com".to_owned(),
        ("aws_partition", "reverse_dns_prefix") => "com.amazonaws".to_owned(),
        _ => return None,
    })
}

/// Outputs of widely used modules that are not on this machine, by how the output's name ends: the type of the resource,
/// the arguments that may name it, and whether the output is the name instead of the ARN.
const OUTPUTS: &[(&str, &str, &[&str], bool)] = &[
    ("lambda_function_name", "aws_lambda_function", &["function_name", "name"], true),
    ("lambda_function_arn", "aws_lambda_function", &["function_name", "name"], false),
    ("lambda_arn", "aws_lambda_function", &["function_name", "name"], false),
    ("function_arn", "aws_lambda_function", &["function_name", "name"], false),
    ("state_machine_arn", "aws_sfn_state_machine", &["name"], false),
    ("topic_arn", "aws_sns_topic", &["name"], false),
    ("queue_arn", "aws_sqs_queue", &["name"], false),
    ("table_arn", "aws_dynamodb_table", &["name"], false),
    ("s3_bucket_arn", "aws_s3_bucket", &["bucket"], false),
    ("s3_bucket_id", "aws_s3_bucket", &["bucket"], true),
];

/// What an output of a module elsewhere is: the type of a resource, the arguments that may name it, and whether it is the
/// name instead of the ARN.
pub(super) fn output(name: &str) -> Option<(&'static str, &'static [&'static str], bool)> {
    OUTPUTS.iter().find(|row| name.ends_with(row.0)).map(|row| (row.1, row.2, row.3))
}

/// The ARN of a resource of Terraform's type.
pub(super) fn arn_of(kind: &str, name: &str) -> String {
    match kind {
        "aws_cloudwatch_log_group" => return format!("arn:{PARTITION}:logs:{REGION}:{ACCOUNT}:log-group:{name}"),
        "aws_iam_policy" => return format!("arn:{PARTITION}:iam::{ACCOUNT}:policy/{name}"),
        _ => {}
    }
    if let Some(row) = KINDS.iter().find(|row| row.0 == kind) {
        return arn(row.1, name);
    }
    // `aws_emr_cluster` is the service's part and the resource's.
    let mut parts = kind.splitn(3, '_');
    let (service, rest) = (parts.nth(1).unwrap_or("resource"), parts.next().unwrap_or("resource"));
    arn(&format!("AWS::{service}::{}", rest.replace('_', "-")), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_that_is_not_there_yet_has_names_people_can_read() {
        let table = [
            ("aws_lambda_function", "arn", "arn:aws:lambda:us-east-1:123456789012:function:charge"),
            ("aws_lambda_function", "id", "charge"),
            ("aws_lambda_function", "function_name", "charge"),
            ("aws_sqs_queue", "url", "https://sqs.us-east-1.amazonaws.com/123456789012/charge"),
            ("aws_sqs_queue", "id", "https://sqs.us-east-1.amazonaws.com/123456789012/charge"),
            ("aws_sfn_activity", "id", "arn:aws:states:us-east-1:123456789012:activity:charge"),
            ("aws_emr_cluster", "arn", "arn:aws:emr:us-east-1:123456789012:cluster/charge"),
            ("aws_subnet", "id", "charge"),
            ("random_id", "hex", "charge"),
        ];
        for (kind, of, want) in table {
            assert_eq!(attribute(kind, "charge", of).as_deref(), Some(want), "{kind}.{of}");
        }
        assert_eq!(attribute("aws_vpc", "main", "cidr_block"), None);
    }
}
