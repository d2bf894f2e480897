//! `rehearsal import`, and what `rehearsal test --mock-config` takes.

use std::path::{Path, PathBuf};

use clap::Args;
use rehearsal::Error;
use rehearsal::diagnostic::counted;
use rehearsal::import::mock_config::{MockConfig, Options, Scenarios};
use rehearsal::import::test_state_mock;
use rehearsal::scenario::quoted;
use rehearsal::scenario::suite::Suite;
use rehearsal::scenario::write::Draft;
use rehearsal::value::Value;

use super::exit::Exit;
use super::files;
use super::screen::{Failure, Screen};

/// The table in `--help`.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  everything is written
  1  a scenario is written that does not pass yet
  2  the command line cannot be understood, or a file is there already
  3  a file or a definition is refused
  6  a file cannot be read or written";

/// What a mock configuration does not say.
#[derive(Args, Clone, Debug)]
pub(crate) struct ConfigArgs {
    /// Where the definition of one of its state machines is
    #[arg(long = "definition", value_name = "NAME=FILE[#ID]", value_parser = pair)]
    definitions: Vec<(String, String)>,
    /// The input of a test case, or without CASE= of all others; MACHINE#CASE where the name alone is not enough
    #[arg(long = "case-input", value_name = "[CASE=]JSON|@FILE", allow_hyphen_values = true)]
    inputs: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// Step Functions Local's MockConfigFile.json, or a mock of TestState as JSON
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Files and folders with the definitions [default: near FILE]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// The state that a mock of TestState answers
    #[arg(long, value_name = "NAME")]
    state: Option<String>,

    /// Where to write: a file, or a folder where there are several machines [default: NAME.rehearsal.yaml beside FILE]
    #[arg(short, long, value_name = "FILE", help_heading = "What is written")]
    output: Option<PathBuf>,
    /// Print what would be written, and write nothing
    #[arg(long, help_heading = "What is written", conflicts_with_all = ["output", "force"])]
    stdout: bool,
    /// Write over files that are there
    #[arg(long, help_heading = "What is written")]
    force: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, file)| !name.is_empty() && !file.is_empty());
    let parts = parts.map(|(name, file)| (name.to_owned(), file.to_owned()));
    parts.ok_or_else(|| "write the machine's name and its file, such as Order=infra/order.asl.json".to_owned())
}

impl ConfigArgs {
    /// Whether nothing was said.
    pub(crate) fn is_empty(&self) -> bool {
        self.definitions.is_empty() && self.inputs.is_empty()
    }

    fn options(&self, paths: &[PathBuf]) -> Result<Options, Failure> {
        let mut options = Options { paths: paths.to_vec(), ..Options::default() };
        options.definitions = self.definitions.iter().cloned().collect();
        for text in &self.inputs {
            let is_value = text.trim_start().starts_with(['{', '[', '"', '@']) || !text.contains('=');
            let (case, value) = match text.split_once('=') {
                Some((case, value)) if !is_value => (Some(case), value),
                _ => (None, text.as_str()),
            };
            let value: Value = files::argument("--case-input", value)?;
            match case {
                Some(case) => drop(options.inputs.insert(case.to_owned(), value)),
                None => options.input = Some(value),
            }
        }
        Ok(options)
    }
}

/// The test cases of a mock configuration, to run.
pub(crate) fn suite(file: &Path, args: &ConfigArgs, paths: &[PathBuf], screen: &mut Screen) -> Result<Suite, Failure> {
    // A file that cannot be read is a failed run, as a scenario file is.
    let refused = |error: Error| {
        let failure = Failure::from(error);
        Failure { exit: if failure.exit == Exit::Definition { Exit::WorkflowFailed } else { failure.exit }, ..failure }
    };
    let config = MockConfig::load(file).map_err(refused)?;
    screen.report(config.warnings());
    let made = config.scenarios(&args.options(paths)?)?;
    Ok(Suite::of(made.into_iter().map(|one| (file.to_owned(), one.map(|s| s.file))).collect()))
}

pub(crate) fn run(args: &ImportArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    if let Some(text) = test_state_mock::read(&args.file, args.state.as_deref())? {
        return mock_of_test_state(args, &text, screen);
    }
    let config = MockConfig::load(&args.file)?;
    screen.report(config.warnings());
    let options = args.config.options(&args.paths)?;
    let mut made: Vec<Scenarios> = Vec::new();
    let mut refused = None;
    for one in config.scenarios(&options)? {
        match one {
            Ok(scenarios) => made.push(scenarios),
            Err(error) => {
                if let Some(earlier) = refused.replace(Failure::from(error)) {
                    screen.complain(&earlier);
                }
            }
        }
    }
    if let Some(failure) = refused {
        return Err(failure);
    }
    let is_alone = made.len() == 1;
    let paths: Vec<PathBuf> = made.iter().map(|s| target(args, &s.machine, is_alone)).collect();
    if !args.stdout {
        files::refuse_to_overwrite(&paths, args.force)?;
    }
    let mut exit = Exit::Succeeded;
    for (scenarios, path) in made.iter().zip(&paths) {
        let (draft, tells): (Draft, Vec<String>) = config.draft(scenarios, path, &options);
        let text = draft.to_yaml();
        if args.stdout {
            screen.show(|out| write!(out, "{text}"))?;
            continue;
        }
        files::write(path, text.as_bytes())?;
        let count = scenarios.file.scenarios().len();
        let of = counted(count, "scenario");
        screen.show(|out| {
            writeln!(out, "wrote  {}  {of} of {}", path.display(), scenarios.machine)?;
            tells.iter().try_for_each(|tell| writeln!(out, "       {tell}"))
        })?;
        if !tells.is_empty() {
            exit = Exit::WorkflowFailed;
        }
    }
    if !args.stdout {
        let shown: Vec<String> = paths.iter().map(|p| quoted(&p.to_string_lossy())).collect();
        screen.show(|out| {
            writeln!(out, "\nWhat is expected is what happened: look whether it is what you want, then")?;
            writeln!(out, "  rehearsal test {}", shown.join(" "))
        })?;
    }
    Ok(exit)
}

fn mock_of_test_state(args: &ImportArgs, text: &str, screen: &mut Screen) -> Result<Exit, Failure> {
    let Some(path) = args.output.as_deref().filter(|_| !args.stdout) else {
        screen.show(|out| write!(out, "{text}"))?;
        return Ok(Exit::Succeeded);
    };
    files::refuse_to_overwrite(&[path.to_owned()], args.force)?;
    files::write(path, text.as_bytes())?;
    screen.show(|out| {
        writeln!(out, "wrote  {}", path.display())?;
        writeln!(out, "       name it by `use:` in a scenario file, or run it with `rehearsal run --mocks`")
    })?;
    Ok(Exit::Succeeded)
}

/// Where the scenarios of a machine go.
fn target(args: &ImportArgs, machine: &str, is_alone: bool) -> PathBuf {
    let name = format!("{}.rehearsal.yaml", files::file_name(machine));
    match &args.output {
        Some(output) if is_alone && !files::is_folder(output) => output.clone(),
        Some(folder) => folder.join(name),
        None => args.file.parent().unwrap_or(Path::new("")).join(name),
    }
}
