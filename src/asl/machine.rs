//! The compiled state machine: immutable, every name resolved, every expression parsed once.
//!
//! All states of a machine, nested ones included, stand in one table; a [`StateId`] is a place in it. Parsed means
//! checked: after compilation no lookup can fail, so the engine has no "state not found" to handle.

use std::sync::Arc;

use crate::asl::resource::Resource;
use crate::expr::choice::Rule;
use crate::expr::jsonata::Expression;
use crate::expr::jsonata_template::JsonataTemplate;
use crate::expr::query_path::QueryPath;
use crate::expr::reference_path::ReferencePath;
use crate::expr::template::{PathOrIntrinsic, Template};
use crate::source::{Node, Source, Span};
use crate::value::{Str, Value};

/// A state machine that can be run: parsed, checked, compiled, shared by reference counting.
///
/// ```
/// use rehearsal::Machine;
///
/// let machine = Machine::parse(r#"{"StartAt": "Hello", "States": {"Hello": {"Type": "Succeed"}}}"#)?;
/// assert_eq!(machine.state_names().collect::<Vec<_>>(), ["Hello"]);
/// # Ok::<(), rehearsal::Error>(())
/// ```
#[derive(Clone)]
pub struct Machine {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Clone)]
pub(crate) struct Inner {
    /// The name of the file without its endings, or `StateMachine`.
    pub name: Str,
    pub machine_type: MachineType,
    pub query_language: QueryLanguage,
    pub comment: Option<Str>,
    /// `TimeoutSeconds` of the whole machine.
    pub timeout_seconds: Option<u64>,
    pub root: Flow,
    /// Every state of every flow.
    pub states: Arc<[State]>,
    /// Where the definition was written, for diagnostics that point back to it.
    pub source: Option<Arc<Source>>,
    /// The definition as it is written, with the place of everything.
    pub node: Arc<Node>,
}

/// Standard or Express workflows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MachineType {
    /// Runs up to a year, keeps a history.
    #[default]
    Standard,
    /// Runs up to five minutes, request–response integrations only.
    Express,
}

/// The query language of a machine or a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryLanguage {
    /// Paths, intrinsic functions, payload templates.
    #[default]
    JsonPath,
    /// `{% … %}` expressions.
    Jsonata,
}

/// The kinds of states, as event names spell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the state types")]
pub enum StateType {
    Pass,
    Task,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

impl StateType {
    /// `Pass`, `Task`, …
    pub fn name(self) -> &'static str {
        match self {
            StateType::Pass => "Pass",
            StateType::Task => "Task",
            StateType::Choice => "Choice",
            StateType::Wait => "Wait",
            StateType::Succeed => "Succeed",
            StateType::Fail => "Fail",
            StateType::Parallel => "Parallel",
            StateType::Map => "Map",
        }
    }
}

/// A state's place in its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StateId(pub u32);

/// A list of states with a beginning: the machine itself, a branch, an item processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    pub start: StateId,
}

/// Where a state leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    Next(StateId),
    End,
}

/// One state.
pub(crate) struct State {
    pub name: Str,
    /// Names of the enclosing Map and Parallel states, outermost first.
    pub enclosing: Arc<[Str]>,
    pub query_language: QueryLanguage,
    /// Of the state's member in its `States` object (key and value), in the machine's source.
    pub span: Option<Span>,
    /// JSONPath: what of the raw input the state sees.
    pub input_path: InOutPath,
    /// JSONPath: what of the result the next state sees.
    pub output_path: InOutPath,
    /// JSONata: `Output`.
    pub output: Option<JsonataTemplate>,
    pub assign: Option<Payload>,
    pub transition: Transition,
    pub retry: Vec<Retrier>,
    pub catch: Vec<Catcher>,
    pub kind: StateKind,
}

pub(crate) enum StateKind {
    Pass(Pass),
    Task(Box<Task>),
    Choice(Choice),
    Wait(Wait),
    Succeed,
    Fail(Fail),
    Parallel(Parallel),
    Map(Box<Map>),
}

/// `InputPath` and `OutputPath`.
#[derive(Clone, Debug)]
pub(crate) enum InOutPath {
    /// Absent or `$`.
    Whole,
    /// `null`: an empty object.
    Nothing,
    Path(QueryPath),
}

/// `ResultPath`.
#[derive(Clone, Debug)]
pub(crate) enum ResultPath {
    /// Absent or `$`: the result replaces the input.
    Replace,
    /// `null`: the result is thrown away.
    Discard,
    Put(ReferencePath),
}

