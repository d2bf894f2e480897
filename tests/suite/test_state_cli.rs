//! `rehearsal test-state` as people see it.

use std::process::Command;

/// What it printed, what it complained about, its exit code.
fn test_state(args: &[&str]) -> (String, String, Option<i32>) {
    let seen = Command::new(env!("CARGO_BIN_EXE_rehearsal"))
        .arg("test-state")
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(seen.stdout), text(seen.stderr), seen.status.code())
}

const ORDER: &str = "tests/machines/order.asl.json";

/// A file for one test.
fn file(name: &str, content: &str) -> String {
    let path = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_state_is_shown_with_its_data_flow_and_what_comes_next() {
    let place = format!("{ORDER}#Ship");
    let (out, err, code) = test_state(&[&place, "--input", "{\"id\": 7}", "--mock-result", "{\"parcels\": 1}"]);
    let want = "\
Ship · SUCCEEDED
  input                       {\"id\":7}
  afterInputPath              {\"id\":7}
  afterParameters             {\"id\":7}
  afterResultSelector         {\"parcels\":1}
  afterResultPath             {\"id\":7,\"shipment\":{\"parcels\":1}}
  output                      {\"id\":7,\"shipment\":{\"parcels\":1}}
  next                        Done
";
    assert_eq!((out.as_str(), err.as_str(), code), (want, "", Some(0)));
}

#[test]
fn an_error_that_would_be_retried_says_when_and_is_exit_code_1() {
    let args = [ORDER, "--state", "Charge", "--mock-error", "PaymentGateway.Busy", "--retry-count", "1"];
    let (out, _, code) = test_state(&args);
    assert!(out.starts_with("Charge · RETRIABLE\n"), "{out}");
    assert!(
        out.ends_with(
            "  error                       PaymentGateway.Busy\n  retry                       Retry[0] after 2s\n"
        ),
        "{out}"
    );
    assert_eq!(code, Some(1));
    let (out, ..) =
        test_state(&[ORDER, "--state", "Charge", "--mock-error", "PaymentGateway.Busy", "--retry-count", "3"]);
    assert!(out.contains("Retry[0] is used up"), "{out}");
}

#[test]
fn json_is_what_the_api_answers() {
    let args = [ORDER, "--state", "Ship", "--mock-result", "1", "--json"];
    let (out, _, _) = test_state(&args);
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer, serde_json::json!({ "output": "{\"shipment\":1}", "nextState": "Done", "status": "SUCCEEDED" }));
    let (out, ..) = test_state(&[&args[..], &["--inspection-level", "debug"]].concat());
    assert!(out.contains("\"afterInputPath\": \"{}\""), "{out}");
}

#[test]
fn a_file_may_hold_one_state_and_nothing_else() {
    let path = file("lone-state.yaml", "Type: Pass\nParameters:\n  n.$: $.a[0]\nNext: Other\n");
    let (out, _, code) = test_state(&[&path, "--input", "{\"a\": [5]}", "--inspection-level", "info"]);
    assert_eq!(
        out,
        "lone-state.yaml · SUCCEEDED\n  output                      {\"n\":5}\n  next                        Other\n"
    );
    assert_eq!(code, Some(0));
    let path = file("wrong-state.yaml", "Type: Pass\nParamters: {}\nNext: Other\n");
    let (_, err, code) = test_state(&[&path]);
    assert!(err.contains("wrong-state.yaml:2:1") && err.contains("did you mean `Parameters`"), "{err}");
    assert_eq!(code, Some(3));
}

#[test]
fn every_sort_of_refusal_has_its_exit_code_and_says_what_to_do() {
    for (args, code, part) in [
        (&[ORDER][..], 2, "add `--state Charge`"),
        (&["mocks/checkout.yaml"], 2, "name a state of a machine in it"),
        (&["tests/machines/order.asl.json#Chrage"], 2, "did you mean `Charge`?"),
        (&["tests/machines/checkout.asl.json", "--state", "Notify"], 3, "is tested with a mock"),
        (&[ORDER, "--state", "Ship"], 4, "--mock-result"),
        (&[ORDER, "--state", "Done", "--mock-result", "1"], 4, "State type 'Succeed' is not supported"),
        (&[ORDER, "--state", "Ship", "--mock-result", "{"], 5, "--mock-result:1:1"),
        (&[ORDER, "--state", "Ship", "--variables", "[1]"], 5, "--variables is a JSON object"),
        (&["nowhere.json"], 6, "failed to read `nowhere.json`"),
    ] {
        let (out, err, got) = test_state(args);
        assert!(got == Some(code) && err.contains(part) && out.is_empty(), "{args:?}: {got:?} {err}");
    }
}
