//! Alerts: findings of one rule on one metric, gathered while they keep coming.
//!
//! A finding joins the alert of its metric and rule when its sample lies within the cool-down of the
//! alert's samples; otherwise it opens a new alert and the old one has recovered. Detectors say themselves when
//! what they found is over: until then everything they find joins. What those that learn find afterwards is another alert.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::value::RawValue;

use super::schema::{self, State};
use super::{Store, StoreError, anomalies, log, reader};
use crate::model::{
    Account, Alert, AlertState, ControlLimits, Ending, Finding, LimitType, Point, Precision, Recovery, Rule, Severity,
    TimeRange,
};

/// What came of recording findings. An alert that was opened and updated at once is only in `raised`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recorded {
    /// Alerts opened.
    pub raised: Vec<Alert>,
    /// Alerts that were open before and gathered more.
    pub updated: Vec<Alert>,
}

/// What a detector found is over after so long without a finding, if it does not say so itself.
const FORGOTTEN_MS: i64 = 7 * 86_400_000;

/// Alerts of a rule on a metric that begin within this time are counted: several are one that comes and goes.
const FLAPPING_MS: i64 = 3_600_000;

const COLUMNS: &str = "id, metric_name, rule, limit_type, severity, description, center, sigma, first_ms, first_value,
  last_ms, last_value, peak_value, count, opened_at, updated_at, acknowledged_at, recovered_at";

/// Samples kept as evidence of an alert: the newest.
const MOST_EVIDENCE: usize = 300;

/// What layout 4 added, and what stands for it in stores of earlier ones.
const ADDED: &str = "peak_ms, ended_ms, closed_as, opened_in_hour, label, labelled_at";
const NOT_ADDED: &str = "NULL, NULL, NULL, 1, NULL, NULL";

impl Store {
    /// Up to which id the log was judged; `None` when this store never was.
    pub fn judged_up_to(&self) -> Result<Option<i64>, StoreError> {
        self.read("read the detector's mark", |conn| {
            if schema::has_derived(conn)? { State::JudgedUpTo.get(conn) } else { Ok(None) }
        })
    }

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
                // Found by the clock and not by a sample, so by everybody who looks.
                if finding.rule == Rule::Silence && is_recorded(transaction, finding)? {
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
                for alert in statement.query_map([left], read)? {
                    alerts.push(alert?);
                }
            }
            Ok(alerts)
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
            conn.prepare_cached(&format!("SELECT {columns} FROM perftop_alert WHERE id > ?1 ORDER BY id LIMIT ?2"))?
                .query_map((after_id, i64::try_from(limit).unwrap_or(i64::MAX)), read)?
                .collect()
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
            conn.prepare_cached(&format!(
                "SELECT {columns} FROM perftop_alert
                 WHERE (?1 IS NULL OR metric_name = ?1) AND (first_ms >= ?2 OR recovered_at IS NULL)
                 ORDER BY recovered_at IS NOT NULL, CASE WHEN recovered_at IS NULL THEN -severity END, first_ms DESC,
                   id DESC LIMIT ?3"
            ))?
            .query_map((metric, since_ms, i64::try_from(limit).unwrap_or(i64::MAX)), read)?
            .collect()
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

    /// Ends the open alerts whose metric has behaved since: it has judged samples that are newer than the
    /// alert's last one by `cooldown_ms` or more. Silence ends nothing. Answers them; takes no lock when
    /// there is none.
    pub fn recover(&mut self, cooldown_ms: i64, now_ms: i64) -> Result<Vec<Alert>, StoreError> {
        if self.read("look for quiet alerts", |conn| quiet(conn, cooldown_ms, now_ms))?.is_empty() {
            return Ok(Vec::new());
        }
        self.write("end alerts", |transaction| {
            let ended = quiet(transaction, cooldown_ms, now_ms)?;
            for (id, ending) in &ended {
                transaction
                    .prepare_cached(
                        "UPDATE perftop_alert SET recovered_at = ?2, ended_ms = last_ms, closed_as = ?3 WHERE id = ?1",
                    )?
                    .execute((id, now_ms, ending.as_str()))?;
            }
            load(transaction, &ended.into_keys().collect())
        })
    }
}

/// An open alert, and what it takes to be over.
struct Open {
    id: i64,
    metric: String,
    /// Over when samples of this time are judged,
    until_ms: i64,
    /// and this is how.
    ending: Ending,
    /// The newest sample that is rolled up.
    rolled_ms: Option<i64>,
}

