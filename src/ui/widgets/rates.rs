//! Bars of rates: how many of the runs of a stretch succeeded.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::plot::put;
use crate::ui::Look;
use crate::ui::theme::Role;

/// A bar stands for so many runs on the average, as long as there is room for a bar: of fewer a rate says little.
const RUNS_A_BAR: usize = 5;
/// Columns a bar takes at least, with the one that keeps it from the next.
const COLUMNS_A_BAR: u16 = 2;

/// How many bars so many runs make in so many columns.
#[must_use]
pub fn bars(runs: usize, columns: u16) -> usize {
    runs.div_ceil(RUNS_A_BAR).clamp(1, usize::from(columns / COLUMNS_A_BAR).max(1))
}

/// Draws the rates, 0 to 1, from the left to the right edge; `None` leaves a place empty. Where nothing succeeded, the lowest
/// part of a bar says that there was something.
pub fn draw_rates(rates: &[Option<f64>], area: Rect, look: &Look, buf: &mut Buffer) {
    let steps = look.symbols.spark();
    let (count, columns) = (rates.len().max(1), usize::from(area.width));
    // All as wide, and a column between them where there is one.
    let width = (columns / count).max(1);
    let width = if width > 1 { width - 1 } else { width };
    for (place, rate) in rates.iter().enumerate() {
        let Some(rate) = *rate else { continue };
        let role = match rate {
            1.0.. => Role::Ok,
            0.5.. => Role::Warning,
            _ => Role::Critical,
        };
        let from = place * columns / count;
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

    fn drawn(rates: &[Option<f64>], area: Rect) -> Vec<String> {
        let look = Look { theme: Theme::mono(), symbols: SymbolSet::Braille };
        let mut buf = Buffer::empty(area);
        draw_rates(rates, area, &look, &mut buf);
        (0..area.height).map(|y| (0..area.width).map(|x| buf[(x, y)].symbol()).collect()).collect()
    }

    #[test]
    fn a_bar_is_as_high_as_its_rate() {
        let rows = drawn(&[Some(1.0), Some(0.5), Some(0.25), Some(0.0), None], Rect::new(0, 0, 15, 2));
        assert_eq!(rows, ["██             ", "██ ██ ▄▄ ▁▁    "]);
    }

    #[test]
    fn bars_without_room_between_them_touch() {
        assert_eq!(drawn(&[Some(1.0); 4], Rect::new(0, 0, 4, 1)), ["████"]);
        assert_eq!(drawn(&[], Rect::new(0, 0, 4, 1)), ["    "]);
        assert_eq!(drawn(&[Some(1.0)], Rect::new(0, 0, 0, 0)), Vec::<String>::new());
    }

    #[test]
    fn few_runs_make_few_bars_and_many_as_many_as_there_is_room_for() {
        assert_eq!([bars(0, 80), bars(4, 80), bars(100, 80), bars(10_000, 80), bars(10_000, 1)], [1, 1, 20, 40, 1]);
    }
}
