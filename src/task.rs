//! What the engine asks of the world, and what it hears back.

use std::fmt;
use std::sync::Arc;

use crate::asl::Resource;
use crate::value::{Str, Value};

/// Names one call of one execution. Ids come from a counter and are never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId {
    pub(crate) thread: u32,
    pub(crate) serial: u32,
}

/// One call of a service by a Task state: what a mock sees.
#[derive(Clone, Debug)]
pub struct Call {
    /// The call's id within its execution.
    pub id: CallId,
    /// What is called.
    pub resource: Arc<Resource>,
    /// `Parameters` or `Arguments` as evaluated; for a Lambda ARN or an activity its input.
    pub payload: Value,
    /// The Task state's name.
    pub state: Str,
    /// The enclosing Map items and Parallel branches, outermost first.
    pub path: Vec<PathStep>,
    /// 0 for the first try, then one more with every retry.
    pub attempt: u32,
    /// The id of the event with which the state was entered; tells visits of one state apart.
    pub entered_event: u32,
    /// The task token, where the integration hands one out.
    pub token: Option<Str>,
    /// `TimeoutSeconds`, where the state sets it.
    pub timeout_seconds: Option<u64>,
    /// `HeartbeatSeconds`, where the state sets it.
    pub heartbeat_seconds: Option<u64>,
    /// `Credentials.RoleArn`.
    pub role_arn: Option<Str>,
}

/// One level of nesting around a state: an item of a Map or a branch of a Parallel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathStep {
    /// The Map's or Parallel's name.
    pub state: Str,
    /// Whether it is a Map (an item) or a Parallel (a branch).
    pub is_map: bool,
    /// The item's or branch's index, from 0.
    pub index: usize,
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.state, self.index)
    }
}

impl Call {
    /// `Outer[2]/Inner`: where in the machine the call comes from.
    pub fn location(&self) -> String {
        let mut text: String = self.path.iter().map(|s| format!("{s}/")).collect();
        text.push_str(&self.state);
        text
    }
    /// The Map item that this call belongs to: the innermost one.
    pub fn item(&self) -> Option<usize> {
        self.path.iter().rev().find(|s| s.is_map).map(|s| s.index)
    }
    /// The name of the Lambda function that is called, for a function's ARN as well as for `lambda:invoke`.
    pub fn function_name(&self) -> Option<&str> {
        use crate::asl::ResourceKind;
        match self.resource.kind() {
            ResourceKind::Lambda { function } => Some(function),
            ResourceKind::Service { service, action, .. } if &**service == "lambda" && &**action == "invoke" => {
                let name = self.payload.get("FunctionName")?.as_str()?;
                let name = name.rsplit_once(":function:").map_or(name, |(_, n)| n);
                Some(name.split(':').next().unwrap_or(name))
            }
            _ => None,
        }
    }
}

/// A failure as a service, a worker or the engine reports it; both members may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskError {
    /// The error's name, which Retry and Catch match.
    pub error: Option<Str>,
    /// The cause, a text for people.
    pub cause: Option<Str>,
}

impl TaskError {
    /// An error with a name and a cause.
    pub fn new(error: impl Into<Str>, cause: impl Into<Str>) -> Self {
        TaskError { error: Some(error.into()), cause: Some(cause.into()) }
    }
    /// An error with a name alone.
    pub fn named(error: impl Into<Str>) -> Self {
        TaskError { error: Some(error.into()), cause: None }
    }
    /// The error's name, or nothing.
    pub fn name(&self) -> &str {
        self.error.as_deref().unwrap_or("")
    }
    /// What a Catcher receives: `{"Error": …, "Cause": …}`, with `null` for what was not given.
    pub fn to_value(&self) -> Value {
        let part = |p: &Option<Str>| p.as_ref().map_or(Value::Null, Value::from);
        Value::object([("Error", part(&self.error)), ("Cause", part(&self.cause))])
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.error, &self.cause) {
            (Some(e), Some(c)) => write!(f, "{e}: {c}"),
            (Some(e), None) => f.write_str(e),
            (None, Some(c)) => f.write_str(c),
            (None, None) => f.write_str("(no error name)"),
        }
    }
}

/// How a call or a child execution ended.
pub type Outcome = Result<Value, TaskError>;
