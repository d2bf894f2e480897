//! What can go wrong outside a workflow: a file that cannot be read, a definition that is refused, a test that uses
//! the library wrongly. A workflow's own failure is never an [`Error`]; it is a status in the history.

use std::error::Error as StdError;
use std::fmt;

use crate::diagnostic::{Diagnostic, Diagnostics};

/// The area an [`Error`] comes from; the command line turns each into an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file or directory could not be read or written.
    Io,
    /// A definition, template or test file is refused; [`Error::diagnostics`] says why.
    Definition,
    /// The input of an execution is not what it has to be.
    Input,
    /// A mock is missing, unused or does not fit the machine.
    Mocks,
    /// The library or the command line is used in a way that cannot work.
    Usage,
}

/// A failure of ours or of the surroundings. Its text completes "failed to …".
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    diagnostics: Option<Diagnostics>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of a kind; `message` completes "failed to …": ``read `order.asl.json` ``.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner { kind, message: message.into(), diagnostics: None, source: None }))
    }

    /// An error about a file; `doing` is a verb: `read`, `write`.
    pub fn io(doing: &str, path: impl AsRef<std::path::Path>, source: std::io::Error) -> Error {
        Error::new(ErrorKind::Io, format!("{doing} `{}`", path.as_ref().display())).because(source)
    }

    /// The same error, caused by another.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
        self.0.source = Some(source.into());
        self
    }

    /// The area it comes from.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The findings about the user's files, if that is what it is about.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        self.0.diagnostics.as_ref().map_or(&[], Diagnostics::as_slice)
    }
}

impl From<Diagnostics> for Error {
    fn from(diagnostics: Diagnostics) -> Error {
        let mut error = Error::new(ErrorKind::Definition, diagnostics.title());
        error.0.diagnostics = Some(diagnostics);
        error
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Error {
        Diagnostics::from(diagnostic).into()
    }
}

/// The same as `Display`, since tests show errors through `unwrap`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The message, then the findings in full and the chain of causes.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}", self.0.message)?;
        if let Some(diagnostics) = &self.0.diagnostics {
            write!(f, "\n\n{diagnostics}")?;
        }
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_completes_failed_to_and_keeps_its_cause() {
        let cause = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let error = Error::io("read", "a/b.json", cause);
        assert_eq!(error.kind(), ErrorKind::Io);
        assert_eq!(error.to_string(), "failed to read `a/b.json`: no such file");
        assert_eq!(format!("{error:?}"), error.to_string());
        assert!(error.diagnostics().is_empty());
    }

    #[test]
    fn an_error_made_of_findings_keeps_them() {
        let error = Error::from(Diagnostic::error("syntax", "a comma is missing"));
        assert_eq!(error.kind(), ErrorKind::Definition);
        assert_eq!(error.diagnostics().len(), 1);
        assert!(error.to_string().contains("error[syntax]: a comma is missing"), "{error}");
    }

    #[test]
    fn an_error_travels_between_threads() {
        fn travels<T: Send + Sync + 'static>() {}
        travels::<Error>();
    }
}
