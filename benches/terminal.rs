//! How fast the dashboard answers, measured on the real binary in a real terminal: `cargo bench --bench terminal`.
//! Takes about a minute; Linux only (reads `/proc`). What it costs while idle: `benches/run`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on should say so and stop")]
#![expect(clippy::print_stdout, reason = "the figures go to standard output")]

#[path = "../tests/pty/dashboard.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod dashboard;
#[path = "support/process.rs"]
#[expect(dead_code, reason = "shared with the comparison of panes, which uses all of it")]
mod process;
#[path = "../tests/support/store.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod store;
#[path = "../tests/support/terminal.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod terminal;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use dashboard::{perftop, started};
use store::{TestStore, now_ms};
use terminal::{TIMEOUT, Terminal};

const SAMPLES_PER_S: usize = 10_000;
const BATCHES_PER_S: usize = 20;
const KEYS: usize = 300;
/// Metrics while keys are pressed.
const KEY_METRICS: i64 = 20;
const TOASTS: i64 = 100;
/// Metrics while toasts are waited for, and what was learned of each before.
const METRICS: i64 = 1_000;
const LEARNED: i64 = 1_000;
/// How long samples come in before the first metric breaks.
const WARM_UP: Duration = Duration::from_secs(5);

fn main() {
    let store = million_samples();
    let mut terminal = started(perftop(&store), 200, 50);
    process::wait_for_quiet(terminal.pid());
    keys(&store, &mut terminal);
    drop(terminal);
    toasts();
}

/// A million samples of [`KEY_METRICS`] over 30 days, written by another program.
fn million_samples() -> TestStore {
    const PER_METRIC: i64 = 50_000;
    const MONTH_MS: i64 = 30 * 24 * 3_600_000;
    let store = TestStore::new();
    let from_ms = now_ms() - MONTH_MS;
    store.db.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
    let mut noise = Noise(1);
    for step in 0..PER_METRIC {
        for metric in 0..KEY_METRICS {
            store.insert_at(&metric_name(metric), noise.next(), from_ms + MONTH_MS / PER_METRIC * step);
        }
    }
    store.db.execute_batch("COMMIT").expect("a commit");
    store
}

fn metric_name(metric: i64) -> String {
    if metric == 0 { "latency".to_owned() } else { format!("metric_{metric:03}") }
}

/// Values around 100 that have nothing to do with each other (the generator is Knuth's MMIX).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        90.0 + (self.0 >> 40) as f64 / f64::from(1_u32 << 24) * 20.0
    }
}

/// A key to the first byte of the frame that answers it, and to all of it, while samples pour in.
fn keys(store: &TestStore, terminal: &mut Terminal) {
    let flood = Flood::start(store, KEY_METRICS);
    // Words of the footer that only the one tab has.
    let views = [("2", "x read"), ("1", "/ filter")];
    let (mut first_bytes, mut frames) = (Vec::with_capacity(KEYS), Vec::with_capacity(KEYS));
    for press in 0..KEYS {
        let (key, shows) = views[press % views.len()];
        // Not in step with the frames of the data.
        thread::sleep(Duration::from_millis(20 + (press as u64 * 7) % 50));
        let before = terminal.look(|seen| seen.bytes().len());
        let pressed = Instant::now();
        terminal.send(key);
        terminal.wait_until("answer", |seen| begins_answer(&seen.bytes()[before..]).then_some(()));
        first_bytes.push(pressed.elapsed());
        // The whole screen as text would cost more than the answer: the footer is drawn last.
        terminal.wait_until(shows, |seen| footer(seen.screen()).contains(shows).then_some(()));
        frames.push(pressed.elapsed());
    }
    let inserted = flood.stop();
    println!("a key that shows another tab, {inserted} samples/s coming in, {KEYS} keys:");
    print_quantiles("first byte", first_bytes, Some(16));
    print_quantiles("whole frame", frames, None);
}

/// Another tab begins with the top left cell, whose style changes; a frame of new data never does.
fn begins_answer(bytes: &[u8]) -> bool {
    let top_left = b"\x1b[1;1H";
    bytes.windows(top_left.len()).any(|window| window == top_left)
}

/// The last line of a screen.
fn footer(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let cells = (0..columns).filter_map(|column| screen.cell(rows - 1, column));
    cells.map(|cell| if cell.has_contents() { cell.contents() } else { " " }).collect()
}

/// Another program that inserts [`SAMPLES_PER_S`].
struct Flood {
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<f64>,
    /// The metric that is to be broken from now on, if one is, and when its first sample was about to be committed.
    broken: SyncSender<Option<i64>>,
    committed: Receiver<Instant>,
}

impl Flood {
    /// Of so many metrics, by turns.
    fn start(store: &TestStore, metrics: i64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (path, stopped) = (store.path(), Arc::clone(&stop));
        let (broken, to_break) = mpsc::sync_channel(1);
        let (commits, committed) = mpsc::sync_channel(1);
        let pour = move || pour(&Connection::open(path).expect("a database"), metrics, &stopped, (&to_break, &commits));
        Self { stop, thread: thread::spawn(pour), broken, committed }
    }

