//! A world that many hands reach into: executions, a test's thread, and requests from outside.
//!
//! One lock guards everything, so that whatever happens has one order. One thread, the driver, lets happen what is due.
//! The virtual clock moves on at once while nobody outside can act. Where a task waits for somebody outside, or requests
//! have come from there, it moves only after all has been quiet for a while.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use crate::asl::Machine;
use crate::diagnostic::did_you_mean;
use crate::engine::{Input, Settings, Status};
use crate::error::{Error, ErrorKind};
use crate::harness::book::Book;
pub(crate) use crate::harness::book::Record;
pub(crate) use crate::harness::clock::ExecId;
use crate::harness::run::Run;
pub(crate) use crate::harness::slots::Slot;
use crate::harness::slots::State;
use crate::harness::turns::{Turn, Turns};
use crate::harness::world::{Rest, World};
use crate::harness::{Harness, Work};
use crate::history::compact::Compact;
use crate::mock::MockSet;
use crate::pretend::{ACCOUNT, REGION};
use crate::registry::Registry;
use crate::services::promise::{Pending, Promise, promise};
use crate::services::{ServiceError, Services};
use crate::task::{Outcome, TaskError};
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// How long nothing must have come from outside before the clock goes on over somebody who could still act.
pub(crate) const QUIET: Duration = Duration::from_millis(300);
/// How long a test waits for somebody outside before it says who is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How many executions that have ended are remembered.
const KEPT_EXECUTIONS: usize = 10_000;
/// How many calls of tasks are remembered where programs share the world.
const KEPT_CALLS: usize = 10_000;

/// Who moves the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum ClockMode {
    /// The clock moves on by itself: at once while nobody outside can act, and else when all has been quiet for a while.
    #[default]
    Virtual,
    /// The clock moves only when it is told to.
    Manual,
    /// The clock goes with the real one, so many times as fast; `1.0` is real time. For demonstrations, and for programs
    /// that look at the real clock themselves.
    Scaled(f64),
}

/// How long the driver sleeps at most where the clock goes with the real one.
const LONGEST_NAP: Duration = Duration::from_secs(3600);

/// And how long while somebody polls.
const POLL_NAP: Duration = Duration::from_millis(20);

/// A bell that wakes the driver; it may be rung while the world is locked.
#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
    /// A second look that spares most callers the lock.
    is_rung: AtomicBool,
}

impl Bell {
    fn ring(&self) {
        if !self.is_rung.swap(true, Ordering::AcqRel) {
            *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
            self.heard.notify_one();
        }
    }
    fn wait(&self, at_most: Option<Duration>) {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        while !*rung {
            match at_most {
                None => rung = self.heard.wait(rung).unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    rung = self.heard.wait_timeout(rung, time).unwrap_or_else(PoisonError::into_inner).0;
                    break;
                }
            }
        }
        *rung = false;
        self.is_rung.store(false, Ordering::Release);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

/// What is under the lock.
pub(crate) struct Stage {
    world: World,
    mode: ClockMode,
    quiet: Duration,
    /// When something last came from outside, in real time.
    touched: Option<Instant>,
    /// Since when the clock could go on if it were quiet, in real time.
    wanting: Option<Instant>,
    /// An instant to which the clock has to go although somebody could act before.
    goal: Option<Timestamp>,
    /// Requests that are answered at an instant of the virtual clock.
    delayed: Vec<(Timestamp, Promise<()>)>,
    /// Mocks of single executions, by `MACHINE#CASE`.
    cases: std::collections::BTreeMap<String, MockSet>,
    /// State machines and activities, and how executions were started.
    registry: Registry,
    book: Book,
    /// Workers of activities who wait for a task.
    pollers: Vec<Poller>,
    started: u64,
    is_over: bool,
    /// An instant of the real clock and the one of the virtual clock that was then, for clocks that go together.
    anchor: (Instant, Timestamp),
}

/// Something that fell due.
#[derive(Clone, Debug)]
pub(crate) struct Fired {
    /// When, on the virtual clock.
    pub(crate) at: Timestamp,
    /// The execution's ARN.
    pub(crate) execution: Str,
    /// What it was.
    pub(crate) what: &'static str,
}

/// A worker of an activity who waits for a task: its token and its input.
struct Poller {
    activity: String,
    worker: Option<String>,
    promise: Promise<(Str, Value)>,
}

/// The world, its lock and its driver's bell.
pub(crate) struct Shared {
    stage: Turns<Stage>,
    bell: Arc<Bell>,
    /// How often something has happened.
    changes: Mutex<u64>,
    changed: Condvar,
    /// The virtual clock for those who only look at it, in milliseconds since 1970. Only the driver moves it.
    present: AtomicI64,
    harness: Harness,
    has_machine: bool,
}

/// Where an execution is in its world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(ExecId);

impl Shared {
    /// A world with what a harness sets up, before the first execution.
    ///
    /// # Errors
    /// What a run would refuse as well.
    pub(crate) fn new(harness: &Harness, has_machine: bool, mode: ClockMode, quiet: Duration) -> Result<Shared, Error> {
        let stage = Stage::new(harness, has_machine, mode, quiet)?;
        Ok(Shared {
            present: AtomicI64::new(stage.world.clock.now().as_millis()),
            stage: Turns::new(stage),
            bell: Arc::default(),
            changes: Mutex::default(),
            changed: Condvar::new(),
            harness: harness.clone(),
            has_machine,
        })
    }

