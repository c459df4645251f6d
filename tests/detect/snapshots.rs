//! What the publisher answers: views, charts, verdicts.

use perftop::clock::Clock;
use perftop::model::{Rule, SPARK_BUCKETS, Status, TimeRange, ViewRequest, Window};

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
    });
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
