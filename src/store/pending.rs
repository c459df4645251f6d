//! Rows of the log that follow the watermark, held in memory until they are rolled up: what this connection
//! has appended itself need not be read back.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use rusqlite::Connection;

use super::hour;
use super::log::{self, Ends, LogRow};
use crate::model::{MetricName, NewSample, Point};

/// A sample, with its metric and context as indexes into the lists of [`Pending`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub id: i64,
    pub metric: u32,
    pub context: u32,
    pub point: Point,
}

/// The samples of an hour of a metric, in the order of arrival.
#[derive(Debug)]
pub(super) struct HourRows {
    pub hour: i64,
    pub metric: u32,
    pub rows: Vec<Row>,
}

/// What one transaction rolls up costs at most this much, in samples: it holds the write lock for about 10 ms.
const STEP_COST: usize = 40_000;
/// What an hour of a metric costs beside its samples: 12 us if it is new, 30 if it is added to; a sample costs 0.25.
const HOUR_COST: usize = 50;

/// The rows of the log from one id to another.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// They follow this row.
    after_id: i64,
    /// How often unrolled rows had been changed when the first of them was looked at.
    changes: i64,
    /// The last one; a row that is no sample counts too.
    last_id: i64,
    rows: Vec<Row>,
    /// Where steps end that are as long as they may be.
    step_ends: VecDeque<usize>,
    /// What rolling up the rows after them costs, and the last hour of each metric there.
    cost: usize,
    last_hours: Vec<i64>,
    metrics: Texts,
    contexts: Texts,
}

/// Texts, each held once.
#[derive(Debug, Default)]
struct Texts {
    list: Vec<Arc<str>>,
    index: HashMap<Arc<str>, u32, foldhash::fast::RandomState>,
}

impl Texts {
    fn index(&mut self, text: &str, share: impl FnOnce() -> Arc<str>) -> u32 {
        if let Some(&index) = self.index.get(text) {
            return index;
        }
        let (index, text) = (self.list.len() as u32, share());
        self.list.push(Arc::clone(&text));
        self.index.insert(text, index);
        index
    }
}

impl Pending {
    /// Nothing yet, after the watermark.
    pub(super) fn after(ends: Ends) -> Self {
        let Ends { rolled_up_to, changes, .. } = ends;
        let mut pending = Self { after_id: rolled_up_to, last_id: rolled_up_to, changes, ..Self::default() };
        // The first context is the missing one.
        pending.contexts.index("", Arc::default);
        pending
    }

    /// Up to `max` rows of the log after the watermark.
    pub(super) fn read(conn: &Connection, max: usize) -> rusqlite::Result<Self> {
        let ends = log::ends(conn)?;
        let mut pending = Self::after(ends);
        log::visit_after(conn, ends.rolled_up_to, max, |id, row| pending.add(id, row))?;
        Ok(pending)
    }

    /// Takes in the rows after the last one, up to a row that may be missing.
    pub(super) fn read_on(&mut self, conn: &Connection, up_to_id: i64) -> rusqlite::Result<()> {
        if self.last_id < up_to_id {
            log::visit_between(conn, self.last_id + 1, up_to_id, &mut |id, row| self.add(id, row))?;
            self.last_id = up_to_id;
        }
        Ok(())
    }

    fn add(&mut self, id: i64, row: Option<LogRow<'_>>) {
        self.last_id = id;
        let Some(row) = row else { return };
        let metric = self.metrics.index(row.metric, || row.metric.into());
        let context = row.context.map_or(0, |text| self.contexts.index(text, || text.into()));
        self.push(Row { id, metric, context, point: row.point() });
    }

    fn push(&mut self, row: Row) {
        let (metric, hour) = (row.metric as usize, hour::hour_of(row.point.timestamp_ms));
        if self.last_hours.len() <= metric {
            self.last_hours.resize(metric + 1, i64::MIN);
        }
        self.cost += 1 + if self.last_hours[metric] == hour { 0 } else { HOUR_COST };
        self.last_hours[metric] = hour;
        self.rows.push(row);
        if self.cost >= STEP_COST {
            self.step_ends.push_back(self.rows.len());
            self.cost = 0;
            self.last_hours.clear();
        }
    }

    /// Takes in a batch that was appended right after the last row.
    pub(super) fn extend(&mut self, batch: &[NewSample]) {
        self.rows.reserve(batch.len());
        for sample in batch {
            self.last_id += 1;
            let metric = self.metrics.index(&sample.metric, || MetricName::clone(&sample.metric));
            let context =
                sample.context_json.as_ref().map_or(0, |text| self.contexts.index(text, || Arc::from(&**text)));
            let point = sample.point();
            self.push(Row { id: self.last_id, metric, context, point });
        }
    }

