//! All metrics under their detectors.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use super::monitor::{Monitor, Notice};
use super::surprise::{Thresholds, Verdict};
use crate::model::time::Zone;
use crate::model::{MetricBook, MetricName, Point, is_of_runs};

/// Every metric with its monitor.
#[derive(Debug, Clone)]
pub struct Monitors {
    book: MetricBook,
    zone: Zone,
    by_name: HashMap<MetricName, usize, foldhash::fast::RandomState>,
    series: Vec<(MetricName, Monitor)>,
    /// When to look at a metric that may have gone silent, the soonest first; one entry each.
    due: BinaryHeap<Reverse<(i64, usize)>>,
    /// Whether a metric has an entry in `due`.
    is_due: Vec<bool>,
    found: Vec<Notice>,
}

/// What is said of one metric at one instant.
#[derive(Debug)]
pub struct Told<'a> {
    /// The metric.
    pub metric: &'a MetricName,
    /// When: ms since the Unix epoch.
    pub timestamp_ms: i64,
    /// The value, if a sample brought it about.
    pub value: Option<f64>,
    /// What.
    pub notice: &'a Notice,
}

impl Monitors {
    /// No metric is known yet. The book says how sensitive to be; times of the day are those of `zone`.
    #[must_use]
    pub fn new(book: MetricBook, zone: Zone) -> Self {
        Self {
            book,
            zone,
            by_name: HashMap::default(),
            series: Vec::new(),
            due: BinaryHeap::new(),
            is_due: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Judges the next sample of a metric, then learns it; `None` for one that is older than the metric's newest.
    pub fn judge(&mut self, metric: &MetricName, point: Point, mut tell: impl FnMut(Told<'_>)) -> Option<Verdict> {
        let place = self.place(metric);
        let offset_ms = self.zone.offset_ms(point.timestamp_ms);
        let (metric, monitor) = &mut self.series[place];
        let verdict = monitor.judge(point, offset_ms, &mut self.found);
        for notice in self.found.drain(..) {
            let (timestamp_ms, value) = (point.timestamp_ms, Some(point.value));
            tell(Told { metric, timestamp_ms, value, notice: &notice });
        }
        if !self.is_due[place]
            && let Some(due_ms) = monitor.due_ms()
        {
            self.due.push(Reverse((due_ms, place)));
            self.is_due[place] = true;
        }
        verdict
    }

    /// Looks which metrics have gone silent by `now_ms`.
    pub fn look(&mut self, now_ms: i64, mut tell: impl FnMut(Told<'_>)) {
        while let Some(&Reverse((due_ms, place))) = self.due.peek()
            && due_ms <= now_ms
        {
            self.due.pop();
            let (metric, monitor) = &mut self.series[place];
            let due = monitor.due_ms();
            if let Some(due_ms) = due.filter(|&due_ms| due_ms > now_ms) {
                self.due.push(Reverse((due_ms, place)));
                continue;
            }
            self.is_due[place] = false;
            // Told of at once, and no more.
            let Some(due_ms) = due else { continue };
            monitor.look(due_ms, &mut self.found);
            for notice in self.found.drain(..) {
                tell(Told { metric, timestamp_ms: due_ms, value: None, notice: &notice });
            }
        }
    }

    fn place(&mut self, metric: &MetricName) -> usize {
        if let Some(&place) = self.by_name.get(metric) {
            return place;
        }
        let place = self.series.len();
        self.by_name.insert(Arc::clone(metric), place);
        let thresholds = Thresholds::of(self.book.sensitivity(metric));
        self.series.push((Arc::clone(metric), Monitor::new(thresholds, is_of_runs(metric))));
        self.is_due.push(false);
        place
    }
}
