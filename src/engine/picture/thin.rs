//! Fewer points that look the same: of each stretch of time the smallest and the largest.

use crate::model::{Point, Violation};

/// Points handed to the dashboard at most.
pub(super) const MOST_POINTS: usize = 10_000;

/// At most [`MOST_POINTS`] of `points` (oldest first): the extremes of equal stretches, and every violating
/// point as long as there are at most half as many of those; of more violations, the extremes again.
pub(super) fn thin(points: Vec<Point>, violations: &mut Vec<Violation>) -> Vec<Point> {
    if points.len() <= MOST_POINTS {
        return points;
    }
    let half = MOST_POINTS / 2;
    if violations.len() > half {
        *violations = extremes(violations, half, |violation| violation.point.value);
    }
    let mut kept = extremes(&points, half, |point| point.value);
    let marked = violations.iter().map(|violation| violation.point);
    kept.extend(marked);
    kept.sort_by(|a, b| a.timestamp_ms.cmp(&b.timestamp_ms).then(a.value.total_cmp(&b.value)));
    kept.dedup();
    kept
}

/// The smallest and the largest of each of `most / 2` stretches of `items`, in their order.
fn extremes<T: Copy>(items: &[T], most: usize, value: impl Fn(&T) -> f64) -> Vec<T> {
    let stretch = items.len().div_ceil((most / 2).max(1)).max(1);
    let mut kept = Vec::with_capacity(most);
    for stretch in items.chunks(stretch) {
        let by_value = |a: &(usize, &T), b: &(usize, &T)| value(a.1).total_cmp(&value(b.1));
        let low = stretch.iter().enumerate().min_by(by_value);
        let high = stretch.iter().enumerate().max_by(by_value);
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

    fn wave(count: usize) -> Vec<Point> {
        (0..count).zip(0..).map(|(at, timestamp_ms)| Point { timestamp_ms, value: (at as f64 / 500.0).sin() }).collect()
    }

    #[test]
    fn few_points_are_left_alone() {
        let points = wave(MOST_POINTS);
        assert_eq!(thin(points.clone(), &mut Vec::new()), points);
    }

    #[test]
    fn a_lone_spike_and_every_violation_survive() {
        let mut points = wave(200_000);
        points[77_777].value = 40.0;
        let mark = |at: usize| Violation { point: points[at], rule: Rule::BeyondLimit };
        let mut violations: Vec<Violation> = (0..200_000).step_by(100).map(mark).collect();
        let kept = thin(points.clone(), &mut violations);
        assert!(kept.len() <= MOST_POINTS, "{}", kept.len());
        assert!(kept.contains(&points[77_777]));
        assert!((0..200_000).step_by(100).all(|at| kept.contains(&points[at])));
        assert!(kept.is_sorted_by_key(|point| point.timestamp_ms));
    }

    #[test]
    fn when_everything_violates_the_extremes_stay() {
        let mut points = wave(50_000);
        points[33_333].value = 9.0;
        let mut violations: Vec<Violation> =
            points.iter().map(|&point| Violation { point, rule: Rule::BeyondLimit }).collect();
        let kept = thin(points.clone(), &mut violations);
        assert!(kept.len() <= MOST_POINTS && violations.len() <= MOST_POINTS / 2);
        assert!(violations.iter().any(|violation| violation.point == points[33_333]));
        assert!(violations.iter().all(|violation| kept.contains(&violation.point)));
    }
}
