//! Running a scenario: the harness without an outside world, or a session with one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::check::{self, Failure};
use super::entry::{Given, Scenario};
use super::file::ScenarioFile;
use super::suite::{Selection, Snapshots};
use super::timeline::{Action, Event, Worker};
use crate::coverage::Coverage;
use crate::error::Error;
use crate::harness::{Harness, Run, Session, Work};
use crate::mock::Unused;
use crate::snapshot::Comparison;
use crate::test_state;
use crate::time::{Timestamp, format_offset};

/// How much of a changed history a failure shows.
const MOST_LINES: usize = 100;

/// What came of a scenario.
pub struct Outcome {
    /// The run, where it came to one.
    pub(super) run: Option<Run>,
    /// What was expected and did not happen, in the order of the file.
    pub(super) failures: Vec<Failure>,
    /// Why it could not be run to an end: a task that nothing answers, a token that nobody waits for.
    pub(super) trouble: Option<Error>,
    /// Own mocks that were never used, where that is no failure.
    pub(super) unused: Vec<String>,
    pub(super) seed: u64,
    /// How long it took in real time.
    pub(super) took: Duration,
    /// How many cases of a property ran.
    pub(super) cases: Option<u64>,
    /// What the cases of a property reached.
    pub(super) reached: Option<Box<Coverage>>,
    /// Where the failing case of a property is kept.
    pub(super) kept: Option<PathBuf>,
}

impl Outcome {
    /// The outcome of a check that runs no execution of its own.
    pub(super) fn nothing() -> Outcome {
        Outcome {
            run: None,
            failures: Vec::new(),
            trouble: None,
            unused: Vec::new(),
            seed: 0,
            took: Duration::ZERO,
            cases: None,
            reached: None,
            kept: None,
        }
    }
    /// Whether everything was as expected.
    pub fn passed(&self) -> bool {
        self.failures.is_empty() && self.trouble.is_none()
    }
    /// The execution, unless the scenario itself could not be run.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }
    /// The execution, to keep.
    pub fn into_run(self) -> Option<Run> {
        self.run
    }
    /// What was expected and did not happen, in the order of the file.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.failures.iter()
    }
    /// Why it could not be run to an end: a task that nothing answers, a token that nobody waits for.
    pub fn trouble(&self) -> Option<&Error> {
        self.trouble.as_ref()
    }
    /// The seed it ran with.
    pub fn seed(&self) -> u64 {
        self.seed
    }
    /// How long it took in real time, which differs from run to run and which nothing else depends on.
    pub fn took(&self) -> Duration {
        self.took
    }
    /// How many cases of a property ran: all, or those up to the first that failed.
    pub fn cases(&self) -> Option<u64> {
        self.cases
    }
    /// What the cases of a property reached together, where runs count it.
    pub fn coverage(&self) -> Option<&Coverage> {
        self.reached.as_deref()
    }
    /// The scenario file in which the failing case of a property is kept.
    pub fn kept(&self) -> Option<&Path> {
        self.kept.as_deref()
    }
    /// Mocks of the scenario that no call asked for.
    pub fn unused_mocks(&self) -> &[String] {
        &self.unused
    }
}

impl ScenarioFile {
    /// Runs a scenario of this file; `seed` in place of its own, if given.
    pub fn run(&self, scenario: &Scenario, seed: Option<u64>) -> Outcome {
        self.play(scenario, seed, false)
    }

    /// Replies that the API would never give, each mock's first; a strict scenario fails by them.
    fn unlike_the_api(&self, scenario: &Scenario, run: &Run) -> Vec<Failure> {
        let mut found: Vec<Failure> = Vec::new();
        for logged in run.calls().all().iter() {
            let Some(Ok(result)) = &logged.outcome else { continue };
            let Some(why) = test_state::objection_to(&logged.call.resource, result) else { continue };
            let about = format!("reply of {}", logged.answered_by);
            if found.iter().any(|f| f.about == about) {
                continue;
            }
            let mock = scenario.own.iter().find(|given| given.key == logged.answered_by);
            let resource = logged.call.resource.short();
            found.push(Failure::new(mock.map(|m| m.span), about, format!("{resource} never answers so: {why}")));
        }
        found
    }

