//! Requests over HTTP.

use std::sync::OnceLock;
use std::time::Duration;

/// A request to an address.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// `GET`, `POST`, …
    pub method: String,
    /// The address with its query.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body; nothing for none.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    /// The status.
    pub status: u16,
    /// Names and values, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreached {
    /// The time was over.
    TimedOut,
    /// Anything else, in words.
    Failed(String),
}

/// The most bytes of a body that are taken.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What keeps connections open, so that the next request to the same address need not open one.
fn agent() -> &'static ureq::Agent {
    static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
    AGENT.get_or_init(|| {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // A body may go with any method: services send what they are told to.
            .allow_non_standard_methods(true)
            .max_idle_age(Duration::from_secs(5))
            .build();
        ureq::Agent::new_with_config(config)
    })
}

/// Sends a request and waits for all of what comes back. Redirections are not followed, and every status is an answer.
///
/// # Errors
/// Nothing came back.
pub(crate) fn send(request: Outgoing, timeout: Duration) -> Result<Incoming, Unreached> {
    let failed = |e: &dyn std::fmt::Display| Unreached::Failed(e.to_string());
    let mut builder = ureq::http::Request::builder().method(request.method.as_str()).uri(&request.url);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let built = builder.body(request.body).map_err(|e| failed(&e))?;
    let built = agent().configure_request(built).timeout_global(Some(timeout)).build();
    let told = |e: ureq::Error| match e {
        ureq::Error::Timeout(_) => Unreached::TimedOut,
        other => Unreached::Failed(other.to_string()),
    };
    let mut response = agent().run(built).map_err(told)?;
    let headers = response.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec().map_err(told)?;
    Ok(Incoming { status, headers, body })
}
