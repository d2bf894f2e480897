//! Scenario files: those of this repository pass, and mistakes are told with their places.

use std::path::Path;
use std::sync::Arc;

use rehearsal::scenario::ScenarioFile;
use rehearsal::scenario::suite::{Selection, Suite, Verdict, find, run};
use rehearsal::source::Source;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A scenario file of this text, beside the others.
fn file(text: &str) -> Result<ScenarioFile, rehearsal::Error> {
    let path = root().join("tests/scenarios/x.rehearsal.yaml");
    ScenarioFile::parse(&path, &Arc::new(Source::new("x.rehearsal.yaml", text)))
}

const HEAD: &str = "machine: ../machines/checkout.asl.json
mocks:
  Charge: { payload: { chargeId: c-1 } }
  sns:publish: { return: {} }
  Audit: { return: {} }
scenarios:
";

/// Every finding about a file in one line, with its help.
fn findings(scenarios: &str) -> Vec<String> {
    let error = file(&format!("{HEAD}{scenarios}")).unwrap_err();
    let line = |d: &rehearsal::diagnostic::Diagnostic| {
        format!("{}: {}; {}", d.code, d.message, d.help.as_deref().unwrap_or("-"))
    };
    error.diagnostics().iter().map(line).collect()
}

/// What the first scenario of a file says when it fails.
fn failure(scenarios: &str) -> String {
    let file = file(&format!("{HEAD}{scenarios}")).unwrap();
    let scenario = &file.scenarios()[0];
    let outcome = file.run(scenario, None);
    assert!(!outcome.passed(), "it should fail");
    file.failed(scenario, &outcome).to_string()
}

#[test]
fn the_scenarios_of_this_repository_pass() {
    let mut paths = find([root().join("tests/scenarios")]).unwrap();
    // Without the feature, a file with properties is refused, as it says.
    paths.retain(|path| cfg!(feature = "fuzz") || !path.ends_with("checkout-properties.rehearsal.yaml"));
    assert!(paths.len() >= 2);
    let suite = Suite::load(paths);
    let selection = Selection::default();
    let cases = suite.cases(&selection).unwrap();
    for (case, verdict) in cases.iter().zip(run(&cases, &selection, |_| {})) {
        assert!(matches!(verdict, Verdict::Passed(_)), "{} › {}", case.path.display(), case.name());
    }
    assert!(cases.len() >= 10);
}

