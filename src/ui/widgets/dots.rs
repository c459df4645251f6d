//! A picture in dots finer than cells: braille, quadrants or plain characters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::symbols::SymbolSet;
use crate::ui::theme::{Role, Theme};

/// Dots over a rectangle of cells. A cell has one role, the one drawn last.
#[derive(Debug)]
pub struct Dots {
    area: Rect,
    symbols: SymbolSet,
    cells: Vec<(u8, Role)>,
}

impl Dots {
    /// No dots yet.
    #[must_use]
    pub fn new(area: Rect, symbols: SymbolSet) -> Self {
        Self { area, symbols, cells: vec![(0, Role::Data); area.area() as usize] }
    }

    /// Dots across.
    #[must_use]
    pub fn width(&self) -> usize {
        usize::from(self.area.width) * usize::from(self.symbols.dots().0)
    }

    /// Dots down.
    #[must_use]
    pub fn height(&self) -> usize {
        usize::from(self.area.height) * usize::from(self.symbols.dots().1)
    }

    /// Sets the dot `x` from the left and `y` from the top; outside the rectangle nothing happens.
    pub fn set(&mut self, x: usize, y: usize, role: Role) {
        if x >= self.width() || y >= self.height() {
            return;
        }
        let (across, down) = (usize::from(self.symbols.dots().0), usize::from(self.symbols.dots().1));
        let cell = &mut self.cells[(y / down) * usize::from(self.area.width) + x / across];
        *cell = (cell.0 | 1 << ((y % down) * across + x % across), role);
    }

    /// Sets the dots from one height to another, both included, in either order.
    pub fn column(&mut self, x: usize, from_y: usize, to_y: usize, role: Role) {
        for y in from_y.min(to_y)..=from_y.max(to_y) {
            self.set(x, y, role);
        }
    }

    /// Sets the dots of a straight line; each column is filled, so that steep lines stay whole.
    pub fn line(&mut self, from: (usize, usize), to: (usize, usize), role: Role) {
        let (left, right) = if from.0 <= to.0 { (from, to) } else { (to, from) };
        let run = right.0 - left.0;
        if run == 0 {
            return self.column(left.0, left.1, right.1, role);
        }
        let height_at = |half_steps: usize| {
            let rise = right.1 as f64 - left.1 as f64;
            (left.1 as f64 + rise * half_steps as f64 / (2 * run) as f64).round() as usize
        };
        for step in 0..=run {
            let (enter, leave) = (height_at((2 * step).saturating_sub(1)), height_at((2 * step + 1).min(2 * run)));
            self.column(left.0 + step, enter, leave, role);
        }
    }

    /// Draws the cells that have dots; the others are left as they are.
    pub fn draw(&self, theme: &Theme, buf: &mut Buffer) {
        let columns = usize::from(self.area.width).max(1);
        for (i, &(bits, role)) in self.cells.iter().enumerate() {
            let (x, y) = (self.area.x + (i % columns) as u16, self.area.y + (i / columns) as u16);
            if bits != 0
                && let Some(cell) = buf.cell_mut((x, y))
            {
                cell.reset();
                cell.set_char(self.symbols.dotted(bits, role == Role::Band)).set_style(theme.style(role));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(dots: &Dots, area: Rect) -> Vec<String> {
        let mut buf = Buffer::empty(area);
        dots.draw(&Theme::mono(), &mut buf);
        (0..area.height).map(|y| (0..area.width).map(|x| buf[(x, y)].symbol()).collect()).collect()
    }

    #[test]
    fn a_line_touches_both_ends_and_has_no_holes() {
        let area = Rect::new(0, 0, 6, 6);
        let mut dots = Dots::new(area, SymbolSet::Ascii);
        dots.line((0, 5), (5, 0), Role::Data);
        let rows = drawn(&dots, area);
        assert_eq!((rows[5].starts_with('*'), rows[0].ends_with('*')), (true, true));
        assert!((0..6).all(|x| rows.iter().any(|row| row.as_bytes()[x] == b'*')), "{rows:?}");
    }

    #[test]
    fn a_steep_line_is_whole() {
        let area = Rect::new(0, 0, 2, 8);
        let mut dots = Dots::new(area, SymbolSet::Ascii);
        dots.line((0, 0), (1, 7), Role::Data);
        assert!(drawn(&dots, area).iter().all(|row| row.contains('*')));
    }

    #[test]
    fn dots_outside_are_left_out() {
        let area = Rect::new(0, 0, 2, 2);
        let mut dots = Dots::new(area, SymbolSet::Braille);
        dots.set(99, 0, Role::Data);
        dots.set(0, 99, Role::Data);
        assert_eq!(drawn(&dots, area), ["  ", "  "]);
    }
}
