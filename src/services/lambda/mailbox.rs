//! The invocations of a function whose handler asks for them: what waits, who waits for it, what is being worked on.

use std::collections::{BTreeMap, VecDeque};
use std::io::{PipeWriter, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::ended::{About, Ended, MOST_BYTES};
use super::payload::Payload;
use crate::outside::timer::{self, Limited};
use crate::services::ServiceError;
use crate::services::promise::{Pending, Promise, promise};

/// How long an invocation waits in real time for a runtime that asks for work.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most of a handler's output that is kept.
const MOST_LOG: usize = 256 * 1024;

/// What stands around a mark in what a process says.
pub(super) const MARK: u8 = 0x1e;
/// The mark behind the last that a process says.
pub(super) const THE_END: &str = "rehearsal-end";

/// A mark in what a process says.
pub(super) fn mark(name: &str) -> Vec<u8> {
    [&[MARK], name.as_bytes(), &[MARK]].concat()
}

/// What comes of an invocation.
pub(super) type Worked = Result<Ended, ServiceError>;

/// What a runtime is handed.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub id: String,
    pub arn: String,
    pub timeout: Duration,
    pub client_context: Option<String>,
    pub payload: Payload,
    /// When it has to be done, in milliseconds of the wall clock. It is written when a runtime takes the job.
    pub deadline: u128,
}

/// An invocation on its way.
struct Task {
    job: Job,
    promise: Mutex<Option<Promise<Worked>>>,
    /// When its time is over, once a runtime has it.
    until: Mutex<Option<Instant>>,
    mailbox: Weak<Mailbox>,
}

/// The invocations of one function.
#[derive(Default)]
pub(crate) struct Mailbox {
    function: String,
    state: Mutex<State>,
    /// Rings when there is work, and when the process has to end.
    bell: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Arc<Task>>,
    pollers: VecDeque<Promise<Job>>,
    running: BTreeMap<String, Arc<Task>>,
    /// What the process said since the present invocation began.
    log: Vec<u8>,
    /// Where marks are written into what the process says.
    marks: Option<PipeWriter>,
    /// Invocations that are over as soon as all that was said during them is heard.
    ending: BTreeMap<String, (Arc<Task>, Ended)>,
    /// Whether the process asked for work since it was started.
    has_polled: bool,
    /// What the runtime reported before it could ask for work.
    failed_init: Option<Payload>,
    wish: Wish,
}

/// What is wanted of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wish {
    #[default]
    Run,
    /// It has used up its time, and another takes its place.
    Restart,
    Stop,
}

/// What a runtime is told that says something wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// There is no such invocation, or it has ended.
    UnknownId,
    /// The response is too large.
    TooLarge,
}

impl Task {
    fn about(&self) -> About<'_> {
        About { id: &self.job.id, timeout: self.job.timeout }
    }
    fn end(&self, worked: Worked) {
        let promised = self.promise.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(promised) = promised {
            let _ = promised.keep(worked);
        }
    }
}

impl Limited for Task {
    fn time_is_over(&self) {
        let Some(mailbox) = self.mailbox.upgrade() else { return };
        if mailbox.state().ending.contains_key(&self.job.id) {
            return;
        }
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        match until {
            // The limit that is over is the one for a runtime to come.
            Some(until) if timer::now() < until => {}
            Some(_) => {
                let log = mailbox.forget(&self.job.id, Wish::Restart);
                self.end(Ok(Ended::timed_out(self.about()).logged(log)));
            }
            None => {
                let log = mailbox.forget(&self.job.id, Wish::Run);
                self.end(Err(no_runtime(&mailbox.function, &log)));
            }
        }
    }
}

fn no_runtime(function: &str, log: &str) -> ServiceError {
    let said = if log.is_empty() { String::new() } else { format!("; its process said:\n{log}") };
    let text = format!(
        "no runtime asks for the invocations of `{function}`: its handler did not start within {} seconds, or was given \
         another AWS_LAMBDA_RUNTIME_API{said}",
        PATIENCE.as_secs()
    );
    ServiceError::coded("ServiceUnavailableException", text).status(503)
}

