//! `perftop dashboard`: the table of baselines, once.

use std::cmp::Reverse;

use serde::Serialize;

use super::table::{Cell, Column, Line, Table};
use super::{Report, csv, line};
use crate::model::text::{counted, percent_signed, value};
use crate::model::time::age;
use crate::model::{
    Attention, Baseline, Direction, Point, SeriesSummary, Severity, Snapshot, Status, Tally, Trend, Unit,
};
use crate::ui::symbols::SymbolSet;
use crate::ui::theme::Role;

/// The table: one row a metric, worst first.
#[derive(Debug, Serialize)]
pub struct Dashboard {
    /// When it was taken: ms since the Unix epoch.
    pub taken_at_ms: i64,
    /// The window of the baselines.
    pub window: &'static str,
    /// Samples in the store.
    pub sample_count: u64,
    /// The newest sample's timestamp.
    pub newest_sample_ms: Option<i64>,
    /// Alerts that fire, are worth a toast and are not muted.
    pub alerts_firing: u64,
    /// Anomalies of runs that are open, are worth a toast and are not muted, on metrics without such an alert.
    pub unusual_runs: u64,
    /// The rows.
    pub series: Vec<Row>,
}

/// One metric.
#[derive(Debug, Serialize)]
pub struct Row {
    metric: String,
    unit: Unit,
    direction: Direction,
    status: Status,
    latest: Option<Point>,
    baseline: Option<Baseline>,
    deviation_pct: Option<f64>,
    z: Option<f64>,
    trend: Trend,
}

impl Dashboard {
    /// The table of `series` in a picture of the store; alerts below `toasted` are not worth a toast.
    #[must_use]
    pub fn new<'a>(snapshot: &Snapshot, toasted: Severity, series: impl Iterator<Item = &'a SeriesSummary>) -> Self {
        let attention = Attention { from: toasted, mutes: &snapshot.mutes, now_ms: snapshot.taken_at_ms };
        let mut series: Vec<Row> = series.map(Row::new).collect();
        series.sort_by(|a, b| {
            let strength = |row: &Row| row.z.map_or(0.0, f64::abs);
            Reverse(a.status)
                .cmp(&Reverse(b.status))
                .then(strength(b).total_cmp(&strength(a)))
                .then(a.metric.cmp(&b.metric))
        });
        Self {
            taken_at_ms: snapshot.taken_at_ms,
            window: snapshot.request.window.as_str(),
            sample_count: snapshot.health.sample_count,
            newest_sample_ms: snapshot.health.newest_sample_ms,
            alerts_firing: Tally::of(snapshot.alerts.iter().filter(|alert| attention.is_wanted_by(alert))).alerts,
            unusual_runs: attention.unusual_runs(&snapshot.unusual_runs, &snapshot.alerts).count() as u64,
            series,
        }
    }
}

impl Row {
    fn new(series: &SeriesSummary) -> Self {
        Self {
            metric: series.metric.to_string(),
            unit: series.unit,
            direction: series.direction,
            status: series.status,
            latest: series.latest,
            baseline: series.baseline,
            deviation_pct: series.deviation_pct,
            z: series.z,
            trend: series.trend,
        }
    }

    fn cells(&self, symbols: SymbolSet) -> Vec<Cell> {
        let in_unit = |number: Option<f64>| Cell::optional(number.map(|number| value(number, self.unit)));
        let baseline = self.baseline.as_ref();
        let quantile = |of: fn(&Baseline) -> f64| {
            let about = |baseline: &Baseline| if baseline.exact { "" } else { symbols.about() };
            Cell::optional(baseline.map(|found| format!("{}{}", about(found), value(of(found), self.unit))))
        };
        vec![
            Cell::text(self.metric.as_str()),
            in_unit(self.latest.map(|point| point.value)),
            in_unit(baseline.map(|baseline| baseline.mean)),
            in_unit(baseline.map(|baseline| baseline.std_dev)),
            quantile(|baseline| baseline.p95),
            quantile(|baseline| baseline.p99),
            Cell::optional(baseline.map(|baseline| baseline.count.to_string())),
            Cell::optional(self.deviation_pct.map(percent_signed)),
            Cell::optional(self.z.map(|z| format!("{z:+.1}"))),
            trend_cell(self.trend, symbols),
            Cell::new(format!("{} {}", symbols.status(self.status), self.status.as_str()), status_role(self.status)),
        ]
    }
}

