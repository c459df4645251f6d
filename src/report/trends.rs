//! `perftop trends METRIC`: where a metric is heading, hour by hour.

use serde::Serialize;

use super::dashboard::trend_pct;
use super::table::{Cell, Column, Line, Table};
use super::{Report, csv, line};
use crate::model::text::{number, percent_signed, printable_short, value};
use crate::model::time::Zone;
use crate::model::{Trend, Unit};
use crate::ui::symbols::SymbolSet;
use crate::ui::theme::Role;

/// Where a metric is heading.
#[derive(Debug, Serialize)]
pub struct Trends {
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: Unit,
    /// How many hours were looked at, the running one being the last.
    pub hours: u32,
    /// The direction over these hours, by least squares through the samples.
    pub trend: Trend,
    /// The hours that hold samples, oldest first.
    pub by_hour: Vec<Hour>,
    /// The zone of the text.
    #[serde(skip)]
    pub zone: Zone,
}

/// The samples of one hour.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Hour {
    /// Its beginning: ms since the Unix epoch.
    pub hour_ms: i64,
    /// Samples.
    pub count: u64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation; `None` for one sample.
    pub std_dev: Option<f64>,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

impl Report for Trends {
    const SCHEMA: &'static str = "perftop.trends/1";
    const COLUMNS: &'static [&'static str] = &["hour_ms", "count", "mean", "std_dev", "min", "max"];

    fn records(&self) -> Vec<Vec<String>> {
        let record = |hour: &Hour| {
            let of = csv::number;
            let count = hour.count.to_string();
            vec![
                hour.hour_ms.to_string(),
                count,
                of(hour.mean),
                csv::optional(hour.std_dev),
                of(hour.min),
                of(hour.max),
            ]
        };
        self.by_hour.iter().map(record).collect()
    }

    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let name = printable_short(&self.metric, 60);
        let verdict = match trend_pct(self.trend) {
            None => "too few samples to tell where it is heading".to_owned(),
            Some(0.0) => "flat".to_owned(),
            Some(pct) => format!("{} of the mean over {} h", percent_signed(pct), number(f64::from(self.hours))),
        };
        let mut lines = vec![line(format!("{name}: {verdict}"), Role::Title)];
        let mut table = Table::new(&[
            Column::left("HOUR"),
            Column::right("N").may_go(1),
            Column::right("MEAN"),
            Column::right("SD").may_go(3),
            Column::right("MIN").may_go(4),
            Column::right("MAX").may_go(5),
            Column::left("").may_go(2),
        ]);
        let means: Vec<f64> = self.by_hour.iter().map(|hour| hour.mean).collect();
        for (hour, bar) in self.by_hour.iter().zip(bars(&means, symbols)) {
            let show = |number| Cell::text(value(number, self.unit));
            table.push(vec![
                Cell::text(self.zone.format(hour.hour_ms, "%a %Y-%m-%d %H:%M")),
                Cell::text(hour.count.to_string()),
                show(hour.mean),
                Cell::optional(hour.std_dev.map(|std_dev| value(std_dev, self.unit))),
                show(hour.min),
                show(hour.max),
                Cell::new(bar, Role::Data),
            ]);
        }
        lines.extend(table.lines(symbols, room));
        lines
    }
}

/// Bars of 1 to 20 cells, as long as the mean is high among the others.
fn bars(means: &[f64], symbols: SymbolSet) -> Vec<String> {
    const CELLS: f64 = 19.0;
    let glyph = symbols.spark()[5];
    let glyph = if symbols.is_ascii() { "#" } else { glyph };
    let low = means.iter().copied().fold(f64::INFINITY, f64::min);
    let span = means.iter().copied().fold(f64::NEG_INFINITY, f64::max) - low;
    let cells = |mean: f64| if span > 0.0 { ((mean - low) / span * CELLS).round() as usize + 1 } else { 1 };
    means.iter().map(|&mean| glyph.repeat(cells(mean))).collect()
}
