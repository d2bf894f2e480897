//! How much has to be covered, and what is missing where it is not.

use std::collections::BTreeMap;
use std::fmt;

use super::machine::{MachineCoverage, Share};
use super::point::{Kind, Point};
use crate::diagnostic::did_you_mean;

/// How much of each kind has to be covered, in percent.
///
/// ```
/// use rehearsal::coverage::{Kind, Thresholds};
///
/// let asked: Thresholds = "states=100, catchers=90.5%".parse()?;
/// assert_eq!(asked.of(Kind::Catchers), Some(90.5));
/// assert_eq!(asked.of(Kind::Timeouts), None);
/// let wrong = "sates=100".parse::<Thresholds>().unwrap_err();
/// assert_eq!(wrong, "there is no kind `sates` of coverage; did you mean `states`?");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thresholds {
    asked: BTreeMap<Kind, f64>,
}

/// A share that is below its threshold.
#[derive(Clone, Debug)]
pub struct Shortfall {
    /// Of what there is too little.
    pub kind: Kind,
    /// How much there is.
    pub share: Share,
    /// How many percent are asked for.
    pub asked: f64,
    /// The points that no test reaches.
    pub missing: Vec<Point>,
}

impl Thresholds {
    /// Asks for so many percent of a kind.
    #[must_use]
    pub fn with(mut self, kind: Kind, percent: f64) -> Thresholds {
        self.asked.insert(kind, percent);
        self
    }
    /// How many percent of a kind are asked for.
    pub fn of(&self, kind: Kind) -> Option<f64> {
        self.asked.get(&kind).copied()
    }
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }
    /// These, and the others where these ask for nothing.
    #[must_use]
    pub fn or(mut self, others: &Thresholds) -> Thresholds {
        for (kind, percent) in &others.asked {
            self.asked.entry(*kind).or_insert(*percent);
        }
        self
    }
    /// The shares of a machine that are below what is asked for.
    pub fn shortfalls(&self, coverage: &MachineCoverage) -> Vec<Shortfall> {
        let counts = coverage.counts();
        let unreached = |kind: Kind| {
            let of_kind = coverage.points().iter().zip(&counts).filter(|(p, c)| **c == 0 && p.kinds().contains(&kind));
            of_kind.map(|(p, _)| p.clone()).collect()
        };
        let below = self.asked.iter().map(|(kind, asked)| (*kind, coverage.share_in(&counts, *kind), *asked));
        let below = below.filter(|(_, share, asked)| share.percent() + 1e-9 < *asked);
        below.map(|(kind, share, asked)| Shortfall { kind, share, asked, missing: unreached(kind) }).collect()
    }
}

/// A percentage: `95`, `95%`, `99.5 %`.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    let signed = text.trim().strip_suffix('%');
    let number = signed.unwrap_or(text).trim().parse::<f64>().ok().filter(|n| (0.0..=100.0).contains(n));
    let number = number.ok_or_else(|| format!("`{text}` is no share; write `95%`"))?;
    // Who writes 0.9 means 90 percent, and a threshold of not even one would ask for nothing.
    if signed.is_none() && number > 0.0 && number < 1.0 {
        let meant = format!("{:.1}", number * 100.0);
        return Err(format!("`{}` is no share; write `{}%`", text.trim(), meant.trim_end_matches(".0")));
    }
    Ok(number)
}

/// The kind of a word, or what is wrong with the word.
pub(crate) fn kind(word: &str) -> Result<Kind, String> {
    Kind::of_word(word).ok_or_else(|| {
        let words = Kind::ALL.map(Kind::word);
        match did_you_mean(word, words) {
            Some(near) => format!("there is no kind `{word}` of coverage; did you mean `{near}`?"),
            None => format!("there is no kind `{word}` of coverage; the kinds are {}", words.join(", ")),
        }
    })
}

impl std::str::FromStr for Thresholds {
    type Err = String;

    fn from_str(text: &str) -> Result<Thresholds, String> {
        let mut asked = Thresholds::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            asked = match part.split_once('=') {
                Some((word, share)) => asked.with(kind(word.trim())?, percent(share)?),
                None => {
                    let is_number = part.starts_with(|c: char| c.is_ascii_digit());
                    let other =
                        |why| if is_number { why } else { format!("`{part}` is no threshold; write `states=100`") };
                    let share = percent(part).map_err(other)?;
                    asked.with(Kind::States, share).with(Kind::Transitions, share)
                }
            };
        }
        if asked.is_empty() {
            return Err("nothing is asked for; write `90`, or `states=100`".to_owned());
        }
        Ok(asked)
    }
}

impl fmt::Display for Shortfall {
    /// `states: 7 of 8 (87.5%) are covered, and 100% are asked for`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = shown(self.share.percent());
        write!(f, "{}: {} ({percent}) are covered, and {}% are asked for", self.kind.word(), self.share, self.asked)
    }
}

/// A percentage with one decimal that never rounds up to what it is not.
pub(super) fn shown(percent: f64) -> String {
    let tenths = (percent * 10.0 + 1e-9).floor() / 10.0;
    format!("{tenths}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_and_mistakes_are_named() {
        let asked: Thresholds = "90".parse().unwrap();
        assert_eq!([asked.of(Kind::States), asked.of(Kind::Transitions)], [Some(90.0), Some(90.0)]);
        assert_eq!(asked.of(Kind::Catchers), None);
        for (text, why) in [
            ("states=101", "`101` is no share; write `95%`"),
            ("states=-1%", "`-1%` is no share; write `95%`"),
            ("states=NaN", "`NaN` is no share; write `95%`"),
            ("states=0.95", "`0.95` is no share; write `95%`"),
            ("0.5", "`0.5` is no share; write `50%`"),
            ("101", "`101` is no share; write `95%`"),
            ("", "nothing is asked for; write `90`, or `states=100`"),
            (" , ", "nothing is asked for; write `90`, or `states=100`"),
            ("many", "`many` is no threshold; write `states=100`"),
            ("catches=5", "there is no kind `catches` of coverage; did you mean `catchers`?"),
        ] {
            assert_eq!(text.parse::<Thresholds>().unwrap_err(), why);
        }
        assert_eq!("0.5%".parse::<Thresholds>().unwrap().of(Kind::States), Some(0.5));
        assert_eq!("catchers=0".parse::<Thresholds>().unwrap().of(Kind::Catchers), Some(0.0));
    }

    #[test]
    fn a_share_is_never_rounded_up() {
        assert_eq!(shown(2999.0 / 30.0), "99.9%");
        assert_eq!(shown(87.5), "87.5%");
        assert_eq!(shown(100.0), "100%");
        assert_eq!(shown(200.0 / 3.0), "66.6%");
    }
}
