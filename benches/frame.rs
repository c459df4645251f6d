//! How long a frame takes: `cargo bench --bench frame`.
//!
//! A frame is everything between a key and the bytes for the terminal: bucketing, scales, ticks and
//! drawing into a fresh buffer. The slowest of 1000 frames is an upper bound of their 95th percentile.

use divan::{Bencher, black_box};
use perftop::app::{App, Tab};
use perftop::ui::draw;
use perftop::ui::symbols::SymbolSet;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../tests/render/fixture.rs"]
mod fixture;

const SIZE: (u16, u16) = (200, 50);

fn main() {
    divan::main();
}

fn frames(bencher: Bencher, app: &App) {
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    let look = fixture::mono(SymbolSet::Braille);
    bencher.with_inputs(|| Buffer::empty(area)).bench_local_refs(|buf| {
        draw(black_box(app), &look, area, buf);
    });
}

/// The control chart at 200x50.
#[divan::bench(args = [100, 1_000, 10_000, 100_000], sample_count = 1_000, sample_size = 1)]
fn control_chart(bencher: Bencher, samples: u64) {
    frames(bencher, &fixture::app(fixture::picture(0, samples), Tab::ControlChart, None, SIZE));
}

/// The table at 200x50 with the chart of the chosen metric below it.
#[divan::bench(sample_count = 1_000, sample_size = 1)]
fn baselines(bencher: Bencher) {
    frames(bencher, &fixture::app(fixture::picture(0, 10_000), Tab::Baselines, None, SIZE));
}

/// The sparklines at 200x50.
#[divan::bench(sample_count = 1_000, sample_size = 1)]
fn time_series(bencher: Bencher) {
    frames(bencher, &fixture::app(fixture::picture(0, fixture::SAMPLES), Tab::TimeSeries, None, SIZE));
}

/// The table at 200x50 over a store of so many metrics.
#[divan::bench(args = [100, 10_000], sample_count = 1_000, sample_size = 1)]
fn many_metrics(bencher: Bencher, metrics: usize) {
    let mut snapshot = fixture::picture(0, fixture::SAMPLES);
    snapshot.series = (0..metrics)
        .map(|i| {
            let mut series = snapshot.series[i % snapshot.series.len()].clone();
            series.metric = format!("{}_{i}", series.metric).into();
            series
        })
        .collect();
    frames(bencher, &fixture::app(snapshot, Tab::Baselines, None, SIZE));
}
