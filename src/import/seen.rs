//! What a run did, as the expectations of a scenario.

use crate::engine::Status;
use crate::harness::Run;
use crate::harness::assert::label;
use crate::scenario::write::Entry;
use crate::value::Value;

/// A longer path says nothing to anybody.
const MOST_STEPS: usize = 60;
/// A longer output is expected by the snapshot, or not at all.
const MOST_OUTPUT: usize = 4_000;

/// How much of what happened is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Much {
    /// The status, the path, and the error's name.
    Little,
    /// Also the output, the cause and the time.
    All,
}

/// What is to be expected so that a run like this one passes.
pub(super) fn expectations(run: &Run, much: Much) -> Vec<Entry> {
    let mut words = vec![Entry::new("status", Value::from(run.status().name()))];
    words.extend(path(run).map(|path| Entry::new("path", path)));
    if let Some(error) = run.error() {
        words.push(Entry::new("error", Value::from(error)));
    }
    if much == Much::Little {
        return words;
    }
    if let Some(cause) = run.cause() {
        words.push(Entry::new("cause", Value::from(cause)));
    }
    if let Status::Succeeded(output) = run.status()
        && output.text_len() <= MOST_OUTPUT
    {
        words.push(Entry::new("exactly", output.clone()));
    }
    words
}

/// The states of the main line, where they are not too many and no name means something else in a path.
fn path(run: &Run) -> Option<Value> {
    let steps: Vec<String> = run.timeline().visits.iter().filter(|v| v.path.is_empty()).map(label).collect();
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
