//! Properties in scenario files: a planted bug is found, made as small as it gets, kept, and gone once it is mended;
//! mistakes in the words are told with their places.

use std::path::Path;
use std::sync::Arc;

use rehearsal::diagnostic::Diagnostic;
use rehearsal::scenario::ScenarioFile;
use rehearsal::scenario::suite::{Case, Selection, Suite, Verdict, find, run};
use rehearsal::source::Source;
use serde_json::{Value, json};

use crate::support::Folder;

/// A folder of a test's own.
struct Project(Folder);

const PROPERTY: &str = r#"machine: machines/order.asl.json
mocks:
  Charge: { payload: { paid: true }, takes: 1s }
  Save: { return: {} }
  Refund: { payload: {} }
properties:
  - name: money is never taken without a saved order
    tags: [money]
    input: { $schema: order.schema.json }
    faults: any
    cases: 500
    always:
      - "{% $count($calls[state='Charge' and ok]) <= $count($calls[state='Save' and ok]) + $count($calls[state='Refund']) %}"
      - terminates: { within: 24h, events: 25000 }
      - never: [States.Runtime, States.DataLimitExceeded]
"#;

const KEPT: &str = "regressions/order@money-is-never-taken-without-a-saved-order.rehearsal.yaml";

/// Charges, and saves; what cannot be saved is paid back, or not.
fn definition(pays_back: bool) -> Value {
    let catch = if pays_back {
        json!([{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "Refund" }])
    } else {
        json!([])
    };
    let retry = json!([{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 2 }]);
    json!({
        "StartAt": "Large?",
        "States": {
            "Large?": { "Type": "Choice", "Default": "Charge", "Choices": [
                { "Variable": "$.total", "NumericEquals": 0, "Next": "Done" }] },
            "Charge": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 30,
                "Parameters": { "FunctionName": "charge", "Payload.$": "$" }, "ResultPath": "$.payment",
                "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Rejected" }], "Next": "Save" },
            "Save": { "Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Retry": retry, "Catch": catch,
                "Parameters": { "TableName": "orders", "Item": { "id": { "S.$": "$.id" } } }, "ResultPath": null, "Next": "Done" },
            "Refund": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": { "FunctionName": "refund", "Payload.$": "$.payment" }, "Next": "Rejected" },
            "Rejected": { "Type": "Fail", "Error": "OrderRejected" },
            "Done": { "Type": "Succeed" }
        }
    })
}

impl Project {
    fn new(name: &str) -> Project {
        let project = Project(Folder::new(&format!("properties-{name}")));
        let schema = json!({ "type": "object", "required": ["id", "total"], "properties": {
            "id": { "type": "string", "minLength": 1 }, "total": { "type": "integer", "minimum": 0 },
            "note": { "type": "string" } } });
        project.write("order.schema.json", &schema.to_string());
        project.write("order.rehearsal.yaml", PROPERTY);
        project.define(false);
        project
    }
    fn write(&self, name: &str, text: &str) {
        self.0.write(name, text);
    }
    fn read(&self, name: &str) -> String {
        self.0.read(name)
    }
    fn define(&self, pays_back: bool) {
        let mut definition = definition(pays_back);
        if !pays_back {
            definition["States"].as_object_mut().unwrap().remove("Refund");
            definition["States"]["Save"].as_object_mut().unwrap().remove("Catch");
        }
        self.write("machines/order.asl.json", &format!("{definition:#}"));
        let mocks = if pays_back { PROPERTY.to_owned() } else { PROPERTY.replace("  Refund: { payload: {} }\n", "") };
        self.write("order.rehearsal.yaml", &mocks);
    }
    /// `file › name` of every case with how it ended, and what was said of those that failed.
    fn test(&self, selection: &Selection) -> (Vec<String>, String) {
        let suite = Suite::load(find([self.0.root()]).unwrap());
        let cases = suite.cases(selection).unwrap();
        let verdicts = run(&cases, selection, |_| {});
        let shown = |case: &Case<'_>| case.path.strip_prefix(self.0.root()).unwrap().display().to_string();
        let mut said = String::new();
        let lines = cases.iter().zip(&verdicts).map(|(case, verdict)| {
            let word = match verdict {
                Verdict::Passed(outcome) => format!("passed in {} cases", outcome.cases().unwrap_or(1)),
                Verdict::Failed(outcome) => {
                    said += &case.failed(outcome).unwrap().to_string();
                    "failed".to_owned()
                }
                Verdict::Refused(why) => panic!("{why}"),
                Verdict::Ignored(why) => format!("ignored: {why}"),
                Verdict::Skipped => "skipped".to_owned(),
            };
            format!("{}:{} {word}", shown(case), case.line().unwrap())
        });
        let lines = lines.collect();
        (lines, said.replace(&*self.0.root().to_string_lossy(), "."))
    }
}

