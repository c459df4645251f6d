//! Statistics of every series over windows: exact from the samples where a window holds few enough of them,
//! from the short forms of its hours where it holds more.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use rusqlite::Connection;

use super::day::{day_of, hours_of};
use super::dense;
use super::groups::{self, Rolled};
use super::hour::{self, HourRow};
use super::part::FromStored as _;
use super::{Store, StoreError, schema};
use crate::model::text::printable_short;
use crate::model::{Baseline, MetricName, Point, TimeRange};

use self::gather::{Gather, Need};
use self::read_ahead::ReadAhead;
use self::sums::Inconsistent;

mod gather;
mod read_ahead;
pub(super) mod spark;
mod sums;

/// Samples of a metric that a window may hold to be read one by one.
pub const EXACT_SAMPLES: u64 = 250_000;

/// Samples from which on a second thread is worth its start.
const WORTH_A_THREAD: u64 = 200_000;

/// The newest points of a series that are handed on.
pub(super) const RECENT: u64 = 65;

/// One series over one window.
#[derive(Debug, Clone)]
pub struct SeriesWindow {
    /// Of the window without its newest sample; with it where the window is not read one by one.
    pub baseline: Option<Baseline>,
    /// Means of equal stretches of the window, oldest first; `None` where there is no sample. Where they are
    /// shorter than what is stored of a dense hour, a stored stretch counts for the one its middle lies in.
    pub spark: Vec<Option<f64>>,
    /// The newest points of the window, oldest first: 65, or as many as there are.
    pub recent: Vec<Point>,
}

/// What is asked of every series.
#[derive(Debug, Clone, Copy)]
struct Request<'a> {
    ranges: &'a [TimeRange],
    /// Stretches of the first range for a sparkline; 0 for none.
    buckets: usize,
    exact_samples: u64,
}

impl Request<'_> {
    /// All of the ranges.
    fn reach(&self) -> TimeRange {
        TimeRange {
            from_ms: self.ranges.iter().map(|range| range.from_ms).min().unwrap_or(0),
            until_ms: self.ranges.iter().map(|range| range.until_ms).max().unwrap_or(0),
        }
    }
}

/// How much of the machine reading all series may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Little memory and one thread: for a program that stays.
    Background,
    /// Two threads: somebody waits for the answer.
    Foreground,
}

/// Which metrics are read, and how.
#[derive(Debug, Clone)]
struct Selection<'a> {
    /// The one of this name.
    only: Option<&'a str>,
    /// Those with such ids, and those that have none yet.
    ids: RangeInclusive<i64>,
    group_samples: u64,
}

impl Selection<'_> {
    const ALL: Self = Self { only: None, ids: i64::MIN..=i64::MAX, group_samples: groups::SMALL_GROUP };
}

/// Of each metric.
type Found<T> = BTreeMap<MetricName, T>;
/// Over each range.
type Baselines = Vec<Option<Baseline>>;

impl Store {
    /// Visits every metric, by name, with its baseline over each of the ranges; of one metric only when it is
    /// named. A range with more than `exact_samples` of a metric is summed up from sketches.
    pub fn visit_baselines(
        &self,
        metric: Option<&str>,
        ranges: &[TimeRange],
        exact_samples: u64,
        effort: Effort,
        visit: &mut dyn FnMut(&MetricName, &[Option<Baseline>]),
    ) -> Result<(), StoreError> {
        let request = Request { ranges, buckets: 0, exact_samples };
        let middle = match (effort, metric) {
            (Effort::Foreground, None) => self.read("read baselines of all series", middle)?,
            _ => None,
        };
        let baselines = match middle {
            Some(middle) => self.baselines_in_halves(request, middle)?,
            None => self.read_baselines(&Selection { only: metric, ..Selection::ALL }, request)?,
        };
        for (name, baselines) in &baselines {
            visit(name, baselines);
        }
        Ok(())
    }

    fn read_baselines(&self, selection: &Selection<'_>, request: Request<'_>) -> Result<Found<Baselines>, StoreError> {
        self.read("read baselines of all series", |conn| self.gather(conn, selection, request, Gather::baselines))
    }

