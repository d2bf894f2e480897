//! A rule as a formula over tests.

use super::cases::{Case, Table};
use crate::expr::jsonata_template::delimited;
use crate::source::{Node, NodeKind};
use crate::value::Value;

/// What a rule comes to.
#[derive(Clone, Debug)]
pub(super) enum Formula {
    Constant(bool),
    /// A test in the table.
    Test(usize),
    Not(Box<Formula>),
    And(Vec<Formula>),
    Or(Vec<Formula>),
}

/// What of a rule is no operator.
const NO_OPERATORS: &[&str] = &["Variable", "Next", "Comment", "Assign", "Output"];

/// JSONata's comparisons, those of two characters first.
const COMPARISONS: &[(&str, &str, bool)] = &[
    ("!=", "Equals", false),
    ("<=", "LessThanEquals", true),
    (">=", "GreaterThanEquals", true),
    ("=", "Equals", true),
    ("<", "LessThan", true),
    (">", "GreaterThan", true),
];

impl Formula {
    /// Reads a rule, and enters its tests in the table.
    pub(super) fn of(rule: &Node, table: &mut Table) -> Formula {
        if let Some(condition) = rule.get("Condition") {
            return Formula::of_condition(condition, table);
        }
        if let Some(inner) = rule.get("Not") {
            return Formula::Not(Box::new(Formula::of(inner, table)));
        }
        if let Some(list) = rule.get("And") {
            return Formula::And(list.items().iter().map(|inner| Formula::of(inner, table)).collect());
        }
        if let Some(list) = rule.get("Or") {
            return Formula::Or(list.items().iter().map(|inner| Formula::of(inner, table)).collect());
        }
        let variable = rule.get("Variable").and_then(Node::as_str).map(|s| &**s).unwrap_or_default();
        let Some(member) = rule.members().iter().find(|m| !NO_OPERATORS.contains(&&*m.key)) else {
            return Formula::Test(table.opaque_test(""));
        };
        Formula::Test(table.test(variable, &member.key, &member.value.to_value()))
    }

    fn of_condition(condition: &Node, table: &mut Table) -> Formula {
        let text = match &condition.kind {
            NodeKind::Bool(truth) => return Formula::Constant(*truth),
            NodeKind::String(text) => delimited(text).unwrap_or(text),
            _ => return Formula::Test(table.opaque_test("")),
        };
        Formula::of_expression(text, table)
    }

    fn of_expression(text: &str, table: &mut Table) -> Formula {
        match text {
            "true" => return Formula::Constant(true),
            "false" => return Formula::Constant(false),
            _ => {}
        }
        if let Some(inner) = text.strip_prefix("$not(").and_then(|t| t.strip_suffix(')')).filter(|t| is_balanced(t)) {
            return Formula::Not(Box::new(Formula::of_expression(inner.trim(), table)));
        }
        for (sign, operator, is_positive) in COMPARISONS {
            let Some((left, right)) = text.split_once(sign) else { continue };
            let (left, right) = (left.trim(), right.trim());
            let is_path = left.starts_with('$') && left.chars().all(|c| c.is_alphanumeric() || "$._".contains(c));
            let literal = match (right.strip_prefix('\''), right.strip_suffix('\'')) {
                (Some(_), Some(_)) if right.len() > 1 && right.matches('\'').count() == 2 => {
                    Some(Value::from(right.trim_matches('\'')))
                }
                _ => Value::parse(right).ok(),
            };
            let family = match literal {
                Some(Value::String(_)) => "String",
                Some(Value::Number(_)) => "Numeric",
                Some(Value::Bool(_)) if *operator == "Equals" => "Boolean",
                _ => break,
            };
            let (true, Some(literal)) = (is_path, literal) else { break };
            let test = Formula::Test(table.test(left, &format!("{family}{operator}"), &literal));
            return if *is_positive { test } else { Formula::Not(Box::new(test)) };
        }
        Formula::Test(table.opaque_test(text))
    }

    /// Whether it holds in a case; `None` where it fails, because something is absent.
    pub(super) fn holds(&self, table: &Table, case: &Case) -> Option<bool> {
        match self {
            Formula::Constant(truth) => Some(*truth),
            Formula::Test(test) => table.holds(*test, case),
            Formula::Not(inner) => Some(!inner.holds(table, case)?),
            Formula::And(list) => {
                for inner in list {
                    if !inner.holds(table, case)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Formula::Or(list) => {
                for inner in list {
                    if inner.holds(table, case)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
        }
    }
}

fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    text.chars().all(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth >= 0
    })
}
