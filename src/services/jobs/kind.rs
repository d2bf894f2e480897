//! The kinds of jobs: which call starts one, what it is called by, in what words its service describes it.

use super::telling::{self as tell, Telling};
use crate::value::Value;

/// A kind of job.
pub(super) struct Kind {
    /// The service as optimised integrations name it.
    pub(super) service: &'static str,
    /// The call that starts one.
    pub(super) action: &'static str,
    /// Members of the request that a job can be called by, the more special first; a dot leads into an object.
    pub(super) named_by: &'static [&'static str],
    /// Members that no request goes without.
    pub(super) needed: &'static [&'static str],
    /// Where in the service's answer, or else in the request, the id of the run is.
    pub(super) id: &'static str,
    /// The service's words for one that runs, has succeeded, has failed and was stopped.
    pub(super) words: [&'static str; 4],
    /// What the service says of a run, in the form of a task's result.
    pub(super) tells: fn(&Telling<'_>) -> Value,
    /// How the service is asked about runs.
    pub(super) asks: Asks,
    /// Whether it goes on when the task that waits for it is cut short.
    pub(super) outlives_task: bool,
}

/// How a service is asked about runs.
pub(super) struct Asks {
    pub(super) action: &'static str,
    /// The member with an id, or a list of them.
    pub(super) member: &'static str,
    /// What is answered, from the descriptions of those that there are and the ids of those that there are not; nothing
    /// where that is the test's mistake.
    pub(super) answers: fn(Vec<Value>, &[&str]) -> Option<Value>,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.service, self.action)
    }
}

impl Kind {
    /// What the job of a request can be called, the more special first.
    pub(super) fn names(&self, request: &Value) -> Vec<String> {
        let mut names = Vec::new();
        for member in self.named_by {
            let value = member.split('.').try_fold(request, |value, part| value.get(part));
            let Some(text) = value.and_then(Value::as_str).filter(|text| !text.is_empty()) else { continue };
            names.push(plain(text).to_owned());
            if names.last().is_some_and(|plain| plain != text) {
                names.push(text.to_owned());
            }
        }
        names
    }
}

/// `nightly` of `arn:aws:batch:us-east-1:123456789012:job-definition/nightly:3` and of `nightly:3`.
pub(super) fn plain(text: &str) -> &str {
    let last = if text.starts_with("arn:") { text.rsplit('/').next().unwrap_or(text) } else { text };
    match last.rsplit_once(':') {
        Some((name, revision)) if !revision.is_empty() && revision.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => last,
    }
}

/// What is asked about one run alone, and is there.
fn one(mut told: Vec<Value>, missing: &[&str]) -> Option<Value> {
    if missing.is_empty() { told.pop() } else { None }
}

/// The same in a member.
fn one_in(member: &'static str, told: Vec<Value>, missing: &[&str]) -> Option<Value> {
    Some(Value::object([(member, one(told, missing)?)]))
}

/// A list of what there is, without what is not there, or with its ids besides.
fn all_in(member: &'static str, told: Vec<Value>) -> Value {
    Value::object([(member, Value::array(told))])
}

/// The same, with the ids of what is not there.
fn builds(member: &'static str, each: &str, lost: &'static str, told: &[Value], missing: &[&str]) -> Value {
    let told = told.iter().filter_map(|build| build.get(each).cloned()).collect();
    let missing = missing.iter().map(|id| Value::from(*id)).collect();
    Value::object([(member, Value::array(told)), (lost, Value::array(missing))])
}

fn tasks(told: Vec<Value>, missing: &[&str]) -> Value {
    let failure = |arn: &&str| Value::object([("Arn", Value::from(*arn)), ("Reason", "MISSING".into())]);
    let failures = missing.iter().map(failure).collect();
    Value::object([("Failures", Value::array(failures)), ("Tasks", Value::array(told))])
}

const SAGEMAKER: [&str; 4] = ["InProgress", "Completed", "Failed", "Stopped"];

