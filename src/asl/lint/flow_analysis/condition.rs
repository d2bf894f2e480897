//! The rules of a Choice: what holding and not holding teach.

use super::expressions::asks_for;
use super::shape::{Found, Kind};
use super::steps;
use super::transfer::{Sight, Transfer, Way};
use super::{Facts, Shape, Variable, What};
use crate::expr::query_path::{QueryPath, Root};
use crate::source::Node;

/// The types that operators compare, by the beginning of their names.
const FAMILIES: &[(&str, Kind)] =
    &[("String", Kind::Text), ("Numeric", Kind::Number), ("Boolean", Kind::Boolean), ("Timestamp", Kind::Text)];

/// What of a rule is no operator.
const NO_OPERATORS: &[&str] = &["Variable", "Next", "Comment", "Assign", "Output", "Condition"];

impl Transfer<'_, '_> {
    /// What is known where a rule holds, and where it does not.
    pub(super) fn condition(&mut self, node: &Node, way: &Way<'_>, known: Facts, sight: &Sight) -> (Facts, Facts) {
        self.facts.variables.clone_from(&known.variables);
        if let Some(condition) = node.get("Condition") {
            self.jsonata(condition, &Way::Member(way, "Condition"), sight);
            let text = condition.as_str().map(|s| &**s).unwrap_or_default();
            let mut known = known;
            // Whichever way it goes, the definition knows that the variable may be absent.
            for (name, variable) in &mut known.variables {
                variable.is_certain |= asks_for(text, name);
            }
            return (known.clone(), known);
        }
        if let Some(inner) = node.get("Not") {
            let (then, otherwise) = self.condition(inner, &Way::Member(way, "Not"), known, sight);
            return (otherwise, then);
        }
        for (name, is_and) in [("And", true), ("Or", false)] {
            let Some(list) = node.get(name) else { continue };
            let list_way = Way::Member(way, name);
            let mut going_on = known;
            let mut done: Option<Facts> = None;
            for (i, inner) in list.items().iter().enumerate() {
                let (then, otherwise) = self.condition(inner, &Way::Item(&list_way, i), going_on, sight);
                let (next, out) = if is_and { (then, otherwise) } else { (otherwise, then) };
                done = Some(done.map_or_else(|| out.clone(), |done| done.join(&out)));
                going_on = next;
            }
            let done = done.unwrap_or_else(|| going_on.clone());
            return if is_and { (going_on, done) } else { (done, going_on) };
        }
        self.test(node, way, known)
    }

    fn test(&mut self, node: &Node, way: &Way<'_>, known: Facts) -> (Facts, Facts) {
        let unchanged = || (known.clone(), known.clone());
        let Some(variable) = node.get("Variable") else { return unchanged() };
        let Some(path) = variable.as_str().and_then(|text| QueryPath::parse(text).ok()) else { return unchanged() };
        if let Some(present) = node.get("IsPresent") {
            let (there, absent) = (known.knowing(&path, true), known.knowing(&path, false));
            return if present.as_bool() == Some(true) { (there, absent) } else { (absent, there) };
        }
        let here = Way::Member(way, "Variable");
        let got = match self.look(variable, 0, &path, &here, &known.data) {
            Found::Here(shape) => shape,
            Found::Perhaps(shape) => {
                self.problem(&here, variable.span, What::Sometimes { path: path.as_str().to_owned() });
                shape
            }
            Found::Missing(_) => self.query(variable, 0, &path, &here, &known.data),
        };
        for member in node.members().iter().filter(|m| !NO_OPERATORS.contains(&&*m.key)) {
            if member.key.ends_with("Path") {
                self.path(&member.value, &Way::Member(way, &member.key), &known.data);
            }
            let wanted = FAMILIES.iter().find(|(name, _)| member.key.starts_with(name)).map(|(_, kind)| *kind);
            let fits = match (&got, wanted) {
                (Shape::Unknown, _) | (_, None) => true,
                (Shape::Scalar(kind, _), Some(wanted)) => *kind == wanted,
                (Shape::Array(_) | Shape::Object(_), Some(_)) => false,
            };
            if !fits && path.is_definite() {
                let (path, operator) = (path.as_str().to_owned(), member.key.to_string());
                self.problem(way, member.key_span, What::NeverHolds { path, operator, got: got.clone() });
            }
        }
        // A test of something absent fails the execution: whoever comes out of it has it. Whoever asks for the type
        // knows what may come.
        let mut there = known.knowing(&path, true);
        if node.members().iter().any(|m| m.key.starts_with("Is")) {
            there = there.forgetting(&path);
        }
        (there.clone(), there)
    }
}

impl Facts {
    /// The same, where the value at the end of a path may be anything.
    fn forgetting(mut self, path: &QueryPath) -> Facts {
        if *path.root() == Root::Input
            && let Some(steps) = steps::steps(path.as_str().get(1..).unwrap_or_default())
        {
            self.data = self.data.put(&steps, Shape::Unknown).unwrap_or(Shape::Unknown);
        }
        self
    }

    /// The same, where it is known whether a path finds something.
    fn knowing(&self, path: &QueryPath, is_there: bool) -> Facts {
        let mut facts = self.clone();
        match path.root() {
            Root::Input => {
                let steps = steps::steps(path.as_str().get(1..).unwrap_or_default());
                let Some(steps) = steps else { return facts };
                facts.data = match self.data.find(&steps) {
                    // Nobody gets here; what is said about it would be of no use.
                    Found::Missing(_) if is_there => self.data.put(&steps, Shape::Unknown).unwrap_or(Shape::Unknown),
                    _ => self.data.knowing(&steps, is_there),
                };
            }
            Root::Variable(name) if is_there => {
                let unknown = Variable { shape: Shape::Unknown, is_certain: true, flow: usize::MAX };
                facts.variables.entry(name.clone()).or_insert(unknown).is_certain = true;
            }
            Root::Variable(name) if path.path().is_root() => drop(facts.variables.remove(name)),
            _ => {}
        }
        facts
    }
}
