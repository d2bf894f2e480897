//! The operations on subscriptions.

use super::super::arn;
use super::super::error::ServiceError;
use super::subscription::Subscription;
use super::{Cx, Sns, check_arn, invalid, no_such_topic, paged};
use crate::value::Value;

fn no_such_subscription() -> ServiceError {
    ServiceError::modelled("NotFound", "Subscription does not exist").status(404)
}

impl Sns {
    pub(super) fn subscribe(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let topic_arn = cx.needed("TopicArn")?;
        let protocol = cx.needed("Protocol")?;
        self.topic(topic_arn)?;
        let endpoint = cx.needed("Endpoint")?;
        let wants_arn = match cx.input.get("ReturnSubscriptionArn") {
            Some(Value::Bool(truth)) => *truth,
            Some(text) => text.as_str() == Some("true"),
            None => false,
        };
        let (id, token) = (cx.around.uuid(), format!("{}{}", cx.around.uuid(), cx.around.uuid()).replace('-', ""));
        let arn = format!("{topic_arn}:{id}");
        let new = Subscription::new(&arn, protocol, endpoint, cx.input.get("Attributes"), token)?;
        let topic = self.topic(topic_arn)?;
        let known = topic.subscriptions.iter().position(|s| s.is_to_same(&new));
        if let Some(known) = known.and_then(|i| topic.subscriptions.get(i))
            && cx.input.get("Attributes").is_some()
            && !known.has_same_attributes(&new)
        {
            return Err(invalid("Attributes Reason: Subscription already exists with different attributes"));
        }
        let at = known.unwrap_or_else(|| {
            topic.subscriptions.push(new);
            topic.subscriptions.len() - 1
        });
        let Some(subscription) = topic.subscriptions.get(at) else { return Err(no_such_subscription()) };
        let shown = match subscription.is_pending() && !wants_arn {
            true => "pending confirmation".to_owned(),
            false => subscription.arn.clone(),
        };
        let mail = subscription.ask_for_confirmation(cx.around, topic_arn);
        self.delivered.extend(mail);
        Ok(Value::object([("SubscriptionArn", Value::from(shown))]))
    }

    pub(super) fn confirm(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let token = cx.needed("Token")?;
        let topic = self.topic(cx.needed("TopicArn")?)?;
        let found = topic.subscriptions.iter_mut().find(|s| s.token.as_deref() == Some(token));
        let subscription = found.ok_or_else(|| invalid("Token"))?;
        subscription.token = None;
        Ok(Value::object([("SubscriptionArn", Value::from(&*subscription.arn))]))
    }

    pub(super) fn unsubscribe(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let arn = cx.needed("SubscriptionArn")?;
        check_arn("SubscriptionArn", arn)?;
        for topic in self.topics.values_mut() {
            let before = topic.subscriptions.len();
            topic.subscriptions.retain(|s| s.arn != arn);
            topic.deleted += (before - topic.subscriptions.len()) as u64;
        }
        Ok(Value::empty_object())
    }

    pub(super) fn subscriptions(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let of = cx.input.text("TopicArn").map(arn::name_of);
        if of.is_some_and(|name| !self.topics.contains_key(name)) {
            return Err(no_such_topic());
        }
        let topics = self.topics.iter().filter(|(name, _)| of.is_none_or(|of| of == name.as_str()));
        let rows =
            topics.flat_map(|(name, topic)| topic.subscriptions.iter().map(move |s| s.shown(&arn::of("sns", name))));
        paged(cx.input, "Subscriptions", rows.collect())
    }

    fn subscription(&mut self, arn: &str) -> Result<(&str, &mut Subscription), ServiceError> {
        check_arn("SubscriptionArn", arn)?;
        let mut all = self.topics.iter_mut().flat_map(|(name, topic)| {
            topic.subscriptions.iter_mut().map(move |subscription| (name.as_str(), subscription))
        });
        all.find(|(_, s)| s.arn == arn).ok_or_else(no_such_subscription)
    }

    pub(super) fn subscription_attributes(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let (topic, subscription) = self.subscription(cx.needed("SubscriptionArn")?)?;
        Ok(Value::object([("Attributes", subscription.all(topic))]))
    }

    pub(super) fn set_subscription_attribute(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let name = cx.needed("AttributeName")?;
        let (_, subscription) = self.subscription(cx.needed("SubscriptionArn")?)?;
        subscription.set(name, cx.input.text("AttributeValue").unwrap_or_default())?;
        Ok(Value::empty_object())
    }
}
