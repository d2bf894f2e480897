//! What has to come of a scenario, as its file says it.

use std::sync::Arc;
use std::time::Duration;

use super::format::{CALLS, EXPECT, MAP, MOMENT, STATUSES, names};
use super::services::{self, Holds};
use super::states::States;
use crate::mock::Matcher;
use crate::source::words::{Reader, list};
use crate::source::{Member, Node, NodeKind, Span};
use crate::value::{Str, Value};

/// An expectation of one kind, with its place in the file.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) of: T,
    pub(super) span: Span,
}

/// Everything that is expected.
#[derive(Clone, Debug, Default)]
pub(super) struct Expect {
    pub(super) status: Option<At<Str>>,
    pub(super) path: Option<At<Vec<Str>>>,
    pub(super) visits: Vec<At<Str>>,
    pub(super) never: Vec<At<Str>>,
    /// States that are entered and not left; for a moment of the timeline.
    pub(super) inside: Vec<At<Str>>,
    pub(super) attempts: Vec<(Str, At<Vec<At<Duration>>>)>,
    pub(super) elapsed: Option<At<Duration>>,
    pub(super) output: Option<At<Expected>>,
    pub(super) exactly: Option<At<Value>>,
    pub(super) error: Option<At<Expected>>,
    pub(super) cause: Option<At<Expected>>,
    pub(super) variables: Vec<(Str, At<Expected>)>,
    pub(super) caught: Vec<(Str, At<Str>)>,
    pub(super) maps: Vec<(Str, At<MapCounts>)>,
    pub(super) calls: Vec<(Str, At<CallsExpected>)>,
    #[cfg(feature = "fuzz")]
    pub(super) laws: Vec<super::laws::Written>,
    pub(super) services: Vec<Holds>,
}

