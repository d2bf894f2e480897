//! The `rehearsal` command: runs a state machine on a virtual clock and shows what happened.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
