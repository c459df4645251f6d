//! Which runs are unusual, given those before them, and when what was unusual is over.
//!
//! Made anew from the runs each time: nothing is remembered, so a restart changes nothing of what is found.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::episode::{Episode, Side, Step};
use super::failures::Failures;
use crate::model::{Environment, NewRun, Run, RunAnomaly, RunJudgement, RunRule, RunThresholds, measure};
use crate::stats::Moments;

/// How many runs the newest is compared with.
pub const RUNS_BEFORE: usize = 5;
/// Averages and standard deviations are those of so many runs at most,
pub const HISTORY_RUNS: usize = 100;
/// and a standard deviation of so many at least.
const FEWEST_FOR_SD: usize = 10;

/// What is judged by what it was before.
const JUDGED: [&str; 4] = [measure::DURATION, measure::CPU, measure::MEMORY, measure::API_LATENCY];

/// Judges each run of a module by those before it. `runs` are in the order in which they began; of each an answer.
///
/// An anomaly opens with the first run that is one, and stays open while the next are unusual on the same side: it is found
/// once. It ends with the first that is not, be it that it is unusual on the other side, or when the metric is not measured
/// any more.
///
/// A value that is an anomaly is left out of what later ones are compared with, so that the healthy run after an outlier
/// is none; unless it lasts ([`RunThresholds::recover_within`]), then it is what they are compared with from there on.
/// Only runs that succeeded are compared, each with those in the same environment.
#[must_use]
pub fn judge_runs(runs: &[Run], thresholds: &RunThresholds) -> Vec<RunJudgement> {
    let mut measured: BTreeMap<(Option<&Environment>, &str), Measured> = BTreeMap::new();
    let mut queues: BTreeMap<&str, Queue> = BTreeMap::new();
    let mut failures = Failures::default();
    runs.iter()
        .enumerate()
        .map(|(number, Run { id, run })| {
            let mut said = Said { number, run_id: *id, run, judgement: empty(*id, run) };
            if run.exit.is_success() {
                for name in JUDGED {
                    let Some(value) = run.measured(name) else { continue };
                    let before = measured.entry((run.environment.as_ref(), name)).or_default();
                    before.judge(name, value, thresholds, &mut said);
                }
            }
            for (name, &value) in &run.measures {
                let limits = &mut thresholds.queue_limits.iter().filter(|limit| limit.is_of(&run.module, name));
                if let Some(limit) = limits.map(|limit| limit.limit).reduce(f64::min) {
                    queues.entry(name).or_default().judge(name, value, limit, &mut said);
                }
            }
            failures.judge(run.exit.is_success(), thresholds, &mut said);
            let of_measured = measured.iter_mut().map(|((_, name), before)| (*name, &mut before.episode));
            let of_queues = queues.iter_mut().map(|(name, queue)| (*name, &mut queue.episode));
            for (name, episode) in of_measured.chain(of_queues).filter(|(_, episode)| episode.is_given_up(number)) {
                said.lasts(name, episode);
            }
            said.judgement
        })
        .collect()
}

fn empty(run_id: i64, run: &NewRun) -> RunJudgement {
    RunJudgement {
        run_id,
        module: Arc::clone(&run.module),
        at_ms: run.ended_ms,
        anomalies: Vec::new(),
        ongoing: Vec::new(),
        recovered: Vec::new(),
        lasting: Vec::new(),
    }
}

/// What is said of one run, as it is found.
pub(super) struct Said<'a> {
    /// Which it is of those that are judged.
    number: usize,
    run_id: i64,
    run: &'a NewRun,
    judgement: RunJudgement,
}

/// What is unusual about a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unusual {
    pub rules: Vec<RunRule>,
    pub average: Option<f64>,
    pub deviation_percent: Option<f64>,
    pub threshold_percent: Option<f64>,
    pub limit: f64,
}