#[test]
fn planted_mistakes_are_caught_with_what_was_meant() {
    let table: &[(&str, &[&str])] = &[
        (
            "  - { name: a, mocks: { Chrage: { return: 1 } }, expect: { status: FAILED } }",
            &["unknown-key: nothing answers to the key `Chrage`: there is no such state; did you mean `Charge`?"],
        ),
        (
            "  - { name: a, expect: { path: [Validate, Chareg] } }",
            &["unknown-state: there is no state `Chareg`; did you mean `Charge`?"],
        ),
        (
            "  - { name: a, expect: { path: [Validate, Done] } }",
            &[
                "impossible-path: `Validate` cannot lead to `Done`; `Validate` leads to `Charge`; write `...` for any states between",
            ],
        ),
        (
            "  - { name: a, expect: { attempts: { Charg: [0s] } } }",
            &["unknown-state: there is no state `Charg`; did you mean `Charge`?"],
        ),
        (
            "  - { name: a, expect: { status: FAILED } }\n  - { name: a, expect: { status: FAILED } }",
            &[
                "duplicate-scenario: two scenarios are named `a`; give it a name of its own; failures and snapshots are found by it",
            ],
        ),
        (
            "  - { name: a, matrix: { x: [1] }, expect: { status: FAILED } }",
            &["unused-placeholder: no placeholder uses `x`; write `{x}` where its value belongs, or take it away"],
        ),
        // Rows are told by what is not in their name yet, and once.
        (
            "  - { name: \"on {x}\", matrix: { x: [1, 2], y: [3, 4] }, input: { y: \"{y}\" }, expect: { status: FAILED } }",
            &[
                "duplicate-scenario: two scenarios are named `on 1`; put `{y}` into the name, so that every row has its own",
            ],
        ),
        (
            "  - { name: \"on {x}\", matrix: { x: [1, 1] }, expect: { status: FAILED } }",
            &["duplicate-scenario: two scenarios are named `on 1`; two rows have the same values; take one away"],
        ),
        // Nothing runs without saying so.
        (
            "  - { name: a, each: [], expect: { status: FAILED } }",
            &["wrong-value: `each` has no rows, so nothing would run; write `- { total: 10, path: Small }`"],
        ),
        (
            "  - { name: \"on {x}\", matrix: { x: [1] }, except: [{ x: 1 }], expect: { status: FAILED } }",
            &["wrong-value: the exceptions leave nothing to run; take an exception away, or the scenario"],
        ),
        (
            "  - { name: \"on {x}\", matrix: { x: [1] }, each: [{ x: 2 }], expect: { status: FAILED } }",
            &[
                "wrong-value: `x` has values in `matrix` and in `each`; give the two different names, or write it in one of them",
            ],
        ),
        // What cannot be read is not taken for nothing.
        (
            "  - { name: a, expect: { output: { $gtt: 1 } } }",
            &["bad-matcher: there is no matcher `$gtt`; did you mean `$gt`?"],
        ),
        (
            "  - { name: a, timeline: [{ at: 1s, suceed: Charge }], expect: { status: FAILED } }",
            &["unknown-key: `suceed` is not a word of an event of the timeline; did you mean `succeed`?"],
        ),
        (
            "  - { name: \"a\\e[31m\", expect: { status: FAILED } }",
            &[
                "wrong-value: the name of a scenario holds line breaks or other control characters; write one line with what it shows",
            ],
        ),
        (
            "  - { name: a, expect: { status: FAILED } }\nworkers: {}",
            &[
                "unknown-key: `workers` is a word of a scenario, and not of the whole file; move it below one of the `scenarios`",
            ],
        ),
        (
            "  - { name: a, exepct: { status: FAILED }, snapshot: true }",
            &["unknown-key: `exepct` is not a word of a scenario; did you mean `expect`?"],
        ),
        (
            "  - { name: a }",
            &[
                "nothing-expected: `a` expects nothing, so it cannot fail; add `expect: { status: SUCCEEDED }`, at least",
            ],
        ),
        (
            "  - { name: a, extends: b, expect: { status: FAILED } }",
            &["unknown-scenario: there is no scenario `b` to extend; -"],
        ),
        (
            "  - { name: a, extends: a, expect: { status: FAILED } }",
            &["cycle: these scenarios extend one another in a circle; -"],
        ),
    ];
    for (scenarios, want) in table {
        assert_eq!(findings(scenarios), *want, "{scenarios}");
    }
}

#[test]
fn a_strict_scenario_fails_by_replies_that_the_api_never_gives() {
    let said = |mocks: &str| {
        let text = format!(
            "machine: ../machines/checkout.asl.json\nstrict: true\nscenarios:\n  - name: a\n    input: {{ orderId: 7 }}\n    mocks: {mocks}\n    expect: {{ visits: Charge }}\n"
        );
        let file = file(&text).unwrap();
        let outcome = file.run(&file.scenarios()[0], None);
        outcome.failures().map(|f| format!("{}: {}", f.about(), f.message())).collect::<Vec<_>>()
    };
    let rest = "sns:publish: { return: { MessageId: m } }, Audit: { return: {} }";
    assert_eq!(
        said(&format!("{{ Charge: {{ return: {{ StatusCode: yes, Payload: {{ chargeId: c }} }} }}, {rest} }}")),
        ["reply of Charge: lambda:invoke never answers so: Field 'StatusCode' must be a number"]
    );
    assert_eq!(
        said(&format!("{{ Charge: {{ return: {{ StatusKode: 200, Payload: {{ chargeId: c }} }} }}, {rest} }}")),
        [
            "reply of Charge: lambda:invoke never answers so: the API answers no `StatusKode`; did you mean `StatusCode`?"
        ]
    );
    assert!(said(&format!("{{ Charge: {{ payload: {{ chargeId: c }} }}, {rest} }}")).is_empty());
}

