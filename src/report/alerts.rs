//! `perftop alerts`: what the user was told, open alerts first, and how often each rule was right.

use serde::Serialize;

use super::anomalies::severity_role;
use super::table::{Cell, Column, Line, Table};
use super::{Report, csv, line};
use crate::model::text::{counted, printable, value};
use crate::model::time::{Zone, length};
use crate::model::{Alert, AlertState, Ending, Incident, MetricBook, Mute, Precision, ToastRate, Unit};
use crate::ui::symbols::SymbolSet;
use crate::ui::theme::Role;

/// Alerts.
#[derive(Debug, Serialize)]
pub struct Alerts {
    /// Since when: ms since the Unix epoch.
    pub since_ms: i64,
    /// Whether there are more than are listed.
    pub is_cut: bool,
    /// The alerts, open ones first.
    pub alerts: Vec<AlertRow>,
    /// How often each rule was right about each metric, by all labels there are.
    pub precision: Vec<Precision>,
    /// How often each metric was told of that has an alert of surprise among these.
    pub toast_rates: Vec<ToastRate>,
    /// The zone of the text.
    #[serde(skip)]
    pub zone: Zone,
}

/// An alert with what follows from it.
#[derive(Debug, Serialize)]
pub struct AlertRow {
    /// The alert.
    #[serde(flatten)]
    pub alert: Alert,
    /// What its values count.
    pub unit: Unit,
    /// How long it lasted by the samples, in ms; up to now while it goes on.
    pub lasted_ms: i64,
    /// Whether nothing is told of it.
    pub is_muted: bool,
}

impl AlertRow {
    /// The alert at `now_ms`.
    #[must_use]
    pub fn new(alert: Alert, book: &MetricBook, mutes: &[Mute], now_ms: i64) -> Self {
        let is_muted = Mute::covering(mutes, &alert.metric, alert.rule, now_ms).is_some();
        Self { unit: book.unit(&alert.metric), lasted_ms: alert.lasted_ms(now_ms), is_muted, alert }
    }

    /// Where it stands, in a word.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match (self.alert.state, self.alert.ending) {
            (AlertState::Recovered, Some(ending)) => ending.as_str(),
            (AlertState::Recovered, None) => Ending::Recovered.as_str(),
            (AlertState::Firing, _) if self.is_muted => "muted",
            (state, _) => state.as_str(),
        }
    }
}

impl Alerts {
    /// The incidents that the alerts are in, each once.
    fn incidents(&self) -> Vec<&Incident> {
        let mut incidents: Vec<&Incident> = Vec::new();
        for incident in self.alerts.iter().filter_map(|row| row.alert.incident.as_deref()) {
            if !incidents.iter().any(|known| known.id == incident.id) {
                incidents.push(incident);
            }
        }
        incidents
    }
}

impl Report for Alerts {
    const SCHEMA: &'static str = "perftop.alerts/1";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "state",
        "severity",
        "metric",
        "rule",
        "since_ms",
        "lasted_ms",
        "peak",
        "count",
        "label",
        "description",
        "incident",
        "origin",
        "certainty",
    ];

    fn records(&self) -> Vec<Vec<String>> {
        let record = |row: &AlertRow| {
            let alert = &row.alert;
            let incident = alert.incident.as_deref();
            vec![
                alert.id.to_string(),
                row.state().to_owned(),
                alert.severity.to_string(),
                csv::name(&alert.metric),
                alert.rule.to_string(),
                alert.first.timestamp_ms.to_string(),
                row.lasted_ms.to_string(),
                csv::number(alert.peak_value),
                alert.count.to_string(),
                csv::optional(alert.label_word()),
                csv::name(&alert.description),
                csv::optional(incident.map(|incident| incident.id.to_string())),
                csv::optional(incident.and_then(|incident| incident.origin.as_deref()).map(csv::name)),
                csv::optional(incident.map(|incident| csv::number(incident.certainty))),
            ]
        };
        self.alerts.iter().map(record).collect()
    }

    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let precision = self.precision.iter().map(|precision| line(precision.sentence(), Role::Muted));
        if self.alerts.is_empty() {
            let none = line(format!("no alerts since {}", self.zone.full(self.since_ms)), Role::Ok);
            return std::iter::once(none).chain(precision).collect();
        }
        let mut table = Table::new(&[
            Column::right("ID"),
            Column::right("INCIDENT"),
            Column::left("STATE"),
            Column::left("SEVERITY"),
            Column::left("METRIC"),
            Column::left("RULE"),
            Column::left("SINCE"),
            Column::right("LASTED"),
            Column::right("PEAK"),
            Column::left("LABEL"),
            Column::left("WHAT"),
        ]);
        for row in &self.alerts {
            let alert = &row.alert;
            let severity = format!("{} {}", symbols.severity(alert.severity), alert.severity);
            let role = if alert.is_firing() && !row.is_muted { severity_role(alert.severity) } else { Role::Muted };
            table.push(vec![
                Cell::text(alert.id.to_string()),
                Cell::optional(alert.incident.as_ref().map(|incident| incident.id.to_string())),
                Cell::new(row.state(), role),
                Cell::new(severity, role),
                Cell::text(&*alert.metric),
                Cell::text(alert.rule.as_str()),
                Cell::text(self.zone.full(alert.first.timestamp_ms)),
                Cell::text(length(row.lasted_ms)),
                Cell::text(value(alert.peak_value, row.unit)),
                Cell::optional(alert.label_word().map(str::to_owned)),
                Cell::text(alert.description.as_str()),
            ]);
        }
        let mut lines = table.lines(symbols, room);
        lines.extend(self.incidents().into_iter().map(|incident| line(incident.summary(), Role::Text)));
        let more = if self.is_cut { ", and more: raise --limit or narrow --since" } else { "" };
        lines.push(line(format!("{}{more}", counted(self.alerts.len() as u64, "alert")), Role::Muted));
        lines.extend(precision);
        let told = |rate: &ToastRate| format!("surprise on {}: {}", printable(&rate.metric), rate.words());
        lines.extend(self.toast_rates.iter().map(|rate| line(told(rate), Role::Muted)));
        lines
    }
}
