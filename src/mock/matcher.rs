//! Expected values: a JSON value in which parts can be matchers.

use std::cmp::Ordering;
use std::fmt;

use regex::Regex;

use super::text::brief;
use crate::diagnostic::did_you_mean;
use crate::expr::env::Nowhere;
use crate::expr::jsonata::{Expression, JsonataError, Outcome};
use crate::expr::jsonata_template::delimited;
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// The deepest expectation that is read.
const MAX_DEPTH: usize = 128;

/// An expected value, ready to be held against actual ones: a JSON value in which parts can be matchers.
///
/// Scalars are compared exactly, arrays element by element, and an object matches one that has at least its members.
/// An object whose members begin with `$` holds matchers, all of which must hold:
///
/// | matcher | holds for |
/// |---|---|
/// | `$any` | whatever there is |
/// | `$absent` | a member that is not there |
/// | `$regex: "…"` | a string in which the pattern is found |
/// | `$uuid`, `$timestamp` | a string of that form |
/// | `$gt $gte $lt $lte: x` | numbers, or strings in the order of their characters, which is time's for timestamps |
/// | `$contains: x` | a string with this part, an array with a matching element |
/// | `$length: n` | strings, arrays and objects of this length, which may be a matcher, too |
/// | `$exactly: x` | this value, without members left over |
/// | `$not: x` | what does not match |
/// | `$jsonata: "…"` | what the expression says `true` of; it sees the value as its input and as `$value` |
///
/// The four that need no argument can be written as strings, too: `id: $uuid`.
///
/// ```
/// use rehearsal::mock::Matcher;
/// use rehearsal::value::Value;
///
/// let expected = Value::parse(r#"{"id": "$uuid", "total": {"$gte": 10, "$lt": 100}}"#)?;
/// let matcher = Matcher::new(&expected).unwrap();
/// let order = Value::parse(r#"{"id": "1f0e8d2c-5b5e-4a64-9f7b-0d1c2b3a4f5e", "total": 7, "lines": []}"#)?;
/// assert_eq!(matcher.check(&order).unwrap_err().to_string(), "`total` is 7, expected a value of at least 10");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Matcher(Rule);

#[derive(Clone, Debug)]
enum Rule {
    Scalar(Value),
    Elements(Vec<Rule>),
    Members(Vec<(Str, Rule)>),
    All(Vec<Test>),
}

#[derive(Clone, Debug)]
enum Test {
    Any,
    Absent,
    Regex(Regex),
    Uuid,
    Timestamp,
    Order(Comparison, Value),
    Contains(Box<Rule>),
    Length(Box<Rule>),
    Exactly(Value),
    Not(Box<Rule>, Value),
    Jsonata(Expression),
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Greater,
    AtLeast,
    Less,
    AtMost,
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Greater => order.is_gt(),
            Comparison::AtLeast => order.is_ge(),
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
        }
    }
    fn words(self) -> &'static str {
        match self {
            Comparison::Greater => "above",
            Comparison::AtLeast => "of at least",
            Comparison::Less => "below",
            Comparison::AtMost => "of at most",
        }
    }
}

