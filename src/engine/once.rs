//! The engine's work done once, in the foreground: for the one-shot commands.

use super::baselines;
use super::incidents;
use super::judge::Judge;
use super::options::EngineOptions;
use super::outbox::ALERTS_SHOWN;
use super::picture::Picture;
use super::runs;
use super::shared::{Told, Watched};
use super::toasts;
use crate::clock::Clock;
use crate::detect::{DetectOptions, Monitors, STATE_VERSION};
use crate::model::time::Zone;
use crate::model::{Alert, Health, MetricBook, MetricName, Snapshot, ToastRate, ViewRequest, by_priority};
use crate::store::{EXACT_SAMPLES, Store, StoreError};

/// Rows rolled up in one step.
const ROLL_UP_ROWS: usize = 20_000;

/// What [`catch_up`] did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaughtUp {
    /// Samples judged.
    pub judged: u64,
    /// Alerts opened, oldest first.
    pub raised: Vec<Alert>,
}

/// Rolls up what is new in the store.
pub fn roll_up(store: &mut Store) -> Result<(), StoreError> {
    while store.roll_up(ROLL_UP_ROWS)?.remaining {}
    Ok(())
}

/// Rolls up and judges what is new in the store, writes the stored baselines (at most once a minute) and ends
/// the alerts that have been quiet, as a running dashboard would have. Costs next to nothing when there is
/// nothing new: a status line asks every few seconds.
pub fn catch_up(store: &mut Store, options: &EngineOptions, clock: &Clock) -> Result<CaughtUp, StoreError> {
    roll_up(store)?;
    let done = if is_judged(store, options, clock)? { CaughtUp::default() } else { judge_rest(store, options, clock)? };
    let now_ms = clock.now_ms();
    if done.judged > 0 {
        baselines::refresh(store, now_ms)?;
    }
    store.recover(options.cooldown_ms, now_ms)?;
    // Whoever opened an alert may have been killed before it was compared with others.
    if done.judged > 0 || store.has_ungrouped()? {
        incidents::group(store, now_ms)?;
    }
    Ok(done)
}

/// Whether no sample waits. Moves the mark over rows that are junk or were deleted: building a detector reads
/// days of history.
fn is_judged(store: &mut Store, options: &EngineOptions, clock: &Clock) -> Result<bool, StoreError> {
    let newest_id = store.newest_id()?;
    let Some(judged) = store.judged_up_to()?.filter(|&judged| judged <= newest_id) else { return Ok(false) };
    let mut after_id = judged;
    loop {
        let batch = store.tail(after_id, ROLL_UP_ROWS)?;
        if !batch.samples.is_empty() {
            return Ok(false);
        }
        if batch.last_id == after_id {
            break;
        }
        after_id = batch.last_id;
    }
    let passed_id = after_id.max(newest_id);
    if passed_id > judged {
        store.record(&[], &[], passed_id, options.cooldown_ms, clock.now_ms())?;
    }
    Ok(true)
}

fn judge_rest(store: &mut Store, options: &EngineOptions, clock: &Clock) -> Result<CaughtUp, StoreError> {
    let mut judge = Judge::start(store, options, clock.now_ms())?;
    let mut done = CaughtUp::default();
    while let Some(step) = judge.step(store, clock.now_ms())? {
        done.judged += step.samples.len() as u64;
        done.raised.extend(step.raised);
    }
    judge.pause(store, clock.now_ms())?;
    Ok(done)
}

/// How often a metric was told of, and from where on it is; `None` when it is not judged by surprise.
pub fn toast_rate(
    store: &Store,
    (book, zone): (&MetricBook, &Zone),
    metric: &MetricName,
    now_ms: i64,
) -> Result<Option<ToastRate>, StoreError> {
    if !toasts::is_watched(book, metric) {
        return Ok(None);
    }
    let state = store.detector_state(metric, STATE_VERSION)?;
    let mut monitors = Monitors::new(book.clone(), zone.clone());
    monitors.set_labels(store.precision()?);
    let watching = monitors.watching(metric, state.as_ref());
    toasts::rate(store, book, metric, watching.as_ref(), now_ms).map(Some)
}

/// The picture that the dashboard would draw of the store at `now_ms`, with what the user has said of metrics, and the
/// zone whose times of the day have habits.
pub fn snapshot_once(
    store: &Store,
    request: &ViewRequest,
    (book, zone): (&MetricBook, &Zone),
    detect: DetectOptions,
    now_ms: i64,
) -> Result<Snapshot, StoreError> {
    let mut picture = Picture::default();
    picture.read(store, request, (book, zone), detect, EXACT_SAMPLES, now_ms)?;
    let mut alerts = store.alerts(ALERTS_SHOWN)?;
    by_priority(&mut alerts, |metric| book.is_user_facing(metric), now_ms);
    let unusual_runs = runs::unusual_runs(store, now_ms)?;
    picture.judge(&alerts, &unusual_runs, now_ms);
    let totals = picture.totals();
    let judged = store.judged_up_to()?.unwrap_or(0);
    let health = Health {
        store_path: store.path().display().to_string(),
        sample_count: totals.sample_count,
        newest_sample_ms: totals.newest_ms,
        last_arrival_ms: None,
        backlog: u64::try_from(totals.newest_id.saturating_sub(judged)).unwrap_or(0),
        rejected_lines: 0,
        problem: None,
    };
    let told = Told { alerts: alerts.into(), unusual_runs: unusual_runs.into(), mutes: store.mutes(now_ms)?.into() };
    Ok(picture.snapshot(told, Watched::default(), health, now_ms))
}
