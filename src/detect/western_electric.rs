//! The Western Electric run rules as a state machine: one value and its limits at a time.
//!
//! Values exactly on a limit are inside; a value exactly on the centre line ends a run (Champ & Woodall
//! 1987, Technometrics 29). Limits may differ from value to value: each is placed by its own.

use crate::model::{ControlLimits, Rule};

/// Consecutive values on one side that make a run.
pub(super) const RUN_LENGTH: u32 = 7;

/// A side of the centre line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Above,
    Below,
}

/// The side on which `value` lies beyond `sigmas` standard deviations, if it does.
pub(super) fn beyond(value: f64, limits: &ControlLimits, sigmas: f64) -> Option<Side> {
    if value > limits.at(sigmas) {
        Some(Side::Above)
    } else if value < limits.at(-sigmas) {
        Some(Side::Below)
    } else {
        None
    }
}

/// The rules that are switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RuleSet(u16);

impl RuleSet {
    const fn bit(rule: Rule) -> u16 {
        1 << rule.number()
    }

    pub(super) const fn contains(self, rule: Rule) -> bool {
        self.0 & Self::bit(rule) != 0
    }
}

impl From<&[Rule]> for RuleSet {
    fn from(rules: &[Rule]) -> Self {
        Self(rules.iter().fold(0, |bits, rule| bits | Self::bit(*rule)))
    }
}

/// What fired on a value, and on which side. Rule 1 fires on every value beyond a limit; rules 2 and 3
/// fire on the value that fulfils them and then not again until they have ceased to hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fired {
    pub(super) beyond_limit: Option<Side>,
    pub(super) two_of_three: Option<Side>,
    pub(super) seven_on_one_side: Option<Side>,
}

impl Fired {
    /// The rules that fired, the gravest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Rule, Side)> {
        [
            (Rule::BeyondLimit, self.beyond_limit),
            (Rule::TwoOfThree, self.two_of_three),
            (Rule::SevenOnOneSide, self.seven_on_one_side),
        ]
        .into_iter()
        .filter_map(|(rule, side)| side.map(|side| (rule, side)))
    }
}

/// What the rules remember of the values before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RunState {
    /// Sides of the last three values beyond 2 sd, the newest last.
    warned: [Option<Side>; 3],
    /// The side on which rule 2 holds at present.
    pair_holds: Option<Side>,
    /// The side of the current run, and its length.
    run: Option<(Side, u32)>,
}

impl RunState {
    /// Places the next value and says which rules fire on it.
    pub(super) fn step(&mut self, value: f64, limits: &ControlLimits) -> Fired {
        if limits.sigma <= 0.0 {
            // Without spread there are no zones to run in; rule 1 says all there is to say.
            *self = Self::default();
            return Fired { beyond_limit: beyond(value, limits, 3.0), ..Fired::default() };
        }
        Fired {
            beyond_limit: beyond(value, limits, 3.0),
            two_of_three: self.step_pair(beyond(value, limits, 2.0)),
            seven_on_one_side: self.step_run(beyond(value, limits, 0.0)),
        }
    }

    /// Whether the value `back` steps ago lies beyond 2 sd on `side`.
    pub(super) fn was_warned(&self, back: usize, side: Side) -> bool {
        self.warned.iter().rev().nth(back) == Some(&Some(side))
    }

    fn step_pair(&mut self, warned: Option<Side>) -> Option<Side> {
        self.warned.rotate_left(1);
        self.warned[2] = warned;
        let count = |side| self.warned.iter().filter(|&&warned| warned == Some(side)).count();
        let holds = [Side::Above, Side::Below].into_iter().find(|&side| count(side) >= 2);
        let before = std::mem::replace(&mut self.pair_holds, holds);
        holds.filter(|&side| before != Some(side))
    }

    fn step_run(&mut self, side: Option<Side>) -> Option<Side> {
        self.run = match (side, self.run) {
            (Some(side), Some((before, length))) if side == before => Some((side, length.saturating_add(1))),
            (Some(side), _) => Some((side, 1)),
            (None, _) => None,
        };
        self.run.filter(|&(_, length)| length == RUN_LENGTH).map(|(side, _)| side)
    }
}

/// A value on which a chart signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    /// Its place among the values.
    pub at: usize,
    /// The gravest rule that fired on it.
    pub rule: Rule,
    /// The place of the first value after the shift, by the estimate of a chart that makes one.
    pub began: Option<usize>,
}