/// Something evaluated to a JSON value: `Parameters`, `Arguments`, `Assign`, `ItemSelector`, …
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    JsonPath(Template),
    Jsonata(JsonataTemplate),
}

/// A field that is a constant, a `…Path` (JSONPath) or an expression (JSONata).
#[derive(Clone, Debug)]
pub(crate) enum Operand<T> {
    Constant(T),
    Path(QueryPath),
    Jsonata(Expression),
}

/// A text field that is a constant, a path or intrinsic (JSONPath), or an expression (JSONata).
#[derive(Clone, Debug)]
pub(crate) enum Text {
    Constant(Str),
    Path(PathOrIntrinsic),
    Jsonata(Expression),
}

pub(crate) struct Pass {
    /// JSONPath `Result`; a constant.
    pub result: Option<Value>,
    pub parameters: Option<Payload>,
    pub result_path: ResultPath,
}

pub(crate) struct Task {
    pub resource: Arc<Resource>,
    /// `Parameters` or `Arguments`.
    pub parameters: Option<Payload>,
    pub result_selector: Option<Payload>,
    pub result_path: ResultPath,
    pub timeout: Option<Operand<u64>>,
    pub heartbeat: Option<Operand<u64>>,
    /// `Credentials.RoleArn`.
    pub role_arn: Option<Text>,
}

pub(crate) struct Choice {
    pub rules: Vec<ChoiceRule>,
    pub default: Option<StateId>,
}

pub(crate) struct ChoiceRule {
    pub condition: Condition,
    pub next: StateId,
    /// JSONata `Output` of the rule.
    pub output: Option<JsonataTemplate>,
    pub assign: Option<Payload>,
}

pub(crate) enum Condition {
    JsonPath(Rule),
    Jsonata(Expression),
    /// JSONata `"Condition": true`.
    Constant(bool),
}

/// A Wait state's one field.
pub(crate) enum Wait {
    Seconds(Operand<u64>),
    /// The constant is the text as written, checked to be a timestamp.
    Timestamp(Operand<Str>),
}

pub(crate) struct Fail {
    pub error: Option<Text>,
    pub cause: Option<Text>,
}

pub(crate) struct Parallel {
    pub branches: Vec<Flow>,
    /// `Parameters` or `Arguments`.
    pub parameters: Option<Payload>,
    pub result_selector: Option<Payload>,
    pub result_path: ResultPath,
}

pub(crate) struct Map {
    pub processor: Flow,
    pub items: Items,
    /// `ItemSelector`, or the old `Parameters`.
    pub item_selector: Option<Payload>,
    pub max_concurrency: Option<Operand<u64>>,
    pub result_selector: Option<Payload>,
    pub result_path: ResultPath,
    /// `None`: inline.
    pub distributed: Option<Box<Distributed>>,
}

pub(crate) enum Items {
    /// The effective input itself: no `ItemsPath`, no `Items`.
    Input,
    /// JSONPath `ItemsPath`.
    Path(QueryPath),
    /// JSONata `Items`: an array literal or an expression.
    Jsonata(JsonataTemplate),
}

pub(crate) struct Distributed {
    pub execution_type: MachineType,
    pub label: Option<Str>,
    pub reader: Option<ItemReader>,
    pub batcher: Option<ItemBatcher>,
    pub writer: Option<ResultWriter>,
    pub tolerated_count: Option<Operand<u64>>,
    pub tolerated_percentage: Option<Operand<f64>>,
}

