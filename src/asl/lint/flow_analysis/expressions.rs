//! What paths, payload templates and JSONata expressions give, and what in them leads nowhere.

use std::ops::Range;

use super::steps::{self, Step};
use super::transfer::{Sight, Transfer, Way};
use super::{Shape, What};
use crate::asl::cursor::Cursor;
use crate::expr::jsonata::Expression;
use crate::expr::jsonata_template::delimited;
use crate::expr::query_path::{QueryPath, Root};
use crate::expr::template::PathOrIntrinsic;
use crate::source::{Member, Node, NodeKind, Span};
use crate::value::{Str, Value};

use super::shape::Found;

/// What intrinsic functions give.
const INTRINSICS: &[(&str, Shape)] = &[
    ("States.Format", Shape::TEXT),
    ("States.JsonToString", Shape::TEXT),
    ("States.Base64Encode", Shape::TEXT),
    ("States.Base64Decode", Shape::TEXT),
    ("States.Hash", Shape::TEXT),
    ("States.UUID", Shape::TEXT),
    ("States.ArrayLength", Shape::NUMBER),
    ("States.MathAdd", Shape::NUMBER),
    ("States.MathRandom", Shape::NUMBER),
    ("States.ArrayContains", Shape::BOOLEAN),
];
/// Those that give arrays of anything.
const LISTS: &[&str] = &["States.Array", "States.ArrayPartition", "States.ArrayUnique", "States.StringSplit"];

/// How many numbers `States.ArrayRange(1, 9, 2)` gives, where all are constants.
fn range_length(call: &str) -> Option<usize> {
    let arguments = call.split_once('(')?.1.strip_suffix(')')?;
    let numbers: Vec<i64> = arguments.split(',').map(|n| n.trim().parse().ok()).collect::<Option<_>>()?;
    let [from, to, step] = numbers.as_slice() else { return None };
    let steps = to.checked_sub(*from)?.checked_div(*step)?;
    usize::try_from(steps).ok()?.checked_add(1)
}

impl Transfer<'_, '_> {
    /// The characters of a part of a string's value.
    pub(super) fn part(&self, node: &Node, part: &Range<usize>) -> Span {
        let cursor = Cursor::root(self.subject.source, node);
        let first = cursor.point(part.start);
        if part.end <= part.start + 1 || first == node.span {
            return first;
        }
        let text = node.as_str().map(|s| &**s).unwrap_or_default();
        let last = text.get(..part.end).and_then(|t| t.char_indices().next_back()).map_or(part.start, |(i, _)| i);
        let last = cursor.point(last);
        if last == node.span { last } else { Span { start: first.start, end: last.end.max(first.end) } }
    }

    /// What the path in a field finds, or the intrinsic function there gives.
    pub(super) fn path(&mut self, node: &Node, way: &Way<'_>, input: &Shape) -> Shape {
        let Some(text) = node.as_str() else { return Shape::Unknown };
        match PathOrIntrinsic::parse(text) {
            Ok(PathOrIntrinsic::Path(path)) => self.query(node, 0, &path, way, input),
            Ok(PathOrIntrinsic::Intrinsic(intrinsic)) => {
                if self.is_last_pass() {
                    let mut paths = Vec::new();
                    intrinsic.for_each_path(&mut |path| paths.push(path.clone()));
                    let mut from = 0;
                    for path in paths {
                        let rest = text.get(from..).unwrap_or_default();
                        let at = rest.find(path.as_str()).map_or(0, |at| from + at);
                        from = at + path.as_str().len();
                        self.query(node, at, &path, way, input);
                    }
                }
                let name = text.split('(').next().unwrap_or_default().trim();
                if name == "States.ArrayRange" {
                    return Shape::array_of(Shape::NUMBER, range_length(text));
                }
                if LISTS.contains(&name) {
                    return Shape::array_of(Shape::Unknown, None);
                }
                INTRINSICS.iter().find(|(known, _)| *known == name).map_or(Shape::Unknown, |(_, shape)| shape.clone())
            }
            Err(_) => Shape::Unknown,
        }
    }

    /// What a path finds that stands at an offset of a string's value.
    pub(super) fn query(&mut self, node: &Node, at: usize, path: &QueryPath, way: &Way<'_>, input: &Shape) -> Shape {
        match self.look(node, at, path, way, input) {
            Found::Here(shape) | Found::Perhaps(shape) => shape,
            Found::Missing(missing) => {
                let shown = path.as_str();
                let root = root_length(path);
                let located = steps::located(shown.get(root..).unwrap_or_default()).unwrap_or_default();
                let range = located.get(missing.step).map_or(0..shown.len(), |(_, r)| r.start + root..r.end + root);
                let span = self.part(node, &(at + range.start..at + range.end));
                let steps = located.into_iter().map(|(step, _)| step).collect();
                self.problem(way, span, What::Nowhere { path: shown.to_owned(), steps, missing });
                Shape::Unknown
            }
        }
    }

