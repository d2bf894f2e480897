//! SNS: topics, what is published to them, and the subscriptions that get it.
//!
//! Queues, functions and addresses outside get what is published; mails, text messages and pushes are kept for the test
//! to look at, as if somebody had them. Notifications have the members of a signature, but nobody signs here: a client
//! that verifies them refuses them. Subscriptions of addresses and of mails are pending until their token comes back,
//! as in the service.

mod attributes;
mod batch;
mod delivery;
mod permission;
mod publish;
mod subscription;
mod subscriptions;
mod tags;

use std::collections::BTreeMap;

use super::error::ServiceError;
use super::members::Members;
use super::{Surroundings, arn};
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};
use publish::Taken;
use subscription::Subscription;

/// How many rows a page of a list has.
const PAGE: usize = 100;

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

/// Something that somebody outside AWS got: a mail, a text message, a push.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// How: `email`, `email-json`, `sms`, `application`.
    pub protocol: String,
    /// Who: an address, a number.
    pub endpoint: String,
    /// What, as its receiver reads it.
    pub message: String,
    /// Its subject.
    pub subject: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A topic.
#[derive(Debug, Default)]
struct Topic {
    attributes: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
    published: Vec<Publication>,
    subscriptions: Vec<Subscription>,
    /// How many subscriptions there were that are no more.
    deleted: u64,
    sequence: u64,
    /// Deduplication ids that are taken.
    seen: BTreeMap<String, Taken>,
}

/// All topics of the account.
#[derive(Debug, Default)]
pub(super) struct Sns {
    topics: BTreeMap<String, Topic>,
    delivered: Vec<Delivery>,
}

/// What an operation works with.
struct Cx<'a, 'b> {
    around: &'a mut Surroundings,
    input: &'a Members<'b>,
}

impl<'b> Cx<'_, 'b> {
    /// # Errors
    /// The member is missing.
    fn needed(&self, name: &str) -> Result<&'b str, ServiceError> {
        self.input.text(name).ok_or_else(|| invalid(&format!("{name} Reason: no value for required parameter")))
    }
}

type Operation = fn(&mut Sns, &mut Cx<'_, '_>) -> Result<Value, ServiceError>;

const OPERATIONS: &[(&str, &[&str], Operation)] = &[
    ("AddPermission", &["TopicArn", "Label", "AWSAccountId", "ActionName"], Sns::add_permission),
    ("ConfirmSubscription", &["TopicArn", "Token", "AuthenticateOnUnsubscribe"], Sns::confirm),
    ("CreateTopic", &["Name", "Attributes", "Tags"], Sns::create),
    ("DeleteTopic", &["TopicArn"], Sns::delete),
    ("GetSubscriptionAttributes", &["SubscriptionArn"], Sns::subscription_attributes),
    ("GetTopicAttributes", &["TopicArn"], Sns::attributes),
    ("ListSubscriptions", &["NextToken"], Sns::subscriptions),
    ("ListSubscriptionsByTopic", &["TopicArn", "NextToken"], Sns::subscriptions),
    ("ListTagsForResource", &["ResourceArn"], Sns::tags),
    ("ListTopics", &["NextToken"], Sns::list),
    ("Publish", publish::MEMBERS, Sns::publish),
    ("PublishBatch", &["TopicArn", "PublishBatchRequestEntries"], Sns::publish_batch),
    ("RemovePermission", &["TopicArn", "Label"], Sns::remove_permission),
    (
        "SetSubscriptionAttributes",
        &["SubscriptionArn", "AttributeName", "AttributeValue"],
        Sns::set_subscription_attribute,
    ),
    ("SetTopicAttributes", &["TopicArn", "AttributeName", "AttributeValue"], Sns::set_attribute),
    ("Subscribe", &["TopicArn", "Protocol", "Endpoint", "Attributes", "ReturnSubscriptionArn"], Sns::subscribe),
    ("TagResource", &["ResourceArn", "Tags"], Sns::tag),
    ("Unsubscribe", &["SubscriptionArn"], Sns::unsubscribe),
    ("UntagResource", &["ResourceArn", "TagKeys"], Sns::untag),
];

fn invalid(what: &str) -> ServiceError {
    ServiceError::modelled("InvalidParameter", format!("Invalid parameter: {what}"))
}

