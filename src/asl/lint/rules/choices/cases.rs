//! Every case that the tests of a Choice tell apart: for each variable the values around those it is compared with.

use crate::expr::choice::Rule;
use crate::expr::env::Nowhere;
use crate::value::Value;

/// How many cases are looked at.
const MOST: usize = 20_000;

/// The index of a sample, for each variable.
pub(super) type Case = Vec<usize>;

/// The tests of a Choice and what they look at.
pub(super) struct Table {
    /// Whether a variable is taken to have the type that its tests compare, which is what people mean.
    expects_types: bool,
    variables: Vec<Variable>,
    tests: Vec<Test>,
}

struct Variable {
    name: String,
    /// Operators and operands it is tested with.
    tested: Vec<(String, Value)>,
    /// A condition that cannot be looked into.
    is_opaque: bool,
    samples: Vec<Sample>,
}

struct Sample {
    /// None: absent.
    value: Option<Value>,
    words: String,
}

struct Test {
    variable: usize,
    rule: Option<Rule>,
    is_presence: Option<bool>,
    /// For each sample of the variable.
    truths: Vec<Option<bool>>,
}

impl Table {
    pub(super) fn new(expects_types: bool) -> Table {
        Table { expects_types, variables: Vec::new(), tests: Vec::new() }
    }

    fn variable(&mut self, name: &str, is_opaque: bool) -> usize {
        if let Some(i) = self.variables.iter().position(|v| v.name == name && v.is_opaque == is_opaque) {
            return i;
        }
        let name = name.to_owned();
        self.variables.push(Variable { name, tested: Vec::new(), is_opaque, samples: Vec::new() });
        self.variables.len() - 1
    }

    /// Enters a test of a variable.
    pub(super) fn test(&mut self, variable: &str, operator: &str, operand: &Value) -> usize {
        // A comparison with what another path finds is one with an unknown, but fixed, value.
        let (name, operator, operand) = match operator.strip_suffix("Path") {
            Some(plain) => {
                let fixed = match plain {
                    _ if plain.starts_with("Numeric") => Value::from(0),
                    _ if plain.starts_with("Boolean") => Value::Bool(true),
                    _ if plain.starts_with("Timestamp") => Value::from("2024-01-01T00:00:00Z"),
                    _ => Value::from("m"),
                };
                (format!("{variable} and {}", operand.as_str().unwrap_or_default()), plain, fixed)
            }
            None => (variable.to_owned(), operator, operand.clone()),
        };
        let at = self.variable(&name, false);
        self.variables[at].tested.push((operator.to_owned(), operand.clone()));
        let rule = Value::object([("Variable", Value::from("$.v")), (operator, operand.clone())]);
        let is_presence = (operator == "IsPresent").then(|| operand.as_bool() == Some(true));
        self.tests.push(Test { variable: at, rule: Rule::parse(&rule).ok(), is_presence, truths: Vec::new() });
        self.tests.len() - 1
    }

    /// Enters a condition that cannot be looked into; the same text is the same test.
    pub(super) fn opaque_test(&mut self, text: &str) -> usize {
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let at = self.variable(&text, true);
        self.tests.push(Test { variable: at, rule: None, is_presence: None, truths: Vec::new() });
        self.tests.len() - 1
    }

    /// How many conditions cannot be looked into.
    pub(super) fn opaque(&self) -> usize {
        self.variables.iter().filter(|v| v.is_opaque).count()
    }

    /// Whether the cases are all there can be.
    pub(super) fn is_exhaustive(&self) -> bool {
        self.variables.iter().all(|v| {
            let instants = v.tested.iter().filter(|(operator, _)| operator.starts_with("Timestamp")).count();
            instants <= 1 && !v.tested.iter().any(|(operator, _)| operator == "StringMatches")
        })
    }

