//! The table of comparison operators, and how they compare.

use std::cmp::Ordering;

use crate::time::Timestamp;
use crate::value::{Number, Str, Value, numbers_equal};

/// A comparison operator: one row of the table.
pub(super) struct Operator {
    pub(super) name: &'static str,
    pub(super) action: Action,
}

/// What an operator does with its operand.
#[derive(Clone, Copy)]
pub(super) enum Action {
    /// Compares with the operand.
    Literal(Family, Comparison),
    /// Compares with what the operand, a path, finds.
    Path(Family, Comparison),
    /// Matches the operand, a pattern.
    Matches,
    /// Tests the type; the operand says which answer is wanted.
    Is(Kind),
    /// Tests whether the variable is there at all.
    IsPresent,
}

/// The type of value an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Text,
    Number,
    Instant,
    Truth,
}

/// The order two values should be in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Equal,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

/// The type an `Is…` operator tests for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Null,
    Numeric,
    String,
    Boolean,
    Timestamp,
}

use Action::{Is, IsPresent, Literal, Matches, Path};
use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};

const fn row(name: &'static str, action: Action) -> Operator {
    Operator { name, action }
}

pub(super) const OPERATORS: [Operator; 39] = [
    row("StringEquals", Literal(Family::Text, Equal)),
    row("StringEqualsPath", Path(Family::Text, Equal)),
    row("StringLessThan", Literal(Family::Text, Less)),
    row("StringLessThanPath", Path(Family::Text, Less)),
    row("StringGreaterThan", Literal(Family::Text, Greater)),
    row("StringGreaterThanPath", Path(Family::Text, Greater)),
    row("StringLessThanEquals", Literal(Family::Text, LessOrEqual)),
    row("StringLessThanEqualsPath", Path(Family::Text, LessOrEqual)),
    row("StringGreaterThanEquals", Literal(Family::Text, GreaterOrEqual)),
    row("StringGreaterThanEqualsPath", Path(Family::Text, GreaterOrEqual)),
    row("StringMatches", Matches),
    row("NumericEquals", Literal(Family::Number, Equal)),
    row("NumericEqualsPath", Path(Family::Number, Equal)),
    row("NumericLessThan", Literal(Family::Number, Less)),
    row("NumericLessThanPath", Path(Family::Number, Less)),
    row("NumericGreaterThan", Literal(Family::Number, Greater)),
    row("NumericGreaterThanPath", Path(Family::Number, Greater)),
    row("NumericLessThanEquals", Literal(Family::Number, LessOrEqual)),
    row("NumericLessThanEqualsPath", Path(Family::Number, LessOrEqual)),
    row("NumericGreaterThanEquals", Literal(Family::Number, GreaterOrEqual)),
    row("NumericGreaterThanEqualsPath", Path(Family::Number, GreaterOrEqual)),
    row("BooleanEquals", Literal(Family::Truth, Equal)),
    row("BooleanEqualsPath", Path(Family::Truth, Equal)),
    row("TimestampEquals", Literal(Family::Instant, Equal)),
    row("TimestampEqualsPath", Path(Family::Instant, Equal)),
    row("TimestampLessThan", Literal(Family::Instant, Less)),
    row("TimestampLessThanPath", Path(Family::Instant, Less)),
    row("TimestampGreaterThan", Literal(Family::Instant, Greater)),
    row("TimestampGreaterThanPath", Path(Family::Instant, Greater)),
    row("TimestampLessThanEquals", Literal(Family::Instant, LessOrEqual)),
    row("TimestampLessThanEqualsPath", Path(Family::Instant, LessOrEqual)),
    row("TimestampGreaterThanEquals", Literal(Family::Instant, GreaterOrEqual)),
    row("TimestampGreaterThanEqualsPath", Path(Family::Instant, GreaterOrEqual)),
    row("IsNull", Is(Kind::Null)),
    row("IsPresent", IsPresent),
    row("IsNumeric", Is(Kind::Numeric)),
    row("IsString", Is(Kind::String)),
    row("IsBoolean", Is(Kind::Boolean)),
    row("IsTimestamp", Is(Kind::Timestamp)),
];

/// The names of all comparison operators: `StringEquals`, `NumericLessThanPath`, `IsPresent` and so on.
pub fn operators() -> impl ExactSizeIterator<Item = &'static str> {
    OPERATORS.iter().map(|operator| operator.name)
}

/// A value as an operator's family sees it.
#[derive(Clone, Debug)]
pub(super) enum Comparable {
    Text(Str),
    Number(Number),
    Instant(Timestamp),
    Truth(bool),
}

impl Family {
    /// A value as this family compares it; none if it is of another type, which makes any comparison false.
    pub(super) fn read(self, value: &Value) -> Option<Comparable> {
        match (self, value) {
            (Family::Text, Value::String(s)) => Some(Comparable::Text(s.clone())),
            (Family::Number, Value::Number(n)) => Some(Comparable::Number(n.clone())),
            (Family::Instant, Value::String(s)) => Timestamp::parse(s).map(Comparable::Instant),
            (Family::Truth, Value::Bool(b)) => Some(Comparable::Truth(*b)),
            _ => None,
        }
    }
    pub(super) fn wanted(self) -> &'static str {
        match self {
            Family::Text => "a string",
            Family::Number => "a number",
            Family::Instant => "an RFC 3339 timestamp",
            Family::Truth => "true or false",
        }
    }
}

impl Comparable {
    pub(super) fn family(&self) -> Family {
        match self {
            Comparable::Text(_) => Family::Text,
            Comparable::Number(_) => Family::Number,
            Comparable::Instant(_) => Family::Instant,
            Comparable::Truth(_) => Family::Truth,
        }
    }
}

impl Comparison {
    pub(super) fn holds(self, a: &Comparable, b: &Comparable) -> bool {
        let ordering = match (a, b) {
            // Java compares strings by their UTF-16 units.
            (Comparable::Text(a), Comparable::Text(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
            (Comparable::Number(a), Comparable::Number(b)) => compare_numbers(a, b),
            (Comparable::Instant(a), Comparable::Instant(b)) => Some(a.cmp(b)),
            (Comparable::Truth(a), Comparable::Truth(b)) => Some(a.cmp(b)),
            _ => None,
        };
        ordering.is_some_and(|ordering| match self {
            Equal => ordering.is_eq(),
            Less => ordering.is_lt(),
            Greater => ordering.is_gt(),
            LessOrEqual => ordering.is_le(),
            GreaterOrEqual => ordering.is_ge(),
        })
    }
}

/// Integers compare exactly, anything else as doubles.
fn compare_numbers(a: &Number, b: &Number) -> Option<Ordering> {
    if numbers_equal(a, b) {
        return Some(Ordering::Equal);
    }
    let whole = |n: &Number| n.as_i64().map(i128::from).or_else(|| n.as_u64().map(i128::from));
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64().partial_cmp(&b.as_f64()),
    }
}

impl Kind {
    pub(super) fn is_kind_of(self, value: &Value) -> bool {
        match (self, value) {
            (Kind::Null, Value::Null)
            | (Kind::Numeric, Value::Number(_))
            | (Kind::String, Value::String(_))
            | (Kind::Boolean, Value::Bool(_)) => true,
            (Kind::Timestamp, Value::String(s)) => Timestamp::parse(s).is_some(),
            _ => false,
        }
    }
}
