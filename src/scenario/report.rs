//! What a failed scenario says: what differs, the evidence, the place in the user's own file, the command that repeats
//! it.

use std::fmt;

use super::check::Failure;
use super::entry::Scenario;
use super::file::ScenarioFile;
#[cfg(feature = "fuzz")]
use super::property::Property;
use super::run::Outcome;
use crate::diagnostic::Diagnostic;
use crate::harness::Run;
use crate::source::Span;
use crate::time::format_offset;

/// A scenario that did not go as expected, or a property that does not hold, as people read it.
pub struct Failed<'a> {
    file: &'a ScenarioFile,
    name: &'a str,
    outcome: &'a Outcome,
    color: bool,
    whole: bool,
    /// The command that runs it again.
    again: String,
}

impl ScenarioFile {
    /// The report of a scenario that failed.
    pub fn failed<'a>(&'a self, scenario: &'a Scenario, outcome: &'a Outcome) -> Failed<'a> {
        let again = self.again(scenario, outcome);
        Failed { file: self, name: scenario.name(), outcome, color: false, whole: false, again }
    }
    /// The command that runs one scenario again, exactly.
    pub fn again(&self, scenario: &Scenario, outcome: &Outcome) -> String {
        self.again_by_name(scenario.name(), (outcome.seed != scenario.seed).then_some(outcome.seed))
    }
    /// The report of a property that does not hold.
    #[cfg(feature = "fuzz")]
    pub fn broken<'a>(&'a self, property: &'a Property, outcome: &'a Outcome) -> Failed<'a> {
        let again = self.fuzzed_again(property, outcome);
        Failed { file: self, name: property.name(), outcome, color: false, whole: false, again }
    }
    /// The command that runs the cases of one property again.
    #[cfg(feature = "fuzz")]
    pub fn fuzzed_again(&self, property: &Property, outcome: &Outcome) -> String {
        self.again_by_name(property.name(), (outcome.seed != property.seed()).then_some(outcome.seed))
    }
    fn again_by_name(&self, name: &str, seed: Option<u64>) -> String {
        let seed = seed.map(|seed| format!(" --seed {seed}")).unwrap_or_default();
        let file = self.asked_for_by.clone().unwrap_or_else(|| quoted(&self.path().to_string_lossy()));
        format!("rehearsal test {file} -t {}{seed}", quoted(name))
    }
}

impl Failed<'_> {
    /// The same, coloured for a terminal.
    #[must_use]
    pub fn color(mut self, on: bool) -> Self {
        self.color = on;
        self
    }
    /// The same, with nothing of the history cut.
    #[must_use]
    pub fn whole(mut self, on: bool) -> Self {
        self.whole = on;
        self
    }

    /// The same, with another command that runs it again.
    #[cfg(feature = "trials")]
    pub(crate) fn again(mut self, command: &str) -> Self {
        command.clone_into(&mut self.again);
        self
    }

    fn place(&self, span: Span) -> String {
        let (line, _) = self.file.source.line_col(span.start as usize);
        format!("{}:{line}", self.file.source.name())
    }

    fn failure(&self, f: &mut fmt::Formatter<'_>, failure: &Failure) -> fmt::Result {
        let place = failure.span.map(|span| format!("  ({})", self.place(span))).unwrap_or_default();
        writeln!(f, "  {}: {}{}", failure.about, failure.message, self.dim(&place))?;
        if let Some(evidence) = &failure.evidence {
            writeln!(f)?;
            for line in evidence.lines() {
                writeln!(f, "     {}", line.trim_end())?;
            }
        }
        if let (Some((state, retry)), Some(run)) = (&failure.wait, self.outcome.run())
            && let Some(finding) = wait(self.file, run, state, *retry)
        {
            writeln!(f, "\n  the wait comes from here:")?;
            for line in finding.render(self.color).lines().skip(1) {
                writeln!(f, "    {line}")?;
            }
        }
        writeln!(f)
    }

    fn dim(&self, text: &str) -> String {
        if self.color && !text.is_empty() { format!("\x1b[2m{text}\x1b[0m") } else { text.to_owned() }
    }
}

