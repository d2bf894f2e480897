//! What a test sets up before the first call: queues, topics, tables with items.

use super::arn;
use super::lambda::Function;
use super::{Job, Rule, Service};
use crate::value::{Content, Map, Str, Value};

/// What services hold when a run starts. Every run starts afresh.
///
/// ```
/// use rehearsal::services::{Setup, Table};
/// use serde_json::json;
///
/// let setup = Setup::new()
///     .queue("approvals")
///     .queue("orders.fifo")
///     .topic("alerts")
///     .subscribe("alerts", "approvals")
///     .table(Table::new("orders", "id").item(json!({"id": "o-1", "state": "NEW"})));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Setup {
    calls: Vec<(Service, &'static str, Value)>,
    present: Vec<Service>,
    functions: Vec<Function>,
    objects: Vec<(Str, Str, Content)>,
    jobs: Vec<(Str, Str, Job)>,
}

/// A table with its key and its first items.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    /// Names of the key's attributes with their types, `S`, `N` or `B`, where they are given.
    keys: Vec<(String, Option<&'static str>)>,
    items: Vec<Value>,
}

impl Table {
    /// A table whose partition key is this attribute. Its type is that of the first item's value, or a text.
    pub fn new(name: &str, key: &str) -> Table {
        Table { name: name.into(), keys: vec![(key.into(), None)], items: Vec::new() }
    }
    /// With a sort key.
    #[must_use]
    pub fn sort_key(mut self, key: &str) -> Table {
        self.keys.truncate(1);
        self.keys.push((key.into(), None));
        self
    }
    /// With number keys in place of texts, for tables that begin without items.
    #[must_use]
    pub fn number_key(mut self, key: &str) -> Table {
        self.keys.iter_mut().filter(|(name, _)| name == key).for_each(|(_, kind)| *kind = Some("N"));
        self
    }
    /// With an item in plain JSON: `{"id": "o-1", "total": 30}`.
    #[must_use]
    pub fn item(mut self, item: impl Into<Value>) -> Table {
        self.items.push(item.into());
        self
    }
}

