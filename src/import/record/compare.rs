//! A replayed history against the recorded one, event for event.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value as Json;

use crate::history::timeline::{Timeline, timeline};
use crate::history::wire::event_json;
use crate::history::{Detail, Event, History, Phase};
use crate::time::Timestamp;

/// How many differences are told.
const MOST_TOLD: usize = 8;

/// How many texts that differ are kept.
const MOST_TEXTS: usize = 40;

/// What differs.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// How many events differ, are missing or are too many.
    pub(super) differing: usize,
    /// How many texts and numbers in them differ.
    pub(super) leaves: usize,
    /// The first of them, in words.
    pub(super) differences: Vec<String>,
    /// Whether branches and items come in another order, each with the same events.
    pub(super) reordered: bool,
    /// How many values were made by chance or by the clock, and differ for that.
    pub(super) by_chance: usize,
    /// By how much an event comes earlier at most: what AWS took between the states.
    pub(super) drift: Duration,
    /// Texts that differ: what was recorded, and what is there when replayed.
    pub(super) texts: Vec<(String, String)>,
    /// Members of the context object that the recorded payloads show.
    pub(super) context: BTreeMap<&'static str, String>,
}

/// What is known about the replay, and has another value on AWS.
pub(super) struct Known {
    /// Task tokens, and the ids of Map Runs.
    pub(super) made_up: BTreeSet<String>,
    /// Texts of the context object, by the place where `context:` has them.
    pub(super) context: BTreeMap<&'static str, String>,
}

struct Compare<'a> {
    recorded: &'a History,
    replayed: &'a History,
    known: &'a Known,
    found: Comparison,
}

/// Compares histories.
pub(super) fn compare(recorded: &History, replayed: &History, known: &Known) -> Comparison {
    let mut compare = Compare { recorded, replayed, known, found: Comparison::default() };
    if compare.is_same_order() {
        compare.in_order();
    } else {
        compare.by_lines();
    }
    compare.found
}

