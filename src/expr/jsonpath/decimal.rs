//! Numbers as filters compare them: exactly, however many digits they have.

use std::cmp::Ordering;

use crate::value::Number;

/// A number with all the digits it was written with.
///
/// A filter compares the integer `9007199254740993` with the double `9007199254740992.0`, or a literal of twenty
/// digits with either, so neither `i64` nor `f64` will do.
#[derive(Clone, Debug)]
pub(super) enum Decimal {
    /// What nearly all numbers are.
    Int(i64),
    /// Anything else, as text that [`Scientific::of`] reads.
    Text(Box<str>),
}

impl Decimal {
    /// A number in a document.
    pub(super) fn of(n: &Number) -> Decimal {
        n.as_i64().map_or_else(|| Decimal::Text(n.to_string().into()), Decimal::Int)
    }
    /// A number as text: digits with an optional sign, fraction and exponent.
    pub(super) fn parse(text: &str) -> Option<Decimal> {
        Scientific::of(text)?;
        let plain = text.strip_prefix('-').unwrap_or(text);
        let is_canonical = plain.bytes().all(|b| b.is_ascii_digit()) && (plain == "0" || !plain.starts_with('0'));
        match text.parse() {
            Ok(n) if is_canonical => Some(Decimal::Int(n)),
            _ => Some(Decimal::Text(text.into())),
        }
    }
    /// The text, for comparing with a string.
    pub(super) fn text(&self) -> String {
        match self {
            Decimal::Int(n) => n.to_string(),
            Decimal::Text(t) => t.to_string(),
        }
    }
    /// The whole part; what does not fit is cut off at the limits.
    pub(super) fn whole(&self) -> i64 {
        match self {
            Decimal::Int(n) => *n,
            Decimal::Text(t) => t.parse::<f64>().unwrap_or(0.0) as i64,
        }
    }
    pub(super) fn compare(&self, other: &Decimal) -> Ordering {
        if let (Decimal::Int(a), Decimal::Int(b)) = (self, other) {
            return a.cmp(b);
        }
        let (a, b) = (self.text(), other.text());
        match (Scientific::of(&a), Scientific::of(&b)) {
            (Some(x), Some(y)) => x.compare(&y),
            _ => a.cmp(&b),
        }
    }
}

/// The value `0.DIGITS × 10^exponent`: no leading or trailing zeros, no digits at all for zero.
struct Scientific {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Scientific {
    fn of(text: &str) -> Option<Scientific> {
        let (negative, rest) = match text.as_bytes() {
            [b'-', ..] => (true, text.get(1..)?),
            [b'+', ..] => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            // The exponent is an `i32` in Java, too; a longer one is no number.
            Some((m, e)) => (m, i64::from(e.parse::<i32>().ok()?)),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let zeros = digits.iter().take_while(|d| **d == b'0').count();
        digits.drain(..zeros);
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let exponent = exponent + i64::try_from(whole.len()).ok()? - i64::try_from(zeros).ok()?;
        Some(Scientific { negative, digits, exponent })
    }

    /// -1, 0 or 1.
    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    fn compare(&self, other: &Scientific) -> Ordering {
        let sign = self.sign();
        sign.cmp(&other.sign()).then_with(|| match sign {
            0 => Ordering::Equal,
            _ => {
                let size = self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
                if sign < 0 { size.reverse() } else { size }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn numbers_compare_by_value_however_they_are_written() {
        let ascending = ["-1e30", "-12.5", "-12", "-0.001", "0", "0.1", "0.10000000000000000001", "9007199254740992.0"];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(d(a).compare(&d(b)), i.cmp(&j), "{a} against {b}");
            }
        }
        assert_eq!(d("9007199254740993").compare(&d("9007199254740992.0")), Ordering::Greater);
        assert_eq!(d("18446744073709551616").compare(&d("18446744073709551615")), Ordering::Greater);
        for (a, b) in [("1", "1.0"), ("10", "1e1"), ("0", "-0.0"), ("007", "7"), (".5", "0.50"), ("5.", "5")] {
            assert_eq!(d(a).compare(&d(b)), Ordering::Equal, "{a} and {b}");
        }
    }

    #[test]
    fn text_that_is_no_number_is_refused() {
        for text in ["", "-", ".", "1-2", "1e", "1e99999999999", "--1", "1.2.3", "0x1", "e5"] {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
    }
}
