//! What each service says of a run: members that follow from the request, the clock and the outcome. What does not
//! follow from these is left out; the test can say it with `describes`.

use super::kind::plain;
use super::run::JobRun;
use crate::pretend::{ACCOUNT, PARTITION, REGION};
use crate::time::Timestamp;
use crate::value::Value;

/// A run that is told of.
pub(super) struct Telling<'a> {
    pub(super) run: &'a JobRun,
    /// The service's word for how it stands.
    pub(super) word: &'static str,
    /// Why it failed.
    pub(super) reason: Option<&'a str>,
    /// SDK integrations write dates as texts, the others as milliseconds.
    pub(super) is_sdk: bool,
}

impl<'a> Telling<'a> {
    fn date(&self, at: Timestamp) -> Value {
        if self.is_sdk { at.to_string().into() } else { at.as_millis().into() }
    }
    fn since(&self) -> Value {
        self.date(self.run.since)
    }
    fn until(&self) -> Option<Value> {
        self.run.ended_at.map(|at| self.date(at))
    }
    /// How long it ran, once it has ended.
    fn millis(&self) -> Option<i64> {
        Some(self.run.ended_at?.as_millis() - self.run.since.as_millis())
    }
    fn seconds(&self) -> Option<i64> {
        Some(self.millis()? / 1000)
    }
    fn ran_well(&self) -> bool {
        self.run.ended_at.is_some() && self.run.status == super::JobStatus::Succeeded
    }
    /// A member of the request.
    fn asked(&self, name: &str) -> Option<Value> {
        self.run.input.get(name).filter(|value| !value.is_null()).cloned()
    }
    fn asked_text(&self, name: &str) -> &'a str {
        self.run.input.get(name).and_then(Value::as_str).unwrap_or("")
    }
    /// A member of the service's answer to it.
    fn said(&self, name: &str) -> Option<Value> {
        self.run.said.get(name).cloned()
    }
    fn of(&self) -> Members<'_> {
        Members { telling: self, members: Vec::new() }
    }
}

/// A description that grows.
struct Members<'t> {
    telling: &'t Telling<'t>,
    members: Vec<(&'static str, Value)>,
}

