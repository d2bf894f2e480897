//! What the README shows is what the files hold and what the code prints.

use rehearsal::prelude::*;
use rehearsal::source::Source;

const README: &str = include_str!("../../README.md");
const SOURCE: &str = include_str!("readme.rs");

/// The blocks of the README in one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let mut blocks = Vec::new();
    for part in README.split(&format!("\n```{language}\n")).skip(1) {
        blocks.push(part.split("```").next().unwrap());
    }
    blocks
}

#[test]
fn the_definition_is_the_file_that_the_test_loads() {
    assert_eq!(blocks("json")[0], include_str!("../machines/order.asl.json"));
}

#[test]
fn the_history_is_what_the_test_prints() {
    // The code of the README's first block stands between these two lines.
    let machine = Machine::load("tests/machines/order.asl.json").unwrap();
    let run = Harness::new(&machine)
        .mock("Charge", mock::fails("PaymentGateway.Busy", "503").takes(2.secs()).times(3).then(json!({"id": "c-1"})))
        .mock("Ship", json!({"parcels": 1}))
        .run(json!({"orderId": 7}));

    run.assert_succeeded().assert_path(["Charge", "Ship", "Done"]);
    assert_eq!(run.state("Charge").gaps(), [1.secs(), 2.secs(), 4.secs()]);
    println!("{}", run.compact());
    // Here it ends.
    assert_eq!(blocks("text")[0], run.compact().to_string());

    let code = SOURCE.split("these two lines.\n").nth(1).unwrap().split("    // Here it ends.").next().unwrap();
    let code: String = code.lines().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect();
    assert_eq!(blocks("rust")[0], format!("use rehearsal::prelude::*;\n\n{code}"));
}

#[test]
fn the_file_of_mocks_is_one() {
    let yaml = blocks("yaml").into_iter().find(|block| !block.starts_with("machine:")).unwrap();
    let source = std::sync::Arc::new(Source::new("README.yaml", yaml));
    let file = mock::load(&source).unwrap();
    assert_eq!((file.mocks.len(), file.faults.len()), (4, 2));
}

#[test]
fn the_scenario_file_passes() {
    let yaml = blocks("yaml").into_iter().find(|block| block.starts_with("machine:")).unwrap();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/readme.rehearsal.yaml");
    let source = std::sync::Arc::new(Source::new("readme.rehearsal.yaml", yaml));
    let file = rehearsal::scenario::ScenarioFile::parse(&path, &source).unwrap();
    let [scenario] = file.scenarios() else { panic!("one scenario") };
    let outcome = file.run(scenario, None);
    assert!(outcome.passed(), "{}", file.failed(scenario, &outcome));
}

#[cfg(feature = "fuzz")]
#[test]
fn the_property_holds() {
    let yaml = blocks("yml").into_iter().find(|block| block.starts_with("machine:")).unwrap();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/readme.rehearsal.yaml");
    let source = std::sync::Arc::new(Source::new("readme.rehearsal.yaml", yaml));
    let file = rehearsal::scenario::ScenarioFile::parse(&path, &source).unwrap();
    let [property] = file.properties() else { panic!("one property") };
    let outcome = file.run_property(property, None);
    assert!(outcome.passed(), "{}", file.broken(property, &outcome));
}
