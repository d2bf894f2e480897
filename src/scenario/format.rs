//! The words of a scenario file, one row each: what the reader accepts, what the published schema says, and what the
//! reference page explains are all made from these tables.

use serde_json::{Map, Value, json};

/// A word of the format.
#[derive(Debug)]
pub(crate) struct Field {
    /// The word.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) kind: Kind,
    /// One line of explanation, shown by editors.
    pub(crate) says: &'static str,
}

/// What a word takes.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A string.
    Text,
    /// A string or a list of strings.
    Texts,
    /// One of these strings.
    Word(&'static [&'static str]),
    /// A whole number.
    Count,
    /// `true` or `false`.
    Truth,
    /// `true`, `false` or one of these strings.
    TruthOr(&'static [&'static str]),
    /// `1m30s`, or seconds.
    Duration,
    /// A list of durations, counted from the start of the execution.
    Offsets,
    /// RFC 3339.
    Instant,
    /// Any JSON value.
    Any,
    /// Any JSON value, in which parts can be matchers.
    Expected,
    /// A share such as `95%`.
    Share,
    /// An object whose keys are free.
    Named(&'static Kind),
    /// A list.
    List(&'static Kind),
    /// An object of these words.
    Object(&'static [Field]),
    /// One reply of a mock, or a list of them.
    Replies,
    /// A list of faults.
    Faults,
}

const fn field(name: &'static str, kind: Kind, says: &'static str) -> Field {
    Field { name, kind, says }
}

/// The words at the top of a file.
pub(crate) static FILE: &[Field] = &[
    field("machine", Kind::Text, "The definition: a file, or FILE#ID for a machine in a template"),
    field("substitutions", Kind::Named(&Kind::Any), "Values for the `${…}` placeholders of the definition"),
    field("type", Kind::Word(&["STANDARD", "EXPRESS"]), "The type of the machine, where its file does not say"),
    field("start", Kind::Instant, "Where the virtual clock starts; 2024-01-01T00:00:00Z by default"),
    field("seed", Kind::Count, "Where UUIDs, random numbers and jitter come from; 0 by default"),
    field("strict", Kind::Truth, "Whether a mock that is never used fails the scenario"),
    field("use", Kind::Texts, "Files of mocks and faults to share"),
    field("machines", Kind::Texts, "Other definitions, for tasks that start executions"),
    field("objects", Kind::Named(&Kind::Text), "Files that stand for S3 objects, by `bucket/key`"),
    field("context", Kind::Named(&Kind::Any), "Members to merge into the context object"),
    field("mocks", Kind::Named(&Kind::Replies), "Who answers: a state, `Map/Inner`, a resource or a function"),
    field("faults", Kind::Faults, "What goes wrong, over whatever answers"),
    field("services", Kind::Named(&Kind::Any), "Stateful models of services"),
    field("coverage", Kind::Named(&Kind::Share), "What the scenarios have to cover"),
    field("scenarios", Kind::List(&Kind::Object(SCENARIO)), "The scenarios"),
    field("properties", Kind::List(&Kind::Any), "What has to hold for every input and every fault"),
];

/// The words of a scenario.
pub(crate) static SCENARIO: &[Field] = &[
    field("name", Kind::Text, "What it shows, in one sentence; used once in the file"),
    field("tags", Kind::Texts, "Words to choose scenarios by"),
    field("ignore", Kind::Text, "Why it does not run unless it is asked for"),
    field("extends", Kind::Text, "The scenario of this file whose words count where this one has none"),
    field("matrix", Kind::Named(&Kind::List(&Kind::Any)), "Values for `{placeholders}`: one scenario per combination"),
    field("each", Kind::List(&Kind::Named(&Kind::Any)), "Rows of values for `{placeholders}`: one scenario per row"),
    field("except", Kind::List(&Kind::Named(&Kind::Any)), "Combinations of the matrix to leave out"),
    field("input", Kind::Any, "The input of the execution; `{}` by default"),
    field("start", Kind::Instant, "Where the virtual clock starts"),
    field("seed", Kind::Count, "Where UUIDs, random numbers and jitter come from"),
    field("strict", Kind::Truth, "Whether a mock that is never used fails the scenario"),
    field("context", Kind::Named(&Kind::Any), "Members to merge into the context object"),
    field("mocks", Kind::Named(&Kind::Replies), "Who answers, before the file's mocks"),
    field("faults", Kind::Faults, "What goes wrong, over whatever answers"),
    field("timeline", Kind::List(&Kind::Object(EVENT)), "The outside world, and checks while the execution runs"),
    field("workers", Kind::Named(&Kind::Object(WORKER)), "Workers of activities"),
    field("expect", Kind::Object(EXPECT), "What has to come of it"),
    field(
        "snapshot",
        Kind::TruthOr(&["text", "json"]),
        "Whether the history is compared with a stored one, and in which form",
    ),
];

/// The words of an event of the outside world.
pub(crate) static EVENT: &[Field] = &[
    field("at", Kind::Duration, "When, from the start of the execution"),
    field("heartbeat", Kind::Text, "SendTaskHeartbeat for this state's task token"),
    field("succeed", Kind::Text, "SendTaskSuccess for this state's task token"),
    field("output", Kind::Any, "The output that goes with `succeed`; `{}` by default"),
    field("fail", Kind::Text, "SendTaskFailure for this state's task token"),
    field("stop", Kind::Truth, "StopExecution"),
    field("error", Kind::Text, "The error that goes with `fail` or `stop`"),
    field("cause", Kind::Text, "The cause that goes with `fail` or `stop`"),
    field("expect", Kind::Object(MOMENT), "What has to hold at this instant"),
];

/// The words of a check while the execution runs.
pub(crate) static MOMENT: &[Field] = &[
    field("status", Kind::Word(STATUSES), "The status"),
    field("in", Kind::Texts, "States that are entered and not left"),
    field("visits", Kind::Texts, "States that were entered at some time"),
    field("never", Kind::Texts, "States that were not entered"),
    field("calls", Kind::Named(&Kind::Object(CALLS)), "What was called so far"),
];

/// The words of a worker.
pub(crate) static WORKER: &[Field] = &[
    field("polls", Kind::Duration, "How often it looks for work; at once by default"),
    field("takes", Kind::Duration, "How long it works; no time by default"),
    field("return", Kind::Any, "What it sends back"),
    field("fail", Kind::Text, "The error it sends back instead"),
    field("cause", Kind::Text, "The cause that goes with `fail`"),
    field("name", Kind::Text, "The worker's name, as ActivityStarted shows it"),
];

/// The words of an expectation.
pub(crate) static EXPECT: &[Field] = &[
    field("status", Kind::Word(STATUSES), "How the execution ends"),
    field("path", Kind::Texts, "The states of the main line: names, `...`, `*`, `Name xN`, `Map[2]/Inner`"),
    field("visits", Kind::Texts, "States that are entered, wherever and whenever"),
    field("never", Kind::Texts, "States that are not entered"),
    field("attempts", Kind::Named(&Kind::Offsets), "When each attempt of a state is made"),
    field("elapsed", Kind::Duration, "How long it takes on the virtual clock"),
    field("output", Kind::Expected, "The output: scalars exactly, objects as a subset"),
    field("exactly", Kind::Any, "The output, whole"),
    field("error", Kind::Expected, "The name of the error"),
    field("cause", Kind::Expected, "The cause"),
    field("variables", Kind::Named(&Kind::Expected), "Variables at the end"),
    field("caught", Kind::Named(&Kind::Text), "Errors that a Catch took, by state"),
    field("map", Kind::Named(&Kind::Object(MAP)), "How the items of a Map fared"),
    field("calls", Kind::Named(&Kind::Object(CALLS)), "What was called"),
    field("services", Kind::Named(&Kind::Any), "What the service models hold at the end"),
];

/// The words about calls.
pub(crate) static CALLS: &[Field] = &[
    field("times", Kind::Count, "How often"),
    field("at", Kind::Offsets, "When, from the start of the execution"),
    field("with", Kind::Expected, "The payload of some call: scalars exactly, objects as a subset"),
];

/// The words about the items of a Map.
pub(crate) static MAP: &[Field] = &[
    field("items", Kind::Count, "How many there are"),
    field("succeeded", Kind::Count, "How many succeed"),
    field("failed", Kind::Count, "How many fail"),
];

/// The statuses of an execution.
pub(crate) const STATUSES: &[&str] = &["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"];

/// The words of a table.
pub(crate) fn names(fields: &'static [Field]) -> Vec<&'static str> {
    fields.iter().map(|f| f.name).collect()
}

/// The JSON Schema of the format (draft 2020-12), for editors.
///
/// ```
/// let schema = rehearsal::scenario::schema();
/// assert_eq!(schema["properties"]["machine"]["type"], "string");
/// ```
pub fn schema() -> Value {
    let mut root = object(FILE);
    if let Some(members) = root.as_object_mut() {
        members.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("title".into(), json!("rehearsal scenario file"));
        members.insert("required".into(), json!(["machine", "scenarios"]));
    }
    root
}

fn object(fields: &'static [Field]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut of = of_kind(&field.kind);
        if let Some(members) = of.as_object_mut() {
            members.insert("description".into(), json!(field.says));
        }
        properties.insert(field.name.into(), of);
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn of_kind(kind: &Kind) -> Value {
    let duration = || json!({ "anyOf": [{ "type": "string" }, { "type": "number", "minimum": 0 }] });
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Texts => json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Count => json!({ "type": "integer", "minimum": 0 }),
        Kind::Truth => json!({ "type": "boolean" }),
        Kind::TruthOr(words) => {
            let all: Vec<Value> =
                [true, false].map(Value::from).into_iter().chain(words.iter().map(|w| json!(w))).collect();
            json!({ "enum": all })
        }
        Kind::Duration => duration(),
        Kind::Offsets => {
            let one = duration();
            json!({ "anyOf": [{ "type": "string" }, { "type": "number", "minimum": 0 }, { "type": "array", "items": one }] })
        }
        Kind::Instant => json!({ "type": "string", "format": "date-time" }),
        Kind::Any | Kind::Expected => json!({}),
        Kind::Share => json!({ "anyOf": [{ "type": "string", "pattern": "^[0-9.]+%$" }, { "type": "number" }] }),
        Kind::Named(inner) => json!({ "type": "object", "additionalProperties": of_kind(inner) }),
        Kind::List(inner) => json!({ "type": "array", "items": of_kind(inner) }),
        Kind::Object(fields) => object(fields),
        Kind::Replies => json!({ "anyOf": [{ "type": "object" }, { "type": "array", "items": { "type": "object" } }] }),
        Kind::Faults => json!({ "type": "array", "items": { "type": "object" } }),
    }
}
