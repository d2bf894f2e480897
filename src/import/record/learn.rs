//! What a deployment filled in: the names of functions, queues and tables that a template only refers to.
//!
//! The history shows them in the payloads. A value counts as found where the definition, with it in place of a
//! reference or a placeholder, holds what was recorded.

use crate::asl::{CompileOptions, Machine};

/// How many definitions are compiled to find out.
const MOST_TRIES: usize = 400;

/// What a reference to a resource is called, by what stands in its place: `{}` is its logical name.
const REFERENCES: [&str; 12] = [
    "{}",
    "{}.Arn",
    "{}.Name",
    "{}.QueueUrl",
    "{}.TopicArn",
    "aws_lambda_function.{}.arn",
    "aws_lambda_function.{}.function_name",
    "aws_sqs_queue.{}.url",
    "aws_sqs_queue.{}.id",
    "aws_sns_topic.{}.arn",
    "aws_dynamodb_table.{}.name",
    "aws_sfn_activity.{}.id",
];

/// The options with which the definition has the recorded texts in place of made-up ones; nothing where none helps.
pub(super) fn substitutions(
    definition: &str,
    options: &CompileOptions,
    pairs: &[(String, String)],
) -> Option<CompileOptions> {
    let mut learned = options.clone();
    let mut current = text_of(definition, &learned)?;
    let (mut tries, mut found) = (0, false);
    for (recorded, made_up) in pairs {
        if current.contains(&in_json(recorded)) && !current.contains(&in_json(made_up)) {
            continue;
        }
        for (name, value) in candidates(recorded, made_up) {
            tries += 1;
            if tries > MOST_TRIES {
                break;
            }
            let with = learned.clone().substitute(name, value);
            let Some(text) = text_of(definition, &with) else { continue };
            if text != current && text.contains(&in_json(recorded)) {
                (learned, current, found) = (with, text, true);
                break;
            }
        }
    }
    found.then_some(learned)
}

fn text_of(definition: &str, options: &CompileOptions) -> Option<String> {
    Some(Machine::load_with(definition, options).ok()?.definition().to_string())
}

/// A text as it stands in JSON, without its quotes.
fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

/// Names that could stand for a made-up text, each with the value it would have to have.
fn candidates(recorded: &str, made_up: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    // A placeholder that has no value says its own name.
    if let Some((head, rest)) = made_up.split_once("${")
        && let Some((name, tail)) = rest.split_once('}')
        && let Some(value) = recorded.strip_prefix(head).and_then(|r| r.strip_suffix(tail))
    {
        all.push((name.to_owned(), value.to_owned()));
    }
    let is_name = |part: &&str| part.chars().next().is_some_and(char::is_alphabetic) && part.len() > 2;
    let mut parts: Vec<&str> = made_up.split([':', '/']).filter(is_name).collect();
    parts.reverse();
    for part in parts {
        let tail = made_up.rsplit_once(part).map_or("", |(_, tail)| tail);
        let whole = recorded.strip_suffix(tail);
        for reference in REFERENCES {
            let name = reference.replace("{}", part);
            all.extend(whole.filter(|_| !tail.is_empty()).map(|value| (name.clone(), value.to_owned())));
            all.push((name, recorded.to_owned()));
        }
    }
    all
}
