//! The keeper: rolls the log up, writes baselines for other programs, deletes what is too old. All of it
//! can wait, so it works in short steps and rests in between.

use std::time::{Duration, Instant};

use super::context::Context;
use super::pace::Pace;
use super::supervisor::{Mailbox, TaskResult, Wait};
use crate::model::{Baseline, MetricName, Window};
use crate::stats;
use crate::store::{Store, StoreError};

/// The name of the task on the notice board.
pub(super) const NAME: &str = "upkeep";

/// Rows rolled up in one step: what holds the write lock for about 10 ms; and the pause that lets other
/// writers in.
const STEP_ROWS: usize = 4_000;
const STEP_PAUSE: Duration = Duration::from_millis(2);
/// The log is rolled up when this many rows wait, or the first of them for this long.
const ROLL_UP_ROWS: i64 = 5_000;
const ROLL_UP_EVERY: Duration = Duration::from_mins(1);
/// Baselines are written at most this often, and rest this many times their own cost.
const BASELINES_EVERY: Duration = Duration::from_mins(1);
const BASELINES_REST: u32 = 100;
const DAY: Duration = Duration::from_hours(24);

/// Runs until the mailbox says stop.
pub(super) fn run(context: &Context, mailbox: &Mailbox) -> TaskResult {
    let mut keeper = Keeper::new(context);
    loop {
        keeper.work(mailbox)?;
        context.board.clear(NAME);
        if mailbox.wait(keeper.until_deadline()) == Wait::Stop {
            return Ok(keeper.write_baselines()?);
        }
    }
}

struct Keeper<'a> {
    context: &'a Context,
    /// Rows up to this id were rolled up, as far as is known here.
    rolled_id: i64,
    roll_up: Pace,
    /// Rows up to this id are in the baselines written.
    written_id: i64,
    baselines: Pace,
    prune: Pace,
}

impl<'a> Keeper<'a> {
    fn new(context: &'a Context) -> Self {
        Self {
            context,
            rolled_id: 0,
            roll_up: Pace::new(ROLL_UP_EVERY, 0),
            written_id: 0,
            baselines: Pace::new(BASELINES_EVERY, BASELINES_REST),
            prune: Pace::new(DAY, 0),
        }
    }

    fn work(&mut self, mailbox: &Mailbox) -> Result<(), StoreError> {
        let newest_id = self.context.shared.newest_id();
        // No id means that nothing has come in since the start, or since the log was started anew.
        if newest_id != 0 && newest_id != self.rolled_id {
            self.roll_up.want();
        }
        if self.roll_up.is_due() || newest_id - self.rolled_id >= ROLL_UP_ROWS {
            self.roll_up(mailbox)?;
        }
        if newest_id != 0 && newest_id != self.written_id {
            self.baselines.want();
        }
        if self.baselines.is_due() && !mailbox.is_stopping() {
            self.write_baselines()?;
        }
        if self.prune.is_due() && !mailbox.is_stopping() {
            self.prune()?;
        }
        Ok(())
    }

    fn roll_up(&mut self, mailbox: &Mailbox) -> Result<(), StoreError> {
        let started = Instant::now();
        let mut store = self.context.open_store()?;
        while store.roll_up(STEP_ROWS)?.remaining {
            if mailbox.wait(Some(STEP_PAUSE)) == Wait::Stop {
                return Ok(());
            }
        }
        self.rolled_id = store.newest_id()?;
        self.roll_up.done(started);
        Ok(())
    }

    /// Writes the baselines of the stored windows, if there is anything new in them.
    fn write_baselines(&mut self) -> Result<(), StoreError> {
        let newest_id = self.context.shared.newest_id();
        let started = Instant::now();
        if newest_id != 0 && newest_id != self.written_id {
            let mut store = self.context.open_store()?;
            let now_ms = self.context.now_ms();
            let rows = stored_baselines(&store, now_ms)?;
            store.write_baselines(&rows, now_ms)?;
            self.written_id = newest_id;
        }
        self.baselines.done(started);
        Ok(())
    }

    fn prune(&mut self) -> Result<(), StoreError> {
        let started = Instant::now();
        if let Some(retention_ms) = self.context.options.retention_ms {
            let now_ms = self.context.now_ms();
            let pruned = self.context.open_store()?.prune(now_ms.saturating_sub(retention_ms), now_ms, &mut |_| {})?;
            tracing::info!(
                code = "HBPD-002",
                samples = pruned.samples,
                anomalies = pruned.anomalies,
                alerts = pruned.alerts,
                hours = pruned.hours,
                "performance data clean-up completed"
            );
        }
        self.prune.done(started);
        if self.context.options.retention_ms.is_some() {
            self.prune.want();
        }
        Ok(())
    }

    fn until_deadline(&self) -> Option<Duration> {
        let now = Instant::now();
        let due = [&self.roll_up, &self.baselines, &self.prune].into_iter().filter_map(Pace::due_at).min();
        due.map(|at| at.saturating_duration_since(now))
    }
}

/// The baselines of every metric over the windows that are stored.
fn stored_baselines(store: &Store, now_ms: i64) -> Result<Vec<(MetricName, Window, Baseline)>, StoreError> {
    let longest = Window::BASELINES.into_iter().max().unwrap_or_default();
    let mut rows = Vec::new();
    let mut values = Vec::new();
    store.visit_series(longest.range_at(now_ms), &mut |metric, points| {
        for window in Window::BASELINES {
            let range = window.range_at(now_ms);
            let inside = points.iter().filter(|point| range.contains(point.timestamp_ms));
            values.clear();
            values.extend(inside.map(|point| point.value));
            if let Some(baseline) = stats::baseline(&mut values) {
                rows.push((MetricName::clone(metric), window, baseline));
            }
        }
    })?;
    Ok(rows)
}
