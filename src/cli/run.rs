//! `rehearsal run`: one execution, from its files to what is seen of it.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use rehearsal::asl::{CompileOptions, MachineType};
use rehearsal::diagnostic::Diagnostic;
use rehearsal::engine::Status;
use rehearsal::error::ErrorKind;
use rehearsal::harness::ChildrenLeftOut;
use rehearsal::history::{compact::Compact, wire};
use rehearsal::mock::Unused;
use rehearsal::time::format_offset;
use rehearsal::{Harness, Machine, Run};

use super::args::{HistoryForm, RunArgs};
use super::exit::Exit;
use super::files::{self, Mocks, printable};
use super::screen::{Failure, Screen};

pub(crate) fn run(args: &RunArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let substitute = |options: CompileOptions, (name, value): &(String, String)| options.substitute(name, value);
    let others = args.substitutions.iter().fold(CompileOptions::default(), substitute);
    let mut options = others.clone();
    options.machine_type = args.machine_type.map(MachineType::from);
    let machine = Machine::load_with(&args.file, &options)?;
    let mocks = args.mocks.iter().map(|path| Mocks::read(path)).collect::<Result<Vec<Mocks>, Failure>>()?;
    let harness = harness(args, &machine, &mocks, &others)?;
    let input = files::input(args.input.as_deref(), args.input_file.as_deref())?;

    check_keys(&harness, &mocks)?;
    #[expect(clippy::disallowed_methods, reason = "the header says how little real time it took")]
    let began = Instant::now();
    let run = harness.try_run(input).map_err(|e| {
        let help = (e.kind() == ErrorKind::Mocks && mocks.is_empty())
            .then_some("put such lines into a file and add `--mocks FILE`");
        let failure = Failure::from(e);
        match help {
            Some(help) => failure.help(help),
            None => failure,
        }
    })?;
    let took = (!args.no_real_time).then(|| began.elapsed());

    show(args, screen, machine.name(), &run, took)?;
    let unused = unused(args, &run, &mocks);
    screen.report(&unused);
    Ok(match run.status() {
        _ if args.strict && !unused.is_empty() => Exit::Mocks,
        Status::Succeeded(_) => Exit::Succeeded,
        _ => Exit::WorkflowFailed,
    })
}

fn harness(args: &RunArgs, machine: &Machine, mocks: &[Mocks], others: &CompileOptions) -> Result<Harness, Failure> {
    let mut harness = Harness::new(machine).seed(args.seed).execution_name(&args.name);
    for mocks in mocks {
        harness = harness.mocks(&mocks.file);
    }
    for path in &args.machines {
        harness = harness.machine(&Machine::load_with(path, others)?);
    }
    for object in &args.objects {
        harness = harness.object(&object.bucket, &object.key, files::object(&object.file)?);
    }
    for (from, to) in &args.endpoints {
        harness = harness.endpoint(from, to);
    }
    for upstream in &args.upstreams {
        harness = harness.upstream(upstream.clone());
    }
    if let Some(start) = args.start_time {
        harness = harness.start_time(start);
    }
    if let Some(context) = &args.context {
        harness = harness.context(files::context(context)?);
    }
    Ok(harness)
}

/// Mocks and faults whose keys name nothing, each with its place in its file.
fn check_keys(harness: &Harness, mocks: &[Mocks]) -> Result<(), Failure> {
    let mut findings = Vec::new();
    for problem in harness.problems() {
        let mut finding = Diagnostic::error("mock-key", problem.message);
        if let Some((source, span)) = place_of(mocks, &problem.key) {
            finding = finding.at(source, span, "names nothing that is called");
        }
        findings.push(match problem.help {
            Some(help) => finding.help(help),
            None => finding,
        });
    }
    if findings.is_empty() { Ok(()) } else { Err(Failure::found(Exit::Mocks, findings)) }
}

/// The last file that has the key: it is the one that counts.
fn place_of<'a>(
    mocks: &'a [Mocks],
    key: &str,
) -> Option<(&'a std::sync::Arc<rehearsal::source::Source>, rehearsal::source::Span)> {
    mocks.iter().rev().find_map(|mocks| Some((&mocks.source, mocks.place_of(key)?)))
}

/// What was never asked for: warnings, or errors where all of it has to be used.
fn unused(args: &RunArgs, run: &Run, mocks: &[Mocks]) -> Vec<Diagnostic> {
    let finding = |unused: &Unused| {
        let text = unused.to_string();
        let finding = match args.strict {
            true => Diagnostic::error("unused-mock", text),
            false => Diagnostic::warning("unused-mock", text),
        };
        let place = match unused {
            Unused::Fault { key } => {
                mocks.iter().rev().find_map(|mocks| Some((&mocks.source, mocks.place_of_fault(key)?)))
            }
            Unused::Mock { key } => place_of(mocks, key),
            Unused::Reply { key, number, .. } => mocks
                .iter()
                .rev()
                .find_map(|mocks| Some((&mocks.source, mocks.place_of_reply(key, *number)?)))
                .or_else(|| place_of(mocks, key)),
        };
        match place {
            Some((source, span)) => finding.at(source, span, ""),
            None => finding,
        }
    };
    run.unused_mocks().iter().map(finding).collect()
}

