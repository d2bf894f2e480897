//! Objects a test hands over for ItemReader, and where ResultWriter's files go.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use crate::engine::reader::Bytes;
use crate::engine::{ReadItems, WriteResults};
use crate::task::TaskError;
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// Objects by bucket and key, in key order as S3 lists them.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    objects: BTreeMap<(String, String), Arc<[u8]>>,
}

impl Objects {
    /// Puts an object.
    pub fn put(&mut self, bucket: impl Into<String>, key: impl Into<String>, body: impl AsRef<[u8]>) {
        self.objects.insert((bucket.into(), key.into()), body.as_ref().into());
    }
    /// An object's content.
    pub fn get(&self, bucket: &str, key: &str) -> Option<&[u8]> {
        self.shared(bucket, key).map(|b| &**b)
    }
    fn shared(&self, bucket: &str, key: &str) -> Option<&Arc<[u8]>> {
        self.objects.get(&(bucket.to_owned(), key.to_owned()))
    }
    /// An object's content as JSON.
    pub fn json(&self, bucket: &str, key: &str) -> Option<serde_json::Value> {
        serde_json::from_slice(self.get(bucket, key)?).ok()
    }
    /// Keys of a bucket that begin with `prefix`, in order.
    pub fn keys<'a>(&'a self, bucket: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.objects.keys().filter(move |(b, k)| b == bucket && k.starts_with(prefix)).map(|(_, k)| k.as_str())
    }
    fn has_bucket(&self, bucket: &str) -> bool {
        self.objects.keys().any(|(b, _)| b == bucket)
    }

    /// What an ItemReader fetches.
    ///
    /// The outer error is the test's: no object of the bucket was handed over at all, or the kind of object is one
    /// that cannot be read here. The inner one is the service's.
    pub(super) fn read(&self, read: &ReadItems, now: Timestamp) -> Result<Result<Bytes, TaskError>, String> {
        let text = |name| read.parameters.get(name).and_then(Value::as_str).unwrap_or_default();
        let (bucket, state) = (text("Bucket"), &read.state);
        if !self.has_bucket(bucket) {
            return Err(format!(
                "the ItemReader of `{state}` reads from the bucket `{bucket}`, and the test has handed over no object \
                 of it\n  add:   .object({bucket:?}, {key:?}, …)\n  or:    --object {bucket}/{key}=FILE",
                key = text("Key")
            ));
        }
        if read.resource.api() == "listObjectsV2" {
            let entries = self.keys(bucket, text("Prefix")).map(|key| {
                let size = self.get(bucket, key).map_or(0, <[u8]>::len);
                Value::from(json!({
                    "Etag": format!("\"{:032x}\"", size),
                    "Key": key,
                    "LastModified": now.as_millis() / 1000,
                    "Size": size,
                    "StorageClass": "STANDARD",
                }))
            });
            return Ok(Ok(Bytes::Listing(entries.collect())));
        }
        if matches!(read.input_type, "PARQUET" | "MANIFEST") {
            return Err(format!(
                "the ItemReader of `{state}` reads {}, which cannot be read here; hand the items over as JSON, JSONL \
                 or CSV",
                read.input_type
            ));
        }
        Ok(match self.shared(bucket, text("Key")) {
            Some(body) => Ok(Bytes::Object(Arc::clone(body))),
            None => Err(TaskError::new(
                "States.ItemReaderFailed",
                format!("The specified key does not exist. (bucket {bucket}, key {})", text("Key")),
            )),
        })
    }

    /// Writes what a ResultWriter writes; gives `ResultWriterDetails`.
    pub(super) fn write(&mut self, write: &WriteResults, now: Timestamp) -> Value {
        let text = |name| write.parameters.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (bucket, prefix) = (text("Bucket"), text("Prefix"));
        let run = write.map_run_arn.rsplit(':').next().unwrap_or_default();
        let folder = if prefix.is_empty() { run.to_owned() } else { format!("{}/{run}", prefix.trim_end_matches('/')) };
        let mut files = Map::new();
        for (name, wanted) in [("FAILED", false), ("PENDING", false), ("SUCCEEDED", true)] {
            let chosen: Vec<Value> = match name {
                "PENDING" => Vec::new(),
                _ => self.entries(write, wanted, now),
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
                self.put(&bucket, key, body);
            }
            files.insert(name, listed);
        }
        let manifest = Value::object([
            ("DestinationBucket", Value::from(bucket.as_str())),
            ("MapRunArn", Value::from(&write.map_run_arn)),
            ("ResultFiles", files.into()),
        ]);
        let key = format!("{folder}/manifest.json");
        self.put(&bucket, &key, manifest.to_string());
        json!({ "Bucket": bucket, "Key": key }).into()
    }

    fn entries(&self, write: &WriteResults, succeeded: bool, now: Timestamp) -> Vec<Value> {
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
}
