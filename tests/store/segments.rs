//! Metrics taken apart by tags say what the log says, sample by sample.

use std::collections::BTreeMap;
use std::sync::Arc;

use perftop::model::{Limited, NewSample, Point, Segment, TagValue, TimeRange};
use perftop::stats;
use perftop::store::{MAX_SEGMENTS, Store};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::{ALWAYS, Place, roll_up_all, sample};

const HOUR_MS: i64 = 3_600_000;
const NOW_MS: i64 = 1_700_000_000_000;

/// What other programs write as a context.
const CONTEXTS: [Option<&str>; 9] = [
    None,
    Some(r#"{"page":"/","browser":"chrome"}"#),
    Some(r#"{ "browser":"chrome", "page":"\/" }"#),
    Some(r#"{"page":"/a","status":200}"#),
    Some(r#"{"browser":"none","request":"7"}"#),
    Some(r#"{"page":null}"#),
    Some("no json"),
    Some(r#"{"page":{"deep":1}}"#),
    Some(r#"{"page":"","browser":true}"#),
];

/// A sample: hours before [`NOW_MS`], value, context.
type Arrival = (f64, f64, usize);

fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    prop::collection::vec((0.0..200.0_f64, -1_000.0..1_000.0_f64, 0..CONTEXTS.len()), 0..120)
}

fn new_sample(&(hours, value, context): &Arrival) -> NewSample {
    let timestamp_ms = NOW_MS - (hours * HOUR_MS as f64) as i64;
    NewSample { context_json: CONTEXTS[context].map(Arc::from), ..sample("lcp", timestamp_ms, value) }
}

/// What a tag is in a context, worked out without the store.
fn value_of(context: Option<&str>, tag: &str) -> TagValue {
    let parsed: Option<serde_json::Map<String, Value>> = context.and_then(|text| serde_json::from_str(text).ok());
    let flat = parsed.filter(|members| !members.values().any(|value| value.is_object() || value.is_array()));
    match flat.as_ref().and_then(|members| members.get(tag)) {
        None | Some(Value::Null) => TagValue::Missing,
        Some(Value::String(text)) => TagValue::Is(text.as_str().into()),
        Some(other) => TagValue::Is(other.to_string().into()),
    }
}

fn tags(names: &[&str]) -> Vec<Arc<str>> {
    names.iter().map(|&name| name.into()).collect()
}

fn windows() -> [TimeRange; 3] {
    [24, 24 * 7, 24 * 30].map(|hours| TimeRange { from_ms: NOW_MS - hours * HOUR_MS, until_ms: NOW_MS + 1 })
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(1.0)
}

fn assert_as_the_log_says(store: &Store, samples: &[NewSample], names: &[&str]) {
    let tags = tags(names);
    let mut expected: BTreeMap<Vec<TagValue>, Vec<Point>> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| windows()[2].contains(sample.timestamp_ms)) {
        let values = names.iter().map(|tag| value_of(sample.context_json.as_deref(), tag)).collect();
        let point = Point { timestamp_ms: sample.timestamp_ms, value: sample.value };
        expected.entry(values).or_default().push(point);
    }
    let mut visited = 0;
    store
        .visit_segments(Some("lcp"), &tags, &windows(), &mut |metric, found| {
            visited += 1;
            assert_eq!(&**metric, "lcp");
            let values =
                |parts: &[(Vec<TagValue>, _)]| parts.iter().map(|(values, _)| values.clone()).collect::<Vec<_>>();
            assert_eq!(values(&found.parts), expected.keys().cloned().collect::<Vec<_>>());
            for (values, baselines) in &found.parts {
                for (range, baseline) in windows().into_iter().zip(baselines) {
                    let inside = expected[values].iter().filter(|point| range.contains(point.timestamp_ms));
                    let brute = stats::baseline(&mut inside.map(|point| point.value).collect::<Vec<_>>());
                    assert_eq!(baseline.is_some(), brute.is_some());
                    let Some((found, brute)) = baseline.zip(brute) else { continue };
                    assert_eq!((found.count, found.min, found.max), (brute.count, brute.min, brute.max));
                    assert_eq!((found.p50, found.p95, found.p99), (brute.p50, brute.p95, brute.p99));
                    assert!(close(found.mean, brute.mean) && close(found.std_dev, brute.std_dev));
                    assert!(found.exact);
                }
            }
            assert_eq!(found.limited, Limited::default());
        })
        .unwrap();
    assert_eq!(visited, usize::from(!samples.is_empty()));
    for (values, points) in &mut expected {
        let segment =
            Segment { metric: "lcp".into(), tags: tags.iter().cloned().zip(values.iter().cloned()).collect() };
        points.sort_by_key(|point| point.timestamp_ms);
        assert_eq!(store.segment_points(&segment, windows()[2], windows()[2]).unwrap(), *points);
        let pictures = store.segment_windows("lcp", &tags, windows()[1], 10).unwrap();
        points.retain(|point| windows()[1].contains(point.timestamp_ms));
        let found = pictures.parts.iter().find(|(found, _)| found == values);
        let Some((_, picture)) = found else {
            assert!(points.is_empty());
            continue;
        };
        let before: Vec<f64> = points[..points.len() - 1].iter().map(|point| point.value).collect();
        assert_eq!(picture.baseline.map_or(0, |baseline| baseline.count), before.len() as u64);
        assert_eq!(picture.recent, points[points.len().saturating_sub(65)..]);
        assert_eq!(picture.spark.iter().any(Option::is_some), !points.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn segments_say_what_the_log_says(arrivals in arrivals(), rolled in 0..150_usize, step in 1..100_usize) {
        let place = Place::new();
        let mut store = place.open();
        let samples: Vec<NewSample> = arrivals.iter().map(new_sample).collect();
        let (first, rest) = samples.split_at(rolled.min(samples.len()));
        store.append(first, None, 7).unwrap();
        roll_up_all(&mut store, step);
        store.append(rest, None, 7).unwrap();
        for names in [&["page"][..], &["page", "browser"], &["nowhere"]] {
            assert_as_the_log_says(&store, &samples, names);
        }
        // Chunks that do not say what they were: read from the log, contexts and all.
        place.raw().execute("UPDATE perftop_chunk SET data = x'0102030405060708'", []).unwrap();
        assert_as_the_log_says(&store, &samples, &["page", "browser"]);
    }
}

/// A sample whose request is its number.
fn request(number: i64, timestamp_ms: i64) -> NewSample {
    let context = format!(r#"{{"page":"/{}","request":"{number}"}}"#, number % 3);
    NewSample { context_json: Some(context.into()), ..sample("lcp", timestamp_ms, number as f64) }
}

#[test]
fn what_is_not_told_apart_is_summed_up_and_said() {
    let place = Place::new();
    let mut store = place.open();
    // 1,200 requests, of which the store keeps 1,000 apart; the first 300 come twice.
    let samples: Vec<NewSample> =
        (0..1_200).chain(0..300).map(|number| request(number, NOW_MS - number * 1_000)).collect();
    store.append(&samples, None, 7).unwrap();
    let check = |store: &Store| {
        let found = store.segment_windows("lcp", &tags(&["request"]), ALWAYS, 4).unwrap();
        assert_eq!(found.parts.len(), MAX_SEGMENTS + 1);
        let size = |(_, picture): &(_, perftop::store::SeriesWindow)| picture.baseline.map_or(1, |b| b.count + 1);
        let (told, other) = found.parts.split_at(MAX_SEGMENTS);
        assert!(told.iter().all(|part| size(part) == 2), "the largest ones");
        assert_eq!(other[0].0, [TagValue::Other]);
        assert_eq!(size(&other[0]), 1_500 - 400);
        let segment = Segment { metric: "lcp".into(), tags: vec![("request".into(), TagValue::Other)] };
        assert_eq!(store.segment_points(&segment, ALWAYS, ALWAYS).unwrap().len(), 1_100);
        found.limited
    };
    let unrolled = check(&store);
    assert_eq!(unrolled.segments, 1_000);
    roll_up_all(&mut store, 500);
    let rolled = check(&store);
    assert_eq!(rolled, Limited { segments: 800, samples: 900, unkept_samples: 200 });
    let pages = store.tags(Some("lcp"), ALWAYS).unwrap();
    assert_eq!(pages.iter().map(|tag| &*tag.name).collect::<Vec<_>>(), ["page", "request"]);
    assert_eq!(pages[0].values, 3);
}

#[test]
fn a_store_of_another_program_has_segments_too() {
    let place = Place::new();
    place
        .raw()
        .execute_batch(
            r#"CREATE TABLE performance_samples (id INTEGER PRIMARY KEY, metric_name TEXT, value REAL,
                 timestamp INTEGER, context_json TEXT, created_at INTEGER);
               INSERT INTO performance_samples VALUES (1, 'lcp', 1, 5, '{"page":"/"}', 0), (2, 'lcp', 2, 6, NULL, 0);"#,
        )
        .unwrap();
    let store = Store::open_read(&place.path).unwrap();
    let found = store.segment_windows("lcp", &tags(&["page"]), ALWAYS, 4).unwrap();
    let values: Vec<_> = found.parts.iter().map(|(values, _)| values[0].to_string()).collect();
    assert_eq!(values, ["\"/\"", "none"]);
}
