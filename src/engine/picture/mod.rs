//! The picture of the store that the dashboard draws, in layers that cost differently: every series and
//! the segments of the one metric that is taken apart, the one chart, and newest values with verdicts.

mod chart;
mod split;
mod summary;
mod thin;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::detect::DetectOptions;
use crate::model::time::Zone;
use crate::model::{
    Alert, ChartData, Health, MetricBook, MetricName, ModuleView, Point, RunAnomaly, RunThresholds, SPARK_BUCKETS,
    Segment, SeriesSummary, Snapshot, Subject, TimeRange, ViewRequest,
};
use crate::runs::module_view;
use crate::store::{Store, StoreError, Totals};

use super::shared::{Told, Watched};

use self::chart::{Asked, Settings};
use self::split::Parts;
use self::summary::{Series, gravest_open};

/// How far back the habits of a day or a week are looked for: four weeks.
const HABIT_MS: i64 = 28 * 86_400_000;

/// Runs of a module that are looked at for its view, and anomalies among them.
const RUNS_SHOWN: usize = 1_000;
const MOST_ANOMALIES: usize = 4 * RUNS_SHOWN;

/// The picture as it is put together.
#[derive(Debug, Default)]
pub(super) struct Picture {
    request: ViewRequest,
    series: BTreeMap<MetricName, Series>,
    chart: Option<Arc<ChartData>>,
    split: Option<Parts>,
    totals: Totals,
    generation: u64,
    /// By which runs are told from each other.
    run_thresholds: RunThresholds,
}

impl Picture {
    /// An empty picture that goes on counting after `generation`.
    pub(super) fn after(generation: u64, run_thresholds: RunThresholds) -> Self {
        Self { generation, run_thresholds, ..Self::default() }
    }

    /// What it answers.
    pub(super) const fn request(&self) -> &ViewRequest {
        &self.request
    }

    /// Reads every series over the window of `request`, the segments and the chart. A window with more than `exact_samples`
    /// of a metric is summed up from sketches, whose cost does not grow with the samples.
    pub(super) fn read(
        &mut self,
        store: &Store,
        request: &ViewRequest,
        (book, zone): (&MetricBook, &Zone),
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
        let told = Settings { book, min_samples: detect.min_samples, zone };
        self.read_split(store, told, now_ms)?;
        self.read_chart(store, request, (book, zone), detect, now_ms)
    }

    /// Reads the segments of the metric that is taken apart.
    fn read_split(&mut self, store: &Store, told: Settings<'_>, now_ms: i64) -> Result<(), StoreError> {
        let before = self.split.take();
        if let Some(asked) = &self.request.split {
            let window = (self.request.window, self.window(now_ms));
            self.split = Some(Parts::read(store, asked, before, window, told.book, told.min_samples)?);
        }
        Ok(())
    }

    /// A metric that has no sample in this window is still known by its newest one.
    fn carry_latest(&self, series: &mut BTreeMap<MetricName, Series>) {
        for (metric, series) in series.iter_mut().filter(|(_, series)| series.summary.latest.is_none()) {
            if let Some(latest) = self.series.get(metric).and_then(|known| known.summary.latest) {
                series.set_latest(latest);
            }
        }
    }

