//! What is known about a value before anything runs: its type, its members, nothing at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::steps::Step;
use crate::asl::machine::StateId;
use crate::value::{Str, Value};

/// How deep shapes are followed; what lies deeper is unknown.
const MAX_DEPTH: usize = 12;

/// How many elements of an array are told apart, and how many members of an object are remembered.
const MAX_WIDTH: usize = 200;

/// How many parts a shape may have, counting those that it has several times as often. A machine that hands its input on
/// twice, in a loop, would double it without end.
const MAX_PARTS: usize = 2_000;

/// What is known about a value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::asl::lint) enum Shape {
    /// Nothing is known.
    Unknown,
    /// No array and no object; the value itself where it is a constant.
    Scalar(Kind, Option<Value>),
    /// An array.
    Array(Arc<Array>),
    /// An object.
    Object(Arc<Object>),
}

/// The types that have no parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::asl::lint) enum Kind {
    Null,
    Boolean,
    Number,
    Text,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::asl::lint) struct Array {
    /// Every element, where their number is known.
    items: Option<Vec<Shape>>,
    /// How many elements there are, where that is known.
    pub(super) length: Option<usize>,
    /// What all elements have in common.
    pub(super) each: Shape,
    size: Size,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::asl::lint) struct Object {
    members: BTreeMap<Str, Member>,
    /// Whether there may be members that nobody knows of.
    is_open: bool,
    /// The state that wrote all its members down.
    pub(in crate::asl::lint) from: Option<StateId>,
    size: Size,
}

/// How many parts and levels a shape has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Size {
    parts: usize,
    levels: usize,
}

impl Size {
    fn of<'s>(parts: impl Iterator<Item = &'s Shape>) -> Size {
        let size = parts.map(Shape::size).fold(Size::default(), |a, b| Size {
            parts: a.parts.saturating_add(b.parts),
            levels: a.levels.max(b.levels),
        });
        Size { parts: size.parts.saturating_add(1), levels: size.levels + 1 }
    }

    fn is_too_large(self) -> bool {
        self.parts > MAX_PARTS || self.levels > 2 * MAX_DEPTH
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Member {
    shape: Shape,
    /// Whether it is there on every way to this place.
    is_certain: bool,
}

/// What a path finds.
pub(in crate::asl::lint) enum Found {
    /// Something, unless nothing is known at all.
    Here(Shape),
    /// Something on some ways to this place, and nothing on others.
    Perhaps(Shape),
    /// Nothing, on any way.
    Missing(Missing),
}

/// Why a path finds nothing.
#[derive(Clone, Debug)]
pub(in crate::asl::lint) struct Missing {
    /// The step that leads nowhere.
    pub(in crate::asl::lint) step: usize,
    /// What it starts from.
    pub(in crate::asl::lint) place: Shape,
}

impl Kind {
    /// `string`, as people name the type.
    pub(in crate::asl::lint) fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Number => "number",
            Kind::Text => "string",
        }
    }
}

impl Object {
    /// The names of its members, in alphabetical order.
    pub(in crate::asl::lint) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(|name| &**name)
    }
}

impl Shape {
    pub(super) const TEXT: Shape = Shape::Scalar(Kind::Text, None);
    pub(super) const NUMBER: Shape = Shape::Scalar(Kind::Number, None);
    pub(super) const BOOLEAN: Shape = Shape::Scalar(Kind::Boolean, None);

    /// The shape of a constant.
    pub(super) fn of(value: &Value, from: StateId) -> Shape {
        Shape::of_part(value, from, MAX_DEPTH)
    }

    fn of_part(value: &Value, from: StateId, depth: usize) -> Shape {
        let Some(depth) = depth.checked_sub(1) else { return Shape::Unknown };
        match value {
            Value::Null => Shape::Scalar(Kind::Null, Some(value.clone())),
            Value::Bool(_) => Shape::Scalar(Kind::Boolean, Some(value.clone())),
            Value::Number(_) => Shape::Scalar(Kind::Number, Some(value.clone())),
            Value::String(_) => Shape::Scalar(Kind::Text, Some(value.clone())),
            Value::Array(_) => {
                let items = value.as_array().unwrap_or_default();
                if items.len() > MAX_WIDTH {
                    return Shape::array_of(Shape::Unknown, Some(items.len()));
                }
                Shape::array(items.iter().map(|item| Shape::of_part(item, from, depth)).collect())
            }
            Value::Object(members) => {
                Shape::object(from, members.iter().map(|(name, v)| (name.clone(), Shape::of_part(v, from, depth))))
            }
        }
    }

    /// An object with these members and no others.
    pub(super) fn object(from: StateId, members: impl IntoIterator<Item = (Str, Shape)>) -> Shape {
        let members: BTreeMap<Str, Member> =
            members.into_iter().map(|(name, shape)| (name, Member { shape, is_certain: true })).collect();
        Shape::of_members(members, false, Some(from))
    }