#[test]
fn mistakes_about_services_are_told_with_their_places() {
    let found = |services: &str| {
        let text = format!(
            "machine: ../machines/intake.asl.json\nservices: {services}\nscenarios:\n  - {{ name: a, expect: {{ status: FAILED }} }}\n"
        );
        let error = file(&text).unwrap_err();
        error
            .diagnostics()
            .iter()
            .map(|d| format!("{}; {}", d.message, d.help.as_deref().unwrap_or("-")))
            .collect::<Vec<_>>()
    };
    let table: &[(&str, &str)] = &[
        ("{ dynamo: {} }", "`dynamo` is not a word of `services`; did you mean `dynamodb`?"),
        ("{ sqs: { queue: [a] } }", "`queue` is not a word of `sqs`; did you mean `queues`?"),
        ("{ dynamodb: { tables: { t: { keys: id } } } }", "`keys` is not a word of a table; did you mean `key`?"),
        (
            "{ dynamodb: { tables: { t: { key: [a, b, c] } } } }",
            "a key has one attribute or two; write `key: id`, or `key: [customer, id]` with a sort key",
        ),
        (
            "{ dynamodb: { tables: { t: { key: { id: X } } } } }",
            "`X` is no type of a key; write `S` for texts or `N` for numbers",
        ),
    ];
    for (services, want) in table {
        assert_eq!(found(services), [*want], "{services}");
    }
    let text = "machine: ../machines/intake.asl.json
services: { sqs: { queues: [packing] }, sns: { topics: [orders] }, dynamodb: { tables: [orders] } }
scenarios:
  - { name: a, input: { id: o-1, total: 1 }, expect: { services: { sqs: { pakcing: [], packing: [{ order: o-2 }] } } } }
";
    let file = file(text).unwrap();
    let outcome = file.run(&file.scenarios()[0], None);
    let said: Vec<String> = outcome.failures().map(|f| format!("{}: {}", f.about(), f.message())).collect();
    assert_eq!(
        said,
        [
            "sqs pakcing: there is no queue `pakcing`; did you mean `packing`?",
            "sqs packing: `[0].order` is \"o-1\", expected \"o-2\""
        ]
    );
}

#[test]
fn a_backoff_that_is_off_by_a_second_shows_where_the_wait_comes_from() {
    let shown = failure(
        "  - name: backs off
    input: { orderId: 1 }
    mocks:
      Charge:
        - { fail: Lambda.TooManyRequestsException, times: 2 }
        - { payload: { chargeId: c-1 } }
    expect: { attempts: { Charge: [0s, 2s, 5s] } }
",
    );
    let want = "\
FAIL  x.rehearsal.yaml › backs off

  attempts of Charge: the third came at 6s, expected 5s  (x.rehearsal.yaml:13)

       T+0   ✗ Charge  Lambda.TooManyRequestsException
       T+2s  ✗ Charge  Lambda.TooManyRequestsException
     ▸ T+6s  ✓ Charge                                   expected at T+5s

  the wait comes from here:
";
    let shown =
        shown.replace(&root().join("tests/scenarios/").display().to_string(), "").replacen("FAIL  /", "FAIL  ", 1);
    assert!(shown.starts_with(want), "{shown}");
    assert!(shown.contains("\"IntervalSeconds\": 2"), "{shown}");
    assert!(shown.contains("retry 2 waits 2 s × 2 = 4 s"), "{shown}");
    assert!(shown.contains("-t \"backs off\"\n"), "{shown}");
}

