//! Metrics that break together, apart, or only seem to.

use proptest::prelude::*;

use super::*;
use crate::model::{Point, Rule};

const MINUTE_MS: i64 = 60_000;
/// Minutes before and after the alerts.
const BEFORE: i64 = 120;
const AFTER: i64 = 10;

/// Normal noise (Box & Muller 1958) with a mean of 100 and a standard deviation of 10, a sample a minute, to which `shift`
/// adds by the minute.
fn noise(rng: &mut fastrand::Rng, shift: impl Fn(i64) -> f64) -> Vec<Point> {
    (-BEFORE..AFTER)
        .map(|minute| {
            let normal = (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos();
            Point { timestamp_ms: minute * MINUTE_MS, value: 100.0 + 10.0 * normal + shift(minute) }
        })
        .collect()
}

/// A step of so many standard deviations in a minute, that has lasted until now, minute 0, when it is told of.
fn step(rng: &mut fastrand::Rng, alert_id: i64, since: i64, sds: f64) -> Beginning {
    let points = noise(rng, |minute| if minute >= since { 10.0 * sds } else { 0.0 });
    raised(alert_id, points, since)
}

fn raised(alert_id: i64, points: Vec<Point>, since: i64) -> Beginning {
    Beginning {
        alert_id,
        metric: format!("metric_{alert_id}").into(),
        rule: Rule::Surprise,
        first_ms: 0,
        evidence_ms: since * MINUTE_MS,
        incident_id: None,
        points,
    }
}

fn ids(memberships: &[Membership]) -> Vec<(i64, i64)> {
    memberships.iter().map(|membership| (membership.alert_id, membership.incident_id)).collect()
}

#[test]
fn metrics_that_break_together_are_one_incident_and_the_first_is_its_origin() {
    let mut rng = fastrand::Rng::with_seed(1);
    let alerts = [(4, -5, 8.0), (7, -8, -9.0), (9, -4, 12.0)].map(|(id, since, sds)| step(&mut rng, id, since, sds));
    let incident = group(&alerts);
    assert_eq!(ids(&incident), [(4, 4), (7, 4), (9, 4)]);
    let onsets: Vec<i64> = incident.iter().map(|of| of.onset_ms / MINUTE_MS).collect();
    assert_eq!(onsets, [-5, -8, -4]);
    assert!(incident[1].chance > 0.99 && incident[0].chance < 0.01, "{incident:?}");
}

#[test]
fn of_metrics_that_moved_in_the_same_sample_none_is_first() {
    let mut rng = fastrand::Rng::with_seed(2);
    let alerts = [1, 2].map(|id| step(&mut rng, id, -5, 20.0));
    let incident = group(&alerts);
    assert_eq!(incident.len(), 2);
    assert!(incident.iter().all(|of| of.chance < 0.01), "{incident:?}");
}

#[test]
fn a_small_lead_in_noise_is_not_sure() {
    let mut rng = fastrand::Rng::with_seed(3);
    let rounds = 200;
    let (mut sum, mut hits) = (0.0, 0.0);
    for _ in 0..rounds {
        let alerts = [(1, -11), (2, -10)].map(|(id, since)| step(&mut rng, id, since, 3.0));
        let chances = alerts.each_ref().map(|alert| onset::find(alert).unwrap());
        let [first, second] = chances;
        let chance: f64 = first.places.iter().map(|place| place.chance * second.chance_after(place.by_ms)).sum();
        sum += chance;
        hits += f64::from(u8::from(first.at_ms() < second.at_ms()));
    }
    let (said, was) = (sum / f64::from(rounds), hits / f64::from(rounds));
    assert!((0.55..0.95).contains(&said), "how sure it is said to be: {said}");
    assert!((said - was).abs() < 0.15, "said to be first: {said}, found first: {was}");
}

#[test]
fn what_began_at_another_time_is_another_incident() {
    let mut rng = fastrand::Rng::with_seed(4);
    let alerts = [(1, -30), (2, -29), (3, -5)].map(|(id, since)| step(&mut rng, id, since, 9.0));
    assert_eq!(ids(&group(&alerts)), [(1, 1), (2, 1)]);
}

#[test]
fn a_later_alert_joins_and_others_stay_where_they_are() {
    let mut rng = fastrand::Rng::with_seed(5);
    let mut alerts: Vec<_> = [(6, -6), (8, -6), (12, -3)].map(|(id, since)| step(&mut rng, id, since, 9.0)).into();
    alerts[0].incident_id = Some(6);
    alerts[1].incident_id = Some(6);
    assert_eq!(ids(&group(&alerts)), [(6, 6), (8, 6), (12, 6)]);
    assert_eq!(group(&alerts[..2]), [], "nothing has changed");
}

#[test]
fn incidents_that_turn_out_to_be_one_become_one() {
    let mut rng = fastrand::Rng::with_seed(11);
    let mut alerts: Vec<_> =
        [(1, -6), (2, -6), (3, -4), (4, -4)].map(|(id, since)| step(&mut rng, id, since, 12.0)).into();
    for (alert, incident_id) in alerts.iter_mut().zip([1, 1, 3, 3]) {
        alert.incident_id = Some(incident_id);
    }
    assert_eq!(ids(&group(&alerts)), [(1, 1), (2, 1), (3, 1), (4, 1)]);
    for alert in &mut alerts {
        alert.points.retain(|point| point.timestamp_ms <= -4 * MINUTE_MS);
        alert.first_ms = -4 * MINUTE_MS;
    }
    assert_eq!(group(&alerts), [], "at first it could not be seen");
}

#[test]
fn several_alerts_of_one_metric_are_no_incident_until_another_metric_joins() {
    let mut rng = fastrand::Rng::with_seed(6);
    let one = step(&mut rng, 1, -5, 9.0);
    let two = Beginning { alert_id: 2, rule: Rule::TwoOfThree, ..one.clone() };
    assert_eq!(group(&[one.clone(), two.clone()]), []);
    let incident = group(&[one, two, step(&mut rng, 3, -5, 9.0)]);
    assert_eq!(ids(&incident), [(1, 1), (2, 1), (3, 1)]);
}

#[test]
fn metrics_that_fall_silent_together_are_one_incident() {
    let mut rng = fastrand::Rng::with_seed(7);
    let mut silent = |alert_id, last: i64, first: i64| {
        let mut points = noise(&mut rng, |_| 0.0);
        points.retain(|point| point.timestamp_ms <= last * MINUTE_MS);
        Beginning { rule: Rule::Silence, first_ms: first * MINUTE_MS, ..raised(alert_id, points, 0) }
    };
    let (one, two, other) = (silent(1, -9, -4), silent(2, -9, -3), silent(3, -6, -1));
    let incident = group(&[one, two, other]);
    assert_eq!(ids(&incident), [(1, 1), (2, 1)], "three minutes later is another matter");
    assert_eq!(incident[0].onset_ms, -8 * MINUTE_MS, "the first sample that is missing");
    assert!(incident.iter().all(|of| of.chance < 0.01));
}

#[test]
fn metrics_of_different_pace_are_compared_at_the_slower_one() {
    let mut rng = fastrand::Rng::with_seed(8);
    let slow = step(&mut rng, 1, -5, 9.0);
    let seconds = (-3_600..0).map(|second| {
        let value = 5.0 + rng.f64() + if second >= -330 { 3.0 } else { 0.0 };
        Point { timestamp_ms: second * 1_000, value }
    });
    let fast = Beginning { evidence_ms: -335_000, ..raised(2, seconds.collect(), 0) };
    let incident = group(&[slow, fast]);
    assert_eq!(ids(&incident), [(1, 1), (2, 1)]);
    // The slow one was as ever at -6 min and not at -5 min: which was first cannot be told.
    assert_eq!(incident[1].onset_ms, -330_000);
    assert!(incident.iter().all(|of| of.chance < 0.5), "{incident:?}");
}

/// Metrics that have nothing to do with each other but that an alert came on each in the same minute: how many in a hundred
/// pairs are taken for one incident.
fn falsely_grouped(seed: u64, shift: impl Fn(&mut fastrand::Rng) -> (i64, f64)) -> f64 {
    let mut rng = fastrand::Rng::with_seed(seed);
    let rounds = 2_000;
    let mut grouped = 0;
    for _ in 0..rounds {
        let alerts = [1, 2].map(|id| {
            let (since, sds) = shift(&mut rng);
            let points = noise(&mut rng, |minute| if minute == since { 10.0 * sds } else { 0.0 });
            raised(id, points, since)
        });
        grouped += usize::from(!group(&alerts).is_empty());
    }
    100.0 * grouped as f64 / f64::from(rounds)
}

#[test]
fn noise_that_is_told_of_in_the_same_minute_is_rarely_one_incident() {
    let plain = falsely_grouped(9, |_| (0, 0.0));
    assert!(plain < 0.3, "{plain} % of pairs without anything in them");
    let outliers = falsely_grouped(10, |rng| (-rng.i64(0..10), 5.0));
    assert!(outliers < 1.5, "{outliers} % of pairs with an outlier of 5 sd each within ten minutes");
}

#[test]
fn without_samples_there_is_nothing_to_say() {
    let bare = |alert_id| raised(alert_id, Vec::new(), 0);
    assert_eq!(group(&[bare(1), bare(2)]), []);
    let single = |alert_id| raised(alert_id, vec![Point { timestamp_ms: 0, value: 1.0 }], 0);
    assert_eq!(group(&[single(1), single(2)]), []);
    assert_eq!(group(&[]), []);
}

proptest! {
    #[test]
    fn the_order_of_the_alerts_does_not_matter(seed in any::<u64>(), swaps in prop::collection::vec((0usize..6, 0usize..6), 8)) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut alerts: Vec<_> = (1..=6)
            .map(|id| { let (since, sds) = (-rng.i64(1..40), 3.0 + 9.0 * rng.f64()); step(&mut rng, id, since, sds) })
            .collect();
        let known = group(&alerts);
        for (one, other) in swaps {
            alerts.swap(one, other);
        }
        prop_assert_eq!(group(&alerts), known);
    }

    #[test]
    fn no_samples_make_it_fail(
        values in prop::collection::vec((any::<i64>(), prop::num::f64::NORMAL), 0..60),
        first_ms in any::<i64>(), evidence_ms in any::<i64>(), at in 0usize..3,
    ) {
        let mut points: Vec<Point> =
            values.iter().map(|&(timestamp_ms, value)| Point { timestamp_ms, value }).collect();
        points.sort_by_key(|point| point.timestamp_ms);
        let rule = [Rule::Surprise, Rule::Stuck, Rule::Silence][at];
        let alerts = [1, 2].map(|id| Beginning { rule, first_ms, evidence_ms, ..raised(id, points.clone(), 0) });
        for membership in group(&alerts) {
            prop_assert!((0.0..=1.0 + 1e-9).contains(&membership.chance));
        }
    }
}
