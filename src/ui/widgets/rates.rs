//! Bars of rates: how many of the runs of a stretch succeeded.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::plot::put;
use crate::app::view::bucket;
use crate::model::{Point, TimeRange};
use crate::ui::Look;
use crate::ui::theme::Role;

/// A bar stands for so many runs on the average, as long as there is room for a bar: of fewer a rate says little.
const RUNS_A_BAR: usize = 5;
/// Columns a bar takes at least, with the one that keeps it from the next.
const COLUMNS_A_BAR: u16 = 2;
/// Columns of a stretch of time: so much of it a bar stands for, however few runs there were.
const COLUMNS_A_STRETCH: u16 = 4;

/// Bars over what points cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bars {
    /// Columns of a bar, with the one that keeps it from the next.
    columns: u16,
    /// Columns of all.
    width: u16,
}

impl Bars {
    /// Bars that each stand for a few of so many runs, which stand at equal distances.
    #[must_use]
    pub fn of_runs(runs: usize, width: u16) -> Self {
        let count = runs.div_ceil(RUNS_A_BAR).clamp(1, usize::from(width / COLUMNS_A_BAR).max(1));
        Self { columns: (usize::from(width) / count).max(1) as u16, width }
    }

    /// Bars that each stand for a stretch of time.
    #[must_use]
    pub const fn of_time(width: u16) -> Self {
        Self { columns: COLUMNS_A_STRETCH, width }
    }

    /// The rate of each bar, 0 to 1, from points of 0 or 1, oldest first; `None` where there is no point.
    #[must_use]
    pub fn rates(self, points: &[Point], range: TimeRange) -> Vec<Option<f64>> {
        let count = self.width.div_ceil(self.columns);
        // The last bar may reach beyond the edge.
        let columns = i128::from(self.width.max(1));
        let span_ms = i128::from(range.span_ms()) * i128::from(count) * i128::from(self.columns) / columns;
        let until_ms = range.from_ms.saturating_add(i64::try_from(span_ms).unwrap_or(i64::MAX));
        let buckets = bucket(points, TimeRange { until_ms, ..range }, usize::from(count));
        buckets.into_iter().map(|bucket| Some(bucket?.mean)).collect()
    }
}

/// Draws the rates from the left to the right edge; `None` leaves a place empty. Where nothing succeeded, the lowest part of a
/// bar says that there was something.
pub fn draw_rates(rates: &[Option<f64>], bars: Bars, area: Rect, look: &Look, buf: &mut Buffer) {
    let steps = look.symbols.spark();
    let (columns, step) = (usize::from(area.width), usize::from(bars.columns));
    let width = if step > 1 { step - 1 } else { step };
    for (place, rate) in rates.iter().enumerate() {
        let Some(rate) = *rate else { continue };
        let role = match rate {
            1.0.. => Role::Ok,
            0.5.. => Role::Warning,
            _ => Role::Critical,
        };
        let from = place * step;
        let height = (rate * f64::from(area.height) * steps.len() as f64).round().max(1.0) as usize;
        for (row, y) in (area.top()..area.bottom()).rev().enumerate() {
            let Some(step) = height.saturating_sub(row * steps.len()).min(steps.len()).checked_sub(1) else { break };
            for column in from..(from + width).min(columns) {
                put(buf, area.x + column as u16, y, steps[step], look.theme.style(role));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::symbols::SymbolSet;
    use crate::ui::theme::Theme;

    fn drawn(rates: &[Option<f64>], columns: u16, area: Rect) -> Vec<String> {
        let look = Look { theme: Theme::mono(), symbols: SymbolSet::Braille };
        let mut buf = Buffer::empty(area);
        draw_rates(rates, Bars { columns, width: area.width }, area, &look, &mut buf);
        (0..area.height).map(|y| (0..area.width).map(|x| buf[(x, y)].symbol()).collect()).collect()
    }

    #[test]
    fn a_bar_is_as_high_as_its_rate() {
        let rows = drawn(&[Some(1.0), Some(0.5), Some(0.25), Some(0.0), None], 3, Rect::new(0, 0, 15, 2));
        assert_eq!(rows, ["██             ", "██ ██ ▄▄ ▁▁    "]);
    }

    #[test]
    fn bars_without_room_between_them_touch() {
        assert_eq!(drawn(&[Some(1.0); 4], 1, Rect::new(0, 0, 4, 1)), ["████"]);
        assert_eq!(drawn(&[Some(1.0); 2], 4, Rect::new(0, 0, 6, 1)), ["███ ██"], "cut at the edge");
        assert_eq!(drawn(&[], 1, Rect::new(0, 0, 4, 1)), ["    "]);
        assert_eq!(drawn(&[Some(1.0)], 1, Rect::new(0, 0, 0, 0)), Vec::<String>::new());
    }

    #[test]
    fn a_bar_stands_for_what_lies_above_its_columns() {
        let points: Vec<Point> =
            [0, 100, 400, 999].map(|at| Point { timestamp_ms: at, value: f64::from(u8::from(at != 100)) }).to_vec();
        let rates = Bars { columns: 4, width: 10 }.rates(&points, TimeRange { from_ms: 0, until_ms: 1_000 });
        assert_eq!(rates, [Some(0.5), Some(1.0), Some(1.0)]);
        let forever = TimeRange { from_ms: i64::MIN, until_ms: i64::MAX };
        assert_eq!(Bars::of_time(10).rates(&points, forever).len(), 3);
    }

    #[test]
    fn few_runs_make_few_bars_and_many_as_many_as_there_is_room_for() {
        let columns = |runs, width| Bars::of_runs(runs, width).columns;
        assert_eq!([columns(0, 80), columns(4, 80), columns(100, 80), columns(10_000, 80)], [80, 80, 4, 2]);
        assert_eq!([columns(10_000, 1), columns(5, 0)], [1, 1]);
    }
}