impl Members<'_> {
    fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((name, value.into()));
        self
    }
    fn maybe(mut self, name: &'static str, value: Option<impl Into<Value>>) -> Self {
        self.members.extend(value.map(|value| (name, value.into())));
        self
    }
    /// Members that are as the request has them.
    fn asking(mut self, names: &[&'static str]) -> Self {
        self.members.extend(names.iter().filter_map(|name| Some((*name, self.telling.asked(name)?))));
        self
    }
    /// Members that are as the answer to the request had them.
    fn saying(mut self, names: &[&'static str]) -> Self {
        self.members.extend(names.iter().filter_map(|name| Some((*name, self.telling.said(name)?))));
        self
    }
    fn done(mut self) -> Value {
        self.members.sort_by_key(|(name, _)| *name);
        Value::object(self.members)
    }
    fn inside(self, member: &'static str) -> Value {
        Value::object([(member, self.done())])
    }
}

/// Puts what a test says over what the service says anyway, object by object.
pub(super) fn merged(told: &mut Value, more: &Value) {
    match (told.as_object_mut(), more.as_object()) {
        (Some(members), Some(more)) => {
            for (name, value) in more.iter() {
                match members.get_mut(name) {
                    Some(member) => merged(member, value),
                    None => {
                        members.insert(name.clone(), value.clone());
                    }
                }
            }
        }
        _ => *told = more.clone(),
    }
}

fn arn(service: &str, what: &str) -> String {
    format!("arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{what}")
}

/// An ARN as it is; of a name that of the resource.
fn as_arn(service: &str, kind: &str, name: &str) -> String {
    if name.starts_with("arn:") { name.to_owned() } else { arn(service, &format!("{kind}/{name}")) }
}

/// The same with the revision that nobody gave.
fn with_revision(name: String) -> String {
    if plain(&name).len() < name.rsplit('/').next().unwrap_or_default().len() { name } else { format!("{name}:1") }
}

/// `GetQueryExecution`.
pub(super) fn query(t: &Telling<'_>) -> Value {
    let id = t.run.id();
    let text = t.asked_text("QueryString");
    let begins = |word: &str| text.trim_start().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let ending = if begins("SELECT") || begins("WITH") { "csv" } else { "txt" };
    let mut results = t.asked("ResultConfiguration").unwrap_or_else(Value::empty_object);
    if let Some(member) = results.as_object_mut().and_then(|members| members.get_mut("OutputLocation")) {
        *member = format!("{}/{id}.{ending}", member.as_str().unwrap_or_default().trim_end_matches('/')).into();
    }
    let status = t
        .of()
        .maybe("CompletionDateTime", t.until())
        .with("State", t.word)
        .maybe("StateChangeReason", t.reason)
        .with("SubmissionDateTime", t.since());
    let mut statistics = t.of();
    for name in ["EngineExecutionTimeInMillis", "TotalExecutionTimeInMillis"] {
        statistics = statistics.maybe(name, t.millis());
    }
    t.of()
        .with("Query", text)
        .asking(&["ExecutionParameters", "QueryExecutionContext"])
        .with("QueryExecutionId", id)
        .with("ResultConfiguration", results)
        .with("Statistics", statistics.done())
        .with("Status", status.done())
        .with("WorkGroup", t.asked("WorkGroup").unwrap_or_else(|| "primary".into()))
        .inside("QueryExecution")
}

/// One of `DescribeJobs`. Its times are numbers in the API itself.
pub(super) fn batch_job(t: &Telling<'_>) -> Value {
    let until = t.run.ended_at.map(Timestamp::as_millis);
    let since = t.run.since.as_millis();
    let exit = until.map(|_| i64::from(!t.ran_well()));
    let stopped = (t.run.status == super::JobStatus::Stopped).then_some("Job was cancelled by Step Functions");
    let why = t.reason.or(stopped).or(t.ran_well().then_some("Essential container in task exited"));
    let container = || t.of().maybe("ExitCode", exit).done();
    let attempt = t.of().with("Container", container()).with("StartedAt", since);
    let attempt = attempt.maybe("StatusReason", why).maybe("StoppedAt", until).done();
    let definition = as_arn("batch", "job-definition", t.asked_text("JobDefinition"));
    t.of()
        .with("Attempts", if until.is_some() { vec![attempt] } else { Vec::new() })
        .with("Container", container())
        .with("CreatedAt", since)
        .with("DependsOn", t.asked("DependsOn").unwrap_or_else(|| Value::array(Vec::new())))
        .with("JobDefinition", with_revision(definition))
        .saying(&["JobArn", "JobId", "JobName"])
        .with("JobQueue", as_arn("batch", "job-queue", t.asked_text("JobQueue")))
        .with("Parameters", t.asked("Parameters").unwrap_or_else(Value::empty_object))
        .asking(&["RetryStrategy", "SchedulingPriority", "ShareIdentifier", "Timeout"])
        .with("StartedAt", since)
        .with("Status", t.word)
        .maybe("StatusReason", why)
        .maybe("StoppedAt", until)
        .with("Tags", t.asked("Tags").unwrap_or_else(Value::empty_object))
        .done()
}

/// `GetModelCustomizationJob`.
pub(super) fn customization(t: &Telling<'_>) -> Value {
    let base = t.asked_text("BaseModelIdentifier");
    let base = match base.starts_with("arn:") {
        true => base.to_owned(),
        false => format!("arn:{PARTITION}:bedrock:{REGION}::foundation-model/{base}"),
    };
    let asking = [
        "CustomizationType",
        "HyperParameters",
        "JobName",
        "OutputDataConfig",
        "RoleArn",
        "TrainingDataConfig",
        "ValidationDataConfig",
        "VpcConfig",
    ];
    t.of()
        .with("BaseModelArn", base)
        .with("CreationTime", t.since())
        .maybe("EndTime", t.until())
        .maybe("FailureMessage", t.reason)
        .saying(&["JobArn"])
        .with("LastModifiedTime", t.until().unwrap_or_else(|| t.since()))
        .with("OutputModelName", t.asked_text("CustomModelName"))
        .with("Status", t.word)
        .asking(&asking)
        .done()
}

/// What a build and a batch of builds have in common.
fn build_of<'t>(t: &'t Telling<'_>, said: &str, complete: &'static str, status: &'static str) -> Members<'t> {
    let said = t.said(said).unwrap_or_default();
    let message = |reason: &str| t.of().with("Message", reason).with("StatusCode", "COMMAND_EXECUTION_ERROR").done();
    let phase = |reason: &str| {
        t.of().with("Contexts", vec![message(reason)]).with("PhaseStatus", "FAILED").with("PhaseType", "BUILD").done()
    };
    t.of()
        .maybe("Arn", said.get("Arn").cloned())
        .with(complete, t.run.ended_at.is_some())
        .with(status, t.word)
        .with("CurrentPhase", if t.run.ended_at.is_some() { "COMPLETED" } else { "BUILD" })
        .maybe("EndTime", t.until())
        .maybe("Id", said.get("Id").cloned())
        .maybe("Phases", t.reason.map(|reason| vec![phase(reason)]))
        .asking(&["ProjectName", "SourceVersion"])
        .with("StartTime", t.since())
}

/// One of `BatchGetBuilds`.
pub(super) fn build(t: &Telling<'_>) -> Value {
    build_of(t, "Build", "BuildComplete", "BuildStatus").inside("Build")
}

/// One of `BatchGetBuildBatches`.
pub(super) fn build_batch(t: &Telling<'_>) -> Value {
    build_of(t, "BuildBatch", "Complete", "BuildBatchStatus").inside("BuildBatch")
}

/// `DescribeJobRun` of DataBrew.
pub(super) fn databrew_run(t: &Telling<'_>) -> Value {
    t.of()
        .with("Attempt", 0)
        .maybe("CompletedOn", t.until())
        .maybe("ErrorMessage", t.reason)
        .maybe("ExecutionTime", t.seconds())
        .with("JobName", t.asked_text("Name"))
        .saying(&["RunId"])
        .with("StartedOn", t.since())
        .with("State", t.word)
        .done()
}

/// One of `DescribeTasks`.
pub(super) fn ecs_task(t: &Telling<'_>) -> Value {
    let is_over = t.run.ended_at.is_some();
    let status = if is_over { "STOPPED" } else { "RUNNING" };
    let arn_of_task = t.run.id();
    let definition = t.asked_text("TaskDefinition");
    let overrides = t.asked("Overrides").unwrap_or_else(Value::empty_object);
    let named = overrides.get("ContainerOverrides").and_then(Value::as_array).unwrap_or_default();
    let mut names: Vec<&str> = named.iter().filter_map(|of| of.get("Name")?.as_str()).collect();
    if names.is_empty() {
        names.push(plain(definition));
    }
    let is_stopped = t.run.status == super::JobStatus::Stopped;
    let exit = if is_over { Some(i64::from(!t.ran_well())) } else { None };
    let id = arn_of_task.rsplit('/').next().unwrap_or_default();
    let container = |name: &&str| {
        t.of()
            .with("ContainerArn", arn("ecs", &format!("container/{id}-{name}")))
            .maybe("ExitCode", exit)
            .with("LastStatus", status)
            .with("Name", *name)
            .maybe("Reason", t.reason)
            .with("TaskArn", arn_of_task)
            .done()
    };
    let containers: Vec<Value> = names.iter().map(container).collect();
    let cluster = t.run.input.get("Cluster").and_then(Value::as_str).unwrap_or("default");
    let why = match (t.reason, is_stopped) {
        (Some(reason), _) => Some(reason),
        (None, true) => Some("Task stopped by Step Functions"),
        (None, false) => is_over.then_some("Essential container in task exited"),
    };
    let code = if is_stopped { "UserInitiated" } else { "EssentialContainerExited" };
    t.of()
        .with("ClusterArn", as_arn("ecs", "cluster", cluster))
        .with("Containers", containers)
        .with("CreatedAt", t.since())
        .with("DesiredStatus", status)
        .with("Group", t.asked("Group").unwrap_or_else(|| format!("family:{}", plain(definition)).into()))
        .with("LastStatus", status)
        .asking(&["LaunchType", "PlatformVersion"])
        .with("Overrides", overrides)
        .with("StartedAt", t.since())
        .with("StartedBy", t.asked("StartedBy").unwrap_or_else(|| "AWS Step Functions".into()))
        .maybe("StopCode", is_over.then_some(code))
        .maybe("StoppedAt", t.until())
        .maybe("StoppedReason", why)
        .with("TaskArn", arn_of_task)
        .with("TaskDefinitionArn", with_revision(as_arn("ecs", "task-definition", definition)))
        .done()
}

/// The job as Kubernetes describes it, its members spelt as there.
pub(super) fn kubernetes_job(t: &Telling<'_>) -> Value {
    let mut job = t.asked("Job").unwrap_or_else(Value::empty_object);
    let date = |at: Timestamp| Value::from(at.to_string());
    let is_over = t.run.ended_at.is_some();
    let condition = t.of().maybe("message", t.reason).with("status", "True").with("type", t.word).done();
    let status = t
        .of()
        .maybe("completionTime", t.run.ended_at.filter(|_| t.ran_well()).map(date))
        .maybe("conditions", is_over.then(|| vec![condition]))
        .with("startTime", date(t.run.since))
        .with(
            if !is_over {
                "active"
            } else if t.ran_well() {
                "succeeded"
            } else {
                "failed"
            },
            1,
        )
        .done();
    merged(&mut job, &Value::object([("status", status)]));
    job
}

/// `DescribeStep`.
pub(super) fn step(t: &Telling<'_>) -> Value {
    let asked = t.asked("Step").unwrap_or_default();
    let timeline = t
        .of()
        .with("CreationDateTime", t.since())
        .maybe("EndDateTime", t.until())
        .with("StartDateTime", t.since())
        .done();
    let status = t
        .of()
        .maybe("FailureDetails", t.reason.map(|reason| t.of().with("Reason", reason).done()))
        .with("State", t.word)
        .with("StateChangeReason", Value::empty_object())
        .with("Timeline", timeline)
        .done();
    let jar = asked.get("HadoopJarStep");
    t.of()
        .maybe("ActionOnFailure", asked.get("ActionOnFailure").cloned())
        .maybe("Config", jar.cloned())
        .maybe("Id", t.said("StepId"))
        .maybe("Name", asked.get("Name").cloned())
        .with("Status", status)
        .inside("Step")
}

/// The answer to the request, with `DescribeCluster`.
pub(super) fn cluster(t: &Telling<'_>) -> Value {
    let is_lost = t.run.ended_at.is_some() && !t.ran_well();
    let timeline = t
        .of()
        .with("CreationDateTime", t.since())
        .maybe("EndDateTime", t.until().filter(|_| is_lost))
        .maybe("ReadyDateTime", t.until().filter(|_| !is_lost))
        .done();
    let status = t
        .of()
        .with("State", t.word)
        .with("StateChangeReason", t.of().maybe("Message", t.reason).done())
        .with("Timeline", timeline)
        .done();
    let id = t.run.id();
    let asking = [
        "Applications",
        "AutoScalingRole",
        "Configurations",
        "LogUri",
        "Name",
        "ReleaseLabel",
        "ScaleDownBehavior",
        "SecurityConfiguration",
        "ServiceRole",
        "StepConcurrencyLevel",
        "Tags",
        "VisibleToAllUsers",
    ];
    let cluster = t
        .of()
        .with("ClusterArn", arn("elasticmapreduce", &format!("cluster/{id}")))
        .with("Id", id)
        .with("Status", status)
        .asking(&asking)
        .done();
    t.of().with("Cluster", cluster).with("ClusterId", id).done()
}

/// The run in `DescribeJobRun` of EMR on EKS.
pub(super) fn container_run(t: &Telling<'_>) -> Value {
    t.of()
        .saying(&["Arn", "Id", "Name", "VirtualClusterId"])
        .with("CreatedAt", t.since())
        .maybe("FailureReason", t.reason.map(|_| "USER_ERROR"))
        .maybe("FinishedAt", t.until())
        .with("State", t.word)
        .maybe("StateDetails", t.reason)
        .asking(&["ConfigurationOverrides", "ExecutionRoleArn", "JobDriver", "ReleaseLabel", "Tags"])
        .done()
}

/// The run in `GetJobRun` of EMR Serverless.
pub(super) fn serverless_run(t: &Telling<'_>) -> Value {
    t.of()
        .saying(&["ApplicationId", "Arn", "JobRunId"])
        .with("CreatedAt", t.since())
        .maybe("EndedAt", t.until())
        .with("ExecutionRole", t.asked_text("ExecutionRoleArn"))
        .asking(&["ConfigurationOverrides", "ExecutionTimeoutMinutes", "JobDriver", "Mode", "Name", "Tags"])
        .with("StartedAt", t.since())
        .with("State", t.word)
        .with("StateDetails", t.reason.unwrap_or(""))
        .maybe("TotalExecutionDurationSeconds", t.seconds())
        .with("UpdatedAt", t.until().unwrap_or_else(|| t.since()))
        .done()
}

/// The run in `GetJobRun` of Glue.
pub(super) fn glue_run(t: &Telling<'_>) -> Value {
    let asking = [
        "AllocatedCapacity",
        "Arguments",
        "ExecutionClass",
        "MaxCapacity",
        "NotificationProperty",
        "NumberOfWorkers",
        "SecurityConfiguration",
        "Timeout",
        "WorkerType",
    ];
    t.of()
        .with("Attempt", 0)
        .maybe("CompletedOn", t.until())
        .maybe("ErrorMessage", t.reason)
        .with("ExecutionTime", t.seconds().unwrap_or(0))
        .maybe("Id", t.said("JobRunId"))
        .with("JobRunState", t.word)
        .with("LastModifiedOn", t.until().unwrap_or_else(|| t.since()))
        .with("LogGroupName", "/aws-glue/jobs")
        .with("PredecessorRuns", Vec::<Value>::new())
        .with("StartedOn", t.since())
        .asking(&["JobName"])
        .asking(&asking)
        .done()
}

/// `GetJob` of MediaConvert.
pub(super) fn conversion(t: &Telling<'_>) -> Value {
    let timing =
        t.of().maybe("FinishTime", t.until()).with("StartTime", t.since()).with("SubmitTime", t.since()).done();
    let said = t.said("Job").unwrap_or_default();
    t.of()
        .maybe("Arn", said.get("Arn").cloned())
        .with("CreatedAt", t.since())
        .maybe("ErrorMessage", t.reason)
        .maybe("Id", said.get("Id").cloned())
        .with("Status", t.word)
        .with("Timing", timing)
        .asking(&["JobTemplate", "Priority", "Queue", "Role", "Settings", "UserMetadata"])
        .inside("Job")
}

/// What SageMaker's jobs have in common: names and times that begin with a noun, and what the request says.
fn sagemaker<'t>(t: &'t Telling<'_>, arn: &'static str, status: &'static str, asking: &[&'static str]) -> Members<'t> {
    t.of()
        .saying(&[arn])
        .with(status, t.word)
        .with("CreationTime", t.since())
        .maybe("FailureReason", t.reason)
        .asking(&[t.run.kind.id])
        .asking(asking)
}

