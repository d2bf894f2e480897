//! Imports flow one way: each module sees those below it, and what the engine may not see, it does not see.

use std::path::Path;

use crate::support::files_below;

/// The modules of each layer, from the bottom up. A module sees its own layer and those below.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "vocabulary",
        &["value", "time", "random", "error", "diagnostic", "source", "file", "gzip", "parallel", "pretend"],
    ),
    ("language", &["expr", "asl"]),
    ("definitions", &["iac"]),
    ("core", &["task", "history", "engine"]),
    ("world", &["mock", "coverage", "outside", "services"]),
    ("calls", &["registry", "test_state", "validate"]),
    ("harness", &["harness"]),
    ("artefacts", &["fuzz", "graph", "report", "scenario", "snapshot"]),
    ("imports", &["import"]),
    ("surface", &["cli", "server", "trials"]),
];

/// What a module must not mention although its layer would allow it, and why.
const BANS: &[(&str, &[&str], &str)] = &[
    (
        "engine",
        &["std::time::Instant", "SystemTime", "std::env", "std::fs", "std::net", "std::thread", "tokio"],
        "the engine is pure",
    ),
    ("expr", &["std::time::Instant", "SystemTime", "std::env", "std::fs", "tokio"], "a value depends on nothing else"),
    ("history", &["crate::engine"], "what a run did is read without the engine"),
    ("mock", &["crate::engine"], "mocks see calls, never executions"),
    ("registry", &["crate::harness", "crate::engine"], "what is registered runs nothing"),
];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, modules)| modules.contains(&module))
}

/// The module a file belongs to: `src/engine/task.rs` and `src/task.rs` are `engine` and `task`.
fn module_of(file: &Path) -> String {
    let first = file.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The names that follow `crate::` in a line: one, or those in braces.
fn crate_paths(line: &str) -> Vec<&str> {
    let name = |text: &str| text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let mut found = Vec::new();
    for after in line.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(list) => {
                let mut depth = 0_i32;
                let outside = |c: char| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    c == ',' && depth <= 0
                };
                found.extend(list.split(outside).map(|part| part.trim()).map(|part| &part[..name(part)]));
            }
            None => found.push(&after[..name(after)]),
        }
    }
    found.retain(|n| !n.is_empty());
    found
}

/// What is wrong with one line of a module, if anything is.
fn objection(module: &str, line: &str) -> Option<String> {
    // What a macro names with `$crate`, the user's crate sees.
    let code = line.split("//").next().unwrap_or_default().replace("$crate::", "");
    let code = code.as_str();
    let own = layer(module)?;
    if code.contains("crate::{") && !code.contains('}') {
        return Some("an import over several lines escapes this check: write one line a module".into());
    }
    for other in crate_paths(code) {
        // Names of the crate's root, such as `crate::Machine`, would hide where a thing comes from.
        let Some(theirs) = layer(other) else {
            return Some(format!("`crate::{other}` is no module of the table"));
        };
        if theirs > own {
            return Some(format!("{} does not see {}: `crate::{other}`", LAYERS[own].0, LAYERS[theirs].0));
        }
    }
    let banned = |(who, words, why): &(&str, &[&str], &str)| {
        let word = words.iter().find(|w| *who == module && code.contains(**w))?;
        Some(format!("`{word}`: {why}"))
    };
    BANS.iter().find_map(banned)
}

#[test]
fn imports_flow_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut lines = 0;
    for file in files_below(&root, "rs") {
        let place = file.strip_prefix(&root).unwrap();
        let module = module_of(place);
        // The root is above all layers, and a test may look at a real clock.
        if matches!(&*module, "lib" | "main") || place.ends_with("tests.rs") {
            continue;
        }
        assert!(layer(&module).is_some(), "src/{} is in no layer: give it one in the table", place.display());
        for (n, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            lines += 1;
            if let Some(why) = objection(&module, line) {
                wrong.push(format!("src/{}:{}: {why}\n    {}", place.display(), n + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lines > 10_000, "only {lines} lines were looked at");
}

#[test]
fn a_line_that_breaks_the_order_is_noticed() {
    for (module, line) in [
        ("engine", "use crate::mock::Reply;"),
        ("engine", "    let now = std::time::Instant::now();"),
        ("engine", "use std::fs;"),
        ("engine", "use crate::{value::Value, harness::Run};"),
        ("engine", "use crate::{value::{Map, Value}, harness};"),
        ("engine", "use crate::{"),
        ("mock", "fn f(e: &crate::engine::Execution) {}"),
        ("value", "use crate::expr::Env;"),
        ("task", "use crate::Machine;"),
        ("history", "use crate::engine::Status;"),
        ("harness", "use crate::cli::main;"),
    ] {
        assert!(objection(module, line).is_some(), "{module}: {line}");
    }
    for (module, line) in [
        ("engine", "use crate::value::{Map, Value};"),
        ("engine", "/// See [`Harness`](crate::Harness)."),
        ("engine", "use std::time::Duration;"),
        ("harness", "use crate::{mock::Mock, engine::{Input, Status}};"),
        ("mock", "use crate::task::Call; // not crate::engine"),
        ("value", "        $crate::main!(\"tests\");"),
    ] {
        assert_eq!(objection(module, line), None, "{module}: {line}");
    }
}