/// A matcher's name and how its argument is read. The path is that of the argument.
type Operator = (&'static str, fn(&Value, &mut Vec<String>) -> Result<Test, MatcherError>);

const OPERATORS: [Operator; 14] = [
    ("$any", |v, at| plain(v, at, Test::Any)),
    ("$absent", |v, at| plain(v, at, Test::Absent)),
    ("$uuid", |v, at| plain(v, at, Test::Uuid)),
    ("$timestamp", |v, at| plain(v, at, Test::Timestamp)),
    ("$regex", |v, at| {
        let pattern = v.as_str().ok_or_else(|| MatcherError::new(at, "`$regex` takes a string"))?;
        Regex::new(pattern).map(Test::Regex).map_err(|e| {
            let why = e.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            MatcherError::new(at, format!("`$regex` cannot be read: {why}"))
        })
    }),
    ("$gt", |v, at| order(v, at, Comparison::Greater)),
    ("$gte", |v, at| order(v, at, Comparison::AtLeast)),
    ("$lt", |v, at| order(v, at, Comparison::Less)),
    ("$lte", |v, at| order(v, at, Comparison::AtMost)),
    ("$contains", |v, at| Ok(Test::Contains(Box::new(rule(v, at)?)))),
    ("$length", |v, at| match v.as_whole() {
        Some(..0) => Err(MatcherError::new(at, "a length is not negative")),
        None if v.as_object().is_none() => Err(MatcherError::new(at, "`$length` takes a whole number or a matcher")),
        _ => Ok(Test::Length(Box::new(rule(v, at)?))),
    }),
    ("$exactly", |v, _| Ok(Test::Exactly(v.clone()))),
    ("$not", |v, at| Ok(Test::Not(Box::new(rule(v, at)?), v.clone()))),
    ("$jsonata", |v, at| {
        let text = v.as_str().ok_or_else(|| {
            MatcherError::new(at, "`$jsonata` takes an expression").help("write `{ $jsonata: \"total > 10\" }`")
        })?;
        let source = delimited(text.trim()).unwrap_or(text.trim());
        let refused = |e: JsonataError| MatcherError::new(at, format!("`$jsonata` cannot be read: {}", e.message));
        Expression::parse(source).map(Test::Jsonata).map_err(refused)
    }),
];

/// The names of all matchers.
#[cfg(test)]
pub(crate) fn words() -> Vec<&'static str> {
    OPERATORS.iter().map(|(name, _)| *name).collect()
}

/// The matchers that can be written as a string.
const WORDS: [(&str, Test); 4] =
    [("$any", Test::Any), ("$absent", Test::Absent), ("$uuid", Test::Uuid), ("$timestamp", Test::Timestamp)];

fn plain(argument: &Value, at: &[String], test: Test) -> Result<Test, MatcherError> {
    match argument {
        Value::Null | Value::Bool(true) => Ok(test),
        _ => Err(MatcherError::new(at, "this matcher takes no argument").help("write `true` after it")),
    }
}

fn order(bound: &Value, at: &[String], comparison: Comparison) -> Result<Test, MatcherError> {
    match bound {
        Value::Number(_) | Value::String(_) => Ok(Test::Order(comparison, bound.clone())),
        _ => Err(MatcherError::new(at, "only numbers and strings can be compared")),
    }
}

fn rule(expected: &Value, at: &mut Vec<String>) -> Result<Rule, MatcherError> {
    if at.len() > MAX_DEPTH {
        return Err(MatcherError::new(at, format!("the expectation nests deeper than {MAX_DEPTH} levels")));
    }
    let mut below = |step: &str, value: &Value| {
        at.push(step.to_owned());
        let rule = rule(value, at);
        at.pop();
        rule
    };
    match expected {
        Value::String(s) => {
            let word = WORDS.iter().find(|(word, _)| **word == **s);
            let names = WORDS.iter().map(|(word, _)| *word);
            if word.is_none()
                && s.starts_with('$')
                && let Some(near) = did_you_mean(s, names)
            {
                let help = format!("did you mean `{near}`? to compare with this very text, use `$exactly`");
                return Err(MatcherError::new(at, format!("there is no matcher `{s}`")).help(help));
            }
            Ok(word.map_or_else(|| Rule::Scalar(expected.clone()), |(_, test)| Rule::All(vec![test.clone()])))
        }
        Value::Array(a) => {
            let elements = a.iter().enumerate().map(|(i, v)| below(&i.to_string(), v));
            Ok(Rule::Elements(elements.collect::<Result<_, _>>()?))
        }
        Value::Object(o) if o.keys().any(|k| k.starts_with('$')) => tests(o, at),
        Value::Object(o) => {
            let members = o.iter().map(|(k, v)| Ok((k.clone(), below(k, v)?)));
            Ok(Rule::Members(members.collect::<Result<_, _>>()?))
        }
        _ => Ok(Rule::Scalar(expected.clone())),
    }
}

fn tests(matchers: &crate::value::Map, at: &mut Vec<String>) -> Result<Rule, MatcherError> {
    let mut tests = Vec::new();
    for (name, argument) in matchers.iter() {
        at.push(name.to_string());
        if !name.starts_with('$') {
            let message = format!("`{name}` stands beside matchers, which take a whole object");
            return Err(MatcherError::new(at, message).help("to compare names that begin with `$`, use `$exactly`"));
        }
        let Some((_, read)) = OPERATORS.iter().find(|(known, _)| **known == **name) else {
            let near = did_you_mean(name, OPERATORS.iter().map(|(known, _)| *known));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "to compare names that begin with `$`, use `$exactly`".into(),
            };
            return Err(MatcherError::new(at, format!("there is no matcher `{name}`")).help(help));
        };
        tests.push(read(argument, at)?);
        at.pop();
    }
    Ok(Rule::All(tests))
}

