//! What an operation of a model knows of the world around it.

use std::sync::{Arc, Mutex, PoisonError};

use super::errand::Errand;
use super::{ACCOUNT, REGION};
use crate::random::{Seeded, uuid_text};
use crate::time::Timestamp;

/// What is wrong with the test itself and concerns no caller, such as an event that nobody answers. The first counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    /// Notes what is wrong.
    pub(crate) fn note(&self, what: impl FnOnce() -> String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(what);
    }
    /// What is wrong, once.
    pub(crate) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What an operation knows of the world around it.
#[derive(Debug)]
pub struct Surroundings {
    /// The instant on the virtual clock.
    pub now: Timestamp,
    ids: Seeded,
    /// What is still to be done outside the model that wants it.
    pub(super) errands: Vec<Errand>,
    /// Where the caller reached us, such as `http://127.0.0.1:4566`; nothing for calls in process.
    base: Option<Arc<str>>,
    /// What has to fail the test.
    pub(super) trouble: Trouble,
}

impl Surroundings {
    pub(super) fn new(now: Timestamp, seed: u64) -> Surroundings {
        Surroundings {
            now,
            ids: Seeded::new(seed ^ 0x5E57_1CE5),
            errands: Vec::new(),
            base: None,
            trouble: Trouble::default(),
        }
    }
    /// A fresh UUID, the same for the same seed.
    pub fn uuid(&mut self) -> String {
        uuid_text(self.ids.next_u64(), self.ids.next_u64())
    }
    /// A fresh number, the same for the same seed.
    pub(super) fn number(&mut self) -> u64 {
        self.ids.next_u64()
    }
    /// Leaves something to be done after the operation.
    pub(super) fn errand(&mut self, errand: Errand) {
        self.errands.push(errand);
    }
    /// Says where the caller of the next operation reached us.
    pub(super) fn reached_at(&mut self, base: Option<Arc<str>>) {
        self.base = base;
    }
    /// Whether the caller is a client outside, for whom the clock does not move on.
    pub(super) fn is_outside(&self) -> bool {
        self.base.is_some()
    }
    /// Where the caller reaches us: `http://127.0.0.1:4566`.
    pub(super) fn base(&self) -> Option<&str> {
        self.base.as_deref()
    }
    /// The host and port in it.
    #[cfg(feature = "dynamodb")]
    pub(super) fn host(&self) -> Option<&str> {
        self.base.as_deref()?.split("://").nth(1)
    }
    /// The URL of a queue, at which the caller reaches it: some SDKs send their requests there.
    pub(super) fn queue_url(&self, name: &str) -> String {
        match &self.base {
            Some(base) => format!("{base}/{ACCOUNT}/{name}"),
            None => format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"),
        }
    }
}
