//! `rehearsal serve`: the services as an endpoint for AWS SDKs, until it is interrupted.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use rehearsal::Machine;
use rehearsal::asl::CompileOptions;
use rehearsal::iac;
use rehearsal::import::mock_config::MockConfig;
use rehearsal::outside::Upstream;
use rehearsal::server::{ClockMode, ServerBuilder, WireFault, WireFaultKind};
use rehearsal::services::Setup;

use super::exit::Exit;
use super::files;
use super::interrupt::interruptions;
use super::screen::{Failure, Screen};

/// What `--help` ends with.
pub(crate) const EXAMPLES: &str = "\
Examples:
  rehearsal serve
  rehearsal serve template.yaml --mocks mocks.yaml
  rehearsal serve --services services.yaml --port 4566
  rehearsal serve --fault sqs:SendMessage=reset@2 --fault dynamodb=throttled
  AWS_ENDPOINT_URL=http://127.0.0.1:8083 aws sqs list-queues

A program needs AWS_ENDPOINT_URL, a region and any credentials. Behind a proxy it needs none of that: HTTP_PROXY may name
this endpoint. With --tls it has to trust the certificate whose path is printed (AWS_CA_BUNDLE, NODE_EXTRA_CA_CERTS).";

#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// State machines that can be started at once: definitions, templates, folders, single machines as FILE#ID
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Who answers the tasks of executions, and which faults lie over them: a file of mocks, as for `run`
    #[arg(long = "mocks", value_name = "FILE")]
    mocks: Vec<PathBuf>,
    /// Step Functions Local's MockConfigFile.json; its test cases are started with `#CASE` after a machine's ARN
    #[arg(long, value_name = "FILE", env = "SFN_MOCK_CONFIG")]
    mock_config: Option<PathBuf>,
    /// A value for a placeholder, a parameter or a reference, as NAME=VALUE
    #[arg(long = "substitute", value_name = "NAME=VALUE", value_parser = super::args::substitution)]
    substitutions: Vec<(String, String)>,
    /// What services hold at first: a file with the words that `services:` has in scenario files
    #[arg(long, value_name = "FILE")]
    services: Option<PathBuf>,
    /// The port; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 8083)]
    port: u16,
    /// The address to listen at; whoever reaches it can do what you can
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    bind: IpAddr,
    /// A further name by which requests may call this endpoint; those for others are refused
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Speak TLS as well; the certificate to trust is written into this folder
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, default_missing_value = ".")]
    tls: Option<PathBuf>,
    /// Who moves the virtual clock: `virtual` by itself when all is quiet, `manual` only those who ask under
    /// /_rehearsal/clock, `real` with the real clock, `scaled:60` sixty times as fast
    #[arg(long, value_name = "MODE", default_value = "virtual", value_parser = clock)]
    clock: ClockMode,
    /// Something that goes wrong on the wire: SERVICE[:OPERATION]=KIND[@N], `@2` for the second request only, `@..3` for
    /// the first three. Kinds: reset, reset-after, closed, truncated, black-hole, throttled, 500, 503, drip:10ms,
    /// latency:30s
    #[arg(long = "fault", value_name = "FAULT", value_parser = fault)]
    faults: Vec<WireFault>,
    /// Pass requests on, as they are, to a server of AWS services such as an emulator: [SERVICE=]URL, for one service, or
    /// for those that have no model or of which nothing is set up
    #[arg(long = "upstream", value_name = "[SERVICE=]URL", value_parser = super::args::upstream)]
    upstreams: Vec<Upstream>,
    /// Check that every request is signed with these credentials; any are taken otherwise
    #[arg(long, value_name = "KEY:SECRET", value_parser = credentials)]
    check_signatures: Option<(String, String)>,
}

pub(crate) fn run(args: &ServeArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let setup = args.services.as_deref().map_or_else(|| Ok(Setup::new()), Setup::load)?;
    let mut builder = ServerBuilder::of_services(setup).port(args.port).bind(args.bind).clock(args.clock);
    let mut names = Vec::new();
    for machine in machines(args, screen)? {
        names.push(machine.name().to_owned());
        builder = builder.machine(&machine);
    }
    if let Some(path) = &args.mock_config {
        let config = MockConfig::load(path)?;
        screen.report(config.warnings());
        for (case, mocks) in config.mocks() {
            builder = builder.case(&case, &mocks);
        }
    }
    for path in &args.mocks {
        builder = builder.mocks(&files::Mocks::read(path)?.file);
    }
    for host in &args.hosts {
        builder = builder.host(host);
    }
    for fault in &args.faults {
        builder = builder.fault(fault.clone());
    }
    for upstream in &args.upstreams {
        builder = builder.upstream(upstream.clone());
    }
    if let Some((access_key, secret)) = &args.check_signatures {
        builder = builder.check_signatures(access_key, secret);
    }
    if args.tls.is_some() {
        builder = builder.tls();
    }
    let interrupted = interruptions()?;
    let server = builder.start().map_err(|e| {
        let failure = Failure::from(e);
        match failure.message.contains("in use") {
            true => failure.help("another program has the port: choose one with --port, or any free one with --port 0"),
            false => failure,
        }
    })?;
    let url = server.url();
    let mut told = format!("rehearsal serves at {url} until Ctrl-C\n");
    if let (Some(folder), Some(pem)) = (&args.tls, server.ca_pem()) {
        let path = folder.join("rehearsal-ca.pem");
        files::write(&path, pem.as_bytes())?;
        told.push_str(&format!("  certificate to trust: {}\n", path.display()));
    }
    let services: Vec<&str> = rehearsal::services::Service::all().map(rehearsal::services::Service::name).collect();
    told.push_str(&format!("  services:  states, {}\n", services.join(", ")));
    if !names.is_empty() {
        told.push_str(&format!("  machines:  {}\n", names.join(", ")));
    }
    told.push_str("  in a shell:");
    for (name, value) in server.env().iter().filter(|(name, _)| name != "AWS_DEFAULT_REGION") {
        told.push_str(&format!(" {name}={value}"));
    }
    screen.show(|out| writeln!(out, "{told}"))?;
    // Whether it comes or whoever would send it is gone: it is over.
    let _ = interrupted.recv();
    let requests = server.requests();
    let count = requests.len() as u64 + requests.dropped();
    screen.show(|out| writeln!(out, "{count} requests"))?;
    Ok(Exit::Succeeded)
}