    /// Every combination of samples; none where there are too many to look at.
    pub(super) fn cases(&mut self) -> Option<Vec<Case>> {
        let expects_types = self.expects_types;
        self.variables.iter_mut().for_each(|v| v.samples = v.samples(expects_types));
        let count = self.variables.iter().try_fold(1_usize, |n, v| n.checked_mul(v.samples.len()))?;
        if count.checked_mul(self.tests.len() + 1)? > MOST * 8 || count > MOST {
            return None;
        }
        for test in &mut self.tests {
            let variable = &self.variables[test.variable];
            test.truths = variable.samples.iter().map(|sample| test.holds(sample)).collect();
        }
        let mut cases: Vec<Case> = vec![Vec::new()];
        for variable in &self.variables {
            cases = cases
                .into_iter()
                .flat_map(|case| (0..variable.samples.len()).map(move |i| case.iter().copied().chain([i]).collect()))
                .collect();
        }
        Some(cases)
    }

    /// Whether a test holds in a case.
    pub(super) fn holds(&self, test: usize, case: &Case) -> Option<bool> {
        let test = self.tests.get(test)?;
        *test.truths.get(*case.get(test.variable)?)?
    }

    /// A case in words: ``where `$.status` is another text``.
    pub(super) fn describe(&self, case: &Case) -> String {
        let parts: Vec<String> = self
            .variables
            .iter()
            .zip(case)
            .filter(|(variable, _)| !variable.is_opaque)
            .filter_map(|(variable, i)| Some(format!("`{}` is {}", variable.name, variable.samples.get(*i)?.words)))
            .collect();
        match parts.as_slice() {
            [] => "when its condition does not".to_owned(),
            [_, _, _, _, ..] => "for some values".to_owned(),
            _ => format!("where {}", parts.join(" and ")),
        }
    }
}

impl Variable {
    fn samples(&self, expects_types: bool) -> Vec<Sample> {
        let sample = |value: Value, words: &str| Sample { value: Some(value), words: words.to_owned() };
        if self.is_opaque {
            return vec![sample(Value::Bool(false), "false"), sample(Value::Bool(true), "true")];
        }
        let of = |family: &'static str| {
            self.tested.iter().filter(move |(o, _)| o.starts_with(family)).map(|(_, v)| v.clone())
        };
        let has = |family: &'static str| of(family).next().is_some();
        // What is compared as a number is expected to be one; what is only asked for its type may be anything.
        let is_typed = ["String", "Numeric", "Boolean", "Timestamp"].iter().any(|family| has(family));
        let any = !expects_types || !is_typed;
        let asks_type = self.tested.iter().any(|(o, _)| o.starts_with("Is") && o != "IsPresent");
        let any = any || asks_type;
        let mut samples = Vec::new();
        if any || has("String") {
            samples.push(sample(Value::from("\u{10ffff}"), "another text"));
            let texts: Vec<Value> = of("String").collect();
            for text in &texts {
                let word = text.as_str().unwrap_or_default();
                samples.push(sample(text.clone(), &format!("`{text}`")));
                samples.push(sample(Value::from(format!("{word}\u{0}").as_str()), "another text"));
            }
            samples.push(sample(Value::from(""), "an empty text"));
        }
        if any || has("Numeric") {
            let mut numbers: Vec<f64> = of("Numeric").filter_map(|v| v.as_f64()).collect();
            numbers.sort_by(f64::total_cmp);
            numbers.dedup();
            let first = numbers.first().copied().unwrap_or(0.0);
            let last = numbers.last().copied().unwrap_or(0.0);
            let between: Vec<f64> =
                numbers.windows(2).filter_map(|pair| Some(pair.first()?.midpoint(*pair.get(1)?))).collect();
            for number in numbers.iter().copied().chain([last + 1.0, first - 1.0]).chain(between) {
                samples.push(sample(Value::from_f64(number), &format!("`{number}`")));
            }
        }
        if any || has("Boolean") {
            samples.push(sample(Value::Bool(true), "`true`"));
            samples.push(sample(Value::Bool(false), "`false`"));
        }
        if any || has("Timestamp") {
            for instant in of("Timestamp") {
                samples.push(sample(instant.clone(), &format!("`{instant}`")));
            }
            samples.push(sample(Value::from("0001-01-01T00:00:00Z"), "an early time"));
            samples.push(sample(Value::from("9999-01-01T00:00:00Z"), "a late time"));
        }
        if any {
            samples.push(sample(Value::Null, "`null`"));
            samples.push(sample(Value::array(Vec::new()), "an array"));
            samples.push(sample(Value::empty_object(), "an object"));
        }
        if !expects_types || has("IsPresent") {
            samples.push(Sample { value: None, words: "absent".to_owned() });
        }
        samples
    }
}

