//! What `lint` says: every rule's bad file with its rendered text, the reference page, and published definitions.
//!
//! `REHEARSAL_BLESS=1 cargo test --test suite lint` writes the expected texts and the page anew; look at the difference.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rehearsal::asl::lint::{self, ApiModels, LintOptions, lint_source};
use rehearsal::asl::{CompileOptions, MachineType};
use rehearsal::diagnostic::{Diagnostics, Severity};
use rehearsal::source::Source;
use serde_json::Value;

#[expect(clippy::print_stderr, reason = "a test says what it skips")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn is_blessed() -> bool {
    std::env::var_os("REHEARSAL_BLESS").is_some_and(|v| v == "1")
}

/// Compares a text with a file's, or writes it there.
fn agree(path: &Path, text: &str) -> Result<(), String> {
    if is_blessed() {
        std::fs::write(path, text).unwrap();
        return Ok(());
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    let name = path.strip_prefix(root()).unwrap().display();
    if expected == text { Ok(()) } else { Err(format!("{name} differs; what is found now:\n\n{text}")) }
}

/// A file with a problem, and what is said about it.
struct Bad {
    code: String,
    path: PathBuf,
    found: Diagnostics,
}

/// The files of `tests/lint`. A rule that has none gets its example when texts are blessed.
fn bad_files() -> Vec<Bad> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(root().join("tests/lint")).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json" || e == "yaml"));
    if is_blessed() {
        for rule in lint::rules().chain(lint::refusals()).filter(|rule| !rule.example.is_empty()) {
            let ending = if rule.example.starts_with('{') { "json" } else { "yaml" };
            let path = root().join(format!("tests/lint/{}.asl.{ending}", rule.code));
            let has_file =
                |p: &PathBuf| p.file_name().unwrap().to_string_lossy().starts_with(&format!("{}.", rule.code));
            if !paths.iter().any(has_file) {
                std::fs::write(&path, format!("{}\n", rule.example.trim_end())).unwrap();
                paths.push(path);
            }
        }
    }
    paths.sort();
    let bad = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let source = Arc::new(Source::new(format!("tests/lint/{name}"), text));
        let code = name.split('.').next().unwrap().to_owned();
        let machine_type = if name.contains(".express.") { MachineType::Express } else { MachineType::Standard };
        let compiling = CompileOptions::default().machine_type(machine_type);
        let mut options = LintOptions::default();
        if code.starts_with("api-") {
            // Small models of our own: those on the machine differ.
            options.api_models = ApiModels::open(root().join("tests/lint/api-models"));
        }
        Bad { code, path, found: lint_source(&source, &compiling, &options) }
    };
    paths.into_iter().map(bad).collect()
}

#[test]
fn every_bad_file_is_told_as_its_text_says() {
    let mut wrong = Vec::new();
    for bad in bad_files() {
        let name = bad.path.to_string_lossy().into_owned();
        let stem = name.strip_suffix(".asl.json").or(name.strip_suffix(".asl.yaml")).unwrap();
        if let Err(why) = agree(Path::new(&format!("{stem}.txt")), &format!("{}\n", bad.found)) {
            wrong.push(why);
        }
    }
    assert!(wrong.is_empty(), "{}\n(REHEARSAL_BLESS=1 accepts this)", wrong.join("\n\n"));
}

/// Codes whose findings are not about one definition's text.
const WITHOUT_A_FILE: &[&str] = &["too-large", "too-deep"];

#[test]
fn every_rule_has_a_bad_file() {
    let bad = bad_files();
    for rule in lint::rules().chain(lint::refusals()).filter(|rule| !WITHOUT_A_FILE.contains(&rule.code)) {
        let files: Vec<&Bad> = bad.iter().filter(|bad| bad.code == rule.code).collect();
        assert!(!files.is_empty(), "tests/lint/{}.asl.json is missing", rule.code);
        for file in files {
            assert!(file.found.iter().any(|d| d.code == rule.code), "{}", file.path.display());
        }
    }
    for file in bad {
        assert!(lint::find(&file.code).is_some(), "{} is about no rule", file.path.display());
    }
}

