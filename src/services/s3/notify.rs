//! Telling others what happens to objects: EventBridge, queues, topics and functions.

use super::{Cx, Outcome, Reply, S3, invalid_argument, malformed, text};
use crate::services::error::ServiceError;
use crate::services::{ACCOUNT, Errand, REGION, Service};
use crate::value::{Map, Value};

/// The lists of a configuration with the member that names the target.
const LISTS: [(&str, &str); 3] = [
    ("QueueConfigurations", "QueueArn"),
    ("TopicConfigurations", "TopicArn"),
    ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
];

/// What can happen to objects, without the `s3:` before it.
const EVENTS: &[&str] = &[
    "IntelligentTiering",
    "LifecycleExpiration:*",
    "LifecycleExpiration:Delete",
    "LifecycleExpiration:DeleteMarkerCreated",
    "LifecycleTransition",
    "ObjectAcl:Put",
    "ObjectCreated:*",
    "ObjectCreated:CompleteMultipartUpload",
    "ObjectCreated:Copy",
    "ObjectCreated:Post",
    "ObjectCreated:Put",
    "ObjectRemoved:*",
    "ObjectRemoved:Delete",
    "ObjectRemoved:DeleteMarkerCreated",
    "ObjectRestore:*",
    "ObjectRestore:Completed",
    "ObjectRestore:Delete",
    "ObjectRestore:Post",
    "ObjectTagging:*",
    "ObjectTagging:Delete",
    "ObjectTagging:Put",
    "ReducedRedundancyLostObject",
    "Replication:*",
    "Replication:OperationFailedReplication",
    "Replication:OperationMissedThreshold",
    "Replication:OperationNotTracked",
    "Replication:OperationReplicatedAfterThreshold",
];

/// The target of a configuration, and whether it names events that there are.
fn checked<'a>(entry: &'a Value, target: &str) -> Result<&'a str, ServiceError> {
    let arn = entry.get(target).and_then(Value::as_str).ok_or_else(malformed)?;
    if arn.split(':').count() < 6 {
        return Err(invalid_argument("The ARN could not be parsed", target, arn));
    }
    let events = entry.get("Events").and_then(Value::as_array).unwrap_or_default();
    if events.is_empty() {
        return Err(malformed());
    }
    let is_known = |event: &str| event.strip_prefix("s3:").is_some_and(|event| EVENTS.contains(&event));
    match events.iter().map(|event| event.as_str().unwrap_or_default()).find(|event| !is_known(event)) {
        Some(odd) => Err(invalid_argument("The event is not supported for notifications", "Event", odd)),
        None => Ok(arn),
    }
}

/// A target that can't be told anything.
pub(in crate::services) fn unreachable(arn: &str, what: &str) -> ServiceError {
    let message = "Unable to validate the following destination configurations";
    invalid_argument(message, arn, &format!("The destination {what} does not exist"))
}

