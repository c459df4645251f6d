//! What goes wrong is said with the path and what to do, and costs no data.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use perftop::model::{FileIdentity, SourceOffset};
use perftop::store::{Store, StoreError};

use crate::support::{ALWAYS, Place, point, roll_up_all, sample};

/// The message names the store.
fn assert_names(error: &StoreError, place: &Place) {
    assert!(error.to_string().contains(place.path.to_str().unwrap()), "{error}");
}

#[test]
fn directories_are_created_for_the_user_alone() {
    let mut place = Place::new();
    let directory = place.path.parent().unwrap().join("a/b");
    place.path = directory.join("perftop.db");
    place.open();
    assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_missing_store_is_not_created_by_reading() {
    let place = Place::new();
    let error = Store::open_read(&place.path).unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }));
    assert_names(&error, &place);
    assert!(!place.path.exists());
}

#[test]
fn something_else_is_refused_and_left_alone() {
    let place = Place::new();
    let text = "metric_name,value\n".repeat(400);
    fs::write(&place.path, &text).unwrap();
    for opened in [Store::open(&place.path), Store::open_read(&place.path)] {
        let error = opened.unwrap_err();
        assert!(matches!(error, StoreError::NotADatabase { .. }), "{error:?}");
        assert_names(&error, &place);
    }
    assert_eq!(fs::read_to_string(&place.path).unwrap(), text);
}

#[test]
fn a_file_where_the_directory_should_be_is_named() {
    let mut place = Place::new();
    fs::write(&place.path, "").unwrap();
    place.path = place.path.join("perftop.db");
    let error = Store::open(&place.path).unwrap_err();
    assert!(matches!(error, StoreError::Directory { .. }), "{error:?}");
    assert_names(&error, &place);
}

#[test]
fn a_directory_in_place_of_the_store_is_named() {
    let place = Place::new();
    fs::create_dir(&place.path).unwrap();
    let error = Store::open(&place.path).unwrap_err();
    assert!(matches!(error, StoreError::NotAFile { .. }), "{error:?}");
    assert_names(&error, &place);
}

/// Opens a store whose file may only be read. The superuser may write it all the same.
#[test]
fn a_store_that_may_not_be_written_is_said_to_be_so() {
    let place = Place::new();
    drop(place.open());
    let directory = place.path.parent().unwrap();
    fs::set_permissions(&place.path, fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o500)).unwrap();
    let opened = Store::open(&place.path);
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).unwrap();
    match opened {
        Err(error) => {
            assert!(matches!(error, StoreError::Permission { .. }), "{error:?}");
            assert_names(&error, &place);
        }
        Ok(_) => assert!(fs::OpenOptions::new().write(true).open(&place.path).is_ok()),
    }
}

fn offset(expected_offset: u64, offset: u64) -> SourceOffset {
    SourceOffset {
        identity: FileIdentity { dev: u64::MAX, ino: 7, birth_ns: Some(-5) },
        path: "/tmp/a b\n.jsonl".into(),
        expected_offset,
        expected_tail: if expected_offset == 0 { Vec::new() } else { b"tail\0".to_vec() },
        offset,
        lines: 3,
        rejected: 1,
        tail: b"tail\0".to_vec(),
    }
}

#[test]
fn the_ledger_moves_with_the_samples_or_not_at_all() {
    let place = Place::new();
    let mut store = place.open();
    let at = offset(0, 500);
    assert_eq!(store.source(&at.identity).unwrap(), None);
    let appended = store.append(&[sample("lcp", 1, 1.0), sample("lcp", 2, 2.0)], Some(&at), 0).unwrap();
    assert_eq!((appended.first_id, appended.last_id), (1, 2));
    let held = store.source(&at.identity).unwrap().unwrap();
    assert_eq!(held, SourceOffset { expected_offset: 500, expected_tail: at.tail.clone(), ..at });

    let error = store.append(&[sample("lcp", 3, 3.0)], Some(&offset(0, 800)), 0).unwrap_err();
    assert!(matches!(error, StoreError::SourceMoved { expected: 0, found: 500, .. }), "{error:?}");
    assert_eq!(store.totals().unwrap().sample_count, 2);
    let rewritten = store.append(&[], Some(&offset(500, 0)), 0).unwrap();
    assert_eq!((rewritten.first_id, rewritten.last_id), (3, 2));
    assert_eq!(store.source(&held.identity).unwrap().unwrap().offset, 0);
    let without_birth = FileIdentity { birth_ns: None, ..held.identity };
    assert_eq!(store.source(&without_birth).unwrap(), None);
}

#[test]
fn a_damaged_hour_is_read_from_the_log_and_mended_by_the_next_roll_up() {
    let place = Place::new();
    let mut store = place.open();
    store.append(&[sample("lcp", 5, 5.0), sample("lcp", 1, 1.0), sample("fcp", 2, 2.0)], None, 0).unwrap();
    roll_up_all(&mut store, 100);
    place.raw().execute("UPDATE perftop_chunk SET data = x'02020304050607' WHERE metric_id = 1", []).unwrap();

    assert_eq!(store.points("lcp", ALWAYS).unwrap(), [point(1, 1.0), point(5, 5.0)]);
    assert_eq!(
        store.check().unwrap().problems,
        ["the stored hour 1970-01-01T00:00:00.000Z of `lcp` is damaged: the checksum does not match"]
    );
    store.append(&[sample("lcp", 3, 3.0)], None, 0).unwrap();
    roll_up_all(&mut store, 100);
    assert_eq!(store.check().unwrap().problems, [""; 0]);
    assert_eq!(store.points("lcp", ALWAYS).unwrap(), [point(1, 1.0), point(3, 3.0), point(5, 5.0)]);
    assert_eq!(store.hours("lcp", ALWAYS).unwrap()[0].1.n, 3);
}

#[test]
fn a_dense_hour_with_late_samples_is_kept_in_parts() {
    let place = Place::new();
    let mut store = place.open();
    let times = || (0..10_000_i64).map(|index| index * 7_919 % 10_007);
    for batch in times().collect::<Vec<_>>().chunks(1_500) {
        let batch: Vec<_> = batch.iter().map(|&at_ms| sample("lcp", at_ms, at_ms as f64)).collect();
        store.append(&batch, None, 0).unwrap();
        roll_up_all(&mut store, 1_000);
    }
    let parts: i64 = place.raw().query_row("SELECT count(*) FROM perftop_chunk", [], |row| row.get(0)).unwrap();
    assert_eq!(parts, 3, "4 096 samples each");
    let mut expected: Vec<_> = times().map(|at_ms| point(at_ms, at_ms as f64)).collect();
    expected.sort_by_key(|point| point.timestamp_ms);
    assert_eq!(store.points("lcp", ALWAYS).unwrap(), expected);
}

#[test]
fn a_foreign_commit_changes_the_data_version() {
    let place = Place::new();
    let mut store = place.open();
    let before = store.data_version().unwrap();
    assert_eq!(store.data_version().unwrap(), before);
    place.open().append(&[sample("lcp", 1, 1.0)], None, 0).unwrap();
    assert_ne!(store.data_version().unwrap(), before);
    store.flush().unwrap();
}
