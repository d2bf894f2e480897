//! The attributes of a topic.

use std::collections::BTreeMap;

use super::super::error::ServiceError;
use super::super::{ACCOUNT, arn};
use super::{Cx, Sns, as_value, invalid};
use crate::value::Value;

/// Attributes that topics have; those that nothing here depends on are kept and given back.
const KNOWN: [&str; 8] = [
    "ContentBasedDeduplication",
    "DeliveryPolicy",
    "DisplayName",
    "FifoThroughputScope",
    "KmsMasterKeyId",
    "Policy",
    "SignatureVersion",
    "TracingConfig",
];

/// Attributes about logs of deliveries: what is delivered how, and what is told of it.
const LOGGED: [&str; 5] = ["Application", "Firehose", "HTTP", "Lambda", "SQS"];
const TOLD: [&str; 3] = ["FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate"];

/// # Errors
/// Attributes that topics do not have, and values that they can't have.
pub(super) fn check(name: &str, text: &str) -> Result<(), ServiceError> {
    let is_log = || LOGGED.iter().any(|part| name.strip_prefix(part).is_some_and(|rest| TOLD.contains(&rest)));
    match name {
        "ArchivePolicy" | "DataProtectionPolicy" => {
            Err(ServiceError::not_modelled(format!("the attribute `{name}` of a topic")))
        }
        "FifoTopic" | "ContentBasedDeduplication" if !matches!(text, "true" | "false") => {
            Err(invalid(&format!("Attributes Reason: {name}: Invalid value [{text}]. Must be true or false.")))
        }
        "Policy" if Value::parse(text).is_err() => Err(invalid("Policy Error: null")),
        "DeliveryPolicy" if !text.is_empty() && Value::parse(text).is_err() => {
            Err(invalid("DeliveryPolicy: failed to parse JSON"))
        }
        "FifoTopic" => Ok(()),
        _ if KNOWN.contains(&name) || is_log() => Ok(()),
        _ => Err(invalid("AttributeName")),
    }
}

/// The members of an object as texts.
pub(super) fn texts(object: Option<&Value>) -> BTreeMap<String, String> {
    let members = object.and_then(Value::as_object).into_iter().flat_map(|o| o.iter());
    members.map(|(k, v)| (k.to_string(), v.as_str().map_or_else(|| v.to_string(), str::to_owned))).collect()
}

/// Who may do what with a topic where nobody says.
fn usual_policy(topic_arn: &str) -> Value {
    let actions = [
        "GetTopicAttributes",
        "SetTopicAttributes",
        "AddPermission",
        "RemovePermission",
        "DeleteTopic",
        "Subscribe",
        "ListSubscriptionsByTopic",
        "Publish",
    ];
    let owner = Value::object([("AWS:SourceOwner", Value::from(ACCOUNT))]);
    let statement = Value::object([
        ("Sid", Value::from("__default_statement_ID")),
        ("Effect", "Allow".into()),
        ("Principal", Value::object([("AWS", Value::from("*"))])),
        ("Action", Value::array(actions.iter().map(|action| format!("SNS:{action}").into()).collect())),
        ("Resource", topic_arn.into()),
        ("Condition", Value::object([("StringEquals", owner)])),
    ]);
    Value::object([
        ("Version", Value::from("2008-10-17")),
        ("Id", "__default_policy_ID".into()),
        ("Statement", Value::array(vec![statement])),
    ])
}

/// How often a delivery to an address is tried where nobody says.
pub(super) fn usual_delivery() -> Value {
    let numbers = [
        ("minDelayTarget", 20),
        ("maxDelayTarget", 20),
        ("numRetries", 3),
        ("numMaxDelayRetries", 0),
        ("numNoDelayRetries", 0),
        ("numMinDelayRetries", 0),
    ];
    let numbers = numbers.into_iter().map(|(name, n): (&str, i64)| (name, Value::from(n)));
    let retry = Value::object(numbers.chain([("backoffFunction", "linear".into())]));
    let request = Value::object([("headerContentType", Value::from("text/plain; charset=UTF-8"))]);
    let http = Value::object([
        ("defaultHealthyRetryPolicy", retry),
        ("disableSubscriptionOverrides", false.into()),
        ("defaultRequestPolicy", request),
    ]);
    Value::object([("http", http)])
}

impl Sns {
    /// A topic's policy as it is in force.
    pub(super) fn policy(&mut self, topic_arn: &str) -> Result<Value, ServiceError> {
        let own = self.topic(topic_arn)?.attributes.get("Policy").and_then(|text| Value::parse(text).ok());
        Ok(own.unwrap_or_else(|| usual_policy(topic_arn)))
    }

    pub(super) fn attributes(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let topic_arn = cx.needed("TopicArn")?;
        let policy = self.policy(topic_arn)?.to_string();
        let topic = self.topic(topic_arn)?;
        let pending = topic.subscriptions.iter().filter(|s| s.is_pending()).count();
        let delivery = topic.attributes.get("DeliveryPolicy").filter(|text| !text.is_empty()).cloned();
        let told = [
            ("TopicArn", arn::of("sns", arn::name_of(topic_arn))),
            ("Owner", ACCOUNT.into()),
            ("Policy", policy),
            ("EffectiveDeliveryPolicy", delivery.unwrap_or_else(|| usual_delivery().to_string())),
            ("SubscriptionsConfirmed", (topic.subscriptions.len() - pending).to_string()),
            ("SubscriptionsPending", pending.to_string()),
            ("SubscriptionsDeleted", topic.deleted.to_string()),
        ];
        let mut all = topic.attributes.clone();
        all.entry("DisplayName".into()).or_default();
        if topic_arn.ends_with(".fifo") {
            all.entry("ContentBasedDeduplication".into()).or_insert_with(|| "false".into());
        }
        all.extend(told.map(|(name, text)| (name.to_owned(), text)));
        Ok(Value::object([("Attributes", as_value(all))]))
    }

    pub(super) fn set_attribute(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let (name, text) = (cx.needed("AttributeName")?, cx.input.text("AttributeValue").unwrap_or_default());
        let topic = self.topic(cx.needed("TopicArn")?)?;
        if name == "FifoTopic" {
            return Err(invalid("AttributeName"));
        }
        check(name, text)?;
        topic.attributes.insert(name.to_owned(), text.to_owned());
        Ok(Value::empty_object())
    }
}
