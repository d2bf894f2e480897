//! Templates that are not quite YAML. Published templates hold mistakes that other readers let pass, or that nobody has
//! noticed, in parts that have nothing to do with any state machine. Such an entry is left out and told as a warning, so
//! that the machines can be read all the same.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::{Format, Node, Source, Span, parse};

/// How many entries are left out before the file is given up.
const MOST: usize = 20;

/// Reads a source into its tree, leaving out what cannot be read of a template; with it come warnings about that.
///
/// # Errors
/// As [`parse`], where the source is no template or the mistake is in a state machine.
pub(super) fn read(source: &Arc<Source>) -> Result<(Node, Vec<Diagnostic>), Diagnostics> {
    let format = source.format();
    let first = match parse(source, format) {
        Ok(node) => return Ok((node, Vec::new())),
        Err(found) => found,
    };
    if format != Format::Yaml || !looks_like_a_template(source.text()) {
        return Err(first);
    }
    let mut text = source.text().to_owned();
    let mut found = first.clone();
    let mut warnings = Vec::new();
    for _ in 0..MOST {
        let Some(one) = found.into_iter().next() else { break };
        let Some(left_out) = entry(&text, &one) else { return Err(first) };
        if text.get(left_out.clone()).is_some_and(|entry| entry.contains("::StateMachine")) {
            return Err(first);
        }
        text = blanked(&text, left_out);
        warnings.push(warning(source, one));
        match parse(&Arc::new(Source::new(source.name(), &text)), format) {
            Ok(node) => return Ok((node, warnings)),
            Err(next) => found = next,
        }
    }
    Err(first)
}

fn looks_like_a_template(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == "Resources:") && text.contains("AWS::")
}

/// What stood in the way, as a warning in the text that people see.
fn warning(source: &Arc<Source>, found: Diagnostic) -> Diagnostic {
    let help = match found.code {
        "duplicate-key" => "the first of the two is left out, as other readers do; keep one",
        _ => "the entry around it is left out here; mend it before it is deployed",
    };
    Diagnostic { severity: Severity::Warning, source: Some(source.clone()), ..found }.help(help)
}

/// The lines of the entry to leave out: the first of two with one key; the resource, parameter or output that a mistake
/// in the syntax is in.
fn entry(text: &str, found: &Diagnostic) -> Option<std::ops::Range<usize>> {
    let lines = lines(text);
    let line_of = |span: Span| lines.iter().rposition(|line| line.start <= span.start as usize);
    if found.code == "duplicate-key" {
        let key = found.secondary.first()?.span;
        let line = line_of(key)?;
        // Only a key that begins its line is an entry of its own.
        (lines.get(line)?.text_start == key.start as usize).then_some(())?;
        return Some(block(&lines, line));
    }
    let at = line_of(found.primary.as_ref()?.span)?;
    // The section is what begins in the first column; its entries are what is indented as its first.
    let is_key = |line: &&Line<'_>| line.is_key();
    let section = lines.iter().take(at + 1).rposition(|line| line.indent == 0 && line.is_key())?;
    let indent = lines.iter().skip(section + 1).find(is_key)?.indent;
    let head = lines.iter().take(at + 1).rposition(|line| line.indent == indent && line.is_key());
    let head = head.filter(|head| *head > section && indent > 0)?;
    Some(block(&lines, head))
}

struct Line<'a> {
    start: usize,
    end: usize,
    text: &'a str,
    text_start: usize,
    indent: usize,
}

impl Line<'_> {
    /// Whether it begins with a key and not with a comment, an item or part of a value.
    fn is_key(&self) -> bool {
        let key = self.text.split(':').next().unwrap_or_default();
        let is_word = |c: char| c.is_ascii_alphanumeric() || "_-:\"'./".contains(c);
        key.len() < self.text.len() && !key.is_empty() && !key.starts_with('-') && key.chars().all(is_word)
    }

    fn is_blank(&self) -> bool {
        self.text.is_empty() || self.text.starts_with('#')
    }
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut start = 0;
    let line = |whole: &str| {
        let bare = whole.trim();
        let indent = whole.len() - whole.trim_start().len();
        let line = (start, start + whole.len(), indent);
        start += whole.len();
        (line, bare.len())
    };
    let places: Vec<_> = text.split_inclusive('\n').map(line).collect();
    let line = |((start, end, indent), length): ((usize, usize, usize), usize)| {
        let text_start = (start + indent).min(end);
        Line { start, end, text: text.get(text_start..text_start + length).unwrap_or_default(), text_start, indent }
    };
    places.into_iter().map(line).collect()
}

/// A line and those that are indented below it.
fn block(lines: &[Line<'_>], head: usize) -> std::ops::Range<usize> {
    let indent = lines.get(head).map_or(0, |line| line.indent);
    let inside = |line: &&Line<'_>| line.is_blank() || line.indent > indent;
    let below = lines.iter().skip(head + 1).take_while(inside).count();
    let start = lines.get(head).map_or(0, |line| line.start);
    start..lines.get(head + below).map_or(start, |line| line.end)
}

/// The same text with blanks where an entry was, so that every place stays where it is.
fn blanked(text: &str, entry: std::ops::Range<usize>) -> String {
    let (before, rest) = text.split_at(entry.start);
    let (inside, after) = rest.split_at(entry.end - entry.start);
    let blank = |c: char| if c == '\n' || c == '\r' { String::from(c) } else { " ".repeat(c.len_utf8()) };
    format!("{before}{}{after}", inside.chars().map(blank).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<(Node, Vec<String>), String> {
        let source = Arc::new(Source::new("t.yaml", text));
        match read(&source) {
            Ok((node, warnings)) => Ok((node, warnings.iter().map(Diagnostic::one_line).collect())),
            Err(found) => Err(found.iter().map(Diagnostic::one_line).collect()),
        }
    }

    const HEAD: &str =
        "Parameters:\n  P: {Type: String}\nResources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n";

    #[test]
    fn a_mistake_beside_the_machine_costs_its_own_entry_only() {
        let key =
            "  K:\n    Type: AWS::KMS::Key\n    Properties:\n      P: {\n    }\n  Q:\n    Type: AWS::SQS::Queue\n";
        let (node, warnings) = read_text(&format!("{HEAD}{key}")).unwrap();
        let ids: Vec<&str> = node.get("Resources").unwrap().members().iter().map(|m| &*m.key).collect();
        assert_eq!(ids, ["M", "Q"]);
        assert_eq!(warnings, ["t.yaml:10:5: warning[syntax]: this is not YAML: invalid indentation"]);
    }

    #[test]
    fn of_two_entries_with_one_name_the_later_counts() {
        let twice = "  V:\n    Type: AWS::EC2::VPC\n    A: 1\n  V:\n    Type: AWS::EC2::VPC\n    A: 2\n";
        let (node, warnings) = read_text(&format!("{HEAD}{twice}")).unwrap();
        assert_eq!(node.find(&["Resources", "V", "A"]).unwrap().to_value(), crate::value::Value::from(2));
        assert_eq!(warnings, ["t.yaml:9:3: warning[duplicate-key]: the key `V` is written twice in one object"]);
    }

    #[test]
    fn a_mistake_in_the_machine_or_in_another_file_is_told_as_it_is() {
        let said = read_text(&format!("{HEAD}    Properties: {{\n  }}\n")).unwrap_err();
        assert!(said.starts_with("t.yaml:7:3: error[syntax]"), "{said}");
        assert!(read_text("a: 1\na: 2\n").unwrap_err().contains("error[duplicate-key]"));
    }
}
