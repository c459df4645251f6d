//! What the dashboard knows.

use std::sync::Arc;

use super::{Filter, FilterError, Key, Keymap, Notice, Overlay, SortColumn, Toast, toast};
use crate::model::time::Zone;
use crate::model::{
    Alert, AlertState, MetricName, Rule, Severity, Snapshot, SpcChart, SplitRequest, Subject, TimeRange, ToastRate,
    Watching, Window,
};

/// The three tabs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    /// The table of baselines.
    #[default]
    Baselines,
    /// The control chart of one metric.
    ControlChart,
    /// One sparkline a metric.
    TimeSeries,
}

impl Tab {
    /// Every tab, left to right.
    pub const EVERY: [Self; 3] = [Self::Baselines, Self::ControlChart, Self::TimeSeries];

    /// The name on the tab.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Baselines => "Baselines",
            Self::ControlChart => "Control chart",
            Self::TimeSeries => "Time series",
        }
    }
}

/// What the configuration and the command line say about the dashboard.
#[derive(Debug, Clone)]
pub struct AppOptions {
    /// The window to start with.
    pub window: Window,
    /// The tab to start with.
    pub tab: Tab,
    /// The control chart to start with.
    pub spc: SpcChart,
    /// What it judges at first.
    pub spc_on: Subject,
    /// The zone in which instants are shown.
    pub zone: Zone,
    /// Alerts below this severity are listed but not toasted.
    pub toast_severity: Severity,
    /// Ring the bell on a new critical alert.
    pub bell: bool,
    /// Text of the filter to start with.
    pub filter: String,
    /// Which keys mean what.
    pub keymap: Keymap,
    /// The watched drop directory, for the screen of an empty store.
    pub drop_dir: Option<String>,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            window: Window::default(),
            tab: Tab::default(),
            spc: SpcChart::default(),
            spc_on: Subject::default(),
            zone: Zone::utc(),
            toast_severity: Severity::Warning,
            bell: true,
            filter: String::new(),
            keymap: Keymap::default(),
            drop_dir: None,
        }
    }
}

/// The dashboard's whole state. Drawing reads it, only [`super::update()`] changes it.
#[derive(Debug, Clone)]
pub struct App {
    /// Options it was started with.
    pub options: AppOptions,
    /// The time of the last event: ms since the Unix epoch.
    pub now_ms: i64,
    /// Terminal size in cells: columns, rows.
    pub size: (u16, u16),
    /// The tab on top.
    pub tab: Tab,
    /// Whether the time-series tab or the table shows the chosen metric as a full chart. The control chart
    /// is one already.
    pub expanded: bool,
    /// The window.
    pub window: Window,
    /// Which control chart.
    pub spc: SpcChart,
    /// What it judges.
    pub spc_on: Subject,
    /// The chosen metric or segment; kept by name so that sorting and new metrics do not move it.
    pub selected: Option<MetricName>,
    /// The metric that is taken apart, as it is asked for.
    pub taken_apart: Option<SplitRequest>,
    /// First row shown, for the tabs with rows.
    pub scroll: usize,
    /// The filter in force.
    pub filter: String,
    /// What the rows are sorted by.
    pub sort: SortColumn,
    /// Whether the order is turned round.
    pub sort_reversed: bool,
    /// The zoomed or panned stretch; `None` follows now.
    pub range: Option<TimeRange>,
    /// Whether the axis of a chart counts samples instead of time.
    pub by_count: bool,
    /// Timestamp of the sample under the crosshair.
    pub crosshair_ms: Option<i64>,
    /// How many samples of the same time stand before it.
    pub(super) crosshair_nth: usize,
    /// The alert that was followed to its chart, where its samples are marked.
    pub looked_at: Option<i64>,
    /// What lies over the tab, the top-most last.
    pub overlays: Vec<Overlay>,
    /// Toasts, oldest first.
    pub toasts: Vec<Toast>,
    /// The newest picture; what is drawn unless the view is frozen.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The picture that was on screen when the view was frozen.
    pub frozen: Option<Frozen>,
    /// `filter` as it was understood.
    pub(super) parsed_filter: Filter,
    /// The filter that was in force when a metric was taken apart.
    pub(super) filter_of_metrics: Option<String>,
    /// Why the text being typed is no filter.
    pub(super) filter_error: Option<FilterError>,
    /// Indices into [`App::listed`]; worked out by `rows::refresh`.
    pub(super) rows: Vec<usize>,
    /// Where the chosen metric stood among the rows, in case it goes away.
    pub(super) place: usize,
    /// The first key of a chord that waits for its second.
    pub(super) pending: Option<Key>,
    /// When the bell last rang.
    pub(super) last_bell_ms: Option<i64>,
}

