//! One metric under the detectors that raise alerts: surprise, stuck values, silence; and the life of what they find.

use serde::{Deserialize, Serialize};

use super::keeping::{Sound, kept, read_kept};
use super::silence::{Silence, SilenceChange};
use super::sparse::Sparse;
use super::stuck::{Stuck, StuckChange};
use super::surprise::{Aim, Course, LEARNS, Peaks, Reason, Surprising, Verdict, pause};
use crate::model::{MetricName, Point, Severity, Watching};

/// A surprise is over after so many samples in a row within what was usual before it.
pub(super) const CALM_SAMPLES: u32 = 10;
/// Runs come at most once in so long.
const RUNS_EVERY_MS: i64 = 600_000;
/// What lasts this long and so many samples is the new normal.
const NEW_NORMAL_MS: i64 = 86_400_000;
const NEW_NORMAL_SAMPLES: u32 = 288;

/// What is wrong with a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It is unlike its own past.
    Surprise,
    /// It does not move any more.
    Stuck,
    /// It does not come any more.
    Silence,
}

/// What became of a trouble.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It has begun.
    Opened(Severity),
    /// It has become graver.
    Raised(Severity),
    /// It goes on.
    Updated(Severity),
    /// It is over.
    Recovered {
        /// Since when it was open: ms since the Unix epoch.
        since_ms: i64,
    },
    /// What was new has become what is normal.
    NewNormal {
        /// Since when it was open: ms since the Unix epoch.
        since_ms: i64,
    },
}

/// What is to be said of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// What it is about.
    pub trouble: Trouble,
    /// What became of it.
    pub change: Change,
    /// Why; for a surprise only.
    pub reasons: Vec<Reason>,
    /// How many equal values, or for how many ms there was none.
    pub extent: i64,
}

impl Notice {
    const fn new(trouble: Trouble, change: Change) -> Self {
        Self { trouble, change, reasons: Vec::new(), extent: 0 }
    }
}

/// A metric as its detectors know it.
///
/// What they learned of it can be put aside while the metric rests: [`Monitor::put_aside`] and [`Monitor::resume`]. Since
/// when it is silent stays known.
#[derive(Debug, Clone)]
pub struct Monitor {
    aim: Aim,
    is_of_runs: bool,
    pulse: Pulse,
    memory: Option<Box<Memory>>,
}

/// When samples come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Pulse {
    silence: Silence,
    silent_since_ms: i64,
}

/// What was learned of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Memory {
    surprising: Surprising,
    /// What its thresholds are learned from.
    peaks: Peaks,
    course: Course,
    /// Samples that were learned.
    samples: u32,
    /// The last runs, for a metric of runs.
    runs: Option<Sparse>,
    stuck: Stuck,
    newest_ms: i64,
    open: Option<Open>,
    stuck_since_ms: i64,
}

/// A surprise that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Open {
    since_ms: i64,
    severity: Severity,
    /// Between which values the metric was before.
    band: Option<(f32, f32)>,
    calm: u32,
    samples: u32,
}

impl Monitor {
    /// A metric of which nothing is known, but for whether its samples are of runs of a build or a job.
    #[must_use]
    pub fn new(aim: Aim, is_of_runs: bool) -> Self {
        Self { aim, is_of_runs, pulse: Pulse::default(), memory: None }
    }

    /// Judges the next sample, then learns it. `offset_ms` is how far the user's clock is ahead of UTC. A sample that is
    /// older than the newest one is not judged.
    pub fn judge(&mut self, point: Point, offset_ms: i64, notices: &mut Vec<Notice>) -> Option<Verdict> {
        let Self { aim, is_of_runs, pulse, memory } = self;
        let memory = memory.get_or_insert_with(|| Box::new(Memory::new(*is_of_runs)));
        let Point { timestamp_ms, value } = point;
        if timestamp_ms < memory.newest_ms {
            return None;
        }
        memory.newest_ms = timestamp_ms;
        if pulse.silence.heard(timestamp_ms).is_some() {
            let since_ms = pulse.silent_since_ms;
            notices.push(Notice::new(Trouble::Silence, Change::Recovered { since_ms }));
        }
        if let Some(change) = memory.stuck.step(value, aim.sensitivity) {
            notices.push(memory.stuck_notice(change, timestamp_ms));
        }
        let is_rare = pulse.silence.usual_ms().is_some_and(|usual_ms| usual_ms >= RUNS_EVERY_MS);
        Some(memory.judge(point, offset_ms, is_rare, aim, notices))
    }

