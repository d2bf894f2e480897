//! How a message goes to who has subscribed: as what, and by whom.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::{Errand, REGION, Service, Surroundings};
use super::subscription::Subscription;
use super::{Delivery, Publication};
use crate::value::{Map, Value};

/// A message on its way.
pub(super) struct Outgoing<'a> {
    pub(super) topic_arn: &'a str,
    pub(super) publication: &'a Publication,
    /// Whether the message says something else to each protocol.
    pub(super) is_by_protocol: bool,
    pub(super) group: Option<&'a str>,
    pub(super) deduplication_id: Option<&'a str>,
    pub(super) sequence_number: Option<&'a str>,
}

impl Outgoing<'_> {
    /// What the message says to a protocol.
    fn text(&self, protocol: &str) -> String {
        let whole = &self.publication.message;
        if !self.is_by_protocol {
            return whole.clone();
        }
        let members = Value::parse(whole).unwrap_or_default();
        let own = members.get(protocol).and_then(Value::as_str);
        own.or_else(|| members.get("default")?.as_str()).unwrap_or_default().to_owned()
    }
}

/// Where clients reach SNS.
fn base(around: &Surroundings) -> String {
    around.base().map_or_else(|| format!("https://sns.{REGION}.amazonaws.com"), str::to_owned)
}

impl Subscription {
    /// Hands a message over; what people get is given back.
    pub(super) fn deliver(&self, around: &mut Surroundings, out: &Outgoing<'_>) -> Option<Delivery> {
        let message = out.text(&self.protocol);
        let errand = match self.protocol.as_str() {
            "sqs" => self.to_queue(around, out, &message),
            "lambda" => self.to_function(around, out, &message),
            "http" | "https" => self.to_address(around, out, &message),
            protocol => {
                // Only those who read JSON get what is around the message.
                let is_json = protocol == "email-json";
                let notification = || Value::from(self.notification(around, out, &message)).to_string();
                return Some(Delivery {
                    protocol: protocol.to_owned(),
                    endpoint: self.endpoint.clone(),
                    message: if is_json { notification() } else { message },
                    subject: out.publication.subject.clone(),
                    at: around.now,
                });
            }
        };
        let errand = match self.dead_letters() {
            Some(queue) => {
                let body = match self.is_raw() {
                    true => out.text(&self.protocol),
                    false => Value::from(self.notification(around, out, &out.text(&self.protocol))).to_string(),
                };
                Errand::OrElse(Box::new(errand), Box::new(to_queue(&queue, body, None, out)))
            }
            None => errand,
        };
        around.errand(errand);
        None
    }

    fn to_queue(&self, around: &Surroundings, out: &Outgoing<'_>, message: &str) -> Errand {
        match self.is_raw() {
            true => to_queue(&self.endpoint, message.to_owned(), Some(&out.publication.attributes), out),
            false => {
                let body = Value::from(self.notification(around, out, message)).to_string();
                to_queue(&self.endpoint, body, None, out)
            }
        }
    }

    fn to_function(&self, around: &Surroundings, out: &Outgoing<'_>, message: &str) -> Errand {
        let mut sns = Map::new();
        // Functions get the same members in another spelling, and all of them.
        for (name, value) in self.notification(around, out, message).iter() {
            let name = match &**name {
                "SigningCertURL" => "SigningCertUrl",
                "UnsubscribeURL" => "UnsubscribeUrl",
                other => other,
            };
            sns.insert(name, value.clone());
        }
        if !sns.contains_key("Subject") {
            sns.insert("Subject", Value::Null);
        }
        if !sns.contains_key("MessageAttributes") {
            sns.insert("MessageAttributes", Value::empty_object());
        }
        let record = Value::object([
            ("EventSource", Value::from("aws:sns")),
            ("EventVersion", "1.0".into()),
            ("EventSubscriptionArn", self.arn.as_str().into()),
            ("Sns", sns.into()),
        ]);
        let input = Value::object([
            ("FunctionName", Value::from(self.endpoint.as_str())),
            ("InvocationType", "Event".into()),
            ("Payload", Value::object([("Records", Value::array(vec![record]))])),
        ]);
        Errand::Call { service: Service::Lambda, operation: "Invoke", input }
    }

    fn to_address(&self, around: &Surroundings, out: &Outgoing<'_>, message: &str) -> Errand {
        let mut headers = self.headers("Notification", &out.publication.id, out.topic_arn);
        headers.push(("x-amz-sns-subscription-arn".into(), self.arn.clone()));
        let body = match self.is_raw() {
            true => {
                headers.push(("x-amz-sns-rawdelivery".into(), "true".into()));
                message.to_owned()
            }
            false => Value::from(self.notification(around, out, message)).to_string(),
        };
        Errand::Post { url: self.endpoint.clone(), headers, body }
    }

