//! The control charts to choose from: what each shows for a sample, by which lines, and where it signals.
//!
//! Centre and spread are those of the window on screen, as with every chart of a past that is known (phase I in
//! Montgomery, Introduction to Statistical Quality Control).

use std::ops::Range;

use super::western_electric::{Signal, signals};
use super::{Residuals, control_limits};
use crate::model::{ChartMark, ControlLimits, Lines, Rule, SpcChart};
use crate::stats::{
    Cusum, CusumChart, EwmaChart, MOVING_RANGE_LIMIT, Moments, average_moving_range, sigma_of_moving_range,
};

/// What a chart is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Charting<'a> {
    /// Limits of the window's baseline.
    pub baseline: Option<ControlLimits>,
    /// The run rules for values.
    pub rules: &'a [Rule],
    /// Samples of the window that a spread takes.
    pub min_samples: u64,
}

/// A chart over a series.
#[derive(Debug)]
pub struct Charted {
    /// Centre and spread of the values that it judges by; `None` while the window holds too few.
    pub limits: Option<ControlLimits>,
    /// Where it signals, in the order of the values.
    pub signals: Vec<Signal>,
    statistic: Statistic,
}

/// What is shown instead of values, by their place.
#[derive(Debug)]
enum Statistic {
    Values,
    /// Values between lines that follow what is expected of each, on a scale that may be logarithmic.
    Band {
        values: Vec<f64>,
        residuals: Residuals,
        limits: ControlLimits,
    },
    Ranges {
        ranges: Vec<f64>,
        average: f64,
    },
    Averages {
        averages: Vec<f64>,
        limits: ControlLimits,
    },
    Sums {
        high: Vec<f64>,
        low: Vec<f64>,
    },
}

impl Charted {
    /// Draws `chart` over `values`, oldest first, of which those of `window` say what is normal.
    #[must_use]
    pub fn new(chart: SpcChart, values: &[f64], window: Range<usize>, told: Charting<'_>) -> Self {
        if chart == SpcChart::Baseline {
            return Self::of_values(values, told.baseline, told.rules);
        }
        let (limits, average) = short_term_limits(&values[window], told.min_samples);
        match (chart, limits) {
            (SpcChart::MovingRange, Some(limits)) => Self::of_ranges(values, average, limits),
            (SpcChart::Ewma, Some(limits)) => Self::of_averages(values, limits),
            (SpcChart::Cusum, Some(limits)) => Self::of_sums(values, limits),
            _ => Self::of_values(values, limits, told.rules),
        }
    }

    /// The same over what is left of `values`: values between lines that follow what is expected, all else in standard
    /// deviations of the residuals.
    #[must_use]
    pub fn of_residuals(
        chart: SpcChart,
        values: &[f64],
        residuals: Residuals,
        window: Range<usize>,
        told: Charting<'_>,
    ) -> Self {
        let normal = &residuals.left[window.clone()];
        let limits = if chart == SpcChart::Baseline {
            // The newest one has no part in what it is judged by.
            let normal = Moments::of(&normal[..normal.len().saturating_sub(1)]);
            control_limits(normal.n, normal.mean, normal.std_dev().unwrap_or(0.0), told.min_samples)
        } else {
            short_term_limits(normal, told.min_samples).0
        };
        let Some(limits) = limits.filter(|limits| limits.sigma > 0.0) else {
            return Self::new(chart, values, window, told);
        };
        if !chart.is_of_values() {
            let in_sd: Vec<f64> = residuals.left.iter().map(|left| left / limits.sigma).collect();
            return Self::new(chart, &in_sd, window, told);
        }
        let signals = signals(residuals.left.iter().copied(), &limits, told.rules);
        let statistic = Statistic::Band { values: values.to_vec(), residuals, limits };
        let level = match chart {
            SpcChart::Baseline => told.baseline,
            _ => short_term_limits(&values[window], told.min_samples).0,
        };
        Self { limits: level, signals, statistic }
    }

    fn of_values(values: &[f64], limits: Option<ControlLimits>, rules: &[Rule]) -> Self {
        let signals = limits.map(|limits| signals(values.iter().copied(), &limits, rules)).unwrap_or_default();
        Self { limits, signals, statistic: Statistic::Values }
    }

    fn of_ranges(values: &[f64], average: f64, limits: ControlLimits) -> Self {
        // There is none before the first value; a place is kept for it.
        let first = values.first().map(|_| 0.0);
        let ranges = first.into_iter().chain(values.windows(2).map(|pair| (pair[1] - pair[0]).abs())).collect();
        Self::new_beyond(limits, Statistic::Ranges { ranges, average })
    }

    fn of_averages(values: &[f64], limits: ControlLimits) -> Self {
        let mut average = limits.center;
        let mut next = |&value| {
            average = EwmaChart::USUAL.step(average, value);
            average
        };
        let averages = values.iter().map(&mut next).collect();
        Self::new_beyond(limits, Statistic::Averages { averages, limits })
    }

