//! `perftop baseline [METRIC]`: what is normal, over 24 hours, a week and thirty days.

use serde::Serialize;

use super::table::{Cell, Line, Table};
use super::{Report, csv};
use crate::model::text::value;
use crate::model::{Baseline, Unit};
use crate::ui::symbols::SymbolSet;
use crate::ui::text::Align;

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

    fn lines(&self, symbols: SymbolSet) -> Vec<Line> {
        let right = |title| (title, Align::Right);
        let left = |title| (title, Align::Left);
        let mut columns = vec![left("METRIC"), left("WINDOW"), right("N")];
        columns.extend(["MEAN", "SD", "MIN", "P50", "P95", "P99", "MAX"].map(right));
        let mut table = Table::new(&columns);
        for row in &self.baselines {
            let mut cells = vec![Cell::text(row.metric.as_str()), Cell::text(row.window)];
            cells.push(Cell::optional(row.baseline.map(|baseline| baseline.count.to_string())));
            let numbers = numbers(row.baseline.as_ref());
            cells.extend(numbers.map(|number| Cell::optional(number.map(|number| value(number, row.unit)))));
            table.push(cells);
        }
        table.lines(symbols)
    }
}

/// The numbers of a row from the mean on.
fn numbers(baseline: Option<&Baseline>) -> [Option<f64>; 7] {
    let Some(b) = baseline else { return [None; 7] };
    [b.mean, b.std_dev, b.min, b.p50, b.p95, b.p99, b.max].map(Some)
}
