//! The tail: notices what any process has added to the log, has it judged, and tells of the alerts.
//!
//! Woken by file events on the database's directory. An event can come before the commit it belongs to can
//! be seen (the write-ahead log is written first, its index in shared memory afterwards, without an event),
//! so each event is followed by a few more looks; a slow look of last resort bounds what is missed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::context::{Context, REPLACED_PAUSE};
use super::judge::{Judge, MOST_IN_MEMORY};
use super::options::RaisedAlerts;
use super::outbox::Outbox;
use super::shared::Watched;
use super::supervisor::{Mailbox, TaskResult, Wait};
use super::toasts::{is_watched, rate};
use super::watch::{StoreWatch, watch_store};
use crate::model::{Alert, AlertState, Command, MetricName, Rule, Severity};
use crate::store::{Store, StoreError};

/// The name of the task on the notice board.
pub(super) const NAME: &str = "detector";

/// The name under which the notice board says that memory is short.
const MEMORY: &str = "memory";

/// Looks after a file event: at once, and again after each of these pauses. The first ones catch a commit
/// that is about to be seen; the later ones a writer that syncs its log to a slow disk in between
/// (`synchronous = FULL`, the default of other programs).
const LOOK_AGAIN: [Duration; 9] = [
    Duration::from_micros(100),
    Duration::from_micros(200),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(15),
    Duration::from_millis(30),
    Duration::from_millis(60),
    Duration::from_millis(120),
    Duration::from_secs(1),
];
/// The look of last resort while file events work, and when they do not.
const FALLBACK: Duration = Duration::from_secs(10);
const FALLBACK_WITHOUT_EVENTS: Duration = Duration::from_millis(250);
/// Between two looks while samples stream in: bounds the cost of a writer that commits each sample.
const SHORTEST_ROUND: Duration = Duration::from_millis(5);
/// How long the mark in the store may lag behind quiet samples.
const MARK_EVERY: Duration = Duration::from_secs(5);
/// How often alerts are read again while samples come, when nothing was found here that is to be told at once.
const ALERTS_EVERY: Duration = Duration::from_millis(250);
/// While there is much to judge, alerts are told of this often.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// Alerts that were raised are told of when it is known which belong together, and after this in any case: a toast that
/// turns out to be part of an incident becomes the incident's.
const COMPARE_PATIENCE: Duration = Duration::from_millis(60);
/// How often alerts are compared with each other again when there are no new ones.
const COMPARE_EVERY: Duration = Duration::from_secs(20);

/// How often is looked whether a metric has gone silent: not more often than it wakes anyway.
const SILENCE_EVERY: Duration = FALLBACK;

/// How long the first picture may take.
const PICTURE_PATIENCE: Duration = Duration::from_millis(500);

/// Before a deleted database is made again: whoever deleted it may be about to put another in its place.
const DELETED_PAUSE: Duration = Duration::from_secs(1);

/// Why a session over one database file ended.
enum End {
    Stop,
    /// The file was replaced or emptied, or what is derived from the log made anew.
    Replaced,
}

/// Runs until the mailbox says stop.
pub(super) fn run(context: &Context, mailbox: &Mailbox, raised: &mpsc::Sender<RaisedAlerts>) -> TaskResult {
    if !let_picture_come_first(context, mailbox) {
        return Ok(());
    }
    loop {
        let mut session = Session::open(context, raised)?;
        match session.serve(mailbox)? {
            End::Stop => return Ok(()),
            End::Replaced => {
                drop(session);
                context.wake_all();
                let path = &context.options.store_path;
                if !mailbox.sleep(if path.exists() { REPLACED_PAUSE } else { DELETED_PAUSE }) {
                    return Ok(());
                }
                context.shared.reset();
            }
        }
    }
}

/// What the detector reads at its start keeps a core and the disk busy, and the dashboard is waited for. `false` when
/// the task shall end.
fn let_picture_come_first(context: &Context, mailbox: &Mailbox) -> bool {
    let until = Instant::now() + PICTURE_PATIENCE;
    while !context.shared.has_picture() {
        match mailbox.wait(Some(until.saturating_duration_since(Instant::now()))) {
            Wait::Stop => return false,
            Wait::TimedOut => break,
            Wait::Rung => {}
        }
    }
    true
}

