//! A change of the text that would mend a finding.

use annotate_snippets::{Level, Patch, Snippet};

use super::visible;
use crate::source::{Source, Span};

/// A change that would mend a finding: characters of the source, and what to write in their place.
///
/// The characters are always those of the file itself, never of a text that a template put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The characters to replace; empty where something is inserted.
    pub span: Span,
    /// What to write there.
    pub replacement: String,
    /// The change in a few words: ``write `States.ALL` ``.
    pub says: String,
    /// Whether there is nothing to decide, so that a tool may make the change unasked. A figure somebody has to choose,
    /// such as a timeout, is not.
    pub is_safe: bool,
}

impl Fix {
    /// A change that means what was meant, whoever makes it.
    pub fn safe(span: Span, replacement: impl Into<String>, says: impl Into<String>) -> Fix {
        Fix { span, replacement: replacement.into(), says: says.into(), is_safe: true }
    }

    /// A change that somebody has to look at.
    pub fn suggestion(span: Span, replacement: impl Into<String>, says: impl Into<String>) -> Fix {
        Fix { span, replacement: replacement.into(), says: says.into(), is_safe: false }
    }

    /// The lines it changes, as a patch under a title.
    pub(super) fn group<'a>(&'a self, source: &Source, title: Option<&str>) -> Option<annotate_snippets::Group<'a>> {
        let (start, end) = (source.floor(self.span.start as usize), source.floor(self.span.end as usize));
        let first = source.line_col(start).0;
        let from = source.line_start(first);
        let to = source.line_start(source.line_col(end).0 + 1);
        let text = source.text().get(from..to)?;
        // A minified document would be shown whole, twice.
        if text.len() > super::LONG_LINE || text.chars().any(|c| c.is_control() && !"\n\r\t".contains(c)) {
            return None;
        }
        let patch = Patch::new(start - from..end - from, self.replacement.as_str());
        let snippet = Snippet::source(text.to_owned()).line_start(first).patch(patch);
        Some(Level::HELP.secondary_title(visible(title.unwrap_or(&self.says))).element(snippet))
    }
}
