//! Ticks of a time axis, at round local times.

use crate::model::TimeRange;
use crate::model::time::Zone;

/// A labelled instant on a time axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeTick {
    /// The instant: ms since the Unix epoch.
    pub at_ms: i64,
    /// Its label: a time of day, or a date where a day begins.
    pub label: String,
}

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// 1970-01-05 was a Monday; steps of whole weeks count from there.
const MONDAY_MS: i64 = 4 * DAY_MS;

const STEPS_MS: [i64; 25] = [
    SECOND_MS,
    2 * SECOND_MS,
    5 * SECOND_MS,
    10 * SECOND_MS,
    15 * SECOND_MS,
    30 * SECOND_MS,
    MINUTE_MS,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    DAY_MS,
    2 * DAY_MS,
    7 * DAY_MS,
    14 * DAY_MS,
    28 * DAY_MS,
    91 * DAY_MS,
    182 * DAY_MS,
    364 * DAY_MS,
];

/// At most `max_ticks` round instants inside the range, in local time of `zone`.
#[must_use]
pub fn time_ticks(range: TimeRange, max_ticks: u16, zone: &Zone) -> Vec<TimeTick> {
    let span_ms = range.span_ms();
    if span_ms == 0 || max_ticks == 0 {
        return Vec::new();
    }
    let max = i64::from(max_ticks);
    let least_ms = span_ms / max + i64::from(span_ms % max != 0);
    let step_ms = STEPS_MS.into_iter().find(|step_ms| *step_ms >= least_ms).unwrap_or_else(|| {
        let longest_ms = STEPS_MS[STEPS_MS.len() - 1];
        longest_ms.saturating_mul(least_ms / longest_ms + 1)
    });
    let anchor_ms = if step_ms % (7 * DAY_MS) == 0 { MONDAY_MS } else { 0 };
    let local_from_ms = range.from_ms.saturating_add(zone.offset_ms(range.from_ms)).saturating_sub(anchor_ms);
    let first = local_from_ms.div_euclid(step_ms);
    (0..=max + 1)
        .filter_map(|i| {
            let local_ms = first.checked_add(i)?.checked_mul(step_ms)?.checked_add(anchor_ms)?;
            // The offset at the instant itself, so that ticks stay round over a change of clocks.
            let at_ms = local_ms.checked_sub(zone.offset_ms(local_ms.checked_sub(zone.offset_ms(local_ms))?))?;
            range.contains(at_ms).then(|| TimeTick { at_ms, label: label(local_ms, at_ms, step_ms, zone) })
        })
        .collect()
}

fn label(local_ms: i64, at_ms: i64, step_ms: i64, zone: &Zone) -> String {
    let pattern = if step_ms >= 182 * DAY_MS {
        "%b %Y"
    } else if local_ms % DAY_MS == 0 {
        "%-d %b"
    } else if step_ms < MINUTE_MS {
        "%H:%M:%S"
    } else {
        "%H:%M"
    };
    zone.format(at_ms, pattern)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::model::time::parse_rfc3339;

    fn labels(from: &str, until: &str, max_ticks: u16, zone: &str) -> Vec<String> {
        let at = |text| parse_rfc3339(text).expect("an instant");
        let range = TimeRange { from_ms: at(from), until_ms: at(until) };
        time_ticks(range, max_ticks, &Zone::named(zone).expect("a zone")).into_iter().map(|tick| tick.label).collect()
    }

    #[rstest]
    #[case("2026-11-20T07:31:00Z", "2026-11-21T07:31:00Z", 5, "utc", &["12:00", "18:00", "21 Nov", "06:00"])]
    #[case("2026-11-20T07:31:00Z", "2026-11-20T08:31:00Z", 5, "utc", &["07:45", "08:00", "08:15", "08:30"])]
    #[case("2026-11-14T07:31:00Z", "2026-11-21T07:31:00Z", 8, "utc",
        &["15 Nov", "16 Nov", "17 Nov", "18 Nov", "19 Nov", "20 Nov", "21 Nov"])]
    #[case("2026-10-22T00:00:00Z", "2026-11-21T00:00:00Z", 6, "utc", &["26 Oct", "2 Nov", "9 Nov", "16 Nov"])]
    #[case("2026-11-20T07:31:02Z", "2026-11-20T07:31:09Z", 4, "utc", &["07:31:02", "07:31:04", "07:31:06", "07:31:08"])]
    fn ticks_stand_at_round_times(
        #[case] from: &str,
        #[case] until: &str,
        #[case] max_ticks: u16,
        #[case] zone: &str,
        #[case] expected: &[&str],
    ) {
        assert_eq!(labels(from, until, max_ticks, zone), expected);
    }

    #[test]
    fn half_hour_zones_and_changes_of_clocks_keep_ticks_round() {
        let Some(_) = Zone::named("Asia/Kolkata") else { return };
        let kolkata = labels("2026-11-20T07:31:00Z", "2026-11-20T11:31:00Z", 4, "Asia/Kolkata");
        assert_eq!(kolkata, ["14:00", "15:00", "16:00", "17:00"]);
        let berlin = labels("2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z", 6, "Europe/Berlin");
        assert_eq!(berlin, ["12:00", "25 Oct", "12:00", "26 Oct", "12:00", "27 Oct"]);
    }

    proptest! {
        #[test]
        fn any_range_has_few_ordered_ticks_inside(from_ms in any::<i64>(), until_ms in any::<i64>(), max_ticks in 0u16..40) {
            let range = TimeRange { from_ms, until_ms };
            let ticks = time_ticks(range, max_ticks, &Zone::utc());
            prop_assert!(ticks.len() <= usize::from(max_ticks) + 1);
            prop_assert!(ticks.iter().all(|tick| range.contains(tick.at_ms)));
            prop_assert!(ticks.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms));
        }
    }
}
