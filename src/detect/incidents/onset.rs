//! When a metric began to be other than it was: between which of its samples, and how sure that is.

use crate::model::{Beginning, Point, Rule};
use crate::stats::change_point;

/// The change may have come so many samples before those that the alert was raised on.
const EARLIER: usize = 10;
/// What was usual is told from as many samples before as may belong to the change, and at least from these.
const USUAL: usize = 30;

/// When it began.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Onset {
    /// The stretches between two samples in which it may have begun, oldest first; never empty.
    pub(super) places: Vec<Place>,
    /// The usual distance of the samples: ms.
    pub(super) step_ms: i64,
    most_likely: usize,
}

/// A stretch between two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// The last sample that is as before.
    after_ms: i64,
    /// The first that is not.
    pub(super) by_ms: i64,
    /// How likely it is that it began in between, 0 to 1.
    pub(super) chance: f64,
}

impl Onset {
    /// The first sample that is most likely not as before: ms since the Unix epoch.
    pub(super) fn at_ms(&self) -> i64 {
        self.places[self.most_likely].by_ms
    }

    /// How likely it is that it began when another had already been seen to, at `seen_ms`.
    pub(super) fn chance_after(&self, seen_ms: i64) -> f64 {
        self.places.iter().filter(|place| place.after_ms >= seen_ms).map(|place| place.chance).sum()
    }

    fn certain(after_ms: i64, by_ms: i64, step_ms: i64) -> Self {
        Self { places: vec![Place { after_ms, by_ms, chance: 1.0 }], step_ms, most_likely: 0 }
    }
}

/// When what an alert is about began; `None` without samples to tell it from.
pub(super) fn find(alert: &Beginning) -> Option<Onset> {
    let known = &alert.points[..alert.points.partition_point(|point| point.timestamp_ms <= alert.first_ms)];
    let last = known.len().checked_sub(1)?;
    let step_ms = usual_distance_ms(known)?;
    let time = |at: usize| known[at].timestamp_ms;
    match alert.rule {
        // It came to its end somewhere between the last sample and the next, which is missing.
        Rule::Silence => return Some(Onset::certain(time(last), time(last).saturating_add(step_ms), step_ms)),
        Rule::Stuck => {
            let held = known.iter().rev().take_while(|point| point.value.to_bits() == known[last].value.to_bits());
            let from = last + 1 - held.count();
            return Some(Onset::certain(time(from.saturating_sub(1)), time(from), step_ms));
        }
        _ => {}
    }
    let evidence = known.partition_point(|point| point.timestamp_ms < alert.evidence_ms).min(last);
    let earliest = evidence.saturating_sub(EARLIER);
    let usual = (last + 1 - earliest).max(USUAL);
    let begin = earliest.saturating_sub(usual);
    let values: Vec<f64> = known[begin..].iter().map(|point| point.value).collect();
    // Without anything before it the first sample cannot be told from the others.
    let from = (earliest - begin).max(1);
    let chances = change_point(&values, from);
    let place = |(at, &chance): (usize, &f64)| {
        let by = begin + from + at;
        Place { after_ms: time(by - 1), by_ms: time(by), chance }
    };
    let places: Vec<Place> = chances.iter().enumerate().map(place).collect();
    let likelier = |best: usize, at: usize| if places[at].chance > places[best].chance { at } else { best };
    let most_likely = (0..places.len()).reduce(likelier)?;
    Some(Onset { places, step_ms, most_likely })
}

/// The median of the distances of the samples, at least 1 ms; `None` when there is none.
fn usual_distance_ms(points: &[Point]) -> Option<i64> {
    let mut distances: Vec<i64> =
        points.windows(2).map(|pair| pair[1].timestamp_ms.saturating_sub(pair[0].timestamp_ms)).collect();
    let middle = distances.len() / 2;
    (!distances.is_empty()).then(|| (*distances.select_nth_unstable(middle).1).max(1))
}