static KINDS: [Kind; 19] = [
    Kind {
        service: "athena",
        action: "startQueryExecution",
        named_by: &["WorkGroup", "QueryExecutionContext.Database", "QueryString"],
        needed: &["QueryString"],
        id: "QueryExecutionId",
        words: ["RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"],
        tells: tell::query,
        asks: Asks { action: "getQueryExecution", member: "QueryExecutionId", answers: one },
        outlives_task: false,
    },
    Kind {
        service: "batch",
        action: "submitJob",
        named_by: &["JobName", "JobDefinition"],
        needed: &["JobDefinition", "JobName", "JobQueue"],
        id: "JobId",
        words: ["RUNNING", "SUCCEEDED", "FAILED", "FAILED"],
        tells: tell::batch_job,
        asks: Asks { action: "describeJobs", member: "Jobs", answers: |told, _| Some(all_in("Jobs", told)) },
        outlives_task: false,
    },
    Kind {
        service: "bedrock",
        action: "createModelCustomizationJob",
        named_by: &["JobName", "CustomModelName", "BaseModelIdentifier"],
        needed: &["BaseModelIdentifier", "CustomModelName", "JobName"],
        id: "JobArn",
        words: SAGEMAKER,
        tells: tell::customization,
        asks: Asks { action: "getModelCustomizationJob", member: "JobIdentifier", answers: one },
        outlives_task: false,
    },
    Kind {
        service: "codebuild",
        action: "startBuild",
        named_by: &["ProjectName"],
        needed: &["ProjectName"],
        id: "Build.Id",
        words: ["IN_PROGRESS", "SUCCEEDED", "FAILED", "STOPPED"],
        tells: tell::build,
        asks: Asks {
            action: "batchGetBuilds",
            member: "Ids",
            answers: |told, missing| Some(builds("Builds", "Build", "BuildsNotFound", &told, missing)),
        },
        outlives_task: false,
    },
    Kind {
        service: "codebuild",
        action: "startBuildBatch",
        named_by: &["ProjectName"],
        needed: &["ProjectName"],
        id: "BuildBatch.Id",
        words: ["IN_PROGRESS", "SUCCEEDED", "FAILED", "STOPPED"],
        tells: tell::build_batch,
        asks: Asks {
            action: "batchGetBuildBatches",
            member: "Ids",
            answers: |told, missing| Some(builds("BuildBatches", "BuildBatch", "BuildBatchesNotFound", &told, missing)),
        },
        outlives_task: false,
    },
    Kind {
        service: "databrew",
        action: "startJobRun",
        named_by: &["Name"],
        needed: &["Name"],
        id: "RunId",
        words: ["RUNNING", "SUCCEEDED", "FAILED", "STOPPED"],
        tells: tell::databrew_run,
        asks: Asks { action: "describeJobRun", member: "RunId", answers: one },
        outlives_task: false,
    },
    Kind {
        service: "ecs",
        action: "runTask",
        named_by: &["TaskDefinition"],
        needed: &["TaskDefinition"],
        id: "Tasks.TaskArn",
        words: ["RUNNING", "STOPPED", "STOPPED", "STOPPED"],
        tells: tell::ecs_task,
        asks: Asks { action: "describeTasks", member: "Tasks", answers: |told, missing| Some(tasks(told, missing)) },
        outlives_task: false,
    },
    Kind {
        service: "eks",
        action: "runJob",
        named_by: &["Job.metadata.name", "ClusterName"],
        needed: &["ClusterName", "Job"],
        id: "Name",
        words: ["Running", "Complete", "Failed", "Failed"],
        tells: tell::kubernetes_job,
        // A cluster is asked with `eks:call`, by its paths.
        asks: Asks { action: "", member: "", answers: |_, _| None },
        outlives_task: false,
    },
    Kind {
        service: "elasticmapreduce",
        action: "addStep",
        named_by: &["Step.Name"],
        needed: &["ClusterId", "Step"],
        id: "StepId",
        words: ["RUNNING", "COMPLETED", "FAILED", "CANCELLED"],
        tells: tell::step,
        asks: Asks { action: "describeStep", member: "StepId", answers: one },
        outlives_task: false,
    },
    Kind {
        service: "elasticmapreduce",
        action: "createCluster",
        named_by: &["Name"],
        needed: &["Name"],
        id: "ClusterId",
        // A cluster counts as made when it waits for steps.
        words: ["STARTING", "WAITING", "TERMINATED_WITH_ERRORS", "TERMINATED"],
        tells: tell::cluster,
        asks: Asks {
            action: "describeCluster",
            member: "ClusterId",
            answers: |told, missing| Some(Value::object([("Cluster", one(told, missing)?.get("Cluster")?.clone())])),
        },
        outlives_task: true,
    },
    Kind {
        service: "emr-containers",
        action: "startJobRun",
        named_by: &["Name", "VirtualClusterId"],
        needed: &["VirtualClusterId"],
        id: "Id",
        words: ["RUNNING", "COMPLETED", "FAILED", "CANCELLED"],
        tells: tell::container_run,
        asks: Asks { action: "describeJobRun", member: "Id", answers: |told, missing| one_in("JobRun", told, missing) },
        outlives_task: false,
    },
    Kind {
        service: "emr-serverless",
        action: "startJobRun",
        named_by: &["Name", "ApplicationId"],
        needed: &["ApplicationId", "ExecutionRoleArn"],
        id: "JobRunId",
        words: ["RUNNING", "SUCCESS", "FAILED", "CANCELLED"],
        tells: tell::serverless_run,
        asks: Asks {
            action: "getJobRun",
            member: "JobRunId",
            answers: |told, missing| one_in("JobRun", told, missing),
        },
        outlives_task: false,
    },
    Kind {
        service: "glue",
        action: "startJobRun",
        named_by: &["JobName"],
        needed: &["JobName"],
        id: "JobRunId",
        words: ["RUNNING", "SUCCEEDED", "FAILED", "STOPPED"],
        tells: tell::glue_run,
        asks: Asks { action: "getJobRun", member: "RunId", answers: |told, missing| one_in("JobRun", told, missing) },
        outlives_task: false,
    },
    Kind {
        service: "mediaconvert",
        action: "createJob",
        named_by: &["JobTemplate", "Queue"],
        needed: &["Role"],
        id: "Job.Id",
        words: ["PROGRESSING", "COMPLETE", "ERROR", "CANCELED"],
        tells: tell::conversion,
        asks: Asks { action: "getJob", member: "Id", answers: one },
        outlives_task: false,
    },
    sagemaker(
        "createHyperParameterTuningJob",
        &["HyperParameterTuningJobName"],
        "describeHyperParameterTuningJob",
        tell::tuning,
    ),
    sagemaker("createLabelingJob", &["LabelingJobName"], "describeLabelingJob", tell::labeling),
    sagemaker("createProcessingJob", &["ProcessingJobName"], "describeProcessingJob", tell::processing),
    sagemaker("createTransformJob", &["TransformJobName"], "describeTransformJob", tell::transform),
    sagemaker("createTrainingJob", &["TrainingJobName"], "describeTrainingJob", tell::training),
];

