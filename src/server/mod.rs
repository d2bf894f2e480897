//! The endpoint: the models of services, and a rehearsed machine, for programs of any language over HTTP.
//!
//! An AWS SDK needs nothing but the address, in `AWS_ENDPOINT_URL`, and any credentials. All services are on one port,
//! over HTTP/1.1 and HTTP/2, with TLS where asked. They share one virtual clock with the executions that run here; see
//! [`ClockMode`] for who moves it.
//!
//! ```no_run
//! use rehearsal::prelude::*;
//! use rehearsal::services::Setup;
//!
//! # let machine = Machine::parse("{}")?;
//! let server = Harness::new(&machine).services(Setup::new().queue("orders")).serve();
//! let consumer = std::process::Command::new("python3").arg("consumer.py").envs(server.env()).spawn();
//! // The machine puts an order and a task token into the queue; the consumer answers with SendTaskSuccess.
//! server.run(json!({"id": "o-1"})).assert_succeeded();
//! # Ok::<(), rehearsal::Error>(())
//! ```

mod answer;
mod body;
mod builder;
mod control;
mod fault;
mod guard;
mod listen;
mod live;
mod requests;
mod signature;
mod socket;
mod states;
mod tls;
mod upstream;

pub use crate::harness::shared::ClockMode;
pub use builder::ServerBuilder;
pub use fault::{WireFault, WireFaultKind};
pub use live::Live;
pub use requests::{LoggedRequest, Requests};

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::harness::shared::{Shared, Stage};
use crate::harness::turns::Turn;
use crate::harness::{Harness, Run};
use crate::outside::upstream::Upstreams;
use crate::services::{Service, ServiceError, Services};
use crate::time::Timestamp;
use crate::value::Value;

/// What every connection shares.
pub(crate) struct Site {
    shared: Arc<Shared>,
    guard: guard::Guard,
    faults: fault::WireFaults,
    credentials: Option<signature::Credentials>,
    requests: requests::Log,
    upstreams: Upstreams,
    upstream_patience: Duration,
    /// Who moves the clock unless somebody holds it.
    mode: ClockMode,
}

/// Where a function's handler finds its events.
struct Runtime {
    function: String,
    at: SocketAddr,
    /// The handler, where it is ours; it ends with the server.
    _process: Option<crate::services::lambda::handler::Handler>,
}

/// `http://127.0.0.1:49152`
fn url_of(address: SocketAddr, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    match address.ip().is_unspecified() {
        true => format!("{scheme}://127.0.0.1:{}", address.port()),
        false => format!("{scheme}://{address}"),
    }
}

/// An endpoint that serves until it is dropped.
pub struct Server {
    site: Arc<Site>,
    address: SocketAddr,
    ca: Option<tls::Authority>,
    patience: Duration,
    runtimes: Vec<Runtime>,
    runtime: Option<tokio::runtime::Runtime>,
    driver: Option<std::thread::JoinHandle<()>>,
}

impl Harness {
    /// Serves the harness's services, and its machine's tasks, on a free port of this machine until the server is
    /// dropped.
    ///
    /// # Panics
    /// Where the test itself is wrong, as for [`run`](Harness::run), or no port can be had.
    #[track_caller]
    pub fn serve(&self) -> Server {
        match self.server().start() {
            Ok(server) => server,
            Err(e) => panic!("{e}"),
        }
    }
    /// A server with a port, TLS, a clock or names of one's own.
    pub fn server(&self) -> ServerBuilder {
        ServerBuilder::new(self)
    }
}

