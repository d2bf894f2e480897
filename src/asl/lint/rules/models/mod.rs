//! Calls of services, compared with the API models that botocore brings, where there are any on the machine.

use std::sync::Arc;

use super::super::Rule;
use super::super::subject::{Place, Subject};
use crate::asl::machine::{QueryLanguage, StateKind};
use crate::asl::resource::ResourceKind;
use crate::diagnostic::{Diagnostics, Fix, Severity, did_you_mean};
use crate::expr::jsonata_template::delimited;
use crate::source::{Member, Node, NodeKind, Span};

mod library;
mod names;

pub use library::ApiModels;
use library::{Service, Shape};
use names::{capitalised, sdk_name};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "api-action",
        severity: Severity::Warning,
        summary: "an SDK integration calls a service or an action that does not exist",
        explanation: "The ARN of an SDK integration names the service as the Java SDK does, in small letters, and the \
action with a small first letter: `arn:aws:states:::aws-sdk:dynamodb:getItem`. The service refuses names that it does not \
know. Checked where API models are on the machine; a service younger than they are is unknown to them, too.",
        example: r#"{
  "StartAt": "Read",
  "States": {
    "Read": {
      "Type": "Task",
      "Resource": "arn:aws:states:::aws-sdk:dynamodb:getItems",
      "Parameters": {"TableName": "orders", "Key": {"id": {"S.$": "$.id"}}},
      "End": true
    }
  }
}"#,
        check: |subject, found| check(subject, "api-action", found),
    },
    Rule {
        code: "api-parameter",
        severity: Severity::Warning,
        summary: "a call has a parameter that the action does not take",
        explanation: "Parameters of optimised and SDK integrations are spelt as the Java SDK spells them, with a capital \
first letter and capitals at the beginning of words only: `JobName`, `DbInstanceIdentifier`, `Ttl`. The service refuses \
others. Checked where API models are on the machine.",
        example: r#"{
  "StartAt": "Read",
  "States": {
    "Read": {
      "Type": "Task",
      "Resource": "arn:aws:states:::dynamodb:getItem",
      "Parameters": {"TableName": "orders", "Keys": {"id": {"S.$": "$.id"}}, "Key": {"id": {"S.$": "$.id"}}},
      "End": true
    }
  }
}"#,
        check: |subject, found| check(subject, "api-parameter", found),
    },
    Rule {
        code: "api-required",
        severity: Severity::Warning,
        summary: "a call lacks a parameter that the action needs",
        explanation: "The service would answer with an error of validation. A parameter whose value comes from a path or \
an expression counts as given. Checked where API models are on the machine.",
        example: r#"{
  "StartAt": "Read",
  "States": {
    "Read": {
      "Type": "Task",
      "Resource": "arn:aws:states:::dynamodb:getItem",
      "Parameters": {"Key": {"id": {"S.$": "$.id"}}},
      "End": true
    }
  }
}"#,
        check: |subject, found| check(subject, "api-required", found),
    },
    Rule {
        code: "api-value",
        severity: Severity::Warning,
        summary: "a parameter has a constant of the wrong type, or none of its values",
        explanation: "What is written down is compared with the type of the parameter: an object where an array belongs, a \
word that is not among the values an enumeration has. Checked where API models are on the machine.",
        example: r#"{
  "StartAt": "Read",
  "States": {
    "Read": {
      "Type": "Task",
      "Resource": "arn:aws:states:::dynamodb:getItem",
      "Parameters": {"TableName": "orders", "Key": {"id": {"S.$": "$.id"}}, "ReturnConsumedCapacity": "TOTALS"},
      "End": true
    }
  }
}"#,
        check: |subject, found| check(subject, "api-value", found),
    },
];

/// Optimised integrations whose parameters are those of an API, by the name of the service in the models.
const OPTIMISED: &[(&str, &str)] = &[
    ("lambda", "lambda"),
    ("sqs", "sqs"),
    ("sns", "sns"),
    ("dynamodb", "dynamodb"),
    ("states", "sfn"),
    ("events", "eventbridge"),
    ("ecs", "ecs"),
    ("batch", "batch"),
    ("glue", "glue"),
    ("databrew", "databrew"),
    ("athena", "athena"),
    ("codebuild", "codebuild"),
    ("emr-containers", "emrcontainers"),
    ("emr-serverless", "emrserverless"),
    ("mediaconvert", "mediaconvert"),
    ("sagemaker", "sagemaker"),
];

/// A call and its model.
struct Call {
    service: Arc<Service>,
    operation: String,
    /// `dynamodb:getItem`, for messages.
    shown: String,
    is_optimised: bool,
}

