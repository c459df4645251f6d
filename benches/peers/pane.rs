//! The dashboard in a terminal of 200x50: its first frame, and what it takes while nothing happens.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::Plan;
use crate::dashboard::perftop_in;
use crate::ingest::store_in;
use crate::process::{processor_ticks, resident_bytes, wait_for_quiet, wake_ups};
use crate::results::{Delays, Results, Table, short};
use crate::terminal::{Terminal, command};

const SIZE: (u16, u16) = (200, 50);
/// A frame is full when the table has this many metrics on the screen; their numbers come with them.
const FULL: usize = 30;

/// A dashboard that shows its table.
pub fn start(home: &Path) -> Terminal {
    // The default, and the rule that says something of every outlier: what has a row can be waited for.
    let mut dashboard = perftop_in(home, &store_in(home));
    dashboard.env("PERFTOP_DETECT_ALERTS", "surprise,stuck,silence,beyond-limit");
    let terminal = Terminal::start(dashboard, SIZE.0, SIZE.1);
    terminal.wait_until("table", |seen| (seen.text().matches("service_").count() >= FULL).then_some(()));
    terminal
}

/// Lets a dashboard judge a store that no dashboard has seen yet.
pub fn first_contact(home: &Path) -> Duration {
    let started = Instant::now();
    wait_for_quiet(start(home).pid());
    started.elapsed()
}

/// Process start to the first full frame.
pub fn first_frame(plan: &Plan, home: &Path, results: &mut Results) -> f64 {
    let frames = Delays::new((0..plan.size.repeats(20)).map(|_| {
        let started = Instant::now();
        let pane = start(home);
        let took = started.elapsed();
        drop(pane);
        took
    }));
    results.at_most("process start to first full frame, warm: p50", frames.quantile(0.5), 60.0, "ms");
    frames.quantile(0.5)
}

/// What a process took over some time.
struct Idle {
    wakes_per_s: f64,
    ticks: u64,
    resident_mb: f64,
}

impl Idle {
    fn cells(&self, what: &str) -> Vec<String> {
        vec![what.to_owned(), short(self.wakes_per_s), self.ticks.to_string(), short(self.resident_mb)]
    }
}

/// Two panes over the same seconds: ours and htop, each as it comes.
pub fn idle(plan: &Plan, home: &Path, results: &mut Results) {
    let ours = start(home);
    let htop = Terminal::start(command("htop"), SIZE.0, SIZE.1);
    htop.wait_for("Tasks");
    wait_for_quiet(ours.pid());
    let watched = Duration::from_secs(plan.size.repeats(30) as u64);
    let [ours, htop] = watch([ours.pid(), htop.pid()], watched);
    results.at_most("idle: resident memory", ours.resident_mb, 24.0, "MB");
    results.at_most("idle: wake-ups over htop's", ours.wakes_per_s / htop.wakes_per_s, 1.0, "x");
    results.table(Table {
        title: format!("Idle in a pane, {} s", watched.as_secs()),
        head: vec!["program", "wake-ups/s", "CPU, ticks of 10 ms", "resident MB"],
        rows: vec![ours.cells("perftop"), htop.cells("htop")],
    });
}

fn watch(pids: [Pid; 2], watched: Duration) -> [Idle; 2] {
    let before = pids.map(|pid| (wake_ups(pid), processor_ticks(pid)));
    thread::sleep(watched);
    let after = pids.map(|pid| (wake_ups(pid), processor_ticks(pid)));
    [0, 1].map(|at| Idle {
        wakes_per_s: (after[at].0 - before[at].0) as f64 / watched.as_secs_f64(),
        ticks: after[at].1 - before[at].1,
        resident_mb: resident_bytes(pids[at]) as f64 / 1e6,
    })
}