    /// Runs a scenario, and counts what it reaches where somebody wants to know.
    pub(super) fn play(&self, scenario: &Scenario, seed: Option<u64>, covers: bool) -> Outcome {
        #[expect(clippy::disallowed_methods, reason = "reports say how long it took in real time; no history does")]
        let began = std::time::Instant::now();
        let seed = seed.unwrap_or(scenario.seed);
        let mut outcome = Outcome { seed, ..Outcome::nothing() };
        let mut harness = scenario.harness.clone().seed(seed);
        if covers {
            harness = harness.coverage();
        }
        // Children are left out only where nothing here could tell.
        let looks = [scenario.expect.looks_at_children(), scenario.strict, scenario.snapshot.is_some()];
        if looks.contains(&true) || scenario.timeline.is_some() {
            harness = harness.keep_children(usize::MAX);
        }
        if crate::coverage::is_wanted() {
            harness = harness.test_name(&format!("{} › {}", self.path().display(), scenario.name));
        }
        let run = if scenario.timeline.is_none() && scenario.workers.is_empty() {
            harness.try_run(scenario.input.clone())
        } else {
            outside(scenario, &harness, &mut outcome.failures)
        };
        match run {
            Ok(run) => {
                outcome.failures.extend(check::run(&scenario.expect, &run));
                if scenario.strict {
                    outcome.failures.extend(self.unlike_the_api(scenario, &run));
                }
                for unused in run.unused_mocks() {
                    let Some(own) = scenario.own.iter().find(|own| own.is(unused)) else { continue };
                    match scenario.strict {
                        true => outcome.failures.push(Failure::new(Some(own.span), "mocks", unused.to_string())),
                        false => outcome.unused.push(unused.to_string()),
                    }
                }
                outcome.run = Some(run);
            }
            Err(error) => outcome.trouble = Some(error),
        }
        outcome.took = began.elapsed();
        outcome
    }

    /// Compares the history with the stored one, where the scenario asks for it; adds a failure where it differs.
    pub(super) fn compare_snapshot(&self, scenario: &Scenario, outcome: &mut Outcome, selection: &Selection) {
        let (Some(stored), Some(run)) = (&scenario.snapshot, &outcome.run) else { return };
        let text = stored.form.view(run);
        let path = stored.path.display();
        let failure = |message: String| Failure::new(None, "snapshot", message);
        let (differs, is_stored) = match stored.compare(&text) {
            Ok(Comparison::Same) => return stored.settle(),
            Ok(Comparison::Missing) => {
                let waits = match selection.snapshots {
                    Snapshots::Keep => String::new(),
                    _ => format!("; what happened waits in `{path}.new`"),
                };
                let is_stored = matches!(selection.snapshots, Snapshots::Store | Snapshots::StoreMissing);
                (failure(format!("there is none yet{waits}")), is_stored)
            }
            Ok(Comparison::Differs(lines)) => {
                let differs = failure(format!("the history is not that of `{path}`")).with(cut(lines));
                (differs, selection.snapshots == Snapshots::Store)
            }
            Err(e) => return outcome.failures.push(failure(format!("`{path}` cannot be read: {e}"))),
        };
        if !is_stored {
            outcome.failures.push(differs.accept(match selection.in_tests {
                true => {
                    "`INSTA_UPDATE=always` accepts it, and `cargo insta review` or `rehearsal snapshot review` shows it"
                }
                false => "`rehearsal snapshot review` shows it, and `--update-snapshots` accepts it",
            }));
        }
        if selection.snapshots != Snapshots::Keep
            && let Err(e) = stored.write(&text, !is_stored)
        {
            outcome.failures.push(failure(format!("`{path}` cannot be written: {e}")));
        }
    }

    /// The file's own mocks and faults that no scenario uses, where the file is strict: each scenario alone may leave
    /// some of them alone, all together may not.
    pub fn unused_by_all(&self) -> Vec<String> {
        let is_strict = self.scenarios().iter().any(|s| s.strict);
        if self.shared.is_empty() || !is_strict {
            return Vec::new();
        }
        let mut unused: Vec<&Given> = self.shared.iter().collect();
        for scenario in self.scenarios() {
            let Some(run) = self.run(scenario, None).run else { continue };
            let is_replaced =
                |given: &Given| scenario.own.iter().any(|own| (own.is_fault, &own.key) == (given.is_fault, &given.key));
            let is_idle =
                |given: &Given| run.unused_mocks().iter().any(|u| !matches!(u, Unused::Reply { .. }) && given.is(u));
            unused.retain(|given| is_replaced(given) || is_idle(given));
        }
        #[cfg(feature = "fuzz")]
        for property in self.properties() {
            // Many cases run for what may be nothing.
            if unused.is_empty() {
                break;
            }
            let idle = property.plan.idle();
            let is_own = |given: &Given| property.own.iter().any(|own| own.key == given.key);
            unused.retain(|given| is_own(given) || idle.iter().any(|u| given.is(u)));
        }
        let what = |given: &Given| if given.is_fault { "the fault on" } else { "the mock of" };
        unused.iter().map(|given| format!("{} `{}`", what(given), given.key)).collect()
    }
}

/// The beginning of a long difference.
fn cut(lines: String) -> String {
    let Some((more, _)) = lines.match_indices('\n').nth(MOST_LINES - 1) else { return lines };
    match lines[more + 1..].lines().count() {
        0 => lines,
        count => format!("{}\n… and {count} more lines, which `rehearsal snapshot review` shows\n", &lines[..more]),
    }
}

/// Something that is going to happen outside.
enum Due<'a> {
    Event(&'a Event),
    Done(&'a Worker, Work),
}

/// A worker and what it is busy with.
struct AtWork<'a> {
    worker: &'a Worker,
    /// From when on it looks for work, every so often.
    free_from: Timestamp,
    busy: bool,
}