    /// Forgets everything that has happened and whatever was set up since the start, the clock's instant included.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn reset(&self) -> Result<(), Error> {
        let mut stage = self.lock();
        let mut fresh = Stage::new(&self.harness, self.has_machine, stage.mode, stage.quiet)?;
        fresh.is_over = stage.is_over;
        self.present.store(fresh.world.clock.now().as_millis(), Ordering::Release);
        *stage = fresh;
        drop(stage);
        self.bell.ring();
        self.tell_of_a_change();
        Ok(())
    }

    /// Who moves the clock.
    pub(crate) fn mode(&self) -> ClockMode {
        self.lock().mode
    }

    /// Lets somebody else move the clock from now on.
    pub(crate) fn set_mode(&self, mode: ClockMode) {
        let mut stage = self.lock();
        stage.catch_up();
        stage.mode = mode;
        stage.anchor = (now(), stage.world.clock.now());
        drop(stage);
        self.bell.ring();
    }

    /// The world, locked.
    pub(crate) fn lock(&self) -> Turn<'_, Stage> {
        self.stage.lock()
    }

    /// The instant on the virtual clock.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.present.load(Ordering::Acquire))
    }

    /// Does something in the world on behalf of somebody outside.
    pub(crate) fn touch<T>(&self, work: impl FnOnce(&mut Stage) -> T) -> T {
        self.work(|stage| {
            stage.touched = Some(now());
            work(stage)
        })
    }

    /// Does something in the world on behalf of what belongs to it, such as a function's handler.
    pub(crate) fn work<T>(&self, work: impl FnOnce(&mut Stage) -> T) -> T {
        let mut stage = self.lock();
        self.worked(&mut stage, work)
    }

    /// As [`touch`](Self::touch), for those who have something else to do where the world is locked. Nothing comes of it
    /// where the world ends.
    pub(crate) async fn ask<T, W>(self: &Arc<Self>, work: W) -> Option<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut Stage) -> T + Send + 'static,
    {
        self.ask_quietly(|stage| {
            stage.touched = Some(now());
            work(stage)
        })
        .await
    }

    /// The same for what does not tell that somebody is there who could still act, such as who starts an execution or looks
    /// at one.
    pub(crate) async fn ask_quietly<T, W>(self: &Arc<Self>, work: W) -> Option<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut Stage) -> T + Send + 'static,
    {
        let pending = match self.stage.try_lock() {
            Some(mut stage) => return Some(self.worked(&mut stage, work)),
            None => {
                let (promised, pending) = promise();
                let shared = Arc::clone(self);
                self.stage.leave(move |stage| {
                    let done = shared.worked(stage, work);
                    let _gone = promised.keep(done);
                });
                pending
            }
        };
        pending.await
    }

    fn worked<T>(&self, stage: &mut Stage, work: impl FnOnce(&mut Stage) -> T) -> T {
        if let ClockMode::Scaled(_) = stage.mode {
            stage.catch_up();
            self.present.store(stage.world.clock.now().as_millis(), Ordering::Release);
        }
        let done = work(stage);
        stage.world.run_errands();
        if stage.world.has_work() && !stage.world.is_held() {
            // What happens at once needs no other thread.
            let present = stage.world.clock.now();
            stage.world.go(Some(present));
            stage.settle();
            self.tell_of_a_change();
        }
        let is_timed = matches!(stage.mode, ClockMode::Scaled(_));
        if is_timed || stage.world.has_work() || !stage.pollers.is_empty() || stage.next_at().is_some() {
            self.bell.ring();
        }
        done
    }

    /// Notes that somebody outside is there, such as a worker who polls.
    pub(crate) fn sign_of_life(&self) {
        self.lock().touched = Some(now());
    }

    /// Starts an execution of the harness's machine.
    ///
    /// # Errors
    /// What StartExecution refuses.
    pub(crate) fn start(&self, input: Value) -> Result<Place, Error> {
        self.harness.check_start(&input)?;
        let mut stage = self.lock();
        let n = stage.started;
        stage.started += 1;
        let mut harness = self.harness.clone();
        if n > 0 {
            // Each execution has a name and random numbers of its own; the first those of a run in process.
            harness.name = format!("{}-{}", harness.name, n + 1);
            harness.seed = harness.seed.wrapping_add(n);
        }
        let settings = harness.settings_in(&stage.world);
        let exec = stage.world.start(self.harness.machine_under_test(), Arc::new(settings), input);
        drop(stage);
        self.bell.ring();
        Ok(Place(exec))
    }

    /// What has become of an execution so far.
    pub(crate) fn run_of(&self, place: Place) -> Option<Run> {
        let stage = self.lock();
        Run::among_others(&stage.world, place.0, self.harness.seed, self.harness.all_machines())
    }

    /// Waits until `done` holds, or gives what keeps it from ever holding.
    ///
    /// # Errors
    /// What is wrong with the test, or who is waited for in vain.
    pub(crate) fn wait_until(&self, patience: Duration, mut done: impl FnMut(&Stage) -> bool) -> Result<(), Error> {
        let mut since = now();
        loop {
            let seen = *self.changes();
            {
                let stage = self.lock();
                if let Some(trouble) = &stage.world.trouble {
                    return Err(self.wrong(trouble, &stage));
                }
                if done(&stage) {
                    return Ok(());
                }
            }
            let (changes, _) = self
                .changed
                .wait_timeout_while(self.changes(), patience / 4, |changes| *changes == seen)
                .unwrap_or_else(PoisonError::into_inner);
            if *changes != seen {
                since = now();
            }
            drop(changes);
            let stage = self.lock();
            let since = stage.touched.map_or(since, |touched| touched.max(since));
            if now().duration_since(since) >= patience {
                let holders = stage.world.holders();
                let why = match holders.is_empty() {
                    false => format!("no answer has come yet to the call of {}", holders.join(", ")),
                    true => stage.world.idle_diagnosis(),
                };
                return Err(self.wrong(&format!("nobody acted for {} s: {why}", patience.as_secs()), &stage));
            }
        }
    }

    fn changes(&self) -> std::sync::MutexGuard<'_, u64> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_of_a_change(&self) {
        *self.changes() += 1;
        self.changed.notify_all();
    }

    fn wrong(&self, trouble: &str, stage: &Stage) -> Error {
        let history = stage.world.root().map(|slot| match &slot.state {
            State::Running(e) => Compact::new(e.history()).to_string(),
            State::Ended { history, .. } => Compact::new(history).to_string(),
        });
        let name = self.harness.machine_under_test().name();
        Error::new(ErrorKind::Mocks, format!("rehearse `{name}`: {trouble}\n\n{}", history.unwrap_or_default()))
    }

    /// Moves the clock on, everything that falls due happening at its own instant.
    ///
    /// # Errors
    /// As [`wait_until`](Self::wait_until).
    pub(crate) fn advance(&self, by: Duration) -> Result<(), Error> {
        let goal = self.lock().world.clock.now() + by;
        self.advance_to(goal).map(drop)
    }

    /// Moves the clock on to an instant, and tells what fell due on the way.
    ///
    /// # Errors
    /// As [`wait_until`](Self::wait_until).
    pub(crate) fn advance_to(&self, goal: Timestamp) -> Result<Vec<Fired>, Error> {
        {
            let mut stage = self.lock();
            stage.goal = Some(goal);
            stage.world.fired = Some(Vec::new());
        }
        self.bell.ring();
        self.wait_until(PATIENCE, |stage| stage.goal.is_none())?;
        let mut stage = self.lock();
        stage.anchor = (now(), stage.world.clock.now());
        let fired = stage.world.fired.take().unwrap_or_default();
        let told = fired.into_iter().filter_map(|(at, exec, what)| {
            Some(Fired { at, execution: stage.world.executions.get(exec)?.arn.clone(), what })
        });
        Ok(told.collect())
    }

    /// Lets happen what is due, until it is told to end.
    pub(crate) fn drive(&self) {
        let waker = Waker::from(Arc::clone(&self.bell));
        let mut cx = Context::from_waker(&waker);
        loop {
            let mut stage = self.lock();
            if stage.is_over {
                return;
            }
            let nap = stage.step(&mut cx);
            self.present.store(stage.world.clock.now().as_millis(), Ordering::Release);
            drop(stage);
            self.tell_of_a_change();
            match nap {
                Nap::None => {}
                Nap::For(time) => self.bell.wait(Some(time)),
                Nap::UntilWoken => self.bell.wait(None),
            }
        }
    }

    /// Tells the driver to end.
    pub(crate) fn end(&self) {
        self.lock().is_over = true;
        self.bell.ring();
        self.tell_of_a_change();
    }
}