/// A value with its matchers, and as it was written.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) matcher: Arc<Matcher>,
    pub(super) written: Value,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MapCounts {
    pub(super) items: Option<u64>,
    pub(super) succeeded: Option<u64>,
    pub(super) failed: Option<u64>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct CallsExpected {
    pub(super) times: Option<u64>,
    pub(super) at: Option<Vec<Duration>>,
    pub(super) with: Option<Expected>,
}

/// Reads an `expect:` block; `is_moment` for one of a timeline.
pub(super) fn read(reader: &mut Reader<'_>, states: &States, block: &Member, is_moment: bool) -> Expect {
    let mut expect = Expect::default();
    let words = names(if is_moment { MOMENT } else { EXPECT });
    for member in reader.members(block) {
        if !reader.knows(member, &words, "an expectation") {
            continue;
        }
        expect.take(reader, states, member);
    }
    expect
}

impl Expect {
    /// Whether it matters which states the children of distributed Maps visited.
    pub(super) fn visits_children(&self) -> bool {
        let lists = [self.visits.len(), self.never.len(), self.attempts.len(), self.caught.len()];
        lists != [0; 4] || self.path.as_ref().is_some_and(|p| p.of.iter().any(|step| step.contains('/')))
    }
    /// Whether more matters of the children of distributed Maps than how many did what.
    pub(super) fn looks_at_children(&self) -> bool {
        #[cfg(feature = "fuzz")]
        if !self.laws.is_empty() {
            return true;
        }
        self.visits_children() || self.calls.iter().any(|(_, calls)| calls.of.at.is_some() || calls.of.with.is_some())
    }
    fn take(&mut self, reader: &mut Reader<'_>, states: &States, member: &Member) {
        let span = member.value.span;
        match &*member.key {
            "status" => self.status = status(reader, member),
            "path" => {
                let path = reader.texts(member);
                states.check_path(reader, &path);
                self.path = Some(At { of: path.into_iter().map(|(name, _)| name).collect(), span });
            }
            "visits" => self.visits = states_named(reader, states, member),
            "never" => self.never = states_named(reader, states, member),
            "in" => self.inside = states_named(reader, states, member),
            "attempts" => {
                for of in reader.members(member) {
                    states.check_name(reader, &of.key, of.key_span);
                    let offsets = offsets(reader, of);
                    self.attempts.push((of.key.clone(), At { of: offsets, span: of.value.span }));
                }
            }
            "elapsed" => self.elapsed = reader.duration(member).map(|of| At { of, span }),
            "output" => self.output = expected(reader, &member.value),
            "exactly" => self.exactly = Some(At { of: member.value.to_value(), span }),
            "error" => self.error = expected(reader, &member.value),
            "cause" => self.cause = expected(reader, &member.value),
            "variables" => {
                for of in reader.members(member) {
                    self.variables.extend(expected(reader, &of.value).map(|e| (of.key.clone(), e)));
                }
            }
            "caught" => {
                for of in reader.members(member) {
                    states.check_name(reader, &of.key, of.key_span);
                    let error = reader.text(of).map(|error| (of.key.clone(), At { of: error, span: of.value.span }));
                    self.caught.extend(error);
                }
            }
            "map" => {
                for of in reader.members(member) {
                    states.check_name(reader, &of.key, of.key_span);
                    let counts = counts(reader, of);
                    self.maps.push((of.key.clone(), At { of: counts, span: of.value.span }));
                }
            }
            "calls" => {
                for of in reader.members(member) {
                    states.check_key(reader, &of.key, of.key_span);
                    let calls = calls(reader, of);
                    self.calls.push((of.key.clone(), At { of: calls, span: of.value.span }));
                }
            }
            #[cfg(feature = "fuzz")]
            "always" => self.laws = super::laws::read(reader, states, member, false),
            #[cfg(not(feature = "fuzz"))]
            "always" => super::header::not_here(reader, member),
            _ => self.services = services::holds(reader, member),
        }
    }

    /// Whether nothing is expected.
    pub(super) fn is_empty(&self) -> bool {
        let lists = [self.visits.len(), self.never.len(), self.inside.len(), self.attempts.len(), self.variables.len()];
        let more = [self.caught.len(), self.maps.len(), self.calls.len(), self.services.len()];
        let texts = self.status.is_none() && self.path.is_none() && self.elapsed.is_none();
        let values = self.output.is_none() && self.exactly.is_none() && self.error.is_none() && self.cause.is_none();
        #[cfg(feature = "fuzz")]
        let values = values && self.laws.is_empty();
        texts && values && lists.iter().chain(&more).all(|n| *n == 0)
    }
}

fn status(reader: &mut Reader<'_>, member: &Member) -> Option<At<Str>> {
    let text = reader.text(member)?;
    if STATUSES.contains(&&*text) {
        return Some(At { of: text, span: member.value.span });
    }
    let finding = reader.error("wrong-value", format!("`{text}` is no status"), &member.value, "no status");
    let upper = text.to_uppercase();
    let help = match crate::diagnostic::did_you_mean(&upper, STATUSES.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of {}", list(STATUSES)),
    };
    reader.push(finding.help(help));
    None
}

fn states_named(reader: &mut Reader<'_>, states: &States, member: &Member) -> Vec<At<Str>> {
    let names = reader.texts(member);
    for (name, span) in &names {
        states.check_name(reader, name, *span);
    }
    names.into_iter().map(|(of, span)| At { of, span }).collect()
}

/// Reads an expected value with its matchers.
pub(super) fn expected(reader: &mut Reader<'_>, node: &Node) -> Option<At<Expected>> {
    let written = node.to_value();
    match Matcher::new(&written) {
        Ok(matcher) => Some(At { of: Expected { matcher: Arc::new(matcher), written }, span: node.span }),
        Err(error) => {
            let path: Vec<&str> = error.path.iter().map(String::as_str).collect();
            let place = node.find(&path).unwrap_or(node);
            let finding = reader.error("bad-matcher", error.message, place, "in this matcher");
            reader.push(match error.help {
                Some(help) => finding.help(help),
                None => finding,
            });
            None
        }
    }
}

fn offsets(reader: &mut Reader<'_>, member: &Member) -> Vec<At<Duration>> {
    let items = match &member.value.kind {
        NodeKind::Array(items) => items.as_slice(),
        _ => std::slice::from_ref(&member.value),
    };
    items.iter().filter_map(|item| Some(At { of: reader.duration_of(item)?, span: item.span })).collect()
}

fn counts(reader: &mut Reader<'_>, of: &Member) -> MapCounts {
    let mut counts = MapCounts::default();
    for member in reader.members(of) {
        if !reader.knows(member, &names(MAP), "what is expected of a Map") {
            continue;
        }
        let n = reader.count(member, 0);
        match &*member.key {
            "items" => counts.items = n,
            "succeeded" => counts.succeeded = n,
            _ => counts.failed = n,
        }
    }
    counts
}

fn calls(reader: &mut Reader<'_>, of: &Member) -> CallsExpected {
    let mut calls = CallsExpected::default();
    if let NodeKind::Number(_) = &of.value.kind {
        calls.times = reader.count(of, 0);
        return calls;
    }
    for member in reader.members(of) {
        if !reader.knows(member, &names(CALLS), "what is expected of calls") {
            continue;
        }
        match &*member.key {
            "times" => calls.times = reader.count(member, 0),
            "at" => calls.at = Some(offsets(reader, member).into_iter().map(|at| at.of).collect()),
            _ => calls.with = expected(reader, &member.value).map(|e| e.of),
        }
    }
    calls
}
