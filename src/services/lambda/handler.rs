//! The user's handler as a process: started, heard, started again when it dies, and ended when nobody needs it.

use std::io::Read;
use std::process::Child;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::mailbox::{Mailbox, Wish};
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
        let how = match program.start() {
            Ok(mut child) => {
                let heard = hear(&mut child, mailbox);
                let how = watch(&mut child, mailbox);
                for thread in heard {
                    let _ = thread.join();
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

/// Passes on what a process says.
fn hear(child: &mut Child, mailbox: &Arc<Mailbox>) -> Vec<JoinHandle<()>> {
    drop(child.stdin.take());
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
        child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
    ];
    let listen = |mut pipe: Box<dyn Read + Send>| {
        let mailbox = Arc::clone(mailbox);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(n @ 1..) = pipe.read(&mut buffer) {
                mailbox.hear(&buffer[..n]);
            }
            // Its output is closed: it has most likely ended.
            mailbox.ring();
        })
    };
    pipes.into_iter().flatten().map(listen).collect()
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
