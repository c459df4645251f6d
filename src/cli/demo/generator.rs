//! Samples of a [`Profile`]: one endless stream in the order of time, from a month before the start on.
//!
//! Pure: the same profile, seed and start give the same samples. A metric's healthy value is its level
//! plus its spread times a score made of a daily and weekly rhythm and of bounded, autocorrelated noise.

use std::f64::consts::TAU;

use fastrand::Rng;

use super::profile::{Drift, MetricProfile, Profile};
use crate::model::NewSample;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// 1970-01-01 was a Thursday; Monday comes four days later.
const FIRST_MONDAY_MS: i64 = 4 * DAY_MS;

/// How long before the start samples come every minute: as many of them as a detector remembers.
const FINE_MS: i64 = 6 * DAY_MS;
/// The farthest a healthy score goes; what would go beyond is reflected. Together with the profile's
/// shares it keeps healthy values about two standard deviations from the mean of any trailing week.
const SCORE_BOUND: f64 = 1.3;
/// How long a drift takes to build up and to fade, as a share of its length.
const RAMP_SHARE: f64 = 0.1;
/// Share of the noise's variance that has a memory; the rest is new in every sample. It fades from sample to sample as it
/// does in a minute, however soon the next one comes: noise that dies down when samples come faster would be a change, and
/// detectors would rightly tell of it.
const MEMORY_SHARE: f64 = 0.4;

/// An endless stream of samples, oldest first.
#[derive(Debug, Clone)]
pub struct Generator {
    sources: Vec<Source>,
    start_ms: i64,
}

impl Generator {
    /// Samples from `profile.history_ms` before `start_ms` on.
    #[must_use]
    pub fn new(profile: &Profile, seed: u64, start_ms: i64) -> Self {
        let mut seeds = Rng::with_seed(seed);
        let sources = profile
            .metrics
            .iter()
            .zip(0..)
            .map(|(metric, index)| Source {
                rhythm: Rhythm::new(metric),
                drifts: profile.drifts.iter().filter(|drift| drift.metric == metric.name).cloned().collect(),
                rng: Rng::with_seed(seeds.u64(..)),
                memory: 0.0,
                // Staggered, so that the metrics do not all speak at the same instant.
                due_ms: start_ms - profile.history_ms + index * 61,
                metric: metric.clone(),
            })
            .collect();
        Self { sources, start_ms }
    }

    /// The samples that are due at `until_ms` or earlier and have not been given out yet.
    pub fn until(&mut self, until_ms: i64) -> impl Iterator<Item = NewSample> + '_ {
        std::iter::from_fn(move || {
            let start_ms = self.start_ms;
            let source = self.sources.iter_mut().min_by_key(|source| source.due_ms)?;
            (source.due_ms <= until_ms).then(|| source.take(start_ms))
        })
    }
}

/// One metric with the state of its noise.
#[derive(Debug, Clone)]
struct Source {
    metric: MetricProfile,
    drifts: Vec<Drift>,
    rhythm: Rhythm,
    rng: Rng,
    memory: f64,
    due_ms: i64,
}

impl Source {
    fn take(&mut self, start_ms: i64) -> NewSample {
        let timestamp_ms = self.due_ms;
        self.due_ms += step_ms(timestamp_ms, start_ms, self.metric.every_ms);
        let score = self.score(timestamp_ms) + self.drift(timestamp_ms, start_ms);
        let scale = 10_f64.powi(self.metric.decimals);
        let value = self.metric.spread.mul_add(score, self.metric.level).max(0.0);
        let context_json = self.rng.choice(&self.metric.contexts).cloned();
        NewSample {
            metric: self.metric.name.clone(),
            value: (value * scale).round() / scale,
            timestamp_ms,
            context_json,
        }
    }

    /// The healthy score at an instant: about mean 0, variance 1, never beyond [`SCORE_BOUND`].
    fn score(&mut self, timestamp_ms: i64) -> f64 {
        let kept = (-(MINUTE_MS as f64) / self.metric.memory_ms as f64).exp();
        self.memory = kept.mul_add(self.memory, (1.0 - kept * kept).sqrt() * unit_noise(&mut self.rng));
        let noise = MEMORY_SHARE.sqrt().mul_add(self.memory, (1.0 - MEMORY_SHARE).sqrt() * unit_noise(&mut self.rng));
        let rhythm = self.rhythm.at(timestamp_ms);
        let share = self.metric.rhythm;
        reflect(share.sqrt().mul_add(rhythm, (1.0 - share).sqrt() * noise), SCORE_BOUND)
    }

    fn drift(&self, timestamp_ms: i64, start_ms: i64) -> f64 {
        self.drifts
            .iter()
            .map(|drift| {
                let progress = (timestamp_ms - drift.begins_at_ms(start_ms)) as f64 / drift.lasts_ms as f64;
                drift.by * envelope(progress)
            })
            .sum()
    }
}

