//! What lies outside this process: requests to addresses, answered in real time while the virtual clock stands still.

#[cfg(feature = "client")]
pub(crate) mod http;
