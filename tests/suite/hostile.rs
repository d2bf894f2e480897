//! Input that is broken, huge or malicious: a clear error in bounded time, never a panic, a hang or a stack overflow.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rehearsal::diagnostic::Diagnostics;
use rehearsal::engine::{Limits, Status};
use rehearsal::expr::intrinsics::Intrinsic;
use rehearsal::expr::jsonata::Expression;
use rehearsal::expr::jsonpath::JsonPath;
use rehearsal::prelude::*;
use rehearsal::random::Seeded;
use rehearsal::source::{Format, Source, parse};
use serde_json::Value;

use super::support::{express, machine, single, single_jsonata};

/// Does the work on a thread with the stack that test threads have, however large the main one is, and says how long
/// it took.
fn bounded<R: Send>(most: Duration, work: impl FnOnce() -> R + Send) -> R {
    let began = Instant::now();
    let result = std::thread::scope(|scope| {
        let small = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
        small.spawn_scoped(scope, work).expect("a thread can be started").join().expect("the work does not panic")
    });
    let took = began.elapsed();
    assert!(took < most, "it took {took:?}");
    result
}

#[track_caller]
fn refusal(text: &str) -> String {
    bounded(5.secs(), || match Machine::parse(text) {
        Ok(_) => panic!("it should have been refused: {text:.200}"),
        Err(e) => e.to_string(),
    })
}

#[test]
fn broken_definitions_are_refused_with_the_place() {
    for (text, want) in [
        ("", "definition"),
        ("{", "definition:1"),
        ("{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Pass\", \"End\": true},}}", "definition:1:63"),
        ("{\"StartAt\": \"A\"} trailing", "definition:1:18"),
        ("[1, 2]", "definition:1:1"),
        ("42", "definition:1:1"),
        ("StartAt: A\nStates:\n\t- no tabs", "definition:3"),
        ("{\"StartAt\": \"A\", \"StartAt\": \"B\"}", "StartAt"),
        ("&a [*a]", "definition"),
    ] {
        let error = refusal(text);
        assert!(error.contains(want), "{text}: {error}");
    }
}