/// Time from a sample to the next: coarse long ago, finer within [`FINE_MS`] of the start. Detectors compare samples with
/// the thousands before them, so the last of these have the same step, whatever the hour.
const fn step_ms(timestamp_ms: i64, start_ms: i64, live_ms: i64) -> i64 {
    let until_start_ms = start_ms - timestamp_ms;
    let history_ms = if until_start_ms > FINE_MS {
        5 * MINUTE_MS
    } else if until_start_ms > 0 {
        MINUTE_MS
    } else {
        return live_ms;
    };
    if live_ms > history_ms { live_ms } else { history_ms }
}

/// 0 outside 0..1, 1 inside, with a straight ramp at both ends.
fn envelope(progress: f64) -> f64 {
    (progress.min(1.0 - progress) / RAMP_SHARE).clamp(0.0, 1.0)
}

/// Noise with mean 0, variance 1 and bound 3.46: the sum of four uniform numbers (Irwin 1927, Hall 1927).
fn unit_noise(rng: &mut Rng) -> f64 {
    let sum: f64 = (0..4).map(|_| rng.f64()).sum();
    (sum - 2.0) * 3.0_f64.sqrt()
}

/// Folds what lies beyond `bound` back inside.
fn reflect(score: f64, bound: f64) -> f64 {
    let folded = if score.abs() > bound { (2.0 * bound - score.abs()).copysign(score) } else { score };
    folded.clamp(-bound, bound)
}

/// The rhythm of day and week, scaled to mean 0 and variance 1 over a week.
#[derive(Debug, Clone)]
struct Rhythm {
    peak_hour: f64,
    weekend: f64,
    mean: f64,
    std_dev: f64,
}

impl Rhythm {
    fn new(metric: &MetricProfile) -> Self {
        let raw = Self { peak_hour: metric.peak_hour, weekend: metric.weekend, mean: 0.0, std_dev: 1.0 };
        let week: Vec<f64> = (0..7 * 24).map(|hour| raw.at(FIRST_MONDAY_MS + hour * HOUR_MS)).collect();
        let mean = week.iter().sum::<f64>() / week.len() as f64;
        let variance = week.iter().map(|height| (height - mean).powi(2)).sum::<f64>() / week.len() as f64;
        Self { mean, std_dev: variance.sqrt(), ..raw }
    }

    fn at(&self, timestamp_ms: i64) -> f64 {
        let days = (timestamp_ms - FIRST_MONDAY_MS) as f64 / DAY_MS as f64;
        let hump = 0.5 + 0.5 * ((days.fract() - self.peak_hour / 24.0) * TAU).cos();
        // From noon to noon the height of the peak goes over from one day's to the next day's.
        let noon = days - 0.5;
        let height = self.height(noon.floor()) * (1.0 - noon.rem_euclid(1.0))
            + self.height(noon.floor() + 1.0) * noon.rem_euclid(1.0);
        (height * hump - self.mean) / self.std_dev
    }