/// What is wrong in a call.
struct Findings<'f, 'a> {
    place: &'f Place<'a>,
    call: &'f Call,
    /// The code that is asked for.
    code: &'static str,
    found: &'f mut Diagnostics,
}

fn check(subject: &Subject<'_>, code: &'static str, found: &mut Diagnostics) {
    let Some(models) = &subject.options.api_models else { return };
    for place in subject.places() {
        let StateKind::Task(task) = &place.state.kind else { continue };
        let ResourceKind::Service { service, action, .. } = task.resource.kind() else { continue };
        if place.is_stand_in() {
            continue;
        }
        let sdk = service.strip_prefix("aws-sdk:");
        let Some(name) = sdk.or_else(|| OPTIMISED.iter().find(|(own, _)| *own == &**service).map(|(_, name)| *name))
        else {
            continue;
        };
        if code == "api-action" && sdk.is_some() && !models.has(name) {
            let message = format!("there is no service `{name}`");
            let finding = place.warning("api-action", "Resource", message, "not in the API models");
            found.push(match did_you_mean(name, models.names()) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help(
                    "write it as the Java SDK names it: `dynamodb`, `cloudwatchlogs`, `sfn`; closed services are gone",
                ),
            });
            continue;
        }
        let Some(model) = models.service(name) else { continue };
        let Some(operation) = model.operations.keys().find(|operation| is_action(operation, action)).cloned() else {
            if code == "api-action" && sdk.is_some() {
                let message = format!("`{name}` has no action `{action}`");
                let finding = place.warning("api-action", "Resource", message, "not in the API models");
                let actions: Vec<String> = model.operations.keys().map(|o| uncapitalised(o)).collect();
                found.push(match did_you_mean(action, actions.iter().map(String::as_str)) {
                    Some(near) => finding.help(format!("did you mean `{near}`?")),
                    None => finding.help("the action has the name of the API's operation, with a small first letter"),
                });
            }
            continue;
        };
        let call = Call { service: model, operation, shown: format!("{name}:{action}"), is_optimised: sdk.is_none() };
        if code != "api-action" {
            Findings { place, call: &call, code, found: &mut *found }.arguments();
        }
    }
}

/// Whether an operation is what the action names; the SDK writes capitals of its own in some.
fn is_action(operation: &str, action: &str) -> bool {
    operation.eq_ignore_ascii_case(action)
}

fn uncapitalised(operation: &str) -> String {
    match operation.split_at_checked(1) {
        Some((first, rest)) => format!("{}{rest}", first.to_ascii_lowercase()),
        None => operation.to_owned(),
    }
}

impl Findings<'_, '_> {
    fn is_jsonata(&self) -> bool {
        self.place.state.query_language == QueryLanguage::Jsonata
    }

    fn arguments(&mut self) {
        let field = if self.is_jsonata() { "Arguments" } else { "Parameters" };
        let Some(member) = self.place.node.member(field) else { return };
        let call = self.call;
        let Some(operation) = call.service.operations.get(&call.operation) else { return };
        match operation.input.as_ref().and_then(|input| call.service.shape(input)) {
            Some(shape) => self.value(&member.value, shape, field, member.key_span, 0),
            None => {
                for extra in member.value.members() {
                    let message = format!("`{}` takes no parameters", call.shown);
                    self.report(
                        "api-parameter",
                        (&format!("{field} › {}", extra.key), extra.key_span),
                        message,
                        "not taken",
                        "remove it".to_owned(),
                    );
                }
            }
        }
    }

    fn report(&mut self, code: &'static str, at: (&str, Span), message: String, label: &str, help: String) {
        self.report_with(code, at, message, label, help, None);
    }

    fn report_with(
        &mut self,
        code: &'static str,
        at: (&str, Span),
        message: String,
        label: &str,
        help: String,
        fix: Option<Fix>,
    ) {
        if code != self.code {
            return;
        }
        let finding = self.place.warning_at(code, at, message, label).fix(fix);
        self.found.push(finding.help(help));
    }