#[test]
fn a_definition_that_leads_nowhere_is_refused_by_name() {
    let error = refusal(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nowehre"}, "Nowhere": {"Type": "Succeed"}}}"#,
    );
    assert!(error.contains("Nowehre") && error.contains("did you mean `Nowhere`?"), "{error}");
    let error = refusal(r#"{"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}"#);
    assert!(error.contains('B'), "{error}");
}

#[test]
fn unknown_fields_and_types_are_refused_with_what_was_meant() {
    let error = refusal(r#"{"StartAt": "A", "States": {"A": {"Type": "Pas", "End": true}}}"#);
    assert!(error.contains("did you mean `Pass`?"), "{error}");
    let error = refusal(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Reslt": 1, "End": true}}}"#);
    assert!(error.contains("Reslt"), "{error}");
}

#[test]
fn every_problem_is_found_at_once() {
    let error = refusal(
        r#"{"StartAt": "X", "States": {"A": {"Type": "Pass", "Next": "Y"}, "B": {"Type": "Wait", "Seconds": -1, "End": true}}}"#,
    );
    for part in ["X", "Y", "Seconds"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_refused() {
    let bytes = b"{\"StartAt\": \"\xff\xfe\"}";
    let found = Source::from_bytes("d.json", bytes, 1_000).err().unwrap();
    assert!(found.to_string().to_lowercase().contains("utf-8"), "{found}");
}

#[test]
fn nesting_ten_thousand_deep_is_refused() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
    for text in [
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!(
            "{{\"StartAt\": \"A\", \"States\": {{\"A\": {{\"Type\": \"Pass\", \"Result\": {}, \"End\": true}}}}}}",
            deep("[", "]")
        ),
        format!("StartAt: {}", deep("[", "]")),
        "- ".repeat(10_000),
        "[".repeat(100_000),
    ] {
        assert!(!refusal(&text).is_empty());
    }
    bounded(5.secs(), || assert!(rehearsal::value::Value::parse(&deep("[", "]")).is_err()));
    let long = format!("${}", "[0]".repeat(100_000));
    bounded(5.secs(), || match JsonPath::parse(&long) {
        Ok(path) => assert!(path.is_definite()),
        Err(e) => assert!(!e.to_string().is_empty()),
    });
    for text in [format!("$[?({}@.a{})]", "(".repeat(10_000), ")".repeat(10_000)), "$[?(".repeat(10_000)] {
        bounded(5.secs(), || assert!(JsonPath::parse(&text).is_err(), "{text:.40}"));
    }
    let nested = format!("{}1{}", "States.Array(".repeat(10_000), ")".repeat(10_000));
    bounded(5.secs(), || assert!(Intrinsic::parse(&nested).is_err()));
    for text in [
        deep("(", ")"),
        deep("[", "]"),
        "-".repeat(10_000) + "1",
        format!("1{}", "+1".repeat(10_000)),
        "a.".repeat(50_000),
    ] {
        bounded(10.secs(), || drop(Expression::parse(&text)));
    }
}

#[test]
fn fifty_megabytes_are_refused_unread() {
    let huge = format!("{{\"Comment\": \"{}\"}}", "x".repeat(50_000_000));
    let error = refusal(&huge);
    assert!(error.contains("holds 50000015 bytes, and a definition may hold 1048576"), "{error:.300}");
    let path = std::env::temp_dir().join(format!("rehearsal-hostile-{}.json", std::process::id()));
    std::fs::File::create(&path).unwrap().set_len(50_000_000).unwrap();
    let error = bounded(1.secs(), || Machine::load(&path)).err().unwrap().to_string();
    std::fs::remove_file(&path).unwrap();
    assert!(error.contains("holds 50000000 bytes"), "{error}");
}

#[test]
fn a_yaml_bomb_is_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let list = format!("*a{}, ", i - 1).repeat(10);
        text.push_str(&format!("a{i}: &a{i} [{}]\n", list.trim_end_matches(", ")));
    }
    assert!(!refusal(&text).is_empty());
}

/// How a machine in JSONata ends whose one state computes this.
fn evaluated(expression: &str) -> String {
    bounded(20.secs(), || {
        let text = format!("{{% {expression} %}}");
        let machine = single_jsonata(json!({ "Type": "Pass", "Output": text }));
        let run = Harness::new(&machine).run(json!({ "s": "a".repeat(40) }));
        run.assert_failed("States.QueryEvaluationError");
        run.cause().unwrap().to_owned()
    })
}

#[test]
fn jsonata_that_never_ends_or_fills_the_memory_fails_its_state() {
    for expression in [
        "($f := function($n) { $f($n + 1) }; $f(0))",
        "($f := function($n) { $f($n + 1) + 1 }; $f(0))",
        "[1..1e9]",
        "$sum([1..999999].[1..999999])",
        "$pad('x', 2000000000)",
        "($g := function($s, $n) { $n = 0 ? $s : $g($s & $s, $n - 1) }; $g('xxxxxxxx', 60))",
    ] {
        let cause = evaluated(expression);
        assert!(cause.starts_with("An error occurred while executing the state 'S'"), "{expression}: {cause:.300}");
        assert!(cause.len() < 4_000, "{expression}: a cause of {} bytes", cause.len());
    }
}

#[test]
fn a_regular_expression_that_blows_up_elsewhere_is_matched_in_linear_time() {
    let text = "{% $match($states.input.s & '!', /^(a+)+$/) ? 'yes' : 'no' %}";
    let run = bounded(5.secs(), || {
        Harness::new(&single_jsonata(json!({ "Type": "Pass", "Output": text }))).run(json!({ "s": "a".repeat(5_000) }))
    });
    run.assert_succeeded().assert_output(json!("no"));
    let choice = machine(json!({
        "StartAt": "C", "States": {
            "C": {
                "Type": "Choice", "Default": "No",
                "Choices": [{ "Variable": "$", "StringMatches": "*a".repeat(30) + "*b", "Next": "Yes" }]
            },
            "No": { "Type": "Succeed" }, "Yes": { "Type": "Fail" }
        }
    }));
    bounded(5.secs(), || Harness::new(&choice).run(json!("a".repeat(100_000)))).assert_path(["C", "No"]);
    let path = single(json!({ "Type": "Pass", "InputPath": "$[?(@.s =~ /^(a+)+$/)]" }));
    bounded(5.secs(), || Harness::new(&path).run(json!([{ "s": format!("{}!", "a".repeat(5_000)) }])))
        .assert_output(json!([]));
}

/// A loop whose state makes its input into something that holds the input, for as long as it may.
fn growing(parameters: Value) -> Value {
    json!({
        "StartAt": "Grow", "States": {
            "Grow": { "Type": "Pass", "Parameters": parameters, "Next": "More" },
            "More": { "Type": "Choice", "Choices": [{ "Variable": "$", "IsPresent": false, "Next": "End" }], "Default": "Grow" },
            "End": { "Type": "Succeed" }
        }
    })
}

#[test]
fn a_value_that_grows_with_every_turn_ends_the_execution() {
    for parameters in [json!({ "a.$": "$" }), json!({ "a.$": "$", "b.$": "$" }), json!({ "a.$": "States.Array($)" })] {
        for machine in [machine(growing(parameters.clone())), express(growing(parameters.clone()))] {
            let run = bounded(20.secs(), || Harness::new(&machine).run(json!({ "x": 1 })));
            assert!(matches!(run.status(), Status::Failed(_)), "{parameters}: {:?}", run.status());
            assert!(run.error().is_some_and(|e| e.starts_with("States.")), "{:?}", run.error());
            bounded(20.secs(), || drop((run.history_json(), run.compact().to_string())));
        }
    }
}

#[test]
fn a_text_that_doubles_with_every_turn_ends_the_execution() {
    let run = bounded(20.secs(), || {
        Harness::new(&machine(growing(json!({ "s.$": "States.Format('{}{}', $.s, $.s)" })))).run(json!({ "s": "x" }))
    });
    run.assert_failed("States.DataLimitExceeded");
}

#[test]
fn an_input_may_be_any_json_and_nothing_but_json() {
    let machine = single(json!({ "Type": "Succeed" }));
    for input in [json!(null), json!(true), json!(-0.0), json!(""), json!([]), json!("\u{0}\u{10ffff}")] {
        Harness::new(&machine).run(input.clone()).assert_succeeded().assert_output(input);
    }
    for text in ["", "{", "{'a': 1}", "NaN", "01", "\"\\x\"", "[1,]", "\u{feff}{}"] {
        assert!(rehearsal::value::Value::parse(text).is_err(), "{text}");
    }
}

#[test]
fn items_that_are_no_json_fail_the_map_run() {
    let state = json!({
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": { "InputType": "JSONL" },
            "Parameters": { "Bucket": "b", "Key": "k" }
        },
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } }
        }
    });
    for body in [&b"\xff\xff"[..], b"{", b"1\n2 3", b"[[[["] {
        let run = Harness::new(&single(state.clone())).object("b", "k", body).run(json!({}));
        run.assert_failed("States.ItemReaderFailed");
    }
    let deep = "[".repeat(100_000);
    let run = bounded(5.secs(), || Harness::new(&single(state)).object("b", "k", &deep).run(json!({})));
    run.assert_failed("States.ItemReaderFailed");
}

