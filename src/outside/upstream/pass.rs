//! A request that came to an endpoint, on its way to an upstream: it stays as it is.

use super::{Target, Upstreams, Which, table};
use crate::outside::http::Outgoing;
use crate::outside::sign::{self, Scope};

/// Headers that are about a connection and not about a request.
const OF_CONNECTIONS: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether a header goes no further than the next server.
pub(crate) fn is_of_the_connection(name: &str) -> bool {
    OF_CONNECTIONS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// The service that a target's prefix names.
pub(crate) fn service_of_target(prefix: &str) -> Option<&'static str> {
    table::service_of_target(prefix).map(|service| service.signing)
}

impl Target {
    /// A request as this upstream gets it: word for word, or signed anew for an account.
    ///
    /// # Errors
    /// What can't be signed anew, in words.
    pub(crate) fn takes(&self, mut request: Outgoing, service: &str) -> Result<Outgoing, String> {
        request.headers.retain(|(name, _)| !is_of_the_connection(name));
        if let Some(credentials) = &self.credentials {
            let is_chunked = |(name, value): &(String, String)| {
                name.eq_ignore_ascii_case("x-amz-content-sha256") && value.starts_with("STREAMING-")
            };
            if request.headers.iter().any(is_chunked) {
                return Err("a body whose chunks are signed can't be passed on to a real account".into());
            }
            if request.url.contains("X-Amz-Signature=") {
                return Err("a presigned request can't be passed on to a real account".into());
            }
            let signing = table::service(service).map_or(service, |known| known.signing);
            let scope = Scope { service: signing, region: &self.region, date: &sign::date() };
            sign::sign(&mut request, credentials, &scope);
        }
        Ok(request)
    }
}

impl Upstreams {
    /// Where a request of a service goes that came to the endpoint; `is_here` where the test has set up something of it.
    pub(crate) fn for_request(&self, service: &str, is_here: bool) -> Option<Target> {
        let named = self.of(service, Which::Named);
        named.or_else(|| if is_here { None } else { self.of(service, Which::All) })
    }
}
