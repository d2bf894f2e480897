//! Coverage as people read it in a terminal.

use std::fmt;

use super::Coverage;
use super::machine::{MachineCoverage, Share};
use super::threshold::shown;

/// How many missing points of a machine are listed before the rest is counted.
const MOST_LISTED: usize = 25;

/// A coverage as text: a line for each machine, then what is missing.
pub struct Table<'a> {
    coverage: &'a Coverage,
    color: bool,
    whole: bool,
}

impl Coverage {
    /// The coverage as people read it in a terminal.
    pub fn table(&self) -> Table<'_> {
        Table { coverage: self, color: false, whole: false }
    }
}

impl Table<'_> {
    /// With colours or without; without is the default.
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.color = color;
        self
    }
    /// Lists everything that is missing, however much it is.
    #[must_use]
    pub fn whole(mut self, whole: bool) -> Self {
        self.whole = whole;
        self
    }

    fn paint(&self, ink: &str, text: &str) -> String {
        if self.color { format!("\x1b[{ink}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn machine(&self, f: &mut fmt::Formatter<'_>, machine: &MachineCoverage) -> fmt::Result {
        let file = machine.file().map(|file| format!(" · {file}")).unwrap_or_default();
        let tests = match machine.tests().count() {
            1 => "1 test".to_owned(),
            n => format!("{n} tests"),
        };
        writeln!(f, "{}{}", self.paint("1", machine.name()), self.paint("2", &format!("{file} · {tests}")))?;
        for (kind, share) in machine.shares() {
            let bar = bar(share);
            let ink = if share.is_whole() { "32" } else { "33" };
            let percent = shown(share.percent());
            writeln!(f, "  {:<12} {} {percent:>6}  {share}", kind.word(), self.paint(ink, &bar))?;
        }
        let missing: Vec<_> = machine.missing().collect();
        if missing.is_empty() {
            return Ok(());
        }
        writeln!(f, "  {}", self.paint("2", "not reached:"))?;
        let most = if self.whole { missing.len() } else { MOST_LISTED.min(missing.len()) };
        let lines: Vec<String> = missing.iter().map(|p| p.line.map_or(String::new(), |l| l.to_string())).collect();
        let width = lines.iter().map(String::len).max().unwrap_or(0);
        for (point, line) in missing.iter().zip(&lines).take(most) {
            let state = if point.state.is_empty() { "the machine's" } else { &point.state };
            let line = if width > 0 { format!("{line:>width$}  ") } else { String::new() };
            writeln!(f, "    {}{state}: {}", self.paint("2", &line), point.missing())?;
        }
        if most < missing.len() {
            writeln!(f, "    … and {} more", missing.len() - most)?;
        }
        Ok(())
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, machine) in self.coverage.machines().iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            self.machine(f, machine)?;
        }
        Ok(())
    }
}

/// A bar of ten characters; it is full only where nothing is missing, and empty only where nothing is reached.
fn bar(share: Share) -> String {
    let tenths = match share {
        Share { reached: 0, .. } => 0,
        share if share.is_whole() => 10,
        share => (share.reached * 10 / share.of.max(1)).clamp(1, 9),
    };
    "█".repeat(tenths) + &"░".repeat(10 - tenths)
}