    /// How many rows one transaction takes: a step that is as long as it may be, if there is one, or the rest.
    pub(super) fn step(&self) -> usize {
        self.full_step().unwrap_or(self.rows.len())
    }

    /// How many rows the first step takes that is as long as it may be.
    pub(super) fn full_step(&self) -> Option<usize> {
        self.step_ends.front().copied()
    }

    /// Goes on after a step. Lists of texts are kept while they are short: the same ones will follow.
    pub(super) fn pass(&mut self, step: usize, up_to_id: i64) {
        const KEPT_TEXTS: usize = 10_000;
        self.after_id = up_to_id;
        self.rows.drain(..step);
        self.step_ends.pop_front();
        self.step_ends.iter_mut().for_each(|end| *end -= step);
        if self.metrics.list.len().max(self.contexts.list.len()) > KEPT_TEXTS {
            self.drop_texts();
        }
    }

    /// Forgets texts that no row refers to.
    fn drop_texts(&mut self) {
        let ends = Ends { newest_id: self.last_id, rolled_up_to: self.after_id, changes: self.changes };
        let old = std::mem::replace(self, Self::after(ends));
        self.last_id = old.last_id;
        for row in old.rows {
            let share = |text: &Arc<str>| Arc::clone(text);
            let (metric, context) = (&old.metrics.list[row.metric as usize], &old.contexts.list[row.context as usize]);
            let metric = self.metrics.index(metric, || share(metric));
            let context = self.contexts.index(context, || share(context));
            self.push(Row { metric, context, ..row });
        }
    }

    /// Whether the rows are still those between the watermark and the last one.
    pub(super) const fn is_true(&self, ends: Ends) -> bool {
        self.after_id == ends.rolled_up_to && self.changes == ends.changes
    }

    pub(super) const fn last_id(&self) -> i64 {
        self.last_id
    }

    /// The samples among the rows, in the order of arrival.
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The samples of a step by hour, and within an hour by metric: nearly the order of the derived tables.
    pub(super) fn by_hour(&self, step: usize) -> Vec<HourRows> {
        let mut places: HashMap<(i64, u32), usize, foldhash::fast::RandomState> = HashMap::default();
        let mut hours: Vec<HourRows> = Vec::new();
        for row in &self.rows[..step] {
            let hour = hour::hour_of(row.point.timestamp_ms);
            let place = *places.entry((hour, row.metric)).or_insert_with(|| {
                hours.push(HourRows { hour, metric: row.metric, rows: Vec::new() });
                hours.len() - 1
            });
            hours[place].rows.push(*row);
        }
        hours.sort_unstable_by_key(|of_hour| (of_hour.hour, of_hour.metric));
        hours
    }

    /// The metrics that the rows refer to, and perhaps more.
    pub(super) fn metrics(&self) -> &[MetricName] {
        &self.metrics.list
    }

    /// The contexts that the rows refer to, and perhaps more; the first stands for none.
    pub(super) fn contexts(&self) -> &[Arc<str>] {
        &self.contexts.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(range: std::ops::Range<i64>) -> Vec<NewSample> {
        let sample = |at: i64| NewSample {
            metric: if at % 3 == 0 { "a".into() } else { "b".into() },
            value: at as f64,
            timestamp_ms: at,
            context_json: Some(format!("{{\"request\":{at}}}").into()),
        };
        range.map(sample).collect()
    }

    #[test]
    fn texts_of_rows_that_are_gone_are_forgotten_and_the_others_kept() {
        let mut pending = Pending::after(Ends { newest_id: 0, rolled_up_to: 0, changes: 0 });
        pending.extend(&samples(0..50_000));
        let step = pending.full_step().unwrap();
        pending.pass(step, step.cast_signed() as i64);
        assert_eq!(pending.rows().len(), 50_000 - step);
        assert_eq!(pending.contexts().len(), 50_000 - step + 1, "and the missing one");
        assert_eq!(pending.last_id(), 50_000);
        for row in pending.rows() {
            let at = row.point.timestamp_ms;
            assert_eq!(&*pending.metrics()[row.metric as usize], if at % 3 == 0 { "a" } else { "b" });
            assert_eq!(&*pending.contexts()[row.context as usize], format!("{{\"request\":{at}}}"));
            assert_eq!(row.id, at + 1);
        }
    }
}
