//! Work on all processors.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Maps over items on all processors; results are in the order of the items, whoever was first.
///
/// ```
/// assert_eq!(rehearsal::parallel::map(&[1, 2, 3], |n| n * n), [1, 4, 9]);
/// ```
///
/// # Panics
/// Where the work on an item does, with its words.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from).min(items.len());
    if processors <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    // Each takes the next item there is, so that a large one holds up nobody else.
    let take = || {
        let mut own = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(i) else { return own };
            own.push((i, work(item)));
        }
    };
    let mut results: Vec<(usize, R)> = Vec::with_capacity(items.len());
    let mut panic = None;
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..processors).map(|_| scope.spawn(take)).collect();
        for thread in started {
            match thread.join() {
                Ok(mut own) => results.append(&mut own),
                Err(why) => panic = panic.take().or(Some(why)),
            }
        }
    });
    if let Some(why) = panic {
        std::panic::resume_unwind(why);
    }
    results.sort_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1_000).collect();
        assert_eq!(map(&items, |i| i * 2), (0..1_000).map(|i| i * 2).collect::<Vec<_>>());
        assert_eq!(map(&[], |_: &u8| 1), [0; 0]);
    }

    #[test]
    fn a_panic_is_carried_on_with_its_words() {
        let done = AtomicUsize::new(0);
        let work = |i: &usize| {
            assert!(*i != 7, "item {i} is bad");
            done.fetch_add(1, Ordering::Relaxed);
        };
        let items: Vec<usize> = (0..50).collect();
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| map(&items, work)));
        let words = caught.unwrap_err().downcast::<String>().unwrap();
        assert_eq!(*words, "item 7 is bad");
        assert!(done.into_inner() >= 7);
    }
}