impl Matcher {
    /// Reads an expected value.
    ///
    /// # Errors
    /// A matcher that does not exist, or whose argument it cannot use.
    pub fn new(expected: &Value) -> Result<Matcher, MatcherError> {
        rule(expected, &mut Vec::new()).map(Matcher)
    }
    /// Reads an expected value that a test's author wrote as code.
    #[track_caller]
    pub(super) fn expect_new(expected: &Value) -> Matcher {
        // Arranging a test goes wrong only by a slip of its author, who reads this; hence the panic.
        match Matcher::new(expected) {
            Ok(matcher) => matcher,
            Err(error) => panic!("{error}"),
        }
    }
    /// Whether the expectation is met by nothing being there.
    pub(crate) fn check_absent(&self) -> bool {
        check(&self.0, None, &mut Vec::new()).is_ok()
    }
    /// Holds an actual value against the expectation.
    ///
    /// # Errors
    /// The first difference, as deep inside as it can be told.
    pub fn check(&self, actual: &Value) -> Result<(), Mismatch> {
        check(&self.0, Some(actual), &mut Vec::new())
    }
}

/// A matcher that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatcherError {
    /// The way to it in the expected value: member names and array indices.
    pub path: Vec<String>,
    /// What is wrong: one lower-case sentence.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl MatcherError {
    fn new(path: &[String], message: impl Into<String>) -> MatcherError {
        MatcherError { path: path.to_vec(), message: message.into(), help: None }
    }
    fn help(self, help: impl Into<String>) -> MatcherError {
        MatcherError { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for MatcherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at `{}`", self.message, self.path.join("/"))?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl std::error::Error for MatcherError {}

/// Where and how an actual value differs from what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The way to the difference: `Item.id[0]`; empty for the whole value.
    pub path: String,
    /// What was expected, in words or as JSON.
    pub expected: String,
    /// What there is, as JSON; `None` for what is not there.
    pub actual: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.path.is_empty() { "it".to_owned() } else { format!("`{}`", self.path) };
        match &self.actual {
            Some(actual) => write!(f, "{whole} is {actual}, expected {}", self.expected),
            None => write!(f, "{whole} is missing, expected {}", self.expected),
        }
    }
}

#[derive(Clone, Debug)]
enum PathPart<'a> {
    Member(&'a str),
    Element(usize),
}

fn mismatch(path: &[PathPart<'_>], actual: Option<&Value>, expected: impl Into<String>) -> Mismatch {
    let mut text = String::new();
    for part in path {
        match part {
            PathPart::Member(name) if text.is_empty() => text.push_str(name),
            PathPart::Member(name) => text += &format!(".{name}"),
            PathPart::Element(i) => text += &format!("[{i}]"),
        }
    }
    Mismatch { path: text, expected: expected.into(), actual: actual.map(brief) }
}

fn check<'a>(rule: &'a Rule, actual: Option<&Value>, path: &mut Vec<PathPart<'a>>) -> Result<(), Mismatch> {
    match rule {
        Rule::Scalar(expected) if actual == Some(expected) => Ok(()),
        Rule::Scalar(expected) => Err(mismatch(path, actual, brief(expected))),
        Rule::Elements(rules) => {
            let Some(elements) = actual.and_then(Value::as_array).filter(|a| a.len() == rules.len()) else {
                return Err(mismatch(path, actual, format!("an array of length {}", rules.len())));
            };
            for (i, (rule, element)) in rules.iter().zip(elements).enumerate() {
                path.push(PathPart::Element(i));
                check(rule, Some(element), path)?;
                path.pop();
            }
            Ok(())
        }
        Rule::Members(rules) => {
            let Some(members) = actual.and_then(Value::as_object) else {
                return Err(mismatch(path, actual, "an object"));
            };
            for (name, rule) in rules {
                path.push(PathPart::Member(name));
                check(rule, members.get(name), path)?;
                path.pop();
            }
            Ok(())
        }
        Rule::All(tests) => tests.iter().try_for_each(|test| check_one(test, actual, path)),
    }
}

