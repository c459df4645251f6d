//! What the user called the alerts of a metric, as a share of its thresholds.

use crate::model::Precision;

/// A label that says false raises the thresholds by this share, one that says true lowers them by this one.
const RAISES: f64 = 0.05;
const LOWERS: f64 = 0.02;
/// But all labels together by no more.
const MOST_RAISED: f64 = 0.25;
const MOST_LOWERED: f64 = 0.1;

/// How much higher thresholds are, as a share: negative when they are lower.
pub(super) fn shift(labels: &Precision) -> f64 {
    let called_false = labels.labelled.saturating_sub(labels.called_true);
    let shift = RAISES * called_false as f64 - LOWERS * labels.called_true as f64;
    shift.clamp(-MOST_LOWERED, MOST_RAISED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rule;

    #[rstest::rstest]
    #[case(0, 0, 0.0)]
    #[case(0, 1, 0.05)]
    #[case(3, 1, -0.01)]
    #[case(1, 3, 0.13)]
    #[case(0, 90, 0.25)]
    #[case(90, 0, -0.1)]
    fn labels_move_thresholds_within_bounds(#[case] called_true: u64, #[case] called_false: u64, #[case] moved: f64) {
        let labelled = called_true + called_false;
        let labels = Precision { metric: "lcp".into(), rule: Rule::Surprise, labelled, called_true };
        assert!((shift(&labels) - moved).abs() < 1e-12, "{}", shift(&labels));
    }
}
