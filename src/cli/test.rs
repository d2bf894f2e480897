//! `rehearsal test`: runs scenario files and says what failed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::Args;
use rehearsal::Error;
use rehearsal::diagnostic::counted;
use rehearsal::report::Report;
use rehearsal::scenario::suite::{self, Case, Selection, Snapshots, Suite, Verdict};
use rehearsal::scenario::{Outcome, ScenarioFile};
use serde_json::{Value, json};

use super::coverage;
use super::exit::Exit;
use super::import::{self, ConfigArgs};
use super::screen::{Failure, Screen};
use super::snapshot::{self, OnUnreferenced};
use super::{github, junit, watch};

/// The table in `--help`; the README has the same one.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  every scenario went as expected
  1  a scenario did not, or a file cannot be read; with `--unreferenced reject`, a snapshot is left over
  2  the command line cannot be understood, or there is nothing to run
  6  a path does not exist, or a report cannot be written";

/// After so long without an end, people want to see that something happens.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Args, Debug)]
pub(crate) struct TestArgs {
    /// Scenario files, or folders to look for them in [default: .]
    pub(crate) paths: Vec<PathBuf>,
    /// Run the test cases of Step Functions Local's MockConfigFile.json; PATHS are then places of definitions
    #[arg(long, value_name = "FILE", help_heading = "Test cases of Step Functions Local")]
    pub(crate) mock_config: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Test cases of Step Functions Local")]
    pub(crate) config: ConfigArgs,

    /// Run only scenarios with this in their name
    #[arg(short = 't', long = "name", value_name = "PART", help_heading = "What runs")]
    pub(crate) names: Vec<String>,
    /// Run only scenarios with this tag
    #[arg(long = "tag", value_name = "TAG", help_heading = "What runs")]
    pub(crate) tags: Vec<String>,
    /// Run scenarios that are marked `ignore`, too
    #[arg(long, help_heading = "What runs")]
    pub(crate) include_ignored: bool,
    /// Run one part of the whole: 1/4, 2/4, 3/4 and 4/4 are all of it
    #[arg(long, value_name = "K/N", help_heading = "What runs", value_parser = shard)]
    pub(crate) shard: Option<(usize, usize)>,
    /// Use this seed in place of the files'
    #[arg(long, value_name = "N", help_heading = "What runs")]
    pub(crate) seed: Option<u64>,
    /// Begin nothing new once something has failed
    #[arg(long, help_heading = "What runs")]
    pub(crate) fail_fast: bool,

    /// Stay, and run what a change of a file touches again; Ctrl-C ends it
    #[arg(long, help_heading = "What runs", conflicts_with_all = ["list", "json", "junit", "coverage", "html", "mock_config"])]
    pub(crate) watch: bool,
    /// Store snapshots that differ or are missing
    #[arg(long, help_heading = "What runs")]
    pub(crate) update_snapshots: bool,
    /// What to do with snapshots that no scenario asks for [default: warn, where everything runs]
    #[arg(long, value_name = "WHAT", help_heading = "What runs")]
    pub(crate) unreferenced: Option<OnUnreferenced>,

    /// Show what the scenarios reach of their machines, and keep it for `rehearsal coverage`, in `.rehearsal/coverage`
    /// or another folder
    #[arg(long, value_name = "DIR", help_heading = "What is shown", num_args = 0..=1, require_equals = true,
        default_missing_value = rehearsal::coverage::FOLDER)]
    pub(crate) coverage: Option<PathBuf>,
    /// Say what would run, and run nothing
    #[arg(long, help_heading = "What is shown")]
    pub(crate) list: bool,
    /// Show every scenario, not only those that failed
    #[arg(short, long, help_heading = "What is shown", conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Show failures and nothing else
    #[arg(short, long, help_heading = "What is shown")]
    pub(crate) quiet: bool,
    /// Print the results as JSON
    #[arg(long, help_heading = "What is shown", conflicts_with_all = ["verbose", "quiet"])]
    pub(crate) json: bool,
    /// Write a JUnit report to a file, too
    #[arg(long, value_name = "FILE", help_heading = "What is shown")]
    pub(crate) junit: Option<PathBuf>,
    /// Write a page with the machines' graphs, their coverage and what happened in every scenario into a folder, too
    #[arg(long, value_name = "DIR", help_heading = "What is shown", conflicts_with = "list")]
    pub(crate) html: Option<PathBuf>,
    /// Cut nothing in the histories of failures
    #[arg(long, help_heading = "What is shown")]
    pub(crate) whole: bool,
    /// Leave out how much real time it took, so that the same run prints the same bytes
    #[arg(long, help_heading = "What is shown")]
    pub(crate) no_real_time: bool,
}

