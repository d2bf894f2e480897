//! Choice rules of JSONPath states: a variable, an operator and what to compare with, combined by `And`, `Or` and
//! `Not`.

mod operator;
mod pattern;
mod words;

use crate::expr::env::Env;
use crate::expr::error::{ExprError, FieldError, Findings, did_you_mean};
use crate::expr::jsonpath::{PathError, PathErrorKind};
use crate::expr::query_path::QueryPath;
use crate::time::Timestamp;
use crate::value::{Map, Value};

pub use operator::operators;
use operator::{Action, Comparable, Comparison, Family, Kind, OPERATORS, Operator};
use pattern::Pattern;

/// How deeply rules may nest.
const MAX_DEPTH: usize = 64;

/// Members every outermost rule may have besides its operator.
const OUTER_MEMBERS: [&str; 4] = ["Variable", "Next", "Comment", "Assign"];
/// Members a rule inside `And`, `Or` or `Not` may have besides its operator.
const INNER_MEMBERS: [&str; 2] = ["Variable", "Comment"];
const COMBINATORS: [&str; 3] = ["And", "Or", "Not"];

/// A problem in a Choice rule.
pub type RuleError = FieldError;

/// One rule of a Choice state, read once.
#[derive(Clone, Debug)]
pub struct Rule {
    condition: Condition,
}

#[derive(Clone, Debug)]
enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Test { variable: QueryPath, test: Test },
}

#[derive(Clone, Debug)]
enum Test {
    Compare(Comparison, Operand),
    Matches(Pattern),
    Is(Kind, bool),
    IsPresent(bool),
}

/// What a value is compared with.
#[derive(Clone, Debug)]
enum Operand {
    Literal(Comparable),
    Path { family: Family, path: QueryPath },
}

impl Rule {
    /// Reads one element of `Choices`.
    ///
    /// # Errors
    /// Every problem in it: no operator or more than one, an unknown one, a missing `Variable`, a bad path, an
    /// operand of the wrong type, `Next` or `Assign` in a rule inside another.
    pub fn parse(rule: &Value) -> Result<Rule, Vec<RuleError>> {
        let mut findings = Findings::default();
        let condition = Condition::parse(rule, &OUTER_MEMBERS, MAX_DEPTH, &mut findings);
        match condition {
            Some(condition) if findings.errors.is_empty() => Ok(Rule { condition }),
            _ => Err(findings.errors),
        }
    }
    /// Whether the rule holds. `And` and `Or` look no further than they must.
    ///
    /// # Errors
    /// A path that finds nothing, unless the operator is `IsPresent`.
    pub fn matches(&self, input: &Value, env: &dyn Env) -> Result<bool, ExprError> {
        self.condition.holds(input, env)
    }
    /// Shows every path in the rule, in the order they are looked at.
    pub fn for_each_path(&self, show: &mut dyn FnMut(&QueryPath)) {
        self.condition.for_each_path(show);
    }
}

