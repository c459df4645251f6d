//! A metric of runs: on an axis of runs, expanded with the module's last runs and phases, and its success as bars.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use perftop::app::{App, Event, Tab, update};
use perftop::model::{
    ChartData, ControlLimits, MetricName, NewRun, Phase, Point, Run, RunAnomaly, RunExit, RunRule, RunThresholds,
    SeriesSummary, Snapshot, TimeRange, Unit, measure,
};
use perftop::runs::module_view;
use perftop::ui::symbols::SymbolSet;
use rstest::rstest;

use crate::fixture::{self, NOW_MS, SAMPLES, picture};
use crate::snapshots::drawn;
use crate::styles::styled;

const HOUR_MS: i64 = 3_600_000;

/// Sixty runs: ten in one hour, the others over a week. Two failed, one took twice as long, and of the phases one has grown.
fn runs() -> Vec<Run> {
    (0..60_i64)
        .map(|i| {
            let ago_ms = if i < 50 { (170 - 3 * i) * HOUR_MS } else { (60 - i) * HOUR_MS / 10 };
            let wobble = 1.0 + (i * 7 % 11) as f64 / 100.0;
            let has_failed = i == 33 || i == 52;
            let compile_ms = if i >= 35 { 14_000.0 } else { 9_000.0 } * wobble;
            let (test_ms, link_ms) = (30_000.0 * wobble * if i == 57 { 2.0 } else { 1.0 }, 2_500.0 * wobble);
            let duration_ms = if has_failed { 1_200.0 } else { compile_ms + test_ms + link_ms };
            let phases = [("compile", compile_ms), ("link", link_ms), ("test", test_ms)];
            let phase = |(name, duration_ms): (&str, f64)| Phase { name: name.into(), duration_ms };
            let measures = [
                (measure::DURATION.to_owned(), duration_ms),
                (measure::CPU.to_owned(), duration_ms * 1.8),
                (measure::MEMORY.to_owned(), 4.2e8 * wobble),
                (measure::ITEMS_PER_HOUR.to_owned(), 9e6 / duration_ms),
            ];
            let run = NewRun {
                module: "build".into(),
                key: i.to_string(),
                batch: i.to_string(),
                started_ms: NOW_MS - ago_ms - duration_ms as i64,
                ended_ms: NOW_MS - ago_ms,
                exit: if has_failed { RunExit::Code(101) } else { RunExit::Code(0) },
                source: "run/rusage".into(),
                commit: Some(format!("{:08x}c0ffee", 0x51ab_cdef_u32.wrapping_mul(i as u32 + 1))),
                environment: None,
                tags: BTreeMap::new(),
                measures: measures.into(),
                phases: if has_failed { Vec::new() } else { phases.map(phase).to_vec() },
            };
            Run { id: i + 1, run }
        })
        .collect()
}

/// The picture with a measure of the runs in the place of the first series.
fn of_runs(name: &str) -> Snapshot {
    let runs = runs();
    let metric: MetricName = format!("build.{name}").into();
    let points: Vec<Point> = runs
        .iter()
        .flat_map(|run| run.run.samples())
        .filter(|sample| sample.metric == metric)
        .map(|sample| Point { timestamp_ms: sample.timestamp_ms, value: sample.value })
        .collect();
    let anomalies = BTreeSet::from([(58, Arc::from(measure::DURATION))]);
    let before = picture(0, SAMPLES);
    let shown = before.chart.clone().unwrap();
    let mean = points.iter().map(|point| point.value).sum::<f64>() / points.len() as f64;
    let baseline = shown.baseline.map(|baseline| perftop::model::Baseline {
        count: points.len() as u64,
        mean,
        std_dev: mean * 0.15,
        p50: mean,
        p95: mean * 1.3,
        p99: mean * 1.5,
        min: mean * 0.6,
        max: mean * 1.6,
        ..baseline
    });
    let chart = ChartData {
        metric: MetricName::clone(&metric),
        unit: Unit::from_name(name),
        range: TimeRange { from_ms: NOW_MS - 7 * 24 * HOUR_MS, until_ms: NOW_MS },
        sample_count: points.len() as u64,
        baseline,
        limits: Some(ControlLimits::new(mean, mean * 0.15)),
        violations: Vec::new(),
        module: module_view(&metric, &runs, &anomalies, &RunThresholds::default()).map(Arc::new),
        points,
        ..ChartData::clone(&shown)
    };
    let series: Vec<SeriesSummary> = before
        .series
        .iter()
        .enumerate()
        .map(|(place, series)| match place {
            0 => SeriesSummary {
                metric: MetricName::clone(&metric),
                unit: chart.unit,
                latest: chart.points.last().copied(),
                baseline,
                ..series.clone()
            },
            _ => series.clone(),
        })
        .collect();
    Snapshot { series: series.into(), alerts: Arc::default(), chart: Some(chart.into()), ..before }
}

