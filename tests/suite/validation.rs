//! What the service says before anything runs: refusals of definitions and requests.

use rehearsal::asl::MachineType;
use rehearsal::prelude::*;
use rehearsal::validate::{Catalog, validate_definition};
use serde_json::Value;

const HELLO: &str = r#"{"StartAt": "Hello", "States": {"Hello": {"Type": "Succeed"}}}"#;

fn catalog() -> Catalog {
    Catalog::new("us-east-1", "123456789012")
}

/// A request to create a machine, with further members.
fn create(name: &str, members: Value) -> Value {
    let role = "arn:aws:iam::123456789012:role/order";
    let mut request = json!({ "name": name, "definition": HELLO, "roleArn": role });
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

fn arn(name: &str) -> String {
    format!("arn:aws:states:us-east-1:123456789012:stateMachine:{name}")
}

#[test]
fn every_finding_has_the_services_code_and_place() {
    let definition = json!({
        "StartAt": "A",
        "States": {
            "A": { "Type": "Pass", "Next": "Bee" },
            "B": { "Type": "Wait", "Timestamp": "tomorrow", "End": true },
        },
    });
    let answer = validate_definition(&json!({ "definition": definition.to_string() })).unwrap().to_json();
    let found = answer["diagnostics"].as_array().unwrap();
    let has = |code: &str, location: &str| found.iter().any(|d| d["code"] == code && d["location"] == location);
    assert!(has("MISSING_TRANSITION_TARGET", "/States/A/Next"), "{answer:#}");
    assert!(has("SCHEMA_VALIDATION_FAILED", "/States/B/Timestamp"), "{answer:#}");
    assert_eq!((&answer["result"], &answer["truncated"]), (&json!("FAIL"), &json!(false)));
}

#[test]
fn what_only_a_standard_machine_may_do_depends_on_the_type() {
    let wait = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
    let state = json!({ "Type": "Task", "Resource": wait, "Parameters": { "QueueUrl": "q" }, "End": true });
    let definition = json!({ "StartAt": "Ask", "States": { "Ask": state } }).to_string();
    assert!(Machine::validate(&definition).is_ok());
    let found = Machine::validate_as(&definition, MachineType::Express);
    assert_eq!(found.diagnostics[0].location, "/States/Ask/Resource");
}

#[test]
fn a_name_is_taken_by_another_machine_but_not_by_the_same() {
    let mut catalog = catalog();
    assert_eq!(catalog.create(&create("order", json!({}))).unwrap(), arn("order"));
    assert_eq!(catalog.create(&create("order", json!({}))).unwrap(), arn("order"));
    for other in [json!({ "definition": format!("{HELLO} ") }), json!({ "type": "EXPRESS" })] {
        let e = catalog.create(&create("order", other)).unwrap_err();
        assert_eq!(
            e.to_string(),
            format!("StateMachineAlreadyExists: State Machine Already Exists: '{}'", arn("order"))
        );
    }
    catalog.delete(&arn("order"));
    assert!(catalog.create(&create("order", json!({ "type": "EXPRESS" }))).is_ok());
}

#[test]
fn requests_are_refused_in_the_services_words() {
    let logs = |level: &str, destinations: Value| json!({ "loggingConfiguration": { "level": level, "destinations": destinations } });
    let group = json!([{ "cloudWatchLogsLogGroup": { "logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:there:*" } }]);
    let one = "Invalid Logging Configuration: Must specify exactly one Log Destination.";
    for (members, code, message) in [
        (json!({ "name": "a b" }), "InvalidName", "Invalid Name: 'a b'"),
        (json!({ "roleArn": "me" }), "InvalidArn", "Invalid Role Arn: 'me'"),
        (
            json!({ "versionDescription": "first" }),
            "ValidationException",
            "Version description can only be set when publish is true",
        ),
        (logs("ALL", json!([])), "InvalidLoggingConfiguration", one),
        (logs("ERROR", json!([group[0], group[0]])), "InvalidLoggingConfiguration", one),
        (json!({ "definition": "{}" }), "InvalidDefinition", "These fields are required: [States, StartAt] at /'"),
        (json!({ "type": "FAST" }), "ValidationException", "Value 'FAST' at 'type' failed to satisfy constraint"),
    ] {
        let e = catalog().create(&create("order", members.clone())).unwrap_err();
        assert!(e.code == code && e.message.ends_with(message) || e.message.contains(message), "{members}: {e}");
    }
    let fine =
        [json!({ "versionDescription": "first", "publish": true }), logs("OFF", json!([])), logs("ALL", group.clone())];
    for members in fine {
        assert!(catalog().create(&create("order", members)).is_ok());
    }
    let e = catalog().log_groups(["arn:aws:logs:us-east-1:123456789012:log-group:elsewhere"]);
    let e = e.clone().create(&create("order", logs("ALL", group.clone()))).unwrap_err();
    assert_eq!(e.message, "Invalid Logging Configuration: Log Destination not found.");
    let mut known = catalog().log_groups(["arn:aws:logs:us-east-1:123456789012:log-group:there"]);
    assert!(known.create(&create("order", logs("ALL", group))).is_ok());
}

#[test]
fn only_what_exists_can_be_started_or_changed() {
    let mut catalog = catalog();
    catalog.create(&create("order", json!({}))).unwrap();
    let (there, gone) = (arn("order"), arn("gone"));
    let code = |r: Result<(), rehearsal::validate::ApiError>| r.err().map(|e| e.code);
    let start = |request: Value| code(catalog.to_start(&request).map(|_| ()));
    assert_eq!(start(json!({ "stateMachineArn": there, "input": "7" })), None);
    assert_eq!(start(json!({ "stateMachineArn": gone })).as_deref(), Some("StateMachineDoesNotExist"));
    assert_eq!(start(json!({ "stateMachineArn": "order" })).as_deref(), Some("InvalidArn"));
    assert_eq!(start(json!({ "stateMachineArn": there, "input": "{" })).as_deref(), Some("InvalidExecutionInput"));
    let e = catalog.to_start_synchronously(&json!({ "stateMachineArn": there })).err().unwrap();
    assert_eq!(e.code, "StateMachineTypeNotSupported");

    let mut update = |request: Value| code(catalog.update(&request));
    assert_eq!(update(json!({ "stateMachineArn": there })).as_deref(), Some("MissingRequiredParameter"));
    assert_eq!(update(json!({ "stateMachineArn": there, "definition": "{}" })).as_deref(), Some("InvalidDefinition"));
    assert_eq!(
        update(json!({ "stateMachineArn": gone, "definition": HELLO })).as_deref(),
        Some("StateMachineDoesNotExist")
    );
    let renamed = HELLO.replace("Hello", "Bye");
    assert_eq!(update(json!({ "stateMachineArn": there, "definition": renamed })), None);
    let names: Vec<String> = {
        let machine = catalog.to_start(&json!({ "stateMachineArn": there })).unwrap();
        machine.state_names().map(str::to_owned).collect()
    };
    assert_eq!(names, ["Bye"]);
}