/// How long the driver may sleep.
#[derive(Debug, PartialEq, Eq)]
enum Nap {
    None,
    For(Duration),
    UntilWoken,
}

impl Stage {
    fn new(harness: &Harness, has_machine: bool, mode: ClockMode, quiet: Duration) -> Result<Stage, Error> {
        let mut world = harness.empty_world()?;
        world.open = true;
        world.interactive = true;
        world.executions.keep_register();
        let mut registry = Registry::new(ACCOUNT, REGION, harness.seed);
        if has_machine {
            world.machines.insert(0, harness.machine_under_test().clone());
        } else {
            // Programs share it, and what one of them does wrong is no trouble of another.
            world.forgiving = true;
            // They set the services up themselves, or don't; where there is an upstream, it has what is not set up here.
            if harness.outside().upstreams.is_empty() {
                world.services.all_are_present();
            }
            world.log = world.log.keeping(KEPT_CALLS);
        }
        for machine in &world.machines {
            registry.load(world.clock.now(), machine);
        }
        let anchor = (now(), world.clock.now());
        Ok(Stage {
            world,
            mode,
            quiet,
            touched: None,
            wanting: None,
            goal: None,
            delayed: Vec::new(),
            cases: harness.cases.clone(),
            registry,
            book: Book::keeping(KEPT_EXECUTIONS),
            pollers: Vec::new(),
            started: 0,
            is_over: false,
            anchor,
        })
    }

