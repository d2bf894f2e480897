//! The random numbers of one evaluation.

use std::cell::RefCell;
use std::rc::Rc;

use crate::expr::env::Env;
use crate::random::Seeded;

/// Random bits drawn from the surroundings before an evaluation: the engine's functions outlive any borrow, so they
/// cannot ask for more while it runs. What goes beyond is derived from the last draw.
#[derive(Clone)]
pub(super) struct Pool(Rc<RefCell<State>>);

struct State {
    drawn: Vec<u64>,
    beyond: Seeded,
}

impl Pool {
    /// Draws as many as the expression mentions.
    pub(super) fn draw(count: usize, env: &mut dyn Env) -> Self {
        let mut drawn: Vec<u64> = (0..count).map(|_| env.next_u64()).collect();
        drawn.reverse();
        let beyond = Seeded::new(drawn.first().copied().unwrap_or(0)).fork(1);
        Pool(Rc::new(RefCell::new(State { drawn, beyond })))
    }

    /// The next 64 bits.
    pub(super) fn next_u64(&self) -> u64 {
        let mut state = self.0.borrow_mut();
        state.drawn.pop().unwrap_or_else(|| state.beyond.next_u64())
    }
}
