//! State machines: created, updated, listed, deleted, loaded.

use super::*;

#[test]
fn a_new_machine_is_described_with_what_the_service_assumes() {
    let mut client = Client::new();
    client.now = NOW + 250.millis();
    let created = client.ok("CreateStateMachine", json!({"name": "order", "definition": ONE, "roleArn": ROLE}));
    assert_eq!(created, json!({"stateMachineArn": MACHINE, "creationDate": 1_704_067_200.25}));
    let described = client.ok("DescribeStateMachine", json!({"stateMachineArn": MACHINE}));
    assert_eq!(
        described,
        json!({
            "stateMachineArn": MACHINE,
            "name": "order",
            "status": "ACTIVE",
            "definition": ONE,
            "roleArn": ROLE,
            "type": "STANDARD",
            "creationDate": 1_704_067_200.25,
            "loggingConfiguration": {"level": "OFF", "includeExecutionData": false},
            "tracingConfiguration": {"enabled": false},
            "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
        })
    );
    let described =
        client.ok("DescribeStateMachine", json!({"stateMachineArn": MACHINE, "includedData": "METADATA_ONLY"}));
    assert_eq!(described["definition"], "{}");
}

#[test]
fn what_is_configured_is_kept_and_returned() {
    let group = "arn:aws:logs:eu-west-1:123456789012:log-group:orders:*";
    let logging = json!({"level": "ERROR", "includeExecutionData": true, "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]});
    let key = "arn:aws:kms:eu-west-1:123456789012:key/1";
    let mut client = Client::new();
    client.ok(
        "CreateStateMachine",
        json!({
            "name": "order", "definition": ONE, "roleArn": ROLE, "type": "EXPRESS", "loggingConfiguration": logging,
            "tracingConfiguration": {"enabled": true},
            "encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": key},
        }),
    );
    let described = client.ok("DescribeStateMachine", json!({"stateMachineArn": MACHINE}));
    assert_eq!(described["type"], "EXPRESS");
    assert_eq!(described["loggingConfiguration"], logging);
    assert_eq!(described["tracingConfiguration"], json!({"enabled": true}));
    assert_eq!(
        described["encryptionConfiguration"],
        json!({"kmsKeyId": key, "kmsDataKeyReusePeriodSeconds": 300, "type": "CUSTOMER_MANAGED_KMS_KEY"})
    );
    // An update of one thing leaves the others.
    client.ok("UpdateStateMachine", json!({"stateMachineArn": MACHINE, "tracingConfiguration": {"enabled": false}}));
    let described = client.ok("DescribeStateMachine", json!({"stateMachineArn": MACHINE}));
    assert_eq!((&described["loggingConfiguration"], &described["definition"]), (&logging, &json!(ONE)));
    assert_eq!(described["tracingConfiguration"], json!({"enabled": false}));
}

#[test]
fn a_repeated_creation_gives_the_same_machine_and_another_one_is_refused() {
    let mut client = Client::with_order();
    client.now = NOW + 1.hours();
    let same = json!({"name": "order", "definition": ONE, "roleArn": format!("{ROLE}-other"), "tags": [{"key": "a", "value": "b"}]});
    let again = client.ok("CreateStateMachine", same);
    assert_eq!(again, json!({"stateMachineArn": MACHINE, "creationDate": 1_704_067_200.0}));
    let tags = client.ok("ListTagsForResource", json!({"resourceArn": MACHINE}));
    assert_eq!(tags, json!({"tags": []}));
    assert_eq!(client.ok("DescribeStateMachine", json!({"stateMachineArn": MACHINE}))["roleArn"], ROLE);
    for (name, value) in [
        ("definition", json!(TWO)),
        ("type", json!("EXPRESS")),
        ("tracingConfiguration", json!({"enabled": true})),
        ("publish", json!(true)),
    ] {
        let mut other = json!({"name": "order", "definition": ONE, "roleArn": ROLE});
        other[name] = value;
        let want = format!("StateMachineAlreadyExists: State Machine Already Exists: '{MACHINE}'");
        assert_eq!(client.refused("CreateStateMachine", other), want, "{name}");
    }
}

#[test]
fn a_creation_is_refused_for_its_name_role_definition_and_configurations() {
    let mut client = Client::new();
    for (change, want) in [
        (json!({"name": "a b"}), "InvalidName: Invalid Name: 'a b'"),
        (json!({"roleArn": "role"}), "InvalidArn: Invalid Role Arn: 'role'"),
        (
            json!({"definition": "{}"}),
            "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: \
             [States, StartAt] at /'",
        ),
        (
            json!({"loggingConfiguration": {"level": "ALL"}}),
            "InvalidLoggingConfiguration: Invalid Logging Configuration: Must specify exactly one Log Destination.",
        ),
        (
            json!({"versionDescription": "first"}),
            "ValidationException: Version description can only be set when publish is true",
        ),
        (
            json!({"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}}),
            "InvalidEncryptionConfiguration: Invalid Encryption Configuration: kmsKeyId must be specified when type is \
             CUSTOMER_MANAGED_KMS_KEY",
        ),
    ] {
        let mut request = json!({"name": "order", "definition": ONE, "roleArn": ROLE});
        for (name, value) in change.as_object().unwrap() {
            request[name] = value.clone();
        }
        assert_eq!(client.refused("CreateStateMachine", request), want);
    }
    assert_eq!(client.registry.machines().count(), 0);
}

#[test]
fn every_update_makes_a_revision() {
    let mut client = Client::with_order();
    client.now = NOW + 5.secs();
    let answer = client.ok("UpdateStateMachine", json!({"stateMachineArn": MACHINE, "definition": TWO}));
    assert_eq!(answer["updateDate"], 1_704_067_205.0);
    let first = answer["revisionId"].as_str().unwrap().to_owned();
    let described = client.ok("DescribeStateMachine", json!({"stateMachineArn": MACHINE}));
    assert_eq!((&described["revisionId"], &described["definition"]), (&json!(first), &json!(TWO)));
    assert_eq!(described["creationDate"], 1_704_067_200.0);
    assert_ne!(client.update(ONE), first);
    let target = client.registry.target(MACHINE).unwrap();
    assert_eq!((&*target.revision.definition, target.version_arn, target.alias_arn), (ONE, None, None));
    assert_eq!((target.revision.machine.name(), target.revision.updated), ("order", NOW + 5.secs()));
}

#[test]
fn an_update_that_is_refused_changes_nothing() {
    let mut client = Client::with_order();
    for (change, want) in [
        (json!({}), "MissingRequiredParameter: Either the definition, the role ARN"),
        (json!({"publish": true}), "MissingRequiredParameter: Either the definition, the role ARN"),
        (
            json!({"definition": "["}),
            "InvalidDefinition: Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: ",
        ),
        (json!({"roleArn": "x"}), "InvalidArn: Invalid Role Arn: 'x'"),
        (json!({"definition": TWO, "versionDescription": "x"}), "ValidationException: Version description"),
    ] {
        let mut request = json!({"stateMachineArn": MACHINE});
        for (name, value) in change.as_object().unwrap() {
            request[name] = value.clone();
        }
        let said = client.refused("UpdateStateMachine", request);
        assert!(said.starts_with(want), "{said}");
    }
    let described = client.ok("DescribeStateMachine", json!({"stateMachineArn": MACHINE}));
    assert_eq!((&described["definition"], described.get("revisionId")), (&json!(ONE), None));
    let other = format!("{MACHINE}s");
    let said = client.refused("UpdateStateMachine", json!({"stateMachineArn": other, "definition": TWO}));
    assert_eq!(said, format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{other}'"));
}

#[test]
fn machines_are_listed_in_the_order_of_their_creation_and_gone_when_deleted() {
    let mut client = Client::new();
    for name in ["c", "a", "b"] {
        client.ok("CreateStateMachine", json!({"name": name, "definition": ONE, "roleArn": ROLE}));
    }
    let first = client.ok("ListStateMachines", json!({"maxResults": 2}));
    let second = client.ok("ListStateMachines", json!({"maxResults": 2, "nextToken": first["nextToken"]}));
    let names = |page: &serde_json::Value| -> Vec<String> {
        page["stateMachines"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (names(&first), names(&second), second.get("nextToken")),
        (vec!["c".into(), "a".into()], vec!["b".into()], None)
    );
    assert_eq!(
        second["stateMachines"][0],
        json!({"stateMachineArn": MACHINE.replace("order", "b"), "name": "b", "type": "STANDARD", "creationDate": 1_704_067_200.0})
    );
    let said = client.refused("ListActivities", json!({"nextToken": first["nextToken"]}));
    assert_eq!(said, "InvalidToken: Invalid Token: 'Invalid token'");

    let arn = MACHINE.replace("order", "a");
    for _ in 0..2 {
        assert_eq!(client.ok("DeleteStateMachine", json!({"stateMachineArn": arn})), json!({}));
    }
    assert_eq!(names(&client.ok("ListStateMachines", json!({}))), ["c", "b"]);
    let said = client.refused("DescribeStateMachine", json!({"stateMachineArn": arn}));
    assert_eq!(said, format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{arn}'"));
    assert!(client.registry.target(&arn).is_err());
    for operation in ["ListStateMachineVersions", "ListStateMachineAliases", "PublishStateMachineVersion"] {
        let said = client.refused(operation, json!({"stateMachineArn": arn}));
        assert_eq!(said, format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{arn}'"), "{operation}");
    }
    assert_eq!(client.refused("DeleteStateMachine", json!({"stateMachineArn": "x"})), "InvalidArn: Invalid Arn: 'x'");
}

#[test]
fn a_loaded_machine_replaces_the_one_of_its_name_and_keeps_what_belongs_to_it() {
    let mut client = with_two_versions();
    let machine = Machine::parse(TWO).unwrap().named("order");
    let loaded = client.registry.load(NOW + 1.hours(), &machine);
    assert_eq!((&*loaded.arn, &*loaded.role_arn, loaded.created), (MACHINE, ROLE, NOW));
    assert_eq!(client.versions().len(), 2);
    // Loaded again as it was, it stays the same revision.
    let again = client.registry.load(NOW + 2.hours(), &machine);
    assert_eq!((again.updated, &again.revision_id), (NOW + 1.hours(), &loaded.revision_id));
    assert_eq!(client.publish(), format!("{MACHINE}:3"));

    let other = client.registry.load(NOW, &machine.named("other"));
    assert_eq!(&*other.role_arn, "arn:aws:iam::123456789012:role/other");
    assert_eq!(client.registry.machine(&other.arn).unwrap().revision_id, other.revision_id);
    let names: Vec<&str> = client.registry.machines().map(|r| &*r.name).collect();
    assert_eq!(names, ["order", "other"]);
}