impl Condition {
    fn parse(rule: &Value, members: &[&'static str], depth: usize, findings: &mut Findings) -> Option<Condition> {
        let Some(depth) = depth.checked_sub(1) else {
            return findings.problem(format!("rules nest more than {MAX_DEPTH} levels deep"));
        };
        let Some(rule) = rule.as_object() else {
            return findings.problem(format!("a Choice rule is an object, but this is of type {}", rule.type_name()));
        };
        let is_operator = |name: &str| COMBINATORS.contains(&name) || operators().any(|o| o == name);
        let mut has_strangers = false;
        for name in rule.keys().filter(|n| !is_operator(n) && !members.iter().any(|m| m == &&***n)) {
            has_strangers = true;
            let message = match OUTER_MEMBERS.contains(&&**name) {
                true => format!("`{name}` belongs to the outermost rule, not to one inside `And`, `Or` or `Not`"),
                false if &**name == "Condition" => "`Condition` belongs to Choice rules of JSONata states".into(),
                false => {
                    let known = operators().chain(COMBINATORS).chain(members.iter().copied());
                    format!("a Choice rule has no member `{name}`{}", did_you_mean(name, known))
                }
            };
            findings.below(&**name, |f| f.problem::<()>(message));
        }
        let mut found = rule.iter().filter(|(name, _)| is_operator(name));
        match (found.next(), found.next()) {
            (Some((name, operand)), None) => Condition::parse_operator(rule, name, operand, depth, findings),
            (Some((first, _)), Some((second, _))) => {
                findings.problem(format!("a Choice rule has one operator, but this has `{first}` and `{second}`"))
            }
            // An unknown member is probably the operator misspelt; one complaint is enough.
            (None, _) if has_strangers => None,
            (None, _) => findings.problem("a Choice rule has an operator such as `StringEquals`, `And` or `Not`"),
        }
    }
    fn parse_operator(
        rule: &Map,
        name: &str,
        operand: &Value,
        depth: usize,
        findings: &mut Findings,
    ) -> Option<Condition> {
        if COMBINATORS.contains(&name) {
            if rule.contains_key("Variable") {
                findings.problem::<()>(format!("`{name}` combines rules, so this rule has no `Variable` of its own"));
            }
            return findings.below(name, |f| Condition::parse_combinator(name, operand, depth, f));
        }
        let variable = match rule.get("Variable") {
            Some(variable) => findings.below("Variable", |f| parse_path("Variable", variable, f)),
            None => findings.problem(format!("`{name}` needs a `Variable` to look at")),
        };
        let operator = OPERATORS.iter().find(|operator| operator.name == name)?;
        let test = findings.below(name, |f| Test::parse(operator, operand, f));
        Some(Condition::Test { variable: variable?, test: test? })
    }
    fn parse_combinator(name: &str, operand: &Value, depth: usize, findings: &mut Findings) -> Option<Condition> {
        if name == "Not" {
            let rule = Condition::parse(operand, &INNER_MEMBERS, depth, findings)?;
            return Some(Condition::Not(Box::new(rule)));
        }
        let rules = match operand.as_array() {
            Some(rules) if !rules.is_empty() => rules,
            _ => return findings.problem(format!("`{name}` takes a non-empty array of rules")),
        };
        let conditions: Vec<Option<Condition>> = rules
            .iter()
            .enumerate()
            .map(|(i, rule)| findings.below(i.to_string(), |f| Condition::parse(rule, &INNER_MEMBERS, depth, f)))
            .collect();
        let conditions = conditions.into_iter().collect::<Option<Vec<_>>>()?;
        Some(if name == "And" { Condition::And(conditions) } else { Condition::Or(conditions) })
    }
    fn holds(&self, input: &Value, env: &dyn Env) -> Result<bool, ExprError> {
        match self {
            Condition::And(conditions) => {
                for condition in conditions {
                    if !condition.holds(input, env)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Condition::Or(conditions) => {
                for condition in conditions {
                    if condition.holds(input, env)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Condition::Not(condition) => Ok(!condition.holds(input, env)?),
            Condition::Test { variable, test } => test.holds(variable, input, env),
        }
    }
    fn for_each_path(&self, show: &mut dyn FnMut(&QueryPath)) {
        match self {
            Condition::And(conditions) | Condition::Or(conditions) => {
                conditions.iter().for_each(|condition| condition.for_each_path(show));
            }
            Condition::Not(condition) => condition.for_each_path(show),
            Condition::Test { variable, test } => {
                show(variable);
                if let Test::Compare(_, Operand::Path { path, .. }) = test {
                    show(path);
                }
            }
        }
    }
}

impl Test {
    fn parse(operator: &Operator, operand: &Value, findings: &mut Findings) -> Option<Test> {
        let name = operator.name;
        let mut wrong = |wanted: &str| findings.problem(wrong_operand(name, wanted, operand));
        match operator.action {
            Action::Literal(Family::Instant, _) if operand.as_str().is_some_and(|s| Timestamp::parse(s).is_none()) => {
                findings.problem("String does not match RFC3339 timestamp")
            }
            Action::Literal(family, comparison) => match family.read(operand) {
                Some(literal) => Some(Test::Compare(comparison, Operand::Literal(literal))),
                None => wrong(family.wanted()),
            },
            Action::Path(family, comparison) => {
                let path = parse_path(name, operand, findings)?;
                Some(Test::Compare(comparison, Operand::Path { family, path }))
            }
            Action::Matches => match operand.as_str().map(Pattern::parse) {
                Some(Ok(pattern)) => Some(Test::Matches(pattern)),
                Some(Err(message)) => findings.problem(message),
                None => wrong("a string"),
            },
            Action::Is(kind) => match operand.as_bool() {
                Some(expected) => Some(Test::Is(kind, expected)),
                None => wrong("true or false"),
            },
            Action::IsPresent => match operand.as_bool() {
                Some(expected) => Some(Test::IsPresent(expected)),
                None => wrong("true or false"),
            },
        }
    }
    fn holds(&self, variable: &QueryPath, input: &Value, env: &dyn Env) -> Result<bool, ExprError> {
        let found = variable.select(input, env);
        if let Test::IsPresent(expected) = self {
            return match found {
                Err(error) if error.kind == PathErrorKind::Invalid => Err(invalid_path(variable, &error)),
                found => Ok(found.is_ok() == *expected),
            };
        }
        let value = found.map_err(|error| invalid_path(variable, &error))?;
        Ok(match self {
            Test::IsPresent(expected) => *expected,
            Test::Is(kind, expected) => kind.is_kind_of(&value) == *expected,
            Test::Matches(pattern) => value.as_str().is_some_and(|text| pattern.matches(text)),
            Test::Compare(comparison, Operand::Literal(literal)) => {
                let value = literal.family().read(&value);
                value.is_some_and(|value| comparison.holds(&value, literal))
            }
            Test::Compare(comparison, Operand::Path { family, path }) => {
                let other = path.select(input, env).map_err(|error| invalid_path(path, &error))?;
                let both = family.read(&value).zip(family.read(&other));
                both.is_some_and(|(value, other)| comparison.holds(&value, &other))
            }
        })
    }
}

fn parse_path(member: &str, text: &Value, findings: &mut Findings) -> Option<QueryPath> {
    let Some(path) = text.as_str() else {
        return findings.problem(wrong_operand(member, "a path", text));
    };
    match QueryPath::parse(path) {
        Ok(path) => Some(path),
        Err(error) => findings.syntax(format!("`{member}` must be a valid JSONPath"), error),
    }
}

fn wrong_operand(name: &str, wanted: &str, found: &Value) -> String {
    format!("`{name}` takes {wanted}, but this is of type {}", found.type_name())
}

fn invalid_path(path: &QueryPath, error: &PathError) -> ExprError {
    let message = format!("Invalid path '{path}': The choice state's condition path references an invalid value.");
    ExprError::path(error, message)
}

#[cfg(test)]
mod tests;
