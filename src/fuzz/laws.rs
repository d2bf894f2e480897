//! What has to hold of every execution.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::did_you_mean;
use crate::engine::Status;
use crate::expr::env::Nowhere;
use crate::expr::jsonata::{Expression, Outcome, function_names};
use crate::harness::Run;
use crate::history::{Detail, History, wire};
use crate::mock::LoggedCall;
use crate::time::{Timestamp, format_offset};
use crate::value::{Str, Value};

/// Errors that no machine should run into, whatever its input and whatever fails around it.
pub(crate) const NEVER: [&str; 3] = ["States.Runtime", "States.QueryEvaluationError", "States.DataLimitExceeded"];

/// The variables that an expression may ask for.
pub(crate) const VARIABLES: [&str; 8] =
    ["calls", "history", "input", "output", "failure", "status", "variables", "elapsed"];

/// Says what is wrong with an execution, if anything is.
type Check = Arc<dyn Fn(&Run) -> Option<String> + Send + Sync>;

/// Something that has to hold of every execution.
#[derive(Clone)]
pub(crate) struct Law {
    /// As people read it.
    pub(crate) name: String,
    check: Check,
}

impl fmt::Debug for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Law").field(&self.name).finish()
    }
}

impl Law {
    /// A law that a function judges; it says what is wrong.
    pub(crate) fn new(name: impl Into<String>, check: impl Fn(&Run) -> Option<String> + Send + Sync + 'static) -> Law {
        Law { name: name.into(), check: Arc::new(check) }
    }

    /// A law in JSONata, over the [`VARIABLES`]; it holds where the expression gives `true`.
    ///
    /// # Errors
    /// What is wrong with the expression, with what to write where that is known.
    pub(crate) fn expression(source: &str) -> Result<Law, (String, Option<String>)> {
        let whole = parsed(source)?;
        let sides = sides(source).and_then(|(left, right)| Some((parsed(left).ok()?, parsed(right).ok()?)));
        let check = move |run: &Run| {
            let variables = variables_of(run, &whole);
            match evaluated(&whole, &variables) {
                Ok(Outcome::Value(Value::Bool(true))) => None,
                Ok(Outcome::Value(Value::Bool(false))) => Some(match &sides {
                    Some((left, right)) => {
                        let [left, right] = [left, right].map(|side| shown(evaluated(side, &variables)));
                        format!("it is false: {left} on the left, {right} on the right")
                    }
                    None => "it is false".to_owned(),
                }),
                other => Some(format!("it gives {}, and not `true`", shown(other))),
            }
        };
        Ok(Law::new(format!("{{% {} %}}", source.trim()), check))
    }

    /// The execution ends within so much time on the virtual clock, and so many events.
    pub(crate) fn terminates(within: Option<Duration>, events: Option<u64>) -> Law {
        let mut name = "it terminates".to_owned();
        if let Some(within) = within {
            name += &format!(" within {}", format_offset(within));
        }
        if let Some(events) = events {
            name += &format!("{} {events} events", if within.is_some() { " and" } else { " within" });
        }
        Law::new(name, move |run| {
            if matches!(run.status(), Status::Running) {
                return Some("it does not end".to_owned());
            }
            let seen = run.history().len() as u64;
            if within.is_some_and(|within| run.elapsed() > within) {
                return Some(format!("it takes {} on the virtual clock", format_offset(run.elapsed())));
            }
            if events.is_some_and(|most| seen > most) {
                return Some(format!("its history has {seen} events"));
            }
            ran_into_limits(run)
        })
    }

    /// None of these errors occurs, caught or not.
    pub(crate) fn never(errors: Vec<Str>) -> Law {
        let names: Vec<&str> = errors.iter().map(|e| &**e).collect();
        let name = match names.as_slice() {
            [only] => format!("never {only}"),
            [rest @ .., last] => format!("never {} or {last}", rest.join(", ")),
            [] => "never anything".to_owned(),
        };
        Law::new(name, move |run| {
            let histories = std::iter::once(run.history()).chain(run.children().iter().map(|c| &c.history));
            let mut found = histories.flat_map(failures);
            let (at, error, cause) = found.find(|(_, error, _)| errors.iter().any(|name| **name == **error))?;
            let at = format_offset(at.since(run.started_at()));
            let mut text = format!("{error} at {at}");
            if let Some(cause) = cause.filter(|c| !c.is_empty()) {
                text += &format!(": {cause}");
            }
            Some(text)
        })
    }