    /// Breaks a metric from its next sample on; when that one is committed.
    fn break_metric(&self, metric: i64) -> Instant {
        self.broken.send(Some(metric)).expect("the flood");
        self.committed.recv_timeout(TIMEOUT).expect("a commit")
    }

    fn mend(&self) {
        self.broken.send(None).expect("the flood");
    }

    /// Samples a second that really went in.
    fn stop(self) -> String {
        self.stop.store(true, Ordering::Relaxed);
        format!("{:.0}", self.thread.join().expect("the flood"))
    }
}

fn pour(
    db: &Connection,
    metrics: i64,
    stop: &AtomicBool,
    (to_break, commits): (&Receiver<Option<i64>>, &SyncSender<Instant>),
) -> f64 {
    let batch_time = Duration::from_secs(1) / BATCHES_PER_S as u32;
    db.busy_timeout(TIMEOUT).expect("a timeout");
    let mut noise = Noise(2);
    let mut turns = (0..metrics).cycle();
    let (mut broken, mut is_new) = (None, false);
    let started = Instant::now();
    let mut batches = 0_u32;
    while !stop.load(Ordering::Relaxed) {
        if let Ok(metric) = to_break.try_recv() {
            (broken, is_new) = (metric, metric.is_some());
        }
        let mut has_broken = false;
        db.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
        for metric in turns.by_ref().take(SAMPLES_PER_S / BATCHES_PER_S) {
            let healthy = noise.next();
            has_broken |= broken == Some(metric);
            let value = if broken == Some(metric) { 10.0 * healthy } else { healthy };
            db.prepare_cached("INSERT INTO performance_samples (metric_name, value, timestamp) VALUES (?1, ?2, ?3)")
                .and_then(|mut insert| insert.execute((metric_name(metric), value, now_ms())))
                .expect("an insert");
        }
        let committing = Instant::now();
        db.execute_batch("COMMIT").expect("a commit");
        if has_broken && std::mem::take(&mut is_new) {
            commits.send(committing).expect("somebody who waits");
        }
        batches += 1;
        thread::sleep((batch_time * batches).saturating_sub(started.elapsed()));
    }
    f64::from(batches) * (SAMPLES_PER_S / BATCHES_PER_S) as f64 / started.elapsed().as_secs_f64()
}

/// A commit of another program to its toast on the screen, while samples of a thousand metrics pour in.
///
/// A metric that breaks has ten times its values from a sample on, until its toast is seen. Metrics break one after another,
/// each at an instant of its own and with noise of its own, so they do not move together: the toast that names it is the
/// answer.
fn toasts() {
    let store = TestStore::new();
    learned(&store);
    let mut terminal = Terminal::start(perftop(&store), 200, 50);
    terminal.wait_for("metric_");
    process::wait_for_quiet(terminal.pid());
    // With every row filtered away, a name on the screen is a toast's.
    terminal.send("/nothing-like-it\r");
    terminal.wait_without("metric_");
    let flood = Flood::start(&store, METRICS);
    thread::sleep(WARM_UP);
    let mut times = Vec::new();
    for toast in 0..TOASTS {
        // Not in step with the batches or the frames.
        thread::sleep(Duration::from_millis(300 + (toast as u64 * 37) % 200));
        let metric = metric_name(METRICS - 1 - toast);
        let committed = flood.break_metric(METRICS - 1 - toast);
        terminal.wait_for(&metric);
        times.push(committed.elapsed());
        flood.mend();
        terminal.send("A");
        terminal.wait_without(&metric);
    }
    let inserted = flood.stop();
    println!(
        "another program's COMMIT to its toast, {METRICS} metrics, {inserted} samples/s coming in, {TOASTS} times:"
    );
    print_quantiles("toast", times, Some(250));
}

/// What the detectors learn from: [`LEARNED`] samples of each of [`METRICS`], as far apart as those that pour in later, and
/// so old that nothing is said of them.
fn learned(store: &TestStore) {
    const PAST_MS: i64 = 25 * 3_600_000;
    let from_ms = now_ms() - PAST_MS;
    store.db.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
    let mut noise = Noise(1);
    for step in 0..LEARNED {
        for metric in 0..METRICS {
            store.insert_at(&metric_name(metric), noise.next(), from_ms + step * 100);
        }
    }
    store.db.execute_batch("COMMIT").expect("a commit");
}

fn print_quantiles(what: &str, mut times: Vec<Duration>, bar_ms: Option<u32>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1].as_secs_f64() * 1e3;
    let bar = bar_ms.map_or_else(String::new, |bar_ms| format!("   (bar: p99 {bar_ms} ms)"));
    let [p50, p90, p99, longest] = [50, 90, 99, 100].map(at);
    println!("  {what:<12} p50 {p50:.1} ms, p90 {p90:.1} ms, p99 {p99:.1} ms, longest {longest:.1} ms{bar}");
}
