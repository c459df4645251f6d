//! Which alerts to look at first.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{Alert, Severity};

/// What an incident, or an alert alone, is ordered by; the greatest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Urgency {
    is_open: bool,
    severity: Option<Severity>,
    effect: u32,
    is_user_facing: bool,
    lasted_ms: i64,
    /// What is over has no urgency, and is ordered by this.
    updated_at_ms: i64,
}

impl Alert {
    /// How far its peak is from what was usual, in doublings of a standard deviation: what differs by less is as large.
    fn effect(&self) -> u32 {
        let sds = (self.peak_value - self.limits.center).abs() / self.limits.sigma;
        if sds.is_finite() { sds.max(1.0).log2() as u32 } else { 0 }
    }

    fn urgency(&self, is_user_facing: bool, now_ms: i64) -> Urgency {
        if !self.is_open() {
            return Urgency {
                is_open: false,
                severity: None,
                effect: 0,
                is_user_facing: false,
                lasted_ms: 0,
                updated_at_ms: self.updated_at_ms,
            };
        }
        Urgency {
            is_open: true,
            severity: Some(self.severity),
            effect: self.effect(),
            is_user_facing,
            lasted_ms: self.lasted_ms(now_ms),
            updated_at_ms: self.updated_at_ms,
        }
    }
}

/// Puts alerts in the order in which to look at them: what is open first, by severity, effect (to a doubling), whether users
/// feel the metric, and how long it has lasted; then what is over, the newest first. Alerts of an incident stand together,
/// in the place of the most urgent of them, those that are open by when they began.
pub fn by_priority(alerts: &mut [Alert], is_user_facing: impl Fn(&str) -> bool, now_ms: i64) {
    let urgency = |alert: &Alert| alert.urgency(is_user_facing(&alert.metric), now_ms);
    let mut of_incidents: HashMap<i64, Urgency> = HashMap::new();
    for alert in &*alerts {
        if let Some(incident) = &alert.incident {
            let most = of_incidents.entry(incident.id).or_insert_with(|| urgency(alert));
            *most = urgency(alert).max(*most);
        }
    }
    alerts.sort_by_cached_key(|alert| {
        let Some(incident) = &alert.incident else {
            return (Reverse(urgency(alert)), Reverse(alert.id), false, 0, Reverse(alert.id));
        };
        let place = incident.alerts.iter().position(|companion| companion.alert_id == alert.id).unwrap_or(usize::MAX);
        (Reverse(of_incidents[&incident.id]), Reverse(incident.id), !alert.is_open(), place, Reverse(alert.id))
    });
}
