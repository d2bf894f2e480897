//! What is known about names of errors: the service's own, those of Lambda, and how integrations begin theirs.

use super::super::subject::{Place, Subject};
use crate::asl::machine::{Map, QueryLanguage, StateKind, Task, Text};
use crate::asl::resource::ResourceKind;

/// The names that the service reserves, but for `States.Http.StatusCode.` with a number.
pub(super) const RESERVED: &[&str] = &[
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.Http.Socket",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
];

/// What a call of Lambda may fail with before the function has a say, and what is reported of a function that dies.
pub(super) const LAMBDA: &[&str] = &[
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.EC2AccessDeniedException",
    "Lambda.EC2ThrottledException",
    "Lambda.EC2UnexpectedException",
    "Lambda.EFSIOException",
    "Lambda.EFSMountConnectivityException",
    "Lambda.EFSMountFailureException",
    "Lambda.EFSMountTimeoutException",
    "Lambda.ENILimitReachedException",
    "Lambda.InvalidParameterValueException",
    "Lambda.InvalidRequestContentException",
    "Lambda.InvalidRuntimeException",
    "Lambda.KMSAccessDeniedException",
    "Lambda.KMSDisabledException",
    "Lambda.KMSInvalidStateException",
    "Lambda.KMSNotFoundException",
    "Lambda.RecursiveInvocationException",
    "Lambda.RequestTooLargeException",
    "Lambda.ResourceConflictException",
    "Lambda.ResourceNotFoundException",
    "Lambda.ResourceNotReadyException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.SnapStartException",
    "Lambda.SnapStartNotReadyException",
    "Lambda.SnapStartTimeoutException",
    "Lambda.SubnetIPAddressLimitReachedException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Lambda.UnsupportedMediaTypeException",
];

/// How the errors of optimised integrations begin.
const OPTIMISED: &[(&str, &str)] = &[
    ("apigateway", "ApiGateway"),
    ("athena", "Athena"),
    ("batch", "Batch"),
    ("codebuild", "CodeBuild"),
    ("dynamodb", "DynamoDB"),
    ("events", "EventBridge"),
    ("glue", "Glue"),
    ("lambda", "Lambda"),
    ("sagemaker", "SageMaker"),
    ("sns", "SNS"),
    ("sqs", "SQS"),
    ("states", "StepFunctions"),
];

/// How the errors of SDK integrations begin: the service's name as the SDK for Java 2 spells its classes.
const SDK: &[(&str, &str)] = &[
    ("athena", "Athena"),
    ("batch", "Batch"),
    ("bedrockruntime", "BedrockRuntime"),
    ("cloudformation", "CloudFormation"),
    ("cloudwatch", "CloudWatch"),
    ("cloudwatchlogs", "CloudWatchLogs"),
    ("codebuild", "CodeBuild"),
    ("dynamodb", "DynamoDb"),
    ("ec2", "Ec2"),
    ("ecs", "Ecs"),
    ("eks", "Eks"),
    ("eventbridge", "EventBridge"),
    ("glue", "Glue"),
    ("iam", "Iam"),
    ("kms", "Kms"),
    ("lambda", "Lambda"),
    ("rds", "Rds"),
    ("s3", "S3"),
    ("sagemaker", "SageMaker"),
    ("secretsmanager", "SecretsManager"),
    ("ses", "Ses"),
    ("sesv2", "SesV2"),
    ("sfn", "Sfn"),
    ("sns", "Sns"),
    ("sqs", "Sqs"),
    ("ssm", "Ssm"),
    ("sts", "Sts"),
];

/// How the errors of a service begin, where that is known.
pub(super) fn prefix_of(service: &str) -> Option<&'static str> {
    let (table, name) = match service.strip_prefix("aws-sdk:") {
        Some(sdk) => (SDK, sdk),
        None => (OPTIMISED, service),
    };
    table.iter().find(|(service, _)| *service == name).map(|(_, prefix)| *prefix)
}

