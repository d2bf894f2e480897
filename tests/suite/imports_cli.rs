//! `rehearsal init`, `import`, `record` and `test --mock-config` as they are typed.

use std::process::{Command, Output};

use rehearsal::prelude::*;
use serde_json::Value;

use crate::support::Folder;

fn rehearsal(folder: &Folder, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_rehearsal")).args(args).current_dir(folder.path("")).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A folder with the machine `checkout` in `infra`.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("infra/checkout.asl.json", include_str!("../machines/checkout.asl.json"));
    folder
}

fn config(response: &Value) -> String {
    json!({
        "StateMachines": { "Checkout": { "TestCases": { "Happy": { "Charge": "R", "Email": "Sent", "Audit": "Sent" } } } },
        "MockedResponses": { "R": response, "Sent": { "0": { "Return": {} } } },
    })
    .to_string()
}

const INPUT: &str = r#"{"orderId": 7}"#;

#[test]
fn the_first_scenarios_pass_and_are_not_written_over() {
    let folder = folder("cli-init");
    let (code, out, err) = rehearsal(&folder, &["init", "infra", "--dry-run"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let path = "infra/tests/scenarios/checkout.rehearsal.yaml";
    assert_eq!(out, format!("would write  {path}  of infra/checkout.asl.json · SUCCEEDED\n"));
    assert!(!folder.path(path).exists());

    let (code, out, _) = rehearsal(&folder, &["init", "infra"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.starts_with(&format!("wrote  {path}  of infra/checkout.asl.json · SUCCEEDED\n")), "{out}");
    assert_eq!(rehearsal(&folder, &["test", "infra"]).0, 0);

    folder.write(path, "mine");
    let (code, out, _) = rehearsal(&folder, &["init", "infra"]);
    assert_eq!((code, out), (0, format!("there   {path}  left as it is; `--force` writes over it\n")));
    assert_eq!(std::fs::read_to_string(folder.path(path)).unwrap(), "mine");
    assert_eq!(rehearsal(&folder, &["init", "infra", "--force"]).0, 0);
    assert_ne!(std::fs::read_to_string(folder.path(path)).unwrap(), "mine");

    std::fs::create_dir(folder.path("empty")).unwrap();
    let (code, _, err) = rehearsal(&folder, &["init", "empty"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: there is no state machine in `empty`\nhelp: name a folder"), "{err}");
}

#[test]
fn a_mock_configuration_runs_unchanged() {
    let folder = folder("cli-mock-config");
    let response =
        json!({ "0": { "Return": { "StatusCode": 200, "Payload": { "chargeId": "c-1" } } }, "1": { "Return": {} } });
    folder.write("MockConfigFile.json", &config(&response));
    let args = ["test", "--mock-config", "MockConfigFile.json", "--case-input", INPUT, "--no-real-time"];
    let (code, out, err) = rehearsal(&folder, &args);
    assert_eq!((code, err.as_str()), (0, ""));
    let want = "\
ok    MockConfigFile.json  1 check
      ✓ Happy
      unused Happy: reply 2 of 2 in the mock of `Charge` was never used

1 passed · 1 file
";
    assert_eq!(out, want);

    folder.write("MockConfigFile.json", &config(&json!({ "0-1": { "Throw": { "Error": "CardDeclined" } } })));
    let (code, out, _) = rehearsal(&folder, &args);
    assert_eq!(code, 0);
    assert!(out.contains("✓ Happy  FAILED\n"), "{out}");

    let (code, _, err) = rehearsal(&folder, &["test", "--case-input", "{}"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: `--definition` and `--case-input` go with `--mock-config`\n"), "{err}");
}

#[test]
fn what_is_imported_is_written_once() {
    let folder = folder("cli-import");
    folder.write("MockConfigFile.json", &config(&json!({ "0": { "Throw": { "Error": "CardDeclined" } } })));
    let import = ["import", "MockConfigFile.json", "infra", "--case-input", "Happy={\"orderId\": 7}"];
    let (code, out, err) = rehearsal(&folder, &import);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("wrote  Checkout.rehearsal.yaml  1 scenario of Checkout\n"), "{out}");
    let want = "\
# Made of MockConfigFile.json by `rehearsal import`.
# What is expected is what happened: look whether it is what you want.
machine: infra/checkout.asl.json

scenarios:
  - name: Happy
    input: { orderId: 7 }
    mocks:
      Charge: { fail: CardDeclined, times: 1 }
      Email: { return: {}, times: 1 }
      Audit: { return: {}, times: 1 }
    expect:
      status: FAILED
";
    let text = std::fs::read_to_string(folder.path("Checkout.rehearsal.yaml")).unwrap();
    assert!(text.starts_with(want), "{text}");
    assert_eq!(rehearsal(&folder, &["test", "Checkout.rehearsal.yaml"]).0, 0);
    let (code, _, err) = rehearsal(&folder, &import);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: `Checkout.rehearsal.yaml` is there already\nhelp: add `--force`"), "{err}");

    folder.write("mock.json", r#"{"result": "{\"chargeId\": \"c-1\"}"}"#);
    let (code, out, _) = rehearsal(&folder, &["import", "mock.json", "--state", "Charge"]);
    let want = "# Made of mock.json by `rehearsal import`.\nmocks:\n  Charge: { return: { chargeId: c-1 } }\n";
    assert_eq!((code, out.as_str()), (0, want));
}

#[test]
fn a_history_is_recorded_beside_itself() {
    let folder = folder("cli-record");
    let machine = Machine::load(folder.path("infra/checkout.asl.json")).unwrap();
    let run = Harness::new(&machine).mock("Charge", mock::throws("CardDeclined")).run(json!({ "orderId": 7 }));
    let mut history = run.history_json();
    folder.write("production.json", &history.to_string());
    let (code, out, err) = rehearsal(&folder, &["record", "production.json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let events = history["events"].as_array().unwrap().len();
    let want = format!(
        "wrote  production.rehearsal.yaml  of infra/checkout.asl.json\n       replaying it gives the history: {events} \
         events\n\n  rehearsal test production.rehearsal.yaml\n"
    );
    assert_eq!(out, want);
    assert_eq!(rehearsal(&folder, &["test", "production.rehearsal.yaml"]).0, 0);

    let last = history["events"].as_array_mut().unwrap().last_mut().unwrap();
    last["executionFailedEventDetails"]["error"] = "Another".into();
    folder.write("production.json", &history.to_string());
    let (code, out, _) = rehearsal(&folder, &["record", "production.json", "--force"]);
    assert_eq!(code, 1);
    assert!(out.contains("replaying it differs from the history in 1 of "), "{out}");
    assert!(out.contains("(ExecutionFailed): error was \"Another\", and is \"OrderRejected\" when replayed"), "{out}");
    assert_eq!(rehearsal(&folder, &["record", "production.json"]).0, 2);
    folder.write("other.json", &history.to_string().replace("\"Charge\"", "\"Elsewhere\""));
    let (code, _, err) = rehearsal(&folder, &["record", "other.json", "--definition", "infra/checkout.asl.json"]);
    assert_eq!(code, 2);
    assert!(err.contains("the definition has no such state"), "{err}");
}
