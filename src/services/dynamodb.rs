//! DynamoDB: tables of an embedded engine, on the virtual clock.

mod plain;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use dynoxide::storage_backend::Clock;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::Surroundings;
use super::error::ServiceError;
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
}

impl std::fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoDb").field("is_started", &self.engine.is_some()).finish()
    }
}

type Operation = fn(&Database, Json) -> Result<Json, ServiceError>;

/// An operation of the engine between its own types and JSON.
macro_rules! operation {
    ($name:literal, $method:ident) => {
        ($name, |engine, input| through(input, |request| engine.$method(request)))
    };
}

const OPERATIONS: &[(&str, Operation)] = &[
    operation!("BatchExecuteStatement", batch_execute_statement),
    operation!("BatchGetItem", batch_get_item),
    operation!("BatchWriteItem", batch_write_item),
    operation!("CreateTable", create_table),
    operation!("DeleteItem", delete_item),
    operation!("DeleteTable", delete_table),
    operation!("DescribeTable", describe_table),
    operation!("DescribeTimeToLive", describe_time_to_live),
    operation!("ExecuteStatement", execute_statement),
    operation!("ExecuteTransaction", execute_transaction),
    operation!("GetItem", get_item),
    operation!("ListTables", list_tables),
    operation!("PutItem", put_item),
    operation!("Query", query),
    operation!("Scan", scan),
    operation!("TransactGetItems", transact_get_items),
    operation!("TransactWriteItems", transact_write_items),
    operation!("UpdateItem", update_item),
    operation!("UpdateTable", update_table),
    operation!("UpdateTimeToLive", update_time_to_live),
];

fn through<Request: DeserializeOwned, Answer: Serialize>(
    input: Json,
    work: impl FnOnce(Request) -> Result<Answer, DynoxideError>,
) -> Result<Json, ServiceError> {
    let request = serde_json::from_value(input)
        .map_err(|e| ServiceError::coded("SerializationException", format!("the input does not fit: {e}")))?;
    let answer = work(request).map_err(|e| refused(&e))?;
    serde_json::to_value(answer).map_err(|e| ServiceError::coded("InternalServerError", e.to_string()).status(500))
}

/// What the engine refuses, as the API says it.
fn refused(error: &DynoxideError) -> ServiceError {
    let code = error.error_type().rsplit('#').next().unwrap_or_default();
    // SDKs have no classes for these two: they are reported as the service's general exception.
    let is_modelled = !matches!(code, "ValidationException" | "SerializationException");
    let known = if is_modelled {
        ServiceError::modelled(code, error.to_string())
    } else {
        ServiceError::coded(code, error.to_string())
    };
    let members = serde_json::from_str::<Json>(&error.to_json()).ok().map(|json| Value::from(&sorted(json)));
    ServiceError { members, ..known.status(error.status_code()) }
}

impl DynamoDb {
    pub(super) fn call(
        &mut self,
        around: &Surroundings,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ServiceError> {
        let Some((_, work)) = OPERATIONS.iter().find(|(name, _)| *name == operation) else {
            return Err(ServiceError::not_modelled(format!("the operation {operation} of DynamoDB")));
        };
        self.clock.0.store(around.now.as_millis(), Ordering::Relaxed);
        let engine = self.engine()?;
        // Items whose time has come are gone for whoever asks now.
        engine.sweep_ttl().map_err(|e| refused(&e))?;
        let answer = work(engine, input.to_json())?;
        let Json::Object(members) = answer else { return Ok(Value::from(&answer)) };
        // The engine keeps items in hash maps, whose order is another one every time.
        let members = members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
        Ok(Value::from(&Json::Object(members)))
    }

    fn engine(&mut self) -> Result<&Database, ServiceError> {
        if self.engine.is_none() {
            let clock = Arc::clone(&self.clock);
            let started = Database::memory_with_clock(clock)
                .map_err(|e| ServiceError::coded("InternalServerError", e.to_string()).status(500))?;
            self.engine = Some(started);
        }
        self.engine.as_ref().ok_or_else(|| ServiceError::coded("InternalServerError", "no engine").status(500))
    }

    fn ask(&self, operation: &str, input: Json) -> Option<Json> {
        let (_, work) = OPERATIONS.iter().find(|(name, _)| *name == operation)?;
        work(self.engine.as_ref()?, input).ok()
    }

    pub(super) fn names(&self) -> Vec<String> {
        let names = self.ask("ListTables", serde_json::json!({})).unwrap_or_default();
        let names = names["TableNames"].as_array().into_iter().flatten();
        names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }

    pub(super) fn items(&self, table: &str) -> Option<Vec<Value>> {
        let described = self.ask("DescribeTable", serde_json::json!({ "TableName": table }))?;
        let schema = described["Table"]["KeySchema"].as_array()?;
        let keys: Vec<&str> = schema.iter().filter_map(|part| part["AttributeName"].as_str()).collect();
        let mut items = Vec::new();
        let mut from = Json::Null;
        loop {
            let mut request = serde_json::json!({ "TableName": table });
            if !from.is_null() {
                request["ExclusiveStartKey"] = from;
            }
            let mut page = self.ask("Scan", request)?;
            items.extend(page["Items"].as_array_mut().map(std::mem::take).unwrap_or_default());
            from = page["LastEvaluatedKey"].take();
            if from.is_null() {
                break;
            }
        }
        let mut items: Vec<Value> = items.into_iter().map(|item| plain(&Value::from(&sorted(item)))).collect();
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

/// The same value with the members of all objects in the order of their names.
fn sorted(value: Json) -> Json {
    match value {
        Json::Object(members) => {
            let mut members: Vec<(String, Json)> = members.into_iter().map(|(n, v)| (n, sorted(v))).collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            Json::Object(members.into_iter().collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
