//! Instants and durations of the virtual clock: whole milliseconds, UTC, no system clock anywhere.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

const DAY_MS: i64 = 86_400_000;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
///
/// ```
/// use rehearsal::time::{DurationExt, Timestamp};
///
/// let noon = Timestamp::parse("2024-01-01T14:00:00+02:00").unwrap();
/// assert_eq!(noon, Timestamp::EPOCH_DEFAULT + 12.hours());
/// assert_eq!(noon.to_string(), "2024-01-01T12:00:00.000Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Where the virtual clock starts unless a test says otherwise: 2024-01-01T00:00:00Z.
    pub const EPOCH_DEFAULT: Timestamp = Timestamp(1_704_067_200_000);

    /// The instant so many milliseconds after 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Timestamp(millis)
    }
    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.0
    }
    /// Seconds since 1970, as JSON protocols write instants.
    #[cfg(feature = "server")]
    pub(crate) fn as_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
    /// How long ago `earlier` was; zero where it is later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
    /// Reads RFC 3339 text as Step Functions accepts it: an upper-case `T`, seconds, `Z` or an offset `±hh:mm`; a
    /// fraction may have any length and is cut after the milliseconds.
    ///
    /// ```
    /// use rehearsal::time::Timestamp;
    ///
    /// assert!(Timestamp::parse("2016-08-18T17:33:00.123456789Z").is_some());
    /// assert!(Timestamp::parse("2016-08-18T17:33:00").is_none());
    /// assert!(Timestamp::parse("2016-08-18 17:33:00Z").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Timestamp> {
        let mut scan = Scan(text.as_bytes());
        let year = scan.number(4)?;
        scan.byte(b'-')?;
        let month = scan.number(2)?;
        scan.byte(b'-')?;
        let day = scan.number(2)?;
        scan.byte(b'T')?;
        let hour = scan.number(2)?;
        scan.byte(b':')?;
        let minute = scan.number(2)?;
        scan.byte(b':')?;
        let second = scan.number(2)?;
        let millis = match scan.byte(b'.') {
            Some(()) => scan.fraction_millis()?,
            None => 0,
        };
        let offset_minutes = scan.offset_minutes()?;
        let in_range = scan.0.is_empty()
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        let of_day = ((hour * 60 + minute - offset_minutes) * 60 + second) * 1000 + millis;
        in_range.then(|| Timestamp(days_from_civil(year, month, day) * DAY_MS + of_day))
    }
}

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Timestamp {
    /// The form of HTTP's headers, which knows no fractions of a second: `Mon, 01 Jan 2024 00:00:00 GMT`.
    pub(crate) fn http_date(self) -> String {
        let days = self.0.div_euclid(DAY_MS);
        let (year, month, day) = civil_from_days(days);
        let name = |names: &[&'static str], i: i64| usize::try_from(i).ok().and_then(|i| names.get(i).copied());
        let weekday = name(&WEEKDAYS, days.rem_euclid(7)).unwrap_or_default();
        let month = name(&MONTHS, month - 1).unwrap_or_default();
        let of_day = self.0.rem_euclid(DAY_MS);
        let (hour, minute, second) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1000 % 60);
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }
    /// RFC 3339 in whole seconds, the form in which answers of SDK integrations show dates.
    #[must_use]
    pub(crate) fn in_seconds(self) -> String {
        let text = self.to_string();
        text.get(..19).map_or_else(|| text.clone(), |head| format!("{head}Z"))
    }
    /// Reads what [`http_date`](Self::http_date) writes; the weekday is not looked at.
    pub(crate) fn parse_http_date(text: &str) -> Option<Timestamp> {
        let (_, rest) = text.trim().split_once(", ")?;
        let mut parts = rest.split(' ');
        let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let month = MONTHS.iter().position(|m| *m == month)? + 1;
        let is_gmt = matches!(parts.next(), Some("GMT" | "UTC" | "+0000")) && parts.next().is_none();
        is_gmt.then(|| Timestamp::parse(&format!("{year}-{month:02}-{day:0>2}T{time}Z")))?
    }
}