    /// Height of the peak on a day, counted from a Monday.
    fn height(&self, day: f64) -> f64 {
        if day.rem_euclid(7.0) >= 5.0 { self.weekend } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rstest::rstest;

    use super::*;
    use crate::detect::{DetectOptions, Detector};
    use crate::model::time::Zone;
    use crate::model::{Sample, Severity};

    const START_MS: i64 = 1_763_700_000_000;
    const WEEK_MS: i64 = 7 * DAY_MS;

    fn samples(start_ms: i64, until_ms: i64) -> Vec<NewSample> {
        Generator::new(&Profile::built_in().unwrap(), 1, start_ms).until(until_ms).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_samples_in_the_order_of_time() {
        let first = samples(START_MS, START_MS);
        assert_eq!(first, samples(START_MS, START_MS));
        assert!(first.is_sorted_by_key(|sample| sample.timestamp_ms));
        assert!((150_000..220_000).contains(&first.len()), "{}", first.len());
    }

    #[test]
    fn history_and_what_follows_are_one_stream() {
        let mut generator = Generator::new(&Profile::built_in().unwrap(), 1, START_MS);
        let mut in_parts: Vec<_> = generator.until(START_MS).collect();
        in_parts.extend(generator.until(START_MS + MINUTE_MS));
        assert_eq!(in_parts, samples(START_MS, START_MS + MINUTE_MS));
    }

    #[test]
    fn every_second_of_the_running_demo_has_samples() {
        let live: Vec<_> = samples(START_MS, START_MS + 2 * MINUTE_MS)
            .into_iter()
            .filter(|sample| sample.timestamp_ms > START_MS + 10 * SECOND_MS)
            .collect();
        for second in 11..119 {
            let from_ms = START_MS + second * SECOND_MS;
            assert!(live.iter().any(|sample| (from_ms..from_ms + SECOND_MS).contains(&sample.timestamp_ms)));
        }
    }

    /// What would be told of metrics that do not drift: on the day before the start, and for so long after it.
    fn false_warnings(start_ms: i64, for_ms: i64) -> Vec<String> {
        let profile = Profile::built_in().unwrap();
        let mut detector = Detector::new(DetectOptions::default(), profile.book(), Zone::utc());
        let mut found = Vec::new();
        for (sample, id) in Generator::new(&profile, 1, start_ms).until(start_ms + for_ms).zip(1..) {
            let NewSample { metric, value, timestamp_ms, .. } = sample;
            // What a drift leaves in means over hundreds of samples is the drift's own.
            let drifts = profile.drifts.iter().filter(|drift| drift.metric == metric);
            let has_drifted = drifts
                .map(|drift| drift.begins_at_ms(start_ms))
                .any(|begins_ms| (begins_ms..begins_ms + 30 * MINUTE_MS).contains(&timestamp_ms));
            let findings = detector.judge(&Sample { id, metric, value, timestamp_ms }, i64::MAX);
            let is_news = |severity| severity > Severity::Info && timestamp_ms > start_ms - DAY_MS && !has_drifted;
            let told = findings.into_iter().filter(|finding| is_news(finding.severity));
            found.extend(
                told.map(|finding| format!("{} min: {}", (timestamp_ms - start_ms) / MINUTE_MS, finding.description)),
            );
        }
        found
    }

    #[test]
    fn at_no_hour_of_the_day_are_healthy_metrics_told_of() {
        let starts = (0..24).step_by(3).map(|hours| START_MS + hours * HOUR_MS);
        let found: Vec<String> = starts.flat_map(|start_ms| false_warnings(start_ms, 20 * MINUTE_MS)).collect();
        // The budget of a dozen metrics would be thirteen in eight days.
        assert!(found.len() <= 1, "{found:#?}");
    }

    /// Score of each sample after `from_ms` against the samples of the week before it.
    fn scores(series: &[(i64, f64)], from_ms: i64) -> Vec<(i64, f64)> {
        let mut scores = Vec::new();
        let (mut oldest, mut count, mut sum, mut squares) = (0, 0.0, 0.0, 0.0);
        let origin = series[0].1;
        for &(at_ms, value) in series {
            while series[oldest].0 < at_ms - WEEK_MS {
                let gone = series[oldest].1 - origin;
                (count, sum, squares) = (count - 1.0, sum - gone, squares - gone * gone);
                oldest += 1;
            }
            let centred = value - origin;
            if at_ms > from_ms {
                let mean: f64 = sum / count;
                let variance: f64 = (squares - sum * mean) / (count - 1.0);
                scores.push((at_ms, (centred - mean) / variance.sqrt()));
            }
            (count, sum, squares) = (count + 1.0, sum + centred, squares + centred * centred);
        }
        scores
    }

    /// Whenever somebody starts the demo: at different hours, on a weekday or a weekend.
    #[rstest]
    fn healthy_metrics_keep_the_rules_and_drifting_ones_break_them(
        #[values(0, 6, 12, 18, 24, 42, 60, 84)] hours_on: i64,
        #[values(1, 2)] seed: u64,
    ) {
        let start_ms = START_MS + hours_on * HOUR_MS;
        let profile = Profile::built_in().unwrap();
        let mut by_metric: BTreeMap<_, Vec<(i64, f64)>> = BTreeMap::new();
        for sample in Generator::new(&profile, seed, start_ms).until(start_ms + 20 * MINUTE_MS) {
            by_metric.entry(sample.metric).or_default().push((sample.timestamp_ms, sample.value));
        }
        for (metric, series) in &by_metric {
            let progress = |at_ms: i64| {
                let ours = profile.drifts.iter().filter(|drift| drift.metric == *metric);
                ours.map(|drift| (at_ms - drift.begins_at_ms(start_ms)) as f64 / drift.lasts_ms as f64)
                    .find(|progress| (0.0..1.0).contains(progress))
            };
            let scores = scores(series, start_ms - DAY_MS);
            let (drifting, healthy): (Vec<_>, Vec<_>) =
                scores.into_iter().partition(|(at_ms, _)| progress(*at_ms).is_some());
            for three in healthy.windows(3) {
                let beyond = three.iter().filter(|(_, z)| z.abs() > 2.0).count();
                let second = (three[2].0 - start_ms) / SECOND_MS;
                assert!(three[2].1.abs() < 2.5, "{metric} at {second} s: z = {}", three[2].1);
                assert!(beyond < 2, "{metric} at {second} s: {beyond} of 3 beyond 2 sd");
            }
            for (at_ms, z) in drifting {
                if (0.2..0.8).contains(&progress(at_ms).unwrap()) {
                    assert!(z.abs() > 4.0, "{metric} at {} s: z = {z}", (at_ms - start_ms) / SECOND_MS);
                }
            }
        }
    }
}
