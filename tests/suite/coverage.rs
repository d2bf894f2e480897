//! Coverage: what tests of every kind reach of a machine, put together, shown, and held against what is asked for.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rehearsal::coverage::{self, Coverage, Event, Kind, Thresholds};
use rehearsal::mock;
use rehearsal::prelude::*;
use rehearsal::scenario::ScenarioFile;
use rehearsal::scenario::suite::{Selection, Suite, Verdict, run};
use rehearsal::source::Source;

use crate::support::{WORK, machine};

/// A machine with a point of every kind.
fn shop() -> Machine {
    machine(json!({
        "StartAt": "Route",
        "TimeoutSeconds": 3600,
        "States": {
            "Route": {
                "Type": "Choice",
                "Choices": [
                    { "Variable": "$.kind", "StringEquals": "many", "Next": "Each" },
                    { "Variable": "$.kind", "StringEquals": "both", "Next": "Both" }
                ],
                "Default": "Work"
            },
            "Work": {
                "Type": "Task", "Resource": WORK, "TimeoutSeconds": 60,
                "Retry": [{ "ErrorEquals": ["Busy"], "MaxAttempts": 2 }, { "ErrorEquals": ["Never"], "MaxAttempts": 0 }],
                "Catch": [{ "ErrorEquals": ["Busy"], "Next": "Sorry" }, { "ErrorEquals": ["States.ALL"], "Next": "Sorry" }],
                "Next": "Done"
            },
            "Each": {
                "Type": "Map", "ItemsPath": "$.items", "Next": "Done",
                "ItemProcessor": { "StartAt": "One", "States": { "One": { "Type": "Pass", "End": true } } }
            },
            "Both": {
                "Type": "Parallel", "Next": "Done",
                "Branches": [
                    { "StartAt": "Left", "States": { "Left": { "Type": "Pass", "End": true } } },
                    { "StartAt": "Right", "States": { "Right": { "Type": "Wait", "Seconds": 7200, "End": true } } }
                ]
            },
            "Sorry": { "Type": "Fail", "Error": "Sorry" },
            "Done": { "Type": "Succeed" }
        }
    }))
}

/// What these runs reach: inputs with what the work answers.
fn covered(runs: &[(serde_json::Value, Mock)]) -> Coverage {
    let mut coverage = Coverage::default();
    for (i, (input, work)) in runs.iter().enumerate() {
        let harness = Harness::new(&shop()).mock("Work", work.clone()).coverage();
        coverage.add(&format!("run {i}"), &harness.run(input.clone()));
    }
    coverage
}

fn missing(coverage: &Coverage) -> Vec<String> {
    coverage.machines()[0].missing().map(|p| format!("{}: {}", p.state, p.missing())).collect()
}

#[test]
fn every_kind_of_point_counts_when_it_is_reached_and_not_before() {
    let nothing = covered(&[(json!({ "kind": "many", "items": [] }), json!(1).into())]);
    assert_eq!(
        missing(&nothing),
        [
            ": TimeoutSeconds never runs out",
            "Route: rule 2, to Both, never holds",
            "Route: Default, to Work, is never taken",
            "Work: is never entered",
            "Each: no item is ever processed to the end",
            "Each/One: is never entered",
            "Both: is never entered",
            "Sorry: is never entered",
        ]
    );
    let busy = mock::sequence([mock::throws("Busy"), mock::throws("Busy"), mock::throws("Busy")]);
    let all: Vec<(serde_json::Value, Mock)> = vec![
        (json!({ "kind": "many", "items": [1] }), json!(1).into()),
        (json!({ "kind": "both" }), json!(1).into()),
        (json!({ "kind": "one" }), json!(1).into()),
        (json!({ "kind": "one" }), busy),
        (json!({ "kind": "one" }), mock::throws("Never")),
        (json!({ "kind": "one" }), mock::throws("States.Timeout")),
    ];
    let whole = covered(&all);
    // The second branch waits for longer than the machine may run.
    assert_eq!(missing(&whole), ["Both: branch 2 never reaches its end", "Both: never goes on to Done"]);
    let shop = &whole.machines()[0];
    let shares: Vec<String> = Kind::ALL.iter().map(|k| format!("{} {}", k.word(), shop.share(*k))).collect();
    assert_eq!(
        shares,
        [
            "states 9 of 9",
            "transitions 7 of 8",
            "choices 3 of 3",
            "retriers 1 of 1",
            "exhausted 2 of 2",
            "catchers 2 of 2",
            "branches 2 of 3",
            "timeouts 2 of 2"
        ]
    );
    let retry = shop.points().iter().position(|p| p.event == Event::Retry).unwrap();
    assert_eq!((shop.counts()[retry], shop.tests_of(retry).collect::<Vec<_>>()), (2, vec!["run 3"]));
}

