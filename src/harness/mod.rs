//! The harness: give a machine its mocks, an input and an instant, and read what came of it.
//!
//! [`Harness::run`] goes to the end without a runtime and without waiting: a year of `Wait` takes microseconds.
//! [`Harness::start`] stops at the first instant and hands the clock to the test; see [`Session`].
//! [`Harness::run_async`] is `run` for tests whose mocks need an async runtime.

pub(crate) mod assert;
#[cfg(feature = "server")]
mod book;
mod clock;
mod driver;
mod nested;
mod objects;
mod outside;
mod results;
mod run;
mod session;
#[cfg(feature = "server")]
pub(crate) mod shared;
mod slots;
pub(crate) mod targets;
#[cfg(feature = "server")]
pub(crate) mod turns;
mod world;

pub use crate::services::s3::S3 as Objects;
pub use assert::StateRuns;
pub(crate) use outside::Work;
pub use run::{Child, Run};
pub use session::{ActivityTask, Session, Token};
pub use slots::ChildrenLeftOut;

use std::sync::Arc;
use std::time::Duration;

use crate::asl::Machine;
use crate::asl::machine::MachineType;
use crate::coverage::{self, Counted as _};
use crate::engine::{Limits, Settings, Tally};
use crate::error::{Error, ErrorKind};
use crate::mock::{Fault, FaultSet, Mock, MockFile, MockSet, Problem};
use crate::outside::{Connection, Outside, Upstream};
use crate::services::{Services, Setup};
use crate::time::Timestamp;
use crate::validate::is_barred;
use crate::value::{Content, Map, Str, Value};

use world::World;

/// A machine with everything a test gives it. A harness may be run many times; every run starts afresh.
///
/// ```
/// use rehearsal::{Harness, Machine, mock};
/// use serde_json::json;
///
/// let machine = Machine::parse(r#"{
///     "StartAt": "Greet",
///     "States": {
///         "Greet": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:greet", "End": true}
///     }
/// }"#)?;
/// let run = Harness::new(&machine).mock("Greet", json!({"text": "hello"})).run(json!({}));
/// run.assert_succeeded().assert_output(json!({"text": "hello"}));
/// # Ok::<(), rehearsal::Error>(())
/// ```
#[derive(Clone)]
pub struct Harness {
    machine: Machine,
    mocks: MockSet,
    faults: FaultSet,
    /// What is put before the run: bucket, key, content.
    objects: Vec<(Str, Str, Content)>,
    services: Setup,
    outside: Outside,
    machines: Vec<Machine>,
    missing_activities: Vec<String>,
    context: Option<Map>,
    start: Timestamp,
    seed: u64,
    name: String,
    synchronous: bool,
    strict: bool,
    limits: Limits,
    /// How many children of distributed Maps are kept, if somebody says so.
    most_children: Option<usize>,
    identity: Option<Identity>,
    covers: bool,
    /// Whether keys of mocks that name nothing are let pass.
    unchecked: bool,
    /// Mocks of single executions, by `MACHINE#CASE`.
    #[cfg(feature = "server")]
    cases: std::collections::BTreeMap<String, MockSet>,
    /// The name by which coverage knows the test.
    test: Option<String>,
    /// What counts in place of tallies of its own: the caller collects what many runs reach together.
    #[cfg(feature = "fuzz")]
    shared: Option<Vec<(Machine, Tally)>>,
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Harness").field("machine", &self.machine).field("mocks", &self.mocks).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Identity {
    machine_arn: String,
    execution_arn: String,
    role_arn: String,
}