    /// Compares a value with the shape it should have.
    fn value(&mut self, node: &Node, shape: &Shape, way: &str, key: Span, depth: usize) {
        if shape.document || self.is_jsonata() && node.as_str().is_some_and(|text| delimited(text).is_some()) {
            return;
        }
        let call_is_lenient = self.call.is_optimised;
        match (shape.kind.as_str(), &node.kind) {
            ("structure", NodeKind::Object(members)) => self.structure(members, shape, way, key, depth),
            ("list", NodeKind::Array(items)) => {
                let Some(inner) = shape.member.as_ref().and_then(|m| self.call.service.shape(m)) else { return };
                for (i, item) in items.iter().enumerate() {
                    self.value(item, inner, &format!("{way}[{i}]"), item.span, depth + 1);
                }
            }
            ("map", NodeKind::Object(members)) => {
                let Some(inner) = shape.value.as_ref().and_then(|m| self.call.service.shape(m)) else { return };
                for member in members {
                    if self.is_dynamic(member) {
                        continue;
                    }
                    let below = format!("{way} › {}", member.key);
                    self.value(&member.value, inner, &below, member.key_span, depth + 1);
                }
            }
            ("string", NodeKind::String(text)) => self.word(node, text, shape, way),
            (kind, _) => {
                let wanted = match kind {
                    "structure" | "map" => "an object",
                    "list" => "an array",
                    "boolean" if !matches!(node.kind, NodeKind::Bool(_) | NodeKind::String(_)) => "true or false",
                    "integer" | "long" | "float" | "double"
                        if !matches!(node.kind, NodeKind::Number(_) | NodeKind::String(_)) =>
                    {
                        "a number"
                    }
                    // Texts, times and bytes are converted from what comes.
                    _ => return,
                };
                let text = node.as_str().map(|s| &**s).unwrap_or_default();
                // Optimised integrations build some objects, such as DynamoDB's attribute values, from a mere text.
                let is_short_form = call_is_lenient && kind == "structure" && node.as_str().is_some();
                if node.is_null() || is_short_form || text.contains("${") {
                    return;
                }
                let got = node.type_name();
                let name = way.rsplit(" › ").next().unwrap_or(way);
                let message = format!("`{name}` of `{}` is {wanted}, not {}", self.call.shown, with_article(got));
                self.report(
                    "api-value",
                    (way, node.span),
                    message,
                    &format!("{got} here"),
                    format!("write {wanted}, or a path or an expression that gives one"),
                );
            }
        }
    }

    /// Whether a path fills a member in.
    fn is_dynamic(&self, member: &Member) -> bool {
        !self.is_jsonata() && member.key.ends_with(".$")
    }

    fn word(&mut self, node: &Node, text: &str, shape: &Shape, way: &str) {
        if shape.values.is_empty() || shape.values.iter().any(|value| value == text) || text.contains("${") {
            return;
        }
        let name = way.rsplit(" › ").next().unwrap_or(way);
        let message = format!("`{name}` of `{}` has no value `{text}`", self.call.shown);
        let help = match did_you_mean(text, shape.values.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if shape.values.len() <= 12 => format!("its values are {}", shape.values.join(", ")),
            None => "look its values up in the API's reference".to_owned(),
        };
        self.report("api-value", (way, node.span), message, "not among its values", help);
    }

    fn structure(&mut self, members: &[Member], shape: &Shape, way: &str, key: Span, depth: usize) {
        let call = self.call;
        let mut given: Vec<&str> = Vec::new();
        for member in members {
            let is_dynamic = self.is_dynamic(member);
            let name = if is_dynamic { member.key.strip_suffix(".$").unwrap_or(&member.key) } else { &*member.key };
            let below = format!("{way} › {}", member.key);
            let known = shape.members.iter().find(|(own, _)| {
                sdk_name(own) == name || call.is_optimised && (capitalised(own) == name || *own == name && depth > 0)
            });
            if let Some((own, reference)) = known {
                given.push(own);
                if let Some(inner) = call.service.shape(reference).filter(|_| !is_dynamic) {
                    self.value(&member.value, inner, &below, member.key_span, depth + 1);
                }
                continue;
            }
            // Another spelling of a member still means it; one that begins with a small letter has a rule of its own.
            let other = shape.members.keys().find(|own| own.eq_ignore_ascii_case(name));
            given.extend(other.map(String::as_str));
            if other.is_some() && depth == 0 && name.starts_with(|c: char| c.is_ascii_lowercase()) {
                continue;
            }
            let all: Vec<String> = shape.members.keys().map(|own| sdk_name(own)).collect();
            let help = match (other, did_you_mean(name, all.iter().map(String::as_str))) {
                (Some(own), _) => format!("write `{}`, as the Java SDK spells it", sdk_name(own)),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) if all.len() <= 12 => format!("there are {}", all.join(", ")),
                (None, None) => "look the parameters up in the API's reference".to_owned(),
            };
            let message = match depth {
                0 => format!("`{}` has no parameter `{name}`", call.shown),
                _ => {
                    let parent = way.rsplit(" › ").next().unwrap_or(way);
                    format!("`{parent}` of `{}` has no member `{name}`", call.shown)
                }
            };
            let fix = other.and_then(|own| self.place.respell(member.key_span, name, &sdk_name(own)));
            self.report_with("api-parameter", (&below, member.key_span), message, "not known", help, fix);
        }
        let is_missing = |own: &&String| {
            let is_filled_in = shape.members.get(*own).is_some_and(|reference| reference.is_filled_in);
            !is_filled_in && !given.contains(&own.as_str())
        };
        let missing: Vec<String> = shape.required.iter().filter(is_missing).map(|own| sdk_name(own)).collect();
        if missing.is_empty() {
            return;
        }
        let listed = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        let message = match depth {
            0 => format!("`{}` needs {listed}", call.shown),
            _ => format!("`{}` of `{}` needs {listed}", way.rsplit(" › ").next().unwrap_or(way), call.shown),
        };
        self.report(
            "api-required",
            (way, key),
            message,
            "missing in this",
            format!("add {listed}, as a constant, a path or an expression"),
        );
    }
}

