//! What is normal, written for other programs to read.

use rusqlite::Row;

use super::{Store, StoreError, schema};
use crate::model::{Baseline, MetricName, Window};

/// A row of `performance_baselines`. Other programs may write there too, so the window is any word.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredBaseline {
    /// The metric.
    pub metric: MetricName,
    /// The window's word, such as `24h`.
    pub window: String,
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation.
    pub std_dev: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Number of samples.
    pub sample_count: u64,
    /// When it was written: ms since the Unix epoch.
    pub last_updated_ms: i64,
}

impl Store {
    /// Writes baselines over those of the same metric and window. One that is not a finite number all
    /// through, as sums of the largest numbers can become, is left out.
    pub fn write_baselines(&mut self, rows: &[(MetricName, Window, Baseline)], now_ms: i64) -> Result<(), StoreError> {
        self.write("store baselines", |transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO performance_baselines
                   (metric_name, window_size, mean, std_dev, p95, p99, sample_count, last_updated)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (metric_name, window_size) DO UPDATE SET
                   mean = excluded.mean, std_dev = excluded.std_dev, p95 = excluded.p95, p99 = excluded.p99,
                   sample_count = excluded.sample_count, last_updated = excluded.last_updated",
            )?;
            for (metric, window, baseline) in rows {
                let Baseline { count, mean, std_dev, p95, p99, .. } = *baseline;
                if [mean, std_dev, p95, p99].iter().all(|number| number.is_finite()) {
                    let count = count.cast_signed();
                    statement.execute((&**metric, window.as_str(), mean, std_dev, p95, p99, count, now_ms))?;
                }
            }
            Ok(())
        })
    }

    /// The stored baselines, by metric and window; of one metric only when it is named. Rows of other programs that
    /// are none, with text where a number should be, are passed over.
    pub fn baselines(&self, metric: Option<&str>) -> Result<Vec<StoredBaseline>, StoreError> {
        self.read("read baselines", |conn| {
            if !schema::has_table(conn, "performance_baselines")? {
                return Ok(Vec::new());
            }
            conn.prepare_cached(
                "SELECT metric_name, window_size, mean, std_dev, p95, p99, sample_count, last_updated
                 FROM performance_baselines WHERE ?1 IS NULL OR metric_name = ?1 ORDER BY metric_name, window_size",
            )?
            .query_map([metric], |row| Ok(read(row).ok()))?
            .filter_map(Result::transpose)
            .collect()
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredBaseline> {
    Ok(StoredBaseline {
        metric: row.get(0)?,
        window: row.get(1)?,
        mean: row.get(2)?,
        std_dev: row.get(3)?,
        p95: row.get(4)?,
        p99: row.get(5)?,
        sample_count: row.get::<_, i64>(6)?.cast_unsigned(),
        last_updated_ms: row.get(7)?,
    })
}
