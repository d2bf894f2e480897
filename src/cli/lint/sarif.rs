//! Findings as SARIF 2.1.0, which code scanning services read.

use std::path::Path;

use rehearsal::asl::lint::{self, Rule};
use rehearsal::diagnostic::{Diagnostic, Fix, Severity};
use rehearsal::source::{Source, Span};
use serde::Serialize;

use super::{Linted, Report};

#[derive(Serialize)]
pub(super) struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<Finding>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Described>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    id: &'static str,
    short_description: Text,
    full_description: Text,
    help: Text,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Change>,
    properties: Properties,
}

#[derive(Serialize)]
struct Properties {
    machine: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aws: Option<Aws>,
}

#[derive(Serialize)]
struct Aws {
    code: String,
    message: String,
    location: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    description: Text,
    artifact_changes: [ArtifactChange; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: Artifact,
    replacements: [Replacement; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Text,
}

/// The whole log.
pub(super) fn log(report: &Report, quiet: bool) -> Log {
    let rules: Vec<&'static Rule> = lint::all().collect();
    let results = report.findings(quiet).map(|(of, finding)| result(&rules, of, finding)).collect();
    let notification = |error: &rehearsal::Error| Notification { level: "error", message: plain(error.to_string()) };
    let invocation = Invocation {
        execution_successful: report.unread.is_empty(),
        tool_execution_notifications: report.unread.iter().map(notification).collect(),
    };
    let driver = Driver {
        name: "rehearsal",
        version: env!("CARGO_PKG_VERSION"),
        rules: rules.iter().map(|rule| described(rule)).collect(),
    };
    Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", invocations: [invocation], results }],
    }
}

fn described(rule: &Rule) -> Described {
    let example = match rule.example {
        "" => String::new(),
        example => format!("\n\n```json\n{example}\n```"),
    };
    Described {
        id: rule.code,
        short_description: plain(rule.summary),
        full_description: plain(rule.explanation),
        help: Text { text: rule.explanation.to_owned(), markdown: Some(format!("{}{example}", rule.explanation)) },
        default_configuration: Configuration { level: rule.severity.as_str() },
    }
}

fn result(rules: &[&Rule], of: &Linted, finding: &Diagnostic) -> Finding {
    let source = finding.source.as_deref();
    let file = source.map_or(of.file.as_str(), Source::name);
    let located = |span: Option<Span>| Location {
        physical_location: PhysicalLocation {
            artifact_location: Artifact { uri: uri(file) },
            region: source.zip(span).map(|(source, span)| region(source, span)),
        },
        logical_locations: Vec::new(),
        message: None,
    };
    let mut place = located(finding.primary.as_ref().map(|label| label.span));
    if !finding.path.is_empty() {
        place.logical_locations.push(LogicalLocation { fully_qualified_name: finding.path.clone() });
    }
    let related = |label: &rehearsal::diagnostic::Label| Location {
        message: (!label.text.is_empty()).then(|| plain(label.text.as_str())),
        ..located(Some(label.span))
    };
    let message = match &finding.help {
        Some(help) => format!("{}; {help}", finding.message),
        None => finding.message.clone(),
    };
    Finding {
        rule_id: finding.code,
        rule_index: rules.iter().position(|rule| rule.code == finding.code),
        level: level(finding.severity),
        message: plain(message),
        locations: vec![place],
        related_locations: finding.secondary.iter().map(related).collect(),
        fixes: source.zip(finding.fix.as_ref()).map(|(source, fix)| change(source, fix)).into_iter().collect(),
        properties: Properties {
            machine: of.target.clone(),
            help: finding.help.clone(),
            aws: finding.aws.clone().map(|a| Aws { code: a.code, message: a.message, location: a.location }),
        },
    }
}

/// SARIF has our three words.
fn level(severity: Severity) -> &'static str {
    severity.as_str()
}

fn change(source: &Source, fix: &Fix) -> Change {
    let replacement =
        Replacement { deleted_region: region(source, fix.span), inserted_content: plain(fix.replacement.as_str()) };
    Change {
        description: plain(fix.says.as_str()),
        artifact_changes: [ArtifactChange {
            artifact_location: Artifact { uri: uri(source.name()) },
            replacements: [replacement],
        }],
    }
}

fn region(source: &Source, span: Span) -> Region {
    let (start_line, start_column) = source.line_col(span.start as usize);
    let (end_line, end_column) = source.line_col(span.end as usize);
    Region { start_line, start_column, end_line, end_column }
}

fn plain(text: impl Into<String>) -> Text {
    Text { text: text.into(), markdown: None }
}

/// A path as a URI: relative ones stay relative, to be resolved where the tool ran.
fn uri(path: &str) -> String {
    let is_absolute = Path::new(path).is_absolute();
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let mut uri = String::from(if is_absolute { "file://" } else { "" });
    if is_absolute && !path.starts_with('/') {
        uri.push('/');
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri() {
        assert_eq!(uri("./a b/é#1.json"), "a%20b/%C3%A9%231.json");
        assert_eq!(uri("/tmp/x.json"), "file:///tmp/x.json");
    }
}
