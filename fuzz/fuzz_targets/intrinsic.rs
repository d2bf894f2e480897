//! Any text is a call of intrinsic functions or is refused; a call has a value or fails.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rehearsal::expr::env::Env;
use rehearsal::expr::intrinsics::Intrinsic;
use rehearsal::value::Value;

struct Still;

impl Env for Still {
    fn context(&self) -> Value {
        Value::empty_object()
    }
    fn variable(&self, _: &str) -> Option<Value> {
        Some(Value::Bool(true))
    }
    fn now_millis(&self) -> i64 {
        1_700_000_000_000
    }
    fn next_u64(&mut self) -> u64 {
        7 << 60
    }
}

fuzz_target!(|text: &str| {
    let data = Value::parse(r#"{"a": [1, "x", {"b": null}], "s": "dGV4dA=="}"#).unwrap_or_default();
    if let Ok(call) = Intrinsic::parse(text) {
        let _ = call.evaluate(&data, &mut Still);
    }
});
