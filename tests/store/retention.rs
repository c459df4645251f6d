//! Taking out what is old: what stays is exactly what is young.

use perftop::model::{ControlLimits, FileIdentity, Finding, LimitType, Rule, SourceOffset};
use perftop::store::{PruneBefore, Pruned, Store, StoreError};
use proptest::prelude::*;

use crate::support::{ALWAYS, Place, point, roll_up_all, sample};

const HOUR_MS: i64 = 3_600_000;

/// Takes everything dated before a time out, rows and what they were rolled up to.
fn prune(store: &mut Store, before_ms: i64, now_ms: i64) -> Result<Pruned, StoreError> {
    store.prune(PruneBefore { samples_ms: before_ms, rollups_ms: before_ms }, now_ms, &mut |_, _| ())
}

/// What is done to a store, one after the other.
#[derive(Debug, Clone)]
enum Deed {
    /// Samples at these times come in, many of them late.
    Append(Vec<i64>),
    /// Up to so many rows are rolled up.
    RollUp(usize),
    /// What is dated before these times goes: rows, and what they were rolled up to.
    Prune { samples_ms: i64, rollups_ms: i64 },
    /// Another program deletes the rows whose index is a multiple, of those that are kept.
    Delete { every: usize },
    /// Everything derived is made anew.
    Rebuild,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let times = prop::collection::vec(0..8 * HOUR_MS, 1..60);
    let prune =
        (0..8 * HOUR_MS, 0..8 * HOUR_MS).prop_map(|(a, b)| Deed::Prune { samples_ms: a.max(b), rollups_ms: a.min(b) });
    let deed = prop_oneof![
        4 => times.prop_map(Deed::Append),
        2 => (1..60_usize).prop_map(Deed::RollUp),
        2 => prune,
        1 => (2..5_usize).prop_map(|every| Deed::Delete { every }),
        1 => Just(Deed::Rebuild),
    ];
    prop::collection::vec(deed, 1..14)
}

/// The ids of the log's rows.
fn row_ids(place: &Place) -> Vec<i64> {
    let raw = place.raw();
    let mut statement = raw.prepare("SELECT id FROM performance_samples ORDER BY id").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// A sample as brute force knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Known {
    id: i64,
    at_ms: i64,
    has_row: bool,
}

/// What is known, by the plain rules.
#[derive(Debug, Default)]
struct Model {
    /// In the order of arrival.
    known: Vec<Known>,
    given_ids: i64,
    pruned_before_ms: i64,
}

impl Model {
    fn append(&mut self, times_ms: &[i64]) {
        for &at_ms in times_ms {
            self.given_ids += 1;
            self.known.push(Known { id: self.given_ids, at_ms, has_row: true });
        }
    }

    fn prune(&mut self, samples_ms: i64, rollups_ms: i64) -> usize {
        let rows_before = self.rows().len();
        self.known.retain(|known| known.at_ms >= rollups_ms);
        for known in &mut self.known {
            known.has_row &= known.at_ms >= samples_ms;
        }
        self.pruned_before_ms = self.pruned_before_ms.max(samples_ms);
        rows_before - self.rows().len()
    }

    /// Only rows from the mark on: what is deleted of older ones changes nothing.
    fn delete(&mut self, every: usize) -> Vec<i64> {
        let from_ms = self.pruned_before_ms;
        let rows = self.known.iter().filter(|known| known.has_row && known.at_ms >= from_ms);
        let ids: Vec<i64> = rows.step_by(every).map(|known| known.id).collect();
        self.known.retain(|known| !ids.contains(&known.id));
        ids
    }

    fn rows(&self) -> Vec<i64> {
        self.known.iter().filter(|known| known.has_row).map(|known| known.id).collect()
    }

