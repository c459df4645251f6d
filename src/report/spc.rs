//! `perftop spc METRIC`: control limits, and the samples that break a rule.

use serde::Serialize;

use super::table::{Cell, Column, Line, Table};
use super::{Report, csv, line};
use crate::model::text::{counted, percent_signed, value};
use crate::model::time::Zone;
use crate::model::{Baseline, ChartData, ControlLimits, Point, Rule, Unit, Violation};
use crate::ui::symbols::SymbolSet;
use crate::ui::theme::Role;

/// Violations the text lists; JSON and CSV have them all.
const LISTED: usize = 10;

/// The control chart in numbers.
#[derive(Debug, Serialize)]
pub struct Spc {
    metric: String,
    unit: Unit,
    window: &'static str,
    sample_count: u64,
    baseline: Option<Baseline>,
    limits: Option<Limits>,
    violations: Vec<RuleBreak>,
    #[serde(skip)]
    points: Vec<Point>,
    #[serde(skip)]
    zone: Zone,
}

/// A sample that breaks a rule.
#[derive(Debug, Clone, Copy, Serialize)]
struct RuleBreak {
    #[serde(flatten)]
    point: Point,
    rule: Rule,
}

impl Spc {
    /// The numbers of a chart; instants are shown in `zone`.
    #[must_use]
    pub fn new(chart: &ChartData, window: &'static str, zone: Zone) -> Self {
        Self {
            metric: chart.metric.to_string(),
            unit: chart.unit,
            window,
            sample_count: chart.sample_count,
            baseline: chart.baseline,
            limits: chart.limits.map(Limits::from),
            violations: chart.violations.iter().map(|&Violation { point, rule }| RuleBreak { point, rule }).collect(),
            points: chart.points.clone(),
            zone,
        }
    }

    /// What the chart above it does not say: which samples break which rule.
    fn violations_table(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        if self.limits.is_none() {
            return vec![line("too few samples for control limits", Role::Muted)];
        }
        if self.violations.is_empty() {
            return vec![line("no sample breaks a rule", Role::Ok)];
        }
        let mut table = Table::new(&[
            Column::left("WHEN"),
            Column::right("VALUE"),
            Column::right("FROM MEAN").may_go(1),
            Column::left("RULE"),
        ]);
        for broken in self.violations.iter().rev().take(LISTED) {
            let center = self.limits.map_or(0.0, |limits| limits.center);
            let off = (center != 0.0).then(|| percent_signed((broken.point.value - center) / center.abs() * 100.0));
            table.push(vec![
                Cell::text(self.zone.full(broken.point.timestamp_ms)),
                Cell::text(value(broken.point.value, self.unit)),
                Cell::optional(off),
                Cell::new(broken.rule.as_str(), super::anomalies::severity_role(broken.rule.severity())),
            ]);
        }
        let mut lines =
            vec![line(format!("{} break a rule", counted(self.violations.len() as u64, "sample")), Role::Text)];
        lines.extend(table.lines(symbols, room));
        lines
    }
}

impl Report for Spc {
    const SCHEMA: &'static str = "perftop.spc/1";
    const COLUMNS: &'static [&'static str] = &["timestamp_ms", "value", "rule"];

    fn records(&self) -> Vec<Vec<String>> {
        let mut violations = self.violations.iter().peekable();
        let mut record = |point: &Point| {
            while violations.next_if(|broken| broken.point.timestamp_ms < point.timestamp_ms).is_some() {}
            let rule = violations.next_if(|broken| broken.point == *point).map(|broken| broken.rule.as_str());
            vec![point.timestamp_ms.to_string(), csv::number(point.value), csv::optional(rule)]
        };
        self.points.iter().map(&mut record).collect()
    }

    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        self.violations_table(symbols, room)
    }
}

/// The limits with the lines that follow from them.
#[derive(Debug, Clone, Copy, Serialize)]
struct Limits {
    center: f64,
    sigma: f64,
    ucl: f64,
    lcl: f64,
}

impl From<ControlLimits> for Limits {
    fn from(limits: ControlLimits) -> Self {
        Self { center: limits.center, sigma: limits.sigma, ucl: limits.ucl(), lcl: limits.lcl() }
    }
}
