//! What services, people and workers answered, as mocks, a timeline and workers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::asl::Resource;
use crate::history::timeline::{Attempt, AttemptOutcome, StateVisit, Timeline};
use crate::history::{Detail, History};
use crate::import::seen::one_or_list;
use crate::scenario::write::Entry;
use crate::task::TaskError;
use crate::time::{Timestamp, format_offset};
use crate::value::{Str, Value};

/// The world around a recorded execution.
#[derive(Default)]
pub(super) struct World {
    pub(super) mocks: Vec<Entry>,
    pub(super) timeline: Vec<Value>,
    pub(super) workers: Vec<(String, Value)>,
    /// States of distributed Maps, whose children have histories of their own.
    pub(super) map_runs: Vec<Str>,
}

/// Whether tokens and activities are answered by people and workers, or all by mocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    Played,
    Mocked,
}

/// What passes between a task's being scheduled and a worker that waits for it is less.
const SLOW: Duration = Duration::from_secs(1);

type Words = Vec<(&'static str, Value)>;

/// A reply, with the item of the innermost Map that it is for.
struct Given {
    item: Option<usize>,
    words: Words,
}

/// The world of a history.
pub(super) fn world(history: &History, timeline: &Timeline, outside: Outside) -> World {
    let mut world = World::default();
    let start = history.started_at().unwrap_or(Timestamp::EPOCH_DEFAULT);
    let workers = match outside {
        Outside::Played => workers(history, timeline),
        Outside::Mocked => BTreeMap::new(),
    };
    let mut given: BTreeMap<String, Vec<(u32, Given)>> = BTreeMap::new();
    let mut events: Vec<(Duration, Value)> = Vec::new();
    for visit in &timeline.visits {
        if visit.attempts.iter().any(|a| a.map_run.is_some()) {
            world.map_runs.push(visit.name.clone());
        }
        let Some(resource) = &visit.resource else { continue };
        if workers.contains_key(resource.api()) && resource.is_activity() {
            continue;
        }
        let in_map = visit.path.iter().any(|step| step.is_map);
        for attempt in &visit.attempts {
            let is_played = outside == Outside::Played && !in_map && resource.waits_for_token();
            let words = match ended_by_token(history, attempt) {
                Some(ended) if is_played => {
                    let at = ended.since(start);
                    events.push((at, token_event(visit, attempt, at)));
                    submitted(history, attempt, vec![("later", Value::from(true))])
                }
                _ => reply(history, resource, attempt),
            };
            let item = visit.path.iter().rev().find(|step| step.is_map).map(|step| step.index);
            given.entry(key_of(visit)).or_default().push((attempt.scheduled.event, Given { item, words }));
        }
    }
    for (activity, worker) in workers {
        world.workers.push((activity, worker));
    }
    if let Some((_, last)) = history.iter().next_back()
        && let Detail::ExecutionAborted(error) = &last.detail
    {
        let at = last.at.since(start);
        let mut event: Words = vec![("at", Value::from(format_offset(at))), ("stop", Value::from(true))];
        event.extend(error.error.as_ref().map(|e| ("error", Value::from(e))));
        event.extend(error.cause.as_ref().map(|c| ("cause", Value::from(c))));
        events.push((at, Value::object(event)));
    }
    events.sort_by_key(|(at, _)| *at);
    world.timeline = events.into_iter().map(|(_, event)| event).collect();
    for (key, mut replies) in given {
        replies.sort_by_key(|(event, _)| *event);
        world.mocks.push(Entry::new(key, listed(replies.into_iter().map(|(_, given)| given).collect())));
    }
    world
}

/// The key under which a mock answers a visit: outer items by index, the innermost one by the reply's `item`.
fn key_of(visit: &StateVisit) -> String {
    let maps = visit.path.iter().filter(|step| step.is_map).count();
    if maps < 2 {
        return visit.name.to_string();
    }
    let mut left = maps;
    let mut key = String::new();
    for step in visit.path.iter() {
        left -= usize::from(step.is_map);
        match step.is_map && left > 0 {
            true => key.push_str(&format!("{}[{}]/", step.state, step.index)),
            false => key.push_str(&format!("{}/", step.state)),
        }
    }
    key + &visit.name
}

/// Replies as a mock's list: equal ones in a row together, those of items each for their item.
fn listed(given: Vec<Given>) -> Value {
    let items: BTreeSet<Option<usize>> = given.iter().map(|g| g.item).collect();
    let first = given.first().map(|g| g.words.clone());
    let all_alike = first.is_some_and(|first| given.iter().all(|g| g.words == first));
    // One reply for everybody, which is tried once by each.
    if all_alike && (given.len() == 1 || items.len() == given.len()) {
        return given.into_iter().next().map_or(Value::Null, |g| Value::object(g.words));
    }
    let mut steps: Vec<(Option<usize>, Words, u64)> = Vec::new();
    for item in &items {
        for one in given.iter().filter(|g| g.item == *item) {
            match steps.last_mut() {
                Some((of, words, times)) if of == item && *words == one.words => *times += 1,
                _ => steps.push((*item, one.words.clone(), 1)),
            }
        }
    }
    let mut replies = Vec::new();
    for (i, (item, words, times)) in steps.iter().enumerate() {
        let is_last = steps.get(i + 1).is_none_or(|(next, ..)| next != item);
        let mut all: Words = item.map(|i| ("item", Value::from(i as i64))).into_iter().collect();
        all.extend(words.iter().cloned());
        if !is_last || *times > 1 {
            all.push(("times", Value::from(*times as i64)));
        }
        replies.push(Value::object(all));
    }
    one_or_list(replies)
}

/// What a call was answered.
fn reply(history: &History, resource: &Resource, attempt: &Attempt) -> Words {
    let words = match &attempt.outcome {
        AttemptOutcome::Succeeded => vec![("return", attempt.output.clone().unwrap_or_default())],
        AttemptOutcome::Failed(error) => {
            let submits = resource.waits_for_token() || resource.runs_a_job();
            failed(if submits && attempt.submitted.is_none() { "refuse" } else { "fail" }, error)
        }
        // The task's own timeouts end it, as they did.
        AttemptOutcome::TimedOut(_) | AttemptOutcome::Running | AttemptOutcome::Aborted => {
            return submitted(history, attempt, vec![("never", Value::from(true))]);
        }
    };
    let mut words = submitted(history, attempt, words);
    words.extend(took("takes", attempt.took()));
    words
}

fn failed(word: &'static str, error: &TaskError) -> Words {
    let mut words: Words = vec![(word, error.error.as_ref().map_or(Value::Null, Value::from))];
    words.extend(error.cause.as_ref().map(|cause| ("cause", Value::from(cause))));
    words
}

fn took(word: &'static str, duration: Option<Duration>) -> Option<(&'static str, Value)> {
    duration.filter(|d| !d.is_zero()).map(|d| (word, Value::from(format_offset(d))))
}

/// The words with what the service said when it took the request.
fn submitted(history: &History, attempt: &Attempt, mut words: Words) -> Words {
    let event = attempt.submitted.and_then(|moment| history.get(moment.event));
    if let Some(Detail::TaskSubmitted { output, .. }) = event.map(|e| &e.detail) {
        words.push(("submit", output.clone()));
    }
    words
}

/// When somebody handed the token back; nothing where nobody did.
fn ended_by_token(history: &History, attempt: &Attempt) -> Option<Timestamp> {
    attempt.submitted?;
    let ended = attempt.ended?;
    let is_answer = matches!(attempt.outcome, AttemptOutcome::Succeeded | AttemptOutcome::Failed(_));
    let is_event = history.get(ended.event).is_some();
    (is_answer && is_event).then_some(ended.at)
}

/// SendTaskSuccess or SendTaskFailure.
fn token_event(visit: &StateVisit, attempt: &Attempt, at: Duration) -> Value {
    let state = Value::from(&visit.name);
    let mut event: Words = vec![("at", Value::from(format_offset(at)))];
    match attempt.error() {
        Some(error) => {
            event.push(("fail", state));
            event.extend(error.error.as_ref().map(|e| ("error", Value::from(e))));
            event.extend(error.cause.as_ref().map(|c| ("cause", Value::from(c))));
        }
        None => {
            event.push(("succeed", state));
            event.extend(attempt.output.clone().map(|output| ("output", output)));
        }
    }
    Value::object(event)
}

/// Workers of the activities whose tasks all ended alike.
fn workers(history: &History, timeline: &Timeline) -> BTreeMap<String, Value> {
    let mut seen: BTreeMap<String, Vec<Words>> = BTreeMap::new();
    for visit in &timeline.visits {
        let Some(resource) = visit.resource.as_ref().filter(|r| r.is_activity()) else { continue };
        for attempt in &visit.attempts {
            let began = started_by(history, attempt.scheduled.event);
            let mut words: Words = Vec::new();
            if let Some((worker, at)) = began {
                // A worker that came late looks for work at that time, counted from the start; one that comes often
                // cannot be told from one that waits.
                let waited = at.since(attempt.scheduled.at);
                if waited >= SLOW && !seen.contains_key(resource.api()) {
                    let start = history.started_at().unwrap_or(at);
                    words.extend(took("polls", Some(at.since(start))));
                }
                words.extend(attempt.ended.and_then(|ended| took("takes", Some(ended.at.since(at)))));
                words.extend(worker.map(|name| ("name", Value::from(&name))));
                match &attempt.outcome {
                    AttemptOutcome::Succeeded => {
                        words.push(("return", attempt.output.clone().unwrap_or_default()));
                    }
                    AttemptOutcome::Failed(error) => words.extend(failed("fail", error)),
                    // It took the task and was never heard of again.
                    _ => words.clear(),
                }
            }
            seen.entry(resource.api().to_owned()).or_default().push(words);
        }
    }
    let alike = |all: &Vec<Words>| {
        let first = all.first()?;
        let is_time = |word: &str| matches!(word, "takes" | "polls");
        let without_time = |words: &Words| words.iter().filter(|(w, _)| !is_time(w)).cloned().collect::<Words>();
        let first = &match all.len() {
            1 => first.clone(),
            _ => first.iter().filter(|(w, _)| *w != "polls").cloned().collect::<Words>(),
        };
        let is_one = !first.is_empty() && all.iter().all(|words| without_time(words) == without_time(first));
        is_one.then(|| Value::object(first.clone()))
    };
    seen.iter().filter_map(|(activity, all)| Some((activity.clone(), alike(all)?))).collect()
}

/// The worker that took the task that an event scheduled, and when.
fn started_by(history: &History, scheduled: u32) -> Option<(Option<Str>, Timestamp)> {
    let follows = |(_, e): &(u32, &crate::history::Event)| e.previous == scheduled;
    history.iter().skip(scheduled as usize).filter(follows).find_map(|(_, event)| match &event.detail {
        Detail::ActivityStarted { worker } => Some((worker.clone(), event.at)),
        _ => None,
    })
}
