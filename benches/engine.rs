//! What the engine costs at its start and under load, on a store of a million samples. No harness: it prints a table.
//!
//! `cargo bench --bench engine` runs everything; `cargo bench --bench engine -- load` what is named: detector,
//! start, load. The store is built anew in a temporary directory. How soon the engine notices other programs, and
//! what it takes while idle, is measured by `benches/run`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

use std::time::{Duration, Instant};

use perftop::clock::Clock;
use perftop::detect::{DetectOptions, Detector};
use perftop::engine::{self, EngineHandle, EngineOptions};
use perftop::model::time::Zone;
use perftop::model::{MetricBook, NewSample, Sample, ViewRequest, Window};
use perftop::store::Store;

const METRICS: i64 = 100;
const SAMPLES: i64 = 1_000_000;
const MONTH_MS: i64 = 30 * 86_400_000;
/// A named part of the benchmark, over a runtime and a filled store.
type Part = (&'static str, fn(&tokio::runtime::Runtime, &EngineOptions));

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    if is_wanted("detector") {
        detector();
    }
    let directory = tempfile::tempdir().unwrap();
    let options = EngineOptions::new(directory.path().join("perftop.db"));
    if ["start", "load"].into_iter().any(is_wanted) {
        fill(&options);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let parts: [Part; 2] = [("start", start), ("load", load)];
    for (name, part) in parts {
        if is_wanted(name) {
            forget_peak_memory();
            part(&runtime, &options);
        }
    }
}

fn row(what: &str, found: impl std::fmt::Display) {
    println!("{what:<58} {found}");
}

/// Deterministic noise of sd 1, never beyond 1.8: no rule 1, and no spread to speak of.
fn noise(i: i64) -> f64 {
    let mixed = (i.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 40;
    (mixed % 1_000) as f64 / 280.0 - 1.8
}

fn name(metric: i64) -> String {
    format!("service_{metric:03}_latency_ms")
}

fn detector() {
    let names: Vec<_> = (0..METRICS).map(|metric| name(metric).into()).collect();
    let samples: Vec<Sample> = (0..SAMPLES)
        .map(|i| Sample {
            id: i,
            metric: std::sync::Arc::clone(&names[(i % METRICS) as usize]),
            value: 100.0 + noise(i),
            timestamp_ms: i * 2_592,
        })
        .collect();
    let mut detector = Detector::new(DetectOptions::default(), MetricBook::default(), Zone::utc());
    let started = Instant::now();
    let findings: usize = samples.iter().map(|sample| detector.judge(sample, i64::MAX).len()).sum();
    let seconds = started.elapsed().as_secs_f64();
    row(
        "samples judged per second, 100 metrics",
        format!("{:.2} M ({findings} findings)", SAMPLES as f64 / seconds / 1e6),
    );
}

/// A month of a million samples, rolled up and judged.
fn fill(options: &EngineOptions) {
    let now_ms = Clock::System.now_ms();
    let mut store = Store::open(&options.store_path).unwrap();
    for batch in (0..SAMPLES).collect::<Vec<_>>().chunks(10_000) {
        let sample = |&i: &i64| NewSample {
            metric: name(i % METRICS).into(),
            value: 100.0 + noise(i),
            timestamp_ms: now_ms - MONTH_MS + i * (MONTH_MS / SAMPLES),
            context_json: None,
        };
        store.append(&batch.iter().map(sample).collect::<Vec<_>>(), None, now_ms).unwrap();
    }
    let started = Instant::now();
    let caught_up = engine::catch_up(&mut store, options, &Clock::System).unwrap();
    row(
        "first contact: 1 M samples rolled up and judged",
        format!("{:.0?} ({} judged)", started.elapsed(), caught_up.judged),
    );
}

fn run(options: &EngineOptions) -> EngineHandle {
    engine::spawn(options.clone(), Clock::System)
}

async fn picture(engine: &mut EngineHandle, request: &ViewRequest) {
    let answered = |snapshot: &std::sync::Arc<perftop::model::Snapshot>| {
        snapshot.generation > 0 && snapshot.request == *request && !snapshot.series.is_empty()
    };
    engine.snapshots.wait_for(answered).await.unwrap();
}

fn start(runtime: &tokio::runtime::Runtime, options: &EngineOptions) {
    runtime.block_on(async {
        let started = Instant::now();
        let mut engine = run(options);
        picture(&mut engine, &ViewRequest::default()).await;
        row("start to first picture, 24h", format!("{:.1?}", started.elapsed()));
        for window in [Window::D7, Window::D30, Window::H1] {
            let request = ViewRequest { window, focus: Some(name(7).into()), ..ViewRequest::default() };
            let started = Instant::now();
            engine.views.send_replace(request.clone());
            picture(&mut engine, &request).await;
            row(
                &format!("view changed to {window} with a chart, to its picture"),
                format!("{:.1?}", started.elapsed()),
            );
        }
        engine.shutdown().await;
        let store = Store::open(&options.store_path).unwrap();
        let started = Instant::now();
        let mut writable = Store::open(&options.store_path).unwrap();
        engine::catch_up(&mut writable, options, &Clock::System).unwrap();
        row("detector rebuilt from the store", format!("{:.1?}", started.elapsed()));
        drop(store);
        row("peak resident memory", peak_memory());
    });
}

fn load(runtime: &tokio::runtime::Runtime, options: &EngineOptions) {
    const SECONDS: i64 = 10;
    let _guard = runtime.enter();
    let mut engine = run(options);
    let mut store = Store::open(&options.store_path).unwrap();
    runtime.block_on(picture(&mut engine, &ViewRequest::default()));
    let focused = ViewRequest { window: Window::D7, focus: Some(name(3).into()), ..ViewRequest::default() };
    engine.views.send_replace(focused.clone());
    let (cpu_before, started) = (cpu_time(), Instant::now());
    let mut most_behind = 0;
    for batch in 0..SECONDS * 100 {
        let now_ms = Clock::System.now_ms();
        let sample = |i: i64| NewSample {
            metric: name(i % METRICS).into(),
            value: 100.0 + noise(batch * 100 + i),
            timestamp_ms: now_ms,
            context_json: None,
        };
        store.append(&(0..100).map(sample).collect::<Vec<_>>(), None, now_ms).unwrap();
        most_behind = most_behind.max(engine.snapshots.borrow().health.backlog);
        let next = Duration::from_millis((batch as u64 + 1) * 10);
        std::thread::sleep(next.saturating_sub(started.elapsed()));
    }
    let elapsed = started.elapsed();
    let used = cpu_time() - cpu_before;
    let written = u64::try_from(SAMPLES + SECONDS * 10_000).unwrap();
    let caught_up = Instant::now();
    runtime.block_on(async {
        engine.snapshots.wait_for(|snapshot| snapshot.health.sample_count >= written).await.unwrap();
        row(
            "10 000 samples/s: CPU of writer and engine together",
            format!("{:.0} %", 100.0 * used / elapsed.as_secs_f64()),
        );
        row("10 000 samples/s: most rows seen waiting", most_behind);
        row("10 000 samples/s: shown after the last commit", format!("{:.0?}", caught_up.elapsed()));
        engine.shutdown().await;
    });
    row("peak resident memory", peak_memory());
}

fn status(field: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find_map(|line| line.strip_prefix(&format!("{field}:"))).unwrap().trim().to_owned()
}

/// The peak of a part is its own, not that of building the store.
fn forget_peak_memory() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

fn peak_memory() -> String {
    status("VmHWM")
}

/// CPU seconds of the whole process, from the scheduler's nanoseconds of every thread.
fn cpu_time() -> f64 {
    per_thread("schedstat", |text| text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok())) / 1e9
}

fn per_thread(file: &str, read: impl Fn(&str) -> Option<f64>) -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks.filter_map(|task| read(&std::fs::read_to_string(task.ok()?.path().join(file)).ok()?)).sum()
}