pub(crate) struct ItemReader {
    pub resource: Resource,
    /// `Parameters` or `Arguments`: `Bucket`, `Key`, `Prefix`.
    pub parameters: Option<Payload>,
    pub input_type: InputType,
    pub csv_header_location: CsvHeaders,
    /// `CSVDelimiter` as a character: `,` where absent.
    pub csv_delimiter: char,
    pub max_items: Option<Operand<u64>>,
    /// `ItemsPointer`: a JSON pointer into the object.
    pub items_pointer: Option<Str>,
    /// `ManifestType`: `ATHENA_DATA` or `S3_INVENTORY`.
    pub manifest_type: Option<Str>,
    /// `Transformation: LOAD_AND_FLATTEN`.
    pub load_and_flatten: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InputType {
    /// `s3:listObjectsV2` has none.
    Listing,
    Json,
    Jsonl,
    Csv,
    Parquet,
    Manifest,
}

#[derive(Clone, Debug)]
pub(crate) enum CsvHeaders {
    FirstRow,
    Given(Vec<Str>),
}

pub(crate) struct ItemBatcher {
    pub max_items: Option<Operand<u64>>,
    pub max_bytes: Option<Operand<u64>>,
    pub batch_input: Option<Payload>,
}

pub(crate) struct ResultWriter {
    /// Absent: only `WriterConfig` is given and the results go to the state's output.
    pub resource: Option<Resource>,
    pub parameters: Option<Payload>,
    pub transformation: WriterTransformation,
    pub jsonl: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriterTransformation {
    None,
    Compact,
    Flatten,
}

pub(crate) struct Retrier {
    pub errors: Vec<Str>,
    /// `IntervalSeconds`, default 1.
    pub interval_seconds: u64,
    /// `MaxAttempts`, default 3; 0 is never.
    pub max_attempts: u64,
    /// `BackoffRate`, default 2.
    pub backoff_rate: f64,
    pub max_delay_seconds: Option<u64>,
    /// `JitterStrategy: FULL`.
    pub full_jitter: bool,
}

pub(crate) struct Catcher {
    pub errors: Vec<Str>,
    pub next: StateId,
    pub result_path: ResultPath,
    /// JSONata `Output`.
    pub output: Option<JsonataTemplate>,
    pub assign: Option<Payload>,
}

impl Inner {
    pub(crate) fn state(&self, id: StateId) -> &State {
        &self.states[id.0 as usize]
    }
}

impl State {
    pub(crate) fn state_type(&self) -> StateType {
        match self.kind {
            StateKind::Pass(_) => StateType::Pass,
            StateKind::Task(_) => StateType::Task,
            StateKind::Choice(_) => StateType::Choice,
            StateKind::Wait(_) => StateType::Wait,
            StateKind::Succeed => StateType::Succeed,
            StateKind::Fail(_) => StateType::Fail,
            StateKind::Parallel(_) => StateType::Parallel,
            StateKind::Map(_) => StateType::Map,
        }
    }
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine")
            .field("name", &self.inner.name)
            .field("states", &self.inner.states.len())
            .finish_non_exhaustive()
    }
}

impl Machine {
    /// The machine's name: the file's without endings, else `StateMachine`.
    pub fn name(&self) -> &str {
        &self.inner.name
    }
    /// The same machine under another name.
    #[must_use]
    pub fn named(&self, name: &str) -> Machine {
        self.with(|inner| inner.name = name.into())
    }
    /// The same definition as an Express or Standard machine.
    #[must_use]
    pub fn with_type(&self, machine_type: MachineType) -> Machine {
        self.with(|inner| inner.machine_type = machine_type)
    }
    fn with(&self, change: impl FnOnce(&mut Inner)) -> Machine {
        let mut inner = (*self.inner).clone();
        change(&mut inner);
        Machine { inner: Arc::new(inner) }
    }
    /// Standard or Express.
    pub fn machine_type(&self) -> MachineType {
        self.inner.machine_type
    }
    /// The top-level query language.
    pub fn query_language(&self) -> QueryLanguage {
        self.inner.query_language
    }
    /// The machine's `Comment`.
    pub fn comment(&self) -> Option<&str> {
        self.inner.comment.as_deref()
    }
    /// Names of all states, nested ones included, in the order of the definition.
    pub fn state_names(&self) -> impl Iterator<Item = &str> {
        self.inner.states.iter().map(|s| &*s.name)
    }
    /// Where a state is written: `file:line:column`. `None` for a state that is not there.
    pub fn place_of(&self, state: &str) -> Option<String> {
        let found = self.inner.states.iter().find(|s| &*s.name == state)?;
        let source = self.inner.source.as_ref()?;
        let (line, column) = source.line_col(found.span?.start as usize);
        Some(format!("{}:{line}:{column}", source.name()))
    }
    /// Places of all states in the order of the definition: `Each/Charge` for a state inside another.
    pub fn state_places(&self) -> impl Iterator<Item = String> {
        let place = |s: &State| s.enclosing.iter().chain([&s.name]).map(|n| &**n).collect::<Vec<_>>().join("/");
        self.inner.states.iter().map(place)
    }
    /// The definition as JSON.
    pub fn definition(&self) -> serde_json::Value {
        self.inner.node.to_value().to_json()
    }
}
