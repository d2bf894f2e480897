//! What an execution did, as the expectations of a scenario.

use crate::engine::Status;
use crate::harness::Run;
use crate::harness::assert::label;
use crate::history::Detail;
use crate::history::timeline::Timeline;
use crate::scenario::write::Entry;
use crate::task::TaskError;
use crate::value::Value;

/// A longer path says nothing to anybody.
const MOST_STEPS: usize = 60;

/// How much of what happened is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Much {
    /// The status, the path, and the error's name.
    Little,
    /// Also the output and the cause.
    All,
}

/// What is to be expected so that a run like this one passes.
pub(super) fn expectations(run: &Run, much: Much) -> Vec<Entry> {
    let output = match run.status() {
        Status::Succeeded(output) => Some(output),
        _ => None,
    };
    words(run.status().name(), output, run.status().error(), run.timeline(), much)
}

/// The same of an execution that ended with this event.
pub(super) fn expected(last: &Detail, timeline: &Timeline, much: Much) -> Vec<Entry> {
    match last {
        Detail::ExecutionSucceeded { output } => words("SUCCEEDED", Some(output), None, timeline, much),
        Detail::ExecutionAborted(error) => words("ABORTED", None, Some(error), timeline, much),
        Detail::ExecutionTimedOut(error) => words("TIMED_OUT", None, Some(error), timeline, much),
        Detail::ExecutionFailed(error) => words("FAILED", None, Some(error), timeline, much),
        _ => Vec::new(),
    }
}

fn words(
    status: &str,
    output: Option<&Value>,
    error: Option<&TaskError>,
    timeline: &Timeline,
    much: Much,
) -> Vec<Entry> {
    let mut words = vec![Entry::new("status", Value::from(status))];
    words.extend(path(timeline).map(|path| Entry::new("path", path)));
    if let Some(name) = error.and_then(|e| e.error.as_ref()) {
        words.push(Entry::new("error", Value::from(name)));
    }
    if much == Much::All {
        words.extend(error.and_then(|e| e.cause.as_ref()).map(|cause| Entry::new("cause", Value::from(cause))));
        words.extend(output.map(|output| Entry::new("exactly", output.clone())));
    }
    words
}

/// The states of the main line, where they are not too many and no name means something else in a path.
fn path(timeline: &Timeline) -> Option<Value> {
    let steps: Vec<String> = timeline.visits.iter().filter(|v| v.path.is_empty()).map(label).collect();
    let means_itself = |step: &String| !matches!(step.as_str(), "..." | "*") && !step.contains('/');
    let fits = !steps.is_empty() && steps.len() <= MOST_STEPS && steps.iter().all(means_itself);
    fits.then(|| Value::array(steps.into_iter().map(Value::from).collect()))
}

/// One reply as itself, several as a list.
pub(super) fn one_or_list(mut replies: Vec<Value>) -> Value {
    match replies.len() {
        1 => replies.remove(0),
        _ => Value::array(replies),
    }
}

/// The sentence that says why a run came to no end, without the history below it.
pub(super) fn brief_reason(text: &str) -> &str {
    let text = text.split("\n\n").next().unwrap_or(text);
    // `failed to rehearse `order`: …`
    text.split_once("`: ").filter(|(before, _)| before.starts_with("failed to rehearse")).map_or(text, |(_, why)| why)
}
