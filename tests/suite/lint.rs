//! What `lint` says: every rule's bad file with its rendered text, the reference page, and published definitions.
//!
//! `REHEARSAL_BLESS=1 cargo test --test suite lint` writes the expected texts and the page anew; look at the difference.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rehearsal::asl::lint::{self, ApiModels, LintOptions, lint_source};
use rehearsal::asl::{CompileOptions, MachineType};
use rehearsal::diagnostic::{Diagnostics, Severity};
use rehearsal::source::Source;
use serde_json::{Value, json};

use crate::support::{files_below, shared};

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

#[test]
fn every_code_that_is_reported_can_be_explained() {
    let call = regex::Regex::new(
        r#"(?:\b(?:error|key_error|warning|note|warning_at|note_at)\(|error_at\((?:[a-z_.]+\([^()]*\)|[a-z_.]+), ?|finding_at\([^"()]*)\s*"([a-z0-9]+(?:-[a-z0-9]+)*)"\s*,"#,
    )
    .unwrap();
    let mut codes = BTreeSet::new();
    for folder in ["src/asl", "src/iac", "src/source"] {
        for path in files_below(&root().join(folder), "rs") {
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

/// A definition of nearly a mebibyte in which one state is repeated: each gets its number and the name of the next.
fn large(one: impl Fn(usize, &str) -> Value) -> String {
    let count = 1_000_000 / (one(100_000, "S100000").to_string().len() + 12);
    let mut states = serde_json::Map::new();
    for n in 0..count {
        let next = if n + 1 == count { "Done".to_owned() } else { format!("S{}", n + 1) };
        states.insert(format!("S{n}"), one(n, &next));
    }
    states.insert("Done".into(), json!({"Type": "Succeed"}));
    json!({"StartAt": "S0", "States": states}).to_string()
}

#[test]
fn the_largest_definitions_are_linted_in_good_time() {
    let publish = "arn:aws:states:::sns:publish";
    let names: Vec<String> = (0..30_000).map(|n| format!("Error{n}")).collect();
    let catch: Vec<Value> = names.chunks(2).map(|two| json!({"ErrorEquals": two, "Next": "Done"})).collect();
    let one_state = json!({"StartAt": "S0", "States": {
        "S0": {"Type": "Task", "Resource": publish, "Catch": catch, "Next": "Done"}, "Done": {"Type": "Succeed"}
    }});
    let never = json!([{"ErrorEquals": ["States.Runtime"], "Next": "Done"}]);
    let reader = json!([{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "Done"}]);
    let choice = |n: usize, next: &str| {
        let rule = json!({"Variable": "$.a", "IsNull": true, "Next": format!("S{}", n / 2)});
        json!({"Type": "Choice", "Choices": [rule], "Default": next})
    };
    let block = |n: usize, next: &str| {
        let inner = format!("B{n}");
        let branch = json!({"StartAt": inner, "States": {&*inner: {"Type": "Wait", "Seconds": 1, "End": true}}});
        json!({"Type": "Parallel", "Branches": [branch], "Catch": reader, "Next": next})
    };
    for (what, text) in [
        ("a chain", large(|_, next| json!({"Type": "Pass", "Next": next}))),
        ("choices", large(choice)),
        ("tasks", large(|_, next| json!({"Type": "Task", "Resource": publish, "Catch": never, "Next": next}))),
        ("blocks", large(block)),
        ("catchers of one state", one_state.to_string()),
    ] {
        let bytes = text.len();
        assert!(bytes > 700_000, "{what}: {bytes}");
        let began = Instant::now();
        let source = Arc::new(Source::new("large.asl.json", text));
        let found = lint_source(&source, &CompileOptions::default(), &LintOptions::default());
        let took = began.elapsed();
        let refused = found.iter().find(|d| d.severity == Severity::Error);
        assert!(refused.is_none(), "{what}: {}", refused.unwrap());
        say(&format!("{what}: {bytes} bytes, {} findings, {took:?}", found.as_slice().len()));
        assert!(took < Duration::from_secs(20), "{what}: {took:?}");
    }
}

/// The published definitions, if they are there: the name of each and the document about it.
fn published() -> Option<Vec<(String, Value)>> {
    let paths = files_below(&shared("definitions/cases")?, "json");
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

/// Samples and applications that the service would refuse as they are published, and why.
const PUBLISHED_WITH_MISTAKES: &[(&str, &str)] = &[
    ("03865769ef22b992", "an example of what a validator can be told to overlook"),
    ("2729e497e44263c8", "a syntax of its author's own, for another runner"),
    ("390eb83895817e79", "a function that does not exist, `States.Default`"),
    ("3e03a779f34664cb", "an item processor without its Map"),
    ("44716cf697bd57f7", "an item processor without its Map"),
    ("552f63700daee34d", "an excerpt: some states are left out"),
    ("5e0814baf41c49a4", "an excerpt: some states are left out"),
    ("5f20dee70bfb912f", "an ARN of SWF"),
    ("643c84249480bd26", "`Arguments` on a Map, which has none"),
    ("6a938d5f352a7d24", "an excerpt of a JSONata machine that does not say so"),
    ("76cb422e783a1721", "for another runner: credentials without a role"),
    ("7dd4ee8d0a2dae04", "a template: the states it leads to are generated"),
    ("88cd31049a8abc99", "words where the ARN's region and account belong"),
    ("8c215f3e62d606a4", "states that nothing leads to"),
    ("9b6be355d22edd2f", "what its tool fills in is missing, states included"),
    ("a86e2cb43ffb58ab", "an example of a mistake"),
    ("b64cb09bf401299d", "a template: lists are generated"),
    ("b72224cc437bfb81", "an example of a mistake"),
    ("d435608c03fdd05d", "a label on an inline Map; no recording tells whether the service minds"),
    ("e37394db67bdb72a", "an item reader on an inline Map"),
    ("eb48d92d3737dd1a", "a type `Success`, and a state that is not there"),
    ("ec39ec7c56e64eef", "a template: lists are generated"),
    ("ed224bd3dfe12244", "an ARN without a partition"),
    ("ed8cfc0ca9c73485", "an example of what a validator can be told to overlook"),
    ("fb3b6e30a0eab334", "an item processor without its Map"),
];

/// No rule calls a published definition wrong, and what is refused is refused rightly.
#[test]
fn what_is_published_has_no_finding_of_error_severity() {
    let Some(cases) = published() else { return };
    let is_rule = |code: &str| lint::rules().any(|rule| rule.code == code);
    let (mut seen, mut wrong) = (0, Vec::new());
    for (id, case) in &cases {
        let found = linted(case);
        let mut errors = found.iter().filter(|d| d.severity == Severity::Error);
        wrong.extend(errors.clone().filter(|d| is_rule(d.code)).map(|d| format!("{id}: {}", d.one_line())));
        if case["verdict"] != "presumed-valid" {
            continue;
        }
        seen += 1;
        // What a template would fill in is no mistake of the definition's.
        let first = errors.find(|d| d.code != "placeholder");
        match (first, PUBLISHED_WITH_MISTAKES.iter().any(|(known, _)| known == id)) {
            (Some(finding), false) => wrong.push(format!("{id}: {}", finding.one_line())),
            (None, true) => wrong.push(format!("{id} has no mistake any more: take it off the list")),
            _ => {}
        }
    }
    assert!(seen > 400, "{seen} published definitions");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
