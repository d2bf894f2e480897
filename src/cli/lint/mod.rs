//! `rehearsal lint`: what is wrong with definitions, wherever they live.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use rehearsal::Error;
use rehearsal::asl::CompileOptions;
use rehearsal::asl::lint::{self, Level, LintOptions};
use rehearsal::diagnostic::{Diagnostic, Diagnostics, Severity, counted};
use rehearsal::iac::{self, Found};
use rehearsal::parallel;

use super::args::Type;
use super::exit::Exit;
use super::github;
use super::screen::{Failure, Screen};

mod config;
mod json;
mod mend;
mod models;
mod sarif;

/// The table in `--help`; the README has the same one.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  nothing is found, or nothing worse than warnings
  1  a finding is an error
  2  the command line cannot be understood, or something cannot be read";

#[derive(Args, Debug)]
pub(crate) struct LintArgs {
    /// Files of any kind, folders with everything below them, and single machines as FILE#ID
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// A value for a placeholder, a parameter or a reference, as NAME=VALUE
    #[arg(long = "substitute", value_name = "NAME=VALUE", value_parser = super::args::substitution)]
    pub(crate) substitutions: Vec<(String, String)>,
    /// Whether machines are Standard or Express ones [default: what the files say, else standard]
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) machine_type: Option<Type>,

    /// Leave out findings of this code; `warnings` and `notes` are all of them
    #[arg(long, value_name = "CODE", help_heading = "What counts", value_parser = code)]
    pub(crate) allow: Vec<String>,
    /// Make findings of this code warnings
    #[arg(long, value_name = "CODE", help_heading = "What counts", value_parser = code)]
    pub(crate) warn: Vec<String>,
    /// Make findings of this code errors; `warnings` and `notes` are all of them
    #[arg(long, value_name = "CODE", help_heading = "What counts", value_parser = code)]
    pub(crate) deny: Vec<String>,
    /// Read this configuration [default: the nearest rehearsal.yaml at or above each file]
    #[arg(long, value_name = "FILE", help_heading = "What counts")]
    pub(crate) config: Option<PathBuf>,
    /// Read no configuration
    #[arg(long, help_heading = "What counts", conflicts_with = "config")]
    pub(crate) no_config: bool,

    /// Compare calls of services with the API models in this folder, which is `botocore/data` of boto3 or the AWS CLI
    /// [default: the first one found on this machine]
    #[arg(long, value_name = "DIR", help_heading = "What counts")]
    pub(crate) api_models: Option<PathBuf>,
    /// Do not compare calls of services with API models
    #[arg(long, help_heading = "What counts", conflicts_with = "api_models")]
    pub(crate) no_api_models: bool,

    /// Make the changes that need no decision, in the files themselves, and show what is left
    #[arg(long, help_heading = "What happens")]
    pub(crate) fix: bool,

    /// How to show the findings
    #[arg(long, value_name = "FORM", help_heading = "What is shown", default_value = "text")]
    pub(crate) format: Form,
    /// Show errors and nothing else
    #[arg(short, long, help_heading = "What is shown")]
    pub(crate) quiet: bool,
    /// Leave out how much real time it took, so that the same files print the same bytes
    #[arg(long, help_heading = "What is shown")]
    pub(crate) no_real_time: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people
    Text,
    /// An array of findings
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

fn code(text: &str) -> Result<String, String> {
    if lint::is_code(text) { Ok(text.to_owned()) } else { Err(lint::suggestion(text)) }
}

/// A machine's findings.
struct Linted {
    /// What `run` takes for it.
    target: String,
    /// The file that declares it.
    file: String,
    found: Diagnostics,
}

/// All that was looked at.
struct Report {
    machines: Vec<Linted>,
    /// Files without a machine that could be looked at: what is wrong with them.
    broken: Vec<Linted>,
    /// What could not be read at all.
    unread: Vec<Error>,
    /// Whether calls of services were compared with API models.
    has_models: bool,
}

impl Report {
    /// All findings with what they belong to, in the order of the files.
    fn findings(&self, quiet: bool) -> impl Iterator<Item = (&Linted, &Diagnostic)> {
        let all =
            self.broken.iter().chain(&self.machines).flat_map(|linted| linted.found.iter().map(move |d| (linted, d)));
        all.filter(move |(_, d)| !quiet || d.severity == Severity::Error)
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings(false).filter(|(_, d)| d.severity == severity).count()
    }

    fn exit(&self) -> Exit {
        if !self.unread.is_empty() {
            Exit::Usage
        } else if self.count(Severity::Error) > 0 {
            Exit::WorkflowFailed
        } else {
            Exit::Succeeded
        }
    }
}

