//! Whether two alerts began at once, and how closely their metrics move together.

use super::Start;
use crate::model::{Point, Rule};
use crate::stats::correlation;

/// What begins within this is at once,
const AT_ONCE_MS: i64 = 600_000;
/// or within so many samples of the metric that has fewer.
const AT_ONCE_STEPS: i64 = 5;

/// Steps of time that are compared: at least so many, as of 20 pairs that have nothing to do with each other only one in
/// 1700 has a correlation beyond 0.7; and not more than these.
const FEWEST_STEPS: i64 = 20;
const MOST_STEPS: i64 = 480;
/// Steps that both metrics must have samples in.
const FEWEST_PAIRS: usize = 15;
/// How long after the alerts is looked, in steps, as far as there are samples.
const AFTERWARDS: i64 = 30;

fn step_ms(one: &Start<'_>, other: &Start<'_>) -> i64 {
    one.onset.step_ms.max(other.onset.step_ms)
}

/// Whether both began together, and in a way that can be compared.
pub(super) fn is_at_once(one: &Start<'_>, other: &Start<'_>) -> bool {
    let has_ceased = |start: &Start<'_>| matches!(start.alert.rule, Rule::Stuck | Rule::Silence);
    let step_ms = step_ms(one, other);
    let within_ms = if has_ceased(one) || has_ceased(other) {
        step_ms
    } else {
        step_ms.saturating_mul(AT_ONCE_STEPS).max(AT_ONCE_MS)
    };
    one.onset.at_ms().abs_diff(other.onset.at_ms()) <= within_ms.cast_unsigned()
}

/// From 0 to 1: the absolute correlation around the beginnings; 1 where both have ceased in the same way, or are of one
/// metric. 0 also when there is too little to compare, or too much time in between.
pub(super) fn closeness(one: &Start<'_>, other: &Start<'_>) -> f64 {
    if !is_at_once(one, other) {
        return 0.0;
    }
    match (one.alert.rule, other.alert.rule) {
        _ if one.alert.metric == other.alert.metric => 1.0,
        (Rule::Stuck | Rule::Silence, _) | (_, Rule::Stuck | Rule::Silence) => {
            f64::from(one.alert.rule == other.alert.rule)
        }
        _ => correlation(&pairs(one, other)).unwrap_or(0.0).abs(),
    }
}

/// The means of both metrics in equal steps of time: as many from before the first of both began as after it.
fn pairs(one: &Start<'_>, other: &Start<'_>) -> Vec<(f64, f64)> {
    let ends = [one, other].map(|start| start.alert.points.last().map(|point| point.timestamp_ms));
    let [Some(one_ends_ms), Some(other_ends_ms)] = ends else { return Vec::new() };
    let step_ms = step_ms(one, other);
    let seen_ms = one.alert.first_ms.max(other.alert.first_ms).saturating_add(step_ms.saturating_mul(AFTERWARDS));
    let until_ms = seen_ms.min(one_ends_ms).min(other_ends_ms);
    let onset_ms = one.onset.at_ms().min(other.onset.at_ms());
    let after = (until_ms.saturating_sub(onset_ms) / step_ms + 1).clamp(1, MOST_STEPS / 2);
    let before = after.max(FEWEST_STEPS - after);
    // Samples that come in step lie in the middle of theirs, so that none slips into the next.
    let from_ms = onset_ms.saturating_sub(step_ms.saturating_mul(before)).saturating_sub(step_ms / 2);
    let means = |start: &Start<'_>| means(&start.alert.points, from_ms, step_ms, (before + after) as usize);
    let pairs: Vec<_> = means(one).into_iter().zip(means(other)).filter_map(|(one, other)| one.zip(other)).collect();
    if pairs.len() < FEWEST_PAIRS { Vec::new() } else { pairs }
}

/// Mean of the samples in each of so many steps of time from an instant on; `None` where there is none.
fn means(points: &[Point], from_ms: i64, step_ms: i64, steps: usize) -> Vec<Option<f64>> {
    let mut means: Vec<Option<(f64, u32)>> = vec![None; steps];
    for point in &points[points.partition_point(|point| point.timestamp_ms < from_ms)..] {
        let step = (point.timestamp_ms.saturating_sub(from_ms) / step_ms) as usize;
        let Some(mean) = means.get_mut(step) else { break };
        let (sum, count) = mean.unwrap_or((0.0, 0));
        // Weighted by parts: the sum of the largest values is no number.
        let share = 1.0 / f64::from(count + 1);
        *mean = Some((sum * (1.0 - share) + point.value * share, count + 1));
    }
    means.into_iter().map(|mean| mean.map(|(mean, _)| mean)).collect()
}
