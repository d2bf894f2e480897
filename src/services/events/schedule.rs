//! When a schedule fires: `rate(5 minutes)`, `at(2024-01-01T09:00:00)`, `cron(0 12 * * ? *)`.

use std::time::Duration;

use super::super::error::ServiceError;
use super::cron::{Cron, Zone};
use crate::time::Timestamp;

/// A schedule's expression with the zone it is read in.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    expression: Expression,
    zone: Zone,
}

#[derive(Clone, Debug)]
enum Expression {
    Rate(Duration),
    /// The instant as clocks of the zone show it.
    At(Timestamp),
    Cron(Cron),
}

/// Why an expression is not taken.
#[derive(Debug)]
pub(super) enum Unfit {
    /// It is none.
    Invalid,
    /// It is one, and not to be computed here.
    #[cfg_attr(feature = "schedules", expect(dead_code, reason = "with its crates everything is computed"))]
    NotModelled(ServiceError),
}

impl Schedule {
    /// # Errors
    /// What is no expression, and what is not modelled.
    pub(super) fn parse(text: &str, zone: Zone) -> Result<Schedule, Unfit> {
        let inner = |word: &str| text.strip_prefix(word)?.strip_prefix('(')?.strip_suffix(')');
        let expression = if let Some(rate) = inner("rate") {
            Expression::Rate(self::rate(rate).ok_or(Unfit::Invalid)?)
        } else if let Some(at) = inner("at") {
            Expression::At(Timestamp::parse(&format!("{at}Z")).filter(|_| at.len() == 19).ok_or(Unfit::Invalid)?)
        } else if let Some(fields) = inner("cron") {
            Expression::Cron(Cron::parse(fields)?)
        } else {
            return Err(Unfit::Invalid);
        };
        Ok(Schedule { expression, zone })
    }
    /// Whether it fires once.
    pub(super) fn is_once(&self) -> bool {
        matches!(self.expression, Expression::At(_))
    }
    /// What rates are counted from so that they come at `start` for the first time.
    pub(super) fn before(&self, start: Timestamp) -> Timestamp {
        match &self.expression {
            Expression::Rate(every) => {
                let every = i64::try_from(every.as_millis()).unwrap_or(0);
                Timestamp::from_millis(start.as_millis().saturating_sub(every))
            }
            _ => start,
        }
    }
    /// When it fires next after an instant; rates are counted from `anchor`.
    pub(super) fn next(&self, anchor: Timestamp, after: Timestamp) -> Option<Timestamp> {
        match &self.expression {
            Expression::Rate(every) => {
                let every = i64::try_from(every.as_millis()).ok()?;
                let passed = after.as_millis().checked_sub(anchor.as_millis())?.max(0);
                let at = anchor.as_millis().checked_add((passed / every).checked_add(1)?.checked_mul(every)?)?;
                Some(Timestamp::from_millis(at))
            }
            Expression::At(civil) => self.zone.instant_or_later(*civil).filter(|at| *at > after),
            Expression::Cron(cron) => {
                let mut civil = self.zone.civil(after);
                loop {
                    civil = cron.next(civil)?;
                    // What a clock that is put forward leaves out does not happen; what it shows twice happens once.
                    match self.zone.instant(civil) {
                        Some(at) if at > after => return Some(at),
                        _ => {}
                    }
                }
            }
        }
    }
}

