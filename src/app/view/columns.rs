//! Which columns of a table fit a width, and how wide they are.

/// What a column wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Cells without which it is dropped.
    pub min: u16,
    /// Cells beyond which it does not grow.
    pub max: u16,
    /// Which columns stay longest: 0 never goes, the largest goes first.
    pub priority: u8,
}

impl Column {
    /// A column of one width.
    #[must_use]
    pub const fn fixed(width: u16, priority: u8) -> Self {
        Self { min: width, max: width, priority }
    }
}

/// The width of each column in `total` cells with `gap` blanks between two columns; `None` for those
/// that were dropped. Room left over goes evenly to the columns that can grow.
#[must_use]
pub fn fit_columns(columns: &[Column], total: u16, gap: u16) -> Vec<Option<u16>> {
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|&i| columns[i].priority);
    let mut widths: Vec<Option<u16>> = vec![None; columns.len()];
    let mut used = 0u16;
    for i in order {
        let wanted = if used == 0 { columns[i].min } else { columns[i].min.saturating_add(gap) };
        let room = total - used;
        if wanted <= room {
            widths[i] = Some(columns[i].min);
            used += wanted;
        } else if columns[i].priority == 0 && room > gap {
            widths[i] = Some(if used == 0 { room } else { room - gap });
            used = total;
        } else {
            break;
        }
    }
    grow(columns, &mut widths, total - used);
    widths
}

fn grow(columns: &[Column], widths: &mut [Option<u16>], mut spare: u16) {
    while spare > 0 {
        let mut has_grown = false;
        for (width, column) in widths.iter_mut().zip(columns) {
            if let Some(width) = width
                && *width < column.max
                && spare > 0
            {
                *width += 1;
                spare -= 1;
                has_grown = true;
            }
        }
        if !has_grown {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: [Column; 4] =
        [Column::fixed(1, 0), Column { min: 8, max: 20, priority: 0 }, Column::fixed(10, 2), Column::fixed(6, 1)];

    #[test]
    fn columns_go_by_priority() {
        assert_eq!(fit_columns(&COLUMNS, 28, 1), [Some(1), Some(8), Some(10), Some(6)]);
        assert_eq!(fit_columns(&COLUMNS, 27, 1), [Some(1), Some(18), None, Some(6)]);
        assert_eq!(fit_columns(&COLUMNS, 12, 1), [Some(1), Some(10), None, None]);
        assert_eq!(fit_columns(&COLUMNS, 5, 1), [Some(1), Some(3), None, None]);
    }

    #[test]
    fn columns_grow_to_their_widest() {
        assert_eq!(fit_columns(&COLUMNS, 100, 1), [Some(1), Some(20), Some(10), Some(6)]);
    }

    proptest! {
        #[test]
        fn columns_never_overflow(total in 0u16..300, gap in 0u16..4) {
            let widths = fit_columns(&COLUMNS, total, gap);
            let shown: Vec<u16> = widths.into_iter().flatten().collect();
            let gaps = gap * (shown.len().max(1) - 1) as u16;
            prop_assert!(shown.iter().sum::<u16>() + gaps <= total);
        }
    }
}