    /// Learns when a sample came, and nothing else of it.
    pub fn hear(&mut self, timestamp_ms: i64) {
        if self.pulse.silence.newest_ms().is_none_or(|newest_ms| newest_ms < timestamp_ms) {
            self.pulse.silence.heard(timestamp_ms);
        }
    }

    /// From when on a missing sample is news, or that it is still missing.
    #[must_use]
    pub fn due_ms(&self) -> Option<i64> {
        self.pulse.silence.due_ms(self.aim.sensitivity)
    }

    /// Looks whether a sample is missing at an instant; what is grave by then is told by the next look.
    pub fn look(&mut self, now_ms: i64, notices: &mut Vec<Notice>) {
        let (change, silent_ms) = match self.pulse.silence.look(now_ms, self.aim.sensitivity) {
            None => return,
            Some(SilenceChange::Silent(silent_ms)) => {
                self.pulse.silent_since_ms = now_ms;
                (Change::Opened(Severity::Warning), silent_ms)
            }
            Some(SilenceChange::LongSilent(silent_ms)) => (Change::Raised(Severity::Critical), silent_ms),
        };
        notices.push(Notice { extent: silent_ms, ..Notice::new(Trouble::Silence, change) });
    }

    /// It was told since when it is silent.
    pub fn set_silent(&mut self, since_ms: i64) {
        self.pulse.silence.set_silent();
        self.pulse.silent_since_ms = since_ms;
    }

    /// However long the silence lasts that goes on, nothing more is told of it.
    pub const fn tell_no_more(&mut self) {
        self.pulse.silence.tell_no_more();
    }

    /// Whether what was learned of it is at hand.
    #[must_use]
    pub const fn has_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// When its newest sample was learned; `None` when none was.
    #[must_use]
    pub fn newest_ms(&self) -> Option<i64> {
        self.memory.as_ref().map(|memory| memory.newest_ms)
    }

    /// What there is to show of it under a name; `None` when what was learned of it is not at hand.
    #[must_use]
    pub fn watching(&self, metric: &MetricName) -> Option<Watching> {
        let memory = self.memory.as_ref()?;
        let thresholds = memory.peaks.thresholds(&self.aim);
        Some(Watching {
            metric: MetricName::clone(metric),
            levels: [thresholds.info, thresholds.warning, thresholds.critical],
            samples: memory.samples,
            needed: LEARNS,
            calm: memory.open.map(|open| (open.calm, CALM_SAMPLES)),
            courses: memory.course.shown(),
        })
    }

    /// From the next sample on thresholds are to come to this.
    pub const fn aim_at(&mut self, aim: Aim) {
        self.aim = aim;
    }

    /// Whether a surprise goes on that will soon be over, as half of the samples it takes were calm.
    #[must_use]
    pub fn is_recovering(&self) -> bool {
        let open = self.memory.as_ref().and_then(|memory| memory.open);
        open.is_some_and(|open| 2 * open.calm >= CALM_SAMPLES)
    }

    /// What was learned of it, to be kept; `None` when nothing was.
    #[must_use]
    pub fn state(&self) -> Option<Vec<u8>> {
        self.memory.as_ref().map(kept)
    }

    /// When samples came, to be kept.
    #[must_use]
    pub fn pulse(&self) -> Vec<u8> {
        kept(&self.pulse)
    }

    /// Forgets what was learned of it.
    pub fn put_aside(&mut self) {
        self.memory = None;
    }

