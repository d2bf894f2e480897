//! Activities, tags, what an ARN means, and tests without a machine.

use super::*;

#[test]
fn an_activity_is_created_once_described_listed_and_deleted() {
    let mut client = Client::new();
    let arn = "arn:aws:states:eu-west-1:123456789012:activity:pack";
    let created = client.ok("CreateActivity", json!({"name": "pack"}));
    assert_eq!(created, json!({"activityArn": arn, "creationDate": 1_704_067_200.0}));
    client.now = NOW + 1.hours();
    assert_eq!(client.ok("CreateActivity", json!({"name": "pack"})), created);
    let other =
        json!({"name": "pack", "encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k"}});
    assert!(client.refused("CreateActivity", other).starts_with("ActivityAlreadyExists: "));
    assert_eq!(client.refused("CreateActivity", json!({"name": "a/b"})), "InvalidName: Invalid Name: 'a/b'");
    assert!(client.registry.activity(arn));
    assert_eq!(
        client.ok("DescribeActivity", json!({"activityArn": arn})),
        json!({"activityArn": arn, "name": "pack", "creationDate": 1_704_067_200.0, "encryptionConfiguration": {"type": "AWS_OWNED_KEY"}})
    );
    assert_eq!(
        client.ok("ListActivities", json!({})),
        json!({"activities": [{"activityArn": arn, "name": "pack", "creationDate": 1_704_067_200.0}]})
    );
    for _ in 0..2 {
        assert_eq!(client.ok("DeleteActivity", json!({"activityArn": arn})), json!({}));
    }
    assert_eq!(
        client.refused("DescribeActivity", json!({"activityArn": arn})),
        format!("ActivityDoesNotExist: Activity Does Not Exist: '{arn}'")
    );
    assert_eq!(
        client.refused("DescribeActivity", json!({"activityArn": MACHINE})),
        "InvalidArn: Invalid Arn: 'Resource type not valid in this context: stateMachine'"
    );
}

#[test]
fn machines_and_activities_have_tags() {
    let mut client = Client::new();
    let tag = |key: &str, value: &str| json!({"key": key, "value": value});
    client.ok(
        "CreateStateMachine",
        json!({"name": "order", "definition": ONE, "roleArn": ROLE, "tags": [tag("a", "1")]}),
    );
    let activity = client.ok("CreateActivity", json!({"name": "pack", "tags": [tag("x", "")]}))["activityArn"].clone();
    client.ok("TagResource", json!({"resourceArn": MACHINE, "tags": [tag("b", "2"), tag("a", "3")]}));
    let tags =
        |client: &mut Client, arn: serde_json::Value| client.ok("ListTagsForResource", json!({"resourceArn": arn}));
    assert_eq!(tags(&mut client, json!(MACHINE)), json!({"tags": [tag("a", "3"), tag("b", "2")]}));
    assert_eq!(tags(&mut client, activity), json!({"tags": [tag("x", "")]}));
    client.ok("UntagResource", json!({"resourceArn": MACHINE, "tagKeys": ["a", "zzz"]}));
    assert_eq!(tags(&mut client, json!(MACHINE)), json!({"tags": [tag("b", "2")]}));

    let many: Vec<_> = (0..50).map(|n| tag(&format!("k{n}"), "v")).collect();
    let said = client.refused("TagResource", json!({"resourceArn": MACHINE, "tags": many}));
    assert!(said.starts_with("TooManyTags: "), "{said}");
    for bad in [tag("aws:x", "1"), tag("a#", "1"), tag("a", "b\\")] {
        let said = client.refused("TagResource", json!({"resourceArn": MACHINE, "tags": [bad]}));
        assert!(said.starts_with("ValidationException: "), "{said}");
    }
    assert_eq!(tags(&mut client, json!(MACHINE)), json!({"tags": [tag("b", "2")]}));
    for (operation, more) in [("TagResource", "tags"), ("UntagResource", "tagKeys"), ("ListTagsForResource", "")] {
        for (arn, want) in
            [(format!("{MACHINE}s"), "ResourceNotFound: Resource not found: "), ("x".into(), "InvalidArn: ")]
        {
            let mut request = json!({"resourceArn": arn});
            if !more.is_empty() {
                request[more] = json!([]);
            }
            let said = client.refused(operation, request);
            assert!(said.starts_with(want), "{operation}: {said}");
        }
    }
}

