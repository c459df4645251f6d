//! What the engine tells the dashboard: one consistent picture of the store, ready to be drawn.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;

use super::{
    Alert, Baseline, ChartData, Direction, MetricName, Mute, Point, RunAnomaly, Segment, SpcChart, Split, SplitRequest,
    Subject, TimeRange, ToastRate, Unit, Watching, Window,
};

/// What the dashboard is looking at; the engine computes that and no more.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ViewRequest {
    /// The window of the baselines and sparklines.
    pub window: Window,
    /// The metric or segment whose chart is on screen, if one is.
    pub focus: Option<MetricName>,
    /// A zoomed or panned stretch of the chart; `None` follows the window up to now.
    pub range: Option<TimeRange>,
    /// Which control chart.
    pub chart: SpcChart,
    /// What it is to judge.
    pub on: Subject,
    /// The metric that is taken apart, if one is.
    pub split: Option<SplitRequest>,
    /// The alert whose samples are shown on the chart, if one is.
    pub alert_id: Option<i64>,
}

/// One consistent picture of the store.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Rises with every picture; derived data is cached by it.
    pub generation: u64,
    /// When it was taken: ms since the Unix epoch.
    pub taken_at_ms: i64,
    /// What it answers.
    pub request: ViewRequest,
    /// Every metric, by name.
    pub series: Arc<[SeriesSummary]>,
    /// The chart of the focused metric.
    pub chart: Option<Arc<ChartData>>,
    /// The metric that is taken apart.
    pub split: Option<Arc<Split>>,
    /// Alerts in the order in which to look at them; bounded.
    pub alerts: Arc<[Alert]>,
    /// What is unusual about runs and has not come back, the newest first.
    pub unusual_runs: Arc<[RunAnomaly]>,
    /// The mutes in force; which of them have ended since is for the clock to say.
    pub mutes: Arc<[Mute]>,
    /// How the focused metric is watched, if it is by surprise and something is learned of it.
    pub watching: Option<Arc<Watching>>,
    /// How often it was told of, if it is judged by surprise.
    pub toast_rate: Option<Arc<ToastRate>>,
    /// Metrics in which a surprise goes on that will soon be over.
    pub recovering: Arc<[MetricName]>,
    /// How store, drop directory and detector are doing.
    pub health: Health,
}

impl Snapshot {
    /// Whether there are samples, and nobody has had the time to look at one. A store that no perftop has met
    /// before is read for a while.
    #[must_use]
    pub fn is_being_read(&self) -> bool {
        self.series.is_empty() && self.health.backlog > 0
    }
}

/// Number of equal time buckets in a summary's sparkline.
pub const SPARK_BUCKETS: usize = 240;

/// One metric, or a segment of one, over the requested window.
#[derive(Debug, Clone)]
pub struct SeriesSummary {
    /// Its name; of a segment, as it is written: `lcp{page="/"}`.
    pub metric: MetricName,
    /// The segment that it is; `None` for a whole metric.
    pub segment: Option<Arc<Segment>>,
    /// Its unit.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// The newest sample.
    pub latest: Option<Point>,
    /// The baseline over the window without the newest sample; `None` when there is none.
    pub baseline: Option<Baseline>,
    /// Bucket means over the window, oldest first, [`SPARK_BUCKETS`] of them; `None` is a gap.
    pub spark: Arc<[Option<f64>]>,
    /// (latest - mean) / mean, in percent; `None` without a baseline or when the mean is 0.
    pub deviation_pct: Option<f64>,
    /// (latest - mean) / sd; `None` without a baseline or spread.
    pub z: Option<f64>,
    /// Where it is heading over the window.
    pub trend: Trend,
    /// The verdict.
    pub status: Status,
    /// When the alert that gave it began, if one did: ms since the Unix epoch.
    pub alert_since_ms: Option<i64>,
}

impl SeriesSummary {
    /// What it is called among its neighbours: a metric by its name, a segment by its values.
    #[must_use]
    pub fn label(&self) -> Cow<'_, str> {
        self.segment.as_ref().map_or(Cow::Borrowed(&self.metric), |segment| Cow::Owned(segment.label()))
    }
}

/// Where a series is heading over the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "direction")]
pub enum Trend {
    /// Too few samples to tell.
    #[default]
    Unknown,
    /// No slope that stands out of the noise.
    Flat,
    /// Rising by this many percent of the mean over the window.
    Rising {
        /// Percent of the mean, positive.
        pct: f64,
    },
    /// Falling by this many percent of the mean over the window.
    Falling {
        /// Percent of the mean, positive.
        pct: f64,
    },
}

/// The verdict on a series, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// None: detection judges whole metrics, and this is a segment of one.
    Unjudged,
    /// Within its limits.
    Ok,
    /// Too few samples for a baseline.
    Learning,
    /// No sample for much longer than usual.
    Stale,
    /// A warning is firing.
    Warning,
    /// A critical alert is firing.
    Critical,
}

impl Status {
    /// Whether an alert gave it.
    #[must_use]
    pub fn is_alert(self) -> bool {
        self >= Self::Warning
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unjudged => "unjudged",
            Self::Ok => "ok",
            Self::Learning => "learning",
            Self::Stale => "stale",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// How store, drop directory and detector are doing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Health {
    /// The store's path, for the header and for messages.
    pub store_path: String,
    /// Samples in the store.
    pub sample_count: u64,
    /// The newest sample's timestamp.
    pub newest_sample_ms: Option<i64>,
    /// When the engine last saw new samples arrive.
    pub last_arrival_ms: Option<i64>,
    /// Samples committed but not yet judged.
    pub backlog: u64,
    /// Lines from the drop directory that were rejected since the start.
    pub rejected_lines: u64,
    /// What is wrong, in one line, while it is wrong.
    pub problem: Option<String>,
}
