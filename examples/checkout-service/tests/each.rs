//! A test for every scenario file, made by rstest when it is compiled.

use std::path::PathBuf;

use rstest::rstest;

#[rstest]
fn each(#[files("tests/scenarios/**/*.rehearsal.yaml")] path: PathBuf) {
    rehearsal::check_file(path);
}
