//! History events as the engine writes them: shared values, not text.

use std::sync::Arc;

use crate::asl::Resource;
pub use crate::asl::StateType;
use crate::task::TaskError;
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// One entry of a history. Its id is its place in the [`History`](super::History), from 1.
#[derive(Clone, Debug)]
pub struct Event {
    /// The event that led to this one on the same thread of control; 0 for none.
    pub previous: u32,
    /// When, on the virtual clock.
    pub at: Timestamp,
    /// What happened.
    pub detail: Detail,
}

/// What an event says. Task events are one family here; which of `Task*`, `LambdaFunction*` and `Activity*` they
/// become on the wire follows from the resource.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Detail {
    /// `ExecutionStarted`
    ExecutionStarted(Box<Started>),
    /// `ExecutionSucceeded`
    ExecutionSucceeded {
        /// The execution's output.
        output: Value,
    },
    /// `ExecutionFailed`
    ExecutionFailed(Box<TaskError>),
    /// `ExecutionAborted`
    ExecutionAborted(Box<TaskError>),
    /// `ExecutionTimedOut`
    ExecutionTimedOut(Box<TaskError>),
    /// `…StateEntered`
    StateEntered {
        /// The state's type.
        state_type: StateType,
        /// The state's name.
        name: Str,
        /// The raw input.
        input: Value,
    },
    /// `…StateExited`
    StateExited {
        /// The state's type.
        state_type: StateType,
        /// The state's name.
        name: Str,
        /// The output, which is the next state's input.
        output: Value,
        /// Variables assigned on the way out.
        assigned: Option<Arc<Vec<(Str, Value)>>>,
    },
    /// `TaskStateAborted`, `WaitStateAborted`, `ParallelStateAborted`, `MapStateAborted`
    StateAborted(StateType),
    /// `TaskScheduled`, `LambdaFunctionScheduled`, `ActivityScheduled`
    TaskScheduled(Box<Scheduled>),
    /// `TaskStarted`, `LambdaFunctionStarted`
    TaskStarted(Arc<Resource>),
    /// `ActivityStarted`
    ActivityStarted {
        /// The worker's name, if it gave one.
        worker: Option<Str>,
    },
    /// `TaskSubmitted`
    TaskSubmitted {
        /// What was called.
        resource: Arc<Resource>,
        /// What the service answered to the initial call.
        output: Value,
    },
    /// `TaskSucceeded`, `LambdaFunctionSucceeded`, `ActivitySucceeded`
    TaskSucceeded {
        /// What was called.
        resource: Arc<Resource>,
        /// The task's result.
        output: Value,
    },
    /// `TaskFailed`, `LambdaFunctionFailed`, `ActivityFailed`
    TaskFailed(Box<(Arc<Resource>, TaskError)>),
    /// `TaskTimedOut`, `LambdaFunctionTimedOut`, `ActivityTimedOut`
    TaskTimedOut(Box<(Arc<Resource>, TaskError)>),
    /// `ParallelStateStarted`
    ParallelStateStarted,
    /// `ParallelStateSucceeded`
    ParallelStateSucceeded,
    /// `ParallelStateFailed`
    ParallelStateFailed,
    /// `MapStateStarted`
    MapStateStarted {
        /// How many items; 0 where an ItemReader brings them.
        length: usize,
    },
    /// `MapStateSucceeded`
    MapStateSucceeded,
    /// `MapStateFailed`
    MapStateFailed,
    /// `MapIterationStarted`, `…Succeeded`, `…Failed`, `…Aborted`
    MapIteration {
        /// Which of the four.
        phase: Phase,
        /// The Map state's name.
        name: Str,
        /// The item's index.
        index: usize,
    },
    /// `MapRunStarted`
    MapRunStarted {
        /// The Map Run's ARN.
        arn: Str,
    },
    /// `MapRunSucceeded`
    MapRunSucceeded,
    /// `MapRunFailed`
    MapRunFailed(Box<TaskError>),
    /// `MapRunAborted`
    MapRunAborted,
    /// `EvaluationFailed`
    EvaluationFailed(Box<Evaluation>),
}

/// The ways an iteration of an inline Map begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the event types'")]
pub enum Phase {
    Started,
    Succeeded,
    Failed,
    Aborted,
}

/// `executionStartedEventDetails`
#[derive(Clone, Debug)]
pub struct Started {
    /// The execution's input.
    pub input: Value,
    /// The execution's role.
    pub role_arn: Str,
}

