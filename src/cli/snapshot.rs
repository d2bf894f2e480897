//! `rehearsal snapshot`: new snapshots are looked at and accepted or rejected; those nobody asks for are told.

use std::io::{BufRead, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use rehearsal::diagnostic::{Diagnostic, counted};
use rehearsal::scenario::suite::Suite;
use rehearsal::snapshot::{self, About, Pending};

use super::exit::Exit;
use super::files::printable;
use super::screen::{Failure, Screen};

/// The table in `--help`; the README has the same one.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  done, or nothing waits
  1  `review` ended, or had no terminal to ask on, and something still waits
  2  the command line cannot be understood, or a path is no snapshot
  6  a file cannot be read or written";

#[derive(Args, Debug)]
pub(crate) struct SnapshotArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show what waits, and from where it is
    List(Places),
    /// Show what differs, one after the other, and ask what to do
    Review(Places),
    /// Put new snapshots in the place of the stored ones
    Accept(Places),
    /// Take new snapshots away
    Reject(Places),
}

#[derive(Args, Debug)]
struct Places {
    /// Folders to look in, snapshots (`.snap` or `.snap.new`) and scenario files [default: .]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// How many snapshots that nobody asks for are named.
const MOST_LISTED: usize = 20;

/// What to do with snapshots of scenarios that no scenario asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnUnreferenced {
    /// Say nothing
    Ignore,
    /// List them
    Warn,
    /// List them, and fail
    Reject,
    /// Delete them
    Delete,
}

pub(crate) fn run(args: &SnapshotArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let (What::List(places) | What::Review(places) | What::Accept(places) | What::Reject(places)) = &args.what;
    let paths = if places.paths.is_empty() { &[PathBuf::from(".")][..] } else { &places.paths };
    let pending = snapshot::pending(paths)
        .map_err(|e| Failure::from(e).help("name folders, `.snap` files or scenario files, or nothing at all"))?;
    if pending.is_empty() {
        screen.show(|out| writeln!(out, "no snapshot waits for a review"))?;
        return Ok(Exit::Succeeded);
    }
    match args.what {
        What::List(_) => list(&pending, screen),
        What::Review(_) if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() => {
            review(&pending, &mut std::io::stdin().lock(), screen)
        }
        What::Review(_) => {
            list(&pending, screen)?;
            let them = if pending.len() == 1 { "it" } else { "them" };
            screen.show(|out| {
                writeln!(
                    out,
                    "\nthere is no terminal to ask on: `rehearsal snapshot accept` and `rehearsal snapshot reject`"
                )?;
                writeln!(out, "decide about {them} all, or about the paths that follow")
            })?;
            Ok(Exit::WorkflowFailed)
        }
        What::Accept(_) => decide(&pending, "accepted", Pending::accept, screen),
        What::Reject(_) => decide(&pending, "rejected", Pending::reject, screen),
    }
}

fn list(pending: &[Pending], screen: &mut Screen) -> Result<Exit, Failure> {
    let abouts: Vec<About> = pending.iter().map(Pending::about).collect::<Result<_, _>>()?;
    let paths: Vec<String> = pending.iter().map(|one| printable(&one.stored().to_string_lossy())).collect();
    let width = paths.iter().map(|path| path.chars().count()).max().unwrap_or(0);
    screen.show(|out| {
        for (path, about) in paths.iter().zip(&abouts) {
            let state = if about.is_new { "new    " } else { "changed" };
            let line = format!("{path:<width$}  {state}  {}", printable(&about.origin));
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    })?;
    Ok(Exit::Succeeded)
}

/// Does the same with all of them; what was done before something failed is said, too.
fn decide(
    pending: &[Pending],
    done: &str,
    act: fn(&Pending) -> Result<(), rehearsal::Error>,
    screen: &mut Screen,
) -> Result<Exit, Failure> {
    for one in pending {
        act(one)?;
        let path = printable(&one.stored().to_string_lossy());
        screen.show(|out| writeln!(out, "{done}  {path}"))?;
    }
    screen.show(|out| writeln!(out, "{} {done}", counted(pending.len(), "snapshot")))?;
    Ok(Exit::Succeeded)
}

/// What somebody wants done with a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Accept,
    Reject,
    Skip,
    Quit,
}

