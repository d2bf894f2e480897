//! Findings as JSON.

use rehearsal::diagnostic::{Diagnostic, Fix};
use rehearsal::source::{Source, Span};
use serde_json::{Map, Value, json};

use super::Linted;

/// One finding as an object. Lines and columns count from 1, columns in characters.
pub(super) fn finding(of: &Linted, finding: &Diagnostic) -> Value {
    let source = finding.source.as_deref();
    let mut object = json!({
        "file": source.map_or(of.file.as_str(), Source::name),
        "machine": of.target,
        "code": finding.code,
        "severity": finding.severity.as_str(),
        "message": finding.message,
        "help": finding.help,
        "path": finding.path,
        "aws": finding.aws.as_ref().map(|a| json!({"code": a.code, "message": a.message, "location": a.location})),
        "fix": source.zip(finding.fix.as_ref()).map(|(source, fix)| change(source, fix)),
    });
    if let (Some(source), Some(label), Some(object)) = (source, &finding.primary, object.as_object_mut()) {
        object.extend(place(source, label.span));
        object.insert("label".to_owned(), label.text.clone().into());
    }
    object
}

fn change(source: &Source, fix: &Fix) -> Value {
    let mut object = place(source, fix.span);
    object.insert("replacement".to_owned(), fix.replacement.clone().into());
    object.insert("says".to_owned(), fix.says.clone().into());
    object.insert("safe".to_owned(), fix.is_safe.into());
    Value::Object(object)
}

fn place(source: &Source, span: Span) -> Map<String, Value> {
    let (line, column) = source.line_col(span.start as usize);
    let (end_line, end_column) = source.line_col(span.end as usize);
    let members = [("line", line), ("column", column), ("endLine", end_line), ("endColumn", end_column)];
    members.into_iter().map(|(name, n)| (name.to_owned(), n.into())).collect()
}
