//! What is known of a value because of the way it is used.

use std::collections::BTreeSet;

use super::infer::constant;
use super::shape::{Member, Numbers, Shape, Text};
use crate::time::{DurationExt as _, Timestamp};
use crate::value::{Str, Value};

/// An array that somebody takes an element out of is made no longer than this.
const MOST_ELEMENTS: usize = 16;

/// A step on the way into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Name(Str),
    /// Some element of an array.
    Element,
    /// The element of this index.
    At(usize),
}

/// What a value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Text,
    Number,
    Bool,
    Null,
    List,
    Time,
    /// A whole number from 0, not large.
    Count,
    /// The same from 1.
    Positive,
    /// A text that is JSON.
    Json,
}

/// Something that a use tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Hint {
    Is(Kind),
    /// Somebody asks whether it is there.
    MayBeAbsent,
    /// Something is decided by this value.
    Near(Value),
}

/// What is known of a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Need {
    members: Vec<(Str, Need)>,
    element: Option<Box<Need>>,
    /// How many elements there have to be.
    least: usize,
    kinds: BTreeSet<Kind>,
    near: Vec<Value>,
    may_be_absent: bool,
}

impl Kind {
    /// What an intrinsic function wants whose name comes last before the argument.
    pub(super) fn of_argument(before: &str) -> Option<Kind> {
        const WANTED: [(&str, Kind); 13] = [
            ("ArrayPartition", Kind::List),
            ("ArrayContains", Kind::List),
            ("ArrayGetItem", Kind::List),
            ("ArrayLength", Kind::List),
            ("ArrayUnique", Kind::List),
            ("ArrayRange", Kind::Count),
            ("Base64Encode", Kind::Text),
            ("Base64Decode", Kind::Text),
            ("Hash", Kind::Text),
            ("MathAdd", Kind::Number),
            ("MathRandom", Kind::Count),
            ("StringSplit", Kind::Text),
            ("StringToJson", Kind::Json),
        ];
        let name = before.rsplit("States.").next()?;
        let (name, arguments) = name.split_once('(')?;
        let is_first = !arguments.contains(',') || matches!(name, "MathAdd" | "ArrayRange" | "MathRandom");
        if name == "ArrayGetItem" && !is_first {
            return Some(Kind::Count);
        }
        WANTED.iter().find(|(known, _)| *known == name).filter(|_| is_first).map(|(_, kind)| *kind)
    }
}

impl Hint {
    /// What a comparison of a Choice tells of the values that it compares.
    pub(super) fn of_comparison(operator: &str, operand: &Value) -> Vec<Hint> {
        const FAMILIES: [(&str, Kind); 4] =
            [("String", Kind::Text), ("Numeric", Kind::Number), ("Boolean", Kind::Bool), ("Timestamp", Kind::Time)];
        const TESTS: [(&str, Kind); 5] = [
            ("IsString", Kind::Text),
            ("IsNumeric", Kind::Number),
            ("IsBoolean", Kind::Bool),
            ("IsTimestamp", Kind::Time),
            ("IsNull", Kind::Null),
        ];
        if operator == "IsPresent" {
            return vec![Hint::MayBeAbsent];
        }
        if let Some((_, kind)) = TESTS.iter().find(|(name, _)| *name == operator) {
            // Who asks for the kind of a value meets others.
            let other = if *kind == Kind::Text { Kind::Number } else { Kind::Text };
            return vec![Hint::Is(*kind), Hint::Is(other)];
        }
        let Some((_, kind)) = FAMILIES.iter().find(|(name, _)| operator.starts_with(name)) else { return Vec::new() };
        let mut hints = vec![Hint::Is(*kind)];
        if !operator.ends_with("Path") {
            let matching = operand.as_str().filter(|_| operator == "StringMatches");
            hints.push(Hint::Near(match matching {
                Some(pattern) => Value::from(pattern.replace('*', "x")),
                None => operand.clone(),
            }));
        }
        hints
    }
}

