//! A table as lines of text: columns as wide as their widest cell, two blanks between them.

use crate::ui::symbols::SymbolSet;
use crate::ui::text::{Align, fit, width};
use crate::ui::theme::Role;

/// A line as texts with their meaning.
pub type Line = Vec<(String, Role)>;

/// Cells a name may cover; longer ones are cut, JSON and CSV have them whole.
const MAX_CELLS: usize = 60;

/// Where room is short, columns that may shrink do so to this before another goes,
const SHRUNK_CELLS: usize = 16;
/// and to this when no more can go.
const FEWEST_CELLS: usize = 6;

/// What stands between two columns.
const GAP: &str = "  ";

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

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    title: &'static str,
    align: Align,
    /// Where room is short the column with the highest rank goes first; one without stays.
    rank: Option<u8>,
    /// Whether it is cut where room is short.
    shrinks: bool,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub const fn left(title: &'static str) -> Self {
        Self { title, align: Align::Left, rank: None, shrinks: false }
    }

    /// A column of numbers.
    #[must_use]
    pub const fn right(title: &'static str) -> Self {
        Self { title, align: Align::Right, rank: None, shrinks: false }
    }

    /// A column that may go where room is short, the highest rank first.
    #[must_use]
    pub const fn may_go(self, rank: u8) -> Self {
        Self { rank: Some(rank), ..self }
    }

    /// A column of names that are cut where room is short.
    #[must_use]
    pub const fn may_shrink(self) -> Self {
        Self { shrinks: true, ..self }
    }
}

/// Rows under titles.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these columns and no rows.
    #[must_use]
    pub fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows.push(row);
    }

    /// The titles and the rows; in so many cells, if columns that may go or shrink are enough for it.
    #[must_use]
    pub fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let room = room.unwrap_or(usize::MAX);
        let mut shown: Vec<usize> = (0..self.columns.len()).collect();
        let mut widths: Vec<usize> = shown.iter().map(|&column| self.width(column)).collect();
        let mut shrunk = widths.clone();
        self.shrink(&mut shrunk, &shown, room, SHRUNK_CELLS);
        self.let_go(&shrunk, &mut shown, room);
        // What has gone leaves room for names.
        self.shrink(&mut widths, &shown, room, FEWEST_CELLS);
        let titles = self.columns.iter().map(|column| Cell::new(column.title, Role::Title)).collect();
        std::iter::once(&titles).chain(&self.rows).map(|row| self.line(row, &widths, &shown, symbols)).collect()
    }

    /// Makes the widest of the columns that may shrink narrower, to `least` cells at most, until there is room.
    fn shrink(&self, widths: &mut [usize], shown: &[usize], room: usize, least: usize) {
        while taken(widths, shown) > room {
            let may_shrink = |&&column: &&usize| self.columns[column].shrinks && widths[column] > least;
            let Some(&widest) = shown.iter().filter(may_shrink).max_by_key(|&&column| widths[column]) else { return };
            widths[widest] -= 1;
        }
    }

    /// Leaves out columns until there is room.
    fn let_go(&self, widths: &[usize], shown: &mut Vec<usize>, room: usize) {
        while taken(widths, shown) > room {
            let least = shown.iter().filter_map(|&column| Some((self.columns[column].rank?, column))).max();
            let Some((_, least)) = least else { return };
            shown.retain(|&column| column != least);
        }
    }

    /// The last column is as wide as it likes: nothing stands behind it.
    fn width(&self, column: usize) -> usize {
        let widest = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(&cell.text)).max();
        let widest = widest.unwrap_or(0).max(width(self.columns[column].title));
        if column + 1 == self.columns.len() { widest } else { widest.min(MAX_CELLS) }
    }

    fn line(&self, row: &[Cell], widths: &[usize], shown: &[usize], symbols: SymbolSet) -> Line {
        let mut line = Line::new();
        for &column in shown {
            if !line.is_empty() {
                line.push((GAP.to_owned(), Role::Text));
            }
            let cell = &row[column];
            line.push((fit(&cell.text, widths[column], self.columns[column].align, symbols), cell.role));
        }
        line
    }
}

/// Cells of these columns with what stands between them.
fn taken(widths: &[usize], shown: &[usize]) -> usize {
    let columns: usize = shown.iter().map(|&column| widths[column] + GAP.len()).sum();
    columns.saturating_sub(GAP.len())
}

#[cfg(test)]
mod tests {
    use super::super::plain;
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_names() {
        let mut table = Table::new(&[Column::left("METRIC"), Column::right("VALUE"), Column::left("WHY")]);
        table.push(vec![Cell::text("lcp"), Cell::text("1.5 s"), Cell::text("fine")]);
        table.push(vec![Cell::text("\u{8ab0}\u{1b}[2J"), Cell::optional(None), Cell::text("")]);
        table.push(vec![Cell::text("n".repeat(100)), Cell::text("12"), Cell::text("long")]);
        let lines: Vec<String> = table.lines(SymbolSet::Braille, None).iter().map(plain).collect();
        assert_eq!(lines[0], format!("{:<60}  VALUE  WHY", "METRIC"));
        assert_eq!(lines[1], format!("{:<60}  1.5 s  fine", "lcp"));
        assert_eq!(lines[2], format!("{:<59}      -", "\u{8ab0}^[[2J").trim_end());
        assert_eq!(lines[3], format!("{}\u{2026}     12  long", "n".repeat(59)));
    }

    #[test]
    fn where_room_is_short_the_highest_rank_goes_first() {
        let columns =
            [Column::left("NAME"), Column::right("A").may_go(2), Column::right("B").may_go(1), Column::left("C")];
        let mut table = Table::new(&columns);
        table.push(["lcp", "1", "2", "3"].map(Cell::text).to_vec());
        let titles = |room| plain(&table.lines(SymbolSet::Braille, Some(room))[0]);
        assert_eq!(titles(13), "NAME  A  B  C");
        assert_eq!(titles(12), "NAME  B  C");
        assert_eq!(titles(9), "NAME  C");
        assert_eq!(titles(0), "NAME  C");
    }
    #[test]
    fn names_shrink_a_little_before_a_column_goes_and_more_after() {
        let columns = [Column::left("NAME").may_shrink(), Column::right("A").may_go(1), Column::right("B")];
        let mut table = Table::new(&columns);
        table.push(["n".repeat(30).as_str(), "1", "2"].map(Cell::text).to_vec());
        let row = |room| plain(&table.lines(SymbolSet::Ascii, Some(room))[1]);
        assert_eq!(row(36), format!("{}  1  2", "n".repeat(30)));
        assert_eq!(row(22), format!("{}~  1  2", "n".repeat(15)));
        assert_eq!(row(21), format!("{}~  2", "n".repeat(17)));
        assert_eq!(row(12), format!("{}~  2", "n".repeat(8)));
        assert_eq!(row(0), format!("{}~  2", "n".repeat(5)));
    }
}
