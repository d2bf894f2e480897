use super::*;
use crate::expr::error::ExprErrorKind;

struct Surroundings(u64);

impl Env for Surroundings {
    fn context(&self) -> Value {
        Value::parse(r#"{"Execution":{"Name":"run-1"},"StateMachine":{"Id":"arn","Name":"m"}}"#).unwrap()
    }
    fn variable(&self, name: &str) -> Option<Value> {
        (name == "v").then(|| Value::parse(r#"{"n":[10,20]}"#).unwrap())
    }
    fn now_millis(&self) -> i64 {
        0
    }
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.0
    }
}

fn run(call: &str, input: &str) -> Result<String, ExprError> {
    let intrinsic = Intrinsic::parse(call).unwrap_or_else(|e| panic!("{call}: {e} at {}", e.at));
    intrinsic.evaluate(&Value::parse(input).unwrap(), &mut Surroundings(0)).map(|v| v.to_string())
}

#[track_caller]
fn gives(call: &str, input: &str, expected: &str) {
    assert_eq!(run(call, input).unwrap(), expected, "{call}");
}

#[track_caller]
fn fails(call: &str, input: &str, detail: &str) {
    let error = run(call, input).unwrap_err();
    assert_eq!(error.message, format!("The function '{call}' had the following error: {detail}"));
}

#[test]
fn format_fills_placeholders_with_values_as_java_prints_them() {
    gives("States.Format('plain')", "{}", r#""plain""#);
    gives("States.Format('{}-{}', $.a, 7)", r#"{"a":"x"}"#, r#""x-7""#);
    gives("States.Format('{} {} {} {}', null, true, 1.0, 1e7)", "{}", r#""null true 1.0 1.0E7""#);
    gives(
        "States.Format('{}', $)",
        r#"{"a":1,"b":["x",null,{}],"c":{"d":2.5}}"#,
        r#""{a=1, b=[x, null, {}], c={d=2.5}}""#,
    );
    gives("States.Format($.t, 1)", r#"{"t":"n={}"}"#, r#""n=1""#);
    gives("States.Format('{} at {}', $$.Execution.Name, $v.n[1])", "{}", r#""run-1 at 20""#);
}

#[test]
fn escapes_in_templates_stand_for_the_character_itself() {
    gives(r"States.Format('\{\} {} it\'s \\ {x} }', 1)", "{}", r#""{} 1 it's \\ {x} }""#);
    gives(r"States.Format('\\{}', 1)", "{}", r#""\\1""#);
    gives(r"States.Array('\{\}\'\\')", "{}", r#"["{}'\\"]"#);
    gives(r#"States.StringToJson(States.Format('\{"{}":[{}]\}', 'k', 1))"#, "{}", r#"{"k":[1]}"#);
    gives(r#"States.StringToJson('{"a": {}}')"#, "{}", r#"{"a":{}}"#);
    gives("States.Format('two\nlines, \u{e9}')", "{}", "\"two\\nlines, \u{e9}\"");
}

#[test]
fn format_wants_a_value_for_each_placeholder_and_no_more() {
    fails("States.Format('{} {}', 1)", "{}", "The template has 2 placeholders `{}`, but there are 1 values for them");
    fails("States.Format('x', 1)", "{}", "The template has 0 placeholders `{}`, but there are 1 values for them");
    fails("States.Format(1)", "{}", "States.Format takes a string as argument 1, but was called with type number");
}

#[test]
fn json_goes_to_text_and_back() {
    gives("States.JsonToString($)", r#"{"a":[1,2.0,"x\"",null]}"#, r#""{\"a\":[1,2.0,\"x\\\"\",null]}""#);
    gives("States.JsonToString($)", "12345678.5", r#""1.23456785E7""#);
    gives("States.StringToJson('[1.0, {\"a\": null}]')", "{}", r#"[1.0,{"a":null}]"#);
    assert!(run("States.StringToJson('nope')", "{}").unwrap_err().message.contains("not valid JSON"));
    assert!(run("States.StringToJson($)", "1").is_err());
}

#[test]
fn merging_is_shallow_and_the_second_object_wins() {
    let input = r#"{"a":{"x":{"p":1},"y":1},"b":{"x":{"q":2},"z":3}}"#;
    gives("States.JsonMerge($.a, $.b, false)", input, r#"{"x":{"q":2},"y":1,"z":3}"#);
    fails("States.JsonMerge($.a, $.b, true)", input, "Deep merging is not supported: the third argument must be false");
    assert!(run("States.JsonMerge($.a, 1, false)", input).is_err());
    assert!(run("States.JsonMerge($.a, $.b, 'false')", input).is_err());
}

#[test]
fn arrays_are_made_cut_and_searched() {
    gives("States.Array()", "{}", "[]");
    gives("States.Array(1, 'a', $.x, States.Array(null, true))", r#"{"x":{}}"#, r#"[1,"a",{},[null,true]]"#);
    gives("States.ArrayLength($)", "[1,2,3]", "3");
    gives("States.ArrayLength($.x[*].y)", "{}", "0");
    gives("States.ArrayGetItem($, 2)", "[1,2,3]", "3");
    gives("States.ArrayPartition($, 2)", "[1,2,3]", "[[1,2],[3]]");
    gives("States.ArrayPartition($, 9)", "[]", "[]");
    gives("States.ArrayContains($, $[1])", r#"[1,{"a":[2]}]"#, "true");
    gives("States.ArrayContains($, 'x')", r#"[1,null]"#, "false");
    gives(
        "States.ArrayUnique($)",
        r#"[1,"1",1.0,{"a":1,"b":2},{"b":2,"a":1},[1],[1],null,null,-0.0,0]"#,
        r#"[1,"1",{"a":1,"b":2},[1],null,-0.0]"#,
    );
    fails("States.ArrayGetItem($, 3)", "[1,2,3]", "Index 3 is out of bounds for an array of length 3");
    fails("States.ArrayGetItem($, -1)", "[1]", "Index -1 is out of bounds for an array of length 1");
    fails("States.ArrayPartition($, 0)", "[1]", "The chunk size must be a positive integer, but was 0");
    fails(
        "States.ArrayLength($)",
        "{}",
        "States.ArrayLength takes an array as argument 1, but was called with type object",
    );
}

#[test]
fn unique_is_quick_on_a_large_array() {
    let numbers: Vec<String> = (0..100_000).map(|n| format!("\"{}\"", n % 60_000)).collect();
    let input = format!("[{}]", numbers.join(","));
    gives("States.ArrayLength(States.ArrayUnique($))", &input, "60000");
}

#[test]
fn ranges_include_their_end_when_they_hit_it() {
    gives("States.ArrayRange(1, 9, 2)", "{}", "[1,3,5,7,9]");
    gives("States.ArrayRange(0, 10, 3)", "{}", "[0,3,6,9]");
    gives("States.ArrayRange(3, 1, -1)", "{}", "[3,2,1]");
    gives("States.ArrayRange(2, 1, 1)", "{}", "[]");
    gives("States.ArrayRange(0.5, 2.4, 1)", "{}", "[1,2]");
    gives("States.ArrayLength(States.ArrayRange(1, 1000, 1))", "{}", "1000");
    fails("States.ArrayRange(1, 1001, 1)", "{}", "A range must not have more than 1000 items");
    fails("States.ArrayRange(1, 2, 0)", "{}", "The step of a range must not be 0");
    gives(
        "States.ArrayRange(9223372036854775806, 9223372036854775807, 1)",
        "{}",
        "[9223372036854775806,9223372036854775807]",
    );
}

#[test]
fn base64_goes_both_ways_and_has_a_limit() {
    gives("States.Base64Encode('h\u{e9}llo')", "{}", r#""aMOpbGxv""#);
    gives("States.Base64Decode('aMOpbGxv')", "{}", "\"h\u{e9}llo\"");
    gives("States.Base64Decode('YQ')", "{}", r#""a""#);
    let text = |n: usize| format!("\"{}\"", "é".repeat(n));
    assert!(run("States.Base64Encode($)", &text(10_000)).is_ok());
    fails("States.Base64Encode($)", &text(10_001), "States.Base64Encode takes at most 10000 characters as argument 1");
    assert!(run("States.Base64Decode('a*')", "{}").unwrap_err().message.contains("not Base64"));
}

#[test]
fn hashes_are_the_published_ones() {
    for (algorithm, start) in [
        ("MD5", "900150983cd24fb0d6963f7d28e17f72"),
        ("SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("SHA-384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"),
        ("SHA-512", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"),
    ] {
        let hash = run(&format!("States.Hash('abc', '{algorithm}')"), "{}").unwrap();
        assert!(hash.trim_matches('"').starts_with(start), "{algorithm}: {hash}");
    }
    fails("States.Hash('abc', 'SHA256')", "{}", "There is no hash algorithm `SHA256`; did you mean `SHA-256`?");
}

#[test]
fn sums_round_each_number_half_up_first() {
    for (a, b, sum) in
        [("1", "2", "3"), ("-0.5", "0", "0"), ("-1.5", "0", "-1"), ("2.5", "0", "3"), ("1.4", "1.4", "2")]
    {
        gives(&format!("States.MathAdd({a}, {b})"), "{}", sum);
    }
    gives("States.MathAdd(0.49999999999999994, 0)", "{}", "0");
    gives("States.MathAdd(9007199254740993, 1)", "{}", "9007199254740994");
    assert!(run("States.MathAdd(9223372036854775807, 1)", "{}").is_err());
    assert!(run("States.MathAdd(1e300, 1)", "{}").is_err());
    assert!(run("States.MathAdd('1', 1)", "{}").is_err());
}

#[test]
fn random_numbers_stay_in_range_and_follow_the_seed() {
    gives("States.MathRandom(0, 10, 42)", "{}", "0");
    gives("States.MathRandom(100, 110, 42)", "{}", "100");
    let intrinsic = Intrinsic::parse("States.MathRandom(-3, 3)").unwrap();
    let mut env = Surroundings(1);
    let mut seen: Vec<i64> =
        (0..200).map(|_| intrinsic.evaluate(&Value::Null, &mut env).unwrap().as_i64().unwrap()).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, [-3, -2, -1, 0, 1, 2]);
    assert!(run("States.MathRandom(1, 1)", "{}").is_err());
    assert!(run("States.MathRandom(-4000000000, 4000000000, 1)", "{}").is_ok());
    assert!(run("States.MathRandom(-9223372036854775808, 9223372036854775807)", "{}").is_err());
}

#[test]
fn splitting_takes_each_character_as_a_delimiter_and_leaves_nothing_empty() {
    gives("States.StringSplit('a,b;;c', ',;')", "{}", r#"["a","b","c"]"#);
    gives("States.StringSplit(',,', ',')", "{}", "[]");
    gives("States.StringSplit('abc', '')", "{}", r#"["abc"]"#);
}

#[test]
fn a_uuid_comes_from_the_seed() {
    let first = run("States.UUID()", "{}").unwrap();
    assert_eq!(first, run("States.UUID()", "{}").unwrap());
    assert_eq!((first.len(), first.chars().nth(15)), (38, Some('4')));
}

#[test]
fn an_argument_that_finds_nothing_is_told_with_the_whole_call_and_the_input() {
    let input = r#"{"other":1}"#;
    for (call, path) in [
        ("States.Format('{}', $.nope)", "$.nope"),
        ("States.Format('{}',$.a.b)", "$.a.b"),
        ("States.Format('{}', States.Format('{}', $.nope))", "$.nope"),
        ("States.Format('{}', $$.Nope.Deep)", "$.Nope.Deep"),
    ] {
        let detail = format!("The JsonPath argument for the field '{path}' could not be found in the input '{input}'");
        fails(call, input, &detail);
        assert_eq!(run(call, input).unwrap_err().kind, ExprErrorKind::NotFound);
    }
    fails("States.ArrayLength($nobody.x)", input, "The variable '$nobody' was not assigned");
    assert_eq!(run("States.ArrayLength(1)", input).unwrap_err().kind, ExprErrorKind::Intrinsic);
}

#[test]
fn blanks_are_free_and_paths_may_hold_commas_and_parentheses() {
    gives("States.Array  ( 1 ,\n $['a,b)'] , $.c )\n", r#"{"a,b)":2,"c":3}"#, "[1,2,3]");
    let intrinsic = Intrinsic::parse("States.Array($['x'], States.Array($v, $$.a), 1)").unwrap();
    let mut paths = Vec::new();
    intrinsic.for_each_path(&mut |p| paths.push(p.to_string()));
    assert_eq!(paths, ["$['x']", "$v", "$$.a"]);
}

#[test]
fn bad_calls_are_refused_with_a_place_and_a_reason() {
    for (call, at, message) in [
        (" States.UUID()", 0, "there should be an intrinsic function such as `States.Format(…)`"),
        ("", 0, "there should be an intrinsic function such as `States.Format(…)`"),
        ("States.format('x')", 0, "there is no function `States.format`; did you mean `States.Format`?"),
        ("States.Default($.a, 1)", 0, "there is no function `States.Default`"),
        ("States.UUID", 11, "there should be a `(` after `States.UUID`"),
        ("States.UUID(1)", 0, "`States.UUID` takes no arguments, but there are 1: States.UUID()"),
        ("States.Hash('a')", 0, "`States.Hash` takes 2 arguments, but there are 1: States.Hash(text, algorithm)"),
        (
            "States.MathRandom(1)",
            0,
            "`States.MathRandom` takes 2 to 3 arguments, but there are 1: States.MathRandom(start, end[, seed])",
        ),
        (
            "States.Format()",
            0,
            "`States.Format` takes at least 1 argument, but there are 0: States.Format(template, value, …)",
        ),
        ("States.Array(1", 14, "there should be a `,` or a `)` here"),
        ("States.Array(1,", 15, "the call is not closed: there should be a `)`"),
        ("States.Array(1,)", 15, "there should be a string, a number, true, false, null, a path or a function here"),
        ("States.Array('a)", 13, "this string is not closed"),
        ("States.Array('a\\", 13, "this string is not closed"),
        (r#"States.Array("a")"#, 13, "a string stands in single quotes here: 'like this'"),
        ("States.Array(1.)", 13, "`1.` is not a number"),
        ("States.Array(States.Nope())", 13, "there is no function `States.Nope`"),
        ("States.UUID() x", 14, "there is something after the call"),
        (
            r#"States.StringToJson('{\"a\":1}')"#,
            22,
            r#"`\"` is not an escape: only \', \{, \} and \\ are escapes; write a lone backslash as \\"#,
        ),
    ] {
        let error = Intrinsic::parse(call).unwrap_err();
        assert_eq!((error.at, error.message.as_str()), (at, message), "{call}");
    }
    assert!(Intrinsic::parse("States.Array($.a[)").is_err());
}

#[test]
fn ten_calls_may_be_inside_each_other_and_no_eleventh() {
    let nested = |n: usize| format!("{}1{}", "States.Array(".repeat(n), ")".repeat(n));
    assert!(Intrinsic::parse(&nested(10)).is_ok());
    let error = Intrinsic::parse(&nested(11)).unwrap_err();
    assert_eq!((error.at, error.message.as_str()), (130, "more than 10 functions are inside each other"));
    assert!(Intrinsic::parse(&nested(100_000)).is_err());
}

#[test]
fn a_call_cannot_multiply_its_input_without_end() {
    let input = Value::object([("s", Value::from("x".repeat(256 * 1024)))]);
    let call = format!("States.Format('{}'{})", "{}".repeat(2_000), ", $.s".repeat(2_000));
    let error = Intrinsic::parse(&call).unwrap().evaluate(&input, &mut Surroundings(0)).unwrap_err();
    assert!(error.message.ends_with("the arguments add up to more than 64 MiB"));
}

#[test]
fn the_table_is_complete_sorted_and_documented() {
    let names: Vec<&str> = functions().iter().map(|f| f.name).collect();
    assert_eq!(names.len(), 18);
    assert!(names.is_sorted());
    for f in functions() {
        assert!(f.signature.starts_with(&format!("{}(", f.name)) && f.doc.ends_with('.'), "{f:?}");
    }
}
