//! Who an execution is: names, ARNs, the seed.

use crate::asl::MachineType;
use crate::engine::{Limits, Tally};
use crate::pretend::{ACCOUNT, REGION};
use crate::value::Str;

/// An execution's identity and surroundings, shared by its events and expressions.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `$$.Execution.Id`
    pub execution_arn: Str,
    /// `$$.Execution.Name`
    pub execution_name: Str,
    /// `$$.StateMachine.Id`
    pub machine_arn: Str,
    /// `$$.StateMachine.Name`
    pub machine_name: Str,
    /// `$$.Execution.RoleArn`
    pub role_arn: Str,
    /// The region tasks are scheduled in.
    pub region: Str,
    /// Standard or Express.
    pub machine_type: MachineType,
    /// Started by StartSyncExecution: the context object has no `RedriveCount`.
    pub synchronous: bool,
    /// Where UUIDs, random numbers, task tokens and jitter come from.
    pub seed: u64,
    /// ARNs of activities that do not exist (any more).
    pub missing_activities: Vec<Str>,
    /// A child execution of a distributed Map: the items around it, outermost first. The last one's index is
    /// [`parent_index`](Self::parent_index), so that all children of a Map share this list.
    pub parent_path: std::sync::Arc<[crate::task::PathStep]>,
    /// Which item or batch of its Map this child execution is.
    pub parent_index: usize,
    /// Members that replace or extend those of the context object.
    pub context: Option<crate::value::Map>,
    /// The service's limits.
    pub limits: Limits,
    /// What counts the spots that are reached; child executions count with their parent.
    pub tally: Option<Tally>,
}

impl Settings {
    /// Settings for an execution of a machine in the pretend account `123456789012`, region `us-east-1`.
    pub fn of(machine_name: &str, execution_name: &str, machine_type: MachineType, seed: u64) -> Settings {
        let arn = |kind: &str, rest: &str| format!("arn:aws:states:{REGION}:{ACCOUNT}:{kind}:{rest}");
        let execution_arn = match machine_type {
            MachineType::Standard => arn("execution", &format!("{machine_name}:{execution_name}")),
            MachineType::Express => arn("express", &format!("{machine_name}:{execution_name}:{seed:08x}")),
        };
        Settings {
            execution_arn: execution_arn.into(),
            execution_name: execution_name.into(),
            machine_arn: arn("stateMachine", machine_name).into(),
            machine_name: machine_name.into(),
            role_arn: format!("arn:aws:iam::{ACCOUNT}:role/{machine_name}").into(),
            region: REGION.into(),
            machine_type,
            synchronous: false,
            seed,
            missing_activities: Vec::new(),
            parent_path: std::sync::Arc::default(),
            parent_index: 0,
            context: None,
            limits: Limits::default(),
            tally: None,
        }
    }
}
