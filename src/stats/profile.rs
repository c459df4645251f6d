//! What a series usually is at a time of the day or of the week.

use serde::{Deserialize, Serialize};

/// How fast a stretch follows what is new, once it was seen three times.
const WEIGHT: f64 = 0.3;
/// What moves a stretch by more than this many mean deviations counts as having moved it so far: one bad day must not
/// become what is expected.
const CLIPPED_AT: f64 = 4.0;
/// Deviations that are known before any is clipped, and of how many the mean is.
const FEWEST_DEVIATIONS: u32 = 50;
const DEVIATIONS: u32 = 2000;
/// No value is so far from zero.
const MOST: f64 = 1e30;

/// The mean of each stretch of a period, exponentially weighted over the periods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Profile {
    period_ms: i64,
    stretch_ms: i64,
    means: Vec<f32>,
    /// How often each stretch was seen, up to 255.
    seen: Vec<u8>,
    open: Option<Open>,
    mean_deviation: f64,
    deviations: u32,
}

/// The stretch that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Open {
    stretch: usize,
    sum: f64,
    n: u32,
}

impl Profile {
    /// A period cut into so many stretches.
    pub(crate) const fn new(period_ms: i64, stretches: i64) -> Self {
        Self {
            period_ms,
            stretch_ms: period_ms / stretches,
            means: Vec::new(),
            seen: Vec::new(),
            open: None,
            mean_deviation: 0.0,
            deviations: 0,
        }
    }

    /// How far a value is from what is usual at its time, `None` the first time around; then learns it. The time
    /// is that of the clock on the wall: ms since the Unix epoch, plus the time zone's offset.
    pub(crate) fn residual(&mut self, wall_ms: i64, value: f64) -> Option<f64> {
        let stretch = (wall_ms.rem_euclid(self.period_ms) / self.stretch_ms) as usize;
        match &mut self.open {
            Some(open) if open.stretch == stretch => {
                open.sum += value;
                open.n += 1;
            }
            _ => {
                if let Some(over) = self.open.replace(Open { stretch, sum: value, n: 1 }) {
                    self.learn(over.stretch, over.sum / f64::from(over.n));
                }
            }
        }
        let seen = self.seen.get(stretch).is_some_and(|&seen| seen > 0);
        seen.then(|| value - f64::from(self.means[stretch]))
    }

    /// Whether its parts go together, for a period cut into so many stretches.
    pub(crate) fn is_sound(&self, period_ms: i64, stretches: i64) -> bool {
        let is_place = |stretch: usize| stretch < stretches as usize;
        let is_number = |number: f64| number.abs() <= MOST;
        let is_open = |open: Open| {
            is_place(open.stretch) && (1..=u32::MAX / 2).contains(&open.n) && is_number(open.sum / f64::from(open.n))
        };
        (self.period_ms, self.stretch_ms) == (period_ms, period_ms / stretches)
            && self.means.len() == self.seen.len()
            && (self.means.is_empty() || self.means.len() == stretches as usize)
            && self.means.iter().all(|&mean| is_number(f64::from(mean)))
            && self.open.is_none_or(is_open)
            && (0.0..=MOST).contains(&self.mean_deviation)
            && self.deviations <= DEVIATIONS
    }

    fn learn(&mut self, stretch: usize, mean: f64) {
        if self.means.is_empty() {
            let stretches = (self.period_ms / self.stretch_ms) as usize;
            self.means = vec![0.0; stretches];
            self.seen = vec![0; stretches];
        }
        let seen = self.seen[stretch];
        if seen == 0 {
            self.means[stretch] = mean as f32;
        } else {
            let mut deviation = mean - f64::from(self.means[stretch]);
            self.deviations = (self.deviations + 1).min(DEVIATIONS);
            self.mean_deviation += (deviation.abs() - self.mean_deviation) / f64::from(self.deviations);
            if seen > 1 && self.deviations > FEWEST_DEVIATIONS {
                let most = CLIPPED_AT * self.mean_deviation;
                deviation = deviation.clamp(-most, most);
            }
            let weight = (1.0 / (f64::from(seen) + 1.0)).max(WEIGHT);
            self.means[stretch] += (deviation * weight) as f32;
        }
        self.seen[stretch] = seen.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    /// A value every minute of `days` days.
    fn learned(days: i64, value: impl Fn(i64) -> f64) -> Profile {
        let mut profile = Profile::new(DAY_MS, 96);
        for minute in 0..days * 1440 {
            profile.residual(minute * 60_000, value(minute));
        }
        profile
    }

    #[test]
    fn nothing_is_usual_the_first_time_around() {
        let mut profile = learned(1, |_| 3.0);
        assert_eq!(Profile::new(DAY_MS, 96).residual(0, 1.0), None);
        assert_eq!(profile.residual(DAY_MS, 5.0), Some(2.0));
    }

    #[test]
    fn a_daily_cycle_leaves_nothing() {
        let cycle = |minute: i64| f64::from((minute % 1440 / 15) as i32);
        let mut profile = learned(10, cycle);
        for minute in 14_400..15_840 {
            let residual = profile.residual(minute * 60_000, cycle(minute)).unwrap();
            assert!(residual.abs() < 1e-5, "{minute}: {residual}");
        }
    }

    #[test]
    fn one_bad_day_is_not_what_is_usual() {
        let noisy = |minute: i64| 100.0 + f64::from((minute * 7919 % 97) as i32) / 97.0;
        let bad = |minute: i64| if minute / 1440 == 10 { 1_000.0 } else { noisy(minute) };
        let mut profile = learned(11, bad);
        let residual = profile.residual(11 * DAY_MS, 100.5).unwrap();
        assert!(residual.abs() < 2.0, "{residual}");
    }

    #[test]
    fn instants_before_the_epoch_have_a_time_of_day_too() {
        let mut profile = learned(2, |_| 1.0);
        assert_eq!(profile.residual(-1, 1.0), Some(0.0));
        assert_eq!(profile.residual(i64::MIN, 1.0), Some(0.0));
    }
}
