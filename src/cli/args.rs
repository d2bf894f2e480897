//! What may be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use rehearsal::Timestamp;
use rehearsal::asl::MachineType;
use rehearsal::outside::Upstream;

use super::test_state::TestStateArgs;
use super::{coverage, exit, explain, graph, import, init, lint, record, serve, snapshot, test};

/// Rehearse AWS Step Functions state machines: mocked services, injected faults, a virtual clock.
#[derive(Debug, Parser)]
#[command(name = "rehearsal", version, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Whether to colour what is shown
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    pub(crate) color: ColorChoice,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one execution and show its history
    #[command(after_help = exit::TABLE)]
    Run(Box<RunArgs>),
    /// Run scenario files
    #[command(after_help = test::TABLE)]
    Test(Box<test::TestArgs>),
    /// Look at new snapshots, and accept or reject them
    #[command(after_help = snapshot::TABLE)]
    Snapshot(snapshot::SnapshotArgs),
    /// Say what of the state machines the tests reach, and what they do not
    #[command(after_help = coverage::TABLE)]
    Coverage(coverage::CoverageArgs),
    /// Test one state on its own, as AWS's TestState does
    #[command(after_help = exit::TABLE)]
    TestState(Box<TestStateArgs>),
    /// Write a first scenario file for each machine of a folder, with a mock for each of its tasks
    #[command(after_help = init::TABLE)]
    Init(init::InitArgs),
    /// Make scenario files of Step Functions Local's MockConfigFile.json, or a mock of one of TestState
    #[command(after_help = import::TABLE)]
    Import(Box<import::ImportArgs>),
    /// Make a scenario of an execution on AWS: what was answered there is answered here
    #[command(after_help = record::TABLE)]
    Record(record::RecordArgs),
    /// Serve Lambda, SQS, SNS, DynamoDB, S3 and EventBridge to AWS SDKs of any language
    #[command(after_help = serve::EXAMPLES)]
    Serve(serve::ServeArgs),
    /// Show the state machines of files and folders
    List(ListArgs),
    /// Draw a machine's graph, as SVG, Mermaid or DOT
    #[command(after_help = graph::EXAMPLES)]
    Graph(graph::GraphArgs),
    /// Say what is wrong with definitions, and what is probably not meant
    #[command(after_help = lint::TABLE)]
    Lint(Box<lint::LintArgs>),
    /// Explain the code of a finding
    Explain(explain::ExplainArgs),
    /// Print the JSON Schema of scenario files, with which editors complete, explain and check them
    Schema,
}

#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Files of any kind, folders with everything below them, and single machines as FILE#ID
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Print a JSON array of objects with `file`, `id`, `line`, `type` and `queryLanguage`
    #[arg(long)]
    pub(crate) json: bool,
    /// A value for a placeholder, a parameter or a reference, as NAME=VALUE
    #[arg(long = "substitute", value_name = "NAME=VALUE", value_parser = substitution)]
    pub(crate) substitutions: Vec<(String, String)>,
}

