//! What the states of a definition read: members of their input, of their results, of the items of a Map, of variables.
//! An input and answers that have these members let the machine come far.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::Value as Json;

use crate::value::Value;

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Name(String),
    Index(usize),
}

/// Where what is read comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum From {
    /// The state's input.
    Input,
    /// The result of the state's call.
    Result,
    /// An item of the Map around the state, or of the state.
    Item,
    /// A variable, whose name is the first step.
    Variable,
    /// The input of the whole execution, through the context object.
    Execution,
    /// What the state would hand on.
    Output,
}

/// Something that a state reads.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Read {
    pub(super) from: From,
    pub(super) path: Vec<Step>,
    /// Values that it could have, the most likely first.
    pub(super) likely: Vec<Value>,
}

/// What one state reads, and where it may lead.
#[derive(Clone, Debug, Default)]
pub(super) struct StateReads {
    pub(super) reads: Vec<Read>,
    /// The rules of a Choice: what has to be read so that one applies.
    pub(super) rules: Vec<Vec<Read>>,
    /// Where the items of a Map are, in its input.
    pub(super) items: Option<Vec<Step>>,
    /// The `ItemReader` of a Map.
    pub(super) reader: Option<Json>,
}

/// What every state of a definition reads, by name.
pub(super) fn reads_of(definition: &Json) -> BTreeMap<String, StateReads> {
    let mut all = BTreeMap::new();
    flow(definition, definition.get("QueryLanguage").and_then(Json::as_str) == Some("JSONata"), &mut all);
    all
}

fn flow(flow_: &Json, jsonata: bool, all: &mut BTreeMap<String, StateReads>) {
    for (name, state) in flow_.get("States").and_then(Json::as_object).into_iter().flatten() {
        let jsonata = state.get("QueryLanguage").and_then(Json::as_str).map_or(jsonata, |q| q == "JSONata");
        all.insert(name.clone(), if jsonata { jsonata_state(state) } else { jsonpath_state(state) });
        for branch in state.get("Branches").and_then(Json::as_array).into_iter().flatten() {
            flow(branch, jsonata, all);
        }
        for processor in ["ItemProcessor", "Iterator"] {
            if let Some(inner) = state.get(processor) {
                flow(inner, jsonata, all);
            }
        }
    }
}

fn text(value: &str) -> Value {
    Value::from(value)
}

/// Values for a member that nothing is known about but its name.
fn by_name(path: &[Step]) -> Vec<Value> {
    let name = path.iter().rev().find_map(|step| match step {
        Step::Name(name) => Some(name.as_str()),
        Step::Index(_) => None,
    });
    vec![text(name.unwrap_or("example"))]
}

/// Values for the fields that want a certain type.
fn by_field(field: &str) -> Option<Vec<Value>> {
    let one = || vec![Value::from(1)];
    Some(match field {
        "ItemsPath" | "Items" => vec![Value::array(vec![Value::empty_object()])],
        "SecondsPath" | "Seconds" | "MaxConcurrencyPath" | "MaxConcurrency" | "MaxItemsPath" => one(),
        "MaxItemsPerBatchPath" | "MaxInputBytesPerBatchPath" => vec![Value::from(100)],
        "TimeoutSecondsPath" | "TimeoutSeconds" => vec![Value::from(60)],
        "HeartbeatSecondsPath" | "HeartbeatSeconds" => vec![Value::from(30)],
        "ToleratedFailureCountPath" | "ToleratedFailurePercentagePath" => vec![Value::from(0)],
        "TimestampPath" | "Timestamp" => vec![text("2024-01-01T00:00:10Z")],
        _ => return None,
    })
}

/// Values for the arguments of intrinsic functions.
fn by_function(function: &str) -> Option<Vec<Value>> {
    let list = || vec![Value::array(vec![text("a"), text("b")]), Value::from(1)];
    Some(match function {
        "MathAdd" | "MathRandom" | "ArrayRange" => vec![Value::from(1)],
        "StringToJson" => vec![text("{}")],
        "Base64Decode" => vec![text("cmVoZWFyc2Fs")],
        "JsonMerge" => vec![Value::empty_object()],
        "StringSplit" => vec![text("a,b")],
        name if name.starts_with("Array") => list(),
        _ => return None,
    })
}

