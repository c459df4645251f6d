//! When a sample was measured: numbers in a unit that is known or asked for, never guessed.

use std::fmt;
use std::str::FromStr;

use super::limits::{MAX_AHEAD_MS, MIN_TIMESTAMP_MS};
use super::reject::{Reason, quoted};
use crate::model::UnknownWord;
use crate::model::time::parse_rfc3339;

/// The unit of a timestamp given as a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimestampUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    #[default]
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

impl TimestampUnit {
    /// Every unit, longest first.
    pub const EVERY: [Self; 4] = [Self::Seconds, Self::Milliseconds, Self::Microseconds, Self::Nanoseconds];

    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Nanoseconds => "ns",
        }
    }

    /// A whole number of units as ms, cut towards the past; `None` when it does not fit.
    fn whole_to_ms(self, count: i64) -> Option<i64> {
        match self {
            Self::Seconds => count.checked_mul(1_000),
            Self::Milliseconds => Some(count),
            Self::Microseconds => Some(count.div_euclid(1_000)),
            Self::Nanoseconds => Some(count.div_euclid(1_000_000)),
        }
    }

    /// A number of units with a fraction as ms; what does not fit saturates and is then out of range.
    fn fraction_to_ms(self, count: f64) -> i64 {
        let ms = match self {
            Self::Seconds => count * 1e3,
            Self::Milliseconds => count,
            Self::Microseconds => count / 1e3,
            Self::Nanoseconds => count / 1e6,
        };
        ms.floor() as i64
    }

    fn to_ms(self, number: &str) -> Option<i64> {
        match number.parse::<i64>() {
            Ok(count) => self.whole_to_ms(count),
            Err(_) => number.parse::<f64>().ok().map(|count| self.fraction_to_ms(count)),
        }
    }
}

impl fmt::Display for TimestampUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TimestampUnit {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::EVERY.into_iter().find(|unit| unit.as_str() == word).ok_or_else(|| UnknownWord {
            what: "unit of time",
            found: word.to_owned(),
            expected: "s, ms, us, ns",
        })
    }
}

/// Reads a number, as JSON writes it, in `unit`.
pub(super) fn from_number(number: &str, unit: TimestampUnit, now_ms: i64) -> Result<i64, Reason> {
    let read = unit.to_ms(number);
    if let Some(timestamp_ms) = read
        && in_range(timestamp_ms, now_ms).is_ok()
    {
        return Ok(timestamp_ms);
    }
    let fits = |other: &TimestampUnit| other.to_ms(number).is_some_and(|ms| in_range(ms, now_ms).is_ok());
    if let Some(looks_like) = TimestampUnit::EVERY.into_iter().filter(|&other| other != unit).find(fits) {
        return Err(Reason::AmbiguousTimestamp { number: quoted(number), read_as: unit, looks_like });
    }
    // Near enough to be meant, yet outside: say which side. Anything else is no instant at all.
    match read {
        Some(ms) if ms > 0 && ms < MIN_TIMESTAMP_MS => Err(Reason::TooOld(ms)),
        Some(ms) if ms > now_ms && ms < now_ms.saturating_mul(4) => Err(Reason::InTheFuture(ms)),
        _ => Err(Reason::AbsurdTimestamp(quoted(number))),
    }
}

/// Reads a timestamp given on the command line: a number in `unit`, or an RFC 3339 instant.
pub fn parse_timestamp(text: &str, unit: TimestampUnit, now_ms: i64) -> Result<i64, Reason> {
    if text.parse::<f64>().is_ok() { from_number(text, unit, now_ms) } else { from_text(text, now_ms) }
}

/// Reads an RFC 3339 instant.
pub(super) fn from_text(text: &str, now_ms: i64) -> Result<i64, Reason> {
    let timestamp_ms = parse_rfc3339(text).ok_or_else(|| Reason::NotAnInstant(quoted(text)))?;
    in_range(timestamp_ms, now_ms)?;
    Ok(timestamp_ms)
}

