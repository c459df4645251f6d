//! What the user says of alerts.

use super::toast::say;
use super::{App, Effect};
use crate::model::{Alert, Attention, Command, MetricName, Mute, Severity, TimeRange, Unit};

/// How long `mute` keeps quiet; `perftop mute` takes other times.
const MUTE_MS: i64 = 2 * 3_600_000;

impl App {
    /// What a metric's values count.
    #[must_use]
    pub fn unit(&self, metric: &str) -> Unit {
        let summary = self.snapshot.as_ref().and_then(|picture| picture.series.iter().find(|of| *of.metric == *metric));
        summary.map(|summary| summary.unit).unwrap_or_default()
    }

    /// The mute that keeps an alert quiet now, if one does.
    #[must_use]
    pub fn mute_of(&self, alert: &Alert) -> Option<&Mute> {
        Mute::covering(self.mutes(), &alert.metric, alert.rule, self.now_ms)
    }

    pub(super) fn mutes(&self) -> &[Mute] {
        self.snapshot.as_ref().map_or(&[][..], |snapshot| &snapshot.mutes)
    }

    /// The alerts that want attention: firing, worth a toast and not muted, the most urgent first.
    pub fn wanting(&self) -> impl Iterator<Item = &Alert> {
        self.firing_from(self.options.toast_severity)
    }

    /// The alerts from a severity on that fire and are not muted, the most urgent first.
    pub fn firing_from(&self, from: Severity) -> impl Iterator<Item = &Alert> {
        let attention = Attention { from, mutes: self.mutes(), now_ms: self.now_ms };
        self.alerts().iter().filter(move |alert| attention.is_wanted_by(alert))
    }

    /// The alerts of a metric, the most urgent first.
    pub fn alerts_of(&self, metric: &str) -> impl Iterator<Item = &Alert> {
        self.alerts().iter().filter(move |alert| *alert.metric == *metric)
    }

    /// When alerts of a metric went on.
    #[must_use]
    pub fn alert_ranges(&self, metric: &str) -> Vec<TimeRange> {
        self.alerts_of(metric).map(|alert| alert.range(self.now_ms)).collect()
    }

    /// The alert that is chosen in the open list.
    #[must_use]
    pub fn chosen_alert(&self) -> Option<&Alert> {
        self.selected_alert().and_then(|index| self.alerts().get(index))
    }
}

/// Calls the chosen alert true or false; the same again takes it back.
pub(super) fn label(app: &mut App, label: bool) -> Vec<Effect> {
    let Some(alert) = app.chosen_alert() else {
        say(app, "alerts are called true or false in their list");
        return Vec::new();
    };
    let label = (alert.label != Some(label)).then_some(label);
    vec![Effect::Ask(Command::Label { alert_id: alert.id, label })]
}

/// Mutes the rule of the chosen alert on its metric, or ends what mutes it.
pub(super) fn mute(app: &mut App) -> Vec<Effect> {
    let Some(alert) = app.chosen_alert() else {
        say(app, "alerts are muted in their list");
        return Vec::new();
    };
    let (metric, rule) = (MetricName::clone(&alert.metric), alert.rule);
    let Some(mute) = app.mute_of(alert) else {
        return vec![Effect::Ask(Command::Mute { metric, rule, until_ms: app.now_ms.saturating_add(MUTE_MS) })];
    };
    if mute.metric.is_none() {
        say(app, "every metric is muted: `perftop unmute --all` ends it");
        return Vec::new();
    }
    let mute_ids = Mute::of_metric(app.mutes(), &metric, rule, app.now_ms).map(|mute| mute.id).collect();
    vec![Effect::Ask(Command::Unmute { mute_ids })]
}
