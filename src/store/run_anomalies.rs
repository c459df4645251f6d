//! Anomalies among runs: which runs wait to be judged, what was found of them, what became of it.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::schema::State;
use super::{Store, StoreError, schema};
use crate::model::{RecordedRunAnomaly, RunAnomaly, RunAnomalyState, RunJudgement, RunRule};

const COLUMNS: &str = "id, run_id, module, metric, rules, value, average, deviation_percent, threshold_percent, \
                       limit_value, at_ms, state, settled_ms";

/// Runs that were recorded and not judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnjudgedRuns {
    /// They come after this run
    pub after_id: i64,
    /// and up to this one.
    pub up_to_id: i64,
    /// Whose they are, and how many each has.
    pub modules: Vec<(Arc<str>, usize)>,
}

impl UnjudgedRuns {
    /// Whether a run is one of them.
    #[must_use]
    pub const fn contains(&self, run_id: i64) -> bool {
        self.after_id < run_id && run_id <= self.up_to_id
    }
}

impl Store {
    /// The runs that wait to be judged.
    pub fn unjudged_runs(&self) -> Result<UnjudgedRuns, StoreError> {
        self.read("look for new runs", |conn| {
            if !schema::has_runs(conn)? {
                return Ok(UnjudgedRuns::default());
            }
            let after_id = State::RunsJudgedUpTo.get(conn)?.unwrap_or(0);
            let up_to_id = conn
                .prepare_cached("SELECT id FROM perftop_run ORDER BY id DESC LIMIT 1")?
                .query_row([], |row| row.get(0))
                .optional()?
                .map_or(after_id, |newest: i64| newest.max(after_id));
            let modules = conn
                .prepare_cached(
                    "SELECT module, count(*) FROM perftop_run WHERE id > ?1 AND id <= ?2 AND module <> '' GROUP BY module ORDER BY min(id)",
                )?
                .query_map((after_id, up_to_id), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs() as usize)))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(UnjudgedRuns { after_id, up_to_id, modules })
        })
    }

    /// Records what was found of these runs, each once, and what became of earlier anomalies, and that they are judged.
    /// Answers whether it did: somebody else may have judged them meanwhile.
    pub fn record_judgements(
        &mut self,
        unjudged: &UnjudgedRuns,
        judgements: &[RunJudgement],
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.write("record anomalies of runs", |transaction| {
            if State::RunsJudgedUpTo.get(transaction)?.unwrap_or(0) != unjudged.after_id {
                return Ok(false);
            }
            for judgement in judgements {
                // What is over first: the same metric may be unusual in another way.
                for (metrics, state) in
                    [(&judgement.recovered, RunAnomalyState::Recovered), (&judgement.lasting, RunAnomalyState::Lasting)]
                {
                    metrics.iter().try_for_each(|metric| settle(transaction, judgement, metric, state))?;
                }
                for anomaly in &judgement.anomalies {
                    insert(transaction, anomaly, now_ms)?;
                }
                for anomaly in judgement.ongoing.iter().filter(|anomaly| anomaly.is_counted()) {
                    count_on(transaction, anomaly)?;
                }
            }
            State::RunsJudgedUpTo.set(transaction, unjudged.up_to_id)?;
            Ok(true)
        })
    }

    /// Anomalies of runs that were over at or after `since_ms`, the newest first; of one module only when it is named.
    pub fn run_anomalies(
        &self,
        module: Option<&str>,
        since_ms: i64,
        limit: usize,
    ) -> Result<Vec<RecordedRunAnomaly>, StoreError> {
        self.read("read anomalies of runs", |conn| {
            if !schema::has_runs(conn)? {
                return Ok(Vec::new());
            }
            conn.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM perftop_run_anomaly WHERE at_ms >= ?2 AND (?1 IS NULL OR module = ?1)
                 ORDER BY at_ms DESC, id DESC LIMIT ?3"
            ))?
            .query_map((module, since_ms, i64::try_from(limit).unwrap_or(i64::MAX)), read)?
            .collect()
        })
    }

    /// Anomalies that are open, the newest first, of modules that were run at or after `since_ms`.
    pub fn open_run_anomalies(&self, since_ms: i64, limit: usize) -> Result<Vec<RecordedRunAnomaly>, StoreError> {
        self.read("read anomalies of runs", |conn| {
            if !schema::has_runs(conn)? {
                return Ok(Vec::new());
            }
            conn.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM perftop_run_anomaly AS anomaly WHERE state = 'open' AND EXISTS
                   (SELECT 1 FROM perftop_run WHERE perftop_run.module = anomaly.module AND started_ms >= ?1)
                 ORDER BY at_ms DESC, id DESC LIMIT ?2"
            ))?
            .query_map((since_ms, i64::try_from(limit).unwrap_or(i64::MAX)), read)?
            .collect()
        })
    }
}

