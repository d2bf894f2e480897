//! Every scenario of `tests/` is a test of its own.

rehearsal::main!();