    /// The metrics up to an id by this connection, those after it by another one beside it. A metric that is rolled up
    /// between their looks may be found by both.
    fn baselines_in_halves(&self, request: Request<'_>, middle: i64) -> Result<Found<Baselines>, StoreError> {
        let [lower, upper] = [i64::MIN..=middle, middle + 1..=i64::MAX].map(|ids| Selection {
            ids,
            group_samples: groups::LARGE_GROUP,
            ..Selection::ALL
        });
        let path = &self.path;
        let ahead = self.read_ahead(request);
        let ahead = ahead.inspect_err(|error| tracing::debug!("nothing is read ahead: {error}")).ok().flatten();
        std::thread::scope(|scope| {
            let beside = scope.spawn(move || Self::open_read(path)?.read_baselines(&upper, request));
            ahead.as_ref().map(|ahead| scope.spawn(|| ahead.run()));
            let mine = self.read_baselines(&lower, request);
            let theirs = beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let mut all = mine?;
            all.extend(theirs?);
            Ok(all)
        })
    }

    /// Where on the disk a request will read.
    fn read_ahead(&self, request: Request<'_>) -> Result<Option<ReadAhead>, StoreError> {
        self.read("read ahead", |conn| {
            let metrics = groups::rolled(conn)?;
            let ranges = || request.ranges.iter().map(|&range| hour::hours_in(range));
            // Whole days have a short form of their own.
            let edges = ranges().flat_map(|hours| [*hours.start(), *hours.end()]).map(|hour| hours_of(day_of(hour)));
            let dense = edges.filter(|_| metrics.iter().any(Rolled::is_dense)).map(|hours| ("perftop_dense", hours));
            // Of the ranges over which any metric is read sample by sample, from the first hour to the last.
            let parts = ranges()
                .filter(|hours| metrics.iter().any(|metric| metric.samples_in(hours) <= request.exact_samples))
                .reduce(|one, other| *one.start().min(other.start())..=*one.end().max(other.end()));
            let tables: Vec<_> = dense.chain(parts.map(|hours| ("perftop_chunk", hours))).collect();
            ReadAhead::begin(conn, &self.path, &hour::hours_in(request.reach()), &tables)
        })
    }

    /// Visits every metric, by name, with what a picture shows of it: a window cut into `buckets`.
    pub fn visit_windows(
        &self,
        range: TimeRange,
        buckets: usize,
        exact_samples: u64,
        visit: &mut dyn FnMut(&MetricName, SeriesWindow),
    ) -> Result<(), StoreError> {
        let request = Request { ranges: &[range], buckets, exact_samples };
        self.read("read all series", |conn| self.gather(conn, &Selection::ALL, request, Gather::window))?
            .into_iter()
            .for_each(|(name, window)| visit(&name, window));
        Ok(())
    }