/// `$.order.items[0]['a b']` as steps; what is not definite ends the path.
pub(super) fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    loop {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(|c: char| !(c.is_alphanumeric() || "_-@".contains(c))).unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            // `..` and `.*` and functions such as `.length()`.
            if name.is_empty() || after.starts_with('(') {
                return steps;
            }
            steps.push(Step::Name(name.to_owned()));
            rest = after;
        } else if let Some((inside, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
            let inside = inside.trim();
            let quoted = inside.strip_prefix(['\'', '"']).and_then(|t| t.strip_suffix(['\'', '"']));
            match quoted {
                Some(name) => steps.push(Step::Name(name.to_owned())),
                None => steps.push(Step::Index(inside.parse::<usize>().unwrap_or(0).min(3))),
            }
            rest = after;
        } else {
            return steps;
        }
    }
}

fn pattern(cell: &'static OnceLock<Option<Regex>>, text: &str) -> Option<&'static Regex> {
    cell.get_or_init(|| Regex::new(text).ok()).as_ref()
}

/// The paths in a text of JSONPath or of intrinsic functions.
fn paths_in(source: &str, otherwise: From, field: &str) -> Vec<Read> {
    static PATHS: OnceLock<Option<Regex>> = OnceLock::new();
    const ONE: &str = r#"(?:States\.(\w+)\([^()]*?)?(\$\$\.Map\.Item\.Value|\$\$\.Execution\.Input|\$\$|\$[A-Za-z_]\w*|\$)((?:\.[\w@-]+|\[[^\]]*\])*)"#;
    let Some(pattern) = pattern(&PATHS, ONE) else { return Vec::new() };
    let function = source.strip_prefix("States.").and_then(|rest| rest.split('(').next());
    let mut found = Vec::new();
    for captures in pattern.captures_iter(source) {
        let root = captures.get(2).map_or("", |m| m.as_str());
        let mut path = steps(captures.get(3).map_or("", |m| m.as_str()));
        let from = match root {
            "$$.Map.Item.Value" => From::Item,
            "$$.Execution.Input" => From::Execution,
            "$$" => continue,
            "$" => otherwise,
            variable => {
                path.insert(0, Step::Name(variable.trim_start_matches('$').to_owned()));
                From::Variable
            }
        };
        if path.is_empty() || from == From::Variable && path.len() < 2 {
            continue;
        }
        let likely = function.and_then(by_function).or_else(|| by_field(field)).unwrap_or_else(|| by_name(&path));
        found.push(Read { from, path, likely });
    }
    found
}

/// Paths of a payload template: the members whose names end in `.$`.
fn template(node: &Json, from: From, reads: &mut Vec<Read>) {
    match node {
        Json::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(path) if name.ends_with(".$") => reads.extend(paths_in(path, from, "")),
                    _ => template(value, from, reads),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| template(item, from, reads)),
        _ => {}
    }
}

fn jsonpath_state(state: &Json) -> StateReads {
    let mut out = StateReads::default();
    let mut reads = Vec::new();
    let within: Vec<Step> =
        state.get("InputPath").and_then(Json::as_str).map(|p| steps(p.trim_start_matches('$'))).unwrap_or_default();
    for (field, value) in state.as_object().into_iter().flatten() {
        match (field.as_str(), value) {
            ("Parameters" | "Assign" | "ItemBatcher" | "ItemReader" | "ResultWriter" | "Credentials", _) => {
                template(value, From::Input, &mut reads);
            }
            ("ItemSelector", _) => template(value, From::Input, &mut reads),
            ("ResultSelector", _) => template(value, From::Result, &mut out.reads),
            ("OutputPath", Json::String(path)) => out.reads.extend(paths_in(path, From::Output, "")),
            ("OutputPath" | "ResultPath" | "InputPath", _) => {}
            (path, Json::String(text)) if path.ends_with("Path") => reads.extend(paths_in(text, From::Input, path)),
            _ => {}
        }
    }
    if let Some(reader) = state.get("ItemReader") {
        out.reader = Some(reader.clone());
        if let Some(path) = reader.get("ReaderConfig").and_then(|c| c.get("MaxItemsPath")).and_then(Json::as_str) {
            reads.extend(paths_in(path, From::Input, "MaxItemsPath"));
        }
    }
    if state.get("Type").and_then(Json::as_str) == Some("Map") {
        let path = state.get("ItemsPath").and_then(Json::as_str).unwrap_or("$");
        out.items = Some(within.iter().cloned().chain(steps(path.trim_start_matches('$'))).collect());
    }
    for rule in state.get("Choices").and_then(Json::as_array).into_iter().flatten() {
        let mut wanted = Vec::new();
        rule_reads(rule, false, &mut wanted);
        reads.extend(wanted.iter().filter(|r| !r.likely.is_empty()).cloned());
        out.rules.push(wanted);
    }
    for mut read in reads {
        if read.from == From::Input {
            read.path.splice(0..0, within.iter().cloned());
        }
        out.add(read);
    }
    if !within.is_empty() {
        out.add(Read { from: From::Input, likely: vec![Value::empty_object()], path: within });
    }
    for rule in &mut out.rules {
        for read in rule.iter_mut().filter(|r| r.from == From::Input) {
            read.path.splice(0..0, state_prefix(state));
        }
    }
    out
}

