//! A hand-made picture of a store: a month of a dozen metrics with rhythm, noise, a gap, a drift and
//! an outlier. The same numbers on every run.

use std::sync::Arc;

use perftop::app::{App, AppOptions, Event, Tab, update};
use perftop::detect::{Charted, Charting, Residuals, Signal};
use perftop::model::{
    Alert, AlertState, Baseline, ChartData, ControlLimits, Direction, Health, LimitType, MetricName, Point, Rhythm,
    Rule, SPARK_BUCKETS, SeriesSummary, Snapshot, SpcChart, Status, Subject, SurpriseCourse, TakenOut, TimeRange,
    Trend, Unit, ViewRequest, Violation, Watching, Window,
};
use perftop::ui::Look;
use perftop::ui::symbols::SymbolSet;
use perftop::ui::theme::Theme;

/// 2026-11-21 08:00:00 UTC.
pub const NOW_MS: i64 = 1_795_248_000_000;
/// Samples of a day, one every five minutes.
pub const SAMPLES: u64 = 288;

/// Colourless, as snapshots are read in a diff.
pub fn mono(symbols: SymbolSet) -> Look {
    Look { theme: Theme::mono(), symbols }
}

/// Noise between -1 and 1 that looks random and never changes.
fn noise(seed: u64, i: u64) -> f64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ i.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 31;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 29;
    (x % 20_001) as f64 / 10_000.0 - 1.0
}

struct Profile {
    name: &'static str,
    unit: Unit,
    mean: f64,
    sd: f64,
    /// Added over the last tenth of the window, in sd.
    drift: f64,
    status: Status,
    trend: Trend,
}

#[rustfmt::skip]
const PROFILES: [Profile; 10] = [
    Profile { name: "api_response_time", unit: Unit::Milliseconds, mean: 148.0, sd: 6.0, drift: 4.6, status: Status::Critical, trend: Trend::Rising { pct: 12.4 } },
    Profile { name: "checkout_latency_p95", unit: Unit::Milliseconds, mean: 840.0, sd: 31.0, drift: 2.3, status: Status::Warning, trend: Trend::Rising { pct: 6.1 } },
    Profile { name: "queue_depth", unit: Unit::Count, mean: 1_240.0, sd: 180.0, drift: 1.1, status: Status::Ok, trend: Trend::Flat },
    Profile { name: "batch_import_seconds", unit: Unit::Seconds, mean: 42.0, sd: 3.0, drift: 0.0, status: Status::Stale, trend: Trend::Flat },
    Profile { name: "new_metric", unit: Unit::None, mean: 3.2, sd: 0.4, drift: 0.0, status: Status::Learning, trend: Trend::Unknown },
    Profile { name: "cache_hit_percent", unit: Unit::Percent, mean: 97.1, sd: 0.6, drift: -0.4, status: Status::Ok, trend: Trend::Falling { pct: 0.3 } },
    Profile { name: "db_pool_rss_bytes", unit: Unit::Bytes, mean: 612.0e6, sd: 9.0e6, drift: 0.2, status: Status::Ok, trend: Trend::Rising { pct: 0.8 } },
    Profile { name: "error_rate", unit: Unit::Percent, mean: 0.42, sd: 0.11, drift: 0.0, status: Status::Ok, trend: Trend::Flat },
    Profile { name: "requests_total", unit: Unit::Count, mean: 18_400.0, sd: 2_100.0, drift: 0.0, status: Status::Ok, trend: Trend::Flat },
    Profile { name: "gc_pause_ms", unit: Unit::Milliseconds, mean: 4.1, sd: 0.9, drift: 0.0, status: Status::Ok, trend: Trend::Flat },
];

impl Profile {
    /// The value at a place in the window, 0 to 1.
    fn value(&self, seed: u64, i: u64, at: f64) -> f64 {
        let rhythm = (at * std::f64::consts::TAU).sin() * 0.8;
        let wobble = noise(seed, i) + noise(seed + 100, i) * 0.7;
        let drift = if at > 0.9 { self.drift * (at - 0.9) * 10.0 } else { 0.0 };
        self.mean + self.sd * (rhythm + wobble + drift)
    }

    fn baseline(&self) -> Baseline {
        let at = |sigmas: f64| self.mean + sigmas * self.sd;
        Baseline {
            count: 1_439,
            mean: self.mean,
            std_dev: self.sd,
            min: at(-2.6),
            max: at(2.9),
            p50: at(0.03),
            p95: at(1.62),
            p99: at(2.21),
            exact: true,
        }
    }

