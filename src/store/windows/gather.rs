//! What is gathered of one series while its hours go by: sums over windows, a sparkline, the newest points.
//!
//! Knows samples and short forms of hours; where they are read from is the business of its user.

use crate::model::{Baseline, Point, TimeRange};
use crate::stats::Moments;
use crate::store::day::{day_of, hours_of};
use crate::store::dense::Dense;
use crate::store::groups::Rolled;
use crate::store::hour::{self, HOUR_MS, hour_of};

use super::spark::Spark;
use super::sums::{Inconsistent, Sums};
use super::{RECENT, Request, SeriesWindow};

/// How an hour of a series is to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Need {
    /// Its short form, if it has one.
    pub dense: bool,
    /// Its values, also when it has a short form.
    pub values: bool,
    /// Its samples with their times, also when it has a short form.
    pub points: bool,
    /// Its samples with their times, when it has no short form.
    pub points_if_sparse: bool,
}

/// What is known of one series so far.
#[derive(Debug)]
pub(super) struct Gather {
    windows: Vec<Sums>,
    spark: Option<Spark>,
    recent: Vec<Point>,
    /// Points from this hour on may be among the newest.
    recent_from: i64,
    /// Samples in the first window.
    in_window: u64,
    /// Whether hours may be read in their short form, and then again.
    twice: bool,
    /// The last day that was read in its short form.
    day: Option<i64>,
    /// The hours that were, rising.
    in_short: Vec<i64>,
}

impl Gather {
    /// Nothing yet. Takes over the memory of one that is done with: what the system gives has to be cleared first.
    pub(super) fn new(request: &Request<'_>, metric: Option<&Rolled>, spare: Option<Self>) -> Self {
        let expected = |range| metric.map_or(0, |metric| samples_held(metric, range));
        let mut memory = spare.into_iter().flat_map(|spare| spare.windows).map(Sums::into_memory);
        let mut new =
            |range| Sums::new(range, request.exact_samples, expected(range), memory.next().unwrap_or_default());
        let windows = request.ranges.iter().map(|&range| new(range));
        let with_spark = request.buckets > 0;
        Self {
            windows: windows.collect(),
            spark: with_spark.then(|| Spark::new(request.ranges[0], request.buckets)),
            recent: Vec::new(),
            recent_from: metric
                .filter(|_| with_spark)
                .map_or(i64::MAX, |metric| recent_from(metric, request.ranges[0])),
            in_window: 0,
            twice: true,
            day: None,
            in_short: Vec::new(),
        }
    }

    /// The same, looking for the newest points from another hour on.
    pub(super) fn recent_from(self, hour: i64) -> Self {
        Self { recent_from: hour, ..self }
    }

    /// The same, reading the values of every hour at once.
    pub(super) fn once(self) -> Self {
        Self { twice: false, ..self }
    }

    /// Whether the short form of a day will do: every window holds all of it or nothing.
    pub(super) fn wants_day(&self, day: i64) -> bool {
        let (first, last) = hours_of(day).into_inner();
        let is_whole = |window: &Sums| {
            let touched = hour::hours_in(window.range);
            window.holds(first) && window.holds(last) || *touched.end() < first || last < *touched.start()
        };
        self.twice && self.spark.is_none() && self.windows.iter().all(is_whole)
    }

    /// Takes a day in the place of its hours, which are these.
    pub(super) fn take_day(&mut self, day: i64, hours: &[i64], dense: &Dense<'_>) -> Option<()> {
        for window in self.windows.iter_mut().filter(|window| window.holds(hours[0])) {
            window.add_dense(dense)?;
        }
        self.in_short.extend(hours);
        self.day = Some(day);
        Some(())
    }

    pub(super) fn need(&self, hour: i64) -> Need {
        let mut need = Need::default();
        if self.day == Some(day_of(hour)) {
            return need;
        }
        for window in self.windows.iter().filter(|window| window.touches(hour)) {
            match (window.holds(hour), self.twice) {
                (false, _) => need.points = true,
                (true, false) => need.values = true,
                (true, true) => need.dense = true,
            }
        }
        if let Some(spark) = &self.spark {
            need.dense |= spark.is_fine();
            need.points_if_sparse = spark.is_fine();
        }
        if hour >= self.recent_from {
            // Held one by one: the newest of them is left out.
            need.points = true;
            need.dense = false;
        }
        need
    }

    pub(super) fn take_dense(&mut self, hour: i64, dense: &Dense<'_>) -> Option<()> {
        if self.twice {
            for window in self.windows.iter_mut().filter(|window| window.holds(hour)) {
                window.add_dense(dense)?;
            }
            self.in_short.push(hour);
        }
        if let Some(spark) = &mut self.spark {
            spark.add_dense(hour, dense);
        }
        Some(())
    }

