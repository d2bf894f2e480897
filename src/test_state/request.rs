//! What a TestState call asks for.

use serde_json::Value;

use crate::source::MAX_DEFINITION_BYTES;
use crate::validate::{ApiError, Constraints};

/// The largest text of JSON in a request: an input, a mocked result, …
const MOST_JSON: usize = 262_144;

/// How much of a state's data flow is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum InspectionLevel {
    /// Status, output or error, and the next state; the default.
    #[default]
    Info,
    /// Also what each field made of the data.
    Debug,
    /// Also requests and responses of HTTP Tasks, of which there are none here: the same as [`Debug`](Self::Debug).
    Trace,
}

/// How strictly a mocked result is compared with what the API gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidationMode {
    /// What the API always gives has to be there, and everything there has to have the API's type; the default.
    #[default]
    Strict,
    /// Everything there has to have the API's type.
    Present,
    /// Anything goes.
    None,
}

pub(super) const LEVELS: &[(&str, InspectionLevel)] =
    &[("INFO", InspectionLevel::Info), ("DEBUG", InspectionLevel::Debug), ("TRACE", InspectionLevel::Trace)];
pub(super) const MODES: &[(&str, FieldValidationMode)] = &[
    ("STRICT", FieldValidationMode::Strict),
    ("PRESENT", FieldValidationMode::Present),
    ("NONE", FieldValidationMode::None),
];

/// What the state's work gives instead of a service's answer.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Mock {
    /// `result`: a JSON text.
    pub result: Option<String>,
    /// `errorOutput`.
    pub error: Option<MockError>,
    /// `fieldValidationMode`.
    pub validation: FieldValidationMode,
}

/// `errorOutput`: the error with which the state's work fails.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MockError {
    /// The error's name, which Retry and Catch match.
    pub error: Option<String>,
    /// A text for people.
    pub cause: Option<String>,
}

/// `stateConfiguration`: what happened to the state before.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct StateConfiguration {
    /// How often the retrier that takes the error was used already.
    pub retrier_retry_count: Option<u64>,
    /// The state inside a Map or Parallel in which the mocked error arises.
    pub error_caused_by_state: Option<String>,
    /// How many iterations of a Map failed.
    pub map_iteration_failure_count: Option<u64>,
    /// What a Map's ItemReader read, as it stands in the object.
    pub map_item_reader_data: Option<String>,
}

/// A request of the TestState API. Members that are JSON are kept as text, as the API has them.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Request {
    /// One state, or a whole machine together with [`state_name`](Self::state_name).
    pub definition: String,
    /// The state of the machine to test; it may be inside a Map or Parallel.
    pub state_name: Option<String>,
    /// The state's input; `{}` where there is none.
    pub input: Option<String>,
    /// The variables there are: an object.
    pub variables: Option<String>,
    /// Members of the context object; only together with a mock.
    pub context: Option<String>,
    /// What the state's work gives.
    pub mock: Option<Mock>,
    /// What happened before.
    pub state_configuration: StateConfiguration,
    /// How much is told.
    pub inspection_level: InspectionLevel,
    /// Whether secrets of HTTP Tasks are shown. Accepted; there are no secrets here.
    pub reveal_secrets: bool,
    /// The role; the context object has it.
    pub role_arn: Option<String>,
    /// The account that ARNs in the context object name, which the API takes from whoever calls it; `123456789012` unless
    /// this is said.
    pub account: Option<String>,
}

impl Request {
    /// Reads a request as the API spells it.
    ///
    /// # Errors
    /// Members outside the bounds of the API's model.
    pub fn from_json(request: &Value) -> Result<Request, ApiError> {
        let mut c = Constraints::of(request);
        let read = Request {
            definition: c.required("definition", 1, MAX_DEFINITION_BYTES).to_owned(),
            role_arn: c.text("roleArn", 1, 256).map(str::to_owned),
            input: c.text("input", 0, MOST_JSON).map(str::to_owned),
            inspection_level: c.word("inspectionLevel", LEVELS).unwrap_or_default(),
            reveal_secrets: c.flag("revealSecrets").unwrap_or_default(),
            variables: c.text("variables", 0, MOST_JSON).map(str::to_owned),
            state_name: c.text("stateName", 1, 80).map(str::to_owned),
            mock: c.object("mock").then(|| mock(&mut c)),
            context: c.text("context", 0, MOST_JSON).map(str::to_owned),
            account: None,
            state_configuration: match c.object("stateConfiguration") {
                true => configuration(&mut c),
                false => StateConfiguration::default(),
            },
        };
        c.check()?;
        Ok(read)
    }
}

fn mock(c: &mut Constraints<'_>) -> Mock {
    Mock {
        result: c.text("mock.result", 0, MOST_JSON).map(str::to_owned),
        error: c.object("mock.errorOutput").then(|| MockError {
            error: c.text("mock.errorOutput.error", 0, 256).map(str::to_owned),
            cause: c.text("mock.errorOutput.cause", 0, 32_768).map(str::to_owned),
        }),
        validation: c.word("mock.fieldValidationMode", MODES).unwrap_or_default(),
    }
}

fn configuration(c: &mut Constraints<'_>) -> StateConfiguration {
    let mut count = |path: &str| c.whole(path, 0, i64::from(i32::MAX)).map(i64::unsigned_abs);
    StateConfiguration {
        retrier_retry_count: count("stateConfiguration.retrierRetryCount"),
        map_iteration_failure_count: count("stateConfiguration.mapIterationFailureCount"),
        error_caused_by_state: c.text("stateConfiguration.errorCausedByState", 1, 80).map(str::to_owned),
        map_item_reader_data: c.text("stateConfiguration.mapItemReaderData", 0, MOST_JSON).map(str::to_owned),
    }
}
