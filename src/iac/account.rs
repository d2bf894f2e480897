//! The pretend account that resources are deployed to: what a template refers to by name becomes an ARN that is the same
//! on every machine and that people can read, so that a mock can name it.

use crate::iac::placeholder::placeholders;
use crate::pretend::{ACCOUNT, PARTITION, REGION};

/// The pretend stack.
pub(crate) const STACK: &str = "stack";

/// Names that every template has.
const PSEUDO: &[(&str, &str)] = &[
    ("AWS::AccountId", ACCOUNT),
    ("AWS::Region", REGION),
    ("AWS::Partition", PARTITION),
    ("AWS::StackName", STACK),
    ("AWS::StackId", "arn:aws:cloudformation:us-east-1:123456789012:stack/stack/00000000-0000-0000-0000-000000000000"),
    ("AWS::URLSuffix", "amazonaws.com"),
    ("AWS::NotificationARNs", "arn:aws:sns:us-east-1:123456789012:notifications"),
];

/// The value of a pseudo parameter.
pub(crate) fn pseudo(name: &str) -> Option<&'static str> {
    PSEUDO.iter().find(|(pseudo, _)| *pseudo == name).map(|(_, value)| *value)
}

/// What a plain reference to a resource gives: `Ref` in a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gives {
    Name,
    Arn,
    /// The URL of a queue.
    Url,
}

use Gives::{Arn, Name, Url};

/// A kind of resource: its CloudFormation type; how its ARN is written after `arn:aws:`, where `{r}` is the region, `{a}`
/// the account, `{n}` the resource's name; the property that names it; what `Ref` gives.
type Row = (&'static str, &'static str, &'static str, Gives);

const KINDS: &[Row] = &[
    ("AWS::Lambda::Function", "lambda:{r}:{a}:function:{n}", "FunctionName", Name),
    ("AWS::Serverless::Function", "lambda:{r}:{a}:function:{n}", "FunctionName", Name),
    ("AWS::Lambda::LayerVersion", "lambda:{r}:{a}:layer:{n}:1", "LayerName", Arn),
    ("AWS::StepFunctions::StateMachine", "states:{r}:{a}:stateMachine:{n}", "StateMachineName", Arn),
    ("AWS::Serverless::StateMachine", "states:{r}:{a}:stateMachine:{n}", "Name", Arn),
    ("AWS::StepFunctions::Activity", "states:{r}:{a}:activity:{n}", "Name", Arn),
    ("AWS::SQS::Queue", "sqs:{r}:{a}:{n}", "QueueName", Url),
    ("AWS::SNS::Topic", "sns:{r}:{a}:{n}", "TopicName", Arn),
    ("AWS::DynamoDB::Table", "dynamodb:{r}:{a}:table/{n}", "TableName", Name),
    ("AWS::DynamoDB::GlobalTable", "dynamodb:{r}:{a}:table/{n}", "TableName", Name),
    ("AWS::Serverless::SimpleTable", "dynamodb:{r}:{a}:table/{n}", "TableName", Name),
    ("AWS::S3::Bucket", "s3:::{n}", "BucketName", Name),
    ("AWS::IAM::Role", "iam::{a}:role/{n}", "RoleName", Name),
    ("AWS::Events::EventBus", "events:{r}:{a}:event-bus/{n}", "Name", Name),
    ("AWS::Events::Connection", "events:{r}:{a}:connection/{n}", "Name", Name),
    ("AWS::Events::Rule", "events:{r}:{a}:rule/{n}", "Name", Name),
    ("AWS::ECS::Cluster", "ecs:{r}:{a}:cluster/{n}", "ClusterName", Name),
    ("AWS::ECS::TaskDefinition", "ecs:{r}:{a}:task-definition/{n}:1", "Family", Arn),
    ("AWS::Batch::JobQueue", "batch:{r}:{a}:job-queue/{n}", "JobQueueName", Arn),
    ("AWS::Batch::JobDefinition", "batch:{r}:{a}:job-definition/{n}:1", "JobDefinitionName", Arn),
    ("AWS::KMS::Key", "kms:{r}:{a}:key/{n}", "", Name),
    ("AWS::SecretsManager::Secret", "secretsmanager:{r}:{a}:secret:{n}", "Name", Arn),
    ("AWS::Logs::LogGroup", "logs:{r}:{a}:log-group:{n}:*", "LogGroupName", Name),
    ("AWS::Kinesis::Stream", "kinesis:{r}:{a}:stream/{n}", "Name", Name),
    ("AWS::KinesisFirehose::DeliveryStream", "firehose:{r}:{a}:deliverystream/{n}", "DeliveryStreamName", Name),
    ("AWS::Glue::Job", "glue:{r}:{a}:job/{n}", "Name", Name),
    ("AWS::Glue::Crawler", "glue:{r}:{a}:crawler/{n}", "Name", Name),
    ("AWS::Athena::WorkGroup", "athena:{r}:{a}:workgroup/{n}", "Name", Name),
    ("AWS::SSM::Parameter", "ssm:{r}:{a}:parameter/{n}", "Name", Name),
    ("AWS::CodeBuild::Project", "codebuild:{r}:{a}:project/{n}", "Name", Name),
    ("AWS::CloudFormation::Stack", "cloudformation:{r}:{a}:stack/{n}/{n}", "", Arn),
    ("AWS::Serverless::Application", "cloudformation:{r}:{a}:stack/{n}/{n}", "", Arn),
    ("AWS::Scheduler::ScheduleGroup", "scheduler:{r}:{a}:schedule-group/{n}", "Name", Name),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "elasticloadbalancing:{r}:{a}:targetgroup/{n}/0", "Name", Arn),
    ("AWS::SageMaker::Model", "sagemaker:{r}:{a}:model/{n}", "ModelName", Name),
];