impl Mailbox {
    pub(super) fn new(function: &str) -> Arc<Mailbox> {
        Arc::new(Mailbox { function: function.to_owned(), ..Mailbox::default() })
    }
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an invocation before whoever asks next.
    pub(super) fn put(self: &Arc<Mailbox>, job: Job) -> Pending<Worked> {
        let (promised, pending) = promise();
        let task = Arc::new(Task {
            job,
            promise: Mutex::new(Some(promised)),
            until: Mutex::default(),
            mailbox: Arc::downgrade(self),
        });
        let weak: Weak<Task> = Arc::downgrade(&task);
        let mut state = self.state();
        let mut task = Some(task);
        while let Some(poller) = state.pollers.pop_front() {
            // A poller that has gone leaves the job to the next.
            if poller.is_abandoned() {
                continue;
            }
            let Some(own) = task.take() else { break };
            let job = hand_out(&mut state, own);
            let id = job.id.clone();
            if poller.keep(job).is_ok() {
                break;
            }
            // It went in this very moment: the job is not begun.
            task = state.running.remove(&id);
            if let Some(task) = &task {
                *task.until.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
        }
        if let Some(task) = task {
            state.waiting.push_back(task);
            drop(state);
            timer::limit(weak, PATIENCE);
            self.bell.notify_all();
        }
        pending
    }

    /// The next invocation, at once or when there is one.
    pub(crate) fn next(&self) -> Result<Job, Pending<Job>> {
        let mut state = self.state();
        state.has_polled = true;
        state.failed_init = None;
        if let Some(task) = state.waiting.pop_front() {
            return Ok(hand_out(&mut state, task));
        }
        let (promised, pending) = promise();
        state.pollers.retain(|poller| !poller.is_abandoned());
        state.pollers.push_back(promised);
        Err(pending)
    }

    /// What the handler returned.
    pub(crate) fn respond(&self, id: &str, body: Vec<u8>) -> Result<(), Mistake> {
        let is_too_large = body.len() > MOST_BYTES + 100;
        let ended = if is_too_large { Ended::too_large() } else { Ended::well(Payload::Bytes(body)) };
        self.finish(id, ended)?;
        if is_too_large { Err(Mistake::TooLarge) } else { Ok(()) }
    }
    /// What the handler threw.
    pub(crate) fn fail(&self, id: &str, body: Vec<u8>) -> Result<(), Mistake> {
        self.finish(id, Ended::badly(Payload::Bytes(body)))
    }
    fn finish(&self, id: &str, ended: Ended) -> Result<(), Mistake> {
        let marks = {
            let mut state = self.state();
            let task = state.running.remove(id).ok_or(Mistake::UnknownId)?;
            state.ending.insert(id.to_owned(), (task, ended));
            state.marks.as_ref().and_then(|marks| marks.try_clone().ok())
        };
        // What it has said before is in the pipe already, and the mark comes behind it.
        let is_marked = marks.is_some_and(|mut marks| marks.write_all(&mark(id)).is_ok());
        if !is_marked {
            self.is_complete(id);
        }
        Ok(())
    }
    /// All that was said during an invocation is heard; false where no such invocation waits for it.
    pub(super) fn is_complete(&self, id: &str) -> bool {
        let (task, ended, log) = {
            let mut state = self.state();
            let Some((task, ended)) = state.ending.remove(id) else { return false };
            (task, ended, take_log(&mut state))
        };
        task.end(Ok(ended.logged(log)));
        true
    }
    /// Marks are written here from now on.
    pub(super) fn marks_with(&self, marks: Option<PipeWriter>) {
        self.state().marks = marks;
    }
    /// What a runtime reports that cannot even begin.
    pub(crate) fn fail_init(&self, body: Vec<u8>) {
        let (tasks, log) = {
            let mut state = self.state();
            state.failed_init = Some(Payload::Bytes(body.clone()));
            (std::mem::take(&mut state.waiting), take_log(&mut state))
        };
        for task in tasks {
            task.end(Ok(Ended::badly(Payload::Bytes(body.clone())).logged(log.clone())));
        }
    }

    /// Takes an invocation out, with what was logged meanwhile.
    fn forget(&self, id: &str, wish: Wish) -> String {
        let mut state = self.state();
        state.running.remove(id);
        state.waiting.retain(|task| task.job.id != id);
        if wish == Wish::Restart && state.wish == Wish::Run {
            state.wish = wish;
        }
        let log = take_log(&mut state);
        drop(state);
        self.bell.notify_all();
        log
    }

    /// The process begins anew; false where it is not to.
    pub(super) fn starts(&self) -> bool {
        let mut state = self.state();
        state.has_polled = false;
        if state.wish == Wish::Restart {
            state.wish = Wish::Run;
        }
        state.wish == Wish::Run
    }
    /// What the process says.
    pub(super) fn hear(&self, bytes: &[u8]) {
        let mut state = self.state();
        state.log.extend_from_slice(bytes);
        let surplus = state.log.len().saturating_sub(MOST_LOG);
        state.log.drain(..surplus);
    }
    #[cfg(all(test, feature = "wire"))]
    pub(super) fn log_so_far(&self) -> String {
        String::from_utf8_lossy(&self.state().log).into_owned()
    }
    /// Waits until something may have changed: the process has ended, work has come, or another wish.
    pub(super) fn wait(&self, most: Duration) -> Wish {
        let state = self.state();
        if state.wish != Wish::Run {
            return state.wish;
        }
        self.bell.wait_timeout(state, most).unwrap_or_else(PoisonError::into_inner).0.wish
    }
    /// The process is dead: what it worked on has failed, and so has what waits where it never asked for work. Whether
    /// another may start at once.
    pub(super) fn died(&self, how: &str) -> bool {
        let (tasks, log, init, has_polled) = {
            let mut state = self.state();
            state.pollers.clear();
            let mut tasks: Vec<Arc<Task>> = std::mem::take(&mut state.running).into_values().collect();
            if !state.has_polled {
                tasks.extend(std::mem::take(&mut state.waiting));
            }
            // What it said before anybody wanted anything belongs to the invocation that starts the next.
            let log = if tasks.is_empty() { String::new() } else { take_log(&mut state) };
            (tasks, log, state.failed_init.take(), state.has_polled)
        };
        for task in &tasks {
            let ended = match &init {
                Some(payload) => Ended::badly(payload.clone()),
                None => Ended::exited(task.about(), Some(how), &log),
            };
            task.end(Ok(ended.logged(log.clone())));
        }
        has_polled
    }
    /// Waits until somebody wants something; false where the process is to stop.
    pub(super) fn wait_for_work(&self) -> bool {
        let mut state = self.state();
        while state.waiting.is_empty() && state.wish != Wish::Stop {
            state = self.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.wish != Wish::Stop
    }
    pub(super) fn stop(&self) {
        self.state().wish = Wish::Stop;
        self.bell.notify_all();
    }
}

/// Begins the time of a job that a runtime takes.
fn hand_out(state: &mut State, task: Arc<Task>) -> Job {
    let timeout = task.job.timeout;
    *task.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(timer::now() + timeout);
    let weak: Weak<Task> = Arc::downgrade(&task);
    timer::limit(weak, timeout);
    let job = Job { deadline: timer::wall_clock_millis() + timeout.as_millis(), ..task.job.clone() };
    // What was said before it began is nobody's, unless that is still to be handed out.
    if state.ending.is_empty() {
        state.log.clear();
    }
    state.running.insert(job.id.clone(), task);
    job
}

fn take_log(state: &mut State) -> String {
    String::from_utf8_lossy(&std::mem::take(&mut state.log)).into_owned()
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Mailbox").field(&self.function).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::thread::wait_for;
    use crate::value::Value;

    fn job(id: &str, timeout: Duration) -> Job {
        let payload = Payload::Value(Value::empty_object());
        Job { id: id.into(), arn: "arn".into(), timeout, client_context: None, payload, deadline: 0 }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn invocations_go_to_whoever_asks_and_pollers_that_have_gone_are_passed_over() {
        let mailbox = Mailbox::new("f");
        let gone = mailbox.next().unwrap_err();
        let mut there = mailbox.next().unwrap_err();
        drop(gone);
        let mut first = mailbox.put(job("1", LONG));
        let second = mailbox.put(job("2", LONG));
        let got = there.take().unwrap();
        assert_eq!(got.id, "1");
        assert!(got.deadline > 1_600_000_000_000);
        assert_eq!(mailbox.next().unwrap().id, "2");
        assert_eq!(mailbox.respond("3", Vec::new()), Err(Mistake::UnknownId));
        mailbox.fail("2", br#"{"errorType":"E"}"#.to_vec()).unwrap();
        assert_eq!(mailbox.fail("2", Vec::new()), Err(Mistake::UnknownId));
        let ended = wait_for(second).unwrap().unwrap();
        assert_eq!((ended.is_failed, ended.error_type().as_deref()), (true, Some("E")));
        assert!(first.take().is_none());
        mailbox.hear(b"working\n");
        assert_eq!(mailbox.respond("1", vec![b' '; MOST_BYTES + 101]), Err(Mistake::TooLarge));
        let ended = wait_for(first).unwrap().unwrap();
        assert_eq!((ended.error_type().as_deref(), &*ended.log), (Some("Function.ResponseSizeTooLarge"), "working\n"));
    }

    #[test]
    fn a_handler_that_takes_too_long_or_dies_fails_its_invocation() {
        let mailbox = Mailbox::new("f");
        let pending = mailbox.put(job("1", Duration::from_millis(20)));
        assert_eq!(mailbox.next().unwrap().id, "1");
        let ended = wait_for(pending).unwrap().unwrap();
        assert_eq!(ended.error_type().as_deref(), Some("Sandbox.Timedout"));
        assert_eq!(ended.payload.text().matches("Task timed out after 0.02 seconds").count(), 1);
        assert_eq!(mailbox.respond("1", Vec::new()), Err(Mistake::UnknownId));
        assert_eq!(mailbox.wait(LONG), Wish::Restart);
        assert!(mailbox.starts());
        // It dies before it asks for work: what waits fails with what it said.
        let pending = mailbox.put(job("2", LONG));
        mailbox.hear(b"no module\n");
        assert!(!mailbox.died("exit status 1"));
        let ended = wait_for(pending).unwrap().unwrap();
        assert_eq!(ended.error_type().as_deref(), Some("Runtime.ExitError"));
        assert!(ended.payload.text().contains("Runtime exited with error: exit status 1"), "{:?}", ended.payload);
        assert!(ended.payload.text().contains("no module"), "{:?}", ended.payload);
        // And what it reports itself is what the caller gets.
        let pending = mailbox.put(job("3", LONG));
        mailbox.fail_init(br#"{"errorType":"Runtime.ImportModuleError"}"#.to_vec());
        let ended = wait_for(pending).unwrap().unwrap();
        assert_eq!(ended.error_type().as_deref(), Some("Runtime.ImportModuleError"));
        mailbox.stop();
        assert!(!mailbox.starts() && !mailbox.wait_for_work());
    }
}