/// `taskScheduledEventDetails` and its relatives.
#[derive(Clone, Debug)]
pub struct Scheduled {
    /// What is called.
    pub resource: Arc<Resource>,
    /// The parameters; for a Lambda ARN and an activity the input.
    pub parameters: Value,
    /// The region the call goes to.
    pub region: Str,
    /// `TimeoutSeconds`, where the state sets it.
    pub timeout_seconds: Option<u64>,
    /// `HeartbeatSeconds`, where the state sets it.
    pub heartbeat_seconds: Option<u64>,
    /// `Credentials.RoleArn`.
    pub role_arn: Option<Str>,
}

/// `evaluationFailedEventDetails`
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The error's name.
    pub error: Str,
    /// The whole cause.
    pub cause: Str,
    /// The field to blame, with a path to the member inside it.
    pub location: Option<Str>,
    /// The state.
    pub state: Str,
}

impl Detail {
    /// The event's type as AWS spells it: `PassStateEntered`, `LambdaFunctionFailed`, …
    pub fn type_name(&self) -> &'static str {
        use crate::asl::ResourceKind::{Activity, Lambda, Service};
        macro_rules! by_resource {
            ($r:expr, $suffix:literal) => {
                match $r.kind() {
                    Lambda { .. } => concat!("LambdaFunction", $suffix),
                    Activity { .. } => concat!("Activity", $suffix),
                    Service { .. } => concat!("Task", $suffix),
                }
            };
        }
        macro_rules! by_state {
            ($t:expr, $suffix:literal) => {
                match $t {
                    StateType::Pass => concat!("PassState", $suffix),
                    StateType::Task => concat!("TaskState", $suffix),
                    StateType::Choice => concat!("ChoiceState", $suffix),
                    StateType::Wait => concat!("WaitState", $suffix),
                    StateType::Succeed => concat!("SucceedState", $suffix),
                    StateType::Fail => concat!("FailState", $suffix),
                    StateType::Parallel => concat!("ParallelState", $suffix),
                    StateType::Map => concat!("MapState", $suffix),
                }
            };
        }
        match self {
            Detail::ExecutionStarted(_) => "ExecutionStarted",
            Detail::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            Detail::ExecutionFailed(_) => "ExecutionFailed",
            Detail::ExecutionAborted(_) => "ExecutionAborted",
            Detail::ExecutionTimedOut(_) => "ExecutionTimedOut",
            Detail::StateEntered { state_type, .. } => by_state!(state_type, "Entered"),
            Detail::StateExited { state_type, .. } => by_state!(state_type, "Exited"),
            Detail::StateAborted(state_type) => by_state!(state_type, "Aborted"),
            Detail::TaskScheduled(s) => by_resource!(s.resource, "Scheduled"),
            Detail::TaskStarted(r) => by_resource!(r, "Started"),
            Detail::ActivityStarted { .. } => "ActivityStarted",
            Detail::TaskSubmitted { .. } => "TaskSubmitted",
            Detail::TaskSucceeded { resource, .. } => by_resource!(resource, "Succeeded"),
            Detail::TaskFailed(f) => by_resource!(f.0, "Failed"),
            Detail::TaskTimedOut(f) => by_resource!(f.0, "TimedOut"),
            Detail::ParallelStateStarted => "ParallelStateStarted",
            Detail::ParallelStateSucceeded => "ParallelStateSucceeded",
            Detail::ParallelStateFailed => "ParallelStateFailed",
            Detail::MapStateStarted { .. } => "MapStateStarted",
            Detail::MapStateSucceeded => "MapStateSucceeded",
            Detail::MapStateFailed => "MapStateFailed",
            Detail::MapIteration { phase: Phase::Started, .. } => "MapIterationStarted",
            Detail::MapIteration { phase: Phase::Succeeded, .. } => "MapIterationSucceeded",
            Detail::MapIteration { phase: Phase::Failed, .. } => "MapIterationFailed",
            Detail::MapIteration { phase: Phase::Aborted, .. } => "MapIterationAborted",
            Detail::MapRunStarted { .. } => "MapRunStarted",
            Detail::MapRunSucceeded => "MapRunSucceeded",
            Detail::MapRunFailed(_) => "MapRunFailed",
            Detail::MapRunAborted => "MapRunAborted",
            Detail::EvaluationFailed(_) => "EvaluationFailed",
        }
    }
    /// Whether the execution ends with this event.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Detail::ExecutionSucceeded { .. }
                | Detail::ExecutionFailed(_)
                | Detail::ExecutionAborted(_)
                | Detail::ExecutionTimedOut(_)
        )
    }
}