#[test]
fn what_differs_deep_inside_is_named_by_its_path() {
    let shown = failure("  - { name: a, input: { orderId: 1 }, expect: { output: { orderId: { deep: 1 } } } }");
    assert!(shown.contains("output: `orderId` is 1, expected an object"), "{shown}");
    let shown = failure("  - { name: a, input: { orderId: 1 }, expect: { calls: { Charge: { times: 2 } } } }");
    assert!(shown.contains("calls of Charge: it was called once, expected to be called 2 times"), "{shown}");
    let shown =
        failure("  - { name: a, input: { orderId: 1 }, mocks: { Audit: { fail: X } }, expect: { status: FAILED } }");
    assert!(shown.contains("`Refund` calls lambda:invoke `refund`, and no mock answers it"), "{shown}");
    let shown = failure(
        "  - { name: a, strict: true, input: { orderId: 1 }, mocks: { Refund: { return: 1 } }, expect: { status: SUCCEEDED } }",
    );
    assert!(shown.contains("mocks: the mock of `Refund` was never used"), "{shown}");
}

#[test]
fn a_selection_chooses_by_name_tag_and_part() {
    let suite = Suite::load(vec![root().join("tests/scenarios/checkout.rehearsal.yaml")]);
    let names = |selection: &Selection| -> Result<Vec<String>, String> {
        let cases = suite.cases(selection).map_err(|e| e.to_string())?;
        Ok(cases.iter().map(|c| c.name().to_owned()).collect())
    };
    let mut by_tag = Selection::default();
    by_tag.tags = vec!["retry".into()];
    assert_eq!(names(&by_tag).unwrap(), ["a throttled charge backs off and then succeeds"]);
    by_tag.tags = vec!["rerty".into()];
    assert_eq!(
        names(&by_tag).unwrap_err(),
        "failed to choose scenarios: none has the tag `rerty`; did you mean `retry`?"
    );
    let mut by_name = Selection::default();
    by_name.names = vec!["while charging".into()];
    assert_eq!(names(&by_name).unwrap().len(), 3);
    let all = names(&Selection::default()).unwrap().len();
    let part = |k| {
        let mut selection = Selection::default();
        selection.shard = Some((k, 2));
        names(&selection).unwrap().len()
    };
    assert_eq!(part(1) + part(2), all);
}

#[test]
fn a_scenario_file_knows_everything_that_it_was_made_from() {
    let sources = |head: &str| -> Vec<String> {
        let rest = "scenarios:\n  - { name: a, expect: { status: FAILED }, snapshot: true }\n";
        let folder = root().join("tests/scenarios");
        let source = Arc::new(Source::new("x.rehearsal.yaml", format!("{head}{rest}")));
        let file = ScenarioFile::parse(&folder.join("x.rehearsal.yaml"), &source).unwrap();
        let shown = |path: &std::path::PathBuf| path.strip_prefix(root()).unwrap_or(path).display().to_string();
        file.sources().iter().map(shown).collect()
    };
    let (own, stored) = ("tests/scenarios/x.rehearsal.yaml", "tests/scenarios/snapshots/x@a.snap");
    // What a template names is read with it.
    let template = sources("machine: ../templates/sam/template.yaml#Order\n");
    let want = [stored, own, "tests/templates/sam/machines/order.asl.json", "tests/templates/sam/template.yaml"];
    assert_eq!(template, want);
    let head = "machine: ../machines/checkout.asl.json
machines: ../machines/order.asl.json
use: ../../mocks/checkout.yaml
objects: { inbox/a.json: ../machines/order.asl.json }
";
    let want =
        ["mocks/checkout.yaml", "tests/machines/checkout.asl.json", "tests/machines/order.asl.json", stored, own];
    assert_eq!(sources(head), want);
}

