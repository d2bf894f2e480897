//! What ItemReaders read from S3's model, and what ResultWriters write to it.

use serde_json::json;

use crate::engine::reader::Bytes;
use crate::engine::{ReadItems, WriteResults};
use crate::services::s3::S3;
use crate::task::TaskError;
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// What an ItemReader fetches.
///
/// The outer error is the test's: no object of the bucket was handed over at all, or the kind of object is one
/// that cannot be read here. The inner one is the service's.
pub(super) fn read(objects: &S3, read: &ReadItems) -> Result<Result<Bytes, TaskError>, String> {
    let text = |name| read.parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let (bucket, state) = (text("Bucket"), &read.state);
    if !objects.has_bucket(bucket) && objects.is_strict() {
        return Ok(Err(TaskError::new("States.ItemReaderFailed", "The specified bucket does not exist")));
    }
    if !objects.has_bucket(bucket) {
        return Err(format!(
            "the ItemReader of `{state}` reads from the bucket `{bucket}`, and the test has handed over no object \
                 of it\n  add:   .object({bucket:?}, {key:?}, …)\n  or:    --object {bucket}/{key}=FILE",
            key = text("Key")
        ));
    }
    if read.resource.api() == "listObjectsV2" {
        let entries = objects.listed(bucket, text("Prefix")).map(|(_, entry)| entry);
        return Ok(Ok(Bytes::Listing(entries.collect())));
    }
    if matches!(read.input_type, "PARQUET" | "MANIFEST") {
        return Err(format!(
            "the ItemReader of `{state}` reads {}, which cannot be read here; hand the items over as JSON, JSONL \
                 or CSV",
            read.input_type
        ));
    }
    Ok(match objects.content(bucket, text("Key")) {
        Some(body) => Ok(Bytes::Object(body)),
        None => Err(TaskError::new(
            "States.ItemReaderFailed",
            format!("The specified key does not exist. (bucket {bucket}, key {})", text("Key")),
        )),
    })
}

/// Writes what a ResultWriter writes; gives `ResultWriterDetails`.
pub(super) fn write(objects: &mut S3, write: &WriteResults, now: Timestamp) -> Result<Value, TaskError> {
    let text = |name| write.parameters.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (bucket, prefix) = (text("Bucket"), text("Prefix"));
    if objects.is_strict() && !objects.has_bucket(&bucket) {
        return Err(TaskError::new("States.ResultWriterFailed", "The specified bucket does not exist"));
    }
    let run = write.map_run_arn.rsplit(':').next().unwrap_or_default();
    let folder = if prefix.is_empty() { run.to_owned() } else { format!("{}/{run}", prefix.trim_end_matches('/')) };
    let mut files = Map::new();
    for (name, wanted) in [("FAILED", false), ("PENDING", false), ("SUCCEEDED", true)] {
        let chosen: Vec<Value> = match name {
            "PENDING" => Vec::new(),
            _ => entries(write, wanted, now),
        };
        let mut listed = Vec::new();
        if !chosen.is_empty() {
            let ending = if write.jsonl { "jsonl" } else { "json" };
            let key = format!("{folder}/{name}_0.{ending}");
            let body = if write.jsonl {
                chosen.iter().map(|v| format!("{v}\n")).collect::<String>()
            } else {
                Value::array(chosen).to_string()
            };
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

fn entries(write: &WriteResults, succeeded: bool, now: Timestamp) -> Vec<Value> {
    let mut entries = Vec::new();
    let instant = now.to_string();
    for (input, outcome) in write.children.iter().filter(|(_, o)| o.is_ok() == succeeded) {
        match (outcome, write.transformation) {
            (Ok(Value::Array(list)), "FLATTEN") => entries.extend(list.iter().cloned()),
            (Ok(output), "FLATTEN" | "COMPACT") => entries.push(output.clone()),
            _ => {
                let mut e = Map::new();
                e.insert("Input", input.to_string());
                e.insert("InputDetails", Value::from(json!({ "Included": true })));
                match outcome {
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
                e.insert("StartDate", instant.as_str());
                e.insert("StopDate", instant.as_str());
                entries.push(e.into());
            }
        }
    }
    entries
}
