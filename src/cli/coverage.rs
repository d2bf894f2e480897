//! `rehearsal coverage`: puts together what tests of every kind reached, and says what none of them did. What
//! `rehearsal test --coverage` keeps is here as well.

use std::path::{Path, PathBuf};

use clap::Args;
use rehearsal::coverage::{self, Coverage, MachineCoverage, Parts, Thresholds};
use rehearsal::diagnostic::{counted, did_you_mean};
use rehearsal::report::Report;
use rehearsal::scenario::suite::{Case, Check, Verdict};

use super::exit::Exit;
use super::files;
use super::screen::{Failure, Screen};

/// The table in `--help`; the README has the same one.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  everything that is asked for is covered
  1  something is not
  2  the command line cannot be understood, or nothing has been recorded
  6  a part cannot be read, or a report cannot be written";

#[derive(Args, Debug)]
pub(crate) struct CoverageArgs {
    /// The folder in which the parts are [default: .rehearsal/coverage, or what REHEARSAL_COVERAGE says]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Fail below these shares: `90` for states and transitions, or `states=100,catchers=95`, of all machines or of
    /// one: `checkout:states=100`; may be given several times
    #[arg(long, value_name = "[MACHINE:]SHARES", value_parser = demand)]
    fail_under: Vec<Demand>,
    /// Show these machines only, by name
    #[arg(long = "machine", value_name = "NAME")]
    machines: Vec<String>,
    /// Print the coverage as JSON
    #[arg(long, conflicts_with = "clear")]
    json: bool,
    /// Write a tracefile for editors and code review, in lcov's format
    #[arg(long, value_name = "FILE", conflicts_with = "clear")]
    lcov: Option<PathBuf>,
    /// Write a page with the machines' graphs in the colours of their coverage into a folder
    #[arg(long, value_name = "DIR", conflicts_with = "clear")]
    html: Option<PathBuf>,
    /// List everything that is missing, however much it is
    #[arg(long)]
    whole: bool,
    /// Forget what has been recorded
    #[arg(long)]
    clear: bool,
}

/// Shares that are asked for, of all machines or of one.
#[derive(Clone, Debug)]
struct Demand {
    machine: Option<String>,
    shares: Thresholds,
}

fn demand(text: &str) -> Result<Demand, String> {
    let (machine, shares) = match text.split_once(':') {
        Some((machine, shares)) => (Some(machine.trim().to_owned()), shares),
        None => (None, text),
    };
    if machine.as_deref() == Some("") {
        return Err("no machine is named before `:`; write `checkout:states=100`".to_owned());
    }
    Ok(Demand { machine, shares: shares.parse()? })
}

/// Where parts are kept: as typed, as the environment says, or in the usual folder.
pub(crate) fn folder(typed: Option<&Path>) -> PathBuf {
    let asked = typed.map(Path::to_owned).or_else(asked_by_environment);
    asked.unwrap_or_else(|| PathBuf::from(coverage::FOLDER))
}

/// The folder that the environment asks for, if it asks for coverage at all.
#[expect(clippy::disallowed_methods, reason = "the environment asks the command line for coverage, too")]
pub(crate) fn asked_by_environment() -> Option<PathBuf> {
    coverage::folder_of(&std::env::var(coverage::VARIABLE).ok()?)
}

/// The folder from which relative paths count.
#[expect(clippy::disallowed_methods, reason = "the command line is used in a folder")]
fn base() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

