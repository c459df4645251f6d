//! Stores of earlier layouts (`data/README.md`) open, and hold afterwards what they held.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};

use perftop::model::Rule;
use perftop::store::{Store, StoreError};
use rusqlite::Connection;

use crate::support::{ALWAYS, Place, roll_up_all};

const STORE_VAR: &str = "PERFTOP_TEST_OLD_STORE";

/// A copy of the store of a layout.
fn of_layout(number: u32) -> Place {
    let place = Place::new();
    let kept = format!("{}/tests/store/data/layout-{number}.db", env!("CARGO_MANIFEST_DIR"));
    fs::copy(kept, &place.path).unwrap();
    place
}

fn layout(place: &Place) -> i64 {
    place.raw().query_row("SELECT v FROM perftop_state WHERE k = 'schema_version'", [], |row| row.get(0)).unwrap()
}

/// What the store of a layout holds, by its maker.
struct Held {
    layout: u32,
    /// Each metric with the number of its samples and the sum of their values.
    sums: &'static [(&'static str, usize, f64)],
    /// Alerts, rows of `spc_anomalies` and of `performance_baselines`.
    alerts: usize,
    anomalies: i64,
    baselines: i64,
    /// How many bytes of its one file were read.
    offset: i64,
}

const LAYOUTS: [Held; 5] = [
    Held {
        layout: 1,
        sums: &[("api_response_time", 150, 21_818.036), ("cache_hit_percent", 150, 14_549.229)],
        alerts: 1,
        anomalies: 1,
        baselines: 6,
        offset: 29_362,
    },
    Held {
        layout: 2,
        sums: &[
            ("api_response_time", 150, 21_818.036),
            ("cache_hit_percent", 150, 14_549.229),
            ("queue_depth", 301, 6104.0),
        ],
        alerts: 2,
        anomalies: 3,
        baselines: 9,
        offset: 58_494,
    },
    Held {
        layout: 3,
        sums: &[
            ("api_response_time", 150, 21_818.036),
            ("cache_hit_percent", 150, 14_549.229),
            ("queue_depth", 301, 6104.0),
        ],
        alerts: 2,
        anomalies: 3,
        baselines: 9,
        offset: 59_096,
    },
    Held {
        layout: 4,
        sums: &[
            ("api_response_time", 150, 21_818.036),
            ("cache_hit_percent", 150, 14_549.229),
            ("queue_depth", 301, 6104.0),
        ],
        alerts: 2,
        anomalies: 3,
        baselines: 9,
        offset: 62_101,
    },
    Held {
        layout: 5,
        sums: &[
            ("api_response_time", 150, 21_818.036),
            ("cache_hit_percent", 150, 14_549.229),
            ("queue_depth", 301, 6104.0),
        ],
        alerts: 2,
        anomalies: 3,
        baselines: 9,
        offset: 62_101,
    },
];

const TODAYS: i64 = 6;

impl Held {
    fn samples(&self) -> usize {
        self.sums.iter().map(|(_, n, _)| n).sum()
    }

    fn assert_read(&self, store: &Store) {
        for (metric, n, sum) in self.sums {
            let points = store.points(metric, ALWAYS).unwrap();
            assert_eq!(points.len(), *n);
            let found: f64 = points.iter().map(|point| point.value).sum();
            assert!((found - sum).abs() < 1e-6, "{metric}: {found}");
        }
        assert_eq!(store.totals().unwrap().sample_count, self.samples() as u64);
    }

    fn assert_alerts(&self, store: &Store) {
        assert_eq!(store.alerts(10).unwrap().len(), self.alerts);
        assert_eq!(store.alerts_after(0, 10).unwrap().len(), self.alerts);
    }

    fn assert_migrated(&self, place: &Place) {
        let mut store = place.open();
        assert_eq!(layout(place), store.check().unwrap().known_layout);
        self.assert_read(&store);
        roll_up_all(&mut store, 50);
        self.assert_read(&store);
        self.assert_alerts(&store);
        for (metric, n, _) in self.sums {
            let hours = store.hours(metric, ALWAYS).unwrap();
            assert_eq!(hours.iter().map(|(_, hour)| hour.n).sum::<u64>(), *n as u64);
        }
        let alerts = store.alerts(10).unwrap();
        let peak = alerts.iter().find(|alert| &*alert.metric == "api_response_time").map(|alert| alert.peak_value);
        assert_eq!(peak.map(f64::to_bits), Some(245.0_f64.to_bits()));
        let samples = i64::try_from(self.samples()).unwrap();
        assert_eq!(store.judged_up_to().unwrap(), Some(samples));
        let number = |sql: &str| place.raw().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(number("SELECT count(*) FROM spc_anomalies"), self.anomalies);
        assert_eq!(number("SELECT count(*) FROM performance_baselines"), self.baselines);
        let file = "FROM perftop_file WHERE path = CAST('drop/samples.jsonl' AS BLOB)";
        assert_eq!(number(&format!("SELECT offset {file}")), self.offset);
        assert_eq!(number(&format!("SELECT lines {file}")), samples);
        assert_eq!(store.check().unwrap().problems, [""; 0]);
    }
}

#[test]
fn every_earlier_layout_becomes_todays() {
    for held in &LAYOUTS {
        let place = of_layout(held.layout);
        assert_eq!(layout(&place), i64::from(held.layout));
        held.assert_migrated(&place);
    }
}