/// `DescribeTrainingJob`.
pub(super) fn training(t: &Telling<'_>) -> Value {
    let asking = [
        "AlgorithmSpecification",
        "CheckpointConfig",
        "EnableInterContainerTrafficEncryption",
        "EnableManagedSpotTraining",
        "EnableNetworkIsolation",
        "Environment",
        "HyperParameters",
        "InputDataConfig",
        "OutputDataConfig",
        "ResourceConfig",
        "RoleArn",
        "StoppingCondition",
        "VpcConfig",
    ];
    let place = t.run.input.get("OutputDataConfig").and_then(|o| o.get("S3OutputPath")).and_then(Value::as_str);
    let model = place.filter(|_| t.ran_well()).map(|place| {
        let model = format!("{}/{}/output/model.tar.gz", place.trim_end_matches('/'), t.run.id());
        t.of().with("S3ModelArtifacts", model).done()
    });
    let secondary = if t.run.ended_at.is_some() { t.word } else { "Training" };
    sagemaker(t, "TrainingJobArn", "TrainingJobStatus", &asking)
        .maybe("BillableTimeInSeconds", t.seconds())
        .with("LastModifiedTime", t.until().unwrap_or_else(|| t.since()))
        .maybe("ModelArtifacts", model)
        .with("SecondaryStatus", secondary)
        .maybe("TrainingEndTime", t.until())
        .with("TrainingStartTime", t.since())
        .maybe("TrainingTimeInSeconds", t.seconds())
        .done()
}

