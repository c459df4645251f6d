//! The column of values: decimals as whole numbers where that is exact, otherwise the floats themselves.
//!
//! ```text
//! u8 0..=15   numbers: value * 10^it; the value is number / 10^it
//! u8 64 + z   numbers: the bits of the value, ordered like the values, without their z lowest bits,
//!             which are zero in all (values that were once 32-bit floats have 29 such)
//! ```

use crate::stats::packed::{BLOCK, put_numbers, take_byte, take_numbers};

/// Powers of ten that a float holds exactly and that leave room for digits before the point.
const POWERS: [f64; 16] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// First byte of the column when it holds floats.
const FLOATS: u8 = 64;

/// 1.5 * 2^52. Added to a number of less than 2^51, it leaves the nearest whole number in the low bits,
/// and takes it from there back to a float; both vectorise, unlike conversions.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The largest whole number for which [`ROUNDER`] works, exclusive.
const MAX_SCALED: f64 = 2_251_799_813_685_248.0;

/// Writes a column.
pub(super) fn put(out: &mut Vec<u8>, values: impl Iterator<Item = f64> + Clone) {
    if let Some(decimals) = decimals_of(values.clone()) {
        let power = POWERS[decimals];
        out.push(decimals as u8);
        put_numbers(out, values.map(|value| scaled(value, power)));
    } else {
        let zeros = values.clone().fold(0, |bits, value| bits | value.to_bits()).trailing_zeros().min(63) as u8;
        out.push(FLOATS + zeros);
        put_numbers(out, values.map(|value| to_bits(value, zeros)));
    }
}

/// Reads a column of `n`, a block at a time.
pub(super) fn take(bytes: &mut &[u8], n: usize, each_block: impl FnMut(&[f64])) -> Option<()> {
    let form = take_byte(bytes)?;
    if let Some(&power) = POWERS.get(usize::from(form)) {
        take_as(bytes, n, |number| unscaled(number, power), each_block)
    } else {
        let zeros = form.checked_sub(FLOATS).filter(|&zeros| u32::from(zeros) < u64::BITS)?;
        take_as(bytes, n, |number| of_bits(number, zeros), each_block)
    }
}

fn take_as(
    bytes: &mut &[u8],
    n: usize,
    value_of: impl Fn(i64) -> f64,
    mut each_block: impl FnMut(&[f64]),
) -> Option<()> {
    let mut buffer = [0.0; BLOCK];
    take_numbers(bytes, n, |numbers| {
        for (value, number) in buffer.iter_mut().zip(numbers) {
            *value = value_of(*number);
        }
        each_block(&buffer[..numbers.len()]);
    })
}

/// The smallest number of decimals that writes all values exactly.
fn decimals_of(values: impl Iterator<Item = f64> + Clone) -> Option<usize> {
    let mut decimals = 0;
    for value in values.clone() {
        decimals += POWERS[decimals..].iter().position(|&power| is_decimal(value, power))?;
    }
    // More decimals than a value needs can be too many digits for it.
    let mut values = values;
    values.all(|value| is_decimal(value, POWERS[decimals])).then_some(decimals)
}

/// Bit for bit, so that the negative zero is none.
fn is_decimal(value: f64, power: f64) -> bool {
    (value * power).abs() < MAX_SCALED && unscaled(scaled(value, power), power).to_bits() == value.to_bits()
}

fn scaled(value: f64, power: f64) -> i64 {
    (value * power + ROUNDER).to_bits().wrapping_sub(ROUNDER.to_bits()).cast_signed()
}

/// A division, as a multiplication with 0.001 would not give the float nearest to the decimal.
fn unscaled(number: i64, power: f64) -> f64 {
    (f64::from_bits(ROUNDER.to_bits().wrapping_add_signed(number)) - ROUNDER) / power
}

/// The bits of a float as a number; neighbouring floats of one sign get neighbouring numbers.
fn to_bits(value: f64, zeros: u8) -> i64 {
    ordered(value.to_bits().cast_signed() >> zeros)
}

fn of_bits(number: i64, zeros: u8) -> f64 {
    f64::from_bits((ordered(number) << zeros).cast_unsigned())
}

/// Sign and magnitude as two's complement, and back.
const fn ordered(bits: i64) -> i64 {
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}
