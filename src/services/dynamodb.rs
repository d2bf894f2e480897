//! DynamoDB: tables of an embedded engine, on the virtual clock.
//!
//! The engine keeps the items and knows the expressions, the limits and the sentences of errors. What it takes from the
//! machine, ids and times of tables and streams' events, is mended on the way out, as is its own account and region;
//! members of items come in the order of their names, so that the same requests get the same bytes. What differs from the
//! service and is left so: tables are active at once, a stream has one shard and its label is a number, and tokens of
//! idempotent transactions last for ten real minutes. `UpdateContinuousBackups`, backups, exports, global tables and
//! resource policies are not modelled.

mod edge;
mod gaps;
mod plain;
mod refusal;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use dynoxide::storage_backend::Clock;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_json::json;

use super::Surroundings;
use super::error::ServiceError;
use super::{ACCOUNT, REGION};
use crate::value::Value;
pub use plain::{marshalled, plain};

/// The virtual clock as the engine asks for it, in milliseconds since 1970.
#[derive(Debug, Default)]
struct VirtualClock(AtomicI64);

impl Clock for VirtualClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::Relaxed) / 1000).unwrap_or(0)
    }
    fn now_unix_secs_f64(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64 / 1000.0
    }
}

/// All tables of the account; the engine starts with the first call.
#[derive(Default)]
pub(super) struct DynamoDb {
    clock: Arc<VirtualClock>,
    engine: Option<Database>,
    births: edge::Births,
    /// Whether a table lets items expire, and the second in which we last looked for such.
    expires: bool,
    swept_at: i64,
}

impl std::fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoDb").field("is_started", &self.engine.is_some()).finish()
    }
}

/// An operation of the engine on JSON texts.
type Operation = fn(&Database, &[u8]) -> Result<Answered, ServiceError>;

/// What the engine answers.
enum Answered {
    /// Nothing but that it is done.
    Empty,
    Members(Json),
}

/// An operation of the engine between its own types and JSON.
macro_rules! operation {
    ($name:literal, $method:ident) => {
        ($name, |engine, input| through($name, input, |request| engine.$method(request)))
    };
}

const OPERATIONS: &[(&str, Operation)] = &[
    operation!("BatchExecuteStatement", batch_execute_statement),
    operation!("BatchGetItem", batch_get_item),
    operation!("BatchWriteItem", batch_write_item),
    operation!("CreateTable", create_table),
    operation!("DeleteItem", delete_item),
    operation!("DeleteTable", delete_table),
    operation!("DescribeStream", describe_stream),
    operation!("DescribeTable", describe_table),
    operation!("DescribeTimeToLive", describe_time_to_live),
    operation!("ExecuteStatement", execute_statement),
    operation!("ExecuteTransaction", execute_transaction),
    operation!("GetItem", get_item),
    operation!("GetRecords", get_records),
    operation!("GetShardIterator", get_shard_iterator),
    operation!("ListStreams", list_streams),
    operation!("ListTables", list_tables),
    operation!("ListTagsOfResource", list_tags_of_resource),
    operation!("PutItem", put_item),
    operation!("Query", query),
    operation!("Scan", scan),
    operation!("TagResource", tag_resource),
    operation!("TransactGetItems", transact_get_items),
    operation!("TransactWriteItems", transact_write_items),
    operation!("UntagResource", untag_resource),
    operation!("UpdateItem", update_item),
    operation!("UpdateTable", update_table),
    operation!("UpdateTimeToLive", update_time_to_live),
];

fn through<Request: DeserializeOwned, Response: Serialize>(
    operation: &str,
    input: &[u8],
    work: impl FnOnce(Request) -> Result<Response, DynoxideError>,
) -> Result<Answered, ServiceError> {
    let request = serde_json::from_slice(input).map_err(|e| refusal::of_reading(&e, operation))?;
    let response = work(request).map_err(|e| refusal::of(e, operation))?;
    let answer = serde_json::to_value(response).map_err(internal)?;
    Ok(match answer {
        Json::Object(members) if members.is_empty() => Answered::Empty,
        // Operations that say nothing but that it is done.
        Json::Null => Answered::Empty,
        other => Answered::Members(other),
    })
}

fn internal(error: impl std::fmt::Display) -> ServiceError {
    ServiceError::modelled("InternalServerError", error.to_string()).status(500)
}

