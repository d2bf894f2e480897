//! What a server is told before it starts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::guard::Guard;
use super::listen::Door;
use super::signature::Credentials;
use super::{ClockMode, Runtime, Server, Site, WireFault, fault, listen, requests, tls};
use crate::asl::Machine;
use crate::error::{Error, ErrorKind};
use crate::harness::Harness;
use crate::harness::shared::{PATIENCE, QUIET, Shared};
use crate::mock::MockFile;
use crate::outside::Upstream;
use crate::services::Setup;

/// What a server is told before it starts.
///
/// ```no_run
/// use rehearsal::prelude::*;
/// use rehearsal::server::ClockMode;
///
/// # let machine = Machine::parse("{}")?;
/// let server = Harness::new(&machine).server().port(4566).tls().clock(ClockMode::Manual).start()?;
/// println!("{} trusts {:?}", server.url(), server.ca_pem());
/// # Ok::<(), rehearsal::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is served before `start`"]
pub struct ServerBuilder {
    harness: Harness,
    /// Whether the harness's machine may be started, or is there only because a harness has one.
    has_machine: bool,
    address: SocketAddr,
    tls: bool,
    clock: ClockMode,
    quiet: Duration,
    patience: Duration,
    hosts: Vec<String>,
    faults: Vec<WireFault>,
    kept: usize,
    credentials: Option<Credentials>,
}

impl ServerBuilder {
    pub(super) fn new(harness: &Harness) -> ServerBuilder {
        ServerBuilder {
            harness: harness.clone(),
            has_machine: true,
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            tls: false,
            clock: ClockMode::Virtual,
            quiet: QUIET,
            patience: PATIENCE,
            hosts: Vec::new(),
            faults: Vec::new(),
            kept: requests::KEPT,
            credentials: None,
        }
    }
    /// A server of services alone, without a machine.
    ///
    /// # Panics
    /// Never.
    pub fn of_services(setup: Setup) -> ServerBuilder {
        let nothing = r#"{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}"#;
        let machine = Machine::parse(nothing).expect("the machine is a valid one");
        ServerBuilder { has_machine: false, ..ServerBuilder::new(&Harness::new(&machine).services(setup).unchecked()) }
    }
    /// A state machine that clients can start, under its [name](Machine::name), as if they had created it.
    pub fn machine(mut self, machine: &Machine) -> Self {
        self.harness = self.harness.machine(machine);
        self
    }
    /// Mocks and faults for the tasks of all executions.
    pub fn mocks(mut self, file: &MockFile) -> Self {
        self.harness = self.harness.mocks(file);
        self
    }
    /// Mocks for those executions that are started as a test case, with `#` and its name after the machine's ARN, as in Step
    /// Functions Local. The name is `MACHINE#CASE`; they come before all other mocks.
    pub fn case(mut self, name: &str, file: &MockFile) -> Self {
        self.harness = self.harness.case(name, file);
        self
    }
    /// The port; by default, or 0, a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }
    /// The address of this machine at which it listens; by default the loopback address, which nobody else reaches.
    /// Whoever reaches any other can do what the test can.
    pub fn bind(mut self, address: IpAddr) -> Self {
        self.address.set_ip(address);
        self
    }
    /// Speaks TLS as well, with a certificate of its own; see [`Server::ca_pem`].
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }
    /// Who moves the virtual clock.
    pub fn clock(mut self, mode: ClockMode) -> Self {
        self.clock = mode;
        self
    }
    /// How long, in real time, nothing must have come before the clock moves on although somebody could act. The default
    /// is 300 ms.
    pub fn quiet(mut self, quiet: Duration) -> Self {
        self.quiet = quiet;
        self
    }
    /// How long, in real time, a test waits for somebody outside. The default is 10 s.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
    /// A further name by which requests may call this server. Those for other names are refused, since a page in a
    /// browser could have had its name changed to this address.
    pub fn host(mut self, name: &str) -> Self {
        self.hosts.push(name.to_ascii_lowercase());
        self
    }
    /// Lays a fault over the requests that it fits.
    pub fn fault(mut self, fault: WireFault) -> Self {
        self.faults.push(fault);
        self
    }
    /// How many requests [`Server::requests`] remembers; by default the last 10,000, and of those at most 64 MiB of
    /// bodies.
    pub fn keep_requests(mut self, kept: usize) -> Self {
        self.kept = kept;
        self
    }
    /// Checks the signature (version 4, in a header or in a presigned address) of every request for a service, which is
    /// to be made with these credentials. By default any credentials are taken. Dates are not compared with the clock:
    /// a client's is the real one, and the server's is virtual.
    pub fn check_signatures(mut self, access_key: &str, secret: &str) -> Self {
        self.credentials = Some(Credentials { access_key: access_key.to_owned(), secret: secret.to_owned() });
        self
    }
    /// Passes requests on, as they are, to a server of AWS services such as an emulator: those for services that have
    /// no model or of which nothing is set up, or those of one service. Faults of the wire lie before it, and the
    /// requests are remembered as all are.
    pub fn upstream(mut self, upstream: Upstream) -> Self {
        self.harness = self.harness.upstream(upstream);
        self
    }
    /// Starts to serve.
    ///
    /// # Errors
    /// What a run of the harness would refuse, and a port that can't be had.
    pub fn start(self) -> Result<Server, Error> {
        let shared = Arc::new(Shared::new(&self.harness, self.has_machine, self.clock, self.quiet)?);
        let ca = if self.tls { Some(tls::Authority::new(&self.hosts)?) } else { None };
        let site = Arc::new(Site {
            shared: Arc::clone(&shared),
            guard: Guard::new(self.hosts, self.address.ip()),
            faults: fault::WireFaults::of(self.faults),
            credentials: self.credentials,
            requests: requests::Log::keeping(self.kept),
            upstreams: self.harness.outside().upstreams.clone(),
            upstream_patience: self.harness.outside().patience,
            mode: self.clock,
        });
        let failed = |what: &str, e: &std::io::Error| Error::new(ErrorKind::Io, format!("{what}: {e}"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("rehearsal-server")
            .enable_all()
            .build()
            .map_err(|e| failed("start the server", &e))?;
        let acceptor = ca.as_ref().map(|ca| ca.acceptor.clone());
        let address = listen::listen(runtime.handle(), self.address, Arc::clone(&site), acceptor, Door::Services)
            .map_err(|e| failed(&format!("listen on {}", self.address), &e))?;
        let url = super::url_of(address, self.tls);
        let mut handlers = Vec::new();
        // The lock is not held while they are started.
        let functions = shared.lock().services().runtime_functions();
        for function in functions {
            let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
            let door = Door::Runtime(function.name.as_str().into());
            let at = listen::listen(runtime.handle(), loopback, Arc::clone(&site), None, door)
                .map_err(|e| failed("listen for a function's handler", &e))?;
            let process =
                shared.work(|stage| stage.services_mut().1.start_handler(&function.name, &at.to_string(), &url));
            handlers.push(Runtime { function: function.name, at, _process: process });
        }
        let driven = Arc::clone(&shared);
        let driver = std::thread::Builder::new()
            .name("rehearsal-clock".into())
            .spawn(move || driven.drive())
            .map_err(|e| failed("start the clock", &e))?;
        Ok(Server {
            site,
            address,
            ca,
            runtimes: handlers,
            patience: self.patience,
            runtime: Some(runtime),
            driver: Some(driver),
        })
    }
}
