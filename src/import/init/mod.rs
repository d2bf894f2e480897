//! A first scenario file for a machine: a mock for each of its tasks, an input that it can read, and what came of it.
//!
//! What a definition reads is known; what it reads it from is found by trying. A guess is run, and changed where a
//! state misses something, until the execution succeeds or nothing helps any more. An execution that does not succeed
//! is written down as it is, and said to be so.

mod reads;
mod search;
mod sketch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::asl::Machine;
use crate::engine::Status;
use crate::error::{Error, ErrorKind};
use crate::history::timeline::StateVisit;
use crate::iac::Found;
use crate::import::place::{relative, target};
use crate::import::seen;
use crate::scenario::ScenarioFile;
use crate::scenario::write::{Draft, Entry};
use crate::source::Source;
use crate::time::{DurationExt, format_offset};
use crate::value::Value;

use search::Search;
use sketch::{Sketch, Task, Trial};

/// A scenario file that is ready to be written.
#[derive(Clone, Debug)]
pub struct First {
    /// Its text.
    pub text: String,
    /// Files that it names, beside it: objects for readers.
    pub files: Vec<(PathBuf, Vec<u8>)>,
    /// How the execution ends.
    pub status: String,
    /// What could not be guessed, a sentence each.
    pub tells: Vec<String>,
}

/// Makes a first scenario file for a machine, to be written to `to`.
///
/// # Errors
/// A definition that is refused, and a machine that comes to no end whatever it is given.
pub fn first(found: &Found, to: &Path) -> Result<First, Error> {
    let machine = found.load()?;
    let definition = machine.definition();
    let reads = reads::reads_of(&definition);
    let Some((sketch, trial)) = Search::new(&machine, &reads).run(Sketch::of(&machine)) else {
        let what = format!("find an input with which `{}` comes to an end", machine.name());
        return Err(Error::new(ErrorKind::Usage, what));
    };
    let folder = to.parent().unwrap_or(Path::new(""));
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let writing =
        Writing { machine: &machine, sketch: &sketch, trial: &trial, target: relative(folder, &target(found)) };
    let stem = name.split('.').next().unwrap_or("machine");
    // People and workers are nicer to read as such, where they can be told apart.
    let plain = writing.draft(stem, &BTreeMap::new());
    let outside = writing.outside();
    if !outside.is_empty() {
        let (draft, files) = writing.draft(stem, &outside);
        // From here the definition has another name than from a folder that may not be there yet.
        let (here, _) = Writing { target: target(found), ..writing.clone() }.draft(stem, &outside);
        if passes(&here, &files) {
            return Ok(writing.first(&draft, files));
        }
    }
    Ok(writing.first(&plain.0, plain.1))
}

/// How a task is answered from outside.
#[derive(Clone, Debug)]
enum Outside {
    /// Its token is handed back at this offset.
    Token(std::time::Duration),
    /// A worker of its activity takes it.
    Worker,
}

#[derive(Clone)]
struct Writing<'a> {
    machine: &'a Machine,
    sketch: &'a Sketch,
    trial: &'a Trial,
    target: String,
}

type Files = Vec<(PathBuf, Vec<u8>)>;

/// Whether a draft passes; one with objects, which are not written yet, counts as one that does not.
fn passes(draft: &Draft, files: &Files) -> bool {
    let source = Arc::new(Source::new("first.rehearsal.yaml", draft.to_yaml()));
    let Ok(file) = ScenarioFile::parse(Path::new("first.rehearsal.yaml"), &source) else { return false };
    files.is_empty() && file.scenarios().iter().all(|scenario| file.run(scenario, None).passed())
}

