//! The baselines in `performance_baselines` and in the snapshot, against numpy.

use perftop::clock::Clock;
use perftop::detect::DetectOptions;
use perftop::engine;
use perftop::model::time::Zone;
use perftop::model::{MetricBook, NewSample, ViewRequest, Window};

use crate::support::{NOW_MS, Place, Watched, in_runtime, sample};

const HOUR_MS: i64 = 3_600_000;

/// Value of hour `i` before now. Written so that numpy can make the same:
/// v = lambda i: ((i * 7919) % 1009) ** 1.5 / 13 - 500
fn value(i: i64) -> f64 {
    ((i * 7_919 % 1_009) as f64).powf(1.5) / 13.0 - 500.0
}

/// One sample an hour over 35 days, oldest first.
fn history() -> Vec<NewSample> {
    (1..=35 * 24).rev().map(|i| sample("queue_depth", value(i), NOW_MS - i * HOUR_MS)).collect()
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-11 * expected.abs()
}

// numpy 2.4: for hours in (24, 168, 720): v = np.array([((i * 7919) % 1009) ** 1.5 / 13 - 500 for i in range(1, hours + 1)])
//            print(hours, np.mean(v), np.std(v, ddof=1), *np.percentile(v, [95, 99]))
const NUMPY: [(&str, u64, [f64; 4]); 3] = [
    ("24h", 24, [529.699_615_418_140_6, 725.275_722_406_707_6, 1_709.245_638_232_798_7, 1_821.613_999_974_943_7]),
    ("7d", 168, [505.940_856_378_961_37, 742.704_432_573_292, 1_797.344_227_996_815, 1_926.397_127_700_889]),
    ("30d", 720, [488.124_204_970_190_1, 740.526_740_036_706_8, 1_781.250_314_326_037_4, 1_924.534_961_791_818_7]),
];

#[test]
fn stored_baselines_equal_numpy() {
    in_runtime(async {
        let place = Place::new();
        place.append(&history());
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        engine.picture(|picture| picture.health.last_arrival_ms.is_some() && picture.health.backlog == 0).await;
        engine.handle.shutdown().await;
        let stored = place.store().baselines(Some("queue_depth")).unwrap();
        assert_eq!(stored.len(), NUMPY.len());
        for (window, count, [mean, std_dev, p95, p99]) in NUMPY {
            let found = stored.iter().find(|row| row.window == window).expect(window);
            assert_eq!(found.sample_count, count);
            for (found, expected) in [(found.mean, mean), (found.std_dev, std_dev), (found.p95, p95), (found.p99, p99)]
            {
                assert!(near(found, expected), "{window}: {found} is not {expected}");
            }
        }
    });
}

// numpy 2.4: v = np.array([((i * 7919) % 1009) ** 1.5 / 13 - 500 for i in range(2, 169)]); the same
#[test]
fn a_snapshot_leaves_the_newest_sample_out_of_its_baseline() {
    let place = Place::new();
    place.append(&history());
    engine::catch_up(&mut place.store(), &place.options(), &Clock::fixed(NOW_MS)).unwrap();
    let request = ViewRequest { window: Window::D7, ..ViewRequest::default() };
    let book = MetricBook::default();
    let snapshot =
        engine::snapshot_once(&place.store(), &request, (&book, &Zone::utc()), DetectOptions::default(), NOW_MS)
            .unwrap();
    let baseline = snapshot.series[0].baseline.unwrap();
    assert_eq!(baseline.count, 167);
    for (found, expected) in [baseline.mean, baseline.std_dev, baseline.p95, baseline.p99].into_iter().zip([
        500.428_571_828_850_47,
        741.483_207_256_239_3,
        1_798.059_984_594_954_8,
        1_926.543_005_959_259,
    ]) {
        assert!(near(found, expected), "{found} is not {expected}");
    }
    assert!(near(snapshot.series[0].latest.unwrap().value, value(1)));
}
