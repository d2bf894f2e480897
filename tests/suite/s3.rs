//! The model of S3: as its operations answer, and as state machines and distributed Maps meet it.

use rehearsal::prelude::*;
use rehearsal::services::{Service, ServiceError, Services, Setup};
use rehearsal::value::Value;

use crate::support::single;

struct Cloud(Services);

impl Cloud {
    fn new() -> Cloud {
        Cloud(Services::new(&Setup::new().bucket("data"), Timestamp::EPOCH_DEFAULT, 0).unwrap())
    }
    fn call(&mut self, operation: &str, mut input: serde_json::Value) -> Result<serde_json::Value, ServiceError> {
        input["Bucket"] = json!("data");
        let input = Value::from(input);
        self.0.call(Timestamp::EPOCH_DEFAULT, Service::S3, operation, &input).map(|output| output.to_json())
    }
    #[track_caller]
    fn ok(&mut self, operation: &str, input: serde_json::Value) -> serde_json::Value {
        self.call(operation, input).unwrap()
    }
    #[track_caller]
    fn refused(&mut self, operation: &str, input: serde_json::Value) -> (String, u16) {
        let error = self.call(operation, input).unwrap_err();
        (error.code, error.status)
    }
    fn put(&mut self, key: &str, body: &str) -> serde_json::Value {
        self.ok("PutObject", json!({ "Key": key, "Body": body }))
    }
}

#[test]
fn a_state_machine_puts_and_gets_what_everybody_else_sees() {
    let put = json!({
        "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObject", "End": true,
        "Parameters": { "Bucket": "data", "Key": "k", "Body.$": "$.body" }
    });
    let harness = Harness::new(&single(put)).services(Setup::new().bucket("data"));
    let run = harness.run(json!({ "body": { "Dict": "Value" } }));
    // As recorded of the service.
    let want = json!({
        "ChecksumCRC32": "hnEfWw==", "ChecksumType": "FULL_OBJECT",
        "ETag": "\"49e31cee5aec8faf3345893addb14346\"", "ServerSideEncryption": "AES256"
    });
    assert_eq!(run.output(), Some(want));
    assert_eq!(run.objects().json("data", "k"), Some(json!({ "Dict": "Value" })));

    let get = |key: &str| {
        single(json!({
            "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "End": true,
            "Parameters": { "Bucket": "data", "Key": key }
        }))
    };
    let run = Harness::new(&get("k")).object("data", "k", "text data").run(json!({}));
    let want = json!({
        "AcceptRanges": "bytes", "ContentLength": 9, "ContentType": "binary/octet-stream",
        "ETag": "\"332eec544317a6d340b8e77da7fe54ad\"", "LastModified": "2024-01-01T00:00:00Z", "Metadata": {},
        "ServerSideEncryption": "AES256", "Body": "text data"
    });
    assert_eq!(run.output(), Some(want));
    let run = Harness::new(&get("no")).object("data", "k", "").run(json!({}));
    run.assert_failed("S3.NoSuchKeyException");
    let cause = run.cause().unwrap();
    assert!(
        cause.starts_with("The specified key does not exist. (Service: S3, Status Code: 404, Request ID: "),
        "{cause}"
    );
    assert!(cause.contains(", Extended Request ID: "), "{cause}");
}

#[test]
fn a_listing_goes_page_by_page_and_rolls_up_what_is_alike() {
    let mut cloud = Cloud::new();
    for key in ["a/1", "a/2", "b", "c/1", "d"] {
        cloud.put(key, "");
    }
    let (mut seen, mut token) = (Vec::new(), None);
    loop {
        let mut input = json!({ "Delimiter": "/", "MaxKeys": 1 });
        if let Some(token) = token {
            input["ContinuationToken"] = token;
        }
        let page = cloud.ok("ListObjectsV2", input);
        let of = |list: &str, name: &str| page[list][0][name].as_str().map(str::to_owned);
        seen.extend(of("Contents", "Key").or(of("CommonPrefixes", "Prefix")));
        match page["IsTruncated"].as_bool() {
            Some(true) => token = Some(page["NextContinuationToken"].clone()),
            _ => break,
        }
    }
    assert_eq!(seen, ["a/", "b", "c/", "d"]);
    assert_eq!(cloud.refused("ListObjectsV2", json!({ "MaxKeys": -1 })).0, "InvalidArgument");
}