/// The values on which one of `rules` fires against fixed `limits`, oldest first, each with the gravest rule. The same
/// state machine as the live detector's.
#[must_use]
pub fn signals(values: impl IntoIterator<Item = f64>, limits: &ControlLimits, rules: &[Rule]) -> Vec<Signal> {
    let rules = RuleSet::from(rules);
    let mut state = RunState::default();
    let gravest = |(at, value)| {
        let fired = state.step(value, limits);
        let rule = fired.iter().map(|(rule, _)| rule).find(|&rule| rules.contains(rule))?;
        Some(Signal { at, rule, began: None })
    };
    values.into_iter().enumerate().filter_map(gravest).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const STANDARD: ControlLimits = ControlLimits::new(0.0, 1.0);

    fn fired_on(values: &[f64], limits: &ControlLimits, rule: Rule) -> Vec<usize> {
        signals(values.iter().copied(), limits, &[rule]).iter().map(|signal| signal.at).collect()
    }

    const ONE: Rule = Rule::BeyondLimit;
    const TWO: Rule = Rule::TwoOfThree;
    const SEVEN: Rule = Rule::SevenOnOneSide;

    #[rstest]
    #[case::high(ONE, &[0.0, 0.5, 3.01], &[2])]
    #[case::low(ONE, &[-3.2], &[0])]
    #[case::on_the_limit_is_inside(ONE, &[0.0, 3.0, -3.0, 0.1], &[])]
    #[case::every_value_beyond_fires(ONE, &[3.5, 3.5, -3.5], &[0, 1, 2])]
    #[case::adjacent(TWO, &[2.1, 2.2], &[1])]
    #[case::with_one_between(TWO, &[2.1, 0.0, 2.2], &[2])]
    #[case::too_far_apart(TWO, &[2.1, 0.0, 0.0, 2.2], &[])]
    #[case::opposite_sides(TWO, &[2.1, -2.2, 0.3], &[])]
    #[case::on_two_sd_is_inside(TWO, &[2.0, 2.0, 2.0], &[])]
    #[case::low_side(TWO, &[-2.1, -2.2], &[1])]
    #[case::once_while_it_holds(TWO, &[2.1, 2.1, 2.1, 0.0, 2.1], &[1])]
    #[case::again_once_it_ceased(TWO, &[2.1, 2.1, 0.0, 0.0, 2.1, 2.1], &[1, 5])]
    #[case::the_other_side_is_new(TWO, &[2.1, 2.1, -2.1, -2.1], &[1, 3])]
    #[case::seven(SEVEN, &[0.1; 7], &[6])]
    #[case::seven_low(SEVEN, &[-0.1; 7], &[6])]
    #[case::once_a_run(SEVEN, &[0.1; 20], &[6])]
    #[case::six(SEVEN, &[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, -0.1], &[])]
    #[case::the_centre_ends_a_run(SEVEN, &[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], &[])]
    fn rules_fire_where_they_should(#[case] rule: Rule, #[case] values: &[f64], #[case] expected: &[usize]) {
        assert_eq!(fired_on(values, &STANDARD, rule), expected);
    }

    #[test]
    fn the_gravest_rule_marks_the_point() {
        let rules: Vec<Rule> =
            signals([2.5, 2.5, 3.5], &STANDARD, &Rule::EVERY).iter().map(|signal| signal.rule).collect();
        assert_eq!(rules, [TWO, ONE]);
    }

    #[test]
    fn without_spread_any_other_value_is_beyond() {
        let constant = ControlLimits::new(5.0, 0.0);
        assert_eq!(fired_on(&[5.0, 5.0, 5.1, 4.9], &constant, ONE), [2, 3]);
        assert_eq!(fired_on(&[6.0; 10], &constant, TWO), [0; 0]);
        assert_eq!(fired_on(&[6.0; 10], &constant, SEVEN), [0; 0]);
    }

    /// NIST/SEMATECH e-Handbook 6.3.2.2, flow rate of ten batches: limits 45.8159 and 55.8041, all inside.
    #[test]
    fn the_handbook_s_flow_rate_is_in_control() {
        let flow = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1];
        let limits = ControlLimits::new(50.81, (55.8041 - 50.81) / 3.0);
        for rule in Rule::EVERY {
            assert_eq!(fired_on(&flow, &limits, rule), [0; 0]);
        }
    }

    proptest! {
        // Steps of 1/64 keep shifting and scaling by powers of two exact, so zones cannot move by rounding.
        #[test]
        fn unit_and_origin_do_not_matter(
            steps in prop::collection::vec(-256..256_i32, 0..80),
            shift in -1_000..1_000_i32,
            power in -8..8_i32,
        ) {
            let scale = f64::from(power).exp2();
            let values: Vec<f64> = steps.iter().map(|&step| f64::from(step) / 64.0).collect();
            let moved: Vec<f64> = values.iter().map(|value| (value + f64::from(shift)) * scale).collect();
            let limits = ControlLimits::new(f64::from(shift) * scale, scale);
            for rule in Rule::EVERY {
                prop_assert_eq!(fired_on(&values, &STANDARD, rule), fired_on(&moved, &limits, rule));
            }
        }

        #[test]
        fn the_mirror_image_fires_on_the_same_values(values in prop::collection::vec(-4.0..4.0_f64, 0..80)) {
            let mirrored: Vec<f64> = values.iter().map(|value| -value).collect();
            for rule in Rule::EVERY {
                prop_assert_eq!(fired_on(&values, &STANDARD, rule), fired_on(&mirrored, &STANDARD, rule));
            }
        }
    }
}
