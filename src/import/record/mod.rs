//! A scenario of an execution that was: its input, and what services, people and workers really answered.
//!
//! The scenario is replayed, and what comes of it is compared with the history event for event: types, states,
//! payloads, and which event follows which. Instants may differ by the time that AWS took between the states.

mod compare;
mod learn;
mod read;
mod replies;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::asl::machine::StateKind;
use crate::asl::{CompileOptions, Machine, MachineType};
use crate::diagnostic::did_you_mean;
use crate::error::{Error, ErrorKind};
use crate::harness::Run;
use crate::history::timeline::{Timeline, timeline};
use crate::history::{Detail, History};
use crate::import::place::{Definitions, Match, relative, target};
use crate::import::seen::{self, Much};
use crate::scenario::ScenarioFile;
use crate::scenario::write::{Draft, Entry};
use crate::source::Source;
use crate::time::format_offset;
use crate::value::Value;

use compare::{Comparison, Known};
use replies::{Outside, World};

/// How often what was learned of a difference is tried.
const MOST_ROUNDS: usize = 4;

/// What a history does not say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The definition: `FILE` or `FILE#ID`. Without it, the one that is named as in DescribeExecution's answer, or the
    /// only one near the history that has its states.
    pub definition: Option<String>,
    /// Values for placeholders, parameters and references of the definition. Those that the history shows are found
    /// without.
    pub substitutions: BTreeMap<String, String>,
    /// DescribeExecution's answer: the names of the execution and its machine.
    pub described: Option<PathBuf>,
    /// Objects that the execution's Maps read, by `BUCKET/KEY`.
    pub objects: BTreeMap<String, String>,
    /// What the scenario is called; the execution's name, or the file's, where this says nothing.
    pub name: Option<String>,
}

/// A scenario file made of a history.
#[derive(Debug)]
pub struct Record {
    /// Its text.
    pub text: String,
    /// The definition that was taken.
    pub definition: String,
    /// Whether replaying it gives the history, event for event.
    pub reproduces: bool,
    /// Whether branches and items come in another order when replayed, each with the same events.
    pub reordered: bool,
    /// What differs when it is replayed, the first of it in words.
    pub differences: Vec<String>,
    /// How many events differ.
    pub differing: usize,
    /// How many values were made by chance or by the clock, and differ for that.
    pub by_chance: usize,
    /// How many events there are.
    pub events: usize,
    /// By how much an event comes earlier at most when replayed.
    pub drift: Duration,
    /// What the history leaves open.
    pub notes: Vec<String>,
}

/// Makes a scenario file, to be written to `to`, of GetExecutionHistory's answer; a long one has several pages.
///
/// # Errors
/// Files that cannot be read; a history that is not whole; no definition, or one that the history is not of.
pub fn record(pages: &[PathBuf], to: &Path, options: &Options) -> Result<Record, Error> {
    let answers = pages.iter().map(|page| read::json(page)).collect::<Result<Vec<_>, _>>()?;
    let recorded = read::events(&answers).and_then(|events| read::history(&events)).map_err(|what| {
        let names: Vec<String> = pages.iter().map(|page| format!("`{}`", page.display())).collect();
        Error::new(ErrorKind::Usage, format!("read the history in {}: {what}", names.join(", ")))
    })?;
    let described = options.described.as_deref().map(read::json).transpose()?;
    let first = pages.first().cloned().unwrap_or_default();
    let timeline = timeline(&recorded.history);
    let definition = match &options.definition {
        Some(given) => given.clone(),
        None => definition(&first, described.as_ref(), &timeline)?,
    };
    let mut compiling = CompileOptions::default();
    for (name, value) in &options.substitutions {
        compiling = compiling.substitute(name, value);
    }
    let machine = Machine::load_with(&definition, &compiling)?;
    let recording = Recording {
        history: &recorded.history,
        timeline: &timeline,
        machine: &machine,
        definition: &definition,
        compiling: &compiling,
        options,
        described: described.as_ref(),
        file: first.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    recording.check()?;
    Ok(recording.record(to, recorded.notes))
}

/// The definition that a history is of.
fn definition(history: &Path, described: Option<&Value>, timeline: &Timeline) -> Result<String, Error> {
    let arn = described.and_then(|d| d.get("stateMachineArn")).and_then(Value::as_str);
    let name = arn.and_then(|arn| arn.rsplit(':').next()).unwrap_or_default().to_owned();
    let states = || timeline.visits.iter().map(|v| &*v.name);
    let refuse = |what: String| Err(Error::new(ErrorKind::Usage, format!("find the definition: {what}")));
    let found = |all: &Definitions| {
        (!name.is_empty() && matches!(all.named(&name, states()), Match::One(_)))
            || !all.with_states(states()).is_empty()
    };
    let levels = Definitions::near(history, found);
    let none = Definitions::default();
    let definitions = levels.last().unwrap_or(&none);
    if !name.is_empty()
        && let Match::One(found) = definitions.named(&name, std::iter::empty())
    {
        return Ok(target(found));
    }
    match definitions.with_states(states()).as_slice() {
        [one] => Ok(target(one)),
        [] => refuse(format!(
            "none in {} has all states of the history; say which it is by `--definition FILE`",
            definitions.looked_in()
        )),
        several => {
            let all: Vec<String> = several.iter().map(|found| format!("`{}`", target(found))).collect();
            refuse(format!("{} have all states of the history; say which it is by `--definition`", all.join(", ")))
        }
    }
}

/// What a replay is given beside the answers.
#[derive(Clone)]
struct Surroundings {
    outside: Outside,
    /// Members of the context object.
    context: BTreeMap<&'static str, String>,
    /// Values for what the definition refers to.
    compiling: CompileOptions,
}

struct Recording<'a> {
    history: &'a History,
    timeline: &'a Timeline,
    machine: &'a Machine,
    definition: &'a str,
    compiling: &'a CompileOptions,
    options: &'a Options,
    described: Option<&'a Value>,
    file: String,
}