impl TestArgs {
    /// Where what runs is looked for.
    fn places(&self) -> Vec<PathBuf> {
        match (&self.mock_config, self.paths.is_empty()) {
            (Some(file), _) => vec![file.clone()],
            (None, true) => vec![PathBuf::from(".")],
            (None, false) => self.paths.clone(),
        }
    }

    /// Whoever runs one scenario does not want to hear of others, unless they ask.
    fn on_unreferenced(&self) -> OnUnreferenced {
        let has_snapshots = self.mock_config.is_none();
        let is_whole =
            has_snapshots && self.names.is_empty() && self.tags.is_empty() && self.shard.is_none() && !self.quiet;
        let unasked = if is_whole { OnUnreferenced::Warn } else { OnUnreferenced::Ignore };
        self.unreferenced.unwrap_or(unasked)
    }
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    let in_range = |(k, n): &(usize, usize)| (1..=*n).contains(k);
    parts.filter(in_range).ok_or_else(|| "write which part of how many, such as 1/4".to_owned())
}

pub(crate) fn run(args: &TestArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the last line says how little real time it took")]
    let began = Instant::now();
    let places = args.places();
    let suite = match &args.mock_config {
        Some(file) => import::suite(file, &args.config, &args.paths, screen)?,
        None => scenario_files(args, &places)?,
    };
    let mut selection = Selection::default();
    selection.names.clone_from(&args.names);
    selection.tags.clone_from(&args.tags);
    selection.seed = args.seed;
    selection.shard = args.shard;
    selection.fail_fast = args.fail_fast;
    if args.update_snapshots {
        selection.snapshots = Snapshots::Store;
    }
    selection.ignored = args.include_ignored;
    let kept = args.coverage.clone().or_else(coverage::asked_by_environment);
    selection.coverage = kept.is_some() || args.html.is_some();
    rehearsal::coverage::leave_to_caller();
    if args.watch {
        return watch::run(args, screen, &places, suite, &selection, began);
    }
    let cases = suite.cases(&selection)?;
    if args.list {
        return list(&cases, screen);
    }
    let progress = Progress::new(cases.len(), began, screen.is_terminal() && !args.json);
    let verdicts = suite::run(&cases, &selection, |ended| progress.tell(ended));
    progress.clear();
    let took = (!args.no_real_time).then(|| began.elapsed());
    let results: Vec<(&Case<'_>, &Verdict)> = cases.iter().zip(&verdicts).collect();
    let reached = coverage::of_results(&results);
    if args.json {
        let all: Vec<Value> = results.iter().map(|(case, verdict)| record(case, verdict)).collect();
        screen.show(|out| writeln!(out, "{:#}", Value::Array(all)))?;
    } else {
        show(args, screen, &results, took)?;
        if kept.is_some() && !args.quiet {
            let color = screen.color();
            screen.show(|out| write!(out, "\n{}", reached.table().color(color)))?;
        }
    }
    // People see what failed even where a report of it cannot be written.
    if github::is_asked_for() {
        github::annotate(screen, &github::of_cases(&results), args.json)?;
    }
    if let Some(path) = &args.junit {
        junit::write(path, &results, took)?;
    }
    if let Some(folder) = &args.html {
        html(folder, &results)?;
    }
    if let Some(folder) = &kept {
        let chosen = format!("{places:?} {:?} {:?} {:?}", args.names, args.tags, args.shard);
        coverage::keep(&reached, folder, &chosen)?;
    }
    let has_leftovers = snapshot::unreferenced(&suite, &places, args.on_unreferenced(), screen)?;
    let has_failed = has_leftovers || verdicts.iter().any(Verdict::is_failure);
    Ok(if has_failed { Exit::WorkflowFailed } else { Exit::Succeeded })
}

/// The scenario files that were asked for.
fn scenario_files(args: &TestArgs, places: &[PathBuf]) -> Result<Suite, Failure> {
    if !args.config.is_empty() {
        let failure = Failure::new(Exit::Usage, "`--definition` and `--case-input` go with `--mock-config`");
        return Err(failure.help("scenario files say both themselves, by `machine:` and `input:`"));
    }
    let paths = suite::find(places)?;
    if paths.is_empty() {
        let looked: Vec<String> = places.iter().map(|p| format!("`{}`", p.display())).collect();
        let failure = Failure::new(Exit::Usage, format!("there are no scenario files in {}", looked.join(", ")));
        return Err(failure.help("their names end in `.rehearsal.yaml`; the README shows how to write the first one"));
    }
    Ok(Suite::load(paths))
}

/// Writes the page.
fn html(folder: &Path, results: &[(&Case<'_>, &Verdict)]) -> Result<(), Failure> {
    let mut report = Report::new();
    report.add_results(results.iter().copied());
    let written = report.write(folder);
    written.map(|_| ()).map_err(|e| Failure::from(Error::io("write the report into", folder, e)))
}

fn list(cases: &[Case<'_>], screen: &mut Screen) -> Result<Exit, Failure> {
    screen.show(|out| {
        for case in cases {
            let tags: String = case.tags().iter().map(|t| format!("  #{t}")).collect();
            match case.line() {
                Some(line) => writeln!(out, "{}:{line} › {}{tags}", case.path.display(), case.name())?,
                None => writeln!(out, "{} › {}", case.path.display(), case.name())?,
            }
        }
        Ok(())
    })?;
    Ok(Exit::Succeeded)
}

/// The failures, and a line for every file.
pub(crate) fn show(
    args: &TestArgs,
    screen: &mut Screen,
    results: &[(&Case<'_>, &Verdict)],
    took: Option<Duration>,
) -> Result<(), Failure> {
    let color = screen.color();
    let paint = |ink: &str, text: &str| if color { format!("\x1b[{ink}m{text}\x1b[0m") } else { text.to_owned() };
    let mut text = String::new();
    let mut files: Vec<&Path> = results.iter().map(|(case, _)| case.path).collect();
    files.dedup();
    for file in &files {
        let of: Vec<_> = results.iter().filter(|(case, _)| case.path == *file).collect();
        let failed = of.iter().filter(|(_, v)| v.is_failure()).count();
        if !args.quiet {
            let mark = if failed == 0 { paint("32", "ok  ") } else { paint("1;31", "FAIL") };
            let checks = counted(of.len(), "check");
            let what = if failed == 0 { checks } else { format!("{failed} of {checks} failed") };
            let _ = writeln!(text, "{mark}  {}  {}", file.display(), paint("2", &what));
        }
        for (case, verdict) in of {
            let (mark, note) = match verdict {
                Verdict::Passed(outcome) => (paint("32", "✓"), clock(outcome)),
                Verdict::Failed(outcome) => (paint("31", "✗"), clock(outcome)),
                Verdict::Refused(_) => (paint("31", "✗"), String::new()),
                Verdict::Ignored(why) => (paint("33", "-"), format!("ignored: {why}")),
                Verdict::Skipped => (paint("33", "-"), "not run".to_owned()),
            };
            if args.verbose || args.mock_config.is_some() && !args.quiet {
                let note = if note.is_empty() { note } else { format!("  {}", paint("2", &note)) };
                let _ = writeln!(text, "      {mark} {}{note}", case.name());
            }
            if let (Verdict::Passed(outcome), false) = (verdict, args.quiet) {
                for unused in outcome.unused_mocks() {
                    let _ = writeln!(text, "      {} {}: {unused}", paint("33", "unused"), case.name());
                }
            }
        }
    }
    for (case, verdict) in results {
        match verdict {
            Verdict::Failed(outcome) => {
                if let Some(failed) = case.failed(outcome) {
                    let _ = write!(text, "\n{}", failed.color(color).whole(args.whole));
                }
            }
            Verdict::Refused(why) => {
                let _ = write!(text, "\n{}  {} › {}\n\n", paint("1;31", "FAIL"), case.path.display(), case.name());
                for line in why.lines() {
                    let _ = writeln!(text, "{}", format!("  {line}").trim_end());
                }
                let _ = writeln!(text, "\n  again: {}", case.again_with_file());
            }
            _ => {}
        }
    }
    if !args.quiet {
        let _ = writeln!(text, "\n{}", summary(results, files.len(), took));
    }
    screen.show(|out| write!(out, "{text}"))
}

/// How it ended where it did not succeed, and how long it took.
fn clock(outcome: &Outcome) -> String {
    if let Some(cases) = outcome.cases() {
        return counted(usize::try_from(cases).unwrap_or(usize::MAX), "case");
    }
    let Some(run) = outcome.run() else { return String::new() };
    let status = Some(run.status().name()).filter(|status| *status != "SUCCEEDED").map(str::to_owned);
    let elapsed = rehearsal::time::format_offset(run.elapsed());
    let elapsed = Some(elapsed).filter(|e| e != "0").map(|e| format!("{e} on the clock"));
    [status, elapsed].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// `12 passed, 1 failed · 13 checks in 3 files · 4 ms`
fn summary(results: &[(&Case<'_>, &Verdict)], files: usize, took: Option<Duration>) -> String {
    let count = |is: fn(&Verdict) -> bool| results.iter().filter(|(_, v)| is(v)).count();
    let mut parts = vec![format!("{} passed", count(|v| matches!(v, Verdict::Passed(_))))];
    let others: [(usize, &str); 3] = [
        (count(Verdict::is_failure), "failed"),
        (count(|v| matches!(v, Verdict::Ignored(_))), "ignored"),
        (count(|v| matches!(v, Verdict::Skipped)), "not run"),
    ];
    parts.extend(others.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")));
    let mut line = parts.join(", ");
    let _ = write!(line, " · {}", counted(files, "file"));
    if let Some(took) = took {
        let _ = write!(line, " · {} ms", took.as_millis());
    }
    line
}

/// One result as JSON.
fn record(case: &Case<'_>, verdict: &Verdict) -> Value {
    let word = match verdict {
        Verdict::Passed(_) => "passed",
        Verdict::Failed(_) | Verdict::Refused(_) => "failed",
        Verdict::Ignored(_) => "ignored",
        Verdict::Skipped => "skipped",
    };
    let mut record = json!({ "file": case.path.to_string_lossy(), "name": case.name(), "result": word });
    if let (Ok((file, _)), Some(line)) = (&case.what, case.line()) {
        record["line"] = json!(line);
        record["tags"] = json!(case.tags());
        if let Verdict::Passed(outcome) | Verdict::Failed(outcome) = verdict {
            extend(&mut record, file, outcome);
            record["again"] = json!(case.again(outcome));
        }
    }
    match verdict {
        Verdict::Refused(why) => {
            record["message"] = json!(why);
            record["again"] = json!(case.again_with_file());
        }
        Verdict::Ignored(why) => record["reason"] = json!(why),
        _ => {}
    }
    record
}

fn extend(record: &mut Value, file: &ScenarioFile, outcome: &Outcome) {
    record["seed"] = json!(outcome.seed());
    if let Some(run) = outcome.run() {
        record["status"] = json!(run.status().name());
        record["elapsedMilliseconds"] = json!(u64::try_from(run.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
    let failures: Vec<Value> = outcome
        .failures()
        .map(|f| json!({ "about": f.about(), "message": f.message(), "line": f.line_in(file) }))
        .collect();
    record["failures"] = json!(failures);
    if let Some(cases) = outcome.cases() {
        record["cases"] = json!(cases);
    }
    if let Some(kept) = outcome.kept() {
        record["kept"] = json!(kept.to_string_lossy());
    }
    if let Some(trouble) = outcome.trouble() {
        record["message"] = json!(trouble.to_string());
    }
}

/// A line on the terminal that says how far it is, once it takes long.
struct Progress {
    of: usize,
    began: Instant,
    shown: Mutex<Option<Instant>>,
    on: bool,
}

impl Progress {
    fn new(of: usize, began: Instant, on: bool) -> Progress {
        Progress { of, began, shown: Mutex::new(None), on }
    }
    #[expect(clippy::print_stderr, reason = "the terminal is told while standard output is still empty")]
    fn tell(&self, ended: usize) {
        if !self.on || self.began.elapsed() < PATIENCE {
            return;
        }
        let Ok(mut shown) = self.shown.lock() else { return };
        if shown.is_some_and(|at| at.elapsed() < Duration::from_millis(200)) {
            return;
        }
        #[expect(clippy::disallowed_methods, reason = "progress is about real time")]
        let now = Instant::now();
        *shown = Some(now);
        eprint!("\r{ended} of {}", self.of);
    }
    #[expect(clippy::print_stderr, reason = "what was told is taken away")]
    fn clear(&self) {
        if self.shown.lock().is_ok_and(|shown| shown.is_some()) {
            eprint!("\r\x1b[K");
        }
    }
}
