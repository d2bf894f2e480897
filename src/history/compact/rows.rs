//! From visits to lines: what is worth saying about each.

use super::alike::{self, More};
use super::text::{clean, error_name, gist, offset};
use super::{Attempt, AttemptOutcome, StateVisit, Thread, ThreadOutcome, Timeline, VisitOutcome};
use crate::asl::ResourceKind;
use crate::history::StateType;
use crate::task::TaskError;
use crate::time::{Timestamp, format_offset};

/// What an attempt's line begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    None,
    Good,
    Bad,
    /// What failed, on the line of the state itself.
    Failing,
    /// Neither: still under way, or aborted.
    Open,
}

impl Mark {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Mark::None | Mark::Failing => "",
            Mark::Good => "✓ ",
            Mark::Bad => "✗ ",
            Mark::Open => "· ",
        }
    }
}

/// One line before it is laid out.
#[derive(Debug)]
pub(super) struct Row {
    /// When, for the lines that begin a visit.
    pub(super) at: Option<Timestamp>,
    /// What draws the nesting.
    pub(super) tree: String,
    pub(super) mark: Mark,
    /// The state's name, or an attempt's times.
    pub(super) label: String,
    /// What is called, or an error's name.
    pub(super) head: String,
    /// A cause, which is cut to fit.
    pub(super) cause: Option<String>,
    /// Whether and in which time it succeeded.
    pub(super) success: Option<String>,
    /// What follows from it.
    pub(super) tail: Vec<String>,
}

/// The lines of a whole timeline.
pub(super) fn rows(timeline: &Timeline, start: Timestamp, whole: bool) -> Vec<Row> {
    let signatures = alike::signatures(timeline);
    Writer { timeline, signatures, start, whole, rows: Vec::new() }.write()
}

struct Writer<'a> {
    timeline: &'a Timeline,
    signatures: Vec<u64>,
    start: Timestamp,
    whole: bool,
    rows: Vec<Row>,
}

/// Something still to be written. What is nested waits on a stack of ours, so that depth costs no stack of the
/// program's.
enum Todo<'a> {
    /// A visit with what draws its first line and the lines after it.
    Visit {
        visit: &'a StateVisit,
        first: String,
        rest: String,
    },
    /// The attempt with this index, its line and then its items or branches.
    Attempt {
        visit: &'a StateVisit,
        index: usize,
        rest: String,
    },
    Row(Row),
}

impl<'a> Writer<'a> {
    fn write(mut self) -> Vec<Row> {
        let mut todo = Vec::new();
        if let Some(execution) = self.timeline.threads.first() {
            self.push_thread(&mut todo, execution, "", "");
        }
        while let Some(next) = todo.pop() {
            match next {
                Todo::Row(row) => self.rows.push(row),
                Todo::Visit { visit, first, rest } => self.visit(&mut todo, visit, first, rest),
                Todo::Attempt { visit, index, rest } => self.attempt(&mut todo, visit, index, &rest),
            }
        }
        self.rows
    }

    /// Puts a thread's visits on the stack, the first uppermost.
    fn push_thread(&self, todo: &mut Vec<Todo<'a>>, thread: &'a Thread, first: &str, rest: &str) {
        for (i, visit) in thread.visits.iter().enumerate().rev() {
            if let Some(visit) = self.timeline.visits.get(*visit) {
                let first = if i == 0 { first } else { rest };
                todo.push(Todo::Visit { visit, first: first.into(), rest: rest.into() });
            }
        }
    }

    fn visit(&mut self, todo: &mut Vec<Todo<'a>>, visit: &'a StateVisit, tree: String, rest: String) {
        let in_lines = visit.attempts.len() > 1 || visit.attempts.iter().any(|a| a.error().is_some());
        let mut row = Row {
            at: Some(visit.entered.at),
            tree,
            label: clean(&visit.name).into_owned(),
            head: self.calls(visit),
            ..Row::empty()
        };
        let mut lines = Vec::new();
        for (moment, evaluation) in &visit.evaluations {
            let error = TaskError::new(evaluation.error.clone(), evaluation.cause.clone());
            let mut line = self.failure(&rest, self.offset(moment.at), &error);
            if let Some(location) = &evaluation.location {
                line.head = format!("{} in {}", line.head, clean(location));
            }
            if is_last(visit, moment.event) {
                line.tail.extend(self.caught(visit));
            }
            lines.push((moment.event, Todo::Row(line)));
        }
        match &visit.outcome {
            VisitOutcome::Running => row.tail.push(self.waits_for(visit)),
            VisitOutcome::Aborted => row.tail.push(match visit.ended {
                Some(ended) if ended.at != visit.entered.at => format!("aborted {}", self.offset(ended.at)),
                _ => "aborted".into(),
            }),
            VisitOutcome::Failed(error) if visit.state_type == StateType::Fail => {
                row.mark = Mark::Failing;
                row.cause = self.cause(error);
                if let Some(name) = &error.error {
                    row.head = format!("Fail with {}", clean(name));
                }
            }
            VisitOutcome::Failed(error) | VisitOutcome::Caught(error) => {
                let told = !visit.evaluations.is_empty() || visit.attempts.last().is_some_and(|a| a.error().is_some());
                if !told && let Some(ended) = visit.ended {
                    let mut line = self.failure(&rest, self.offset(ended.at), error);
                    line.tail.extend(self.caught(visit));
                    lines.push((ended.event, Todo::Row(line)));
                }
            }
            VisitOutcome::Succeeded if calls_or_nests(visit.state_type) && !in_lines && lines.is_empty() => {
                row.success = visit.attempts.last().map(|a| self.took(a));
            }
            VisitOutcome::Succeeded => {}
        }
        row.tail.extend(assigned(visit));
        self.rows.push(row);
        let attempts = visit.attempts.iter().enumerate();
        lines
            .extend(attempts.map(|(index, a)| (a.scheduled.event, Todo::Attempt { visit, index, rest: rest.clone() })));
        lines.sort_by_key(|(event, _)| *event);
        todo.extend(lines.into_iter().rev().map(|(_, line)| line));
    }

