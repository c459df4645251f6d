//! A dashboard under the hand of a test: typed at by key names, its clock moved by the test.

use std::sync::Arc;

use super::{App, AppOptions, Effect, Event, Key, update};
use crate::model::{
    Alert, AlertState, Baseline, ChartData, ControlLimits, Direction, Grouping, Health, LimitType, Limited, Mute,
    Point, Rule, SPARK_BUCKETS, Segment, SeriesSummary, Severity, Snapshot, SpcChart, Split, SplitRequest, Status,
    Subject, TagValue, TimeRange, Trend, Unit, Violation,
};

/// When every test begins: 2025-11-21 07:59:59 UTC.
pub(crate) const START_MS: i64 = 1_763_711_999_000;
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// A metric in the middle of its life: 100 ms on average, 10 ms of spread, now at `value`.
pub(crate) fn series(metric: &str, value: f64, status: Status) -> SeriesSummary {
    let baseline = Baseline {
        count: 1_440,
        mean: 100.0,
        std_dev: 10.0,
        min: 70.0,
        max: 130.0,
        p50: 100.0,
        p95: 116.4,
        p99: 123.3,
        exact: true,
    };
    SeriesSummary {
        metric: metric.into(),
        segment: None,
        unit: Unit::Milliseconds,
        direction: Direction::Lower,
        latest: Some(Point { timestamp_ms: START_MS - 30_000, value }),
        baseline: Some(baseline),
        spark: (0..SPARK_BUCKETS).map(|bucket| Some(100.0 + (bucket % 7) as f64)).collect(),
        deviation_pct: Some(value - 100.0),
        z: Some((value - 100.0) / 10.0),
        trend: Trend::Flat,
        status,
        alert_since_ms: None,
    }
}

/// Four metrics: one critical, one warning, two as always.
pub(crate) fn four_series() -> Vec<SeriesSummary> {
    vec![
        series("api_latency", 101.0, Status::Ok),
        series("db_p99", 130.5, Status::Critical),
        series("cache_hits", 99.0, Status::Ok),
        series("queue_p99", 121.0, Status::Warning),
    ]
}

/// A firing alert of rule 1 or, when it is a warning, of rule 2, on a sample of so long ago.
pub(crate) fn alert(id: i64, metric: &str, severity: Severity, age_ms: i64) -> Alert {
    let rule = Rule::EVERY.into_iter().find(|rule| rule.severity() == severity).unwrap();
    let point = Point { timestamp_ms: START_MS - age_ms, value: 812.0 };
    Alert {
        id,
        metric: metric.into(),
        rule,
        limit_type: LimitType::Ucl,
        severity,
        state: AlertState::Firing,
        description: format!("{metric} 812 ms is above the upper limit 130 ms (mean 100 ms, sd 10 ms, 71 sd away)"),
        limits: ControlLimits::new(100.0, 10.0),
        first: point,
        last: point,
        peak_value: 812.0,
        peak_ms: None,
        count: 1,
        opened_at_ms: point.timestamp_ms,
        updated_at_ms: point.timestamp_ms,
        acknowledged_at_ms: None,
        recovered_at_ms: None,
        ended_ms: None,
        ending: None,
        opened_in_hour: 1,
        label: None,
        labelled_at_ms: None,
        incident: None,
    }
}

/// A chart of one sample a minute over the last hour; the 10th and the 50th break rule 1.
pub(crate) fn chart(metric: &str) -> ChartData {
    let points: Vec<Point> = (0..60)
        .map(|minute| Point {
            timestamp_ms: START_MS - HOUR_MS + minute * 60_000,
            value: if minute == 10 || minute == 50 { 150.0 } else { 100.0 + (minute % 5) as f64 },
        })
        .collect();
    ChartData {
        metric: metric.into(),
        unit: Unit::Milliseconds,
        chart: SpcChart::Baseline,
        on: Subject::Raw,
        taken_out: None,
        range: TimeRange { from_ms: START_MS - HOUR_MS, until_ms: START_MS + 1 },
        marks: Vec::new(),
        sample_count: 60,
        later_count: 0,
        baseline: None,
        limits: Some(ControlLimits::new(100.0, 10.0)),
        min_samples: 30,
        violations: [10, 50]
            .map(|at: usize| Violation { point: points[at], rule: Rule::BeyondLimit, began_ms: None })
            .to_vec(),
        points,
        evidence: Vec::new(),
        module: None,
    }
}

