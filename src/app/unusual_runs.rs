//! Runs that are unlike those before them: they want attention as alerts do, and have no row among those.

use super::{App, toast};
use crate::model::{Attention, MetricName, RunAnomaly, Severity, Snapshot};

impl App {
    /// The anomalies of runs that are open and want attention, the newest first: worth a toast, not muted, and on a metric
    /// that has no alert which does.
    pub fn unusual_runs(&self) -> impl Iterator<Item = &RunAnomaly> {
        self.unusual_runs_from(self.options.toast_severity)
    }

    /// The same, from a severity on.
    pub fn unusual_runs_from(&self, from: Severity) -> impl Iterator<Item = &RunAnomaly> {
        let open = self.snapshot.as_ref().map_or(&[][..], |snapshot| &snapshot.unusual_runs);
        Attention { from, mutes: self.mutes(), now_ms: self.now_ms }.unusual_runs(open, self.alerts())
    }

    /// What is unusual about the runs whose measure a metric is.
    pub fn unusual_runs_of(&self, metric: &str) -> impl Iterator<Item = &RunAnomaly> {
        let known = self.snapshot.as_ref().map_or(&[][..], |snapshot| &snapshot.unusual_runs);
        known.iter().filter(move |anomaly| *anomaly.shown_at() == *metric)
    }

    /// How many things want attention: alerts, and anomalies of runs.
    #[must_use]
    pub fn attention_count(&self) -> usize {
        self.wanting().count() + self.unusual_runs().count()
    }
}

/// Toasts of what is open now and was not in the picture `before`; of what is over, nothing is shown any more.
pub(super) fn tell(app: &mut App, before: Option<&Snapshot>) {
    let Some(before) = before else { return };
    let is_same = |one: &RunAnomaly, other: &RunAnomaly| (one.run_id, &one.metric) == (other.run_id, &other.metric);
    let news: Vec<(MetricName, Severity, String)> = app
        .unusual_runs()
        .filter(|anomaly| toast::is_recent(app, anomaly.at_ms))
        .filter(|anomaly| !before.unusual_runs.iter().any(|known| is_same(known, anomaly)))
        .map(|anomaly| (anomaly.metric_name(), anomaly.severity(), anomaly.told()))
        .collect();
    let open = app.snapshot.as_ref().map_or(&[][..], |snapshot| &snapshot.unusual_runs);
    let over: Vec<MetricName> = before
        .unusual_runs
        .iter()
        .filter(|known| !open.iter().any(|open| is_same(open, known)))
        .map(RunAnomaly::metric_name)
        .collect();
    toast::forget_runs(app, &over);
    // Told oldest first, as alerts are.
    for (metric, severity, text) in news.into_iter().rev() {
        toast::show_run(app, metric, severity, text);
    }
}