impl Need {
    /// Notes a use of what lies at the end of a path.
    pub(super) fn note(&mut self, path: &[Step], hints: &[Hint]) {
        let Some((step, rest)) = path.split_first() else {
            for hint in hints {
                match hint {
                    Hint::Is(kind) => {
                        self.kinds.insert(*kind);
                    }
                    Hint::MayBeAbsent => self.may_be_absent = true,
                    Hint::Near(value) if self.near.contains(value) => {}
                    Hint::Near(value) => self.near.push(value.clone()),
                }
            }
            return;
        };
        match step {
            Step::Element => self.element.get_or_insert_default().note(rest, hints),
            Step::At(index) => {
                self.least = self.least.max(index.saturating_add(1)).min(MOST_ELEMENTS);
                self.element.get_or_insert_default().note(rest, hints);
            }
            Step::Name(name) => {
                let at = self.members.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                    self.members.push((name.clone(), Need::default()));
                    self.members.len() - 1
                });
                if let Some((_, member)) = self.members.get_mut(at) {
                    member.note(rest, hints);
                }
            }
        }
    }

    /// Values that can be used so.
    pub(super) fn shape(&self) -> Shape {
        let mut shapes = Vec::new();
        if !self.members.is_empty() {
            let member = |(name, need): &(Str, Need)| Member {
                name: name.clone(),
                shape: need.shape(),
                is_required: !need.may_be_absent,
            };
            shapes.push(Shape::Object(self.members.iter().map(member).collect()));
        }
        if self.element.is_some() || self.kinds.contains(&Kind::List) {
            let each = self.element.as_ref().map_or_else(Shape::word, |need| need.shape());
            shapes.push(Shape::List {
                first: Vec::new(),
                rest: Some(Box::new(each)),
                least: 0,
                most: None,
                is_set: false,
            });
        }
        let numbers: Vec<f64> = self.near.iter().filter_map(Value::as_f64).collect();
        let texts: Vec<&str> = self.near.iter().filter_map(Value::as_str).collect();
        for kind in &self.kinds {
            shapes.extend(match kind {
                Kind::Bool => Some(Shape::Bool),
                Kind::Null => Some(Shape::Choice(vec![Value::Null])),
                Kind::Time => Some(Shape::Choice(times(&texts))),
                Kind::Count => Some(Shape::Integer(counts(0.0, &numbers))),
                Kind::Positive => Some(Shape::Integer(counts(1.0, &numbers))),
                Kind::Json => Some(Shape::Choice(["{}", "[]", "1"].map(Value::from).to_vec())),
                Kind::List | Kind::Text | Kind::Number => None,
            });
        }
        let is = |kind: Kind| self.kinds.contains(&kind);
        let is_number = is(Kind::Number) || !numbers.is_empty() && !is(Kind::Count) && !is(Kind::Positive);
        if is_number {
            let is_whole = numbers.iter().all(|n| n.fract() == 0.0);
            let numbers = Numbers { near: numbers, ..Numbers::default() };
            shapes.push(if is_whole { Shape::Integer(numbers) } else { Shape::Number(numbers) });
        }
        if is(Kind::Text) || !texts.is_empty() && !is(Kind::Time) {
            let near = texts.iter().map(|text| Str::from(*text)).collect();
            shapes.push(Shape::Text(Text { least: 1, most: Some(8), pattern: None, near, is_wild: false }));
        }
        if self.near.iter().any(|value| value.as_bool().is_some()) && !is(Kind::Bool) {
            shapes.push(Shape::Bool);
        }
        match shapes.len() {
            0 => Shape::word(),
            1 => shapes.pop().unwrap_or(Shape::Bool),
            _ => Shape::OneOf(shapes),
        }
    }
}

fn counts(least: f64, near: &[f64]) -> Numbers {
    let most = near.iter().copied().fold(10.0, f64::max) + 1.0;
    Numbers { least: Some(least), most: Some(most), step: None, near: near.to_vec() }
}

/// Instants: those that something is decided by, a second beside each, and one that is long ago.
fn times(near: &[&str]) -> Vec<Value> {
    let known = near.iter().filter_map(|text| Timestamp::parse(text));
    let mut all = vec![Timestamp::EPOCH_DEFAULT];
    all.extend(known.flat_map(|at| [at, at + 1.secs(), Timestamp::from_millis(at.as_millis() - 1000)]));
    all.extend([Timestamp::EPOCH_DEFAULT + 1.hours(), Timestamp::from_millis(0)]);
    all.iter().map(|at| Value::from(at.to_string())).collect()
}

/// The steps at the beginning of a text that follow one another by dots and brackets, and how long they are.
pub(super) fn steps_of(text: &str) -> (Vec<Step>, usize) {
    let (mut steps, mut at) = (Vec::new(), 0);
    while let Some(rest) = text.get(at..) {
        if let Some(below) = rest.strip_prefix('.') {
            let quoted = below.strip_prefix('`').and_then(|b| b.split_once('`'));
            let (name, length) = match quoted {
                Some((name, _)) => (name, name.len() + 3),
                None => {
                    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
                    // In JSONata, a minus with blanks around it is none of a name's.
                    let end = below.find(|c| !is_part(c)).unwrap_or(below.len());
                    (below.get(..end).unwrap_or_default(), end + 1)
                }
            };
            // `.length()` and `.$function()` are no members.
            let is_call = text.get(at + length..).is_some_and(|rest| rest.starts_with('('));
            if name.is_empty() || is_call {
                break;
            }
            steps.push(Step::Name(name.into()));
            at += length;
        } else if let Some((inside, _)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let inner = inside.trim();
            let unquoted = |quote: char| inner.strip_prefix(quote).and_then(|name| name.strip_suffix(quote));
            match unquoted('\'').or(unquoted('"')) {
                Some(name) => steps.push(Step::Name(name.into())),
                None if inner == "*" => steps.push(Step::Element),
                None if inner.parse::<i64>().is_ok() => steps.push(Step::At(inner.parse().unwrap_or_default())),
                // A filter or a slice: some elements.
                None => {
                    steps.push(Step::Element);
                    at += inside.len() + 2;
                    break;
                }
            }
            at += inside.len() + 2;
        } else {
            break;
        }
    }
    (steps, at)
}

