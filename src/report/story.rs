//! An execution as the report tells it: one row for everything that happened, in the order in which it did, with the
//! lane it happened in and the time that passed before.
//!
//! The rows are data for the page's script, which draws them. Iterations that did the same are told once, as in the
//! compact history, so that a Map of ten thousand items is a page one can read.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use crate::asl::StateType;
use crate::harness::Run;
use crate::history::compact::alike;
use crate::history::timeline::{
    Attempt, AttemptOutcome, Moment, StateVisit, Thread, ThreadOutcome, Timeline, VisitOutcome,
};
use crate::task::{Outcome, PathStep, TaskError};
use crate::time::{Timestamp, format_offset};
use crate::value::Value;

/// A value of more bytes is cut.
const LONGEST_VALUE: usize = 24_000;
/// So much of it is shown then.
const CUT_VALUE: usize = 4_000;
/// More rows than this help nobody.
const MOST_ROWS: usize = 1_500;
/// More branches or items of one state, however different, are counted only.
const MOST_THREADS: usize = 40;
/// More calls are counted only.
const MOST_CALLS: usize = 200;

/// An execution as JSON: `rows`, `calls`, `values` and how it ended.
pub(super) fn story(run: &Run) -> Json {
    let timeline = run.timeline();
    let signatures = alike::signatures(timeline);
    let mut teller = Teller {
        timeline,
        signatures,
        start: run.started_at(),
        rows: Vec::new(),
        lanes: Lanes::default(),
        values: Values::default(),
    };
    teller.thread(0, 0);
    teller.end(run);
    let rows = teller.finished();
    let mut values = teller.values;
    let calls = calls(run, &mut values);
    let (error, cause) = run.status().error().map_or((None, None), |e| (e.error.clone(), e.cause.clone()));
    json!({
        "rows": rows,
        "lanes": teller.lanes.count,
        "calls": calls,
        "callCount": run.calls().len(),
        "children": children(run),
        "error": error.as_deref(),
        "cause": cause.as_deref(),
        "values": values.list,
    })
}

/// What other executions came of, where there were any.
fn children(run: &Run) -> Json {
    if run.children().is_empty() {
        return Json::Null;
    }
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let kept = run.children().iter().map(|child| (child.status.name(), 1));
    for (name, n) in kept.chain(run.children_left_out().iter().map(|l| (l.status, l.count))) {
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += n,
            None => counts.push((name, n)),
        }
    }
    json!(counts.iter().map(|(name, count)| json!({ "status": name, "count": count })).collect::<Vec<_>>())
}

fn calls(run: &Run, values: &mut Values) -> Json {
    let start = run.started_at();
    let one = |logged: &crate::mock::LoggedCall| {
        let mut row = json!({
            "at": offset(logged.at, start),
            "state": logged.call.location(),
            "what": logged.call.resource.short(),
            "by": logged.answered_by,
            "sent": values.put(&logged.call.payload),
        });
        match &logged.outcome {
            Some(Outcome::Ok(value)) => row["got"] = json!(values.put(value)),
            Some(Outcome::Err(error)) => {
                row["error"] = json!(error.error.as_deref().unwrap_or("an error without a name"));
            }
            None => {}
        }
        row
    };
    json!(run.calls().all().iter().take(MOST_CALLS).map(one).collect::<Vec<_>>())
}

/// Values by their text, so that one that passes through ten states is written once.
#[derive(Default)]
struct Values {
    list: Vec<Json>,
    known: HashMap<String, usize>,
}

impl Values {
    fn put(&mut self, value: &Value) -> usize {
        let json = if value.text_len() > LONGEST_VALUE {
            let text = value.to_string();
            let end = (0..=CUT_VALUE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            json!({ "cut": &text[..end], "bytes": text.len() })
        } else {
            json!({ "value": value.to_json() })
        };
        let text = json.to_string();
        if let Some(at) = self.known.get(&text) {
            return *at;
        }
        self.list.push(json);
        self.known.insert(text, self.list.len() - 1);
        self.list.len() - 1
    }
}

/// Lanes that are in use: one for every branch that is going on.
#[derive(Default)]
struct Lanes {
    count: usize,
}

/// A row with what orders it.
struct Row {
    at: Timestamp,
    /// The event it comes from; rows of the same event stay as they were made.
    event: u32,
    thread: usize,
    /// The thread begins or ends here.
    first: bool,
    last: bool,
    json: Map<String, Json>,
}

struct Teller<'a> {
    timeline: &'a Timeline,
    signatures: Vec<u64>,
    start: Timestamp,
    rows: Vec<Row>,
    lanes: Lanes,
    values: Values,
}

