//! The command line as people see it: every word it prints, and its exit codes.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a command printed and how it ended.
struct Seen {
    out: String,
    err: String,
    code: i32,
}

/// Runs `rehearsal` in the folder of the repository, with nothing on standard input.
fn rehearsal(args: &[&str]) -> Seen {
    rehearsal_reading("", args)
}

fn rehearsal_reading(input: &str, args: &[&str]) -> Seen {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rehearsal"))
        .args(args)
        .env_remove("GITHUB_ACTIONS")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let done = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Seen { out: text(done.stdout), err: text(done.stderr), code: done.status.code().expect("an exit code") }
}

/// Runs the checkout with these further arguments and without the real time.
fn checkout(args: &[&str]) -> Seen {
    let mut all = vec!["run", "tests/machines/checkout.asl.json", "--no-real-time"];
    all.extend(args);
    rehearsal(&all)
}

const ORDER: &str = r#"{"orderId": 7}"#;
const MOCKS: &str = "mocks/checkout.yaml";

/// A file for one test.
fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_run_shows_its_history_and_its_output() {
    let seen = checkout(&["--input", ORDER, "--mocks", MOCKS]);
    let want = "\
checkout · SUCCEEDED · 15s on the clock · seed 0
  T+0       Validate           Pass    assigned orderId
  T+0       Charge             lambda:invoke charge    assigned chargeId
              ✗ T+0            Lambda.TooManyRequestsException: Rate exceeded    retry after 2s
              ✗ T+2s           Lambda.TooManyRequestsException: Rate exceeded    retry after 4s
              ✗ T+6s           Lambda.TooManyRequestsException: Rate exceeded    retry after 8s
              ✓ T+14s … T+15s
  T+15s     Notify             Parallel, 2 branches ✓
  T+15s     ├ Email            sns:publish ✓
  T+15s     └ Audit            dynamodb:putItem ✓
  T+15s     Done               Succeed
  output    {\"orderId\":7,\"chargeId\":\"c-1\",\"paid\":true}
";
    assert_eq!((seen.out.as_str(), seen.err.as_str(), seen.code), (want, "", 0));
}

#[test]
fn a_fault_leads_to_the_compensation_and_to_exit_code_1() {
    let seen = checkout(&["--input", ORDER, "--mocks", MOCKS, "--mocks", "mocks/audit-is-down.yaml"]);
    let want = "\
checkout · FAILED · 25.5s on the clock · seed 0
  T+0       Validate             Pass    assigned orderId
  T+0       Charge               lambda:invoke charge    assigned chargeId
              ✗ T+0              Lambda.TooManyRequestsException: Rate exceeded    retry after 2s
              ✗ T+2s             Lambda.TooManyRequestsException: Rate exceeded    retry after 4s
              ✗ T+6s             Lambda.TooManyRequestsException: Rate exceeded    retry after 8s
              ✓ T+14s … T+15s
  T+15s     Notify               Parallel, 2 branches    assigned reason
              ✗ T+15s … T+25s    States.Timeout    caught → Refund
  T+15s     ├ Email              sns:publish ✓
  T+15s     └ Audit              dynamodb:putItem
                ✗ T+15s … T+25s  States.Timeout
  T+25s     Refund               lambda:invoke refund ✓ 500ms
  T+25.5s   Refunded             Fail with OrderRefunded: The money went back: States.Timeout
  error     OrderRefunded
  cause     The money went back: States.Timeout
";
    assert_eq!((seen.out.as_str(), seen.err.as_str(), seen.code), (want, "", 1));
}

#[test]
fn the_real_time_is_shown_unless_it_is_not_wanted() {
    let seen = rehearsal(&["run", "tests/machines/checkout.asl.json", "--input", ORDER, "--mocks", MOCKS]);
    let header = seen.out.lines().next().unwrap();
    assert!(header.starts_with("checkout · SUCCEEDED · 15s on the clock, "), "{header}");
    assert!(header.ends_with(" of yours · seed 0"), "{header}");
}

#[test]
fn a_distributed_map_says_how_its_children_fared() {
    let seen = rehearsal(&[
        "run",
        "tests/machines/import.asl.json",
        "--mocks",
        "mocks/import.yaml",
        "--object",
        "inbox/orders.csv=tests/machines/orders.csv",
        "--no-real-time",
    ]);
    let want = "\
import · SUCCEEDED · 2s on the clock · seed 0
  T+0       Import  Map Run ✓ 2s
  output    [{\"saved\":true},{\"saved\":true},{\"saved\":true}]
  children  4 child executions of Import: 3 succeeded, 1 failed
            ✗ [2] BadOrder: there is no customer
";
    assert_eq!((seen.out.as_str(), seen.err.as_str(), seen.code), (want, "", 0));
}

#[test]
fn another_machine_is_started_where_its_file_is_given() {
    let outer = r#"{"StartAt": "Start", "States": {"Start": {"Type": "Task", "End": true,
        "Resource": "arn:aws:states:::states:startExecution.sync:2", "OutputPath": "$.Output",
        "Parameters": {"Input.$": "$",
                       "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:approval"}}}}"#;
    let outer = file("outer.asl.json", outer);
    let seen = rehearsal(&[
        "run",
        &outer,
        "--machine",
        "tests/machines/approval.asl.json",
        "--mocks",
        "mocks/approval.yaml",
        "--no-real-time",
        "--history",
        "none",
        "--input",
        ORDER,
    ]);
    let want = "\
outer · SUCCEEDED · 9h on the clock · seed 0
  output    {\"orderId\":7,\"answer\":{\"approved\":true}}
  children  1 execution of approval: 1 succeeded
";
    assert_eq!((seen.out.as_str(), seen.err.as_str(), seen.code), (want, "", 0));
}

#[test]
fn history_json_is_what_get_execution_history_answers_and_nothing_else() {
    let seen = checkout(&["--input", ORDER, "--mocks", MOCKS, "--history", "json"]);
    let history: serde_json::Value = serde_json::from_str(&seen.out).unwrap();
    let events = history["events"].as_array().unwrap();
    assert_eq!(events.first().unwrap()["type"], "ExecutionStarted");
    assert_eq!(events.last().unwrap()["type"], "ExecutionSucceeded");
    assert_eq!(events.last().unwrap()["timestamp"], "2024-01-01T00:00:15.000Z");
    assert_eq!((seen.err.as_str(), seen.code), ("", 0));
}

#[test]
fn output_only_shows_the_output_or_says_why_there_is_none() {
    let good = checkout(&["--input", ORDER, "--mocks", MOCKS, "--output-only"]);
    assert_eq!(good.out, "{\"orderId\":7,\"chargeId\":\"c-1\",\"paid\":true}\n");
    assert_eq!((good.err.as_str(), good.code), ("", 0));
    let bad = checkout(&["--input", "{}", "--mocks", MOCKS, "--output-only"]);
    assert_eq!((bad.out.as_str(), bad.code), ("", 1));
    assert!(bad.err.starts_with("error: `checkout` failed: States.QueryEvaluationError: An error"), "{}", bad.err);
}

#[test]
fn without_a_history_the_outcome_remains() {
    let seen =
        checkout(&["--input", ORDER, "--mocks", MOCKS, "--mocks", "mocks/audit-is-down.yaml", "--history", "none"]);
    let want = "\
checkout · FAILED · 25.5s on the clock · seed 0
  error     OrderRefunded
  cause     The money went back: States.Timeout
";
    assert_eq!((seen.out.as_str(), seen.code), (want, 1));
}

#[test]
fn the_input_comes_from_the_argument_a_file_or_standard_input() {
    let direct = checkout(&["--input", ORDER, "--mocks", MOCKS]).out;
    let path = file("input.json", ORDER);
    assert_eq!(checkout(&["--input-file", &path, "--mocks", MOCKS]).out, direct);
    let args = ["run", "tests/machines/checkout.asl.json", "--no-real-time", "--input", "-", "--mocks", MOCKS];
    assert_eq!(rehearsal_reading(ORDER, &args).out, direct);
}

#[test]
fn the_clock_the_context_the_name_and_the_seed_can_be_given() {
    let machine = r#"{"QueryLanguage": "JSONata", "StartAt": "Tell", "States": {"Tell": {"Type": "Succeed", "Output":
        ["{% $states.context.Execution.StartTime %}", "{% $states.context.Execution.Name %}",
         "{% $states.context.Tenant %}", "{% $random() %}"]}}}"#;
    let path = file("tell.asl.json", machine);
    let run = |more: &[&str]| {
        let mut args = vec!["run", path.as_str(), "--output-only", "--start-time", "2026-01-05T09:00:00Z"];
        args.extend(["--name", "e-1", "--context", r#"{"Tenant": "t-1"}"#]);
        args.extend(more);
        let seen = rehearsal(&args);
        assert_eq!((seen.err.as_str(), seen.code), ("", 0));
        seen.out
    };
    let (zero, again, one) = (run(&[]), run(&["--seed", "0"]), run(&["--seed", "1"]));
    assert!(zero.starts_with(r#"["2026-01-05T09:00:00.000Z","e-1","t-1",0."#), "{zero}");
    assert_eq!(zero, again);
    assert_ne!(zero, one);
}

#[test]
fn colours_are_for_those_who_ask() {
    let plain = checkout(&["--input", ORDER, "--mocks", MOCKS]).out;
    assert!(!plain.contains('\x1b'));
    let colored = checkout(&["--input", ORDER, "--mocks", MOCKS, "--color", "always"]).out;
    assert!(colored.contains("\x1b[1;32mSUCCEEDED\x1b[0m"), "{colored}");
}

#[test]
fn a_task_that_nothing_answers_shows_the_lines_to_add() {
    let seen = checkout(&["--input", ORDER]);
    let want = "\
error: failed to rehearse `checkout`: `Charge` calls lambda:invoke `charge`, and no mock answers it
  add:   .mock(\"Charge\", json!({\"StatusCode\":200,\"Payload\":{}}))
  or:    mocks:
           Charge: { return: { StatusCode: 200, Payload: {} } }

T+0       Validate  Pass    assigned orderId
T+0       Charge    lambda:invoke charge    running
running   T+0
help: put such lines into a file and add `--mocks FILE`
";
    assert_eq!((seen.out.as_str(), seen.err.as_str(), seen.code), ("", want, 4));
}

#[test]
fn a_key_that_names_nothing_is_shown_in_its_file() {
    let text = "mocks:\n  Chrage: { return: 1 }\nfaults:\n  - { on: Adit, fail: X }\n";
    let path = file("keys.yaml", text);
    let seen = checkout(&["--mocks", &path]);
    let want = format!(
        "\
error[mock-key]: nothing answers to the key `Chrage`: there is no such state
  ╭▸ {path}:2:3
  │
2 │   Chrage: {{ return: 1 }}
  │   ━━━━━━ names nothing that is called
  │
  ╰ help: did you mean `Charge`?

error[mock-key]: nothing answers to the key `Adit`: there is no such state
  ╭▸ {path}:4:11
  │
4 │   - {{ on: Adit, fail: X }}
  │           ━━━━ names nothing that is called
  │
  ╰ help: did you mean `Audit`?

2 errors found
"
    );
    assert_eq!((seen.out.as_str(), seen.err.as_str(), seen.code), ("", want.as_str(), 4));
}

#[test]
fn a_file_of_mocks_is_refused_with_what_to_write() {
    let path = file("words.yaml", "mocks:\n  Charge: { retrun: 1 }\n");
    let seen = checkout(&["--mocks", &path]);
    let want = format!(
        "\
error[unknown-key]: `retrun` is not a word of a reply
  ╭▸ {path}:2:13
  │
2 │   Charge: {{ retrun: 1 }}
  │             ━━━━━━ unknown
  │
  ╰ help: did you mean `return`?
"
    );
    assert_eq!((seen.out.as_str(), seen.err.as_str(), seen.code), ("", want.as_str(), 4));
}

#[test]
fn a_mock_that_was_never_used_warns_and_is_an_error_where_that_is_wanted() {
    let path = file("unused.yaml", "Refund: { return: {} }\n");
    let run = |more: &[&str]| {
        let mut args = vec!["--input", ORDER, "--mocks", MOCKS, "--mocks", &path];
        args.extend(more);
        checkout(&args)
    };
    let (lenient, strict) = (run(&[]), run(&["--strict"]));
    let want = format!(
        "\
warning[unused-mock]: the mock of `Refund` was never used
  ╭▸ {path}:1:1
  │
1 │ Refund: {{ return: {{}} }}
  ╰╴━━━━━━

"
    );
    assert_eq!((lenient.err.as_str(), lenient.code), (want.as_str(), 0));
    assert_eq!((strict.err, strict.code), (want.replace("warning", "error"), 4));
    assert_eq!(lenient.out, strict.out);
}

#[test]
fn an_input_that_is_not_json_is_shown_with_its_place() {
    let seen = checkout(&["--input", "{orderId: 7}", "--mocks", MOCKS]);
    let want = "\
error[syntax]: a key stands without quotation marks
  ╭▸ --input:1:2
  │
1 │ {orderId: 7}
  │  ━━━━━━━ not JSON
  │
  ╰ help: write \"orderId\"
";
    assert_eq!((seen.out.as_str(), seen.err.as_str(), seen.code), ("", want, 5));
    let empty = checkout(&["--input", "-", "--mocks", MOCKS]);
    assert!(empty.err.starts_with("error[syntax]: standard input is empty, which is not JSON\n"), "{}", empty.err);
    assert_eq!(empty.code, 5);
}

#[test]
fn every_sort_of_bad_input_has_its_exit_code_and_names_what_was_found() {
    let binary = file("binary.json", b"{\"a\": \"\xff\"}");
    let deep = file("deep.json", "[".repeat(10_000));
    let large = file("large.json", format!("\"{}\"", "x".repeat(300_000)));
    let huge = file("huge.json", " ".repeat(5 << 20));
    let nowhere = file("nowhere.asl.json", r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}"#);
    let checkout = "tests/machines/checkout.asl.json";
    let table: [(&[&str], i32, &str); 17] = [
        (&["run", checkout, "--input-file", &binary], 5, "is not UTF-8: byte 0xFF at offset 7, line 1"),
        (&["run", checkout, "--input-file", &deep], 5, "deep.json:1:"),
        (&["run", checkout, "--input-file", &large], 5, "the input has 300002 bytes, and the service takes 262144"),
        (&["run", checkout, "--input-file", &huge], 5, "4194304 are the limit"),
        (&["run", checkout, "--input-file", "no.json"], 6, "failed to read `no.json`: No such file"),
        (&["run", checkout, "--context", "[1]"], 5, "the context is a JSON object, and this is `[1]`"),
        (&["run", checkout, "--context", "@no.json"], 6, "failed to read `no.json`"),
        (&["run", checkout, "--mocks", "no.yaml"], 6, "failed to read `no.yaml`"),
        (&["run", checkout, "--object", "b/k=no.csv"], 6, "failed to read `no.csv`"),
        (&["run", "no.asl.json"], 6, "failed to read `no.asl.json`"),
        (&["run", "mocks"], 3, "`mocks` holds no state machine"),
        (&["run", "tests/machines"], 3, "`tests/machines` holds 6 state machines: `approval`, `checkout`"),
        (&["run", &nowhere], 3, "nowhere.asl.json:1:"),
        (&["run", &binary], 3, "is not UTF-8"),
        (&["run", checkout, "--machine", &nowhere], 3, "nowhere.asl.json:1:"),
        (&["run", checkout, "--start-time", "soon"], 2, "write an instant such as 2026-01-05T09:00:00Z"),
        (&["run", checkout, "--object", "b=f"], 2, "write a bucket, a key and a file"),
    ];
    for (args, code, text) in table {
        let seen = rehearsal(args);
        assert_eq!(seen.code, code, "{args:?}: {}", seen.err);
        assert!(seen.err.contains(text), "{args:?}: {}", seen.err);
        assert_eq!(seen.out, "", "{args:?}");
    }
}

#[test]
fn list_shows_every_machine_with_its_place() {
    let seen = rehearsal(&["list", "tests/templates/sam", "tests/templates/serverless"]);
    let want = "\
Order  Standard  JSONPath  tests/templates/sam/template.yaml:22
Greet  Express   JSONata   tests/templates/sam/template.yaml:34
order  Standard  JSONPath  tests/templates/serverless/serverless.yml:29
hello  Express   JSONPath  tests/templates/serverless/serverless.yml:58
";
    assert_eq!((seen.out.as_str(), seen.err.as_str(), seen.code), (want, "", 0));
    let seen = rehearsal(&["list", "--json", "tests/templates/sam/template.yaml"]);
    let rows: serde_json::Value = serde_json::from_str(&seen.out).unwrap();
    let file = "tests/templates/sam/template.yaml";
    let row =
        serde_json::json!({"file": file, "id": "Greet", "line": 34, "type": "EXPRESS", "queryLanguage": "JSONata"});
    assert_eq!(rows[1], row);
    let none = rehearsal(&["list", "--json", "mocks"]);
    assert_eq!((none.out.as_str(), none.code), ("[]\n", 0));
    assert!(none.err.contains("note[no-machine]: there is no state machine in `mocks`"), "{}", none.err);
    let missing = rehearsal(&["list", "tests/templates/sam", "no.yaml"]);
    assert!(missing.out.contains("Order") && missing.err.contains("failed to read `no.yaml`"), "{}", missing.err);
    assert_eq!(missing.code, 6);
}

#[test]
fn run_takes_a_machine_of_a_template_and_substitutes() {
    let mocks = file(
        "template-mocks.yaml",
        "mocks:\n  ChargeFunction: { return: {} }\n  Save: { return: {} }\n  Ship: { return: {} }\n",
    );
    let order = "tests/templates/sam/template.yaml#Order";
    let input = r#"{"id": "o-1"}"#;
    let seen = rehearsal(&["run", order, "--input", input, "--mocks", &mocks, "--no-real-time", "--history", "none"]);
    assert!(seen.out.starts_with("Order · SUCCEEDED · 1m30s on the clock"), "{}{}", seen.out, seen.err);
    let quick = ["--substitute", "Wait=5", "--no-real-time", "--history", "none"];
    let seen = rehearsal(&[&["run", order, "--input", input, "--mocks", &mocks], &quick[..]].concat());
    assert!(seen.out.starts_with("Order · SUCCEEDED · 5s on the clock"), "{}{}", seen.out, seen.err);
    let seen = rehearsal(&["run", order, "--substitute", "Wait"]);
    assert!(seen.err.contains("write a name and a value, such as TableName=orders"), "{}", seen.err);
}

#[test]
fn help_tells_the_exit_codes_and_is_no_failure() {
    let seen = rehearsal(&["run", "--help"]);
    assert_eq!((seen.err.as_str(), seen.code), ("", 0));
    let codes = "Exit codes:\n  0  the execution succeeded\n  1  the execution failed, timed out or was aborted\n";
    assert!(seen.out.contains(codes), "{}", seen.out);
    assert_eq!(rehearsal(&["run"]).code, 2);
    assert_eq!(rehearsal(&["rn"]).code, 2);
}

#[test]
fn a_reader_who_leaves_early_is_no_failure() {
    // More than a pipe holds, so that the rest meets a closed end.
    let items: Vec<String> = (0..20_000).map(|i| i.to_string()).collect();
    let input = file("many.json", format!("[{}]", items.join(",")));
    let machine = file(
        "many.asl.json",
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": true}}}"#,
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_rehearsal"))
        .args(["run", &machine, "--input-file", &input, "--history", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((err.as_str(), child.wait().unwrap().code()), ("", Some(0)));
}

/// The words of a command line as a shell splits them; enough for what the README writes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            c => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// The header without the real time, which no two runs share.
fn without_real_time(text: &str) -> String {
    let line = |line: &str| match (line.split_once(" on the clock, "), line.split_once(" of yours")) {
        (Some((before, _)), Some((_, after))) => format!("{before} on the clock{after}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn the_readme_shows_what_its_commands_print() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let mut shown = 0;
    for block in readme.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let Some(rest) = block.strip_prefix("$ cargo rehearsal ") else { continue };
        // A command goes on after a backslash at the end of its line.
        let rest = rest.replace("\\\n", " ");
        let (command, want) = rest.split_once('\n').unwrap();
        let command = words(command);
        let seen = rehearsal(&command.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(without_real_time(&seen.out), without_real_time(want), "{command:?}: {}", seen.err);
        shown += 1;
    }
    assert!(shown >= 2, "the README shows only {shown} commands");
}

#[test]
fn the_readme_has_the_exit_codes_of_the_help() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let help = rehearsal(&["run", "--help"]).out;
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    for line in codes.lines() {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        assert!(readme.contains(&format!("| {code} | {meaning} |")), "{code}: {meaning}");
    }
}
