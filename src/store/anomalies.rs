//! The recorded findings, as every program sees them.

use rusqlite::{Connection, Row};

use super::{Store, StoreError, schema};
use crate::model::{Anomaly, Finding, LimitType, Point, Severity};

impl Store {
    /// Anomalies detected at or after `since_ms`, newest first; of one metric only when it is named.
    pub fn anomalies(&self, metric: Option<&str>, since_ms: i64, limit: usize) -> Result<Vec<Anomaly>, StoreError> {
        self.read("read anomalies", |conn| {
            if !schema::has_table(conn, "spc_anomalies")? {
                return Ok(Vec::new());
            }
            conn.prepare_cached(
                "SELECT id, metric_name, sample_value, control_limit_type, rule_description, detected_at, severity
                 FROM spc_anomalies
                 WHERE detected_at >= ?2 AND (?1 IS NULL OR metric_name = ?1)
                   AND typeof(metric_name) = 'text' AND typeof(sample_value) IN ('real', 'integer')
                   AND typeof(detected_at) = 'integer'
                 ORDER BY id DESC LIMIT ?3",
            )?
            .query_map((metric, since_ms, i64::try_from(limit).unwrap_or(i64::MAX)), |row| Ok(read(row).ok()))?
            .filter_map(Result::transpose)
            .collect()
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Anomaly> {
    let severity = row.get_ref(6)?.as_i64().unwrap_or(1);
    Ok(Anomaly {
        id: row.get(0)?,
        metric: row.get(1)?,
        value: row.get(2)?,
        limit_type: row.get_ref(3)?.as_str().ok().and_then(LimitType::from_word),
        description: row.get_ref(4)?.as_str().ok().map(str::to_owned),
        detected_at_ms: row.get(5)?,
        severity: Severity::from_level(severity),
    })
}

/// Records a finding that was completed by `point`.
pub(super) fn insert(conn: &Connection, finding: &Finding, point: Point, now_ms: i64) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT INTO spc_anomalies
           (metric_name, sample_value, control_limit_type, rule_description, detected_at, severity)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((
        &*finding.metric,
        point.value,
        finding.limit_type.as_str(),
        &finding.description,
        now_ms,
        finding.severity.level(),
    ))?;
    Ok(())
}