    /// The same, leaving it to the caller what finding nothing means.
    pub(super) fn look(&mut self, node: &Node, at: usize, path: &QueryPath, way: &Way<'_>, input: &Shape) -> Found {
        let text = path.as_str();
        let below = text.get(root_length(path)..).unwrap_or_default();
        let steps = steps::steps(below);
        let start = match path.root() {
            Root::Input => input.clone(),
            Root::Context => {
                let located = steps::located(below).unwrap_or_default();
                let steps: Vec<Step> = located.into_iter().map(|(step, _)| step).collect();
                let span = self.part(node, &(at..at + text.len()));
                let names = Transfer::names(&steps);
                self.problem(way, span, What::Context { path: text.to_owned(), names });
                return Found::Here(Shape::Unknown);
            }
            Root::Variable(name) => {
                let span = self.part(node, &(at..at + 1 + name.len()));
                self.variable(name, span, way, false)
            }
        };
        match steps {
            Some(steps) => start.find(&steps),
            None => Found::Here(Shape::Unknown),
        }
    }

    /// The shape of a variable, which should be assigned.
    fn variable(&mut self, name: &Str, span: Span, way: &Way<'_>, is_guarded: bool) -> Shape {
        let known = self.facts.variables.get(name).cloned();
        let is_certain = known.as_ref().is_some_and(|v| v.is_certain);
        if !is_certain && !is_guarded {
            let is_sometimes = known.is_some();
            self.problem(way, span, What::Unassigned { name: name.clone(), is_sometimes });
        }
        known.map_or(Shape::Unknown, |v| v.shape)
    }

    /// What a payload template gives.
    pub(super) fn template(&mut self, node: &Node, way: &Way<'_>, input: &Shape) -> Shape {
        match &node.kind {
            NodeKind::Object(members) => {
                let members: Vec<(Str, Shape)> = members
                    .iter()
                    .map(|member| {
                        let name = member.key.strip_suffix(".$").map_or_else(|| member.key.clone(), Str::from);
                        (name, self.template_member(member, way, input))
                    })
                    .collect();
                Shape::object(self.place.id, members)
            }
            NodeKind::Array(items) => Shape::array(
                items.iter().enumerate().map(|(i, item)| self.template(item, &Way::Item(way, i), input)).collect(),
            ),
            _ => Shape::of(&node.to_value(), self.place.id),
        }
    }

    /// What one member of a payload template gives.
    pub(super) fn template_member(&mut self, member: &Member, way: &Way<'_>, input: &Shape) -> Shape {
        let here = Way::Member(way, &member.key);
        match member.key.ends_with(".$") {
            true => self.path(&member.value, &here, input),
            false => self.template(&member.value, &here, input),
        }
    }

    /// What a value with expressions in it gives.
    pub(super) fn jsonata(&mut self, node: &Node, way: &Way<'_>, sight: &Sight) -> Shape {
        match &node.kind {
            NodeKind::Object(members) => {
                let members: Vec<(Str, Shape)> = members
                    .iter()
                    .map(|m| (m.key.clone(), self.jsonata(&m.value, &Way::Member(way, &m.key), sight)))
                    .collect();
                Shape::object(self.place.id, members)
            }
            NodeKind::Array(items) => Shape::array(
                items.iter().enumerate().map(|(i, item)| self.jsonata(item, &Way::Item(way, i), sight)).collect(),
            ),
            NodeKind::String(text) => match delimited(text) {
                Some(source) => self.expression(node, text, source, way, sight),
                None => Shape::of(&node.to_value(), self.place.id),
            },
            _ => Shape::of(&node.to_value(), self.place.id),
        }
    }

    fn expression(&mut self, node: &Node, text: &str, source: &str, way: &Way<'_>, sight: &Sight) -> Shape {
        if self.is_last_pass()
            && let Ok(expression) = Expression::parse(source)
        {
            self.mentions(node, text, &expression, way, sight);
        }
        let Some(path) = plain_path(source) else { return literal(source, self.place.id) };
        let (start, steps) = match (&*path.root, path.steps.split_first()) {
            ("states", Some(((Step::Name(member), _), rest))) => {
                let start = match &**member {
                    "input" => Some(sight.input.clone()),
                    "result" => sight.result.clone(),
                    "errorOutput" => sight.error_output.clone(),
                    _ => None,
                };
                (start, rest)
            }
            ("states", _) => return Shape::Unknown,
            (name, _) => (self.facts.variables.get(name).map(|v| v.shape.clone()), &*path.steps),
        };
        let Some(start) = start else { return Shape::Unknown };
        let names: Vec<Step> = steps.iter().map(|(step, _)| step.clone()).collect();
        match start.find(&names) {
            Found::Here(shape) => shape,
            Found::Perhaps(_) => Shape::Unknown,
            // A path goes on in every element of an array.
            Found::Missing(missing) if matches!(missing.place, Shape::Array(_)) => Shape::Unknown,
            Found::Missing(missing) => {
                let offset = text.find(source).unwrap_or(0);
                let range = steps.get(missing.step).map_or(0..source.len(), |(_, range)| range.clone());
                let span = self.part(node, &(offset + range.start..offset + range.end));
                self.problem(way, span, What::Nowhere { path: source.to_owned(), steps: names, missing });
                Shape::Unknown
            }
        }
    }

