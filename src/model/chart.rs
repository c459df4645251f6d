//! The chart of one metric: which one, its points, the lines they are judged by, and where those are broken.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;

use super::{Baseline, ControlLimits, MetricName, ModuleView, Point, Rule, TimeRange, Unit, UnknownWord};

/// The control charts to choose from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SpcChart {
    /// Values; limits at 3 sd of the window's baseline (Shewhart 1931), with the run rules.
    #[default]
    Baseline,
    /// Values; limits from the average moving range, with the run rules.
    Individuals,
    /// Distances between neighbours.
    MovingRange,
    /// An exponentially weighted moving average.
    Ewma,
    /// Two cumulative sums, in standard deviations: of what lies above the mean, and, downwards, below it.
    Cusum,
}

impl SpcChart {
    /// Every chart, in the order in which they are stepped through.
    pub const EVERY: [Self; 5] = [Self::Baseline, Self::Individuals, Self::MovingRange, Self::Ewma, Self::Cusum];

    /// The word for it on the command line and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Individuals => "individuals",
            Self::MovingRange => "moving-range",
            Self::Ewma => "ewma",
            Self::Cusum => "cusum",
        }
    }

    /// What it is called on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Individuals => "individuals",
            Self::MovingRange => "moving range",
            Self::Ewma => "EWMA",
            Self::Cusum => "CUSUM",
        }
    }

    /// Its parameters: half the distance between the limits, before it what a chart weighs values with.
    #[must_use]
    pub const fn parameters(self) -> &'static str {
        match self {
            Self::Baseline => "3 sd",
            Self::Individuals => "2.66 MR",
            Self::MovingRange => "3.267 MR",
            Self::Ewma => "0.2, 2.962 sd",
            Self::Cusum => "0.5, 5 sd",
        }
    }

    /// The percentage of independent normal samples on which it signals, rules 2 and 3 apart: 2 - 2 Phi(3) of values, of
    /// ranges 2 - 2 Phi(3.267 * 1.128 / sqrt 2), of averages 2 - 2 Phi(2.962); of sums one in 465 (Montgomery, Table 9.3).
    #[must_use]
    pub const fn chance_pct(self) -> f64 {
        match self {
            Self::Baseline | Self::Individuals => 0.27,
            Self::MovingRange => 0.92,
            Self::Ewma => 0.31,
            Self::Cusum => 0.21,
        }
    }

    /// Whether it shows the samples themselves and is judged by run rules.
    #[must_use]
    pub const fn is_of_values(self) -> bool {
        matches!(self, Self::Baseline | Self::Individuals)
    }

    /// The next one; after the last comes the first.
    #[must_use]
    pub fn next(self) -> Self {
        let place = Self::EVERY.iter().position(|&chart| chart == self).unwrap_or(0);
        Self::EVERY[(place + 1) % Self::EVERY.len()]
    }
}

impl fmt::Display for SpcChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SpcChart {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::EVERY.into_iter().find(|chart| chart.as_str() == word).ok_or_else(|| UnknownWord {
            what: "chart",
            found: word.to_owned(),
            expected: "baseline, individuals, moving-range, ewma, cusum",
        })
    }
}

/// What a control chart judges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Values as they came.
    Raw,
    /// What is left of them when what is usual is taken out.
    #[default]
    Residuals,
}

impl Subject {
    /// Both.
    pub const EVERY: [Self; 2] = [Self::Raw, Self::Residuals];

    /// The word for it on the command line and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Residuals => "residuals",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Raw => Self::Residuals,
            Self::Residuals => Self::Raw,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// After which time a metric repeats itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rhythm {
    /// A day.
    Day,
    /// A week.
    Week,
}

impl Rhythm {
    /// How many hours that are.
    #[must_use]
    pub const fn hours(self) -> i64 {
        match self {
            Self::Day => 24,
            Self::Week => 168,
        }
    }
}

/// What was taken out of a series before it was judged; the default is nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct TakenOut {
    /// Whether logarithms are judged.
    pub is_log: bool,
    /// The rhythm whose hours are expected.
    pub rhythm: Option<Rhythm>,
    /// How much of its distance from the usual a value passes on to the next one, 0 to 1.
    pub autocorrelation: f64,
}

