//! What happens at the same time every day, such as a nightly job, is no news.

use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 86_400_000;
/// A day is cut into quarters of an hour.
const STRETCHES: usize = 96;
const STRETCH_MS: i64 = DAY_MS / 96;
/// The days that are remembered; what was on one of them alone is not usual.
const DAYS: usize = 3;
/// Surprises are kept in quarters of a nat.
const QUARTERS: f64 = 4.0;
/// A surprise this much greater than usual at its time is news.
const GREATER: f64 = 1.25;

/// The greatest surprise in each stretch of the last days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Recurrence {
    today: i64,
    /// That of today, then those before it, in quarters of a nat.
    days: Vec<u8>,
}

impl Recurrence {
    pub(super) fn new() -> Self {
        Self { today: i64::MIN, days: vec![0; (DAYS + 1) * STRETCHES] }
    }

    /// Whether a surprise is about as great as it is at this time on most days; then learns it. The time is that of the
    /// clock on the wall.
    pub(super) fn is_usual(&mut self, wall_ms: i64, surprise: f64) -> bool {
        let today = wall_ms.div_euclid(DAY_MS);
        let passed = today.saturating_sub(self.today).clamp(0, DAYS.cast_signed() as i64 + 1) as usize;
        if passed > 0 {
            self.days.rotate_right(passed % (DAYS + 1) * STRETCHES);
            self.days[..passed * STRETCHES].fill(0);
            self.today = today;
        }
        let stretch = (wall_ms.rem_euclid(DAY_MS) / STRETCH_MS) as usize;
        let known = &mut self.days[stretch];
        *known = (*known).max((surprise * QUARTERS).ceil() as u8);
        // It may begin a little earlier or later than on other days.
        let near = [(stretch + STRETCHES - 1) % STRETCHES, stretch, (stretch + 1) % STRETCHES];
        let usual = self.days[STRETCHES..]
            .chunks_exact(STRETCHES)
            .filter(|day| near.iter().any(|&stretch| GREATER * f64::from(day[stretch]) / QUARTERS >= surprise));
        usual.count() * 2 > DAYS
    }

    /// Whether it has all its days.
    pub(super) fn is_sound(&self) -> bool {
        self.days.len() == (DAYS + 1) * STRETCHES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every minute of `days` days: whether the surprises of the last day are usual.
    fn last_day(days: i64, surprise: impl Fn(i64, i64) -> f64) -> Vec<(i64, bool)> {
        let mut recurrence = Recurrence::new();
        let minutes = (0..days * 1440).map(|at| (at / 1440, at % 1440));
        let told = minutes.map(|(day, minute)| {
            let surprise = surprise(day, minute);
            (day, minute, surprise, recurrence.is_usual((day * 1440 + minute) * 60_000, surprise))
        });
        told.filter(|&(day, _, surprise, _)| day == days - 1 && surprise > 20.0)
            .map(|(.., minute_is_usual)| minute_is_usual)
            .zip(0..)
            .map(|(is_usual, at)| (at, is_usual))
            .collect()
    }

    #[rstest::rstest]
    #[case(2, false)]
    #[case(3, true)]
    #[case(9, true)]
    fn what_came_on_two_of_three_days_is_usual(#[case] days: i64, #[case] is_usual: bool) {
        // A job of four minutes that does not begin at the same second.
        let found = last_day(days, |day, minute| if (180 + day..184 + day).contains(&minute) { 30.0 } else { 3.0 });
        assert_eq!(found, (0..4).map(|at| (at, is_usual)).collect::<Vec<_>>());
    }

    #[test]
    fn another_time_and_a_greater_surprise_are_news() {
        let moved = last_day(9, |day, minute| if minute == 180 + day / 8 * 60 { 30.0 } else { 3.0 });
        let grown = last_day(9, |day, minute| if minute == 180 { 24.0 + (day / 8 * 16) as f64 } else { 3.0 });
        assert_eq!((moved, grown), (vec![(0, false)], vec![(0, false)]));
    }

    #[test]
    fn days_without_samples_and_any_times_are_survived() {
        let mut recurrence = Recurrence::new();
        for day in [0, 1, 2, 40] {
            assert_eq!(recurrence.is_usual(day * DAY_MS, 30.0), day == 2, "{day}");
        }
        for wall_ms in [i64::MIN, i64::MAX, 0, -1] {
            assert!(!recurrence.is_usual(wall_ms, 30.0));
        }
    }
}
