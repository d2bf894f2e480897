//! A lock whose holder also does what others want done meanwhile.
//!
//! Where many short pieces of work come at once, those who find the lock taken don't sleep for it: they leave their piece
//! to whoever holds it, and go on with somebody else's. That spares two switches of threads for each piece.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

type Piece<T> = Box<dyn FnOnce(&mut T) + Send>;

/// The lock, and what its holder does before letting go.
pub(crate) struct Turns<T> {
    held: Mutex<T>,
    left: Mutex<VecDeque<Piece<T>>>,
}

impl<T> Turns<T> {
    pub(crate) fn new(value: T) -> Self {
        Turns { held: Mutex::new(value), left: Mutex::default() }
    }
    /// The value, after waiting for it.
    pub(crate) fn lock(&self) -> Turn<'_, T> {
        Turn { of: self, guard: Some(self.held.lock().unwrap_or_else(PoisonError::into_inner)) }
    }
    /// The value, where nobody has it.
    pub(crate) fn try_lock(&self) -> Option<Turn<'_, T>> {
        let guard = match self.held.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(Turn { of: self, guard: Some(guard) })
    }
    /// Leaves a piece of work to whoever has the value; where nobody has it, the work is done now.
    pub(crate) fn leave(&self, piece: impl FnOnce(&mut T) + Send + 'static) {
        self.left().push_back(Box::new(piece));
        // Who had it may just have let go. Their last look at what is left comes after that, so that one of us finds it.
        drop(self.try_lock());
    }
    fn left(&self) -> MutexGuard<'_, VecDeque<Piece<T>>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn next(&self) -> Option<Piece<T>> {
        self.left().pop_front()
    }
}

/// The value while it is had.
pub(crate) struct Turn<'a, T> {
    of: &'a Turns<T>,
    /// Only missing while it is being given up.
    guard: Option<MutexGuard<'a, T>>,
}

impl<T> Deref for Turn<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.guard.as_ref().expect("a turn that goes on has the value")
    }
}

impl<T> DerefMut for Turn<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.guard.as_mut().expect("a turn that goes on has the value")
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut mine = self.guard.take();
        while let Some(mut guard) = mine {
            while let Some(piece) = self.of.next() {
                piece(&mut guard);
            }
            drop(guard);
            // What came after the last look, and before the value was free, is nobody else's.
            mine = match self.of.left().is_empty() {
                true => None,
                false => self.of.try_lock().and_then(|mut turn| turn.guard.take()),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_is_left_to_a_holder_is_done_before_the_value_is_free_and_nothing_is_lost() {
        let turns = Arc::new(Turns::new(Vec::new()));
        let held = turns.lock();
        turns.leave(|list: &mut Vec<u32>| list.push(1));
        assert_eq!(held.len(), 0);
        drop(held);
        assert_eq!(*turns.lock(), [1]);

        let counted = Arc::new(Turns::new(0_u32));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..5_000 {
                        match n % 3 {
                            0 => *counted.lock() += 1,
                            _ => counted.leave(|n| *n += 1),
                        }
                    }
                });
            }
        });
        assert_eq!(*counted.lock(), 20_000);
        assert!(counted.left().is_empty());
    }
}
