use std::sync::Arc;

use super::*;
use crate::asl::machine::{Operand, StateKind, Transition};
use crate::source::parse;

fn compile_with(text: &str, options: &CompileOptions) -> Result<Machine, Diagnostics> {
    let source = Arc::new(Source::new("m.json", text));
    let node = parse(&source, source.format()).unwrap();
    compile(&source, &node, options)
}

/// Each finding as `code at path: help` with the service's words behind it.
fn findings(text: &str) -> Vec<String> {
    let found = match compile_with(text, &CompileOptions::default()) {
        Ok(_) => return Vec::new(),
        Err(found) => found,
    };
    found.iter().map(|d| format!("{} at {}", d.code, d.path)).collect()
}

fn aws(text: &str) -> Vec<String> {
    let found = compile_with(text, &CompileOptions::default()).err().unwrap();
    found.iter().map(|d| d.aws.as_ref().map(|a| a.to_string()).unwrap_or_default()).collect()
}

/// A machine of one state `S`, with these members.
fn one(state: &str) -> String {
    format!("{{\"StartAt\": \"S\", \"States\": {{\"S\": {{{state}}}}}}}")
}

#[test]
fn every_refusal_has_its_code_and_its_place() {
    let table = [
        (r#""Type": "Pass", "End": true, "Foo": 1"#, "unknown-field at States › S › Foo"),
        (r#""Type": "Pass", "End": true, "Catch": []"#, "unsupported-field at States › S › Catch"),
        (r#""Type": "Pass", "End": true, "Output": 1"#, "query-language at States › S › Output"),
        (r#""Type": "Pass", "End": true, "Next": "S""#, "exclusive-fields at States › S › End"),
        (r#""Type": "Pass", "End": "true""#, "no-terminal-state at States,wrong-type at States › S › End"),
        (r#""Type": "Pas", "End": true"#, "wrong-value at States › S › Type"),
        (r#""End": true"#, "missing-field at States › S"),
        (r#""Type": "Pass", "End": true, "ResultPath": "$.a[*]""#, "jsonpath-syntax at States › S › ResultPath"),
        (r#""Type": "Pass", "End": true, "InputPath": "a""#, "jsonpath-syntax at States › S › InputPath"),
        (r#""Type": "Pass", "End": true, "Parameters": {"a.$": "b"}"#, "template at States › S › Parameters › a.$"),
        (r#""Type": "Pass", "End": true, "Assign": {"1a": 1}"#, "variable-name at States › S › Assign › 1a"),
        (r#""Type": "Pass", "End": true, "Assign": {"states": 1}"#, "variable-name at States › S › Assign › states"),
        (r#""Type": "Pass", "End": true, "QueryLanguage": "X""#, "wrong-value at States › S › QueryLanguage"),
        (r#""Type": "Wait", "End": true"#, "missing-field at States › S"),
        (r#""Type": "Wait", "End": true, "Seconds": -1"#, "out-of-range at States › S › Seconds"),
        (r#""Type": "Wait", "End": true, "Seconds": 100000000"#, "out-of-range at States › S › Seconds"),
        (r#""Type": "Wait", "End": true, "Seconds": 1.5"#, "wrong-type at States › S › Seconds"),
        (r#""Type": "Wait", "End": true, "Seconds": "${n}""#, "placeholder at States › S › Seconds"),
        (
            r#""Type": "Wait", "End": true, "Seconds": 1, "SecondsPath": "$.x""#,
            "exclusive-fields at States › S › Seconds",
        ),
        (r#""Type": "Wait", "End": true, "SecondsPath": "$$.x""#, "jsonpath-syntax at States › S › SecondsPath"),
        (r#""Type": "Wait", "End": true, "Timestamp": "2024-01-01""#, "timestamp at States › S › Timestamp"),
        (r#""Type": "Fail", "Error": "a", "ErrorPath": "$.b""#, "exclusive-fields at States › S › ErrorPath"),
        (r#""Type": "Task", "End": true"#, "missing-field at States › S"),
        (r#""Type": "Task", "End": true, "Resource": "x""#, "resource at States › S › Resource"),
        (r#""Type": "Task", "End": true, "Resource": "${Fn.Arn}""#, "placeholder at States › S › Resource"),
        (r#""Type": "Parallel", "End": true, "Branches": []"#, "empty at States › S › Branches"),
        (r#""Type": "Map", "End": true"#, "missing-field at States › S"),
        (r#""Type": "Choice", "Choices": []"#, "no-terminal-state at States,empty at States › S › Choices"),
    ];
    for (state, want) in table {
        assert_eq!(findings(&one(state)).join(","), want, "{state}");
    }
}

#[test]
fn retry_and_catch_are_checked_entry_by_entry() {
    let task = |more: &str| {
        one(&format!(r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true, {more}"#))
    };
    let table = [
        (r#""Retry": [{"ErrorEquals": []}]"#, "empty at States › S › Retry[0] › ErrorEquals"),
        (r#""Retry": [{"MaxAttempts": 1}]"#, "missing-field at States › S › Retry[0]"),
        (
            r#""Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]"#,
            "out-of-range at States › S › Retry[0] › BackoffRate",
        ),
        (
            r#""Retry": [{"ErrorEquals": ["A"], "MaxDelaySeconds": 0}]"#,
            "out-of-range at States › S › Retry[0] › MaxDelaySeconds",
        ),
        (
            r#""Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "full"}]"#,
            "wrong-value at States › S › Retry[0] › JitterStrategy",
        ),
        (r#""Retry": [{"ErrorEquals": ["A"], "Max": 1}]"#, "unknown-field at States › S › Retry[0] › Max"),
        (
            r#""Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]"#,
            "error-equals at States › S › Retry[0] › ErrorEquals[0]",
        ),
        (
            r#""Catch": [{"ErrorEquals": ["A", "States.ALL"], "Next": "S"}]"#,
            "error-equals at States › S › Catch[0] › ErrorEquals[1]",
        ),
        (r#""Catch": [{"ErrorEquals": ["A"]}]"#, "missing-field at States › S › Catch[0]"),
        (r#""Catch": [{"ErrorEquals": ["A"], "Next": "T"}]"#, "transition-target at States › S › Catch[0] › Next"),
        (r#""HeartbeatSeconds": 5, "TimeoutSeconds": 5"#, "out-of-range at States › S › HeartbeatSeconds"),
    ];
    for (more, want) in table {
        assert_eq!(findings(&task(more)).join(","), want, "{more}");
    }
    assert!(findings(&task(r#""Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 0, "Comment": "x"}]"#)).is_empty());
}

#[test]
fn the_service_is_quoted() {
    let table = [
        ("{}".to_owned(), "SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /"),
        (
            r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}"#.to_owned(),
            "MISSING_END_STATE: Workflow has no terminal state",
        ),
        (
            r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}, "B": {"Type": "Succeed"}}}"#.to_owned(),
            "MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B",
        ),
        (
            r#"{"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": true,
                "Next": "B"}], "Default": "C"}, "B": {"Type": "Succeed"}}}"#
                .to_owned(),
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: C at /States/A/Default",
        ),
        (
            one(
                r#""Type": "Map", "End": true, "TimeoutSeconds": 1, "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}"#,
            ),
            "SCHEMA_VALIDATION_FAILED: Field 'TimeoutSeconds' is not supported at /States/S",
        ),
        (
            one(r#""Type": "Pass", "End": true, "Output": "{% 1 %}""#),
            "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the \
             'JSONata' QueryLanguage at /States/S",
        ),
        (
            one(
                r#""Type": "Pass", "End": true, "QueryLanguage": "JSONata", "Output": {"v": "{% $states.errorOutput %}"}"#,
            ),
            "UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.errorOutput' does not exist. at /States/S/Output/v",
        ),
        (
            one(r#""Type": "Wait", "End": true, "Seconds": -1"#),
            "SCHEMA_VALIDATION_FAILED: Minimum value is 0 at /States/S/Seconds",
        ),
    ];
    for (text, want) in table {
        assert_eq!(aws(&text), [want], "{text}");
    }
}

#[test]
fn everything_wrong_is_found_in_one_go_and_in_the_order_of_the_text() {
    let text = r#"{
        "StartAt": "Chrage",
        "States": {
            "Charge": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:query", "Next": "Don"},
            "Done": {"Type": "Success"},
            "Extra": {"Type": "Pass", "End": true}
        }
    }"#;
    let found = compile_with(text, &CompileOptions::default()).err().unwrap();
    let codes: Vec<_> = found.iter().map(|d| (d.code, d.help.clone().unwrap_or_default())).collect();
    assert_eq!(codes.len(), 4, "{found}");
    assert_eq!(codes[0], ("transition-target", "did you mean `Charge`?".into()));
    assert_eq!(codes[1].0, "resource");
    assert_eq!(codes[2], ("transition-target", "did you mean `Done`?".into()));
    assert_eq!(codes[3], ("wrong-value", "did you mean `Succeed`?".into()));
}

#[test]
fn names_are_unique_in_the_whole_machine_and_short_enough() {
    let inner = r#"{"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}"#;
    let text = one(&format!(r#""Type": "Parallel", "End": true, "Branches": [{inner}]"#));
    assert_eq!(findings(&text), ["duplicate-state at States › S › Branches[0] › States › S"]);
    let long = "x".repeat(81);
    let text = format!(r#"{{"StartAt": "{long}", "States": {{"{long}": {{"Type": "Succeed"}}}}}}"#);
    assert_eq!(findings(&text), [format!("state-name at States › {long}")]);
}

#[test]
fn a_branch_may_go_round_for_ever_and_a_machine_may_not() {
    let inner = r#"{"StartAt": "I", "States": {"I": {"Type": "Pass", "Next": "I"}}}"#;
    assert!(findings(&one(&format!(r#""Type": "Parallel", "End": true, "Branches": [{inner}]"#))).is_empty());
    assert_eq!(findings(inner), ["no-terminal-state at States"]);
}

#[test]
fn a_transition_stays_in_its_scope() {
    let inner = r#"{"StartAt": "I", "States": {"I": {"Type": "Pass", "Next": "S"}}}"#;
    let text = one(&format!(r#""Type": "Parallel", "End": true, "Branches": [{inner}]"#));
    assert_eq!(findings(&text), ["transition-target at States › S › Branches[0] › States › I › Next"]);
}

#[test]
fn nested_states_speak_the_language_of_the_machine_not_of_their_parent() {
    let text = one(r#""Type": "Map", "End": true, "QueryLanguage": "JSONata", "Items": [1],
           "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true, "Parameters": {}}}}"#);
    assert!(findings(&text).is_empty(), "{:?}", findings(&text));
    let text =
        one(r#""Type": "Map", "End": true, "ItemProcessor": {"QueryLanguage": "JSONata", "StartAt": "I", "States":
           {"I": {"Type": "Succeed"}}}"#);
    assert_eq!(findings(&text), ["unknown-field at States › S › ItemProcessor › QueryLanguage"]);
}

#[test]
fn a_machine_of_expressions_does_not_go_back_to_paths() {
    let text = r#"{"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Pass", "QueryLanguage": "JSONPath",
        "InputPath": "$.a", "Output": 1, "End": true}}}"#;
    assert_eq!(findings(text), ["query-language at States › S › QueryLanguage"]);
}

#[test]
fn expressions_are_checked_wherever_they_stand() {
    let pass =
        |output: &str| one(&format!(r#""Type": "Pass", "QueryLanguage": "JSONata", "End": true, "Output": {output}"#));
    let table = [
        (r#"{"a": ["{% 1 + %}"]}"#, "jsonata-syntax at States › S › Output › a[0]"),
        (r#""{% 1""#, "jsonata-syntax at States › S › Output"),
        (r#""1 %}""#, "jsonata-syntax at States › S › Output"),
        (r#""{% phone %}""#, "jsonata-reference at States › S › Output"),
        (r#""{% $$.phone %}""#, "jsonata-reference at States › S › Output"),
    ];
    for (output, want) in table {
        assert_eq!(findings(&pass(output)), [want], "{output}");
    }
    assert!(findings(&pass(r#"{"a": "{% $states.input.items[price > 3] %}", "b": "plain"}"#)).is_empty());
}

#[test]
fn an_express_machine_asks_and_gets_its_answer_at_once() {
    let express = CompileOptions::default().machine_type(MachineType::Express);
    for resource in
        ["states:::sqs:sendMessage.waitForTaskToken", "states:::batch:submitJob.sync", "states:eu-west-1:1:activity:a"]
    {
        let text = one(&format!(r#""Type": "Task", "Resource": "arn:aws:{resource}", "End": true"#));
        assert!(findings(&text).is_empty(), "{resource}");
        let found = compile_with(&text, &express).err().unwrap();
        assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), ["express-pattern"], "{resource}");
    }
}

#[test]
fn a_distributed_map_is_checked_in_all_its_parts() {
    let map = |more: &str, config: &str| {
        one(&format!(
            r#""Type": "Map", "End": true, {more} "ItemProcessor": {{"ProcessorConfig": {config}, "StartAt": "I",
               "States": {{"I": {{"Type": "Succeed"}}}}}}"#
        ))
    };
    let standard = r#"{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}"#;
    let reader = |config: &str| {
        format!(
            r#""ItemReader": {{"Resource": "arn:aws:states:::s3:getObject", "Parameters": {{}}, "ReaderConfig": {config}}},"#
        )
    };
    let table = [
        (String::new(), r#"{"Mode": "DISTRIBUTED"}"#, "missing-field at States › S › ItemProcessor › ProcessorConfig"),
        (
            String::new(),
            r#"{"Mode": "INLINE", "ExecutionType": "STANDARD"}"#,
            "unsupported-field at States › S › ItemProcessor › ProcessorConfig › ExecutionType",
        ),
        (r#""Label": "a b","#.into(), standard, "label at States › S › Label"),
        (r#""Label": "a","#.into(), r#"{"Mode": "INLINE"}"#, "distributed-only at States › S › Label"),
        (
            r#""ToleratedFailurePercentage": 101,"#.into(),
            standard,
            "out-of-range at States › S › ToleratedFailurePercentage",
        ),
        (reader(r#"{"InputType": "CSV"}"#), standard, "missing-field at States › S › ItemReader › ReaderConfig"),
        (
            reader(r#"{"InputType": "XML"}"#),
            standard,
            "wrong-value at States › S › ItemReader › ReaderConfig › InputType",
        ),
        (
            reader(r#"{"InputType": "CSV", "CSVHeaderLocation": "GIVEN"}"#),
            standard,
            "missing-field at States › S › ItemReader › ReaderConfig",
        ),
        (
            r#""ItemBatcher": {"MaxItemsPerBatch": 1, "MaxItemsPerBatchPath": "$.a"},"#.into(),
            standard,
            "exclusive-fields at States › S › ItemBatcher › MaxItemsPerBatchPath",
        ),
        (
            r#""ResultWriter": {"Resource": "arn:aws:states:::s3:getObject"},"#.into(),
            standard,
            "resource at States › S › ResultWriter › Resource",
        ),
    ];
    for (more, config, want) in table {
        assert_eq!(findings(&map(&more, config)), [want], "{more} {config}");
    }
}

#[test]
fn choice_rules_point_at_the_member_that_is_wrong() {
    let choice = |rule: &str| {
        format!(
            r#"{{"StartAt": "C", "States": {{"C": {{"Type": "Choice", "Choices": [{rule}], "Default": "D"}},
               "D": {{"Type": "Succeed"}}}}}}"#
        )
    };
    let table = [
        (
            r#"{"Variable": "$.a", "StringEquals": 1, "Next": "D"}"#,
            "choice-rule at States › C › Choices[0] › StringEquals",
        ),
        (
            r#"{"Variable": "$.a", "StringEqual": "x", "Next": "D"}"#,
            "choice-rule at States › C › Choices[0] › StringEqual",
        ),
        (
            r#"{"And": [{"Variable": "$.a", "IsNull": true, "Next": "D"}], "Next": "D"}"#,
            "choice-rule at States › C › Choices[0] › And[0] › Next",
        ),
        (r#"{"Variable": "$.a", "IsNull": true}"#, "missing-field at States › C › Choices[0]"),
        (r#"{"Condition": true, "Next": "D"}"#, "query-language at States › C › Choices[0] › Condition"),
    ];
    for (rule, want) in table {
        assert_eq!(findings(&choice(rule)), [want], "{rule}");
    }
}

#[test]
fn states_stand_in_the_order_of_the_text_and_know_what_encloses_them() {
    let text = r#"{"StartAt": "A", "States": {
        "B": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "C", "States": {"C": {"Type": "Map", "End": true, "ItemProcessor":
                {"StartAt": "D", "States": {"D": {"Type": "Wait", "Seconds": 3, "End": true}}}}}}]},
        "A": {"Type": "Pass", "Next": "B"}}}"#;
    let machine = compile_with(text, &CompileOptions::default().name("checkout")).unwrap();
    assert_eq!(machine.state_names().collect::<Vec<_>>(), ["B", "C", "D", "A"]);
    assert_eq!(machine.name(), "checkout");
    let inner = &machine.inner;
    assert_eq!(
        inner
            .states
            .iter()
            .map(|s| s.enclosing.iter().chain([&s.name]).map(|n| &**n).collect::<Vec<_>>().join("/"))
            .collect::<Vec<_>>(),
        ["B", "B/C", "B/C/D", "A"]
    );
    let start = inner.state(inner.root.start);
    assert_eq!((&*start.name, start.transition), ("A", Transition::Next(StateId(0))));
    let StateKind::Wait(crate::asl::machine::Wait::Seconds(Operand::Constant(3))) = inner.states[2].kind else {
        panic!("D waits 3 seconds");
    };
    let span = inner.states[3].span.unwrap();
    assert_eq!(&text[span.range()], r#""A": {"Type": "Pass", "Next": "B"}"#);
}

#[test]
fn a_placeholder_can_stand_for_a_function() {
    let text = one(r#""Type": "Task", "Resource": "${ChargeFunction.Arn}", "End": true"#);
    let machine = compile_with(&text, &CompileOptions::default().stand_ins(true)).unwrap();
    let StateKind::Task(task) = &machine.inner.states[0].kind else { panic!("a task") };
    assert_eq!(task.resource.api(), "ChargeFunction");
}

#[test]
fn a_finding_points_into_the_expression() {
    let text = one(r#""Type": "Pass", "QueryLanguage": "JSONata", "End": true, "Output": "{% $states.input.a + %}""#);
    let found = compile_with(&text, &CompileOptions::default()).err().unwrap();
    assert_eq!(found.as_slice().len(), 1, "{found}");
    assert!(found.to_string().contains("m.json:1:"), "{found}");
}

#[test]
fn large_and_twisted_definitions_are_answered_quickly() {
    let many: Vec<String> = (0..10_000).map(|i| format!(r#""S{i}": {{"Type": "Pass", "Next": "T{i}"}}"#)).collect();
    let text = format!(r#"{{"StartAt": "S0", "States": {{{}}}}}"#, many.join(","));
    let before = std::time::Instant::now();
    assert!(compile_with(&text, &CompileOptions::default()).err().unwrap().as_slice().len() >= 10_000);
    let chain: Vec<String> = (0..10_000)
        .map(|i| {
            format!(
                r#""S{i}": {{"Type": "Pass", {}}}"#,
                if i == 9_999 { r#""End": true"#.into() } else { format!(r#""Next": "S{}""#, i + 1) }
            )
        })
        .collect();
    let text = format!(r#"{{"StartAt": "S0", "States": {{{}}}}}"#, chain.join(","));
    assert_eq!(compile_with(&text, &CompileOptions::default()).unwrap().state_names().count(), 10_000);
    let open = r#"{"StartAt": "S", "States": {"S": {"Type": "Parallel", "End": true, "Branches": ["#.repeat(20);
    let deep = format!("{open}{}", "]}}}".repeat(20));
    assert!(compile_with(&deep, &CompileOptions::default()).is_err());
    assert!(before.elapsed() < std::time::Duration::from_secs(20), "{:?}", before.elapsed());
}

#[test]
fn any_json_at_all_is_refused_without_harm() {
    for text in
        ["1", "[]", "null", "\"x\"", r#"{"StartAt": 1, "States": []}"#, r#"{"StartAt": "A", "States": {"A": 1}}"#]
    {
        assert!(!findings(text).is_empty(), "{text}");
    }
    let weird = ["null", "1", "\"$\"", "[{}]", "{\"a\": 1}", "\"{% 1 %}\""];
    for language in ["JSONPath", "JSONata"] {
        for state_type in fields::type_names() {
            for (name, _) in fields::all() {
                for value in weird {
                    let text = one(&format!(
                        r#""Type": "{state_type}", "QueryLanguage": "{language}", "{name}_": 0, "{name}": {value}"#
                    ));
                    let source = Arc::new(Source::new("m.json", text.as_str()));
                    if let Ok(node) = parse(&source, source.format()) {
                        let found = compile(&source, &node, &CompileOptions::default()).err().unwrap();
                        assert!(found.has_errors());
                    }
                }
            }
        }
    }
}
