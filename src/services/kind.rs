//! What kind of value a member of a request has: another is refused before any model looks at it, as the services'
//! readers do, so that nothing is taken for absent that was only written wrongly.

use super::Service;
use super::error::ServiceError;
use crate::value::{Map, Value};

/// What a member takes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Text,
    Whole,
    /// A whole number that older protocols and queries write as a text.
    Digits,
    Truth,
    /// Members of which each has a kind of its own.
    Structure,
    /// Names of the caller's, with whatever values.
    Map,
    MapOfStructures,
    Structures,
    Texts,
}

/// Kinds with the names of the members that have them. A name has the same kind wherever a service has it; the few that
/// differ, times and binaries are not here.
type Table = &'static [(Kind, &'static str)];

const SQS: Table = &[
    (
        Kind::Text,
        "
        DataType DestinationArn Id Label MessageBody MessageDeduplicationId MessageGroupId NextToken
        QueueName QueueNamePrefix QueueOwnerAWSAccountId QueueUrl ReceiptHandle ReceiveRequestAttemptId
        SourceArn StringValue TaskHandle
        ",
    ),
    (
        Kind::Digits,
        "
        DelaySeconds MaxNumberOfMessages MaxNumberOfMessagesPerSecond MaxResults VisibilityTimeout
        WaitTimeSeconds
        ",
    ),
    (Kind::Map, "Attributes Tags tags"),
    (Kind::MapOfStructures, "MessageAttributes MessageSystemAttributes"),
    (Kind::Structures, "Entries"),
    (
        Kind::Texts,
        "
        AWSAccountIds Actions AttributeNames MessageAttributeNames MessageSystemAttributeNames
        StringListValues TagKeys
        ",
    ),
];

const LAMBDA: Table = &[
    (
        Kind::Text,
        "
        Action ApplicationLogLevel ApplyOn Arn Attribute CapacityProviderArn ClientContext CodeSha256
        CodeSigningConfigArn CollectionName ConsumerGroupId DatabaseName Description Destination
        DurableExecutionName EventRecordFormat EventSourceArn EventSourceToken FullDocument FunctionName
        FunctionUrlAuthType FunctionVersion Handler ImageUri InvocationType KMSKeyArn LocalMountPath
        LogFormat LogGroup LogType Marker MasterRegion Mode Name PackageType Pattern PollerGroupName
        Principal PrincipalOrgID PublishTo Qualifier Resource RevisionId Role Runtime S3Bucket S3Key
        S3ObjectVersion SchemaRegistryURI SourceAccount SourceArn SourceKMSKeyArn StartingPosition
        StatementId SystemLogLevel TargetArn TenantId TenantIsolationMode Type URI UUID WorkingDirectory
        ",
    ),
    (
        Kind::Whole,
        "
        BatchSize ExecutionTimeout MaximumBatchingWindowInSeconds MaximumConcurrency
        MaximumEventAgeInSeconds MaximumPollers MaximumRecordAgeInSeconds MaximumRetryAttempts
        MemorySize MinimumPollers ParallelizationFactor PerExecutionEnvironmentMaxConcurrency
        ReservedConcurrentExecutions RetentionPeriodInDays Size Timeout TumblingWindowInSeconds
        ",
    ),
    (Kind::Digits, "MaxItems"),
    (
        Kind::Truth,
        "
        BisectBatchOnFunctionError DryRun Enabled InvokedViaFunctionUrl Ipv6AllowedForDualStack Publish
        ",
    ),
    (
        Kind::Structure,
        "
        AmazonManagedKafkaEventSourceConfig CapacityProviderConfig Code DeadLetterConfig
        DestinationConfig DocumentDBEventSourceConfig DurableConfig Environment EphemeralStorage
        FilterCriteria ImageConfig LambdaManagedInstancesCapacityProviderConfig LoggingConfig
        MetricsConfig OnFailure OnSuccess ProvisionedPollerConfig RoutingConfig ScalingConfig
        SchemaRegistryConfig SelfManagedEventSource SelfManagedKafkaEventSourceConfig SnapStart
        TenancyConfig TracingConfig VpcConfig
        ",
    ),
    (Kind::Map, "AdditionalVersionWeights Endpoints Tags Variables"),
    (
        Kind::Structures,
        "
        AccessConfigs FileSystemConfigs Filters SchemaValidationConfigs SourceAccessConfigurations
        ",
    ),
    (
        Kind::Texts,
        "
        Architectures Command EntryPoint FunctionResponseTypes Layers Metrics Queues SecurityGroupIds
        SubnetIds TagKeys Topics
        ",
    ),
];

