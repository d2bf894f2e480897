//! A call that nothing answers: what the person reads who has to add the missing line.

use std::fmt;

use super::key::{CallNames, plain_location};
use super::shape;
use super::text::{rust_literal, yaml_flow, yaml_word};
use crate::asl::ResourceKind;
use crate::diagnostic::did_you_mean;
use crate::services::jobs;
use crate::task::Call;
use crate::value::Value;

/// A call that nothing answers. Its text says who called what, why nothing answered, and the lines to add.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Unanswered {
    /// Where the call comes from: `Outer[2]/Inner`.
    pub location: String,
    /// What is called: `lambda:invoke`.
    pub resource: String,
    /// Which one of these, where the call says so: a function, an activity, a queue, a table.
    pub subject: Option<String>,
    /// Why nothing answered.
    pub reason: Reason,
    /// A key there is, and what it may have been meant to say.
    pub near: Option<(String, String)>,
    /// The key under which a mock would answer this call.
    pub key: String,
    /// A result such a mock could return.
    pub example: Value,
    /// How somebody else could end the task, in the words of a scenario file.
    waits: Option<String>,
    /// The address that an HTTP Task or a call of an API wants to reach.
    reaches: Option<String>,
    /// The service and the name of the job that the task waits for.
    runs: Option<(&'static str, String)>,
    /// Whether the mocks are written in a file, so that Rust is of no use.
    in_file: bool,
}

/// Why nothing answers a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No key names the call.
    NoMock,
    /// The mock that is meant has no reply left.
    UsedUp {
        /// The mock's key.
        key: String,
        /// How many replies it had.
        replies: u64,
        /// Which call of the mock this is, from 1.
        call: u64,
    },
    /// No reply of the mock is for this call.
    NothingFits {
        /// The mock's key.
        key: String,
        /// Why not, for each of its replies.
        objections: Vec<String>,
    },
}

