//! Histories as files to compare with: what an execution did, written down once, read by people, kept.
//!
//! A snapshot is the compact history with everything shown, or the events as GetExecutionHistory gives them. Offsets
//! count from the start, and identifiers are numbered in the order in which they are seen, so that a snapshot changes
//! where the behaviour does and nowhere else. Files are those of [insta](https://insta.rs): what differs is written
//! beside the old one with `.new` at its end, and both `rehearsal snapshot review` and `cargo insta review` show it.

use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;

use regex::Regex;

mod difference;
mod form;
mod pending;

use difference::lines_that_differ;
use form::{Parts, with_plain_breaks};
pub(crate) use pending::stored_name;
pub use pending::{About, Pending, Unreferenced, pending};

use crate::file;
use crate::harness::Run;
use crate::time::format_offset;

/// The history of a run as a snapshot has it.
///
/// ```
/// use rehearsal::prelude::*;
/// use rehearsal::snapshot;
///
/// let machine = Machine::parse(r#"{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}"#)?;
/// let run = Harness::new(&machine).run(json!({"id": 7}));
/// assert_eq!(snapshot::view(&run), "T+0       Done  Succeed\noutput    {\"id\":7}\n");
/// # Ok::<(), rehearsal::Error>(())
/// ```
pub fn view(run: &Run) -> String {
    let text = run.compact().whole().to_string();
    let mut text = numbered(text.trim_end());
    text.push('\n');
    text
}

/// The events of a run as a snapshot in JSON has them: GetExecutionHistory's answer with offsets from the start in place
/// of instants, and numbers in place of UUIDs.
///
/// ```
/// use rehearsal::prelude::*;
/// use rehearsal::snapshot;
///
/// let machine = Machine::parse(r#"{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}"#)?;
/// let text = snapshot::view_json(&Harness::new(&machine).run(json!({"id": 7})));
/// assert!(text.starts_with("{\n  \"events\": [\n    {\n      \"timestamp\": \"T+0\",\n"));
/// # Ok::<(), rehearsal::Error>(())
/// ```
pub fn view_json(run: &Run) -> String {
    let start = run.started_at();
    let mut history = run.history_json();
    let events = history.get_mut("events").and_then(serde_json::Value::as_array_mut);
    for (event, (_, written)) in events.into_iter().flatten().zip(run.history().iter()) {
        event["timestamp"] = format!("T+{}", format_offset(written.at.since(start))).into();
    }
    let mut text = numbered(&format!("{history:#}"));
    text.push('\n');
    text
}

/// The text with every UUID replaced by its number, in the order in which they are seen.
fn numbered(text: &str) -> String {
    static UUID: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = UUID.get_or_init(|| Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").ok());
    let Some(pattern) = pattern else { return text.to_owned() };
    let mut seen: Vec<String> = Vec::new();
    let number = |found: &regex::Captures<'_>| {
        let id = found.get(0).map_or("", |m| m.as_str());
        let place = seen.iter().position(|s| s == id).unwrap_or_else(|| {
            seen.push(id.to_owned());
            seen.len() - 1
        });
        format!("<id {}>", place + 1)
    };
    pattern.replace_all(text, number).into_owned()
}

/// Compares the history of a run with a stored one, through insta, which has to be a dependency of the test.
///
/// ```ignore
/// rehearsal::assert_history_snapshot!(run);
/// rehearsal::assert_history_snapshot!("a declined card", run);
/// // The events as GetExecutionHistory gives them, in place of the compact history:
/// rehearsal::assert_history_snapshot!(run, json);
/// rehearsal::assert_history_snapshot!("a declined card", run, json);
/// ```
#[macro_export]
macro_rules! assert_history_snapshot {
    // What is compared has a name of its own, because insta writes its expression into the file.
    ($run:expr, json $(,)?) => {{
        let history = $crate::snapshot::view_json(&$run);
        ::insta::assert_snapshot!(history)
    }};
    ($name:expr, $run:expr, json $(,)?) => {
        ::insta::assert_snapshot!($name, $crate::snapshot::view_json(&$run), stringify!($run))
    };
    ($run:expr $(,)?) => {{
        let history = $crate::snapshot::view(&$run);
        ::insta::assert_snapshot!(history)
    }};
    ($name:expr, $run:expr $(,)?) => {
        ::insta::assert_snapshot!($name, $crate::snapshot::view(&$run), stringify!($run))
    };
}

/// What a snapshot shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The compact history.
    Text,
    /// The events.
    Json,
}

impl Form {
    pub(crate) fn view(self, run: &Run) -> String {
        match self {
            Form::Text => view(run),
            Form::Json => view_json(run),
        }
    }
}

/// Where a snapshot is kept.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) path: PathBuf,
    pub(crate) form: Form,
    /// What the file says of its origin: the scenario file.
    pub(crate) source: String,
    /// And of what it shows: the scenario's name.
    pub(crate) expression: String,
}

