//! What of one machine the tests reach.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::part::tidy;
use super::point::{self, Kind, Point};
use crate::asl::Machine;

/// What of one machine the tests reach.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MachineCoverage {
    name: String,
    /// The file it is written in, where it is written in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    /// Where in the file it begins, for files of several machines.
    #[serde(default)]
    offset: u32,
    /// What stands for the text of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
    /// The definition as a text, so that it can be drawn, however deep it nests.
    definition: String,
    points: Vec<Point>,
    /// How often each test reached each point, by the point's place in the list.
    tests: BTreeMap<String, BTreeMap<usize, u64>>,
    /// The compiled machine it was last added for, to know it again quickly.
    #[serde(skip)]
    compiled: Option<Machine>,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many are reached.
    pub reached: usize,
    /// How many there are.
    pub of: usize,
}

impl Share {
    /// In percent, 100 where there is nothing to reach.
    pub fn percent(self) -> f64 {
        if self.of == 0 { 100.0 } else { self.reached as f64 * 100.0 / self.of as f64 }
    }
    /// Whether nothing is missing.
    pub fn is_whole(self) -> bool {
        self.reached == self.of
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.reached, self.of)
    }
}

impl MachineCoverage {
    pub(crate) fn of(machine: &Machine) -> MachineCoverage {
        let inner = &machine.inner;
        // A text that never was a file has a word for a name.
        let file = inner.source.as_ref().map(|s| s.name()).filter(|name| name.contains(['.', '/', '\\']));
        let digest = inner.source.as_ref().filter(|_| file.is_some()).map(|s| super::part::digest(s.text()));
        MachineCoverage {
            name: machine.name().to_owned(),
            digest,
            file: file.map(tidy),
            offset: inner.node.span.start,
            definition: machine.definition().to_string(),
            points: point::points(machine),
            tests: BTreeMap::new(),
            compiled: Some(machine.clone()),
        }
    }

    pub(super) fn is_of(&self, machine: &Machine) -> bool {
        self.compiled.as_ref().is_some_and(|known| Arc::ptr_eq(&known.inner, &machine.inner))
    }

    /// The next runs are of this compiled machine, which is the same.
    pub(super) fn take_for(&mut self, machine: &Machine) {
        self.compiled = Some(machine.clone());
    }

    /// Whether the other is about the same machine, as it is written now.
    pub(crate) fn is_same(&self, other: &MachineCoverage) -> bool {
        self.is_place_of(other) && self.points == other.points && (self.file.is_some() || self.name == other.name)
    }

    /// Whether the other is written at the same place of the same file, perhaps in another state of it.
    pub(super) fn is_place_of(&self, other: &MachineCoverage) -> bool {
        self.file == other.file && (self.offset == other.offset || self.name == other.name)
    }

    pub(crate) fn order(&self) -> (&str, Option<&str>, u32) {
        (&self.name, self.file.as_deref(), self.offset)
    }

