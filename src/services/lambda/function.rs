//! What a test writes: a function, and who answers its invocations.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::context::FunctionContext;
use crate::mock::{Mock, MockSet, Reply};
use crate::outside::command::Program;
use crate::value::Value;

/// A function that the test sets up, with who answers its invocations: a mock, a closure, a program, an address, or the
/// user's own handler through the Lambda Runtime API.
///
/// ```
/// use rehearsal::prelude::*;
/// use rehearsal::services::{Function, Setup};
/// use rehearsal::task::TaskError;
///
/// let machine = Machine::parse(r#"{"StartAt": "Charge", "States": {"Charge": {
///     "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true, "OutputPath": "$.Payload",
///     "Parameters": {"FunctionName": "charge", "Payload.$": "$"}}}}"#)?;
/// let charge = Function::new("charge").answers(|event, _| match event.get("total").and_then(|t| t.as_f64()) {
///     Some(total) if total < 100.0 => Ok(json!({"charged": total})),
///     _ => Err(TaskError::new("CardDeclined", "no money")),
/// });
/// let harness = Harness::new(&machine).services(Setup::new().function(charge));
/// harness.run(json!({"total": 30})).assert_succeeded();
/// harness.run(json!({"total": 300})).assert_failed("CardDeclined");
/// # Ok::<(), rehearsal::Error>(())
/// ```
///
/// Mocks and closures run at once and take what virtual time they say. Programs, addresses and handlers run in real time
/// while the virtual clock stands still, so that results never depend on how quick a computer is; when their
/// [timeout](Self::timeout) is over in real time, they fail as on AWS.
#[derive(Clone, Debug)]
pub struct Function {
    pub(super) name: String,
    pub(super) timeout: Duration,
    pub(super) memory: u64,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) reserved: Option<u64>,
    pub(super) answers: Option<Answers>,
    pub(super) directory: Option<PathBuf>,
}

/// A closure that answers a function's events.
type Closure = dyn Fn(&Value, &FunctionContext) -> Reply + Send + Sync;

/// Who answers a function's invocations.
#[derive(Clone)]
pub(super) enum Answers {
    Mock(Box<MockSet>),
    Closure(Arc<Closure>),
    Command(Program),
    Url(String),
    /// A runtime that asks for work, which we start where there is a program.
    Runtime(Option<Program>),
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answers::Mock(mocks) => mocks.fmt(f),
            Answers::Closure(_) => f.write_str("a closure"),
            Answers::Command(program) => f.debug_tuple("Command").field(&program.words).finish(),
            Answers::Url(url) => f.debug_tuple("Url").field(url).finish(),
            Answers::Runtime(program) => f.debug_tuple("Runtime").field(program).finish(),
        }
    }
}

impl Function {
    /// A function with the service's usual limits: 3 seconds, 128 MB.
    pub fn new(name: &str) -> Function {
        Function {
            name: name.to_owned(),
            timeout: Duration::from_secs(3),
            memory: 128,
            environment: BTreeMap::new(),
            reserved: None,
            answers: None,
            directory: None,
        }
    }
    /// The function's name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Answered by a mock: values, sequences, errors, `takes`. A mock's `with` is held against the event, its result is
    /// what the function returns, its error is what the function throws; one that [refuses](crate::mock::refuses)
    /// is the service's own error, such as `Lambda.TooManyRequestsException`.
    #[must_use]
    pub fn mock(mut self, mock: impl Into<Mock>) -> Function {
        let mut mocks = MockSet::new();
        mocks.insert(self.name.as_str(), mock);
        self.answers = Some(Answers::Mock(Box::new(mocks)));
        self
    }
    /// Answered by a closure from the event and the invocation's context.
    #[must_use]
    pub fn answers<R: Into<Reply>>(
        mut self,
        answer: impl Fn(&Value, &FunctionContext) -> R + Send + Sync + 'static,
    ) -> Function {
        let answer = move |event: &Value, context: &FunctionContext| answer(event, context).into();
        self.answers = Some(Answers::Closure(Arc::new(answer)));
        self
    }
    /// Answered by a program that is started for every invocation: the event comes on its standard input, its standard
    /// output is the result in JSON, its standard error is the log. A status other than 0 is a failure of the function.
    /// Its environment is ours with the variables that Lambda sets. Quotes hold words together; there is no shell.
    #[must_use]
    pub fn command(mut self, line: &str) -> Function {
        self.answers = Some(Answers::Command(Program::of(line)));
        self
    }
    /// Answered by whatever listens at an address: the event is posted there, and the body is the result in JSON. It
    /// needs the cargo feature `client`.
    #[must_use]
    pub fn url(mut self, url: &str) -> Function {
        self.answers = Some(Answers::Url(url.to_owned()));
        self
    }
    /// Answered by the user's own handler in its runtime, such as `python3 -m awslambdaric app.handler`: a program that
    /// is started when the services are served, speaks the Lambda Runtime API, and is started again when it dies.
    #[must_use]
    pub fn handler(mut self, line: &str) -> Function {
        self.answers = Some(Answers::Runtime(Some(Program::of(line))));
        self
    }
    /// Answered by a runtime that somebody else starts and that asks for work through the Lambda Runtime API.
    #[must_use]
    pub fn runtime(mut self) -> Function {
        self.answers = Some(Answers::Runtime(None));
        self
    }
    /// Where a [`command`](Self::command) or [`handler`](Self::handler) runs.
    #[must_use]
    pub fn directory(mut self, directory: impl AsRef<Path>) -> Function {
        self.directory = Some(directory.as_ref().to_owned());
        self
    }
    /// How long an invocation may take; 3 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Function {
        self.timeout = timeout;
        self
    }
    /// The function's memory in MB, which the context shows.
    #[must_use]
    pub fn memory(mut self, megabytes: u64) -> Function {
        self.memory = megabytes;
        self
    }
    /// A variable of the function's environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Function {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }
    /// How many invocations may go on at once; more are refused with `TooManyRequestsException`.
    #[must_use]
    pub fn reserved_concurrency(mut self, most: u64) -> Function {
        self.reserved = Some(most);
        self
    }
}