#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// The machine: a definition, a template, Terraform or Serverless file or a folder, with `#ID` where there are
    /// several
    #[arg(value_name = "FILE[#ID]")]
    pub(crate) file: PathBuf,
    /// A value for a placeholder, a parameter or a reference, as NAME=VALUE
    #[arg(long = "substitute", value_name = "NAME=VALUE", value_parser = substitution)]
    pub(crate) substitutions: Vec<(String, String)>,

    /// The input as JSON; `-` reads it from standard input [default: {}]
    #[arg(long, value_name = "JSON", help_heading = "What the execution gets", allow_hyphen_values = true)]
    pub(crate) input: Option<String>,
    /// The input from a file, as JSON or YAML
    #[arg(long, value_name = "FILE", help_heading = "What the execution gets", conflicts_with = "input")]
    pub(crate) input_file: Option<PathBuf>,
    /// Members to merge into the context object, as JSON or `@FILE`
    #[arg(long, value_name = "JSON", help_heading = "What the execution gets")]
    pub(crate) context: Option<String>,
    /// Where the virtual clock starts [default: 2024-01-01T00:00:00Z]
    #[arg(long, value_name = "RFC3339", help_heading = "What the execution gets", value_parser = start_time)]
    pub(crate) start_time: Option<Timestamp>,
    /// Where UUIDs, random numbers and jitter come from
    #[arg(long, value_name = "N", help_heading = "What the execution gets", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The execution's name
    #[arg(long, value_name = "NAME", help_heading = "What the execution gets", default_value = "rehearsal")]
    pub(crate) name: String,
    /// Whether the machine is a Standard or an Express one [default: what the file says, else standard]
    #[arg(long = "type", value_name = "TYPE", help_heading = "What the execution gets")]
    pub(crate) machine_type: Option<Type>,

    /// A file of mocks and faults; of two mocks with the same key the later one counts
    #[arg(long, value_name = "FILE", help_heading = "Who answers")]
    pub(crate) mocks: Vec<PathBuf>,
    /// Another machine, for tasks that start executions
    #[arg(long = "machine", value_name = "FILE[#ID]", help_heading = "Who answers")]
    pub(crate) machines: Vec<PathBuf>,
    /// An object for an ItemReader, as BUCKET/KEY=FILE
    #[arg(long = "object", value_name = "BUCKET/KEY=FILE", help_heading = "Who answers", value_parser = object)]
    pub(crate) objects: Vec<Object>,
    /// Where an address of HTTP Tasks and API Gateway leads, as FROM=TO: prefixes such as
    /// https://api.stripe.com=http://127.0.0.1:9999
    #[arg(long = "endpoint", value_name = "FROM=TO", help_heading = "Who answers", value_parser = endpoint)]
    pub(crate) endpoints: Vec<(String, String)>,
    /// A server of AWS services, such as an emulator, for `aws-sdk:` calls that nobody else answers, or for all of one
    /// service: [SERVICE=]URL
    #[arg(long = "upstream", value_name = "[SERVICE=]URL", help_heading = "Who answers", value_parser = upstream)]
    pub(crate) upstreams: Vec<Upstream>,
    /// Make mocks that were never used an error
    #[arg(long, help_heading = "Who answers")]
    pub(crate) strict: bool,

    /// How to show the history; `json` is what GetExecutionHistory answers
    #[arg(long, value_name = "FORM", help_heading = "What is shown", default_value = "compact")]
    pub(crate) history: HistoryForm,
    /// Show nothing but the output, as JSON
    #[arg(long, help_heading = "What is shown", conflicts_with = "history")]
    pub(crate) output_only: bool,
    /// Cut long values so that a line keeps to about so many columns
    #[arg(long, value_name = "N", help_heading = "What is shown", default_value_t = 100)]
    pub(crate) width: usize,
    /// Cut nothing, and show every item of every Map
    #[arg(long, help_heading = "What is shown", conflicts_with = "width")]
    pub(crate) whole: bool,
    /// Leave out how much real time it took, so that the same run prints the same bytes
    #[arg(long, help_heading = "What is shown")]
    pub(crate) no_real_time: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Type {
    Standard,
    Express,
}

impl From<Type> for MachineType {
    fn from(value: Type) -> MachineType {
        match value {
            Type::Standard => MachineType::Standard,
            Type::Express => MachineType::Express,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HistoryForm {
    Compact,
    Json,
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ColorChoice {
    Auto,
    Always,
    Never,
}

/// An object with the file its content comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) file: PathBuf,
}

fn start_time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "write an instant such as 2026-01-05T09:00:00Z".to_owned())
}

pub(crate) fn substitution(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let parts = parts.map(|(name, value)| (name.to_owned(), value.to_owned()));
    parts.ok_or_else(|| "write a name and a value, such as TableName=orders".to_owned())
}

/// `https://api.stripe.com=http://127.0.0.1:9999`
fn endpoint(text: &str) -> Result<(String, String), String> {
    let is_address = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    // Either address may have an equals sign in it.
    let split = text.match_indices('=').map(|(at, _)| (&text[..at], &text[at + 1..]));
    let found = split.into_iter().find(|(from, to)| is_address(from) && is_address(to));
    let found = found.map(|(from, to)| (from.to_owned(), to.to_owned()));
    found.ok_or_else(|| "write FROM=TO, such as https://api.stripe.com=http://127.0.0.1:9999".to_owned())
}

/// `http://127.0.0.1:4566`, `kms=http://127.0.0.1:4566`
pub(crate) fn upstream(text: &str) -> Result<Upstream, String> {
    let is_address = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    match text.split_once('=').filter(|(service, url)| !service.is_empty() && !is_address(service) && is_address(url)) {
        Some((service, url)) => Ok(Upstream::of(service, url)),
        None if is_address(text) => Ok(Upstream::all(text)),
        None => Err("write a URL, or SERVICE=URL, such as kms=http://127.0.0.1:4566".to_owned()),
    }
}

pub(crate) fn object(text: &str) -> Result<Object, String> {
    let parts = || {
        let (object, file) = text.split_once('=')?;
        let (bucket, key) = object.split_once('/')?;
        let whole = ![bucket, key, file].contains(&"");
        whole.then(|| Object { bucket: bucket.into(), key: key.into(), file: file.into() })
    };
    parts().ok_or_else(|| "write a bucket, a key and a file, such as inbox/orders.csv=orders.csv".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_of_the_arguments_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_object_has_a_bucket_a_key_and_a_file() {
        let want = Object { bucket: "b".into(), key: "a/k.csv".into(), file: "x=y".into() };
        assert_eq!(object("b/a/k.csv=x=y"), Ok(want));
        for text in ["", "b", "b/k", "b=f", "/k=f", "b/=f", "b/k="] {
            assert!(object(text).is_err(), "{text}");
        }
    }
}