/// The looks that are still to come after a file event.
struct Looks {
    pauses: std::slice::Iter<'static, Duration>,
    next_at: Option<Instant>,
}

impl Looks {
    fn begin() -> Self {
        let mut looks = Self { pauses: LOOK_AGAIN.iter(), next_at: None };
        looks.plan();
        looks
    }

    fn plan(&mut self) {
        self.next_at = self.pauses.next().map(|&pause| Instant::now() + pause);
    }

    /// Goes on to the next look once the time of this one has come.
    fn pass(&mut self) {
        if self.next_at.is_some_and(|at| at <= Instant::now()) {
            self.plan();
        }
    }

    fn until_next(&self) -> Option<Duration> {
        self.next_at.map(|at| at.saturating_duration_since(Instant::now()))
    }
}

/// Tailing one database file.
struct Session<'a> {
    context: &'a Context,
    store: Store,
    watch: Option<StoreWatch>,
    judge: Judge,
    outbox: Outbox,
    data_version: i64,
    repairs: i64,
    last_round: Instant,
    mark_at: Option<Instant>,
    alerts_at: Option<Instant>,
    silence_at: Instant,
    /// When alerts were last to be compared with each other.
    compared: Option<Instant>,
    /// The newest alert that was raised here and not told of, and when it will be in any case.
    untold: Option<(i64, Instant)>,
    /// Which metric was last looked at for the screen, and how far the log and the store were then.
    shown: Option<(Option<MetricName>, i64, i64)>,
    /// What the user called the alerts that are listed.
    labels: Option<Vec<(i64, bool)>>,
}

impl<'a> Session<'a> {
    fn open(context: &'a Context, raised: &mpsc::Sender<RaisedAlerts>) -> Result<Self, StoreError> {
        let path = &context.options.store_path;
        let mut store = Store::open(path)?;
        let watch = watch_store(path, context.tail.clone())
            .inspect_err(|error| tracing::warn!("no file events for `{}` ({error}): polling", path.display()))
            .ok();
        // Before the first look, so that what comes during it is seen as a change.
        let data_version = store.data_version()?;
        let known_id = context.shared.told_alert_id().map_or_else(|| store.newest_alert_id(), Ok)?;
        context.shared.set_told_alert_id(known_id);
        let outbox = Outbox::new(raised.clone(), known_id);
        let judge = Judge::start(&mut store, &context.options, context.now_ms())?;
        context.shared.begin_at(judge.after_id());
        // Hours may have been made anew since it read them.
        let repairs = store.repairs()?;
        context.publisher.wake();
        // Nobody may have been there to see it.
        if store.has_changed_rows()? {
            context.shared.rows_changed();
        }
        context.keeper.wake();
        Ok(Self {
            context,
            store,
            watch,
            judge,
            outbox,
            data_version,
            repairs,
            last_round: Instant::now(),
            mark_at: None,
            alerts_at: None,
            silence_at: Instant::now(),
            compared: None,
            untold: None,
            shown: None,
            labels: None,
        })
    }

    fn serve(&mut self, mailbox: &Mailbox) -> Result<End, StoreError> {
        self.judge_new(mailbox)?;
        self.judge.pass_over_silence(self.context.now_ms());
        // What was over before the dashboard started is listed, not toasted.
        self.judge.mark(&mut self.store)?;
        self.end_quiet_alerts()?;
        // Rings that come while it waits start the row of looks again, so none of them is looked at once only.
        let mut looks = Looks::begin();
        loop {
            self.context.board.clear(NAME);
            let deadline = self.until_deadline();
            match mailbox.wait(Some(looks.until_next().map_or(deadline, |left| left.min(deadline)))) {
                Wait::Stop => {
                    self.judge.finish(&mut self.store, self.context.now_ms())?;
                    return Ok(End::Stop);
                }
                Wait::Rung => looks = Looks::begin(),
                Wait::TimedOut => looks.pass(),
            }
            if self.look(mailbox)? {
                return Ok(End::Replaced);
            }
            self.obey()?;
            self.meet_deadlines()?;
            self.show_watched()?;
        }
    }

