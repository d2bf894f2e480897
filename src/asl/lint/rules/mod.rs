//! The rows, by what they are about.

use super::Rule;

mod calls;
mod choices;
mod dataflow;
mod deprecated;
mod error_names;
mod errors;
mod flow;
mod jsonata;
mod lambda;
mod matching;
mod models;
mod paths;
mod payload;
mod retries;
mod timeouts;
mod variables;
mod waits;

pub use models::ApiModels;

/// Every group of rules, in the order of the reference page.
pub(super) static ALL: &[&[Rule]] = &[
    flow::RULES,
    timeouts::RULES,
    waits::RULES,
    errors::RULES,
    matching::RULES,
    retries::RULES,
    lambda::RULES,
    calls::RULES,
    deprecated::RULES,
    variables::RULES,
    dataflow::RULES,
    paths::RULES,
    jsonata::RULES,
    choices::RULES,
    payload::RULES,
    models::RULES,
    super::allow::RULES,
];

/// A number of seconds as people say it: `90 s`, `5 min`, `12 h`, `3 days`.
fn duration(seconds: u64) -> String {
    match seconds {
        31_536_000 => "a year".to_owned(),
        s if s >= 3_153_600_000 => "more than 100 years".to_owned(),
        s if s >= 63_072_000 => format!("{} years", s / 31_536_000),
        s if s >= 172_800 && s % 3_600 == 0 || s >= 864_000 => format!("{} days", s / 86_400),
        s if s >= 3_600 && s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s >= 3_600 => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
        s if s >= 120 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let said: Vec<String> =
            [0, 90, 300, 3_600, 5_115, 9_000, 43_200, 172_800, 31_536_000, 99_999_999].map(duration).to_vec();
        assert_eq!(
            said,
            ["0 s", "90 s", "5 min", "1 h", "1 h 25 min", "2 h 30 min", "12 h", "2 days", "a year", "3 years"]
        );
    }
}
