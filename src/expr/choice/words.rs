//! A rule in words: `total > 1000 and status = "PAID"`, for labels and messages.

use std::fmt;

use super::operator::{Comparable, Comparison, Kind};
use super::{Condition, Operand, Rule, Test};
use crate::expr::query_path::QueryPath;

/// The rule as people say it: names for paths, signs for comparisons.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.say(f, Binding::Loose)
    }
}

/// How tightly the words around a condition bind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Binding {
    Loose,
    And,
    Tight,
}

impl Condition {
    fn say(&self, f: &mut fmt::Formatter<'_>, around: Binding) -> fmt::Result {
        match self {
            Condition::And(all) => list(f, all, " and ", Binding::And, around == Binding::Tight),
            Condition::Or(any) => match alternatives(any) {
                Some((variable, operands)) => {
                    let operands: Vec<String> = operands.iter().map(ToString::to_string).collect();
                    write!(f, "{} = {}", Name(variable), operands.join(" or "))
                }
                None => any_of(f, any, around),
            },
            Condition::Not(inner) => match &**inner {
                Condition::Test { variable, test: Test::IsPresent(expected) } => is_present(f, variable, !expected),
                Condition::Test { variable, test: Test::Is(kind, expected) } => is_kind(f, variable, *kind, !expected),
                Condition::Test { variable, test: Test::Compare(Comparison::Equal, operand) } => {
                    write!(f, "{} ≠ {operand}", Name(variable))
                }
                inner => {
                    write!(f, "not ")?;
                    match inner {
                        Condition::Test { .. } | Condition::And(_) | Condition::Or(_) => {
                            write!(f, "(")?;
                            inner.say(f, Binding::Loose)?;
                            write!(f, ")")
                        }
                        Condition::Not(_) => inner.say(f, Binding::Tight),
                    }
                }
            },
            Condition::Test { variable, test } => match test {
                Test::Compare(comparison, operand) => write!(f, "{} {} {operand}", Name(variable), comparison.sign()),
                Test::Matches(pattern) => write!(f, "{} matches \"{pattern}\"", Name(variable)),
                Test::Is(kind, expected) => is_kind(f, variable, *kind, *expected),
                Test::IsPresent(expected) => is_present(f, variable, *expected),
            },
        }
    }
}

fn any_of(f: &mut fmt::Formatter<'_>, any: &[Condition], around: Binding) -> fmt::Result {
    list(f, any, " or ", Binding::Loose, around != Binding::Loose)
}

/// The one variable that all conditions compare, and the values of which it may have one.
fn alternatives(conditions: &[Condition]) -> Option<(&QueryPath, Vec<&Operand>)> {
    let one = |condition| match condition {
        &Condition::Test { ref variable, test: Test::Compare(Comparison::Equal, ref operand) } => {
            Some((variable, operand))
        }
        _ => None,
    };
    let all: Vec<(&QueryPath, &Operand)> = conditions.iter().map(one).collect::<Option<_>>()?;
    let (variable, _) = *all.first()?;
    let is_same = all.iter().all(|(other, _)| other.as_str() == variable.as_str());
    is_same.then(|| (variable, all.into_iter().map(|(_, operand)| operand).collect()))
}

fn list(f: &mut fmt::Formatter<'_>, all: &[Condition], word: &str, binding: Binding, enclose: bool) -> fmt::Result {
    // One rule alone is itself.
    let (binding, enclose) = if all.len() == 1 { (Binding::Tight, false) } else { (binding, enclose) };
    if enclose {
        write!(f, "(")?;
    }
    for (i, condition) in all.iter().enumerate() {
        if i > 0 {
            write!(f, "{word}")?;
        }
        condition.say(f, binding)?;
    }
    if enclose { write!(f, ")") } else { Ok(()) }
}

fn is_present(f: &mut fmt::Formatter<'_>, variable: &QueryPath, is: bool) -> fmt::Result {
    write!(f, "{} is {}", Name(variable), if is { "present" } else { "absent" })
}

fn is_kind(f: &mut fmt::Formatter<'_>, variable: &QueryPath, kind: Kind, is: bool) -> fmt::Result {
    let not = if is { "" } else { "not " };
    write!(f, "{} is {not}{}", Name(variable), kind.words())
}

/// A path without what every path begins with.
struct Name<'a>(&'a QueryPath);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_str();
        match text.strip_prefix("$.") {
            _ if text == "$" => write!(f, "input"),
            Some(name) if !name.starts_with('.') => write!(f, "{name}"),
            _ => write!(f, "{text}"),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operand::Literal(Comparable::Text(text)) => write!(f, "\"{text}\""),
            Operand::Literal(Comparable::Number(number)) => write!(f, "{number}"),
            Operand::Literal(Comparable::Instant(instant)) => {
                let text = instant.to_string();
                match text.strip_suffix(".000Z") {
                    Some(whole) => write!(f, "{whole}Z"),
                    None => write!(f, "{text}"),
                }
            }
            Operand::Literal(Comparable::Truth(truth)) => write!(f, "{truth}"),
            Operand::Path { path, .. } => write!(f, "{}", Name(path)),
        }
    }
}

impl Comparison {
    fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::Less => "<",
            Comparison::Greater => ">",
            Comparison::LessOrEqual => "≤",
            Comparison::GreaterOrEqual => "≥",
        }
    }
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Numeric => "a number",
            Kind::String => "a string",
            Kind::Boolean => "a boolean",
            Kind::Timestamp => "a timestamp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn rules_are_said_in_words() {
        for (rule, words) in [
            (r#"{"Variable": "$.order.total", "NumericGreaterThan": 1000}"#, "order.total > 1000"),
            (r#"{"Variable": "$.status", "StringEquals": "PAID"}"#, r#"status = "PAID""#),
            (r#"{"Variable": "$.a", "NumericLessThanEqualsPath": "$.limits.a"}"#, "a ≤ limits.a"),
            (r#"{"Variable": "$.due", "TimestampLessThan": "2024-05-01T00:00:00Z"}"#, "due < 2024-05-01T00:00:00Z"),
            (r#"{"Variable": "$.name", "StringMatches": "log-\\*-*"}"#, r#"name matches "log-\*-*""#),
            (r#"{"Variable": "$$.Execution.Name", "IsString": true}"#, "$$.Execution.Name is a string"),
            (r#"{"Variable": "$", "IsNull": false}"#, "input is not null"),
            (r#"{"Variable": "$.paid", "BooleanEquals": true}"#, "paid = true"),
            (r#"{"Not": {"Variable": "$.a", "IsPresent": true}}"#, "a is absent"),
            (r#"{"Not": {"Variable": "$.a", "StringEquals": "x"}}"#, r#"a ≠ "x""#),
            (r#"{"Not": {"Variable": "$.a", "NumericLessThan": 1}}"#, "not (a < 1)"),
            (
                r#"{"And": [{"Variable": "$.a", "IsPresent": true},
                    {"Or": [{"Variable": "$.a", "NumericEquals": 1}, {"Variable": "$.a", "NumericEquals": 2}]}]}"#,
                "a is present and a = 1 or 2",
            ),
            (
                r#"{"Or": [{"And": [{"Variable": "$.a", "IsNumeric": true}, {"Variable": "$.b", "IsNumeric": true}]},
                    {"Not": {"Not": {"Variable": "$.c", "IsBoolean": true}}}]}"#,
                "a is a number and b is a number or not c is not a boolean",
            ),
        ] {
            let parsed = Rule::parse(&Value::parse(rule).unwrap()).unwrap();
            assert_eq!(parsed.to_string(), words, "{rule}");
        }
    }
}
