//! Several metrics break together: one incident, in every pane and after a restart.

use perftop::clock::Clock;
use perftop::engine;
use perftop::model::{Alert, NewSample};

use crate::support::{NOW_MS, Normal, Place, Watched, in_runtime, sample};

const MINUTE_MS: i64 = 60_000;

/// The names of eight metrics that hang together.
fn names() -> impl Iterator<Item = String> {
    (0..8).map(|at| format!("service_{at}_ms"))
}

/// Noise around 100 with an sd of 5, a sample a minute up to so many minutes ago.
fn noise(metric: &str, seed: u64, from: i64, until: i64, shift: f64) -> Vec<NewSample> {
    let mut normal = Normal::seeded(seed);
    // No value is far enough out for an alert of its own.
    let value = |_| 100.0 + 5.0 * normal.next().clamp(-1.5, 1.5) + shift;
    let values: Vec<f64> = (until..from).map(value).collect();
    (until..from).rev().zip(values).map(|(ago, value)| sample(metric, value, NOW_MS - ago * MINUTE_MS)).collect()
}

/// All of them have been as always until five minutes ago.
fn healthy(place: &Place) {
    for (name, seed) in names().zip(1..) {
        place.append(&noise(&name, seed, 240, 5, 0.0));
    }
}

/// The first has moved for four minutes, the others for three.
fn broken() -> Vec<NewSample> {
    let mut samples: Vec<NewSample> = names()
        .zip(100..)
        .flat_map(|(name, seed)| {
            let ago = if seed == 100 { 5 } else { 4 };
            let before = noise(&name, seed, 5, ago, 0.0);
            before.into_iter().chain(noise(&name, seed, ago, 0, 60.0)).collect::<Vec<_>>()
        })
        .collect();
    samples.sort_by_key(|sample| sample.timestamp_ms);
    samples
}

fn assert_one_incident(alerts: &[Alert]) {
    let loud: Vec<&Alert> = alerts.iter().filter(|alert| alert.first.timestamp_ms >= NOW_MS - 5 * MINUTE_MS).collect();
    let incidents: Vec<_> = loud.iter().filter_map(|alert| alert.incident.clone()).collect();
    assert!(incidents.len() >= 8, "{} of {} alerts are in it", incidents.len(), loud.len());
    assert!(incidents.iter().all(|incident| incident.id == incidents[0].id));
    assert_eq!(incidents[0].metrics().len(), 8);
    assert_eq!(incidents[0].origin.as_deref(), Some("service_0_ms"));
    assert!(incidents[0].certainty > 0.9, "{}", incidents[0].certainty);
}

#[test]
fn what_broke_together_while_nobody_looked_is_one_incident() {
    let place = Place::new();
    healthy(&place);
    let catch_up = || engine::catch_up(&mut place.store(), &place.options(), &Clock::fixed(NOW_MS)).unwrap();
    catch_up();
    place.append(&broken());
    catch_up();
    assert_one_incident(&place.alerts());
    assert_eq!(catch_up(), engine::CaughtUp::default());

    // As it is when a command was killed after it had judged.
    let killed = "DELETE FROM perftop_incident; UPDATE perftop_state SET v = 0 WHERE k = 'grouped_up_to'";
    rusqlite::Connection::open(place.path()).unwrap().execute_batch(killed).unwrap();
    assert_eq!(catch_up(), engine::CaughtUp::default());
    assert_one_incident(&place.alerts());
}

#[test]
fn two_panes_find_one_incident_and_tell_of_it() {
    in_runtime(async {
        let place = Place::new();
        healthy(&place);
        engine::catch_up(&mut place.store(), &place.options(), &Clock::fixed(NOW_MS)).unwrap();
        let mut panes = [0, 1].map(|_| Watched::start(place.options(), Clock::fixed(NOW_MS)));
        for pane in &mut panes {
            pane.settled().await;
        }
        for samples in broken().chunks(8) {
            place.append(samples);
        }
        for pane in &mut panes {
            let all = |alerts: &[Alert]| {
                alerts.iter().any(|alert| alert.incident.as_ref().is_some_and(|of| of.metrics().len() == 8))
            };
            let picture = pane.picture(|picture| all(&picture.alerts) && picture.health.backlog == 0).await;
            assert_one_incident(&picture.alerts);
        }
        let ids = place.alerts().into_iter().filter_map(|alert| alert.incident).map(|incident| incident.id);
        assert_eq!(ids.collect::<std::collections::BTreeSet<_>>().len(), 1);
    });
}