#[test]
fn a_planted_bug_is_found_made_small_kept_and_gone_once_it_is_mended() {
    let project = Project::new("planted");
    let (lines, said) = project.test(&Selection::default());
    assert_eq!(lines, ["order.rehearsal.yaml:6 failed"]);
    let law = "{% $count($calls[state='Charge' and ok]) <= $count($calls[state='Save' and ok]) + $count($calls[state='Refund']) %}";
    let want = format!(
        "\
FAIL  ./order.rehearsal.yaml › money is never taken without a saved order

  {law}: it is false: 1 on the left, 0 on the right  (./order.rehearsal.yaml:12)

     input     {{\"id\":\"a\",\"total\":1}}
     faults    {{ on: Save, fail: States.TaskFailed, times: 3 }}
     found as  case "
    );
    assert!(said.starts_with(&want), "{said}");
    let rest = &said[want.len()..];
    let rest = rest.split_once(',').unwrap().1;
    let want = format!(
        " made smaller

  FAILED · 4s on the clock · seed 0
    T+0       Large?    Choice → Charge
    T+0       Charge    lambda:invoke charge ✓ 1s
    T+1s      Save      dynamodb:putItem
                ✗ T+1s  States.TaskFailed    retry after 1s
                ✗ T+2s  States.TaskFailed    retry after 2s
                ✗ T+4s  States.TaskFailed
    error     States.TaskFailed

  kept:  ./{KEPT}
  again: rehearsal test ./order.rehearsal.yaml -t \"money is never taken without a saved order\"
"
    );
    assert_eq!(rest, want);
    let kept = format!(
        "\
# The smallest case found that breaks `money is never taken without a saved order` of ../order.rehearsal.yaml, with seed 0.
# It fails until the machine is mended. Keep it, so that the machine stays mended.
machine: ../machines/order.asl.json

mocks:
  Charge: {{ payload: {{ paid: true }}, takes: 1s }}
  Save: {{ return: {{}} }}

scenarios:
  - name: money is never taken without a saved order
    input: {{ id: a, total: 1 }}
    faults: [{{ on: Save, fail: States.TaskFailed, times: 3 }}]
    expect:
      always:
        - \"{law}\"
"
    );
    assert_eq!(project.read(KEPT), kept);

    // The same again, byte for byte, and the kept case fails beside it.
    let (lines, again) = project.test(&Selection::default());
    assert_eq!(lines, ["order.rehearsal.yaml:6 failed", &format!("{KEPT}:10 failed")]);
    assert!(again.starts_with(&said), "{again}");
    assert_eq!(project.read(KEPT), kept);

    // Once the money goes back, all is well, and the kept case stays to guard it.
    project.define(true);
    project.write(KEPT, &kept.replace("  Save: {", "  Refund: { payload: {} }\n  Save: {"));
    let (lines, said) = project.test(&Selection::default());
    assert_eq!(
        lines,
        ["order.rehearsal.yaml:7 passed in 500 cases", &format!("{KEPT}:11 passed in 1 cases")],
        "{said}"
    );

    // Another mistake is kept in another file.
    let guarded = project.read(KEPT);
    let other = project.read("order.rehearsal.yaml").replace("$count($calls[state='Refund']) %}", "0 %}");
    project.write("order.rehearsal.yaml", &other);
    project.test(&Selection::default());
    assert_eq!(project.read(KEPT), guarded);
    let second = project.read(&KEPT.replace(".rehearsal", "-2.rehearsal"));
    assert!(second.contains("$count($calls[state='Save' and ok]) + 0 %}"), "{second}");
}

#[test]
fn a_property_is_chosen_like_a_scenario() {
    let project = Project::new("chosen");
    project.define(true);
    let more = "  - { name: never mind, ignore: later, always: [] }\n  - { name: quick, cases: 3, faults: none }\n";
    project.write("order.rehearsal.yaml", &(project.read("order.rehearsal.yaml") + more));
    let lines = |names: &[&str], tags: &[&str]| {
        let mut selection = Selection::default();
        selection.names = names.iter().map(|name| (*name).to_owned()).collect();
        selection.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        project.test(&selection).0
    };
    assert_eq!(lines(&["quick"], &[]), ["order.rehearsal.yaml:17 passed in 3 cases"]);
    assert_eq!(lines(&["mind"], &[]), ["order.rehearsal.yaml:16 ignored: later"]);
    assert_eq!(lines(&[], &["money"]), ["order.rehearsal.yaml:7 passed in 500 cases"]);

    // What the cases reach counts together.
    let mut selection = Selection::default();
    selection.coverage = true;
    let suite = Suite::load(vec![project.0.path("order.rehearsal.yaml")]);
    let cases = suite.cases(&selection).unwrap();
    let verdicts = run(&cases, &selection, |_| {});
    let Verdict::Passed(outcome) = &verdicts[0] else { panic!("it should pass") };
    let coverage = outcome.coverage().unwrap();
    let kinds = [rehearsal::coverage::Kind::States, rehearsal::coverage::Kind::Exhausted];
    assert!(kinds.iter().all(|kind| coverage.machines()[0].share(*kind).is_whole()), "{}", coverage.table());
}

/// Every finding about a property of the checkout machine in one line, with its characters and its help.
fn findings(property: &str) -> Vec<String> {
    let text = format!("machine: ../machines/checkout.asl.json\nproperties:\n  - {{ name: a, {property} }}\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/x.rehearsal.yaml");
    let source = Arc::new(Source::new("x.rehearsal.yaml", &text));
    let found = match ScenarioFile::parse(&path, &source) {
        Ok(_) => return Vec::new(),
        Err(error) => error,
    };
    let line = |d: &Diagnostic| {
        let marked = d.primary.as_ref().map(|p| &text[p.span.range()]).unwrap_or_default();
        format!("{} · {}: {}; {}", marked.trim_end(), d.code, d.message, d.help.as_deref().unwrap_or("-"))
    };
    found.diagnostics().iter().map(line).collect()
}

#[test]
fn mistakes_are_told_with_their_places() {
    let table: &[(&str, &str)] = &[
        ("fautls: any", "fautls · unknown-key: `fautls` is not a word of a property; did you mean `faults`?"),
        (
            "faults: some",
            "some · wrong-value: this is no choice of faults; write `any`, `none`, or a list such as `[States.Timeout, { on: Charge, fail: CardDeclined }]`",
        ),
        (
            "faults: [{ on: Chrage, fail: X }]",
            "Chrage · unknown-key: nothing answers to the key `Chrage`: there is no such state; did you mean `Charge`?",
        ),
        ("cases: 0", "0 · wrong-value: `cases` takes a whole number from 1, not 0; -"),
        (
            "input: { orderId: 7 }",
            "{ orderId: 7 } · wrong-value: this is no JSON Schema; to have it as an example, write it in a list: `[{ orderId: 7 }]`",
        ),
        ("input: { type: objekt }", "objekt · bad-schema: `objekt` is no type of JSON; did you mean `object`?"),
        (
            "input: []",
            "[] · wrong-value: the list of inputs is empty; write examples, or leave `input` out to have inputs made from the definition",
        ),
        (
            "always: [$count($calls) = 1]",
            "$count($calls) = 1 · wrong-value: a law in JSONata stands between `{%` and `%}`; write `\"{% $count($calls) = 1 %}\"`",
        ),
        (
            "always: [\"{% $count($cals) = 1 %}\"]",
            "\"{% $count($cals) = 1 %}\" · bad-law: there is no `$cals`; did you mean `$calls`?",
        ),
        (
            "always: [{ never: [Refund] }]",
            "Refund · wrong-value: `Refund` is a state, and `never` of a law takes names of errors; write `- expect: { never: [Refund] }`",
        ),
        (
            "always: [{ never: States.Runtim }]",
            "States.Runtim · wrong-value: there is no error `States.Runtim`; did you mean `States.Runtime`?",
        ),
        (
            "always: [{ terminates: { witin: 1h } }]",
            "witin · unknown-key: `witin` is not a word of `terminates`; did you mean `within`?",
        ),
        (
            "always: [{ expect: { visits: Chrage } }]",
            "Chrage · unknown-state: there is no state `Chrage`; did you mean `Charge`?",
        ),
        (
            "allow: [CardDeclined]",
            "CardDeclined · wrong-value: `CardDeclined` needs no leave; only States.Runtime, States.QueryEvaluationError, States.DataLimitExceeded may not occur by themselves",
        ),
    ];
    for (property, want) in table {
        assert_eq!(findings(property), [*want], "{property}");
    }
    let missing = findings("input: { $schema: nowhere.json }");
    assert!(missing[0].starts_with("nowhere.json · unreadable: failed to read `"), "{missing:?}");
    assert_eq!(
        findings("always: [{ expect: { always: [] } }]"),
        ["{ always: [] } · nothing-expected: this law expects nothing; write `expect: { status: SUCCEEDED }`"]
    );
    let twice = findings("cases: 1 }\n  - { name: a");
    assert_eq!(
        twice,
        [
            "a · duplicate-scenario: two scenarios or properties are named `a`; give it a name of its own; failures are found by it"
        ]
    );
}
