//! One scenario written, many run: the rows of `matrix` and `each`, and the placeholders they fill in.

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::words::Reader;
use crate::source::{Member, Node, NodeKind, Span};
use crate::value::Str;

/// How many scenarios one may stand for.
const MOST_ROWS: usize = 10_000;

/// Values for the placeholders of one scenario.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    values: Vec<(Str, Node)>,
}

/// The rows of a scenario: one without values where it has neither `matrix` nor `each`.
pub(super) fn rows(reader: &mut Reader<'_>, scenario: &Node) -> Vec<Row> {
    let mut rows = vec![Row::default()];
    if let Some(matrix) = scenario.member("matrix") {
        for member in reader.members(matrix) {
            let values = reader.items(member).to_vec();
            if values.is_empty() && matches!(member.value.kind, NodeKind::Array(_) | NodeKind::Null) {
                let message = format!("`{}` of the matrix has no values, so nothing would run", member.key);
                let finding = reader.error("wrong-value", message, &member.value, "no values");
                reader.push(finding);
            }
            if rows.len().saturating_mul(values.len()) > MOST_ROWS {
                let message = format!("the matrix has more than {MOST_ROWS} combinations");
                let finding = reader.error("too-large", message, &matrix.value, "too many");
                reader.push(finding);
                return Vec::new();
            }
            let with = |row: &Row, value: &Node| {
                let mut row = row.clone();
                row.values.push((member.key.clone(), value.clone()));
                row
            };
            rows = rows.iter().flat_map(|row| values.iter().map(move |value| with(row, value))).collect();
        }
    }
    if let Some(each) = scenario.member("each") {
        let mut all = Vec::new();
        let items = reader.items(each).to_vec();
        let item_count = items.len();
        for item in items {
            if !matches!(item.kind, NodeKind::Object(_)) {
                let finding = reader.error("wrong-type", "a row is an object of placeholders", &item, "not an object");
                reader.push(finding.help("write `- { total: 10, path: Small }`"));
                continue;
            }
            for row in &rows {
                let mut row = row.clone();
                if let Some(twice) = item.members().iter().find(|m| row.get(&m.key).is_some()) {
                    let message = format!("`{}` has values in `matrix` and in `each`", twice.key);
                    let finding = Diagnostic::error("wrong-value", message).at(reader.source, twice.key_span, "again");
                    reader.push(finding.help("give the two different names, or write it in one of them"));
                    return Vec::new();
                }
                row.values.extend(item.members().iter().map(|m| (m.key.clone(), m.value.clone())));
                all.push(row);
            }
        }
        if item_count == 0 && matches!(each.value.kind, NodeKind::Array(_) | NodeKind::Null) {
            let finding =
                reader.error("wrong-value", "`each` has no rows, so nothing would run", &each.value, "no rows");
            reader.push(finding.help("write `- { total: 10, path: Small }`"));
        }
        rows = all;
    }
    if let Some(except) = scenario.member("except") {
        let excluded = reader.items(except).to_vec();
        for exclusion in &excluded {
            let before = rows.len();
            rows.retain(|row| !row.is_all_of(exclusion));
            if rows.len() == before {
                let finding =
                    reader.error("wrong-value", "this exception leaves nothing out", exclusion, "no such combination");
                reader.push(finding);
            } else if rows.is_empty() {
                let finding = reader.error(
                    "wrong-value",
                    "the exceptions leave nothing to run",
                    exclusion,
                    "and with it the last",
                );
                reader.push(finding.help("take an exception away, or the scenario"));
            }
        }
    }
    rows
}

impl Row {
    /// Whether every member of an exception has this row's value.
    fn is_all_of(&self, exclusion: &Node) -> bool {
        let same = |m: &Member| self.get(&m.key).is_some_and(|value| value.to_value() == m.value.to_value());
        !exclusion.members().is_empty() && exclusion.members().iter().all(same)
    }

    fn get(&self, name: &str) -> Option<&Node> {
        self.values.iter().find(|(key, _)| &**key == name).map(|(_, value)| value)
    }

    /// What to do about rows of one scenario that come out with one name: the placeholders that tell them apart and are
    /// not in it.
    pub(super) fn distinction(rows: &[Row], name: &Node) -> String {
        let mut named = Vec::new();
        gather(name, &mut named);
        let differs = |key: &str| {
            let mut values = rows.iter().map(|row| row.get(key).map(Node::to_value));
            let first = values.next();
            values.any(|value| Some(value) != first)
        };
        let missing: Vec<String> = rows
            .first()
            .into_iter()
            .flat_map(|row| &row.values)
            .filter(|(key, _)| !named.iter().any(|n| **n == **key) && differs(key))
            .map(|(key, _)| format!("`{{{key}}}`"))
            .collect();
        match missing.split_last() {
            None => "two rows have the same values; take one away".to_owned(),
            Some((one, [])) => format!("put {one} into the name, so that every row has its own"),
            Some((last, rest)) => {
                format!("put {} and {last} into the name, so that every row has its own", rest.join(", "))
            }
        }
    }