impl Compare<'_> {
    /// Whether the events have the same types in the same order, and follow the same ones.
    fn is_same_order(&self) -> bool {
        let shape = |h: &History| h.iter().map(|(_, e)| (e.previous, e.detail.type_name())).collect::<Vec<_>>();
        shape(self.recorded) == shape(self.replayed)
    }

    fn in_order(&mut self) {
        let (recorded, replayed) = (self.recorded, self.replayed);
        for ((id, a), (_, b)) in recorded.iter().zip(replayed.iter()) {
            self.event(&format!("event {id}"), a, b);
        }
    }

    /// Line of control by line of control, where chance decided in which order they went on.
    fn by_lines(&mut self) {
        let (recorded, replayed) = (self.recorded, self.replayed);
        let (a, b) = (Lines::of(recorded), Lines::of(replayed));
        self.found.reordered = a.lines.len() > 1;
        let names: BTreeSet<&String> = a.lines.keys().chain(b.lines.keys()).collect();
        for name in names {
            let none = Vec::new();
            let (of_a, of_b) = (a.lines.get(name).unwrap_or(&none), b.lines.get(name).unwrap_or(&none));
            let place = if name.is_empty() { String::new() } else { format!(" of {name}") };
            for i in 0..of_a.len().max(of_b.len()) {
                let pair = (of_a.get(i), of_b.get(i));
                let (Some(x), Some(y)) = pair else {
                    let (id, history, what) = match pair {
                        (Some(x), _) => (x, recorded, "is recorded and does not happen"),
                        (_, Some(y)) => (y, replayed, "happens and is not recorded"),
                        _ => continue,
                    };
                    let kind = history.get(*id).map_or("", |e| e.detail.type_name());
                    self.tell(format!("event {id}{place} ({kind}) {what}"));
                    break;
                };
                let (Some(ex), Some(ey)) = (recorded.get(*x), replayed.get(*y)) else { continue };
                let about = format!("event {x}{place}");
                if ex.detail.type_name() != ey.detail.type_name() {
                    let (kind, now) = (ex.detail.type_name(), ey.detail.type_name());
                    self.tell(format!("{about} is {kind}, and {now} when replayed"));
                    break;
                }
                let follows = (a.place_of(ex.previous), b.place_of(ey.previous));
                if follows.0 != follows.1 && !is_up_to_chance(&ex.detail) {
                    self.tell(format!("{about} ({}) follows another event", ex.detail.type_name()));
                }
                self.event(&about, ex, ey);
            }
        }
    }

    fn event(&mut self, about: &str, recorded: &Event, replayed: &Event) {
        let starts = (self.recorded.started_at(), self.replayed.started_at());
        if let (Some(a), Some(b)) = starts {
            let (of_a, of_b) = (recorded.at.since(a), replayed.at.since(b));
            self.found.drift = self.found.drift.max(of_a.saturating_sub(of_b)).max(of_b.saturating_sub(of_a));
        }
        let kind = recorded.detail.type_name();
        let (a, b) = (body(recorded), body(replayed));
        if let Some((path, x, y)) = self.differ("", &a, &b) {
            self.tell(format!("{about} ({kind}): {path} was {}, and is {} when replayed", brief(&x), brief(&y)));
        }
    }

    fn tell(&mut self, text: String) {
        self.found.differing += 1;
        if self.found.differences.len() < MOST_TOLD {
            self.found.differences.push(text);
        }
    }

    /// The first place where two values differ, apart from what chance and the clock made.
    fn differ(&mut self, path: &str, a: &Json, b: &Json) -> Option<(String, Json, Json)> {
        match (a, b) {
            (Json::Object(x), Json::Object(y)) => {
                // All of it is looked at, since what a difference teaches is of use elsewhere; the first is told.
                let mut first = None;
                for (name, value) in x {
                    let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    let other = y.get(name).unwrap_or(&Json::Null);
                    let found = match other.is_null() && !value.is_null() {
                        true => Some((inner, value.clone(), Json::Null)),
                        false => self.differ(&inner, value, other),
                    };
                    first = first.or(found);
                }
                let extra = y.iter().find(|(name, v)| !x.contains_key(*name) && !v.is_null());
                first.or_else(|| extra.map(|(name, v)| (format!("{path}.{name}"), Json::Null, v.clone())))
            }
            (Json::Array(x), Json::Array(y)) if x.len() == y.len() => {
                let pairs = x.iter().zip(y).enumerate();
                pairs.fold(None, |first, (i, (a, b))| {
                    let found = self.differ(&format!("{path}[{i}]"), a, b);
                    first.or(found)
                })
            }
            (Json::Number(x), Json::Number(y)) if x.as_f64() == y.as_f64() => None,
            (Json::String(x), Json::String(y)) if x != y => {
                // Texts that hold JSON mean the same however it is spelt.
                if let (Some(inner), Some(other)) = (object_in(x), object_in(y)) {
                    return self.differ(path, &inner, &other);
                }
                if self.is_by_chance(x, y) {
                    self.found.by_chance += 1;
                    return None;
                }
                self.learn(x, y);
                self.found.leaves += 1;
                Some((path.to_owned(), a.clone(), b.clone()))
            }
            _ if a == b => None,
            _ => {
                self.found.leaves += 1;
                Some((path.to_owned(), a.clone(), b.clone()))
            }
        }
    }

    /// Tokens, instants and random ids differ from run to run.
    fn is_by_chance(&self, a: &str, b: &str) -> bool {
        let is_token = self.known.made_up.iter().any(|text| b.contains(text.as_str()));
        let are_times = Timestamp::parse(a).is_some() && Timestamp::parse(b).is_some();
        let are_ids = is_uuid(a) && is_uuid(b);
        is_token || are_times || are_ids
    }

    /// A text of our context object stands where AWS had one of its own.
    fn learn(&mut self, recorded: &str, replayed: &str) {
        let pair = (recorded.to_owned(), replayed.to_owned());
        if self.found.texts.len() < MOST_TEXTS && !self.found.texts.contains(&pair) {
            self.found.texts.push(pair);
        }
        for (place, text) in &self.known.context {
            if text == replayed {
                self.found.context.entry(place).or_insert_with(|| recorded.to_owned());
            }
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let dashes = [8, 13, 18, 23];
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| if dashes.contains(&i) { b == b'-' } else { b.is_ascii_hexdigit() })
}