impl Report for Dashboard {
    const SCHEMA: &'static str = "perftop.dashboard/1";
    const COLUMNS: &'static [&'static str] = &[
        "metric",
        "unit",
        "status",
        "latest_timestamp_ms",
        "latest",
        "mean",
        "std_dev",
        "p95",
        "p99",
        "count",
        "deviation_pct",
        "z",
        "trend_pct",
        "exact",
    ];

    fn records(&self) -> Vec<Vec<String>> {
        let record = |row: &Row| {
            let of = |part: fn(&Baseline) -> f64| csv::optional(row.baseline.as_ref().map(part));
            vec![
                csv::name(&row.metric),
                row.unit.to_string(),
                row.status.as_str().to_owned(),
                csv::optional(row.latest.map(|point| point.timestamp_ms)),
                csv::optional(row.latest.map(|point| point.value)),
                of(|baseline| baseline.mean),
                of(|baseline| baseline.std_dev),
                of(|baseline| baseline.p95),
                of(|baseline| baseline.p99),
                csv::optional(row.baseline.map(|baseline| baseline.count)),
                csv::optional(row.deviation_pct),
                csv::optional(row.z),
                csv::optional(trend_pct(row.trend)),
                csv::optional(row.baseline.map(|baseline| baseline.exact)),
            ]
        };
        self.series.iter().map(record).collect()
    }

    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let mut table = Table::new(&[
            Column::left("METRIC"),
            Column::right("CURRENT"),
            Column::right("MEAN").may_go(2),
            Column::right("SD").may_go(4),
            Column::right("P95").may_go(6),
            Column::right("P99").may_go(7),
            Column::right("N").may_go(5),
            Column::right("DEV").may_go(1),
            Column::right("Z").may_go(8),
            Column::left("TREND").may_go(3),
            Column::left("STATUS"),
        ]);
        for row in &self.series {
            table.push(row.cells(symbols));
        }
        let mut lines = table.lines(symbols, room);
        let newest = self.newest_sample_ms.map_or_else(
            || "no samples".to_owned(),
            |newest_ms| format!("newest sample {}", how_old(self.taken_at_ms - newest_ms)),
        );
        let metrics = counted(self.series.len() as u64, "metric");
        let alerts = counted(self.alerts_firing, "alert");
        let runs = match self.unusual_runs {
            0 => String::new(),
            runs => format!("{}, ", counted(runs, "unusual run")),
        };
        let summary = format!("{metrics} over {}, {alerts} firing, {runs}{newest}", self.window);
        lines.push(line(summary, Role::Muted));
        lines
    }
}

/// A trend as an arrow and its strength.
pub(super) fn trend_cell(trend: Trend, symbols: SymbolSet) -> Cell {
    match trend {
        Trend::Unknown => Cell::optional(None),
        Trend::Flat => Cell::new(format!("{} flat", symbols.trend(trend)), Role::Muted),
        Trend::Rising { pct } => Cell::text(format!("{} {}", symbols.trend(trend), percent_signed(pct))),
        Trend::Falling { pct } => Cell::text(format!("{} {}", symbols.trend(trend), percent_signed(-pct))),
    }
}

/// A trend as a signed number: percent of the mean over the window.
pub(super) const fn trend_pct(trend: Trend) -> Option<f64> {
    match trend {
        Trend::Unknown => None,
        Trend::Flat => Some(0.0),
        Trend::Rising { pct } => Some(pct),
        Trend::Falling { pct } => Some(-pct),
    }
}

fn how_old(age_ms: i64) -> String {
    if age_ms < 1_000 { "just now".to_owned() } else { format!("{} old", age(age_ms)) }
}

/// How a status looks.
pub(super) const fn status_role(status: Status) -> Role {
    match status {
        Status::Ok => Role::Ok,
        Status::Unjudged | Status::Learning | Status::Stale => Role::Muted,
        Status::Warning => Role::Warning,
        Status::Critical => Role::Critical,
    }
}