impl S3 {
    /// The targets that a request wants told, for the others to say whether they are there; none where the request is
    /// refused for something else or does not want that looked at.
    pub(in crate::services) fn targets<'a>(&self, input: &'a Value) -> Vec<&'a str> {
        let is_there = input.get("Bucket").and_then(Value::as_str).is_some_and(|bucket| self.has_bucket(bucket));
        let skips = input.get("SkipDestinationValidation");
        if !is_there || skips.is_some_and(|skips| skips.as_bool() == Some(true) || skips.as_str() == Some("true")) {
            return Vec::new();
        }
        let configuration = input.get("NotificationConfiguration");
        let lists = LISTS.iter().filter_map(|(list, target)| Some((configuration?.get(list)?.as_array()?, *target)));
        let targets = lists.flat_map(|(entries, target)| entries.iter().map(move |entry| checked(entry, target)));
        targets.collect::<Result<_, _>>().unwrap_or_default()
    }

    pub(super) fn put_notifications(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let configuration = cx.input.get("NotificationConfiguration").cloned().ok_or_else(malformed)?;
        let mut kept = Map::new();
        for (member, value) in configuration.as_object().into_iter().flat_map(Map::iter) {
            let Some((_, target)) = LISTS.iter().find(|(list, _)| *list == &**member) else {
                if &**member == "EventBridgeConfiguration" {
                    kept.insert(member.clone(), Value::empty_object());
                    continue;
                }
                return Err(ServiceError::not_modelled(format!("`{member}` of NotificationConfiguration")));
            };
            let mut entries = Vec::new();
            for entry in value.as_array().unwrap_or_default() {
                checked(entry, target)?;
                let mut entry = entry.as_object().cloned().unwrap_or_default();
                if !entry.contains_key("Id") {
                    entry.insert("Id", cx.around.uuid());
                }
                entries.push(entry.into());
            }
            kept.insert(member.clone(), Value::array(entries));
        }
        self.bucket_mut(cx.input)?.notifications = kept.into();
        Ok(Reply::default())
    }

    pub(super) fn notifications(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        Ok(self.bucket(cx.input)?.notifications.as_object().cloned().unwrap_or_default().into())
    }

    /// Tells whoever wants to know that something happened to an object: `ObjectCreated:Put`.
    pub(super) fn notify(
        &self,
        cx: &mut Cx<'_, '_>,
        event: &str,
        key: &str,
        created: Option<(usize, &str)>,
        version: Option<&str>,
    ) {
        let Ok(bucket) = self.bucket(cx.input) else { return };
        let configuration = &bucket.notifications;
        if configuration.as_object().is_none_or(Map::is_empty) {
            return;
        }
        let name = cx.input.text("Bucket").unwrap_or_default();
        if configuration.get("EventBridgeConfiguration").is_some() {
            let entry = to_bus(cx, name, event, key, created, version);
            let input = Value::object([("Entries", Value::array(vec![entry]))]);
            cx.around.errand(Errand::Call { service: Service::Events, operation: "PutEvents", input });
        }
        for (list, target) in LISTS {
            for entry in configuration.get(list).and_then(Value::as_array).unwrap_or_default() {
                if !wants(entry, event, key) {
                    continue;
                }
                let id = entry.get("Id").and_then(Value::as_str).unwrap_or_default();
                let record = record(cx, name, event, key, created, version, id);
                let message = Value::object([("Records", Value::array(vec![record]))]);
                let arn = entry.get(target).cloned().unwrap_or_default();
                let errand = match target {
                    "QueueArn" => {
                        let url = cx.around.queue_url(crate::services::arn::name_of(arn.as_str().unwrap_or_default()));
                        let input = Value::object([
                            ("QueueUrl", Value::from(url)),
                            ("MessageBody", message.to_string().into()),
                        ]);
                        Errand::Call { service: Service::Sqs, operation: "SendMessage", input }
                    }
                    "TopicArn" => {
                        let input = Value::object([
                            ("TopicArn", arn),
                            ("Subject", "Amazon S3 Notification".into()),
                            ("Message", message.to_string().into()),
                        ]);
                        Errand::Call { service: Service::Sns, operation: "Publish", input }
                    }
                    _ => {
                        let input = Value::object([
                            ("FunctionName", arn),
                            ("InvocationType", "Event".into()),
                            ("Payload", message),
                        ]);
                        Errand::Call { service: Service::Lambda, operation: "Invoke", input }
                    }
                };
                cx.around.errand(errand);
            }
        }
    }
}

/// Whether a configuration names the event, and its filter the key.
fn wants(entry: &Value, event: &str, key: &str) -> bool {
    let names = |wanted: &str| {
        let wanted = wanted.trim_start_matches("s3:");
        wanted == event || wanted.strip_suffix('*').is_some_and(|kind| event.starts_with(kind))
    };
    let events = entry.get("Events").and_then(Value::as_array).unwrap_or_default();
    let rules = entry.get("Filter").and_then(|f| f.get("Key")).and_then(|k| k.get("FilterRules"));
    let fits = |rule: &Value| {
        let part = |name| rule.get(name).and_then(Value::as_str).unwrap_or_default();
        match part("Name").to_ascii_lowercase().as_str() {
            "prefix" => key.starts_with(part("Value")),
            "suffix" => key.ends_with(part("Value")),
            _ => false,
        }
    };
    events.iter().filter_map(Value::as_str).any(names)
        && rules.and_then(Value::as_array).unwrap_or_default().iter().all(fits)
}

