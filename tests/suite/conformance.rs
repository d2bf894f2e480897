//! The lists against which recorded executions and calls are judged. The recordings themselves are run by `.ci/run`.

use std::collections::BTreeSet;

const LEDGER: &str = include_str!("../conformance/ledger.txt");
const BASELINE: &str = include_str!("../conformance/baseline.txt");

/// At most one recording in a hundred may differ, whatever the reason.
const RECORDED_CASES: usize = 896;

/// What is wrong with a ledger, a line each.
fn problems(ledger: &str, baseline: &str) -> Vec<String> {
    let agreeing: BTreeSet<&str> = baseline.lines().collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (n, line) in ledger.lines().enumerate() {
        let n = n + 1;
        let Some((id, reason)) = line.split_once(" # ") else {
            found.push(format!("line {n} is not `id # reason`: {line}"));
            continue;
        };
        if !(id.contains("::") && id.contains('#')) || id != id.trim() {
            found.push(format!("line {n} does not begin with a case's id: {id}"));
        }
        if reason.split_whitespace().count() < 5 {
            found.push(format!("line {n} gives no reason in words: {reason}"));
        }
        if !seen.insert(id) {
            found.push(format!("line {n} is there twice: {id}"));
        }
        if agreeing.contains(id) {
            found.push(format!("line {n} is in the baseline, too: {id}"));
        }
    }
    found
}

#[test]
fn every_known_difference_has_a_reason_and_is_not_said_to_agree() {
    assert_eq!(problems(LEDGER, BASELINE), Vec::<String>::new());
}

#[test]
fn at_most_one_recording_in_a_hundred_differs() {
    let differing = LEDGER.lines().count();
    assert!(differing * 100 <= RECORDED_CASES, "{differing} of {RECORDED_CASES}");
    let agreeing = BASELINE.lines().count();
    assert!(agreeing + differing >= RECORDED_CASES, "{agreeing} agree, {differing} are known to differ");
}

#[test]
fn the_baseline_is_sorted_and_names_each_case_once() {
    assert!(BASELINE.lines().is_sorted_by(|a, b| a < b));
}

#[test]
fn a_malformed_ledger_is_noticed() {
    let id = "v2/a/test_b::TestB::test_c#d";
    for (ledger, want) in [
        (id.to_owned(), "is not `id # reason`"),
        (format!("{id} # no"), "gives no reason"),
        (format!("nonsense # {0} {0} {0} {0} {0}", "word"), "does not begin with a case's id"),
        (format!("{id} # the clock was wrong then\n{id} # the clock was wrong then"), "is there twice"),
    ] {
        let found = problems(&ledger, "");
        assert!(found.iter().any(|p| p.contains(want)), "{ledger}: {found:?}");
    }
    let found = problems(&format!("{id} # the clock was wrong then"), id);
    assert!(found[0].contains("is in the baseline, too"), "{found:?}");
}