impl Harness {
    /// A harness without mocks, at 2024-01-01T00:00:00Z, with seed 0.
    pub fn new(machine: &Machine) -> Self {
        Harness {
            machine: machine.clone(),
            mocks: MockSet::default(),
            faults: FaultSet::default(),
            objects: Vec::new(),
            services: Setup::default(),
            outside: Outside::default(),
            machines: Vec::new(),
            missing_activities: Vec::new(),
            context: None,
            start: Timestamp::EPOCH_DEFAULT,
            seed: 0,
            name: "rehearsal".into(),
            synchronous: false,
            strict: false,
            limits: Limits::default(),
            most_children: None,
            identity: None,
            covers: false,
            unchecked: false,
            #[cfg(feature = "server")]
            cases: std::collections::BTreeMap::new(),
            test: None,
            #[cfg(feature = "fuzz")]
            shared: None,
        }
    }
    /// Says who answers the tasks that `key` names: a state (`Charge`), a state inside another (`Each/Charge`), a
    /// resource (`dynamodb:putItem`), or a Lambda function or activity by name. A plain JSON value answers every
    /// call; see [`mock`](crate::mock) for errors, sequences, durations and closures. A later mock of the same key
    /// replaces an earlier one.
    #[must_use]
    pub fn mock(mut self, key: &str, mock: impl Into<Mock>) -> Self {
        self.mocks.insert(key, mock);
        self
    }
    /// The same for somebody who writes files: a task that nothing answers is told with the lines of a file.
    #[must_use]
    pub(crate) fn in_file(mut self) -> Self {
        self.mocks.in_file = true;
        self
    }
    /// Answers every task that no other mock answers.
    #[must_use]
    pub fn mock_everything_else(mut self, mock: impl Into<Mock>) -> Self {
        self.mocks.fallback(mock);
        self
    }
    /// Takes the mocks and faults of a file; see [`mock::load`](crate::mock::load).
    #[must_use]
    pub fn mocks(mut self, file: &MockFile) -> Self {
        for entry in &file.mocks {
            self.mocks.insert(entry.key.as_str(), entry.mock.clone());
        }
        for fault in &file.faults {
            self.faults.insert(fault.clone());
        }
        self
    }
    /// Lays a fault over whatever answers.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.insert(fault);
        self
    }
    /// Loads another machine, which `states:startExecution` tasks without a mock then start. It is found by the last
    /// part of the ARN, which is the machine's [name](Machine::name).
    #[must_use]
    pub fn machine(mut self, machine: &Machine) -> Self {
        self.machines.push(machine.clone());
        self
    }
    /// Sets up stateful models of services, which answer the calls that no mock answers; see
    /// [`services`](crate::services).
    #[must_use]
    pub fn services(mut self, setup: Setup) -> Self {
        self.services = setup;
        self
    }
    /// Leads requests of HTTP Tasks (`http:invoke`) and of API Gateway (`apigateway:invoke`) to a server of the test's
    /// own: an address that begins with `from` becomes one that begins with `to`, and of several prefixes the longest
    /// counts. No other address is ever asked. A mock comes first.
    ///
    /// The clock stands still while the server works. It says with a header `x-rehearsal-takes: 5s` how long that takes
    /// on the virtual clock; one that does not answer at all has used up the service's own limit.
    ///
    /// ```no_run
    /// use rehearsal::outside::Connection;
    /// use rehearsal::prelude::*;
    ///
    /// # let machine = Machine::parse("{}")?;
    /// // A wiremock server, say: `MockServer::start().await.uri()`.
    /// let harness = Harness::new(&machine)
    ///     .endpoint("https://api.stripe.com", "http://127.0.0.1:9999")
    ///     .connection("Stripe", Connection::basic("sk_test_1", ""));
    /// harness.run(json!({"customer": "c-1"})).assert_succeeded();
    /// # Ok::<(), rehearsal::Error>(())
    /// ```
    #[must_use]
    pub fn endpoint(mut self, from: &str, to: &str) -> Self {
        self.outside.map(from, to);
        self
    }
    /// Gives a connection of EventBridge, by its ARN or its name, to the HTTP Tasks that use it.
    #[must_use]
    pub fn connection(mut self, name: &str, connection: Connection) -> Self {
        self.outside.connect(name, connection);
        self
    }
    /// Lets a server of AWS services, such as an emulator, answer what neither a mock nor a model does.
    #[must_use]
    pub fn upstream(mut self, upstream: Upstream) -> Self {
        self.outside.upstreams.add(upstream);
        self
    }
    /// Addresses outside that it names.
    #[cfg(feature = "server")]
    pub(crate) fn outside(&self) -> &Outside {
        &self.outside
    }
    /// How long, in real time, a server outside is waited for before it counts as one that never answers. The default is
    /// 10 s.
    #[must_use]
    pub fn outside_patience(mut self, patience: Duration) -> Self {
        self.outside.patience = patience;
        self
    }
    /// Hands over an object for an ItemReader.
    #[must_use]
    pub fn object(mut self, bucket: &str, key: &str, body: impl AsRef<[u8]>) -> Self {
        self.objects.push((bucket.into(), key.into(), Content::holding(body.as_ref().to_vec())));
        self
    }
    /// How many children of distributed Maps a run keeps, with their histories and calls. Unless said otherwise it is the
    /// first 10,000; of more than 100, fewer where their inputs are together larger than 16 MiB. Of later ones those that
    /// do not succeed are kept within the same bounds. Of the others there are only what a ResultWriter writes, and
    /// their number, by status ([`Run::children_left_out`]) and by what they called
    /// ([`Calls::left_out`](crate::mock::Calls::left_out)).
    #[must_use]
    pub fn keep_children(mut self, most: usize) -> Self {
        self.most_children = Some(most);
        self
    }
    /// Says that an activity does not exist: by name or by ARN. A task that needs it fails with `States.Runtime`.
    #[must_use]
    pub fn without_activity(mut self, activity: &str) -> Self {
        self.missing_activities.push(activity.to_owned());
        self
    }
    /// Where the virtual clock starts.
    #[must_use]
    pub fn start_time(mut self, start: Timestamp) -> Self {
        self.start = start;
        self
    }
    /// Where UUIDs, random numbers, task tokens and jitter come from. The same seed gives the same history.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// The execution's name.
    #[must_use]
    pub fn execution_name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }
    /// The ARNs that the context object and the history show, in place of those of the pretend account.
    #[must_use]
    pub fn arns(mut self, machine: &str, execution: &str, role: &str) -> Self {
        self.identity =
            Some(Identity { machine_arn: machine.into(), execution_arn: execution.into(), role_arn: role.into() });
        self
    }
    /// Members to merge into the context object (`$$`, `$states.context`).
    ///
    /// # Panics
    /// Where `context` is not a JSON object.
    #[must_use]
    #[track_caller]
    pub fn context(mut self, context: impl Into<Value>) -> Self {
        match context.into() {
            Value::Object(o) => self.context = Some((*o).clone()),
            other => panic!("the context object is a JSON object, not {}: {other}", other.type_name()),
        }
        self
    }
    /// Runs an Express machine as StartSyncExecution does rather than StartExecution.
    #[must_use]
    pub fn synchronous(mut self) -> Self {
        self.synchronous = true;
        self
    }
    /// Makes mocks that were never used a failure, too.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }
    /// Other limits than the service's.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
    /// The name by which [coverage](crate::coverage) knows the test; by default it is the name of the thread, which is
    /// the test's.
    #[must_use]
    pub(crate) fn test_name(mut self, name: &str) -> Self {
        self.test = Some(name.to_owned());
        self
    }
    /// Counts which states, transitions, retriers, catchers and branches are reached, to be added to a
    /// [`Coverage`](coverage::Coverage). With `REHEARSAL_COVERAGE=1` in the environment every harness counts and the
    /// results are kept for `rehearsal coverage`.
    #[must_use]
    pub fn coverage(mut self) -> Self {
        self.covers = true;
        self
    }
    /// Counts into these, and leaves it to the caller what becomes of it.
    #[cfg(feature = "fuzz")]
    #[must_use]
    pub(crate) fn counting(mut self, tallies: Vec<(Machine, Tally)>) -> Self {
        self.shared = Some(tallies);
        self
    }
    /// Gives an endless loop of an Express machine up early, so that thousands of runs stay quick.
    #[cfg(feature = "fuzz")]
    #[must_use]
    pub(crate) fn bounded(mut self) -> Self {
        self.limits.events_at_one_instant = self.limits.events_at_one_instant.min(50_000);
        self
    }
    /// Tallies that the caller hands in, if it does.
    fn shared_tallies(&self) -> Option<&Vec<(Machine, Tally)>> {
        #[cfg(feature = "fuzz")]
        return self.shared.as_ref();
        #[cfg(not(feature = "fuzz"))]
        None
    }
    /// Gives mocks to those executions that are started with `#` and this name after the machine's ARN: `MACHINE#CASE`.
    #[cfg(feature = "server")]
    #[must_use]
    pub(crate) fn case(mut self, name: &str, file: &MockFile) -> Self {
        let mut mocks = MockSet::default();
        for entry in &file.mocks {
            mocks.insert(entry.key.as_str(), entry.mock.clone());
        }
        self.cases.insert(name.to_owned(), mocks);
        self
    }
    /// Takes mocks whose keys may name states of machines that are not there yet.
    #[cfg(feature = "server")]
    #[must_use]
    pub(crate) fn unchecked(mut self) -> Self {
        self.unchecked = true;
        self
    }
    /// The machine.
    pub fn machine_under_test(&self) -> &Machine {
        &self.machine
    }

    /// Runs an execution to its end.
    ///
    /// # Panics
    /// Where the test itself is wrong: a task that nothing answers, a mock whose key names nothing, an input over
    /// 256 KiB. The message says what to write. The workflow's own failure is a [`Run`] like any other.
    #[track_caller]
    pub fn run(&self, input: impl Into<Value>) -> Run {
        match self.try_run(input) {
            Ok(run) => run,
            Err(e) => panic!("{e}"),
        }
    }
    /// [`run`](Self::run), with what is wrong with the test as an error.
    ///
    /// # Errors
    /// A task that nothing answers, a mock whose key names nothing, an input that is too large.
    pub fn try_run(&self, input: impl Into<Value>) -> Result<Run, Error> {
        let mut world = self.world(input.into())?;
        driver::run_to_end(&mut world);
        self.conclude(world)
    }
    /// [`try_run`](Self::try_run) on the caller's async runtime, for mocks whose futures need one.
    ///
    /// # Errors
    /// As [`try_run`](Self::try_run).
    pub async fn run_async(&self, input: impl Into<Value>) -> Result<Run, Error> {
        let mut world = self.world(input.into())?;
        driver::ToTheEnd::new(&mut world).await;
        self.conclude(world)
    }
    /// Starts an execution, lets everything happen that happens at once, and hands the clock to the test.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    #[track_caller]
    pub fn start(&self, input: impl Into<Value>) -> Session {
        match self.try_start(input) {
            Ok(session) => session,
            Err(e) => panic!("{e}"),
        }
    }
    /// [`start`](Self::start), with what is wrong with the test as an error.
    ///
    /// # Errors
    /// As [`try_run`](Self::try_run).
    pub fn try_start(&self, input: impl Into<Value>) -> Result<Session, Error> {
        let mut world = self.world(input.into())?;
        world.interactive = true;
        Session::begin(self.clone(), world)
    }

    fn world(&self, input: Value) -> Result<World, Error> {
        self.check_start(&input)?;
        let mut world = self.empty_world()?;
        let settings = self.settings_in(&world);
        world.start(&self.machine, Arc::new(settings), input);
        Ok(world)
    }

    /// What StartExecution refuses.
    fn check_start(&self, input: &Value) -> Result<(), Error> {
        if let Some(reason) = unfit_name(&self.name) {
            let what = format!("start the execution: the name {:?} {reason} (InvalidName)", self.name);
            return Err(Error::new(ErrorKind::Usage, what));
        }
        if input.text_len() > self.limits.payload_bytes {
            let what = format!(
                "start the execution: the input has {} bytes, and the service takes {} (InvalidExecutionInput)",
                input.text_len(),
                self.limits.payload_bytes
            );
            return Err(Error::new(ErrorKind::Input, what));
        }
        Ok(())
    }

    /// The world with everything in it but an execution.
    fn empty_world(&self) -> Result<World, Error> {
        let has_keys = !self.mocks.is_empty() || !self.faults.is_empty();
        if has_keys && !self.unchecked {
            self.check_keys()?;
        }
        let mut world = World::new(self.start, self.seed);
        world.mocks = self.mocks.clone();
        world.mocks.rewind();
        world.faults = self.faults.clone();
        if !self.services.is_empty() {
            world.services = Services::new(&self.services, self.start, self.seed)
                .map_err(|e| Error::new(ErrorKind::Mocks, format!("set up the services: {e}")))?;
        }
        if let Some(most) = self.most_children {
            world.keep_children(most);
        }
        world.outside = self.outside.afresh();
        world.services.hand_over(self.start, &self.objects);
        world.machines.clone_from(&self.machines);
        if let Some(shared) = self.shared_tallies() {
            world.tallies.clone_from(shared);
        } else if self.covers || coverage::is_wanted() {
            world.tallies = self.all_machines().into_iter().map(|m| (m.clone(), Tally::of(&m))).collect();
        }
        Ok(world)
    }

    /// The settings of an execution in this world.
    fn settings_in(&self, world: &World) -> Settings {
        let mut settings = self.settings();
        settings.tally = world.tallies.first().map(|(_, tally)| tally.clone());
        settings
    }

    fn settings(&self) -> Settings {
        let machine_type = self.machine.machine_type();
        let mut s = Settings::of(self.machine.name(), &self.name, machine_type, self.seed);
        if let Some(id) = &self.identity {
            s.machine_arn = id.machine_arn.as_str().into();
            s.machine_name = id.machine_arn.rsplit(':').next().unwrap_or_default().into();
            s.execution_arn = id.execution_arn.as_str().into();
            s.role_arn = id.role_arn.as_str().into();
            let mut parts = id.execution_arn.split(':').skip(7);
            s.execution_name = parts.next().unwrap_or_default().into();
        }
        s.synchronous = self.synchronous && machine_type == MachineType::Express;
        s.context.clone_from(&self.context);
        s.limits = self.limits.clone();
        s.missing_activities = targets::activities(&self.machine, &self.missing_activities);
        s
    }

    /// Mocks and faults whose keys name nothing that the machine calls. [`run`](Self::run) refuses to run with any.
    pub fn problems(&self) -> Vec<Problem> {
        let targets = targets::of_all(&self.all_machines());
        let mut problems = self.mocks.validate(&targets);
        problems.extend(self.faults.validate(&targets));
        problems
    }

    fn check_keys(&self) -> Result<(), Error> {
        let problems: Vec<String> = self.problems().iter().map(ToString::to_string).collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Mocks,
            format!("use the mocks of `{}`: {}", self.machine.name(), problems.join("\n  ")),
        ))
    }

    /// The machine under test, and those it may start.
    pub(crate) fn all_machines(&self) -> Vec<Machine> {
        std::iter::once(&self.machine).chain(&self.machines).cloned().collect()
    }

    fn conclude(&self, mut world: World) -> Result<Run, Error> {
        if world.trouble.is_none() && !world.is_over() {
            world.trouble = Some(world.idle_diagnosis());
        }
        let trouble = world.trouble.take();
        let run = Run::of(world, self.seed, self.all_machines());
        if !run.tallies().is_empty() && self.shared_tallies().is_none() {
            coverage::record(self.test.as_deref(), &run);
        }
        if let Some(trouble) = trouble {
            let so_far = run.compact().to_string();
            let what = format!("rehearse `{}`: {trouble}\n\n{so_far}", self.machine.name());
            return Err(Error::new(ErrorKind::Mocks, what));
        }
        if self.strict && !run.unused_mocks().is_empty() {
            let unused: Vec<String> = run.unused_mocks().iter().map(ToString::to_string).collect();
            let what = format!(
                "rehearse `{}`, which {}: {}\n\n{}",
                self.machine.name(),
                run.status().name(),
                unused.join("\n  "),
                run.compact()
            );
            return Err(Error::new(ErrorKind::Mocks, what));
        }
        Ok(run)
    }
}

/// What is wrong with the name of an execution, if anything.
fn unfit_name(name: &str) -> Option<String> {
    let length = name.chars().count();
    if !(1..=80).contains(&length) {
        return Some(format!("has {length} characters, and 1 to 80 are allowed"));
    }
    name.chars().find(|c| is_barred(*c)).map(|c| format!("holds {c:?}"))
}
