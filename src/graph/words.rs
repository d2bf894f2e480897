//! What is written into boxes and beside edges.

use std::collections::HashMap;

use crate::asl::machine::{Condition, Inner, Operand, Retrier, State, StateKind, Text, Wait};
use crate::asl::{Pattern, Resource, ResourceKind};
use crate::engine::retry;
use crate::source::Node;
use crate::time::format_offset;
use crate::value::Str;

/// How many waits of a retrier are spelt out.
const MOST_WAITS: u64 = 4;

/// What a state does.
pub(super) fn detail(state: &State) -> String {
    match &state.kind {
        StateKind::Task(task) => called(&task.resource, state),
        StateKind::Wait(Wait::Seconds(seconds)) => match seconds {
            Operand::Constant(seconds) => format_offset(std::time::Duration::from_secs(*seconds)),
            Operand::Path(path) => format!("{path} seconds"),
            Operand::Jsonata(expression) => format!("{} seconds", one_line(expression.source())),
        },
        StateKind::Wait(Wait::Timestamp(instant)) => match instant {
            Operand::Constant(instant) => format!("until {instant}"),
            Operand::Path(path) => format!("until {path}"),
            Operand::Jsonata(expression) => format!("until {}", one_line(expression.source())),
        },
        StateKind::Fail(fail) => fail.error.as_ref().map(text).unwrap_or_default(),
        StateKind::Parallel(parallel) => match parallel.branches.len() {
            1 => "1 branch".into(),
            n => format!("{n} branches"),
        },
        StateKind::Map(map) => match (&map.distributed, &map.max_concurrency) {
            (Some(_), _) => "distributed".into(),
            (None, Some(Operand::Constant(n @ 1..))) => format!("{n} at a time"),
            (None, _) => String::new(),
        },
        StateKind::Pass(_) | StateKind::Choice(_) | StateKind::Succeed => String::new(),
    }
}

fn called(resource: &Resource, state: &State) -> String {
    match resource.kind() {
        ResourceKind::Lambda { function } => format!("lambda:invoke {function}"),
        ResourceKind::Activity { name } => format!("activity {name}"),
        ResourceKind::Service { service, action, pattern, .. } => {
            let service = service.strip_prefix("aws-sdk:").unwrap_or(service);
            let what = match function(state) {
                Some(function) if service == "lambda" => format!(" {function}"),
                _ => String::new(),
            };
            let waits = match pattern {
                Pattern::RequestResponse => "",
                Pattern::Sync | Pattern::Sync2 => " · waits for the job",
                Pattern::WaitForTaskToken => " · waits for a token",
            };
            format!("{service}:{action}{what}{waits}")
        }
    }
}

/// The function that `lambda:invoke` is for, where the definition says it.
fn function(state: &State) -> Option<String> {
    let StateKind::Task(task) = &state.kind else { return None };
    let name = match task.parameters.as_ref()? {
        crate::asl::machine::Payload::JsonPath(template) => template.constant_member("FunctionName")?,
        crate::asl::machine::Payload::Jsonata(template) => template.constant_member("FunctionName")?,
    };
    let name = name.as_str()?;
    let name = name.rsplit_once(":function:").map_or(name, |(_, name)| name);
    Some(name.split(':').next().unwrap_or(name).to_owned())
}

fn text(text: &Text) -> String {
    match text {
        Text::Constant(text) => text.to_string(),
        Text::Path(path) => path.as_str().to_owned(),
        Text::Jsonata(expression) => one_line(expression.source()),
    }
}

/// The `Comment`s of all states by name: a name stands once in a machine.
pub(super) fn comments(machine: &Inner) -> HashMap<&str, &str> {
    let commented = machine.written().into_iter().filter_map(|member| {
        let comment = member.value.get("Comment").and_then(Node::as_str)?;
        Some((&*member.key, comment.trim()))
    });
    commented.collect()
}

/// A Choice rule in words.
pub(super) fn condition(condition: &Condition) -> String {
    match condition {
        Condition::JsonPath(rule) => rule.to_string(),
        Condition::Jsonata(expression) => one_line(expression.source()).replace("$states.input.", ""),
        Condition::Constant(true) => "always".into(),
        Condition::Constant(false) => "never".into(),
    }
}

/// The errors of a `Catch` or `Retry`, as few words as will do.
pub(super) fn errors(names: &[Str]) -> String {
    let plain = |name: &Str| match &**name {
        "States.ALL" => "any error".to_owned(),
        name => name.to_owned(),
    };
    names.iter().map(plain).collect::<Vec<_>>().join(", ")
}

/// `×3 · 2s, 4s, 8s`: how often and after which waits a retrier tries again.
pub(super) fn schedule(retrier: &Retrier) -> String {
    if retrier.max_attempts == 0 {
        return "never".into();
    }
    let wait = |used: u64| format_offset(retry::delay(retrier, used, || 1.0));
    let mut waits: Vec<String> = (0..retrier.max_attempts.min(MOST_WAITS)).map(wait).collect();
    let last = retrier.max_attempts - 1;
    let waits = if waits.iter().all(|w| w == &waits[0]) && wait(last) == waits[0] {
        waits[0].clone()
    } else {
        if retrier.max_attempts > MOST_WAITS {
            waits.truncate(MOST_WAITS as usize - 1);
            waits.push(format!("… {}", wait(last)));
        }
        waits.join(", ")
    };
    let up_to = if retrier.full_jitter { "up to " } else { "" };
    format!("×{} · {up_to}{waits}", retrier.max_attempts)
}

/// A text in one line, with single blanks.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule_of(interval: u64, rate: f64, attempts: u64, jitter: bool) -> String {
        schedule(&Retrier {
            errors: vec!["States.ALL".into()],
            interval_seconds: interval,
            max_attempts: attempts,
            backoff_rate: rate,
            max_delay_seconds: None,
            full_jitter: jitter,
        })
    }

    #[test]
    fn a_schedule_spells_out_a_few_waits() {
        assert_eq!(schedule_of(2, 2.0, 3, false), "×3 · 2s, 4s, 8s");
        assert_eq!(schedule_of(2, 2.0, 6, false), "×6 · 2s, 4s, 8s, … 1m4s");
        assert_eq!(schedule_of(5, 1.0, 9, false), "×9 · 5s");
        assert_eq!(schedule_of(5, 2.0, 1, true), "×1 · up to 5s");
        assert_eq!(schedule_of(5, 2.0, 0, false), "never");
        // An attempt that could never be counted is not waited for.
        assert_eq!(schedule_of(1, 2.0, u64::MAX, false), "×18446744073709551615 · 1s, 2s, 4s, … 366d");
    }
}