/// Plays with a text: cuts, doubles, swaps and overwrites parts of it.
fn mangled(text: &str, random: &mut Seeded) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    const ODD: [char; 16] = ['{', '}', '[', ']', '(', ')', '"', '\'', '\\', '$', '@', '?', ':', '\u{0}', 'é', '9'];
    for _ in 0..=random.next_u64() % 4 {
        if chars.is_empty() {
            break;
        }
        let at = usize::try_from(random.next_u64()).unwrap_or(0) % chars.len();
        match random.next_u64() % 5 {
            0 => drop(chars.remove(at)),
            1 => chars.insert(at, ODD[at % ODD.len()]),
            2 => chars[at] = ODD[usize::try_from(random.next_u64() % 16).unwrap_or(0)],
            3 => chars.truncate(at),
            _ => {
                let part: Vec<char> = chars[at..].iter().take(12).copied().collect();
                chars.extend(part);
            }
        }
    }
    chars.into_iter().collect()
}

/// How many times as many mangled texts are tried as in a quick run: `REHEARSAL_SMOKE=100` asks for more.
fn factor() -> u32 {
    std::env::var("REHEARSAL_SMOKE").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}

/// Gives mangled forms of the seeds to a parser, which may say what it likes as long as it says something.
fn smoke(seeds: &[&str], rounds: usize, take: impl Fn(&str)) {
    let mut random = Seeded::new(0xF0_22);
    for round in 0..rounds * usize::try_from(factor()).unwrap_or(1) {
        let text = mangled(seeds[round % seeds.len()], &mut random);
        take(&text);
    }
}

const DEFINITIONS: &[&str] = &[
    r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f","Payload.$":"$.x[0]"},"Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":1}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"B"}],"Next":"B"},"B":{"Type":"Succeed"}}}"#,
    r#"{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Map","Items":"{% [1..3] %}","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","Output":"{% $states.input & 'x' %}","End":true}}},"Next":"C"},"C":{"Type":"Choice","Choices":[{"Condition":"{% $count($states.input) > 2 %}","Next":"W"}],"Default":"F"},"W":{"Type":"Wait","Seconds":3,"End":true},"F":{"Type":"Fail","Error":"E"}}}"#,
    "StartAt: A\nStates:\n  A: {Type: Parallel, Branches: [{StartAt: B, States: {B: {Type: Pass, Result: 'x', End: true}}}], End: true}\n",
];

fn all_said(found: &Diagnostics) {
    assert!(!found.as_slice().is_empty() && !found.to_string().is_empty());
}

