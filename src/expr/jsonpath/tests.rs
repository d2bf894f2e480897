use super::*;

fn v(text: &str) -> Value {
    Value::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn path(text: &str) -> JsonPath {
    JsonPath::parse(text).unwrap_or_else(|e| panic!("{text}: {e} at {}", e.at))
}

/// The value as text, or the kind of error and its message.
fn select(text: &str, document: &str) -> String {
    match path(text).select(&v(document)) {
        Ok(value) => value.to_string(),
        Err(e) => format!("{:?}: {}", e.kind, e.message),
    }
}

const ITEMS: &str = r#"{"limit":2,"big":9007199254740993,"wanted":["a","b"],"items":[
    {"id":1,"name":"one","tags":["a","b"],"box":{"w":1},"on":true},
    {"id":2,"name":"Two","tags":[],"box":{},"on":false},
    {"id":"3","name":"","tags":["c"],"box":null}]}"#;

/// The `id`s of the items that pass a filter.
fn ids(condition: &str) -> String {
    select(&format!("$.items[?({condition})].id"), ITEMS)
}

#[test]
fn comparisons_are_exact_and_lenient_about_text_that_is_a_number() {
    for (condition, expected) in [
        ("@.id == 1", "[1]"),
        ("@.id == 1.0", "[1]"),
        ("@.id == '1'", "[1]"),
        ("@.id == 3", r#"["3"]"#),
        ("@.id === 3", "[]"),
        ("@.id !== 3", r#"[1,2,"3"]"#),
        ("@.id != 1", r#"[2,"3"]"#),
        ("@.id < 2", "[1]"),
        ("@.id <= $.limit", "[1,2]"),
        ("1 < @.id", "[2]"),
        ("@.id >= 2.0", "[2]"),
        ("@.name > 'a'", "[1]"),
        ("@.id < 1e400", "[1,2]"),
        ("@.missing == null", "[]"),
        ("@.missing != 1", r#"[1,2,"3"]"#),
        ("@.box == null", r#"["3"]"#),
        ("@.box == {}", "[2]"),
        ("@.tags == ['a', \"b\"]", "[1]"),
        ("['c'] == @.tags", "[]"),
        ("@.on == true", "[1]"),
        ("9007199254740993 == $.big", r#"[1,2,"3"]"#),
        ("9007199254740992 == $.big", "[]"),
        ("9007199254740992.5 < $.big", r#"[1,2,"3"]"#),
    ] {
        assert_eq!(ids(condition), expected, "{condition}");
    }
}

#[test]
fn words_compare_lists_sizes_and_patterns() {
    for (condition, expected) in [
        ("@.id in [1, 3]", r#"[1,"3"]"#),
        ("@.id IN [2]", "[2]"),
        ("@.id nin [1]", r#"[2,"3"]"#),
        ("@.name in @.missing", "[]"),
        ("@.name nin @.missing", "[]"),
        ("'a' in @.tags", "[1]"),
        ("@.tags contains 'c'", r#"["3"]"#),
        ("@.name contains 'wo'", "[2]"),
        ("@.tags subsetof $.wanted", "[1,2]"),
        ("@.tags anyof ['b', 'c']", r#"[1,"3"]"#),
        ("@.tags noneof ['b', 'c']", "[2]"),
        ("@.tags all ['a']", "[]"),
        ("@.tags size 2", "[1]"),
        ("@.name size 3", "[1,2]"),
        ("@.tags empty true", "[2]"),
        ("@.name empty false", "[1,2]"),
        ("@.box empty true", "[2]"),
        ("@.on exists true", "[1]"),
        ("@.name =~ /two/", "[]"),
        ("@.name =~ /two/i", "[2]"),
        ("@.name =~ /tw/i", "[]"),
        ("/ONE/i =~ @.name", "[1]"),
        ("@.tags =~ /[c-z]/", r#"["3"]"#),
        ("@.id =~ /\\d/", r#"[1,2,"3"]"#),
        ("@.name =~ /o n e # a comment/x", "[1]"),
        ("@.name =~ /.*o/i && @.id == 2", "[2]"),
    ] {
        assert_eq!(ids(condition), expected, "{condition}");
    }
}

#[test]
fn conditions_combine_with_and_before_or() {
    for (condition, expected) in [
        ("@.id == 1 || @.id == 2 && @.on == true", "[1]"),
        ("(@.id == 1 || @.id == 2) && @.on == false", "[2]"),
        ("!(@.id == 1)", r#"[2,"3"]"#),
        ("!@.on", r#"["3"]"#),
        ("!(!@.on)", "[1,2]"),
        ("!!(@.id == 1)", "[1]"),
        ("@.box.w", "[1]"),
        ("@['box']['w'] == 1", "[1]"),
        ("@.tags.length() > 1", "[1]"),
        ("@.tags[?(@ == 'c')]", r#"[1,2,"3"]"#),
        ("@.tags[?(@ == 'c')] size 1", r#"["3"]"#),
    ] {
        assert_eq!(ids(condition), expected, "{condition}");
    }
}

#[test]
fn slices_and_indices_count_as_jayway_counts() {
    for (text, expected) in [
        ("$[-1]", "4"),
        ("$[-5]", "0"),
        ("$[-6]", "NotFound: No results for path: $[-6]"),
        ("$[1,-1,7]", "[1,4]"),
        ("$[2:]", "[2,3,4]"),
        ("$[-2:]", "[3,4]"),
        ("$[-9:]", "[0,1,2,3,4]"),
        ("$[:2]", "[0,1]"),
        ("$[:-3]", "[0,1]"),
        ("$[1:-1]", "[]"),
        ("$[-2:2]", "[3,4,0,1]"),
        ("$[-2147483648:2147483647]", "[0,1,2,3,4,0,1,2,3,4]"),
        ("$[ 1 ]", "1"),
        ("$[0, 1]", "[0,1]"),
    ] {
        assert_eq!(select(text, "[0,1,2,3,4]"), expected, "{text}");
    }
}

#[test]
fn functions_end_a_path() {
    let document = r#"{"n":[4,-1,2.5,"x"],"s":["a","b",1],"o":{"x":1,"y":[1,2]},"e":[],"neg":[-3,-2]}"#;
    for (text, expected) in [
        ("$.n.sum()", "5.5"),
        ("$.n.min()", "-1.0"),
        ("$.neg.max()", "-2.0"),
        ("$.neg.avg()", "-2.5"),
        ("$.neg.stddev()", "0.5"),
        ("$.n.sum(10, $.neg)", "10.5"),
        ("$.sum($.neg)", "-5.0"),
        ("$.e.sum()", "Invalid: Aggregation function attempted to calculate value using empty array"),
        ("$.s.concat()", r#""ab""#),
        (r#"$.s.concat("-", $.s)"#, r#""ab-ab1""#),
        ("$.o.keys()", r#"["x","y"]"#),
        ("$.n.keys()", "null"),
        ("$.o.size()", "2"),
        ("$.length($.n)", "4"),
        ("$..y.length()", "2"),
        ("$.e.append(7)", "[7]"),
        ("$.e.append(1).sum()", "1.0"),
        ("$.n.first()", "4"),
        ("$.s.last()", "1"),
        ("$.s.index(1)", r#""b""#),
        ("$.s.index(-2)", r#""b""#),
        ("$.s.index(9)", "Invalid: Index 9 out of bounds for length 3"),
        ("$.s.index(-3)", "Invalid: Target index:-3 larger than object count:3"),
        ("$[*].first()", r#"Invalid: Aggregation function attempted to calculate value using empty array"#),
        ("$.o.nope()", "Invalid: Function with name: nope does not exist."),
        ("$.sum($.missing)", "NotFound: No results for path: $['missing']"),
    ] {
        assert_eq!(select(text, document), expected, "{text}");
    }
    assert_eq!(select("$[*].first()", "[[1],[],[2]]"), "[1,2]", "an element out of bounds is passed over");
}

#[test]
fn a_scan_finds_parents_before_children() {
    let document = r#"{"a":{"x":{"x":1}},"l":[{"x":2},[{"x":3}]],"x":4}"#;
    assert_eq!(select("$..x", document), r#"[4,{"x":1},1,2,3]"#);
    assert_eq!(select("$..['x']", document), select("$..x", document));
    assert_eq!(select("$.l..x", document), "[2,3]");
    assert_eq!(select("$.l..[0]", document), r#"[{"x":2},{"x":3}]"#);
    assert_eq!(select("$..[?(@.x == 2)]", document), r#"[{"x":2}]"#);
    assert_eq!(select("$..missing.x", document), "[]");
}

#[test]
fn what_is_wrong_with_a_document_is_said_in_jayways_words() {
    let document = r#"{"n":null,"s":"text","i":5,"big":5000000000,"f":1.5,"b":true,"a":[{"k":"v"}],"o":{"p":{}}}"#;
    let no_object = |name: &str, place: &str, class: &str| {
        format!(
            "NotFound: Expected to find an object with property {name} in path {place} but found '{class}'. This is not \
             a json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'."
        )
    };
    for (text, expected) in [
        ("$.x", "NotFound: No results for path: $['x']".to_owned()),
        ("$.o.p.q", "NotFound: No results for path: $['o']['p']['q']".to_owned()),
        ("$.o.q.r", "NotFound: Missing property in path $['o']['q']".to_owned()),
        ("$.a[3].k", "NotFound: No results for path: $['a'][3]['k']".to_owned()),
        ("$.n[0]", "NotFound: The path $['n'] is null".to_owned()),
        (
            "$.a[0][1].z",
            "NotFound: Filter: [1]['z'] can only be applied to arrays. Current context is: {k=v}".to_owned(),
        ),
        ("$.o[1:]", "NotFound: Filter: [1:] can only be applied to arrays. Current context is: {p={}}".to_owned()),
        ("$.s[?(@.x)]", "Invalid: Filter: [?] can not be applied to primitives. Current context is: text".to_owned()),
        ("$.i.x", no_object("['x']", "$['i']", "java.lang.Integer")),
        ("$.big.x", no_object("['x']", "$['big']", "java.lang.Long")),
        ("$.f.x", no_object("['x']", "$['f']", "java.lang.Double")),
        ("$.b[\"x\"]", no_object("[\"x\"]", "$['b']", "java.lang.Boolean")),
        ("$.a['x','y']", no_object("['x','y']", "$['a']", "java.util.ArrayList")),
    ] {
        assert_eq!(select(text, document), expected, "{text}");
    }
    assert_eq!(select("$.s.*", document), "[]");
    assert_eq!(select("$.o['p','q'].z", document), "[]");
}

#[test]
fn lists_with_elements_that_jayway_misreads_never_match_them() {
    let document = r#"{"l":["$.a","[1]","'q'","$5"],"x":"$.a","y":"[1]","z":"q","w":"$5","deep":[[1]]}"#;
    for (name, expected) in [("x", 0), ("y", 0), ("z", 1), ("w", 1)] {
        let found = path(&format!("$[?(@.{name} in @.l)]")).select(&v(document)).unwrap();
        assert_eq!(found.as_array().unwrap().len(), expected, "{name}");
    }
    assert_eq!(select("$[?(@.x in @.deep)]", document), "Invalid: Could not determine value type");
}

#[test]
fn text_that_is_no_path_is_refused_where_it_goes_wrong() {
    for (text, at) in [
        ("", 0),
        ("$a", 1),
        ("$.a..", 4),
        ("$...a", 3),
        ("$.a b", 2),
        ("$.é[x]", 4),
        ("$['a'", 4),
        ("$['a", 1),
        ("$['a' 'b']", 4),
        ("$['a',]", 6),
        (r"$['\u12']", 3),
        ("$[1:2:x]", 1),
        ("$[:]", 2),
        ("$[99999999999]", 2),
        ("$[*", 1),
        ("$[?]", 1),
        ("$.a.length(", 4),
        ("$.sum(-)", 7),
        ("$.a[?(@.b = 1)]", 10),
        ("$.a[?(1)]", 7),
        ("$.a[?(@.b == )]", 13),
        ("$.a[?(@.b == ?x)]", 13),
        ("$.a[?(@.b =~ /(?=x)/)]", 13),
        ("$.a[?(@.b == 'x\"y)]", 3),
        ("$.a[?(@.b &| 1)]", 10),
        ("  $a", 3),
        ("a b", 0),
    ] {
        let refused = JsonPath::parse(text).map(|_| ()).unwrap_err();
        assert_eq!(refused.at, at, "{text}: {refused}");
    }
    let refused = JsonPath::parse("$.a[?(@.b =~ /(?=x)/)]").unwrap_err();
    assert!(refused.message.contains("look-around"), "{refused}");
}

#[test]
fn a_path_knows_whether_it_is_definite_and_how_it_begins() {
    for (text, definite, first) in [
        ("$", true, None),
        ("$.a", true, Some("a")),
        ("$['a b'][0].c", true, Some("a b")),
        ("$[0].a", true, None),
        ("$.a['b','c']", true, Some("a")),
        ("$.a['b','c'].d", false, Some("a")),
        ("$.a[*]", false, Some("a")),
        ("$..a", false, None),
        ("$.a[0,1]", false, Some("a")),
        ("$.a[?(@.b)]", false, Some("a")),
        ("$.a.length()", true, Some("a")),
    ] {
        let path = path(text);
        assert_eq!((path.is_definite(), path.first_name(), path.as_str()), (definite, first, text));
        assert_eq!(path.is_root(), text == "$");
    }
}

#[test]
fn what_is_selected_is_shared_with_the_document() {
    let document = v(ITEMS);
    let same = |text: &str, to: &Value| path(text).select(&document).unwrap().is_same(to);
    assert!(same("$", &document));
    assert!(same("$.items", document.get("items").unwrap()));
    let found = path("$.items[?(@.id == 1)].tags").select(&document).unwrap();
    let tags = document.get("items").and_then(|i| i.at(0)?.get("tags")).unwrap();
    assert!(found.at(0).unwrap().is_same(tags));
}

#[test]
fn no_piece_of_a_path_makes_the_parser_panic() {
    let documents = [v(ITEMS), v("null"), v(r#"[[1,"a"],{"é":{"x":[2]}}]"#)];
    let mut parsed = 0;
    for text in [
        r#"$..é['b\'c', "d"][-1,2][1:3][?(@.x =~ /a\/b/ix && !(@['y z'] in ['q', "r", {a: 1}] || $.t.length() >= -1.5e3))].sum($.a[*], {"k": [1]}, "s,\"")"#,
        r"$[?(@.a == 'it\'s' && @.b != null || @ subsetof [1,2] )]['\u00e9'].concat().x[0]é",
        "$.items[?(!@.on || 'b' in @.tags)]..*[?(@ size 1)].append($..id, $.limit.max(1))",
    ] {
        let bounds: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
        let prefixes = bounds.iter().map(|end| text[..*end].to_owned());
        let suffixes = bounds.iter().map(|start| text[*start..].to_owned());
        let gaps = bounds.windows(2).map(|w| format!("{}{}", &text[..w[0]], &text[w[1]..]));
        for piece in prefixes.chain(suffixes).chain(gaps) {
            if let Ok(path) = JsonPath::parse(&piece) {
                parsed += 1;
                for document in &documents {
                    _ = path.select(document);
                }
            }
        }
    }
    assert!(parsed > 100, "only {parsed} pieces were paths");
}

#[test]
fn hostile_paths_are_refused_or_done_with_quickly() {
    for (open, close) in [("(", ")"), ("!(", ")"), ("@.a[?(", ")]"), ("!", "")] {
        let nested = |n: usize| format!("$[?({}@.a{})]", open.repeat(n), close.repeat(n));
        assert!(JsonPath::parse(&nested(20)).is_ok(), "{open}");
        let refused = JsonPath::parse(&nested(8_000)).map(|_| ()).unwrap_err();
        assert!(refused.message.contains("nests more than"), "{open}: {refused}");
    }
    assert!(JsonPath::parse(&format!("$.{}", "sum($.".repeat(5_000))).is_err());
    assert!(JsonPath::parse(&format!("$.a{}", ".append(1)".repeat(5_000))).is_err());
    assert!(JsonPath::parse(&"a".repeat(MAX_TEXT + 1)).is_err());
    for text in ["$", "@", "[", "$.a[", "$['", "$[?(@", "$[?(@.a()", "$.a()", "$[?(", "@.a && "] {
        _ = JsonPath::parse(&text.repeat(MAX_TEXT / text.len()));
    }
    let long = path(&format!("$[?({}@.a)]", "@.a && ".repeat(9_000)));
    assert_eq!(long.select(&v("[{\"a\":1}]")).unwrap().to_string(), r#"[{"a":1}]"#);
}

#[test]
fn deep_documents_and_exploding_paths_stay_within_bounds() {
    let mut deep = v(r#"{"a":1}"#);
    for i in 0..1_000 {
        deep = if i % 2 == 0 { Value::array(vec![deep]) } else { Value::object([("a", deep)]) };
    }
    assert_eq!(path("$..a").select(&deep).unwrap().as_array().unwrap().len(), 501);
    assert_eq!(path("$..*..a..a").select(&v("{}")).unwrap(), v("[]"));
    let refused = path("$..*..*..*..*").select(&deep).unwrap_err();
    assert_eq!(refused.kind, PathErrorKind::Invalid);
    assert!(refused.message.contains("more than"), "{}", refused.message);
    let scans = path(&format!("${}", "..[?(@.a)]".repeat(3_000)));
    assert!(scans.select(&v(r#"{"a":{"a":1}}"#)).is_err());
    let many = Value::array((0..10_000).map(Value::from).collect());
    let refused = path("$[?(@ in $[*])]").select(&many).unwrap_err();
    assert!(refused.message.contains("visits more than"), "{}", refused.message);
}

#[test]
fn a_filter_may_compare_with_a_word_that_has_no_quotation_marks() {
    assert_eq!(select("$[?(@.type==TOTAL)].n", r#"[{"type": "TOTAL", "n": 1}, {"type": "TAX", "n": 2}]"#), "[1]");
}
