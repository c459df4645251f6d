//! A table as lines of text: columns as wide as their widest cell, two blanks between them.

use crate::ui::symbols::SymbolSet;
use crate::ui::text::{Align, fit, width};
use crate::ui::theme::Role;

/// A line as texts with their meaning.
pub type Line = Vec<(String, Role)>;

/// Cells a name may cover; longer ones are cut, JSON and CSV have them whole.
const MAX_CELLS: usize = 60;

/// One field of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    role: Role,
}

impl Cell {
    /// A text with a meaning.
    pub fn new(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role }
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(text, Role::Text)
    }

    /// A text, or a dash for what there is not.
    pub fn optional(text: Option<String>) -> Self {
        text.map_or_else(|| Self::new("-", Role::Muted), Self::text)
    }
}

/// Rows under titles.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these columns and no rows.
    #[must_use]
    pub fn new(columns: &[(&'static str, Align)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows.push(row);
    }

    /// The titles and the rows.
    #[must_use]
    pub fn lines(&self, symbols: SymbolSet) -> Vec<Line> {
        let widths: Vec<usize> = (0..self.columns.len()).map(|column| self.width(column)).collect();
        let titles = self.columns.iter().map(|(title, _)| Cell::new(*title, Role::Title)).collect();
        std::iter::once(&titles).chain(&self.rows).map(|row| self.line(row, &widths, symbols)).collect()
    }

    /// The last column is as wide as it likes: nothing stands behind it.
    fn width(&self, column: usize) -> usize {
        let widest = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(&cell.text)).max();
        let widest = widest.unwrap_or(0).max(width(self.columns[column].0));
        if column + 1 == self.columns.len() { widest } else { widest.min(MAX_CELLS) }
    }

    fn line(&self, row: &[Cell], widths: &[usize], symbols: SymbolSet) -> Line {
        let mut line = Line::new();
        for (place, ((cell, cells), (_, align))) in row.iter().zip(widths).zip(&self.columns).enumerate() {
            if place > 0 {
                line.push(("  ".to_owned(), Role::Text));
            }
            line.push((fit(&cell.text, *cells, *align, symbols), cell.role));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain;
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_names() {
        let mut table = Table::new(&[("METRIC", Align::Left), ("VALUE", Align::Right), ("WHY", Align::Left)]);
        table.push(vec![Cell::text("lcp"), Cell::text("1.5 s"), Cell::text("fine")]);
        table.push(vec![Cell::text("\u{8ab0}\u{1b}[2J"), Cell::optional(None), Cell::text("")]);
        table.push(vec![Cell::text("n".repeat(100)), Cell::text("12"), Cell::text("long")]);
        let lines: Vec<String> = table.lines(SymbolSet::Braille).iter().map(plain).collect();
        assert_eq!(lines[0], format!("{:<60}  VALUE  WHY", "METRIC"));
        assert_eq!(lines[1], format!("{:<60}  1.5 s  fine", "lcp"));
        assert_eq!(lines[2], format!("{:<59}      -", "\u{8ab0}^[[2J").trim_end());
        assert_eq!(lines[3], format!("{}\u{2026}     12  long", "n".repeat(59)));
    }
}
