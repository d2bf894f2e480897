//! A definition that compiles runs to an end whose history holds the laws. What follows a NUL is the input.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rehearsal::engine::Limits;
use rehearsal::prelude::*;
use rehearsal::value::Value;

fuzz_target!(|text: &str| {
    let (definition, input) = text.split_once('\0').unwrap_or((text, "{}"));
    let (Ok(machine), Ok(input)) = (Machine::parse(definition), Value::parse(input)) else { return };
    let limits = Limits { events: 2_000, events_at_one_instant: 2_000, ..Limits::default() };
    let harness = Harness::new(&machine).limits(limits).mock_everything_else(json!({ "ok": true }));
    let Ok(run) = harness.try_run(input) else { return };
    let last = run.history().len() as u32;
    for (id, event) in run.history().iter() {
        assert!(event.previous < id, "event {id} follows event {}", event.previous);
        assert_eq!(event.detail.is_terminal(), id == last, "event {id} of {last}");
    }
    assert!(!run.compact().to_string().is_empty());
    assert!(run.history_json().is_object());
});
