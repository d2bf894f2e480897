//! What the scenarios of a file have to cover, and whether they do.

use std::fmt::Write as _;

use super::file::ScenarioFile;
use super::format::{COVERAGE, names};
use crate::coverage::{Coverage, Kind, Shortfall, Thresholds};
use crate::source::words::Reader;
use crate::source::{Member, NodeKind};

/// How many points are listed for a share that is too small.
const MOST_LISTED: usize = 12;

/// `{ states: 100%, catchers: 95% }`
pub(super) fn thresholds(reader: &mut Reader<'_>, member: &Member) -> Thresholds {
    let mut asked = Thresholds::default();
    for share in reader.members(member) {
        if !reader.knows(share, &names(COVERAGE), "`coverage`") {
            continue;
        }
        let Some(kind) = Kind::of_word(&share.key) else { continue };
        let text = match &share.value.kind {
            NodeKind::String(text) => text.to_string(),
            _ => share.value.to_value().to_string(),
        };
        match crate::coverage::percent(&text) {
            Ok(percent) => asked = asked.with(kind, percent),
            Err(why) => {
                let message = format!("`{text}` is no share of `{}`", share.key);
                let help = why.rsplit_once("; ").map_or("write `95%`", |(_, help)| help);
                let is_part = text.starts_with("0.");
                let label = if is_part { "less than 1%" } else { "not between 0% and 100%" };
                reader.push(reader.error("wrong-value", message, &share.value, label).help(help));
            }
        }
    }
    asked
}

impl ScenarioFile {
    /// How much of the machine the scenarios of this file have to cover.
    pub fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// What all scenarios of the file together reach. Ignored ones do not run.
    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::default();
        for scenario in self.scenarios().iter().filter(|s| s.ignored().is_none()) {
            if let Some(run) = self.play(scenario, None, true).run() {
                coverage.add(scenario.name(), run);
            }
        }
        #[cfg(feature = "fuzz")]
        for property in self.properties().iter().filter(|p| p.ignored().is_none()) {
            let (outcome, _) = self.try_property(property, None, true);
            if let Some(reached) = outcome.reached {
                coverage.merge(*reached);
            }
        }
        coverage
    }

    /// The shares that are below what the file asks for.
    pub fn shortfalls(&self) -> Vec<Shortfall> {
        let coverage = self.coverage();
        let own = coverage.machines().iter().find(|m| m.name() == self.machine.name());
        own.map(|own| self.thresholds.shortfalls(own)).unwrap_or_default()
    }

    /// What is not covered and should be, as people read it.
    pub(super) fn told(&self, shortfalls: &[Shortfall]) -> String {
        let file = self.machine.inner.source.as_ref().map_or("", |s| s.name());
        let mut text = String::new();
        for shortfall in shortfalls {
            let _ = writeln!(text, "{shortfall}");
            let most = if shortfall.missing.len() > MOST_LISTED + 1 { MOST_LISTED } else { shortfall.missing.len() };
            for point in shortfall.missing.iter().take(most) {
                let place = point.line.map(|line| format!("{file}:{line}  ")).unwrap_or_default();
                let state = if point.state.is_empty() { "the machine's" } else { &point.state };
                let _ = writeln!(text, "   {place}{state}: {}", point.missing());
            }
            if most < shortfall.missing.len() {
                let _ = writeln!(text, "   … and {} more", shortfall.missing.len() - most);
            }
        }
        text.trim_end().to_owned()
    }
}
