//! Incidents: which alerts belong together. What is to be compared is read without a lock; what is decided is written only
//! when nobody has decided anything else meanwhile, so that no two panes double an incident or split it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};

use super::alerts::{evidence_ms, word};
use super::part::MetricRef;
use super::schema::{self, State};
use super::{Store, StoreError, hour, reader};
use crate::model::{Alert, Beginning, Companion, Incident, Membership, Point, Rule, Severity, TimeRange};

/// Alerts looked at in one go, and as many that they are compared with.
const MOST_ALERTS: usize = 200;
/// Alerts are compared with those raised so much earlier or later: what drifts is noticed long after it began.
const NEIGHBOUR_MS: i64 = 6 * 3_600_000;
/// An alert is looked at again for so long: with more samples it may turn out to move together with others.
const YOUNG_MS: i64 = 30 * 60_000;
/// Samples before an alert that tell when it began; where they come rarely they are looked for farther back.
const FEW_SAMPLES: usize = 60;
const REACHES_MS: [i64; 3] = [3_600_000, 86_400_000, 30 * 86_400_000];
/// Samples compared of one metric at most, before an alert and after it: those next to it.
const MOST_SAMPLES: usize = 2_000;

/// Alerts of which it is to be said whether they are one incident.
#[derive(Debug)]
pub struct Ungrouped {
    /// The alerts, and those that they may belong to. Empty when there is nothing to compare.
    pub beginnings: Vec<Beginning>,
    /// Whether more wait after these.
    pub has_more: bool,
    /// Alerts up to here had been looked at,
    mark: i64,
    /// and have been with these.
    up_to_id: i64,
}

impl Store {
    /// The alerts that were opened since the last time, and those that are young, with those around them; `None` when there
    /// are none. What is only listed, `info`, is no part of an incident.
    pub fn ungrouped(&self, now_ms: i64) -> Result<Option<Ungrouped>, StoreError> {
        self.read("compare alerts", |conn| {
            if !schema::has_incidents(conn)? {
                return Ok(None);
            }
            let mark = State::GroupedUpTo.get(conn)?.unwrap_or(0);
            let newest: i64 = conn
                .prepare_cached("SELECT coalesce(max(id), 0) FROM perftop_alert")?
                .query_row([], |row| row.get(0))?;
            let new = candidates(conn, "alert.id > ?1 ORDER BY alert.id", (mark, 0))?;
            let has_more = new.len() == MOST_ALERTS;
            let up_to_id = new.last().filter(|_| has_more).map_or(newest, |last| last.alert_id);
            let young = candidates(
                conn,
                "alert.id <= ?1 AND first_ms > ?2 AND recovered_at IS NULL ORDER BY alert.id DESC",
                (mark, now_ms.saturating_sub(YOUNG_MS)),
            )?;
            let beginnings = self.compared(conn, new.into_iter().chain(young).collect())?;
            let is_news = !beginnings.is_empty() || up_to_id > mark;
            Ok(is_news.then_some(Ungrouped { beginnings, has_more, mark, up_to_id }))
        })
    }

    /// Whether alerts were opened since the last time that was done.
    pub fn has_ungrouped(&self) -> Result<bool, StoreError> {
        self.read("compare alerts", |conn| {
            if !schema::has_incidents(conn)? {
                return Ok(false);
            }
            let mark = State::GroupedUpTo.get(conn)?.unwrap_or(0);
            conn.prepare_cached("SELECT coalesce(max(id), 0) > ?1 FROM perftop_alert")?
                .query_row([mark], |row| row.get(0))
        })
    }

    /// These alerts and those around them, with their samples; none when all are of one metric.
    fn compared(&self, conn: &Connection, asked: Vec<Beginning>) -> rusqlite::Result<Vec<Beginning>> {
        let times = || asked.iter().map(|alert| alert.first_ms);
        let (Some(first_ms), Some(last_ms)) = (times().min(), times().max()) else { return Ok(Vec::new()) };
        let around = candidates(
            conn,
            "first_ms BETWEEN ?1 AND ?2 ORDER BY alert.id DESC",
            (first_ms.saturating_sub(NEIGHBOUR_MS), last_ms.saturating_add(NEIGHBOUR_MS)),
        )?;
        let known: BTreeSet<i64> = asked.iter().map(|alert| alert.alert_id).collect();
        let mut alerts = asked;
        alerts.extend(around.into_iter().filter(|alert| !known.contains(&alert.alert_id)));
        if alerts.iter().map(|alert| &alert.metric).collect::<BTreeSet<_>>().len() < 2 {
            return Ok(Vec::new());
        }
        let rest = self.unrolled(conn, None)?;
        for alert in &mut alerts {
            alert.evidence_ms = evidence_ms(conn, alert.alert_id)?.unwrap_or(alert.first_ms).min(alert.first_ms);
            alert.points = samples(conn, alert, rest.get(&alert.metric).map_or(&[], Vec::as_slice))?;
        }
        Ok(alerts)
    }

