//! `rehearsal lint` and `rehearsal explain` as people and other tools see them.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// What a command printed, what it complained about, its exit code.
fn rehearsal(args: &[&str]) -> (String, String, i32) {
    let seen = Command::new(env!("CARGO_BIN_EXE_rehearsal"))
        .args(args)
        .env_remove("GITHUB_ACTIONS")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(seen.stdout), text(seen.stderr), seen.status.code().unwrap())
}

/// Lints without what differs from machine to machine.
fn lint(args: &[&str]) -> (String, String, i32) {
    let mut all = vec!["lint", "--no-real-time", "--no-api-models"];
    all.extend(args);
    rehearsal(&all)
}

fn json(args: &[&str]) -> Vec<Value> {
    let mut all = vec!["--format", "json"];
    all.extend(args);
    let (out, err, _) = lint(&all);
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out} {err}"))
}

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

const ASK: &str = r#"{
  "StartAt": "Ask",
  "States": {
    "Ask": {
      "Type": "Task",
      "Resource": "arn:aws:states:us-east-1:123456789012:activity:ask",
      "Catch": [{"ErrorEquals": ["States.All"], "Next": "Gone"}],
      "End": true
    },
    "Gone": {"Type": "Fail", "Error": "Gone"}
  }
}
"#;

const BROKEN: &str = r#"{"StartAt": "Asc", "States": {"Ask": {"Type": "Succeed"}}}"#;

#[test]
fn people_read_the_findings_and_one_last_line() {
    let (out, err, code) = lint(&["tests/lint/error-service.asl.json"]);
    let told = std::fs::read_to_string("tests/lint/error-service.txt").unwrap();
    let findings = told.replace("\n2 warnings found\n", "");
    let want = format!("{findings}\n1 machine in 1 file: 2 warnings · `rehearsal explain CODE` says more\n");
    assert_eq!((out.as_str(), err.as_str(), code), (want.as_str(), "", 0));
    let (out, _, code) = lint(&["--allow", "notes", "tests/machines/approval.asl.json"]);
    assert_eq!((out.as_str(), code), ("1 machine in 1 file: nothing found\n", 0));
}

#[test]
fn the_exit_code_says_whether_anything_is_wrong_or_could_not_be_read() {
    let here = folder("lint-exit");
    let path = |name: &str, text: &str| {
        std::fs::write(here.join(name), text).unwrap();
        here.join(name).to_str().unwrap().to_owned()
    };
    let (ask, broken) = (path("ask.asl.json", ASK), path("broken.asl.json", BROKEN));
    let (other, cut) = (path("package.json", "{\"name\": \"x\"}"), path("cut.asl.json", "{\"StartAt\": "));
    for (args, code, out, err) in [
        (&[ask.as_str()][..], 0, "2 warnings", ""),
        (&[&ask, "--deny", "timeout-missing"], 1, "error[timeout-missing]", ""),
        (&[&ask, "--deny", "warnings"], 1, "2 errors", ""),
        (&[&broken], 1, "did you mean `Ask`?", ""),
        (&[&cut], 1, "error[syntax]", ""),
        (&["nowhere.asl.json"], 2, "0 machines in 0 files", "failed to read `nowhere.asl.json`"),
        (&[&other], 2, "0 machines", "holds no state machine"),
        (&[&ask, "--allow", "timeout-mising"], 2, "", "did you mean `timeout-missing`?"),
        (&[&ask, "nowhere.json"], 2, "warning[error-name]", "nowhere.json"),
        (&[&format!("{ask}#ask")], 0, "1 machine in 1 file", ""),
        (&[&format!("{ask}#asc")], 2, "", "did you mean `ask`?"),
    ] {
        let (got_out, got_err, got) = lint(args);
        let is_right =
            got == code && got_out.contains(out) && got_err.contains(err) && err.is_empty() == got_err.is_empty();
        assert!(is_right, "{args:?}: {got}\n{got_out}\n{got_err}");
    }
    let (out, _, code) = lint(&["--quiet", here.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(out.contains("error[") && !out.contains("warning[") && !out.contains("machines in"), "{out}");
}

#[test]
fn a_folder_is_looked_through_in_the_same_order_every_time() {
    let seen: Vec<_> = (0..3).map(|_| lint(&["tests/lint", "tests/machines"])).collect();
    assert!(seen.iter().all(|s| s == &seen[0]));
    let found = json(&["tests/lint"]);
    let files: Vec<&str> = found.iter().map(|f| f["file"].as_str().unwrap()).collect();
    assert!(files.len() > 100, "{}", files.len());
}

#[test]
fn tools_read_the_findings_as_json() {
    let here = folder("lint-json");
    std::fs::write(here.join("ask.asl.json"), ASK).unwrap();
    std::fs::write(here.join("broken.asl.json"), BROKEN).unwrap();
    let found = json(&[here.to_str().unwrap()]);
    let codes: Vec<&str> = found.iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["timeout-missing", "error-name", "transition-target"]);
    let name = &found[1];
    assert_eq!(name["severity"], "warning");
    assert!(name["file"].as_str().unwrap().ends_with("ask.asl.json"));
    let place = ["line", "column", "endLine", "endColumn"].map(|n| name[n].as_u64().unwrap());
    assert_eq!(place, [7, 34, 7, 46]);
    assert_eq!(name["path"], "States › Ask › Catch[0] › ErrorEquals[0]");
    assert_eq!(name["fix"]["replacement"], "States.ALL");
    assert_eq!(name["fix"]["column"], 35);
    assert_eq!(name["fix"]["safe"], true);
    assert_eq!(name["aws"], Value::Null);
    let target = &found[2];
    assert_eq!(target["aws"]["code"], "MISSING_TRANSITION_TARGET");
    assert_eq!(target["aws"]["location"], "/StartAt");
    assert_eq!(target["severity"], "error");
}

/// A member's name and what its value has to be.
type Member<'a> = (&'a str, fn(&Value) -> bool);

