//! The API models that botocore brings: which services there are, and what their operations take.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::Deserialize;

use crate::gzip;

/// The largest model that is read, in bytes of JSON; EC2's has three million.
const MOST: usize = 64 * 1024 * 1024;
/// Where a service's identifier stands in its model: near the beginning.
const HEAD: usize = 8 * 1024;

/// A folder of API models in botocore's form, `SERVICE/VERSION/service-2.json` or `service-2.json.gz`: the folder
/// `botocore/data` of boto3 or the AWS CLI. Compressed ones need the feature `api-models`.
///
/// A service is read when a definition calls it, and then kept; clones share what is read.
#[derive(Clone, Debug)]
pub struct ApiModels {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    index: OnceLock<BTreeMap<String, PathBuf>>,
    services: Mutex<HashMap<String, Option<Arc<Service>>>>,
}

/// The model of a service.
#[derive(Debug, Deserialize)]
pub(super) struct Service {
    pub(super) operations: BTreeMap<String, Operation>,
    shapes: HashMap<String, Shape>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Operation {
    pub(super) input: Option<Reference>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    shape: String,
    #[serde(default, rename = "idempotencyToken")]
    pub(super) is_filled_in: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Shape {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) members: BTreeMap<String, Reference>,
    #[serde(default)]
    pub(super) required: Vec<String>,
    #[serde(default, rename = "enum")]
    pub(super) values: Vec<String>,
    /// Of a list.
    pub(super) member: Option<Reference>,
    /// Of a map.
    pub(super) value: Option<Reference>,
    /// Whether it may be any JSON.
    #[serde(default)]
    pub(super) document: bool,
}

impl ApiModels {
    /// The models in a folder; `None` where the folder holds none.
    ///
    /// ```
    /// use rehearsal::asl::lint::ApiModels;
    ///
    /// assert!(ApiModels::open("there/is/no/such/folder").is_none());
    /// ```
    pub fn open(folder: impl Into<PathBuf>) -> Option<ApiModels> {
        let folder = folder.into();
        let is_one = folders(&folder).iter().any(|service| model_file(service).is_some());
        let inner = Inner { folder, index: OnceLock::new(), services: Mutex::default() };
        is_one.then(|| ApiModels { inner: Arc::new(inner) })
    }

    /// The folder they are read from.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// The names of all services, as ARNs of SDK integrations spell them.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.index().keys().map(String::as_str)
    }

    /// Whether there is a service of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.index().contains_key(name)
    }

    /// The model of a service; `None` where there is none that can be read.
    pub(super) fn service(&self, name: &str) -> Option<Arc<Service>> {
        let mut services = self.inner.services.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = services.get(name) {
            return known.clone();
        }
        let read = || serde_json::from_slice(&read(self.index().get(name)?, MOST)?).ok().map(Arc::new);
        let service = read();
        services.insert(name.to_owned(), service.clone());
        service
    }

    fn index(&self) -> &BTreeMap<String, PathBuf> {
        self.inner.index.get_or_init(|| {
            let mut index = BTreeMap::new();
            for folder in folders(&self.inner.folder) {
                let Some(file) = model_file(&folder) else { continue };
                let Some(head) = read(&file, HEAD) else { continue };
                let head = String::from_utf8_lossy(&head);
                let Some(id) = service_id(&head) else { continue };
                for name in spellings(id) {
                    index.entry(name).or_insert_with(|| file.clone());
                }
            }
            index
        })
    }
}

impl Service {
    /// What a reference leads to.
    pub(super) fn shape(&self, reference: &Reference) -> Option<&Shape> {
        self.shapes.get(&reference.shape)
    }
}

/// The value of the first `serviceId` in a model's beginning.
fn service_id(head: &str) -> Option<&str> {
    let after = head.split_once("\"serviceId\"")?.1.split_once('"')?.1;
    Some(after.split_once('"')?.0)
}

/// How ARNs may spell a service: its identifier without blanks, in lower case, with or without words that the Java SDK
/// leaves out.
fn spellings(id: &str) -> Vec<String> {
    let plain: String = id.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let mut all = vec![plain.clone()];
    for prefix in ["amazon", "aws"] {
        all.extend(plain.strip_prefix(prefix).filter(|rest| !rest.is_empty()).map(str::to_owned));
    }
    all.extend(plain.strip_suffix("service").filter(|rest| !rest.is_empty()).map(str::to_owned));
    all
}

/// The folders in a folder, in order.
#[expect(clippy::disallowed_methods, reason = "API models are files of another tool, and are read here only")]
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// The newest model of a service.
fn model_file(service: &Path) -> Option<PathBuf> {
    let in_version = |version: &PathBuf| {
        ["service-2.json", "service-2.json.gz"].iter().map(|name| version.join(name)).find(|file| file.is_file())
    };
    folders(service).iter().rev().find_map(in_version)
}

/// The JSON of a model, or as much of its beginning as is asked for.
#[expect(clippy::disallowed_methods, reason = "API models are files of another tool, and are read here only")]
fn read(file: &Path, most: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file).ok()?.take(most as u64).read_to_end(&mut bytes).ok()?;
    if gzip::is_gzip(&bytes) { inflate(&bytes, most) } else { Some(bytes) }
}

/// What is compressed in a gzip file, or its beginning where it is more than asked for or cut off.
#[cfg(feature = "api-models")]
fn inflate(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    match miniz_oxide::inflate::decompress_to_vec_with_limit(gzip::body(bytes)?, most) {
        Ok(text) => Some(text),
        Err(stopped) => {
            // The room that was made for what did not come is full of zeros, which JSON never holds.
            let mut text = stopped.output;
            text.truncate(text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
            Some(text)
        }
    }
}

#[cfg(not(feature = "api-models"))]
fn inflate(_: &[u8], _: usize) -> Option<Vec<u8>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_found_as_arns_spell_them() {
        assert_eq!(service_id(r#"{"metadata":{"serviceId": "CloudWatch Logs","x":1"#), Some("CloudWatch Logs"));
        assert_eq!(spellings("CloudWatch Logs"), ["cloudwatchlogs"]);
        assert_eq!(spellings("Database Migration Service"), ["databasemigrationservice", "databasemigration"]);
    }

    #[cfg(feature = "api-models")]
    #[test]
    fn a_compressed_model_is_read_whole_or_in_part() {
        // `{"metadata":{"serviceId":"SNS"}}`
        #[rustfmt::skip]
        let bytes = [
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0xca, 0x4d, 0x2d, 0x49, 0x4c, 0x49, 0x2c, 0x49, 0x54, 0xb2, 0xaa, 0x56, 0x2a, 0x4e, 0x2d, 0x2a, 0xcb, 0x4c, 0x4e, 0xf5, 0x4c, 0x51, 0xb2, 0x52, 0x0a, 0xf6, 0x0b, 0x56, 0xaa, 0xad, 0x05, 0x00, 0x63, 0x7a, 0xa1, 0x0b, 0x20, 0x00, 0x00, 0x00,
        ];
        let text = br#"{"metadata":{"serviceId":"SNS"}}"#;
        assert_eq!(inflate(&bytes, 1_000).as_deref(), Some(text.as_slice()));
        assert!(inflate(&bytes[..bytes.len() - 20], 1_000).is_some_and(|part| text.starts_with(&part)));
        assert!(inflate(&bytes, 10).is_some_and(|part| text.starts_with(&part)));
        assert_eq!(inflate(&bytes[..4], 10), None);
    }
}