    /// An attempt's line, where attempts have lines, and what happened inside.
    fn attempt(&mut self, todo: &mut Vec<Todo<'a>>, visit: &'a StateVisit, index: usize, rest: &str) {
        let Some(attempt) = visit.attempts.get(index) else { return };
        if visit.attempts.len() > 1 || attempt.error().is_some() {
            let row = self.attempt_row(visit, attempt, visit.attempts.get(index + 1), rest);
            self.rows.push(row);
        }
        let shown = alike::choose(self.timeline, attempt, &self.signatures, self.whole);
        for (i, more) in shown.more.iter().enumerate().rev() {
            let branch = if i + 1 == shown.more.len() { "└ " } else { "├ " };
            todo.push(Todo::Row(self.more(more, format!("{rest}{branch}"))));
        }
        let last = shown.threads.len().saturating_sub(1);
        for (i, thread) in shown.threads.iter().enumerate().rev() {
            let Some(thread) = self.timeline.threads.get(*thread) else { continue };
            let is_last = i == last && shown.more.is_empty();
            let name = match thread.step() {
                Some(step) if step.is_map => format!("[{}] ", step.index),
                _ => String::new(),
            };
            let first = format!("{rest}{}{name}", if is_last { "└ " } else { "├ " });
            let indent = format!("{rest}{}{}", if is_last { "  " } else { "│ " }, " ".repeat(name.len()));
            if thread.visits.is_empty() {
                todo.push(Todo::Row(self.empty_thread(thread, first.clone())));
            }
            self.push_thread(todo, thread, &first, &indent);
        }
    }

    fn attempt_row(&self, visit: &StateVisit, attempt: &Attempt, retry: Option<&Attempt>, rest: &str) -> Row {
        let mut times = self.offset(attempt.scheduled.at);
        if let Some(ended) = attempt.ended.filter(|e| e.at != attempt.scheduled.at) {
            times = format!("{times} … {}", self.offset(ended.at));
        }
        if let Some(error) = attempt.error() {
            let mut row = self.failure(rest, times, error);
            if visit.state_type != StateType::Task && *error == TaskError::default() {
                // The error of a Fail state inside is not in the history.
                row.head = "failed".into();
            }
            row.tail.extend(self.submitted(attempt));
            match retry {
                Some(next) => {
                    let waited = next.scheduled.at.since(attempt.ended.map_or(next.scheduled.at, |e| e.at));
                    row.tail.push(match waited.is_zero() {
                        true => "retry at once".into(),
                        false => format!("retry after {}", format_offset(waited)),
                    });
                }
                None if attempt.ended.is_some_and(|e| is_last(visit, e.event)) => row.tail.extend(self.caught(visit)),
                None => {}
            }
            return row;
        }
        let (mark, head) = match attempt.outcome {
            AttemptOutcome::Succeeded => (Mark::Good, String::new()),
            AttemptOutcome::Aborted => (Mark::Open, "aborted".into()),
            _ => (Mark::Open, self.waits_for(visit)),
        };
        let tail = self.submitted(attempt).into_iter().collect();
        Row { tree: format!("{rest}  "), mark, label: times, head, tail, ..Row::empty() }
    }

    fn failure(&self, rest: &str, times: String, error: &TaskError) -> Row {
        Row {
            tree: format!("{rest}  "),
            mark: Mark::Bad,
            label: times,
            head: error_name(error).into_owned(),
            cause: self.cause(error),
            ..Row::empty()
        }
    }

    fn more(&self, more: &More, tree: String) -> Row {
        let like = self.timeline.threads.get(more.like).and_then(Thread::step).map_or(0, |s| s.index);
        let label = format!("… {} more like [{like}]", more.count);
        let head = match more.from == more.until {
            true => String::new(),
            false => format!("{} … {}", self.offset(more.from), self.offset(more.until)),
        };
        Row { tree, label, head, ..Row::empty() }
    }

