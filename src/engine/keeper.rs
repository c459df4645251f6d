//! The keeper: rolls the log up, writes baselines for other programs, deletes what is too old. All of it
//! can wait, so it works in short steps and rests in between.

use std::time::{Duration, Instant};

use super::baselines;
use super::context::Context;
use super::pace::Pace;
use super::supervisor::{Mailbox, TaskResult, Wait};
use crate::store::{PruneBefore, Pruned, StoreError};

/// The name of the task on the notice board.
pub(super) const NAME: &str = "upkeep";

/// Rows rolled up in one step: what holds the write lock for about 10 ms; and the pause that lets other
/// writers in.
const STEP_ROWS: usize = 20_000;
const STEP_PAUSE: Duration = Duration::from_millis(2);
/// The log is rolled up when this many rows wait (more than who appends many lets wait himself), or the first of them for this long.
const ROLL_UP_ROWS: i64 = 60_000;
const ROLL_UP_EVERY: Duration = Duration::from_mins(1);
/// A write-ahead log that somebody's reading keeps long is looked at this often.
const SHRINK_LOG_EVERY: Duration = Duration::from_secs(5);
/// Baselines are written at most this often, and rest this many times their own cost.
const BASELINES_EVERY: Duration = Duration::from_mins(1);
const BASELINES_REST: u32 = 100;
/// The first picture comes before the first baselines.
const FIRST_BASELINES_AFTER: Duration = Duration::from_secs(5);
const DAY: Duration = Duration::from_hours(24);

/// Runs until the mailbox says stop.
pub(super) fn run(context: &Context, mailbox: &Mailbox) -> TaskResult {
    let mut keeper = Keeper::new(context);
    loop {
        keeper.work(mailbox)?;
        context.board.clear(NAME);
        if mailbox.wait(keeper.until_deadline()) == Wait::Stop {
            return Ok(keeper.close()?);
        }
    }
}

struct Keeper<'a> {
    context: &'a Context,
    /// What the tail had seen when the log was last rolled up. Later rows of the log may be junk, or gone.
    rolled_id: i64,
    /// So many changes of old rows are rolled up.
    known_changes: u64,
    roll_up: Pace,
    /// Rows up to this id are in the baselines written.
    written_id: i64,
    baselines: Pace,
    prune: Pace,
    shrink_log: Pace,
}

impl<'a> Keeper<'a> {
    fn new(context: &'a Context) -> Self {
        let mut baselines = Pace::new(BASELINES_EVERY, BASELINES_REST);
        baselines.postpone(FIRST_BASELINES_AFTER);
        Self {
            context,
            rolled_id: 0,
            known_changes: 0,
            roll_up: Pace::new(ROLL_UP_EVERY, 0),
            written_id: 0,
            baselines,
            prune: Pace::new(DAY, 0),
            shrink_log: Pace::idle(SHRINK_LOG_EVERY),
        }
    }

    fn work(&mut self, mailbox: &Mailbox) -> Result<(), StoreError> {
        let newest_id = self.context.shared.newest_id();
        // No id means that the tail has not looked yet.
        if newest_id != 0 && newest_id != self.rolled_id {
            self.roll_up.want();
        }
        if self.context.shared.changes() != self.known_changes {
            self.roll_up.want_now();
        }
        if self.roll_up.is_due() || newest_id - self.rolled_id >= ROLL_UP_ROWS {
            self.roll_up(newest_id, mailbox)?;
        }
        if newest_id != 0 && newest_id != self.written_id {
            self.baselines.want();
        }
        if self.baselines.is_due() && !mailbox.is_stopping() {
            self.write_baselines(newest_id)?;
        }
        if self.shrink_log.is_due() {
            self.shrink_log.done(Instant::now());
            if !self.context.open_store()?.shrink_log()? {
                self.shrink_log.want();
            }
        }
        if self.prune.is_due() && !mailbox.is_stopping() {
            self.prune()?;
        }
        Ok(())
    }

    fn roll_up(&mut self, newest_id: i64, mailbox: &Mailbox) -> Result<(), StoreError> {
        let started = Instant::now();
        let changes = self.context.shared.changes();
        let mut store = self.context.open_store()?;
        if !self.roll_up.is_due() && newest_id - store.rolled_up_to()? < ROLL_UP_ROWS {
            // Who appends so much rolls it up himself.
            self.rolled_id = store.rolled_up_to()?;
            return Ok(());
        }
        while store.roll_up(STEP_ROWS)?.remaining {
            if mailbox.wait(Some(STEP_PAUSE)) == Wait::Stop {
                return Ok(());
            }
        }
        if !store.shrink_log()? {
            self.shrink_log.want();
        }
        self.rolled_id = newest_id;
        self.known_changes = changes;
        self.roll_up.done(started);
        Ok(())
    }

    /// Writes the stored baselines, unless another process has just done so.
    fn write_baselines(&mut self, newest_id: i64) -> Result<(), StoreError> {
        let started = Instant::now();
        let mut store = self.context.open_store()?;
        if baselines::refresh(&mut store, self.context.now_ms())? {
            self.written_id = newest_id;
        }
        self.baselines.done(started);
        Ok(())
    }

    /// What came in since the baselines were last written is in them before the program ends.
    fn close(&self) -> Result<(), StoreError> {
        let newest_id = self.context.shared.newest_id();
        if self.context.shared.has_arrivals() && newest_id != self.written_id {
            baselines::write(&mut self.context.open_store()?, self.context.now_ms())?;
        }
        Ok(())
    }

    /// Once a day, however often and in how many panes it is started.
    fn prune(&mut self) -> Result<(), StoreError> {
        let options = &self.context.options;
        let started = Instant::now();
        self.prune.done(started);
        let Some(samples_ms) = options.retention_ms else { return Ok(()) };
        self.prune.want();
        let now_ms = self.context.now_ms();
        let mut store = self.context.open_store()?;
        if let Some(wait_ms) = store.begin_prune(now_ms, DAY.as_millis() as i64)? {
            self.prune.postpone(Duration::from_millis(wait_ms.unsigned_abs()));
            return Ok(());
        }
        let before = PruneBefore {
            samples_ms: now_ms.saturating_sub(samples_ms),
            rollups_ms: options.rollup_retention_ms.map_or(i64::MIN, |age_ms| now_ms.saturating_sub(age_ms)),
        };
        let Pruned { samples, anomalies, alerts, hours } = store.prune(before, now_ms, &mut |_, _| ())?;
        tracing::info!(code = "HBPD-002", samples, anomalies, alerts, hours, "performance data clean-up completed");
        Ok(())
    }

    fn until_deadline(&self) -> Option<Duration> {
        let now = Instant::now();
        let due =
            [&self.roll_up, &self.baselines, &self.prune, &self.shrink_log].into_iter().filter_map(Pace::due_at).min();
        due.map(|at| at.saturating_duration_since(now))
    }
}
