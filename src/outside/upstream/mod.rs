//! Upstreams: servers of AWS services that the test runs, for what has no model here.

#[cfg(feature = "client")]
mod body;
#[cfg(feature = "client")]
mod call;
#[cfg(feature = "client")]
pub(crate) mod pass;
#[cfg(feature = "client")]
mod table;

#[cfg(feature = "client")]
pub(super) use call::answer;

use super::sign::Credentials;

/// A server of AWS services that answers what neither a mock nor a model does.
///
/// ```
/// use rehearsal::prelude::*;
/// use rehearsal::outside::Upstream;
///
/// # let machine = Machine::parse(r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#)?;
/// // An emulator for everything that is not set up here, and DynamoDB Local for tables.
/// let harness = Harness::new(&machine)
///     .upstream(Upstream::all("http://127.0.0.1:4566"))
///     .upstream(Upstream::of("dynamodb", "http://127.0.0.1:8000"));
/// # harness.run(json!({}));
/// # Ok::<(), rehearsal::Error>(())
/// ```
///
/// Calls of a state machine go there as signed requests (with credentials that mean nothing, but for
/// [`real_account`](Upstream::real_account)), and those that come to an endpoint as they are. The clock stands still
/// meanwhile. Bytes among parameters and results are written in base64, as the services' JSON has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Upstream {
    /// In small letters; nothing for all.
    service: Option<String>,
    place: Place,
}

#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// A server of the test's own.
    At(String),
    /// An account of AWS in a region.
    Account(Credentials, String),
}

impl Upstream {
    /// A server for every service of which the test has set up nothing.
    pub fn all(url: impl Into<String>) -> Upstream {
        Upstream { service: None, place: Place::At(url.into()) }
    }
    /// A server for one service, which comes before a model: `kms`, `dynamodb`. A service has the name that its ARNs, its
    /// endpoint or `aws-sdk:` resources give it.
    pub fn of(service: &str, url: impl Into<String>) -> Upstream {
        Upstream::all(url).only(service)
    }
    /// **AWS itself.** Calls that neither a mock nor a model answers are really made, in a real account, with these
    /// credentials: they change what is there, and may cost money. Nothing else in this library ever asks AWS.
    pub fn real_account(credentials: Credentials, region: impl Into<String>) -> Upstream {
        Upstream { service: None, place: Place::Account(credentials, region.into()) }
    }
    /// The same for one service alone, which comes before a model.
    #[must_use]
    pub fn only(mut self, service: &str) -> Upstream {
        self.service = Some(service.to_ascii_lowercase());
        self
    }
    /// Whether two are for the same.
    fn is_like(&self, other: &Upstream) -> bool {
        self.service == other.service
    }
}

/// The upstreams of a test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Upstreams(Vec<Upstream>);

/// Where a request goes.
#[cfg(feature = "client")]
pub(crate) struct Target {
    /// The address without a path.
    pub(crate) url: String,
    pub(crate) region: String,
    /// Nothing for a server that looks at no signatures.
    pub(crate) credentials: Option<Credentials>,
}

impl Upstreams {
    /// Adds one; a later word about the same service counts.
    pub(crate) fn add(&mut self, upstream: Upstream) {
        self.0.retain(|known| !known.is_like(&upstream));
        self.0.push(upstream);
    }
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Which upstreams are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those for this service, which come before a model.
    Named,
    /// Those for all, which come after it.
    All,
}

#[cfg(feature = "client")]
impl Upstreams {
    /// Where requests of a service go, by any of its names.
    pub(crate) fn of(&self, service: &str, which: Which) -> Option<Target> {
        let known = table::service(service);
        let fits = |upstream: &&Upstream| match (&upstream.service, which) {
            (None, Which::All) => true,
            (Some(own), Which::Named) => {
                own == service || known.is_some_and(|known| table::service(own).is_some_and(|o| o.name == known.name))
            }
            _ => false,
        };
        let upstream = self.0.iter().find(fits)?;
        Some(match &upstream.place {
            Place::At(url) => Target {
                url: url.trim_end_matches('/').to_owned(),
                region: crate::pretend::REGION.into(),
                credentials: None,
            },
            Place::Account(credentials, region) => {
                let host = known.map_or(service, |known| known.endpoint);
                let (url, region) = match GLOBAL.contains(&host) {
                    true => (format!("https://{host}.amazonaws.com"), "us-east-1"),
                    false => (format!("https://{host}.{region}.amazonaws.com"), &**region),
                };
                Target { url, region: region.to_owned(), credentials: Some(credentials.clone()) }
            }
        })
    }
}

/// Services that have one endpoint for all regions.
#[cfg(feature = "client")]
const GLOBAL: [&str; 5] = ["cloudfront", "iam", "organizations", "route53", "sts"];

#[cfg(all(test, feature = "client"))]
mod tests {
    use super::*;

    #[test]
    fn a_service_goes_by_any_of_its_names() {
        let mut upstreams = Upstreams::default();
        upstreams.add(Upstream::of("logs", "http://127.0.0.1:1/"));
        upstreams.add(Upstream::all("http://127.0.0.1:2"));
        upstreams.add(Upstream::of("Unheardof", "http://127.0.0.1:3"));
        upstreams.add(Upstream::all("http://127.0.0.1:4"));
        let url = |name: &str, which| upstreams.of(name, which).map(|target| target.url);
        for (name, which, want) in [
            ("cloudwatchlogs", Which::Named, Some("http://127.0.0.1:1")),
            ("logs", Which::Named, Some("http://127.0.0.1:1")),
            ("unheardof", Which::Named, Some("http://127.0.0.1:3")),
            ("kms", Which::Named, None),
            ("kms", Which::All, Some("http://127.0.0.1:4")),
        ] {
            assert_eq!(url(name, which).as_deref(), want, "{name}");
        }
    }

    #[test]
    fn an_account_is_asked_at_the_service_s_own_address() {
        let mut upstreams = Upstreams::default();
        upstreams.add(Upstream::real_account(Credentials::new("AKIDEXAMPLE", "secret"), "eu-west-1"));
        let asked = |name: &str| upstreams.of(name, Which::All).map(|target| (target.url, target.region)).unwrap();
        for (name, url, region) in [
            ("cloudwatchlogs", "https://logs.eu-west-1.amazonaws.com", "eu-west-1"),
            ("sfn", "https://states.eu-west-1.amazonaws.com", "eu-west-1"),
            ("organizations", "https://organizations.amazonaws.com", "us-east-1"),
        ] {
            assert_eq!(asked(name), (url.to_owned(), region.to_owned()));
        }
        assert!(!format!("{upstreams:?}").contains("secret"));
    }
}