    /// Goes on where [`Monitor::state`] was taken; `false`, and nothing is changed, when it cannot be read.
    pub fn resume(&mut self, state: &[u8]) -> bool {
        let memory = read_kept::<Memory>(state).map(Box::new);
        let is_read = memory.is_some();
        self.memory = memory.or_else(|| self.memory.take());
        is_read
    }

    /// Goes on where [`Monitor::pulse`] was taken; nothing is changed when it cannot be read.
    pub fn resume_pulse(&mut self, pulse: &[u8]) {
        if let Some(pulse) = read_kept(pulse) {
            self.pulse = pulse;
        }
    }
}

impl Memory {
    fn new(is_of_runs: bool) -> Self {
        Self {
            surprising: Surprising::new(),
            peaks: Peaks::new(),
            course: Course::new(),
            samples: 0,
            runs: is_of_runs.then(Sparse::default),
            stuck: Stuck::default(),
            newest_ms: i64::MIN,
            open: None,
            stuck_since_ms: 0,
        }
    }

    fn stuck_notice(&mut self, change: StuckChange, timestamp_ms: i64) -> Notice {
        match change {
            StuckChange::Stuck { run } => {
                self.stuck_since_ms = timestamp_ms;
                let change = Change::Opened(Severity::Warning);
                Notice { extent: i64::from(run), ..Notice::new(Trouble::Stuck, change) }
            }
            StuckChange::LongStuck { run } => {
                let change = Change::Raised(Severity::Critical);
                Notice { extent: i64::from(run), ..Notice::new(Trouble::Stuck, change) }
            }
            StuckChange::Moves => Notice::new(Trouble::Stuck, Change::Recovered { since_ms: self.stuck_since_ms }),
        }
    }

    /// Judges a sample by what came before it, then learns it. `is_rare` is whether samples come as rarely as runs do.
    fn judge(&mut self, point: Point, offset_ms: i64, is_rare: bool, aim: &Aim, notices: &mut Vec<Notice>) -> Verdict {
        let Point { timestamp_ms, value } = point;
        let band = self.surprising.band();
        let of_runs = self.runs.as_mut().and_then(|runs| runs.judge(value)).filter(|_| is_rare);
        let wall_ms = timestamp_ms.saturating_add(offset_ms);
        let thresholds = self.peaks.thresholds(aim);
        let verdict = self.surprising.judge(wall_ms, value, of_runs, &thresholds);
        self.samples = self.samples.saturating_add(1);
        self.course.push(timestamp_ms, verdict.surprise);
        let by_chance = if verdict.is_usual { 0.0 } else { verdict.surprise };
        self.peaks.learn(timestamp_ms, by_chance, pause(of_runs), self.open.is_some());
        if let Some(change) = self.live(point, band, verdict.message) {
            let is_over = matches!(change, Change::Recovered { .. } | Change::NewNormal { .. });
            let reasons = if is_over { Vec::new() } else { self.surprising.reasons() };
            notices.push(Notice { reasons, ..Notice::new(Trouble::Surprise, change) });
        }
        verdict
    }

    /// What a sample does to the surprise that is open, or opens one.
    fn live(&mut self, point: Point, band: Option<(f32, f32)>, message: Option<Severity>) -> Option<Change> {
        let since_ms = point.timestamp_ms;
        let Some(open) = &mut self.open else {
            let severity = message?;
            self.open = Some(Open { since_ms, severity, band, calm: 0, samples: 0 });
            return Some(Change::Opened(severity));
        };
        open.samples += 1;
        let is_calm = open.band.is_some_and(|band| self.surprising.is_within(band, point.value));
        open.calm = if is_calm { open.calm + 1 } else { 0 };
        if let Some(severity) = message {
            let is_graver = severity > open.severity;
            open.severity = severity.max(open.severity);
            return Some(if is_graver { Change::Raised(severity) } else { Change::Updated(severity) });
        }
        let Open { since_ms, calm, samples, .. } = *open;
        if calm >= CALM_SAMPLES {
            self.open = None;
            return Some(Change::Recovered { since_ms });
        }
        let is_old = point.timestamp_ms.saturating_sub(since_ms) >= NEW_NORMAL_MS && samples >= NEW_NORMAL_SAMPLES;
        is_old.then(|| {
            self.open = None;
            Change::NewNormal { since_ms }
        })
    }
}