impl DynamoDb {
    pub(super) fn call(
        &mut self,
        around: &mut Surroundings,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ServiceError> {
        Ok(match self.answered(around, operation, input.to_string().as_bytes())? {
            Answered::Empty => Value::empty_object(),
            Answered::Members(members) => Value::from(&members),
        })
    }

    /// The same from text to text, for those who come with bytes.
    #[cfg(feature = "wire")]
    pub(super) fn call_text(
        &mut self,
        around: &mut Surroundings,
        operation: &str,
        input: &[u8],
    ) -> Result<Vec<u8>, ServiceError> {
        match self.answered(around, operation, input)? {
            Answered::Empty => Ok(b"{}".to_vec()),
            Answered::Members(members) => serde_json::to_vec(&members).map_err(internal),
        }
    }

    fn answered(&mut self, around: &mut Surroundings, operation: &str, input: &[u8]) -> Result<Answered, ServiceError> {
        self.clock.0.store(around.now.as_millis(), Ordering::Relaxed);
        let Some((_, work)) = OPERATIONS.iter().find(|(name, _)| *name == operation) else {
            return self.told(around, operation, input).map(Answered::Members);
        };
        self.sweep(around)?;
        let billed = if operation == "CreateTable" { edge::with_billing(input) } else { None };
        let body = edge::inward(billed.as_deref().unwrap_or(input));
        self.engine()?;
        let aside = |operation: &str, input: &Json| self.ask(operation, input);
        gaps::before(operation, &body, &aside)?;
        let answered = work(self.engine()?, &body)?;
        let aside = |operation: &str, input: &Json| self.ask(operation, input);
        gaps::after(operation, &body, &aside)?;
        self.expires |= operation == "UpdateTimeToLive";
        let Answered::Members(mut members) = answered else { return Ok(answered) };
        if operation == "DescribeStream" {
            edge::check_stream(input, &members)?;
        }
        self.births.mend(around, operation, &mut members);
        // The engine keeps items in hash maps, whose order is another one every time.
        if let Json::Object(members) = &mut members {
            members.values_mut().for_each(Json::sort_all_objects);
        }
        Ok(Answered::Members(members))
    }

    /// Items whose time has come are gone for whoever asks now.
    fn sweep(&mut self, around: &Surroundings) -> Result<(), ServiceError> {
        let second = around.now.as_millis() / 1000;
        if self.expires && second != self.swept_at {
            self.swept_at = second;
            self.engine()?.sweep_ttl().map_err(|e| refusal::of(e, "UpdateTimeToLive"))?;
        }
        Ok(())
    }

    /// What the service says of itself and of tables that the engine knows nothing of.
    fn told(&mut self, around: &Surroundings, operation: &str, input: &[u8]) -> Result<Json, ServiceError> {
        match operation {
            "DescribeLimits" => Ok(json!({
                "AccountMaxReadCapacityUnits": 80_000,
                "AccountMaxWriteCapacityUnits": 80_000,
                "TableMaxReadCapacityUnits": 40_000,
                "TableMaxWriteCapacityUnits": 40_000,
            })),
            "DescribeEndpoints" => {
                let address = around.host().unwrap_or(&format!("dynamodb.{REGION}.amazonaws.com")).to_owned();
                Ok(json!({ "Endpoints": [{ "Address": address, "CachePeriodInMinutes": 1440 }] }))
            }
            "DescribeContinuousBackups" => {
                let input: Json = serde_json::from_slice(input).map_err(|e| refusal::of_reading(&e, operation))?;
                let name = input["TableName"].as_str().unwrap_or_default();
                let name = name.strip_prefix(&format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/")).unwrap_or(name);
                if !self.names().iter().any(|known| known == name) {
                    let message = format!("Table not found: {name}");
                    return Err(ServiceError::modelled("TableNotFoundException", message));
                }
                Ok(json!({ "ContinuousBackupsDescription": {
                    "ContinuousBackupsStatus": "ENABLED",
                    "PointInTimeRecoveryDescription": { "PointInTimeRecoveryStatus": "DISABLED" },
                } }))
            }
            _ => Err(ServiceError::not_modelled(format!("the operation {operation} of DynamoDB"))),
        }
    }

    fn engine(&mut self) -> Result<&Database, ServiceError> {
        if self.engine.is_none() {
            let clock = Arc::clone(&self.clock);
            self.engine = Some(Database::memory_with_clock(clock).map_err(internal)?);
        }
        self.engine.as_ref().ok_or_else(|| internal("no engine"))
    }

    fn ask(&self, operation: &str, input: &Json) -> Option<Json> {
        let (_, work) = OPERATIONS.iter().find(|(name, _)| *name == operation)?;
        match work(self.engine.as_ref()?, input.to_string().as_bytes()).ok()? {
            Answered::Empty => Some(json!({})),
            Answered::Members(members) => Some(members),
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        loop {
            let from = names.last().map_or(json!({}), |last| json!({ "ExclusiveStartTableName": last }));
            let page = self.ask("ListTables", &from).unwrap_or_default();
            let shown = page["TableNames"].as_array().into_iter().flatten();
            names.extend(shown.filter_map(|name| name.as_str().map(str::to_owned)));
            if page["LastEvaluatedTableName"].is_null() {
                return names;
            }
        }
    }

    pub(super) fn items(&self, table: &str) -> Option<Vec<Value>> {
        let described = self.ask("DescribeTable", &json!({ "TableName": table }))?;
        let schema = described["Table"]["KeySchema"].as_array()?;
        let keys: Vec<&str> = schema.iter().filter_map(|part| part["AttributeName"].as_str()).collect();
        let mut items = Vec::new();
        let mut from = Json::Null;
        loop {
            let mut request = json!({ "TableName": table });
            if !from.is_null() {
                request["ExclusiveStartKey"] = from;
            }
            let mut page = self.ask("Scan", &request)?;
            items.extend(page["Items"].as_array_mut().map(std::mem::take).unwrap_or_default());
            from = page["LastEvaluatedKey"].take();
            if from.is_null() {
                break;
            }
        }
        let mut items: Vec<Value> = items
            .into_iter()
            .map(|mut item| {
                item.sort_all_objects();
                plain(&Value::from(&item))
            })
            .collect();
        let key = |item: &Value| keys.iter().map(|k| item.get(k).cloned().unwrap_or_default()).collect::<Vec<_>>();
        items.sort_by(|a, b| in_order(&key(a), &key(b)));
        Some(items)
    }
}

/// Numbers by size, everything else by its text.
fn in_order(a: &[Value], b: &[Value]) -> std::cmp::Ordering {
    let one = |(a, b): (&Value, &Value)| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.to_string().cmp(&b.to_string()),
    };
    a.iter().zip(b).map(one).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}