    /// A chart that signals wherever what it shows lies beyond its limits. Without spread nothing does but by rounding.
    fn new_beyond(limits: ControlLimits, statistic: Statistic) -> Self {
        let mut charted = Self { limits: Some(limits), signals: Vec::new(), statistic };
        if limits.sigma > 0.0 {
            let is_beyond = |at: &usize| {
                charted.mark(*at).is_some_and(|mark| mark.value > mark.lines.upper || mark.value < mark.lines.lower)
            };
            let beyond = (0..charted.statistic.len()).filter(is_beyond);
            charted.signals = beyond.map(|at| Signal { at, rule: Rule::BeyondLimit, began: None }).collect();
        }
        charted
    }

    /// Sums start again at zero after a signal, so that the next one tells of a shift that goes on, or of another.
    fn of_sums(values: &[f64], limits: ControlLimits) -> Self {
        let chart = CusumChart::USUAL;
        let (mut high, mut low) = (Vec::with_capacity(values.len()), Vec::with_capacity(values.len()));
        let mut signals = Vec::new();
        let mut sums = Cusum::default();
        for (at, &value) in values.iter().enumerate() {
            sums.push(limits.z(value).unwrap_or(0.0), &chart);
            high.push(sums.high);
            low.push(sums.low);
            if let Some(shifted_for) = sums.shifted_for(&chart) {
                signals.push(Signal { at, rule: Rule::BeyondLimit, began: Some(at + 1 - shifted_for) });
                sums = Cusum::default();
            }
        }
        Self { limits: Some(limits), signals, statistic: Statistic::Sums { high, low } }
    }

    /// What is shown for the value at `at`; `None` where that is the value itself, between level limits.
    #[must_use]
    pub fn mark(&self, at: usize) -> Option<ChartMark> {
        match &self.statistic {
            Statistic::Values => None,
            Statistic::Band { values, residuals, limits } => {
                let expected = *residuals.expected.get(at)?;
                let back = |on_scale: f64| if residuals.taken_out.is_log { on_scale.exp() } else { on_scale };
                let line = |sigmas: f64| back(expected + limits.at(sigmas));
                let lines = Lines { lower: line(-3.0), center: line(0.0), upper: line(3.0) };
                Some(ChartMark { value: *values.get(at)?, low: None, lines })
            }
            Statistic::Ranges { ranges, average } => {
                let lines = Lines { lower: 0.0, center: *average, upper: MOVING_RANGE_LIMIT * average };
                Some(ChartMark { value: *ranges.get(at)?, low: None, lines })
            }
            Statistic::Averages { averages, limits: ControlLimits { center, sigma } } => {
                let half_width = EwmaChart::USUAL.half_width(*sigma, at + 1);
                let lines = Lines { lower: center - half_width, center: *center, upper: center + half_width };
                Some(ChartMark { value: *averages.get(at)?, low: None, lines })
            }
            Statistic::Sums { high, low } => {
                let limit = CusumChart::USUAL.limit;
                let lines = Lines { lower: -limit, center: 0.0, upper: limit };
                Some(ChartMark { value: *high.get(at)?, low: low.get(at).map(|low| -low), lines })
            }
        }
    }

    /// The first value that something can be shown for.
    #[must_use]
    pub fn first(&self) -> usize {
        usize::from(matches!(self.statistic, Statistic::Ranges { .. }))
    }
}

impl Statistic {
    fn len(&self) -> usize {
        match self {
            Self::Values => 0,
            Self::Band { values, .. }
            | Self::Ranges { ranges: values, .. }
            | Self::Averages { averages: values, .. }
            | Self::Sums { high: values, .. } => values.len(),
        }
    }
}

