//! What a generated value can be like, and how such values are drawn and made smaller.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy as _};
use proptest::sample::select;
use proptest::strategy::Union;

use crate::value::{Str, Value};

/// Numbers are drawn from so far around what is known of them.
const WINDOW: i64 = 1_000;
/// A list is drawn with so many elements more than it has to have.
const MORE_ITEMS: usize = 4;
/// The longest list and text that are drawn to reach an upper bound.
const MOST_ITEMS: usize = 64;
const MOST_LETTERS: usize = 4_096;

/// A kind of values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// One of these, the simplest first.
    Choice(Vec<Value>),
    Bool,
    Integer(Numbers),
    Number(Numbers),
    Text(Text),
    /// Elements that have places of their own, then others.
    List {
        first: Vec<Shape>,
        rest: Option<Box<Shape>>,
        least: usize,
        most: Option<usize>,
        is_set: bool,
    },
    Object(Vec<Member>),
    /// Any of these, the simplest first.
    OneOf(Vec<Shape>),
}

/// Numbers within bounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Numbers {
    pub(super) least: Option<f64>,
    pub(super) most: Option<f64>,
    /// What all are multiples of.
    pub(super) step: Option<f64>,
    /// Values that something is decided by; those beside them are drawn as well.
    pub(super) near: Vec<f64>,
}

/// Texts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    pub(super) least: usize,
    pub(super) most: Option<usize>,
    /// What all look like, as [`proptest::string::string_regex`] takes it.
    pub(super) pattern: Option<String>,
    /// Values that something is decided by.
    pub(super) near: Vec<Str>,
    /// Whether texts are drawn that programs stumble over: empty ones, long ones, other alphabets.
    pub(super) is_wild: bool,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) name: Str,
    pub(super) shape: Shape,
    pub(super) is_required: bool,
}

impl Shape {
    /// Texts as people give things names.
    pub(super) fn word() -> Shape {
        Shape::Text(Text { least: 1, most: Some(8), pattern: None, near: Vec::new(), is_wild: false })
    }

    /// How values of this kind are drawn. Simpler ones come first, so that a failing one shrinks towards them.
    pub(super) fn strategy(&self) -> BoxedStrategy<Value> {
        match self {
            Shape::Choice(values) if values.is_empty() => Just(Value::Null).boxed(),
            Shape::Choice(values) => select(values.clone()).boxed(),
            Shape::Bool => proptest::bool::ANY.prop_map(Value::from).boxed(),
            Shape::Integer(numbers) => numbers.integers(),
            Shape::Number(numbers) => numbers.numbers(),
            Shape::Text(text) => text.strategy(),
            Shape::List { first, rest, least, most, is_set } => list(first, rest.as_deref(), *least, *most, *is_set),
            Shape::Object(members) => object(members),
            Shape::OneOf(shapes) => Union::new(shapes.iter().map(Shape::strategy)).boxed(),
        }
    }
}

impl Numbers {
    /// The bounds within which numbers are drawn.
    fn window(&self) -> (i64, i64) {
        let far = |f: f64| f.clamp(-9.0e15, 9.0e15);
        let lowest = self.near.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = self.near.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = self.least.map(|f| far(f).ceil() as i64);
        let most = self.most.map(|f| far(f).floor() as i64);
        let (low, high) = match (least, most) {
            (Some(low), Some(high)) => (low, high),
            (Some(low), None) => (low, low.max(0).saturating_add(WINDOW)),
            (None, Some(high)) => (high.min(0).saturating_sub(WINDOW), high),
            (None, None) => (-WINDOW, WINDOW),
        };
        let low = if least.is_none() && lowest.is_finite() { low.min(far(lowest) as i64 - WINDOW) } else { low };
        let high = if most.is_none() && highest.is_finite() { high.max(far(highest) as i64 + WINDOW) } else { high };
        (low, high.max(low))
    }

    fn fits(&self, number: f64) -> bool {
        let is_within = self.least.is_none_or(|l| number >= l) && self.most.is_none_or(|m| number <= m);
        is_within && self.step.is_none_or(|step| (number / step).fract().abs() < 1e-9)
    }

    /// What stands at a bound or beside a value that something is decided by.
    fn special(&self, beside: &[f64]) -> Vec<f64> {
        let known = [0.0, 1.0, -1.0];
        let bounds = self.least.iter().chain(&self.most).chain(&self.near);
        let mut all: Vec<f64> = known.to_vec();
        all.extend(bounds.flat_map(|bound| beside.iter().map(move |d| bound + d)));
        all.retain(|n| self.fits(*n) && n.abs() < 9.1e15);
        all.sort_by(|a, b| a.abs().total_cmp(&b.abs()).then(b.total_cmp(a)));
        all.dedup();
        all
    }

    fn integers(&self) -> BoxedStrategy<Value> {
        let (low, high) = self.window();
        let special: Vec<Value> =
            self.special(&[0.0, 1.0, -1.0]).into_iter().filter(|n| n.fract() == 0.0).map(|n| whole(n as i64)).collect();
        let drawn = match self.step.filter(|step| *step >= 1.0 && step.fract() == 0.0) {
            Some(step) => {
                let step = step as i64;
                let (low, high) = (low.div_euclid(step) + i64::from(low.rem_euclid(step) != 0), high.div_euclid(step));
                (low..=high.max(low)).prop_map(move |n| whole(n.saturating_mul(step))).boxed()
            }
            None => (low..=high).prop_map(whole).boxed(),
        };
        either(drawn, special)
    }