    /// An item that ended, or was interrupted, before its first state.
    fn empty_thread(&self, thread: &Thread, tree: String) -> Row {
        let head = match thread.outcome {
            ThreadOutcome::Running => "running",
            ThreadOutcome::Succeeded => "",
            ThreadOutcome::Failed => "failed",
            ThreadOutcome::Aborted => "aborted",
        };
        Row { at: Some(thread.started.at), tree, head: head.into(), ..Row::empty() }
    }

    /// What a state is or calls.
    fn calls(&self, visit: &StateVisit) -> String {
        let last = visit.attempts.last();
        match visit.state_type {
            StateType::Task => match &visit.resource {
                Some(resource) => match visit.function_name() {
                    Some(function) => format!("{} {}", resource.short(), clean(function)),
                    None => clean(&resource.short()).into_owned(),
                },
                None => "Task".into(),
            },
            StateType::Choice => match self.timeline.next_of(visit) {
                Some(next) => format!("Choice → {}", clean(&next.name)),
                None => "Choice".into(),
            },
            StateType::Wait => match visit.exited() {
                Some(exited) => format!("Wait {}", format_offset(exited.at.since(visit.entered.at))),
                None => "Wait".into(),
            },
            StateType::Map => {
                let kind = if last.is_some_and(|a| a.map_run.is_some()) { "Map Run" } else { "Map" };
                match last.and_then(|a| a.items) {
                    // An ItemReader's items are not counted here.
                    Some(0) if kind == "Map Run" => kind.into(),
                    Some(1) => format!("{kind}, 1 item"),
                    Some(n) => format!("{kind}, {n} items"),
                    None => kind.into(),
                }
            }
            StateType::Parallel => match last.map(|a| a.threads.len()) {
                Some(1) => "Parallel, 1 branch".into(),
                Some(n) => format!("Parallel, {n} branches"),
                None => "Parallel".into(),
            },
            StateType::Pass | StateType::Succeed | StateType::Fail => visit.state_type.name().into(),
        }
    }

    /// `✓`, and in which time where that is not at once.
    fn took(&self, attempt: &Attempt) -> String {
        let mut text = String::from("✓");
        if let Some(took) = attempt.took().filter(|t| !t.is_zero()) {
            text = format!("✓ {}", format_offset(took));
        }
        if let Some(submitted) = self.submitted(attempt) {
            text = format!("{text}, {submitted}");
        }
        text
    }

    /// When the job was started or the message sent, where that took time.
    fn submitted(&self, attempt: &Attempt) -> Option<String> {
        let submitted = attempt.submitted.filter(|s| s.at != attempt.scheduled.at)?;
        Some(format!("submitted {}", self.offset(submitted.at)))
    }

    fn waits_for(&self, visit: &StateVisit) -> String {
        let submitted = visit.attempts.last().is_some_and(|a| a.submitted.is_some());
        match (&visit.resource, visit.state_type) {
            (Some(r), _) if submitted && r.waits_for_token() => "waiting for its task token",
            (Some(r), _) if submitted && r.runs_a_job() => "waiting for its job",
            (Some(r), _) if matches!(r.kind(), ResourceKind::Activity { .. }) => "waiting for its activity",
            (_, StateType::Wait) => "waiting",
            _ => "running",
        }
        .into()
    }

    fn caught(&self, visit: &StateVisit) -> Option<String> {
        visit.caught()?;
        Some(match self.timeline.next_of(visit) {
            Some(next) => format!("caught → {}", clean(&next.name)),
            None => "caught".into(),
        })
    }

    fn cause(&self, error: &TaskError) -> Option<String> {
        let cause = error.cause.as_deref().filter(|c| !c.is_empty())?;
        Some(if self.whole { clean(cause).into_owned() } else { clean(&gist(cause)).into_owned() })
    }

    fn offset(&self, at: Timestamp) -> String {
        offset(at, self.start)
    }
}

impl Row {
    fn empty() -> Row {
        Row {
            at: None,
            tree: String::new(),
            mark: Mark::None,
            label: String::new(),
            head: String::new(),
            cause: None,
            success: None,
            tail: Vec::new(),
        }
    }
}

/// Whether no other failure of the visit came after the one with this event, so that it is what a Catch took.
fn is_last(visit: &StateVisit, event: u32) -> bool {
    let evaluation = visit.evaluations.last().map(|(moment, _)| moment.event);
    let attempt = visit.attempts.last().and_then(|a| a.error().and(a.ended)).map(|e| e.event);
    evaluation.max(attempt) <= Some(event)
}

fn calls_or_nests(state_type: StateType) -> bool {
    matches!(state_type, StateType::Task | StateType::Map | StateType::Parallel)
}

/// So many variables are named; more are counted.
const NAMED: usize = 5;

fn assigned(visit: &StateVisit) -> Option<String> {
    let assigned = visit.assigned.as_ref().filter(|a| !a.is_empty())?;
    let mut names: Vec<String> = assigned.iter().take(NAMED).map(|(name, _)| clean(name).into_owned()).collect();
    if assigned.len() > NAMED {
        names.push(format!("{} more", assigned.len() - NAMED));
    }
    Some(format!("assigned {}", names.join(", ")))
}
