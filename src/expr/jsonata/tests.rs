//! Whole expressions against small surroundings.

use std::time::Instant;

use super::*;

struct Surroundings {
    context: Value,
    variables: Vec<(&'static str, Value)>,
    draws: u64,
}

impl Env for Surroundings {
    fn context(&self) -> Value {
        self.context.clone()
    }
    fn variable(&self, name: &str) -> Option<Value> {
        self.variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }
    fn now_millis(&self) -> i64 {
        1_704_110_400_123
    }
    fn next_u64(&mut self) -> u64 {
        self.draws += 1;
        u64::MAX / 4 * self.draws
    }
}

fn parsed(text: &str) -> Value {
    Value::parse(text).unwrap()
}

fn surroundings() -> Surroundings {
    Surroundings {
        context: parsed(r#"{"State":{"Name":"S"}}"#),
        variables: vec![("n", parsed("2")), ("list", parsed(r#"[{"v":1},{"v":2}]"#))],
        draws: 0,
    }
}

fn states() -> States {
    States {
        input: parsed(
            r#"{"a":1,"s":"xyz","o":{"p":{"q":null}},"items":[{"k":1,"v":[1,2]},{"k":2.0,"v":[3]}],"one":[[7]],"w":3.0}"#,
        ),
        result: Some(parsed("[1.0,2]")),
        error_output: None,
    }
}

fn evaluate(source: &str) -> Result<Outcome, JsonataError> {
    Expression::parse(source)?.evaluate(&states(), &mut surroundings())
}

fn shown(source: &str) -> String {
    match evaluate(source) {
        Ok(Outcome::Value(value)) => value.to_string(),
        Ok(Outcome::Undefined) => "undefined".to_owned(),
        Ok(Outcome::Unsupported) => "unsupported".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn code(source: &str) -> String {
    evaluate(source).map_or_else(|error| error.code, |outcome| format!("{outcome:?}"))
}

#[test]
fn states_variables_and_context_are_read() {
    for (source, expected) in [
        ("$states.input.a + $n", "3"),
        ("$states.input.items.v", "[1,2,3]"),
        ("$states.context.State.Name & '!'", r#""S!""#),
        ("$list.v", "[1,2]"),
        ("$list[v > 1].v", "2"),
        ("$count($states.result)", "2"),
        ("$states.errorOutput.Error", "undefined"),
        ("$states.input.items[k = 2].v", "[3]"),
        ("$keys($states)", r#"["input","result","context"]"#),
        ("($states.input.items#$i[$i = 1]).k", "2"),
        ("$states.input.items.v.%.k", "[1,1,2]"),
        ("a", "undefined"),
        ("$$", "undefined"),
        ("$sum", "unsupported"),
        ("[1, $sum]", "unsupported"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn a_mere_path_gives_the_same_with_the_engine_and_without() {
    for path in [
        "$states.input",
        "$states.input.a",
        "$states.input.w",
        "$states.input.o.p.q",
        "$states.input.o.p.q.r",
        "$states.input.s.x",
        "$states.input.items",
        "$states.input.items.k",
        "$states.input.one",
        "$states.result",
        "$states.errorOutput",
        "$states.nothing.x",
        "$states.context.State",
        "$n",
        "$n.x",
        "$list",
        "$unknown",
        "-3",
        "2.50",
        "1e3",
        "'text'",
        "null",
        "true",
    ] {
        // A conditional hides the path from the shortcut.
        assert_eq!(shown(path), shown(&format!("true ? {path}")), "{path}");
    }
}

#[test]
fn a_mere_path_shares_the_value_it_finds() {
    let (states, expression) = (states(), Expression::parse("$states.input.o").unwrap());
    let Ok(Outcome::Value(found)) = expression.evaluate(&states, &mut surroundings()) else { panic!("a value") };
    assert!(found.is_same(states.input.get("o").unwrap()));
}

#[test]
fn the_functions_of_step_functions_work() {
    for (source, expected) in [
        ("$partition([1..5], 2)", "[[1,2],[3,4],[5]]"),
        ("$partition($nothing, 2)", "undefined"),
        ("$range(0, 10, 5)", "[0,5,10]"),
        ("$range(3, 0, -2)", "[3,1]"),
        ("$count($range(0, 1, 0.1))", "11"),
        ("$range(1, 0, 1)", "[]"),
        ("$hash('', 'MD5')", r#""d41d8cd98f00b204e9800998ecf8427e""#),
        ("$hash('abc', 'SHA-1')", r#""a9993e364706816aba3e25717850c26c9cd0d89d""#),
        ("$substring($hash('abc', 'SHA-256'), 0, 8)", r#""ba7816bf""#),
        ("$length($hash('abc', 'SHA-384') & $hash('abc', 'SHA-512'))", "224"),
        ("$parse('{\"a\": [1.0, null]}')", r#"{"a":[1,null]}"#),
        ("$random(42)", "0.7275636800328681"),
        ("$random()", "0.2499999999999999"),
        ("$map(['1', '[2]'], $parse)", "[1,[2]]"),
        ("'[2]' ~> $parse()", "[2]"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
    assert_eq!(shown("$uuid()"), format!("\"{}\"", crate::random::uuid_text(u64::MAX / 4, u64::MAX / 4 * 2)));
    assert_eq!(shown("$sort($shuffle([3, 1, 2]))"), "[1,2,3]");
}

#[test]
fn what_the_functions_do_not_take_is_an_error() {
    for (source, expected) in [
        ("$hash(1, 'MD5')", r#"T0410: Argument 1 of function "hash" does not match function signature"#),
        ("$hash('a', 'CRC')", "The hash algorithm CRC is not supported"),
        ("$range(1, 2)", r#"T0410: Argument 3 of function "range" does not match function signature"#),
        ("$range(1, 1e9, 1)", "D2015: The maximum sequence length of 500000 was exceeded."),
        ("$partition([1], 0)", "The second argument of the partition function must be a positive number"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
    assert!(shown("$range(1, 2, 0)").contains("zero"));
    assert!(shown("$parse('{')").contains("JSON"));
}

#[test]
fn random_draws_come_from_the_surroundings_as_often_as_functions_are_mentioned() {
    for (source, draws) in [
        ("$random(1)", 0),
        ("$random() + $random()", 2),
        ("$uuid()", 2),
        ("$map([1..50], function($i){ $random() })", 1),
        ("$states.input.a", 0),
    ] {
        let mut env = surroundings();
        let expression = Expression::parse(source).unwrap();
        expression.evaluate(&states(), &mut env).unwrap();
        assert_eq!(env.draws, draws, "{source}");
    }
    assert_eq!(shown("$count($distinct($map([1..50], function(){ $random() })))"), "50");
}

#[test]
fn the_clock_is_the_one_of_the_surroundings() {
    for (source, expected) in [
        ("$millis()", "1704110400123"),
        ("$now()", r#""2024-01-01T12:00:00.123Z""#),
        ("$now('[Y]-[M01]', '+0100')", r#""2024-01""#),
        ("$now($nothing, '-1300')", r#""2023-12-31T23:00:00.123-13:00""#),
        ("$map([1], $millis)", "1704110400123"),
        ("($f := $now; $f())", r#""2024-01-01T12:00:00.123Z""#),
        ("'[Y]' ~> $now()", r#""2024""#),
        ("$now() ~> $toMillis()", "1704110400123"),
        ("$toMillis('13:45', '[H]:[m]') ~> $fromMillis()", r#""2024-01-01T13:45:00.000Z""#),
        ("'6' ~> $toMillis('[M]') ~> $fromMillis('[Y]-[M]-[D]')", r#""2024-6-1""#),
        ("$toMillis($nothing, '[H]:[m]')", "undefined"),
        ("$toMillis('2020-02', '[Y]-[M]') ~> $fromMillis('[Y]-[M]-[D]')", r#""2020-2-1""#),
        ("($now := 5; $now)", "5"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn eval_does_not_exist() {
    assert_eq!(shown("$eval('1')"), "T1006: Attempted to invoke a non-function");
    assert_eq!(shown("$exists($eval)"), "false");
    assert!(Expression::parse("$eval('1')").unwrap().mentions().eval);
}

#[test]
fn errors_read_as_in_the_reference_implementation() {
    for (source, expected) in [
        ("$foo(1)", "T1006: Attempted to invoke a non-function"),
        ("'a' + 1", r#"T2001: The left side of the "+" operator must evaluate to a number"#),
        ("1 - 'a'", r#"T2002: The right side of the "-" operator must evaluate to a number"#),
        ("$number('x')", r#"D3030: Unable to cast value to a number: "x""#),
        ("$sum('x')", r#"T0412: Argument 1 of function "sum" must be an array of "numbers""#),
        ("$uppercase(1)", r#"T0410: Argument 1 of function "uppercase" does not match function signature"#),
        ("$error('own words')", "D3137: own words"),
        ("(1 2)", r#"S0202: Expected ")", got 2"#),
        ("(1", r#"S0203: Expected ")" before end of expression"#),
        ("1 +", "S0207: Unexpected end of expression"),
        ("'a", "S0101: String literal must be terminated by a matching quote"),
        ("1 /* x", "S0106: Comment has no closing tag"),
        ("sum(1)", r#"T1005: Attempted to invoke a non-function. Did you mean $sum?"#),
        ("[1..'a']", "T2004: The right side of the range operator (..) must evaluate to an integer"),
        ("$count(1, 2)", r#"T0410: Argument 2 of function "count" does not match function signature"#),
        ("1; 2", r#"S0201: Syntax error: ";""#),
        (")", r#"S0211: The symbol ")" cannot be used as a unary operator"#),
        ("'\\q'", r#"S0103: Unsupported escape sequence: \"q""#),
        ("a@b", r#"S0214: The right side of "@" must be a variable name (start with $)"#),
        ("/a", "S0302: No terminating / in regular expression"),
        ("$match('a', //)", "S0301: Empty regular expressions are not allowed"),
        ("$fromMillis(1, '[Q]')", r#"D3132: Unknown component specifier "Q" in date/time picture string"#),
        ("(1)[0] := 2", "S0212: The left side of := must be a variable name (start with $)"),
        ("1 < true", r#"T2010: The expressions either side of operator "<" must evaluate to numeric or string values"#),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
    assert_eq!(Expression::parse("a.b := 2").unwrap_err().position, Some(4));
    assert_eq!(evaluate("1 + $foo(1)").unwrap_err().position, Some(4));
}

#[test]
fn what_an_expression_mentions_is_found_without_running_it() {
    let mentions = |source: &str| Expression::parse(source).unwrap().mentions().clone();
    let variables = |source: &str| mentions(source).variables.iter().map(|v| v.to_string()).collect::<Vec<_>>();
    let members = |source: &str| mentions(source).states_members;
    assert_eq!(variables("$b + $a.x + $b + $sum($c)"), ["b", "a", "c"]);
    assert_eq!(variables("($x := $x + 1; $x)"), ["x"]);
    assert_eq!(variables("($x := 1; $y := $x; function($z){ $z + $x + $y + $later }; $later := 1)"), [""; 0]);
    assert_eq!(variables("[($x := 1), $x]"), ["x"]);
    assert_eq!(variables("$states.input.items#$i.x@$j{$string($i): $j}"), [""; 0]);
    assert_eq!(variables("$unknown(1)"), ["unknown"]);
    assert_eq!(
        members("$states.input.a & $states.context.b"),
        StatesMembers { input: true, context: true, ..StatesMembers::default() }
    );
    assert_eq!(members("$states.errorOutput.Cause"), StatesMembers { error_output: true, ..StatesMembers::default() });
    assert_eq!(members("$states.result@$r.x"), StatesMembers { result: true, ..StatesMembers::default() });
    assert_eq!(members("$keys($states)"), StatesMembers { all: true, ..StatesMembers::default() });
    assert_eq!(members("($states := 1; $states)"), StatesMembers::default());
    assert!(mentions("($states := 1)").assigns_states);
    for (source, input, reference) in [
        ("$", true, true),
        ("$.a", true, true),
        ("$states.input.items.($$.x)", true, true),
        ("a.b", true, false),
        ("*", true, false),
        ("{'k': a}", true, false),
        ("$states.input.items[$.k = 1 and v > 2].($ & k)", false, false),
        ("$states.input.items^(k){k: $}", false, false),
        ("$states.input ~> |o|{'p': x}|", false, false),
        ("$map($list, function($v){ $v.a })", false, false),
    ] {
        let mentions = mentions(source);
        assert_eq!((mentions.implicit_input, mentions.context_reference), (input, reference), "{source}");
    }
    assert_eq!(mentions("$a ?? $b ?? 1").newer_operators, [NewerOperator::Coalesce]);
    assert_eq!(mentions("$a ?: 1").newer_operators, [NewerOperator::Default]);
}

#[test]
fn only_what_is_in_reach_is_handed_to_the_engine() {
    let demand = |source: &str| Expression::parse(source).unwrap().0.findings.states.clone();
    let depth = |source: &str, chain: &[&str]| {
        let mut at = demand(source);
        for name in chain {
            at = at.of(name).unwrap_or_else(|| panic!("{source}: {name}")).clone();
        }
        at.whole
    };
    assert!(depth("$states.input.a.b + 1", &["input", "a", "b"]));
    assert!(depth("$states.input.items[k = 1].v", &["input", "items"]));
    assert!(depth("$states.input.items.v.%.k", &["input", "items"]));
    assert!(depth("$states.input.items@$i.k", &["input", "items"]));
    assert!(depth("$states.input.items.(k)", &["input", "items"]));
}

/// Runs on a small stack, as a test of a user may.
fn bounded(source: String) -> String {
    let started = Instant::now();
    let result = code(&source);
    assert!(started.elapsed().as_secs() < 20, "{source:.40} took {:?}", started.elapsed());
    result
}

#[test]
fn runaway_expressions_end_in_an_error() {
    let doubling =
        |step: &str| format!("($f := function($x, $n){{ $n = 0 ? $x : $f({step}, $n - 1) }}; $f(['x'], 60))");
    for (source, codes) in [
        ("($f := function($n){ 1 + $f($n) }; $f(1))".to_owned(), &["D1011"][..]),
        ("[1..1e9]".to_owned(), &["D2014", "D2015"]),
        ("[1..900000] ~> $count()".to_owned(), &["D2015"]),
        ("$pad('', 2e9, 'x')".to_owned(), &["D2015"]),
        ("'x' ~> $pad(-2e9)".to_owned(), &["D2015"]),
        (doubling("$x & $x"), &["D2015"]),
        (doubling("$append($x, $x)"), &["D2015"]),
        (doubling("$join([$x[0], $x[0]])"), &["D2015"]),
        (format!("$length({})", doubling("$string([$x, $x])")), &["D2015"]),
        (doubling("[[$x], [$x]]"), &["D2015"]),
        ("$reduce([1..60], function($a, $i){ $a & $a }, 'x')".to_owned(), &["D2015"]),
        (format!("({}$a)", "$a := $a & $a;".repeat(60).replacen("$a & $a", "'x'", 1)), &["D2015"]),
        (format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000)), &["U1002"]),
        (format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)), &["U1002"]),
        (format!("1{}", "+1".repeat(100_000)), &["U1002"]),
        (format!("a{}", ".a".repeat(100_000)), &["U1002"]),
        ("-".repeat(100_000), &["U1002", "S0207"]),
    ] {
        let code = bounded(source.clone());
        assert!(codes.contains(&code.as_str()), "{source:.60}: {code}");
    }
}

#[test]
fn arguments_the_engine_does_not_bear_are_errors() {
    for (source, expected) in [
        ("$formatInteger(1/0, 'w')", "D1001"),
        ("(1/0).$formatInteger('w')", "D1001"),
        ("1/0 ~> $formatInteger('w')", "D1001"),
        ("$map([1/0], $formatInteger(?, 'w'))", "D1001"),
        ("$formatInteger(1e18, 'I')", "D1001"),
        ("$parseInteger('zzzzzzzzzzzzzzzzzzzz', 'a')", "D1001"),
        ("$parseInteger('١0٣', '###١')", "D3130"),
        ("$fromMillis(0, '[,Y]')", "D3132"),
        ("$fromMillis(0, '[[Y] [,[]')", "D3132"),
        ("$parseInteger('(١', '(##١')", "D3130"),
        ("$parseInteger('1éd', '0;o')", "D3130"),
        ("$toMillis('1ſt', '[D1o]')", "D3131"),
        ("$fromMillis(0, '[éY]')", "D3132"),
        ("$fromMillis(0, '[Y,19]')", "D3132"),
        ("$fromMillis(0, '[M,999999999]')", "D3132"),
        ("$fromMillis(0, '[' & ',Y]')", "D3132"),
        ("0 ~> $fromMillis('[,Y]')", "D3132"),
        ("$now('[,Y]')", "D3132"),
        ("$fromMillis(0, '[fNn]')", "D3133"),
        ("$toMillis('2018', '[Y٠٠٠١]')", "D3131"),
        ("$toMillis('zzzzzzzzzzzzzzzzzzzz', '[Ya]')", "D1001"),
        ("function($x)<é:n>{$x}(1)", "S0401"),
    ] {
        assert_eq!(code(source), expected, "{source}");
    }
    for (source, expected) in [
        ("$substring('abc', 1e300, 1e300)", r#""""#),
        ("$substring('abc', -1e300, $length('ab') - 1)", r#""a""#),
        ("$formatInteger(12, 'w')", r#""twelve""#),
        ("[12].$formatInteger('I')", r#""XII""#),
        ("12 ~> $formatInteger('00' & '0')", r#""012""#),
        ("$parseInteger('١٢٣', '##٠')", "123"),
        ("($f := $fromMillis; $f(0))", r#""1970-01-01T00:00:00.000Z""#),
        ("[0].$fromMillis('[Y' & ']')", r#""1970""#),
        ("$fromMillis($nothing, '[Y' & ']')", "undefined"),
        ("(function($x){$x}; (1) < é)", "undefined"),
        ("function($x)<n:n>{'é' & $x}(1)", r#""é1""#),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn endless_loops_end_by_the_clock_on_the_wall() {
    for source in [
        "($f := function($n){ $f($n + 1) }; $f(1))",
        "($fib := function($n){ $n < 2 ? $n : $fib($n - 1) + $fib($n - 2) }; $fib(40))",
    ] {
        assert_eq!(bounded(source.to_owned()), "D1012", "{source}");
    }
}

#[test]
fn a_hundred_thousand_items_are_mapped() {
    let states = States { input: Value::array((0..100_000).map(Value::from).collect()), ..States::default() };
    let expression = Expression::parse("$map($states.input, function($i){ {'id': $i, 'name': 'n' & $i} })").unwrap();
    let Ok(Outcome::Value(value)) = expression.evaluate(&states, &mut surroundings()) else { panic!("a value") };
    assert_eq!(value.as_array().map(<[Value]>::len), Some(100_000));
    assert_eq!(value.at(99_999).map(Value::to_string).as_deref(), Some(r#"{"id":99999,"name":"n99999"}"#));
}

#[test]
fn an_expression_is_shared_between_threads_and_cheap_to_clone() {
    fn shareable<T: Send + Sync + Clone>(_: &T) {}
    shareable(&Expression::parse("1").unwrap());
}