#[test]
fn children_of_a_distributed_map_and_nested_executions_count() {
    let inner = machine(json!({ "StartAt": "Inside", "States": { "Inside": { "Type": "Succeed" } } })).named("Inner");
    let outer = machine(json!({
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map", "Next": "Start",
                "ItemProcessor": {
                    "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                    "StartAt": "One", "States": { "One": { "Type": "Pass", "End": true } }
                }
            },
            "Start": {
                "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": true,
                "Parameters": { "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:Inner" }
            }
        }
    }))
    .named("Outer");
    let unused = machine(json!({ "StartAt": "X", "States": { "X": { "Type": "Succeed" } } })).named("Unused");
    let run = Harness::new(&outer).machine(&inner).machine(&unused).coverage().run(json!([1, 2, 3]));
    run.assert_succeeded();
    let mut coverage = Coverage::default();
    coverage.add("all", &run);
    let seen: Vec<_> = coverage.machines().iter().map(|m| (m.name(), m.share(Kind::States).to_string())).collect();
    assert_eq!(seen, [("Inner", "1 of 1".to_owned()), ("Outer", "3 of 3".to_owned())]);
    let one = coverage.machines()[1].points().iter().position(|p| p.state == "Each/One").unwrap();
    assert_eq!(coverage.machines()[1].counts()[one], 3);
}

#[test]
fn the_table_shows_what_is_missing_with_its_line() {
    let text = r#"{
  "StartAt": "Large?",
  "States": {
    "Large?": {
      "Type": "Choice",
      "Choices": [
        { "Variable": "$.total", "NumericGreaterThan": 100, "Next": "Large" }
      ],
      "Default": "Small"
    },
    "Large": { "Type": "Succeed" },
    "Small": { "Type": "Succeed" }
  }
}"#;
    let machine = Machine::parse(text).unwrap();
    let mut coverage = Coverage::default();
    coverage.add("small", &Harness::new(&machine).coverage().run(json!({ "total": 1 })));
    let want = "\
StateMachine · 1 test
  states       ██████░░░░  66.6%  2 of 3
  transitions  █████░░░░░    50%  1 of 2
  choices      █████░░░░░    50%  1 of 2
  not reached:
     7  Large?: rule 1, to Large, never holds
    11  Large: is never entered
";
    assert_eq!(coverage.table().to_string(), want);
    let short = coverage.machines()[0].clone();
    let asked: Thresholds = "states=60,choices=51".parse().unwrap();
    let told: Vec<String> = asked.shortfalls(&short).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["choices: 1 of 2 (50%) are covered, and 51% are asked for"]);
    assert_eq!(coverage.lcov(), "", "a text in a program has no file");
}

/// A fresh folder of one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("coverage").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn parts_are_put_together_and_what_is_out_of_date_or_no_part_is_told() {
    let dir = folder("parts");
    let file = dir.join("a.asl.json");
    let write = |last: &str| {
        let text = json!({ "StartAt": "A", "States": {
            "A": { "Type": "Pass", "Next": last }, last: { "Type": "Succeed" } } });
        std::fs::write(&file, text.to_string()).unwrap();
        let run = Harness::new(&Machine::load(&file).unwrap()).coverage().run(json!({}));
        let mut coverage = Coverage::default();
        coverage.add("t", &run);
        coverage
    };
    let parts = dir.join("parts");
    let old = write("Old");
    old.write_part(&parts, "one", &dir).unwrap();
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    std::fs::File::open(parts.join("one.coverage.json")).unwrap().set_modified(hour_ago).unwrap();
    let new = write("New");
    new.write_part(&parts, "two", &dir).unwrap();
    new.write_part(&parts, "three", &dir).unwrap();
    std::fs::write(parts.join("four.coverage.json"), "{\"rehearsal\":\"cov").unwrap();
    std::fs::write(parts.join("notes.txt"), "mine").unwrap();

    let read = coverage::read(&parts, &dir).unwrap();
    assert_eq!(read.count, 4);
    assert_eq!(read.outdated, [("a.asl.json".to_owned(), 1)]);
    assert_eq!(read.unreadable.len(), 1);
    let machines = read.coverage.machines();
    assert_eq!((machines.len(), machines[0].file(), machines[0].counts()), (1, Some("a.asl.json"), vec![2, 2, 2]));
    assert!(read.coverage.lcov().starts_with("TN:\nSF:a.asl.json\nFN:1,A\nFN:1,New\nFNDA:2,A\n"));

    assert_eq!(coverage::clear(&parts).unwrap(), 4);
    assert!(parts.join("notes.txt").exists(), "other files stay");
    assert!(coverage::read(&dir.join("nowhere"), &dir).unwrap().coverage.is_empty());
}