impl Sound for Pulse {
    fn is_sound(&self) -> bool {
        self.silence.is_sound()
    }
}

impl Sound for Memory {
    fn is_sound(&self) -> bool {
        self.surprising.is_sound()
            && self.course.is_sound()
            && self.runs.as_ref().is_none_or(Sparse::is_sound)
            && self.stuck.is_sound()
            && self.open.is_none_or(|open| open.calm.max(open.samples) <= u32::MAX / 2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Points a minute apart, and what is said of them by a monitor that is put aside and resumed before some of them.
    fn said(values: &[f64], is_of_runs: bool, resumed_before: &[usize]) -> Vec<(Option<Verdict>, Vec<Notice>)> {
        let mut monitor = Monitor::new(Aim::default(), is_of_runs);
        let judge = |(at, &value): (usize, &f64)| {
            if resumed_before.contains(&at) {
                let (pulse, state) = (monitor.pulse(), monitor.state());
                monitor = Monitor::new(Aim::default(), is_of_runs);
                monitor.resume_pulse(&pulse);
                assert!(state.is_none_or(|state| monitor.resume(&state)));
            }
            let mut notices = Vec::new();
            // A day without samples in between.
            let timestamp_ms = at.cast_signed() as i64 * 60_000 + if at > 700 { 86_400_000 } else { 0 };
            if at == 701 {
                monitor.look(timestamp_ms - 1, &mut notices);
            }
            let verdict = monitor.judge(Point { timestamp_ms, value }, 3_600_000, &mut notices);
            (verdict, notices)
        };
        values.iter().enumerate().map(judge).collect()
    }

    /// Values of some kind, with a shift and a rest in them.
    fn series() -> impl Strategy<Value = Vec<f64>> {
        let calm = prop_oneof![
            proptest::collection::vec(50.0..150.0f64, 1_300),
            proptest::collection::vec(-1e300..1e300f64, 1_300),
            proptest::collection::vec((0..9u8).prop_map(f64::from), 1_300),
        ];
        (calm, 200..1_200usize, 0..40usize).prop_map(|(mut values, at, length)| {
            values[at..at + length].iter_mut().for_each(|value| *value = *value * 1.5 + 300.0);
            values[at + 60..at + 60 + length].fill(77.0);
            values
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(6))]
        #[test]
        fn put_aside_and_resumed_is_uninterrupted(
            values in series(),
            resumed_before in proptest::collection::vec(0..1_300usize, 1..5),
            is_of_runs in any::<bool>(),
        ) {
            let uninterrupted = said(&values, is_of_runs, &[]);
            let resumed = said(&values, is_of_runs, &resumed_before);
            let differs = (0..values.len()).find(|&at| resumed[at] != uninterrupted[at]);
            let details = differs.map(|at| (at, &resumed[at], &uninterrupted[at]));
            prop_assert_eq!(details, None, "resumed before {:?}", resumed_before);
        }

        #[test]
        fn what_is_no_state_changes_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut monitor = Monitor::new(Aim::default(), false);
            prop_assert!(!monitor.resume(&bytes) && !monitor.has_memory());
            monitor.resume_pulse(&bytes);
            prop_assert_eq!(monitor.due_ms(), None);
        }
    }

    #[test]
    fn a_state_with_one_wrong_bit_is_none() {
        let mut monitor = Monitor::new(Aim::default(), false);
        let judge = |at: i64, monitor: &mut Monitor| {
            let point = Point { timestamp_ms: at * 60_000, value: (at * 7919 % 101) as f64 };
            monitor.judge(point, 0, &mut Vec::new());
        };
        (0..5_000).for_each(|at| judge(at, &mut monitor));
        let state = monitor.state().unwrap();
        for place in (0..state.len()).step_by(97) {
            let mut wrong = state.clone();
            wrong[place] ^= 4;
            assert!(!monitor.clone().resume(&wrong), "byte {place}");
        }
    }
}
