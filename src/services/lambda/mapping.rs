//! Event source mappings: functions that are fed from queues.
//!
//! A mapping takes what can be received as soon as it can, invokes the function with a batch, and deletes what the
//! function has not failed on. What it has failed on comes back when its visibility timeout is over.

use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use super::Due;
use super::Lambda;
use super::api::page;
use super::ended::{Ended, MOST_BYTES};
use super::mailbox::Worked;
use super::name::{Target, invalid_members, not_found, present};
use super::payload::Payload;
use super::run::{Asked, Ran, Working};
use crate::services::answer::Answer;
use crate::services::members::Members;
use crate::services::sqs::Sqs;
use crate::services::{ACCOUNT, Errand, REGION, Service, ServiceError, Surroundings, arn, pattern};
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};

/// How many batches of a mapping are worked on at once, where nothing else is configured.
const AT_ONCE: usize = 5;
/// How many batches are begun in one go, so that messages that come back at once can't go on for ever.
const MOST_IN_A_GO: usize = 1000;

/// A function that is fed from a queue.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    uuid: String,
    /// The queue's ARN.
    source: String,
    target: Target,
    is_enabled: bool,
    batch_size: usize,
    window: Duration,
    /// Patterns of which one has to fit a message, as they were given.
    criteria: Option<Value>,
    patterns: Vec<Value>,
    /// Whether the function says which messages it has failed on.
    reports_failures: bool,
    /// `MaximumConcurrency`
    most: Option<usize>,
    changed_at: Timestamp,
    /// How many batches are being worked on.
    running: usize,
    /// Since when a batch is being gathered.
    gathering_since: Option<Timestamp>,
}

/// Messages that a function works on.
pub(super) struct Batch {
    mapping: String,
    queue: String,
    function: String,
    reports_failures: bool,
    /// The ids of the messages and their receipts.
    messages: Vec<(Str, Str)>,
    /// When those that are not deleted can be received again.
    again_at: Timestamp,
    /// Behind a lock so that it can be looked at from anywhere; nobody ever waits for it.
    working: Mutex<Option<Working>>,
    worked: Option<Worked>,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("queue", &self.queue).field("messages", &self.messages).finish_non_exhaustive()
    }
}

/// The members that CreateEventSourceMapping has here.
const CREATE: &[&str] = &[
    "EventSourceArn",
    "FunctionName",
    "Enabled",
    "BatchSize",
    "FilterCriteria",
    "MaximumBatchingWindowInSeconds",
    "FunctionResponseTypes",
    "ScalingConfig",
];
/// Those of UpdateEventSourceMapping.
const UPDATE: &[&str] = &[
    "UUID",
    "FunctionName",
    "Enabled",
    "BatchSize",
    "FilterCriteria",
    "MaximumBatchingWindowInSeconds",
    "FunctionResponseTypes",
    "ScalingConfig",
];

fn wrong(what: impl Into<String>) -> ServiceError {
    ServiceError::modelled("InvalidParameterValueException", what)
}

fn no_such() -> ServiceError {
    ServiceError::modelled("ResourceNotFoundException", "The resource you requested does not exist.").status(404)
}

/// # Errors
/// Sources that are there in AWS and that no function is fed from here. They are said before the parameters that only
/// they have.
fn check_source(arn: Option<&str>) -> Result<(), ServiceError> {
    let arn = arn.unwrap_or_default();
    let what = match arn.split(':').nth(2) {
        Some("dynamodb") => "a stream of DynamoDB",
        Some("kinesis") => "a stream of Kinesis",
        Some("kafka") => "a topic of Kafka",
        Some("mq") => "a broker of Amazon MQ",
        Some("rds") => "a cluster of DocumentDB",
        _ => return Ok(()),
    };
    Err(ServiceError::not_modelled(format!(
        "an event source mapping from {what} (`{arn}`; only queues of SQS feed functions here)"
    )))
}

impl Mapping {
    fn queue(&self) -> &str {
        arn::name_of(&self.source)
    }