/// `DescribeTransformJob`.
pub(super) fn transform(t: &Telling<'_>) -> Value {
    let asking = [
        "BatchStrategy",
        "DataCaptureConfig",
        "DataProcessing",
        "Environment",
        "MaxConcurrentTransforms",
        "MaxPayloadInMB",
        "ModelClientConfig",
        "ModelName",
        "TransformInput",
        "TransformOutput",
        "TransformResources",
    ];
    sagemaker(t, "TransformJobArn", "TransformJobStatus", &asking)
        .maybe("TransformEndTime", t.until())
        .with("TransformStartTime", t.since())
        .done()
}

/// `DescribeProcessingJob`.
pub(super) fn processing(t: &Telling<'_>) -> Value {
    let asking = [
        "AppSpecification",
        "Environment",
        "NetworkConfig",
        "ProcessingInputs",
        "ProcessingOutputConfig",
        "ProcessingResources",
        "RoleArn",
        "StoppingCondition",
    ];
    sagemaker(t, "ProcessingJobArn", "ProcessingJobStatus", &asking)
        .with("LastModifiedTime", t.until().unwrap_or_else(|| t.since()))
        .maybe("ProcessingEndTime", t.until())
        .with("ProcessingStartTime", t.since())
        .done()
}

/// `DescribeLabelingJob`.
pub(super) fn labeling(t: &Telling<'_>) -> Value {
    let asking = [
        "HumanTaskConfig",
        "InputConfig",
        "LabelAttributeName",
        "LabelCategoryConfigS3Uri",
        "LabelingJobAlgorithmsConfig",
        "OutputConfig",
        "RoleArn",
        "StoppingConditions",
        "Tags",
    ];
    sagemaker(t, "LabelingJobArn", "LabelingJobStatus", &asking)
        .with("LastModifiedTime", t.until().unwrap_or_else(|| t.since()))
        .done()
}

/// `DescribeHyperParameterTuningJob`.
pub(super) fn tuning(t: &Telling<'_>) -> Value {
    let asking =
        ["HyperParameterTuningJobConfig", "TrainingJobDefinition", "TrainingJobDefinitions", "WarmStartConfig"];
    sagemaker(t, "HyperParameterTuningJobArn", "HyperParameterTuningJobStatus", &asking)
        .maybe("HyperParameterTuningEndTime", t.until())
        .with("LastModifiedTime", t.until().unwrap_or_else(|| t.since()))
        .done()
}
