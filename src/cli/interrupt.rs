//! Ctrl-C: the first ends what goes on in order, the second at once.

use std::sync::mpsc::{self, Receiver};

use super::exit::Exit;
use super::screen::Failure;

/// A message for each Ctrl-C. The second one ends the process wherever it is.
pub(super) fn interruptions() -> Result<Receiver<()>, Failure> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let handler = move || {
        if sender.try_send(()).is_err() {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(handler).map_err(|e| Failure::new(Exit::Io, format!("failed to wait for Ctrl-C: {e}")))?;
    Ok(receiver)
}
