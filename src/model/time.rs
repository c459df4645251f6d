//! Stretches of time, ages and instants as people write and read them.

use std::fmt;

use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A half-open stretch of time: `from_ms <= t < until_ms`, ms since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// First instant inside.
    pub from_ms: i64,
    /// First instant after it.
    pub until_ms: i64,
}

impl TimeRange {
    /// Whether an instant is inside.
    #[must_use]
    pub const fn contains(&self, timestamp_ms: i64) -> bool {
        self.from_ms <= timestamp_ms && timestamp_ms < self.until_ms
    }

    /// Its length in ms; 0 when it is empty.
    #[must_use]
    pub const fn span_ms(&self) -> i64 {
        let span_ms = self.until_ms.saturating_sub(self.from_ms);
        if span_ms < 0 { 0 } else { span_ms }
    }
}

/// The text is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time: write 90d, 12h, 15m or 30s")]
pub struct DurationError(pub String);

/// Reads `90d`, `12h`, `15m`, `30s`, `250ms`, `2y` (days are 24 hours, years 365 days) as ms; negative lengths are refused.
pub fn parse_duration_ms(text: &str) -> Result<i64, DurationError> {
    let refuse = || DurationError(text.to_owned());
    let digits_end = text.trim().find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
    let (digits, suffix) = text.trim().split_at(digits_end);
    let count: i64 = digits.parse().map_err(|_| refuse())?;
    let unit_ms: i64 = match suffix.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        "y" => 365 * 86_400_000,
        _ => return Err(refuse()),
    };
    count.checked_mul(unit_ms).ok_or_else(refuse)
}

/// An age in at most four cells: `now`, `12s`, `3m`, `5h`, `9d`, `2y`. What lies ahead is `now`.
#[must_use]
pub fn age(age_ms: i64) -> String {
    let (count, unit) = age_parts(age_ms);
    if count == 0 { "now".to_owned() } else { format!("{count}{unit}") }
}

fn age_parts(age_ms: i64) -> (i64, &'static str) {
    const STEPS: [(i64, &str); 5] = [(365 * 86_400, "y"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let age_s = age_ms.max(0) / 1_000;
    STEPS.into_iter().find(|(step_s, _)| age_s >= *step_s).map_or((0, "s"), |(step_s, unit)| (age_s / step_s, unit))
}

/// How long until [`age_coarse`] of something that old reads differently, in ms (at least 1).
#[must_use]
pub fn coarse_age_changes_in_ms(age_ms: i64) -> i64 {
    let age_ms = age_ms.max(0);
    let step_ms = if age_ms < 3_600_000 {
        60_000
    } else if age_ms < 86_400_000 {
        3_600_000
    } else {
        86_400_000
    };
    step_ms - age_ms % step_ms
}

/// An age that changes at most once a minute, so that an idle dashboard has nothing to redraw:
/// `<1m`, `3m`, `5h`, `9d`.
#[must_use]
pub fn age_coarse(age_ms: i64) -> String {
    if age_ms < 60_000 { "<1m".to_owned() } else { age(age_ms) }
}

/// A length of time in words a person reads: `2d 4h`, `1h 5m`, `12s`, `250ms`.
#[must_use]
pub fn length(span_ms: i64) -> String {
    if span_ms < 1_000 {
        return format!("{}ms", span_ms.max(0));
    }
    let seconds = span_ms / 1_000;
    let (days, hours, minutes, secs) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "m"), (secs, "s")];
    let shown: Vec<String> = parts
        .into_iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    shown.join(" ")
}

/// The zone in which instants are shown.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone named by `local`, `utc` or an IANA name; `None` when there is no such zone here.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "local" => Some(Self(TimeZone::system())),
            "utc" | "UTC" => Some(Self::utc()),
            _ => TimeZone::get(name).ok().map(Self),
        }
    }

    /// An instant by a `strftime` pattern in this zone; an instant out of range is shown as its number.
    #[must_use]
    pub fn format(&self, timestamp_ms: i64, pattern: &str) -> String {
        Timestamp::from_millisecond(timestamp_ms)
            .map_or_else(|_| timestamp_ms.to_string(), |at| at.to_zoned(self.0.clone()).strftime(pattern).to_string())
    }

    /// `2026-11-21 07:31:05`.
    #[must_use]
    pub fn full(&self, timestamp_ms: i64) -> String {
        self.format(timestamp_ms, "%Y-%m-%d %H:%M:%S")
    }

    /// How far this zone is ahead of UTC at an instant, in ms.
    #[must_use]
    pub fn offset_ms(&self, timestamp_ms: i64) -> i64 {
        Timestamp::from_millisecond(timestamp_ms).map_or(0, |at| i64::from(self.0.to_offset(at).seconds()) * 1_000)
    }
}

