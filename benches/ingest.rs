//! What taking samples in costs: a million lines of 126 bytes, 100 metrics over 30 days.
//!
//! `cargo bench --bench ingest`; the whole program is measured by `perftop ingest FILE`, whose closing line
//! includes the roll-up.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should say so and stop")]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::mpsc::sync_channel;
use std::{fs, thread};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use perftop::clock::Clock;
use perftop::ingest::reader::{Input, read_batches};
use perftop::ingest::{Batch, Dictionary, Reading};
use perftop::store::Store;
use tempfile::TempDir;

const LINES: u64 = 1_000_000;
const NOW_MS: u64 = 1_763_700_000_000;
const STEP_MS: u64 = 30 * 86_400_000 / LINES;

fn main() {
    divan::main();
}

struct Lines {
    _dir: TempDir,
    path: PathBuf,
    bytes: u64,
}

static INPUT: LazyLock<Lines> = LazyLock::new(|| {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("samples.jsonl");
    let text: Vec<String> = (0..LINES)
        .map(|index| {
            let noise = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            format!(
                "{{\"metric_name\":\"metric_{:03}_time\",\"value\":{}.{:03},\"timestamp\":{},\"context\":{{\"endpoint\":\"/api/{:02}\",\"browser\":\"chrome\"}}}}\n",
                index % 100,
                100 + noise % 900,
                noise % 1_000,
                NOW_MS - (LINES - index) * STEP_MS,
                noise % 20,
            )
        })
        .collect();
    let text = text.concat();
    fs::write(&path, &text).unwrap();
    Lines { _dir: dir, path, bytes: text.len() as u64 }
});

fn read(mut hand_on: impl FnMut(Batch)) {
    let clock = Clock::fixed(NOW_MS.cast_signed());
    let mut input = Input::open(&INPUT.path).unwrap();
    read_batches(&mut input, Reading::JSONL, &clock, &mut Dictionary::default(), |progress| {
        hand_on(progress.batch);
        ControlFlow::Continue(())
    })
    .unwrap();
}

/// Lines to samples, nothing kept.
#[divan::bench(sample_count = 5)]
fn parse(bencher: Bencher) {
    let bytes = INPUT.bytes;
    bencher
        .counter(ItemsCount::new(LINES))
        .counter(BytesCount::new(bytes))
        .bench(|| read(|batch| drop(black_box(batch))));
}

/// Lines to rows: one thread reads, another writes, as `perftop ingest` does; without the roll-up.
#[divan::bench(sample_count = 3)]
fn into_a_store(bencher: Bencher) {
    LazyLock::force(&INPUT);
    bencher.counter(ItemsCount::new(LINES)).with_inputs(|| TempDir::new().unwrap()).bench_values(|dir| {
        let mut store = Store::open(&dir.path().join("p.db")).unwrap();
        let (batches, received) = sync_channel(2);
        let reader = thread::spawn(move || read(|batch| batches.send(batch).unwrap()));
        for batch in received {
            let Batch { samples, .. } = batch;
            store.append(&samples, None, NOW_MS.cast_signed()).unwrap();
        }
        reader.join().unwrap();
        dir
    });
}