    /// An object; unknown where it is too large to be followed.
    fn of_members(members: BTreeMap<Str, Member>, is_open: bool, from: Option<StateId>) -> Shape {
        let size = Size::of(members.values().map(|member| &member.shape));
        if members.len() > MAX_WIDTH || size.is_too_large() {
            return Shape::Unknown;
        }
        Shape::Object(Arc::new(Object { members, is_open, from, size }))
    }

    /// An array; unknown where it is too large to be followed.
    fn of_items(items: Option<Vec<Shape>>, length: Option<usize>, each: Shape) -> Shape {
        let size = Size::of(items.iter().flatten().chain([&each]));
        if size.is_too_large() {
            return Shape::Unknown;
        }
        Shape::Array(Arc::new(Array { items, length, each, size }))
    }

    fn size(&self) -> Size {
        match self {
            Shape::Unknown | Shape::Scalar(..) => Size { parts: 1, levels: 1 },
            Shape::Array(array) => array.size,
            Shape::Object(object) => object.size,
        }
    }

    /// An array of these elements.
    pub(super) fn array(items: Vec<Shape>) -> Shape {
        let each = items.iter().cloned().reduce(|a, b| a.join(&b)).unwrap_or(Shape::Unknown);
        Shape::of_items(Some(items.clone()), Some(items.len()), each)
    }

    /// An array of such elements.
    pub(super) fn array_of(each: Shape, length: Option<usize>) -> Shape {
        Shape::of_items(None, length, each)
    }

    /// The type, where it is known: `string`, `array`.
    pub(in crate::asl::lint) fn type_name(&self) -> Option<&'static str> {
        match self {
            Shape::Unknown => None,
            Shape::Scalar(kind, _) => Some(kind.name()),
            Shape::Array(_) => Some("array"),
            Shape::Object(_) => Some("object"),
        }
    }

    /// What holds for both.
    pub(super) fn join(&self, other: &Shape) -> Shape {
        match (self, other) {
            (Shape::Scalar(a, x), Shape::Scalar(b, y)) if a == b => Shape::Scalar(*a, x.clone().filter(|_| x == y)),
            (Shape::Array(a), Shape::Array(b)) => {
                if Arc::ptr_eq(a, b) {
                    return self.clone();
                }
                let items = match (&a.items, &b.items) {
                    (Some(x), Some(y)) if x.len() == y.len() => Some(x.iter().zip(y).map(|(x, y)| x.join(y)).collect()),
                    _ => None,
                };
                let length = a.length.filter(|_| a.length == b.length);
                Shape::of_items(items, length, a.each.join(&b.each))
            }
            (Shape::Object(a), Shape::Object(b)) => {
                if Arc::ptr_eq(a, b) {
                    return self.clone();
                }
                a.join(b)
            }
            _ => Shape::Unknown,
        }
    }

    /// Follows the steps.
    pub(super) fn find(&self, steps: &[Step]) -> Found {
        let mut here = self.clone();
        let mut is_certain = true;
        for (i, step) in steps.iter().enumerate() {
            let missing = || Found::Missing(Missing { step: i, place: here.clone() });
            here = match (step, &here) {
                (_, Shape::Unknown) => return found(Shape::Unknown, is_certain),
                (Step::Name(_), Shape::Scalar(..) | Shape::Array(_))
                | (Step::Index(_), Shape::Scalar(..) | Shape::Object(_)) => return missing(),
                (Step::Name(name), Shape::Object(object)) => match object.members.get(name) {
                    Some(member) => {
                        is_certain &= member.is_certain;
                        member.shape.clone()
                    }
                    None if object.is_open => Shape::Unknown,
                    None => return missing(),
                },
                (Step::Index(index), Shape::Array(array)) => match (&array.items, usize::try_from(*index)) {
                    (Some(items), Ok(index)) => items.get(index).cloned().unwrap_or(Shape::Unknown),
                    _ => array.each.clone(),
                },
            };
        }
        found(here, is_certain)
    }

    /// The shape after a value was put at the end of these names; the step that cannot be taken otherwise.
    pub(super) fn put(&self, names: &[Step], value: Shape) -> Result<Shape, Missing> {
        self.put_below(names, value, 0)
    }

    fn put_below(&self, names: &[Step], value: Shape, depth: usize) -> Result<Shape, Missing> {
        let Some((first, rest)) = names.split_first() else { return Ok(value) };
        if depth > MAX_DEPTH {
            return Ok(Shape::Unknown);
        }
        let name = match first {
            Step::Name(name) => name,
            // An element that is replaced: which one, and what the others are, is not worth knowing.
            Step::Index(_) => return Ok(Shape::Unknown),
        };
        let (mut members, is_open, from) = match self {
            Shape::Unknown => (BTreeMap::new(), true, None),
            Shape::Object(object) => (object.members.clone(), object.is_open, object.from),
            Shape::Scalar(..) | Shape::Array(_) => return Err(Missing { step: depth, place: self.clone() }),
        };
        let below = match members.get(name) {
            Some(member) if member.is_certain => member.shape.clone(),
            Some(_) => Shape::Unknown,
            None if is_open => Shape::Unknown,
            None => Shape::of_members(BTreeMap::new(), false, None),
        };
        let shape = below.put_below(rest, value, depth + 1)?;
        members.insert(name.clone(), Member { shape, is_certain: true });
        Ok(Shape::of_members(members, is_open, from))
    }

    /// The same, where it is known that something is at the end of these names, or that nothing is.
    pub(super) fn knowing(&self, steps: &[Step], is_there: bool) -> Shape {
        let Some((first, rest)) = steps.split_first() else { return self.clone() };
        let (Shape::Object(object), Step::Name(name)) = (self, first) else { return self.clone() };
        let mut members = object.members.clone();
        let Some(member) = members.get_mut(name) else { return self.clone() };
        if is_there {
            member.is_certain = true;
        } else if rest.is_empty() {
            members.remove(name);
            return Shape::of_members(members, object.is_open, object.from);
        }
        member.shape = member.shape.knowing(rest, is_there);
        Shape::of_members(members, object.is_open, object.from)
    }
}

