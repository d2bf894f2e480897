//! The compact history: what people read on the screen and in snapshots.
//!
//! One line for every visit of a state, with its attempts under it and what is nested drawn as a tree:
//!
//! ```text
//! T+0       Charge               lambda:invoke charge
//!             ✗ T+0              Lambda.TooManyRequestsException: Rate exceeded    retry after 2s
//!             ✓ T+2s … T+3s
//! T+3s      Notify               Parallel, 2 branches ✓
//! T+3s      ├ Email              sns:publish ✓
//! T+3s      └ Audit              dynamodb:putItem ✓
//! T+3s      Done                 Succeed
//! output    {"orderId":"o-1","paid":true}
//! ```

pub(crate) mod alike;
mod rows;
mod text;

use std::fmt;

use super::timeline::{Attempt, AttemptOutcome, StateVisit, Thread, ThreadOutcome, Timeline, VisitOutcome, timeline};
use super::{Detail, History};
use crate::task::TaskError;
use crate::value::Value;
use rows::{Mark, Row};
use text::{clean, columns, cut, cut_value, error_name, offset, shorten, wrap};

/// A history as compact text; print it with `{}`.
///
/// Long causes and outputs are cut to the width, and of many Map items that did the same only the first are shown,
/// unless [`whole`](Compact::whole) asks for everything. An item that failed is always shown.
#[derive(Clone, Copy, Debug)]
pub struct Compact<'a> {
    history: &'a History,
    width: usize,
    whole: bool,
    color: bool,
    indent: usize,
}

const DEFAULT_WIDTH: usize = 100;
/// More columns than any text has, with room to calculate.
const NO_LIMIT: usize = usize::MAX / 64;

impl<'a> Compact<'a> {
    /// The text of this history, 100 columns wide and without colours.
    pub fn new(history: &'a History) -> Self {
        Compact { history, width: DEFAULT_WIDTH, whole: false, color: false, indent: 0 }
    }
    /// Cuts long texts so that lines have at most so many columns, where that leaves anything to read.
    pub fn width(mut self, columns: usize) -> Self {
        self.width = columns.min(NO_LIMIT);
        self
    }
    /// Cuts nothing and shows every item of every Map.
    pub fn whole(mut self) -> Self {
        self.whole = true;
        self
    }
    /// Whether to colour the text for a terminal.
    pub fn color(mut self, on: bool) -> Self {
        self.color = on;
        self
    }
    /// Begins every line with so many blanks, at most a thousand.
    pub fn indent(mut self, blanks: usize) -> Self {
        self.indent = blanks.min(1000);
        self
    }

    fn paint<'t>(&self, ink: &'static str, text: &'t str) -> Painted<'t> {
        Painted { ink: if self.color && !text.is_empty() { ink } else { "" }, text }
    }
    fn room(&self, taken: usize) -> usize {
        if self.whole { NO_LIMIT } else { self.width.saturating_sub(self.indent + taken) }
    }
}

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const RESET: &str = "\x1b[0m";

struct Painted<'t> {
    ink: &'static str,
    text: &'t str,
}

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ink {
            "" => f.write_str(self.text),
            ink => write!(f, "{ink}{}{RESET}", self.text),
        }
    }
}

/// The first column holds at least the longest word that stands there.
const LEAST_FIRST: usize = 8;
/// Names longer than this push their own line's text to the right, not everybody's.
const MOST_NAME: usize = 40;
/// The cause of the end is worth more than one line.
const CAUSE_LINES: usize = 4;
/// Blanks between columns.
const GAP: usize = 2;

impl fmt::Display for Compact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(start) = self.history.started_at() else { return Ok(()) };
        let rows: Vec<(Row, String)> = rows::rows(&timeline(self.history), start, self.whole)
            .into_iter()
            .map(|row| {
                let at = row.at.map_or(String::new(), |at| offset(at, start));
                (row, at)
            })
            .collect();
        let first = rows.iter().map(|(_, at)| at.len()).max().unwrap_or(0).max(LEAST_FIRST) + GAP;
        let name = rows.iter().map(|(row, _)| row.name_columns()).filter(|n| *n <= MOST_NAME).max().unwrap_or(0) + GAP;
        for (row, at) in &rows {
            self.row(f, row, at, first, name)?;
        }
        self.end(f, first)
    }
}

