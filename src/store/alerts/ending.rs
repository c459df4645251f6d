//! The ends of alerts: told by a detector, or known by samples that were quiet for long enough.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension};

use super::row::{load, word};
use crate::model::{Alert, Ending, Point, Recovery, Rule, TimeRange};
use crate::store::schema::{self, State};
use crate::store::{Store, StoreError, log, reader};

/// What a detector found is over after so long without a finding, if it does not say so itself.
const FORGOTTEN_MS: i64 = 7 * 86_400_000;

impl Store {
    /// Ends the open alerts whose metric has behaved since: it has judged samples that are newer than the
    /// alert's last one by `cooldown_ms` or more. Silence ends nothing, but where all samples were deleted nothing is known
    /// any more. Answers them; takes no lock when there is none.
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
    /// The newest sample that is rolled up, and how many there are; `None` when none ever was.
    rolled_ms: Option<i64>,
    rolled: Option<i64>,
}

/// Open alerts that are over, and how. A sample from the future counts as one from now.
fn quiet(conn: &Connection, cooldown_ms: i64, now_ms: i64) -> rusqlite::Result<BTreeMap<i64, Ending>> {
    if !schema::has_derived(conn)? {
        return Ok(BTreeMap::new());
    }
    let open: Vec<Open> = conn
        .prepare_cached(
            "SELECT alert.id, metric_name, alert.last_ms, metric.last_ms, rule, metric.n FROM perftop_alert AS alert
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
            let (rolled_ms, rolled) = (row.get(3)?, row.get(5)?);
            Ok(Open { id: row.get(0)?, ending, metric: row.get(1)?, until_ms, rolled_ms, rolled })
        })?
        .collect::<rusqlite::Result<_>>()?;
    if open.is_empty() {
        return Ok(BTreeMap::new());
    }
    let judged = State::JudgedUpTo.get(conn)?.unwrap_or(0);
    let rolled = log::rolled_up_to(conn)?;
    let mut newest: HashMap<String, i64> = HashMap::new();
    let mut waiting: HashSet<String> = HashSet::new();
    log::visit_after(conn, rolled, usize::MAX, |id, row| {
        let Some(row) = row else { return };
        if id > judged {
            if !waiting.contains(row.metric) {
                waiting.insert(row.metric.to_owned());
            }
        } else {
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
    // Nothing more will be heard of what was deleted.
    let is_gone =
        |open: &Open| open.rolled == Some(0) && !newest.contains_key(&open.metric) && !waiting.contains(&open.metric);
    let ending = |open: Open| {
        let ending = if is_gone(&open) { Some(Ending::Forgotten) } else { is_over(&open).then_some(open.ending) };
        Some((open.id, ending?))
    };
    Ok(open.into_iter().filter_map(ending).collect())
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
pub(super) fn end(conn: &Connection, recovery: &Recovery, now_ms: i64) -> rusqlite::Result<()> {
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
