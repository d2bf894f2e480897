//! The user's handler as a process: started, heard, started again when it dies, and ended when nobody needs it.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::mailbox::{MARK, Mailbox, THE_END, Wish, mark};
use crate::outside::command::{Program, kill, spelt};

/// How long the supervisor waits before it looks at its process without being rung for.
const GLANCE: Duration = Duration::from_millis(50);

/// A handler's process, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Handler {
    mailbox: Arc<Mailbox>,
    supervisor: Option<JoinHandle<()>>,
}

impl Handler {
    /// Starts a program that serves the invocations of a mailbox.
    pub(super) fn start(program: Program, mailbox: Arc<Mailbox>) -> Handler {
        let of = Arc::clone(&mailbox);
        let spawned =
            std::thread::Builder::new().name("rehearsal-handler".into()).spawn(move || supervise(&program, &of));
        Handler { mailbox, supervisor: spawned.ok() }
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.mailbox.stop();
        if let Some(supervisor) = self.supervisor.take() {
            let _ = supervisor.join();
        }
    }
}

fn supervise(program: &Program, mailbox: &Arc<Mailbox>) {
    while mailbox.starts() {
        let how = match program.start_heard() {
            Ok((mut child, reader, mut writer)) => {
                let own = Arc::clone(mailbox);
                let heard = std::thread::spawn(move || hear(reader, &own));
                mailbox.marks_with(writer.try_clone().ok());
                let how = watch(&mut child, mailbox);
                mailbox.marks_with(None);
                // What it has said by now is heard, even where something that it started still holds the pipe.
                if writer.write_all(&mark(THE_END)).is_ok() {
                    let _ = heard.join();
                }
                how
            }
            Err(why) => why,
        };
        // One that dies before it asks for work would only die again.
        if !mailbox.died(&how) && !mailbox.wait_for_work() {
            return;
        }
    }
}

/// Passes on what a process says up to its end, and which invocations are over in between.
fn hear(mut pipe: impl Read, mailbox: &Mailbox) {
    /// No mark is longer.
    const MOST: usize = 64;
    let mut buffer = [0; 8192];
    let mut rest: Vec<u8> = Vec::new();
    while let Ok(n @ 1..) = pipe.read(&mut buffer) {
        rest.extend_from_slice(&buffer[..n]);
        loop {
            let start = rest.iter().position(|byte| *byte == MARK).unwrap_or(rest.len());
            mailbox.hear(&rest[..start]);
            rest.drain(..start);
            let name = rest.get(1..).and_then(|after| after.iter().take(MOST).position(|byte| *byte == MARK));
            match name {
                Some(length) => {
                    let name = String::from_utf8_lossy(&rest[1..=length]).into_owned();
                    if name == THE_END {
                        return;
                    }
                    // A process may say such a thing itself.
                    let said = if mailbox.is_complete(&name) { length + 2 } else { 1 };
                    if said == 1 {
                        mailbox.hear(&rest[..1]);
                    }
                    rest.drain(..said);
                }
                None if rest.len() > MOST => {
                    mailbox.hear(&rest[..1]);
                    rest.drain(..1);
                }
                None => break,
            }
        }
    }
}

/// Waits for a process to end, or ends it where that is wanted; says how it ended.
fn watch(child: &mut Child, mailbox: &Mailbox) -> String {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                // What it started does not outlive it.
                kill(child);
                return spelt(status);
            }
            Ok(None) => {}
            Err(e) => return e.to_string(),
        }
        if mailbox.wait(GLANCE) != Wish::Run {
            kill(child);
            return child.wait().map_or_else(|e| e.to_string(), spelt);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_mark_and_is_none_is_part_of_what_was_said() {
        let mailbox = Mailbox::new("f");
        let said = [b"a\x1e".as_slice(), b"b\x1ec", &mark(THE_END), b"lost"].concat();
        hear(said.as_slice(), &mailbox);
        // Nobody is told of the log but an invocation that fails.
        assert!(mailbox.log_so_far().contains("a\u{1e}b\u{1e}c"));
        assert!(!mailbox.log_so_far().contains("lost"));
    }
}
