//! Every case of JSONata's own suite, in the version that Step Functions documents.

use std::collections::BTreeMap;

use rehearsal::expr::env::Env;
use rehearsal::expr::jsonata::{Expression, Outcome};
use rehearsal::value::Value;

use crate::support::shared;

struct Still;

impl Env for Still {
    fn context(&self) -> Value {
        Value::Null
    }
    fn variable(&self, _: &str) -> Option<Value> {
        None
    }
    fn now_millis(&self) -> i64 {
        1_700_000_000_000
    }
    fn next_u64(&mut self) -> u64 {
        7 << 60
    }
}

/// Why a case need not agree, if that is so.
fn exemption(case: &Value, outcome: &str) -> Option<&'static str> {
    let expression = case.get("expr").and_then(Value::as_str).unwrap_or_default();
    let code = case.get("code").and_then(Value::as_str).unwrap_or_default();
    let count = case.get("result").and_then(Value::as_f64).unwrap_or_default();
    let rules = [
        (case.get("lone_surrogate").is_some(), "a Rust string holds no lone surrogate"),
        (expression.contains("$eval"), "Step Functions has no $eval"),
        (code == "U1001", "a limit of the program that runs the suite, not of JSONata"),
        (count > 500_000.0 && outcome.starts_with("code D2015"), "a sequence longer than the bound"),
    ];
    rules.into_iter().find(|(applies, _)| *applies).map(|(_, why)| why)
}

fn outcome(case: &Value) -> String {
    let expression = case.get("expr").and_then(Value::as_str).unwrap_or_default();
    let data = case.get("data").filter(|_| case.get("has_data") == Some(&Value::Bool(true)));
    let bindings: Vec<(&str, Value)> = case
        .get("bindings")
        .and_then(Value::as_object)
        .map(|bindings| bindings.iter().map(|(name, value)| (&**name, value.clone())).collect())
        .unwrap_or_default();
    let result = Expression::parse(expression).and_then(|e| e.evaluate_with(data, &bindings, &mut Still));
    match result {
        Ok(Outcome::Value(value)) => format!("value {value}"),
        Ok(Outcome::Undefined) => "undefined".to_owned(),
        Ok(Outcome::Unsupported) => "a function".to_owned(),
        Err(error) => format!("code {} ({})", error.code, error.message),
    }
}

fn agrees(case: &Value, outcome: &str) -> bool {
    match case.get("kind").and_then(Value::as_str) {
        Some("value") => outcome
            .strip_prefix("value ")
            .and_then(|text| Value::parse(text).ok())
            .is_some_and(|value| Some(&value) == case.get("result")),
        Some("undefined") => outcome == "undefined",
        _ => case
            .get("code")
            .and_then(Value::as_str)
            .is_some_and(|code| outcome.split_whitespace().take(2).eq(["code", code])),
    }
}

#[test]
fn every_case_of_the_official_suite_agrees_outside_the_dialect_differences() {
    let Some(folder) = shared("jsonata") else { return };
    let text = std::fs::read_to_string(folder.join("cases.jsonl")).unwrap();
    let mut agreeing = 0;
    let mut exempt: BTreeMap<&str, usize> = BTreeMap::new();
    let mut differing = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let Ok(case) = Value::parse(line) else {
            assert!(line.contains(r"\ud") || line.contains(r"\uD"), "a case is JSON: {line}");
            *exempt.entry("a Rust string holds no lone surrogate").or_default() += 1;
            continue;
        };
        let outcome = outcome(&case);
        if agrees(&case, &outcome) {
            agreeing += 1;
        } else if let Some(why) = exemption(&case, &outcome) {
            *exempt.entry(why).or_default() += 1;
        } else {
            differing.push(format!("{line}\n    came to {outcome}"));
        }
    }
    println!("{agreeing} cases agree");
    exempt.iter().for_each(|(why, count)| println!("{count} exempt: {why}"));
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
    assert!(agreeing > 500, "the suite is there in full, not {agreeing} cases");
}
