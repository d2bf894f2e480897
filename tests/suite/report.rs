//! The page of a test run: what its markup and its data hold. `tests/browser` looks at it as a reader does.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use rehearsal::coverage::Coverage;
use rehearsal::report::Report;
use rehearsal::scenario::suite::{self, Selection, Suite, Verdict};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A folder with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder
}

/// The page of all scenarios in a folder.
fn page(folder: &Path) -> String {
    let suite = Suite::load(suite::find([folder]).unwrap());
    let mut selection = Selection::default();
    selection.coverage = true;
    let cases = suite.cases(&selection).unwrap();
    let verdicts = suite::run(&cases, &selection, |_| {});
    let mut report = Report::new();
    report.add_results(cases.iter().zip(&verdicts));
    report.html()
}

/// The data of a block.
#[track_caller]
fn data(page: &str, id: &str) -> Value {
    let start = format!("<script type=\"application/json\" id=\"{id}\">");
    let from = page.find(&start).unwrap_or_else(|| panic!("there is no {id}")) + start.len();
    let text = &page[from..];
    serde_json::from_str(&text[..text.find("</script>").unwrap()]).unwrap()
}

fn rows(data: &Value) -> Vec<String> {
    let word = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let one = |row: &Value| {
        let parts = ["at", "mark", "item", "name", "text", "error", "note", "why"].map(|name| word(row, name));
        format!("{} {}", row["lane"], parts.iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join(" "))
    };
    data["story"]["rows"].as_array().unwrap().iter().map(one).collect()
}

const CHARGE: &str = r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge",
      "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 1 }],
      "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Refuse" }],
      "ResultPath": "$.charge",
      "End": true
    },
    "Refuse": { "Type": "Fail", "Error": "Refused" }
  }
}"#;

#[test]
fn a_scenario_is_told_row_by_row() {
    let scenarios = r#"
machine: charge.asl.json
scenarios:
  - name: asked again
    input: { a: 1 }
    mocks: { Charge: [{ fail: Busy, cause: later }, { return: { id: 7 }, takes: 1s }] }
    expect: { elapsed: 3s }
  - name: refused
    mocks: { Charge: { fail: Broken } }
    expect: { error: Refused }
"#;
    let folder = folder("rows", &[("charge.asl.json", CHARGE), ("charge.rehearsal.yaml", scenarios)]);
    let page = page(&folder);
    let first = data(&page, "case-data-0");
    let expected = [
        "0 T+0 begin Charge lambda:invoke charge",
        "0 T+0 bad Charge attempt 1 Busy retry after 2s",
        "0 T+2s begin Charge attempt 2 begins backoff",
        "0 T+3s good Charge attempt 2 done after 1s",
        "0 T+3s good SUCCEEDED",
    ];
    assert_eq!(rows(&first), expected);
    assert_eq!(first["story"]["rows"][2]["gap"], 2000);
    assert_eq!(
        (&first["result"], &first["elapsed"], &first["status"]),
        (&"passed".into(), &"3s".into(), &"SUCCEEDED".into())
    );
    // The last attempt shows what became of the state's input; values are told once.
    let last = &first["story"]["rows"][3];
    let value =
        |row: &Value, name: &str| first["story"]["values"][row[name].as_u64().unwrap() as usize]["value"].clone();
    assert_eq!(value(last, "input"), serde_json::json!({ "a": 1 }));
    assert_eq!(value(last, "output"), serde_json::json!({ "a": 1, "charge": { "id": 7 } }));
    assert_eq!(last["output"], first["story"]["rows"][4]["output"]);

    let second = data(&page, "case-data-1");
    let expected = [
        "0 T+0 begin Charge lambda:invoke charge",
        "0 T+0 bad Charge Broken caught → Refuse",
        "0 T+0 bad Refuse Fail Refused",
        "0 T+0 bad FAILED Refused",
    ];
    assert_eq!(rows(&second), expected);

    // Each lights what it reached.
    let machine = data(&page, "machine-data-0");
    let path = |case: &str| -> Vec<&str> {
        let points = machine["paths"][case].as_array().unwrap().iter();
        points.map(|i| machine["points"][i.as_u64().unwrap() as usize].as_str().unwrap()).collect()
    };
    assert_eq!(path("0"), ["Charge", "Charge#retry-0"]);
    assert_eq!(path("1"), ["Charge", "Charge#catch-0", "Refuse"]);
    assert!(
        page.contains("<b>Charge</b> retrier 1 (Busy) is never used up <span class=\"line\">line 7</span>"),
        "{page}"
    );
}

#[test]
fn nothing_that_people_write_leaves_its_place() {
    let nasty = "</script><script>alert(1)</script><!--<b>\u{2028}&\\\"'";
    let machine = CHARGE.replace("Refuse", "</script><script>alert(2)</script>");
    let scenarios = format!(
        "machine: charge.asl.json\nscenarios:\n  - name: {name}\n    tags: [{name}]\n    input: {{ {name}: {name} }}\n    \
         mocks: {{ Charge: {{ fail: {name}, cause: {name} }} }}\n    expect: {{ status: SUCCEEDED }}\n",
        name = serde_json::to_string(nasty).unwrap()
    );
    let folder = folder("nasty", &[("charge.asl.json", &machine), ("x.rehearsal.yaml", &scenarios)]);
    let page = page(&folder);
    let data = data(&page, "case-data-0");
    assert_eq!(data["name"], nasty);
    assert_eq!(data["result"], "failed");
    // The page's own script, and a block for the machine and for the case.
    assert_eq!(page.matches("<script").count(), 3);
    assert_eq!(page.matches("</script").count(), 3);
    assert!(!page.contains("<b>\u{2028}") && !page.contains("<!--"), "markup");
}

