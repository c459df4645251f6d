//! On which other scale than its own a metric is looked at, so that what is skewed looks even.

use serde::{Deserialize, Serialize};

/// A metric is of positive values, or of values that are not negative, when its first ones are.
const SIGN_SAMPLES: u32 = 100;

/// The scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    /// The logarithm, of positive values.
    Logarithm,
    /// The square root, of counts and whatever else can be zero.
    Root,
    /// None: values of either sign.
    Nothing,
}

/// The scale of a metric, by what its first values are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Transform {
    pub kind: Kind,
    samples: u32,
    least_positive: f64,
    /// Roots are taken of the distance from here: with fractions, whole numbers begin half below zero.
    least: f64,
}

impl Transform {
    pub(super) const fn new() -> Self {
        Self { kind: Kind::Logarithm, samples: 0, least_positive: f64::INFINITY, least: -0.5 }
    }

    /// Takes in the next value; whether the scale is another one now.
    pub(super) fn see(&mut self, value: f64) -> bool {
        let before = (self.kind, self.least);
        if value > 0.0 {
            self.least_positive = self.least_positive.min(value);
        }
        if self.samples < SIGN_SAMPLES {
            self.samples += 1;
            self.kind = match self.kind {
                Kind::Logarithm if value == 0.0 => Kind::Root,
                _ if value < 0.0 => Kind::Nothing,
                known => known,
            };
            if value.fract() != 0.0 {
                self.least = 0.0;
            }
        }
        self.kind != before.0 || self.kind == Kind::Root && self.least > before.1
    }

    /// A value, which may have got a fraction, on that scale. What is not positive after all counts as half the least that
    /// was.
    pub(super) fn apply(&self, value: f64) -> Option<f64> {
        match self.kind {
            Kind::Logarithm => Some(value.max(self.least_positive / 2.0).max(f64::MIN_POSITIVE).ln()),
            Kind::Root => Some((value - self.least).max(0.0).sqrt()),
            Kind::Nothing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(&[1.0, 2.0, 3.0], Kind::Logarithm)]
    #[case(&[1.0, 0.0, 3.0], Kind::Root)]
    #[case(&[1.0, 0.0, -3.0], Kind::Nothing)]
    #[case(&[-1.0, 0.0, 3.0], Kind::Nothing)]
    fn the_first_values_say_which(#[case] values: &[f64], #[case] kind: Kind) {
        let mut transform = Transform::new();
        let changes = values.iter().filter(|&&value| transform.see(value)).count();
        assert_eq!((transform.kind, changes > 0), (kind, kind != Kind::Logarithm));
        (0..200).for_each(|_| assert!(!transform.see(1.0)));
        assert!(!transform.see(-1.0), "it is settled");
    }

    #[test]
    fn a_fraction_that_comes_late_changes_nothing() {
        let mut transform = Transform::new();
        assert_eq!((0..200).filter(|&at| transform.see(f64::from(at % 3))).count(), 1);
        assert!(!transform.see(0.5));
        assert_eq!(transform.apply(8.5), Some(3.0));
        let mut measured = Transform::new();
        assert!(measured.see(0.0) && measured.see(0.5) && !measured.see(0.0));
        assert_eq!(measured.apply(9.0), Some(3.0));
    }

    #[test]
    fn what_cannot_be_on_the_scale_is_at_its_end() {
        let mut transform = Transform::new();
        (0..200).for_each(|_| assert!(!transform.see(4.0)));
        assert_eq!(transform.apply(-7.0), transform.apply(2.0));
        assert_eq!(transform.apply(0.0003), transform.apply(2.0), "a zero with a fraction");
        let root = Transform { kind: Kind::Root, ..transform };
        assert_eq!((root.apply(-7.0), root.apply(8.5)), (Some(0.0), Some(3.0)));
    }
}