    /// Where the clock stands that goes with the real one.
    fn real_instant(&self) -> Option<Timestamp> {
        let ClockMode::Scaled(speed) = self.mode else { return None };
        let (real, virtual_) = self.anchor;
        Some(virtual_ + now().duration_since(real).mul_f64(speed))
    }

    /// Lets happen what is due by the real clock, and says until when nothing more is.
    fn go_with_the_real_clock(&mut self, speed: f64) -> Nap {
        self.catch_up();
        let now = self.world.clock.now();
        // Messages become visible again without anything being due, and those who poll for them want to hear of it.
        self.world.services.pass(now);
        self.world.run_errands();
        if self.world.has_work() {
            return Nap::None;
        }
        let next = self.next_at().map(|next| next.since(now).div_f64(speed.max(f64::MIN_POSITIVE)));
        match (next, self.world.services.is_awaited(now)) {
            (next, true) => Nap::For(next.unwrap_or(POLL_NAP).min(POLL_NAP)),
            (Some(next), false) => Nap::For(next.min(LONGEST_NAP)),
            (None, false) => Nap::UntilWoken,
        }
    }

    /// Lets a clock that goes with the real one come to where it should be.
    fn catch_up(&mut self) {
        let Some(target) = self.real_instant() else { return };
        while let Some(next) = self.next_at().filter(|next| *next <= target) {
            if !self.go_to(next) {
                return;
            }
        }
        if !self.world.is_held() {
            self.world.clock.move_to(target);
        }
    }

