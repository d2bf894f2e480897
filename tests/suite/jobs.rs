//! Jobs that tasks wait for: how they end, how long they take, what their services say of them.

use rehearsal::prelude::*;
use rehearsal::services::{Job, JobRun, JobStatus, Services, Setup};
use serde_json::Value;

use crate::support::{machine, single};

/// A task that starts a job and waits for it.
fn sync(resource: &str, parameters: Value) -> Value {
    json!({ "Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "Parameters": parameters })
}

fn batch() -> Value {
    let definition = "arn:aws:batch:us-east-1:123456789012:job-definition/nightly:3";
    sync("batch:submitJob.sync", json!({ "JobName": "run-1", "JobDefinition": definition, "JobQueue": "slow" }))
}

fn glue(job: &str) -> Value {
    sync("glue:startJobRun.sync", json!({ "JobName": job }))
}

/// Names and ends of what ran.
fn fates(services: &Services) -> Vec<(String, JobStatus)> {
    services.jobs().iter().map(|job| (job.name().to_owned(), job.status())).collect()
}

fn one(services: &Services) -> &JobRun {
    assert_eq!(services.jobs().len(), 1);
    &services.jobs()[0]
}

#[test]
fn a_job_takes_its_time_and_ends_with_the_description_of_its_service() {
    let setup = Setup::new().job("batch", "nightly", Job::succeeds().takes(10.minutes()));
    let run = Harness::new(&single(batch())).services(setup).run(json!({}));
    run.assert_succeeded();
    assert_eq!(run.elapsed(), 10.minutes());
    let output = run.output().unwrap();
    let job = one(run.services());
    assert_eq!(output["JobId"], job.id());
    assert_eq!(output["Status"], "SUCCEEDED");
    assert_eq!(output["Container"]["ExitCode"], 0);
    assert_eq!(output["JobDefinition"], "arn:aws:batch:us-east-1:123456789012:job-definition/nightly:3");
    assert_eq!(output["JobQueue"], "arn:aws:batch:us-east-1:123456789012:job-queue/slow");
    let times = |name: &str| output[name].as_i64().unwrap();
    assert_eq!(times("StoppedAt") - times("StartedAt"), 600_000);
    assert_eq!((job.service(), job.name(), job.status()), ("batch", "nightly", JobStatus::Succeeded));
    assert_eq!(job.ended_at().unwrap().since(job.started_at()), 10.minutes());
    // What was said when the job was taken has the same id.
    let history = run.history_json().to_string();
    assert!(history.contains("TaskSubmitted") && history.contains(&format!("\\\"JobId\\\":\\\"{}\\\"", job.id())));
}

#[test]
fn a_job_that_fails_fails_its_task_with_the_description_as_cause() {
    let setup = Setup::new().job("glue", "load", Job::fails("no such table").takes(90.secs()));
    let run = Harness::new(&single(glue("load"))).services(setup).run(json!({}));
    run.assert_failed("States.TaskFailed");
    assert_eq!(run.elapsed(), 90.secs());
    let cause: Value = serde_json::from_str(run.cause().unwrap()).unwrap();
    assert_eq!(cause["JobRunState"], "FAILED");
    assert_eq!(cause["ErrorMessage"], "no such table");
    assert_eq!((cause["JobName"].as_str(), cause["ExecutionTime"].as_i64()), (Some("load"), Some(90)));
    assert_eq!(fates(run.services()), [("load".to_owned(), JobStatus::Failed)]);
}

#[test]
fn the_runs_of_a_job_fare_in_turn() {
    let mut state = glue("load");
    state["Retry"] = json!([{ "ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5 }]);
    let job = Job::fails("busy").takes(1.minutes()).then(Job::succeeds().takes(2.minutes()));
    let run = Harness::new(&single(state)).services(Setup::new().job("glue", "load", job)).run(json!({}));
    run.assert_succeeded();
    assert_eq!(run.elapsed(), 3.minutes() + 5.secs());
    assert_eq!(
        fates(run.services()),
        [("load".to_owned(), JobStatus::Failed), ("load".to_owned(), JobStatus::Succeeded)]
    );
    let jobs = run.services().jobs();
    assert_ne!(jobs[0].id(), jobs[1].id());
}

#[test]
fn a_job_is_stopped_when_its_task_runs_out_of_time() {
    let mut state = batch();
    state["TimeoutSeconds"] = json!(60);
    let setup = Setup::new().job("batch", "*", Job::succeeds().takes(10.minutes()));
    let run = Harness::new(&single(state)).services(setup).run(json!({}));
    assert_eq!(run.error(), Some("States.Timeout"));
    let job = one(run.services());
    assert_eq!((job.name(), job.status()), ("run-1", JobStatus::Stopped));
    assert_eq!(job.ended_at().unwrap().since(job.started_at()), 1.minutes());
}

#[test]
fn a_job_is_stopped_when_the_execution_stops_or_another_branch_fails() {
    let setup = Setup::new().job("glue", "load", Job::runs_forever());
    let mut session = Harness::new(&single(glue("load"))).services(setup.clone()).start(json!({}));
    session.advance(1.hours());
    assert_eq!(one(session.services()).status(), JobStatus::Running);
    let run = {
        session.stop();
        session.finish()
    };
    assert_eq!(one(run.services()).status(), JobStatus::Stopped);

    let branch = |name: &str, mut state: Value| {
        state["End"] = json!(true);
        json!({ "StartAt": name, "States": { name: state } })
    };
    let parallel =
        json!({ "Type": "Parallel", "Branches": [branch("Load", glue("load")), branch("Break", glue("broken"))] });
    let setup = setup.job("glue", "broken", Job::fails("no").takes(1.minutes()));
    let run = Harness::new(&single(parallel)).services(setup).run(json!({}));
    run.assert_failed("States.TaskFailed");
    assert_eq!(
        fates(run.services()),
        [("load".to_owned(), JobStatus::Stopped), ("broken".to_owned(), JobStatus::Failed)]
    );
}

#[test]
fn a_cluster_is_left_running_when_its_task_is_cut_short() {
    let mut state = sync("elasticmapreduce:createCluster.sync", json!({ "Name": "spark", "Instances": {} }));
    state["TimeoutSeconds"] = json!(60);
    let setup = Setup::new().job("elasticmapreduce", "spark", Job::succeeds().takes(5.minutes()));
    let run = Harness::new(&single(state)).services(setup).run(json!({}));
    assert_eq!(run.error(), Some("States.Timeout"));
    assert_eq!(one(run.services()).status(), JobStatus::Running);
}

#[test]
fn every_service_describes_its_jobs_in_its_own_words() {
    let container = json!({ "ContainerOverrides": [{ "Name": "app" }] });
    let training = json!({ "TrainingJobName": "T-1", "OutputDataConfig": { "S3OutputPath": "s3://models/" } });
    let query = json!({ "QueryString": "select 1", "ResultConfiguration": { "OutputLocation": "s3://results/" } });
    let cases = [
        (
            "ecs:runTask.sync",
            json!({ "TaskDefinition": "app:7", "Overrides": container }),
            "/Containers/0/ExitCode",
            json!(0),
            json!(1),
        ),
        ("athena:startQueryExecution.sync", query, "/QueryExecution/Status/State", json!("SUCCEEDED"), json!("FAILED")),
        (
            "codebuild:startBuild.sync",
            json!({ "ProjectName": "web" }),
            "/Build/BuildStatus",
            json!("SUCCEEDED"),
            json!("FAILED"),
        ),
        (
            "codebuild:startBuildBatch.sync",
            json!({ "ProjectName": "web" }),
            "/BuildBatch/BuildBatchStatus",
            json!("SUCCEEDED"),
            json!("FAILED"),
        ),
        ("databrew:startJobRun.sync", json!({ "Name": "clean" }), "/State", json!("SUCCEEDED"), json!("FAILED")),
        ("sagemaker:createTrainingJob.sync", training, "/TrainingJobStatus", json!("Completed"), json!("Failed")),
        (
            "sagemaker:createTransformJob.sync",
            json!({ "TransformJobName": "t" }),
            "/TransformJobStatus",
            json!("Completed"),
            json!("Failed"),
        ),
        (
            "sagemaker:createProcessingJob.sync",
            json!({ "ProcessingJobName": "t" }),
            "/ProcessingJobStatus",
            json!("Completed"),
            json!("Failed"),
        ),
        (
            "sagemaker:createLabelingJob.sync",
            json!({ "LabelingJobName": "t" }),
            "/LabelingJobStatus",
            json!("Completed"),
            json!("Failed"),
        ),
        (
            "sagemaker:createHyperParameterTuningJob.sync",
            json!({ "HyperParameterTuningJobName": "t" }),
            "/HyperParameterTuningJobStatus",
            json!("Completed"),
            json!("Failed"),
        ),
        (
            "elasticmapreduce:addStep.sync",
            json!({ "ClusterId": "j-1", "Step": { "Name": "count" } }),
            "/Step/Status/State",
            json!("COMPLETED"),
            json!("FAILED"),
        ),
        (
            "elasticmapreduce:createCluster.sync",
            json!({ "Name": "spark" }),
            "/Cluster/Status/State",
            json!("WAITING"),
            json!("TERMINATED_WITH_ERRORS"),
        ),
        (
            "emr-serverless:startJobRun.sync",
            json!({ "ApplicationId": "a", "ExecutionRoleArn": "r" }),
            "/State",
            json!("SUCCESS"),
            json!("FAILED"),
        ),
        (
            "emr-containers:startJobRun.sync",
            json!({ "VirtualClusterId": "v" }),
            "/State",
            json!("COMPLETED"),
            json!("FAILED"),
        ),
        (
            "mediaconvert:createJob.sync",
            json!({ "Role": "r", "Settings": {} }),
            "/Job/Status",
            json!("COMPLETE"),
            json!("ERROR"),
        ),
        (
            "bedrock:createModelCustomizationJob.sync",
            json!({ "BaseModelIdentifier": "m", "CustomModelName": "c", "JobName": "j" }),
            "/Status",
            json!("Completed"),
            json!("Failed"),
        ),
        (
            "eks:runJob.sync",
            json!({ "ClusterName": "k", "Job": { "metadata": { "name": "pi" } } }),
            "/status/conditions/0/type",
            json!("Complete"),
            json!("Failed"),
        ),
    ];
    for (resource, parameters, pointer, well, badly) in cases {
        let service = resource.split(':').next().unwrap();
        let machine = single(sync(resource, parameters));
        let run = Harness::new(&machine).services(Setup::new().job(service, "*", Job::succeeds())).run(json!({}));
        run.assert_succeeded();
        let output = serde_json::to_value(run.output().unwrap()).unwrap();
        assert_eq!(output.pointer(pointer), Some(&well), "{resource}: {output}");
        assert!(!one(run.services()).id().is_empty(), "{resource}");

        let setup = Setup::new().job(service, "*", Job::fails("out of luck"));
        let run = Harness::new(&machine).services(setup).run(json!({}));
        run.assert_failed("States.TaskFailed");
        let cause: Value = serde_json::from_str(run.cause().unwrap()).unwrap();
        assert_eq!(cause.pointer(pointer), Some(&badly), "{resource}: {cause}");
        let tells_why = resource.starts_with("emr-containers") || cause.to_string().contains("out of luck");
        assert!(tells_why, "{resource}: {cause}");
    }
}

#[test]
fn a_description_says_what_the_test_adds() {
    let more = json!({ "Container": { "ExitCode": 3, "LogStreamName": "nightly/default/1" } });
    let setup = Setup::new().job("batch", "nightly", Job::fails("exit 3").describes(more));
    let run = Harness::new(&single(batch())).services(setup).run(json!({}));
    let cause: Value = serde_json::from_str(run.cause().unwrap()).unwrap();
    assert_eq!(cause["Container"], json!({ "ExitCode": 3, "LogStreamName": "nightly/default/1" }));
    assert_eq!((cause["Status"].as_str(), cause["StatusReason"].as_str()), (Some("FAILED"), Some("exit 3")));
}

#[test]
fn a_job_that_nobody_waits_for_is_asked_how_it_stands() {
    let task = |resource: &str, parameters: Value, next: Option<&str>| {
        let mut state = sync(resource, parameters);
        match next {
            Some(next) => state["Next"] = json!(next),
            None => state["End"] = json!(true),
        }
        state
    };
    let poll = json!({ "JobName": "load", "RunId.$": "$.JobRunId" });
    let polls = |path: &str, next| {
        let mut state = task("aws-sdk:glue:getJobRun", poll.clone(), next);
        state["ResultPath"] = json!(path);
        state
    };
    let machine = machine(json!({ "StartAt": "Start", "States": {
        "Start": task("glue:startJobRun", json!({ "JobName": "load" }), Some("Early")),
        "Early": polls("$.early", Some("Wait")),
        "Wait": { "Type": "Wait", "Seconds": 60, "Next": "Late" },
        "Late": polls("$.late", None),
    }}));
    let setup = Setup::new().job("glue", "load", Job::succeeds().takes(30.secs()));
    let run = Harness::new(&machine).services(setup).run(json!({}));
    run.assert_succeeded();
    assert_eq!(run.elapsed(), 1.minutes());
    let output = run.output().unwrap();
    assert_eq!(output["early"]["JobRun"]["JobRunState"], "RUNNING");
    let late = &output["late"]["JobRun"];
    assert_eq!(late["JobRunState"], "SUCCEEDED");
    assert_eq!((late["ExecutionTime"].as_i64(), late["Id"].as_str()), (Some(30), output["JobRunId"].as_str()));
    assert_eq!(late["CompletedOn"], "2024-01-01T00:00:30.000Z");
}

#[test]
fn a_mock_answers_before_the_model() {
    let setup = Setup::new().job("glue", "load", Job::fails("never asked"));
    let run = Harness::new(&single(glue("load"))).mock("S", json!({ "Id": "jr_1" })).services(setup).run(json!({}));
    assert_eq!(run.output().unwrap()["Id"], "jr_1");
    assert!(run.services().jobs().is_empty());
}

#[test]
fn a_job_that_nobody_set_up_is_told_with_what_to_write() {
    let said = |setup: Setup| {
        let run = Harness::new(&single(glue("nightyl"))).services(setup).try_run(json!({}));
        run.err().unwrap().to_string()
    };
    let near = said(Setup::new().job("glue", "nightly", Job::succeeds()));
    assert!(near.contains("there is a job `nightly` of glue: did you mean that?"), "{near}");
    assert!(near.contains(r#".services(Setup::new().job("glue", "nightyl", Job::succeeds()))"#), "{near}");
    let none = said(Setup::new());
    assert!(none.contains("no mock answers it"), "{none}");
    assert!(none.contains(r#"or let a model run it: .services(Setup::new().job("glue", "nightyl""#), "{none}");
    let wrong = said(Setup::new().job("glu", "nightly", Job::succeeds()));
    assert!(wrong.contains("`glu` is no service that runs jobs; did you mean `glue`?"), "{wrong}");
}
