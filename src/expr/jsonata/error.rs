//! What goes wrong in an expression, in the words of the reference implementation.

use std::fmt;

use jsonata_core::evaluator::{EvaluatorError, error_code_prefix};
use jsonata_core::parser::ParserError;

use super::wording::{Hints, reworded};

/// Why an expression does not parse, or what stopped its evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonataError {
    /// JSONata's code such as `T1006`; empty where there is none.
    pub code: String,
    /// The message without the code.
    pub message: String,
    /// The byte offset in the source, where it can be found.
    pub position: Option<usize>,
}

impl fmt::Display for JsonataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for JsonataError {}

impl JsonataError {
    /// An error with this code and message, at no known place.
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        JsonataError { code: code.to_owned(), message: message.into(), position: None }
    }

    /// An error whose message follows from its code.
    pub(super) fn worded(code: &str) -> Self {
        JsonataError::new(code, reworded(code, "", Hints::default()))
    }

    /// The engine reports a regular expression without end as a string without end.
    pub(super) fn tell_regex_from_string(self, source: &str) -> Self {
        let opens = self.position.and_then(|at| source.get(at..)).is_some_and(|rest| rest.starts_with('/'));
        if self.code == "S0101" && opens {
            return JsonataError { position: self.position, ..JsonataError::worded("S0302") };
        }
        self
    }

    /// What the parser reports.
    pub(super) fn from_parser(error: &ParserError) -> Self {
        match error {
            ParserError::UnclosedComment => JsonataError::worded("S0106"),
            ParserError::Coded { code, message } => JsonataError::new(code, reworded(code, message, Hints::default())),
            other => split(&other.to_string(), Hints::default()),
        }
    }

    /// What the evaluator reports.
    pub(super) fn from_evaluator(error: &EvaluatorError, hints: Hints<'_>) -> Self {
        split(error.message(), hints)
    }
}

/// Splits a text that carries its code at the front or, as some of the parser's do, further inside.
fn split(text: &str, hints: Hints<'_>) -> JsonataError {
    let code_at = |i: usize| text.get(i..).and_then(error_code_prefix).map(|code| (i, code));
    match text.char_indices().find_map(|(i, c)| c.is_ascii_uppercase().then(|| code_at(i)).flatten()) {
        Some((at, code)) => {
            let message = text.get(at + code.len()..).unwrap_or("").trim_start_matches(':').trim_start();
            JsonataError::new(code, reworded(code, message, hints))
        }
        // A signature that does not parse has nothing behind its code.
        None => match text.get(text.len().saturating_sub(5)..) {
            Some(code) if error_code_prefix(&format!("{code}:")).is_some() => {
                JsonataError::new(code, reworded(code, "", hints))
            }
            _ => JsonataError::new("", text),
        },
    }
}
