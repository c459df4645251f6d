//! A damaged store: what can still be read is saved, exactly, and what cannot is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use perftop::model::{ControlLimits, FileIdentity, Finding, LimitType, NewSample, Rule, SourceOffset};
use perftop::store::{Salvaged, SalvagedTable, Store, StoreError, salvage};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::support::{Place, point, roll_up_all};

const SAMPLES: i64 = 12_000;

/// Of 1000 bytes and more, so that it goes on on other pages.
const LONG_CONTEXT: usize = 20_000;

/// The tables of the contract and ours that are saved.
const TABLES: [&str; 7] = [
    "performance_samples",
    "performance_baselines",
    "spc_anomalies",
    "perftop_alert",
    "perftop_mute",
    "perftop_incident",
    "perftop_file",
];

/// Rows by id, each as SQLite gives it.
type Rows = BTreeMap<i64, Vec<Value>>;

/// A store of about 130 pages with rows in every table, closed.
fn filled() -> Place {
    let place = Place::new();
    let mut store = place.open();
    let samples: Vec<_> = (0..SAMPLES)
        .map(|index| NewSample {
            metric: if index % 3 == 0 { "lcp" } else { "api_response_time" }.into(),
            value: index as f64 / 7.0,
            timestamp_ms: 1_700_000_000_000 + index * 1_000,
            context_json: match index % 5_000 {
                17 => Some("x".repeat(LONG_CONTEXT).into()),
                even if even % 2 == 0 => Some(r#"{"endpoint":"/api/markets"}"#.into()),
                _ => None,
            },
        })
        .collect();
    let at = SourceOffset {
        identity: FileIdentity { dev: 1, ino: 2, birth_ns: Some(3) },
        path: "samples.jsonl".into(),
        expected_offset: 0,
        expected_tail: Vec::new(),
        offset: 900,
        lines: 12_000,
        rejected: 1,
        tail: b"tail".to_vec(),
    };
    store.append(&samples, Some(&at), 5).unwrap();
    roll_up_all(&mut store, 5_000);
    let findings: Vec<_> = (1..=300)
        .map(|id| Finding {
            metric: format!("metric_{id}").as_str().into(),
            rule: Rule::BeyondLimit,
            limit_type: LimitType::Ucl,
            severity: Rule::BeyondLimit.severity(),
            sample_id: id,
            evidence: vec![point(id, 1.5)],
            limits: ControlLimits::new(0.5, 0.1),
            description: "far above".to_owned(),
            explanations: Vec::new(),
        })
        .collect();
    store.record(&findings, &[], SAMPLES, 5, 10).unwrap();
    let junk = "INSERT INTO performance_samples (metric_name, value, timestamp, created_at)
                VALUES ('lcp', 'fast', 'noon', 7), (x'00ff', 1e999, -5, 7);
                INSERT INTO perftop_mute (created_at, until_ms, metric_name, rule, reason)
                VALUES (1, 2, 'lcp', 'surprise', 'known'), (3, NULL, NULL, NULL, NULL);
                INSERT INTO perftop_incident (alert_id, incident_id, onset_ms, chance)
                SELECT id, 3, id * 1000, CASE WHEN id % 2 THEN 1.0 ELSE 0.25 END FROM perftop_alert WHERE id % 3 = 0;
                UPDATE perftop_state SET v = 290 WHERE k = 'grouped_up_to';
                INSERT INTO perftop_monitor VALUES (1, 1, 1, 1, x'01', x'02'), (2, 1, 1, 1, x'01', x'02')";
    place.raw().execute_batch(junk).unwrap();
    drop(store);
    place.raw().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    place
}

fn out(place: &Place) -> PathBuf {
    place.path.with_file_name("out.db")
}

fn save(place: &Place) -> Salvaged {
    let before = fs::read(&place.path).unwrap();
    let salvaged = salvage(&place.path, &out(place), &mut |_, _| ()).unwrap();
    assert!(fs::read(&place.path).unwrap() == before, "the damaged file was changed");
    let sound: String =
        Connection::open(out(place)).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    salvaged
}

fn rows(path: &Path, table: &str) -> Rows {
    let conn = Connection::open(path).unwrap();
    let id = match table {
        "perftop_file" => "ino",
        "perftop_incident" => "alert_id",
        _ => "id",
    };
    let mut statement = conn.prepare(&format!("SELECT {id}, * FROM {table}")).unwrap();
    let columns = statement.column_count();
    let row =
        |row: &rusqlite::Row<'_>| Ok((row.get(0)?, (1..columns).map(|at| row.get(at)).collect::<Result<_, _>>()?));
    statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

fn table<'a>(salvaged: &'a Salvaged, name: &str) -> &'a SalvagedTable {
    salvaged.tables.iter().find(|table| table.name == name).unwrap()
}