const EVENTS: Table = &[
    (
        Kind::Text,
        "
        Action ApiKeyName ApiKeyValue Arn AssignPublicIp AuthorizationEndpoint AuthorizationType
        ClientID ClientSecret ConnectionArn ConnectionState Database DbUser Description Detail
        DetailType EndpointId Event EventBusName EventPattern EventSourceName GraphQLOperation Group
        HttpMethod Id IncludeDetail Input InputPath InputTemplate InvocationEndpoint JobDefinition
        JobName Key KmsKeyIdentifier LaunchType Level MessageGroupId Name NamePrefix NextToken
        PartitionKeyPath Password PlatformVersion Policy Principal PropagateTags ReferenceId ResourceARN
        ResourceConfigurationArn RoleArn Rule ScheduleExpression SecretManagerArn Source Sql State
        StatementId StatementName TargetArn TaskDefinitionArn TraceHeader Type Username Value
        capacityProvider expression field type
        ",
    ),
    (
        Kind::Whole,
        "
        Attempts InvocationRateLimitPerSecond Limit MaximumEventAgeInSeconds MaximumRetryAttempts Size
        TaskCount base weight
        ",
    ),
    (
        Kind::Truth,
        "
        EnableECSManagedTags EnableExecuteCommand Force IsValueSecret RemoveAllPermissions WithEvent
        ",
    ),
    (
        Kind::Structure,
        "
        ApiKeyAuthParameters AppSyncParameters ArrayProperties AuthParameters BasicAuthParameters
        BatchParameters ClientParameters Condition ConnectivityParameters DeadLetterConfig EcsParameters
        HttpParameters InputTransformer InvocationConnectivityParameters InvocationHttpParameters
        KinesisParameters LogConfig NetworkConfiguration OAuthHttpParameters OAuthParameters
        RedshiftDataParameters ResourceParameters RetryPolicy RetryStrategy RunCommandParameters
        SageMakerPipelineParameters SqsParameters awsvpcConfiguration
        ",
    ),
    (Kind::Map, "InputPathsMap"),
    (
        Kind::Structures,
        "
        BodyParameters CapacityProviderStrategy Entries PipelineParameterList PlacementConstraints
        PlacementStrategy RunCommandTargets Tags Targets
        ",
    ),
    (Kind::Texts, "Ids PathParameterValues Resources SecurityGroups Sqls Subnets TagKeys Values"),
];

const SCHEDULER: Table = &[
    (
        Kind::Text,
        "
        ActionAfterCompletion Arn AssignPublicIp ClientToken Description DetailType Group GroupName
        Input Key KmsKeyArn LaunchType MessageGroupId Mode Name NamePrefix NextToken PartitionKey
        PlatformVersion PropagateTags ReferenceId ResourceArn RoleArn ScheduleExpression
        ScheduleExpressionTimezone Source State TaskDefinitionArn Value capacityProvider expression
        field type
        ",
    ),
    (
        Kind::Whole,
        "
        MaximumEventAgeInSeconds MaximumRetryAttempts MaximumWindowInMinutes TaskCount base weight
        ",
    ),
    (Kind::Digits, "MaxResults"),
    (Kind::Truth, "EnableECSManagedTags EnableExecuteCommand"),
    (
        Kind::Structure,
        "
        DeadLetterConfig EcsParameters EventBridgeParameters FlexibleTimeWindow KinesisParameters
        NetworkConfiguration RetryPolicy SageMakerPipelineParameters SqsParameters Target
        awsvpcConfiguration
        ",
    ),
    (
        Kind::Structures,
        "
        CapacityProviderStrategy PipelineParameterList PlacementConstraints PlacementStrategy
        ",
    ),
    (Kind::Texts, "SecurityGroups Subnets TagKeys"),
];

/// # Errors
/// A member of another kind than the API gives it.
pub(super) fn check(service: Service, input: &Value) -> Result<(), ServiceError> {
    let table = match service {
        Service::Sqs => SQS,
        Service::Lambda => LAMBDA,
        Service::Events => EVENTS,
        Service::Scheduler => SCHEDULER,
        // Forms and XML have texts only, and the engine of DynamoDB looks itself.
        Service::DynamoDb | Service::S3 | Service::Sns => return Ok(()),
    };
    match objection(table, input) {
        Some(why) => Err(ServiceError::coded("SerializationException", why)),
        None => Ok(()),
    }
}