/// What the text around a path in an expression tells.
pub(super) fn hints_around(before: &str, after: &str) -> Vec<Hint> {
    const COMPARED: [&str; 6] = [">=", "<=", "!=", "=", ">", "<"];
    const CALLS: [(&str, Kind); 12] = [
        ("$count(", Kind::List),
        ("$map(", Kind::List),
        ("$filter(", Kind::List),
        ("$sort(", Kind::List),
        ("$append(", Kind::List),
        ("$partition(", Kind::List),
        ("$uppercase(", Kind::Text),
        ("$lowercase(", Kind::Text),
        ("$length(", Kind::Text),
        ("$split(", Kind::Text),
        ("$toMillis(", Kind::Time),
        ("$parse(", Kind::Json),
    ];
    let (before, after) = (before.trim_end(), after.trim_start());
    let mut hints = Vec::new();
    if before.ends_with("$exists(") {
        return vec![Hint::MayBeAbsent];
    }
    hints.extend(CALLS.iter().find(|(call, _)| before.ends_with(call)).map(|(_, kind)| Hint::Is(*kind)));
    let compared = COMPARED.iter().find_map(|operator| {
        let literal = after.strip_prefix(operator).and_then(constant);
        let is_ordered = |value: &Value| operator.contains(['<', '>']) && value.as_f64().is_none();
        literal.filter(|value| !is_ordered(value) || value.as_str().is_some())
    });
    hints.extend(compared.map(Hint::Near));
    let in_list = after.strip_prefix("in").map(str::trim_start).and_then(|rest| rest.strip_prefix('['));
    if let Some((list, _)) = in_list.and_then(|list| list.split_once(']')) {
        hints.extend(list.split(',').filter_map(constant).map(Hint::Near));
    }
    let is_sum = |c: char| "+*/%".contains(c);
    let is_minus = after.starts_with("- ") || before.ends_with(" -");
    let is_ordered = after.starts_with(['<', '>']) || before.ends_with(['<', '>']) || before.ends_with(">=");
    let has_number = hints.iter().any(|hint| matches!(hint, Hint::Near(_)));
    if after.starts_with(is_sum) || before.ends_with(is_sum) || is_minus || is_ordered && !has_number {
        hints.push(Hint::Is(Kind::Number));
    }
    let is_word = |word: &str| after.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '(']));
    if after.starts_with('?') || is_word("and") || is_word("or") || before.ends_with("$not(") {
        hints.push(Hint::Is(Kind::Bool));
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> String {
        let (steps, length) = steps_of(text);
        let word = |step: &Step| match step {
            Step::Name(name) => name.to_string(),
            Step::Element => "*".to_owned(),
            Step::At(index) => index.to_string(),
        };
        let words: Vec<String> = steps.iter().map(word).collect();
        format!("{} +{}", words.join(" "), text.len() - length)
    }

    #[test]
    fn paths_are_read_as_far_as_they_go() {
        let table = [
            (".order.id", "order id +0"),
            (".items[*].id", "items * id +0"),
            ("['a b'][0]", "a b 0 +0"),
            (".`a b`.c > 1", "a b c +4"),
            (".items[?(@.id)].x", "items * +2"),
            (".items.length()", "items +9"),
            ("..id", " +4"),
        ];
        for (text, want) in table {
            assert_eq!(names(text), want, "{text}");
        }
    }

    #[test]
    fn what_stands_around_a_path_tells_of_it() {
        assert_eq!(hints_around("", " >= 100 and x"), [Hint::Near(Value::from_f64(100.0))]);
        assert_eq!(hints_around("", " = 'paid'"), [Hint::Near(Value::from("paid"))]);
        assert_eq!(hints_around("$exists(", ")"), [Hint::MayBeAbsent]);
        assert_eq!(hints_around("1 + ", ""), [Hint::Is(Kind::Number)]);
        assert_eq!(hints_around("", " ? 1 : 2"), [Hint::Is(Kind::Bool)]);
        assert_eq!(hints_around("$count(", ")"), [Hint::Is(Kind::List)]);
        assert_eq!(hints_around("", " & 'x'"), []);
    }
}