    /// Hands out what is known of the metric on screen, if that is something else than before.
    fn show_watched(&mut self) -> Result<(), StoreError> {
        let (shared, book) = (&self.context.shared, &self.context.options.book);
        let wanted = (shared.viewed(), self.judge.after_id(), self.data_version);
        if self.shown.as_ref() == Some(&wanted) {
            return Ok(());
        }
        let (watching, rate) = match &wanted.0 {
            Some(metric) if is_watched(book, metric) => {
                let watching = self.judge.watching(&self.store, metric)?;
                let rate = rate(&self.store, book, metric, watching.as_ref(), self.context.now_ms())?;
                (watching.map(Arc::new), Some(Arc::new(rate)))
            }
            _ => (None, None),
        };
        let alerts = shared.alerts();
        let open = alerts.iter().filter(|alert| alert.rule == Rule::Surprise && alert.state != AlertState::Recovered);
        let recovering =
            open.map(|alert| &alert.metric).filter(|metric| self.judge.is_recovering(metric)).cloned().collect();
        let watched = Watched { watching, rate, recovering };
        self.shown = Some(wanted);
        if shared.set_watched(watched) {
            self.context.publisher.wake();
        }
        Ok(())
    }

    /// Judges what is new, if another connection has changed the store; whether the log was replaced or
    /// emptied instead, or everything derived from it made anew.
    fn look(&mut self, mailbox: &Mailbox) -> Result<bool, StoreError> {
        let data_version = self.store.data_version()?;
        if data_version == self.data_version {
            return Ok(self.store.is_replaced());
        }
        self.data_version = data_version;
        if let Some(early) = SHORTEST_ROUND.checked_sub(self.last_round.elapsed()) {
            std::thread::sleep(early);
        }
        if self.judge.is_outdated(&self.store)? {
            return Ok(true);
        }
        self.judge_new(mailbox)?;
        self.last_round = Instant::now();
        if self.store.has_changed_rows()? {
            self.context.shared.rows_changed();
            self.context.keeper.wake();
        }
        let repairs = self.store.repairs()?;
        if repairs != std::mem::replace(&mut self.repairs, repairs) {
            self.context.publisher.wake();
        }
        let at = Instant::now() + ALERTS_EVERY;
        self.alerts_at.get_or_insert(at);
        self.judge.is_outdated(&self.store)
    }

    /// Judges to the end of the log.
    fn judge_new(&mut self, mailbox: &Mailbox) -> Result<(), StoreError> {
        let mut told = Instant::now();
        while !mailbox.is_stopping() {
            let now_ms = self.context.now_ms();
            let Some(step) = self.judge.step(&mut self.store, now_ms)? else { break };
            self.found(&step.raised, &step.updated);
            // Before anybody can take what is judged for all there is.
            self.context.board.set_backlog(self.backlog()?);
            self.context.shared.arrived(&step.samples);
            self.context.board.set_last_arrival(now_ms);
            if told.elapsed() > TELL_EVERY {
                self.tell()?;
                told = Instant::now();
            }
            // There may be millions of rows to judge: nobody waits for their end to be heard.
            self.obey()?;
            self.context.publisher.wake();
            self.context.keeper.wake();
        }
        if self.judge.is_unmarked() && self.mark_at.is_none() {
            self.mark_at = Some(Instant::now() + MARK_EVERY);
        }
        Ok(())
    }

    fn backlog(&self) -> Result<u64, StoreError> {
        let rows = self.store.newest_id()?.saturating_sub(self.judge.after_id());
        Ok(u64::try_from(rows).unwrap_or(0))
    }

    /// Has alerts that were raised compared with others, to be told of then; of what has become graver is told at once, and
    /// of the rest, which changes nothing but numbers, when there is time.
    fn found(&mut self, raised: &[Alert], updated: &[Alert]) {
        self.outbox.touched_here(raised);
        self.outbox.touched_here(updated);
        let now = Instant::now();
        if let Some(newest) = raised.iter().rev().find(|alert| alert.severity > Severity::Info) {
            let until = self.untold.map_or(now + COMPARE_PATIENCE, |(_, until)| until);
            self.untold = Some((newest.id, until));
            self.compare();
        }
        if updated.iter().any(|alert| self.outbox.is_graver(alert)) {
            self.untold = Some((self.untold.map_or(0, |(newest_id, _)| newest_id), now));
        }
    }

