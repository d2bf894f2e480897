//! `rehearsal test-state`: one state on its own.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use rehearsal::Machine;
use rehearsal::diagnostic::did_you_mean;
use rehearsal::iac;
use rehearsal::source::{self, MAX_DEFINITION_BYTES, Source};
use rehearsal::test_state::{FieldValidationMode, InspectionData, InspectionLevel, Response, Status, TestState};
use rehearsal::validate::ApiError;

use super::exit::Exit;
use super::files;
use super::screen::{Failure, Screen};

#[derive(Args, Debug)]
pub(crate) struct TestStateArgs {
    /// The definition of a machine, as FILE#STATE or with --state; or a file with one state and nothing else
    #[arg(value_name = "FILE[#STATE]")]
    pub(crate) file: String,
    /// The state to test; it may be inside a Map or Parallel
    #[arg(long, value_name = "NAME")]
    pub(crate) state: Option<String>,

    /// The state's input as JSON; `-` reads it from standard input [default: {}]
    #[arg(long, value_name = "JSON", help_heading = "What the state gets", allow_hyphen_values = true)]
    pub(crate) input: Option<String>,
    /// The input from a file, as JSON or YAML
    #[arg(long, value_name = "FILE", help_heading = "What the state gets", conflicts_with = "input")]
    pub(crate) input_file: Option<PathBuf>,
    /// The variables that earlier states assigned, as a JSON object or `@FILE`
    #[arg(long, value_name = "JSON", help_heading = "What the state gets")]
    pub(crate) variables: Option<String>,
    /// Members to merge into the context object, as JSON or `@FILE`; needs a mock
    #[arg(long, value_name = "JSON", help_heading = "What the state gets")]
    pub(crate) context: Option<String>,
    /// The role that the context object names
    #[arg(long, value_name = "ARN", help_heading = "What the state gets")]
    pub(crate) role_arn: Option<String>,

    /// What the service, the branches or the iterations give, as JSON or `@FILE`
    #[arg(long, value_name = "JSON", help_heading = "The mock", allow_hyphen_values = true)]
    pub(crate) mock_result: Option<String>,
    /// The error with which they fail
    #[arg(long, value_name = "NAME", help_heading = "The mock", conflicts_with = "mock_result")]
    pub(crate) mock_error: Option<String>,
    /// The cause of the error
    #[arg(long, value_name = "TEXT", help_heading = "The mock", requires = "mock_error")]
    pub(crate) mock_cause: Option<String>,
    /// How strictly the result is held against what the API gives
    #[arg(long, ignore_case = true, value_name = "MODE", help_heading = "The mock", default_value = "strict")]
    pub(crate) field_validation_mode: Mode,

    /// How often the retrier that takes the error was used before
    #[arg(long, value_name = "N", help_heading = "What happened before")]
    pub(crate) retry_count: Option<u64>,
    /// The state inside the Map or Parallel in which the error arises
    #[arg(long, value_name = "NAME", help_heading = "What happened before")]
    pub(crate) error_caused_by: Option<String>,
    /// How many iterations of a distributed Map failed
    #[arg(long, value_name = "N", help_heading = "What happened before")]
    pub(crate) failed_iterations: Option<u64>,
    /// The object that the Map's ItemReader reads
    #[arg(long, value_name = "FILE", help_heading = "What happened before")]
    pub(crate) item_reader_data: Option<PathBuf>,

