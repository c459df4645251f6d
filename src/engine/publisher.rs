//! The publisher: answers what the dashboard is looking at, and keeps the answer fresh at a bounded cost.
//!
//! A changed view is answered at once. Samples that come in are shown at most ten times a second; what has
//! to read series again for that rests many times as long as it took. While nothing comes in, the picture
//! is read again only when the window's edge has moved by a bucket of the sparkline, and drawn again when a
//! series goes stale.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::board::Reading;
use super::context::{Context, REPLACED_PAUSE};
use super::pace::Pace;
use super::picture::Picture;
use super::shared::{Told, Watched};
use super::supervisor::{Mailbox, TaskResult, Wait};
use crate::model::{Health, SPARK_BUCKETS, Snapshot, ViewRequest, Window};
use crate::store::{EXACT_SAMPLES, Store, StoreError};

/// The name of the task on the notice board.
pub(super) const NAME: &str = "snapshot";

/// Between two pictures.
const SHORTEST_ROUND: Duration = Duration::from_millis(100);
/// Between two readings of all series, and how many times its own cost it rests: 3 % of a core at most.
const READ_EVERY: Duration = Duration::from_secs(1);
const READ_REST: u32 = 30;
/// How many times its own cost the chart rests: 10 % of a core at most.
const CHART_REST: u32 = 10;
/// While nothing comes in, all series are read again at most this often...
const IDLE_READ_MS: i64 = 60_000;
/// ...and without a window, whose edge would move, this seldom.
const IDLE_READ_WITHOUT_WINDOW_MS: i64 = 3_600_000;

/// Samples of a metric that the first picture of a window reads one by one.
const FIRST_EXACT_SAMPLES: u64 = 10_000;

/// Rows of a store met for the first time that take noticeably long to read.
const MANY_ROWS: i64 = 100_000;

/// The channels to the dashboard.
#[derive(Debug, Clone)]
pub(super) struct Channels {
    pub(super) views: watch::Receiver<ViewRequest>,
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
}

/// Runs until the mailbox says stop. A failure is shown in the last picture.
pub(super) fn run(context: &Context, mailbox: &Mailbox, channels: &Channels) -> TaskResult {
    let mut channels = channels.clone();
    let published = loop {
        match context.open_store().and_then(|store| Publisher::new(context, store, &mut channels).serve(mailbox)) {
            Ok(End::Replaced) if mailbox.sleep(REPLACED_PAUSE) => {}
            Ok(_) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    if let Err(error) = &published {
        let mut snapshot = Snapshot::clone(&channels.snapshots.borrow());
        snapshot.generation += 1;
        snapshot.health.store_path = context.options.store_path.display().to_string();
        snapshot.health.problem = Some(error.to_string());
        channels.snapshots.send_replace(Arc::new(snapshot));
    }
    Ok(published?)
}

/// Why serving from one database file ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Stop,
    /// The file was replaced or emptied.
    Replaced,
}

struct Publisher<'a> {
    context: &'a Context,
    channels: &'a mut Channels,
    store: Store,
    picture: Picture,
    /// Reading all series; reading the chart; handing out a picture.
    read: Pace,
    chart: Pace,
    round: Pace,
    /// The picture is a first one, and a better one can follow.
    read_again: bool,
    idle_read_at_ms: i64,
    told: Told,
    watched: Watched,
    reading: Reading,
    newest_id: i64,
    resets: u64,
    /// How often hours had been made anew before the series were read.
    repairs: i64,
}

impl<'a> Publisher<'a> {
    fn new(context: &'a Context, store: Store, channels: &'a mut Channels) -> Self {
        let picture = Picture::after(channels.snapshots.borrow().generation, context.options.run_thresholds.clone());
        Self {
            context,
            channels,
            store,
            picture,
            read: Pace::new(READ_EVERY, READ_REST),
            chart: Pace::new(SHORTEST_ROUND, CHART_REST),
            round: Pace::new(SHORTEST_ROUND, 0),
            read_again: false,
            idle_read_at_ms: i64::MAX,
            told: Told::default(),
            watched: Watched::default(),
            reading: Reading::default(),
            newest_id: 0,
            resets: context.shared.resets(),
            repairs: 0,
        }
    }

    fn serve(&mut self, mailbox: &Mailbox) -> Result<End, StoreError> {
        self.announce_first_contact()?;
        loop {
            if self.resets != self.context.shared.resets() || self.store.is_replaced() {
                return Ok(End::Replaced);
            }
            self.notice_view();
            self.heed_clock();
            if self.round.is_due() || self.context.now_ms() >= self.idle_read_at_ms {
                self.go_round()?;
                self.context.board.clear(NAME);
                if !self.context.shared.has_picture() {
                    self.context.shared.set_has_picture();
                    self.context.tail.wake();
                }
            }
            match mailbox.wait(self.until_deadline()) {
                Wait::Stop => return Ok(End::Stop),
                Wait::Rung | Wait::TimedOut => self.round.want(),
            }
        }
    }

    /// A big store that no perftop has met before takes a while to read; until then that is what is shown.
    fn announce_first_contact(&mut self) -> Result<(), StoreError> {
        let newest_id = self.store.newest_id()?;
        if newest_id > MANY_ROWS && self.store.judged_up_to()?.is_none() {
            let health = Health {
                backlog: newest_id.cast_unsigned(),
                problem: Some(format!("reading this store for the first time: {newest_id} samples")),
                ..self.health()
            };
            let snapshot = self.picture.snapshot(Told::default(), Watched::default(), health, self.context.now_ms());
            self.channels.snapshots.send_replace(Arc::new(snapshot));
        }
        Ok(())
    }