impl Unanswered {
    pub(super) fn new<'a>(names: &CallNames<'_>, reason: Reason, keys: impl Iterator<Item = &'a str>) -> Unanswered {
        let call = names.call;
        let meant = names.all();
        let mut near = None;
        if reason == Reason::NoMock {
            let similar = |key: &str| did_you_mean(key, meant.iter().map(String::as_str)).map(str::to_owned);
            near = keys.filter_map(|key| Some((key.to_owned(), similar(key)?))).next();
        }
        Unanswered {
            location: call.location(),
            resource: call.resource.short(),
            subject: subject_of(call).or_else(|| call.function_name().map(str::to_owned)),
            reason,
            near,
            key: plain_location(call),
            example: shape::example(&call.resource),
            waits: match call.resource.is_activity() {
                true => {
                    Some(format!("or let a worker do it: `workers: {{ {}: {{ return: {{}} }} }}`", call.resource.api()))
                }
                false => call.resource.waits_for_token().then(|| {
                    let state = &call.state;
                    format!("or let somebody answer: `timeline: [{{ at: 1s, succeed: {state}, output: {{}} }}]`")
                }),
            },
            reaches: reaches(call),
            runs: jobs::wanted_by(call),
            in_file: false,
        }
    }
    /// The same, for somebody who writes files.
    pub(super) fn in_file(mut self, is_file: bool) -> Unanswered {
        self.in_file = is_file;
        self
    }
    /// What happened: one sentence.
    pub fn message(&self) -> String {
        let subject = self.subject.as_ref().map_or(String::new(), |s| format!(" `{s}`"));
        let calls = format!("`{}` calls {}{subject}", self.location, self.resource);
        match &self.reason {
            Reason::NoMock => format!("{calls}, and no mock answers it"),
            Reason::UsedUp { key, replies, call } => {
                format!("{calls}, but the mock of `{key}` had {}, and this is call {call}", replies_of(*replies))
            }
            Reason::NothingFits { key, .. } => format!("{calls}, but no reply in the mock of `{key}` is for this call"),
        }
    }
    /// What to do about it: lines, indented by two blanks.
    pub fn help(&self) -> String {
        let mut lines = Vec::new();
        match &self.reason {
            Reason::NoMock => {}
            Reason::UsedUp { .. } if self.in_file => {
                lines.push("  add one more reply, or let the last one repeat by taking its `times` away".into());
                return lines.join("\n");
            }
            Reason::UsedUp { .. } => {
                lines.push(
                    "  say what comes next with `.then(..)`, or let the last reply repeat by giving it no `times`"
                        .into(),
                );
                return lines.join("\n");
            }
            Reason::NothingFits { objections, .. } => {
                lines.extend(objections.iter().enumerate().map(|(i, why)| format!("  reply {} {why}", i + 1)));
                lines.push("  add a last reply without conditions for all other calls".into());
                return lines.join("\n");
            }
        }
        if let Some((key, meant)) = &self.near {
            lines.push(format!("  there is a mock for `{key}`: did you mean `{meant}`?"));
        }
        if self.in_file {
            lines.push("  add:   mocks:".into());
            lines.push(format!("           {}", self.yaml_line()));
            lines.extend(self.waits.iter().map(|how| format!("  {how}")));
            if let Some((service, name)) = &self.runs {
                let name = yaml_word(name);
                lines.push(format!(
                    "  or let a model run it: `services: {{ jobs: {{ {service}: {{ {name}: {{}} }} }} }}`"
                ));
            }
            return lines.join("\n");
        }
        lines.push(format!("  add:   {}", self.rust_line()));
        lines.push("  or:    mocks:".into());
        lines.push(format!("           {}", self.yaml_line()));
        let server = |from| format!("  or let a server answer: .endpoint({from:?}, \"http://127.0.0.1:9999\")");
        lines.extend(self.reaches.iter().map(server));
        if let Some((service, name)) = &self.runs {
            let job = format!("{}, {}, Job::succeeds()", rust_literal(service), rust_literal(name));
            lines.push(format!("  or let a model run it: .services(Setup::new().job({job}))"));
        }
        if self.waits.is_some() {
            lines.push("  or let the test end it: mock::later() in Rust, { later: true } in YAML".into());
        }
        lines.join("\n")
    }
    /// The line that answers the call, in Rust.
    pub fn rust_line(&self) -> String {
        format!(".mock({}, json!({}))", rust_literal(&self.key), self.example)
    }
    /// The line that answers the call, below `mocks:`.
    pub fn yaml_line(&self) -> String {
        format!("{}: {{ return: {} }}", yaml_word(&self.key), yaml_flow(&self.example))
    }
}

fn replies_of(n: u64) -> String {
    if n == 1 { "1 reply".into() } else { format!("{n} replies") }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.message(), self.help())
    }
}

impl std::error::Error for Unanswered {}

/// `https://api.stripe.com`: the server that a call wants to reach.
fn reaches(call: &Call) -> Option<String> {
    let endpoint = call.payload.get("ApiEndpoint")?.as_str()?;
    match call.resource.service() {
        "apigateway" => Some(format!("https://{endpoint}")),
        "http" => {
            let (scheme, rest) = endpoint.split_once("://")?;
            Some(format!("{scheme}://{}", rest.split(['/', '?', '#']).next()?))
        }
        _ => None,
    }
}

/// Which member of a payload says what is meant, by service.
const SUBJECTS: [(&str, &str); 11] = [
    ("sqs", "QueueUrl"),
    ("sns", "TopicArn"),
    ("dynamodb", "TableName"),
    ("states", "StateMachineArn"),
    ("ecs", "TaskDefinition"),
    ("batch", "JobDefinition"),
    ("glue", "JobName"),
    ("codebuild", "ProjectName"),
    ("apigateway", "Path"),
    ("http", "ApiEndpoint"),
    ("s3", "Bucket"),
];