    /// A node with its placeholders filled in. A string that is nothing but a placeholder takes the value's type.
    pub(super) fn fill(&self, node: &Node) -> Node {
        if self.values.is_empty() {
            return node.clone();
        }
        let kind = match &node.kind {
            NodeKind::String(text) => {
                if let Some(value) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).and_then(|n| self.get(n))
                {
                    return Node { span: node.span, ..value.clone() };
                }
                NodeKind::String(self.fill_text(text))
            }
            NodeKind::Array(items) => NodeKind::Array(items.iter().map(|item| self.fill(item)).collect()),
            NodeKind::Object(members) => {
                let filled = |m: &Member| Member {
                    key: self.fill_text(&m.key),
                    key_span: m.key_span,
                    value: self.fill(&m.value),
                };
                NodeKind::Object(members.iter().map(filled).collect())
            }
            other => other.clone(),
        };
        Node { kind, span: node.span, tag: node.tag.clone() }
    }

    /// A text with its placeholders filled in.
    pub(super) fn fill_text(&self, text: &str) -> Str {
        if !text.contains('{') {
            return text.into();
        }
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            filled.push_str(before);
            let named = from.find('}').and_then(|close| Some((close, self.get(from.get(1..close)?)?)));
            match named {
                Some((close, value)) => {
                    match value.as_str() {
                        Some(text) => filled.push_str(text),
                        None => filled.push_str(&value.to_value().to_string()),
                    }
                    rest = from.get(close + 1..).unwrap_or_default();
                }
                None => {
                    filled.push('{');
                    rest = from.get(1..).unwrap_or_default();
                }
            }
        }
        filled.push_str(rest);
        filled.as_str().into()
    }
}

/// Findings about placeholders: values that nothing uses, and names in the scenario's own name that have no value.
pub(super) fn check(reader: &mut Reader<'_>, scenario: &Node) {
    let mut given: Vec<(Str, Span)> = Vec::new();
    let matrix = scenario.get("matrix").map(Node::members).unwrap_or_default();
    let each = scenario.get("each").map(Node::items).unwrap_or_default().iter().flat_map(Node::members);
    for member in matrix.iter().chain(each) {
        if !given.iter().any(|(name, _)| *name == member.key) {
            given.push((member.key.clone(), member.key_span));
        }
    }
    if given.is_empty() {
        return;
    }
    let mut used: Vec<String> = Vec::new();
    for member in scenario.members().iter().filter(|m| !matches!(&*m.key, "matrix" | "each" | "except")) {
        gather(&member.value, &mut used);
    }
    for (name, span) in &given {
        if !used.iter().any(|u| **u == **name) {
            let message = format!("no placeholder uses `{name}`");
            let near = did_you_mean(name, used.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write `{{{name}}}` where its value belongs, or take it away"),
            };
            reader.push(
                Diagnostic::error("unused-placeholder", message)
                    .at(reader.source, *span, "its values change nothing")
                    .help(help),
            );
        }
    }
    let Some(name) = scenario.member("name") else { return };
    let mut named = Vec::new();
    gather(&name.value, &mut named);
    for placeholder in named {
        if !given.iter().any(|(name, _)| **name == *placeholder) {
            let names: Vec<&str> = given.iter().map(|(n, _)| &**n).collect();
            let help = match did_you_mean(&placeholder, names.iter().copied()) {
                Some(near) => format!("did you mean `{{{near}}}`?"),
                None => {
                    let names: Vec<String> = names.iter().map(|name| format!("`{{{name}}}`")).collect();
                    format!("the placeholders are {}", names.join(", "))
                }
            };
            let finding =
                reader.error("unknown-placeholder", format!("`{{{placeholder}}}` has no value"), &name.value, "here");
            reader.push(finding.help(help));
        }
    }
}

/// Everything in braces that could be a placeholder.
fn gather(node: &Node, used: &mut Vec<String>) {
    let mut of_text = |text: &str| {
        for part in text.split('{').skip(1) {
            if let Some((name, _)) = part.split_once('}')
                && !name.is_empty()
                && name.chars().all(|c| c.is_alphanumeric() || "_- .".contains(c))
            {
                used.push(name.to_owned());
            }
        }
    };
    match &node.kind {
        NodeKind::String(text) => of_text(text),
        NodeKind::Array(items) => items.iter().for_each(|item| gather(item, used)),
        NodeKind::Object(members) => {
            for member in members {
                of_text(&member.key);
            }
            members.iter().for_each(|m| gather(&m.value, used));
        }
        _ => {}
    }
}