#[test]
fn a_machine_that_is_not_in_its_file_is_told_where_it_is_named() {
    let error = file("machine: ../machines/order.asl.json#other\nscenarios: []\n").unwrap_err().to_string();
    assert!(error.contains("x.rehearsal.yaml:1:10"), "{error}");
    assert!(error.contains("holds no state machine `other`"), "{error}");
    let definition = "{ \"StartAt\": \"A\", \"States\": { \"A\": { \"Type\": \"Succeed\" } } }";
    let error = file(definition).unwrap_err().to_string();
    assert!(error.contains("this is a state machine, and no scenario file"), "{error}");
    assert!(error.contains("`rehearsal init x.rehearsal.yaml` writes a first scenario file for it"), "{error}");
}

#[test]
fn a_path_that_differs_says_which_step_is_not_taken() {
    let message = |path: &str| {
        let shown = failure(&format!("  - {{ name: a, input: {{ orderId: 1 }}, expect: {{ path: {path} }} }}"));
        shown.lines().find(|line| line.starts_with("  path:")).unwrap().split("  (").next().unwrap().to_owned()
    };
    let table = [
        ("[Validate]", "  path: it goes on with `Charge`, expected to end after 1 state"),
        ("[Validate, Charge x2, ...]", "  path: no `Charge x2` comes where it is expected after `Validate`"),
        ("[..., Refund, ...]", "  path: no `Refund` comes where it is expected"),
        ("[..., Charge]", "  path: it does not end with `Charge`"),
        ("[Validate, Charge, \"*\", \"*\", Done]", "  path: it ends after 4 states, expected `Done`"),
    ];
    for (path, want) in table {
        assert_eq!(message(path), want, "{path}");
    }
}

#[test]
fn what_the_children_of_a_distributed_map_visit_belongs_to_it() {
    let text = "machine: ../machines/import.asl.json
objects: { inbox/orders.csv: ../machines/orders.csv }
mocks: { save-order: { payload: 1 } }
scenarios:
  - name: a
    expect:
      visits: [Save, Import/Save, \"Import[0]/Save\"]
      attempts: { \"Import[1]/Save\": [0s] }
      path: [Import, \"Import[1]/Save\"]
";
    let file = file(text).unwrap();
    let outcome = file.run(&file.scenarios()[0], None);
    let said: Vec<String> = outcome.failures().map(|f| format!("{}: {}", f.about(), f.message())).collect();
    assert!(outcome.passed(), "{said:?}");
}

#[test]
fn an_answer_that_nobody_waits_for_is_told_with_its_place_and_the_history() {
    let text = "machine: ../machines/approval.asl.json
scenarios:
  - name: a
    input: { orderId: 1 }
    timeline: [{ at: 1s, succeed: Ask, output: { approved: true } }, { at: 2s, succeed: Ask }]
    expect: { status: SUCCEEDED }
";
    let file = file(text).unwrap();
    let scenario = &file.scenarios()[0];
    let shown = file.failed(scenario, &file.run(scenario, None)).to_string();
    assert!(shown.contains("  at 2s: `Ask` does not wait for an answer: nothing waits for an answer"), "{shown}");
    assert!(shown.contains("x.rehearsal.yaml:5)"), "{shown}");
    assert!(shown.contains("  SUCCEEDED · 1s on the clock"), "{shown}");
}

#[test]
fn a_task_that_nothing_answers_is_told_in_the_words_of_the_file() {
    let shown =
        failure("  - { name: a, input: { orderId: 1 }, mocks: { Audit: { fail: X } }, expect: { status: FAILED } }");
    assert!(shown.contains("  add:   mocks:\n             Refund: { return: {"), "{shown}");
    assert!(!shown.contains("json!"), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_scenario_file_is_refused_and_not_waited_for() {
    let folder = crate::support::Folder::new("scenario-pipe");
    let path = folder.path("a.rehearsal.yaml");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: there is no mkfifo");
        return;
    }
    let error = ScenarioFile::load(&path).unwrap_err().to_string();
    assert!(error.ends_with("it is a device or a pipe, and no file"), "{error}");
}