/// Which ids of a table stand on which page, for every page of its leaves.
fn leaves(path: &Path) -> BTreeMap<u32, BTreeSet<i64>> {
    let conn = Connection::open(path).unwrap();
    let mut statement = conn
        .prepare(
            "SELECT pageno, ncell FROM dbstat WHERE name = 'performance_samples' AND pagetype = 'leaf' ORDER BY path",
        )
        .unwrap();
    let mut ids = rows(path, "performance_samples").into_keys();
    let pages = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    pages
        .map(|page| page.unwrap())
        .map(|(page, cells): (u32, u16)| (page, ids.by_ref().take(cells.into()).collect()))
        .collect()
}

fn page_bytes(path: &Path) -> u64 {
    Connection::open(path)
        .unwrap()
        .pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0))
        .unwrap()
        .unsigned_abs()
}

/// Fills pages with noise.
fn overwrite(path: &Path, pages: &[u32], random: &mut fastrand::Rng) {
    let size = page_bytes(path);
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    for page in pages {
        let noise: Vec<u8> = (0..size).map(|_| random.u8(..)).collect();
        file.write_all_at(&noise, u64::from(page - 1) * size).unwrap();
    }
}

#[test]
fn a_sound_store_is_saved_whole() {
    let place = filled();
    let salvaged = save(&place);
    for name in TABLES {
        let found = table(&salvaged, name);
        assert!(found.missing.is_empty() && !found.may_miss_more, "{found:?}");
        let expected = rows(&place.path, name);
        assert_eq!(found.rows as usize, expected.len(), "{name}");
        assert!(rows(&out(&place), name) == expected, "{name}");
    }
    let (old, new) = (Store::open(&place.path).unwrap(), Store::open(&out(&place)).unwrap());
    assert_eq!(new.totals().unwrap(), old.totals().unwrap());
    assert_eq!(new.judged_up_to().unwrap(), Some(SAMPLES));
    assert!(new.has_ungrouped().unwrap(), "alerts after the 290th were not compared yet");
    assert_eq!(new.check().unwrap().problems, [""; 0]);
}

#[test]
fn every_row_on_a_page_that_is_left_is_saved_and_none_is_made_up() {
    let sound = filled();
    let expected: Vec<_> = TABLES.map(|name| rows(&sound.path, name)).into();
    let leaves = leaves(&sound.path);
    let page_count = u32::try_from(fs::metadata(&sound.path).unwrap().len() / page_bytes(&sound.path)).unwrap();
    for seed in 0..20 {
        let mut random = fastrand::Rng::with_seed(seed);
        let place = Place::new();
        fs::copy(&sound.path, &place.path).unwrap();
        let damaged: Vec<u32> = (0..random.usize(1..12)).map(|_| random.u32(1..=page_count)).collect();
        overwrite(&place.path, &damaged, &mut random);
        let salvaged = save(&place);
        for (name, expected) in TABLES.iter().zip(&expected) {
            for (id, row) in rows(&out(&place), name) {
                assert!(expected.get(&id) == Some(&row), "seed {seed}: {name} {id} is made up: {row:?}");
            }
        }
        let saved = rows(&out(&place), "performance_samples");
        let mut missing: BTreeSet<i64> = leaves.values().flatten().copied().collect();
        missing.retain(|id| !saved.contains_key(id));
        let found = table(&salvaged, TABLES[0]);
        let newest = saved.keys().next_back().copied().unwrap_or(0);
        let said =
            |id: &i64| found.missing.iter().any(|range| range.contains(id)) || found.may_miss_more && *id > newest;
        assert!(missing.iter().all(said), "seed {seed}, pages {damaged:?}: not said to be missing: {missing:?}");
        for (page, ids) in &leaves {
            let is_lost = |id| missing.contains(id) && !is_long(*id);
            assert!(
                damaged.contains(page) || !ids.iter().any(is_lost),
                "seed {seed}: page {page} is as it was, rows of it are lost; damaged are {damaged:?}"
            );
        }
    }
}

/// Whether a row goes on on other pages than its own.
fn is_long(id: i64) -> bool {
    (id - 1) % 5_000 == 17
}

#[test]
fn a_lost_root_costs_no_row() {
    let place = filled();
    let expected = rows(&place.path, "performance_samples");
    let root: u32 = place
        .raw()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'performance_samples'", [], |row| row.get(0))
        .unwrap();
    overwrite(&place.path, &[root], &mut fastrand::Rng::with_seed(1));
    let salvaged = save(&place);
    assert!(rows(&out(&place), "performance_samples") == expected);
    assert_eq!(table(&salvaged, "performance_samples").missing, []);
}

#[test]
fn a_lost_first_page_costs_no_row() {
    let place = filled();
    let expected = TABLES.map(|name| rows(&place.path, name));
    overwrite(&place.path, &[1], &mut fastrand::Rng::with_seed(1));
    let error = Store::open_read(&place.path).unwrap_err();
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
    let salvaged = save(&place);
    assert!(salvaged.is_header_damaged);
    assert!(TABLES.map(|name| rows(&out(&place), name)) == expected);
}

