//! What is left of a series when what is usual is taken out of it: skewness, the rhythm of the day or week, and what
//! each value has of the one before.

use std::ops::Range;

use crate::model::time::Zone;
use crate::model::{Point, Rhythm, TakenOut};
use crate::stats::{Moments, quantiles};

const HOUR_MS: i64 = 3_600_000;
/// Periods in which an hour must have been seen before something is expected of it.
const PERIODS: usize = 3;
/// A rhythm is taken out where it leaves at most this share of the variance between hours, degrees of freedom counted in.
const LEFT_AT_MOST: f64 = 0.9;
/// Values less skewed to the right than this are taken as they are: those of a lognormal distribution with a sigma of 0.32.
const SKEWED: f64 = 0.2;
/// Values farther from the middle than this many robust standard deviations count as that far for the autocorrelation: a
/// single spike would hide it.
const CLIPPED_AT: f64 = 3.0;
/// A median absolute deviation of normal values, in standard deviations (Hampel 1974, JASA 69).
const MAD: f64 = 0.6745;
/// A sample says nothing of the next one after so many usual intervals.
const GAP_INTERVALS: i64 = 3;
/// What is nearer to one has no mean to return to.
const MOST_AUTOCORRELATION: f64 = 0.99;

/// A series without what is usual.
#[derive(Debug)]
pub struct Residuals {
    /// What was to be expected of each value, on the scale that is judged.
    pub expected: Vec<f64>,
    /// How far each value is from that.
    pub left: Vec<f64>,
    /// What was taken out.
    pub taken_out: TakenOut,
}

impl Residuals {
    /// Takes out of `points`, oldest first, what those of `window` and the means of `hours` (when each begins, ms since the
    /// Unix epoch) say is usual, by the clock of `zone`; `None` when that is nothing.
    ///
    /// In this order: the logarithm, when all values are positive, skewed to the right, and less skewed afterwards; the
    /// median of each hour of the day or week, interpolated between their middles; the autocorrelation of neighbours
    /// (Box & Jenkins 1970, eq. 2.1.12 at lag 1), when it is beyond the chance of independent values, 2/sqrt(n)
    /// (Bartlett 1946), and positive.
    #[must_use]
    pub fn of(points: &[Point], window: Range<usize>, hours: &[(i64, f64)], zone: &Zone) -> Option<Self> {
        let mut scaled: Vec<f64> = points.iter().map(|point| point.value).collect();
        let is_log = scaled.iter().all(|&value| value > 0.0) && is_better_logged(&scaled[window.clone()]);
        if is_log {
            for value in &mut scaled {
                *value = value.ln();
            }
        }
        let hours = hours.iter().filter(|(_, mean)| !is_log || *mean > 0.0);
        let hours: Vec<(i64, f64)> =
            hours.map(|&(at_ms, mean)| (at_ms, if is_log { mean.ln() } else { mean })).collect();
        let profile = HourProfile::of(&hours, zone);
        let usual = |at_ms: i64, offset_ms: i64| {
            profile.as_ref().map_or(0.0, |profile| profile.at(at_ms.saturating_add(offset_ms)))
        };
        let mut offset = Offset::of(zone);
        let mut expected: Vec<f64> =
            points.iter().map(|point| usual(point.timestamp_ms, offset.at(point.timestamp_ms))).collect();
        let mut away: Vec<f64> = scaled.iter().zip(&expected).map(|(value, expected)| value - expected).collect();
        // Values so far apart that their distance is no number any more.
        if !away.iter().chain(&expected).all(|number| number.is_finite()) {
            return None;
        }
        let [middle] = quantiles(&mut away[window.clone()].to_vec(), [0.5])?;
        for away in &mut away {
            *away -= middle;
        }
        let gap_ms = usual_interval_ms(&points[window.clone()]).saturating_mul(GAP_INTERVALS);
        let follows =
            |at: usize| at > 0 && points[at].timestamp_ms.saturating_sub(points[at - 1].timestamp_ms) <= gap_ms;
        let autocorrelation = autocorrelation(&away, window, follows);
        let taken_out = TakenOut { is_log, rhythm: profile.map(|profile| profile.rhythm), autocorrelation };
        if taken_out == TakenOut::default() {
            return None;
        }
        for (at, expected) in expected.iter_mut().enumerate() {
            *expected += middle + if follows(at) { autocorrelation * away[at - 1] } else { 0.0 };
        }
        let left = scaled.iter().zip(&expected).map(|(value, expected)| value - expected).collect();
        Some(Self { expected, left, taken_out })
    }
}