fn state_prefix(state: &Json) -> Vec<Step> {
    state.get("InputPath").and_then(Json::as_str).map(|p| steps(p.trim_start_matches('$'))).unwrap_or_default()
}

impl StateReads {
    fn add(&mut self, read: Read) {
        match self.reads.iter_mut().find(|r| r.from == read.from && r.path == read.path) {
            Some(there) => {
                for value in read.likely {
                    if !there.likely.contains(&value) {
                        there.likely.push(value);
                    }
                }
            }
            None => self.reads.push(read),
        }
    }
}

/// What a rule compares, with values that make it hold; or not hold, inside a `Not`.
fn rule_reads(rule: &Json, negated: bool, wanted: &mut Vec<Read>) {
    for word in ["And", "Or"] {
        let inner = rule.get(word).and_then(Json::as_array).into_iter().flatten();
        // One of them is enough for `Or`, and for the negation of `And`.
        let one_will_do = (word == "Or") != negated;
        for rule in inner.take(if one_will_do { 1 } else { usize::MAX }) {
            rule_reads(rule, negated, wanted);
        }
    }
    if let Some(inner) = rule.get("Not") {
        rule_reads(inner, !negated, wanted);
    }
    let Some(variable) = rule.get("Variable").and_then(Json::as_str) else { return };
    for (operator, constant) in rule.as_object().into_iter().flatten() {
        let likely = comparison(operator, constant, negated);
        if matches!(operator.as_str(), "Variable" | "Next" | "Comment" | "Assign") {
            continue;
        }
        for mut read in paths_in(variable, From::Input, "") {
            if !likely.is_empty() {
                read.likely.clone_from(&likely);
            }
            wanted.push(read);
        }
        if let Some(path) = constant.as_str().filter(|_| operator.ends_with("Path")) {
            wanted.extend(paths_in(path, From::Input, ""));
        }
    }
}

/// Values for which a comparison holds, or does not.
fn comparison(operator: &str, constant: &Json, negated: bool) -> Vec<Value> {
    let number = constant.as_f64();
    let near = |by: f64| number.map_or_else(Vec::new, |n| vec![whole(n + by)]);
    let same = || vec![Value::from(constant.clone())];
    let other = |v: Value| vec![v];
    match (operator, negated) {
        ("NumericGreaterThan", false) | ("NumericLessThanEquals", true) => near(1.0),
        ("NumericLessThan", false) | ("NumericGreaterThanEquals", true) => near(-1.0),
        ("NumericEquals", true) => near(1.0),
        (op, _) if op.starts_with("Numeric") && !op.ends_with("Path") => same(),
        ("BooleanEquals", true) => vec![Value::from(!constant.as_bool().unwrap_or_default())],
        ("StringMatches", false) => other(text(&constant.as_str().unwrap_or_default().replace('*', "x"))),
        ("StringEquals" | "StringMatches", true) => other(text("another")),
        (op, true) if op.starts_with("String") || op.starts_with("Timestamp") => Vec::new(),
        ("TimestampGreaterThan", _) => other(text("2099-01-01T00:00:00Z")),
        ("TimestampLessThan", _) => other(text("2000-01-01T00:00:00Z")),
        ("StringGreaterThan", _) => other(text(&format!("{}z", constant.as_str().unwrap_or_default()))),
        ("StringLessThan", _) => other(text("")),
        ("IsNull", negated) => match constant.as_bool() == Some(!negated) {
            true => other(Value::Null),
            false => Vec::new(),
        },
        ("IsNumeric", _) => other(Value::from(1)),
        ("IsBoolean", _) => other(Value::from(true)),
        ("IsTimestamp", _) => other(text("2024-01-01T00:00:00Z")),
        (op, _) if op.ends_with("Path") || op.starts_with("Is") => Vec::new(),
        _ => same(),
    }
}

