//! What a picture can show besides the machine itself: what was covered, how often, and one execution's path.

use std::collections::BTreeMap;

use super::Way;

/// Marks of states and edges, by the state's place (`Each/Charge`).
#[derive(Clone, Debug, Default)]
pub struct Marks {
    nodes: BTreeMap<String, Mark>,
    edges: BTreeMap<(String, Way), Mark>,
    branches: BTreeMap<(String, usize), Mark>,
}

/// What is said about a state or an edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Whether it was covered; nothing where nobody looked.
    pub cover: Option<Cover>,
    /// How often it was entered or taken.
    pub count: Option<u64>,
    /// Whether it is on the path that is shown.
    pub on_path: bool,
}

/// Whether something was covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// It was.
    Covered,
    /// A part of it was: a retry that never ran out.
    Partly,
    /// It was not.
    Uncovered,
    /// It was not, and could not be: what leads there was not covered either.
    Unreached,
}

impl Marks {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.edges.is_empty() && self.branches.is_empty()
    }
    /// Marks a state.
    pub fn node(&mut self, place: impl Into<String>, mark: Mark) {
        self.nodes.insert(place.into(), mark);
    }
    /// Marks a way out of a state.
    pub fn edge(&mut self, place: impl Into<String>, way: Way, mark: Mark) {
        self.edges.insert((place.into(), way), mark);
    }
    /// Marks a branch of a Parallel, or what a Map repeats, which is branch 0.
    pub fn branch(&mut self, place: impl Into<String>, branch: usize, mark: Mark) {
        self.branches.insert((place.into(), branch), mark);
    }
    pub(super) fn of_node(&self, place: &str) -> Option<Mark> {
        self.nodes.get(place).copied()
    }
    pub(super) fn of_edge(&self, place: &str, way: Way) -> Option<Mark> {
        if self.edges.is_empty() { None } else { self.edges.get(&(place.to_owned(), way)).copied() }
    }
    pub(super) fn of_branch(&self, place: &str, branch: usize) -> Option<Mark> {
        if self.branches.is_empty() { None } else { self.branches.get(&(place.to_owned(), branch)).copied() }
    }
}

impl Mark {
    /// The classes of what is marked so, each with a blank before it.
    pub(super) fn classes(self) -> String {
        let cover = match self.cover {
            Some(Cover::Covered) => " covered",
            Some(Cover::Partly) => " partly",
            Some(Cover::Uncovered) => " uncovered",
            Some(Cover::Unreached) => " unreached",
            None => "",
        };
        format!("{cover}{}", if self.on_path { " on-path" } else { "" })
    }
    /// What is said to those who ask.
    pub(super) fn words(self) -> String {
        let cover = match self.cover {
            Some(Cover::Covered) => " · covered",
            Some(Cover::Partly) => " · partly covered",
            Some(Cover::Uncovered) => " · never covered",
            Some(Cover::Unreached) => " · never reached",
            None => "",
        };
        match self.count {
            Some(1) => format!("{cover} · once"),
            Some(n @ 2..) => format!("{cover} · {n} times"),
            Some(0) | None => cover.to_owned(),
        }
    }
}
