//! `rehearsal init`: a first scenario file for each machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use rehearsal::asl::CompileOptions;
use rehearsal::iac::{self, Found};
use rehearsal::import::{init, place};
use rehearsal::scenario::quoted;

use super::exit::Exit;
use super::files;
use super::screen::{Failure, Screen};

/// The table in `--help`.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  a scenario file is written for every machine, or was there already
  1  a scenario is written whose execution does not succeed: no input was found with which it does
  2  the command line cannot be understood, or there is no machine
  3  a definition is refused
  6  a file cannot be read or written";

#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// A file or folder with machines
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// A value for a placeholder, a parameter or a reference, as NAME=VALUE
    #[arg(long = "substitute", value_name = "NAME=VALUE", value_parser = super::args::substitution)]
    substitutions: Vec<(String, String)>,
    /// The folder to write to [default: tests/scenarios in PATH, or here where PATH is a file]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Print what would be written, and write nothing
    #[arg(long, conflicts_with = "force")]
    stdout: bool,
    /// Say what would be written, and write nothing
    #[arg(long, conflicts_with_all = ["force", "stdout"])]
    dry_run: bool,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &InitArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let substitute = |options: CompileOptions, (name, value): &(String, String)| options.substitute(name, value);
    let options = args.substitutions.iter().fold(CompileOptions::default(), substitute);
    let search = iac::search(&args.path, &options);
    let mut exit = Exit::Succeeded;
    for failure in search.failures {
        let failure = Failure::from(failure);
        exit = failure.exit;
        screen.complain(&failure);
    }
    if search.found.is_empty() {
        if exit != Exit::Succeeded {
            return Ok(exit);
        }
        let failure = Failure::new(Exit::Usage, format!("there is no state machine in `{}`", args.path.display()));
        return Err(failure.help("name a folder with definitions, templates or Terraform: `rehearsal init infra`"));
    }
    let folder = match &args.output {
        Some(folder) => folder.clone(),
        None if files::is_folder(&args.path) => beside(&args.path),
        None => beside(Path::new(".")),
    };
    let mut taken = BTreeSet::new();
    let mut written = 0;
    for found in &search.found {
        let path = free(&folder, found, &mut taken);
        let worst = write(args, found, &path, &mut written, screen)?;
        exit = if worst as u8 > exit as u8 { worst } else { exit };
    }
    if written > 0 && !args.dry_run && !args.stdout {
        screen.show(|out| {
            writeln!(
                out,
                "\nNext: put in what your services answer, then let a task `fail` and say what has to come of it."
            )?;
            writeln!(out, "  rehearsal test {}", quoted(&folder.to_string_lossy()))
        })?;
    }
    Ok(exit)
}

fn beside(path: &Path) -> PathBuf {
    if path == Path::new(".") { PathBuf::from("tests/scenarios") } else { path.join("tests/scenarios") }
}

/// A file of the machine's name; of two machines with one name the second gets a number.
fn free(folder: &Path, found: &Found, taken: &mut BTreeSet<String>) -> PathBuf {
    let name = files::file_name(found.name());
    let mut number = 1;
    loop {
        let stem = if number == 1 { name.clone() } else { format!("{name}-{number}") };
        if taken.insert(stem.to_lowercase()) {
            return folder.join(format!("{stem}.rehearsal.yaml"));
        }
        number += 1;
    }
}

fn write(
    args: &InitArgs,
    found: &Found,
    path: &Path,
    written: &mut usize,
    screen: &mut Screen,
) -> Result<Exit, Failure> {
    let writes = !args.stdout && !args.dry_run;
    if writes && files::refuse_to_overwrite(&[path.to_owned()], args.force).is_err() {
        let line = format!("there   {}  left as it is; `--force` writes over it", path.display());
        screen.show(|out| writeln!(out, "{line}"))?;
        return Ok(Exit::Succeeded);
    }
    let first = match init::first(found, path) {
        Ok(first) => first,
        Err(error) => {
            let failure = Failure::from(error);
            screen.complain(&failure);
            return Ok(failure.exit);
        }
    };
    if args.stdout {
        screen.show(|out| write!(out, "{}", first.text))?;
        *written += 1;
        return Ok(exit_of(&first));
    }
    if writes {
        let folder = path.parent().unwrap_or(Path::new(""));
        for (name, bytes) in &first.files {
            files::write(&folder.join(name), bytes)?;
        }
        files::write(path, first.text.as_bytes())?;
    }
    *written += 1;
    let did = if writes { "wrote" } else { "would write" };
    screen.show(|out| {
        writeln!(out, "{did}  {}  of {} · {}", path.display(), place::target(found), first.status)?;
        first.tells.iter().try_for_each(|tell| writeln!(out, "       {tell}"))
    })?;
    Ok(exit_of(&first))
}

fn exit_of(first: &init::First) -> Exit {
    if first.tells.is_empty() { Exit::Succeeded } else { Exit::WorkflowFailed }
}
