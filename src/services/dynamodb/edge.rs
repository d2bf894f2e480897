//! Where the engine answers differently from the service: its own account and region, the machine's clock and random
//! numbers in descriptions of tables.

use std::borrow::Cow;
use std::collections::BTreeMap;

use dynoxide::streams::{LOCAL_ACCOUNT, LOCAL_REGION};
use md5::{Digest, Md5};
use serde_json::Value as Json;

use crate::services::error::ServiceError;
use crate::services::{ACCOUNT, REGION, Surroundings};
use crate::time::Timestamp;

/// What ids of shards end with: clients refuse ids as short as the engine's.
const SHARD: &str = "-00000000";

/// What the engine would otherwise take from the machine.
#[derive(Clone, Debug)]
struct Birth {
    at: Timestamp,
    id: String,
}

/// The tables as they came to be on the virtual clock.
#[derive(Debug, Default)]
pub(super) struct Births(BTreeMap<String, Birth>);

fn own() -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:")
}

fn of_engine() -> String {
    format!("arn:aws:dynamodb:{LOCAL_REGION}:{LOCAL_ACCOUNT}:")
}

/// A text of the engine with our account and region.
pub(super) fn outward_text(text: &str) -> String {
    // Keys of KMS are there as well as tables.
    text.replace(&format!(":{LOCAL_REGION}:{LOCAL_ACCOUNT}:"), &format!(":{REGION}:{ACCOUNT}:"))
}

/// The same for all texts of a value that holds no items.
pub(super) fn outward(value: &mut Json) {
    match value {
        Json::String(text) if text.contains(LOCAL_REGION) => *text = outward_text(text),
        Json::Array(items) => items.iter_mut().for_each(outward),
        Json::Object(members) => members.values_mut().for_each(outward),
        _ => {}
    }
}

/// A body in which tables and streams are named as the engine names them. Most bodies name none by an ARN and stay.
pub(super) fn inward(body: &[u8]) -> Cow<'_, [u8]> {
    let own = own();
    let names_any = body.windows(own.len()).any(|part| part == own.as_bytes());
    let Some(Json::Object(mut members)) = names_any.then(|| serde_json::from_slice(body).ok()).flatten() else {
        return body.into();
    };
    for (name, value) in members.iter_mut() {
        match (name.as_str(), value) {
            ("TableName", value) => name_of_table(value),
            ("ResourceArn" | "StreamArn", Json::String(arn)) => *arn = arn.replace(&own, &of_engine()),
            ("ShardId" | "ExclusiveStartShardId", Json::String(id)) => {
                *id = id.strip_suffix(SHARD).unwrap_or(id).to_owned();
            }
            ("TransactItems", Json::Array(items)) => {
                let parts = items.iter_mut().filter_map(Json::as_object_mut).flat_map(|item| item.values_mut());
                parts.filter_map(|part| part.get_mut("TableName")).for_each(name_of_table);
            }
            _ => {}
        }
    }
    serde_json::to_vec(&members).map_or(body.into(), Into::into)
}

/// A table without a word about its capacity has provisioned capacity, and then it lacks the numbers.
pub(super) fn with_billing(body: &[u8]) -> Option<Vec<u8>> {
    let mut members: serde_json::Map<String, Json> = serde_json::from_slice(body).ok()?;
    if members.contains_key("BillingMode") || members.contains_key("ProvisionedThroughput") {
        return None;
    }
    members.insert("BillingMode".into(), "PROVISIONED".into());
    serde_json::to_vec(&members).ok()
}

/// The engine looks at the table that an ARN of a stream names, and not at the stream.
///
/// # Errors
/// A stream that the table does not have.
pub(super) fn check_stream(asked: &[u8], described: &Json) -> Result<(), ServiceError> {
    let asked = serde_json::from_slice::<Json>(asked).unwrap_or_default();
    let (arn, label) = (asked["StreamArn"].as_str(), described["StreamDescription"]["StreamLabel"].as_str());
    match (arn, label) {
        (Some(arn), Some(label)) if arn.rsplit('/').next() != Some(label) => Err(ServiceError::modelled(
            "ResourceNotFoundException",
            format!("Requested resource not found: Stream: {arn} not found"),
        )),
        _ => Ok(()),
    }
}

/// Tables may be named by their ARN wherever they are named.
fn name_of_table(value: &mut Json) {
    let own = format!("{}table/", own());
    if let Some(name) = value.as_str().and_then(|arn| arn.strip_prefix(&own)) {
        *value = name.into();
    }
}

impl Births {
    /// Mends what an operation answers.
    pub(super) fn mend(&mut self, around: &mut Surroundings, operation: &str, answer: &mut Json) {
        match operation {
            "CreateTable" | "DeleteTable" | "DescribeTable" | "UpdateTable" => {
                let member = if operation == "DescribeTable" { "Table" } else { "TableDescription" };
                if let Some(table) = answer.get_mut(member) {
                    self.mend_table(around, operation, table);
                }
                outward(answer);
            }
            "DescribeStream" => {
                // The label is the instant on the virtual clock; the engine tells the real one.
                let label = answer["StreamDescription"]["StreamLabel"].as_str().and_then(|l| l.parse::<f64>().ok());
                if let Some(began) = label {
                    answer["StreamDescription"]["CreationRequestDateTime"] = began.into();
                }
                let shards = answer.pointer_mut("/StreamDescription/Shards").and_then(Json::as_array_mut);
                for shard in shards.into_iter().flatten() {
                    if let Some(id) = shard["ShardId"].as_str().map(|id| format!("{id}{SHARD}")) {
                        shard["ShardId"] = id.into();
                    }
                    // Only a shard that is closed has an end, and the only one is open.
                    if let Some(range) = shard["SequenceNumberRange"].as_object_mut() {
                        range.remove("EndingSequenceNumber");
                    }
                }
                outward(answer);
            }
            "ListStreams" | "ListTagsOfResource" => outward(answer),
            "GetRecords" => {
                for record in answer.get_mut("Records").and_then(Json::as_array_mut).into_iter().flatten() {
                    record["awsRegion"] = REGION.into();
                    let seed = format!("{} {}", record["dynamodb"]["SequenceNumber"], record["dynamodb"]["Keys"]);
                    let id: String = Md5::digest(seed.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
                    record["eventID"] = id.into();
                }
            }
            _ => {}
        }
    }

    fn mend_table(&mut self, around: &mut Surroundings, operation: &str, table: &mut Json) {
        let Some(name) = table["TableName"].as_str().map(str::to_owned) else { return };
        let known = match operation {
            "DeleteTable" => self.0.remove(&name),
            "CreateTable" => None,
            _ => self.0.get(&name).cloned(),
        };
        let birth = known.unwrap_or_else(|| Birth { at: around.now, id: around.uuid() });
        table["CreationDateTime"] = (birth.at.as_millis() as f64 / 1000.0).into();
        table["TableId"] = birth.id.as_str().into();
        if operation == "CreateTable" {
            self.0.insert(name, birth);
        }
    }
}
