//! Alerts: findings of one rule on one metric, gathered while they keep coming.
//!
//! A finding joins the alert of its metric and rule when its sample lies within the cool-down of the
//! alert's samples; otherwise it opens a new alert and the old one has recovered. Detectors say themselves when
//! what they found is over: until then everything they find joins. What those that learn find afterwards is another alert.

mod ending;
mod recording;
mod row;

use std::collections::BTreeSet;

use super::schema::{self, State};
use super::{Store, StoreError};
use crate::model::{Account, Alert, MetricName, Precision, Rule, Severity};

pub use recording::Recorded;
use row::{columns, complete, load, points, read};
pub(super) use row::{evidence_ms, word};

impl Store {
    /// Up to which id the log was judged; `None` when this store never was.
    pub fn judged_up_to(&self) -> Result<Option<i64>, StoreError> {
        self.read("read the detector's mark", |conn| {
            if schema::has_derived(conn)? { State::JudgedUpTo.get(conn) } else { Ok(None) }
        })
    }

    /// Open alerts, the gravest first and of those the one that gathered a finding last; after them the
    /// recovered ones, the newest first.
    pub fn alerts(&self, limit: usize) -> Result<Vec<Alert>, StoreError> {
        self.read("read alerts", |conn| {
            if !schema::has_derived(conn)? {
                return Ok(Vec::new());
            }
            let mut alerts: Vec<Alert> = Vec::new();
            let columns = columns(conn)?;
            // Each part has an index of its own, so neither costs more as recovered alerts pile up.
            for part in [
                "recovered_at IS NULL ORDER BY severity DESC, updated_at DESC, id DESC",
                "recovered_at IS NOT NULL ORDER BY updated_at DESC, id DESC",
            ] {
                let left = i64::try_from(limit - alerts.len()).unwrap_or(i64::MAX);
                let mut statement =
                    conn.prepare_cached(&format!("SELECT {columns} FROM perftop_alert WHERE {part} LIMIT ?1"))?;
                alerts.extend(complete(conn, statement.query_map([left], read)?)?);
            }
            Ok(alerts)
        })
    }

    /// The metrics whose silence is open, each with since when.
    pub fn silent(&self) -> Result<Vec<(MetricName, i64)>, StoreError> {
        self.read("read silent metrics", |conn| {
            if !schema::has_derived(conn)? {
                return Ok(Vec::new());
            }
            let names = &mut *self.names.borrow_mut();
            conn.prepare_cached(
                "SELECT metric_name, first_ms FROM perftop_alert WHERE recovered_at IS NULL AND rule = ?1",
            )?
            .query_map([Rule::Silence.as_str()], |row| Ok((names.shared(row.get_ref(0)?.as_str()?), row.get(1)?)))?
            .collect()
        })
    }

    /// The highest id of an alert, 0 when there is none.
    pub fn newest_alert_id(&self) -> Result<i64, StoreError> {
        self.read("read alerts", |conn| {
            if !schema::has_derived(conn)? {
                return Ok(0);
            }
            conn.prepare_cached("SELECT coalesce(max(id), 0) FROM perftop_alert")?.query_row([], |row| row.get(0))
        })
    }

    /// Alerts opened after the one with the id `after_id`, oldest first; at most `limit`.
    pub fn alerts_after(&self, after_id: i64, limit: usize) -> Result<Vec<Alert>, StoreError> {
        self.read("read alerts", |conn| {
            if !schema::has_derived(conn)? {
                return Ok(Vec::new());
            }
            let columns = columns(conn)?;
            let mut statement = conn
                .prepare_cached(&format!("SELECT {columns} FROM perftop_alert WHERE id > ?1 ORDER BY id LIMIT ?2"))?;
            let found = statement.query_map((after_id, i64::try_from(limit).unwrap_or(i64::MAX)), read)?;
            complete(conn, found)
        })
    }

    /// The alerts of these ids, as far as there are any.
    pub fn alerts_by_id(&self, ids: &[i64]) -> Result<Vec<Alert>, StoreError> {
        self.read("read alerts", |conn| {
            if !schema::has_derived(conn)? {
                return Ok(Vec::new());
            }
            load(conn, &ids.iter().copied().collect())
        })
    }