/// What is left of a timestamp's text.
struct Scan<'a>(&'a [u8]);

impl Scan<'_> {
    fn byte(&mut self, wanted: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == wanted).then(|| self.0 = rest)
    }
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (head, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        head.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    }
    fn fraction_millis(&mut self) -> Option<i64> {
        let len = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        let padded = digits.iter().copied().chain([b'0'; 3]).take(3);
        (len > 0).then(|| padded.fold(0, |n, b| n * 10 + i64::from(b - b'0')))
    }
    fn offset_minutes(&mut self) -> Option<i64> {
        let sign = match self.0.first()? {
            b'Z' => {
                return self.byte(b'Z').map(|()| 0);
            }
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.0 = self.0.get(1..)?;
        let hours = self.number(2)?;
        self.byte(b':')?;
        let minutes = self.number(2)?;
        // The service's clock library knows no offset beyond 18 hours.
        (minutes < 60 && hours * 60 + minutes <= 18 * 60).then_some(sign * (hours * 60 + minutes))
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// Both directions count in 400-year eras whose years begin in March, so that the leap day comes last; see Howard
// Hinnant, "chrono-Compatible Low-Level Date Algorithms".
const ERA_DAYS: i64 = 146_097;
const ERA_OFFSET: i64 = 719_468;

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - ERA_OFFSET
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + ERA_OFFSET;
    let (era, day_of_era) = (shifted.div_euclid(ERA_DAYS), shifted.rem_euclid(ERA_DAYS));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// RFC 3339 in UTC with milliseconds and `Z`, the form of the context object.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY_MS));
        let of_day = self.0.rem_euclid(DAY_MS);
        let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
        let (second, millis) = (of_day / 1000 % 60, of_day % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

fn millis_of(d: Duration) -> i64 {
    i64::try_from(d.as_millis()).unwrap_or(i64::MAX)
}

/// Later by so much, cut to milliseconds; the end of representable time is never passed.
impl Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, d: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(millis_of(d)))
    }
}

/// Earlier by so much, cut to milliseconds; the beginning of representable time is never passed.
impl Sub<Duration> for Timestamp {
    type Output = Timestamp;
    fn sub(self, d: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(millis_of(d)))
    }
}

/// The units of human durations, from the longest to the shortest.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Reads a duration as people write it: `1m30s`, `800ms`, `2h`, `1.5s`, `1d`; a bare number is seconds.
///
/// # Errors
/// Anything else, with a sentence that says what to write.
///
/// ```
/// use rehearsal::time::{DurationExt, parse_duration};
///
/// assert_eq!(parse_duration("1m30s"), Ok(90.secs()));
/// assert_eq!(parse_duration("90"), Ok(90.secs()));
/// assert!(parse_duration("soon").is_err());
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let refuse = |why: &str| Err(format!("`{text}` is not a duration: {why}"));
    let mut rest = text.trim();
    if rest.is_empty() {
        return refuse("write one such as `1m30s`, `800ms` or `90`");
    }
    let (mut total, mut units_left) = (Duration::ZERO, &UNITS[..]);
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len()));
        let (unit, tail) = tail.split_at(tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len()));
        // Seconds are understood only where the whole text is a number: in `1m30` one could mean anything.
        let unit = if unit.is_empty() && number.len() == text.trim().len() { "s" } else { unit };
        if number.is_empty() {
            return refuse("write one such as `1m30s`, `800ms` or `90`");
        }
        let Some(place) = units_left.iter().position(|(name, _)| *name == unit) else {
            return match UNITS.iter().any(|(name, _)| *name == unit) {
                true => refuse("write each unit once, longest first, as in `1d2h3m4s`"),
                false => refuse("the units are `d`, `h`, `m`, `s` and `ms`"),
            };
        };
        let part = units_left.get(place).and_then(|(_, millis)| scaled(number, *millis));
        let Some(sum) = part.and_then(|p| total.checked_add(p)) else {
            return refuse("the number cannot be read");
        };
        total = sum;
        units_left = units_left.get(place + 1..).unwrap_or_default();
        rest = tail.trim_start();
    }
    Ok(total)
}

