//! How each integration says that it is called too often.

use super::shape;
use crate::task::{Call, TaskError};

/// One service of the optimised integrations: the error's name, the service's name in the cause, the status, the error
/// code and the sentence.
type Row = (&'static str, &'static str, &'static str, u16, &'static str, &'static str);

const RATE: &str = "Rate exceeded";
const THROUGHPUT: &str = "The level of configured provisioned throughput for the table was exceeded. Consider increasing \
                          your provisioning level with the UpdateTable API.";

// Services without an error class of their own for it report their general one, and the code tells.
const OPTIMISED: [Row; 14] = [
    ("lambda", "Lambda.TooManyRequestsException", "AWSLambda", 429, "TooManyRequestsException", "Rate Exceeded."),
    (
        "dynamodb",
        "DynamoDB.ProvisionedThroughputExceededException",
        "AmazonDynamoDBv2",
        400,
        "ProvisionedThroughputExceededException",
        THROUGHPUT,
    ),
    ("sqs", "SQS.AmazonSQSException", "AmazonSQS", 400, "ThrottlingException", RATE),
    ("sns", "SNS.ThrottledException", "AmazonSNS", 429, "Throttled", RATE),
    ("events", "EventBridge.AmazonEventBridgeException", "AmazonEventBridge", 400, "ThrottlingException", RATE),
    ("states", "StepFunctions.AWSStepFunctionsException", "AWSStepFunctions", 400, "ThrottlingException", RATE),
    ("ecs", "ECS.AmazonECSException", "AmazonECS", 400, "ThrottlingException", RATE),
    ("batch", "Batch.AWSBatchException", "AWSBatch", 429, "TooManyRequestsException", "Too Many Requests"),
    ("glue", "Glue.AWSGlueException", "AWSGlue", 400, "ThrottlingException", RATE),
    ("codebuild", "CodeBuild.AWSCodeBuildException", "AWSCodeBuild", 400, "ThrottlingException", RATE),
    ("athena", "Athena.TooManyRequestsException", "AmazonAthena", 400, "TooManyRequestsException", RATE),
    ("sagemaker", "SageMaker.AmazonSageMakerException", "AmazonSageMaker", 400, "ThrottlingException", RATE),
    ("apigateway", "ApiGateway.429", "", 429, "", ""),
    ("http", "States.Http.StatusCode.429", "", 429, "", ""),
];

/// Services of the SDK integrations whose name is not just their id with a capital, or that have an error of their own
/// for it: id, name, error class, status.
const SDK: [(&str, &str, &str, u16); 10] = [
    ("lambda", "Lambda", "TooManyRequestsException", 429),
    ("dynamodb", "DynamoDb", "ProvisionedThroughputExceededException", 400),
    ("kinesis", "Kinesis", "ProvisionedThroughputExceededException", 400),
    ("s3", "S3", "S3Exception", 503),
    ("sns", "Sns", "ThrottledException", 429),
    ("secretsmanager", "SecretsManager", "SecretsManagerException", 400),
    ("cloudwatchlogs", "CloudWatchLogs", "ThrottlingException", 400),
    ("eventbridge", "EventBridge", "EventBridgeException", 400),
    ("apigateway", "ApiGateway", "TooManyRequestsException", 429),
    ("bedrockruntime", "BedrockRuntime", "ThrottlingException", 429),
];

/// The error with which the called service refuses a call that is one too many.
pub(super) fn throttled(call: &Call) -> TaskError {
    let service = call.resource.service();
    if let Some(id) = service.strip_prefix("aws-sdk:") {
        let (name, class, status) = match SDK.iter().find(|(known, ..)| *known == id) {
            Some((_, name, class, status)) => ((*name).to_owned(), (*class).to_owned(), *status),
            None => (capitalised(id), format!("{}Exception", capitalised(id)), 400),
        };
        let cause = shape::service_error_cause(call, &name, status, "", RATE);
        return TaskError::new(format!("{name}.{class}"), cause);
    }
    match OPTIMISED.iter().find(|(known, ..)| *known == service) {
        Some((_, error, "", status, ..)) => TaskError::new(*error, format!("{status} Too Many Requests")),
        Some((_, error, name, status, code, message)) => {
            TaskError::new(*error, shape::service_error_cause(call, name, *status, code, message))
        }
        None => {
            let name = capitalised(service);
            let cause = shape::service_error_cause(call, &name, 400, "ThrottlingException", RATE);
            TaskError::new(format!("{name}.ThrottlingException"), cause)
        }
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::call;
    use super::*;

    #[test]
    fn every_integration_refuses_in_its_own_words() {
        let said = |resource: &str| {
            let error = throttled(&call(&format!("arn:aws:states:::{resource}"), "S"));
            let cause = error.cause.as_deref().unwrap_or("").split("Request ID").next().unwrap_or("").to_owned();
            format!("{}: {cause}", error.name())
        };
        let rate = "Rate exceeded (Service: AmazonECS; Status Code: 400; Error Code: ThrottlingException; ";
        assert_eq!(said("ecs:runTask.sync"), format!("ECS.AmazonECSException: {rate}"));
        assert_eq!(
            said("lambda:invoke"),
            "Lambda.TooManyRequestsException: Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException; "
        );
        let sdk =
            "DynamoDb.ProvisionedThroughputExceededException: Rate exceeded (Service: DynamoDb, Status Code: 400, ";
        assert_eq!(said("aws-sdk:dynamodb:getItem"), sdk);
        assert!(said("aws-sdk:sfn:startExecution").starts_with("Sfn.SfnException: "));
        assert!(said("mediaconvert:createJob.sync").starts_with("Mediaconvert.ThrottlingException: "));
        assert_eq!(said("http:invoke"), "States.Http.StatusCode.429: 429 Too Many Requests");
    }
}
