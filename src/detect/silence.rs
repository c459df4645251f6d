//! A metric that has stopped sending.

use serde::{Deserialize, Serialize};

use crate::model::Sensitivity;

/// Intervals between samples that are remembered, and the fewest to know the usual one.
const KNOWN: usize = 64;
const FEWEST: usize = 20;
/// Silence is longer than so many usual intervals, and than so many of those that are rarely exceeded.
const fn intervals(sensitivity: Sensitivity) -> (i64, i64) {
    match sensitivity {
        Sensitivity::Low => (10, 6),
        Sensitivity::Medium => (5, 3),
        Sensitivity::High => (3, 2),
    }
}
/// Silence that is so many times as long as what is told of is grave.
const GRAVE: i64 = 4;
/// The share of intervals that are shorter than the rare one.
const RARE_SHARE: usize = 95;
/// Below it, the delays of whoever sends are longer than what they send.
const SHORTEST_MS: i64 = 30_000;

/// A series as this detector knows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Silence {
    newest_ms: Option<i64>,
    /// The last intervals; the oldest is overwritten.
    intervals_ms: Vec<u32>,
    place: usize,
    usual_ms: i64,
    rare_ms: i64,
    told: Told,
}

/// What was told of the silence that goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Told {
    #[default]
    Nothing,
    Silent,
    /// There is nothing more to tell.
    LongSilent,
}

/// What a look has found: for how many ms there was no sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SilenceChange {
    /// A sample is missing.
    Silent(i64),
    /// It still is, for so long that it is grave.
    LongSilent(i64),
}

impl Silence {
    /// Takes in a sample; how long there was none, if that was told of.
    pub(crate) fn heard(&mut self, timestamp_ms: i64) -> Option<i64> {
        let Some(newest_ms) = self.newest_ms else {
            self.newest_ms = Some(timestamp_ms);
            return None;
        };
        let interval_ms = timestamp_ms.saturating_sub(newest_ms);
        // What it fell silent after, once more, is not the end of it.
        if interval_ms < 0 || self.is_silent() && interval_ms == 0 {
            return None;
        }
        self.newest_ms = Some(timestamp_ms);
        let was_silent = std::mem::take(&mut self.told) > Told::Nothing;
        let interval = u32::try_from(interval_ms).unwrap_or(u32::MAX);
        if self.intervals_ms.len() < KNOWN {
            self.intervals_ms.push(interval);
        } else {
            self.intervals_ms[self.place] = interval;
        }
        self.place = (self.place + 1) % KNOWN;
        // The usual interval hardly changes.
        if self.place.is_multiple_of(8) || self.intervals_ms.len() <= FEWEST {
            self.look_over();
        }
        was_silent.then_some(interval_ms)
    }

    fn look_over(&mut self) {
        let mut sorted = [0; KNOWN];
        let sorted = &mut sorted[..self.intervals_ms.len()];
        sorted.copy_from_slice(&self.intervals_ms);
        sorted.sort_unstable();
        let at = |share: usize| i64::from(sorted[(sorted.len() - 1) * share / 100]);
        (self.usual_ms, self.rare_ms) = (at(50), at(RARE_SHARE));
    }

    /// Whether its parts go together.
    pub(crate) fn is_sound(&self) -> bool {
        let known = self.intervals_ms.len();
        let is_interval = |ms: i64| u32::try_from(ms).is_ok();
        let is_place = self.place < KNOWN && (known == KNOWN || self.place == known);
        is_place && known <= KNOWN && is_interval(self.usual_ms) && is_interval(self.rare_ms)
    }

    const fn is_silent(&self) -> bool {
        !matches!(self.told, Told::Nothing)
    }

    /// It was told of before: the next sample is the end of it.
    pub(crate) fn set_silent(&mut self) {
        self.told = self.told.max(Told::Silent);
    }

    /// However long the silence lasts that goes on, nothing more is told of it.
    pub(crate) const fn tell_no_more(&mut self) {
        self.told = Told::LongSilent;
    }

    /// When the newest sample came.
    pub(crate) const fn newest_ms(&self) -> Option<i64> {
        self.newest_ms
    }

    /// The usual time between two samples; `None` while it is not known.
    pub(crate) fn usual_ms(&self) -> Option<i64> {
        (!self.intervals_ms.is_empty()).then_some(self.usual_ms)
    }

    /// From when on a missing sample is news, or that it is still missing; `None` while the usual interval is not known, or
    /// all was told.
    pub(crate) fn due_ms(&self, sensitivity: Sensitivity) -> Option<i64> {
        let newest_ms = self.newest_ms.filter(|_| self.intervals_ms.len() >= FEWEST)?;
        let (usual, rare) = intervals(sensitivity);
        let patience_ms = (usual * self.usual_ms).max(rare * self.rare_ms).max(SHORTEST_MS);
        match self.told {
            Told::Nothing => Some(newest_ms.saturating_add(patience_ms)),
            Told::Silent => Some(newest_ms.saturating_add(GRAVE * patience_ms)),
            Told::LongSilent => None,
        }
    }