    /// Looks at what an expression mentions.
    fn mentions(&mut self, node: &Node, text: &str, expression: &Expression, way: &Way<'_>, sight: &Sight) {
        let mentions = expression.mentions();
        let is_careful = !mentions.newer_operators.is_empty();
        for name in &mentions.variables {
            let Some(at) = mention(text, name) else { continue };
            let end = at + 1 + name.len();
            let span = self.part(node, &(at..end));
            let is_called = text.get(end..).is_some_and(|rest| rest.trim_start().starts_with('('));
            if is_called && !self.facts.variables.contains_key(name) {
                self.problem(way, span, What::NoFunction { name: name.clone() });
                continue;
            }
            let is_guarded = is_careful || asks_for(text, name);
            self.variable(name, span, way, is_guarded);
        }
        if mentions.eval
            && let Some(at) = mention(text, "eval")
        {
            let span = self.part(node, &(at..at + "$eval".len()));
            self.problem(way, span, What::NoFunction { name: "eval".into() });
        }
        if mentions.states_members.result
            && sight.result.is_none()
            && let Some(at) = text.find("$states.result")
            && !text.contains("exists($states.result")
        {
            let span = self.part(node, &(at..at + "$states.result".len()));
            self.problem(way, span, What::NoResult);
        }
        if mentions.states_members.context {
            for (at, found) in text.match_indices("$states.context") {
                let rest = text.get(at + found.len()..).unwrap_or_default();
                let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
                let below = rest.get(..length).unwrap_or_default().trim_end_matches('.');
                let names = Transfer::names(&steps::steps(below).unwrap_or_default());
                let span = self.part(node, &(at..at + found.len() + below.len()));
                self.problem(way, span, What::Context { path: format!("{found}{below}"), names });
            }
        }
    }
}

/// How many bytes `$`, `$$` or `$name` take.
fn root_length(path: &QueryPath) -> usize {
    match path.root() {
        Root::Input => 1,
        Root::Context => 2,
        Root::Variable(name) => 1 + name.len(),
    }
}

/// Where a variable is mentioned first.
fn mention(text: &str, name: &str) -> Option<usize> {
    let goes_on = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let wanted = format!("${name}");
    text.match_indices(&wanted).map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).and_then(|t| t.chars().next_back());
        let after = text.get(at + wanted.len()..).and_then(|t| t.chars().next());
        before != Some('$') && !after.is_some_and(goes_on)
    })
}

/// Whether an expression asks whether a variable is there.
pub(super) fn asks_for(text: &str, name: &str) -> bool {
    ["exists(", "boolean(", "not(", "type("].iter().any(|function| text.contains(&format!("{function}${name}")))
        || text.contains(&format!("${name} ?"))
}

/// `$root.name.name`, with the bytes of each name.
struct PlainPath {
    root: String,
    steps: Vec<(Step, Range<usize>)>,
}

fn plain_path(source: &str) -> Option<PlainPath> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = source.strip_prefix('$')?;
    let length = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
    let root = rest.get(..length).filter(|r| !r.is_empty())?;
    let below = rest.get(length..)?;
    let names = below.split('.').skip(1);
    if !(below.is_empty() || below.starts_with('.'))
        || !names.into_iter().all(|n| !n.is_empty() && n.chars().all(is_plain))
    {
        return None;
    }
    let shift = 1 + length;
    let steps = steps::located(below)?.into_iter().map(|(s, r)| (s, r.start + shift..r.end + shift)).collect();
    Some(PlainPath { root: root.to_owned(), steps })
}

/// The shape of an expression that is a literal.
fn literal(source: &str, from: crate::asl::machine::StateId) -> Shape {
    let is_word = |quote| {
        source.strip_prefix(quote).and_then(|s| s.strip_suffix(quote)).is_some_and(|s| !s.contains(['\'', '"', '\\']))
    };
    match source {
        "true" => Shape::of(&Value::Bool(true), from),
        "false" => Shape::of(&Value::Bool(false), from),
        _ if source.bytes().all(|b| b.is_ascii_digit()) && !source.is_empty() => Shape::NUMBER,
        _ if source.len() > 1 && (is_word('\'') || is_word('"')) => Shape::TEXT,
        _ => Shape::Unknown,
    }
}
