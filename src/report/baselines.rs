//! `perftop baseline [METRIC]`: what is normal, over 24 hours, a week and thirty days.

use serde::Serialize;

use super::table::{Cell, Column, Line, Table};
use super::{Report, csv};
use crate::model::text::value;
use crate::model::{Baseline, Unit};
use crate::ui::symbols::SymbolSet;

/// The baselines of one or of every metric.
#[derive(Debug, Serialize)]
pub struct Baselines {
    /// One row for each metric and window, by name.
    pub baselines: Vec<BaselineRow>,
}

/// The baseline of a metric over a window.
#[derive(Debug, Serialize)]
pub struct BaselineRow {
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: Unit,
    /// The window.
    pub window: &'static str,
    /// The numbers; `None` when the window holds no samples.
    #[serde(flatten)]
    pub baseline: Option<Baseline>,
}

impl Report for Baselines {
    const SCHEMA: &'static str = "perftop.baseline/1";
    const COLUMNS: &'static [&'static str] =
        &["metric", "unit", "window", "count", "mean", "std_dev", "min", "p50", "p95", "p99", "max"];

    fn records(&self) -> Vec<Vec<String>> {
        let record = |row: &BaselineRow| {
            let mut record = vec![csv::name(&row.metric), row.unit.to_string(), row.window.to_owned()];
            record.push(csv::optional(row.baseline.map(|baseline| baseline.count)));
            record.extend(numbers(row.baseline.as_ref()).map(csv::optional));
            record
        };
        self.baselines.iter().map(record).collect()
    }

    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let mut table = Table::new(&[
            Column::left("METRIC"),
            Column::left("WINDOW"),
            Column::right("N").may_go(5),
            Column::right("MEAN"),
            Column::right("SD").may_go(1),
            Column::right("MIN").may_go(4),
            Column::right("P50").may_go(3),
            Column::right("P95").may_go(2),
            Column::right("P99").may_go(6),
            Column::right("MAX").may_go(7),
        ]);
        for row in &self.baselines {
            let mut cells = vec![Cell::text(row.metric.as_str()), Cell::text(row.window)];
            cells.push(Cell::optional(row.baseline.map(|baseline| baseline.count.to_string())));
            let numbers = numbers(row.baseline.as_ref());
            cells.extend(numbers.map(|number| Cell::optional(number.map(|number| value(number, row.unit)))));
            table.push(cells);
        }
        table.lines(symbols, room)
    }
}

/// The numbers of a row from the mean on.
fn numbers(baseline: Option<&Baseline>) -> [Option<f64>; 7] {
    let Some(b) = baseline else { return [None; 7] };
    [b.mean, b.std_dev, b.min, b.p50, b.p95, b.p99, b.max].map(Some)
}