impl fmt::Display for Failed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (red, reset) = if self.color { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
        let file = self.file.path().display();
        writeln!(f, "{red}FAIL{reset}  {file} › {}\n", self.name)?;
        for failure in &self.outcome.failures {
            self.failure(f, failure)?;
        }
        if let Some(trouble) = &self.outcome.trouble {
            for line in trouble.to_string().lines() {
                writeln!(f, "  {line}")?;
            }
            // There are no mocks to write in such a file.
            if self.file.asked_for_by.is_some() {
                writeln!(
                    f,
                    "\n  in {file}: name a response for the state in the test case, with a number for each of its calls"
                )?;
            }
            writeln!(f)?;
        }
        if let Some(run) = self.outcome.run() {
            let took = format_offset(run.elapsed());
            writeln!(f, "  {} · {took} on the clock · seed {}", run.status().name(), self.outcome.seed)?;
            let compact = run.compact().indent(4).color(self.color);
            let compact = if self.whole { compact.whole() } else { compact };
            writeln!(f, "{}\n", compact.to_string().trim_end())?;
        }
        if let Some(kept) = self.outcome.kept() {
            writeln!(f, "  kept:  {}", kept.display())?;
        }
        writeln!(f, "  again: {}", self.again)
    }
}

/// Where the definition says how long it waits before a retry, with the sum.
fn wait(file: &ScenarioFile, run: &Run, state: &str, retry: usize) -> Option<Diagnostic> {
    let visit = run.timeline().visits_of(state.rsplit('/').next()?).find(|v| v.attempts.len() > retry)?;
    let error = visit.attempts.get(retry - 1)?.error()?;
    let inner = &file.machine.inner;
    let compiled = inner.states.iter().find(|s| s.name == visit.name)?;
    let position = crate::engine::retry::matching(&compiled.retry, error.name())?;
    let retrier = compiled.retry.get(position)?;
    // Each retrier counts its own retries.
    let own = visit.attempts.get(..retry)?.iter().filter_map(|a| a.error());
    let nth = own.filter(|e| crate::engine::retry::matching(&compiled.retry, e.name()) == Some(position)).count();
    let source = inner.source.as_ref()?;
    let name = state.rsplit('/').next()?;
    let written = inner.written().into_iter().find(|member| &*member.key == name)?;
    let node = written.value.get("Retry")?.items().get(position)?;
    let mut words: Vec<&str> = vec!["IntervalSeconds", "BackoffRate", "MaxDelaySeconds"];
    words.retain(|word| node.member(word).is_some());
    let first = words.first().and_then(|word| node.member(word));
    let span = first.map_or(node.span, |m| Span::new(m.key_span.start as usize, m.value.span.end as usize));
    let power = nth.saturating_sub(1);
    let seconds = retrier.interval_seconds as f64 * retrier.backoff_rate.powi(i32::try_from(power).unwrap_or(i32::MAX));
    let mut sum = format!("retry {nth} waits {} s", retrier.interval_seconds);
    if power > 0 {
        sum.push_str(&format!(" × {}", retrier.backoff_rate));
        if power > 1 {
            sum.push_str(&format!("^{power}"));
        }
        sum.push_str(&format!(" = {seconds} s"));
    }
    if let Some(most) = retrier.max_delay_seconds.filter(|most| (*most as f64) < seconds) {
        sum.push_str(&format!(", at most {most} s"));
    }
    Some(Diagnostic::note("wait", "the wait").at(source, span, sum))
}

/// A name or a path as it is written in a command: in quotes where the shell would read something else.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    if text.contains(['"', '$', '`', '\\', '!']) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    format!("\"{text}\"")
}