#[test]
fn a_versioned_object_is_deleted_by_a_mark_and_comes_back_without_it() {
    let mut cloud = Cloud::new();
    cloud.put("k", "0");
    cloud.ok("PutBucketVersioning", json!({ "VersioningConfiguration": { "Status": "Enabled" } }));
    let first = cloud.put("k", "1")["VersionId"].clone();
    cloud.put("k", "2");
    assert_eq!(cloud.ok("GetObject", json!({ "Key": "k", "VersionId": first }))["Body"], "1");
    assert_eq!(cloud.ok("GetObject", json!({ "Key": "k", "VersionId": "null" }))["Body"], "0");
    let marker = cloud.ok("DeleteObject", json!({ "Key": "k" }));
    assert_eq!(marker["DeleteMarker"], true);
    assert_eq!(cloud.refused("GetObject", json!({ "Key": "k" })), ("NoSuchKey".into(), 404));
    let of_marker = json!({ "Key": "k", "VersionId": marker["VersionId"] });
    assert_eq!(cloud.refused("GetObject", of_marker.clone()), ("MethodNotAllowed".into(), 405));
    cloud.ok("DeleteObject", of_marker);
    assert_eq!(cloud.ok("GetObject", json!({ "Key": "k" }))["Body"], "2");
}

#[test]
fn conditions_keep_a_writer_from_overwriting_what_it_has_not_seen() {
    let mut cloud = Cloud::new();
    let etag = cloud.put("k", "1")["ETag"].clone();
    let failed = ("PreconditionFailed".to_owned(), 412);
    assert_eq!(cloud.refused("PutObject", json!({ "Key": "k", "IfNoneMatch": "*" })), failed);
    assert_eq!(cloud.refused("PutObject", json!({ "Key": "k", "IfMatch": "\"other\"" })), failed);
    cloud.ok("PutObject", json!({ "Key": "k", "Body": "2", "IfMatch": etag }));
    assert_eq!(cloud.refused("GetObject", json!({ "Key": "k", "IfMatch": etag })), failed);
    assert_eq!(cloud.refused("PutObject", json!({ "Key": "no", "IfMatch": etag })), ("NoSuchKey".into(), 404));
}

#[test]
fn what_is_not_modelled_is_refused_by_name() {
    let mut cloud = Cloud::new();
    assert_eq!(
        cloud.refused("PutObject", json!({ "Key": "k", "ObjectLockMode": "GOVERNANCE" })),
        ("NotModelled".into(), 501)
    );
    assert_eq!(cloud.refused("PutBucketPolicy", json!({})), ("NotModelled".into(), 501));
}

#[test]
fn a_test_that_creates_buckets_gets_no_others_for_nothing() {
    let state = json!({
        "Type": "Map", "End": true, "ItemsPath": "$.items",
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } }
        },
        "ResultWriter": { "Resource": "arn:aws:states:::s3:putObject", "Parameters": { "Bucket": "out", "Prefix": "p" } }
    });
    let input = json!({ "items": [1, 2] });
    let with = |setup: Setup| Harness::new(&single(state.clone())).services(setup).run(input.clone());
    with(Setup::new().bucket("other")).assert_failed("States.ResultWriterFailed");
    let run = with(Setup::new().bucket("out"));
    assert_eq!(run.services().s3().keys("out", "p/").count(), 2);
    with(Setup::new()).assert_succeeded();
}
