//! Scenario files made of what there is already: the mock configuration of Step Functions Local, mocks of TestState,
//! the history of an execution on AWS, or the definitions alone.

pub mod init;
pub mod mock_config;
pub mod place;
pub mod record;
mod seen;
pub mod test_state_mock;

use std::path::Path;

use crate::error::Error;

/// The bytes of a file that somebody named, up to one more than are accepted.
#[expect(clippy::disallowed_methods, reason = "what is imported is read here only")]
fn bytes(path: &Path, most: usize) -> Result<Vec<u8>, Error> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|e| Error::io("read", path, e))?;
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|e| Error::io("read", path, e))?;
    Ok(bytes)
}