    /// A changed view is answered at once.
    fn notice_view(&mut self) {
        let view = self.channels.views.borrow_and_update();
        if self.context.shared.set_viewed(view.focus.as_ref()) {
            self.context.tail.wake();
        }
        let answered = self.picture.request();
        if view.window != answered.window {
            self.read.want_now();
        } else if *view != *answered {
            self.chart.want_now();
        } else {
            return;
        }
        self.round.want_now();
    }

    /// A clock that was set back must not keep the picture waiting until it is there again.
    fn heed_clock(&mut self) {
        if self.idle_read_at_ms != i64::MAX {
            let latest_ms = self.context.now_ms().saturating_add(idle_read_after_ms(self.picture.request().window));
            self.idle_read_at_ms = self.idle_read_at_ms.min(latest_ms);
        }
    }

    /// Brings the picture up to date and hands it out if it has changed.
    fn go_round(&mut self) -> Result<(), StoreError> {
        let started = Instant::now();
        let now_ms = self.context.now_ms();
        let mut has_changed = self.take_news();
        let repairs = self.store.repairs()?;
        if now_ms >= self.idle_read_at_ms || repairs != self.repairs {
            self.read.want_now();
        }
        let view = self.channels.views.borrow().clone();
        if self.read.is_due() {
            self.read_series(&view, now_ms)?;
            self.repairs = repairs;
            self.read.done(started);
            self.chart.done(started);
            if std::mem::take(&mut self.read_again) {
                self.read.want_now();
            }
            self.idle_read_at_ms = now_ms.saturating_add(idle_read_after_ms(view.window));
            has_changed = true;
        } else if self.chart.is_due() {
            let options = &self.context.options;
            self.picture.read_chart(&self.store, &view, (&options.book, &options.zone), options.detect, now_ms)?;
            self.chart.done(started);
            has_changed = true;
        }
        if self.picture.judge(&self.told.alerts, &self.told.unusual_runs, now_ms) || has_changed {
            let snapshot = self.picture.snapshot(self.told.clone(), self.watched.clone(), self.health(), now_ms);
            self.channels.snapshots.send_replace(Arc::new(snapshot));
        }
        self.round.done(started);
        Ok(())
    }

    /// Reads all series. The first picture of a window shows at once what sketches say, whatever the store
    /// holds; the next one follows at once and is exact where it can be.
    fn read_series(&mut self, view: &ViewRequest, now_ms: i64) -> Result<(), StoreError> {
        let is_first = view.window != self.picture.request().window || self.picture.totals().newest_id == 0;
        let exact_samples = if is_first { FIRST_EXACT_SAMPLES } else { EXACT_SAMPLES };
        let options = &self.context.options;
        self.picture.read(&self.store, view, (&options.book, &options.zone), options.detect, exact_samples, now_ms)?;
        if is_first && self.picture.is_rough(EXACT_SAMPLES) {
            self.read_again = true;
        }
        Ok(())
    }

    /// Takes over what the other tasks have left; whether something is new.
    fn take_news(&mut self) -> bool {
        let news = self.context.shared.take_news();
        let reading = self.context.board.read();
        let has_samples = !news.latest.is_empty();
        let has_begun = self.newest_id == 0 && news.newest_id != 0;
        let has_changed = has_begun
            || has_samples
            || reading != self.reading
            || news.told != self.told
            || news.watched != self.watched;
        if has_samples {
            if self.picture.update(&news.latest) {
                self.read.want();
            } else {
                self.read.want_now();
            }
            if self.picture.request().focus.as_ref().is_some_and(|focus| news.latest.contains_key(focus)) {
                self.chart.want();
            }
        }
        self.told = news.told;
        self.watched = news.watched;
        self.reading = reading;
        self.newest_id = news.newest_id;
        has_changed
    }

    fn health(&self) -> Health {
        let totals = self.picture.totals();
        let since_read = u64::try_from(self.newest_id.saturating_sub(totals.newest_id)).unwrap_or(0);
        // Before the detector stands at its place in the log, nothing is known to be judged.
        let unseen = if self.newest_id == 0 { totals.newest_id.cast_unsigned() } else { 0 };
        Health {
            store_path: self.context.options.store_path.display().to_string(),
            sample_count: totals.sample_count + since_read,
            newest_sample_ms: self.picture.newest_ms(),
            last_arrival_ms: self.reading.last_arrival_ms,
            backlog: self.reading.backlog.max(unseen),
            rejected_lines: self.reading.rejected_lines,
            problem: self.reading.problem.clone(),
        }
    }

    /// Time until there is something to do without being woken.
    fn until_deadline(&self) -> Option<Duration> {
        let now = Instant::now();
        let now_ms = self.context.now_ms();
        let paced = [&self.read, &self.chart, &self.round].into_iter().filter_map(Pace::due_at).min();
        let by_clock =
            self.picture.next_stale_ms(now_ms).map_or(self.idle_read_at_ms, |at_ms| at_ms.min(self.idle_read_at_ms));
        let until_clock_ms = u64::try_from(by_clock.saturating_sub(now_ms)).unwrap_or(0);
        let by_clock = (by_clock != i64::MAX).then(|| Duration::from_millis(until_clock_ms));
        paced.map(|at| at.saturating_duration_since(now)).into_iter().chain(by_clock).min()
    }
}

/// A sparkline changes when its window has moved by one of its buckets.
fn idle_read_after_ms(window: Window) -> i64 {
    window
        .span_ms()
        .map_or(IDLE_READ_WITHOUT_WINDOW_MS, |span_ms| (span_ms / SPARK_BUCKETS.cast_signed() as i64).max(IDLE_READ_MS))
}