/// Limits at 3 sd as the average moving range says, once there are enough values, and that average.
fn short_term_limits(values: &[f64], min_samples: u64) -> (Option<ControlLimits>, f64) {
    let normal = Moments::of(values);
    let average = average_moving_range(values.iter().copied()).unwrap_or(0.0);
    (control_limits(normal.n, normal.mean, sigma_of_moving_range(average), min_samples), average)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::Point;
    use crate::model::time::Zone;

    const TOLD: Charting<'static> = Charting { baseline: None, rules: &Rule::EVERY, min_samples: 10 };
    /// NIST/SEMATECH e-Handbook 6.3.2.2, flow rate of ten batches: limits 45.8159 and 55.8041.
    const FLOW: [f64; 10] = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1];

    /// Turn about 99 and 101, with a shift by so much from the hundredth value on.
    fn shifted(by: f64) -> Vec<f64> {
        (0..120).map(|i| if i % 2 == 0 { 99.0 } else { 101.0 } + if i < 100 { 0.0 } else { by }).collect()
    }

    fn charted(chart: SpcChart, values: &[f64]) -> Charted {
        Charted::new(chart, values, 0..values.len().min(100), TOLD)
    }

    #[test]
    fn individuals_have_the_handbook_s_limits() {
        let limits = charted(SpcChart::Individuals, &FLOW).limits.unwrap();
        assert!((limits.ucl() - 55.8041).abs() < 5e-5 && (limits.lcl() - 45.8159).abs() < 5e-5, "{limits:?}");
        let ranges = charted(SpcChart::MovingRange, &FLOW);
        let newest = ranges.mark(9).unwrap();
        assert!((newest.value - 1.5).abs() < 1e-9);
        // The average 1.8778 times 3.267.
        assert!((newest.lines.upper - 6.1347).abs() < 5e-4, "{newest:?}");
        assert_eq!((newest.lines.lower, ranges.first(), ranges.signals.len()), (0.0, 1, 0));
    }

    /// The window's values are 2 apart, so its spread is 2/1.128 = 1.773 and its centre 100.
    #[rstest]
    #[case::individuals(SpcChart::Individuals, 6.0, Some(101))]
    #[case::moving_range(SpcChart::MovingRange, 12.0, Some(100))]
    #[case::ewma(SpcChart::Ewma, 3.0, Some(103))]
    #[case::cusum(SpcChart::Cusum, 3.0, Some(104))]
    #[case::calm_individuals(SpcChart::Individuals, 0.0, None)]
    #[case::calm_ranges(SpcChart::MovingRange, 0.0, None)]
    #[case::calm_averages(SpcChart::Ewma, 0.0, None)]
    #[case::calm_sums(SpcChart::Cusum, 0.0, None)]
    fn each_signals_on_what_it_is_for(#[case] chart: SpcChart, #[case] shift: f64, #[case] first: Option<usize>) {
        let told = Charting { rules: &[Rule::BeyondLimit], ..TOLD };
        let charted = Charted::new(chart, &shifted(shift), 0..100, told);
        assert_eq!(charted.signals.first().map(|signal| signal.at), first, "{:?}", charted.signals);
    }

    #[test]
    fn sums_say_since_when_and_start_again() {
        let charted = charted(SpcChart::Cusum, &shifted(3.0));
        assert!(charted.signals.len() >= 2, "{:?}", charted.signals);
        // The value at 99 lies above the centre: the sum was zero before it.
        assert_eq!(charted.signals[0].began, Some(99));
        let after = charted.signals[0].at + 1;
        assert_eq!(charted.signals[1].began, Some(after));
        assert!(charted.mark(after).unwrap().value < 5.0);
    }

    /// Values that double by day, ten minutes apart, with a spike at noon and one in the night.
    #[test]
    fn what_is_expected_is_no_signal_and_the_band_follows_it() {
        let is_day = |i: i64| (48..120).contains(&(i % 144));
        let wobble = |i: i64| [0.0, 1.0, -1.0, 0.5, -0.5, 0.2, -1.2][(i % 7) as usize];
        let value = |i: i64| if is_day(i) { 200.0 } else { 100.0 } + wobble(i) + if i == 700 { 50.0 } else { 0.0 };
        let points: Vec<Point> = (0..144 * 7).map(|i| Point { timestamp_ms: i * 600_000, value: value(i) }).collect();
        let hours: Vec<(i64, f64)> = points.chunks(6).map(|hour| (hour[0].timestamp_ms, hour[3].value)).collect();
        let values: Vec<f64> = points.iter().map(|point| point.value).collect();
        let of = |chart| {
            let residuals = Residuals::of(&points, 0..points.len(), &hours, &Zone::utc()).unwrap();
            let told = Charting { baseline: control_limits(7 * 144, 150.0, 50.0, 10), ..TOLD };
            Charted::of_residuals(chart, &values, residuals, 0..points.len(), told)
        };
        let band = of(SpcChart::Baseline);
        let rule_1: Vec<usize> =
            band.signals.iter().filter(|signal| signal.rule == Rule::BeyondLimit).map(|signal| signal.at).collect();
        assert!(rule_1.contains(&700), "{rule_1:?}");
        let (noon, night) = (band.mark(72).unwrap(), band.mark(0).unwrap());
        assert!(noon.lines.lower > 150.0 && night.lines.upper < 150.0, "{noon:?} {night:?}");
        assert_eq!(band.limits, control_limits(7 * 144, 150.0, 50.0, 10), "level limits stay those of the samples");
        // What is made of residuals is counted in their standard deviations.
        let averages = of(SpcChart::Ewma);
        assert!(averages.limits.is_some_and(|limits| (limits.sigma - 1.0).abs() < 1e-9), "{:?}", averages.limits);
    }

    #[rstest]
    fn too_little_or_too_wild_has_no_limits(
        #[values(SpcChart::Individuals, SpcChart::MovingRange, SpcChart::Ewma, SpcChart::Cusum)] chart: SpcChart,
        #[values(&[], &[1.0], &[1.0, 2.0, 3.0], &[f64::MAX, -f64::MAX, f64::MAX, -f64::MAX, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])]
        values: &[f64],
    ) {
        let charted = charted(chart, values);
        assert_eq!((charted.limits, charted.signals.len()), (None, 0));
        assert_eq!(charted.mark(0), None);
    }

    #[rstest]
    fn a_metric_that_never_moved_is_calm(
        #[values(SpcChart::Individuals, SpcChart::MovingRange, SpcChart::Ewma, SpcChart::Cusum)] chart: SpcChart,
    ) {
        let values = [0.1; 400];
        let charted = Charted::new(chart, &values, 0..values.len(), TOLD);
        assert!(charted.limits.is_some());
        assert_eq!(charted.signals.len(), 0);
    }
}
