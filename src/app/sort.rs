//! The order of the rows. Numbers compare as numbers, what is missing comes last whichever way the
//! order is turned, and equal rows stand by name, so that nothing jumps about.

use std::cmp::Ordering;

use crate::model::SeriesSummary;

/// What the table is sorted by. The default is worst first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SortColumn {
    /// Status, then how far beyond two sd: worst first.
    #[default]
    Status,
    /// Name, A to Z.
    Name,
    /// Newest value, largest first.
    Current,
    /// Mean, largest first.
    Mean,
    /// |deviation|, largest first.
    Deviation,
    /// |z|, largest first.
    Z,
    /// Number of samples, largest first.
    Count,
}

impl SortColumn {
    /// Every column, in the order in which `s` goes through them.
    pub const EVERY: [Self; 7] =
        [Self::Status, Self::Name, Self::Current, Self::Mean, Self::Deviation, Self::Z, Self::Count];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Name => "name",
            Self::Current => "current",
            Self::Mean => "mean",
            Self::Deviation => "deviation",
            Self::Z => "z",
            Self::Count => "count",
        }
    }

    /// The column after this one; after the last comes the first.
    #[must_use]
    pub fn next(self) -> Self {
        let place = Self::EVERY.iter().position(|&column| column == self).unwrap_or(0);
        Self::EVERY[(place + 1) % Self::EVERY.len()]
    }

    /// Whether small values stand on top, given whether the order is turned round.
    #[must_use]
    pub const fn is_ascending(self, reversed: bool) -> bool {
        matches!(self, Self::Name) != reversed
    }
}

/// Whole sd beyond two: within two sd a row is like any other, and a table that re-orders itself with
/// every sample cannot be read.
fn unusual(series: &SeriesSummary) -> f64 {
    series.z.map_or(0.0, f64::abs).floor().max(1.0)
}

/// The number a column sorts by; `None` when the row has none.
fn key(series: &SeriesSummary, column: SortColumn) -> Option<f64> {
    let number = match column {
        SortColumn::Name => None,
        SortColumn::Status => Some(f64::from(series.status as u8)),
        SortColumn::Current => series.latest.map(|point| point.value),
        SortColumn::Mean => series.baseline.map(|baseline| baseline.mean),
        SortColumn::Deviation => series.deviation_pct.map(f64::abs),
        SortColumn::Z => series.z.map(f64::abs),
        SortColumn::Count => series.baseline.map(|baseline| baseline.count as f64),
    };
    number.filter(|number| !number.is_nan())
}

/// How two rows stand to each other. A whole metric stands above its segments.
#[must_use]
pub(super) fn compare(a: &SeriesSummary, b: &SeriesSummary, column: SortColumn, reversed: bool) -> Ordering {
    let turn = |order: Ordering| if reversed { order.reverse() } else { order };
    let by_column = match (key(a, column), key(b, column)) {
        (Some(a), Some(b)) => turn(b.total_cmp(&a)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    let by_name = || a.metric.cmp(&b.metric);
    let by_part = a.segment.is_some().cmp(&b.segment.is_some());
    by_part.then_with(|| match column {
        SortColumn::Name => turn(by_name()),
        SortColumn::Status => by_column.then_with(|| turn(unusual(b).total_cmp(&unusual(a)))).then_with(by_name),
        _ => by_column.then_with(by_name),
    })
}
