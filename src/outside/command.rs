//! Programs: started with an input and an environment, given so much time, their output taken in bounds.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::timer::now;

/// How to start a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Where it runs; where we do by default.
    pub directory: Option<PathBuf>,
    /// Variables on top of our own environment.
    pub environment: BTreeMap<String, String>,
}

/// What came of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    /// Its standard output, as far as it is taken.
    pub output: Vec<u8>,
    /// Whether there was more of it.
    pub is_cut: bool,
    /// Its standard error, the end of it.
    pub log: Vec<u8>,
    /// How it ended.
    pub end: End,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With status 0.
    Well,
    /// With another status or by a signal, in words: `exit status 1`, `signal: killed`.
    Badly(String),
    /// It was ended because its time was over.
    OutOfTime,
    /// It could not be started.
    NotStarted(String),
}

/// The most of a program's standard error that is kept: its end.
const MOST_LOG: usize = 256 * 1024;

/// The words of a command line. Quotes hold words together; nothing else is special.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

impl Program {
    /// The program of a command line.
    pub(crate) fn of(line: &str) -> Program {
        Program { words: words(line), directory: None, environment: BTreeMap::new() }
    }
    /// Starts it.
    ///
    /// # Errors
    /// There is no such program, or it may not be run.
    pub(crate) fn start(&self) -> Result<Child, String> {
        let mut command = self.prepared()?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.spawned(&mut command)
    }
    /// Starts it with one pipe for all that it says, of which the other end is given as well: whoever writes there writes
    /// behind what the program has said by then.
    ///
    /// # Errors
    /// There is no such program, or it may not be run.
    #[cfg(feature = "wire")]
    pub(crate) fn start_heard(&self) -> Result<(Child, std::io::PipeReader, std::io::PipeWriter), String> {
        let mut command = self.prepared()?;
        let failed = |e: std::io::Error| format!("no pipe for `{}`: {e}", self.words.join(" "));
        let (reader, writer) = std::io::pipe().map_err(failed)?;
        command.stdin(Stdio::null());
        command.stdout(writer.try_clone().map_err(failed)?).stderr(writer.try_clone().map_err(failed)?);
        Ok((self.spawned(&mut command)?, reader, writer))
    }
    fn prepared(&self) -> Result<Command, String> {
        let Some((name, arguments)) = self.words.split_first() else { return Err("the command is empty".into()) };
        let mut command = Command::new(name);
        command.args(arguments).envs(&self.environment);
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        // A group of its own, so that what the program starts ends with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Ok(command)
    }
    fn spawned(&self, command: &mut Command) -> Result<Child, String> {
        let name = self.words.first().map_or("", String::as_str);
        command.spawn().map_err(|e| format!("`{name}` cannot be started: {e}"))
    }
    /// Runs it to its end, or to the end of its time.
    pub(crate) fn run(&self, input: Vec<u8>, most_output: usize, time: Duration) -> Finished {
        let mut finished = Finished { output: Vec::new(), is_cut: false, log: Vec::new(), end: End::Well };
        let mut child = match self.start() {
            Ok(child) => child,
            Err(why) => {
                finished.end = End::NotStarted(why);
                return finished;
            }
        };
        let deadline = now() + time;
        if let Some(mut stdin) = child.stdin.take() {
            // A program may end without reading what it is given.
            std::thread::spawn(move || drop(stdin.write_all(&input)));
        }
        let output = child.stdout.take().map(|pipe| reading(pipe, move |pipe| first(pipe, most_output)));
        let log = child.stderr.take().map(|pipe| reading(pipe, |pipe| (last(pipe, MOST_LOG), false)));
        let mut take = |pipe: Option<mpsc::Receiver<(Vec<u8>, bool)>>, child: &mut Child| {
            let pipe = pipe?;
            let left = deadline.saturating_duration_since(now());
            if let Ok(all) = pipe.recv_timeout(left) {
                return Some(all);
            }
            finished.end = End::OutOfTime;
            kill(child);
            // A grandchild that left the group may keep the pipe open; what it says is lost.
            pipe.recv_timeout(Duration::from_millis(200)).ok()
        };
        let (output, is_cut) = take(output, &mut child).unwrap_or_default();
        let (log, _) = take(log, &mut child).unwrap_or_default();
        (finished.output, finished.is_cut, finished.log) = (output, is_cut, log);
        if finished.end == End::Well && !ends_by(&mut child, deadline) {
            kill(&mut child);
            finished.end = End::OutOfTime;
        }
        let status = child.wait();
        if finished.end == End::Well {
            finished.end = match status {
                Ok(status) if status.success() => End::Well,
                Ok(status) => End::Badly(spelt(status)),
                Err(e) => End::Badly(e.to_string()),
            };
        }
        finished
    }
}