impl Server {
    /// The address that an SDK is given: `http://127.0.0.1:49152`.
    pub fn url(&self) -> String {
        url_of(self.address, self.ca.is_some())
    }
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
    /// The certificate of the authority that signed the server's own, as PEM; nothing without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca.as_ref().map(|ca| ca.pem.as_str())
    }
    /// What a program's environment needs so that its SDK comes here: the address, a region, and credentials that mean
    /// nothing.
    pub fn env(&self) -> Vec<(String, String)> {
        let any = || ("rehearsal".to_owned(), "rehearsal".to_owned());
        let asked = self.site.credentials.as_ref();
        let (access_key, secret) = asked.map_or_else(any, |c| (c.access_key.clone(), c.secret.clone()));
        let pairs = [
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_REGION", crate::pretend::REGION.to_owned()),
            ("AWS_DEFAULT_REGION", crate::pretend::REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", access_key),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Where the handler of a function that was set up with [`runtime`](crate::services::Function::runtime) finds its
    /// events, as `AWS_LAMBDA_RUNTIME_API` wants it: `127.0.0.1:49153`. Nothing where there is no such function.
    pub fn runtime_api(&self, function: &str) -> Option<String> {
        self.runtimes.iter().find(|r| r.function == function).map(|r| r.at.to_string())
    }

    /// Starts an execution of the harness's machine.
    ///
    /// # Panics
    /// Where the input is one that StartExecution refuses.
    #[track_caller]
    pub fn start(&self, input: impl Into<Value>) -> Live {
        match self.try_start(input) {
            Ok(live) => live,
            Err(e) => panic!("{e}"),
        }
    }
    /// [`start`](Self::start), with what is wrong as an error.
    ///
    /// # Errors
    /// The input is one that StartExecution refuses.
    pub fn try_start(&self, input: impl Into<Value>) -> Result<Live, Error> {
        let place = self.site.shared.start(input.into())?;
        Ok(Live::new(Arc::clone(&self.site.shared), place, self.patience))
    }
    /// Runs an execution to its end, in which others may take part over HTTP.
    ///
    /// # Panics
    /// Where the test itself is wrong, as for [`Harness::run`], and where nobody acts for ten seconds although somebody
    /// is waited for.
    #[track_caller]
    pub fn run(&self, input: impl Into<Value>) -> Run {
        self.start(input).finish()
    }
    /// Moves the virtual clock on, everything that falls due happening at its own instant.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    #[track_caller]
    pub fn advance(&self, by: Duration) -> &Self {
        if let Err(e) = self.site.shared.advance(by) {
            panic!("{e}");
        }
        self
    }
    /// The present instant on the virtual clock.
    pub fn now(&self) -> Timestamp {
        self.site.shared.now()
    }
    /// What the services hold. Nothing else happens as long as the answer is kept.
    pub fn services(&self) -> Held<'_> {
        Held(self.site.shared.lock())
    }
    /// Calls an operation of a service's model, as a request would.
    ///
    /// # Errors
    /// What the service refuses, and what is not modelled.
    pub fn call(&self, service: Service, operation: &str, input: impl Into<Value>) -> Result<Value, ServiceError> {
        let input = input.into();
        self.site.shared.touch(|stage| {
            let (now, services) = stage.services_mut();
            services.call(now, service, operation, &input)
        })
    }
    /// The requests that came, in order.
    pub fn requests(&self) -> Requests {
        self.site.requests.all()
    }
    /// Lays a fault over the requests that it fits.
    pub fn fault(&self, fault: WireFault) -> &Self {
        self.site.faults.add(fault);
        self
    }
    /// Takes all faults of requests away.
    pub fn clear_faults(&self) -> &Self {
        self.site.faults.clear();
        self
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.site.shared.end();
        // Handlers end before what they ask does.
        self.runtimes.clear();
        if let Some(runtime) = self.runtime.take() {
            // Never waits, so that a test in an async runtime may drop it.
            runtime.shutdown_background();
        }
        if let Some(driver) = self.driver.take() {
            let _panicked = driver.join();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// The services of a server, while nothing else happens there.
pub struct Held<'a>(Turn<'a, Stage>);

impl std::ops::Deref for Held<'_> {
    type Target = Services;
    fn deref(&self) -> &Services {
        self.0.services()
    }
}

impl fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(self.0.services()).finish()
    }
}