impl Test {
    fn holds(&self, sample: &Sample) -> Option<bool> {
        let Some(value) = &sample.value else { return self.is_presence.map(|present| !present) };
        match &self.rule {
            Some(rule) => rule.matches(&Value::object([("v", value.clone())]), &Nowhere).ok(),
            None => value.as_bool(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::formula::Formula;
    use super::*;
    use crate::source::{Format, Source, parse};

    fn uncovered(rules: &str) -> Option<String> {
        let source = std::sync::Arc::new(Source::new("x", rules));
        let node = parse(&source, Format::Json).unwrap();
        let mut table = Table::new(true);
        let formulas: Vec<Formula> = node.items().iter().map(|rule| Formula::of(rule, &mut table)).collect();
        let cases = table.cases().unwrap();
        let case = cases.iter().find(|case| formulas.iter().all(|f| f.holds(&table, case) == Some(false)))?;
        Some(table.describe(case))
    }

    #[test]
    fn complementary_rules_cover_everything() {
        for rules in [
            r#"[{"Variable": "$.a", "IsPresent": true}, {"Not": {"Variable": "$.a", "IsPresent": true}}]"#,
            r#"[{"Variable": "$.a", "NumericLessThan": 7}, {"Variable": "$.a", "NumericGreaterThanEquals": 7}]"#,
            r#"[{"Variable": "$.a", "NumericLessThanPath": "$.b"}, {"Variable": "$.a", "NumericGreaterThanEqualsPath": "$.b"}]"#,
            r#"[{"Variable": "$.a", "BooleanEquals": true}, {"Variable": "$.a", "BooleanEquals": false}]"#,
            r#"[{"Variable": "$.a", "StringEquals": "x"}, {"Not": {"Variable": "$.a", "StringEquals": "x"}}]"#,
            r#"[{"Variable": "$.a", "StringMatches": "*"}]"#,
            r#"[{"Condition": "{% $a >= 3 %}"}, {"Condition": "{% $a < 3 %}"}]"#,
            r#"[{"Condition": "{% $odd($a) %}"}, {"Condition": "{% $not($odd($a)) %}"}]"#,
            r#"[{"Condition": "{% $a = 'x' %}"}, {"Condition": true}]"#,
        ] {
            assert_eq!(uncovered(rules), None, "{rules}");
        }
    }

    #[test]
    fn a_gap_is_told_by_a_value_in_it() {
        for (rules, want) in [
            (r#"[{"Variable": "$.a", "StringEquals": "x"}]"#, "where `$.a` is another text"),
            (
                r#"[{"Variable": "$.a", "NumericLessThan": 7}, {"Variable": "$.a", "NumericGreaterThan": 7}]"#,
                "where `$.a` is `7`",
            ),
            (r#"[{"Variable": "$.a", "IsPresent": true}]"#, "where `$.a` is absent"),
            (r#"[{"Variable": "$.a", "BooleanEquals": true}]"#, "where `$.a` is `false`"),
            (r#"[{"Condition": "{% $odd($a) %}"}]"#, "when its condition does not"),
        ] {
            assert_eq!(uncovered(rules).as_deref(), Some(want), "{rules}");
        }
    }
}