    /// As the API shows it.
    fn shown(&self, state: &str) -> Value {
        let mut shown = Map::new();
        shown.insert("UUID", self.uuid.as_str());
        shown.insert("BatchSize", i64::try_from(self.batch_size).unwrap_or(i64::MAX));
        shown.insert("MaximumBatchingWindowInSeconds", i64::try_from(self.window.as_secs()).unwrap_or(i64::MAX));
        shown.insert("EventSourceArn", self.source.as_str());
        if let Some(criteria) = &self.criteria {
            shown.insert("FilterCriteria", criteria.clone());
        }
        shown.insert("FunctionArn", self.target.arn());
        #[expect(clippy::cast_precision_loss, reason = "milliseconds fit 53 bits for a long time")]
        shown.insert("LastModified", self.changed_at.as_millis() as f64 / 1000.0);
        shown.insert("State", state);
        shown.insert("StateTransitionReason", "USER_INITIATED");
        let types = if self.reports_failures { vec!["ReportBatchItemFailures".into()] } else { Vec::new() };
        shown.insert("FunctionResponseTypes", types);
        if let Some(most) = self.most {
            shown.insert(
                "ScalingConfig",
                Value::object([("MaximumConcurrency", Value::from(i64::try_from(most).unwrap_or(i64::MAX)))]),
            );
        }
        shown.insert(
            "EventSourceMappingArn",
            format!("arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{}", self.uuid),
        );
        shown.into()
    }

    fn state(&self) -> &'static str {
        if self.is_enabled { "Enabled" } else { "Disabled" }
    }

    /// Takes in what an input says.
    fn configure(&mut self, input: &Members<'_>) -> Result<(), ServiceError> {
        let within = |member: &str, spelt: &str, least: i64, most: i64| {
            let Some(n) = input.number(member) else { return Ok(None) };
            let (what, bound) = if n < least { ("greater", least) } else { ("less", most) };
            if (least..=most).contains(&n) {
                return Ok(Some(n.unsigned_abs()));
            }
            Err(invalid_members(&[format!(
                "Value '{n}' at '{spelt}' failed to satisfy constraint: Member must have value {what} than or equal to {bound}"
            )]))
        };
        if let Some(n) = within("BatchSize", "batchSize", 1, 10_000)? {
            self.batch_size = usize::try_from(n).unwrap_or(10);
        }
        if let Some(n) = within("MaximumBatchingWindowInSeconds", "maximumBatchingWindowInSeconds", 0, 300)? {
            self.window = Duration::from_secs(n);
        }
        if let Some(is_enabled) = input.get("Enabled") {
            self.is_enabled = is_enabled.as_bool().unwrap_or(true);
        }
        if input.get("FunctionResponseTypes").is_some() {
            let types = input.items("FunctionResponseTypes");
            if let Some(other) = types.iter().find(|t| t.as_str() != Some("ReportBatchItemFailures")) {
                return Err(super::not_in(&other.to_string(), "functionResponseTypes", "[ReportBatchItemFailures]"));
            }
            self.reports_failures = !types.is_empty();
        }
        if let Some(scaling) = input.get("ScalingConfig") {
            let most = scaling.get("MaximumConcurrency").and_then(Value::as_whole);
            if let Some(n) = most.filter(|n| !(2..=1000).contains(n)) {
                return Err(wrong(format!("MaximumConcurrency {n} is not within 2 and 1000")));
            }
            self.most = most.and_then(|n| usize::try_from(n).ok());
        }
        if let Some(criteria) = input.get("FilterCriteria") {
            let filters = criteria.get("Filters").and_then(Value::as_array).unwrap_or_default();
            let bad = |why: String| wrong(format!("Invalid filter pattern definition. {why}"));
            let of = |filter: &Value| {
                let text = filter.get("Pattern").and_then(Value::as_str).unwrap_or_default();
                let wanted = Value::parse(text).map_err(|e| bad(e.to_string()))?;
                pattern::objection(&wanted).map_or(Ok(wanted), |why| Err(bad(why)))
            };
            self.patterns = filters.iter().map(of).collect::<Result<_, _>>()?;
            self.criteria = Some(criteria.clone()).filter(|_| !self.patterns.is_empty());
        }
        let is_fifo = self.source.ends_with(".fifo");
        if is_fifo && (self.batch_size > 10 || !self.window.is_zero()) {
            return Err(wrong("Batch size of a FIFO queue is at most 10, and it has no batching window."));
        }
        if self.batch_size > 10 && self.window.is_zero() {
            return Err(wrong(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            ));
        }
        Ok(())
    }

    /// Whether the mapping wants a message.
    fn wants(&self, message: &Value) -> bool {
        if self.patterns.is_empty() {
            return true;
        }
        // A body that is JSON is looked into.
        let mut seen = record(message, &self.source).as_object().cloned().unwrap_or_default();
        if let Some(body) = seen.get("body").and_then(Value::as_str).and_then(|body| Value::parse(body).ok()) {
            seen.insert("body", body);
        }
        let seen = Value::from(seen);
        self.patterns.iter().any(|wanted| pattern::fits(wanted, &seen))
    }
}

