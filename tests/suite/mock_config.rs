//! Mock configurations of Step Functions Local: run as they are, and turned into scenario files that behave alike.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rehearsal::diagnostic::Diagnostic;
use rehearsal::import::mock_config::{MockConfig, Options, Scenarios};
use rehearsal::scenario::ScenarioFile;
use rehearsal::source::Source;
use serde_json::{Value, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn config(text: &str) -> Result<MockConfig, rehearsal::Error> {
    let path = root().join("tests/scenarios/MockConfigFile.json");
    MockConfig::parse(&path, &Arc::new(Source::new("MockConfigFile.json", text)))
}

fn options() -> Options {
    Options { paths: vec![root().join("tests/machines")], ..Options::default() }
}

/// The scenarios of a configuration with one machine.
fn scenarios(config: &MockConfig, options: &Options) -> Result<Scenarios, rehearsal::Error> {
    config.scenarios(options)?.remove(0)
}

fn with_responses(cases: Value, responses: Value) -> String {
    json!({ "StateMachines": { "Checkout": { "TestCases": cases } }, "MockedResponses": responses }).to_string()
}

/// Every finding in one line with the characters it marks.
fn findings(text: &str) -> Vec<String> {
    let error = match config(text) {
        Ok(config) => scenarios(&config, &options()).expect_err("it should be refused"),
        Err(error) => error,
    };
    let line = |d: &Diagnostic| {
        let marked = d.primary.as_ref().map(|p| &text[p.span.range()]).unwrap_or_default();
        format!("{marked} {}: {}; {}", d.code, d.message, d.help.as_deref().unwrap_or("-"))
    };
    error.diagnostics().iter().map(line).collect()
}

/// Charge answers as this response says; the others as they should.
fn charge(response: Value) -> String {
    with_responses(
        json!({ "Case": { "Charge": "R", "Email": "Sent", "Audit": "Saved" } }),
        json!({
            "R": response,
            "Sent": { "0": { "Return": { "MessageId": "m-1" } } },
            "Saved": { "0": { "Return": {} } },
        }),
    )
}

const INPUT: &str = r#"{"orderId": 7}"#;

fn options_with_input() -> Options {
    let input = rehearsal::value::Value::parse(INPUT).unwrap();
    Options { input: Some(input), ..options() }
}

#[test]
fn a_test_case_is_a_scenario_and_its_calls_are_counted_by_state() {
    let busy = json!({ "Throw": { "Error": "Lambda.TooManyRequestsException", "Cause": "503" } });
    let paid = json!({ "Return": { "StatusCode": 200, "Payload": { "chargeId": "c-1" } } });
    let config = config(&charge(json!({ "2": paid, "0-1": busy }))).unwrap();
    let scenarios = scenarios(&config, &options_with_input()).unwrap();
    assert!(scenarios.definition.ends_with("checkout.asl.json"), "{}", scenarios.definition);
    let [case] = scenarios.file.scenarios() else { panic!("one case is one scenario") };
    assert_eq!(case.name(), "Case");
    let outcome = scenarios.file.run(case, None);
    assert!(outcome.passed());
    let run = outcome.run().unwrap();
    run.assert_succeeded().assert_path(["Validate", "Charge x3", "Notify", "Done"]);
    assert!(outcome.unused_mocks().is_empty());
}

#[test]
fn a_call_too_many_and_a_state_without_a_response_are_told() {
    let failing = json!({ "0": { "Throw": { "Error": "Lambda.TooManyRequestsException" } } });
    for (text, want) in [
        (charge(failing), "but the mock of `Charge` had 1 reply, and this is call 2"),
        (with_responses(json!({ "Case": {} }), json!({})), "calls lambda:invoke `charge`, and no mock answers it"),
    ] {
        let config = config(&text).unwrap();
        let scenarios = scenarios(&config, &options_with_input()).unwrap();
        let case = &scenarios.file.scenarios()[0];
        let outcome = scenarios.file.run(case, None);
        assert!(!outcome.passed());
        let text = scenarios.file.failed(case, &outcome).to_string();
        assert!(text.contains(want), "{text}");
        assert!(text.contains("name a response for the state in the test case"), "{text}");
        assert!(text.contains("again: rehearsal test --mock-config "), "{text}");
    }
}

#[test]
fn mistakes_are_told_with_their_place_and_what_to_write() {
    let fine = json!({ "Return": {} });
    let case = |states: Value| with_responses(json!({ "Case": states }), json!({ "Paid": { "0": fine } }));
    let table: Vec<(String, &[&str])> = vec![
        (
            case(json!({ "Charge": "Piad" })),
            &["\"Piad\" unknown-response: there is no mocked response `Piad`; did you mean `Paid`?"],
        ),
        (
            case(json!({ "Chrage": "Paid" })),
            &["\"Chrage\" unknown-state: `checkout` has no state `Chrage`; did you mean `Charge`?"],
        ),
        (
            case(json!({ "Done": "Paid" })),
            &[
                "\"Done\" wrong-value: `Done` is a Succeed state, which calls nothing; only Task states are answered by mocked responses",
            ],
        ),
        (
            case(json!({ "Charge": 1 })),
            &[
                "1 wrong-type: `Charge` takes the name of a mocked response, not a number; write the response below `MockedResponses`, and its name here",
            ],
        ),
        (
            charge(json!({ "2-1": fine })),
            &["\"2-1\" bad-range: the range `2-1` ends before it begins; write `\"1-2\"`"],
        ),
        (
            charge(json!({ "first": fine })),
            &[
                "\"first\" bad-range: `first` does not say which calls it is for; write a number or a range, counted from 0: `\"0\"`, `\"1-2\"`",
            ],
        ),
        (
            charge(json!({ "0-2": fine, "2": fine })),
            &["\"2\" overlapping-range: call 2 is answered twice in `R`; let each range begin after the one before it"],
        ),
        (
            charge(json!({ "1": fine, "4": fine })),
            &[
                "\"1\" missing-range: `R` says nothing for call 0; calls are counted from 0; add `\"0\": { \"Return\": {} }`",
                "\"4\" missing-range: `R` says nothing for calls 2-3; calls are counted from 0; add `\"2-3\": { \"Return\": {} }`",
            ],
        ),
        (
            charge(json!({ "0": {} })),
            &[
                "{} missing-field: call `0` neither returns nor throws; add `\"Return\": {}` or `\"Throw\": { \"Error\": \"…\" }`",
            ],
        ),
        (
            charge(json!({ "0": { "Retrun": {} } })),
            &["\"Retrun\" unknown-key: `Retrun` is not a word of a mocked response; did you mean `Return`?"],
        ),
        (
            charge(json!({ "0": { "Return": {}, "Throw": {} } })),
            &["\"Throw\" wrong-value: call `0` says two things: `Return` and `Throw`; keep one of the two"],
        ),
        (
            charge(json!({ "0": { "Throw": { "Cause": "no" } } })),
            &[
                "{\"Cause\":\"no\"} missing-field: `Throw` does not name its error; add `\"Error\": \"Lambda.TooManyRequestsException\"`, or what the task fails with",
            ],
        ),
        (
            charge(json!({ "0": { "Throw": { "Error": "E", "Casue": "no" } } })),
            &["\"Casue\" unknown-key: `Casue` is not a word of `Throw`; did you mean `Cause`?"],
        ),
        (
            json!({ "StateMachines": { "Checkout": { "TestCases": { "A": {} } } }, "MockedResponse": {} }).to_string(),
            &[
                "\"MockedResponse\" unknown-key: `MockedResponse` is not a word of a mock configuration; did you mean `MockedResponses`?",
            ],
        ),
        (
            "{}".to_owned(),
            &[
                "{ missing-field: the configuration has no `StateMachines`; add `\"StateMachines\": { \"NAME\": { \"TestCases\": {…} } }`",
            ],
        ),
    ];
    for (text, want) in table {
        assert_eq!(findings(&text), want, "{text}");
    }
}

#[test]
fn a_machine_without_a_definition_says_where_it_was_looked_for() {
    let text = json!({ "StateMachines": { "Chekout": { "TestCases": { "A": {} } } } }).to_string();
    let found = findings(&text);
    let [only] = found.as_slice() else { panic!("{found:?}") };
    assert!(
        only.starts_with(
            "\"Chekout\" unknown-machine: no definition is named `Chekout`; did you mean `checkout`? looked in"
        ),
        "{only}"
    );
    assert!(only.ends_with("say where it is by `--definition Chekout=FILE`"), "{only}");
    let mut options = options();
    let place = root().join("tests/machines/checkout.asl.json").display().to_string();
    options.definitions.insert("Chekout".into(), place);
    assert!(scenarios(&config(&text).unwrap(), &options).is_ok());
    options.definitions.insert("Chckout".into(), "x".into());
    let error = config(&text).unwrap().scenarios(&options).err().unwrap().to_string();
    assert!(error.ends_with("has no such machine; did you mean `Chekout`?"), "{error}");
}

#[test]
fn a_definition_of_another_name_is_found_by_its_states() {
    let states = json!({ "Validate": {}, "A": { "Charge": "R", "Email": "R" } });
    let text = json!({
        "StateMachines": { "Unheard": { "TestCases": { "A": states["A"] } } },
        "MockedResponses": { "R": { "0": { "Return": {} } } },
    });
    let config = config(&text.to_string()).unwrap();
    assert!(scenarios(&config, &options()).unwrap().definition.ends_with("checkout.asl.json"));
}

#[test]
fn what_nobody_uses_is_a_warning_and_no_error() {
    let text = with_responses(json!({ "A": {} }), json!({ "Left": { "7": {} }, "Empty": {} }));
    let config = config(&text).unwrap();
    let warnings: Vec<&str> = config.warnings().iter().map(|d| d.message.as_str()).collect();
    assert_eq!(warnings, ["no test case uses the response `Empty`", "no test case uses the response `Left`"]);
}

#[test]
fn cases_of_one_name_are_told_apart_by_their_machine() {
    let cases = json!({ "TestCases": { "Happy": {} } });
    let text = json!({ "StateMachines": { "checkout": cases, "approval": cases } }).to_string();
    let names: Vec<String> = config(&text)
        .unwrap()
        .scenarios(&options())
        .unwrap()
        .into_iter()
        .map(|s| s.unwrap().file.scenarios()[0].name().to_owned())
        .collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&"checkout#Happy".to_owned()) && names.contains(&"approval#Happy".to_owned()), "{names:?}");
}

