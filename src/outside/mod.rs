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

use crate::services::promise::Pending;

/// Sends a request to an address, mapped where the test maps it, whose answer nobody looks at; it is done when the
/// answer is there.
pub(crate) fn post(outside: &Outside, url: String, headers: Vec<(String, String)>, body: String) -> Pending<()> {
    let url = outside.mapped(&url).unwrap_or(url);
    #[cfg(feature = "client")]
    return thread::on_a_thread(move || {
        const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
        let request = http::Outgoing { method: "POST".into(), url, headers, body: body.into_bytes() };
        let _unreached = http::send(request, PATIENCE);
    });
    #[cfg(not(feature = "client"))]
    {
        let _unsent = (url, headers, body);
        crate::services::promise::promise().1
    }
}
