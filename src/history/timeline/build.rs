//! Following `previous` from event to event until every event has its visit.

use std::sync::Arc;

use super::{
    Attempt, AttemptOutcome, Detail, History, Moment, StateType, StateVisit, Thread, ThreadOutcome, Timeline,
    VisitOutcome,
};
use crate::history::{Evaluation, Event, Phase};
use crate::task::{PathStep, TaskError};
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// Where an event belongs: its thread, and the visit if it is one state's.
#[derive(Clone, Copy, Default)]
struct Place {
    thread: usize,
    visit: Option<usize>,
}

/// A timeline while the events are read, in order.
pub(super) struct Builder<'a> {
    history: &'a History,
    visits: Vec<StateVisit>,
    threads: Vec<Thread>,
    /// By event id; 0 stands for the start of the execution.
    places: Vec<Place>,
    /// By event id: the youngest visit that was entered after this event. The first states of branches share one.
    entered_after: Vec<Option<usize>>,
    /// By visit: the visit before it that was entered after the same event.
    entered_beside: Vec<Option<usize>>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(history: &'a History) -> Self {
        let at = history.started_at().unwrap_or(Timestamp::from_millis(0));
        let execution = Thread {
            owner: None,
            path: Arc::default(),
            started: Moment { event: 1, at },
            ended: None,
            outcome: ThreadOutcome::Running,
            visits: Vec::new(),
        };
        let mut places = Vec::with_capacity(history.len() + 1);
        places.push(Place::default());
        Builder {
            history,
            visits: Vec::new(),
            threads: vec![execution],
            places,
            entered_after: vec![None; history.len() + 1],
            entered_beside: Vec::new(),
        }
    }

    pub(super) fn build(mut self) -> Timeline {
        let history = self.history;
        for (id, event) in history.iter() {
            let place = self.read(Moment { event: id, at: event.at }, event);
            self.places.push(place);
        }
        Timeline { visits: self.visits, threads: self.threads }
    }

    /// Notes what one event says and finds out where it belongs.
    fn read(&mut self, now: Moment, event: &Event) -> Place {
        let before = self.place(event.previous);
        let here = before.visit;
        match &event.detail {
            Detail::ExecutionStarted(_) => Place::default(),
            Detail::StateEntered { state_type, name, input } => {
                self.enter(now, event.previous, *state_type, name, input)
            }
            Detail::StateExited { name, output, assigned, .. } => {
                let visit = self.outward(before, |v| v.name == *name && v.exited().is_none());
                if let Some(visit) = visit {
                    self.exit(now, event.previous, visit, output);
                    self.change(visit, |v| v.assigned = assigned.clone());
                }
                self.place_of(visit, before)
            }
            Detail::StateAborted(state_type) => {
                let visit = self.outward(before, |v| v.state_type == *state_type && v.outcome == VisitOutcome::Running);
                if let Some(visit) = visit {
                    match self.last_attempt(visit).and_then(Attempt::error).cloned() {
                        Some(error) => self.fail(now, visit, error),
                        None => self.abort(now, visit),
                    }
                }
                self.place_of(visit, before)
            }
            Detail::TaskScheduled(scheduled) => {
                self.in_visit(here, |v| {
                    v.resource = Some(Arc::clone(&scheduled.resource));
                    v.attempts.push(Attempt { payload: Some(scheduled.parameters.clone()), ..attempt(now) });
                });
                before
            }
            Detail::TaskStarted(_) | Detail::ActivityStarted { .. } => before,
            Detail::TaskSubmitted { .. } => {
                self.in_attempt(here, |a| a.submitted = Some(now));
                before
            }
            Detail::TaskSucceeded { output, .. } => {
                self.in_attempt(here, |a| {
                    a.end(now, AttemptOutcome::Succeeded);
                    a.output = Some(output.clone());
                });
                before
            }
            Detail::TaskFailed(failed) => {
                self.in_attempt(here, |a| a.end(now, AttemptOutcome::Failed(failed.1.clone())));
                before
            }
            Detail::TaskTimedOut(failed) => {
                self.in_attempt(here, |a| a.end(now, AttemptOutcome::TimedOut(failed.1.clone())));
                before
            }
            Detail::ParallelStateStarted => self.start(now, event.previous, StateType::Parallel, None),
            Detail::MapStateStarted { length } => self.start(now, event.previous, StateType::Map, Some(*length)),
            Detail::ParallelStateSucceeded => self.end_of_all(now, event.previous, StateType::Parallel, true),
            Detail::MapStateSucceeded => self.end_of_all(now, event.previous, StateType::Map, true),
            Detail::ParallelStateFailed => self.end_of_all(now, event.previous, StateType::Parallel, false),
            Detail::MapStateFailed => self.end_of_all(now, event.previous, StateType::Map, false),
            Detail::MapIteration { phase: Phase::Started, name, index } => {
                self.start_iteration(now, event.previous, name, *index)
            }
            Detail::MapIteration { phase, name, index } => {
                let Some(thread) = self.iteration(before, name, *index) else { return before };
                let outcome = match phase {
                    Phase::Failed => {
                        self.fail_at(event.previous);
                        ThreadOutcome::Failed
                    }
                    Phase::Aborted => {
                        self.abort_open(now, thread);
                        ThreadOutcome::Aborted
                    }
                    Phase::Started | Phase::Succeeded => ThreadOutcome::Succeeded,
                };
                self.end_thread(now, thread, outcome);
                Place { thread, visit: None }
            }
            Detail::MapRunStarted { arn } => {
                self.in_attempt(here, |a| a.map_run = Some(Str::clone(arn)));
                before
            }
            Detail::MapRunSucceeded => before,
            Detail::MapRunFailed(error) => {
                self.in_attempt(here, |a| a.end(now, AttemptOutcome::Failed((**error).clone())));
                before
            }
            Detail::MapRunAborted => {
                self.in_attempt(here, |a| a.end(now, AttemptOutcome::Aborted));
                before
            }
            Detail::EvaluationFailed(evaluation) => {
                let visit = self.evaluated(event.previous, evaluation);
                self.in_visit(visit, |v| v.evaluations.push((now, (**evaluation).clone())));
                self.place_of(visit, before)
            }
            Detail::ExecutionSucceeded { .. } => {
                self.end_thread(now, 0, ThreadOutcome::Succeeded);
                before
            }
            Detail::ExecutionFailed(error) => {
                self.fail_execution(now, event.previous, error);
                before
            }
            Detail::ExecutionAborted(_) | Detail::ExecutionTimedOut(_) => {
                self.abort_open(now, 0);
                self.end_thread(now, 0, ThreadOutcome::Aborted);
                before
            }
        }
    }

    fn enter(&mut self, now: Moment, previous: u32, state_type: StateType, name: &Str, input: &Value) -> Place {
        let before = self.place(previous);
        let visit = self.visits.len();
        let thread = match (self.detail(previous), before.visit) {
            (Some(Detail::ParallelStateStarted), Some(owner)) => self.start_branch(now, owner),
            _ => before.thread,
        };
        if thread == before.thread
            && let Some(last) = before.visit
        {
            self.change(last, |v| v.next = Some(visit));
        }
        let path = match self.threads.get_mut(thread) {
            Some(thread) => {
                thread.visits.push(visit);
                Arc::clone(&thread.path)
            }
            None => Arc::default(),
        };
        self.visits.push(StateVisit {
            name: name.clone(),
            state_type,
            path,
            thread,
            next: None,
            entered: now,
            ended: None,
            outcome: VisitOutcome::Running,
            input: input.clone(),
            output: None,
            assigned: None,
            resource: None,
            attempts: Vec::new(),
            evaluations: Vec::new(),
        });
        let youngest = self.entered_after.get_mut(previous as usize).and_then(|y| y.replace(visit));
        self.entered_beside.push(youngest);
        Place { thread, visit: Some(visit) }
    }

    fn exit(&mut self, now: Moment, previous: u32, visit: usize, output: &Value) {
        let caught = match self.detail(previous) {
            Some(
                Detail::TaskFailed(_)
                | Detail::TaskTimedOut(_)
                | Detail::EvaluationFailed(_)
                | Detail::MapRunFailed(_)
                | Detail::MapStateFailed
                | Detail::ParallelStateFailed
                | Detail::StateAborted(_),
            ) => true,
            // What calls or nests others does not succeed without having begun to.
            Some(Detail::StateEntered { state_type, .. }) => {
                matches!(state_type, StateType::Task | StateType::Map | StateType::Parallel)
            }
            _ => false,
        };
        let outcome = if caught {
            let input = self.visits.get(visit).map(|v| v.input.clone()).unwrap_or_default();
            let told = self.error_at(previous).filter(|e| *e != TaskError::default());
            let error = told.or_else(|| error_in(output, &input)).unwrap_or_default();
            self.explain(previous, &error);
            self.finish_attempt(now, visit, &AttemptOutcome::Failed(error.clone()));
            VisitOutcome::Caught(error)
        } else {
            self.finish_attempt(now, visit, &AttemptOutcome::Succeeded);
            VisitOutcome::Succeeded
        };
        self.change(visit, |v| {
            v.ended = Some(now);
            v.output = Some(output.clone());
            v.outcome = outcome;
        });
    }

    /// A Map or Parallel begins, or begins again.
    fn start(&mut self, now: Moment, previous: u32, state_type: StateType, items: Option<usize>) -> Place {
        let before = self.place(previous);
        let visit = self.owner_for(previous, state_type);
        if let Some(visit) = visit {
            // A retry points straight at the event that failed; that is where the attempt before ended.
            let failed = Moment { event: previous, at: self.time(previous).unwrap_or(now.at) };
            if before.visit != Some(visit) {
                self.fail_at(previous);
            }
            let error = self.error_at(previous).unwrap_or_default();
            self.finish_attempt(failed, visit, &AttemptOutcome::Failed(error));
            self.change(visit, |v| v.attempts.push(Attempt { items, ..attempt(now) }));
        }
        self.place_of(visit, before)
    }

    /// A Map or Parallel succeeds or fails as a whole.
    fn end_of_all(&mut self, now: Moment, previous: u32, state_type: StateType, succeeded: bool) -> Place {
        let before = self.place(previous);
        let visit = self.owner_for(previous, state_type);
        if let Some(visit) = visit {
            let outcome = if succeeded {
                AttemptOutcome::Succeeded
            } else {
                if before.visit != Some(visit) {
                    self.fail_at(previous);
                }
                AttemptOutcome::Failed(self.error_at(previous).unwrap_or_default())
            };
            self.finish_attempt(now, visit, &outcome);
        }
        self.place_of(visit, before)
    }

    /// The Map or Parallel about which an event after `previous` speaks: the innermost that is under way. One whose
    /// last attempt is over speaks again only right after its own failure to evaluate or to run its children.
    fn owner_for(&self, previous: u32, state_type: StateType) -> Option<usize> {
        let before = self.place(previous);
        let own = matches!(self.detail(previous), Some(Detail::EvaluationFailed(_) | Detail::MapRunFailed(_)));
        let own = before.visit.filter(|_| own);
        self.outward_with(before, |place, v| {
            v.state_type == state_type
                && v.outcome == VisitOutcome::Running
                && (own == Some(place) || v.attempts.last().is_none_or(|a| a.outcome == AttemptOutcome::Running))
        })
    }

    fn start_branch(&mut self, now: Moment, owner: usize) -> usize {
        let index = self.last_attempt(owner).map_or(0, |a| a.threads.len());
        self.start_thread(now, owner, false, index)
    }

    fn start_iteration(&mut self, now: Moment, previous: u32, name: &Str, index: usize) -> Place {
        let before = self.place(previous);
        // The first point at MapStateStarted, later ones may point at what an earlier iteration did last.
        let owner = match self.detail(previous) {
            Some(Detail::MapStateStarted { .. }) => before.visit,
            _ => self.outward(Place { visit: None, ..before }, |v| v.state_type == StateType::Map && v.name == *name),
        };
        match owner {
            Some(owner) => Place { thread: self.start_thread(now, owner, true, index), visit: None },
            None => before,
        }
    }

    fn start_thread(&mut self, now: Moment, owner: usize, is_map: bool, index: usize) -> usize {
        let thread = self.threads.len();
        let mut attempt = 0;
        let mut path = Vec::new();
        self.change(owner, |v| {
            path.extend(v.path.iter().cloned());
            path.push(PathStep { state: v.name.clone(), is_map, index });
            attempt = v.attempts.len().saturating_sub(1);
            if let Some(a) = v.attempts.last_mut() {
                a.threads.push(thread);
            }
        });
        self.threads.push(Thread {
            owner: Some((owner, attempt)),
            path: path.into(),
            started: now,
            ended: None,
            outcome: ThreadOutcome::Running,
            visits: Vec::new(),
        });
        thread
    }

    /// The thread of an iteration, seen from a place inside of it or, failing that, inside of its Map.
    fn iteration(&self, from: Place, name: &Str, index: usize) -> Option<usize> {
        let is_it = |t: &Thread| t.step().is_some_and(|s| s.is_map && s.index == index && s.state == *name);
        let mut thread = from.thread;
        loop {
            let t = self.threads.get(thread)?;
            if is_it(t) {
                return Some(thread);
            }
            let Some((owner, _)) = t.owner else { break };
            thread = self.visits.get(owner)?.thread;
        }
        let map = self.outward(from, |v| v.state_type == StateType::Map && v.name == *name)?;
        let threads = &self.last_attempt(map)?.threads;
        let usual = threads.get(index).filter(|t| self.threads.get(**t).is_some_and(is_it));
        usual.or_else(|| threads.iter().find(|t| self.threads.get(**t).is_some_and(is_it))).copied()
    }

    /// Whose expression failed. Such an event does not follow its state's being entered but what came before that.
    fn evaluated(&self, previous: u32, evaluation: &Evaluation) -> Option<usize> {
        let mut beside = self.entered_after.get(previous as usize).copied().flatten();
        while let Some(visit) = beside {
            let v = self.visits.get(visit)?;
            if v.name == evaluation.state && v.outcome == VisitOutcome::Running {
                return Some(visit);
            }
            beside = self.entered_beside.get(visit).copied().flatten();
        }
        self.outward(self.place(previous), |v| v.name == evaluation.state && v.outcome == VisitOutcome::Running)
    }

    fn fail_execution(&mut self, now: Moment, previous: u32, error: &TaskError) {
        self.fail_at(previous);
        self.explain(previous, error);
        // A fault of the run time ends the execution from inside of a Map without the Map having a say.
        while let Some(visit) = self.outward(self.place(previous), |v| v.outcome == VisitOutcome::Running) {
            self.finish_attempt(now, visit, &AttemptOutcome::Failed(error.clone()));
            self.fail(now, visit, error.clone());
        }
        self.abort_open(now, 0);
        self.end_thread(now, 0, ThreadOutcome::Failed);
    }

    /// The state to which this event belongs failed with it.
    fn fail_at(&mut self, event: u32) {
        let (Some(visit), Some(at)) = (self.place(event).visit, self.time(event)) else { return };
        let error = self.error_at(event).unwrap_or_default();
        self.fail(Moment { event, at }, visit, error);
    }

    fn fail(&mut self, now: Moment, visit: usize, error: TaskError) {
        self.change(visit, |v| {
            if v.outcome == VisitOutcome::Running {
                v.outcome = VisitOutcome::Failed(error);
                v.ended = Some(now);
            }
        });
    }

    fn abort(&mut self, now: Moment, visit: usize) {
        self.finish_attempt(now, visit, &AttemptOutcome::Aborted);
        self.change(visit, |v| {
            if v.outcome == VisitOutcome::Running {
                v.outcome = VisitOutcome::Aborted;
                v.ended = Some(now);
            }
        });
    }

    /// Ends a visit's last attempt, if it is under way, and with it what still runs inside.
    fn finish_attempt(&mut self, now: Moment, visit: usize, outcome: &AttemptOutcome) {
        let mut threads = Vec::new();
        self.change(visit, |v| {
            if let Some(a) = v.attempts.last_mut().filter(|a| a.outcome == AttemptOutcome::Running) {
                a.end(now, outcome.clone());
                threads.clone_from(&a.threads);
            }
        });
        for thread in threads {
            self.abort_open(now, thread);
        }
    }

    /// Ends a thread and all that runs inside of it, to any depth, because something outside ended.
    fn abort_open(&mut self, now: Moment, thread: usize) {
        let mut open = vec![thread];
        while let Some(thread) = open.pop() {
            let Some(t) = self.threads.get(thread).filter(|t| t.outcome == ThreadOutcome::Running) else { continue };
            let (mut outcome, mut ended) = (ThreadOutcome::Aborted, now);
            if let Some(v) = t.visits.last().and_then(|v| self.visits.get_mut(*v)) {
                match v.outcome {
                    VisitOutcome::Running => {
                        v.outcome = VisitOutcome::Aborted;
                        v.ended = Some(now);
                        if let Some(a) = v.attempts.last_mut().filter(|a| a.outcome == AttemptOutcome::Running) {
                            a.end(now, AttemptOutcome::Aborted);
                            open.extend(&a.threads);
                        }
                    }
                    VisitOutcome::Aborted => ended = v.ended.unwrap_or(now),
                    VisitOutcome::Failed(_) => {
                        (outcome, ended) = (ThreadOutcome::Failed, v.ended.unwrap_or(now));
                    }
                    VisitOutcome::Succeeded | VisitOutcome::Caught(_) => {
                        (outcome, ended) = (ThreadOutcome::Succeeded, v.ended.unwrap_or(now));
                    }
                }
            }
            self.end_thread(ended, thread, outcome);
        }
    }

    fn end_thread(&mut self, now: Moment, thread: usize, outcome: ThreadOutcome) {
        if let Some(t) = self.threads.get_mut(thread) {
            t.outcome = outcome;
            t.ended = Some(now);
        }
    }

    /// The error that an event tells of, directly or by following on what does.
    fn error_at(&self, event: u32) -> Option<TaskError> {
        let place = self.place(event);
        match self.detail(event)? {
            Detail::TaskFailed(failed) | Detail::TaskTimedOut(failed) => Some(failed.1.clone()),
            Detail::MapRunFailed(error) => Some((**error).clone()),
            Detail::EvaluationFailed(e) => Some(TaskError::new(e.error.clone(), e.cause.clone())),
            Detail::MapStateFailed | Detail::ParallelStateFailed | Detail::StateAborted(_) => {
                let visit = self.visits.get(place.visit?)?;
                let evaluation =
                    visit.evaluations.last().map(|(_, e)| TaskError::new(e.error.clone(), e.cause.clone()));
                visit.attempts.last().and_then(Attempt::error).cloned().or(evaluation)
            }
            _ => None,
        }
    }

    /// An error became known for which the events up to this one tell none: that of a Fail state, or of the run time.
    fn explain(&mut self, event: u32, error: &TaskError) {
        let unknown = TaskError::default();
        let mut event = event;
        while let Some(visit) = self.place(event).visit {
            self.change(visit, |v| {
                if v.outcome == VisitOutcome::Failed(unknown.clone()) {
                    v.outcome = VisitOutcome::Failed(error.clone());
                }
                if v.state_type.nests()
                    && let Some(a) = v.attempts.last_mut()
                    && a.outcome == AttemptOutcome::Failed(unknown.clone())
                {
                    a.outcome = AttemptOutcome::Failed(error.clone());
                }
            });
            match self.history.get(event) {
                Some(Event { previous, detail: Detail::MapStateFailed | Detail::ParallelStateFailed, .. })
                    if *previous < event =>
                {
                    event = *previous;
                }
                _ => break,
            }
        }
    }

    fn place(&self, event: u32) -> Place {
        self.places.get(event as usize).copied().unwrap_or_default()
    }
    fn place_of(&self, visit: Option<usize>, otherwise: Place) -> Place {
        let thread = visit.and_then(|v| self.visits.get(v)).map(|v| v.thread);
        thread.map_or(otherwise, |thread| Place { thread, visit })
    }
    fn detail(&self, event: u32) -> Option<&'a Detail> {
        self.history.get(event).map(|e| &e.detail)
    }
    fn time(&self, event: u32) -> Option<Timestamp> {
        self.history.get(event).map(|e| e.at)
    }
    fn last_attempt(&self, visit: usize) -> Option<&Attempt> {
        self.visits.get(visit)?.attempts.last()
    }
    fn change(&mut self, visit: usize, change: impl FnOnce(&mut StateVisit)) {
        if let Some(v) = self.visits.get_mut(visit) {
            change(v);
        }
    }
    fn in_visit(&mut self, visit: Option<usize>, change: impl FnOnce(&mut StateVisit)) {
        if let Some(visit) = visit {
            self.change(visit, change);
        }
    }
    fn in_attempt(&mut self, visit: Option<usize>, change: impl FnOnce(&mut Attempt)) {
        self.in_visit(visit, |v| {
            if let Some(a) = v.attempts.last_mut() {
                change(a);
            }
        });
    }
    /// The innermost visit around a place that is as wanted.
    fn outward(&self, from: Place, wanted: impl Fn(&StateVisit) -> bool) -> Option<usize> {
        self.outward_with(from, |_, v| wanted(v))
    }
    fn outward_with(&self, from: Place, wanted: impl Fn(usize, &StateVisit) -> bool) -> Option<usize> {
        let mut candidate = from.visit.or_else(|| self.owner(from.thread));
        while let Some(visit) = candidate {
            let v = self.visits.get(visit)?;
            if wanted(visit, v) {
                return Some(visit);
            }
            candidate = self.owner(v.thread);
        }
        None
    }
    fn owner(&self, thread: usize) -> Option<usize> {
        Some(self.threads.get(thread)?.owner?.0)
    }
}

fn attempt(scheduled: Moment) -> Attempt {
    Attempt {
        scheduled,
        submitted: None,
        ended: None,
        outcome: AttemptOutcome::Running,
        payload: None,
        output: None,
        items: None,
        map_run: None,
        threads: Vec::new(),
    }
}

impl Attempt {
    fn end(&mut self, now: Moment, outcome: AttemptOutcome) {
        self.ended = Some(now);
        self.outcome = outcome;
    }
}

impl StateType {
    fn nests(self) -> bool {
        matches!(self, StateType::Map | StateType::Parallel)
    }
}

/// The error that a Catch put into a state's output: all of it, or a member that the input does not have.
fn error_in(output: &Value, input: &Value) -> Option<TaskError> {
    let read = |v: &Value| {
        let members = v.as_object().filter(|o| o.len() == 2)?;
        let text = |name| members.get(name).map(|v| v.as_str().map(Str::from));
        Some(TaskError { error: text("Error")?, cause: text("Cause")? })
    };
    read(output).or_else(|| {
        let mut fresh = output.as_object()?.iter().filter(|(name, v)| input.get(name) != Some(*v));
        fresh.find_map(|(_, v)| read(v))
    })
}