/// The machines of the paths.
fn machines(args: &ServeArgs, screen: &mut Screen) -> Result<Vec<Machine>, Failure> {
    let substitute = |options: CompileOptions, (name, value): &(String, String)| options.substitute(name, value);
    let options = args.substitutions.iter().fold(CompileOptions::default(), substitute);
    let mut machines = Vec::new();
    for path in &args.paths {
        let search = iac::search(path, &options);
        screen.report(&search.warnings);
        if let Some(first) = search.failures.into_iter().next() {
            return Err(first.into());
        }
        if search.found.is_empty() {
            let message = format!("there is no state machine in `{}`", path.display());
            return Err(Failure::new(Exit::Usage, message).help("`rehearsal list PATH` shows what is found"));
        }
        for found in search.found {
            machines.push(Machine::load_with(found.target(), &options)?);
        }
    }
    Ok(machines)
}

/// `virtual`, `manual`, `real`, `scaled:60`
fn clock(text: &str) -> Result<ClockMode, String> {
    let speed = |text: &str| text.parse::<f64>().ok().filter(|speed| speed.is_finite() && *speed > 0.0);
    match (text, text.strip_prefix("scaled:").map(speed)) {
        ("virtual", _) => Ok(ClockMode::Virtual),
        ("manual", _) => Ok(ClockMode::Manual),
        ("real", _) => Ok(ClockMode::Scaled(1.0)),
        (_, Some(Some(speed))) => Ok(ClockMode::Scaled(speed)),
        _ => Err("write virtual, manual, real, or scaled:60 for a clock that goes sixty times as fast".to_owned()),
    }
}

/// `AKIDEXAMPLE:secret`
fn credentials(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((key, secret)) if !key.is_empty() && !secret.is_empty() => Ok((key.to_owned(), secret.to_owned())),
        _ => Err("write KEY:SECRET".to_owned()),
    }
}

/// `sqs:SendMessage=reset@2`
fn fault(text: &str) -> Result<WireFault, String> {
    let help = || {
        "write SERVICE:OPERATION=KIND, such as sqs:SendMessage=reset@2; kinds are reset, reset-after, closed, truncated, \
         black-hole, throttled, 500, 503, drip:10ms and latency:30s"
            .to_owned()
    };
    let (key, what) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(help)?;
    let (kind, which) = what.split_once('@').map_or((what, None), |(kind, which)| (kind, Some(which)));
    let kind = kind_of(kind).ok_or_else(help)?;
    let fault = WireFault::new(key, kind);
    let number = |text: &str| text.parse::<u64>().ok().filter(|n| *n > 0).ok_or_else(help);
    match which {
        None => Ok(fault),
        Some(which) => match which.strip_prefix("..") {
            Some(most) => Ok(fault.times(number(most)?)),
            None => Ok(fault.nth(number(which)?)),
        },
    }
}

fn kind_of(text: &str) -> Option<WireFaultKind> {
    let (word, time) = text.split_once(':').map_or((text, None), |(word, time)| (word, Some(time)));
    let time: Option<Duration> = match time {
        Some(time) => Some(rehearsal::time::parse_duration(time).ok()?),
        None => None,
    };
    match (word, time) {
        ("reset", None) => Some(WireFaultKind::Reset),
        ("reset-after", None) => Some(WireFaultKind::ResetAfter),
        ("closed", None) => Some(WireFaultKind::Closed),
        ("truncated", None) => Some(WireFaultKind::Truncated),
        ("black-hole", None) => Some(WireFaultKind::BlackHole),
        ("throttled", None) => Some(WireFaultKind::Throttled),
        ("500", None) => Some(WireFaultKind::Status(500)),
        ("503", None) => Some(WireFaultKind::Status(503)),
        ("drip", Some(time)) => Some(WireFaultKind::Drip(time)),
        ("latency", Some(time)) => Some(WireFaultKind::Latency(time)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_written_in_one_word() {
        assert_eq!(fault("sqs:SendMessage=reset@2"), Ok(WireFault::reset("sqs:SendMessage").nth(2)));
        assert_eq!(fault("dynamodb=throttled@..3"), Ok(WireFault::throttled("dynamodb").times(3)));
        assert_eq!(fault("*=latency:30s"), Ok(WireFault::latency("*", Duration::from_secs(30))));
        for wrong in ["", "sqs", "sqs=", "=reset", "sqs=rest", "sqs=reset@0", "sqs=reset@x", "sqs=drip", "sqs=reset:3s"]
        {
            assert!(fault(wrong).is_err(), "{wrong}");
        }
    }
}
