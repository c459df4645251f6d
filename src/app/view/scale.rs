//! Values to dots: a straight scale that also holds at the ends of the floating-point range.

/// A vertical scale from `low` (bottom) to `high` (top).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Value at the lower edge.
    pub low: f64,
    /// Value at the upper edge; greater than `low`.
    pub high: f64,
}

impl Scale {
    /// A scale that shows all finite `values` with a margin of `margin` of their span on both sides;
    /// `None` when there is no finite value. A single value gets a scale around it.
    #[must_use]
    pub fn around(values: impl IntoIterator<Item = f64>, margin: f64) -> Option<Self> {
        let (low, high) = values
            .into_iter()
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return None;
        }
        let half_span = high / 2.0 - low / 2.0;
        let room = half_span * 2.0 * margin;
        let magnitude = low.abs().max(high.abs());
        // Values that differ by less than floats can tell apart count as one value.
        let is_flat = half_span <= magnitude * 1e-12;
        let room = if !is_flat {
            room
        } else if magnitude > 0.0 {
            magnitude * 0.1
        } else {
            1.0
        };
        Some(Self { low: clamp(low - room), high: clamp(high + room) })
    }

    /// How far up a value lies: 0 at the lower edge, 1 at the upper, clamped to them.
    #[must_use]
    pub fn fraction(&self, value: f64) -> f64 {
        let span = self.high / 2.0 - self.low / 2.0;
        ((value / 2.0 - self.low / 2.0) / span).clamp(0.0, 1.0)
    }

    /// The dot of a value, counted from the top of `dots` dots. 0 when there are none.
    #[must_use]
    pub fn dot(&self, value: f64, dots: usize) -> usize {
        let last = dots.saturating_sub(1);
        let from_bottom = (self.fraction(value) * last as f64).round() as usize;
        last - from_bottom.min(last)
    }

    /// Whether a value lies on the scale.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

fn clamp(value: f64) -> f64 {
    value.clamp(f64::MIN, f64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[test]
    fn the_ends_of_the_scale_are_the_ends_of_the_dots() {
        let scale = Scale { low: 0.0, high: 10.0 };
        assert_eq!((scale.dot(10.0, 11), scale.dot(0.0, 11), scale.dot(4.0, 11)), (0, 10, 6));
        assert_eq!((scale.dot(99.0, 11), scale.dot(-99.0, 11)), (0, 10));
    }

    #[rstest]
    #[case(&[5.0], 4.5, 5.5)]
    #[case(&[0.0], -1.0, 1.0)]
    #[case(&[0.0, 10.0], -1.0, 11.0)]
    #[case(&[f64::NAN, 3.0, f64::INFINITY], 2.7, 3.3)]
    fn a_scale_leaves_room(#[case] values: &[f64], #[case] low: f64, #[case] high: f64) {
        assert_eq!(Scale::around(values.iter().copied(), 0.1), Some(Scale { low, high }));
    }

    #[test]
    fn nothing_has_no_scale() {
        assert_eq!(Scale::around([], 0.1), None);
        assert_eq!(Scale::around([f64::NAN], 0.1), None);
    }

    proptest! {
        #[test]
        fn every_value_finds_a_dot_on_every_scale(a in any::<f64>(), b in any::<f64>(), value in any::<f64>(), dots in 1usize..300) {
            if let Some(scale) = Scale::around([a, b], 0.05) {
                prop_assert!(scale.low < scale.high);
                prop_assert!(scale.dot(value, dots) < dots);
            }
        }

        #[test]
        fn larger_values_are_never_lower(a in -1e308..1e308f64, b in -1e308..1e308f64, dots in 1usize..300) {
            let scale = Scale { low: -1e308, high: 1e308 };
            let (small, large) = (a.min(b), a.max(b));
            prop_assert!(scale.dot(large, dots) <= scale.dot(small, dots));
        }
    }
}