/// Whether values are skewed to the right, and less so on a logarithmic scale.
fn is_better_logged(values: &[f64]) -> bool {
    let mut sorted = values.to_vec();
    let Some(tenths) = quantiles(&mut sorted, [0.1, 0.5, 0.9]) else { return false };
    let raw = skewness(tenths);
    raw > SKEWED && skewness(tenths.map(f64::ln)).abs() < raw
}

/// How much farther the highest tenth is from the median than the lowest, as a share of the way between both (Kelley
/// 1947, Fundamentals of Statistics): -1 to 1, whatever a few wild values do; not a number without spread.
fn skewness([low, middle, high]: [f64; 3]) -> f64 {
    ((high - middle) - (middle - low)) / (high - low)
}

/// Of deviations from the middle, in `window`, between those that follow each other; 0 unless it is clear.
fn autocorrelation(away: &[f64], window: Range<usize>, follows: impl Fn(usize) -> bool) -> f64 {
    let mut sizes: Vec<f64> = away[window.clone()].iter().map(|away| away.abs()).collect();
    let Some([mad]) = quantiles(&mut sizes, [0.5]) else { return 0.0 };
    let most = CLIPPED_AT * mad / MAD;
    let clipped = |at: usize| away[at].clamp(-most, most);
    let squares: f64 = window.clone().map(|at| clipped(at) * clipped(at)).sum();
    let pairs = window.clone().skip(1).filter(|&at| follows(at));
    let found = pairs.map(|at| clipped(at) * clipped(at - 1)).sum::<f64>() / squares;
    let by_chance = 2.0 / (window.len() as f64).sqrt();
    if found > by_chance { found.min(MOST_AUTOCORRELATION) } else { 0.0 }
}

/// The median of the intervals between points; 0 when there are none.
fn usual_interval_ms(points: &[Point]) -> i64 {
    let mut intervals: Vec<i64> =
        points.windows(2).map(|pair| pair[1].timestamp_ms.saturating_sub(pair[0].timestamp_ms)).collect();
    if intervals.is_empty() {
        return 0;
    }
    let middle = intervals.len() / 2;
    *intervals.select_nth_unstable(middle).1
}

/// What is usual at each hour of the day or week, as a distance from the mean of all.
#[derive(Debug)]
struct HourProfile {
    rhythm: Rhythm,
    by_hour: Vec<f64>,
}

impl HourProfile {
    /// The rhythm that explains most of the hours' means, if one does.
    fn of(hours: &[(i64, f64)], zone: &Zone) -> Option<Self> {
        let mean: Moments = hours.iter().map(|(_, mean)| *mean).collect();
        let hours: Vec<(i64, f64)> = hours
            .iter()
            .map(|&(at_ms, value)| (hour(at_ms.saturating_add(zone.offset_ms(at_ms))), value - mean.mean))
            .collect();
        let mut best = (mean.variance()?, None);
        for rhythm in [Rhythm::Day, Rhythm::Week] {
            let Some((variance, by_hour)) = fitted(&hours, rhythm.hours()) else { continue };
            if variance < LEFT_AT_MOST * best.0 {
                best = (variance, Some(Self { rhythm, by_hour }));
            }
        }
        best.1
    }

    /// What is usual at a time of the clock on the wall.
    fn at(&self, wall_ms: i64) -> f64 {
        let hours = self.by_hour.len();
        let since = wall_ms.rem_euclid(HOUR_MS * self.rhythm.hours()) as f64 / HOUR_MS as f64;
        let since_middle = (since - 0.5).rem_euclid(hours as f64);
        let before = (since_middle as usize).min(hours - 1);
        let (from, to) = (self.by_hour[before], self.by_hour[(before + 1) % hours]);
        let share = since_middle - before as f64;
        // Each by itself: the distance of two hours may be larger than any number.
        from * (1.0 - share) + to * share
    }
}

