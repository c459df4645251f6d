//! The column of context ids: as they are, or by their place in a list of those that occur.
//!
//! ```text
//! varint 0    numbers: the ids
//! varint k    k numbers: the different ids, rising, as distances to the one before
//!             n numbers: places in that list
//! ```
//! Written in whichever form is shorter.

use crate::stats::packed::{put_numbers, put_varint, take_numbers, take_varint};

/// A list is not worth its place unless it saves this many bits of every id.
const MIN_SAVED_BITS: u32 = 2;

/// Writes a column.
pub(super) fn put(out: &mut Vec<u8>, ids: impl Iterator<Item = u32> + Clone) {
    let begin = out.len();
    put_varint(out, 0);
    put_numbers(out, ids.clone().map(i64::from));
    let (lowest, highest) = ids.clone().fold((u32::MAX, 0), |(low, high), id| (low.min(id), high.max(id)));
    let bits = bits_of(highest.saturating_sub(lowest));
    if bits <= MIN_SAVED_BITS {
        return;
    }
    let mut list: Vec<u32> = ids.clone().collect();
    list.sort_unstable();
    list.dedup();
    if bits_of(list.len() as u32 - 1) + MIN_SAVED_BITS <= bits {
        let mut listed = Vec::new();
        put_listed(&mut listed, &list, ids);
        if listed.len() < out.len() - begin {
            out.truncate(begin);
            out.extend(listed);
        }
    }
}

const fn bits_of(range: u32) -> u32 {
    u32::BITS - range.leading_zeros()
}

/// Writes a column by `list`, which holds every id once, rising.
fn put_listed(out: &mut Vec<u8>, list: &[u32], ids: impl Iterator<Item = u32>) {
    put_varint(out, list.len() as u64);
    let before = std::iter::once(0).chain(list.iter().copied());
    put_numbers(out, list.iter().zip(before).map(|(&id, before)| i64::from(id) - i64::from(before)));
    put_numbers(out, ids.map(|id| (list.partition_point(|&listed| listed < id) as u64).cast_signed()));
}

/// Reads a column of `n` into as many targets.
pub(super) fn take<'a>(bytes: &mut &[u8], n: usize, targets: impl Iterator<Item = &'a mut u32>) -> Option<()> {
    match usize::try_from(take_varint(bytes)?).ok()? {
        0 => take_as(bytes, n, |number| u32::try_from(number).ok(), targets),
        len if len <= n => {
            let list = take_list(bytes, len)?;
            let id_at = |place| usize::try_from(place).ok().and_then(|place| list.get(place).copied());
            take_as(bytes, n, id_at, targets)
        }
        _ => None,
    }
}

fn take_list(bytes: &mut &[u8], len: usize) -> Option<Vec<u32>> {
    let mut list = vec![0; len];
    let mut id = 0_i64;
    let id_after = |distance| {
        id = id.checked_add(distance)?;
        u32::try_from(id).ok()
    };
    take_as(bytes, len, id_after, list.iter_mut())?;
    Some(list)
}

fn take_as<'a>(
    bytes: &mut &[u8],
    n: usize,
    mut id_of: impl FnMut(i64) -> Option<u32>,
    mut targets: impl Iterator<Item = &'a mut u32>,
) -> Option<()> {
    let mut are_ids = true;
    take_numbers(bytes, n, |numbers| {
        for (&number, target) in numbers.iter().zip(&mut targets) {
            let id = id_of(number);
            are_ids &= id.is_some();
            *target = id.unwrap_or_default();
        }
    })?;
    are_ids.then_some(())
}
