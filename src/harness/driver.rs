//! Drivers: who moves the clock, and what holds it.
//!
//! While an asynchronous mock has not answered, the clock stands still. Its answer then counts from the instant of
//! the call, so results never depend on how long anything really took.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use crate::harness::world::{Rest, World};
use crate::time::Timestamp;

/// After this much real time with the clock held, the watchdog says who holds it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Wakes a thread that is parked.
struct Unpark {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Lets everything happen up to `until` on the calling thread, which sleeps while a mock is at work.
pub(super) fn run_until(world: &mut World, until: Option<Timestamp>) -> Rest {
    loop {
        match world.go(until) {
            Rest::Held => wait_for_mocks(world),
            rest => return rest,
        }
    }
}

/// Lets everything happen to the end.
pub(super) fn run_to_end(world: &mut World) {
    run_until(world, None);
}

fn wait_for_mocks(world: &mut World) {
    let signal = Arc::new(Unpark { thread: std::thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&signal));
    let mut cx = Context::from_waker(&waker);
    while world.poll_mocks(&mut cx).is_pending() {
        while !signal.woken.swap(false, Ordering::Acquire) {
            std::thread::park_timeout(PATIENCE);
            if !signal.woken.load(Ordering::Acquire) {
                report(&world.holders());
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "a test that seems to hang must say why while it hangs")]
fn report(holders: &[String]) {
    eprintln!("rehearsal: the virtual clock is held: no answer yet from the mock of {}", holders.join(", "));
}

/// Lets everything happen to the end as a future.
pub(super) struct ToTheEnd<'a> {
    world: &'a mut World,
    watchdog: Option<Watchdog>,
}

impl<'a> ToTheEnd<'a> {
    pub(super) fn new(world: &'a mut World) -> Self {
        ToTheEnd { world, watchdog: None }
    }
}

impl Future for ToTheEnd<'_> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.world.go(None) != Rest::Held {
                return Poll::Ready(());
            }
            if self.world.poll_mocks(cx).is_pending() {
                if self.watchdog.is_none() {
                    let holders = self.world.holders();
                    self.watchdog = Some(Watchdog::start(holders));
                }
                return Poll::Pending;
            }
            self.watchdog = None;
        }
    }
}

/// A thread that speaks up if it is not called off within ten seconds. It exists only while a mock is at work.
struct Watchdog {
    off: Arc<AtomicBool>,
    thread: Thread,
}

impl Watchdog {
    fn start(holders: Vec<String>) -> Self {
        let off = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&off);
        let handle = std::thread::spawn(move || {
            std::thread::park_timeout(PATIENCE);
            if !seen.load(Ordering::Acquire) {
                report(&holders);
            }
        });
        Watchdog { off, thread: handle.thread().clone() }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.off.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
