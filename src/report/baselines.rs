//! `perftop baseline [METRIC] [--by TAGS]`: what is normal, over 24 hours, a week and thirty days.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::table::{Cell, Column, Line, Table};
use super::{Report, csv};
use crate::model::text::value;
use crate::model::{Baseline, Limited, Segment, TagValue, Unit};
use crate::ui::symbols::SymbolSet;

/// The baselines of one or of every metric, or of their segments.
#[derive(Debug, Serialize)]
pub struct Baselines {
    /// One row for each metric or segment and each window, by name.
    pub baselines: Vec<BaselineRow>,
    /// Of which metrics not all segments are told apart.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limited: BTreeMap<String, Limited>,
}

/// The baseline of a metric over a window.
#[derive(Debug, Serialize)]
pub struct BaselineRow {
    /// The metric.
    pub metric: String,
    /// Which part of it, when it is taken apart.
    #[serde(flatten)]
    pub part: Option<Part>,
    /// Its unit.
    pub unit: Unit,
    /// The window.
    pub window: &'static str,
    /// The numbers; `None` when the window holds no samples, of which there is the count alone.
    #[serde(flatten, serialize_with = "write_numbers")]
    pub baseline: Option<Baseline>,
}

impl BaselineRow {
    fn series(&self) -> &str {
        self.part.as_ref().map_or(&self.metric, Part::series)
    }
}

#[expect(clippy::ref_option, reason = "what serde calls it with")]
fn write_numbers<S: Serializer>(baseline: &Option<Baseline>, serializer: S) -> Result<S::Ok, S::Error> {
    match baseline {
        Some(baseline) => baseline.serialize(serializer),
        None => serializer.collect_map([("count", 0)]),
    }
}

/// A part of a metric.
#[derive(Debug, Serialize)]
pub struct Part {
    series: String,
    #[serde(serialize_with = "write_tags")]
    tags: Vec<(Arc<str>, TagValue)>,
}

impl Part {
    pub(super) fn series(&self) -> &str {
        &self.series
    }
}

impl From<&Segment> for Part {
    fn from(segment: &Segment) -> Self {
        Self { series: segment.to_string(), tags: segment.tags.clone() }
    }
}

/// A value as text, a missing one as null, one that is not told apart as `{"other": true}`.
#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a> {
    Is(&'a str),
    Missing(()),
    Other { other: bool },
}

impl<'a> From<&'a TagValue> for Written<'a> {
    fn from(value: &'a TagValue) -> Self {
        match value {
            TagValue::Is(value) => Self::Is(value),
            TagValue::Missing => Self::Missing(()),
            TagValue::Other => Self::Other { other: true },
        }
    }
}

fn write_tags<S: Serializer>(tags: &[(Arc<str>, TagValue)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(tags.iter().map(|(name, value)| (name, Written::from(value))))
}

impl Report for Baselines {
    const SCHEMA: &'static str = "perftop.baseline/1";
    const COLUMNS: &'static [&'static str] =
        &["metric", "unit", "window", "count", "mean", "std_dev", "min", "p50", "p95", "p99", "max", "exact"];

    fn records(&self) -> Vec<Vec<String>> {
        let record = |row: &BaselineRow| {
            let mut record = vec![csv::name(row.series()), row.unit.to_string(), row.window.to_owned()];
            record.push(row.baseline.map_or(0, |baseline| baseline.count).to_string());
            record.extend(numbers(row.baseline.as_ref()).map(csv::optional));
            record.push(csv::optional(row.baseline.map(|baseline| baseline.exact)));
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
            let mut cells = vec![Cell::text(row.series()), Cell::text(row.window)];
            cells.push(Cell::text(row.baseline.map_or(0, |baseline| baseline.count).to_string()));
            let is_exact = row.baseline.is_none_or(|baseline| baseline.exact);
            let about = if is_exact { "" } else { symbols.about() };
            let marks = ["", "", "", about, about, about, ""];
            let numbers = numbers(row.baseline.as_ref()).into_iter().zip(marks);
            cells.extend(numbers.map(|(number, mark)| {
                Cell::optional(number.map(|number| format!("{mark}{}", value(number, row.unit))))
            }));
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