/// A decimal number of units, exactly, to the nanosecond.
fn scaled(number: &str, unit_millis: u64) -> Option<Duration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let unit_nanos = u128::from(unit_millis) * 1_000_000;
    let fraction_nanos = fraction.parse::<u128>().ok()? * unit_nanos / 10u128.pow(u32::try_from(fraction.len()).ok()?);
    let nanos = u128::from(whole.parse::<u64>().ok()?).checked_mul(unit_nanos)?.checked_add(fraction_nanos)?;
    let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
    Some(Duration::new(seconds, u32::try_from(nanos % 1_000_000_000).ok()?))
}

/// A duration as people write it, cut to milliseconds: `0`, `800ms`, `9.5s`, `1m30s`, `2h`, `1d2h`.
///
/// [`parse_duration`] reads it back.
///
/// ```
/// use rehearsal::time::{DurationExt, format_offset};
///
/// assert_eq!(format_offset(9_500.millis()), "9.5s");
/// assert_eq!(format_offset(26.hours()), "1d2h");
/// ```
pub fn format_offset(offset: Duration) -> String {
    let mut millis = offset.as_millis();
    match millis {
        0 => return "0".into(),
        1..1000 => return format!("{millis}ms"),
        _ => {}
    }
    let mut text = String::new();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000)] {
        if millis >= size {
            text += &format!("{}{unit}", millis / size);
            millis %= size;
        }
    }
    if millis > 0 {
        let fraction = format!(".{:03}", millis % 1000);
        text += &format!("{}{}s", millis / 1000, fraction.trim_end_matches('0').trim_end_matches('.'));
    }
    text
}

/// Durations as literals: `2.secs()`, `23.hours()`, `800.millis()`.
pub trait DurationExt {
    /// So many milliseconds.
    fn millis(self) -> Duration;
    /// So many seconds.
    fn secs(self) -> Duration;
    /// So many minutes.
    fn minutes(self) -> Duration;
    /// So many hours.
    fn hours(self) -> Duration;
    /// So many days.
    fn days(self) -> Duration;
}

