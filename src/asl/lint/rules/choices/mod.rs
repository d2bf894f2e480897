//! Rules of a Choice: whether they cover all there can be, and whether each can be reached.

use super::super::Rule;
use super::super::subject::{Place, Subject};
use crate::asl::machine::{Choice, StateKind};
use crate::diagnostic::{Diagnostics, Severity};
use crate::source::Node;

mod cases;
mod formula;

use cases::Table;
use formula::Formula;

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "choice-no-default",
        severity: Severity::Warning,
        summary: "a Choice has no `Default`, and its rules do not cover every value",
        explanation: "An execution fails where no rule of a Choice holds and there is no `Default`; `Catch` does not exist \
there. Rules that cover everything between them need none: `IsPresent` true and false, `NumericLessThan` and \
`NumericGreaterThanEquals` of the same number, `BooleanEquals` true and false. Otherwise add a `Default`, if only to a \
Fail state that says what was unexpected.",
        example: r#"{
  "StartAt": "Route",
  "States": {
    "Route": {
      "Type": "Choice",
      "Choices": [
        {"Variable": "$.status", "StringEquals": "PAID", "Next": "Ship"},
        {"Variable": "$.status", "StringEquals": "OPEN", "Next": "Remind"}
      ]
    },
    "Ship": {"Type": "Succeed"},
    "Remind": {"Type": "Succeed"}
  }
}"#,
        check: no_default,
    },
    Rule {
        code: "choice-rule-unreachable",
        severity: Severity::Warning,
        summary: "a rule of a Choice never decides, because the rules before it take all its cases",
        explanation: "The first rule that holds decides. A rule whose cases are all taken by earlier ones never does, and \
neither does one that contradicts itself. Put the narrower rule first, or remove the one that is left over.",
        example: r#"{
  "StartAt": "Size",
  "States": {
    "Size": {
      "Type": "Choice",
      "Choices": [
        {"Variable": "$.total", "NumericGreaterThan": 10, "Next": "Medium"},
        {"Variable": "$.total", "NumericGreaterThan": 100, "Next": "Large"}
      ],
      "Default": "Small"
    },
    "Small": {"Type": "Succeed"},
    "Medium": {"Type": "Succeed"},
    "Large": {"Type": "Succeed"}
  }
}"#,
        check: unreachable,
    },
];

/// A Choice with more rules was written by a program.
const MOST_RULES: usize = 500;

/// The Choice states with their rules as written.
fn choices<'s, 'a>(subject: &'s Subject<'a>) -> impl Iterator<Item = (&'s Place<'a>, &'a Choice, &'a [Node])> {
    subject.places().filter_map(|place| match &place.state.kind {
        StateKind::Choice(choice) if choice.rules.len() <= MOST_RULES => {
            Some((place, choice, place.node.get("Choices")?.items()))
        }
        _ => None,
    })
}

fn no_default(subject: &Subject<'_>, found: &mut Diagnostics) {
    for (place, choice, rules) in choices(subject) {
        if choice.default.is_some() {
            continue;
        }
        let mut table = Table::new(true);
        let formulas: Vec<Formula> = rules.iter().map(|rule| Formula::of(rule, &mut table)).collect();
        // Two conditions that cannot be looked into may be each other's opposite.
        if table.opaque() > 1 || table.opaque() == 1 && rules.len() > 1 {
            continue;
        }
        let Some(cases) = table.cases() else { continue };
        let uncovered = cases
            .into_iter()
            .find(|case| formulas.iter().map(|f| f.holds(&table, case)).all(|holds| holds == Some(false)));
        let Some(case) = uncovered else { continue };
        let witness = table.describe(&case);
        let message = format!("`{}` has no `Default`, and no rule holds {witness}", place.state.name);
        let finding = place
            .warning("choice-no-default", "Choices", message, "the execution fails where none of these holds")
            .help("add a `Default`, if only to a Fail state that says what was unexpected");
        found.push(finding);
    }
}

fn unreachable(subject: &Subject<'_>, found: &mut Diagnostics) {
    for (place, _, rules) in choices(subject) {
        let mut table = Table::new(false);
        let formulas: Vec<Formula> = rules.iter().map(|rule| Formula::of(rule, &mut table)).collect();
        let Some(cases) = table.cases().filter(|_| table.is_exhaustive()) else { continue };
        // In how many cases each rule holds, and in how many of those another does.
        for (k, formula) in formulas.iter().enumerate() {
            let mine: Vec<_> = cases.iter().filter(|case| formula.holds(&table, case) == Some(true)).collect();
            let takes = |earlier: &Formula| mine.iter().all(|case| earlier.holds(&table, case) != Some(false));
            let earlier = formulas.get(..k).unwrap_or_default();
            let decides = mine.iter().any(|case| earlier.iter().all(|e| e.holds(&table, case) == Some(false)));
            let Some(node) = rules.get(k).filter(|_| !decides) else { continue };
            let way = format!("Choices[{k}]");
            let at = (way.as_str(), node.span);
            let next = node.get("Next").and_then(Node::as_str).map(|s| &**s).unwrap_or_default();
            if mine.is_empty() {
                let message = format!("the rule that leads to `{next}` contradicts itself");
                let finding = place.warning_at("choice-rule-unreachable", at, message, "never holds");
                found.push(finding.help("look at its conditions: they cannot hold together"));
                continue;
            }
            let message = format!("the rule that leads to `{next}` never decides: earlier rules take all its cases");
            let finding = place.warning_at("choice-rule-unreachable", at, message, "never decides");
            let taker = earlier.iter().zip(rules).find(|(formula, _)| takes(formula));
            found.push(match taker {
                Some((Formula::Constant(true), node)) => {
                    finding.also(node.span, "always holds").help("put this rule last, or use `Default`")
                }
                Some((taker, taken)) if mine.iter().all(|case| taker.holds(&table, case).is_none()) => finding
                    .also(taken.span, "fails where it would hold")
                    .help("ask with `IsPresent` before anything compares"),
                Some((taker, taken)) => {
                    let is_same = cases.iter().all(|case| taker.holds(&table, case) == formula.holds(&table, case));
                    let label = if is_same { "asks the same" } else { "holds whenever it does" };
                    let help = if is_same { "remove one of the two" } else { "put the narrower rule first" };
                    finding.also(taken.span, label).help(help)
                }
                None => finding.help("remove it, or change the rules before it"),
            });
        }
    }
}