#[test]
fn parts_of_another_checkout_are_of_the_files_that_are_here() {
    let dir = folder("checkouts");
    let run_in = |checkout: &str, test: &str, total: u64| {
        let base = dir.join(checkout);
        std::fs::create_dir_all(base.join("flows")).unwrap();
        let choice = json!({ "Variable": "$.total", "NumericLessThan": 5, "Next": "Small" });
        let text = json!({ "StartAt": "Pick", "States": {
            "Pick": { "Type": "Choice", "Choices": [choice], "Default": "Large" },
            "Small": { "Type": "Succeed" }, "Large": { "Type": "Succeed" } } });
        for file in ["order.asl.json", "flows/order.asl.json"] {
            std::fs::write(base.join(file), text.to_string()).unwrap();
            let run = Harness::new(&Machine::load(base.join(file)).unwrap()).coverage().run(json!({ "total": total }));
            let mut coverage = Coverage::default();
            coverage.add(test, &run);
            coverage.write_part(&dir.join("parts"), &format!("{test}-{}", file.len()), &base).unwrap();
        }
    };
    run_in("runner-2", "large", 9);
    std::fs::remove_dir_all(dir.join("runner-2")).unwrap();
    run_in("runner-1", "small", 1);

    let read = coverage::read(&dir.join("parts"), &dir.join("runner-1")).unwrap();
    let files: Vec<_> = read.coverage.machines().iter().map(|m| (m.file().unwrap(), m.tests().count())).collect();
    assert_eq!(files, [("flows/order.asl.json", 2), ("order.asl.json", 2)]);
    assert_eq!(missing(&read.coverage), [""; 0]);
    assert_eq!(read.changed, [""; 0]);

    // Where the file is nowhere, the path stays what it was.
    let read = coverage::read(&dir.join("parts"), &dir.join("nowhere")).unwrap();
    let own = dir.join("runner-1/order.asl.json").to_string_lossy().replace('\\', "/");
    assert!(read.coverage.machines().iter().any(|m| m.file() == Some(&own)), "{own}");
}

#[test]
fn a_definition_that_has_changed_since_its_tests_ran_is_told() {
    let dir = folder("changed");
    let file = dir.join("a.asl.json");
    let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
    std::fs::write(&file, text).unwrap();
    let run = Harness::new(&Machine::load(&file).unwrap()).coverage().run(json!({}));
    let mut reached = Coverage::default();
    reached.add("t", &run);
    reached.write_part(&dir, "one", &dir).unwrap();
    assert_eq!(coverage::read(&dir, &dir).unwrap().changed, [""; 0]);
    std::fs::write(&file, format!("\u{feff}{text}")).unwrap();
    assert_eq!(coverage::read(&dir, &dir).unwrap().changed, [""; 0], "a byte order mark moves no line");
    std::fs::write(&file, format!("\n{text}")).unwrap();
    assert_eq!(coverage::read(&dir, &dir).unwrap().changed, ["a.asl.json"]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(coverage::read(&dir, &dir).unwrap().changed, [""; 0]);
}

/// Not a test by itself: the next one runs it in a process of its own.
#[test]
fn something_that_somebody_rehearses() {
    let machine = Machine::parse(r#"{"StartAt": "Only", "States": {"Only": {"Type": "Succeed"}}}"#).unwrap();
    for _ in 0..7 {
        Harness::new(&machine).run(json!({}));
    }
}

#[test]
fn tests_in_rust_write_their_parts_when_the_environment_asks() {
    let dir = folder("environment");
    let again = |value: &Path| {
        let done = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "coverage::something_that_somebody_rehearses"])
            .env(coverage::VARIABLE, value)
            .output()
            .unwrap();
        assert!(done.status.success());
        String::from_utf8(done.stderr).unwrap()
    };
    for _ in 0..2 {
        again(&dir);
        let read = coverage::read(&dir, &dir).unwrap();
        assert_eq!(read.count, 1, "what is run again takes the place of what was");
        let only = &read.coverage.machines()[0];
        assert_eq!(only.tests().collect::<Vec<_>>(), ["suite › coverage::something_that_somebody_rehearses"]);
        assert_eq!(only.counts(), [7]);
    }
    // A place that cannot be written to is no failure of the test, and is told once.
    std::fs::write(dir.join("file"), "").unwrap();
    let told = again(&dir.join("file"));
    assert_eq!(told.matches("warning: coverage is lost").count(), 1, "{told}");
}

