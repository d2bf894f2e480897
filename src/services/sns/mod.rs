//! SNS: topics, what is published to them, and the subscriptions that get it.

mod subscription;

use std::collections::BTreeMap;

use super::error::ServiceError;
use super::members::Members;
use super::sqs::Sqs;
use super::sqs::message::check_attributes;
use super::{Surroundings, arn};
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};
use subscription::Subscription;

/// How many bytes a message has at most.
const MOST_BYTES: usize = 262_144;

/// Something that was published to a topic.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Publication {
    /// The message's id.
    pub id: String,
    /// The message.
    pub message: String,
    /// Its subject.
    pub subject: Option<String>,
    /// Its attributes: `{"kind": {"DataType": "String", "StringValue": "order"}}`.
    pub attributes: Value,
    /// When.
    pub at: Timestamp,
}

/// A topic.
#[derive(Debug, Default)]
struct Topic {
    attributes: BTreeMap<String, String>,
    published: Vec<Publication>,
    subscriptions: Vec<Subscription>,
    sequence: u64,
}

/// All topics of the account.
#[derive(Debug, Default)]
pub(super) struct Sns {
    topics: BTreeMap<String, Topic>,
}

/// What an operation works with: the queues are there for subscriptions.
struct Cx<'a, 'b> {
    around: &'a mut Surroundings,
    sqs: &'a mut Sqs,
    input: &'a Members<'b>,
}

type Operation = fn(&mut Sns, &mut Cx<'_, '_>) -> Result<Value, ServiceError>;

const OPERATIONS: &[(&str, &[&str], Operation)] = &[
    ("CreateTopic", &["Name", "Attributes", "Tags"], Sns::create),
    ("DeleteTopic", &["TopicArn"], Sns::delete),
    ("ListTopics", &["NextToken"], Sns::list),
    ("GetTopicAttributes", &["TopicArn"], Sns::attributes),
    ("SetTopicAttributes", &["TopicArn", "AttributeName", "AttributeValue"], Sns::set_attribute),
    ("Subscribe", &["TopicArn", "Protocol", "Endpoint", "Attributes", "ReturnSubscriptionArn"], Sns::subscribe),
    ("Unsubscribe", &["SubscriptionArn"], Sns::unsubscribe),
    ("ListSubscriptions", &["NextToken"], Sns::subscriptions),
    ("ListSubscriptionsByTopic", &["TopicArn", "NextToken"], Sns::subscriptions),
    (
        "Publish",
        &[
            "TopicArn",
            "TargetArn",
            "Message",
            "Subject",
            "MessageStructure",
            "MessageAttributes",
            "MessageDeduplicationId",
            "MessageGroupId",
        ],
        Sns::publish,
    ),
];

fn invalid(what: &str) -> ServiceError {
    ServiceError::modelled("InvalidParameter", format!("Invalid parameter: {what}"))
}

fn no_such_topic() -> ServiceError {
    ServiceError::modelled("NotFound", "Topic does not exist").status(404)
}

