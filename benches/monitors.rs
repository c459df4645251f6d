//! What it costs to judge a sample by a metric's own past: of one metric, and of a thousand that take turns.
//!
//! `cargo bench --bench monitors`
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should say so and stop")]

use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use perftop::detect::{Aim, Monitor};
use perftop::model::Point;

/// Samples that a metric has learned before: a week, a sample a minute.
const LEARNED: usize = 10_080;
const SAMPLES: usize = 100_000;

fn main() {
    divan::main();
}

/// Log-normal latencies that swing over the day (Box & Muller 1958).
static LATENCIES: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let mut random = fastrand::Rng::with_seed(7);
    let mut normal = || (-2.0 * (1.0 - random.f64()).ln()).sqrt() * (random.f64() * std::f64::consts::TAU).cos();
    let swing = |minute: usize| 0.3 * (minute as f64 / 1440.0 * std::f64::consts::TAU).sin();
    (0..LEARNED + SAMPLES).map(|minute| (4.6 + swing(minute) + 0.15 * normal()).exp()).collect()
});

fn judge(monitor: &mut Monitor, minutes: std::ops::Range<usize>) {
    let mut notices = Vec::new();
    for minute in minutes {
        let point = Point { timestamp_ms: minute.cast_signed() as i64 * 60_000, value: LATENCIES[minute] };
        monitor.judge(point, 0, &mut notices);
        notices.clear();
    }
}

#[divan::bench(args = [1, 1_000], sample_count = 10, sample_size = 1)]
fn in_turns(bencher: Bencher<'_, '_>, metrics: usize) {
    let mut known = Monitor::new(Aim::default(), false);
    judge(&mut known, 0..LEARNED);
    let rounds = SAMPLES / metrics;
    bencher.counter(ItemsCount::new(rounds * metrics)).with_inputs(|| vec![known.clone(); metrics]).bench_local_refs(
        |monitors| {
            for minute in LEARNED..LEARNED + rounds {
                for monitor in monitors.iter_mut() {
                    judge(monitor, minute..minute + 1);
                }
            }
        },
    );
}
