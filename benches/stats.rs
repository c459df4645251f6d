//! What the statistics cost a value: a baseline, a sketch, and sketches of hours put together.
//!
//! `cargo bench --bench stats`
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should say so and stop")]

use std::sync::LazyLock;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use perftop::stats::{self, Moments, Sketch};

const VALUES: usize = 250_000;
/// Samples in an hour of a metric, when 100 metrics have 100 million in a month.
const HOUR: usize = 1_390;
/// Hours of a month of 100 metrics.
const HOURS: usize = 72_000;

fn main() {
    divan::main();
}

/// Log-normal latencies with three decimals (Box & Muller 1958).
static LATENCIES: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let mut random = fastrand::Rng::with_seed(7);
    let mut normal = || (-2.0 * (1.0 - random.f64()).ln()).sqrt() * (random.f64() * std::f64::consts::TAU).cos();
    (0..VALUES).map(|_| (100_000.0 * (0.5 * normal()).exp()).round() / 1_000.0).collect()
});

static HOURS_ENCODED: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| LATENCIES.chunks_exact(HOUR).map(|hour| encoded(&sketch_of(hour))).collect());

fn sketch_of(values: &[f64]) -> Sketch {
    let mut sketch = Sketch::default();
    sketch.add_many(values);
    sketch
}

fn encoded(sketch: &Sketch) -> Vec<u8> {
    let mut out = Vec::new();
    sketch.encode(&mut out);
    out
}

#[divan::bench(args = [1_000, 14_000, 100_000, VALUES])]
fn baseline(bencher: Bencher<'_, '_>, n: usize) {
    let bencher = bencher.counter(ItemsCount::new(n)).with_inputs(|| LATENCIES[..n].to_vec());
    bencher.bench_local_refs(|values| black_box(stats::baseline(values)));
}

#[divan::bench(args = [1_000, VALUES])]
fn moments(bencher: Bencher<'_, '_>, n: usize) {
    bencher.counter(ItemsCount::new(n)).bench_local(|| Moments::of(black_box(&LATENCIES[..n])));
}

#[divan::bench(args = [HOUR, VALUES])]
fn sketch(bencher: Bencher<'_, '_>, n: usize) {
    bencher.counter(ItemsCount::new(n)).bench_local(|| sketch_of(black_box(&LATENCIES[..n])));
}

/// A month of 100 metrics.
#[divan::bench(sample_count = 10)]
fn merge_encoded_hours(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(HOURS)).bench_local(|| {
        let mut month = Sketch::default();
        for hour in HOURS_ENCODED.iter().cycle().take(HOURS) {
            month.merge_encoded(black_box(hour)).unwrap();
        }
        month.quantile(0.95)
    });
}