/// `5 minutes`, `1 hour`
fn rate(text: &str) -> Option<Duration> {
    let (count, unit) = text.trim().split_once(' ')?;
    let count = count.parse::<u64>().ok().filter(|n| *n > 0 && !count.starts_with('+'))?;
    let unit = unit.trim();
    let (singular, plural) = (count == 1, count != 1);
    let seconds = match unit {
        "minute" if singular => 60,
        "minutes" if plural => 60,
        "hour" if singular => 3_600,
        "hours" if plural => 3_600,
        "day" if singular => 86_400,
        "days" if plural => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(count.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str, from: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(text, Zone::named("UTC").unwrap()).unwrap();
        let anchor = Timestamp::parse(from).unwrap();
        let mut at = anchor;
        let mut all = Vec::new();
        while let Some(next) = schedule.next(anchor, at).filter(|_| all.len() < count) {
            at = next;
            all.push(at.to_string().replace(":00.000Z", ""));
        }
        all
    }

    #[test]
    fn rates_and_instants_come_when_they_are_due() {
        assert_eq!(after("rate(90 minutes)", "2024-01-01T00:10:00Z", 2), ["2024-01-01T01:40", "2024-01-01T03:10"]);
        assert_eq!(after("at(2024-02-29T12:00:00)", "2024-01-01T00:00:00Z", 3), ["2024-02-29T12:00"]);
        assert!(after("at(2023-02-28T12:00:00)", "2024-01-01T00:00:00Z", 3).is_empty());
        let wrong = [
            "rate(1 minutes)",
            "rate(2 minute)",
            "rate(0 minutes)",
            "rate(-1 minutes)",
            "rate(5 seconds)",
            "rate(5)",
            "rate 5 minutes",
            "at(2024-02-30T12:00:00)",
            "at(2024-02-29)",
            "cron(0 12 * * *)",
            "every(5 minutes)",
            "",
        ];
        for text in wrong {
            let parsed = Schedule::parse(text, Zone::named("UTC").unwrap());
            assert!(matches!(parsed, Err(Unfit::Invalid)), "{text}");
        }
    }

    #[cfg(feature = "schedules")]
    #[test]
    fn cron_has_the_dialect_of_aws() {
        // 2024-01-01 is a Monday.
        let table: &[(&str, &[&str])] = &[
            ("cron(0 12 * * ? *)", &["2024-01-01T12:00", "2024-01-02T12:00"]),
            ("cron(0/15 8-9 1 * ? *)", &["2024-01-01T08:00", "2024-01-01T08:15", "2024-01-01T08:30"]),
            ("cron(30 6 ? * 1 *)", &["2024-01-07T06:30", "2024-01-14T06:30"]),
            ("cron(0 10 ? * MON-FRI *)", &["2024-01-01T10:00", "2024-01-02T10:00"]),
            ("cron(0 9 ? * 2#1 *)", &["2024-01-01T09:00", "2024-02-05T09:00"]),
            ("cron(0 9 ? * 6L *)", &["2024-01-26T09:00", "2024-02-23T09:00"]),
            ("cron(0 9 ? * L *)", &["2024-01-06T09:00", "2024-01-13T09:00"]),
            ("cron(0 9 L * ? *)", &["2024-01-31T09:00", "2024-02-29T09:00"]),
            // The 3rd of February is a Saturday: the nearest weekday is Friday, the 2nd.
            ("cron(0 9 3W 2 ? *)", &["2024-02-02T09:00", "2025-02-03T09:00"]),
            ("cron(0 0 1 JAN ? 2026-2027)", &["2026-01-01T00:00", "2027-01-01T00:00"]),
            ("cron(0 0 29 2 ? 2025)", &[]),
        ];
        for (text, want) in table {
            assert_eq!(after(text, "2024-01-01T00:00:00Z", want.len().max(1)), *want, "{text}");
        }
        let wrong = [
            "cron(0 12 * * * *)",
            "cron(0 12 ? * ? *)",
            "cron(60 12 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 12 32 * ? *)",
            "cron(0 12 ? * 0 *)",
            "cron(0 12 ? * 8 *)",
            "cron(0 12 * 13 ? *)",
            "cron(0 12 * * ? 1969)",
            "cron(0 12 * * ?)",
            "cron(? 12 * * ? *)",
            "cron(a 12 * * ? *)",
        ];
        for text in wrong {
            let parsed = Schedule::parse(text, Zone::named("UTC").unwrap());
            assert!(matches!(parsed, Err(Unfit::Invalid)), "{text}");
        }
    }

    #[cfg(feature = "schedules")]
    #[test]
    fn a_zone_skips_what_its_clocks_leave_out_and_repeats_nothing() {
        let zone = || Zone::named("Europe/Berlin").unwrap();
        let schedule = Schedule::parse("cron(30 2 * * ? *)", zone()).unwrap();
        let next = |from: &str| {
            let from = Timestamp::parse(from).unwrap();
            schedule.next(from, from).unwrap().to_string()
        };
        // In winter an hour ahead of UTC; on the 31st of March there is no half past two.
        assert_eq!(next("2024-03-29T12:00:00Z"), "2024-03-30T01:30:00.000Z");
        assert_eq!(next("2024-03-30T12:00:00Z"), "2024-04-01T00:30:00.000Z");
        // On the 27th of October it comes twice, and the first time counts.
        assert_eq!(next("2024-10-26T12:00:00Z"), "2024-10-27T00:30:00.000Z");
        assert_eq!(next("2024-10-27T00:30:00Z"), "2024-10-28T01:30:00.000Z");
        assert!(matches!(Zone::named("Mars/Olympus"), Err(Unfit::Invalid)));
    }
}