/// A row of ours, and one that every program sees.
fn insert(conn: &Connection, anomaly: &RunAnomaly, now_ms: i64) -> rusqlite::Result<()> {
    let rules = anomaly.rules.iter().map(|rule| rule.as_str()).collect::<Vec<_>>().join(",");
    let inserted = conn
        .prepare_cached(
            "INSERT INTO perftop_run_anomaly (run_id, module, metric, rules, value, average, deviation_percent,
               threshold_percent, limit_value, at_ms, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'open') ON CONFLICT (run_id, metric) DO NOTHING",
        )?
        .execute(rusqlite::params![
            anomaly.run_id,
            anomaly.module,
            anomaly.metric,
            rules,
            anomaly.value,
            anomaly.average,
            anomaly.deviation_percent,
            anomaly.threshold_percent,
            anomaly.limit,
            anomaly.at_ms,
        ])?;
    if inserted == 1 {
        conn.prepare_cached(
            "INSERT INTO spc_anomalies (metric_name, sample_value, rule_description, detected_at, severity)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            &*anomaly.metric_name(),
            anomaly.value,
            format!("{rules}: {}", anomaly.told()),
            now_ms,
            anomaly.severity().level(),
        ))?;
    }
    Ok(())
}

/// The row of an anomaly tells what is counted as of the newest run; which run was the first of them it tells still.
fn count_on(conn: &Connection, anomaly: &RunAnomaly) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE perftop_run_anomaly SET value = ?1, average = ?2, deviation_percent = ?3, limit_value = ?4
         WHERE module = ?5 AND metric = ?6 AND state = 'open' AND at_ms <= ?7",
    )?
    .execute(rusqlite::params![
        anomaly.value,
        anomaly.average,
        anomaly.deviation_percent,
        anomaly.limit,
        anomaly.module,
        anomaly.metric,
        anomaly.at_ms,
    ])?;
    Ok(())
}

fn settle(conn: &Connection, judgement: &RunJudgement, metric: &str, state: RunAnomalyState) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE perftop_run_anomaly SET state = ?1, settled_ms = ?2
         WHERE module = ?3 AND metric = ?4 AND state = 'open' AND at_ms <= ?2",
    )?
    .execute((state.as_str(), judgement.at_ms, &judgement.module, metric))?;
    Ok(())
}

/// What cannot be read, because another program wrote it, is as if it had not been said.
fn read(row: &Row<'_>) -> rusqlite::Result<RecordedRunAnomaly> {
    let (rules, state): (String, String) = (row.get(4)?, row.get(11)?);
    Ok(RecordedRunAnomaly {
        id: row.get(0)?,
        anomaly: RunAnomaly {
            run_id: row.get(1)?,
            module: row.get(2)?,
            metric: row.get(3)?,
            rules: rules.split(',').filter_map(RunRule::from_word).collect(),
            value: row.get(5)?,
            average: row.get(6)?,
            deviation_percent: row.get(7)?,
            threshold_percent: row.get(8)?,
            limit: row.get(9)?,
            at_ms: row.get(10)?,
        },
        state: RunAnomalyState::from_word(&state).unwrap_or(RunAnomalyState::Open),
        settled_ms: row.get(12)?,
    })
}
