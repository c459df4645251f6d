//! Which alerts are one incident: those of several metrics that began together and move together.
//!
//! Together is within ten minutes (what fails drags along what waits for it, through queues and retries, within minutes),
//! or within five samples where samples are rarer, as no beginning is known better than that. Moving together is a mean
//! correlation of more than 0.7, either way, between those of one group and those of the other: average linkage (Sokal &
//! Michener 1958), so that one metric in between does not join two groups. What has stuck or gone silent has nothing to
//! correlate; it is together with what did the same within a sample.

mod onset;
mod together;

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
    /// By the ids of the alerts.
    starts: Vec<Start<'a>>,
    /// The sum of the closeness of its alerts to those of each group, by the groups' places.
    closeness: Vec<f64>,
}

/// Puts alerts into incidents, as far as they belong together: those that are alone, and incidents that have turned out to
/// be one. No incident is taken apart. Answers every alert of the incidents that have grown, by its id; the order of the
/// input does not matter.
#[must_use]
pub fn group(beginnings: &[Beginning]) -> Vec<Membership> {
    let mut groups = known_groups(beginnings);
    while let Some((one, other)) = closest(&groups) {
        merge(&mut groups, one, other);
    }
    let mut memberships: Vec<Membership> = groups
        .iter()
        .filter(|group| group.has_grown() && group.has_several_metrics())
        .flat_map(Group::members)
        .collect();
    memberships.sort_by_key(|membership| membership.alert_id);
    memberships
}

/// The incidents there are and the alerts that are alone, by the id of their first alert.
fn known_groups(beginnings: &[Beginning]) -> Vec<Group<'_>> {
    let mut alerts: Vec<&Beginning> = beginnings.iter().collect();
    alerts.sort_by_key(|alert| alert.alert_id);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for alert in alerts {
        let Some(onset) = onset::find(alert) else { continue };
        let start = Start { alert, onset };
        let is_same = |group: &&mut Group<'_>| group.starts[0].alert.incident_id == alert.incident_id;
        match groups.iter_mut().find(is_same).filter(|_| alert.incident_id.is_some()) {
            Some(group) => group.starts.push(start),
            None => groups.push(Group { starts: vec![start], closeness: Vec::new() }),
        }
    }
    for one in 0..groups.len() {
        let sums = (0..groups.len()).map(|other| {
            // Each pair is compared once.
            if other < one { groups[other].closeness[one] } else { groups[one].closeness_to(&groups[other]) }
        });
        groups[one].closeness = sums.collect();
    }
    groups
}

/// The two groups that move together most closely, if any do; of equals the first.
fn closest(groups: &[Group<'_>]) -> Option<(usize, usize)> {
    let mut closest: Option<((usize, usize), f64)> = None;
    for one in 0..groups.len() {
        for other in one + 1..groups.len() {
            let mean = groups[one].closeness[other] / (groups[one].starts.len() * groups[other].starts.len()) as f64;
            if mean > TOGETHER
                && closest.is_none_or(|(_, known)| mean > known)
                && together::is_at_once(groups[one].first(), groups[other].first())
            {
                closest = Some(((one, other), mean));
            }
        }
    }
    closest.map(|(place, _)| place)
}

/// Puts the group at `other`, the later place, into the one at `one`.
fn merge(groups: &mut Vec<Group<'_>>, one: usize, other: usize) {
    let merged = groups.remove(other);
    for (place, group) in groups.iter_mut().enumerate() {
        let of_merged = group.closeness.remove(other);
        if place != one {
            group.closeness[one] += of_merged;
        }
    }
    let into = &mut groups[one];
    let sums = merged.closeness.into_iter().enumerate().filter(|(place, _)| *place != other).map(|(_, sum)| sum);
    into.closeness.iter_mut().zip(sums).for_each(|(sum, more)| *sum += more);
    into.starts.extend(merged.starts);
    into.starts.sort_by_key(|start| start.alert.alert_id);
}

impl Group<'_> {
    /// The sum over all pairs of alerts of both groups.
    fn closeness_to(&self, other: &Self) -> f64 {
        let pairs = self.starts.iter().flat_map(|one| other.starts.iter().map(move |other| (one, other)));
        pairs.map(|(one, other)| together::closeness(one, other)).sum()
    }

    /// The alert that began first.
    fn first(&self) -> &Start<'_> {
        let mut first = &self.starts[0];
        for next in &self.starts[1..] {
            if next.onset.at_ms() < first.onset.at_ms() {
                first = next;
            }
        }
        first
    }

    /// Whether there are alerts in it of which that was not known.
    fn has_grown(&self) -> bool {
        let known = self.starts[0].alert.incident_id;
        known.is_none() || self.starts.iter().any(|start| start.alert.incident_id != known)
    }

    fn has_several_metrics(&self) -> bool {
        self.starts.iter().any(|start| start.alert.metric != self.starts[0].alert.metric)
    }

    fn members(&self) -> Vec<Membership> {
        let known = self.starts.iter().filter_map(|start| start.alert.incident_id).min();
        let incident_id = known.unwrap_or(self.starts[0].alert.alert_id);
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
        let first = |place: &onset::Place| others().map(|other| other.onset.chance_after(place.by_ms)).product::<f64>();
        start.onset.places.iter().map(|place| place.chance * first(place)).sum()
    }
}

#[cfg(test)]
mod tests;