fn check_one<'a>(test: &'a Test, actual: Option<&Value>, path: &mut Vec<PathPart<'a>>) -> Result<(), Mismatch> {
    let text = actual.and_then(Value::as_str);
    let need = |holds: bool, path: &[PathPart<'_>], expected: String| {
        if holds { Ok(()) } else { Err(mismatch(path, actual, expected)) }
    };
    match test {
        Test::Any => need(actual.is_some(), path, "any value".into()),
        Test::Absent => need(actual.is_none(), path, "nothing there".into()),
        Test::Regex(r) => need(text.is_some_and(|t| r.is_match(t)), path, format!("a string that matches /{r}/")),
        Test::Uuid => need(text.is_some_and(is_uuid), path, "a UUID".into()),
        Test::Timestamp => {
            need(text.is_some_and(|t| Timestamp::parse(t).is_some()), path, "an RFC 3339 timestamp".into())
        }
        Test::Order(comparison, bound) => {
            let holds = actual.and_then(|a| compare(a, bound)).is_some_and(|order| comparison.holds(order));
            need(holds, path, format!("a value {} {bound}", comparison.words()))
        }
        Test::Contains(part) => {
            let holds = match (actual, &**part) {
                (Some(Value::String(s)), Rule::Scalar(Value::String(wanted))) => s.contains(&**wanted),
                (Some(Value::Array(a)), part) => a.iter().any(|e| check(part, Some(e), &mut Vec::new()).is_ok()),
                _ => false,
            };
            let wanted =
                if let Rule::Scalar(v) = &**part { format!(" {}", brief(v)) } else { " what is described".into() };
            need(holds, path, format!("something that contains{wanted}"))
        }
        Test::Length(length) => {
            let actual_length = match actual {
                Some(Value::String(s)) => Some(s.chars().count()),
                Some(Value::Array(a)) => Some(a.len()),
                Some(Value::Object(o)) => Some(o.len()),
                _ => None,
            };
            let Some(n) = actual_length else { return need(false, path, "something that has a length".into()) };
            check(length, Some(&Value::from(n)), &mut Vec::new())
                .or_else(|m| need(false, path, format!("length {}, not {n}", m.expected)))
        }
        Test::Exactly(expected) => exactly(expected, actual, path),
        Test::Jsonata(expression) => jsonata(expression, actual, path),
        Test::Not(inner, shown) => {
            let holds = check(inner, actual, &mut Vec::new()).is_err();
            need(holds, path, format!("anything but {}", brief(shown)))
        }
    }
}

/// Asks an expression about a value.
fn jsonata(expression: &Expression, actual: Option<&Value>, path: &[PathPart<'_>]) -> Result<(), Mismatch> {
    let bindings: Vec<(&str, Value)> = actual.map(|value| ("value", value.clone())).into_iter().collect();
    let said = match expression.evaluate_with(actual, &bindings, &mut Nowhere) {
        Ok(Outcome::Value(Value::Bool(true))) => return Ok(()),
        Ok(Outcome::Value(Value::Bool(false))) => String::new(),
        Ok(Outcome::Value(value)) => format!(", which gives {}", brief(&value)),
        Ok(Outcome::Undefined) => ", which gives nothing".to_owned(),
        Ok(Outcome::Unsupported) => ", which gives a function".to_owned(),
        Err(error) => format!(", which fails: {}", error.message),
    };
    Err(mismatch(path, actual, format!("a value of which `{}` is true{said}", expression.source())))
}

/// Looks for the smallest difference between two values that must be equal.
fn exactly<'a>(expected: &'a Value, actual: Option<&Value>, path: &mut Vec<PathPart<'a>>) -> Result<(), Mismatch> {
    let Some(value) = actual.filter(|a| *a != expected) else {
        return if actual.is_some() { Ok(()) } else { Err(mismatch(path, None, brief(expected))) };
    };
    match (expected, value) {
        (Value::Object(e), Value::Object(a)) => {
            for (name, member) in e.iter() {
                path.push(PathPart::Member(name));
                exactly(member, a.get(name), path)?;
                path.pop();
            }
            let extra: Vec<String> = a.keys().filter(|k| !e.contains_key(k)).map(|k| format!("`{k}`")).collect();
            Err(mismatch(path, actual, format!("no {} there", extra.join(", "))))
        }
        (Value::Array(e), Value::Array(a)) if e.len() == a.len() => {
            for (i, (member, other)) in e.iter().zip(a.iter()).enumerate() {
                path.push(PathPart::Element(i));
                exactly(member, Some(other), path)?;
                path.pop();
            }
            Err(mismatch(path, actual, brief(expected)))
        }
        _ => Err(mismatch(path, actual, brief(expected))),
    }
}

