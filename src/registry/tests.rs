//! Sequences of calls, as clients make them.

use serde_json::json;

use super::*;
use crate::asl::Machine;
use crate::time::DurationExt;

const NOW: Timestamp = Timestamp::EPOCH_DEFAULT;
const ROLE: &str = "arn:aws:iam::123456789012:role/states";
const ONE: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
const TWO: &str = r#"{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#;
const MACHINE: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:order";

struct Client {
    registry: Registry,
    now: Timestamp,
}

impl Client {
    fn new() -> Client {
        Client { registry: Registry::new("123456789012", "eu-west-1", 7), now: NOW }
    }
    /// With `order`, whose definition is `ONE`.
    fn with_order() -> Client {
        let mut client = Client::new();
        client.ok("CreateStateMachine", json!({"name": "order", "definition": ONE, "roleArn": ROLE}));
        client
    }
    fn call(&mut self, operation: &str, input: serde_json::Value) -> Result<serde_json::Value, ServiceError> {
        self.registry.call(self.now, operation, &input.into()).map(|v| v.to_json())
    }
    #[track_caller]
    fn ok(&mut self, operation: &str, input: serde_json::Value) -> serde_json::Value {
        self.call(operation, input).unwrap()
    }
    #[track_caller]
    fn refused(&mut self, operation: &str, input: serde_json::Value) -> String {
        self.call(operation, input).unwrap_err().to_string()
    }
    /// Updates the definition of `order`; gives the revision.
    fn update(&mut self, definition: &str) -> String {
        let answer = self.ok("UpdateStateMachine", json!({"stateMachineArn": MACHINE, "definition": definition}));
        answer["revisionId"].as_str().unwrap().to_owned()
    }
    /// Publishes `order` as it is; gives the version's ARN.
    fn publish(&mut self) -> String {
        let answer = self.ok("PublishStateMachineVersion", json!({"stateMachineArn": MACHINE}));
        answer["stateMachineVersionArn"].as_str().unwrap().to_owned()
    }
    fn versions(&mut self) -> Vec<String> {
        let answer = self.ok("ListStateMachineVersions", json!({"stateMachineArn": MACHINE}));
        let arn = |v: &serde_json::Value| v["stateMachineVersionArn"].as_str().unwrap().to_owned();
        answer["stateMachineVersions"].as_array().unwrap().iter().map(arn).collect()
    }
}

