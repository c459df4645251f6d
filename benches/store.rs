//! What the store costs with a million samples: 100 metrics over 30 days, in the order of time.
//!
//! `cargo bench --bench store`
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should say so and stop")]

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use perftop::model::{MetricName, NewSample, TimeRange};
use perftop::store::{EXACT_SAMPLES, Store};
use tempfile::TempDir;

const SAMPLES: usize = 1_000_000;
const METRICS: usize = 100;
const SPAN_MS: usize = 30 * 86_400_000;
const START_MS: i64 = 1_700_000_000_000;
const BATCH: usize = 10_000;

fn main() {
    divan::main();
}

/// A month of believable samples, without a random number generator.
static HISTORY: LazyLock<Vec<NewSample>> = LazyLock::new(|| {
    let names: Vec<MetricName> = (0..METRICS).map(|index| MetricName::from(format!("metric_{index:02}"))).collect();
    (0..SAMPLES)
        .map(|index| {
            let noise = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            NewSample {
                metric: Arc::clone(&names[index % METRICS]),
                value: 100.0 + noise as f64 / 1_000.0,
                timestamp_ms: START_MS + (index * (SPAN_MS / SAMPLES)).cast_signed() as i64,
                context_json: Some(r#"{"endpoint":"/api/markets"}"#.into()),
            }
        })
        .collect()
});

/// A store, and the directory that goes away with it.
struct Filled {
    store: Store,
    dir: TempDir,
}

fn empty() -> Filled {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("perftop.db")).unwrap();
    Filled { store, dir }
}

fn append(filled: &mut Filled) {
    for batch in HISTORY.chunks(BATCH) {
        filled.store.append(batch, None, START_MS).unwrap();
    }
}

fn appended() -> Filled {
    let mut filled = empty();
    append(&mut filled);
    filled
}

fn roll_up(filled: &mut Filled, step: usize) {
    while filled.store.roll_up(step).unwrap().remaining {}
}

/// The path of a store that is filled and rolled up; made once.
static ROLLED: LazyLock<(PathBuf, TempDir)> = LazyLock::new(|| {
    let mut filled = appended();
    roll_up(&mut filled, BATCH);
    (filled.store.path().to_owned(), filled.dir)
});

fn last_days(days: i64) -> TimeRange {
    let until_ms = START_MS + SPAN_MS.cast_signed() as i64;
    TimeRange { from_ms: until_ms - days * 86_400_000, until_ms }
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn append_in_batches_of_10k(bencher: Bencher<'_, '_>) {
    LazyLock::force(&HISTORY);
    bencher.with_inputs(empty).counter(ItemsCount::new(SAMPLES)).bench_refs(append);
}

#[divan::bench(sample_count = 3, sample_size = 1, args = [10_000, 50_000])]
fn roll_up_in_steps(bencher: Bencher<'_, '_>, step: usize) {
    bencher.with_inputs(appended).counter(ItemsCount::new(SAMPLES)).bench_refs(|filled| roll_up(filled, step));
}

#[divan::bench(args = [1, 7, 30])]
fn every_series_of_the_last_days(bencher: Bencher<'_, '_>, days: i64) {
    let store = Store::open(&ROLLED.0).unwrap();
    bencher.bench_local(|| {
        let mut count = 0;
        store.visit_windows(last_days(days), 240, EXACT_SAMPLES, &mut |_, read| count += read.recent.len()).unwrap();
        count
    });
}

#[divan::bench(args = [1, 7, 30])]
fn one_series_of_the_last_days(bencher: Bencher<'_, '_>, days: i64) {
    let store = Store::open(&ROLLED.0).unwrap();
    bencher.bench_local(|| store.points(black_box("metric_42"), last_days(days)).unwrap());
}

#[divan::bench]
fn open_and_count() {
    let store = Store::open(&ROLLED.0).unwrap();
    black_box(store.totals().unwrap());
}

#[divan::bench]
fn look_for_new_samples(bencher: Bencher<'_, '_>) {
    let store = Store::open(&ROLLED.0).unwrap();
    let newest_id = store.newest_id().unwrap();
    bencher.bench_local(|| (store.data_version().unwrap(), store.tail(newest_id, BATCH).unwrap()));
}
