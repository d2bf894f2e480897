//! Which items of a Map did the same, so that one can stand for many.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Attempt, AttemptOutcome, StateVisit, ThreadOutcome, Timeline, VisitOutcome};
use crate::task::TaskError;
use crate::time::Timestamp;

/// So many items that did the same are shown one by one; of more, only the first ones.
const MANY: usize = 10;
const FIRST: usize = 3;

/// What every thread did, as a number that is the same for threads that did the same: the same states with the same
/// results, whatever the values and times were.
pub(crate) fn signatures(timeline: &Timeline) -> Vec<u64> {
    let mut signatures = vec![0; timeline.threads.len()];
    // What a thread starts comes after it, so going backwards meets the inner threads first.
    for (i, thread) in timeline.threads.iter().enumerate().rev() {
        let mut hasher = DefaultHasher::new();
        thread.outcome.hash(&mut hasher);
        for visit in thread.visits.iter().filter_map(|v| timeline.visits.get(*v)) {
            hash_visit(visit, &signatures, &mut hasher);
        }
        if let Some(s) = signatures.get_mut(i) {
            *s = hasher.finish();
        }
    }
    signatures
}

fn hash_visit(visit: &StateVisit, signatures: &[u64], hasher: &mut DefaultHasher) {
    let (kind, error) = match &visit.outcome {
        VisitOutcome::Running => (0, None),
        VisitOutcome::Succeeded => (1, None),
        VisitOutcome::Caught(e) => (2, Some(e)),
        VisitOutcome::Failed(e) => (3, Some(e)),
        VisitOutcome::Aborted => (4, None),
    };
    (&visit.name, kind, error.map(TaskError::name), visit.evaluations.len()).hash(hasher);
    for attempt in &visit.attempts {
        let kind = match &attempt.outcome {
            AttemptOutcome::Running => 0,
            AttemptOutcome::Succeeded => 1,
            AttemptOutcome::Failed(_) => 2,
            AttemptOutcome::TimedOut(_) => 3,
            AttemptOutcome::Aborted => 4,
        };
        (kind, attempt.error().map(TaskError::name), attempt.threads.len()).hash(hasher);
        for thread in &attempt.threads {
            signatures.get(*thread).hash(hasher);
        }
    }
}

/// What of an attempt's threads is shown.
pub(crate) struct Shown {
    /// The threads that are shown themselves.
    pub(crate) threads: Vec<usize>,
    /// For the others, how many did the same as an earlier one.
    pub(crate) more: Vec<More>,
}

/// Threads that are not shown because they did the same as another.
pub(crate) struct More {
    pub(crate) count: usize,
    /// The thread for which they stand.
    pub(crate) like: usize,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

/// Chooses the threads to show; what failed is always among them.
pub(crate) fn choose(timeline: &Timeline, attempt: &Attempt, signatures: &[u64], whole: bool) -> Shown {
    if whole || attempt.threads.len() <= MANY {
        return Shown { threads: attempt.threads.clone(), more: Vec::new() };
    }
    let signature = |thread: &usize| signatures.get(*thread).copied().unwrap_or_default();
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for thread in &attempt.threads {
        *counts.entry(signature(thread)).or_default() += 1;
    }
    let mut shown = Shown { threads: Vec::new(), more: Vec::new() };
    // By signature: how many are shown, the first of them, and where in `more` the others are counted.
    let mut groups: HashMap<u64, (usize, usize, Option<usize>)> = HashMap::new();
    for &thread in &attempt.threads {
        let Some(t) = timeline.threads.get(thread) else { continue };
        let key = signature(&thread);
        let all = t.outcome == ThreadOutcome::Failed || counts.get(&key).is_none_or(|n| *n <= MANY);
        let (so_far, first, more) = groups.entry(key).or_insert((0, thread, None));
        if all || *so_far < FIRST {
            *so_far += 1;
            shown.threads.push(thread);
            continue;
        }
        let (from, until) = (t.started.at, t.ended.map_or(t.started.at, |e| e.at));
        match more.and_then(|m| shown.more.get_mut(m)) {
            Some(m) => {
                m.count += 1;
                m.from = m.from.min(from);
                m.until = m.until.max(until);
            }
            None => {
                *more = Some(shown.more.len());
                shown.more.push(More { count: 1, like: *first, from, until });
            }
        }
    }
    shown
}