/// Insists that an object has members of these types.
fn has(value: &Value, place: &str, members: &[Member<'_>]) {
    for (name, is_right) in members {
        assert!(value.get(name).is_some_and(is_right), "{place}: `{name}` of {value}");
    }
}

#[test]
fn code_scanning_reads_the_findings_as_sarif() {
    let (out, _, code) = lint(&["--format", "sarif", "tests/lint"]);
    assert_eq!(code, 1);
    let log: Value = serde_json::from_str(&out).unwrap();
    has(&log, "log", &[("version", |v| v == "2.1.0"), ("$schema", Value::is_string), ("runs", Value::is_array)]);
    let run = &log["runs"][0];
    has(run, "run", &[("columnKind", |v| v == "unicodeCodePoints"), ("results", Value::is_array)]);
    let driver = &run["tool"]["driver"];
    has(driver, "driver", &[("name", |v| v == "rehearsal"), ("version", Value::is_string), ("rules", Value::is_array)]);
    let rules = driver["rules"].as_array().unwrap();
    let is_level = |v: &Value| matches!(v.as_str(), Some("error" | "warning" | "note"));
    for rule in rules {
        has(rule, "rule", &[("id", Value::is_string), ("help", Value::is_object)]);
        has(&rule["shortDescription"], "summary", &[("text", |v| v.as_str().is_some_and(|t| !t.is_empty()))]);
        assert!(is_level(&rule["defaultConfiguration"]["level"]));
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 100);
    let (mut fixes, mut aws) = (0, 0);
    for result in results {
        has(result, "result", &[("ruleId", Value::is_string), ("level", |v| v.is_string())]);
        assert!(is_level(&result["level"]), "{result}");
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        for location in result["locations"].as_array().unwrap() {
            let physical = &location["physicalLocation"];
            let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.starts_with("tests/lint/"), "{uri}");
            region(&physical["region"]);
        }
        for fix in result["fixes"].as_array().into_iter().flatten() {
            fixes += 1;
            let change = &fix["artifactChanges"][0];
            assert!(change["artifactLocation"]["uri"].is_string() && fix["description"]["text"].is_string());
            region(&change["replacements"][0]["deletedRegion"]);
            assert!(change["replacements"][0]["insertedContent"]["text"].is_string());
        }
        aws += usize::from(result["properties"]["aws"]["message"].is_string());
    }
    assert!(fixes > 5 && aws > 20, "{fixes} {aws}");
}

fn region(region: &Value) {
    let [from, column, to, end] =
        ["startLine", "startColumn", "endLine", "endColumn"].map(|name| region[name].as_u64().unwrap());
    assert!(from >= 1 && column >= 1 && (to, end) >= (from, column), "{region}");
}