/// Open alerts that are over, and how. A sample from the future counts as one from now.
fn quiet(conn: &Connection, cooldown_ms: i64, now_ms: i64) -> rusqlite::Result<BTreeMap<i64, Ending>> {
    if !schema::has_derived(conn)? {
        return Ok(BTreeMap::new());
    }
    let open: Vec<Open> = conn
        .prepare_cached(
            "SELECT alert.id, metric_name, alert.last_ms, metric.last_ms, rule FROM perftop_alert AS alert
             LEFT JOIN perftop_metric AS metric ON metric.name = metric_name WHERE recovered_at IS NULL",
        )?
        .query_map([], |row| {
            let is_detector = word(row, 4, |word| word.parse::<Rule>().ok())?.is_detector();
            // What it found may have been forgotten, as when the past it knew was deleted.
            let (cooldown_ms, ending) = if is_detector {
                (cooldown_ms.max(FORGOTTEN_MS), Ending::Forgotten)
            } else {
                (cooldown_ms, Ending::Recovered)
            };
            let until_ms = row.get::<_, i64>(2)?.saturating_add(cooldown_ms);
            Ok(Open { id: row.get(0)?, ending, metric: row.get(1)?, until_ms, rolled_ms: row.get(3)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    if open.is_empty() {
        return Ok(BTreeMap::new());
    }
    let judged = State::JudgedUpTo.get(conn)?.unwrap_or(0);
    let rolled = log::rolled_up_to(conn)?;
    let mut newest: HashMap<String, i64> = HashMap::new();
    log::visit_after(conn, rolled, usize::MAX, |id, row| {
        if let Some(row) = row.filter(|_| id <= judged) {
            let newest_ms = newest.entry(row.metric.to_owned()).or_insert(row.timestamp_ms);
            *newest_ms = row.timestamp_ms.max(*newest_ms);
        }
    })?;
    let is_over = |open: &Open| {
        // What is rolled up was judged too, unless the roll-up is ahead of the detector.
        let rolled_ms = open.rolled_ms.filter(|_| rolled <= judged);
        let newest_ms = newest.get(&open.metric).copied().max(rolled_ms);
        newest_ms.is_some_and(|newest_ms| newest_ms.min(now_ms) >= open.until_ms)
    };
    Ok(open.into_iter().filter(is_over).map(|open| (open.id, open.ending)).collect())
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

/// Whether an alert was opened by the same.
fn is_recorded(conn: &Connection, finding: &Finding) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM perftop_alert WHERE metric_name = ?1 AND rule = ?2 AND first_sample_id = ?3)",
    )?
    .query_row((&*finding.metric, finding.rule.as_str(), finding.sample_id), |row| row.get(0))
}

/// The sample that was farthest from the centre while a surprise that ends was open: findings are made at its beginning,
/// and it may have grown since.
fn peak(conn: &Connection, over: &Recovery) -> rusqlite::Result<Option<Point>> {
    let open = conn
        .prepare_cached(
            "SELECT first_ms, center FROM perftop_alert
             WHERE metric_name = ?1 AND rule = ?2 AND recovered_at IS NULL AND last_ms <= ?3",
        )?
        .query_row((&*over.metric, over.rule.as_str(), over.timestamp_ms), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<f64>>(1)?))
        })
        .optional()?;
    let Some((from_ms, Some(center))) = open else { return Ok(None) };
    let points = reader::points(conn, &over.metric, TimeRange { from_ms, until_ms: over.timestamp_ms })?;
    let distance = |point: &Point| (point.value - center).abs();
    Ok(points.into_iter().max_by(|a, b| distance(a).total_cmp(&distance(b))))
}

/// Ends what a detector had found before. Silence is dated by the clock, which the next sample need not have heard of.
fn end(conn: &Connection, recovery: &Recovery, now_ms: i64) -> rusqlite::Result<()> {
    let peak = if recovery.rule == Rule::Surprise { peak(conn, recovery)? } else { None };
    conn.prepare_cached(
        "UPDATE perftop_alert SET recovered_at = ?3, ended_ms = ?4, closed_as = ?5,
           peak_value = coalesce(?6, peak_value), peak_ms = coalesce(?7, peak_ms)
         WHERE metric_name = ?1 AND rule = ?2 AND recovered_at IS NULL AND (rule = 'silence' OR last_ms <= ?4)",
    )?
    .execute((
        &*recovery.metric,
        recovery.rule.as_str(),
        now_ms,
        recovery.timestamp_ms,
        recovery.ending.as_str(),
        peak.map(|point| point.value),
        peak.map(|point| point.timestamp_ms),
    ))?;
    Ok(())
}

/// Points as they stand in the store: `[[1700000000000,145.3]]`. Numbers are read to their last bit, which `serde_json`
/// does not do by itself.
fn points(text: Option<&str>) -> Vec<Point> {
    let pairs: Vec<(i64, &RawValue)> = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let point =
        |(timestamp_ms, value): (i64, &RawValue)| Some(Point { timestamp_ms, value: value.get().parse().ok()? });
    pairs.into_iter().filter_map(point).collect()
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

fn load(conn: &Connection, ids: &BTreeSet<i64>) -> rusqlite::Result<Vec<Alert>> {
    let columns = columns(conn)?;
    let mut statement = conn.prepare_cached(&format!("SELECT {columns} FROM perftop_alert WHERE id = ?1"))?;
    ids.iter().filter_map(|id| statement.query_row([id], read).optional().transpose()).collect()
}

/// What [`read`] reads.
fn columns(conn: &Connection) -> rusqlite::Result<String> {
    let added = if schema::has_endings(conn)? { ADDED } else { NOT_ADDED };
    Ok(format!("{COLUMNS}, {added}"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Alert> {
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
    })
}

/// A word of a closed set in a column.
fn word<T>(row: &Row<'_>, at: usize, parse: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let word: String = row.get(at)?;
    parse(&word).ok_or_else(|| {
        let unknown = format!("unknown word `{word}`");
        rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, unknown.into())
    })
}
