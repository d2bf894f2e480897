//! Execution histories: what the engine writes and everybody else reads.
//!
//! What a run *did* is read only here: pictures, snapshots, coverage and expectations are all views of a
//! [`History`]. Events keep shared values and are turned into AWS's wire form ([`wire`]) or the compact text
//! ([`compact`]) when somebody asks.

pub mod compact;
mod event;
pub mod timeline;
pub mod wire;

pub use event::{Detail, Evaluation, Event, Phase, Scheduled, Started, StateType};

use crate::time::Timestamp;

/// The events of one execution, in order.
///
/// Laws: ids count from 1 without gaps; every `previous` names an earlier event or 0; time never goes back; exactly
/// one terminal event, and it is the last.
#[derive(Clone, Debug, Default)]
pub struct History {
    events: Vec<Event>,
}

impl History {
    /// A history without events.
    pub const fn new() -> Self {
        History { events: Vec::new() }
    }
    /// A history with room for so many events.
    pub(crate) fn with_room(events: usize) -> Self {
        History { events: Vec::with_capacity(events) }
    }
    /// Appends an event and gives its id.
    pub(crate) fn push(&mut self, previous: u32, at: Timestamp, detail: Detail) -> u32 {
        self.events.push(Event { previous, at, detail });
        self.events.len() as u32
    }
    /// How many events there are.
    pub fn len(&self) -> usize {
        self.events.len()
    }
    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
    /// The event with this id.
    pub fn get(&self, id: u32) -> Option<&Event> {
        self.events.get((id as usize).checked_sub(1)?)
    }
    /// Events with their ids, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, &Event)> + ExactSizeIterator {
        self.events.iter().enumerate().map(|(i, e)| (i as u32 + 1, e))
    }
    /// When the execution started.
    pub fn started_at(&self) -> Option<Timestamp> {
        self.events.first().map(|e| e.at)
    }
    /// Gives back memory that was reserved for further events, where it is more than a quarter.
    pub(crate) fn shrink(&mut self) {
        if self.events.capacity() * 3 > self.events.len() * 4 {
            self.events.shrink_to_fit();
        }
    }
}
