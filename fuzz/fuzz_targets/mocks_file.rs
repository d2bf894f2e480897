//! Any text is a file of mocks or is refused with findings.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rehearsal::mock;
use rehearsal::source::Source;

fuzz_target!(|text: &str| {
    if let Err(found) = mock::load(&Arc::new(Source::new("mocks.yaml", text))) {
        assert!(!found.to_string().is_empty());
    }
});
