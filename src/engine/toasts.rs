//! How often a metric was told of.

use crate::model::{MetricBook, Rule, TOASTS_OVER_MS, ToastRate, Watching};
use crate::store::{Store, StoreError};

/// Whether a metric is judged by surprise: what others raise has no budget.
pub(super) fn is_watched(book: &MetricBook, metric: &str) -> bool {
    book.alerts(metric).contains(&Rule::Surprise)
}

/// Toasts of surprise of the last four weeks, or since the metric's first sample.
pub(super) fn rate(
    store: &Store,
    book: &MetricBook,
    metric: &str,
    watching: Option<&Watching>,
    now_ms: i64,
) -> Result<ToastRate, StoreError> {
    let since_ms = now_ms.saturating_sub(TOASTS_OVER_MS);
    let (toasts, first_ms) = store.toasts(metric, since_ms)?;
    Ok(ToastRate {
        metric: metric.into(),
        toasts,
        span_ms: now_ms.saturating_sub(first_ms.unwrap_or(now_ms).max(since_ms)).max(0),
        budget: book.budget(metric),
        toasts_from: watching.map(|watching| watching.levels[1]),
    })
}
