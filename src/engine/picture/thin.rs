//! Fewer points that look the same: of each stretch of a series the lowest and the highest.

use std::ops::Range;

use crate::detect::Signal;

/// Points handed to the dashboard at most.
pub(super) const MOST_POINTS: usize = 10_000;

/// At most [`MOST_POINTS`] of `places`, by the height at which each is drawn: the extremes of equal stretches, and every
/// place with a signal as long as there are at most half as many of those; of more signals, the extremes again.
pub(super) fn thin(places: Range<usize>, height: impl Fn(usize) -> f64, signals: &mut Vec<Signal>) -> Vec<usize> {
    if places.len() <= MOST_POINTS {
        return places.collect();
    }
    let half = MOST_POINTS / 2;
    if signals.len() > half {
        *signals = extremes(signals, half, |signal| height(signal.at));
    }
    let all: Vec<usize> = places.collect();
    let mut kept = extremes(&all, half, |&at| height(at));
    kept.extend(signals.iter().map(|signal| signal.at));
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// The lowest and the highest of each of `most / 2` stretches of `items`, in their order.
fn extremes<T: Copy>(items: &[T], most: usize, height: impl Fn(&T) -> f64) -> Vec<T> {
    let stretch = items.len().div_ceil((most / 2).max(1)).max(1);
    let mut kept = Vec::with_capacity(most);
    for stretch in items.chunks(stretch) {
        let by_height = |a: &(usize, &T), b: &(usize, &T)| height(a.1).total_cmp(&height(b.1));
        let low = stretch.iter().enumerate().min_by(by_height);
        let high = stretch.iter().enumerate().max_by(by_height);
        if let (Some((low, _)), Some((high, _))) = (low, high) {
            kept.push(stretch[low.min(high)]);
            if low != high {
                kept.push(stretch[low.max(high)]);
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rule;

    fn wave(count: usize) -> Vec<f64> {
        (0..count).map(|at| (at as f64 / 500.0).sin()).collect()
    }

    fn signal(at: usize) -> Signal {
        Signal { at, rule: Rule::BeyondLimit, began: None }
    }

    #[test]
    fn few_points_are_left_alone() {
        let kept = thin(7..MOST_POINTS, |_| 0.0, &mut Vec::new());
        assert!(kept.into_iter().eq(7..MOST_POINTS));
    }

    #[test]
    fn a_lone_spike_and_every_signal_survive() {
        let mut values = wave(200_000);
        values[77_777] = 40.0;
        let mut signals: Vec<Signal> = (0..200_000).step_by(100).map(signal).collect();
        let kept = thin(0..values.len(), |at| values[at], &mut signals);
        assert!(kept.len() <= MOST_POINTS, "{}", kept.len());
        assert!(kept.contains(&77_777));
        assert!((0..200_000).step_by(100).all(|at| kept.binary_search(&at).is_ok()));
        assert!(kept.is_sorted());
    }

    #[test]
    fn when_everything_signals_the_extremes_stay() {
        let mut values = wave(50_000);
        values[33_333] = 9.0;
        let mut signals: Vec<Signal> = (0..50_000).map(signal).collect();
        let kept = thin(0..values.len(), |at| values[at], &mut signals);
        assert!(kept.len() <= MOST_POINTS && signals.len() <= MOST_POINTS / 2);
        assert!(signals.contains(&signal(33_333)));
        assert!(signals.iter().all(|signal| kept.contains(&signal.at)));
    }
}