impl Setup {
    /// Nothing.
    pub fn new() -> Setup {
        Setup::default()
    }
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.present.is_empty() && self.jobs.is_empty()
    }
    /// An operation to call before the run, with its input as the service's API spells it.
    #[must_use]
    pub fn call(mut self, service: Service, operation: &'static str, input: impl Into<Value>) -> Setup {
        self.calls.push((service, operation, input.into()));
        self.with(service)
    }
    /// The model of a service that holds nothing yet, so that calls of it are answered.
    #[must_use]
    pub fn with(mut self, service: Service) -> Setup {
        if !self.present.contains(&service) {
            self.present.push(service);
        }
        self
    }
    /// A bucket. Where a test creates buckets itself, nothing is put into any other.
    #[must_use]
    pub fn bucket(self, name: &str) -> Setup {
        self.call(Service::S3, "CreateBucket", Value::object([("Bucket", Value::from(name))]))
    }
    /// An object, with its bucket where there is none of this name.
    #[must_use]
    pub fn object(mut self, bucket: &str, key: &str, body: impl AsRef<[u8]>) -> Setup {
        self.objects.push((bucket.into(), key.into(), Content::holding(body.as_ref().to_vec())));
        self.with(Service::S3)
    }
    /// A queue; one whose name ends in `.fifo` is a FIFO queue with content-based deduplication.
    #[must_use]
    pub fn queue(self, name: &str) -> Setup {
        self.queue_with(name, Value::empty_object())
    }
    /// A queue with attributes: `{"VisibilityTimeout": "60"}`.
    #[must_use]
    pub fn queue_with(self, name: &str, attributes: impl Into<Value>) -> Setup {
        let attributes = attributes.into();
        let mut all = Map::new();
        if name.ends_with(".fifo") {
            all.insert("FifoQueue", "true");
            all.insert("ContentBasedDeduplication", "true");
        }
        for (name, value) in attributes.as_object().into_iter().flat_map(|o| o.iter()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            all.insert(name.clone(), text);
        }
        let input = Value::object([("QueueName", Value::from(name)), ("Attributes", all.into())]);
        self.call(Service::Sqs, "CreateQueue", input)
    }
    /// A topic; one whose name ends in `.fifo` is a FIFO topic.
    #[must_use]
    pub fn topic(self, name: &str) -> Setup {
        let mut attributes = Map::new();
        if name.ends_with(".fifo") {
            attributes.insert("FifoTopic", "true");
        }
        let input = Value::object([("Name", Value::from(name)), ("Attributes", attributes.into())]);
        self.call(Service::Sns, "CreateTopic", input)
    }
    /// A queue's subscription to a topic, which gives it the messages themselves.
    #[must_use]
    pub fn subscribe(self, topic: &str, queue: &str) -> Setup {
        let input = Value::object([
            ("TopicArn", Value::from(arn::of("sns", topic))),
            ("Protocol", "sqs".into()),
            ("Endpoint", arn::of("sqs", queue).into()),
            ("Attributes", Value::object([("RawMessageDelivery", Value::from("true"))])),
        ]);
        self.call(Service::Sns, "Subscribe", input)
    }
    /// An event bus; the one called `default` is there already.
    #[must_use]
    pub fn bus(self, name: &str) -> Setup {
        self.call(Service::Events, "CreateEventBus", Value::object([("Name", Value::from(name))]))
    }
    /// A rule with its targets.
    #[must_use]
    pub fn rule(self, rule: Rule) -> Setup {
        rule.calls().into_iter().fold(self, |setup, (operation, input)| setup.call(Service::Events, operation, input))
    }
    /// A table with its items. It needs the cargo feature `dynamodb`.
    #[must_use]
    pub fn table(self, table: Table) -> Setup {
        let kind = |key: &str, given: Option<&'static str>| {
            let is_number = |item: &Value| item.get(key).is_some_and(|v| v.as_f64().is_some());
            given.unwrap_or(if table.items.first().is_some_and(is_number) { "N" } else { "S" })
        };
        let name = |key: &str| ("AttributeName", Value::from(key));
        let attributes = table
            .keys
            .iter()
            .map(|(key, given)| Value::object([name(key), ("AttributeType", kind(key, *given).into())]));
        let roles = ["HASH", "RANGE"];
        let schema =
            table.keys.iter().zip(roles).map(|((key, _), role)| Value::object([name(key), ("KeyType", role.into())]));
        let create = Value::object([
            ("TableName", Value::from(&*table.name)),
            ("AttributeDefinitions", Value::array(attributes.collect())),
            ("KeySchema", Value::array(schema.collect())),
            ("BillingMode", "PAY_PER_REQUEST".into()),
        ]);
        let mut setup = self.call(Service::DynamoDb, "CreateTable", create);
        for item in &table.items {
            let typed = typed(item);
            let put = Value::object([("TableName", Value::from(&*table.name)), ("Item", typed)]);
            setup = setup.call(Service::DynamoDb, "PutItem", put);
        }
        setup
    }
    /// A function, with who answers its invocations.
    #[must_use]
    pub fn function(mut self, function: Function) -> Setup {
        self.functions.push(function);
        self.with(Service::Lambda)
    }
    /// A job of a service, by the name that its requests give: that of the job itself (`JobName`, `ProjectName`) or of
    /// what it is made from (`JobDefinition`, `TaskDefinition`). The name `*` stands for any job of the service, which is
    /// called as resources of tasks call it: `batch`, `glue`, `elasticmapreduce`.
    #[must_use]
    pub fn job(mut self, service: &str, name: &str, job: Job) -> Setup {
        self.jobs.push((service.into(), name.into(), job));
        self
    }
    pub(super) fn jobs(&self) -> &[(Str, Str, Job)] {
        &self.jobs
    }
    pub(super) fn functions(&self) -> &[Function] {
        &self.functions
    }
    pub(super) fn objects(&self) -> &[(Str, Str, Content)] {
        &self.objects
    }
    pub(super) fn calls(&self) -> &[(Service, &'static str, Value)] {
        &self.calls
    }
    pub(super) fn present(&self) -> Vec<Service> {
        self.present.clone()
    }
}

#[cfg(feature = "dynamodb")]
fn typed(item: &Value) -> Value {
    super::dynamodb::marshalled(item).get("M").cloned().unwrap_or_else(|| item.clone())
}

/// Without the engine nothing reads it.
#[cfg(not(feature = "dynamodb"))]
fn typed(item: &Value) -> Value {
    item.clone()
}
