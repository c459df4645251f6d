//! `perftop baseline --kind KIND`: what series are expected to be, hour by hour.

use serde::Serialize;

use super::baselines::Part;
use super::table::{Cell, Column, Line, Table};
use super::{Report, csv};
use crate::model::text::{percent_signed, value};
use crate::model::time::Zone;
use crate::model::{Expectation, Unit};
use crate::ui::symbols::SymbolSet;

/// What series are expected to be.
#[derive(Debug, Serialize)]
pub struct Expected {
    /// By what.
    pub kind: Expectation,
    /// The metrics or segments, by name.
    pub series: Vec<ExpectedSeries>,
    /// The zone of the text.
    #[serde(skip)]
    pub zone: Zone,
}

/// What one series is expected to be.
#[derive(Debug, Serialize)]
pub struct ExpectedSeries {
    /// The metric.
    pub metric: String,
    /// Which part of it, when it is taken apart.
    #[serde(flatten)]
    pub part: Option<Part>,
    /// Its unit.
    pub unit: Unit,
    /// The last 24 hours, oldest first, the running one being the last.
    pub by_hour: Vec<ExpectedRow>,
}

/// What it was expected to be in an hour, and what it was.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ExpectedRow {
    /// The beginning of the hour: ms since the Unix epoch.
    pub hour_ms: i64,
    /// What was expected when it began.
    pub expected: Option<f64>,
    /// Samples.
    pub count: u64,
    /// Their mean.
    pub mean: Option<f64>,
}

impl ExpectedSeries {
    fn name(&self) -> &str {
        self.part.as_ref().map_or(&self.metric, Part::series)
    }
}

impl Expected {
    /// Each hour of each series.
    fn rows(&self) -> impl Iterator<Item = (&ExpectedSeries, &ExpectedRow)> {
        self.series.iter().flat_map(|series| series.by_hour.iter().map(move |row| (series, row)))
    }
}

impl Report for Expected {
    const SCHEMA: &'static str = "perftop.expected/1";
    const COLUMNS: &'static [&'static str] = &["metric", "unit", "kind", "hour_ms", "expected", "count", "mean"];

    fn records(&self) -> Vec<Vec<String>> {
        let record = |(series, row): (&ExpectedSeries, &ExpectedRow)| {
            vec![
                csv::name(series.name()),
                series.unit.to_string(),
                self.kind.to_string(),
                row.hour_ms.to_string(),
                csv::optional(row.expected),
                row.count.to_string(),
                csv::optional(row.mean),
            ]
        };
        self.rows().map(record).collect()
    }

    /// One series hour by hour; of several what is expected now.
    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let mut table = Table::new(&[
            Column::left("METRIC"),
            Column::left("HOUR"),
            Column::right("EXPECTED"),
            Column::right("MEAN").may_go(2),
            Column::right("DEVIATION").may_go(1),
            Column::right("N").may_go(3),
        ]);
        let is_one = self.series.len() == 1;
        let last = |series: &ExpectedSeries| series.by_hour.last().map(|row| row.hour_ms);
        for (series, row) in self.rows().filter(|(series, row)| is_one || last(series) == Some(row.hour_ms)) {
            let show = |number: Option<f64>| Cell::optional(number.map(|number| value(number, series.unit)));
            let deviation = row.expected.zip(row.mean).filter(|&(expected, _)| expected != 0.0);
            table.push(vec![
                Cell::text(series.name()),
                Cell::text(self.zone.format(row.hour_ms, "%a %H:%M")),
                show(row.expected),
                show(row.mean),
                Cell::optional(
                    deviation.map(|(expected, mean)| percent_signed(100.0 * (mean - expected) / expected.abs())),
                ),
                Cell::text(row.count.to_string()),
            ]);
        }
        table.lines(symbols, room)
    }
}