    /// How much is told [default: debug; with --json info]
    #[arg(long, value_name = "LEVEL", ignore_case = true, help_heading = "What is shown")]
    pub(crate) inspection_level: Option<Inspect>,
    /// Show the answer of the TestState API
    #[arg(long, help_heading = "What is shown")]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    Strict,
    Present,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Inspect {
    Info,
    Debug,
    Trace,
}

pub(crate) fn run(args: &TestStateArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let (name, test) = subject(args)?;
    let test = configured(args, test)?;
    let answer = test.run().map_err(refused)?;
    let color = screen.color();
    screen.show(|out| match args.json {
        true => writeln!(out, "{:#}", answer.to_json()),
        false => show(out, &name, &answer, color),
    })?;
    Ok(if answer.status == Status::Succeeded { Exit::Succeeded } else { Exit::WorkflowFailed })
}

/// The state that is meant: in a machine, or alone in a file.
fn subject(args: &TestStateArgs) -> Result<(String, TestState<'static>), Failure> {
    // FILE#STATE, or FILE#MACHINE#STATE.
    let (path, id) = iac::parts(&args.file);
    let path = path.to_string_lossy().into_owned();
    let (file, state) = match (&args.state, &id) {
        (Some(state), _) => (args.file.clone(), Some(state.as_str())),
        (None, Some(id)) => match id.rsplit_once('#') {
            Some((machine, state)) => (format!("{path}#{machine}"), Some(state)),
            None => (path, Some(id.as_str())),
        },
        (None, None) => (path, None),
    };
    let Some(name) = state else {
        let path = Path::new(&file);
        let bytes = files::read(path, MAX_DEFINITION_BYTES)?;
        let refused = |found| Failure::found(Exit::Definition, found);
        let source = Source::from_bytes(path.to_string_lossy(), &bytes, MAX_DEFINITION_BYTES).map_err(refused)?;
        let source = Arc::new(source);
        let root = source::parse(&source, source.format()).map_err(refused)?;
        if let Some(states) = root.get("States") {
            let first = states.members().first().map_or("NAME", |m| &*m.key);
            let message = format!("`{file}` is a whole machine, and one of its states is to be tested");
            return Err(Failure::new(Exit::Usage, message).help(format!("add `--state {first}`")));
        }
        if root.get("Type").is_none() {
            let message = format!("`{file}` is no state on its own");
            return Err(Failure::new(Exit::Usage, message).help("name a state of a machine in it: FILE#MACHINE#STATE"));
        }
        let stem = path.file_name().map_or_else(|| file.clone(), |n| n.to_string_lossy().into_owned());
        return Ok((stem, TestState::of_source(&source)));
    };
    let machine = Machine::load(&file)?;
    if !machine.state_names().any(|n| n == name) {
        let failure = Failure::new(Exit::Usage, format!("`{file}` has no state `{name}`"));
        let names: Vec<&str> = machine.state_names().collect();
        return Err(match did_you_mean(name, names.iter().copied()) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help(format!("the states are {}", names.join(", "))),
        });
    }
    Ok((name.to_owned(), machine.test_state(name)))
}

fn configured(args: &TestStateArgs, mut test: TestState<'static>) -> Result<TestState<'static>, Failure> {
    test = test.input(files::input(args.input.as_deref(), args.input_file.as_deref())?);
    if let Some(text) = &args.variables {
        let variables = files::object_argument("--variables", text)?;
        for (name, value) in variables.as_object().into_iter().flat_map(|o| o.iter()) {
            test = test.variable(name, value.clone());
        }
    }
    if let Some(text) = &args.context {
        test = test.context(files::object_argument("--context", text)?);
    }
    if let Some(role) = &args.role_arn {
        test = test.role_arn(role);
    }
    if let Some(text) = &args.mock_result {
        test = test.mock_result(files::argument("--mock-result", text)?);
    }
    if let Some(error) = &args.mock_error {
        test = test.mock_error(error, args.mock_cause.as_deref());
    }
    if args.mock_result.is_some() || args.mock_error.is_some() {
        test = test.field_validation(match args.field_validation_mode {
            Mode::Strict => FieldValidationMode::Strict,
            Mode::Present => FieldValidationMode::Present,
            Mode::None => FieldValidationMode::None,
        });
    }
    if let Some(n) = args.retry_count {
        test = test.retry_count(n);
    }
    if let Some(n) = args.failed_iterations {
        test = test.failed_iterations(n);
    }
    if let Some(state) = &args.error_caused_by {
        test = test.error_caused_by(state);
    }
    if let Some(path) = &args.item_reader_data {
        let bytes = files::object(path)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Failure::new(Exit::Input, format!("`{}` is not UTF-8, and is to be read as text", path.display()))
        })?;
        test = test.item_reader_data(text);
    }
    let level = args.inspection_level.unwrap_or(if args.json { Inspect::Info } else { Inspect::Debug });
    Ok(test.inspect(match level {
        Inspect::Info => InspectionLevel::Info,
        Inspect::Debug => InspectionLevel::Debug,
        Inspect::Trace => InspectionLevel::Trace,
    }))
}

