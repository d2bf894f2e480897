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
