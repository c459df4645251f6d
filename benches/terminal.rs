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
mod store;
#[path = "../tests/support/terminal.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod terminal;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use dashboard::{perftop, started};
use store::{TestStore, now_ms};
use terminal::Terminal;

const SAMPLES_PER_S: usize = 10_000;
const BATCHES_PER_S: usize = 20;
const KEYS: usize = 300;
const TOASTS: usize = 100;

fn main() {
    let store = million_samples();
    let mut terminal = started(perftop(&store), 200, 50);
    process::wait_for_quiet(terminal.pid());
    keys(&store, &mut terminal);
    drop(terminal);
    toasts();
}

/// A million samples of 20 metrics over 30 days, written by another program.
fn million_samples() -> TestStore {
    const METRICS: i64 = 20;
    const PER_METRIC: i64 = 50_000;
    const MONTH_MS: i64 = 30 * 24 * 3_600_000;
    let store = TestStore::new();
    let from_ms = now_ms() - MONTH_MS;
    store.db.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
    for step in 0..PER_METRIC {
        for metric in 0..METRICS {
            let value = 100.0 + f64::from(i32::try_from((step * 7 + metric * 13) % 11).expect("small"));
            store.insert_at(&metric_name(metric), value, from_ms + MONTH_MS / PER_METRIC * step);
        }
    }
    store.db.execute_batch("COMMIT").expect("a commit");
    store
}

fn metric_name(metric: i64) -> String {
    if metric == 0 { "latency".to_owned() } else { format!("metric_{metric:02}") }
}

/// A key to the first byte of the frame that answers it, and to all of it, while samples pour in.
fn keys(store: &TestStore, terminal: &mut Terminal) {
    let flood = Flood::start(store);
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
}

impl Flood {
    fn start(store: &TestStore) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (path, stopped) = (store.path(), Arc::clone(&stop));
        Self { stop, thread: thread::spawn(move || pour(&Connection::open(path).expect("a database"), &stopped)) }
    }

    /// Samples a second that really went in.
    fn stop(self) -> String {
        self.stop.store(true, Ordering::Relaxed);
        format!("{:.0}", self.thread.join().expect("the flood"))
    }
}

fn pour(db: &Connection, stop: &AtomicBool) -> f64 {
    let batch_time = Duration::from_secs(1) / BATCHES_PER_S as u32;
    db.busy_timeout(Duration::from_secs(30)).expect("a timeout");
    let started = Instant::now();
    let mut batches = 0_u32;
    while !stop.load(Ordering::Relaxed) {
        db.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
        for (sample, metric) in (0..SAMPLES_PER_S / BATCHES_PER_S).zip((0..20).cycle()) {
            let value = 100.0 + (sample % 11) as f64;
            db.prepare_cached("INSERT INTO performance_samples (metric_name, value, timestamp) VALUES (?1, ?2, ?3)")
                .and_then(|mut insert| insert.execute((metric_name(metric), value, now_ms())))
                .expect("an insert");
        }
        db.execute_batch("COMMIT").expect("a commit");
        batches += 1;
        thread::sleep((batch_time * batches).saturating_sub(started.elapsed()));
    }
    f64::from(batches) * (SAMPLES_PER_S / BATCHES_PER_S) as f64 / started.elapsed().as_secs_f64()
}

/// Another program's INSERT that breaks rule 1 to its toast on the screen.
fn toasts() {
    let store = TestStore::new();
    store.calm_past("latency");
    for toast in 0..TOASTS {
        store.calm_past(&format!("m{toast:03}"));
    }
    let mut terminal = started(perftop(&store), 200, 50);
    // With every row filtered away, a name on the screen is a toast's.
    terminal.send("/nothing-like-it\r");
    terminal.wait_without("latency");
    let mut times = Vec::with_capacity(TOASTS);
    for toast in 0..TOASTS {
        let metric = format!("m{toast:03}");
        let inserted = Instant::now();
        store.insert(&metric, 900.0);
        terminal.wait_for(&metric);
        times.push(inserted.elapsed());
        terminal.send("A");
        terminal.wait_without(&metric);
    }
    println!("another program's INSERT to its toast on the screen, {TOASTS} times:");
    print_quantiles("toast", times, Some(250));
}

fn print_quantiles(what: &str, mut times: Vec<Duration>, bar_ms: Option<u32>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    let bar = bar_ms.map_or_else(String::new, |bar_ms| format!("   (bar: p99 {bar_ms} ms)"));
    println!("  {what:<12} p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms{bar}", at(50), at(99), at(100));
}
