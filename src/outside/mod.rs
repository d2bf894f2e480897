//! What lies outside this process: requests to addresses, programs, answered in real time while the virtual clock stands still.
//!
//! Nothing outside is asked unless the test names it: HTTP Tasks and API Gateway go to addresses that the test
//! [maps](crate::Harness::endpoint), with the [`Connection`]s that it gives; calls of other services to an
//! [`Upstream`] that it runs.

pub(crate) mod command;
mod connection;
#[cfg(feature = "client")]
mod form;
#[cfg(feature = "client")]
mod gateway;
#[cfg(feature = "client")]
pub(crate) mod http;
#[cfg(feature = "client")]
mod response;
mod settings;
#[cfg(feature = "client")]
mod task;
pub(crate) mod thread;
pub(crate) mod timer;
#[cfg(feature = "client")]
mod token;

pub use connection::Connection;
#[cfg(feature = "server")]
pub(crate) use form::escaped;
pub(crate) use settings::Outside;
