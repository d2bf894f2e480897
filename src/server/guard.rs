//! Who may ask: names by which this server is called, and pages in browsers.

use std::net::IpAddr;

/// Whether requests mean this server.
///
/// A page in a browser may have its own name changed to an address of this machine, and its script would then reach
/// us: so a request has to call us by a name that is ours.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    names: Vec<String>,
    bound: IpAddr,
}

/// Names that lead to the machine itself, and AWS's own, which SDKs use behind a proxy.
const OURS: [&str; 4] = ["localhost", "host.docker.internal", "amazonaws.com", "api.aws"];

impl Guard {
    pub(super) fn new(names: Vec<String>, bound: IpAddr) -> Guard {
        Guard { names, bound }
    }

    /// Whether a host, with or without a port, means us; nothing does where there is none.
    pub(super) fn admits(&self, host: &str) -> bool {
        let host = without_port(host).trim_end_matches('.').to_ascii_lowercase();
        if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            // Whoever asks for an address cannot have changed a name.
            return ip.is_loopback() || self.bound.is_unspecified() || ip == self.bound;
        }
        let is_below =
            |name: &str| host.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.'));
        // `bucket.127.0.0.1` is an S3 bucket at an address.
        let ends_in_loopback = host.ends_with(".127.0.0.1");
        ends_in_loopback || OURS.into_iter().any(is_below) || self.names.iter().any(|name| is_below(name))
    }

    /// Whether a page of this origin may ask.
    pub(super) fn admits_origin(&self, origin: &str) -> bool {
        let host = origin.split_once("://").map_or(origin, |(_, host)| host);
        !matches!(host, "null" | "") && !host.ends_with("amazonaws.com") && self.admits(host)
    }
}

fn without_port(host: &str) -> &str {
    match host.rfind(']') {
        Some(end) => &host[..=end],
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_ours_are_admitted() {
        let guard = Guard::new(vec!["mock.test".into()], IpAddr::from([127, 0, 0, 1]));
        for host in [
            "127.0.0.1:4566",
            "localhost",
            "bucket.localhost:1",
            "[::1]:80",
            "sqs.us-east-1.amazonaws.com",
            "bucket.s3.localhost",
            "bucket.127.0.0.1:9",
            "LOCALHOST.:8",
            "a.mock.test",
            "127.9.9.9",
        ] {
            assert!(guard.admits(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:4566", "evillocalhost", "192.168.0.3", "", "notmock.test"]
        {
            assert!(!guard.admits(host), "{host}");
        }
        assert!(guard.admits_origin("http://localhost:3000"));
        assert!(!guard.admits_origin("https://evil.example"));
        assert!(!guard.admits_origin("null"));
    }
}
