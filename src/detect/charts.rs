//! The control charts to choose from: what each shows for a sample, by which lines, and where it signals.
//!
//! Centre and spread are those of the window on screen, as with every chart of a past that is known (phase I in
//! Montgomery, Introduction to Statistical Quality Control).

use std::ops::Range;

use super::control_limits;
use super::western_electric::{Signal, signals};
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
    Ranges { ranges: Vec<f64>, average: f64 },
    Averages { averages: Vec<f64>, limits: ControlLimits },
    Sums { high: Vec<f64>, low: Vec<f64> },
}

impl Charted {
    /// Draws `chart` over `values`, oldest first, of which those of `window` say what is normal.
    #[must_use]
    pub fn new(chart: SpcChart, values: &[f64], window: Range<usize>, told: Charting<'_>) -> Self {
        if chart == SpcChart::Baseline {
            return Self::of_values(values, told.baseline, told.rules);
        }
        let normal = Moments::of(&values[window.clone()]);
        let average = average_moving_range(values[window].iter().copied()).unwrap_or(0.0);
        let limits = control_limits(normal.n, normal.mean, sigma_of_moving_range(average), told.min_samples);
        match (chart, limits) {
            (SpcChart::MovingRange, Some(limits)) => Self::of_ranges(values, average, limits),
            (SpcChart::Ewma, Some(limits)) => Self::of_averages(values, limits),
            (SpcChart::Cusum, Some(limits)) => Self::of_sums(values, limits),
            _ => Self::of_values(values, limits, told.rules),
        }
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
            Self::Ranges { ranges: values, .. }
            | Self::Averages { averages: values, .. }
            | Self::Sums { high: values, .. } => values.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

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
