//! What a series is expected to be in an hour, by what it was before: baselines that move along.

use std::collections::BTreeMap;

use crate::model::{Expectation, Point};
use crate::stats::{Moments, quantiles};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_MS: i64 = 7 * DAY_MS;
/// The share of the last day's samples that lies below the rolling baseline.
const ROLLING: f64 = 0.75;
/// The weight of the newest hour in the smoothed baseline (Brown 1956, Exponential smoothing for predicting demand).
const SMOOTHING: f64 = 0.3;

/// An hour of a series: what was expected of it, and what it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedHour {
    /// Its beginning: ms since the Unix epoch.
    pub hour_ms: i64,
    /// What was expected at its beginning; `None` when nothing was known.
    pub expected: Option<f64>,
    /// What it was so far.
    pub found: Moments,
}

/// How far before the first hour samples are looked at, in ms.
#[must_use]
pub const fn looks_back_ms(kind: Expectation) -> i64 {
    match kind {
        Expectation::Rolling => DAY_MS,
        Expectation::Smoothed => WEEK_MS,
        Expectation::Seasonal => 8 * WEEK_MS,
    }
}

/// What is expected of each of `hours` full hours, the last of which begins at `last_ms`; from samples before each of them
/// alone. `points` are sorted by time, and `wall_ms` says which time of the week an instant is to the user: ms since the
/// Unix epoch, plus the time zone's offset.
///
/// - Rolling: the 75th percentile of the 24 hours before.
/// - Smoothed: the means of the hours of the last week that have samples, exponentially smoothed, the newest by 0.3.
/// - Seasonal: the mean of the means of the same hour of the week, in up to eight weeks.
#[must_use]
pub fn expected(
    kind: Expectation,
    points: &[Point],
    last_ms: i64,
    hours: i64,
    wall_ms: &dyn Fn(i64) -> i64,
) -> Vec<ExpectedHour> {
    let mut by_hour: BTreeMap<i64, Moments> = BTreeMap::new();
    for point in points {
        by_hour.entry(point.timestamp_ms.div_euclid(HOUR_MS) * HOUR_MS).or_default().push(point.value);
    }
    let expect = |hour_ms: i64| {
        let from_ms = hour_ms.saturating_sub(looks_back_ms(kind));
        let means = || by_hour.range(from_ms..hour_ms).map(|(&at_ms, moments)| (at_ms, moments.mean));
        match kind {
            Expectation::Rolling => {
                let place = |ms: i64| points.partition_point(|point| point.timestamp_ms < ms);
                let mut values: Vec<f64> =
                    points[place(from_ms)..place(hour_ms)].iter().map(|point| point.value).collect();
                quantiles(&mut values, [ROLLING]).map(|[value]| value)
            }
            Expectation::Smoothed => {
                means().map(|(_, mean)| mean).reduce(|smoothed, mean| SMOOTHING * mean + (1.0 - SMOOTHING) * smoothed)
            }
            Expectation::Seasonal => {
                let of_week = |ms: i64| wall_ms(ms).rem_euclid(WEEK_MS).div_euclid(HOUR_MS);
                let same: Moments =
                    means().filter(|&(at_ms, _)| of_week(at_ms) == of_week(hour_ms)).map(|(_, mean)| mean).collect();
                (same.n > 0).then_some(same.mean)
            }
        }
    };
    (1 - hours..=0)
        .map(|back| {
            let hour_ms = last_ms.saturating_add(back * HOUR_MS);
            let found = by_hour.get(&hour_ms).copied().unwrap_or_default();
            ExpectedHour { hour_ms, expected: expect(hour_ms), found }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of a pattern every 20 minutes, for some days before an hour and half of that hour.
    fn points(days: i64, last_ms: i64) -> Vec<Point> {
        let from_ms = last_ms - days * DAY_MS;
        (0..days * 72 + 2)
            .map(|at| Point {
                timestamp_ms: from_ms + at * HOUR_MS / 3,
                value: 100.0 + (at * 7_919 % 101) as f64 + 10.0 * (at % 72) as f64,
            })
            .collect()
    }

    const LAST_MS: i64 = 1_700_000_000_000 - 1_700_000_000_000 % HOUR_MS;

    fn last(kind: Expectation, days: i64) -> f64 {
        let hours = expected(kind, &points(days, LAST_MS), LAST_MS, 1, &|ms| ms);
        assert_eq!((hours.len(), hours[0].hour_ms, hours[0].found.n), (1, LAST_MS, 2));
        hours[0].expected.unwrap()
    }

    // numpy 2.4, with v[at] = 100 + at * 7919 % 101 + 10 * (at % 72) for at in range(days * 72), m = v.reshape(-1, 3).mean(1):
    // np.percentile(v[-72:], 75); s = m[-168]; s = .3 * x + .7 * s for x in m[-167:]; m[-168::-168].mean()
    #[test]
    fn expectations_equal_numpy() {
        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-9 * expected.abs();
        assert!(near(last(Expectation::Rolling, 30), 692.25), "{}", last(Expectation::Rolling, 30));
        assert!(near(last(Expectation::Smoothed, 30), 778.703_748_871_099_8), "{}", last(Expectation::Smoothed, 30));
        assert!(near(last(Expectation::Seasonal, 30), 152.333_333_333_333_34), "{}", last(Expectation::Seasonal, 30));
        assert!(near(last(Expectation::Smoothed, 3), 776.638_738_780_725_8), "{}", last(Expectation::Smoothed, 3));
    }

    #[test]
    fn an_hour_has_no_part_in_what_is_expected_of_it() {
        for kind in Expectation::EVERY {
            let known = points(20, LAST_MS);
            let mut changed = known.clone();
            let in_hour = |point: &&mut Point| point.timestamp_ms >= LAST_MS;
            changed.iter_mut().filter(in_hour).for_each(|point| point.value = 1e9);
            let of = |points: &[Point]| expected(kind, points, LAST_MS, 24, &|ms| ms).last().unwrap().expected;
            assert_eq!(of(&known), of(&changed), "{kind}");
        }
    }

    #[test]
    fn where_nothing_is_known_nothing_is_expected() {
        for kind in Expectation::EVERY {
            let hours = expected(kind, &[], LAST_MS, 24, &|ms| ms);
            assert!(
                hours.len() == 24 && hours.iter().all(|hour| hour.expected.is_none() && hour.found.n == 0),
                "{kind}"
            );
        }
        let young = expected(Expectation::Seasonal, &points(6, LAST_MS), LAST_MS, 1, &|ms| ms);
        assert_eq!(young[0].expected, None, "six days know no week");
    }
}
