//! Which alerts are one incident: those of several metrics that began together and move together.
//!
//! Together is within ten minutes (what fails drags along what waits for it, through queues and retries, within minutes),
//! or within five samples where samples are rarer, as no beginning is known better than that. Moving together is a mean
//! correlation of more than 0.7, either way, with those that are in it: average linkage (Sokal & Michener 1958), so that one
//! metric in between does not join two groups. What has stuck or gone silent has nothing to correlate; it is together with
//! what did the same within a sample.

mod onset;
mod together;

use std::collections::BTreeSet;

use crate::model::{Beginning, Membership};

use onset::Onset;

/// A mean correlation beyond this is moving together.
const TOGETHER: f64 = 0.7;

/// An alert with what is known of its beginning.
struct Start<'a> {
    alert: &'a Beginning,
    onset: Onset,
}

/// Alerts that are one incident, or one alone.
struct Group<'a> {
    incident_id: Option<i64>,
    starts: Vec<Start<'a>>,
    has_grown: bool,
}

/// Puts the alerts that are in no incident yet into one, as far as they belong to one. Answers every alert of the incidents
/// that have grown, by its id. Alerts are taken by their ids, so the order of the input does not matter.
#[must_use]
pub fn group(beginnings: &[Beginning]) -> Vec<Membership> {
    let mut alerts: Vec<&Beginning> = beginnings.iter().collect();
    // Those that are in an incident come first: they stay where they are.
    alerts.sort_by_key(|alert| (alert.incident_id.is_none(), alert.alert_id));
    let mut groups: Vec<Group<'_>> = Vec::new();
    for alert in alerts {
        let Some(onset) = onset::find(alert) else { continue };
        let start = Start { alert, onset };
        let place = match alert.incident_id {
            Some(_) => groups.iter().position(|group| group.incident_id == alert.incident_id),
            None => closest(&groups, &start),
        };
        match place {
            Some(place) => {
                groups[place].starts.push(start);
                groups[place].has_grown |= alert.incident_id.is_none();
            }
            None => groups.push(Group { incident_id: alert.incident_id, starts: vec![start], has_grown: false }),
        }
    }
    let mut memberships: Vec<Membership> =
        groups.iter().filter(|group| group.has_grown && group.has_several_metrics()).flat_map(Group::members).collect();
    memberships.sort_by_key(|membership| membership.alert_id);
    memberships
}

/// The group that an alert moves together with most closely, if there is one.
fn closest(groups: &[Group<'_>], start: &Start<'_>) -> Option<usize> {
    let close = groups.iter().enumerate().filter_map(|(at, group)| Some((at, group.closeness(start)?)));
    // Of equals the first.
    close.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(at, _)| at)
}

impl Group<'_> {
    /// How closely an alert moves together with the group; `None` when it does not belong to it.
    fn closeness(&self, start: &Start<'_>) -> Option<f64> {
        // The time is held against the first of them, so that an incident does not drag on for ever.
        let first = self.starts.iter().min_by_key(|of| (of.onset.at_ms(), of.alert.alert_id))?;
        if !together::is_at_once(first, start) {
            return None;
        }
        if self.starts.iter().any(|of| of.alert.metric == start.alert.metric) {
            return Some(1.0);
        }
        let sum: f64 = self.starts.iter().map(|of| together::closeness(of, start)).sum();
        let mean = sum / self.starts.len() as f64;
        (mean > TOGETHER).then_some(mean)
    }

    fn has_several_metrics(&self) -> bool {
        self.starts.iter().map(|start| &start.alert.metric).collect::<BTreeSet<_>>().len() > 1
    }

    fn members(&self) -> Vec<Membership> {
        let least = self.starts.iter().map(|start| start.alert.alert_id).min().unwrap_or_default();
        let incident_id = self.incident_id.unwrap_or(least);
        self.starts
            .iter()
            .map(|start| Membership {
                alert_id: start.alert.alert_id,
                incident_id,
                onset_ms: start.onset.at_ms(),
                chance: self.chance_of_first(start),
            })
            .collect()
    }

    /// How likely it is that an alert began before those of all other metrics.
    fn chance_of_first(&self, start: &Start<'_>) -> f64 {
        let others = || self.starts.iter().filter(|other| other.alert.metric != start.alert.metric);
        start
            .onset
            .places
            .iter()
            .map(|place| place.chance * others().map(|other| other.onset.chance_after(place.by_ms)).product::<f64>())
            .sum()
    }
}

#[cfg(test)]
mod tests;
