//! `rehearsal record`: a scenario of an execution that was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use rehearsal::import::place::relative;
use rehearsal::import::record::{self, Options};
use rehearsal::scenario::quoted;

use super::args::{Object, object, substitution};
use super::exit::Exit;
use super::files;
use super::screen::{Failure, Screen};

/// The table in `--help`.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  the scenario is written, and replaying it gives the history
  1  it is written, and replaying it differs from the history
  2  the command line cannot be understood, the history is not whole or not of this definition, a file is there already
  3  the definition is refused
  6  a file cannot be read or written";

#[derive(Args, Debug)]
pub(crate) struct RecordArgs {
    /// The answer of `aws stepfunctions get-execution-history --output json`; of a long history all pages
    #[arg(value_name = "HISTORY", required = true)]
    pages: Vec<PathBuf>,
    /// The machine's definition [default: the one near HISTORY that has its states]
    #[arg(long, value_name = "FILE[#ID]")]
    definition: Option<String>,
    /// A value for a placeholder, a parameter or a reference, as NAME=VALUE; what the history shows is found without
    #[arg(long = "substitute", value_name = "NAME=VALUE", value_parser = substitution)]
    substitutions: Vec<(String, String)>,
    /// The answer of `aws stepfunctions describe-execution`, for the names of the execution and its machine
    #[arg(long, value_name = "FILE")]
    describe: Option<PathBuf>,
    /// An object that a Map read, as BUCKET/KEY=FILE
    #[arg(long = "object", value_name = "BUCKET/KEY=FILE", value_parser = object)]
    objects: Vec<Object>,
    /// The scenario's name [default: the execution's, or the file's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where to write [default: HISTORY.rehearsal.yaml beside the first HISTORY]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print what would be written, and write nothing
    #[arg(long, conflicts_with_all = ["output", "force"])]
    stdout: bool,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &RecordArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let path = match (&args.output, args.pages.first()) {
        (Some(path), _) => path.clone(),
        (None, Some(first)) => {
            let name = first.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let stem = name.split('.').next().unwrap_or("history").to_owned();
            first.with_file_name(format!("{stem}.rehearsal.yaml"))
        }
        (None, None) => PathBuf::from("history.rehearsal.yaml"),
    };
    if !args.stdout {
        files::refuse_to_overwrite(std::slice::from_ref(&path), args.force)?;
    }
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let file = |object: &Object| relative(&folder, &object.file.to_string_lossy());
    let objects: BTreeMap<String, String> =
        args.objects.iter().map(|object| (format!("{}/{}", object.bucket, object.key), file(object))).collect();
    let options = Options {
        definition: args.definition.clone(),
        substitutions: args.substitutions.iter().cloned().collect(),
        described: args.describe.clone(),
        objects,
        name: args.name.clone(),
    };
    let record = record::record(&args.pages, &path, &options)?;
    if args.stdout {
        screen.show(|out| write!(out, "{}", record.text))?;
    } else {
        files::write(&path, record.text.as_bytes())?;
        screen.show(|out| {
            writeln!(out, "wrote  {}  of {}", path.display(), record.definition)?;
            writeln!(out, "       {}", record.verdict())?;
            record.differences.iter().try_for_each(|difference| writeln!(out, "       {difference}"))?;
            let left = record.differing.saturating_sub(record.differences.len());
            if left > 0 {
                writeln!(out, "       … and {left} more")?;
            }
            record.notes.iter().try_for_each(|note| writeln!(out, "note   {note}"))?;
            writeln!(out, "\n  rehearsal test {}", quoted(&path.to_string_lossy()))
        })?;
    }
    Ok(if record.reproduces { Exit::Succeeded } else { Exit::WorkflowFailed })
}