impl AtWork<'_> {
    /// The first instant at or after `now` at which it looks for work.
    fn looks_at(&self, now: Timestamp) -> Timestamp {
        let waited = now.since(self.free_from);
        if self.worker.polls.is_zero() || waited.is_zero() {
            return now.max(self.free_from);
        }
        let rounds = waited.as_nanos().div_ceil(self.worker.polls.as_nanos());
        let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
        self.free_from + self.worker.polls.saturating_mul(rounds)
    }
}

/// Plays the outside world of a scenario.
fn outside(scenario: &Scenario, harness: &Harness, failures: &mut Vec<Failure>) -> Result<Run, Error> {
    let mut session = harness.try_start(scenario.input.clone())?;
    let start = session.now();
    let mut events = scenario.timeline.iter().flatten().peekable();
    let mut workers: Vec<AtWork<'_>> =
        scenario.workers.iter().map(|worker| AtWork { worker, free_from: start, busy: false }).collect();
    let mut works: Vec<(Timestamp, usize, Work)> = Vec::new();
    loop {
        let event = events.peek().map(|e| start + e.at);
        let done = works.iter().enumerate().min_by_key(|(_, (at, ..))| *at).map(|(i, (at, ..))| (*at, i));
        // The next thing that is sure to happen outside; work that is done comes before what people do.
        let sure = match (event, done) {
            (Some(event), Some((done, i))) if done <= event => Some((done, Some(i))),
            (_, Some((done, i))) if event.is_none() => Some((done, Some(i))),
            (Some(event), _) => Some((event, None)),
            (None, _) => None,
        };
        if session.is_over() && events.peek().is_none() {
            break;
        }
        // Up to there the execution goes on by itself, one instant after the other, and a worker may find work.
        if let Some((at, who)) = next_poll(&session, &workers)
            && sure.is_none_or(|(sure, _)| at <= sure)
        {
            session.try_advance_to(at)?;
            let AtWork { worker, .. } = workers[who];
            if let Some(work) = session.take_work(&worker.activity, worker.name.as_deref())? {
                workers[who].busy = true;
                works.push((at + worker.takes, who, work));
            }
            continue;
        }
        let own = session.next_at().filter(|_| !session.is_over());
        match (own, sure) {
            (Some(own), Some((sure, _))) if own <= sure => session.try_advance_to(own)?,
            (_, Some((at, which))) => {
                session.try_advance_to(at)?;
                let due = match which {
                    Some(i) => {
                        let (at, who, work) = works.swap_remove(i);
                        workers[who].busy = false;
                        workers[who].free_from = at;
                        Due::Done(workers[who].worker, work)
                    }
                    None => match events.next() {
                        Some(event) => Due::Event(event),
                        None => continue,
                    },
                };
                happen(&mut session, due, start, failures)?;
            }
            (Some(own), None) if !workers.is_empty() => session.try_advance_to(own)?,
            _ => break,
        }
    }
    session.try_finish()
}

/// When a free worker finds work that waits, and which worker: the earliest, and of those the first.
fn next_poll(session: &Session, workers: &[AtWork<'_>]) -> Option<(Timestamp, usize)> {
    let now = session.now();
    let finds = |(i, w): (usize, &AtWork<'_>)| {
        let can = !w.busy && session.has_work(&w.worker.activity);
        can.then(|| (w.looks_at(now), i))
    };
    workers.iter().enumerate().filter_map(finds).min()
}

fn happen(session: &mut Session, due: Due<'_>, start: Timestamp, failures: &mut Vec<Failure>) -> Result<(), Error> {
    let event = match due {
        Due::Done(worker, work) => return session.finish_work(work, worker.outcome.clone()),
        Due::Event(event) => event,
    };
    let offset: Duration = session.now().since(start);
    match &event.action {
        Some(Action::Heartbeat(state) | Action::Answer(state, _)) if !session.awaits(state) => {
            let waits = match session.waiting() {
                none if none.is_empty() => "nothing waits for an answer".to_owned(),
                some => some.join("; "),
            };
            let about = format!("at {}", format_offset(offset));
            failures.push(Failure::new(
                Some(event.span),
                about,
                format!("`{state}` does not wait for an answer: {waits}"),
            ));
        }
        Some(Action::Heartbeat(state)) => session.try_heartbeat(state)?,
        Some(Action::Answer(state, outcome)) => session.try_answer(state, outcome.clone())?,
        Some(Action::Stop(error)) => session.try_stop(error.clone())?,
        None => {}
    }
    if let Some(expect) = &event.expect {
        failures.extend(check::moment(expect, session, offset));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_difference_is_cut_and_says_so() {
        let lines = |n: usize| "+ line\n".repeat(n);
        assert_eq!(cut(lines(1)), lines(1));
        assert_eq!(cut(lines(MOST_LINES)), lines(MOST_LINES));
        let more = "… and 7 more lines, which `rehearsal snapshot review` shows\n";
        assert_eq!(cut(lines(MOST_LINES + 7)), format!("{}{more}", lines(MOST_LINES)));
    }
}
