//! The exit codes, which are documented and do not change.

use std::process::ExitCode;

use rehearsal::error::ErrorKind;

/// What a command's end says to the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Succeeded = 0,
    WorkflowFailed = 1,
    Usage = 2,
    Definition = 3,
    Mocks = 4,
    Input = 5,
    Io = 6,
}

/// The table in `--help`; the README has the same one.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  the execution succeeded
  1  the execution failed, timed out or was aborted
  2  the command line cannot be understood
  3  a definition is refused
  4  a mock is wrong, or nothing answers a task; with --strict, a mock was never used
  5  the input or the context is not JSON, or too large
  6  a file cannot be read, or the output cannot be written";

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Exit {
        match kind {
            ErrorKind::Definition => Exit::Definition,
            ErrorKind::Mocks => Exit::Mocks,
            ErrorKind::Input => Exit::Input,
            ErrorKind::Io => Exit::Io,
            // A kind that is added later has to find its place here; until then it is the caller's doing.
            _ => Exit::Usage,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
