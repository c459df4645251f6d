//! How commands that read come by the store: never creating it, and with everything brought up to date that can be.

use super::collect;
use super::context::Context;
use super::exit::Refusal;
use crate::config::nearest;
use crate::detect::DetectOptions;
use crate::engine::{self, EngineOptions};
use crate::model::text::printable_short;
use crate::model::{MetricName, Snapshot, ViewRequest};
use crate::store::{Store, StoreError};

/// Opens the store that must be there, rolls up and judges what is new in it: for commands that show what was
/// found. A store that may only be read is read as it is.
pub fn open(context: &Context) -> Result<Store, StoreError> {
    brought_up(context, |store| engine::catch_up(store, &engine_options(context), &context.clock).map(drop))
}

/// The same without judging, which reads days of history: for commands that show samples alone.
pub fn open_unjudged(context: &Context) -> Result<Store, StoreError> {
    brought_up(context, engine::roll_up)
}

fn brought_up(context: &Context, bring_up: impl Fn(&mut Store) -> Result<(), StoreError>) -> Result<Store, StoreError> {
    let path = &context.config.store.path;
    collect::bring_in(context);
    drop(Store::open_read(path)?);
    let brought_up = Store::open(path).and_then(|mut store| bring_up(&mut store).map(|()| store));
    match brought_up {
        Err(StoreError::Permission { .. } | StoreError::Busy { .. } | StoreError::Full { .. }) => {
            Store::open_read(path)
        }
        answer => answer,
    }
}

/// What the configuration says to the engine.
#[must_use]
pub fn engine_options(context: &Context) -> EngineOptions {
    let config = &context.config;
    EngineOptions {
        drop_dir: Some(config.store.drop_dir.clone()),
        book: config.book.clone(),
        detect: detect_options(context),
        zone: config.display.zone(),
        cooldown_ms: config.alerts.cooldown_ms,
        keep_runs: config.keep_runs,
        run_thresholds: config.runs.thresholds.clone(),
        retention_ms: config.store.retention_ms,
        rollup_retention_ms: config.store.rollup_retention_ms,
        ..EngineOptions::new(config.store.path.clone())
    }
}

const fn detect_options(context: &Context) -> DetectOptions {
    let detect = &context.config.detect;
    DetectOptions { window: detect.window, min_samples: detect.min_samples }
}

/// The picture the dashboard would draw.
pub fn snapshot(context: &Context, store: &Store, request: &ViewRequest) -> Result<Snapshot, StoreError> {
    let config = &context.config;
    let told = (&config.book, &config.display.zone());
    engine::snapshot_once(store, request, told, detect_options(context), context.now_ms())
}

/// The metric of that name.
///
/// # Errors
/// When the store has no such metric, with those of a similar name.
pub fn metric(store: &Store, name: &str) -> anyhow::Result<MetricName> {
    let metrics = store.metrics()?;
    if let Some(metric) = metrics.iter().find(|metric| ***metric == *name) {
        return Ok(MetricName::clone(metric));
    }
    let shown = printable_short(name, 60);
    if metrics.is_empty() {
        return Err(Refusal::not_enough_data(format!("no metric `{shown}`: the store holds no samples yet")).into());
    }
    let hint = match nearest(name, metrics.iter().map(|metric| &**metric)) {
        Some(near) => format!("did you mean `{}`?", printable_short(near, 60)),
        None => "`perftop dashboard` lists them".to_owned(),
    };
    Err(Refusal::usage(format!("no metric `{shown}`: {hint}")).into())
}