pub(crate) fn run(args: &CoverageArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let folder = folder(args.folder.as_deref());
    if args.clear {
        let count = coverage::clear(&folder)?;
        let parts = counted(count, "part");
        screen.show(|out| writeln!(out, "removed {parts} from `{}`", folder.display()))?;
        return Ok(Exit::Succeeded);
    }
    let parts = coverage::read(&folder, &base())?;
    tell(&parts, screen);
    if parts.coverage.is_empty() {
        let message = format!("nothing has been recorded in `{}`", folder.display());
        let help = "run `rehearsal test --coverage`, or Rust tests with REHEARSAL_COVERAGE=1 in the environment";
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    for name in args.machines.iter().chain(args.fail_under.iter().filter_map(|d| d.machine.as_ref())) {
        check_name(&parts.coverage, name)?;
    }
    let is_chosen = |m: &MachineCoverage| args.machines.is_empty() || args.machines.iter().any(|n| n == m.name());
    let chosen = parts.coverage.only(is_chosen);
    if let Some(path) = &args.lcov {
        files::write(path, chosen.lcov().as_bytes())?;
    }
    if let Some(path) = &args.html {
        let mut report = Report::new();
        report.add_coverage(&chosen);
        let written = report.write(path);
        written
            .map_err(|e| Failure::new(Exit::Io, format!("failed to write a report into `{}`: {e}", path.display())))?;
    }
    let color = screen.color();
    screen.show(|out| match args.json {
        true => writeln!(out, "{:#}", chosen.to_json()),
        false => write!(out, "{}", chosen.table().color(color).whole(args.whole)),
    })?;
    let below = shortfalls(&chosen, &args.fail_under);
    if below.is_empty() {
        return Ok(Exit::Succeeded);
    }
    Err(Failure::new(Exit::WorkflowFailed, format!("too little is covered\n  {}", below.join("\n  "))))
}

/// What could not be used of the parts.
fn tell(parts: &Parts, screen: &mut Screen) {
    for (file, count) in &parts.outdated {
        let are = if *count == 1 { "1 part is".to_owned() } else { format!("{count} parts are") };
        screen.warn(&format!("{are} of an older `{file}` and left out; run those tests again"));
    }
    for file in &parts.changed {
        screen.warn(&format!("`{file}` has changed since its tests ran, and lines may have moved; run them again"));
    }
    for (path, why) in &parts.unreadable {
        screen.warn(&format!("`{}` is no part and left out: {why}", path.display()));
    }
}

fn check_name(coverage: &Coverage, name: &str) -> Result<(), Failure> {
    let names: Vec<&str> = coverage.machines().iter().map(MachineCoverage::name).collect();
    if names.contains(&name) {
        return Ok(());
    }
    let failure = Failure::new(Exit::Usage, format!("no test ran a machine `{name}`"));
    Err(match did_you_mean(name, names.iter().copied()) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help(format!("the machines are {}", names.join(", "))),
    })
}

/// A line for every share that is below what is asked for. What is asked of one machine goes before what is asked of
/// all.
fn shortfalls(coverage: &Coverage, demands: &[Demand]) -> Vec<String> {
    let mut lines = Vec::new();
    for machine in coverage.machines() {
        let own = demands.iter().filter(|d| d.machine.as_deref() == Some(machine.name()));
        let all = demands.iter().filter(|d| d.machine.is_none());
        let asked = own.chain(all).fold(Thresholds::default(), |asked, d| asked.or(&d.shares));
        lines.extend(asked.shortfalls(machine).iter().map(|s| format!("{}: {s}", machine.name())));
    }
    lines
}

/// What the scenarios of a run reached.
pub(crate) fn of_results(results: &[(&Case<'_>, &Verdict)]) -> Coverage {
    let mut coverage = Coverage::default();
    for (case, verdict) in results {
        let (Verdict::Passed(outcome) | Verdict::Failed(outcome)) = verdict else { continue };
        // The cases of a property count together; the one it shows has been counted with them.
        if let Some(reached) = outcome.coverage() {
            coverage.merge(reached.clone());
        } else if let (Ok((_, Check::Scenario(scenario))), Some(run)) = (&case.what, outcome.run()) {
            coverage.add(&format!("{} › {}", case.path.display(), scenario.name()), run);
        }
    }
    coverage
}

/// Keeps what the scenarios of a run reached as a part; the same selection of the same files takes the place of what it
/// reached before.
pub(crate) fn keep(coverage: &Coverage, folder: &Path, selection: &str) -> Result<(), Failure> {
    coverage.write_part(folder, &coverage::part_name("scenarios", selection), &base())?;
    Ok(())
}