    /// Lets happen what may happen now.
    fn step(&mut self, cx: &mut Context<'_>) -> Nap {
        let present = self.world.clock.now();
        let rest = self.world.go(Some(present));
        self.settle();
        self.release(present);
        if self.hand_out_work() {
            return Nap::None;
        }
        if rest == Rest::Held {
            return if self.world.poll_mocks(cx).is_ready() { Nap::None } else { Nap::UntilWoken };
        }
        let next = self.next_at();
        if let Some(goal) = self.goal {
            let to = next.map_or(goal, |next| next.min(goal));
            if self.go_to(to) && to == goal && self.next_at().is_none_or(|next| next > goal) {
                self.world.tick();
                self.goal = None;
            }
            return Nap::None;
        }
        if let ClockMode::Scaled(speed) = self.mode {
            return self.go_with_the_real_clock(speed);
        }
        let (Some(next), ClockMode::Virtual) = (next, self.mode) else { return Nap::UntilWoken };
        if !self.is_awaited(next) {
            return Nap::UntilWoken;
        }
        let wanting = *self.wanting.get_or_insert_with(now);
        match self.still_quiet_for(wanting) {
            Duration::ZERO => {
                self.wanting = None;
                self.go_to(next);
                Nap::None
            }
            left => Nap::For(left),
        }
    }

    /// Lets happen what is due up to an instant; whether the clock has come there.
    fn go_to(&mut self, at: Timestamp) -> bool {
        self.world.go(Some(at));
        self.settle();
        // Where nothing of the world itself was due, a delayed request was.
        let is_there = self.world.next_at().is_none_or(|next| next > at) && !self.world.is_held();
        if is_there {
            self.world.clock.move_to(at);
        }
        self.release(self.world.clock.now());
        is_there
    }

    /// When something next happens by itself.
    fn next_at(&mut self) -> Option<Timestamp> {
        let delayed = self.delayed.iter().map(|(at, _)| *at).min();
        self.world.next_at().into_iter().chain(delayed).min()
    }

    /// Whether somebody waits for an instant: an execution, a poll, a job, a delayed answer. A schedule alone would let the
    /// clock run through years while a test thinks.
    fn is_awaited(&mut self, at: Timestamp) -> bool {
        self.world.clock.next_at().is_some() || self.world.services.is_awaited(at) || !self.delayed.is_empty()
    }

    fn release(&mut self, now: Timestamp) {
        let (due, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.delayed).into_iter().partition(|(at, _)| *at <= now);
        self.delayed = left;
        for (_, promise) in due {
            let _gone = promise.keep(());
        }
    }

