//! Rows of alerts as they are read.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::value::RawValue;

use crate::model::{Alert, AlertState, ControlLimits, Ending, LimitType, Point, Rule, Severity};
use crate::store::{incidents, schema};

const COLUMNS: &str = "id, metric_name, rule, limit_type, severity, description, center, sigma, first_ms, first_value,
  last_ms, last_value, peak_value, count, opened_at, updated_at, acknowledged_at, recovered_at";

/// What layout 4 added, and what stands for it in stores of earlier ones.
const ADDED: &str = "peak_ms, ended_ms, closed_as, opened_in_hour, label, labelled_at";
const NOT_ADDED: &str = "NULL, NULL, NULL, 1, NULL, NULL";

pub(super) fn load(conn: &Connection, ids: &BTreeSet<i64>) -> rusqlite::Result<Vec<Alert>> {
    let columns = columns(conn)?;
    let mut statement = conn.prepare_cached(&format!("SELECT {columns} FROM perftop_alert WHERE id = ?1"))?;
    let found = ids.iter().filter_map(|id| statement.query_row([id], read).optional().transpose());
    complete(conn, found)
}

/// Alerts as they were read, with the incidents they are in.
pub(super) fn complete(
    conn: &Connection,
    found: impl Iterator<Item = rusqlite::Result<Alert>>,
) -> rusqlite::Result<Vec<Alert>> {
    let mut alerts = found.collect::<rusqlite::Result<Vec<_>>>()?;
    incidents::name(conn, &mut alerts)?;
    Ok(alerts)
}

/// Of the samples that an alert was raised on the time of the oldest, as far as they were noted.
pub(in crate::store) fn evidence_ms(conn: &Connection, alert_id: i64) -> rusqlite::Result<Option<i64>> {
    let text: Option<String> = conn
        .prepare_cached("SELECT evidence FROM perftop_alert WHERE id = ?1")?
        .query_row([alert_id], |row| row.get(0))?;
    Ok(points(text.as_deref()).first().map(|point| point.timestamp_ms))
}

/// What [`read`] reads.
pub(super) fn columns(conn: &Connection) -> rusqlite::Result<String> {
    let added = if schema::has_endings(conn)? { ADDED } else { NOT_ADDED };
    Ok(format!("{COLUMNS}, {added}"))
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Alert> {
    let point = |at: usize| Ok::<_, rusqlite::Error>(Point { timestamp_ms: row.get(at)?, value: row.get(at + 1)? });
    let limit = |at: usize| row.get::<_, Option<f64>>(at).map(|limit| limit.unwrap_or(f64::NAN));
    let (acknowledged_at_ms, recovered_at_ms): (Option<i64>, Option<i64>) = (row.get(16)?, row.get(17)?);
    let state = if recovered_at_ms.is_some() {
        AlertState::Recovered
    } else if acknowledged_at_ms.is_some() {
        AlertState::Acknowledged
    } else {
        AlertState::Firing
    };
    Ok(Alert {
        id: row.get(0)?,
        metric: row.get(1)?,
        rule: word(row, 2, |word| word.parse::<Rule>().ok())?,
        limit_type: word(row, 3, LimitType::from_word)?,
        severity: Severity::from_level(row.get(4)?),
        state,
        description: row.get(5)?,
        limits: ControlLimits { center: limit(6)?, sigma: limit(7)? },
        first: point(8)?,
        last: point(10)?,
        peak_value: row.get(12)?,
        count: row.get::<_, i64>(13)?.cast_unsigned(),
        opened_at_ms: row.get(14)?,
        updated_at_ms: row.get(15)?,
        acknowledged_at_ms,
        recovered_at_ms,
        peak_ms: row.get(18)?,
        ended_ms: row.get(19)?,
        ending: row.get::<_, Option<String>>(20)?.and_then(|word| Ending::from_word(&word)),
        opened_in_hour: row.get(21)?,
        label: row.get(22)?,
        labelled_at_ms: row.get(23)?,
        incident: None,
    })
}

/// Points as they stand in the store: `[[1700000000000,145.3]]`. Numbers are read to their last bit, which `serde_json`
/// does not do by itself.
pub(super) fn points(text: Option<&str>) -> Vec<Point> {
    let pairs: Vec<(i64, &RawValue)> = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let point =
        |(timestamp_ms, value): (i64, &RawValue)| Some(Point { timestamp_ms, value: value.get().parse().ok()? });
    pairs.into_iter().filter_map(point).collect()
}

/// A word of a closed set in a column.
pub(in crate::store) fn word<T>(row: &Row<'_>, at: usize, parse: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let word: String = row.get(at)?;
    parse(&word).ok_or_else(|| {
        let unknown = format!("unknown word `{word}`");
        rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, unknown.into())
    })
}