/// The medians of a period of `count` hours, 0 for those seen too seldom, and the variance that they leave; `None` when
/// most are seen too seldom.
fn fitted(hours: &[(i64, f64)], count: i64) -> Option<(f64, Vec<f64>)> {
    let place = |hour: i64| hour.rem_euclid(count) as usize;
    let mut seen = vec![Vec::new(); count as usize];
    for &(hour, value) in hours {
        seen[place(hour)].push(value);
    }
    let median = |seen: &mut Vec<f64>| quantiles(seen, [0.5]).filter(|_| seen.len() >= PERIODS).map(|[median]| median);
    let medians: Vec<Option<f64>> = seen.iter_mut().map(median).collect();
    let known = medians.iter().flatten().count();
    let freedom = hours.len().checked_sub(known + 1).filter(|&freedom| freedom > 0 && known * 2 >= count as usize)?;
    let by_hour: Vec<f64> = medians.into_iter().map(Option::unwrap_or_default).collect();
    let squares: f64 = hours.iter().map(|&(hour, value)| (value - by_hour[place(hour)]).powi(2)).sum();
    Some((squares / freedom as f64, by_hour))
}

const fn hour(wall_ms: i64) -> i64 {
    wall_ms.div_euclid(HOUR_MS)
}

/// The zone's distance from UTC, looked up once for each quarter of an hour, in which no zone changes it.
struct Offset<'a> {
    zone: &'a Zone,
    known: Option<(i64, i64)>,
}

impl<'a> Offset<'a> {
    const fn of(zone: &'a Zone) -> Self {
        Self { zone, known: None }
    }