    /// How much longer the clock has to stand still for somebody outside, who may go on for ever with requests that
    /// change nothing.
    fn still_quiet_for(&self, wanting: Instant) -> Duration {
        const MOST: u32 = 10;
        let someone_can_act = !self.world.parked.is_empty();
        let wanted_for = now().duration_since(wanting);
        match self.touched {
            _ if wanted_for >= self.quiet * MOST => Duration::ZERO,
            Some(touched) => self.quiet.saturating_sub(now().duration_since(touched)),
            None if someone_can_act => self.quiet.saturating_sub(wanted_for),
            None => Duration::ZERO,
        }
    }

    /// Tells those who wait for executions' ends, and forgets old ones.
    fn settle(&mut self) {
        self.book.settle(&mut self.world.executions);
    }

    /// The instant on the virtual clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.world.clock.now()
    }
    /// Starts an execution of a machine of the registry.
    pub(crate) fn begin(&mut self, machine: &Machine, settings: Arc<Settings>, input: Value, record: Record) -> ExecId {
        let exec = self.world.start(machine, settings, input);
        self.book.note(exec, record);
        exec
    }
    /// The mocks of a test case, by `MACHINE#CASE`.
    ///
    /// # Errors
    /// The names of those there are.
    pub(crate) fn case(&self, name: &str) -> Result<MockSet, String> {
        let mut mocks = self.cases.get(name).cloned().ok_or_else(|| match self.cases.is_empty() {
            true => "no mock configuration was given".to_owned(),
            false => {
                let near = did_you_mean(name, self.cases.keys().map(String::as_str));
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                format!("the mock configuration has no test case `{name}`{near}")
            }
        })?;
        mocks.rewind();
        Ok(mocks)
    }
    /// Gives an execution that has not begun mocks of its own.
    pub(crate) fn mock_one(&mut self, exec: ExecId, mocks: MockSet) {
        self.world.mock_one(exec, mocks);
    }
    /// Stops an execution.
    pub(crate) fn stop(&mut self, exec: ExecId, why: TaskError) {
        self.world.send(exec, Input::Stop(why));
    }
    /// What comes when an execution has ended.
    pub(crate) fn end_of(&mut self, exec: ExecId) -> Pending<()> {
        self.book.end_of(exec)
    }
    /// Which execution has an ARN.
    pub(crate) fn find(&self, arn: &str) -> Option<ExecId> {
        self.world.executions.find(arn)
    }
    /// An execution.
    pub(crate) fn slot(&self, exec: ExecId) -> Option<&Slot> {
        self.world.executions.get(exec)
    }
    /// All executions that are remembered, in the order of their starts.
    pub(crate) fn slots(&self) -> impl DoubleEndedIterator<Item = (ExecId, &Slot)> {
        self.world.executions.iter()
    }
    /// How an execution was started through the API.
    pub(crate) fn record(&self, exec: ExecId) -> Option<&Record> {
        self.book.of(exec)
    }
    /// State machines and activities.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }
    /// State machines and activities, to be changed.
    pub(crate) fn registry_mut(&mut self) -> &mut Registry {
        &mut self.registry
    }
    /// An operation on state machines and activities; tasks start from then on what it leaves.
    ///
    /// # Errors
    /// What the service refuses.
    pub(crate) fn configure(&mut self, operation: &str, input: &Value) -> Result<Value, ServiceError> {
        let now = self.now();
        let told = self.registry.call(now, operation, input)?;
        if operation.ends_with("StateMachine") && !operation.starts_with("Describe") {
            self.world.machines = self.registry.machines().map(|revision| revision.machine.clone()).collect();
        }
        Ok(told)
    }
    /// A name in the form of a UUID, the same for the same seed.
    pub(crate) fn fresh_name(&mut self) -> Str {
        self.world.fresh_name()
    }
    /// A seed for an execution.
    pub(crate) fn fresh_seed(&mut self) -> u64 {
        self.world.fresh_seed()
    }
    /// The ARN of the Map Run of which an execution is a child.
    pub(crate) fn map_run_of(&self, exec: ExecId) -> Option<&str> {
        self.world.map_run_of(exec)
    }
    /// The children of a Map Run.
    pub(crate) fn map_run(&self, arn: &str) -> Option<&[ExecId]> {
        self.world.map_run(arn)
    }
    /// How many children a Map Run has started, and how many of them have ended how.
    pub(crate) fn map_run_counts(&self, arn: &str) -> Option<(usize, &[(&'static str, usize)])> {
        self.world.map_run_counts(arn)
    }
    /// The execution whose Map Run it is.
    pub(crate) fn owner_of_map_run(&self, arn: &str) -> Option<ExecId> {
        self.world.owner_of_map_run(arn)
    }
    /// The models.
    pub(crate) fn services(&self) -> &Services {
        &self.world.services
    }
    /// The models, to be changed at this instant.
    pub(crate) fn services_mut(&mut self) -> (Timestamp, &mut Services) {
        (self.world.clock.now(), &mut self.world.services)
    }
    /// Whether an execution still runs, and how it ended.
    pub(crate) fn status(&self, place: Place) -> Status {
        self.world.executions.get(place.0).map_or(Status::Running, |slot| slot.status().clone())
    }
    /// Whether an execution has ended.
    pub(crate) fn has_ended(&self, place: Place) -> bool {
        self.world.executions.get(place.0).is_none_or(|slot| matches!(slot.state, State::Ended { .. }))
    }
    /// Whether a task of an execution waits for somebody outside.
    pub(crate) fn is_parked(&self, place: Place) -> bool {
        self.world.parked.iter().any(|parked| parked.exec == place.0)
    }
    /// The task that holds a task token.
    pub(crate) fn work_of_token(&self, token: &str) -> Option<Work> {
        let parked = self.world.parked.iter().find(|p| !p.unpolled && p.call.token.as_deref() == Some(token))?;
        Some(Work::of(parked))
    }
    /// GetActivityTask: the next task of an activity, its token and its input, when there is one.
    pub(crate) fn poll_activity(&mut self, activity: &str, worker: Option<String>) -> Pending<(Str, Value)> {
        let (promise, pending) = promise();
        self.pollers.push(Poller { activity: activity.to_owned(), worker, promise });
        self.hand_out_work();
        pending
    }
    /// Gives waiting tasks to waiting workers; whether any were.
    fn hand_out_work(&mut self) -> bool {
        let before = self.pollers.len();
        self.pollers.retain(|poller| !poller.promise.is_abandoned());
        for poller in std::mem::take(&mut self.pollers) {
            let Some(parked) = self.world.parked.iter_mut().find(|p| p.is_work_for(&poller.activity)) else {
                self.pollers.push(poller);
                continue;
            };
            parked.unpolled = false;
            let (exec, call) = (parked.exec, parked.call.id);
            let task = (parked.call.token.clone().unwrap_or_default(), parked.call.payload.clone());
            self.world.send(exec, Input::WorkerStarted(call, poller.worker.as_deref().map(Str::from)));
            // Who goes away at this very moment has taken the task with them, as with the service.
            let _gone = poller.promise.keep(task);
        }
        self.pollers.len() < before
    }
    /// SendTaskSuccess and SendTaskFailure.
    pub(crate) fn finish_work(&mut self, work: Work, outcome: Outcome) {
        self.world.end_work(work, outcome);
    }
    /// SendTaskHeartbeat.
    pub(crate) fn heartbeat(&mut self, work: Work) {
        self.world.beat_of(work);
    }
    /// Something that comes when the virtual clock has gone on by this much.
    pub(crate) fn after(&mut self, delay: Duration) -> Pending<()> {
        let (promised, pending) = promise();
        self.delayed.push((self.world.clock.now() + delay, promised));
        pending
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever acts outside does so in real time")]
fn now() -> Instant {
    Instant::now()
}