fn found(shape: Shape, is_certain: bool) -> Found {
    if is_certain { Found::Here(shape) } else { Found::Perhaps(shape) }
}

impl Object {
    fn join(&self, other: &Object) -> Shape {
        let mut members = BTreeMap::new();
        for (name, mine) in &self.members {
            let joined = match other.members.get(name) {
                Some(theirs) => {
                    Member { shape: mine.shape.join(&theirs.shape), is_certain: mine.is_certain && theirs.is_certain }
                }
                // The other may have anything under this name.
                None if other.is_open => continue,
                None => Member { is_certain: false, ..mine.clone() },
            };
            members.insert(name.clone(), joined);
        }
        for (name, theirs) in &other.members {
            if !self.members.contains_key(name) && !self.is_open {
                members.insert(name.clone(), Member { is_certain: false, ..theirs.clone() });
            }
        }
        let from = self.from.filter(|from| other.from == Some(*from));
        Shape::of_members(members, self.is_open || other.is_open, from)
    }
}

#[cfg(test)]
mod tests {
    use super::super::steps::steps;
    use super::*;

    fn shape(json: &str) -> Shape {
        Shape::of(&Value::parse(json).unwrap(), StateId(0))
    }

    fn found(shape: &Shape, path: &str) -> &'static str {
        match shape.find(&steps(path).unwrap()) {
            Found::Here(Shape::Unknown) => "unknown",
            Found::Here(_) => "here",
            Found::Perhaps(_) => "perhaps",
            Found::Missing(_) => "missing",
        }
    }

    #[test]
    fn what_is_written_down_is_found_and_nothing_else_is() {
        let order = shape(r#"{"id": 7, "lines": [{"sku": "a"}, {"sku": "b", "n": 2}]}"#);
        for (path, want) in [
            (".id", "here"),
            (".lines[1].n", "here"),
            (".lines[0].n", "missing"),
            (".lines[7].n", "unknown"),
            (".lines[-1].n", "perhaps"),
            (".total", "missing"),
            (".id.total", "missing"),
            (".lines.sku", "missing"),
            ("[0]", "missing"),
        ] {
            assert_eq!(found(&order, path), want, "{path}");
        }
        assert_eq!(found(&Shape::Unknown, ".a.b"), "unknown");
    }

    #[test]
    fn two_ways_leave_what_they_have_in_common() {
        let both = shape(r#"{"a": 1, "b": "x"}"#).join(&shape(r#"{"a": "s", "c": true}"#));
        assert_eq!(
            ["a", "b", "c", "d"].map(|n| found(&both, &format!(".{n}"))),
            ["unknown", "perhaps", "perhaps", "missing"]
        );
        let open = Shape::Unknown.put(&steps(".x").unwrap(), Shape::NUMBER).unwrap();
        let both = both.join(&open);
        assert_eq!(
            ["a", "b", "x", "d"].map(|n| found(&both, &format!(".{n}"))),
            ["unknown", "unknown", "perhaps", "unknown"]
        );
    }

    #[test]
    fn a_result_is_put_into_objects_only() {
        let input = shape(r#"{"id": 7}"#);
        let put = input.put(&steps(".payment.receipt").unwrap(), Shape::TEXT).unwrap();
        assert_eq!(found(&put, ".payment.receipt"), "here");
        assert_eq!(found(&put, ".payment.id"), "missing");
        let refused = input.put(&steps(".id.receipt").unwrap(), Shape::TEXT).unwrap_err();
        assert_eq!((refused.step, refused.place.type_name()), (1, Some("number")));
    }

    #[test]
    fn a_test_for_presence_teaches_on_both_sides() {
        let both = shape(r#"{"a": 1}"#).join(&shape("{}"));
        let a = steps(".a").unwrap();
        assert_eq!(found(&both, ".a"), "perhaps");
        assert_eq!(found(&both.knowing(&a, true), ".a"), "here");
        assert_eq!(found(&both.knowing(&a, false), ".a"), "missing");
    }
}