/// The measure on a tab, after these keys.
fn shown(name: &str, tab: Tab, keys: &str, size: (u16, u16)) -> App {
    let mut app = fixture::app(of_runs(name), tab, None, size);
    for key in keys.split_whitespace() {
        update(&mut app, Event::Key(key.parse().unwrap()), NOW_MS);
    }
    app
}

#[rstest]
fn an_expanded_metric_of_runs_shows_its_module(
    #[values((200, 50), (120, 34), (100, 30), (60, 16), (40, 10))] size: (u16, u16),
) {
    let app = shown(measure::DURATION, Tab::TimeSeries, "enter o x", size);
    let set = if size == (60, 16) { SymbolSet::Ascii } else { SymbolSet::Braille };
    let name = format!("expanded_{}x{}", size.0, size.1);
    insta::assert_snapshot!(name, styled(&drawn(&app, &fixture::mono(set), size)));
}

#[rstest]
#[case::time("")]
#[case::runs("o")]
fn success_is_shown_as_bars(#[case] keys: &str) {
    let size = (100, 30);
    let app = shown(measure::SUCCESS, Tab::TimeSeries, &format!("enter {keys}"), size);
    let name = format!("success_{}", if keys.is_empty() { "by_time" } else { "by_runs" });
    insta::assert_snapshot!(name, styled(&drawn(&app, &fixture::mono(SymbolSet::Braille), size)));
}

#[test]
fn an_unusual_run_is_counted_in_the_header_and_told_beside_the_chart() {
    let size = (120, 40);
    let unusual = RunAnomaly {
        run_id: 60,
        module: "build".into(),
        metric: measure::DURATION.into(),
        rules: vec![RunRule::Deviation],
        value: 78_800.0,
        average: Some(49_700.0),
        deviation_percent: Some(58.6),
        threshold_percent: Some(25.0),
        limit: 62_125.0,
        at_ms: NOW_MS - 360_000,
    };
    let picture = Snapshot { unusual_runs: vec![unusual].into(), ..of_runs(measure::DURATION) };
    let app = fixture::app(picture, Tab::ControlChart, None, size);
    let text = perftop::render::text(&drawn(&app, &fixture::mono(SymbolSet::Braille), size));
    assert!(text.lines().next().unwrap().trim_end().ends_with("1 warning"), "{text}");
    assert!(text.contains("unusual run, 6m ago") && text.contains("78.8 s is 59 % above the mean"), "{text}");
    let mut list = app.clone();
    update(&mut list, Event::Key("a".parse().unwrap()), NOW_MS);
    let listed = perftop::render::text(&drawn(&list, &fixture::mono(SymbolSet::Braille), size));
    let row = listed.lines().nth(2).expect("the first of the list");
    assert!(row.contains("run build.duration_ms"), "{listed}");
    assert!(
        row.contains("78.8 s is 59 % above the mean") && row.contains(" 6m ") && !listed.contains("no alerts"),
        "{listed}"
    );
    let line = perftop::render::text(&drawn(&app, &fixture::mono(SymbolSet::Braille), (40, 1)));
    assert!(line.contains("build.duration_ms 49.29 s"), "{line}");
}

#[test]
fn another_measure_has_a_column_of_its_own() {
    let size = (120, 34);
    let app = shown(measure::ITEMS_PER_HOUR, Tab::TimeSeries, "enter", size);
    insta::assert_snapshot!("velocity", styled(&drawn(&app, &fixture::mono(SymbolSet::Braille), size)));
}

#[test]
fn a_control_chart_counts_runs_and_marks_failures() {
    let size = (100, 30);
    let app = shown(measure::DURATION, Tab::ControlChart, "o x", size);
    insta::assert_snapshot!("control_chart", styled(&drawn(&app, &fixture::mono(SymbolSet::Braille), size)));
}