#[test]
fn every_finding_of_a_bad_file_says_where_and_what_to_do() {
    for bad in bad_files() {
        for finding in &bad.found {
            let told = finding.to_string();
            assert!(finding.line_col().is_some(), "{told}");
            assert!(!finding.message.ends_with('.') && !finding.message.starts_with(char::is_uppercase), "{told}");
            assert!(finding.severity == Severity::Error || finding.help.is_some(), "what to do is missing: {told}");
            assert!(!finding.path.is_empty() || finding.severity == Severity::Error, "the way is missing: {told}");
        }
    }
}

#[test]
fn the_reference_page_is_the_rules() {
    std::fs::create_dir_all(root().join("docs")).unwrap();
    if let Err(why) = agree(&root().join("docs/lints.md"), &lint::page()) {
        panic!("{why}\nwrite it with REHEARSAL_BLESS=1 cargo test --test suite lint");
    }
}

/// Files with Rust code below a folder.
fn code_below(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn every_code_that_is_reported_can_be_explained() {
    let call = regex::Regex::new(
        r#"(?:\b(?:error|key_error|warning|note|warning_at|note_at)\(|error_at\((?:[a-z_.]+\([^()]*\)|[a-z_.]+), ?|finding_at\([^"()]*)\s*"([a-z0-9]+(?:-[a-z0-9]+)*)"\s*,"#,
    )
    .unwrap();
    let mut codes = BTreeSet::new();
    for folder in ["src/asl", "src/iac", "src/source"] {
        for path in code_below(&root().join(folder)) {
            // Scenario files and files of mocks are read with the same words; theirs are not about definitions.
            if path.ends_with("words.rs") || path.ends_with("tests.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            codes.extend(call.captures_iter(text).map(|c| c[1].to_owned()));
        }
    }
    assert!(codes.len() > 50, "only {} codes: {codes:?}", codes.len());
    let unknown: Vec<&String> = codes.iter().filter(|code| lint::find(code).is_none()).collect();
    assert!(unknown.is_empty(), "no row explains {unknown:?}");
}

/// The published definitions, if they are there: the name of each and the document about it.
fn published() -> Option<Vec<(String, Value)>> {
    let beside = || root().join("../shared");
    let folder = std::env::var_os("REHEARSAL_SHARED").map_or_else(beside, PathBuf::from).join("definitions/cases");
    if !folder.is_dir() {
        say(&format!("skipped: there is no {}", folder.display()));
        return None;
    }
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let case = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), case)
    };
    Some(paths.into_iter().map(read).collect())
}

