//! Which parts of its surroundings an expression can reach.
//!
//! `$states.input.order.total` cannot see anything of the input but `order.total`. Handing the engine only what is
//! in reach keeps the cost of a small expression over a large payload small.

use crate::value::{Str, Value};

/// A tree of member names: what lies below a value and is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Demand {
    /// Everything from here on.
    pub(super) whole: bool,
    /// These members, when not everything.
    pub(super) members: Vec<(Str, Demand)>,
}

impl Demand {
    /// Adds everything below a chain of names.
    pub(super) fn add(&mut self, chain: &[&str]) {
        let mut at = self;
        for name in chain {
            if at.whole {
                return;
            }
            let i = at.members.iter().position(|(known, _)| **known == **name).unwrap_or_else(|| {
                at.members.push(((*name).into(), Demand::default()));
                at.members.len() - 1
            });
            let Some((_, next)) = at.members.get_mut(i) else { return };
            at = next;
        }
        at.whole = true;
        at.members.clear();
    }

    /// What is needed of the member `name`.
    pub(super) fn of(&self, name: &str) -> Option<&Demand> {
        self.members.iter().find(|(known, _)| **known == *name).map(|(_, demand)| demand)
    }
}

/// Where a chain of names leads.
#[derive(Debug, PartialEq)]
pub(super) enum Walk {
    /// To this value.
    Found(Value),
    /// To nothing.
    Missing,
    /// Through an array, whose mapping is the engine's business.
    Mapped,
}

/// Follows names through objects.
pub(super) fn walk(from: &Value, names: &[Str]) -> Walk {
    let mut at = from;
    for name in names {
        match at {
            Value::Object(members) => match members.get(name) {
                Some(next) => at = next,
                None => return Walk::Missing,
            },
            Value::Array(_) => return Walk::Mapped,
            _ => return Walk::Missing,
        }
    }
    Walk::Found(at.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_below_one_that_needs_everything_adds_nothing() {
        let mut demand = Demand::default();
        demand.add(&["input", "a", "b"]);
        demand.add(&["input", "a"]);
        demand.add(&["input", "a", "c"]);
        let a = demand.of("input").and_then(|input| input.of("a")).cloned();
        assert_eq!(a, Some(Demand { whole: true, members: Vec::new() }));
        assert_eq!(demand.of("result"), None);
    }

    #[test]
    fn a_walk_stops_at_arrays_and_finds_nothing_in_scalars() {
        let value = Value::parse(r#"{"a":{"b":[1],"n":null}}"#).unwrap();
        let names = |text: &str| text.split('.').map(Str::from).collect::<Vec<_>>();
        assert_eq!(walk(&value, &names("a.b")), Walk::Found(Value::parse("[1]").unwrap()));
        assert_eq!(walk(&value, &names("a.b.c")), Walk::Mapped);
        assert_eq!(walk(&value, &names("a.n.c")), Walk::Missing);
        assert_eq!(walk(&value, &names("a.x")), Walk::Missing);
    }
}
