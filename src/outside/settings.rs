//! Which addresses outside a test names, and how they are reached.

use std::time::Duration;

use super::connection::Connection;
#[cfg(feature = "client")]
use super::token::Tokens;
use super::upstream::{Upstreams, Which};
use crate::mock::Answer;
use crate::task::Call;
use crate::time::Timestamp;

/// How long a server is waited for in real time.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a test says about the world outside.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    /// Prefixes of addresses, and where they lead.
    endpoints: Vec<(String, String)>,
    /// By name or ARN.
    connections: Vec<(String, Connection)>,
    /// Servers of AWS services.
    pub(crate) upstreams: Upstreams,
    pub(crate) patience: Duration,
    #[cfg(feature = "client")]
    pub(super) tokens: Tokens,
}

/// Connections that somebody else keeps, by ARN or name.
pub(crate) type Connections<'a> = &'a dyn Fn(&str) -> Option<Connection>;

impl Default for Outside {
    fn default() -> Outside {
        Outside {
            endpoints: Vec::new(),
            connections: Vec::new(),
            upstreams: Upstreams::default(),
            patience: PATIENCE,
            #[cfg(feature = "client")]
            tokens: Tokens::default(),
        }
    }
}

impl Outside {
    /// The same for another run, which knows no tokens yet.
    pub(crate) fn afresh(&self) -> Outside {
        Outside {
            #[cfg(feature = "client")]
            tokens: Tokens::default(),
            ..self.clone()
        }
    }
    /// Maps a prefix; a later word about the same one counts.
    pub(crate) fn map(&mut self, from: &str, to: &str) {
        self.endpoints.retain(|(prefix, _)| prefix != from);
        self.endpoints.push((from.to_owned(), to.to_owned()));
    }
    /// Gives a connection.
    pub(crate) fn connect(&mut self, name: &str, connection: Connection) {
        self.connections.retain(|(known, _)| known != name);
        self.connections.push((name.to_owned(), connection));
    }
    /// Where an address leads; nothing where it is not mapped. Of several prefixes the longest counts.
    pub(crate) fn mapped(&self, address: &str) -> Option<String> {
        let rest = |prefix: &str| {
            let (start, rest) = address.split_at_checked(prefix.len())?;
            // `https://api.example.com` is no prefix of `https://api.example.com.evil`.
            let ends = prefix.ends_with('/') || rest.is_empty() || rest.starts_with(['/', '?', '#']);
            (ends && start.eq_ignore_ascii_case(prefix)).then_some(rest)
        };
        let fits = self.endpoints.iter().filter_map(|(prefix, to)| Some((prefix.len(), to, rest(prefix)?)));
        let (_, to, rest) = fits.max_by_key(|(length, ..)| *length)?;
        let slash = if rest.is_empty() || rest.starts_with(['/', '?', '#']) { "" } else { "/" };
        Some(format!("{}{slash}{rest}", to.trim_end_matches('/')))
    }
    /// The connection of an ARN: the test's own by ARN or by name, or else what somebody else keeps.
    #[cfg(feature = "client")]
    pub(crate) fn connection(&self, arn: &str, others: Connections<'_>) -> Option<Connection> {
        let name = arn.split_once(":connection/").map_or(arn, |(_, rest)| rest.split('/').next().unwrap_or(rest));
        let own = |wanted: &str| self.connections.iter().find(|(known, _)| known == wanted).map(|(_, c)| c.clone());
        own(arn).or_else(|| own(name)).or_else(|| others(arn))
    }

    /// What is answered outside to a call of a state machine; `None` where the test names no address for it.
    ///
    /// # Errors
    /// What the test still has to say.
    pub(crate) fn answer(&self, call: &Call, at: Timestamp, others: Connections<'_>) -> Option<Result<Answer, String>> {
        #[cfg(feature = "client")]
        return super::task::answer(self, call, others).or_else(|| super::gateway::answer(self, call, at));
        #[cfg(not(feature = "client"))]
        {
            let (_, _, is_named) = (at, others, !self.endpoints.is_empty());
            let reaches = matches!(call.resource.service(), "http" | "apigateway");
            (is_named && reaches)
                .then(|| Err(format!("`{}` calls an address, which needs the cargo feature `client`", call.location())))
        }
    }
}

impl Outside {
    /// What an upstream answers to a call of a state machine; `None` where the test names none for it.
    ///
    /// # Errors
    /// What the test still has to say.
    pub(crate) fn upstream(&self, call: &Call, at: Timestamp, which: Which) -> Option<Result<Answer, String>> {
        if self.upstreams.is_empty() {
            return None;
        }
        #[cfg(feature = "client")]
        return super::upstream::answer(self, call, at, which);
        #[cfg(not(feature = "client"))]
        {
            let (_, asks) = (at, which == Which::All && call.resource.service().starts_with("aws-sdk:"));
            asks.then(|| {
                Err(format!("`{}` calls an upstream, which needs the cargo feature `client`", call.location()))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_leads_and_a_longer_host_is_another_one() {
        let mut outside = Outside::default();
        outside.map("https://api.example.com", "http://127.0.0.1:1/");
        outside.map("https://api.example.com/v2/", "http://127.0.0.1:2/two");
        for (address, want) in [
            ("https://api.example.com", Some("http://127.0.0.1:1")),
            ("https://API.example.com/v1?a=b", Some("http://127.0.0.1:1/v1?a=b")),
            ("https://api.example.com?a", Some("http://127.0.0.1:1?a")),
            ("https://api.example.com/v2/x", Some("http://127.0.0.1:2/two/x")),
            ("https://api.example.com.evil/", None),
            ("https://api.example.computer", None),
            ("http://api.example.com/", None),
            ("", None),
        ] {
            assert_eq!(outside.mapped(address).as_deref(), want, "{address}");
        }
    }
}
