//! What the runs of a module were like: counts, averages, and where each measure is heading.

use std::sync::Arc;

use serde::Serialize;

use crate::model::text::{number, percent_signed, value};
use crate::model::{NewRun, Run, RunExit, Unit, measure};
use crate::stats::{Moments, fisher_exact, line, quantiles};

/// Trends are told over so many of the newest runs.
pub const TREND_RUNS: [usize; 4] = [10, 25, 50, 100];
/// Fewer values than these have no trend.
const FEWEST_VALUES: usize = 8;
/// What is this likely without any trend is none: eight measures are looked at over four lengths.
const SIGNIFICANCE: f64 = 0.01;

/// The success rate, in percent, beside the measures of runs.
pub const SUCCESS_PERCENT: &str = "success_percent";

/// What is told of, with its name in a sentence.
const TOLD: [(&str, &str); 7] = [
    (measure::DURATION, "duration"),
    (measure::CPU, "CPU time"),
    (measure::MEMORY, "memory"),
    (measure::API_LATENCY, "API latency"),
    (measure::ITEMS_PER_HOUR, "items per hour"),
    (measure::LINES_PER_HOUR, "lines per hour"),
    (measure::SPEED_UP, "speed-up"),
];

/// The runs of a module.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct History {
    /// What was executed.
    pub module: Arc<str>,
    /// How many runs are looked at.
    pub runs: usize,
    /// How many of them succeeded,
    pub successes: usize,
    /// and how many did not.
    pub failures: usize,
    /// How many took place in another environment than the newest: their measures are left out.
    pub elsewhere: usize,
    /// When the first began: ms since the Unix epoch.
    pub oldest_ms: i64,
    /// When the newest began: ms since the Unix epoch.
    pub newest_ms: i64,
    /// How the newest ended.
    pub newest_exit: RunExit,
    /// The success rate, and the measures that were taken: of runs that succeeded.
    pub measures: Vec<MeasureHistory>,
    /// What there is to say of them, in words with the numbers.
    pub notes: Vec<String>,
}

/// One measure of the runs of a module.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasureHistory {
    /// The measure, or [`SUCCESS_PERCENT`].
    pub name: &'static str,
    /// Its name in a sentence.
    pub label: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// How many runs have it.
    pub count: u64,
    /// What it was in the newest of them.
    pub newest: f64,
    /// Arithmetic mean.
    pub average: f64,
    /// Sample standard deviation; `None` for one value.
    pub std_dev: Option<f64>,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Over the last 10, 25, 50 and 100 runs.
    pub trends: [RunTrend; 4],
}

/// Where a measure is heading.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RunTrend {
    /// Over so many of the newest runs.
    pub runs: usize,
    /// Which way.
    pub heading: Heading,
    /// The median of the newer half of the runs against that of the older, in percent of it; of the success rate the
    /// difference in percentage points. `None` when there are too few runs, or the older half lies around 0.
    pub change_percent: Option<f64>,
    /// Probability of a slope at least as steep without any trend (t-test, [`crate::stats::Line::p_value`]); of the success
    /// rate, of halves that differ at least as much ([`fisher_exact`]).
    pub p_value: Option<f64>,
}

/// Which way a measure is heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Heading {
    /// There are too few runs to tell.
    TooFew,
    /// Nothing that stands out of the noise, or a slope that the newer half of the runs does not show.
    Flat,
    /// It rises.
    Up,
    /// It falls.
    Down,
}

/// The runs that can be compared with the newest: they succeeded, in its environment. Of all others `None`.
pub(super) fn comparable(runs: &[Run]) -> impl DoubleEndedIterator<Item = Option<&NewRun>> {
    let environment = runs.last().map(|newest| &newest.run.environment);
    let is_comparable = move |run: &NewRun| run.exit.is_success() && Some(&run.environment) == environment;
    runs.iter().map(move |run| Some(&run.run).filter(|run| is_comparable(run)))
}

impl History {
    /// The history of runs of one module, in the order in which they began; `None` when there are none.
    #[must_use]
    pub fn of(runs: &[Run]) -> Option<Self> {
        let (oldest, newest) = (&runs.first()?.run, &runs.last()?.run);
        let successes = runs.iter().filter(|run| run.run.exit.is_success()).count();
        let ends: Vec<Option<f64>> =
            runs.iter().map(|run| Some(if run.run.exit.is_success() { 100.0 } else { 0.0 })).collect();
        let success = MeasureHistory::of(SUCCESS_PERCENT, "success rate", &ends);
        let comparable: Vec<Option<&NewRun>> = comparable(runs).collect();
        let measured = TOLD.iter().filter_map(|(name, label)| {
            let values: Vec<Option<f64>> = comparable.iter().map(|run| (*run)?.measured(name)).collect();
            MeasureHistory::of(name, label, &values)
        });
        let measures: Vec<MeasureHistory> = success.into_iter().chain(measured).collect();
        let notes = measures.iter().filter_map(|measure| note(measure, runs)).collect();
        Some(Self {
            module: Arc::clone(&newest.module),
            runs: runs.len(),
            successes,
            failures: runs.len() - successes,
            elsewhere: runs.iter().filter(|run| run.run.environment != newest.environment).count(),
            oldest_ms: oldest.started_ms,
            newest_ms: newest.started_ms,
            newest_exit: newest.exit,
            measures,
            notes,
        })
    }

    /// A measure by its name.
    #[must_use]
    pub fn measure(&self, name: &str) -> Option<&MeasureHistory> {
        self.measures.iter().find(|measure| measure.name == name)
    }
}