    /// What is wrong with an execution, if anything is.
    pub(crate) fn broken_by(&self, run: &Run) -> Option<String> {
        (self.check)(run)
    }
}

/// The end of an execution that ran into one of the service's limits.
fn ran_into_limits(run: &Run) -> Option<String> {
    let cause = run.cause()?;
    cause.starts_with("The execution reached the maximum number of history events").then(|| cause.to_owned())
}

/// The errors of a history, in order.
fn failures(history: &History) -> impl Iterator<Item = (Timestamp, &str, Option<&str>)> {
    history.iter().filter_map(|(_, event)| {
        let (error, cause) = match &event.detail {
            Detail::ExecutionFailed(e) | Detail::ExecutionTimedOut(e) | Detail::MapRunFailed(e) => {
                (e.name(), e.cause.as_deref())
            }
            Detail::TaskFailed(of) | Detail::TaskTimedOut(of) => (of.1.name(), of.1.cause.as_deref()),
            Detail::EvaluationFailed(e) => (&*e.error, Some(&*e.cause)),
            _ => return None,
        };
        Some((event.at, error, cause))
    })
}

fn parsed(source: &str) -> Result<Expression, (String, Option<String>)> {
    let expression =
        Expression::parse(source.trim()).map_err(|e| (format!("this is no JSONata: {}", e.message), None))?;
    let mentions = expression.mentions();
    if mentions.states_members != Default::default() {
        let help = format!("a law looks back at the whole execution; it has {}", listed());
        return Err(("a law has no `$states`".to_owned(), Some(help)));
    }
    if let Some(name) = mentions.variables.iter().find(|name| !VARIABLES.contains(&&***name)) {
        let help = match did_you_mean(name, VARIABLES.into_iter().chain(function_names())) {
            Some(near) => format!("did you mean `${near}`?"),
            None => format!("a law has {}", listed()),
        };
        return Err((format!("there is no `${name}`"), Some(help)));
    }
    if mentions.implicit_input {
        let help = format!("begin with one of {}", listed());
        return Err(("the expression reads a field of nothing".to_owned(), Some(help)));
    }
    Ok(expression)
}

fn listed() -> String {
    let names: Vec<String> = VARIABLES.iter().map(|name| format!("`${name}`")).collect();
    names.join(", ")
}

/// The two sides of an expression that is one comparison.
fn sides(source: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quote, mut found) = (0_i32, None, None);
    let bytes = source.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let mut length = 1;
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"' | b'`') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth -= 1,
            // What has other operators of as little strength is no single comparison.
            (None, b'?' | b';') if depth == 0 => return None,
            (None, b':' | b'~') if depth == 0 => return None,
            (None, b'<' | b'>' | b'=' | b'!') if depth == 0 => {
                length = 1 + usize::from(bytes.get(at + 1) == Some(&b'='));
                if found.replace((at, at + length)).is_some() {
                    return None;
                }
            }
            (None, b' ') if depth == 0 => {
                let rest = source.get(at..)?;
                if [" and ", " or ", " in "].iter().any(|word| rest.starts_with(word)) {
                    return None;
                }
            }
            _ => {}
        }
        at += length;
    }
    let (from, to) = found?;
    Some((source.get(..from)?, source.get(to..)?))
}

fn shown(outcome: Result<Outcome, String>) -> String {
    const MOST: usize = 120;
    match outcome {
        Ok(Outcome::Value(value)) => {
            let text = value.to_string();
            if text.chars().count() <= MOST {
                text
            } else {
                format!("{}…", text.chars().take(MOST).collect::<String>())
            }
        }
        Ok(Outcome::Undefined) => "nothing".to_owned(),
        Ok(Outcome::Unsupported) => "a function".to_owned(),
        Err(error) => format!("an error ({error})"),
    }
}

