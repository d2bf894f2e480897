//! The `rehearsal` command: runs a state machine on a virtual clock and shows what happened.

mod cli;

use std::process::ExitCode;

/// A run makes and drops many small values; this allocator hands memory out faster than most systems' own and keeps what
/// comes back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
