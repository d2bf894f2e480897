//! Published state machine definitions: each is compiled or refused with a finding, and none takes long or panics.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rehearsal::Machine;
use rehearsal::asl::{CompileOptions, MachineType};
use rehearsal::diagnostic::Diagnostics;
use rehearsal::source::Source;
use serde_json::Value;

use crate::support::{files_below, shared};

#[expect(clippy::print_stderr, reason = "a test says what it skips and what it measured")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// The JSON files below a folder of the reference material, if that is there.
fn cases(folder: &str) -> Option<Vec<(String, Value)>> {
    let files = files_below(&shared(folder)?, "json");
    let read = |path: PathBuf| {
        let case = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), case)
    };
    Some(files.into_iter().map(read).collect())
}

fn lines(found: &Diagnostics) -> String {
    found.iter().map(|d| format!("{}  ({})", d.one_line(), d.path)).collect::<Vec<_>>().join("\n    ")
}

/// The service would refuse these as well; each was accepted by some other validator, or ran in an emulator only.
const KNOWN_TO_BE_WRONG: &[(&str, &str)] = &[
    ("1e743d521e4884c4", "no path of Jayway's: an expression in brackets"),
    ("29c1a644506105f1", "a test fills in `_tbd_`"),
    ("49685b8a9a46146f", "a test fills in `%CONTEXT_OBJECT_LITERAL_PLACEHOLDER%`"),
    ("663207efdc5dd983", "an ARN of SWF, and credentials without a role"),
    ("83e980ad37ab2f14", "a JSONPath state in a JSONata machine"),
    ("993e5e9ee949b430", "a test fills in `__TBD__`"),
    ("beb153945ebe4bd8", "CloudFormation functions where their values would stand"),
    ("d7512533ec08a912", "a test fills in `%CONTEXT_OBJECT_LITERAL_PLACEHOLDER%`"),
    ("f370799b946820d5", "a test fills in `%CONTEXT_OBJECT_LITERAL_PLACEHOLDER%`"),
    ("fe5c33483834bbb9", "a test fills in `%CONTEXT_OBJECT_LITERAL_PLACEHOLDER%`"),
];

/// Other validators refuse these, for reasons that the service does not share.
const REFUSED_BY_OTHERS_ONLY: &[(&str, &str)] =
    &[("47910675e21cf052", "no blank behind `{%`, which is a matter of style")];

fn compile(text: &str, options: &CompileOptions) -> Result<Machine, Diagnostics> {
    Machine::from_source(&Arc::new(Source::new("definition.json", text)), options)
}

/// The options with what the case's template substitutes.
fn with_substitutions(case: &Value) -> CompileOptions {
    let values = case["substitutions"].as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    values.fold(CompileOptions::default(), |options, (name, value)| options.substitute(name, text(value)))
}

/// Whether all findings are about a `Resource` that a template or a test would have filled in.
fn is_unresolved(found: &Diagnostics) -> bool {
    found.iter().all(|d| {
        let resource = d.source.as_ref().zip(d.primary.as_ref()).map(|(s, p)| s.slice(p.span)).unwrap_or_default();
        d.code == "placeholder" || d.code == "resource" && !resource.starts_with("\"arn:aws:states:::")
    })
}