impl Recording<'_> {
    /// The history is one of this machine.
    fn check(&self) -> Result<(), Error> {
        for visit in &self.timeline.visits {
            let states = &self.machine.inner.states;
            let refuse = |what: String| {
                let what = format!("replay the history with `{}`: {what}", self.definition);
                Err(Error::new(ErrorKind::Usage, what))
            };
            let event = visit.entered.event;
            let Some(state) = states.iter().find(|s| s.name == visit.name) else {
                let near = did_you_mean(&visit.name, self.machine.state_names());
                let near = near.map(|n| format!(" (there is `{n}`)")).unwrap_or_default();
                return refuse(format!(
                    "event {event} enters `{}`, and the definition has no such state{near}; it is another one, or \
                     another version of it",
                    visit.name
                ));
            };
            if state.state_type() != visit.state_type {
                let (now, then) = (state.state_type().name(), visit.state_type.name());
                return refuse(format!(
                    "`{}` is a {now} state, and was a {then} state when the history was written (event {event}): it is \
                     another version of the definition",
                    visit.name
                ));
            }
            if let (StateKind::Task(task), Some(resource)) = (&state.kind, &visit.resource)
                && (task.resource.service(), task.resource.pattern()) != (resource.service(), resource.pattern())
            {
                let (now, then) = (task.resource.short(), resource.short());
                return refuse(format!(
                    "`{}` calls {now}, and called {then} when the history was written (event {event}): it is another \
                     version of the definition",
                    visit.name
                ));
            }
        }
        Ok(())
    }

    fn record(&self, to: &Path, mut notes: Vec<String>) -> Record {
        let mut best: Option<(Comparison, Surroundings)> = None;
        // What is expected where the history is reproduced, but for what chance and the clock made.
        let mut own: Option<Vec<Entry>> = None;
        let mut trouble = None;
        let plain =
            Surroundings { outside: Outside::Played, context: BTreeMap::new(), compiling: self.compiling.clone() };
        let mut tries = vec![plain.clone(), Surroundings { outside: Outside::Mocked, ..plain.clone() }];
        let described = self.context_described();
        if !described.is_empty() {
            tries.push(Surroundings { context: described, ..plain.clone() });
        }
        let mut rounds = 0;
        while !tries.is_empty() {
            let given = tries.remove(0);
            let draft = self.draft(self.definition.to_owned(), &given, None);
            match self.replay(&draft) {
                Ok((run, passes)) => {
                    let comparison = self.compare(&run);
                    if comparison.differing == 0 && !passes {
                        own = Some(seen::expectations(&run, Much::All));
                    }
                    if comparison.differing > 0 && rounds < MOST_ROUNDS {
                        rounds += 1;
                        tries.extend(self.learn(&given, &comparison));
                    }
                    let size = |c: &Comparison| (c.differing, c.leaves);
                    if best.as_ref().is_none_or(|(b, _)| size(&comparison) < size(b)) {
                        best = Some((comparison, given));
                    }
                    if best.as_ref().is_some_and(|(b, _)| b.differing == 0) {
                        break;
                    }
                }
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        let (comparison, given) = best.unwrap_or_else(|| {
            let why = trouble.unwrap_or_default();
            let found = Comparison { differing: self.history.len(), differences: vec![why], ..Comparison::default() };
            (found, plain)
        });
        for map in &replies::world(self.history, self.timeline, given.outside).map_runs {
            let note = format!(
                "`{map}` ran its items as executions of their own, whose calls are not in this history: mock them"
            );
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        let folder = to.parent().unwrap_or(Path::new(""));
        let draft = self.draft(relative(folder, self.definition), &given, own);
        Record {
            text: draft.to_yaml(),
            definition: self.definition.to_owned(),
            reproduces: comparison.differing == 0,
            reordered: comparison.reordered && comparison.differing == 0,
            differing: comparison.differing,
            differences: comparison.differences,
            by_chance: comparison.by_chance,
            events: self.history.len(),
            drift: comparison.drift,
            notes,
        }
    }

    /// Other surroundings, where differences teach something: names of the account belong into the context object,
    /// those of other resources in place of references to them.
    fn learn(&self, given: &Surroundings, comparison: &Comparison) -> Option<Surroundings> {
        let mut with = given.clone();
        with.context.extend(comparison.context.clone());
        if let Some(compiling) = learn::substitutions(self.definition, &given.compiling, &comparison.texts) {
            with.compiling = compiling;
        }
        let is_new = with.context != given.context || with.compiling.substitutions != given.compiling.substitutions;
        is_new.then_some(with)
    }

    fn name(&self) -> String {
        let named = || Some(self.described?.get("name")?.as_str()?.to_string());
        let stem = || self.file.split('.').next().unwrap_or("history").to_owned();
        self.options.name.clone().or_else(named).unwrap_or_else(stem)
    }

    /// The scenario; it expects what is recorded, unless it is told better.
    fn draft(&self, machine: String, given: &Surroundings, own: Option<Vec<Entry>>) -> Draft {
        let world: World = replies::world(self.history, self.timeline, given.outside);
        let mut draft = Draft::new(machine);
        draft.about =
            vec![format!("Made of {} by `rehearsal record`: what is answered here was answered on AWS.", self.file)];
        if self.machine.machine_type() == MachineType::Express && self.is_plain() {
            draft.head.push(Entry::new("type", Value::from("EXPRESS")));
        }
        if !given.compiling.substitutions.is_empty() {
            let all =
                given.compiling.substitutions.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
            draft.head.push(Entry::new("substitutions", Value::object(all)));
        }
        if let Some(start) = self.history.started_at() {
            draft.head.push(Entry::new("start", Value::from(start.to_string())));
        }
        if !given.context.is_empty() {
            draft.head.push(Entry::new("context", context_value(&given.context)));
        }
        if !self.options.objects.is_empty() {
            let objects = self.options.objects.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str())));
            draft.head.push(Entry::new("objects", Value::object(objects)));
        }
        let mut words = vec![Entry::new("name", Value::from(self.name()))];
        if let Some((_, first)) = self.history.iter().next()
            && let Detail::ExecutionStarted(started) = &first.detail
        {
            words.push(Entry::new("input", started.input.clone()));
        }
        if !world.mocks.is_empty() {
            words.push(Entry::words("mocks", world.mocks));
        }
        if !world.timeline.is_empty() {
            words.push(Entry::new("timeline", Value::array(world.timeline)));
        }
        if !world.workers.is_empty() {
            words.push(Entry::new("workers", Value::object(world.workers)));
        }
        let last = self.history.iter().next_back();
        let recorded = || last.map(|(_, e)| seen::expected(&e.detail, self.timeline, Much::All)).unwrap_or_default();
        words.push(Entry::words("expect", own.unwrap_or_else(recorded)));
        draft.scenarios.push(words);
        draft
    }

    /// Whether the definition's file says no type of its own.
    fn is_plain(&self) -> bool {
        !self.definition.contains('#')
    }

    /// Runs the scenario as it will be read from its file, and says whether it passes.
    fn replay(&self, draft: &Draft) -> Result<(Run, bool), String> {
        let source = Arc::new(Source::new("recorded.rehearsal.yaml", draft.to_yaml()));
        let file = ScenarioFile::parse(Path::new("recorded.rehearsal.yaml"), &source).map_err(|e| e.to_string())?;
        let Some(scenario) = file.scenarios().first() else { return Err("there is no scenario".into()) };
        let outcome = file.run(scenario, None);
        let why = outcome.trouble().map(|e| seen::brief_reason(&e.to_string()).to_owned());
        let passes = outcome.passed();
        outcome
            .into_run()
            .map(|run| (run, passes))
            .ok_or_else(|| format!("it cannot be replayed: {}", why.unwrap_or_default()))
    }

    fn compare(&self, run: &Run) -> Comparison {
        let mut made_up: BTreeSet<String> =
            run.calls().all().iter().filter_map(|c| c.call.token.as_ref().map(|t| t.to_string())).collect();
        for (_, event) in run.history().iter() {
            if let Detail::MapRunStarted { arn } = &event.detail {
                made_up.extend(arn.rsplit(':').next().map(str::to_owned));
            }
        }
        made_up.retain(|text| !text.is_empty());
        let mut context = BTreeMap::new();
        let mut know = |place: &'static str, text: &str| drop(context.insert(place, text.to_owned()));
        know("Execution.Id", run.arn());
        know("Execution.Name", run.arn().rsplit(':').next().unwrap_or_default());
        if let Some((_, first)) = run.history().iter().next()
            && let Detail::ExecutionStarted(started) = &first.detail
        {
            know("Execution.RoleArn", &started.role_arn);
        }
        let parts: Vec<&str> = run.arn().split(':').collect();
        if let [arn, aws, states, region, account, _, machine, ..] = parts.as_slice() {
            know("StateMachine.Id", &[arn, aws, states, region, account, "stateMachine", machine].join(":"));
            know("StateMachine.Name", machine);
        }
        compare::compare(self.history, run.history(), &Known { made_up, context })
    }

    /// The names that DescribeExecution tells.
    fn context_described(&self) -> BTreeMap<&'static str, String> {
        let mut context = BTreeMap::new();
        let text = |name: &str| self.described?.get(name)?.as_str().map(|t| t.to_string());
        let mut know = |place: &'static str, text: Option<String>| {
            context.extend(text.map(|text| (place, text)));
        };
        know("Execution.Id", text("executionArn"));
        know("Execution.Name", text("name"));
        know("StateMachine.Name", text("stateMachineArn").and_then(|a| a.rsplit(':').next().map(str::to_owned)));
        know("StateMachine.Id", text("stateMachineArn"));
        if !context.is_empty()
            && let Some((_, first)) = self.history.iter().next()
            && let Detail::ExecutionStarted(started) = &first.detail
            && !started.role_arn.is_empty()
        {
            context.insert("Execution.RoleArn", started.role_arn.to_string());
        }
        context
    }
}

/// `Execution.Id` as `{ Execution: { Id: … } }`.
fn context_value(context: &BTreeMap<&'static str, String>) -> Value {
    let mut groups: BTreeMap<&str, Vec<(&str, Value)>> = BTreeMap::new();
    for (place, text) in context {
        let (group, name) = place.split_once('.').unwrap_or(("Execution", place));
        groups.entry(group).or_default().push((name, Value::from(text.as_str())));
    }
    Value::object(groups.into_iter().map(|(group, members)| (group, Value::object(members))))
}

impl Record {
    /// How well it reproduces the history, in a sentence.
    pub fn verdict(&self) -> String {
        if !self.reproduces {
            return format!("replaying it differs from the history in {} of {} events", self.differing, self.events);
        }
        let mut text = format!("replaying it gives the history: {} events", self.events);
        if self.reordered {
            text.push_str(", its branches in another order");
        }
        if self.by_chance > 0 {
            text.push_str(&format!(", {} values by chance or the clock", self.by_chance));
        }
        if self.drift > Duration::ZERO {
            text.push_str(&format!(", at most {} apart", format_offset(self.drift)));
        }
        text
    }
}