impl Said<'_> {
    /// One more value of a metric, and what is unusual about it.
    pub fn take(&mut self, metric: &str, value: f64, unusual: Option<Unusual>, episode: &mut Episode) {
        let side = |unusual: &Unusual| if value < unusual.limit { Side::Below } else { Side::Above };
        let step = episode.step(unusual.as_ref().map(side), self.number);
        let metric: Arc<str> = metric.into();
        if matches!(step, Step::Turned | Step::Back) {
            self.judgement.recovered.push(Arc::clone(&metric));
        }
        let Some(Unusual { rules, average, deviation_percent, threshold_percent, limit }) = unusual else { return };
        let found = if step == Step::Ongoing { &mut self.judgement.ongoing } else { &mut self.judgement.anomalies };
        found.push(RunAnomaly {
            run_id: self.run_id,
            module: Arc::clone(&self.run.module),
            metric,
            rules,
            value,
            average,
            deviation_percent,
            threshold_percent,
            limit,
            at_ms: self.run.ended_ms,
        });
    }

    /// What was unusual about a metric is what it is now.
    pub fn lasts(&mut self, metric: &str, episode: &mut Episode) {
        *episode = Episode::default();
        self.judgement.lasting.push(metric.into());
    }
}

/// A measure of the runs that succeeded in one environment.
#[derive(Debug, Default)]
struct Measured {
    /// What it usually is, the oldest first.
    usual: Vec<f64>,
    /// What it was while it was unusual.
    unusual: Vec<f64>,
    episode: Episode,
}

impl Measured {
    fn judge(&mut self, name: &str, value: f64, thresholds: &RunThresholds, said: &mut Said<'_>) {
        let found = self.unusual(name, value, thresholds);
        if found.is_some() {
            self.unusual.push(value);
        } else {
            self.unusual.clear();
            self.usual.push(value);
        }
        if self.unusual.len() > thresholds.recover_within {
            self.usual = std::mem::take(&mut self.unusual);
            said.lasts(name, &mut self.episode);
        } else {
            said.take(name, value, found, &mut self.episode);
        }
    }

    fn unusual(&self, name: &str, value: f64, thresholds: &RunThresholds) -> Option<Unusual> {
        let usual = &self.usual[self.usual.len().saturating_sub(HISTORY_RUNS)..];
        let before = &usual[usual.len().checked_sub(RUNS_BEFORE)?..];
        let noise = thresholds.noise(name);
        let RunThresholds { deviation_percent, times_average, z_score, .. } = *thresholds;

        let (recent, all) = (Moments::of(before), Moments::of(usual));
        let found = |rule, average: f64, allowed: f64, is_below_too: bool| {
            let allowed = allowed.max(noise);
            let difference = value - average;
            let is_unusual = difference > allowed || (is_below_too && -difference > allowed);
            // A threshold of 25 % is that, and not 25.000000000000004.
            let rounded = |percent: f64| (percent * 1e9).round() / 1e9;
            let percent = |part: f64| (average != 0.0).then(|| rounded(100.0 * part / average.abs()));
            is_unusual.then(|| Unusual {
                rules: vec![rule],
                average: Some(average),
                deviation_percent: percent(difference),
                threshold_percent: percent(allowed),
                limit: average + allowed.copysign(difference),
            })
        };
        let deviation = found(RunRule::Deviation, recent.mean, recent.mean.abs() * deviation_percent / 100.0, true);
        let times = (name == measure::DURATION)
            .then(|| found(RunRule::TimesAverage, all.mean, all.mean * (times_average - 1.0), false))
            .flatten();
        let sd = all.std_dev().filter(|sd| usual.len() >= FEWEST_FOR_SD && *sd > 0.0);
        let z = sd.and_then(|sd| found(RunRule::ZScore, all.mean, sd * z_score, false));
        [deviation, times, z]
            .into_iter()
            .flatten()
            .reduce(|first, next| Unusual { rules: [first.rules, next.rules].concat(), ..first })
    }
}

/// A queue and its limit.
#[derive(Debug, Default)]
struct Queue {
    before: Moments,
    episode: Episode,
}

impl Queue {
    fn judge(&mut self, name: &str, value: f64, limit: f64, said: &mut Said<'_>) {
        let average = (self.before.n > 0).then_some(self.before.mean);
        let unusual = (value > limit).then(|| Unusual {
            rules: vec![RunRule::QueueExhaustion],
            average,
            deviation_percent: average.filter(|mean| *mean != 0.0).map(|mean| 100.0 * (value - mean) / mean.abs()),
            threshold_percent: None,
            limit,
        });
        if unusual.is_none() {
            self.before.push(value);
        }
        said.take(name, value, unusual, &mut self.episode);
    }
}