/// One of `Records`, as queues, topics and functions get it.
fn record(
    cx: &mut Cx<'_, '_>,
    bucket: &str,
    event: &str,
    key: &str,
    created: Option<(usize, &str)>,
    version: Option<&str>,
    configuration: &str,
) -> Value {
    let mut object = Map::new();
    object.insert("key", text::url_encoded(key));
    if let Some((size, etag)) = created {
        object.insert("size", size);
        object.insert("eTag", etag.trim_matches('"'));
    }
    if let Some(version) = version {
        object.insert("versionId", version);
    }
    object.insert("sequencer", sequencer(cx));
    let request = cx.around.uuid();
    Value::object([
        ("eventVersion", Value::from("2.1")),
        ("eventSource", "aws:s3".into()),
        ("awsRegion", REGION.into()),
        ("eventTime", cx.around.now.to_string().into()),
        ("eventName", event.into()),
        ("userIdentity", Value::object([("principalId", Value::from(ACCOUNT))])),
        ("requestParameters", Value::object([("sourceIPAddress", Value::from("127.0.0.1"))])),
        ("responseElements", Value::object([("x-amz-request-id", Value::from(request))])),
        (
            "s3",
            Value::object([
                ("s3SchemaVersion", Value::from("1.0")),
                ("configurationId", configuration.into()),
                (
                    "bucket",
                    Value::object([
                        ("name", Value::from(bucket)),
                        ("ownerIdentity", Value::object([("principalId", Value::from(ACCOUNT))])),
                        ("arn", format!("arn:aws:s3:::{bucket}").into()),
                    ]),
                ),
                ("object", object.into()),
            ]),
        ),
    ])
}

/// An entry of `PutEvents`.
fn to_bus(
    cx: &mut Cx<'_, '_>,
    bucket: &str,
    event: &str,
    key: &str,
    created: Option<(usize, &str)>,
    version: Option<&str>,
) -> Value {
    let reason = match event {
        "ObjectCreated:Put" => "PutObject",
        "ObjectCreated:Copy" => "CopyObject",
        "ObjectCreated:CompleteMultipartUpload" => "CompleteMultipartUpload",
        _ => "DeleteObject",
    };
    let mut object = Map::new();
    object.insert("key", key);
    if let Some((size, etag)) = created {
        object.insert("size", size);
        object.insert("etag", etag.trim_matches('"'));
    }
    if let Some(version) = version {
        object.insert("version-id", version);
    }
    object.insert("sequencer", sequencer(cx));
    let mut detail = Map::new();
    detail.insert("version", "0");
    detail.insert("bucket", Value::object([("name", Value::from(bucket))]));
    detail.insert("object", object);
    detail.insert("request-id", cx.around.uuid());
    detail.insert("requester", ACCOUNT);
    detail.insert("source-ip-address", "127.0.0.1");
    detail.insert("reason", reason);
    if created.is_none() {
        let is_marked = event.ends_with("DeleteMarkerCreated");
        detail.insert("deletion-type", if is_marked { "Delete Marker Created" } else { "Permanently Deleted" });
    }
    let kind = if created.is_some() { "Object Created" } else { "Object Deleted" };
    Value::object([
        ("Source", Value::from("aws.s3")),
        ("DetailType", kind.into()),
        ("Resources", Value::array(vec![format!("arn:aws:s3:::{bucket}").into()])),
        ("Detail", Value::from(detail).to_string().into()),
    ])
}

fn sequencer(cx: &mut Cx<'_, '_>) -> String {
    format!(
        "{:018X}",
        u128::from(cx.around.now.as_millis().unsigned_abs()) << 16 | u128::from(cx.around.number() & 0xFFFF)
    )
}
