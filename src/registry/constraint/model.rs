//! The API's model (2016-11-23), as far as it bounds requests: one row an operation, one constant a shape.

/// What a member of a request may be; named by the model's shapes below.
pub(super) enum Form {
    Text {
        min: usize,
        max: usize,
        /// The service does not repeat what somebody might not want to be seen.
        is_secret: bool,
        pattern: Option<&'static Pattern>,
    },
    Word(&'static [&'static str]),
    Whole {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
    Flag,
    List {
        min: usize,
        max: usize,
        of: &'static Form,
    },
    Object(&'static [Member]),
}

pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) is_required: bool,
}

pub(super) struct Pattern {
    /// As the model writes it.
    pub(super) written: &'static str,
    pub(super) fits: fn(&str) -> bool,
}

const fn text(min: usize, max: usize) -> Form {
    Form::Text { min, max, is_secret: false, pattern: None }
}

const fn secret(min: usize, max: usize) -> Form {
    Form::Text { min, max, is_secret: true, pattern: None }
}

const fn need(name: &'static str, form: Form) -> Member {
    Member { name, form, is_required: true }
}

const fn may(name: &'static str, form: Form) -> Member {
    Member { name, form, is_required: false }
}

static ALIAS_NAMES: Pattern = Pattern {
    written: r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$",
    fits: |text| {
        let good = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        text.chars().all(good) && text.chars().any(|c| !c.is_ascii_digit())
    },
};
static VISIBLE: Pattern = Pattern { written: "[!-~]+", fits: |text| text.bytes().all(|b| b.is_ascii_graphic()) };
static ASCII: Pattern = Pattern { written: r"\p{ASCII}*", fits: str::is_ascii };