fn linted(case: &Value) -> Diagnostics {
    let text = match case.get("raw").and_then(Value::as_str) {
        Some(raw) => raw.to_owned(),
        None => serde_json::to_string_pretty(&case["definition"]).unwrap(),
    };
    let machine_type = match case["type"].as_str() {
        Some("EXPRESS") => MachineType::Express,
        _ => MachineType::Standard,
    };
    // What stands for a resource of a template is a mistake where the case is about mistakes.
    let stands_in = case["verdict"] != "invalid";
    let mut compiling = CompileOptions::default().machine_type(machine_type).stand_ins(stands_in);
    for (name, value) in case["substitutions"].as_object().into_iter().flatten() {
        compiling = compiling.substitute(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    lint_source(&Arc::new(Source::new("definition.json", text)), &compiling, &LintOptions::default())
}

/// What a word in the reason of a refusal is about, and the codes that mean it.
const REASONS: &[(&str, &[&str])] = &[
    ("resultpath", &["unsupported-field", "query-language"]),
    ("should reject resultselector", &["unsupported-field"]),
    ("should reject parameters", &["unsupported-field"]),
    ("jsonata-path-fields", &["query-language"]),
    ("jsonata-fields", &["query-language"]),
    ("map-tolerated-value", &["out-of-range", "wrong-type", "exclusive-fields"]),
    ("task-timout", &["exclusive-fields", "out-of-range", "wrong-type"]),
    ("map-items", &["jsonata-syntax", "exclusive-fields", "wrong-type", "query-language"]),
    ("credentials", &["wrong-type", "missing-field", "unknown-field"]),
    ("empty erroequals", &["empty"]),
    ("empty errorequals", &["empty"]),
    ("json-path", &["jsonpath-syntax", "template", "choice-rule"]),
    ("error-equals", &["error-equals", "missing-field"]),
    ("next-with-end", &["exclusive-fields"]),
    ("fail-dupe", &["exclusive-fields"]),
    ("missing-terminal", &["no-terminal-state", "missing-field"]),
    ("jsonata-surround", &["jsonata-syntax"]),
    ("jsonata-syntax", &["jsonata-syntax", "jsonata-reference"]),
    ("label_invalid", &["label"]),
    ("both iterator and itemprocessor", &["exclusive-fields"]),
    ("both parameters and itemselector", &["exclusive-fields"]),
    ("alias-function", &["resource"]),
    ("non-path constructs", &["template"]),
    ("intrinsic", &["template", "jsonpath-syntax"]),
    ("inexistant-state", &["transition-target"]),
    ("payload-template", &["template"]),
    ("both static and dynamic", &["exclusive-fields"]),
    ("wait-duration", &["exclusive-fields", "missing-field", "wrong-type"]),
    (
        "cfn-lint bad fixture",
        &["placeholder", "resource", "missing-field", "unknown-field", "transition-target", "wrong-type"],
    ),
    ("parallel-missing-branches", &["missing-field"]),
    ("variable-result-path", &["jsonpath-syntax"]),
    ("backoffrate", &["out-of-range"]),
    ("dupe-fields", &["duplicate-key", "exclusive-fields", "template"]),
    ("duplicate-fields", &["duplicate-key", "exclusive-fields", "template"]),
    ("dupe-subfields", &["exclusive-fields", "duplicate-key"]),
    ("state-name-too-long", &["state-name"]),
    ("map-missing-iterator", &["missing-field"]),
    ("null value in map state itemspath", &["wrong-type", "jsonpath-syntax"]),
    ("downgrade_query_language", &["query-language"]),
    ("maxdelayseconds", &["out-of-range"]),
    ("map-ob-link", &["transition-target"]),
    ("ajv", &["wrong-type", "unknown-field", "missing-field", "unsupported-field", "jsonpath-syntax"]),
    ("duplicate state names", &["duplicate-state"]),
    ("dupe-state", &["duplicate-state"]),
    ("definition-substitutions", &["placeholder", "resource"]),
    ("jitterstrategy", &["wrong-value"]),
    ("map-distributed", &["missing-field", "distributed-only", "wrong-value", "exclusive-fields"]),
];

/// Other validators refuse these for reasons that the service does not share.
const REFUSED_BY_OTHERS_ONLY: &[(&str, &str)] =
    &[("47910675e21cf052", "no blank behind `{%`, which is a matter of style")];

#[test]
fn what_is_invalid_is_refused_for_the_reason_it_is_invalid_for() {
    let Some(cases) = published() else { return };
    let (mut seen, mut wrong) = (0, Vec::new());
    for (id, case) in cases.iter().filter(|(_, case)| case["verdict"] == "invalid") {
        seen += 1;
        if REFUSED_BY_OTHERS_ONLY.iter().any(|(known, _)| known == id) {
            continue;
        }
        let why = case["why"].as_str().unwrap_or_default().to_lowercase();
        let codes: Vec<&str> = linted(case).iter().filter(|d| d.severity == Severity::Error).map(|d| d.code).collect();
        let wanted = REASONS.iter().filter(|(word, _)| why.contains(word)).flat_map(|(_, codes)| codes.iter());
        let wanted: Vec<&str> = wanted.copied().collect();
        if !codes.iter().any(|code| wanted.contains(code)) {
            wrong.push(format!("{id} ({why}): wanted one of {wanted:?}, found {codes:?}"));
        }
    }
    assert!(seen >= 60, "{seen} invalid definitions");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No rule about accepted definitions calls a published one wrong.
#[test]
fn what_is_accepted_has_no_finding_of_error_severity() {
    let Some(cases) = published() else { return };
    let is_rule = |code: &str| lint::rules().any(|rule| rule.code == code);
    let mut wrong = Vec::new();
    for (id, case) in &cases {
        let found = linted(case);
        let errors = found.iter().filter(|d| d.severity == Severity::Error && is_rule(d.code));
        wrong.extend(errors.map(|d| format!("{id}: {}", d.one_line())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
