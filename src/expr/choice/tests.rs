use super::*;
use crate::expr::error::ExprErrorKind;

struct Surroundings;

impl Env for Surroundings {
    fn context(&self) -> Value {
        Value::parse(r#"{"State":{"RetryCount":2}}"#).unwrap()
    }
    fn variable(&self, name: &str) -> Option<Value> {
        (name == "limit").then(|| 10.into())
    }
    fn now_millis(&self) -> i64 {
        0
    }
    fn next_u64(&mut self) -> u64 {
        0
    }
}

fn parse(rule: &str) -> Result<Rule, Vec<RuleError>> {
    Rule::parse(&Value::parse(rule).unwrap())
}

fn matches(rule: &str, input: &str) -> Result<bool, ExprError> {
    let rule = parse(rule).unwrap_or_else(|e| panic!("{rule}: {e:?}"));
    rule.matches(&Value::parse(input).unwrap(), &Surroundings)
}

fn test(operator: &str, operand: &str, value: &str) -> bool {
    matches(&format!(r#"{{"Variable":"$.v","{operator}":{operand}}}"#), &format!(r#"{{"v":{value}}}"#)).unwrap()
}

#[test]
fn the_five_comparisons_order_strings_numbers_and_timestamps() {
    let families = [
        ("String", r#""b""#, [r#""a""#, r#""b""#, r#""ba""#]),
        ("Numeric", "2", ["1.5", "2.0", "3"]),
        (
            "Timestamp",
            r#""2024-01-01T00:00:00Z""#,
            [r#""2023-12-31T23:59:59Z""#, r#""2024-01-01T01:00:00+01:00""#, r#""2024-01-01T00:00:00.001Z""#],
        ),
    ];
    let comparisons = [
        ("Equals", [false, true, false]),
        ("LessThan", [true, false, false]),
        ("GreaterThan", [false, false, true]),
        ("LessThanEquals", [true, true, false]),
        ("GreaterThanEquals", [false, true, true]),
    ];
    for (family, operand, values) in families {
        for (comparison, expected) in comparisons {
            let operator = format!("{family}{comparison}");
            assert_eq!(values.map(|v| test(&operator, operand, v)), expected, "{operator}");
            let rule = format!(r#"{{"Variable":"$.v","{operator}Path":"$.o"}}"#);
            let by_path = |v| matches(&rule, &format!(r#"{{"v":{v},"o":{operand}}}"#)).unwrap();
            assert_eq!(values.map(by_path), expected, "{operator}Path");
        }
    }
}

#[test]
fn a_value_of_another_type_is_never_equal() {
    for (operator, operand, value) in [
        ("StringEquals", r#""1""#, "1"),
        ("NumericEquals", "1", r#""1""#),
        ("NumericEquals", "0", "false"),
        ("NumericLessThanEquals", "0", "null"),
        ("BooleanEquals", "true", r#""true""#),
        ("TimestampEquals", r#""2024-01-01T00:00:00Z""#, r#""2024-01-01""#),
        ("StringMatches", r#""*""#, "1"),
    ] {
        assert!(!test(operator, operand, value), "{operator} {operand} {value}");
    }
    assert!(!matches(r#"{"Variable":"$.v","NumericEqualsPath":"$.o"}"#, r#"{"v":"1","o":"1"}"#).unwrap());
    assert!(test("BooleanEquals", "false", "false") && !test("BooleanEquals", "true", "false"));
}

#[test]
fn large_integers_compare_exactly_and_strings_by_utf_16() {
    assert!(test("NumericGreaterThan", "9007199254740992", "9007199254740993"));
    assert!(test("NumericGreaterThan", "-1", "18446744073709551615"));
    assert!(test("StringLessThan", "\"\u{ffee}\"", "\"\u{1f600}\""));
}

#[test]
fn type_tests_ask_for_yes_or_no() {
    let values = ["null", "1", r#""x""#, "true", r#""2024-01-01T00:00:00Z""#, "[]", "{}"];
    for (operator, expected) in [
        ("IsNull", [true, false, false, false, false, false, false]),
        ("IsNumeric", [false, true, false, false, false, false, false]),
        ("IsString", [false, false, true, false, true, false, false]),
        ("IsBoolean", [false, false, false, true, false, false, false]),
        ("IsTimestamp", [false, false, false, false, true, false, false]),
        ("IsPresent", [true; 7]),
    ] {
        assert_eq!(values.map(|v| test(operator, "true", v)), expected, "{operator}");
        assert_eq!(values.map(|v| !test(operator, "false", v)), expected, "{operator}: false");
    }
}

#[test]
fn a_path_that_finds_nothing_fails_unless_presence_is_asked_for() {
    for rule in [
        r#"{"Variable":"$.x","StringEquals":"a"}"#,
        r#"{"Variable":"$.x","IsNull":true}"#,
        r#"{"Not":{"Variable":"$.x","IsString":true}}"#,
        r#"{"Variable":"$.y","NumericEqualsPath":"$.x"}"#,
    ] {
        let error = matches(rule, r#"{"y":1}"#).unwrap_err();
        assert_eq!(error.kind, ExprErrorKind::NotFound);
        assert_eq!(
            error.message, "Invalid path '$.x': The choice state's condition path references an invalid value.",
            "{rule}"
        );
    }
    assert!(matches(r#"{"Variable":"$nobody","StringEquals":"a"}"#, "{}").is_err());
    for (rule, expected) in [
        (r#"{"Variable":"$.x","IsPresent":true}"#, false),
        (r#"{"Variable":"$.x","IsPresent":false}"#, true),
        (r#"{"Variable":"$.y","IsPresent":true}"#, true),
        (r#"{"Variable":"$nobody","IsPresent":true}"#, false),
    ] {
        assert_eq!(matches(rule, r#"{"y":null}"#).unwrap(), expected, "{rule}");
    }
}

#[test]
fn combined_rules_look_no_further_than_they_must() {
    let (yes, no, fails) = (
        r#"{"Variable":"$.y","IsNumeric":true}"#,
        r#"{"Variable":"$.y","IsNull":true}"#,
        r#"{"Variable":"$.x","IsNull":true}"#,
    );
    for (rule, expected) in [
        (format!(r#"{{"And":[{yes},{yes}]}}"#), Some(true)),
        (format!(r#"{{"And":[{no},{fails}]}}"#), Some(false)),
        (format!(r#"{{"And":[{yes},{fails}]}}"#), None),
        (format!(r#"{{"Or":[{yes},{fails}]}}"#), Some(true)),
        (format!(r#"{{"Or":[{no},{no}]}}"#), Some(false)),
        (format!(r#"{{"Or":[{no},{fails}]}}"#), None),
        (format!(r#"{{"Not":{no}}}"#), Some(true)),
        (format!(r#"{{"Not":{{"And":[{yes},{{"Or":[{no},{yes}]}}]}},"Next":"A"}}"#), Some(false)),
    ] {
        assert_eq!(matches(&rule, r#"{"y":1}"#).ok(), expected, "{rule}");
    }
}

#[test]
fn variables_and_the_context_object_can_be_compared() {
    assert!(matches(r#"{"Variable":"$limit","NumericGreaterThanPath":"$$.State.RetryCount"}"#, "{}").unwrap());
    let rule =
        parse(r#"{"Or":[{"Variable":"$.a","NumericEqualsPath":"$limit"},{"Not":{"Variable":"$$.b","IsNull":true}}]}"#);
    let mut paths = Vec::new();
    rule.unwrap().for_each_path(&mut |p| paths.push(p.to_string()));
    assert_eq!(paths, ["$.a", "$limit", "$$.b"]);
}

#[test]
fn all_problems_are_found_with_their_places() {
    for (rule, expected) in [
        ("1", vec![("", "a Choice rule is an object, but this is of type number")]),
        (r#"{"Next":"A"}"#, vec![("", "a Choice rule has an operator such as `StringEquals`, `And` or `Not`")]),
        (
            r#"{"Variable":"$.a","StringEqual":"x"}"#,
            vec![("StringEqual", "a Choice rule has no member `StringEqual`; did you mean `StringEquals`?")],
        ),
        (
            r#"{"Variable":"$.a","StringEquals":"x","IsNull":true}"#,
            vec![("", "a Choice rule has one operator, but this has `StringEquals` and `IsNull`")],
        ),
        (
            r#"{"NumericEquals":"1"}"#,
            vec![
                ("", "`NumericEquals` needs a `Variable` to look at"),
                ("NumericEquals", "`NumericEquals` takes a number, but this is of type string"),
            ],
        ),
        (
            r#"{"Variable":1,"BooleanEqualsPath":"a"}"#,
            vec![
                ("Variable", "`Variable` takes a path, but this is of type number"),
                ("BooleanEqualsPath", "`BooleanEqualsPath` must be a valid JSONPath"),
            ],
        ),
        (
            r#"{"Variable":"$.a","TimestampEquals":"2024-01-01"}"#,
            vec![("TimestampEquals", "String does not match RFC3339 timestamp")],
        ),
        (
            r#"{"Variable":"$.a","TimestampEquals":1}"#,
            vec![("TimestampEquals", "`TimestampEquals` takes an RFC 3339 timestamp, but this is of type number")],
        ),
        (
            r#"{"Variable":"$.a","IsPresent":"true"}"#,
            vec![("IsPresent", "`IsPresent` takes true or false, but this is of type string")],
        ),
        (
            r#"{"Variable":"$.a","StringMatches":"a\\b"}"#,
            vec![("StringMatches", r"in a pattern only \* and \\ are escapes; write a lone backslash as \\")],
        ),
        (
            r#"{"And":[{"Variable":"$.a","IsNull":1},{"Next":"B","Variable":"$.a","IsNull":true},7],"Or":[]}"#,
            vec![("", "a Choice rule has one operator, but this has `And` and `Or`")],
        ),
        (
            r#"{"Variable":"$.a","And":[{"Variable":"$.a","IsNull":1},{"Next":"B","Variable":"$.a","IsNull":true},7]}"#,
            vec![
                ("", "`And` combines rules, so this rule has no `Variable` of its own"),
                ("And/0/IsNull", "`IsNull` takes true or false, but this is of type number"),
                ("And/1/Next", "`Next` belongs to the outermost rule, not to one inside `And`, `Or` or `Not`"),
                ("And/2", "a Choice rule is an object, but this is of type number"),
            ],
        ),
        (r#"{"Or":[]}"#, vec![("Or", "`Or` takes a non-empty array of rules")]),
        (r#"{"Not":[]}"#, vec![("Not", "a Choice rule is an object, but this is of type array")]),
    ] {
        let errors = parse(rule).unwrap_err();
        let found: Vec<(String, &str)> = errors.iter().map(|e| (e.pointer.join("/"), e.message.as_str())).collect();
        let expected: Vec<(String, &str)> = expected.into_iter().map(|(p, m)| (p.to_string(), m)).collect();
        assert_eq!(found, expected, "{rule}");
    }
}

#[test]
fn rules_nested_without_end_are_refused() {
    let nested = |n: usize| {
        let innermost = Value::parse(r#"{"Variable":"$","IsNull":true}"#).unwrap();
        (0..n).fold(innermost, |rule, _| Value::object([("Not", rule)]))
    };
    assert!(Rule::parse(&nested(MAX_DEPTH - 1)).is_ok());
    let errors = Rule::parse(&nested(MAX_DEPTH)).unwrap_err();
    assert_eq!(errors.first().unwrap().message, "rules nest more than 64 levels deep");
}

#[test]
fn no_operator_is_listed_twice() {
    let mut names: Vec<&str> = operators().collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 39);
}