    /// Gathers what is asked of every series, one group of metrics after the other.
    fn gather<T>(
        &self,
        conn: &Connection,
        selection: &Selection<'_>,
        request: Request<'_>,
        finish: impl Fn(&mut Gather) -> Result<T, Inconsistent>,
    ) -> rusqlite::Result<Found<T>> {
        let mut rest = self.unrolled(conn, selection.only)?;
        let mut metrics = groups::rolled(conn)?;
        metrics.retain(|metric| selection.only.is_none_or(|only| metric.name == only));
        for metric in metrics.extract_if(.., |metric| !selection.ids.contains(&metric.id)) {
            rest.remove(&*metric.name);
        }
        let hours = hour::existing(conn, hour::hours_in(request.reach()))?;
        let (mut done, mut spare) = (BTreeMap::new(), Vec::new());
        for group in groups::cut(&held(&metrics, request), selection.group_samples) {
            let group = &metrics[group];
            let rests: Vec<Vec<Point>> =
                group.iter().map(|metric| rest.remove(&*metric.name).unwrap_or_default()).collect();
            let mut new = |metric| Gather::new(&request, Some(metric), spare.pop());
            let gathers = group.iter().map(&mut new).collect();
            let mut gathers = read_hours(conn, group, &hours, gathers, &rests, selection.group_samples)?;
            for ((metric, gather), rest) in group.iter().zip(&mut gathers).zip(&rests) {
                let mut from = None;
                if gather.lacks_recent() {
                    let hour = *from.insert(recent_from(conn, metric, request.ranges[0], &hours)?);
                    let again = new(metric).recent_from(hour);
                    let (group, rests) = (std::slice::from_ref(metric), std::slice::from_ref(rest));
                    *gather = read_hours(conn, group, &hours, vec![again], rests, 0)?.swap_remove(0);
                }
                let found = finish(gather).map(Some).or_else(|Inconsistent| {
                    let name = printable_short(&metric.name, 80);
                    tracing::debug!("the short forms of `{name}` are not true: its samples are read one by one");
                    let (group, rests) = (std::slice::from_ref(metric), std::slice::from_ref(rest));
                    let mut once = new(metric).once();
                    if let Some(hour) = from {
                        once = once.recent_from(hour);
                    }
                    read_hours(conn, group, &hours, vec![once], rests, 0)
                        .map(|once| once.into_iter().find_map(|mut gather| finish(&mut gather).ok()))
                })?;
                let name = self.names.borrow_mut().shared(&metric.name);
                done.extend(found.map(|found| (name, found)));
            }
            spare = gathers;
        }
        for (name, rest) in rest {
            let mut gather = Gather::new(&request, None, None);
            gather.take_rest(&rest);
            gather.settle();
            done.extend(finish(&mut gather).ok().map(|found| (name, found)));
        }
        Ok(done)
    }
}

/// The metric up to which there is half of all samples, when there are enough of them for two threads.
fn middle(conn: &Connection) -> rusqlite::Result<Option<i64>> {
    let metrics = groups::rolled(conn)?;
    let total: u64 = metrics.iter().map(|metric| metric.n).sum();
    let mut before = 0;
    let at_middle = metrics.iter().find(|metric| {
        before += metric.n;
        before >= total / 2
    });
    Ok(at_middle.filter(|_| total >= WORTH_A_THREAD).map(|metric| metric.id))
}

/// The hour from which on a window has as many points of a metric as are handed on.
fn recent_from(conn: &Connection, metric: &Rolled, range: TimeRange, hours: &[i64]) -> rusqlite::Result<i64> {
    let mut found = 0;
    for &hour in hours.iter().rev() {
        let n = HourRow::find(conn, hour, metric.id)?.map_or(0, |row| row.moments.n);
        found += if hour::is_within(hour, range) { n } else { 0 };
        if found >= RECENT {
            return Ok(hour);
        }
    }
    Ok(i64::MIN)
}

/// About how many values of each metric are held.
fn held(metrics: &[Rolled], request: Request<'_>) -> Vec<u64> {
    let of = |metric| request.ranges.iter().map(|&range| gather::samples_held(metric, range)).sum();
    metrics.iter().map(of).collect()
}

/// Reads what each series of a group needs of some hours, and adds what is not rolled up.
fn read_hours(
    conn: &Connection,
    group: &[Rolled],
    hours: &[i64],
    mut gathers: Vec<Gather>,
    rests: &[Vec<Point>],
    most_kept: u64,
) -> rusqlite::Result<Vec<Gather>> {
    let has_days = schema::has_table(conn, "perftop_day")?;
    for hours in hours.chunk_by(|one, other| day_of(*one) == day_of(*other)) {
        if has_days {
            read_day(conn, group, hours, &mut gathers)?;
        }
        for &hour in hours {
            read_hour(conn, group, hour, &mut gathers)?;
        }
    }
    let settle = |(gather, rest): (&mut Gather, &Vec<Point>)| {
        gather.take_rest(rest);
        gather.settle()
    };
    let kept: Vec<u64> = gathers.iter_mut().zip(rests).map(settle).collect();
    for few in groups::cut(&kept, most_kept) {
        for &hour in hours {
            see_again(conn, &group[few.clone()], hour, &mut gathers[few.clone()])?;
        }
    }
    Ok(gathers)
}