fn evaluated(expression: &Expression, variables: &[(&str, Value)]) -> Result<Outcome, String> {
    expression.evaluate_with(None, variables, &mut Nowhere).map_err(|error| error.message)
}

/// The values of the variables that an expression mentions.
fn variables_of(run: &Run, expression: &Expression) -> Vec<(&'static str, Value)> {
    let is_asked = |name: &&&str| expression.mentions().variables.iter().any(|asked| **asked == ***name);
    let asked = VARIABLES.iter().filter(is_asked);
    asked.filter_map(|name| Some((*name, variable(run, name)?))).collect()
}

fn variable(run: &Run, name: &str) -> Option<Value> {
    Some(match name {
        "calls" => Value::array(run.calls().all().iter().map(|call| of_call(run, call)).collect()),
        "history" => Value::from(wire::history_json(run.history()).get("events")?),
        "input" => run.history().iter().find_map(|(_, e)| match &e.detail {
            Detail::ExecutionStarted(started) => Some(started.input.clone()),
            _ => None,
        })?,
        "output" => match run.status() {
            Status::Succeeded(output) => output.clone(),
            _ => return None,
        },
        "failure" => {
            let error = run.status().error()?;
            let parts = [("error", &error.error), ("cause", &error.cause)];
            Value::object(parts.into_iter().filter_map(|(name, part)| Some((name, Value::from(part.as_ref()?)))))
        }
        "status" => Value::from(run.status().name()),
        "variables" => Value::object(run.variables().iter().cloned()),
        "elapsed" => seconds(run.elapsed()),
        _ => return None,
    })
}

fn seconds(time: Duration) -> Value {
    Value::from_f64(time.as_millis() as f64 / 1000.0)
}

/// A call as laws see it.
fn of_call(run: &Run, logged: &LoggedCall) -> Value {
    let call = &logged.call;
    let mut members = vec![
        ("state", Value::from(&call.state)),
        ("resource", Value::from(call.resource.short())),
        ("attempt", Value::from(call.attempt)),
        ("payload", call.payload.clone()),
        ("ok", Value::from(matches!(logged.outcome, Some(Ok(_))))),
        ("at", seconds(logged.at.since(run.started_at()))),
    ];
    if let Some(item) = call.item() {
        members.push(("item", Value::from(item as u64)));
    }
    if let Some(function) = call.function_name() {
        members.push(("function", Value::from(function)));
    }
    match &logged.outcome {
        Some(Ok(result)) => members.push(("result", result.clone())),
        Some(Err(error)) => {
            members.extend(error.error.as_ref().map(|name| ("error", Value::from(name))));
            members.extend(error.cause.as_ref().map(|cause| ("cause", Value::from(cause))));
        }
        None => {}
    }
    Value::object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_has_two_sides() {
        assert_eq!(sides("$count($calls[a = 1]) <= 2"), Some(("$count($calls[a = 1]) ", " 2")));
        assert_eq!(sides("$status != 'a = b'"), Some(("$status ", " 'a = b'")));
        for other in ["$a", "$a = 1 and $b", "$a = 1 or $b = 2", "$a = 1 ? $b : $c", "1 < 2 < 3", "$x := 1 = 2"] {
            assert_eq!(sides(other), None, "{other}");
        }
    }

    #[test]
    fn mistakes_in_a_law_are_told() {
        let said = |source: &str| Law::expression(source).map(|law| law.name).unwrap_err();
        assert_eq!(said("$cals[ok]"), ("there is no `$cals`".into(), Some("did you mean `$calls`?".into())));
        assert_eq!(said("$states.input.a").0, "a law has no `$states`");
        assert_eq!(said("status = 'x'").0, "the expression reads a field of nothing");
        assert!(said("$status =").0.starts_with("this is no JSONata: "));
    }
}
