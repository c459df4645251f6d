//! Whole numbers as bytes: varints, and blocks packed with as many bits as their range needs.
//!
//! ```text
//! varint  7 bits a byte, lowest first, the top bit says that more follow
//! block   varint zigzag(lowest number) | u8 width | ceil(len * width / 8) bytes
//!         number - lowest, `width` bits each, from the lowest bit of the first byte on
//! ```
//! A width is 0 to 57 or 64, so that a number never lies across more than eight bytes. Numbers are any
//! `i64`; distances between them wrap. A list is cut into blocks of [`BLOCK`], so one outlier widens its
//! block alone. Reading survives any bytes.

/// Numbers in a block; only the last block of a list holds fewer.
pub(crate) const BLOCK: usize = 128;

/// Numbers that end on a whole byte whatever their width.
const GROUP: usize = 8;

/// The widest packed number; wider ones take all 64 bits.
const MAX_PACKED_BITS: u32 = 57;

/// Appends a varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a varint off the front; `None` when there is none.
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = take_byte(bytes)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Appends a varint of a number of either sign (the zigzag code of Protocol Buffers).
pub(crate) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_varint(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Takes what [`put_signed`] appended off the front.
pub(crate) fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    let number = take_varint(bytes)?;
    Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

/// Takes a byte off the front.
pub(crate) fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (&byte, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(byte)
}

/// Writes a list in blocks.
pub(crate) fn put_numbers(out: &mut Vec<u8>, numbers: impl Iterator<Item = i64>) {
    let mut numbers = numbers;
    let mut buffer = [0; BLOCK];
    loop {
        let mut len = 0;
        for (slot, number) in buffer.iter_mut().zip(&mut numbers) {
            *slot = number;
            len += 1;
        }
        if len > 0 {
            put_block(out, &buffer[..len]);
        }
        if len < BLOCK {
            return;
        }
    }
}

/// Reads a list of `n` numbers, a block at a time.
pub(crate) fn take_numbers(bytes: &mut &[u8], n: usize, mut each_block: impl FnMut(&[i64])) -> Option<()> {
    let mut buffer = [0; BLOCK];
    for begin in (0..n).step_by(BLOCK) {
        let block = &mut buffer[..(n - begin).min(BLOCK)];
        take_block(bytes, block)?;
        each_block(block);
    }
    Some(())
}

fn put_block(out: &mut Vec<u8>, numbers: &[i64]) {
    let (lowest, highest) =
        numbers.iter().fold((i64::MAX, i64::MIN), |(low, high), &number| (low.min(number), high.max(number)));
    let width = width_of(highest.wrapping_sub(lowest).cast_unsigned());
    put_signed(out, lowest);
    out.push(width as u8);
    let (mut word, mut filled) = (0, 0);
    for number in numbers {
        let distance = number.wrapping_sub(lowest).cast_unsigned();
        word |= distance << filled;
        filled += width;
        if filled >= u64::BITS {
            out.extend_from_slice(&word.to_le_bytes());
            filled -= u64::BITS;
            word = if filled == 0 { 0 } else { distance >> (width - filled) };
        }
    }
    out.extend_from_slice(&word.to_le_bytes()[..filled.div_ceil(8) as usize]);
}

fn take_block(bytes: &mut &[u8], numbers: &mut [i64]) -> Option<()> {
    let lowest = take_signed(bytes)?;
    let width = usize::from(take_byte(bytes)?);
    if width == 0 {
        numbers.fill(lowest);
        return Some(());
    }
    let (packed, rest) = bytes.split_at_checked((numbers.len() * width).div_ceil(8))?;
    *bytes = rest;
    let (packed, packed_last) = packed.split_at(numbers.len() / GROUP * width);
    let (groups, last) = numbers.as_chunks_mut();
    unpack(packed, width, lowest, groups)?;
    if !last.is_empty() {
        let (mut padded, mut group) = ([0; GROUP * size_of::<u64>()], [0; GROUP]);
        padded[..packed_last.len()].copy_from_slice(packed_last);
        unpack(&padded[..width], width, lowest, std::slice::from_mut(&mut group))?;
        last.copy_from_slice(&group[..last.len()]);
    }
    Some(())
}

macro_rules! unpack_width {
    ($($width:literal)*) => {
        /// Reads whole groups with the loop made for their width; `None` when no block is that wide.
        fn unpack(packed: &[u8], width: usize, lowest: i64, groups: &mut [[i64; GROUP]]) -> Option<()> {
            match width {
                $($width => unpack_as::<$width>(packed, lowest, groups),)*
                _ => return None,
            }
            Some(())
        }
    };
}
unpack_width! {
    1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40
    41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 64
}

/// Where a number stands in its group is known beforehand: twice as fast as working it out.
fn unpack_as<const WIDTH: usize>(packed: &[u8], lowest: i64, groups: &mut [[i64; GROUP]]) {
    let mask = u64::MAX >> (u64::BITS as usize - WIDTH);
    for (bytes, group) in packed.as_chunks::<WIDTH>().0.iter().zip(groups) {
        for (at, number) in group.iter_mut().enumerate() {
            let bit = at * WIDTH;
            let first = (bit / 8).min(WIDTH.saturating_sub(8));
            let word = word_at(bytes, first);
            *number = lowest.wrapping_add(((word >> (bit - first * 8)) & mask).cast_signed());
        }
    }
}

/// Eight bytes from `first` on, or all there are when a group has fewer.
#[inline]
fn word_at<const WIDTH: usize>(group: &[u8; WIDTH], first: usize) -> u64 {
    let mut word = [0; size_of::<u64>()];
    let len = WIDTH.min(word.len());
    word[..len].copy_from_slice(&group[first..first + len]);
    u64::from_le_bytes(word)
}

/// The bits a block needs whose numbers are up to `range` apart.
fn width_of(range: u64) -> u32 {
    let bits = u64::BITS - range.leading_zeros();
    if bits > MAX_PACKED_BITS { u64::BITS } else { bits }
}
