//! What lies outside this process: requests to addresses, programs, answered in real time while the virtual clock
//! stands still.

pub(crate) mod command;
#[cfg(feature = "client")]
pub(crate) mod http;
pub(crate) mod thread;
pub(crate) mod timer;