    /// Records the places of alerts in incidents, as found out from `seen`; `false`, and nothing is recorded, when somebody
    /// else has recorded something since. Takes no lock when there is nothing to record.
    pub fn group(&mut self, seen: &Ungrouped, memberships: &[Membership]) -> Result<bool, StoreError> {
        if memberships.is_empty() && seen.up_to_id == seen.mark {
            return Ok(true);
        }
        self.write("record incidents", |transaction| {
            if State::GroupedUpTo.get(transaction)?.unwrap_or(0) != seen.mark {
                return Ok(false);
            }
            for alert in &seen.beginnings {
                if incident_of(transaction, alert.alert_id)? != alert.incident_id {
                    return Ok(false);
                }
            }
            for place in memberships {
                // An incident that has become part of another one goes whole, also with alerts that were not looked at.
                transaction
                    .prepare_cached(
                        "UPDATE perftop_incident SET incident_id = ?2
                         WHERE incident_id = (SELECT incident_id FROM perftop_incident WHERE alert_id = ?1)",
                    )?
                    .execute((place.alert_id, place.incident_id))?;
                transaction
                    .prepare_cached(
                        "INSERT OR REPLACE INTO perftop_incident (alert_id, incident_id, onset_ms, chance)
                         SELECT id, ?2, ?3, ?4 FROM perftop_alert WHERE id = ?1",
                    )?
                    .execute((place.alert_id, place.incident_id, place.onset_ms, place.chance))?;
            }
            if seen.up_to_id > seen.mark {
                State::GroupedUpTo.set(transaction, seen.up_to_id)?;
            }
            Ok(true)
        })
    }
}

/// Alerts that can be part of an incident, without their samples; `part` says which, with ?1 and ?2 as its bounds. Those of
/// rules that this program does not know are none: they do not count as looked at either.
fn candidates(conn: &Connection, part: &str, bounds: (i64, i64)) -> rusqlite::Result<Vec<Beginning>> {
    let most = i64::try_from(MOST_ALERTS).unwrap_or(i64::MAX);
    let rules: Vec<String> = Rule::all().map(|rule| format!("'{rule}'")).collect();
    conn.prepare_cached(&format!(
        "SELECT alert.id, metric_name, rule, first_ms, incident_id FROM perftop_alert AS alert
         LEFT JOIN perftop_incident ON alert_id = alert.id
         WHERE severity >= ?3 AND first_sample_id > 0 AND ?2 IS NOT NULL AND rule IN ({}) AND {part} LIMIT ?4",
        rules.join(", ")
    ))?
    .query_map((bounds.0, bounds.1, Severity::Warning.level(), most), beginning)?
    .collect()
}

fn beginning(row: &Row<'_>) -> rusqlite::Result<Beginning> {
    let first_ms = row.get(3)?;
    Ok(Beginning {
        alert_id: row.get(0)?,
        metric: row.get(1)?,
        rule: word(row, 2, |word| word.parse().ok())?,
        first_ms,
        evidence_ms: first_ms,
        incident_id: row.get(4)?,
        points: Vec::new(),
    })
}

/// The samples around an alert, from farther away where there are few.
fn samples(conn: &Connection, alert: &Beginning, rest: &[Point]) -> rusqlite::Result<Vec<Point>> {
    let metric = MetricRef::find(conn, &alert.metric)?;
    let is_before = |point: &Point| point.timestamp_ms <= alert.first_ms;
    let mut points = Vec::new();
    for reach_ms in REACHES_MS {
        let lasted_ms = alert.first_ms.saturating_sub(alert.evidence_ms);
        let range = TimeRange {
            from_ms: alert.evidence_ms.saturating_sub(reach_ms.max(lasted_ms.saturating_mul(2))),
            until_ms: alert.first_ms.saturating_add(reach_ms),
        };
        points.clear();
        if let Some(metric) = &metric {
            metric.read_hours(conn, hour::hours_in(range), &mut points)?;
        }
        points.extend(rest);
        reader::cut(&mut points, range);
        if points.iter().filter(|point| is_before(point)).count() >= FEW_SAMPLES {
            break;
        }
    }
    let at = points.partition_point(is_before);
    points.truncate(at + MOST_SAMPLES);
    points.drain(..at.saturating_sub(MOST_SAMPLES));
    Ok(points)
}

fn incident_of(conn: &Connection, alert_id: i64) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT incident_id FROM perftop_incident WHERE alert_id = ?1")?
        .query_row([alert_id], |row| row.get(0))
        .optional()
}

/// Says of alerts which incident they are in.
pub(super) fn name(conn: &Connection, alerts: &mut [Alert]) -> rusqlite::Result<()> {
    if alerts.is_empty() || !schema::has_incidents(conn)? {
        return Ok(());
    }
    let mut read: HashMap<i64, Arc<Incident>> = HashMap::new();
    for alert in alerts {
        let Some(id) = incident_of(conn, alert.id)? else { continue };
        let incident = match read.get(&id) {
            Some(known) => Arc::clone(known),
            None => Arc::new(incident(conn, id)?),
        };
        alert.incident = Some(Arc::clone(&incident));
        read.insert(id, incident);
    }
    Ok(())
}

/// An incident by its number.
fn incident(conn: &Connection, id: i64) -> rusqlite::Result<Incident> {
    let rows: Vec<(Companion, f64)> = conn
        .prepare_cached(
            "SELECT alert_id, metric_name, rule, onset_ms, recovered_at IS NULL, chance FROM perftop_incident
             JOIN perftop_alert ON perftop_alert.id = alert_id WHERE incident_id = ?1
             ORDER BY onset_ms, chance DESC, alert_id",
        )?
        .query_map([id], |row| {
            let companion = Companion {
                alert_id: row.get(0)?,
                metric: row.get(1)?,
                rule: word(row, 2, |word| word.parse().ok())?,
                onset_ms: row.get(3)?,
                is_open: row.get(4)?,
            };
            Ok((companion, row.get(5)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let certainty = rows.first().map_or(0.0, |(_, chance)| *chance);
    Ok(Incident::new(id, certainty, rows.into_iter().map(|(companion, _)| companion).collect()))
}
