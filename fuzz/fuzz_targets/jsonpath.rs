//! Any text is a path or is refused; a path finds something in a value or says why not.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rehearsal::expr::jsonpath::JsonPath;
use rehearsal::expr::query_path::QueryPath;
use rehearsal::expr::reference_path::ReferencePath;
use rehearsal::value::Value;

const DATA: &str = r#"{"a": [{"b": 1, "c": "x"}, {"b": 2.5, "c": null}], "l": [1, 2, [3, "four"]], "": {"'": true}}"#;

fuzz_target!(|text: &str| {
    let data = Value::parse(DATA).unwrap_or_default();
    if let Ok(path) = JsonPath::parse(text) {
        let _ = path.select(&data);
    }
    let _ = QueryPath::parse(text);
    if let Ok(path) = ReferencePath::parse(text) {
        let _ = path.put(data, Value::Null);
    }
});
