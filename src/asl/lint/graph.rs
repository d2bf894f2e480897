//! Where each state leads, and by which of its fields.

use std::collections::{HashMap, HashSet};

use super::subject::Subject;
use crate::asl::machine::{Condition, StateId, StateKind, Transition};
use crate::asl::ways::Way;

/// One way out of a state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) to: StateId,
    pub(super) way: Way,
    /// Whether it is certain that it is never taken.
    pub(super) is_dead: bool,
}

impl Subject<'_> {
    /// All ways out of a state, in the order in which they are written.
    pub(super) fn edges(&self, from: StateId) -> Vec<Edge> {
        let state = self.machine.state(from);
        let constant = |truth: bool, rule: usize| match &state.kind {
            StateKind::Choice(choice) => matches!(choice.rules[rule].condition, Condition::Constant(c) if c == truth),
            _ => false,
        };
        let mut is_decided = false;
        let mut taken: HashSet<&str> = HashSet::new();
        let mut is_dead = |way: Way| match way {
            Way::Rule(i) => {
                let never = is_decided || constant(false, i);
                is_decided |= constant(true, i);
                never
            }
            Way::Default => is_decided,
            Way::Next => false,
            Way::Catch(i) => {
                let names = &state.catch[i].errors;
                let none_left = names.iter().all(|name| &**name == "States.Runtime" || taken.contains(&**name));
                taken.extend(names.iter().map(|name| &**name));
                none_left
            }
        };
        state.ways().map(|(way, to)| Edge { to, way, is_dead: is_dead(way) }).collect()
    }

    /// Whether the flow of a state may end in it.
    pub(super) fn ends(&self, id: StateId) -> bool {
        let state = self.machine.state(id);
        match &state.kind {
            StateKind::Succeed | StateKind::Fail(_) => true,
            // Where no rule holds, the execution fails, which is an end as well.
            StateKind::Choice(choice) => {
                let is_decided = choice.rules.iter().any(|r| matches!(r.condition, Condition::Constant(true)));
                choice.default.is_none() && !is_decided
            }
            _ => state.transition == Transition::End,
        }
    }
}

/// The sets of states from each of which all others of the set are reached and nothing else: Tarjan's components that no
/// edge leaves. A stack of its own keeps long chains of states from exhausting the program's.
pub(super) fn final_circles(states: &[StateId], leads_to: &HashMap<StateId, Vec<StateId>>) -> Vec<Vec<StateId>> {
    let edges = |id: StateId| leads_to.get(&id).map(Vec::as_slice).unwrap_or_default();
    // The number a state was found by, and the least number that it leads back to; none once its set is known.
    let mut number: HashMap<StateId, usize> = HashMap::new();
    let mut least: HashMap<StateId, Option<usize>> = HashMap::new();
    let (mut found, mut circles) = (Vec::new(), Vec::new());
    for start in states {
        if number.contains_key(start) {
            continue;
        }
        let mut walk = vec![(*start, 0)];
        while let Some((id, next)) = walk.last_mut() {
            let id = *id;
            if *next == 0 {
                let n = number.len();
                number.insert(id, n);
                least.insert(id, Some(n));
                found.push(id);
            }
            let to = edges(id).get(*next).copied();
            *next += 1;
            match to {
                Some(to) if number.contains_key(&to) => {
                    let back = least.get(&to).copied().flatten().and(number.get(&to).copied());
                    let own = least.get(&id).copied().flatten();
                    least.insert(id, own.into_iter().chain(back).min());
                }
                Some(to) => walk.push((to, 0)),
                None => {
                    walk.pop();
                    let own = least.get(&id).copied().flatten();
                    if own == number.get(&id).copied() {
                        let at = found.iter().rposition(|f| *f == id).unwrap_or(0);
                        let circle = found.split_off(at);
                        for member in &circle {
                            least.insert(*member, None);
                        }
                        let within: HashSet<StateId> = circle.iter().copied().collect();
                        if circle.iter().all(|member| edges(*member).iter().all(|to| within.contains(to))) {
                            circles.push(circle);
                        }
                    } else if let Some((parent, _)) = walk.last() {
                        let theirs = least.get(parent).copied().flatten();
                        least.insert(*parent, theirs.into_iter().chain(own).min());
                    }
                }
            }
        }
    }
    circles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_circles_that_nothing_leaves_are_found() {
        let circles = |edges: &[(u32, u32)]| {
            let mut leads_to: HashMap<StateId, Vec<StateId>> = HashMap::new();
            let mut states = Vec::new();
            for (from, to) in edges {
                leads_to.entry(StateId(*from)).or_default().push(StateId(*to));
                states.extend([StateId(*from), StateId(*to)]);
            }
            let mut found = final_circles(&states, &leads_to);
            found.iter_mut().for_each(|circle| circle.sort_unstable());
            found.sort_unstable();
            found.iter().map(|c| c.iter().map(|id| id.0).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        assert_eq!(circles(&[(1, 2), (2, 3), (3, 2)]), [[2, 3]]);
        assert_eq!(circles(&[(1, 1)]), [[1]]);
        assert_eq!(circles(&[(1, 2), (2, 1), (2, 3), (3, 4), (4, 3), (1, 5), (5, 5)]), [vec![3, 4], vec![5]]);
        assert_eq!(circles(&[(1, 2), (2, 3), (3, 4), (4, 2), (4, 1)]), [[1, 2, 3, 4]]);
        let chain: Vec<(u32, u32)> = (0..100_000).map(|i| (i, i + 1)).chain([(100_000, 99_999)]).collect();
        assert_eq!(circles(&chain), [[99_999, 100_000]]);
    }
}