/// A message as a function sees it.
fn record(message: &Value, source: &str) -> Value {
    let of = |name: &str| message.get(name).cloned().unwrap_or_default();
    let mut record = Map::new();
    record.insert("messageId", of("MessageId"));
    record.insert("receiptHandle", of("ReceiptHandle"));
    record.insert("body", of("Body"));
    record.insert("attributes", message.get("Attributes").cloned().unwrap_or_else(Value::empty_object));
    let attributes = message.get("MessageAttributes").and_then(Value::as_object);
    let attributes = attributes.into_iter().flat_map(Map::iter).map(|(name, value)| {
        let mut shown = Map::new();
        for (member, spelt) in [("StringValue", "stringValue"), ("BinaryValue", "binaryValue")] {
            if let Some(value) = value.get(member) {
                shown.insert(spelt, value.clone());
            }
        }
        shown.insert("stringListValues", Vec::new());
        shown.insert("binaryListValues", Vec::new());
        shown.insert("dataType", value.get("DataType").cloned().unwrap_or_default());
        (name.clone(), Value::from(shown))
    });
    record.insert("messageAttributes", attributes.collect::<Map>());
    record.insert("md5OfBody", of("MD5OfBody"));
    if let Some(digest) = message.get("MD5OfMessageAttributes") {
        record.insert("md5OfMessageAttributes", digest.clone());
    }
    record.insert("eventSource", "aws:sqs");
    record.insert("eventSourceARN", source);
    record.insert("awsRegion", REGION);
    record.into()
}

/// Which messages a function has failed on; nothing where its answer says none of this, which means all of them.
fn failures<'a>(payload: &Value, all: &'a [(Str, Str)]) -> Option<Vec<&'a Str>> {
    let failures = match payload.get("batchItemFailures") {
        None | Some(Value::Null) => {
            return if payload.is_null() || payload.as_object().is_some() { Some(Vec::new()) } else { None };
        }
        Some(failures) => failures.as_array()?,
    };
    // One that names no message of the batch fails the whole of it.
    let named = |failure: &Value| {
        let id = failure.get("itemIdentifier")?.as_str()?;
        all.iter().map(|(own, _)| own).find(|own| &***own == id)
    };
    failures.iter().map(named).collect()
}

