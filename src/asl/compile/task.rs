//! The Task state: what it calls and for how long.

use std::sync::Arc;

use super::Compiler;
use super::flow::Setting;
use super::integrations::refusal;
use super::operand::LONGEST_SECONDS;
use crate::asl::cursor::{Cursor, PLACEHOLDER_HELP};
use crate::asl::machine::{Operand, QueryLanguage, Task, Text};
use crate::asl::resource::{Pattern, Resource, ResourceKind};

impl Compiler<'_> {
    pub(super) fn task(&mut self, at: &Cursor<'_>, language: QueryLanguage, setting: &Setting) -> Option<Task> {
        let jsonpath = |name: &str| (language == QueryLanguage::JsonPath).then(|| at.get(name)).flatten();
        let parameters = self.arguments(at, language);
        let result_selector = jsonpath("ResultSelector").and_then(|s| self.payload(&s, language));
        let result_path = self.result_path(jsonpath("ResultPath"));
        let timeout = self.whole_operand(at, "TimeoutSeconds", language, (1, LONGEST_SECONDS));
        let heartbeat = self.whole_operand(at, "HeartbeatSeconds", language, (1, LONGEST_SECONDS));
        if let (Some(Operand::Constant(timeout)), Some(Operand::Constant(beat))) = (&timeout, &heartbeat)
            && beat >= timeout
            && let Some(field) = at.get("HeartbeatSeconds")
        {
            let message = format!("a heartbeat every {beat} s does not fit into a timeout of {timeout} s");
            let found = field.error("out-of-range", message, "must be less than `TimeoutSeconds`");
            self.report(found);
        }
        let role_arn = self.credentials(at, language);
        let resource = self.required(at, "Resource").and_then(|r| self.resource(&r, setting))?;
        Some(Task {
            resource: Arc::new(resource),
            parameters,
            result_selector,
            result_path,
            timeout,
            heartbeat,
            role_arn,
        })
    }

    fn resource(&mut self, at: &Cursor<'_>, setting: &Setting) -> Option<Resource> {
        let text = self.string(at)?;
        let has_placeholder = at.has_placeholder();
        let is_arn = text.starts_with("arn:") && !has_placeholder;
        // A value that somebody gave for a placeholder may be the bare name of a function.
        let is_given = || self.options.substitutions.values().any(|value| **value == *text);
        if !is_arn && (self.options.stand_ins || is_given()) {
            return stand_in(&text);
        }
        if has_placeholder {
            let message = format!("the placeholder in `{text}` has no value");
            let found = at.error("placeholder", message, "not an ARN yet");
            self.report(found.help(format!("{PLACEHOLDER_HELP}, or let stand-ins take its place")));
            return None;
        }
        let parsed = Resource::parse(&text);
        let why = match parsed.as_ref().map(Resource::kind) {
            Some(ResourceKind::Service { service, action, pattern, .. }) => refusal(service, action, *pattern),
            Some(ResourceKind::Lambda { .. }) => bad_qualifier(&text),
            Some(ResourceKind::Activity { .. }) => None,
            None => Some(
                "write the ARN of a Lambda function or an activity, `arn:aws:states:::service:action` or \
                 `arn:aws:states:::aws-sdk:service:action`"
                    .to_owned(),
            ),
        };
        if let Some(help) = why {
            let aws = format!(
                "The resource provided {text} is not recognized. The value is not a valid resource ARN, or the resource \
                 is not available in this region."
            );
            let found =
                at.error("resource", format!("`{text}` is not a resource that can be called"), "not recognized");
            self.report(found.help(help).aws(at.schema(aws)));
            return None;
        }
        if setting.is_express {
            self.express_resource(at, parsed.as_ref()?);
        }
        parsed
    }

    /// Express workflows only ask and get their answer at once.
    fn express_resource(&mut self, at: &Cursor<'_>, resource: &Resource) {
        let pattern = match resource.pattern() {
            Pattern::WaitForTaskToken => ".waitForTaskToken",
            Pattern::Sync => ".sync",
            Pattern::Sync2 => ".sync:2",
            Pattern::RequestResponse if resource.is_activity() => {
                let message = "an Express workflow cannot use activities";
                self.report(at.error("express-pattern", message, "needs a Standard workflow"));
                return;
            }
            Pattern::RequestResponse => return,
        };
        let message = format!("an Express workflow has no `{pattern}`");
        let found = at.error("express-pattern", message, "needs a Standard workflow");
        // The service ends this sentence with a blank.
        let aws = format!("Express state machine does not support '{pattern}' service integration ");
        self.report(found.help("make the machine a Standard one, or call without waiting").aws(at.schema(aws)));
    }

    fn credentials(&mut self, at: &Cursor<'_>, language: QueryLanguage) -> Option<Text> {
        let at = at.get("Credentials")?;
        if language == QueryLanguage::Jsonata && at.node().as_str().is_some() {
            return self.expression(&at).map(Text::Jsonata);
        }
        self.object(&at, "`Credentials`")?;
        let dynamic = match language {
            QueryLanguage::JsonPath => at.get("RoleArn.$"),
            QueryLanguage::Jsonata => None,
        };
        if let Some(path) = dynamic {
            return self.path_or_intrinsic(&path).map(Text::Path);
        }
        let Some(role) = at.get("RoleArn") else {
            let found = at.key_error("missing-field", "`RoleArn` is missing", "in these");
            self.report(found.aws(at.schema("The field 'RoleArn' is required but was missing")));
            return None;
        };
        self.known_fields(&at, "`Credentials`", &["RoleArn"]);
        self.text_or_expression(&role, language)
    }
}

/// A Lambda function with the name that a placeholder holds: `${ChargeFunction.Arn}` is `ChargeFunction`.
fn stand_in(text: &str) -> Option<Resource> {
    let inner = text.rsplit_once("${").map_or(text, |(_, rest)| rest.split('}').next().unwrap_or(rest));
    let name = inner.strip_suffix(".Arn").unwrap_or(inner);
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' }).collect();
    let name = if name.is_empty() { "function" } else { &name };
    Resource::parse(&format!("arn:aws:lambda:us-east-1:123456789012:function:{name}"))
}

/// What is wrong with the version or alias at the end of a function's ARN, if it has one.
fn bad_qualifier(arn: &str) -> Option<String> {
    let qualifier = arn.split(':').nth(7)?;
    let is_good = !qualifier.is_empty() && qualifier.chars().all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c));
    (!is_good)
        .then(|| format!("`{qualifier}` is neither a version nor an alias; write `:live` or `:7`, or leave it out"))
}