/// The routing to these versions of `order`.
fn routes(all: &[(u64, u64)]) -> serde_json::Value {
    let one = |(version, weight): &(u64, u64)| json!({"stateMachineVersionArn": format!("{MACHINE}:{version}"), "weight": weight});
    all.iter().map(one).collect()
}

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
fn a_revision_is_published_once_and_its_number_never_comes_again() {
    let mut client = Client::with_order();
    let first = client.publish();
    assert_eq!((client.publish(), &first), (format!("{MACHINE}:1"), &format!("{MACHINE}:1")));
    client.update(TWO);
    let second = client.publish();
    assert_eq!(client.versions(), [second.clone(), first.clone()]);
    assert_eq!(&*client.registry.target(&first).unwrap().revision.definition, ONE);
    let target = client.registry.target(&second).unwrap();
    assert_eq!((&*target.revision.definition, target.version_arn.as_deref()), (TWO, Some(&*second)));

    client.ok("DeleteStateMachineVersion", json!({"stateMachineVersionArn": second}));
    client.ok("DeleteStateMachineVersion", json!({"stateMachineVersionArn": second}));
    assert_eq!(client.versions(), [first]);
    let said = client.registry.target(&second).err().unwrap().to_string();
    assert_eq!(said, format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{second}'"));
    assert_eq!(client.publish(), format!("{MACHINE}:3"));
}

#[test]
fn a_version_is_published_of_the_revision_that_is_meant() {
    let mut client = Client::with_order();
    let ask = |revision: &str| json!({"stateMachineArn": MACHINE, "revisionId": revision, "description": "first"});
    let said = client.refused("PublishStateMachineVersion", ask("other"));
    assert!(said.starts_with("ConflictException: ") && said.ends_with(" is INITIAL."), "{said}");
    let published = client.ok("PublishStateMachineVersion", ask("INITIAL"));
    assert_eq!(published, json!({"stateMachineVersionArn": format!("{MACHINE}:1"), "creationDate": 1_704_067_200.0}));
    let described = client.ok("DescribeStateMachine", json!({"stateMachineArn": format!("{MACHINE}:1")}));
    assert_eq!(
        (&described["stateMachineArn"], &described["description"]),
        (&json!(format!("{MACHINE}:1")), &json!("first"))
    );
    let revision = client.update(TWO);
    assert!(client.refused("PublishStateMachineVersion", ask("INITIAL")).starts_with("ConflictException"));
    client.ok("PublishStateMachineVersion", ask(&revision));
}

#[test]
fn creating_and_updating_can_publish_as_well() {
    let mut client = Client::new();
    let request =
        json!({"name": "order", "definition": ONE, "roleArn": ROLE, "publish": true, "versionDescription": "v1"});
    for _ in 0..2 {
        let created = client.ok("CreateStateMachine", request.clone());
        assert_eq!(created["stateMachineVersionArn"], format!("{MACHINE}:1"));
    }
    let updated =
        client.ok("UpdateStateMachine", json!({"stateMachineArn": MACHINE, "definition": TWO, "publish": true}));
    assert_eq!(updated["stateMachineVersionArn"], format!("{MACHINE}:2"));
}

#[test]
fn there_are_a_thousand_versions_at_most() {
    let mut client = Client::with_order();
    for n in 0..1_000 {
        client.publish();
        client.update(if n % 2 == 0 { TWO } else { ONE });
    }
    let said = client.refused("PublishStateMachineVersion", json!({"stateMachineArn": MACHINE}));
    assert!(said.starts_with("ServiceQuotaExceededException: "), "{said}");
    // What cannot be published is not updated either.
    let before = client.ok("DescribeStateMachine", json!({"stateMachineArn": MACHINE}));
    let request = json!({"stateMachineArn": MACHINE, "roleArn": format!("{ROLE}-2"), "publish": true});
    assert!(client.refused("UpdateStateMachine", request).starts_with("ServiceQuotaExceededException: "));
    assert_eq!(client.ok("DescribeStateMachine", json!({"stateMachineArn": MACHINE})), before);
    client.ok("DeleteStateMachineVersion", json!({"stateMachineVersionArn": format!("{MACHINE}:7")}));
    assert_eq!(client.publish(), format!("{MACHINE}:1001"));
}

/// `order` with the versions 1 (`ONE`) and 2 (`TWO`).
fn with_two_versions() -> Client {
    let mut client = Client::with_order();
    client.publish();
    client.update(TWO);
    client.publish();
    client
}

#[test]
fn an_alias_leads_to_its_versions_by_weight() {
    let mut client = with_two_versions();
    let created = client.ok(
        "CreateStateMachineAlias",
        json!({"name": "PROD", "description": "live", "routingConfiguration": routes(&[(1, 80), (2, 20)])}),
    );
    let arn = format!("{MACHINE}:PROD");
    assert_eq!(created, json!({"stateMachineAliasArn": arn, "creationDate": 1_704_067_200.0}));
    let mut first = 0;
    for _ in 0..1_000 {
        let target = client.registry.target(&arn).unwrap();
        let version = target.version_arn.unwrap();
        let expected = if version.ends_with(":1") { ONE } else { TWO };
        assert_eq!((&*target.revision.definition, target.alias_arn.as_deref()), (expected, Some(&*arn)));
        first += usize::from(version.ends_with(":1"));
    }
    assert!((750..850).contains(&first), "{first}");

    client.now = NOW + 1.minutes();
    let answer = client.ok(
        "UpdateStateMachineAlias",
        json!({"stateMachineAliasArn": arn, "routingConfiguration": routes(&[(2, 100)])}),
    );
    assert_eq!(answer, json!({"updateDate": 1_704_067_260.0}));
    assert_eq!(client.registry.target(&arn).unwrap().version_arn.as_deref(), Some(&*format!("{MACHINE}:2")));
    assert_eq!(
        client.ok("DescribeStateMachineAlias", json!({"stateMachineAliasArn": arn})),
        json!({
            "stateMachineAliasArn": arn, "name": "PROD", "description": "live", "routingConfiguration": routes(&[(2, 100)]),
            "creationDate": 1_704_067_200.0, "updateDate": 1_704_067_260.0,
        })
    );
}

#[test]
fn an_alias_is_created_once_and_another_of_its_name_is_refused() {
    let mut client = with_two_versions();
    let request = json!({"name": "PROD", "routingConfiguration": routes(&[(1, 100)])});
    let created = client.ok("CreateStateMachineAlias", request.clone());
    client.now = NOW + 1.hours();
    assert_eq!(client.ok("CreateStateMachineAlias", request), created);
    let other = json!({"name": "PROD", "routingConfiguration": routes(&[(2, 100)])});
    assert!(client.refused("CreateStateMachineAlias", other).starts_with("ConflictException: Failed to create alias"));
}

#[test]
fn routes_that_lead_nowhere_are_refused() {
    let mut client = with_two_versions();
    client.ok("CreateStateMachine", json!({"name": "x", "definition": ONE, "roleArn": ROLE, "publish": true}));
    let mixed = json!([
        {"stateMachineVersionArn": format!("{MACHINE}:1"), "weight": 50},
        {"stateMachineVersionArn": MACHINE.replace("order", "x:1"), "weight": 50},
    ]);
    for (routing, code) in [
        (routes(&[(1, 99)]), "ValidationException"),
        (routes(&[(1, 60), (2, 60)]), "ValidationException"),
        (routes(&[(1, 50), (1, 50)]), "ValidationException"),
        (routes(&[]), "ValidationException"),
        (routes(&[(1, 40), (2, 40), (3, 20)]), "ValidationException"),
        (mixed, "ValidationException"),
        (json!([{"stateMachineVersionArn": MACHINE, "weight": 100}]), "ValidationException"),
        (json!([{"stateMachineVersionArn": "x", "weight": 100}]), "InvalidArn"),
        (routes(&[(9, 100)]), "ResourceNotFound"),
    ] {
        let said = client.refused("CreateStateMachineAlias", json!({"name": "P", "routingConfiguration": routing}));
        assert!(said.starts_with(&format!("{code}: ")), "{routing}: {said}");
    }
}

#[test]
fn a_version_stays_as_long_as_an_alias_leads_to_it() {
    let mut client = with_two_versions();
    for name in ["blue", "green"] {
        client.ok("CreateStateMachineAlias", json!({"name": name, "routingConfiguration": routes(&[(1, 100)])}));
    }
    let version = json!({"stateMachineVersionArn": format!("{MACHINE}:1")});
    assert_eq!(
        client.refused("DeleteStateMachineVersion", version.clone()),
        "ConflictException: Version to be deleted must not be referenced by an alias. Current list of aliases referencing \
         this version: [blue, green]"
    );
    let aliases = |client: &mut Client, arn: String| {
        let answer = client.ok("ListStateMachineAliases", json!({"stateMachineArn": arn}));
        answer["stateMachineAliases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a["stateMachineAliasArn"].clone())
            .collect::<Vec<_>>()
    };
    let both = [json!(format!("{MACHINE}:green")), json!(format!("{MACHINE}:blue"))];
    assert_eq!(aliases(&mut client, MACHINE.to_owned()), both);
    assert_eq!(aliases(&mut client, format!("{MACHINE}:1")), both);
    assert!(aliases(&mut client, format!("{MACHINE}:2")).is_empty());
    for name in ["blue", "green"] {
        let alias = json!({"stateMachineAliasArn": format!("{MACHINE}:{name}")});
        for _ in 0..2 {
            client.ok("DeleteStateMachineAlias", alias.clone());
        }
        assert!(client.refused("DescribeStateMachineAlias", alias).starts_with("ResourceNotFound: "));
    }
    client.ok("DeleteStateMachineVersion", version);
}

#[test]
fn there_are_a_hundred_aliases_at_most() {
    let mut client = with_two_versions();
    for n in 0..100 {
        client.ok(
            "CreateStateMachineAlias",
            json!({"name": format!("a{n}"), "routingConfiguration": routes(&[(1, 100)])}),
        );
    }
    let said =
        client.refused("CreateStateMachineAlias", json!({"name": "more", "routingConfiguration": routes(&[(1, 100)])}));
    assert!(said.starts_with("ServiceQuotaExceededException: "), "{said}");
    let update = json!({"stateMachineAliasArn": format!("{MACHINE}:a1")});
    assert!(client.refused("UpdateStateMachineAlias", update).starts_with("ValidationException: "));
}

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
