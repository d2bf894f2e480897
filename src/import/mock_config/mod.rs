//! The mock configuration of Step Functions Local: `MockConfigFile.json`.
//!
//! ```json
//! {
//!   "StateMachines": { "Order": { "TestCases": { "Busy": { "Charge": "BusyThenPaid" } } } },
//!   "MockedResponses": {
//!     "BusyThenPaid": {
//!       "0-1": { "Throw": { "Error": "Busy", "Cause": "503" } },
//!       "2": { "Return": { "paid": true } }
//!     }
//!   }
//! }
//! ```
//!
//! Each test case is a scenario. As there, the numbers count how often the state calls in one execution: one counter
//! for every state, which retries, loops and the items of a Map move on alike. A call that has no number left is an
//! error there, and here the scenario cannot be run. A state that a case does not name calls the real service there;
//! here nothing answers it, and the line to add is shown.

mod read;
mod scenarios;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::error::Error;
use crate::mock::{self, MockFile};
use crate::source::{Member, Node, NodeKind, Source, Span};
use crate::task::TaskError;
use crate::value::{Str, Value};

pub use scenarios::{Options, Scenarios};

/// A mock configuration; a larger file is another file.
const MOST_BYTES: usize = 16 << 20;

/// A mock configuration that was read.
#[derive(Debug)]
pub struct MockConfig {
    path: PathBuf,
    source: Arc<Source>,
    machines: Vec<ConfiguredMachine>,
    /// What is odd about it and does no harm.
    warnings: Vec<Diagnostic>,
}

/// The test cases of one state machine.
#[derive(Debug)]
struct ConfiguredMachine {
    name: Str,
    span: Span,
    cases: Vec<TestCase>,
}

/// One test case: which response each state gets.
#[derive(Debug)]
struct TestCase {
    name: Str,
    span: Span,
    states: Vec<MockedState>,
}

/// A state that is answered.
#[derive(Debug)]
struct MockedState {
    name: Str,
    span: Span,
    /// The replies in the order of the calls.
    replies: Vec<Replies>,
}

/// What is answered, and how often in a row.
#[derive(Clone, Debug)]
struct Replies {
    what: Reply,
    times: u64,
    span: Span,
}

#[derive(Clone, Debug)]
enum Reply {
    Return(Node),
    Throw(TaskError),
}

impl MockConfig {
    /// Reads a mock configuration.
    ///
    /// # Errors
    /// A file that cannot be read, and everything that is wrong with it.
    pub fn load(path: impl AsRef<Path>) -> Result<MockConfig, Error> {
        let path = path.as_ref();
        let bytes = super::bytes(path, MOST_BYTES)?;
        let source = Arc::new(Source::from_bytes(path.to_string_lossy(), &bytes, MOST_BYTES)?);
        MockConfig::parse(path, &source)
    }

    /// Reads the text of a mock configuration; definitions are looked for near `path`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(path: &Path, source: &Arc<Source>) -> Result<MockConfig, Error> {
        let (machines, warnings) = read::read(source)?;
        Ok(MockConfig { path: path.to_owned(), source: source.clone(), machines, warnings })
    }

    /// What is odd about it and does no harm: responses that no test case uses.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The names of the state machines it has test cases for.
    pub fn machines(&self) -> impl Iterator<Item = &str> {
        self.machines.iter().map(|machine| &*machine.name)
    }

    /// The test cases as `MACHINE#CASE`, the way Step Functions Local is asked for them.
    pub fn cases(&self) -> impl Iterator<Item = String> {
        self.machines.iter().flat_map(|m| m.cases.iter().map(move |case| format!("{}#{}", m.name, case.name)))
    }

    /// What answers in each test case, by its name as in [`cases`](Self::cases).
    pub fn mocks(&self) -> Vec<(String, MockFile)> {
        let of_case = |case: &TestCase| {
            let answered = case.states.iter().filter(|state| !state.replies.is_empty()).map(|state| {
                let replies = state.replies.iter().map(Replies::node).collect();
                member(&state.name, state.span, node(NodeKind::Array(replies), state.span))
            });
            let block = node(NodeKind::Object(answered.collect()), case.span);
            // What was read as responses can be read as mocks.
            let mocks = mock::read_mocks(&block, &self.source, &mut Diagnostics::default());
            MockFile { mocks, faults: Vec::new() }
        };
        let named = |m: &ConfiguredMachine, case: &TestCase| (format!("{}#{}", m.name, case.name), of_case(case));
        self.machines.iter().flat_map(|m| m.cases.iter().map(move |case| named(m, case))).collect()
    }

    /// What the scenario of a case is called: as the case, unless another machine has a case of that name.
    fn scenario_name(&self, machine: &ConfiguredMachine, case: &TestCase) -> String {
        let has_it = |m: &&ConfiguredMachine| m.cases.iter().any(|c| c.name == case.name);
        if self.machines.iter().filter(has_it).count() > 1 {
            return format!("{}#{}", machine.name, case.name);
        }
        case.name.to_string()
    }
}

/// Something that was made of a file's part, with the place of that part.
fn node(kind: crate::source::NodeKind, span: Span) -> Node {
    Node::new(kind, span)
}

fn member(key: &str, key_span: Span, value: Node) -> Member {
    Member { key: key.into(), key_span, value }
}

impl Reply {
    /// The words of a scenario file for it.
    fn words(&self, span: Span) -> Vec<Member> {
        let text = |text: &Option<Str>| match text {
            Some(text) => node(crate::source::NodeKind::String(text.clone()), span),
            None => node(crate::source::NodeKind::Null, span),
        };
        match self {
            Reply::Return(value) => vec![member("return", span, value.clone())],
            Reply::Throw(error) => {
                let mut words = vec![member("fail", span, text(&error.error))];
                if error.cause.is_some() {
                    words.push(member("cause", span, text(&error.cause)));
                }
                words
            }
        }
    }
}

impl Replies {
    /// The words of a scenario file for them. The last ones have an end, too: a call too many is told.
    fn node(&self) -> Node {
        let mut words = self.what.words(self.span);
        let times = NodeKind::Number(self.times.into());
        words.push(member("times", self.span, node(times, self.span)));
        node(NodeKind::Object(words), self.span)
    }
    fn value(&self) -> Value {
        self.node().to_value()
    }
}
