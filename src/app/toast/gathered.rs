//! Toasts of incidents: one for all alerts that belong together.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{Toast, ToastKind};
use crate::app::App;
use crate::model::time::length;
use crate::model::{Alert, Incident};

impl Toast {
    fn is_of(&self, incident: &Incident) -> bool {
        self.alert_id.is_some_and(|id| incident.contains(id))
            || self.incident.iter().flat_map(|known| known.alerts.iter()).any(|alert| incident.contains(alert.alert_id))
    }
}

/// The incidents that alerts are in, by their numbers.
pub(super) fn incidents_of(alerts: &[Alert]) -> BTreeMap<i64, Arc<Incident>> {
    alerts.iter().filter_map(|alert| alert.incident.as_ref()).map(|of| (of.id, Arc::clone(of))).collect()
}

/// How many things alerts are about: an incident is one.
pub(super) fn matters(alerts: &[&Alert]) -> usize {
    let of = |alert: &&Alert| alert.incident.as_ref().map_or((Some(alert.id), None), |of| (None, Some(of.id)));
    alerts.iter().map(of).collect::<HashSet<_>>().len()
}

/// Makes the toasts of each incident one, which says what is known of it now. It stays as long as any of them would have.
pub(super) fn gather(app: &mut App, incidents: &BTreeMap<i64, Arc<Incident>>) {
    for incident in incidents.values().filter(|incident| !incident.is_over()) {
        let is_of = |toast: &Toast| matches!(toast.kind, ToastKind::Alert(_)) && toast.is_of(incident);
        let (of_it, others): (Vec<Toast>, Vec<Toast>) = app.toasts.drain(..).partition(is_of);
        app.toasts = others;
        let gravest = of_it.iter().max_by_key(|toast| toast.kind.rank()).map(|toast| toast.kind);
        let Some(kind) = gravest else { continue };
        let stays = kind.lifetime_ms().is_none();
        app.toasts.push(Toast {
            kind,
            alert_id: None,
            incident: Some(Arc::clone(incident)),
            metric: None,
            text: incident.sentence(),
            count: 1,
            shown_at_ms: of_it.iter().map(|toast| toast.shown_at_ms).max().unwrap_or(app.now_ms),
            until_ms: of_it.iter().filter_map(|toast| toast.until_ms).max().filter(|_| !stays),
        });
    }
}

/// As the alerts of the newest picture say, makes the toasts of each incident one.
pub(in crate::app) fn gather_known(app: &mut App) {
    if app.toasts.iter().any(|toast| toast.alert_id.is_some() || toast.incident.is_some()) {
        let incidents = incidents_of(app.alerts());
        gather(app, &incidents);
    }
}

/// One word for all of an incident: `3 metrics moved together: over after 42m`.
pub(super) fn end_of(incident: &Incident, ended: &[Alert]) -> String {
    let began_ms = incident.alerts.iter().map(|alert| alert.onset_ms).min();
    let ends_ms = ended.iter().filter(|alert| incident.contains(alert.id)).filter_map(|alert| alert.ended_ms);
    let lasted = began_ms.zip(ends_ms.max()).map_or_else(String::new, |(began_ms, ended_ms)| {
        format!(" after {}", length(ended_ms.saturating_sub(began_ms)))
    });
    format!("{}: over{lasted}", incident.title())
}

/// Puts away what was said of incidents that are over.
pub(super) fn forget_over(app: &mut App, incidents: &BTreeMap<i64, Arc<Incident>>) {
    app.toasts.retain(|toast| !incidents.values().any(|incident| incident.is_over() && toast.is_of(incident)));
}