fn show(args: &RunArgs, screen: &mut Screen, name: &str, run: &Run, took: Option<Duration>) -> Result<(), Failure> {
    if args.output_only {
        return match run.status() {
            Status::Succeeded(output) => screen.show(|out| writeln!(out, "{output}")),
            other => {
                let error = other.error().map_or(String::new(), |e| format!(": {e}"));
                screen.complain(&Failure::new(Exit::WorkflowFailed, format!("`{name}` {}{error}", word(other))));
                Ok(())
            }
        };
    }
    if args.history == HistoryForm::Json {
        return screen.show(|mut out| {
            wire::write_history(run.history(), &mut out)?;
            writeln!(out)
        });
    }
    let color = screen.color();
    screen.show(|out| {
        writeln!(out, "{}", header(name, run, took, color))?;
        match args.history {
            HistoryForm::None => outcome(out, run.status())?,
            _ => {
                let compact = Compact::new(run.history()).indent(2).color(color).width(args.width);
                write!(out, "{}", if args.whole { compact.whole() } else { compact })?;
            }
        }
        for line in children(run) {
            writeln!(out, "  {line}")?;
        }
        Ok(())
    })
}

/// `checkout · SUCCEEDED · 15s on the clock, 0.4 ms of yours · seed 0`
fn header(name: &str, run: &Run, took: Option<Duration>, color: bool) -> String {
    let ink = match run.status() {
        _ if !color => None,
        Status::Succeeded(_) => Some("\x1b[1;32m"),
        _ => Some("\x1b[1;31m"),
    };
    let status = run.status().name();
    let status = ink.map_or(status.to_owned(), |ink| format!("{ink}{status}\x1b[0m"));
    let clock = match run.elapsed() {
        Duration::ZERO => "no time".to_owned(),
        elapsed => format_offset(elapsed),
    };
    let real = took.map_or(String::new(), |took| format!(", {} of yours", real_time(took)));
    format!("{name} · {status} · {clock} on the clock{real} · seed {}", run.seed())
}

fn real_time(took: Duration) -> String {
    let millis = took.as_secs_f64() * 1000.0;
    if millis < 1000.0 { format!("{millis:.1} ms") } else { format!("{:.1} s", millis / 1000.0) }
}

/// How it ended, for those who want no history.
fn outcome(out: &mut dyn Write, status: &Status) -> io::Result<()> {
    if let Status::Succeeded(output) = status {
        writeln!(out, "  output    {output}")?;
    }
    let error = status.error();
    if let Some(name) = error.and_then(|e| e.error.as_deref()) {
        writeln!(out, "  error     {}", printable(name))?;
    }
    if let Some(cause) = error.and_then(|e| e.cause.as_deref()) {
        writeln!(out, "  cause     {}", printable(cause))?;
    }
    Ok(())
}

fn word(status: &Status) -> &'static str {
    match status {
        Status::Running => "did not end",
        Status::Succeeded(_) => "succeeded",
        Status::Failed(_) => "failed",
        Status::TimedOut(_) => "timed out",
        Status::Aborted(_) => "was aborted",
    }
}

/// The executions that others of the same machine and Map stand for, in the order they started.
struct Group<'a> {
    name: &'a str,
    is_map: bool,
    succeeded: usize,
    others: Vec<(usize, &'a Status)>,
    /// Those of which only the number is kept.
    left_out: Vec<&'a ChildrenLeftOut>,
    all: usize,
}

/// So many failures are shown of each group.
const SHOWN: usize = 3;

/// One line for each distributed Map and each machine that was started, and the first failures under it.
fn children(run: &Run) -> Vec<String> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for child in run.children() {
        // `…:execution:machine/Label:name` for a Map's children, `…:execution:machine:name` for others; Express
        // executions have one part more.
        let machine = child.arn.split(':').nth(6).unwrap_or_default();
        let (name, is_map) = machine.split_once('/').map_or((machine, false), |(_, label)| (label, true));
        let at = groups.iter().position(|g| (g.name, g.is_map) == (name, is_map)).unwrap_or_else(|| {
            let left_out = run.children_left_out().iter().filter(|l| &*l.machine_name == machine).collect::<Vec<_>>();
            let all = left_out.iter().map(|l| l.count).sum();
            let succeeded = left_out.iter().filter(|l| l.status == "SUCCEEDED").map(|l| l.count).sum();
            groups.push(Group { name, is_map, succeeded, others: Vec::new(), left_out, all });
            groups.len() - 1
        });
        let Some(group) = groups.get_mut(at) else { continue };
        match &child.status {
            Status::Succeeded(_) => group.succeeded += 1,
            other => group.others.push((child.index.unwrap_or(group.all), other)),
        }
        group.all += 1;
    }
    groups.iter().flat_map(Group::lines).collect()
}

impl Group<'_> {
    fn lines(&self) -> Vec<String> {
        let Group { name, succeeded, .. } = self;
        let what = match (self.is_map, self.all) {
            (true, 1) => format!("1 child execution of {name}"),
            (true, n) => format!("{n} child executions of {name}"),
            (false, 1) => format!("1 execution of {name}"),
            (false, n) => format!("{n} executions of {name}"),
        };
        let mut line = format!("children  {what}: {succeeded} succeeded");
        for (status, words) in [("FAILED", "failed"), ("TIMED_OUT", "timed out"), ("ABORTED", "aborted")] {
            let left_out: usize = self.left_out.iter().filter(|l| l.status == status).map(|l| l.count).sum();
            let n = self.others.iter().filter(|(_, s)| s.name() == status).count() + left_out;
            if n > 0 {
                let _ = write!(line, ", {n} {words}");
            }
        }
        let mut lines = vec![line];
        for (index, status) in self.others.iter().take(SHOWN) {
            let error = status.error().map_or(String::new(), |e| printable(&e.to_string()));
            lines.push(format!("          ✗ [{index}] {error}"));
        }
        let more = self.all - self.succeeded - self.others.len().min(SHOWN);
        if more > 0 {
            lines.push(format!("          … {more} more"));
        }
        lines
    }
}