/// What is wrong with the members of a structure.
fn objection(table: Table, structure: &Value) -> Option<String> {
    structure.as_object().into_iter().flat_map(Map::iter).find_map(|(name, value)| {
        let is_of = |names: &&str| names.split_ascii_whitespace().any(|own| own == &**name);
        let (kind, _) = table.iter().find(|(_, names)| is_of(names))?;
        of_value(table, *kind, value)
    })
}

fn of_value(table: Table, kind: Kind, value: &Value) -> Option<String> {
    let is_digits = || value.as_str().is_some_and(|text| text.parse::<i64>().is_ok());
    let is_truth = || matches!(value.as_str(), Some("true" | "false"));
    let each = |kind| value.as_array().into_iter().flatten().find_map(|item| of_value(table, kind, item));
    match (kind, value) {
        (_, Value::Null) | (Kind::Text, Value::String(_)) | (Kind::Truth, Value::Bool(_)) => None,
        (Kind::Whole | Kind::Digits, Value::Number(_)) if value.as_whole().is_some() => None,
        (Kind::Digits, Value::String(_)) if is_digits() => None,
        (Kind::Truth, Value::String(_)) if is_truth() => None,
        (Kind::Structure, Value::Object(_)) => objection(table, value),
        (Kind::Map, Value::Object(_)) => None,
        (Kind::MapOfStructures, Value::Object(members)) => {
            members.iter().find_map(|(_, value)| of_value(table, Kind::Structure, value))
        }
        (Kind::Structures, Value::Array(_)) => each(Kind::Structure),
        (Kind::Texts, Value::Array(_)) => each(Kind::Text),
        _ => Some(mismatch(kind, value)),
    }
}

/// What the readers say of a value of another kind.
fn mismatch(kind: Kind, value: &Value) -> String {
    let wanted = match kind {
        Kind::Text => "String",
        Kind::Whole | Kind::Digits => "Integer",
        Kind::Truth => "Boolean",
        Kind::Structure | Kind::Map | Kind::MapOfStructures => return "Expected map or null".to_owned(),
        Kind::Structures | Kind::Texts => return "Expected list or null".to_owned(),
    };
    let found = match value {
        Value::Array(_) => return "Start of list found where not expected".to_owned(),
        Value::Object(_) => return "Start of structure or map found where not expected.".to_owned(),
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::String(_) => "STRING_VALUE",
        _ if value.as_whole().is_some() => "NUMBER_VALUE",
        _ => "DECIMAL_VALUE",
    };
    format!("{found} cannot be converted to {wanted}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_another_kind_is_refused_wherever_it_stands() {
        let table = [
            (Service::Sqs, r#"{"QueueUrl": "q", "DelaySeconds": 5}"#, None),
            (Service::Sqs, r#"{"QueueUrl": "q", "DelaySeconds": "5", "MessageBody": null}"#, None),
            (Service::Sqs, r#"{"DelaySeconds": "abc"}"#, Some("STRING_VALUE cannot be converted to Integer")),
            (Service::Sqs, r#"{"DelaySeconds": 1.5}"#, Some("DECIMAL_VALUE cannot be converted to Integer")),
            (Service::Sqs, r#"{"MessageBody": 5}"#, Some("NUMBER_VALUE cannot be converted to String")),
            (Service::Sqs, r#"{"QueueUrl": ["q"]}"#, Some("Start of list found where not expected")),
            (Service::Sqs, r#"{"Entries": {"Id": "a"}}"#, Some("Expected list or null")),
            (Service::Sqs, r#"{"Entries": [5]}"#, Some("Expected map or null")),
            (
                Service::Sqs,
                r#"{"Entries": [{"Id": "a", "MessageAttributes": {"n": {"DataType": true}}}]}"#,
                Some("TRUE_VALUE cannot be converted to String"),
            ),
            (Service::Sqs, r#"{"Attributes": {"DelaySeconds": 5}, "Hard": true}"#, None),
            (Service::Lambda, r#"{"Timeout": "5"}"#, Some("STRING_VALUE cannot be converted to Integer")),
            (Service::Lambda, r#"{"MaxItems": "5", "Timeout": 5, "Publish": true, "Payload": [1]}"#, None),
            (Service::Events, r#"{"Entries": 5}"#, Some("Expected list or null")),
            (
                Service::Events,
                r#"{"Targets": [{"InputTransformer": {"InputTemplate": {}}}]}"#,
                Some("Start of structure or map found where not expected."),
            ),
            (Service::Scheduler, r#"{"Target": "arn"}"#, Some("Expected map or null")),
        ];
        for (service, input, want) in table {
            let refused = check(service, &Value::parse(input).unwrap());
            assert_eq!(refused.err().map(|e| e.message).as_deref(), want, "{input}");
        }
    }
}
