//! TestState: one state, run on its own, and what each of its fields made of the data.
//!
//! ```
//! use rehearsal::prelude::*;
//! use rehearsal::test_state::{InspectionLevel, Status};
//!
//! let machine = Machine::load("tests/machines/order.asl.json").unwrap();
//! let tested = machine
//!     .test_state("Charge")
//!     .input(json!({"orderId": 7}))
//!     .mock_error("PaymentGateway.Busy", "503")
//!     .retry_count(2)
//!     .inspect(InspectionLevel::Debug)
//!     .run()
//!     .unwrap();
//! assert_eq!(tested.status, Status::Retriable);
//! let details = tested.inspection.unwrap().error_details.unwrap();
//! assert_eq!((details.retry_index, details.retry_backoff_seconds), (Some(0), Some(4)));
//!
//! let tested = machine.test_state("Charge").input(json!({"orderId": 7})).mock_result(json!({"id": "c-1"})).run().unwrap();
//! assert_eq!(tested.output.unwrap().to_json(), json!({"orderId": 7, "payment": {"id": "c-1"}}));
//! assert_eq!(tested.next_state.as_deref(), Some("Ship"));
//! ```
//!
//! Requests and answers also exist as the API's own JSON:
//!
//! ```
//! use rehearsal::test_state::Request;
//! use serde_json::json;
//!
//! let request = Request::from_json(&json!({
//!     "definition": r#"{"Type": "Pass", "Parameters": {"id.$": "$.orderId"}, "End": true}"#,
//!     "input": r#"{"orderId": 7}"#,
//! }));
//! let answer = request.unwrap().run().unwrap().to_json();
//! assert_eq!(answer, json!({"output": r#"{"id":7}"#, "status": "SUCCEEDED"}));
//! ```

mod checks;
mod isolate;
mod request;
mod response;
mod responses;
mod run;

use std::sync::Arc;

use crate::asl::Machine;
use crate::source::{Node, Source};
use crate::task::{Call, Outcome};
use crate::validate::ApiError;

use isolate::Isolated;
pub use request::{FieldValidationMode, InspectionLevel, Mock, MockError, Request, StateConfiguration};
pub use response::{ErrorDetails, InspectionData, Response, Status};

/// The least that a call of a resource answers: what the API's model always has. Nothing where the API is not known.
pub(crate) fn least_answer(resource: &crate::asl::Resource) -> Option<crate::value::Value> {
    responses::Models::built_in().least(resource)
}

/// Why a call's result cannot be what the API answers: a member of the wrong type, one that is always there and missing,
/// or one that the API does not have. Nothing where the API is not known.
pub(crate) fn objection_to(resource: &crate::asl::Resource, result: &crate::value::Value) -> Option<String> {
    let models = responses::Models::built_in();
    if let Some(why) = models.objection(resource, result, true) {
        return Some(why);
    }
    let (name, near) = models.foreign_member(resource, result)?;
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Some(format!("the API answers no `{name}`{near}"))
}

/// A state about to be tested, from [`Machine::test_state`] or [`TestState::of`].
#[must_use = "nothing is tested before `run`"]
pub struct TestState<'a> {
    request: Request,
    source: Option<Arc<Source>>,
    /// The definition, where it has been read already.
    node: Option<Arc<Node>>,
    answer: Answer<'a>,
}

/// Who answers a task that has no mock.
type Answer<'a> = Box<dyn FnMut(&Call) -> Option<Outcome> + 'a>;

impl Machine {
    /// Tests one state of this machine on its own; it may be inside a Map or Parallel. The state runs as it would in an
    /// execution, on the virtual clock, and stops where it would be left or tried again.
    pub fn test_state(&self, state: &str) -> TestState<'static> {
        let mut test = TestState::of(String::new());
        test.request.state_name = Some(state.to_owned());
        test.source.clone_from(&self.inner.source);
        test.node = Some(Arc::clone(&self.inner.node));
        test
    }
}

impl Request {
    /// Runs the state.
    ///
    /// # Errors
    /// Whatever the API would answer: `InvalidDefinition`, `InvalidExecutionInput`, `ValidationException`; and
    /// [`ApiError::NO_ANSWER`] for a task without a mock, whose service the API would really call.
    pub fn run(&self) -> Result<Response, ApiError> {
        self.run_with(&mut |_| None)
    }

    /// Runs the state; a task without a mock gets its answer from `answer`.
    ///
    /// # Errors
    /// As [`run`](Self::run), where `answer` has none.
    pub fn run_with(&self, answer: &mut dyn FnMut(&Call) -> Option<Outcome>) -> Result<Response, ApiError> {
        run::run(self, answer)
    }
}