    fn summary(&self, seed: u64) -> SeriesSummary {
        let is_learning = self.status == Status::Learning;
        let spark: Arc<[Option<f64>]> = (0..SPARK_BUCKETS as u64)
            .map(|i| {
                let at = i as f64 / SPARK_BUCKETS as f64;
                let is_gap = (is_learning && at < 0.94) || (self.status == Status::Stale && at > 0.8);
                (!is_gap).then(|| self.value(seed, i * 6, at))
            })
            .collect();
        let latest = Point { timestamp_ms: NOW_MS - 4_000, value: self.value(seed, 1_440, 1.0) };
        let baseline = (!is_learning).then(|| self.baseline());
        SeriesSummary {
            metric: self.name.into(),
            segment: None,
            unit: self.unit,
            direction: Direction::Either,
            latest: Some(latest),
            baseline,
            spark,
            deviation_pct: baseline.map(|baseline| 100.0 * (latest.value - baseline.mean) / baseline.mean),
            z: baseline.map(|baseline| (latest.value - baseline.mean) / baseline.std_dev),
            trend: self.trend,
            status: self.status,
            alert_since_ms: self.status.is_alert().then_some(NOW_MS - 900_000),
        }
    }
}

/// The chart of one profile over a day, with a gap of an hour and violations by rules 1 to 3.
pub fn chart(index: usize, samples: u64) -> ChartData {
    let profile = &PROFILES[index];
    let range = Window::H24.range_at(NOW_MS);
    let points: Vec<Point> = (0..samples)
        .map(|i| (i, i as f64 / samples as f64))
        .filter(|(_, at)| !(0.55..0.6).contains(at))
        .map(|(i, at)| Point {
            timestamp_ms: range.from_ms + (at * range.span_ms() as f64) as i64,
            value: profile.value(index as u64, i, at),
        })
        .collect();
    let limits = ControlLimits::new(profile.mean, profile.sd);
    let violations = violations(&points, limits);
    ChartData {
        metric: profile.name.into(),
        unit: profile.unit,
        chart: SpcChart::Baseline,
        on: Subject::Residuals,
        taken_out: None,
        range,
        marks: Vec::new(),
        sample_count: points.len() as u64,
        later_count: 0,
        points,
        baseline: Some(profile.baseline()),
        limits: Some(limits),
        min_samples: 30,
        violations,
        evidence: Vec::new(),
        module: None,
    }
}

/// The same day as another control chart.
pub fn chart_of(kind: SpcChart, index: usize, samples: u64) -> ChartData {
    let (values, told, of_values) = charting(index, samples);
    let charted = Charted::new(kind, &values, 0..values.len(), told);
    drawn_from(&charted, ChartData { chart: kind, ..of_values })
}

/// The same day, judged by what is left without the daily rhythm.
pub fn band(index: usize, samples: u64) -> ChartData {
    let (values, told, of_values) = charting(index, samples);
    let range = of_values.range;
    let rhythm = |at_ms: i64| {
        let at = (at_ms - range.from_ms) as f64 / range.span_ms() as f64;
        PROFILES[index].mean + 0.8 * PROFILES[index].sd * (at * std::f64::consts::TAU).sin()
    };
    let expected: Vec<f64> = of_values.points.iter().map(|point| rhythm(point.timestamp_ms)).collect();
    let left = values.iter().zip(&expected).map(|(value, expected)| value - expected).collect();
    let taken_out = TakenOut { rhythm: Some(Rhythm::Day), ..TakenOut::default() };
    let residuals = Residuals { expected, left, taken_out };
    let charted = Charted::of_residuals(SpcChart::Baseline, &values, residuals, 0..values.len(), told);
    drawn_from(&charted, ChartData { taken_out: Some(taken_out), ..of_values })
}

fn charting(index: usize, samples: u64) -> (Vec<f64>, Charting<'static>, ChartData) {
    let of_values = chart(index, samples);
    let values = of_values.points.iter().map(|point| point.value).collect();
    let told = Charting { baseline: of_values.limits, rules: &Rule::EVERY, min_samples: of_values.min_samples };
    (values, told, of_values)
}

fn drawn_from(charted: &Charted, of_values: ChartData) -> ChartData {
    let points = &of_values.points;
    let violation = |signal: &Signal| Violation {
        point: points[signal.at],
        rule: signal.rule,
        began_ms: signal.began.map(|at| points[at].timestamp_ms),
    };
    ChartData {
        marks: (0..points.len()).filter_map(|at| charted.mark(at)).collect(),
        limits: charted.limits,
        violations: charted.signals.iter().map(violation).collect(),
        ..of_values
    }
}

