//! Any text is an expression or is refused; an expression has a value or fails, in bounded time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rehearsal::expr::env::Env;
use rehearsal::expr::jsonata::Expression;
use rehearsal::value::Value;

struct Still;

impl Env for Still {
    fn context(&self) -> Value {
        Value::empty_object()
    }
    fn variable(&self, _: &str) -> Option<Value> {
        None
    }
    fn now_millis(&self) -> i64 {
        1_700_000_000_000
    }
    fn next_u64(&mut self) -> u64 {
        7 << 60
    }
}

fuzz_target!(|text: &str| {
    let data = Value::parse(r#"{"a": [{"b": 1}, {"b": 2}], "s": "text"}"#).unwrap_or_default();
    if let Ok(expression) = Expression::parse(text) {
        let _ = expression.evaluate_with(Some(&data), &[], &mut Still);
    }
});