#[test]
fn the_policy_allows_the_page_s_own_script_and_style_and_nothing_else() {
    let folder = folder(
        "policy",
        &[
            ("charge.asl.json", CHARGE),
            (
                "x.rehearsal.yaml",
                "machine: charge.asl.json\nscenarios: [{name: x, mocks: {Charge: {return: 1}}, expect: {status: SUCCEEDED}}]\n",
            ),
        ],
    );
    let page = page(&folder);
    let between = |start: &str, end: &str| {
        let from = page.rfind(start).unwrap() + start.len();
        page[from..][..page[from..].find(end).unwrap()].to_owned()
    };
    for (element, directive) in [("script", "script-src"), ("style", "style-src")] {
        let text = between(&format!("<{element}>"), &format!("</{element}>"));
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()));
        assert!(page.contains(&format!("{directive} 'sha256-{hash}';")), "{element}");
    }
    assert!(page.contains("default-src 'none'"));
    for forbidden in ["http://", "https://", " style=\"", " onclick", "url(", "@import"] {
        let found = page.replace("http://www.w3.org/2000/svg", "").contains(forbidden);
        assert!(!found, "{forbidden}");
    }
}

#[test]
fn the_same_results_are_the_same_page() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    assert_eq!(page(&scenarios), page(&scenarios));
}

#[test]
fn items_that_did_the_same_are_told_once_and_large_values_are_cut() {
    let machine = r#"{"StartAt": "Each", "States": {"Each": {"Type": "Map", "End": true, "ItemProcessor": {
        "StartAt": "Save", "States": {"Save": {"Type": "Task", "End": true,
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:save"}}}}}}"#;
    let items: Vec<String> = (0..5_000).map(|i| format!("\"{i:-^30}\"")).collect();
    let scenarios = format!(
        "machine: map.asl.json\nscenarios:\n  - name: many\n    input: [{}]\n    mocks: {{ Save: {{ return: 1 }}, 'Each[9]/Save': \
         {{ fail: Odd }} }}\n    expect: {{ error: Odd }}\n",
        items.join(", ")
    );
    let folder = folder("map", &[("map.asl.json", machine), ("map.rehearsal.yaml", &scenarios)]);
    let page = page(&folder);
    assert!(page.len() < 200_000, "{} bytes", page.len());
    let data = data(&page, "case-data-0");
    let rows = rows(&data);
    assert!(rows.len() < 40, "{rows:#?}");
    assert!(rows.iter().any(|row| row.contains("bad [9] Save") && row.contains("Odd")), "{rows:#?}");
    let values = data["story"]["values"].as_array().unwrap();
    let cut = values.iter().find(|value| value["bytes"].as_u64().is_some_and(|bytes| bytes > 150_000)).unwrap();
    assert!(cut["cut"].as_str().unwrap().len() <= 4_000);
}

#[test]
fn a_file_that_cannot_be_read_stands_in_the_list() {
    let folder = folder("broken", &[("x.rehearsal.yaml", "machine: nowhere.asl.json\nscenarios: []\n")]);
    let page = page(&folder);
    assert!(page.contains("<h2>Files that cannot be read</h2>"));
    let data = data(&page, "case-data-0");
    assert_eq!((&data["result"], &data["machine"]), (&"failed".into(), &Value::Null));
    assert!(data["failure"].as_str().unwrap().contains("nowhere.asl.json"), "{data}");
}

#[test]
fn coverage_alone_is_a_page_with_the_tests_it_comes_from() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let suite = Suite::load(suite::find([folder]).unwrap());
    let mut selection = Selection::default();
    selection.coverage = true;
    let cases = suite.cases(&selection).unwrap();
    let mut coverage = Coverage::default();
    for (case, verdict) in cases.iter().zip(suite::run(&cases, &selection, |_| {})) {
        if let Verdict::Passed(outcome) = &verdict
            && let Some(run) = outcome.run()
        {
            coverage.add(&format!("{} › {}", case.path.display(), case.name()), run);
        }
    }
    let mut report = Report::new();
    report.add_coverage(&coverage);
    let page = report.html();
    assert!(page.contains("class=\"case unknown\"") && page.contains("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    // Its pictures are those of the results.
    let all = self::page(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios"));
    let picture =
        |page: &str| page[page.find("<svg xmlns").unwrap()..page.find("<p class=\"legend\"").unwrap()].to_owned();
    assert_eq!(picture(&page), picture(&all));
}

#[cfg(feature = "cli")]
mod command {
    use std::process::Command;

    #[test]
    fn test_and_coverage_write_a_page_each() {
        let root = env!("CARGO_MANIFEST_DIR");
        let tmp = env!("CARGO_TARGET_TMPDIR");
        let (parts, page) = (format!("{tmp}/html-parts"), format!("{tmp}/html-page"));
        let rehearsal = |args: &[&str]| {
            let done = Command::new(env!("CARGO_BIN_EXE_rehearsal")).args(args).current_dir(root).output().unwrap();
            (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
        };
        let coverage = format!("--coverage={parts}");
        assert_eq!(rehearsal(&["test", "tests/scenarios", "--html", &page, &coverage]).0, Some(0));
        assert!(std::fs::read_to_string(format!("{page}/index.html")).unwrap().contains("</b> passed</span>"));
        assert_eq!(rehearsal(&["coverage", &parts, "--html", &format!("{page}/coverage")]).0, Some(0));
        assert!(std::fs::read_to_string(format!("{page}/coverage/index.html")).unwrap().contains("</b> tests</span>"));
        let (code, said) = rehearsal(&["test", "tests/scenarios", "--html", &format!("{page}/index.html")]);
        assert_eq!(code, Some(6));
        assert!(said.starts_with("error: failed to write the report into"), "{said}");
    }
}
