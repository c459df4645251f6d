//! All metrics under their detectors.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use super::keeping::STATE_VERSION;
use super::monitor::{Monitor, Notice};
use super::surprise::{Aim, Verdict};
use crate::model::time::Zone;
use crate::model::{DetectorState, MetricBook, MetricName, Point, Precision, Rule, Watching, is_of_runs};

/// Every metric with its monitor.
///
/// What the monitors learned is in memory of the metrics that send. Of the others it can be kept elsewhere
/// ([`Monitors::rest`]), to be brought back before the next sample ([`Monitors::resume`]).
#[derive(Debug, Clone)]
pub struct Monitors {
    book: MetricBook,
    zone: Zone,
    /// What the user called alerts of surprise, by metric.
    labels: HashMap<MetricName, Precision>,
    by_name: HashMap<MetricName, usize, foldhash::fast::RandomState>,
    series: Vec<Monitored>,
    /// When to look at a metric that may have gone silent, the soonest first; one entry each.
    due: BinaryHeap<Reverse<(i64, usize)>>,
    found: Vec<Notice>,
    /// How many metrics are in memory.
    in_memory: usize,
    /// Counts samples.
    clock: u64,
}

/// A metric with its monitor.
#[derive(Debug, Clone)]
struct Monitored {
    metric: MetricName,
    monitor: Monitor,
    /// Whether it has an entry among those due.
    is_due: bool,
    /// Its samples up to this row are learned.
    up_to_id: i64,
    /// Samples judged since its state was kept.
    unkept: u32,
    /// By the clock of [`Monitors`], when its last sample was judged.
    used: u64,
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
    /// No metric is known yet. The book says how many false alarms there may be; times of the day are those of `zone`.
    #[must_use]
    pub fn new(book: MetricBook, zone: Zone) -> Self {
        Self {
            book,
            zone,
            labels: HashMap::new(),
            by_name: HashMap::default(),
            series: Vec::new(),
            due: BinaryHeap::new(),
            found: Vec::new(),
            in_memory: 0,
            clock: 0,
        }
    }

    /// From the next sample on thresholds heed these labels, and no others.
    pub fn set_labels(&mut self, labels: impl IntoIterator<Item = Precision>) {
        let of_surprise = labels.into_iter().filter(|labels| labels.rule == Rule::Surprise);
        self.labels = of_surprise.map(|labels| (MetricName::clone(&labels.metric), labels)).collect();
        for place in 0..self.series.len() {
            let aim = self.aim(&self.series[place].metric);
            self.series[place].monitor.aim_at(aim);
        }
    }

