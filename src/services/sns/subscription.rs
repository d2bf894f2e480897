//! A subscription: who gets what of a topic.

use super::super::error::ServiceError;
use super::super::members::Members;
use super::super::sqs::Sqs;
use super::super::{ACCOUNT, REGION, Surroundings, arn, pattern};
use super::{Publication, invalid};
use crate::value::{Map, Value};

/// A subscription of a queue to a topic.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) arn: String,
    protocol: String,
    endpoint: String,
    /// Whether the queue gets the message itself and not the notification around it.
    is_raw: bool,
    policy: Option<Value>,
    /// Whether the policy is about the message's body and not about its attributes.
    is_about_body: bool,
}

impl Subscription {
    pub(super) fn new(arn: &str, input: &Members<'_>) -> Result<Subscription, ServiceError> {
        let protocol = input.needed("Protocol")?;
        match protocol {
            "sqs" => {}
            "lambda" | "http" | "https" | "email" | "email-json" | "sms" | "application" | "firehose" => {
                return Err(ServiceError::not_modelled(format!("the protocol `{protocol}` of a subscription")));
            }
            _ => return Err(invalid(&format!("Does not support this protocol string: {protocol}"))),
        }
        let endpoint = input.needed("Endpoint")?;
        if !endpoint.starts_with("arn:") {
            return Err(invalid("SQS endpoint ARN"));
        }
        let attribute = |name: &str| input.get("Attributes").and_then(|a| a.get(name)).and_then(Value::as_str);
        let known = ["RawMessageDelivery", "FilterPolicy", "FilterPolicyScope"];
        if let Some(attributes) = input.get("Attributes").and_then(Value::as_object)
            && let Some((other, _)) = attributes.iter().find(|(name, _)| !known.contains(&&***name))
        {
            return Err(ServiceError::not_modelled(format!("the attribute `{other}` of a subscription")));
        }
        let policy = match attribute("FilterPolicy") {
            Some(text) => {
                let policy = Value::parse(text).map_err(|_| invalid("FilterPolicy: failed to parse JSON"))?;
                pattern::check(&policy, "FilterPolicy")?;
                Some(policy)
            }
            None => None,
        };
        Ok(Subscription {
            arn: arn.to_owned(),
            protocol: protocol.to_owned(),
            endpoint: endpoint.to_owned(),
            is_raw: attribute("RawMessageDelivery") == Some("true"),
            policy,
            is_about_body: attribute("FilterPolicyScope") == Some("MessageBody"),
        })
    }

    pub(super) fn is_to_same(&self, other: &Subscription) -> bool {
        (&self.protocol, &self.endpoint) == (&other.protocol, &other.endpoint)
    }

    pub(super) fn shown(&self, topic_arn: &str) -> Value {
        Value::object([
            ("SubscriptionArn", Value::from(&*self.arn)),
            ("Owner", ACCOUNT.into()),
            ("Protocol", (&*self.protocol).into()),
            ("Endpoint", (&*self.endpoint).into()),
            ("TopicArn", topic_arn.into()),
        ])
    }

    /// Whether the subscription's policy lets a message through.
    pub(super) fn wants(&self, publication: &Publication) -> bool {
        let Some(policy) = &self.policy else { return true };
        if self.is_about_body {
            return Value::parse(&publication.message).is_ok_and(|body| pattern::fits(policy, &body));
        }
        let members = publication.attributes.as_object().into_iter().flat_map(|o| o.iter());
        let seen: Map = members
            .map(|(name, attribute)| {
                let part = |member: &str| attribute.get(member).and_then(Value::as_str).unwrap_or_default();
                let text = part("StringValue");
                let value = match part("DataType") {
                    "Number" | "String.Array" => Value::parse(text).unwrap_or_else(|_| text.into()),
                    _ => text.into(),
                };
                (name.clone(), value)
            })
            .collect();
        pattern::fits(policy, &seen.into())
    }

    /// Hands a message to the queue. One that is not there gets nothing, and the publisher does not hear of it.
    pub(super) fn deliver(
        &self,
        around: &mut Surroundings,
        sqs: &mut Sqs,
        topic_arn: &str,
        publication: &Publication,
        line: (Option<&str>, Option<&str>),
    ) {
        let (body, attributes) = match self.is_raw {
            true => (publication.message.clone(), publication.attributes.clone()),
            false => (self.notification(topic_arn, publication).to_string(), Value::Null),
        };
        let line = if self.endpoint.ends_with(".fifo") { line } else { (line.0, None) };
        let _ = sqs.deliver(around, arn::name_of(&self.endpoint), &body, attributes, line);
    }

    /// The JSON around a message.
    fn notification(&self, topic_arn: &str, publication: &Publication) -> Value {
        let mut n = Map::new();
        n.insert("Type", "Notification");
        n.insert("MessageId", &*publication.id);
        n.insert("TopicArn", topic_arn);
        if let Some(subject) = &publication.subject {
            n.insert("Subject", &**subject);
        }
        n.insert("Message", &*publication.message);
        n.insert("Timestamp", publication.at.to_string());
        n.insert("SignatureVersion", "1");
        n.insert("Signature", "rehearsal");
        let host = format!("https://sns.{REGION}.amazonaws.com/");
        n.insert("SigningCertURL", format!("{host}SimpleNotificationService-rehearsal.pem"));
        n.insert("UnsubscribeURL", format!("{host}?Action=Unsubscribe&SubscriptionArn={}", self.arn));
        let members = publication.attributes.as_object().into_iter().flat_map(|o| o.iter());
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
        n.into()
    }
}