pub(crate) fn run(args: &LintArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the last line says how little real time it took")]
    let began = Instant::now();
    let mut report = look(args)?;
    let mut mended = (0, 0);
    if args.fix {
        mended = mend::mend(&report)?;
        if mended.0 > 0 {
            report = look(args)?;
        }
    }
    let took = (!args.no_real_time).then(|| began.elapsed());
    match args.format {
        Form::Text => text(args, screen, &report, took, mended)?,
        Form::Json => {
            let all: Vec<serde_json::Value> = report.findings(args.quiet).map(|(of, d)| json::finding(of, d)).collect();
            screen.show(|out| {
                serde_json::to_writer_pretty(&mut *out, &all)?;
                writeln!(out)
            })?;
        }
        Form::Sarif => {
            let log = sarif::log(&report, args.quiet);
            screen.show(|out| {
                serde_json::to_writer_pretty(&mut *out, &log)?;
                writeln!(out)
            })?;
        }
    }
    if github::is_asked_for() {
        let said = report.findings(args.quiet);
        let said: Vec<_> =
            said.flat_map(|(of, d)| github::of_findings([d].into_iter(), std::path::Path::new(&of.file))).collect();
        github::annotate(screen, &said, args.format != Form::Text)?;
    }
    let exit = report.exit();
    for error in report.unread {
        screen.complain(&error.into());
    }
    Ok(exit)
}

/// Finds the machines and looks at each.
fn look(args: &LintArgs) -> Result<Report, Failure> {
    let substitute = |options: CompileOptions, (name, value): &(String, String)| options.substitute(name, value);
    let mut compiling = args.substitutions.iter().fold(CompileOptions::default(), substitute);
    compiling.machine_type = args.machine_type.map(Into::into);
    let (mut found, mut report) =
        (Vec::new(), Report { machines: Vec::new(), broken: Vec::new(), unread: Vec::new(), has_models: false });
    for path in &args.paths {
        let search = iac::search(path, &compiling);
        found.extend(search.found);
        for failure in search.failures {
            match failure.diagnostics() {
                // Broken files are what this is about; those that are not there are not.
                [first, ..] if first.source.is_some() => {
                    let file = first.source.as_ref().map_or_else(String::new, |s| s.name().to_owned());
                    let found = Diagnostics::from(failure.diagnostics().to_vec());
                    report.broken.push(Linted { target: file.clone(), file, found });
                }
                _ => report.unread.push(failure),
            }
        }
    }
    let mut configs = config::Configs::new(args);
    let models = models::find(args)?;
    report.has_models = models.is_some();
    let machines: Vec<(Found, LintOptions)> = found
        .into_iter()
        .map(|found| {
            let mut options = decided(args, configs.options(found.file())?);
            options.api_models.clone_from(&models);
            Ok((found, options))
        })
        .collect::<Result<_, Failure>>()?;
    report.machines = parallel::map(&machines, |(found, options)| {
        let file = found.file().to_string_lossy().into_owned();
        Linted { target: found.target(), file, found: found.lint(options) }
    });
    Ok(report)
}

/// What the command line decides goes before what the configuration does.
fn decided(args: &LintArgs, options: LintOptions) -> LintOptions {
    let levels = [(&args.allow, Level::Allow), (&args.warn, Level::Warn), (&args.deny, Level::Deny)];
    let all = levels.into_iter().flat_map(|(codes, level)| codes.iter().map(move |code| (code, level)));
    all.fold(options, |options, (code, level)| options.level(code.as_str(), level))
}

fn text(
    args: &LintArgs,
    screen: &mut Screen,
    report: &Report,
    took: Option<Duration>,
    mended: (usize, usize),
) -> Result<(), Failure> {
    let color = screen.color();
    screen.show(|out| {
        for (_, finding) in report.findings(args.quiet) {
            writeln!(out, "{}\n", finding.render(color))?;
        }
        if args.quiet {
            return Ok(());
        }
        if mended.0 > 0 {
            writeln!(out, "{} mended in {}", counted(mended.0, "finding"), counted(mended.1, "file"))?;
        }
        if !report.has_models && !args.no_api_models && !report.machines.is_empty() {
            writeln!(
                out,
                "calls of services are not compared with API models: there is no boto3 here, and no --api-models DIR"
            )?;
        }
        writeln!(out, "{}", summary(report, took))
    })
}

/// The last line: what was looked at and what was found.
fn summary(report: &Report, took: Option<Duration>) -> String {
    let mut files: Vec<&str> = report.broken.iter().chain(&report.machines).map(|l| l.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    let words = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| {
        let n = report.count(severity);
        (n > 0).then(|| counted(n, severity.as_str()))
    });
    let words: Vec<String> = words.into_iter().flatten().collect();
    let found = if words.is_empty() { "nothing found".to_owned() } else { words.join(", ") };
    let took = took.map_or_else(String::new, |t| format!(" · {} ms", t.as_millis()));
    let more = if words.is_empty() { "" } else { " · `rehearsal explain CODE` says more" };
    let machines = counted(report.machines.len(), "machine");
    format!("{machines} in {}: {found}{took}{more}", counted(files.len(), "file"))
}
