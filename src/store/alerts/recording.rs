//! Findings into alerts: which one they join, and what it takes from them.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

use super::ending::end;
use super::row::{load, points};
use crate::model::{Alert, ControlLimits, Ending, Finding, Point, Recovery, Rule, Severity};
use crate::store::schema::State;
use crate::store::{Store, StoreError, anomalies};

/// What came of recording findings. An alert that was opened and updated at once is only in `raised`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recorded {
    /// Alerts opened.
    pub raised: Vec<Alert>,
    /// Alerts that were open before and gathered more.
    pub updated: Vec<Alert>,
}

/// Alerts of a rule on a metric that begin within this time are counted: several are one that comes and goes.
const FLAPPING_MS: i64 = 3_600_000;

/// Samples kept as evidence of an alert: the newest.
const MOST_EVIDENCE: usize = 300;

impl Store {
    /// Records the findings of the samples up to `up_to_id` and what is over by them, with the mark that they were
    /// judged, in one transaction. Findings of samples that are already judged are dropped: when two processes find the
    /// same, whoever comes first records it.
    pub fn record(
        &mut self,
        findings: &[Finding],
        recoveries: &[Recovery],
        up_to_id: i64,
        cooldown_ms: i64,
        now_ms: i64,
    ) -> Result<Recorded, StoreError> {
        self.write("record findings", |transaction| {
            let judged = State::JudgedUpTo.get(transaction)?;
            let (mut raised, mut updated) = (BTreeSet::new(), BTreeSet::new());
            let mut recoveries = recoveries.iter().peekable();
            for finding in findings.iter().filter(|finding| judged.is_none_or(|judged| finding.sample_id > judged)) {
                let Some(point) = finding.point() else { continue };
                // What ended before it was found again is an alert of its own.
                while let Some(recovery) = recoveries.next_if(|over| over.sample_id <= finding.sample_id) {
                    end(transaction, recovery, now_ms)?;
                }
                if finding.rule == Rule::Silence && !is_news(transaction, finding, point)? {
                    continue;
                }
                anomalies::insert(transaction, finding, point, now_ms)?;
                let (last_in, first_in) =
                    (point.timestamp_ms.saturating_sub(cooldown_ms), point.timestamp_ms.saturating_add(cooldown_ms));
                if let Some(id) = find_joinable(transaction, finding, last_in, first_in)? {
                    update(transaction, id, finding, point, now_ms)?;
                    if !raised.contains(&id) {
                        updated.insert(id);
                    }
                } else if let Some(id) = open(transaction, finding, point, now_ms)? {
                    raised.insert(id);
                }
            }
            for recovery in recoveries {
                end(transaction, recovery, now_ms)?;
            }
            if judged.is_none_or(|judged| judged < up_to_id) {
                State::JudgedUpTo.set(transaction, up_to_id)?;
            }
            Ok(Recorded { raised: load(transaction, &raised)?, updated: load(transaction, &updated)? })
        })
    }
}

/// The alert of the finding's metric and rule whose samples reach from before `first_in` to after
/// `last_in`; one that has recovered goes on when findings of its time come in late. Not an
/// alert of a log that was since started anew.
fn find_joinable(conn: &Connection, finding: &Finding, last_in: i64, first_in: i64) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached(
        "SELECT id FROM perftop_alert
         WHERE metric_name = ?1 AND rule = ?2 AND first_ms <= ?4 AND first_sample_id > 0
           AND (last_ms >= ?3 AND NOT ?5 OR ?6 AND recovered_at IS NULL)
         ORDER BY id DESC LIMIT 1",
    )?
    .query_row(
        (
            &*finding.metric,
            finding.rule.as_str(),
            last_in,
            first_in,
            // What these find after an end is another alert, however soon.
            Rule::DETECTORS.contains(&finding.rule),
            finding.rule.is_detector(),
        ),
        |row| row.get(0),
    )
    .optional()
}

/// Whether silence has to be recorded. It is found by the clock and not by a sample, so by everybody who looks: the first of
/// them opens the alert, and the first who finds it graver raises it.
fn is_news(conn: &Connection, finding: &Finding, point: Point) -> rusqlite::Result<bool> {
    let open = conn
        .prepare_cached(
            "SELECT severity, first_ms FROM perftop_alert
             WHERE metric_name = ?1 AND rule = ?2 AND recovered_at IS NULL AND first_sample_id > 0
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row((&*finding.metric, finding.rule.as_str()), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    match open {
        Some((severity, first_ms)) => Ok(finding.severity.level() > severity && point.timestamp_ms >= first_ms),
        // It is told of before it is grave: somebody has heard of the metric since.
        None => Ok(finding.severity < Severity::Critical && !is_recorded(conn, finding)?),
    }
}

/// Whether an alert was opened by the same.
fn is_recorded(conn: &Connection, finding: &Finding) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM perftop_alert WHERE metric_name = ?1 AND rule = ?2 AND first_sample_id = ?3)",
    )?
    .query_row((&*finding.metric, finding.rule.as_str(), finding.sample_id), |row| row.get(0))
}