    /// Takes all samples of an hour.
    pub(super) fn take_points(&mut self, hour: i64, points: &[Point], has_dense: bool) {
        let is_merged = self.twice && has_dense;
        for window in self.windows.iter_mut().filter(|window| !(is_merged && window.holds(hour))) {
            if window.holds(hour) {
                window.add_many(points.iter().map(|point| point.value));
            } else {
                window.add_points(points);
            }
        }
        if let Some(spark) = self.spark.as_mut().filter(|_| !has_dense) {
            spark.add_points(points);
        }
        if hour >= self.recent_from {
            self.take_recent(points);
        }
    }

    /// Takes all values of an hour that lies within every window it touches.
    pub(super) fn take_values(&mut self, hour: i64, values: &[f64], has_dense: bool) {
        let is_merged = self.twice && has_dense;
        for window in self.windows.iter_mut().filter(|window| !is_merged && window.touches(hour)) {
            window.add_many(values.iter().copied());
        }
        if let Some(spark) = self.spark.as_mut().filter(|_| !has_dense) {
            let moments: Moments = values.iter().copied().collect();
            spark.add(hour::start_ms(hour).saturating_add(HOUR_MS / 2), moments.n, moments.mean);
        }
    }

    /// Takes samples that are not rolled up yet.
    pub(super) fn take_rest(&mut self, rest: &[Point]) {
        self.windows.iter_mut().for_each(|window| window.add_points(rest));
        if let Some(spark) = &mut self.spark {
            spark.add_points(rest);
            self.take_recent(rest);
        }
    }

    /// Takes those of some points that may be among the newest of the window.
    fn take_recent(&mut self, points: &[Point]) {
        let range = self.windows[0].range;
        let inside = points.iter().filter(|point| range.contains(point.timestamp_ms));
        if points.is_sorted_by_key(|point| point.timestamp_ms) {
            let begin = self.recent.len();
            self.recent.extend(inside.rev().take(RECENT as usize));
            self.recent[begin..].reverse();
        } else {
            self.recent.extend(inside);
        }
    }

    /// Everything was taken. How many values are to be kept when hours are seen again.
    pub(super) fn settle(&mut self) -> u64 {
        if self.spark.is_some() {
            hour::sort(&mut self.recent);
            self.recent.drain(..self.recent.len().saturating_sub(RECENT as usize));
        }
        self.in_window = self.windows[0].count();
        let newest = self.recent.last().map(|point| point.value);
        self.windows.iter_mut().map(|window| window.settle(newest)).sum()
    }

    /// Whether the newest points lie further back than was foreseen: the samples are spread unevenly.
    pub(super) fn lacks_recent(&self) -> bool {
        self.spark.is_some() && (self.recent.len() as u64) < self.in_window.min(RECENT)
    }

    /// Whether the values of an hour are wanted again.
    pub(super) fn sees_again(&self, hour: i64) -> bool {
        self.windows.iter().any(|window| window.sees_again(hour)) && self.in_short.binary_search(&hour).is_ok()
    }

    /// Takes a part of the values of an hour again.
    pub(super) fn see_again(&mut self, hour: i64, values: &[f64]) {
        let wanting = self.windows.iter_mut().filter(|window| window.sees_again(hour));
        wanting.for_each(|window| window.see_again(values));
    }

    /// What is known of the windows; to be asked once.
    pub(super) fn baselines(&mut self) -> Result<Vec<Option<Baseline>>, Inconsistent> {
        self.windows.iter_mut().map(Sums::baseline).collect()
    }

    /// What a picture shows of the first window; to be asked once.
    pub(super) fn window(&mut self) -> Result<SeriesWindow, Inconsistent> {
        Ok(SeriesWindow {
            baseline: self.windows[0].baseline()?,
            spark: self.spark.take().map(Spark::means).unwrap_or_default(),
            recent: std::mem::take(&mut self.recent),
        })
    }
}

/// About how many values of a window are held.
pub(super) fn samples_held(metric: &Rolled, range: TimeRange) -> u64 {
    /// Of a metric of which most hours have a short form, the few that have none.
    const FEW: u64 = 16;
    let samples = metric.samples_in(&hour::hours_in(range));
    if metric.is_dense() { samples / FEW } else { samples }
}

/// The hour from which on the newest points are looked for first, by how many samples an hour the metric has.
fn recent_from(metric: &Rolled, range: TimeRange) -> i64 {
    let last = metric.last_hour.min(hour_of(range.until_ms.saturating_sub(1)));
    let hours = i128::from(metric.last_hour) - i128::from(metric.first_hour) + 1;
    let reach = i128::from(RECENT) * hours / i128::from(metric.n.max(1)) + 1;
    last.saturating_sub(i64::try_from(reach).unwrap_or(i64::MAX))
}
