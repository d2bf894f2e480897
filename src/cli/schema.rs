//! `rehearsal schema`: what editors know of scenario files.

use rehearsal::scenario::schema;

use super::exit::Exit;
use super::screen::{Failure, Screen};

pub(crate) fn print(screen: &mut Screen) -> Result<Exit, Failure> {
    screen.show(|out| writeln!(out, "{:#}", schema()))?;
    Ok(Exit::Succeeded)
}
