//! One metric taken apart: by what it can be, and a summary of each of its segments.

use std::sync::Arc;

use super::summary::Series;
use crate::model::{
    Grouping, Limited, MetricBook, MetricName, SPARK_BUCKETS, Segment, SeriesSummary, Split, SplitRequest, TimeRange,
    Window,
};
use crate::store::{Store, StoreError};

/// The segments of a metric over a window, by the values of their tags.
#[derive(Debug)]
pub(super) struct Parts {
    metric: MetricName,
    window: Window,
    by: Grouping,
    groupings: Arc<[Grouping]>,
    segments: Vec<Series>,
    limited: Limited,
}

impl Parts {
    /// Reads them over `range`, which is the window up to now. Groupings are taken over from `before`, when that
    /// is the same metric over the same window: a tag that comes new is met when the metric is taken apart again.
    pub(super) fn read(
        store: &Store,
        asked: &SplitRequest,
        before: Option<Self>,
        (window, range): (Window, TimeRange),
        book: &MetricBook,
        min_samples: u64,
    ) -> Result<Self, StoreError> {
        let metric = MetricName::clone(&asked.metric);
        let known = before.filter(|before| before.metric == metric && before.window == window);
        let groupings = match known.map(|before| before.groupings).filter(|known| !known.is_empty()) {
            Some(known) => known,
            None => groupings(store, &metric, range, book)?,
        };
        let by = asked.by.as_ref().filter(|by| groupings.contains(by)).or(groupings.first()).cloned();
        let Some(by) = by else {
            return Ok(Self {
                metric,
                window,
                by: [].into(),
                groupings,
                segments: vec![],
                limited: Limited::default(),
            });
        };
        let found = store.segment_windows(&metric, &by, range, SPARK_BUCKETS)?;
        let summary = |(values, read)| {
            let segment = Segment { metric: metric.clone(), tags: by.iter().cloned().zip(values).collect() };
            Series::of_segment(segment, read, book, min_samples)
        };
        let segments = found.parts.into_iter().map(summary).collect();
        Ok(Self { metric, window, by, groupings, segments, limited: found.limited })
    }

    pub(super) const fn metric(&self) -> &MetricName {
        &self.metric
    }

    /// The segment of that name.
    pub(super) fn segment(&self, name: &str) -> Option<&Series> {
        self.segments.iter().find(|series| *series.summary.metric == *name)
    }

    /// What the dashboard shows of them, below the whole metric.
    pub(super) fn split(&self, whole: Option<&SeriesSummary>) -> Split {
        let segments = self.segments.iter().map(|series| &series.summary);
        Split {
            metric: MetricName::clone(&self.metric),
            by: Arc::clone(&self.by),
            groupings: Arc::clone(&self.groupings),
            series: whole.into_iter().chain(segments).cloned().collect(),
            limited: self.limited,
        }
    }
}

/// What the user has configured, as far as the samples carry it, then each tag that they carry.
fn groupings(
    store: &Store,
    metric: &MetricName,
    range: TimeRange,
    book: &MetricBook,
) -> Result<Arc<[Grouping]>, StoreError> {
    let tags: Vec<Arc<str>> = store.tags(Some(metric), range)?.into_iter().map(|tag| tag.name).collect();
    let configured: Grouping = book.group_by(metric).iter().filter(|tag| tags.contains(tag)).cloned().collect();
    let single = tags.into_iter().map(|tag| Grouping::from([tag])).filter(|single| *single != configured);
    Ok((!configured.is_empty()).then(|| Arc::clone(&configured)).into_iter().chain(single).collect())
}