    fn headers(&self, kind: &str, message_id: &str, topic_arn: &str) -> Vec<(String, String)> {
        let own = [
            ("content-type", "text/plain; charset=UTF-8"),
            ("user-agent", "Amazon Simple Notification Service Agent"),
            ("x-amz-sns-message-id", message_id),
            ("x-amz-sns-message-type", kind),
            ("x-amz-sns-topic-arn", topic_arn),
        ];
        own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Asks the receiver whether it wants the subscription; what people get is given back.
    pub(super) fn ask_for_confirmation(&self, around: &mut Surroundings, topic_arn: &str) -> Option<Delivery> {
        let token = self.token.as_deref()?;
        let base = base(around);
        let link = format!("{base}/?Action=ConfirmSubscription&TopicArn={topic_arn}&Token={token}");
        let (id, at) = (around.uuid(), around.now);
        let message = format!(
            "You have chosen to subscribe to the topic {topic_arn}.\nTo confirm the subscription, visit the SubscribeURL \
             included in this message."
        );
        if self.protocol == "email" {
            return Some(Delivery {
                protocol: self.protocol.clone(),
                endpoint: self.endpoint.clone(),
                message: format!("You have chosen to subscribe to the topic:\n{topic_arn}\n\nTo confirm: {link}"),
                subject: Some("AWS Notification - Subscription Confirmation".into()),
                at,
            });
        }
        let body = Value::object([
            ("Type", Value::from("SubscriptionConfirmation")),
            ("MessageId", id.as_str().into()),
            ("Token", token.into()),
            ("TopicArn", topic_arn.into()),
            ("Message", message.into()),
            ("SubscribeURL", link.into()),
            ("Timestamp", at.to_string().into()),
            ("SignatureVersion", "1".into()),
            ("Signature", signature().into()),
            ("SigningCertURL", certificate().into()),
        ]);
        if self.protocol == "email-json" {
            return Some(Delivery {
                protocol: self.protocol.clone(),
                endpoint: self.endpoint.clone(),
                message: body.to_string(),
                subject: Some("AWS Notification - Subscription Confirmation".into()),
                at,
            });
        }
        let headers = self.headers("SubscriptionConfirmation", &id, topic_arn);
        around.errand(Errand::Post { url: self.endpoint.clone(), headers, body: body.to_string() });
        None
    }

    /// The JSON around a message.
    fn notification(&self, around: &Surroundings, out: &Outgoing<'_>, message: &str) -> Map {
        let publication = out.publication;
        let mut n = Map::new();
        n.insert("Type", "Notification");
        n.insert("MessageId", &*publication.id);
        if let Some(number) = out.sequence_number {
            n.insert("SequenceNumber", number);
        }
        n.insert("TopicArn", out.topic_arn);
        if let Some(subject) = &publication.subject {
            n.insert("Subject", &**subject);
        }
        n.insert("Message", message);
        n.insert("Timestamp", publication.at.to_string());
        n.insert("SignatureVersion", "1");
        n.insert("Signature", signature());
        n.insert("SigningCertURL", certificate());
        n.insert("UnsubscribeURL", format!("{}/?Action=Unsubscribe&SubscriptionArn={}", base(around), self.arn));
        let members = publication.attributes.as_object().into_iter().flat_map(Map::iter);
        let attributes: Map = members
            .map(|(name, a)| {
                let value = a.get("StringValue").or(a.get("BinaryValue")).cloned().unwrap_or_default();
                let kind = a.get("DataType").cloned().unwrap_or_default();
                (name.clone(), Value::object([("Type", kind), ("Value", value)]))
            })
            .collect();
        if !attributes.is_empty() {
            n.insert("MessageAttributes", attributes);
        }
        n
    }
}

/// Nobody signs here, and a text in its place says so.
fn signature() -> String {
    STANDARD.encode("rehearsal does not sign")
}

fn certificate() -> String {
    format!("https://sns.{REGION}.amazonaws.com/SimpleNotificationService-rehearsal.pem")
}

fn to_queue(queue_arn: &str, body: String, attributes: Option<&Value>, out: &Outgoing<'_>) -> Errand {
    let mut input = Map::new();
    input.insert("QueueUrl", queue_arn);
    input.insert("MessageBody", body);
    if let Some(attributes) = attributes.filter(|a| a.as_object().is_some_and(|o| !o.is_empty())) {
        input.insert("MessageAttributes", attributes.clone());
    }
    if let Some(group) = out.group {
        input.insert("MessageGroupId", group);
    }
    // Only FIFO queues know what they have seen.
    if let Some(id) = out.deduplication_id
        && queue_arn.ends_with(".fifo")
    {
        input.insert("MessageDeduplicationId", id);
    }
    Errand::Call { service: Service::Sqs, operation: "SendMessage", input: input.into() }
}