fn row(resource_type: &str) -> Option<&'static Row> {
    KINDS.iter().find(|row| row.0 == resource_type)
}

/// The property that names a resource of a type, if it has one we know.
pub(crate) fn name_property(resource_type: &str) -> Option<&'static str> {
    row(resource_type).map(|row| row.2).filter(|property| !property.is_empty())
}

/// The ARN of a resource of a CloudFormation type; one of a type the table does not have is named after its service.
///
/// ```text
/// AWS::Lambda::Function, ChargeFunction  →  arn:aws:lambda:us-east-1:123456789012:function:ChargeFunction
/// ```
pub(crate) fn arn(resource_type: &str, name: &str) -> String {
    let pattern = match row(resource_type) {
        Some(row) => row.1.to_owned(),
        None => {
            let mut parts = resource_type.split("::").skip(1);
            let (service, kind) = (parts.next().unwrap_or("resource"), parts.next().unwrap_or("resource"));
            format!("{}:{{r}}:{{a}}:{}/{{n}}", service.to_lowercase(), kind.to_lowercase())
        }
    };
    format!("arn:{PARTITION}:{}", pattern.replace("{r}", REGION).replace("{a}", ACCOUNT).replace("{n}", name))
}

/// What `Ref` gives for a resource: its name, its ARN or its URL, as CloudFormation has it for the type.
pub(crate) fn reference(resource_type: &str, name: &str) -> String {
    match row(resource_type).map_or(Name, |row| row.3) {
        Name => name.to_owned(),
        Arn => arn(resource_type, name),
        Url => queue_url(name),
    }
}

/// What `Fn::GetAtt` gives for a resource. What no table knows is named after the resource and the attribute.
pub(crate) fn attribute(resource_type: &str, name: &str, attribute: &str) -> String {
    let last = attribute.rsplit('.').next().unwrap_or(attribute);
    let host = |service: &str| format!("{name}.{service}.{REGION}.amazonaws.com");
    match last {
        "StreamArn" => format!("{}/stream/2024-01-01T00:00:00.000", arn(resource_type, name)),
        "QueueUrl" => queue_url(name),
        "DomainName" | "RegionalDomainName" if resource_type == "AWS::S3::Bucket" => format!("{name}.s3.amazonaws.com"),
        "FunctionUrl" => format!("https://{}/", host("lambda-url")),
        "Arn" => arn(resource_type, name),
        _ if last.ends_with("Arn") => arn(resource_type, name),
        "Name" | "Id" | "Ref" => name.to_owned(),
        _ if last.ends_with("Name") || last.ends_with("Id") => name.to_owned(),
        _ => format!("{name}.{attribute}"),
    }
}

/// A queue's URL.
fn queue_url(name: &str) -> String {
    format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}")
}

