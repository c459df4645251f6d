//! Runs: each with its samples in the log, in one transaction, and the newest of each module kept.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use rusqlite::{Connection, Row};
use serde::Deserialize;

use super::{Store, StoreError, schema};
use crate::model::{Environment, NewRun, NewSample, Phase, Run, RunExit};

const COLUMNS: &str = "id, module, run_key, batch, started_ms, ended_ms, exit_code, signal, source, commit_hash, \
                       environment, tags, measures, phases";

/// How often a module was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleRuns {
    /// Its name.
    pub module: Arc<str>,
    /// Runs that are kept.
    pub count: u64,
    /// When the newest began: ms since the Unix epoch.
    pub newest_ms: i64,
}

impl Store {
    /// Records runs that are not recorded yet, with their samples, and of each module keeps the newest `keep`. Answers how
    /// many were new.
    pub fn record_runs(&mut self, runs: &[NewRun], keep: usize, now_ms: i64) -> Result<usize, StoreError> {
        self.record_with(runs, &[], keep, now_ms)
    }

    /// Records a run, unless it is there already, with samples that came with it: all or nothing. Answers whether it was
    /// new.
    pub fn record_run_with(
        &mut self,
        run: &NewRun,
        samples: &[NewSample],
        keep: usize,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.record_with(std::slice::from_ref(run), samples, keep, now_ms).map(|new| new == 1)
    }

    fn record_with(
        &mut self,
        runs: &[NewRun],
        beside: &[NewSample],
        keep: usize,
        now_ms: i64,
    ) -> Result<usize, StoreError> {
        let mut new = 0;
        self.append_after(now_ms, "store runs", |transaction| {
            let mut samples: Vec<NewSample> = Vec::new();
            for run in runs {
                if insert(transaction, run)? {
                    new += 1;
                    samples.extend(run.samples());
                }
            }
            for module in runs.iter().map(|run| &*run.module).collect::<BTreeSet<_>>() {
                forget_old(transaction, module, keep)?;
            }
            if new > 0 {
                samples.extend_from_slice(beside);
            }
            Ok(Some(samples))
        })?;
        Ok(new)
    }

    /// The modules that have runs, by name.
    pub fn modules(&self) -> Result<Vec<ModuleRuns>, StoreError> {
        self.read("read runs", |conn| {
            if !schema::has_runs(conn)? {
                return Ok(Vec::new());
            }
            conn.prepare_cached(
                "SELECT module, count(*), max(started_ms) FROM perftop_run WHERE module <> '' GROUP BY module ORDER BY module",
            )?
            .query_map([], |row| {
                let count = row.get::<_, i64>(1)?.unsigned_abs();
                Ok(ModuleRuns { module: row.get(0)?, count, newest_ms: row.get(2)? })
            })?
            .collect()
        })
    }

    /// The module of which a metric is a measure: of several whose names fit, the longest.
    pub fn module_of(&self, metric: &str) -> Result<Option<Arc<str>>, StoreError> {
        self.read("read runs", |conn| {
            if !schema::has_runs(conn)? {
                return Ok(None);
            }
            let mut has_runs = conn.prepare_cached("SELECT 1 FROM perftop_run WHERE module = ?1")?;
            for (end, _) in metric.rmatch_indices('.').filter(|&(end, _)| end > 0) {
                if has_runs.exists([&metric[..end]])? {
                    return Ok(Some(metric[..end].into()));
                }
            }
            Ok(None)
        })
    }

    /// The newest runs of a module, the oldest of them first; at most `last`.
    pub fn runs(&self, module: &str, last: usize) -> Result<Vec<Run>, StoreError> {
        self.read("read runs", |conn| {
            if !schema::has_runs(conn)? {
                return Ok(Vec::new());
            }
            let last = i64::try_from(last).unwrap_or(i64::MAX);
            let mut known = Known::default();
            let mut runs = conn
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM perftop_run WHERE module = ?1 ORDER BY started_ms DESC, id DESC LIMIT ?2"
                ))?
                .query_map((module, last), |row| read(row, &mut known))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            runs.reverse();
            Ok(runs)
        })
    }
}

