//! What other accounts may do with a queue: statements of its policy.

use super::super::Surroundings;
use super::super::error::ServiceError;
use super::super::members::Members;
use super::{Sqs, invalid};
use crate::value::{Map, Value};

impl Sqs {
    pub(super) fn add_permission(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let label = input.needed("Label")?;
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if label.is_empty() || label.len() > 80 || !label.chars().all(is_fit) {
            return Err(invalid(format!(
                "Value {label} for parameter Label is invalid. Reason: Can only include alphanumeric characters, hyphens, \
                 or underscores. 1 to 80 in length."
            )));
        }
        let texts = |member: &str| -> Vec<&str> { input.items(member).iter().filter_map(Value::as_str).collect() };
        let (accounts, actions) = (texts("AWSAccountIds"), texts("Actions"));
        for (member, given) in [("AWSAccountIds", &accounts), ("Actions", &actions)] {
            if given.is_empty() {
                let message = format!("The request must contain the parameter {member}.");
                return Err(ServiceError::coded("MissingParameter", message));
            }
        }
        let is_open = |action: &&&str| {
            matches!(
                **action,
                "*" | "SendMessage"
                    | "ReceiveMessage"
                    | "DeleteMessage"
                    | "ChangeMessageVisibility"
                    | "GetQueueAttributes"
                    | "GetQueueUrl"
                    | "ListDeadLetterSourceQueues"
                    | "PurgeQueue"
            )
        };
        if let Some(other) = actions.iter().find(|action| !is_open(action)) {
            return Err(invalid(format!(
                "Value SQS:{other} for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke \
                 this action."
            )));
        }
        let queue = self.queue(input)?;
        let arn = queue.arn();
        let mut statements = statements(queue.attributes.text("Policy"));
        if statements.iter().any(|s| s.get("Sid").and_then(Value::as_str) == Some(label)) {
            return Err(invalid(format!("Value {label} for parameter Label is invalid. Reason: Already exists.")));
        }
        let one_or_all = |mut all: Vec<Value>| if all.len() == 1 { all.remove(0) } else { Value::array(all) };
        let who = accounts.iter().map(|account| format!("arn:aws:iam::{account}:root").into()).collect();
        let what = actions.iter().map(|action| format!("SQS:{action}").into()).collect();
        statements.push(Value::object([
            ("Sid", Value::from(label)),
            ("Effect", "Allow".into()),
            ("Principal", Value::object([("AWS", one_or_all(who))])),
            ("Action", one_or_all(what)),
            ("Resource", arn.as_str().into()),
        ]));
        queue.attributes.put("Policy", policy(&arn, statements));
        Ok(Value::empty_object())
    }

    pub(super) fn remove_permission(
        &mut self,
        _: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let label = input.needed("Label")?;
        let queue = self.queue(input)?;
        let mut statements = statements(queue.attributes.text("Policy"));
        let before = statements.len();
        statements.retain(|s| s.get("Sid").and_then(Value::as_str) != Some(label));
        if statements.len() == before {
            return Err(invalid(format!(
                "Value {label} for parameter Label is invalid. Reason: can't find label on existing policy."
            )));
        }
        let arn = queue.arn();
        queue.attributes.put("Policy", if statements.is_empty() { String::new() } else { policy(&arn, statements) });
        Ok(Value::empty_object())
    }
}

fn statements(policy: &str) -> Vec<Value> {
    let policy = Value::parse(policy).unwrap_or_default();
    policy.get("Statement").and_then(Value::as_array).unwrap_or_default().to_vec()
}

fn policy(arn: &str, statements: Vec<Value>) -> String {
    let mut policy = Map::new();
    policy.insert("Version", "2008-10-17");
    policy.insert("Id", format!("{arn}/SQSDefaultPolicy"));
    policy.insert("Statement", Value::array(statements));
    Value::from(policy).to_string()
}
