//! Cron expressions in the dialect of AWS, and time zones: by crates, behind the feature `schedules`.

#[cfg(feature = "schedules")]
pub(super) use with_crates::{Cron, Zone};
#[cfg(not(feature = "schedules"))]
pub(super) use without::{Cron, Zone};

#[cfg(feature = "schedules")]
mod with_crates {
    use croner::parser::{CronParser, Seconds, Year};
    use jiff::tz::{AmbiguousOffset, TimeZone};

    use super::super::schedule::Unfit;
    use crate::time::Timestamp;

    /// The six fields: minutes, hours, day of month, month, day of week, year.
    #[derive(Clone, Debug)]
    pub(in super::super) struct Cron(Box<croner::Cron>);

    /// The least and the greatest number of each field, and how many there are.
    const BOUNDS: [(u16, u16); 6] = [(0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199)];

    impl Cron {
        pub(in super::super) fn parse(text: &str) -> Result<Cron, Unfit> {
            let fields: Vec<&str> = text.split_whitespace().collect();
            let fields: [&str; 6] = fields.try_into().map_err(|_| Unfit::Invalid)?;
            // One of the two kinds of days is left open, and nothing else is.
            let open: Vec<usize> = (0..6).filter(|i| fields[*i].contains('?')).collect();
            if !matches!(open[..], [2 | 4]) || fields[open[0]] != "?" {
                return Err(Unfit::Invalid);
            }
            let mut written = vec!["0".to_owned()];
            for (index, field) in fields.iter().enumerate() {
                written.push(self::field(index, &field.to_ascii_uppercase()).ok_or(Unfit::Invalid)?);
            }
            // 1 is Sunday.
            let parser = CronParser::builder()
                .seconds(Seconds::Required)
                .year(Year::Required)
                .alternative_weekdays(true)
                .build();
            parser.parse(&written.join(" ")).map(|cron| Cron(Box::new(cron))).map_err(|_| Unfit::Invalid)
        }

        /// The next time that clocks show after the one they show.
        pub(in super::super) fn next(&self, civil: Timestamp) -> Option<Timestamp> {
            let from = jiff::Timestamp::from_millisecond(civil.as_millis()).ok()?.to_zoned(TimeZone::UTC);
            let next = self.0.find_next_occurrence(&from, false).ok()?;
            Some(Timestamp::from_millis(next.timestamp().as_millisecond()))
        }
    }

    /// A field as the crate reads it.
    fn field(index: usize, text: &str) -> Option<String> {
        let (least, most) = BOUNDS[index];
        let part = |part: &str| -> Option<String> {
            let (base, step) = part.split_once('/').map_or((part, None), |(base, step)| (base, Some(step)));
            let numbers = base.split('-').filter(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
            let is_within = |n: &str| n.parse::<u16>().is_ok_and(|n| (least..=most).contains(&n));
            if !numbers.clone().all(is_within) {
                return None;
            }
            let is_number = numbers.count() == 1 && !base.contains('-');
            Some(match step {
                // From there on to the end.
                Some(step) if is_number => format!("{base}-{most}/{step}"),
                Some(step) => format!("{base}/{step}"),
                // The last day of a week is a Saturday.
                None if index == 4 && base == "L" => "7".into(),
                None if base == "?" => "*".into(),
                None => base.to_owned(),
            })
        };
        text.split(',').map(part).collect::<Option<Vec<String>>>().map(|parts| parts.join(","))
    }

    /// A time zone.
    #[derive(Clone, Debug)]
    pub(in super::super) struct Zone(TimeZone);

    impl Zone {
        pub(in super::super) fn named(name: &str) -> Result<Zone, Unfit> {
            TimeZone::get(name).map(Zone).map_err(|_| Unfit::Invalid)
        }
        /// What clocks show at an instant, as if they showed UTC.
        pub(in super::super) fn civil(&self, at: Timestamp) -> Timestamp {
            let offset =
                jiff::Timestamp::from_millisecond(at.as_millis()).map_or(0, |at| self.0.to_offset(at).seconds());
            Timestamp::from_millis(at.as_millis() + i64::from(offset) * 1000)
        }
        /// The first instant at which clocks show this; nothing where they leave it out.
        pub(in super::super) fn instant(&self, civil: Timestamp) -> Option<Timestamp> {
            match self.at(civil)?.offset() {
                AmbiguousOffset::Gap { .. } => None,
                _ => self.instant_or_later(civil),
            }
        }
        /// The same, and where they leave it out, as much later as they are put forward.
        pub(in super::super) fn instant_or_later(&self, civil: Timestamp) -> Option<Timestamp> {
            let at = self.at(civil)?.compatible().ok()?;
            Some(Timestamp::from_millis(at.as_millisecond()))
        }
        fn at(&self, civil: Timestamp) -> Option<jiff::tz::AmbiguousTimestamp> {
            let civil = jiff::Timestamp::from_millisecond(civil.as_millis()).ok()?;
            Some(self.0.to_ambiguous_timestamp(TimeZone::UTC.to_datetime(civil)))
        }
    }
}

#[cfg(not(feature = "schedules"))]
mod without {
    use super::super::super::error::ServiceError;
    use super::super::schedule::Unfit;
    use crate::time::Timestamp;

    fn not_built(what: &str) -> Unfit {
        Unfit::NotModelled(ServiceError::not_modelled(format!(
            "{what}: the library is built without its feature `schedules`, so it"
        )))
    }

    /// Nothing is one.
    #[derive(Clone, Debug)]
    pub(in super::super) enum Cron {}

    impl Cron {
        pub(in super::super) fn parse(text: &str) -> Result<Cron, Unfit> {
            if text.split_whitespace().count() != 6 {
                return Err(Unfit::Invalid);
            }
            Err(not_built(&format!("the schedule `cron({text})`")))
        }
        pub(in super::super) fn next(&self, _: Timestamp) -> Option<Timestamp> {
            match *self {}
        }
    }

    /// UTC.
    #[derive(Clone, Debug)]
    pub(in super::super) struct Zone;

    impl Zone {
        pub(in super::super) fn named(name: &str) -> Result<Zone, Unfit> {
            if name == "UTC" { Ok(Zone) } else { Err(not_built(&format!("the time zone `{name}`"))) }
        }
        pub(in super::super) fn civil(&self, at: Timestamp) -> Timestamp {
            at
        }
        pub(in super::super) fn instant(&self, civil: Timestamp) -> Option<Timestamp> {
            Some(civil)
        }
        pub(in super::super) fn instant_or_later(&self, civil: Timestamp) -> Option<Timestamp> {
            Some(civil)
        }
    }
}