/// SageMaker's jobs differ by their noun; the name is the id.
const fn sagemaker(
    action: &'static str,
    named_by: &'static [&'static str],
    describe: &'static str,
    tells: fn(&Telling<'_>) -> Value,
) -> Kind {
    Kind {
        service: "sagemaker",
        action,
        named_by,
        needed: named_by,
        id: named_by[0],
        words: SAGEMAKER,
        tells,
        asks: Asks { action: describe, member: named_by[0], answers: one },
        outlives_task: false,
    }
}

/// What SDK integrations call services whose optimised integrations have other names.
const SDK_NAMES: [(&str, &str); 3] =
    [("emr", "elasticmapreduce"), ("emrcontainers", "emr-containers"), ("emrserverless", "emr-serverless")];

/// A service that runs jobs, as its optimised integration names it.
pub(super) fn service_of(name: &str) -> Option<&'static str> {
    let name = SDK_NAMES.iter().find(|(sdk, _)| *sdk == name).map_or(name, |(_, own)| own);
    KINDS.iter().find(|kind| kind.service == name).map(|kind| kind.service)
}

/// All of them.
pub(super) fn services() -> Vec<&'static str> {
    let mut all: Vec<&str> = KINDS.iter().map(|kind| kind.service).collect();
    all.dedup();
    all
}

/// The kind of job that a call starts.
pub(super) fn started_by(service: &str, action: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.service == service && kind.action == action)
}

/// The kind of job that a call asks about.
pub(super) fn asked_by(service: &str, action: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.service == service && kind.asks.action == action)
}
