//! The scale of a sketch: which bin a magnitude falls into, and which value stands for a bin.
//!
//! A bin must hold magnitudes of nearly equal logarithm. Its index is the whole part of 70 * (e + P(s)) for
//! the magnitude 2^e * (1 + s), where the cubic P goes from 0 to 1 almost like log2(1 + s) (the cubic
//! interpolation of `DataDog`'s `DDSketch` libraries, after Masson, Rim & Lee 2019). P'(s) * (1 + s) is nowhere
//! below 10/7, so a bin is nowhere wider than exp(1 / (70 * 10/7)) = exp(0.01), 1 % more bins than with the
//! logarithm. It takes no library function: the index of a value, which is stored, is the same on every
//! machine, and a value costs 1 ns.

/// Bins between a magnitude and its double.
const BINS_PER_DOUBLING: i32 = 70;

/// P(s) = 10/7 s - 3/5 s^2 + 6/35 s^3.
const CUBIC: [f64; 3] = [10.0 / 7.0, -3.0 / 5.0, 6.0 / 35.0];

const MANTISSA_BITS: u32 = 52;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;
const EXPONENT_BIAS: i32 = 1023;

/// The bin of the smallest magnitude that is not a zero, and the last there is.
pub(super) const FIRST_BIN: i32 = -1022 * BINS_PER_DOUBLING;
pub(super) const LAST_BIN: i32 = 1024 * BINS_PER_DOUBLING;

/// Values nearer to zero than this (2.2e-308) have no bin and count as zeros.
pub(super) const SMALLEST: f64 = f64::MIN_POSITIVE;

/// The bin of a finite value, whatever its sign.
pub(super) fn bin_of(value: f64) -> i32 {
    /// 2^52 and 1.5 * 2^52: whole numbers stand in the low bits of a float next to these, where a vector
    /// of them can be converted.
    const INTEGERS: f64 = 4_503_599_627_370_496.0;
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    let bits = value.abs().to_bits();
    let exponent = f64::from_bits(INTEGERS.to_bits() | (bits >> MANTISSA_BITS)) - (INTEGERS + 1023.0);
    let s = f64::from_bits(1.0_f64.to_bits() | (bits & MANTISSA)) - 1.0;
    // The nearest whole number to half below is the whole part; on an edge either bin will do.
    let bin = (exponent + cubic(s)) * f64::from(BINS_PER_DOUBLING) - 0.5;
    ((bin + ROUNDER).to_bits() as u32).cast_signed()
}

/// The magnitude whose relative distance from both edges of a bin is the same, and at most
/// [`super::RELATIVE_ERROR`].
pub(super) fn magnitude_of(bin: i32) -> f64 {
    let place = bin.rem_euclid(BINS_PER_DOUBLING);
    let (low, high) = (1.0 + cubic_root(place), 1.0 + cubic_root(place + 1));
    let exponent = bin.div_euclid(BINS_PER_DOUBLING) + EXPONENT_BIAS;
    let power = f64::from_bits(u64::from(exponent.unsigned_abs()) << MANTISSA_BITS);
    power * (2.0 * low * high / (low + high))
}

fn cubic(s: f64) -> f64 {
    s * (CUBIC[0] + s * (CUBIC[1] + s * CUBIC[2]))
}

/// Where the cubic reaches `place` bins, by Newton's method; it is close to a straight line.
fn cubic_root(place: i32) -> f64 {
    let goal = f64::from(place) / f64::from(BINS_PER_DOUBLING);
    (0..6).fold(goal, |s, _| {
        let slope = CUBIC[0] + s * (2.0 * CUBIC[1] + s * 3.0 * CUBIC[2]);
        s - (cubic(s) - goal) / slope
    })
}
