//! The JSON Schema of scenario files: the committed copy is what the tables make, it accepts what the reader accepts, and
//! it refuses what no reader would understand.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use regex::Regex;
use rehearsal::scenario::{schema, suite};
use rehearsal::source::{self, Format, Source};
use serde_json::{Value, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// As much of a validator as the schema needs: the first thing that does not fit, with its path.
fn misfit(whole: &Value, schema: &Value, value: &Value, path: &str) -> Option<String> {
    let no = |why: String| Some(format!("{path}: {why}"));
    if let Some(reference) = schema["$ref"].as_str() {
        return misfit(whole, whole.pointer(reference.trim_start_matches('#')).unwrap(), value, path);
    }
    let type_name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_i64() || n.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is = |t: &Value| t == type_name || (t == "number" && type_name == "integer");
    let fits = match &schema["type"] {
        Value::Null => true,
        Value::Array(types) => types.iter().any(is),
        one => is(one),
    };
    if !fits {
        return no(format!("{type_name}, not {}", schema["type"]));
    }
    if schema.get("const").is_some_and(|c| c != value) || schema["enum"].as_array().is_some_and(|e| !e.contains(value))
    {
        return no(format!("{value} is none of those"));
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let misfits: Option<Vec<String>> = any.iter().map(|s| misfit(whole, s, value, path)).collect();
        if let Some(misfits) = misfits {
            return no(format!("none of ({})", misfits.join("; ")));
        }
    }
    if schema.get("not").is_some_and(|not| misfit(whole, not, value, path).is_none()) {
        return no("must not be so".to_owned());
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str())
        && !Regex::new(pattern).unwrap().is_match(text)
    {
        return no(format!("{text:?} does not fit {pattern}"));
    }
    if value.as_f64().zip(schema["minimum"].as_f64()).is_some_and(|(n, least)| n < least) {
        return no(format!("{value} is too small"));
    }
    if let Value::Array(items) = value {
        if schema["minItems"].as_u64().is_some_and(|least| (items.len() as u64) < least) {
            return no("too few".to_owned());
        }
        let items = items.iter().enumerate();
        return items.filter_map(|(i, v)| misfit(whole, &schema["items"], v, &format!("{path}/{i}"))).next();
    }
    let members = value.as_object()?;
    for name in schema["required"].as_array().into_iter().flatten() {
        if !members.contains_key(name.as_str().unwrap()) {
            return no(format!("{name} is missing"));
        }
    }
    for (key, member) in members {
        let path = format!("{path}/{key}");
        let of_key = misfit(whole, &schema["propertyNames"], &json!(key), &path);
        let of_member = match (schema["properties"].get(key), &schema["additionalProperties"]) {
            (Some(own), _) => misfit(whole, own, member, &path),
            (None, Value::Bool(false)) => Some(format!("{path}: unknown")),
            (None, others) => misfit(whole, others, member, &path),
        };
        if let Some(misfit) = of_key.or(of_member) {
            return Some(misfit);
        }
    }
    None
}

/// What the schema says against a file of this text.
fn against(text: &str) -> Option<String> {
    let source = Arc::new(Source::new("x.rehearsal.yaml", text));
    let value = source::parse(&source, Format::Yaml).unwrap().to_value().to_string();
    misfit(&schema(), &schema(), &serde_json::from_str(&value).unwrap(), "")
}

#[test]
fn the_committed_schema_is_the_one_of_the_tables() {
    let path = root().join("schemas/rehearsal.schema.json");
    let want = format!("{:#}\n", schema());
    if std::env::var_os("REHEARSAL_BLESS").is_some() {
        std::fs::write(&path, &want).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(committed == want, "{} is out of step: run with REHEARSAL_BLESS=1", path.display());
}

#[test]
fn the_scenario_files_of_this_repository_fit_the_schema() {
    let paths: Vec<PathBuf> = suite::find([root().join("tests/scenarios")]).unwrap();
    assert!(paths.len() >= 2);
    for path in paths {
        assert_eq!(against(&std::fs::read_to_string(&path).unwrap()), None, "{}", path.display());
    }
}

#[test]
fn every_way_to_write_something_fits_the_schema() {
    let all = r##"
$schema: ../schemas/rehearsal.schema.json
machine: order.asl.json
substitutions: { ChargeFn: charge, Wait: 5 }
type: EXPRESS
start: "2026-01-05T09:00:00Z"
seed: 7
strict: true
use: ../mocks/payments.yaml
machines: [refund.asl.json]
objects: { inbox/orders.csv: orders.csv }
context: { Execution: { Name: e-1 } }
mocks:
  Charge: { return: { Payload: {} }, takes: 800ms, submit: { id: 1 }, attempt: 0 }
  Save: [{ fail: null, cause: why, times: 2 }, { refuse: Denied }, { never: true, item: 0 }]
  Ask: { later: true, with: { total: { $gt: 100, $lte: 200 }, id: $uuid } }
faults: [{ on: Charge, throttle: true, nth: 2 }, { on: Save, delay: 5s, every: true, after: true }]
scenarios:
  - name: "total {total} of {kind}"
    tags: [retry]
    ignore: not yet
    matrix: { total: [1, 2.5], kind: [{ status: FAILED }] }
    each: [{ n: 3, wait: 1m30s, reply: { fail: X } }]
    except: [{ total: 1 }]
    input: { total: "{total}" }
    mocks: { Charge: "{reply}", Save: { fail: X, times: "{n}", takes: "{wait}" } }
    timeline:
      - { at: 50s, heartbeat: Ask }
      - { at: "{wait}", expect: { status: RUNNING, in: Ask, calls: { Charge: 1 } } }
      - { at: 90, succeed: Ask, output: null }
      - { at: 1m 30s, fail: Ask, error: null, cause: x }
      - { at: 1h, stop: true }
    workers: { packing: { polls: 5s, takes: 20s, return: 1 }, other: }
    expect:
      status: "{kind}"
      path: [Validate, ..., Charge x4]
      visits: Charge
      never: [Refund]
      attempts: { Charge: [0s, 2, "{wait}"], Save: 3s }
      elapsed: 15.5
      output: { a: [{ $regex: "^x" }, 1], b: { $not: { $contains: 1 } }, c: { $length: { $gte: 2 } }, d: { $exactly: { $x: 1 } } }
      exactly: { $any: thing }
      error: { $any: true }
      cause: $absent
      variables: { tries: 3 }
      caught: { Charge: States.Timeout }
      map: { Items: { items: 3, succeeded: "{n}", failed: 1 } }
      calls: { sns:publish: 2, Charge: { times: 1, at: [0s], with: { a: 1 } } }
    snapshot: true
  - { name: b, extends: a, expect: }
properties:
  - { name: c, tags: x, input: { $schema: a.json }, faults: any, cases: 5, seed: 7, always: "{% $status = 'x' %}" }
  - { name: d, input: [1], faults: [X, { on: Charge, delay: 1s }], allow: States.Runtime, mocks: { A: { fail: X } } }
  - name: e
    always: [{ terminates: { within: 24h, events: 5 } }, { never: X }, { expect: { status: FAILED, always: ["{% 1 %}"] } }]
"##;
    assert_eq!(against(all), None);
}

#[test]
fn what_nobody_understands_does_not_fit_the_schema() {
    let table = [
        ("scenarios: []", "\"machine\" is missing"),
        ("machine: a", "\"scenarios\" is missing"),
        ("{ machine: a, scenarios: [], sceanrios: [] }", "/sceanrios: unknown"),
        ("{ machine: 1, scenarios: [] }", "/machine: integer"),
        ("{ machine: a, seed: \"{x}\", scenarios: [] }", "/seed: string"),
        ("{ machine: a, scenarios: [{ expect: {} }] }", "\"name\" is missing"),
        ("{ machine: a, scenarios: [{ name: a, exepct: {} }] }", "/scenarios/0/exepct: unknown"),
        ("{ machine: a, scenarios: [{ name: a, expect: { status: DONE } }] }", "\"DONE\" is none of those"),
        ("{ machine: a, scenarios: [{ name: a, expect: { elapsed: soon } }] }", "\"soon\" does not fit"),
        ("{ machine: a, scenarios: [{ name: a, expect: { output: { a: { $regx: x } } } }] }", "/$regx: unknown"),
        ("{ machine: a, scenarios: [{ name: a, expect: { output: { $any: true, b: 1 } } }] }", "/b: unknown"),
        ("{ machine: a, scenarios: [{ name: a, timeline: [{ heartbeat: Ask }] }] }", "\"at\" is missing"),
        ("{ machine: a, scenarios: [], mocks: { Charge: { retrun: 1 } } }", "/mocks/Charge/retrun: unknown"),
        ("{ machine: a, scenarios: [], mocks: { Charge: [] } }", "too few"),
        ("{ machine: a, scenarios: [], faults: [{ throttle: true }] }", "\"on\" is missing"),
        ("{ machine: a, scenarios: [], faults: [{ on: a, throttle: false }] }", "false is none of those"),
        ("{ machine: a, properties: [{ name: a, faults: some }] }", "\"some\" is none of those"),
        ("{ machine: a, properties: [{ name: a, always: [$x] }] }", "\"$x\" does not fit"),
    ];
    for (text, want) in table {
        let said = against(text).unwrap_or_default();
        assert!(said.contains(want), "{text}: {said}");
    }
}

#[test]
fn every_word_is_explained() {
    fn words(of: &Value, path: &str, found: &mut usize) {
        for (word, schema) in of["properties"].as_object().into_iter().flatten() {
            assert_eq!(schema["title"], **word, "{path}/{word}");
            assert!(schema["description"].as_str().is_some_and(|d| d.len() > 5), "{path}/{word}");
            *found += 1;
            words(schema, &format!("{path}/{word}"), found);
        }
        for (name, schema) in of["definitions"].as_object().into_iter().flatten() {
            words(schema, name, found);
        }
        for keyword in ["items", "additionalProperties"] {
            of.get(keyword).into_iter().for_each(|schema| words(schema, path, found));
        }
        of["anyOf"].as_array().into_iter().flatten().for_each(|schema| words(schema, path, found));
    }
    let mut found = 0;
    words(&schema(), "", &mut found);
    assert!(found > 90, "{found}");
}