/// The queue, table or the like that a call is about.
fn subject_of(call: &Call) -> Option<String> {
    let ResourceKind::Service { service, .. } = call.resource.kind() else { return None };
    let service = service.strip_prefix("aws-sdk:").unwrap_or(service);
    let (_, member) = SUBJECTS.iter().find(|(name, _)| *name == service)?;
    let text = call.payload.get(member)?.as_str()?;
    let is_path = matches!(service, "apigateway" | "http");
    let last = if is_path { text } else { text.rsplit([':', '/']).next().unwrap_or(text) };
    Some(last.chars().take(80).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::set::tests::{AT, INVOKE, call};
    use super::super::{self as mock, Answer, MockSet};
    use super::*;

    fn unanswered(mocks: &mut MockSet, call: &Call) -> String {
        match mocks.answer(call, AT) {
            Answer::Unanswered(unanswered) => unanswered.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_call_without_a_mock_shows_the_lines_to_add() {
        let charge = call(INVOKE, "Charge").payload(r#"{"FunctionName":"charge-card"}"#);
        let want = "\
`Charge` calls lambda:invoke `charge-card`, and no mock answers it
  add:   .mock(\"Charge\", json!({\"StatusCode\":200,\"Payload\":{}}))
  or:    mocks:
           Charge: { return: { StatusCode: 200, Payload: {} } }";
        assert_eq!(unanswered(&mut MockSet::new(), &charge), want);
        let ask = call("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "yes")
            .inside("Each: one", 4)
            .payload(r#"{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/123456789012/approvals"}"#);
        let want = "\
`Each: one[4]/yes` calls sqs:sendMessage.waitForTaskToken `approvals`, and no mock answers it
  add:   .mock(\"Each: one/yes\", json!({}))
  or:    mocks:
           \"Each: one/yes\": { return: {} }
  or let the test end it: mock::later() in Rust, { later: true } in YAML";
        assert_eq!(unanswered(&mut MockSet::new(), &ask), want);
    }

    #[test]
    fn an_activity_is_named_once() {
        let pack = call("arn:aws:states:us-east-1:1:activity:packing", "Pack");
        let text = unanswered(&mut MockSet::new(), &pack);
        assert!(text.starts_with("`Pack` calls activity:packing, and no mock"), "{text}");
    }

    #[test]
    fn a_key_that_is_nearly_right_is_pointed_out() {
        let mut mocks = MockSet::new();
        mocks.insert("Ship", json!(1));
        mocks.insert("Chrage", json!(1));
        let text = unanswered(&mut mocks, &call(INVOKE, "Charge"));
        assert!(text.contains("\n  there is a mock for `Chrage`: did you mean `Charge`?\n"), "{text}");
    }

    #[test]
    fn a_mock_without_a_reply_for_the_call_says_why() {
        let mut mocks = MockSet::new();
        mocks.insert("Charge", mock::sequence([json!(1)]));
        mocks.insert("Work", mock::returns(1).for_item(1).then(mock::returns(2).with(json!({"id": "o-1"}))));
        mocks.answer(&call(INVOKE, "Charge"), AT);
        let want = "\
`Charge` calls lambda:invoke, but the mock of `Charge` had 1 reply, and this is call 2
  say what comes next with `.then(..)`, or let the last reply repeat by giving it no `times`";
        assert_eq!(unanswered(&mut mocks, &call(INVOKE, "Charge")), want);
        let want = "\
`Each[0]/Work` calls lambda:invoke, but no reply in the mock of `Work` is for this call
  reply 1 is for item 1; this is item 0
  reply 2 wants another payload: `id` is \"o-2\", expected \"o-1\"
  add a last reply without conditions for all other calls";
        let work = call(INVOKE, "Work").inside("Each", 0).payload(r#"{"id":"o-2"}"#);
        assert_eq!(unanswered(&mut mocks, &work), want);
    }
}