#[test]
fn every_earlier_layout_can_be_read_as_it_is() {
    for held in &LAYOUTS {
        let place = of_layout(held.layout);
        let store = Store::open_read(&place.path).unwrap();
        held.assert_read(&store);
        // The first layout lacks tables that tell whether derived data can be used at all.
        if held.layout > 1 {
            held.assert_alerts(&store);
        }
        assert_eq!(layout(&place), i64::from(held.layout));
    }
}

#[test]
fn what_layout_2_had_rolled_up_is_carried_over() {
    let place = of_layout(2);
    let rolled_up = |place: &Place| {
        let raw = place.raw();
        let mut statement = raw
            .prepare(
                "SELECT h.hour, h.metric_id, n, first_id, c.part, c.data, d.data FROM perftop_hour h
                 JOIN perftop_chunk c USING (hour, metric_id) LEFT JOIN perftop_dense d USING (hour, metric_id)
                 ORDER BY h.hour, h.metric_id, c.part",
            )
            .unwrap();
        let number = |row: &rusqlite::Row<'_>, at| row.get::<_, i64>(at);
        let of = |row: &rusqlite::Row<'_>| {
            let numbers = [number(row, 0)?, number(row, 1)?, number(row, 2)?, number(row, 3)?, number(row, 4)?];
            Ok((numbers, row.get::<_, Vec<u8>>(5)?, row.get::<_, Option<Vec<u8>>>(6)?))
        };
        statement.query_map([], of).unwrap().collect::<rusqlite::Result<Vec<_>>>().unwrap()
    };
    let before = rolled_up(&place);
    assert_eq!((before.len(), before.iter().filter(|row| row.2.is_some()).count()), (10, 1));
    drop(place.open());
    assert_eq!(rolled_up(&place), before);
}

#[test]
fn what_layout_4_knew_of_alerts_is_kept_and_none_of_them_is_in_an_incident() {
    let place = of_layout(4);
    let kept = |store: &Store| {
        let alerts = store.alerts_after(0, 10).unwrap();
        assert!(alerts.iter().all(|alert| alert.incident.is_none()));
        let muted = store.mutes(0).unwrap().iter().map(|mute| mute.metric.as_deref() == Some("queue_depth")).collect();
        (alerts.iter().map(|alert| (alert.rule, alert.label)).collect::<Vec<_>>(), muted)
    };
    let expected = (vec![(Rule::SevenOnOneSide, None), (Rule::BeyondLimit, Some(true))], vec![true]);
    assert_eq!(kept(&Store::open_read(&place.path).unwrap()), expected);
    let store = place.open();
    assert_eq!(kept(&store), expected);
    assert!(store.ungrouped(i64::MAX).unwrap().is_none(), "they were told of one by one");
}

#[test]
fn views_of_others_are_no_obstacle() {
    for held in &LAYOUTS {
        let place = of_layout(held.layout);
        place
            .raw()
            .execute_batch(
                "CREATE VIEW hours AS SELECT hour, count(*) AS parts FROM perftop_chunk GROUP BY hour;
                 CREATE TABLE gone (a); CREATE VIEW broken AS SELECT * FROM gone; DROP TABLE gone;",
            )
            .unwrap();
        held.assert_migrated(&place);
        assert!(place.raw().query_row("SELECT sum(parts) FROM hours", [], |row| row.get::<_, i64>(0)).unwrap() > 0);
    }
}

/// What a started process does.
#[test]
#[ignore = "runs as a process of its own, started by another test"]
fn opener() {
    drop(Store::open(std::env::var_os(STORE_VAR).unwrap().as_ref()).unwrap());
}

#[test]
fn a_migration_is_done_or_not_when_its_process_is_killed() {
    let mut seen = HashMap::new();
    for trial in 0..24_u32 {
        let held = &LAYOUTS[trial as usize % LAYOUTS.len()];
        let place = of_layout(held.layout);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "layouts::opener", "--ignored", "--quiet"])
            .env(STORE_VAR, &place.path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // The file's write-ahead log appears when it is opened; it is killed at different steps after that.
        let beside = place.path.with_extension("db-wal");
        while !beside.exists() && child.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        for _ in 0..trial * 400 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let found = layout(&place);
        assert!(found == i64::from(held.layout) || found == TODAYS, "layout {found}");
        *seen.entry(found == TODAYS).or_insert(0) += 1;
        held.assert_migrated(&place);
    }
    assert!(seen.contains_key(&false), "none was killed before it was done: {seen:?}");
}

#[test]
fn a_newer_layout_is_refused_and_left_alone() {
    let place = of_layout(1);
    place.raw().execute("UPDATE perftop_state SET v = 99 WHERE k = 'schema_version'", []).unwrap();
    for opened in [Store::open(&place.path), Store::open_read(&place.path)] {
        let error = opened.unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, known: TODAYS, .. }), "{error}");
        assert!(error.to_string().contains(place.path.to_str().unwrap()), "{error}");
    }
    assert_eq!(layout(&place), 99);
}

#[test]
fn another_programs_database_is_refused_and_left_alone() {
    let place = Place::new();
    Connection::open(&place.path).unwrap().execute_batch("CREATE TABLE users (name TEXT)").unwrap();
    let before = fs::read(&place.path).unwrap();
    for opened in [Store::open(&place.path), Store::open_read(&place.path)] {
        let error = opened.unwrap_err();
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    }
    assert!(fs::read(&place.path).unwrap() == before);
}