    fn at(&mut self, at_ms: i64) -> i64 {
        let quarter = at_ms.div_euclid(HOUR_MS / 4);
        match self.known {
            Some((known, offset_ms)) if known == quarter => offset_ms,
            _ => self.known.insert((quarter, self.zone.offset_ms(at_ms))).1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60_000;
    const START_MS: i64 = 1_700_000_000_000;

    /// Noise between -1 and 1 that never changes.
    fn noise(i: i64) -> f64 {
        let mixed = (i as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 32)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    /// A value every ten minutes.
    fn points(count: i64, value: impl FnMut(i64) -> f64) -> Vec<Point> {
        let values = (0..count).map(value);
        values.zip(0..).map(|(value, i)| Point { timestamp_ms: START_MS + i * 10 * MINUTE_MS, value }).collect()
    }

    fn hours(points: &[Point]) -> Vec<(i64, f64)> {
        let hour = |point: &Point| point.timestamp_ms / HOUR_MS;
        let mean = |chunk: &[Point]| {
            let values = chunk.iter().map(|point| point.value);
            (chunk[0].timestamp_ms / HOUR_MS * HOUR_MS, values.collect::<Moments>().mean)
        };
        points.chunk_by(|a, b| hour(a) == hour(b)).map(mean).collect()
    }

    fn of(points: &[Point]) -> Option<Residuals> {
        Residuals::of(points, 0..points.len(), &hours(points), &Zone::utc())
    }

    fn sd(values: &[f64]) -> f64 {
        Moments::of(values).std_dev().unwrap()
    }

    #[test]
    fn noise_is_left_as_it_is() {
        assert!(of(&points(1_000, |i| 100.0 + noise(i))).is_none());
        assert!(of(&points(1_000, |_| 5.0)).is_none());
        assert!(of(&points(1_000, |i| if i % 2 == 0 { 99.0 } else { 101.0 })).is_none());
        assert!(of(&[]).is_none());
        assert!(of(&points(1, |_| 1.0)).is_none());
    }

    #[test]
    fn a_skewed_metric_is_seen_on_a_logarithmic_scale() {
        let residuals = of(&points(2_000, |i| (2.0 + 0.5 * (noise(i) + noise(i + 9_999))).exp())).unwrap();
        assert_eq!(residuals.taken_out, TakenOut { is_log: true, ..TakenOut::default() });
        assert!(residuals.expected.iter().all(|expected| (expected - 2.0).abs() < 0.05));
        // With one value at or below zero there is no logarithm.
        assert!(
            of(&points(2_000, |i| if i == 7 { 0.0 } else { (2.0 + 0.5 * noise(i)).exp() }))
                .is_none_or(|residuals| !residuals.taken_out.is_log)
        );
    }

    #[test]
    fn a_daily_rhythm_is_expected() {
        let cycle = |i: i64| 10.0 * (i as f64 / 144.0 * std::f64::consts::TAU).sin();
        let series = points(144 * 7, |i| 100.0 + cycle(i) + noise(i));
        let residuals = of(&series).unwrap();
        assert_eq!(residuals.taken_out.rhythm, Some(Rhythm::Day));
        assert!(sd(&residuals.left) < 0.75, "{} of {}", sd(&residuals.left), 1.0 / 3_f64.sqrt());
        // Of two days nothing is known yet but what each value has of the one before.
        assert_eq!(of(&series[..288]).unwrap().taken_out.rhythm, None);
    }

    #[test]
    fn weekends_are_a_rhythm_of_the_week() {
        let is_weekend = |i: i64| i / 144 % 7 >= 5;
        let series = points(144 * 28, |i| if is_weekend(i) { 50.0 } else { 100.0 } + noise(i));
        let residuals = of(&series).unwrap();
        assert_eq!(residuals.taken_out.rhythm, Some(Rhythm::Week));
        let inside = (0..series.len()).filter(|&at| residuals.left[at].abs() < 3.0).count();
        assert!(inside as f64 > 0.97 * series.len() as f64, "{inside}");
    }

    #[test]
    fn the_clock_on_the_wall_decides() {
        // Berlin puts the clock back on 29 October 2023; the rhythm moves with it.
        let zone = Zone::named("Europe/Berlin").unwrap();
        let from_ms = START_MS - 24 * 24 * HOUR_MS;
        let at = |i: i64| from_ms + i * 10 * MINUTE_MS;
        let series: Vec<Point> = (0..144 * 20)
            .map(|i| {
                let hour = (at(i) + zone.offset_ms(at(i))).div_euclid(HOUR_MS).rem_euclid(24);
                Point { timestamp_ms: at(i), value: if (8..18).contains(&hour) { 50.0 } else { 10.0 } + noise(i) }
            })
            .collect();
        let left = |zone: &Zone| sd(&Residuals::of(&series, 0..series.len(), &hours(&series), zone).unwrap().left);
        assert!(left(&zone) < left(&Zone::utc()), "{} {}", left(&zone), left(&Zone::utc()));
    }

    #[test]
    fn what_a_value_has_of_the_one_before_is_taken_out() {
        let mut before = 0.0;
        let mut wander = |i: i64| {
            before = 0.8 * before + noise(i);
            before
        };
        let series = points(5_000, |i| wander(i) - 500.0);
        let residuals = Residuals::of(&series, 0..series.len(), &[], &Zone::utc()).unwrap();
        assert!((residuals.taken_out.autocorrelation - 0.8).abs() < 0.03, "{:?}", residuals.taken_out);
        assert!((sd(&residuals.left) * 3_f64.sqrt() - 1.0).abs() < 0.05);
        // After a gap nothing is known of the one before.
        let mut gapped = series.clone();
        gapped[2_500..].iter_mut().for_each(|point| point.timestamp_ms += 100 * HOUR_MS);
        let residuals = Residuals::of(&gapped, 0..gapped.len(), &[], &Zone::utc()).unwrap();
        let [middle] = quantiles(&mut gapped.iter().map(|point| point.value).collect::<Vec<_>>(), [0.5]).unwrap();
        assert!((residuals.expected[2_500] - middle).abs() < 1e-9);
    }

    #[test]
    fn one_spike_does_not_hide_it() {
        let mut before = 0.0;
        let mut wander = |i: i64| {
            before = 0.8 * before + noise(i);
            before
        };
        let series = points(5_000, |i| wander(i) - 500.0 + if i == 2_000 { 1e6 } else { 0.0 });
        let residuals = Residuals::of(&series, 0..series.len(), &[], &Zone::utc()).unwrap();
        assert!((residuals.taken_out.autocorrelation - 0.8).abs() < 0.05, "{:?}", residuals.taken_out);
    }

    #[test]
    fn the_largest_numbers_do_no_harm() {
        let wild = points(100, |i| if i % 3 == 0 { f64::MAX } else { -f64::MAX });
        let _ = of(&wild);
        let times: Vec<Point> =
            [i64::MIN, -1, 0, i64::MAX].map(|timestamp_ms| Point { timestamp_ms, value: 1.0 }).to_vec();
        let _ = of(&times);
    }
}