#[test]
fn a_configuration_above_the_file_counts_and_the_command_line_counts_more() {
    let here = folder("lint-config");
    std::fs::create_dir_all(here.join("a/b")).unwrap();
    std::fs::write(here.join("a/b/ask.asl.json"), ASK).unwrap();
    std::fs::write(here.join("rehearsal.yaml"), "lint:\n  deny: [warnings]\n").unwrap();
    std::fs::write(here.join("a/rehearsal.yaml"), "lint:\n  allow: [timeout-missing]\n  deny: [error-name]\n").unwrap();
    let path = here.join("a/b/ask.asl.json");
    let path = path.to_str().unwrap();
    let told = |args: &[&str]| -> Vec<String> {
        let found = json(args);
        found.iter().map(|f| format!("{} {}", f["severity"].as_str().unwrap(), f["code"].as_str().unwrap())).collect()
    };
    assert_eq!(told(&[path]), ["error error-name"]);
    assert_eq!(told(&[path, "--warn", "error-name"]), ["warning error-name"]);
    assert_eq!(told(&[path, "--no-config"]), ["warning timeout-missing", "warning error-name"]);
    let outer = here.join("rehearsal.yaml");
    assert_eq!(told(&[path, "--config", outer.to_str().unwrap()]), ["error timeout-missing", "error error-name"]);
    std::fs::write(here.join("a/rehearsal.yaml"), "lint:\n  alow: []\n").unwrap();
    let (out, err, code) = lint(&[path]);
    assert!(code == 2 && out.is_empty() && err.contains("did you mean `allow`?"), "{code} {out} {err}");
}

#[test]
fn changes_that_need_no_decision_are_made_in_the_file() {
    let here = folder("lint-fix");
    let path = here.join("each.asl.yaml");
    let text = "\u{feff}# What stands here stays\r
StartAt: Each\r
States:\r
  Each:\r
    Type: Map\r
    Iterator: {StartAt: Ask, States: {Ask: {Type: Task, Resource: 'arn:aws:states:us-east-1:123456789012:activity:ask', Catch: [{ErrorEquals: [States.All], Next: Gone}], End: true}, Gone: {Type: Fail, Error: Gone}}}\r
    End: true\r
";
    std::fs::write(&path, text).unwrap();
    let (out, err, code) = lint(&["--fix", path.to_str().unwrap()]);
    assert_eq!((err.as_str(), code), ("", 0));
    assert!(out.contains("2 findings mended in 1 file\n1 machine in 1 file: 1 warning"), "{out}");
    let fixed = std::fs::read_to_string(&path).unwrap();
    assert_eq!(fixed, text.replace("Iterator", "ItemProcessor").replace("States.All", "States.ALL"));
    // A timeout is for somebody to choose.
    assert!(!fixed.contains("TimeoutSeconds"));
    let (out, _, _) = lint(&["--fix", path.to_str().unwrap()]);
    assert!(!out.contains("mended"), "{out}");
}

#[test]
fn a_document_with_a_definition_in_it_is_linted_at_its_own_place() {
    let here = folder("lint-wrapped");
    let wrapped = format!("{{\n\"name\": \"orders\",\n\"definition\": {ASK}}}\n");
    std::fs::write(here.join("described.json"), wrapped).unwrap();
    let text = serde_json::json!({"name": "orders", "definition": ASK});
    std::fs::write(here.join("text.json"), text.to_string()).unwrap();
    let found = json(&[here.to_str().unwrap()]);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found[0]["machine"].as_str().unwrap().ends_with("described.json#definition"));
    assert_eq!(found[0]["line"], 8);
    assert_eq!((&found[2]["line"], &found[2]["code"]), (&1.into(), &"timeout-missing".into()));
}

#[test]
fn codes_are_explained() {
    let (out, err, code) = rehearsal(&["explain", "timeout-missing"]);
    assert_eq!((err.as_str(), code), ("", 0));
    assert!(out.starts_with("warning[timeout-missing]: ") && out.contains("For example:"), "{out}");
    let (out, err, code) = rehearsal(&["explain", "timeout-mising"]);
    assert_eq!((out.as_str(), code), ("", 2));
    assert!(err.contains("did you mean `timeout-missing`?"), "{err}");
    let (out, _, code) = rehearsal(&["explain", "--list"]);
    assert_eq!(code, 0);
    for word in ["refused by AWS", "timeout-missing", "transition-target"] {
        assert!(out.contains(word), "{out}");
    }
}

#[test]
fn one_machine_of_several_is_named_as_everywhere() {
    let template = "tests/templates/sam/template.yaml";
    let (out, err, code) = lint(&[&format!("{template}#Greet")]);
    assert!(out.contains("1 machine in 1 file") && code == 0, "{out} {err}");
    let (out, _, _) = rehearsal(&["list", &format!("{template}#Greet")]);
    assert!(out.starts_with("Greet  Express") && out.lines().count() == 1, "{out}");
    let (_, err, code) = lint(&[&format!("{template}#Gret")]);
    assert!(err.contains("holds no state machine `Gret`") && err.contains("did you mean `Greet`?"), "{err}");
    assert_eq!(code, 2);
}
