//! A finding about something the user wrote: a stable code, one sentence, the characters it is about, what to write
//! instead, and, where it is known, what the service itself would say.
//!
//! ```
//! use std::sync::Arc;
//! use rehearsal::diagnostic::Diagnostic;
//! use rehearsal::source::{Source, Span};
//!
//! let source = Arc::new(Source::new("order.asl.json", "{\"StartAt\": \"Chrage\"}"));
//! let finding = Diagnostic::error("transition-target", "`StartAt` names `Chrage`, which is not a state here")
//!     .at(&source, Span::new(12, 20), "no such state")
//!     .help("did you mean `Charge`?");
//! assert_eq!(
//!     finding.one_line(),
//!     "order.asl.json:1:13: error[transition-target]: `StartAt` names `Chrage`, which is not a state here"
//! );
//! ```

use std::fmt;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::source::{Source, Span};

mod fix;

pub use fix::Fix;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The service refuses it, or it cannot work.
    Error,
    /// It is accepted, and probably not meant.
    Warning,
    /// It is worth knowing.
    Note,
}

impl Severity {
    /// The word that begins a report: `error`, `warning` or `note`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// Characters in the source and a few words about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The characters.
    pub span: Span,
    /// The words; may be empty.
    pub text: String,
}

/// What the service says about the same problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsMessage {
    /// The service's code, such as `SCHEMA_VALIDATION_FAILED`.
    pub code: String,
    /// The service's sentence.
    pub message: String,
    /// The service's pointer into the definition, such as `/States/Charge/Next`.
    pub location: String,
}

/// The message and where it applies, as `CreateStateMachine` writes it.
impl fmt::Display for AwsMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.contains(&self.location) {
            return write!(f, "{}: {}", self.code, self.message);
        }
        write!(f, "{}: {} at {}", self.code, self.message, self.location)
    }
}

/// One finding.
#[derive(Clone, Debug)]
#[must_use]
pub struct Diagnostic {
    /// A stable name for this sort of finding, in kebab-case.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// One lower-case sentence; the user's own names stand in backticks.
    pub message: String,
    /// The characters it is about.
    pub primary: Option<Label>,
    /// Other characters in the same source that have to do with it.
    pub secondary: Vec<Label>,
    /// What to write instead.
    pub help: Option<String>,
    /// A change of the text that would mend it, where there is an obvious one.
    pub fix: Option<Fix>,
    /// What the service would say.
    pub aws: Option<AwsMessage>,
    /// The way to the place, for people: `States › Charge › Next`; may be empty.
    pub path: String,
    /// The text all spans refer to.
    pub source: Option<Arc<Source>>,
}