/// Reads the values of an hour that was read in its short form. Damaged ones are missed, and then the short forms
/// are found not to be true.
fn see_again(conn: &Connection, group: &[Rolled], hour: i64, gathers: &mut [Gather]) -> rusqlite::Result<()> {
    if !gathers.iter().any(|gather| gather.sees_again(hour)) {
        return Ok(());
    }
    let mut values = Vec::new();
    groups::visit_parts(conn, group, hour, &mut |at, data| {
        if gathers[at].sees_again(hour) {
            values.clear();
            if f64::decode(hour::start_ms(hour), data, &mut values).is_ok() {
                gathers[at].see_again(hour, &values);
            }
        }
        Ok(())
    })
}

/// Reads the short forms of a day, in which these hours have samples, where that is enough.
fn read_day(conn: &Connection, group: &[Rolled], hours: &[i64], gathers: &mut [Gather]) -> rusqlite::Result<()> {
    let Some(day) = hours.first().map(|&hour| day_of(hour)) else { return Ok(()) };
    let wants: Vec<bool> = gathers.iter().map(|gather| gather.wants_day(day)).collect();
    if !wants.contains(&true) {
        return Ok(());
    }
    groups::visit_days(conn, group, day, &mut |at, data| {
        if let Some(dense) = dense::decode(data).ok().filter(|_| wants[at]) {
            // When it is damaged half-way, the counts tell.
            gathers[at].take_day(day, hours, &dense);
        }
        Ok(())
    })
}

/// Reads what each series of a group needs of an hour.
fn read_hour(conn: &Connection, group: &[Rolled], hour: i64, gathers: &mut [Gather]) -> rusqlite::Result<()> {
    let mut needs: Vec<Need> = gathers.iter().map(|gather| gather.need(hour)).collect();
    let mut has_dense = vec![false; group.len()];
    if needs.iter().any(|need| need.dense) {
        groups::visit_dense(conn, group, hour, &mut |at, data| {
            let taken = dense::decode(data).ok().filter(|_| needs[at].dense);
            has_dense[at] = taken.and_then(|dense| gathers[at].take_dense(hour, &dense)).is_some();
            Ok(())
        })?;
    }
    for (need, &has_dense) in needs.iter_mut().zip(&has_dense) {
        need.points |= need.points_if_sparse && !has_dense;
        need.values |= need.dense && !has_dense;
    }
    if !needs.iter().any(|need| need.points || need.values) {
        return Ok(());
    }
    let mut taking = Taking::default();
    groups::visit_parts(conn, group, hour, &mut |at, data| {
        if taking.at != Some(at) {
            taking.hand_over(hour, gathers, &has_dense);
            taking.at = Some(at);
        }
        taking.read(conn, &group[at], hour, needs[at], data)
    })?;
    taking.hand_over(hour, gathers, &has_dense);
    Ok(())
}

/// The samples of an hour of one metric, until all its parts are read.
#[derive(Debug, Default)]
struct Taking {
    /// The metric's index in its group.
    at: Option<usize>,
    points: Vec<Point>,
    values: Vec<f64>,
    /// A part was damaged, and the hour is read from the log.
    is_done: bool,
}

impl Taking {
    fn read(&mut self, conn: &Connection, metric: &Rolled, hour: i64, need: Need, data: &[u8]) -> rusqlite::Result<()> {
        if self.is_done || !(need.points || need.values) {
            return Ok(());
        }
        let decoded = if need.points {
            Point::decode(hour::start_ms(hour), data, &mut self.points)
        } else {
            f64::decode(hour::start_ms(hour), data, &mut self.values)
        };
        let Err(error) = decoded else { return Ok(()) };
        self.is_done = true;
        self.points.clear();
        self.values.clear();
        metric.as_ref().read_damaged(conn, hour, error, &mut self.points)
    }

    fn hand_over(&mut self, hour: i64, gathers: &mut [Gather], has_dense: &[bool]) {
        if let Some(at) = self.at {
            if !self.points.is_empty() {
                gathers[at].take_points(hour, &self.points, has_dense[at]);
            }
            if !self.values.is_empty() {
                gathers[at].take_values(hour, &self.values, has_dense[at]);
            }
        }
        self.points.clear();
        self.values.clear();
        self.is_done = false;
    }
}
