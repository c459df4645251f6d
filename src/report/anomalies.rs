//! `perftop anomalies`: what was recorded, newest first.

use serde::Serialize;

use super::table::{Cell, Column, Line, Table};
use super::{Report, csv, line};
use crate::model::text::{counted, value};
use crate::model::time::Zone;
use crate::model::{Anomaly, LimitType, Severity, Unit};
use crate::ui::symbols::SymbolSet;
use crate::ui::theme::Role;

/// Recorded anomalies.
#[derive(Debug, Serialize)]
pub struct Anomalies {
    /// Since when: ms since the Unix epoch.
    pub since_ms: i64,
    /// Whether there are more than are listed.
    pub is_cut: bool,
    /// The anomalies, newest first.
    pub anomalies: Vec<Anomaly>,
    /// The unit of each, in the same order.
    #[serde(skip)]
    pub units: Vec<Unit>,
    /// The zone of the text.
    #[serde(skip)]
    pub zone: Zone,
}

impl Report for Anomalies {
    const SCHEMA: &'static str = "perftop.anomalies/1";
    const COLUMNS: &'static [&'static str] =
        &["id", "detected_at_ms", "severity", "metric", "value", "limit_type", "description"];

    fn records(&self) -> Vec<Vec<String>> {
        let record = |anomaly: &Anomaly| {
            vec![
                anomaly.id.to_string(),
                anomaly.detected_at_ms.to_string(),
                anomaly.severity.to_string(),
                csv::name(&anomaly.metric),
                csv::number(anomaly.value),
                csv::optional(anomaly.limit_type.map(LimitType::as_str)),
                csv::name(anomaly.description.as_deref().unwrap_or_default()),
            ]
        };
        self.anomalies.iter().map(record).collect()
    }

    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        if self.anomalies.is_empty() {
            return vec![line(format!("no anomalies since {}", self.zone.full(self.since_ms)), Role::Ok)];
        }
        let mut table = Table::new(&[
            Column::left("DETECTED"),
            Column::left("SEVERITY"),
            Column::left("METRIC"),
            Column::right("VALUE"),
            Column::left("TYPE"),
            Column::left("WHAT"),
        ]);
        for (anomaly, unit) in self.anomalies.iter().zip(&self.units) {
            let severity = format!("{} {}", symbols.severity(anomaly.severity), anomaly.severity);
            table.push(vec![
                Cell::text(self.zone.full(anomaly.detected_at_ms)),
                Cell::new(severity, severity_role(anomaly.severity)),
                Cell::text(&*anomaly.metric),
                Cell::text(value(anomaly.value, *unit)),
                Cell::optional(anomaly.limit_type.map(|kind| kind.as_str().to_owned())),
                Cell::text(anomaly.description.as_deref().unwrap_or_default()),
            ]);
        }
        let mut lines = table.lines(symbols, room);
        let more = if self.is_cut { ", and more: raise --limit or narrow --since" } else { "" };
        lines.push(line(format!("{}{more}", counted(self.anomalies.len() as u64, "finding")), Role::Muted));
        lines
    }
}

/// How a severity looks.
pub(super) const fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::Info => Role::Info,
        Severity::Warning => Role::Warning,
        Severity::Critical => Role::Critical,
    }
}
