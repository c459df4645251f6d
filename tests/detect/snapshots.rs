//! What the publisher answers: views, charts, verdicts.

use std::collections::BTreeMap;

use perftop::clock::Clock;
use perftop::model::{
    ModuleView, NewRun, Rule, RunExit, RunThresholds, SPARK_BUCKETS, Snapshot, Status, TimeRange, ViewRequest, Window,
    measure,
};

use crate::support::{METRIC, NOW_MS, Place, Watched, calm, in_runtime, insert_from_outside, sample};

#[test]
fn a_changed_view_is_answered() {
    in_runtime(async {
        let place = Place::calm();
        place.append(&[sample(METRIC, 812.0, NOW_MS - 60_000)]);
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        let view = ViewRequest { window: Window::D7, focus: Some(METRIC.into()), ..ViewRequest::default() };
        engine.handle.views.send_replace(view.clone());
        let picture = engine.picture(|picture| picture.request == view).await;
        let chart = picture.chart.as_ref().unwrap();
        assert_eq!((chart.points.len(), chart.sample_count), (61, 61));
        assert_eq!(chart.range, Window::D7.range_at(NOW_MS));
        assert_eq!(chart.violations.iter().map(|violation| violation.rule).collect::<Vec<_>>(), [Rule::BeyondLimit]);
        assert_eq!(picture.series[0].spark.len(), SPARK_BUCKETS);

        let range = TimeRange { from_ms: NOW_MS - 1_800_000, until_ms: NOW_MS - 120_000 };
        let view = ViewRequest { range: Some(range), ..view };
        engine.handle.views.send_replace(view.clone());
        let zoomed = engine.picture(|picture| picture.request == view).await;
        let zoomed = zoomed.chart.as_ref().unwrap();
        assert!(zoomed.points.iter().all(|point| range.contains(point.timestamp_ms)));
        assert_eq!((zoomed.limits, zoomed.violations.len()), (chart.limits, 0));
        let later = chart.points.iter().filter(|point| point.timestamp_ms >= range.until_ms).count() as u64;
        assert_eq!((later > 0, zoomed.later_count, chart.later_count), (true, later, 0));
    });
}

#[test]
fn the_chart_of_a_metric_of_runs_comes_with_its_module() {
    in_runtime(async {
        let place = Place::calm();
        let nightly = |number| NewRun { module: "nightly.build".into(), ..run(number, 1_000.0 * number as f64) };
        let runs = [1, 2, 3].map(nightly);
        place.store().record_runs(&runs[..2], 100, NOW_MS).unwrap();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        let view = ViewRequest { focus: Some("nightly.build.duration_ms".into()), ..ViewRequest::default() };
        engine.handle.views.send_replace(view.clone());
        let module_of = |picture: &Snapshot| picture.chart.as_ref().and_then(|chart| chart.module.clone());
        let values = |module: &ModuleView| -> Vec<f64> {
            module.runs.iter().filter_map(|run| run.shown.map(|shown| shown.value)).collect()
        };
        let picture = engine.picture(|picture| module_of(picture).is_some()).await;
        let module = module_of(&picture).unwrap();
        assert_eq!((&*module.module, values(&module)), ("nightly.build", vec![1_000.0, 2_000.0]));
        place.store().record_runs(&runs[2..], 100, NOW_MS).unwrap();
        let has_three = |picture: &Snapshot| module_of(picture).is_some_and(|module| module.runs.len() == 3);
        let picture = engine.picture(has_three).await;
        assert_eq!((picture.chart.as_ref().unwrap().points.len(), picture.unusual_runs.len()), (3, 0));
        engine.handle.views.send_replace(ViewRequest { focus: Some(METRIC.into()), ..view });
        let has_metric = |picture: &Snapshot| picture.chart.as_ref().is_some_and(|chart| *chart.metric == *METRIC);
        assert_eq!(module_of(&*engine.picture(has_metric).await), None);
    });
}

#[test]
fn what_another_process_finds_of_a_run_is_shown_at_its_metric() {
    in_runtime(async {
        let place = Place::calm();
        let runs: Vec<NewRun> = (0..7).map(|number| run(number, if number == 6 { 900.0 } else { 500.0 })).collect();
        place.store().record_runs(&runs[..6], 100, NOW_MS).unwrap();
        perftop::engine::judge_runs(&mut place.store(), &RunThresholds::default(), NOW_MS).unwrap();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        let status_of = |picture: &Snapshot| {
            picture.series.iter().find(|series| *series.metric == *"build.duration_ms").map(|series| series.status)
        };
        engine.picture(|picture| status_of(picture).is_some()).await;
        place.store().record_runs(&runs[6..], 100, NOW_MS).unwrap();
        perftop::engine::judge_runs(&mut place.store(), &RunThresholds::default(), NOW_MS).unwrap();
        let picture = engine.picture(|picture| status_of(picture) == Some(Status::Warning)).await;
        let [anomaly] = &picture.unusual_runs[..] else { panic!("{:?}", picture.unusual_runs) };
        assert_eq!((&*anomaly.module, &*anomaly.metric, anomaly.value), ("build", measure::DURATION, 900.0));
        place.store().record_runs(&[run(7, 501.0)], 100, NOW_MS).unwrap();
        perftop::engine::judge_runs(&mut place.store(), &RunThresholds::default(), NOW_MS).unwrap();
        engine.picture(|picture| picture.unusual_runs.is_empty()).await;
        engine.picture(|picture| status_of(picture).is_some_and(|status| !status.is_alert())).await;
    });
}

/// The `number`th run of `build`, one a minute.
fn run(number: i64, duration_ms: f64) -> NewRun {
    let ended_ms = NOW_MS - 600_000 + number * 60_000;
    NewRun {
        module: "build".into(),
        key: number.to_string(),
        batch: String::new(),
        started_ms: ended_ms - 1_000,
        ended_ms,
        exit: RunExit::Code(0),
        source: "test".to_owned(),
        commit: None,
        environment: None,
        tags: BTreeMap::new(),
        measures: [(measure::DURATION.to_owned(), duration_ms)].into(),
        phases: Vec::new(),
    }
}

#[test]
fn new_samples_reach_the_chart() {
    in_runtime(async {
        let place = Place::calm();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        let view = ViewRequest { window: Window::H24, focus: Some(METRIC.into()), ..ViewRequest::default() };
        engine.handle.views.send_replace(view);
        engine.picture(|picture| picture.chart.as_ref().is_some_and(|chart| chart.points.len() == 60)).await;
        insert_from_outside(&place.path(), METRIC, 100.5, NOW_MS);
        let picture =
            engine.picture(|picture| picture.chart.as_ref().is_some_and(|chart| chart.points.len() == 61)).await;
        assert!(picture.series[0].latest.unwrap().value.total_cmp(&100.5).is_eq());
    });
}

#[test]
fn a_metric_that_fell_silent_is_stale() {
    in_runtime(async {
        let place = Place::new();
        place.append(&calm(60, NOW_MS - 10 * 3_600_000));
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        let picture = engine.picture(|picture| !picture.series.is_empty()).await;
        assert_eq!(picture.series[0].status, Status::Stale);
    });
}

#[test]
fn an_empty_store_gives_an_empty_picture() {
    in_runtime(async {
        let place = Place::new();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        let picture = engine.picture(|_| true).await;
        assert!(picture.series.is_empty() && picture.alerts.is_empty());
        assert_eq!((picture.health.sample_count, picture.health.problem.clone()), (0, None));
    });
}