impl Lambda {
    /// An operation about event source mappings.
    pub(in crate::services) fn map_sources(
        &mut self,
        around: &mut Surroundings,
        sqs: &Sqs,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ServiceError> {
        let known: &[&str] = match operation {
            "CreateEventSourceMapping" => CREATE,
            "UpdateEventSourceMapping" => UPDATE,
            "GetEventSourceMapping" | "DeleteEventSourceMapping" => &["UUID"],
            "ListEventSourceMappings" => &["EventSourceArn", "FunctionName", "Marker", "MaxItems"],
            _ => return Err(ServiceError::not_modelled(format!("the operation {operation} of Lambda"))),
        };
        if operation == "CreateEventSourceMapping" {
            check_source(input.get("EventSourceArn").and_then(Value::as_str))?;
        }
        let input = &Members::of(operation, input, known)?;
        match operation {
            "CreateEventSourceMapping" => self.create_mapping(around, sqs, input),
            "ListEventSourceMappings" => self.list_mappings(input),
            _ => {
                let uuid = input.text("UUID").unwrap_or_default();
                let found = self.mappings.get(uuid).cloned().ok_or_else(no_such)?;
                match operation {
                    "UpdateEventSourceMapping" => self.update_mapping(around, sqs, input, found),
                    "DeleteEventSourceMapping" => {
                        self.mappings.remove(uuid);
                        Ok(found.shown("Deleting"))
                    }
                    _ => Ok(found.shown(found.state())),
                }
            }
        }
    }

    fn create_mapping(
        &mut self,
        around: &mut Surroundings,
        sqs: &Sqs,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        present(input.whole(), &["FunctionName"])?;
        let source = input.text("EventSourceArn").unwrap_or_default();
        if source.split(':').nth(2) != Some("sqs") {
            return Err(wrong("Unrecognized event source."));
        }
        let target = Target::of(input.text("FunctionName").unwrap_or_default(), None)?;
        let mut mapping = Mapping {
            uuid: String::new(),
            source: source.to_owned(),
            target,
            is_enabled: true,
            batch_size: 10,
            window: Duration::ZERO,
            criteria: None,
            patterns: Vec::new(),
            reports_failures: false,
            most: None,
            changed_at: around.now,
            running: 0,
            gathering_since: None,
        };
        mapping.configure(input)?;
        self.check_mapping(around, sqs, &mapping)?;
        let same = |m: &&Mapping| m.source == mapping.source && m.target == mapping.target;
        if let Some(other) = self.mappings.values().find(same) {
            let what = format!(
                "An event source mapping with SQS arn (\" {source} \") and function (\" {} \") already exists. Please \
                 update or delete the existing mapping with UUID {}",
                other.target.name, other.uuid
            );
            return Err(ServiceError::modelled("ResourceConflictException", what).status(409));
        }
        mapping.uuid = around.uuid();
        let shown = mapping.shown("Creating");
        self.mappings.insert(mapping.uuid.clone(), mapping);
        Ok(shown)
    }

    fn update_mapping(
        &mut self,
        around: &mut Surroundings,
        sqs: &Sqs,
        input: &Members<'_>,
        mut mapping: Mapping,
    ) -> Result<Value, ServiceError> {
        if let Some(name) = input.text("FunctionName") {
            mapping.target = Target::of(name, None)?;
        }
        mapping.configure(input)?;
        self.check_mapping(around, sqs, &mapping)?;
        mapping.changed_at = around.now;
        let state = match (self.mappings.get(&mapping.uuid).is_some_and(|m| m.is_enabled), mapping.is_enabled) {
            (true, false) => "Disabling",
            (false, true) => "Enabling",
            _ => "Updating",
        };
        let shown = mapping.shown(state);
        self.mappings.insert(mapping.uuid.clone(), mapping);
        Ok(shown)
    }

    /// The function and the queue have to be there, and the queue has to wait for the function long enough.
    fn check_mapping(&self, around: &mut Surroundings, sqs: &Sqs, mapping: &Mapping) -> Result<(), ServiceError> {
        let deployed = self.functions.get(&mapping.target.name).ok_or_else(|| not_found(&mapping.target.arn()))?;
        let timeout = deployed.chosen(&mapping.target, around)?.timeout;
        let Some(visibility) = sqs.visibility(mapping.queue()) else {
            return Err(wrong(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error \
                 Message: The specified queue does not exist.",
            ));
        };
        if visibility < timeout {
            return Err(wrong(format!(
                "Queue visibility timeout: {} seconds is less than Function timeout: {} seconds",
                visibility.as_secs(),
                timeout.as_secs()
            )));
        }
        Ok(())
    }

    fn list_mappings(&self, input: &Members<'_>) -> Result<Value, ServiceError> {
        let source = input.text("EventSourceArn");
        let target = input.text("FunctionName").map(|name| Target::of(name, None)).transpose()?;
        let is_meant = |m: &&Mapping| {
            source.is_none_or(|s| s == m.source) && target.as_ref().is_none_or(|t| t.name == m.target.name)
        };
        let all = self.mappings.values().filter(is_meant).map(|m| m.shown(m.state())).collect();
        page(all, input, "EventSourceMappings")
    }

    /// When the next delayed message comes that a function is fed with.
    pub(in crate::services) fn next_delayed(&self, sqs: &Sqs, now: Timestamp) -> Option<Timestamp> {
        let enabled = self.mappings.values().filter(|m| m.is_enabled);
        enabled.filter_map(|m| sqs.next_delayed(m.queue(), now)).min()
    }

    /// Begins all batches that can be begun; says how many these were.
    pub(in crate::services) fn feed(&mut self, around: &mut Surroundings, sqs: &mut Sqs) -> usize {
        let mut begun = 0;
        let ids: Vec<String> = self.mappings.keys().cloned().collect();
        for id in ids {
            while begun < MOST_IN_A_GO && self.feed_one(around, sqs, &id) {
                begun += 1;
            }
        }
        begun
    }

    /// Begins a batch of a mapping; false where there is nothing to begin.
    fn feed_one(&mut self, around: &mut Surroundings, sqs: &mut Sqs, id: &str) -> bool {
        let now = around.now;
        let Some(mapping) = self.mappings.get_mut(id) else { return false };
        let visible = sqs.visible(mapping.queue(), now).unwrap_or_default();
        let is_there = self.functions.contains_key(&mapping.target.name);
        if !mapping.is_enabled || !is_there || visible == 0 || mapping.running >= mapping.most.unwrap_or(AT_ONCE) {
            return false;
        }
        if visible < mapping.batch_size && !mapping.window.is_zero() {
            let ends_at = mapping.gathering_since.unwrap_or(now) + mapping.window;
            if ends_at > now {
                if mapping.gathering_since.replace(now.min(mapping.gathering_since.unwrap_or(now))).is_none() {
                    self.at(ends_at, Due::Feed);
                }
                return false;
            }
        }
        mapping.gathering_since = None;
        let mapping = mapping.clone();
        let messages = receive(around, sqs, &mapping);
        let again_at = now + sqs.visibility(mapping.queue()).unwrap_or_default();
        let (wanted, unwanted): (Vec<Value>, Vec<Value>) = messages.into_iter().partition(|m| mapping.wants(m));
        let is_something = !wanted.is_empty() || !unwanted.is_empty();
        // What no filter lets through is gone.
        delete(around, mapping.queue(), &unwanted.iter().map(names).collect::<Vec<_>>());
        let mut rest = wanted.into_iter().peekable();
        while rest.peek().is_some() {
            let (mut batch, mut records, mut size) = (Vec::new(), Vec::new(), 0);
            while let Some(message) = rest.peek() {
                let record = record(message, &mapping.source);
                size += record.text_len() + 1;
                if size + 20 > MOST_BYTES && !records.is_empty() {
                    break;
                }
                batch.push(names(message));
                records.push(record);
                rest.next();
            }
            self.hand_over(around, &mapping, batch, records, again_at);
        }
        is_something
    }

    fn hand_over(
        &mut self,
        around: &mut Surroundings,
        mapping: &Mapping,
        messages: Vec<(Str, Str)>,
        records: Vec<Value>,
        again_at: Timestamp,
    ) {
        let mut batch = Batch {
            mapping: mapping.uuid.clone(),
            queue: mapping.queue().to_owned(),
            function: mapping.target.name.clone(),
            reports_failures: mapping.reports_failures,
            messages,
            again_at,
            working: Mutex::default(),
            worked: None,
        };
        let payload = Payload::Value(Value::object([("Records", Value::array(records))]));
        let asked = Asked { target: mapping.target.clone(), payload, client_context: None, call: None };
        match self.run(around, asked) {
            Ok(run) => {
                if let Some(mapping) = self.mappings.get_mut(&batch.mapping) {
                    mapping.running += 1;
                }
                match run.ran {
                    Ran::Now(ended) => {
                        self.at(around.now + ended.takes, Due::Consumed(batch, Box::new(ended)));
                        self.due_now(around);
                    }
                    Ran::Later(working) => {
                        batch.working = Mutex::new(Some(working));
                        self.batches.push_back(batch);
                    }
                }
            }
            Err(error) => {
                if error.is_not_modelled() {
                    batch.trouble(around, &error);
                }
                // Too many go on, or the version is gone: the messages come back.
                self.at(again_at, Due::Feed);
            }
        }
    }

    /// A batch has been worked on.
    pub(super) fn consumed(&mut self, around: &mut Surroundings, batch: &Batch, ended: &Ended) {
        if let Some(mapping) = self.mappings.get_mut(&batch.mapping) {
            mapping.running = mapping.running.saturating_sub(1);
        }
        let failed = match (ended.is_failed, batch.reports_failures) {
            (true, _) => None,
            (false, false) => Some(Vec::new()),
            (false, true) => ended.payload.value().ok().and_then(|payload| failures(&payload, &batch.messages)),
        };
        let is_done = |id: &Str| failed.as_ref().is_some_and(|failed| !failed.contains(&id));
        let done: Vec<(Str, Str)> = batch.messages.iter().filter(|(id, _)| is_done(id)).cloned().collect();
        delete(around, &batch.queue, &done);
        if done.len() < batch.messages.len() && batch.again_at > around.now {
            self.at(batch.again_at, Due::Feed);
        }
    }

    /// Takes in what came of batches that were worked on outside, in the order in which they were begun, so that their
    /// real speed decides nothing; ready when none is left.
    pub(super) fn poll_batches(&mut self, around: &mut Surroundings, cx: &mut Context<'_>) -> Poll<()> {
        for batch in &mut self.batches {
            let working = batch.working.get_mut().unwrap_or_else(PoisonError::into_inner);
            if let Some(going) = working
                && let Poll::Ready(worked) = going.as_mut().poll(cx)
            {
                batch.worked = Some(worked);
                *working = None;
            }
        }
        while let Some(worked) = self.batches.front_mut().and_then(|first| first.worked.take()) {
            let Some(batch) = self.batches.pop_front() else { break };
            let ended = worked.unwrap_or_else(|error| {
                batch.trouble(around, &error);
                Ended::threw(&error.code, error.message)
            });
            self.at(around.now + ended.takes, Due::Consumed(batch, Box::new(ended)));
            self.due_now(around);
        }
        if self.batches.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Batch {
    /// Nobody hears of it but the test.
    fn trouble(&self, around: &Surroundings, error: &ServiceError) {
        let (function, queue) = (&self.function, &self.queue);
        around
            .trouble
            .note(|| format!("messages of the queue `{queue}` for the function `{function}`: {}", error.message));
    }
}

/// A message's id and its receipt.
fn names(message: &Value) -> (Str, Str) {
    let of = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default().into();
    (of("MessageId"), of("ReceiptHandle"))
}

/// Takes as many messages as a batch has.
fn receive(around: &mut Surroundings, sqs: &mut Sqs, mapping: &Mapping) -> Vec<Value> {
    /// The most that one request gives.
    const MOST: usize = 10;
    let all = || Value::array(vec!["All".into()]);
    let mut messages = Vec::new();
    while messages.len() < mapping.batch_size {
        let most = MOST.min(mapping.batch_size - messages.len());
        let input = Value::object([
            ("QueueUrl", Value::from(mapping.queue())),
            ("MaxNumberOfMessages", i64::try_from(most).unwrap_or(1).into()),
            ("MessageAttributeNames", all()),
            ("MessageSystemAttributeNames", all()),
            ("WaitTimeSeconds", 0.into()),
        ]);
        let Answer::Now(Ok(got)) = sqs.ask(around, "ReceiveMessage", &input) else { break };
        let got = got.get("Messages").and_then(Value::as_array).unwrap_or_default();
        messages.extend_from_slice(got);
        if got.is_empty() {
            break;
        }
    }
    messages
}

/// Has messages deleted that nobody needs any more.
fn delete(around: &mut Surroundings, queue: &str, messages: &[(Str, Str)]) {
    for some in messages.chunks(10) {
        let entry = |(n, (_, receipt)): (usize, &(Str, Str))| {
            Value::object([("Id", Value::from(n.to_string())), ("ReceiptHandle", receipt.clone().into())])
        };
        let input = Value::object([
            ("QueueUrl", Value::from(queue)),
            ("Entries", Value::array(some.iter().enumerate().map(entry).collect())),
        ]);
        around.errand(Errand::Call { service: Service::Sqs, operation: "DeleteMessageBatch", input });
    }
}
