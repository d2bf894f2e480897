//! Any bytes are a source or are refused; a source is YAML or JSON or is refused with findings.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rehearsal::source::{Format, Source, parse};

fuzz_target!(|bytes: &[u8]| {
    let Ok(source) = Source::from_bytes("fuzz.yaml", bytes, 100_000) else { return };
    let source = Arc::new(source);
    for format in [Format::Yaml, Format::Json] {
        if let Err(found) = parse(&source, format) {
            assert!(!found.to_string().is_empty());
        }
    }
});
