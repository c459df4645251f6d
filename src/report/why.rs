//! `perftop why`: everything that is known of an alert.

use serde::Serialize;

use super::anomalies::severity_role;
use super::table::Line;
use super::{Report, csv};
use crate::model::text::{counted, printable, value};
use crate::model::time::{Zone, length};
use crate::model::{Account, Alert, AlertState, Companion, Ending, Mute, Point, Precision, ToastRate, Unit};
use crate::ui::symbols::SymbolSet;
use crate::ui::theme::Role;

/// Samples of the evidence that the text lists: the newest; JSON and CSV have them all.
const LISTED: usize = 8;
/// Cells of what stands before each line.
const NAME_CELLS: usize = 10;

/// An alert and what follows from it.
#[derive(Debug, Serialize)]
pub struct Why {
    /// What the store knows.
    #[serde(flatten)]
    pub account: Account,
    /// What its values count.
    pub unit: Unit,
    /// How long it lasted by the samples, in ms; up to now while it goes on.
    pub lasted_ms: i64,
    /// What keeps it quiet.
    pub mute: Option<Mute>,
    /// How often its rule was right about its metric.
    pub precision: Option<Precision>,
    /// How often its metric was told of, when it is one of surprise.
    pub toast_rate: Option<ToastRate>,
    /// The zone of the text.
    #[serde(skip)]
    pub zone: Zone,
}

/// How an alert ended, in words.
#[must_use]
pub const fn ending_words(ending: Option<Ending>) -> &'static str {
    match ending {
        Some(Ending::NewNormal) => "the new normal",
        Some(Ending::Forgotten) => "forgotten: nothing was heard of it any more",
        Some(Ending::Recovered) | None => "recovered",
    }
}

impl Why {
    fn alert(&self) -> &Alert {
        &self.account.alert
    }

    fn show(&self, number: f64) -> String {
        value(number, self.unit)
    }

    fn when(&self, timestamp_ms: i64) -> String {
        self.zone.full(timestamp_ms)
    }

    /// What is said of the alert, each with its name.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let alert = self.alert();
        let limits = alert.limits;
        let mut facts = vec![
            ("what", alert.description.clone()),
            ("since", format!("{}, noticed {}", self.when(alert.first.timestamp_ms), self.when(alert.opened_at_ms))),
            ("until", self.until()),
            ("lasted", format!("{}, {}", length(self.lasted_ms), counted(alert.count, "finding"))),
        ];
        if alert.opened_in_hour > 1 {
            facts.push(("", format!("number {} of its kind within an hour", alert.opened_in_hour)));
        }
        let peak_at = alert.peak_ms.map_or_else(String::new, |at_ms| format!(", {}", self.when(at_ms)));
        facts.push(("peak", format!("{}{peak_at}", self.show(alert.peak_value))));
        let [center, sigma, low, high] =
            [limits.center, limits.sigma, limits.lcl(), limits.ucl()].map(|number| self.show(number));
        facts.push(("usual", format!("mean {center}, sd {sigma}, within {low} to {high}")));
        facts.extend(
            self.because().into_iter().enumerate().map(|(at, why)| (if at == 0 { "because" } else { "" }, why)),
        );
        facts.extend(self.samples().into_iter().enumerate().map(|(at, of)| (if at == 0 { "samples" } else { "" }, of)));
        facts.extend(
            self.incident().into_iter().enumerate().map(|(at, of)| (if at == 0 { "incident" } else { "" }, of)),
        );
        let known =
            alert.acknowledged_at_ms.map_or_else(|| "no".to_owned(), |at_ms| format!("since {}", self.when(at_ms)));
        facts.push(("known", known));
        facts.push(("muted", self.muted()));
        let called = alert.label_word().map_or_else(|| "nothing yet".to_owned(), str::to_owned);
        let so_far =
            self.precision.as_ref().map_or_else(String::new, |precision| format!("; {}", precision.sentence()));
        facts.push(("called", format!("{called}{so_far}")));
        facts.extend(self.toast_rate.as_ref().map(|rate| ("rate", rate.words())));
        facts
    }

    fn until(&self) -> String {
        let alert = self.alert();
        if alert.state != AlertState::Recovered {
            return "goes on".to_owned();
        }
        let at_ms = alert.ended_ms.unwrap_or(alert.last.timestamp_ms);
        format!("{}, {}", self.when(at_ms), ending_words(alert.ending))
    }

    fn because(&self) -> Vec<String> {
        if self.account.explanations.is_empty() {
            return vec!["not noted: raised by an earlier version".to_owned()];
        }
        let explain = |why: &crate::model::Explanation| match &why.rarity {
            Some(rarity) => format!("{} ({rarity})", why.text),
            None => why.text.clone(),
        };
        self.account.explanations.iter().map(explain).collect()
    }

    fn samples(&self) -> Vec<String> {
        let evidence = &self.account.evidence;
        let (Some(first), Some(last)) = (evidence.first(), evidence.last()) else { return Vec::new() };
        let counted = counted(evidence.len() as u64, "sample");
        let mut lines = match evidence.len() {
            1 => Vec::new(),
            _ => vec![format!("{counted}, {} to {}", self.when(first.timestamp_ms), self.when(last.timestamp_ms))],
        };
        let newest = &evidence[evidence.len().saturating_sub(LISTED)..];
        lines.extend(
            newest.iter().map(|point| format!("{}  {}", self.when(point.timestamp_ms), self.show(point.value))),
        );
        lines
    }

    /// The incident it is in, and the other alerts of that.
    fn incident(&self) -> Vec<String> {
        let Some(incident) = &self.alert().incident else { return vec!["none: it is alone".to_owned()] };
        let others = incident.alerts.iter().filter(|companion| companion.alert_id != self.alert().id);
        let companion = |of: &Companion| {
            let state = if of.is_open { "" } else { ", over" };
            let metric = printable(&of.metric);
            format!("alert {} on {metric}, which moved from {} on{state}", of.alert_id, self.when(of.onset_ms))
        };
        let summary = format!("{}: {}, {}", incident.id, incident.title(), incident.sentence());
        std::iter::once(summary).chain(others.map(companion)).collect()
    }

    fn muted(&self) -> String {
        let Some(mute) = &self.mute else { return "no".to_owned() };
        let until =
            mute.until_ms.map_or_else(|| "for ever".to_owned(), |until_ms| format!("until {}", self.when(until_ms)));
        let why = mute.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", printable(reason)));
        format!("{until}{why}")
    }
}

impl Report for Why {
    const SCHEMA: &'static str = "perftop.why/1";
    const COLUMNS: &'static [&'static str] = &["timestamp_ms", "value"];

    fn records(&self) -> Vec<Vec<String>> {
        let record = |point: &Point| vec![point.timestamp_ms.to_string(), csv::number(point.value)];
        self.account.evidence.iter().map(record).collect()
    }

    fn lines(&self, symbols: SymbolSet, _room: Option<usize>) -> Vec<Line> {
        let alert = self.alert();
        let head = format!(
            "{} alert {}: {} on {}, {}, {}",
            symbols.severity(alert.severity),
            alert.id,
            alert.rule,
            printable(&alert.metric),
            alert.severity,
            alert.state.as_str()
        );
        let fact =
            |(name, text): (&str, String)| vec![(format!("  {name:<NAME_CELLS$}"), Role::Muted), (text, Role::Text)];
        std::iter::once(vec![(head, severity_role(alert.severity))]).chain(self.facts().into_iter().map(fact)).collect()
    }
}