/// The answer to what is to be taken apart: three pages and two browsers; `cache_hits` carries no tags.
pub(crate) fn split(asked: &SplitRequest, series: &[SeriesSummary]) -> Split {
    let has_tags = &*asked.metric != "cache_hits";
    let grouping = |tags: &[&str]| tags.iter().map(|&tag| tag.into()).collect::<Grouping>();
    let groupings = [grouping(&["page", "browser"]), grouping(&["browser"]), grouping(&["page"])];
    let groupings: Arc<[Grouping]> = groupings.into_iter().filter(|_| has_tags).collect();
    let by = asked.by.as_ref().filter(|by| groupings.contains(by)).or(groupings.first()).cloned().unwrap_or_default();
    let values = if by.first().is_some_and(|tag| **tag == *"browser") {
        &["chrome", "firefox"][..]
    } else {
        &["/", "/cart", "/pay"]
    };
    let whole = series.iter().filter(|series| series.metric == asked.metric).cloned();
    let segments = values.iter().filter(|_| has_tags).zip([100.0, 125.0, 101.0]).map(|(value, latest)| {
        let tags = by.iter().map(|tag| (Arc::clone(tag), TagValue::Is((*value).into()))).collect();
        let segment = Segment { metric: asked.metric.clone(), tags };
        SeriesSummary {
            segment: Some(Arc::new(segment.clone())),
            ..self::series(&segment.to_string(), latest, Status::Unjudged)
        }
    });
    let series = whole.chain(segments).collect();
    Split { metric: asked.metric.clone(), by, groupings, series, limited: Limited::default() }
}

/// A running dashboard.
pub(crate) struct Session {
    pub(crate) app: App,
    pub(crate) now_ms: i64,
}

impl Session {
    /// At 80x24, before the first picture.
    pub(crate) fn new(options: AppOptions) -> Self {
        Self { app: App::new(options, START_MS), now_ms: START_MS }
    }

    /// With [`four_series`] on screen.
    pub(crate) fn with_four() -> Self {
        let mut session = Self::new(AppOptions::default());
        session.show(four_series());
        session
    }

    pub(crate) fn event(&mut self, event: Event) -> Vec<Effect> {
        update(&mut self.app, event, self.now_ms)
    }

    /// Presses keys, named as in the configuration and separated by spaces.
    pub(crate) fn keys(&mut self, keys: &str) -> Vec<Effect> {
        keys.split_whitespace().flat_map(|key| self.event(Event::Key(key.parse::<Key>().unwrap()))).collect()
    }

    /// Types text, as into a prompt.
    pub(crate) fn text(&mut self, text: &str) {
        for c in text.chars() {
            self.event(Event::Key(Key::char(c)));
        }
    }

    /// The picture the engine would send for what is looked at.
    pub(crate) fn picture(&self, series: Vec<SeriesSummary>, alerts: Vec<Alert>) -> Snapshot {
        let request = self.app.view_request();
        let chart = request.focus.as_ref().map(|metric| {
            let chart = chart(metric);
            Arc::new(ChartData { range: request.range.unwrap_or(chart.range), ..chart })
        });
        let health = Health {
            store_path: "/home/ada/.local/share/perftop/perftop.db".to_owned(),
            sample_count: 5_760,
            newest_sample_ms: Some(START_MS - 30_000),
            ..Health::default()
        };
        Snapshot {
            generation: 1,
            taken_at_ms: self.now_ms,
            chart,
            split: request.split.as_ref().map(|asked| Arc::new(split(asked, &series))),
            series: series.into(),
            alerts: alerts.into(),
            unusual_runs: Arc::default(),
            mutes: Arc::default(),
            watching: None,
            toast_rate: None,
            recovering: Arc::default(),
            health,
            request,
        }
    }

    pub(crate) fn show(&mut self, series: Vec<SeriesSummary>) -> Vec<Effect> {
        self.show_with(series, Vec::new())
    }

    pub(crate) fn show_with(&mut self, series: Vec<SeriesSummary>, alerts: Vec<Alert>) -> Vec<Effect> {
        let picture = self.picture(series, alerts);
        self.event(Event::Snapshot(Arc::new(picture)))
    }

    /// The engine sends a picture of the alerts with these mutes.
    pub(crate) fn show_muted(&mut self, alerts: Vec<Alert>, mutes: Vec<Mute>) {
        let picture = Snapshot { mutes: mutes.into(), ..self.picture(four_series(), alerts) };
        self.event(Event::Snapshot(Arc::new(picture)));
    }

    /// Alerts come in from the engine, written by this process.
    pub(crate) fn raise(&mut self, raised: Vec<Alert>) -> Vec<Effect> {
        self.event(Event::Alerts { raised, inserted_here: true })
    }

    /// The engine answers what was asked last.
    pub(crate) fn answer(&mut self) {
        let series = self.app.snapshot.as_ref().map(|snapshot| snapshot.series.to_vec()).unwrap_or_default();
        let alerts = self.app.alerts().to_vec();
        self.show_with(series, alerts);
    }

    /// Time passes; the dashboard is woken up as it asked to be.
    pub(crate) fn wait_ms(&mut self, ms: i64) {
        let end_ms = self.now_ms + ms;
        while let Some(deadline_ms) = self.app.next_deadline_ms().filter(|&deadline_ms| deadline_ms <= end_ms) {
            assert!(deadline_ms > self.now_ms, "a deadline in the past would never let the loop sleep");
            self.now_ms = deadline_ms;
            self.event(Event::Wake);
        }
        self.now_ms = end_ms;
    }

    pub(crate) fn row_names(&self) -> Vec<&str> {
        self.app.rows().map(|series| &*series.metric).collect()
    }

    pub(crate) fn selected(&self) -> &str {
        self.app.selected.as_deref().unwrap_or("-")
    }

    pub(crate) fn toast_texts(&self) -> Vec<&str> {
        self.app.toasts.iter().map(|toast| &*toast.text).collect()
    }
}