#[test]
fn what_is_imported_passes_and_does_the_same() {
    let busy = json!({ "Throw": { "Error": "Lambda.TooManyRequestsException", "Cause": "503" } });
    let paid = json!({ "Return": { "StatusCode": 200, "Payload": { "chargeId": "c-1" } } });
    for response in [json!({ "0-1": busy, "2": paid }), json!({ "0": { "Throw": { "Error": "CardDeclined" } } })] {
        let config = config(&charge(response)).unwrap();
        let options = options_with_input();
        let scenarios = scenarios(&config, &options).unwrap();
        let path: PathBuf = root().join("tests/scenarios/Checkout.rehearsal.yaml");
        let (draft, tells) = config.draft(&scenarios, &path, &options);
        assert!(tells.is_empty());
        let text = draft.to_yaml();
        let file = ScenarioFile::parse(&path, &Arc::new(Source::new("Checkout.rehearsal.yaml", &text))).unwrap();
        let (before, after) = (&scenarios.file.scenarios()[0], &file.scenarios()[0]);
        let (before, after) = (scenarios.file.run(before, None), file.run(after, None));
        assert!(after.passed(), "{text}");
        assert_eq!(before.run().unwrap().history_json(), after.run().unwrap().history_json());
    }
}

#[test]
fn a_mock_of_test_state_is_a_mock_of_a_state() {
    let folder = std::env::temp_dir().join(format!("rehearsal-import-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let read = |text: &str, state: Option<&str>| {
        let path = folder.join("mock.json");
        std::fs::write(&path, text).unwrap();
        rehearsal::import::test_state_mock::read(&path, state)
    };
    let text = r#"{"result": "{\"paid\": [1, 2]}", "fieldValidationMode": "NONE"}"#;
    let want = "# Made of mock.json by `rehearsal import`.\nmocks:\n  Charge: { return: { paid: [1, 2] } }\n";
    assert_eq!(read(text, Some("Charge")).unwrap().as_deref(), Some(want));
    let text = r#"{"stateName": "Charge", "mock": {"errorOutput": {"error": "Busy", "cause": "503"}}}"#;
    let want = "# Made of mock.json by `rehearsal import`.\nmocks:\n  Charge: { fail: Busy, cause: \"503\" }\n";
    assert_eq!(read(text, None).unwrap().as_deref(), Some(want));
    assert!(read(r#"{"StateMachines": {}}"#, None).unwrap().is_none());
    let error = read(r#"{"result": "{"}"#, None).unwrap_err();
    assert!(error.to_string().contains("the result is no JSON"), "{error}");
    let error = read(r#"{"result": "{}"}"#, None).unwrap_err();
    assert!(error.to_string().contains("say which state the mock answers by `--state NAME`"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    /// Whatever somebody's editor leaves behind is refused or run, and never a panic.
    #[test]
    fn a_damaged_configuration_is_no_panic(cut in 0.0..1.0_f64, length in 0usize..30, put in "[\\[\\]{}\":,0-9a-zA-Z-]{0,6}") {
        let text = charge(json!({ "0-1": { "Throw": { "Error": "E", "Cause": "c" } }, "2": { "Return": { "a": [1] } } }));
        let from = (cut * text.len() as f64) as usize;
        let to = (from + length).min(text.len());
        let damaged = format!("{}{put}{}", &text[..from], &text[to..]);
        if let Ok(config) = config(&damaged) {
            for scenarios in config.scenarios(&options()).into_iter().flatten().flatten() {
                for scenario in scenarios.file.scenarios() {
                    scenarios.file.run(scenario, None);
                }
                config.draft(&scenarios, Path::new("x.rehearsal.yaml"), &options()).0.to_yaml();
            }
        }
    }
}

#[test]
fn the_nearest_definition_is_meant_where_others_lie_further_away() {
    let folder = crate::support::Folder::new("mock-config-near");
    let definition = include_str!("../machines/checkout.asl.json");
    folder.write(".git/HEAD", "");
    folder.write("shop/checkout.asl.json", definition);
    folder.write("other/checkout.asl.json", definition);
    folder.write("other/approval.asl.json", include_str!("../machines/approval.asl.json"));
    let text = json!({ "StateMachines": { "Checkout": { "TestCases": { "A": {} } }, "Approval": { "TestCases": { "A": {} } } } });
    let path = folder.write("shop/MockConfigFile.json", &text.to_string());
    let config = MockConfig::load(&path).unwrap();
    let all = config.scenarios(&Options::default()).unwrap();
    let found: Vec<String> = all.into_iter().map(|s| s.unwrap().definition).collect();
    assert!(found[0].ends_with("shop/checkout.asl.json") && found[1].ends_with("other/approval.asl.json"), "{found:?}");
}