fn no_such_topic() -> ServiceError {
    ServiceError::modelled("NotFound", "Topic does not exist").status(404)
}

/// # Errors
/// What is no ARN.
fn check_arn(member: &str, text: &str) -> Result<(), ServiceError> {
    let parts = text.split(':').count();
    if parts < 6 {
        return Err(invalid(&format!("{member} Reason: An ARN must have at least 6 elements, not {parts}")));
    }
    Ok(())
}

impl Sns {
    pub(super) fn call(
        &mut self,
        around: &mut Surroundings,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ServiceError> {
        let Some((name, known, work)) = OPERATIONS.iter().find(|(name, ..)| *name == operation) else {
            return Err(ServiceError::not_modelled(format!("the operation {operation} of SNS")));
        };
        let input = Members::of(name, input, known)?;
        work(self, &mut Cx { around, input: &input })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.topics.keys().map(String::as_str)
    }
    pub(super) fn published(&self, topic: &str) -> Option<&[Publication]> {
        Some(&self.topics.get(arn::name_of(topic))?.published)
    }
    pub(super) fn delivered(&self) -> &[Delivery] {
        &self.delivered
    }

    fn topic(&mut self, topic_arn: &str) -> Result<&mut Topic, ServiceError> {
        check_arn("TopicArn", topic_arn)?;
        // Definitions name the account and the region of their deployment; there is one of each here.
        self.topics.get_mut(arn::name_of(topic_arn)).ok_or_else(no_such_topic)
    }

    fn create(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let name = cx.needed("Name")?;
        let given = attributes::texts(cx.input.get("Attributes"));
        for (name, text) in &given {
            attributes::check(name, text)?;
        }
        let is_fifo = given.get("FifoTopic").is_some_and(|is| is == "true");
        let stem = name.strip_suffix(".fifo").unwrap_or(name);
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_well_named = !stem.is_empty() && name.len() <= 256 && stem.chars().all(is_fit);
        if is_fifo && !(is_well_named && name.ends_with(".fifo")) {
            return Err(invalid(
                "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, \
                 numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
            ));
        }
        if !is_well_named || (!is_fifo && name.ends_with(".fifo")) {
            return Err(invalid("Topic Name"));
        }
        let tags = tags::given(cx.input)?;
        let answer = Value::object([("TopicArn", Value::from(arn::of("sns", name)))]);
        if let Some(topic) = self.topics.get(name) {
            if given.iter().any(|(name, text)| topic.attributes.get(name) != Some(text)) {
                return Err(invalid("Attributes Reason: Topic already exists with different attributes"));
            }
            if !tags.is_empty() && topic.tags != tags {
                return Err(invalid("Tags Reason: Topic already exists with different tags"));
            }
            return Ok(answer);
        }
        self.topics.insert(name.to_owned(), Topic { attributes: given, tags, ..Topic::default() });
        Ok(answer)
    }

    fn delete(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let topic_arn = cx.needed("TopicArn")?;
        check_arn("TopicArn", topic_arn)?;
        self.topics.remove(arn::name_of(topic_arn));
        Ok(Value::empty_object())
    }

    fn list(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let row = |name: &String| Value::object([("TopicArn", Value::from(arn::of("sns", name)))]);
        paged(cx.input, "Topics", self.topics.keys().map(row).collect())
    }
}

/// A page of a list, from where `NextToken` says.
fn paged(input: &Members<'_>, member: &str, all: Vec<Value>) -> Result<Value, ServiceError> {
    let from = match input.text("NextToken") {
        Some(token) => token.parse::<usize>().map_err(|_| invalid("NextToken"))?,
        None => 0,
    };
    let shown: Vec<Value> = all.iter().skip(from).take(PAGE).cloned().collect();
    let mut page = Map::new();
    if from + shown.len() < all.len() {
        page.insert("NextToken", (from + shown.len()).to_string());
    }
    page.insert(member, Value::array(shown));
    Ok(page.into())
}

/// Texts as a value.
fn as_value(texts: BTreeMap<String, String>) -> Value {
    texts.into_iter().map(|(name, text)| (Str::from(name), Value::from(text))).collect::<Map>().into()
}