impl MeasureHistory {
    /// `values` has a place for each run, the oldest first.
    fn of(name: &'static str, label: &'static str, values: &[Option<f64>]) -> Option<Self> {
        let newest = values.iter().rev().find_map(|value| *value)?;
        let taken: Vec<f64> = values.iter().copied().flatten().collect();
        let moments = Moments::of(&taken);
        Some(Self {
            name,
            label,
            unit: Unit::from_name(name),
            count: moments.n,
            newest,
            average: moments.mean,
            std_dev: moments.std_dev(),
            min: moments.min,
            max: moments.max,
            trends: TREND_RUNS.map(|runs| RunTrend::of(values, runs, name == SUCCESS_PERCENT)),
        })
    }

    /// The surest of the trends; `None` when none is sure.
    #[must_use]
    pub fn surest(&self) -> Option<&RunTrend> {
        let p_value = |trend: &RunTrend| trend.p_value.unwrap_or(1.0);
        let sure = self.trends.iter().filter(|trend| matches!(trend.heading, Heading::Up | Heading::Down));
        sure.min_by(|one, other| p_value(one).total_cmp(&p_value(other)))
    }
}

impl RunTrend {
    fn of(values: &[Option<f64>], runs: usize, is_rate: bool) -> Self {
        let too_few = Self { runs, heading: Heading::TooFew, change_percent: None, p_value: None };
        let Some(from) = values.len().checked_sub(runs) else { return too_few };
        let newest = &values[from..];
        if newest.iter().flatten().count() < FEWEST_VALUES {
            return too_few;
        }
        let halves = newest.split_at(runs / 2);
        let middles = middle(halves.0, is_rate).zip(middle(halves.1, is_rate));
        let Some((before, after)) = middles else { return too_few };
        let difference = after - before;
        let change_percent = match before {
            _ if is_rate => Some(difference),
            _ => (before != 0.0).then(|| 100.0 * difference / before.abs()),
        };
        let (p_value, change) = if is_rate {
            let p_value = fisher_exact(ends(halves.0), ends(halves.1));
            (p_value, (p_value < SIGNIFICANCE).then_some(difference))
        } else {
            let Some(line) = line(newest) else { return too_few };
            (line.p_value, line.is_sure(SIGNIFICANCE).then_some(line.change))
        };
        let heading = match change {
            Some(change) if change > 0.0 && difference > 0.0 => Heading::Up,
            Some(change) if change < 0.0 && difference < 0.0 => Heading::Down,
            _ => Heading::Flat,
        };
        Self { runs, heading, change_percent, p_value: Some(p_value) }
    }

    /// The change in words, and what was compared: `12 % in the newest 13 runs against the 12 before`.
    fn told(&self) -> String {
        let change = self.change_percent.map(|change| percent_signed(change.abs()).replace('+', "") + " ");
        let before = self.runs / 2;
        let p_value = probability(self.p_value.unwrap_or(1.0));
        let newest = self.runs - before;
        format!("{}in the newest {newest} runs against the {before} before ({p_value})", change.unwrap_or_default())
    }
}

/// How many runs succeeded, and how many failed.
fn ends(successes_percent: &[Option<f64>]) -> [u64; 2] {
    let count = |succeeded: bool| {
        successes_percent.iter().flatten().filter(|percent| (**percent > 0.0) == succeeded).count() as u64
    };
    [count(true), count(false)]
}

/// The median of values, or the mean of a rate; `None` when there are none.
fn middle(values: &[Option<f64>], is_rate: bool) -> Option<f64> {
    let mut values: Vec<f64> = values.iter().copied().flatten().collect();
    if is_rate {
        return (!values.is_empty()).then(|| Moments::of(&values).mean);
    }
    quantiles(&mut values, [0.5]).map(|[median]| median)
}

/// What is to be said of a measure, if anything.
fn note(measure: &MeasureHistory, runs: &[Run]) -> Option<String> {
    let trend = measure.surest()?;
    let is_up = trend.heading == Heading::Up;
    let told = trend.told();
    let way = if is_up { "up" } else { "down" };
    Some(match measure.name {
        SUCCESS_PERCENT => {
            let newest = &runs[runs.len() - trend.runs..];
            let (before, last) = newest.split_at(trend.runs / 2);
            let failures = |runs: &[Run]| runs.iter().filter(|run| !run.run.exit.is_success()).count();
            format!(
                "errors {}: {} of the newest {} runs failed, {} of the {} before ({})",
                if is_up { "decreasing" } else { "increasing" },
                failures(last),
                last.len(),
                failures(before),
                before.len(),
                probability(trend.p_value.unwrap_or(1.0)),
            )
        }
        measure::ITEMS_PER_HOUR | measure::LINES_PER_HOUR => {
            let going = if is_up { "rising" } else { "dropping" };
            let newest = format!("{} {}", value(measure.newest, Unit::Count), measure.label);
            format!("velocity {going}: {newest}, {way} {told}")
        }
        _ => format!("{} {way} {told}", measure.label),
    })
}

/// A probability as papers write it: `p = .012`, `p < .001`.
#[must_use]
pub fn probability(p_value: f64) -> String {
    if p_value < 0.001 {
        return "p < .001".to_owned();
    }
    let text = number((p_value * 1_000.0).round() / 1_000.0);
    format!("p = {}", text.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::probability;

    #[rstest]
    #[case(0.01, "p = .01")]
    #[case(0.0004, "p < .001")]
    #[case(0.0123, "p = .012")]
    #[case(1.0, "p = 1")]
    fn probabilities_are_short(#[case] p_value: f64, #[case] expected: &str) {
        assert_eq!(probability(p_value), expected);
    }
}