/// How a program ended, as Lambda words it: `exit status 1`, `signal: killed`.
pub(crate) fn spelt(status: std::process::ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => {
            let text = status.to_string();
            // `signal: 9 (SIGKILL)`
            if text.contains("SIGKILL") { "signal: killed".into() } else { text }
        }
    }
}

/// Whether a program that has closed its outputs ends in time.
#[expect(
    clippy::disallowed_methods,
    reason = "a program that has closed its outputs and goes on is looked at now and then"
)]
fn ends_by(child: &mut Child, deadline: std::time::Instant) -> bool {
    loop {
        match child.try_wait() {
            Ok(None) if now() < deadline => std::thread::sleep(Duration::from_millis(1)),
            Ok(None) => return false,
            _ => return true,
        }
    }
}

/// Ends a program and what it has started.
pub(crate) fn kill(child: &mut Child) {
    #[cfg(unix)]
    {
        let group = format!("-{}", child.id());
        let mut command = Command::new("kill");
        command.args(["-KILL", "--", &group]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = command.status();
    }
    let _ = child.kill();
}

fn reading<P: Read + Send + 'static>(
    pipe: P,
    read: impl FnOnce(P) -> (Vec<u8>, bool) + Send + 'static,
) -> mpsc::Receiver<(Vec<u8>, bool)> {
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let _ = sender.send(read(pipe));
    });
    receiver
}

/// The first so many bytes, and whether there were more; everything is read, so that the program can go on.
fn first(mut pipe: impl Read, most: usize) -> (Vec<u8>, bool) {
    let mut all = Vec::new();
    let _ = pipe.by_ref().take(most as u64).read_to_end(&mut all);
    let more = std::io::copy(&mut pipe, &mut std::io::sink()).unwrap_or(0);
    (all, more > 0)
}

/// The last so many bytes.
fn last(mut pipe: impl Read, most: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = [0; 8192];
    while let Ok(n @ 1..) = pipe.read(&mut buffer) {
        kept.extend_from_slice(&buffer[..n]);
        if kept.len() > 2 * most {
            kept.drain(..kept.len() - most);
        }
    }
    let surplus = kept.len().saturating_sub(most);
    kept.drain(..surplus);
    kept
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn shell(script: &str) -> Program {
        Program { words: vec!["sh".into(), "-c".into(), script.into()], ..Program::of("") }
    }

    #[test]
    fn a_command_line_has_words_and_quotes() {
        assert_eq!(
            words(r#" python3  -c 'print("a b")' "" x"y z" "#),
            ["python3", "-c", r#"print("a b")"#, "", "xy z"]
        );
        assert!(words("  ").is_empty());
    }

    #[test]
    fn a_program_gets_its_input_and_gives_output_log_and_status() {
        let finished = shell("cat; echo oops >&2; exit 3").run(b"[1]".to_vec(), 100, LONG);
        assert_eq!((&*finished.output, &*finished.log), (&b"[1]"[..], &b"oops\n"[..]));
        assert_eq!(finished.end, End::Badly("exit status 3".into()));
        // One that does not read a large input, and one that says too much.
        assert_eq!(shell("exit 0").run(vec![b'x'; 1 << 20], 100, LONG).end, End::Well);
        let much = shell("head -c 5000 /dev/zero").run(Vec::new(), 100, LONG);
        assert_eq!((much.output.len(), much.is_cut, much.end), (100, true, End::Well));
        let missing = Program::of("no-such-program-at-all").run(Vec::new(), 1, LONG);
        assert!(matches!(missing.end, End::NotStarted(why) if why.contains("no-such-program-at-all")));
    }

    #[test]
    fn a_program_and_what_it_started_end_with_their_time() {
        for script in ["sleep 60", "sleep 60 & wait", "exec >&- 2>&-; sleep 60"] {
            let finished = shell(script).run(Vec::new(), 100, Duration::from_millis(50));
            assert_eq!(finished.end, End::OutOfTime, "{script}");
        }
    }
}
