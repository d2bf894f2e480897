//! The optimised integrations: services, their actions, and which patterns each action has.

use crate::asl::resource::Pattern;

/// Request–response only.
const R: u8 = 1;
/// `.sync` as well.
const S: u8 = 2;
/// `.waitForTaskToken` as well.
const T: u8 = 4;
/// `.sync:2` as well.
const S2: u8 = 8;

/// A service, one of its actions, the patterns.
struct Integration(&'static str, &'static str, u8);

#[rustfmt::skip]
const INTEGRATIONS: &[Integration] = &[
    Integration("apigateway", "invoke", R | T),
    Integration("athena", "getQueryExecution", R),
    Integration("athena", "getQueryResults", R),
    Integration("athena", "startQueryExecution", R | S),
    Integration("athena", "stopQueryExecution", R),
    Integration("batch", "submitJob", R | S | T),
    Integration("bedrock", "createModelCustomizationJob", R | S),
    Integration("bedrock", "invokeModel", R | T),
    Integration("codebuild", "batchDeleteBuilds", R),
    Integration("codebuild", "batchGetReports", R),
    Integration("codebuild", "startBuild", R | S),
    Integration("codebuild", "startBuildBatch", R | S),
    Integration("codebuild", "stopBuild", R),
    Integration("codebuild", "stopBuildBatch", R),
    Integration("databrew", "startJobRun", R | S),
    Integration("dynamodb", "deleteItem", R),
    Integration("dynamodb", "getItem", R),
    Integration("dynamodb", "putItem", R),
    Integration("dynamodb", "updateItem", R),
    Integration("ecs", "runTask", R | S | T),
    Integration("eks", "call", R | T),
    Integration("eks", "createCluster", R | S),
    Integration("eks", "createFargateProfile", R | S),
    Integration("eks", "createNodegroup", R | S),
    Integration("eks", "deleteCluster", R | S),
    Integration("eks", "deleteFargateProfile", R | S),
    Integration("eks", "deleteNodegroup", R | S),
    Integration("eks", "runJob", R | S | T),
    Integration("elasticmapreduce", "addStep", R | S),
    Integration("elasticmapreduce", "cancelStep", R),
    Integration("elasticmapreduce", "createCluster", R | S),
    Integration("elasticmapreduce", "modifyInstanceFleetByName", R),
    Integration("elasticmapreduce", "modifyInstanceGroupByName", R),
    Integration("elasticmapreduce", "setClusterTerminationProtection", R),
    Integration("elasticmapreduce", "terminateCluster", R | S),
    Integration("emr-containers", "createVirtualCluster", R),
    Integration("emr-containers", "deleteVirtualCluster", R | S),
    Integration("emr-containers", "startJobRun", R | S),
    Integration("emr-serverless", "cancelJobRun", R | S),
    Integration("emr-serverless", "createApplication", R | S),
    Integration("emr-serverless", "deleteApplication", R | S),
    Integration("emr-serverless", "startApplication", R | S),
    Integration("emr-serverless", "startJobRun", R | S),
    Integration("emr-serverless", "stopApplication", R | S),
    Integration("events", "putEvents", R | T),
    Integration("glue", "startJobRun", R | S),
    Integration("http", "invoke", R | T),
    Integration("lambda", "invoke", R | T),
    Integration("mediaconvert", "createJob", R | S),
    Integration("sagemaker", "createEndpoint", R),
    Integration("sagemaker", "createEndpointConfig", R),
    Integration("sagemaker", "createHyperParameterTuningJob", R | S),
    Integration("sagemaker", "createLabelingJob", R | S),
    Integration("sagemaker", "createModel", R),
    Integration("sagemaker", "createProcessingJob", R | S),
    Integration("sagemaker", "createTrainingJob", R | S),
    Integration("sagemaker", "createTransformJob", R | S),
    Integration("sagemaker", "updateEndpoint", R),
    Integration("sns", "publish", R | T),
    Integration("sqs", "sendMessage", R | T),
    Integration("states", "startExecution", R | S | S2 | T),
];

/// Why the service does not know a resource, as help; `None` when it does.
pub(super) fn refusal(service: &str, action: &str, pattern: Pattern) -> Option<String> {
    if let Some(sdk) = service.strip_prefix("aws-sdk:") {
        return match pattern {
            Pattern::Sync | Pattern::Sync2 => {
                Some(format!("AWS SDK integrations cannot wait for a job; poll `{sdk}` in a loop with a Wait state"))
            }
            Pattern::RequestResponse | Pattern::WaitForTaskToken => None,
        };
    }
    let of_service: Vec<&Integration> = INTEGRATIONS.iter().filter(|i| i.0 == service).collect();
    let Some(first) = of_service.first() else {
        let names = INTEGRATIONS.iter().map(|i| i.0);
        return Some(match crate::diagnostic::did_you_mean(service, names) {
            Some(near) => format!("did you mean the service `{near}`?"),
            None => format!("`{service}` has no integration of its own; call its API as `aws-sdk:{service}:{action}`"),
        });
    };
    let Some(Integration(_, _, patterns)) = of_service.iter().find(|i| i.1 == action) else {
        let actions: Vec<&str> = of_service.iter().map(|i| i.1).collect();
        return Some(match crate::diagnostic::did_you_mean(action, actions.iter().copied()) {
            Some(near) => format!("did you mean `{service}:{near}`?"),
            None => format!(
                "the integration of {} has {}; call other APIs as `aws-sdk:{service}:{action}`",
                first.0,
                actions.join(", ")
            ),
        });
    };
    let (bit, name) = match pattern {
        Pattern::RequestResponse => (R, ""),
        Pattern::Sync => (S, ".sync"),
        Pattern::Sync2 => (S2, ".sync:2"),
        Pattern::WaitForTaskToken => (T, ".waitForTaskToken"),
    };
    (patterns & bit == 0).then(|| format!("`{service}:{action}` has no `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_action_or_pattern_is_told_what_to_write() {
        let table = [
            ("lambda", "invoke", Pattern::WaitForTaskToken, None),
            ("states", "startExecution", Pattern::Sync2, None),
            ("aws-sdk:dynamodb", "query", Pattern::RequestResponse, None),
            ("dynamodb", "query", Pattern::RequestResponse, Some("call other APIs as `aws-sdk:dynamodb:query`")),
            ("dynamodb", "putitem", Pattern::RequestResponse, Some("did you mean `dynamodb:putItem`?")),
            ("dynamo", "putItem", Pattern::RequestResponse, Some("did you mean the service `dynamodb`?")),
            ("rds", "startDBInstance", Pattern::RequestResponse, Some("`aws-sdk:rds:startDBInstance`")),
            ("lambda", "invoke", Pattern::Sync, Some("`lambda:invoke` has no `.sync`")),
            ("aws-sdk:glue", "startCrawler", Pattern::Sync, Some("poll `glue` in a loop")),
        ];
        for (service, action, pattern, want) in table {
            let said = refusal(service, action, pattern);
            match want {
                None => assert_eq!(said, None, "{service}:{action}"),
                Some(part) => {
                    assert!(said.as_deref().is_some_and(|s| s.contains(part)), "{service}:{action}: {said:?}")
                }
            }
        }
    }
}
