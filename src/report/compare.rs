//! `perftop compare`: two groups of values side by side, with a picture of both.

use serde::Serialize;

use super::gate::words;
use super::table::{Cell, Column, Line, Table};
use super::{Report, csv, line};
use crate::model::Unit;
use crate::model::text::{counted, printable, value};
use crate::runs::Comparison;
use crate::ui::symbols::SymbolSet;
use crate::ui::theme::Role;

/// Pictures are drawn of so many metrics.
const MOST_PICTURES: usize = 4;
/// Cells of a picture, where there is room.
const CELLS: usize = 60;

/// What two groups have to say.
#[derive(Debug, Serialize)]
pub struct Compare {
    /// The first group, by name.
    pub first: String,
    /// The second group.
    pub second: String,
    /// What is in both groups, in words: values there cannot differ.
    pub shared: Option<String>,
    /// What was compared.
    pub rows: Vec<CompareRow>,
}

/// A metric on both sides.
#[derive(Debug, Serialize)]
pub struct CompareRow {
    /// Its name.
    pub metric: String,
    /// What its values count.
    pub unit: Unit,
    /// How both sides differ.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// The chance of ranks as far apart when nothing differs, among all that are compared.
    pub p_adjusted: f64,
    /// Whether they differ for sure.
    pub differs: bool,
    /// The values of the first group.
    #[serde(skip)]
    pub first: Vec<f64>,
    /// The values of the second.
    #[serde(skip)]
    pub second: Vec<f64>,
}

impl CompareRow {
    fn show(&self, number: f64) -> String {
        value(number, self.unit)
    }

    fn verdict(&self) -> (&'static str, Role) {
        match (self.differs, self.comparison.shift > 0.0) {
            (true, true) => ("higher", Role::Warning),
            (true, false) => ("lower", Role::Warning),
            (false, _) => ("no difference shown", Role::Muted),
        }
    }

    /// How values of both sides lie, one row of bars each, over one scale; below it what its ends are.
    fn picture(&self, symbols: SymbolSet, cells: usize) -> Vec<Line> {
        let (low, high) = (
            self.comparison.first.min.min(self.comparison.second.min),
            self.comparison.first.max.max(self.comparison.second.max),
        );
        let side = |name: &str, values: &[f64], median: f64| {
            let bars = bars(values, (low, high), symbols, cells);
            vec![
                (format!("  {name} "), Role::Muted),
                (bars, Role::Data),
                (format!(" median {}, {}", self.show(median), counted(values.len() as u64, "value")), Role::Muted),
            ]
        };
        let (left, right) = (self.show(low), self.show(high));
        let gap = cells.saturating_sub(left.chars().count() + right.chars().count());
        vec![
            side("A", &self.first, self.comparison.first.median),
            side("B", &self.second, self.comparison.second.median),
            line(format!("    {left}{}{right}", " ".repeat(gap)), Role::Muted),
        ]
    }
}

/// A histogram in one row; the highest bar is that of the most values.
fn bars(values: &[f64], (low, high): (f64, f64), symbols: SymbolSet, cells: usize) -> String {
    let mut counts = vec![0_usize; cells];
    for &number in values {
        // Halves, as the difference of the largest numbers has no end.
        let share = if high > low { (number / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) } else { 0.5 };
        counts[((share * cells as f64) as usize).min(cells - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let glyphs = symbols.spark();
    let bar = |count: usize| if count == 0 { " " } else { glyphs[(count * glyphs.len()).div_ceil(most) - 1] };
    counts.into_iter().map(bar).collect()
}

impl Report for Compare {
    const SCHEMA: &'static str = "perftop.compare/1";
    const COLUMNS: &'static [&'static str] =
        &["metric", "first", "second", "change", "low", "high", "p_adjusted", "superiority", "detectable"];

    fn records(&self) -> Vec<Vec<String>> {
        let record = |row: &CompareRow| {
            let change = row.comparison.change;
            let optional = |number: Option<f64>| number.map_or_else(String::new, csv::number);
            let bounds = change.and_then(|change| change.interval);
            vec![
                csv::name(&row.metric),
                csv::number(row.comparison.first.median),
                csv::number(row.comparison.second.median),
                optional(change.map(|change| change.estimate)),
                optional(bounds.map(|bounds| bounds.0)),
                optional(bounds.map(|bounds| bounds.1)),
                csv::number(row.p_adjusted),
                csv::number(row.comparison.superiority),
                optional(change.map(|change| change.detectable).filter(|least| least.is_finite())),
            ]
        };
        self.rows.iter().map(record).collect()
    }

    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let head = format!("A {}, B {}", printable(&self.first), printable(&self.second));
        let mut table = Table::new(&[
            Column::left("METRIC"),
            Column::right("A"),
            Column::right("B"),
            Column::right("CHANGE"),
            Column::right("95 %").may_go(2),
            Column::right("P").may_go(1),
            Column::right("B > A").may_go(4),
            Column::right("COULD SEE").may_go(3),
            Column::left("VERDICT"),
        ]);
        for row in &self.rows {
            let found = &row.comparison;
            let (verdict, role) = row.verdict();
            table.push(vec![
                Cell::text(printable(&row.metric)),
                Cell::text(row.show(found.first.median)),
                Cell::text(row.show(found.second.median)),
                Cell::text(words::change(found, row.unit)),
                Cell::optional(words::interval(found, row.unit)),
                Cell::text(words::chance(row.p_adjusted)),
                Cell::text(format!("{:.0} %", 100.0 * found.superiority)),
                Cell::optional(found.change.and_then(|change| words::share(change.detectable))),
                Cell::new(verdict, role),
            ]);
        }
        let mut lines = vec![line(head, Role::Title)];
        lines.extend(table.lines(symbols, room));
        if let Some(shared) = &self.shared {
            lines.push(line(format!("  {shared} in both A and B: what differs looks smaller than it is"), Role::Muted));
        }
        let cells = room.map_or(CELLS, |room| room.saturating_sub(40).clamp(10, CELLS));
        for row in self.rows.iter().take(MOST_PICTURES) {
            lines.push(line("", Role::Text));
            lines.push(line(printable(&row.metric), Role::Text));
            lines.extend(row.picture(symbols, cells));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_holds_every_value() {
        let set = SymbolSet::Block;
        assert_eq!(bars(&[1.0, 1.0, 2.0, 4.0], (1.0, 4.0), set, 4), "█▄ ▄");
        assert_eq!(bars(&[3.0], (3.0, 3.0), set, 3), " █ ", "a constant stands in the middle");
        assert_eq!(bars(&[-1e308, 1e308], (-1e308, 1e308), set, 2), "██");
        assert_eq!(bars(&[], (0.0, 1.0), set, 2), "  ");
    }
}