fn whole(n: f64) -> Value {
    if n.fract() == 0.0 && n.abs() < 1e15 { Value::from(n as i64) } else { Value::from_f64(n) }
}

fn jsonata_state(state: &Json) -> StateReads {
    let mut out = StateReads::default();
    for (field, value) in state.as_object().into_iter().flatten() {
        if matches!(field.as_str(), "ItemProcessor" | "Iterator" | "Branches" | "Catch" | "Choices") {
            continue;
        }
        expressions(value, field, &mut out);
    }
    out.reader = state.get("ItemReader").cloned();
    if state.get("Type").and_then(Json::as_str) == Some("Map") {
        let items = state.get("Items").and_then(Json::as_str).unwrap_or("{% $states.input %}");
        out.items = jsonata_paths(items, "Items").into_iter().find(|r| r.from == From::Input).map(|r| r.path);
        if items.contains("$states.input %}") {
            out.items = Some(Vec::new());
        }
    }
    for rule in state.get("Choices").and_then(Json::as_array).into_iter().flatten() {
        let condition = rule.get("Condition").and_then(Json::as_str).unwrap_or_default();
        let wanted = jsonata_paths(condition, "Condition");
        wanted.iter().cloned().for_each(|read| out.add(read));
        out.rules.push(wanted);
        expressions(rule, "", &mut out);
    }
    out
}

fn expressions(node: &Json, field: &str, out: &mut StateReads) {
    match node {
        Json::String(text) if text.starts_with("{%") => {
            jsonata_paths(text, field).into_iter().for_each(|read| out.add(read));
        }
        Json::Array(items) => items.iter().for_each(|item| expressions(item, "", out)),
        Json::Object(members) => members.iter().for_each(|(_, value)| expressions(value, "", out)),
        _ => {}
    }
}

/// What an expression reads, with the constants it is compared with.
fn jsonata_paths(text_: &str, field: &str) -> Vec<Read> {
    static PATHS: OnceLock<Option<Regex>> = OnceLock::new();
    const ONE: &str = r#"(?:\$(\w+)\(\s*)?(\$states\.input|\$states\.result|\$states\.context\.Map\.Item\.Value|\$states\.context\.Execution\.Input|\$[A-Za-z_]\w*)((?:\.[A-Za-z_@]\w*|\.`[^`]+`|\[-?\d+\])+)\s*(?:(<=|>=|!=|=|<|>|in)\s*('[^']*'|"[^"]*"|-?\d+(?:\.\d+)?|true|false|null))?"#;
    let Some(pattern) = pattern(&PATHS, ONE) else { return Vec::new() };
    let mut found = Vec::new();
    for captures in pattern.captures_iter(text_) {
        let part = |i: usize| captures.get(i).map(|m| m.as_str());
        let root = part(2).unwrap_or_default();
        let mut path = steps(&part(3).unwrap_or_default().replace('`', ""));
        let from = match root {
            "$states.input" => From::Input,
            "$states.result" => From::Result,
            "$states.context.Map.Item.Value" => From::Item,
            "$states.context.Execution.Input" => From::Execution,
            "$states" => continue,
            variable => {
                path.insert(0, Step::Name(variable.trim_start_matches('$').to_owned()));
                From::Variable
            }
        };
        let compared = part(4).zip(part(5)).map(|(operator, constant)| against(operator, constant));
        let of_function = || match part(1)? {
            "count" | "map" | "filter" | "each" | "append" | "join" | "partition" => {
                Some(vec![Value::array(vec![Value::empty_object()])])
            }
            "sum" | "max" | "min" | "average" => Some(vec![Value::array(vec![Value::from(1)])]),
            "number" => Some(vec![text("1")]),
            "abs" | "floor" | "ceil" | "round" | "range" => Some(vec![Value::from(1)]),
            "parse" => Some(vec![text("{}")]),
            "merge" | "keys" | "lookup" => Some(vec![Value::empty_object()]),
            _ => None,
        };
        let likely = compared.or_else(of_function).or_else(|| by_field(field)).unwrap_or_else(|| by_name(&path));
        found.push(Read { from, path, likely });
    }
    found
}