    fn compare(&mut self) {
        self.compared = Some(Instant::now());
        self.context.incidents.wake();
    }

    /// Whether it is time to tell of what was raised here.
    fn is_untold_due(&self) -> bool {
        self.untold.is_some_and(|(newest_id, until)| {
            self.context.shared.compared_alert_id() >= newest_id || until <= Instant::now()
        })
    }

    /// Reads the alerts, shows them, and tells of those that are new.
    fn tell(&mut self) -> Result<(), StoreError> {
        let told = self.outbox.refresh(&self.store, &self.context.options.book, self.context.now_ms())?;
        let labels = told.alerts.iter().filter_map(|alert| Some((alert.id, alert.label?))).collect();
        if self.labels.as_ref() != Some(&labels) {
            self.judge.heed_labels(&self.store)?;
            (self.labels, self.shown) = (Some(labels), None);
        }
        self.context.shared.set_told(told);
        self.context.shared.set_told_alert_id(self.outbox.known_id());
        self.context.publisher.wake();
        (self.alerts_at, self.untold) = (None, None);
        Ok(())
    }

    fn obey(&mut self) -> Result<(), StoreError> {
        for command in self.context.shared.take_commands() {
            let now_ms = self.context.now_ms();
            match command {
                Command::Acknowledge { alert_ids } => drop(self.store.acknowledge(&alert_ids, now_ms)?),
                Command::Label { alert_id, label } => drop(self.store.label(alert_id, label, now_ms)?),
                Command::Mute { metric, rule, until_ms } => {
                    self.store.mute(Some(&metric), Some(rule), Some(until_ms), None, now_ms)?;
                }
                Command::Unmute { mute_ids } => self.store.end_mutes(&mute_ids)?,
            }
            self.tell()?;
        }
        Ok(())
    }

    fn meet_deadlines(&mut self) -> Result<(), StoreError> {
        let now = Instant::now();
        if self.mark_at.is_some_and(|at| at <= now) {
            self.judge.mark(&mut self.store)?;
            self.mark_at = None;
            self.end_quiet_alerts()?;
        }
        if self.silence_at <= now {
            self.silence_at = now + SILENCE_EVERY;
            self.say_resting();
            let recorded = self.judge.look(&mut self.store, self.context.now_ms())?;
            self.found(&recorded.raised, &recorded.updated);
        }
        if self.alerts_at.is_some_and(|at| at <= now) || self.is_untold_due() {
            self.tell()?;
        }
        self.outbox.flush();
        Ok(())
    }

    /// Says when more metrics send than are kept in memory: each costs a look into the store then.
    fn say_resting(&mut self) {
        let board = &self.context.board;
        match self.judge.take_resting() {
            0 => board.clear(MEMORY),
            resting => board.report(
                MEMORY,
                &format!("more than {MOST_IN_MEMORY} metrics send: what is learned of {resting} was put on disk"),
            ),
        }
    }

    /// Ends the alerts that are over, by the samples judged so far.
    fn end_quiet_alerts(&mut self) -> Result<(), StoreError> {
        self.store.recover(self.context.options.cooldown_ms, self.context.now_ms())?;
        if self.compared.is_none_or(|at| at.elapsed() > COMPARE_EVERY) {
            self.compare();
        }
        self.tell()
    }

    fn until_deadline(&self) -> Duration {
        let now = Instant::now();
        let fallback = if self.watch.is_some() { FALLBACK } else { FALLBACK_WITHOUT_EVENTS };
        let untold_at = self.untold.map(|(_, until)| until);
        let deadlines = [self.mark_at, self.alerts_at, untold_at, self.outbox.retry_at()];
        deadlines.into_iter().flatten().map(|at| at.saturating_duration_since(now)).fold(fallback, Duration::min)
    }
}
