//! From a first guess to a scenario that goes through: small changes, each kept where the machine comes further by it.

use std::collections::BTreeMap;

use super::reads::{From, Read, StateReads, Step, at};
use super::sketch::{Object, Root, Sketch, Trial};
use crate::asl::Machine;
use crate::history::StateType;
use crate::history::timeline::StateVisit;
use crate::value::Value;

/// How many sketches are tried for one machine.
const MOST_TRIALS: usize = 1_500;
/// How many places one member is tried at.
const MOST_PLACES: usize = 60;

/// How good a trial is: whether it succeeded, how many states it came to, how much of what they read was there.
type Score = (bool, usize, usize);

pub(super) struct Search<'a> {
    machine: &'a Machine,
    reads: &'a BTreeMap<String, StateReads>,
    trials: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(machine: &'a Machine, reads: &'a BTreeMap<String, StateReads>) -> Search<'a> {
        Search { machine, reads, trials: 0 }
    }

    /// The best sketch that was found, and what comes of it; nothing where the machine comes to no end at all.
    pub(super) fn run(mut self, sketch: Sketch) -> Option<(Sketch, Trial)> {
        let mut best = self.tried(sketch)?;
        while self.trials < MOST_TRIALS {
            match self.better(&best.0, &best.1) {
                Some(better) => best = better,
                None => break,
            }
        }
        Some(best)
    }

    /// What comes of a sketch. A Map whose object nobody has handed over ends the run, and not the execution: then it is
    /// tried with all objects.
    fn tried(&self, sketch: Sketch) -> Option<(Sketch, Trial)> {
        match sketch.try_it(self.machine) {
            Some(trial) => Some((sketch, trial)),
            None => {
                let sketch = self.with_all_objects(sketch);
                let trial = sketch.try_it(self.machine)?;
                Some((sketch, trial))
            }
        }
    }

    /// The sketch with an object for every reader, named by the input.
    fn with_all_objects(&self, mut sketch: Sketch) -> Sketch {
        for state in self.reads.values().filter(|state| state.reader.is_some()) {
            for read in state.reads.iter().filter(|read| read.from == From::Input) {
                if let Some(value) = read.likely.first() {
                    sketch = sketch.with(Root::Input, &read.path, value);
                }
            }
            let object = state.reader.as_ref().and_then(|reader| Object::of(reader, &sketch.input));
            sketch.objects.extend(object);
        }
        sketch
    }

    fn score(&self, trial: &Trial) -> Score {
        let there = |visit: &StateVisit| {
            let reads = self.reads.get(&*visit.name).map_or(&[][..], |state| state.reads.as_slice());
            reads.iter().filter(|read| is_there(read, visit, trial) == Some(true)).count()
        };
        // A state that is entered a hundred times counts once.
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for visit in &trial.visits {
            counts.entry(&*visit.name).or_insert_with(|| there(visit));
        }
        (trial.succeeded(), trial.reach(), counts.values().sum())
    }

    fn attempt(&mut self, sketch: Sketch, than: Score) -> Option<(Sketch, Trial)> {
        if self.trials >= MOST_TRIALS {
            return None;
        }
        self.trials += 1;
        let (sketch, trial) = self.tried(sketch)?;
        (self.score(&trial) > than).then_some((sketch, trial))
    }

    fn better(&mut self, sketch: &Sketch, trial: &Trial) -> Option<(Sketch, Trial)> {
        let score = self.score(trial);
        self.read_object(sketch, trial, score)
            .or_else(|| self.list(sketch, trial, score))
            .or_else(|| self.fill(sketch, trial, score, true))
            .or_else(|| self.fill(sketch, trial, score, false))
            .or_else(|| if score.0 { None } else { self.retype(sketch, trial, score) })
            .or_else(|| if score.0 { None } else { self.choose(sketch, trial, score) })
    }

    /// Hands over an object where a Map reads one that is not there.
    fn read_object(&mut self, sketch: &Sketch, trial: &Trial, score: Score) -> Option<(Sketch, Trial)> {
        for visit in trial.visits.iter().filter(|v| v.state_type == StateType::Map) {
            let Some(object) = self.reads.get(&*visit.name).and_then(|s| Object::of(s.reader.as_ref()?, &visit.input))
            else {
                continue;
            };
            if !sketch.objects.iter().any(|o| (&o.bucket, &o.key) == (&object.bucket, &object.key)) {
                let mut with = sketch.clone();
                with.objects.push(object);
                if let Some(better) = self.attempt(with, score) {
                    return Some(better);
                }
            }
        }
        None
    }

    /// Hands a list to a Map that takes its whole input as items.
    fn list(&mut self, sketch: &Sketch, trial: &Trial, score: Score) -> Option<(Sketch, Trial)> {
        let of_map = |v: &&StateVisit| v.state_type == StateType::Map && v.input.as_array().is_none();
        let map = trial.visits.iter().filter(of_map).find(|v| {
            Trial::is_troubled(v) && self.reads.get(&*v.name).is_some_and(|state| state.items.as_deref() == Some(&[]))
        })?;
        let items = Value::array(vec![Value::empty_object()]);
        let payload = [Step::Name("Payload".into())];
        let mut tried = vec![sketch.with(Root::Input, &[], &items)];
        for earlier in trial.visits.iter().take_while(|v| v.entered.event < map.entered.event) {
            let Some(task) = sketch.tasks.iter().position(|task| task.state == earlier.name) else { continue };
            tried.insert(0, sketch.with(Root::Task(task), &[], &items));
            tried.insert(0, sketch.with(Root::Task(task), &payload, &items));
        }
        tried.into_iter().find_map(|sketch| self.attempt(sketch, score))
    }

    /// Puts in what a state reads and does not find; first where that makes trouble.
    fn fill(&mut self, sketch: &Sketch, trial: &Trial, score: Score, troubled: bool) -> Option<(Sketch, Trial)> {
        let mut seen: Vec<(&str, usize)> = Vec::new();
        for (i, visit) in trial.visits.iter().enumerate() {
            if Trial::is_troubled(visit) != troubled {
                continue;
            }
            let Some(state) = self.reads.get(&*visit.name) else { continue };
            for (n, read) in state.reads.iter().enumerate() {
                let is_missing = match is_there(read, visit, trial) {
                    Some(there) => !there,
                    // Nobody can say what a variable holds; where there is trouble, it may be the reason.
                    None => troubled,
                };
                if !is_missing || seen.contains(&(&*visit.name, n)) {
                    continue;
                }
                seen.push((&*visit.name, n));
                for value in read.likely.iter().take(2) {
                    for (root, path) in self.places(sketch, trial, i, read) {
                        if let Some(better) = self.attempt(sketch.with(root, &path, value), score) {
                            return Some(better);
                        }
                    }
                }
            }
        }
        None
    }

    /// Tries other types where a state is in trouble although everything is there.
    fn retype(&mut self, sketch: &Sketch, trial: &Trial, score: Score) -> Option<(Sketch, Trial)> {
        let others = [
            Value::from(1),
            Value::from("1"),
            Value::array(vec![Value::empty_object()]),
            Value::array(vec![Value::from("a")]),
            Value::empty_object(),
            Value::from("{}"),
            Value::from(true),
            Value::from("2024-01-01T00:00:10Z"),
            Value::array(Vec::new()),
        ];
        for (i, visit) in trial.visits.iter().enumerate().filter(|(_, v)| Trial::is_troubled(v)) {
            let Some(state) = self.reads.get(&*visit.name) else { continue };
            for read in &state.reads {
                let places = self.places(sketch, trial, i, read);
                let there = |(root, path): &&(Root, Vec<Step>)| {
                    sketch.root(*root).is_some_and(|value| at(value, path).is_some())
                };
                for (root, path) in places.iter().filter(there) {
                    for value in &others {
                        if let Some(better) = self.attempt(sketch.with(*root, path, value), score) {
                            return Some(better);
                        }
                    }
                }
            }
        }
        None
    }

    /// Makes another rule of a Choice apply; of those that were come to last, first.
    fn choose(&mut self, sketch: &Sketch, trial: &Trial, score: Score) -> Option<(Sketch, Trial)> {
        let mut seen: Vec<&str> = Vec::new();
        for (i, visit) in trial.visits.iter().enumerate().rev().filter(|(_, v)| v.state_type == StateType::Choice) {
            if seen.contains(&&*visit.name) {
                continue;
            }
            seen.push(&visit.name);
            let Some(state) = self.reads.get(&*visit.name) else { continue };
            for rule in &state.rules {
                let Some(first) = rule.first() else { continue };
                for (root, path) in self.places(sketch, trial, i, first) {
                    // The others go where the first went: as deep below what they all begin with.
                    let prefix_len = path.len().saturating_sub(first.path.len());
                    let dropped = first.path.len().saturating_sub(path.len());
                    let mut with = sketch.clone();
                    for read in rule {
                        let Some(value) = read.likely.first() else { continue };
                        let own = read.path.get(dropped.min(read.path.len().saturating_sub(1))..).unwrap_or_default();
                        let prefix = path.get(..prefix_len).unwrap_or_default();
                        let whole: Vec<Step> = prefix.iter().chain(own).cloned().collect();
                        with = with.with(root, &whole, value);
                    }
                    if let Some(better) = self.attempt(with, score) {
                        return Some(better);
                    }
                }
            }
        }
        None
    }

    /// Where a member could be put so that a visit reads it: in the input, in the answers before it, in items.
    fn places(&self, sketch: &Sketch, trial: &Trial, visit: usize, read: &Read) -> Vec<(Root, Vec<Step>)> {
        let mut places: Vec<(Root, Vec<Step>)> = Vec::new();
        let Some(of) = trial.visits.get(visit) else { return places };
        let task = |name: &str| sketch.tasks.iter().position(|task| &*task.state == name).map(Root::Task);
        let mut add = |root: Root, path: Vec<Step>| {
            if !path.is_empty() && !places.contains(&(root, path.clone())) {
                places.push((root, path));
            }
        };
        if read.from == From::Result {
            if let Some(root) = task(&of.name) {
                add(root, read.path.clone());
            }
            return places;
        }
        if read.from == From::Execution {
            add(Root::Input, read.path.clone());
            return places;
        }
        // What was there before this visit, the latest answers first.
        let mut roots: Vec<Root> = Vec::new();
        for earlier in trial.visits.get(..visit).unwrap_or_default().iter().rev() {
            roots.extend(task(&earlier.name).filter(|root| !roots.contains(root)).into_iter().collect::<Vec<_>>());
        }
        roots.insert(0, Root::Input);
        if read.from == From::Output {
            roots.splice(0..0, task(&of.name));
        }
        roots.extend((0..sketch.objects.len()).map(Root::Object));
        let in_item = read.from == From::Item || of.path.iter().any(|step| step.is_map) || !sketch.objects.is_empty();
        if in_item {
            for root in &roots {
                let mut lists = Vec::new();
                if let Some(value) = sketch.root(*root) {
                    arrays(value, &mut Vec::new(), &mut lists);
                }
                for list in lists {
                    for dropped in 0..read.path.len().min(2) {
                        let rest = read.path.get(dropped..).unwrap_or_default();
                        add(*root, list.iter().cloned().chain([Step::Index(0)]).chain(rest.iter().cloned()).collect());
                    }
                }
            }
        }
        let is_first = visit == 0 && read.from == From::Input;
        for root in roots {
            let payload = sketch.root(root).and_then(|v| v.get("Payload")).is_some() && root != Root::Input;
            for dropped in 0..read.path.len() {
                let rest = read.path.get(dropped..).unwrap_or_default().to_vec();
                if payload {
                    add(root, std::iter::once(Step::Name("Payload".into())).chain(rest.clone()).collect());
                }
                add(root, rest);
                if is_first {
                    break;
                }
            }
        }
        places.truncate(MOST_PLACES);
        places
    }
}

/// Whether a visit finds what it reads; nothing where that cannot be known.
fn is_there(read: &Read, visit: &StateVisit, trial: &Trial) -> Option<bool> {
    match read.from {
        From::Execution => Some(at(&trial.visits.first()?.input, &read.path).is_some()),
        From::Input => Some(at(&visit.input, &read.path).is_some()),
        From::Result => {
            let result = visit.attempts.iter().rev().find_map(|a| a.output.as_ref())?;
            Some(at(result, &read.path).is_some())
        }
        From::Item | From::Variable | From::Output => None,
    }
}

/// The arrays of a value that hold something, as paths.
fn arrays(value: &Value, path: &mut Vec<Step>, lists: &mut Vec<Vec<Step>>) {
    if path.len() > 5 {
        return;
    }
    match value {
        Value::Array(items) => {
            if !items.is_empty() {
                lists.push(path.clone());
            }
            if let Some(first) = items.first() {
                path.push(Step::Index(0));
                arrays(first, path, lists);
                path.pop();
            }
        }
        Value::Object(members) => {
            for (name, value) in members.iter() {
                path.push(Step::Name(name.to_string()));
                arrays(value, path, lists);
                path.pop();
            }
        }
        _ => {}
    }
}