#[test]
fn mangled_definitions_are_compiled_and_run_or_refused() {
    let limits = Limits { events: 500, events_at_one_instant: 500, ..Limits::default() };
    bounded(30.secs() * factor(), || {
        smoke(DEFINITIONS, 1_500, |text| match Machine::parse(text) {
            Ok(machine) => {
                let harness = Harness::new(&machine).limits(limits.clone()).mock_everything_else(json!({ "ok": true }));
                if let Err(e) = harness.try_run(json!({ "x": [1] })) {
                    assert!(!e.to_string().is_empty());
                }
            }
            Err(e) => assert!(!e.to_string().is_empty()),
        });
    });
}

#[test]
fn mangled_sources_are_read_or_refused_in_both_formats() {
    bounded(30.secs() * factor(), || {
        smoke(DEFINITIONS, 2_000, |text| {
            for format in [Format::Json, Format::Yaml] {
                if let Err(found) = parse(&Arc::new(Source::new("s", text)), format) {
                    all_said(&found);
                }
            }
        });
    });
}

#[test]
fn mangled_paths_and_intrinsics_are_parsed_or_refused() {
    let data = rehearsal::value::Value::from(json!({ "a": [{ "b": 1, "c": "x" }, { "b": 2 }], "l": [1, 2, 3] }));
    bounded(30.secs() * factor(), || {
        let paths = [
            "$.a[?(@.b > 1 && @.c == 'x')].b",
            "$..b",
            "$.l[-2:]",
            "$['a'][0,1]['b']",
            "$.l.length()",
            "$.a[?(@.c =~ /x.*/i)]",
        ];
        smoke(&paths, 4_000, |text| {
            if let Ok(path) = JsonPath::parse(text) {
                let _ = path.select(&data);
            }
        });
        let calls = [
            "States.Format('{} {}', $.a, 'b')",
            "States.ArrayRange(1, 10, 2)",
            "States.Hash('x', 'MD5')",
            "States.JsonMerge($.a, $.b, false)",
        ];
        smoke(&calls, 4_000, |text| drop(Intrinsic::parse(text)));
    });
}

#[test]
fn mangled_jsonata_is_evaluated_or_refused() {
    bounded(60.secs() * factor(), || {
        let seeds = [
            "$map([1..5], function($v, $i) { $v * $i })",
            "$states.input.a[b > 1].{'c': $string(b)}",
            "($f := function($n) { $n < 2 ? 1 : $n * $f($n - 1) }; $f(10))",
            "$replace('abc', /b(.)/, '$1$1') & $formatNumber(12.5, '#0.00')",
            "$sort([3, 1, 2]) ~> $join('-')",
        ];
        smoke(&seeds, 1_000, |text| {
            let output = format!("{{% {text} %}}");
            let state = json!({ "Type": "Pass", "Output": output, "End": true });
            let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "S", "States": { "S": state } });
            // What does not parse is refused with the definition; what does may fail its state.
            match Machine::from_json(&definition) {
                Ok(machine) => drop(Harness::new(&machine).run(json!({ "a": [{ "b": 2 }] }))),
                Err(e) => assert!(!e.to_string().is_empty()),
            }
        });
    });
}

#[test]
fn mangled_templates_are_read_or_refused() {
    let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates");
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("mangled");
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["sam/template.yaml", "cfn/template.yaml", "cdk.out/Shop.template.json", "serverless/serverless.yml"] {
        let text = std::fs::read_to_string(own.join(name)).unwrap();
        let path = folder.join(name.rsplit('/').next().unwrap());
        bounded(60.secs() * factor(), || {
            smoke(&[&text], 300, |text| {
                std::fs::write(&path, text).unwrap();
                let search = rehearsal::iac::search(&path, &rehearsal::asl::CompileOptions::default());
                let errors = search.found.iter().filter_map(|found| found.load().err()).chain(search.failures);
                errors.into_iter().for_each(|e| assert!(!e.to_string().is_empty()));
                search.warnings.iter().for_each(|w| assert!(!w.to_string().is_empty()));
            });
        });
    }
}

#[test]
fn mangled_mock_files_are_read_or_refused() {
    let seeds = [
        "mocks:\n  Charge: { return: { id: 1 }, takes: 2s, times: 3 }\n  Ship:\n    - { fail: Busy, cause: c, times: 2 }\n    - { return: 1 }\nfaults:\n  - { on: Charge, fail: States.Timeout, nth: 2 }\n",
        "{\"mocks\": {\"A\": {\"return\": {\"x\": [1, null]}, \"with\": {\"id\": {\"$regex\": \"^o-\"}}}}}",
    ];
    bounded(30.secs() * factor(), || {
        smoke(&seeds, 2_000, |text| {
            if let Err(found) = mock::load(&Arc::new(Source::new("mocks.yaml", text))) {
                all_said(&found);
            }
        });
    });
}