    /// Judges the sample of a row, then learns it; `None` for one that is older than the metric's newest, or that is
    /// learned already.
    pub fn judge(
        &mut self,
        metric: &MetricName,
        (id, point): (i64, Point),
        mut tell: impl FnMut(Told<'_>),
    ) -> Option<Verdict> {
        let place = self.place(metric);
        let offset_ms = self.zone.offset_ms(point.timestamp_ms);
        let Self { series, found, due, in_memory, clock, .. } = self;
        let Monitored { metric, monitor, is_due, up_to_id, unkept, used } = &mut series[place];
        if id <= *up_to_id {
            return None;
        }
        *in_memory += usize::from(!monitor.has_memory());
        *clock += 1;
        (*up_to_id, *unkept, *used) = (id, unkept.saturating_add(1), *clock);
        let verdict = monitor.judge(point, offset_ms, found);
        for notice in found.drain(..) {
            let (timestamp_ms, value) = (point.timestamp_ms, Some(point.value));
            tell(Told { metric, timestamp_ms, value, notice: &notice });
        }
        if !*is_due && let Some(due_ms) = monitor.due_ms() {
            due.push(Reverse((due_ms, place)));
            *is_due = true;
        }
        verdict
    }

    /// Looks which metrics have gone silent by `now_ms`, and which of them for long.
    pub fn look(&mut self, now_ms: i64, mut tell: impl FnMut(Told<'_>)) {
        while let Some(&Reverse((due_ms, place))) = self.due.peek()
            && due_ms <= now_ms
        {
            self.due.pop();
            let Monitored { metric, monitor, is_due, .. } = &mut self.series[place];
            if let Some(due_ms) = monitor.due_ms().filter(|&due_ms| due_ms <= now_ms) {
                monitor.look(due_ms, &mut self.found);
                for notice in self.found.drain(..) {
                    tell(Told { metric, timestamp_ms: due_ms, value: None, notice: &notice });
                }
            }
            let next_ms = monitor.due_ms();
            *is_due = next_ms.is_some();
            self.due.extend(next_ms.map(|due_ms| Reverse((due_ms, place))));
        }
    }

    /// What has gone silent by `now_ms` is told of neither now nor later, however long it lasts.
    pub fn pass_over_silence(&mut self, now_ms: i64) {
        let mut silent: Vec<MetricName> = Vec::new();
        self.look(now_ms, |told| silent.push(MetricName::clone(told.metric)));
        for metric in &silent {
            let place = self.place(metric);
            self.series[place].monitor.tell_no_more();
        }
    }

    /// Learns when the last samples of a metric came, and nothing else of them.
    pub fn hear(&mut self, metric: &MetricName, timestamps_ms: impl Iterator<Item = i64>) {
        let place = self.place(metric);
        let Monitored { monitor, is_due, .. } = &mut self.series[place];
        timestamps_ms.for_each(|timestamp_ms| monitor.hear(timestamp_ms));
        if !*is_due && let Some(due_ms) = monitor.due_ms() {
            self.due.push(Reverse((due_ms, place)));
            *is_due = true;
        }
    }

    /// Goes on with when samples of a metric came, as a [`DetectorState`] says.
    pub fn resume_pulse(&mut self, metric: &MetricName, pulse: &[u8]) {
        let place = self.place(metric);
        self.series[place].monitor.resume_pulse(pulse);
    }

    /// Somebody told since when a metric is silent.
    pub fn set_silent(&mut self, metric: &MetricName, since_ms: i64) {
        let place = self.place(metric);
        self.series[place].monitor.set_silent(since_ms);
    }

    /// What there is to show of a metric, which is in memory or whose state this is; `None` when nothing was learned.
    #[must_use]
    pub fn watching(&self, metric: &MetricName, state: Option<&DetectorState>) -> Option<Watching> {
        let known = self.by_name.get(metric).map(|&place| &self.series[place].monitor);
        known.and_then(|monitor| monitor.watching(metric)).or_else(|| {
            let mut monitor = self.monitor(metric);
            state.filter(|state| state.version == STATE_VERSION && monitor.resume(&state.learned))?;
            monitor.watching(metric)
        })
    }

    /// Whether a surprise goes on in a metric that will soon be over.
    #[must_use]
    pub fn is_recovering(&self, metric: &MetricName) -> bool {
        self.by_name.get(metric).is_some_and(|&place| self.series[place].monitor.is_recovering())
    }

    /// Whether a metric was heard of, if only as a [`DetectorState`] says.
    #[must_use]
    pub fn knows(&self, metric: &MetricName) -> bool {
        self.by_name.contains_key(metric)
    }

    /// Whether what was learned of a metric is in memory.
    #[must_use]
    pub fn has_memory(&self, metric: &MetricName) -> bool {
        self.by_name.get(metric).is_some_and(|&place| self.series[place].monitor.has_memory())
    }

    /// When the newest sample was learned; `None` when none was, or it is not in memory.
    #[must_use]
    pub fn newest_ms(&self, metric: &MetricName) -> Option<i64> {
        self.by_name.get(metric).and_then(|&place| self.series[place].monitor.newest_ms())
    }

    /// Brings back what was learned of a metric; whether it could be read.
    pub fn resume(&mut self, state: &DetectorState) -> bool {
        let place = self.place(&state.metric);
        let Monitored { monitor, up_to_id, .. } = &mut self.series[place];
        let had_memory = monitor.has_memory();
        let is_read = state.version == STATE_VERSION && monitor.resume(&state.learned);
        if is_read {
            *up_to_id = state.up_to_id;
            self.in_memory += usize::from(!had_memory);
        }
        is_read
    }

    /// Learns samples that were judged before, oldest first, the last of them in the row `up_to_id`.
    pub fn learn(&mut self, metric: &MetricName, points: &[Point], up_to_id: i64) {
        for &point in points {
            let place = self.place(metric);
            // Whatever row it is in, it comes after what is learned.
            let id = self.series[place].up_to_id.saturating_add(1);
            self.judge(metric, (id, point), |_| {});
        }
        let place = self.place(metric);
        let known = &mut self.series[place];
        known.up_to_id = known.up_to_id.max(up_to_id);
    }

    /// Up to `most` states of which `least` samples or more were judged since they were kept; those count as kept.
    pub fn unkept(&mut self, least: u32, most: usize) -> Vec<DetectorState> {
        let unkept = self.series.iter_mut().filter(|known| known.unkept >= least.max(1));
        unkept.take(most).filter_map(Monitored::keep).collect()
    }

    /// How many metrics are in memory.
    #[must_use]
    pub const fn in_memory(&self) -> usize {
        self.in_memory
    }

    /// Takes metrics out of memory until only `most` are there, up to `at_once` of them; what is to be kept of them.
    ///
    /// Those that rest go first. Of those that all send in turn it is any: the one that was quiet for longest is the next
    /// to send.
    pub fn rest(&mut self, most: usize, at_once: usize) -> Vec<DetectorState> {
        let many = self.in_memory.saturating_sub(most).min(at_once);
        let mut places: Vec<usize> =
            (0..self.series.len()).filter(|&place| self.series[place].monitor.has_memory()).collect();
        if many == 0 || many > places.len() {
            return Vec::new();
        }
        let (clock, turn) = (self.clock, 4 * self.series.len() as u64);
        places.select_nth_unstable_by_key(many - 1, |&place| {
            let is_in_turn = clock - self.series[place].used < turn;
            (is_in_turn, (place as u64 ^ clock).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32))
        });
        self.in_memory -= many;
        let keep = |&place: &usize| {
            let known = &mut self.series[place];
            let state = if known.unkept > 0 { known.keep() } else { None };
            known.monitor.put_aside();
            state
        };
        places[..many].iter().filter_map(keep).collect()
    }

    fn place(&mut self, metric: &MetricName) -> usize {
        if let Some(&place) = self.by_name.get(metric) {
            return place;
        }
        let place = self.series.len();
        self.by_name.insert(Arc::clone(metric), place);
        let monitor = self.monitor(metric);
        self.series.push(Monitored {
            metric: Arc::clone(metric),
            monitor,
            is_due: false,
            up_to_id: i64::MIN,
            unkept: 0,
            used: 0,
        });
        place
    }

    /// A monitor of which nothing is known but its metric.
    fn monitor(&self, metric: &MetricName) -> Monitor {
        Monitor::new(self.aim(metric), is_of_runs(metric))
    }

    fn aim(&self, metric: &MetricName) -> Aim {
        let aim = Aim::new(self.book.budget(metric), self.book.sensitivity(metric));
        aim.user_facing(self.book.is_user_facing(metric)).with_labels(self.labels.get(metric))
    }
}

impl Monitored {
    /// Its state, which then counts as kept; `None` when nothing was learned of it.
    fn keep(&mut self) -> Option<DetectorState> {
        self.unkept = 0;
        Some(DetectorState {
            metric: Arc::clone(&self.metric),
            version: STATE_VERSION,
            up_to_id: self.up_to_id,
            pulse: self.monitor.pulse(),
            learned: self.monitor.state()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: usize = 4;

    /// What is said of some metrics in turn, when at most `most` of them are in memory.
    fn said(most: usize) -> Vec<String> {
        let mut monitors = Monitors::new(MetricBook::default(), Zone::utc());
        let mut kept: HashMap<MetricName, DetectorState> = HashMap::new();
        let mut said = Vec::new();
        for row in 0..1_500_i64 {
            // Some send more often than others.
            let place = (row * row * 7919 % 11) as usize % METRICS;
            let metric = MetricName::from(format!("m{place}"));
            if !monitors.has_memory(&metric)
                && let Some(state) = kept.get(&metric)
            {
                assert!(monitors.resume(state));
            }
            let value = (row * 7919 % 101) as f64 + if row % 500 > 490 { 500.0 } else { 0.0 };
            let point = Point { timestamp_ms: row * 60_000, value };
            monitors.look(point.timestamp_ms, |told| said.push(format!("{told:?}")));
            let mut tell = |told: Told<'_>| said.push(format!("{told:?}"));
            let verdict = monitors.judge(&metric, (row, point), &mut tell);
            said.push(format!("{verdict:?}"));
            assert_eq!(monitors.judge(&metric, (row, point), |_| {}), None, "each row once");
            for state in monitors.rest(most, 3) {
                kept.insert(MetricName::clone(&state.metric), state);
            }
            assert!(monitors.in_memory() <= most.min(METRICS));
        }
        said
    }

    #[test]
    fn metrics_that_rest_outside_of_memory_are_judged_as_if_they_did_not() {
        let all = said(METRICS);
        assert!(all.iter().any(|said| said.contains("Opened")), "something is told of");
        assert!(said(2) == all);
    }

    #[test]
    fn what_is_kept_is_what_was_judged_since() {
        let mut monitors = Monitors::new(MetricBook::default(), Zone::utc());
        let metric = MetricName::from("m");
        for row in 0..10 {
            monitors.judge(&metric, (row, Point { timestamp_ms: row, value: 1.0 }), |_| {});
        }
        assert!(monitors.unkept(11, 9).is_empty());
        assert_eq!(monitors.unkept(10, 9).iter().map(|state| state.up_to_id).collect::<Vec<_>>(), [9]);
        assert!(monitors.unkept(1, 9).is_empty());
        let other = DetectorState { version: STATE_VERSION + 1, ..monitors.series[0].keep().unwrap() };
        assert!(!monitors.resume(&other), "of another version");
    }
}
