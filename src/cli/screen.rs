//! Where the command line writes.

use std::io::{self, IsTerminal as _, Write};

use rehearsal::Error;
use rehearsal::diagnostic::{Diagnostic, Diagnostics};

use super::args::ColorChoice;
use super::exit::Exit;

/// Standard output and standard error, with or without colours.
pub(crate) struct Screen {
    out: io::BufWriter<io::StdoutLock<'static>>,
    err: io::StderrLock<'static>,
    out_color: bool,
    err_color: bool,
    /// Whether nobody reads standard output any more.
    is_left: bool,
}

/// Why a command stopped before it had anything to show.
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// The sentence, where no findings tell it better.
    pub(crate) message: String,
    pub(crate) findings: Diagnostics,
    pub(crate) help: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, message: message.into(), findings: Diagnostics::default(), help: None }
    }
    pub(crate) fn found(exit: Exit, findings: impl Into<Diagnostics>) -> Failure {
        Failure { exit, message: String::new(), findings: findings.into(), help: None }
    }
    pub(crate) fn help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let exit = error.kind().into();
        match error.diagnostics() {
            [] => Failure::new(exit, format!("{error:?}")),
            findings => Failure::found(exit, findings.to_vec()),
        }
    }
}

impl Screen {
    pub(crate) fn new(color: ColorChoice) -> Screen {
        let (out, err) = (io::stdout().lock(), io::stderr().lock());
        #[expect(clippy::disallowed_methods, reason = "the terminal's owner says so by an environment variable")]
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        let wanted = |is_terminal: bool| match color {
            ColorChoice::Auto => is_terminal && !plain,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        let (out_color, err_color) = (wanted(out.is_terminal()), wanted(err.is_terminal()));
        Screen { out: io::BufWriter::new(out), err, out_color, err_color, is_left: false }
    }
    /// Whether somebody watches standard error.
    pub(crate) fn is_terminal(&self) -> bool {
        self.err.is_terminal()
    }
    /// Whether standard output is coloured.
    pub(crate) fn color(&self) -> bool {
        self.out_color
    }
    /// Writes to standard output. A reader who has seen enough and left is no failure.
    pub(crate) fn show(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let written = write(&mut self.out).and_then(|()| self.out.flush());
        self.is_left |= written.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::BrokenPipe);
        match written {
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(Exit::Io, format!("failed to write the output: {e}")))
            }
            _ => Ok(()),
        }
    }
    /// Whether the reader of standard output has seen enough and left.
    pub(crate) fn is_left(&self) -> bool {
        self.is_left
    }
    /// Takes what was shown away, where it is a terminal that shows it.
    pub(crate) fn clear(&mut self) {
        if self.out.get_ref().is_terminal() {
            let _ = self.out.write_all(b"\x1b[2J\x1b[3J\x1b[H");
        }
    }
    /// Writes findings to standard error. Where that cannot be written, nobody is left to be told.
    pub(crate) fn report(&mut self, findings: &[Diagnostic]) {
        for finding in findings {
            let _ = writeln!(self.err, "{}\n", finding.render(self.err_color));
        }
    }
    /// Writes to standard error as it is, where standard output is for another program.
    pub(crate) fn aside(&mut self, text: &str) {
        let _ = write!(self.err, "{text}");
    }
    /// Says what is not as it should be and stops nothing.
    pub(crate) fn warn(&mut self, message: &str) {
        let (yellow, reset) = if self.err_color { ("\x1b[1;33m", "\x1b[0m") } else { ("", "") };
        let _ = writeln!(self.err, "{yellow}warning{reset}: {message}");
    }
    /// Says why the command stopped.
    pub(crate) fn complain(&mut self, failure: &Failure) {
        let (red, reset) = if self.err_color { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
        let _ = match failure.findings.as_slice() {
            [] => writeln!(self.err, "{red}error{reset}: {}", failure.message.trim_end()),
            _ => writeln!(self.err, "{}", failure.findings.render(self.err_color)),
        };
        if let Some(help) = &failure.help {
            let _ = writeln!(self.err, "help: {help}");
        }
    }
}