// The shapes of the model.
const NAME: Form = text(1, 80);
const TAG_KEY: Form = text(1, 128);
const TAG_VALUE: Form = text(0, 256);
const TAG: Form = Form::Object(&[may("key", TAG_KEY), may("value", TAG_VALUE)]);
const TAGS: Form = Form::List { min: 0, max: usize::MAX, of: &TAG };
const KMS_KEY_ID: Form = text(1, 2_048);
const REUSE_SECONDS: Form = Form::Whole { min: 60, max: 900 };
const ENCRYPTION_TYPE: Form = Form::Word(&["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"]);
const ENCRYPTION: Form = Form::Object(&[
    may("kmsKeyId", KMS_KEY_ID),
    may("kmsDataKeyReusePeriodSeconds", REUSE_SECONDS),
    need("type", ENCRYPTION_TYPE),
]);
const DEFINITION: Form = secret(1, 1_048_576);
const ARN: Form = text(1, 256);
const MACHINE_TYPE: Form = Form::Word(&["STANDARD", "EXPRESS"]);
const LOG_LEVEL: Form = Form::Word(&["ALL", "ERROR", "FATAL", "OFF"]);
const LOG_GROUP: Form = Form::Object(&[may("logGroupArn", ARN)]);
const LOG_DESTINATION: Form = Form::Object(&[may("cloudWatchLogsLogGroup", LOG_GROUP)]);
const LOG_DESTINATIONS: Form = Form::List { min: 0, max: usize::MAX, of: &LOG_DESTINATION };
const LOGGING: Form = Form::Object(&[
    may("level", LOG_LEVEL),
    may("includeExecutionData", Form::Flag),
    may("destinations", LOG_DESTINATIONS),
]);
const TRACING: Form = Form::Object(&[may("enabled", Form::Flag)]);
const DESCRIPTION: Form = secret(0, 256);
const ALIAS_NAME: Form = Form::Text { min: 1, max: 80, is_secret: false, pattern: Some(&ALIAS_NAMES) };
const WEIGHT: Form = Form::Whole { min: 0, max: 100 };
const ROUTE: Form = Form::Object(&[need("stateMachineVersionArn", ARN), need("weight", WEIGHT)]);
const ROUTES: Form = Form::List { min: 1, max: 2, of: &ROUTE };
const LONG_ARN: Form = text(1, 2_000);
const INCLUDED_DATA: Form = Form::Word(&["ALL_DATA", "METADATA_ONLY"]);
const PAGE_SIZE: Form = Form::Whole { min: 0, max: 1_000 };
const PAGE_TOKEN: Form = text(1, 1_024);
const EXECUTION_STATUS: Form =
    Form::Word(&["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]);
const EXECUTIONS_TOKEN: Form = text(1, 3_096);
const REDRIVE_FILTER: Form = Form::Word(&["REDRIVEN", "NOT_REDRIVEN"]);
const REVISION_ID: Form = text(0, usize::MAX);
const CLIENT_TOKEN: Form = Form::Text { min: 1, max: 64, is_secret: false, pattern: Some(&VISIBLE) };
const TASK_TOKEN: Form = secret(1, 2_048);
const ERROR: Form = secret(0, 256);
const CAUSE: Form = secret(0, 32_768);
const DATA: Form = secret(0, 262_144);
const TRACE_HEADER: Form = Form::Text { min: 0, max: 256, is_secret: false, pattern: Some(&ASCII) };
const INSPECTION_LEVEL: Form = Form::Word(&["INFO", "DEBUG", "TRACE"]);
const TESTED_NAME: Form = secret(1, 80);
const MOCK_ERROR: Form = Form::Object(&[may("error", ERROR), may("cause", CAUSE)]);
const VALIDATION_MODE: Form = Form::Word(&["STRICT", "PRESENT", "NONE"]);
const MOCK: Form =
    Form::Object(&[may("result", DATA), may("errorOutput", MOCK_ERROR), may("fieldValidationMode", VALIDATION_MODE)]);
const COUNT: Form = Form::Whole { min: 0, max: i32::MAX as i64 };
const STATE_CONFIGURATION: Form = Form::Object(&[
    may("retrierRetryCount", COUNT),
    may("errorCausedByState", TESTED_NAME),
    may("mapIterationFailureCount", COUNT),
    may("mapItemReaderData", DATA),
]);
const TAG_KEYS: Form = Form::List { min: 0, max: usize::MAX, of: &TAG_KEY };
const PERCENTAGE: Form = Form::Number { min: 0.0, max: 100.0 };
const LONG_COUNT: Form = Form::Whole { min: 0, max: i64::MAX };
const SEVERITY: Form = Form::Word(&["ERROR", "WARNING"]);
const MAX_FINDINGS: Form = Form::Whole { min: 0, max: 100 };

/// The input of every operation.
pub(super) const OPERATIONS: &[(&str, &[Member])] = &[
    ("CreateActivity", &[need("name", NAME), may("tags", TAGS), may("encryptionConfiguration", ENCRYPTION)]),
    (
        "CreateStateMachine",
        &[
            need("name", NAME),
            need("definition", DEFINITION),
            need("roleArn", ARN),
            may("type", MACHINE_TYPE),
            may("loggingConfiguration", LOGGING),
            may("tags", TAGS),
            may("tracingConfiguration", TRACING),
            may("publish", Form::Flag),
            may("versionDescription", DESCRIPTION),
            may("encryptionConfiguration", ENCRYPTION),
        ],
    ),
    (
        "CreateStateMachineAlias",
        &[may("description", DESCRIPTION), need("name", ALIAS_NAME), need("routingConfiguration", ROUTES)],
    ),
    ("DeleteActivity", &[need("activityArn", ARN)]),
    ("DeleteStateMachine", &[need("stateMachineArn", ARN)]),
    ("DeleteStateMachineAlias", &[need("stateMachineAliasArn", ARN)]),
    ("DeleteStateMachineVersion", &[need("stateMachineVersionArn", LONG_ARN)]),
    ("DescribeActivity", &[need("activityArn", ARN)]),
    ("DescribeExecution", &[need("executionArn", ARN), may("includedData", INCLUDED_DATA)]),
    ("DescribeMapRun", &[need("mapRunArn", LONG_ARN)]),
    ("DescribeStateMachine", &[need("stateMachineArn", ARN), may("includedData", INCLUDED_DATA)]),
    ("DescribeStateMachineAlias", &[need("stateMachineAliasArn", ARN)]),
    ("DescribeStateMachineForExecution", &[need("executionArn", ARN), may("includedData", INCLUDED_DATA)]),
    ("GetActivityTask", &[need("activityArn", ARN), may("workerName", NAME)]),
    (
        "GetExecutionHistory",
        &[
            need("executionArn", ARN),
            may("maxResults", PAGE_SIZE),
            may("reverseOrder", Form::Flag),
            may("nextToken", PAGE_TOKEN),
            may("includeExecutionData", Form::Flag),
        ],
    ),
    ("ListActivities", &[may("maxResults", PAGE_SIZE), may("nextToken", PAGE_TOKEN)]),
    (
        "ListExecutions",
        &[
            may("stateMachineArn", ARN),
            may("statusFilter", EXECUTION_STATUS),
            may("maxResults", PAGE_SIZE),
            may("nextToken", EXECUTIONS_TOKEN),
            may("mapRunArn", LONG_ARN),
            may("redriveFilter", REDRIVE_FILTER),
        ],
    ),
    ("ListMapRuns", &[need("executionArn", ARN), may("maxResults", PAGE_SIZE), may("nextToken", PAGE_TOKEN)]),
    (
        "ListStateMachineAliases",
        &[need("stateMachineArn", ARN), may("nextToken", PAGE_TOKEN), may("maxResults", PAGE_SIZE)],
    ),
    (
        "ListStateMachineVersions",
        &[need("stateMachineArn", ARN), may("nextToken", PAGE_TOKEN), may("maxResults", PAGE_SIZE)],
    ),
    ("ListStateMachines", &[may("maxResults", PAGE_SIZE), may("nextToken", PAGE_TOKEN)]),
    ("ListTagsForResource", &[need("resourceArn", ARN)]),
    (
        "PublishStateMachineVersion",
        &[need("stateMachineArn", ARN), may("revisionId", REVISION_ID), may("description", DESCRIPTION)],
    ),
    ("RedriveExecution", &[need("executionArn", ARN), may("clientToken", CLIENT_TOKEN)]),
    ("SendTaskFailure", &[need("taskToken", TASK_TOKEN), may("error", ERROR), may("cause", CAUSE)]),
    ("SendTaskHeartbeat", &[need("taskToken", TASK_TOKEN)]),
    ("SendTaskSuccess", &[need("taskToken", TASK_TOKEN), need("output", DATA)]),
    (
        "StartExecution",
        &[need("stateMachineArn", ARN), may("name", NAME), may("input", DATA), may("traceHeader", TRACE_HEADER)],
    ),
    (
        "StartSyncExecution",
        &[
            need("stateMachineArn", ARN),
            may("name", NAME),
            may("input", DATA),
            may("traceHeader", TRACE_HEADER),
            may("includedData", INCLUDED_DATA),
        ],
    ),
    ("StopExecution", &[need("executionArn", ARN), may("error", ERROR), may("cause", CAUSE)]),
    ("TagResource", &[need("resourceArn", ARN), need("tags", TAGS)]),
    (
        "TestState",
        &[
            need("definition", DEFINITION),
            may("roleArn", ARN),
            may("input", DATA),
            may("inspectionLevel", INSPECTION_LEVEL),
            may("revealSecrets", Form::Flag),
            may("variables", DATA),
            may("stateName", TESTED_NAME),
            may("mock", MOCK),
            may("context", DATA),
            may("stateConfiguration", STATE_CONFIGURATION),
        ],
    ),
    ("UntagResource", &[need("resourceArn", ARN), need("tagKeys", TAG_KEYS)]),
    (
        "UpdateMapRun",
        &[
            need("mapRunArn", LONG_ARN),
            may("maxConcurrency", COUNT),
            may("toleratedFailurePercentage", PERCENTAGE),
            may("toleratedFailureCount", LONG_COUNT),
        ],
    ),
    (
        "UpdateStateMachine",
        &[
            need("stateMachineArn", ARN),
            may("definition", DEFINITION),
            may("roleArn", ARN),
            may("loggingConfiguration", LOGGING),
            may("tracingConfiguration", TRACING),
            may("publish", Form::Flag),
            may("versionDescription", DESCRIPTION),
            may("encryptionConfiguration", ENCRYPTION),
        ],
    ),
    (
        "UpdateStateMachineAlias",
        &[need("stateMachineAliasArn", ARN), may("description", DESCRIPTION), may("routingConfiguration", ROUTES)],
    ),
    (
        "ValidateStateMachineDefinition",
        &[
            need("definition", DEFINITION),
            may("type", MACHINE_TYPE),
            may("severity", SEVERITY),
            may("maxResults", MAX_FINDINGS),
        ],
    ),
];