    fn numbers(&self) -> BoxedStrategy<Value> {
        let own = self.clone();
        let (low, high) = self.window();
        let special = self.special(&[0.0, 0.5, -0.5, 1.0, -1.0]).into_iter().map(Value::from_f64).collect();
        // Quarters have exact digits, and are fine enough to fall between whole bounds.
        let (low, high) = (low.saturating_mul(4), high.saturating_mul(4));
        let lowest = self.least.unwrap_or(low as f64);
        let drawn = (low..=high.max(low)).prop_map(move |n| {
            let number = n as f64 / 4.0;
            let stepped = own.step.map_or(number, |step| (number / step).round() * step);
            Value::from_f64(if own.fits(stepped) { stepped } else { lowest })
        });
        either(drawn.boxed(), special)
    }
}

fn whole(n: i64) -> Value {
    Value::from(n)
}

/// Mostly what is drawn, and often one of the special values.
fn either(drawn: BoxedStrategy<Value>, special: Vec<Value>) -> BoxedStrategy<Value> {
    if special.is_empty() {
        return drawn;
    }
    Union::new_weighted(vec![(3, drawn), (2, select(special).boxed())]).boxed()
}

/// Texts that programs stumble over.
const WILD: [&str; 12] = ["", " ", "0", "a b", "a/b", "\"", "\\", "$.a", "null", "ÄÖÜß", "日本語", "\u{1F600}"];

impl Text {
    fn fits(&self, text: &str) -> bool {
        let letters = text.chars().count();
        letters >= self.least && self.most.is_none_or(|most| letters <= most)
    }

    fn strategy(&self) -> BoxedStrategy<Value> {
        let most = self.most.unwrap_or(self.least + 8).min(self.least.max(1) + 16).max(self.least);
        if let Some(pattern) = &self.pattern
            && let Ok(drawn) = proptest::string::string_regex(pattern)
        {
            let own = self.clone();
            let drawn = drawn.prop_filter("the text has another length", move |text| own.fits(text));
            return drawn.prop_map(|text| Value::from(text.as_str())).boxed();
        }
        let pattern = format!("[a-z]{{{},{most}}}", self.least);
        let drawn = match proptest::string::string_regex(&pattern) {
            Ok(drawn) => drawn.prop_map(|text| Value::from(text.as_str())).boxed(),
            Err(_) => Just(Value::from("a")).boxed(),
        };
        let mut special: Vec<String> = self.near.iter().map(|text| text.to_string()).collect();
        if self.is_wild {
            special.extend(WILD.iter().map(|text| (*text).to_owned()));
            let bounds = [Some(self.least), self.most.filter(|most| *most <= MOST_LETTERS), Some(300)];
            special.extend(bounds.into_iter().flatten().map(|letters| "x".repeat(letters)));
        }
        special.retain(|text| self.fits(text) || self.near.iter().any(|near| **near == **text));
        let mut seen = BTreeSet::new();
        special.retain(|text| seen.insert(text.clone()));
        // What is decided by a text is mostly decided by the very text.
        either(drawn, special.iter().map(|text| Value::from(text.as_str())).collect())
    }
}

fn list(
    first: &[Shape],
    rest: Option<&Shape>,
    least: usize,
    most: Option<usize>,
    is_set: bool,
) -> BoxedStrategy<Value> {
    let first: Vec<BoxedStrategy<Value>> = first.iter().take(most.unwrap_or(usize::MAX)).map(Shape::strategy).collect();
    let own = first.len();
    let least = least.saturating_sub(own);
    let most = most.map(|most| most.saturating_sub(own));
    let rest = match rest {
        Some(shape) => {
            let each = shape.strategy();
            let usual = most.unwrap_or(usize::MAX).min(least + MORE_ITEMS);
            let usual = vec(each.clone(), least..=usual).boxed();
            match most.filter(|most| (least + MORE_ITEMS + 1..=MOST_ITEMS).contains(most)) {
                Some(most) => Union::new_weighted(vec![(7, usual), (1, vec(each, most..=most).boxed())]).boxed(),
                None => usual,
            }
        }
        None => Just(Vec::new()).boxed(),
    };
    let all = (first, rest).prop_map(move |(mut items, rest)| {
        items.extend(rest);
        if is_set {
            let mut seen: Vec<Value> = Vec::new();
            items.retain(|item| {
                let is_new = !seen.iter().any(|other| other.is_same(item));
                seen.push(item.clone());
                is_new
            });
        }
        items
    });
    let enough = all.prop_filter("too few elements differ", move |items| items.len() >= least);
    enough.prop_map(Value::array).boxed()
}

fn object(members: &[Member]) -> BoxedStrategy<Value> {
    let names: Vec<Str> = members.iter().map(|m| m.name.clone()).collect();
    let values: Vec<BoxedStrategy<Option<Value>>> = members
        .iter()
        .map(|member| {
            let value = member.shape.strategy();
            match member.is_required {
                true => value.prop_map(Some).boxed(),
                false => proptest::option::weighted(0.6, value).boxed(),
            }
        })
        .collect();
    values
        .prop_map(move |values| {
            let present = names.iter().zip(values).filter_map(|(name, value)| Some((name.clone(), value?)));
            Value::object(present)
        })
        .boxed()
}