/// Words in names of values that come from elsewhere, and the type of resource they speak of; the first that fits counts.
const WORDS: &[(&str, &str)] = &[
    ("statemachine", "AWS::StepFunctions::StateMachine"),
    ("workflow", "AWS::StepFunctions::StateMachine"),
    ("activity", "AWS::StepFunctions::Activity"),
    ("function", "AWS::Lambda::Function"),
    ("lambda", "AWS::Lambda::Function"),
    ("queue", "AWS::SQS::Queue"),
    ("topic", "AWS::SNS::Topic"),
    ("table", "AWS::DynamoDB::Table"),
    ("bucket", "AWS::S3::Bucket"),
    ("role", "AWS::IAM::Role"),
    ("connection", "AWS::Events::Connection"),
    ("eventbus", "AWS::Events::EventBus"),
    ("taskdefinition", "AWS::ECS::TaskDefinition"),
    ("cluster", "AWS::ECS::Cluster"),
];

/// The ARN that a name promises which says that it is one, of a resource that is declared elsewhere: an import, or a
/// parameter without a default. `ChargeFunctionArn` is the function `ChargeFunction`.
pub(crate) fn promised_arn(name: &str) -> Option<String> {
    let stem = ["Arn", "ARN", "arn"].iter().find_map(|ending| name.strip_suffix(ending))?;
    let stem = stem.trim_end_matches(['-', '_', ':', '.', '/']);
    let lower: String = stem.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let (_, of) = WORDS.iter().find(|(word, _)| lower.contains(word))?;
    // The export's stack is no part of what it names.
    let own = stem.rsplit([':', '/']).next().unwrap_or(stem);
    let own: String =
        own.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' }).collect();
    (!own.is_empty()).then(|| arn(of, &own))
}

/// A text in which references stand for resources that nobody declares here, as people write them among substitutions:
/// `${Charge.Arn}` is the ARN of a function unless its name speaks of something else. What may be a name or a number,
/// `${Orders}`, stays.
pub(crate) fn settled(text: &str) -> String {
    let mut settled = String::new();
    let mut done = 0;
    for (range, name) in placeholders(text) {
        settled.push_str(text.get(done..range.start).unwrap_or_default());
        done = range.end;
        match (pseudo(name), promised_arn(name), name.strip_suffix(".Arn")) {
            (Some(value), ..) => settled.push_str(value),
            (_, Some(promised), _) => settled.push_str(&promised),
            (.., Some(id)) => settled.push_str(&arn("AWS::Lambda::Function", id)),
            _ => settled.push_str(text.get(range).unwrap_or_default()),
        }
    }
    settled.push_str(text.get(done..).unwrap_or_default());
    settled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_has_an_arn_that_people_can_read() {
        let function = arn("AWS::Lambda::Function", "ChargeFunction");
        assert_eq!(function, "arn:aws:lambda:us-east-1:123456789012:function:ChargeFunction");
        assert_eq!(arn("AWS::S3::Bucket", "Inbox"), "arn:aws:s3:::Inbox");
        assert_eq!(arn("AWS::Glue::Trigger", "Nightly"), "arn:aws:glue:us-east-1:123456789012:trigger/Nightly");
    }

    #[test]
    fn a_reference_gives_what_it_gives_in_cloudformation() {
        assert_eq!(reference("AWS::Lambda::Function", "Charge"), "Charge");
        assert_eq!(reference("AWS::SQS::Queue", "Jobs"), "https://sqs.us-east-1.amazonaws.com/123456789012/Jobs");
        assert_eq!(reference("AWS::SNS::Topic", "News"), "arn:aws:sns:us-east-1:123456789012:News");
        assert_eq!(reference("AWS::Custom::Thing", "It"), "It");
        assert_eq!(attribute("AWS::SQS::Queue", "Jobs", "QueueName"), "Jobs");
        assert_eq!(attribute("AWS::RDS::DBInstance", "Db", "Endpoint.Address"), "Db.Endpoint.Address");
    }

    #[test]
    fn a_name_that_says_it_is_an_arn_is_believed() {
        let lambda = "arn:aws:lambda:us-east-1:123456789012:function:";
        assert_eq!(promised_arn("ChargeFunctionArn"), Some(format!("{lambda}ChargeFunction")));
        assert_eq!(promised_arn("payments:charge-lambda-arn"), Some(format!("{lambda}charge-lambda")));
        assert_eq!(promised_arn("ChargeFunction"), None);
        assert_eq!(promised_arn("SomethingArn"), None);
        assert_eq!(settled("${Charge.Arn}:live"), format!("{lambda}Charge:live"));
        assert_eq!(settled("arn:${AWS::Partition}:s3:::${Inbox}/*"), "arn:aws:s3:::${Inbox}/*");
    }
}