/// Whether the run was not there before.
fn insert(conn: &Connection, run: &NewRun) -> rusqlite::Result<bool> {
    let (code, signal) = match run.exit {
        RunExit::Code(code) => (Some(code), None),
        RunExit::Signal(signal) => (None, Some(signal)),
        RunExit::TimedOut => (None, None),
    };
    let inserted = conn
        .prepare_cached(
            "INSERT INTO perftop_run (module, run_key, batch, started_ms, ended_ms, exit_code, signal, source,
               commit_hash, environment, tags, measures, phases)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (run_key) DO NOTHING",
        )?
        .execute(rusqlite::params![
            run.module,
            run.key,
            run.batch,
            run.started_ms,
            run.ended_ms,
            code,
            signal,
            run.source,
            run.commit,
            run.environment.as_ref().map(json),
            json(&run.tags),
            json(&run.measures),
            json(&run.phases),
        ])?;
    Ok(inserted == 1)
}

/// Forgets all but the newest runs. Of one that came from a file the key stays, with no module: the file may come again.
fn forget_old(conn: &Connection, module: &str, keep: usize) -> rusqlite::Result<()> {
    const OLD: &str = "module = ?1 AND id IN
       (SELECT id FROM perftop_run WHERE module = ?1 ORDER BY started_ms DESC, id DESC LIMIT -1 OFFSET ?2)";
    let keep = i64::try_from(keep).unwrap_or(i64::MAX);
    conn.prepare_cached(&format!(
        "UPDATE perftop_run SET module = '', batch = '', source = '', commit_hash = NULL, environment = NULL, tags = '{{}}',
           measures = '{{}}', phases = '[]' WHERE run_key GLOB 'file:*' AND {OLD}"
    ))?
    .execute((module, keep))?;
    conn.prepare_cached(&format!("DELETE FROM perftop_run WHERE {OLD}"))?.execute((module, keep))?;
    Ok(())
}

/// What most rows have in common is made once.
#[derive(Default)]
struct Known {
    /// Where the newest row took place, as its text says.
    environment: (String, Option<Environment>),
    /// Names of phases.
    names: HashSet<Arc<str>>,
}

/// A phase as its text has it.
#[derive(Deserialize)]
struct WrittenPhase<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    duration_ms: f64,
}

impl Known {
    fn environment(&mut self, text: &str) -> Option<Environment> {
        if self.environment.0 != text {
            self.environment = (text.to_owned(), serde_json::from_str(text).ok());
        }
        self.environment.1.clone()
    }

    fn phases(&mut self, text: &str) -> Vec<Phase> {
        let written: Vec<WrittenPhase<'_>> = serde_json::from_str(text).unwrap_or_default();
        let phase = |WrittenPhase { name, duration_ms }: WrittenPhase<'_>| {
            let name = if let Some(name) = self.names.get(&*name) {
                Arc::clone(name)
            } else {
                let name: Arc<str> = name.into();
                self.names.insert(Arc::clone(&name));
                name
            };
            Phase { name, duration_ms }
        };
        written.into_iter().map(phase).collect()
    }
}

/// What cannot be read, because another program wrote it, is as if it had not been said.
fn read(row: &Row<'_>, known: &mut Known) -> rusqlite::Result<Run> {
    let (code, signal): (Option<i32>, Option<i32>) = (row.get(6)?, row.get(7)?);
    let run = NewRun {
        module: row.get(1)?,
        key: row.get(2)?,
        batch: row.get(3)?,
        started_ms: row.get(4)?,
        ended_ms: row.get(5)?,
        exit: match (code, signal) {
            (Some(code), _) => RunExit::Code(code),
            (None, Some(signal)) => RunExit::Signal(signal),
            (None, None) => RunExit::TimedOut,
        },
        source: row.get(8)?,
        commit: row.get(9)?,
        environment: row.get_ref(10)?.as_str_or_null()?.and_then(|text| known.environment(text)),
        tags: parsed(row, 11)?,
        measures: parsed(row, 12)?,
        phases: known.phases(row.get_ref(13)?.as_str()?),
    };
    Ok(Run { id: row.get(0)?, run })
}

fn parsed<T: Default + serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    Ok(serde_json::from_str(row.get_ref(column)?.as_str()?).unwrap_or_default())
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
