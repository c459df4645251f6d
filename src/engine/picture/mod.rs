//! The picture of the store that the dashboard draws, in three layers that cost differently: every series
//! read whole, the one chart, and newest values with verdicts.

mod chart;
mod summary;
mod thin;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::detect::DetectOptions;
use crate::model::{
    Alert, ChartData, Health, MetricBook, MetricName, Point, SPARK_BUCKETS, Segment, Snapshot, TimeRange, ViewRequest,
};
use crate::store::{Store, StoreError, Totals};

use self::chart::Settings;
use self::summary::{Series, gravest_open};

/// The picture as it is put together.
#[derive(Debug, Default)]
pub(super) struct Picture {
    request: ViewRequest,
    series: BTreeMap<MetricName, Series>,
    chart: Option<Arc<ChartData>>,
    totals: Totals,
    generation: u64,
}

impl Picture {
    /// An empty picture that goes on counting after `generation`.
    pub(super) fn after(generation: u64) -> Self {
        Self { generation, ..Self::default() }
    }

    /// What it answers.
    pub(super) const fn request(&self) -> &ViewRequest {
        &self.request
    }

    /// Reads every series over the window of `request`, and the chart. A window with more than `exact_samples`
    /// of a metric is summed up from sketches, whose cost does not grow with the samples.
    pub(super) fn read(
        &mut self,
        store: &Store,
        request: &ViewRequest,
        book: &MetricBook,
        detect: DetectOptions,
        exact_samples: u64,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.totals = store.totals()?;
        self.request = request.clone();
        let window = self.window(now_ms);
        let mut series = BTreeMap::new();
        store.visit_windows(window, SPARK_BUCKETS, exact_samples, &mut |metric, read| {
            series.insert(MetricName::clone(metric), Series::new(metric, read, book, detect.min_samples));
        })?;
        self.carry_latest(&mut series);
        self.series = series;
        self.read_chart(store, request, book, detect, now_ms)
    }

    /// A metric that has no sample in this window is still known by its newest one.
    fn carry_latest(&self, series: &mut BTreeMap<MetricName, Series>) {
        for (metric, series) in series.iter_mut().filter(|(_, series)| series.summary.latest.is_none()) {
            if let Some(latest) = self.series.get(metric).and_then(|known| known.summary.latest) {
                series.set_latest(latest);
            }
        }
    }

    /// Reads the chart of `request` again; its window must be the one of the series.
    pub(super) fn read_chart(
        &mut self,
        store: &Store,
        request: &ViewRequest,
        book: &MetricBook,
        detect: DetectOptions,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.request = request.clone();
        let window = self.window(now_ms);
        let shown = request.range.unwrap_or(window);
        self.chart = match &request.focus {
            Some(focus) => {
                let told = Settings { book, min_samples: detect.min_samples };
                Some(Arc::new(self.read_focus(store, focus, window, shown, told)?))
            }
            None => None,
        };
        Ok(())
    }

    /// The chart of a metric, or of the segment that the name says when it is no metric's.
    fn read_focus(
        &self,
        store: &Store,
        focus: &MetricName,
        window: TimeRange,
        shown: TimeRange,
        told: Settings<'_>,
    ) -> Result<ChartData, StoreError> {
        let segment = focus
            .parse::<Segment>()
            .ok()
            .filter(|segment| !self.series.contains_key(focus) && self.series.contains_key(&segment.metric));
        let Some(segment) = segment else {
            let read = |reach| store.points(focus, reach);
            return chart::chart(focus, focus, self.series.get(focus), (window, shown), told, &read);
        };
        let (tags, wanted): (Vec<_>, Vec<_>) = segment.tags.iter().cloned().unzip();
        let parts = store.segment_windows(&segment.metric, &tags, window, SPARK_BUCKETS)?.parts;
        let part = parts.into_iter().find(|(values, _)| *values == wanted);
        let series = part.map(|(_, part)| Series::new(&segment.metric, part, told.book, told.min_samples));
        let read = |reach| store.segment_points(&segment, window, reach);
        chart::chart(focus, &segment.metric, series.as_ref(), (window, shown), told, &read)
    }

    /// Whether a baseline is read off sketches that has no more samples than this.
    pub(super) fn is_rough(&self, exact_samples: u64) -> bool {
        let baselines = self.series.values().filter_map(|series| series.summary.baseline);
        baselines.into_iter().any(|baseline| !baseline.exact && baseline.count <= exact_samples)
    }

    /// Takes newest points into the summaries; whether all of their metrics are known.
    pub(super) fn update(&mut self, latest: &HashMap<MetricName, Point>) -> bool {
        let mut is_known = true;
        for (metric, &point) in latest {
            match self.series.get_mut(metric) {
                Some(series) => series.set_latest(point),
                None => is_known = false,
            }
        }
        is_known
    }

    /// Sets the verdicts; whether one changed.
    pub(super) fn judge(&mut self, alerts: &[Alert], now_ms: i64) -> bool {
        let gravest = gravest_open(alerts);
        self.series.values_mut().fold(false, |changed, series| series.judge(&gravest, now_ms) | changed)
    }

    /// When the next verdict changes if nothing comes in: ms since the Unix epoch.
    pub(super) fn next_stale_ms(&self, now_ms: i64) -> Option<i64> {
        self.series.values().filter_map(|series| series.stale_at_ms(now_ms)).min()
    }

    /// The store in a few numbers, as of the last full read.
    pub(super) const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The picture to hand out.
    pub(super) fn snapshot(&mut self, alerts: Arc<[Alert]>, health: Health, now_ms: i64) -> Snapshot {
        self.generation += 1;
        Snapshot {
            generation: self.generation,
            taken_at_ms: now_ms,
            request: self.request.clone(),
            series: self.series.values().map(|series| series.summary.clone()).collect(),
            chart: self.chart.clone(),
            alerts,
            health,
        }
    }

    /// The newest timestamp of any series.
    pub(super) fn newest_ms(&self) -> Option<i64> {
        let latest = self.series.values().filter_map(|series| series.summary.latest);
        latest.map(|point| point.timestamp_ms).max().max(self.totals.newest_ms)
    }

    /// The window as a stretch of time; "everything" begins with the oldest sample.
    fn window(&self, now_ms: i64) -> TimeRange {
        let range = self.request.window.range_at(now_ms);
        match (self.request.window.span_ms(), self.totals.oldest_ms) {
            (None, Some(oldest_ms)) => TimeRange { from_ms: oldest_ms.min(now_ms), ..range },
            (None, None) => TimeRange { from_ms: now_ms, ..range },
            _ => range,
        }
    }
}