/// SQLite leaves the rows as short as they were when columns are added to their table.
#[test]
fn alerts_of_earlier_layouts_are_saved() {
    for layout in ["layout-1.db", "layout-3.db"] {
        for is_migrated in [false, true] {
            let place = Place::new();
            fs::copy(format!("{}/tests/store/data/{layout}", env!("CARGO_MANIFEST_DIR")), &place.path).unwrap();
            if is_migrated {
                drop(place.open());
                place.raw().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
            }
            let first = |rows: Rows| rows.into_iter().map(|(id, row)| (id, row[..19].to_vec())).collect::<Rows>();
            let expected = first(rows(&place.path, "perftop_alert"));
            assert!(!expected.is_empty());
            overwrite(&place.path, &[1], &mut fastrand::Rng::with_seed(1));
            save(&place);
            assert_eq!(first(rows(&out(&place), "perftop_alert")), expected, "{layout}");
        }
    }
}

#[test]
fn what_was_deleted_stays_deleted_whatever_is_damaged() {
    let place = filled();
    place.raw().execute_batch("DELETE FROM performance_samples WHERE id <= 9000").unwrap();
    place.raw().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    overwrite(&place.path, &[1], &mut fastrand::Rng::with_seed(1));
    save(&place);
    assert_eq!(
        rows(&out(&place), "performance_samples").into_keys().collect::<Vec<_>>(),
        (9_001..=SAMPLES + 2).collect::<Vec<_>>()
    );
}

#[test]
fn the_head_of_a_truncated_file_is_saved() {
    let place = filled();
    let expected = rows(&place.path, "performance_samples");
    let len = fs::metadata(&place.path).unwrap().len();
    fs::OpenOptions::new().write(true).open(&place.path).unwrap().set_len(len / 2 + 100).unwrap();
    let salvaged = save(&place);
    let saved = rows(&out(&place), "performance_samples");
    assert!(saved.len() > expected.len() / 4, "{} of {}", saved.len(), expected.len());
    assert!(saved.iter().all(|(id, row)| expected.get(id) == Some(row)));
    let found = table(&salvaged, "performance_samples");
    assert_eq!(found.missing_ids() as usize, expected.len() - saved.len());
}

#[test]
fn what_stands_in_the_write_ahead_log_is_saved_and_what_was_not_committed_is_not() {
    let place = filled();
    let writer = place.raw();
    writer.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 5").unwrap();
    let insert = "INSERT INTO performance_samples (metric_name, value, timestamp, created_at)
                  SELECT 'late', value, timestamp, 9 FROM performance_samples WHERE id <= 4000";
    writer.execute_batch(insert).unwrap();
    let expected = rows(&place.path, "performance_samples");
    writer.execute_batch("BEGIN").unwrap();
    writer.execute_batch(insert).unwrap();
    let copy = Place::new();
    for suffix in ["", "-wal"] {
        let beside = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        fs::copy(beside(&place.path), beside(&copy.path)).unwrap();
    }
    overwrite(&copy.path, &[1], &mut fastrand::Rng::with_seed(1));
    save(&copy);
    assert!(rows(&out(&copy), "performance_samples") == expected);
}

/// Noise inside pages: rows of such a page may be wrong, as SQLite has no checksums; everything else holds.
#[test]
fn noise_anywhere_is_survived() {
    let sound = filled();
    let bytes = fs::read(&sound.path).unwrap();
    for seed in 0..12 {
        let mut random = fastrand::Rng::with_seed(seed);
        let place = Place::new();
        let mut damaged = bytes.clone();
        for _ in 0..random.usize(1..400) {
            let at = random.usize(..damaged.len());
            damaged[at] = random.u8(..);
        }
        fs::write(&place.path, damaged).unwrap();
        let salvaged = save(&place);
        assert!(table(&salvaged, "performance_samples").rows > 0, "seed {seed}");
    }
}

#[test]
fn a_store_with_the_contract_alone_is_saved() {
    let place = filled();
    let tables = "DROP TABLE perftop_alert; DROP TABLE perftop_file; DROP TABLE perftop_state; DROP TABLE perftop_hour";
    place.raw().execute_batch(tables).unwrap();
    let salvaged = save(&place);
    assert_eq!(table(&salvaged, "performance_samples").rows.cast_signed(), SAMPLES + 2);
    assert_eq!(table(&salvaged, "perftop_alert").rows, 0);
    assert!(salvaged.tables.iter().all(|table| table.missing.is_empty() && !table.may_miss_more));
}

#[test]
fn what_is_no_store_and_what_exists_is_refused() {
    let place = Place::new();
    let refused = |place: &Place| salvage(&place.path, &out(place), &mut |_, _| ()).unwrap_err();
    assert!(matches!(refused(&place), StoreError::Missing { .. }));
    fs::write(&place.path, "").unwrap();
    assert!(matches!(refused(&place), StoreError::Empty { .. }));
    fs::write(&place.path, "metric_name,value\n".repeat(4_000)).unwrap();
    assert!(matches!(refused(&place), StoreError::NotADatabase { .. }));
    assert!(!out(&place).exists());
    fs::write(out(&place), "mine").unwrap();
    assert!(matches!(refused(&place), StoreError::Exists { .. }));
    assert_eq!(fs::read(out(&place)).unwrap(), b"mine");
    let left: Vec<_> = fs::read_dir(place.path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
