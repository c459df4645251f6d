//! `perftop spc METRIC`: control limits, and the samples that break a rule.

use serde::Serialize;

use super::table::{Cell, Column, Line, Table};
use super::{Report, csv, line};
use crate::model::text::{counted, percent_signed, value};
use crate::model::time::Zone;
use crate::model::{
    Baseline, ChartData, ChartMark, ControlLimits, Lines, Point, Rule, SpcChart, TakenOut, Unit, Violation,
};
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
    chart: &'static str,
    on: &'static str,
    taken_out: Option<TakenOut>,
    sample_count: u64,
    baseline: Option<Baseline>,
    limits: Option<Limits>,
    expected: Option<Expected>,
    violations: Vec<RuleBreak>,
    #[serde(skip)]
    kind: SpcChart,
    #[serde(skip)]
    shown_unit: Unit,
    #[serde(skip)]
    samples: Vec<(Point, Option<ChartMark>)>,
    #[serde(skip)]
    zone: Zone,
}

/// A sample that breaks a rule.
#[derive(Debug, Clone, Copy, Serialize)]
struct RuleBreak {
    #[serde(flatten)]
    point: Point,
    rule: Rule,
    /// What was expected of it, where that moves along.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<f64>,
    /// What the chart shows instead of the sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    statistic: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shift_began_ms: Option<i64>,
}

impl Spc {
    /// The numbers of a chart; instants are shown in `zone`.
    #[must_use]
    pub fn new(chart: &ChartData, window: &'static str, zone: Zone) -> Self {
        let follows = chart.taken_out.is_some() && chart.chart.is_of_values();
        let level = chart.newest_lines().filter(|_| !follows);
        let statistic = |point| chart.mark_of(point).filter(|_| !chart.chart.is_of_values()).map(|mark| mark.farther());
        let broken = |&Violation { point, rule, began_ms }: &Violation| RuleBreak {
            point,
            rule,
            expected: chart.mark_of(point).filter(|_| follows).map(|mark| mark.lines.center),
            statistic: statistic(point),
            shift_began_ms: began_ms,
        };
        Self {
            metric: chart.metric.to_string(),
            unit: chart.unit,
            window,
            chart: chart.chart.as_str(),
            on: chart.on.as_str(),
            taken_out: chart.taken_out,
            sample_count: chart.sample_count,
            baseline: chart.baseline,
            limits: chart.limits.map(|limits| Limits::new(limits, level.unwrap_or(limits.into()))),
            expected: follows.then(|| chart.newest_lines()).flatten().map(Expected::from),
            violations: chart.violations.iter().map(broken).collect(),
            kind: chart.chart,
            shown_unit: chart.shown_unit(),
            samples: chart.points.iter().enumerate().map(|(at, &point)| (point, chart.mark(at))).collect(),
            zone,
        }
    }

    /// What the chart above it does not say: which samples break which rule.
    fn violations_table(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        if self.violations.is_empty() && self.limits.is_none() {
            return vec![line("too few samples for control limits", Role::Muted)];
        }
        if self.violations.is_empty() {
            let calm = if self.kind.is_of_values() { "no sample breaks a rule" } else { "the chart does not signal" };
            return vec![line(calm, Role::Ok)];
        }
        let (third, last) = match self.kind.is_of_values() {
            true if self.expected.is_some() => ("FROM EXPECTED", "RULE"),
            true => ("FROM MEAN", "RULE"),
            false => ("STATISTIC", "SHIFT BEGAN"),
        };
        let columns =
            [Column::left("WHEN"), Column::right("VALUE"), Column::right(third).may_go(1), Column::left(last)];
        let has_last = self.kind.is_of_values() || self.kind == SpcChart::Cusum;
        let columns = if has_last { &columns[..] } else { &columns[..3] };
        let mut table = Table::new(columns);
        for broken in self.violations.iter().rev().take(LISTED) {
            let center = broken.expected.or(self.limits.map(|limits| limits.center)).unwrap_or(0.0);
            let off = (center != 0.0).then(|| percent_signed((broken.point.value - center) / center.abs() * 100.0));
            let shown = broken.statistic.map(|statistic| value(statistic, self.shown_unit));
            let rule = Cell::new(broken.rule.as_str(), super::anomalies::severity_role(broken.rule.severity()));
            let began = broken.shift_began_ms.map(|began_ms| Cell::text(self.zone.full(began_ms)));
            let mut cells = vec![
                Cell::text(self.zone.full(broken.point.timestamp_ms)),
                Cell::text(value(broken.point.value, self.unit)),
                Cell::optional(shown.or(off)),
                began.unwrap_or(rule),
            ];
            cells.truncate(columns.len());
            table.push(cells);
        }
        let count = self.violations.len() as u64;
        let said = if self.kind.is_of_values() {
            format!("{} break a rule", counted(count, "sample"))
        } else {
            format!("{} of the {} chart", counted(count, "signal"), self.kind.name())
        };
        let mut lines = vec![line(said, Role::Text)];
        lines.extend(table.lines(symbols, room));
        lines
    }
}

impl Report for Spc {
    const SCHEMA: &'static str = "perftop.spc/1";
    const COLUMNS: &'static [&'static str] =
        &["timestamp_ms", "value", "rule", "statistic", "statistic_low", "lcl", "center", "ucl"];

    fn records(&self) -> Vec<Vec<String>> {
        let mut violations = self.violations.iter().peekable();
        let mut record = |(point, mark): &(Point, Option<ChartMark>)| {
            while violations.next_if(|broken| broken.point.timestamp_ms < point.timestamp_ms).is_some() {}
            let rule = violations.next_if(|broken| broken.point == *point).map(|broken| broken.rule.as_str());
            let of_mark =
                |number: fn(&ChartMark) -> Option<f64>| csv::optional(mark.as_ref().and_then(number).map(csv::number));
            vec![
                point.timestamp_ms.to_string(),
                csv::number(point.value),
                csv::optional(rule),
                of_mark(|mark| Some(mark.value)),
                of_mark(|mark| mark.low),
                of_mark(|mark| Some(mark.lines.lower)),
                of_mark(|mark| Some(mark.lines.center)),
                of_mark(|mark| Some(mark.lines.upper)),
            ]
        };
        self.samples.iter().map(&mut record).collect()
    }

    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        self.violations_table(symbols, room)
    }
}

/// The spread of the samples, and the lines that follow from it for the newest of them.
#[derive(Debug, Clone, Copy, Serialize)]
struct Limits {
    center: f64,
    sigma: f64,
    ucl: f64,
    lcl: f64,
}

impl Limits {
    const fn new(limits: ControlLimits, lines: Lines) -> Self {
        Self { center: lines.center, sigma: limits.sigma, ucl: lines.upper, lcl: lines.lower }
    }
}

/// The lines at the newest sample, where they follow what is expected.
#[derive(Debug, Clone, Copy, Serialize)]
struct Expected {
    center: f64,
    ucl: f64,
    lcl: f64,
}

impl From<Lines> for Expected {
    fn from(lines: Lines) -> Self {
        Self { center: lines.center, ucl: lines.upper, lcl: lines.lower }
    }
}