    pub(super) fn add(&mut self, test: &str, counts: &[u64]) {
        if !self.tests.contains_key(test) {
            self.tests.insert(test.to_owned(), BTreeMap::new());
        }
        let Some(own) = self.tests.get_mut(test) else { return };
        for (i, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let sum = own.entry(i).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    pub(crate) fn merge(&mut self, other: MachineCoverage) {
        for (test, counts) in other.tests {
            let own = self.tests.entry(test).or_default();
            for (i, count) in counts.into_iter().filter(|(i, _)| *i < self.points.len()) {
                let sum = own.entry(i).or_default();
                *sum = sum.saturating_add(count);
            }
        }
    }

    /// The machine's name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The file in which the definition is written; `None` for a text in a program.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }
    /// The definition as JSON.
    pub fn definition(&self) -> &str {
        &self.definition
    }
    /// All points, in the order of the definition.
    pub fn points(&self) -> &[Point] {
        &self.points
    }
    /// The tests that ran the machine.
    pub fn tests(&self) -> impl Iterator<Item = &str> {
        self.tests.keys().map(String::as_str)
    }
    /// The points that a test reached, by their places in [`points`](Self::points), with how often it did.
    pub fn reached_by(&self, test: &str) -> impl Iterator<Item = (usize, u64)> {
        self.tests.get(test).into_iter().flatten().map(|(point, count)| (*point, *count))
    }
    /// The machine itself, where its definition can be compiled without knowing more.
    pub(crate) fn machine(&self) -> Option<Machine> {
        let parsed = || Some(Machine::parse(&self.definition).ok()?.named(&self.name));
        self.compiled.clone().or_else(parsed)
    }
    /// How often each point was reached, in the order of [`points`](Self::points).
    pub fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0_u64; self.points.len()];
        for (i, count) in self.tests.values().flatten() {
            if let Some(sum) = counts.get_mut(*i) {
                *sum = sum.saturating_add(*count);
            }
        }
        counts
    }
    /// The tests that reached a point, by its place in [`points`](Self::points).
    pub fn tests_of(&self, point: usize) -> impl Iterator<Item = &str> {
        self.tests.iter().filter(move |(_, counts)| counts.contains_key(&point)).map(|(test, _)| test.as_str())
    }
    /// How many points of a kind are reached.
    pub fn share(&self, kind: Kind) -> Share {
        self.share_in(&self.counts(), kind)
    }
    /// How many points of each kind are reached, of the kinds that the machine has, in the order in which they are shown.
    pub fn shares(&self) -> Vec<(Kind, Share)> {
        let counts = self.counts();
        let all = Kind::ALL.into_iter().map(|kind| (kind, self.share_in(&counts, kind)));
        all.filter(|(_, share)| share.of > 0).collect()
    }
    /// A share by counts that are summed already.
    pub(super) fn share_in(&self, counts: &[u64], kind: Kind) -> Share {
        let of_kind = self.points.iter().zip(counts).filter(|(p, _)| p.kinds().contains(&kind));
        of_kind.fold(Share::default(), |share, (_, count)| Share {
            reached: share.reached + usize::from(*count > 0),
            of: share.of + 1,
        })
    }
    /// The points that no test reaches, in the order of the definition. Of a state that is never entered only that is
    /// told: everything else about it follows.
    pub fn missing(&self) -> impl Iterator<Item = &Point> {
        let counts = self.counts();
        let unseen: Vec<&str> = self
            .points
            .iter()
            .zip(&counts)
            .filter(|(p, count)| p.event == point::Event::Entered && **count == 0)
            .map(|(p, _)| p.state.as_str())
            .collect();
        let is_worth_telling = move |p: &Point| {
            let is_within = |s: &str| p.state.strip_prefix(s).is_some_and(|rest| rest.starts_with('/'));
            match p.event {
                point::Event::Entered => !unseen.iter().any(|s| is_within(s)),
                _ => !unseen.contains(&p.state.as_str()) && !unseen.iter().any(|s| is_within(s)),
            }
        };
        self.points
            .iter()
            .zip(counts)
            .filter(|(_, count)| *count == 0)
            .map(|(p, _)| p)
            .filter(move |p| is_worth_telling(p))
    }

    pub(super) fn to_json(&self) -> Value {
        let counts = self.counts();
        let shares: serde_json::Map<String, Value> = Kind::ALL
            .into_iter()
            .map(|kind| (kind, self.share_in(&counts, kind)))
            .map(|(kind, s)| {
                (kind.word().to_owned(), json!({ "reached": s.reached, "of": s.of, "percent": s.percent() }))
            })
            .collect();
        let points: Vec<Value> = self
            .points
            .iter()
            .enumerate()
            .map(|(i, point)| {
                let mut row = json!(point);
                row["count"] = json!(counts[i]);
                row["tests"] = json!(self.tests_of(i).collect::<Vec<_>>());
                row
            })
            .collect();
        json!({ "name": self.name, "file": self.file, "shares": shares, "points": points })
    }
}
