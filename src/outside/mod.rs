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
pub(crate) mod sign;
#[cfg(feature = "client")]
mod task;
pub(crate) mod thread;
pub(crate) mod timer;
#[cfg(feature = "client")]
mod token;
pub(crate) mod upstream;

pub use connection::Connection;
#[cfg(feature = "server")]
pub(crate) use form::escaped;
pub(crate) use settings::Outside;
pub use sign::Credentials;
pub use upstream::Upstream;
pub(crate) use upstream::Which;

use crate::services::promise::Pending;

/// Sends a request to an address whose answer nobody looks at; it is done when the answer is there. Nothing is sent to
/// an address that the test has not mapped, unless it is one of this machine.
pub(crate) fn post(outside: &Outside, url: String, headers: Vec<(String, String)>, body: String) -> Pending<()> {
    let host = url.split_once("://").map_or("", |(_, rest)| rest).split(['/', ':']).next().unwrap_or_default();
    let is_here = matches!(host, "localhost" | "127.0.0.1");
    let Some(url) = outside.mapped(&url).or(Some(url).filter(|_| is_here)) else { return done() };
    #[cfg(feature = "client")]
    return thread::on_a_thread(move || {
        const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
        let request = http::Outgoing { method: "POST".into(), url, headers, body: body.into_bytes() };
        let _unreached = http::send(request, PATIENCE);
    });
    #[cfg(not(feature = "client"))]
    {
        let _unsent = (url, headers, body);
        done()
    }
}

fn done() -> Pending<()> {
    let (promised, pending) = crate::services::promise::promise();
    let _waits = promised.keep(());
    pending
}
