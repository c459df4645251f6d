//! Numbers as 16 bits, finest where most of them are.

use serde::{Deserialize, Serialize};

/// Bits of a fraction that are kept of the 23 there are: what is kept is true to one in 2000 of the distance from the
/// center.
const FRACTION: u32 = 10;
const DROPPED: u32 = 23 - FRACTION;
/// The bits of the smallest distance that is told from none, 2^-12 units. The greatest is 2^20.
const SMALLEST: i32 = (127 - 12) << FRACTION;
/// A grid is good enough with a unit so many times too large or too small, and a center so many units off.
const GOOD_ENOUGH: f32 = 16.0;
const OFF_CENTER: f32 = 4.0;

/// Numbers by their distance from a center, as floating-point numbers of 16 bits: a sign, 5 bits of exponent, 10 of a
/// fraction. Greater numbers have greater codes, or the same.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Grid {
    center: f32,
    unit: f32,
    per_unit: f32,
}

impl Grid {
    /// The unit is greater than 0.
    pub(crate) fn new(center: f32, unit: f32) -> Self {
        // Of numbers without a reciprocal the nearest that has one.
        let unit = unit.clamp(1e-37, 1e37);
        Self { center, unit, per_unit: unit.recip() }
    }

    /// Whether greater numbers have greater codes.
    pub(crate) fn is_sound(&self) -> bool {
        let is_unit = self.unit > 0.0 && self.unit.is_finite();
        is_unit && self.center.is_finite() && self.per_unit.to_bits() == self.unit.recip().to_bits()
    }

    #[inline]
    pub(crate) fn code(&self, value: f32) -> i16 {
        let distance = (value - self.center) * self.per_unit;
        let bits = distance.to_bits().cast_signed();
        let size = (((bits & i32::MAX) + (1 << (DROPPED - 1))) >> DROPPED) - SMALLEST;
        let sign = bits >> 31;
        ((size.clamp(0, i32::from(i16::MAX)) ^ sign) - sign) as i16
    }

    #[inline]
    pub(crate) fn value(&self, code: i16) -> f32 {
        if code == 0 {
            return self.center;
        }
        let size = f32::from_bits(((i32::from(code).abs() + SMALLEST) << DROPPED).cast_unsigned());
        self.center + size.copysign(f32::from(code)) * self.unit
    }

    /// Whether this one does as well as another.
    pub(crate) fn is_as_good_as(&self, other: &Self) -> bool {
        let size = self.unit / other.unit;
        (GOOD_ENOUGH.recip()..=GOOD_ENOUGH).contains(&size)
            && (self.center - other.center).abs() <= OFF_CENTER * self.unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn codes_have_the_order_of_the_values_and_give_them_back(
            center in -1e15f32..1e15, unit in 1e-20f32..1e20, (a, b) in (-5e4f32..5e4, -5e4f32..5e4),
        ) {
            let grid = Grid::new(0.0, unit);
            let (a, b) = (a * unit, b * unit);
            assert!((a <= b) == (grid.code(a) <= grid.code(b)) || grid.code(a) == grid.code(b));
            let back = grid.value(grid.code(a));
            assert!((back - a).abs() <= a.abs() / 2000.0 + unit / 4000.0, "{a} {back}");
            assert_eq!(grid.code(back), grid.code(a), "what was rounded is not rounded further");
            let away = Grid::new(center, unit);
            assert_eq!(away.value(away.code(center)).to_bits(), center.to_bits());
        }
    }

    #[test]
    fn any_number_has_a_code() {
        for unit in [f32::MIN_POSITIVE, 1.0, f32::MAX] {
            for center in [-1e15, 0.0, f32::MAX] {
                let grid = Grid::new(center, unit);
                for value in [f32::MIN, -1.0, 0.0, 5e-45, 1.0, 1e15, f32::MAX] {
                    assert!(!grid.value(grid.code(value)).is_nan(), "{center} {unit} {value}");
                }
            }
        }
    }
}