    /// Everything that is known of an alert; `None` when there is none of this id.
    pub fn account(&self, id: i64) -> Result<Option<Account>, StoreError> {
        self.read("read an alert", |conn| {
            if !schema::has_derived(conn)? {
                return Ok(None);
            }
            let Some(alert) = load(conn, &BTreeSet::from([id]))?.pop() else { return Ok(None) };
            let (explanations, evidence) = if schema::has_endings(conn)? {
                conn.prepare_cached("SELECT reasons, evidence FROM perftop_alert WHERE id = ?1")?
                    .query_row([id], |row| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<String>>(1)?)))?
            } else {
                (None, None)
            };
            let explanations = explanations.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
            Ok(Some(Account { alert, explanations, evidence: points(evidence.as_deref()) }))
        })
    }

    /// Alerts that began since an instant or are still open, of one metric or of all: the open ones first, then the
    /// newest; at most `limit`.
    pub fn alerts_since(&self, metric: Option<&str>, since_ms: i64, limit: usize) -> Result<Vec<Alert>, StoreError> {
        self.read("read alerts", |conn| {
            if !schema::has_derived(conn)? {
                return Ok(Vec::new());
            }
            let columns = columns(conn)?;
            let mut statement = conn.prepare_cached(&format!(
                "SELECT {columns} FROM perftop_alert
                 WHERE (?1 IS NULL OR metric_name = ?1) AND (first_ms >= ?2 OR recovered_at IS NULL)
                 ORDER BY recovered_at IS NOT NULL, CASE WHEN recovered_at IS NULL THEN -severity END, first_ms DESC,
                   id DESC LIMIT ?3"
            ))?;
            let found = statement.query_map((metric, since_ms, i64::try_from(limit).unwrap_or(i64::MAX)), read)?;
            complete(conn, found)
        })
    }

    /// Notes that the user calls an alert true or false, or takes it back; the alert as it is now, `None` when there
    /// is none of this id.
    pub fn label(&mut self, id: i64, label: Option<bool>, now_ms: i64) -> Result<Option<Alert>, StoreError> {
        self.write("label an alert", |transaction| {
            transaction
                .prepare_cached("UPDATE perftop_alert SET label = ?2, labelled_at = ?3 WHERE id = ?1")?
                .execute((id, label, label.map(|_| now_ms)))?;
            Ok(load(transaction, &BTreeSet::from([id]))?.pop())
        })
    }

    /// How often each rule was right about each metric, by the labels of the alerts that are kept, in the order of names.
    pub fn precision(&self) -> Result<Vec<Precision>, StoreError> {
        self.read("count labels", |conn| {
            if !schema::has_endings(conn)? {
                return Ok(Vec::new());
            }
            conn.prepare_cached(
                "SELECT metric_name, rule, count(*), sum(label) FROM perftop_alert WHERE label IS NOT NULL
                 GROUP BY metric_name, rule ORDER BY metric_name, rule",
            )?
            .query_map([], |row| {
                Ok(Precision {
                    metric: row.get(0)?,
                    rule: word(row, 1, |word| word.parse::<Rule>().ok())?,
                    labelled: row.get::<_, i64>(2)?.cast_unsigned(),
                    called_true: row.get::<_, i64>(3)?.cast_unsigned(),
                })
            })?
            .collect()
        })
    }

    /// How many toasts of surprise a metric raised that began since an instant, and when its first sample was, if any is
    /// rolled up.
    pub fn toasts(&self, metric: &str, since_ms: i64) -> Result<(u64, Option<i64>), StoreError> {
        self.read("count toasts", |conn| {
            if !schema::has_derived(conn)? {
                return Ok((0, None));
            }
            conn.prepare_cached(
                "SELECT count(*), (SELECT first_ms FROM perftop_metric WHERE name = ?1) FROM perftop_alert
                 WHERE metric_name = ?1 AND rule = ?2 AND first_ms >= ?3 AND severity >= ?4",
            )?
            .query_row((metric, Rule::Surprise.as_str(), since_ms, Severity::Warning.level()), |row| {
                Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
            })
        })
    }

    /// Marks firing alerts as seen; answers how many were firing.
    pub fn acknowledge(&mut self, ids: &[i64], now_ms: i64) -> Result<usize, StoreError> {
        self.write("acknowledge alerts", |transaction| {
            let mut statement = transaction.prepare_cached(
                "UPDATE perftop_alert SET acknowledged_at = ?2
                 WHERE id = ?1 AND acknowledged_at IS NULL AND recovered_at IS NULL",
            )?;
            ids.iter().map(|id| statement.execute((id, now_ms))).sum()
        })
    }
}