/// Whether errors of some integration begin like this, exactly.
pub(super) fn is_prefix(word: &str) -> bool {
    OPTIMISED.iter().chain(SDK).any(|(_, prefix)| *prefix == word)
}

/// Whether a name is one of the service's own.
pub(super) fn is_reserved(name: &str) -> bool {
    let is_status = name.strip_prefix("States.Http.StatusCode.").is_some_and(|n| n.parse::<u16>().is_ok());
    is_status || RESERVED.contains(&name)
}

/// Why a state can never fail with this name, if it is certain that it cannot. Only names of the service's own are
/// looked at: all others may come from a function, a job or a Fail state.
pub(super) fn never(subject: &Subject<'_>, place: &Place<'_>, name: &str) -> Option<&'static str> {
    match name {
        "States.Runtime" => return Some("it ends the execution whatever Retry and Catch say"),
        "States.IntrinsicFailure"
        | "States.NoChoiceMatched"
        | "States.ParameterPathFailure"
        | "States.ResultPathMatchFailure" => {
            let is_plain = matches!(&place.state.kind, StateKind::Task(task) if !answers_by_token(task));
            return is_plain.then_some("such a failure is reported as States.Runtime, which nothing catches");
        }
        _ => {}
    }
    match &place.state.kind {
        StateKind::Task(_) if place.is_stand_in() => None,
        StateKind::Task(task) => never_of_task(place, task, name),
        StateKind::Map(map) => never_of_map(subject, place, map, name),
        StateKind::Parallel(_) => match name {
            "States.ExceedToleratedFailureThreshold" | "States.ItemReaderFailed" | "States.ResultWriterFailed" => {
                inside(subject, place, name)
            }
            _ => None,
        },
        _ => None,
    }
}

/// A task that somebody else ends may fail with any name.
fn answers_by_token(task: &Task) -> bool {
    task.resource.waits_for_token() || task.resource.is_activity()
}

fn never_of_task(place: &Place<'_>, task: &Task, name: &str) -> Option<&'static str> {
    let is_http = matches!(task.resource.kind(), ResourceKind::Service { service, .. } if &**service == "http");
    let has_heartbeat = task.heartbeat.is_some();
    match name {
        _ if answers_by_token(task) => None,
        "States.BranchFailed" => Some("only Parallel and Map states have branches"),
        "States.ExceedToleratedFailureThreshold" | "States.ItemReaderFailed" | "States.ResultWriterFailed" => {
            Some("only a distributed Map fails with it")
        }
        "States.HeartbeatTimeout" if !has_heartbeat => Some("the state has no HeartbeatSeconds"),
        "States.QueryEvaluationError" if place.state.query_language == QueryLanguage::JsonPath => {
            Some("only JSONata states fail with it")
        }
        _ if name.starts_with("States.Http.") && !is_http => Some("only `http:invoke` fails with it"),
        _ => None,
    }
}

fn never_of_map(subject: &Subject<'_>, place: &Place<'_>, map: &Map, name: &str) -> Option<&'static str> {
    match name {
        _ if map.distributed.is_some() => None,
        "States.ExceedToleratedFailureThreshold" | "States.ItemReaderFailed" | "States.ResultWriterFailed" => {
            inside(subject, place, name)
        }
        _ => None,
    }
}

/// Looks whether anything in a block may fail with a name that only distributed Maps have.
fn inside(subject: &Subject<'_>, block: &Place<'_>, _name: &str) -> Option<&'static str> {
    let is_within = |place: &Place<'_>| place.state.enclosing.contains(&block.state.name);
    let may = |place: &Place<'_>| match &place.state.kind {
        StateKind::Map(map) => map.distributed.is_some(),
        StateKind::Task(task) => answers_by_token(task),
        StateKind::Fail(fail) => match &fail.error {
            Some(Text::Constant(error)) => error.starts_with("States."),
            other => other.is_some(),
        },
        _ => false,
    };
    let is_possible = subject.places().any(|place| is_within(place) && may(place));
    (!is_possible).then_some("only a distributed Map fails with it")
}
