//! Labels of a value axis: nice numbers in the metric's unit.
//!
//! Nice numbers: P. Heckbert, "Nice numbers for graph labels", Graphics Gems (1990).

use super::Scale;
use crate::model::Unit;
use crate::model::text::number;

/// The ticks of a value axis, lowest first.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueTicks {
    /// Values with their labels, without the unit.
    pub ticks: Vec<(f64, String)>,
    /// The unit that all labels share, such as `ms` or `MiB`; may be empty.
    pub unit: &'static str,
}

/// At most `max_ticks` (at least 2) nice values inside the scale.
#[must_use]
pub fn value_ticks(scale: Scale, unit: Unit, max_ticks: usize) -> ValueTicks {
    let magnitude = scale.low.abs().max(scale.high.abs());
    let (factor, word) = multiple(unit, magnitude);
    // A quarter keeps spans near the largest float finite; it is a power of two, so nothing is lost.
    let (low, high, stretch) = match scale.high * factor - scale.low * factor {
        span if span.is_finite() => (scale.low * factor, scale.high * factor, 1.0),
        _ => (scale.low / 4.0, scale.high / 4.0, 4.0),
    };
    let step = nice((high - low) / max_ticks.saturating_sub(1).max(1) as f64);
    if !(step.is_finite() && step > 0.0) {
        return ValueTicks { ticks: Vec::new(), unit: word };
    }
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let first = (low / step).ceil();
    let ticks = (0..=max_ticks.max(2))
        .map(|i| (first + i as f64) * step)
        .take_while(|value| *value <= high)
        .map(|value| (value * stretch / factor, label(value * stretch, decimals)))
        .collect();
    ValueTicks { ticks, unit: word }
}

fn label(value: f64, decimals: usize) -> String {
    // Adding zero turns -0 into 0.
    let value = value + 0.0;
    if value != 0.0 && (value.abs() >= 1e7 || decimals > 6) { number(value) } else { format!("{value:.decimals$}") }
}

/// The nice number (1, 2 or 5 times a power of ten) that is not less than `span`, so that there are
/// never more ticks than asked for.
fn nice(span: f64) -> f64 {
    let power = 10f64.powf(span.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    let fraction = span / power;
    power * steps.into_iter().find(|step| fraction <= step * (1.0 + 1e-9)).unwrap_or(10.0)
}

/// The factor and the word by which values of this size are written: 1/1000 and `s` for 42,000 ms.
#[must_use]
pub fn multiple(unit: Unit, magnitude: f64) -> (f64, &'static str) {
    const MILLISECONDS: [(f64, f64, &str); 6] = [
        (1e-3, 1e6, "ns"),
        (1.0, 1e3, "us"),
        (10_000.0, 1.0, "ms"),
        (600_000.0, 1e-3, "s"),
        (36_000_000.0, 1.0 / 60_000.0, "min"),
        (f64::INFINITY, 1.0 / 3_600_000.0, "h"),
    ];
    const BYTES: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    const COUNTS: [&str; 5] = ["", "k", "M", "G", "T"];
    let scaled = |base: f64, words: &[&'static str]| {
        let step = words.len().min(1 + (magnitude.max(1.0).ln() / base.ln()).floor() as usize) - 1;
        (base.powf(-(step as f64)), words[step])
    };
    let time = |magnitude_ms: f64| {
        let (_, factor, word) =
            MILLISECONDS.into_iter().find(|(below, _, _)| magnitude_ms < *below).unwrap_or(MILLISECONDS[5]);
        (factor, word)
    };
    match unit {
        Unit::None => (1.0, ""),
        Unit::Percent => (1.0, "%"),
        Unit::Milliseconds => time(magnitude),
        Unit::Seconds => {
            let (factor, word) = time(magnitude * 1e3);
            (factor * 1e3, word)
        }
        Unit::Bytes => scaled(1_024.0, &BYTES),
        Unit::Count => scaled(1_000.0, &COUNTS),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn labels(low: f64, high: f64, unit: Unit, max_ticks: usize) -> (Vec<String>, &'static str) {
        let axis = value_ticks(Scale { low, high }, unit, max_ticks);
        (axis.ticks.into_iter().map(|(_, label)| label).collect(), axis.unit)
    }

    #[rstest]
    #[case(0.0, 100.0, Unit::None, 6, &["0", "20", "40", "60", "80", "100"], "")]
    #[case(103.0, 158.0, Unit::Milliseconds, 6, &["120", "140"], "ms")]
    #[case(0.0, 0.9, Unit::Milliseconds, 4, &["0", "500"], "us")]
    #[case(0.11, 0.19, Unit::Percent, 5, &["0.12", "0.14", "0.16", "0.18"], "%")]
    #[case(0.0, 3.0 * 1_048_576.0, Unit::Bytes, 4, &["0", "1", "2", "3"], "MiB")]
    #[case(-1_000.0, 25_000.0, Unit::Count, 4, &["0", "10", "20"], "k")]
    #[case(-30.0, 30.0, Unit::None, 4, &["-20", "0", "20"], "")]
    #[case(0.9, 2.1, Unit::Seconds, 3, &["1000", "2000"], "ms")]
    fn ticks_are_nice(
        #[case] low: f64,
        #[case] high: f64,
        #[case] unit: Unit,
        #[case] max_ticks: usize,
        #[case] expected: &[&str],
        #[case] word: &str,
    ) {
        let (labels, unit) = labels(low, high, unit, max_ticks);
        assert_eq!(labels, expected);
        assert_eq!(unit, word);
    }

    proptest! {
        #[test]
        fn ticks_lie_on_the_scale_in_order(
            a in any::<f64>(), b in any::<f64>(), max_ticks in 2usize..20,
            unit in prop::sample::select(vec![Unit::None, Unit::Milliseconds, Unit::Seconds, Unit::Bytes, Unit::Count]),
        ) {
            if let Some(scale) = Scale::around([a, b], 0.05) {
                let axis = value_ticks(scale, unit, max_ticks);
                prop_assert!(axis.ticks.len() <= max_ticks + 1);
                let slack = (scale.high / 2.0 - scale.low / 2.0) * 1e-6;
                for (value, _) in &axis.ticks {
                    prop_assert!(*value >= scale.low - slack && *value <= scale.high + slack, "{value} of {scale:?}");
                }
                prop_assert!(axis.ticks.windows(2).all(|pair| pair[0].0 < pair[1].0));
            }
        }
    }
}