// One implementing type only, so that a literal without suffix is inferred to be of it.
impl DurationExt for u64 {
    fn millis(self) -> Duration {
        Duration::from_millis(self)
    }
    fn secs(self) -> Duration {
        Duration::from_secs(self)
    }
    fn minutes(self) -> Duration {
        Duration::from_secs(self.saturating_mul(60))
    }
    fn hours(self) -> Duration {
        Duration::from_secs(self.saturating_mul(3_600))
    }
    fn days(self) -> Duration {
        Duration::from_secs(self.saturating_mul(86_400))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_timestamps_are_read_to_the_millisecond() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.001Z", 1),
            ("1970-01-01T00:00:00.1Z", 100),
            ("1970-01-01T00:00:00.1239999999999999999999999Z", 123),
            ("1969-12-31T23:59:59.999Z", -1),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31T18:30:00-05:30", 0),
            ("2024-01-01T00:00:00Z", Timestamp::EPOCH_DEFAULT.as_millis()),
            ("2000-02-29T12:00:00Z", 951_825_600_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] {
            assert_eq!(Timestamp::parse(text), Some(Timestamp::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn other_text_is_no_timestamp() {
        for text in [
            "",
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00Z",
            "2024-01-01t00:00:00Z",
            "2024-01-01T00:00:00z",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+0100",
            "2024-01-01T00:00:00+01",
            "2024-01-01T00:00:00+19:00",
            "2024-01-01T00:00:00+01:60",
            "2024-01-01T00:00:00Zz",
            "2024-01-01T24:00:00Z",
            "2024-01-01T23:60:00Z",
            "2024-01-01T23:59:60Z",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2024-04-31T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-01-00T00:00:00Z",
            "12024-01-01T00:00:00Z",
            "+024-01-01T00:00:00Z",
            "２０２４-01-01T00:00:00Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_eight_centuries_prints_and_reads_back() {
        let mut expected = (1600, 1, 1);
        for day in days_from_civil(1600, 1, 1)..days_from_civil(2400, 1, 1) {
            assert_eq!(civil_from_days(day), expected);
            let at = Timestamp::from_millis(day * DAY_MS + 45_296_789);
            assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
            let (year, month, day) = expected;
            expected = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                _ if day == days_in_month(year, month) => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
    }

    #[test]
    fn the_printed_form_is_that_of_the_context_object() {
        assert_eq!(Timestamp::EPOCH_DEFAULT.to_string(), "2024-01-01T00:00:00.000Z");
        assert_eq!((Timestamp::EPOCH_DEFAULT - 1.millis()).to_string(), "2023-12-31T23:59:59.999Z");
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_time() {
        let end = Timestamp::from_millis(i64::MAX);
        assert_eq!((end + Duration::MAX, (end + 1.days()).as_millis()), (end, i64::MAX));
        assert_eq!((Timestamp::from_millis(i64::MIN) - Duration::MAX).as_millis(), i64::MIN);
        assert!(!end.to_string().is_empty() && !Timestamp::from_millis(i64::MIN).to_string().is_empty());
        assert_eq!(Timestamp::EPOCH_DEFAULT.since(Timestamp::EPOCH_DEFAULT + 1.secs()), Duration::ZERO);
        assert_eq!((Timestamp::EPOCH_DEFAULT + 3.secs()).since(Timestamp::EPOCH_DEFAULT), 3.secs());
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, expected) in [
            ("1m30s", 90.secs()),
            ("1m 30s", 90.secs()),
            ("800ms", 800.millis()),
            ("2h", 2.hours()),
            ("90", 90.secs()),
            ("0", Duration::ZERO),
            ("1.5s", 1_500.millis()),
            ("1.5", 1_500.millis()),
            ("0.1s", 100.millis()),
            ("1d", 1.days()),
            ("1d2h3m4s5ms", 93_784_005.millis()),
        ] {
            assert_eq!(parse_duration(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_text_is_no_duration() {
        for text in [
            "",
            " ",
            "soon",
            "1x",
            "1.s",
            ".5s",
            "1.2.3s",
            "-1s",
            "1m30",
            "30s1m",
            "1s1s",
            "s",
            "1e3s",
            "99999999999999999999s",
            "18446744073709551615d",
            "1é",
            "1 s",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert_eq!(
            parse_duration("30s1m").unwrap_err(),
            "`30s1m` is not a duration: write each unit once, longest first, as in `1d2h3m4s`"
        );
    }

    #[test]
    fn offsets_are_short_and_read_back() {
        for (offset, text) in [
            (Duration::ZERO, "0"),
            (800.millis(), "800ms"),
            (2.secs(), "2s"),
            (9_500.millis(), "9.5s"),
            (90.secs(), "1m30s"),
            (60_250.millis(), "1m0.25s"),
            (2.hours(), "2h"),
            (26.hours(), "1d2h"),
            (1.days() + 1.secs(), "1d1s"),
        ] {
            assert_eq!(format_offset(offset), text);
            assert_eq!(parse_duration(text), Ok(offset), "{text}");
        }
    }

    #[test]
    fn literals_need_no_suffix() {
        assert_eq!([1.secs(), 2.minutes(), 3.hours(), 4.days()].map(|d| d.as_secs()), [1, 120, 10_800, 345_600]);
    }
}