#[test]
fn an_arn_of_something_else_is_no_target() {
    let mut client = with_two_versions();
    for (arn, code) in [
        ("order".to_owned(), "InvalidArn"),
        (MACHINE.replace("stateMachine", "activity"), "InvalidArn"),
        (format!("{MACHINE}/Each"), "ValidationException"),
        (format!("{MACHINE}:9"), "StateMachineDoesNotExist"),
        (format!("{MACHINE}:PROD"), "StateMachineDoesNotExist"),
        (MACHINE.replace("eu-west-1", "us-east-1"), "StateMachineDoesNotExist"),
    ] {
        assert_eq!(client.registry.target(&arn).err().unwrap().code, code, "{arn}");
    }
}

#[test]
fn a_state_is_tested_by_request() {
    let mut client = Client::new();
    let pass = r#"{"Type": "Pass", "Parameters": {"id.$": "$.n"}, "Next": "B"}"#;
    let answer =
        client.ok("TestState", json!({"definition": pass, "input": r#"{"n": 7}"#, "inspectionLevel": "DEBUG"}));
    assert_eq!((&answer["status"], &answer["nextState"]), (&json!("SUCCEEDED"), &json!("B")));
    assert_eq!(
        (&answer["output"], &answer["inspectionData"]["afterParameters"]),
        (&json!(r#"{"id":7}"#), &json!(r#"{"id":7}"#))
    );
    let task = r#"{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "End": true}"#;
    let mock = json!({"errorOutput": {"error": "Busy", "cause": "later"}});
    let answer = client.ok("TestState", json!({"definition": task, "mock": mock}));
    assert_eq!(answer, json!({"status": "FAILED", "error": "Busy", "cause": "later"}));
    assert!(client.refused("TestState", json!({"definition": task})).starts_with("NotModelled: "));
    let said = client.refused("TestState", json!({"definition": pass, "roleArn": "x"}));
    assert_eq!(said, "InvalidArn: Invalid Role Arn: 'x'");
    let said = client.refused("TestState", json!({"definition": pass, "input": "{"}));
    assert!(said.starts_with("InvalidExecutionInput: Invalid State Machine Execution Input: '"), "{said}");
    let said = client.refused("TestState", json!({"definition": pass, "mock": {"fieldValidationMode": "SOME"}}));
    assert!(said.contains("Value 'SOME' at 'mock.fieldValidationMode' failed to satisfy constraint"), "{said}");
}

#[test]
fn a_definition_is_validated_by_request() {
    let mut client = Client::new();
    let answer = client.ok("ValidateStateMachineDefinition", json!({"definition": ONE}));
    assert_eq!(answer, json!({"result": "OK", "diagnostics": [], "truncated": false}));
    let answer = client.ok("ValidateStateMachineDefinition", json!({"definition": "{}"}));
    assert_eq!(
        answer,
        json!({
            "result": "FAIL",
            "diagnostics": [{
                "severity": "ERROR",
                "code": "SCHEMA_VALIDATION_FAILED",
                "message": "These fields are required: [States, StartAt]",
                "location": "/",
            }],
            "truncated": false,
        })
    );
}

#[test]
fn every_operation_here_is_one_of_the_api_and_others_are_not() {
    for (operation, _) in OPERATIONS {
        let error = constraint::check(operation, &Value::empty_object()).err();
        assert!(error.is_none_or(|e| e.code == "ValidationException"), "{operation}");
    }
    assert!(OPERATIONS.is_sorted_by_key(|(name, _)| *name));
    assert!(Registry::answers("TestState") && !Registry::answers("StartExecution"));
}

#[test]
fn the_same_seed_gives_the_same_ids() {
    let ids = || {
        let mut client = Client::with_order();
        [client.update(TWO), client.update(ONE)]
    };
    assert_eq!(ids(), ids());
    assert_ne!(ids()[0], ids()[1]);
}