/// The evidence that is known and that of a finding, each sample once, as it stands in the store.
fn evidence(known: Option<&str>, finding: &Finding) -> String {
    let mut points = points(known);
    points.extend(&finding.evidence);
    points.sort_by(|a, b| a.timestamp_ms.cmp(&b.timestamp_ms).then(a.value.total_cmp(&b.value)));
    points.dedup();
    let kept = &points[points.len().saturating_sub(MOST_EVIDENCE)..];
    serde_json::json!(kept.iter().map(|point| (point.timestamp_ms, point.value)).collect::<Vec<_>>()).to_string()
}

fn reasons(finding: &Finding) -> String {
    serde_json::json!(finding.explanations).to_string()
}

fn update(conn: &Connection, id: i64, finding: &Finding, point: Point, now_ms: i64) -> rusqlite::Result<()> {
    let known: Option<String> =
        conn.prepare_cached("SELECT evidence FROM perftop_alert WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
    let ControlLimits { center, sigma } = finding.limits;
    conn.prepare_cached(
        "UPDATE perftop_alert SET count = count + 1, severity = max(severity, ?2), description = ?3,
           center = ?4, sigma = ?5, updated_at = ?6, recovered_at = NULL,
           ended_ms = NULL, closed_as = NULL, last_value = CASE WHEN ?7 >= last_ms THEN ?8 ELSE last_value END, last_ms = max(last_ms, ?7),
           reasons = ?9, evidence = ?10,
           peak_ms = CASE WHEN abs(?8 - ?4) > abs(peak_value - ?4) THEN ?7 ELSE peak_ms END,
           peak_value = CASE WHEN abs(?8 - ?4) > abs(peak_value - ?4) THEN ?8 ELSE peak_value END
         WHERE id = ?1",
    )?
    .execute((
        id,
        finding.severity.level(),
        &finding.description,
        center,
        sigma,
        now_ms,
        point.timestamp_ms,
        point.value,
        reasons(finding),
        evidence(known.as_deref(), finding),
    ))?;
    Ok(())
}

/// Opens an alert and ends the one before it. `None` when there was one of the same sample, which only a
/// log that was started anew can bring about.
fn open(conn: &Connection, finding: &Finding, point: Point, now_ms: i64) -> rusqlite::Result<Option<i64>> {
    let (metric, rule) = (&*finding.metric, finding.rule.as_str());
    conn.prepare_cached(
        "UPDATE perftop_alert SET recovered_at = ?3, ended_ms = last_ms, closed_as = ?5
         WHERE metric_name = ?1 AND rule = ?2 AND recovered_at IS NULL AND last_ms <= ?4",
    )?
    .execute((metric, rule, now_ms, point.timestamp_ms, Ending::Recovered.as_str()))?;
    let opened_in_hour: i64 = conn
        .prepare_cached(
            "SELECT count(*) + 1 FROM perftop_alert
             WHERE metric_name = ?1 AND rule = ?2 AND first_ms > ?3 AND first_ms <= ?4 AND first_sample_id > 0
               AND severity >= ?5",
        )?
        .query_row(
            (
                metric,
                rule,
                point.timestamp_ms.saturating_sub(FLAPPING_MS),
                point.timestamp_ms,
                finding.severity.level(),
            ),
            |row| row.get(0),
        )?;
    conn.prepare_cached(
        "INSERT INTO perftop_alert (metric_name, rule, limit_type, severity, description, center, sigma,
           first_sample_id, first_ms, first_value, last_ms, last_value, peak_value, peak_ms, count, opened_at,
           updated_at, opened_in_hour, reasons, evidence)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?9, ?10, ?10, ?9, 1, ?11, ?11, ?12, ?13, ?14)
         ON CONFLICT (metric_name, rule, first_sample_id) DO NOTHING RETURNING id",
    )?
    .query_row(
        (
            metric,
            rule,
            finding.limit_type.as_str(),
            finding.severity.level(),
            &finding.description,
            finding.limits.center,
            finding.limits.sigma,
            finding.sample_id,
            point.timestamp_ms,
            point.value,
            now_ms,
            opened_in_hour,
            reasons(finding),
            evidence(None, finding),
        ),
        |row| row.get(0),
    )
    .optional()
}
