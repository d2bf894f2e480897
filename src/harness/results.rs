//! What ResultWriters write to S3's model: texts that grow while children end, and a manifest at last.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use crate::engine::{ChildResult, WriteResults};
use crate::services::s3::S3;
use crate::task::TaskError;
use crate::value::{Map, Value};

/// What came of a Map Run's children so far, as it will stand in the files.
#[derive(Default)]
pub(super) struct Results {
    succeeded: File,
    failed: File,
    /// How many children, in item order, are in the files, and for how many items they stand.
    taken: usize,
    done: usize,
    /// What came of children that ended before one with an earlier item.
    early: BTreeMap<usize, Entries>,
}

/// What one child adds to a file.
struct Entries {
    has_succeeded: bool,
    items: usize,
    text: String,
}

/// A file that grows.
#[derive(Default)]
struct File {
    text: String,
}

/// From this size on a file is given the room at once that it will probably need: a large text that moves into a larger
/// place is there twice.
const LARGE: usize = 1 << 20;

impl File {
    /// Adds a text, after which `done` items of `all` are in the files.
    fn add(&mut self, text: &str, jsonl: bool, (done, all): (usize, usize)) {
        if text.is_empty() {
            return;
        }
        let needed = self.text.len() + text.len() + 2;
        if needed > LARGE && needed > self.text.capacity() {
            // An eighth more than if the rest were as what is there. Rows at the end of a file tend to be longer.
            let most = if needed > 16 * LARGE { 1024 } else { 256 };
            let sixteenths = (all / (done / 18).max(1)).clamp(18, most);
            self.text.reserve_exact(needed / 16 * sixteenths - self.text.len());
        }
        match (jsonl, self.text.is_empty()) {
            (true, _) => {}
            (false, true) => self.text.push('['),
            (false, false) => self.text.push(','),
        }
        self.text.push_str(text);
    }

    /// The whole text, if something is in it.
    fn whole(mut self, jsonl: bool) -> Option<String> {
        if self.text.is_empty() {
            return None;
        }
        if !jsonl {
            self.text.push(']');
        }
        Some(self.text)
    }
}

impl Results {
    /// Takes in what came of a child.
    pub(super) fn keep(&mut self, result: &ChildResult) {
        let text = text_of(result);
        let entries = Entries { has_succeeded: result.outcome.is_ok(), items: result.items, text };
        if result.index != self.taken {
            self.early.insert(result.index, entries);
            return;
        }
        self.add(&entries, result);
        while let Some(entries) = self.early.remove(&self.taken) {
            self.add(&entries, result);
        }
    }

    fn add(&mut self, entries: &Entries, of: &ChildResult) {
        self.taken += 1;
        self.done += entries.items;
        let file = if entries.has_succeeded { &mut self.succeeded } else { &mut self.failed };
        file.add(&entries.text, of.jsonl, (self.done, of.all_items));
    }

    /// Writes the files; gives `ResultWriterDetails`.
    ///
    /// # Errors
    /// There is no such bucket.
    pub(super) fn write(self, objects: &mut S3, write: &WriteResults) -> Result<Value, TaskError> {
        let text = |name| write.parameters.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (bucket, prefix) = (text("Bucket"), text("Prefix"));
        if objects.is_strict() && !objects.has_bucket(&bucket) {
            return Err(TaskError::new("States.ResultWriterFailed", "The specified bucket does not exist"));
        }
        let run = write.map_run_arn.rsplit(':').next().unwrap_or_default();
        let folder = if prefix.is_empty() { run.to_owned() } else { format!("{}/{run}", prefix.trim_end_matches('/')) };
        let mut files = Map::new();
        for (name, file) in [("FAILED", self.failed), ("PENDING", File::default()), ("SUCCEEDED", self.succeeded)] {
            let mut listed = Vec::new();
            if let Some(body) = file.whole(write.jsonl) {
                let ending = if write.jsonl { "jsonl" } else { "json" };
                let key = format!("{folder}/{name}_0.{ending}");
                listed.push(Value::from(json!({ "Key": &key, "Size": body.len() })));
                objects.put_content(bucket.as_str().into(), key.into(), body.into());
            }
            files.insert(name, listed);
        }
        let manifest = Value::object([
            ("DestinationBucket", Value::from(bucket.as_str())),
            ("MapRunArn", Value::from(&write.map_run_arn)),
            ("ResultFiles", files.into()),
        ]);
        let key = format!("{folder}/manifest.json");
        objects.put_content(bucket.as_str().into(), key.as_str().into(), manifest.to_string().into());
        Ok(json!({ "Bucket": bucket, "Key": key }).into())
    }
}

/// The entries of one child, as they stand between the brackets or as lines.
fn text_of(result: &ChildResult) -> String {
    let between = if result.jsonl { "\n" } else { "," };
    let mut text = match (&result.outcome, result.transformation) {
        (Ok(Value::Array(list)), "FLATTEN") => {
            let mut text = String::new();
            for (i, item) in list.iter().enumerate() {
                let before = if i == 0 { "" } else { between };
                // Writing to a String cannot fail.
                let _ = write!(text, "{before}{item}");
            }
            text
        }
        (Ok(output), "FLATTEN" | "COMPACT") => output.to_string(),
        _ => description(result).to_string(),
    };
    if result.jsonl && !text.is_empty() {
        text.push('\n');
    }
    text
}

fn description(result: &ChildResult) -> Value {
    let mut e = Map::new();
    e.insert("Input", result.input.to_string());
    e.insert("InputDetails", Value::from(json!({ "Included": true })));
    match &result.outcome {
        Ok(output) => {
            e.insert("Output", output.to_string());
            e.insert("OutputDetails", Value::from(json!({ "Included": true })));
            e.insert("Status", "SUCCEEDED");
        }
        Err(error) => {
            for (name, text) in [("Error", &error.error), ("Cause", &error.cause)] {
                if let Some(text) = text {
                    e.insert(name, text);
                }
            }
            e.insert("Status", "FAILED");
        }
    }
    e.insert("StartDate", result.started_at.to_string());
    e.insert("StopDate", result.ended_at.to_string());
    e.into()
}
