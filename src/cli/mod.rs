//! The command line: reads what was typed and what the files say, runs, shows, and says how it went by an exit code.

mod args;
mod coverage;
mod exit;
mod explain;
mod files;
mod github;
mod graph;
mod import;
mod init;
mod interrupt;
mod junit;
mod lint;
mod list;
mod record;
mod run;
mod schema;
mod screen;
mod serve;
mod snapshot;
mod test;
mod test_state;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};
use exit::Exit;
use screen::Screen;

pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help and the version are for standard output and no failure; clap knows which is which. Where neither
            // can be written, nobody is left to be told.
            let _ = e.print();
            return if e.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    let mut screen = Screen::new(cli.color);
    let ended = match &cli.command {
        Command::Run(args) => run::run(args, &mut screen),
        Command::Test(args) => test::run(args, &mut screen),
        Command::Snapshot(args) => snapshot::run(args, &mut screen),
        Command::Coverage(args) => coverage::run(args, &mut screen),
        Command::TestState(args) => test_state::run(args, &mut screen),
        Command::Init(args) => init::run(args, &mut screen),
        Command::Import(args) => import::run(args, &mut screen),
        Command::Record(args) => record::run(args, &mut screen),
        Command::List(args) => list::list(args, &mut screen),
        Command::Graph(args) => graph::graph(args, &mut screen),
        Command::Lint(args) => lint::run(args, &mut screen),
        Command::Explain(args) => explain::explain(args, &mut screen),
        Command::Serve(args) => serve::run(args, &mut screen),
        Command::Schema => schema::print(&mut screen),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            screen.complain(&failure);
            failure.exit.into()
        }
    }
}
