//! What can be wrong with an expression: while it is read, and while it is evaluated.

use std::fmt;

use crate::expr::jsonpath::{PathError, PathErrorKind, PathSyntaxError};

/// Why an expression gave no value.
///
/// The message is what the service would write after "An error occurred while executing the state '…' (entered at
/// the event id #…). "; the engine puts that in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// Which way it failed.
    pub kind: ExprErrorKind,
    /// A sentence in the service's manner.
    pub message: String,
}

/// The ways an expression fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExprErrorKind {
    /// A path leads nowhere.
    NotFound,
    /// An intrinsic function does not accept its arguments.
    Intrinsic,
    /// A path cannot be computed on this document.
    Invalid,
}

impl ExprError {
    /// An intrinsic function that does not accept its arguments.
    pub(crate) fn intrinsic(message: String) -> Self {
        ExprError { kind: ExprErrorKind::Intrinsic, message }
    }
    /// A path that gave no value, told in these words.
    pub(crate) fn path(error: &PathError, message: String) -> Self {
        let kind = match error.kind {
            PathErrorKind::NotFound => ExprErrorKind::NotFound,
            PathErrorKind::Invalid => ExprErrorKind::Invalid,
        };
        ExprError { kind, message }
    }
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExprError {}

/// Something wrong in one member of a template or a Choice rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Member names and element indices that lead from the template or rule down to the bad place.
    pub pointer: Vec<String>,
    /// What is wrong, as the service words it where it has words.
    pub message: String,
    /// Where the value is a path or an intrinsic: what is wrong inside its text.
    pub syntax: Option<PathSyntaxError>,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.syntax {
            Some(syntax) => write!(f, ": {} (at byte {})", syntax.message, syntax.at),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FieldError {}

/// The place being read, as a stack of names, and every problem found so far.
///
/// Reading goes on after a problem, so that one look finds them all.
#[derive(Default)]
pub(crate) struct Findings {
    pointer: Vec<String>,
    pub(crate) errors: Vec<FieldError>,
}

impl Findings {
    /// Reads something one step further down.
    pub(crate) fn below<T>(&mut self, step: impl Into<String>, read: impl FnOnce(&mut Self) -> T) -> T {
        self.pointer.push(step.into());
        let result = read(self);
        self.pointer.pop();
        result
    }
    /// Notes a problem here and gives nothing, for use with `?`.
    pub(crate) fn problem<T>(&mut self, message: impl Into<String>) -> Option<T> {
        self.note(message.into(), None);
        None
    }
    /// Notes a problem in the text of a path or an intrinsic here.
    pub(crate) fn syntax<T>(&mut self, message: impl Into<String>, syntax: PathSyntaxError) -> Option<T> {
        self.note(message.into(), Some(syntax));
        None
    }
    fn note(&mut self, message: String, syntax: Option<PathSyntaxError>) {
        self.errors.push(FieldError { pointer: self.pointer.clone(), message, syntax });
    }
}

/// The candidate that `name` was probably meant to be, as the end of a message: `; did you mean `…`?` or nothing.
pub(crate) fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let folded = name.to_lowercase();
    let best = candidates.into_iter().map(|c| (edits(&folded, &c.to_lowercase()), c)).min_by_key(|(n, _)| *n);
    match best {
        Some((n, candidate)) if n <= (candidate.len() / 3).max(1) => format!("; did you mean `{candidate}`?"),
        _ => String::new(),
    }
}

/// How many single-letter edits lead from one text to the other; texts much longer than any name count as far away.
fn edits(a: &str, b: &str) -> usize {
    if a.len() > 100 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        let (mut left, mut above_left) = (i + 1, i);
        for (y, above) in b.iter().zip(row.iter().skip(1)) {
            left = (above_left + usize::from(x != *y)).min(left + 1).min(above + 1);
            above_left = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let names = ["States.Format", "States.Hash", "States.UUID"];
        assert_eq!(did_you_mean("States.format", names), "; did you mean `States.Format`?");
        assert_eq!(did_you_mean("States.Hsah", names), "; did you mean `States.Hash`?");
        assert_eq!(did_you_mean("Fn::Join", names), "");
        assert_eq!(did_you_mean(&"x".repeat(1_000_000), names), "");
    }

    #[test]
    fn edits_are_counted_as_insertions_deletions_and_replacements() {
        for (a, b, n) in [("", "", 0), ("", "ab", 2), ("kitten", "sitting", 3), ("ab", "ba", 2), ("abc", "", 3)] {
            assert_eq!(edits(a, b), n, "{a} to {b}");
        }
    }
}
