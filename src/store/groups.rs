//! All series at once: metrics in groups small enough to hold, each group hour by hour in the order in which the
//! tables lie on the disk.

use std::ops::{Range, RangeInclusive};

use rusqlite::Connection;

use super::dense::DENSE_SAMPLES;
use super::hour;
use super::part::{FromStored, MetricRef};
use super::schema;

/// Values that a group of metrics holds in memory, unless one of them alone holds more. Fewer are gentler on the
/// memory of a program that stays, more make for fewer and longer stretches of the file.
pub(super) const SMALL_GROUP: u64 = 100_000;
pub(super) const LARGE_GROUP: u64 = 3_000_000;

/// A metric that has rolled up samples.
#[derive(Debug, Clone)]
pub(super) struct Rolled {
    pub id: i64,
    pub name: String,
    /// Samples of it.
    pub n: u64,
    pub first_hour: i64,
    pub last_hour: i64,
}

impl Rolled {
    /// About how many of its samples lie in some hours, as if they were spread evenly.
    pub(super) fn samples_in(&self, hours: &RangeInclusive<i64>) -> u64 {
        let count = |first: i64, last: i64| (i128::from(last) - i128::from(first) + 1).max(0);
        let inside = count(self.first_hour.max(*hours.start()), self.last_hour.min(*hours.end()));
        let share = i128::from(self.n) * inside / count(self.first_hour, self.last_hour).max(1);
        u64::try_from(share).unwrap_or(0)
    }

    /// About how many samples an hour it has, as if they were spread evenly.
    fn samples_an_hour(&self) -> u64 {
        let hours = i128::from(self.last_hour) - i128::from(self.first_hour) + 1;
        u64::try_from(i128::from(self.n) / hours.max(1)).unwrap_or(u64::MAX)
    }

    /// Whether most of its hours have a short form.
    pub(super) fn is_dense(&self) -> bool {
        self.samples_an_hour() > DENSE_SAMPLES
    }

    pub(super) fn as_ref(&self) -> MetricRef<'_> {
        MetricRef { id: self.id, name: &self.name }
    }
}

/// The metrics that have rolled up samples, in the order of the tables.
pub(super) fn rolled(conn: &Connection) -> rusqlite::Result<Vec<Rolled>> {
    if !schema::has_derived(conn)? {
        return Ok(Vec::new());
    }
    conn.prepare_cached("SELECT id, name, n, first_ms, last_ms FROM perftop_metric WHERE n > 0 ORDER BY id")?
        .query_map([], |row| {
            Ok(Rolled {
                id: row.get(0)?,
                name: row.get(1)?,
                n: row.get::<_, i64>(2)?.cast_unsigned(),
                first_hour: row.get::<_, Option<i64>>(3)?.map_or(i64::MIN, hour::hour_of),
                last_hour: row.get::<_, Option<i64>>(4)?.map_or(i64::MAX, hour::hour_of),
            })
        })?
        .collect()
}

/// Cuts neighbours into groups that hold no more than `most` together, unless one of them alone does.
pub(super) fn cut(held: &[u64], most: u64) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut sum = 0;
    for (at, held) in held.iter().enumerate() {
        sum += held;
        if let Some(group) = groups.last_mut().filter(|_| sum <= most) {
            group.end = at + 1;
        } else {
            groups.push(at..at + 1);
            sum = *held;
        }
    }
    groups
}

/// Visits the parts of an hour of a group, by metric (its index in the group) and part.
pub(super) fn visit_parts(
    conn: &Connection,
    group: &[Rolled],
    hour: i64,
    visit: &mut dyn FnMut(usize, &[u8]) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    visit_rows(
        conn,
        "SELECT metric_id, data FROM perftop_chunk WHERE hour = ?1 AND metric_id BETWEEN ?2 AND ?3
         ORDER BY metric_id, part",
        group,
        hour,
        visit,
    )
}

/// Visits the short forms of an hour of a group, by metric (its index in the group).
pub(super) fn visit_dense(
    conn: &Connection,
    group: &[Rolled],
    hour: i64,
    visit: &mut dyn FnMut(usize, &[u8]) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    visit_rows(
        conn,
        "SELECT metric_id, data FROM perftop_dense WHERE hour = ?1 AND metric_id BETWEEN ?2 AND ?3 ORDER BY metric_id",
        group,
        hour,
        visit,
    )
}

/// Visits the short forms of a day of a group, by metric (its index in the group).
pub(super) fn visit_days(
    conn: &Connection,
    group: &[Rolled],
    day: i64,
    visit: &mut dyn FnMut(usize, &[u8]) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    visit_rows(
        conn,
        "SELECT metric_id, data FROM perftop_day WHERE day = ?1 AND metric_id BETWEEN ?2 AND ?3 AND data IS NOT NULL
         ORDER BY metric_id",
        group,
        day,
        visit,
    )
}

fn visit_rows(
    conn: &Connection,
    sql: &str,
    group: &[Rolled],
    key: i64,
    visit: &mut dyn FnMut(usize, &[u8]) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return Ok(()) };
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query((key, first.id, last.id))?;
    let mut at = 0;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        at += group[at..].iter().take_while(|metric| metric.id < id).count();
        if group.get(at).is_some_and(|metric| metric.id == id) {
            visit(at, row.get_ref(1)?.as_bytes().unwrap_or_default())?;
        }
    }
    Ok(())
}

/// Visits every metric with its samples in these hours, by hour and within it by part.
pub(super) fn visit_series<T: FromStored>(
    conn: &Connection,
    hours: RangeInclusive<i64>,
    visit: &mut dyn FnMut(&Rolled, Vec<T>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let metrics = rolled(conn)?;
    let whole = hours.clone();
    let hours = hour::existing(conn, hours)?;
    let held: Vec<u64> = metrics.iter().map(|metric| metric.samples_in(&whole)).collect();
    for group in cut(&held, SMALL_GROUP) {
        let group = &metrics[group];
        let mut series: Vec<Vec<T>> = group.iter().map(|_| Vec::new()).collect();
        for &hour in &hours {
            read_hour(conn, group, hour, &mut series)?;
        }
        for (metric, samples) in group.iter().zip(series) {
            visit(metric, samples)?;
        }
    }
    Ok(())
}

/// Appends the samples of an hour to each series of a group.
pub(super) fn read_hour<T: FromStored>(
    conn: &Connection,
    group: &[Rolled],
    hour: i64,
    series: &mut [Vec<T>],
) -> rusqlite::Result<()> {
    // The metric whose hour was found to be damaged and is read from the log already.
    let mut done = None;
    // The metric of the part before, and where its hour begins.
    let mut begin = (usize::MAX, 0);
    visit_parts(conn, group, hour, &mut |at, data| {
        let out = &mut series[at];
        if begin.0 != at {
            begin = (at, out.len());
        }
        if done == Some(at) {
            return Ok(());
        }
        let Err(error) = T::decode(hour::start_ms(hour), data, out) else { return Ok(()) };
        done = Some(at);
        out.truncate(begin.1);
        group[at].as_ref().read_damaged(conn, hour, error, out)
    })
}
