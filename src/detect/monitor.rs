//! One metric under the detectors that raise alerts: surprise, stuck values, silence; and the life of what they find.

use super::silence::Silence;
use super::sparse::Sparse;
use super::stuck::{Stuck, StuckChange};
use super::surprise::{Reason, Surprising, Thresholds, Verdict};
use crate::model::{Point, Severity};

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
#[derive(Debug, Clone)]
pub struct Monitor {
    thresholds: Thresholds,
    surprising: Surprising,
    /// The last runs, for a metric of runs.
    runs: Option<Sparse>,
    stuck: Stuck,
    silence: Silence,
    newest_ms: i64,
    open: Option<Open>,
    stuck_since_ms: i64,
    silent_since_ms: i64,
}

/// A surprise that goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
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
    pub fn new(thresholds: Thresholds, is_of_runs: bool) -> Self {
        Self {
            thresholds,
            surprising: Surprising::new(),
            runs: is_of_runs.then(Sparse::default),
            stuck: Stuck::default(),
            silence: Silence::default(),
            newest_ms: i64::MIN,
            open: None,
            stuck_since_ms: 0,
            silent_since_ms: 0,
        }
    }

    /// Judges the next sample, then learns it. `offset_ms` is how far the user's clock is ahead of UTC. A sample that is
    /// older than the newest one is not judged.
    pub fn judge(&mut self, point: Point, offset_ms: i64, notices: &mut Vec<Notice>) -> Option<Verdict> {
        let Point { timestamp_ms, value } = point;
        if timestamp_ms < self.newest_ms {
            return None;
        }
        self.newest_ms = timestamp_ms;
        if self.silence.heard(timestamp_ms).is_some() {
            let since_ms = self.silent_since_ms;
            notices.push(Notice::new(Trouble::Silence, Change::Recovered { since_ms }));
        }
        match self.stuck.step(value) {
            Some(StuckChange::Stuck { run }) => {
                self.stuck_since_ms = timestamp_ms;
                let change = Change::Opened(Severity::Warning);
                notices.push(Notice { extent: i64::from(run), ..Notice::new(Trouble::Stuck, change) });
            }
            Some(StuckChange::Moves) => {
                let since_ms = self.stuck_since_ms;
                notices.push(Notice::new(Trouble::Stuck, Change::Recovered { since_ms }));
            }
            None => {}
        }
        let band = self.surprising.band();
        let is_rare = self.silence.usual_ms().is_some_and(|usual_ms| usual_ms >= RUNS_EVERY_MS);
        let of_runs = self.runs.as_mut().and_then(|runs| runs.judge(value)).filter(|_| is_rare);
        let wall_ms = timestamp_ms.saturating_add(offset_ms);
        let verdict = self.surprising.judge(wall_ms, value, of_runs, &self.thresholds);
        if let Some(change) = self.live(point, band, verdict.message) {
            let is_over = matches!(change, Change::Recovered { .. } | Change::NewNormal { .. });
            let reasons = if is_over { Vec::new() } else { self.surprising.reasons() };
            notices.push(Notice { reasons, ..Notice::new(Trouble::Surprise, change) });
        }
        Some(verdict)
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

    /// From when on a missing sample is news.
    #[must_use]
    pub fn due_ms(&self) -> Option<i64> {
        self.silence.due_ms()
    }

    /// Looks whether a sample is missing at an instant.
    pub fn look(&mut self, now_ms: i64, notices: &mut Vec<Notice>) {
        if let Some(silent_ms) = self.silence.look(now_ms) {
            self.silent_since_ms = now_ms;
            let change = Change::Opened(Severity::Warning);
            notices.push(Notice { extent: silent_ms, ..Notice::new(Trouble::Silence, change) });
        }
    }
}