impl<'a> TestState<'a> {
    /// Tests a state that stands alone: `{"Type": "Pass", …}` as JSON text.
    pub fn of(definition: impl Into<String>) -> TestState<'static> {
        let request = Request { definition: definition.into(), ..Request::default() };
        TestState { request, source: None, node: None, answer: Box::new(|_| None) }
    }
    /// Tests a state that stands alone in a file, JSON or YAML; findings point into the file.
    pub fn of_source(source: &Arc<Source>) -> TestState<'static> {
        TestState { source: Some(Arc::clone(source)), ..TestState::of(source.text()) }
    }
    /// The state's input; without it `{}`.
    pub fn input(mut self, input: impl Into<crate::value::Value>) -> Self {
        self.request.input = Some(input.into().to_string());
        self
    }
    /// A variable that earlier states assigned.
    pub fn variable(mut self, name: &str, value: impl Into<crate::value::Value>) -> Self {
        let given = self.request.variables.as_deref().and_then(|text| crate::value::Value::parse(text).ok());
        let mut all = given.and_then(|v| v.as_object().cloned()).unwrap_or_default();
        all.insert(name, value);
        self.request.variables = Some(crate::value::Value::from(all).to_string());
        self
    }
    /// Members of the context object, such as `{"Map": {"Item": {"Index": 2, "Value": "x"}}}`; they are merged with those
    /// it always has. Needs a mock.
    pub fn context(mut self, context: impl Into<crate::value::Value>) -> Self {
        self.request.context = Some(context.into().to_string());
        self
    }
    /// What the service, the branches or the iterations give. It is held against what the API gives, see
    /// [`field_validation`](Self::field_validation). For a `.sync` task it is the answer of the call that tells how the
    /// job ended.
    pub fn mock_result(mut self, result: impl Into<crate::value::Value>) -> Self {
        self.mock().result = Some(result.into().to_string());
        self
    }
    /// The error with which the service, a branch or an iteration fails; `None` is an error without a cause.
    pub fn mock_error<'c>(mut self, error: &str, cause: impl Into<Option<&'c str>>) -> Self {
        let cause = cause.into().map(str::to_owned);
        self.mock().error = Some(MockError { error: Some(error.to_owned()), cause });
        self
    }
    /// How strictly the mocked result is held against what the API gives; strictly, unless this is said.
    pub fn field_validation(mut self, mode: FieldValidationMode) -> Self {
        self.mock().validation = mode;
        self
    }
    /// How often the retrier that takes the error was used before. Needs a mock.
    pub fn retry_count(mut self, count: u64) -> Self {
        self.request.state_configuration.retrier_retry_count = Some(count);
        self
    }
    /// The state inside the Map or Parallel in which the mocked error arises.
    pub fn error_caused_by(mut self, state: &str) -> Self {
        self.request.state_configuration.error_caused_by_state = Some(state.to_owned());
        self
    }
    /// How many iterations of a distributed Map failed: more than it tolerates is an error. Needs a mock.
    pub fn failed_iterations(mut self, count: u64) -> Self {
        self.request.state_configuration.map_iteration_failure_count = Some(count);
        self
    }
    /// The content of the object that a Map's ItemReader reads. Needs a mock.
    pub fn item_reader_data(mut self, object: impl Into<String>) -> Self {
        self.request.state_configuration.map_item_reader_data = Some(object.into());
        self
    }
    /// How much the answer tells; [`InspectionLevel::Info`] unless this is said.
    pub fn inspect(mut self, level: InspectionLevel) -> Self {
        self.request.inspection_level = level;
        self
    }
    /// The role in the context object, which is `null` there without one.
    pub fn role_arn(mut self, arn: &str) -> Self {
        self.request.role_arn = Some(arn.to_owned());
        self
    }
    /// Who answers a task that has no mock, as the real service would; the answer is taken as it is.
    pub fn answer(mut self, answer: impl FnMut(&Call) -> Outcome + 'a) -> TestState<'a> {
        let mut answer = answer;
        self.answer = Box::new(move |call| Some(answer(call)));
        self
    }
    /// Runs the state.
    ///
    /// # Errors
    /// As [`Request::run`].
    pub fn run(mut self) -> Result<Response, ApiError> {
        let (request, answer) = (&self.request, &mut self.answer);
        match (&self.source, &self.node) {
            (source, Some(node)) => {
                let source = source.clone().unwrap_or_else(|| Arc::new(Source::new("definition", "")));
                run::run_node(request, &source, node, answer)
            }
            (Some(source), None) => run::run_source(request, source, source.format(), answer),
            (None, None) => run::run(request, answer),
        }
    }

    fn mock(&mut self) -> &mut Mock {
        self.request.mock.get_or_insert_default()
    }
}
