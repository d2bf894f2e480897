//! A thread of control: the main line of an execution, a branch of a Parallel, an iteration of a Map.

use std::sync::Arc;

use crate::asl::Resource;
use crate::asl::machine::StateId;
use crate::engine::block::Block;
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// Where one thread of control stands. Its position is data, not a call stack, so a machine may nest and loop as
/// deeply as it likes.
pub(super) struct Thread {
    pub id: u32,
    /// Tells this thread from earlier ones that had the same place in the table.
    pub serial: u32,
    /// The thread whose Map or Parallel this one belongs to, and as which item or branch.
    pub parent: Option<(u32, usize)>,
    pub state: StateId,
    /// The state's raw input.
    pub input: Value,
    /// The thread's youngest event, to which the next one points back.
    pub last: u32,
    /// The event with which the state was entered, and the event before that.
    pub entered: u32,
    pub entered_previous: u32,
    pub entered_at: Timestamp,
    pub scope: Scope,
    pub item: Option<Arc<MapItem>>,
    /// How often each retrier of the state was used during this stay.
    pub retries: Vec<u64>,
    /// All of them together: `$$.State.RetryCount`.
    pub retry_count: u32,
    pub doing: Doing,
}

/// What a thread is busy with.
pub(super) enum Doing {
    /// About to enter `state`.
    Entering,
    /// About to try the state's work again.
    Retrying,
    /// A Wait state, until this timer fires.
    Waiting { timer: u32 },
    /// Between a failure and the next attempt.
    BackingOff { timer: u32 },
    /// A Task with a call under way.
    Calling(Box<Pending>),
    /// A Map or Parallel whose children run.
    Block(Box<Block>),
}

/// A call under way.
pub(super) struct Pending {
    pub serial: u32,
    pub resource: Arc<Resource>,
    pub timeout_timer: Option<u32>,
    pub heartbeat_timer: Option<u32>,
    pub heartbeat_seconds: Option<u64>,
    /// An activity that no worker has taken yet.
    pub unstarted: bool,
}

/// `$$.Map.Item`.
#[derive(Clone, Debug)]
pub(super) struct MapItem {
    pub index: usize,
    pub value: Value,
    /// `STATE_DATA` or `S3://bucket/key`; only distributed Maps tell.
    pub source: Option<Str>,
}

/// The variables a thread can see: its own, then those of the thread that started it, as they were then. An outer
/// scope cannot change while a branch runs, so a snapshot is exact and costs one pointer.
#[derive(Clone, Default)]
pub(super) struct Scope {
    own: Option<Arc<Frame>>,
    outer: Option<Arc<Frame>>,
}

#[derive(Clone, Default)]
struct Frame {
    values: crate::value::Map,
    outer: Option<Arc<Frame>>,
    /// Bytes of all values here and further out, against the service's 10 MiB.
    bytes: usize,
}

impl Scope {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let mut frame = self.own.as_deref().or(self.outer.as_deref());
        while let Some(f) = frame {
            if let Some(v) = f.values.get(name) {
                return Some(v);
            }
            frame = f.outer.as_deref();
        }
        None
    }
    /// Every variable of this scope alone.
    pub(super) fn all(&self) -> Vec<(Str, Value)> {
        self.own.iter().flat_map(|f| f.values.iter()).map(|(k, v)| (k.clone(), v.clone())).collect()
    }
    /// The scope of a branch or iteration started now.
    pub(super) fn inner(&self) -> Scope {
        Scope { own: None, outer: self.own.clone().or_else(|| self.outer.clone()) }
    }
    /// Bytes all visible variables take.
    pub(super) fn bytes(&self) -> usize {
        self.own.as_deref().or(self.outer.as_deref()).map_or(0, |f| f.bytes)
    }
    pub(super) fn set(&mut self, name: Str, value: Value) {
        let outer = &self.outer;
        let frame = self.own.get_or_insert_with(|| {
            Arc::new(Frame { bytes: outer.as_deref().map_or(0, |f| f.bytes), outer: outer.clone(), ..Frame::default() })
        });
        let frame = Arc::make_mut(frame);
        frame.bytes += value.text_len();
        if let Some(old) = frame.values.insert(name, value) {
            frame.bytes -= old.text_len();
        }
    }
}

impl Thread {
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.doing, Doing::Entering | Doing::Retrying)
    }
}
