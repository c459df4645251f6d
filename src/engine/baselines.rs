//! The baselines written to the store, for other programs to read.

use crate::model::{Baseline, MetricName, Window};
use crate::store::{EXACT_SAMPLES, Effort, Store, StoreError};

/// Stored baselines are left alone while they are younger than this.
const FRESH_MS: i64 = 60_000;

/// Writes the baselines of every metric over the stored windows, unless somebody has just done so;
/// whether they were written.
pub(super) fn refresh(store: &mut Store, now_ms: i64) -> Result<bool, StoreError> {
    let newest_ms = store.baselines(None)?.iter().map(|stored| stored.last_updated_ms).max();
    if newest_ms.is_some_and(|newest_ms| (now_ms - FRESH_MS..=now_ms).contains(&newest_ms)) {
        return Ok(false);
    }
    write(store, now_ms)?;
    Ok(true)
}

/// Writes the baselines of every metric over the stored windows.
pub(super) fn write(store: &mut Store, now_ms: i64) -> Result<(), StoreError> {
    let ranges = Window::BASELINES.map(|window| window.range_at(now_ms));
    let mut rows: Vec<(MetricName, Window, Baseline)> = Vec::new();
    store.visit_baselines(None, &ranges, EXACT_SAMPLES, Effort::Background, &mut |metric, baselines| {
        for (window, baseline) in Window::BASELINES.into_iter().zip(baselines) {
            rows.extend(baseline.map(|baseline| (MetricName::clone(metric), window, baseline)));
        }
    })?;
    store.write_baselines(&rows, now_ms)
}
