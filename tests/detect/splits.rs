//! A metric taken apart as the publisher answers it: groupings, segments, their charts, and what comes in.

use std::sync::Arc;

use perftop::clock::Clock;
use perftop::model::{
    Grouping, MetricBook, MetricSettings, NewSample, Rule, Snapshot, SplitRequest, Status, ViewRequest, Window,
};

use crate::support::{METRIC, NOW_MS, Place, Watched, in_runtime, sample};

/// An hour of two pages, `/` around 100 and `/b` around 200, each on two hosts, and of a metric without tags.
fn tagged() -> Place {
    let place = Place::new();
    let mut samples = Vec::new();
    for minute in (0..60).rev() {
        let at_ms = NOW_MS - minute * 60_000;
        let wobble = if minute % 2 == 0 { -1.0 } else { 1.0 };
        for (page, value) in [("/", 100.0), ("/b", 200.0)] {
            samples.push(on_page(page, minute % 2, value + wobble, at_ms));
        }
        samples.push(sample("queue_depth", 5.0, at_ms));
    }
    place.append(&samples);
    place
}

fn on_page(page: &str, host: i64, value: f64, at_ms: i64) -> NewSample {
    let context = format!(r#"{{"page":"{page}","host":"web-{host}"}}"#);
    NewSample { context_json: Some(context.into()), ..sample(METRIC, value, at_ms) }
}

fn grouping(tags: &[&str]) -> Grouping {
    tags.iter().map(|&tag| tag.into()).collect()
}

/// What is asked when `metric` is taken apart by `tags`, or by the first grouping there is.
fn view(metric: &str, tags: Option<&[&str]>) -> ViewRequest {
    let split = SplitRequest { metric: metric.into(), by: tags.map(grouping) };
    ViewRequest { window: Window::H24, split: Some(split), ..ViewRequest::default() }
}

async fn answer(engine: &mut Watched, view: &ViewRequest) -> Arc<Snapshot> {
    engine.handle.views.send_replace(view.clone());
    engine.picture(|picture| picture.request == *view).await
}

fn names(picture: &Snapshot) -> Vec<&str> {
    picture.split.as_ref().unwrap().series.iter().map(|series| &*series.metric).collect()
}

#[test]
fn the_configured_tags_come_first_and_each_tag_after_them() {
    in_runtime(async {
        let place = tagged();
        let group_by = vec!["page".into(), "rack".into(), "host".into()];
        let said = MetricSettings { group_by, ..MetricSettings::default() };
        let mut options = place.options();
        options.book =
            MetricBook::new([(METRIC.to_owned(), said)].into(), Rule::EVERY.to_vec()).with_alerts(Rule::EVERY.to_vec());
        let mut engine = Watched::start(options, Clock::fixed(NOW_MS));

        let picture = answer(&mut engine, &view(METRIC, None)).await;
        let split = picture.split.as_ref().unwrap();
        let expected = [grouping(&["page", "host"]), grouping(&["host"]), grouping(&["page"])];
        assert_eq!(*split.groupings, expected, "no sample has a rack");
        assert_eq!((&split.by, split.limited.is_any()), (&expected[0], false));
        assert_eq!(names(&picture).len(), 5);
        assert_eq!(names(&picture)[..2], [METRIC, r#"api_response_time{page="/",host="web-0"}"#]);
    });
}

#[test]
fn segments_have_numbers_and_no_verdict() {
    in_runtime(async {
        let place = tagged();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        let picture = answer(&mut engine, &view(METRIC, Some(&["page"]))).await;
        let split = picture.split.as_ref().unwrap();
        assert_eq!(names(&picture), [METRIC, r#"api_response_time{page="/"}"#, r#"api_response_time{page="/b"}"#]);
        let (whole, segment) = (&split.series[0], &split.series[2]);
        assert_ne!(whole.status, Status::Unjudged);
        let baseline = segment.baseline.unwrap();
        assert_eq!((segment.status, &*segment.label(), baseline.count), (Status::Unjudged, "/b", 59));
        assert!((baseline.mean - 200.0).abs() < 0.1, "{baseline:?}");
        assert!(segment.latest.is_some() && segment.z.is_some() && segment.spark.iter().any(Option::is_some));

        let focused = ViewRequest { focus: Some(segment.metric.clone()), ..view(METRIC, Some(&["page"])) };
        let picture = answer(&mut engine, &focused).await;
        let chart = picture.chart.as_ref().unwrap();
        assert_eq!((&chart.metric, chart.sample_count, chart.baseline), (&segment.metric, 60, segment.baseline));
        assert!(chart.points.iter().all(|point| point.value > 190.0));
    });
}

#[test]
fn new_samples_reach_their_segments() {
    in_runtime(async {
        let place = tagged();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        answer(&mut engine, &view(METRIC, Some(&["page"]))).await;
        place.append(&[on_page("/c", 0, 300.0, NOW_MS)]);
        let picture = engine.picture(|picture| names(picture).len() == 4).await;
        assert_eq!(names(&picture)[3], r#"api_response_time{page="/c"}"#);
    });
}

#[test]
fn what_there_is_not_is_answered_too() {
    in_runtime(async {
        let place = tagged();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        for metric in ["queue_depth", "nowhere"] {
            let picture = answer(&mut engine, &view(metric, None)).await;
            let split = picture.split.as_ref().unwrap();
            assert_eq!((split.by.len(), split.groupings.len()), (0, 0), "{metric} has no tags");
        }
        let picture = answer(&mut engine, &view(METRIC, Some(&["rack"]))).await;
        assert_eq!(picture.split.as_ref().unwrap().by, grouping(&["host"]), "the first there is");
        let whole = ViewRequest { split: None, ..view(METRIC, None) };
        assert!(answer(&mut engine, &whole).await.split.is_none());
    });
}

#[test]
fn a_limit_that_bites_is_told() {
    in_runtime(async {
        let place = Place::new();
        let samples: Vec<NewSample> = (0..1_100)
            .map(|number| NewSample {
                context_json: Some(format!(r#"{{"request":"{number}"}}"#).into()),
                ..sample(METRIC, 1.0, NOW_MS - number)
            })
            .collect();
        place.append(&samples);
        while place.store().roll_up(10_000).unwrap().remaining {}
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        let picture = answer(&mut engine, &view(METRIC, None)).await;
        let limited = picture.split.as_ref().unwrap().limited;
        assert_eq!((limited.segments, limited.samples, limited.unkept_samples), (800, 800, 100));
        assert_eq!(names(&picture).len(), 1 + 200 + 1);
    });
}