    /// Times by time; each sample's value is its id.
    fn series(&self) -> Vec<(i64, i64)> {
        let mut series: Vec<_> = self.known.iter().map(|known| (known.at_ms, known.id)).collect();
        series.sort_by_key(|(at_ms, _)| *at_ms);
        series
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is put in late, pruned at two ages, deleted by others and made anew: each sample is there
    /// once, until what was rolled up of it is old.
    #[test]
    fn each_sample_is_there_once_until_it_is_old(deeds in deeds()) {
        let place = Place::new();
        let mut store = place.open();
        let mut model = Model::default();
        for deed in &deeds {
            match deed {
                Deed::Append(times_ms) => {
                    let first_id = model.given_ids + 1;
                    let samples: Vec<_> = (first_id..).zip(times_ms).map(|(id, &at_ms)| sample("lcp", at_ms, id as f64)).collect();
                    store.append(&samples, None, 0).unwrap();
                    model.append(times_ms);
                }
                Deed::RollUp(rows) => drop(store.roll_up(*rows).unwrap()),
                Deed::Prune { samples_ms, rollups_ms } => {
                    let before = PruneBefore { samples_ms: *samples_ms, rollups_ms: *rollups_ms };
                    let pruned = store.prune(before, i64::MAX, &mut |_, _| ()).unwrap();
                    prop_assert_eq!(pruned.samples as usize, model.prune(*samples_ms, *rollups_ms));
                }
                Deed::Delete { every } => {
                    let raw = place.raw();
                    for id in model.delete(*every) {
                        raw.execute("DELETE FROM performance_samples WHERE id = ?1", [id]).unwrap();
                    }
                    roll_up_all(&mut store, 1_000);
                }
                Deed::Rebuild => drop(store.rebuild(&mut |_, _| ()).unwrap()),
            }
            let series = model.series();
            let points = store.points("lcp", ALWAYS).unwrap();
            let found: Vec<_> = points.iter().map(|point| (point.timestamp_ms, point.value as i64)).collect();
            prop_assert_eq!(&found, &series, "after {:?}", deed);
            prop_assert_eq!(row_ids(&place), model.rows());
            let totals = store.totals().unwrap();
            prop_assert_eq!(totals.sample_count as usize, series.len());
            prop_assert_eq!((totals.oldest_ms, totals.newest_ms), (series.first().map(|s| s.0), series.last().map(|s| s.0)));
        }
        roll_up_all(&mut store, 1_000);
        let hours = store.hours("lcp", ALWAYS).unwrap();
        prop_assert_eq!(hours.iter().map(|(_, hour)| hour.n as usize).sum::<usize>(), model.known.len());
        prop_assert_eq!(store.check().unwrap().problems, [""; 0]);
    }
}

#[test]
fn junk_goes_by_when_it_was_stored() {
    let place = Place::new();
    let mut store = place.open();
    place
        .raw()
        .execute_batch(
            "INSERT INTO performance_samples (metric_name, value, timestamp, created_at) VALUES
               ('lcp', 1, 'noon', 10), ('lcp', 'x', 10, 10), ('lcp', 1, x'00', 30)",
        )
        .unwrap();
    assert_eq!(prune(&mut store, 20, 100).unwrap().samples, 2);
    assert_eq!(store.tail(0, 10).unwrap().skipped, 1);
}

#[test]
fn the_future_is_not_pruned() {
    let place = Place::new();
    let mut store = place.open();
    store.append(&[sample("lcp", 50, 1.0), sample("lcp", 150, 1.0)], None, 0).unwrap();
    assert_eq!(prune(&mut store, i64::MAX, 100).unwrap().samples, 1);
    assert_eq!(store.points("lcp", ALWAYS).unwrap(), [point(150, 1.0)]);
}

#[test]
fn old_anomalies_and_recovered_alerts_go_too() {
    let place = Place::new();
    let mut store = place.open();
    let finding = |sample_id: i64, metric: &str| Finding {
        metric: metric.into(),
        rule: Rule::BeyondLimit,
        limit_type: LimitType::Ucl,
        severity: Rule::BeyondLimit.severity(),
        sample_id,
        evidence: vec![point(10, 1.0)],
        limits: ControlLimits::new(0.0, 0.1),
        description: String::new(),
        explanations: Vec::new(),
    };
    store.record(&[finding(1, "ended")], &[], 1, 5, 10).unwrap();
    store.append(&[sample("ended", 15, 1.0)], None, 15).unwrap();
    store.recover(5, 16).unwrap();
    store.record(&[finding(2, "firing")], &[], 2, 5, 13).unwrap();
    store.record(&[finding(3, "young")], &[], 3, 5, 30).unwrap();
    let pruned = prune(&mut store, 20, 100).unwrap();
    assert_eq!((pruned.anomalies, pruned.alerts), (2, 1));
    let left: Vec<_> = store.alerts(10).unwrap().iter().map(|alert| alert.metric.to_string()).collect();
    assert_eq!(left, ["young", "firing"]);
}

#[test]
fn the_ledger_keeps_old_files_with_a_shorter_tail() {
    let place = Place::new();
    let mut store = place.open();
    let file = |ino: u64| SourceOffset {
        identity: FileIdentity { dev: 1, ino, birth_ns: None },
        path: "samples.jsonl".into(),
        expected_offset: 0,
        expected_tail: Vec::new(),
        offset: 9_000,
        lines: 70,
        rejected: 0,
        tail: (0..200).collect(),
    };
    store.append(&[], Some(&file(1)), 10).unwrap();
    store.append(&[], Some(&file(2)), 30).unwrap();
    prune(&mut store, 20, 100).unwrap();
    let tail = |ino| store.source(&file(ino).identity).unwrap().unwrap().tail;
    assert_eq!(tail(1), (136..200).collect::<Vec<u8>>());
    assert_eq!(tail(2), file(2).tail);
}

#[test]
fn the_file_shrinks() {
    let place = Place::new();
    let mut store = place.open();
    let samples: Vec<_> = (0..60_000).map(|at_ms| sample("lcp", at_ms, 1.0)).collect();
    store.append(&samples, None, 0).unwrap();
    roll_up_all(&mut store, 20_000);
    let before = store.check().unwrap();
    let pruned = prune(&mut store, 59_999, 60_000).unwrap();
    assert_eq!((pruned.samples, pruned.hours), (59_999, 0));
    let after = store.check().unwrap();
    let (before, after) = (before.size.total_bytes, after.size.total_bytes);
    assert!(after < before / 4, "{before} -> {after}");
}

#[test]
fn rows_go_and_what_they_were_rolled_up_to_stays() {
    let place = Place::new();
    let mut store = place.open();
    let samples: Vec<_> = (0..300).map(|index| sample("lcp", index * HOUR_MS / 50, index as f64)).collect();
    store.append(&samples, None, 0).unwrap();
    roll_up_all(&mut store, 1_000);
    let (points, hours) = (store.points("lcp", ALWAYS).unwrap(), store.hours("lcp", ALWAYS).unwrap());
    let before = PruneBefore { samples_ms: 4 * HOUR_MS, rollups_ms: HOUR_MS };
    let expected = Pruned { samples: 200, hours: 1, ..Pruned::default() };
    assert_eq!(store.prunable(before, i64::MAX).unwrap(), expected);
    assert_eq!(store.prune(before, i64::MAX, &mut |_, _| ()).unwrap(), expected);
    assert_eq!(store.points("lcp", ALWAYS).unwrap(), points[50..]);
    assert_eq!(store.hours("lcp", ALWAYS).unwrap(), hours[1..]);
    assert_eq!(store.prune(before, i64::MAX, &mut |_, _| ()).unwrap(), Pruned::default(), "nothing is left to do");
    assert_eq!(store.check().unwrap().problems, [""; 0]);
}

#[test]
fn it_is_done_once_a_day_by_whomever() {
    const DAY_MS: i64 = 24 * HOUR_MS;
    let place = Place::new();
    assert_eq!(place.open().begin_prune(DAY_MS, DAY_MS).unwrap(), None);
    assert_eq!(place.open().begin_prune(DAY_MS + 1, DAY_MS).unwrap(), Some(DAY_MS - 1));
    assert_eq!(place.open().begin_prune(2 * DAY_MS, DAY_MS).unwrap(), None);
    assert_eq!(place.open().begin_prune(5, DAY_MS).unwrap(), None, "the clock was ahead");
}

/// Another program's write waits no longer than a step of the pruning holds the lock, about 10 ms.
#[test]
fn others_write_while_old_rows_are_deleted() {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
    let place = Place::new();
    let mut store = place.open();
    let samples: Vec<_> = (0..100_000).map(|at_ms| sample("lcp", at_ms, 1.0)).collect();
    store.append(&samples, None, 0).unwrap();
    roll_up_all(&mut store, 20_000);
    let other = place.raw();
    other.busy_timeout(PATIENCE).unwrap();
    let mut written = 0;
    let mut write = |_, _| {
        let insert = "INSERT INTO performance_samples (metric_name, value, timestamp) VALUES ('lcp', 2, 200000)";
        written += other.execute(insert, []).unwrap();
    };
    let before = PruneBefore { samples_ms: 100_000, rollups_ms: 0 };
    assert_eq!(store.prune(before, i64::MAX, &mut write).unwrap().samples, 100_000);
    assert!(written >= 5, "{written}");
    roll_up_all(&mut store, 20_000);
    assert_eq!(store.points("lcp", ALWAYS).unwrap().len(), 100_000 + written);
}
