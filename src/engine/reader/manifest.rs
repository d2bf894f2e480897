//! Manifests: objects that name the objects in which the rows are.

use super::failed;
use crate::task::TaskError;
use crate::value::{Str, Value};

/// Where a file of rows is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// None is the bucket of the manifest.
    pub bucket: Option<Str>,
    /// Its key.
    pub key: Str,
}

/// What `manifest.json` of an S3 Inventory says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Inventory {
    /// What the columns of its files are called.
    pub columns: Vec<Str>,
    /// Its files.
    pub files: Vec<Place>,
}

/// # Errors
/// It is no manifest of an inventory in CSV.
pub(crate) fn inventory(manifest: &[u8]) -> Result<Inventory, TaskError> {
    let wrong = |what: &str| failed(format!("The manifest of the S3 Inventory could not be read: {what}"));
    let value = Value::parse_bytes(manifest).map_err(|e| wrong(&e.to_string()))?;
    let text = |name| value.get(name).and_then(Value::as_str);
    match text("fileFormat") {
        Some("CSV") => {}
        Some(other) => return Err(wrong(&format!("its files are {other} and not CSV"))),
        None => return Err(wrong("it has no `fileFormat`")),
    }
    let columns = text("fileSchema").ok_or_else(|| wrong("it has no `fileSchema`"))?;
    let columns = columns.split(',').map(|name| Str::from(name.trim())).collect();
    // `arn:aws:s3:::bucket`
    let bucket = text("destinationBucket").and_then(|arn| arn.rsplit(':').next()).map(Str::from);
    let files = value.get("files").and_then(Value::as_array).ok_or_else(|| wrong("it has no `files`"))?;
    let place = |file: &Value| {
        let key = file.get("key").and_then(Value::as_str).ok_or_else(|| wrong("one of its files has no `key`"))?;
        Ok(Place { bucket: bucket.clone(), key: key.into() })
    };
    Ok(Inventory { columns, files: files.iter().map(place).collect::<Result<_, TaskError>>()? })
}

/// The files of Athena's manifest, which is a list of addresses such as `s3://bucket/key`.
///
/// # Errors
/// Something in it is no such address.
pub(crate) fn athena(manifest: &[u8]) -> Result<Vec<Place>, TaskError> {
    let rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(manifest).into_records();
    let mut files = Vec::new();
    for row in rows {
        let row = row.map_err(|e| failed(format!("The Athena manifest could not be read: {e}")))?;
        let address = row.get(0).unwrap_or_default().trim();
        match address.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) {
            Some((bucket, key)) => files.push(Place { bucket: Some(bucket.into()), key: key.into() }),
            None => return Err(failed(format!("`{address}` in the Athena manifest is no address of an object"))),
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_name_their_files() {
        let places = athena(b"s3://data/out/a.csv\n\"s3://data/out/b,c.csv\"\n").unwrap();
        let keys: Vec<&str> = places.iter().map(|p| &*p.key).collect();
        assert_eq!(keys, ["out/a.csv", "out/b,c.csv"]);
        assert!(athena(b"id,name\n").is_err());
        let manifest =
            br#"{"destinationBucket": "arn:aws:s3:::lists", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
            "files": [{"key": "data/1.csv.gz", "size": 1}]}"#;
        let found = inventory(manifest).unwrap();
        assert_eq!(found.columns, [Str::from("Bucket"), "Key".into()]);
        assert_eq!(found.files, [Place { bucket: Some("lists".into()), key: "data/1.csv.gz".into() }]);
        assert!(inventory(br#"{"fileFormat": "ORC"}"#).unwrap_err().to_string().contains("ORC"));
    }
}
