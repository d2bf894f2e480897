//! The words of a scenario file, one row each: what the reader accepts and what the published schema says are made from
//! these tables.

/// A word of the format.
#[derive(Debug)]
pub(crate) struct Field {
    /// The word.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) kind: Kind,
    /// One line of explanation, shown by editors.
    pub(crate) says: &'static str,
    /// Whether nothing goes without it.
    pub(crate) is_needed: bool,
}

/// What a word takes.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A string.
    Text,
    /// A string, or `null` for none.
    TextOrNull,
    /// A string or a list of strings.
    Texts,
    /// One of these strings.
    Word(&'static [&'static str]),
    /// A whole number.
    Count,
    /// A whole number from 1.
    Positive,
    /// `true` or `false`.
    Truth,
    /// `true`, `false` or one of these strings.
    TruthOr(&'static [&'static str]),
    /// `true`: the word means something by being there.
    Flag,
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
    /// A number or a string, which others are compared with.
    Bound,
    /// A share such as `95%`.
    Share,
    /// An object whose keys are free.
    Named(&'static Kind),
    /// A list.
    List(&'static Kind),
    /// An object of these words.
    Object(&'static [Field]),
    /// How often something is called, or an object of the words about calls.
    Calls,
    /// One reply of a mock, or a list of them.
    Replies,
    /// A list of faults.
    Faults,
    /// `any`, `none`, or a list of errors and faults.
    FaultChoice,
    /// A JSON Schema, or a list of examples.
    Inputs,
    /// A list of laws.
    Laws,
    /// A list of names, or an object with this of each.
    Names(&'static Kind),
    /// An address, or an object with one for each service.
    Upstream,
    /// A file, or an object of the words about what is in it.
    Body,
    /// The attributes of a table's key: a name, two names, or names with their types.
    Key,
}

const fn field(name: &'static str, kind: Kind, says: &'static str) -> Field {
    Field { name, kind, says, is_needed: false }
}

const fn needed(name: &'static str, kind: Kind, says: &'static str) -> Field {
    Field { name, kind, says, is_needed: true }
}

/// The words at the top of a file.
pub(crate) static FILE: &[Field] = &[
    field("$schema", Kind::Text, "Where the JSON Schema of the format lies, for editors; rehearsal does not read it"),
    needed("machine", Kind::Text, "The definition: a file, or FILE#ID for a machine in a template"),
    field("substitutions", Kind::Named(&Kind::Any), "Values for the `${…}` placeholders of the definition"),
    field("type", Kind::Word(&["STANDARD", "EXPRESS"]), "The type of the machine, where its file does not say"),
    field("start", Kind::Instant, "Where the virtual clock starts; 2024-01-01T00:00:00Z by default"),
    field("seed", Kind::Count, "Where UUIDs, random numbers and jitter come from; 0 by default"),
    field("strict", Kind::Truth, "Whether unused mocks, and replies the API never gives, fail the scenario"),
    field("use", Kind::Texts, "Files of mocks and faults to share"),
    field("machines", Kind::Texts, "Other definitions, for tasks that start executions"),
    field("objects", Kind::Named(&Kind::Text), "Files that stand for S3 objects, by `bucket/key`"),
    field("context", Kind::Named(&Kind::Any), "Members to merge into the context object"),
    field("mocks", Kind::Named(&Kind::Replies), "Who answers: a state, `Map/Inner`, a resource or a function"),
    field("faults", Kind::Faults, "What goes wrong, over whatever answers"),
    field("services", Kind::Object(SERVICES), "Stateful models of services, which answer what no mock does"),
    field("endpoints", Kind::Named(&Kind::Text), "Where addresses of HTTP Tasks and API Gateway lead, by their prefix"),
    field("connections", Kind::Named(&Kind::Object(CONNECTION)), "Connections of EventBridge, by name or ARN"),
    field("upstream", Kind::Upstream, "A server that answers `aws-sdk:` calls, or one for each service"),
    field("coverage", Kind::Object(COVERAGE), "What the scenarios of the file have to cover together"),
    field("scenarios", Kind::List(&Kind::Object(SCENARIO)), "The scenarios"),
    field("properties", Kind::List(&Kind::Object(PROPERTY)), "What has to hold for every input and every fault"),
];

/// The words of a scenario.
pub(crate) static SCENARIO: &[Field] = &[
    needed("name", Kind::Text, "What it shows, in one sentence; used once in the file"),
    field("tags", Kind::Texts, "Words to choose scenarios by"),
    field("ignore", Kind::Text, "Why it does not run unless it is asked for"),
    field("extends", Kind::Text, "The scenario of this file whose words count where this one has none"),
    field("matrix", Kind::Named(&Kind::List(&Kind::Any)), "Values for `{placeholders}`: one scenario per combination"),
    field("each", Kind::List(&Kind::Named(&Kind::Any)), "Rows of values for `{placeholders}`: one scenario per row"),
    field("except", Kind::List(&Kind::Named(&Kind::Any)), "Combinations of the matrix to leave out"),
    field("input", Kind::Any, "The input of the execution; `{}` by default"),
    field("start", Kind::Instant, "Where the virtual clock starts"),
    field("seed", Kind::Count, "Where UUIDs, random numbers and jitter come from"),
    field("strict", Kind::Truth, "Whether unused mocks, and replies the API never gives, fail the scenario"),
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

/// The words of a property.
pub(crate) static PROPERTY: &[Field] = &[
    needed("name", Kind::Text, "What always holds, in one sentence; used once in the file"),
    field("tags", Kind::Texts, "Words to choose properties by"),
    field("ignore", Kind::Text, "Why it does not run unless it is asked for"),
    field("input", Kind::Inputs, "What inputs are like; made from the definition by default"),
    field("faults", Kind::FaultChoice, "What may go wrong with the calls; `any` by default"),
    field("cases", Kind::Positive, "How many cases run; 500 by default"),
    field("seed", Kind::Count, "Where the cases come from"),
    field("start", Kind::Instant, "Where the virtual clock starts"),
    field("context", Kind::Named(&Kind::Any), "Members to merge into the context object"),
    field("mocks", Kind::Named(&Kind::Replies), "Who answers, before the file's mocks"),
    field("allow", Kind::Texts, "Errors that may occur, of those that usually may not"),
    field("always", Kind::Laws, "What holds in every case, besides what usually does"),
];

/// The words of a law that is no expression.
pub(crate) static LAW: &[Field] = &[
    field("terminates", Kind::Object(TERMINATES), "The execution ends"),
    field("never", Kind::Texts, "Errors that do not occur, caught or not"),
    field("expect", Kind::Object(EXPECT), "What comes of every case"),
];

/// The words about the end of an execution.
pub(crate) static TERMINATES: &[Field] = &[
    field("within", Kind::Duration, "After so much time on the virtual clock, at most"),
    field("events", Kind::Positive, "With so many events, at most"),
];

/// The words of an event of the outside world.
pub(crate) static EVENT: &[Field] = &[
    needed("at", Kind::Duration, "When, from the start of the execution"),
    field("heartbeat", Kind::Text, "SendTaskHeartbeat for this state's task token"),
    field("succeed", Kind::Text, "SendTaskSuccess for this state's task token"),
    field("output", Kind::Any, "The output that goes with `succeed`; `{}` by default"),
    field("fail", Kind::Text, "SendTaskFailure for this state's task token"),
    field("stop", Kind::Flag, "StopExecution"),
    field("error", Kind::TextOrNull, "The error that goes with `fail` or `stop`"),
    field("cause", Kind::TextOrNull, "The cause that goes with `fail` or `stop`"),
    field("expect", Kind::Object(MOMENT), "What has to hold at this instant"),
];

/// The words of a check while the execution runs.
pub(crate) static MOMENT: &[Field] = &[
    field("status", Kind::Word(STATUSES), "The status"),
    field("in", Kind::Texts, "States that are entered and not left"),
    field("visits", Kind::Texts, "States that were entered at some time"),
    field("never", Kind::Texts, "States that were not entered"),
    field("calls", Kind::Named(&Kind::Calls), "What was called so far"),
];

/// The words of a worker.
pub(crate) static WORKER: &[Field] = &[
    field("polls", Kind::Duration, "How often it looks for work; at once by default"),
    field("takes", Kind::Duration, "How long it works; no time by default"),
    field("return", Kind::Any, "What it sends back"),
    field("fail", Kind::TextOrNull, "The error it sends back instead"),
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
    field("calls", Kind::Named(&Kind::Calls), "What was called"),
    field("always", Kind::Laws, "Laws as those of `properties`, for this execution"),
    field("services", Kind::Object(HOLDS), "What the models of services hold at the end"),
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

/// The services that have a model.
pub(crate) static SERVICES: &[Field] = &[
    field("dynamodb", Kind::Object(DYNAMODB), "Tables that keep items"),
    field("events", Kind::Object(EVENTS), "Event buses and rules, which pass on what is put"),
    field("lambda", Kind::Object(LAMBDA), "Functions that tasks, rules and clients invoke"),
    field(
        "jobs",
        Kind::Named(&Kind::Named(&Kind::Object(JOB))),
        "Jobs that `.sync` tasks wait for, by service and by name; `*` is any job of the service",
    ),
    field("s3", Kind::Object(S3), "Buckets that keep objects"),
    field("sns", Kind::Object(SNS), "Topics that keep what is published and pass it on"),
    field("sqs", Kind::Object(SQS), "Queues that keep messages"),
];

/// What the models hold at the end.
pub(crate) static HOLDS: &[Field] = &[
    field("dynamodb", Kind::Named(&Kind::Expected), "The items of tables, in the order of their keys"),
    field("events", Kind::Named(&Kind::Expected), "The events that came to buses, in order"),
    field("jobs", Kind::Named(&Kind::Expected), "The jobs that each service ran, with `Name` and `Status`, in order"),
    field("s3", Kind::Named(&Kind::Expected), "The objects of buckets by key, as JSON where they are, else as text"),
    field("sns", Kind::Named(&Kind::Expected), "What was published to topics, in order"),
    field("sqs", Kind::Named(&Kind::Expected), "The bodies of the messages in queues, in order"),
];

/// The words of a job.
pub(crate) static JOB: &[Field] = &[
    field("takes", Kind::Duration, "How long it runs; no time by default"),
    field("fail", Kind::Text, "Why it fails"),
    field("forever", Kind::Flag, "It runs until it is stopped"),
    field("describes", Kind::Named(&Kind::Any), "What its service says of it besides, as in the task's result"),
    field("then", Kind::List(&Kind::Object(NEXT_JOB)), "How the next runs of it fare; the last is for all that follow"),
];

/// The words of a job's next run.
pub(crate) static NEXT_JOB: &[Field] = &[
    field("takes", Kind::Duration, "How long it runs; no time by default"),
    field("fail", Kind::Text, "Why it fails"),
    field("forever", Kind::Flag, "It runs until it is stopped"),
    field("describes", Kind::Named(&Kind::Any), "What its service says of it besides, as in the task's result"),
];

/// The words about tables.
pub(crate) static DYNAMODB: &[Field] =
    &[field("tables", Kind::Names(&Kind::Object(TABLE)), "Tables; without more words the key is `id`")];

/// The words of a table.
pub(crate) static TABLE: &[Field] = &[
    field("key", Kind::Key, "The partition key, or partition and sort key; `id` by default"),
    field("items", Kind::List(&Kind::Named(&Kind::Any)), "The items, in plain JSON"),
];

/// The words about events.
pub(crate) static EVENTS: &[Field] = &[
    field("buses", Kind::Texts, "Event buses; the bus `default` is there without words"),
    field("rules", Kind::Named(&Kind::Object(RULE)), "Rules by name"),
];

/// The words of a rule.
pub(crate) static RULE: &[Field] = &[
    field("bus", Kind::Text, "The rule's bus; `default` by default"),
    field("pattern", Kind::Any, "The pattern of the events"),
    field("schedule", Kind::Text, "`rate(5 minutes)`, `cron(0 12 * * ? *)`"),
    field("queues", Kind::Texts, "Queues that get the events"),
    field("topics", Kind::Texts, "Topics that get the events"),
    field("functions", Kind::Texts, "Functions that are called with the events"),
    field("machines", Kind::Texts, "State machines that the events start"),
];

/// The words about functions.
pub(crate) static LAMBDA: &[Field] =
    &[field("functions", Kind::Named(&Kind::Object(FUNCTION)), "Functions by name, with who answers them")];

/// The words of a function: those of its own, and those of a mock's reply that say what it returns.
pub(crate) static FUNCTION: &[Field] = &[
    field("command", Kind::Text, "A program that gets each event on its standard input and writes the result"),
    field("handler", Kind::Text, "A program that asks the Lambda Runtime API for events, when services are served"),
    field("runtime", Kind::Flag, "A handler that somebody else starts, when services are served"),
    field("url", Kind::Text, "An address to which each event is posted; the answer is the result"),
    field("replies", Kind::Replies, "Replies of a mock, where one is not enough"),
    field("return", Kind::Any, "What it returns"),
    field("fail", Kind::TextOrNull, "The type of the error that it throws"),
    field("refuse", Kind::TextOrNull, "The error with which the service does not even invoke it"),
    field("never", Kind::Flag, "It never returns, until its timeout is over"),
    field("cause", Kind::Text, "The message that goes with `fail` or `refuse`"),
    field("takes", Kind::Duration, "How long it takes on the virtual clock; no time by default"),
    field("timeout", Kind::Duration, "How long it may take; 3 s by default"),
    field("memory", Kind::Positive, "Its memory in MB; 128 by default"),
    field("environment", Kind::Named(&Kind::Text), "Variables of its environment"),
    field("concurrency", Kind::Count, "How many invocations may go on at once"),
];

/// The words about objects.
pub(crate) static S3: &[Field] =
    &[field("buckets", Kind::Names(&Kind::Named(&Kind::Body)), "Buckets, with their objects by key")];

/// What is in an object: exactly one of these.
pub(crate) static BODY: &[Field] = &[
    field("file", Kind::Text, "What is in this file"),
    field("text", Kind::Text, "This text"),
    field("json", Kind::Any, "This, as JSON"),
];

/// The words about topics.
pub(crate) static SNS: &[Field] =
    &[field("topics", Kind::Names(&Kind::Texts), "Topics, with the queues that subscribe")];

/// The words about queues.
pub(crate) static SQS: &[Field] =
    &[field("queues", Kind::Names(&Kind::Named(&Kind::Any)), "Queues, with attributes such as `VisibilityTimeout`")];

/// The words of a connection: one says how requests are let in, others what goes with them.
pub(crate) static CONNECTION: &[Field] = &[
    field("basic", Kind::Object(BASIC), "A user and a password"),
    field("apiKey", Kind::Object(API_KEY), "A key in a header of its own"),
    field("oauth", Kind::Object(OAUTH), "Client credentials, with which a token is fetched"),
    field("headers", Kind::Named(&Kind::Text), "Headers of every request"),
    field("query", Kind::Named(&Kind::Text), "Query parameters of every request"),
    field("body", Kind::Named(&Kind::Text), "Members of every request's body"),
];

/// The words of a user and a password.
pub(crate) static BASIC: &[Field] =
    &[needed("user", Kind::Text, "The user"), needed("password", Kind::Text, "The password")];

/// The words of a key.
pub(crate) static API_KEY: &[Field] =
    &[needed("header", Kind::Text, "The header's name"), needed("value", Kind::Text, "The key")];

/// The words of client credentials.
pub(crate) static OAUTH: &[Field] = &[
    needed("client", Kind::Text, "The client's id"),
    needed("secret", Kind::Text, "The client's secret"),
    needed("endpoint", Kind::Text, "Where tokens are fetched; `endpoints` says where that leads"),
    field("body", Kind::Named(&Kind::Text), "Fields of the form that is sent for a token, such as `scope`"),
];

/// The words about coverage.
pub(crate) static COVERAGE: &[Field] = &[
    field("states", Kind::Share, "States that are entered"),
    field("transitions", Kind::Share, "Ways from a state to another: `Next`, rules, `Default`, catchers"),
    field("choices", Kind::Share, "Rules of Choice states, and their `Default`"),
    field("retriers", Kind::Share, "Retriers that have the work tried again"),
    field("exhausted", Kind::Share, "Retriers that are used up"),
    field("catchers", Kind::Share, "Catchers that take an error"),
    field("branches", Kind::Share, "Branches and item processors that reach their end"),
    field("timeouts", Kind::Share, "`TimeoutSeconds` and `HeartbeatSeconds` that run out"),
];

/// The words of a mock's reply. `mock::file` reads them, and has the same list.
pub(crate) static REPLY: &[Field] = &[
    field("return", Kind::Any, "The result of the task, as the integration gives it"),
    field("payload", Kind::Any, "What a Lambda function returns; the metadata around it is added"),
    field("fail", Kind::TextOrNull, "The name of the error it fails with"),
    field("refuse", Kind::TextOrNull, "The name of the error with which the service does not even take the request"),
    field("never", Kind::Flag, "Nothing is ever answered"),
    field("later", Kind::Flag, "The answer comes from the test: `timeline`, or a token in Rust"),
    field("cause", Kind::Text, "The cause that goes with `fail` or `refuse`"),
    field("takes", Kind::Duration, "How long it takes on the virtual clock; no time by default"),
    field("times", Kind::Positive, "How often it is used before the next reply is; the last one repeats by itself"),
    field("submit", Kind::Any, "What the service answers when the request is submitted, before the task is done"),
    field("item", Kind::Count, "Only for the item of this index of a Map, from 0"),
    field("attempt", Kind::Count, "Only for this attempt, from 0"),
    field("with", Kind::Expected, "Only for payloads like this: scalars exactly, objects as a subset"),
];

/// The words of a fault. `mock::file` reads them, and has the same list.
pub(crate) static FAULT: &[Field] = &[
    needed("on", Kind::Text, "What it breaks: a state, `Map/Inner`, a resource or a function"),
    field("fail", Kind::TextOrNull, "The name of the error"),
    field("throttle", Kind::Flag, "The service's own error for too many requests"),
    field("oversize", Kind::Flag, "A result larger than 256 KiB"),
    field("delay", Kind::Duration, "The answer comes so much later"),
    field("cause", Kind::Text, "The cause that goes with `fail`"),
    field("nth", Kind::Positive, "From which call on, from 1"),
    field("every", Kind::Flag, "It strikes every call"),
    field("times", Kind::Positive, "How many calls it strikes; one by default"),
    field("item", Kind::Count, "Only for the item of this index of a Map, from 0"),
    field("attempt", Kind::Count, "Only for this attempt, from 0"),
    field("after", Kind::Flag, "The call is made, and its answer is lost"),
];

/// The matchers that can stand for an expected value. `mock::matcher` reads them, and has the same list.
pub(crate) static MATCHERS: &[Field] = &[
    field("$any", Kind::Flag, "Whatever there is"),
    field("$absent", Kind::Flag, "A member that is not there"),
    field("$uuid", Kind::Flag, "A string that is a UUID"),
    field("$timestamp", Kind::Flag, "A string that is an instant in RFC 3339"),
    field("$regex", Kind::Text, "A string in which this pattern is found"),
    field("$gt", Kind::Bound, "A number or a string above this one"),
    field("$gte", Kind::Bound, "A number or a string of at least this one"),
    field("$lt", Kind::Bound, "A number or a string below this one"),
    field("$lte", Kind::Bound, "A number or a string of at most this one"),
    field("$contains", Kind::Expected, "A string with this part, or an array with a matching element"),
    field("$length", Kind::Expected, "A string, an array or an object of this length"),
    field("$exactly", Kind::Any, "This value, without members left over"),
    field("$not", Kind::Expected, "What does not match this"),
    field(
        "$jsonata",
        Kind::Text,
        "What this expression says `true` of; it sees the value as its input and as `$value`",
    ),
];

/// The statuses of an execution.
pub(crate) const STATUSES: &[&str] = &["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"];

/// The words of a table.
pub(crate) fn names(fields: &'static [Field]) -> Vec<&'static str> {
    fields.iter().map(|f| f.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_mocks_are_those_that_are_read() {
        assert_eq!(names(REPLY), crate::mock::REPLY_WORDS);
        assert_eq!(names(FAULT), crate::mock::FAULT_WORDS);
        assert_eq!(names(MATCHERS), crate::mock::matcher_words());
    }

    #[test]
    fn the_words_about_coverage_are_the_kinds_of_points() {
        assert_eq!(names(COVERAGE), crate::coverage::Kind::ALL.map(crate::coverage::Kind::word));
    }
}