fn with_article(kind: &str) -> String {
    match kind {
        "null" => "null".to_owned(),
        "array" | "object" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::LintOptions;
    use super::*;
    use crate::asl::Machine;

    fn found(resource: &str, arguments: &str) -> Vec<String> {
        let text = format!(
            r#"{{"StartAt": "S", "States": {{"S": {{"Type": "Task", "End": true,
                "Resource": "arn:aws:states:::{resource}", "Parameters": {arguments}}}}}}}"#
        );
        let machine = Machine::parse(&text).unwrap();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lint/api-models");
        let options = LintOptions::default().api_models(ApiModels::open(folder).unwrap());
        let all = machine.lint_with(&options);
        all.iter().filter(|d| d.code.starts_with("api-")).map(|d| format!("{}: {}", d.code, d.message)).collect()
    }

    #[test]
    fn a_call_as_the_api_has_it_is_left_alone() {
        for (resource, arguments) in [
            ("aws-sdk:dynamodb:getItem", r#"{"TableName.$": "$.t", "Key.$": "$.k"}"#),
            ("dynamodb:getItem", r#"{"TableName": "t", "Key": {"id": {"S.$": "$.k"}, "n": "plain"}}"#),
            ("aws-sdk:dynamodb:listTables", "{}"),
            (
                "aws-sdk:rds:describeDBInstances",
                r#"{"DbInstanceIdentifier": "d", "Filters": [{"Name": "x", "Values": ["y"]}]}"#,
            ),
            ("aws-sdk:rds:describeDbInstances", r#"{"Filters.$": "$.filters"}"#),
            ("sns:publish", r#"{"Anything": 1}"#),
        ] {
            assert_eq!(found(resource, arguments), Vec::<String>::new(), "{resource} {arguments}");
        }
    }

    #[test]
    fn what_the_api_does_not_have_is_told() {
        for (resource, arguments, want) in [
            ("aws-sdk:dynamo:getItem", "{}", "api-action: there is no service `dynamo`"),
            ("aws-sdk:dynamodb:getItems", "{}", "api-action: `dynamodb` has no action `getItems`"),
            (
                "aws-sdk:rds:describeDBInstances",
                r#"{"DBInstanceIdentifier": "d"}"#,
                "api-parameter: `rds:describeDBInstances` has no parameter `DBInstanceIdentifier`",
            ),
            (
                "aws-sdk:rds:describeDBInstances",
                r#"{"Filters": [{"Values": ["y"]}]}"#,
                "api-required: `Filters[0]` of `rds:describeDBInstances` needs `Name`",
            ),
            (
                "aws-sdk:rds:describeDBInstances",
                r#"{"Filters": {"Name": "x"}}"#,
                "api-value: `Filters` of `rds:describeDBInstances` is an array, not an object",
            ),
            (
                "dynamodb:getItem",
                r#"{"TableName": "t", "Key.$": "$.k", "ConsistentRead": 1}"#,
                "api-value: `ConsistentRead` of `dynamodb:getItem` is true or false, not a number",
            ),
            (
                "dynamodb:getItem",
                r#"{"TableName": "t", "Key": {"id": {"s": "x"}}}"#,
                "api-parameter: `id` of `dynamodb:getItem` has no member `s`",
            ),
        ] {
            assert_eq!(found(resource, arguments), [want], "{resource} {arguments}");
        }
    }
}