    /// What has to be told now of silence; one thing after the other.
    pub(crate) fn look(&mut self, now_ms: i64, sensitivity: Sensitivity) -> Option<SilenceChange> {
        let newest_ms = self.newest_ms.filter(|_| self.due_ms(sensitivity).is_some_and(|due_ms| due_ms <= now_ms))?;
        let silent_ms = now_ms.saturating_sub(newest_ms);
        let (told, change) = match self.told {
            Told::Nothing => (Told::Silent, SilenceChange::Silent(silent_ms)),
            _ => (Told::LongSilent, SilenceChange::LongSilent(silent_ms)),
        };
        self.told = told;
        Some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEDIUM: Sensitivity = Sensitivity::Medium;

    fn every_minute(n: i64) -> Silence {
        let mut silence = Silence::default();
        (0..n).for_each(|minute| assert_eq!(silence.heard(minute * 60_000), None));
        silence
    }

    #[test]
    fn five_intervals_without_a_sample_are_news_and_four_times_as_many_are_grave() {
        let mut silence = every_minute(30);
        assert_eq!(silence.due_ms(MEDIUM), Some(34 * 60_000));
        assert_eq!(silence.look(34 * 60_000 - 1, MEDIUM), None);
        assert_eq!(silence.look(34 * 60_000, MEDIUM), Some(SilenceChange::Silent(5 * 60_000)));
        assert_eq!((silence.look(49 * 60_000 - 1, MEDIUM), silence.due_ms(MEDIUM)), (None, Some(49 * 60_000)));
        assert_eq!(silence.look(49 * 60_000, MEDIUM), Some(SilenceChange::LongSilent(20 * 60_000)));
        assert_eq!((silence.look(500 * 60_000, MEDIUM), silence.due_ms(MEDIUM)), (None, None));
        assert_eq!(silence.heard(29 * 60_000), None, "the last sample again");
        assert_eq!(silence.heard(60 * 60_000), Some(31 * 60_000), "the end of it");
        assert_eq!(silence.due_ms(MEDIUM), Some(65 * 60_000), "one gap is not usual");
    }

    #[test]
    fn what_somebody_told_of_becomes_grave_but_what_nobody_did_stays_untold() {
        let (mut told, mut untold) = (every_minute(30), every_minute(30));
        told.set_silent();
        assert_eq!(told.due_ms(MEDIUM), Some(49 * 60_000));
        untold.tell_no_more();
        untold.set_silent();
        assert_eq!(untold.due_ms(MEDIUM), None);
        assert_eq!(untold.heard(80 * 60_000), Some(51 * 60_000));
        assert_eq!(untold.due_ms(MEDIUM), Some(85 * 60_000));
    }

    #[test]
    fn the_more_sensitive_the_sooner() {
        let silence = every_minute(30);
        let due = Sensitivity::EVERY.map(|sensitivity| silence.due_ms(sensitivity));
        assert_eq!(due, [39, 34, 32].map(|minute| Some(minute * 60_000)));
    }

    #[test]
    fn nothing_is_missed_of_a_metric_that_is_hardly_known_or_irregular() {
        assert_eq!(every_minute(20).due_ms(MEDIUM), None);
        // Bursts of nine a second, then ten minutes of nothing.
        let mut bursts = Silence::default();
        (0..200).for_each(|at| assert_eq!(bursts.heard(at / 9 * 600_000 + at % 9 * 1_000), None));
        assert!(bursts.due_ms(MEDIUM).is_some_and(|due_ms| due_ms > 199 / 9 * 600_000 + 1_200_000));
    }

    #[test]
    fn a_new_pace_is_learned() {
        let mut silence = every_minute(30);
        let told = (0..100).filter(|hour| {
            let at_ms = 30 * 60_000 + hour * 3_600_000;
            silence.look(at_ms, MEDIUM);
            silence.heard(at_ms).is_some()
        });
        assert!(told.count() < 30, "an hour is usual now");
    }

    #[test]
    fn places_and_lengths_out_of_bounds_are_not_sound() {
        let sound = every_minute(90);
        assert!(sound.is_sound() && every_minute(9).is_sound() && Silence::default().is_sound());
        assert!(!Silence { place: 64, ..sound.clone() }.is_sound());
        assert!(!Silence { intervals_ms: vec![1; 65], ..sound.clone() }.is_sound());
        assert!(!Silence { intervals_ms: vec![1; 5], ..sound.clone() }.is_sound());
        assert!(!Silence { usual_ms: i64::MAX, ..sound }.is_sound());
    }

    #[test]
    fn hostile_times_are_survived() {
        let mut silence = every_minute(30);
        silence.heard(i64::MIN);
        silence.heard(i64::MAX);
        silence.look(i64::MIN, MEDIUM);
        silence.heard(0);
        assert_eq!(silence.due_ms(MEDIUM), Some(i64::MAX));
    }
}