fn scenarios(coverage: &str) -> Result<ScenarioFile, rehearsal::Error> {
    let text = format!(
        "machine: ../machines/checkout.asl.json
coverage: {coverage}
mocks:
  Charge: {{ payload: {{ chargeId: c-1 }} }}
  sns:publish: {{ return: {{}} }}
  Audit: {{ return: {{}} }}
scenarios:
  - {{ name: it works, input: {{ orderId: 7 }}, expect: {{ status: SUCCEEDED }} }}
"
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/coverage-of-one.rehearsal.yaml");
    ScenarioFile::parse(&path, &Arc::new(Source::new("x.rehearsal.yaml", text)))
}

#[test]
fn a_scenario_file_may_ask_for_a_share() {
    assert!(scenarios("{ states: 50%, branches: 100 }").unwrap().shortfalls().is_empty());
    let short: Vec<String> =
        scenarios("{ catchers: 100%, states: 60% }").unwrap().shortfalls().iter().map(ToString::to_string).collect();
    assert_eq!(short, ["catchers: 0 of 2 (0%) are covered, and 100% are asked for"]);
    let refused = |coverage: &str| {
        let error = scenarios(coverage).unwrap_err();
        let line = |d: &rehearsal::diagnostic::Diagnostic| format!("{} ({})", d.message, d.help.as_deref().unwrap());
        error.diagnostics().iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(refused("{ sates: 100% }"), ["`sates` is not a word of `coverage` (did you mean `states`?)"]);
    assert_eq!(refused("{ states: 101% }"), ["`101%` is no share of `states` (write `95%`)"]);
    assert_eq!(refused("{ states: 0.95 }"), ["`0.95` is no share of `states` (write `95%`)"]);
    assert_eq!(refused("{ states: [] }"), ["`[]` is no share of `states` (write `95%`)"]);
}

#[test]
fn a_file_that_covers_too_little_fails_and_says_what_is_missing() {
    let dir = folder("threshold");
    let machine = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machines/approval.asl.json");
    std::fs::copy(machine, dir.join("approval.asl.json")).unwrap();
    let text = "machine: approval.asl.json
coverage: { choices: 100% }
scenarios:
  - { name: nobody answers, input: { orderId: 7 }, timeline: [], expect: { visits: Escalate } }
";
    std::fs::write(dir.join("a.rehearsal.yaml"), text).unwrap();
    let suite = Suite::load(vec![dir.join("a.rehearsal.yaml")]);
    let selection = Selection::default();
    let cases = suite.cases(&selection).unwrap();
    let verdicts = run(&cases, &selection, |_| {});
    assert_eq!(cases.iter().map(|c| c.name()).collect::<Vec<_>>(), ["nobody answers", "the scenarios cover enough"]);
    assert!(matches!(verdicts[0], Verdict::Passed(_)));
    let Verdict::Refused(told) = &verdicts[1] else { panic!("it covers too little") };
    let told = told.replace(dir.to_str().unwrap(), "DIR");
    let want = "\
choices: 0 of 2 (0%) are covered, and 100% are asked for
   DIR/approval.asl.json:20  Decide: rule 1, to Approved, never holds
   DIR/approval.asl.json:21  Decide: Default, to Refused, is never taken";
    assert_eq!(told, want);
    // A part of the scenarios cannot be blamed for what the others cover.
    let mut part = Selection::default();
    part.names = vec!["nobody".into()];
    assert_eq!(suite.cases(&part).unwrap().len(), 1);
}

#[cfg(feature = "cli")]
mod cli {
    use super::*;

    fn rehearsal(dir: &Path, args: &[&str]) -> (String, String, i32) {
        let done = Command::new(env!("CARGO_BIN_EXE_rehearsal"))
            .args(args)
            .current_dir(dir)
            .env_remove("GITHUB_ACTIONS")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(done.stdout), text(done.stderr), done.status.code().unwrap())
    }

    #[test]
    fn the_command_records_shows_and_fails_below_a_threshold() {
        let dir = folder("command");
        let machine = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machines/approval.asl.json");
        std::fs::copy(machine, dir.join("approval.asl.json")).unwrap();
        let text = "machine: approval.asl.json\nscenarios:\n  - { name: a, input: { orderId: 7 }, timeline: [], expect: { visits: Escalate } }\n  - { name: b, input: { orderId: 7 }, timeline: [{ at: 1s, succeed: Ask, output: { approved: true } }], expect: { visits: Approved } }\n";
        std::fs::write(dir.join("a.rehearsal.yaml"), text).unwrap();

        let (_, err, code) = rehearsal(&dir, &["coverage"]);
        assert_eq!(code, 2);
        assert!(err.contains("nothing has been recorded in `.rehearsal/coverage`"), "{err}");

        let (out, _, code) = rehearsal(&dir, &["test", "--coverage", "-t", "a"]);
        assert_eq!(code, 0);
        assert!(out.contains("approval · approval.asl.json · 1 test\n  states"), "{out}");
        let (out, ..) = rehearsal(&dir, &["test", "--coverage", "-t", "b", "--quiet"]);
        assert_eq!(out, "");
        assert_eq!(std::fs::read_to_string(dir.join(".rehearsal/coverage/.gitignore")).unwrap(), "*\n");

        let (out, err, code) = rehearsal(&dir, &["coverage"]);
        assert_eq!((code, err.as_str()), (0, ""));
        let head = "\
approval · approval.asl.json · 2 tests
  states       ████████░░    80%  4 of 5
  transitions  ███████░░░    75%  3 of 4
";
        assert!(out.starts_with(head), "{out}");

        let args = ["coverage", "--fail-under", "70", "--fail-under", "approval:states=100"];
        let (_, err, code) = rehearsal(&dir, &args);
        assert_eq!(code, 1);
        let want =
            "error: too little is covered\n  approval: states: 4 of 5 (80%) are covered, and 100% are asked for\n";
        assert_eq!(err, want);

        let (_, err, code) = rehearsal(&dir, &["coverage", "--machine", "aproval"]);
        assert_eq!(code, 2);
        assert_eq!(err, "error: no test ran a machine `aproval`\nhelp: did you mean `approval`?\n");

        let (out, ..) = rehearsal(&dir, &["coverage", "--json", "--lcov", "c.lcov"]);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(json["machines"][0]["shares"]["states"], json!({ "reached": 4, "of": 5, "percent": 80.0 }));
        let lcov = std::fs::read_to_string(dir.join("c.lcov")).unwrap();
        assert!(lcov.contains("SF:approval.asl.json\n") && lcov.contains("\nBRDA:21,2,1,0\n"), "{lcov}");

        for (share, why) in
            [("", "nothing is asked for"), (":90", "no machine is named before `:`"), ("0.9", "write `90%`")]
        {
            let (_, err, code) = rehearsal(&dir, &["coverage", "--fail-under", share]);
            assert_eq!(code, 2, "{share}");
            assert!(err.contains(why), "{err}");
        }

        let definition = dir.join("approval.asl.json");
        let longer = format!("\n{}", std::fs::read_to_string(&definition).unwrap());
        std::fs::write(definition, longer).unwrap();
        let (_, err, code) = rehearsal(&dir, &["coverage"]);
        assert_eq!(code, 0);
        let want =
            "warning: `approval.asl.json` has changed since its tests ran, and lines may have moved; run them again";
        assert_eq!(err.trim_end(), want);

        let (out, ..) = rehearsal(&dir, &["coverage", "--clear"]);
        assert_eq!(out, "removed 2 parts from `.rehearsal/coverage`\n");
    }

    #[test]
    fn coverage_that_cannot_be_kept_is_an_error_and_not_lost() {
        let dir = folder("full");
        let machine = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machines/approval.asl.json");
        std::fs::copy(machine, dir.join("approval.asl.json")).unwrap();
        std::fs::write(dir.join("a.rehearsal.yaml"), "machine: approval.asl.json\nscenarios: [{ name: a, input: { orderId: 7 }, timeline: [], expect: { visits: Escalate } }]\n").unwrap();
        std::fs::write(dir.join("taken"), "").unwrap();
        let (_, err, code) = rehearsal(&dir, &["test", "--coverage=taken"]);
        assert_eq!(code, 6, "{err}");
        assert!(err.contains("failed to create `taken`"), "{err}");
    }
}