fn violations(points: &[Point], limits: ControlLimits) -> Vec<Violation> {
    let z = |point: &Point| limits.z(point.value).unwrap_or_default();
    let mut found: Vec<Violation> = Vec::new();
    for (i, point) in points.iter().enumerate() {
        let trio = &points[i.saturating_sub(2)..=i];
        let rule = if z(point).abs() > 3.0 {
            Rule::BeyondLimit
        } else if z(point) > 2.0 && trio.iter().filter(|point| z(point) > 2.0).count() >= 2 {
            Rule::TwoOfThree
        } else if i >= 6 && i % 97 == 0 && points[i - 6..=i].iter().all(|point| z(point) > 0.0) {
            Rule::SevenOnOneSide
        } else {
            continue;
        };
        found.push(Violation { point: *point, rule, began_ms: None });
    }
    found
}

fn alert(id: i64, index: usize, rule: Rule, description: &str) -> Alert {
    let profile = &PROFILES[index];
    let limits = ControlLimits::new(profile.mean, profile.sd);
    let point = Point { timestamp_ms: NOW_MS - 180_000, value: limits.at(3.4) };
    Alert {
        id,
        metric: profile.name.into(),
        rule,
        limit_type: if rule == Rule::BeyondLimit { LimitType::Ucl } else { LimitType::Run },
        severity: rule.severity(),
        state: AlertState::Firing,
        description: description.to_owned(),
        limits,
        first: point,
        last: point,
        peak_value: limits.at(4.1),
        peak_ms: None,
        count: 7,
        opened_at_ms: NOW_MS - 900_000,
        updated_at_ms: NOW_MS - 180_000,
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

/// What surprise makes of a metric over the fixture's day: an hour that is worth a warning, one that is critical, one
/// without samples.
pub fn watching(metric: &str) -> Watching {
    let hour = |at: usize| (at / 6).checked_sub(1).map_or(4.0, |hour| [4.0, 18.0, 25.0, 40.0][hour % 4]);
    let step = |at: usize| (at / 6 != 12).then(|| hour(at) as f32);
    let course = SurpriseCourse { from_ms: NOW_MS - 86_400_000, step_ms: 600_000, steps: (0..144).map(step).collect() };
    Watching {
        metric: metric.into(),
        levels: [17.5, 24.25, 28.0],
        samples: 5_760,
        needed: 100,
        calm: Some((7, 10)),
        courses: [course.clone(), course],
    }
}

/// The picture, with the chart of the profile at `focus`.
pub fn picture(focus: usize, samples: u64) -> Snapshot {
    let mut series: Vec<SeriesSummary> =
        PROFILES.iter().zip(0..).map(|(profile, seed)| profile.summary(seed)).collect();
    series.sort_by(|a, b| a.metric.cmp(&b.metric));
    let chart = chart(focus, samples);
    Snapshot {
        generation: 1,
        taken_at_ms: NOW_MS,
        request: ViewRequest { window: Window::H24, focus: Some(chart.metric.clone()), ..ViewRequest::default() },
        series: series.into(),
        chart: Some(Arc::new(chart)),
        split: None,
        alerts: vec![
            alert(
                2,
                0,
                Rule::BeyondLimit,
                "168.4 ms is 3.4 sd above the mean of 148 ms, beyond the upper limit of 166 ms",
            ),
            alert(1, 1, Rule::TwoOfThree, "two of the last three values lie more than 2 sd above the mean of 840 ms"),
        ]
        .into(),
        unusual_runs: Arc::default(),
        mutes: Arc::default(),
        watching: None,
        toast_rate: None,
        recovering: Arc::default(),
        health: Health {
            store_path: "/home/you/.local/share/perftop/perftop.db".to_owned(),
            sample_count: 1_204_331,
            newest_sample_ms: Some(NOW_MS - 4_000),
            last_arrival_ms: Some(NOW_MS - 3_000),
            backlog: 0,
            rejected_lines: 0,
            problem: None,
        },
    }
}

/// A dashboard that shows `snapshot` on `tab`, with `metric` chosen.
pub fn app(snapshot: Snapshot, tab: Tab, metric: Option<MetricName>, size: (u16, u16)) -> App {
    let mut app = App::new(AppOptions { tab, window: Window::H24, ..AppOptions::default() }, NOW_MS);
    update(&mut app, Event::Resize { width: size.0, height: size.1 }, NOW_MS);
    app.selected = metric.or_else(|| snapshot.chart.as_ref().map(|chart| chart.metric.clone()));
    update(&mut app, Event::Snapshot(Arc::new(snapshot)), NOW_MS);
    app
}

/// The range the chart of [`chart`] covers.
pub fn day() -> TimeRange {
    Window::H24.range_at(NOW_MS)
}