fn against(operator: &str, constant: &str) -> Vec<Value> {
    let quoted = constant.strip_prefix(['\'', '"']).and_then(|t| t.strip_suffix(['\'', '"']));
    if let Some(word) = quoted {
        return vec![if operator == "!=" { text("another") } else { text(word) }];
    }
    match (constant, operator) {
        ("true", _) => vec![Value::from(operator != "!=")],
        ("false", _) => vec![Value::from(operator == "!=")],
        ("null", _) => vec![Value::Null],
        (number, _) => {
            let n: f64 = number.parse().unwrap_or_default();
            let by = match operator {
                "<" => -1.0,
                ">" | "!=" => 1.0,
                _ => 0.0,
            };
            vec![whole(n + by)]
        }
    }
}

/// The value at a path, if it is there.
pub(super) fn at<'v>(value: &'v Value, path: &[Step]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Name(name) => value.get(name),
        Step::Index(i) => value.at(*i),
    })
}

/// Puts a value at a path, and objects and arrays on the way where there are none.
pub(super) fn put(value: &mut Value, path: &[Step], new: Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = new;
        return;
    };
    match first {
        Step::Name(name) => {
            if value.as_object().is_none() {
                *value = Value::empty_object();
            }
            if let Some(members) = value.as_object_mut() {
                if members.get(name).is_none() {
                    members.insert(name.as_str(), Value::Null);
                }
                if let Some(inner) = members.get_mut(name) {
                    put(inner, rest, new);
                }
            }
        }
        Step::Index(i) => {
            if value.as_array().is_none() {
                *value = Value::array(Vec::new());
            }
            if let Some(items) = value.as_array_mut() {
                while items.len() <= *i {
                    items.push(Value::Null);
                }
                if let Some(inner) = items.get_mut(*i) {
                    put(inner, rest, new);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(reads: &[Read]) -> Vec<String> {
        let step = |s: &Step| match s {
            Step::Name(name) => format!(".{name}"),
            Step::Index(i) => format!("[{i}]"),
        };
        let path = |r: &Read| r.path.iter().map(step).collect::<String>();
        let value = |r: &Read| r.likely.first().map(ToString::to_string).unwrap_or_default();
        reads.iter().map(|r| format!("{:?}{} {}", r.from, path(r), value(r))).collect()
    }

    #[test]
    fn what_a_state_reads_is_found_with_likely_values() {
        let state = json!({
            "Type": "Task",
            "InputPath": "$.order",
            "TimeoutSecondsPath": "$.limit",
            "Parameters": {
                "id.$": "$.id",
                "sum.$": "States.MathAdd($.n, 1)",
                "item.$": "$$.Map.Item.Value.name",
                "who.$": "$user.name",
                "first.$": "$.lines[0]['the sku']",
            },
            "ResultSelector": { "paid.$": "$.Payload.paid" },
        });
        let found = jsonpath_state(&state);
        assert_eq!(
            shown(&found.reads),
            [
                "Result.Payload.paid \"paid\"",
                "Input.order.limit 60",
                "Input.order.id \"id\"",
                "Input.order.n 1",
                "Item.name \"name\"",
                "Variable.user.name \"name\"",
                "Input.order.lines[0].the sku \"the sku\"",
                "Input.order {}",
            ]
        );
        let choice = json!({ "Type": "Choice", "Choices": [
            { "And": [{ "Variable": "$.a", "NumericGreaterThan": 5 }, { "Not": { "Variable": "$.b", "StringEquals": "x" } }] },
            { "Variable": "$.c", "IsPresent": true },
        ] });
        let rules: Vec<Vec<String>> = jsonpath_state(&choice).rules.iter().map(|rule| shown(rule)).collect();
        assert_eq!(rules, [vec!["Input.a 6", "Input.b \"another\""], vec!["Input.c \"c\""]]);
        let state = json!({
            "Type": "Choice",
            "Choices": [{ "Condition": "{% $states.input.order.total >= 10 and $states.input.kind = 'A' %}" }],
            "Output": "{% $uppercase($who.name) & $string($states.result.n) %}",
        });
        let found = jsonata_state(&state);
        assert_eq!(shown(&found.rules[0]), ["Input.order.total 10", "Input.kind \"A\""]);
        assert_eq!(shown(&found.reads)[..2], ["Variable.who.name \"name\"", "Result.n \"n\""]);
    }

    #[test]
    fn a_value_is_put_where_nothing_was() {
        let mut value = Value::empty_object();
        put(&mut value, &steps(".a.b[1].c"), Value::from(1));
        assert_eq!(value.to_string(), r#"{"a":{"b":[null,{"c":1}]}}"#);
        assert_eq!(at(&value, &steps(".a.b[1].c")), Some(&Value::from(1)));
    }
}