/// `2026-11-21T07:31:05.000Z`, as JSON and logs want it.
#[must_use]
pub fn rfc3339(timestamp_ms: i64) -> String {
    Timestamp::from_millisecond(timestamp_ms)
        .map_or_else(|_| timestamp_ms.to_string(), |at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// Reads an RFC 3339 instant as ms since the Unix epoch; finer digits are cut off.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    // jiff knows offsets of more than a day, RFC 3339 does not.
    let offset = Pieces::parse(text).ok()?.to_numeric_offset();
    if offset.is_some_and(|offset| offset.seconds().abs() >= 86_400) {
        return None;
    }
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// The text is neither an instant nor a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: write RFC 3339 (2026-11-21T07:00:00Z) or how long ago (2h, 7d)")]
pub struct InstantError(pub String);

/// Reads `--since`: an RFC 3339 instant, or how long before `now_ms` (`2h`, also `-2h`).
pub fn parse_since(text: &str, now_ms: i64) -> Result<i64, InstantError> {
    if let Some(instant_ms) = parse_rfc3339(text) {
        return Ok(instant_ms);
    }
    parse_duration_ms(text.strip_prefix('-').unwrap_or(text))
        .map(|ago_ms| now_ms.saturating_sub(ago_ms))
        .map_err(|_| InstantError(text.to_owned()))
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = SignedDuration::from_millis(self.span_ms());
        write!(f, "{} + {span:#}", rfc3339(self.from_ms))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("90d", 90 * 86_400_000)]
    #[case(" 12h ", 12 * 3_600_000)]
    #[case("15m", 900_000)]
    #[case("250ms", 250)]
    #[case("0s", 0)]
    fn lengths_are_read(#[case] text: &str, #[case] expected_ms: i64) {
        assert_eq!(parse_duration_ms(text), Ok(expected_ms));
    }

    #[rstest]
    #[case("")]
    #[case("90")]
    #[case("d")]
    #[case("-5d")]
    #[case("1.5h")]
    #[case("5 fortnights")]
    #[case("99999999999999999999d")]
    #[case("9223372036854775807w")]
    fn other_texts_are_refused(#[case] text: &str) {
        assert_eq!(parse_duration_ms(text), Err(DurationError(text.to_owned())));
    }

    #[rstest]
    #[case(-5, "now")]
    #[case(999, "now")]
    #[case(1_000, "1s")]
    #[case(59_999, "59s")]
    #[case(60_000, "1m")]
    #[case(3_600_000, "1h")]
    #[case(86_400_000 * 3, "3d")]
    #[case(i64::MAX, "292471208y")]
    fn ages_are_short(#[case] age_ms: i64, #[case] expected: &str) {
        assert_eq!(age(age_ms), expected);
    }

    #[rstest]
    #[case(0)]
    #[case(59_999)]
    #[case(60_000)]
    #[case(3_599_999)]
    #[case(5_000_000)]
    #[case(200_000_000)]
    fn a_coarse_age_reads_the_same_until_it_is_said_to_change(#[case] age_ms: i64) {
        let changes_in_ms = coarse_age_changes_in_ms(age_ms);
        assert_eq!(age_coarse(age_ms), age_coarse(age_ms + changes_in_ms - 1));
        assert_ne!(age_coarse(age_ms), age_coarse(age_ms + changes_in_ms));
    }

    #[test]
    fn lengths_show_their_two_largest_parts() {
        assert_eq!(length(0), "0ms");
        assert_eq!(length(12_000), "12s");
        assert_eq!(length(3_900_000), "1h 5m");
        assert_eq!(length(187_200_000), "2d 4h");
    }

    #[test]
    fn since_takes_an_instant_or_an_age() {
        assert_eq!(parse_since("1970-01-01T00:00:01Z", 0), Ok(1_000));
        assert_eq!(parse_since("2h", 7_200_000), Ok(0));
        assert_eq!(parse_since("-2h", 7_200_000), Ok(0));
        assert!(parse_since("yesterday-ish", 0).is_err());
    }

    #[test]
    fn instants_out_of_range_are_shown_as_numbers() {
        assert_eq!(Zone::utc().full(i64::MAX), i64::MAX.to_string());
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
    }

    #[rstest]
    #[case("2023-11-14T22:13:20Z", Some(1_700_000_000_000))]
    #[case("2023-11-15T22:12:20+23:59", Some(1_700_000_000_000))]
    #[case("2023-11-14T22:13:20+25:00", None)]
    #[case("2023-11-14T22:13:20-24:00", None)]
    #[case("2023-02-30T00:00:00Z", None)]
    fn instants_are_those_of_rfc_3339(#[case] text: &str, #[case] expected: Option<i64>) {
        assert_eq!(parse_rfc3339(text), expected);
    }
}