/// The order in which items end decides which event these follow.
fn is_up_to_chance(detail: &Detail) -> bool {
    matches!(
        detail,
        Detail::MapIteration { phase: Phase::Started | Phase::Aborted, .. }
            | Detail::MapStateSucceeded
            | Detail::MapStateFailed
            | Detail::ParallelStateSucceeded
            | Detail::ParallelStateFailed
            | Detail::StateAborted(_)
            | Detail::StateExited { .. }
            | Detail::ExecutionFailed(_)
            | Detail::ExecutionAborted(_)
            | Detail::ExecutionTimedOut(_)
    )
}

/// What an event says, with the JSON in its texts read.
fn body(event: &Event) -> Json {
    let Json::Object(all) = event_json(0, event) else { return Json::Null };
    let Some((_, details)) = all.into_iter().find(|(name, _)| name.ends_with("Details")) else { return Json::Null };
    let Json::Object(mut details) = details else { return Json::Null };
    // The role is the account's; the id of a Map Run is made by chance.
    details.shift_remove("mapRunArn");
    if matches!(event.detail, Detail::ExecutionStarted(_)) {
        details.shift_remove("roleArn");
    }
    for (name, value) in &mut details {
        if matches!(name.as_str(), "input" | "output" | "parameters" | "cause") {
            read(value);
        }
        if let ("assignedVariables", Json::Object(variables)) = (name.as_str(), &mut *value) {
            variables.iter_mut().for_each(|(_, value)| read(value));
        }
    }
    Json::Object(details)
}

fn object_in(text: &str) -> Option<Json> {
    text.starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
}

fn read(value: &mut Json) {
    if let Some(inner) = value.as_str().and_then(|text| serde_json::from_str::<Json>(text).ok()) {
        *value = inner;
    }
}

fn brief(value: &Json) -> String {
    let text = if value.is_null() { "nothing".to_owned() } else { value.to_string() };
    if text.chars().count() <= 100 { text } else { text.chars().take(100).collect::<String>() + "…" }
}

/// The events of each line of control, in order.
struct Lines {
    lines: BTreeMap<String, Vec<u32>>,
    /// For every event its line, and its place there.
    places: BTreeMap<u32, (String, usize)>,
}

impl Lines {
    fn of(history: &History) -> Lines {
        let Timeline { visits, threads } = timeline(history);
        let mut known: BTreeMap<u32, String> = BTreeMap::new();
        let text = |path: &[crate::task::PathStep]| path.iter().map(|s| format!("{s}/")).collect::<String>();
        for visit in &visits {
            let line = text(&visit.path);
            let moments = visit.attempts.iter().flat_map(|a| [Some(a.scheduled), a.submitted, a.ended]);
            for moment in moments.flatten().chain([visit.entered]).chain(visit.ended) {
                known.entry(moment.event).or_insert_with(|| line.clone());
            }
        }
        for thread in threads.iter().skip(1).filter(|t| t.step().is_some_and(|s| s.is_map)) {
            let line = text(&thread.path);
            for moment in std::iter::once(thread.started).chain(thread.ended) {
                known.insert(moment.event, line.clone());
            }
        }
        let mut lines: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut places: BTreeMap<u32, (String, usize)> = BTreeMap::new();
        for (id, event) in history.iter() {
            let line = match known.get(&id) {
                _ if event.detail.is_terminal() => String::new(),
                Some(line) => line.clone(),
                None => places.get(&event.previous).map(|(line, _)| line.clone()).unwrap_or_default(),
            };
            let events = lines.entry(line.clone()).or_default();
            places.insert(id, (line, events.len()));
            events.push(id);
        }
        Lines { lines, places }
    }

    fn place_of(&self, event: u32) -> Option<&(String, usize)> {
        self.places.get(&event)
    }
}