/// The API's refusal as the command line's: whose fault it is decides the exit code.
fn refused(error: ApiError) -> Failure {
    if !error.findings.is_empty() {
        return Failure::found(Exit::Definition, error.findings);
    }
    let exit = match error.code.as_str() {
        "InvalidDefinition" => Exit::Definition,
        "InvalidExecutionInput" => Exit::Input,
        _ => Exit::Mocks,
    };
    let failure = Failure::new(exit, format!("{}: {}", error.code, error.message));
    match error.code.as_str() {
        ApiError::NO_ANSWER => failure.help("add `--mock-result '{…}'` or `--mock-error NAME --mock-cause TEXT`"),
        "InvalidDefinition" => failure.help("a Map, a Parallel or a task that waits is tested with a mock"),
        _ => failure,
    }
}

/// ```text
/// Charge · RETRIABLE
///   input                       {"orderId":7}
///   error                       Busy
///   retry                       Retry[0] after 4s
/// ```
fn show(out: &mut dyn Write, name: &str, answer: &Response, color: bool) -> io::Result<()> {
    let ink = match answer.status {
        _ if !color => ("", ""),
        Status::Succeeded => ("\x1b[1;32m", "\x1b[0m"),
        Status::CaughtError => ("\x1b[1;33m", "\x1b[0m"),
        _ => ("\x1b[1;31m", "\x1b[0m"),
    };
    writeln!(out, "{name} · {}{}{}", ink.0, answer.status.as_str(), ink.1)?;
    let mut line = |what: &str, text: &str| writeln!(out, "  {what:<28}{}", files::printable(text));
    let details = answer.inspection.as_ref().and_then(|i| i.error_details);
    if let Some(data) = &answer.inspection {
        for (what, value) in data.members() {
            line(what, &value.to_string())?;
        }
        for (what, number) in numbers(data) {
            line(what, &number)?;
        }
    }
    if let Some(error) = &answer.error {
        for (what, text) in [("error", &error.error), ("cause", &error.cause)] {
            if let Some(text) = text {
                line(what, text)?;
            }
        }
    }
    match details.map(|d| (d.retry_index, d.retry_backoff_seconds)) {
        Some((Some(i), Some(seconds))) => line("retry", &format!("Retry[{i}] after {seconds}s"))?,
        Some((Some(i), None)) => line("retry", &format!("Retry[{i}] is used up"))?,
        _ => {}
    }
    if let Some(i) = details.and_then(|d| d.catch_index) {
        line("caught", &format!("Catch[{i}]"))?;
    }
    if let Some(output) = &answer.output {
        line("output", &output.to_string())?;
    }
    match &answer.next_state {
        Some(next) => line("next", next),
        None => Ok(()),
    }
}

fn numbers(data: &InspectionData) -> Vec<(&'static str, String)> {
    let all = [
        ("maxConcurrency", data.max_concurrency.map(|n| n.to_string())),
        ("toleratedFailureCount", data.tolerated_failure_count.map(|n| n.to_string())),
        ("toleratedFailurePercentage", data.tolerated_failure_percentage.map(|n| n.to_string())),
    ];
    all.into_iter().filter_map(|(name, number)| Some((name, number?))).collect()
}
