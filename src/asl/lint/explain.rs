//! Rows for people: one in a terminal, all of them as the reference page.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{LintOptions, Rule, lint_source};
use crate::asl::compile::CompileOptions;
use crate::diagnostic::Severity;
use crate::source::{Format, Source};

/// How wide a paragraph is.
const WIDTH: usize = 96;

impl Rule {
    /// The row as a terminal shows it: what it is about, why it matters, and its example with what is found in it.
    pub fn render(&self, color: bool) -> String {
        let (bold, reset) = if color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        let severity = self.severity.as_str();
        let mut text = format!("{bold}{severity}[{}]: {}{reset}\n\n", self.code, self.summary);
        for paragraph in self.explanation.split("\n\n") {
            let _ = write!(text, "{}\n\n", wrap(paragraph));
        }
        if let Some(found) = self.finding(color) {
            let _ = write!(text, "For example:\n\n{found}\n\n");
        }
        let _ = writeln!(text, "{}", self.switch());
        text
    }

    /// What is found in the example.
    fn finding(&self, color: bool) -> Option<String> {
        let source = Arc::new(Source::new(format!("example.asl.{}", self.language()), self.example));
        let found = lint_source(&source, &CompileOptions::default(), &LintOptions::default());
        found.iter().find(|finding| finding.code == self.code).map(|finding| finding.render(color))
    }

    /// What the example is written in.
    fn language(&self) -> &'static str {
        match Format::sniff(self.example) {
            Format::Json => "json",
            Format::Yaml => "yaml",
        }
    }

    /// What the findings weigh, and how they are switched off.
    fn switch(&self) -> String {
        let code = self.code;
        match self.severity {
            Severity::Error => "AWS refuses such a definition, or it cannot work.".to_owned(),
            _ => format!("Switch it off with `\"Comment\": \"rehearsal: allow {code}\"` or `--allow {code}`."),
        }
    }
}

/// The reference page of all codes, in Markdown.
pub fn page() -> String {
    let mut text = String::from(
        "# What `rehearsal lint` finds\n\n\
         This page is made from the rules themselves: `REHEARSAL_BLESS=1 cargo test --test suite lint` writes it anew.\n\
         `rehearsal explain CODE` shows one of its entries.\n\n\
         | severity | meaning |\n|---|---|\n\
         | error | AWS refuses the definition, or it cannot work |\n\
         | warning | it is accepted, and probably not meant |\n\
         | note | it is worth knowing |\n\n",
    );
    for (title, rules) in [
        ("What AWS accepts and nobody means", super::rules().collect::<Vec<_>>()),
        ("What AWS refuses", super::refusals().collect()),
        ("What keeps a definition from being read", super::unreadable().collect()),
    ] {
        let _ = write!(text, "## {title}\n\n| code | severity | |\n|---|---|---|\n");
        for rule in &rules {
            let summary = rule.summary.replace('|', "\\|");
            let _ = writeln!(text, "| [`{0}`](#{0}) | {1} | {summary} |", rule.code, rule.severity.as_str());
        }
        for rule in &rules {
            let _ = write!(text, "\n### {}\n\n{}\n\n{}\n", rule.code, capital(rule.summary), rule.explanation);
            if !rule.example.is_empty() {
                let _ = write!(text, "\n```{}\n{}\n```\n", rule.language(), rule.example.trim());
            }
            if let Some(found) = rule.finding(false) {
                let _ = write!(text, "\n```text\n{found}\n```\n");
            }
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// A summary as a sentence of its own.
fn capital(summary: &str) -> String {
    let mut letters = summary.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// A paragraph in lines of readable length; lists and code keep their lines.
fn wrap(paragraph: &str) -> String {
    if paragraph.lines().any(|line| line.starts_with(['-', '|', '`', ' '])) {
        return paragraph.to_owned();
    }
    let mut lines = vec![String::new()];
    for word in paragraph.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_shown_with_its_example_and_what_is_found_in_it() {
        let shown = super::super::find("timeout-missing").unwrap().render(false);
        assert!(shown.starts_with("warning[timeout-missing]: a task waits"), "{shown}");
        assert!(shown.contains("For example:\n\nwarning[timeout-missing]: `AskApproval` waits"), "{shown}");
        assert!(shown.lines().take_while(|l| !l.starts_with("For")).all(|l| l.chars().count() <= WIDTH), "{shown}");
    }
}
