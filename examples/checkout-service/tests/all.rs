//! All scenarios as one test, where that is enough.

#[test]
fn all() {
    rehearsal::check_dir("tests/scenarios");
}