impl TakenOut {
    /// `log, daily cycle, AR 0.83`.
    #[must_use]
    pub fn words(&self) -> String {
        let rhythm = self.rhythm.map(|rhythm| match rhythm {
            Rhythm::Day => "daily cycle".to_owned(),
            Rhythm::Week => "weekly cycle".to_owned(),
        });
        let passed_on = (self.autocorrelation > 0.0).then(|| format!("AR {:.2}", self.autocorrelation));
        let parts = [self.is_log.then(|| "log".to_owned()), rhythm, passed_on];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// The lines of a chart at one of its points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lines {
    /// Lower control limit.
    pub lower: f64,
    /// Centre line.
    pub center: f64,
    /// Upper control limit.
    pub upper: f64,
}

impl From<ControlLimits> for Lines {
    fn from(limits: ControlLimits) -> Self {
        Self { lower: limits.lcl(), center: limits.center, upper: limits.ucl() }
    }
}

/// What a chart shows for a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChartMark {
    /// Where it stands: the sample's value, or what the chart makes of it and those before.
    pub value: f64,
    /// The second sum of a CUSUM, below zero.
    pub low: Option<f64>,
    /// What it is judged by.
    pub lines: Lines,
}

impl ChartMark {
    /// Where a finding is marked: on the one of two sums that went farther.
    #[must_use]
    pub fn farther(&self) -> f64 {
        self.low.filter(|low| -low > self.value).unwrap_or(self.value)
    }
}

/// The chart of one metric over a range.
#[derive(Debug, Clone)]
pub struct ChartData {
    /// The metric.
    pub metric: MetricName,
    /// Its unit.
    pub unit: Unit,
    /// Which chart.
    pub chart: SpcChart,
    /// What it was to judge.
    pub on: Subject,
    /// What was taken out of the samples before they were judged; `None` when nothing was.
    pub taken_out: Option<TakenOut>,
    /// The stretch of time it covers.
    pub range: TimeRange,
    /// Samples, oldest first; thinned to what lies lowest and highest when there are very many.
    pub points: Vec<Point>,
    /// What is shown for each of them; empty when they themselves are, between level limits or none.
    pub marks: Vec<ChartMark>,
    /// How many samples the range holds, before thinning.
    pub sample_count: u64,
    /// How many samples of the series came after it, up to the end of the window.
    pub later_count: u64,
    /// The baseline of the whole window (not of the zoomed range).
    pub baseline: Option<Baseline>,
    /// Level limits of the samples, once there are enough of them; of a chart that shows something else, centre and
    /// spread of what it is made of.
    pub limits: Option<ControlLimits>,
    /// How many samples are enough.
    pub min_samples: u64,
    /// Samples on which the chart signals, oldest first.
    pub violations: Vec<Violation>,
    /// The samples on which the chosen alert was raised, oldest first.
    pub evidence: Vec<Point>,
    /// The runs that the samples are of, when they are of runs.
    pub module: Option<Arc<ModuleView>>,
}

impl ChartData {
    /// What is shown for the sample at `index`; `None` beyond the samples, and while there are no limits.
    #[must_use]
    pub fn mark(&self, index: usize) -> Option<ChartMark> {
        let value = self.points.get(index)?.value;
        let level = || Some(ChartMark { value, low: None, lines: self.limits?.into() });
        self.marks.get(index).copied().or_else(level)
    }

    /// What is shown for a sample of the chart.
    #[must_use]
    pub fn mark_of(&self, point: Point) -> Option<ChartMark> {
        let first = self.points.partition_point(|other| other.timestamp_ms < point.timestamp_ms);
        let found = self.points[first..].iter().position(|&other| other == point)?;
        self.mark(first + found)
    }

    /// The lines at the newest sample, else those between which one would stand.
    #[must_use]
    pub fn newest_lines(&self) -> Option<Lines> {
        self.marks.last().map(|mark| mark.lines).or(self.limits.map(Lines::from))
    }

    /// The unit of what is shown: sums, and what is made of residuals, are counted in standard deviations.
    #[must_use]
    pub fn shown_unit(&self) -> Unit {
        let is_in_sd = self.chart == SpcChart::Cusum || (self.taken_out.is_some() && !self.chart.is_of_values());
        if is_in_sd && !self.marks.is_empty() { Unit::None } else { self.unit }
    }
}

/// A point of a chart on which it signals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Violation {
    /// The sample.
    pub point: Point,
    /// The gravest rule that fired there.
    pub rule: Rule,
    /// The timestamp of the first sample after the shift, by the estimate of a chart that makes one.
    pub began_ms: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_are_read_as_they_are_written_and_follow_each_other() {
        let mut chart = SpcChart::default();
        for expected in SpcChart::EVERY {
            assert_eq!(chart, expected);
            assert_eq!(chart.as_str().parse(), Ok(expected));
            chart = chart.next();
        }
        assert_eq!(chart, SpcChart::default());
        assert!("shewhart".parse::<SpcChart>().is_err());
    }
}