impl Sns {
    pub(super) fn call(
        &mut self,
        around: &mut Surroundings,
        sqs: &mut Sqs,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ServiceError> {
        let Some((name, known, work)) = OPERATIONS.iter().find(|(name, ..)| *name == operation) else {
            return Err(ServiceError::not_modelled(format!("the operation {operation} of SNS")));
        };
        let input = Members::of(name, input, known)?;
        work(self, &mut Cx { around, sqs, input: &input })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.topics.keys().map(String::as_str)
    }
    pub(super) fn published(&self, topic: &str) -> Option<&[Publication]> {
        Some(&self.topics.get(arn::name_of(topic))?.published)
    }

    fn topic(&mut self, name: &str) -> Result<&mut Topic, ServiceError> {
        self.topics.get_mut(arn::name_of(name)).ok_or_else(no_such_topic)
    }

    fn create(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let name = cx.input.needed("Name")?;
        let stem = name.strip_suffix(".fifo").unwrap_or(name);
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if stem.is_empty() || name.len() > 256 || !stem.chars().all(is_fit) {
            return Err(invalid("Topic Name"));
        }
        let given = cx.input.get("Attributes").and_then(Value::as_object).into_iter().flat_map(|o| o.iter());
        let attributes: BTreeMap<String, String> =
            given.map(|(k, v)| (k.to_string(), v.as_str().unwrap_or_default().to_owned())).collect();
        if (attributes.get("FifoTopic").is_some_and(|is| is == "true")) != name.ends_with(".fifo") {
            return Err(invalid("Topic Name"));
        }
        let topic = self.topics.entry(name.to_owned()).or_default();
        topic.attributes.extend(attributes);
        Ok(Value::object([("TopicArn", Value::from(arn::of("sns", name)))]))
    }

    fn delete(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        self.topics.remove(arn::name_of(cx.input.needed("TopicArn")?));
        Ok(Value::empty_object())
    }

    fn list(&mut self, _: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let row = |name: &String| Value::object([("TopicArn", Value::from(arn::of("sns", name)))]);
        Ok(Value::object([("Topics", Value::array(self.topics.keys().map(row).collect()))]))
    }

    fn attributes(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let name = cx.input.needed("TopicArn")?;
        let topic = self.topic(name)?;
        let mut all: BTreeMap<String, String> = topic.attributes.clone();
        all.insert("TopicArn".into(), arn::of("sns", arn::name_of(name)));
        all.insert("Owner".into(), super::ACCOUNT.into());
        all.insert("SubscriptionsConfirmed".into(), topic.subscriptions.len().to_string());
        all.insert("SubscriptionsPending".into(), "0".into());
        all.insert("SubscriptionsDeleted".into(), "0".into());
        let all: Map = all.into_iter().map(|(k, v)| (Str::from(k), v.into())).collect();
        Ok(Value::object([("Attributes", Value::from(all))]))
    }

    fn set_attribute(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let (name, value) = (cx.input.needed("AttributeName")?, cx.input.text("AttributeValue").unwrap_or_default());
        self.topic(cx.input.needed("TopicArn")?)?.attributes.insert(name.to_owned(), value.to_owned());
        Ok(Value::empty_object())
    }

    fn subscribe(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let topic_arn = cx.input.needed("TopicArn")?;
        let id = cx.around.uuid();
        let name = arn::name_of(topic_arn).to_owned();
        let subscription = Subscription::new(&format!("{}:{id}", arn::of("sns", &name)), cx.input)?;
        let topic = self.topic(topic_arn)?;
        let known = topic.subscriptions.iter().find(|s| s.is_to_same(&subscription)).map(|s| s.arn.clone());
        let arn = known.unwrap_or_else(|| {
            let arn = subscription.arn.clone();
            topic.subscriptions.push(subscription);
            arn
        });
        Ok(Value::object([("SubscriptionArn", Value::from(arn))]))
    }

    fn unsubscribe(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let arn = cx.input.needed("SubscriptionArn")?;
        self.topics.values_mut().for_each(|topic| topic.subscriptions.retain(|s| s.arn != arn));
        Ok(Value::empty_object())
    }

    fn subscriptions(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let of = cx.input.text("TopicArn").map(arn::name_of);
        if of.is_some_and(|name| !self.topics.contains_key(name)) {
            return Err(no_such_topic());
        }
        let topics = self.topics.iter().filter(|(name, _)| of.is_none_or(|of| of == name.as_str()));
        let rows =
            topics.flat_map(|(name, topic)| topic.subscriptions.iter().map(move |s| s.shown(&arn::of("sns", name))));
        Ok(Value::object([("Subscriptions", Value::array(rows.collect()))]))
    }

    fn publish(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let input = cx.input;
        let Some(target) = input.text("TopicArn").or(input.text("TargetArn")) else {
            return Err(invalid("TopicArn or TargetArn Reason: no value for required parameter"));
        };
        if input.text("MessageStructure").is_some() {
            return Err(ServiceError::not_modelled("the parameter `MessageStructure` of Publish"));
        }
        let message = input.text("Message").unwrap_or_default();
        if message.is_empty() {
            return Err(invalid("Empty message"));
        }
        if message.len() > MOST_BYTES {
            return Err(invalid("Message too long"));
        }
        let subject = input.text("Subject");
        if subject.is_some_and(|s| s.is_empty() || s.chars().count() > 100 || s.contains(['\n', '\r'])) {
            return Err(invalid("Subject"));
        }
        let attributes = input.get("MessageAttributes").cloned().unwrap_or_default();
        check_attributes(&attributes).map_err(|e| invalid(&e.message))?;
        let (id, at) = (cx.around.uuid(), cx.around.now);
        let name = arn::name_of(target).to_owned();
        let topic = self.topic(target)?;
        let (group, deduplication_id) = (input.text("MessageGroupId"), input.text("MessageDeduplicationId"));
        let is_fifo = name.ends_with(".fifo");
        if is_fifo && group.is_none() {
            return Err(invalid("The MessageGroupId parameter is required for FIFO topics"));
        }
        let publication = Publication {
            id: id.clone(),
            message: message.to_owned(),
            subject: subject.map(str::to_owned),
            attributes,
            at,
        };
        topic.sequence += 1;
        let mut answer = Map::new();
        answer.insert("MessageId", id);
        if is_fifo {
            answer.insert("SequenceNumber", format!("{:020}", 10_000_000_000_000_000_000_u64 + topic.sequence * 1000));
        }
        let arn = arn::of("sns", &name);
        for subscription in topic.subscriptions.iter().filter(|s| s.wants(&publication)) {
            subscription.deliver(cx.around, cx.sqs, &arn, &publication, (group, deduplication_id));
        }
        topic.published.push(publication);
        Ok(answer.into())
    }
}