impl Writing<'_> {
    /// The tasks that somebody outside ends: those that wait for a token once, and activities that one state uses.
    fn outside(&self) -> BTreeMap<String, Outside> {
        let mut outside = BTreeMap::new();
        for task in &self.sketch.tasks {
            let visits: Vec<&StateVisit> = self.trial.visits.iter().filter(|v| v.name == task.state).collect();
            if task.resource.is_activity() {
                let same = |other: &&Task| other.resource.api() == task.resource.api();
                if self.sketch.tasks.iter().filter(same).count() == 1 && !visits.is_empty() {
                    outside.insert(task.state.to_string(), Outside::Worker);
                }
            } else if let ([visit], true) = (visits.as_slice(), task.resource.waits_for_token())
                && visit.path.is_empty()
                && let [attempt] = visit.attempts.as_slice()
            {
                let at = attempt.scheduled.at.since(self.trial.run.started_at()) + 1.secs();
                outside.insert(task.state.to_string(), Outside::Token(at));
            }
        }
        // Answers come a second later each, so that what follows one of them is later by as much.
        let mut later = std::time::Duration::ZERO;
        let mut offsets: Vec<(&mut std::time::Duration, String)> = outside
            .iter_mut()
            .filter_map(|(name, o)| if let Outside::Token(at) = o { Some((at, name.clone())) } else { None })
            .collect();
        offsets.sort();
        for (at, _) in offsets {
            *at += later;
            later += 1.secs();
        }
        outside
    }

    fn draft(&self, stem: &str, outside: &BTreeMap<String, Outside>) -> (Draft, Files) {
        let mut draft = Draft::new(self.target.clone());
        let name = self.machine.name();
        draft.about = vec![
            format!("A first scenario of {name}, made by `rehearsal init`. It passes: `rehearsal test` runs it."),
            "Next: make the answers those of your services, then copy the scenario, let a task `fail`,".to_owned(),
            "and say what has to come of it.".to_owned(),
        ];
        let mut files = Files::new();
        let mut objects = Vec::new();
        for (i, object) in self.sketch.objects.iter().enumerate() {
            let number = if i == 0 { String::new() } else { format!("-{}", i + 1) };
            let file = format!("objects/{stem}{number}.{}", object.ending());
            objects.push((format!("{}/{}", object.bucket, object.key), Value::from(file.as_str())));
            files.push((PathBuf::from(file), object.text().into_bytes()));
        }
        if !objects.is_empty() {
            draft
                .head
                .push(Entry::new("objects", Value::object(objects)).note("What the Maps read, by bucket and key."));
        }
        for task in &self.sketch.tasks {
            let is_called = self.trial.visits.iter().any(|v| v.name == task.state);
            let mut note = match task.resource.kind() {
                crate::asl::ResourceKind::Lambda { function } => format!("the function {function}"),
                _ => task.resource.short(),
            };
            let words = match outside.get(&*task.state) {
                Some(Outside::Worker) => continue,
                Some(Outside::Token(_)) => {
                    note.push_str(", answered by the timeline below");
                    Value::object([("later", Value::from(true))])
                }
                None => task.words(),
            };
            if !is_called {
                note.push_str(", not called below");
            }
            let place: Vec<&str> = task.enclosing.iter().chain([&task.state]).map(|n| &**n).collect();
            draft.mocks.push(Entry::new(place.join("/"), words).note(note));
        }
        draft.scenarios.push(self.scenario(outside));
        (draft, files)
    }

    fn scenario(&self, outside: &BTreeMap<String, Outside>) -> Vec<Entry> {
        let run = &self.trial.run;
        let name = if self.trial.succeeded() { "it goes through" } else { "it does not go through yet" };
        let mut words = vec![Entry::new("name", Value::from(name))];
        words.push(
            Entry::new("input", self.sketch.input.clone()).note("What the definition reads; the values are made up."),
        );
        let result = |state: &str| self.sketch.tasks.iter().find(|t| &*t.state == state).map(|t| t.result.clone());
        let mut timeline: Vec<(std::time::Duration, Value)> = Vec::new();
        let mut workers = Vec::new();
        for (state, how) in outside {
            match how {
                Outside::Token(at) => {
                    let mut event =
                        vec![("at", Value::from(format_offset(*at))), ("succeed", Value::from(state.as_str()))];
                    event.extend(result(state).map(|output| ("output", output)));
                    timeline.push((*at, Value::object(event)));
                }
                Outside::Worker => {
                    let Some(task) = self.sketch.tasks.iter().find(|t| &*t.state == state.as_str()) else { continue };
                    let worker = Value::object([("return", task.result.clone())]);
                    workers.push((task.resource.api().to_owned(), worker));
                }
            }
        }
        if !timeline.is_empty() {
            timeline.sort_by_key(|(at, _)| *at);
            let events = Value::array(timeline.into_iter().map(|(_, event)| event).collect());
            words.push(Entry::new("timeline", events).note("What people and systems outside send back."));
        }
        if !workers.is_empty() {
            words.push(Entry::new("workers", Value::object(workers)).note("Who takes the activities' tasks."));
        }
        let mut expect = Entry::words("expect", seen::expectations(run, seen::Much::Little));
        if let Some(why) = self.trouble() {
            expect = expect.note(why);
        }
        words.push(expect);
        words
    }

    /// Why the execution does not succeed.
    fn trouble(&self) -> Option<String> {
        let run = &self.trial.run;
        let error = run.status().error()?;
        let last = self.trial.visits.iter().rev().find(|v| Trial::is_troubled(v));
        let state = last.map(|v| format!(" in `{}`", v.name)).unwrap_or_default();
        // `An error occurred while executing the state 'S' (entered at the event id #2). …`
        let whole = error.to_string();
        let said = whole.split_once(" (entered at the event id #").and_then(|(_, rest)| rest.split_once("). "));
        let said = said.map_or(whole.as_str(), |(_, rest)| rest);
        let mut text: String = said.lines().next().unwrap_or_default().chars().take(160).collect();
        if text.contains("maximum number of history events") {
            text = "it goes round until its history is full".to_owned();
        }
        Some(match run.status() {
            Status::Failed(_) => format!("No input was found with which it succeeds. It fails{state}: {text}"),
            _ => format!("No input was found with which it succeeds: {} {text}", run.status().name()),
        })
    }

    fn first(&self, draft: &Draft, files: Files) -> First {
        First {
            text: draft.to_yaml(),
            files,
            status: self.trial.run.status().name().to_owned(),
            tells: self.trouble().into_iter().collect(),
        }
    }
}
