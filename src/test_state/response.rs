//! What TestState answers.

use serde_json::{Map, Value, json};

use crate::task::TaskError;
use crate::value;

/// How the state ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// With an output.
    Succeeded,
    /// With an error that nothing takes.
    Failed,
    /// With an error after which it would be tried again.
    Retriable,
    /// With an error that a Catcher takes.
    CaughtError,
}

impl Status {
    /// `SUCCEEDED`, `FAILED`, `RETRIABLE` or `CAUGHT_ERROR`.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Succeeded => "SUCCEEDED",
            Status::Failed => "FAILED",
            Status::Retriable => "RETRIABLE",
            Status::CaughtError => "CAUGHT_ERROR",
        }
    }
}

/// What TestState answers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response {
    /// How the state ended.
    pub status: Status,
    /// What it hands on, also out of a Catcher.
    pub output: Option<value::Value>,
    /// The error that it failed with or that was caught.
    pub error: Option<TaskError>,
    /// Where it leads. A state that ends the machine leads nowhere.
    pub next_state: Option<String>,
    /// What each field made of the data, at [`InspectionLevel::Debug`](super::InspectionLevel::Debug) and above.
    pub inspection: Option<InspectionData>,
}

/// What each field of a state made of the data. The members are there where the state has such a step and came to it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct InspectionData {
    /// The raw input.
    pub input: Option<value::Value>,
    /// After `Arguments` (JSONata).
    pub after_arguments: Option<value::Value>,
    /// After `InputPath`.
    pub after_input_path: Option<value::Value>,
    /// After `Parameters`.
    pub after_parameters: Option<value::Value>,
    /// A Pass state's `Result`, or what a service that was really asked answered.
    pub result: Option<value::Value>,
    /// After `ResultSelector`.
    pub after_result_selector: Option<value::Value>,
    /// After `ResultPath`.
    pub after_result_path: Option<value::Value>,
    /// The items of a Map.
    pub after_items_path: Option<value::Value>,
    /// What `ItemsPointer` found in an object that was read.
    pub after_items_pointer: Option<value::Value>,
    /// The inputs of a Map's iterations, where it has an `ItemSelector`.
    pub after_item_selector: Option<value::Value>,
    /// The batches of a Map, where it has an `ItemBatcher`.
    pub after_item_batcher: Option<value::Value>,
    /// A Map's `MaxConcurrency`; 0 is no limit.
    pub max_concurrency: Option<u64>,
    /// A Map's `ToleratedFailureCount`.
    pub tolerated_failure_count: Option<u64>,
    /// A Map's `ToleratedFailurePercentage`.
    pub tolerated_failure_percentage: Option<f64>,
    /// The variables after the state: given ones and those it assigned.
    pub variables: Option<value::Value>,
    /// Which retrier or catcher the error met.
    pub error_details: Option<ErrorDetails>,
}

/// Which retrier or catcher an error met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorDetails {
    /// The place of the retrier in `Retry`.
    pub retry_index: Option<usize>,
    /// How long the next attempt waits, in whole seconds; `None` where the retrier is used up.
    pub retry_backoff_seconds: Option<u64>,
    /// The place of the catcher in `Catch`.
    pub catch_index: Option<usize>,
}

impl Response {
    /// The answer as the API spells it: JSON members are texts.
    pub fn to_json(&self) -> Value {
        let mut answer = Map::new();
        let mut put = |name: &str, value: Option<Value>| value.map(|v| answer.insert(name.to_owned(), v));
        let text = |t: &Option<value::Str>| t.as_ref().map(|t| Value::from(&**t));
        put("output", self.output.as_ref().map(|v| v.to_string().into()));
        put("error", self.error.as_ref().and_then(|e| text(&e.error)));
        put("cause", self.error.as_ref().and_then(|e| text(&e.cause)));
        put("inspectionData", self.inspection.as_ref().map(InspectionData::to_json));
        put("nextState", self.next_state.as_deref().map(Value::from));
        put("status", Some(self.status.as_str().into()));
        answer.into()
    }
}

impl InspectionData {
    /// The members that are there, named as the API names them, in the order in which the data passes them.
    pub fn members(&self) -> Vec<(&'static str, &value::Value)> {
        let all = [
            ("input", &self.input),
            ("afterInputPath", &self.after_input_path),
            ("afterParameters", &self.after_parameters),
            ("afterArguments", &self.after_arguments),
            ("afterItemsPath", &self.after_items_path),
            ("afterItemsPointer", &self.after_items_pointer),
            ("afterItemSelector", &self.after_item_selector),
            ("afterItemBatcher", &self.after_item_batcher),
            ("result", &self.result),
            ("afterResultSelector", &self.after_result_selector),
            ("afterResultPath", &self.after_result_path),
            ("variables", &self.variables),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).collect()
    }

    /// The data as the API spells them.
    pub fn to_json(&self) -> Value {
        let mut data: Map<String, Value> =
            self.members().into_iter().map(|(name, value)| (name.to_owned(), value.to_string().into())).collect();
        let mut put = |name: &str, value: Option<Value>| value.map(|v| data.insert(name.to_owned(), v));
        put("maxConcurrency", self.max_concurrency.map(Value::from));
        put("toleratedFailureCount", self.tolerated_failure_count.map(Value::from));
        put("toleratedFailurePercentage", self.tolerated_failure_percentage.map(Value::from));
        put("errorDetails", self.error_details.map(ErrorDetails::to_json));
        data.into()
    }
}

impl ErrorDetails {
    fn to_json(self) -> Value {
        let all = [
            ("catchIndex", self.catch_index.map(|i| json!(i))),
            ("retryIndex", self.retry_index.map(|i| json!(i))),
            ("retryBackoffIntervalSeconds", self.retry_backoff_seconds.map(|s| json!(s))),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>().into()
    }
}