/// A view that stands still while the engine goes on.
#[derive(Debug, Clone)]
pub struct Frozen {
    /// The picture on screen.
    pub snapshot: Arc<Snapshot>,
    /// The stretch of time its charts cover, for metrics that are chosen later.
    pub range: Option<TimeRange>,
    /// Since when: ms since the Unix epoch.
    pub since_ms: i64,
    /// Alerts raised since.
    pub alerts_since: usize,
}

impl App {
    /// A dashboard that has seen nothing yet.
    #[must_use]
    pub fn new(options: AppOptions, now_ms: i64) -> Self {
        let mut app = Self {
            now_ms,
            size: (80, 24),
            tab: options.tab,
            expanded: false,
            window: options.window,
            spc: options.spc,
            spc_on: options.spc_on,
            selected: None,
            taken_apart: None,
            scroll: 0,
            filter: String::new(),
            sort: SortColumn::default(),
            sort_reversed: false,
            range: None,
            by_count: false,
            crosshair_ms: None,
            crosshair_nth: 0,
            looked_at: None,
            overlays: Vec::new(),
            toasts: Vec::new(),
            snapshot: None,
            frozen: None,
            parsed_filter: Filter::default(),
            filter_of_metrics: None,
            filter_error: None,
            rows: Vec::new(),
            place: 0,
            pending: None,
            last_bell_ms: None,
            options,
        };
        let filter = app.options.filter.clone();
        app.set_filter(&filter);
        if let Some(error) = app.filter_error.take() {
            app.set_filter("");
            toast::notice(&mut app, Notice { is_error: true, text: format!("filter left out: {error}") });
        }
        app
    }

    /// The picture to draw: the frozen one, else the newest.
    #[must_use]
    pub fn shown(&self) -> Option<&Arc<Snapshot>> {
        self.frozen.as_ref().map(|frozen| &frozen.snapshot).or(self.snapshot.as_ref())
    }

    /// How the metric on screen is watched.
    #[must_use]
    pub fn watching(&self) -> Option<&Watching> {
        let known = self.shown()?.watching.as_deref();
        known.filter(|watching| self.selected_series().is_some_and(|series| series.metric == watching.metric))
    }

    /// How often the metric on screen was told of.
    #[must_use]
    pub fn toast_rate(&self) -> Option<&ToastRate> {
        let known = self.shown()?.toast_rate.as_deref();
        known.filter(|rate| self.selected_series().is_some_and(|series| series.metric == rate.metric))
    }

    /// Whether an alert goes on that will soon be over.
    #[must_use]
    pub fn is_recovering(&self, alert: &Alert) -> bool {
        let recovering = self.snapshot.as_ref().map_or(&[][..], |snapshot| &snapshot.recovering);
        alert.rule == Rule::Surprise && alert.state != AlertState::Recovered && recovering.contains(&alert.metric)
    }

    /// The alerts of the newest picture (alerts are never frozen), the most urgent first.
    #[must_use]
    pub fn alerts(&self) -> &[Alert] {
        self.snapshot.as_ref().map_or(&[], |snapshot| &snapshot.alerts)
    }
}