fn compare(actual: &Value, bound: &Value) -> Option<Ordering> {
    match (actual, bound) {
        (Value::String(a), Value::String(b)) => match (Timestamp::parse(a), Timestamp::parse(b)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => Some(a.cmp(b)),
        },
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        _ => None,
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(expected: &str, actual: &str) -> String {
        let parse = |text| Value::parse(text).unwrap();
        match Matcher::new(&parse(expected)).unwrap().check(&parse(actual)) {
            Ok(()) => "matches".into(),
            Err(mismatch) => mismatch.to_string(),
        }
    }

    #[test]
    fn objects_are_subsets_and_everything_else_is_exact() {
        let table = [
            (r#"{"a":1}"#, r#"{"a":1.0,"b":2}"#, "matches"),
            (r#"{"a":{"b":[1,{"c":2}]}}"#, r#"{"a":{"b":[1,{"c":2,"d":3}]}}"#, "matches"),
            (r#"{"a":{"b":[1,{"c":2}]}}"#, r#"{"a":{"b":[1,{"c":3}]}}"#, "`a.b[1].c` is 3, expected 2"),
            (r#"{"a":{"b":1}}"#, r#"{"a":{}}"#, "`a.b` is missing, expected 1"),
            (r#"{"a":{}}"#, r#"{"a":[]}"#, "`a` is [], expected an object"),
            ("[1]", "[1,2]", "it is [1,2], expected an array of length 1"),
            (r#""1""#, "1", "it is 1, expected \"1\""),
            ("null", "null", "matches"),
            (r#"{"a":null}"#, "{}", "`a` is missing, expected null"),
        ];
        for (expected, actual, want) in table {
            assert_eq!(difference(expected, actual), want, "{expected} against {actual}");
        }
    }

    #[test]
    fn a_misspelt_matcher_is_no_text() {
        let refused =
            |expected: &str| Matcher::new(&Value::parse(expected).unwrap()).map(|_| ()).map_err(|e| e.to_string());
        let want =
            "there is no matcher `$uid`, at `id`; did you mean `$uuid`? to compare with this very text, use `$exactly`";
        assert_eq!(refused(r#"{"id":"$uid"}"#), Err(want.to_owned()));
        assert_eq!(refused(r#"{"id":{"$exactly":"$uid"}}"#), Ok(()));
        assert_eq!(refused(r#"{"price":"$12.50"}"#), Ok(()));
    }

    #[test]
    fn every_matcher_holds_and_fails_as_it_should() {
        let uuid = r#"{"x":"0f8fad5b-d9cb-469f-a165-70867728950e"}"#;
        let table = [
            ("$any", r#"{"x":null}"#, "{}", "`x` is missing, expected any value"),
            ("$absent", "{}", r#"{"x":1}"#, "`x` is 1, expected nothing there"),
            ("$uuid", uuid, r#"{"x":"0f8fad5b"}"#, "`x` is \"0f8fad5b\", expected a UUID"),
            ("$timestamp", r#"{"x":"2024-01-01T00:00:00Z"}"#, r#"{"x":5}"#, "`x` is 5, expected an RFC 3339 timestamp"),
        ];
        for (word, good, bad, want) in table {
            for form in [format!(r#"{{"x":"{word}"}}"#), format!(r#"{{"x":{{"{word}":true}}}}"#)] {
                assert_eq!((difference(&form, good).as_str(), difference(&form, bad).as_str()), ("matches", want));
            }
        }
        let table = [
            (
                r#"{"$regex":"^o-\\d+$"}"#,
                r#""o-12""#,
                r#""o-x""#,
                r#"it is "o-x", expected a string that matches /^o-\d+$/"#,
            ),
            (r#"{"$gt":1}"#, "1.5", "1", "it is 1, expected a value above 1"),
            (
                r#"{"$jsonata":"{% $sum(lines.price) = total %}"}"#,
                r#"{"total":3,"lines":[{"price":1},{"price":2}]}"#,
                r#"{"total":4,"lines":[]}"#,
                r#"it is {"total":4,"lines":[]}, expected a value of which `$sum(lines.price) = total` is true"#,
            ),
            (
                r#"{"$jsonata":"$value > 5 ? true : $value * 2"}"#,
                "6",
                "2",
                "it is 2, expected a value of which `$value > 5 ? true : $value * 2` is true, which gives 4",
            ),
            (r#"{"$gte":1}"#, "1", "0", "it is 0, expected a value of at least 1"),
            (
                r#"{"$lt":"2024-01-01T00:00:00Z"}"#,
                r#""2024-01-01T01:00:00+02:00""#,
                "1",
                "it is 1, expected a value below \"2024-01-01T00:00:00Z\"",
            ),
            (r#"{"$lte":"b"}"#, r#""b""#, r#""c""#, "it is \"c\", expected a value of at most \"b\""),
            (r#"{"$gte":1,"$lt":3}"#, "2", "3", "it is 3, expected a value below 3"),
            (
                r#"{"$contains":"b"}"#,
                r#""abc""#,
                r#"["abc"]"#,
                "it is [\"abc\"], expected something that contains \"b\"",
            ),
            (
                r#"{"$contains":{"a":1}}"#,
                r#"[{"a":1,"b":2}]"#,
                "[]",
                "it is [], expected something that contains what is described",
            ),
            (r#"{"$length":2}"#, r#""äb""#, "[1]", "it is [1], expected length 2, not 1"),
            (r#"{"$length":{"$gt":1}}"#, r#"{"a":1,"b":2}"#, "7", "it is 7, expected something that has a length"),
            (
                r#"{"$exactly":{"a":[1]}}"#,
                r#"{"a":[1]}"#,
                r#"{"a":[1],"b":2}"#,
                "it is {\"a\":[1],\"b\":2}, expected no `b` there",
            ),
            (
                r#"{"$exactly":{"$any":[{"a":1}]}}"#,
                r#"{"$any":[{"a":1}]}"#,
                r#"{"$any":[{"a":2}]}"#,
                "`$any[0].a` is 2, expected 1",
            ),
            (r#"{"$not":{"a":1}}"#, r#"{"a":2}"#, r#"{"a":1}"#, "it is {\"a\":1}, expected anything but {\"a\":1}"),
        ];
        for (expected, good, bad, want) in table {
            assert_eq!((difference(expected, good).as_str(), difference(expected, bad).as_str()), ("matches", want));
        }
        assert_eq!(
            difference(r#"{"x":{"$not":"$absent"}}"#, "{}"),
            "`x` is missing, expected anything but \"$absent\""
        );
    }

    #[test]
    fn a_matcher_that_cannot_be_read_says_where_and_what_to_write() {
        let table = [
            (r#"{"a":[{"$regx":"x"}]}"#, "there is no matcher `$regx`, at `a/0/$regx`; did you mean `$regex`?"),
            (
                r#"{"$ref":1}"#,
                "there is no matcher `$ref`, at `$ref`; to compare names that begin with `$`, use `$exactly`",
            ),
            (
                r#"{"$any":true,"b":1}"#,
                "`b` stands beside matchers, which take a whole object, at `b`; to compare names that begin with `$`, use `$exactly`",
            ),
            (r#"{"$regex":"("}"#, "`$regex` cannot be read: unclosed group, at `$regex`"),
            (r#"{"$uuid":"v4"}"#, "this matcher takes no argument, at `$uuid`; write `true` after it"),
            (r#"{"$gt":[]}"#, "only numbers and strings can be compared, at `$gt`"),
            (r#"{"$length":-1}"#, "a length is not negative, at `$length`"),
            (r#"{"$length":"2"}"#, "`$length` takes a whole number or a matcher, at `$length`"),
        ];
        for (expected, want) in table {
            assert_eq!(Matcher::new(&Value::parse(expected).unwrap()).unwrap_err().to_string(), want);
        }
    }

    #[test]
    fn an_expectation_that_nests_without_end_is_refused() {
        let mut deep = Value::Null;
        for _ in 0..1000 {
            deep = Value::array(vec![deep]);
        }
        assert!(Matcher::new(&deep).unwrap_err().message.contains("deeper than 128"));
    }
}
