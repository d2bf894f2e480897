//! Any text is a definition or is refused with findings that can be shown.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rehearsal::Machine;

fuzz_target!(|text: &str| match Machine::parse(text) {
    Ok(machine) => assert!(machine.state_names().next().is_some()),
    Err(e) => assert!(!e.to_string().is_empty()),
});