impl Answer {
    /// The words, each of which its first letter is enough for; nothing typed decides nothing.
    const ALL: [(&'static str, Answer); 4] =
        [("accept", Answer::Accept), ("reject", Answer::Reject), ("skip", Answer::Skip), ("quit", Answer::Quit)];

    fn of(typed: &str) -> Option<Answer> {
        let typed = typed.trim().to_lowercase();
        let is_it = |(word, _): &&(&str, Answer)| !typed.is_empty() && word.starts_with(&typed);
        Answer::ALL.iter().find(is_it).map(|(_, answer)| *answer)
    }
}

/// Shows one after the other and does what is answered.
fn review(pending: &[Pending], input: &mut dyn BufRead, screen: &mut Screen) -> Result<Exit, Failure> {
    let color = screen.color();
    let (mut accepted, mut rejected) = (0, 0);
    for (i, one) in pending.iter().enumerate() {
        let (about, difference) = (one.about()?, one.difference()?);
        let lines = shown(one, &about, &difference, (i + 1, pending.len()), color);
        screen.show(|out| write!(out, "{lines}"))?;
        match ask(input, screen)? {
            Answer::Accept => {
                one.accept()?;
                accepted += 1;
            }
            Answer::Reject => {
                one.reject()?;
                rejected += 1;
            }
            Answer::Skip => {}
            Answer::Quit => break,
        }
    }
    let waiting = pending.len() - accepted - rejected;
    screen.show(|out| writeln!(out, "\n{accepted} accepted, {rejected} rejected, {waiting} still waiting"))?;
    Ok(if waiting == 0 { Exit::Succeeded } else { Exit::WorkflowFailed })
}

fn ask(input: &mut dyn BufRead, screen: &mut Screen) -> Result<Answer, Failure> {
    loop {
        screen.show(|out| write!(out, "a(ccept), r(eject), s(kip) or q(uit)? "))?;
        let mut typed = String::new();
        let read = input.read_line(&mut typed);
        match read {
            Ok(0) => return Ok(Answer::Quit),
            Ok(_) => {}
            Err(e) => return Err(Failure::new(Exit::Io, format!("failed to read the answer: {e}"))),
        }
        if let Some(answer) = Answer::of(&typed) {
            return Ok(answer);
        }
    }
}

/// A snapshot as somebody reads it who has to decide.
fn shown(one: &Pending, about: &About, difference: &str, (number, of): (usize, usize), color: bool) -> String {
    let paint = |ink: &str, text: &str| if color { format!("\x1b[{ink}m{text}\x1b[0m") } else { text.to_owned() };
    let state = if about.is_new { "new" } else { "changed" };
    let path = printable(&one.stored().to_string_lossy());
    let mut text = format!("\n{} {}  {state}\n", paint("2", &format!("{number} of {of}")), paint("1", &path));
    for line in [Some(&about.origin), about.description.as_ref()].into_iter().flatten().filter(|l| !l.is_empty()) {
        text.push_str(&format!("  {}\n", paint("2", &printable(line))));
    }
    text.push('\n');
    for line in difference.lines() {
        let plain = printable(line);
        let inked = match line.chars().next() {
            Some('-') => paint("31", &plain),
            Some('+') => paint("32", &plain),
            _ => plain,
        };
        text.push_str(&format!("  {}\n", inked.trim_end()));
    }
    text.push('\n');
    text
}

/// Tells of snapshots that no scenario asks for, or deletes them; says whether that is a failure.
pub(crate) fn unreferenced(
    suite: &Suite,
    places: &[PathBuf],
    what: OnUnreferenced,
    screen: &mut Screen,
) -> Result<bool, Failure> {
    if what == OnUnreferenced::Ignore {
        return Ok(false);
    }
    let found = suite.unreferenced(places)?;
    if found.is_empty() {
        return Ok(false);
    }
    let mut lines = String::new();
    for (i, one) in found.iter().enumerate() {
        if what == OnUnreferenced::Delete {
            one.delete()?;
        }
        if i >= MOST_LISTED {
            continue;
        }
        let is_there = one.path.parent().and_then(Path::parent).is_some_and(|folder| folder.join(&one.file).exists());
        let of = if is_there { one.file.clone() } else { format!("{}, which is gone", one.file) };
        lines.push_str(&format!("\n`{}`, once `{}` of {of}", one.path.display(), one.scenario));
    }
    if let Some(more) = found.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
        lines.push_str(&format!("\nand {more} more"));
    }
    let count = counted(found.len(), "snapshot");
    let unasked = format!("no scenario asks for {count}:{lines}");
    let finding = match what {
        OnUnreferenced::Delete => {
            Diagnostic::note("unreferenced", format!("deleted {count} that no scenario asks for:{lines}"))
        }
        OnUnreferenced::Reject => Diagnostic::error("unreferenced", unasked).help(DELETES),
        OnUnreferenced::Ignore | OnUnreferenced::Warn => Diagnostic::warning("unreferenced", unasked).help(DELETES),
    };
    screen.report(&[finding]);
    Ok(what == OnUnreferenced::Reject)
}

const DELETES: &str = "`--unreferenced delete` deletes such snapshots, `--unreferenced ignore` says nothing of them";