impl Teller<'_> {
    fn row(&mut self, moment: Moment, thread: usize, json: Json) {
        let Json::Object(json) = json else { return };
        self.rows.push(Row { at: moment.at, event: moment.event, thread, first: false, last: false, json });
    }

    fn thread(&mut self, index: usize, depth: usize) {
        let timeline = self.timeline;
        let Some(thread) = timeline.threads.get(index) else { return };
        let begin = self.rows.len();
        if thread.visits.is_empty() {
            self.row(thread.started, index, json!({ "kind": "note", "text": empty(thread) }));
        }
        for visit in &thread.visits {
            if let Some(visit) = timeline.visits.get(*visit) {
                self.visit(visit, index, depth);
            }
        }
        if let Some(first) = self.rows.get_mut(begin) {
            first.first = true;
        }
        // The lanes of branches say enough; items of a Map have numbers.
        if let Some(step) = thread.step().filter(|step| step.is_map) {
            let label = format!("[{}]", step.index);
            for row in self.rows.iter_mut().skip(begin).filter(|row| row.thread == index) {
                row.json.insert("item".into(), label.clone().into());
            }
        }
        let of_thread = self.rows.iter_mut().skip(begin).filter(|row| row.thread == index);
        if let Some(last) = of_thread.max_by_key(|row| row.event) {
            last.last = true;
        }
    }

    fn visit(&mut self, visit: &StateVisit, thread: usize, depth: usize) {
        let attempts = &visit.attempts;
        let is_simple = attempts.len() <= 1 && attempts.iter().all(|a| a.error().is_none());
        let takes = |a: &Attempt| a.ended.is_some_and(|e| e.at != a.scheduled.at);
        let is_block = matches!(visit.state_type, StateType::Map | StateType::Parallel);
        let mut state = json!({
            "kind": "state",
            "name": &*visit.name,
            "type": visit.state_type.name(),
            "point": point(&visit.path, &visit.name),
            "text": self.what(visit),
            "input": self.values.put(&visit.input),
        });
        state["mark"] = json!(match &visit.outcome {
            VisitOutcome::Succeeded if visit.state_type == StateType::Fail => "bad",
            VisitOutcome::Succeeded | VisitOutcome::Caught(_)
                if !is_simple || is_block || attempts.iter().any(takes) =>
            {
                "begin"
            }
            VisitOutcome::Succeeded => "good",
            VisitOutcome::Caught(_) | VisitOutcome::Failed(_) if attempts.is_empty() => "bad",
            VisitOutcome::Caught(_) | VisitOutcome::Failed(_) => "begin",
            VisitOutcome::Running | VisitOutcome::Aborted => "open",
        });
        if let Some(output) = &visit.output {
            state["output"] = json!(self.values.put(output));
        }
        if let Some(assigned) = visit.assigned.as_ref().filter(|a| !a.is_empty()) {
            let all = assigned.iter().map(|(name, value)| (name.to_string(), json!(self.values.put(value))));
            state["assigned"] = Json::Object(all.collect());
        }
        // Where there are attempts, the last of them tells the error.
        if let VisitOutcome::Caught(error) | VisitOutcome::Failed(error) = &visit.outcome
            && attempts.is_empty()
        {
            tell_error(&mut state, error);
        }
        match (&visit.outcome, self.timeline.next_of(visit)) {
            (VisitOutcome::Caught(_), Some(next)) if attempts.is_empty() => {
                state["note"] = json!(format!("caught → {}", next.name));
            }
            (VisitOutcome::Aborted, _) => state["note"] = json!("aborted"),
            (VisitOutcome::Running, _) => state["note"] = json!("still running"),
            _ => {}
        }
        if is_simple && let Some(attempt) = attempts.first() {
            self.call(attempt, &mut state);
        }
        self.row(visit.entered, thread, state);
        for (i, attempt) in attempts.iter().enumerate() {
            self.attempt(visit, i, attempt, thread, depth);
        }
    }

    /// What was sent to a service and what came back.
    fn call(&mut self, attempt: &Attempt, row: &mut Json) {
        if let Some(payload) = &attempt.payload {
            row["sent"] = json!(self.values.put(payload));
        }
        if let Some(output) = &attempt.output {
            row["got"] = json!(self.values.put(output));
        }
    }

    fn attempt(&mut self, visit: &StateVisit, i: usize, attempt: &Attempt, thread: usize, depth: usize) {
        let is_block = matches!(visit.state_type, StateType::Map | StateType::Parallel);
        let takes = attempt.ended.is_some_and(|e| e.at != attempt.scheduled.at);
        let is_only = visit.attempts.len() == 1;
        let name = &*visit.name;
        let point = point(&visit.path, name);
        let number = i + 1;
        let try_text = if is_only { String::new() } else { format!("attempt {number}") };
        if i > 0 && (takes || is_block) {
            let json = json!({
                "kind": "attempt", "mark": "begin", "name": name, "point": point, "text": format!("{try_text} begins"),
                "why": "backoff"
            });
            self.row(attempt.scheduled, thread, json);
        }
        if is_block {
            self.inside(attempt, depth);
        }
        let Some(ended) = attempt.ended else { return };
        let mut row = json!({ "kind": "attempt", "name": name, "point": point });
        if i > 0 && !takes && !is_block {
            row["why"] = json!("backoff");
        }
        self.call(attempt, &mut row);
        let next = visit.attempts.get(number);
        match &attempt.outcome {
            AttemptOutcome::Failed(error) | AttemptOutcome::TimedOut(error) => {
                row["mark"] = json!("bad");
                tell_error(&mut row, error);
                row["text"] = json!(try_text);
                match (next, self.timeline.next_of(visit)) {
                    (Some(next), _) => {
                        let waited = next.scheduled.at.since(ended.at);
                        row["note"] = json!(match waited.is_zero() {
                            true => "retry at once".to_owned(),
                            false => format!("retry after {}", format_offset(waited)),
                        });
                    }
                    (None, Some(to)) if visit.caught().is_some() => {
                        row["note"] = json!(format!("caught → {}", to.name));
                    }
                    (None, _) => {}
                }
            }
            AttemptOutcome::Succeeded if is_only && !takes && !is_block => return,
            AttemptOutcome::Succeeded => {
                row["mark"] = json!("good");
                row["text"] = json!(match (is_block, takes) {
                    (true, _) => "done".to_owned(),
                    (false, true) =>
                        format!("{try_text} done after {}", format_offset(attempt.took().unwrap_or_default()))
                            .trim_start()
                            .to_owned(),
                    (false, false) => try_text,
                });
                if number == visit.attempts.len()
                    && let Some(output) = &visit.output
                {
                    row["input"] = json!(self.values.put(&visit.input));
                    row["output"] = json!(self.values.put(output));
                }
            }
            AttemptOutcome::Running => return,
            AttemptOutcome::Aborted => {
                row["mark"] = json!("open");
                row["text"] = json!("aborted");
            }
        }
        self.row(ended, thread, row);
    }

    /// Branches and items, those that did the same once.
    fn inside(&mut self, attempt: &Attempt, depth: usize) {
        // Deeper than any definition nests; what is told is what a person can follow.
        if depth > 60 {
            return;
        }
        let shown = alike::choose(self.timeline, attempt, &self.signatures, false);
        for thread in shown.threads.iter().take(MOST_THREADS) {
            self.thread(*thread, depth + 1);
        }
        let at = |moment: Option<Moment>| moment.unwrap_or(Moment { event: u32::MAX, at: attempt.scheduled.at });
        let end = attempt.ended.map(|e| Moment { event: e.event.saturating_sub(1), at: e.at });
        let owner = attempt.threads.first().and_then(|t| self.timeline.threads.get(*t)).and_then(|t| t.owner);
        let thread = owner.and_then(|(visit, _)| self.timeline.visits.get(visit)).map_or(0, |v| v.thread);
        for more in &shown.more {
            let like = self.timeline.threads.get(more.like).and_then(Thread::step).map_or(0, |s| s.index);
            let (from, until) = (offset(more.from, self.start), offset(more.until, self.start));
            let when = if from == until { from } else { format!("{from} … {until}") };
            let text = format!("{} more like [{like}], {when}", more.count);
            self.row(at(end), thread, json!({ "kind": "fold", "text": text, "count": more.count }));
        }
        if let Some(rest) = shown.threads.len().checked_sub(MOST_THREADS).filter(|rest| *rest > 0) {
            let text = format!("{rest} more, each of its own kind");
            self.row(at(end), thread, json!({ "kind": "fold", "text": text, "count": rest }));
        }
    }

    fn end(&mut self, run: &Run) {
        let at = run.started_at() + run.elapsed();
        let mut row = json!({ "kind": "end", "name": run.status().name() });
        row["mark"] = json!(match run.status() {
            crate::engine::Status::Succeeded(_) => "good",
            crate::engine::Status::Running => "open",
            _ => "bad",
        });
        if let crate::engine::Status::Succeeded(output) = run.status() {
            row["output"] = json!(self.values.put(output));
        }
        if let Some(error) = run.status().error() {
            tell_error(&mut row, error);
        }
        self.row(Moment { event: u32::MAX, at }, 0, row);
    }

    /// The rows in order with their lanes and gaps.
    fn finished(&mut self) -> Vec<Json> {
        let mut rows = std::mem::take(&mut self.rows);
        // Rows of the same event stay in the order in which they were told.
        rows.sort_by_key(|row| row.event);
        if let Some(last) = rows.last_mut() {
            last.last = true;
        }
        let mut free: Vec<bool> = vec![false];
        let mut lane_of: HashMap<usize, usize> = HashMap::from([(0, 0)]);
        let mut told = Vec::new();
        let mut now = self.start;
        let dropped = rows.len().saturating_sub(MOST_ROWS);
        for (i, mut row) in rows.into_iter().enumerate() {
            let lane = *lane_of.entry(row.thread).or_insert_with(|| match free.iter().position(|free| *free) {
                Some(lane) => {
                    free[lane] = false;
                    lane
                }
                None => {
                    free.push(false);
                    free.len() - 1
                }
            });
            if row.last && row.thread != 0 {
                free[lane] = true;
            }
            // The beginning and the end are worth more than the middle.
            if dropped > 0 && (MOST_ROWS - 100..MOST_ROWS - 100 + dropped).contains(&i) {
                if i == MOST_ROWS - 100 {
                    told.push(json!({ "kind": "fold", "text": format!("{dropped} more rows"), "lane": 0, "at": "" }));
                }
                now = row.at;
                continue;
            }
            row.json.insert("lane".into(), lane.into());
            row.json.insert("at".into(), offset(row.at, self.start).into());
            let gap = row.at.since(now);
            if !gap.is_zero() {
                row.json.insert("gap".into(), json!(u64::try_from(gap.as_millis()).unwrap_or(u64::MAX)));
                row.json.insert("gapText".into(), format_offset(gap).into());
            }
            now = row.at.max(now);
            if row.first && row.thread != 0 {
                let owner = self.timeline.threads.get(row.thread).and_then(|t| t.owner);
                let parent = owner.and_then(|(visit, _)| self.timeline.visits.get(visit)).map_or(0, |v| v.thread);
                row.json.insert("from".into(), lane_of.get(&parent).copied().unwrap_or(0).into());
            }
            if row.last && row.thread != 0 {
                row.json.insert("ends".into(), true.into());
            }
            told.push(Json::Object(row.json));
        }
        self.lanes.count = free.len();
        told
    }

    /// What a state is or calls, in a few words.
    fn what(&self, visit: &StateVisit) -> String {
        let last = visit.attempts.last();
        let count = |n: usize, word: &str, many: &str| format!("{n} {}", if n == 1 { word } else { many });
        match visit.state_type {
            StateType::Task => match &visit.resource {
                Some(resource) => match visit.function_name() {
                    Some(function) => format!("{} {function}", resource.short()),
                    None => resource.short(),
                },
                None => "Task".into(),
            },
            StateType::Choice => match self.timeline.next_of(visit) {
                Some(next) => format!("Choice → {}", next.name),
                None => "Choice".into(),
            },
            StateType::Wait => match visit.exited() {
                Some(exited) => format!("Wait {}", format_offset(exited.at.since(visit.entered.at))),
                None => "Wait".into(),
            },
            StateType::Map => match last.and_then(|a| a.items) {
                None | Some(0) => "Map".into(),
                Some(n) => format!("Map, {}", count(n, "item", "items")),
            },
            StateType::Parallel => match last.map(|a| a.threads.len()) {
                Some(n) => format!("Parallel, {}", count(n, "branch", "branches")),
                None => "Parallel".into(),
            },
            StateType::Pass | StateType::Succeed | StateType::Fail => visit.state_type.name().into(),
        }
    }
}

fn empty(thread: &Thread) -> &'static str {
    match thread.outcome {
        ThreadOutcome::Running => "running",
        ThreadOutcome::Succeeded => "nothing to do",
        ThreadOutcome::Failed => "failed before its first state",
        ThreadOutcome::Aborted => "aborted before its first state",
    }
}

fn tell_error(row: &mut Json, error: &TaskError) {
    row["error"] = json!(error.error.as_deref().unwrap_or("an error without a name"));
    if let Some(cause) = error.cause.as_deref().filter(|cause| !cause.is_empty()) {
        row["cause"] = json!(cause);
    }
}

/// `Each/Charge`: the state's place in the machine, by which the picture knows it.
fn point(path: &[PathStep], name: &str) -> String {
    path.iter().map(|step| &*step.state).chain([name]).collect::<Vec<_>>().join("/")
}

fn offset(at: Timestamp, start: Timestamp) -> String {
    format!("T+{}", format_offset(at.since(start)))
}
