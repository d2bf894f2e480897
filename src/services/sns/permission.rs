//! What other accounts may do with a topic: statements of its policy.

use super::super::error::ServiceError;
use super::{Cx, Sns, invalid};
use crate::value::Value;

/// What others may be allowed.
const ACTIONS: [&str; 10] = [
    "AddPermission",
    "DeleteTopic",
    "GetDataProtectionPolicy",
    "GetTopicAttributes",
    "ListSubscriptionsByTopic",
    "ListTagsForResource",
    "Publish",
    "RemovePermission",
    "SetTopicAttributes",
    "Subscribe",
];

fn has_label(statement: &Value, label: &str) -> bool {
    statement.get("Sid").and_then(Value::as_str) == Some(label)
}

impl Sns {
    pub(super) fn add_permission(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let (topic_arn, label) = (cx.needed("TopicArn")?, cx.needed("Label")?);
        let texts = |member: &str| -> Vec<&str> { cx.input.items(member).iter().filter_map(Value::as_str).collect() };
        let (accounts, actions) = (texts("AWSAccountId"), texts("ActionName"));
        let mut policy = self.policy(topic_arn)?;
        let mut statements = policy.get("Statement").and_then(Value::as_array).unwrap_or_default().to_vec();
        if statements.iter().any(|s| has_label(s, label)) {
            return Err(invalid("Statement already exists"));
        }
        if actions.is_empty() || actions.iter().any(|action| !ACTIONS.contains(action)) {
            return Err(invalid("Policy statement action out of service scope!"));
        }
        let one_or_all = |mut all: Vec<Value>| if all.len() == 1 { all.remove(0) } else { Value::array(all) };
        let who = accounts.iter().map(|account| format!("arn:aws:iam::{account}:root").into()).collect();
        let what = actions.iter().map(|action| format!("SNS:{action}").into()).collect();
        statements.push(Value::object([
            ("Sid", Value::from(label)),
            ("Effect", "Allow".into()),
            ("Principal", Value::object([("AWS", one_or_all(who))])),
            ("Action", one_or_all(what)),
            ("Resource", topic_arn.into()),
        ]));
        self.set_statements(topic_arn, &mut policy, statements)
    }

    pub(super) fn remove_permission(&mut self, cx: &mut Cx<'_, '_>) -> Result<Value, ServiceError> {
        let (topic_arn, label) = (cx.needed("TopicArn")?, cx.needed("Label")?);
        let mut policy = self.policy(topic_arn)?;
        let mut statements = policy.get("Statement").and_then(Value::as_array).unwrap_or_default().to_vec();
        statements.retain(|s| !has_label(s, label));
        self.set_statements(topic_arn, &mut policy, statements)
    }

    fn set_statements(
        &mut self,
        topic_arn: &str,
        policy: &mut Value,
        statements: Vec<Value>,
    ) -> Result<Value, ServiceError> {
        if let Some(policy) = policy.as_object_mut() {
            policy.insert("Statement", Value::array(statements));
        }
        self.topic(topic_arn)?.attributes.insert("Policy".into(), policy.to_string());
        Ok(Value::empty_object())
    }
}