    /// Reads the chart of `request` again, and segments when it asks for others; its window must be the one of the
    /// series.
    pub(super) fn read_chart(
        &mut self,
        store: &Store,
        request: &ViewRequest,
        (book, zone): (&MetricBook, &Zone),
        detect: DetectOptions,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let told = Settings { book, min_samples: detect.min_samples, zone };
        let has_split = request.split == self.request.split;
        self.request = request.clone();
        if !has_split {
            self.read_split(store, told, now_ms)?;
        }
        let window = self.window(now_ms);
        let shown = request.range.unwrap_or(window);
        self.chart = match &request.focus {
            Some(focus) => {
                let mut chart = self.read_focus(store, focus, window, shown, told)?;
                chart.evidence = evidence(store, request.alert_id, focus)?;
                chart.module = module(store, focus, &self.run_thresholds)?.map(Arc::new);
                Some(Arc::new(chart))
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
            let hours = self.habit_hours(store, focus, window)?;
            let asked =
                Asked { name: focus, metric: focus, chart: self.request.chart, on: self.request.on, window, shown };
            return chart::chart(asked, self.series.get(focus), told, &read, &hours);
        };
        let read = |reach| store.segment_points(&segment, window, reach);
        let asked = Asked {
            name: focus,
            metric: &segment.metric,
            chart: self.request.chart,
            on: self.request.on,
            window,
            shown,
        };
        let chart = |series| chart::chart(asked, series, told, &read, &[]);
        if let Some(known) = self.split.as_ref().and_then(|parts| parts.segment(focus)) {
            return chart(Some(known));
        }
        let (tags, wanted): (Vec<_>, Vec<_>) = segment.tags.iter().cloned().unzip();
        let parts = store.segment_windows(&segment.metric, &tags, window, SPARK_BUCKETS)?.parts;
        let part = parts.into_iter().find(|(values, _)| *values == wanted);
        let series = part.map(|(_, part)| Series::of_segment(segment.clone(), part, told.book, told.min_samples));
        chart(series.as_ref())
    }

    /// The means of the hours that say what a metric's day is like, when the chart asks for that.
    fn habit_hours(&self, store: &Store, metric: &str, window: TimeRange) -> Result<Vec<(i64, f64)>, StoreError> {
        if self.request.on == Subject::Raw {
            return Ok(Vec::new());
        }
        let from_ms = window.until_ms.saturating_sub(HABIT_MS).max(self.totals.oldest_ms.unwrap_or(window.from_ms));
        let hours = store.hours(metric, TimeRange { from_ms, ..window })?;
        Ok(hours.into_iter().map(|(at_ms, moments)| (at_ms, moments.mean)).collect())
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
    pub(super) fn judge(&mut self, alerts: &[Alert], unusual_runs: &[RunAnomaly], now_ms: i64) -> bool {
        let gravest = gravest_open(alerts, unusual_runs);
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
    pub(super) fn snapshot(&mut self, told: Told, watched: Watched, health: Health, now_ms: i64) -> Snapshot {
        self.generation += 1;
        Snapshot {
            generation: self.generation,
            taken_at_ms: now_ms,
            request: self.request.clone(),
            series: self.series.values().map(|series| series.summary.clone()).collect(),
            chart: self.chart.clone(),
            split: self.split.as_ref().map(|parts| Arc::new(parts.split(self.whole(parts)))),
            alerts: told.alerts,
            unusual_runs: told.unusual_runs,
            mutes: told.mutes,
            watching: watched.watching,
            toast_rate: watched.rate,
            recovering: watched.recovering,
            health,
        }
    }

    /// The metric that was taken apart.
    fn whole(&self, parts: &Parts) -> Option<&SeriesSummary> {
        self.series.get(parts.metric()).map(|series| &series.summary)
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

/// The module that the metric is a measure of.
fn module(store: &Store, metric: &MetricName, thresholds: &RunThresholds) -> Result<Option<ModuleView>, StoreError> {
    let Some(module) = store.module_of(metric)? else { return Ok(None) };
    let mut runs = store.runs(&module, RUNS_SHOWN)?;
    // As their samples stand on the chart: of runs side by side, one that began first may end last.
    runs.sort_by_key(|run| run.run.ended_ms);
    let Some(oldest) = runs.first() else { return Ok(None) };
    let found = store.run_anomalies(Some(&module), oldest.run.started_ms, MOST_ANOMALIES)?;
    let anomalies = found.into_iter().map(|found| (found.anomaly.run_id, found.anomaly.metric)).collect();
    Ok(module_view(metric, &runs, &anomalies, thresholds))
}

/// The samples on which an alert of the metric was raised.
fn evidence(store: &Store, alert_id: Option<i64>, metric: &MetricName) -> Result<Vec<Point>, StoreError> {
    let account = match alert_id {
        Some(id) => store.account(id)?.filter(|account| account.alert.metric == *metric),
        None => None,
    };
    Ok(account.map(|account| account.evidence).unwrap_or_default())
}