#[test]
fn every_definition_is_compiled_or_refused_with_a_finding() {
    let Some(cases) = cases("definitions/cases") else { return };
    assert!(cases.len() > 1000, "{} definitions", cases.len());
    let started = Instant::now();
    let mut compiling = Duration::ZERO;
    let mut tally: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (id, case) in &cases {
        let verdict = case["verdict"].as_str().unwrap_or_default();
        let text = match case.get("raw").and_then(Value::as_str) {
            Some(raw) => raw.to_owned(),
            None => serde_json::to_string_pretty(&case["definition"]).unwrap(),
        };
        let options = with_substitutions(case);
        let before = Instant::now();
        let result = compile(&text, &options);
        compiling += before.elapsed();
        let has_placeholders = case["placeholders"].as_bool() == Some(true) || text.contains("${");
        let outcome = match &result {
            Ok(_) => "compiled",
            Err(found) if is_unresolved(found) => "unresolved",
            Err(_) => "refused",
        };
        *tally.entry((verdict.to_owned(), outcome)).or_default() += 1;
        let listed = |list: &[(&str, &str)]| list.iter().any(|(known, _)| known == id);
        let is_right = match (verdict, &result) {
            (_, Err(found)) if found.as_slice().is_empty() => false,
            ("valid", Err(_)) => outcome == "unresolved" || has_placeholders || listed(KNOWN_TO_BE_WRONG),
            ("valid", Ok(_)) => !listed(KNOWN_TO_BE_WRONG),
            ("invalid", Ok(_)) => listed(REFUSED_BY_OTHERS_ONLY),
            ("invalid", Err(_)) => !listed(REFUSED_BY_OTHERS_ONLY),
            _ => true,
        };
        if let Err(found) = &result {
            assert!(found.iter().all(|d| !d.to_string().is_empty() && d.line_col().is_some()), "{id}");
        }
        if std::env::var_os("REHEARSAL_SHOW").is_some_and(|v| *v == *verdict)
            && let Err(found) = &result
        {
            say(&format!("{id} {outcome} {}\n    {}", case["why"], lines(found)));
        }
        if !is_right {
            let said = result.err().map_or("it compiled".to_owned(), |found| lines(&found));
            wrong.push(format!("{id}: {verdict} {}\n    {said}", case["why"]));
        }
    }
    say(&format!(
        "{} definitions in {:?}, of which compiling {compiling:?}: {tally:?}",
        cases.len(),
        started.elapsed()
    ));
    assert!(wrong.is_empty(), "{} definitions:\n{}", wrong.len(), wrong.join("\n"));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

/// Definitions whose substitutions are not all that they need.
const LACKING_VALUES: &[(&str, &str)] = &[
    ("68a0fe25caad62a3", "`${If}` is what is left of a function of the template"),
    ("8430383f5286d6cc", "a number in the template, and its parameter has no value here"),
    ("8a226cc156f503d7", "`${If}` is what is left of a function of the template"),
];

#[test]
fn every_definition_with_substitutions_loads() {
    let Some(cases) = cases("definitions/cases") else { return };
    let (mut loaded, mut wrong) = (0, Vec::new());
    for (id, case) in &cases {
        let has_values = case["substitutions"].as_object().is_some_and(|values| !values.is_empty());
        let is_published = matches!(case["verdict"].as_str(), Some("valid" | "presumed-valid"));
        if !has_values || !is_published {
            continue;
        }
        let text = serde_json::to_string_pretty(&case["definition"]).unwrap();
        let is_listed = LACKING_VALUES.iter().any(|(known, _)| known == id);
        match compile(&text, &with_substitutions(case)) {
            Ok(_) if is_listed => wrong.push(format!("{id} loads now: take it off the list")),
            Ok(_) => loaded += 1,
            Err(_) if is_listed => {}
            Err(found) => wrong.push(format!("{id} {}\n    {}", case["substitutions"], lines(&found))),
        }
    }
    say(&format!("{loaded} definitions with substitutions load"));
    assert!(wrong.is_empty(), "{} do not:\n{}", wrong.len(), wrong.join("\n"));
}

/// A recorded text with the tokens of the recorder replaced.
fn filled_in(text: &str, case: &Value) -> String {
    let given = case["placeholders"]["given"].as_object().unwrap();
    given.iter().fold(text.to_owned(), |text, (token, value)| text.replace(token, value.as_str().unwrap()))
}

#[test]
fn every_definition_that_ran_on_the_service_compiles() {
    let Some(cases) = cases("conformance/cases/execution") else { return };
    let mut wrong = Vec::new();
    for (id, case) in &cases {
        let text = filled_in(&serde_json::to_string_pretty(&case["definition"]).unwrap(), case);
        let machine_type = match case["machine_type"].as_str() {
            Some("EXPRESS") => MachineType::Express,
            _ => MachineType::Standard,
        };
        if let Err(found) = compile(&text, &CompileOptions::default().machine_type(machine_type)) {
            wrong.push(format!("{id}\n    {}", lines(&found)));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn refusals_use_the_words_of_the_service() {
    let Some(cases) = cases("conformance/cases/validation") else { return };
    let mut compared = 0;
    for (id, case) in &cases {
        let Some(text) = case["request"]["definition"].as_str() else { continue };
        let machine_type = match case["request"]["type"].as_str() {
            Some("EXPRESS") => MachineType::Express,
            _ => MachineType::Standard,
        };
        let result = compile(&filled_in(text, case), &CompileOptions::default().machine_type(machine_type));
        let expect = &case["expect"];
        let said = |found: &Diagnostics| found.iter().map(|d| d.aws.clone().unwrap()).collect::<Vec<_>>();
        if expect["error"]["code"] == "InvalidDefinition" {
            let found = said(&result.err().unwrap_or_else(|| panic!("{id} compiled")));
            let words: Vec<String> =
                found.iter().map(|a| format!("{}: {} at {}", a.code, a.message, a.location)).collect();
            let recorded = filled_in(expect["error"]["message"].as_str().unwrap(), case);
            assert_eq!(format!("Invalid State Machine Definition: '{}'", words.join(", ")), recorded, "{id}");
            compared += 1;
        } else if expect["response"]["result"] == "FAIL" {
            let found = said(&result.err().unwrap_or_else(|| panic!("{id} compiled")));
            let recorded = expect["response"]["diagnostics"].as_array().unwrap();
            assert_eq!(found.len(), recorded.len(), "{id}: {found:?}");
            for (ours, theirs) in found.iter().zip(recorded) {
                assert_eq!(ours.code, theirs["code"], "{id}");
                assert_eq!(ours.message, theirs["message"], "{id}");
                assert_eq!(ours.location, theirs["location"], "{id}");
            }
            compared += 1;
        }
    }
    assert!(compared >= 15, "{compared} compared");
}