/// How a text compares with the stored one.
pub(crate) enum Comparison {
    Same,
    /// There is none yet.
    Missing,
    /// It differs: the lines around every difference.
    Differs(String),
}

impl Stored {
    /// Compares a text with the stored one.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    #[expect(clippy::disallowed_methods, reason = "snapshots are read here only")]
    pub(crate) fn compare(&self, text: &str) -> io::Result<Comparison> {
        let stored = match std::fs::read_to_string(&self.path) {
            Ok(stored) => stored,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Comparison::Missing),
            Err(e) => return Err(e),
        };
        let stored = with_plain_breaks(&stored);
        let body = Parts::of(&stored).body;
        // insta itself does not count the line break at the end.
        Ok(match body.trim_end() == text.trim_end() {
            true => Comparison::Same,
            false => Comparison::Differs(lines_that_differ(body, text)),
        })
    }

    /// Stores a text, or puts it beside the stored one for a review.
    ///
    /// # Errors
    /// A file that cannot be written; the stored one is then as it was.
    #[expect(clippy::disallowed_methods, reason = "snapshots are written here only")]
    pub(crate) fn write(&self, text: &str, for_review: bool) -> io::Result<PathBuf> {
        let (source, expression) = (scalar(&self.source), scalar(&self.expression));
        let content = format!("---\nsource: {source}\nexpression: {expression}\n---\n{text}");
        let path = if for_review { self.for_review() } else { self.path.clone() };
        file::replace(&path, content.as_bytes())?;
        if !for_review {
            let _ = std::fs::remove_file(self.for_review());
        }
        Ok(path)
    }

    /// Takes away what waits for a review, once nothing differs any more.
    #[expect(clippy::disallowed_methods, reason = "snapshots are written here only")]
    pub(crate) fn settle(&self) {
        let _ = std::fs::remove_file(self.for_review());
    }

    fn for_review(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".new");
        path.into()
    }
}

/// A text as YAML has it: in quotes only where it needs them, as insta writes it.
fn scalar(text: &str) -> String {
    const OTHERS: [&str; 7] = ["true", "false", "null", "yes", "no", "on", "off"];
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '/' | '-');
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic()) && !text.ends_with(' ');
    let needs_quotes = !is_word || text.len() < 2 || OTHERS.contains(&text.to_lowercase().as_str());
    match needs_quotes || !text.chars().all(is_plain) {
        true => serde_json::Value::from(text).to_string(),
        false => text.to_owned(),
    }
}

/// A name for a file, from any text: letters, digits and hyphens.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() || c == '.' {
            slug.extend(c.to_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        // Folders have limits of 255 bytes, and a letter may have four.
        if slug.len() > 120 {
            break;
        }
    }
    slug.trim_end_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_numbered_as_they_are_seen() {
        let (a, b) = ("0f8fad5b-d9cb-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7");
        assert_eq!(numbered(&format!("{a} {b} {a}")), "<id 1> <id 2> <id 1>");
    }

    #[test]
    fn a_stored_text_is_compared_without_its_header() {
        let folder = std::env::temp_dir().join(format!("rehearsal-snapshot-{}", std::process::id()));
        let path = folder.join("deep/a.snap");
        let stored = Stored { path, form: Form::Text, source: "a \"b\".yaml".into(), expression: "c".into() };
        assert!(matches!(stored.compare("x\n").unwrap(), Comparison::Missing));
        stored.write("one\ntwo\nthree\n", false).unwrap();
        assert!(matches!(stored.compare("one\ntwo\nthree\n").unwrap(), Comparison::Same));
        let Comparison::Differs(shown) = stored.compare("one\n2\nthree\n").unwrap() else { panic!("they differ") };
        assert_eq!(shown, "  one\n- two\n+ 2\n  three\n");
        let new = stored.write("one\n2\nthree\n", true).unwrap();
        assert!(new.ends_with("a.snap.new") && new.exists());
        stored.settle();
        assert!(!new.exists());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_header_has_quotes_where_yaml_needs_them() {
        for text in ["it works", "order.rehearsal.yaml", "a/b-c_d 2"] {
            assert_eq!(scalar(text), text);
        }
        for text in ["", "7 items", "yes", "No", "n", "a: b", "it's", "{x}", "ends ", "- a", "Ä", "a\nb", "a #b"] {
            assert_eq!(scalar(text), serde_json::Value::from(text).to_string());
        }
    }

    #[test]
    fn a_name_becomes_a_file() {
        assert_eq!(slug("{States.Timeout} at Charge: 50 % off!"), "states.timeout-at-charge-50-off");
        assert_eq!(slug("Ärger / 日本"), "ärger-日本");
        assert!(slug(&"é".repeat(500)).len() <= 124);
    }
}