impl Diagnostic {
    /// A finding of a severity.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity,
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            help: None,
            fix: None,
            aws: None,
            path: String::new(),
            source: None,
        }
    }

    /// Something that is refused.
    pub fn error(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, message)
    }

    /// Something that is accepted and probably not meant.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, message)
    }

    /// Something worth knowing.
    pub fn note(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Note, code, message)
    }

    /// The same, about these characters.
    pub fn at(mut self, source: &Arc<Source>, span: Span, label: impl Into<String>) -> Diagnostic {
        self.source = Some(source.clone());
        self.primary = Some(Label { span, text: label.into() });
        self
    }

    /// The same, with other characters of the same source.
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.secondary.push(Label { span, text: label.into() });
        self
    }

    /// The same, saying what to write.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The same, with a change that would mend it.
    pub fn fix(mut self, fix: impl Into<Option<Fix>>) -> Diagnostic {
        self.fix = fix.into();
        self
    }

    /// The same, with the service's own words.
    pub fn aws(mut self, aws: AwsMessage) -> Diagnostic {
        self.aws = Some(aws);
        self
    }

    /// The same, with the way to the place.
    pub fn path(mut self, path: impl Into<String>) -> Diagnostic {
        self.path = path.into();
        self
    }

    /// Line and column of the characters it is about, both from 1.
    pub fn line_col(&self) -> Option<(usize, usize)> {
        Some(self.source.as_ref()?.line_col(self.primary.as_ref()?.span.start as usize))
    }

    /// The form editors and other tools read: `file:3:7: error[code]: message`.
    pub fn one_line(&self) -> String {
        let place = match (&self.source, self.line_col()) {
            (Some(source), Some((line, column))) => format!("{}:{line}:{column}: ", source.name()),
            (Some(source), None) => format!("{}: ", source.name()),
            (None, _) => String::new(),
        };
        format!("{place}{}[{}]: {}", self.severity.as_str(), self.code, self.message)
    }

    /// The form people read: the sentence, an excerpt of the text with the characters marked, and what to do.
    pub fn render(&self, color: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let mut group = Group::with_title(level.primary_title(visible(&self.message)).id(self.code));
        if let (Some(source), Some(primary)) = (&self.source, &self.primary) {
            group = group.element(excerpt(source, primary, &self.secondary));
        }
        if !self.path.is_empty() {
            group = group.element(Level::NOTE.with_name("at").message(visible(&self.path)));
        }
        if let Some(aws) = &self.aws {
            group = group.element(Level::NOTE.with_name("aws").message(visible(&aws.to_string())));
        }
        // Where there is a change to show, the help is its title.
        let fix = self.source.as_ref().zip(self.fix.as_ref());
        let fix = fix.and_then(|(source, fix)| fix.group(source, self.help.as_deref()));
        if let Some(help) = self.help.as_ref().filter(|_| fix.is_none()) {
            group = group.element(Level::HELP.message(visible(help)));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let groups: Vec<Group<'_>> = [Some(group), fix].into_iter().flatten().collect();
        renderer.decor_style(DecorStyle::Unicode).term_width(120).render(&groups)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// So many of something: `1 file`, `3 files`.
///
/// ```
/// assert_eq!(rehearsal::diagnostic::counted(3, "file"), "3 files");
/// ```
pub fn counted(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// Text without the control characters that could move a terminal's cursor.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// How many characters of one line an excerpt may hold; longer lines are cut around the mark.
const LONG_LINE: usize = 1_000;

/// The lines around the marks, with nothing else of the source: rendering costs what is shown, not what there is.
fn excerpt<'a>(
    source: &Source,
    primary: &'a Label,
    secondary: &'a [Label],
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let (line, _) = source.line_col(primary.span.start as usize);
    // Labels far away would show as a page of unrelated lines; those within a screen's reach are worth showing.
    let near: Vec<&Label> =
        secondary.iter().filter(|l| source.line_col(l.span.start as usize).0.abs_diff(line) <= 2_000).collect();
    let all = || near.iter().copied().chain([primary]);
    let first = all().map(|l| l.span.start as usize).min().unwrap_or(0);
    let last = all().map(|l| mark_end(source, l)).max().unwrap_or(first);
    let (first_line, last_line) = (source.line_col(first).0, source.line_col(last).0);
    let mut from = source.line_start(first_line);
    let mut to = source.line_start(last_line + 1);
    // A minified document is one long line. Its column would be wrong if the line were cut at its beginning, so only
    // the part after the marks goes.
    if to - from > LONG_LINE * (last_line - first_line + 1) {
        to = to.min(source.floor(last + LONG_LINE));
        from = from.min(first);
    }
    let text = source.text().get(from..to).unwrap_or_default();
    let range = |label: &Label| {
        let start = source.floor(label.span.start as usize).clamp(from, to) - from;
        let end = mark_end(source, label).clamp(from, to) - from;
        start..end.max(start)
    };
    // Replaced one for one in width, so that offsets into the excerpt stay true.
    let shown: String = text.chars().map(|c| if c.is_control() && !"\n\r\t".contains(c) { ' ' } else { c }).collect();
    let safe = shown.len() == text.len();
    let words = |label: &'a Label| (!label.text.is_empty()).then(|| visible(&label.text));
    Snippet::source(if safe { shown } else { text.to_owned() })
        .path(visible(source.name()))
        .line_start(first_line)
        .annotation(AnnotationKind::Primary.span(range(primary)).label(words(primary)))
        .annotations(near.into_iter().map(|l| AnnotationKind::Context.span(range(l)).label(words(l))))
}

/// Where the mark of a label ends: with its span, but on the line where it begins, so that an object of fifty lines is
/// marked at its first.
fn mark_end(source: &Source, label: &Label) -> usize {
    let covered = source.slice(label.span);
    let line = covered.split('\n').next().unwrap_or_default().trim_end();
    source.floor(label.span.start as usize) + line.len()
}

/// Findings as an error: never empty when it is one.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// The findings, in the order in which they are reported.
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.0
    }

    /// The findings, one after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// The findings, to keep.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.0
    }

    /// The same without what the service says, which has no place where the file is none of its definitions.
    #[must_use]
    pub fn without_aws(self) -> Diagnostics {
        Diagnostics(self.0.into_iter().map(|d| Diagnostic { aws: None, ..d }).collect())
    }

    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Puts findings in the order of the text.
    pub fn sort(&mut self) {
        self.0.sort_by_key(|d| d.primary.as_ref().map(|p| (p.span.start, p.span.end)));
    }

    /// All findings as people read them, then how many there are.
    pub fn render(&self, color: bool) -> String {
        let mut text: Vec<String> = self.0.iter().map(|d| d.render(color)).collect();
        if self.0.len() > 1 {
            text.push(format!("{} found", self.count()));
        }
        text.join("\n\n")
    }

    /// What these findings stop, completing "failed to …".
    pub(crate) fn title(&self) -> String {
        let name = self.0.iter().find_map(|d| d.source.as_ref()).map_or("the definition", |s| s.name());
        format!("accept `{name}`: {}", self.count())
    }

    fn count(&self) -> String {
        let of = |severity: Severity| {
            let n = self.0.iter().filter(|d| d.severity == severity).count();
            (n > 0).then(|| counted(n, severity.as_str()))
        };
        let parts: Vec<String> =
            [Severity::Error, Severity::Warning, Severity::Note].into_iter().filter_map(of).collect();
        if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

impl From<Diagnostic> for Diagnostics {
    fn from(found: Diagnostic) -> Diagnostics {
        Diagnostics(vec![found])
    }
}

impl From<Vec<Diagnostic>> for Diagnostics {
    fn from(found: Vec<Diagnostic>) -> Diagnostics {
        Diagnostics(found)
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// The candidate that a misspelt word most likely means, if one is near enough.
///
/// The same word in other capitals wins; else the fewest slips (a letter wrong, missing, too many, or two swapped) count,
/// of which a word of three letters may have one, and longer words more.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = word.chars().flat_map(char::to_lowercase).take(LONGEST_WORD + 1).collect();
    if wanted.is_empty() || wanted.len() > LONGEST_WORD {
        return None;
    }
    let allowed = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).take(LONGEST_WORD + 1).collect();
        if letters.len().abs_diff(wanted.len()) > allowed {
            continue;
        }
        let slips = slips(&wanted, &letters);
        if slips <= allowed && slips < letters.len() && best.is_none_or(|(fewest, _)| slips < fewest) {
            best = Some((slips, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The longest word worth a suggestion; comparing costs its square.
const LONGEST_WORD: usize = 128;

/// The distance between two words: letters to change, insert, delete or swap with their neighbour.
fn slips(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && b[j - 1] == *x {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source::new("order.asl.json", text))
    }

    #[test]
    fn a_finding_shows_the_place_the_mark_and_what_to_do() {
        let source = source("{\n  \"StartAt\": \"Chrage\",\n  \"States\": {\n    \"Charge\": {}\n  }\n}\n");
        let found = Diagnostic::error("transition-target", "`StartAt` names `Chrage`, which is no state here")
            .at(&source, Span::new(15, 23), "no such state")
            .also(Span::new(43, 51), "this one exists")
            .path("StartAt")
            .aws(AwsMessage { code: "C".into(), message: "M".into(), location: "/StartAt".into() })
            .help("did you mean `Charge`?");
        let want = "\
error[transition-target]: `StartAt` names `Chrage`, which is no state here
  ╭▸ order.asl.json:2:14
  │
2 │   \"StartAt\": \"Chrage\",
  │              ━━━━━━━━ no such state
3 │   \"States\": {
4 │     \"Charge\": {}
  │     ──────── this one exists
  │
  ├ at: StartAt
  ├ aws: C: M at /StartAt
  ╰ help: did you mean `Charge`?";
        assert_eq!(found.to_string(), want);
        assert!(found.render(true).contains("\u{1b}["));
    }

    #[test]
    fn a_mark_over_many_lines_stays_on_the_first() {
        let text = "{\n  \"a\": {\n    \"b\": 1\n  }\n}";
        let found = Diagnostic::warning("x", "m").at(&source(text), Span::new(9, 26), "").to_string();
        assert!(found.contains("2 │   \"a\": {\n  ╰╴       ━"), "{found}");
        assert!(!found.contains("\"b\""), "{found}");
    }

    #[test]
    fn strange_texts_and_spans_render_without_harm() {
        for text in ["", "\r\n\r\n", "\u{1b}[31mred\u{7}\0\u{9b}", "é\u{202e}abc", "a\tb", "x\r"] {
            let source = source(text);
            for (a, b) in [(0, 0), (0, 1), (1, 1), (1, 400), (400, 500), (2, 3)] {
                let found =
                    Diagnostic::error("x", "\u{1b}m").at(&source, Span::new(a, b), "\u{1b}l").also(Span::new(b, a), "");
                let shown = found.to_string();
                assert!(!shown.contains('\u{1b}'), "{shown:?}");
            }
        }
    }

    #[test]
    fn a_minified_megabyte_is_cut_around_the_mark() {
        let source = source(&format!("[{}]", "\"abcdefgh\", ".repeat(100_000)));
        let start = std::time::Duration::from_secs(5);
        let found = Diagnostic::error("x", "m").at(&source, Span::new(600_001, 600_011), "here");
        let before = std::time::Instant::now();
        let shown = found.to_string();
        assert!(before.elapsed() < start);
        assert!(shown.len() < 2_000 && shown.contains("order.asl.json:1:600002"), "{} {}", shown.len(), &shown[..200]);
    }

    #[test]
    fn findings_are_counted_by_weight() {
        let found = Diagnostics::from(vec![
            Diagnostic::error("a", "one"),
            Diagnostic::warning("b", "two"),
            Diagnostic::error("a", "three"),
        ]);
        assert!(found.to_string().ends_with("\n\n2 errors, 1 warning found"), "{found}");
        assert!(found.has_errors());
    }

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let names = ["Resource", "ResultPath", "Retry", "Next", "End", "ErrorEquals"];
        let table = [
            ("resource", Some("Resource")),
            ("Resuorce", Some("Resource")),
            ("ResultsPath", Some("ResultPath")),
            ("Nxt", Some("Next")),
            ("ErrorEqual", Some("ErrorEquals")),
            ("Catch", None),
            ("X", None),
            ("", None),
        ];
        for (word, want) in table {
            assert_eq!(did_you_mean(word, names), want, "{word}");
        }
        assert_eq!(did_you_mean(&"x".repeat(100_000), names), None);
    }
}