impl Row {
    /// How many columns the nesting, the mark and the label take.
    fn name_columns(&self) -> usize {
        columns(&self.tree) + columns(self.mark.sign()) + columns(&self.label)
    }
}

impl Compact<'_> {
    fn row(&self, f: &mut fmt::Formatter<'_>, row: &Row, at: &str, first: usize, name: usize) -> fmt::Result {
        let ink = match row.mark {
            Mark::Bad | Mark::Failing => RED,
            Mark::Good => GREEN,
            Mark::None | Mark::Open => "",
        };
        let label_ink = if row.at.is_some() { BOLD } else { "" };
        write!(f, "{:indent$}{}", "", self.paint(DIM, at), indent = self.indent)?;
        write!(f, "{:pad$}{}", "", self.paint(DIM, &row.tree), pad = first.saturating_sub(at.len()))?;
        write!(f, "{}{}", self.paint(ink, row.mark.sign()), self.paint(label_ink, &row.label))?;
        let mut tail: String = row.tail.iter().map(|t| format!("    {t}")).collect();
        if row.head.is_empty() {
            tail = tail.trim_start().into();
        }
        let taken = row.name_columns();
        let pad = name.saturating_sub(taken).max(GAP);
        if !(row.head.is_empty() && tail.is_empty()) {
            write!(f, "{:pad$}{}", "", self.paint(ink, &row.head))?;
        }
        if let Some(cause) = &row.cause {
            let room = self.room(first + taken + pad + columns(&row.head) + 2 + columns(&tail));
            write!(f, ": {}", shorten(cause, room))?;
        }
        if let Some(success) = &row.success {
            write!(f, " {}", self.paint(GREEN, success))?;
        }
        writeln!(f, "{tail}")
    }

    /// How the execution ended, or that it has not.
    fn end(&self, f: &mut fmt::Formatter<'_>, first: usize) -> fmt::Result {
        let (Some(start), Some((_, last))) = (self.history.started_at(), self.history.iter().next_back()) else {
            return Ok(());
        };
        let at = offset(last.at, start);
        match &last.detail {
            Detail::ExecutionSucceeded { output } => self.value(f, first, "output", output),
            Detail::ExecutionFailed(error) => {
                if error.error.is_none() {
                    self.line(f, first, "failed", RED, &error_name(error))?;
                }
                self.error(f, first, error)
            }
            Detail::ExecutionAborted(error) => {
                self.line(f, first, "aborted", RED, &at)?;
                self.error(f, first, error)
            }
            Detail::ExecutionTimedOut(error) => {
                self.line(f, first, "timed out", RED, &at)?;
                self.error(f, first, error)
            }
            _ => self.line(f, first, "running", "", &at),
        }
    }

    fn error(&self, f: &mut fmt::Formatter<'_>, first: usize, error: &TaskError) -> fmt::Result {
        if let Some(name) = &error.error {
            self.line(f, first, "error", RED, name)?;
        }
        if let Some(cause) = &error.cause {
            let cause = clean(cause);
            for (i, part) in wrap(&cause, self.room(first), CAUSE_LINES).iter().enumerate() {
                self.line(f, first, if i == 0 { "cause" } else { "" }, "", part)?;
            }
        }
        Ok(())
    }

    fn value(&self, f: &mut fmt::Formatter<'_>, first: usize, word: &str, value: &Value) -> fmt::Result {
        let text = cut_value(value, self.room(first));
        self.line(f, first, word, "", &text)
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, first: usize, word: &str, ink: &'static str, text: &str) -> fmt::Result {
        let text = clean(text);
        let text = cut(&text, text.len(), self.room(first));
        let (indent, pad) = (self.indent, first.saturating_sub(word.len()));
        writeln!(f, "{:indent$}{}{:pad$}{}", "", self.paint(DIM, word), "", self.paint(ink, &text))
    }
}

#[cfg(test)]
mod tests;