/// Whether a sample may be dated so.
pub(super) fn in_range(timestamp_ms: i64, now_ms: i64) -> Result<(), Reason> {
    if timestamp_ms < MIN_TIMESTAMP_MS {
        return Err(Reason::TooOld(timestamp_ms));
    }
    if timestamp_ms > now_ms.saturating_add(MAX_AHEAD_MS) {
        return Err(Reason::InTheFuture(timestamp_ms));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NOW_MS: i64 = 1_763_700_000_000;

    #[rstest]
    #[case("1700000000000", TimestampUnit::Milliseconds, 1_700_000_000_000)]
    #[case("1700000000000.75", TimestampUnit::Milliseconds, 1_700_000_000_000)]
    #[case("1.7e12", TimestampUnit::Milliseconds, 1_700_000_000_000)]
    #[case("1700000000", TimestampUnit::Seconds, 1_700_000_000_000)]
    #[case("1700000000.125", TimestampUnit::Seconds, 1_700_000_000_125)]
    #[case("1700000000123456", TimestampUnit::Microseconds, 1_700_000_000_123)]
    #[case("1700000000123456789", TimestampUnit::Nanoseconds, 1_700_000_000_123)]
    #[case("946684800000", TimestampUnit::Milliseconds, MIN_TIMESTAMP_MS)]
    #[case("1763786400000", TimestampUnit::Milliseconds, NOW_MS + MAX_AHEAD_MS)]
    fn numbers_are_read_in_the_unit_asked_for(
        #[case] number: &str,
        #[case] unit: TimestampUnit,
        #[case] expected_ms: i64,
    ) {
        assert_eq!(from_number(number, unit, NOW_MS), Ok(expected_ms));
    }

    #[rstest]
    #[case("1700000000", TimestampUnit::Milliseconds, TimestampUnit::Seconds)]
    #[case("1700000000.5", TimestampUnit::Milliseconds, TimestampUnit::Seconds)]
    #[case("1700000000000000", TimestampUnit::Milliseconds, TimestampUnit::Microseconds)]
    #[case("1700000000000000000", TimestampUnit::Milliseconds, TimestampUnit::Nanoseconds)]
    #[case("1700000000000", TimestampUnit::Seconds, TimestampUnit::Milliseconds)]
    #[case("1700000000", TimestampUnit::Nanoseconds, TimestampUnit::Seconds)]
    fn a_number_in_another_unit_is_said_to_be_one(
        #[case] number: &str,
        #[case] read_as: TimestampUnit,
        #[case] looks_like: TimestampUnit,
    ) {
        let reason = from_number(number, read_as, NOW_MS).unwrap_err();
        assert_eq!(reason, Reason::AmbiguousTimestamp { number: number.to_owned(), read_as, looks_like });
        assert!(reason.to_string().ends_with(&format!("--timestamp-unit {looks_like}")), "{reason}");
    }

    #[rstest]
    #[case("946684799999", Reason::TooOld(MIN_TIMESTAMP_MS - 1))]
    #[case("1763786400001", Reason::InTheFuture(NOW_MS + MAX_AHEAD_MS + 1))]
    #[case("0", Reason::AbsurdTimestamp("0".to_owned()))]
    #[case("-5", Reason::AbsurdTimestamp("-5".to_owned()))]
    #[case("9223372036854775807", Reason::AbsurdTimestamp("9223372036854775807".to_owned()))]
    #[case("1e300", Reason::AbsurdTimestamp("1e300".to_owned()))]
    fn numbers_that_are_no_instant_are_refused(#[case] number: &str, #[case] expected: Reason) {
        assert_eq!(from_number(number, TimestampUnit::Milliseconds, NOW_MS), Err(expected));
    }

    #[test]
    fn instants_as_text_are_held_to_the_same_range() {
        assert_eq!(from_text("2023-11-14T22:13:20Z", NOW_MS), Ok(1_700_000_000_000));
        assert_eq!(from_text("2023-11-15T00:13:20.5+02:00", NOW_MS), Ok(1_700_000_000_500));
        assert_eq!(from_text("1999-12-31T23:59:59Z", NOW_MS), Err(Reason::TooOld(MIN_TIMESTAMP_MS - 1_000)));
        assert!(matches!(from_text("2090-01-01T00:00:00Z", NOW_MS), Err(Reason::InTheFuture(_))));
        assert_eq!(from_text("yesterday", NOW_MS), Err(Reason::NotAnInstant("yesterday".to_owned())));
    }
}
